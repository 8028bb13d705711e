"""Writes the text to embed for a chunk: its headings and caption in front of its own text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Protocol

from upstage_docs.chunking.blocks import blocks
from upstage_docs.chunking.heading_path import file_title, heading_path
from upstage_docs.errors import ConfigError
from upstage_docs.models import Chunk
from upstage_docs.records.render import text_of_html

# Headings and caption that a text repeats stand in so many times their characters, markup included, and this many more.
_MARKUP, _LONGEST_BEGIN = 4, 1000
# What is no word of a heading; > parts the headings of a path in front.
_MARKS = str.maketrans({"#": " ", "*": "", "_": "", "`": "", "\\": "", ">": " "})
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])")


class HasText(Protocol):
    """Anything with a text and metadata: a Chunk, a Record, a node of LlamaIndex."""

    @property
    def text(self) -> str:
        """The text to embed."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Flat metadata."""


class HasPageContent(Protocol):
    """Anything with `page_content` and metadata: a Document of LangChain."""

    @property
    def page_content(self) -> str:
        """The text to embed."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Flat metadata."""


def contextualize(chunk: HasText | HasPageContent, *, longest_path: int = 300) -> str:
    """Return the text to embed: the chunk's, with the headings above it and its caption in front.

    A heading or caption is not added if the text begins with it. The chunk's size does not count them.

    Args:
        chunk: A Chunk or Record, a Document of LangChain or a node of LlamaIndex: ours, or any whose metadata has
            `headings` (a path such as `3 Results > 3.1 Noise`, or a list) and `caption`.
        longest_path: In characters; a longer path is shortened from its middle, and is left out if its last heading
            alone is longer.

    Raises:
        ConfigError: *chunk* has no text or no metadata.
    """
    text = getattr(chunk, "page_content", None)
    text = getattr(chunk, "text", None) if text is None else text
    metadata = getattr(chunk, "metadata", None)
    if not isinstance(text, str) or not isinstance(metadata, Mapping):
        raise ConfigError(
            f"contextualize takes a Chunk, a Record, a Document of LangChain or a node of LlamaIndex, "
            f"not {type(chunk).__name__}."
        )
    if isinstance(chunk, Chunk):
        headings, caption = chunk.headings, chunk.caption
    else:
        told = metadata.get("caption")
        headings, caption = _headings(metadata.get("headings")), told if isinstance(told, str) else ""
    reach = sum(map(len, headings)) + len(caption)
    begins = text[: _MARKUP * reach + _LONGEST_BEGIN]
    front = _words(text_of_html(begins))
    rests = [_words(" ".join(headings[index:])) for index in range(len(headings))]
    above = len(headings)
    said = _words(caption)
    is_said = False
    source = metadata.get("source")
    title = _words(file_title(source)) if isinstance(source, str) else ""  # a path in front may begin with it
    # The first headings of the text may be of the same level, and so of no breadcrumb.
    for passed in chain(["", title], _first_headings(begins)):
        is_said = is_said or front.startswith(said)  # a caption may be called a heading
        front = front.removeprefix(passed).lstrip()
        above = next((index for index, rest in enumerate(rests) if front.startswith(rest)), above)
        if above < len(headings):
            front = front.removeprefix(rests[above]).lstrip()
            break
    path = heading_path(headings[:above], lambda line: len(line) <= longest_path)
    lead = [path] if path else []
    if not (is_said or front.startswith(said)):
        lead.append(caption)
    return "\n".join([*lead, text])


def _headings(told: object) -> tuple[str, ...]:
    """Return the headings that metadata name, outermost first."""
    if isinstance(told, str):
        return tuple(told.split(" > ")) if told else ()
    if isinstance(told, list | tuple) and all(isinstance(one, str) for one in told):
        return tuple(told)
    return ()


def _first_headings(text: str) -> Iterator[str]:
    """Yield the words of each heading that *text* begins with."""
    for block in blocks(text):
        if block.kind != "heading":
            return
        yield _words(text_of_html(text[block.start : block.end]))


def _words(text: str) -> str:
    """Return *text* on one line without the marks of Markdown."""
    if "[" in text:
        text = _LINK.sub(r"\1", text)
    return " ".join(text.translate(_MARKS).split()).lstrip("-+ ")
