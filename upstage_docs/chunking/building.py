"""Builds a chunk from the units that were packed together: its text, spans, metadata and id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.record_metadata import scalar_metadata
from upstage_docs.chunking.units import ElementPlace, Run, Unit, joined, merged_extra
from upstage_docs.models import Box, Chunk, Record
from upstage_docs.records.crop_names import crops_between, own_crops
from upstage_docs.records.records import Metadata, RecordIds, join_headings, source_in_ids, text_sha256

_encode = msgspec.json.Encoder().encode


class ChunkBuilder:
    """Builds chunk after chunk; remembers what ids were made of, so that each is made once."""

    def __init__(self, options: ChunkOptions) -> None:
        self._options = options
        self._exact, self._limit, self._form = options.exact, options.chunk_size, options.output_format
        self._leads = options.path_in_text
        self._identity = msgspec.Raw(_encode(options.identity))
        self._run: Run | None = None
        self._ids = RecordIds()  # of that run
        self._alike: dict[str, Any] = {}  # the metadata that all of its chunks share
        # The element that came last, which part of it, and how often numbers went back: then they may repeat.
        self._number = self._part = self._lap = 0
        self._given: dict[str, int] = {}  # how often each id was made

    def build(self, units: Sequence[Unit], caption: str = "") -> Chunk:
        """Build one chunk of *units*, at least one of them."""
        begin = end = body = first = units[0]
        text = first.text
        if len(units) > 1:
            text, end = joined(units), units[-1]
            for unit in units:
                if unit.kind != "heading":
                    body = unit
                    break
        run = first.run
        if run.whole is not None and (first.kind == "done" or run.whole.text[run.lead :] == text):
            return self._again(first, run.whole)
        lead = 0
        if self._leads and (path := self._options.path(first.headings, run.source, is_html=first.is_html)):
            text, lead = path + text, len(path)
        digest = text_sha256(text)
        identity = self._identify(first, digest)
        metadata = self._metadata(units, body, identity, digest, caption, lead)
        oversize = len(text) > self._limit if self._exact else not self._options.fits(text)
        if begin.repeated:
            begin = next((unit for unit in units if not unit.repeated), first)
        if end.repeated:
            end = next((unit for unit in reversed(units) if not unit.repeated), first)
        until = end.end if begin.start >= 0 and end.record_id == begin.record_id else -1
        return Chunk(identity, text, metadata, body.headings, caption, oversize, begin.record_id, begin.start, until)

    def _again(self, unit: Unit, record: Record) -> Chunk:
        """Return the chunk that *unit* was before, a *record*, with its id, and with the metadata of its pieces."""
        metadata = scalar_metadata(record.metadata) | {"record_type": "chunk"} | (unit.extra or {})
        if isinstance(record, Chunk):
            return msgspec.structs.replace(record, metadata=metadata)
        identity = str(record.metadata.get("record_id") or record.id)
        oversize = not self._options.fits(record.text)
        return Chunk(identity, record.text, metadata, unit.headings, "", oversize, record.id, 0, len(record.text))

    def _identify(self, first: Unit, digest: str) -> str:
        run, number = first.run, first.place.element_id
        if run is not self._run:
            self._run, self._ids = (
                run,
                RecordIds(
                    source_in_ids(run.source, run.file_sha256, self._options.ids),
                    run.file_sha256,
                    self._form,
                    self._identity,
                ),
            )
            self._alike = vars(
                Metadata(
                    source=run.source,
                    file_sha256=run.file_sha256,
                    total_pages=run.total_pages,
                    model=run.model,
                    record_type="chunk",
                    missing_pages=run.missing_pages,
                )
            )
            self._number, self._part, self._lap = number, -1, 0
        if number == self._number:
            self._part += 1
        else:
            self._lap += number < self._number
            self._number, self._part = number, 0
        part: object = [run.origin, self._part] if run.origin else self._part
        made = self._ids.of(number, part, digest, self._lap) if self._lap else self._ids.of(number, part, digest)
        if run.source and not run.origin:
            return made
        # What is no file of ours may come again, the same in every way.
        count = self._given[made] = self._given.get(made, 0) + 1
        return made if count == 1 else self._ids.of(number, part, digest, self._lap, count)

    def _metadata(
        self, units: Sequence[Unit], body: Unit, identity: str, digest: str, caption: str, lead: int
    ) -> dict[str, Any]:
        first = units[0]
        main, kept, header_rows = first.place, False, 0
        for unit in units:
            if unit.kind == "whole":
                main, kept, header_rows = unit.main, True, unit.header_rows
                break
        category = categories = main.category
        page = page_end = main.page
        x0, y0, x1, y1 = main.x0, main.y0, main.x1, main.y1
        spans: list[tuple[int, int, int, int, float, float, float, float]]
        if first.spans is None and len(units) == 1:  # as many are
            spans = [(main.element_id, page, lead, lead + len(first.text), x0, y0, x1, y1)]
        else:
            spans, own = [], []
            said: dict[str, None] = {}
            repeated = {id(place) for unit in units if unit.repeated for place in unit.repeated} if kept else ()
            for a, b, one in _spans(units, lead):
                spans.append((one.element_id, one.page, a, b, one.x0, one.y0, one.x1, one.y1))
                said[one.category] = None
                if repeated and id(one) in repeated:
                    continue
                if one.page == page:
                    own.append(one)
                elif one.page > page_end:
                    page_end = one.page
            categories = ", ".join(said)
            if categories != category and not kept:
                category = "mixed"
            if len(own) > 1:
                x0, y0, x1, y1 = _box(main, own)
        metadata = self._alike.copy()  # faster than making it
        metadata["record_id"] = identity
        metadata["element_id"] = main.element_id
        metadata["section_id"] = body.section_id
        metadata["category"] = category
        metadata["sub_category"] = main.sub_category if category != "mixed" else ""
        metadata["page"], metadata["page_end"] = page, page_end
        corners = main.coordinates
        metadata["coordinates"] = corners if isinstance(corners, str) else _encode(corners).decode()
        metadata["x0"], metadata["y0"], metadata["x1"], metadata["y1"] = x0, y0, x1, y1
        metadata["headings"] = join_headings(body.headings)
        metadata["categories"] = categories
        metadata["spans"] = _encode(spans).decode()
        metadata["text_sha256"] = digest
        metadata["caption"] = " ".join(caption.split()) if caption else ""
        metadata["header_rows"] = header_rows
        if extra := first.extra if len(units) == 1 else merged_extra(units):
            metadata |= {key: value for key, value in extra.items() if key not in metadata}
            paths, offsets = extra.get("image_path"), extra.get("crop_offsets")
            if paths and isinstance(paths, str):  # of all crops of a page or a file that is split
                if offsets and isinstance(offsets, str):
                    ranges = [(unit.start, unit.end) for unit in units if unit.start >= 0]
                    metadata |= {"image_path": crops_between(paths, offsets, ranges), "crop_offsets": ""}
                else:
                    metadata["image_path"] = own_crops(paths, {(span[0], span[1]) for span in spans})
        return metadata


class TextBuilder(ChunkBuilder):
    """Builds chunks that have a text and nothing else, for those who ask for no more."""

    def build(self, units: Sequence[Unit], caption: str = "") -> Chunk:  # noqa: ARG002 - as its base class
        """Build one chunk of *units*, its text alone, without id and metadata."""
        text, first = joined(units), units[0]
        if self._leads:
            text = self._options.path(first.headings, first.run.source, is_html=first.is_html) + text
        return Chunk("", text, {})


def _spans(units: Sequence[Unit], lead: int) -> list[tuple[int, int, ElementPlace]]:
    """Return `(start, end, place)` of the joined text behind a *lead*; two runs of one element that touch are one."""
    spans: list[tuple[int, int, ElementPlace]] = []
    position = lead
    last: ElementPlace | None = None
    for unit in units:
        begin = position + len(unit.joiner) if position > lead else lead
        position = begin + len(unit.text)
        if unit.spans is None and unit.place is not last:  # nearly always
            last = unit.place
            spans.append((begin, position, last))
            continue
        for start, end, place in unit.sources:
            if place is last:
                spans[-1] = (spans[-1][0], begin + end, place)
            else:
                spans.append((begin + start, begin + end, place))
                last = place
    return spans


# How much of the narrower of two boxes may lie below the other for them to stand in two columns: they hardly touch.
_SHARED_WIDTH = 0.1
# Of the page: a text that begins lower than the last one ends stands in the next column if it is farther from it than
# two lines, and both are as wide as columns are.
_NEXT_LINE, _LEAST_COLUMN = 0.03, 0.2


def _box(main: ElementPlace, places: Sequence[ElementPlace]) -> Box:
    """Return the box around those of *places*, in reading order on one page, that stand in one column with *main*."""
    last: ElementPlace | None = None
    holds_main = False
    x0 = y0 = x1 = y1 = 0.0  # of the column so far
    for place in places:
        if not (place.x1 or place.y1):
            continue
        if last is None or _is_beside(last, place):
            if holds_main:
                break
            x0, y0, x1, y1 = place.x0, place.y0, place.x1, place.y1
        else:
            x0, y0, x1, y1 = min(x0, place.x0), min(y0, place.y0), max(x1, place.x1), max(y1, place.y1)
        last = place
        holds_main = holds_main or place == main
    return (x0, y0, x1, y1) if holds_main else main.box


def _is_beside(one: ElementPlace, other: ElementPlace) -> bool:
    """Return whether *other*, which is read after *one*, begins the next column."""
    gap = other.y0 - one.y1
    if 0 <= gap <= _NEXT_LINE:
        return False
    least = min(one.x1 - one.x0, other.x1 - other.x0)
    if gap >= 0 and least < _LEAST_COLUMN:
        return False
    return min(one.x1, other.x1) - max(one.x0, other.x0) < _SHARED_WIDTH * least
