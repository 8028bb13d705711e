"""Tells whether the first of two columns names what stands in the second: by dates, colons, weight, or numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from upstage_docs.local.pdf.tables.aligned_rows import are_values
from upstage_docs.local.pdf.tables.aligned_texts import Text

_LEAST_NAMES = 3
"""Names beside what they name, at least."""
_MONTH = r"(?:\d{1,2}\.? )?[^\W\d]{3,9}\.?(?: \d{1,2})?(?:,? \d{4})?"
_DAY = r"\d{4}[-/.] ?\d\d?(?:[-/.] ?\d\d?\.?)?|\d\d?[-/.] ?\d\d?[-/.] ?\d\d(?:\d\d)?|\d\d?/\d\d?|\d\d?\. \d\d?\."
"""A day as numbers; two with a stop or a dash between them, and no year, number sections: 1.1, 2-1."""
_MOMENT = rf"(?:\d{{1,2}}[:.]\d\d(?: ?[ap]\.?m\.?)?|{_DAY}|\d{{4}}|{_MONTH})"
_KEY = re.compile(rf".*\S ?[:：]|(?=.*\d)(?:[^\W\d]+,? )?{_MOMENT}(?: ?(?:[-–—~]|to) ?{_MOMENT})?", re.IGNORECASE)
"""A date, a time or a span of them, or a name with a colon: what stands in the first of two columns of a table."""
_LONGEST_NAME = 40
"""Letters of a name beside its value, at most."""
_APART = 1.4
"""Font sizes from a name to the next, at least, where only numbers tell them from two addresses side by side."""
_NO_NAME = re.compile(r"[\d@]")
"""What stands in no name: numbers, and the addresses of authors side by side."""
_HAS_DIGIT, _YEAR = re.compile(r"\d"), re.compile(r"\b(?:19|20)\d\d\b")


def has_keys(rows: Sequence[Sequence[Text]], placed: Sequence[Sequence[tuple[int, int]]]) -> bool:
    """Say whether all texts of the first column are dates, times or names with a colon, the first row's too."""
    labels = [text.text for row, places in zip(rows, placed, strict=True) if places[0][0] == 0 for text in row[:1]]
    return placed[0][0] == (0, 0) and all(map(_KEY.fullmatch, labels))


def are_named(rows: Sequence[Sequence[Text]], placed: Sequence[Sequence[tuple[int, int]]]) -> bool:
    """Say whether the first of two columns names what the second holds, as `Length` does in a list of a ship's data.

    Either the names alone are in another weight or colour, or they stand farther apart than the lines of a text and
    half of what they name has a number. Where most of that is numbers, as in any table, the first row is one of them
    too, and no header.
    """
    pairs = [row for row in rows if len(row) > 1]
    names, values = [row[0] for row in pairs], [row[1] for row in pairs]
    others = (places[0][0] for row, places in zip(rows, placed, strict=True) if len(row) == 1)
    if len({name.text for name in names}) < max(len(rows) / 2, _LEAST_NAMES) or not all(others) or len(rows[0]) < 2:
        return False
    if any(_NO_NAME.search(name.text) or len(name.text) > _LONGEST_NAME for name in names):
        return False
    looks = [{(word.bold, word.colour) for text in texts for word in text.words} for texts in (names, values)]
    numbered = [_HAS_DIGIT.search(text.text) is not None for text in values]
    if are_values(values):
        return numbered[0] and _YEAR.search(values[0].text) is None
    if len(looks[0]) == 1 and looks[0].isdisjoint(looks[1]):
        return True
    apart = median(below.baseline - above.baseline for above, below in pairwise(names))
    return apart > _APART * names[0].size and 2 * sum(numbered) >= len(names)
