"""Packs elements into chunks: tables, charts and figures whole, other text up to a size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import starmap

from upstage_docs.chunking.building import ChunkBuilder, TextBuilder
from upstage_docs.chunking.inputs import Chunkable, units
from upstage_docs.chunking.kept_whole import Whole, captions_before, columns_apart, is_label, line_of, take_above
from upstage_docs.chunking.options import ChunkOptions, Measure, OversizedTables, TableContext, TableForm
from upstage_docs.chunking.sizes import as_length_function
from upstage_docs.chunking.text_breaks import Breaks, end_of_words, says_something
from upstage_docs.chunking.units import Run, Unit, joined
from upstage_docs.models import Chunk, Record
from upstage_docs.options import Ids, OutputFormat
from upstage_docs.records.caption_labels import caption_label
from upstage_docs.records.ownership import MOST_IN_A_ROW, stands_off
from upstage_docs.records.wording import is_unit


def chunk_elements(
    elements: Chunkable | Iterable[Chunkable],
    *,
    chunk_size: int = 1000,
    chunk_overlap: int = 0,
    length_function: Callable[[str], int] | str = len,
    measure: Measure = "markup",
    oversized_tables: OversizedTables = "keep",
    table_size: int = 0,
    merge_continued_tables: bool = False,
    min_size: int = 0,
    exclude_categories: Iterable[str] = ("header", "footer"),
    output_format: OutputFormat = "html",
    table_context: TableContext = "full",
    table_form: TableForm = "verbatim",
    path_in_text: bool = False,
    title_in_path: bool = False,
    ids: Ids = "source",
) -> Iterator[Chunk]:
    """Yield the chunks of *elements*, in reading order, as soon as each is complete.

    Each table, chart and figure is a chunk of its own, whole, with its caption and the headings directly before it.
    Other elements are packed up to the size, and a heading opens a new chunk. `contextualize` makes the text to embed.

    Args:
        elements: A `ParsedDocument`, or an iterable of documents (several slices of one file are one document), of
            `Element`s, or of `Record`s: elements, pages, whole documents, chunks to be split once more, or what
            another loader made (HTML or Markdown text with any metadata).
        chunk_size: The largest size of a chunk. `ChunkOptions` explains this and all that follow.
        chunk_overlap: How much text is repeated at most.
        length_function: The size of a text, characters by default.
        measure: What a size in characters counts.
        oversized_tables: `keep` or `split_rows`.
        table_size: The size up to which `split_rows` keeps a table whole.
        merge_continued_tables: Whether tables are joined over pages.
        min_size: Sections below it share a chunk with the next.
        exclude_categories: What is left out of chunks.
        output_format: Which text of an `Element` is taken.
        table_context: What stays with a table.
        table_form: As answered, or with less markup.
        path_in_text: Whether texts begin with the path of their headings.
        title_in_path: Whether that path begins with the title of the file.
        ids: What ids are made of.

    Raises:
        ConfigError: The options are not possible (raised before anything is read), *length_function* gives no size, or
            *elements* holds something else.
    """
    options = ChunkOptions(
        chunk_size=chunk_size,
        chunk_overlap=chunk_overlap,
        length_function=as_length_function(length_function),
        measure=measure,
        oversized_tables=oversized_tables,
        table_size=table_size,
        merge_continued_tables=merge_continued_tables,
        min_size=min_size,
        exclude_categories=exclude_categories,
        output_format=output_format,
        table_context=table_context,
        table_form=table_form,
        path_in_text=path_in_text,
        title_in_path=title_in_path,
        ids=ids,
    )
    return chunk_with(options, elements)


def chunk_with(
    options: ChunkOptions, elements: Chunkable | Iterable[Chunkable], builder: ChunkBuilder | None = None
) -> Iterator[Chunk]:
    """Yield the chunks of *elements* as `chunk_elements` does, with options that were made before."""
    options = options.remembering()
    packer = _Packer(options)
    build = (builder or ChunkBuilder(options)).build
    done = packer.done
    for read in units(elements, options):
        try:
            for unit in read:
                packer.add(unit)
        except Exception:  # what is complete comes before the error of a text that cannot be measured
            yield from starmap(build, done)
            raise
        yield from starmap(build, done)
        done.clear()
    packer.finish()
    yield from starmap(build, done)


def split_text(options: ChunkOptions, text: str) -> list[str]:
    """Split *text* (HTML, Markdown or plain text) into the texts of its chunks, without metadata or places."""
    return [chunk.text for chunk in chunk_with(options, [Record("", text, {})], TextBuilder(options))]


_LONGEST_ASKED = 240  # characters of a text with its tag; of those without room in a report, one in eight has less


class _Packer:
    """Packs units in order; holds no more than the chunk that is open, the one before it and a pending table.

    Attributes:
        done: The units of each chunk that is complete, and its caption; whoever adds units takes them out.
    """

    def __init__(self, options: ChunkOptions) -> None:
        self.done: list[tuple[list[Unit], str]] = []
        self._options = options
        self._exact = options.exact
        self._limit = options.chunk_size
        self._leads = options.path_in_text
        self._run: Run | None = None
        self._open: list[Unit] = []
        self._size = 0
        self._body = False  # whether the open chunk holds more than headings
        self._repeated = 0  # how many of the open units are overlap
        self._last: list[Unit] = []  # the text chunk before, for the overlap
        self._whole: Whole | None = None  # a table whose captions and notes may still follow
        self._row: list[Whole] = []  # those beside it, whose captions may stand in a row below all of them
        # After a pending table, what belongs to it or to the next one; else captions without room in the open chunk.
        self._waiting: list[Unit] = []
        # A picture without words, or several in a row, which are left out unless a caption follows.
        self._bare: list[Whole] = []
        # Running headers and footers that may be captions after all: their places among the open units.
        self._asides: list[tuple[int, Unit]] = []

    def add(self, unit: Unit) -> None:
        """Take the next unit."""
        if (
            unit.kind != "text"
            or unit.run is not self._run
            or self._whole
            or self._waiting
            or self._bare
            or self._leads
        ):
            self._add(unit)
            return
        if self._exact:  # here and not by `_grown`: this is asked for every element of a corpus
            grown = self._size + len(unit.text) + (len(unit.joiner) if self._size else 0)
        else:
            grown = self._grown(unit)
        if grown > self._limit:
            self._open_next(unit)
        else:
            self._open.append(unit)
            self._size, self._body = grown, True

    def _add(self, unit: Unit) -> None:
        if unit.run is not self._run:
            self.finish()
            self._run = unit.run
        if unit.kind == "whole":
            self._add_whole(unit)
            return
        bare, self._bare = self._bare, []
        if bare and _is_caption(unit) and self._options.fits(unit.text):
            self._begin_whole(bare.pop(), bare)
        if self._whole:
            if self._row and (beside := self._beside(unit)) and (role := beside.role_of(unit, self._options)):
                unit.kind = role
                beside.waiting.append(unit)
                return
            if role := self._whole.role_of(unit, self._options):
                unit.kind = role
                self._waiting.append(unit)
                return
            if unit.kind == "aside" and not _is_caption(unit):
                return
            self._settle()
        if unit.kind == "aside":
            self._asides.append((len(self._open), unit))
            return
        if self._waiting:
            # The first may be too large; more than a chunk beside it is a list of captions.
            has_room = self._options.fits(joined([*self._waiting[1:], unit]))
            if has_room and (unit.kind == "caption" or is_unit(line_of(unit).words)):
                self._waiting.append(unit)
                return
            self._settle()
        if unit.kind == "done":
            self.done.append(([unit], ""))
            return
        heading = unit.kind == "heading" and self._body and self._open[-1].kind != "heading"
        if heading and self._size >= self._options.min_size:
            label = [self._open.pop()] if is_label(self._open[-1]) else []
            self._flush()
            self._last = []
            self._reopen(label)
        self._add_text(unit)

    def finish(self) -> None:
        """Complete the last chunks of the run."""
        self._bare = []
        self._settle()
        headings = self._take_headings() if self._body else []
        self._flush()
        self._reopen(headings)
        self._flush()
        self._last = []

    def _settle(self) -> None:
        """Decide on what waits where no table follows: it is the last table's, or else text."""
        waiting, self._waiting = self._waiting, []
        if self._whole:
            self._whole.below.extend(waiting)
            self._emit_whole()
        else:
            for unit in waiting:
                self._add_text(unit, wait=False)

    def _left_waiting(self, unit: Unit) -> list[Unit]:
        """Give each table of a row what waits for it, and return what belongs to *unit* instead, the next table."""
        left: list[Unit] = []
        for whole in filter(None, (*self._row, self._whole)):
            cut = captions_before(whole, whole.waiting, unit)
            whole.below += whole.waiting[:cut]
            left += whole.waiting[cut:]
            whole.waiting = []
        return left

    def _beside(self, unit: Unit) -> Whole | None:
        """Return the table beside the last one in whose column *unit* stands, below all of them."""
        place = unit.place
        if not self._whole or not stands_off(place, self._whole.units[-1].place):
            return None
        return next((whole for whole in self._row if not stands_off(place, whole.units[-1].place)), None)

    def _add_whole(self, unit: Unit) -> None:
        above, self._waiting = self._waiting, []
        row, self._bare = self._bare, []
        if self._whole:
            if self._options.merge_continued_tables and self._whole.take(unit, above):
                return
            self._whole.waiting = above
            above, beside = columns_apart(self._left_waiting(unit), unit)
            row = [*self._row, self._whole]
            if not _are_beside(row, unit):
                self._emit_whole()
                row = []
        else:
            row = row if _are_beside(row, unit) else []
            if above:
                waited, above = take_above(above, 0, unit, self._options)
                for one in waited:
                    self._add_text(one, wait=False)
            left, taken, beside = self._take_above(unit)
            if not unit.text and not any(one.kind == "caption" for one in (*taken, *above)):
                self._bare, self._waiting = [*row, Whole([], unit)], above
                return
            if taken or beside:
                self._open = left if len(left) > self._repeated else []
            above = taken + above
        self._begin_whole(Whole(above, unit), row)
        self._waiting = beside

    def _take_above(self, unit: Unit) -> tuple[list[Unit], list[Unit], list[Unit]]:
        """Divide the open units: what stays, what belongs to *unit*, a table that follows, and to those beside it."""
        opened = self._open
        if self._asides:
            opened = [*opened]
            for place, aside in reversed(self._asides):
                opened.insert(place, aside)
        opened, beside = columns_apart(opened, unit)
        left, taken = take_above(opened, self._repeated, unit, self._options)
        return [one for one in left if one.kind != "aside"] if self._asides else left, taken, beside

    def _begin_whole(self, whole: Whole, row: list[Whole]) -> None:
        self._flush()
        self._last = []
        self._whole, self._row = whole, row

    def _emit_whole(self) -> None:
        wholes = [*self._row, self._whole] if self._whole else self._row
        self._whole, self._row = None, []
        for whole in wholes:
            whole.below += whole.waiting
            if not whole.is_bare:
                caption = whole.caption()
                first = (whole.above or whole.units)[0]
                self.done += [(parts, caption) for parts in whole.chunks(self._options, self._room_for(first))]

    def _take_headings(self) -> list[Unit]:
        """Take the headings at the end of the open chunk out of it."""
        count = len(self._open)
        if not count or self._open[-1].kind != "heading":
            return []
        while count and self._open[count - 1].kind == "heading":
            count -= 1
        taken = self._open[count:]
        del self._open[count:]  # what is left is completed next, whatever its size
        return taken

    def _reopen(self, opened: list[Unit], *, repeated: int = 0) -> None:
        self._asides.clear()
        self._open, self._size, self._body, self._repeated = [], 0, False, repeated
        for unit in opened:
            self._append(unit, self._grown(unit))

    def _room_for(self, unit: Unit) -> int:
        """Return the size of a chunk that begins with *unit*, without the path of its headings."""
        size = self._options.chunk_size
        if not self._leads:
            return size
        # A piece that is cut out of HTML begins with no tag, and its path is no HTML.
        leads = [self._options.path(unit.headings, unit.run.source, is_html=is_html) for is_html in (True, False)]
        return size - max(map(self._options.size, leads))

    def _append(self, unit: Unit, size: int) -> None:
        self._open.append(unit)
        self._size = size
        self._body = self._body or unit.kind != "heading"

    def _grown(self, unit: Unit) -> int:
        """Return the size of the open chunk with *unit* in it; an estimate where sizes do not add up."""
        if self._leads and not self._open:
            self._limit = self._room_for(unit)
        if self._exact:
            return self._size + len(unit.text) + (len(unit.joiner) if self._open else 0)
        size = self._options.size(unit.text)
        return self._size + size + self._options.size(unit.joiner) if self._open else size

    def _add_text(self, unit: Unit, *, wait: bool = True) -> None:
        if (grown := self._grown(unit)) <= self._limit:
            self._append(unit, grown)
        else:
            self._open_next(unit, wait=wait)

    def _open_next(self, unit: Unit, *, wait: bool = True) -> None:
        """Open a chunk with a text that has no room in the open one, or cut it; a caption waits for its table."""
        # Many texts come here, and few are captions: what is neither short nor too long is not asked, which takes time.
        is_asked = unit.kind == "caption" or not _LONGEST_ASKED < len(unit.text) <= self._options.chunk_size
        if wait and is_asked and _is_caption(unit):
            self._waiting.append(unit)
            return
        if self._body or (self._open and unit.kind == "heading"):
            headings = self._take_headings() if self._body else []
            self._flush()
            overlap = [] if headings or unit.kind == "heading" else self._overlap(unit)
            if headings or overlap:
                self._reopen(headings or overlap, repeated=len(overlap))
            if (grown := self._grown(unit)) <= self._limit:
                self._append(unit, grown)
                return
        self._cut_text(unit)

    def _cut_text(self, unit: Unit) -> None:
        """Cut a text that is too long for one chunk; its first piece joins the headings that are open."""
        text, options = unit.text, self._options
        code = unit.place.category == "code"
        breaks = Breaks(text, kept=unit.place.category == "equation", code=code)
        size = len(text) if self._exact else options.size(text)
        guess = max(1, len(text) * self._limit // max(1, size))
        # What is left of a heading after its words is its end tag: it still goes with what it is the heading of.
        said = end_of_words(text) if unit.kind == "heading" else len(text)
        start = ended = 0
        begun = False
        while start < len(text):
            joiner = text[ended:start] if begun else unit.joiner
            if self._leads and not self._open:
                self._limit = self._room_for(unit)
            fits = self._fits(joiner, text)
            found = breaks.cut(start, fits, max(1, guess * (self._limit - self._size) // self._limit))
            if not found and self._repeated:
                self._reopen([])
                continue
            if not found and self._open:
                self._flush()
                continue
            end, following = found or breaks.force(start, fits, guess)
            if following >= said:
                following = len(text)
            piece = unit.part(start, end)
            piece.joiner = joiner
            if begun and piece.kind == "text":
                piece.kind = "rest"
            if says_something(piece.text, code=code):  # a tag alone says nothing
                begun, ended = True, end
                self._append(piece, self._grown(piece))
                if following < len(text):
                    self._flush()
                    overlap = self._overlap(None)
                    self._reopen(overlap, repeated=len(overlap))
            start = following

    def _fits(self, joiner: str, text: str) -> Callable[[int, int], bool]:
        """Return whether `text[start:end]` has room in the open chunk, as a function."""
        if self._exact:
            room = self._limit - self._size - (len(joiner) if self._open else 0)
            return lambda start, end: end - start <= room
        front = joined(self._open) + joiner if self._open else ""
        return lambda start, end: self._options.size(front + text[start:end]) <= self._limit

    def _overlap(self, unit: Unit | None) -> list[Unit]:
        """Return the end of the last text chunk that the next one repeats; what leaves no room for *unit* is less."""
        left = self._options.chunk_overlap
        if not left or not self._last:
            return []
        size = self._options.size
        if unit and (own := size(unit.text) + size(unit.joiner)) <= self._limit:
            left = min(left, self._limit - own)
        overlap: list[Unit] = []
        for index in range(len(self._last) - 1, -1, -1):
            one = self._last[index]
            own = size(one.text)
            if one.kind == "heading" or left <= 0:
                break
            if own <= left and index:
                overlap.append(one)
                left -= own + size(one.joiner)
                continue
            text = one.text
            guess = min(len(text) - 1, len(text) * left // max(1, own))
            code = one.place.category == "code"
            breaks = Breaks(text, code=code, since=len(text) - guess)
            start = breaks.tail(0, len(text), partial(self._is_small, text, left), guess)
            if start < len(text) and says_something(text[start:], code=code):
                overlap.append(one.part(start, len(text)))
            break
        return overlap[::-1]

    def _is_small(self, text: str, most: int, start: int, end: int) -> bool:
        return self._options.size(text[start:end]) <= most

    def _flush(self) -> None:
        """Complete the open chunk; where sizes do not add up it is measured now, and what is too much is cut off."""
        opened, repeated = self._open, self._repeated
        if self._asides:
            self._asides.clear()
        self._open, self._size, self._body, self._repeated = [], 0, False, 0
        if not opened:
            return
        self._last = opened if self._options.chunk_overlap else []
        if self._exact:
            self.done.append((opened, ""))
            return
        while opened:
            count = self._prefix(opened)
            if count <= repeated < len(opened):
                opened, repeated = opened[repeated:], 0
                continue
            self.done.append((opened[:count], ""))
            opened, repeated = opened[count:], 0

    def _prefix(self, opened: list[Unit]) -> int:
        """Return how many of the units fit into one chunk, one at the least; none ends it with a heading."""
        if len(opened) == 1 or self._options.size(joined(opened)) <= self._limit:
            return len(opened)
        low, high = 1, len(opened)
        while high - low > 1:
            middle = (low + high) // 2
            if self._options.size(joined(opened[:middle])) <= self._limit:
                low = middle
            else:
                high = middle
        count = low
        while count > 1 and opened[count - 1].kind == "heading":
            count -= 1
        return count if opened[count - 1].kind != "heading" else low


def _are_beside(row: list[Whole], unit: Unit) -> bool:
    """Say whether *unit*, a table, chart or figure, is one more of a *row*."""
    return 0 < len(row) <= MOST_IN_A_ROW and row[-1].is_beside(unit)


def _is_caption(unit: Unit) -> bool:
    """Say whether a unit is a caption, by its label or by its wording."""
    return unit.kind == "caption" or (unit.kind in {"text", "aside"} and bool(caption_label(line_of(unit).words)))
