"""Draws the outline of every element on pictures of pages, in the colour of its category."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from upstage_docs.evidence.page_pictures import require_pillow
from upstage_docs.files.source import DocumentInput
from upstage_docs.models import ParsedDocument
from upstage_docs.view.sheets import BLANK_RATIO, Sheets

if TYPE_CHECKING:
    from PIL.Image import Image

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
"""Category → colour. The API's set is open: what has no colour here is black."""
_OTHER = "#000000"


def colour_of(category: str) -> str:
    """Return the colour of *category*, as `#rrggbb`."""
    return COLOURS.get(category, _OTHER)


def boxed_pages(
    parsed: ParsedDocument, document: DocumentInput, *, pages: Collection[int] | None = None, width: int = 1000
) -> Iterator[tuple[int, Image]]:
    """Yield the number of each page and its picture, with the outline of every element in its category's colour.

    Args:
        parsed: What was answered for *document*.
        document: The file. Pages of PDFs and images are drawn. A blank sheet stands for what cannot be drawn: Word and
            other files without pages, damaged pages, and pages of elements that the file does not have.
        pages: Numbers of the pages that are wanted, 1-based; all of them if None.
        width: Of a picture, in pixels.

    Raises:
        MissingExtraError: Pillow is not installed.
        SourceError: The file cannot be read.
        ConfigError: *document* is not what *parsed* is of, a page is not there, or *width* is no number of pixels.
    """
    require_pillow()
    from PIL import Image, ImageDraw

    with Sheets(parsed, document, pages, width) as sheets:
        for sheet in sheets:
            picture = sheet.picture or Image.new("RGB", (sheets.width, round(sheets.width * BLANK_RATIO)), "white")
            draw = ImageDraw.Draw(picture)
            for element in sheet.elements:
                if element.coordinates:
                    corners = [(x * (picture.width - 1), y * (picture.height - 1)) for x, y in element.coordinates]
                    draw.line(
                        [*corners, corners[0]], fill=colour_of(element.category), width=max(2, sheets.width // 400)
                    )
            yield sheet.number, picture
