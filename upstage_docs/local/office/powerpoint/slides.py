"""Reads a PowerPoint file: a page for each slide, with boxes relative to the slide."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

from pptx import Presentation
from pptx.oxml.ns import qn

from upstage_docs.local.blocks import Block, Cell, PageLayout
from upstage_docs.local.geometry import Box
from upstage_docs.local.losses import Losses
from upstage_docs.local.office.alternate_content import choose
from upstage_docs.local.office.charts import chart_block
from upstage_docs.local.office.pictures import diagram, picture
from upstage_docs.local.office.powerpoint.text import Paragraphs, plain
from upstage_docs.local.office.xml_values import integer

_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_BACKDROP = 0.9
"""Share of the slide from which on a picture is what the slide stands on."""
_USUAL_SIZE = (9_144_000, 6_858_000)
"""Of a slide where the file does not say: ECMA-376, part 1, 19.2.1.39."""
_MOST_TO_CUT = 500
_OVERLAP = -0.01
"""Frames of text are larger than their text: a little overlap is still a white band."""


def read_slides(data: bytes, *, crops: Collection[str] = ()) -> Iterator[PageLayout]:
    """Yield the slides of a PPTX file, hidden ones too, so that page numbers are slide numbers.

    Blocks stand in the order that the eye takes: the title, then by rows and columns of white space. Speaker notes
    come last, without a box. A slide or a shape that cannot be read costs itself alone: of a shape, the text is kept.

    Args:
        data: The file, checked by `archive.open_archive`.
        crops: Categories whose blocks get a JPEG crop; only `figure` has one to give.
    """
    presentation = Presentation(io.BytesIO(data))
    losses = Losses()
    size = _USUAL_SIZE
    with losses.kept(1, "the size of the slides cannot be read; places on them are not true"):
        size = (presentation.slide_width or size[0], presentation.slide_height or size[1])
    # Not `presentation.slides`, which renames all of them and is nothing where one is missing.
    listed = presentation.element.sldIdLst
    for number, identifier in enumerate(() if listed is None else listed, start=1):
        blocks: list[Block] = []
        with losses.kept(number, "the slide cannot be read"):
            slide = presentation.part.related_slide(identifier.rId)
            choose(slide.element)
            lost = partial(losses.kept, number, "a shape of the slide cannot be read; only its text is")
            placed = list(_shapes(slide.shapes, _GroupUnits(1 / size[0], 1 / size[1]), slide, crops, lost))
            blocks += [block for shape in _in_order(placed) for block in shape.blocks]
            with losses.kept(number, "the notes of the slide cannot be read"):
                blocks += _notes(slide)
        yield PageLayout(number, tuple(blocks), losses=losses.of(number))


def _notes(slide: Any) -> list[Block]:
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    text = "\n".join(filter(None, (plain(paragraph) for paragraph in _paragraphs(notes)))) if notes else ""
    return [Block("paragraph", text)] if text else []


@dataclass(frozen=True)
class _GroupUnits:
    """How the units of a group become shares of the slide."""

    across: float
    down: float
    left: float = 0.0
    top: float = 0.0

    def box(self, shape: Any) -> Box | None:
        """Return the bounding box of *shape* as it is turned, None where the file gives it no place."""
        if None in {shape.left, shape.top, shape.width, shape.height}:
            return None
        angle = math.radians(getattr(shape, "rotation", 0.0) or 0.0)
        cosine, sine = abs(math.cos(angle)), abs(math.sin(angle))
        width = shape.width * cosine + shape.height * sine
        height = shape.width * sine + shape.height * cosine
        x0 = shape.left + (shape.width - width) / 2
        y0 = shape.top + (shape.height - height) / 2
        return (
            self.left + x0 * self.across,
            self.top + y0 * self.down,
            self.left + (x0 + width) * self.across,
            self.top + (y0 + height) * self.down,
        )

    def inside(self, group: Any) -> _GroupUnits:
        """Return the frame of the shapes in *group*, which count in units of their own: ECMA-376, part 1, 20.1.7.5."""
        place = group.element.find(f"{qn('p:grpSpPr')}/{qn('a:xfrm')}")
        parts = {} if place is None else {node.tag.rpartition("}")[2]: node for node in place}
        if not {"off", "ext", "chOff", "chExt"} <= parts.keys():
            return self
        x, y = (integer(parts["off"].get(name)) for name in ("x", "y"))
        width, height = (integer(parts["ext"].get(name)) for name in ("cx", "cy"))
        inner_x, inner_y = (integer(parts["chOff"].get(name)) for name in ("x", "y"))
        inner_width, inner_height = (integer(parts["chExt"].get(name)) or 1 for name in ("cx", "cy"))
        across, down = self.across * width / inner_width, self.down * height / inner_height
        return _GroupUnits(
            across, down, self.left + x * self.across - inner_x * across, self.top + y * self.down - inner_y * down
        )


@dataclass(frozen=True)
class _Placed:
    """The blocks of one shape; the *title* of a slide is read first, a *backdrop* before all else."""

    box: Box | None
    blocks: tuple[Block, ...]
    title: bool = False

    @property
    def backdrop(self) -> bool:
        if self.box is None or any(block.text or block.rows for block in self.blocks):
            return False
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1]) >= _BACKDROP


def _shapes(
    shapes: Any,
    frame: _GroupUnits,
    slide: Any,
    crops: Collection[str],
    kept: Callable[[], AbstractContextManager[None]],
) -> Iterator[_Placed]:
    """Yield the shapes that a slide or a group shows; inside *kept*, an error is noted and ends nothing."""
    for shape in shapes:
        name = next(shape.element.iter(qn("p:cNvPr")), None)
        if name is not None and name.get("hidden") in {"1", "true"}:
            continue
        if shape.element.tag == qn("p:grpSp"):
            inner = frame
            with kept():
                inner = frame.inside(shape)
            yield from _shapes(shape.shapes, inner, slide, crops, kept)
            continue
        box: Box | None = None
        blocks: tuple[Block, ...] | None = None
        with kept():
            box = frame.box(shape)
            blocks = tuple(_blocks(shape, box, slide, crops))
        if blocks is None:
            text = "\n".join(filter(None, map(plain, shape.element.iter(qn("a:p")))))
            blocks = (Block("paragraph", text, box),) if text else ()
        if blocks:
            yield _Placed(box, blocks, title=blocks[0].category == "heading1")


def _blocks(shape: Any, box: Box | None, slide: Any, crops: Collection[str]) -> Iterator[Block]:
    if shape.element.tag == qn("p:graphicFrame"):
        if shape.has_table:
            yield _table_block(shape.table, box)
            return
        if shape.has_chart:
            yield chart_block(shape.chart_part.blob, box)
            return
        drawn = shape.element.find(f".//{_DIAGRAM}relIds")
        if drawn is not None:
            block = diagram(shape.part.related_part(drawn.get(qn("r:dm"))).blob, box)
            if block:
                yield block
            return
    yield from _pictures(shape, box, crops)
    if shape.has_text_frame:
        yield from Paragraphs(shape, slide).blocks(box)


def _pictures(shape: Any, box: Box | None, crops: Collection[str]) -> Iterator[Block]:
    """Yield the picture that *shape* is, is filled with, or shows in place of an embedded object."""
    blip = shape.element.find(f".//{qn('a:blip')}")
    if blip is None:
        return
    name = shape.element.find(f".//{qn('p:cNvPr')}")
    description = "" if name is None else name.get("descr", "")
    embedded = shape.part.rels.get(blip.get(qn("r:embed")))
    if embedded is None or embedded.is_external:  # linked, or missing: the picture is not part of the file
        yield Block("figure", description, box)
    else:
        yield picture(embedded.target_part.blob, description, box, crops=crops)


def _table_block(table: Any, box: Box | None) -> Block:
    height, width = len(table.rows), len(table.columns)
    rows = tuple(
        tuple(
            Cell(
                "\n".join(plain(paragraph) for paragraph in _paragraphs(cell.text_frame)).strip(),
                # What a file says of a span may reach beyond the table, by a billion cells if it means harm.
                min(cell.span_height, height - row_number) if cell.is_merge_origin else 1,
                min(cell.span_width, width - column) if cell.is_merge_origin else 1,
            )
            for column, cell in enumerate(row.cells)
            if not cell.is_spanned
        )
        for row_number, row in enumerate(table.rows)
    )
    return Block("table", "", box, rows=rows, header_rows=int(table.first_row))


def _paragraphs(frame: Any) -> list[Any]:
    return [paragraph._p for paragraph in frame.paragraphs]  # noqa: SLF001 - equations are only in the XML


def _in_order(placed: list[_Placed]) -> list[_Placed]:
    """Return shapes in the order the eye takes them; those without a place come last, in the file's order."""
    backdrops = [shape for shape in placed if shape.backdrop]
    titles = [shape for shape in placed if shape.title]
    others = [shape for shape in placed if shape.box and not shape.title and not shape.backdrop]
    homeless = [shape for shape in placed if not shape.box and not shape.title]
    return [*backdrops, *titles, *_cut(others), *homeless]


def _cut(shapes: list[_Placed]) -> list[_Placed]:
    """Return shapes by cutting along white bands, again and again: the widest one, or what spans the columns off first.

    G. Nagy, S. Seth, "Hierarchical representation of optically scanned documents", ICPR 1984.
    """
    if not 1 < len(shapes) <= _MOST_TO_CUT:
        return sorted(shapes, key=lambda shape: (_side(shape, 1), _side(shape, 0)))
    rows, columns = _bands(shapes, 1, 3), _bands(shapes, 0, 2)
    if not rows and not columns:
        return sorted(shapes, key=lambda shape: (_side(shape, 1), _side(shape, 0)))
    widest_row, widest_column = max(rows, default=(-1.0, 0)), max(columns, default=(-1.0, 0))
    near, (_, place) = (0, widest_column) if widest_column >= widest_row else (1, widest_row)
    if not columns:
        place = rows[0][1]
    ordered = sorted(shapes, key=lambda shape: _side(shape, near))
    return _cut(ordered[:place]) + _cut(ordered[place:])


def _bands(shapes: list[_Placed], near: int, far: int) -> list[tuple[float, int]]:
    """Return the white bands across one direction: how wide each is, and how many shapes lie before it."""
    ordered = sorted(shapes, key=lambda shape: _side(shape, near))
    reach = _side(ordered[0], far)
    bands = []
    for place, shape in enumerate(ordered[1:], start=1):
        gap = _side(shape, near) - reach
        if gap > _OVERLAP:
            bands.append((gap, place))
        reach = max(reach, _side(shape, far))
    return bands


def _side(shape: _Placed, side: int) -> float:
    return shape.box[side] if shape.box else 0.0
