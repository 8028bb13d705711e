"""Tells lines of prose from texts of tables, by their length and by what stands beside, above and below them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

from upstage_docs.local.pdf.tables.aligned_texts import SAME_LINE, Text, joined_text, texts_beside, texts_under
from upstage_docs.local.pdf.tables.line_rows import is_value
from upstage_docs.local.pdf.tables.sign_columns import is_sign

_PROSE = 45
"""Letters: a text that long is a line of prose. Of 300 tables of government reports, 1 % of the cells' lines are."""
_PROSE_IN_COLUMNS = 22
"""Letters of a line of prose in a narrow column, at least, where the lines around it fill the same column."""
_FLUSH = 0.35
"""Font sizes that the ends of lines that fill one column differ by at most."""
_LINE_PITCH = 1.65
"""Font sizes from a line of prose to the next, at most."""
_WIDEST_SPACE = 2.2
"""Font sizes: the widest space of a justified line in a narrow column."""
_NEAR_ROWS = 2.5
"""Rows above and below in which gaps are looked for."""
_SURELY_SHARED = 4
"""Of these rows, those that have a gap at the same place: it parts columns, of a table or of the page."""
_SHARED = 2
"""The same where no text right above or below crosses the gap, as the lines of a paragraph do."""
_IN_COLUMNS = 0.7
"""Share of the gaps of a line that stand over others, at least, where they part columns; one of four does by chance."""
_SHARED_GAP = 0.5
"""Share of the narrower of two gaps that the other one stands over, at least, where both are one column's."""
_VALUES_IN_PROSE = 0.3
"""Share of the words of a line of prose that are numbers, at most."""
_MOST_LABELS, _INDENT, _ROWS_APART = 3, 3.0, 1.3
"""Lines from a label without numbers to the next row with some, font sizes that it is indented by, and pitches of rows
to the next line, at most: a text between two tables is further from them. Measured on 16 made filings."""
_GOING_ON = 0.2
"""Share of the texts behind numbers that begin with a small letter, at most, where they are cells of a table."""


def prose_of(texts: Sequence[Text], pairs: Sequence[tuple[int, int]], stacked: Sequence[tuple[int, int]]) -> list[bool]:
    """Say for each text whether it is in a line of prose.

    Args:
        texts: Of the page.
        pairs: Those next to each other in a line.
        stacked: Those of which one is the next under the other.
    """
    runs = _runs(texts, pairs)
    whole = [joined_text([texts[n] for n in run]) for run in runs]
    tabular = _in_columns(texts, runs)
    worded = [0 if apart else _letters_in_words(text) for text, apart in zip(whole, tabular, strict=True)]
    if len(whole) < len(texts):
        pairs, stacked = texts_beside(whole), texts_under(whole)
    valued = [is_value(text.text) or is_sign(text.text) for text in whole]
    before_value = {one for one, other in pairs if valued[other]}
    named = before_value | _in_rows(whole, pairs, stacked)
    listed = {one for one, other in pairs if not valued[other]}
    long = [number for number, letters in enumerate(worded) if letters >= _PROSE and number not in named]
    named |= _labels_between(
        whole, long, stacked, {one: other for one, other in pairs if one in before_value and other not in listed}
    )
    found = [letters >= _PROSE and number not in named for number, letters in enumerate(worded)]
    under = [
        (above, below)
        for above, below in stacked
        if whole[below].baseline - whole[above].baseline < _LINE_PITCH * whole[above].size
    ]
    flush = [
        (above, below)
        for above, below in under
        if abs(whole[above].box[0] - whole[below].box[0]) < _FLUSH * whole[above].size
        and abs(whole[above].box[2] - whole[below].box[2]) < _FLUSH * whole[above].size
        and min(len(whole[above].text), len(whole[below].text)) >= _PROSE_IN_COLUMNS
        and named.isdisjoint((above, below))
    ]
    for above, below in flush:
        if min(worded[above], worded[below]) >= _PROSE_IN_COLUMNS:
            found[above] = found[below] = True
    for above, below in [*flush, *((below, above) for above, below in reversed(flush))]:
        found[below] = found[below] or found[above]
    beside = {n for pair in pairs if found[pair[0]] == found[pair[1]] for n in pair}
    for above, below in under:  # the last line of a paragraph is short
        one, other = whole[above], whole[below]
        starts = abs(one.box[0] - other.box[0]) < 2 * one.size
        if found[above] and below not in beside and starts:
            found[below] = True
    for above, below in reversed(under):  # a label of several lines, whose last one stands before its number
        if below in before_value and whole[below].text[0].islower() and whole[above].box[0] <= whole[below].box[0] + 1:
            before_value.add(above)
            found[above] = False
    prose = [False] * len(texts)
    for run, is_prose in zip(runs, found, strict=True):
        for n in run:
            prose[n] = is_prose
    return prose


def _labels_between(
    texts: Sequence[Text], long: Sequence[int], rows: Sequence[tuple[int, int]], values: Mapping[int, int]
) -> set[int]:
    """Return those of *long* texts, left of all numbers, that stand between two rows of labels with their *values*.

    Such is the name of a part of a statement: "Adjustments to reconcile net income to net cash provided by".
    """
    pitches = [
        texts[below].baseline - texts[above].baseline for above, below in rows if {above, below} <= values.keys()
    ]
    if not long or not pitches:
        return set()
    pitch = _ROWS_APART * median(pitches)
    above: dict[int, int] = {}
    below: dict[int, int] = {}
    for one, other in rows:
        near = texts[other].baseline - texts[one].baseline < pitch
        if near and abs(texts[one].box[0] - texts[other].box[0]) < _INDENT * texts[one].size:
            below.setdefault(one, other)
            above.setdefault(other, one)

    def left_of_values(number: int, following: Mapping[int, int]) -> float:
        for _ in range(_MOST_LABELS):
            number = following.get(number, number)
            if number in values:
                return texts[values[number]].box[0]
        return 0.0

    return {n for n in long if texts[n].box[2] < min(left_of_values(n, above), left_of_values(n, below))}


def _in_rows(texts: Sequence[Text], pairs: Sequence[tuple[int, int]], stacked: Sequence[tuple[int, int]]) -> set[int]:
    """Return the texts of cells, however long: those behind a number that has a text before it, and those between two.

    Others in a column with these are cells, too. A list has its numbers at the left edge, and most lines of the other
    column of a page go on with a sentence. The lines right under such a text that stand alone go on with it.
    """
    after, before = dict(pairs), {other: one for one, other in pairs}
    told: defaultdict[int, list[int]] = defaultdict(list)
    for one, other in pairs:
        between = other in after and all(len(texts[n].text) < _PROSE_IN_COLUMNS for n in (one, after[other]))
        if between or (one in before and is_value(texts[one].text)):
            told[round(texts[other].box[0])].append(other)
    found = {
        n
        for column in told.values()
        if sum(texts[n].text[0].islower() for n in column) <= _GOING_ON * len(column)
        for n in column
    }
    columns = {round(texts[n].box[0]) for n in found}
    found |= {n for n in before if round(texts[n].box[0]) in columns and not texts[n].text[0].islower()}
    ends = {n: texts[after[n]].box[0] for n in found if n in after}
    for above, below in stacked:
        text, line = texts[above], texts[below]
        if (
            above in ends
            and line.baseline - text.baseline < _LINE_PITCH * text.size
            and abs(text.box[0] - line.box[0]) < _FLUSH * text.size
            and line.box[2] < ends[above]
            and below not in after
            and below not in before
        ):
            ends[below] = ends[above]
    return found | ends.keys()


def _letters_in_words(text: Text) -> int:
    """Count the letters of a text that may be prose, 0 of one that is mostly values or too short for a line of it."""
    if len(text.text) < _PROSE_IN_COLUMNS:
        return 0
    tokens = text.text.split()
    values = sum(map(is_value, tokens))
    return len(text.text) if values <= _VALUES_IN_PROSE * len(tokens) else 0


def _runs(texts: Sequence[Text], pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Join texts whose gaps may be wide spaces of one line.

    No gap stands over or under them in most rows near, nor in several if no text crosses the gap right above or below.
    """
    after = {n: m for n, m in pairs if texts[m].box[0] - texts[n].box[2] <= _WIDEST_SPACE * texts[n].size}
    gaps = sorted((texts[n].baseline, texts[n].box[2], texts[m].box[0], n) for n, m in pairs)
    bases, tops = [gap[0] for gap in gaps], [text.baseline for text in texts]
    for baseline, left, right, n in gaps:
        if n not in after:
            continue
        pitch = _LINE_PITCH * texts[n].size
        reach = _NEAR_ROWS * pitch
        near = gaps[bisect_left(bases, baseline - reach) : bisect_left(bases, baseline + reach)]
        beside = SAME_LINE * texts[n].size
        shared = {
            round(other[0] / texts[n].size)
            for other in near
            if abs(other[0] - baseline) > beside and _over((left, right), other[1:3])
        }
        if len(shared) >= _SURELY_SHARED or (
            len(shared) >= _SHARED
            and not any(
                text.box[0] < left and text.box[2] > right and abs(text.baseline - baseline) > beside
                for text in texts[bisect_left(tops, baseline - pitch) : bisect_left(tops, baseline + pitch)]
            )
        ):
            del after[n]
    behind = set(after.values())
    runs = []
    for number in range(len(texts)):
        if number not in behind:
            run = [number]
            while run[-1] in after:
                run.append(after[run[-1]])
            runs.append(run)
    return runs


def _in_columns(texts: Sequence[Text], runs: Sequence[Sequence[int]]) -> list[bool]:
    """Say for each run whether most of its gaps stand over or under gaps of two others near: they part columns."""
    parted = [
        (texts[run[0]], [(texts[a].box[2], texts[b].box[0]) for a, b in pairwise(run)]) if len(run) > 1 else None
        for run in runs
    ]
    several = [one for one in parted if one is not None]
    bases = [first.baseline for first, _ in several]
    found = []
    for run in parted:
        if run is None:
            found.append(False)
            continue
        first, gaps = run
        reach = _NEAR_ROWS * _LINE_PITCH * first.size
        near = several[bisect_right(bases, first.baseline - reach) : bisect_left(bases, first.baseline + reach)]
        others = [other for other in near if other is not run]
        shared = 0
        for gap in gaps:
            over = (True for _, other in others if any(_over(gap, one) for one in other))
            shared += next(over, False) and next(over, False)
        found.append(shared >= _IN_COLUMNS * len(gaps))
    return found


def _over(gap: tuple[float, float], other: tuple[float, float]) -> bool:
    shared = min(gap[1], other[1]) - max(gap[0], other[0])
    return shared > _SHARED_GAP * min(gap[1] - gap[0], other[1] - other[0])
