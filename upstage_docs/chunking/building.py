"""Units → a chunk: its text, spans, metadata and id; decides nothing about what belongs together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from upstage_docs.chunking.foreign_metadata import own
from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.units import Place, Run, Unit, joined
from upstage_docs.models import Chunk
from upstage_docs.records.ids import RecordIds, text_sha256

__all__ = ["ChunkBuilder", "TextBuilder"]

_encode = msgspec.json.Encoder().encode


class ChunkBuilder:
    """Builds chunk after chunk; remembers what ids were made of, so that each is made once."""

    def __init__(self, options: ChunkOptions) -> None:
        self._options = options
        self._exact, self._limit, self._form = options.exact, options.chunk_size, options.output_format
        self._identity = msgspec.Raw(_encode(options.identity))
        self._run: Run | None = None
        self._ids = RecordIds()  # of that run
        # The element that came last, which part of it, and how often numbers went back: then they may repeat.
        self._number = self._part = self._lap = 0
        self._given: dict[str, int] = {}  # how often each id was made

    def again(self, unit: Unit) -> Chunk:
        """Return the chunk that *unit* already is, with its id; its metadata is that of its pieces if it were cut."""
        record = unit.run.whole
        if record is None:
            raise AssertionError("only a record that is split once more is done already")
        metadata = own(record.metadata) | (unit.extra or {})
        if isinstance(record, Chunk):
            return Chunk(record.id, record.text, metadata, record.headings, record.caption, record.oversize)
        identity = str(record.metadata.get("record_id") or record.id)
        return Chunk(identity, record.text, metadata, unit.headings, "", not self._options.fits(record.text))

    def build(self, units: Sequence[Unit], caption: str = "") -> Chunk:
        """Return the chunk of *units*, which are not empty."""
        first = units[0]
        text = first.text if len(units) == 1 else joined(units)
        run = first.run
        if run.whole is not None and run.whole.text == text:
            return self.again(first)
        body = first
        if first.kind == "heading":
            body = next((unit for unit in units if unit.kind != "heading"), first)
        identity = self._identify(first, text)
        metadata = self._metadata(units, body, identity)
        oversize = len(text) > self._limit if self._exact else not self._options.fits(text)
        return Chunk(identity, text, metadata, body.headings, caption, oversize)

    def _identify(self, first: Unit, text: str) -> str:
        run, number = first.run, first.place.element_id
        if run is not self._run:
            self._run, self._ids = run, RecordIds(run.source, run.file_sha256, self._form, self._identity)
            self._number, self._part, self._lap = number, -1, 0
        if number == self._number:
            self._part += 1
        else:
            self._lap += number < self._number
            self._number, self._part = number, 0
        part: object = [run.origin, self._part] if run.origin else self._part
        digest = text_sha256(text)
        made = self._ids.of(number, part, digest, self._lap) if self._lap else self._ids.of(number, part, digest)
        if run.source and not run.origin:
            return made
        # What is no file of ours may come again, the same in every way.
        count = self._given[made] = self._given.get(made, 0) + 1
        return made if count == 1 else self._ids.of(number, part, digest, self._lap, count)

    def _metadata(self, units: Sequence[Unit], body: Unit, identity: str) -> dict[str, Any]:
        run, first = body.run, units[0].place
        x0, y0, x1, y1 = first.x0, first.y0, first.x1, first.y1
        page = page_end = first.page
        main: Place | None = first
        category = categories = first.category
        spans, mixed = [], False
        for start, end, one in _spans(units):
            spans.append((one.element_id, one.page, start, end, one.x0, one.y0, one.x1, one.y1))
            if one is first:
                continue
            if one.page > page_end:
                page_end = one.page
            elif one.page == page and (one.x1 or one.y1):
                x0, y0, x1, y1 = min(x0, one.x0), min(y0, one.y0), max(x1, one.x1), max(y1, one.y1)
            mixed = mixed or one.category != category
        if mixed:
            # A table keeps its category whatever travels with it, so that it can be filtered by.
            main = next((unit.place for unit in units if unit.kind == "whole"), None)
            categories = ", ".join(dict.fromkeys([one.category for unit in units for _, _, one in unit.sources]))
        metadata: dict[str, Any] = {
            "source": run.source,
            "file_sha256": run.file_sha256,
            "record_id": identity,
            "element_id": first.element_id,
            "section_id": body.section_id,
            "category": main.category if main else "mixed",
            "sub_category": main.sub_category if main else "",
            "page": page,
            "total_pages": run.total_pages,
            "coordinates": first.coordinates,
            "x0": x0,
            "y0": y0,
            "x1": x1,
            "y1": y1,
            "headings": " > ".join(body.headings),
            "model": run.model,
            "page_end": page_end,
            "categories": categories,
            "spans": _encode(spans).decode(),
        }
        if units[0].extra:
            for key, value in units[0].extra.items():
                if key not in metadata and all((unit.extra or {}).get(key) == value for unit in units):
                    metadata[key] = value
        return metadata


class TextBuilder(ChunkBuilder):
    """Builds chunks that have a text and nothing else, for those who ask for no more."""

    def build(self, units: Sequence[Unit], caption: str = "") -> Chunk:  # noqa: ARG002 - as its base class
        """Return the chunk of *units*, with no id and no metadata."""
        return Chunk("", joined(units), {})


def _spans(units: Sequence[Unit]) -> list[tuple[int, int, Place]]:
    """Return `(start, end, place)` of the joined text; two runs of one element that touch are one."""
    first = units[0]
    if len(units) == 1:
        return first.spans or [(0, len(first.text), first.place)]
    spans: list[tuple[int, int, Place]] = []
    position = 0
    last: Place | None = None
    for unit in units:
        if position:
            position += len(unit.joiner)
        length = len(unit.text)
        if unit.spans is None and unit.place is not last:  # nearly always
            last = unit.place
            spans.append((position, position + length, last))
            position += length
            continue
        for start, end, place in unit.sources:
            if place is last:
                spans[-1] = (spans[-1][0], position + end, place)
            else:
                spans.append((position + start, position + end, place))
                last = place
        position += length
    return spans
