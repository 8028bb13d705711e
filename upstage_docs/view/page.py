"""A parsed document as pictures of its pages with every element's box, and as one HTML page; sends nothing."""

from __future__ import annotations

import io
from base64 import b64encode
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from html import escape
from itertools import islice
from typing import TYPE_CHECKING

from upstage_docs.api.limits import LIMITS
from upstage_docs.errors import ConfigError, MissingExtraError, SourceError
from upstage_docs.files.source import PDFIUM_LOCK, DocumentInput, Source, inspect
from upstage_docs.models import Element, ParsedDocument

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["COLOURS", "boxed_pages", "view_html"]

# Category → colour; the API's set is open, so others have one, too.
COLOURS = {
    "table": "#d62728",
    "chart": "#e377c2",
    "figure": "#9467bd",
    "caption": "#8c564b",
    "equation": "#17becf",
    "list": "#2ca02c",
    "paragraph": "#1f77b4",
    "heading1": "#ff7f0e",
    "header": "#7f7f7f",
    "footer": "#7f7f7f",
    "footnote": "#bcbd22",
    "index": "#2f7f5f",
    "code": "#333333",
}
_OTHER = "#000000"
_SHEET = 297 / 210  # height by width, where a file tells no page
_TALLEST = 4  # widths; what is taller is drawn smaller
_IMAGES = ("jpeg", "png", "bmp", "tiff", "heic")

_STYLE = """
body { margin: 0; font: 14px/1.45 system-ui, sans-serif; color: #222; background: #eee }
header { padding: 12px 20px; background: #fff; border-bottom: 1px solid #ccc }
h1 { margin: 0; font-size: 18px } h2 { margin: 0 0 8px; font-size: 14px }
header span { color: var(--c); font-weight: 600; margin-right: 14px }
section { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 20px; padding: 20px }
.sheet { position: relative; align-self: start; background: #fff; box-shadow: 0 1px 4px #0004 }
.sheet img { position: absolute; width: 100%; height: 100% }
.box { position: absolute; box-sizing: border-box; border: 2px solid var(--c); background: transparent }
.box:hover, .box:target { background: color-mix(in srgb, var(--c) 25%, transparent) }
ol { margin: 0; padding: 0; list-style: none }
li { margin: 0 0 6px; padding: 4px 8px; border-left: 4px solid var(--c); background: #fff }
li:target { outline: 2px solid var(--c) }
li a { color: var(--c); font-weight: 600; text-decoration: none }
pre { margin: 2px 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit }
@media (max-width: 800px) { section { grid-template-columns: 1fr } }
"""


@dataclass(frozen=True)
class _Sheet:
    """One page: its number, its elements in order, its picture where the file has one."""

    number: int
    elements: tuple[Element, ...]
    picture: Image | None


def boxed_pages(
    parsed: ParsedDocument, document: DocumentInput, *, pages: Collection[int] | None = None, width: int = 1000
) -> Iterator[tuple[int, Image]]:
    """Yield the number of each page and its picture, with the outline of every element in its category's colour.

    Args:
        parsed: What was answered for *document*.
        document: The file: PDF and image pages are drawn; of what has no pages to draw, such as Word, a blank sheet, as
            of a page that elements are said to stand on and that the file does not have.
        pages: Numbers of the pages that are wanted, 1-based; all of them if None.
        width: Of a picture, in pixels.

    Raises:
        MissingExtraError: Pillow is not installed.
        SourceError: The file cannot be read.
        ConfigError: *document* is not what *parsed* is of, a page is not there, or *width* is no number of pixels.
    """
    _require_pillow()
    from PIL import Image, ImageDraw

    for sheet in _sheets(parsed, document, pages, width):
        picture = sheet.picture or Image.new("RGB", (width, round(width * _SHEET)), "white")
        draw = ImageDraw.Draw(picture)
        for element in sheet.elements:
            if element.coordinates:
                corners = [(x * (picture.width - 1), y * (picture.height - 1)) for x, y in element.coordinates]
                draw.line(
                    [*corners, corners[0]], fill=COLOURS.get(element.category, _OTHER), width=max(2, width // 400)
                )
        yield sheet.number, picture


def view_html(
    parsed: ParsedDocument, document: DocumentInput, *, pages: Collection[int] | None = None, width: int = 1000
) -> Iterator[str]:
    """Yield one HTML page, piece by piece: the pages of a document with boxes, and beside them what each element says.

    It is complete in itself: pictures are inside it, it asks for nothing and runs no script. A box leads to its
    element's text and back.

    Args:
        parsed: As for `boxed_pages`, like all that follow.
        document: The file.
        pages: Numbers of the pages that are wanted.
        width: Of a page's picture, in pixels.

    Raises:
        MissingExtraError, SourceError, ConfigError: As `boxed_pages`, before the first piece.
    """
    sheets = _sheets(parsed, document, pages, width)
    begun = list(islice(sheets, 1))  # what is wrong shows before anything is written
    title = escape(parsed.source)
    counts = Counter(element.category for element in parsed.elements)
    legend = "".join(
        f"<span {_colour(category)}>{escape(category)} {count}</span>" for category, count in counts.most_common()
    )
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n"
        f"<p>{parsed.total_pages} pages, {len(parsed.elements)} elements, answered by {escape(parsed.model)}</p>\n"
        f"<p>{legend}</p>\n</header>\n"
    )
    for sheet in begun:
        yield _section(sheet)
    for sheet in sheets:
        yield _section(sheet)
    yield "</body>\n</html>\n"


def _section(sheet: _Sheet) -> str:
    ratio = sheet.picture.height / sheet.picture.width if sheet.picture else _SHEET
    image = ""
    if sheet.picture:
        target = io.BytesIO()
        sheet.picture.save(target, "JPEG", quality=80)
        encoded = b64encode(target.getvalue()).decode()
        image = f'<img alt="Page {sheet.number}" src="data:image/jpeg;base64,{encoded}">'
    boxes = "".join(_box(element) for element in sheet.elements if element.coordinates)
    listed = "".join(_entry(element) for element in sheet.elements)
    return (
        f'<section id="page-{sheet.number}">\n<div class="sheet" style="aspect-ratio: 1 / {ratio:.4f}">{image}{boxes}'
        f"</div>\n<div><h2>Page {sheet.number}</h2>\n<ol>{listed}</ol></div>\n</section>\n"
    )


def _box(element: Element) -> str:
    x0, y0, x1, y1 = (100 * side for side in element.box)
    place = f"left: {x0:.2f}%; top: {y0:.2f}%; width: {x1 - x0:.2f}%; height: {y1 - y0:.2f}%"
    return (
        f'<a class="box" id="box-{element.id}" href="#element-{element.id}" title="{escape(_name(element))}" '
        f"{_colour(element.category, place)}></a>"
    )


def _entry(element: Element) -> str:
    text = element.text or element.markdown
    return (
        f'<li id="element-{element.id}" {_colour(element.category)}>'
        f'<a href="#box-{element.id}">{escape(_name(element))}</a><pre>{escape(text)}</pre></li>\n'
    )


def _name(element: Element) -> str:
    return f"{element.id} {element.category}"


def _colour(category: str, more: str = "") -> str:
    return f'style="--c: {COLOURS.get(category, _OTHER)}{"; " if more else ""}{more}"'


def _sheets(
    parsed: ParsedDocument, document: DocumentInput, pages: Collection[int] | None, width: int
) -> Iterator[_Sheet]:
    _require_pillow()
    if not isinstance(width, int) or not 1 <= width <= 10_000:
        raise ConfigError(f"width={width!r} must be a whole number of pixels, 1 to 10000.")
    source = inspect(document)
    if parsed.file_sha256 and source.sha256 != parsed.file_sha256:
        raise ConfigError(f"{source.name!r} is not the file that was parsed as {parsed.source!r}, or it has changed.")
    of_page: dict[int, list[Element]] = {}
    for element in parsed.elements:
        of_page.setdefault(element.page, []).append(element)
    # An answer may name any number: of a file that tells none, no more than the API reads is believed.
    told = source.pages or min(parsed.total_pages, LIMITS.async_pages)
    there = {*range(1, told + 1), *of_page}
    for number in pages or ():
        if number not in there:
            raise ConfigError(f"{source.name!r} has no page {number}; it has {told}.")
    try:
        for number in sorted(there if pages is None else set(pages)):
            yield _Sheet(number, tuple(of_page.get(number, ())), _picture(source, number, width))
    finally:
        source.close()


def _picture(source: Source, number: int, width: int) -> Image | None:
    """Return page *number* as a picture in RGB, None where the file has no page to draw."""
    from PIL import Image, ImageOps

    if source.format == "pdf":
        return _pdf_page(source, number, width) if 1 <= number <= (source.pages or 0) else None
    if source.format not in _IMAGES:
        return None
    with source.open() as handle:
        try:
            with Image.open(handle) as image:
                image.seek(number - 1)
                picture = ImageOps.exif_transpose(image)
                if picture.has_transparency_data:
                    paper = Image.new("RGBA", picture.size, "white")
                    paper.alpha_composite(picture.convert("RGBA"))
                    picture = paper
                picture = picture.convert("RGB")
        except Exception:  # noqa: BLE001 - Pillow names damage in many ways, SyntaxError and TypeError among them
            return None  # the format needs a library that is not here, or the page is damaged: boxes alone say enough
    picture.thumbnail((width, _TALLEST * width))
    return picture


def _pdf_page(source: Source, number: int, width: int) -> Image:
    import pypdfium2

    with PDFIUM_LOCK, source.open() as handle:
        try:
            with closing(pypdfium2.PdfDocument(handle)) as pdf, closing(pdf[number - 1]) as page:
                across, down = page.get_size()
                with closing(page.render(scale=min(width / across, _TALLEST * width / down))) as bitmap:
                    picture: Image = bitmap.to_pil().convert("RGB")
                    return picture
        except pypdfium2.PdfiumError as error:
            raise SourceError(f"Page {number} of {source.name!r} cannot be drawn: {error}.") from error


def _require_pillow() -> None:
    try:
        import PIL  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("view", "A picture of a page", error) from error
