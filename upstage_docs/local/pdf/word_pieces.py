"""Finds each word inside a longer text item of the PDF library, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from upstage_docs.local.geometry import bounds
from upstage_docs.local.pdf.restoration import FileText, LetterStream
from upstage_docs.local.pdf.words import Word

__all__ = ["Pieces", "pieces_by_file"]

Pieces = Callable[[Word], "Sequence[Word]"]
"""Returns the words of a text item."""

_PIECE = re.compile(r"\S+")


def pieces_by_file(file: FileText | None) -> Pieces:
    """Return what tells the words of a text item by the boxes of its letters in the *file*, none without it."""
    stream: LetterStream | None = None

    def pieces(word: Word) -> Sequence[Word]:
        nonlocal stream
        if file is None or " " not in word.text:
            return [word]
        stream = stream or LetterStream(file)
        numbers = stream.find(word)
        letters = [n for n, letter in enumerate(word.text) if not letter.isspace()]
        if len(numbers) != len(letters):
            return [word]
        of_letter = dict(zip(letters, numbers, strict=True))
        found = []
        for match in _PIECE.finditer(word.text):
            first, last = of_letter[match.start()], of_letter[match.end() - 1]
            x0, _, x1, _ = bounds(file.boxes(first, last + 1)) if last >= first else word.box
            found.append(replace(word, text=match[0], box=(x0, word.box[1], max(x0, x1), word.box[3])))
        return found

    return pieces
