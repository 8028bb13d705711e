"""Reads drawn line charts: strokes whose vertices all stand at categories are series; the scale gives their values."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from upstage_docs.local.geometry import Box, bounds, middle
from upstage_docs.local.pdf.charts.axes import MOST_WRONG, Scale, categories_of, scale_of
from upstage_docs.local.pdf.charts.data import ChartData, chart_data
from upstage_docs.local.pdf.charts.labels import Label, labels_of
from upstage_docs.local.pdf.charts.legend import is_key, names_by_keys, numbered, titles_of
from upstage_docs.local.pdf.subpaths import Point, Subpath, is_light
from upstage_docs.local.pdf.vector_paths import Path
from upstage_docs.local.pdf.words import Word

_SAME = 0.75
"""Points: vertices that differ by less across stand at one category, and ends that do are joined."""
_LEAST_CATEGORIES = 3
"""Two names fit any straight line."""
_MOST_CATEGORIES, _MOST_SERIES, _MOST_STROKES = 120, 20, 4_000
_SHORTEST_PIECE = 5.0
"""Points across: shorter strokes are those of a marker, as the four of a cross."""
_SPANS = 0.3
"""Of the width of the data: a sloping stroke that is longer is a series, or not understood."""
_AT_VERTEX = 3.0
"""Points from a vertex: what has its middle there is its marker."""
_SHORTEST_KEY, _TO_NAME = 10.0, 1.2
"""Points of a stroke before a name in a legend, at least, and font sizes between the two, at most."""
_BEYOND = 1.05
"""Steps of the scale that a value lies beyond its first and last number at most; more is outside of the plot."""
_AT_END = 3.0
"""Font sizes from the end of a line to its name, at most."""


class Polyline(NamedTuple):
    """A stroke that runs to the right all along, in points from the top left.

    Attributes:
        points: Its vertices.
        colour: As `aarrggbb`.
        curved: Whether it bends between them.
    """

    points: tuple[Point, ...]
    colour: str
    curved: bool


class Columns(NamedTuple):
    """The columns that lines add to a chart's table: heads, values, the labels taken as heads, and the lines' box.

    A head is `""` where no label is certain to be it.
    """

    heads: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    names: tuple[Label, ...]
    box: Box


NO_LINES = Columns((), (), (), (0.0, 0.0, 0.0, 0.0))
"""What lines over bars tell where there are none."""


def measured_lines(paths: Sequence[Path], words: Sequence[Word], subpaths: Sequence[Subpath]) -> ChartData | None:
    """Return the data of a chart of lines over categories; None where it is not certain.

    Args:
        paths: The vector paths of the chart as the PDF library tells them.
        words: Its words.
        subpaths: The same paths point by point.
    """
    strokes = _polylines(subpaths)
    lines = _without_keys([line for line in strokes if len(line.points) >= _LEAST_CATEGORIES])
    places = _places([line for line in lines if not _is_flat(line)])
    lines = [line for line in lines if not _is_flat(line) or _stands_at(line, places)]
    lines += _cut_off(strokes, lines, places)
    labels = labels_of(words, lying=False)
    if not _LEAST_CATEGORIES <= len(places) <= _MOST_CATEGORIES:
        return None
    lowest = max(y for line in lines for _, y in line.points)
    named = categories_of(labels, places, lowest)
    if named is None or len(named[0]) != len(places):
        return None
    names, _, used = named
    rest = [label for label in labels if label not in used]
    found = scale_of(rest, paths, _foot(paths, places, lowest, used))
    if found is None:
        return None
    scale, ticks = found
    rest = [label for label in rest if label not in ticks]
    series = _series_at(lines, places)
    if series is None or not _is_understood(subpaths, lines, scale) or not _are_all(series, subpaths, rest):
        return None
    columns = _series_columns(series, places, subpaths, rest, scale)
    if columns is None:
        return None
    x0, y0, x1, y1 = columns.box
    top = min(label.box[1] for label in ticks)
    title, across, along = titles_of(rest, columns.names, (x0, min(y0, top), x1, max(y1, lowest)))
    heads = numbered(columns.heads)
    if len(series) == 1 and not columns.names:
        heads = [along or title or "Value"]
    rows = [["", *heads], *([name, *(column[n] for column in columns.values)] for n, name in enumerate(names))]
    facts = ("Chart Title", title), ("X-Axis", across), ("Y-Axis", along), ("Chart Type", "line")
    return chart_data(rows, facts)


def lines_over(
    places: Sequence[float], subpaths: Sequence[Subpath], labels: Sequence[Label], scale: Scale
) -> Columns | None:
    """Return the series that are drawn as lines over a chart's bars: empty without lines, None if not certain.

    Args:
        places: Where the categories stand across, in points.
        subpaths: The paths of the chart point by point.
        labels: Its words that are neither names of categories nor numbers of the scale.
        scale: Of its values.
    """
    least = _SPANS * (places[-1] - places[0])
    lines = [
        line
        for line in _polylines(subpaths)
        if len(line.points) >= _LEAST_CATEGORIES and not _is_flat(line)
        if line.points[-1][0] - line.points[0][0] > least
    ]
    series = _series_at(lines, places)
    return None if series is None else _series_columns(series, places, subpaths, labels, scale)


def _series_columns(
    series: Sequence[Polyline],
    places: Sequence[float],
    subpaths: Sequence[Subpath],
    labels: Sequence[Label],
    scale: Scale,
) -> Columns | None:
    if not series:
        return NO_LINES
    values = [_values_of_line(line, places, scale) for line in series]
    told = tuple(tuple(column) for column in values if column is not None)
    if len(told) < len(values) or _is_contradicted(series, labels, scale):
        return None
    heads, names = _heads(series, subpaths, labels)
    return Columns(tuple(heads), told, tuple(names), bounds((x, y, x, y) for line in series for x, y in line.points))


def _polylines(subpaths: Sequence[Subpath]) -> list[Polyline]:
    """Return the strokes that run to the right or to the left all along, pieces that meet end to end joined."""
    strokes: list[Polyline] = []
    for path in subpaths:
        points = _rightwards(path.points)
        if path.fill or not path.stroke or is_light(path.stroke) or points[-1][0] - points[0][0] < _SHORTEST_PIECE:
            continue
        if all(after[0] - before[0] > _SAME for before, after in pairwise(points)):
            strokes.append(Polyline(points, path.stroke, path.curved))
    if len(strokes) > _MOST_STROKES:
        return []
    return _chained(list(dict.fromkeys(strokes)))


def _rightwards(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Return points from the left on, once where a stroke runs there and back, as drawing programs close them."""
    if points == points[::-1]:
        points = points[: len(points) // 2 + 1]
    return points if points[0][0] <= points[-1][0] else points[::-1]


def _chained(strokes: Sequence[Polyline]) -> list[Polyline]:
    """Join strokes of one colour where one, and only one, begins where another ends."""
    starts: defaultdict[tuple[str, int, int], list[Polyline]] = defaultdict(list)
    ends: defaultdict[tuple[str, int, int], list[Polyline]] = defaultdict(list)
    for stroke in strokes:
        starts[_end(stroke.colour, stroke.points[0])].append(stroke)
        ends[_end(stroke.colour, stroke.points[-1])].append(stroke)
    joined: list[Polyline] = []
    for stroke in strokes:
        before = ends[_end(stroke.colour, stroke.points[0])]
        if len(before) == 1 and len(starts[_end(stroke.colour, stroke.points[0])]) == 1:
            continue  # it goes on another
        line = stroke
        while len(starts[at := _end(line.colour, line.points[-1])]) == 1 and len(ends[at]) == 1:
            after = starts[at][0]
            line = Polyline((*line.points, *after.points[1:]), line.colour, line.curved or after.curved)
        joined.append(line)
    return joined


def _end(colour: str, point: Point) -> tuple[str, int, int]:
    return colour, round(2 * point[0]), round(2 * point[1])


def _without_keys(lines: Sequence[Polyline]) -> list[Polyline]:
    """Leave out short flat strokes: the keys of a legend may have a vertex in their middle, for the marker."""
    widest = max((line.points[-1][0] - line.points[0][0] for line in lines), default=0.0)
    return [line for line in lines if line.points[-1][0] - line.points[0][0] > _SPANS * widest]


def _places(lines: Sequence[Polyline]) -> list[float]:
    """Return where vertices stand across, those within a point gathered."""
    places: list[list[float]] = []
    for x in sorted(x for line in lines for x, _ in line.points):
        if places and x - places[-1][-1] <= _SAME:
            places[-1].append(x)
        else:
            places.append([x])
    return [sum(group) / len(group) for group in places]


def _is_flat(line: Polyline) -> bool:
    """Say whether a line is level all along, as axes and grid lines are."""
    heights = [y for _, y in line.points]
    return max(heights) - min(heights) <= _SAME


def _stands_at(line: Polyline, places: Sequence[float]) -> bool:
    return all(min((abs(place - x) for place in places), default=math.inf) <= _SAME for x, _ in line.points)


def _cut_off(strokes: Sequence[Polyline], lines: Sequence[Polyline], places: Sequence[float]) -> list[Polyline]:
    """Return the short strokes beside *lines* of their colours: what a category without a value cuts off them."""
    known = [(line.colour, x) for line in lines for x, _ in line.points]
    return [
        one
        for one in strokes
        if _stands_at(one, places)
        and any(one.colour == colour for colour, _ in known)
        and not any(
            one.colour == colour and one.points[0][0] - _SAME <= x <= one.points[-1][0] + _SAME for colour, x in known
        )
    ]


def _foot(paths: Sequence[Path], places: Sequence[float], lowest: float, names: Sequence[Label]) -> float | None:
    """Return the height of the axis of categories, None if none is drawn between the data and the names."""
    below = min(label.box[1] for label in names)
    axes = [
        y
        for path in paths
        for _, y in [middle(path.box)]
        if path.box[3] - path.box[1] < 2.5 and path.box[2] - path.box[0] > 0.8 * (places[-1] - places[0])
        if lowest - 1 <= y <= below + 1
    ]
    return max(axes, default=None)


def _series_at(lines: Sequence[Polyline], places: Sequence[float]) -> list[Polyline] | None:
    """Return the lines, pieces of one colour that follow each other as one series; None of lines that leave out places.

    A category without a vertex between two with one may have been left out since it lies on the line, or have no value.
    """
    series: list[Polyline] = []
    held: list[set[int]] = []
    for line in lines:
        at = [min(range(len(places)), key=lambda n: abs(places[n] - x)) for x, _ in line.points]
        if at != list(range(at[0], at[0] + len(at))) or any(
            abs(places[n] - x) > _SAME for n, (x, _) in zip(at, line.points, strict=True)
        ):
            return None
        if line.curved:  # how a curve was made is not known, and whether it goes through its values
            return None
        piece = next((n for n, one in enumerate(series) if one.colour == line.colour and held[n].isdisjoint(at)), None)
        if piece is None:
            series.append(line)
            held.append(set(at))
        else:
            series[piece] = line._replace(points=tuple(sorted(series[piece].points + line.points)))
            held[piece].update(at)
    return series if len(series) <= _MOST_SERIES else None


def _is_understood(subpaths: Sequence[Subpath], lines: Sequence[Polyline], scale: Scale) -> bool:
    """Say whether nothing else is drawn over the data that may be data, too: a curve, a trend, an area."""
    known = [line.points for line in lines]
    left, right = min(line.points[0][0] for line in lines), max(line.points[-1][0] for line in lines)
    top, bottom = min(y for y, _ in scale.places), max(y for y, _ in scale.places)
    least = _SPANS * (right - left)
    for path in subpaths:
        xs, ys = [x for x, _ in path.points], [y for _, y in path.points]
        if min(xs) > right or max(xs) < left or min(ys) > bottom or max(ys) < top:
            continue
        if max(xs) - min(xs) < least or max(ys) - min(ys) < 3:
            continue
        if path.fill and not is_light(path.fill):
            if sum(max(ys) - y < 1 for y in ys) < 2:
                return False
        elif path.stroke and not is_light(path.stroke):
            points = _rightwards(path.points)
            sloping = any(abs(p[0] - q[0]) > 1 and abs(p[1] - q[1]) > 1 for p, q in pairwise(points))
            if sloping and points not in known and not any(set(points) <= set(line) for line in known):
                return False
    return True


def _are_all(series: Sequence[Polyline], subpaths: Sequence[Subpath], labels: Sequence[Label]) -> bool:
    """Say whether no stroke before a name, as in a legend, has a colour of which there is no series."""
    colours = {line.colour for line in series}
    names = [label for label in labels if any(map(str.isalpha, label.text))]
    for path in subpaths:
        x0, y0, x1, y1 = path.box
        if path.fill or path.stroke in colours or is_light(path.stroke) or x1 - x0 < _SHORTEST_KEY or y1 - y0 > _SAME:
            continue
        if is_key((x0, y0, x1, y1)) and any(
            0 <= name.box[0] - x1 < _TO_NAME * name.size and name.box[1] < y0 < name.box[3] for name in names
        ):
            return False
    return True


def _values_of_line(line: Polyline, places: Sequence[float], scale: Scale) -> list[str] | None:
    """Return the value of a line at each place, `""` before its first and after its last; None beyond the scale.

    Args:
        line: Has a vertex at each place between two at which it has one.
        places: Where the categories stand, in points.
        scale: Of the values.
    """
    ends = sorted(y for y, _ in scale.places)
    step = (ends[-1] - ends[0]) / (len(ends) - 1)
    column = [""] * len(places)
    for x, y in line.points:
        if not ends[0] - _BEYOND * step <= y <= ends[-1] + _BEYOND * step:
            return None
        column[min(range(len(places)), key=lambda n: abs(places[n] - x))] = scale.written(scale.value(y))
    return column


def _is_contradicted(series: Sequence[Polyline], labels: Sequence[Label], scale: Scale) -> bool:
    """Say whether numbers right at vertices give other values: an axis is broken, or the lines are not to scale."""
    vertices = [point for line in series for point in line.points]
    told = wrong = 0
    for label in labels:
        x, y = middle(label.box)
        near = [p for p in vertices if abs(p[0] - x) < 1.5 * label.size and abs(p[1] - y) < 2 * label.size]
        told_at = [right for p in near if (right := scale.tells(label.text, p[1])) is not None]
        if told_at:
            told += 1
            wrong += not any(told_at)
    return told > 1 and wrong > MOST_WRONG * told


def _heads(
    series: Sequence[Polyline], subpaths: Sequence[Subpath], labels: Sequence[Label]
) -> tuple[list[str], list[Label]]:
    """Return the name of each series by the legend or at its end, and the labels that are these names."""
    names = [label for label in labels if any(map(str.isalnum, label.text))]
    colours = [line.colour for line in series]
    found: list[Label | None] = [None] * len(series)
    if len(set(colours)) == len(colours):
        found = names_by_keys([_keys_of_line(colour, subpaths, series) for colour in colours], names)
    if not any(found):
        found = [_name_at_end(line, names) for line in series]
    named = [id(label) for label in found if label is not None]
    if len(set(named)) < len(named):
        found = [None] * len(series)
    return [label.text if label else "" for label in found], [label for label in found if label is not None]


def _keys_of_line(colour: str, subpaths: Sequence[Subpath], series: Sequence[Polyline]) -> list[Box]:
    """Return the boxes of small things of one colour that are no markers on a line."""
    vertices = [point for line in series for point in line.points]
    found: list[Box] = []
    for path in subpaths:
        if colour not in {path.fill, path.stroke}:
            continue
        box = path.box
        x, y = middle(box)
        if is_key(box) and not any(abs(p[0] - x) < _AT_VERTEX and abs(p[1] - y) < _AT_VERTEX for p in vertices):
            found.append((box[0], box[1] - 0.5, box[2], box[3] + 0.5))
    return found


def _name_at_end(line: Polyline, labels: Sequence[Label]) -> Label | None:
    """Return the name that stands right behind the last vertex of a line, at its height."""
    x, y = line.points[-1]
    near = [
        (label.box[0] - x, label)
        for label in labels
        if 0 <= label.box[0] - x < _AT_END * label.size and label.box[1] - 1 <= y <= label.box[3] + 1
    ]
    return min(near, key=lambda pair: pair[0])[1] if len(near) == 1 else None
