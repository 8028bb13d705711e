"""Groups the vector paths of a page to drawings: charts, figures, formulas drawn as outlines."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from upstage_docs.local.geometry import Box, bounds, dimensions, groups_of, holds_middle

_CELLS = 300  # of the longer side of a page: the grid on which paths touch
_MOST_PATHS = 100_000
_MOST_LETTERS = 3_000
"""A page with more of them is text drawn as outlines, not formulas."""


_WHITE = "ffffffff"
_MOST_PAIRS = 1_000_000
"""Of white shapes and coloured ones that they may lie on: a page with more is a map or a picture made of shapes."""
_WIDE_CURVE = 15.0
"""Points, both ways: rounded corners are no curves of data."""


class Path(NamedTuple):
    """A vector path: its box in points, whether it is filled, whether it has curves, and its colour as `aarrggbb`.

    *outlined* says whether a stroke of another colour runs around what is filled.
    """

    box: Box
    filled: bool
    curved: bool
    colour: str = ""
    outlined: bool = False


@dataclass(frozen=True)
class Drawing:
    """Paths that touch each other; *glyphs* says that all look like letters, as in a formula drawn as outlines."""

    box: Box
    paths: tuple[Path, ...]
    glyphs: bool


def is_frame(drawing: Drawing) -> bool:
    """Say whether a drawing is the frame or the background of a text: its paths run along its edges or all across.

    A line that goes up and down from side to side is none, so it must be as tall as the frame.
    """
    x0, y0, x1, y1 = drawing.box
    inset = 0.05 * (x1 - x0)
    for path in drawing.paths:
        wide, tall = dimensions(path.box)
        left, right = path.box[0] - x0 < inset, x1 - path.box[2] < inset
        across = left and right and (path.filled or tall < 8 or tall > 0.9 * (y1 - y0))
        if not across and not ((left or right) and wide < 8):
            return False
    return True


def is_plot(drawing: Drawing, rules: Sequence[Box]) -> bool:
    """Say whether a drawing shows data: a curve, a line that goes up and down, or bars that begin on one line.

    Args:
        drawing: Of the page.
        rules: The horizontal rules of the page: the frame of a cell has its edges on two of them.
    """
    if is_frame(drawing):
        return False
    heights = {round(rule[1]) + near for rule in rules for near in (-1, 0, 1)}
    for path in drawing.paths:
        if min(dimensions(path.box)) > _WIDE_CURVE:
            top, bottom = round(path.box[1]) in heights, round(path.box[3]) in heights
            if path.curved or not (top or (bottom and not path.filled)):
                return True
    feet: defaultdict[tuple[int, int], list[_Bar]] = defaultdict(list)
    for path in drawing.paths:
        if path.filled and min(dimensions(path.box)) > 3:
            for near, far in ((0, 2), (2, 0), (1, 3), (3, 1)):  # bars begin at one x or at one y, on both sides of it
                foot = near % 2, round(path.box[near] / 2)
                feet[foot].append(_Bar(near, round(path.box[far] / 3), round(path.box[1 - near % 2])))
    return any(map(_are_bars, feet.values()))


class _Bar(NamedTuple):
    """A filled shape as a bar on one of its edges: the number of this, where it ends, and where it stands along it."""

    edge: int
    end: int
    place: int


def _are_bars(shapes: Sequence[_Bar]) -> bool:
    """Say whether shapes with an edge in common are bars: three or more that end at different places.

    Those on its two sides are told together unless they stand opposite each other, as the cells of a table do.
    """
    sides = [[shape for shape in shapes if shape.edge < 2], [shape for shape in shapes if shape.edge > 1]]
    if {shape.place for shape in sides[0]}.isdisjoint(shape.place for shape in sides[1]):
        sides = [list(shapes)]
    return any(len(side) > 2 and len({shape.end for shape in side}) > 1 for side in sides)


def drawings_of(paths: Sequence[Path], width: float, height: float) -> list[Drawing]:
    """Gather the paths of a page into drawings; backgrounds and lone rules are none."""
    used = [path for path in _seen(paths[:_MOST_PATHS]) if not _is_background(path.box, width, height)]
    lettered = [_is_letter(path) for path in used]
    letters = [path for path, letter in zip(used, lettered, strict=True) if letter]
    drawings = []
    for members in clusters([path.box for path in used], 4.0, 4.0, width, height):
        if all(lettered[i] for i in members):
            continue
        group = [used[i] for i in members]
        box = bounds(path.box for path in group)
        if len(group) > 1 or (box[2] - box[0] > 20 and box[3] - box[1] > 20):
            drawings.append(Drawing(box, tuple(group), glyphs=False))
    if len(letters) > _MOST_LETTERS or not any(path.curved for path in letters):
        return drawings
    for members in clusters([path.box for path in letters], 8.0, 3.0, width, height):
        group = [letters[i] for i in members]
        box = bounds(path.box for path in group)
        if not any(holds_middle(drawing.box, box) for drawing in drawings) and any(path.curved for path in group):
            drawings.append(Drawing(box, tuple(group), glyphs=True))
    return drawings


def clusters(boxes: Sequence[Box], reach_x: float, reach_y: float, width: float, height: float) -> list[list[int]]:
    """Gather the numbers of boxes that come nearer to each other than *reach_x* and *reach_y* points.

    The boxes are painted on a grid whose rows are integers, so that the cost is that of the boxes, not of their pairs.
    """
    if not boxes:
        return []
    scale = _CELLS / max(width, height, 1.0)
    across, down = reach_x / 2 * scale, reach_y / 2 * scale
    rows: defaultdict[int, int] = defaultdict(int)
    spans = []
    known: set[tuple[int, int, int, int]] = set()
    most = 3 * _CELLS
    for x0, y0, x1, y1 in boxes:
        left, right = int(x0 * scale - across) + _CELLS, int(x1 * scale + across) + _CELLS
        top, bottom = int(y0 * scale - down) + _CELLS, int(y1 * scale + down) + _CELLS
        if left < 0 or top < 0 or right > most or bottom > most:  # far off the page
            left, right = min(max(left, 0), most), min(max(right, 0), most)
            top, bottom = min(max(top, 0), most), min(max(bottom, 0), most)
        spans.append((top, left))
        if (painted := (left, right, top, bottom)) in known:
            continue
        known.add(painted)
        mask = (1 << (right + 1)) - (1 << left)
        for row in range(top, bottom + 1):
            rows[row] |= mask
    labels = _components(rows)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for number, (row, column) in enumerate(spans):
        starts, found = labels[row]
        groups[found[bisect_right(starts, column) - 1]].append(number)
    return list(groups.values())


def _components(rows: dict[int, int]) -> dict[int, tuple[list[int], list[int]]]:
    """Label the connected runs of set bits: for each row, where its runs start, and their labels."""
    runs: dict[int, list[tuple[int, int, int]]] = {}
    touching: list[tuple[int, int]] = []
    count = 0
    for row in sorted(rows):
        above = runs.get(row - 1, [])
        bits, start = rows[row], 0
        if above and bits == rows[row - 1]:  # what is taller than a row
            runs[row] = above
            continue
        runs[row] = []
        while bits:
            zeros = (bits & -bits).bit_length() - 1
            start, bits = start + zeros, bits >> zeros
            ones = ((bits + 1) & -(bits + 1)).bit_length() - 1
            end, bits = start + ones, bits >> ones
            touching += [(count, other) for first, last, other in above if first < end and start < last]
            runs[row].append((start, end, count))
            count += 1
            start = end
    labels = {number: group[0] for group in groups_of(count, touching) for number in group}
    return {row: ([start for start, *_ in found], [labels[n] for *_, n in found]) for row, found in runs.items()}


def _is_background(box: Box, width: float, height: float) -> bool:
    x0, y0, x1, y1 = box
    return x1 - x0 > 0.9 * width and y1 - y0 > 0.6 * height


def _seen(paths: Sequence[Path]) -> list[Path]:
    """Leave out the white grounds that programs draw under a chart: no reason to join two.

    White shapes with an outline, or on a coloured ground, are seen: the boxes of a diagram, the bars of a chart.
    """
    white = [_is_white(path) for path in paths]
    grounds = [
        (number, path.box)
        for number, path in enumerate(paths)
        if path.filled and path.colour != _WHITE and min(dimensions(path.box)) > _WIDE_CURVE
    ]
    if sum(white) * len(grounds) > _MOST_PAIRS:
        grounds = []
    return [
        path
        for number, path in enumerate(paths)
        if not white[number] or any(below < number and holds_middle(ground, path.box) for below, ground in grounds)
    ]


def _is_white(path: Path) -> bool:
    """Say whether a path is a white shape without an outline, which is seen on a ground of another colour alone."""
    white = path.filled and not path.curved and path.colour == _WHITE
    return white and not path.outlined and min(dimensions(path.box)) > _WIDE_CURVE


def _is_letter(path: Path) -> bool:
    if not path.filled:
        return False
    x0, y0, x1, y1 = path.box
    return x1 - x0 < 120 and y1 - y0 < 40 and (path.curved or y1 - y0 < 2)  # a bar of a fraction has no curve
