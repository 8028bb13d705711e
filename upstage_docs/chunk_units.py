"""The units that are packed into chunks: a text, where it came from, and what governs it; reads and packs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from upstage_docs.models import Box, Record

__all__ = ["NOWHERE", "Place", "Run", "Unit", "joined"]

NOWHERE: Box = (0.0, 0.0, 0.0, 0.0)


@dataclass(slots=True, unsafe_hash=True)
class Place:
    """The element that a text came from; `coordinates` is the JSON of its corner points."""

    element_id: int
    page: int
    category: str = ""
    sub_category: str = ""
    coordinates: str = "[]"
    box: Box = NOWHERE


@dataclass(slots=True)
class Run:
    """Units that may share a chunk: those of one file.

    Attributes:
        origin: What tells this run's chunks from others with the same text: the id of the record that is split.
        extra: Further metadata of the file or of the foreign document.
        whole: The record itself where the whole run is one record that may come back as it is.
    """

    source: str = ""
    file_sha256: str = ""
    model: str = ""
    total_pages: int = 0
    origin: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    whole: Record | None = None


@dataclass(slots=True)
class Unit:
    """A text that is packed as one, or cut if it is too long.

    Attributes:
        kind: `heading`, `caption`, `whole` (a table or figure), `text`, or `done`: a chunk that needs no splitting.
        joiner: What stands before it where it is not the first of its chunk.
        spans: `(start, end, place)` of its text, in order.
    """

    kind: str
    text: str
    joiner: str
    spans: list[tuple[int, int, Place]]
    headings: tuple[str, ...]
    section_id: str
    run: Run
    extra: dict[str, Any] | None = None

    @property
    def place(self) -> Place:
        """Where it begins."""
        return self.spans[0][2]

    def part(self, start: int, end: int) -> Unit:
        """Return the run `text[start:end]` of it."""
        spans = [
            (max(a, start) - start, min(b, end) - start, place) for a, b, place in self.spans if a < end and b > start
        ]
        return Unit(
            self.kind, self.text[start:end], self.joiner, spans, self.headings, self.section_id, self.run, self.extra
        )


def joined(units: Sequence[Unit]) -> str:
    """Return the text of *units* in one chunk."""
    first, *others = units
    return "".join([first.text, *(text for unit in others for text in (unit.joiner, unit.text))])
