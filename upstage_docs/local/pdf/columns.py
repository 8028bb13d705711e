"""Finds where the columns of a page begin, by the white gutters that many rows share."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from upstage_docs.local.pdf.words import Word

_MONOSPACED = re.compile(
    r"courier|mono|consol|(?:cm|sf|lm|ec)tt|menlo|typewriter|inconsol|sourcecode|letter.?gothic|andale", re.IGNORECASE
)
_MARKER_LENGTH = 4
# Measured on eighty benchmark pages: a fifth more or less changes the blocks of two pages at most.
_GAP, _GAP_OF_ONE_WIDTH = 0.5, 1.3
"""Font sizes of white in front of a word that begins a column; letters of one width line up by themselves."""
_NEXT_ROW = 2.2
"""Font sizes from row to row of words that line up: one row may be missing between them."""
_NEXT_IN_STRIPE = 3.5
"""Font sizes from row to row along a stripe of white: a blank line may be between them."""
_STRIPE = 0.8
"""Font sizes: the width of a stripe of white between columns, at least."""
_LEAST_ROWS, _LINED_UP = 5, 10
"""Rows along a stripe of white, and in a run of words that only line up, at least: of the entries of contents, and of
lines of prose, up to nine do. Measured on 129 manuals."""
_WIDEST_STRIPES = 64  # followed at once: a page of a million gaps must not cost their square


def column_starts(words: Sequence[Word], rows: Sequence[Sequence[int]]) -> tuple[set[int], set[int]]:
    """Return the words that begin a column, by number: those behind a white stripe, and those that only line up.

    Args:
        words: Of the page.
        rows: Their numbers by row, from left to right.
    """
    striped = _striped(words, rows) if len(rows) >= _LEAST_ROWS else set[int]()
    return striped, _aligned(words, rows) - striped if len(rows) >= _LINED_UP else set()


@lru_cache(maxsize=512)
def is_monospaced(font: str) -> bool:
    """Say whether the letters of *font* have one width, by its name."""
    return _MONOSPACED.search(font) is not None


def is_marker(word: Word) -> bool:
    """Say whether *word* may be the mark of a list item, which has a gap of its own behind it."""
    return 0 < len(word.text) <= _MARKER_LENGTH and (
        word.text[-1] in ".)•·●○▪■ˆ–-*:" or word.text.strip("()[].").isdigit()
    )


def _aligned(words: Sequence[Word], rows: Sequence[Sequence[int]]) -> set[int]:
    """Find rows in a run whose words begin at one x behind a gap.

    The library's text items end where a gap is wider than a space, so that few meet by chance.
    """
    starts: defaultdict[int, list[tuple[float, float, int]]] = defaultdict(list)
    for row in rows:
        for left, right in pairwise(row):
            before, word = words[left], words[right]
            space = _GAP_OF_ONE_WIDTH if is_monospaced(word.font) else _GAP
            if word.box[0] - before.box[2] >= space * word.size and not is_marker(before):
                starts[round(word.box[0])].append((word.baseline, word.size, right))
    found: set[int] = set()
    for x in list(starts):
        aligned = sorted({entry for near in (x - 1, x, x + 1) for entry in starts.get(near, ())})
        run: list[tuple[float, float, int]] = []
        for entry in aligned:
            if run and entry[0] - run[-1][0] > _NEXT_ROW * entry[1]:
                found.update(index for _, _, index in run if len(run) >= _LINED_UP)
                run = []
            run.append(entry)
        found.update(index for _, _, index in run if len(run) >= _LINED_UP)
    return found


class _Stripe:
    """A stripe of white that runs down through rows: from *left* to *right*, with the words right of it."""

    __slots__ = ("baseline", "left", "members", "right", "rows")

    def __init__(self, left: float, right: float, baseline: float, member: int) -> None:
        self.left, self.right, self.baseline = left, right, baseline
        self.members = [member]
        self.rows = 1


def _striped(words: Sequence[Word], rows: Sequence[Sequence[int]]) -> set[int]:
    """Find stripes of white with words on both sides, wherever these begin: in five rows, or in three of ten."""
    found: set[int] = set()
    open_stripes: list[_Stripe] = []
    for row in sorted(rows, key=lambda row: words[row[0]].baseline):
        baseline, size = words[row[0]].baseline, words[row[0]].size
        starts = [words[index].box[0] for index in row]
        ends = [words[index].box[2] for index in row]
        still_open, used = [], set()
        for stripe in open_stripes:
            if baseline - stripe.baseline > _NEXT_IN_STRIPE * size:
                continue
            at = bisect_right(starts, (stripe.left + stripe.right) / 2)
            left = max(stripe.left, ends[at - 1]) if at else stripe.left
            right = min(stripe.right, starts[at]) if at < len(row) else stripe.right
            if right - left < _STRIPE * size:
                continue
            stripe.left, stripe.right, stripe.baseline = left, right, baseline
            stripe.rows += 1
            if 0 < at < len(row):
                stripe.members.append(row[at])
                used.add(at)
            if len(stripe.members) >= (_LEAST_ROWS if stripe.rows < 2 * _LEAST_ROWS else 3):
                found.update(stripe.members)
            still_open.append(stripe)
        still_open += [
            _Stripe(ends[at - 1], starts[at], baseline, row[at])
            for at in range(1, len(row))
            if at not in used and starts[at] - ends[at - 1] >= _STRIPE * size and not is_marker(words[row[at - 1]])
        ]
        open_stripes = still_open[:_WIDEST_STRIPES]
    return found
