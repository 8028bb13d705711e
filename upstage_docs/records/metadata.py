"""The flat metadata of records: always the same keys, and what each means."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from upstage_docs.errors import ConfigError
from upstage_docs.models import Box, OcrResult, ParsedDocument, Point, bounding_box

__all__ = ["METADATA_KEYS", "OCR_KEYS", "RecordType", "Span", "coordinates_of", "metadata"]

_encode = msgspec.json.Encoder().encode

# Which element stands where in a record's text: element id, page, start, end (offsets), and its box.
Span = tuple[int, int, int, int, float, float, float, float]
RecordType = Literal["element", "page", "document", "chunk", "section", "word", "line"]

# Every flat record carries these keys, in this order, always with the same types: stores and record managers need it.
METADATA_KEYS: dict[str, type] = {
    "source": str,
    "file_sha256": str,
    "record_id": str,
    "element_id": int,
    "section_id": str,
    "category": str,
    "sub_category": str,
    "page": int,
    "total_pages": int,
    "coordinates": str,
    "x0": float,
    "y0": float,
    "x1": float,
    "y1": float,
    "headings": str,
    "model": str,
    "page_end": int,
    "categories": str,
    "spans": str,
    "record_type": str,
    "text_sha256": str,
    "caption": str,
    "header_rows": int,
    "missing_pages": str,
}

# Those of recognised text carry these too.
OCR_KEYS: dict[str, type] = {"confidence": float, "page_width": int, "page_height": int, "words": str}


def metadata(
    document: ParsedDocument | OcrResult,
    *,
    identity: str,
    record_type: RecordType,
    digest: str,
    element_id: int,
    category: str,
    page: int,
    page_end: int | None = None,
    section_id: str = "",
    sub_category: str = "",
    total_pages: int | None = None,
    coordinates: tuple[Point, ...] = (),
    headings: tuple[str, ...] = (),
    box: Box | None = None,
    categories: Iterable[str] = (),
    spans: Sequence[Span] = (),
    caption: str = "",
    header_rows: int = 0,
) -> dict[str, Any]:
    """Return flat metadata: the keys of METADATA_KEYS, all of them, in that order.

    *digest* is the SHA-256 of the record's text: whoever reads *spans* later can tell whether they are still its own.
    It is `""` where there are no spans to be believed. *caption* is that of a table, chart or figure, on one line, and
    *header_rows* says how many rows of a table are its header; `""` and 0 for all other records. `missing_pages` is
    that of *document*: a part of a file says so in each of its records.
    """
    x0, y0, x1, y1 = bounding_box(coordinates) if box is None else box
    if total_pages is None:
        total_pages = document.total_pages
        if isinstance(document, OcrResult):
            total_pages = total_pages or len(document.pages)
    return {
        "source": document.source,
        "file_sha256": document.file_sha256,
        "record_id": identity,
        "element_id": element_id,
        "section_id": section_id,
        "category": category,
        "sub_category": sub_category,
        "page": page,
        "total_pages": total_pages,
        "coordinates": _encode(coordinates).decode(),
        "x0": x0,
        "y0": y0,
        "x1": x1,
        "y1": y1,
        "headings": " > ".join(headings),
        "model": document.model,
        "page_end": page if page_end is None else page_end,
        "categories": ", ".join(categories) or category,
        "spans": _encode(spans).decode(),
        "record_type": record_type,
        "text_sha256": digest,
        "caption": caption,
        "header_rows": header_rows,
        "missing_pages": document.missing_pages,
    }


def coordinates_of(metadata: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Read the corner points `(x, y)`, relative 0-1, from flat or nested *metadata*; empty if it has none.

    Raises:
        ConfigError: `metadata["coordinates"]` is neither ours nor what `langchain-upstage` writes.
    """
    value = metadata.get("coordinates", "[]")
    try:
        points = json.loads(value) if isinstance(value, str) else value
        return [
            (float(p["x"]), float(p["y"])) if isinstance(p, Mapping) else (float(p[0]), float(p[1])) for p in points
        ]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise ConfigError(f"metadata['coordinates'] is not a list of points: {value!r}") from error
