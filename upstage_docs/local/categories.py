"""What each part of a page is: headings, captions, lists, footnotes, headers and footers, by rules over the page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from upstage_docs.local.elements import Box, Cell, is_list_item
from upstage_docs.local.lines import Line, bounds

__all__ = ["Part", "categorise"]

_CAPTION = re.compile(
    r"(?:fig(?:ure|\.)?|table|tab\.|diagram|chart|graph|plate|photo|image|map|scheme|exhibit|box|algorithm|그림|표|图|表|図)"
    r"\s*\.?\s*(?:[A-Z]?\d+(?:[.\-–]\d+)*|[IVX]+\b|[A-Z]\b)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2}){0,4}\.?|[A-Z](?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|(?:chapter|section|part|appendix)\s+\w+[.:]?)\s+\S",
    re.IGNORECASE,
)
_PAGE_NUMBER = re.compile(
    r"(?:page\s*)?[\[(—–-]?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*[\])—–-]?(?:\s*(?:of|/)\s*\d{1,4})?", re.IGNORECASE
)
_FOOTNOTE = re.compile(r"(?:\d{1,3}|[*†‡§¶]{1,3}|[a-z])[.)\s]?\s*\S")
_INDEX_LINE = re.compile(r".{3,}?(?:[.\s·…]{3,}|\s)(?:\d{1,4}|[ivxlc]{1,6})$", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """A piece of a page on its way to a block; boxes in points; *category* is `""` until a rule tells it."""

    category: str
    box: Box
    lines: tuple[Line, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    header_rows: int = 0
    level: int = 1

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    @property
    def size(self) -> float:
        sizes: Counter[float] = Counter()
        for line in self.lines:
            sizes[round(line.size, 1)] += len(line.text)
        return max(sizes, key=lambda size: (sizes[size], size)) if sizes else 0.0

    @property
    def bold(self) -> float:
        letters = sum(len(line.text) for line in self.lines)
        return sum(line.bold * len(line.text) for line in self.lines) / max(letters, 1)

    @property
    def pixels(self) -> int:
        """Font size in pixels of the page at 110 dots per inch, about what the API answers."""
        return round(self.size * 1.5) if self.lines else 14


def categorise(parts: Sequence[Part], width: float, height: float) -> list[Part]:
    """Give every part its category."""
    body = _body_size(parts)
    out = []
    for part in parts:
        category = part.category or _of_text(part, parts, body, width, height)
        out.append(replace(part, category=category))
    return out


def _body_size(parts: Sequence[Part]) -> float:
    sizes: Counter[float] = Counter()
    for part in parts:
        if not part.category:
            for line in part.lines:
                sizes[round(line.size * 2) / 2] += len(line.text)
    return max(sizes, key=lambda size: (sizes[size], size)) if sizes else 10.0


def _of_text(part: Part, parts: Sequence[Part], body: float, width: float, height: float) -> str:
    text = part.text
    if _CAPTION.match(text):
        return "caption"
    if len(part.lines) <= 2 and part.box[3] < 0.09 * height:
        return "header"
    if len(part.lines) <= 2 and part.box[1] > 0.91 * height:
        return "footer"
    if is_list_item(text):
        return "list"
    if len(part.lines) <= 3 and len(text) < 160 and (part.size > 1.12 * body or part.bold > 0.9):
        return "heading1"
    return "paragraph"
