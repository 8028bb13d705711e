"""Turns documents, elements, records, and whole HTML or Markdown texts into the units that are packed into chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import msgspec

from upstage_docs.api.decode import decode_document
from upstage_docs.chunking.blocks import blocks, element_kind
from upstage_docs.chunking.data_pictures import WithoutPictures, holds_data
from upstage_docs.chunking.marked_sections import cut_at_titles, cut_below_headings
from upstage_docs.chunking.named_files import file_named_in
from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.record_metadata import (
    LAST_KEY,
    FlatElement,
    RecordMetadata,
    extra_metadata,
    flat_element,
    read_metadata,
)
from upstage_docs.chunking.resplitting import SpansInside, units_of_chunk
from upstage_docs.chunking.text_breaks import has_code, has_words
from upstage_docs.chunking.units import UNKNOWN, ElementPlace, Run, Unit
from upstage_docs.errors import ConfigError, InvalidResponseError
from upstage_docs.models import Element, ParsedDocument, Record, bounding_box
from upstage_docs.records.caption_labels import caption_label
from upstage_docs.records.header_rows import header_rows_of
from upstage_docs.records.heading_levels import HeadingLevels, heading_size, is_no_heading
from upstage_docs.records.heading_numbering import SQUARE_SIGNS
from upstage_docs.records.marked_titles import MAY_BE_TITLES, holds_marked_line, is_section_title
from upstage_docs.records.metadata_text import metadata_text
from upstage_docs.records.records import METADATA_KEYS, HeadingTrail, record_id, source_in_ids, text_sha256
from upstage_docs.records.render import element_text, text_of_html, text_of_line
from upstage_docs.records.wording import is_note, is_unit

Chunkable = ParsedDocument | Element | Record

# What the layout model sometimes calls a caption at the top or the bottom of a page.
_RUNNING = frozenset({"header", "footer"})
_PICTURES = frozenset({"figure", "chart"})
_TABLES = frozenset({"table", "chart"})
_LEVELLED = frozenset(f"heading{level}" for level in range(1, 7))

# Many units are read, then packed, then built into chunks, so that the processor keeps what each of these needs:
# of 300 pages this takes nine tenths of the time. Of more at once it takes no less; a page has about fifteen.
_AT_ONCE = 256

_encode = msgspec.json.Encoder().encode


def units(items: Chunkable | Iterable[Chunkable], options: ChunkOptions) -> Iterator[list[Unit]]:
    """Yield the units of *items* in order, in lists; units of one file share their `run`.

    Each list holds what is known already: an iterator is asked for no item before the units of the last one were taken.
    """
    if isinstance(items, (ParsedDocument, Element, Record)):
        items = [items]
    elif not isinstance(items, Iterable):
        raise _not_chunkable_error(items)
    found: Iterable[Iterable[Unit]] = map(_Reader(options).units_of, items)
    for some in (chain.from_iterable(found),) if isinstance(items, Sequence) else found:
        left = iter(some)
        for first in left:
            read = [first]
            try:
                read += islice(left, _AT_ONCE - 1)
            except Exception:  # what stands before an item that cannot be read comes before its error
                yield read
                raise
            yield read


def _not_chunkable_error(item: object) -> ConfigError:
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
        self._named = ""
        self._page = 0
        self._element_id = UNKNOWN
        self._trail, self._levels = HeadingTrail(), HeadingLevels()
        self._last_headings: tuple[str, tuple[str, ...]] = ("", ())

    def units_of(self, item: Chunkable) -> Iterable[Unit]:
        """Return the units of one item."""
        if isinstance(item, Record):
            return self.record(item)
        if isinstance(item, ParsedDocument):
            return self.document(item)
        if not isinstance(item, Element):
            raise _not_chunkable_error(item)
        self.enter("", "", "", 0, page=item.page, element_id=item.id)
        return self.element(item)

    def enter(
        self,
        source: str,
        sha256: str,
        model: str,
        total_pages: int,
        *,
        page: int,
        element_id: int = UNKNOWN,
        missing_pages: str = "",
    ) -> bool:
        """Go on in the run of this file, or begin it; return whether it begins.

        What names no file (elements by themselves, nested metadata) is one file as long as neither its pages nor its
        elements go back.
        """
        run, last = self._run, self._element_id
        same = self._begun and run.source == source and run.file_sha256 == sha256 and not run.origin
        goes_on = page >= self._page and (element_id > last or UNKNOWN in {element_id, last})
        self._page, self._element_id = page, element_id
        if same and (source or sha256 or goes_on):
            return False
        self._begin_run(Run(source, sha256, model, total_pages, missing_pages=missing_pages))
        return True

    def _begin_run(self, run: Run) -> None:
        self._run, self._begun = run, True
        self._trail, self._levels = HeadingTrail(), HeadingLevels()

    def document(self, document: ParsedDocument) -> Iterable[Unit]:
        """Return the units of a document, or of its next run of pages."""
        elements = document.elements
        page, number = (elements[0].page, elements[0].id) if elements else (0, UNKNOWN)
        run = document.source, document.file_sha256, document.model, document.total_pages
        self.enter(*run, page=page, element_id=number, missing_pages=document.missing_pages)
        if elements:
            self._element_id = elements[-1].id
        return chain.from_iterable(map(self.element, elements))

    def element(self, element: Element) -> Iterable[Unit]:
        """Return the units of one element: nearly always one."""
        form = self._form
        text = (form == "html" and element.html) or element_text(element, form)
        if holds_data(text):
            text = WithoutPictures(text).text
        category = element.category
        may_be_title = category in MAY_BE_TITLES
        level = 0
        opens: bool | None = None
        if not may_be_title or element.text[:1] in SQUARE_SIGNS:
            level = self._levels.level_of(element)
            opens = level > 0 if category in _LEVELLED else None
            if level:
                self._trail.leave(level)
        else:
            self._levels.after_label = False
        found: Iterable[Unit] = ()
        if category not in self._excluded or _may_be_owned(category, text):
            corners = element.coordinates
            x0, y0, x1, y1 = bounding_box(corners)
            place = ElementPlace(element.id, element.page, category, element.sub_category, corners, x0, y0, x1, y1)
            found = self._units(category, text, place, self._trail.headings, self._trail.section_id, opens=opens)
            if form != "html" and category in _TABLES and element.html:
                for unit in found:
                    unit.header_rows = header_rows_of(element.html)
        if level:
            self._trail.enter(level, element_text(element, "text"), self._id_of(element, text))
        elif may_be_title and holds_marked_line(text):
            found = self._at_titles(found, self._id_of(element, text))
        return found

    def _id_of(self, element: Element, text: str) -> str:
        """Return the id of the record that our loaders make of *element*, with this *text*."""
        run = self._run
        named = source_in_ids(run.source, run.file_sha256, self._options.ids)
        return record_id(named, run.file_sha256, self._form, "element", element.id, 0, text_sha256(text))

    def _at_titles(self, found: Iterable[Unit], identity: str) -> Iterator[Unit]:
        """Yield *found*, of the record *identity*, cut at the titles among their lines, which open sections."""
        number = 0
        for unit in found:
            for piece, title in cut_at_titles(unit):
                level = self._levels.level(title, 0) if title else 0
                if level:
                    self._trail.leave(level)
                    piece.kind = "heading"
                piece.headings, piece.section_id = self._trail.headings, self._trail.section_id
                yield piece
                if level:
                    self._trail.enter(level, title, record_id("title", identity, number) if identity else "")
                    number += 1

    def record(self, record: Record) -> Iterable[Unit]:
        """Return the units of a record: an element, a page, a document, a chunk, or what another loader made."""
        if holds_data(record.text) and record.text[:1] != "{":
            return self._without_pictures(record)
        return self._record(record)

    def _without_pictures(self, record: Record) -> Iterator[Unit]:
        """Yield the units of a record whose text holds pictures as bytes, with their places in the text as it was."""
        without = WithoutPictures(record.text)
        metadata = record.metadata
        if without.text != record.text and (spans := read_metadata(record).spans):
            short = [(*one[:2], without.shortened(one[2]), without.shortened(one[3]), *one[4:]) for one in spans]
            own = {"spans": _encode(short).decode(), "text_sha256": text_sha256(without.text)}
            metadata = {**metadata, **own}
        for unit in self._record(msgspec.structs.replace(record, text=without.text, metadata=metadata)):
            if unit.start >= 0:
                unit.start, unit.end = without.original(unit.start), without.original(unit.end - 1) + 1
            yield unit

    def _record(self, record: Record) -> Iterable[Unit]:
        if (own := flat_element(record.metadata)) and record.text[:1] != "{":
            return self._flat(record, own)
        known = read_metadata(record)
        if known.record_type in {"chunk", "section"}:
            if not known.spans:
                return self._foreign(record, known)
            found = units_of_chunk(record, known, self._options)
            self._begin_run(found[0].run if found else Run())
            return found
        if known.record_type in {"page", "document"}:
            return self._units_of_text(record, known)
        if known.says_element:
            return self._element_record(record, known)
        return self._foreign(record, known)

    def _flat(self, record: Record, own: FlatElement) -> Iterable[Unit]:
        """Return the units of an element as our own loaders describe it."""
        run = self._run
        if not own.source or own.source != run.source or own.file_sha256 != run.file_sha256 or run.origin:
            model, pages = record.metadata.get("model"), record.metadata.get("total_pages")
            if not (own.source or own.file_sha256):
                self._heed_name(extra_metadata(record.metadata))
            self.enter(
                own.source,
                own.file_sha256,
                model if isinstance(model, str) else "",
                pages if isinstance(pages, int) else 0,
                page=own.page,
                element_id=own.element_id,
                missing_pages=own.missing_pages,
            )
        if own.category in self._excluded and not _may_be_owned(own.category, record.text):
            return ()
        found = self._units(
            own.category, record.text, own, self._split_headings(own.headings), own.section_id, record.id
        )
        if own.caption or own.header_rows:
            for unit in found:
                unit.caption, unit.header_rows = own.caption, own.header_rows
        elif own.category in MAY_BE_TITLES and holds_marked_line(record.text):
            found = list(cut_below_headings(found, record.id))
        if len(record.metadata) > len(METADATA_KEYS) or LAST_KEY not in record.metadata:
            further = extra_metadata(record.metadata)
            for unit in found:
                unit.extra = further
        return found

    def _element_record(self, record: Record, known: RecordMetadata) -> Iterator[Unit]:
        place = known.place
        self._enter_file(known)
        if record.text[:1] == "{" and (document := self._decoded(record.text)):
            yield from self._elements(document, known.extra, record.id)
            return
        category = "table" if known.says_table else place.category
        if category != place.category:
            place = msgspec.structs.replace(place, category=category)
        level, title = 0, ""
        if category[:7] == "heading" and category[7:] in set("123456") and known.headings is None:
            title = " ".join(text_of_html(record.text).lstrip("# ").split())
            declared = int(category[7:])
            level = self._levels.level(title, declared if declared > 1 else 0, heading_size(record.text))
        elif known.headings is None:
            self._levels.after_label = False
            if category == "index":
                self._levels.read_contents(text_of_html(record.text))
        if known.headings is not None:
            headings, section_id = known.headings, known.section_id
        else:
            if level:
                self._trail.leave(level)
            headings, section_id = self._trail.headings, ""
        if category not in self._excluded or _may_be_owned(category, record.text):
            for unit in self._units(category, record.text, place, headings, section_id, record.id):
                unit.extra = known.extra
                yield unit
        if level:
            self._trail.enter(level, title, "")

    def _units(
        self,
        category: str,
        text: str,
        place: ElementPlace,
        headings: tuple[str, ...],
        section_id: str,
        record_id: str | None = None,
        *,
        opens: bool | None = None,
    ) -> Sequence[Unit]:
        """Return the units of one element's text, which is that of the record *record_id* if it is one's.

        *opens* tells whether a heading opens a section, where that is known.
        """
        run = self._run
        offset, joiner = 0, "\n"
        if not (text[:1] == "<" and text[-1] == ">"):
            length = len(text)
            text = text.lstrip("\r\n")
            offset, text = length - len(text), text.rstrip()
            if not text:
                return (Unit("whole", "", "", place, headings, section_id, run),) if category in _PICTURES else ()
            joiner = _joiner(text)
        kind = element_kind(category, text)
        begun = text.find(">") + 1 if text[0] == "<" else 0  # after one tag
        first = text[begun : begun + 1]
        if kind == "text":
            if first in SQUARE_SIGNS and category in MAY_BE_TITLES and is_section_title(text_of_html(text)):
                kind = "heading"
        elif kind == "heading":
            if opens is None:
                opens = not is_no_heading(" ".join(text_of_html(text).lstrip("# ").split()))
            kind = "heading" if opens else "text"
        if kind and not (first.isalnum() or has_words(text) or _is_said_without_words(kind, category, text)):
            return ()
        if category in self._excluded:  # what may be owned, as its callers see
            kind = "aside"
        if kind:
            if record_id is None:
                return (Unit(kind, text, joiner, place, headings, section_id, run),)
            end = offset + len(text)
            return (Unit(kind, text, joiner, place, headings, section_id, run, None, None, record_id, offset, end),)
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
            unit = Unit(kind, body, between, here, headings, section_id, run)
            if record_id is not None:
                unit.record_id, unit.start, unit.end = record_id, offset + block.start, offset + block.end
            found.append(unit)
            previous = block.end
        return found

    def _units_of_text(self, record: Record, known: RecordMetadata) -> Iterator[Unit]:
        """Yield the units of a page's or a whole document's text, as our loaders make it."""
        begins = self._enter_file(known)
        if record.text[:1] == "{" and (document := self._decoded(record.text)):
            yield from self._elements(document, known.extra, record.id)
            return
        if begins:
            self._enter_all(known.headings or ())
        page = known.place.page
        if known.record_type == "document" and self._run.total_pages != 1:
            page = 0  # the text does not say where its pages end
        yield from self._units_of_blocks(record, ElementPlace(UNKNOWN, page), known)

    def _foreign(self, record: Record, known: RecordMetadata) -> Iterator[Unit]:
        """Yield the units of what another loader made, or cut: it shares no chunk with anything else."""
        digest = text_sha256(metadata_text(record.metadata, sort_keys=True))
        self._begin_run(known.run(origin=digest))
        if record.text[:1] == "{" and '"elements"' in record.text and (document := self._decoded(record.text)):
            yield from self._elements(document, known.extra, record.id)
            return
        self._enter_all(known.headings or ())
        # What another loader calls coordinates may be anything; what our own chunks say stays true of their pieces.
        place = known.place if known.is_stale else ElementPlace(known.place.element_id, known.place.page)
        if known.says_table:
            if "table" in self._excluded:
                return
            place = msgspec.structs.replace(place, category="table")
            for unit in self._units("table", record.text, place, self._trail.headings, "", record.id):
                unit.extra = known.extra
                yield unit
        else:
            yield from self._units_of_blocks(record, place, known)

    def _units_of_blocks(self, record: Record, place: ElementPlace, known: RecordMetadata) -> Iterator[Unit]:
        """Yield the units of a text with structure of its own; *place* is that of what no span tells more of."""
        text = record.text
        inside = SpansInside(record, known) if known.spans else None
        is_stale = known.is_stale
        # An `id` of other HTML is no element's number; one in a piece that others cut may stand inside of a table.
        ours = not is_stale and (bool(known.record_type) or "data-category=" in text)
        section_id = known.section_id if is_stale else ""
        corners, box = place.coordinates, place.box
        previous = 0
        for block in blocks(text):
            body = text[block.start : block.end]
            level, title = 0, ""
            if block.level and not is_stale:
                title = " ".join(text_of_html(block.title or body).split())
                level = self._levels.level(title, block.level if block.level > 1 else 0, heading_size(body))
                if level:
                    self._trail.leave(level)
            elif not is_stale:
                self._levels.after_label = False
                if block.category == "index":
                    self._levels.read_contents(text_of_html(body))
            if block.category not in self._excluded or _may_be_owned(block.category, body):
                identity = place.element_id if block.element_id is None or not ours else block.element_id
                gap = text[previous : block.start]
                joiner = gap if previous and not gap.strip() else _joiner(body)
                here = ElementPlace(identity, place.page, block.category, place.sub_category, corners, *box)
                kind = "text" if title and not level else block.kind
                kind = "aside" if block.category in self._excluded else kind
                unit = Unit(kind, body, joiner, here, self._trail.headings, section_id, self._run, known.extra)
                unit.record_id, unit.start, unit.end = record.id, block.start, block.end
                if inside and (spans := inside.of(block)):
                    unit = unit.with_text(body, spans)
                if is_stale or kind != "text" or not holds_marked_line(body):
                    yield unit
                else:
                    yield from self._at_titles([unit], "")
            previous = block.end
            if level:
                self._trail.enter(level, title, "")

    def _enter_file(self, known: RecordMetadata) -> bool:
        place = known.place
        if not (known.source or known.file_sha256):
            self._heed_name(known.extra)
        run = known.source, known.file_sha256, known.model, known.total_pages
        return self.enter(*run, page=place.page, element_id=place.element_id, missing_pages=known.missing_pages)

    def _heed_name(self, extra: dict[str, Any] | None) -> None:
        """Begin a run where *extra* metadata, of others, names another file, whatever pages and elements say."""
        named = file_named_in(extra)
        if named != self._named:
            self._begun = False
        self._named = named

    def _elements(self, document: ParsedDocument, further: dict[str, Any] | None, record_id: str) -> Iterator[Unit]:
        """Yield the units of what a JSON text held; its *further* metadata is theirs."""
        for element in document.elements:
            for unit in self.element(element):
                unit.extra, unit.record_id = further, record_id
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

    def _enter_all(self, headings: tuple[str, ...]) -> None:
        """Open the headings that govern the beginning of a record, outermost first."""
        for level, heading in enumerate(headings, start=1):
            self._levels.level(" ".join(heading.split()), 0)
            self._trail.enter(level, heading, "")

    def _split_headings(self, headings: str) -> tuple[str, ...]:
        """Return the breadcrumb as its headings; it is the same for many records in a row."""
        if self._last_headings[0] != headings:
            self._last_headings = (headings, tuple(headings.split(" > ")) if headings else ())
        return self._last_headings[1]


def _may_be_owned(category: str, text: str) -> bool:
    """Return whether what is excluded may belong to a table: a running header or footer, whose label is mistaken."""
    if category not in _RUNNING:
        return False
    words = text_of_line(text)
    return not words.isdecimal() and (bool(caption_label(words)) or is_unit(words) or is_note(words))


def _is_said_without_words(kind: str, category: str, text: str) -> bool:
    """Return whether *text*, in which is nothing but tags, says something: a picture, or code."""
    return "<img" in text if kind == "whole" else category == "code" and has_code(text)


def _joiner(text: str) -> str:
    """Return what stands before *text* in a chunk; `<자료> 통계청` is no HTML."""
    return "\n" if text[0] == "<" and text[-1] == ">" else "\n\n"
