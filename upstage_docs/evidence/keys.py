"""Compares texts by their letters and digits alone, and finds one text in another."""

from __future__ import annotations

import html as html_entities
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache

from upstage_docs.records.render import ENTITY, text_runs, without_cut_tags


class Keyed:
    """The letters and digits of a text, made alike in case and accents to be compared, and the offset of each.

    Attributes:
        key: The letters and digits, without differences of case, accents, width and ligatures; all else is left out.
        at: The offset of each in the text.
    """

    def __init__(self, characters: Iterable[tuple[int, str]]) -> None:
        letters: list[str] = []
        self.at: list[int] = []
        self._begins: list[int] = []  # positions in the key at which a word begins
        apart = True
        for offset, character in characters:
            if character.isspace():
                apart = True
            for letter in _folded(character):
                if apart:
                    self._begins.append(len(letters))
                    apart = False
                letters.append(letter)
                self.at.append(offset)
        self.key = "".join(letters)
        self._begins.append(len(letters))

    def only(self, wanted: bytearray) -> Keyed:
        """Return the key of those characters of the text whose byte in *wanted* is not zero."""
        kept = object.__new__(Keyed)
        chosen = [index for index, offset in enumerate(self.at) if wanted[offset]]
        kept.at = [self.at[index] for index in chosen]
        kept.key = "".join([self.key[index] for index in chosen])
        begins = set(self._begins)
        kept._begins = [
            position
            for position, index in enumerate(chosen)
            if index in begins or not position or chosen[position - 1] != index - 1
        ]
        kept._begins.append(len(chosen))
        return kept

    def find(self, wanted: str) -> list[tuple[int, int]]:
        """Return where the key *wanted* stands in this one: as whole words if it stands so anywhere, else inside them.

        `905` is found in `455,905` only where no word `905` is.
        """
        if not wanted:
            return []
        found = []
        position = self.key.find(wanted)
        while position >= 0:
            found.append((position, position + len(wanted)))
            position = self.key.find(wanted, position + len(wanted))
        whole = [(start, end) for start, end in found if self._is_edge(start) and self._is_edge(end)]
        return whole or found

    def _is_edge(self, position: int) -> bool:
        index = bisect_left(self._begins, position)
        return index < len(self._begins) and self._begins[index] == position

    def between(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of the key whose offsets lie from *start* up to *end* in the text."""
        return bisect_left(self.at, start), bisect_right(self.at, end - 1)


def keyed(text: str) -> Keyed:
    """Return the letters and digits of a plain text, in the form in which texts are compared."""
    return Keyed(enumerate(text))


def keyed_markup(text: str) -> Keyed:
    """Return what `keyed` does for the API's HTML or Markdown: tags count for nothing, entities for what they mean."""
    return Keyed(_characters(text))


def keyed_piece(text: str) -> Keyed:
    """Return what `keyed_markup` does for a text that another splitter may have cut: half a tag counts for nothing."""
    return Keyed(_characters(without_cut_tags(text)))


def _characters(text: str) -> Iterator[tuple[int, str]]:
    for offset, run in text_runs(text):
        position = 0
        for entity in ENTITY.finditer(run) if "&" in run else ():
            yield from enumerate(run[position : entity.start()], offset + position)
            yield from ((offset + entity.start(), letter) for letter in html_entities.unescape(entity[0]))
            position = entity.end()
        yield from enumerate(run[position:], offset + position)


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    decomposed = unicodedata.normalize("NFKD", character).casefold()
    return "".join(letter for letter in decomposed if letter.isalnum())
