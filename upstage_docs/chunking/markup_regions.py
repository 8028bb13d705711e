"""Finds the regions of a text that HTML block tags and pipe tables mark, after masking."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec


class Region(msgspec.Struct, frozen=True, order=True, gc=False):
    """A region of a text: its offsets, its tag in lower case (`|` for a pipe table), and the tag's attributes."""

    start: int
    end: int
    name: str
    attributes: str


# Most tags are told by three signs, before anything is kept of them: so all are read in two thirds of the time.
_WHOLE = re.compile(
    r"<(?=[/tTfF][tTfFaAiI][aAiIbBgG])(?P<close>/?)(?P<name>(?i:table|figure))(?=[\s/>])(?P<rest>[^<>]*)>"
)
# Any tag but the commonest, with its name to be looked up: twice as fast as a choice of names without case.
_TAG = re.compile(r"<(/?)(?!br|t[dr])([a-zA-Z]\w*)(?=[\s/>])([^<>]*)>")
_BLOCKS = frozenset({
    "p", "ul", "ol", "pre", "header", "footer", "caption", "blockquote", "div", "dl", "section", "article", "main",
    "center", "title", "h1", "h2", "h3", "h4", "h5", "h6",
})  # fmt: skip
_IN_TABLE = r"t(?:head|body|foot|[rdh])|caption|col(?:group)?"
_ROW_TAG = re.compile(rf"<(?P<close>/?)(?i:{_IN_TABLE})(?=[\s/>])[^<>]*>")
_AFTER_TABLE_TAG = re.compile(
    rf"<(?:(?P<inside>(?i:{_IN_TABLE}))|(?P<end>/(?i:table))|/?(?i:{_IN_TABLE}|table|figure|h[1-6]|p|ul|ol|li|div|pre))"
    r"(?=[\s/>])"
)
_BREAK = re.compile(r"<br\s*/?>\Z", re.IGNORECASE)


def regions(masked: str, tables: Sequence[Region]) -> Iterator[Region]:
    """Yield the regions of *masked* in order; a heading or paragraph ends at its end tag or where the next begins.

    Args:
        masked: The text, with what only looks like structure blanked out.
        tables: The tables of both kinds and the figures that stand in no other, in order: `outermost`.
    """
    opened: tuple[int, str, str] | None = None  # start, name, attributes of the region that is open
    last = 0  # where the tag before ends
    for whole in (*tables, None):
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
            yield msgspec.structs.replace(whole, start=start)
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


def outermost(found: Iterable[Region]) -> list[Region]:
    """Return those of the tables and figures *found* that stand in no other, in order."""
    kept: list[Region] = []
    for region in sorted(found):
        if not kept or region.start >= kept[-1].end:
            kept.append(region)
    return kept


def wholes(masked: str) -> list[Region]:
    """Return the HTML tables and figures; one that is nested in another may be among them or not.

    A tag in the middle of a sentence ("the <table> tag", not escaped) opens nothing. A table that is never closed ends
    with its last row; a figure that is never closed does not count.
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
