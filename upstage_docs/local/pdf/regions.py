"""Finds the tables, pictures, charts and drawn formulas of a page, with the words inside them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise
from statistics import median
from typing import Any

from upstage_docs.local.geometry import (
    Box,
    area,
    bounds,
    box_of,
    dimensions,
    holds_middle,
    middle,
    overlap,
    shared_height,
    shared_width,
)
from upstage_docs.local.losses import Kept, told
from upstage_docs.local.pdf.bullets import legend_of
from upstage_docs.local.pdf.charts.data import ChartData
from upstage_docs.local.pdf.charts.labels import turned_lines
from upstage_docs.local.pdf.charts.measured import measured_chart, measured_pies
from upstage_docs.local.pdf.charts.numbers import is_number
from upstage_docs.local.pdf.columns import is_monospaced
from upstage_docs.local.pdf.lines import Line, lines_of
from upstage_docs.local.pdf.parts import Part
from upstage_docs.local.pdf.plots import joined_drawings
from upstage_docs.local.pdf.subpaths import Subpath
from upstage_docs.local.pdf.tables.library_tables import Table
from upstage_docs.local.pdf.tables.tables import NO_TABLE, framed, is_full_grid, tables_of
from upstage_docs.local.pdf.vector_paths import Drawing, Path, drawings_of, is_frame, is_plot
from upstage_docs.local.pdf.word_pieces import Pieces
from upstage_docs.local.pdf.words import Word

_NO_PICTURES = "a picture or a chart of the page could not be told from its text"
_NO_DATA = "the values of a chart of the page could not be read off"
_CAPTION = re.compile(r"(?:fig|tab|chart|diagram|graph|그림|표|图|表)[a-z]*\.?\s*\d", re.IGNORECASE)
_LABEL_LETTERS = 25
_LABEL_ROUNDS = 4
_LEAST_NAMES, _ALONG, _TO_NAMES = 3, 0.4, 2.2
"""Names along an axis: at least so many, along this share of the drawing, at most so many font sizes below it."""
_SET_APART = 1.3
"""Font sizes between names before lying bars, at least: lines of a text stand closer."""
_LINED_UP = 2.0
"""Points that the ends of names before lying bars, and of numbers along an axis, differ by at most."""
_EVEN_STEPS = 1.0
"""Points that the distances of numbers along an axis differ by, at most."""
_ON_SCALE = 0.6
"""Share of the numbers along an axis, at least, that are a drawing's, if all are."""
_CENTRED = 0.15
"""Of the width of a drawing: the title of its axis is off its middle by less, since numbers stand on one side."""
_BANNER_LINES, _BANNER_PITCH = 3, 4.0
"""A bitmap with so few lines, and for each so many font sizes high at most, is a banner."""
_BOX_PITCH = 3.0
"""Font sizes of height for each line of prose: a bitmap with more has something to show beside its text."""
_GROUND = 0.6
"""Share of a page that a drawing under all its words covers, at least, as the ground of a slide does."""
# Measured on eighty benchmark pages: a fifth more or less changes the blocks of one for _WHOLE, _MOSTLY_PROSE,
# _ALL_WORDS, _HEADING, _NARROWEST and _LEAST_PATHS, of two for _LEAST_NUMBERS, of three for _TO_LABEL, and of none for
# the others.
_WHOLE = 0.85
"""Share of a page: a bitmap that covers more is its ground, or its scan."""
_ON_TABLE, _ON_DRAWING = 0.3, 0.2
"""Share of a drawing on a table that is sure, and of another table on a drawing: more, and the other of them stays."""
_WORDS_ON_DRAWING = 0.6
"""The same, of the words of a table."""
_IN_TABLE = 0.7
"""Share of a picture in a table: more, and it is a part of the table."""
_INSIDE = 0.5
"""Share of a word or a line in a picture, at least, if it is a part of it."""
_WHOLLY = 0.8
"""The same of text that lies on a picture as on its ground."""
_LEAST_NUMBERS = 3
"""Of a drawing, if it is a chart."""
_ONE_PIE = 0.9
"""Share of the area of a pie in a picture, at least, if it is the picture's."""
_MOSTLY_PROSE = 0.6
"""Share of the letters on a picture in lines longer than labels, at least, if its text is prose."""
_ALL_WORDS, _WORDED = 0.9, 0.7
"""Of the ground of a page: the share of the page's words on it, and the share of these that have letters, at least."""
_TO_LEGEND, _BELOW_LEGEND = 8.0, 3.0
"""Heights of a key of a legend beside a drawing, and below or above it, at most."""
_HEADING = 1.8
"""Of the usual size in a drawing: a line that is larger is a heading above it."""
_NUMBERS_OF_SCALE = 0.8
"""Share of the words of a line that are numbers, at least, if they are those along an axis."""
_NEXT_LINE, _NEXT_WORD = 1.7, 2.0
"""Font sizes from a long line to a short one, down and across, at most, where this belongs to its text."""
_TO_LABEL, _TURNED = 1.6, 1.5
"""Font sizes from a drawing to its label, at most, and of its width, how tall a label that runs up is at least."""
_NARROWEST, _LOWEST, _LARGEST, _LEAST_PATHS = 0.1, 0.05, 0.8, 4
"""Of a picture drawn: shares of the width, the height and the area of the page, and how many paths."""
_LISTING_LETTERS, _TYPED = 40, 0.6
"""More letters, and a larger share of them in a typewriter's font, are a listing in its frame."""
_MOST_PROSE = 200
"""Letters in long runs: a drawing with more is the ground of a text."""
_LOWEST_FORMULA, _TEXT_ON_FORMULA = 5.0, 0.3
"""Points that a drawn formula is tall at least, and the share of a word on it: more, and it is no formula."""
_ON_PICTURE = 0.3
"""Share of a picture on a larger one: more, and both are one."""
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
    subpaths: Callable[[], Sequence[Subpath]],
    kept: Kept,
) -> list[Part]:
    """Return tables, pictures, charts and drawn formulas of a liteparse page; the words in them count as used.

    Args:
        page: The page.
        paths: Its vector paths.
        words: Its words.
        taken: For each word whether it is in a region; written.
        rules: The page's horizontal rules, in points.
        sides: Its vertical ones.
        pieces: Tells the words of a text item.
        subpaths: Tells the paths point by point; asked where the data of a chart may be read off.
        kept: Keeps the rest where a table or a picture cannot be told.
    """
    drawings = drawings_of(paths, page.width, page.height)
    subpaths = cache(subpaths)
    images = [box_of(b.bbox) for b in page.blocks if b.kind == "figure" and b.bbox is not None]
    whole = page.width * page.height
    tables = tables_of(page, words, taken, paths, drawings, rules, sides, pieces, kept)
    shown, drawn, pies = list[Box](), list[Box](), list[tuple[Box, ChartData]]()
    with kept(_NO_PICTURES):
        drawings = joined_drawings(drawings, paths)
        shown = [
            box
            for box in images
            if area(box) < _WHOLE * whole
            and not _is_ground(box, words, taken)
            and not _is_page_ground(box, words, whole)
        ]
        drawn = [
            drawing.box
            for drawing in drawings
            if not drawing.glyphs
            and not any(overlap(drawing.box, table.box) > _ON_TABLE for table in tables if _is_sure(table))
            and _is_picture(drawing, words, taken, page, rules)
            and not _is_page_ground(drawing.box, words, whole)
            and not _holds_prose(drawing.box, words, taken)
        ]
        drawn = _with_all_labels(drawn, words, paths)
    with kept(_NO_DATA):
        in_tables = {index for table in tables if _is_sure(table) for index in table.words}
        pies = measured_pies(drawings, [word for i, word in enumerate(words) if i not in in_tables], subpaths)
    drawn += [box for box, _ in pies]
    if drawn:
        tables = [t for t in tables if _is_sure(t) or not any(_is_on(t, box, words) for box in drawn)]
    found = []
    for table in tables:
        with kept(NO_TABLE):
            found.append(Part("table", framed(table, rules), rows=table.cells, header_rows=table.header_rows))
            for index in table.words:
                taken[index] = True
    for box in _merged([*shown, *drawn]):
        if any(overlap(box, table.box) > _IN_TABLE for table in tables):
            continue
        inside = [i for i, word in enumerate(words) if not taken[i] and overlap(word.box, box) > _INSIDE]
        held = [words[i] for i in inside]
        chart = any(overlap(other, box) > _INSIDE for other in drawn) and sum(map(_numbers, held)) >= _LEAST_NUMBERS
        lines = told(kept, _NO_PICTURES, partial(_lines_of_picture, held), [Line([word]) for word in held])
        around = bounds([box, *(word.box for word in held)])
        shares = [data for pie, data in pies if overlap(pie, box) > _ONE_PIE]
        data = None
        if chart and not shares:
            with kept(_NO_DATA):
                data = measured_chart(box, paths, held, subpaths)
        if len(shares) == 1:
            data = shares[0]
        part = Part("chart" if chart or shares else "figure", around, lines=tuple(lines))
        found.append(replace(part, rows=data.rows, header_rows=1, facts=data.facts) if data else part)
        for index in inside:
            taken[index] = True
    with kept(_NO_PICTURES):
        found += _drawn_formulas(drawings, found, words)
    return found


def _with_all_labels(drawn: list[Box], words: Sequence[Word], paths: Sequence[Path]) -> list[Box]:
    """Return the boxes of drawings with the labels, the numbers of axes and the legends beside them."""
    if not drawn:
        return drawn
    upright = [word for word in words if not word.angle]
    labels = [line for line in lines_of(upright, [-1] * len(upright)) if line.box[3] > line.box[1]]
    labels += map(Line, turned_lines(words))
    keys = legend_of(paths, words)
    short = _short_lines(labels)
    return [_with_labels(_with_legend(_with_labels(box, labels, short), keys), labels, short) for box in drawn]


def _is_on(table: Table, box: Box, words: Sequence[Word]) -> bool:
    """Say whether a table, or most of its words, lies on a drawing."""
    inside = sum(holds_middle(box, words[i].box) for i in table.words)
    return overlap(table.box, box) > _ON_DRAWING or inside > _WORDS_ON_DRAWING * len(table.words)


def _is_sure(table: Table) -> bool:
    """Say whether a table is one though drawn lines in it look like a picture: it has three rows, or is a full grid."""
    return len(table.rows) > 2 or is_full_grid(table)


def paths_of(page: Any) -> list[Path]:
    """Return the vector paths of a page."""
    width, height = page.width, page.height
    return [
        Path(
            _ending_at_edge(box_of(shape.bbox), width, height),
            shape.fill,
            shape.has_curve,
            shape.fill_color or shape.stroke_color or "",
            shape.fill and shape.stroke and shape.stroke_color != shape.fill_color,
        )
        for shape in page.vector_graphics.shapes
    ]


def _ending_at_edge(box: Box, width: float, height: float) -> Box:
    """Return the box of a path that runs miles over the edge, as a bar on a log scale does, as far as it is seen."""
    x0, y0, x1, y1 = box
    beyond = x0 < -width or y0 < -height or x1 > 2 * width or y1 > 2 * height
    if not beyond or x0 > width or y0 > height or x1 < 0 or y1 < 0:
        return box
    return max(x0, 0.0), max(y0, 0.0), min(x1, width), min(y1, height)


def _is_ground(image: Box, words: Sequence[Word], taken: Sequence[bool]) -> bool:
    """Say whether a bitmap is the ground of live text: a banner as high as its lines need, or a shaded box of prose.

    Labels on a map or a chart are short, and cover little of it.
    """
    lines = _lines_in(image, words, taken)
    if 0 < len(lines) <= _BANNER_LINES and _room(image, lines) < _BANNER_PITCH:
        return True
    return _is_prose(image, lines)


def _holds_prose(box: Box, words: Sequence[Word], taken: Sequence[bool]) -> bool:
    """Say whether the text in *box* is prose."""
    return _is_prose(box, _lines_in(box, words, taken))


def _is_prose(box: Box, lines: Sequence[Line]) -> bool:
    """Say whether most of the text of *lines* is longer than labels are, and these fill *box*."""
    prose = sum(len(line.text) for line in lines if len(line.text) > _LABEL_LETTERS)
    return (
        bool(lines) and prose > _MOSTLY_PROSE * sum(len(line.text) for line in lines) and _room(box, lines) < _BOX_PITCH
    )


def _lines_in(box: Box, words: Sequence[Word], taken: Sequence[bool]) -> list[Line]:
    held = [word for word, used in zip(words, taken, strict=True) if not used and overlap(word.box, box) > _WHOLLY]
    return lines_of(held, [-1] * len(held)) if held else []


def _room(box: Box, lines: Sequence[Line]) -> float:
    """Return how many font sizes of height *box* has for each level of *lines*."""
    size = median(line.size for line in lines)
    return (box[3] - box[1]) / len({round(line.baseline / size) for line in lines}) / size


def _is_page_ground(box: Box, words: Sequence[Word], page: float) -> bool:
    """Say whether a picture is the ground of a whole page: it covers most of it and holds nearly all its words.

    Args:
        box: Of the drawing.
        words: Of the page.
        page: Its area, in square points.
    """
    inside = [word for word in words if holds_middle(box, word.box)]
    worded = sum(any(map(str.isalpha, word.text)) for word in inside)
    return area(box) > _GROUND * page and len(inside) > _ALL_WORDS * len(words) and worded > _WORDED * len(inside)


def _with_legend(box: Box, keys: Sequence[Box]) -> Box:
    """Return the box of a drawing with the keys beside or below it and their names."""
    for key in sorted(keys, key=lambda key: abs(key[0] - box[2])):
        tall = key[3] - key[1]
        across = max(box[0] - key[2], key[0] - box[2])
        down = max(box[1] - key[3], key[1] - box[3])
        if across < _TO_LEGEND * tall and down < _BELOW_LEGEND * tall:
            box = bounds([box, key])
    return box


def _short_lines(lines: Sequence[Line]) -> list[Line]:
    """Return the lines that may be labels of a drawing: short ones that belong to no longer text, and scales."""
    short: list[Line] = []
    long: list[Line] = []
    for line in lines:
        (short if len(line.text) <= _LABEL_LETTERS or _is_scale(line) else long).append(line)
    return [
        line for line in short if not _CAPTION.match(line.text) and not any(_goes_on(line, other) for other in long)
    ]


def _with_labels(box: Box, lines: Sequence[Line], short: Sequence[Line]) -> Box:
    """Return the box of a drawing with those of the *short* lines that stand right beside it: labels of axes, a legend.

    A line much larger than those of all *lines* in the drawing is a heading above it.
    """
    inside = [line.size for line in lines if overlap(line.box, box) > _INSIDE]
    largest = _HEADING * median(inside) if inside else math.inf
    short = [line for line in short if line.size < largest]
    scales = _scales(short)
    for _ in range(_LABEL_ROUNDS):
        near = [line for line in short if _is_beside(line, box)] + _names_before(short, box)
        for scale in scales:  # numbers beyond the last bar stand off the drawing
            if sum(overlap(line.box, box) > _INSIDE or line in near for line in scale) >= _ON_SCALE * len(scale):
                near += [line for line in scale if line in short]
        if not near:
            break
        box = bounds([box, *(line.box for line in near)])
        short = [line for line in short if line not in near]
    return box


def _names_before(lines: Sequence[Line], box: Box) -> list[Line]:
    """Return the lines that end in a column right before a drawing, apart from each other: the names of lying bars."""
    beside = [
        line
        for line in lines
        if -line.size < box[0] - line.box[2] < _TO_NAMES * line.size and box[1] < middle(line.box)[1] < box[3]
    ]
    found: list[Line] = []
    for column in _lined_up(beside, lambda line: line.box[2]):
        column.sort(key=lambda line: line.baseline)
        along = column[-1].baseline - column[0].baseline
        apart = all(after.baseline - line.baseline > _SET_APART * line.size for line, after in pairwise(column))
        if len(column) >= _LEAST_NAMES and apart and along > _ALONG * (box[3] - box[1]):
            found += column
    return found


def _scales(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the numbers that stand at equal distances under or beside each other, as along an axis."""
    numbers = list(filter(_is_number, lines))
    under, beside = _lined_up(numbers, lambda line: line.box[2]), _lined_up(numbers, lambda line: line.baseline)
    found = []
    for groups, axis in ((under, 1), (beside, 0)):
        for group in groups:
            group.sort(key=lambda line: middle(line.box)[axis])
            steps = [middle(after.box)[axis] - middle(line.box)[axis] for line, after in pairwise(group)]
            if len(steps) > 1 and max(steps) - min(steps) < _EVEN_STEPS:
                found.append(group)
    return found


def _is_scale(line: Line) -> bool:
    """Say whether a line is the numbers along an axis."""
    numbers = sum(map(_numbers, line.words))
    return numbers > 2 and numbers >= _NUMBERS_OF_SCALE * len(line.text.split())


def _lines_of_picture(words: Sequence[Word]) -> list[Line]:
    """Return the lines in a picture row by row."""
    return sorted(lines_of(words, [-1] * len(words)), key=_by_row) if words else []


def _by_row(line: Line) -> tuple[int, float]:
    """Order labels of one height from the left, though they stand on baselines that are not quite the same."""
    return round(line.baseline), line.box[0]


def _goes_on(line: Line, other: Line) -> bool:
    """Say whether a short line belongs to the text of a long one: right under, over, or beside it."""
    if abs(line.baseline - other.baseline) >= _NEXT_LINE * other.size:
        return False  # most
    return -shared_width(line.box, other.box) < _NEXT_WORD * other.size


def _is_beside(line: Line, box: Box) -> bool:
    x, y = middle(line.box)
    across, down = -shared_width(box, line.box), -shared_height(box, line.box)
    reach = _TO_LABEL * line.size
    level, over = box[1] - reach < y < box[3] + reach, box[0] - reach < x < box[2] + reach
    near = across < reach and down < reach
    turned = line.box[3] - line.box[1] > _TURNED * (line.box[2] - line.box[0]) and len(line.text) > 1
    centred = abs(x - middle(box)[0]) < _CENTRED * (box[2] - box[0])
    return near and ((level and over) or (level and (turned or _is_number(line))) or (over and centred and y > box[3]))


def _lined_up(lines: Sequence[Line], place: Callable[[Line], float]) -> list[list[Line]]:
    """Gather lines that have nearly the same *place*."""
    groups: list[list[Line]] = []
    for line in sorted(lines, key=place):
        if groups and place(line) - place(groups[-1][-1]) < _LINED_UP:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _is_number(line: Line) -> bool:
    """Say whether a line is one number, as those along an axis."""
    return len(line.words) == 1 and _numbers(line.words[0]) == 1 and " " not in line.text


def _is_picture(
    drawing: Drawing, words: Sequence[Word], taken: Sequence[bool], page: Any, rules: Sequence[Box]
) -> bool:
    wide, tall = dimensions(drawing.box)
    small = wide < _NARROWEST * page.width or tall < _LOWEST * page.height
    if small or len(drawing.paths) < _LEAST_PATHS or is_frame(drawing):
        return False
    inside = [word for i, word in enumerate(words) if not taken[i] and overlap(word.box, drawing.box) > _INSIDE]
    letters = sum(len(word.text) for word in inside)
    typed = sum(len(word.text) for word in inside if is_monospaced(word.font))
    if letters > _LISTING_LETTERS and typed > _TYPED * letters and not is_plot(drawing, rules):
        return False  # a listing in its frame
    prose = sum(
        len(word.text)
        for i, word in enumerate(words)
        if not taken[i] and len(word.text) > _PROSE_ITEM and overlap(word.box, drawing.box) > _INSIDE
    )
    return prose < _MOST_PROSE and wide * tall < _LARGEST * page.width * page.height


def _numbers(word: Word) -> int:
    parts = (part.strip("%$€£₩,.-–()") for part in word.text.split())
    return sum(
        not part.isalpha() and (part.replace(",", "").replace(".", "").isdigit() or is_number(part)) for part in parts
    )


def _drawn_formulas(drawings: Sequence[Drawing], regions: Sequence[Part], words: Sequence[Word]) -> list[Part]:
    return [
        Part("equation", drawing.box)
        for drawing in drawings
        if drawing.glyphs
        and drawing.box[3] - drawing.box[1] > _LOWEST_FORMULA
        and not any(overlap(drawing.box, part.box) > _INSIDE for part in regions)
        and not any(overlap(word.box, drawing.box) > _TEXT_ON_FORMULA for word in words)
    ]


def _merged(boxes: Sequence[Box]) -> list[Box]:
    """Join boxes that lie over each other by a third."""
    out: list[Box] = []
    for box in sorted(boxes, key=lambda b: -area(b)):
        for number, other in enumerate(out):
            if overlap(box, other) > _ON_PICTURE:
                out[number] = bounds([box, other])
                break
        else:
            out.append(box)
    return out
