"""Splits text items of liteparse that turn from bold to regular, where the font in the file changes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from upstage_docs.local.pdf.restoration import FileText, LetterPlaces
from upstage_docs.local.pdf.words import Word, is_heavy_name

_PIECE = re.compile(r"\S+")
_WIDE = "\u2e80"
"""From here on letters are Chinese, Japanese or Korean. Browsers set these heavy in a font of no heavy name, so that a
change of scripts tells nothing."""


def cut_at_weights(words: Sequence[Word], file: FileText) -> list[Word]:
    """Return *words*, with a bold text item that ends in a lighter font cut in two: the library names one font each.

    So begins a paragraph whose first words are its title: its first line is no heading.
    """
    places_of = LetterPlaces(file).of
    found: list[Word] = []
    for word in words:
        if not word.bold or " " not in word.text:
            found.append(word)
            continue
        found += _cut_at_weight(word, places_of(word), file)
    return found


def _cut_at_weight(word: Word, places: dict[int, int] | range, file: FileText) -> list[Word]:
    if not places:
        return [word]
    pieces = [match.span() for match in _PIECE.finditer(word.text)]
    first, last = file.font_of(places[pieces[0][0]]), file.font_of(places[pieces[-1][0]])
    if first == last or not is_heavy_name(first) or is_heavy_name(last):
        return [word]
    low, high = 0, len(pieces) - 1  # the one is heavy, the other light
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_heavy_name(file.font_of(places[pieces[middle][0]])) else (low, middle)
    end, start = pieces[low][1], pieces[high][0]
    x0, y0, x1, y1 = word.box
    left, right = file.box(places[end - 1], places[end - 1] + 1)[2], file.box(places[start], places[start] + 1)[0]
    alike = {letter >= _WIDE for letter in word.text if letter.isalpha()}
    if not x0 < left <= right < x1 or len(alike) != 1 or not any(map(str.isalpha, word.text[:end])):
        return [word]
    return [
        word._replace(text=word.text[:end], box=(x0, y0, left, y1)),
        word._replace(text=word.text[start:], box=(right, y0, x1, y1), bold=False, font=last),
    ]
