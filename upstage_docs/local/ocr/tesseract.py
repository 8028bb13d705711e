"""Recognises the words of a page image with Tesseract, whichever way up the page is."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, cast

from upstage_docs.local.geometry import Box, bounds, middle
from upstage_docs.local.ocr.drawn_rules import cells_between, drawn_rules
from upstage_docs.local.ocr.page_images import is_uneven, skew_angle, smoothed, turned, without_leaders, zoomed
from upstage_docs.local.ocr.recognised import (
    Lines,
    RecognisedPage,
    RecognisedWord,
    confidence,
    is_hangul_again,
    is_korean,
    may_be_hangul,
    merged,
    scaled,
    without_ornaments,
    worth,
)
from upstage_docs.local.refusal import Refusal

if TYPE_CHECKING:
    from PIL.Image import Image

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
_PICTURE_SECONDS = 10
_LONGEST_SIDE = 7_000
"""Pixels; Tesseract needs some ten bytes for each of a page's."""
_LINE_HEIGHT = 30
_READABLE_LINES = (18, 60)
"""Pixels of a line of text that Tesseract reads well as they are; others are brought to `_LINE_HEIGHT`."""
_LEAST_ZOOM, _MOST_ZOOM = 0.3, 3.0
"""A page is made smaller or larger by no more: beyond, letters are lost, or are only blurred."""
_INSET = 6
"""Heights of a line in which one inset of a cell fits: the paper left out beside its rules."""
_AROUND = 0.25
"""Of the height of a word: the paper around it that is shown with it."""
_MOST_AGAIN = 60
"""Words of a page that are read a second time; more of them are no mistakes but another language."""
_LINE_INCHES = 0.15
"""Height of a line of text of usual size, to tell how large a page of unknown resolution is."""
_MOST_CELLS, _LEAST_INK, _SURE_CELL = 120, 70, 0.5
"""Cells of a page that are read by themselves, the shades that ink in one differs by, and how sure its words are."""
_OTSU, _SAUVOLA = "0", "2"
_SURE_TURN = 2.0
"""Tesseract's own measure of how sure it is which way a page lies."""
_SURE_READING = 0.8
"""Mean confidence of a reading that is not of a page on its side or its head."""

_engines = threading.local()


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


def labels(image: Image) -> list[tuple[str, float, Box]]:
    """Return the words of a chart or a diagram, wherever they stand in it, in the form of `words`.

    Raises:
        Refusal: 422 if text cannot be recognised here.
    """
    found = _engine().scattered(image.convert("L"))
    return [(word.text, word.confidence, word.box) for line in without_ornaments([found]) for word in line]


def read(image: Image) -> RecognisedPage:
    """Recognise a page *image* that may lie on a side, stand on its head, or be up to 22 degrees askew.

    Raises:
        Refusal: 422 if text cannot be recognised here, or not within two minutes.
    """
    engine = _engine()
    page = image.convert("L")
    shrunk = min(1.0, _LONGEST_SIDE / max(page.size))
    page = zoomed(page, shrunk)
    uneven = is_uneven(page)
    turn = engine.quarter_turn(smoothed(page) if uneven else page, locally=uneven)
    best = _read_turned(engine, image.size, page, turn or 0, shrunk, uneven=uneven)
    if turn is None and not uneven and confidence(best.lines) < _SURE_READING:
        # Too few letters to tell the way the page lies by: the reading that makes the most sense tells it. Not for
        # photographs, which take ten seconds for each reading.
        others = [_read_turned(engine, image.size, page, angle, shrunk, uneven=uneven) for angle in (90, 180, 270)]
        other = max(others, key=lambda reading: worth(reading.lines))
        if confidence(other.lines) >= _SURE_READING and worth(other.lines) > worth(best.lines):
            best = other
    return best


def _read_turned(
    engine: _Engine, size: tuple[int, int], page: Image, turn: int, shrunk: float, *, uneven: bool
) -> RecognisedPage:
    """Recognise a *page* that stands upright, but for a lean, once it is turned counter-clockwise by *turn* degrees."""
    angle = turn + skew_angle(turned(page, turn))
    page = turned(page, angle)
    upright_size = (round(page.width / shrunk), round(page.height / shrunk))
    height = engine.line_height(smoothed(page) if uneven else page, locally=uneven)
    if height and not _READABLE_LINES[0] <= height <= _READABLE_LINES[1]:
        zoom = min(max(_LINE_HEIGHT / height, _LEAST_ZOOM), _MOST_ZOOM, _LONGEST_SIDE / max(page.size))
        page = zoomed(page, zoom)
        shrunk *= zoom
        height *= zoom
    if height and not uneven:
        page = without_leaders(page, height)
    lines = engine.lines(page)
    if uneven:
        # One threshold for the page loses what lies in the shade, one for each place loses white letters on dark.
        lines = merged(lines, engine.lines(smoothed(page), locally=True))
    if engine.has_korean and is_korean(lines):
        lines = engine.with_hangul(page, lines)
    if height and not uneven:
        lines = engine.with_cells(page, lines, height)
    lines = [[replace(word, box=scaled(word.box, 1 / shrunk)) for word in line] for line in lines]
    return RecognisedPage(without_ornaments(lines), angle, size, upright_size)


class _Engine:
    """Tesseract with its languages loaded, for one thread of one process."""

    def __init__(self, folder: str, language: str) -> None:
        import tesserocr

        self._tesserocr = tesserocr
        self._reader = tesserocr.PyTessBaseAPI(path=folder, lang=language, psm=tesserocr.PSM.SINGLE_COLUMN)
        # PSM.AUTO loses up to half of a Korean page's words: benchmarks/local_ocr.py --plain.
        self._reader.SetVariable("preserve_interword_spaces", "1")
        self._folder, self.has_korean = folder, "kor" in language.split("+")
        self._korean: Any = None
        self._compass: Any = None
        if Path(folder, "osd.traineddata").is_file():
            self._compass = tesserocr.PyTessBaseAPI(path=folder, lang="osd", psm=tesserocr.PSM.OSD_ONLY)

    def quarter_turn(self, page: Image, *, locally: bool) -> int | None:
        """Return by how many degrees to turn *page* counter-clockwise so that it stands upright: 0, 90, 180 or 270.

        None where nothing tells for sure.
        """
        if self._compass is None:
            return None
        self._show(self._compass, page, locally=locally)
        try:
            found = self._compass.DetectOrientationScript()
        except RuntimeError:  # too few letters to tell
            return None
        finally:
            self._compass.Clear()
        return int(found["orient_deg"]) if found and found["orient_conf"] >= _SURE_TURN else None

    def line_height(self, page: Image, *, locally: bool) -> float:
        """Return the median height of the lines of text of *page* in pixels, 0 if none is found."""
        self._show(self._reader, page, locally=locally)
        level, kinds = self._tesserocr.RIL.TEXTLINE, self._tesserocr.PT
        layout = self._reader.AnalyseLayout()
        lines = self._tesserocr.iterate_level(layout, level) if layout else ()
        rules = kinds.HORZ_LINE, kinds.VERT_LINE  # Tesseract counts them as lines of text, a pixel or two high
        boxes = [line.BoundingBox(level) for line in lines if line.BlockType() not in rules]
        heights = [box[3] - box[1] for box in boxes if box]
        return median(heights) if heights else 0.0

    def lines(self, page: Image, *, locally: bool = False) -> list[list[RecognisedWord]]:
        """Return the words of *page* line by line; *locally* sets what is ink by the surroundings of each place."""
        self._show(self._reader, page, locally=locally)
        if not self._reader.Recognize(_PAGE_SECONDS * 1000):
            raise Refusal(f"The text of a page was not recognised within {_PAGE_SECONDS} seconds.")
        # Tesseract counts the pieces of a Hangul word as words; only its text of the whole page has them joined.
        rows = self._reader.GetUTF8Text().splitlines()
        pieces = self._pieces() if any(rows) else iter(())
        lines = [[joined for text in row.split() if (joined := _join_pieces(text, pieces))] for row in rows]
        self._reader.Clear()
        return [line for line in lines if line]

    def with_hangul(self, page: Image, lines: Lines) -> list[list[RecognisedWord]]:
        """Return the words of a Korean page, with Hangul for those that were read as Latin letters and not surely.

        Two languages at once compete for each word; where the Latin one wins by little, Korean alone reads it again.
        """
        doubtful = [word for line in lines for word in line if may_be_hangul(word)][:_MOST_AGAIN]
        again = {id(word): read for word in doubtful if is_hangul_again(read := self._read_as_korean(page, word), word)}
        return [[one for word in line for one in again.get(id(word), (word,))] for line in lines]

    def _read_as_korean(self, page: Image, word: RecognisedWord) -> list[RecognisedWord]:
        if self._korean is None:
            mode = self._tesserocr.PSM.SINGLE_LINE
            self._korean = self._tesserocr.PyTessBaseAPI(path=self._folder, lang="kor", psm=mode)
        x0, y0, x1, y1 = word.box
        pad = _AROUND * (y1 - y0)
        left, top = max(int(x0 - pad), 0), max(int(y0 - pad), 0)
        self._show(self._korean, page.crop((left, top, int(x1 + pad) + 1, int(y1 + pad) + 1)), locally=False)
        try:
            if not self._korean.Recognize(_PICTURE_SECONDS * 1000):
                return []
            pieces = self._pieces(self._korean)
            texts = self._korean.GetUTF8Text().split()
            found = [joined for text in texts if (joined := _join_pieces(text, pieces))]
        finally:
            self._korean.Clear()
        return [
            replace(one, box=(one.box[0] + left, one.box[1] + top, one.box[2] + left, one.box[3] + top))
            for one in found
        ]

    def with_cells(self, page: Image, lines: list[list[RecognisedWord]], height: float) -> list[list[RecognisedWord]]:
        """Return the words of a page with those of cells of its tables that were read as empty but have ink.

        Between shaded rows Tesseract takes some for pictures: each such cell is read by itself.

        Args:
            page: Level and upright.
            lines: What was read of it.
            height: The pixels of its lines.
        """
        dots = height / _LINE_INCHES
        middles = [middle(word.box) for line in lines for word in line]
        empty = [
            cell
            for cell in cells_between(drawn_rules(page, dots), dots)
            if not any(cell[0] < x < cell[2] and cell[1] < y < cell[3] for x, y in middles)
        ]
        found = [words for cell in empty[:_MOST_CELLS] if (words := self._read_cell(page, cell, height / _INSET))]
        return sorted([*lines, *found], key=lambda line: min(word.box[1] for word in line)) if found else lines

    def _read_cell(self, page: Image, cell: Box, inset: float) -> list[RecognisedWord]:
        left, top, right, bottom = (int(cell[n] + (inset if n < 2 else -inset)) for n in range(4))
        if right - left < 2 * inset or bottom - top < 2 * inset:
            return []
        picture = page.crop((left, top, right, bottom))
        darkest, lightest = cast("tuple[int, int]", picture.getextrema())
        if lightest - darkest < _LEAST_INK:
            return []
        found = [
            replace(one, box=(one.box[0] + left, one.box[1] + top, one.box[2] + left, one.box[3] + top))
            for one in self.scattered(picture)
            if one.confidence >= _SURE_CELL
        ]
        return found if any(map(str.isalnum, "".join(one.text for one in found))) else []

    def scattered(self, picture: Image) -> list[RecognisedWord]:
        """Return the words of a *picture* that stand anywhere in it; none where that takes too long."""
        modes = self._tesserocr.PSM
        self._reader.SetPageSegMode(modes.SPARSE_TEXT)
        try:
            self._show(self._reader, picture, locally=False)
            if not self._reader.Recognize(_PICTURE_SECONDS * 1000):
                return []
            return list(self._pieces())
        finally:
            self._reader.Clear()
            self._reader.SetPageSegMode(modes.SINGLE_COLUMN)

    def _pieces(self, reader: Any = None) -> Iterator[RecognisedWord]:
        """Yield what Tesseract counts as words of the image it has recognised, but for rules: their text is blank."""
        level = self._tesserocr.RIL.WORD
        for piece in self._tesserocr.iterate_level((reader or self._reader).GetIterator(), level):
            if not piece.Empty(level) and (text := piece.GetUTF8Text(level).strip()):
                yield RecognisedWord(text, piece.Confidence(level) / 100, piece.BoundingBox(level))

    @staticmethod
    def _show(reader: Any, page: Image, *, locally: bool) -> None:
        reader.SetVariable("thresholding_method", _SAUVOLA if locally else _OTSU)
        reader.SetImage(page)


def _join_pieces(text: str, pieces: Iterator[RecognisedWord]) -> RecognisedWord | None:
    """Take the next of Tesseract's *pieces* that make up the word *text*; join their boxes and confidences."""
    letters, sure, boxes = 0, 0.0, []
    while letters < len(text) and (piece := next(pieces, None)):
        letters += len(piece.text)
        sure += piece.confidence * len(piece.text)
        boxes.append(piece.box)
    if not boxes:
        return None
    return RecognisedWord(text, sure / letters, bounds(boxes))


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
