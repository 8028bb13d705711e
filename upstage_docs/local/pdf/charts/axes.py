"""Measures the axes of a drawn chart: a straight scale along one, names along the other."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from upstage_docs.local.geometry import Box, middle
from upstage_docs.local.pdf.vector_paths import Path
from upstage_docs.local.pdf.words import Word

NUMBER = re.compile(r"(?P<sign>[-−–]?)\s*(?P<before>[$€£₩¥]?)\s*(?P<digits>\d[\d,]*(?:\.\d+)?|\.\d+)\s*(?P<behind>%?)")
_MULTIPLIER = re.compile(
    r"1e(?P<power>[+-]?\d{1,2})|[×x]\s?1(?P<zeros>0{2,}|(?:,000)+)|[×x]\s?10\s?\^?(?P<exponent>[-−]?\d{1,2})"
    r"|[+−-]\d[\d.]*e[+-]?\d{1,2}"
)
"""What plotting libraries write at the end of an axis: its numbers are told in this, or this is added to them."""
_LEAST_TICKS = 3
"""Numbers along an axis: two fit any scale."""
_OFF_SCALE = 0.006
"""Of the length of an axis: what a number, or its tick, stands off the straight scale at most."""
OFF_TICK = 0.02
"""Of the length of an axis: the foot of bars without ticks must stand that near to a number, to shift the scale by."""
MOST_WRONG = 0.2
"""Share of the numbers told beside bars or vertices that may be other than those of the scale."""
_TO_TICK = 2.5
"""Font sizes from a number to its tick, at most, before what is farther is taken for one: keys are as thin as ticks."""
_ALIGNED = 2.5
"""Points that the ends of numbers along an axis, or names along the other, differ by at most."""
_OFF_NAME = 0.35
"""Of the distance of categories: what the middle of their bars is off their name at most."""


class Label(NamedTuple):
    """A word of a chart and its place: *across* along the axis of categories, *down* along that of values."""

    text: str
    box: Box
    across: float
    down: float
    row: float
    size: float


class Scale(NamedTuple):
    """A linear scale: the value at a place along the axis, in points, is *factor* times it plus *offset*."""

    factor: float
    offset: float
    before: str
    behind: str
    length: float
    places: tuple[tuple[float, float], ...]

    def value(self, place: float) -> float:
        """Return the value at a place along the axis, in points."""
        return self.factor * place + self.offset

    def tells(self, value: float, place: float) -> bool:
        """Say whether the number *value*, written beside a place, agrees with the scale at that place."""
        return abs(value - self.value(place)) <= 2 * OFF_TICK * abs(self.factor) * self.length

    def written(self, value: float) -> str:
        """Return a value as the axis writes its numbers, with no more digits than half a point tells."""
        step = abs(self.factor) / 2
        digits = -math.floor(math.log10(step)) if step > 0 else 0
        plain = f"{round(value, digits):.{min(max(digits, 0), 6)}f}"
        plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
        plain = "0" if plain == "-0" else plain
        return (
            f"{self.before}{plain}{self.behind}"
            if not plain.startswith("-")
            else f"-{self.before}{plain[1:]}{self.behind}"
        )


def turned_box(box: Box) -> Box:
    """Turn a box of a chart with lying bars so that the bars stand: right becomes up, and down becomes right."""
    x0, y0, x1, y1 = box
    return y0, -x1, y1, -x0


def label_of(word: Word, *, lying: bool) -> Label:
    """Return a word as a label of a chart; with *lying* bars, turned as `turned_box` turns boxes."""
    x, y = middle(word.box)
    if lying:
        return Label(word.text.strip(), turned_box(word.box), y, -x, -word.box[2], word.size)
    return Label(word.text.strip(), word.box, x, y, word.baseline, word.size)


def scale_of(labels: Sequence[Label], paths: Sequence[Path], foot: float | None) -> tuple[Scale, list[Label]] | None:
    """Return the scale of the axis whose numbers stand under each other, and these numbers; None if it is not linear.

    Args:
        labels: The words of the chart.
        paths: Its vector paths: ticks and grid lines among them.
        foot: The height of the axis of categories; without it, a scale needs a tick or a grid line at each number.
    """
    numbers = [(label, match) for label in labels if (match := NUMBER.fullmatch(label.text)) is not None]
    numbers = [(label, match) for label, match in numbers if not _has_neighbour(label, labels)]
    found: list[tuple[Scale, list[Label]]] = []
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
    if any(_differ(best[0], other) for other in others):
        return None  # of two axes, the bars are of either
    return _multiplied(*best, labels)


def _multiplied(scale: Scale, ticks: list[Label], labels: Sequence[Label]) -> tuple[Scale, list[Label]] | None:
    """Return a scale in what its numbers are told in, such as `1e6` at the end of the axis, and the labels it took.

    None where something is added to the numbers, or to those of the other axis.
    """
    told = [(label, match) for label in labels if (match := _MULTIPLIER.fullmatch(label.text)) is not None]
    if not told:
        return scale, ticks
    label, match = told[0]
    power = str(match["zeros"].count("0")) if match["zeros"] else match["power"] or match["exponent"]
    if len(told) > 1 or power is None or label.down > min(tick.down for tick in ticks) + label.size:
        return None
    times = 10.0 ** int(power.replace("−", "-"))
    places = tuple((place, times * value) for place, value in scale.places)
    scaled = scale._replace(factor=times * scale.factor, offset=times * scale.offset, places=places)
    return scaled, [*ticks, label]


def _stacked(numbers: Sequence[tuple[Label, re.Match[str]]], end: int) -> list[list[tuple[Label, re.Match[str]]]]:
    """Gather the numbers that begin (0), stand in the middle (1) or end (2) at one place along the categories."""
    ordered = sorted(numbers, key=lambda pair: (pair[0].box[0], pair[0].across, pair[0].box[2])[end])
    groups: list[list[tuple[Label, re.Match[str]]]] = []
    last = -math.inf
    for pair in ordered:
        at = (pair[0].box[0], pair[0].across, pair[0].box[2])[end]
        if at - last > _ALIGNED:
            groups.append([])
        groups[-1].append(pair)
        last = at
    return groups


def _differ(one: Scale, other: Scale) -> bool:
    """Say whether two scales give different values at the ends of the first."""
    return any(
        abs(one.value(place) - other.value(place)) > OFF_TICK * abs(one.factor) * one.length
        for place in (one.places[0][0], one.places[-1][0])
    )


def _has_neighbour(label: Label, labels: Sequence[Label]) -> bool:
    """Say whether a number stands right before or behind another text, as the exponent of a power does."""
    for other in labels:
        if other is label:
            continue
        down = min(label.box[3], other.box[3]) - max(label.box[1], other.box[1])
        across = max(label.box[0], other.box[0]) - min(label.box[2], other.box[2])
        if down > -0.2 * label.size and across < 0.25 * label.size:
            return True
    return False


def _fitted(group: Sequence[tuple[Label, re.Match[str]]], paths: Sequence[Path], foot: float | None) -> Scale | None:
    places = [label.down for label, _ in group]
    if len(group) < _LEAST_TICKS or len({round(place) for place in places}) < len(group):
        return None
    values = [value_of(match) for _, match in group]
    if len({(match["before"], match["behind"]) for _, match in group if value_of(match)}) > 1:
        return None
    fit = _line(places, values)
    length = max(places) - min(places)
    if fit is None or _off(fit, places, values) > 3 * _OFF_SCALE * length:
        return None
    ticks = [_tick(label, paths) for label, _ in group]
    match = next((match for _, match in group if value_of(match)), group[0][1])
    if all(tick is not None for tick in ticks):
        places = [tick for tick in ticks if tick is not None]
        fit = _line(places, values)
    elif foot is None or _off(fit, places, values) > _OFF_SCALE * length:
        return None
    else:
        # Numbers stand at their ticks, but how high their middles do depends on the font: the foot tells.
        nearest = min(zip(places, values, strict=True), key=lambda pair: abs(pair[0] - foot))
        if abs(nearest[0] - foot) > max(OFF_TICK * length, 2.0):
            return None
        places = [place - nearest[0] + foot for place in places]
        fit = _line(places, values)
    if fit is None or _off(fit, places, values) > _OFF_SCALE * length or fit[0] >= 0:
        return None
    return Scale(*fit, match["before"], match["behind"], length, tuple(zip(places, values, strict=True)))


def value_of(match: re.Match[str]) -> float:
    """Return the number in a match of the pattern `NUMBER`."""
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


def _tick(label: Label, paths: Sequence[Path]) -> float | None:
    """Return the height of the tick or the grid line of a number, None without one."""
    reach = 0.45 * label.size
    near = [
        path.box
        for path in paths
        if path.box[3] - path.box[1] < 2.5 and path.box[2] - path.box[0] > 1.5
        if abs((path.box[1] + path.box[3]) / 2 - label.down) < reach and path.box[2] > label.box[0] - 12 * label.size
    ]
    beside = [box for box in near if max(box[0] - label.box[2], label.box[0] - box[2]) < _TO_TICK * label.size]
    heights = ((box[1] + box[3]) / 2 for box in beside or near)
    return min(heights, key=lambda place: abs(place - label.down), default=None)


def categories_of(
    labels: Sequence[Label], places: Sequence[float], foot: float
) -> tuple[list[str], list[int], list[Label]] | None:
    """Return the names of the categories, which one each bar has, and the labels used; None where they do not fit."""
    below = sorted((label for label in labels if label.row > foot + 1), key=lambda label: label.row)
    rows: list[list[Label]] = []
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
