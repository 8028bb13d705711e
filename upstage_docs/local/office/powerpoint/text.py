"""Reads the text of one shape on a slide: titles, footers, list items with their markers, paragraphs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.oxml.ns import qn

from upstage_docs.local.blocks import Block
from upstage_docs.local.geometry import Box
from upstage_docs.local.office.equations import linear
from upstage_docs.local.office.list_numbering import written_number
from upstage_docs.local.office.xml_values import integer

_CATEGORIES = {
    PP_PLACEHOLDER.TITLE: "heading1",
    PP_PLACEHOLDER.CENTER_TITLE: "heading1",
    PP_PLACEHOLDER.VERTICAL_TITLE: "heading1",
    PP_PLACEHOLDER.FOOTER: "footer",
    PP_PLACEHOLDER.DATE: "footer",
    PP_PLACEHOLDER.SLIDE_NUMBER: "footer",
    PP_PLACEHOLDER.HEADER: "header",
}
_BODIES = {PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY, PP_PLACEHOLDER.VERTICAL_OBJECT}
_FORMS = {
    "arabic": "decimal",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "circleNum": "decimalEnclosedCircle",
}
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}oMath"


def plain(paragraph: Any) -> str:
    """Return the text of an `a:p` element: its runs, fields, line breaks, and equations in linear form."""
    text = ""
    for node in paragraph:
        if node.tag in {qn("a:r"), qn("a:fld")}:
            text += node.findtext(qn("a:t")) or ""
        elif node.tag == qn("a:br"):
            text += "\n"
        else:
            text += " ".join(map(linear, node.iter(_MATH)))
    return text.replace("\v", "\n").replace("\t", " ").strip()


class Paragraphs:
    """The paragraphs of one shape, with what its placeholder inherits from layout and master.

    Args:
        shape: A shape with a text frame.
        slide: The slide it stands on.
    """

    def __init__(self, shape: Any, slide: Any) -> None:
        self._paragraphs = [paragraph._p for paragraph in shape.text_frame.paragraphs]  # noqa: SLF001 - the XML itself
        self._kind = shape.placeholder_format.type if shape.is_placeholder else None
        self._styles = [shape.element.find(f"{qn('p:txBody')}/{qn('a:lstStyle')}")]
        if self._kind in _BODIES:
            self._styles += _inherited(shape.placeholder_format, slide.slide_layout)

    def blocks(self, box: Box | None) -> Iterator[Block]:
        """Yield a block for each run of list items and for each run of other paragraphs."""
        category = _CATEGORIES.get(self._kind, "")
        lines = [(marker, text) for marker, text in self._marked() if text]
        size = self._font_size()
        if category:
            if lines:
                known = "h1" if category == "heading1" else ""
                text = "\n".join(text for _, text in lines)
                yield Block(category, text, box, font_size=size, sub_category=known)
            return
        for listed, run in groupby(lines, key=lambda line: bool(line[0])):
            text = "\n".join(f"{marker} {text}" if marker else text for marker, text in run)
            yield Block("list" if listed else "paragraph", text, box, font_size=size)

    def _marked(self) -> Iterator[tuple[str, str]]:
        counts: dict[int, int] = {}
        for paragraph in self._paragraphs:
            own = paragraph.find(qn("a:pPr"))
            level = integer(own.get("lvl")) if own is not None else 0
            text = plain(paragraph)
            if not text:  # an empty line has no marker and is not counted
                continue
            for deeper in [known for known in counts if known > level]:
                del counts[deeper]
            inherited = [style.find(qn(f"a:lvl{level + 1}pPr")) for style in self._styles if style is not None]
            mark = next(filter(None, (_mark(style) for style in (own, *inherited) if style is not None)), None)
            if mark is None or mark[0] == "none":
                counts.pop(level, None)
                yield "", text
            elif mark[0] == "number":
                counts[level] = counts.get(level, mark[2] - 1) + 1
                yield _numbered(counts[level], mark[1]), text
            else:
                yield mark[1], text

    def _font_size(self) -> int:
        for paragraph in self._paragraphs:
            for properties in paragraph.iter(qn("a:rPr")):
                if size := integer(properties.get("sz")):
                    return round(size / 100 * 96 / 72)
        return Block.font_size


def _inherited(placeholder: Any, layout: Any) -> list[Any]:
    """Return the list styles of a body placeholder's counterparts in the layout and the master, nearest first."""
    styles = [
        other.element.find(f"{qn('p:txBody')}/{qn('a:lstStyle')}")
        for owner, same in (
            (layout, lambda other: other.placeholder_format.idx == placeholder.idx),
            (layout.slide_master, lambda other: other.placeholder_format.type in _BODIES),
        )
        for other in owner.placeholders
        if same(other)
    ]
    return [*styles, layout.slide_master.element.find(f"{qn('p:txStyles')}/{qn('p:bodyStyle')}")]


def _mark(style: Any) -> tuple[str, str, int] | None:
    """Return what *style* says of markers: `none`, `number` with scheme and start, `bullet` with its sign, or None."""
    if style.find(qn("a:buNone")) is not None:
        return "none", "", 0
    numbered = style.find(qn("a:buAutoNum"))
    if numbered is not None:
        return "number", numbered.get("type", "arabicPeriod"), integer(numbered.get("startAt"), 1)
    bullet = style.find(qn("a:buChar"))
    if bullet is None:
        return None if style.find(qn("a:buBlip")) is None else ("bullet", "•", 0)
    font = style.find(qn("a:buFont"))
    symbol = font is not None and font.get("typeface", "").lower().startswith(("wingdings", "symbol", "webdings"))
    return "bullet", "•" if symbol else bullet.get("char", "•"), 0


def _numbered(count: int, scheme: str) -> str:
    """Write a number in one of the schemes of ECMA-376, part 1, 20.1.10.61."""
    form = next((form for start, form in _FORMS.items() if scheme.startswith(start)), "decimal")
    number = written_number(count, form)
    if scheme.endswith("ParenBoth"):
        return f"({number})"
    return number + (")" if scheme.endswith("ParenR") else "." if scheme.endswith("Period") else "")
