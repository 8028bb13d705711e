"""A table, chart or figure with what belongs to it: headings, captions, its continuation on the next page."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter

import msgspec

from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.table_joining import JoinedTable
from upstage_docs.chunking.table_rows import Limits, Part, runs_of_one_part, split_rows
from upstage_docs.chunking.units import UNKNOWN, Place, Unit, joined, merged_extra
from upstage_docs.records.render import text_of_html

__all__ = ["Whole", "captions_before"]

_TABLE_LABEL = re.compile(r"\W*(?:table|tab\.|표|表)", re.IGNORECASE)
_FIGURE_LABEL = re.compile(
    r"\W*(?:fig(?:ure|\.)|chart|graph|image|photo|그림|도표|사진|차트|그래프|図|图|圖)", re.IGNORECASE
)
_INNER_CAPTION = re.compile(
    r"<(?:fig)?caption\b[^<>]*>([^<]*(?:<(?!/?(?:fig)?caption)[^<]*)*)</(?:fig)?caption>", re.IGNORECASE
)
_CLOSING_TAGS = re.compile(r"(?:\s|</\w+\s*>)*")


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
        whole = _assembled(self.units[0], self._table.part, sources)
        whole.extra = merged_extra(self.units)
        whole.end = self.units[-1].end if self.units[-1].record_id == whole.record_id else UNKNOWN
        return whole

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
        before, after = ([_as_repeated(unit) for unit in around] for around in (self.before, self.after))
        for index, (part, runs) in enumerate(zip(parts, runs_of_one_part(parts), strict=True)):
            unit = _assembled(whole, part, whole.sources)
            self._locate(unit, whole, runs, is_first=not index)
            yield [*before, unit, *after] if index else [*self.headings, *self.before, unit, *self.after]

    def _locate(self, unit: Unit, whole: Unit, runs: Sequence[tuple[int, int]], *, is_first: bool) -> None:
        """Say of a part which places are only repeated in it, where its rows stand, and what belongs to them.

        Args:
            unit: The part.
            whole: What it is a part of.
            runs: The offsets into the text of *whole* that no other part holds.
            is_first: Whether it is the first part, whose header is not repeated yet.
        """
        if whole.spans:  # what closes the first table is no row of it
            runs = [run for run in runs if not _CLOSING_TAGS.fullmatch(whole.text, *run)]
        if not runs:
            return
        text = whole.text
        start, end = 0 if is_first else runs[0][0], runs[-1][1]
        while text[end - 1].isspace():
            end -= 1
        if not whole.spans:
            unit.start, unit.end = (whole.start + start, whole.start + end) if whole.start >= 0 else (UNKNOWN, UNKNOWN)
            return
        own = [place for a, b, place in whole.sources if a < end and b > start]
        if unit.spans:
            unit.repeated = tuple(place for _, _, place in unit.spans if place not in own)
        tables = [one for one in self.units if any(place in own for _, _, place in one.sources)] or self.units
        unit.extra = merged_extra(tables)
        one, other = tables[0], tables[-1]
        unit.record_id = one.record_id
        unit.start = self._offset(start, one)
        unit.end = self._offset(end - 1, other) + 1 if one.record_id == other.record_id else UNKNOWN

    def _offset(self, position: int, unit: Unit) -> int:
        """Return where *position* of the text of all tables stands in the record of *unit*, one of them."""
        before = 0
        for one in self.units:
            if one is unit:
                break
            before += len(one.text)
        for piece, offset in self._table.part if self._table else ():
            if position < len(piece):
                position += offset
                break
            position -= len(piece)
        return unit.start + position - before if unit.start >= 0 else UNKNOWN

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


def _as_repeated(unit: Unit) -> Unit:
    """Return *unit* as it stands in a later part of its table."""
    return msgspec.structs.replace(unit, repeated=tuple(place for _, _, place in unit.sources))


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
