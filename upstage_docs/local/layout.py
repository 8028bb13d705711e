"""One page of the PDF library → blocks in reading order, with categories; renders nothing and recognises no text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from upstage_docs.local.categories import categorise
from upstage_docs.local.contents import contents_of
from upstage_docs.local.drawings import Drawing, Path, drawings_of
from upstage_docs.local.elements import Block, Box
from upstage_docs.local.grids import Table, table_of
from upstage_docs.local.lines import Line, Word, bounds, ink, lines_of
from upstage_docs.local.order import reading_order
from upstage_docs.local.paragraphs import paragraphs_of
from upstage_docs.local.parts import Part, overlap

__all__ = ["PageParts", "finished", "parts_of"]

_HEAVY = 600
_HEAVY_NAME = re.compile(r"bold|black|heavy|demi|-medi$|bx\d*$|\.b$", re.IGNORECASE)


class PageParts(NamedTuple):
    """The parts of a page before their categories are told; sizes and rules in points."""

    parts: list[Part]
    rules: list[Box]
    width: float
    height: float


def parts_of(page: Any, *, scanned: bool = False) -> PageParts:
    """Return the parts of a liteparse page; those that are no plain text have their category already."""
    words = [_word(item) for item in page.text_items if item.text.strip()]
    taken = [False] * len(words)
    drawings = _drawings(page)
    tables, pictures = _regions(page, words, taken, drawings)
    parts = [
        *(Part("table", table.box, rows=table.cells, header_rows=table.header_rows) for table in tables),
        *pictures,
    ]
    free = [i for i, used in enumerate(taken) if not used]
    lines = lines_of([words[i] for i in free], _library_blocks(page, [words[i] for i in free]))
    contents, lines = contents_of(lines)
    rules = _rules(page)
    headings = [_box(b.bbox) for b in page.blocks or () if b.kind == "heading" and b.bbox is not None]
    for paragraph in paragraphs_of(lines, rules):
        heading = not scanned and any(overlap(paragraph.box, box) > 0.6 for box in headings)
        parts.append(Part("", paragraph.box, lines=tuple(paragraph.lines), heading=heading))
    return PageParts([*parts, *contents], rules, page.width, page.height)


def finished(page: PageParts, running: Collection[str]) -> tuple[Block, ...]:
    """Return the blocks of a page in reading order, boxes relative to the page.

    Args:
        page: What `parts_of` found.
        running: Keys of lines that are repeated on other pages; see `margins.running_key`.
    """
    parts = categorise(page.parts, page.height, rules=page.rules, running=running)
    return tuple(_block(part, page.width, page.height) for part in _ordered(parts))


def _word(item: Any) -> Word:
    """Take over a text item; its box may span several fonts, so that only its top and its first font are reliable."""
    text = item.text.strip()
    size = item.font_height or item.font_size or item.height or 1.0
    unit = item.font_size or 1.0
    ascent, descent = (item.font_ascent or 0.0) / unit, (item.font_descent or 0.0) / unit
    height = (ascent - descent) * size
    if ascent > 0.3 and item.height > 0.9 * height > 0:
        baseline = item.y + ascent * size
    else:
        size = min(size, 1.6 * item.height) if item.height > 0 else size
        baseline = item.y + 0.8 * item.height
    top, bottom = ink(text, baseline, size)
    font = item.font_name or ""
    heavy = (item.font_weight or 400) >= _HEAVY or _HEAVY_NAME.search(font) is not None
    return Word(text, (item.x, top, item.x + max(item.width, 0.1), bottom), baseline, size, heavy, font)


def _drawings(page: Any) -> list[Drawing]:
    shapes = page.vector_graphics.shapes if page.vector_graphics else []
    paths = [
        Path((x, y, x + wide, y + tall), bool(shape.fill), bool(shape.has_curve))
        for shape in shapes
        for x, y, wide, tall in [shape.bbox]
    ]
    return drawings_of(paths, page.width, page.height)


def _rules(page: Any) -> list[Box]:
    lines = page.vector_graphics.lines if page.vector_graphics else []
    return [
        (min(line.x1, line.x2), line.y1, max(line.x1, line.x2), line.y1)
        for line in lines
        if abs(line.y1 - line.y2) < 1 and abs(line.x1 - line.x2) > 30
    ]


def _library_blocks(page: Any, words: Sequence[Word]) -> list[int]:
    """Return for each word the number of the smallest library block that holds it, -1 for none."""
    boxes = [
        (b.bbox.width * b.bbox.height, number, _box(b.bbox))
        for number, b in enumerate(page.blocks or ())
        if b.bbox is not None and b.kind not in {"rule", "figure"}
    ]
    boxes.sort()
    found = []
    for word in words:
        x, y = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
        found.append(next((n for _, n, box in boxes if box[0] <= x <= box[2] and box[1] - 1 <= y <= box[3] + 1), -1))
    return found


def _box(rect: Any) -> Box:
    return rect.x, rect.y, rect.x + rect.width, rect.y + rect.height


def _regions(
    page: Any, words: Sequence[Word], taken: list[bool], drawings: Sequence[Drawing]
) -> tuple[list[Table], list[Part]]:
    """Find tables, pictures, charts and drawn formulas; mark the words in them as taken."""
    images = [_box(b.bbox) for b in page.blocks or () if b.kind == "figure" and b.bbox is not None]
    images = [box for box in images if not _covers_page(box, page)]
    tables: list[Table] = []
    charts: list[Box] = []
    for block in page.blocks or ():
        if block.kind != "table" or block.bbox is None:
            continue
        table = table_of(block, words, taken)
        if table is None or len(table.rows) < 2 and len(table.rows[0]) < 3:
            continue
        if any(_is_chart(drawing, table, words) for drawing in drawings if overlap(drawing.box, table.box) > 0.4):
            continue
        if any(overlap(table.box, image) > 0.9 for image in images):
            continue
        tables.append(table)
        for index in table.words:
            taken[index] = True
    for drawing in drawings:
        if drawing.glyphs or any(overlap(drawing.box, table.box) > 0.3 for table in tables):
            continue
        if _is_picture(drawing, words, taken, page):
            charts.append(drawing.box)
    pictures = []
    for box in _merged([*images, *charts]):
        if any(overlap(box, table.box) > 0.7 for table in tables):
            continue
        drawn = any(overlap(chart, box) > 0.5 for chart in charts)
        inside = [i for i, word in enumerate(words) if not taken[i] and overlap(word.box, box) > 0.5]
        for index in inside:
            taken[index] = True
        lines = lines_of([words[i] for i in inside], [-1] * len(inside)) if inside else []
        numbers = sum(
            word.text.strip("%$,.-–()").replace(",", "").replace(".", "").isdigit()
            for word in (words[i] for i in inside)
        )
        category = "chart" if drawn and numbers >= 3 else "figure"
        around = bounds([box, *(line.box for line in lines)])
        pictures.append(Part(category, around, lines=tuple(lines)))
    for drawing in drawings:
        if (
            drawing.glyphs
            and not any(overlap(drawing.box, part.box) > 0.5 for part in pictures)
            and not any(overlap(drawing.box, table.box) > 0.5 for table in tables)
            and not any(overlap(word.box, drawing.box) > 0.3 for word in words)
        ):
            if drawing.box[3] - drawing.box[1] > 5:
                pictures.append(Part("equation", drawing.box))
    return tables, pictures


def _covers_page(box: Box, page: Any) -> bool:
    return (box[2] - box[0]) * (box[3] - box[1]) > 0.85 * page.width * page.height


def _is_chart(drawing: Drawing, table: Table, words: Sequence[Word]) -> bool:
    """Say whether a table that the library saw is a chart: bars and curves stand where the cells should be."""
    if drawing.glyphs:
        return False
    bars = [p for p in drawing.paths if p.filled and p.box[3] - p.box[1] > 3 and p.box[2] - p.box[0] > 3]
    heights = {round(p.box[3] - p.box[1]) for p in bars}
    free = [p for p in bars if not any(overlap(words[i].box, p.box) > 0.5 for i in table.words)]
    return len(free) >= 3 and len(heights) >= 4


def _is_picture(drawing: Drawing, words: Sequence[Word], taken: Sequence[bool], page: Any) -> bool:
    wide, tall = drawing.box[2] - drawing.box[0], drawing.box[3] - drawing.box[1]
    if wide < 0.1 * page.width or tall < 0.05 * page.height or len(drawing.paths) < 4:
        return False
    prose = sum(
        len(word.text)
        for i, word in enumerate(words)
        if not taken[i] and overlap(word.box, drawing.box) > 0.5 and len(word.text) > 45
    )
    return prose < 200 and (wide * tall) < 0.8 * page.width * page.height


def _merged(boxes: Sequence[Box]) -> list[Box]:
    """Join boxes that lie over each other by a third."""
    out: list[Box] = []
    for box in sorted(boxes, key=lambda b: -(b[2] - b[0]) * (b[3] - b[1])):
        for number, other in enumerate(out):
            if overlap(box, other) > 0.3:
                out[number] = bounds([box, other])
                break
        else:
            out.append(box)
    return out


def _ordered(parts: Sequence[Part]) -> list[Part]:
    """Order by reading; headers come first and footers last, whatever the columns."""
    size = Counter(round(line.size, 1) for part in parts for line in part.lines).most_common(1)
    gap = 0.6 * (size[0][0] if size else 10.0)
    ordered: list[Part] = []
    rest = [p for p in parts if p.category not in ("header", "footer", "footnote")]
    for group in (
        [p for p in parts if p.category == "header"],
        rest,
        [p for p in parts if p.category == "footnote"],
        [p for p in parts if p.category == "footer"],
    ):
        ordered += [group[i] for i in reading_order([_inset(p) for p in group], gap)]
    return ordered


def _inset(part: Part) -> Box:
    x0, y0, x1, y1 = part.box
    inset = min(1.5, (y1 - y0) / 4)
    return x0, y0 + inset, x1, y1 - inset


def _block(part: Part, width: float, height: float) -> Block:
    x0, y0, x1, y1 = part.box
    box = tuple(min(max(v, 0.0), 1.0) for v in (x0 / width, y0 / height, x1 / width, y1 / height))
    block = Block(part.category, part.text, (box[0], box[1], box[2], box[3]), font_size=round(part.size * 1.5) or 14)
    return replace(block, rows=part.rows, header_rows=part.header_rows) if part.rows else block
