"""Tells which lines of an aligned table begin a row, and which go on with the row above."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from upstage_docs.local.geometry import Box, bounds, shared_width
from upstage_docs.local.pdf.tables.aligned_texts import Text, words_of_cells
from upstage_docs.local.pdf.tables.line_rows import (
    UNLABELLED,
    has_own_values,
    is_rest,
    is_value,
    right_edges,
    rules_part_rows,
)
from upstage_docs.local.pdf.tables.sign_columns import is_sign

_CLOSE = 0.85
"""Of the usual pitch of rows: lines that are nearer to each other are one row."""
_ROW_APART = 1.25
"""Of the pitch of lines in a cell: that of rows is larger, if white parts them."""
_FULL_LINES = 0.85
"""Share of the cells that lines have on average, at least, where each is a row of its own."""
# Measured on eighty benchmark pages: a fifth more or less of _VALUED changes the blocks of one, of _LONG_RULE of none.
_VALUED = 0.6
"""Share of the texts of a column that are numbers: with more, it is one of numbers."""
_LONG_RULE = 0.5
"""Of the width of a table: rules that are longer part its rows."""

_LINE, _FULL = 20, 0.75
"""Letters of a line of text in the first column, on average: names of groups are shorter; and of the longest label:
with the next word, a line that goes on would be longer."""

Row = list[list[Text]]
"""The texts of each cell of a row."""


def are_values(texts: Sequence[Text]) -> bool:
    """Say whether most of the texts of a column are numbers."""
    return sum(is_value(text.text) for text in texts) > _VALUED * len(texts)


def join_lines(rows: Sequence[Row], rules: Sequence[Box]) -> list[Row]:
    """Join the lines of one row: those between two rules, else those that go on with what stands above or below.

    A line with a number in a column of numbers is a row of its own.
    """
    if len(rows) < 2:
        return list(rows)
    tops = [_baseline(row) for row in rows]
    box = bounds(text.box for row in rows for cell in row for text in cell)
    heights = [r[1] for r in rules if shared_width(r, box) > _LONG_RULE * (box[2] - box[0])]
    ruled = [any(above < y < below for y in heights) for above, below in pairwise(tops)]
    valued = [c for c in range(1, len(rows[0])) if _holds_values(rows, c)]
    if rules_part_rows(ruled):
        # Where every second row is shaded, a full one is no rest of the one above, unless that is a label alone.
        told = _starts_by_values(rows, tops, valued) if valued else [True] * len(rows)
        starts = [all(row) and start for row, start in zip(rows, told, strict=True)]
    elif valued:
        starts = _starts_by_values(rows, tops, valued)
    else:
        starts = _starts_by_pitch(rows, tops)
    held = [words_of_cells(row) for row in rows]
    rights = right_edges(held)
    out = [rows[0]]
    for row, words, start, rule in zip(rows[1:], held[1:], starts[1:], ruled, strict=True):
        last = words_of_cells(out[-1])
        if rule or (not is_rest(last, words, rights) if start else has_own_values(last, words)):
            out.append(row)
        else:
            out[-1] = [above + below for above, below in zip(out[-1], row, strict=True)]
    return out


def _baseline(row: Row) -> float:
    return min(text.baseline for cell in row for text in cell)


def _holds_values(rows: Sequence[Row], column: int) -> bool:
    return are_values([text for row in rows for text in row[column] if not is_sign(text.text)])


def _starts_by_values(rows: Sequence[Row], tops: Sequence[float], valued: Sequence[int]) -> list[bool]:
    """Say which lines begin a row where columns of numbers tell rows apart; the others are labels, or go on."""
    has = [any(row[c] for c in valued) for row in rows]
    pitches = [below - above for above, below in pairwise(tops)]
    between = [p for p, one, other in zip(pitches, has, has[1:], strict=False) if one and other]
    usual = median(between) if between else median(pitches)
    starts = [True] * len(rows)
    for r in range(1, len(rows)):
        label = _label(rows[r])
        close = pitches[r - 1] < _CLOSE * usual
        if has[r]:
            # A label of several lines stands above its numbers where these are at its last line.
            comma = bool(rows[r - 1][0]) and rows[r - 1][0][-1].text.endswith(",")
            goes_on = not has[r - 1] and (label[:1].islower() or ((close or comma) and bool(label)))
            starts[r] = not goes_on or not rows[r - 1][0]
        elif not rows[r][0]:
            starts[r] = False  # the next line of a text beside a label
        else:
            starts[r] = not (label[:1].islower() or close)
    return starts


def _label(row: Row) -> str:
    return row[0][0].text if row[0] else ""


def _starts_by_pitch(rows: Sequence[Row], tops: Sequence[float]) -> list[bool]:
    """Say which lines begin a row where all cells are texts: more white stands above them, or they have a label.

    Where the first column is text of several lines, what stands beside it begins a row.
    """
    pitches = [below - above for above, below in pairwise(tops)]
    line = sorted(pitches)[len(pitches) // 4]
    wide = [pitch > _ROW_APART * line for pitch in pitches]
    rest = [row for row, apart in zip(rows[1:], wide, strict=True) if not apart]
    cells = [cell[0].text for row in rest for cell in row if cell]
    going_on = 2 * sum(text[0].islower() for text in cells) > len(cells)
    if rest and not going_on and len(cells) > _FULL_LINES * sum(map(len, rest)):
        return [True] * len(rows)
    if _are_texts(rows):
        return [any(row[1:]) for row in rows]
    if any(wide):
        return [True, *wide]
    unlabelled = sum(not row[0] for row in rows)
    if unlabelled >= UNLABELLED * len(rows):
        return [bool(row[0]) for row in rows]
    return [True] * len(rows)


def _are_texts(rows: Sequence[Row]) -> bool:
    """Say whether lines with nothing beside them go on with the text above, and are no names of groups."""
    labels = [_label(row) for row in rows]
    alone = [number for number, row in enumerate(rows) if not any(row[1:])]
    full = _FULL * max(map(len, labels))
    return (
        sum(len(labels[n]) for n in alone) > _LINE * len(alone)
        and any(labels[n][:1].islower() for n in alone)
        and all(n and len(f"{labels[n - 1]} {labels[n].partition(' ')[0]}") > full for n in alone)
    )
