"""Documents → records: the text, the metadata and the id of each unit; knows no framework and reads no file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from upstage_docs.api.decode import JOINERS, document_json, join, raw_elements
from upstage_docs.errors import ConfigError
from upstage_docs.models import Box, Element, OcrResult, ParsedDocument, Point, Record, bounding_box
from upstage_docs.options import Split
from upstage_docs.records.ids import NAMESPACE, file_id, record_id, text_sha256
from upstage_docs.records.options import RecordOptions
from upstage_docs.records.render import element_text, heading_level

__all__ = [
    "METADATA_KEYS",
    "NAMESPACE",
    "HeadingTrail",
    "RecordOptions",
    "Recorder",
    "coordinates_of",
    "file_id",
    "metadata",
    "record_id",
    "records",
    "text_sha256",
]

_encode = msgspec.json.Encoder().encode

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
}


class HeadingTrail:
    """The headings that govern the current place in a document, outermost first; lives as long as one document."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str, str]] = []

    def leave(self, level: int) -> None:
        """Close what a heading of *level* ends: every open heading as deep or deeper."""
        while self._open and self._open[-1][0] >= level:
            self._open.pop()

    def enter(self, level: int, text: str, identity: str) -> None:
        """Open the heading *text* of *level*, whose record id is *identity*."""
        self._open.append((level, " ".join(text.split()), identity))

    @property
    def headings(self) -> tuple[str, ...]:
        """The texts of the open headings."""
        return tuple(text for _, text, _ in self._open)

    @property
    def section_id(self) -> str:
        """The record id of the innermost open heading, `""` if none."""
        return self._open[-1][2] if self._open else ""


class Recorder:
    """Turns one document, given whole or in runs of pages, into records; headings go on over the runs."""

    def __init__(self, options: RecordOptions) -> None:
        self._options = options
        self._trail = HeadingTrail()
        self._waiting: list[ParsedDocument] = []

    def add(self, document: ParsedDocument, image_paths: Mapping[int, str] | None = None) -> Iterator[Record]:
        """Yield the records that *document*, the next run of pages, completes.

        Args:
            document: The whole document or its next pages.
            image_paths: Element id → file of its crop, for `images="files"`.
        """
        if self._options.split == "none":
            self._waiting.append(document)
        elif self._options.split == "page":
            yield from self._pages(document)
        else:
            yield from self._elements(document, image_paths or {})

    def finish(self) -> Iterator[Record]:
        """Yield what is left: the one record of `split="none"`."""
        if self._waiting:
            document = join(self._waiting)
            self._waiting = []
            yield from self._whole(document)

    def _elements(self, document: ParsedDocument, image_paths: Mapping[int, str]) -> Iterator[Record]:
        options = self._options
        answered = raw_elements(document) if options.output_format == "json" else None
        for index, element in enumerate(document.elements):
            if answered is not None:
                text = json.dumps(answered[index], ensure_ascii=False)
            else:
                text = element_text(element, options.output_format)  # type: ignore[arg-type]
            level = heading_level(element)
            if level:
                self._trail.leave(level)
            identity = record_id(
                document.source,
                document.file_sha256,
                options.output_format,
                "element",
                element.id,
                0,
                text_sha256(text),
            )
            metadata = self._metadata(document, element, identity)
            if level:
                self._trail.enter(level, element_text(element, "text"), identity)
            if options.skip_empty and not text.strip():
                continue
            if options.images == "files":
                metadata["image_path"] = image_paths.get(element.id, "")
            elif options.images == "base64":
                metadata["image_base64"] = element.base64_encoding
            yield Record(identity, text, metadata)

    def _metadata(self, document: ParsedDocument, element: Element, identity: str) -> dict[str, Any]:
        if self._options.metadata_format == "nested":
            nested = {
                "id": element.id,
                "page": element.page,
                "category": element.category,
                "coordinates": _nested(element.coordinates),
            }
            return {**nested, "base64_encoding": element.base64_encoding} if element.base64_encoding else nested
        return metadata(
            document,
            identity=identity,
            element_id=element.id,
            section_id=self._trail.section_id,
            category=element.category,
            sub_category=element.sub_category,
            page=element.page,
            coordinates=element.coordinates,
            headings=self._trail.headings,
        )

    def _pages(self, document: ParsedDocument) -> Iterator[Record]:
        for page in document.pages:
            yield from self._joined(document, page.elements, "page")

    def _whole(self, document: ParsedDocument) -> Iterator[Record]:
        if self._options.output_format == "json":
            yield from self._one(document, document.elements, "none", document_json(document))
        else:
            yield from self._joined(document, document.elements, "none")

    def _joined(self, document: ParsedDocument, elements: tuple[Element, ...], split: Split) -> Iterator[Record]:
        form = self._options.output_format
        if form == "json":
            chosen = {element.id for element in elements}
            page = [one for one in raw_elements(document) if one["id"] in chosen]
            text = json.dumps({"elements": page}, ensure_ascii=False)
        else:
            text = JOINERS[form].join(filter(None, (element_text(element, form).rstrip("\n") for element in elements)))
        yield from self._one(document, elements, split, text)

    def _one(
        self, document: ParsedDocument, elements: tuple[Element, ...], split: Split, text: str
    ) -> Iterator[Record]:
        first_id = elements[0].id if elements else 0
        page = elements[0].page if elements else 1
        form = self._options.output_format
        if split == "none":
            identity = file_id(document.source)
        else:
            identity = record_id(document.source, document.file_sha256, form, split, first_id, 0, text_sha256(text))
        headings = self._trail.headings
        for element in elements:
            if level := heading_level(element):
                self._trail.leave(level)
                self._trail.enter(level, element_text(element, "text"), "")
        if self._options.skip_empty and not text.strip():
            return
        if self._options.metadata_format == "nested":
            # langchain-upstage gives a page its number, and a whole document how many pages it has.
            nested: dict[str, Any] = {"page": page} if split == "page" else {"total_pages": document.total_pages}
            nested["coordinates"] = [_nested(element.coordinates) for element in elements if element.coordinates]
            if crops := [element.base64_encoding for element in elements if element.base64_encoding]:
                nested["base64_encodings"] = crops
            yield Record(identity, text, nested)
            return
        boxes = [element.box for element in elements if element.page == page and element.coordinates]
        flat = metadata(
            document,
            identity=identity,
            element_id=first_id,
            category="page" if split == "page" else "document",
            page=page,
            headings=headings,
            box=_union(boxes),
        )
        yield Record(identity, text, flat)


def metadata(
    document: ParsedDocument | OcrResult,
    *,
    identity: str,
    element_id: int,
    category: str,
    page: int,
    section_id: str = "",
    sub_category: str = "",
    total_pages: int | None = None,
    coordinates: tuple[Point, ...] = (),
    headings: tuple[str, ...] = (),
    box: Box | None = None,
) -> dict[str, Any]:
    """Return flat metadata: the keys of METADATA_KEYS, all of them, in that order."""
    x0, y0, x1, y1 = bounding_box(coordinates) if box is None else box
    if total_pages is None:
        total_pages = document.total_pages if isinstance(document, ParsedDocument) else len(document.pages)
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
    }


def records(
    documents: ParsedDocument | Iterable[ParsedDocument], options: RecordOptions | None = None
) -> Iterator[Record]:
    """Yield the records of one document, given whole or as its runs of pages in order."""
    recorder = Recorder(options or RecordOptions())
    for document in [documents] if isinstance(documents, ParsedDocument) else documents:
        yield from recorder.add(document)
    yield from recorder.finish()


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


def _nested(coordinates: tuple[Point, ...]) -> list[dict[str, float]]:
    return [{"x": x, "y": y} for x, y in coordinates]


def _union(boxes: list[Box]) -> Box:
    if not boxes:
        return (0.0, 0.0, 0.0, 0.0)
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
