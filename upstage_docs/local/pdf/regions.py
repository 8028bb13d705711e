"""Finds the tables, pictures, charts and drawn formulas of a page, with the words inside them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from upstage_docs.local.geometry import Box, area, bounds, holds_middle, middle, overlap, shared_height, shared_width
from upstage_docs.local.pdf.bullets import legend_of
from upstage_docs.local.pdf.charts.bars import measured_bars
from upstage_docs.local.pdf.columns import is_monospaced
from upstage_docs.local.pdf.lines import Line, lines_of
from upstage_docs.local.pdf.parts import Part
from upstage_docs.local.pdf.tables.library_tables import Table
from upstage_docs.local.pdf.tables.tables import box_of, framed, is_full_grid, tables_of
from upstage_docs.local.pdf.vector_paths import Drawing, Path, drawings_of, is_frame
from upstage_docs.local.pdf.word_pieces import Pieces
from upstage_docs.local.pdf.words import Word

__all__ = ["paths_of", "regions_of"]

_CAPTION = re.compile(r"(?:fig|tab|chart|diagram|graph|그림|표|图|表)[a-z]*\.?\s*\d", re.IGNORECASE)
_LABEL_LETTERS = 25
_LABEL_ROUNDS = 4
_CENTRED = 0.15
"""Of the width of a drawing: the title of its axis is off its middle by less, since numbers stand on one side."""
_BANNER_LINES, _BANNER_PITCH = 3, 4.0
"""A bitmap with so few lines, and for each so many font sizes high at most, is a banner."""
_BOX_PITCH = 3.0
"""Font sizes of height for each line of prose: a bitmap with more has something to show beside its text."""
_GROUND = 0.6
"""Share of a page that a drawing under all its words covers, at least, as the ground of a slide does."""
_PROSE_ITEM = 45
"""A run of this many letters is no label of a picture."""


def regions_of(
    page: Any,
    paths: Sequence[Path],
    words: Sequence[Word],
    taken: list[bool],
    rules: Sequence[Box],
    sides: Sequence[Box],
    pieces: Pieces,
) -> list[Part]:
    """Return tables, pictures, charts and drawn formulas of a liteparse page; mark the words in them as taken.

    Args:
        page: The page.
        paths: Its vector paths.
        words: Its words.
        taken: For each word whether it is in a region; written.
        rules: The page's horizontal rules, in points.
        sides: Its vertical ones.
        pieces: Tells the words of a text item.
    """
    drawings = drawings_of(paths, page.width, page.height)
    images = [box_of(b.bbox) for b in page.blocks or () if b.kind == "figure" and b.bbox is not None]
    whole = page.width * page.height
    tables = tables_of(page, words, taken, drawings, rules, sides, pieces)
    images = [box for box in images if area(box) < 0.85 * whole and not _is_ground(box, words, taken)]
    drawn = [
        drawing.box
        for drawing in drawings
        if not drawing.glyphs
        and not any(overlap(drawing.box, table.box) > 0.3 for table in tables if _is_sure(table))
        and _is_picture(drawing, words, taken, page)
        and not _is_page_ground(drawing.box, words, whole)
        and not _holds_prose(drawing.box, words, taken)
    ]
    if drawn:
        labels = [line for line in lines_of(words, [-1] * len(words)) if line.box[3] > line.box[1]]
        keys = legend_of(paths, words)
        drawn = [_with_labels(_with_legend(box, keys), labels) for box in drawn]
        tables = [t for t in tables if _is_sure(t) or not any(overlap(t.box, box) > 0.2 for box in drawn)]
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
        lines = sorted(lines_of(held, [-1] * len(held)), key=_by_row) if held else []
        around = bounds([box, *(word.box for word in held)])
        part = Part("chart" if chart else "figure", around, lines=tuple(lines))
        data = measured_bars([path for path in paths if holds_middle(box, path.box)], held) if chart else None
        pictures.append(replace(part, rows=data.rows, header_rows=1, facts=data.facts) if data else part)
    found = [*(Part("table", framed(t, rules), rows=t.cells, header_rows=t.header_rows) for t in tables), *pictures]
    return [*found, *_drawn_formulas(drawings, found, words)]


def _is_sure(table: Table) -> bool:
    """Say whether a table is one though drawn lines in it look like a picture: it has three rows, or is a full grid."""
    return len(table.rows) > 2 or is_full_grid(table)


def paths_of(page: Any) -> list[Path]:
    """Return the vector paths of a page."""
    shapes = page.vector_graphics.shapes if page.vector_graphics else []
    return [
        Path((x, y, x + wide, y + tall), bool(shape.fill), bool(shape.has_curve), shape.fill_color or "")
        for shape in shapes
        for x, y, wide, tall in [shape.bbox]
    ]


def _is_ground(image: Box, words: Sequence[Word], taken: Sequence[bool]) -> bool:
    """Say whether a bitmap is the ground of live text: a banner as high as its lines need, or a shaded box of prose.

    Labels on a map or a chart are short, and cover little of it.
    """
    lines = _lines_in(image, words, taken)
    if 0 < len(lines) <= _BANNER_LINES and _room(image, lines) < _BANNER_PITCH:
        return True
    return _holds_prose(image, words, taken)


def _holds_prose(box: Box, words: Sequence[Word], taken: Sequence[bool]) -> bool:
    """Say whether most of the text in *box* is lines longer than labels are, and these fill it."""
    lines = _lines_in(box, words, taken)
    prose = sum(len(line.text) for line in lines if len(line.text) > _LABEL_LETTERS)
    return bool(lines) and prose > 0.6 * sum(len(line.text) for line in lines) and _room(box, lines) < _BOX_PITCH


def _lines_in(box: Box, words: Sequence[Word], taken: Sequence[bool]) -> list[Line]:
    held = [word for word, used in zip(words, taken, strict=True) if not used and overlap(word.box, box) > 0.8]
    return lines_of(held, [-1] * len(held)) if held else []


def _room(box: Box, lines: Sequence[Line]) -> float:
    """Return how many font sizes of height *box* has for each level of *lines*."""
    size = median(line.size for line in lines)
    return (box[3] - box[1]) / len({round(line.baseline / size) for line in lines}) / size


def _is_page_ground(box: Box, words: Sequence[Word], page: float) -> bool:
    """Say whether a drawing is the ground of a whole page: it covers most of it and holds nearly all its words.

    Args:
        box: Of the drawing.
        words: Of the page.
        page: Its area, in square points.
    """
    inside = [word for word in words if holds_middle(box, word.box)]
    worded = sum(any(map(str.isalpha, word.text)) for word in inside)
    return area(box) > _GROUND * page and len(inside) > 0.9 * len(words) and worded > 0.7 * len(inside)


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
    """Return the box of a drawing with the short lines that stand right beside it: labels of axes, a legend.

    A line much larger than those in the drawing is a heading above it.
    """
    inside = [line.size for line in lines if overlap(line.box, box) > 0.5]
    largest = 1.8 * median(inside) if inside else math.inf
    short = [
        line
        for line in lines
        if (len(line.text) <= _LABEL_LETTERS or _is_scale(line))
        and line.size < largest
        and not _CAPTION.match(line.text)
    ]
    long = [line for line in lines if len(line.text) > _LABEL_LETTERS and not _is_scale(line)]
    short = [line for line in short if not any(_goes_on(line, other) for other in long)]
    for _ in range(_LABEL_ROUNDS):
        near = [line for line in short if _is_beside(line, box)]
        if not near:
            break
        box = bounds([box, *(line.box for line in near)])
        short = [line for line in short if line not in near]
    return box


def _is_scale(line: Line) -> bool:
    """Say whether a line is the numbers along an axis."""
    numbers = sum(map(_numbers, line.words))
    return numbers > 2 and numbers >= 0.8 * len(line.text.split())


def _by_row(line: Line) -> tuple[int, float]:
    """Order labels of one height from the left, though they stand on baselines that are not quite the same."""
    return round(line.baseline), line.box[0]


def _goes_on(line: Line, other: Line) -> bool:
    """Say whether a short line belongs to the text of a long one: right under, over, or beside it."""
    across = max(line.box[0], other.box[0]) - min(line.box[2], other.box[2])
    down = abs(line.baseline - other.baseline)
    return down < 1.7 * other.size and across < 2 * other.size


def _is_beside(line: Line, box: Box) -> bool:
    x, y = middle(line.box)
    across, down = -shared_width(box, line.box), -shared_height(box, line.box)
    reach = 1.6 * line.size
    level, over = box[1] - reach < y < box[3] + reach, box[0] - reach < x < box[2] + reach
    near = across < reach and down < reach
    turned = line.box[3] - line.box[1] > 1.5 * (line.box[2] - line.box[0]) and len(line.text) > 1
    centred = abs(x - middle(box)[0]) < _CENTRED * (box[2] - box[0])
    return near and ((level and over) or (level and (turned or _is_number(line))) or (over and centred and y > box[3]))


def _is_number(line: Line) -> bool:
    """Say whether a line is one number, as those along an axis."""
    return len(line.words) == 1 and _numbers(line.words[0]) == 1 and " " not in line.text


def _is_picture(drawing: Drawing, words: Sequence[Word], taken: Sequence[bool], page: Any) -> bool:
    wide, tall = drawing.box[2] - drawing.box[0], drawing.box[3] - drawing.box[1]
    if wide < 0.1 * page.width or len(drawing.paths) < 4 or is_frame(drawing):
        return False
    if tall < 0.05 * page.height and not _is_flow(drawing, words, taken):
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


def _is_flow(drawing: Drawing, words: Sequence[Word], taken: Sequence[bool]) -> bool:
    """Say whether a low drawing is boxes with labels: two or more shapes that hold a short text each, side by side."""
    shapes = {
        path.box
        for path in drawing.paths
        if path.box[2] - path.box[0] > 15 and path.box[3] - path.box[1] > 7
        if path.box[2] - path.box[0] < 0.6 * (drawing.box[2] - drawing.box[0])
    }
    held = {
        (round(shape[0]), round(shape[1]))
        for shape in shapes
        for word, used in zip(words, taken, strict=True)
        if not used and len(word.text) <= _LABEL_LETTERS and overlap(word.box, shape) > 0.7
    }
    return len(held) > 1


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


def _merged(boxes: Sequence[Box]) -> list[Box]:
    """Join boxes that lie over each other by a third."""
    out: list[Box] = []
    for box in sorted(boxes, key=lambda b: -area(b)):
        for number, other in enumerate(out):
            if overlap(box, other) > 0.3:
                out[number] = bounds([box, other])
                break
        else:
            out.append(box)
    return out
