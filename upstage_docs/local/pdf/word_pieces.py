"""Finds each word inside a longer text item of liteparse, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from upstage_docs.local.pdf.restoration import FileText, LetterPlaces
from upstage_docs.local.pdf.words import Word

Pieces = Callable[[Word], "Sequence[Word]"]
"""Returns the words of a text item."""

_PIECE = re.compile(r"\S+")
_SAME_PLACE = 0.5
"""Font sizes that the ends of a text item, and of its letters, differ by at most."""


def pieces_by_file(file: FileText | None) -> Pieces:
    """Return a function that splits a text item into words by its letters' boxes in *file*; if None, it splits none."""
    if file is None:
        return lambda word: [word]
    letters = LetterPlaces(file)
    known: dict[int, tuple[Word, Sequence[Word]]] = {}  # by identity: several rules ask for the same item

    def pieces(word: Word) -> Sequence[Word]:
        if " " not in word.text:
            return [word]
        if word.text.isspace():
            return []
        if (kept := known.get(id(word))) is None:
            kept = known[id(word)] = word, _words_of(word, letters, file)
        return kept[1]

    return pieces


def _words_of(word: Word, letters: LetterPlaces, file: FileText) -> Sequence[Word]:
    """Return the words of a text item, each where its letters stand across the page."""
    start = file.text.find(word.text)  # most read as they do in the file, once on the page
    if start >= 0:
        found = _parted(word, range(start, start + len(word.text)), file)
        ends = (found[0].box[0] - word.box[0], found[-1].box[2] - word.box[2])
        if max(map(abs, ends)) < _SAME_PLACE * word.size:
            return found
    places = letters.of(word)
    return _parted(word, places, file) if places else [word]


def _parted(word: Word, places: dict[int, int] | range, file: FileText) -> list[Word]:
    """Return the words of a text item, whose letters stand in these *places* of the file's text."""
    found = []
    for match in _PIECE.finditer(word.text):
        first, last = places[match.start()], places[match.end() - 1]
        x0, _, x1, _ = word.box if last < first else file.box(first, last + 1)
        found.append(Word(match[0], (x0, word.box[1], max(x0, x1), word.box[3]), *word[2:]))
    return found
