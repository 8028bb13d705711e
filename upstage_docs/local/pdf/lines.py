"""Joins the words of a page to lines of text, and keeps columns apart."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from upstage_docs.local.geometry import bounds, shared_height
from upstage_docs.local.pdf.columns import column_starts, is_marker
from upstage_docs.local.pdf.right_to_left import has_right_to_left, is_bracket, with_brackets_turned, words_in_order
from upstage_docs.local.pdf.words import LAYER_FONT, Word

_SECTION_NUMBER = re.compile(r"(?:\d{1,2}|[A-Z])(?:\.\d{1,2}){1,4}\.?|§\s?\d+[a-z]?|[IVX]{1,5}\.?|제\s?\d+[장절조]")
_TAB = 6
"""Font sizes: the widest gap behind the mark of an item or a section number; 3 cm behind a digit of 13 pt are 5.9."""
_STYLE_GAP, _OTHER_SIZE = 0.6, 0.08
"""Font sizes between two words of other fonts and sizes that are not of one line, at least; how much sizes differ."""
_TOUCHING = 0.18
"""Of the font size: a bracket stands nearer to its word, and a space is wider."""
# Measured on eighty benchmark pages: a fifth more or less changes the blocks of two at most. _GUTTER, _ONE_SIZE and
# _FLUSH were not tried.
_OF_WIDEST = 0.8
"""Of the size of the widest word, a line is no smaller."""
_GUTTER = 0.5
"""Font sizes: a wider gap parts a line where a column begins."""
_ONE_SIZE = 0.1
"""Share by which a section number and its title differ in font size, at most."""
_FLUSH = 0.5
"""Font sizes between the ends of a line and of the full line beside it, at most."""
_SPACE, _BACK = 0.09, 0.5
"""Font sizes: a wider gap between two words is a space, and so is a step back of so much."""
_OVER, _OFF = 0.6, 0.8
"""Font sizes that two words of a row lie over each other, and that their baselines differ, at most."""
_RAISED, _RAISED_GAP = 0.85, 0.4
"""Of a raised or lowered number: its size beside that of its word, and font sizes of the gap before it, at most."""
_LEVEL, _SHARED = 0.5, 0.45
"""Of two words in a row: font sizes between their baselines at most, and the share of height in common at least."""
_CROWD = 64  # rows looked at in one stripe of the page: text laid over itself must not cost its square


class Line:
    """Words that stand beside each other in one column, in order from left to right."""

    __slots__ = ("baseline", "bold", "box", "size", "text", "words")

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = tuple(words)
        if len(words) == 1:
            word = words[0]
            self.size, self.baseline, self.bold = word.size, word.baseline, float(word.bold)
            self.box, self.text = word.box, word.text
            return
        letters = sum(len(word.text) for word in words) or 1
        widest = max(words, key=lambda word: len(word.text) * word.size)
        self.size = max(_by_letters(words), widest.size * _OF_WIDEST)
        self.baseline = widest.baseline
        self.bold = sum(len(word.text) for word in words if word.bold) / letters
        self.box = bounds(word.box for word in words)
        self.text = _join_words(words)

    @property
    def first_width(self) -> float:
        """Width of the first word up to its first space, in points: what must have fitted on the line before."""
        first = self.words[0]
        head, _, rest = first.text.partition(" ")
        width = first.box[2] - first.box[0]
        return width * len(head) / max(len(first.text), 1) if rest else width


def lines_of(words: Sequence[Word], columns: Sequence[int]) -> list[Line]:
    """Gather *words* into lines.

    Args:
        words: In any order.
        columns: For each word, the number of the text block that it is known to belong to, or -1: blocks that stand
            in one row are columns.

    Returns:
        Lines ordered by baseline, then from the left.
    """
    rows = rows_of(words)
    striped, aligned = column_starts(words, rows)
    cut = [_runs(words, row, columns, striped, aligned) for row in rows]
    lines = [Line([words[i] for i in run]) for runs in _closed_up(words, cut, striped) for run in runs]
    return sorted(lines, key=lambda line: (line.baseline, line.box[0]))


def _runs(
    words: Sequence[Word], row: Sequence[int], columns: Sequence[int], striped: set[int], aligned: set[int]
) -> list[list[int]]:
    """Cut a row where columns begin, and at wide gaps."""
    runs = [[row[0]]]
    for index in row[1:]:
        last = runs[-1][-1]
        gap = words[index].box[0] - words[last].box[2]
        size = (words[index].size + words[last].size) / 2
        column = index in striped or index in aligned
        if is_marker(words[index]) and has_right_to_left(words[last].text):
            apart = gap > _TAB * size
        elif len(runs[-1]) == 1 and is_marker(words[last]) and not _ends_block(runs, index, columns):
            apart = gap > (_GUTTER if column else _TAB) * size
        elif len(runs[-1]) == 1 and _hangs(words[last], words[index]):
            apart = gap > _TAB * size
        elif column or columns[index] != columns[last]:
            apart = gap > _GUTTER * size
        else:
            apart = gap > (_STYLE_GAP if _differ(words[last], words[index]) else 2) * size
        if apart:
            runs.append([])
        runs[-1].append(index)
    return runs


def _ends_block(runs: Sequence[Sequence[int]], following: int, columns: Sequence[int]) -> bool:
    """Say whether the last of *runs* is the end of a block with more to its left, as the number of a formula is."""
    last = columns[runs[-1][0]]
    return len(runs) > 1 and columns[runs[-2][-1]] == last != columns[following]


def _differ(one: Word, other: Word) -> bool:
    """Say whether two words are set in another font and in another size, as a caption beside a text."""
    return one.font != other.font and abs(one.size - other.size) > _OTHER_SIZE * max(one.size, other.size)


def _hangs(number: Word, title: Word) -> bool:
    """Say whether a section number stands at the tab stop before its title: both in one font, the title in letters."""
    return (
        _SECTION_NUMBER.fullmatch(number.text) is not None
        and title.text[0].isalpha()
        and not title.text[0].islower()
        and (number.font, number.colour) == (title.font, title.colour)
        and abs(number.size - title.size) < _ONE_SIZE * title.size
    )


def _closed_up(words: Sequence[Word], cut: Sequence[list[list[int]]], striped: set[int]) -> list[list[list[int]]]:
    """Join the runs of a line of justified text that was cut at a wide space: together they fill the line beside it."""
    if all(len(runs) < 2 for runs in cut):
        return list(cut)
    ordered = sorted(cut, key=lambda runs: words[runs[0][0]].baseline)
    joined = list(ordered)
    for number, runs in enumerate(ordered):
        if len(runs) < 2:
            continue
        base = words[runs[0][0]].baseline
        for near in (number - 1, number + 1):
            if (
                not 0 <= near < len(ordered)
                or abs(words[ordered[near][0][0]].baseline - base) > 2 * words[runs[0][0]].size
            ):
                continue
            for line in ordered[near]:
                joined[number] = _filled(words, joined[number], line, striped)
    return joined


def _filled(words: Sequence[Word], runs: list[list[int]], line: Sequence[int], striped: set[int]) -> list[list[int]]:
    """Join those of *runs* that begin and end where a whole *line* does, if no column may begin between them."""
    size = words[line[0]].size
    left, right = words[line[0]].box[0], words[line[-1]].box[2]
    first = next((n for n, run in enumerate(runs) if abs(words[run[0]].box[0] - left) < _FLUSH * size), None)
    last = next((n for n, run in enumerate(runs) if abs(words[run[-1]].box[2] - right) < _FLUSH * size), None)
    if first is None or last is None or last <= first:
        return runs
    for before, after in pairwise(runs[first : last + 1]):
        gap = words[after[0]].box[0] - words[before[-1]].box[2]
        if after[0] in striped or gap > 4 * size:
            return runs
    return [*runs[:first], [index for run in runs[first : last + 1] for index in run], *runs[last + 1 :]]


def _by_letters(words: Sequence[Word]) -> float:
    if len(words) == 1:
        return words[0].size
    known = [round(word.size, 1) for word in words]
    if known.count(known[0]) == len(known):
        return known[0]  # most
    sizes: Counter[float] = Counter()
    for size, word in zip(known, words, strict=True):
        sizes[size] += len(word.text)
    return max(sizes, key=lambda size: (sizes[size], size))


def _join_words(words: Sequence[Word]) -> str:
    words = [word for word in words if word.text]  # a blank stands for a formula that is drawn within the line
    if any(has_right_to_left(word.text) for word in words):
        return _joined_from_right(words)
    parts = [word.text for word in words[:1]]
    for before, word in pairwise(words):
        gap = word.box[0] - before.box[2]
        recognised = before.font == word.font == LAYER_FONT  # each a word, however near their boxes come
        if recognised or gap > _SPACE * min(before.size, word.size) or gap < -_BACK * before.size:
            parts.append(" ")
        parts.append(word.text)
    return "".join(parts)


def _joined_from_right(words: Sequence[Word]) -> str:
    """Join the words of a line that has text from right to left; a bracket has no space where it touches a word."""
    ordered = [words[number] for number in words_in_order([word.text for word in words])]
    text = ordered[0].text
    for before, word in pairwise(ordered):
        gap = max(word.box[0] - before.box[2], before.box[0] - word.box[2])
        touches = gap < _TOUCHING * min(before.size, word.size)
        text += word.text if touches and (is_bracket(before.text[-1]) or is_bracket(word.text[0])) else f" {word.text}"
    return with_brackets_turned(text)


def rows_of(words: Sequence[Word]) -> list[list[int]]:
    """Gather words, by number, into rows over the whole width: each overlaps in height with the one to its left."""
    if len(words) == 1:
        return [[0]]
    shelves: defaultdict[int, list[list[int]]] = defaultdict(list)
    rows: list[list[int]] = []
    corners = [word.box[:2] for word in words]
    for index in sorted(range(len(words)), key=corners.__getitem__):
        word = words[index]
        box, baseline, own = word.box, word.baseline, word.size
        shelf = int(baseline // 8)
        nearest = math.inf
        best: list[int] | None = None
        for near in (shelf - 1, shelf, shelf + 1):
            if near not in shelves:
                continue
            for row in shelves[near][-_CROWD:]:
                last = words[row[-1]]
                before, other = last.box, last.size
                gap = box[0] - before[2]
                off = abs(last.baseline - baseline)
                size = max(other, own)
                if gap < -_OVER * size or off > _OFF * size or gap + 4 * off >= nearest:
                    continue
                # A small word is a note's number, or an exponent.
                raised = min(other, own) < _RAISED * size and gap < _RAISED_GAP * size
                if raised or (
                    off <= _LEVEL * size
                    and shared_height(before, box) >= _SHARED * min(before[3] - before[1], box[3] - box[1])
                ):
                    nearest, best = gap + 4 * off, row
        shelved = shelves[shelf]
        if best is None:
            rows.append([index])
            shelved.append(rows[-1])
        else:
            best.append(index)
            if all(row is not best for row in shelved):
                shelved.append(best)
    return rows
