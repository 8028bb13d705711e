"""Finds the rules of a table in a page image: long thin runs of ink, across and down."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from upstage_docs.local.geometry import Box, bounds, groups_of

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["DrawnRules", "drawn_rules"]

_DARK = 0.75
"""Of the shade of the ground: darker pixels are ink; gray rules of tables are at 0.6 of white, their shades at 0.9."""
_RULE, _SIDE = 0.42, 0.17
"""Inches: the shortest rule across (30 points, as in PDFs) and down; letters of 14 points are 0.14 inches tall."""
_LONE_SIDE = 0.5
"""Inches: the shortest rule down that meets none across."""
_THICKEST = 0.055
"""Inches: what is thicker is a bar or a picture; 4 points."""
_STEP = 8
"""Pixels averaged along a rule: its gaps of noise close, and ends are told to 8 pixels, 2 points at 300 dots."""
_INK_IN_STEP = 0.7
"""Share of them that are ink at least."""
_LEANING = 3
"""Pixels that the next piece of a leaning rule stands higher or lower, at most."""
_MOST_PIECES = 20_000
"""Runs of ink in one direction; an image with more is a photograph, not a page."""


class DrawnRules(NamedTuple):
    """Rules in pixels: those across and those down, each from its start to its end at its middle."""

    across: list[Box]
    down: list[Box]


def drawn_rules(page: Image, dots: float) -> DrawnRules:
    """Return the rules of a page image.

    Args:
        page: In any mode.
        dots: Its pixels per inch.
    """
    from PIL.Image import Transpose

    gray = page.convert("L")
    counts = gray.histogram()
    ground = max(range(256), key=counts.__getitem__)
    limit = _DARK * max(ground, 1)
    ink = gray.point([255 * (value < limit) for value in range(256)])
    across = _long_runs(ink, _RULE * dots, _THICKEST * dots)
    turned = _long_runs(ink.transpose(Transpose.TRANSPOSE), _SIDE * dots, _THICKEST * dots)
    down = [(y0, x0, y1, x1) for x0, y0, x1, y1 in turned]
    kept = [side for side in down if side[3] - side[1] > _LONE_SIDE * dots or _meets(side, across, 3 * _STEP)]
    return DrawnRules(across, kept)


def _long_runs(ink: Image, least: float, thickest: float) -> list[Box]:
    """Return the runs of ink from left to right that are at least *least* pixels long, and thin."""
    from PIL.Image import Resampling

    wide, tall = max(1, ink.width // _STEP), ink.height
    squeezed = ink.resize((wide, tall), Resampling.BOX).point([1 if v >= _INK_IN_STEP * 255 else 0 for v in range(256)])
    pixels = squeezed.tobytes()
    run = re.compile(b"\x01{%d,}" % max(2, int(0.25 * least / _STEP)))
    pieces: list[Box] = []
    for y in range(tall):
        row = pixels[y * wide : (y + 1) * wide]
        if 1 in row:
            pieces += [(m.start() * _STEP, y, m.end() * _STEP, y + 1) for m in run.finditer(row)]
        if len(pieces) > _MOST_PIECES:
            return []
    found = []
    for group in _touching(pieces):
        x0, y0, x1, y1 = bounds(group)
        length = x1 - x0
        area = sum(piece[2] - piece[0] for piece in group)
        thick = area / max(length, 1)
        if length >= least and thick <= thickest and y1 - y0 <= thickest + 0.05 * length:
            middle = sum((p[1] + 0.5) * (p[2] - p[0]) for p in group) / area
            found.append((x0, middle, x1, middle))
    return found


def _touching(pieces: list[Box]) -> list[list[Box]]:
    """Gather pieces, ordered by height, that lie over each other or end where the next begins a few pixels off."""
    heights = [piece[1] for piece in pieces]
    meeting = (
        (number, other)
        for number, piece in enumerate(pieces)
        for other in range(bisect_left(heights, piece[1] - _LEANING), number)
        if pieces[other][0] <= piece[2] + 2 * _STEP and piece[0] <= pieces[other][2] + 2 * _STEP
    )
    return [[pieces[number] for number in group] for group in groups_of(len(pieces), meeting)]


def _meets(side: Box, rules: list[Box], reach: float) -> bool:
    """Say whether a rule down ends at, or crosses, one across."""
    x, top, _, bottom = side
    return any(rule[0] - reach <= x <= rule[2] + reach and top - reach <= rule[1] <= bottom + reach for rule in rules)
