"""The promises of the splitter, each a function that fails if a splitter breaks it; the splitter is an argument."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from typing import Any
from uuid import UUID

from bs4 import BeautifulSoup, Tag

from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.models import Chunk, Element, ParsedDocument, Record, bounding_box
from upstage_docs.records.heading_levels import HeadingLevels, is_no_heading
from upstage_docs.records.options import RecordOptions
from upstage_docs.records.records import METADATA_KEYS, records
from upstage_docs.records.render import element_text

Splitter = Callable[[Any, ChunkOptions], Iterable[Chunk]]
Invariant = Callable[[Splitter, ParsedDocument, ChunkOptions], None]

WHOLE = {"table", "chart", "figure"}
BALANCED = ("table", "thead", "tbody", "tfoot", "tr", "td", "figure", "figcaption", "caption")
TAG = re.compile(
    r"</?(?:p|br|h[1-6]|table|thead|tbody|tr|td|figure|img|figcaption|caption|header|footer|pre|code)\b[^<>]*>"
)
BLANK = re.compile(rf"(?:\s|{TAG.pattern})*")
TEXT_SIGN = re.compile(rf"<(?!(?:{TAG.pattern[1:]}|/?t(?:foot|h)>))")  # the API does not escape it
ENTITY = re.compile(r"&(?:#\d+|\w+);")
BESIDE = re.compile(
    r"table|chart|figure|below|follow|표|그림|다음|아래|表|图|図|圖|下|次|^\W|^note|^source|^주|^자료", re.IGNORECASE
)
MATH = re.compile(r"\$\$.+?\$\$", re.DOTALL)


def is_heading(element: Element) -> bool:
    """Whether it is one that opens a section: a caption or a date that was called a heading does not."""
    words = " ".join(element_text(element, "text").split())
    return element.category.startswith("heading") and not is_no_heading(words)


def says_something(text: str) -> bool:
    return bool(TAG.sub("", text).strip()) or "<img" in text


def expected(document: ParsedDocument, options: ChunkOptions) -> list[Element]:
    """The elements that must be in chunks."""
    return [
        element
        for element in document.elements
        if element.category not in options.exclude_categories
        and says_something(element_text(element, options.output_format))
    ]


def spans_of(chunk: Chunk) -> list[tuple[int, int, int, int]]:
    """`(element_id, page, start, end)` of a chunk."""
    return [tuple(span[:4]) for span in json.loads(chunk.metadata["spans"])]


def pieces(chunks: Iterable[Chunk]) -> Iterator[tuple[int, str]]:
    """Every piece of every chunk with its element's id."""
    for chunk in chunks:
        for number, _, start, end in spans_of(chunk):
            yield number, chunk.text[start:end]


def pieces_of(element: Element, chunks: Iterable[Chunk]) -> list[str]:
    """The pieces of one element; a caption or unit line counts once that is repeated with every part of its table."""
    parted = [
        chunk.text[start:end]
        for chunk in chunks
        if chunk.metadata["category"] in WHOLE
        for number, _, start, end in spans_of(chunk)
        if number == element.id
    ]
    found = [piece for number, piece in pieces(chunks) if number == element.id]
    if element.category in WHOLE or len(parted) < 2 or len(set(parted)) > 1:
        return found
    return found[: len(found) - len(parted) + 1]


def is_split(element: Element, options: ChunkOptions) -> bool:
    text = element_text(element, options.output_format)
    return options.oversized_tables == "split_rows" and ("<table" in text or "| ---" in text)


def cuts(element: Element, found: Sequence[str], options: ChunkOptions) -> list[int]:
    """Where the text of *element* was cut: its pieces must be all of it, in order, overlap apart."""
    text = element_text(element, options.output_format)
    assert found, f"element {element.id} is in no chunk: {text[:80]!r}"
    position, offsets = 0, []
    if options.chunk_overlap and any(text.find(piece) != text.rfind(piece) for piece in found):
        return []  # where a repeated word comes from cannot be told
    for piece in found:
        gap = len(BLANK.match(text[position:])[0])  # type: ignore[index]
        least = max(0, position - options.chunk_overlap * 6 - 6) if options.chunk_overlap else position
        start = next((at for at in range(position + gap, least - 1, -1) if text.startswith(piece, at)), -1)
        assert start >= 0, f"element {element.id}: {piece[:60]!r} does not follow {text[:position][-60:]!r}"
        repeated = position - start
        assert repeated <= 0 or options.size(text[start:position]) <= options.chunk_overlap, "repeated too much"
        assert start + len(piece) >= position, "a chunk repeats what an earlier one had whole"
        position = start + len(piece)
        offsets += [start, position]
    markup = TAG.sub("", text[position:])
    assert not markup.strip(), f"element {element.id} lost {text[position:][:80]!r}"
    return [offset for offset in offsets if 0 < offset < len(text)]


# --- well-formedness ---------------------------------------------------------------------------------------------


def markup_is_balanced(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I1, I27: in no chunk is a table, row, cell, figure or caption opened without being closed."""
    for chunk in split(document, options):
        opened: list[str] = []
        for match in re.finditer(rf"<(/?)({'|'.join(BALANCED)})(?=[\s/>])[^<>]*>", chunk.text):
            if not match[1]:
                opened.append(match[2])
            elif match[2] in opened:
                assert opened.pop() == match[2], f"{match[0]} closes something else in {chunk.text[:200]!r}"
        # a caption or header cut for its size stands open; a table or figure never
        assert not [name for name in opened if name != "caption"], f"{opened} open in {chunk.text[:200]!r}"


def nothing_is_cut_inside(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I2: no cut falls into a tag, an entity, an equation or a character."""
    chunks = list(split(document, options))
    for element in expected(document, options):
        if is_split(element, options):
            continue
        text = element_text(element, options.output_format)
        found = pieces_of(element, chunks)
        kept = [match.span() for regex in (TAG, ENTITY, MATH) for match in regex.finditer(text)]
        for cut in cuts(element, found, options):
            assert not any(start < cut < end for start, end in kept), f"cut inside {text[cut - 20 : cut + 20]!r}"
            assert text[cut] not in "\u0301\u200d\U0001f3fb", "cut inside a character"
            assert text[cut - 1] != "\u200d", "cut inside a character"


def no_chunk_is_empty(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I3."""
    for chunk in split(document, options):
        assert chunk.text.strip()
        assert says_something(chunk.text) or chunk.metadata["category"] in WHOLE


# --- conservation ------------------------------------------------------------------------------------------------


def no_word_is_lost_or_doubled(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I4, I6, I7: the pieces of each element are its text, once; what was left out is what was excluded or empty."""
    chunks = list(split(document, options))
    wanted = expected(document, options)
    found = {number for number, piece in pieces(chunks) if piece}  # a picture without words has an empty one
    assert found <= {element.id for element in wanted}, "a chunk holds what was to be left out"
    for element in wanted:
        if not is_split(element, options):
            cuts(element, pieces_of(element, chunks), options)


def order_is_kept(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I5: elements come in reading order; only what every part of a table repeats, or an overlap, may come again."""
    place = {element.id: index for index, element in enumerate(document.elements)}
    whole = {element.id for element in document.elements if element.category in WHOLE}
    last, parted = -1, set()
    for chunk in split(document, options):
        spans = [(number, end - start) for number, _, start, end in spans_of(chunk)]
        if options.chunk_overlap:
            spans = [span for span in spans if place[span[0]] >= last] or spans[-1:]
        tables = [number for number, _ in spans if number in whole]
        order = [place[number] for number, _ in spans]
        assert order == sorted(order), f"out of order: {order}"
        if tables and tables[0] in parted:
            continue  # a part of a table that goes on
        parted.update(tables)
        assert order == sorted(order), f"out of order: {order}"
        assert not order or order[0] >= last, f"{order} after {last}"
        last = max([last, *order])


def wholes_are_whole(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """Every table, chart and figure is in one chunk, byte for byte; only split rows make several of a table."""
    chunks = list(split(document, options))
    for element in expected(document, options):
        if element.category in WHOLE:
            text = element_text(element, options.output_format).strip()
            holding = [chunk for chunk in chunks if any(number == element.id for number, *_ in spans_of(chunk))]
            if is_split(element, options) and len(holding) > 1:
                continue
            assert len(holding) == 1, f"{element.category} {element.id} is cut"
            assert text in holding[0].text, f"{element.category} {element.id} is cut"


def only_larger_tables_are_cut(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """A table is cut between rows only if it is, with what stands beside it, larger than a table may be."""
    chunks = list(split(document, options))
    for element in expected(document, options):
        if element.category not in WHOLE or not is_split(element, options):
            continue
        holding = [chunk for chunk in chunks if any(number == element.id for number, *_ in spans_of(chunk))]
        if len(holding) > 1:
            beside = {piece for number, piece in pieces(holding) if number != element.id}
            joiners = options.size("\n\n") * len(beside)
            size = sum(map(options.size, [element_text(element, options.output_format), *beside])) + joiners
            assert size > (options.table_size or options.chunk_size), (
                f"{element.category} {element.id} was small enough"
            )


def wholes_stand_alone(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I31: beside a table, chart or figure stands only what is directly beside it on the page, and not much of that."""
    by_id = {element.id: element for element in document.elements}
    wanted = expected(document, options)
    place = {element.id: index for index, element in enumerate(wanted)}
    for chunk in split(document, options):
        inside = [by_id[number] for number, _, start, end in spans_of(chunk) if start < end]
        wholes = {element.id for element in inside if element.category in WHOLE}
        if not wholes:
            continue
        assert len(wholes) == 1, "two in one chunk"
        others = [element for element in inside if element.category not in WHOLE]
        assert all(element.category not in {"equation", "code", "index"} for element in others)
        if len(others) == len(inside) - 1 and not is_split(by_id[min(wholes)], options):
            order = [place[element.id] for element in inside]
            assert order == list(range(order[0], order[0] + len(order))), "taken from far away"
        owned = {
            one.id
            for one in others
            if not (is_heading(one) or one.category == "caption" or one.text.startswith(("Table", "Figure")))
        }
        for number in owned:
            said = by_id[number].text or TAG.sub("", by_id[number].html)
            sentence = said.rstrip().endswith((".", "?", "!", "。", "！", "？"))
            assert not sentence or BESIDE.search(said), f"running text beside a table: {said[:80]!r}"
        spans = [(end - start, number) for number, _, start, end in spans_of(chunk) if number in owned]
        assert not options.exact or sum(size for size, _ in spans) <= options.chunk_size, (
            "a text, not what belongs to it"
        )
        index = place[min(wholes)]
        if index and is_heading(wanted[index - 1]) and not is_split(by_id[min(wholes)], options):
            assert wanted[index - 1] in inside, "the heading directly before is elsewhere"


def captions_stay(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I31: a caption beside a table, chart or figure is in a chunk of one of its neighbours."""
    wanted = expected(document, options)
    where: dict[int, set[int]] = {}
    for index, chunk in enumerate(split(document, options)):
        for number, *_ in spans_of(chunk):
            where.setdefault(number, set()).add(index)
    for index, element in enumerate(wanted):
        if element.category != "caption":
            continue
        first, last = index, index
        while first and wanted[first - 1].category == "caption":
            first -= 1
        while last + 1 < len(wanted) and wanted[last + 1].category == "caption":
            last += 1
        neighbours = [wanted[n] for n in (first - 1, last + 1) if 0 <= n < len(wanted)]
        wholes = [one for one in neighbours if one.category in WHOLE]
        if wholes:
            assert any(where[element.id] == where[one.id] for one in wholes), "a caption left its table"


# --- sizes -------------------------------------------------------------------------------------------------------


def sizes_are_kept(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I8, I10: what is too large says so, and is a table, a figure or an equation."""
    for chunk in split(document, options):
        too_large = options.size(chunk.text) > options.chunk_size
        assert chunk.oversize == too_large
        if too_large:
            whole = chunk.metadata["category"] in WHOLE or MATH.search(chunk.text)
            tiny = len(chunk.text) < 12 or TAG.search(chunk.text)  # one character, or one tag with it
            assert whole or tiny, f"{options.size(chunk.text)} > {options.chunk_size}: {chunk.text[:100]!r}"


def chunks_are_full(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I9: two text chunks of one section that follow each other would not have fitted into one."""
    by_id = {element.id: element for element in document.elements}
    if options.chunk_overlap or not options.exact:
        return
    for one, two in pairwise(split(document, options)):
        categories = {by_id[number].category for chunk in (one, two) for number, *_ in spans_of(chunk)}
        second = by_id[spans_of(two)[0][0]]
        if categories & WHOLE or is_heading(second) or "caption" in categories:
            continue
        # a text that was cut: its piece ends where it reads best
        cut = len(element_text(second, options.output_format)) > options.chunk_size
        assert cut or len(one.text) + 2 + len(two.text) > options.chunk_size, (one.text[:60], two.text[:60])


# --- headings ----------------------------------------------------------------------------------------------------


def headings_govern(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I29, I30: a chunk names the headings above its first text; none ends a chunk that holds more than headings."""
    by_id = {element.id: element for element in document.elements}
    trail: list[tuple[int, str]] = []
    above: dict[int, str] = {}
    levels = HeadingLevels()
    for element in document.elements:
        if level := levels.level_of(element):
            trail = [one for one in trail if one[0] < level]
        above[element.id] = " > ".join(text for _, text in trail)
        if level:
            trail.append((level, " ".join(element_text(element, "text").split())))
    for chunk in split(document, options):
        inside = [by_id[number] for number, *_ in spans_of(chunk)]
        body = next((element for element in inside if not is_heading(element)), inside[0])
        assert chunk.metadata["headings"] == above[body.id] == " > ".join(chunk.headings)
        assert not is_heading(inside[-1]) or all(map(is_heading, inside)), "a heading ends a chunk"


def headings_are_not_alone(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """A chunk of headings only is the last, or is full: consecutive headings travel with what follows them."""
    by_id = {element.id: element for element in document.elements}
    for one, two in pairwise(split(document, options)):
        inside = [by_id[number] for number, *_ in spans_of(one)]
        if all(map(is_heading, inside)):
            second = by_id[spans_of(two)[0][0]]
            assert second.category not in WHOLE, f"{one.text!r} is not with its table"
            text = element_text(second, options.output_format).strip()
            if is_heading(second):  # is not cut to fill up a chunk
                # sizes in tokens do not add up, and the splitter adds them
                least = sum(map(options.size, (one.text, "\n\n", text)))
            else:
                tag = re.match(rf"(?:{TAG.pattern}|\s)*", text)
                least = options.size(f"{one.text}\n\n{tag[0] if tag else ''}{text.split()[0]}") + 70
            assert least > options.chunk_size, f"{one.text!r} stands alone"


# --- provenance and metadata ----------------------------------------------------------------------------------------


def provenance_is_exact(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I16, I17: spans are in order, cover every word, and name the page and box of the element whose text they are."""
    by_id = {element.id: element for element in document.elements}
    chunks = list(split(document, options))
    often = Counter(number for chunk in chunks for number in {number for number, *_ in spans_of(chunk)})
    for chunk in chunks:
        metadata, text = chunk.metadata, chunk.text
        spans = json.loads(metadata["spans"])
        position, covered = 0, 0
        for number, page, start, end, *box in spans:
            element = by_id[number]
            silent = element.category in WHOLE and not element_text(element, options.output_format)
            assert position <= start <= end <= len(text)
            assert silent or start < end, "only a picture without words has an empty span"
            assert not text[position:start].strip(), "words that come from nowhere"
            position, covered = end, covered + 1
            assert page == element.page
            assert tuple(box) == bounding_box(element.coordinates)
            if not is_split(element, options):
                assert text[start:end] in element_text(element, options.output_format), "not this element's text"
        assert covered
        assert not text[position:].strip()
        assert metadata["text_sha256"] == sha256(text.encode(errors="surrogatepass")).hexdigest()
        inside = [by_id[span[0]] for span in spans]
        wholes = [element for element in inside if element.category in WHOLE]
        main = by_id[metadata["element_id"]]
        # That of the table or figure, not of its caption; of a joined table, that of the rows which are not repeated.
        assert main in wholes if wholes else main is inside[0]
        assert json.loads(metadata["coordinates"]) == [list(point) for point in main.coordinates]
        assert metadata["page"] == main.page
        pages = {element.page for element in inside}
        ends = {max(pages)}
        if is_split(main, options):  # a caption on the next page is repeated in each part, and only the last ends there
            ends.add(max(one.page for one in inside if one.category in WHOLE or often[one.id] == 1))
        assert metadata["page_end"] in ends or (len(wholes) > 1 and main.page <= metadata["page_end"] in pages)
        assert metadata["categories"] == ", ".join(dict.fromkeys(element.category for element in inside))
        on_page = [one for one in inside if one.page == main.page]
        boxes = {_box_around(main, on_page)}
        if is_split(main, options):  # what a part repeats is no place of it
            boxes.add(_box_around(main, [one for one in on_page if one.category in WHOLE]))
            boxes.add(_box_around(main, [one for one in on_page if one.category in WHOLE or often[one.id] == 1]))
        assert (metadata["x0"], metadata["y0"], metadata["x1"], metadata["y1"]) in boxes
        names = {element.category for element in inside}
        assert metadata["category"] == (main.category if wholes or len(names) == 1 else "mixed")


def _box_around(main: Element, elements: list[Element]) -> tuple[float, ...]:
    """The box around those of *elements* that are read one after the other in one column with *main*."""
    columns: list[list[Element]] = [[]]
    for element in (one for one in elements if one.coordinates):
        last = columns[-1][-1].box if columns[-1] else (0.0, 0.0, 1.0, 0.0)
        touching = 0.1 * min(last[2] - last[0], element.box[2] - element.box[0])
        is_beside = min(last[2], element.box[2]) - max(last[0], element.box[0]) < touching or not touching
        if element.box[1] < last[3] and is_beside:
            columns.append([])
        columns[-1].append(element)
    column = next((one for one in columns if main in one), [main])
    return tuple(choose(one.box[i] for one in column) for i, choose in enumerate((min, min, max, max)))


def metadata_is_flat(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I18, I19: always the same keys, in the same order, with the same scalar types; nothing is shared."""
    chunks = list(split(document, options))
    for chunk in chunks:
        assert list(chunk.metadata) == list(METADATA_KEYS)
        for key, value in chunk.metadata.items():
            assert type(value) is METADATA_KEYS[key], (key, value)
        assert json.loads(json.dumps(chunk.metadata)) == chunk.metadata
        assert chunk.id == chunk.metadata["record_id"]
        assert UUID(chunk.id).version == 5
    assert len({id(chunk.metadata) for chunk in chunks}) == len(chunks)


def ids_are_unique(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """No two chunks of a document share an id."""
    ids = [chunk.id for chunk in split(document, options)]
    assert len(ids) == len(set(ids))


# --- sameness ----------------------------------------------------------------------------------------------------


def the_same_again(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I12, I18: the same input gives the same chunks and ids, and is not changed."""
    before = copy.deepcopy(document)
    assert list(split(document, options)) == list(split(document, options))
    assert document == before


def splitting_again_changes_nothing(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I13: chunks split with the same options stay as they are, ids and metadata too."""
    chunks = list(split(document, options))
    assert list(split(chunks, options)) == chunks


def children_keep_their_spans(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """Chunks split once more, smaller: each child's spans are those parts of its parent's that it holds."""
    smaller = replace(options, chunk_size=max(1, options.chunk_size // 4), chunk_overlap=0, min_size=0)
    if smaller.oversized_tables == "split_rows":
        return  # then a child may repeat its table's header
    for parent in split(document, options):
        children = list(split([parent], smaller))
        elements = {number for number, *_ in spans_of(parent)}
        position = 0
        for child in children:
            start = position + len(BLANK.match(parent.text[position:])[0])  # type: ignore[index]
            if not parent.text.startswith(child.text, start):  # it begins with markup itself
                start = parent.text.find(child.text, position)
            assert start >= 0, f"{child.text!r} is not of {parent.text!r}"
            assert not BLANK.sub("", parent.text[position:start]), "not the next run of its parent's text"
            position = start + len(child.text)
            wanted = [
                [span[0], span[1], max(span[2], start) - start, min(span[3], start + len(child.text)) - start]
                for span in spans_of(parent)
                if (span[2] < start + len(child.text) and span[3] > start) or span[2] == span[3] == start
            ]
            assert [list(span) for span in spans_of(child)] == wanted
            assert {number for number, *_ in spans_of(child)} <= elements
        assert not BLANK.sub("", parent.text[position:]), "the children lost text"


def pieces_of_others_name_no_wrong_element(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """Another splitter copies a chunk's metadata to what it cuts out of it: its spans are not those of that text."""
    texts = {
        element.id: element_text(element, options.output_format)
        for element in document.elements
        if not is_split(element, options)  # a part of a table closes what it does not end
    }
    pieces = [
        Record(chunk.id, chunk.text[start : start + 40], chunk.metadata)
        for chunk in split(document, options)
        for start in range(0, len(chunk.text), 40)
    ]
    for chunk in split(pieces, options):
        for number, _, start, end in spans_of(chunk):
            piece = chunk.text[start:end]
            assert piece in texts.get(number, piece), f"{number} does not hold {piece!r}"


def starts_are_exact(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """A chunk of records stands where it says; what is repeated in it does not count."""
    given = list(records(document, RecordOptions(output_format=options.output_format)))
    texts = {record.id: record.text for record in given}
    for chunk in split(given, options):
        if chunk.start >= 0:
            text = texts[chunk.begins_in][chunk.start : chunk.end if chunk.end >= 0 else None].strip()
            assert text[:8], "a chunk of nothing"
            if options.oversized_tables == "split_rows" and "<t" in chunk.text:
                continue  # a part begins with the header that it repeats, and cells that span a cut are clipped
            repeats = options.oversized_tables == "split_rows" and "| --- |" in chunk.text  # a header of pipes, too
            begins = text[:8] in chunk.text if repeats else chunk.text.startswith(text[:8])
            assert begins, f"{chunk.text!r} does not begin with {text[:8]!r}"
            assert text[-8:] in chunk.text or chunk.end < 0


def batches_change_nothing(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I14: the pages of a document, batch by batch, give the chunks of the whole."""
    batches = [
        ParsedDocument(
            document.source, document.file_sha256, document.model, page.elements, total_pages=document.total_pages
        )
        for page in document.pages
    ]
    assert list(split(batches, options)) == list(split(document, options))


def files_are_not_joined(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """Two files in one call share no chunk, and each has the chunks that it has alone."""
    other = ParsedDocument("other.pdf", "cd" * 32, document.model, document.elements, total_pages=document.total_pages)
    alone = [*split(document, options), *split(other, options)]
    assert list(split([document, other], options)) == alone


def chunks_stream(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I33: a chunk is given out before much more than it has been read."""
    text = "word " * max(options.chunk_size, 10)
    paragraph = Element(0, 1, "paragraph", f"<p>{text}</p>", text, text)
    read = 0

    def endless() -> Iterator[Element]:
        nonlocal read
        while read < 50:
            read += 1
            yield paragraph

    next(iter(split(endless(), options)))
    assert read <= 2


# --- tables ------------------------------------------------------------------------------------------------------


def grid(markup: str) -> list[list[str]]:
    """The cells of the outer table of *markup*, spans expanded, read by BeautifulSoup."""
    table = BeautifulSoup(TEXT_SIGN.sub("&lt;", markup), "lxml").find("table")
    assert isinstance(table, Tag)
    rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
    last_of = {id(row.parent): index for index, row in enumerate(rows)}
    filled: dict[tuple[int, int], str] = {}
    for index, row in enumerate(rows):
        column = 0
        for cell in row.find_all(["td", "th"], recursive=False):
            while (index, column) in filled:
                column += 1
            tall, wide = int(str(cell.get("rowspan", 1))), int(str(cell.get("colspan", 1)))
            assert index + tall - 1 <= last_of[id(row.parent)] or tall == 1, "a span reaches out of its table"
            for down in range(tall):
                for right in range(wide):
                    filled[index + down, column + right] = cell.decode_contents()
            column += wide
    width = max((column for _, column in filled), default=-1) + 1
    return [[filled.get((index, column), "") for column in range(width)] for index in range(len(rows))]


def rows_make_the_table(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """I20-I23: the parts of a table all begin with its header, and their other rows are those of the table."""
    chunks = list(split(document, options))
    for element in expected(document, options):
        text = element_text(element, options.output_format)
        if element.category not in {"table", "chart"} or "<table" not in text:
            continue
        parts = [chunk.text for chunk in chunks if any(number == element.id for number, *_ in spans_of(chunk))]
        if len(parts) == 1:
            assert text.strip() in parts[0]
            continue
        whole, grids = grid(text), [grid(part) for part in parts]
        header = 0
        while all(header < len(one) and one[header] == whole[header] for one in grids):
            header += 1  # as long as all parts agree: then these are the header's rows, or rows that are all alike
        for least in range(header, 0, -1):
            if without_repeated_sections(whole, [one[least:] for one in grids], least) == whole:
                break
        else:
            raise AssertionError(f"the parts of table {element.id} are not the table: {parts}")
        if captions := re.findall(r"<(?:fig)?caption.*?</(?:fig)?caption>", text, re.DOTALL):
            assert all(caption in part for caption in captions for part in parts)


def without_repeated_sections(whole: list[list[str]], parts: list[list[list[str]]], header: int) -> list[list[str]]:
    """The rows of all parts: a part may begin with the row that names the section in which it begins."""
    rows = whole[:header]
    for part in parts:
        sections = [row for row in rows[header:] if row[0] and not any(row[1:])]
        is_next = part[:1] == whole[len(rows) : len(rows) + 1]
        rows = [*rows, *(part[1:] if sections and part[:1] == sections[-1:] and not is_next else part)]
    return rows


def parts_say_what_they_are_of(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """Each part of a table that is cut by rows holds the captions that any of them holds."""
    by_id = {element.id: element for element in document.elements}
    if len(by_id) < len(document.elements):
        return
    parts: dict[int, list[set[int]]] = {}
    for chunk in split(document, options):
        numbers = {number for number, *_ in spans_of(chunk)}
        if chunk.metadata["category"] == "table":
            parts.setdefault(chunk.metadata["element_id"], []).append(numbers)
    for found in parts.values():
        captions = {number for number in set().union(*found) if by_id[number].category == "caption"}
        assert all(captions <= numbers for numbers in found), "a part without its caption"


def the_path_leads(split: Splitter, document: ParsedDocument, options: ChunkOptions) -> None:
    """With `path_in_text` a text begins with the path above it, which no span covers and the size counts."""
    options = replace(options, path_in_text=True)
    by_id = {element.id: element for element in document.elements}
    if len(by_id) < len(document.elements):
        return
    for chunk in split(document, options):
        spans = spans_of(chunk)
        if is_heading(by_id[spans[0][0]]):
            continue  # begins with a heading, whose path is the part above it
        path = options.path(chunk.headings, is_html=chunk.text[:1] == "<")
        leads = {options.path(chunk.headings, is_html=is_html) for is_html in (True, False)}
        assert any(chunk.text.startswith(lead) for lead in leads), f"{chunk.text!r} does not begin with {path!r}"
        assert spans[0][2] in set(map(len, leads))
        if options.size(chunk.text) > options.chunk_size:
            assert chunk.metadata["category"] in WHOLE or MATH.search(chunk.text), "the path makes it too large"


INVARIANTS: tuple[Invariant, ...] = (
    parts_say_what_they_are_of,
    the_path_leads,
    markup_is_balanced,
    nothing_is_cut_inside,
    no_chunk_is_empty,
    no_word_is_lost_or_doubled,
    order_is_kept,
    wholes_are_whole,
    only_larger_tables_are_cut,
    wholes_stand_alone,
    captions_stay,
    sizes_are_kept,
    chunks_are_full,
    headings_govern,
    headings_are_not_alone,
    provenance_is_exact,
    metadata_is_flat,
    ids_are_unique,
    the_same_again,
    splitting_again_changes_nothing,
    children_keep_their_spans,
    pieces_of_others_name_no_wrong_element,
    starts_are_exact,
    batches_change_nothing,
    files_are_not_joined,
    chunks_stream,
    rows_make_the_table,
)
