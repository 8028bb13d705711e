"""A chunk → the text to embed, in the context of its headings and caption; chunks nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from upstage_docs.chunking.blocks import blocks
from upstage_docs.models import Chunk, Record
from upstage_docs.records.render import text_of_html

__all__ = ["contextualize"]


def contextualize(chunk: Record) -> str:
    """Return the text to embed: the chunk's, with the headings above it and its caption in front.

    A heading or caption that the text begins with is not put there twice. The chunk's size does not count them.
    """
    if isinstance(chunk, Chunk):
        headings, caption = chunk.headings, chunk.caption
    else:
        breadcrumb = str(chunk.metadata.get("headings", ""))
        headings, caption = tuple(breadcrumb.split(" > ")) if breadcrumb else (), ""
    reach = sum(map(len, headings)) + len(caption)
    begins = chunk.text[: 4 * reach + 1000]
    front = _words(text_of_html(begins))
    rests = [_words(" ".join(headings[index:])) for index in range(len(headings))]
    above = len(headings)
    for passed in chain([""], _first_headings(begins)):  # these may be of the same level, and so of no breadcrumb
        front = front.removeprefix(passed).lstrip()
        above = next((index for index, rest in enumerate(rests) if front.startswith(rest)), above)
        if above < len(headings):
            front = front.removeprefix(rests[above]).lstrip()
            break
    lead = [" > ".join(headings[:above])] if above else []
    if caption and not front.startswith(_words(caption)):
        lead.append(caption)
    return "\n".join([*lead, chunk.text])


def _first_headings(text: str) -> Iterator[str]:
    """Yield the words of each heading that *text* begins with."""
    for block in blocks(text):
        if block.kind != "heading":
            return
        yield _words(text_of_html(text[block.start : block.end]))


def _words(text: str) -> str:
    return " ".join(text.replace("#", " ").split())
