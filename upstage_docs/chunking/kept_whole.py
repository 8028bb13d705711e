"""A table, chart or figure with what belongs to it: headings, captions, its continuation on the next page."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter

from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.table_joining import JoinedTable
from upstage_docs.chunking.table_rows import Limits, Part, split_rows
from upstage_docs.chunking.units import Place, Unit, joined
from upstage_docs.records.render import text_of_html

__all__ = ["Whole", "captions_before"]

_TABLE_LABEL = re.compile(r"\W*(?:table|tab\.|표|表)", re.IGNORECASE)
_FIGURE_LABEL = re.compile(
    r"\W*(?:fig(?:ure|\.)|chart|graph|image|photo|그림|도표|사진|차트|그래프|図|图|圖)", re.IGNORECASE
)
_INNER_CAPTION = re.compile(
    r"<(?:fig)?caption\b[^<>]*>([^<]*(?:<(?!/?(?:fig)?caption)[^<]*)*)</(?:fig)?caption>", re.IGNORECASE
)


class Whole:
    """One table, chart or figure, and the units that share its chunk.

    Attributes:
        units: Itself, and on the next pages the tables that it goes on in.
    """

    def __init__(self, headings: list[Unit], before: list[Unit], unit: Unit) -> None:
        self.headings = headings
        self.before = before
        self.units = [unit]
        self.after: list[Unit] = []
        self._table: JoinedTable | None = None

    def caption(self) -> str:
        """Return the words of its captions, those inside its own markup too."""
        texts = [text_of_html(unit.text) for unit in (*self.before, *self.after)] if self.before or self.after else []
        own = self.units[0].text
        around = own[: own.find("<tr")] + own[own.rfind("</tr") :]  # all of it where there are no rows
        if "caption" in around:
            texts += [text_of_html(match[1]) for match in _INNER_CAPTION.finditer(around)]
        return "\n".join(texts)

    def take(self, unit: Unit) -> bool:
        """Join *unit* if it is this table going on at the top of the next page; return whether it was."""
        last, following = self.units[-1].place, unit.place
        if last.category != "table" or following.category != "table" or following.page != last.page + 1:
            return False
        self._table = self._table or JoinedTable(self.units[0].text)
        if not self._table.take(unit.text):
            return False
        self.units.append(unit)
        return True

    def _joined(self) -> Unit:
        """Return the one unit of all tables that were joined."""
        if self._table is None:
            return self.units[0]
        sources: list[tuple[int, int, Place]] = []
        position = 0
        for unit in self.units:
            sources += [(start + position, end + position, place) for start, end, place in unit.sources]
            position += len(unit.text)
        return _assembled(self.units[0], self._table.part, sources)

    def chunks(self, options: ChunkOptions) -> Iterator[list[Unit]]:
        """Yield the units of each chunk: one, or, where rows are to be split, one for each part."""
        whole = self._joined() if len(self.units) > 1 else self.units[0]
        units = [*self.headings, *self.before, whole, *self.after]
        parts = None
        if options.oversized_tables == "split_rows" and not options.fits(joined(units)):
            first, later = self._room(self.headings, options), self._room([], options)
            parts = split_rows(whole.text, Limits(first, later, options.size, options.exact))
        if not parts:
            yield units
            return
        for index, part in enumerate(parts):
            unit = _assembled(whole, part, whole.sources)
            yield [*([] if index else self.headings), *self.before, unit, *self.after]

    def _room(self, headings: list[Unit], options: ChunkOptions) -> int:
        """Return the size that is left for the table in a chunk with *headings*."""
        above = [*headings, *self.before]
        around = joined(above) + self.units[0].joiner if above else ""
        around += "".join(unit.joiner + unit.text for unit in self.after)
        return options.chunk_size - (options.size(around) if around else 0)


def _assembled(unit: Unit, part: Part, sources: list[tuple[int, int, Place]]) -> Unit:
    """Return *unit* with the text of *part*, whose pieces come from *sources*, by their offsets."""
    text = "".join([piece for piece, _ in part]).rstrip()
    if len(sources) == 1:
        return unit.with_text(text, [(0, len(text), sources[0][2])])
    spans: list[tuple[int, int, Place]] = []
    position = 0
    for piece, offset in part:
        length = min(len(piece), len(text) - position)
        first = bisect_right(sources, offset, key=itemgetter(1))
        last = bisect_left(sources, offset + length, key=itemgetter(0))
        found = [
            (max(start, offset) - offset + position, min(end - offset, length) + position, place)
            for start, end, place in (sources[first:last] if offset >= 0 else ())
        ]
        if not found and spans:
            found = [(position, position + length, spans[-1][2])]  # a closing tag
        spans += found
        position += length
    merged: list[tuple[int, int, Place]] = []
    for start, end, place in spans:
        if merged and merged[-1][2] is place:
            merged[-1] = (merged[-1][0], end, place)
        elif start < end:
            merged.append((start, end, place))
    return unit.with_text(text, merged or [(0, len(text), unit.place)])


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
