"""A table, chart or figure with what belongs to it: headings, captions, its continuation on the next page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from upstage_docs.chunk_options import ChunkOptions
from upstage_docs.chunk_units import Unit
from upstage_docs.render import text_of_html

__all__ = ["Whole", "captions_before"]

_TABLE_LABEL = re.compile(r"\W*(?:table|tab\.|표|表)", re.IGNORECASE)
_FIGURE_LABEL = re.compile(
    r"\W*(?:fig(?:ure|\.)|chart|graph|image|photo|그림|도표|사진|차트|그래프|図|图|圖)", re.IGNORECASE
)
_INNER_CAPTION = re.compile(r"<(fig)?caption\b[^<>]*>(.*?)</(?:fig)?caption>", re.DOTALL | re.IGNORECASE)


class Whole:
    """One table, chart or figure, and the units that share its chunk."""

    def __init__(self, headings: list[Unit], before: list[Unit], unit: Unit) -> None:
        self.headings = headings
        self.before = before
        self.unit = unit
        self.after: list[Unit] = []

    @property
    def caption(self) -> str:
        """The words of its captions, those inside its own markup too."""
        texts = [text_of_html(unit.text) for unit in (*self.before, *self.after)]
        if "caption" in self.unit.text:
            texts += [text_of_html(match[2]) for match in _INNER_CAPTION.finditer(self.unit.text)]
        return "\n".join(texts)

    def take(self, unit: Unit) -> bool:
        """Join *unit* if it is this table going on at the top of the next page; return whether it was."""
        return False

    def chunks(self, options: ChunkOptions) -> Iterator[list[Unit]]:
        """Yield the units of each chunk: one, or, where rows are to be split, one for each part."""
        yield [*self.headings, *self.before, self.unit, *self.after]


def captions_before(last: Unit, captions: Sequence[Unit], following: Unit) -> int:
    """Return how many of the *captions* between two tables or figures belong to the first one.

    A caption that says "Table" or "Figure" goes to its like; any other to the one that it is nearer to on the page,
    and to the first if that cannot be told.
    """
    for index, caption in enumerate(captions):
        if _belongs_to(last, caption, following) is following:
            return index
    return len(captions)


def _belongs_to(last: Unit, caption: Unit, following: Unit) -> Unit:
    words = text_of_html(caption.text)
    for label, is_table in ((_TABLE_LABEL, True), (_FIGURE_LABEL, False)):
        if label.match(words):
            likes = [unit for unit in (last, following) if (unit.place.category == "table") is is_table]
            if len(likes) == 1:
                return likes[0]
    pages = [unit.place.page == caption.place.page for unit in (last, following)]
    if pages[0] != pages[1]:
        return last if pages[0] else following
    _, top, _, bottom = caption.place.box
    over, under = top - last.place.box[3], following.place.box[1] - bottom
    return following if pages[1] and bottom > top and abs(under) < abs(over) else last
