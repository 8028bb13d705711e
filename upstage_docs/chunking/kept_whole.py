"""Gathers a table, chart or figure with what belongs to it: headings, captions, unit lines, notes, continuations."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import partial
from operator import itemgetter

import msgspec

from upstage_docs.chunking.dense_tables import dense_table, row_starts
from upstage_docs.chunking.markdown import read_text_table
from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.table import read_table
from upstage_docs.chunking.table_joining import JoinedTable
from upstage_docs.chunking.table_rows import Pieces, RowSizes, TablePart, split_rows
from upstage_docs.chunking.units import UNKNOWN, ElementPlace, Unit, joined, merged_extra
from upstage_docs.records.announcements import start_of_last_sentence
from upstage_docs.records.caption_labels import caption_label, is_label_alone
from upstage_docs.records.element_captions import inner_captions, owned_before
from upstage_docs.records.header_rows import header_rows_of
from upstage_docs.records.heading_numbering import title_key
from upstage_docs.records.ownership import (
    MOST_IN_A_ROW,
    Line,
    Owned,
    are_in_a_row,
    is_above_beside,
    is_caption_or_unit,
    is_compared_with_last,
    is_remark_below,
    role_above,
    role_below,
    role_of_last_line,
    role_taken,
    stands_off,
)
from upstage_docs.records.render import text_of_html, text_of_line
from upstage_docs.records.wording import is_unit

_LINE_BREAK = re.compile(r"<br\s*/?>|\n")
_CONTINUED = re.compile(r"(?<![^\W_])(?:continued|cont[’'.]?d?|계속|続き?|续|續)\W{0,4}\Z", re.IGNORECASE)
_EMPHASIS = re.compile(r"\*\*|__")
_LONGEST_LABEL = 160  # characters, markup included
_LONGEST_LAST_LINE = 400  # characters, markup included: a unit line or a caption that ends a text is shorter
# What Markdown writes around the words of a line: signs of quotes, headings and lists, the line below a heading.
_AROUND_LINE = re.compile(r"\A(?:#{1,6}[ \t]+|[-+*>:][ \t]+)+|(?:[ \t]+#+|\r?\n[ \t]*(?:=+|-+))[ \t]*\Z")

# What every part of a table that is cut by rows repeats; the rest stands once.
_REPEATED = frozenset({"caption", "title", "unit"})
# Of an announcement that is longer, or larger than this part of a chunk, only the last sentence travels with its table.
# Measured on 858 questions, in HTML: all of it answers .859 at 300 characters and .915 at 500, so .864 and .920.
_LONGEST_ANNOUNCEMENT = 400
_LARGEST_ANNOUNCEMENT = 0.4


class Whole:
    """One table, chart or figure, and the units that share its chunk.

    Attributes:
        above: What stands before it, in order: an announcement, headings, captions, titles, unit lines, by `kind`.
        units: Itself, and on the next pages the tables that it goes on in.
        below: What stands after it: captions, unit lines, notes.
        waiting: What stands in its column below a row that it is in, until it is known what comes after that.
    """

    def __init__(self, above: list[Unit], unit: Unit) -> None:
        self.above = above
        self.units = [unit]
        self.below: list[Unit] = []
        self.waiting: list[Unit] = []
        self._owned: Owned | None = None
        self._is_followed = False  # whether a line after it is its own
        self._last: Line | None = None  # the last caption or note below
        self._table: JoinedTable | None = None

    def owned(self) -> Owned:
        """Return the words of the table with which the lines around it are compared."""
        if self._owned is None:
            self._owned = _owned(self.units[-1], self.above)
        return self._owned

    def role_of(self, unit: Unit, options: ChunkOptions) -> str:
        """Return the role of *unit*, which follows the table: caption, note, unit; `""` for none, or no room for it."""
        if unit.kind not in {"text", "caption", "aside"} or unit.place.category in _NEVER:
            return ""
        line = line_of(unit)
        role: str = role_below(line, self.owned(), self._last) or ("caption" if unit.kind == "caption" else "")
        if not role and options.merge_continued_tables:  # what is repeated above the next part of the table
            role = next((one.kind for one in self.above if _key_of_line(one) == _key_of_line(unit)), "")
        if not (role or self._is_followed or _is_of_one_element(unit, self.units[-1])):
            role = "remark" if is_remark_below(line, self.owned(), named=bool(self.above)) else ""
        if not role or not _travels(role, unit, options):
            return ""
        if role != "caption" and unit.kind != "caption":
            others = [one for one in (*self.above, *self.below) if one.kind not in {"caption", "heading"}]
            if sum(options.size(one.text) for one in (*others, unit)) > options.chunk_size:
                return ""
        self._is_followed = True
        if role in {"caption", "note"}:
            self._last = line
        return role

    def caption(self) -> str:
        """Return the words of its captions and titles, those inside its own markup too."""
        texts = inner_captions(self.units[0].text)
        if self.above or self.below:
            beside = [unit for unit in (*self.above, *self.below) if unit.kind in {"caption", "title"}]
            texts = [*map(_words_of_caption, beside), *texts]
        return "\n".join(texts) or self.units[0].caption

    @property
    def is_bare(self) -> bool:
        """Whether a figure has neither a text nor a caption."""
        if self.units[0].text:
            return False
        return not any(unit.text for unit in (*self.units, *self.above, *self.below))

    def take(self, unit: Unit, between: Sequence[Unit]) -> bool:
        """Join *unit* if it is this table going on at the top of the next page; return whether it was.

        What stands *between* the two may only repeat what stands above the first, "(continued)" behind it or not.
        """
        last, following = self.units[-1].place, unit.place
        if last.category != "table" or following.category != "table" or following.page != last.page + 1:
            return False
        if between and not set(map(_key_of_line, between)) <= set(map(_key_of_line, self.above)):
            return False
        self._table = self._table or JoinedTable(self.units[0].text)
        if not self._table.take(unit.text):
            return False
        self.units.append(unit)
        self.below += between
        self._owned = None
        return True

    def is_beside(self, unit: Unit) -> bool:
        """Return whether *unit*, the next table, chart or figure, stands beside this one on the page."""
        return are_in_a_row(self.units[-1].place, unit.place)

    def _join_tables(self) -> Unit:
        """Return the one unit of all tables that were joined."""
        if self._table is None:
            return self.units[0]
        sources: list[tuple[int, int, ElementPlace]] = []
        position = 0
        for unit in self.units:
            sources += [(start + position, end + position, place) for start, end, place in unit.sources]
            position += len(unit.text)
        whole = _assembled(self.units[0], self._table.pieces, sources)
        whole.extra = merged_extra(self.units)
        whole.end = self.units[-1].end if self.units[-1].record_id == whole.record_id else UNKNOWN
        return whole

    def chunks(self, options: ChunkOptions, limit: int) -> list[list[Unit]]:
        """Return the units of each chunk: one, or, where rows are to be split, one for each part up to *limit*."""
        self.units[0].header_rows = self.units[0].header_rows or header_rows_of(self.units[0].text)
        whole = self._join_tables() if len(self.units) > 1 else self.units[0]
        if options.table_form == "dense" and whole.text and whole.place.category in _TABLES:
            whole = _dense(whole)
        units = [*self.above, whole, *self.below]
        if not whole.text:  # a picture without words: its caption stands for it
            whole.joiner = ""
            if not self.above:
                self.below[0].joiner = ""
        if options.oversized_tables == "keep" or options.keeps_table(joined(units), options.chunk_size - limit):
            return [units]
        above, below = _repeated(self.above), _repeated(self.below)
        first = self._room(self.above, below, options, limit)
        later = self._room(above, below, options, limit)
        notes = later - self._room(above, self.below, options, limit)
        sizes = RowSizes(first, later, options.size, options.exact, notes)
        parts = split_rows(whole.text, sizes, self._header_rows(whole))
        if not parts:
            return [units]
        chunks: list[list[Unit]] = []
        for index, part in enumerate(parts):
            unit = _assembled(whole, part.pieces, whole.sources)
            self._locate(unit, whole, part)
            after = below if index < len(parts) - 1 else self.below  # what stands below stands below the last part
            chunks.append([*(above if index else self.above), unit, *after])
        return chunks

    def _locate(self, unit: Unit, whole: Unit, part: TablePart) -> None:
        """Say of *unit*, a *part* of *whole*, where its rows stand, what belongs to them, and what is only repeated."""
        text, start = whole.text, part.start
        end = part.end if whole.spans else part.closed  # what closes the first table is no row of the last
        if start < 0:
            return
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
        for piece, offset in self._table.pieces if self._table else ():
            if position < len(piece):
                position += offset
                break
            position -= len(piece)
        return unit.start + position - before if unit.start >= 0 else UNKNOWN

    @staticmethod
    def _header_rows(whole: Unit) -> int:
        """Return how many rows are the header of a table that is no HTML; 1 for plain text of unknown columns."""
        if whole.place.category != "table" and read_text_table(whole.text) is None:
            return 0
        return whole.header_rows or int("|" not in whole.text)

    def _room(self, above: list[Unit], below: list[Unit], options: ChunkOptions, limit: int) -> int:
        """Return the size that *limit* leaves for the table in a chunk with what is *above* and *below*."""
        around = joined(above) + self.units[0].joiner if above else ""
        around += "".join(unit.joiner + unit.text for unit in below)
        return limit - (options.size(around) if around else 0)


def take_above(opened: list[Unit], first: int, whole: Unit, options: ChunkOptions) -> tuple[list[Unit], list[Unit]]:
    """Divide the units before *whole* into those that stay and those that belong to it.

    Args:
        opened: The units of the open chunk.
        first: The first of them that may be taken.
        whole: The table, chart or figure that follows.
        options: Say how much travels.
    """
    taken: list[Unit] = []
    roles: set[str] = set()
    owned = _owned(whole, ())
    room = options.chunk_size
    count = len(opened)
    while count > first:
        unit = opened[count - 1]
        if unit.kind == "heading":
            if count - 1 > first and is_label(opened[count - 2]):
                unit.kind = "title"
            roles.add(unit.kind)
            taken.append(unit)
            count -= 1
            continue
        if unit.kind not in {"text", "caption", "aside", "rest"} or unit.place.category in _NEVER:
            break
        line = line_of(unit)
        # What is left of a long text is no title, nor what stands around a table inside of one element.
        titles = unit.kind != "rest" and not _is_of_one_element(unit, whole)
        near = _owned(taken[-1], ()) if is_compared_with_last(roles) else owned
        before = partial(line_of, opened[count - 2]) if count - 1 > first else None
        role: str = role_above(line, near, roles, before, titles=titles)
        role = role or ("caption" if unit.kind == "caption" else "")
        start = 0
        if not role and (role := role_of_last_line(line.words)):
            start = _start_of_last_line(unit)
            role = role if start else ""
        elif role == "announcement" and _is_long(unit.text, options):
            start = _start_of_last_sentence(unit)
            role = role if start else ""
        if not (role and _travels(role, unit, options)):
            break
        tail = unit.part(start, len(unit.text)) if start else unit
        if role != "caption" and (room := room - options.size(tail.text)) < 0:
            break
        if start:
            tail.joiner = "\n"
            rest = unit.part(0, start)
            rest.kind = unit.kind
            opened = [*opened[: count - 1], rest]
        else:
            count -= 1
        tail.kind = role
        roles.add(role_taken(line, role, roles))
        taken.append(tail)
        if start and role == "announcement":
            break
    return opened[:count], taken[::-1]


def is_label(unit: Unit) -> bool:
    """Say whether *unit* is the label of a caption alone ("TABLE IV"), whose title may be called a heading."""
    return unit.kind in {"text", "caption"} and len(unit.text) < _LONGEST_LABEL and is_label_alone(line_of(unit).words)


# What may be a table, and so have a dense form.
_TABLES = frozenset({"table", "chart"})


def _dense(whole: Unit) -> Unit:
    """Return *whole* with its table in the dense form; of joined tables, all of it is from the first page's."""
    table = read_table(whole.text) if whole.is_html else None
    text = dense_table(whole.text, table)
    if text == whole.text:
        return whole
    header_rows = table.header_rows if table else whole.header_rows
    dense = msgspec.structs.replace(whole, text=text, header_rows=header_rows, start=UNKNOWN, end=UNKNOWN)
    if whole.spans:
        dense.spans = _spans_of_dense(whole, text)
    dense.joiner = "\n" if text[0] == "<" else "\n\n"
    return dense


def _spans_of_dense(whole: Unit, text: str) -> list[tuple[int, int, ElementPlace]]:
    """Return the spans of *text*, the dense form of *whole*, a table of several pages: its rows in the same order."""
    before, after = row_starts(whole.text), [*row_starts(text), len(text)]
    stops = [after[min(bisect_left(before, end), len(after) - 1)] for _, end, _ in whole.sources]
    starts = [0, *stops[:-1]]
    places = [place for _, _, place in whole.sources]
    return [(start, stop, place) for start, stop, place in zip(starts, stops, places, strict=True) if start < stop]


_TRAVELLING = {
    "captions": frozenset({"caption", "title", "unit"}),
    "notes": frozenset({"caption", "title", "unit", "note", "remark"}),
    "full": frozenset({"caption", "title", "unit", "note", "remark", "announcement"}),
}
# Texts that are no line beside a table, however short.
_NEVER = frozenset({"equation", "code", "index"})


def _travels(role: str, unit: Unit, options: ChunkOptions) -> bool:
    """Say whether *unit*, which has *role*, may share the chunk of its table."""
    if options.table_context == "labels":
        return unit.kind == "caption"
    return role in _TRAVELLING[options.table_context]


def _is_long(announcement: str, options: ChunkOptions) -> bool:
    """Say whether no more than the last sentence of an *announcement* may travel."""
    most = options.chunk_size * _LARGEST_ANNOUNCEMENT
    return len(announcement) > _LONGEST_ANNOUNCEMENT or options.size(announcement) > most


def _is_of_one_element(one: Unit, other: Unit) -> bool:
    """Say whether both were cut out of one element of a page: what it says around its table is text."""
    a, b = one.place, other.place
    return a.y1 > 0 and a.element_id == b.element_id and a.coordinates == b.coordinates


def _start_of_last_line(unit: Unit) -> int:
    """Return where the last line of *unit* begins, 0 where it cannot be cut off."""
    if not _can_be_cut(unit.text):
        return 0
    breaks = [
        match.end() for match in _LINE_BREAK.finditer(unit.text.rstrip(), max(0, len(unit.text) - _LONGEST_LAST_LINE))
    ]
    return breaks[-1] if breaks else 0


def _start_of_last_sentence(unit: Unit) -> int:
    """Return where the last sentence of *unit* begins, 0 where it cannot be cut off."""
    body = unit.text.rstrip()
    if not _can_be_cut(body):
        return 0
    return start_of_last_sentence(body[: body.rfind("</")] if body.endswith(">") and "</" in body else body)


def _can_be_cut(text: str) -> bool:
    """Say whether no picture's text and no equation is in the way."""
    return not ("alt=" in text or "$$" in text or "\\[" in text)


def line_of(unit: Unit) -> Line:
    """Return *unit* as a line that may be a table's caption, note or unit."""
    words = text_of_line(unit.text)
    if (mark := words[:2]) in {"**", "__"} and mark in words.lstrip(mark[0]):  # else it is the mark of a note
        words = _EMPHASIS.sub("", words)
    place = unit.place
    return Line(words, place.category, place.page, place.box)


def _key_of_line(unit: Unit) -> str:
    """Return the letters and digits of a line above a table, without the mark that the table goes on."""
    return title_key(_CONTINUED.sub("", line_of(unit).words))


def _words_of_caption(unit: Unit) -> str:
    """Return the words of a caption, without the marks of HTML or Markdown."""
    words = text_of_html(unit.text)
    if unit.is_html and unit.text[-1] == ">":  # else an anchor stands before Markdown
        return words
    words = _EMPHASIS.sub("", _AROUND_LINE.sub("", words))
    return words[1:-1] if len(words) > 2 and words[0] in "*_" and words[-1] == words[0] else words


def _owned(unit: Unit, above: Sequence[Unit]) -> Owned:
    label = ""
    for one in above:
        if one.kind == "caption" and (label := caption_label(line_of(one).words)):
            break
    place = unit.place
    return Owned(place.category, place.page, place.box, unit.text, label)


def _assembled(unit: Unit, pieces: Pieces, sources: list[tuple[int, int, ElementPlace]]) -> Unit:
    """Return *unit* with the text of *pieces*, which come from *sources*, by their offsets."""
    text = "".join([piece for piece, _ in pieces]).rstrip()
    if len(sources) == 1:
        return unit.with_text(text, [(0, len(text), sources[0][2])])
    spans: list[tuple[int, int, ElementPlace]] = []
    position = 0
    for piece, offset in pieces:
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
    merged: list[tuple[int, int, ElementPlace]] = []
    for start, end, place in spans:
        if merged and merged[-1][2] is place:
            merged[-1] = (merged[-1][0], end, place)
        elif start < end:
            merged.append((start, end, place))
    return unit.with_text(text, merged or [(0, len(text), unit.place)])


def _repeated(units: list[Unit]) -> list[Unit]:
    """Return those of *units* that every part repeats, as they stand in a later part."""
    return [_as_repeated(unit) for unit in units if unit.kind in _REPEATED]


def _as_repeated(unit: Unit) -> Unit:
    """Return *unit* as it stands in a later part of its table."""
    return msgspec.structs.replace(unit, repeated=tuple(place for _, _, place in unit.sources))


def columns_apart(units: list[Unit], whole: Unit) -> tuple[list[Unit], list[Unit]]:
    """Divide the *units* above *whole* into those that may belong to it, and the captions of tables beside it.

    A row of these is above a row of tables or figures. Where none is in the column of *whole*, there is no row, unless
    a caption stands above it beside its column.
    """
    if len(units) <= MOST_IN_A_ROW and not any(stands_off(unit.place, whole.place) for unit in units):
        return units, []  # one column, as nearly always; places are compared faster than lines are read
    if not is_caption_or_unit(line_of(units[-1])):
        return units, []
    first = len(units) - 1
    while first and is_caption_or_unit(line_of(units[first - 1])):
        first -= 1
    own: list[Unit] = []
    others: list[Unit] = []
    for unit in units[first:]:
        (others if stands_off(unit.place, whole.place) else own).append(unit)
    if not (own or any(is_above_beside(line_of(unit), whole.place) for unit in others)):
        return units, []
    for unit in others:
        unit.kind = "unit" if is_unit(line_of(unit).words) else "caption"
    return units[:first] + own, others


def captions_before(last: Whole, between: Sequence[Unit], following: Unit) -> int:
    """Return how many of the units *between* two tables or figures belong to the first one."""
    return owned_before([(line_of(unit), unit.kind) for unit in between], last.owned(), _owned(following, ()))
