"""Finds the ruled lines of a table in a page image: long thin runs of ink, across and down."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from upstage_docs.local.geometry import Box, bounds, groups_of

if TYPE_CHECKING:
    from PIL.Image import Image

_DARK = 0.75
"""Of the shade of the ground: darker pixels are ink; gray rules of tables are at 0.6 of white, their shades at 0.9."""
_LEAST_CONTRAST = 24
"""Shades of 256 that ink is darker than its ground, at least: on a dark ground, noise is as large a share."""
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
_PIECE = 0.25
"""Of the shortest rule: its pieces are no shorter, so that a letter is none."""
_SLOPE = 0.05
"""Of its length: how much a leaning rule rises, at most; pages are levelled before."""
_REACH = 3
"""Steps of pixels between a rule down and the one across that it meets, at most."""
_LEANING = 3
"""Pixels that the next piece of a leaning rule stands higher or lower, at most."""
_LOWEST_CELL, _HIGHEST_CELL = 0.08, 1.5
"""Inches: cells of a table are no lower than small letters, and no higher than a few lines."""
_ALONG = 0.6
"""Share of a rule that lies over the next one below, and of a row that a rule down stands in, at least."""
_MOST_PIECES = 20_000
"""Runs of ink in one direction; an image with more is a photograph, not a page."""


class DrawnRules(NamedTuple):
    """Ruled lines in pixels, horizontal and vertical: each from its start to its end, at its middle across."""

    across: list[Box]
    down: list[Box]


def drawn_rules(page: Image, dots: float) -> DrawnRules:
    """Return the ruled lines of a page image.

    Args:
        page: In any mode.
        dots: Its pixels per inch.
    """
    from PIL.Image import Transpose

    gray = page.convert("L")
    thickest = _THICKEST * dots
    across = _long_runs(_thin_ink(gray, thickest), _RULE * dots, thickest)
    turned = _long_runs(_thin_ink(gray.transpose(Transpose.TRANSPOSE), thickest), _SIDE * dots, thickest)
    down = [(y0, x0, y1, x1) for x0, y0, x1, y1 in turned]
    kept = [side for side in down if side[3] - side[1] > _LONE_SIDE * dots or _meets(side, across, _REACH * _STEP)]
    return DrawnRules(across, kept)


def cells_between(rules: DrawnRules, dots: float) -> list[Box]:
    """Return the cells between ruled lines: from each horizontal one to the next below, divided by the vertical ones.

    Where no rule stands down at the ends of a row, it is as wide as its rules.

    Args:
        rules: Of a page that is level.
        dots: Its pixels per inch.
    """
    across = sorted(rules.across, key=lambda rule: rule[1])
    cells: list[Box] = []
    for number, (x0, top, x1, _) in enumerate(across):
        below = (r for r in across[number + 1 :] if min(x1, r[2]) - max(x0, r[0]) > _ALONG * (x1 - x0))
        left, bottom, right, _ = next(below, (x0, top, x1, top))
        if not _LOWEST_CELL * dots < bottom - top < _HIGHEST_CELL * dots:
            continue
        left, right = max(x0, left), min(x1, right)
        walls = [
            side[0]
            for side in rules.down
            if left < side[0] < right and min(side[3], bottom) - max(side[1], top) > _ALONG * (bottom - top)
        ]
        edges = [left, *sorted(walls), right]
        cells += [(one, top, other, bottom) for one, other in pairwise(edges) if other - one > _LOWEST_CELL * dots]
    return cells


def _thin_ink(gray: Image, thickest: float) -> Image:
    """Return what is darker than the ground above and below it, white on black: nothing thick, as shaded cells are.

    The ground is told by closing: the lightest within a reach, then the darkest of these.
    """
    from PIL import ImageChops

    reach = int(thickest / 2) + 2
    ground = _spread(_spread(gray, reach, ImageChops.lighter), reach, ImageChops.darker)
    least = ground.point([max(round((1 - _DARK) * value), _LEAST_CONTRAST) for value in range(256)])
    beyond = ImageChops.subtract(ImageChops.subtract(ground, gray), least)
    return beyond.point([255 * (value > 0) for value in range(256)])


def _spread(image: Image, reach: int, chosen: Callable[[Image, Image], Image]) -> Image:
    """Return for each pixel the one that *chosen* takes of those up to *reach* above and below."""
    done = 0
    while done < reach:
        step = min(done + 1, reach - done)
        image = chosen(chosen(image, _moved(image, step)), _moved(image, -step))
        done += step
    return image


def _moved(image: Image, down: int) -> Image:
    """Return an image moved down, its first or last row drawn on."""
    wide, tall = image.size
    moved = image.copy()
    moved.paste(image.crop((0, max(-down, 0), wide, tall - max(down, 0))), (0, max(down, 0)))
    return moved


def _long_runs(ink: Image, least: float, thickest: float) -> list[Box]:
    """Return the runs of ink from left to right that are at least *least* pixels long, and thin."""
    from PIL.Image import Resampling

    wide, tall = max(1, ink.width // _STEP), ink.height
    squeezed = ink.resize((wide, tall), Resampling.BOX).point([1 if v >= _INK_IN_STEP * 255 else 0 for v in range(256)])
    pixels = squeezed.tobytes()
    run = re.compile(b"\x01{%d,}" % max(2, int(_PIECE * least / _STEP)))
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
        if length >= least and thick <= thickest and y1 - y0 <= thickest + _SLOPE * length:
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
