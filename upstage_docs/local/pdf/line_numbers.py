"""Finds the numbers beside the lines of manuscripts, patents and pleadings: they are no part of the text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from upstage_docs.local.geometry import bounds
from upstage_docs.local.pdf.columns import is_monospaced
from upstage_docs.local.pdf.words import Word

# Measured on manuscripts and patents set in LaTeX, and on eighty benchmark pages, which have no such numbers.
_LEAST = 6
"""Numbers in a column."""
_DIGITS = 4
_SAME_EDGE = 1.5
"""Points that the left or the right ends of such numbers differ by at most."""
_CLEAR = 0.5
"""Font sizes of white on both sides of the column, at least."""
_LEVEL = 0.3
"""Of the font size of a line: what its baseline is off that of its number at most."""
_GOING_ON = 0.25
"""Share of the lines beside numbers that begin with a small letter, at least: others are rows of a table, or items."""
_LINE = 25
"""Letters of a usual line beside a number, at least."""


def line_numbers(words: Sequence[Word]) -> list[list[int]]:
    """Return the columns of line numbers of a page, each as the numbers of its words from the top."""
    digits = [i for i, word in enumerate(words) if len(word.text) <= _DIGITS and word.text.isdecimal()]
    if len(digits) < _LEAST:
        return []
    lines = sorted((word.baseline, i) for i, word in enumerate(words))
    found: list[list[int]] = []
    for end in (2, 0):
        ordered = sorted(digits, key=lambda i: words[i].box[end])
        edges = [words[i].box[end] for i in ordered]
        starts = [0, *(n + 1 for n, (a, b) in enumerate(pairwise(edges)) if b - a > _SAME_EDGE), len(edges)]
        for start, stop in pairwise(starts):
            column = sorted(ordered[start:stop], key=lambda i: words[i].baseline)
            if _count_up([words[i].text for i in column]) and _stands_beside_lines(column, words, lines):
                found.append(column)
                digits = [i for i in digits if i not in column]
    return found


def _count_up(texts: Sequence[str]) -> bool:
    values = [int(text) for text in texts]
    steps = {below - above for above, below in pairwise(values)}
    return len(values) >= _LEAST and len(steps) == 1 and min(steps) > 0


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
    beside = []
    for number in column:
        at = words[number].baseline
        near = [
            words[i]
            for _, i in lines[bisect_left(lines, (at - 5, -1)) : bisect_right(lines, (at + 5, len(words)))]
            if i not in own and abs(words[i].baseline - at) < _LEVEL * words[i].size
        ]
        if near:
            beside.append(min(near, key=lambda word: max(word.box[0] - x1, x0 - word.box[2])))
    return (
        2 * len(beside) > len(column)
        and sum(word.text[0].islower() for word in beside) >= _GOING_ON * len(beside)
        and median(len(word.text) for word in beside) >= _LINE
        and not any(is_monospaced(word.font) for word in beside)
    )
