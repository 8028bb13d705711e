"""Finds tables of contents and indexes by lines that end in page numbers."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from upstage_docs.local.geometry import bounds
from upstage_docs.local.pdf.lines import Line
from upstage_docs.local.pdf.parts import Part

_NUMBER = re.compile(r"\d{1,4}|[ivxlc]{1,7}", re.IGNORECASE)
_LEADER = re.compile(
    r".*\S\s*(?:\.{3,}|(?:\s[.⋅·]){3,}|…{2,}|[·⋅]{3,}|_{4,})[.\s…·⋅_]*(?:\d{1,4}|[ivxlc]{1,7})", re.IGNORECASE
)
_LEAST = 3
"""Lines that end in page numbers, and page numbers in a column, if there is a table of contents."""
# Measured on eighty benchmark pages: a fifth more or less changes the blocks of none.
_BESIDE, _EDGE = 20.0, 1.0
"""Points: how far left of the entries a title without a number begins, and how far it is above or below them."""
_NUMBERED = 0.5
"""Share of the lines of contents that have a page number, at least."""
_FAR, _FAR_SIZES = 6.0, 6.0
"""Usual pitches and font sizes, added, from an entry to the next: a line further away is a running one."""
_COLUMN = 6.0
"""Points within which page numbers of one column end."""
_ONE_ROW = 0.4
"""Font sizes that a title and its page number stand above each other, at most."""
_FALLS = 10
"""Page numbers for each that may be smaller than the one before it: of an entry read out of its turn."""


def contents_of(lines: Sequence[Line]) -> tuple[list[Part], list[Line]]:
    """Find the table of contents; return it as parts of category `index`, and the lines that do not belong to it.

    Three or more lines end in page numbers: behind dots, or as a right-aligned column whose numbers do not fall.
    """
    entries = [line for line in lines if has_leader(line.text)]
    numbers: dict[int, Line] = {}  # id of a title → the line that is its page number
    columns = _number_columns(lines)
    worded = sorted((t for t in lines if columns and any(map(str.isalpha, t.text))), key=lambda t: t.baseline)
    bases = [title.baseline for title in worded]
    reach = _ONE_ROW * max((title.size for title in worded), default=0.0)
    for column in columns:
        for number in column:
            near = worded[bisect_left(bases, number.baseline - reach) : bisect_right(bases, number.baseline + reach)]
            titles = [title for title in near if title is not number and _in_row(title, number)]
            if titles:
                numbers[id(max(titles, key=lambda t: t.box[2]))] = number
    paired = [line for line in lines if id(line) in numbers]
    if len(paired) < _LEAST or not _rises([numbers[id(line)].text for line in paired]):
        numbers, paired = {}, []
    entries = _together(entries + paired)
    if len(entries) < _LEAST:
        return [], list(lines)
    together = {id(line) for line in entries}
    numbers = {title: number for title, number in numbers.items() if title in together}
    used = {id(number) for number in numbers.values()}
    box = bounds(line.box for line in entries)
    chosen = {id(line) for line in entries}
    for line in lines:  # titles without a number, between those that have one
        inside = box[1] - _EDGE <= line.box[1] and line.box[3] <= box[3] + _EDGE
        inside = inside and box[0] - _BESIDE <= line.box[0] <= box[2]
        if inside and id(line) not in used:
            chosen.add(id(line))
    if len(entries) < _NUMBERED * len(chosen):
        return [], list(lines)
    titles = [line for line in lines if id(line) in chosen]
    labels = _labels_of(titles, [line for line in lines if id(line) not in chosen and id(line) not in used])
    used |= {id(label) for held in labels.values() for label in held}
    rows = []
    for line in titles:
        whole = [*labels[id(line)], line, *([numbers[id(line)]] if id(line) in numbers else [])]
        rows.append(Line([word for one in whole for word in one.words]) if len(whole) > 1 else line)
    rest = [line for line in lines if id(line) not in chosen and id(line) not in used]
    return [Part("index", bounds(row.box for row in rows), lines=tuple(rows))], rest


def _labels_of(titles: Sequence[Line], others: Sequence[Line]) -> defaultdict[int, list[Line]]:
    """Return for the id of a title the lines before it in its row, such as "Item 1." in a column of its own."""
    found: defaultdict[int, list[Line]] = defaultdict(list)
    ordered = sorted(titles, key=lambda title: title.baseline)
    bases = [title.baseline for title in ordered]
    for label in others:
        reach = _ONE_ROW * label.size
        near = ordered[bisect_left(bases, label.baseline - reach) : bisect_right(bases, label.baseline + reach)]
        behind = [title for title in near if _in_row(label, title)]
        if behind:
            found[id(min(behind, key=lambda title: title.box[0]))].append(label)
    return found


def has_leader(text: str) -> bool:
    """Say whether a text ends in dots and a page number; most have no dots, which is cheap to see."""
    dotted = text.count(".") > 2 or any(dots in text for dots in ("……", "··", "⋅⋅", " · ·", " ⋅ ⋅", "____"))
    return dotted and _LEADER.fullmatch(text) is not None


def _together(entries: Sequence[Line]) -> list[Line]:
    """Leave out what stands far above or below the others: a running line with its page number."""
    ordered = sorted(entries, key=lambda line: line.baseline)
    if len(ordered) < _LEAST:
        return ordered
    pitch = median(below.baseline - above.baseline for above, below in pairwise(ordered))
    far = _FAR * pitch + _FAR_SIZES * ordered[0].size
    while len(ordered) > 1 and ordered[1].baseline - ordered[0].baseline > far:
        ordered.pop(0)
    while len(ordered) > 1 and ordered[-1].baseline - ordered[-2].baseline > far:
        ordered.pop()
    return ordered


def _number_columns(lines: Sequence[Line]) -> list[list[Line]]:
    columns: defaultdict[int, list[Line]] = defaultdict(list)
    for line in lines:
        if _NUMBER.fullmatch(line.text):
            columns[round(line.box[2] / _COLUMN)].append(line)
    return [column for column in columns.values() if len(column) >= _LEAST]


def _in_row(title: Line, number: Line) -> bool:
    return abs(title.baseline - number.baseline) < _ONE_ROW * title.size and title.box[2] <= number.box[0] + 1


def _rises(numbers: Sequence[str]) -> bool:
    values = [int(number) for number in numbers if number.isdecimal()]
    falls = sum(after < before for before, after in pairwise(values))
    return falls <= len(values) // _FALLS
