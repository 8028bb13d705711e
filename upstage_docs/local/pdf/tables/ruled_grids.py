"""Builds tables whose cells all have ruled lines around them; where a line is missing, a cell spans others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

from upstage_docs.local.geometry import Box, groups_of, middle
from upstage_docs.local.pdf.tables.library_tables import Table, cell_text
from upstage_docs.local.pdf.tables.line_rows import rows_of_bands
from upstage_docs.local.pdf.tables.sign_columns import columns_with_signs, is_sign
from upstage_docs.local.pdf.words import Word

_NEAR = 3.0
"""Points: rules that are nearer are one, as the two edges of a thick one are."""
_MOST_RULES = 3_000
_MOST_CELLS = 20_000
_FILLED = 0.35
"""Share of the cells that have text, at least: the grid of a chart has nearly none."""


# Measured on eighty benchmark pages: a fifth more or less changes the blocks of none.
_WITHIN = 0.3
"""Font sizes above its baseline: where a word is taken to be in its row, as letters reach over a rule below them."""
_GAP = 0.8
"""Font sizes between words of one line that stand in two cells, at least."""
_WALL = 0.6
"""Share of the side of a cell that rules cover: more, and it is a wall."""
_LEAST_ROW = 6.0
"""Points: less between two rules is the padding of a row."""
_SLIM_COLUMN, _SLIM_ROW = 0.8, 0.7
"""Of the font size: no text stands in a column or a row that is slimmer. Word pads its cells by 5.4 points."""
_SPACER = 2.5
"""Font sizes: an empty column beside columns of signs that is narrower is the space between two columns."""
_ACROSS = 0.6
"""Of the rows with text, at most so many are one cell from side to side."""


def lattice_tables(
    words: Sequence[Word], taken: Sequence[bool], rules: Sequence[Box], sides: Sequence[Box]
) -> list[Table]:
    """Return the tables of a page whose rows and columns are ruled off.

    Args:
        words: Of the page.
        taken: For each word whether something else has it.
        rules: Horizontal rules, in points.
        sides: Vertical rules.
    """
    if not rules or not sides or len(rules) + len(sides) > _MOST_RULES:
        return []
    found = (_table(words, taken, *group) for group in _groups(rules, sides))
    return [table for table in found if table is not None]


def _groups(rules: Sequence[Box], sides: Sequence[Box]) -> list[tuple[list[Box], list[Box]]]:
    """Gather the ruled lines that meet each other."""
    meeting: list[tuple[int, int]] = []
    by_x = sorted((side[0], number) for number, side in enumerate(sides))
    for across, rule in enumerate(rules):
        first, end = bisect_left(by_x, (rule[0] - _NEAR, -1)), bisect_left(by_x, (rule[2] + _NEAR, len(sides)))
        for _, number in by_x[first:end]:
            if sides[number][1] - _NEAR <= rule[1] <= sides[number][3] + _NEAR:
                meeting.append((across, len(rules) + number))
    groups: list[tuple[list[Box], list[Box]]] = []
    for numbers in groups_of(len(rules) + len(sides), meeting):
        split = bisect_left(numbers, len(rules))
        groups.append(([rules[one] for one in numbers[:split]], [sides[one - len(rules)] for one in numbers[split:]]))
    return _stacked([group for group in groups if len(group[0]) > 1 and group[1]])


def _stacked(groups: Sequence[tuple[list[Box], list[Box]]]) -> list[tuple[list[Box], list[Box]]]:
    """Join groups of the same columns a row apart: where every second row is shaded, only those have edges."""
    out: list[tuple[list[Box], list[Box]]] = []
    for rules, sides in sorted(groups, key=lambda group: min(rule[1] for rule in group[0])):
        if out:
            above, last = out[-1]
            ys = _levels([rule[1] for rule in above])
            gap = min(rule[1] for rule in rules) - ys[-1]
            xs, others = (_levels([side[0] for side in one]) for one in (sides, last))
            alike = len(xs) == len(others) and all(abs(a - b) < _NEAR for a, b in zip(xs, others, strict=True))
            tall = [below - top for top, below in pairwise(ys) if below - top > _LEAST_ROW]
            if alike and tall and gap < 2 * median(tall):
                out[-1] = above + rules, last + sides
                continue
        out.append((rules, sides))
    return out


def _table(words: Sequence[Word], taken: Sequence[bool], rules: Sequence[Box], sides: Sequence[Box]) -> Table | None:
    """Return the table that ruled lines make, None if they make none."""
    xs = _levels([side[0] for side in sides] + [min(r[0] for r in rules), max(r[2] for r in rules)])
    ys = _levels([rule[1] for rule in rules])
    sizes = [word.size for word in words if xs[0] < word.box[0] < xs[-1] and ys[0] < word.baseline < ys[-1]]
    if not sizes:
        return None
    xs = _without_slim(xs, sides, 0, _SLIM_COLUMN * median(sizes))
    ys = _without_slim(ys, rules, 1, _SLIM_ROW * median(sizes))
    ys = _with_ends(ys, [side for side in sides if xs[0] + _NEAR < side[0] < xs[-1] - _NEAR], words, xs)
    height, width = len(ys) - 1, len(xs) - 1
    if height < 2 or width < 1 or height * width > _MOST_CELLS:
        return None
    held = _held(words, taken, xs, ys)
    if len(joined := _without_sign_columns(xs, held, words)) < len(xs):
        xs, width = joined, len(joined) - 1
        held = _held(words, taken, xs, ys)
    if len(held) < 3 or (width == 1 and len(held) < height):
        return None
    upright = [[side for side in sides if abs(side[0] - x) <= _NEAR] for x in xs]
    level = [[rule for rule in rules if abs(rule[1] - y) <= _NEAR] for y in ys]
    right = [[_is_wall(upright[c + 1], 0, ys[r], ys[r + 1]) for c in range(width)] for r in range(height)]
    below = [[_is_wall(level[r + 1], 1, xs[c], xs[c + 1]) for c in range(width)] for r in range(height)]
    _wall_where_text_parts(right, below, held, words)
    spans = _spans(right, below, height, width)
    rows = [[""] * width for _ in range(height)]
    lines: defaultdict[int, list[int]] = defaultdict(list)
    for (r, c), (tall, wide) in spans.items():
        inside = [words[i] for y in range(r, r + tall) for x in range(c, c + wide) for i in held[y, x]]
        rows[r][c] = cell_text(inside)
        if inside and tall == 1:
            lines[r].append(len({round(word.baseline / word.size) for word in inside}))
    filled = sum(bool(rows[r][c]) for r, c in spans)
    if width == 1:
        framed = all(_is_wall(upright[side], 0, ys[0], ys[-1]) for side in (0, 1))
        if not framed or len(spans) < height:
            return None
        used = frozenset(index for cell in held.values() for index in cell)
        return Table((xs[0], ys[0], xs[-1], ys[-1]), rows, [sum(xs) / 2], 0, used, spans=spans, gridded=True)
    across = sum(spans.get((r, 0), (1, 1))[1] == width for r in range(height) if any(rows[r]))
    lone = sum(sum(map(bool, row)) < 2 for row in rows)
    if across > _ACROSS * sum(any(row) for row in rows) or (lone > _ACROSS * height and len(spans) < height * width):
        return None  # shaded lines of text
    unruled = any(len(counts) > 1 and min(counts) == max(counts) > 2 for counts in lines.values())
    rows, parted = _unfolded(rows, spans, held, words, xs)
    if (unruled and parted is spans) or filled < max(2, _FILLED * len(spans)) or len(spans) < 3:
        return None
    spans = parted
    middles = [(left + after) / 2 for left, after in pairwise(xs)]
    used = frozenset(index for cell in held.values() for index in cell)
    return Table((xs[0], ys[0], xs[-1], ys[-1]), rows, middles, 0, used, spans=spans, gridded=True)


def _held(
    words: Sequence[Word], taken: Sequence[bool], xs: Sequence[float], ys: Sequence[float]
) -> defaultdict[tuple[int, int], list[int]]:
    """Return the numbers of the free words by the row and the column that they stand in."""
    held: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for index, word in enumerate(words):
        column = _between(xs, middle(word.box)[0])
        row = _between(ys, word.baseline - _WITHIN * word.size)
        if not taken[index] and column is not None and row is not None:
            held[row, column].append(index)
    return held


def _without_sign_columns(
    xs: Sequence[float], held: Mapping[tuple[int, int], Sequence[int]], words: Sequence[Word]
) -> list[float]:
    """Return where columns begin and end, without the edges of those that hold the signs of numbers beside them.

    Where there are such columns, narrow ones without a text are the space between them.
    """
    texts: list[list[str]] = [[] for _ in xs[1:]]
    for (_, c), inside in sorted(held.items()):
        texts[c] += [words[i].text for i in inside]
    if not any(column and all(map(is_sign, column)) for column in texts):
        return list(xs)
    size = median(words[i].size for inside in held.values() for i in inside)
    blank = [
        not column and end - start < _SPACER * size for column, (start, end) in zip(texts, pairwise(xs), strict=True)
    ]
    return [xs[first] for first, _ in columns_with_signs(texts, blank)] + [xs[-1]]


def _unfolded(
    rows: list[list[str]],
    spans: dict[tuple[int, int], tuple[int, int]],
    held: dict[tuple[int, int], list[int]],
    words: Sequence[Word],
    xs: Sequence[float],
) -> tuple[list[list[str]], dict[tuple[int, int], tuple[int, int]]]:
    """Part the rows without a span whose lines are rows of their own; columns run between *xs*."""
    width = len(xs) - 1
    cells = [[[words[i] for i in held.get((r, c), ())] for c in range(width)] for r in range(len(rows))]
    begin = [min((word.box[0] for row in cells for word in row[c]), default=xs[c]) for c in range(width)]
    rights = [end - max(0.0, first - left) for left, end, first in zip(xs, xs[1:], begin, strict=False)]
    whole = [r for r in range(len(rows)) if all(spans.get((r, c)) == (1, 1) for c in range(width))]
    parted = dict(zip(whole, rows_of_bands([cells[r] for r in whole], rights), strict=True))
    out: list[list[str]] = []
    new_spans: dict[tuple[int, int], tuple[int, int]] = {}
    for r, row in enumerate(rows):
        new_spans.update({(len(out), c): spans[r, c] for c in range(width) if (r, c) in spans})
        lines = parted.get(r)
        if lines is None:
            out.append(row)
            continue
        new_spans.update({(len(out) + n, c): (1, 1) for n in range(len(lines)) for c in range(width)})
        out += [[cell_text(cell) for cell in line] for line in lines]
    return (out, new_spans) if len(out) > len(rows) else (rows, spans)


def _wall_where_text_parts(
    right: list[list[bool]],
    below: list[list[bool]],
    held: dict[tuple[int, int], list[int]],
    words: Sequence[Word],
) -> None:
    """Put walls where texts part that no rule divides: of rows shaded in turn, only every second one has edges.

    A row without any wall is given all, one with some only those that its texts need: the others are spans.
    """
    height, width = len(right), len(right[0])
    for r in range(height):
        inner = range(width - 1)
        held_in = [c for c in range(width) if held.get((r, c))]
        parted = [
            before
            for before, after in pairwise(held_in)
            if not any(right[r][before:after]) and _part_in_line(held[r, before], held[r, after], words)
        ]
        bare = not any(right[r][c] for c in inner)
        for c in inner if bare and parted else parted:
            right[r][c] = True
    for r in range(height - 1):
        parted = [c for c in range(width) if not below[r][c] and held.get((r, c)) and held.get((r + 1, c))]
        if len(parted) > 1 or (parted and width == 2):
            below[r] = [True] * width


def _part_in_line(left: Sequence[int], after: Sequence[int], words: Sequence[Word]) -> bool:
    """Say whether words of two cells stand in one line, a gap apart."""
    return any(
        abs(words[a].baseline - words[b].baseline) < 0.5 * words[a].size
        and words[b].box[0] - words[a].box[2] > _GAP * words[a].size
        for a in left
        for b in after
    )


def _levels(values: Sequence[float]) -> list[float]:
    """Return *values* in order, those that are near each other once."""
    levels: list[float] = []
    for value in sorted(values):
        if not levels or value - levels[-1] > _NEAR:
            levels.append(value)
    return levels


def _without_slim(levels: list[float], edges: Sequence[Box], axis: int, least: float) -> list[float]:
    """Leave out, of two levels nearer to each other than *least*, the one that less of the edges lies on.

    Between them no text has room: they are the edges of a cell and those of the shade behind its text.
    """
    along = 1 - axis
    length = {level: sum(e[along + 2] - e[along] for e in edges if abs(e[axis] - level) <= _NEAR) for level in levels}
    kept: list[float] = []
    for level in levels:
        if not kept or level - kept[-1] >= least:
            kept.append(level)
        elif length[level] > length[kept[-1]] and len(kept) > 1:
            kept[-1] = level
    if len(kept) > 1 and kept[-1] != levels[-1]:
        kept[-1] = levels[-1]
    return kept


def _with_ends(ys: Sequence[float], sides: Sequence[Box], words: Sequence[Word], xs: Sequence[float]) -> list[float]:
    """Return where rows begin and end: also where rules between columns begin inside a row, under names of several.

    Text stands above and below, and no piece of the same rule goes on above.
    """
    found = list(ys)
    sides = sorted(sides)
    lefts = [side[0] for side in sides]
    bases: dict[int, list[float]] = {}  # of the text in a row
    for x, y, _, _ in sides:
        row = _between(ys, y)
        if row is None or min(y - ys[row], ys[row + 1] - y) < _LEAST_ROW:
            continue
        near = sides[bisect_left(lefts, x - _NEAR) : bisect_right(lefts, x + _NEAR)]
        if any(other[1] < y - 1 and other[3] > y - _NEAR for other in near):
            continue
        if row not in bases:
            inside = (word.baseline - _WITHIN * word.size for word in words if xs[0] < word.box[0] < xs[-1])
            bases[row] = [base for base in inside if ys[row] < base < ys[row + 1]]
        if bases[row] and min(bases[row]) < y < max(bases[row]):
            found.append(y)
    return _levels(found) if len(found) > len(ys) else found


def _between(levels: Sequence[float], value: float) -> int | None:
    number = bisect_right(levels, value) - 1
    return number if 0 <= number < len(levels) - 1 else None


def _is_wall(rules: Sequence[Box], axis: int, start: float, end: float) -> bool:
    """Say whether rules at one x (axis 0) or one y (axis 1) cover most of the way from *start* to *end*."""
    along = 1 - axis
    if any(rule[along] <= start + 1 and rule[along + 2] >= end - 1 for rule in rules):
        return True
    pieces = sorted((max(rule[along], start), min(rule[along + 2], end)) for rule in rules)
    covered, last = 0.0, start
    for begin, stop in pieces:
        covered += max(0.0, stop - max(begin, last))
        last = max(last, stop)
    return covered > _WALL * (end - start)


def _spans(
    right: Sequence[Sequence[bool]], below: Sequence[Sequence[bool]], height: int, width: int
) -> dict[tuple[int, int], tuple[int, int]]:
    """Return how many rows and columns each cell covers: it ends at the first wall to the right and below."""
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    covered: set[tuple[int, int]] = set()
    for r in range(height):
        for c in range(width):
            if (r, c) in covered:
                continue
            wide = 1
            while c + wide < width and not right[r][c + wide - 1] and (r, c + wide) not in covered:
                wide += 1
            tall = 1
            while r + tall < height and not any(below[r + tall - 1][x] for x in range(c, c + wide)):
                if any(right[r + tall][x] for x in range(c, c + wide - 1)):
                    break
                tall += 1
            spans[r, c] = tall, wide
            covered.update((y, x) for y in range(r, r + tall) for x in range(c, c + wide))
    return spans
