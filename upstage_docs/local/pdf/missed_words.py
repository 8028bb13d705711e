"""Finds the words of a page that liteparse leaves out, such as page numbers and text under other text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from typing import Any, NamedTuple
from unicodedata import normalize

from upstage_docs.local.geometry import Box, holds_middle, middle
from upstage_docs.local.pdf.text_layer import BareWord

_NO_LETTERS = bytes(code for code in range(0x80) if not chr(code).isalnum())
_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")
_FEW_SIGNS = 120
"""Of a text: so many are counted one by one in half the time of all its letters; a Chinese page has more."""
_SURELY_SAME = 20
"""Letters of a line: a number of the page that reads as one of a table does is another line."""
_SHELF = 20.0
"""Points: items are looked up by stripes of the page of this height."""
_OVER_EDGE = 3.0
"""Font sizes, about a word, by which a text may run over the edge of the page and still be told as a whole."""
_OVER_ITEM = 2.0
"""Points that a word stands out of its item at most."""
_TRANSPARENT = "00"
"""The opacity of a colour `aarrggbb`, if nothing is seen of it."""


def missed(
    items: Sequence[Any],
    words: Sequence[BareWord],
    lacking: Lacking,
    height: float,
) -> list[BareWord]:
    """Return those of *words* that are missing at their place in the library's text.

    No letter is given that the items have often enough already: the two readings may differ in where words end. Where
    an item has as many foreign letters instead, the library has repaired a font that names its letters wrongly.

    Args:
        items: Text items of liteparse.
        words: Words of the same page's text layer, none of them beside the page.
        lacking: What the text layer has more than the items.
        height: Of the page, in points.
    """
    letters, foreign = lacking.letters.copy(), lacking.foreign.copy()
    if not words:
        return []
    shelves: dict[int, list[_Item]] = {int(middle(word.box)[1] // _SHELF): [] for word in words}
    first, last = min(shelves) * _SHELF, (max(shelves) + 1) * _SHELF
    for item in items:
        top, bottom = max(item.y - _OVER_ITEM, 0.0), min(item.y + item.height + _OVER_ITEM, height)
        if bottom < first or top > last:
            continue
        near = shelves.keys() & range(int(top // _SHELF), int(bottom // _SHELF) + 1)  # an absurd matrix is miles high
        if near:
            known = _Item(item)
            for shelf in near:
                shelves[shelf].append(known)
    rest = []
    for word in words:
        text = _plain(word.text)
        if text and not any(known.gives(text, word.box) for known in shelves[int(middle(word.box)[1] // _SHELF)]):
            rest.append((word, text))
    found = []
    for word, text in rest:
        need = Counter(text)
        if not all(letters[letter] >= number for letter, number in need.items()):
            continue
        if any(known.gives_instead(text, word.box, foreign) for known in shelves[int(middle(word.box)[1] // _SHELF)]):
            continue
        letters.subtract(need)
        found.append(word)
    return found


def _letters_of(texts: Iterable[str]) -> Counter[str]:
    """Count letters and digits."""
    text = "\n".join(texts)
    if not text.isascii():
        text = normalize("NFKC", text)
    signs = set(text)
    counted = {sign: text.count(sign) for sign in signs} if len(signs) < _FEW_SIGNS else Counter(text)
    return Counter({sign: number for sign, number in counted.items() if sign.isalnum()})


class Lacking(NamedTuple):
    """The letters and lines that one text has more often than others.

    Attributes:
        letters: Letters and digits, and how many of each.
        foreign: Those that the others have more often.
        lines: The lines that none of the others is.
    """

    letters: Counter[str]
    foreign: Counter[str]
    lines: Set[str]


def lacking_in(others: Iterable[str], text: str) -> Lacking:
    """Return the letters and lines that a text has more often than *others*; long lines in both count as one."""
    lines, known = Counter(map(str.strip, text.splitlines())), Counter(map(str.strip, others))
    for line in lines.keys() & known.keys():
        if len(line) < _SURELY_SAME:
            continue
        more = lines[line] - known[line]
        lines[line], known[line] = max(more, 0), max(-more, 0)
    one, two = _letters_of(lines.elements()), _letters_of(known.elements())
    return Lacking(one - two, two - one, {line for line, number in lines.items() if number})


def count_letters(texts: Iterable[str]) -> int:
    """Return how many letters and digits there are, whichever they are."""
    text = "".join(texts)
    if text.isascii():
        return len(text.encode("ascii").translate(None, _NO_LETTERS))
    text = normalize("NFKC", text)
    plain = text.encode("ascii", "ignore").translate(None, _NO_LETTERS)  # most of the text of most pages
    return len(plain) + sum(map(str.isalnum, "".join(_BEYOND_ASCII.findall(text))))


class _Item:
    """A text item and what of its text is not yet accounted for."""

    __slots__ = ("_item", "_text", "box")

    def __init__(self, item: Any) -> None:
        left, top, right, bottom = item.x, item.y, item.x + item.width, item.y + item.height
        self.box = left - _OVER_ITEM, top - _OVER_ITEM, right + _OVER_ITEM, bottom + _OVER_ITEM
        self._item = item
        self._text: str | None = None

    def gives(self, text: str, box: Box) -> bool:
        """Say whether the word *text* in *box* is in the item, and account for it."""
        if not holds_middle(self.box, box):
            return False
        rest = self._rest()
        self._text = rest.replace(text, "", 1)
        return len(self._text) < len(rest)

    def gives_instead(self, text: str, box: Box, foreign: Counter[str]) -> bool:
        """Say whether the item has as many *foreign* letters as the word *text* in *box*, and account for them."""
        if not holds_middle(self.box, box):
            return False
        own = Counter(self._rest()) & foreign
        if own.total() < len(text):
            return False
        letters = list(own.elements())
        foreign.subtract(letters[: len(text)])
        self._text = "".join(letters[len(text) :])
        return True

    def _rest(self) -> str:
        if self._text is None:
            self._text = _plain(self._item.text)
        return self._text


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text if text.isascii() else normalize("NFKC", text)))


def is_seen(item: Any, width: float, height: float) -> bool:
    """Say whether a text item can be seen: it stands on the page, and its letters are not transparent.

    An item that runs over the edge is none as a whole: those of its words that stand on the page are missed words.
    """
    x, y, wide, tall = item.x, item.y, item.width, item.height
    reach = _OVER_EDGE * (item.font_size or tall or 0.0)
    inside = -reach <= x and x + wide <= width + reach and -reach <= y and y + tall <= height + reach
    return inside and not (item.fill_color or "").startswith(_TRANSPARENT)
