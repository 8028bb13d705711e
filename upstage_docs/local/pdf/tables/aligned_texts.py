"""Joins the words of a page to texts: one line of one cell each, cut at wide gaps; and tells which stand together."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from upstage_docs.local.geometry import Box, bounds
from upstage_docs.local.pdf.lines import Line, rows_of
from upstage_docs.local.pdf.tables.line_rows import is_value
from upstage_docs.local.pdf.word_pieces import Pieces
from upstage_docs.local.pdf.words import Word

SAME_LINE = 0.4
"""Of the font size: what two baselines of one row differ by at most."""
_APART = 0.6
"""Font sizes of white between two texts, at least; the spaces of justified lines are inside one word of the library."""
_INSIDE = 0.8
"""The same inside one text item of the library, whose spaces are those of the font."""
_BESIDE_VALUE = 0.4
"""The same inside a text item between two numbers, whose columns may be narrow."""
_IN_GUTTER = 0.2
"""The same where other rows tell that a column ends."""
_OF_GUTTER = 0.45
"""Of the width of the stripe between these columns: a narrower space is one of a text that stands over both."""
ROW_PITCH = 2.9
"""Font sizes from a row to the next, at most: a blank line stands between groups of rows."""
_REACH = 60.0
"""Font sizes from a label to its first number, at most: statements fill the width of a page."""


@dataclass(slots=True, eq=False)
class Text:
    """Words of one line without a wide gap between them: one line of one cell.

    Attributes:
        numbers: Of its words.
        words: Themselves, from left to right.
        box: In points.
        baseline: The y it stands on.
        size: Font size.
        text: What it says.
    """

    numbers: tuple[int, ...]
    words: tuple[Word, ...] = field(repr=False)
    box: Box
    baseline: float
    size: float
    text: str


class LineTexts:
    """The texts of a page's lines; each is made and cut once, however many rules ask for it.

    Args:
        words: Of the page.
        pieces: Tells the words of a text item.
    """

    def __init__(self, words: Sequence[Word], pieces: Pieces) -> None:
        self._words = words
        self.pieces = pieces
        self._made: dict[tuple[int, ...], Text] = {}
        self._cut: dict[Text, list[Text]] = {}

    def of(self, numbers: Iterable[int]) -> list[Text]:
        """Join the words *numbers* to texts, which end at gaps wider than a space; by baseline, then from the left."""
        chosen = list(numbers)
        held = [self._words[i] for i in chosen]
        found = []
        for row in rows_of(held):
            last = held[row[0]]
            run, runs = [chosen[row[0]]], []
            for index in row[1:]:
                word = held[index]
                if word.box[0] - last.box[2] > _APART * min(last.size, word.size):
                    runs.append(run)
                    run = []
                run.append(chosen[index])
                last = word
            found += [self._text(tuple(run)) for run in (*runs, run)]
        return sorted(found, key=lambda text: (text.baseline, text.box[0]))

    def _text(self, numbers: tuple[int, ...]) -> Text:
        if (text := self._made.get(numbers)) is None:
            text = self._made[numbers] = _text(numbers, [self._words[i] for i in numbers])
        return text

    def split(self, text: Text) -> list[Text]:
        """Cut a text where a wide space stands inside its words: between two numbers, or wider than others."""
        if (kept := self._cut.get(text)) is None:
            kept = self._cut[text] = _split(text, self.pieces)
        return kept

    def split_over(self, text: Text, gutters: Sequence[tuple[float, float]]) -> list[Text]:
        """Cut a text likewise, and where one of its spaces lies in a gutter, the stripe between two columns."""
        return _split(text, self.pieces, gutters)

    def split_words(self, text: Text) -> list[Text]:
        """Cut a text at each of its spaces."""
        held = [(n, piece) for n, word in zip(text.numbers, text.words, strict=True) for piece in self.pieces(word)]
        return [_text((n,), [piece]) for n, piece in held]


def _text(numbers: Sequence[int], words: Sequence[Word]) -> Text:
    if len(words) == 1:
        (word,) = words
        return Text(tuple(numbers), (word,), word.box, word.baseline, word.size, word.text)
    widest = max(words, key=lambda word: len(word.text) * word.size)
    line = Line(words)
    return Text(tuple(numbers), line.words, line.box, widest.baseline, widest.size, line.text)


def words_of_cells(row: Sequence[Sequence[Text | Line]]) -> list[list[Word]]:
    """Return the words of each cell of a row."""
    return [[word for text in cell for word in text.words] for cell in row]


def _split(text: Text, pieces: Pieces, cuts: Sequence[tuple[float, float]] = ()) -> list[Text]:
    """Cut a text where a wide space stands inside its words: between two numbers, or where a column ends.

    Args:
        text: The text.
        pieces: Tells the words of a text item.
        cuts: The stripes between columns, from where to where.
    """
    if not cuts and (" " not in text.text or not any(map(str.isdigit, text.text))):
        return [text]
    held = [(n, piece) for n, word in zip(text.numbers, text.words, strict=True) for piece in pieces(word)]
    runs = [[held[0]]]
    narrow = _IN_GUTTER if cuts else _BESIDE_VALUE
    for number, piece in held[1:]:
        last, before = runs[-1][-1]
        left, right = before.box[2], piece.box[0]
        if right - left > narrow * piece.size:  # most spaces are narrower
            valued = is_value(before.text) and is_value(piece.text) and before.text[-1] != ","  # as in a date
            signs = not any(map(str.isalnum, before.text)) or not any(map(str.isalnum, piece.text))
            same = before.size == piece.size and number == last
            least = _BESIDE_VALUE if valued and not signs else _INSIDE if same else _APART
            between = any(a < right and left < b and right - left > _OF_GUTTER * (b - a) for a, b in cuts)
            if between or right - left > least * piece.size:
                runs.append([])
        runs[-1].append((number, piece))
    if len(runs) == 1:
        numbers, words = zip(*held, strict=True)
        return [Text(numbers, words, bounds(word.box for word in words), text.baseline, text.size, text.text)]
    return [_text([n for n, _ in run], [piece for _, piece in run]) for run in runs]


def rows_of_texts(texts: Sequence[Text]) -> list[list[Text]]:
    """Gather texts, ordered by baseline, into rows, each from left to right."""
    rows: list[list[Text]] = []
    for text in texts:
        if rows and text.baseline - rows[-1][0].baseline <= SAME_LINE * text.size:
            rows[-1].append(text)
        else:
            rows.append([text])
    return [sorted(row, key=lambda text: text.box[0]) for row in rows]


def texts_beside(texts: Sequence[Text]) -> list[tuple[int, int]]:
    """Return the pairs of texts next to each other in a line."""
    bases = [text.baseline for text in texts]
    lefts = [text.box[0] for text in texts]
    pairs = []
    for number, text in enumerate(texts):
        start = bisect_left(bases, text.baseline - SAME_LINE * text.size)
        end = bisect_left(bases, text.baseline + SAME_LINE * text.size)
        if end - start > 1:
            behind = max(text.box[2] - 1, text.box[0] + 0.01)
            nearest = min((left for left in lefts[start:end] if left >= behind), default=math.inf)
            if nearest - text.box[2] < _REACH * text.size:
                pairs.append((number, lefts.index(nearest, start, end)))
    return pairs


def texts_under(texts: Sequence[Text]) -> list[tuple[int, int]]:
    """Return the pairs of texts of which one is the next under the other."""
    bases = [text.baseline for text in texts]
    lefts, rights = [text.box[0] for text in texts], [text.box[2] for text in texts]
    pairs = []
    for number, text in enumerate(texts):
        left, _, right, _ = text.box
        start = bisect_left(bases, text.baseline + SAME_LINE * text.size)
        end = bisect_left(bases, text.baseline + ROW_PITCH * text.size)
        last = math.inf
        for n in range(start, end):
            if bases[n] > last:
                break
            if lefts[n] < right and left < rights[n]:
                pairs.append((number, n))
                last = min(last, bases[n] + SAME_LINE * text.size)
    return pairs


def joined_text(texts: Sequence[Text]) -> Text:
    """Return the texts of one line as one."""
    numbers = [n for text in texts for n in text.numbers]
    return _text(numbers, [word for text in texts for word in text.words]) if len(texts) > 1 else texts[0]
