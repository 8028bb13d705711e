"""How to chunk, validated where it is made; splits nothing."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from upstage_docs.errors import ConfigError
from upstage_docs.options import CATEGORIES, Ids, OutputFormat, choice, yes_or_no

__all__ = ["ChunkOptions", "OversizedTables"]

OversizedTables = Literal["keep", "split_rows"]

_HEADING = re.compile(r"heading[1-6]\Z")


@dataclass(frozen=True)
class ChunkOptions:
    """How elements become chunks.

    Attributes:
        chunk_size: The largest size of a chunk, in the unit of *length_function* (characters by default). It counts
            everything in the chunk's text; only what is kept whole exceeds it.
        chunk_overlap: How much of a text chunk, at the most, is repeated at the start of the next one where a text was
            cut for its size. Tables, figures and headings are never repeated by it.
        length_function: The size of a text: `len`, or the number of its tokens.
        oversized_tables: `keep` leaves every table whole; `split_rows` cuts those over *chunk_size* between rows.
        merge_continued_tables: Whether a table that goes on at the top of the next page, with the same columns, is
            joined to its first part.
        min_size: A section smaller than this takes the next one into its chunk; 0 never does.
        exclude_categories: Categories that are left out of chunks.
        output_format: The content of an `Element` to chunk; the text of a `Record` is taken as it is.
        ids: Whether ids are made of a file's `source`, or of its `content`, so that a file under two names gives the
            same chunks; then a changed file does not replace its old self in a store.

    Raises:
        ConfigError: A value is not possible, or two contradict each other.
    """

    chunk_size: int = 1000
    chunk_overlap: int = 0
    length_function: Callable[[str], int] = len
    oversized_tables: OversizedTables = "keep"
    merge_continued_tables: bool = False
    min_size: int = 0
    exclude_categories: Iterable[str] = ("header", "footer")
    output_format: OutputFormat = "html"
    ids: Ids = "source"

    def __post_init__(self) -> None:
        for name, least in (("chunk_size", 1), ("chunk_overlap", 0), ("min_size", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ConfigError(f"{name}={value!r} must be a whole number, {least} or more.")
        if self.chunk_overlap >= self.chunk_size:
            raise ConfigError(
                f"chunk_overlap={self.chunk_overlap} must be smaller than chunk_size={self.chunk_size}, "
                "otherwise a chunk would hold nothing new."
            )
        if self.min_size > self.chunk_size:
            raise ConfigError(f"min_size={self.min_size} must not be larger than chunk_size={self.chunk_size}.")
        if not callable(self.length_function):
            raise ConfigError(f"length_function={self.length_function!r} must be callable: text → its size.")
        choice("oversized_tables", self.oversized_tables, ("keep", "split_rows"))
        choice("output_format", self.output_format, ("html", "markdown", "text"))
        choice("ids", self.ids, ("source", "content"))
        yes_or_no("merge_continued_tables", self.merge_continued_tables)
        object.__setattr__(self, "exclude_categories", _categories(self.exclude_categories))

    @property
    def exact(self) -> bool:
        """Whether sizes are characters, so that the size of a joined text is the sum of its parts'."""
        return self.length_function is len

    @property
    def identity(self) -> dict[str, Any]:
        """What goes into a chunk's id; a length function has no name that lasts, and the text's hash tells it apart."""
        return {
            "chunk_size": self.chunk_size,
            "chunk_overlap": self.chunk_overlap,
            "oversized_tables": self.oversized_tables,
            "merge_continued_tables": self.merge_continued_tables,
            "min_size": self.min_size,
            "exclude_categories": sorted(self.exclude_categories),
        }

    def remembering(self) -> ChunkOptions:
        """Return the same options, by which no text is measured twice in a row: counting tokens takes long."""
        return self if self.exact else replace(self, length_function=lru_cache(maxsize=64)(self.length_function))

    def size(self, text: str) -> int:
        """Return the size of *text*.

        Raises:
            ConfigError: The length function answered something that is no size.
        """
        if self.length_function is len:
            return len(text)
        answered: Any = self.length_function(text)
        try:
            size = operator.index(answered)
        except TypeError:
            size = -1
        if size < 0 or isinstance(answered, bool):
            raise ConfigError(
                f"length_function answered {answered!r} for a text of {len(text)} characters; "
                "it must answer a whole number, 0 or more."
            )
        return size

    def fits(self, text: str) -> bool:
        """Return whether *text* is no larger than a chunk may be."""
        return self.size(text) <= self.chunk_size


def _categories(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        given = (given,)
    if not isinstance(given, (list, tuple, set, frozenset)):
        raise ConfigError(f"exclude_categories must be a list of category names, not {type(given).__name__}.")
    for name in given:
        if not (isinstance(name, str) and (name in CATEGORIES or _HEADING.match(name))):
            raise ConfigError(
                f"exclude_categories entry {name!r} is no layout category; "
                f"choose among {', '.join(map(repr, CATEGORIES))} and 'heading2' to 'heading6'."
            )
    return tuple(sorted(set(given)))
