"""Builds tables from texts that are aligned in columns over several rows; no ruled lines are needed."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from upstage_docs.local.geometry import Box, bounds, middle, shared_width
from upstage_docs.local.pdf.lines import Line
from upstage_docs.local.pdf.tables.aligned_rows import Row, are_values, join_lines
from upstage_docs.local.pdf.tables.aligned_texts import (
    LineTexts,
    Text,
    rows_of_texts,
)
from upstage_docs.local.pdf.tables.headers import WHOLE, header_cells, lay_header
from upstage_docs.local.pdf.tables.library_tables import Table
from upstage_docs.local.pdf.tables.line_rows import is_value, is_year
from upstage_docs.local.pdf.tables.named_values import are_named, has_keys
from upstage_docs.local.pdf.tables.sign_columns import is_sign
from upstage_docs.local.pdf.tables.text_columns import Column, columns_of
from upstage_docs.local.pdf.tables.text_regions import TITLE, regions_of_rows

_MOST_TEXTS = 5_000
"""Of a page; one with more is no page of text."""
_LINED_UP = 0.75
"""Share of the cells of a column that begin, end or stand in the middle at one x, at least."""
_NEAR = 0.45
"""Font sizes that the edges of texts in one column differ by at most."""
_LEAST_ROWS = 3
_LEAST_COLUMNS = 4
"""Columns of a table of fewer rows, at least: names over a line of numbers behind its label."""
_LEAST_WORD_COLUMNS = 3
"""Columns of a table without numbers, at least: two are a letter's address beside its date."""
_LOWER = 0.35
"""Share of the cells of a table without numbers, or of long labels, that begin with a small letter, at most."""
_LONG_LABEL = 45
"""Letters: labels of numbers that are longer on average may be lines of text."""
_FILLED = 0.55
"""Share of the cells that have text, at least."""
_HEADER_PITCH = 2.2
"""Font sizes from a line of a header to the next, at most."""
_VALUED_ROWS = 0.7
"""Share of the rows of a table with numbers, at least, below which rows of few texts are notes."""
_NEXT_LINE = 1.35
"""Font sizes from a line of a cell to the next, at most, where only their distance tells that they are one text."""
_NEARER = 0.95
"""Of the pitch of rows: a line of the name of a column is nearer to the one above it."""
_BETWEEN_TABLES = 1.5
"""Font sizes between the rules of two tables side by side, at least; those under names of columns are nearer."""
_MOST_HEADER, _VALUES_IN_HEADER = 4, 0.25
"""Lines above the rule that ends a header, at most, and the share of values among their texts."""
# Measured on eighty benchmark pages: a fifth more or less changes the blocks of none.
_OVER_COLUMN = 0.25
"""Font sizes that a text stands over a column, at least, if it is in it."""
_LINED_COLUMNS = 0.7
"""Share of the columns behind the first that are lined up, at least, in a table with numbers."""
_LEADER = re.compile(r"(?:\s?[.·…_]){4,}\s*$")
"""Dots that lead from a label to its numbers."""


def aligned_tables(lines: LineTexts, taken: Sequence[bool], rules: Sequence[Box]) -> list[Table]:
    """Return the tables of a page that are found by how its texts line up.

    Args:
        lines: Tells the texts of the page's words.
        taken: For each word whether something else has it.
        rules: Horizontal rules, in points.
    """
    texts = lines.of(i for i, used in enumerate(taken) if not used)
    if len(texts) > _MOST_TEXTS:
        return []
    regions = [part for rows in regions_of_rows(texts) for part in _side_by_side(rows, rules)]
    tables = [_table(rows, rules, lines, _LEAST_WORD_COLUMNS) for rows in regions]
    return [table for table in tables if table is not None]


def _side_by_side(rows: list[list[Text]], rules: Sequence[Box]) -> list[list[list[Text]]]:
    """Return the rows of two tables side by side: rules in one line part them, and each has labels and numbers.

    Rules under the levels of a header leave the labels at the left out, and those above and below a table reach over
    both parts.
    """
    if len(rows) < _LEAST_ROWS:
        return [rows]
    box = bounds(text.box for row in rows for text in row)
    size = median(text.size for row in rows for text in row)
    level: defaultdict[int, list[Box]] = defaultdict(list)
    for rule in sorted(rules):
        if box[1] - size < rule[1] < box[3] and shared_width(rule, box) > 0:
            level[round(rule[1])].append(rule)
    lines = [line for line in level.values() if line[0][0] < box[0] + size]
    for left, right in (pair for line in lines for pair in pairwise(line)):
        if right[0] - left[2] < _BETWEEN_TABLES * size:
            continue
        x = (left[2] + right[0]) / 2
        parts = [[[text for text in row if (text.box[0] < x) == first] for row in rows] for first in (True, False)]
        parted = [[row for row in part if row] for part in parts]
        boxes = [text.box for row in rows for text in row] + [rule for other in level.values() for rule in other]
        crossed = any(one[0] < x < one[2] for one in boxes)
        if not crossed and all(map(_has_labels, parted)):
            return parted
    return [rows]


def _has_labels(rows: Sequence[Sequence[Text]]) -> bool:
    """Say whether most rows are a label and numbers behind it."""
    labelled = (not is_value(row[0].text) and any(is_value(text.text) for text in row[1:]) for row in rows)
    return len(rows) >= _LEAST_ROWS and 2 * sum(labelled) > len(rows)


def aligned_between(lines: LineTexts, inside: Iterable[int], rules: Sequence[Box]) -> Table | None:
    """Return the table that the words *inside* ruled lines form by how they line up, None if they form none.

    Args:
        lines: Tells the texts of the page's words.
        inside: The numbers of the words between the first and the last rule.
        rules: Horizontal rules, those under some columns too.
    """
    return _table(rows_of_texts(lines.of(inside)), rules, lines, 2, closed=True)


def _table(
    rows: list[list[Text]], rules: Sequence[Box], lines: LineTexts, least: int, *, closed: bool = False
) -> Table | None:
    """Return the table that a region of rows is, None if it is none.

    *least* columns has one without numbers; a *closed* one ends at a rule, so that its last lines are no note.
    """
    titles, rows = _trimmed(rows, lines, closed=closed)
    if len(rows) < 2:
        return None
    columns = columns_of(rows, lines.pieces)
    if len(columns) < (2 if len(rows) >= _LEAST_ROWS else _LEAST_COLUMNS):
        return None
    rows = [*_over_columns(titles, rows[0], columns, rules), *rows]
    rows, placed = placed_in(rows, columns, lines)
    first = next((r for r, row in enumerate(rows) if _is_of_values(row, placed[r])), None)
    head, above = _header_height(rows, placed, first), _lines_above_rule(rows, rules)
    if above <= _MOST_HEADER:
        while head > above > 0 and len(rows[head - 1]) == 1 and placed[head - 1][0][0] == 0:
            head -= 1  # the name of a part, below the rule that ends the header
        head = max(head, above)
    elif first is None:
        head = 0  # what the rule ends is a row of many lines
    if has_keys(rows, placed) or (len(columns) == 2 and not above and are_named(rows, placed)):
        head, least = 0, 2
    width = len(columns)
    body = join_lines(
        [cells_of(row, places, width) for row, places in zip(rows[head:], placed[head:], strict=True)], rules
    )
    if not _is_table(rows, placed, columns, body, least):
        return None
    return built_table(rows[:head], placed[:head], columns, body, rules)


def _trimmed(rows: list[list[Text]], lines: LineTexts, *, closed: bool) -> tuple[list[list[Text]], list[list[Text]]]:
    """Return the lines with one text above the first row of several, and the rows from there to the last of several.

    What stands below is a note; in a *closed* table it is the rest of its last row. A text of several numbers is
    several.
    """
    parted = [[piece for text in row for piece in lines.split(text)] for row in rows]
    several = [
        r
        for r, row in enumerate(rows)
        if len(row) > 1 or (len(parted[r]) > 1 and 2 * sum(is_value(t.text) for t in parted[r]) >= len(parted[r]))
    ]
    if not several:
        return [], []
    end = _end_of_values(several, parted) if not closed else len(rows)
    left = min(text.box[0] for row in rows for text in row)
    while end < len(rows) and rows[end][0].box[0] > left + rows[end][0].size:  # not below the labels
        if not closed and rows[end][0].baseline - rows[end - 1][0].baseline > _NEXT_LINE * rows[end][0].size:
            break
        end += 1
    return rows[: several[0]], parted[several[0] : end]


def _end_of_values(several: Sequence[int], rows: Sequence[Sequence[Text]]) -> int:
    """Return the number of the row behind the last of *several*, or of numbers, if those below are sources or notes.

    These have no numbers and few texts, which stand in no column, below rows that have numbers.
    """
    valued = [r for r in several if any(is_value(text.text) for text in rows[r])]
    if not valued:
        return several[-1] + 1
    upper = [r for r in several if r <= valued[-1]]
    below = [r for r in several if r > valued[-1]]
    usual = median(len(rows[r]) for r in upper)
    cells = [text for r in upper for text in rows[r][1:]]
    notes = len(valued) > _VALUED_ROWS * len(upper) and all(
        2 * len(rows[r]) <= usual and not any(_is_flush(text, cells) for text in rows[r][1:]) for r in below
    )
    return (valued if notes else several)[-1] + 1


def _is_flush(text: Text, cells: Sequence[Text]) -> bool:
    """Say whether a text begins or ends where one of *cells* does."""
    reach = _NEAR * text.size
    return any(abs(text.box[end] - cell.box[end]) < reach for cell in cells for end in (0, 2))


def _over_columns(
    titles: Sequence[list[Text]], below: Sequence[Text], columns: Sequence[Column], rules: Sequence[Box]
) -> list[list[Text]]:
    """Return those of the lines above a table that stand over columns behind its first, right above its header.

    What stands above the first rule that runs from the labels on is no part of the table.
    """
    across = (rule[1] for rule in rules if rule[0] < sum(columns[0]) / 2 and rule[2] > columns[-1].left)
    top = min((y for y in across if titles and titles[0][0].box[1] - titles[0][0].size < y), default=0.0)
    kept: list[list[Text]] = []
    last = below[0].baseline
    for row in reversed(titles):
        (text,) = row
        reach = text.size
        inside = columns[1].left - reach <= text.box[0] and text.box[2] <= columns[-1].right + reach
        if not kept and below[0].box[2] < columns[1].left and _is_first_line(text, below[0]):
            inside = text.box[2] < columns[1].left
        ends = text.text[0].islower() or text.text.endswith(".")  # the last line of a caption
        title = text.size > TITLE * below[0].size or (text.text[0] == "(" and text.text[-1] == ")")  # or its unit
        if (
            not inside
            or ends
            or title
            or text.baseline < top < last
            or last - text.baseline > _HEADER_PITCH * text.size
        ):
            break
        kept.insert(0, row)
        last = text.baseline
    return kept


def _is_first_line(line: Text, name: Text) -> bool:
    """Say whether the *name* of the first column has another line right above it."""
    near = 0 < name.baseline - line.baseline < _NEXT_LINE * line.size
    return near and abs(line.box[0] - name.box[0]) < _NEAR * line.size and line.words[0].bold == name.words[0].bold


def _covered(text: Text, columns: Sequence[Column]) -> tuple[int, int]:
    """Return the first and the last column that a text stands in."""
    x0, _, x1, _ = text.box
    shared = [min(x1, right) - max(x0, left) for left, right in columns]
    least = _OVER_COLUMN * text.size
    over = [n for n, wide in enumerate(shared) if wide > least]
    if over:
        return over[0], over[-1]
    nearest = max(range(len(columns)), key=lambda n: shared[n])
    return nearest, nearest


def placed_in(
    rows: Sequence[Sequence[Text]], columns: Sequence[Column], lines: LineTexts
) -> tuple[list[list[Text]], list[list[tuple[int, int]]]]:
    """Return *rows* and for each text the first and the last column that it stands in.

    A text that stands over several columns is cut where a space lies between two of them, or into a name for each.
    """
    gutters = [(left.right, right.left) for left, right in pairwise(columns)]
    cut: list[list[Text]] = []
    placed: list[list[tuple[int, int]]] = []
    for row in rows:
        texts: list[Text] = []
        places: list[tuple[int, int]] = []
        for text in row:
            first, last = _covered(text, columns)
            if first == last:
                texts.append(text)
                places.append((first, last))
            else:
                found = lines.split_words(text)
                if not _are_names(found, columns[first : last + 1]):
                    found = lines.split_over(text, gutters[first:last])
                texts += found
                places += [_covered(piece, columns) for piece in found]
        signed = any(is_sign(sign.text) and is_value(number.text) for sign, number in pairwise(texts))
        if len(texts) == len(columns) > len(set(places)) and not signed:
            # Each has its own, however near it is to the next.
            places = [(n, n) for n in range(len(columns))]
        cut.append(texts)
        placed.append(places)
    return cut, placed


def _are_names(words: Sequence[Text], columns: Sequence[Column]) -> bool:
    """Say whether *words* are names of columns that leave no more than a space between them: one lines up with each."""
    return len(words) == len(columns) and all(
        min(abs(word.box[0] - left), abs(middle(word.box)[0] - (left + right) / 2), abs(word.box[2] - right))
        < _NEAR * word.size
        for word, (left, right) in zip(words, columns, strict=True)
    )


def _is_of_values(row: Sequence[Text], places: Sequence[tuple[int, int]]) -> bool:
    """Say whether a row is one of values: a number stands behind its first column that is no year."""
    return any(
        is_value(text.text) and not is_year(text.text) for text, (first, _) in zip(row, places, strict=True) if first
    )


def _is_table(
    rows: Sequence[Sequence[Text]],
    placed: Sequence[Sequence[tuple[int, int]]],
    columns: Sequence[Column],
    body: Sequence[Row],
    least: int,
) -> bool:
    """Say whether rows and columns are those of a table: filled, lined up, of numbers or of many short texts."""
    cells: list[list[Text]] = [[] for _ in columns]
    for row, places in zip(rows, placed, strict=True):
        for text, (first, last) in zip(row, places, strict=True):
            if first == last and not is_sign(text.text):
                cells[first].append(text)
    if len(rows) < _LEAST_ROWS:
        numbers = [[text for text in cell if not is_sign(text.text)] for row in body for cell in row[1:]]
        valued = len(body) == 1 and all(map(are_values, numbers))
        return valued and bool(body[0][0]) and all(len(column) == 2 for column in cells[1:])
    several = [row for row in body if sum(map(bool, row)) > 1]
    filled = sum(bool(cell) for row in several for cell in row)
    if len(several) < _LEAST_ROWS - 1 or filled < _FILLED * len(several) * len(columns):
        return False
    if any(len(column) < 2 for column in cells):
        return False
    # Names of columns are no numbers, and may stand in the middle; labels of a statement are indented by their depth.
    held = [[text for row in body for text in row[c] if not is_sign(text.text)] for c in range(1, len(columns))]
    if any(are_values(column) for column in held if column):
        labels = [" ".join(text.text for text in row[0]) for row in body if row[0]]
        if sum(map(len, labels)) > _LONG_LABEL * len(labels) and _are_pieces(label[0] for label in labels):
            return False  # lines of text beside the numbers of a list in the other column
        lined = sum(_lines_up(column) for column in held if column)
        return lined >= _LINED_COLUMNS * (len(columns) - 1)
    if least > 2 and any("@" in text.text for row in rows for text in row):
        return False  # authors side by side
    if _are_pieces(cell[0].text[0] for row in body for cell in row if cell):
        return False
    left = sum(_share_at(column, 0) >= _LINED_UP for column in cells)
    return len(columns) >= least and left >= len(columns) - 1


def _are_pieces(begin: Iterable[str]) -> bool:
    """Say whether texts are pieces of lines, by the letters that they begin with."""
    lower = [letter.islower() for letter in begin]
    return sum(lower) > _LOWER * len(lower)


def _lines_up(column: Sequence[Text]) -> bool:
    return max(_share_at(column, end) for end in (0, 1, 2)) >= _LINED_UP


def _share_at(column: Sequence[Text], end: int) -> float:
    """Return the share of a column's texts that begin (0), stand in the middle (1) or end (2) at its usual x."""
    xs = sorted((text.box[0], middle(text.box)[0], text.box[2])[end] for text in column)
    reach = _NEAR * median(text.size for text in column)
    return max(bisect_right(xs, x + reach) - bisect_left(xs, x - reach) for x in xs) / len(xs)


def _header_height(
    rows: Sequence[Sequence[Text]], placed: Sequence[Sequence[tuple[int, int]]], first: int | None
) -> int:
    """Return how many rows stand above the first of values, those that are labels of sections left out.

    A line below the name of the first column goes on with it where it begins small or is nearer than rows are.
    """
    if first is None:
        return 1
    top = first
    while top > 0 and len(rows[top - 1]) == 1 and placed[top - 1][0] == (0, 0):
        top -= 1
    if top in (first, 0) or placed[top - 1][0] != (0, 0):
        return top
    pitch = median([below[0].baseline - above[0].baseline for above, below in pairwise(rows[first:])] or [math.inf])
    for number in range(top, first):
        above, line = rows[number - 1][0], rows[number][0]
        apart = line.baseline - above.baseline
        goes_on = line.text[0].islower() or line.text[0] == "("
        if not goes_on and apart >= min(_NEXT_LINE * above.size, _NEARER * pitch):
            return number
    return first


def _lines_above_rule(rows: Sequence[Sequence[Text]], rules: Sequence[Box]) -> int:
    """Return how many lines stand above the first rule through all columns, 0 if these are no header.

    Few of its cells are values, such as the thresholds that a measure is told for.
    """
    box = bounds(text.box for row in rows for text in row)
    first = min(
        (r[1] for r in rules if box[1] < r[1] < box[3] and shared_width(r, box) > WHOLE * (box[2] - box[0])),
        default=box[1],
    )
    upper = [row for row in rows if row[0].baseline < first]
    texts = [text.text for row in upper for text in row]
    values = sum(map(is_value, texts))
    return len(upper) if values <= _VALUES_IN_HEADER * len(texts) else 0


def built_table(
    upper: Sequence[Sequence[Text]],
    placed: Sequence[Sequence[tuple[int, int]]],
    columns: Sequence[Column],
    body: Sequence[Row],
    rules: Sequence[Box],
) -> Table:
    """Return the table of a *body* and the lines of its header, *upper*, that stand in the columns *placed*."""
    width = len(columns)
    everything = [text for row in upper for text in row] + [text for row in body for cell in row for text in cell]
    box = bounds(text.box for text in everything)
    texts: list[list[str]] = []
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    names: list[Row] = []
    if len(upper) > 1 and all(last := cells_of(upper[-1], placed[-1], width)):
        # A row with a name for every column, that of the labels too, is one of its own.
        upper, placed = _lines_of_names(last, upper[:-1], placed[:-1])
        names = [last]
    if len(upper) > 1 or (upper and names) or any(first != last for places in placed for first, last in places):
        lines = [Line(text.words) for row in upper for text in row]
        short = [r for r in rules if box[1] < r[1] < box[3] and r[2] - r[0] < WHOLE * (box[2] - box[0])]
        cells, count = header_cells(lines, columns, short, named=bool(names))
        texts, spans = lay_header(cells, count, width)
    elif upper:
        texts = [_said(cells_of(upper[0], placed[0], width))]
        spans = {(0, c): (1, 1) for c in range(width)}
    head = len(texts) + len(names)
    for r, row in enumerate([*names, *body], len(texts)):
        texts.append(_said(row))
        spans.update({(r, c): (1, 1) for c in range(width)})
    return Table(
        box,
        texts,
        [(column.left + column.right) / 2 for column in columns],
        head,
        frozenset(n for text in everything for n in text.numbers),
        spans=spans,
    )


def _lines_of_names(
    names: Row, upper: Sequence[Sequence[Text]], placed: Sequence[Sequence[tuple[int, int]]]
) -> tuple[list[list[Text]], list[list[tuple[int, int]]]]:
    """Move the texts right above the *names* of columns, which are their first lines, to these; return the others."""
    rows, places = [], []
    for row, columns in zip(reversed(upper), reversed(placed), strict=True):
        kept = []
        for text, (first, last) in zip(row, columns, strict=True):
            below = names[first][0]
            if first == last and 0 < below.baseline - text.baseline < _NEXT_LINE * text.size:
                names[first].insert(0, text)
            else:
                kept.append((text, (first, last)))
        if kept:
            rows.append([text for text, _ in kept])
            places.append([place for _, place in kept])
    return rows[::-1], places[::-1]


def cells_of(row: Sequence[Text], places: Sequence[tuple[int, int]], width: int) -> Row:
    """Return the cells of a row of *width* columns, whose texts begin in the columns *places*."""
    cells: Row = [[] for _ in range(width)]
    for text, (first, _) in zip(row, places, strict=True):
        cells[first].append(text)
    return cells


def _said(row: Row) -> list[str]:
    return [_LEADER.sub("", " ".join(text.text for text in cell)) for cell in row]
