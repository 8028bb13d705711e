"""The plain values that every reader of the engine returns: pages, and the layout blocks on them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from upstage_docs.local.geometry import Box

_LIST_MARKER = re.compile(
    r"(?:[•·●○▪■□◦‣⁃∙ˆ–—*\uf06c-\uf0fe☐☑☒✓✔✗✘❑❖◆◇►▶▸➢➤⮚➔➜❯◼★☆✦»-]|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5}|[가-힣])[.)])\s|[①-⑳⑴-⒇㉠-㉻]"
)
"""Bullets of Symbol and Wingdings stand at their code points beyond U+F000."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell; *row_span* and *column_span* count rows and columns, 1 for a plain cell.

    *keeps_lines* says that the lines of its text are rows of a table inside the cell, and are told apart.
    """

    text: str
    row_span: int = 1
    column_span: int = 1
    keeps_lines: bool = False


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
        measured: Whether the data of a chart were read off its drawing; others are those that the file keeps.
        crop: JPEG bytes, where a crop was asked for.
        sub_category: As the API's, `""` if none.
    """

    category: str
    text: str
    box: Box | None = None
    rows: tuple[tuple[Cell, ...], ...] = ()
    header_rows: int = 0
    level: int = 1
    font_size: int = 14
    chart: tuple[tuple[str, str], ...] = ()
    measured: bool = False
    crop: bytes = b""
    sub_category: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """What of a page could not be read: a *message* for the user, and a *detail* for the log alone."""

    message: str
    detail: str = ""


@dataclass(frozen=True)
class PageLayout:
    """The blocks of one page in reading order.

    Attributes:
        number: 1-based.
        ocr: Whether its text was recognised.
        losses: What of it could not be read.
    """

    number: int
    blocks: tuple[Block, ...] = field(default=())
    ocr: bool = False
    losses: tuple[Loss, ...] = ()


def is_list_item(line: str) -> bool:
    """Say whether *line* begins with a bullet, a number or a letter as list items do."""
    return _LIST_MARKER.match(line) is not None
