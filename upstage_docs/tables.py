"""Table markup → its rows, by offsets into the text, and which of them are the header; knows one table at a time.

What is not well-formed is read by BeautifulSoup, and given up (the table stays whole) where words would be lost.
"""

from __future__ import annotations

import html as html_entities
import re
from dataclasses import dataclass
from itertools import accumulate

from upstage_docs.chunk_text import TAG

__all__ = ["Cell", "Row", "Table", "carried_sizes", "mended", "place_columns", "read_table", "words_of"]

_MARK = re.compile(r"<(/?)(table|thead|tbody|tfoot|tr)(?=[\s/>])[^<>]*>", re.IGNORECASE)
# In a well-formed row a cell begins, and the row ends, right after the row's own tag or another cell.
_ORDER = re.compile(r"(?:</t[dh]\s*>|<tr(?:\s[^<>]*)?>)\s*(?:(?=<t[dh][\s/>])|(?=</tr))", re.IGNORECASE)
_CELL_MARK = re.compile(r"<(/?)(td|th|table)(?=[\s/>])([^<>]*)>", re.IGNORECASE)
ROW_SPAN = re.compile(r"(?<![\w-])(rowspan\s*=\s*[\"']?\s*)(\d{1,9})", re.IGNORECASE)
_COLUMN_SPAN = re.compile(r"(?<![\w-])colspan\s*=\s*[\"']?\s*(\d{1,9})", re.IGNORECASE)

# https://html.spec.whatwg.org/multipage/tables.html#attr-tdth-colspan
_MOST_COLUMNS, _MOST_ROWS = 1000, 65534
# A header that spans more rows than this is no header: a first cell may well span 25 rows of the body.
_MOST_HEADER_ROWS, _MOST_TITLE_ROWS = 4, 3


@dataclass(slots=True)
class Cell:
    """A cell: its offsets, tags included, its row, its spans as they count, and its column where it was worked out."""

    start: int
    end: int
    row: int
    row_span: int
    column_span: int
    column: int = -1

    @property
    def until(self) -> int:
        """The first row below it."""
        return self.row + self.row_span


@dataclass(slots=True)
class Row:
    """A row: its offsets, tags included, and the number of its section (`thead`, `tbody`, `tfoot`), -1 for none."""

    start: int
    end: int
    section: int


@dataclass(slots=True)
class Section:
    """A `thead`, `tbody` or `tfoot`: its name, its opening tag as written, and the offset after its closing tag."""

    name: str
    opening: str
    end: int = -1


class Table:
    """A well-formed table in a text, which may hold more around it: a figure, a caption, a leading `<br>`."""

    def __init__(self, text: str, rows: list[Row], sections: list[Section]) -> None:
        self.text = text
        self.rows = rows
        self.sections = sections
        self._ends = list(range(1, len(rows) + 1))  # per row, the first row after its section
        for index in range(len(rows) - 2, -1, -1):
            if rows[index].section == rows[index + 1].section:
                self._ends[index] = self._ends[index + 1]
        self.header_rows = self._header()

    @property
    def has_row_spans(self) -> bool:
        """Whether any cell may span rows."""
        return ROW_SPAN.search(self.text) is not None

    def cells(self, index: int) -> list[Cell]:
        """Return the cells of a row; a nested table is part of its cell. Row spans end where the section does."""
        row = self.rows[index]
        cells: list[Cell] = []
        depth, opened, attributes = 0, -1, ""
        for match in _CELL_MARK.finditer(self.text, row.start, row.end):
            closing = match[1]
            if match[2].lower() == "table":
                depth += -1 if closing else 1
            elif depth:
                continue
            elif not closing:
                opened, attributes = match.start(), match[3]
            elif opened >= 0:
                row_span = 1
                if "span" in attributes and (found := ROW_SPAN.search(attributes)):
                    asked = min(int(found[2]), _MOST_ROWS) or _MOST_ROWS  # 0: to the end of the section
                    row_span = min(asked, self._ends[index] - index)
                found = _COLUMN_SPAN.search(attributes) if "span" in attributes else None
                column_span = min(int(found[1]), _MOST_COLUMNS) or 1 if found else 1
                cells.append(Cell(opened, match.end(), index, row_span, column_span))
                opened = -1
        return cells

    @property
    def columns(self) -> int:
        """How many columns the first row has."""
        return sum(cell.column_span for cell in self.cells(0)) if self.rows else 0

    def words(self, first: int, last: int) -> list[str]:
        """Return the words in the rows from *first* up to *last*, markup left out."""
        return words_of("".join(self.text[row.start : row.end] for row in self.rows[first:last]))

    @property
    def declared_header_rows(self) -> int:
        """How many rows the table itself calls its header: those of a `thead` at its top."""
        rows = self.rows
        if not rows or rows[0].section < 0 or self.sections[rows[0].section].name != "thead":
            return 0
        return next((index for index, row in enumerate(rows) if row.section != rows[0].section), len(rows))

    def _header(self) -> int:
        """Return how many first rows are the header.

        The rows of `thead` (its cells are `td` in the API's tables); without any, or with an empty one, the first row
        and those that its cells span. A title over all columns is part of the header and never all of it.
        """
        declared = self.declared_header_rows
        if declared == len(self.rows):
            declared = 0  # no body: not a header in any useful sense
        titles = 0
        while titles < min(len(self.rows) - 2, _MOST_TITLE_ROWS) and self._is_title(titles):
            titles += 1
        if len(self.rows) > titles and len(self.cells(titles)) < 2:
            titles = 0  # one cell to a row is how this table is
        if declared > titles:
            return declared
        if titles + 1 >= len(self.rows):
            return min(1, len(self.rows))
        header = titles + 1
        spanned = max((cell.until for cell in self.cells(titles)), default=header)
        if header < spanned <= titles + _MOST_HEADER_ROWS and 2 * spanned <= len(self.rows):
            header = spanned
        return header

    def _is_title(self, index: int) -> bool:
        cells = self.cells(index)
        return len(cells) == 1 and (cells[0].column_span > 1 or len(self.cells(index + 1)) > 1)


def read_table(text: str) -> Table | None:
    """Return the one table of *text*, None where there is none, several, or its markup is not well-formed."""
    lowered = text.lower()
    cells = lowered.count("<td") + lowered.count("<th") - lowered.count("<thead")
    if cells != lowered.count("</td") + lowered.count("</th") - lowered.count("</thead"):
        return None
    if len(_ORDER.findall(text)) != cells + lowered.count("</tr"):
        return None
    rows: list[Row] = []
    sections: list[Section] = []
    depth, row, section, seen, position, loose = 0, -1, -1, False, 0, False
    for match in _MARK.finditer(text):
        closing, name = bool(match[1]), match[2].lower()
        if name == "table":
            depth += -1 if closing else 1
            if depth < 0 or (depth == 1 and not closing and seen) or (depth == 2 and not closing and row < 0):
                return None
            if depth == 0 and (row >= 0 or section >= 0):
                return None
            seen = True
            if depth == 1 and not closing:
                position = match.end()
            continue
        if depth != 1:
            if depth == 0:
                return None
            continue
        if row < 0:
            loose = loose or bool(rows and text[position : match.start()].strip())
        if name == "tr":
            if closing == (row < 0):
                return None
            if closing:
                rows.append(Row(row, match.end(), section))
                row = -1
            elif loose:
                return None  # something stands between two rows
            else:
                row = match.start()
        elif row >= 0 or closing == (section < 0):
            return None
        elif closing:
            if sections[section].name != name:
                return None
            sections[section].end = match.end()
            section = -1
        else:
            sections.append(Section(name, match[0]))
            section = len(sections) - 1
        position = match.end()
    return Table(text, rows, sections) if seen and depth == 0 and rows else None


def mended(text: str) -> str | None:
    """Return *text* with its markup made well-formed by BeautifulSoup, None if that changed a word of it."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(text, "lxml")
    body = soup.body
    if body is None:
        return None
    markup = "".join(str(child) for child in body.contents)
    return markup if words_of(markup) == words_of(text) else None


def words_of(markup: str) -> list[str]:
    """Return the words of *markup* in order."""
    return html_entities.unescape(TAG.sub(" ", markup)).split()


def place_columns(rows: list[list[Cell]]) -> bool:
    """Work out the columns of all cells; return False, with nothing to rely on, where cells overlap or are too many."""
    work = 0
    most = 20 * sum(map(len, rows)) + 10_000
    spanning: list[Cell] = []  # cells of earlier rows that reach into this one, by column
    for index, cells in enumerate(rows):
        spanning = [cell for cell in spanning if cell.until > index]
        column, at = 0, 0
        for cell in cells:
            while at < len(spanning) and spanning[at].column <= column:
                column = max(column, spanning[at].column + spanning[at].column_span)
                at += 1
            cell.column = column
            column += cell.column_span
            if at < len(spanning) and spanning[at].column < column:
                return False
        spanning += [cell for cell in cells if cell.row_span > 1]
        spanning.sort(key=lambda cell: cell.column)
        work += len(spanning) + len(cells)
        if work > most:
            return False
    return True


def carried_sizes(rows: list[list[Cell]], sizes: dict[int, int]) -> list[int]:
    """Return, for each row, the size of the cells above that reach into it; *sizes* maps a cell's start to its size."""
    changes = [0] * (len(rows) + 1)
    for cells in rows:
        for cell in cells:
            if cell.row_span > 1:
                changes[cell.row + 1] += sizes[cell.start]
                changes[cell.until] -= sizes[cell.start]
    return list(accumulate(changes))
