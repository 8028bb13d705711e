"""Finds where each row of a table lies in a picture of its page, if the picture shows as many rows as the table has."""

from __future__ import annotations

from array import array
from itertools import pairwise
from typing import TYPE_CHECKING

from upstage_docs.models import Box

if TYPE_CHECKING:
    from PIL.Image import Image

_DARK = 96
"""Levels of 255 that ink is darker than its paper, at least."""
_RULE = 0.6
"""Of a table's width, what a rule between rows covers at least; text covers less."""
_INK = 0.004
"""Of a table's width, what a line of text covers at least."""
_SMALL = 64
"""Pixels of a side of the small picture whose median is the paper."""
_LOWEST, _LOWEST_SHARE = 3, 1 / 200
"""Pixels, and share of the table's height, that a row between two rules has at least."""


def row_bands(picture: Image, box: Box, rows: int) -> list[Box] | None:
    """Return the band of each of *rows* rows of the table in *box*, relative to the page, from the top.

    The rows are told by ruled lines between all of them, or by white space; None if another number of bands is seen.

    Args:
        picture: The page.
        box: Of the table, relative 0-1.
        rows: How many the table has.
    """
    left, top = int(box[0] * picture.width), int(box[1] * picture.height)
    right, bottom = round(box[2] * picture.width), round(box[3] * picture.height)
    if right - left < 2 or bottom - top < rows or not rows:
        return None
    gray = picture.crop((left, top, right, bottom)).convert("L")
    small = sorted(gray.resize((_SMALL, _SMALL)).tobytes())
    paper = small[len(small) // 2]
    ink = gray.point(lambda value: 255 if abs(value - paper) > _DARK else 0)
    shares = _ink_shares(ink)
    for bands in (_between_rules(shares), _of_text(shares)):
        if len(bands) == rows:
            return [
                (box[0], (top + start) / picture.height, box[2], (top + end) / picture.height) for start, end in bands
            ]
    return None


def _ink_shares(ink: Image) -> list[float]:
    """Return, for each line of pixels, the share of ink in it."""
    from PIL.Image import Resampling

    means = array("f")
    means.frombytes(ink.convert("F").resize((1, ink.height), Resampling.BOX).tobytes())
    return [mean / 255 for mean in means]


def _between_rules(shares: list[float]) -> list[tuple[int, int]]:
    edges = [(0, 0), *_runs_of_true([share >= _RULE for share in shares]), (len(shares), len(shares))]
    least = max(_LOWEST, int(len(shares) * _LOWEST_SHARE))
    return [(above[1], below[0]) for above, below in pairwise(edges) if below[0] - above[1] >= least]


def _of_text(shares: list[float]) -> list[tuple[int, int]]:
    return _runs_of_true([_INK <= share < _RULE for share in shares])


def _runs_of_true(flags: list[bool]) -> list[tuple[int, int]]:
    edges = [index for index, (before, now) in enumerate(pairwise([False, *flags, False])) if before != now]
    return list(zip(edges[::2], edges[1::2], strict=True))
