"""Reads what is inside a Word paragraph: text, page breaks, notes, equations, pictures, text boxes, charts.

Deleted and hidden text is left out; knows no layout. `renderings.choose` has been there first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from docx.oxml.ns import qn

from upstage_docs.local.office.equations import linear
from upstage_docs.local.office.xml_values import hexadecimal, integer

_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_LEFT_OUT = {
    "pPr",
    "sdtPr",
    "sdtEndPr",
    "tblPr",
    "trPr",
    "tcPr",
    "del",
    "moveFrom",
    "delText",
    "instrText",
    "rPr",
    "rt",
}
_WINGDINGS = {
    0xFC: "✓",
    0xFB: "✗",
    0xFE: "☑",
    0xFD: "☒",
    0xA8: "□",
    0x6F: "□",
    0x6E: "■",
    0xE0: "→",
    0xA7: "▪",
    0xD8: "➢",
}

_GREEK = dict(
    zip((*range(0x41, 0x5B), *range(0x61, 0x7B)), "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True)
)
_SYMBOLS: dict[str, dict[int, str]] = {
    "wingdings": _WINGDINGS,
    "symbol": {
        **_GREEK,
        **dict(zip(range(0xB0, 0xBC), "°±″≥×∝∂•÷≠≡≈", strict=True)),
        **dict(zip(range(0xAB, 0xB0), "↔←↑→↓", strict=True)),
        **dict(zip((0xA3, 0xA5, 0xCE, 0xD6, 0xD7, 0xE5, 0xF2), "≤∞∈√⋅∑∫", strict=True)),
    },
}
"""Characters of the fonts that forms, lists and formulas use, by their code in the font."""


@dataclass(frozen=True)
class Piece:
    """A piece of what a paragraph holds: text, a page break, an equation, a note, a picture, a text box or a chart.

    Attributes:
        kind: `picture`, `chart` and `diagram` name a part by its relationship id in *text*, `note` a note by its id;
            `box` holds block content of its own in *node*.
        text: The text, the equation in linear form, or the id.
        node: The XML element, for `box`.
        description: What the author wrote for those who do not see a picture.
    """

    kind: Literal["text", "page", "equation", "footnote", "endnote", "picture", "box", "chart", "diagram"]
    text: str = ""
    node: Any = None
    description: str = ""


def local_name(node: Any) -> str:
    """Return the tag of *node* without its namespace, `""` for a comment."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def value(node: Any, path: str) -> str | None:
    """Return the `w:val` of the element at *path* below *node*, None if there is no such element, `""` if no value."""
    found = node.find("/".join(map(qn, path.split("/")))) if node is not None else None
    return None if found is None else found.get(qn("w:val"), "")


def pieces(node: Any) -> Iterator[Piece]:
    """Yield the content of a paragraph or of anything inside one."""
    for child in node:
        match local_name(child):
            case "t":
                yield Piece("text", child.text or "")
            case "tab" | "ptab":
                yield Piece("text", "\t")
            case "br" if child.get(qn("w:type")) == "page":
                yield Piece("page")
            case "br" | "cr":
                yield Piece("text", "\n")
            case "lastRenderedPageBreak":
                yield Piece("page")
            case "noBreakHyphen":
                yield Piece("text", "-")
            case "sym":
                yield Piece("text", _symbol(child))
            case "footnoteReference":
                yield Piece("footnote", child.get(qn("w:id"), ""))
            case "endnoteReference":
                yield Piece("endnote", child.get(qn("w:id"), ""))
            case "fldChar":
                yield from _form_field(child)
            case "drawing" | "pict" | "object":
                yield from _drawn(child)
            case "oMathPara":
                yield Piece("equation", " ".join(linear(one) for one in child if local_name(one) == "oMath"))
            case "oMath":
                yield Piece("text", linear(child))
            case "r" if value(child, "w:rPr/w:vanish") not in {None, "0", "false"}:
                continue
            case name if name and name not in _LEFT_OUT:
                yield from pieces(child)


def _drawn(node: Any, description: str = "") -> Iterator[Piece]:
    for child in node:
        match local_name(child):
            case "docPr":
                description = child.get("descr") or description
            case "nvPicPr" if len(child):
                description = child[0].get("descr") or description
            case "txbxContent":
                yield Piece("box", node=child)
            case "blip" if child.get(f"{_R}embed"):
                yield Piece("picture", child.get(f"{_R}embed"), description=description)
            case "imagedata" if child.get(f"{_R}id"):
                yield Piece("picture", child.get(f"{_R}id"), description=description)
            case "chart" if child.get(f"{_R}id"):
                yield Piece("chart", child.get(f"{_R}id"))
            case "relIds" if child.get(f"{_R}dm"):
                yield Piece("diagram", child.get(f"{_R}dm"))
            case name if name:
                yield from _drawn(child, description)


def _symbol(node: Any) -> str:
    """Return a character of a symbol font, as far as it is known."""
    code = hexadecimal(node.get(qn("w:char"))) & 0xFF
    return _SYMBOLS.get(node.get(qn("w:font"), "").lower(), {}).get(code, "\ufffd")


def _form_field(node: Any) -> Iterator[Piece]:
    """Yield the state of a box to tick, or what is chosen of a list; the text of other fields stands behind them."""
    choices = node.find(qn("w:ffData") + "/" + qn("w:ddList"))
    if choices is not None:
        entries = [entry.get(qn("w:val"), "") for entry in choices.iterfind(qn("w:listEntry"))]
        chosen = integer(value(choices, "w:result") or value(choices, "w:default"))
        yield Piece("text", entries[chosen] if 0 <= chosen < len(entries) else "")
    box = node.find(qn("w:ffData") + "/" + qn("w:checkBox"))
    if box is not None:
        state = value(box, "w:checked")
        ticked = (value(box, "w:default") if state is None else state) not in {None, "0", "false"}
        yield Piece("text", "■" if ticked else "□")
