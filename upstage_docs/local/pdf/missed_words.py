"""Words of a page's text layer that the PDF library left out; it drops page numbers and text under other text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import normalize

from upstage_docs.local.geometry import Box, middle
from upstage_docs.local.pdf.text_layer import ScannedWord

__all__ = ["is_on_page", "letters_of", "missed"]

_SHELF = 20.0
"""Points: items are looked up by stripes of the page of this height."""


def missed(
    items: Sequence[Any], words: Sequence[ScannedWord], lacking: Counter[str], width: float, height: float
) -> list[ScannedWord]:
    """Return those of *words* that stand on the page and that no text item of the library has where they stand.

    No letter is given that the items have often enough already: the two readings may differ in where words end.

    Args:
        items: Text items of liteparse.
        words: Words of the same page's text layer.
        lacking: How many of each letter the items have too few.
        width: Of the page, in points.
        height: Of the page, in points.
    """
    lacking = lacking.copy()
    visible = [word for word in words if is_on_page(word.box, width, height)]
    if not visible:
        return []
    shelves: defaultdict[int, list[_Item]] = defaultdict(list)
    for item in items:
        known = _Item(item)
        top, bottom = max(known.box[1], 0.0), min(known.box[3], height)  # a text in an absurd matrix is miles high
        for shelf in range(int(top // _SHELF), int(bottom // _SHELF) + 1):
            shelves[shelf].append(known)
    found = []
    for word in visible:
        text = _plain(word.text)
        need = Counter(text)
        if not text or any(known.gives(text, word.box) for known in shelves[int(middle(word.box)[1] // _SHELF)]):
            continue
        if all(lacking[letter] >= number for letter, number in need.items()):
            lacking.subtract(need)
            found.append(word)
    return found


def letters_of(texts: Iterable[str]) -> Counter[str]:
    """Count letters and digits."""
    return Counter(_plain("".join(texts)))


class _Item:
    """A text item and what of its text is not yet accounted for."""

    __slots__ = ("_item", "_text", "box")

    def __init__(self, item: Any) -> None:
        self.box = (item.x - 2, item.y - 2, item.x + item.width + 2, item.y + item.height + 2)
        self._item = item
        self._text: str | None = None

    def gives(self, text: str, box: Box) -> bool:
        x, y = middle(box)
        if not (self.box[0] <= x <= self.box[2] and self.box[1] <= y <= self.box[3]):
            return False
        rest = _plain(self._item.text) if self._text is None else self._text
        self._text = rest.replace(text, "", 1)
        return len(self._text) < len(rest)


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text if text.isascii() else normalize("NFKC", text)))


def is_on_page(box: Box, width: float, height: float) -> bool:
    """Say whether the middle of *box* lies on a page."""
    x, y = middle(box)
    return 0 <= x <= width and 0 <= y <= height
