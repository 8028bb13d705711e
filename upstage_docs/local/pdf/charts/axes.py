"""Measures the axes of a drawn chart: a straight scale along one, names along the other."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from upstage_docs.local.geometry import bounds, shared_height
from upstage_docs.local.pdf.charts.labels import Label, labels_of
from upstage_docs.local.pdf.charts.numbers import Number, is_number, number_of, readings_of
from upstage_docs.local.pdf.vector_paths import Path
from upstage_docs.local.pdf.words import Word

_MULTIPLIER = re.compile(
    r"1e(?P<power>[+-]?\d{1,2})|[×x]\s?1(?P<zeros>0{2,}|(?:,000)+)|\$?(?:[×x·]|\\cdot)\s?10\s?\^?\{?(?P<exponent>[-−]?\d{1,2})\}?\$?"
    r"|[+−-]\d[\d.]*e[+-]?\d{1,2}"
)
"""What plotting libraries write at the end of an axis: its numbers are told in this, or this is added to them."""
_POWER_OF_TEN = re.compile(r"10\d")
"""An axis of such numbers alone may be one from 101 to 104, too."""
_LEAST_TICKS = 3
"""Numbers along an axis: two fit any scale."""
_OFF_SCALE = 0.006
"""Of the length of an axis: what a number, or its tick, stands off the straight scale at most."""
OFF_TICK = 0.02
"""Of the length of an axis: the foot of bars without ticks must stand that near to a number, to shift the scale by."""
MOST_WRONG = 0.2
"""Share of the numbers told beside bars or vertices that may be other than those of the scale."""
_FLUSH = 0.4
"""Font sizes beyond its box at which a number, moved inwards to the end of its axis, has its tick at most."""
_TO_TICK = 2.5
"""Font sizes from a number to its tick, at most, before what is farther is taken for one: keys are as thin as ticks."""
_ALIGNED = 2.5
"""Points that the ends of numbers along an axis, or names along the other, differ by at most."""
_OFF_NAME = 0.35
"""Of the distance of categories: what the middle of their bars is off their name at most."""
_OFF_LINE, _NEXT_LINE = 0.1, 1.5
"""Of that distance, what the second line of a name is off its first at most, and font sizes between the two."""
_SAME_NAME = 1.25
"""The same, where only one name goes on."""
_OVER = 0.2
"""Font sizes that one name begins before the one on its left ends, at most."""
_UNDER_FOOT, _ON_FOOT = 1.0, 1.5
"""Points from the foot of bars down to the line of a name, at least, and that names before lying ones reach over it."""


class Scale(NamedTuple):
    """A linear scale: the value at a place along the axis, in points, is *factor* times it plus *offset*.

    With *comma*, decimals stand behind a comma.
    """

    factor: float
    offset: float
    before: str
    behind: str
    comma: bool
    length: float
    places: tuple[tuple[float, float], ...]

    def value(self, place: float) -> float:
        """Return the value at a place along the axis, in points."""
        return self.factor * place + self.offset

    def tells(self, text: str, place: float) -> bool | None:
        """Say whether a number written beside a place agrees with the scale there; None of other texts."""
        number = number_of(text, comma=self.comma)
        if number is None:
            return None
        return abs(number.value - self.value(place)) <= 2 * OFF_TICK * abs(self.factor) * self.length

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


def scale_of(labels: Sequence[Label], paths: Sequence[Path], foot: float | None) -> tuple[Scale, list[Label]] | None:
    """Return the scale of the axis whose numbers stand under each other, and these numbers; None if it is not linear.

    Args:
        labels: The words of the chart.
        paths: Its vector paths: ticks and grid lines among them.
        foot: The height of the axis of categories; without it, a scale needs a tick or a grid line at each number.
    """
    numbers = [label for label in labels if is_number(label.text) and not _has_neighbour(label, labels)]
    found: list[tuple[Scale, list[Label]]] = []
    for end in (0, 1, 2):
        for group in _stacked(numbers, end):
            scale = _fitted(group, paths, foot)
            if scale is not None:
                found.append((scale, group))
    if not found or _has_powers(labels):
        return None
    best = max(found, key=lambda one: len(one[1]))
    used = set(map(id, best[1]))
    others = [scale for scale, ticks in found if used.isdisjoint(map(id, ticks))]
    if any(_differ(best[0], other) for other in others):
        return None  # of two axes, the bars are of either
    return _multiplied(*best, labels)


def have_scale(words: Sequence[Word]) -> bool:
    """Say whether numbers among words stand under or beside each other as far apart as they differ, as on an axis."""
    for lying in (False, True):
        numbers = [label for label in labels_of(words, lying=lying) if is_number(label.text)]
        for group in (group for end in (0, 1, 2) for group in _stacked(numbers, end) if len(group) >= _LEAST_TICKS):
            places = [label.down for label in group]
            for _, read in readings_of([label.text for label in group]):
                fit = _line(places, values := [number.value for number in read])
                if fit is not None and _off(fit, places, values) < _OFF_SCALE * (max(places) - min(places)):
                    return True
    return False


def _has_powers(labels: Sequence[Label]) -> bool:
    """Say whether powers of ten are written along an axis: their exponents stand apart, or right behind as in `103`."""
    tens = [label for label in labels if label.text.endswith("10")]
    apart = (group for group in _stacked(tens, 2) if len({label.text for label in group}) == 1)
    joined = _stacked([label for label in labels if _POWER_OF_TEN.fullmatch(label.text)], 2)
    return any(len(group) >= _LEAST_TICKS for group in (*apart, *joined))


def _multiplied(scale: Scale, ticks: list[Label], labels: Sequence[Label]) -> tuple[Scale, list[Label]] | None:
    """Return a scale times the factor beside its axis, such as `1e6`, and the labels that give the factor.

    None where something is added to the numbers, or to those of the other axis.
    """
    others = [label for label in labels if label not in ticks]
    told = [(label, match) for label in others if (match := _MULTIPLIER.fullmatch(label.text)) is not None]
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


def _stacked(numbers: Sequence[Label], end: int) -> list[list[Label]]:
    """Gather the numbers that begin (0), stand in the middle (1) or end (2) at one place along the categories."""
    ordered = sorted(numbers, key=lambda label: (label.box[0], label.across, label.box[2])[end])
    groups: list[list[Label]] = []
    last = -math.inf
    for label in ordered:
        at = (label.box[0], label.across, label.box[2])[end]
        if at - last > _ALIGNED:
            groups.append([])
        groups[-1].append(label)
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
    x0, y0, x1, y1 = label.box
    down, across = 0.2 * label.size, 0.25 * label.size
    return any(
        box[1] - y1 < down and y0 - box[3] < down and box[0] - x1 < across and x0 - box[2] < across
        for box in (other.box for other in labels if other is not label and not other.leans)
    )


def _fitted(group: Sequence[Label], paths: Sequence[Path], foot: float | None) -> Scale | None:
    if len(group) < _LEAST_TICKS or len({round(label.down) for label in group}) < len(group):
        return None
    group = sorted(group, key=lambda label: label.down)
    for comma, numbers in readings_of([label.text for label in group]):
        scale = _fitted_to(numbers, group, paths, foot, comma=comma)
        if scale is not None:
            return scale
    return None


def _fitted_to(
    numbers: Sequence[Number], group: Sequence[Label], paths: Sequence[Path], foot: float | None, *, comma: bool
) -> Scale | None:
    """Return the scale on which the numbers of *group*, read as *numbers*, stand; None if there is none."""
    values = [number.value for number in numbers]
    signs = {(number.before, number.behind) for number in numbers if number.value}
    if len(signs) > 1:
        return None
    places = _unflushed(group, values)
    fit = _line(places, values)
    length = max(places) - min(places)
    if fit is None or _off(fit, places, values) > 3 * _OFF_SCALE * length:
        return None
    ticks = [_tick(place, label, paths) for place, label in zip(places, group, strict=True)]
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
    before, behind = next(iter(signs), ("", ""))
    return Scale(*fit, before, behind, comma, length, tuple(zip(places, values, strict=True)))


def _unflushed(group: Sequence[Label], values: Sequence[float]) -> list[float]:
    """Return the places of numbers along an axis, the first and the last where the others tell them.

    These two may be moved inwards so that they end where the axis does.
    """
    places = [label.down for label in group]
    inner = _line(places[1:-1], values[1:-1])
    if len(group) - 2 < _LEAST_TICKS or inner is None:
        return places
    told = [(value - inner[1]) / inner[0] for value in values]
    if any(
        abs(place - at) > _OFF_SCALE * (places[-1] - places[0])
        for place, at in zip(told[1:-1], places[1:-1], strict=True)
    ):
        return places
    return [
        at
        if n in {0, len(group) - 1} and label.box[1] - _FLUSH * label.size <= at <= label.box[3] + _FLUSH * label.size
        else label.down
        for n, (label, at) in enumerate(zip(group, told, strict=True))
    ]


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


def _tick(down: float, label: Label, paths: Sequence[Path]) -> float | None:
    """Return the height of the tick or the grid line of a number that stands at *down*, None without one."""
    reach = 0.45 * label.size
    near = [
        path.box
        for path in paths
        if path.box[3] - path.box[1] < 2.5 and path.box[2] - path.box[0] > 1.5
        if abs((path.box[1] + path.box[3]) / 2 - down) < reach and path.box[2] > label.box[0] - 12 * label.size
    ]
    beside = [box for box in near if max(box[0] - label.box[2], label.box[0] - box[2]) < _TO_TICK * label.size]
    heights = ((box[1] + box[3]) / 2 for box in beside or near)
    return min(heights, key=lambda place: abs(place - down), default=None)


def categories_of(
    labels: Sequence[Label], places: Sequence[float], foot: float, *, colours: Sequence[str] = (), lying: bool = False
) -> tuple[list[str], list[int], list[Label]] | None:
    """Return the names of the categories, which one each bar has, and the labels used; None where they do not fit.

    Args:
        labels: The words of the chart that are no numbers of its scale.
        places: Where the bars stand, or the vertices, from the left.
        foot: The height from which names stand down.
        colours: Of the bars: those of one category are of as many colours, in the same order in each.
        lying: Whether the chart was turned.
    """
    below = [
        label
        for label in labels
        if (label.box[1] if lying else label.row) > foot + (-_ON_FOOT if lying else _UNDER_FOOT)
    ]
    count = len(set(colours))
    alike = 1 < count < len(places) and list(colours) == list(colours[:count]) * (len(places) // count)
    for each in (count, 1) if alike else (1,):
        homes = [n // each for n in range(len(places))]
        centres = [sum(places[n : n + each]) / each for n in range(0, len(places), each)]
        named = _names_beside(centres, below) if lying else _names_below(centres, below)
        if named is not None:
            names, used = named
            return None if _is_repeated(names) else (names, homes, used)
    return None


def _is_repeated(names: Sequence[str]) -> bool:
    """Say whether the same names follow each other again, as those of two charts side by side do."""
    half = names.index(names[0], 1) if names[0] in names[1:] else len(names)
    return half < len(names) and list(names) == list(names[:half]) * (len(names) // half)


def _names_below(centres: Sequence[float], labels: Sequence[Label]) -> tuple[list[str], list[Label]] | None:
    """Return the names that stand in a row, one at each place, with the lines below that go on with them."""
    rows: list[list[Label]] = []
    for label in sorted(labels, key=lambda label: label.row):
        if rows and label.row - rows[-1][0].row <= _ALIGNED:
            rows[-1].append(label)
        else:
            rows.append([label])
    for row in rows:
        row.sort(key=lambda label: label.box[0])
    for number, row in enumerate(rows):
        if any(_run_together(one, other) for one, other in pairwise(row)):
            continue
        for by_tip in (False, True) if any(label.leans for label in row) else (False,):
            names = _at_places(centres, row, _OFF_NAME, by_tip=by_tip)
            if names is None or len(names) < len(centres):
                continue
            used, last = list(row), row[0].row
            texts = [_text_of(names[n]) for n in range(len(centres))]
            middles = [_middle(names[n]) for n in range(len(centres))]
            for more in rows[number + 1 :]:
                lines = _at_places(middles, more, _OFF_LINE)
                gap = more[0].row - last
                if lines is None or gap > _NEXT_LINE * row[0].size:
                    break
                if len(lines) < 2 and (gap > _SAME_NAME * row[0].size or more[0].size > row[0].size):
                    break  # the title of the axis, under the name in its middle
                for n, line in lines.items():
                    texts[n] = f"{texts[n]} {_text_of(line)}"
                used += more
                last = more[0].row
            return texts, used
    return None


def _names_beside(centres: Sequence[float], labels: Sequence[Label]) -> tuple[list[str], list[Label]] | None:
    """Return the names that stand beside lying bars, one at each: of a line, or of lines under each other."""
    upright = sorted((label for label in labels if not label.leans), key=lambda label: (label.across, -label.down))
    nearest = min((label.row for label in upright), default=0.0)
    worded = [label for label in upright if not is_number(label.text)]
    for named in ([label for label in upright if label.row - nearest <= _ALIGNED], worded, upright):
        names = _at_places(centres, named, _OFF_NAME)
        if names is not None and len(names) == len(centres) and all(map(_is_block, names.values())):
            return [_text_of(names[n]) for n in range(len(centres))], named
    return None


def _is_block(labels: Sequence[Label]) -> bool:
    """Say whether labels of a turned chart are one name: each right under the one before."""
    return all(
        after.across - label.across < _NEXT_LINE * label.size and shared_height(label.box, after.box) > 0
        for label, after in pairwise(labels)
    )


def _at_places(
    centres: Sequence[float], labels: Sequence[Label], off: float, *, by_tip: bool = False
) -> dict[int, list[Label]] | None:
    """Gather labels by the place nearest to each; None where those of a place do not have their middle there."""
    pitch = min((after - before for before, after in pairwise(centres)), default=0.0)
    found: defaultdict[int, list[Label]] = defaultdict(list)
    for label in labels:
        at = label.tip if by_tip else label.across
        found[min(range(len(centres)), key=lambda n: abs(centres[n] - at))].append(label)
    for n, named in found.items():
        at = named[0].tip if by_tip and len(named) == 1 else _middle(named)
        if abs(at - centres[n]) > off * pitch:
            return None
    return found if pitch > 0 else None


def _run_together(one: Label, other: Label) -> bool:
    """Say whether two upright names are drawn over each other, so that it is not sure which words are of which."""
    return not one.leans and other.box[0] - one.box[2] < -_OVER * one.size


def _middle(labels: Sequence[Label]) -> float:
    x0, _, x1, _ = bounds(label.box for label in labels)
    return (x0 + x1) / 2


def _text_of(labels: Sequence[Label]) -> str:
    return " ".join(label.text for label in labels)
