"""Boxes on a page → their reading order: columns from left to right, each from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence

from upstage_docs.local.elements import Box
from upstage_docs.local.lines import bounds

__all__ = ["reading_order"]

_NARROWEST = 0.12
"""Of all columns together: what one box must be wide to be a column by itself."""
_DEEPEST = 40  # nested cuts; a page that needs more is read by rows


def reading_order(boxes: Sequence[Box], gap: float, depth: int = 0) -> list[int]:
    """Return the numbers of *boxes* in reading order.

    A recursive XY cut: bands that no box crosses are read from the top, but neighbouring bands that share a gutter at
    least *gap* points wide are one set of columns, and are read column by column.
    """
    numbers = list(range(len(boxes)))
    if len(boxes) < 2:
        return numbers
    if depth > _DEEPEST:
        return sorted(numbers, key=lambda i: (boxes[i][1], boxes[i][0]))
    merged = _share_columns(_split(numbers, boxes, axis=1, least=0.0), boxes, gap)
    ordered: list[int] = []
    for band in merged:
        columns = _split(band, boxes, axis=0, least=gap)
        if len(columns) == len(merged) == 1:  # nothing cuts these: they lie over each other
            ordered += sorted(band, key=lambda i: (boxes[i][1], boxes[i][0]))
            continue
        for column in columns:
            inner = reading_order([boxes[i] for i in column], gap, depth + 1)
            ordered += [column[i] for i in inner]
    return ordered


def _split(numbers: Sequence[int], boxes: Sequence[Box], *, axis: int, least: float) -> list[list[int]]:
    """Split at every stripe at least *least* wide that no box crosses; axis 0 cuts from top to bottom."""
    groups: list[list[int]] = []
    end = 0.0
    for number in sorted(numbers, key=lambda i: (boxes[i][axis], boxes[i][axis + 2])):
        start = boxes[number][axis]
        if groups and start < end + least:
            groups[-1].append(number)
            end = max(end, boxes[number][axis + 2])
        else:
            groups.append([number])
            end = boxes[number][axis + 2]
    return groups


def _share_columns(bands: list[list[int]], boxes: Sequence[Box], gap: float) -> list[list[int]]:
    """Merge neighbouring bands that are columns of one set; a lone narrow box, as a formula's number, is no column."""
    merged: list[list[int]] = []
    for band in bands:
        if merged:
            union = merged[-1] + band
            columns = _split(union, boxes, axis=0, least=gap)
            if len(columns) > 1 and all(_is_column(column, union, boxes) for column in columns):
                merged[-1] = union
                continue
        merged.append(list(band))
    return merged


def _is_column(column: Sequence[int], union: Sequence[int], boxes: Sequence[Box]) -> bool:
    own, whole = bounds(boxes[i] for i in column), bounds(boxes[i] for i in union)
    return len(column) > 1 or own[2] - own[0] > _NARROWEST * (whole[2] - whole[0])
