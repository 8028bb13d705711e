"""Finds texts that are aligned in rows and columns, whether ruled lines part them or not: candidates for tables."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from upstage_docs.local.geometry import Box, bounds, groups_of, middle, shared_width
from upstage_docs.local.pdf.lines import Line, rows_of
from upstage_docs.local.pdf.tables.line_rows import is_value, is_year
from upstage_docs.local.pdf.tables.sign_columns import is_sign
from upstage_docs.local.pdf.word_pieces import Pieces
from upstage_docs.local.pdf.words import Word

SAME_LINE = 0.4
"""Of the font size: what two baselines of one row differ by at most."""
_APART = 0.6
"""Font sizes of white between two texts, at least; the spaces of justified lines are inside one word of the library."""
_INSIDE = 0.8
"""The same inside one text item of the library, whose spaces are those of the font."""
_BESIDE_VALUE = 0.5
"""The same inside a text item between two numbers, whose columns may be narrow."""
_IN_GUTTER = 0.2
"""The same where other rows tell that a column ends."""
_OF_GUTTER = 0.45
"""Of the width of the stripe between these columns: a narrower space is one of a text that stands over both."""
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
_GOING_ON = 0.2
"""Share of the texts behind numbers that begin with a small letter, at most, where they are cells of a table."""
_BLOCK_PITCH = 3.2
"""Font sizes from a heading or the last line of a paragraph to the prose under or over it, at most."""
_ROW_PITCH = 2.9
"""Font sizes from a row to the next, at most: a blank line stands between groups of rows."""
_HEADER_LINES, _HEADER_PITCH = 3, 2.4
"""Lines of a header that stand over the columns of a region, and how many font sizes apart, at most."""
_MOST_LABELS, _SECTION, _SAME_END = 6, 1.3, 0.8
"""Lines of labels between two parts of a statement, at most; of the pitch of rows, how much further such a line is at
most; and font sizes by which the ends of the numbers of one column differ, at most, since brackets stand out."""
_LEAST_TEXTS = 4
"""Of a region of rows."""
_LEAST_ROWS = 2
"""Lines of a page with two texts side by side, at least: a page of one column of prose has none."""
_REACH = 60.0
"""Font sizes from a label to its first number, at most: statements fill the width of a page."""


@dataclass(slots=True, eq=False)
class Text:
    """Words of one line without a wide gap between them: one line of one cell.

    Attributes:
        numbers: Of its words.
        words: Themselves, from left to right.
        box: In points.
        baseline: The y it stands on.
        size: Font size.
        text: What it says.
    """

    numbers: tuple[int, ...]
    words: tuple[Word, ...] = field(repr=False)
    box: Box
    baseline: float
    size: float
    text: str


class LineTexts:
    """The texts of a page's lines; each is made and cut once, however many rules ask for it.

    Args:
        words: Of the page.
        pieces: Tells the words of a text item.
    """

    def __init__(self, words: Sequence[Word], pieces: Pieces) -> None:
        self._words = words
        self.pieces = pieces
        self._made: dict[tuple[int, ...], Text] = {}
        self._cut: dict[Text, list[Text]] = {}

    def of(self, numbers: Iterable[int]) -> list[Text]:
        """Join the words *numbers* to texts, which end at gaps wider than a space; by baseline, then from the left."""
        chosen = list(numbers)
        held = [self._words[i] for i in chosen]
        found = []
        for row in rows_of(held):
            last = held[row[0]]
            run, runs = [chosen[row[0]]], []
            for index in row[1:]:
                word = held[index]
                if word.box[0] - last.box[2] > _APART * min(last.size, word.size):
                    runs.append(run)
                    run = []
                run.append(chosen[index])
                last = word
            found += [self._text(tuple(run)) for run in (*runs, run)]
        return sorted(found, key=lambda text: (text.baseline, text.box[0]))

    def _text(self, numbers: tuple[int, ...]) -> Text:
        if (text := self._made.get(numbers)) is None:
            text = self._made[numbers] = _text(numbers, [self._words[i] for i in numbers])
        return text

    def split(self, text: Text) -> list[Text]:
        """Cut a text where a wide space stands inside its words: between two numbers, or wider than others."""
        if (kept := self._cut.get(text)) is None:
            kept = self._cut[text] = _split(text, self.pieces)
        return kept

    def split_over(self, text: Text, gutters: Sequence[tuple[float, float]]) -> list[Text]:
        """Cut a text likewise, and where one of its spaces lies in a gutter, the stripe between two columns."""
        return _split(text, self.pieces, gutters)


def _text(numbers: Sequence[int], words: Sequence[Word]) -> Text:
    if len(words) == 1:
        (word,) = words
        return Text(tuple(numbers), (word,), word.box, word.baseline, word.size, word.text)
    widest = max(words, key=lambda word: len(word.text) * word.size)
    line = Line(words)
    return Text(tuple(numbers), line.words, line.box, widest.baseline, widest.size, line.text)


def words_of_cells(row: Sequence[Sequence[Text | Line]]) -> list[list[Word]]:
    """Return the words of each cell of a row."""
    return [[word for text in cell for word in text.words] for cell in row]


def _split(text: Text, pieces: Pieces, cuts: Sequence[tuple[float, float]] = ()) -> list[Text]:
    """Cut a text where a wide space stands inside its words: between two numbers, or where a column ends.

    Args:
        text: The text.
        pieces: Tells the words of a text item.
        cuts: The stripes between columns, from where to where.
    """
    if not cuts and (" " not in text.text or not any(map(str.isdigit, text.text))):
        return [text]
    held = [(n, piece) for n, word in zip(text.numbers, text.words, strict=True) for piece in pieces(word)]
    runs = [[held[0]]]
    for entry in held[1:]:
        before, piece = runs[-1][-1][1], entry[1]
        left, right = before.box[2], piece.box[0]
        valued = is_value(before.text) and is_value(piece.text)
        signs = not any(map(str.isalnum, before.text)) or not any(map(str.isalnum, piece.text))
        same = before.size == piece.size and entry[0] == runs[-1][-1][0]
        least = _BESIDE_VALUE if valued and not signs else _INSIDE if same else _APART
        wide = right - left > _IN_GUTTER * piece.size
        between = wide and any(a < right and left < b and right - left > _OF_GUTTER * (b - a) for a, b in cuts)
        if between or right - left > least * piece.size:
            runs.append([])
        runs[-1].append(entry)
    if len(runs) == 1:
        numbers, words = zip(*held, strict=True)
        return [Text(numbers, words, bounds(word.box for word in words), text.baseline, text.size, text.text)]
    return [_text([n for n, _ in run], [piece for _, piece in run]) for run in runs]


def regions_of_rows(texts: Sequence[Text]) -> list[list[list[Text]]]:
    """Return the regions of a page in which texts stand in rows and columns, each as its rows from the top.

    Lines of prose belong to none, and part what stands on their two sides.

    Args:
        texts: Ordered by baseline, then from the left.
    """
    beside = _beside(texts)
    if len({round(texts[one].baseline) for one, _ in beside}) < _LEAST_ROWS:
        return []
    prose = _prose(texts, beside)
    walls = _prose_beside(texts, prose)
    joined = [(one, other) for one, other in beside if not walls(one, other)]
    joined = [(one, other) for one, other in [*joined, *_under(texts)] if not prose[one] and not prose[other]]
    groups = ([texts[one] for one in group if not prose[one]] for group in groups_of(len(texts), joined))
    regions = [group for group in groups if len(group) >= _LEAST_TEXTS]
    regions = _stacked(regions, texts)
    used = {id(text) for group in regions for text in group}
    free = [text for text, is_prose in zip(texts, prose, strict=True) if not is_prose and id(text) not in used]
    return [rows_of_texts([*_lines_above(group, free), *group]) for group in regions]


def _stacked(regions: Sequence[list[Text]], texts: Sequence[Text]) -> list[list[Text]]:
    """Join regions above each other whose numbers end at the same places, or that are a header and its numbers.

    Between them stand nothing but lines of labels, left of all numbers: names of sections, and long labels.

    Args:
        regions: Each ordered by baseline.
        texts: Of the page, ordered likewise.
    """
    bases = [text.baseline for text in texts]
    out: list[list[Text]] = []
    for region in sorted(regions, key=lambda region: region[0].baseline):
        above = next((other for other in reversed(out) if _is_over(other, region)), None)
        if above is not None:
            last, first = above[-1].baseline, region[0].baseline
            left = min(text.box[0] for text in (*above, *region))
            right = max(text.box[2] for text in (*above, *region))
            between = [
                text
                for text in texts[bisect_right(bases, last) : bisect_left(bases, first)]
                if text.box[0] < right and text.box[2] > left
            ]
            if _are_labels(between, [last, *(text.baseline for text in between), first], [*above, *region]):
                out[out.index(above)] = sorted([*above, *between, *region], key=lambda t: (t.baseline, t.box[0]))
                continue
        out.append(region)
    return out


def _is_over(upper: Sequence[Text], lower: Sequence[Text]) -> bool:
    """Say whether a region stands over another one whose first row of several texts is values in the same columns."""
    first = next((row for row in rows_of_texts(lower) if len(row) > 1), None)
    if upper[-1].baseline >= lower[0].baseline or first is None or not any(is_value(text.text) for text in first):
        return False
    values = [[text for text in region if is_value(text.text)] for region in (upper, lower)]
    if len(values[0]) > 1 and not all(is_year(text.text) for text in values[0]):
        ends = [_ends_of(held) for held in values]
        fewer, more = sorted(ends, key=len)
        reach = _SAME_END * lower[0].size
        return all(any(abs(end - other) < reach for other in more) for end in fewer)
    names = rows_of_texts(upper)[-1]
    ends = [text.box[2] for text in first if not is_sign(text.text)]
    columns = [(left, end + first[0].size) for left, end in zip([-math.inf, *ends], ends, strict=False)]
    held = [sum(left < middle(name.box)[0] < right for name in names) for left, right in columns]
    return len(names) > 1 and all(number == 1 for number in held[1:]) and held[0] < 2


def _ends_of(values: Sequence[Text]) -> list[float]:
    """Return where the columns of *values* end on the right."""
    found: list[float] = []
    for end, size in sorted((text.box[2], text.size) for text in values):
        if not found or end - found[-1] > _SAME_END * size:
            found.append(end)
    return found


def _are_labels(between: Sequence[Text], bases: Sequence[float], around: Sequence[Text]) -> bool:
    """Say whether texts between two regions are labels left of their numbers, none far from the next."""
    numbers = min(text.box[0] for text in around if is_value(text.text))
    left = min(text.box[0] for text in around)
    size = around[-1].size
    return (
        len(between) <= _MOST_LABELS
        and all(left - size < text.box[0] and text.box[2] < numbers for text in between)
        and all(below - above <= _ROW_PITCH * _SECTION * size for above, below in pairwise(bases))
    )


def _lines_above(region: Sequence[Text], free: Sequence[Text]) -> list[Text]:
    """Return the lines right above a region that stand over its columns, under which no text of it may stand."""
    left, _, right, _ = bounds(text.box for text in region)
    found: list[Text] = []
    top = region[0].baseline
    for _ in range(_HEADER_LINES):
        near = [text for text in free if 0 < top - text.baseline <= _HEADER_PITCH * text.size]
        near = [text for text in near if text.box[0] < right and text.box[2] > left]
        if not near:
            break
        base = max(text.baseline for text in near)
        row = [text for text in near if base - text.baseline <= SAME_LINE * text.size]
        if any(text.box[0] < left - text.size or text.box[2] > right + text.size for text in row):
            break
        found = [*row, *found]
        top = min(text.baseline for text in row)
    return sorted(found, key=lambda text: (text.baseline, text.box[0]))


def rows_of_texts(texts: Sequence[Text]) -> list[list[Text]]:
    """Gather texts, ordered by baseline, into rows, each from left to right."""
    rows: list[list[Text]] = []
    for text in texts:
        if rows and text.baseline - rows[-1][0].baseline <= SAME_LINE * text.size:
            rows[-1].append(text)
        else:
            rows.append([text])
    return [sorted(row, key=lambda text: text.box[0]) for row in rows]


def _beside(texts: Sequence[Text]) -> list[tuple[int, int]]:
    """Return the pairs of texts next to each other in a line."""
    bases = [text.baseline for text in texts]
    lefts = [text.box[0] for text in texts]
    pairs = []
    for number, text in enumerate(texts):
        near = range(
            bisect_left(bases, text.baseline - SAME_LINE * text.size),
            bisect_left(bases, text.baseline + SAME_LINE * text.size),
        )
        if len(near) > 1:
            behind = max(text.box[2] - 1, text.box[0] + 0.01)
            right = [n for n in near if lefts[n] >= behind]
            following = min(right, key=lefts.__getitem__, default=None)
            if following is not None and lefts[following] - text.box[2] < _REACH * text.size:
                pairs.append((number, following))
    return pairs


def _under(texts: Sequence[Text]) -> list[tuple[int, int]]:
    """Return the pairs of texts of which one is the next under the other."""
    bases = [text.baseline for text in texts]
    lefts, rights = [text.box[0] for text in texts], [text.box[2] for text in texts]
    pairs = []
    for number, text in enumerate(texts):
        left, _, right, _ = text.box
        start = bisect_left(bases, text.baseline + SAME_LINE * text.size)
        end = bisect_left(bases, text.baseline + _ROW_PITCH * text.size)
        last = math.inf
        for n in range(start, end):
            if bases[n] > last:
                break
            if lefts[n] < right and left < rights[n]:
                pairs.append((number, n))
                last = min(last, bases[n] + SAME_LINE * text.size)
    return pairs


def _prose_beside(texts: Sequence[Text], prose: Sequence[bool]) -> Callable[[int, int], bool]:
    """Return what says of two texts side by side whether one stands right above or below a line of prose.

    That line ends before the other text: the two stand in different columns of the page.
    """
    lines = [text for text, is_prose in zip(texts, prose, strict=True) if is_prose]
    bases = [line.baseline for line in lines]

    def walls(one: int, other: int) -> bool:
        left, right = texts[one], texts[other]
        reach = _BLOCK_PITCH * left.size
        near = lines[bisect_left(bases, left.baseline - reach) : bisect_left(bases, left.baseline + reach)]
        return any(
            (shared_width(line.box, left.box) > 0 and line.box[2] <= right.box[0])
            or (shared_width(line.box, right.box) > 0 and line.box[0] >= left.box[2])
            for line in near
        )

    return walls


def _prose(texts: Sequence[Text], pairs: Sequence[tuple[int, int]]) -> list[bool]:
    """Say for each text whether it is in a line of prose; *pairs* are the texts next to each other."""
    runs = _runs(texts, pairs)
    whole = [_joined([texts[n] for n in run]) for run in runs]
    tabular = _in_columns(texts, runs)
    worded = [0 if apart else _letters_in_words(text) for text, apart in zip(whole, tabular, strict=True)]
    pairs = _beside(whole) if len(whole) < len(texts) else pairs
    before_value = {one for one, other in pairs if is_value(whole[other].text) or is_sign(whole[other].text)}
    named = before_value | _in_rows(whole, pairs)
    found = [letters >= _PROSE and number not in named for number, letters in enumerate(worded)]
    under = [
        (above, below)
        for above, below in _under(whole)
        if whole[below].baseline - whole[above].baseline < _LINE_PITCH * whole[above].size
    ]
    flush = [
        (above, below)
        for above, below in under
        if all(abs(whole[above].box[end] - whole[below].box[end]) < _FLUSH * whole[above].size for end in (0, 2))
        and min(len(whole[n].text) for n in (above, below)) >= _PROSE_IN_COLUMNS
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


def _in_rows(texts: Sequence[Text], pairs: Sequence[tuple[int, int]]) -> set[int]:
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
    for above, below in _under(texts):
        one, other = texts[above], texts[below]
        if (
            above in ends
            and other.baseline - one.baseline < _LINE_PITCH * one.size
            and abs(one.box[0] - other.box[0]) < _FLUSH * one.size
            and other.box[2] < ends[above]
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


def _joined(texts: Sequence[Text]) -> Text:
    numbers = [n for text in texts for n in text.numbers]
    return _text(numbers, [word for text in texts for word in text.words]) if len(texts) > 1 else texts[0]
