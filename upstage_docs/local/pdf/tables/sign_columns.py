"""Tells which columns of a table are one: accounts set the signs of their numbers in narrow columns of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SIGN = re.compile(r"[$€£₩¥]|US\$|[%)]|\)?%|[*†‡]{1,3}")
_BEFORE = re.compile(r"[$€£₩¥]|US\$")
"""Signs that stand before their number."""
_BEFORE_BRACKET = re.compile(r"(\([$€£₩¥]?\s?[\d.,]+%?)\s(?=\))")
"""A number below zero whose second bracket stands apart, as in a column of its own."""


def with_brackets_closed(text: str) -> str:
    """Return a cell's text, the second bracket of a number right behind it."""
    return _BEFORE_BRACKET.sub(r"\1", text)


def is_sign(text: str) -> bool:
    """Say whether a text is the sign of a currency, of per cent or of a note, which belongs to a number beside it."""
    return _SIGN.fullmatch(text) is not None


def columns_with_signs(columns: Sequence[Sequence[str]], blank: Sequence[bool] = ()) -> list[tuple[int, int]]:
    """Return the first and the last of each run of columns that are one.

    A column of nothing but signs of a currency is one with the column behind it, of other signs with the one before.

    Args:
        columns: The texts of each, those of empty cells left out.
        blank: For each whether it is only the space before the column behind it.
    """
    runs: list[tuple[int, int]] = []
    start = 0
    for number, texts in enumerate(columns):
        signs = bool(texts) and all(map(is_sign, texts))
        before = (signs and _BEFORE.fullmatch(texts[0]) is not None) or (number < len(blank) and blank[number])
        if before and number + 1 < len(columns):
            continue
        if (signs or before) and runs:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((start, number))
        start = number + 1
    return runs
