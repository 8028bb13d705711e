"""Writes the HTML page of a parsed document: pages with boxes, contents, chunks and places."""

from __future__ import annotations

import base64
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from upstage_docs.evidence.place import Place
from upstage_docs.files.formats import file_name
from upstage_docs.files.source import DocumentInput
from upstage_docs.models import Element, ParsedDocument
from upstage_docs.view.boxes import colour_of
from upstage_docs.view.content import isolated, require_sanitiser, safe_content, shown_text
from upstage_docs.view.overlays import ChunkGroup, chunk_groups, group_colour, require_places, shown_chunk, shown_place
from upstage_docs.view.sheets import BLANK_RATIO, Sheet, Sheets

if TYPE_CHECKING:
    from PIL.Image import Image

_FLOWING = {"paragraph", "caption", "footnote"}
"""Categories whose lines end where the page did: they are shown as wide as the window is."""
_LONGEST_LABEL = 80
"""Characters of a heading in the list of pages."""
# What a picture's address is: its bytes in the page itself, or a file beside it.
Address = Callable[[int, "Image"], str]


def view_html(
    parsed: ParsedDocument,
    document: DocumentInput,
    *,
    pages: Collection[int] | None = None,
    width: int = 1000,
    chunks: Iterable[object] = (),
    places: Iterable[Place] = (),
) -> Iterator[str]:
    """Yield one HTML page, piece by piece: the pages of a document with boxes, and beside them what each element says.

    It is complete in itself: pictures are inside it, and it asks for nothing. Its one script searches, filters and
    jumps; without it everything can still be read. Nothing of the document runs or loads.

    Args:
        parsed: As for `boxed_pages`, like the next three.
        document: The file.
        pages: Numbers of the pages that are wanted.
        width: Of a page's picture, in pixels.
        chunks: Chunks of *parsed*, or Documents or nodes made of them: shown as groups of elements, with their sizes
            and the texts that would be embedded.
        places: Places in *document* that are marked on their pages, as `places` returns them and `Citation.places` has
            them.

    Raises:
        MissingExtraError: Pillow, nh3 or latex2mathml is not installed.
        SourceError, ConfigError: As `boxed_pages`; a chunk or a place is of another file. All before the first piece.
    """
    require_sanitiser()
    with Sheets(parsed, document, pages, width) as sheets:
        yield from page_pieces(parsed, sheets, chunks, places, inside, "data:")


def page_pieces(
    parsed: ParsedDocument,
    sheets: Sheets,
    chunks: Iterable[object],
    places: Iterable[Place],
    address: Address,
    allowed: str,
) -> Iterator[str]:
    """Yield what `view_html` does; *address* gives each picture's address, *allowed* the sources for them (CSP).

    Raises:
        ConfigError: A chunk or a place is of another file.
    """
    groups = chunk_groups(chunks, parsed)
    shown = frozenset(sheets.numbers)
    listed = [
        (place.page, *shown_place(number, place, shown))
        for number, place in enumerate(require_places(places, parsed), start=1)
    ]
    marks: dict[int, str] = {}
    for page, _, mark in listed:
        marks[page] = marks.get(page, "") + mark
    chunks_of = _by_page(groups, shown)
    of_element: dict[int, list[int]] = {}
    for group in groups:
        for element in group.elements:
            of_element.setdefault(element, []).append(group.number)
    elements = [one for number in sheets.numbers for one in sheets.elements(number)]
    names = {one.id: _name(one) for one in elements if one.coordinates}

    yield _head(parsed, allowed)
    yield _top(parsed, sheets, groups, [entry for _, entry, _ in listed])
    yield _side(sheets)
    yield '<main id="pages" tabindex="-1">\n'
    for sheet in sheets:
        its = "".join(shown_chunk(group, names) for group in chunks_of.get(sheet.number, ()))
        yield _section(sheet, marks.get(sheet.number, ""), its, of_element, address, with_chunks=bool(groups))
    yield f"</main>\n</div>\n<script>{_asset('page.js')}</script>\n</body>\n</html>\n"


def jpeg(picture: Image) -> bytes:
    """Return *picture* as the bytes of a JPEG."""
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=80, optimize=True)
    return target.getvalue()


def inside(number: int, picture: Image) -> str:  # noqa: ARG001 - an Address
    """Return the picture as a `data:` address, for a page that holds it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg(picture)).decode()}"


@cache
def _asset(name: str) -> str:
    return files("upstage_docs.view").joinpath("assets").joinpath(name).read_text(encoding="utf-8")


def _hash(name: str) -> str:
    """Return what a policy calls our script or style by: nothing else of the page is one."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(_asset(name).encode()).digest()).decode()}'"


def _head(parsed: ParsedDocument, allowed: str) -> str:
    # Places of boxes are attributes named `style`, which only we write; browsers that know no `-elem` take `style-src`.
    policy = (
        f"default-src 'none'; img-src {allowed}; script-src {_hash('page.js')}; style-src 'unsafe-inline'; "
        f"style-src-elem {_hash('page.css')}; style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{shown_text(parsed.source)}</title>\n<style>{_asset('page.css')}</style>\n</head>\n"
    )


def _top(parsed: ParsedDocument, sheets: Sheets, groups: list[ChunkGroup], places: list[str]) -> str:
    elements = [element for number in sheets.numbers for element in sheets.elements(number)]
    shown, total = len(sheets.numbers), max(parsed.total_pages, max(sheets.numbers, default=0))
    facts = [
        f"{shown:,} of {total:,} pages" if shown < parsed.total_pages else _number_of(shown, "page"),
        _number_of(len(elements), "element"),
        *([_number_of(len(groups), "chunk")] if groups else ()),
        f"answered by {isolated(parsed.model)}",
    ]
    modes = (
        '<div class="modes" role="group" aria-label="What is listed">'
        '<button type="button" data-mode="elements" aria-pressed="false">Elements</button>'
        '<button type="button" data-mode="chunks" aria-pressed="true">Chunks</button></div>'
        if groups
        else ""
    )
    last = max(sheets.numbers, default=1)
    name = file_name(parsed.source) or parsed.source
    return (
        f'<body data-mode="{"chunks" if groups else "elements"}">\n'
        '<a class="skip" href="#pages">Skip to the pages</a>\n<header>\n'
        f'<div class="bar"><h1 title="{shown_text(parsed.source)}">{isolated(name)}</h1>'
        '<p id="status" role="status"></p>'
        f'<div class="tools" hidden>{modes}<div role="search">'
        '<input type="search" id="search" placeholder="Search  ( / )" aria-label="Search the texts" '
        'autocomplete="off" spellcheck="false"></div>'
        f'<label class="jump">Page <input type="number" id="jump" min="{min(sheets.numbers, default=1)}" max="{last}" '
        f'inputmode="numeric"><span>of {last:,}</span></label>'
        '<button type="button" id="theme" aria-label="Dark or light" title="Dark or light">◐</button></div></div>\n'
        f'</header>\n<div class="about"><p class="facts">{" · ".join(facts)}</p>'
        f"{_places(places)}{_warnings(parsed)}</div>\n"
    )


def _places(places: list[str]) -> str:
    if not places:
        return ""
    title = _number_of(len(places), "place")
    return f'<section class="places" aria-label="Places"><h2>{title}</h2><ol>{"".join(places)}</ol></section>'


def _warnings(parsed: ParsedDocument) -> str:
    if not parsed.warnings:
        return ""
    listed = "".join(f"<li>{isolated(str(warning))}</li>" for warning in parsed.warnings)
    title = _number_of(len(parsed.warnings), "warning")
    return f'<details class="warnings"><summary>{title}</summary><ul>{listed}</ul></details>'


def _side(sheets: Sheets) -> str:
    """Return the legend, whose entries filter, and the list of pages."""
    counts = Counter(element.category for number in sheets.numbers for element in sheets.elements(number))
    legend = "".join(
        f'<button type="button" class="chip" aria-pressed="false" data-category="{shown_text(category)}" '
        f'style="--c: {colour_of(category)}"><i></i>{isolated(category)}<b>{count:,}</b></button>'
        for category, count in counts.most_common()
    )
    items = []
    for number in sheets.numbers:
        heading = next((one.text for one in sheets.elements(number) if one.category.startswith("heading")), "")
        label = " ".join(heading.split())[:_LONGEST_LABEL]
        items.append(f'<li><a href="#page-{number}"><b>{number}</b>{isolated(label) if label else ""}</a></li>')
    return (
        '<div class="body">\n<div class="side"><div class="legend" role="group" '
        f'aria-label="Show only these categories"><h2>Show only</h2>{legend}</div>\n'
        f'<nav aria-label="Pages"><h2>Pages</h2><ol>{"".join(items)}</ol></nav></div>\n'
    )


def _section(
    sheet: Sheet, marks: str, chunks: str, of_element: dict[int, list[int]], address: Address, *, with_chunks: bool
) -> str:
    ratio = sheet.picture.height / sheet.picture.width if sheet.picture else BLANK_RATIO
    boxes = "".join(_box(element, of_element) for element in sheet.elements if element.coordinates)
    picture, note = "", ""
    if sheet.picture:
        picture = (
            f'<img alt="Page {sheet.number}" loading="lazy" decoding="async" width="{sheet.picture.width}" '
            f'height="{sheet.picture.height}" src="{escape(address(sheet.number, sheet.picture))}">'
        )
    elif sheet.note:
        note = f'<p class="note">{isolated(sheet.note)}</p>'
    listed = "".join(map(_entry, sheet.elements))
    nothing = "" if sheet.elements else '<p class="note">Nothing was found on this page.</p>'
    page = f"Page {sheet.number}" if sheet.number else "On no page"
    groups = f'<ol class="chunks" aria-label="Chunks that begin here">{chunks}</ol>' if with_chunks else ""
    return (
        f'<section id="page-{sheet.number}" class="page" aria-labelledby="title-{sheet.number}" '
        f'style="--ratio: {ratio:.4f}">\n<div class="sheet{"" if sheet.picture or boxes or marks else " empty"}">'
        f'{picture}{boxes}{marks}</div>\n<div class="texts"><h2 id="title-{sheet.number}">{page}</h2>{note}{nothing}\n'
        f'<ol class="elements">{listed}</ol>{groups}</div>\n</section>\n'
    )


def _box(element: Element, of_element: dict[int, list[int]]) -> str:
    x0, y0, x1, y1 = (100 * side for side in element.box)
    place = f"left: {x0:.2f}%; top: {y0:.2f}%; width: {x1 - x0:.2f}%; height: {y1 - y0:.2f}%"
    numbers = of_element.get(element.id, ())
    group, label = "", ""
    if numbers:
        group = f"; --k: {group_colour(numbers[0])}"
        label = f' data-chunks="{" ".join(map(str, numbers))}"'
    return (
        f'<a class="box" id="box-{element.id}" href="#element-{element.id}" tabindex="-1" '
        f'title="{shown_text(_name(element))}" aria-label="{shown_text(_name(element))}" '
        f'data-category="{shown_text(element.category)}"{label} '
        f'style="--c: {colour_of(element.category)}{group}; {place}"></a>'
    )


def _entry(element: Element) -> str:
    heading = element.category.startswith("heading")
    kind = " code" if element.category == "code" else " flow heading" if heading else ""
    kind += " flow" if element.category in _FLOWING else ""
    finer = f'<span class="finer">{isolated(element.sub_category)}</span>' if element.sub_category else ""
    return (
        f'<li id="element-{element.id}" class="entry{kind}" data-id="{element.id}" '
        f'data-category="{shown_text(element.category)}" style="--c: {colour_of(element.category)}">'
        f'<div class="head"><a class="name" href="#box-{element.id}">{isolated(element.category)}</a>{finer}'
        f'<span class="id">{element.id}</span></div>{safe_content(element)}</li>\n'
    )


def _name(element: Element) -> str:
    return f"{element.id} {element.category}"


def _number_of(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _by_page(groups: list[ChunkGroup], shown: frozenset[int]) -> dict[int, list[ChunkGroup]]:
    """Return the chunks by the first of their pages that is shown; those on no known page stand on the first page."""
    found: dict[int, list[ChunkGroup]] = {}
    for group in groups:
        pages = [page for page in group.pages if page in shown] if group.pages else [min(shown, default=0)]
        if pages:
            found.setdefault(pages[0], []).append(group)
    return found
