"""Reads the paragraphs and tables of a Word document in order, and notes where pages begin."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from upstage_docs.local.blocks import Block, Cell, Loss
from upstage_docs.local.losses import Losses
from upstage_docs.local.office.alternate_content import choose
from upstage_docs.local.office.charts import chart_block
from upstage_docs.local.office.list_numbering import ListCounter
from upstage_docs.local.office.pictures import diagram, picture
from upstage_docs.local.office.word.styles import Style, Styles
from upstage_docs.local.office.word.text import Piece, local_name, pieces, value
from upstage_docs.local.office.xml_values import hexadecimal, integer

_TRANSPARENT = {"sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag"}
_TEXT_ALONE = "a paragraph or a table cannot be read; only its text is"
_PLAIN_TABLES = {None, "", "TableGrid", "TableNormal", "a3"}
"""Ids of table styles that do not set off the first row; a3 is the table grid of Korean Word."""


@dataclass(frozen=True)
class Item:
    """A block, and the list that it is an item of, if any: the items of one list become one element."""

    block: Block
    run: str = ""


@dataclass(frozen=True)
class Turn:
    """A page break: the page ends, *pages* further ones begin, and what follows stands on the last of them.

    Attributes:
        pages: How many; more than one after a table that runs over several pages.
        forced: Whether the page ends even if nothing stands on it yet.
    """

    pages: int = 1
    forced: bool = False


class SectionEnd:
    """The last paragraph of a section has ended."""


class Body:
    """The block content of one Word document.

    Attributes:
        footnotes: Those referred to since the caller last took them.
        endnotes: Those referred to so far.
    """

    def __init__(self, document: Any, crops: Collection[str]) -> None:
        self.footnotes: list[Block] = []
        self.endnotes: list[Block] = []
        self._crops = crops
        self._losses = Losses()
        self._styles = Styles(None)
        self._numbering = ListCounter(None)
        related = {relation.reltype: relation for relation in document.part.rels.values() if not relation.is_external}
        with self.kept("the styles of the document cannot be read; its headings are paragraphs"):
            self._styles = Styles(document.styles.element)
        with self.kept("the numbering of the document cannot be read; its lists have no numbers"):
            if numbering := related.get(RELATIONSHIP_TYPE.NUMBERING):
                self._numbering = ListCounter(parse_xml(numbering.target_part.blob))
        self._notes = {
            kind: related[relation].target_part
            for kind, relation in (("footnote", RELATIONSHIP_TYPE.FOOTNOTES), ("endnote", RELATIONSHIP_TYPE.ENDNOTES))
            if relation in related
        }
        self._note_texts: dict[str, dict[str, Any]] = {}
        self._note_counts = {"footnote": 0, "endnote": 0}

    def items(self, container: Any, part: Any) -> Iterator[Item | Turn | SectionEnd]:
        """Yield what stands in *container* (a body, a cell, a header, a note, a text box) of *part*."""
        for child in container:
            match local_name(child):
                case "p":
                    yield from self._kept(self._paragraph, child, part)
                    if child.find(f"{qn('w:pPr')}/{qn('w:sectPr')}") is not None:
                        yield SectionEnd()
                case "tbl":
                    yield from self._kept(self._table_items, child, part)
                case name if name in _TRANSPARENT:
                    yield from self.items(child, part)

    def kept(self, message: str) -> AbstractContextManager[None]:
        """Inside this block, an error ends nothing else; *message* is noted as a loss of the page being read."""
        return self._losses.kept(0, message)

    def take_losses(self) -> tuple[Loss, ...]:
        """Return the losses met since they were last taken."""
        losses, self._losses = self._losses.of(0), Losses()
        return losses

    def _kept(self, read: Callable[[Any, Any], Iterator[Item | Turn]], node: Any, part: Any) -> Iterator[Item | Turn]:
        """Return what *read* makes of a paragraph or a table, the text in it where that fails."""
        with self.kept(_TEXT_ALONE):
            return iter([*read(node, part)])
        lines = ("".join(text.text or "" for text in line.iter(qn("w:t"))) for line in node.iter(qn("w:p")))
        text = "\n".join(filter(None, lines))
        return iter([Item(Block("paragraph", text))] if text else [])

    def blocks(self, container: Any, part: Any) -> list[Block]:
        """Return the blocks of *container*, which has no pages of its own."""
        return [item.block for item in self.items(container, part) if isinstance(item, Item)]

    def _paragraph(self, paragraph: Any, part: Any) -> Iterator[Item | Turn]:
        style = self._styles.of(paragraph)
        if value(paragraph, "w:pPr/w:pageBreakBefore") not in {None, "0", "false"}:
            yield Turn()
        marker = self._numbering.marker(style.number, style.depth) if style.number else ""
        text = f"{marker} " if marker else ""
        beside: list[Item] = []
        for piece in pieces(paragraph):
            match piece.kind:
                case "text":
                    text += piece.text
                case "footnote" | "endnote":
                    text += self._note(piece.kind, piece.text)
                case "page":
                    if text.strip() != marker:  # the number of an item goes with its text to the next page
                        yield from _ended(text, style)
                        text = ""
                    yield from beside
                    yield Turn()
                    beside = []
                case "equation":
                    yield from _ended(text, style)
                    yield Item(Block("equation", piece.text))
                    text = ""
                case _:
                    beside += self._set_apart(piece, part)
        if text.strip() != marker:
            yield from _ended(text, style)
        yield from beside

    def _set_apart(self, piece: Piece, part: Any) -> list[Item]:
        """Return what is anchored in a paragraph and no text of it."""
        if piece.kind == "box":
            return [item for item in self.items(piece.node, part) if isinstance(item, Item)]
        target = part.related_parts.get(piece.text)
        if target is None:  # linked, not embedded: it is not part of the file
            return [Item(Block("figure", piece.description))] if piece.kind == "picture" else []
        block: Block | None = None
        with self.kept(f"a {piece.kind} cannot be read"):
            if piece.kind == "picture":
                block = picture(target.blob, piece.description, crops=self._crops)
            else:
                block = chart_block(target.blob) if piece.kind == "chart" else diagram(target.blob)
        return [Item(block)] if block else []

    def _note(self, kind: str, identifier: str) -> str:
        """Count a note, keep its text for the foot of the page, and return its mark."""
        part = self._notes.get(kind)
        if part is None:
            return ""
        if kind not in self._note_texts:
            root = parse_xml(part.blob)
            choose(root)
            self._note_texts[kind] = {note.get(qn("w:id")): note for note in root.iterfind(qn(f"w:{kind}"))}
        note = self._note_texts[kind].pop(identifier, None)
        if note is None:
            return ""
        self._note_counts[kind] += 1
        mark = f"[{self._note_counts[kind]}]"
        text = "\n".join(block.text for block in self.blocks(note, part) if block.text)
        (self.footnotes if kind == "footnote" else self.endnotes).append(Block("footnote", f"{mark} {text}"))
        return mark

    def _table_items(self, table: Any, part: Any) -> Iterator[Item | Turn]:
        """Yield a table, then the pictures in it, then the pages that it runs over."""
        grid = _Grid()
        beside: list[Block] = []
        turns = 0
        headers = 0
        for number, row in enumerate(_rows(table)):
            grid.begin()
            for _ in range(_count(value(row, "w:trPr/w:gridBefore"), 0)):
                grid.add("", 1)
            breaks = 0
            for cell in _cells(row):
                items = list(self.items(cell, part))
                breaks = max(breaks, sum(item.pages for item in items if isinstance(item, Turn)))
                inside = [item.block for item in items if isinstance(item, Item)]
                beside += [block for block in inside if block.category in {"figure", "chart"}]
                merged = value(cell, "w:tcPr/w:vMerge")
                grid.add(
                    "\n".join(filter(None, map(_flat, inside))),
                    _count(value(cell, "w:tcPr/w:gridSpan"), 1),
                    begins=merged == "restart",
                    goes_on=merged in {"", "continue"},
                    keeps_lines=any(block.rows for block in inside if block.category == "table"),
                )
            turns += breaks
            if headers == number and value(row, "w:trPr/w:tblHeader") not in {None, "0", "false"}:
                headers += 1
        rows = grid.rows()
        if any(cell.text for row in rows for cell in row):
            yield Item(Block("table", "", rows=rows, header_rows=headers or _first_row_is_header(table)))
        yield from map(Item, beside)
        if turns:
            yield Turn(turns, forced=True)


def _ended(text: str, style: Style) -> Iterator[Item]:
    """Yield the text of a paragraph, or of its part on one page, if there is any."""
    if style.category != "code":
        text = "\n".join(line.strip() for line in text.replace("\t", " ").split("\n")).strip()
    if text.strip():
        run = style.category + style.number if style.category in {"list", "index", "code"} else ""
        kind = f"h{style.level}" if style.category == "heading1" else ""
        yield Item(Block(style.category, text, level=style.level, font_size=style.font_size, sub_category=kind), run)


def _rows(table: Any) -> Iterator[Any]:
    for child in table:
        if local_name(child) == "tr" and value(child, "w:trPr/w:del") is None:
            yield child
        elif local_name(child) in _TRANSPARENT:
            yield from _rows(child)


def _cells(row: Any) -> Iterator[Any]:
    for child in row:
        if local_name(child) == "tc":
            yield child
        elif local_name(child) in _TRANSPARENT:
            yield from _cells(child)


def _count(text: str | None, otherwise: int) -> int:
    return min(max(integer(text, otherwise), 0), 1_000)


def _flat(block: Block) -> str:
    """Return the text of a block inside a cell: a table there becomes lines, pictures stand beside the table."""
    if block.category in {"figure", "chart"}:
        return ""
    return "\n".join(" ".join(cell.text for cell in row) for row in block.rows) if block.rows else block.text


def _first_row_is_header(table: Any) -> int:
    """Return 1 if the table's style sets off its first row, else 0 (ECMA-376, part 1, 17.4.55 and 17.4.56)."""
    look = table.find(f"{qn('w:tblPr')}/{qn('w:tblLook')}")
    if look is None or value(table, "w:tblPr/w:tblStyle") in _PLAIN_TABLES:
        return 0
    bits = hexadecimal(look.get(qn("w:val")))
    return int(look.get(qn("w:firstRow")) in {"1", "true"} or bool(bits & 0x20))


class _Grid:
    """Table cells as they come, row by row, with what Word says of their merging."""

    def __init__(self) -> None:
        self._rows: list[list[Cell]] = []
        self._open: dict[int, tuple[int, int]] = {}  # grid column → where the cell stands that goes on below
        self._column = 0

    def begin(self) -> None:
        """Begin the next row."""
        self._rows.append([])
        self._column = 0

    def add(
        self, text: str, columns: int, *, begins: bool = False, goes_on: bool = False, keeps_lines: bool = False
    ) -> None:
        """Add a cell; one that *goes_on* makes the one above it taller, if that one *begins* a merge."""
        above = self._open.get(self._column) if goes_on else None
        if above is None:
            self._rows[-1].append(Cell(text, 1, columns, keeps_lines))
            self._open.pop(self._column, None)
            if begins:
                self._open[self._column] = (len(self._rows) - 1, len(self._rows[-1]) - 1)
        else:
            row, place = above
            cell = self._rows[row][place]
            # A covered cell may still hold text, which Word does not show but does keep.
            joined = "\n".join(filter(None, (cell.text, text)))
            self._rows[row][place] = Cell(
                joined, len(self._rows) - row, cell.column_span, cell.keeps_lines or keeps_lines
            )
        self._column += columns

    def rows(self) -> tuple[tuple[Cell, ...], ...]:
        """Return the rows, covered cells left out."""
        return tuple(map(tuple, self._rows))
