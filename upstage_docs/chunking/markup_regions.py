"""Masked text → its regions: pipe tables, and what HTML block tags mark (tables, figures, headings, paragraphs)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Region", "is_rule", "regions"]


class Region(NamedTuple):
    """A run: its offsets, the name of its tag in lower case, `|` for a pipe table, and the attributes of the tag."""

    start: int
    end: int
    name: str
    attributes: str


_WHOLE = re.compile(r"<(?P<close>/?)(?P<name>[tTfF][aAiI][bBgG](?i:le|ure))(?=[\s/>])(?P<rest>[^<>]*)>")
# Any tag but the commonest, with its name to be looked up: twice as fast as a choice of names without case.
_TAG = re.compile(r"<(/?)(?!br|t[dr])([a-zA-Z]\w*)(?=[\s/>])([^<>]*)>")
_BLOCKS = frozenset(
    {"p", "ul", "ol", "pre", "header", "footer", "caption", "blockquote", "div", "dl", "section", "article", "main"}
    | {"title", *(f"h{level}" for level in range(1, 7))}
)
_IN_TABLE = r"t(?:head|body|foot|[rdh])|caption|col(?:group)?"
_ROW_TAG = re.compile(rf"<(?P<close>/?)(?i:{_IN_TABLE})(?=[\s/>])[^<>]*>")
_AFTER_TABLE_TAG = re.compile(
    rf"<(?:(?P<inside>(?i:{_IN_TABLE}))|(?P<end>/(?i:table))|/?(?i:{_IN_TABLE}|table|figure|h[1-6]|p|ul|ol|li|div|pre))"
    r"(?=[\s/>])"
)
_BREAK = re.compile(r"<br\s*/?>\Z", re.IGNORECASE)
# Two runs of blanks never touch: a long one could be divided between them in every way.
_PIPE_RULE = re.compile(r"[ \t]*(?:\|[ \t]*)?:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*(?:\|[ \t]*)?\Z")


def regions(masked: str) -> Iterator[Region]:
    """Yield the regions of *masked* in order; a heading or paragraph ends at its end tag or where the next begins."""
    opened: tuple[int, str, str] | None = None  # start, name, attributes of the region that is open
    last = 0  # where the tag before ends
    for whole in (*_outermost(masked), None):
        limit = whole.start if whole else len(masked)
        for tag in _TAG.finditer(masked, last, limit):
            closing, name, rest = tag.groups()
            if name not in _BLOCKS and (name := name.lower()) not in _BLOCKS:
                continue
            before = last
            start, last = tag.span()
            if closing:
                if opened and (name == opened[1] or name in {"ul", "ol"}):
                    yield Region(opened[0], last, opened[1], opened[2])
                    opened = None
                continue
            if start - before > 3:
                start = _before_breaks(masked, before, start)
            if opened:
                yield Region(opened[0], start, opened[1], opened[2])
            opened = (start, name, rest)
        start = _before_breaks(masked, last, limit) if whole and whole.name != "|" else limit
        if opened:
            yield Region(opened[0], start, opened[1], opened[2])
            opened = None
        if whole:
            yield whole._replace(start=start)
            last = whole.end


def _before_breaks(masked: str, first: int, start: int) -> int:
    """Return where the `<br>`s in front of *start* begin: the API's mark for "beside the last element"."""
    at = start
    while at > first and (masked[at - 1].isspace() or masked[at - 1] == ">"):
        if masked[at - 1].isspace():
            at -= 1
            continue
        opening = masked.rfind("<", max(first, at - 6), at)
        if opening < 0 or not _BREAK.match(masked, opening, at):
            break
        at = start = opening
    return start


def _outermost(masked: str) -> list[Region]:
    """Return the tables of both kinds and the figures that stand in no other, in order."""
    found = sorted(_wholes(masked))
    if "|" in masked:
        found = sorted([*found, *_pipe_tables(masked, found)])
    kept: list[Region] = []
    for region in found:
        if not kept or region.start >= kept[-1].end:
            kept.append(region)
    return kept


def _wholes(masked: str) -> list[Region]:
    """Return the tables and figures that are HTML; those that stand in another one may be left out.

    A tag that is only spoken of ("the <table> tag", not escaped) opens none. A table that is never closed ends with
    its last row, a figure that is never closed is none.
    """
    found: list[Region] = []
    opened: list[int] = []  # the numbers of the tags that are open
    counts = {"table": 0, "figure": 0}
    tags = list(_WHOLE.finditer(masked))
    names = [tag["name"].lower() for tag in tags]
    for number, tag in enumerate(tags):
        name = names[number]
        if not tag["close"]:
            if name == "figure" or _is_table(masked, tag.end()):
                opened.append(number)
                counts[name] += 1
        elif counts[name]:
            first = opened.pop()
            counts[names[first]] -= 1
            while names[first] != name:
                first = opened.pop()
                counts[names[first]] -= 1
            start = tags[first].start()
            while found and found[-1].start > start:
                found.pop()
            found.append(Region(start, tag.end(), name, tags[first]["rest"]))
    end = 0
    closed = {region.start: region.end for region in found}
    for number in opened:
        start = tags[number].start()
        if names[number] == "table" and start >= end:
            end = _end_of_unclosed(masked, tags, number, closed)
            found.append(Region(start, end, "table", tags[number]["rest"]))
    return found


def _is_table(masked: str, end: int) -> bool:
    """Return whether the table's tag that ends at *end* has rows, or its end, after it."""
    following = _AFTER_TABLE_TAG.search(masked, end)
    return following is not None and bool(following["inside"] or following["end"])


def _end_of_unclosed(masked: str, tags: list[re.Match[str]], number: int, closed: dict[int, int]) -> int:
    """Return where the table ends that tag *number* opens: with its last row; what stands in a cell is part of it."""
    position = end = tags[number].end()
    in_cell = False
    for index in range(number + 1, len(tags) + 1):
        tag = tags[index] if index < len(tags) else None
        limit = tag.start() if tag else len(masked)
        if limit < position:
            continue  # inside a table that is closed
        for row_tag in _ROW_TAG.finditer(masked, position, limit):
            end, in_cell = row_tag.end(), not row_tag["close"]
        if tag is None or not in_cell:
            break
        position = end = closed.get(limit, tag.end())
    if not in_cell:
        return end
    starts = (tag.start() for tag in _TAG.finditer(masked, end) if tag[2].lower() in _BLOCKS)
    return next(starts, len(masked))


def _pipe_tables(masked: str, wholes: list[Region]) -> Iterator[Region]:
    """Yield the pipe tables; no line of one begins another block, nor does HTML of *wholes* go on after it."""
    start, before = 0, ""  # of the line before
    begun: int | None = None
    position = index = 0
    for line in masked.splitlines(keepends=True):
        end = position + len(line)
        while index < len(wholes) and wholes[index].end <= end:
            index += 1
        over = index < len(wholes) and wholes[index].start < end
        if "|" not in line or over or _begins_block(line):
            if begun is not None:
                yield Region(begun, position, "|", "")
            begun, line = None, ""  # noqa: PLW2901
        elif begun is None and before and is_rule(line):
            begun = start
        start, before, position = position, line, end
    if begun is not None:
        yield Region(begun, position, "|", "")


def _begins_block(line: str) -> bool:
    tag = _TAG.match(line, len(line) - len(line.lstrip()))
    return tag is not None and (tag[2].lower() in _BLOCKS or tag[2].lower() in {"table", "figure"})


def is_rule(line: str) -> bool:
    """Return whether *line* is the second line of a pipe table."""
    line = line.rstrip("\r\n")
    return "|" in line and "-" in line and _PIPE_RULE.match(line) is not None
