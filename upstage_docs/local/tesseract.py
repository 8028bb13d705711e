"""Words of one page image through Tesseract, whichever way the page lies; knows no file format and no protocol."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from upstage_docs.local.elements import Box, Refusal

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Reading", "Word", "available", "languages", "read", "turned", "words"]

Point = tuple[float, float]

_FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",  # Debian 12 and later, Ubuntu
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",  # Arch, openSUSE
    "/usr/share/tesseract/tessdata",  # Fedora
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
_REMEDY = (
    'Install it with: pip install "upstage-docs[ocr]" and, on Debian or Ubuntu, '
    "apt-get install tesseract-ocr tesseract-ocr-kor. Upstage's API reads such documents without either."
)
_PAGE_SECONDS = 120
_LONGEST_SIDE = 7_000
"""Pixels; Tesseract needs some ten bytes for each of a page's."""
_LINE_HEIGHT = 30
_READABLE_LINES = (18, 60)
"""Pixels of a line of text that Tesseract reads well as they are; others are brought to `_LINE_HEIGHT`."""
_MOST_LEAN = 15
_SURE_TURN = 2.0
"""Tesseract's own measure of how sure it is which way a page lies."""

_engines = threading.local()


@dataclass(frozen=True)
class Word:
    """One recognised word: confidence 0-1, *box* in pixels of the upright image."""

    text: str
    confidence: float
    box: Box


@dataclass(frozen=True)
class Reading:
    """What stands on one page image.

    Attributes:
        lines: Words in reading order, line by line.
        angle: Degrees, counter-clockwise, by which the image was turned so that its lines run level.
        size: Pixels of the image as it was given.
        upright_size: Pixels of the turned image, which the words' boxes refer to.
    """

    lines: tuple[tuple[Word, ...], ...]
    angle: float
    size: tuple[int, int]
    upright_size: tuple[int, int]

    def corners(self, box: Box) -> tuple[Point, Point, Point, Point]:
        """Return the corners of an upright *box*, from the text's own top left on, in pixels of the image as given."""
        x0, y0, x1, y1 = box
        return self._back(x0, y0), self._back(x1, y0), self._back(x1, y1), self._back(x0, y1)

    def resized(self, size: tuple[int, int]) -> Reading:
        """Return the same reading in the pixels of a page of *size*."""
        scale = size[0] / self.size[0]
        lines = tuple(tuple(replace(word, box=_scaled(word.box, scale)) for word in line) for line in self.lines)
        return Reading(
            lines, self.angle, size, (round(self.upright_size[0] * scale), round(self.upright_size[1] * scale))
        )

    def _back(self, x: float, y: float) -> Point:
        (width, height), (turned_width, turned_height) = self.size, self.upright_size
        cosine, sine = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        x, y = x - turned_width / 2, y - turned_height / 2
        return (
            min(max(cosine * x - sine * y + width / 2, 0.0), float(width)),
            min(max(sine * x + cosine * y + height / 2, 0.0), float(height)),
        )


def available() -> bool:
    """Say whether text can be recognised here: the extra is installed, and language data."""
    try:
        _languages()
    except Refusal:
        return False
    return True


def languages() -> str:
    """Return the languages that are read, as Tesseract writes them: `kor+eng` where both are installed.

    `UPSTAGE_DOCS_OCR_LANGUAGES` names others. Korean stands first: the first language rules the spaces between words.

    Raises:
        Refusal: 422 if the extra or its language data are missing; the message says what to install.
    """
    return _languages()[1]


def words(image: Image) -> list[tuple[str, float, Box]]:
    """Return the words of a page *image* in reading order: text, confidence 0-1, and box in pixels.

    Raises:
        Refusal: 422 if text cannot be recognised here.
    """
    reading = read(image)
    found = []
    for line in reading.lines:
        for word in line:
            xs, ys = zip(*reading.corners(word.box), strict=True)
            found.append((word.text, word.confidence, (min(xs), min(ys), max(xs), max(ys))))
    return found


def read(image: Image) -> Reading:
    """Recognise a page *image* that may lie on a side, stand on its head, or be up to 15 degrees askew.

    Raises:
        Refusal: 422 if text cannot be recognised here, or not within two minutes.
    """
    engine = _engine()
    page = image.convert("L")
    shrunk = min(1.0, _LONGEST_SIDE / max(page.size))
    page = _zoomed(page, shrunk)
    angle = float(engine.quarter_turn(page))
    angle += _lean(turned(page, angle))
    page = turned(page, angle)
    height = engine.line_height(page)
    zoom = 1.0
    if height and not _READABLE_LINES[0] <= height <= _READABLE_LINES[1]:
        zoom = min(max(_LINE_HEIGHT / height, 0.3), 3.0, _LONGEST_SIDE / max(page.size))
    scale = 1 / (zoom * shrunk)  # the words go back to the size that the image came in
    found = engine.lines(_zoomed(page, zoom))
    lines = [[Word(text, sure, _scaled(box, scale)) for text, sure, box in line] for line in found]
    return Reading(
        _without_ornaments(lines), angle, image.size, (round(page.width / shrunk), round(page.height / shrunk))
    )


def _without_ornaments(lines: Sequence[Sequence[Word]]) -> tuple[tuple[Word, ...], ...]:
    """Leave out the rules, frames and ticks that Tesseract takes for single Hangul letters.

    A letter is about as wide as it is high; and a page without one Hangul word of several letters has no Hangul.
    """
    korean = any(
        word.confidence > 0.5 and len(word.text) > 1 and _is_hangul(word.text) for line in lines for word in line
    )

    def is_ornament(word: Word) -> bool:
        if not _is_hangul(word.text):
            return False
        width, height = word.box[2] - word.box[0], word.box[3] - word.box[1]
        return not korean or (len(word.text) == 1 and not 0.4 < width / max(height, 1) < 2.5)

    kept = (tuple(word for word in line if not is_ornament(word)) for line in lines)
    return tuple(line for line in kept if line)


def _is_hangul(text: str) -> bool:
    return all("가" <= letter <= "힣" or "ㄱ" <= letter <= "ㅣ" for letter in text)


def turned(image: Image, angle: float) -> Image:
    """Return *image* turned counter-clockwise by *angle* degrees, on white, with all of it kept."""
    from PIL.Image import Resampling

    return image.rotate(angle, resample=Resampling.BICUBIC, expand=True, fillcolor="white") if angle else image


def _scaled(box: Box, scale: float) -> Box:
    x0, y0, x1, y1 = box
    return (x0 * scale, y0 * scale, x1 * scale, y1 * scale)


def _zoomed(page: Image, zoom: float) -> Image:
    from PIL.Image import Resampling

    if zoom == 1:
        return page
    size = (max(1, round(page.width * zoom)), max(1, round(page.height * zoom)))
    return page.resize(size, Resampling.BICUBIC, reducing_gap=2.0)


def _lean(page: Image) -> float:
    """Return the degrees, counter-clockwise, that level the lines of *page*; 0 where nothing tells.

    Level lines make the sharpest profile of ink over the rows: W. Postl, "Detection of linear oblique structures and
    skew scan in digitized documents", ICPR 1986.
    """
    from PIL import ImageOps

    ink = ImageOps.invert(ImageOps.autocontrast(page.reduce(max(1, round(max(page.size) / 800)))))

    def sharpness(angle: float) -> float:
        turned = ink.rotate(angle)
        rows = turned.reduce((turned.width, 1)).tobytes()
        return float(sum((above - below) ** 2 for above, below in pairwise(rows)))

    best = max(range(-_MOST_LEAN, _MOST_LEAN + 1), key=lambda angle: (sharpness(angle), -abs(angle)))
    finest = float(best)
    for step in (0.5, 0.2):
        finest = max((finest - step, finest, finest + step), key=lambda angle: (sharpness(angle), -abs(angle)))
    return finest if sharpness(finest) > 1.1 * sharpness(0.0) else 0.0


class _Engine:
    """Tesseract with its languages loaded, for one thread of one process."""

    def __init__(self, folder: str, language: str) -> None:
        import tesserocr

        self._tesserocr = tesserocr
        self._reader = tesserocr.PyTessBaseAPI(path=folder, lang=language, psm=tesserocr.PSM.SINGLE_COLUMN)
        # With PSM.AUTO, half of a sparse Korean page is taken for vertical text or lost (benchmarks/local_ocr.py).
        self._reader.SetVariable("preserve_interword_spaces", "1")
        self._compass: Any = None
        if Path(folder, "osd.traineddata").is_file():
            self._compass = tesserocr.PyTessBaseAPI(path=folder, lang="osd", psm=tesserocr.PSM.OSD_ONLY)

    def quarter_turn(self, page: Image) -> int:
        """Return by how many degrees to turn *page* counter-clockwise so that it stands upright: 0, 90, 180 or 270."""
        if self._compass is None:
            return 0
        self._compass.SetImage(page)
        try:
            found = self._compass.DetectOrientationScript()
        except RuntimeError:  # too few letters to tell
            return 0
        finally:
            self._compass.Clear()
        return int(found["orient_deg"]) if found and found["orient_conf"] >= _SURE_TURN else 0

    def line_height(self, page: Image) -> float:
        """Return the median height of the lines of text of *page* in pixels, 0 if none is found."""
        self._reader.SetImage(page)
        level = self._tesserocr.RIL.TEXTLINE
        layout = self._reader.AnalyseLayout()
        boxes = [line.BoundingBox(level) for line in self._tesserocr.iterate_level(layout, level)] if layout else []
        return median([box[3] - box[1] for box in boxes if box]) if boxes else 0.0

    def lines(self, page: Image) -> Iterator[list[tuple[str, float, Box]]]:
        """Yield the words of *page* line by line: text, confidence 0-1, box in pixels."""
        word = self._tesserocr.RIL.WORD
        self._reader.SetImage(page)
        if not self._reader.Recognize(_PAGE_SECONDS * 1000):
            raise Refusal(f"The text of a page was not recognised within {_PAGE_SECONDS} seconds.")
        # Tesseract counts the pieces of a Hangul word as words; only its text of the whole page has them joined.
        rows = self._reader.GetUTF8Text().splitlines()
        pieces = self._tesserocr.iterate_level(self._reader.GetIterator(), word) if any(rows) else []
        filled = (piece for piece in pieces if not piece.Empty(word))
        for row in rows:
            line = [joined for text in row.split() if (joined := _joined(text, filled, word))]
            if line:
                yield line
        self._reader.Clear()


def _joined(text: str, pieces: Iterator[Any], level: int) -> tuple[str, float, Box] | None:
    """Take the next of Tesseract's *pieces* that make up the word *text*; join their boxes and confidences."""
    letters, sure, boxes = 0, 0.0, []
    while letters < len(text) and (piece := next(pieces, None)):
        length = len(piece.GetUTF8Text(level))
        letters += length
        sure += piece.Confidence(level) / 100 * length
        boxes.append(piece.BoundingBox(level))
    if not boxes:
        return None
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return text, sure / letters, (min(x0), min(y0), max(x1), max(y1))


def _engine() -> _Engine:
    key = (os.getpid(), *_languages())
    if getattr(_engines, "key", None) != key:
        _engines.engine, _engines.key = _Engine(*key[1:]), key
    engine: _Engine = _engines.engine
    return engine


def _languages() -> tuple[str, str]:
    """Return Tesseract's data folder and the languages to read, joined by plus signs."""
    try:
        import tesserocr  # noqa: F401
    except ImportError as error:
        raise Refusal(f"Recognising text needs Tesseract, which is not installed here ({error}). {_REMEDY}") from error
    named = os.environ.get("TESSDATA_PREFIX", "")
    # Not tesserocr.get_languages(): where there is no data it walks the whole current folder, for minutes from "/".
    folders = [named, str(Path(named, "tessdata"))] if named else list(_FOLDERS)
    wanted = os.environ.get("UPSTAGE_DOCS_OCR_LANGUAGES", "").split("+")
    for folder in folders:
        installed = sorted(data.stem for data in Path(folder).glob("*.traineddata"))
        chosen = [name for name in wanted if name] or [name for name in ("kor", "eng") if name in installed]
        chosen = chosen or [name for name in installed if name not in {"osd", "equ"}]
        if chosen and set(chosen) <= set(installed):
            return f"{folder}/", "+".join(chosen)
    what = f"the languages {'+'.join(wanted)}" if any(wanted) else "any language"
    raise Refusal(f"Recognising text needs Tesseract's data for {what}; none was found. {_REMEDY}")
