"""Parts a band of a table without rules into rows, where each line of numbers is a row of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from upstage_docs.local.pdf.words import Word

__all__ = ["is_value", "rows_by_lines"]

_VALUE = re.compile(
    r"[<>≤≥~≈±]?\s*[(\[+−–-]?\s*[$€£₩¥]?\s*\d[\d.,\s/–-]*(?:%|[a-z]{0,2})[)\]]?\s*(?:\([\d.,%\s+−–-]+\)|\s*±\s*[\d.,]+%?)?[*†‡]*|[–—-]+|n/?a|\.+",
    re.IGNORECASE,
)
_SAME_LINE = 0.45
"""Of the font size: what two baselines of one line differ by at most."""
_MATCHING = 0.8
"""Share of the lines of a column of values that stand beside lines of the first column, at least."""


def is_value(text: str) -> bool:
    """Say whether a text is a number, with its signs and unit, or a sign such as a dash that stands for none."""
    return _VALUE.fullmatch(text) is not None


def rows_by_lines(cells: Sequence[Sequence[Word]]) -> list[list[list[Word]]] | None:
    """Return the rows that one band of cells really holds: words by row and column; None if it is one row.

    Two lines or more of a column behind the first are values, and stand beside lines of the first column. A line of
    the first column without values that begins with a small letter goes on with the row above it.

    Args:
        cells: The words of each cell, in any order.
    """
    lines = [_lines(words) for words in cells]
    valued = [
        column for column in lines[1:] if len(column) > 1 and all(is_value(" ".join(_texts(line))) for line in column)
    ]
    if not valued or not lines[0]:
        return None
    levels = sorted(line[0].baseline for column in lines for line in column)
    size = lines[0][0][0].size
    rows: list[float] = []
    for level in levels:
        if not rows or level - rows[-1] > _SAME_LINE * size:
            rows.append(level)
    first = [line[0].baseline for line in lines[0]]
    for column in valued:
        beside = sum(any(abs(line[0].baseline - level) <= _SAME_LINE * size for level in first) for line in column)
        if beside < _MATCHING * len(column):
            return None
    found: list[list[list[Word]]] = [[[] for _ in cells] for _ in rows]
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


def _lines(words: Sequence[Word]) -> list[list[Word]]:
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.baseline):
        if lines and word.baseline - lines[-1][0].baseline <= _SAME_LINE * word.size:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda word: word.box[0]) for line in lines]


def _texts(words: Sequence[Word]) -> list[str]:
    return [word.text for word in words]
