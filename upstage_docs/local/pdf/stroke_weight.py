"""Measures how bold recognised words are from their pixels, since headings are told by that."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from upstage_docs.local.geometry import Box

if TYPE_CHECKING:
    from PIL.Image import Image

_LEAST_CONTRAST = 32
"""Gray levels of 256 between ink and paper, at least, where strokes can be told."""
_DARK_GROUND = 0.55
"""Share of dark pixels in the box of a word: more, and its letters are light on a dark ground."""
_HEAVIER = 1.25
"""Times the usual stroke: 1.2 % of 6,000 words in a regular font are above it, and most in a bold one (measured)."""
_LETTERS = 3
"""A word with fewer has too few strokes; it is as heavy as the word before it."""


def are_heavy(image: Image, words: Sequence[tuple[str, Box, float]]) -> list[bool]:
    """Say for each word whether it is set in a bold font.

    Args:
        image: The page.
        words: Text, box in pixels, and font size in pixels, in reading order.
    """
    page = image.convert("L")
    strokes = [_stroke(page, box) / max(size, 1.0) for _, box, size in words]
    sure = [stroke for (text, _, _), stroke in zip(words, strokes, strict=True) if len(text) >= _LETTERS and stroke]
    if not sure:
        return [False] * len(words)
    limit = _HEAVIER * median(sure)
    heavy: list[bool] = []
    for (text, _, _), stroke in zip(words, strokes, strict=True):
        heavy.append(stroke > limit if len(text) >= _LETTERS else bool(heavy) and heavy[-1])
    return heavy


def _stroke(page: Image, box: Box) -> float:
    """Return the mean width of the strokes in *box*, in pixels: ink over half the edges met from left to right."""
    from PIL import ImageChops

    x0, y0, x1, y1 = box
    word = page.crop((int(x0) - 1, int(y0), int(x1) + 2, int(y1) + 1))
    darkest, lightest = word.getextrema()
    if not isinstance(darkest, int) or not isinstance(lightest, int) or lightest - darkest < _LEAST_CONTRAST:
        return 0.0
    middle = (darkest + lightest) // 2
    ink = word.point([255 if value <= middle else 0 for value in range(256)])
    area = ink.histogram()[255]
    if area > _DARK_GROUND * ink.width * ink.height:  # light text on a dark ground
        ink = ImageChops.invert(ink)
        area = ink.histogram()[255]
    left = ink.crop((0, 0, ink.width - 1, ink.height))
    right = ink.crop((1, 0, ink.width, ink.height))
    edges = ImageChops.difference(left, right).histogram()[255]
    return 2 * area / max(edges, 1)
