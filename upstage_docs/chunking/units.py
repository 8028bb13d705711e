"""The units that are packed into chunks: a text, its place in the document, and the headings that govern it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from upstage_docs.chunking.text_breaks import TAG
from upstage_docs.models import Box, Point, Record

UNKNOWN = -1  # the element id of a text whose element is not known

# Made for every element of a corpus: structs that the garbage collector need not follow, since they hold no cycle.


class ElementPlace(msgspec.Struct, frozen=True, gc=False):
    """The element that a text came from; `coordinates` are its corner points or the JSON of them, the rest its box."""

    element_id: int
    page: int
    category: str = ""
    sub_category: str = ""
    coordinates: str | tuple[Point, ...] = "[]"
    x0: float = 0.0
    y0: float = 0.0
    x1: float = 0.0
    y1: float = 0.0

    @property
    def box(self) -> Box:
        """The bounding box, relative 0-1; four 0.0 where it is not known."""
        return (self.x0, self.y0, self.x1, self.y1)


class Run(msgspec.Struct, frozen=True, gc=False):
    """A group of units that may share a chunk: those of one file.

    Attributes:
        origin: What tells this run's chunks from others with the same text: the id of the record that is split.
        whole: The record itself where the whole run is one record that may come back as it is.
        lead: How much of that record's text is the path of its headings.
        missing_pages: Pages of the file that did not come, `""` if none.
    """

    source: str = ""
    file_sha256: str = ""
    model: str = ""
    total_pages: int = 0
    origin: str = ""
    whole: Record | None = None
    lead: int = 0
    missing_pages: str = ""


class Unit(msgspec.Struct, gc=False):
    """A text that is packed as one, or cut if it is too long.

    Attributes:
        kind: `heading`, `caption`, `whole` (a table or figure; its text is `""` for a picture without words), `text`,
            `done` (a chunk that needs no splitting), `aside` (a running header or footer, left out unless a table takes
            it). The packer makes it `rest` where a text was cut before, and the role of what a table takes:
            `announcement`, `caption`, `title`, `unit`, `note`.
        joiner: What stands before it where it is not the first of its chunk.
        place: Where it begins.
        extra: Further metadata of its record, as scalars.
        spans: `(start, end, place)` of its text, in order, where it comes from several elements; else None.
        record_id: The id of the record that its text was taken from, `""` if of an element.
        start, end: Where it stands in that record's text, -1 where that is not known.
        header_rows: How many rows of a table in Markdown or text are its header, 0 where that is not known.
        caption: What its record says that its caption is, for one that comes without the lines around it.
        of_html: Whether it was cut out of HTML, and so may begin with no tag.
        repeated: The places whose text is here only because it is repeated: a header's, a caption's in a later part.
    """

    kind: str
    text: str
    joiner: str
    place: ElementPlace
    headings: tuple[str, ...]
    section_id: str
    run: Run
    extra: dict[str, Any] | None = None
    spans: list[tuple[int, int, ElementPlace]] | None = None
    record_id: str = ""
    start: int = -1
    end: int = -1
    repeated: tuple[ElementPlace, ...] = ()
    header_rows: int = 0
    caption: str = ""
    of_html: bool = False

    @property
    def main(self) -> ElementPlace:
        """The first place whose text is not merely repeated, else where it begins."""
        if not self.repeated:
            return self.place
        return next((place for _, _, place in self.sources if place not in self.repeated), self.place)

    @property
    def is_html(self) -> bool:
        """Whether its text is HTML, a whole element of it or a part; `<표 2> 인구` is not HTML."""
        if self.of_html or self.text[:1] != "<":
            return self.of_html
        return self.text[-1] == ">" or TAG.match(self.text) is not None

    @property
    def sources(self) -> list[tuple[int, int, ElementPlace]]:
        """The spans of its text: which element stands where in it."""
        return self.spans or [(0, len(self.text), self.place)]

    def with_text(self, text: str, spans: list[tuple[int, int, ElementPlace]]) -> Unit:
        """Return the unit with another text, whose spans are *spans*."""
        several = spans if len(spans) > 1 else None
        place = spans[0][2] if spans else self.place
        return msgspec.structs.replace(self, text=text, place=place, spans=several)

    def part(self, start: int, end: int) -> Unit:
        """Return the unit of `text[start:end]` alone."""
        spans = [
            (max(a, start) - start, min(b, end) - start, one) for a, b, one in self.sources if a < end and b > start
        ]
        part = self.with_text(self.text[start:end], spans)
        part.of_html = self.is_html
        if self.start >= 0:
            part.start, part.end = self.start + start, self.start + end
        return part


def joined(units: Sequence[Unit]) -> str:
    """Return the text of *units* in one chunk."""
    texts = [units[0].text]
    for unit in units[1:]:
        texts += (unit.joiner, unit.text)
    return "".join(texts)


# What belongs to one element and to no other: of a table, not of its caption.
_OF_ONE_ELEMENT = frozenset({"image_path", "image_base64", "base64_encoding", "confidence"})


def merged_extra(units: Sequence[Unit]) -> dict[str, Any] | None:
    """Return the further metadata of *units* that share a chunk: every key, so that all chunks of a load have the same.

    Where texts differ, each stands on a line of its own. What belongs to one element is that of the table, chart or
    figure where there is one; of other values that differ, the first is kept.
    """
    first = units[0].extra
    for unit in units:  # for nearly all chunks, no generator
        if unit.extra is not first and unit.extra != first:
            break
    else:
        return first
    merged: dict[str, Any] = {}
    wholes = [unit for unit in units if unit.kind == "whole"]
    for key in dict.fromkeys(key for unit in units for key in unit.extra or ()):
        those = wholes if wholes and key in _OF_ONE_ELEMENT else units
        values = list(dict.fromkeys((unit.extra or {}).get(key, "") for unit in those))
        said = [value for value in values if value != ""] or [""]
        merged[key] = "\n".join(said) if all(isinstance(value, str) for value in said) else said[0]
    return merged
