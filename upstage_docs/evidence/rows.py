"""Makes a record for each row of a table, with the names of its columns and its units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from upstage_docs.evidence.place import string, whole_number
from upstage_docs.evidence.table_data import TableData, tables_with_things
from upstage_docs.evidence.things import Thing
from upstage_docs.models import Record
from upstage_docs.records.ids import record_id, text_sha256
from upstage_docs.records.records import METADATA_KEYS

_encode = msgspec.json.Encoder().encode


def row_records(things: object) -> Iterator[Record]:
    """Yield a record for each row of the tables in *things*, in order.

    Its text has a line for each value: column, names of the row, value, unit, as `당기 | 자산총계 | 455,905 | 백만원`.
    Its metadata has the keys of every record, page and box being those of the table, `category="table_row"`, and:
    `table_id` (the `record_id` of what holds the table), `table_number` (which of its tables, from 0), `row` (from 0),
    `caption` and `unit`. Rows of shares in brackets are told with the row above.

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
    table_id = string(given, "record_id")
    digest = text_sha256(text)
    holder = whole_number(given, "element_id")
    identity = record_id("row", table_id or string(given, "source"), holder, number, row, digest)
    metadata: dict[str, Any] = {
        key: value if isinstance(value := given.get(key), kind) else kind() for key, kind in METADATA_KEYS.items()
    }
    place = table.place_of(row)
    box = (place.box if place else None) or (0.0, 0.0, 0.0, 0.0)
    x0, y0, x1, y1 = box
    page = place.page if place else 0
    element = place.element_id if place else -1
    corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]] if any(box) else []
    metadata |= {
        "record_id": identity,
        "element_id": element,
        "category": "table_row",
        "sub_category": "",
        "page": page,
        "coordinates": _encode(corners).decode(),
        "x0": x0,
        "y0": y0,
        "x1": x1,
        "y1": y1,
        "page_end": page,
        "categories": "table_row",
        "spans": _encode([(element, page, 0, len(text), *box)]).decode(),
        "record_type": "row",
        "text_sha256": digest,
        "table_id": table_id,
        "table_number": number,
        "row": row,
        "caption": table.caption or table.title,
        "unit": table.unit,
    }
    return Record(identity, text, metadata)
