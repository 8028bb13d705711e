"""Puts the boxes of a page into reading order: columns from left to right, each from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence

from upstage_docs.local.geometry import Box, bounds

_NARROWEST = 0.12
"""Of all columns together: what one box must be wide to be a column by itself."""
_INSET = 0.1
"""Of the width of a column: what stands over its middle ends so far from both of its sides, at least."""
_LEAST_OVER = 4.0
"""Heights of the least gap between columns that it is tall at least."""
_DEEPEST = 40  # nested cuts; a page that needs more is read by rows


def reading_order(boxes: Sequence[Box], texts: Sequence[bool], gap: float, depth: int = 0) -> list[int]:
    """Return the numbers of *boxes* in reading order.

    A recursive XY cut: bands that no box crosses are read from the top, but neighbouring bands that share a gutter at
    least *gap* points wide are one set of columns, and are read column by column.

    Args:
        boxes: Of the parts of the page.
        texts: For each whether it is text, no picture or table, nor the caption of one.
        gap: Between columns, at least.
        depth: Of this cut inside others.
    """
    numbers = list(range(len(boxes)))
    if len(boxes) < 2:
        return numbers
    if depth > _DEEPEST:
        return sorted(numbers, key=lambda i: (boxes[i][1], boxes[i][0]))
    merged = _share_columns(_split(numbers, boxes, axis=1, least=0.0), boxes, texts, gap)
    ordered: list[int] = []
    for band in merged:
        columns = _split(band, boxes, axis=0, least=gap)
        if len(columns) == len(merged) == 1:  # nothing cuts these: they lie over each other
            ordered += sorted(band, key=lambda i: (boxes[i][1], boxes[i][0]))
            continue
        for column in columns:
            inner = reading_order([boxes[i] for i in column], [texts[i] for i in column], gap, depth + 1)
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


def _share_columns(bands: list[list[int]], boxes: Sequence[Box], texts: Sequence[bool], gap: float) -> list[list[int]]:
    """Merge neighbouring bands that are columns of one set; those that stand over its columns are one of their own."""
    merged: list[list[list[int]]] = []
    for band in bands:
        union = [band]
        while merged and _are_columns(_split(_flat(merged[-1] + union), boxes, axis=0, least=gap), boxes):
            union = merged.pop() + union
        merged.append(union)
    return [_flat(part) for union in merged for part in _below_their_title(union, boxes, texts, gap)]


def _flat(bands: Sequence[Sequence[int]]) -> list[int]:
    return [number for band in bands for number in band]


def _below_their_title(
    bands: list[list[int]], boxes: Sequence[Box], texts: Sequence[bool], gap: float
) -> list[list[list[int]]]:
    """Part the first bands of a set of columns from the others, if they are texts over their middle, as authors are."""
    own = [bounds(boxes[i] for i in column) for column in _split(_flat(bands), boxes, axis=0, least=gap)]
    first = 0
    while first < len(bands) - 1 and all(
        texts[i] and any(min(boxes[i][0] - x0, x1 - boxes[i][2]) > _INSET * (x1 - x0) for x0, _, x1, _ in own)
        for i in bands[first]
    ):
        first += 1
    over = [bounds(boxes[i] for i in column) for column in _split(_flat(bands[:first]), boxes, axis=0, least=gap)]
    tall = all(box[3] - box[1] > _LEAST_OVER * gap for box in over)  # a caption beside a heading is lower
    return [bands[:first], bands[first:]] if first and tall else [bands]


def _are_columns(parts: Sequence[Sequence[int]], boxes: Sequence[Box]) -> bool:
    """Say whether *parts*, which no box joins, are columns: several, none a lone narrow box, as a formula's number.

    Each stands beside another: a heading below a narrow table in the middle of the page is no column.
    """
    own = [bounds(boxes[i] for i in part) for part in parts]
    whole = bounds(own)
    least = _NARROWEST * (whole[2] - whole[0])
    return len(parts) > 1 and all(
        (len(part) > 1 or box[2] - box[0] > least)
        and any(other[1] < box[3] and box[1] < other[3] for other in own if other is not box)
        for part, box in zip(parts, own, strict=True)
    )
