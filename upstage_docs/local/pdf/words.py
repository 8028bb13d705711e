"""The words of a PDF page: text, ink, font and place."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from upstage_docs.local.geometry import Box

_TALL = frozenset("bdfhijkltABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789()[]{}/|\\!?'\"‘’“”%&$#@§")
_DEEP = frozenset("gjpqyQ,;()[]{}/|@§$")
_HEAVY_NAME = re.compile(r"bold|black|heavy|demi|-medi$|bx\d*$|\.b$", re.IGNORECASE)
_NO_LETTERS = re.compile("[\ufffd\ue000-\uf8ff\x00-\x08\x0b\x0c\x0e-\x1f]")
LAYER_FONT = "Layer"
"""The font name of recognised words."""


class Word(NamedTuple):
    """A run of text in one font; the box is that of its ink, in points from the top left of the page.

    Attributes:
        text: As in the PDF, without the spaces around it.
        box: `(x0, y0, x1, y1)`.
        baseline: The y its letters stand on.
        size: Font size as seen on the page, in points.
        bold: Whether the font is a heavy one.
        font: Its name.
        colour: Of its letters, `""` if unknown.
        angle: Degrees clockwise at which it is turned.
    """

    text: str
    box: Box
    baseline: float
    size: float
    bold: bool
    font: str
    colour: str = ""
    angle: int = 0


def ink(text: str, baseline: float, size: float) -> tuple[float, float]:
    """Return the top and bottom of the letters of *text*: the box of their font is up to half as tall again."""
    tall = not text or not text.isascii() or not _TALL.isdisjoint(text)
    deep = not text.isascii() or not _DEEP.isdisjoint(text)
    return baseline - size * (0.74 if tall else 0.52), baseline + size * (0.22 if deep else 0.03)


@lru_cache(maxsize=512)
def is_heavy_name(font: str) -> bool:
    """Say whether the letters of *font* are bold, by its name."""
    return _HEAVY_NAME.search(font) is not None


def count_no_letters(text: str) -> int:
    """Return how many characters of a text are unknown, as where a font does not say which letters it has."""
    return len(_NO_LETTERS.findall(text))


def is_no_letter(letter: str) -> bool:
    """Say whether a character is unknown: its font does not say which letter it is."""
    return _NO_LETTERS.match(letter) is not None
