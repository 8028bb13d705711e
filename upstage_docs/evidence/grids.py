"""Reads HTML and Markdown tables as a grid of texts in which cells that span are repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from upstage_docs.chunking.blocks import blocks
from upstage_docs.chunking.markdown import is_drawn_rule, is_rule
from upstage_docs.chunking.table import can_be_mended, mended, place_columns, read_table
from upstage_docs.records.header_rows import split_pipes
from upstage_docs.records.render import text_of_html

_MOST_CELLS = 1_000_000
"""Of a grid; what asks for more spans more than any table, and its spans are not repeated."""
_MOST_HEADER_ROWS = 4
"""Of Markdown, where each repeats what spans rows: converters write one to three."""
_BETWEEN_NUMBERS = re.compile(r"(?<=\d)\n(?=\d{3}(?!\d))")
"""The line break between two numbers that would be one with a blank between them: `120 350`."""


class SpanningCell(msgspec.Struct, frozen=True):
    """A cell that reaches over several rows or columns, counted from 0 at the top left, header rows included."""

    row: int
    column: int
    rows: int
    columns: int


class Grid(msgspec.Struct, frozen=True):
    """The rows and columns of one table in a text.

    Attributes:
        rows: The texts of all rows, header rows included, each as long as the longest.
        header_rows: How many of them are the header.
        spans: Cells that span, whose texts are repeated in *rows*.
        start, end: Where the table stands in the text.
        offsets: Where each row begins in the text.
        around: What stands in the table's own block beside its rows: a caption, the notes of a chart.
    """

    rows: tuple[tuple[str, ...], ...]
    header_rows: int
    spans: tuple[SpanningCell, ...]
    start: int
    end: int
    offsets: tuple[int, ...]
    around: str = ""


def grids(text: str) -> Iterator[Grid]:
    """Yield the tables of *text* in order; a text without a tag or the bar between two cells is not parsed for them."""
    if "<" not in text and "|" not in text:
        return
    for block in blocks(text):
        if block.kind != "whole" or block.category not in {"table", "chart"}:
            continue
        markup = text[block.start : block.end]
        if markup.lstrip().startswith("<"):
            grid = _of_html(markup, block.start, block.end)
        else:
            grid = _of_pipes(markup, block.start, block.end)
        if grid is not None:
            yield grid


def _of_html(markup: str, start: int, end: int) -> Grid | None:
    table, exact = read_table(markup), True
    if table is None:
        repaired = mended(markup) or _rebuilt(markup)
        table, exact = read_table(repaired) if repaired else None, False
    if table is None:
        return None
    cells = [table.cells(index) for index in range(len(table.rows))]
    placed = place_columns(cells)
    if not placed:
        for row in cells:
            for column, cell in enumerate(row):
                cell.column, cell.column_span, cell.row_span = column, 1, 1
    width = max((cell.column + cell.column_span for row in cells for cell in row), default=0)
    if width * len(cells) > _MOST_CELLS:
        return None
    rows = [[""] * width for _ in cells]
    spans = []
    for index, row in enumerate(cells):
        for cell in row:
            said = _words_of_cell(table.text[cell.start : cell.end])
            for down in range(index, min(cell.until, len(rows))):
                rows[down][cell.column : cell.column + cell.column_span] = [said] * cell.column_span
            if cell.row_span > 1 or cell.column_span > 1:
                spans.append(SpanningCell(index, cell.column, cell.row_span, cell.column_span))
    offsets = tuple(start + row.start for row in table.rows) if exact else (start,) * len(rows)
    around = text_of_html(table.text[: table.rows[0].start] + "\n" + table.text[table.rows[-1].end :])
    return Grid(tuple(map(tuple, rows)), table.header_rows, tuple(spans), start, end, offsets, around)


def _words_of_cell(markup: str) -> str:
    """Return the words of a cell on one line; two blanks stand between numbers that would seem to be one."""
    return _BETWEEN_NUMBERS.sub("  ", text_of_html(markup)).replace("\n", " ")


def _rebuilt(markup: str) -> str:
    """Return the table as an HTML parser understands it, whatever words stand between its rows; `""` if too large."""
    from bs4 import BeautifulSoup

    if not can_be_mended(markup):
        return ""
    found = BeautifulSoup(markup, "lxml").find("table")
    return str(found) if found is not None else ""


def _of_pipes(markup: str, start: int, end: int) -> Grid | None:
    rows, offsets = [], []
    position = start
    for number, line in enumerate(markup.splitlines(keepends=True)):
        if line.strip() and not (is_drawn_rule(line) if number != 1 else is_rule(line)):
            cells = [cell.replace("\\|", "|") for cell in split_pipes(line)]
            # A tag in code is one of its words.
            rows.append([" ".join(cell.split()) if "`" in cell else _words_of_cell(cell) for cell in cells])
            offsets.append(position)
        position += len(line)
    if not rows:
        return None
    width = max(map(len, rows))
    full = tuple(tuple(row + [""] * (width - len(row))) for row in rows)
    # Markdown has one header row, and repeats what spans: rows that begin as it does are of the same header.
    header = 1
    while header < min(len(full) - 1, _MOST_HEADER_ROWS) and full[0][0] and full[header][0] == full[0][0]:
        header += 1
    return Grid(full, header, (), start, end, tuple(offsets))


def is_title(row: tuple[str, ...]) -> bool:
    """Return whether a row says one thing over all columns."""
    return len(row) > 1 and len(set(row)) == 1 and bool(row[0])
