"""Layout blocks → the answer of Document Parse, in Upstage's conventions; reads no file format."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Block", "Cell", "PageLayout"]


@dataclass(frozen=True)
class Cell:
    """One table cell; *row_span* and *column_span* count rows and columns, 1 for a plain cell."""

    text: str
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True)
class Block:
    """One layout element before it is numbered.

    Attributes:
        category: One of the API's categories.
        text: Plain text, lines joined by newlines; for a figure its text, for an equation what was read.
        box: `(x0, y0, x1, y1)` relative to the page 0-1, or None where the format has no coordinates.
        rows: The cells of a table or of a chart's data, row by row; covered cells are left out, as in HTML.
        header_rows: How many of the first rows are headings of columns.
        level: Depth of a heading 1-6.
        font_size: For Upstage's `style='font-size:NNpx'`, 14 where unknown.
        chart: Title, axes and type of a native chart, as `(name, value)` pairs.
        crop: JPEG bytes, where a crop was asked for.
        sub_category: As the API's, `""` if none.
    """

    category: str
    text: str
    box: tuple[float, float, float, float] | None = None
    rows: tuple[tuple[Cell, ...], ...] = ()
    header_rows: int = 0
    level: int = 1
    font_size: int = 14
    chart: tuple[tuple[str, str], ...] = ()
    crop: bytes = b""
    sub_category: str = ""


@dataclass(frozen=True)
class PageLayout:
    """The blocks of one page in reading order; *number* is 1-based, *ocr* says whether its text was recognised."""

    number: int
    blocks: tuple[Block, ...] = field(default=())
    ocr: bool = False
