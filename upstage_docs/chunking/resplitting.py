"""Splits a chunk once more into units that keep the spans of the chunk, so that their places stay known."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from upstage_docs.chunking.blocks import Block, blocks
from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.record_metadata import RecordMetadata, place_of_span
from upstage_docs.chunking.units import ElementPlace, Unit
from upstage_docs.models import Chunk, Record
from upstage_docs.records.records import Span

_WHOLE = frozenset({"table", "chart", "figure"})


def units_of_chunk(record: Record, known: RecordMetadata, options: ChunkOptions) -> list[Unit]:
    """Return the units of a chunk whose spans are *known*; a single unit of the kind `done` if it need not be split."""
    text, spans, category = record.text, known.spans, known.place.category
    if category in options.exclude_categories:
        return []
    run = known.run(origin=known.record_id or record.id, whole=record, lead=spans[0][2])
    headings = record.headings if isinstance(record, Chunk) else known.headings or ()
    model = Unit("done", text, "", known.place, headings, known.section_id, run, known.extra)
    model.record_id, model.start, model.end = record.id, 0, len(text)
    model.caption, model.header_rows = known.caption, known.header_rows
    if options.fits(text):
        return [model]
    if lead := spans[0][2]:  # the path of its headings, which its children get anew
        model.of_html = not text[:lead].endswith("\n\n")  # as the path is written, whatever a piece begins with
        text, spans = text[lead:], [_shifted(span, lead) for span in spans]
        known = msgspec.structs.replace(known, spans=spans)
        record = msgspec.structs.replace(record, text=text)
        model.text, model.start, model.end = text, lead, lead + len(text)
    found = _blocks_to_split(text, category, options, spans, list(known.categories))
    if not found:
        return [model]
    units: list[Unit] = []
    previous = 0
    below = False  # whether the table, chart or figure is above
    inside = SpansInside(record, known)
    for block in found:
        unit = model.part(block.start, block.end)
        unit = unit.with_text(unit.text, inside.of(block))
        unit.kind = "caption" if category in _WHOLE and (below or block.kind == "text") else block.kind
        below = below or block.kind == "whole"
        gap = text[previous : block.start]
        unit.joiner = gap if not gap.strip() else "\n"
        units.append(unit)
        previous = block.end
    return units


def _shifted(span: Span, lead: int) -> Span:
    element_id, page, start, end, x0, y0, x1, y1 = span
    return (element_id, page, start - lead, end - lead, x0, y0, x1, y1)


class SpansInside:
    """The spans of a record, block by block of its text; blocks are asked for in order."""

    def __init__(self, record: Record, known: RecordMetadata) -> None:
        self._text, self._known = record.text, known
        self._at = 0
        self._places: dict[int, ElementPlace] = {}  # one for each span: its pieces in a child become one span again

    def of(self, block: Block) -> list[tuple[int, int, ElementPlace]]:
        """Return `(start, end, place)` of each span in *block*, by offsets into the block."""
        inside = []
        spans = self._known.spans
        while self._at < len(spans) and spans[self._at][3] <= block.start:
            self._at += 1
        for index in range(self._at, len(spans)):
            span = spans[index]
            start, end = span[2:4]
            if start >= block.end:
                break
            if index not in self._places:
                self._places[index] = place_of_span(self._known, span, block, self._text)
            inside.append(
                (max(start, block.start) - block.start, min(end, block.end) - block.start, self._places[index])
            )
        return inside


def _blocks_to_split(
    text: str, category: str, options: ChunkOptions, spans: list[Span], categories: list[str]
) -> list[Block]:
    """Return the blocks of a chunk's text, which has *spans*; none where it is to stay as it is.

    A text stays as it is if it fits, is an equation, or is a table that is not to be split. So does a table that cannot
    be found again in the text: one in plain text, or one so broken that it looks like several.
    """
    if options.fits(text) or category == "equation":
        return []
    if category not in _WHOLE:
        return list(_blocks_beside_code(text, spans, categories) if "code" in categories else blocks(text))
    if options.keeps_table(text):
        return []
    found = list(blocks(text))
    wholes = sum(block.kind == "whole" for block in found)
    return found if wholes == 1 and all(_is_same(block, spans) for block in found) else []


def _is_same(block: Block, spans: list[Span]) -> bool:
    """Return whether *block* is one of the texts that were joined: it begins and ends with spans that touch."""
    inside = [span for span in spans if block.start <= span[2] and span[3] <= block.end]
    touch = all(one[3] == two[2] for one, two in pairwise(inside))
    return touch and bool(inside) and (inside[0][2], inside[-1][3]) == (block.start, block.end)


def _blocks_beside_code(text: str, spans: list[Span], categories: list[str]) -> Iterator[Block]:
    """Yield the blocks of a chunk that holds code: that is not looked through, its marks may be in another chunk."""
    position = 0
    for _, _, start, end, *_ in _spans_of_code(text, spans, categories):
        yield from _blocks_of(text, position, start)
        yield Block(start, end, "text", "code")
        position = end
    yield from _blocks_of(text, position, len(text))


def _blocks_of(text: str, start: int, end: int) -> Iterator[Block]:
    for block in blocks(text[start:end]):
        yield msgspec.structs.replace(block, start=start + block.start, end=start + block.end)


def _spans_of_code(text: str, spans: list[Span], categories: list[str]) -> list[Span]:
    """Return the spans that are code; *categories* are in the order in which each comes first."""
    if len(categories) == 1:
        return spans
    if len(categories) == len(spans):
        return [span for span, category in zip(spans, categories, strict=True) if category == "code"]
    first = spans[:1] if categories[0] == "code" else []
    return first + [span for span in spans[len(first) :] if _is_passed_over(text[span[2] : span[3]])]


def _is_passed_over(text: str) -> bool:
    """Return whether the blocks of *text* leave out some of it: in a chunk nothing is empty but in code."""
    position = 0
    for block in blocks(text):
        if text[position : block.start].strip():
            return True
        position = block.end
    return bool(text[position:].strip())
