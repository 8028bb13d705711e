"""Reads drawn pie and ring charts: the sectors that together make one circle, with their shares and names."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from statistics import median
from typing import NamedTuple

from upstage_docs.local.geometry import Box, bounds, groups_of, holds_middle, middle, shared_height, shared_width
from upstage_docs.local.pdf.charts.data import ChartData, chart_data
from upstage_docs.local.pdf.charts.labels import Label, label_of
from upstage_docs.local.pdf.charts.legend import is_key, names_by_keys
from upstage_docs.local.pdf.subpaths import Point, Subpath
from upstage_docs.local.pdf.words import Word

_LEAST_RADIUS = 15.0
"""Points: a smaller circle is a bullet or an icon."""
_OFF_CIRCLE = 0.015
"""Of the radius, what a point of an arc is off it at most; the ellipse of a pie in three dimensions is farther off."""
_OFF_ANGLE = 1.5
"""Degrees that a sector begins off the end of the one before, and all together are off a whole circle, at most."""
_EXPLODED = 0.35
"""Of the radius: how far sectors are moved out, at most."""
_SAME_RADIUS = 0.03
_MOST_SECTORS = 24
_MOST_PATHS = 3_000
_OFF_TOLD = 2.0
"""Per cent that a number told for a sector is off its angle, at most."""
_REACH = 0.5
"""Of the radius: how far outside of the circle the name of a sector stands at most."""
_BESIDE, _UNDER = 0.35, 0.7
"""Font sizes between the words of one name at most, across and down."""
_LONGEST_NAME = 60
_LARGER, _OVER_MIDDLE, _TO_TITLE = 1.1, 0.3, 2.5
"""Of the usual size of names, that of a title among them at least; radii that it stands off the middle, and font sizes
that it stands over the pie and its names, at most."""
_SHARES = re.compile(r"\d[\d.,]*%(?:\s+\d[\d.,]*%)+")
_PER_CENT = re.compile(r"[(\[]?\s*(\d{1,3}(?:[.,]\d+)?)\s*%\s*[)\]]?")


class _Sector(NamedTuple):
    """Angles in degrees, clockwise from the right; *sweep* is more than 0."""

    centre: Point
    radius: float
    hole: float
    start: float
    sweep: float
    colour: str


class Pie(NamedTuple):
    """Sectors that close a circle, in the order in which they follow each other clockwise."""

    centre: Point
    radius: float
    sectors: tuple[_Sector, ...]

    @property
    def box(self) -> Box:
        """The box of its circle, and of what is moved out of it."""
        return bounds(
            (x - self.radius, y - self.radius, x + self.radius, y + self.radius)
            for x, y in (sector.centre for sector in self.sectors)
        )


class _Name(NamedTuple):
    text: str
    box: Box
    size: float


def pies_of(subpaths: Sequence[Subpath]) -> list[Pie]:
    """Return the pies and rings among the paths of a drawing: those whose sectors close a circle."""
    if len(subpaths) > _MOST_PATHS:
        return []
    filled = {path.points: path for path in subpaths if path.fill}  # what is drawn twice is one
    sectors = [sector for sector in map(_sector, filled.values()) if sector is not None]
    groups = groups_of(
        len(sectors), ((m, n) for m, n in combinations(range(len(sectors)), 2) if _belong(sectors[m], sectors[n]))
    )
    return [pie for group in groups if (pie := _closed([sectors[n] for n in group])) is not None]


def _sector(path: Subpath) -> _Sector | None:
    """Return the sector of a circle or a ring that a path is, None of another shape."""
    trace = path.trace[:-1] if path.trace[0] == path.trace[-1] else path.trace
    if len(trace) < 4:
        return None
    for centre, radius in _circles(path, trace):
        if radius < _LEAST_RADIUS:
            continue
        far = [math.dist(centre, point) for point in trace]
        outer = [abs(distance - radius) <= _OFF_CIRCLE * radius for distance in far]
        inner = [distance for distance, out in zip(far, outer, strict=True) if not out]
        if not inner or (max(inner) - min(inner) > 2 * _OFF_CIRCLE * radius) or max(inner) > 0.95 * radius:
            continue
        first = next(n for n, out in enumerate(outer) if out and not outer[n - 1])
        arc = [trace[(first + n) % len(trace)] for n in range(sum(outer)) if outer[(first + n) % len(trace)]]
        if len(arc) < sum(outer) or len(arc) < 2:
            continue
        angles = [math.degrees(math.atan2(y - centre[1], x - centre[0])) for x, y in arc]
        turns = [(after - before + 180) % 360 - 180 for before, after in pairwise(angles)]
        sweep = sum(turns)
        if not 0.2 < abs(sweep) < 359.5 or any(turn * sweep < -1e-6 for turn in turns):
            continue
        start = angles[0] if sweep > 0 else angles[-1]
        hole = 0.0 if max(inner) < 2 * _OFF_CIRCLE * radius else sum(inner) / len(inner)
        return _Sector(centre, radius, hole, start % 360, abs(sweep), path.fill)
    return None


def _circles(path: Subpath, trace: Sequence[Point]) -> Iterator[tuple[Point, float]]:
    """Yield centres and radii of circles that an arc of a path may be of."""
    if not path.curved:
        for point in trace:  # one that all others are equally far from
            far = [math.dist(point, other) for other in trace if other != point]
            if len(far) >= 3 and max(far) - min(far) <= _OFF_CIRCLE * max(far):
                yield point, sum(far) / len(far)
        return
    ends = set(path.points)
    found = []
    for start, *inner, end in (path.trace[n : n + 5] for n in range(len(path.trace) - 4)):
        if start in ends and end in ends and ends.isdisjoint(inner):
            circle = _circle(start, inner[1], end)
            if circle is not None:
                found.append(circle)
    yield from sorted(found, key=lambda circle: -circle[1])


def _circle(a: Point, b: Point, c: Point) -> tuple[Point, float] | None:
    """Return centre and radius of the circle through three points."""
    (ax, ay), (bx, by), (cx, cy) = a, b, c
    twice = 2 * (ax * (by - cy) + bx * (cy - ay) + cx * (ay - by))
    if abs(twice) < 1e-6:
        return None
    aa, bb, cc = ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy
    x = (aa * (by - cy) + bb * (cy - ay) + cc * (ay - by)) / twice
    y = (aa * (cx - bx) + bb * (ax - cx) + cc * (bx - ax)) / twice
    return (x, y), math.dist((x, y), a)


def _belong(one: _Sector, other: _Sector) -> bool:
    return (
        abs(one.radius - other.radius) <= _SAME_RADIUS * one.radius
        and abs(one.hole - other.hole) <= _SAME_RADIUS * one.radius
        and math.dist(one.centre, other.centre) <= 2 * _EXPLODED * one.radius
    )


def _closed(sectors: Sequence[_Sector]) -> Pie | None:
    """Return the pie that sectors make, None where they leave out a part of the circle or lie over each other."""
    if not 2 <= len(sectors) <= _MOST_SECTORS or abs(sum(one.sweep for one in sectors) - 360) > _OFF_ANGLE:
        return None
    ordered = sorted(sectors, key=lambda one: (one.start + 90.5) % 360)  # from the top on
    for one, after in zip(ordered, [*ordered[1:], ordered[0]], strict=True):
        if abs((one.start + one.sweep - after.start + 180) % 360 - 180) > _OFF_ANGLE:
            return None
    x, y = (sum(one.centre[n] for one in sectors) / len(sectors) for n in (0, 1))
    return Pie((x, y), sectors[0].radius, tuple(ordered))


def _title(pie: Pie, names: Sequence[_Name]) -> _Name | None:
    """Return the text right above a pie and the names around it: larger than these, or too far off to be one."""
    beside = [name for name in names if _sector_at(pie, name) is not None]
    above = [name for name in names if name.box[3] <= pie.box[1]]
    for name in sorted(above, key=lambda name: -name.box[3]):
        others = [one for one in beside if one is not name]
        top = min([pie.box[1], *(one.box[1] for one in others)])
        over = abs(middle(name.box)[0] - pie.centre[0]) < _OVER_MIDDLE * pie.radius
        larger = name.size >= _LARGER * median([one.size for one in others] or [0.0])
        if over and top - name.box[3] < _TO_TITLE * name.size and (larger or name not in beside):
            return name
    return None


def measured_pie(pie: Pie, subpaths: Sequence[Subpath], words: Sequence[Word]) -> tuple[Box, ChartData] | None:
    """Return the box of a pie with its names, and the share of each sector in per cent.

    None where the names are not certain, or where the numbers beside the sectors tell other shares.

    Args:
        pie: The pie.
        subpaths: The paths around it, keys of its legend among them.
        words: The words around it, those of other things too.
    """
    labels = [label_of(word, lying=False) for whole in words for word in _told_apart(whole)]
    clusters = _clusters(labels)
    title = _title(pie, clusters)
    clusters = [name for name in clusters if name is not title]
    named = _by_legend(pie, subpaths, labels, clusters) or _by_place(pie, clusters)
    if named is None:
        return None
    names, boxes = named
    shares = [100 * sector.sweep / 360 for sector in pie.sectors]
    rows = [["", "Share"], *([name, f"{share:.1f}%"] for name, share in zip(names, shares, strict=True))]
    box = bounds([pie.box, *boxes])
    facts = [("Chart Type", "doughnut" if pie.sectors[0].hole else "pie")]
    if title is not None:
        facts.insert(0, ("Chart Title", title.text))
        box = bounds([box, title.box])
    return box, chart_data(rows, facts)


def _told_apart(word: Word) -> list[Word]:
    """Return the numbers that stand in a row, in sectors beside each other, one by one; what else is short as it is."""
    text = word.text.strip()
    if not 0 < len(text) <= _LONGEST_NAME:
        return []
    if not _SHARES.fullmatch(text):
        return [word]
    x0, y0, x1, y1 = word.box
    each = (x1 - x0) / len(text)
    return [
        word._replace(text=found[0], box=(x0 + found.start() * each, y0, x0 + found.end() * each, y1))
        for found in re.finditer(r"\S+", text)
    ]


def _clusters(labels: Sequence[Label]) -> list[_Name]:
    """Gather words that stand close together: the lines of one name, with its number."""
    pairs = ((m, n) for m, n in combinations(range(len(labels)), 2) if _are_together(labels[m], labels[n]))
    found = []
    for group in groups_of(len(labels), pairs):
        held = sorted((labels[n] for n in group), key=lambda one: (round(one.row / max(one.size, 1)), one.box[0]))
        size = max(one.size for one in held)
        text = " ".join(one.text for one in held)
        if len(text) <= _LONGEST_NAME:
            found.append(_Name(text, bounds(one.box for one in held), size))
    return found


def _are_together(one: Label, other: Label) -> bool:
    across, down = shared_width(one.box, other.box), shared_height(one.box, other.box)
    if max(one.size, other.size) >= _LARGER * min(one.size, other.size):
        return False
    if _PER_CENT.search(one.text) and _PER_CENT.search(other.text):
        return False
    return across > -_BESIDE * one.size and down > -_UNDER * one.size


def _by_legend(
    pie: Pie, subpaths: Sequence[Subpath], labels: Sequence[Label], clusters: Sequence[_Name]
) -> tuple[list[str], list[Box]] | None:
    """Return the name of each sector beside the key of its colour, and the boxes of names and keys."""
    colours = [sector.colour for sector in pie.sectors]
    if len(set(colours)) < len(colours):
        return None
    keys: dict[str, list[Box]] = {colour: [] for colour in colours}
    for path in subpaths:
        if path.fill in keys and is_key(box := path.box) and _from_centre(pie, middle(box)) > 1:
            keys[path.fill].append(box)
    if not all(keys.values()):
        return None
    found = names_by_keys([keys[colour] for colour in colours], labels)
    names = [label for label in found if label is not None]
    if len(names) < len(colours) or len({id(name) for name in names}) < len(names):
        return None
    rest = [name for name in clusters if not any(holds_middle(name.box, one.box) for one in names)]
    texts = []
    for label, sector in zip(names, pie.sectors, strict=True):
        told = [name for name in rest if _sector_at(pie, name) is sector]
        text = _without_share(label.text, sector)
        if text is None or any(_without_share(name.text, sector) is None for name in told):
            return None
        texts.append(text)
    boxes = [*(label.box for label in names), *(box for colour in colours for box in keys[colour][:1])]
    return texts, boxes


def _by_place(pie: Pie, clusters: Sequence[_Name]) -> tuple[list[str], list[Box]] | None:
    """Return the name in or beside each sector, and the boxes of all; None unless each sector has its own."""
    texts: dict[int, list[str]] = {}
    boxes = []
    for name in clusters:
        sector = _sector_at(pie, name)
        if sector is None:
            continue
        text = _without_share(name.text, sector)
        if text is None:
            return None
        boxes.append(name.box)
        if any(map(str.isalpha, text)):
            texts.setdefault(pie.sectors.index(sector), []).append(text)
    if len(texts) < len(pie.sectors) or any(len(own) > 1 for own in texts.values()):
        return None
    return [texts[n][0] for n in range(len(pie.sectors))], boxes


def _sector_at(pie: Pie, name: _Name) -> _Sector | None:
    """Return the sector in which a name stands, or the one beside which it stands; None if it stands off the pie."""
    x, y = middle(name.box)
    if _from_centre(pie, (x, y)) > 1:  # the end that is next to the pie
        x = min(max(pie.centre[0], name.box[0]), name.box[2])
        y = min(max(pie.centre[1], name.box[1]), name.box[3])
    away = _from_centre(pie, (x, y))
    if away > 1 + _REACH or away * pie.radius < pie.sectors[0].hole:
        return None
    angle = math.degrees(math.atan2(y - pie.centre[1], x - pie.centre[0]))
    return next((one for one in pie.sectors if (angle - one.start) % 360 < one.sweep), None)


def _from_centre(pie: Pie, point: Point) -> float:
    """Return how far a point is from the centre, in radii."""
    return math.dist(pie.centre, point) / pie.radius


def _without_share(text: str, sector: _Sector) -> str | None:
    """Return a text without the per cent that it tells of a sector; None if these are not those of its angle."""
    share = 100 * sector.sweep / 360
    for told in _PER_CENT.findall(text):
        if abs(float(told.replace(",", ".")) - share) > _OFF_TOLD:
            return None
    return " ".join(_PER_CENT.sub(" ", text).split()).strip(" ,;:·-–—")
