"""Tells the words of a drawn chart by their places along its axes; the words of a turned name are one label."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from upstage_docs.local.geometry import Box, bounds, dimensions, middle
from upstage_docs.local.pdf.charts.numbers import is_number
from upstage_docs.local.pdf.columns import is_monospaced
from upstage_docs.local.pdf.words import Word

_ON_LINE, _TO_NEXT, _APART = 0.4, 0.8, 0.12
"""Font sizes between the lines of two turned words of one name, and from one to the next, at most; more than the last
of the three, and a space stands between them."""
_LEVEL, _SPACE, _TYPED_SPACE = 0.1, 0.4, 0.75
"""Font sizes: what the lines and the sizes of two words of one name differ by at most, and how far they are apart, in a
typewriter's font farther."""
_THICK = 1.17
"""Font sizes that the PDF library's box of a turned word is thick (measured at 45 degrees)."""

_Placed = tuple[float, float, float, Word]
"""How far a turned word is off its angle's own axis, where along this it begins and ends, and the word."""


class Label(NamedTuple):
    """A word of a chart and its place: *across* along the axis of categories, *down* along that of values.

    Attributes:
        text: What it reads.
        box: Its box.
        across: The middle of it, as *down*.
        down: See above.
        row: Where its line stands, down; of a turned label, its upper end.
        size: Font size, in points.
        tip: Where its upper end is, across: a turned name may hang on it.
        leans: Whether it is turned.
    """

    text: str
    box: Box
    across: float
    down: float
    row: float
    size: float
    tip: float
    leans: bool


def turned_box(box: Box) -> Box:
    """Turn a box of a chart with lying bars so that the bars stand: right becomes up, and down becomes right."""
    x0, y0, x1, y1 = box
    return y0, -x1, y1, -x0


def labels_of(words: Sequence[Word], *, lying: bool) -> list[Label]:
    """Return the words of a chart as labels; with *lying* bars, turned as `turned_box` turns boxes."""
    names = [_turned_name(*name) for name in _turned_names(words)]
    upright = [
        label_of(word, lying=lying) for word in _upright_names([w for w in words if not w.angle and w.text.strip()])
    ]
    return [*upright, *(_turned(name) for name in names)] if lying else [*upright, *names]


def _upright_names(words: Sequence[Word]) -> list[Word]:
    """Join the words of one name that stand on one line, two numbers never."""
    found: list[Word] = []
    for word in sorted(words, key=lambda word: (round(word.baseline), word.box[0])):
        last = found[-1] if found else None
        if last is None or not _is_next_word(last, word):
            found.append(word)
        else:
            found[-1] = last._replace(text=f"{last.text} {word.text}", box=bounds([last.box, word.box]))
    return found


def _is_next_word(last: Word, word: Word) -> bool:
    gap = word.box[0] - last.box[2]
    level = abs(word.baseline - last.baseline) < _LEVEL * word.size and abs(word.size - last.size) < _LEVEL * word.size
    return (
        level
        and 0 < gap < (_TYPED_SPACE if is_monospaced(word.font) else _SPACE) * word.size
        and not (is_number(last.text) and is_number(word.text))
    )


def label_of(word: Word, *, lying: bool) -> Label:
    """Return an upright word as a label."""
    x, y = middle(word.box)
    plain = Label(word.text.strip(), word.box, x, y, word.baseline, word.size, x, leans=False)
    return _turned(plain) if lying else plain


def _turned(label: Label) -> Label:
    x, y = label.across, label.down
    return label._replace(box=turned_box(label.box), across=y, down=-x, row=-label.box[2], tip=y)


def turned_lines(words: Sequence[Word]) -> list[list[Word]]:
    """Gather the words that are turned, those of one line together."""
    return [[word for *_, word in name] for name, *_ in _turned_names(words)]


def _turned_names(words: Sequence[Word]) -> Iterator[tuple[list[_Placed], float, float]]:
    """Yield the turned words that follow each other on one line, with the cosine and the sine of their angle."""
    leaning: defaultdict[int, list[Word]] = defaultdict(list)
    for word in words:
        if word.angle:
            leaning[word.angle].append(word)
    for angle, group in leaning.items():
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        yield from ((name, cos, sin) for name in _in_lines(group, cos, sin))


def _in_lines(words: Sequence[Word], cos: float, sin: float) -> list[list[_Placed]]:
    placed = []
    for word in words:
        x, y = middle(word.box)
        wide, tall = dimensions(word.box)
        thick = _THICK * word.size
        along = (wide - thick * abs(sin)) / abs(cos) if abs(cos) >= abs(sin) else (tall - thick * abs(cos)) / abs(sin)
        half = max(along, word.size / 4) / 2
        placed.append((y * cos - x * sin, x * cos + y * sin - half, x * cos + y * sin + half, word))
    placed.sort(key=lambda one: one[0])
    lines: list[list[_Placed]] = []
    for one in placed:
        if lines and one[0] - lines[-1][-1][0] < _ON_LINE * one[3].size:
            lines[-1].append(one)
        else:
            lines.append([one])
    names: list[list[_Placed]] = []
    for line in lines:
        line.sort(key=lambda one: one[1])
        names.append(line[:1])
        for one in line[1:]:
            if one[1] - names[-1][-1][2] < _TO_NEXT * one[3].size:
                names[-1].append(one)
            else:
                names.append([one])
    return names


def _turned_name(name: Sequence[_Placed], cos: float, sin: float) -> Label:
    text = name[0][3].text.strip()
    for last, one in pairwise(name):
        text += (" " if one[1] - last[2] > _APART * one[3].size else "") + one[3].text.strip()
    box = bounds(word.box for *_, word in name)
    x, y = middle(box)
    level = sum(one[0] for one in name) / len(name)
    ends = [(along * cos - level * sin, along * sin + level * cos) for along in (name[0][1], name[-1][2])]
    tip = min(ends, key=lambda end: end[1])[0]
    return Label(text, box, x, y, box[1], name[0][3].size, tip, leans=True)
