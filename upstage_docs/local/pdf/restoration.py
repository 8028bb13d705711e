"""Restores what liteparse loses of words: spaces, typographic signs, order, breaks at ruled lines."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, islice, pairwise
from typing import NamedTuple
from unicodedata import normalize

from upstage_docs.local.geometry import Box, bounds, holds_middle, middle, overlap
from upstage_docs.local.pdf.right_to_left import has_right_to_left, letters_in_order, with_signs_behind
from upstage_docs.local.pdf.words import Word, ink

_SIGNS = {**dict.fromkeys("‘’‚‛′", "'"), **dict.fromkeys("“”„‟″", '"'), **dict.fromkeys("‐‑‒–—―−", "-")}
"""What the library writes for them (liteparse 2.18, measured)."""
_SIGN = re.compile(f"[{''.join(_SIGNS)}]")
_PLAIN_SIGNS = str.maketrans(_SIGNS)
_PLAIN_ASCII = frozenset(_SIGNS.values())
_VISIBLE = re.compile("[^\\s\x00-\x1f\x7f\ufffe\uffff\u00ad\u200b\ufeff]")
_CONTROLS = {
    **{code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)},
    **dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0x7F, 0xFFFE, 0xFFFF), ""),
    **dict.fromkeys((0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, 0xFEFF), ""),
    0xAD: "-",
}
"""Codes of 128 to 159 are those of Windows, as browsers take them; other control characters, and those that only
direct how text is set, are nothing. A soft hyphen that a page draws is seen as a hyphen."""
_SPACED_OUT = 0.6
"""Of all gaps in a run of letters: with more of them spaces, the letters are s p a c e d for emphasis."""
_TRACKED = 0.22
"""Of the font size: capitals set apart for emphasis are nearer, and the library tells spaces between some of them that
the file does not (0.13 to 0.19, measured on headings of two books)."""
_WORD_GAP = 0.1
"""Font sizes by which the spaces between words of such capitals are wider than those between letters, at least."""
_LEAST_GAPS, _SHORT_PIECES = 3, 0.4
"""Spaces in such a text, at least, and the share of its pieces that have one letter or two."""
_INSIDE = 0.25
"""Of the font size: a rule nearer to the end of a text does not cross it."""
_WORD = re.compile(r"[()\[\]{}«»]|[^\s\ufffe()\[\]{}«»]+")
"""Brackets are words of their own: from right to left, the file may have them on the wrong side of a space."""
_SHELF = 20.0
"""Points: words are looked up by stripes of the page of this height."""
_COLUMN_GAP = 0.25
"""Of the font size: what lies at least between two texts of one item that a rule parts, without a space."""
_MOST_PLACES = 12
"""Places at which one text is looked for: a page that repeats it more often does not cost its square."""


@dataclass(frozen=True, eq=False)
class FileText:
    """The text of a page as the file has it.

    Attributes:
        text: Its characters, generated spaces and line ends too.
        boxes: Returns the boxes of a slice of them, in points from the top left as the words stand.
        box: Returns the box around a slice of them, likewise.
        baselines: Returns the heights that the characters of a slice stand on, likewise.
        font_of: Returns the name of the font of a character.
        is_rejoined: Whether its spaces are told by where its letters stand; the library, which reads such a page
            glyph by glyph, has others.
    """

    text: str
    boxes: Callable[[int, int], Sequence[Box]]
    box: Callable[[int, int], Box]
    baselines: Callable[[int, int], Sequence[float]]
    font_of: Callable[[int], str]
    is_rejoined: bool = False

    @cached_property
    def letters(self) -> tuple[str, list[int]]:
        """Its text without spaces, typographic signs made plain, and the number of the character of each letter."""
        text = self.text if self.text.isascii() else _SIGN.sub(lambda sign: _SIGNS[sign[0]], self.text)
        hidden = {sign for sign in set(text) if _VISIBLE.match(sign) is None}
        seen = [sign not in hidden for sign in text]
        letters, numbers = "".join(compress(text, seen)), list(compress(range(len(text)), seen))
        several = {letter: plain for letter in set(letters) if (plain := _plain(letter)) != letter}
        if several:
            pairs = [
                (sign, n) for letter, n in zip(letters, numbers, strict=True) for sign in several.get(letter, letter)
            ]
            return "".join(sign for sign, _ in pairs), [n for _, n in pairs]
        return letters, numbers


def without_controls(text: str) -> str:
    """Return *text* without control characters; what Windows shows for some of them stays."""
    return text if text.isprintable() else text.translate(_CONTROLS)


def restored(words: Sequence[Word], file: FileText, sides: Sequence[Box]) -> list[Word]:
    """Return words with what the library lost of the file's own text; one that crosses a ruled line is cut there.

    Args:
        words: Of the library, in its order.
        file: The page's text.
        sides: Vertical rules, in points.
    """
    stream, standing, crossings = LetterStream(file), _Standing(file, words), _Crossings(sides)
    signs = _PLAIN_ASCII if not file.text.isascii() and _SIGN.search(file.text) else frozenset()
    lines = set(file.text.splitlines())  # most texts are one
    found: list[Word] = []
    for told in words:
        word = told
        if has_right_to_left(word.text):
            found += standing.in_order(word)
            continue
        cuts = crossings.of(word)
        if not cuts and _is_set_apart(word.text):
            word = _closed_capitals(word, stream.find(word), file)
        if not cuts and (word.text in lines or word.text in file.text) and signs.isdisjoint(word.text):
            found.append(word)
            continue
        numbers = stream.find(word)
        whole = file.text[numbers[0] : numbers[-1] + 1] if numbers else ""
        if not numbers:
            found.append(word)
        elif not cuts and whole.translate(_PLAIN_SIGNS) == word.text:
            found.append(word._replace(text=whole))
        else:
            found += _cut(word, _letters_of(word, numbers, file), cuts, file)
    return found


class _Letter(NamedTuple):
    """A letter of a word: itself, whether a space stands before it, and its number in the file's text."""

    text: str
    spaced: bool
    number: int


class LetterStream:
    """Finds words in the letters of a file's text, one after the other."""

    def __init__(self, file: FileText) -> None:
        self._file = file
        self._next = 0

    def find(self, word: Word) -> list[int]:
        """Return which characters of the file's text, spaces left out, make up a word; none if it is not found."""
        wanted = _plain("".join(word.text.split()))
        reach = 0.5 * word.size
        characters = self._file.letters[1]
        for start in islice(self._places(wanted), _MOST_PLACES):
            numbers = characters[start : start + len(wanted)]
            ends = (self._file.box(number, number + 1) for number in (numbers[0], numbers[-1]))
            if all(holds_middle(word.box, box, reach=reach) for box in ends):
                self._next = start + len(wanted)
                return numbers
        return []

    def _places(self, wanted: str) -> Iterator[int]:
        """Yield where *wanted* stands in the letters, first behind what was found last, then before it."""
        plain, behind = self._file.letters[0], self._next
        for first, end in ((behind, len(plain)), (0, behind + len(wanted) - 1)) if wanted else ():
            start = plain.find(wanted, first, end)
            while start >= 0:
                yield start
                start = plain.find(wanted, start + 1, end)


class LetterPlaces:
    """Tells where the letters of words stand in a file's text."""

    def __init__(self, file: FileText) -> None:
        self._file = file
        self._stream = LetterStream(file)

    def of(self, word: Word) -> dict[int, int] | range:
        """Return, for each letter of a word, which character of the file's text it is; none unless all are found."""
        start = self._file.text.find(word.text)  # most read as they do in the file, once on the page
        if start >= 0:
            ends = (self._file.box(at, at + 1) for at in (start, start + len(word.text) - 1))
            if all(holds_middle(word.box, box, reach=0.5 * word.size) for box in ends):
                return range(start, start + len(word.text))
        letters = [at for at, letter in enumerate(word.text) if not letter.isspace()]
        numbers = self._stream.find(word)
        return dict(zip(letters, numbers, strict=True)) if len(letters) == len(numbers) else {}


def _letters_of(word: Word, numbers: Sequence[int], file: FileText) -> list[_Letter]:
    """Return the letters of *word*, whose plain letters are those of these *numbers* of the file's text."""
    text = file.text
    letters: list[_Letter] = []
    at, spaced = 0, False
    for letter in word.text:
        if letter.isspace():
            spaced = not file.is_rejoined
            continue
        number = numbers[min(at, len(numbers) - 1)]
        at += len(_plain(letter))
        own = text[number] if letter in _PLAIN_ASCII and text[number].translate(_PLAIN_SIGNS) == letter else letter
        if letters and not spaced and number > letters[-1].number + 1:
            spaced = _is_space(letters[-1].number, number, file)
        if letters and spaced and number == letters[-1].number + 1 and word.text.isupper():
            spaced = _gap(letters[-1].number, number, file) >= _TRACKED * word.size
        letters.append(_Letter(own, spaced, number))
        spaced = False
    return letters


def _is_set_apart(text: str) -> bool:
    """Say whether a text is capitals, many of which stand alone or in twos, as where they are set apart."""
    if text.count(" ") < _LEAST_GAPS or not text.isupper():
        return False
    pieces = text.split()
    return sum(len(piece) <= 2 for piece in pieces) >= _SHORT_PIECES * len(pieces)


def _closed_capitals(word: Word, numbers: Sequence[int], file: FileText) -> Word:
    """Return capitals that are set apart with the spaces between their words alone: these are clearly wider.

    The ink of two ones is as far apart as words; the file tells no space there.
    """
    letters = [letter for letter in word.text if not letter.isspace()]
    if len(numbers) != len(letters):
        return word
    gaps = [_gap(before, after, file) for before, after in pairwise(numbers)]
    ordered = sorted(gaps)
    jump, at = max((after - before, n) for n, (before, after) in enumerate(pairwise(ordered), 1))
    if jump < _WORD_GAP * word.size or ordered[at // 2] >= _TRACKED * word.size or at < 2 * (len(ordered) - at):
        return word
    spaced = [before.isspace() for before, letter in pairwise(word.text) if not letter.isspace()]
    pieces = (
        " " * (space and gap >= ordered[at]) + letter
        for space, gap, letter in zip(spaced, gaps, letters[1:], strict=True)
    )
    return word._replace(text=letters[0] + "".join(pieces))


def _gap(before: int, after: int, file: FileText) -> float:
    return file.box(after, after + 1)[0] - file.box(before, before + 1)[2]


def _is_space(before: int, after: int, file: FileText) -> bool:
    """Say whether the file tells a space between two letters; the end of a line is one where the second stands behind.

    Other spaces are believed whatever the boxes tell: in a Type 3 font, these may be as wide as the widest letter.
    """
    between = file.text[before + 1 : after]
    if "\r" in between or "\n" in between:
        return _gap(before, after, file) > 0
    return any(map(str.isspace, between))


def _cut(word: Word, letters: Sequence[_Letter], cuts: Sequence[float], file: FileText) -> list[Word]:
    """Return the word of *letters*, or several where rules stand in gaps between them."""
    known = word.text.count(" ")
    if sum(letter.spaced for letter in letters) > known + _SPACED_OUT * len(letters):
        return [word]
    boxes = [file.box(letter.number, letter.number + 1) for letter in letters] if cuts else []
    starts = [0]
    for after in range(1, len(letters) if cuts else 0):
        left, right = boxes[after - 1][2], boxes[after][0]
        apart = letters[after].spaced or right - left > _COLUMN_GAP * word.size
        if apart and any(left - 1 <= x <= right + 1 for x in cuts):
            starts.append(after)
    x0, y0, x1, y1 = word.box
    pieces = []
    for start, end in pairwise([*starts, len(letters)]):
        text = "".join(" " * (n > start and letters[n].spaced) + letters[n].text for n in range(start, end))
        left = boxes[start][0] if start else x0
        right = boxes[end - 1][2] if end < len(letters) else x1
        pieces.append(word._replace(text=text, box=(left, y0, max(left, right), y1)))
    return pieces


def _plain(text: str) -> str:
    return text if text.isascii() else normalize("NFKC", text.translate(_PLAIN_SIGNS))


class _Crossings:
    """The vertical ruled lines of a page, to look up which of them cross a word."""

    def __init__(self, sides: Sequence[Box]) -> None:
        self._sides = sorted(sides)
        self._xs = [side[0] for side in self._sides]

    def of(self, word: Word) -> list[float]:
        """Return where rules run through a word, ends excepted, over most of its height."""
        if not self._sides:
            return []
        x0, y0, x1, y1 = word.box
        inset = _INSIDE * word.size
        first, end = bisect_left(self._xs, x0 + inset), bisect_right(self._xs, x1 - inset)
        low, high = y0 + 0.3 * (y1 - y0), y1 - 0.3 * (y1 - y0)
        return [side[0] for side in self._sides[first:end] if side[1] <= low and side[3] >= high]


class _Standing:
    """The words of a file's text by their height on the page, read when the first is asked for."""

    def __init__(self, file: FileText, words: Sequence[Word]) -> None:
        self._file = file
        self._words = words
        self._shelves: defaultdict[int, list[_Standing.Told]] | None = None
        self._given: set[int] = set()
        self._sizes: dict[tuple[str, int], float] = {}

    class Told(NamedTuple):
        """A word of the file: where it stands, what it reads, the line that its letters stand on, and its number."""

        box: Box
        text: str
        baseline: float
        number: int

    def in_order(self, word: Word) -> list[Word]:
        """Return the words of a text from right to left, each with its letters in reading order, and each once.

        The library may tell a word in pieces, one over the other; the first piece is the whole word then, in the size
        of the tallest text of its line.
        """
        if self._shelves is None:
            self._shelves = self._read()
            for piece in self._words:
                if has_right_to_left(piece.text):
                    for told in self._under(piece):
                        line = piece.font, round(told.baseline)
                        self._sizes[line] = max(piece.size, self._sizes.get(line, 0.0))
        found = self._under(word)
        if not found:
            return [word]
        new = [told for told in found if told.number not in self._given]
        self._given.update(told.number for told in new)
        placed = []
        for told in new:
            size = self._sizes.get((word.font, round(told.baseline)), word.size)
            top, bottom = ink(told.text, told.baseline, size)
            box = (told.box[0], top, told.box[2], bottom)
            text = told.text if has_right_to_left(told.text) else with_signs_behind(told.text)
            placed.append(word._replace(text=text, box=box, baseline=told.baseline, size=size))
        return placed

    def _read(self) -> defaultdict[int, list[_Standing.Told]]:
        shelves: defaultdict[int, list[_Standing.Told]] = defaultdict(list)
        for match in _WORD.finditer(self._file.text):
            boxes = self._file.boxes(*match.span())
            (baseline,) = self._file.baselines(match.start(), match.start() + 1)
            seen = [
                (sign, box) for letter, box in zip(match[0], boxes, strict=True) for sign in without_controls(letter)
            ]
            text = letters_in_order("".join(sign for sign, _ in seen), [box for _, box in seen])
            told = self.Told(bounds(boxes), text, baseline, match.start())
            shelves[int(middle(told.box)[1] // _SHELF)].append(told)
        return shelves

    def _under(self, word: Word) -> list[_Standing.Told]:
        """Return the words of the file that stand in a text of the library, or that this is a piece of."""
        shelves = self._shelves if self._shelves is not None else defaultdict(list)
        near = range(int(word.box[1] // _SHELF) - 1, int(word.box[3] // _SHELF) + 2)
        level = [told for shelf in near for told in shelves.get(shelf, ())]
        whole = [t for t in level if holds_middle(word.box, t.box, reach=1) or holds_middle(t.box, word.box)]
        return whole or [t for t in level if overlap(t.box, word.box) > 0]  # the last letter of one, the next's first
