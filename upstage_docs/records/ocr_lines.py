"""Finds the lines of a recognised page in writing order, and where each word stands in its text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import fmean, median
from typing import TypeVar

from upstage_docs.models import OcrLine, OcrPage, OcrWord, Point

Item = TypeVar("Item")

_APART = 3.0
"""Between two words that the text has on one line, in heights: what is farther apart is another column or field."""
_ON_LINE = 0.5
"""The share of the smaller height that two words of one line have in common, where the text does not tell lines."""
_UPRIGHT = 0.5
"""Degrees: words that lie askew by less get an upright box."""


def word_ranges(page: OcrPage | OcrLine) -> list[tuple[int, int] | None]:
    """Return the range of each word of a page or line in the text of that, None for a word that does not stand there.

    No two words have the same range, even where the same word stands twice.
    """
    ranges: list[tuple[int, int] | None] = []
    position = 0
    for word in page.words:
        start = page.text.find(word.text, position) if word.text else -1
        if start < 0 or page.text[position:start].strip():
            ranges = []
            break
        position = start + len(word.text)
        ranges.append((start, position))
    if len(ranges) == len(page.words):
        return ranges
    # The words come in another order than the text, or some of them are not in it.
    taken = bytearray(len(page.text))
    return [_first_free(page.text, word.text, taken) for word in page.words]


def _first_free(text: str, word: str, taken: bytearray) -> tuple[int, int] | None:
    """Return where *word* first stands by itself in what is not yet *taken* of *text*, and take it."""
    start = text.find(word) if word else -1
    while start >= 0:
        end = start + len(word)
        edges = (start == 0 or text[start - 1].isspace()) and (end == len(text) or text[end].isspace())
        if edges and not any(taken[start:end]):
            taken[start:end] = b"\1" * len(word)
            return start, end
        start = text.find(word, start + 1)
    return None


def ocr_lines(page: OcrPage) -> list[OcrLine]:
    """Return the lines of a page in the order of its text; words that are not in its text make lines by their place."""
    ranges = word_ranges(page)
    if None in ranges:
        return [_line(page, words, None) for words in _cut_apart(page.words, _follows_on_line)]
    placed = [(word, found) for word, found in zip(page.words, ranges, strict=True) if found is not None]

    def goes_on(one: tuple[OcrWord, tuple[int, int]], following: tuple[OcrWord, tuple[int, int]]) -> bool:
        return "\n" not in page.text[one[1][1] : following[1][0]] and not _is_apart(one[0], following[0])

    runs = _cut_apart(sorted(placed, key=lambda one: one[1]), goes_on)
    return [_line(page, [word for word, _ in run], (run[0][1][0], run[-1][1][1])) for run in runs]


def _cut_apart(items: Iterable[Item], goes_on: Callable[[Item, Item], bool]) -> Iterator[list[Item]]:
    """Yield *items* in their order, cut where one does not go on the one before it."""
    run: list[Item] = []
    for item in items:
        if run and not goes_on(run[-1], item):
            yield run
            run = []
        run.append(item)
    if run:
        yield run


def _line(page: OcrPage, words: Sequence[OcrWord], within: tuple[int, int] | None) -> OcrLine:
    start, end = within or (-1, -1)
    text = page.text[start:end] if within else " ".join(word.text for word in words)
    return OcrLine(
        page=page.number,
        text=text,
        confidence=fmean(word.confidence for word in words),
        vertices=_around([word.vertices for word in words if word.vertices]),
        words=tuple(words),
        start=start,
        end=end,
    )


def _around(quads: Sequence[tuple[Point, ...]]) -> tuple[Point, ...]:
    """Return the rectangle around words, turned as they are, from the corner at which they begin; none for none."""
    if not quads:
        return ()
    turns = [math.atan2(quad[1][1] - quad[0][1], quad[1][0] - quad[0][0]) for quad in quads if len(quad) == 4]
    turn = median(turns) if turns else 0.0
    turn = 0.0 if abs(math.degrees(turn)) < _UPRIGHT else turn
    along, across = math.cos(turn), math.sin(turn)
    points = [(x * along + y * across, y * along - x * across) for quad in quads for x, y in quad]
    x0, x1 = min(x for x, _ in points), max(x for x, _ in points)
    y0, y1 = min(y for _, y in points), max(y for _, y in points)
    return tuple((x * along - y * across, y * along + x * across) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def _is_apart(word: OcrWord, following: OcrWord) -> bool:
    if not word.vertices or not following.vertices:
        return False
    (_, y0), (x1, y1) = _corners(word)
    (left, _), _ = _corners(following)
    return left - x1 > _APART * (y1 - y0)


def _follows_on_line(word: OcrWord, following: OcrWord) -> bool:
    if not word.vertices or not following.vertices:
        return False
    (x0, y0), (_, y1) = _corners(word)
    (left, top), (_, bottom) = _corners(following)
    return (
        min(y1, bottom) - max(y0, top) >= _ON_LINE * min(y1 - y0, bottom - top)
        and left >= x0
        and not _is_apart(word, following)
    )


def _corners(word: OcrWord) -> tuple[Point, Point]:
    xs, ys = zip(*word.vertices, strict=True)
    return (min(xs), min(ys)), (max(xs), max(ys))
