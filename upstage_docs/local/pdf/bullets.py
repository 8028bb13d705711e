"""Finds small filled shapes beside text: the drawn bullets of a list, and the keys of a legend."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from upstage_docs.local.geometry import Box, bounds, dimensions
from upstage_docs.local.pdf.vector_paths import Path
from upstage_docs.local.pdf.words import Word

_SMALL, _LARGE = 1.2, 20.0
"""Points of a drawn bullet or a square key, each way."""
_MOST_PATHS, _MOST = 5_000, 500
"""Of a page, and small ones: a page with more has no list of so many items."""
_SHELF = 8.0
"""Points: words are looked up by stripes of the page of this height."""
_SHORTEST_STROKE, _LONGEST_STROKE, _THICKEST_STROKE, _THICKEST_PATCH = 8.0, 45.0, 8.0, 16.0
"""Points: keys of a chart's lines, with the margin that the PDF library tells around a stroke; a key drawn as a patch
may be thicker, and a fifth more or less of that changes the blocks of none of eighty benchmark pages."""
_YEAR_DIGITS = 4
# Measured on eighty benchmark pages: a fifth more or less changes the blocks of none.
_HIGHEST_BULLET, _HIGHEST_MARK = 0.7, 2.2
"""Font sizes that a bullet, or a key, is tall at most."""
_MIDDLE, _OFF_MIDDLE = 0.35, 0.3
"""Font sizes: how far above the baseline the middle of a word is, and how far off it a mark stands, at most."""
_BEFORE, _OVER = 3.0, 0.5
"""Font sizes from a mark to the word behind it, at most, and the points that the mark stands over the word."""
_NARROWEST, _WIDEST = 0.7, 1.4
"""Width of a square of its height."""
_TO_NAME, _FROM_NAME = 1.2, 8.0
"""Font sizes from a key to the name behind it, and from a name to the key behind it, at most."""


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
    """Return the boxes of a legend's entries, key and word: keys are squares or short strokes in several colours."""
    return [
        bounds([(mark.box[0], word.box[1], mark.box[2], word.box[3]), word.box])
        for group in (*_columns(paths, words), *_stroke_keys(paths, words))
        if _is_legend(group)
        for mark, word in group
    ]


def _is_legend(group: Sequence[tuple[Path, Word]]) -> bool:
    several = len({_shade(mark) for mark, _ in group}) > 1
    return several and not all(_shade(mark) == word.colour for mark, word in group)


def _stroke_keys(paths: Sequence[Path], words: Sequence[Word]) -> list[list[tuple[Path, Word]]]:
    """Return short level strokes of one length, under or beside each other, or squares beside each other, with words.

    Each has the word right behind it; strokes and squares under each other may have names before them instead, which
    begin or end at one place.
    """
    marks = [path for path in paths if _is_short(path) or _is_square(path.box)] if len(paths) <= _MOST_PATHS else []
    if not 1 < len(marks) <= _MOST:
        return []
    names = [word for word in words if _is_name(word.text) and not word.angle]
    groups: defaultdict[tuple[int, ...], list[tuple[Path, Word]]] = defaultdict(list)
    for path in marks:
        x0, y, x1, length = path.box[0], (path.box[1] + path.box[3]) / 2, path.box[2], round(path.box[2] - path.box[0])
        level = [word for word in names if word.box[1] < y < word.box[3]]
        behind = [word for word in level if 0 <= word.box[0] - x1 < _TO_NAME * word.size]
        before = [word for word in level if 0 <= x0 - word.box[2] < _FROM_NAME * word.size]
        if behind:
            pair = path, min(behind, key=lambda word: word.box[0])
            groups[length, -round(y / 2)].append(pair)
            if _is_short(path):
                groups[length, round(x0 / 2)].append(pair)
        elif before:
            name = max(before, key=lambda word: word.box[2])
            groups[length, round(x0 / 2), round(name.box[0])].append((path, name))
            groups[length, round(x0 / 2), -round(name.box[2])].append((path, name))
    return [group for group in groups.values() if len(group) > 1]


def _is_name(text: str) -> bool:
    """Say whether a text may name a series: it has a letter, or is a year."""
    return any(map(str.isalpha, text)) or (text.isdecimal() and len(text) == _YEAR_DIGITS)


def _is_short(path: Path) -> bool:
    wide, tall = dimensions(path.box)
    if path.filled:  # the patch of a bar
        return 2 * tall < wide < 4 * tall and _SHORTEST_STROKE < wide < _LONGEST_STROKE and tall < _THICKEST_PATCH
    return _SHORTEST_STROKE < wide < _LONGEST_STROKE and tall < _THICKEST_STROKE


def _is_bullet(mark: Path, word: Word) -> bool:
    return mark.box[3] - mark.box[1] < _HIGHEST_BULLET * word.size


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
        shelves[int((word.baseline - _MIDDLE * word.size) // _SHELF)].append(word)
    columns: defaultdict[tuple[int, int], list[tuple[Path, Word]]] = defaultdict(list)
    for path in small:
        x0, y0, x1, y1 = path.box
        shelf = int((y0 + y1) / 2 // _SHELF)
        near = [
            word
            for word in (word for s in (shelf - 1, shelf, shelf + 1) for word in shelves[s])
            if abs(word.baseline - _MIDDLE * word.size - (y0 + y1) / 2) < _OFF_MIDDLE * word.size
            and -_BEFORE * word.size < x0 - word.box[0] < _OVER
            and y1 - y0 < _HIGHEST_MARK * word.size
        ]
        if near:
            columns[round(x0 / 2), round((x1 - x0) * 2)].append((path, min(near, key=lambda word: word.box[0])))
    return [group for group in columns.values() if len(group) > 1]


def _is_square(box: Box) -> bool:
    wide, tall = dimensions(box)
    return _SMALL < wide < _LARGE and _SMALL < tall < _LARGE and _NARROWEST < wide / tall < _WIDEST
