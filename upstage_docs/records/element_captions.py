"""Finds the captions of the tables, charts and figures among a document's elements, and those in their markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from upstage_docs.models import Box, Element
from upstage_docs.records.caption_labels import caption_label, is_label_alone
from upstage_docs.records.ownership import (
    MOST_IN_A_ROW,
    Line,
    Owned,
    are_in_a_row,
    is_compared_with_last,
    is_of_another_column,
    owner_of_caption,
    role_above,
    role_below,
    role_taken,
    stands_off,
)
from upstage_docs.records.render import element_text, text_of_html
from upstage_docs.records.wording import is_unit

# What has a caption.
OWNERS = frozenset({"table", "chart", "figure"})
_RUNNING = frozenset({"header", "footer"})
_NO_LINE = frozenset({"equation", "code", "index"})
_Lines = Callable[[int], Line]
_INNER_CAPTION = re.compile(
    r"<(?:fig)?caption\b[^<>]*>([^<]*(?:<(?!/?(?:fig)?caption)[^<]*)*)</(?:fig)?caption>", re.IGNORECASE
)


def captions_of(elements: Sequence[Element], boxes: Sequence[Box]) -> dict[int, str]:
    """Return the caption of each table, chart and figure that has one, on one line, by its place in *elements*.

    A caption stands on the page of what it is of, or in its markup. *boxes* are those of the elements.
    """
    lines: dict[int, Line] = {}

    def line(index: int) -> Line:
        if index not in lines:
            element = elements[index]
            lines[index] = Line(element_text(element, "text").strip(), element.category, element.page, boxes[index])
        return lines[index]

    found: dict[int, str] = {}
    taken: set[int] = set()  # by the tables before
    for index, element in enumerate(elements):
        if element.category not in OWNERS:
            continue
        owned = Owned(element.category, element.page, boxes[index], element.html)
        row = _side_by_side(elements, index, boxes, owned)
        above = _above(elements, row, taken, line, owned)
        if above and (label := next((label for one in above if (label := caption_label(line(one).words))), "")):
            owned = msgspec.structs.replace(owned, label=label)
        between, following = _below(elements, row, line, owned)
        if between and following is not None:
            after = elements[following]
            two = Owned(after.category, after.page, boxes[following])
            between = between[: owned_before([(line(one), role) for one, role in between], owned, two)]
        if index < row[-1]:  # what reaches over several columns is of the last
            last = Owned(elements[row[-1]].category, element.page, boxes[row[-1]])
            between = [(one, role) for one, role in between if stands_off(line(one), last)]
        taken.update(above, (at for at, _ in between))
        captions = [*above, *[one for one, role in between if role == "caption"]]
        if texts := [line(one).words for one in captions] + inner_captions(element.html):
            found[index] = " ".join(" ".join(texts).split())
    return found


def _side_by_side(elements: Sequence[Element], index: int, boxes: Sequence[Box], owned: Owned) -> range:
    """Return the places of *owned*, element *index*, and of the tables and figures side by side with it."""

    def is_beside(at: int) -> bool:
        if not 0 <= at < len(elements) or elements[at].category not in OWNERS:
            return False
        return are_in_a_row(Owned(elements[at].category, elements[at].page, boxes[at]), owned)

    first = last = index
    while last - first < MOST_IN_A_ROW and is_beside(first - 1):
        first -= 1
    while last - first < MOST_IN_A_ROW and is_beside(last + 1):
        last += 1
    return range(first, last + 1)


def _above(elements: Sequence[Element], row: range, others: set[int], line: _Lines, owned: Owned) -> list[int]:
    """Return the places of the captions and titles above *owned*, one of a *row*, in order; not those of *others*."""
    taken: list[int] = []
    roles: set[str] = set()
    for at in range(row.start - 1, -1, -1):
        element = elements[at]
        if element.page != owned.page or element.category in OWNERS or element.category in _NO_LINE or at in others:
            break
        words = line(at).words
        if not words or (len(row) > 1 and is_of_another_column(line(at), owned)):
            continue
        if element.category.startswith("heading") and not caption_label(words):
            if at and is_label_alone(line(at - 1).words):  # "TABLE IV", and its title in the next line
                taken.append(at)
                roles.add("title")
            else:
                roles.add("heading")
            continue
        near = owned
        if is_compared_with_last(roles):
            last = line(taken[-1])
            near = Owned(last.category, last.page, last.box)
        before = partial(line, at - 1) if at else None
        role: str = role_above(line(at), near, roles, before, announcements=False)
        if role in {"caption", "title"}:
            taken.append(at)
        elif role not in {"unit", "note"}:
            if element.category in _RUNNING:
                continue
            break
        roles.add(role_taken(line(at), role, roles))
    return taken[::-1]


def _below(
    elements: Sequence[Element], row: range, line: _Lines, owned: Owned
) -> tuple[list[tuple[int, str]], int | None]:
    """Return places and roles of what belongs to *owned*, one of a *row*, or to what comes after, and that one's."""
    between: list[tuple[int, str]] = []
    last: Line | None = None
    for at in range(row.stop, len(elements)):
        element = elements[at]
        if element.page != owned.page:
            break
        if element.category in OWNERS:
            return between, at
        words = line(at).words
        if not words or (len(row) > 1 and is_of_another_column(line(at), owned)):
            continue
        is_heading = element.category.startswith("heading") and not caption_label(words)
        role = "" if is_heading or element.category in _NO_LINE else role_below(line(at), owned, last)
        if not role:
            if element.category in _RUNNING:
                continue
            break
        if role in {"caption", "note"}:
            last = line(at)
        between.append((at, role))
    return between, None


def owned_before(between: Sequence[tuple[Line, str]], last: Owned, following: Owned) -> int:
    """Return how many of the lines *between* two tables or figures, with their roles, belong to the first one.

    A note is that of the first, and so is what stands above it; a unit line is that of the second, and so is a short
    line that may be a remark on the first, unless it is nearer to that.
    """
    first = max((index + 1 for index, (_, role) in enumerate(between) if role == "note"), default=0)
    for index in range(first, len(between)):
        line, role = between[index]
        if is_unit(line.words) or owner_of_caption(line, last, following, otherwise=role == "remark"):
            return index
    return len(between)


def inner_captions(markup: str) -> list[str]:
    """Return the words of the captions inside the markup of a table or figure, around its rows."""
    around = markup[: markup.find("<tr")] + markup[markup.rfind("</tr") :]  # all of it where there are no rows
    if "caption" not in around and "CAPTION" not in around:
        return []
    return [text_of_html(match[1]) for match in _INNER_CAPTION.finditer(around)]
