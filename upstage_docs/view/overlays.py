"""Makes the overlays of the HTML view: the chunks that elements went into, and the places that an answer comes from."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from upstage_docs.errors import ConfigError
from upstage_docs.evidence.place import Place, pages_in_words, places_of
from upstage_docs.evidence.things import read_thing
from upstage_docs.models import Box, Chunk, ParsedDocument
from upstage_docs.view.content import isolated, shown_text

_GROUPS = ("#0b7285", "#c2255c", "#5f3dc4", "#2b8a3e", "#d9480f", "#1864ab", "#846358", "#862e9c")
"""Colours of chunks that follow each other; so many that neighbours on a page differ."""


class ChunkGroup(msgspec.Struct, frozen=True):
    """One chunk, and the elements that it was made of.

    Attributes:
        number: 1-based, in the order given.
        text: What would be embedded.
        elements: Ids of its elements, in order.
        pages: Numbers of its pages, in order; none where nobody knows them.
        headings: The headings above it, outermost first, joined with ` > `.
        categories: Of its elements, joined with commas.
        oversize: Whether it is larger than chunks may be, because what it holds is kept whole.
    """

    number: int
    text: str
    elements: tuple[int, ...]
    pages: tuple[int, ...]
    headings: str
    categories: str
    oversize: bool


def chunk_groups(chunks: Iterable[object], parsed: ParsedDocument) -> list[ChunkGroup]:
    """Return the chunks of *parsed* with their elements.

    Args:
        chunks: Chunks, Documents or nodes, as for `places`.
        parsed: The document that they were made of.

    Raises:
        ConfigError: One has no place, or is of another file.
    """
    groups: list[ChunkGroup] = []
    for number, chunk in enumerate(chunks, start=1):
        thing = read_thing(chunk)
        places = require_places(places_of(thing, parsed), parsed)
        known = [place for place in places if place.known]
        metadata = thing.metadata
        groups.append(
            ChunkGroup(
                number,
                thing.text or "",
                tuple(dict.fromkeys(place.element_id for place in known if place.element_id >= 0)),
                tuple(sorted({place.page for place in known})),
                str(metadata.get("headings") or ""),
                str(metadata.get("categories") or metadata.get("category") or ""),
                isinstance(chunk, Chunk) and chunk.oversize,
            )
        )
    return groups


def require_places(places: Iterable[Place], parsed: ParsedDocument) -> list[Place]:
    """Return *places*; refuse them if one is in another file than *parsed*.

    Raises:
        ConfigError: One is in another file.
    """
    found = list(places)
    for place in found:
        if place.file_sha256 and parsed.file_sha256 and place.file_sha256 != parsed.file_sha256:
            raise ConfigError(
                f"A place is in {place.source!r} (SHA-256 {place.file_sha256[:12]}…), which is not the file that was "
                f"parsed as {parsed.source!r}: show it with its own document."
            )
    return found


def group_colour(number: int) -> str:
    """Return the colour of chunk *number*, as `#rrggbb`."""
    return _GROUPS[(number - 1) % len(_GROUPS)]


def shown_chunk(group: ChunkGroup, names: dict[int, str]) -> str:
    """Return a chunk as an entry of the list of its page: size, pages, headings, elements, and the text embedded.

    Args:
        group: The chunk.
        names: Name of each element that has a box, by its id.
    """
    text = group.text
    facts = [f"{len(text):,} characters", f"{len(text.split()):,} words"]
    if len(group.pages) > 1:
        facts.append(f"pages {pages_in_words(group.pages)}")
    if group.oversize:
        facts.append('<strong title="What it holds is kept whole">larger than the chunk size</strong>')
    parts = "".join(
        f'<li><a href="#box-{element}">{shown_text(names[element])}</a></li>'
        for element in group.elements
        if element in names
    )
    headings = f'<p class="path">{isolated(group.headings)}</p>' if group.headings else ""
    return (
        f'<li id="chunk-{group.number}" class="entry chunk" style="--c: {group_colour(group.number)}" '
        f'data-elements="{" ".join(map(str, group.elements))}">'
        f'<div class="head"><a class="name" href="#chunk-{group.number}">chunk {group.number}</a>'
        f'<span class="facts">{" · ".join(facts)}</span></div>{headings}'
        f'<ul class="parts" aria-label="Its elements">{parts}</ul><pre dir="auto" tabindex="0">{shown_text(text)}</pre>'
        "</li>\n"
    )


def shown_place(number: int, place: Place, shown: frozenset[int]) -> tuple[str, str]:
    """Return a place of an answer as an entry of the list of places, and as marks on the picture of its page.

    Args:
        number: Of the place, 1-based.
        place: The place.
        shown: Numbers of the pages that are shown.
    """
    if not place.known:
        return f"<li>place unknown <small>{shown_text(place.note)}</small></li>", ""
    category = "" if place.category in {"", "page"} else f", {place.category}"
    told = f"p. {place.page}{category}"
    note = f" <small>{shown_text(place.note)}</small>" if place.note else ""
    if place.page not in shown:
        return f"<li>{shown_text(told)} <small>This page is not shown.</small>{note}</li>", ""
    marks = "".join(_mark(number, box, first=index == 0) for index, box in enumerate(place.boxes))
    target = (
        f"place-{number}" if marks else f"element-{place.element_id}" if place.element_id >= 0 else f"page-{place.page}"
    )
    return f'<li><a href="#{target}">{shown_text(told)}</a>{note}</li>', marks


def _mark(number: int, box: Box, *, first: bool) -> str:
    x0, y0, x1, y1 = (100 * side for side in box)
    name = f' id="place-{number}" role="img" aria-label="Place {number}"' if first else ""
    return (
        f'<span class="place"{name} '
        f'style="left: {x0:.3f}%; top: {y0:.3f}%; width: {x1 - x0:.3f}%; height: {y1 - y0:.3f}%"></span>'
    )
