"""Measures the bars of a drawn chart: which rectangles are bars, of which series, and of which value."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

from upstage_docs.local.geometry import Box, bounds, dimensions
from upstage_docs.local.pdf.charts.axes import (
    MOST_WRONG,
    OFF_TICK,
    Scale,
    categories_of,
    scale_of,
)
from upstage_docs.local.pdf.charts.data import ChartData, chart_data
from upstage_docs.local.pdf.charts.labels import Label, labels_of, turned_box
from upstage_docs.local.pdf.charts.legend import names_by_keys, numbered, titles_of
from upstage_docs.local.pdf.charts.lines import NO_LINES, Columns, lines_over
from upstage_docs.local.pdf.subpaths import Subpath, is_light
from upstage_docs.local.pdf.vector_paths import Path
from upstage_docs.local.pdf.words import Word

_SAME = 2.7
"""Points that ends of bars that meet differ by at most, their outlines included."""
_SAME_WIDTH = 0.3
"""Of their width, what bars differ by at most; more is another thing that begins at their foot."""
_THICKEST_TICK = 3.0
"""Points: what is thinner and not as wide as the bars is a tick or a rule of the axis."""
_LONGEST_TICK, _LEAST_TICKS = 8.0, 3
"""Points of a tick that is drawn as a filled shape, and how many of one size an axis has, at least."""
_NARROWEST = 2.5
"""Points: a narrower rectangle is a line."""
_MOST = 250
"""Rectangles of a chart; one with more is a histogram or a picture."""


class _Bar(NamedTuple):
    box: Box
    colour: str


def measured_bars(
    paths: Sequence[Path], words: Sequence[Word], subpaths: Callable[[], Sequence[Subpath]] = tuple
) -> ChartData | None:
    """Return the data of a chart of standing or lying bars, side by side or stacked; None where it is not certain.

    Args:
        paths: The vector paths of the chart.
        words: Its words.
        subpaths: Tells its paths point by point, asked where a line may run over the bars.
    """
    if len(paths) > 4 * _MOST:
        return None
    for lying in (False, True):
        shapes = [path._replace(box=turned_box(path.box)) if lying else path for path in paths]
        data = _measured(shapes, words, subpaths, lying=lying)
        if data is not None:
            return data
    return None


def _measured(
    paths: Sequence[Path], words: Sequence[Word], subpaths: Callable[[], Sequence[Subpath]], *, lying: bool
) -> ChartData | None:
    bars = _bars(paths)
    if bars is None:
        return None
    foot, stacks = bars
    labels = labels_of(words, lying=lying)
    found = scale_of(labels, paths, foot)
    if found is None:
        return None
    scale, ticks = found
    rest = [label for label in labels if label not in ticks]
    colours = [stack[0].colour for stack in stacks]
    named = categories_of(rest, [_middle(stack) for stack in stacks], foot, colours=colours, lying=lying)
    if named is None:
        return None
    names, homes, used = named
    if lying:  # side by side, lying bars follow each other from the axis of values up
        stacks, homes = stacks[::-1], homes[::-1]
    series = _series(stacks, homes, len(names))
    if series is None:
        return None
    values = _values(series, stacks, homes, len(names), scale, foot)
    if values is None or _is_contradicted(stacks, rest, scale, foot):
        return None
    rest = [label for label in rest if label not in used]
    over = _lines_over(stacks, homes, paths, subpaths, rest, scale) if not lying else NO_LINES
    if over is None:
        return None
    known = {bar.box for stack in stacks for bar in stack}
    keys = names_by_keys([_keys_of_bars(colour, paths, known) for colour in series], rest)
    title, across, along = titles_of(rest, [*filter(None, keys), *over.names], bounds(b.box for s in stacks for b in s))
    heads = [key.text if key else "" for key in keys]
    if len(series) == 1 and keys[0] is None:
        heads = [along or title or "Value"]
    heads = numbered([*heads, *over.heads])
    lines = [[column[n] for column in over.values] for n in range(len(names))]
    rows = [["", *heads], *([name, *values[n], *lines[n]] for n, name in enumerate(names))]
    x_axis, y_axis = (along, across) if lying else (across, along)
    facts = (
        ("Chart Title", title),
        ("X-Axis", x_axis),
        ("Y-Axis", y_axis),
        ("Chart Type", "bar, line" if over.values else "bar"),
    )
    return chart_data(rows, facts)


def _lines_over(
    stacks: Sequence[Sequence[_Bar]],
    homes: Sequence[int],
    paths: Sequence[Path],
    subpaths: Callable[[], Sequence[Subpath]],
    labels: Sequence[Label],
    scale: Scale,
) -> Columns | None:
    """Return the series of lines over the bars; None where a line is not at their middles, or has another scale."""
    if not any(not path.filled and min(dimensions(path.box)) > _THICKEST_TICK for path in paths):
        return NO_LINES
    middles: defaultdict[int, list[float]] = defaultdict(list)
    for stack, home in zip(stacks, homes, strict=True):
        middles[home].append(_middle(stack))
    places = [sum(middles[home]) / len(middles[home]) for home in sorted(middles)]
    return lines_over(places, subpaths(), labels, scale)


def _keys_of_bars(colour: str, paths: Sequence[Path], bars: set[Box]) -> list[Box]:
    return [path.box for path in paths if colour and path.filled and path.colour == colour and path.box not in bars]


def _middle(stack: Sequence[_Bar]) -> float:
    return (stack[0].box[0] + stack[0].box[2]) / 2


def _rectangles(paths: Sequence[Path]) -> list[_Bar]:
    """Return the filled rectangles that may be bars, each once: no ground, and no line."""
    seen: set[tuple[int, ...]] = set()
    found: list[_Bar] = []
    for path in paths:
        wide, tall = dimensions(path.box)
        if path.filled and not path.curved and wide > _NARROWEST and tall > 0.3 and not is_light(path.colour):
            known = tuple(map(round, path.box))
            if known not in seen:
                seen.add(known)
                found.append(_Bar(path.box, path.colour))
    sizes = Counter(_size(bar) for bar in found)
    widths = {min(_size(bar)) for bar in found if not _is_tick(bar)}  # of a short bar, the longer side is its width
    found = [bar for bar in found if sizes[_size(bar)] < _LEAST_TICKS or not _is_tick(bar) or max(_size(bar)) in widths]
    if not 0 < len(found) <= _MOST:
        return []
    grounds = _grounds([bar.box for bar in found])
    return [bar for bar in found if bar.box not in grounds]


def _grounds(boxes: Sequence[Box]) -> set[Box]:
    """Return the boxes that hold more than half of all: these hold the middle one of each edge in order, too."""
    half = len(boxes) // 2
    lefts, tops, rights, bottoms = map(sorted, zip(*boxes, strict=True))
    usual = lefts[half], tops[half], rights[-1 - half], bottoms[-1 - half]
    return {box for box in boxes if _holds(box, usual) and 2 * sum(_holds(box, one) for one in boxes) > len(boxes) + 1}


def _size(bar: _Bar) -> tuple[float, ...]:
    return tuple(round(side, 1) for side in dimensions(bar.box))


def _is_tick(bar: _Bar) -> bool:
    """Say whether a filled shape is as small as a tick of an axis; several of one size are ticks, not bars."""
    shorter, longer = sorted(dimensions(bar.box))
    return shorter < _THICKEST_TICK and longer < _LONGEST_TICK


def _bars(paths: Sequence[Path]) -> tuple[float, list[list[_Bar]]] | None:
    """Return where bars begin, and the bars by where they stand, each from the foot on; None if they do not agree."""
    shapes = _rectangles(paths)
    if len(shapes) < 2:
        return None
    feet = Counter(round(end) for bar in shapes for end in (bar.box[1], bar.box[3]))
    foot_at, count = max(feet.items(), key=lambda item: (item[1], item[0]))
    near = [end for bar in shapes for end in (bar.box[1], bar.box[3]) if abs(end - foot_at) <= _SAME]
    if count < 2 or not near:
        return None
    foot = median(near)
    first = [bar for bar in shapes if min(abs(bar.box[1] - foot), abs(bar.box[3] - foot)) <= _SAME]
    width = median(bar.box[2] - bar.box[0] for bar in first)
    like = [bar for bar in first if abs(bar.box[2] - bar.box[0] - width) <= max(_SAME_WIDTH * width, 0.8)]
    if len(like) < 2 or any(bar.box[3] - bar.box[1] > _THICKEST_TICK for bar in first if bar not in like):
        return None
    first = like
    stacks: list[list[_Bar]] = []
    others = [bar for bar in shapes if bar not in first]
    for bar in sorted(first, key=lambda bar: bar.box[0]):
        if stacks and bar.box[0] < stacks[-1][0].box[2] - max(_SAME, 0.25 * width):
            return None  # bars over each other
        stack = [bar]
        while True:
            top = stack[-1].box[1]
            on = [o for o in others if abs(o.box[3] - top) <= _SAME and abs(_middle([o]) - _middle([bar])) <= _SAME]
            on = [o for o in on if abs(o.box[2] - o.box[0] - width) <= _SAME_WIDTH * width]
            if len(on) != 1 or on[0] in stack:
                break
            stack.append(on[0])
        stacks.append(stack)
    used = {id(bar) for stack in stacks for bar in stack}
    left, right = stacks[0][0].box[0], stacks[-1][0].box[2]
    loose = [bar for bar in others if id(bar) not in used and left <= sum(bar.box[::2]) / 2 <= right]
    grounds = {bar.box for bar in loose for one in loose if bar.box != one.box and _holds(bar.box, one.box, reach=0)}
    loose = [bar for bar in loose if bar.box not in grounds]
    alike = [bar for bar in loose if abs(bar.box[2] - bar.box[0] - width) <= _SAME_WIDTH * width]
    return None if alike and not _are_keys(alike) else (foot, stacks)  # bars that stand on nothing


def _are_keys(shapes: Sequence[_Bar]) -> bool:
    """Say whether rectangles are the keys of a legend: of one height, in one column or one row, each of a colour."""
    heights = [bar.box[3] - bar.box[1] for bar in shapes]
    lined = any(max(bar.box[n] for bar in shapes) - min(bar.box[n] for bar in shapes) <= _SAME for n in (0, 1))
    return lined and max(heights) - min(heights) <= _SAME and len({bar.colour for bar in shapes}) == len(shapes)


def _holds(outer: Box, inner: Box, *, reach: float = _SAME) -> bool:
    """Say whether *inner* lies in *outer*, or at most *reach* beyond it."""
    x0, y0, x1, y1 = inner
    return outer[0] <= x0 + reach and x1 <= outer[2] + reach and outer[1] <= y0 + reach and y1 <= outer[3] + reach


def _series(stacks: Sequence[Sequence[_Bar]], homes: Sequence[int], count: int) -> list[str] | None:
    """Return the colours of the series in order; one `""` where each category has one bar in whatever colour."""
    if len(stacks) == count and all(len(stack) == 1 for stack in stacks):
        return [""]
    orders = [
        [bar.colour for stack, home in zip(stacks, homes, strict=True) if home == n for bar in stack]
        for n in range(count)
    ]
    longest = max(orders, key=len)
    if len(set(longest)) < len(longest) or any(order != longest for order in orders):
        return None
    return longest


def _values(
    series: Sequence[str],
    stacks: Sequence[Sequence[_Bar]],
    homes: Sequence[int],
    count: int,
    scale: Scale,
    foot: float,
) -> list[list[str]] | None:
    """Return the values of each category in the order of the series."""
    at_foot = scale.value(foot)
    zero = abs(at_foot) <= abs(scale.factor) * max(OFF_TICK * scale.length / 2, 1.5)
    stacked = any(len(stack) > 1 for stack in stacks)
    if stacked and not zero:
        return None
    ground = min((place for place, _ in scale.places), key=lambda place: abs(place - foot))
    ground = ground if abs(ground - foot) < _SAME else foot
    rows = [[""] * len(series) for _ in range(count)]
    for stack, home in zip(stacks, homes, strict=True):
        for bar in stack:
            column = series.index(bar.colour) if series != [""] else 0
            above = abs(bar.box[3] - foot) <= _SAME or len(stack) > 1
            start, end = (bar.box[3], bar.box[1]) if above else (bar.box[1], bar.box[3])
            outline = min(abs(start - ground), _SAME / 2)  # stands out at both ends
            end += outline if above else -outline
            value = scale.value(bar.box[1]) - scale.value(bar.box[3]) if len(stack) > 1 else scale.value(end)
            if not zero and not above:
                return None
            rows[home][column] = scale.written(value)
    return rows


def _is_contradicted(stacks: Sequence[Sequence[_Bar]], labels: Sequence[Label], scale: Scale, foot: float) -> bool:
    """Say whether numbers at the ends of bars give other values: an axis is broken, or the bars are not to scale."""
    told = wrong = 0
    for stack in stacks:
        (bar, *more) = stack
        above = abs(bar.box[3] - foot) <= _SAME
        end = bar.box[1] if above else bar.box[3]
        for label in labels:
            right = scale.tells(label.text, end)
            beyond = (end - label.box[3]) if above else (label.box[1] - end)
            if right is None or more or not -0.3 * label.size < beyond < 1.5 * label.size:
                continue
            if bar.box[0] - 1 <= label.across <= bar.box[2] + 1:
                told += 1
                wrong += not right
    return told > 1 and wrong > MOST_WRONG * told
