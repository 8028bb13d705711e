"""Finds regions whose texts are aligned in rows and columns, with ruled lines or without: candidates for tables."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

from upstage_docs.local.geometry import bounds, groups_of, holds_middle, middle, shared_width
from upstage_docs.local.pdf.tables.aligned_texts import (
    ROW_PITCH,
    SAME_LINE,
    Text,
    rows_of_texts,
    texts_beside,
    texts_under,
)
from upstage_docs.local.pdf.tables.line_rows import is_value, is_year
from upstage_docs.local.pdf.tables.prose_texts import prose_of
from upstage_docs.local.pdf.tables.sign_columns import is_sign

_BLOCK_PITCH = 3.2
"""Font sizes from a heading or the last line of a paragraph to the prose under or over it, at most."""
_HEADER_LINES, _HEADER_PITCH = 3, 2.4
"""Lines of a header that stand over the columns of a region, and how many font sizes apart, at most."""
_MOST_LABELS, _SECTION, _SAME_END = 6, 1.3, 0.8
"""Lines of labels between two parts of a statement, at most; of the pitch of rows, how much further such a line is at
most; and font sizes by which the ends of the numbers of one column differ, at most, since brackets stand out."""
TITLE = 1.15
"""Of the size of a table: a larger line above it is its title."""
_GROUP = 1.5
"""Of the pitch of the rows of a table: a larger line between them that is no further is the name of a group."""
_LEAST_TEXTS = 4
"""Of a region of rows."""
_LEAST_ROWS = 2
"""Lines of a page with two texts side by side, at least: a page of one column of prose has none."""


def regions_of_rows(texts: Sequence[Text]) -> list[list[list[Text]]]:
    """Return the regions of a page in which texts stand in rows and columns, each as its rows from the top.

    Lines of prose belong to none, and part what stands on their two sides.

    Args:
        texts: Ordered by baseline, then from the left.
    """
    beside = texts_beside(texts)
    if len({round(texts[one].baseline) for one, _ in beside}) < _LEAST_ROWS:
        return []
    stacked = texts_under(texts)
    prose = prose_of(texts, beside, stacked)
    walls = _prose_beside(texts, prose)
    joined = [(one, other) for one, other in beside if not walls(one, other)]
    joined = [(one, other) for one, other in [*joined, *stacked] if not prose[one] and not prose[other]]
    groups = ([texts[one] for one in group if not prose[one]] for group in groups_of(len(texts), joined))
    regions = [group for group in groups if len(group) >= _LEAST_TEXTS]
    regions = _stacked(regions, texts)
    used = {id(text) for group in regions for text in group}
    free = [text for text, is_prose in zip(texts, prose, strict=True) if not is_prose and id(text) not in used]
    found = [rows_of_texts([*_lines_above(group, free), *_with_lines_inside(group, free)]) for group in regions]
    return [part for rows in found for part in _under_titles(rows)]


def _under_titles(rows: Sequence[list[Text]]) -> list[list[list[Text]]]:
    """Cut the rows of a region where a larger line stands alone: the title of the table below it.

    One that no more white parts from the rows of the same columns above and below it is the name of a group of them.
    """
    size = TITLE * median(text.size for row in rows for text in row)
    pitch = _GROUP * median([below[0].baseline - above[0].baseline for above, below in pairwise(rows)] or [0.0])
    parts: list[list[list[Text]]] = [[]]
    for number, row in enumerate(rows):
        if len(row) > 1 or row[0].size <= size or _is_group(rows[max(number - 1, 0) : number + 2], pitch):
            parts[-1].append(row)
        else:
            parts.append([])
    return parts


def _is_group(rows: Sequence[Sequence[Text]], pitch: float) -> bool:
    """Say whether the second of three rows stands between rows of the same columns, no further than *pitch*."""
    if len(rows) < 3:
        return False
    above, title, below = rows
    return (
        len(above) == len(below) > 1
        and any(is_value(text.text) for text in below)
        and all(shared_width(one.box, other.box) > 0 for one, other in zip(above, below, strict=True))
        and max(title[0].baseline - above[0].baseline, below[0].baseline - title[0].baseline) < pitch
    )


def _with_lines_inside(region: Sequence[Text], free: Sequence[Text]) -> list[Text]:
    """Return a region with the names that stand in the middle of the lines of its header."""
    first = next((text.baseline for text in region if is_value(text.text) and not is_year(text.text)), 0.0)
    box = bounds(text.box for text in region)
    lines = [text.baseline for text in region if text.baseline <= first]
    inside = [
        text
        for text in free
        if text.baseline < first
        and holds_middle(box, text.box)
        and not any(abs(text.baseline - line) <= SAME_LINE * text.size for line in lines)
    ]
    return sorted([*region, *inside], key=lambda text: (text.baseline, text.box[0])) if inside else list(region)


def _stacked(regions: Sequence[list[Text]], texts: Sequence[Text]) -> list[list[Text]]:
    """Join regions above each other whose numbers end at the same places, or that are a header and its numbers.

    Between them stand nothing but lines of labels, left of all numbers: names of sections, and long labels.

    Args:
        regions: Each ordered by baseline.
        texts: Of the page, ordered likewise.
    """
    bases = [text.baseline for text in texts]
    out: list[list[Text]] = []
    for region in sorted(regions, key=lambda region: region[0].baseline):
        above = next((other for other in reversed(out) if _is_over(other, region)), None)
        if above is not None:
            last, first = above[-1].baseline, region[0].baseline
            left = min(text.box[0] for text in (*above, *region))
            right = max(text.box[2] for text in (*above, *region))
            between = [
                text
                for text in texts[bisect_right(bases, last) : bisect_left(bases, first)]
                if text.box[0] < right and text.box[2] > left
            ]
            if _are_labels(between, [last, *(text.baseline for text in between), first], [*above, *region]):
                out[out.index(above)] = sorted([*above, *between, *region], key=lambda t: (t.baseline, t.box[0]))
                continue
        out.append(region)
    return out


def _is_over(upper: Sequence[Text], lower: Sequence[Text]) -> bool:
    """Say whether a region stands over another one whose first row of several texts is values in the same columns."""
    first = next((row for row in rows_of_texts(lower) if len(row) > 1), None)
    if upper[-1].baseline >= lower[0].baseline or first is None or not any(is_value(text.text) for text in first):
        return False
    values = [[text for text in region if is_value(text.text)] for region in (upper, lower)]
    if len(values[0]) > 1 and not all(is_year(text.text) for text in values[0]):
        ends = [_ends_of(held) for held in values]
        fewer, more = sorted(ends, key=len)
        reach = _SAME_END * lower[0].size
        return all(any(abs(end - other) < reach for other in more) for end in fewer)
    names = rows_of_texts(upper)[-1]
    rights = [text.box[2] for text in first if not is_sign(text.text)]
    columns = [(left, end + first[0].size) for left, end in zip([-math.inf, *rights], rights, strict=False)]
    held = [sum(left < middle(name.box)[0] < right for name in names) for left, right in columns]
    return len(names) > 1 and all(number == 1 for number in held[1:]) and held[0] < 2


def _ends_of(values: Sequence[Text]) -> list[float]:
    """Return where the columns of *values* end on the right."""
    found: list[float] = []
    for end, size in sorted((text.box[2], text.size) for text in values):
        if not found or end - found[-1] > _SAME_END * size:
            found.append(end)
    return found


def _are_labels(between: Sequence[Text], bases: Sequence[float], around: Sequence[Text]) -> bool:
    """Say whether texts between two regions are labels left of their numbers, none far from the next."""
    numbers = min(text.box[0] for text in around if is_value(text.text))
    left = min(text.box[0] for text in around)
    size = around[-1].size
    return (
        len(between) <= _MOST_LABELS
        and all(left - size < text.box[0] and text.box[2] < numbers for text in between)
        and all(below - above <= ROW_PITCH * _SECTION * size for above, below in pairwise(bases))
    )


def _lines_above(region: Sequence[Text], free: Sequence[Text]) -> list[Text]:
    """Return the lines right above a region that stand over its columns, under which no text of it may stand."""
    left, _, right, _ = bounds(text.box for text in region)
    found: list[Text] = []
    top = region[0].baseline
    for _ in range(_HEADER_LINES):
        near = [text for text in free if 0 < top - text.baseline <= _HEADER_PITCH * text.size]
        near = [text for text in near if text.box[0] < right and text.box[2] > left]
        if not near:
            break
        base = max(text.baseline for text in near)
        row = [text for text in near if base - text.baseline <= SAME_LINE * text.size]
        if any(text.box[0] < left - text.size or text.box[2] > right + text.size for text in row):
            break
        found = [*row, *found]
        top = min(text.baseline for text in row)
    return sorted(found, key=lambda text: (text.baseline, text.box[0]))


def _prose_beside(texts: Sequence[Text], prose: Sequence[bool]) -> Callable[[int, int], bool]:
    """Return what says of two texts side by side whether one stands right above or below a line of prose.

    That line ends before the other text: the two stand in different columns of the page.
    """
    lines = [text for text, is_prose in zip(texts, prose, strict=True) if is_prose]
    bases = [line.baseline for line in lines]

    def walls(one: int, other: int) -> bool:
        left, right = texts[one], texts[other]
        reach = _BLOCK_PITCH * left.size
        near = lines[bisect_left(bases, left.baseline - reach) : bisect_left(bases, left.baseline + reach)]
        return any(
            (shared_width(line.box, left.box) > 0 and line.box[2] <= right.box[0])
            or (shared_width(line.box, right.box) > 0 and line.box[0] >= left.box[2])
            for line in near
        )

    return walls
