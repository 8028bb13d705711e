"""Puts the letters and words of Arabic and Hebrew into the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby, pairwise
from typing import TypeVar
from unicodedata import bidirectional

from upstage_docs.local.geometry import Box

Thing = TypeVar("Thing")

_RIGHT_TO_LEFT = {"R", "AL"}
_NUMBERS = {"EN", "AN"}
_LEFT_TO_RIGHT = {"L", *_NUMBERS}
_WITHIN_NUMBERS = {"ES", "CS"}
"""Signs such as `.` and `/`, which keep the order of the digits around them."""
_BESIDE_NUMBERS = "ET"
"""Signs such as `%` and `$`, which stand with the number that they touch."""
_OPENING, _CLOSING = "([{«", ")]}»"
_BEHIND = ".,:;!?،؛"
"""Signs that stand behind a word, to its left where text runs from right to left."""
_ALEFS, _LAM = "اأإآ", "ل"
"""Lam and alef are drawn as one letter, whose parts pdfium tells in the order in which they are not read."""
_TURNED = str.maketrans(_OPENING + _CLOSING, _CLOSING + _OPENING)
_FIRST = "\u0590"
"""No letter before it is written from right to left."""


def has_right_to_left(text: str) -> bool:
    """Say whether a letter of *text* is written from right to left."""
    return not text.isascii() and any(letter >= _FIRST and bidirectional(letter) in _RIGHT_TO_LEFT for letter in text)


def letters_in_order(text: str, boxes: Sequence[Box]) -> str:
    """Return the letters of one word in reading order, by where they stand.

    Args:
        text: The word, in whatever order its file has it.
        boxes: Of its letters, one each.
    """
    if not has_right_to_left(text):
        return text
    placed = sorted(zip(text, boxes, strict=True), key=lambda placed: -(placed[1][0] + placed[1][2]))
    for n, ((one, at), (other, also)) in enumerate(pairwise(placed)):
        if one in _ALEFS and other == _LAM and at == also:
            placed[n : n + 2] = placed[n + 1], placed[n]
    letters = [letter for letter, _ in placed]
    kinds = [bidirectional(letter) for letter in letters]
    forward = [
        kind in _LEFT_TO_RIGHT
        or (kind in _WITHIN_NUMBERS and 0 < n < len(kinds) - 1 and {kinds[n - 1], kinds[n + 1]} <= _LEFT_TO_RIGHT)
        or (kind == _BESIDE_NUMBERS and not {*kinds[max(n - 1, 0) : n], *kinds[n + 1 : n + 2]}.isdisjoint(_NUMBERS))
        for n, kind in enumerate(kinds)
    ]
    numbers = _with_runs_reversed(range(len(letters)), lambda n: forward[n])
    return "".join(letters[n] for n in numbers)


def is_bracket(letter: str) -> bool:
    """Say whether *letter* is a bracket, which is seen the other way round where text runs from right to left."""
    return letter in _OPENING or letter in _CLOSING


def with_brackets_turned(text: str) -> str:
    """Return a line in reading order with each bracket as it reads; files have some as they are seen.

    A bracket that closes what was not opened is turned if one that opens and is not closed follows it.
    """
    letters = list(text)
    closing: list[int] = []
    opening: list[int] = []
    for number, letter in enumerate(letters):
        if letter in _OPENING:
            opening.append(number)
        elif letter in _CLOSING and opening and letters[opening[-1]] == letter.translate(_TURNED):
            opening.pop()
        elif letter in _CLOSING:
            closing.append(number)
    for start in closing:
        wanted = letters[start].translate(_TURNED)
        end = next((number for number in opening if number > start and letters[number] == wanted), None)
        if end is not None:
            letters[start], letters[end] = letters[end], letters[start]
            opening.remove(end)
    for start, end in pairwise(opening):  # right behind a word, the second of two that open is one that closes
        inside = letters[end - 1].isalnum() and not "".join(letters[end + 1 : end + 2]).isalnum()
        if letters[start] == letters[end] and inside:
            letters[end] = letters[end].translate(_TURNED)
    return "".join(letters)


def words_in_order(texts: Sequence[str]) -> list[int]:
    """Return the numbers of the words of one line in reading order; *texts* stand from left to right.

    A line most of whose letters are written from right to left is read so, but runs of other words, and of numbers
    with them, keep their order, signs at their ends excepted; in any other line only runs of words from right to left
    are turned.
    """
    numbers = list(range(len(texts)))
    turned = [has_right_to_left(text) for text in texts]
    if not any(turned):
        return numbers
    kinds = [bidirectional(letter) for text in texts for letter in text]
    if sum(kind in _RIGHT_TO_LEFT for kind in kinds) >= kinds.count("L"):
        return [
            number
            for other, run in groupby(numbers[::-1], key=lambda number: not turned[number])
            for number in (_read_forward(list(run), texts) if other else run)
        ]
    return _with_runs_reversed(numbers, lambda number: turned[number])


def _read_forward(run: list[int], texts: Sequence[str]) -> list[int]:
    """Return the numbers of words between others that are read from right to left, from the last that has letters on.

    Numbers and signs by themselves are read from right to left, each as a whole.
    """
    worded = [at for at, number in enumerate(run) if any(map(str.isalpha, texts[number]))]
    if not worded:
        return run
    told = [at for at, number in enumerate(run) if any(map(str.isalnum, texts[number]))]
    first, end = told[0], told[-1] + 1
    return [*run[:first], *run[first:end][::-1], *run[end:]]


def with_signs_behind(text: str) -> str:
    """Return a word of numbers or Latin letters with the signs behind it that stand to its left, as they are read."""
    signs = text[: len(text) - len(text.lstrip(_BEHIND))]
    return text[len(signs) :] + signs[::-1]


def _with_runs_reversed(things: Sequence[Thing], is_chosen: Callable[[Thing], bool]) -> list[Thing]:
    """Return *things* with each run of chosen ones reversed."""
    found: list[Thing] = []
    for chosen, run in groupby(things, key=is_chosen):
        members = list(run)
        found += members[::-1] if chosen else members
    return found
