"""Reads the markup of one table: its rows, as offsets into the text, and which of them are the header.

What is not well-formed is read by BeautifulSoup, and given up (the table stays whole) where words would be lost.
"""

from __future__ import annotations

import html as html_entities
import re
from bisect import bisect_left
from functools import cached_property, partial
from itertools import accumulate, compress, groupby
from operator import attrgetter, ne

import msgspec

from upstage_docs.chunking.masking import FILLER, is_plain, masked_markup
from upstage_docs.chunking.text_breaks import TAG
from upstage_docs.records.header_rows import (
    MOST_CELLS_READ,
    MOST_ROWS_READ,
    CellWords,
    begins_section,
    infer_header_rows,
    without_sections,
    words_of_cell,
)

# Of masked text, in lower case: what only looks like a tag is blanked out, and so are the tables in cells.
_NAMES = r"t(?:[dhr]|head|body|foot|able)|c(?:aption|ol|olgroup)"
_INNER = rf"[^<]*(?:<(?!/?(?:{_NAMES})[\s/>])[^<]*)*"
# A well-formed row, and one as programs write it: no markup in its cells, attributes in lower case and with no angles.
_ROW = re.compile(rf"<tr(?:\s[^<>]*)?>\s*(?:<t[dh](?:\s[^<>]*)?>{_INNER}</t[dh]\s*>\s*)*</tr\s*>")
_PLAIN = r"(?:\s+[a-z-]+=(?:\"[^\"<>]*\"|'[^'<>]*'|[\w.%#-]+))*\s*"
# A cell is matched in one way only, so that a row that is none is given up at once.
_PLAIN_ROW = re.compile(rf"<tr{_PLAIN}>(?:(?:<td>|<t(?:h|d(?!>)){_PLAIN}>)[^<]*</t[dh]>)*</tr>")
_BROKEN = re.compile(r"</?t[rdh](?=[\s/>])|<!")  # where no row is
_TABLE = re.compile(r"<(/?)table(?=[\s/>])[^<>]*>")
_SECTION = re.compile(r"<(/?)(thead|tbody|tfoot)(?=[\s/>])[^<>]*>")
_GAP = re.compile(rf"\s*(?:</?t(?:head|body|foot)(?=[\s/>])[^<>]*>\s*)*(?P<comment>{FILLER}[{FILLER}\s]*)?")
_CELL_MARK = re.compile(r"<(/?)t[dh](?=[\s/>])([^<>]*)>")
_OPENING_CELL = re.compile(r"<t[dh](?=[\s/>])")
# A row with words in its first cell alone; and the end of a blank cell, which is found four times as fast.
_ONE_LABEL = re.compile(
    r"<tr(?:\s[^<>]*)?>\s*<t[dh](?:\s[^<>]*)?>[^<]*(?:<(?!/?t)[^<]*)*</t[dh]\s*>"
    r"(?:\s*<t[dh](?:\s[^<>]*)?>(?:\s|&nbsp;|<br\s?/?>)*</t[dh]\s*>)*\s*</tr\s*>"
)
_BLANK_CELL = re.compile(r"</t[dh][\s>](?<=[>;\s]</t[dh].)", re.DOTALL)
_CAPITALS = re.compile(rf"</?(?i:{_NAMES})(?=[\s/>])[^<>]*>")

# From where a name begins only, and with no two runs of white space that touch, so that time stays linear.
_ATTRIBUTE = re.compile(r"(?<![^\s=\"'<>/])([^\s=\"'<>/]+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'<>]+)")
_NUMBER = re.compile(r"[\"']?\s*\+?0*(\d+)")
_ROW_SPAN = re.compile(r"rowspan\s*=\s*(?:[\"']\s*)?\+?0*(\d+)")

# https://html.spec.whatwg.org/multipage/tables.html#attr-tdth-colspan
_MOST_COLUMNS, MOST_ROWS = 1000, 65534
_MOST_TITLE_ROWS = 3  # of one cell each, above the names of columns: title, period, unit
# Comparisons of cells that place them in columns: for each cell, and for any table; more only hostile spans ask for.
_MOST_WORK, _LITTLE_WORK = 20, 10_000
# BeautifulSoup takes 0.6 KB for each. No table of an answer has as many.
_MOST_TAGS_MENDED = 100_000


class CellMarkup(msgspec.Struct, gc=False):
    """A cell: its offsets, tags included, its row, its spans as they count, and its column where it was worked out.

    `overlong` says that it asks for more rows than its section has.
    """

    start: int
    end: int
    row: int
    row_span: int
    column_span: int
    overlong: bool
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


class TableSection(msgspec.Struct, gc=False):
    """A `thead`, `tbody` or `tfoot`: its name, its opening tag as written, its first row, and where it ends."""

    name: str
    opening: str
    first: int
    end: int = -1


class Table:
    """A well-formed table in a text, which may hold more around it: a figure, a caption, a leading `<br>`."""

    def __init__(self, text: str, structure: str, rows: list[Row], sections: list[TableSection]) -> None:
        self.text = text
        self._structure = structure  # the same, masked
        self.rows = rows
        self.sections = sections
        self.header_rows = self._header()

    @cached_property
    def has_row_spans(self) -> bool:
        """Whether any cell may span rows."""
        return "rowspan" in self._structure

    @cached_property
    def _ends(self) -> list[int]:
        """Per row, the first row after its section: there its spans end at the latest."""
        ends: list[int] = []
        for _, rows in groupby(self.rows, attrgetter("section")):
            count = len(list(rows))
            ends += [len(ends) + count] * count
        return ends

    def reaches(self) -> tuple[list[int], bool]:
        """Return, for each row, the first row that no cell of it spans into, and whether any cell is overlong.

        Attributes are not read one by one: too late rather than too early, and rather yes than no.
        """
        rows, ends = self.rows, self._ends
        reaches = list(range(1, len(rows) + 1))
        index, overlong = 0, False
        for match in _ROW_SPAN.finditer(self._structure, rows[0].start, rows[-1].end):
            index = bisect_left(rows, match.start(), index, key=attrgetter("end"))
            until, most = index + (int(match[1][:9]) or MOST_ROWS), ends[index]
            overlong = overlong or until > most
            reaches[index] = max(reaches[index], min(until, most))
        return reaches, overlong

    def cells(self, index: int) -> list[CellMarkup]:
        """Return the cells of a row; a nested table is part of its cell. Row spans end where the section does."""
        row = self.rows[index]
        cells: list[CellMarkup] = []
        start, attributes = -1, ""
        for match in _CELL_MARK.finditer(self._structure, row.start, row.end):
            if not match[1]:
                start, attributes = match.start(), match[2]
                continue
            tall = wide = 1
            most = self._ends[index] - index
            for name, value in _ATTRIBUTE.findall(attributes) if "span" in attributes else ():
                if (number := _NUMBER.match(value)) and name == "rowspan":
                    tall = int(number[1][:9]) or most  # 0: to the end of the section
                elif number and name == "colspan":
                    wide = min(int(number[1][:9]), _MOST_COLUMNS) or 1
            cells.append(CellMarkup(start, match.end(), index, min(tall, most), wide, tall > most))
        return cells

    def inside(self, index: int) -> int:
        """Return where the content of a row begins: after its tag, and the comments that may stand before that."""
        return self._structure.index(">", self._structure.index("<tr", self.rows[index].start)) + 1

    def clipped(self, cell: CellMarkup, rows: int) -> str:
        """Return the markup of *cell*, which spans rows, with a span of so many *rows*."""
        end = self._structure.index(">", cell.start)
        return _ATTRIBUTE.sub(partial(_with_rows, rows), self.text[cell.start : end]) + self.text[end : cell.end]

    def section_rows(self) -> list[int]:
        """Return the rows of the body that name a section: one label, and no value beside it."""
        rows = self.rows
        body = rows[self.header_rows].start if self.header_rows < len(rows) else len(self._structure)
        if not _BLANK_CELL.search(self._structure, body) and self._structure.find("colspan", body) < 0:
            return []
        return [
            index
            for index in range(self.header_rows, len(rows))
            if _ONE_LABEL.fullmatch(self._structure, rows[index].start, rows[index].end)
            and begins_section(self._read_cells(index))
        ]

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

        The rows of `thead` (its cells are `td` in the API's tables) above a first section; without any, or with an
        empty one, the first row and those that its cells span. A title over all columns is part of the header and never
        all of it.
        """
        declared = self.declared_header_rows
        if declared == len(self.rows):
            declared = 0  # no body: not a header in any useful sense
        titles, cells = 0, self._count(0)
        while cells == 1 and titles < min(len(self.rows) - 2, _MOST_TITLE_ROWS) and self._is_title(titles):
            titles += 1
            cells = self._count(titles)
        if cells < 2:
            titles = 0  # one cell to a row is how this table is
        if declared == titles + 1 or declared > MOST_ROWS_READ:
            return declared  # the former nearly always, and no cell of it need be read
        if declared > titles:
            return titles + without_sections(list(map(self._read_cells, range(titles, declared))))
        if titles + 1 >= len(self.rows):
            return min(1, len(self.rows))
        return titles + self._inferred(titles)

    def _inferred(self, first: int) -> int:
        """Return how many rows from *first* on are the header, by what stands in them."""
        last = min(len(self.rows), first + MOST_ROWS_READ)
        return infer_header_rows([self._read_cells(index) for index in range(first, last)])

    def _read_cells(self, index: int) -> list[CellWords]:
        """Return the first cells of a row with their words."""
        return [
            CellWords(words_of_cell(self.text[cell.start : cell.end]), cell.row_span, cell.column_span)
            for cell in self.cells(index)[:MOST_CELLS_READ]
        ]

    def _is_title(self, index: int) -> bool:
        """Return whether the one cell of a row goes over all columns."""
        return self.cells(index)[0].column_span > 1 or self._count(index + 1) > 1

    def _count(self, index: int) -> int:
        """Return how many cells a row has."""
        return len(_OPENING_CELL.findall(self._structure, self.rows[index].start, self.rows[index].end))


def read_table(text: str) -> Table | None:
    """Return the one table of *text*, None where there is none, several, or its markup is not well-formed."""
    table = _read_table(text, text, _PLAIN_ROW)
    if table is not None and is_plain(text[: table.rows[0].start]) and is_plain(text[table.rows[-1].end :]):
        return table
    structure = _structure(text)
    return None if structure is None else _read_table(text, structure, _ROW)


def _read_table(text: str, structure: str, row: re.Pattern[str]) -> Table | None:
    spans = [match.span() for match in row.finditer(structure)]
    if not spans or not _encloses(structure, spans[0][0], spans[-1][1]):
        return None
    starts, ends = map(list, zip(*spans, strict=True))
    gaps = list(compress(range(1, len(spans)), map(ne, starts[1:], ends)))
    sections: list[TableSection] = []
    numbers: list[int] = []  # per row, that of its section
    number = -1
    for index in (0, *gaps, len(spans)):
        numbers += [number] * (index - len(numbers))
        start = ends[index - 1] if index else 0
        end = starts[index] if index < len(spans) else len(text)
        if 0 < index < len(spans):
            gap = _GAP.fullmatch(structure, start, end)
            if gap is None:
                return None
            if gap["comment"]:  # goes with the row that it stands before
                starts[index] = gap.start("comment")
        if not _read_sections(text, structure, (start, end), index, sections):
            return None
        number = len(sections) - 1 if sections and sections[-1].end < 0 else -1
    return Table(text, structure, list(map(Row, starts, ends, numbers)), sections) if number < 0 else None


def _encloses(structure: str, first: int, last: int) -> bool:
    """Return whether the one table begins before its first row and ends after the last, and no row is broken there."""
    before, after = structure[:first], structure[last:]
    if before.count("<table") != 1 or after.count("</table") != 1 or _BROKEN.search(before) or _BROKEN.search(after):
        return False
    return "</table" not in before and "<table" not in after


def _read_sections(
    text: str, structure: str, gap: tuple[int, int], following: int, sections: list[TableSection]
) -> bool:
    """Add what opens and end what closes in the *gap* before row *following*; return whether that is in order."""
    for match in _SECTION.finditer(structure, *gap):
        opened = bool(sections) and sections[-1].end < 0
        if bool(match[1]) != opened or (opened and sections[-1].name != match[2]):
            return False
        if opened:
            sections[-1].end = match.end()
        else:
            sections.append(TableSection(match[2], text[match.start() : match.end()], following))
    return True


def _structure(text: str) -> str | None:
    """Return *text*, masked, its tags in lower case, tables in its cells blanked out; None if it is not one table."""
    structure = masked_markup(text)
    if any(sign in structure for sign in ("<T", "</T", "SPAN", "Span")):
        structure = _CAPITALS.sub(_lower, structure)
    return structure if structure.count("<table") == 1 else _without_nested(structure)


def _lower(tag: re.Match[str]) -> str:
    lower = tag[0].lower()
    return lower if len(lower) == len(tag[0]) else tag[0]


def _with_rows(rows: int, attribute: re.Match[str]) -> str:
    if attribute[1].lower() != "rowspan":
        return attribute[0]
    quote = attribute[2][0] if attribute[2][0] in "\"'" else ""
    return f"{attribute[0][: attribute.start(2) - attribute.start()]}{quote}{rows}{quote}"


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
            pieces.append(FILLER * (match.end() - position))
            position = match.end()
    return "".join([*pieces, text[position:]]) if seen and depth == 0 else None


def can_be_mended(text: str) -> bool:
    """Say whether *text* has few enough tags for BeautifulSoup, whose memory for each is a hundred times the tag."""
    return text.count("<") <= _MOST_TAGS_MENDED


def mended(text: str) -> str | None:
    """Return *text* with its markup made well-formed by BeautifulSoup.

    None if that changed a word of it, or would take too much memory.
    """
    from bs4 import BeautifulSoup

    if not can_be_mended(text):
        return None
    try:
        body = BeautifulSoup(text, "lxml").body
    except UnicodeEncodeError:  # half of a surrogate pair
        return None
    if body is None:
        return None
    markup = "".join(str(child) for child in body.contents)
    return markup if words_of(markup) == words_of(text) else None


def words_of(markup: str) -> list[str]:
    """Return the words of *markup* in order."""
    return html_entities.unescape(TAG.sub(" ", markup)).split()


def place_columns(rows: list[list[CellMarkup]]) -> bool:
    """Work out the columns of all cells; return False where cells overlap or are too many: then none is right."""
    work = 0
    most = _MOST_WORK * sum(map(len, rows)) + _LITTLE_WORK
    spanning: list[CellMarkup] = []  # cells of earlier rows that reach into this one, by column
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


def carried_sizes(rows: list[list[CellMarkup]], sizes: dict[int, int]) -> list[int]:
    """Return for each row the total size of the cells that span into it from above; *sizes* is by a cell's start."""
    changes = [0] * (len(rows) + 1)
    for cells in rows:
        for cell in cells:
            if cell.row_span > 1:
                changes[cell.row + 1] += sizes[cell.start]
                changes[cell.until] -= sizes[cell.start]
    return list(accumulate(changes))
