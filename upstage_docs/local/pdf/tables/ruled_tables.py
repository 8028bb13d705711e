"""Builds tables that horizontal ruled lines set off, from the words in columns between these lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from upstage_docs.local.geometry import Box, bounds, middle, shared_height
from upstage_docs.local.pdf.lines import Line, lines_of
from upstage_docs.local.pdf.tables.aligned_tables import aligned_between
from upstage_docs.local.pdf.tables.aligned_texts import (
    SAME_LINE,
    LineTexts,
    Text,
    joined_text,
    rows_of_texts,
    words_of_cells,
)
from upstage_docs.local.pdf.tables.headers import WHOLE
from upstage_docs.local.pdf.tables.library_tables import Table
from upstage_docs.local.pdf.tables.line_rows import (
    has_own_values,
    is_rest,
    right_edges,
    rules_part_rows,
)
from upstage_docs.local.pdf.tables.rules import SAME_END, rules_of_one_width, whole_rules
from upstage_docs.local.pdf.tables.text_columns import merged_columns
from upstage_docs.local.pdf.words import Word

Free = Sequence[tuple[float, int]]
"""Words that nothing else has, as baseline and number, from the top."""

_NUMERIC = 0.3
"""Share of the cells between two rules that begin with a digit, at least, where no third rule sets off a header."""
_PROSE = 34
"""Letters of a usual cell: above it, what stands between two rules is columns of text."""
# Measured on eighty benchmark pages: a fifth more or less changes the blocks of none.
_ALONG = 0.7
"""Of the height between two rules: a vertical rule that is longer parts or frames what stands between them."""
_NEXT_ROW = 0.5
"""Font sizes between two baselines: more, and they are of two rows."""
_LEAST_CELLS = 1.5
"""Texts in a row, on average: fewer between two rules are no part of a table."""
_EACH_RULED = 0.8
"""Rules for each row: more, and each row has its own."""
_SPARSE = 0.4
"""Share of the cells that have text: less, and it is no table, unless vertical rules part it."""
_SPACE = 0.5
"""Font sizes: a gap that is wider parts two columns, or two texts of a header."""
_CLOSER = 0.8
"""Of the usual distance of lines: one that is closer to the line above, and not whole, belongs to its row."""
_HIGHEST_HEADER = 4.0
"""Font sizes from the first rule of a table up to what is no header above it."""
_FLUSH, _NEXT_LINE = 0.9, 1.5
"""Share of the texts of a table that begin right below the name of their column, at least, where only this tells the
columns; and font sizes from a line of a label to the next, at most."""
_MOST_RULES = 2_000


def ruled_tables(
    words: Sequence[Word],
    taken: Sequence[bool],
    rules: Sequence[Box],
    sides: Sequence[Box],
    lines: LineTexts,
    known: Sequence[frozenset[int]] = (),
) -> list[Table]:
    """Return the tables of a page that ruled lines set off.

    Args:
        words: Of the page.
        taken: For each word whether something else has it.
        rules: Horizontal rules, in points.
        sides: Vertical rules.
        lines: Tells the texts of the page's words.
        known: The words of tables that are known; one that holds all words between some rules, and no others between
            others nor far above them, is not looked for again.
    """
    tables = []
    if len(rules) <= _MOST_RULES and len(sides) <= _MOST_RULES:
        free = sorted((word.baseline, i) for i, word in enumerate(words) if not taken[i])
        whole = whole_rules(rules)
        runs = [run for group in rules_of_one_width(whole) for run in _runs(words, free, group, sides, lines)]
        inside = [frozenset(_standing_in(words, free, _frame(run))) for run in runs]
        inside = [held if not any(held < other for other in inside) else frozenset() for held in inside]
        for run, held in zip(runs, inside, strict=True):
            top, below = run[0][1], run[-1][1]
            told = any(
                held <= one
                and sum(bool(other) and other <= one for other in inside) == 1
                and not any(words[i].baseline > below + words[i].size for i in one - held)
                and not any(words[i].baseline < top - _HIGHEST_HEADER * words[i].size for i in one - held)
                for one in known
            )
            table = None
            if held and not told:
                table = _table(words, held, run, sides, _partial(whole, run, sides), lines)
            if held and table is None and not _inner_sides(sides, _frame(run)):
                table = _named_texts(lines.of(sorted(held)), run)
            if table is not None:
                tables.append(table)
    return tables


def _frame(rules: Sequence[Box]) -> Box:
    return rules[0][0] - 1, rules[0][1], rules[0][2] + 1, rules[-1][1]


def _partial(rules: Sequence[Box], run: Sequence[Box], sides: Sequence[Box]) -> list[Box]:
    """Return the rules between the first and the last of a run that go under some of its columns and meet no other."""
    left, top, right, bottom = _frame(run)
    return [
        rule
        for rule in rules
        if top + 2 < rule[1] < bottom - 2
        and left - SAME_END < rule[0]
        and rule[2] < right + SAME_END
        and rule[2] - rule[0] < WHOLE * (right - left)
        and not any(rule[0] - 3 < s[0] < rule[2] + 3 and s[1] - 3 < rule[1] < s[3] + 3 for s in sides)
    ]


def _runs(
    words: Sequence[Word], free: Free, rules: Sequence[Box], sides: Sequence[Box], lines: LineTexts
) -> list[list[Box]]:
    """Cut a group of rules where what stands between two of them is no part of a table: tables under each other."""
    runs = [[rules[0]]]
    for above, below in pairwise(rules):
        frame = _frame([above, below])
        held = _standing_in(words, free, frame)
        if _is_open([words[i] for i in held], frame, sides):
            names = _standing_in(words, free, _frame(runs[-1])) if len(runs[-1]) == 2 else []
            if _columns_under_names(lines.of(names), lines.of(held)) is None:
                runs.append([])
        runs[-1].append(below)
    return [run for run in runs if len(run) > 1]


def _is_open(words: Sequence[Word], frame: Box, sides: Sequence[Box]) -> bool:
    """Say whether there are neither cells between two rules nor one line that runs through a table."""
    tall = frame[3] - frame[1]
    if any(frame[0] - 2 < side[0] < frame[2] + 2 and shared_height(side, frame) > _ALONG * tall for side in sides):
        return False
    if not words:
        return tall > 30
    if tall < 2 * min(word.size for word in words):
        return False
    lines = lines_of(words, [0] * len(words))
    bases = sorted(line.baseline for line in lines)
    rows = 1 + sum(below - above > _NEXT_ROW * words[0].size for above, below in pairwise(bases))
    return rows > 1 and len(lines) < _LEAST_CELLS * rows


def _columns_under_names(names: Sequence[Text], texts: Sequence[Text]) -> list[list[Text]] | None:
    """Return the lines of each column, whose name says where it begins; None if *texts* do not stand so.

    However long they are, texts of several lines below the names of columns are cells, and no columns of a page.
    """
    if len(rows_of_texts(names)) != 1 or not 1 < len(names) <= len(texts) or max(len(n.text) for n in names) > _PROSE:
        return None
    lefts = sorted(name.box[0] for name in names)
    columns: list[list[Text]] = [[] for _ in lefts]
    for row in rows_of_texts(texts):
        placed: list[list[Text]] = [[] for _ in lefts]
        for text in row:
            placed[bisect_right(lefts, text.box[0] + _SPACE * text.size) - 1].append(text)
        for column, line in zip(columns, placed, strict=True):
            if line:
                column.append(joined_text(line))
    lines = [(line, left) for left, column in zip(lefts, columns, strict=True) for line in column]
    flush = sum(abs(line.box[0] - left) < _SPACE * line.size for line, left in lines)
    return columns if all(columns) and flush >= _FLUSH * len(lines) else None


def _named_texts(texts: Sequence[Text], rules: Sequence[Box]) -> Table | None:
    """Return the table of texts of several lines below the names of their columns, None if there is none.

    A row begins at each line of the first column that goes on with no line above it, as one that begins small does
    unless the first label does too.
    """
    names = [text for text in texts if text.baseline < rules[1][1]]
    texts = texts[len(names) :]
    columns = _columns_under_names(names, texts)
    if columns is None or columns[0][0].baseline > texts[0].baseline + SAME_LINE * texts[0].size:
        return None
    labels, right = columns[0], max(line.box[2] for line in columns[0])
    starts = [labels[0].baseline] + [
        line.baseline
        for above, line in pairwise(labels)
        if line.baseline - above.baseline > _NEXT_LINE * line.size
        or (
            line.text[0].islower() <= labels[0].text[0].islower()
            and above.box[2] + _SPACE * line.size + Line(line.words).first_width < right
        )
    ]
    rows = [[name.text for name in sorted(names, key=lambda name: name.box[0])]]
    rows += [["" for _ in columns] for _ in starts]
    for c, column in enumerate(columns):
        for line in column:
            row = bisect_right(starts, line.baseline + SAME_LINE * line.size)
            rows[row][c] = f"{rows[row][c]} {line.text}".lstrip()
    if not 1 < len(starts) < max(map(len, columns)) or sum(map(all, rows)) * 2 < len(rows):
        return None
    held = [*names, *texts]
    middles = [middle(bounds(line.box for line in column))[0] for column in columns]
    numbers = frozenset(n for text in held for n in text.numbers)
    return Table(bounds(text.box for text in held), rows, middles, 1, numbers)


def _table(
    words: Sequence[Word],
    inside: frozenset[int],
    rules: Sequence[Box],
    sides: Sequence[Box],
    partial: Sequence[Box],
    lines: LineTexts,
) -> Table | None:
    """Return the table between the first and the last of *rules*, None if there is none; *partial* part its header."""
    frame = _frame(rules)
    held = sorted(inside)
    inner = _inner_sides(sides, frame)
    if len(held) < (2 if inner else 4):
        return None
    aligned = aligned_between(lines, held, [*rules, *partial])
    if aligned is not None and (not inner or len(aligned.columns) > len(inner) + 1):  # one side beside the labels
        cells = [text for row in aligned.rows for text in row if text]
        numeric = sum(text[0].isdigit() for text in cells)
        if len(rules) > 2 or numeric >= _NUMERIC * len(cells):
            return aligned
    columns = _columns([words[i] for i in held], rules, inner, frame)
    if len(columns) < 2:
        return None
    rows = _joined(_rows([words[i] for i in held], columns), rules)
    said = [[" ".join(line.text for line in cell) for cell in row] for row in rows]
    cells = [text for row in said for text in row if text]
    full = sum(sum(map(bool, row)) > 1 for row in said)
    each_ruled = len(rules) > _EACH_RULED * len(rows)
    if len(rows) < 2:
        return None
    if not (inner and each_ruled) and (2 * full < len(rows) or len(cells) < _SPARSE * len(rows) * len(columns)):
        return None
    numeric = sum(text[0].isdigit() for text in cells)
    if len(rules) < 3 and not inner and numeric < _NUMERIC * len(cells):
        return None  # between the rules of a header and a footer, or around a text
    if not each_ruled and median(map(_width, cells)) > _PROSE:
        return None
    header = 1 if len(rules) > 2 and rules[1][1] < min(line.baseline for cell in rows[1] for line in cell) else 0
    middles = [(left + right) / 2 for left, right in columns]
    return Table(bounds(words[i].box for i in held), said, middles, header, frozenset(held))


def _width(text: str) -> int:
    """Count letters as wide as Latin ones: one of Chinese, Japanese or Korean is two."""
    return sum(1 if letter < "\u1100" else 2 for letter in text)


def _standing_in(words: Sequence[Word], free: Free, frame: Box) -> list[int]:
    """Return the numbers of the free words in *frame*."""
    start, end = bisect_right(free, (frame[1], -1)), bisect_right(free, (frame[3] + 1, -1))
    found = []
    for _, index in free[start:end]:
        word = words[index]
        if frame[0] <= middle(word.box)[0] <= frame[2] and frame[1] < word.baseline - 0.2 * word.size:
            found.append(index)
    return sorted(found)


def _inner_sides(sides: Sequence[Box], frame: Box) -> list[float]:
    """Return where vertical ruled lines run through *frame*."""
    tall = frame[3] - frame[1]
    cuts = sorted(
        side[0]
        for side in sides
        if frame[0] + 5 < side[0] < frame[2] - 5 and shared_height(side, frame) > _ALONG * tall
    )
    return [x for n, x in enumerate(cuts) if not n or x - cuts[n - 1] > 3]


def _columns(
    words: Sequence[Word], rules: Sequence[Box], inner: Sequence[float], frame: Box
) -> list[tuple[float, float]]:
    """Return where columns run: between vertical ruled lines, else between the stripes that no word crosses."""
    if inner:
        return list(pairwise([frame[0], *inner, frame[2]]))
    size = median(word.size for word in words)
    body = [word for word in words if word.baseline > rules[1][1]] if len(rules) > 2 else list(words)
    spans = ((word.box[0], word.box[2]) for word in body or words)
    return [*merged_columns(spans, _SPACE * size)]


def _rows(words: Sequence[Word], columns: Sequence[tuple[float, float]]) -> list[list[list[Line]]]:
    """Gather words into lines of text per column, and those of one height into rows."""
    middles = [(left + right) / 2 for left, right in columns]
    in_column: list[list[Word]] = [[] for _ in columns]
    for word in words:
        shared = [min(word.box[2], right) - max(word.box[0], left) for left, right in columns]
        best = max(shared)
        x, _ = middle(word.box)
        column = shared.index(best) if best > 0 else min(range(len(columns)), key=lambda c: abs(middles[c] - x))
        in_column[column].append(word)
    placed = [
        (line, column) for column, held in enumerate(in_column) if held for line in lines_of(held, [0] * len(held))
    ]
    rows: list[list[list[Line]]] = []
    base = 0.0
    for line, column in sorted(placed, key=lambda item: item[0].baseline):
        if not rows or line.baseline - base > _NEXT_ROW * line.size:
            rows.append([[] for _ in columns])
            base = line.baseline
        rows[-1][column].append(line)
    for row in rows:
        for cell in row:
            cell.sort(key=lambda line: line.box[0])
    return rows


def _joined(rows: list[list[list[Line]]], rules: Sequence[Box]) -> list[list[list[Line]]]:
    """Join the lines of one row: those between two rules if every row has its own, else those set closer than rows.

    Every row has its own where a label stands below each rule and nowhere else.
    """
    inner = [rule[1] for rule in rules[1:-1]]
    tops = [min(line.baseline for cell in row for line in cell) for row in rows]
    apart = [any(above < y < below for y in inner) for above, below in pairwise(tops)]
    labelled = [bool(row[0]) for row in rows[1:]]
    ruled = rules_part_rows(apart) or (sum(apart) > 1 and labelled == apart)
    pitches = [below - above for above, below in pairwise(tops)]
    usual = median(pitches) if pitches else 0.0
    held = [words_of_cells(row) for row in rows]
    rights = right_edges(held)
    out = [rows[0]]
    for row, words, split, pitch in zip(rows[1:], held[1:], apart, pitches, strict=True):
        last = words_of_cells(out[-1])
        whole = all(row) or has_own_values(last, words)
        goes_on = not whole and (ruled or pitch < _CLOSER * usual)
        if not split and (goes_on or is_rest(last, words, rights)):
            out[-1] = [above + below for above, below in zip(out[-1], row, strict=True)]
        else:
            out.append(row)
    return out
