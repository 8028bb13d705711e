"""The header of a ruled table: which columns each of its texts covers, by the rules under it and by where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from upstage_docs.local.geometry import Box, middle, shared_width
from upstage_docs.local.pdf.lines import Line

__all__ = ["HeaderCell", "header_cells"]

Columns = Sequence[tuple[float, float]]

_SAME_LEVEL = 0.5
"""Of the font size: what two baselines of one level differ by at most."""
_PITCH = 1.45
"""Font sizes: what lines of one text are apart at most; two levels without a rule between them stand further."""
_UNDER = 4.0
"""Font sizes: how far under its baseline the rules of a text stand at most, a level of texts between them."""
_COVERS = 0.5
"""Of a column's width: what a text without a rule must overlap of a second column, to cover it too."""


class HeaderCell(NamedTuple):
    """A text over columns *first* to *last*, on levels *top* to *bottom*."""

    text: str
    top: int
    bottom: int
    first: int
    last: int


class _Piece(NamedTuple):
    lines: tuple[Line, ...]
    level: int
    first: int
    last: int


def header_cells(lines: Sequence[Line], columns: Columns, rules: Sequence[Box]) -> tuple[list[HeaderCell], int]:
    """Return the cells of a header, and how many levels it has.

    Args:
        lines: Of the header, those of one level apart where columns part them.
        columns: Where the columns of the table's body run, from left to right.
        rules: Horizontal rules that run under some of the columns only.
    """
    levels: list[float] = []
    for line in sorted(lines, key=lambda line: line.baseline):
        if not levels or line.baseline - levels[-1] > _SAME_LEVEL * line.size:
            levels.append(line.baseline)
    pieces: list[_Piece] = []
    for line in sorted(lines, key=lambda line: (line.baseline, line.box[0])):
        level = min(range(len(levels)), key=lambda n: abs(levels[n] - line.baseline))
        beside = [o for o in lines if o is not line and abs(o.baseline - line.baseline) <= _SAME_LEVEL * line.size]
        first, last = _covered(line, beside, columns, rules)
        above = next((p for p in reversed(pieces) if (p.first, p.last) == (first, last)), None)
        if above is not None and _goes_on(above.lines[-1], line, rules):
            pieces[pieces.index(above)] = above._replace(lines=(*above.lines, line))
        else:
            pieces.append(_Piece((line,), level, first, last))
    kept = sorted({piece.level for piece in pieces})
    number = {level: n for n, level in enumerate(kept)}
    pieces = [piece._replace(level=number[piece.level]) for piece in pieces]
    taken = {(p.level, c) for p in pieces for c in range(p.first, p.last + 1)}
    cells = []
    for piece in pieces:
        across = range(piece.first, piece.last + 1)
        top, bottom = piece.level, piece.level
        while top > 0 and not any((top - 1, c) in taken for c in across):
            top -= 1
        while bottom + 1 < len(kept) and not any((bottom + 1, c) in taken for c in across):
            bottom += 1
        taken.update((level, c) for level in range(top, bottom + 1) for c in across)
        text = " ".join(line.text for line in piece.lines)
        cells.append(HeaderCell(text, top, bottom, piece.first, piece.last))
    return cells, len(kept)


def _covered(line: Line, beside: Sequence[Line], columns: Columns, rules: Sequence[Box]) -> tuple[int, int]:
    """Return the first and the last column that a text covers, and no other of its level with it.

    It covers what a rule under it does, or several side by side of whose middle it stands over.
    """
    x, _ = middle(line.box)
    others = [middle(other.box)[0] for other in beside]
    below = sorted(r[1] for r in rules if 0 < r[1] - line.baseline < _UNDER * line.size)
    for y in dict.fromkeys(below):
        pieces = sorted(r for r in rules if abs(r[1] - y) < 1)
        runs = [(pieces[i][0], pieces[j][2]) for i in range(len(pieces)) for j in range(i, len(pieces))]
        runs = [
            (start, end)
            for start, end in runs
            if start - line.size < line.box[0] and line.box[2] < end + line.size
            if not any(start < other < end for other in others)
        ]
        if runs:
            start, end = min(runs, key=lambda run: (round(abs((run[0] + run[1]) / 2 - x) / line.size), run[1] - run[0]))
            inside = [c for c, (left, right) in enumerate(columns) if start - 2 <= (left + right) / 2 <= end + 2]
            if inside:
                return inside[0], inside[-1]
    over = [
        c
        for c, (left, right) in enumerate(columns)
        if shared_width(line.box, (left, 0, right, 0)) > _COVERS * min(right - left, line.box[2] - line.box[0])
    ]
    if over:
        return over[0], over[-1]
    nearest = min(range(len(columns)), key=lambda c: abs((columns[c][0] + columns[c][1]) / 2 - x))
    return nearest, nearest


def _goes_on(above: Line, line: Line, rules: Sequence[Box]) -> bool:
    """Say whether *line* is the next line of a text, with no rule between the two."""
    pitch = line.baseline - above.baseline
    ruled = any(above.baseline < r[1] < line.baseline and shared_width(r, line.box) > 0 for r in rules)
    return 0 < pitch < _PITCH * line.size and not ruled
