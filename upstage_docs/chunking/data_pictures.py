"""Takes pictures that are written into a text as `data:` addresses out of it, since their bytes are no text."""

from __future__ import annotations

import re
from bisect import bisect_right

# The bytes of any media type in base64, wrapped over lines too, and of pictures in any other way: those in quotes end
# with the same quotes.
_WRAPPED = r"[ \t]*\r?\n[ \t]*(?=[A-Za-z0-9+/]{20}|[A-Za-z0-9+/=]+[\"')])|[ \t](?=[A-Za-z0-9+/]{40})"
_DATA = re.compile(
    r"(?P<quote>[\"'])?(?P<kept>data:(?:[ \t]?[a-z]+/[\w.+-]+|(?=;base64)))(?:;[ \t]?[\w.=+-]+)*?"
    rf"(?:;[ \t]?base64,[ \t]?(?:[A-Za-z0-9+/=_-]|%[0-9a-f]{{2}}|{_WRAPPED})*"
    r"|(?<=data:image/svg\+xml)(?:;[\w.=+-]+)*,"
    r"(?:<svg\b(?:(?!</svg>|data:)[^\r\n])*</svg>"
    r"|(?(quote)(?:(?!(?P=quote))[^\r\n])*(?=(?P=quote))|(?!))|(?:[^\s\"()<>]|\([^\s\"()<>]*\))*))",
    re.IGNORECASE,
)


def holds_data(text: str) -> bool:
    """Say whether *text* may hold a `data:` address; fast, since this is asked of every element."""
    # One sign is found ten times as fast as a word, and most texts hold neither.
    return (";" in text or "+" in text) and ("data:" in text or "DATA:" in text)


class WithoutPictures:
    """A text with the bytes cut out of its `data:` addresses, which leaves `![plan](data:image/png)`.

    Attributes:
        text: The text without the bytes; the same object where there are none.
    """

    def __init__(self, text: str) -> None:
        self._cuts: list[tuple[int, int]] = []  # where the text goes on, and how much was taken out before
        self._places: list[tuple[int, int]] = []  # the same by offsets of the text as it was
        self.text = text
        if not holds_data(text):
            return
        pieces: list[str] = []
        position = taken = 0
        for match in _DATA.finditer(text):
            kept = match.end("kept")
            if kept == match.end():
                continue
            pieces.append(text[position:kept])
            position = match.end()
            taken += position - kept
            self._cuts.append((position - taken, taken))
            self._places.append((position, taken))
        if pieces:
            self.text = "".join([*pieces, text[position:]])

    def original(self, offset: int) -> int:
        """Return where what stands at *offset* stood in the text as it was."""
        index = bisect_right(self._cuts, (offset, 2**62)) - 1
        return offset + self._cuts[index][1] if index >= 0 else offset

    def shortened(self, offset: int) -> int:
        """Return where what stood at *offset* of the text as it was stands now."""
        index = bisect_right(self._places, (offset, 2**62)) - 1
        following = self._cuts[index + 1][0] if index + 1 < len(self._cuts) else len(self.text)
        return min(offset - (self._places[index][1] if index >= 0 else 0), following)
