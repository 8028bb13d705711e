"""Finds every place in a parsed document where the words of a quote stand."""

from __future__ import annotations

from collections.abc import Iterable

from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.packing import chunk_with
from upstage_docs.errors import ConfigError, SourceError
from upstage_docs.errors.redaction import shorten
from upstage_docs.evidence.keys import keyed_markup
from upstage_docs.evidence.locate import PageTexts, has_quote, narrow_to_quote
from upstage_docs.evidence.place import Place, places_of
from upstage_docs.evidence.things import Thing, read_things
from upstage_docs.files.source import DocumentInput
from upstage_docs.models import ParsedDocument

_MARKUP = 4
"""Characters of markup and text for each of a quote that goes over several elements, at the most."""
_AROUND = 2000
"""Characters beside a quote in the elements that it begins and ends in."""


def quote_places(parsed: ParsedDocument, document: DocumentInput, quote: str) -> list[Place]:
    """Return every place where the words of *quote* stand in a document, in page order; at least one.

    The words are looked for in each element. If no element has them all, they are looked for over several elements,
    for a sentence that continues in the next column.

    Args:
        parsed: What was answered for *document*.
        document: The file.
        quote: The words; case, line ends, accents and punctuation do not matter.

    Raises:
        ConfigError: *quote* has no letters and no digits.
        SourceError: The words stand nowhere in the document, or the file cannot be read, or has changed.
    """
    wanted = keyed_markup(quote).key
    if not wanted:
        raise ConfigError(f"The quote {quote!r} has no letters and no digits to look for.")
    whole = Place(parsed.source, parsed.file_sha256)
    with PageTexts(whole, document, parsed) as texts:
        found = _found(read_things(parsed), quote, wanted, texts, parsed)
        if not found:
            size = len(quote) * _MARKUP + _AROUND
            runs = chunk_with(ChunkOptions(chunk_size=size, exclude_categories=()), parsed)
            found = _found(read_things(runs), quote, wanted, texts, parsed)
    if not found:
        raise SourceError(f"The words {shorten(quote, 60)!r} are not in {parsed.source!r}.")
    return sorted(found, key=lambda place: place.page)


def quote_on_page(
    parsed: ParsedDocument, document: DocumentInput, quote: str, page: int
) -> tuple[list[Place], list[int]]:
    """Return where *quote* stands on *page*, or on the first page that has it, and the other pages that have it."""
    found = quote_places(parsed, document, quote)
    pages = list(dict.fromkeys(place.page for place in found))
    shown = page if page in pages else pages[0]
    return [place for place in found if place.page == shown], [number for number in pages if number != shown]


def _found(things: Iterable[Thing], quote: str, wanted: str, texts: PageTexts, parsed: ParsedDocument) -> list[Place]:
    return [
        place
        for thing in things
        if has_quote(thing, wanted)
        for place in narrow_to_quote(thing, places_of(thing, parsed), quote, texts)
    ]
