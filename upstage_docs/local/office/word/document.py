"""Reads a Word document as pages of blocks, without boxes, since the file does not say where its text is laid out.

A page ends where the document says so: at page breaks, at sections that begin on a new page, and where Word noted its
own breaks when it last laid the document out. A document with none of these is one page.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from docx import Document
from docx.oxml.ns import qn

from upstage_docs.local.blocks import Block, PageLayout
from upstage_docs.local.office.alternate_content import choose
from upstage_docs.local.office.word.body import Body, Item, SectionEnd, Turn
from upstage_docs.local.office.word.text import local_name, value

_NO = {None, "0", "false"}


def read_word(data: bytes, *, crops: Collection[str] = ()) -> Iterator[PageLayout]:
    """Yield the pages of a DOCX file.

    Headers and footers stand on every page that has them, footnotes on the page that refers to them, endnotes on the
    last page.

    Args:
        data: The file, checked by `archive.open_archive`.
        crops: Categories whose blocks get a JPEG crop; only `figure` has one to give.
    """
    document = Document(io.BytesIO(data))
    choose(document.element)
    body = Body(document, crops)
    sections = _sections(document, body)
    section = next(sections)
    items: list[Item] = []
    number = 1
    for item in body.items(document.element.body, document.part):
        match item:
            case Item():
                items.append(item)
            case Turn(pages, forced) if items or forced:
                for _ in range(pages):
                    yield section.page(number, items, body)
                    items, number = [], number + 1
            case SectionEnd():
                following = next(sections, section)
                if items and following.on_new_page:
                    yield section.page(number, items, body)
                    items, number = [], number + 1
                section = following
    yield section.page(number, [*items, *map(Item, body.endnotes)], body)


class _Section:
    """What the pages of one section share.

    Attributes:
        on_new_page: Whether the section begins on a page of its own.
    """

    def __init__(self, furniture: dict[str, list[Block]], *, on_new_page: bool, first: bool, even: bool) -> None:
        self.on_new_page = on_new_page
        self._furniture = furniture
        self._first = first
        self._even = even

    def page(self, number: int, items: list[Item], body: Body) -> PageLayout:
        """Return a page with its headers, its footers and the footnotes that *body* holds for it."""
        kind = "first" if self._first else "even" if self._even and number % 2 == 0 else "default"
        self._first = False
        notes, body.footnotes = body.footnotes, []
        header, footer = (self._furniture.get(f"{what} {kind}", []) for what in ("header", "footer"))
        return PageLayout(number, (*header, *_join_runs(items), *notes, *footer), losses=body.take_losses())


def _sections(document: Any, body: Body) -> Iterator[_Section]:
    """Yield the sections in order; one without a header of its own has that of the section before."""
    even = False
    with body.kept("the settings of the document cannot be read"):
        even = value(document.settings.element, "w:evenAndOddHeaders") not in _NO
    furniture: dict[str, list[Block]] = {}
    found = [one for one in document.element.body.iter(qn("w:sectPr")) if local_name(one.getparent()) != "sectPrChange"]
    for properties in found or [document.element.body]:
        furniture = {**furniture}
        for what in ("header", "footer"):
            for reference in properties.iterfind(qn(f"w:{what}Reference")):
                with body.kept(f"a {what} cannot be read"):
                    part = document.part.related_parts.get(reference.get(qn("r:id")))
                    if part is not None:
                        choose(part.element)
                        kind = reference.get(qn("w:type"), "default")
                        furniture[f"{what} {kind}"] = _furniture(what, body.blocks(part.element, part))
        yield _Section(
            furniture,
            on_new_page=value(properties, "w:type") not in {"continuous", "nextColumn"},
            first=value(properties, "w:titlePg") not in _NO,
            even=even,
        )


def _furniture(what: str, blocks: list[Block]) -> list[Block]:
    """Return a header or footer: its text as one block, whatever it is made of, and its pictures."""
    lines = [
        "\n".join(" ".join(cell.text for cell in row) for row in block.rows) if block.rows else block.text
        for block in blocks
        if block.category not in {"figure", "chart"}
    ]
    text = "\n".join(filter(None, lines))
    pictures = [block for block in blocks if block.category in {"figure", "chart"}]
    return [*([Block(what, text)] if text else []), *pictures]


def _join_runs(items: list[Item]) -> Iterator[Block]:
    """Yield blocks, those of one run as one: the items of a list, the entries of a table of contents."""
    for run, group in groupby(items, key=lambda item: item.run or id(item)):
        blocks = [item.block for item in group]
        yield replace(blocks[0], text="\n".join(block.text for block in blocks)) if isinstance(run, str) else blocks[0]
