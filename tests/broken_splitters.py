"""Splitters that each break one promise, so that every invariant is seen to notice; none is of use otherwise."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.packing import chunk_with
from upstage_docs.models import Chunk, Element, ParsedDocument
from upstage_docs.records.records import text_sha256

Splitter = Callable[[Any, ChunkOptions], Iterable[Chunk]]
Change = Callable[[list[Chunk]], list[Chunk]]


def right(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    return chunk_with(options, given)


def changed(change: Change) -> Splitter:
    """The right splitter with its chunks changed."""
    return lambda given, options: change(list(right(given, options)))


def _with(chunk: Chunk, text: str, spans: list[list[Any]] | None = None, **metadata: Any) -> Chunk:
    found = json.loads(chunk.metadata["spans"]) if spans is None else spans
    found = [[*span[:2], min(span[2], len(text)), min(span[3], len(text)), *span[4:]] for span in found]
    kept = [span for span in found if span[2] < span[3]]
    own = {"spans": json.dumps(kept, separators=(",", ":")), "text_sha256": text_sha256(text)}
    changed_metadata = {**chunk.metadata, **own, **metadata}
    return Chunk(chunk.id, text, changed_metadata, chunk.headings, chunk.caption, chunk.oversize)


def _cut_at(chunk: Chunk, at: int) -> list[Chunk]:
    spans = json.loads(chunk.metadata["spans"])
    later = [[*span[:2], max(span[2] - at, 0), span[3] - at, *span[4:]] for span in spans if span[3] > at]
    second = _with(chunk, chunk.text[at:], later)
    second.id = second.metadata["record_id"] = str(uuid5(NAMESPACE_URL, f"{chunk.id}/{at}"))
    return [_with(chunk, chunk.text[:at]), second]


def cut_every(chunks: list[Chunk], size: int = 60) -> list[Chunk]:
    """Cut by characters, as if nothing were special."""
    done: list[Chunk] = []
    for chunk in chunks:
        while len(chunk.text) > size:
            first, chunk = _cut_at(chunk, size)  # noqa: PLW2901
            done.append(first)
        done.append(chunk)
    return done


def cut_in_entity(chunks: list[Chunk]) -> list[Chunk]:
    index, at = next((n, c.text.index("&amp;")) for n, c in enumerate(chunks) if "&amp;" in c.text)
    return [*chunks[:index], *_cut_at(chunks[index], at + 2), *chunks[index + 1 :]]


def drop_one(chunks: list[Chunk]) -> list[Chunk]:
    return [*chunks[:1], *chunks[2:]]


def double_one(chunks: list[Chunk]) -> list[Chunk]:
    return [*chunks[:2], *chunks[1:]]


def swap_two(chunks: list[Chunk]) -> list[Chunk]:
    return [chunks[1], chunks[0], *chunks[2:]]


def empty_one(chunks: list[Chunk]) -> list[Chunk]:
    return [*chunks, Chunk(str(uuid5(NAMESPACE_URL, "empty")), " \n", dict(chunks[0].metadata))]


def join_two(chunks: list[Chunk]) -> list[Chunk]:
    done = []
    for one, two in zip(chunks[::2], [*chunks[1::2], None], strict=False):
        if two is None:
            done.append(one)
            continue
        shift = len(one.text) + 1
        moved = [[*s[:2], s[2] + shift, s[3] + shift, *s[4:]] for s in json.loads(two.metadata["spans"])]
        done.append(_with(one, f"{one.text}\n{two.text}", [*json.loads(one.metadata["spans"]), *moved]))
    return done


def each_alone(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    """Make a chunk of every element, as a splitter that knows no structure."""
    for document in [given] if isinstance(given, ParsedDocument) else given:
        if not isinstance(document, ParsedDocument):
            yield from right([document], options)
            continue
        for element in document.elements:
            yield from right([replace_elements(document, (element,))], options)


def replace_elements(document: ParsedDocument, elements: tuple[Element, ...]) -> ParsedDocument:
    return ParsedDocument(
        document.source, document.file_sha256, document.model, elements, total_pages=document.total_pages
    )


def heading_last(chunks: list[Chunk]) -> list[Chunk]:
    """Leave a chunk's heading at the end of the chunk before."""
    index = next(n for n, c in enumerate(chunks) if n and c.text.startswith("<h1") and "\n" in c.text)
    at = chunks[index].text.index("\n") + 1
    heading, rest = _cut_at(chunks[index], at)
    before = join_two([chunks[index - 1], heading])
    return [*chunks[: index - 1], *before, rest, *chunks[index + 1 :]]


def wrong_headings(chunks: list[Chunk]) -> list[Chunk]:
    return [_with(chunk, chunk.text, headings="elsewhere") for chunk in chunks]


def shifted_spans(chunks: list[Chunk]) -> list[Chunk]:
    return [
        _with(c, c.text, [[*s[:2], s[2] + 1, s[3], *s[4:]] for s in json.loads(c.metadata["spans"])]) for c in chunks
    ]


def first_page_only(chunks: list[Chunk]) -> list[Chunk]:
    return [_with(chunk, chunk.text, page_end=chunk.metadata["page"]) for chunk in chunks]


def place_of_the_caption(chunks: list[Chunk]) -> list[Chunk]:
    """Give a table the place of what stands first in its chunk."""
    found = [json.loads(chunk.metadata["spans"])[0] for chunk in chunks]
    return [_with(c, c.text, element_id=span[0], page=span[1]) for c, span in zip(chunks, found, strict=True)]


def believes_metadata(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    """Take the element that the metadata names, whatever became of the text."""
    named = [one.metadata["element_id"] for one in given] if isinstance(given, list) else []
    for chunk in right(given, options):
        spans = json.loads(chunk.metadata["spans"])
        yield _with(chunk, chunk.text, [[named[0], *span[1:]] for span in spans]) if named else chunk


def counts_what_is_repeated(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    """Let a chunk start somewhere in its record."""
    for chunk in right(given, options):
        chunk.start += 5
        yield chunk


def nested_metadata(chunks: list[Chunk]) -> list[Chunk]:
    return [_with(chunk, chunk.text, coordinates=[[0.1, 0.2]]) for chunk in chunks]


def missing_keys(chunks: list[Chunk]) -> list[Chunk]:
    for chunk in chunks[1:]:
        del chunk.metadata["sub_category"]
    return chunks


def shared_metadata(chunks: list[Chunk]) -> list[Chunk]:
    for chunk in chunks[1:]:
        chunk.metadata = chunks[0].metadata
        chunk.id = chunks[0].id
    return chunks


def random_ids(chunks: list[Chunk]) -> list[Chunk]:
    for chunk in chunks:
        chunk.id = chunk.metadata["record_id"] = str(uuid4())
    return chunks


def ids_of_elements(chunks: list[Chunk]) -> list[Chunk]:
    for chunk in chunks:
        chunk.id = chunk.metadata["record_id"] = str(uuid5(NAMESPACE_URL, str(chunk.metadata["page"])))
    return chunks


def adds_breadcrumb(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    """Put headings into the text each time, so that splitting again puts them there twice."""
    for chunk in right(given, options):
        yield _with(chunk, f"{chunk.metadata['headings']}: {chunk.text}")


def forgets_spans(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    """Copy the parent's metadata to every child, as splitters do."""
    for chunk in right(given, options):
        if isinstance(given, list) and given and isinstance(given[0], Chunk):
            yield Chunk(chunk.id, chunk.text, dict(given[0].metadata), chunk.headings)
        else:
            yield chunk


def page_by_page(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    """Forget the headings at every page."""
    for document in given if isinstance(given, list) else [given]:
        yield from right(document, options)


def one_file(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    """Take all documents for one."""
    if isinstance(given, list) and all(isinstance(one, ParsedDocument) for one in given):
        given = replace_elements(given[0], tuple(element for one in given for element in one.elements))
    return right(given, options)


def eager(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    """Read everything before the first chunk."""
    return right(given if isinstance(given, ParsedDocument) else list(given), options)


def all_excluded(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    return right(given, replace(options, exclude_categories=("header", "footer", "footnote")))


def nothing_excluded(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    return right(given, replace(options, exclude_categories=()))


def half_full(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    return right(given, replace(options, chunk_size=options.chunk_size // 2))


def drop_headers(chunks: list[Chunk]) -> list[Chunk]:
    """Leave the header out of every later part of a table."""
    seen: set[int] = set()
    done = []
    for chunk in chunks:
        number = chunk.metadata["element_id"]
        text = re.sub(r"<thead>.*?</thead>", "", chunk.text) if number in seen else chunk.text
        seen.add(number)
        done.append(_with(chunk, text))
    return done


def drop_row_spans(chunks: list[Chunk]) -> list[Chunk]:
    return [_with(chunk, re.sub(r' rowspan="\d+"', "", chunk.text)) for chunk in chunks]


def innermost_heading_only(chunks: list[Chunk]) -> list[Chunk]:
    """Name the heading directly above, as if it had no place in the document."""
    for chunk in chunks:
        chunk.headings = chunk.headings[-1:]
        chunk.metadata["headings"] = "".join(chunk.headings)
    return chunks


def drop_repeated_captions(chunks: list[Chunk]) -> list[Chunk]:
    """Leave the caption with the first part of its table."""
    seen: set[int] = set()
    done = []
    for chunk in chunks:
        number = chunk.metadata["element_id"]
        spans = json.loads(chunk.metadata["spans"])
        if number in seen and len(spans) > 1:
            start = next(span[2] for span in spans if span[0] == number)
            later = [[*span[:2], span[2] - start, span[3] - start, *span[4:]] for span in spans if span[2] >= start]
            chunk = _with(chunk, chunk.text[start:], later)  # noqa: PLW2901
        seen.add(number)
        done.append(chunk)
    return done


def without_path(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    return right(given, replace(options, path_in_text=False))


def without_table_size(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    return right(given, replace(options, table_size=0))


def path_beyond_the_size(given: Any, options: ChunkOptions) -> Iterator[Chunk]:
    """Put the path in front of chunks that are full already."""
    for chunk in right(given, replace(options, path_in_text=False)):
        lead = options.path(chunk.headings, is_html=chunk.text[:1] == "<")
        spans = json.loads(chunk.metadata["spans"])
        moved = [[*span[:2], span[2] + len(lead), span[3] + len(lead), *span[4:]] for span in spans]
        yield _with(chunk, lead + chunk.text, moved)
