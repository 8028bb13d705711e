"""Makes rows of cells of liteparse's tables, completed by the words and ruled lines on the page."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, zip_longest
from statistics import median
from typing import Any

from upstage_docs.local.blocks import Cell
from upstage_docs.local.geometry import Box, area, bounds, box_of, holds_middle, middle, shared_width
from upstage_docs.local.pdf.lines import Line, lines_of, rows_of
from upstage_docs.local.pdf.right_to_left import has_right_to_left
from upstage_docs.local.pdf.tables.headers import WHOLE
from upstage_docs.local.pdf.tables.line_rows import UNLABELLED, right_edges, rows_of_bands, rules_part_rows
from upstage_docs.local.pdf.tables.sign_columns import columns_with_signs, with_brackets_closed
from upstage_docs.local.pdf.words import Word

# Measured on eighty benchmark pages: a fifth more or less changes the blocks of one for _ACROSS, else of none.
_TITLE, _TITLE_LINE = 1.15, 1.2
"""Of the usual size in a table: the largest text, at least, if there may be a title, and each line of it."""
_ONE_LINE = 0.5
"""Font sizes between two baselines of one line, at most."""
_TITLED_ROWS = 3
"""Of a table above which a title may stand, at least."""
_WHITE = 0.4
"""Heights of a line by which the white between two rows exceeds that between lines, at least."""
_AT_RULE, _ACROSS = 1.5, 0.5
"""Points between a row and its rule, at most, and the share of the table that the rule crosses, at least."""
_ONE_LEVEL = 0.2
"""Font sizes between baselines of one line of a cell, at most."""
_HEADER_LINE, _HEADER_PITCH = 0.5, 1.4
"""Font sizes that a line stands above another one, at least, and the pitch of the lines of one header cell, at most."""
_NAMES_APART = 0.7
"""Font sizes between the names of two columns, at least."""
_LEAST_BELOW = 2
"""Rows of a table below a line of its caption, more than."""
_SAME_END, _LEAST_RULES = 3.0, 2
"""Points by which the ends of rules between the rows of a table differ, at most, and how many are inside the table, at
least."""
_MOST_REST, _PITCH = 4, 1.3
"""Lines that the last row of a table has below those that the library tells, at most, and font sizes of each."""
_CAPTION_SPACE = 0.6
"""Font sizes between the words of such a line, at most; the texts of two columns are further apart."""


class _Row:
    """Cells of one row, the numbers of their words, and from where to where the row reaches down the page."""

    __slots__ = ("bottom", "cells", "top", "words")

    def __init__(self, cells: list[str], top: float, bottom: float, words: list[list[int]]) -> None:
        self.cells = cells
        self.words = words
        self.top = top
        self.bottom = bottom


@dataclass(slots=True, eq=False)
class Table:
    """A table of a page: its box, its rows of texts, and what its cells span.

    Attributes:
        box: In points.
        rows: Text by row and column; every row has the same width.
        header_rows: How many of the first rows are headings of columns, 0 where the library knows none.
        words: The numbers of the words in it.
        spans: Row and column of each cell → how many rows and columns it covers; None where every cell covers one.
        gridded: Whether rules part its rows and its columns.
    """

    box: Box
    rows: list[list[str]]
    columns: list[float]
    header_rows: int
    words: frozenset[int]
    spans: dict[tuple[int, int], tuple[int, int]] | None = field(default=None, kw_only=True)
    gridded: bool = field(default=False, kw_only=True)

    @property
    def filled(self) -> float:
        """Share of its cells that hold text."""
        cells = [cell for row in self.rows for cell in row]
        return sum(map(bool, cells)) / max(len(cells), 1)

    @property
    def cells(self) -> tuple[tuple[Cell, ...], ...]:
        """Its rows of cells in reading order; positions that a spanning cell covers are left out, as in HTML."""
        spans, step = self.spans, -1 if self._is_from_right else 1
        return tuple(
            tuple(
                Cell(with_brackets_closed(text), *(spans[r, c] if spans else ()))
                for c, text in list(enumerate(row))[::step]
                if spans is None or (r, c) in spans
            )
            for r, row in enumerate(self.rows)
        )

    @property
    def _is_from_right(self) -> bool:
        """Say whether most cells with letters are written from right to left: their first column is the last one."""
        worded = [cell for row in self.rows for cell in row if any(map(str.isalpha, cell))]
        return 2 * sum(map(has_right_to_left, worded)) > len(worded)

    def nearest_column(self, x: float) -> int:
        """Return the number of the column whose middle is nearest to *x*."""
        return min(range(len(self.columns)), key=lambda c: abs(self.columns[c] - x))

    def _names_of_columns(self, words: Sequence[Word]) -> list[Box]:
        """Return the boxes of the texts of a line with one for each column, none if there is no such line.

        A name at the left of a wide column may be nearer to the middle of another one.
        """
        for row in rows_of(words):
            texts = names_in([words[i] for i in row])
            if len(texts) == len(self.columns):
                return texts
        return []

    def with_header(self, words: Sequence[Word], numbers: Iterable[int]) -> Table:
        """Return the table with one or two header rows, made of the words *numbers* above it.

        The lower row is that of the baseline at which most columns have words; what stands over it in a column is the
        upper row, or, at the pitch of one text, part of the lower.
        """
        found = sorted(numbers, key=lambda i: (round(words[i].baseline), words[i].box[0]))
        columns: list[list[Word]] = [[] for _ in self.columns]
        names = self._names_of_columns([words[i] for i in found])
        for index in found:
            box = words[index].box
            if names:
                home = max(range(len(names)), key=lambda c: shared_width(names[c], box))
            else:
                home = self.nearest_column(middle(box)[0])
            columns[home].append(words[index])
        shared = Counter(round(word.baseline) for column in columns for word in column)
        base = max(shared, key=lambda baseline: (shared[baseline], baseline))
        upper, lower = [""] * len(columns), [""] * len(columns)
        for c, column in enumerate(columns):
            over = [word for word in column if word.baseline < base - _HEADER_LINE * word.size]
            under = column[len(over) :]
            if over and under and under[0].baseline - over[-1].baseline < _HEADER_PITCH * under[0].size:
                over, under = [], column
            upper[c], lower[c] = cell_text(over), cell_text(under)
        header = [row for row in (upper, lower) if any(row)]
        spans = None
        if self.spans is not None:
            spans = {(r, c): (1, 1) for r in range(len(header)) for c in range(len(columns))}
            spans |= {(r + len(header), c): span for (r, c), span in self.spans.items()}
        return replace(
            self,
            box=bounds([self.box, *(words[i].box for i in found)]),
            rows=header + self.rows,
            header_rows=self.header_rows + len(header),
            words=self.words | set(found),
            spans=spans,
        )


def names_in(row: Sequence[Word]) -> list[Box]:
    """Return the boxes of column names: the words of a line, divided where they are far apart."""
    names = [row[0].box]
    for one, after in pairwise(row):
        if after.box[0] - one.box[2] < _NAMES_APART * one.size:
            names[-1] = bounds([names[-1], after.box])
        else:
            names.append(after.box)
    return names


def table_of(block: Any, words: Sequence[Word], taken: Sequence[bool], rules: Sequence[Box]) -> Table | None:
    """Return the table of a library *block*; None if it has no text of its own.

    Text is taken from the words in each cell's box where they agree with the library's text, else from that text. Words
    that the library left out go to the nearest cell. Rows are joined where the table is ruled between its rows, but not
    between these.

    Args:
        block: A liteparse block of kind `table`.
        words: All words of the page.
        taken: For each word whether something else has it.
        rules: Horizontal rules of the page, in points.
    """
    head = block.header
    given = [*([head] if head else []), *(block.rows or [])]
    box = _to_last_rule(box_of(block.bbox), given, words, rules)
    inside = [i for i, word in enumerate(words) if not taken[i] and holds_middle(box, word.box, reach=1)]
    width = max((len(row) for row in given), default=0)
    if not inside or not width:
        return None
    rows, places, used = _read(given, width, words, inside)
    missing = _missing(given, words, [i for i in inside if i not in used], used)
    for index in missing:
        if places:
            _, r, c = min(places, key=lambda place: _distance(place[0], words[index].box))
            rows[r].cells[c] = f"{rows[r].cells[c]} {words[index].text}".strip()
    rows, kept = _without_title(rows, words, inside)
    rows, kept = _without_caption(rows, words, kept)
    rows, places = _with_signs(rows, places)
    width = len(rows[0].cells)
    merged = _unfolded(_joined(rows, rules, box), words, 1 if head else 0)
    columns = [
        _column_middle([place for place, _, c in places if c == column], box, column, width) for column in range(width)
    ]
    header = 1 if head and len(merged) > 1 else 0
    held = [i for i in inside if i in kept]
    return Table(bounds(words[i].box for i in held), [row.cells for row in merged], columns, header, frozenset(held))


def _to_last_rule(box: Box, given: Sequence[Sequence[Any]], words: Sequence[Word], rules: Sequence[Box]) -> Box:
    """Return the box of a table, extended to the rule that ends it: the last lines of one cell may stand above that.

    Rules of the same length part the rows of the table.
    """
    ends: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
    for rule in rules:
        if shared_width(rule, box) > WHOLE * (box[2] - box[0]):
            ends[round(rule[0] / _SAME_END), round(rule[2] / _SAME_END)].append(rule[1])
    heights = max(ends.values(), key=lambda ys: sum(box[1] <= y <= box[3] for y in ys), default=[])
    last = min((y for y in heights if y > box[3]), default=None)
    if last is None or sum(box[1] <= y <= box[3] for y in heights) < _LEAST_RULES:
        return box
    below = [word for word in words if holds_middle((box[0] - 1, box[3], box[2] + 1, last), word.box)]
    columns = [
        [cell.bbox for cell in column if cell is not None and cell.bbox is not None] for column in zip_longest(*given)
    ]
    gutters = [
        (max(one.x + one.width for one in left) + min(other.x for other in right)) / 2
        for left, right in pairwise(columns)
        if left and right
    ]
    if not below or any(word.box[0] < x < word.box[2] for word in below for x in gutters):
        return box
    near = last - box[3] < (_MOST_REST + 1) * _PITCH * median(word.size for word in below)
    return (*box[:3], last) if near else box


def _read(
    given: Sequence[Sequence[Any]], width: int, words: Sequence[Word], inside: Sequence[int]
) -> tuple[list[_Row], list[tuple[Box, int, int]], set[int]]:
    rows: list[_Row] = []
    places: list[tuple[Box, int, int]] = []
    used: set[int] = set()
    middles = [(i, *middle(words[i].box)) for i in inside]
    for r, cells in enumerate(given):
        texts = [""] * width
        own: list[list[int]] = [[] for _ in range(width)]
        tops, bottoms = [], []
        for c, cell in enumerate(cells):
            texts[c] = cell.text.strip()
            rect = cell.bbox
            if rect is None:
                continue
            place = box_of(rect)
            places.append((place, r, c))
            tops.append(place[1])
            bottoms.append(place[3])
            left, top, right, bottom = place[0] - 1, place[1] - 1, place[2] + 1, place[3] + 1
            held = [i for i, x, y in middles if left <= x <= right and top <= y <= bottom and i not in used]
            text = cell_text([words[i] for i in held])
            if text == texts[c] or _letters(text) == _letters(texts[c]):
                texts[c], own[c] = text, held
                used.update(held)
        last = rows[-1].bottom if rows else 0.0
        rows.append(_Row(texts, min(tops, default=last), max(bottoms, default=last), own))
    tops = [*(row.top for row in rows[1:]), math.inf]
    across = {column: bounds(place for place, _, c in places if c == column) for column in {c for _, _, c in places}}
    for _, r, c in places:  # of some cells of several lines, the box is that of one
        row = rows[r]
        if row.cells[c] and not row.words[c]:
            band = across[c][0], row.top - 1, across[c][2], tops[r] - 1
            held = [i for i in inside if i not in used and holds_middle(band, words[i].box, reach=1)]
            text = cell_text([words[i] for i in held])
            if held and _letters(text) == _letters(row.cells[c]):
                row.cells[c], row.words[c] = text, held
                used.update(held)
    return rows, places, used


def _missing(given: Sequence[Sequence[Any]], words: Sequence[Word], rest: Sequence[int], used: set[int]) -> list[int]:
    """Return those of the *rest* of the words whose letters the library's text does not have."""
    if not rest:
        return []
    have = Counter("".join(_letters(cell.text) for row in given for cell in row))
    have.subtract(Counter("".join(_letters(words[i].text) for i in used)))
    missing = []
    for index in rest:
        need = Counter(_letters(words[index].text))
        if any(have[letter] < number for letter, number in need.items()):
            missing.append(index)
        else:
            have.subtract(need)
    return missing


def _without_title(rows: list[_Row], words: Sequence[Word], inside: Sequence[int]) -> tuple[list[_Row], set[int]]:
    """Leave out lines above a table that the library took into its first row: larger than the table's text."""
    sizes: Counter[float] = Counter()
    for index in inside:
        sizes[round(words[index].size, 1)] += len(words[index].text)
    usual = max(sizes, key=lambda size: (sizes[size], size))
    if max(sizes) < _TITLE * usual:
        return rows, set(inside)
    lines = lines_of([words[i] for i in inside], [-1] * len(inside))
    titles: list[Line] = []
    for line, below in pairwise(lines):
        if line.size < _TITLE_LINE * usual or below.baseline - line.baseline < _ONE_LINE * line.size:
            break
        titles.append(line)
    if not titles or len(rows) < _TITLED_ROWS:
        return rows, set(inside)
    title = {id(word) for line in titles for word in line.words}
    kept = {i for i in inside if id(words[i]) not in title}
    wrong = [line.text for line in titles]
    first = rows[0]
    if _letters("".join(first.cells)) == _letters("".join(wrong)):  # spread over several cells
        return rows[1:], kept
    for c, text in enumerate(first.cells):
        cleaned = text
        for part in [" ".join(wrong), *wrong]:
            cleaned = cleaned.replace(part, "")
        first.cells[c] = " ".join(cleaned.split())
    return ([first, *rows[1:]] if any(first.cells) else rows[1:]), kept


def _without_caption(rows: list[_Row], words: Sequence[Word], kept: set[int]) -> tuple[list[_Row], set[int]]:
    """Leave out lines above a table that the library cut into its first rows, of its caption or of a paragraph.

    The words of such a line are no further apart than spaces, and stand in the white between two columns.
    """
    while len(rows) > _LEAST_BELOW and len(filled := [c for c, cell in enumerate(rows[0].cells) if cell]) > 1:
        below = [[words[i] for row in rows[1:] for i in row.words[c]] for c in filled[:2]]
        first = [i for i in kept if middle(words[i].box)[1] < rows[1].top]
        line = sorted((words[i] for i in first), key=lambda word: word.box[0])
        if not all(below) or not line:
            break
        left, right = max(word.box[2] for word in below[0]), min(word.box[0] for word in below[1])
        apart = any(b.box[0] - a.box[2] > _CAPTION_SPACE * a.size for a, b in pairwise(line))
        if apart or not any(word.box[0] < right and word.box[2] > left for word in line):
            break
        kept = kept.difference(first)
        rows = rows[1:]
    return rows, kept


def _with_signs(rows: list[_Row], places: list[tuple[Box, int, int]]) -> tuple[list[_Row], list[tuple[Box, int, int]]]:
    """Join the columns of a table that hold the signs of numbers beside them to those of the numbers."""
    runs = columns_with_signs([list(filter(None, column)) for column in zip(*(row.cells for row in rows), strict=True)])
    if len(runs) == len(rows[0].cells):
        return rows, places
    home = {c: number for number, (first, last) in enumerate(runs) for c in range(first, last + 1)}
    for row in rows:
        row.cells = [" ".join(filter(None, row.cells[first : last + 1])) for first, last in runs]
        row.words = [[i for own in row.words[first : last + 1] for i in own] for first, last in runs]
    return rows, [(place, r, home[c]) for place, r, c in places]


def _joined(rows: list[_Row], rules: Sequence[Box], box: Box) -> list[_Row]:
    """Join the lines of one row: those without a rule between them, in a table that has rules between most rows.

    Where the first column of many is empty and no rules are drawn, white space tells rows from lines.
    """
    ruled = [_is_ruled(above.bottom, below.top, rules, box) for above, below in pairwise(rows)]
    several = sum(ruled) < 2 and sum(not row.cells[0] for row in rows) >= UNLABELLED * len(rows) > 1
    if several:
        ruled = _parted(rows)
    elif not rules_part_rows(ruled) or all(ruled):
        return rows
    merged = [rows[0]]
    for row, apart in zip(rows[1:], ruled, strict=True):
        last = merged[-1]
        # Where every second row is shaded, a full row is no rest of the one above.
        if apart or (all(row.cells) and not several):
            merged.append(row)
            continue
        cells = [f"{upper} {lower}".strip() for upper, lower in zip(last.cells, row.cells, strict=True)]
        own = [upper + lower for upper, lower in zip(last.words, row.words, strict=True)]
        merged[-1] = _Row(cells, last.top, row.bottom, own)
    return merged


def _unfolded(rows: Sequence[_Row], words: Sequence[Word], header: int) -> list[_Row]:
    """Part the rows behind the header whose lines are rows of their own."""
    cells = [[[words[i] for i in own] for own in row.words] for row in rows]
    known = [
        r
        for r, row in enumerate(rows)
        if r >= header and all(bool(own) == bool(text) for own, text in zip(row.words, row.cells, strict=True))
    ]
    found = rows_of_bands([cells[r] for r in known], right_edges(cells), headed=known[:1] == [0])
    parted = dict(zip(known, found, strict=True))
    out: list[_Row] = []
    for r, row in enumerate(rows):
        lines = parted.get(r)
        if lines is None:
            out.append(row)
        else:
            out += [_Row([cell_text(cell) for cell in line], row.top, row.bottom, row.words) for line in lines]
    return out


def _parted(rows: Sequence[_Row]) -> list[bool]:
    """Say where rows begin if their cells have several lines: more white runs there than between lines."""
    gaps, end = [], rows[0].bottom
    for row in rows[1:]:
        gaps.append(row.top - end)
        end = max(end, row.bottom)
    usual = sorted(gaps)[len(gaps) // 4]  # below zero where the boxes of fonts are taller than lines are apart
    height = median(row.bottom - row.top for row in rows)
    return [gap > usual + _WHITE * height for gap in gaps]


def _is_ruled(above: float, below: float, rules: Sequence[Box], box: Box) -> bool:
    low, high = min(above, below) - _AT_RULE, max(above, below) + _AT_RULE
    spans = sorted((max(r[0], box[0]), min(r[2], box[2])) for r in rules if low <= r[1] <= high)
    covered, end = 0.0, box[0]
    for start, stop in spans:
        covered += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return covered > _ACROSS * (box[2] - box[0])


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def cell_text(words: Sequence[Word]) -> str:
    """Return the text of *words* that stand in one cell, its lines joined by spaces."""
    if len(words) < 2:
        return words[0].text if words else ""
    bases = [word.baseline for word in words]
    if max(bases) - min(bases) < _ONE_LEVEL * words[0].size:
        return Line(sorted(words, key=lambda word: word.box[0])).text
    lines = lines_of(words, [-1] * len(words))
    return " ".join(line.text for line in sorted(lines, key=lambda line: (round(line.baseline), line.box[0])))


def _column_middle(places: Sequence[Box], box: Box, column: int, width: int) -> float:
    if not places:
        return box[0] + (column + 0.5) * (box[2] - box[0]) / width
    return sum(middle(place)[0] for place in places) / len(places)


def _distance(cell: Box, word: Box) -> tuple[float, float]:
    """Return how far the middle of *word* is from *cell*, then how large the cell is: the tightest cell wins."""
    x, y = middle(word)
    across = max(cell[0] - x, 0.0, x - cell[2])
    down = max(cell[1] - y, 0.0, y - cell[3])
    return across + down, area(cell)
