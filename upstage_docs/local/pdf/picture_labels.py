"""Recognises the words inside the pictures of a page that has a text layer, and finds which pictures are charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from upstage_docs.local.ocr.page_images import flatness
from upstage_docs.local.pdf.lines import lines_of
from upstage_docs.local.pdf.parts import Part
from upstage_docs.local.pdf.text_layer import BareWord, Recognise, set_words
from upstage_docs.local.pdf.words import Word

if TYPE_CHECKING:
    from PIL.Image import Image

DOTS = 200
"""Per inch: small labels are read as well as at 300, in half the time, and specks less."""
_SURE, _SURE_IN_PHOTOGRAPHS = 0.45, 0.8
_FLAT = 0.5
"""Share of a chart or a diagram that is its ground; photographs have less (0.34 at most, measured)."""
_LEAST = 0.01
"""Of the page: what is smaller is an icon."""
_TICKS = 3


def may_have_labels(part: Part, width: float, height: float) -> bool:
    """Say whether a part is a picture without text of its own that is larger than an icon; sizes in points."""
    x0, y0, x1, y1 = part.box
    return part.category == "figure" and not part.lines and (x1 - x0) * (y1 - y0) > _LEAST * width * height


def labelled(part: Part, page: Image, scale: float, recognise: Recognise) -> Part:
    """Return a picture with the words recognised in it, as a chart if numbers stand along an axis.

    Args:
        part: The picture, in points.
        page: The page as shown.
        scale: Pixels per point.
        recognise: Tells the words of an image.
    """
    left, top = int(part.box[0] * scale), int(part.box[1] * scale)
    crop = page.crop((left, top, int(part.box[2] * scale) + 1, int(part.box[3] * scale) + 1)).convert("L")
    least = _SURE if flatness(crop) > _FLAT else _SURE_IN_PHOTOGRAPHS
    found = [
        BareWord(text, ((left + x0) / scale, (top + y0) / scale, (left + x1) / scale, (top + y1) / scale))
        for text, sure, (x0, y0, x1, y1) in recognise(crop)
        if sure >= least and any(map(str.isalnum, text))
    ]
    words = set_words(sorted(found, key=lambda word: (word.box[3], word.box[0])))
    lines = tuple(lines_of(words, [-1] * len(words)))
    return replace(part, category="chart" if _has_axis(words) else "figure", lines=lines)


def _has_axis(words: Sequence[Word]) -> bool:
    """Say whether three numbers or more stand in one column or in one row."""
    numbers = [word for word in words if word.text.strip("%$€£₩.,-–()").replace(",", "").replace(".", "").isdigit()]
    columns = Counter(round(word.box[2] / max(word.size, 1)) for word in numbers)
    rows = Counter(round(word.baseline / max(word.size, 1)) for word in numbers)
    return any(count >= _TICKS for count in (*columns.values(), *rows.values()))
