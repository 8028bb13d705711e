"""Finds text in the colour of its background, such as white on white, by looking at the drawn page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from upstage_docs.local.geometry import Box, box_of, dimensions, holds_middle
from upstage_docs.local.pdf.pdfium import PdfPages

if TYPE_CHECKING:
    from PIL.Image import Image

_WHITE = "ffffff"
_DOTS = 72
"""Per inch: of the picture of a page in which letters are looked for."""
_EVEN = 6
"""Steps of 255 by which the pixels of a place differ at most if nothing is seen there."""
_MOST_SHAPES = 5_000


def unseen_boxes(page: Any, document: PdfPages, number: int) -> list[Box]:
    """Return the boxes of the text items of a liteparse page that are drawn in the colour of their ground.

    Only a page with text that may be such is drawn: white text on nothing, or text on a shape of its own colour.

    Args:
        page: The page, upright as it is shown.
        document: The file.
        number: Of the page, 1-based.
    """
    doubtful = _doubtful(page)
    if not doubtful:
        return []
    image, scale = document.image(number, dots=_DOTS)
    return [box for box in doubtful if _is_even(image, box, scale)]


def is_in(box: Box, unseen: Sequence[Box]) -> bool:
    """Say whether a text in *box* is one of the *unseen*."""
    return any(holds_middle(other, box) for other in unseen)


def _doubtful(page: Any) -> list[Box]:
    shapes = [shape for shape in page.vector_graphics.shapes[:_MOST_SHAPES] if shape.fill]
    shades = [(shape.fill_color or "")[2:] for shape in shapes]
    if {(item.fill_color or "")[2:] for item in page.text_items}.isdisjoint({_WHITE, *shades}):
        return []
    boxes = (box_of(shape.bbox) for shape in shapes)
    grounds = [(box, colour) for box, colour in zip(boxes, shades, strict=True) if min(dimensions(box)) > 2]
    colours = {_WHITE, *(colour for _, colour in grounds)}
    found = []
    for item in page.text_items:
        colour = (item.fill_color or "")[2:]
        if colour not in colours or not item.text.strip():
            continue
        box = box_of(item)
        under = next((ground for place, ground in reversed(grounds) if holds_middle(place, box)), _WHITE)
        if under == colour:
            found.append(box)
    return found


def _is_even(image: Image, box: Box, scale: float) -> bool:
    """Say whether a place of a page has one colour."""
    left, top = max(int(box[0] * scale), 0), max(int(box[1] * scale), 0)
    right, bottom = min(round(box[2] * scale) + 1, image.width), min(round(box[3] * scale) + 1, image.height)
    if right <= left or bottom <= top:
        return False
    bands = image.crop((left, top, right, bottom)).split()
    return all(high - low <= _EVEN for band in bands for low, high in [cast("tuple[int, int]", band.getextrema())])
