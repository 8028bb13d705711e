"""Table markup → its rows, by offsets into the text, and which of them are the header; knows one table at a time.

What is not well-formed is read by BeautifulSoup, and given up (the table stays whole) where words would be lost.
"""

from __future__ import annotations

import html as html_entities
import re
from functools import cached_property
from itertools import accumulate, islice

import msgspec

from upstage_docs.chunk_text import TAG

__all__ = ["Cell", "Row", "Table", "carried_sizes", "mended", "place_columns", "read_table", "words_of"]

# Tags and spans in capitals are left to BeautifulSoup: the API writes none.
_CAPITALS = re.compile(r"</?T(?:ABLE|HEAD|BODY|FOOT|R|D|H)[\s/>]|<t[dh]\s[^<>]*(?:ROW|COL)SPAN")
_TABLE = re.compile(r"<(/?)table(?=[\s/>])[^<>]*>")
_SECTION = re.compile(r"<(/?)(thead|tbody|tfoot)(?=[\s/>])[^<>]*>")
# In a well-formed row a cell begins, and the row ends, right after the row's own tag or another cell.
_ORDER = re.compile(r"(?:</t[dh]\s*>|<tr(?:\s[^<>]*)?>)\s*(?:(?=<t[dh][\s/>])|(?=</tr))")
_CELL_MARK = re.compile(r"<(/?)t[dh](?=[\s/>])([^<>]*)>")
ROW_SPAN = re.compile(r"(rowspan\s*=\s*[\"']?\s*)(\d{1,9})")
_COLUMN_SPAN = re.compile(r"colspan\s*=\s*[\"']?\s*(\d{1,9})")

# https://html.spec.whatwg.org/multipage/tables.html#attr-tdth-colspan
_MOST_COLUMNS, _MOST_ROWS = 1000, 65534
# A header that spans more rows than this is no header: a first cell may well span 25 rows of the body.
_MOST_HEADER_ROWS, _MOST_TITLE_ROWS = 4, 3


class Cell(msgspec.Struct, gc=False):
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


class Row(msgspec.Struct, gc=False):
    """A row: its offsets, tags included, and the number of its section (`thead`, `tbody`, `tfoot`), -1 for none."""

    start: int
    end: int
    section: int


class Section(msgspec.Struct, gc=False):
    """A `thead`, `tbody` or `tfoot`: its name, its opening tag as written, its first row, and where it ends."""

    name: str
    opening: str
    first: int
    end: int = -1


class Table:
    """A well-formed table in a text, which may hold more around it: a figure, a caption, a leading `<br>`."""

    def __init__(self, text: str, masked: str, rows: list[Row], sections: list[Section]) -> None:
        self.text = text
        self._masked = masked  # the same with nested tables blanked out
        self.rows = rows
        self.sections = sections
        self.header_rows = self._header()

    @property
    def has_row_spans(self) -> bool:
        """Whether any cell may span rows."""
        return "rowspan" in self._masked

    @cached_property
    def _ends(self) -> list[int]:
        """Per row, the first row after its section: there its spans end at the latest."""
        rows = self.rows
        ends = list(range(1, len(rows) + 1))
        for index in range(len(rows) - 2, -1, -1):
            if rows[index].section == rows[index + 1].section:
                ends[index] = ends[index + 1]
        return ends

    def reaches(self) -> list[int]:
        """Return, for each row, the first row that no cell of it spans into; too late rather than too early."""
        reaches = list(range(1, len(self.rows) + 1))
        index = 0
        for match in ROW_SPAN.finditer(self._masked, self.rows[0].start, self.rows[-1].end):
            while self.rows[index].end < match.start():
                index += 1
            asked = int(match[2]) or _MOST_ROWS
            reaches[index] = max(reaches[index], min(index + asked, self._ends[index]))
        return reaches

    def cells(self, index: int) -> list[Cell]:
        """Return the cells of a row; a nested table is part of its cell. Row spans end where the section does."""
        row = self.rows[index]
        cells: list[Cell] = []
        start, attributes = -1, ""
        for match in _CELL_MARK.finditer(self._masked, row.start, row.end):
            if not match[1]:
                start, attributes = match.start(), match[2]
                continue
            row_span = column_span = 1
            if attributes:
                if found := ROW_SPAN.search(attributes):
                    asked = int(found[2]) or _MOST_ROWS  # 0: to the end of the section
                    row_span = min(asked, self._ends[index] - index)
                if found := _COLUMN_SPAN.search(attributes):
                    column_span = min(int(found[1]), _MOST_COLUMNS) or 1
            cells.append(Cell(start, match.end(), index, row_span, column_span))
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
    masked: str | None = text
    if text.count("<table") != 1 or text.count("</table") != 1:
        masked = _without_nested(text)
    if masked is None:
        return None
    if ("<T" in masked or "</T" in masked or "SPAN" in masked) and _CAPITALS.search(masked):
        return None
    rows, gaps = _rows(masked)
    if not rows or not _in_order(masked):
        return None
    if not masked.index("<table") < rows[0].start or not rows[-1].end <= masked.index("</table"):
        return None
    sections: list[Section] = []
    for start, end, following in gaps:
        for match in _SECTION.finditer(masked, start, end):
            opened = bool(sections) and sections[-1].end < 0
            if bool(match[1]) != opened or (opened and sections[-1].name != match[2]):
                return None
            if opened:
                sections[-1].end = match.end()
                for row in islice(rows, sections[-1].first, following):
                    row.section = len(sections) - 1
            else:
                sections.append(Section(match[2], match[0], following))
    if sections and sections[-1].end < 0:
        return None
    return Table(text, masked, rows, sections)


def _rows(masked: str) -> tuple[list[Row], list[tuple[int, int, int]]]:
    """Return the rows, none if they are not one after the other, and `(start, end, next row)` of what is between."""
    *pieces, rest = masked.split("</tr>")
    rows: list[Row] = []
    gaps: list[tuple[int, int, int]] = []
    end = 0
    for piece in pieces:
        at = piece.find("<tr")
        if at:
            if at < 0 or (rows and _SECTION.sub("", piece[:at]).strip()):
                return [], []  # an end without a beginning, or something that stands between two rows
            gaps.append((end, end + at, len(rows)))
        rows.append(Row(end + at, end + len(piece) + 5, -1))
        end += len(piece) + 5
    gaps.append((end, end + len(rest), len(rows)))
    return (rows, gaps) if masked.count("<tr") == masked.count("</tr") == len(rows) else ([], [])


def _in_order(masked: str) -> bool:
    """Return whether every cell begins, and every row ends, right after the row's own tag or another cell's end."""
    cells, ends, heads = masked.count("<td"), masked.count("</td"), masked.count("<thead")
    if masked.count("<th") == heads and cells == ends:  # nearly all tables of the API: no white space, no `th`
        inside = masked.count("<tr><td") + masked.count("</td><td")
        if inside == cells and masked.count("</td></tr") + masked.count("<tr></tr") == masked.count("</tr"):
            return True
    cells += masked.count("<th") - heads
    ends += masked.count("</th") - masked.count("</thead")
    return cells == ends and len(_ORDER.findall(masked)) == cells + masked.count("</tr")


def _without_nested(text: str) -> str | None:
    """Return *text* with the tables inside its one table blanked out, None where it is not one table."""
    depth, seen, position = 0, False, 0
    pieces: list[str] = []
    for match in _TABLE.finditer(text):
        depth += -1 if match[1] else 1
        if depth < 0 or (depth == 1 and not match[1] and seen):
            return None
        seen = True
        if depth == 2 and not match[1]:
            pieces.append(text[position : match.start()])
            position = match.start()
        elif depth == 1 and match[1]:
            pieces.append(" " * (match.end() - position))
            position = match.end()
    return "".join([*pieces, text[position:]]) if seen and depth == 0 else None


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
