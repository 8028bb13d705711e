"""Joins pieces of elements into one record whose spans tell where each piece stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from upstage_docs.evidence.place import Place, source_of, string
from upstage_docs.evidence.things import Thing, element_things, read_things
from upstage_docs.models import Record
from upstage_docs.records.records import METADATA_KEYS, record_id, text_sha256, union_of
from upstage_docs.records.render import text_of_html

_encode = msgspec.json.Encoder().encode


class Piece(msgspec.Struct, frozen=True):
    """A text, and the element that it stands in.

    Attributes:
        text: Plain.
        thing: The element.
        place: Its place.
        joiner: What stands between the text and the one before it.
    """

    text: str
    thing: Thing
    place: Place
    joiner: str = "\n\n"


def read_elements(things: object) -> Iterator[Thing]:
    """Yield the elements of *things*, in order; of a page or document in JSON, those that it holds."""
    for thing in read_things(things):
        held = element_things(thing)
        yield from [thing] if held is None else held


def category_of(thing: Thing) -> str:
    """Return the layout category, `""` if the metadata name none."""
    return string(thing.metadata, "category")


def plain_text(thing: Thing) -> str:
    """Return the text without its markup."""
    return text_of_html(thing.text or "")


def own_text(thing: Thing) -> str:
    """Return a table's or chart's text as it was given, with its markup, and any other text without markup."""
    return (thing.text or "").strip() if category_of(thing) in {"table", "chart"} else plain_text(thing)


def join_pieces(kind: str, pieces: Sequence[Piece], number: int, *, identity: str = "", **further: Any) -> Record:
    """Return the record of *pieces*: their texts joined, with the keys of every record and *further* ones.

    Page and box are those of the first piece's page; `spans` has one for each piece.

    Args:
        kind: The record's type, and its category unless *further* names one.
        pieces: At least one, in reading order, of one file.
        number: Which of its kind in the file, for its id.
        identity: Its id, if not one of kind, file, number and text.
        further: Metadata over that of the first element.
    """
    first = pieces[0]
    text, spans = "", []
    for piece in pieces:
        text += (piece.joiner if text else "") + piece.text
        start = len(text) - len(piece.text)
        spans.append((piece.place.element_id, piece.place.page, start, len(text), *union_of(piece.place.boxes)))
    boxes = [box for piece in pieces if piece.place.page == first.place.page for box in piece.place.boxes]
    x0, y0, x1, y1 = union_of(boxes)
    given = first.thing.metadata
    metadata: dict[str, Any] = {
        key: value if isinstance(value := given.get(key), type_) else type_() for key, type_ in METADATA_KEYS.items()
    }
    digest = text_sha256(text)
    source = source_of(given)
    identity = identity or record_id(kind, string(given, "file_sha256") or source, source, number, digest)
    corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]] if boxes else []
    metadata |= {
        "source": source,
        "record_id": identity,
        "element_id": first.place.element_id,
        "category": kind,
        "sub_category": "",
        "page": first.place.page,
        "coordinates": _encode(corners).decode(),
        "x0": x0,
        "y0": y0,
        "x1": x1,
        "y1": y1,
        "page_end": max(piece.place.page for piece in pieces),
        "categories": ", ".join(dict.fromkeys(filter(None, (category_of(piece.thing) for piece in pieces)))) or kind,
        "spans": _encode(spans).decode(),
        "record_type": kind,
        "text_sha256": digest,
        **further,
    }
    return Record(identity, text, metadata)
