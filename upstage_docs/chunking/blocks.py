"""A text of unknown make → its blocks: headings, tables, figures, captions, the rest; HTML and Markdown, by offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from upstage_docs.chunking.markup_regions import Region, regions
from upstage_docs.chunking.masking import FILLER, masked
from upstage_docs.chunking.text_breaks import has_code, has_words

__all__ = ["Block", "blocks", "element_kind"]


class Block(NamedTuple):
    """A run of a text.

    Attributes:
        start, end: Its offsets, white space around it left out.
        kind: `heading`, `caption`, `whole` (a table or a figure) or `text`.
        category: What Document Parse would call it.
        level: Depth of a heading 1-6, 0 for anything else.
        element_id: The `id` attribute where it is a number, as in the API's HTML, else None.
    """

    start: int
    end: int
    kind: str
    category: str
    level: int = 0
    element_id: int | None = None


_TABLE_OR_FIGURE = re.compile("<(?:table|figure)")
_ID = re.compile(r"\bid=['\"]?(\d+)\b")
_CATEGORY = re.compile(r"data-category=['\"]?(\w+)")
_CHART = re.compile(r"data-category=['\"]?chart|class=['\"]?chart-")  # in the figure: the guide's, enhanced mode's
_NAMES = {"p": "paragraph", "ul": "list", "ol": "list", "pre": "code"}

# Of masked text: a fence that is closed, and an equation, hold nothing but filler.
_MARKDOWN_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+\S")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_EQUATION = re.compile(rf"[ \t]*(?:\$\${FILLER}+\$\$|\\\[{FILLER}+\\\])\s*\Z")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)\s*\Z")


_KINDS = {
    **dict.fromkeys(("table", "chart", "figure"), "whole"),
    **dict.fromkeys([f"heading{level}" for level in range(1, 10)], "heading"),
    "caption": "caption",
    "equation": "text",
    "code": "text",
}


def element_kind(category: str, text: str) -> str:
    """Return the kind of one layout element by its category; `""` where its text must be looked through."""
    if kind := _KINDS.get(category):
        return kind
    return "" if "|" in text or _TABLE_OR_FIGURE.search(text) else "text"


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of *text* in order; between them lies nothing but white space and empty markup.

    After a fence that is never closed, in Markdown, there is no empty markup: it is code.
    """
    structure = masked(text)
    position = 0
    is_html = text[:100].lstrip().startswith("<")
    in_code = False
    for block in _found(text, structure):
        if in_code:
            yield from _code(text, position, block.start)
        elif block.category == "code" and not is_html and (fence := _FENCE.match(structure, block.start)):
            in_code = not structure.startswith(FILLER, fence.end())
        yield block
        position = block.end
    if in_code:
        yield from _code(text, position, len(text))


def _code(text: str, start: int, end: int) -> Iterator[Block]:
    """Yield what lies between two blocks as one of code, unless it is white space."""
    if body := text[start:end].strip():
        start = text.index(body, start)
        yield Block(start, start + len(body), "text", "code")


def _found(text: str, structure: str) -> Iterator[Block]:
    position = 0
    for region in regions(structure):
        if region.start > position and not text[position : region.start].isspace():
            yield from _markdown(text, structure, position, region.start)
        if block := _block(text, structure, region):
            yield block
        position = region.end
    yield from _markdown(text, structure, position, len(text))


def _block(text: str, structure: str, region: Region) -> Block | None:
    start, end, name, rest = region
    body = text[start:end].rstrip()
    category, kind, level = _NAMES.get(name, name), "text", 0
    number = None
    if rest:
        category = found[1] if (found := _CATEGORY.search(rest)) else category
        number = int(found[1]) if (found := _ID.search(rest)) else None
    if not (has_words(body) or name == "figure" or (category == "code" and has_code(body))):
        return None
    if name in {"table", "|"}:
        kind, category = "whole", "table"
    elif name == "figure":
        if number is None and (found := _ID.search(body)):
            number = int(found[1])
        kind = "whole"
        if category != "chart":
            category = "figure"
            if "</table" in structure[start:end].lower():  # a table that is spoken of has no end
                category = "chart" if _CHART.search(body) else "table"
    elif name[0] == "h" and name[1:].isdigit():
        kind, category, level = "heading", f"heading{name[1:]}", int(name[1:])
    elif name == "caption" or category == "caption":
        kind = category = "caption"
    elif name not in _NAMES and (category not in {"header", "footer"} or number is None):
        category = "paragraph"  # only the API means running headers by <header>
    return Block(start, start + len(body), kind, category, level, number)


def _markdown(text: str, structure: str, start: int, end: int) -> Iterator[Block]:
    """Yield the blocks of `text[start:end]`, which holds no block's tag and no table: Markdown or plain text."""
    if not has_words(text[start:end]):
        return
    offset = start
    begun: int | None = None  # where the paragraph that is open begins
    category = "paragraph"
    for line in structure[start:end].splitlines(keepends=True):
        after = offset + len(line)
        heading = _MARKDOWN_HEADING.match(line)
        alone = "code" if _FENCE.match(line) else "equation" if _EQUATION.match(line) else ""
        if begun is not None and (heading or alone or not line.strip()):
            yield from _paragraph(text, begun, offset, category)
            begun = None
        if heading:
            level = len(heading[1])
            yield Block(offset, offset + len(line.rstrip()), "heading", f"heading{level}", level)
        elif alone == "code" and FILLER not in line:  # a fence that is never closed
            begun, category = offset, alone
            break
        elif alone:
            yield from _paragraph(text, offset, after, alone)
        elif begun is None and line.strip():
            begun = offset
        offset = after
    if begun is not None:
        yield from _paragraph(text, begun, end, category)


def _paragraph(text: str, start: int, end: int, category: str) -> Iterator[Block]:
    body = text[start:end].rstrip()
    if not has_words(body):
        return
    image = _IMAGE.match(body)
    yield Block(start, start + len(body), "whole" if image else "text", "figure" if image else category)
