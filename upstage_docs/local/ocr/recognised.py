"""The values that recognition returns: the words and lines of a page image, and where they stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from upstage_docs.local.geometry import Box, dimensions, middle

Point = tuple[float, float]
Lines = Sequence[Sequence["RecognisedWord"]]

_SURE, _SURE_ALONE = 0.6, 0.85
"""Confidence from which a word, or a single letter, of the lesser of two readings counts."""
_SURE_LATIN = 0.8
"""Confidence from which a word in Latin letters is one, on a Korean page."""
_SURE_HANGUL = 0.5
"""Confidence from which a word of several Hangul letters tells that there is Hangul on a page."""
_NARROWEST, _WIDEST = 0.4, 2.5
"""Width of a Hangul letter of its height; rules and frames that are read as one are longer."""
_MOSTLY = 0.5
_BAND = 50
"""Pixels of a band of the page within which words are compared."""


@dataclass(frozen=True)
class RecognisedWord:
    """One recognised word: confidence 0-1, *box* in pixels of the upright image."""

    text: str
    confidence: float
    box: Box


@dataclass(frozen=True)
class RecognisedPage:
    """The words that were recognised on one page image, in lines.

    Attributes:
        lines: Words in reading order, line by line.
        angle: Degrees, counter-clockwise, by which the image was turned so that its lines run level.
        size: Pixels of the image as it was given.
        upright_size: Pixels of the turned image, which the words' boxes refer to.
    """

    lines: tuple[tuple[RecognisedWord, ...], ...]
    angle: float
    size: tuple[int, int]
    upright_size: tuple[int, int]

    def corners(self, box: Box) -> tuple[Point, Point, Point, Point]:
        """Return the corners of an upright *box*, from the text's own top left on, in pixels of the image as given."""
        x0, y0, x1, y1 = box
        return self._back(x0, y0), self._back(x1, y0), self._back(x1, y1), self._back(x0, y1)

    def resized(self, size: tuple[int, int]) -> RecognisedPage:
        """Return the same reading in the pixels of a page of *size*."""
        scale = size[0] / self.size[0]
        lines = tuple(tuple(replace(word, box=scaled(word.box, scale)) for word in line) for line in self.lines)
        return RecognisedPage(
            lines, self.angle, size, (round(self.upright_size[0] * scale), round(self.upright_size[1] * scale))
        )

    def _back(self, x: float, y: float) -> Point:
        (width, height), (turned_width, turned_height) = self.size, self.upright_size
        cosine, sine = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        x, y = x - turned_width / 2, y - turned_height / 2
        return (
            min(max(cosine * x - sine * y + width / 2, 0.0), float(width)),
            min(max(sine * x + cosine * y + height / 2, 0.0), float(height)),
        )


def merged(one: Lines, other: Lines) -> list[list[RecognisedWord]]:
    """Return the better of two readings of one page, with the sure words of the other that stand elsewhere."""
    best, rest = sorted((one, other), key=worth, reverse=True)
    bands: dict[int, list[Box]] = {}
    for box in (word.box for line in best for word in line):
        for band in range(int(box[1]) // _BAND, int(box[3]) // _BAND + 1):
            bands.setdefault(band, []).append(box)

    def is_new(word: RecognisedWord) -> bool:
        x, y = middle(word.box)
        known = any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in bands.get(int(y) // _BAND, ()))
        least = _SURE if len(word.text) > 1 else _SURE_ALONE
        return word.confidence >= least and any(map(str.isalnum, word.text)) and not known

    # A line of its own begins with a real word: single signs are specks and ornaments.
    added = [[word for word in line if is_new(word)] for line in rest]
    added = [line for line in added if any(len(word.text) > 1 + word.text.isascii() for word in line)]
    lines = [list(line) for line in best]
    return sorted(lines + added, key=lambda line: min(word.box[1] for word in line)) if added else lines


def worth(lines: Lines) -> float:
    """Return how much was read and how surely: the number of letters, each weighed by its confidence."""
    return sum(word.confidence * len(word.text) for line in lines for word in line)


def confidence(lines: Lines) -> float:
    """Return the mean confidence of the letters of *lines*, 0 if there is none."""
    letters = sum(len(word.text) for line in lines for word in line)
    return worth(lines) / letters if letters else 0.0


def without_ornaments(lines: Lines) -> tuple[tuple[RecognisedWord, ...], ...]:
    """Leave out the ruled lines, frames and ticks that Tesseract takes for single Hangul letters.

    A letter is about as wide as it is high; and a page without one Hangul word of several letters has no Hangul.
    """
    korean = any(
        word.confidence > _SURE_HANGUL and len(word.text) > 1 and _is_hangul(word.text)
        for line in lines
        for word in line
    )

    def is_ornament(word: RecognisedWord) -> bool:
        if not _is_hangul(word.text):
            return False
        width, height = dimensions(word.box)
        return not korean or (len(word.text) == 1 and not _NARROWEST < width / max(height, 1) < _WIDEST)

    kept = (tuple(word for word in line if not is_ornament(word)) for line in lines)
    return tuple(line for line in kept if line)


def is_korean(lines: Lines) -> bool:
    """Say whether most of the letters that were read surely are Hangul."""
    sure = "".join(word.text for line in lines for word in line if word.confidence >= _SURE)
    hangul = sum(map(_is_hangul, sure))
    return hangul > _MOSTLY * sum(map(str.isalpha, sure))


def may_be_hangul(word: RecognisedWord) -> bool:
    """Say whether a word of a Korean page was read as Latin letters, and not surely."""
    return word.confidence < _SURE_LATIN and word.text.isascii() and any(map(str.isalpha, word.text))


def is_hangul_again(read: Sequence[RecognisedWord], word: RecognisedWord) -> bool:
    """Say whether a second reading of *word*, as Korean alone, is Hangul and surer than the first."""
    text = "".join(one.text for one in read)
    hangul = sum(map(_is_hangul, text))
    return hangul > _MOSTLY * len(text) and confidence([read]) > max(word.confidence, _SURE)


def _is_hangul(text: str) -> bool:
    return all("가" <= letter <= "힣" or "ㄱ" <= letter <= "ㅣ" for letter in text)


def scaled(box: Box, scale: float) -> Box:
    """Return *box* in pixels of a page *scale* times as large."""
    x0, y0, x1, y1 = box
    return (x0 * scale, y0 * scale, x1 * scale, y1 * scale)
