"""What metadata says, whoever wrote it: ours, `langchain-upstage`'s, another loader's; it never raises."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from upstage_docs.chunking.blocks import Block
from upstage_docs.chunking.units import Place
from upstage_docs.errors import ConfigError
from upstage_docs.models import Box, Point
from upstage_docs.records.records import METADATA_KEYS, coordinates_of

__all__ = [
    "FlatElement",
    "Span",
    "box_of",
    "extra",
    "flat_element",
    "number",
    "own",
    "place_of_span",
    "points",
    "read_spans",
    "says_table",
    "string",
]

Span = tuple[int, int, int, int, float, float, float, float]

_CHUNK_KEYS = frozenset(METADATA_KEYS) | {"page_end", "categories", "spans"}
_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(list[Span])


class FlatElement(Place, frozen=True, gc=False, kw_only=True):
    """What our own loaders say of an element, of those types and no others."""

    source: str
    file_sha256: str
    headings: str
    section_id: str


def flat_element(metadata: dict[str, Any]) -> FlatElement | None:
    """Return what *metadata* says of an element if it is our own, else None."""
    try:
        return msgspec.convert(metadata, FlatElement)
    except msgspec.ValidationError:
        return None


def box_of(metadata: dict[str, Any]) -> Box:
    """Return the bounding box `(x0, y0, x1, y1)`, four 0.0 where it is missing or something else."""
    x0, y0, x1, y1 = (metadata.get(key) for key in ("x0", "y0", "x1", "y1"))
    if isinstance(x0, float) and isinstance(y0, float) and isinstance(x1, float) and isinstance(y1, float):
        return (x0, y0, x1, y1)
    return (0.0, 0.0, 0.0, 0.0)


def string(metadata: dict[str, Any], key: str) -> str:
    """Return a text, `""` where it is missing or no scalar."""
    value = metadata.get(key, "")
    return value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else ""


def number(metadata: dict[str, Any], key: str) -> int:
    """Return a whole number, 0 where it is missing or something else."""
    value = metadata.get(key, 0)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:18])
    return int(value) if isinstance(value, (int, float)) and abs(value) < 2**62 else 0


def says_table(metadata: dict[str, Any]) -> bool:
    """Return whether a loader calls its text a table, in plain text too: unstructured's categories, docling's items."""
    if string(metadata, "category").lower() in {"table", "tablechunk"}:
        return True
    docling = metadata.get("dl_meta", metadata)
    items = docling.get("doc_items") if isinstance(docling, dict) else None
    labels = [item.get("label") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return bool(labels) and all(label == "table" for label in labels)


def points(metadata: dict[str, Any]) -> tuple[Point, ...]:
    """Return the corner points of the coordinates, flat or nested; none where they are something else."""
    try:
        return tuple(coordinates_of(metadata))
    except ConfigError:  # another loader's word for something else
        return ()


def extra(metadata: dict[str, Any]) -> dict[str, Any] | None:
    """Return what *metadata* holds beside our own keys, as scalars: stores refuse anything else."""
    extra = {
        key: _scalar(value)
        for key, value in metadata.items()
        if key not in _CHUNK_KEYS and key != "id" and value is not None
    }
    return extra or None


def own(metadata: dict[str, Any]) -> dict[str, Any]:
    """Return what *metadata* holds under our own keys, as scalars."""
    return {key: _scalar(value) for key, value in metadata.items() if key in _CHUNK_KEYS}


def _scalar(value: object) -> object:
    if isinstance(value, (str, int, float)) or value is None:
        return value
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (list, tuple, dict)) else str(value)


def read_spans(spans: object, text: str) -> list[Span]:
    """Return spans that can be those of *text*, else none: another splitter may have cut it and kept the metadata."""
    if not isinstance(spans, str):
        return []
    try:
        found = _decoder.decode(spans)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return []
    position = 0
    for _, _, start, end, *_ in found:
        if not position <= start < end <= len(text):
            return []
        position = end
    return found


def place_of_span(metadata: dict[str, Any], element_id: int, page: int, box: Box, block: Block, text: str) -> Place:
    """Return the place of a span of a chunk, as far as the chunk's metadata and its *block* of *text* tell it."""
    category = string(metadata, "category")
    if text[block.start] == "<" or (category == "mixed" and block.category != "paragraph"):
        category = block.category
    first = element_id == number(metadata, "element_id") and page == number(metadata, "page")
    x0, y0, x1, y1 = box
    corners = "[]" if not any(box) else _encode(((x0, y0), (x1, y0), (x1, y1), (x0, y1))).decode()
    return Place(
        element_id,
        page,
        category,
        string(metadata, "sub_category") if category == metadata.get("category") else "",
        string(metadata, "coordinates") if first else corners,
        *box,
    )
