"""Joins a table with its continuation at the top of the next page."""

from __future__ import annotations

from upstage_docs.chunking.markdown import is_rule, lines_of
from upstage_docs.chunking.table import Table, read_table, words_of
from upstage_docs.chunking.table_rows import Pieces


class JoinedTable:
    """A table joined with its continuations on later pages, each added once: time is linear in the pages."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._is_html = text.startswith("<")
        self._table = read_table(text) if self._is_html else None
        self._pieces: Pieces = [(text[: self._table.rows[-1].end] if self._table else text, 0)]
        self._length = len(text)

    def take(self, text: str) -> bool:
        """Join *text*, the table at the top of the next page; return False if it is not the same table going on.

        It is if it has as many columns and either no header or the same one, which is then left out; all the same rows
        are taken once.
        """
        found = self._rows_of(text) if self._is_html else self._lines_of(text)
        if found is None:
            return False
        if not self._is_html and not self._pieces[-1][0].endswith("\n"):
            self._pieces.append(("\n", -1))
        self._pieces += [(text[start:end], self._length + start) for start, end in found]
        self._length += len(text)
        return True

    @property
    def pieces(self) -> Pieces:
        """The one table; the offsets of its pieces are those in all the texts, one after the other."""
        if self._table is None:
            return self._pieces
        end = self._table.rows[-1].end
        return [*self._pieces, (self._text[end:], end)]

    def _rows_of(self, text: str) -> list[tuple[int, int]] | None:
        """Return the offsets of the rows of *text* that go on, None if it is a table of its own."""
        one, two = self._table, read_table(text)
        if one is None or two is None or one.columns != two.columns:
            return None
        if one.words(0, len(one.rows)) == two.words(0, len(two.rows)):
            return []  # merged by the API, which may answer the whole table at each of its pages
        repeated = _repeated(one, two)
        if two.declared_header_rows not in {0, repeated}:
            return None
        if any(cell.until > repeated for row in range(repeated) for cell in two.cells(row)):
            return None
        if words_of(text[: two.rows[0].start]) or words_of(text[two.rows[-1].end :]):
            return None  # a caption: a table of its own
        section = one.rows[-1].section
        if _runs_over(one, one.sections[section].first if section >= 0 else 0) or _runs_over(two, repeated):
            return None
        rows = two.rows[repeated:]
        if rows[0].section == rows[-1].section:
            return [(rows[0].start, rows[-1].end)]
        return [(row.start, row.end) for row in rows]

    def _lines_of(self, text: str) -> list[tuple[int, int]] | None:
        """Return the offsets of the lines of *text* that go on, None if it is no pipe table with the same header."""
        one, two = lines_of(self._text), lines_of(text)
        if (
            len(one) < 2
            or len(two) < 3
            or not is_rule(one[1])
            or not is_rule(two[1])
            or one[0].strip() != two[0].strip()
        ):
            return None
        return [(len(two[0]) + len(two[1]), len(text))]


def _repeated(one: Table, two: Table) -> int:
    """Return how many first rows of *two* are the header of *one* once more."""
    rows = one.header_rows if len(two.rows) > one.header_rows else 0
    header = one.words(0, rows)
    return rows if header and header == two.words(0, rows) else 0


def _runs_over(table: Table, first: int) -> bool:
    """Return whether a cell from row *first* on asks for more rows than there are: joined ones would be its."""
    return table.has_row_spans and any(
        cell.overlong for index in range(first, len(table.rows)) for cell in table.cells(index)
    )
