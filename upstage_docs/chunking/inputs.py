"""What is to be chunked → units: documents, elements, records, whole HTML or Markdown; packs nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from upstage_docs.api.decode import decode_document
from upstage_docs.chunking.blocks import blocks, element_kind
from upstage_docs.chunking.foreign_metadata import (
    FlatElement,
    box_of,
    extra,
    flat_element,
    number,
    points,
    read_spans,
    says_table,
    string,
)
from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.resplitting import units_of_chunk
from upstage_docs.chunking.text_breaks import has_code, has_words
from upstage_docs.chunking.units import Place, Run, Unit
from upstage_docs.errors import ConfigError, InvalidResponseError
from upstage_docs.models import Element, ParsedDocument, Record, bounding_box
from upstage_docs.records.records import METADATA_KEYS, HeadingTrail, record_id, text_sha256
from upstage_docs.records.render import element_text, heading_level, text_of_html

__all__ = ["Chunkable", "units"]

Chunkable = ParsedDocument | Element | Record

_encode = msgspec.json.Encoder().encode


def units(items: Chunkable | Iterable[Chunkable], options: ChunkOptions) -> Iterator[Unit]:
    """Yield the units of *items* in order; units of one file share their `run`."""
    reader = _Reader(options)
    if isinstance(items, (ParsedDocument, Element, Record)):
        items = [items]
    elif not isinstance(items, Iterable):
        raise _refusal(items)
    for item in items:
        if isinstance(item, Record):
            if found := reader.record(item):
                yield from found
        elif isinstance(item, ParsedDocument):
            yield from reader.document(item)
        elif isinstance(item, Element):
            reader.enter("", "", "", 0, page=item.page)
            yield from reader.element(item)
        else:
            raise _refusal(item)


def _refusal(item: object) -> ConfigError:
    return ConfigError(
        f"A {type(item).__name__} cannot be chunked; give a ParsedDocument, its elements, or records of it."
    )


class _Reader:
    """Reads one item after the other; knows which file it is in and which headings govern the place."""

    def __init__(self, options: ChunkOptions) -> None:
        self._options = options
        self._form = options.output_format
        self._excluded = frozenset(options.exclude_categories)
        self._run = Run()
        self._begun = False
        self._page = 0
        self._trail = HeadingTrail()
        self._headings: tuple[str, ...] = ()
        self._section = ""
        self._last_headings: tuple[str, tuple[str, ...]] = ("", ())

    def enter(self, source: str, sha256: str, model: str, total_pages: int, *, page: int) -> bool:
        """Go on in the run of this file, or begin it; return whether it begins.

        What names no file (elements by themselves, nested metadata) is one file as long as its pages do not go back.
        """
        run = self._run
        same = self._begun and run.source == source and run.file_sha256 == sha256 and not run.origin
        if same and (source or page >= self._page):
            self._page = page
            return False
        self._begin(Run(source, sha256, model, total_pages))
        self._page = page
        return True

    def _begin(self, run: Run) -> None:
        self._run, self._begun = run, True
        self._trail, self._headings, self._section = HeadingTrail(), (), ""

    def document(self, document: ParsedDocument) -> Iterator[Unit]:
        """Yield the units of a document, or of its next run of pages."""
        page = document.elements[0].page if document.elements else 0
        self.enter(document.source, document.file_sha256, document.model, document.total_pages, page=page)
        for element in document.elements:
            yield from self.element(element)

    def element(self, element: Element) -> Iterable[Unit]:
        """Return the units of one element: nearly always one."""
        text = element_text(element, self._form)
        category = element.category
        level = heading_level(element) if category[:7] == "heading" else 0
        if level:
            self._leave(level)
        found: Iterable[Unit] = ()
        if category not in self._excluded and text:
            coordinates = element.coordinates
            place = Place(
                element.id,
                element.page,
                category,
                element.sub_category,
                _encode(coordinates).decode(),
                *bounding_box(coordinates),
            )
            found = self._units(category, text, place, self._headings, self._section)
        if level:
            run = self._run
            identity = record_id(run.source, run.file_sha256, self._form, "element", element.id, 0, text_sha256(text))
            self._enter(level, element_text(element, "text"), identity)
        return found

    def record(self, record: Record) -> Iterable[Unit]:
        """Return the units of a record: an element, a page, a document, a chunk, or what another loader made."""
        metadata = record.metadata
        category = metadata.get("category")
        if "spans" in metadata and (spans := read_spans(metadata["spans"], record.text)):
            found = units_of_chunk(record, spans, self._options)
            self._begin(found[0].run if found else Run())
            return found
        if isinstance(category, str):
            if category in {"page", "document"} and "file_sha256" in metadata:
                return self._text(record)
            if (own := flat_element(metadata)) and record.text[:1] != "{":
                return self._flat(record, own)
            if "element_id" in metadata or "id" in metadata:
                return self._element_record(record, "table" if says_table(metadata) else category)
        return self._foreign(record)

    def _flat(self, record: Record, own: FlatElement) -> Iterable[Unit]:
        """Return the units of an element as our own loaders describe it."""
        run = self._run
        if not own.source or own.source != run.source or own.file_sha256 != run.file_sha256 or run.origin:
            self._enter_file(record.metadata, own.page)
        if own.category in self._excluded:
            return ()
        found = self._units(own.category, record.text, own, self._split(own.headings), own.section_id)
        if len(record.metadata) > len(METADATA_KEYS):
            further = extra(record.metadata)
            for unit in found:
                unit.extra = further
        return found

    def _element_record(self, record: Record, category: str) -> Iterator[Unit]:
        metadata = record.metadata
        page = number(metadata, "page")
        self._enter_file(metadata, page)
        if record.text[:1] == "{" and (document := self._decoded(record.text)):
            yield from self._elements(document, extra(metadata))
            return
        flat = "element_id" in metadata
        coordinates = metadata.get("coordinates", "[]")
        if flat and isinstance(coordinates, str):
            box = box_of(metadata)
        else:
            corners = points(metadata)
            coordinates, box = _encode(corners).decode(), bounding_box(corners)
        place = Place(
            number(metadata, "element_id" if flat else "id"),
            page,
            category,
            string(metadata, "sub_category"),
            coordinates,
            *box,
        )
        level = int(category[7:]) if category[:7] == "heading" and category[7:] in set("123456") else 0
        if "headings" in metadata:
            headings, section_id = self._split(string(metadata, "headings")), string(metadata, "section_id")
        else:
            if level:
                self._leave(level)
            headings, section_id = self._headings, ""
        if category not in self._excluded:
            further = extra(metadata)
            for unit in self._units(category, record.text, place, headings, section_id):
                unit.extra = further
                yield unit
        if level and "headings" not in metadata:
            self._enter(level, text_of_html(record.text).lstrip("# "), "")

    def _units(
        self, category: str, text: str, place: Place, headings: tuple[str, ...], section_id: str
    ) -> Sequence[Unit]:
        """Return the units of one element's text."""
        text = text.lstrip("\r\n").rstrip()
        if not text:
            return ()
        kind = element_kind(category, text)
        if kind and not has_words(text) and not _is_said_without_words(kind, category, text):
            return ()
        joiner = _joiner(text)
        run = self._run
        if kind:
            return (Unit(kind, text, joiner, place, headings, section_id, run),)
        found = []
        previous = 0
        for block in blocks(text):
            if block.kind == "whole" and block.category in self._excluded:
                continue  # as it would be in an element of its own
            gap = text[previous : block.start]
            body = text[block.start : block.end]
            between = joiner if not previous else gap if not gap.strip() else "\n"
            kind = "text" if block.kind == "heading" else block.kind
            # A table is a table, whatever holds it.
            here = place if kind != "whole" else msgspec.structs.replace(place, category=block.category)
            found.append(Unit(kind, body, between, here, headings, section_id, run))
            previous = block.end
        return found

    def _text(self, record: Record) -> Iterator[Unit]:
        """Yield the units of a page's or a whole document's text, as our loaders make it."""
        metadata = record.metadata
        page = number(metadata, "page")
        begins = self._enter_file(metadata, page)
        if record.text[:1] == "{" and (document := self._decoded(record.text)):
            yield from self._elements(document, extra(metadata))
            return
        if begins:
            for level, heading in enumerate(self._split(string(metadata, "headings")), start=1):
                self._enter(level, heading, "")
        if metadata["category"] == "document" and self._run.total_pages != 1:
            page = 0  # the text does not say where its pages end
        place = Place(number(metadata, "element_id"), page)
        yield from self._blocks(record.text, place, extra(metadata))

    def _foreign(self, record: Record) -> Iterator[Unit]:
        """Yield the units of what another loader made; it shares no chunk with anything else."""
        metadata = record.metadata
        digest = text_sha256(json.dumps(metadata, sort_keys=True, default=str, ensure_ascii=False))
        self._begin(
            Run(
                string(metadata, "source"),
                string(metadata, "file_sha256"),
                string(metadata, "model"),
                number(metadata, "total_pages"),
                origin=digest,
            )
        )
        if record.text[:1] == "{" and '"elements"' in record.text and (document := self._decoded(record.text)):
            yield from self._elements(document, extra(metadata))
            return
        for level, heading in enumerate(self._split(string(metadata, "headings")), start=1):
            self._enter(level, heading, "")
        place = Place(number(metadata, "element_id"), number(metadata, "page"), "table")
        if says_table(metadata):
            if "table" in self._excluded:
                return
            for unit in self._units("table", record.text, place, self._headings, ""):
                unit.extra = extra(metadata)
                yield unit
        else:
            yield from self._blocks(record.text, place, extra(metadata))

    def _blocks(self, text: str, place: Place, further: dict[str, Any] | None) -> Iterator[Unit]:
        previous = 0
        for block in blocks(text):
            if block.level:
                self._leave(block.level)
            body = text[block.start : block.end]
            if block.category not in self._excluded:
                identity = place.element_id if block.element_id is None else block.element_id
                gap = text[previous : block.start]
                joiner = gap if previous and not gap.strip() else _joiner(body)
                here = Place(identity, place.page, block.category)
                yield Unit(block.kind, body, joiner, here, self._headings, "", self._run, further)
            previous = block.end
            if block.level:
                self._enter(block.level, text_of_html(body).lstrip("# "), "")

    def _enter_file(self, metadata: dict[str, Any], page: int) -> bool:
        return self.enter(
            string(metadata, "source"),
            string(metadata, "file_sha256"),
            string(metadata, "model"),
            number(metadata, "total_pages"),
            page=page,
        )

    def _elements(self, document: ParsedDocument, further: dict[str, Any] | None) -> Iterator[Unit]:
        """Yield the units of what a JSON text held; its *further* metadata is theirs."""
        for element in document.elements:
            for unit in self.element(element):
                unit.extra = further
                yield unit

    def _decoded(self, text: str) -> ParsedDocument | None:
        """Return the elements that a JSON text of our loaders holds, None if it is something else."""
        raw = text.encode(errors="surrogatepass")
        for answer in (raw, b'{"elements":[%s]}' % raw):
            try:
                document = decode_document(answer)
            except InvalidResponseError:
                continue
            if document.elements:
                return document
        return None

    def _leave(self, level: int) -> None:
        self._trail.leave(level)
        self._headings, self._section = self._trail.headings, self._trail.section_id

    def _enter(self, level: int, text: str, identity: str) -> None:
        self._trail.enter(level, text, identity)
        self._headings, self._section = self._trail.headings, self._trail.section_id

    def _split(self, headings: str) -> tuple[str, ...]:
        """Return the breadcrumb as its headings; it is the same for many records in a row."""
        if self._last_headings[0] != headings:
            self._last_headings = (headings, tuple(headings.split(" > ")) if headings else ())
        return self._last_headings[1]


def _is_said_without_words(kind: str, category: str, text: str) -> bool:
    """Return whether *text*, in which is nothing but tags, says something: a picture, or code."""
    return "<img" in text if kind == "whole" else category == "code" and has_code(text)


def _joiner(text: str) -> str:
    """Return what stands before *text* in a chunk."""
    return "\n" if text[0] == "<" else "\n\n"
