"""Finds where the tables of an Excel sheet lie: between empty rows, and between empty columns beside each other."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence

Area = tuple[int, int, int, int]
"""First column, first row, last column, last row."""
_COLUMNS, _ROWS = 0, 1
_NUMBER = re.compile(r"[(+−–-]?\s*[$€£₩¥]?\s*\d[\d.,\s]*[%)]?|[–—-]")
_LEAST_LABELS = 2
"""Rows of a table that stands one empty column beside another, at least, behind its header."""


def table_areas(
    values: Mapping[int, Mapping[int, str]],
    merged: Mapping[tuple[int, int], tuple[int, int]],
    named: Sequence[Area],
) -> Iterator[Area]:
    """Yield the areas of a sheet that have text, from the top and from the left.

    Empty rows part them, and two empty columns; one empty column does where a table with a header and labels of its
    own stands behind it, since others only set columns of one table apart.

    Args:
        values: Row, then column, to the text of cells that have any; both count from 1.
        merged: Row and column of the first cell of a merged range to those of its last one.
        named: Tables that the file names, which are areas of their own.
    """
    cells: list[Area] = []
    for row, texts in values.items():
        for column in texts:
            bottom, right = merged.get((row, column), (row, column))
            cells.append((column, row, right, bottom))
    if cells:
        yield from _areas(cells, values, named)


def _areas(cells: Sequence[Area], values: Mapping[int, Mapping[int, str]], named: Sequence[Area]) -> Iterator[Area]:
    """Cut cells at empty rows, and the parts the other way by turns, until nothing is left to cut."""
    # The first one last; no recursion, since a sheet may be cut some hundred times.
    waiting: list[tuple[Sequence[Area], int, bool]] = [(cells, _ROWS, False)]
    while waiting:
        here, axis, whole = waiting.pop()
        parts = _cut_apart(here, values, named, axis)
        if len(parts) == 1 and whole:
            yield _bounds(here)
        else:
            waiting += [(part, 1 - axis, len(parts) == 1) for part in reversed(parts)]


def _cut_apart(
    cells: Sequence[Area], values: Mapping[int, Mapping[int, str]], named: Sequence[Area], axis: int
) -> list[list[Area]]:
    low, high = min(cell[_ROWS] for cell in cells), max(cell[_ROWS + 2] for cell in cells)
    inside = [area for area in named if axis == _ROWS or (area[_ROWS] <= high and area[_ROWS + 2] >= low)]
    cuts = {area[axis] for area in inside} | {area[axis + 2] + 1 for area in inside}
    starts, before = _starts({(cell[axis], cell[axis + 2]) for cell in cells}, cuts)
    if len(starts) == 1:
        return [list(cells)]
    parts: list[list[Area]] = [[] for _ in starts]
    for cell in cells:
        parts[bisect_right(starts, cell[axis]) - 1].append(cell)
    out: list[list[Area]] = []
    top, columns = 0, set[int]()  # of the last one in *out*: no walk over it for each that joins it
    for part, start, end in zip(parts, starts, before, strict=True):
        own_top, own_columns = min(cell[_ROWS] for cell in part), {cell[_COLUMNS] for cell in part}
        spaced = out and axis == _COLUMNS and start - end == 2 and start not in cuts
        if spaced and not (len(columns) > 1 and top == own_top and _is_own_table(part, values)):
            out[-1].extend(part)
            top = min(top, own_top)
            columns |= own_columns
        else:
            out.append(part)
            top, columns = own_top, own_columns
    return out


def _starts(spans: Collection[tuple[int, int]], cuts: Collection[int]) -> tuple[list[int], list[int]]:
    """Return where runs of rows or columns start, and where the run before each one ends."""
    starts: list[int] = []
    before: list[int] = []
    end = 0
    for first, last in sorted(spans):
        if not starts or first > end + 1 or (first in cuts and first > end):
            starts.append(first)
            before.append(end)
        end = max(end, last)
    return starts, before


def _is_own_table(part: Sequence[Area], values: Mapping[int, Mapping[int, str]]) -> bool:
    """Say whether columns are a table: a header over two columns or more, and labels below it that are no numbers."""
    first, top, last, _ = _bounds(part)
    if last == first:
        return False
    header = [values.get(top, {}).get(column, "") for column in range(first, last + 1)]
    rows = {row for _, row, *_ in part}
    labels = [values[row][first] for row in rows if row > top and first in values[row]]
    return all(header) and len(rows) > _LEAST_LABELS and bool(labels) and not any(map(_NUMBER.fullmatch, labels))


def _bounds(cells: Sequence[Area]) -> Area:
    return (
        min(cell[0] for cell in cells),
        min(cell[1] for cell in cells),
        max(cell[2] for cell in cells),
        max(cell[3] for cell in cells),
    )
