"""Adds to tables the rows that stand right above and below their grid, and header words that are in no cell yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from upstage_docs.local.geometry import bounds, holds_middle, middle
from upstage_docs.local.pdf.lines import rows_of
from upstage_docs.local.pdf.tables.library_tables import Table, cell_text
from upstage_docs.local.pdf.tables.line_rows import is_value
from upstage_docs.local.pdf.words import Word

_ABOVE = 2.6
"""Font sizes from the first line of a grid up to the last line of a header without a rule above it, at most."""
_LINE_PITCH = 1.6
"""Font sizes from one line of such a header to the next, at most."""
_MOST_LINES = 3
_HEADER_TEXT = 40
"""Letters of a text in such a header, at most."""
_OVERHANG = 2.5
"""Font sizes that the name of the first or the last column reaches beyond the cells below it, at most."""
_APART = 0.7
"""Font sizes between the texts of two columns, at least."""
_LEAST_ROWS, _NEXT_ROW, _ONE_SIZE = 3, 1.3, 0.1
"""Rows of a grid that goes on below what is drawn of it, at least; pitches of its rows to the next one, and the share
by which font sizes differ, at most."""
_FIRST_LINES = 2.0
"""Font sizes below the first line of a table within which a lone word is one of its header."""


def with_header_words(tables: Sequence[Table], words: Sequence[Word], taken: Sequence[bool]) -> list[Table]:
    """Return *tables*; one without a header, or whose header looks like its rows, gets header lines above it.

    Such lines are heavy, or in a colour of their own, and each text stands over one column. A word that stands beside
    the texts of a header, and is in no table, goes to the header's empty cell of its column.
    """
    used = {i for table in tables for i in table.words}
    free = [i for i, gone in enumerate(taken) if not gone and i not in used]
    if not free:
        return list(tables)
    whole = [_with_words_above(_with_words_inside(table, words, free), words, free) for table in tables]
    return [_with_rows_below(table, words, free) for table in _under_headers(whole)]


def _under_headers(tables: Sequence[Table]) -> list[Table]:
    """Join each table without a header to the grid right above it that has names over its columns and nothing else.

    The header of a table may be framed, where the rows below it have rules between them alone.
    """
    kept = list(tables)
    for head in [table for table in tables if table.gridded and len(table.rows) <= _MOST_LINES]:
        body = next((table for table in kept if table is not head and _stands_over(head, table)), None)
        if (
            body is None
            or head not in kept
            or any(is_value(cell) and not cell.isdecimal() for row in head.rows for cell in row if cell)
        ):
            continue
        height = len(head.rows)
        below = {(r + height, c): span for (r, c), span in _spans_of(body).items()}
        kept[kept.index(body)] = replace(
            body,
            box=bounds([head.box, body.box]),
            rows=[*head.rows, *body.rows],
            header_rows=height,
            words=head.words | body.words,
            spans=_spans_of(head) | below,
        )
        kept.remove(head)
    return kept


def _stands_over(head: Table, body: Table) -> bool:
    """Say whether a grid stands right above a table without a header that has the same columns."""
    if body.header_rows or len(head.columns) != len(body.columns) or len(body.rows) < 2:
        return False
    row = (head.box[3] - head.box[1]) / len(head.rows)
    level = -0.5 * row < body.box[1] - head.box[3] < row
    return level and all(head.nearest_column(x) == c for c, x in enumerate(body.columns))


def _spans_of(table: Table) -> dict[tuple[int, int], tuple[int, int]]:
    if table.spans is not None:
        return table.spans
    return {(r, c): (1, 1) for r, row in enumerate(table.rows) for c in range(len(row))}


def _with_words_inside(table: Table, words: Sequence[Word], free: Sequence[int]) -> Table:
    own = [words[i] for i in table.words]
    if not table.header_rows or not own:
        return table
    end = min(word.baseline for word in own) + _FIRST_LINES * median(word.size for word in own)
    found = [i for i in free if words[i].baseline < end and holds_middle(table.box, words[i].box)]
    if not found:
        return table
    rows = [list(row) for row in table.rows]
    put = []
    for index in found:
        column = _nearest(table, words[index])
        if not rows[0][column] and (table.spans is None or (0, column) in table.spans):
            rows[0][column] = words[index].text
            put.append(index)
    return replace(table, rows=rows, words=table.words | set(put)) if put else table


def _with_words_above(table: Table, words: Sequence[Word], free: Sequence[int]) -> Table:
    if len(table.columns) < 2 or not table.words:
        return table
    own = [words[i] for i in table.words]
    size, top = median(word.size for word in own), min(word.baseline for word in own)
    x0, _, x1, _ = table.box
    above = [
        i
        for i in free
        if x0 - size < middle(words[i].box)[0] < x1 + size
        and top - (_ABOVE + _MOST_LINES * _LINE_PITCH) * size < words[i].baseline < top - 0.5 * size
    ]
    if not above:
        return table
    colours = Counter(word.colour for word in own)
    usual = colours.most_common(1)[0][0]
    heavy = sum(word.bold for word in own) > 0.5 * len(own)
    if table.header_rows and (heavy or any(w.bold or w.colour != usual for w in own if w.baseline < top + size)):
        return table  # its own header is one
    held: list[int] = []
    last, reach = top, _ABOVE
    for row in sorted(rows_of([words[i] for i in above]), key=lambda row: -words[above[row[0]]].baseline):
        line = [above[n] for n in row]
        baseline = words[line[0]].baseline
        marked = all((words[i].bold and not heavy) or words[i].colour != usual for i in line)
        if last - baseline > reach * size or not marked or not _fits(table, [words[i] for i in line], size):
            break
        held += line
        last, reach = baseline, _LINE_PITCH
    columns = {_nearest(table, words[i]) for i in held}
    if len(columns) < max(2, (len(table.columns) + 1) // 2):
        return table
    return replace(table, header_rows=0).with_header(words, held)


def _with_rows_below(table: Table, words: Sequence[Word], free: Sequence[int]) -> Table:
    """Return a table with the lines that go on right below it at its pitch, each text under one column.

    Where every second row is shaded, nothing is drawn around the last one. Below a table that is no grid, these are
    lines of values, such as its total.
    """
    if len(table.rows) < _LEAST_ROWS or len(table.columns) < 2 or not table.words:
        return table
    x0, y0, x1, y1 = table.box
    own = [words[i] for i in table.words]
    size = median(word.size for word in own)
    pitch = max((y1 - y0) / len(table.rows), size)
    below = [i for i in free if y1 - 2 < middle(words[i].box)[1] and x0 - size < middle(words[i].box)[0] < x1 + size]
    rows, held, last = list(table.rows), set(table.words), max(word.baseline for word in own)
    for row in sorted(rows_of([words[i] for i in below]), key=lambda row: words[below[row[0]]].baseline):
        line = sorted((below[n] for n in row), key=lambda i: words[i].box[0])
        told = [words[i] for i in line]
        columns = [_nearest(table, word) for word in told]
        if not table.gridded and sum(is_value(word.text) for word in told) < 2:
            break
        near = told[0].baseline - last < _NEXT_ROW * pitch
        alike = all(abs(word.size - size) < _ONE_SIZE * size for word in told)
        if not (near and alike and _fits(table, told, size) and len(set(columns)) >= max(2, len(table.columns) // 2)):
            break
        rows.append(
            [cell_text([w for w, at in zip(told, columns, strict=True) if at == c]) for c in range(len(rows[0]))]
        )
        held.update(line)
        last = told[0].baseline
    if len(held) == len(table.words):
        return table
    spans = table.spans
    if spans is not None:
        added = range(len(table.rows), len(rows))
        spans = spans | {(r, c): (1, 1) for r in added for c in range(len(rows[0]))}
    box = bounds([table.box, *(words[i].box for i in held)])
    return replace(table, box=box, rows=rows, words=frozenset(held), spans=spans)


def _nearest(table: Table, word: Word) -> int:
    return table.nearest_column(middle(word.box)[0])


def _fits(table: Table, line: Sequence[Word], size: float) -> bool:
    """Say whether each text of a line is short and stands over one column of a table alone."""
    if any(_nearest(table, a) != _nearest(table, b) and b.box[0] - a.box[2] < _APART * size for a, b in pairwise(line)):
        return False  # words of one title
    beyond = _OVERHANG * size
    edges = [table.box[0] - beyond, *((a + b) / 2 for a, b in pairwise(table.columns)), table.box[2] + beyond]
    for word in line:
        column = _nearest(table, word)
        # The middles of columns tell roughly where these end: a label's column is wider than its numbers'.
        left, right = edges[max(column - 1, 0)], edges[min(column + 2, len(edges) - 1)]
        over = sum(word.box[0] < x < word.box[2] for x in table.columns)
        if len(word.text) > _HEADER_TEXT or over > 1 or not left <= word.box[0] <= word.box[2] <= right:
            return False
    return True
