"""Makes a record for each row of a table, with the names of its columns and its units."""

from __future__ import annotations

from collections.abc import Iterator

from upstage_docs.evidence.joined_text import Piece, join_pieces
from upstage_docs.evidence.place import Place, string, whole_number
from upstage_docs.evidence.table_data import TableData, tables_with_things
from upstage_docs.evidence.things import Thing
from upstage_docs.models import Record
from upstage_docs.records.records import record_id, text_sha256


def row_records(things: object) -> Iterator[Record]:
    """Yield a record for each row of the tables in *things*, in order.

    Its text has a line for each value: column, names of the row, value, unit, as `당기 | 자산총계 | 455,905 | 백만원`.
    Its metadata has the keys of every record, page and box being those of the table, `category="table_row"`, and:
    `table_id` (the `record_id` of what holds the table), `table_number` (which of its tables, from 0), `row` (from 0),
    `caption` and `unit`. A row of shares in brackets belongs to the row above.

    Args:
        things: As for `tables`.

    Raises:
        ConfigError: As `tables`.
    """
    for thing, number, table in tables_with_things(things):
        group = ""
        for row in range(len(table.rows)):
            if table.is_share_row(row):
                continue
            if (heading := table.group_name(row)) and row + 1 < len(table.rows):
                group = heading  # a row that is one name over all columns heads the rows below it
                continue
            if text := _text_of_row(table, row, group):
                yield _record(thing, table, number, row, text)


def _text_of_row(table: TableData, row: int, group: str) -> str:
    names = " > ".join(filter(None, [group, *table.row_names(row)]))
    lines = []
    for column in range(table.label_columns, len(table.columns)):
        cell = table.cell(row, column)
        if cell.text:
            share = f" ({cell.share:g}%)" if cell.share is not None and "%" not in cell.text else ""
            unit = "" if cell.unit and cell.text.endswith(cell.unit) else cell.unit
            lines.append(" | ".join(filter(None, [cell.column, names, cell.text + share, unit])))
    return "\n".join(lines) or names


def _record(thing: Thing, table: TableData, number: int, row: int, text: str) -> Record:
    given = thing.metadata
    table_id, source = string(given, "record_id"), string(given, "source")
    holder = whole_number(given, "element_id")
    return join_pieces(
        "row",
        [Piece(text, thing, table.place_of(row) or Place())],
        row,
        identity=record_id("row", table_id or source, holder, number, row, text_sha256(text)),
        source=source,
        category="table_row",
        categories="table_row",
        table_id=table_id,
        table_number=number,
        row=row,
        caption=table.caption or table.title,
        unit=table.unit,
    )
