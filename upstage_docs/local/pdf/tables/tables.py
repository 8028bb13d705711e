"""Decides which tables a page has, among candidates from liteparse, from ruled lines and from aligned texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations, pairwise
from statistics import median
from typing import Any

from upstage_docs.local.blocks import is_list_item
from upstage_docs.local.geometry import Box, bounds, middle, overlap, shared_height, shared_width
from upstage_docs.local.losses import Kept
from upstage_docs.local.pdf.charts.axes import have_scale
from upstage_docs.local.pdf.columns import is_monospaced
from upstage_docs.local.pdf.lines import rows_of
from upstage_docs.local.pdf.tables.aligned_tables import aligned_tables
from upstage_docs.local.pdf.tables.aligned_texts import LineTexts
from upstage_docs.local.pdf.tables.header_rows import with_header_words
from upstage_docs.local.pdf.tables.library_tables import Table, names_in, table_of
from upstage_docs.local.pdf.tables.line_rows import is_value
from upstage_docs.local.pdf.tables.marked_tables import marked_tables, with_marked
from upstage_docs.local.pdf.tables.ruled_grids import lattice_tables
from upstage_docs.local.pdf.tables.ruled_tables import ruled_tables
from upstage_docs.local.pdf.tables.text_regions import TITLE
from upstage_docs.local.pdf.vector_paths import Drawing, Path, is_plot
from upstage_docs.local.pdf.word_pieces import Pieces
from upstage_docs.local.pdf.words import Word

NO_TABLE = "a table of the page could not be told from its text"
_FILLED = 0.45
"""Share of the cells that have text, at least, where no rule stands between them."""
_FULL = 0.5
"""Share of the cells of a grid that have text, at least, where it may be taken for the grid of a chart."""
_SEVERAL_VALUES = 0.04
"""Share of the cells of a table with two numbers or more in each, at most."""
_ADDRESS_LINES = 4
"""Rows of a table of two columns without numbers and rules that is an address beside a date."""
_FULL_ROWS = 0.9
"""Share of the cells of an aligned table that have text, at least, where it has columns that no rule parts."""
_BESIDE_GRID = 4.0
"""Font sizes: a header without rules above a grid, a total below it, or a column beside it, stands nearer."""
# Measured on eighty benchmark pages: a fifth more or less changes the blocks of none, and of four for _AS_WIDE.
_ON_PLOT = 0.3
"""Share of a table that lies on the data of a chart: more, and it is the grid of the chart."""
_RULED_ROWS = 0.4
"""Rules for each row of a table, on average: more, and it is no text in columns."""
_REACH = 0.7
"""Heights of a row: the rules right above and below a table are no further from it."""
_AS_WIDE = 0.8
"""Share of the width that a table has in common with its rules."""
_PROSE = 30
"""Letters of a cell, on average: more without a rule, and it is text in columns."""
_LONGEST_CELL = 600
"""Letters of a cell of the library, at most; a longer one that rules stand around is found by these."""
_FLUSH, _FLUSH_ROWS = 0.6, 0.6
"""Font sizes up to the right edge at which a line fills its column, and the share of such lines in a text."""
_SPACES = 1.1
"""Font sizes of a usual gap between words: up to it, lines that fill their column are text with wide spaces."""
_GAP, _PARTED = 0.5, 0.8
"""Font sizes of a gap that parts two cells, and the share of rows of several cells that have one, at least: fewer, and
the cells are the words of lines. It was 0.83 and more in the tables of 110 benchmark documents, and 0.2 to 0.9 where
lines of 250 manuals had been taken for rows."""
_TYPED = 0.7
"""Share of letters in a typewriter's font: more, and it is a listing."""
_LONGEST_NAME, _FRAMED = 100, 0.2
"""Letters of a cell, and share of letters in such a font, in a table of one column: more, and it is frames around text.
Nearly all of 147 tables of one column that were found in 1,500 manuals were frames; the one of 110 benchmark documents
has 53 letters in its longest cell."""
_SMALL_LETTERS = 0.7
"""Share of cells that begin with a small letter: more, and they are pieces of lines."""
_WORDED = 0.8
"""Share of cells that are words of some length, at least, where the columns may be text."""
_EVEN = 0.75
"""Of the widest line of a column, the usual one of a text is wider than so much."""
_BELOW = 2.0
"""Heights of a row between a table and the sums below it, at most."""
_OVER_NAMES = 1.5
"""Font sizes from the line of the names of several columns each down to those of the columns, at most: the pitch of
the lines of a header without the height of its letters."""
_PAGE_WIDE = 0.99
"""Of the width of a page: a longer rule is the edge of a bar on a slide, from edge to edge, not of a table."""
_LAST_PAGE = 2000
"""Numbers from here on are years and amounts, not pages of a table of contents."""
_ROMAN = re.compile("[ivxlc]+")
"""A page of a preface."""
_PAGE_DIGITS = 6
"""More digits are no page number; thousands of them are more than `int` takes."""


def tables_of(
    page: Any,
    words: Sequence[Word],
    taken: Sequence[bool],
    paths: Sequence[Path],
    drawings: Sequence[Drawing],
    rules: Sequence[Box],
    sides: Sequence[Box],
    pieces: Pieces,
    kept: Kept,
) -> list[Table]:
    """Return the tables of a liteparse page.

    Args:
        page: The page.
        words: Its words.
        taken: For each word whether something else has it.
        paths: What is drawn on the page.
        drawings: The same, what belongs together.
        rules: Its horizontal rules, in points.
        sides: Its vertical ones.
        pieces: Tells the words of a text item.
        kept: Keeps the other tables, and the text, where one way to find tables fails.
    """
    plots = [drawing.box for drawing in drawings if is_plot(drawing, rules)]
    rules = [rule for rule in rules if rule[2] - rule[0] < _PAGE_WIDE * page.width]
    lines = LineTexts(words, pieces)
    tables, lattices, ruled, aligned = list[Table](), list[Table](), list[Table](), list[Table]()
    for block in page.blocks:
        with kept(NO_TABLE):
            tables += _library_table(block, words, taken, rules, sides, plots)
    with kept(NO_TABLE):
        lattices = [
            table
            for table in lattice_tables(words, taken, rules, sides)
            if len(table.columns) > 1 or not any(table.words & other.words for other in tables)
        ]
    with kept(NO_TABLE):
        ruled_off = frozenset[int]().union(*(table.words for table in lattices))
        in_lattice = [used or i in ruled_off for i, used in enumerate(taken)]
        known = [table.words for table in tables]
        ruled = [
            table
            for table in [*lattices, *ruled_tables(words, in_lattice, rules, sides, lines, known)]
            if not _is_contents(table)
            if is_full_grid(table) or not _is_on_plot(table, plots)
            if _rules_in(table, rules) > _RULED_ROWS * len(table.rows) or not _is_columns_of_text(table, words)
        ]
    with kept(NO_TABLE):
        aligned = [
            table
            for table in aligned_tables(lines, taken, rules)
            if not _is_contents(table) and not _is_on_plot(table, plots)
            if not _has_marks(table) and (_rules_in(table, rules) or not _is_listing(table, words))
        ]
    found = tables
    with kept(NO_TABLE):
        tables, aligned = ([table for table in held if not _is_split(table, ruled)] for held in (tables, aligned))
        found = _with_aligned(_completed(tables, ruled, words, rules), aligned, words, rules)
        if any(whole not in found for whole in aligned):  # what a better table left of them, as the sums below it
            used = {i for table in found for i in table.words}
            free = [gone or i in used for i, gone in enumerate(taken)]
            found += [table for table in aligned_tables(lines, free, rules) if _is_sum(table, found)]
        found = with_header_words(found, words, taken)
    with kept(NO_TABLE):
        marked = [
            table
            for table in marked_tables(page.width, taken, rules, sides, paths, lines)
            if not _is_contents(table) and not _is_on_plot(table, plots) and not _is_listing(table, words)
        ]
        found = with_marked(found, marked)
    return [table for table in found if len(table.columns) > 1 or not _is_frames(table, words)]


def _library_table(
    block: Any,
    words: Sequence[Word],
    taken: Sequence[bool],
    rules: Sequence[Box],
    sides: Sequence[Box],
    plots: Sequence[Box],
) -> list[Table]:
    """Return the table that a block of the library is; none where it is text in columns or the grid of a chart."""
    table = table_of(block, words, taken, rules) if block.kind == "table" and block.bbox is not None else None
    if table is None or (_is_on_plot(table, plots) and have_scale([words[i] for i in table.words])):
        return []
    if len(table.rows) < 2 and (len(table.rows[0]) < 3 or not _has_rules(table, sides)):
        return []
    ruled = _rules_in(table, rules)
    if len(table.columns) < 2 and ruled < len(table.rows) - 1:
        return []
    if max(len(cell) for row in table.rows for cell in row) > _LONGEST_CELL:
        return []  # columns of text, whatever rules stand among them
    if not _has_rules(table, [*rules, *sides]) and (_is_prose(table) or _is_contents(table) or _is_address(table)):
        return []
    if _is_text(table, words, ruled=ruled > 0) or (not ruled and _is_columns_of_text(table, words)):
        return []
    return [table]


def _is_sum(table: Table, tables: Sequence[Table]) -> bool:
    """Say whether a table of labels and numbers stands right below one of *tables*, within its width."""
    return len(table.columns) == 2 and any(
        0 < table.box[1] - other.box[3] < _BELOW * (table.box[3] - table.box[1]) / len(table.rows)
        and other.box[0] - 2 < table.box[0]
        and table.box[2] < other.box[2] + 2
        for other in tables
    )


def _is_on_plot(table: Table, plots: Sequence[Box]) -> bool:
    return any(overlap(table.box, plot) > _ON_PLOT for plot in plots)


def is_full_grid(table: Table) -> bool:
    """Say whether a table has ruled lines between its rows and columns and text in most cells, as no chart has."""
    if table.spans is None:
        return table.gridded and table.filled >= _FULL
    filled = sum(bool(table.rows[r][c]) for r, c in table.spans)
    return table.gridded and filled >= _FULL * len(table.spans)


def _completed(
    tables: Sequence[Table], ruled: Sequence[Table], words: Sequence[Word], rules: Sequence[Box]
) -> list[Table]:
    """Put ruled tables in the place of those that have only a part of their words, or several of them.

    A grid, or a table with a rule below each row, also takes the place of a table that has text beside it, or more than
    a header above and a note below.
    """
    kept = list(tables)
    ruled = [table for table in ruled if not any(table.words < other.words for other in ruled)]
    for whole in ruled:
        inside = [table for table in kept if table.words & whole.words]
        larger = [t for t in inside if t.words >= whole.words]
        sure = is_full_grid(whole) or _rules_in(whole, rules) >= len(whole.rows) - 1
        if not (sure and any(_runs_beyond(t, whole, words) for t in larger)) and any(
            whole.spans is None or t.words > whole.words or len(t.columns) > len(whole.columns) for t in larger
        ):
            continue
        kept = [table for table in kept if table not in inside] + [whole]
    return kept


def _with_aligned(
    tables: list[Table], aligned: Sequence[Table], words: Sequence[Word], rules: Sequence[Box]
) -> list[Table]:
    """Put tables found by alignment in the place of those that share words with them and are worse.

    A grid gives way where it has a part of the same columns, as every second row of a shaded table, or where its
    rules part fewer columns than its texts; another table where its cells hold several values.
    """
    kept = [table for table in tables if not _is_several(table, aligned, words)]
    for whole in aligned:
        inside = [table for table in kept if table.words & whole.words]
        rest = whole.words.difference(*(table.words for table in inside))
        grids = [table for table in inside if table.gridded and not table.header_rows]
        goes_on = any(is_value(words[i].text) for i in rest) or _has_names(whole, grids, words)
        if any(_is_better(table, whole, words, rules, goes_on=goes_on) for table in inside):
            continue
        kept = [table for table in kept if table not in inside] + [whole]
    return kept


def _is_several(table: Table, aligned: Sequence[Table], words: Sequence[Word]) -> bool:
    """Say whether a table is several aligned ones: side by side, or with titles between them, which are larger."""
    inside = [other for other in aligned if other.words < table.words]
    if table.gridded or len(inside) < 2:
        return False
    if any(shared_height(one.box, other.box) > 0 for one, other in combinations(inside, 2)):
        return True
    titles = table.words.difference(*(other.words for other in inside))
    size = median(words[i].size for i in table.words)
    return bool(titles) and all(words[i].size > TITLE * size for i in titles)


def _is_split(table: Table, ruled: Sequence[Table]) -> bool:
    """Say whether a table is two side by side, each between rules of its own, with names above labels."""
    inside = [other for other in ruled if other.words < table.words]
    labelled = (all(row[0] for row in other.rows) and not is_value(other.rows[-1][0]) for other in inside)
    return (
        len(inside) > 1
        and all(other.header_rows and other.spans is not None for other in inside)
        and all(labelled)
        and all(shared_height(one.box, other.box) > 0 for one, other in combinations(inside, 2))
    )


def _is_better(known: Table, whole: Table, words: Sequence[Word], rules: Sequence[Box], *, goes_on: bool) -> bool:
    """Say whether a *known* table is kept beside the aligned one that is *whole*: it has more of it.

    *goes_on* says whether the whole one has numbers that no known table has, or names above all columns of
    numbers: titles between grids are no rows.
    """
    if known.gridded:
        return not _is_part(known, whole, words, goes_on=goes_on)
    more = known.words > whole.words
    if _rules_in(known, rules) > _RULED_ROWS * len(known.rows):
        more = len(known.words - whole.words) > len(whole.words - known.words) or not _has_rows_beside(
            known, whole, words
        )
    return more and len(known.columns) >= len(whole.columns) and not _holds_several_values(known)


def _has_rows_beside(known: Table, whole: Table, words: Sequence[Word]) -> bool:
    """Say whether an aligned table has numbers in most columns beside a *known* one, or names above its columns.

    Sums below a table, and addresses above it, are no such rows.
    """
    beside = [words[i] for i in whole.words - known.words]
    valued = {whole.nearest_column(middle(word.box)[0]) for word in beside if is_value(word.text)}
    if not beside or 2 * len(valued) >= len(whole.columns) or _has_names(whole, [known], words):
        return True
    # Names of several columns each: one line right above, not over the labels.
    return len(rows_of(beside)) == 1 and all(
        whole.nearest_column(middle(word.box)[0]) > 0
        and word.box[3] < known.box[1] + 2
        and known.box[1] - word.baseline < _OVER_NAMES * word.size
        for word in beside
    )


def _has_names(whole: Table, tables: Sequence[Table], words: Sequence[Word]) -> bool:
    """Say whether all that an aligned table has beside *tables* is names above all columns behind the first."""
    rest = [words[i] for i in whole.words.difference(*(table.words for table in tables))]
    top = min((table.box[1] for table in tables), default=0.0)
    if any(word.box[3] > top + 2 for word in rest):
        return False
    rows = rows_of(rest) if rest else ()
    behind = ([rest[i] for i in row if whole.nearest_column(middle(rest[i].box)[0]) > 0] for row in rows)
    names = (len(names_in(row)) for row in behind if row)
    return max(names, default=0) >= len(whole.columns) - 1


def _holds_several_values(table: Table) -> bool:
    """Say whether cells of a table hold the numbers of several rows or columns."""
    texts = [cell.split() for row in table.rows for cell in row if cell]
    several = sum(len(tokens) > 1 and all(is_value(token) for token in tokens) for tokens in texts)
    return several > _SEVERAL_VALUES * len(texts)


def _is_part(grid: Table, whole: Table, words: Sequence[Word], *, goes_on: bool) -> bool:
    """Say whether a grid is a part of an aligned table: it has no words beside it, and fewer rows or columns."""
    if not grid.words <= whole.words:
        return False
    x0, _, x1, _ = grid.box
    reach = _BESIDE_GRID * max((words[i].size for i in grid.words), default=0.0)
    outside = [words[i].box for i in whole.words - grid.words if not x0 < middle(words[i].box)[0] < x1]
    if outside and min(max(box[0] - x1, x0 - box[2]) for box in outside) > reach:
        return False  # what stands on the other half of a slide
    if len(grid.columns) == len(whole.columns):
        return goes_on and len(grid.rows) < len(whole.rows) and grid.words < whole.words
    return len(grid.columns) < len(whole.columns) and whole.filled >= _FULL_ROWS


def _runs_beyond(table: Table, grid: Table, words: Sequence[Word]) -> bool:
    """Say whether a table has words left or right of a grid in it, or lines of text further than a header above it."""
    x0, y0, x1, y1 = grid.box
    for index in table.words - grid.words:
        word = words[index]
        x, y = middle(word.box)
        if not x0 - 1 <= x <= x1 + 1 or not y0 - _BESIDE_GRID * word.size < y < y1 + _BESIDE_GRID * word.size:
            return True
    return False


def framed(table: Table, rules: Sequence[Box]) -> Box:
    """Return the box of a table, extended to the ruled lines right above and below it."""
    x0, y0, x1, y1 = table.box
    reach = _REACH * (y1 - y0) / max(len(table.rows), 1)
    near = [
        rule
        for rule in rules
        if y0 - reach < rule[1] < y1 + reach
        and shared_width(rule, table.box) > _AS_WIDE * max(rule[2] - rule[0], x1 - x0)
    ]
    return bounds([table.box, *near])


def _is_prose(table: Table) -> bool:
    """Say whether a table holds sentences: without ruled lines, these are columns of text, not cells."""
    cells = [cell for row in table.rows for cell in row if cell]
    return sum(map(len, cells)) >= _PROSE * len(cells)


def _is_address(table: Table) -> bool:
    """Say whether a table without rules is addresses side by side: of authors, or of a letter beside its date."""
    if any(sum("@" in cell for cell in row) > 1 for row in table.rows):
        return True
    columns = list(zip(*table.rows, strict=True))
    valued = any(2 * sum(map(is_value, column)) > sum(map(bool, column)) for column in columns[1:])
    return len(columns) == 2 and len(table.rows) <= _ADDRESS_LINES and not valued


def _rules_in(table: Table, rules: Sequence[Box]) -> int:
    """Count the heights at which a ruled line runs through a table."""
    x0, y0, x1, y1 = table.box
    return len({round(r[1] / 3) for r in rules if y0 < r[1] < y1 and shared_width(r, table.box) > 0.5 * (x1 - x0)})


def _is_text(table: Table, words: Sequence[Word], *, ruled: bool) -> bool:
    """Say whether a table is a listing without a rule, or lines of text that are cut, or wide, between their words."""
    if not ruled and _is_listing(table, words):
        return True
    held = [words[i] for i in table.words]
    size = median(word.size for word in held)
    rows = rows_of(held)
    gaps_of_rows = [[held[b].box[0] - held[a].box[2] for a, b in pairwise(row)] for row in rows]
    parted = sum(max(gaps, default=0.0) > _GAP * size for gaps in gaps_of_rows)
    if not ruled and parted < _PARTED * sum(sum(map(bool, row)) > 1 for row in table.rows):
        return True
    gaps = [gap for gaps_of_row in gaps_of_rows for gap in gaps_of_row]
    x0, _, x1, _ = table.box
    flush = sum(held[row[0]].box[0] - x0 < 2 * size and x1 - held[row[-1]].box[2] < _FLUSH * size for row in rows)
    return bool(gaps) and flush >= _FLUSH_ROWS * len(rows) and median(gaps) < _SPACES * size


def _is_frames(table: Table, words: Sequence[Word]) -> bool:
    """Say whether a table of one column is frames below each other, of text or code, and the text between them."""
    longest = max((len(cell) for row in table.rows for cell in row), default=0)
    return longest > _LONGEST_NAME or _typed(table, words) > _FRAMED


def _is_listing(table: Table, words: Sequence[Word]) -> bool:
    """Say whether most of a table is in a typewriter's font."""
    return _typed(table, words) > _TYPED


def _typed(table: Table, words: Sequence[Word]) -> float:
    """Return the share of letters of a table that are in a typewriter's font."""
    held = [words[i] for i in table.words]
    typed = sum(len(word.text) for word in held if is_monospaced(word.font))
    return typed / max(1, sum(len(word.text) for word in held))


def _is_columns_of_text(table: Table, words: Sequence[Word]) -> bool:
    """Say whether the columns of a table are bullets beside items, or lines of text that fill each column."""
    columns = list(zip(*table.rows, strict=True))
    if _has_marks(table):
        return True
    cells = [cell for row in table.rows for cell in row if cell]
    if table.filled < _FILLED or sum(cell[0].islower() for cell in cells) > _SMALL_LETTERS * len(cells):
        return True  # pieces of lines
    worded = sum(len(cell) > 8 and not cell[0].isdigit() for cell in cells)
    if len(table.rows) < 5 or worded < _WORDED * len(cells):
        return False
    held = [words[i] for i in table.words]
    widths: list[list[float]] = [[] for _ in columns]
    for row in rows_of(held):
        placed: list[list[Word]] = [[] for _ in columns]
        for index in row:
            x, _ = middle(held[index].box)
            placed[min(range(len(columns)), key=lambda c: abs(table.columns[c] - x))].append(held[index])
        for c, inside in enumerate(placed):
            if inside:
                widths[c].append(inside[-1].box[2] - inside[0].box[0])
    return all(width and median(width) > _EVEN * max(width) for width in widths)


def _has_marks(table: Table) -> bool:
    """Say whether a column of a table is bullets of list items: behind each stands more than another sign."""
    for column, behind in pairwise(zip(*table.rows, strict=True)):
        items = [item for cell, item in zip(column, behind, strict=True) if cell]
        bullets = all(is_list_item(f"{cell} ") and not cell[0].isalnum() for cell in column if cell)
        if len(items) > 1 and bullets and any(map(str.isalnum, "".join(items))):
            return True
    return False


def _has_rules(table: Table, rules: Sequence[Box]) -> bool:
    x0, y0, x1, y1 = table.box
    return any(
        rule[2] - rule[0] + rule[3] - rule[1] > 20
        and x0 - 5 < (rule[0] + rule[2]) / 2 < x1 + 5
        and y0 - 5 < (rule[1] + rule[3]) / 2 < y1 + 5
        for rule in rules
    )


def _is_contents(table: Table) -> bool:
    """Say whether a table is one of contents: its last column is page numbers that do not fall, its others titles."""
    numbers = [token for row in table.rows for token in row[-1].split() if not _ROMAN.fullmatch(token)]
    titles = [cell for row in table.rows for cell in row[:-1]]
    pages = [int(number) for number in numbers if number.isdecimal() and len(number) <= _PAGE_DIGITS]
    rising = all(before <= after for before, after in pairwise(pages))
    worded = sum(len(cell) > 8 and any(map(str.isalpha, cell)) for cell in titles) >= 0.5 * len(table.rows)
    return len(table.columns) <= 3 and len(pages) == len(numbers) >= 3 and rising and worded and max(pages) < _LAST_PAGE
