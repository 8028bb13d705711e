"""The data of charts drawn as bars: read off where their scale, bars and categories agree, else not at all.

No value is guessed: a logarithmic scale, bars that begin at different heights, or categories that do not stand at
their bars leave a chart without data.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from upstage_docs.local.blocks import Cell
from upstage_docs.local.geometry import Box, bounds, middle
from upstage_docs.local.pdf.vector_paths import Path
from upstage_docs.local.pdf.words import Word

__all__ = ["ChartData", "measured_bars"]

_NUMBER = re.compile(r"(?P<sign>[-−–]?)\s*(?P<before>[$€£₩¥]?)\s*(?P<digits>\d[\d,]*(?:\.\d+)?|\.\d+)\s*(?P<behind>%?)")
_LEAST_TICKS = 3
"""Numbers along an axis: two fit any scale."""
_OFF_SCALE = 0.006
"""Of the length of an axis: what a number, or its tick, stands off the straight scale at most."""
_OFF_TICK = 0.02
"""Of the length of an axis: the foot of bars without ticks must stand that near to a number, to shift the scale by."""
_ALIGNED = 2.5
"""Points that the ends of numbers along an axis, or names along the other, differ by at most."""
_SAME = 2.2
"""Points that ends of bars that meet differ by at most, their outlines included."""
_SAME_WIDTH = 0.3
"""Of their width, what bars differ by at most; more is another thing that begins at their foot."""
_THICKEST_TICK = 3.0
"""Points: what is thinner and not as wide as the bars is a tick or a rule of the axis."""
_NARROWEST = 2.5
"""Points: a narrower rectangle is a line."""
_MOST = 250
"""Rectangles of a chart; one with more is a histogram or a picture."""
_WHITE = 0xF4
"""Of each colour channel: lighter rectangles are the ground."""
_OFF_NAME = 0.35
"""Of the distance of categories: what the middle of their bars is off their name at most."""
_KEY = 3.0
"""Font sizes from a key of the legend to its name, at most."""


class ChartData(NamedTuple):
    """What was read off a chart: rows of cells, the first its header, and facts as `(name, value)` pairs."""

    rows: tuple[tuple[Cell, ...], ...]
    facts: tuple[tuple[str, str], ...]


class _Label(NamedTuple):
    """A word as it stands to the bars: *across* along the categories, *down* along the values, growing to the foot."""

    text: str
    box: Box
    across: float
    down: float
    row: float
    size: float


class _Bar(NamedTuple):
    box: Box
    colour: str


class _Scale(NamedTuple):
    """A straight scale: the value at a place is *factor* times it plus *offset*; *step* is that of half a point."""

    factor: float
    offset: float
    before: str
    behind: str
    length: float
    places: tuple[tuple[float, float], ...]

    def value(self, place: float) -> float:
        return self.factor * place + self.offset

    def written(self, value: float) -> str:
        step = abs(self.factor) / 2
        digits = max(0, -math.floor(math.log10(step))) if step > 0 else 0
        plain = f"{value:.{min(digits, 6)}f}"
        plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
        plain = "0" if plain == "-0" else plain
        return (
            f"{self.before}{plain}{self.behind}"
            if not plain.startswith("-")
            else f"-{self.before}{plain[1:]}{self.behind}"
        )


def measured_bars(paths: Sequence[Path], words: Sequence[Word]) -> ChartData | None:
    """Return the data of a chart of standing or lying bars, side by side or stacked; None where it is not certain.

    Args:
        paths: The vector paths of the chart.
        words: Its words.
    """
    if len(paths) > 4 * _MOST:
        return None
    for lying in (False, True):
        labels = [_label(word, lying=lying) for word in words if word.text.strip()]
        shapes = [replace(path, box=_turned(path.box)) if lying else path for path in paths]
        data = _measured(shapes, labels, lying=lying)
        if data is not None:
            return data
    return None


def _turned(box: Box) -> Box:
    """Turn a box so that what grows to the right grows up, and what follows downwards follows to the right."""
    x0, y0, x1, y1 = box
    return y0, -x1, y1, -x0


def _label(word: Word, *, lying: bool) -> _Label:
    x, y = middle(word.box)
    if lying:
        return _Label(word.text.strip(), _turned(word.box), y, -x, -word.box[2], word.size)
    return _Label(word.text.strip(), word.box, x, y, word.baseline, word.size)


def _measured(paths: Sequence[Path], labels: Sequence[_Label], *, lying: bool) -> ChartData | None:
    bars = _bars(paths)
    if bars is None:
        return None
    foot, stacks = bars
    found = _scale(labels, paths, foot)
    if found is None:
        return None
    scale, ticks = found
    rest = [label for label in labels if label not in ticks]
    named = _categories(rest, [_middle(stack) for stack in stacks], foot)
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
    keys = [_name(colour, paths, rest, {bar.box for stack in stacks for bar in stack}) for colour in series]
    title, across, along = _titles(rest, [key for key in keys if key], bounds(b.box for s in stacks for b in s))
    heads = [key.text if key else f"Series {n}" for n, key in enumerate(keys, start=1)]
    if len(series) == 1 and keys[0] is None:
        heads = [along or title or "Value"]
    rows = [["", *heads], *([name, *values[n]] for n, name in enumerate(names))]
    x_axis, y_axis = (along, across) if lying else (across, along)
    facts = ("Chart Title", title), ("X-Axis", x_axis), ("Y-Axis", y_axis), ("Chart Type", "bar")
    return ChartData(
        tuple(tuple(Cell(text) for text in row) for row in rows), tuple((name, text) for name, text in facts if text)
    )


def _middle(stack: Sequence[_Bar]) -> float:
    return (stack[0].box[0] + stack[0].box[2]) / 2


def _rectangles(paths: Sequence[Path]) -> list[_Bar]:
    """Return the filled rectangles that may be bars, each once: no ground, and no line."""
    seen: set[tuple[int, ...]] = set()
    found: list[_Bar] = []
    for path in paths:
        wide, tall = path.box[2] - path.box[0], path.box[3] - path.box[1]
        known = tuple(round(value) for value in path.box)
        solid = path.filled and not path.curved and not _is_light(path.colour)
        if solid and wide > _NARROWEST and tall > 0.3 and known not in seen:
            seen.add(known)
            found.append(_Bar(path.box, path.colour))
    if len(found) > _MOST:
        return []
    return [bar for bar in found if 2 * sum(_holds(bar.box, other.box) for other in found) <= len(found) + 1]


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
    alike = [bar for bar in loose if abs(bar.box[2] - bar.box[0] - width) <= _SAME_WIDTH * width]
    return None if alike and not _are_keys(alike) else (foot, stacks)  # bars that stand on nothing


def _are_keys(shapes: Sequence[_Bar]) -> bool:
    """Say whether rectangles are the keys of a legend: of one height, in one column or one row, each of a colour."""
    heights = [bar.box[3] - bar.box[1] for bar in shapes]
    lined = any(max(bar.box[n] for bar in shapes) - min(bar.box[n] for bar in shapes) <= _SAME for n in (0, 1))
    return lined and max(heights) - min(heights) <= _SAME and len({bar.colour for bar in shapes}) == len(shapes)


def _holds(outer: Box, inner: Box) -> bool:
    return all(outer[n] <= inner[n] + _SAME and inner[n + 2] <= outer[n + 2] + _SAME for n in (0, 1))


def _is_light(colour: str) -> bool:
    try:
        opaque, *channels = (int(colour[n : n + 2], 16) for n in (0, 2, 4, 6))
    except ValueError:
        return True
    return opaque < 0x20 or min(channels) >= _WHITE


def _scale(labels: Sequence[_Label], paths: Sequence[Path], foot: float) -> tuple[_Scale, list[_Label]] | None:
    """Return the scale of the axis whose numbers stand under each other, and these; None if it is not straight."""
    numbers = [(label, match) for label in labels if (match := _NUMBER.fullmatch(label.text)) is not None]
    numbers = [(label, match) for label, match in numbers if not _has_neighbour(label, labels)]
    found: list[tuple[_Scale, list[_Label]]] = []
    for end in (0, 1, 2):
        for group in _stacked(numbers, end):
            scale = _fitted(group, paths, foot)
            if scale is not None:
                found.append((scale, [label for label, _ in group]))
    if not found:
        return None
    best = max(found, key=lambda one: len(one[1]))
    used = set(map(id, best[1]))
    others = [scale for scale, ticks in found if used.isdisjoint(map(id, ticks))]
    return None if any(_differ(best[0], other) for other in others) else best  # of two axes, the bars are of either


def _stacked(numbers: Sequence[tuple[_Label, re.Match[str]]], end: int) -> list[list[tuple[_Label, re.Match[str]]]]:
    """Gather the numbers that begin (0), stand in the middle (1) or end (2) at one place along the categories."""
    ordered = sorted(numbers, key=lambda pair: (pair[0].box[0], pair[0].across, pair[0].box[2])[end])
    groups: list[list[tuple[_Label, re.Match[str]]]] = []
    last = -math.inf
    for pair in ordered:
        at = (pair[0].box[0], pair[0].across, pair[0].box[2])[end]
        if at - last > _ALIGNED:
            groups.append([])
        groups[-1].append(pair)
        last = at
    return groups


def _differ(one: _Scale, other: _Scale) -> bool:
    """Say whether two scales tell different values at the ends of the first."""
    return any(
        abs(one.value(place) - other.value(place)) > _OFF_TICK * abs(one.factor) * one.length
        for place in (one.places[0][0], one.places[-1][0])
    )


def _has_neighbour(label: _Label, labels: Sequence[_Label]) -> bool:
    """Say whether a number stands right before or behind another text, as the exponent of a power does."""
    for other in labels:
        if other is label:
            continue
        down = min(label.box[3], other.box[3]) - max(label.box[1], other.box[1])
        across = max(label.box[0], other.box[0]) - min(label.box[2], other.box[2])
        if down > -0.2 * label.size and across < 0.25 * label.size:
            return True
    return False


def _fitted(group: Sequence[tuple[_Label, re.Match[str]]], paths: Sequence[Path], foot: float) -> _Scale | None:
    places = [label.down for label, _ in group]
    if len(group) < _LEAST_TICKS or len({round(place) for place in places}) < len(group):
        return None
    values = [_value(match) for _, match in group]
    if len({(match["before"], match["behind"]) for _, match in group if _value(match)}) > 1:
        return None
    fit = _line(places, values)
    length = max(places) - min(places)
    if fit is None or _off(fit, places, values) > 3 * _OFF_SCALE * length:
        return None
    ticks = [_tick(label, paths) for label, _ in group]
    match = next((match for _, match in group if _value(match)), group[0][1])
    if all(tick is not None for tick in ticks):
        places = [tick for tick in ticks if tick is not None]
        fit = _line(places, values)
    elif _off(fit, places, values) > _OFF_SCALE * length:
        return None
    else:
        # Numbers stand at their ticks, but how high their middles do depends on the font: the foot tells.
        nearest = min(zip(places, values, strict=True), key=lambda pair: abs(pair[0] - foot))
        if abs(nearest[0] - foot) > max(_OFF_TICK * length, 2.0):
            return None
        places = [place - nearest[0] + foot for place in places]
        fit = _line(places, values)
    if fit is None or _off(fit, places, values) > _OFF_SCALE * length or fit[0] >= 0:
        return None
    return _Scale(*fit, match["before"], match["behind"], length, tuple(zip(places, values, strict=True)))


def _value(match: re.Match[str]) -> float:
    value = float(match["digits"].replace(",", ""))
    return -value if match["sign"] else value


def _line(places: Sequence[float], values: Sequence[float]) -> tuple[float, float] | None:
    """Return factor and offset of the straight line through values by their places."""
    x, y = sum(places) / len(places), sum(values) / len(values)
    spread = sum((place - x) ** 2 for place in places)
    if spread <= 0:
        return None
    factor = sum((place - x) * (value - y) for place, value in zip(places, values, strict=True)) / spread
    return (factor, y - factor * x) if factor else None


def _off(fit: tuple[float, float], places: Sequence[float], values: Sequence[float]) -> float:
    """Return how far, along the axis, a place is from where the line has its value, at most."""
    return max(abs((value - fit[1]) / fit[0] - place) for place, value in zip(places, values, strict=True))


def _tick(label: _Label, paths: Sequence[Path]) -> float | None:
    """Return the height of the tick or the grid line of a number, None without one."""
    reach = 0.45 * label.size
    near = [
        (path.box[1] + path.box[3]) / 2
        for path in paths
        if path.box[3] - path.box[1] < 2.5 and path.box[2] - path.box[0] > 1.5
        if abs((path.box[1] + path.box[3]) / 2 - label.down) < reach and path.box[2] > label.box[0] - 12 * label.size
    ]
    return min(near, key=lambda place: abs(place - label.down), default=None)


def _categories(
    labels: Sequence[_Label], places: Sequence[float], foot: float
) -> tuple[list[str], list[int], list[_Label]] | None:
    """Return the names below the foot, which of them each bar has, and the labels used; None without a match."""
    below = sorted((label for label in labels if label.row > foot + 1), key=lambda label: label.row)
    rows: list[list[_Label]] = []
    for label in below:
        if rows and label.row - rows[-1][0].row <= _ALIGNED:
            rows[-1].append(label)
        else:
            rows.append([label])
    for number, row in enumerate(rows):
        if len(row) < 2:
            continue
        row.sort(key=lambda label: label.across)
        pitch = min(after.across - before.across for before, after in pairwise(row))
        homes = [min(range(len(row)), key=lambda n: abs(row[n].across - place)) for place in places]
        by_name: defaultdict[int, list[float]] = defaultdict(list)
        for home, place in zip(homes, places, strict=True):
            by_name[home].append(place)
        if len(by_name) < len(row) or pitch <= 0:
            continue
        off = max(abs(sum(by_name[n]) / len(by_name[n]) - row[n].across) for n in by_name)
        if off > _OFF_NAME * pitch or len({len(own) for own in by_name.values()}) > 1:
            continue
        names, used = [label.text for label in row], list(row)
        last = row[0].row
        for more in rows[number + 1 :]:
            if more[0].row - last > 1.5 * row[0].size or len(more) < 2:
                break
            for label in more:
                home = min(range(len(row)), key=lambda n: abs(row[n].across - label.across))
                if abs(row[home].across - label.across) < _OFF_NAME * pitch:
                    names[home] = f"{names[home]} {label.text}"
                    used.append(label)
            last = more[0].row
        return names, homes, used
    return None


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
    scale: _Scale,
    foot: float,
) -> list[list[str]] | None:
    """Return the values of each category in the order of the series."""
    at_foot = scale.value(foot)
    zero = abs(at_foot) <= abs(scale.factor) * max(_OFF_TICK * scale.length / 2, 1.5)
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


def _is_contradicted(stacks: Sequence[Sequence[_Bar]], labels: Sequence[_Label], scale: _Scale, foot: float) -> bool:
    """Say whether numbers at the ends of bars tell other values: an axis is broken, or the bars are not to scale."""
    told = wrong = 0
    for stack in stacks:
        (bar, *more) = stack
        above = abs(bar.box[3] - foot) <= _SAME
        end = bar.box[1] if above else bar.box[3]
        for label in labels:
            match = _NUMBER.fullmatch(label.text)
            beyond = (end - label.box[3]) if above else (label.box[1] - end)
            if match is None or more or not -0.3 * label.size < beyond < 1.5 * label.size:
                continue
            if bar.box[0] - 1 <= label.across <= bar.box[2] + 1:
                told += 1
                wrong += abs(_value(match) - scale.value(end)) > 2 * _OFF_TICK * abs(scale.factor) * scale.length
    return told > 1 and wrong > 0.2 * told


def _name(colour: str, paths: Sequence[Path], labels: Sequence[_Label], bars: set[Box]) -> _Label | None:
    """Return the name beside the key of a colour in the legend."""
    keys = [path.box for path in paths if colour and path.filled and path.colour == colour and path.box not in bars]
    near: list[tuple[float, _Label]] = []
    for key in keys:
        for label in labels:
            level = min(key[3], label.box[3]) - max(key[1], label.box[1]) > 0
            gap = label.box[0] - key[2]
            turned_level = min(key[2], label.box[2]) - max(key[0], label.box[0]) > 0
            turned_gap = key[1] - label.box[3]
            if level and 0 <= gap < _KEY * label.size:
                near.append((gap, label))
            elif turned_level and 0 <= turned_gap < _KEY * label.size:
                near.append((turned_gap, label))
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _titles(labels: Sequence[_Label], keys: Sequence[_Label], bars: Box) -> tuple[str, str, str]:
    """Return the title above the bars, what stands below their names, and what runs along the axis of values."""
    rest = [label for label in labels if label not in keys and any(map(str.isalpha, label.text))]
    above = [label.text for label in rest if label.box[3] <= bars[1]]
    below = [label.text for label in rest if label.box[1] >= bars[3]]
    beside = [
        label.text for label in rest if label.box[2] <= bars[0] and label.text not in above and label.text not in below
    ]
    return " ".join(above), " ".join(below), " ".join(beside)
