"""`tables`: the tables of Documents, nodes and chunks as data, with header, rows, units and numbers."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec

from upstage_docs.errors import ConfigError
from upstage_docs.errors.tree import needing
from upstage_docs.evidence.amounts import (
    holds_no_amounts,
    is_percent,
    means_percent,
    read_amount,
    read_share,
    unit_in_name,
    units_told,
    writes_decimal_points,
)
from upstage_docs.evidence.citation import caption_of
from upstage_docs.evidence.grids import Grid, SpanningCell, grids, is_title
from upstage_docs.evidence.place import Place, places_of, source_of, string, whole_number
from upstage_docs.evidence.things import Thing, element_things, read_things
from upstage_docs.records.records import text_sha256
from upstage_docs.records.render import text_of_html

if TYPE_CHECKING:
    from pandas import DataFrame

_LONGEST_UNIT_LINE = 120
"""Characters of a line above a table that may tell its unit; what is longer is a paragraph."""
_MOST_NUMBERS = 0.5
"""The share of a column's cells that are numbers, from which on it is no column of names."""


class Cell(msgspec.Struct, frozen=True):
    """One value of a table, with its row, its column and its unit.

    Attributes:
        text: As it stands in the table.
        number: None if the text is no number; triangles (△, ▲) and brackets mean minus.
        unit: Its own, or that of its row, its column, or the table; `""` where none is told for it.
        share: The percentage in brackets behind or beneath it, None if there is none.
        row: The names of its row, from the outermost.
        column: The name of its column.
    """

    text: str
    number: int | float | None
    unit: str
    share: int | float | None
    row: tuple[str, ...]
    column: str


class TableData:
    """A table as data. Rows and columns count from 0; the value of a cell that spans others is repeated.

    Attributes:
        header: The header rows, titles over all columns included.
        rows: The rows below the header.
        columns: A name for each column, no two alike: the header's rows from the top, joined by ` > `.
        spans: The cells that span several rows or columns; their rows count from the first header row.
        title: What stands over all columns in the header, `""` if nothing does.
        caption: `""` if there is none.
        unit: The unit of the whole table, from above it, its caption or its title; `""` if none is named.
        units: The unit of each column, `""` where it has none or none is told for it.
        label_columns: How many first columns name a row.
        places: Where the table stands.
        is_part: Whether another splitter may have cut it, so that rows may be missing.
    """

    def __init__(self, grid: Grid, thing: Thing, places: Sequence[Place], above: str, caption: str) -> None:
        header = grid.header_rows
        self.header = grid.rows[:header]
        self.rows = grid.rows[header:]
        self.spans: tuple[SpanningCell, ...] = grid.spans
        self.caption = caption
        self.places = tuple(places)
        self.is_part = _is_changed(thing)
        width = len(grid.rows[0]) if grid.rows else 0
        titles = [row[0] for row in self.header if is_title(row)] if header > 1 or width == 1 else []
        self.title = "\n".join(titles) if width > 1 else ""
        self.columns = _names(self.header, width)
        points = any(writes_decimal_points(text) for row in self.rows for text in row)
        self._amounts = [[read_amount(text, decimal_comma=not points) for text in row] for row in self.rows]
        self.label_columns = self._count_labels(width)
        corner = self.header[-1][0] if self.header and width else ""
        told = next(filter(None, map(units_told, (self.title, caption, grid.around, above, corner))), ())
        self.unit = ", ".join(told)
        self.units = tuple(self._unit_of(index, told) for index in range(width))
        self._grid = grid

    def _count_labels(self, width: int) -> int:
        """Return how many first columns name the row: those before the first one of numbers, else the first one."""
        return min(width, max(1, next(filter(self._has_numbers, range(width)), 1)))

    def _has_numbers(self, column: int) -> bool:
        said = [amount[column].number for row, amount in zip(self.rows, self._amounts, strict=True) if row[column]]
        return bool(said) and sum(number is not None for number in said) >= _MOST_NUMBERS * len(said)

    def _unit_of(self, column: int, told: Sequence[str]) -> str:
        name = self.columns[column]
        if own := next(filter(None, map(unit_in_name, reversed(name.split(" > ")))), ""):
            return own
        if column < self.label_columns or holds_no_amounts(name):
            return ""
        amounts = [row[column] for row in self._amounts]
        own_units = Counter(amount.unit for amount in amounts if amount.number is not None)
        percents = sum(count for unit, count in own_units.items() if is_percent(unit))
        if 2 * percents > own_units.total():
            return "%"
        others = [unit for unit in told if not is_percent(unit)]
        if means_percent(name):
            return "%" if len(others) < len(told) else ""
        return others[0] if len(others) == 1 else told[0] if len(told) == 1 else ""

    def cell(self, row: int | str, column: int | str) -> Cell:
        """Return one value.

        Args:
            row: A number of *rows*, or the name of a row: one of its label columns, or all of them joined by ` > `.
            column: A number, or a name of *columns*.

        Raises:
            ConfigError: There is no such row or column, or there are several.
        """
        index, across = self._row(row), self._column(column)
        amount = self._amounts[index][across]
        names = self.row_names(index)
        unit = amount.unit or (self.units[across] if unit_in_name(self.columns[across]) else "")
        if not unit and across >= self.label_columns:
            unit = next(filter(None, map(unit_in_name, reversed(names))), "") or self.units[across]
        number, share = amount.number, amount.share
        if share is None and number is not None and self.is_share_row(index + 1):
            share = read_share(self.rows[index + 1][across])
        if self.is_share_row(index) and (own := read_share(self.rows[index][across])) is not None:
            number, unit = own, "%"
        return Cell(self.rows[index][across], number, unit, share, names, self.columns[across])

    def row_names(self, row: int) -> tuple[str, ...]:
        """Return the names of a row, from the outermost: its label columns, each once."""
        labels = self.rows[row][: self.label_columns]
        return tuple(name for name, _ in groupby(label for label in labels if label))

    def group_name(self, row: int) -> str:
        """Return what a row says over all columns, `""` if it says more than one thing."""
        spanned = any(span.row == row + len(self.header) and span.columns == len(self.columns) for span in self.spans)
        return self.rows[row][0] if spanned and is_title(self.rows[row]) else ""

    def is_share_row(self, row: int) -> bool:
        """Return whether a row holds nothing but the shares, in brackets, of the values in the row above."""
        if not 0 < row < len(self.rows):
            return False
        values = [text for text in self.rows[row][self.label_columns :] if text]
        label, above = self.rows[row][: self.label_columns], self.rows[row - 1][: self.label_columns]
        unnamed = label == above or not any(label) or all(not name or is_percent(name) for name in label)
        return bool(values) and unnamed and all(read_share(text) is not None for text in values)

    def records(self, *, numbers: bool = False) -> list[dict[str, Any]]:
        """Return each row as a mapping of *columns* to texts, or, with *numbers*, to numbers where a cell is one."""
        if not numbers:
            return [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return [
            {name: self._cell_value(index, column) for column, name in enumerate(self.columns)}
            for index in range(len(self.rows))
        ]

    def csv(self, *, numbers: bool = False) -> str:
        """Return the table as CSV (RFC 4180): *columns*, then the rows, as texts or, with *numbers*, as numbers."""
        target = io.StringIO()
        writer = csv.writer(target)
        writer.writerow(self.columns)
        writer.writerows([one.values() for one in self.records(numbers=numbers)])
        return target.getvalue()

    def dataframe(self, *, numbers: bool = True) -> DataFrame:
        """Return the table as a pandas DataFrame: numbers where a cell is one, or, without *numbers*, texts.

        Units are not among them: where the cells of a column name several (`3조`, `9,876억`), read them by `cell`.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        with needing("dataframe", "A table as a DataFrame"):
            from pandas import DataFrame
        frame = DataFrame(self.records(numbers=numbers), columns=list(self.columns))
        frame.attrs = {"caption": self.caption, "unit": self.unit}
        return frame

    def _cell_value(self, row: int, column: int) -> object:
        text = self.rows[row][column]
        if column < self.label_columns:
            return text
        number = self.cell(row, column).number
        return number if number is not None else None if text in {"", "-", "–", "—"} else text

    def _row(self, row: int | str) -> int:
        if isinstance(row, int) and not isinstance(row, bool):
            return _within("row", row, len(self.rows))
        names = [(" > ".join(self.row_names(index)), *self.row_names(index)) for index in range(len(self.rows))]
        asked = [() if self.is_share_row(index) else one for index, one in enumerate(names)]
        return _only("row", row, [asked], [one[0] for one in names[:20]])

    def _column(self, column: int | str) -> int:
        if isinstance(column, int) and not isinstance(column, bool):
            return _within("column", column, len(self.columns))
        last = [(name.split(" > ")[-1],) for name in self.columns]
        return _only("column", column, [[(name,) for name in self.columns], last], self.columns)

    def place_of(self, row: int) -> Place | None:
        """Return where a row stands, as far as the page and the element of its table tell; None if unknown."""
        offset = self._grid.offsets[len(self.header) + row]
        known = [place for place in self.places if place.known]
        return next((place for place in known if place.start <= offset < place.end), known[0] if known else None)

    def __repr__(self) -> str:
        return f"TableData({len(self.rows)} rows, columns={list(self.columns)!r}, unit={self.unit!r})"

    def _repr_html_(self) -> str:
        """Return the table as HTML made anew of its texts: none of the document's markup is in it."""
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in self.rows)
        caption = escape(" ".join(filter(None, [self.caption, f"({self.unit})" if self.unit else ""])))
        return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def tables(things: object) -> list[TableData]:
    """Return the tables, and the tables of charts, in one or many things, in order.

    Things that follow each other, as a loader gives them, tell more: the unit of a table often stands in the line
    above it.

    Args:
        things: Documents, nodes, chunks, records, elements, or a `ParsedDocument`, with HTML, Markdown or JSON texts.

    Raises:
        ConfigError: A thing is of another kind, or is a table whose text has no rows and columns (plain text).
    """
    return [table for _, _, table in tables_with_things(things)]


def tables_with_things(things: object) -> Iterator[tuple[Thing, int, TableData]]:
    """Yield each table with the thing that holds it, and its number in it, from 0."""
    above: Thing | None = None
    for thing in read_things(things):
        for one in element_things(thing) or [thing]:
            for number, table in enumerate(_tables_of(one, above)):
                yield one, number, table
            above = one


def _tables_of(thing: Thing, above: Thing | None = None) -> list[TableData]:
    """Return the tables of one *thing*; the one *above* it may tell a unit or be a caption."""
    text = thing.text or ""
    found = list(grids(text))
    metadata = thing.metadata
    if not found and string(metadata, "category") in {"table", "chart"}:
        # Where the API was not asked for HTML, that of a table is its lines of Markdown.
        found = [
            msgspec.structs.replace(grid, start=0, end=len(text), offsets=(0,) * len(grid.rows))
            for grid in grids(text_of_html(text))
        ][:1]
    if not found:
        if string(metadata, "category") == "table" and text.strip() and string(metadata, "record_type") != "row":
            raise ConfigError(
                "The text of this table has no rows and columns: load the document with output_format='html' or "
                "'markdown', and do not split tables."
            )
        return []
    places = places_of(thing)
    caption = caption_of(thing) if len(found) == 1 else ""
    made = []
    position = 0
    for grid in found:
        told = whole_number(metadata, "header_rows") if len(found) == 1 and not _is_changed(thing) else 0
        told = told if 0 < told < len(grid.rows) else grid.header_rows
        line = text_of_html(text[position : grid.start]).strip()
        if not line and position == 0 and above is not None and _is_near(above, thing):
            line = text_of_html(above.text or "").strip()
        lines = [one for one in line.splitlines() if one.strip()][-3:]
        short = "\n".join(one for one in lines if len(one) <= _LONGEST_UNIT_LINE)
        own = caption or (_above_caption(above) if above is not None and _is_near(above, thing) else "")
        own = own or (grid.around.splitlines()[0] if grid.around else "")
        here = [place for place in places if not place.known or (place.start < grid.end and place.end > grid.start)]
        made.append(TableData(msgspec.structs.replace(grid, header_rows=told), thing, here, short, own))
        position = grid.end
    return made


def _is_changed(thing: Thing) -> bool:
    """Return whether the text is no longer the one that its metadata was written for."""
    digest = string(thing.metadata, "text_sha256")
    return bool(digest) and thing.text is not None and text_sha256(thing.text) != digest


def _above_caption(above: Thing) -> str:
    return text_of_html(above.text or "") if string(above.metadata, "category") == "caption" else ""


def _is_near(above: Thing, thing: Thing) -> bool:
    """Return whether *above* is of the same file and page."""
    one, other = above.metadata, thing.metadata
    return source_of(one) == source_of(other) and whole_number(one, "page") == whole_number(other, "page")


def _names(header: Sequence[tuple[str, ...]], width: int) -> tuple[str, ...]:
    """Return a name for each column, no two alike."""
    told = [row for row in header if not is_title(row)] or list(header[-1:])
    names = []
    for column in range(width):
        parts = [name for name, _ in groupby(row[column] for row in told if row[column])]
        names.append(" > ".join(parts) or f"column {column + 1}")
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(unique)


def _within(kind: str, number: int, count: int) -> int:
    """Return *number*, that of a row or column (*kind*).

    Raises:
        ConfigError: There are only *count*.
    """
    if 0 <= number < count:
        return number
    raise ConfigError(f"The table has no {kind} {number}: it has {count}, counted from 0.")


def _only(kind: str, wanted: object, names: Sequence[Sequence[tuple[str, ...]]], known: Sequence[str]) -> int:
    """Return the number of the one row or column (*kind*) that has the name *wanted*.

    Args:
        kind: In messages.
        wanted: The name.
        names: The names of each, in as many ways as are tried, one after the other.
        known: Those that a message shows.

    Raises:
        ConfigError: There is none, or there are several.
    """
    name = _folded(wanted)
    tried = ([at for at, one in enumerate(way) if name in map(_folded, one)] for way in names)
    found = next(filter(None, tried), [])
    if len(found) > 1:
        raise ConfigError(f"{len(found)} {kind}s are named {wanted!r}: {found}. Give the number of one.")
    if not found:
        raise ConfigError(f"No {kind} is named {wanted!r}; there are {', '.join(map(repr, known))}.")
    return found[0]


def _folded(name: object) -> str:
    return " ".join(str(name).split()).casefold()
