"""Tells by its style what a Word paragraph is: a heading and its level, a list item, a caption, code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from docx.oxml.ns import qn

from upstage_docs.local.blocks import Block
from upstage_docs.local.office.word.text import value
from upstage_docs.local.office.xml_values import integer

_BODY = 9
"""The outline level that is none: ECMA-376, part 1, 17.3.1.20."""
_CODE = {"html preformatted", "source code", "code", "macro text", "plain text code"}


@dataclass(frozen=True)
class Style:
    """What kind of paragraph it is: a category, the level of a heading, the list of an item.

    Attributes:
        category: One of the API's categories.
        level: Depth of a heading 1-6.
        number: Id of the list it is an item of, `""` if none.
        depth: Its level in that list, 0-8.
        font_size: In pixels at 96 dpi.
    """

    category: str = "paragraph"
    level: int = 1
    number: str = ""
    depth: int = 0
    font_size: int = Block.font_size


class Styles:
    """The styles of one document, looked up by paragraph.

    Args:
        root: The root of `word/styles.xml`, None if the document has none that can be read.
    """

    def __init__(self, root: Any | None) -> None:
        found = root.iterfind(qn("w:style")) if root is not None else ()
        self._styles = {style.get(qn("w:styleId")): style for style in found}
        self._default = next(
            (
                name
                for name, style in self._styles.items()
                if style.get(qn("w:type")) == "paragraph" and style.get(qn("w:default")) in {"1", "true"}
            ),
            "",
        )

    def of(self, paragraph: Any) -> Style:
        """Return what kind of paragraph it is, by its own properties, else by its style and those behind that."""
        chain = [paragraph.find(qn("w:pPr")), *self._chain(value(paragraph, "w:pPr/w:pStyle") or self._default)]
        names = [name for owner in chain[1:] if (name := (value(owner, "w:name") or "").lower())]
        properties = [chain[0], *(owner.find(qn("w:pPr")) for owner in chain[1:])]
        number = _first(properties, "w:numPr/w:numId")
        listed = number if number and number != "0" else ""
        depth = _first(properties, "w:numPr/w:ilvl")
        sizes = [paragraph.find(qn("w:r")), *chain[1:]]
        category, level = _kind(names, _first(properties, "w:outlineLvl"))
        return Style(
            category="list" if listed and category == "paragraph" else category,
            level=level,
            number=listed,
            depth=max(integer(depth), 0),
            font_size=_pixels(_first(sizes, "w:rPr/w:sz")),
        )

    def _chain(self, name: str) -> list[Any]:
        chain: list[Any] = []
        while name in self._styles and self._styles[name] not in chain:
            chain.append(self._styles[name])
            name = value(chain[-1], "w:basedOn") or ""
        return chain


def _first(owners: list[Any], path: str) -> str | None:
    return next((found for owner in owners if (found := value(owner, path)) is not None), None)


def _pixels(half_points: str | None) -> int:
    size = integer(half_points)
    return round(size / 2 * 96 / 72) if size > 0 else Block.font_size


def _kind(names: list[str], outline: str | None) -> tuple[str, int]:
    """Return category and heading level by outline level and by the built-in *names*, which no language changes."""
    for name in names:
        if re.match(r"toc \d|table of figures|index \d", name):
            return "index", 1
        if name == "caption":
            return "caption", 1
        if name in _CODE:
            return "code", 1
    if 0 <= integer(outline, _BODY) < _BODY:
        return "heading1", min(integer(outline) + 1, 6)
    for name in names:
        if name in {"title", "toc heading"}:
            return "heading1", 1
        if found := re.fullmatch(r"heading (\d)", name):
            return "heading1", min(int(found[1]), 6)
    return "paragraph", 1
