"""Reads the numbers of a chart as it writes them: thousands, decimals, powers, and signs before and behind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

_NUMBER = re.compile(
    r"(?P<sign>[-−–+]?)\s*(?P<before>[$€£₩¥]?)\s*(?P<digits>[\d.,'’\u00a0\u2009\u202f]*\d)"
    r"(?:[eE](?P<power>[+-]?\d{1,2}))?\s?(?P<times>[kKMBGT천만억조]|bn|백만)?\s*(?P<behind>%?)"
)
_WITH_POINT = re.compile(
    r"(?:[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}|[1-9]\d{0,2}(?:['’\u00a0\u2009\u202f]\d{3})+|\d+)?(?:\.\d+)?"
)
_WITH_COMMA = re.compile(r"(?:[1-9]\d{0,2}(?:[.'’\u00a0\u2009\u202f]\d{3})+|\d+)(?:,\d+)?")
_GROUPED_BY_POINTS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")
_TIMES = {
    "k": 1e3,
    "K": 1e3,
    "M": 1e6,
    "B": 1e9,
    "bn": 1e9,
    "G": 1e9,
    "T": 1e12,
    "천": 1e3,
    "만": 1e4,
    "백만": 1e6,
    "억": 1e8,
    "조": 1e12,
}
_REMEMBERED = 512
"""Texts, about those of a chart: several rules ask for the number of each."""


class Number(NamedTuple):
    """A number, and the signs that are written before and behind it: those of a currency, and of per cent."""

    value: float
    before: str
    behind: str


def is_number(text: str) -> bool:
    """Say whether a text is one number, its decimals behind a point or a comma."""
    return number_of(text, comma=False) is not None or number_of(text, comma=True) is not None


@lru_cache(maxsize=_REMEMBERED)
def number_of(text: str, *, comma: bool) -> Number | None:
    """Return the number that a text is, None if it is none; with *comma*, decimals stand behind a comma."""
    match = _NUMBER.fullmatch(text)
    if match is None or not (_WITH_COMMA if comma else _WITH_POINT).fullmatch(match["digits"]):
        return None
    digits = re.sub(r"[^\d,]" if comma else r"[^\d.]", "", match["digits"]).replace(",", ".")
    value = float(digits) * 10.0 ** int(match["power"] or 0) * _TIMES.get(match["times"] or "", 1.0)
    return Number(-value if match["sign"] in {"-", "−", "–"} else value, match["before"], match["behind"])


def readings_of(texts: Sequence[str]) -> Iterator[tuple[bool, list[Number]]]:
    """Yield the ways to read the numbers of an axis, the likelier first: whether with a decimal comma, and the numbers.

    `1.000` is a thousand beside a plain `0`, which else would have three decimals, too.
    """
    grouped = "0" in texts and any(map(_GROUPED_BY_POINTS.fullmatch, texts))
    for comma in (True, False) if grouped else (False, True):
        numbers = [number for text in texts if (number := number_of(text, comma=comma)) is not None]
        if len(numbers) == len(texts):
            yield comma, numbers
