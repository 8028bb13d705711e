"""Finds each word inside a longer text item of liteparse, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from upstage_docs.local.pdf.restoration import FileText, LetterPlaces
from upstage_docs.local.pdf.words import Word

Pieces = Callable[[Word], "Sequence[Word]"]
"""Returns the words of a text item."""

_PIECE = re.compile(r"\S+")


def pieces_by_file(file: FileText | None) -> Pieces:
    """Return a function that splits a text item into words by its letters' boxes in *file*; if None, it splits none."""
    if file is None:
        return lambda word: [word]
    letters = LetterPlaces(file)
    known: dict[int, tuple[Word, Sequence[Word]]] = {}  # by identity: several rules ask for the same item

    def pieces(word: Word) -> Sequence[Word]:
        if " " not in word.text:
            return [word]
        if (kept := known.get(id(word))) is None:
            kept = known[id(word)] = word, _words_of(word, letters.of(word), file)
        return kept[1]

    return pieces


def _words_of(word: Word, places: dict[int, int] | range, file: FileText) -> Sequence[Word]:
    """Return the words of a text item, whose letters stand in these *places* of the file's text."""
    if not places:
        return [word] if word.text.strip() else []
    found = []
    for match in _PIECE.finditer(word.text):
        first, last = places[match.start()], places[match.end() - 1]
        x0, _, x1, _ = word.box if last < first else file.box(first, last + 1)
        found.append(Word(match[0], (x0, word.box[1], max(x0, x1), word.box[3]), *word[2:]))
    return found
