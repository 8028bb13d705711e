"""Tries the readers of bars and of lines on a drawn chart, and finds pies, each with the area that it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations

from upstage_docs.local.geometry import Box, dimensions, holds_middle, overlap, shared_height, shared_width
from upstage_docs.local.pdf.charts.bars import measured_bars
from upstage_docs.local.pdf.charts.data import ChartData
from upstage_docs.local.pdf.charts.lines import measured_lines
from upstage_docs.local.pdf.charts.pies import measured_pie, pies_of
from upstage_docs.local.pdf.subpaths import Subpath, is_light
from upstage_docs.local.pdf.vector_paths import Drawing, Path
from upstage_docs.local.pdf.words import Word

_STROKE = 15.0
"""Points: a line over three categories is wider."""
_SECTOR = 15.0
"""Points, the longer way: a smaller shape is no sector of a pie."""
_MOST_SECTORS = 60
"""Large filled shapes of a drawing; one with more is no pie."""
_CROSS = 2.0
"""Points both ways that boxes of sectors lie over each other, or are apart; those of cells and of bars do not cross."""
_NESTED = 0.98
"""Share of a shape that lies in another one, at least, if it stands on it."""


def measured_chart(
    box: Box, paths: Sequence[Path], words: Sequence[Word], subpaths: Callable[[], Sequence[Subpath]]
) -> ChartData | None:
    """Return the data of a chart of bars or lines; None where axes, scale and drawing do not agree.

    Args:
        box: Of the chart, in points.
        paths: Of the page.
        words: Of the chart.
        subpaths: Tells the paths of the page point by point.
    """
    inside = [path for path in paths if holds_middle(box, path.box)]
    pieces = cache(lambda: _within(box, subpaths()))
    data = measured_bars(inside, words, pieces)
    if data is None and len(pieces()) > len(inside):  # several shapes are one path
        inside = [Path(piece.box, bool(piece.fill), piece.curved, piece.fill or piece.stroke) for piece in pieces()]
        data = measured_bars(inside, words, pieces)
    if data is not None or not any(_may_be_line(path) for path in inside):
        return data
    return measured_lines(inside, words, pieces())


def _may_be_line(path: Path) -> bool:
    return not path.filled and path.box[2] - path.box[0] > _STROKE


def measured_pies(
    drawings: Sequence[Drawing], words: Sequence[Word], subpaths: Callable[[], Sequence[Subpath]]
) -> list[tuple[Box, ChartData]]:
    """Return the data of the pies among drawings, each with the box of pie and names; a drawing of several is left out.

    Args:
        drawings: Of the page.
        words: Of the page, those of tables left out.
        subpaths: Tells the paths of the page point by point.
    """
    found = []
    for drawing in drawings:
        if drawing.glyphs or not _may_be_pie(drawing):
            continue
        x0, y0, x1, y1 = drawing.box
        pies = pies_of(_within(drawing.box, subpaths()))
        if len(pies) == 1:
            reach = 3 * pies[0].radius
            around = (x0 - reach, y0 - reach, x1 + reach, y1 + reach)
            near = [word for word in words if holds_middle(around, word.box)]
            data = measured_pie(pies[0], _within(around, subpaths()), near)
            if data is not None:
                found.append(data)
    return found


def _within(box: Box, subpaths: Sequence[Subpath]) -> list[Subpath]:
    return [path for path in subpaths if holds_middle(box, path.box)]


def _may_be_pie(drawing: Drawing) -> bool:
    """Say whether two large filled shapes of a drawing are curved and meet, or have straight sides and cross."""
    large = [
        path
        for path in drawing.paths
        if path.filled and max(dimensions(path.box)) > _SECTOR and not is_light(path.colour)
    ]
    if not 2 <= len(large) <= _MOST_SECTORS:
        return False
    for one, other in combinations(large, 2):
        if (wide := shared_width(one.box, other.box)) <= -_CROSS:
            continue  # most
        shared = min(wide, shared_height(one.box, other.box))
        if one.curved and other.curved and shared > -_CROSS:
            return True
        if shared > _CROSS and max(overlap(one.box, other.box), overlap(other.box, one.box)) < _NESTED:
            return True
    return False
