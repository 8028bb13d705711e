"""Tables without a rule: columns of numbers beside their labels; knows no library."""

from __future__ import annotations

import re
from collections.abc import Sequence

from upstage_docs.local.blocks import Cell
from upstage_docs.local.geometry import Box, bounds, middle
from upstage_docs.local.pdf.lines import Line
from upstage_docs.local.pdf.parts import Part

__all__ = ["number_tables"]

_NUMBER = re.compile(r"[(+−–-]?[$€£₩¥]?\d[\d.,\s]*(?:%|[a-z]{0,2})\)?[*†]?|[–—-]|n/?a", re.IGNORECASE)
_FORMULA_NUMBER = re.compile(r"\(\d{1,3}[a-z]?\)")
_LEAST_ROWS = 3
_LABEL_LETTERS = 60


def number_tables(lines: Sequence[Line]) -> tuple[list[Part], list[Line]]:
    """Find columns of three numbers or more that share their rows; return them as tables, and the lines that are none.

    The texts in the same rows to their left are the labels, a row right above them is the header.
    """
    stacks = _stacks([line for line in lines if _NUMBER.fullmatch(line.text)])
    tables: list[list[list[Line]]] = []
    for stack in sorted(stacks, key=lambda stack: stack[0].box[0]):
        home = next((table for table in tables if _share_rows(table, stack)), None)
        if home is None:
            tables.append([stack])
        else:
            home.append(stack)
    parts: list[Part] = []
    used: set[int] = set()
    for table in tables:
        found = _table(table, [line for line in lines if id(line) not in used])
        if found is not None:
            part, members = found
            parts.append(part)
            used.update(members)
    return parts, [line for line in lines if id(line) not in used]


def _stacks(numbers: Sequence[Line]) -> list[list[Line]]:
    """Gather numbers that stand under each other at one pitch."""
    stacks: list[list[Line]] = []
    for line in sorted(numbers, key=lambda line: line.baseline):
        home = next((stack for stack in stacks if _goes_on(stack, line)), None)
        if home is None:
            stacks.append([line])
        else:
            home.append(line)
    return [stack for stack in stacks if len(stack) >= _LEAST_ROWS and not _are_formula_numbers(stack)]


def _goes_on(stack: Sequence[Line], line: Line) -> bool:
    last = stack[-1]
    pitch = line.baseline - last.baseline
    usual = stack[1].baseline - stack[0].baseline if len(stack) > 1 else pitch
    aligned = abs(last.box[2] - line.box[2]) < 0.7 * line.size or abs(last.box[0] - line.box[0]) < 0.7 * line.size
    centred = abs(last.box[0] + last.box[2] - line.box[0] - line.box[2]) < line.size
    alike = abs(last.size - line.size) < 0.1 * line.size
    return 0.8 * line.size < pitch < min(3 * line.size, 2.3 * usual) and alike and (aligned or centred)


def _are_formula_numbers(stack: Sequence[Line]) -> bool:
    return all(_FORMULA_NUMBER.fullmatch(line.text) for line in stack)


def _share_rows(table: Sequence[Sequence[Line]], stack: Sequence[Line]) -> bool:
    """Say whether a stack stands in the rows of a table, not further to its right than the table is from its own."""
    last = table[-1]
    rows = sum(any(_in_row(line, other) for other in last) for line in stack)
    return rows >= 0.6 * min(len(stack), len(last)) and stack[0].box[0] - last[0].box[2] < 14 * stack[0].size


def _in_row(line: Line, other: Line) -> bool:
    return abs(line.baseline - other.baseline) < 0.4 * line.size


def _table(stacks: Sequence[Sequence[Line]], lines: Sequence[Line]) -> tuple[Part, set[int]] | None:
    """Return the table that stacks of numbers are the body of, and which lines it takes; None if it has no labels."""
    size = stacks[0][0].size
    heights: list[float] = []
    for line in sorted((line for stack in stacks for line in stack), key=lambda line: line.baseline):
        if not heights or line.baseline - heights[-1] > 0.4 * size:
            heights.append(line.baseline)
    members = {id(line) for stack in stacks for line in stack}
    columns = [list(stack) for stack in stacks]
    left = min(line.box[0] for line in columns[0])
    labels = []
    for height in heights:
        beside = [
            line
            for line in lines
            if id(line) not in members
            and abs(line.baseline - height) < 0.4 * size
            and line.box[2] < left + size
            and left - line.box[2] < 25 * size
        ]
        if beside:
            labels.append(max(beside, key=lambda line: line.box[2]))
    start = min((label.box[0] for label in labels), default=0.0)
    labels = [label for label in labels if label.box[0] - start < 3 * size and len(label.text) < _LABEL_LETTERS]
    if len(labels) < 0.7 * len(heights) or sum(any(map(str.isalpha, label.text)) for label in labels) < 0.5 * len(
        labels
    ):
        return None
    columns = [labels, *columns]
    above = _header(lines, columns, heights[0], size, members)
    if len(stacks) < 2 and not above:
        return None
    cells = [[""] * len(columns) for _ in range(len(heights) + bool(above))]
    for c, column in enumerate(columns):
        for line in column:
            members.add(id(line))
            r = min(range(len(heights)), key=lambda r: abs(heights[r] - line.baseline)) + bool(above)
            cells[r][c] = f"{cells[r][c]} {line.text}".strip()
        for line in above.get(c, ()):
            members.add(id(line))
            cells[0][c] = f"{cells[0][c]} {line.text}".strip()
    held = [line for line in lines if id(line) in members]
    box = bounds(line.box for line in held)
    between = [line for line in lines if id(line) not in members and _stands_in(line, box)]
    if between:
        return None
    part = Part("table", box, rows=tuple(tuple(Cell(text) for text in row) for row in cells), header_rows=bool(above))
    return part, members


def _header(
    lines: Sequence[Line], columns: Sequence[Sequence[Line]], first: float, size: float, members: set[int]
) -> dict[int, list[Line]]:
    """Return the texts of the row above the first, by column, if most columns of numbers have one."""
    over = [
        line
        for line in lines
        if id(line) not in members
        and 0.5 * size < first - line.baseline < 2.6 * size
        and len(line.text) < _LABEL_LETTERS
    ]
    if not over:
        return {}
    base = max(line.baseline for line in over)
    found: dict[int, list[Line]] = {}
    for line in over:
        if base - line.baseline > 0.4 * size:
            continue
        shared = [
            min(line.box[2], max(o.box[2] for o in column)) - max(line.box[0], min(o.box[0] for o in column))
            for column in columns
        ]
        best = max(range(len(columns)), key=lambda c: shared[c])
        if shared[best] > 0:
            found.setdefault(best, []).append(line)
    numbers = [c for c in found if c]
    return found if len(numbers) >= 0.6 * (len(columns) - 1) else {}


def _stands_in(line: Line, box: Box) -> bool:
    x, y = middle(line.box)
    return box[0] < x < box[2] and box[1] < y < box[3]
