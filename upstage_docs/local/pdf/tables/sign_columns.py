"""Finds columns of a table that are really one: accounts set the signs of numbers in narrow columns beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from upstage_docs.local.pdf.tables.line_rows import is_value

_SIGN = re.compile(r"[$€£₩¥]|US\$|[%)]|\)?%|[*†‡]{1,3}")
_BEFORE = re.compile(r"[$€£₩¥]|US\$")
"""Signs that stand before their number."""
_BEFORE_BRACKET = re.compile(r"(\([$€£₩¥]?\s?[\d.,]+%?)\s(?=\))")
"""A number below zero whose second bracket stands apart, as in a column of its own."""


def with_brackets_closed(text: str) -> str:
    """Return a cell's text, the second bracket of a number right behind it."""
    return _BEFORE_BRACKET.sub(r"\1", text) if "(" in text else text


def is_sign(text: str) -> bool:
    """Say whether a text is the sign of a currency, of per cent or of a note, which belongs to a number beside it."""
    return _SIGN.fullmatch(text) is not None


def columns_with_signs(columns: Sequence[Sequence[str]], blank: Sequence[bool] = ()) -> list[tuple[int, int]]:
    """Return the first and last column of each run of columns that are really one.

    A column of nothing but signs of a currency is one with the column behind it, of other signs with the one before,
    if that has numbers: stars beside names are marks of their own.

    Args:
        columns: The texts of each, those of empty cells left out.
        blank: For each whether it is only the space before the column behind it.
    """
    signs = [bool(texts) and all(map(is_sign, texts)) for texts in columns]
    spaces = blank or [False] * len(columns)
    valued = [any(map(is_value, texts)) for texts in columns]
    runs: list[tuple[int, int]] = []
    start = 0
    for number, texts in enumerate(columns):
        waits = spaces[number] or (signs[number] and _BEFORE.fullmatch(texts[0]) is not None)
        if waits and number + 1 < len(columns):
            behind = next((n for n in range(number + 1, len(columns)) if not signs[n] and not spaces[n]), None)
            if spaces[number] or (behind is not None and valued[behind]):
                continue
        if runs and (spaces[number] or (signs[number] and any(valued[runs[-1][0] : number]))):
            runs[-1] = runs[-1][0], number
        else:
            runs.append((start, number))
        start = number + 1
    return runs
