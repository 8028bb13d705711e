"""Joins the large first letter of a paragraph to the word that it begins."""

from __future__ import annotations

from collections.abc import Sequence

from upstage_docs.local.geometry import shared_height
from upstage_docs.local.pdf.words import Word

_TALL = 1.8
"""Of the size of the text beside it: a drop cap of two lines is 2.3 times as large."""
_LINES = 2
"""Lines of text beside it, at least."""
_BESIDE = 1.2
"""Font sizes of the text between the letter and the lines beside it, at most."""
_MOST_LETTERS = 2
"""A quotation mark may stand before the letter."""
_MOST = 20
"""Of a page; one with more large letters is a diagram."""


def with_drop_caps(words: Sequence[Word]) -> list[Word]:
    """Return *words* with each drop cap joined to the first word beside it."""
    caps = [word for word in words if _may_be_cap(word)]
    if not 0 < len(caps) <= _MOST:
        return list(words)
    joined: dict[int, Word] = {}
    gone: set[int] = set()
    for cap in caps:
        beside = [
            word
            for word in words
            if cap.size > _TALL * word.size
            and 0 <= word.box[0] - cap.box[2] + 0.2 * word.size < (_BESIDE + 0.2) * word.size
            and shared_height(word.box, cap.box) > 0.3 * (word.box[3] - word.box[1])
            and len(word.text) > 1
        ]
        levels = {round(word.baseline / word.size) for word in beside}
        first = min(beside, key=lambda word: word.baseline, default=None)
        if first is None or len(levels) < _LINES or not first.text[0].isalpha():
            continue
        if abs(first.box[1] - cap.box[1]) < 0.8 * first.size:
            joined[id(first)] = first._replace(text=cap.text + first.text)
            gone.add(id(cap))
    return [joined.get(id(word), word) for word in words if id(word) not in gone]


def _may_be_cap(word: Word) -> bool:
    return len(word.text) <= _MOST_LETTERS and word.text[-1:].isupper()
