"""Joins the drawings that are pieces of one chart: what lies on its axes or its grid, and bars that have neither."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from upstage_docs.local.geometry import Box, bounds, dimensions, holds_middle, overlap, shared_height, shared_width
from upstage_docs.local.pdf.subpaths import is_light
from upstage_docs.local.pdf.vector_paths import Drawing, Path

_THICKEST_LINE, _SHORTEST_LINE, _EVEN, _ON_GRID = 4.0, 60.0, 1.0, 0.7
"""Points of a grid line, what the distances of these differ by, and the share of a drawing that lies on its grid."""
_LONGEST_TICK, _LEAST_TICKS = 12.0, 3
"""Points of a tick of an axis, with the margin that the PDF library tells, and ticks of the axes of a plot."""
_FROM_AXIS = 30.0
"""Points from an axis to the bars that stand off it, at most."""
_LEAST_BARS, _WIDEST_GAP, _TOUCH = 3, 1.5, 1.5
"""Bars without axis and grid, if they are a drawing, times the smallest gap between them that the widest is less, and
points of no gap at all, as between bars of one category."""


def joined_drawings(drawings: Sequence[Drawing], paths: Sequence[Path]) -> list[Drawing]:
    """Return the drawings; those on the same axes or grid become one, though a plot's lines need not touch these."""
    joined = list(drawings)
    rows = _rows_of_bars(paths)
    homes = {path: one.box for one in drawings if rows and not one.glyphs for path in one.paths}
    for row in rows:
        on = [one for one in joined if not one.glyphs and any(holds_middle(one.box, path.box) for path in row)]
        if len(on) == 1 and len({homes.get(path, path) for path in row}) == 1:
            continue  # of one drawing, maybe of thousands of bars
        if all(path.filled and _is_as_wide(path, row[0]) for one in on for path in one.paths):
            joined = [one for one in joined if one not in on]
            bars = tuple(dict.fromkeys([*row, *(path for one in on for path in one.paths)]))
            joined.append(Drawing(bounds(path.box for path in bars), bars, glyphs=False))
    for ground in _grids(paths):
        on = [one for one in joined if not one.glyphs and overlap(one.box, ground) > _ON_GRID]
        if on and any(not _is_level(path) for one in on for path in one.paths):
            box = bounds([ground, *(one.box for one in on)])
            joined = [one for one in joined if one not in on]
            joined.append(Drawing(box, tuple(path for one in on for path in one.paths), glyphs=False))
    for axis in [one for one in joined if not one.glyphs and _is_axis(one)]:
        beside = [one for one in joined if _stands_along(axis.box, one)]
        if len(beside) == 1:
            joined = [one for one in joined if one is not axis and one is not beside[0]]
            joined.append(Drawing(bounds([axis.box, beside[0].box]), axis.paths + beside[0].paths, glyphs=False))
    return joined


def _grids(paths: Sequence[Path]) -> list[Box]:
    """Return the boxes of grids of plots: three level lines or more, from one side to another, at equal distances."""
    lines: defaultdict[tuple[int, int], set[float]] = defaultdict(set)
    for path in paths:
        x0, y0, x1, y1 = path.box
        if not path.filled and y1 - y0 < _THICKEST_LINE and x1 - x0 > _SHORTEST_LINE:
            lines[round(x0 / 2), round(x1 / 2)].add(round((y0 + y1) / 2, 1))
    found = []
    for (left, right), places in lines.items():
        heights = sorted(places)
        steps = [after - before for before, after in pairwise(heights)]
        if len(steps) > 1 and min(steps) > _THICKEST_LINE and max(steps) - min(steps) < _EVEN:
            found.append((2.0 * left, heights[0], 2.0 * right, heights[-1]))
    return found


def _is_axis(drawing: Drawing) -> bool:
    """Say whether a drawing is an axis alone: strokes of which one is long, and ticks on it."""
    sides = [dimensions(path.box) for path in drawing.paths]
    ticks = sum(max(side) < _LONGEST_TICK for side in sides)
    return ticks >= _LEAST_TICKS and all(map(_is_level, drawing.paths)) and max(map(max, sides)) > _SHORTEST_LINE


def _stands_along(axis: Box, drawing: Drawing) -> bool:
    """Say whether a drawing of bars or lines stands beside an axis, or on it, and reaches along most of it."""
    if drawing.glyphs or all(map(_is_level, drawing.paths)):
        return False
    upright = axis[3] - axis[1] > axis[2] - axis[0]
    shared = shared_height(axis, drawing.box) if upright else shared_width(axis, drawing.box)
    gap = -shared_width(axis, drawing.box) if upright else -shared_height(axis, drawing.box)
    return shared > _ON_GRID * max(dimensions(axis)) and gap < _FROM_AXIS


def _rows_of_bars(paths: Sequence[Path]) -> list[list[Path]]:
    """Return filled shapes of one width that stand side by side on one foot, or hang from it, or lie so."""
    found = []
    shapes = [path for path in paths if path.filled and not path.curved and not is_light(path.colour)]
    for x0, y0, x1, y1 in ((0, 1, 2, 3), (1, 2, 3, 0)):  # standing ones, and lying ones from the left
        rows: defaultdict[tuple[int, int], dict[int, Path]] = defaultdict(dict)
        for path in shapes:
            wide = path.box[x1] - path.box[x0]
            if wide > _THICKEST_LINE:
                for foot in {round(end / 3 + half) for end in (path.box[y0], path.box[y1]) for half in (0, 0.5)}:
                    rows[foot, round(wide)].setdefault(round(path.box[x0]), path)
        for places in rows.values():
            if len(places) < _LEAST_BARS:
                continue
            row = sorted(places.values(), key=lambda path: path.box[x0])
            gaps = [after.box[x0] - path.box[x1] for path, after in pairwise(row)]
            apart = [gap for gap in gaps if gap > _TOUCH]
            even = apart and min(gaps) > -_TOUCH and max(apart) < _WIDEST_GAP * min(apart)
            if even and len({(round(p.box[y0]), round(p.box[y1])) for p in row}) > 1:
                found.append(row)
    return found


def _is_as_wide(path: Path, bar: Path) -> bool:
    """Say whether a shape is as wide, or as tall, as a bar: a piece of the same or of another one."""
    pairs = zip(dimensions(path.box), dimensions(bar.box), strict=True)
    return any(abs(side - other) < _EVEN for side, other in pairs)


def _is_level(path: Path) -> bool:
    return min(dimensions(path.box)) < _THICKEST_LINE
