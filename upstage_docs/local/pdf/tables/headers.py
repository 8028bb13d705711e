"""Finds which columns each text of a table's header covers, by the ruled lines below it and by its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from upstage_docs.local.geometry import Box, bounds, middle, shared_width
from upstage_docs.local.pdf.lines import Line

Columns = Sequence[tuple[float, float]]

# Measured on eighty benchmark pages: a fifth more or less changes the blocks of none.
WHOLE = 0.9
"""Of the width of a table: a rule that is longer goes through all its columns, a shorter one under some of them."""

_SAME_LEVEL = 0.5
"""Of the font size: what two baselines of one level differ by at most."""
_PITCH = 1.45
"""Font sizes: what lines of one text are apart at most; two levels without a rule between them stand further."""
_UNDER = 4.0
"""Font sizes: how far under its baseline the rules of a text stand at most, a level of texts between them."""
_COVERS = 0.5
"""Of a column's width: what a text without a rule must overlap of a second column, to cover it too."""

_OFF_MIDDLE = 1.2
"""Font sizes: what a text over several columns is off their middle at most, since columns end where their texts do."""
_MOST_COLUMNS = 24
"""Of a header whose texts are tried over all columns near them."""


class HeaderCell(NamedTuple):
    """A text of a header: it covers the columns *first* to *last*, on the levels *top* to *bottom*."""

    text: str
    top: int
    bottom: int
    first: int
    last: int


class _Piece(NamedTuple):
    """Lines of one text and the columns that it covers; *ruled* says whether a rule right under it tells these."""

    lines: tuple[Line, ...]
    level: int
    first: int
    last: int
    ruled: bool


def header_cells(
    lines: Sequence[Line], columns: Columns, rules: Sequence[Box], *, named: bool = False
) -> tuple[list[HeaderCell], int]:
    """Return the cells of a header, and how many levels it has.

    Args:
        lines: Of the header, those of one level apart where columns part them.
        columns: Where the columns of the table's body run, from left to right.
        rules: Horizontal rules that run under some of the columns only.
        named: Whether a row with a name for every column stands below these lines.
    """
    levels: list[float] = []
    for line in sorted(lines, key=lambda line: line.baseline):
        if not levels or line.baseline - levels[-1] > _SAME_LEVEL * line.size:
            levels.append(line.baseline)
    pieces: list[_Piece] = []
    for line in sorted(lines, key=lambda line: (line.baseline, line.box[0])):
        level = min(range(len(levels)), key=lambda n: abs(levels[n] - line.baseline))
        beside = [o for o in lines if o is not line and abs(o.baseline - line.baseline) <= _SAME_LEVEL * line.size]
        first, last, ruled = _covered(line, beside, columns, rules)
        above = next((p for p in reversed(pieces) if (p.first, p.last) == (first, last)), None)
        if above is not None and _is_next_line(above.lines[-1], line, rules):
            pieces[pieces.index(above)] = above._replace(lines=(*above.lines, line))
        else:
            pieces.append(_Piece((line,), level, first, last, ruled))
    kept = sorted({piece.level for piece in pieces})
    number = {level: n for n, level in enumerate(kept)}
    pieces = [piece._replace(level=number[piece.level]) for piece in pieces]
    pieces = [piece for level in range(len(kept)) for piece in _widened(pieces, level, columns, named=named)]
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
    return _without_doubles(cells, len(kept))


def lay_header(
    cells: Sequence[HeaderCell], count: int, width: int
) -> tuple[list[list[str]], dict[tuple[int, int], tuple[int, int]]]:
    """Return *count* header rows over *width* columns as texts, and how many rows and columns each cell covers."""
    texts = [[""] * width for _ in range(count)]
    spans = {(r, c): (1, 1) for r in range(count) for c in range(width)}
    for cell in cells:
        texts[cell.top][cell.first] = f"{texts[cell.top][cell.first]} {cell.text}".strip()
        for r in range(cell.top, cell.bottom + 1):
            for c in range(cell.first, cell.last + 1):
                spans.pop((r, c), None)
        spans[cell.top, cell.first] = cell.bottom - cell.top + 1, cell.last - cell.first + 1
    return texts, spans


def _without_doubles(cells: Sequence[HeaderCell], count: int) -> tuple[list[HeaderCell], int]:
    """Leave out the levels at which no cell begins alone: every cell there goes on from the level above."""
    ends = {cell.bottom for cell in cells}
    starts = {cell.top for cell in cells}
    number, numbers = 0, []
    for level in range(count):
        number += level > 0 and (level in starts and level - 1 in ends)
        numbers.append(number)
    return [cell._replace(top=numbers[cell.top], bottom=numbers[cell.bottom]) for cell in cells], number + 1


def _widened(pieces: Sequence[_Piece], level: int, columns: Columns, *, named: bool) -> list[_Piece]:
    """Return the pieces of a level, those that stand over the middle of several columns widened to these.

    Only columns that have a text on a deeper level, or a name below all levels, and none on this one are free.
    """
    own = sorted((piece for piece in pieces if piece.level == level), key=lambda piece: piece.first)
    deeper = {c for piece in pieces if piece.level > level for c in range(piece.first, piece.last + 1)}
    if named:
        deeper.update(range(1, len(columns)))
    taken = {c for piece in own for c in range(piece.first, piece.last + 1)}
    free = deeper - taken
    if not free or len(columns) > _MOST_COLUMNS:
        return own

    def best(number: int, start: int) -> tuple[int, float, list[_Piece]]:
        """Return how many columns the pieces from *number* on cover at most, how far off, and as which pieces."""
        if number == len(own):
            return 0, 0.0, []
        piece = own[number]
        found = []
        for first, last in [(piece.first, piece.last), *_ranges(piece, free, deeper, start)]:
            wider = last - first > piece.last - piece.first
            off = _off_middle(piece, first, last, columns) if wider or named else 0.0
            if off <= _OFF_MIDDLE * piece.lines[0].size or not wider:
                covered, sum_off, rest = best(number + 1, last + 1)
                found.append((covered + last - first, sum_off + off, [piece._replace(first=first, last=last), *rest]))
        return max(found, key=lambda one: (-one[1], -one[0]) if named else (one[0], -one[1]))

    return best(0, 0)[2]


def _ranges(piece: _Piece, free: set[int], deeper: set[int], start: int) -> list[tuple[int, int]]:
    """Return the wider ranges of columns, from *start* on, that a text may cover."""
    if piece.ruled or not all(c in deeper for c in range(piece.first, piece.last + 1)):
        return []
    firsts, lasts = [piece.first], [piece.last]
    while firsts[-1] - 1 in free and firsts[-1] - 1 >= start:
        firsts.append(firsts[-1] - 1)
    while lasts[-1] + 1 in free:
        lasts.append(lasts[-1] + 1)
    return [(first, last) for first in firsts for last in lasts if (first, last) != (piece.first, piece.last)]


def _off_middle(piece: _Piece, first: int, last: int, columns: Columns) -> float:
    """Return how far the middle of a text is from that of columns, or its left end from theirs."""
    box = bounds(line.box for line in piece.lines)
    left, right = columns[first][0], columns[last][1]
    return min(abs(middle(box)[0] - (left + right) / 2), abs(box[0] - left))


def _covered(line: Line, beside: Sequence[Line], columns: Columns, rules: Sequence[Box]) -> tuple[int, int, bool]:
    """Return the first and the last column that a text covers, and whether a rule right under it tells so.

    It covers no other text of its level, and what a rule under it does, or several side by side of whose middle it
    stands over.
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
                return inside[0], inside[-1], y - line.baseline < _PITCH * line.size
    over = [
        c
        for c, (left, right) in enumerate(columns)
        if shared_width(line.box, (left, 0, right, 0)) > _COVERS * min(right - left, line.box[2] - line.box[0])
    ]
    if over:
        return over[0], over[-1], False
    nearest = min(range(len(columns)), key=lambda c: abs((columns[c][0] + columns[c][1]) / 2 - x))
    return nearest, nearest, False


def _is_next_line(above: Line, line: Line, rules: Sequence[Box]) -> bool:
    """Say whether *line* is the next line of a text, with no rule between the two."""
    pitch = line.baseline - above.baseline
    ruled = any(above.baseline < r[1] < line.baseline and shared_width(r, line.box) > 0 for r in rules)
    return 0 < pitch < _PITCH * line.size and not ruled
