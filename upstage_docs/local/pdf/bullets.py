"""Finds small filled shapes beside text: the drawn bullets of a list, and the keys of a legend."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from upstage_docs.local.geometry import Box
from upstage_docs.local.pdf.vector_paths import Path
from upstage_docs.local.pdf.words import Word

__all__ = ["bullets_of", "legend_of"]

_SMALL, _LARGE = 1.2, 20.0
_MOST_PATHS, _MOST = 5_000, 500
"""Of a page, and small ones: a page with more has no list of so many items."""
_SHELF = 8.0


def bullets_of(paths: Sequence[Path], words: Sequence[Word]) -> list[Word]:
    """Return a word for each drawn bullet: two or more alike under each other, each before a line of text.

    They have one colour, or each that of its text, as where a list on a dark ground follows one on white.
    """
    return [
        Word("•", mark.box, word.baseline, word.size, False, word.font)
        for group in _columns(paths, words)
        if not _is_legend(group) and all(_is_bullet(mark, word) for mark, word in group)
        for mark, word in group
    ]


def legend_of(paths: Sequence[Path], words: Sequence[Word]) -> list[Box]:
    """Return the boxes of keys of several colours that stand before words."""
    return [
        (mark.box[0], word.box[1], word.box[2], word.box[3])
        for group in _columns(paths, words)
        if _is_legend(group)
        for mark, word in group
    ]


def _is_legend(group: Sequence[tuple[Path, Word]]) -> bool:
    several = len({_shade(mark) for mark, _ in group}) > 1
    return several and not all(_shade(mark) == word.colour for mark, word in group)


def _is_bullet(mark: Path, word: Word) -> bool:
    return mark.box[3] - mark.box[1] < 0.7 * word.size


def _shade(mark: Path) -> str:
    """Return the colour of a mark as the eye tells it: the first digit of each channel of `aarrggbb`."""
    return mark.colour[::2]


def _columns(paths: Sequence[Path], words: Sequence[Word]) -> list[list[tuple[Path, Word]]]:
    """Return small shapes of one size under each other, each with the word right behind it."""
    small = [path for path in paths if path.filled and _is_square(path.box)] if len(paths) <= _MOST_PATHS else []
    if not 1 < len(small) <= _MOST:
        return []
    shelves: defaultdict[int, list[Word]] = defaultdict(list)
    for word in words:
        shelves[int((word.baseline - 0.35 * word.size) // _SHELF)].append(word)
    columns: defaultdict[tuple[int, int], list[tuple[Path, Word]]] = defaultdict(list)
    for path in small:
        x0, y0, x1, y1 = path.box
        shelf = int((y0 + y1) / 2 // _SHELF)
        near = [
            word
            for word in (word for s in (shelf - 1, shelf, shelf + 1) for word in shelves[s])
            if abs(word.baseline - 0.35 * word.size - (y0 + y1) / 2) < 0.3 * word.size
            and -3.0 * word.size < x0 - word.box[0] < 0.5
            and y1 - y0 < 1.3 * word.size
        ]
        if near:
            columns[round(x0 / 2), round((x1 - x0) * 2)].append((path, min(near, key=lambda word: word.box[0])))
    return [group for group in columns.values() if len(group) > 1]


def _is_square(box: Box) -> bool:
    wide, tall = box[2] - box[0], box[3] - box[1]
    return _SMALL < wide < _LARGE and _SMALL < tall < _LARGE and 0.7 < wide / tall < 1.4
