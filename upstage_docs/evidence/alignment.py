"""Finds which elements of a parsed document a text without metadata was taken from."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import msgspec

from upstage_docs.evidence.keys import Keyed, keyed, keyed_markup, keyed_piece
from upstage_docs.models import Element, OcrResult, ParsedDocument
from upstage_docs.options import OutputFormat
from upstage_docs.records.render import element_text

_FORMATS: tuple[OutputFormat, ...] = ("html", "markdown", "text")
"""What the text was made in is not told; they differ in cells that span, and in recognised equations."""


class Stretch(msgspec.Struct, frozen=True):
    """A range of a text and where it stands: the page, and the element, None for OCR."""

    start: int
    end: int
    page: int
    element: Element | None = None


def align(text: str, parsed: ParsedDocument | OcrResult) -> list[Stretch] | None:
    """Find *text* in a parsed document, and return where its parts stand; None unless it stands there exactly once."""
    mine = keyed_piece(text)
    for form in _FORMATS if mine.key else ():
        if found := _aligned(mine, _parts(parsed, form)):
            return found
    return None


def _aligned(mine: Keyed, parts: list[tuple[Stretch, Keyed]]) -> list[Stretch] | None:
    whole = "".join(one.key for _, one in parts)
    first = whole.find(mine.key)
    if first < 0 or whole.find(mine.key, first + 1) >= 0:
        return None
    ends = list(accumulate(len(one.key) for _, one in parts))
    found: list[Stretch] = []
    position = first
    last = first + len(mine.key)
    index = bisect_right(ends, position)
    while position < last:
        until = min(ends[index], last)
        if until > position:
            start, end = mine.at[position - first], mine.at[until - first - 1] + 1
            found.append(msgspec.structs.replace(parts[index][0], start=start, end=end))
        position, index = until, index + 1
    return found


def _parts(parsed: ParsedDocument | OcrResult, form: OutputFormat) -> list[tuple[Stretch, Keyed]]:
    if isinstance(parsed, OcrResult):
        return [(Stretch(0, 0, page.number), keyed(page.text)) for page in parsed.pages]
    return [
        (Stretch(0, 0, element.page, element), keyed_markup(element_text(element, form))) for element in parsed.elements
    ]
