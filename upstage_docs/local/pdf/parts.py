"""The parts of a page (paragraphs, tables, pictures) before they become blocks, and their relative positions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from upstage_docs.local.blocks import Cell
from upstage_docs.local.geometry import Box, bounds, shared_height, shared_width
from upstage_docs.local.pdf.lines import Line

BOLD = 0.9
"""Share of the letters of a line in bold: a sign or a number in between may be set otherwise."""


@dataclass(frozen=True, eq=False)
class Part:
    """A paragraph, table or picture of a page; *category* is `""` until it is decided.

    Attributes:
        category: One of the API's, or `""`.
        box: `(x0, y0, x1, y1)` in points from the top left.
        lines: Its text; of a picture, what stands in it.
        rows: The cells of a table.
        header_rows: How many of the first rows are headings of columns.
        facts: Titles and kind of a chart whose data were read off, as `(name, value)` pairs; its rows are the data.
    """

    category: str
    box: Box
    lines: tuple[Line, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    header_rows: int = 0
    facts: tuple[tuple[str, str], ...] = ()

    @cached_property
    def text(self) -> str:
        """Its lines, joined by newlines."""
        return "\n".join(line.text for line in self.lines)

    @cached_property
    def size(self) -> float:
        """Font size of most of its letters in points, 0 without text."""
        if len(self.lines) == 1:
            return round(self.lines[0].size, 1)
        sizes: Counter[float] = Counter()
        for line in self.lines:
            sizes[round(line.size, 1)] += len(line.text)
        return max(sizes, key=lambda size: (sizes[size], size)) if sizes else 0.0

    @property
    def is_bold(self) -> bool:
        """Whether nearly all of its letters are bold."""
        return self.bold > BOLD

    @cached_property
    def bold(self) -> float:
        """Share of its letters in a bold font."""
        letters = sum(len(line.text) for line in self.lines)
        return sum(line.bold * len(line.text) for line in self.lines) / max(letters, 1)

    @cached_property
    def style(self) -> tuple[str, str]:
        """Font and colour of most of its letters."""
        styles: Counter[tuple[str, str]] = Counter()
        for line in self.lines:
            for word in line.words:
                styles[word.font, word.colour] += len(word.text)
        return styles.most_common(1)[0][0] if styles else ("", "")

    def right_of(self, left: Part) -> bool:
        """Say whether it stands in the same row as *left*, behind it."""
        shared = shared_height(self.box, left.box)
        least = min(self.box[3] - self.box[1], left.box[3] - left.box[1])
        return shared > 0.5 * least and self.box[0] >= left.box[2] - 1

    def shares_column(self, other: Part, share: float = 0.3) -> bool:
        """Say whether the two stand one above the other, for at least *share* of the width of the narrower one."""
        wide = shared_width(self.box, other.box)
        return wide > share * min(self.box[2] - self.box[0], other.box[2] - other.box[0])


def joined(parts: Sequence[Part], category: str) -> Part:
    """Return *parts* as one text part with all their lines, in the order given."""
    lines = tuple(line for part in parts for line in part.lines)
    return Part(category, bounds(part.box for part in parts), lines=lines)


def body_size(parts: Sequence[Part]) -> float:
    """Return the font size of most text of a page, 10 if it has none.

    It is the largest size that a quarter of the letters outside tables and pictures have: notes may outnumber it.
    """
    sizes: Counter[float] = Counter()
    for part in parts:
        if part.category in {"", "paragraph", "list", "index"}:
            for line in part.lines:
                sizes[round(line.size * 2) / 2] += len(line.text)
    total = sizes.total()
    common = [size for size, letters in sizes.items() if letters >= max(0.25 * total, 300)]
    if common:
        return max(common)
    return max(sizes, key=lambda size: (sizes[size], size)) if sizes else 10.0
