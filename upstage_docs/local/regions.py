"""Tables, pictures, charts and drawn formulas of a page, with the words that stand in them; orders nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from upstage_docs.local.columns import is_monospaced
from upstage_docs.local.drawings import Drawing, Path, drawings_of, is_frame, is_plot
from upstage_docs.local.elements import Box
from upstage_docs.local.grids import Table, table_of
from upstage_docs.local.lattices import lattice_tables
from upstage_docs.local.lines import Line, Word, bounds, lines_of, rows_of
from upstage_docs.local.marks import legend_of
from upstage_docs.local.parts import Part, overlap
from upstage_docs.local.ruled import ruled_tables

__all__ = ["box_of", "paths_of", "regions_of", "rules_of"]

_CAPTION = re.compile(r"(?:fig|tab|chart|diagram|graph|그림|표|图|表)[a-z]*\.?\s*\d", re.IGNORECASE)
_LABEL_LETTERS = 25
_LABEL_ROUNDS = 4
_PROSE_ITEM = 45
"""A run of this many letters is no label of a picture."""


def regions_of(page: Any, paths: Sequence[Path], words: Sequence[Word], taken: list[bool]) -> list[Part]:
    """Return tables, pictures, charts and drawn formulas of a liteparse page; mark the words in them as taken.

    Args:
        page: The page.
        paths: Its vector paths.
        words: Its words.
        taken: For each word whether it is in a region; written.
    """
    drawings = drawings_of(paths, page.width, page.height)
    images = [box_of(b.bbox) for b in page.blocks or () if b.kind == "figure" and b.bbox is not None]
    area = page.width * page.height
    rules = rules_of(page)
    tables = _tables(page, words, taken, drawings)
    images = [box for box in images if _area(box) < 0.85 * area]
    drawn = [
        drawing.box
        for drawing in drawings
        if not drawing.glyphs
        and not any(overlap(drawing.box, table.box) > 0.3 for table in tables if len(table.rows) > 2)
        and _is_picture(drawing, words, taken, page)
    ]
    if drawn:
        labels = [line for line in lines_of(words, [-1] * len(words)) if line.box[3] > line.box[1]]
        keys = legend_of(paths, words)
        drawn = [_with_labels(_with_legend(box, keys), labels) for box in drawn]
        tables = [t for t in tables if len(t.rows) > 2 or not any(overlap(t.box, box) > 0.2 for box in drawn)]
    for table in tables:
        for index in table.words:
            taken[index] = True
    pictures = []
    for box in _merged([*images, *drawn]):
        if any(overlap(box, table.box) > 0.7 for table in tables):
            continue
        inside = [i for i, word in enumerate(words) if not taken[i] and overlap(word.box, box) > 0.5]
        for index in inside:
            taken[index] = True
        held = [words[i] for i in inside]
        chart = any(overlap(other, box) > 0.5 for other in drawn) and sum(map(_numbers, held)) >= 3
        lines = lines_of(held, [-1] * len(held)) if held else []
        around = bounds([box, *(word.box for word in held)])
        pictures.append(Part("chart" if chart else "figure", around, lines=tuple(lines)))
    found = [*(Part("table", _framed(t, rules), rows=t.cells, header_rows=t.header_rows) for t in tables), *pictures]
    return [*found, *_drawn_formulas(drawings, found, words)]


def box_of(rect: Any) -> Box:
    """Return a rectangle of the PDF library as a box."""
    return rect.x, rect.y, rect.x + rect.width, rect.y + rect.height


def paths_of(page: Any) -> list[Path]:
    """Return the vector paths of a page."""
    shapes = page.vector_graphics.shapes if page.vector_graphics else []
    return [
        Path((x, y, x + wide, y + tall), bool(shape.fill), bool(shape.has_curve), shape.fill_color or "")
        for shape in shapes
        for x, y, wide, tall in [shape.bbox]
    ]


def _tables(page: Any, words: Sequence[Word], taken: Sequence[bool], drawings: Sequence[Drawing]) -> list[Table]:
    tables: list[Table] = []
    rules = rules_of(page)
    for block in page.blocks or ():
        if block.kind != "table" or block.bbox is None:
            continue
        table = table_of(block, words, taken, rules)
        if table is None or (len(table.rows) < 2 and len(table.rows[0]) < 3):
            continue
        if len(table.columns) < 2 and _rules_in(table, rules) < len(table.rows) - 1:
            continue
        if not _has_rules(table, page) and (_is_prose(table) or _is_contents(table)):
            continue
        if _is_text(table, words):
            continue
        tables.append(_with_drawn_header(table, drawings, words, taken))
    plots = [drawing.box for drawing in drawings if is_plot(drawing, rules)]
    sides = _sides(page)
    lattices = lattice_tables(words, taken, rules, sides)
    in_lattice = [used or any(i in table.words for table in lattices) for i, used in enumerate(taken)]
    ruled = [
        table
        for table in [*lattices, *ruled_tables(words, in_lattice, rules, sides)]
        if not _is_contents(table) and not any(overlap(table.box, plot) > 0.3 for plot in plots)
    ]
    return _completed(tables, ruled)


def _completed(tables: Sequence[Table], ruled: Sequence[Table]) -> list[Table]:
    """Put tables told by their rules in the place of those that have only a part of their words, or several of them."""
    kept = list(tables)
    ruled = [table for table in ruled if not any(table.words < other.words for other in ruled)]
    for whole in ruled:
        inside = [table for table in kept if table.words & whole.words]
        larger = [t for t in inside if t.words >= whole.words and not _holds_several(t, ruled)]
        if any(whole.spans is None or t.words > whole.words or len(t.columns) > len(whole.columns) for t in larger):
            continue
        kept = [table for table in kept if table not in inside] + [whole]
    return kept


def _holds_several(table: Table, ruled: Sequence[Table]) -> bool:
    return sum(table.words >= other.words for other in ruled) > 1


def _framed(table: Table, rules: Sequence[Box]) -> Box:
    """Return the box of a table with the rules right above and below it."""
    x0, y0, x1, y1 = table.box
    reach = 0.7 * (y1 - y0) / max(len(table.rows), 1)
    near = [
        rule
        for rule in rules
        if y0 - reach < rule[1] < y1 + reach
        and min(rule[2], x1) - max(rule[0], x0) > 0.8 * max(rule[2] - rule[0], x1 - x0)
    ]
    return bounds([table.box, *near])


def _sides(page: Any) -> list[Box]:
    lines = page.vector_graphics.lines if page.vector_graphics else []
    return [
        (line.x1, min(line.y1, line.y2), line.x1, max(line.y1, line.y2))
        for line in lines
        if abs(line.x1 - line.x2) < 1 and abs(line.y1 - line.y2) > 5
    ]


def _with_drawn_header(
    table: Table, drawings: Sequence[Drawing], words: Sequence[Word], taken: Sequence[bool]
) -> Table:
    """Take in a filled band of the table's width that stands right above it and has words: its header."""
    x0, y0, x1, _ = table.box
    for drawing in drawings:
        left, top, right, bottom = drawing.box
        wide = min(right, x1) - max(left, x0) > 0.85 * max(right - left, x1 - x0)
        if drawing.glyphs or not wide or abs(bottom - y0) > 8 or top >= y0 or not any(p.filled for p in drawing.paths):
            continue
        inside = [
            i
            for i, w in enumerate(words)
            if not taken[i] and i not in table.words and overlap(w.box, drawing.box) > 0.5
        ]
        if len(inside) >= len(table.columns) // 2 > 0:
            return table.with_header(words, inside, drawing.box)
    return table


def rules_of(page: Any) -> list[Box]:
    """Return the horizontal rules of a page that are longer than 30 points."""
    lines = page.vector_graphics.lines if page.vector_graphics else []
    return [
        (min(line.x1, line.x2), line.y1, max(line.x1, line.x2), line.y1)
        for line in lines
        if abs(line.y1 - line.y2) < 1 and abs(line.x1 - line.x2) > 30
    ]


def _is_prose(table: Table) -> bool:
    """Say whether a table holds sentences: without a rule, these are columns of text, not cells."""
    cells = [cell for row in table.rows for cell in row if cell]
    return sum(map(len, cells)) >= 30 * len(cells)


def _rules_in(table: Table, rules: Sequence[Box]) -> int:
    """Count the heights at which a rule runs through a table."""
    x0, y0, x1, y1 = table.box
    return len({round(r[1] / 3) for r in rules if y0 < r[1] < y1 and min(r[2], x1) - max(r[0], x0) > 0.5 * (x1 - x0)})


def _is_text(table: Table, words: Sequence[Word]) -> bool:
    """Say whether a table is a listing of code, or lines of text that fill their column but for wide spaces."""
    held = [words[i] for i in table.words]
    letters = sum(len(word.text) for word in held)
    if sum(len(word.text) for word in held if is_monospaced(word.font)) > 0.7 * letters:
        return True
    size = median(word.size for word in held)
    rows = rows_of(held)
    gaps = [held[b].box[0] - held[a].box[2] for row in rows for a, b in pairwise(row)]
    x0, _, x1, _ = table.box
    flush = sum(held[row[0]].box[0] - x0 < 2 * size and x1 - held[row[-1]].box[2] < 0.6 * size for row in rows)
    return bool(gaps) and flush >= 0.6 * len(rows) and median(gaps) < 1.1 * size


def _has_rules(table: Table, page: Any) -> bool:
    lines = page.vector_graphics.lines if page.vector_graphics else []
    x0, y0, x1, y1 = table.box
    return any(
        abs(line.x1 - line.x2) + abs(line.y1 - line.y2) > 20
        and x0 - 5 < (line.x1 + line.x2) / 2 < x1 + 5
        and y0 - 5 < (line.y1 + line.y2) / 2 < y1 + 5
        for line in lines
    )


def _is_contents(table: Table) -> bool:
    """Say whether a table is one of contents: its last column is page numbers that do not fall, its others titles."""
    numbers = [token for row in table.rows for token in row[-1].split()]
    titles = [cell for row in table.rows for cell in row[:-1]]
    pages = [int(number) for number in numbers if number.isdigit()]
    rising = all(before <= after for before, after in pairwise(pages))
    worded = sum(len(cell) > 8 and any(map(str.isalpha, cell)) for cell in titles) >= 0.5 * len(table.rows)
    return len(table.columns) <= 3 and len(pages) == len(numbers) >= 3 and rising and worded and max(pages) < 2000


def _with_legend(box: Box, keys: Sequence[Box]) -> Box:
    """Return the box of a drawing with the keys beside or below it and their names."""
    for key in sorted(keys, key=lambda key: abs(key[0] - box[2])):
        tall = key[3] - key[1]
        across = max(box[0] - key[2], key[0] - box[2])
        down = max(box[1] - key[3], key[1] - box[3])
        if across < 8 * tall and down < 3 * tall:
            box = bounds([box, key])
    return box


def _with_labels(box: Box, lines: Sequence[Line]) -> Box:
    """Return the box of a drawing with the short lines that stand right beside it: labels of axes, a legend."""
    short = [line for line in lines if len(line.text) <= _LABEL_LETTERS and not _CAPTION.match(line.text)]
    long = [line for line in lines if len(line.text) > _LABEL_LETTERS]
    short = [line for line in short if not any(_goes_on(line, other) for other in long)]
    for _ in range(_LABEL_ROUNDS):
        near = [line for line in short if _is_beside(line, box)]
        if not near:
            break
        box = bounds([box, *(line.box for line in near)])
        short = [line for line in short if line not in near]
    return box


def _goes_on(line: Line, other: Line) -> bool:
    """Say whether a short line belongs to the text of a long one: right under, over, or beside it."""
    across = max(line.box[0], other.box[0]) - min(line.box[2], other.box[2])
    down = abs(line.baseline - other.baseline)
    return down < 1.7 * other.size and across < 2 * other.size


def _is_beside(line: Line, box: Box) -> bool:
    x, y = (line.box[0] + line.box[2]) / 2, (line.box[1] + line.box[3]) / 2
    across = max(box[0] - line.box[2], line.box[0] - box[2])
    down = max(box[1] - line.box[3], line.box[1] - box[3])
    reach = 1.6 * line.size
    level, over = box[1] - reach < y < box[3] + reach, box[0] - reach < x < box[2] + reach
    return (across < reach and level) and (down < reach and over)


def _is_picture(drawing: Drawing, words: Sequence[Word], taken: Sequence[bool], page: Any) -> bool:
    wide, tall = drawing.box[2] - drawing.box[0], drawing.box[3] - drawing.box[1]
    if wide < 0.1 * page.width or tall < 0.05 * page.height or len(drawing.paths) < 4 or is_frame(drawing):
        return False
    inside = [word for i, word in enumerate(words) if not taken[i] and overlap(word.box, drawing.box) > 0.5]
    letters = sum(len(word.text) for word in inside)
    if letters > 40 and sum(len(word.text) for word in inside if is_monospaced(word.font)) > 0.6 * letters:
        return False  # a listing in its frame
    prose = sum(
        len(word.text)
        for i, word in enumerate(words)
        if not taken[i] and len(word.text) > _PROSE_ITEM and overlap(word.box, drawing.box) > 0.5
    )
    return prose < 200 and wide * tall < 0.8 * page.width * page.height


def _numbers(word: Word) -> int:
    return sum(part.strip("%$€£₩,.-–()").replace(",", "").replace(".", "").isdigit() for part in word.text.split())


def _drawn_formulas(drawings: Sequence[Drawing], regions: Sequence[Part], words: Sequence[Word]) -> list[Part]:
    return [
        Part("equation", drawing.box)
        for drawing in drawings
        if drawing.glyphs
        and drawing.box[3] - drawing.box[1] > 5
        and not any(overlap(drawing.box, part.box) > 0.5 for part in regions)
        and not any(overlap(word.box, drawing.box) > 0.3 for word in words)
    ]


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _merged(boxes: Sequence[Box]) -> list[Box]:
    """Join boxes that lie over each other by a third."""
    out: list[Box] = []
    for box in sorted(boxes, key=lambda b: -_area(b)):
        for number, other in enumerate(out):
            if overlap(box, other) > 0.3:
                out[number] = bounds([box, other])
                break
        else:
            out.append(box)
    return out
