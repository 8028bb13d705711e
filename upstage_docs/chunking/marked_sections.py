"""Cuts a text before and after the titles among its lines: the squares (`□`) of Korean reports open sections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from upstage_docs.chunking.units import Unit
from upstage_docs.records.heading_levels import is_no_heading
from upstage_docs.records.heading_numbering import SQUARE_SIGNS
from upstage_docs.records.marked_titles import MAY_BE_TITLES, marked_titles
from upstage_docs.records.records import record_id


def cut_at_titles(unit: Unit) -> Iterator[tuple[Unit, str]]:
    """Yield the pieces of *unit*, each with its words if it is a title, else `""`; a single piece without titles."""
    titles = marked_titles(unit.text) if unit.kind == "text" and unit.place.category in MAY_BE_TITLES else ()
    text, edges = unit.text, [(0, "")]
    for title in titles:
        if edges[-1][0] == title.start:
            edges.pop()
        edges += [(title.start, title.words), (title.end, "")]
    if edges[-1][0] == len(text):
        edges.pop()
    if len(edges) == 1:
        yield unit, edges[0][1]
        return
    ended = 0
    for (start, words), (following, _) in zip(edges, [*edges[1:], (len(text), "")], strict=True):
        end = start + len(text[start:following].rstrip())
        piece = unit.part(start, end)
        if start:
            piece.joiner = text[ended:start]
        ended = end
        yield piece, words


def cut_below_headings(found: Iterable[Unit], identity: str) -> Iterator[Unit]:
    """Yield the units of the record *identity*, cut at titles; its metadata tell the headings above them.

    Of these, what is or stands below another title with a square ends where a title begins.
    """
    number = 0
    for unit in found:
        squares = (index for index, heading in enumerate(unit.headings) if heading[:1] in SQUARE_SIGNS)
        above = unit.headings[: next(squares, len(unit.headings))]
        headings, section_id = unit.headings, unit.section_id
        for piece, title in cut_at_titles(unit):
            opens = bool(title) and not is_no_heading(title)
            if opens:
                piece.kind, headings = "heading", above
            piece.headings, piece.section_id = headings, section_id
            yield piece
            if opens:
                headings, section_id = (*above, title), record_id("title", identity, number)
                number += 1
