"""A text of unknown make → its blocks: headings, tables, figures, captions, the rest; HTML and Markdown, by offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from upstage_docs.chunk_text import has_words

__all__ = ["Block", "blocks", "element_kind", "is_rule"]


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


# A block begins at one of these outside tables and figures.
_OPENING = re.compile(
    r"<(?P<close>/?)(?P<name>table|figure|h[1-6]|p|ul|ol|pre|header|footer|caption|blockquote|div|dl|"
    r"section|article|main|title)(?=[\s/>])(?P<rest>[^<>]*)>",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<br\s*/?>\Z", re.IGNORECASE)
_ID = re.compile(r"\bid=['\"]?(\d+)\b")
_CATEGORY = re.compile(r"data-category=['\"]?(\w+)")
_NAMES = {"p": "paragraph", "ul": "list", "ol": "list", "pre": "code"}
_DEEPEST = 6

_PIPE_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\Z")
_MARKDOWN_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+\S")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)\s*\Z")


_KINDS = {
    **dict.fromkeys(("table", "chart", "figure"), "whole"),
    **dict.fromkeys([f"heading{level}" for level in range(1, 10)], "heading"),
    "caption": "caption",
}


def element_kind(category: str, text: str) -> str:
    """Return the kind of one layout element by its category; `""` where its text must be looked through."""
    if kind := _KINDS.get(category):
        return kind
    return "" if "|" in text or "<table" in text or "<figure" in text else "text"


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of *text* in order; between them lies nothing but white space and empty markup."""
    position = 0
    for start, end, name, rest in _regions(text):
        if start > position:
            yield from _markdown(text, position, start)
        if name:
            yield from _markup(text, start, end, name, rest)
        position = end
    yield from _markdown(text, position, len(text))


def _regions(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield `(start, end, tag, attributes)` of each run that begins with a block's tag."""
    opened: tuple[int, str, str] | None = None  # start, tag, attributes of the region that is open
    whole, depth = "", 0
    pipes = _pipe_tables(text) if "|" in text else iter(())
    pipe = next(pipes, None)
    last = 0  # where the tag before ends
    for match in _OPENING.finditer(text):
        before, last = last, match.end()
        if not whole:
            while pipe and pipe[1] <= match.start():
                pipe = next(pipes, None)
            if pipe and pipe[0] <= match.start():
                continue  # the API's pipe tables hold HTML tables in their cells
        name, closing = match["name"].lower(), bool(match["close"])
        if whole:
            if name == whole:
                depth += -1 if closing else 1
            if not depth and opened:
                yield opened[0], match.end(), opened[1], opened[2]
                opened, whole = None, ""
            continue
        if closing:
            if opened and (name == opened[1] or name in {"ul", "ol"}):
                yield opened[0], match.end(), opened[1], opened[2]
                opened = None
            continue
        start = _before_breaks(text, before, match.start())
        if opened:
            yield opened[0], start, opened[1], opened[2]
        opened = (start, name, match["rest"])
        if name in {"table", "figure"}:
            whole, depth = name, 1
    if opened:
        yield opened[0], len(text), opened[1], opened[2]


def _before_breaks(text: str, first: int, start: int) -> int:
    """Return where the `<br>`s in front of *start* begin: the API's mark for "beside the last element"."""
    at = start
    while at > first and (text[at - 1].isspace() or text[at - 1] == ">"):
        if text[at - 1].isspace():
            at -= 1
            continue
        opening = text.rfind("<", max(first, at - 6), at)
        if opening < 0 or not _BREAK.match(text, opening, at):
            break
        at = start = opening
    return start


def _pipe_tables(text: str) -> Iterator[tuple[int, int]]:
    """Yield `(start, end)` of each pipe table."""
    start, before = 0, ""  # of the line before
    begun: int | None = None
    position = 0
    for line in text.splitlines(keepends=True):
        if begun is not None and "|" not in line:
            yield begun, position
            begun = None
        elif begun is None and "|" in before and is_rule(line):
            begun = start
        start, before = position, line
        position += len(line)
    if begun is not None:
        yield begun, position


def _markup(text: str, start: int, end: int, name: str, rest: str) -> Iterator[Block]:
    body = text[start:end]
    stripped = body.rstrip()
    end = start + len(stripped)
    category = found[1] if (found := _CATEGORY.search(rest)) else _NAMES.get(name, name)
    number = int(found[1]) if (found := _ID.search(rest)) else None
    level = 0
    if name == "table":
        kind, category = "whole", "table"
    elif name == "figure":
        if number is None and (found := _ID.search(body)):
            number = int(found[1])
        kind = "whole"
        category = category if category in {"chart", "figure"} else "figure"
    elif name[0] == "h" and name[1:].isdigit():
        kind, category, level = "heading", f"heading{name[1:]}", min(int(name[1:]), _DEEPEST)
    elif name == "caption" or category == "caption":
        kind = category = "caption"
    else:
        kind = "text"
        if name not in _NAMES and (category not in {"header", "footer"} or number is None):
            category = "paragraph"  # only the API means running headers by <header>
    if has_words(stripped) or kind == "whole":
        yield Block(start, end, kind, category, level, number)


def _markdown(text: str, start: int, end: int) -> Iterator[Block]:
    """Yield the blocks of `text[start:end]`, which holds no block's tag: Markdown or plain text."""
    region = text[start:end]
    if not has_words(region):
        return
    lines = region.splitlines(keepends=True)
    offset, index = start, 0
    begun: int | None = None  # where the paragraph that is open begins

    def paragraph(upto: int) -> Iterator[Block]:
        if begun is not None and has_words(body := text[begun:upto].rstrip()):
            image = _IMAGE.match(body)
            yield Block(begun, begun + len(body), "whole" if image else "text", "figure" if image else "paragraph")

    while index < len(lines):
        line = lines[index]
        after = offset + len(line)
        if _FENCE.match(line):
            yield from paragraph(offset)
            begun, closing = offset, index + 1
            while closing < len(lines) and not _FENCE.match(lines[closing]):
                closing += 1
            for one in lines[index + 1 : closing + 1]:
                after += len(one)
            yield from (block._replace(category="code") for block in paragraph(after))
            begun, index, offset = None, closing + 1, after
            continue
        if "|" in line and index + 1 < len(lines) and is_rule(lines[index + 1]):
            yield from paragraph(offset)
            begun, first = None, offset
            offset = after
            index += 1
            while index < len(lines) and "|" in lines[index]:
                offset += len(lines[index])
                index += 1
            yield Block(first, first + len(text[first:offset].rstrip()), "whole", "table")
            continue
        heading = _MARKDOWN_HEADING.match(line)
        if heading or not line.strip():
            yield from paragraph(offset)
            begun = None
        if heading:
            level = len(heading[1])
            yield Block(offset, offset + len(line.rstrip()), "heading", f"heading{level}", level)
        elif begun is None and line.strip():
            begun = offset + len(line) - len(line.lstrip("\r\n"))
        offset, index = after, index + 1
    yield from paragraph(offset)


def is_rule(line: str) -> bool:
    """Return whether *line* is the second line of a pipe table."""
    line = line.rstrip("\r\n")
    return "|" in line and "-" in line and _PIPE_RULE.match(line) is not None
