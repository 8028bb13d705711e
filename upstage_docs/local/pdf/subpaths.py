"""Reads the vector subpaths of a PDF page from pdfium, point by point, without interpreting them."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from upstage_docs.local.geometry import Box, bounds
from upstage_docs.local.pdf.page_objects import Matrix, matrix_of, objects_of, product

Point = tuple[float, float]

_MOST_POINTS = 200_000
"""Of one page; a page with more is a map or a photograph drawn as paths."""
_ON_CURVE = (0.25, 0.5, 0.75)
"""Where on a Bézier curve points are told between its ends."""
_SEEN = 0x20
"""Of 255: a colour more transparent than this is not seen."""
_WHITE = 0xF4
"""Of each colour channel of 255: lighter shapes are the ground."""


class Subpath(NamedTuple):
    """Lines and curves drawn without lifting the pen, in points from the top left of the page as shown.

    Attributes:
        points: Where its segments begin and end.
        trace: The same with three points on each curve between its ends.
        closed: Whether it ends where it began.
        fill: The colour that it is filled with as `aarrggbb`, `""` if it is not.
        stroke: The colour that it is drawn with, likewise.
    """

    points: tuple[Point, ...]
    trace: tuple[Point, ...]
    closed: bool
    fill: str
    stroke: str

    @property
    def box(self) -> Box:
        """The box of where its segments begin and end."""
        return bounds((x, y, x, y) for x, y in self.points)

    @property
    def curved(self) -> bool:
        """Whether one of its segments is a curve."""
        return len(self.trace) > len(self.points)


@lru_cache
def is_light(colour: str) -> bool:
    """Say whether a colour `aarrggbb` is that of the ground: nearly white, not seen, or not known."""
    try:
        opaque, *channels = (int(colour[n : n + 2], 16) for n in (0, 2, 4, 6))
    except ValueError:
        return True
    return opaque < _SEEN or min(channels) >= _WHITE


def subpaths_of(page: Any, place: Callable[[Point], Point]) -> list[Subpath]:
    """Return the subpaths of a page of pdfium in the order in which they are drawn, none of a page with too many.

    Args:
        page: Of pypdfium2; the caller holds the lock.
        place: Takes a point of the page's own space to where it is shown.
    """
    from pypdfium2 import raw

    paths: list[tuple[Any, Matrix]] = []
    points = 0
    for path, matrix in objects_of(page, raw.FPDF_PAGEOBJ_PATH):
        points += raw.FPDFPath_CountSegments(path)
        if points > _MOST_POINTS:
            return []
        paths.append((path, matrix))
    return [found for path, matrix in paths for found in _taken_apart(path, product(matrix_of(path), matrix), place)]


def _taken_apart(path: Any, matrix: Matrix, place: Callable[[Point], Point]) -> Iterator[Subpath]:
    from pypdfium2 import raw

    mode, drawn = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(path, mode, drawn)
    fill = _colour(path, raw.FPDFPageObj_GetFillColor) if mode.value else ""
    stroke = _colour(path, raw.FPDFPageObj_GetStrokeColor) if drawn.value else ""
    if not (fill or stroke):
        return
    x, y = ctypes.c_float(), ctypes.c_float()
    points: list[Point] = []
    trace: list[Point] = []
    handles: list[Point] = []
    for n in range(raw.FPDFPath_CountSegments(path)):
        segment = raw.FPDFPath_GetPathSegment(path, n)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        a, b, c, d, e, f = matrix
        point = place((a * x.value + c * y.value + e, b * x.value + d * y.value + f))
        if not (math.isfinite(point[0]) and math.isfinite(point[1])):
            return
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            if len(points) > 1:
                yield Subpath(tuple(points), tuple(trace), points[0] == points[-1], fill, stroke)
            points, trace, handles = [point], [point], []
            continue
        if kind == raw.FPDF_SEGMENT_BEZIERTO:
            handles.append(point)
            if len(handles) < 3:
                continue
            trace += [_on_curve(trace[-1], handles, at) for at in _ON_CURVE] if trace else []
            handles = []
        points.append(point)
        trace.append(point)
        if raw.FPDFPathSegment_GetClose(segment):
            yield Subpath(tuple(points), tuple(trace), True, fill, stroke)
            points, trace = [], []
    if len(points) > 1:
        yield Subpath(tuple(points), tuple(trace), points[0] == points[-1], fill, stroke)


def _on_curve(start: Point, handles: list[Point], at: float) -> Point:
    """Return a point of a Bézier curve, *at* from 0 to 1."""
    row = [start, *handles]
    while len(row) > 1:
        row = [((1 - at) * p[0] + at * q[0], (1 - at) * p[1] + at * q[1]) for p, q in pairwise(row)]
    return row[0]


def _colour(path: Any, told_by: Callable[..., Any]) -> str:
    """Return a colour as `aarrggbb`, `""` of a pattern."""
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not told_by(path, red, green, blue, alpha):
        return ""
    return f"{alpha.value:02x}{red.value:02x}{green.value:02x}{blue.value:02x}"
