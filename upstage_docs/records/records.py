"""Makes a document's records, with their metadata and ids, one run of pages at a time: `Recorder`, `records`."""

from __future__ import annotations

import json
import posixpath
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha1, sha256
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import msgspec

from upstage_docs.api.joining import JOINERS, document_json, join, raw_elements
from upstage_docs.errors import ConfigError
from upstage_docs.models import Box, Element, ParsedDocument, Point, Record, bounding_box
from upstage_docs.options import Ids, Split
from upstage_docs.records.element_captions import OWNERS, captions_of
from upstage_docs.records.header_rows import header_rows_of
from upstage_docs.records.heading_levels import HeadingLevels
from upstage_docs.records.marked_titles import MAY_BE_TITLES, MarkedTitle, holds_square, marked_titles
from upstage_docs.records.metadata_text import shown
from upstage_docs.records.options import RecordOptions
from upstage_docs.records.render import element_text

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

# The namespace of every id this package makes; a golden test pins some ids.
NAMESPACE = UUID("6f4b3c52-8a5e-5d0c-9a38-0c2f6f7d1e11")

_BEGUN = sha1(NAMESPACE.bytes, usedforsecurity=False)
_UNHASHED = sha256()
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_parts = itemgetter(slice(8), slice(8, 12), slice(13, 16), 16, slice(17, 20), slice(20, 32))
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # a drive of Windows has one letter
_encode = msgspec.json.Encoder().encode
join_headings = lru_cache(maxsize=16)(" > ".join)  # one text for all records below the same headings

# Which element stands where in a record's text: element id, page, start, end (offsets), and its box.
Span = tuple[int, int, int, int, float, float, float, float]
_spans = msgspec.json.Decoder(list[Span])
RecordType = Literal["element", "page", "document", "chunk", "section", "word", "line"]


@dataclass(eq=False, repr=False)
class Metadata:
    """The keys of every flat record, in this order, always with the same types: stores and record managers need it.

    Records have `vars(...)` of it, or a copy of that: such mappings share their keys, and take 0.3 KB instead of 0.8.
    """

    source: str = ""
    file_sha256: str = ""
    record_id: str = ""
    element_id: int = 0
    section_id: str = ""
    category: str = ""
    sub_category: str = ""
    page: int = 0
    total_pages: int = 0
    coordinates: str = "[]"
    x0: float = 0.0
    y0: float = 0.0
    x1: float = 0.0
    y1: float = 0.0
    headings: str = ""
    model: str = ""
    page_end: int = 0
    categories: str = ""
    spans: str = "[]"
    record_type: RecordType = "element"
    text_sha256: str = ""  # by which whoever reads spans later can tell whether they are still its own; "" for none
    caption: str = ""
    header_rows: int = 0
    missing_pages: str = ""  # of the document: a part of a file says so in each of its records


@dataclass(eq=False, repr=False)
class OcrMetadata(Metadata):
    """The keys of a record of recognised text."""

    confidence: float = 0.0
    page_width: int = 0
    page_height: int = 0
    words: str = "[]"


METADATA_KEYS: dict[str, type] = {key: type(value) for key, value in vars(Metadata()).items()}
OCR_KEYS = {key: type(value) for key, value in vars(OcrMetadata()).items() if key not in METADATA_KEYS}

# Elements that may hold a table.
_TABLES = frozenset({"table", "chart"})


@dataclass
class HeadingTrail:
    """The headings that govern the current place in a document; lives as long as one document.

    Attributes:
        headings: The texts of the open headings, outermost first.
        section_id: The record id of the innermost open heading, `""` if none.
    """

    headings: tuple[str, ...] = ()
    section_id: str = ""
    _open: list[tuple[int, tuple[str, ...], str]] = field(default_factory=list)

    def leave(self, level: int) -> None:
        """Close what a heading of *level* ends: every open heading as deep or deeper."""
        opened = self._open
        if opened and opened[-1][0] >= level:
            while opened and opened[-1][0] >= level:
                opened.pop()
            _, self.headings, self.section_id = opened[-1] if opened else (0, (), "")

    def enter(self, level: int, text: str, identity: str) -> None:
        """Open the heading *text* of *level*, whose record id is *identity*."""
        self.headings, self.section_id = (*self.headings, " ".join(text.split())), identity
        self._open.append((level, self.headings, identity))

    def go_on(self, level: int, text: str, identity: str) -> None:
        """Close what a heading of *level* ends, and open it."""
        self.leave(level)
        self.enter(level, text, identity)


@dataclass(eq=False)
class Recorder:
    """Turns one document, given whole or in runs of pages, into records; headings go on over the runs."""

    options: RecordOptions
    _trail: HeadingTrail = field(default_factory=HeadingTrail, init=False)
    _levels: HeadingLevels = field(default_factory=HeadingLevels, init=False)
    _waiting: list[ParsedDocument] = field(default_factory=list, init=False)
    _image_paths: dict[int, str] = field(default_factory=dict, init=False)

    def add(self, document: ParsedDocument, image_paths: Mapping[int, str] | None = None) -> Iterator[Record]:
        """Yield the records that *document*, the next run of pages, completes.

        Args:
            document: The whole document or its next pages.
            image_paths: Element id → file of its crop, for `images="files"`.
        """
        if image_paths and self.options.split != "element":
            self._image_paths |= image_paths
        if self.options.split == "none":
            self._waiting.append(document)
        elif self.options.split == "page":
            for page in document.pages:
                yield from self._records_of_elements(document, page.elements, "page")
        else:
            yield from self._elements(document, image_paths or {})

    def finish(self) -> Iterator[Record]:
        """Yield the one record of `split="none"`, once all pages were added; nothing with another split."""
        if self._waiting:
            document = join(self._waiting)
            self._waiting = []
            yield from self._document_record(document)

    def _elements(self, document: ParsedDocument, image_paths: Mapping[int, str]) -> Iterator[Record]:
        options, form, trail = self.options, self.options.output_format, self._trail
        images, leaves_out_empty = options.images, options.skip_empty
        answered = raw_elements(document) if form == "json" else None
        named = source_in_ids(document.source, document.file_sha256, options.ids)
        ids = RecordIds(named, document.file_sha256, form, "element")
        is_flat = options.metadata_format == "flat"
        captions: dict[int, str] | None = None  # of the tables, charts and figures, where there are some
        alike = _metadata_of(document, "element")
        boxes = [bounding_box(element.coordinates) for element in document.elements] if is_flat else []
        for index, element in enumerate(document.elements):
            if answered is not None:
                one = answered[index]
                if images == "files" and one.get("base64_encoding"):
                    one["base64_encoding"] = ""  # it is in a file
                text = json.dumps(one, ensure_ascii=False)
            else:
                text = (form == "html" and element.html) or element_text(element, form)  # type: ignore[arg-type]
            level, inside = self._titles_of(element)
            if level or (inside and not inside[0][1].start):
                trail.leave(level or inside[0][0])
            digest = text_sha256(text)
            identity = ids.of(element.id, 0, digest)
            if is_flat:
                own = alike.copy()  # faster than making it
                own["record_id"], own["text_sha256"] = identity, digest
                self._describe(own, element, boxes[index], len(text))
                if element.category in OWNERS:
                    captions = captions_of(document.elements, boxes) if captions is None else captions
                    own["caption"] = captions.get(index, "")
            else:
                own = _nested_metadata(element)
            if level:
                trail.enter(level, element_text(element, "text"), identity)
            elif inside:
                for number, (below, title) in enumerate(inside):
                    trail.go_on(below, title.words, record_id("title", identity, number))
            if leaves_out_empty and not text.strip():
                continue
            if images == "files":
                own["image_path"] = image_paths.get(element.id, "")
            elif images == "base64":
                own["image_base64"] = element.base64_encoding
            yield Record(identity, text, own)

    def _titles_of(self, element: Element) -> tuple[int, Sequence[tuple[int, MarkedTitle]]]:
        """Return the level of *element*, 0 if it is no heading, and then that of each title among its lines."""
        if element.category not in MAY_BE_TITLES:
            return self._levels.level_of(element), ()
        self._levels.after_label = False
        told = element.text or element.markdown or element.html
        # Of the words of a picture and of HTML, a square may be written in another way.
        if told[:1] != "!" and (element.text or "&" not in told) and (told.isascii() or not holds_square(told)):
            return 0, ()  # nor is one among its lines
        if level := self._levels.level_of(element):
            return level, ()
        titles = marked_titles(element_text(element, "text"))
        return 0, [(below, title) for title in titles if (below := self._levels.level(title.words, 0))]

    def _describe(self, flat: dict[str, Any], element: Element, box: Box, length: int) -> None:
        """Put into the metadata of *element*, whose text has that *length*, what it is and where it stands."""
        page, category = element.page, element.category
        x0, y0, x1, y1 = box
        flat["element_id"] = element.id
        flat["section_id"] = self._trail.section_id
        flat["category"] = flat["categories"] = category
        flat["sub_category"] = element.sub_category
        flat["page"] = flat["page_end"] = page
        flat["coordinates"] = _encode(element.coordinates).decode()
        flat["x0"], flat["y0"], flat["x1"], flat["y1"] = x0, y0, x1, y1
        flat["headings"] = join_headings(self._trail.headings)
        if length:
            flat["spans"] = _encode([(element.id, page, 0, length, x0, y0, x1, y1)]).decode()
        if category in _TABLES:
            flat["header_rows"] = header_rows_of(element.html or element.markdown)

    def _document_record(self, document: ParsedDocument) -> Iterator[Record]:
        if self.options.output_format == "json":
            text = document_json(document)
            if self.options.images == "files":
                text = _without_crops(text)
            yield from self._one(document, document.elements, "none", text, [])
        else:
            yield from self._records_of_elements(document, document.elements, "none")

    def _records_of_elements(
        self, document: ParsedDocument, elements: tuple[Element, ...], split: Split
    ) -> Iterator[Record]:
        form = self.options.output_format
        spans: list[Span] = []
        crops: list[tuple[int, int]] = []  # where the elements stand that have one
        if form == "json":
            chosen = {element.id for element in elements}
            page = [one for one in raw_elements(document) if one["id"] in chosen]
            if self.options.images == "files":
                page = [{**one, "base64_encoding": ""} if "base64_encoding" in one else one for one in page]
            text = json.dumps({"elements": page}, ensure_ascii=False)
        else:
            texts: list[str] = []
            position, joiner = 0, JOINERS[form]
            for element in elements:
                text = element_text(element, form).rstrip("\n")
                if element.id in self._image_paths:
                    crops.append((position, position + len(text)))
                if text:
                    texts.append(text)
                    spans.append((element.id, element.page, position, position + len(text), *element.box))
                    position += len(text) + len(joiner)
            text = joiner.join(texts)
        # Not those of a whole document: every splitter copies metadata to each piece, which would be quadratic.
        for record in self._one(document, elements, split, text, spans if split == "page" else []):
            if split == "none" and self.options.images == "files":
                record.metadata["crop_offsets"] = json.dumps(crops, separators=(",", ":"))
            yield record

    def _one(
        self, document: ParsedDocument, elements: tuple[Element, ...], split: Split, text: str, spans: list[Span]
    ) -> Iterator[Record]:
        first_id = elements[0].id if elements else 0
        page = elements[0].page if elements else 1
        form = self.options.output_format
        digest = text_sha256(text)
        options = self.options
        if split == "none":
            identity = file_id(document.source, document.file_sha256, options.ids)
        else:
            identity = record_id(
                source_in_ids(document.source, document.file_sha256, options.ids),
                document.file_sha256,
                form,
                split,
                first_id,
                0,
                digest,
            )
        headings = self._trail.headings
        for element in elements:
            level, inside = self._titles_of(element)
            if level:
                self._trail.go_on(level, element_text(element, "text"), "")
            for below, title in inside:
                self._trail.go_on(below, title.words, "")
        if self.options.skip_empty and not text.strip():
            return
        if self.options.metadata_format == "nested":
            # langchain-upstage gives a page its number, and a whole document how many pages it has.
            nested: dict[str, Any] = {"page": page} if split == "page" else {"total_pages": document.total_pages}
            nested["coordinates"] = [_nested(element.coordinates) for element in elements if element.coordinates]
            if options.images == "files":
                nested["image_path"] = self._paths_of(elements)
            elif crops := [element.base64_encoding for element in elements if element.base64_encoding]:
                nested["base64_encodings"] = crops
            yield Record(identity, text, nested)
            return
        kind: Literal["page", "document"] = "page" if split == "page" else "document"
        flat = _metadata_of(document, kind)
        flat["record_id"], flat["element_id"], flat["category"], flat["page"] = identity, first_id, kind, page
        flat["page_end"] = max((element.page for element in elements), default=page)
        boxes = [element.box for element in elements if element.page == page and element.coordinates]
        flat["x0"], flat["y0"], flat["x1"], flat["y1"] = union_of(boxes)
        flat["headings"] = join_headings(headings)
        flat["categories"] = ", ".join(dict.fromkeys(element.category for element in elements)) or kind
        flat["spans"] = _encode(spans).decode()
        flat["text_sha256"] = digest if spans else ""  # a whole document's JSON differs by the route that it took
        if options.images == "files":
            flat["image_path"] = self._paths_of(elements)
        yield Record(identity, text, flat)

    def _paths_of(self, elements: Iterable[Element]) -> str:
        """Return the files of the crops of *elements*, one a line."""
        return "\n".join(path for element in elements if (path := self._image_paths.get(element.id)))


def records(
    documents: ParsedDocument | Iterable[ParsedDocument], options: RecordOptions | None = None
) -> Iterator[Record]:
    """Yield the records of one document, given whole or as its runs of pages in order."""
    recorder = Recorder(options or RecordOptions())
    for document in [documents] if isinstance(documents, ParsedDocument) else documents:
        yield from recorder.add(document)
    yield from recorder.finish()


def _without_crops(answer: str) -> str:
    """Return the JSON of a document without the pictures in it, which are in files."""
    document = json.loads(answer)
    for element in document.get("elements", ()):
        if element.get("base64_encoding"):
            element["base64_encoding"] = ""
    return json.dumps(document, ensure_ascii=False)


def _metadata_of(document: ParsedDocument, record_type: RecordType) -> dict[str, Any]:
    """Return the metadata that all records of *document* share, with empty values for the rest."""
    return vars(
        Metadata(
            source=document.source,
            file_sha256=document.file_sha256,
            total_pages=document.total_pages,
            model=document.model,
            record_type=record_type,
            missing_pages=document.missing_pages,
        )
    )


def _nested_metadata(element: Element) -> dict[str, Any]:
    """Return the metadata of *element* as `langchain-upstage` gives them."""
    nested = {"id": element.id, "page": element.page, "category": element.category}
    nested["coordinates"] = _nested(element.coordinates)
    return {**nested, "base64_encoding": element.base64_encoding} if element.base64_encoding else nested


def _nested(coordinates: tuple[Point, ...]) -> list[dict[str, float]]:
    return [{"x": x, "y": y} for x, y in coordinates]


def union_of(boxes: Sequence[Box]) -> Box:
    """Return the box around all *boxes*, four 0.0 where there is none."""
    if not boxes:
        return (0.0, 0.0, 0.0, 0.0)
    x0s, y0s, x1s, y1s = zip(*boxes, strict=True)
    return (min(x0s), min(y0s), max(x1s), max(y1s))


def decode_spans(told: object) -> list[Span]:
    """Return the spans that `metadata["spans"]` tells, none where it is missing or something else."""
    try:
        return _spans.decode(told) if isinstance(told, (str, bytes)) else []
    except (msgspec.DecodeError, UnicodeEncodeError):
        return []


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
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise ConfigError(f"metadata['coordinates'] is not a list of points: {shown(value)}") from error


def record_id(*identity: object) -> str:
    """Return the deterministic UUIDv5 of a record from what identifies it, as canonical JSON."""
    return _uuid5(_encode(identity))


class RecordIds:
    """Makes the same ids as `record_id`, but faster, for records whose identities begin alike."""

    def __init__(self, *beginning: object) -> None:
        self._begun = _BEGUN.copy()
        try:
            begun = _encode(beginning)
        except UnicodeEncodeError:  # the name of a file that is no UTF-8, or half of a character in metadata of others
            begun = _encode([one.encode(errors="surrogatepass") if isinstance(one, str) else one for one in beginning])
        self._begun.update(begun[:-1] + b",")

    def of(self, *rest: object) -> str:
        """Return the id of the record whose identity ends with *rest*."""
        return _uuid5(_encode(rest)[1:], self._begun)


def file_id(source: str, file_sha256: str = "", ids: Ids = "source") -> str:
    """Return the id of a whole file: of its source and nothing else, so that a changed file replaces its old self.

    By content, it is that of the bytes: a changed file is then another one, and its old self stays in a store.
    """
    name = file_sha256 if ids == "content" and file_sha256 else _normal_source(source)
    return _uuid5(name.encode(errors="surrogatepass"))


def source_in_ids(source: str, file_sha256: str, ids: Ids) -> str:
    """Return what of *source* goes into the ids of a file's records: nothing where they are made of its content."""
    return "" if ids == "content" and file_sha256 else _normal_source(source)


@lru_cache(maxsize=256)  # asked for every element of a file
def _normal_source(source: str) -> str:
    """Return *source* so that every way to write one path gives one id: `./a.pdf`, `x/../a.pdf`.

    A path is never made absolute: ids would differ from machine to machine. An address (`s3://…`) stays as it is.
    """
    if not source or _ADDRESS.match(source):
        return source
    return posixpath.normpath(source.replace("\\", "/") if sys.platform == "win32" else source)


def _uuid5(name: bytes, begun: Hash = _BEGUN) -> str:
    """Return `str(uuid5(NAMESPACE, name))` (RFC 9562) without the object: every element of a corpus has an id."""
    digest = begun.copy()
    digest.update(name)
    first, second, third, variant, fourth, last = _parts(digest.hexdigest())
    return f"{first}-{second}-5{third}-{_VARIANT[variant]}{fourth}-{last}"


def text_sha256(text: str) -> str:
    """Return the SHA-256 of *text*, hexadecimal."""
    digest = _UNHASHED.copy()  # faster than making one: each text of a corpus is hashed
    digest.update(text.encode(errors="surrogatepass"))
    return digest.hexdigest()
