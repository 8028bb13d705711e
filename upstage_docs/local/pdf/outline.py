"""Takes the levels of headings from the outline that a PDF carries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from upstage_docs.local.blocks import Block
from upstage_docs.records.heading_levels import DEEPEST, is_no_heading
from upstage_docs.records.heading_numbering import title_key, without_numbering

# The surest first: a running header may repeat a title that stands on the same page.
_MAY_BE_HEADINGS = (("heading1",), ("paragraph", "list"), ("header",))


class OutlineEntry(NamedTuple):
    """An entry of an outline: its *title*, its *level* from 1, the *page* that it leads to, 1-based."""

    title: str
    level: int
    page: int


class Outline:
    """The outline of one PDF, asked page by page."""

    def __init__(self, entries: Iterable[OutlineEntry]) -> None:
        self._pages: defaultdict[int, dict[str, int]] = defaultdict(dict)
        for entry in entries:
            for key in _keys(entry.title):
                self._pages[entry.page].setdefault(key, min(max(entry.level, 1), DEEPEST))

    def told(self, number: int, blocks: Sequence[Block]) -> tuple[Block, ...]:
        """Return the *blocks* of page *number*; those that the outline names become headings of its levels.

        A paragraph that is named whole is a heading. A caption, which some outlines name too, is none.
        """
        levels = dict(self._pages.get(number, {}))
        told = list(blocks)
        for categories in _MAY_BE_HEADINGS if levels else ():
            for index, block in enumerate(told):
                if block.category in categories and not block.sub_category:
                    told[index] = _leveled(block, levels)
        return tuple(told)


def _leveled(block: Block, levels: dict[str, int]) -> Block:
    """Return a heading of the level that *levels* have for its words, and take it out of them; else the block."""
    words = " ".join(block.text.split())
    keys = _keys(words)
    found = next((levels[key] for key in keys if key in levels), 0)
    if not found or is_no_heading(words):
        return block
    for key in keys:
        levels.pop(key, None)
    return replace(block, category="heading1", level=found, sub_category=f"h{found}")


def _keys(words: str) -> list[str]:
    """Return what a title is known by: with its number and without it, as either may lack it."""
    return [key for text in (words, without_numbering(words)) if (key := title_key(text))]
