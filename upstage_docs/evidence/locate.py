"""`places`: finds the page and the boxes of a text, or of a quote from it."""

from __future__ import annotations

from bisect import bisect_right
from contextlib import ExitStack
from functools import cached_property, partial
from operator import attrgetter

from msgspec.structs import replace

from upstage_docs.chunking.table import read_table
from upstage_docs.errors import ConfigError
from upstage_docs.evidence.async_forms import in_thread
from upstage_docs.evidence.grids import grids
from upstage_docs.evidence.keys import Keyed, keyed_markup, keyed_piece
from upstage_docs.evidence.ocr_words import words_in
from upstage_docs.evidence.page_pictures import DRAWN, opened, page_picture, require_page
from upstage_docs.evidence.page_text import PageText, line_text, ocr_text, pdf_text
from upstage_docs.evidence.place import Place, places_of
from upstage_docs.evidence.row_bands import row_bands
from upstage_docs.evidence.things import Parsed, Thing, element_things, parsed_answer, read_thing
from upstage_docs.files.source import DocumentInput, Source
from upstage_docs.models import Box, OcrResult, ParsedDocument

_NOT_HERE = "These words are not in the text"


def places(
    thing: object, *, quote: str = "", file: DocumentInput | None = None, parsed: Parsed | None = None
) -> list[Place]:
    """Find where *thing* stands on its pages: a place for each element and page, at least one, which may be unknown.

    Without a *quote* no file is read. With one, its words are looked for in the PDF's text layer, in the words that
    OCR answered, or, for a table in a picture, among its rows: each place where they stand is returned with a box per
    line. Where they cannot be found, the element's place is returned, and its `note` says so.

    Args:
        thing: A LangChain Document, a LlamaIndex node (with or without its score), a Chunk, Record or Element, or the
            metadata of one.
        quote: Words of the text; case, line ends, accents and punctuation do not matter.
        file: The file, if its `source` no longer leads to it: a path, bytes, or a binary file object.
        parsed: What was answered for the file. The places of a whole document's text (`split="none"`) need it, and so
            does a quote in a picture: an `OcrResult` has the boxes of words.

    Raises:
        ConfigError: *thing* has no metadata, or *parsed* is no answer.
        SourceError: The file has changed since it was parsed, or cannot be read (with *quote* only).
    """
    read, answer = read_thing(thing), parsed_answer(parsed)
    if not isinstance(quote, str):
        raise ConfigError(f"quote={quote!r} must be a text.")
    found = places_of(read, answer)
    if not quote.strip() or not any(place.known for place in found):
        return found
    with PageTexts(found[0], file, answer) as texts:
        return narrow_to_quote(read, found, quote, texts)


aplaces = in_thread(places)


class PageTexts(ExitStack):
    """The words of a file's pages, each page read when it is asked for; close it, or use it in a `with`.

    Args:
        place: Any place in the file.
        file: As for `places`.
        answer: An `OcrResult` has the words of its pages, so that no file is read.
    """

    def __init__(self, place: Place, file: DocumentInput | None, answer: ParsedDocument | OcrResult | None) -> None:
        super().__init__()
        self._ocr = {page.number: page for page in answer.pages} if isinstance(answer, OcrResult) else None
        self._open = partial(opened, place.source, place.file_sha256, file)
        self._texts: dict[int, PageText] = {}

    def of(self, page: int) -> PageText:
        """Return the words of *page* (1-based) with their places; none where they cannot be read."""
        if page not in self._texts:
            if self._ocr is not None:
                self._texts[page] = ocr_text(self._ocr[page]) if page in self._ocr else PageText(())
            elif self.source.format == "pdf":
                require_page(self.source, page)
                self._texts[page] = pdf_text(self.source, page)
            else:
                self._texts[page] = PageText(())
        return self._texts[page]

    @cached_property
    def source(self) -> Source:
        """The file, opened when it is first needed."""
        return self.enter_context(self._open())

    @property
    def drawable(self) -> bool:
        """Whether the file is at hand and has pages to draw."""
        return self._ocr is None and self.source.format in DRAWN


def has_quote(thing: Thing, wanted: str) -> bool:
    """Return whether the words of a quote, whose key is *wanted*, stand in the text of *thing*."""
    return any(keyed_piece(one.text or "").find(wanted) for one in element_things(thing) or [thing])


def narrow_to_quote(thing: Thing, found: list[Place], quote: str, texts: PageTexts) -> list[Place]:
    """Return the places of *quote* among those *found* for *thing*; at least one."""
    wanted = keyed_markup(quote).key
    if not wanted:
        return [replace(place, note="The quote has no letters and no digits to look for.") for place in found]
    if (elements := element_things(thing)) is not None:
        return _in_elements(elements, found, quote, wanted, texts)
    mine = keyed_piece(thing.text or "")
    ranges = _with_signs(thing.text or "", mine, mine.find(wanted), quote)
    words = words_in(thing) if len(found) == 1 else []
    known = line_text(thing.text or "", words) if words else None
    located: list[Place] = []
    missed: list[Place] = []
    for place in found:
        reach = mine.between(place.start, place.end) if mine.key else (0, 0)
        parts = [(max(start, reach[0]), min(end, reach[1])) for start, end in ranges]
        parts = [(start, end) for start, end in parts if start < end]
        if not ranges:
            parts = [(0, 0)]
        for part in parts:
            ranged = place if part == (0, 0) else replace(place, start=mine.at[part[0]], end=mine.at[part[1] - 1] + 1)
            hits = _on_page(place, ranged, mine, reach, part, wanted, texts, known) if place.known else []
            if not hits and place.known and ranges:
                hits = _in_row(thing, place, ranged, texts)
            (located if hits else missed).extend(hits or [ranged])
    missed = [place for place in missed if not any(one.start < place.end and one.end > place.start for one in located)]
    told = _NOT_HERE if thing.text is not None and not ranges else "The page does not say where these words stand"
    noted = [
        replace(place, note=f"{place.note} {told}: all of the {_unit(place)} is meant.".strip()) for place in missed
    ]
    return list(dict.fromkeys(sorted([*located, *noted], key=attrgetter("page", "start"))))


def _with_signs(text: str, mine: Keyed, ranges: list[tuple[int, int]], quote: str) -> list[tuple[int, int]]:
    """Return those of *ranges* where the signs of *quote* stand too, as in `△1,234`; all if they stand at none."""
    sought = "".join(quote.casefold().split())

    def is_exact(start: int, end: int) -> bool:
        first = mine.at[start - 1] + 1 if start else 0
        last = mine.at[end] if end < len(mine.at) else len(text)
        return sought in "".join(text[first:last].casefold().split())

    return [one for one in ranges if is_exact(*one)] or ranges


def _in_elements(elements: list[Thing], found: list[Place], quote: str, wanted: str, texts: PageTexts) -> list[Place]:
    """Return the places of a quote in the JSON of elements, whose places were *found*."""
    located = []
    for element, place in zip(elements, found, strict=True):
        if has_quote(element, wanted):
            reaching = replace(place, end=len(element.text or ""))
            located += [replace(one, start=0, end=0) for one in narrow_to_quote(element, [reaching], quote, texts)]
    if located:
        return located
    return [replace(place, note=f"{_NOT_HERE}: all of the {_unit(place)} is meant.") for place in found]


def _on_page(
    place: Place,
    ranged: Place,
    mine: Keyed,
    reach: tuple[int, int],
    part: tuple[int, int],
    wanted: str,
    texts: PageTexts,
    known: PageText | None,
) -> list[Place]:
    """Return where a *part* of the key of a text stands within *place*, by the words of its page.

    The whole text is looked for first: where it stands just once, the part is at its place in it.
    """
    letters = known or texts.of(place.page)
    if place.box is not None and known is None:
        letters = letters.inside(place.box)
    sought = mine.key[slice(*part)] or wanted
    hits: list[tuple[Box, ...]] = []
    if part != (0, 0):
        around = letters.keyed.find(mine.key[slice(*reach)])
        if len(around) == 1:
            first = around[0][0] - reach[0]
            hits = [letters.lines(first + part[0], first + part[1])]
    if not hits:
        hits = letters.find(sought)
        in_text = [start for start, _ in mine.find(sought) if reach[0] <= start < reach[1]]
        if len(hits) == len(in_text) and part[0] in in_text:
            hits = [hits[in_text.index(part[0])]]
    note = "" if len(hits) < 2 else f"These words stand here {len(hits)} times; it is not known which are meant."
    return [replace(ranged, boxes=boxes, corners=(), precision="words", note=note) for boxes in hits]


def _in_row(thing: Thing, place: Place, ranged: Place, texts: PageTexts) -> list[Place]:
    """Return the band of the table's row that a part of a text is in, where rows can be seen on the page."""
    if place.box is None or not texts.drawable or texts.of(place.page).inside(place.box).keyed.key:
        return []
    body = (thing.text or "")[place.start : place.end]
    first = ranged.start - place.start
    table = read_table(body)
    if table is not None:
        count = len(table.rows)
        rows = [index for index, row in enumerate(table.rows) if row.start <= first < row.end]
        cells = table.cells(rows[0]) if rows else []
        until = next((cell.until for cell in cells if cell.start <= first < cell.end), 0)
    else:
        found = next(iter(grids(body)), None)
        count = len(found.rows) if found else 0
        rows = [bisect_right(found.offsets, first) - 1] if found and found.offsets[0] <= first else []
        until = 0
    bands = row_bands(page_picture(texts.source, place.page), place.box, count) if rows else None
    if bands is None:
        return []
    high = bands[rows[0] : max(until, rows[0] + 1)]
    box = (high[0][0], high[0][1], high[0][2], high[-1][3])
    return [replace(ranged, boxes=(box,), corners=(), precision="rows", note="The row of these words.")]


def _unit(place: Place) -> str:
    return "page" if place.precision == "page" else "element"
