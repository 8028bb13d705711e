"""The units that are packed into chunks: a text, where it came from, and what governs it; reads and packs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from upstage_docs.models import Box, Record

__all__ = ["Place", "Run", "Unit", "joined"]

# Made for every element of a corpus: structs that the garbage collector need not follow, since they hold no cycle.


class Place(msgspec.Struct, frozen=True, gc=False):
    """The element that a text came from; `coordinates` is the JSON of its corner points, the rest its bounding box."""

    element_id: int
    page: int
    category: str = ""
    sub_category: str = ""
    coordinates: str = "[]"
    x0: float = 0.0
    y0: float = 0.0
    x1: float = 0.0
    y1: float = 0.0

    @property
    def box(self) -> Box:
        """The bounding box, relative 0-1; four 0.0 where it is not known."""
        return (self.x0, self.y0, self.x1, self.y1)


class Run(msgspec.Struct, frozen=True, gc=False):
    """Units that may share a chunk: those of one file.

    Attributes:
        origin: What tells this run's chunks from others with the same text: the id of the record that is split.
        whole: The record itself where the whole run is one record that may come back as it is.
    """

    source: str = ""
    file_sha256: str = ""
    model: str = ""
    total_pages: int = 0
    origin: str = ""
    whole: Record | None = None


class Unit(msgspec.Struct, gc=False):
    """A text that is packed as one, or cut if it is too long.

    Attributes:
        kind: `heading`, `caption`, `whole` (a table or figure), `text`, or `done`: a chunk that needs no splitting.
        joiner: What stands before it where it is not the first of its chunk.
        place: Where it begins.
        extra: Further metadata of its record, as scalars.
        spans: `(start, end, place)` of its text, in order, where it comes from several elements; else None.
    """

    kind: str
    text: str
    joiner: str
    place: Place
    headings: tuple[str, ...]
    section_id: str
    run: Run
    extra: dict[str, Any] | None = None
    spans: list[tuple[int, int, Place]] | None = None

    @property
    def sources(self) -> list[tuple[int, int, Place]]:
        """The spans of its text, however many."""
        return self.spans or [(0, len(self.text), self.place)]

    def with_text(self, text: str, spans: list[tuple[int, int, Place]]) -> Unit:
        """Return it with another text, whose spans are *spans*."""
        several = spans if len(spans) > 1 else None
        place = spans[0][2] if spans else self.place
        return Unit(self.kind, text, self.joiner, place, self.headings, self.section_id, self.run, self.extra, several)

    def part(self, start: int, end: int) -> Unit:
        """Return the run `text[start:end]` of it."""
        spans = [
            (max(a, start) - start, min(b, end) - start, one) for a, b, one in self.sources if a < end and b > start
        ]
        return self.with_text(self.text[start:end], spans)


def joined(units: Sequence[Unit]) -> str:
    """Return the text of *units* in one chunk."""
    texts = [units[0].text]
    for unit in units[1:]:
        texts += (unit.joiner, unit.text)
    return "".join(texts)
