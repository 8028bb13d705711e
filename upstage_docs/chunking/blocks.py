"""Finds the headings, tables, figures, captions and paragraphs in an HTML or Markdown text, with their offsets."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

import msgspec

from upstage_docs.chunking.markdown import UNREAD, MarkdownBlock, lines_of, markdown_blocks
from upstage_docs.chunking.markup_regions import Region, outermost, regions, wholes
from upstage_docs.chunking.masking import FILLER, masked, masked_but_code
from upstage_docs.chunking.text_breaks import has_code, has_words
from upstage_docs.records.caption_labels import caption_label
from upstage_docs.records.heading_levels import DEEPEST
from upstage_docs.records.heading_numbering import read_numbering, without_numbering
from upstage_docs.records.sentences import ends_with_stop


class Block(msgspec.Struct, frozen=True, gc=False):
    """A block of a text, such as a heading, a table or a paragraph, with its offsets.

    Attributes:
        start, end: Its offsets, white space around it left out.
        kind: `heading`, `caption`, `whole` (a table or a figure) or `text`.
        category: What Document Parse would call it.
        level: Depth of a heading 1-6, 7 for one in bold that stands below all of these, 0 for anything else.
        element_id: The `id` attribute where it is a number, as in the API's HTML, else None.
        title: The words of a heading of Markdown, without its marks; `""` for any other.
    """

    start: int
    end: int
    kind: str
    category: str
    level: int = 0
    element_id: int | None = None
    title: str = ""


_TABLE_OR_FIGURE = re.compile("<(?:table|figure)")
_ID = re.compile(r"\bid=['\"]?(\d+)\b")
_CATEGORY = re.compile(r"data-category=['\"]?(\w+)")
_CHART = re.compile(r"data-category=['\"]?chart|class=['\"]?chart-")  # in the figure: the guide's, enhanced mode's
_NAMES = {"p": "paragraph", "ul": "list", "ol": "list", "pre": "code"}

# Of masked text: an equation holds nothing but filler.
_EQUATION = re.compile(rf"[ \t]*(?:\$\${FILLER}+\$\$|\\\[{FILLER}+\\\])\s*\Z")
# Alone on the first line: ![a](a.png), ![a][1], [![a](a.png)](b), ![[a.png]], <img>
_IMAGE = re.compile(
    r"(?:!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])|\[!\[[^\]]*\]\([^)]*\)\]\([^)]*\)|!\[\[[^\]]+\]\]|<img\b[^<>]*>)"
    r"[ \t]*(?:\r?\n|\Z)"
)
_BOLD_LINE = re.compile(r"(\*\*|__)(?=\S)([^*_\n]{1,120})(?<=\S)\1")  # **1.2 Scope**: PyMuPDF4LLM's headings
_COMMENTS = re.compile(r"(?:<!--(?:[^-]|-(?!->))*-->\s*)+\Z")


# Looked for at line ends, and matched where the text begins: as one choice these took ten times as long.
_BORDER = r"[ \t>]*(?:\||\+[-=]|:?-+:?[ \t]*[|+])"
_FIRST_BORDER = re.compile(rf"\ufeff?{_BORDER}")
_LATER_BORDER = re.compile(rf"[\r\n]{_BORDER}")
_MARKDOWN_LINE = re.compile(r"[\r\n](?:#{1,6}[ \t]|```|~~~)")
_INDENTED_TABLE = re.compile(r"^(?: {4}|\t).*<(?:table|figure)", re.MULTILINE | re.IGNORECASE)
_UNCLOSED_FENCE = re.compile(rf"^ {{0,3}}(?:````*|~~~~*)(?!{FILLER}|[`~])", re.MULTILINE)  # of masked text
_TABLES = frozenset({"table", "figure", "|"})
_CONTAINERS = frozenset({"div", "section", "article", "main", "blockquote"})
_BLANK_LINE = re.compile(r"(?:\r\n|\n|\r)[ \t]*(?:\r\n|\n|\r)")
_PAGE_END = re.compile(r"^\f+", re.MULTILINE)  # pdftotext's, in front of the first line of the next page
_NO_LINE_END = re.compile(r"[^\r\n]")

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
    """Yield the blocks of *text* in order; between them lies nothing but white space, comments and empty markup."""
    if "\f" in text:
        text = _PAGE_END.sub(lambda signs: "\n" * len(signs[0]), text)
    structure = masked(text)
    is_html = text[:100].lstrip("\ufeff \t\r\n").startswith("<")
    is_page = is_html and not _holds_markdown(structure)  # else HTML stands at the top of Markdown
    found = wholes(structure)
    if not is_html and found and _INDENTED_TABLE.search(text):
        found = _outside_code(found, text)
    view: str | None = None
    written: list[MarkdownBlock] = []
    if _may_hold_pipes(text, structure):  # where pipe and grid tables stand decides where paragraphs of HTML end
        view = _without(masked_but_code(text), found)
        written = markdown_blocks(view, is_html=is_page)
        found += [Region(one.start, one.end, "|", "") for one in written if one.kind == "table"]
    all_regions = [_opening(region, structure) for region in regions(structure, outermost(found))]
    if not is_html and _may_hold_fences(structure) and (fence := _UNCLOSED_FENCE.search(structure)):
        all_regions = [one for one in all_regions if one.start < fence.start() or one.name in _TABLES]
    position = int(text.startswith("\ufeff"))
    for region in (*all_regions, None):
        start = region.start if region else len(text)
        if start > position and not text[position:start].isspace() and has_words(text[position:start]):
            if view is None or any(one.name != "|" for one in all_regions):
                view = _without(masked_but_code(text) if view is None else view, all_regions)
                written = markdown_blocks(view, is_html=is_page)
                all_regions = [one for one in all_regions if one.name == "|"]  # blanked out once
            yield from _markdown(text, view, written, position, start)
        if region:
            if block := _block(text, structure, region):
                yield block
            position = region.end


def _holds_markdown(structure: str) -> bool:
    """Return whether a heading or a code fence of Markdown stands in what begins as HTML."""
    may_hold = "#" in structure or _may_hold_fences(structure)
    return may_hold and _MARKDOWN_LINE.search(structure) is not None


def _may_hold_fences(structure: str) -> bool:
    # One sign is found thirty times as fast as three.
    return ("`" in structure and "```" in structure) or ("~" in structure and "~~~" in structure)


def _may_hold_pipes(text: str, structure: str) -> bool:
    """Return whether *text* may hold a pipe or a grid table: a line with the rule or the border of one."""
    if not ("|" in structure or ("+" in text and ("+-" in text or "+=" in text))):
        return False
    return _FIRST_BORDER.match(text) is not None or _LATER_BORDER.search(text) is not None


def _opening(region: Region, structure: str) -> Region:
    """Return what of a *region* is HTML: a container ends at a blank line, after which Markdown may go on in it."""
    if region.name in _CONTAINERS and (blank := _BLANK_LINE.search(structure, region.start, region.end)):
        return msgspec.structs.replace(region, end=blank.start())
    return region


def _without(view: str, found: Sequence[Region]) -> str:
    """Return *view*, at the same length, with regions that are HTML blanked out but for their lines."""
    pieces: list[str] = []
    position = 0
    for region in found:
        if region.name != "|" and region.start >= position:
            pieces += (view[position : region.start], _NO_LINE_END.sub(" ", view[region.start : region.end]))
            position = region.end
    return "".join([*pieces, view[position:]]) if pieces else view


def _outside_code(found: list[Region], text: str) -> list[Region]:
    """Return those of the tables and figures *found* that do not begin in code of Markdown that is indented."""
    code = [one for one in markdown_blocks(masked_but_code(text)) if one.kind == "code"]
    starts = [one.start for one in code]
    kept: list[Region] = []
    for region in found:
        index = bisect_right(starts, region.start) - 1
        inside = index >= 0 and region.start < code[index].end and text[starts[index]] in " \t"
        if not inside or any(one.start < region.start < one.end for one in kept):
            kept.append(region)
    return kept


def _markdown(text: str, view: str, written: Sequence[MarkdownBlock], start: int, end: int) -> Iterator[Block]:
    """Yield the blocks of `text[start:end]`, which holds no block's tag and no table: Markdown or plain text."""
    index = max(0, bisect_right(written, start, key=lambda one: one.start) - 1)
    while index < len(written) and written[index].start < end:
        one = written[index]
        first, last = max(start, one.start), min(end, one.end)
        index += 1
        body = text[first:last].strip() if first < last else ""
        if not body:
            continue
        if one.kind == "table" and (first, last) == (one.start, one.end):  # seen only without the HTML around it
            yield Block(first, first + len(text[first:last].rstrip()), "whole", "table")
            continue
        if first == one.start and one.kind == "heading":
            first += len(text[first:last]) - len(text[first:last].lstrip())
            title = one.title
            if UNREAD in title and (at := view[first:last].replace(FILLER, UNREAD).find(title)) >= 0:  # an equation
                title = text[first + at : first + at + len(title)]
            yield Block(first, first + len(body), "heading", f"heading{one.level}", one.level, None, title)
        elif one.kind == "code":
            first = one.start if first == one.start else text.index(body, first)
            body = text[first:last].rstrip()
            if has_code(body):
                yield Block(first, first + len(body), "text", "code")
        else:
            yield from _paragraphs(text, view, first, last)


def _paragraphs(text: str, view: str, start: int, end: int) -> Iterator[Block]:
    """Yield a text as one block, and equations that stand on lines of their own as others."""
    begun = offset = start
    for line in lines_of(view[start:end]) if FILLER in view[start:end] else ():
        after = offset + len(line)
        if _EQUATION.match(line):
            yield from _paragraph(text, begun, offset, "paragraph")
            yield from _paragraph(text, offset, after, "equation")
            begun = after
        offset = after
    yield from _paragraph(text, begun, end, "paragraph")


def _block(text: str, structure: str, region: Region) -> Block | None:
    start, end, name, rest = region.start, region.end, region.name, region.attributes
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


def _is_numbered_title(words: str) -> bool:
    """Say whether *words* are numbered, and neither a sentence nor a quantity ("5 apples")."""
    return bool(read_numbering(words)) and not (ends_with_stop(words) or without_numbering(words)[:1].islower())


def _paragraph(text: str, start: int, end: int, category: str) -> Iterator[Block]:
    body = text[start:end].strip()
    if not has_words(body) or (body[:4] == "<!--" and _COMMENTS.match(body)):
        return
    start = text.index(body, start)
    end = start + len(body)
    if (image := _IMAGE.match(body)) and (image.end() == len(body) or caption_label(body[image.end() :])):
        yield Block(start, start + len(image[0].rstrip()), "whole", "figure")
        start += image.end()
    if (bold := _BOLD_LINE.fullmatch(body)) and _is_numbered_title(bold[2]):
        yield Block(start, end, "heading", "heading1", DEEPEST + 1, None, bold[2])
    elif start < end:
        yield Block(start, end, "text", category)
