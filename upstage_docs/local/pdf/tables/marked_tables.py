"""Builds tables of texts that marks set off: a shaded header, a rule below the names of columns, or rules beside them.

No column needs numbers, and no cell needs rules around it: a mark says that a table is here, and white stripes from
top to bottom say where its columns are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from upstage_docs.local.blocks import is_list_item
from upstage_docs.local.geometry import Box, bounds, middle, shared_width
from upstage_docs.local.pdf.tables.aligned_rows import Row, join_lines
from upstage_docs.local.pdf.tables.aligned_tables import built_table, cells_of, placed_in
from upstage_docs.local.pdf.tables.aligned_texts import LineTexts, Text, joined_text, rows_of_texts, words_of_cells
from upstage_docs.local.pdf.tables.library_tables import Table
from upstage_docs.local.pdf.tables.line_rows import is_rest, is_value, right_edges
from upstage_docs.local.pdf.tables.rules import rules_of_one_width, whole_rules
from upstage_docs.local.pdf.tables.text_columns import Column, merged_columns
from upstage_docs.local.pdf.vector_paths import Path
from upstage_docs.local.pdf.words import Word

# Measured on 200 tables of technical manuals, each set in one of ten styles, and on eighty benchmark pages.
_STRIPE = 0.5
"""Font sizes of white between two columns, at least."""
_WIDEST_STRIPE = 8.0
"""Font sizes of white between two columns without names above them, at most: with more, they are columns of a page."""
_LINE = 1.4
"""Font sizes from a line of a cell to the next, at most."""
_SAME_PITCH = 1.06
"""Of the pitch of the lines in a cell: lines that are further apart are of two rows."""
_ROW_PITCH = 2.9
"""Font sizes from a row to the next, at most."""
_NEAR_MARK = 2.2
"""Font sizes from the names of columns to the mark that sets them off, and from there to the first row, at most."""
_BEYOND = 3.0
"""Points by which a text may stand out of its table."""
_LONGEST_NAME = 60
"""Letters of the name of a column, at most."""
_BAND = (0.9, 4.5)
"""Font sizes that the shade of a header is tall."""
_WIDEST_SHADE = 0.98
"""Of the width of a page: a wider shade is its ground."""
_NARROWEST = 60.0
"""Points that the mark of a header is wide, at least."""
_BESIDE = 0.5
"""Share of the rows with text in two columns, at least."""
_TOUCHING = 1.5
"""Points between the pieces of one shade, or of one vertical rule, at most."""
_LONGEST_CELL, _PROSE = 400, 34
"""Letters of a cell, and of a usual one of the column with the shortest: with more, they are columns of a page."""
_LEAST_ROWS, _FILLED = 3, 0.5
"""Rows of a table, its header counted, and the share of its cells below that that have text, at least."""
_LEAST_NAMES, _LONGEST_LABEL, _LONGER, _NUMBERED = 4, 40, 1.3, 0.3
"""Names without a mark: at least so many, of so many letters at most; how much longer what they name is altogether,
at least; and the share of them that are numbers or begin an item of a list, at most."""
_AT_LEFT = 0.2
"""Font sizes from where a column begins to a word that begins there, at most, and of the space before it, at least."""
_FLUSH, _FLUSH_SHARE, _PAIRED = 0.3, 0.9, 0.8
"""Font sizes by which texts of one column begin at other places; the share of those that begin at one, and of the names
that have what they name beside them, at least."""
_VALUES = 0.3
"""Share of the cells of a table that are numbers: more, and it is none of texts."""
_AFTER = 1.3
"""Of the usual distance of lines: a lone line in the first column that is further below is no row of the table."""
_MOST_TEXTS, _MOST_MARKS = 3_000, 100
"""Of a page."""
_MOST_RULES = 20
"""Of one width: where each row of a table has one, they are the rows' own. And widths of a page's rules, at most."""


def marked_tables(
    page_width: float,
    taken: Sequence[bool],
    rules: Sequence[Box],
    sides: Sequence[Box],
    paths: Sequence[Path],
    lines: LineTexts,
) -> list[Table]:
    """Return the tables of a page that marks set off and whose columns white stripes part.

    Args:
        page_width: In points.
        taken: For each word whether something else has it.
        rules: Horizontal rules, in points.
        sides: Vertical ones.
        paths: What is drawn on the page.
        lines: Tells the texts of the page's words.
    """
    texts = lines.of(i for i, used in enumerate(taken) if not used)
    if len(texts) > _MOST_TEXTS:
        return []
    marked = [
        *_sided(texts, rules, sides, lines),
        *_between(texts, rules),
        *_headed(texts, page_width, rules, paths, lines),
        *_named(texts, lines),
    ]
    found = (_of_texts(head, body, columns, rules, lines) for head, body, columns in marked)
    tables: list[Table] = []
    used: set[int] = set()
    for table in sorted(filter(None, found), key=lambda table: -len(table.words)):
        if not table.words & used:
            tables.append(table)
            used |= table.words
    return tables


def with_marked(tables: Sequence[Table], marked: Sequence[Table]) -> list[Table]:
    """Add the tables that marks set off; each takes the place of those of texts that have only a part of its words.

    One whose rows all have a label and a text beside it also takes the place of one that joined some of them.
    """
    kept = list(tables)
    for whole in marked:
        inside = [table for table in kept if table.words & whole.words]
        labelled = all(row[0] and any(row[1:]) for row in whole.rows)
        if all(
            table.words <= whole.words
            and (table.words < whole.words or (labelled and len(table.rows) < len(whole.rows)))
            and not table.gridded
            and not _has_values(table)
            for table in inside
        ):
            kept = [table for table in kept if table not in inside] + [whole]
    return kept


def _has_values(table: Table) -> bool:
    """Say whether many cells of a table are numbers, which tell its rows."""
    cells = [cell for row in table.rows for cell in row if cell]
    return sum(map(is_value, cells)) > _VALUES * len(cells)


Found = tuple[list[list[Text]], list[list[Text]], list[Column]]
"""The lines of a header, those below it, and where columns run."""


def _headed(
    texts: Sequence[Text], page_width: float, rules: Sequence[Box], paths: Sequence[Path], lines: LineTexts
) -> Iterator[Found]:
    """Yield what stands below names of columns that are shaded, or that a rule sets off."""
    below: set[Text] = set()
    for head, mark in _heads(texts, page_width, rules, paths):
        if not below.issuperset(head):  # else it is a row of what stands below another mark
            for found in _below(head, texts, mark, lines):
                below.update(text for row in found[1] for text in row)
                yield found


def _heads(
    texts: Sequence[Text], page_width: float, rules: Sequence[Box], paths: Sequence[Path]
) -> Iterator[tuple[list[Text], Box]]:
    """Yield what may be names of columns, each with the shade that it stands on, or the rule below it."""
    bands = [band for band in _joined_shades(paths) if _NARROWEST < band[2] - band[0] < _WIDEST_SHADE * page_width]
    for band in bands[:_MOST_MARKS]:
        left, top, right, bottom = band
        head = [text for text in texts if top < text.baseline <= bottom and left <= middle(text.box)[0] <= right]
        if head and _BAND[0] * head[0].size < bottom - top < _BAND[1] * head[0].size:
            yield head, band
    for rule in [rule for rule in whole_rules(rules) if rule[2] - rule[0] > _NARROWEST][:_MOST_MARKS]:
        near = [
            text
            for text in texts
            if 0 < rule[1] - text.baseline < _NEAR_MARK * text.size and rule[0] - _BEYOND < text.box[0] < rule[2]
        ]
        if near:
            last = max(text.baseline for text in near)
            yield [text for text in near if last - text.baseline < _LINE * text.size], rule


def _between(texts: Sequence[Text], rules: Sequence[Box]) -> Iterator[Found]:
    """Yield what stands between the first and the last of rules of one width; a third one ends the header."""
    groups = rules_of_one_width(whole_rules(rules))
    for group in [group for group in groups if len(group) <= _MOST_RULES][:_MOST_RULES]:
        for first, last in ((n, m) for n in range(len(group)) for m in range(len(group) - 1, n, -1)):
            left, top, right, _ = group[first]
            bottom = group[last][1]
            held = [t for t in texts if top < t.baseline - 0.3 * t.size and t.baseline < bottom]
            held = [t for t in held if t.box[2] > left - _BEYOND and t.box[0] < right + _BEYOND]
            if len(held) < 4 or any(t.box[0] < left - _BEYOND or t.box[2] > right + _BEYOND for t in held):
                continue
            columns = _merged([], held)
            rows = rows_of_texts(held)
            if len(columns) > 1:
                head = [row for row in rows if row[0].baseline < group[first + 1][1]] if last > first + 1 else []
                yield head, rows[len(head) :], columns
                break


def _named(texts: Sequence[Text], lines: LineTexts) -> Iterator[Found]:
    """Yield lines of short names, flush at the left, each with what it names beside it, flush too and longer."""
    rows = rows_of_texts(texts)
    start = 0
    while start < len(rows):
        if len(rows[start]) != 2:
            start += 1
            continue
        columns = _merged([], rows[start])
        end = start + 1
        size = rows[start][0].size
        while end < len(rows) and len(columns) == 2:
            rows[end] = _cut_at_columns(rows[end], columns, lines)
            grown = _merged(columns, rows[end])
            apart = rows[end][0].baseline - rows[end - 1][0].baseline
            inside = rows[end][0].box[0] > columns[0].left - _FLUSH * size
            if len(grown) != 2 or apart > _ROW_PITCH * size or not inside:
                break
            columns = grown
            end += 1
        found = rows[start:end]
        while found and len(found[-1]) == 1 and found[-1][0].box[0] < columns[1].left:
            found.pop()
        if len(columns) == 2 and _are_names(found, columns):
            yield [], found, columns
        start = end


def _are_names(rows: Sequence[Sequence[Text]], columns: Sequence[Column]) -> bool:
    names = [text for row in rows for text in row if text.box[2] <= columns[0].right]
    values = [text for row in rows for text in row if text.box[0] >= columns[1].left]
    if len(names) < _LEAST_NAMES or len({name.text for name in names}) < len(names):
        return False
    pairs = [row for row in rows if len(row) == 2]
    size = median(name.size for name in names)
    white = median(row[1].box[0] - row[0].box[2] for row in pairs)
    flush = all(
        sum(abs(text.box[0] - column.left) < _FLUSH * size for text in held) >= _FLUSH_SHARE * len(held)
        for held, column in zip((names, values), columns, strict=True)
    )
    longest = max(len(name.text) for name in names)
    return (
        len(pairs) >= _PAIRED * len(names)
        and flush
        and white > size
        and longest <= _LONGEST_LABEL
        and sum(len(value.text) for value in values) >= _LONGER * sum(len(name.text) for name in names)
        and sum(is_value(n.text) or is_list_item(f"{n.text} ") for n in names) <= _NUMBERED * len(names)
        and all(any(map(str.isalnum, name.text)) for name in names)
    )


def _joined_shades(paths: Sequence[Path]) -> list[Box]:
    """Return the shades of a page from the top, those of cells beside each other as one."""
    found: list[Box] = []
    shades = [path.box for path in paths if path.filled and not path.curved and path.colour[-6:] != "ffffff"]
    for box in sorted(shades, key=lambda box: (round(box[1]), round(box[3]), box[0])):
        last = found[-1] if found else None
        if last and abs(last[1] - box[1]) < 1 and abs(last[3] - box[3]) < 1 and box[0] - last[2] < _TOUCHING:
            found[-1] = last[0], last[1], max(last[2], box[2]), last[3]
        else:
            found.append(box)
    return found


def _below(head: Sequence[Text], texts: Sequence[Text], mark: Box, lines: LineTexts) -> Iterator[Found]:
    """Yield the lines below the names *head* down to one that runs over the stripes between them."""
    names = rows_of_texts(sorted(head, key=lambda text: (text.baseline, text.box[0])))
    columns = _merged([], head)
    count = max(len(row) for row in names)
    if len(columns) < 2 or any(len(text.text) > _LONGEST_NAME for text in head):
        return
    left, right = min(mark[0], columns[0].left) - _BEYOND, max(mark[2], columns[-1].right) + _BEYOND
    last = max(text.baseline for text in head)
    size = median(text.size for text in head)
    under = [text for text in texts if text.baseline > last + 0.5 * size and text.box[0] < right and text.box[2] > left]
    body: list[list[Text]] = []
    below: list[Column] = []
    labels = math.inf  # where those of the first column begin
    for line in rows_of_texts(under):
        row = _cut_at_columns(line, below, lines)
        grown = _merged(columns, row)
        apart = row[0].baseline - last
        if len(grown) < count or apart > _ROW_PITCH * size or row[0].box[0] < left or row[-1].box[2] > right:
            break
        if len(row) == 1 and labels < math.inf and row[0].box[0] < labels - _FLUSH * size:
            break  # the text below, which stands a little further left than what is in cells
        labels = min([labels, *(text.box[0] for text in row if text.box[2] < columns[1].left)])
        columns, below = grown, _merged(below, row)
        body.append(row)
        last = row[0].baseline
    gaps = [after[0].baseline - before[0].baseline for before, after in pairwise(body)]
    usual = median([gap for gap in gaps if gap > size] or [0.0])
    while gaps and len(body[-1]) == 1 and body[-1][0].box[2] < columns[1].left and gaps[-1] > _AFTER * usual:
        body.pop()
        gaps.pop()
    if len(body) > 1:
        yield names, body, below if len(below) > len(columns) else columns


def _cut_at_columns(row: list[Text], columns: Sequence[Column], lines: LineTexts) -> list[Text]:
    """Cut a text that fills its cell and leaves no more than a space before the next one: a word begins there."""
    for column in columns[1:]:
        for number, text in enumerate(row):
            reach = _AT_LEFT * text.size
            if text.box[0] < column.left - text.size and text.box[2] > column.left + text.size:
                pieces = lines.split_words(text)
                cut = next((n for n, piece in enumerate(pieces) if abs(piece.box[0] - column.left) < reach), 0)
                if cut and pieces[cut].box[0] - pieces[cut - 1].box[2] > _AT_LEFT * text.size:
                    row = [*row[:number], joined_text(pieces[:cut]), joined_text(pieces[cut:]), *row[number + 1 :]]
                    break
    return row


def _merged(columns: Sequence[Column], row: Sequence[Text]) -> list[Column]:
    """Return the columns that are left once a line is added: those that a text joins are one."""
    spans = [*columns, *((text.box[0], text.box[2]) for text in row)]
    return merged_columns(spans, _STRIPE * min(text.size for text in row))


def _sided(texts: Sequence[Text], rules: Sequence[Box], sides: Sequence[Box], lines: LineTexts) -> Iterator[Found]:
    """Yield what stands between and beside vertical rules of one height."""
    for top, bottom, cuts in _groups_of_sides(sides)[:_MOST_MARKS]:
        held = [text for text in texts if top < text.baseline - 0.3 * text.size and text.baseline < bottom + 1]
        if not held:
            continue
        stripes = [(cut - 1, cut + 1) for cut in cuts]
        pieces: list[Text] = []
        for text in held:
            crossed = any(text.box[0] < cut < text.box[2] for cut in cuts)
            pieces += lines.split_over(text, stripes) if crossed else [text]
        rows = rows_of_texts(sorted(pieces, key=lambda text: (text.baseline, text.box[0])))
        edges = [-math.inf, *cuts, math.inf]
        parts = list(pairwise(edges))
        if any(sum(a <= middle(t.box)[0] < b for t in row) > 1 for row in rows for a, b in (parts[0], parts[-1])):
            continue
        within = [[t for row in rows for t in row if a <= middle(t.box)[0] < b] for a, b in parts]
        if not all(within) or any(
            t.box[0] < a - 2 or t.box[2] > b + 2 for (a, b), held in zip(parts, within, strict=True) for t in held
        ):
            continue
        columns = [Column(min(t.box[0] for t in held), max(t.box[2] for t in held)) for held in within]
        box = bounds(text.box for text in pieces)
        first = min(
            (r[1] for r in rules if top + 2 < r[1] < bottom - 2 and shared_width(r, box) > 0.7 * (box[2] - box[0])),
            default=top,
        )
        head = [row for row in rows if row[0].baseline < first]
        yield head, rows[len(head) :], columns


def _groups_of_sides(sides: Sequence[Box]) -> list[tuple[float, float, list[float]]]:
    """Return the top, the bottom and the places of vertical rules that run from one height to another together."""
    whole: list[Box] = []
    for side in sorted(sides, key=lambda side: (round(side[0]), side[1])):
        last = whole[-1] if whole else None
        if last and abs(last[0] - side[0]) < 1 and side[1] - last[3] < _TOUCHING:
            whole[-1] = last[0], last[1], last[2], max(last[3], side[3])
        else:
            whole.append(side)
    groups: list[tuple[float, float, list[float]]] = []
    for x, top, _, bottom in sorted(whole, key=lambda side: (side[1], side[0])):
        home = next((g for g in groups if abs(g[0] - top) < 3 and abs(g[1] - bottom) < 3), None)
        if home is None:
            groups.append((top, bottom, [x]))
        elif x - home[2][-1] > _BEYOND:
            home[2].append(x)
    return groups


def _of_texts(
    head: list[list[Text]],
    body: list[list[Text]],
    columns: Sequence[Column],
    rules: Sequence[Box],
    lines: LineTexts,
) -> Table | None:
    """Return the table of a header and the lines below it, None if they are none."""
    if not body:
        return None
    rows, placed = placed_in([*head, *body], columns, lines)
    width = len(columns)
    size = median(text.size for row in body for text in row)
    if not head and any(right.left - left.right > _WIDEST_STRIPE * size for left, right in pairwise(columns)):
        return None
    if any(first != last for places in placed[len(head) :] for first, last in places):
        return None
    cells = [cells_of(row, places, width) for row, places in zip(rows, placed, strict=True)]
    joined = _joined_lines(cells[len(head) :], rules)
    beside = sum(sum(map(bool, row)) > 1 for row in joined)
    if (
        len(joined) < 2
        or len(head) + len(joined) < _LEAST_ROWS
        or sum(bool(cell) for row in joined for cell in row) < _FILLED * len(joined) * width
        or (not head and not _are_labels([row[0][0].text for row in joined if row[0]]))
        or beside < _BESIDE * len(joined)
    ):
        return None
    held = [[row[c] for row in joined if row[c]] for c in range(width)]
    if sum(not column for column in held) > bool(head):
        return None  # below one name nothing may stand, as below that of notes
    lengths = [[sum(len(text.text) for text in cell) for cell in column] for column in held if column]
    if max(max(column) for column in lengths) > _LONGEST_CELL or min(median(column) for column in lengths) > _PROSE:
        return None  # columns of a page
    return built_table(rows[: len(head)], placed[: len(head)], columns, joined, rules)


def _are_labels(texts: Sequence[str]) -> bool:
    """Say whether the first column of a table without names is no numbers of lines, and no sign of a comment."""
    return not all(map(is_value, texts)) and len({*texts}) > 1


def _joined_lines(lines: Sequence[Row], rules: Sequence[Box]) -> list[Row]:
    """Join the lines of each row: white, or a rule, parts it from the next one in all its columns.

    Where all lines are equally far apart, each with a label is a row. Where no white is wider than that between the
    lines of a cell, lines tell it as those of other tables do.
    """
    texts = ([cell[0] for cell in column if cell] for column in zip(*lines, strict=True))
    columns = [column for column in texts if column]
    longest = max(columns, key=len)  # where others have no text, their lines are further apart
    apart = sorted(below.baseline - above.baseline for above, below in pairwise(longest))
    size = median(text.size for column in columns for text in column)
    if apart and apart[-1] <= _SAME_PITCH * apart[0] and all(line[0] for line in lines):
        return list(lines)
    if not apart or apart[0] > _LINE * size or apart[-1] <= _SAME_PITCH * apart[0]:
        return join_lines(lines, rules)
    pitch = _SAME_PITCH * apart[0]
    blocks: list[tuple[float, float]] = []
    for column in columns:
        start = end = column[0]
        for text in column[1:]:
            if text.baseline - end.baseline > pitch:
                blocks.append((start.baseline - start.size, end.baseline))
                start = text
            end = text
        blocks.append((start.baseline - start.size, end.baseline))
    tops: list[float] = []
    reach = -math.inf
    for top, bottom in sorted(blocks):
        if top > reach:
            tops.append(top)
        reach = max(reach, bottom)
    found: list[Row] = [[[] for _ in lines[0]] for _ in tops]
    starts: set[int] = set()
    whole = 0
    last: list[list[Word]] = []
    rights = right_edges([words_of_cells(line) for line in lines])
    for line in lines:
        text = next(cell[0] for cell in line if cell)
        number = max(n for n, top in enumerate(tops) if top <= text.baseline)
        words = words_of_cells(line)
        whole += number in starts and bool(line[0]) and any(line[1:]) and not is_rest(last, words, rights)
        last = words
        starts.add(number)
        found[number] = [cell + more for cell, more in zip(found[number], line, strict=True)]
    if 2 * whole > len(lines) - len(tops) > 0:
        return join_lines(lines, rules)
    return found
