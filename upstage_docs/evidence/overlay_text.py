"""`overlay`: draws other texts, such as a translation, in the places of a page's lines."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from upstage_docs.errors import ConfigError
from upstage_docs.evidence.async_forms import in_thread
from upstage_docs.evidence.locate import PageTexts
from upstage_docs.evidence.page_pictures import page_picture, require_pillow
from upstage_docs.evidence.pictures import PagePicture
from upstage_docs.evidence.place import Place, places_of
from upstage_docs.evidence.things import read_thing, read_things
from upstage_docs.files.source import DocumentInput
from upstage_docs.models import OcrResult
from upstage_docs.options.definitions import require_whole_number
from upstage_docs.records.ocr_records import ocr_records

if TYPE_CHECKING:
    from PIL.Image import Image

_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansKR-Regular.otf",
    "NanumGothic.ttf",
    "malgun.ttf",
    "AppleSDGothicNeo.ttc",
    "Arial Unicode.ttf",
    "NotoSans-Regular.ttf",
    "DejaVuSans.ttf",
)
"""Looked for on this machine, by name, where Pillow's own font lacks a letter."""
_LARGEST_SHARE = 0.9
"""The size of letters by the height of their line."""
_SMALLEST = 7
"""Pixels: text that is too long even so ends with an ellipsis."""
_LINE_HEIGHT = 1.15
"""Of the size of letters, from one line to the next: the `normal` of browsers for most fonts."""
_DARK = 128
"""Mean of a paper's gray, 0-255, under which it is written on in white."""
_SLANTED = 1.0
"""Degrees: what lies askew by less is written upright."""


def overlay(
    lines: object,
    texts: Sequence[str],
    file: DocumentInput | None = None,
    *,
    font: str | os.PathLike[str] | None = None,
    dpi: int = 150,
) -> list[PagePicture]:
    """Return a picture of each page with *texts* written in the places of its *lines*, on the colour of the paper.

    Args:
        lines: What is replaced: Documents, nodes or records of `split="line"` (or elements, words), or an `OcrResult`,
            whose lines are then taken in their order.
        texts: One for each line, in the same order; an empty one leaves its line as it is.
        file: The file, if its `source` no longer leads to it: a path, bytes, or a binary file object.
        font: A TrueType or OpenType file that has the letters of *texts*; one of this machine's by default.
        dpi: Dots per inch of a PDF page, 30 to 600; images keep their own pixels.

    Raises:
        ConfigError: There are not as many texts as lines, a line has no box, or no font has all letters.
        SourceError, MissingExtraError: As `crop`.
    """
    require_pillow()
    found = _line_places(lines)
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise ConfigError("texts= takes a list of texts, one for each line.")
    if len(texts) != len(found):
        raise ConfigError(f"There are {len(found)} lines and {len(texts)} texts; give one each, '' to leave a line.")
    dpi = require_whole_number("dpi", dpi, least=30, most=600)
    for number, place in enumerate(found):
        if not place.boxes or not place.known:
            raise ConfigError(f"Line {number} has no box to write in: {place.note or 'its place is unknown.'}")
    if len({place.source for place in found}) > 1:
        raise ConfigError("The lines are of several files; give those of one file at a time.")
    letters = {letter for text in texts for letter in text if not letter.isspace() and letter.isprintable()}
    path = _font_with(letters, font) if letters else None
    pictures = []
    if not found:
        raise ConfigError("There are no lines to write over.")
    with PageTexts(found[0], file, None) as opened:
        for page in sorted({place.page for place in found}):
            here = [(place, text) for place, text in zip(found, texts, strict=True) if place.page == page]
            image = page_picture(opened.source, page, dpi=dpi)
            # All paper is laid on before anything is written: boxes of neighbouring lines overlap.
            written = [(place, text, _paper(image, place)) for place, text in here if text.strip()]
            for place, _, paper in written:
                _cover(image, place, paper)
            for place, text, paper in written:
                _write_slip(image, place, text, path, paper, _room(place, [other for other, _ in here]) * image.height)
            pictures.append(PagePicture(page, image, tuple(place for place, _ in here), opened.source.name))
    return pictures


aoverlay = in_thread(overlay)


def _line_places(lines: object) -> list[Place]:
    if isinstance(lines, OcrResult):
        return [places_of(read_thing(record))[0] for record in ocr_records(lines, split="line")]
    return [place for thing in read_things(lines) for place in places_of(thing)[:1]]


def _font_with(letters: set[str], wanted: str | os.PathLike[str] | None) -> str | None:
    """Return the font file to write *letters* with, None for Pillow's own."""
    if wanted is not None:
        lacking = _lacking(letters, os.fspath(wanted))
        if lacking is None:
            raise ConfigError(f"font={os.fspath(wanted)!r} is not a TrueType or OpenType font that can be read.")
        if lacking:
            raise ConfigError(f"font={os.fspath(wanted)!r} has no letter {', '.join(map(repr, lacking[:5]))}.")
        return os.fspath(wanted)
    for name in (None, *_FONTS):
        if _lacking(letters, name) == []:
            return name
    raise ConfigError(
        f"No font of this machine has all letters of the texts ({''.join(sorted(letters)[-5:])!r} among them): "
        "pass font= with the path of one that has."
    )


def _lacking(letters: set[str], name: str | None) -> list[str] | None:
    """Return the *letters* that a font draws as it draws what it does not have; None if there is no such font."""
    try:
        font = _font(name, 20)
    except OSError:
        return None
    missing = [bytes(font.getmask(letter)) for letter in ("\uffff", "\U0010fffe")]
    return sorted(letter for letter in letters if bytes(font.getmask(letter)) in missing)


def _font(name: str | None, size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size) if name is None else ImageFont.truetype(name, size)


def _sides(image: Image, place: Place) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = place.boxes[0]
    left, top = int(x0 * image.width), int(y0 * image.height)
    return (
        left,
        top,
        max(left + 1, min(image.width, round(x1 * image.width))),
        max(top + 1, min(image.height, round(y1 * image.height))),
    )


def _paper(image: Image, place: Place) -> tuple[int, int, int]:
    """Return the commonest colour around the edge of a place: that of the paper."""
    left, top, right, bottom = _sides(image, place)
    area = image.crop((max(0, left - 2), max(0, top - 2), min(image.width, right + 2), min(image.height, bottom + 2)))
    small = area.quantize(8).convert("RGB")
    edge = small.copy()
    edge.paste((1, 2, 3), (3, 3, max(4, edge.width - 3), max(4, edge.height - 3)))
    colours = sorted(edge.getcolors(edge.width * edge.height) or [], reverse=True)
    return next((colour for _, colour in colours if colour != (1, 2, 3)), (255, 255, 255))  # type: ignore[return-value]


def _turn(image: Image, place: Place) -> tuple[float, float, float]:
    """Return the degrees, counter-clockwise, at which a line lies, and its length and height in pixels."""
    left, top, right, bottom = _sides(image, place)
    if len(place.corners) == 4:
        (x0, y0), (x1, y1), _, (x3, y3) = [(x * image.width, y * image.height) for x, y in place.corners]
        degrees = -math.degrees(math.atan2(y1 - y0, x1 - x0))
        if abs(degrees) > _SLANTED:
            return degrees, math.hypot(x1 - x0, y1 - y0), math.hypot(x3 - x0, y3 - y0)
    return 0.0, right - left, bottom - top


def _room(place: Place, others: Sequence[Place]) -> float:
    """Return how far apart the lines are here, relative to the page: higher letters would run into the next line."""
    (x0, y0, x1, y1), middles = place.boxes[0], []
    for left, top, right, bottom in (other.boxes[0] for other in others):
        apart = abs(top + bottom - y0 - y1) / 2
        if apart > (y1 - y0) / 4 and left < x1 and right > x0:
            middles.append(apart)
    return min(middles, default=1.0)


def _cover(image: Image, place: Place, paper: tuple[int, int, int]) -> None:
    from PIL import ImageDraw

    draw = ImageDraw.Draw(image)
    if _turn(image, place)[0]:
        draw.polygon([(x * image.width, y * image.height) for x, y in place.corners], fill=paper)
    else:
        left, top, right, bottom = _sides(image, place)
        draw.rectangle((left, top, right - 1, bottom - 1), fill=paper)


def _write_slip(
    image: Image, place: Place, text: str, name: str | None, paper: tuple[int, int, int], room: float
) -> None:
    from PIL import Image, ImageDraw

    degrees, length, height = _turn(image, place)
    width, tall = max(1, round(length)), max(1, round(height))
    ink = "white" if sum(paper) / 3 < _DARK else "black"
    slip = Image.new("RGBA", (width, tall), (*paper, 0))
    draw = ImageDraw.Draw(slip)
    lines, size = _fitted(text, name, width, round(min(tall, room)))
    font = _font(name, size)
    top = (tall - size * _LINE_HEIGHT * len(lines)) / 2
    for number, line in enumerate(lines):
        draw.text((0, top + number * size * _LINE_HEIGHT), line, fill=ink, font=font)
    if degrees:
        slip = slip.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
        x = sum(corner[0] for corner in place.corners) / 4 * image.width - slip.width / 2
        y = sum(corner[1] for corner in place.corners) / 4 * image.height - slip.height / 2
    else:
        x, y = _sides(image, place)[:2]
    image.paste(slip, (round(x), round(y)), slip)


def _fitted(text: str, name: str | None, width: int, height: int) -> tuple[list[str], int]:
    """Return *text* in lines, and the largest size of letters at which they fit into a place."""
    text = " ".join(text.split())
    size = max(_SMALLEST, int(height * _LARGEST_SHARE / _LINE_HEIGHT))
    while True:
        lines = _wrapped(text, _font(name, size), width)
        if len(lines) * size * _LINE_HEIGHT <= max(height, size * _LINE_HEIGHT) and lines:
            return lines, size
        if size <= _SMALLEST:
            break
        size = max(_SMALLEST, size - max(1, size // 12))
    font = _font(name, size)
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return [f"{text.rstrip()}…"], size


def _wrapped(text: str, font: Any, width: int) -> list[str]:
    """Return *text* in lines no wider than *width*; none where a word is wider."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if font.getlength(longer) <= width:
            line = longer
            continue
        if font.getlength(word) > width:
            return []
        lines.append(line)
        line = word
    return [*lines, line] if line else lines
