"""Tells where the columns of aligned texts run, from those of their rows that have most texts."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from upstage_docs.local.geometry import Box, middle
from upstage_docs.local.pdf.tables.aligned_rows import are_values
from upstage_docs.local.pdf.tables.aligned_texts import Text, words_of_cells
from upstage_docs.local.pdf.tables.line_rows import is_value
from upstage_docs.local.pdf.tables.sign_columns import columns_with_signs
from upstage_docs.local.pdf.word_pieces import Pieces

_GUTTER = 0.3
"""Font sizes of white between two columns, at least, over all rows that have most cells."""
_MOST_CELLS_ROW = 0.6
"""Of the cells of the fullest row: rows with as many tell where the columns run; headers over several have fewer."""
_LEAST_PARTED, _PARTED, _STRIPE, _FLUSH = 4, 0.9, 0.45, 0.15
"""Rows that have words on both sides of a narrow stripe inside a column: how many at least, which share of those with
text, how many font sizes it is wide at least, and in how many all words behind it begin."""
_ROUNDING = 0.1
"""Points by which ends of one stripe may differ."""
_USUAL_COUNT = 0.5
"""Share of the rows of several texts that have as many as the fuller quarter, at least, if these alone tell columns."""
_LEAST_BELOW = 3
"""Rows below a row of names, at least, if these alone tell columns."""
_MOST_NAMES = 4
"""Lines of the name of a column, at most."""


class Column(NamedTuple):
    """Where a column runs."""

    left: float
    right: float


def columns_of(rows: Sequence[Sequence[Text]], pieces: Pieces) -> list[Column]:
    """Return where the columns of *rows* run; *pieces* tells the words of a text item."""
    return _parted(_with_names_beside(_under_names(_columns(rows), rows), rows), rows, pieces)


def _parted(columns: Sequence[Column], rows: Sequence[Sequence[Text]], pieces: Pieces) -> list[Column]:
    """Part the columns through which a narrow stripe of white runs, with words that begin at one x right of it."""
    out: list[Column] = []
    for column in columns:
        cells = [[text for text in row if column.left <= middle(text.box)[0] <= column.right] for row in rows]
        texts = [text.text for cell in cells for text in cell]
        if 2 * sum(map(is_value, texts)) > len(texts):
            out.append(column)
            continue
        inside = words_of_cells(cells)
        several = sum(len(row) > 1 or (len(row) == 1 and " " in row[0].text) for row in inside)
        if several < _LEAST_PARTED or several < _PARTED * sum(map(bool, inside)):
            out.append(column)  # too few rows of several words, wherever these stand
            continue
        held = [[piece for word in row for piece in pieces(word)] for row in inside]
        held = [row for row in held if row]
        lines = sum(len(row) > 1 for row in held)
        if lines < _LEAST_PARTED or lines < _PARTED * len(held):
            out.append(column)
            continue
        size = median(piece.size for row in held for piece in row)
        left = column.left
        for end, start in _stripes([piece.box for row in held for piece in row], _STRIPE * size):
            behind = [min((p.box[0] for p in row if p.box[0] >= start - _ROUNDING), default=None) for row in held]
            before = sum(any(p.box[2] <= end + _ROUNDING for p in row) for row in held)
            flush = sum(x is not None and x - start < _FLUSH * size for x in behind)
            if min(before, flush) >= _PARTED * len(held):
                out.append(Column(left, end))
                left = start
        out.append(Column(left, column.right))
    return out


def _stripes(boxes: Sequence[Box], least: float) -> list[tuple[float, float]]:
    """Return the stripes wider than *least* from top to bottom that no box crosses, from where to where."""
    found, end = [], math.inf
    for left, right in sorted((box[0], box[2]) for box in boxes):
        if left - end > least:
            found.append((end, left))
        end = right if end == math.inf else max(end, right)
    return found


def _columns(rows: Sequence[Sequence[Text]]) -> list[Column]:
    """Return where columns run: between stripes that no text of the fullest rows crosses."""
    counts = sorted(len(row) for row in rows if len(row) > 1)
    most = counts[-max(1, len(counts) // 4)]
    least = (
        most if sum(count >= most for count in counts) >= _USUAL_COUNT * len(counts) else max(2, _MOST_CELLS_ROW * most)
    )
    full = [row for row in rows if len(row) >= least]
    merged = _merged(full)
    if full[0] is rows[0] and len(full) > _LEAST_BELOW and not any(is_value(text.text) for text in rows[0]):
        # Names in a sheet stand at the left edge of a column, and its numbers at the right one.
        below = _merged(full[1:])
        if len(below) == len(rows[0]) != len(merged):
            merged = below
    return _without_signs(merged, full)


def _merged(rows: Sequence[Sequence[Text]]) -> list[Column]:
    """Return where texts stand, those over each other as one."""
    size = median(text.size for row in rows for text in row)
    return merged_columns(((text.box[0], text.box[2]) for row in rows for text in row), _GUTTER * size)


def merged_columns(spans: Iterable[tuple[float, float]], white: float) -> list[Column]:
    """Return where *spans* of texts stand, from the left: those that no stripe as wide as *white* parts are one."""
    merged: list[Column] = []
    for left, right in sorted(spans):
        if merged and left < merged[-1].right + white:
            merged[-1] = Column(merged[-1].left, max(merged[-1].right, right))
        else:
            merged.append(Column(left, right))
    return merged


def _under_names(columns: Sequence[Column], rows: Sequence[Sequence[Text]]) -> list[Column]:
    """Return a column for each name of the first row where every text below stands under one, and none crosses.

    Names stand at the left edge of their columns, and some numbers at the right one: white runs between them.
    """
    names, *below = rows
    if not 2 < len(names) < len(columns) or len(below) < _LEAST_BELOW or any(is_value(name.text) for name in names):
        return list(columns)
    edges = [name.box[0] - _GUTTER * name.size for name in names]
    held: list[list[Text]] = [[name] for name in names]
    for row in below:
        homes = [bisect_right(edges, text.box[0]) - 1 for text in row]
        ends = [bisect_right(edges, text.box[2]) - 1 for text in row]
        if homes != ends or len({*homes}) < len(homes) or -1 in homes:
            return list(columns)
        for home, text in zip(homes, row, strict=True):
            held[home].append(text)
    return [Column(min(t.box[0] for t in texts), max(t.box[2] for t in texts)) for texts in held]


def _with_names_beside(columns: Sequence[Column], rows: Sequence[Sequence[Text]]) -> list[Column]:
    """Join to columns of numbers the names that stand beside them, in the middle of wider columns."""
    held = [
        {r: text for r, row in enumerate(rows) for text in row if left <= middle(text.box)[0] <= right}
        for left, right in columns
    ]
    joined, last = [columns[0]], held[0]
    for column, texts in zip(columns[1:], held[1:], strict=True):
        if len(joined) > 1 and (_are_names_of(last, texts) or _are_names_of(texts, last)):
            joined[-1] = Column(joined[-1].left, column.right)
            last = last | texts
        else:
            joined.append(column)
            last = texts
    return joined


def _are_names_of(names: Mapping[int, Text], values: Mapping[int, Text]) -> bool:
    """Say whether texts, by their row, are the lines of a name over *values*: no numbers but years and ordinals."""
    return (
        0 < len(names) <= _MOST_NAMES
        and max(names) < min(values, default=0)
        and are_values([*values.values()])
        and all(name.text.isdecimal() or not is_value(name.text) for name in names.values())
    )


def _without_signs(columns: Sequence[Column], rows: Sequence[Sequence[Text]]) -> list[Column]:
    """Join columns of nothing but currency signs to the column behind them, and of other signs to the one before."""
    inside = [[t.text for row in rows for t in row if left <= middle(t.box)[0] <= right] for left, right in columns]
    return [Column(columns[first].left, columns[last].right) for first, last in columns_with_signs(inside)]
