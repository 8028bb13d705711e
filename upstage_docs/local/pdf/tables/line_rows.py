"""Splits a band of cells without ruled lines in it into rows: by lines of numbers, and after lines that end early."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from upstage_docs.local.blocks import is_list_item
from upstage_docs.local.pdf.lines import Line
from upstage_docs.local.pdf.words import Word

_VALUE = re.compile(
    r"[<>≤≥~≈±]?\s*(?:[$€£₩¥]\s?)?[(\[+−–-]?\s*[$€£₩¥]?\s*\d[\d.,\s/–-]*(?:%|[a-z]{0,2})[)\]]?\s*(?:\([\d.,%\s+−–-]+\)|\s*±\s*[\d.,]+%?)?[*†‡]*|[–—-]+|n/?a|\.+",
    re.IGNORECASE,
)
_NONE = "nN"
"""What "n/a" begins with."""
_REMEMBERED = 1024
"""Texts, about those of a page: several rules ask whether each is a value."""
_YEARS = re.compile(r"(?:18|19|20)\d\d(?:\s?[-–/]\s?(?:(?:18|19|20)\d\d|\d\d))?")
_SAME_LINE = 0.45
"""Of the font size: what two baselines of one line differ by at most."""
_MATCHING = 0.8
"""Share of the lines of a column of values that stand beside lines of the first column, at least."""

# Measured on eighty benchmark pages: a fifth more or less changes the blocks of none.
_RULED_LINES = 0.45
"""Share of the lines of a table that a rule parts from the next, at least, where rules part its rows."""
UNLABELLED = 0.25
"""Share of the lines without a text in the first column, at least, where rows have several lines."""

# Measured on 29 pages with tables of papers that are set in LaTeX.
_LEAST_ROWS, _LEAST_ROWS_OF_TWO = 3, 5
"""Rows in a band that tell that the rules of a table part groups of rows; the second where two columns have text."""
_BLANK = 1.5
"""Of the smallest pitch in a band: a blank line is between lines that are further apart."""
_STAGGERED = 0.8
"""Of the smallest pitch in a column: lines of several columns that are nearer to each other stand in no rows."""
_BESIDE = 0.35
"""Share of the rows behind the first with text in two columns, at least."""
_BROKEN = 0.5
"""Share of the breaks between the lines of a column that room was left at, at least: two long values leave none."""
_SPACE = 0.25
"""Of the font size: a space between two words."""
_BRACKETS = "([±"
"""What an error begins with that stands below its value."""
_UNDER_VALUES = 0.5
"""Share of the values of a row that have one under them, at least, in the next row of a group."""

Rows = list[list[list[Word]]]
"""The words of cells by row and column."""


@lru_cache(maxsize=_REMEMBERED)
def is_value(text: str) -> bool:
    """Say whether a text is a number, with its signs and unit, or a sign such as a dash that stands for none."""
    first = text[:1]
    if first.isalpha() and first not in _NONE:  # most texts; a value begins with no other letter
        return False
    return _VALUE.fullmatch(text) is not None


def is_year(text: str) -> bool:
    """Say whether a number is a year, or from one year to another."""
    return _YEARS.fullmatch(text) is not None


def rows_by_lines(cells: Sequence[Sequence[Word]]) -> Rows | None:
    """Return the rows that one band of cells really holds: words by row and column; None if it is one row.

    Two lines or more of a column behind the first are values, and stand beside lines of the first column. A line of
    the first column without values that begins with a small letter goes on with the row above it. Where the first
    column has one line for all, another column names the rows.

    Args:
        cells: The words of each cell, in any order.
    """
    lines = [_lines(words) for words in cells]
    valued = [column for column in lines[1:] if len(column) > 1 and all(is_value(_text_of(line)) for line in column)]
    if not valued or not lines[0]:
        return None
    spanned = len(lines[0]) == 1 and _names_rows(lines, valued)
    lined = [column for column in lines if len(column) > 1] if spanned else lines
    levels = sorted(line[0].baseline for column in lined for line in column)
    size = lines[0][0][0].size
    rows: list[float] = []
    for level in levels:
        if not rows or level - rows[-1] > _SAME_LINE * size:
            rows.append(level)
    first = [line[0].baseline for line in (valued[0] if spanned else lines[0])]
    for column in valued:
        beside = sum(any(abs(line[0].baseline - level) <= _SAME_LINE * size for level in first) for line in column)
        if beside < _MATCHING * len(column):
            return None
    found: Rows = [[[] for _ in cells] for _ in rows]
    for c, column in enumerate(lines):
        for line in column:
            nearest = min(range(len(rows)), key=lambda r: abs(rows[r] - line[0].baseline))
            found[nearest][c] += line
    out = found[:1]
    for row in found[1:]:
        if not any(row[1:]) and row[0][0].text[0].islower():
            out[-1][0] += row[0]
        else:
            out.append(row)
    return out if len(out) > 1 else None


def _names_rows(lines: Sequence[Sequence[list[Word]]], valued: Sequence[Sequence[list[Word]]]) -> bool:
    """Say whether a column has a text for each line of two columns of values or more, none of which is in brackets."""
    counts = {len(column) for column in valued}
    texts = [_text_of(line) for column in valued for line in column]
    return (
        len(valued) > 1
        and len(counts) == 1
        and not any(text[0] in _BRACKETS for text in texts)
        and any(len(column) in counts and not any(is_value(_text_of(line)) for line in column) for column in lines[1:])
    )


def rules_part_rows(ruled: Sequence[bool]) -> bool:
    """Say whether ruled lines separate a table's rows; *ruled* tells for each line of text if one is below it."""
    return sum(ruled) >= 2 and sum(ruled) >= _RULED_LINES * len(ruled)


def right_edges(rows: Sequence[Sequence[Sequence[Word]]]) -> list[float]:
    """Return the x where the text of each column ends at most, 0 where a column has none.

    Args:
        rows: The words of the cells of each row; all have the columns of the first.
    """
    columns = range(len(rows[0]) if rows else 0)
    return [max((word.box[2] for row in rows for word in row[c]), default=0.0) for c in columns]


def is_rest(above: Sequence[Sequence[Word]], below: Sequence[Sequence[Word]], rights: Sequence[float]) -> bool:
    """Say whether a line of cells is the rest of the row above: texts that were broken because their line was full.

    Each begins with a small letter, or behind a hyphen, and had no room at the end of the words above it. Where it
    stands by itself behind the first column, it may have had room, and be in brackets.

    Args:
        above: The words of the cells of the row above.
        below: Those of the line.
        rights: The x where the text of each column ends at most.
    """
    if all(below) or not any(below):
        return False
    lone = not below[0] and sum(map(bool, below)) == 1
    for cell, rest, right in zip(above, below, rights, strict=True):
        if not rest:
            continue
        if not cell:
            return False
        last, first = _lines(cell)[-1], min(rest, key=lambda word: word.box[0])
        text = _text_of(last)
        hyphen = text.endswith("-") and text[-2:-1].isalpha()
        if not hyphen and not (" " in text and (first.text[:1].islower() or (lone and first.text[:1] == "("))):
            return False
        if not hyphen and not lone and _has_room(last, first, right):
            return False
    return True


def has_own_values(above: Sequence[Sequence[Word]], below: Sequence[Sequence[Word]]) -> bool:
    """Say whether a line of cells is no rest of the row above: it has values under most of that row's, and a text.

    Values of several rows stand beside them, in their middle. Those in brackets go with the values above, as errors do.

    Args:
        above: The words of the cells of the row above.
        below: Those of the line.
    """
    first = [[_text_of(_lines(cell)[0]) if cell else "" for cell in row[1:]] for row in (above, below)]
    valued = [[bool(text) and is_value(text) and text[0] not in _BRACKETS for text in row] for row in first]
    both = sum(map(all, zip(*valued, strict=True)))
    named = any(
        all(texts) and not any(values)
        for texts, values in zip(zip(*first, strict=True), zip(*valued, strict=True), strict=True)
    )
    return named and both > 1 and both >= _UNDER_VALUES * sum(valued[0])


def rows_of_bands(
    bands: Sequence[Sequence[Sequence[Word]]], rights: Sequence[float], *, headed: bool = True
) -> list[Rows | None]:
    """Return for each band between two ruled lines of a table the rows that it holds, None where it is one row.

    Args:
        bands: The words of the cells of each band, in any order.
        rights: The x where the text of each column ends at most.
        headed: Whether the first band is the header, whose lines are those of its cells.
    """
    found = [rows_by_lines(cells) for cells in bands]
    least = _LEAST_ROWS, _LEAST_ROWS_OF_TWO
    body = range(headed, len(bands))
    tried = {n: found[n] or _rows_by_breaks(bands[n], rights, least) for n in body}
    if any(tried.values()):  # the rules of the table part groups of rows
        tried = {n: rows or _rows_by_breaks(bands[n], rights, (2, 2)) for n, rows in tried.items()}
    return [tried.get(n, rows) for n, rows in enumerate(found)]


def _rows_by_breaks(cells: Sequence[Sequence[Word]], rights: Sequence[float], least: tuple[int, int]) -> Rows | None:
    """Return the rows that one band of cells holds, by the lines of a column that do not go on with the line above.

    A blank line stands above such a line, as where a row has no value, or the line above had room for its first word.
    Other lines are part of the row above them. None if too few rows have text side by side, as an address beside a
    name has not.

    Args:
        cells: The words of each cell, in any order.
        rights: The x where the text of each column ends at most.
        least: How many rows, and how many where two columns have text.
    """
    lines = [_lines(words) for words in cells]
    columns = [column for column in lines if column]
    levels = _levels([line[0] for column in columns for line in column])
    rows = least[0] if len(columns) > 2 else least[1]
    steps = [b[0].baseline - a[0].baseline for column in columns for a, b in pairwise(column)]
    if not lines[0] or len(columns) < 2 or len(levels) < rows or not steps:
        return None
    pitch = min(below - above for above, below in pairwise(levels))
    if pitch < _STAGGERED * min(steps):
        return None  # texts that stand in the middle of their cells
    told: list[tuple[bool, list[Word]]] = []
    for column, right in zip(lines, rights, strict=True):
        if len(column) < 2 or any(is_list_item(_text_of(line)) for line in column):
            continue
        blank = [b[0].baseline - a[0].baseline > _BLANK * pitch for a, b in pairwise(column)]
        apart = [gap or _has_room(a, b[0], right) for gap, (a, b) in zip(blank, pairwise(column), strict=True)]
        single = any(blank) and all(len(line) == 1 and " " not in line[0].text for line in column)
        each = single or sum(apart) >= _BROKEN * len(apart)
        if each or any(blank):
            begin = [column[0][0], *(line[0] for line, one in zip(column[1:], apart, strict=True) if one or each)]
            told.append((any(blank), begin))
    gapped = [begin for has_blank, begin in told if has_blank]
    starts = [word for begin in gapped or [begin for _, begin in told] for word in begin]
    begins = _levels(starts)
    return _cut_at(lines, begins) if len(begins) >= rows else None


def _cut_at(lines: Sequence[Sequence[list[Word]]], starts: Sequence[float]) -> Rows | None:
    """Return the rows that begin at the baselines *starts*, None if they too seldom have text side by side."""
    found: Rows = [[[] for _ in lines] for _ in starts]
    for c, column in enumerate(lines):
        for line in column:
            baseline, reach = line[0].baseline, _SAME_LINE * line[0].size
            row = max(n for n, level in enumerate(starts) if not n or level - baseline < reach)
            found[row][c] += line
    beside = sum(sum(map(bool, row)) > 1 for row in found[1:])
    return found if beside >= _BESIDE * (len(found) - 1) else None


def _has_room(above: Sequence[Word], first: Word, right: float) -> bool:
    """Say whether the first word of a line had room at the end of the line above."""
    return max(word.box[2] for word in above) + _SPACE * first.size + Line([first]).first_width < right


def _levels(words: Sequence[Word]) -> list[float]:
    """Return the baselines of *words* from the top, those of one line once."""
    return [min(word.baseline for word in line) for line in _lines(words)]


def _lines(words: Sequence[Word]) -> list[list[Word]]:
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.baseline):
        if lines and word.baseline - lines[-1][0].baseline <= _SAME_LINE * word.size:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda word: word.box[0]) for line in lines]


def _text_of(line: Sequence[Word]) -> str:
    return " ".join(word.text for word in line)
