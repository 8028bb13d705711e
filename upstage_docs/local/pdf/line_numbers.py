"""Finds the numbers beside the lines of manuscripts, patents and pleadings: they are no part of the text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from upstage_docs.local.geometry import Box, bounds, shared_width
from upstage_docs.local.pdf.columns import is_monospaced
from upstage_docs.local.pdf.tables.line_rows import is_year
from upstage_docs.local.pdf.words import Word

# Measured on manuscripts and patents set in LaTeX, and on eighty benchmark pages, which have no such numbers.
_LEAST = 6
"""Numbers in a column."""
_MOST = 8
"""Columns of a page that are looked at, the longest."""
_DIGITS = 4
_SAME_EDGE = 1.5
"""Points that the left or the right ends of such numbers differ by at most."""
_CLEAR = 0.5
"""Font sizes of white on both sides of the column, at least."""
_OF_GRID = 20
"""Numbers that stand evenly from the top of a page to its end, at least."""
_LEVEL = 0.3
"""Of the font size of a line: what its baseline is off that of its number at most."""
_APART = 0.6
"""Of the font size: baselines of two lines are further apart."""
_GOING_ON = 0.25
"""Share of the lines beside numbers that begin with a small letter, at least: others are rows of a table, or items."""
_LINE = 25
"""Letters of a usual line beside a number, at least."""
_UNNUMBERED, _SHORTEST = 0.25, 12
"""Share of the numbers that more lines follow than are counted, at most, where these lines are of so many letters."""
_TYPED = 0.2
"""Share of the lines beside numbers that are in a typewriter's font, at most: others are a listing."""
_RULED = 0.5
"""Of the numbers: so many rules between them part the rows of a table."""


def line_numbers(words: Sequence[Word], rules: Sequence[Box]) -> list[list[int]]:
    """Return the columns of line numbers of a page, each as the numbers of its words from the top.

    Args:
        words: Of the page.
        rules: Its horizontal rules, in points.
    """
    digits = [i for i, word in enumerate(words) if len(word.text) <= _DIGITS and word.text.isdecimal()]
    if len(digits) < _LEAST:
        return []
    lines = sorted((word.baseline, i) for i, word in enumerate(words))
    columns: list[list[int]] = []
    for end in (2, 0):
        ordered = sorted(digits, key=lambda i: words[i].box[end])
        edges = [words[i].box[end] for i in ordered]
        starts = [0, *(n + 1 for n, (a, b) in enumerate(pairwise(edges)) if b - a > _SAME_EDGE), len(edges)]
        for start, stop in pairwise(starts):
            column = sorted(ordered[start:stop], key=lambda i: words[i].baseline)
            if _count_up([words[i].text for i in column]):
                columns.append(column)
    found: list[list[int]] = []
    used: set[int] = set()
    # Of numbers flush left, those of two digits end at one place, too. A sheet may have hundreds of columns.
    for column in sorted(columns, key=len, reverse=True)[:_MOST]:
        if (
            used.isdisjoint(column)
            and not _are_in_table(column, words, rules)
            and _stands_beside_lines(column, words, lines)
        ):
            found.append(column)
            used.update(column)
    return found


def _count_up(texts: Sequence[str]) -> bool:
    values = [int(text) for text in texts]
    steps = {below - above for above, below in pairwise(values)}
    return len(values) >= _LEAST and len(steps) == 1 and min(steps) > 0


def _are_in_table(column: Sequence[int], words: Sequence[Word], rules: Sequence[Box]) -> bool:
    """Say whether numbers are years, as of a chronology, or rules stand between them."""
    if all(is_year(words[i].text) for i in column):
        return True
    box = bounds(words[i].box for i in column)
    between = {round(rule[1]) for rule in rules if box[1] < rule[1] < box[3] and shared_width(box, rule) > 0}
    return len(between) > _RULED * len(column)


def _stands_beside_lines(column: Sequence[int], words: Sequence[Word], lines: Sequence[tuple[float, int]]) -> bool:
    """Say whether a column of numbers has nothing over or under it, and lines of text beside most of them."""
    x0, _, x1, _ = bounds(words[i].box for i in column)
    own = set(column)
    first, last = words[column[0]].baseline, words[column[-1]].baseline
    inside = lines[bisect_left(lines, (first, -1)) : bisect_right(lines, (last, len(words)))]
    if any(
        words[i].box[0] < x1 + _CLEAR * words[i].size and x0 - _CLEAR * words[i].size < words[i].box[2]
        for _, i in inside
        if i not in own
    ):
        return False
    beside: dict[int, Word] = {}  # by what the number counts
    reach = _pitch_of_grid([words[i].baseline for i in column]) / 2
    for number in column:
        at = words[number].baseline
        near = [
            words[i]
            for _, i in lines[bisect_left(lines, (at - 20, -1)) : bisect_right(lines, (at + 20, len(words)))]
            if i not in own and abs(words[i].baseline - at) < max(reach, _LEVEL * words[i].size)
        ]
        if near:
            beside[int(words[number].text)] = min(near, key=lambda word: max(word.box[0] - x1, x0 - word.box[2]))
    if 2 * len(beside) <= len(column):
        return False
    long = [(base, i) for base, i in inside if i not in own and len(words[i].text) >= _SHORTEST]
    crowded = sum(
        _lines_between(line, below, words, long) > count_below - count
        for (count, line), (count_below, below) in pairwise(beside.items())
    )
    return (
        crowded <= _UNNUMBERED * len(beside)  # else these are items of several lines
        and sum(word.text[0].islower() for word in beside.values()) >= _GOING_ON * len(beside)
        and median(len(word.text) for word in beside.values()) >= _LINE
        and sum(is_monospaced(word.font) for word in beside.values()) <= _TYPED * len(beside)
    )


def _pitch_of_grid(baselines: Sequence[float]) -> float:
    """Return the distance of numbers that stand evenly, however the lines beside them stand; 0 if they do not.

    As in drafts of the ACM: https://www.ctan.org/pkg/acmart, option `review`.
    """
    steps = [below - above for above, below in pairwise(baselines)]
    return steps[0] if len(baselines) >= _OF_GRID and max(steps) - min(steps) < _SAME_EDGE else 0.0


def _lines_between(line: Word, below: Word, words: Sequence[Word], lines: Sequence[tuple[float, int]]) -> int:
    """Return how many *lines* there are from one line down to another, which is counted with them."""
    count, last = 0, line.baseline
    for base, i in lines[bisect_left(lines, (line.baseline, -1)) : bisect_right(lines, (below.baseline, len(words)))]:
        if base - last > _APART * words[i].size and shared_width(line.box, words[i].box) > 0:
            count, last = count + 1, base
    return count
