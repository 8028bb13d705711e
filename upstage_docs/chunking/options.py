"""The options of the splitter; each is checked when the options object is made."""

from __future__ import annotations

import html
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from upstage_docs.chunking.heading_path import file_title, heading_path
from upstage_docs.chunking.sizes import TokenCounter, read_length
from upstage_docs.errors import ConfigError
from upstage_docs.options import CATEGORIES, Ids, OutputFormat
from upstage_docs.options.definitions import Options, default_of, documented, option
from upstage_docs.options.parse import IDS_SENTENCE

OversizedTables = Literal["keep", "split_rows"]
Measure = Literal["markup", "text"]
TableForm = Literal["verbatim", "dense"]
TableContext = Literal["labels", "captions", "notes", "full"]

_LARGEST_PATH = 4  # one in so many parts of a chunk

_HEADING = re.compile(r"heading[1-6]\Z")
# The options that go into ids, in the order of both: those of the first version, and what came later.
_FIRST = ("chunk_size", "chunk_overlap", "oversized_tables", "merge_continued_tables", "min_size")
_LATER = ("table_context", "measure", "path_in_text", "title_in_path", "table_form", "table_size")


def _check_categories(name: str, given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        given = (given,)
    if not isinstance(given, (list, tuple, set, frozenset)):
        raise ConfigError(f"{name} must be a list of category names, not {type(given).__name__}.")
    for one in given:
        if not (isinstance(one, str) and (one in CATEGORIES or _HEADING.match(one))):
            raise ConfigError(
                f"{name} entry {one!r} is not a layout category; "
                f"choose among {', '.join(map(repr, CATEGORIES))} and 'heading2' to 'heading6'."
            )
    return tuple(sorted(set(given)))


def _length_function(name: str, given: object) -> object:
    if isinstance(given, str):
        return TokenCounter(given)
    if not callable(given):
        raise ConfigError(f"{name}={given!r} must be callable: text → its size.")
    return given


@documented
@dataclass(frozen=True)
class ChunkOptions(Options):
    """How elements become chunks.

    Raises:
        ConfigError: A value is not possible, or two contradict each other.
    """

    chunk_size: int = option(
        1000,
        "The largest size of a chunk, in the unit of *length_function* (characters by default). It counts everything "
        "in the chunk's text; only what is kept whole exceeds it.",
        least=1,
    )
    chunk_overlap: int = option(
        0,
        "How much of a chunk's end, at the most, is repeated at the start of the next one where a text was cut for its "
        "size. Tables, figures and headings are never repeated this way.",
        least=0,
    )
    length_function: Callable[[str], int] = option(
        len,
        "The size of a text: `len`, or the number of its tokens, by a function or by the name of an encoding or model "
        "that tiktoken knows (`cl100k_base`).",
        _length_function,
        in_command=False,
    )
    measure: Measure = option(
        "markup",
        "What a size in characters counts. `markup`: the whole text of a chunk. `text`: what a reader sees of it, "
        "without tags and the padding of pipe tables. A size in tokens always counts the whole text.",
    )
    oversized_tables: OversizedTables = option(
        "keep",
        "`keep` leaves every table whole. `split_rows` cuts a table that is larger than *chunk_size* between rows, and "
        "repeats the header and the caption in each part.",
    )
    table_size: int = option(
        0,
        "With `split_rows`, the size up to which a table stays whole nevertheless; one that is larger is cut into "
        "parts of *chunk_size*. 0 means *chunk_size*.",
        least=0,
    )
    merge_continued_tables: bool = option(
        False,
        "Whether a table that continues on top of the next page, with the same columns, is joined to its beginning.",
    )
    min_size: int = option(0, "A section smaller than this shares a chunk with the next one; 0 means never.", least=0)
    exclude_categories: Iterable[str] = option(
        ("footer", "header"),  # in the order in which they are kept
        'Layout categories that are left out of chunks. Markdown and text of a whole page or file (`split="page"`, '
        '`"none"`) do not say which category a text has, so nothing is left out of them; HTML and JSON do.',
        _check_categories,
    )
    output_format: OutputFormat = option(
        "html",
        'The text of chunks made of elements, or of records with `output_format="json"`; others keep their format.',
    )
    table_context: TableContext = option(
        "full",
        "What stays with a table, chart or figure, besides the headings directly before it. `labels`: what the layout "
        "model calls a caption. `captions`: also captions, titles and unit lines known by their wording and place. "
        "`notes`: also notes and sources. `full`: also the sentence that announces it.",
    )
    table_form: TableForm = option(
        "verbatim",
        "How a table is written in its chunk. `verbatim`: byte for byte as answered. `dense`: the same words with less "
        "markup. That is a pipe table without padding, which repeats the words of a cell that spans others, or HTML "
        "without styles if that is shorter or a cell has several lines. The place of a dense table in its source text "
        "is not known.",
    )
    path_in_text: bool = option(
        False,
        "Whether the text of a chunk begins with the path of the headings above it (`3 Results > 3.1 Noise`). The size "
        "counts it. A long path loses its middle.",
    )
    title_in_path: bool = option(
        False,
        "Whether that path begins with the title of the file: its name without folder and ending. Needs "
        "*path_in_text*.",
    )
    ids: Ids = option("source", IDS_SENTENCE)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.chunk_overlap >= self.chunk_size:
            raise ConfigError(
                f"chunk_overlap={self.chunk_overlap} must be smaller than chunk_size={self.chunk_size}, "
                "otherwise a chunk would hold nothing new."
            )
        if self.min_size > self.chunk_size:
            raise ConfigError(f"min_size={self.min_size} must not be larger than chunk_size={self.chunk_size}.")
        if self.table_size and self.oversized_tables == "keep":
            raise ConfigError(f"table_size={self.table_size} has no effect without oversized_tables='split_rows'.")
        if 0 < self.table_size < self.chunk_size:
            raise ConfigError(
                f"table_size={self.table_size} must not be smaller than chunk_size={self.chunk_size}: "
                "a part of a table may be as large as that."
            )
        if self.title_in_path and not self.path_in_text:
            raise ConfigError("title_in_path=True has no effect without path_in_text=True.")

    @property
    def exact(self) -> bool:
        """Whether sizes are characters, so that the size of a joined text is the sum of its parts'."""
        return self.length_function is len and self.measure == "markup"

    @property
    def identity(self) -> dict[str, Any]:
        """What goes into a chunk's id; a length function has no name that lasts, and the text's hash tells it apart."""
        # What came later counts where it is asked for, so that the ids of others stay.
        later = {name: getattr(self, name) for name in _LATER}
        later = {name: one for name, one in later.items() if one != default_of(ChunkOptions, name)}
        return {
            **{name: "yes" if one is True else one for name, one in later.items()},
            **{name: getattr(self, name) for name in _FIRST},
            "exclude_categories": sorted(self.exclude_categories),
        }

    def remembering(self) -> ChunkOptions:
        """Return these options with a memory of the last sizes, because counting tokens takes long."""
        return (
            self
            if self.length_function is len
            else replace(self, length_function=lru_cache(maxsize=64)(self.length_function))
        )

    def size(self, text: str) -> int:
        """Return the size of *text*.

        Raises:
            ConfigError: The length function answered something that is no size.
        """
        if self.length_function is len:
            return len(text) if self.measure == "markup" else read_length(text)
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

    def path(self, headings: Sequence[str], source: str = "", *, is_html: bool) -> str:
        """Return the line that a chunk under *headings* begins with, `""` where it is not wanted or there is no room.

        A path that takes more than a quarter of a chunk is shortened from its middle. *source* is the chunk's file.
        """
        if not self.path_in_text:
            return ""
        if self.title_in_path and (title := file_title(source)) and title not in headings[:1]:
            headings = (title, *headings)
        if not headings:
            return ""
        most = self.chunk_size // _LARGEST_PATH
        end = "\n" if is_html else "\n\n"

        def written(path: str) -> str:
            return (html.escape(path, quote=False) if is_html else path) + end

        path = heading_path(headings, lambda line: self.size(written(line)) <= most)
        return written(path) if path else ""

    def keeps_table(self, text: str, lead: int = 0) -> bool:
        """Return whether a chunk of *text* with a table stays whole, below a path of the size *lead*."""
        if self.oversized_tables == "keep":
            return True
        return self.size(text) + lead <= (self.table_size or self.chunk_size)

    def fits(self, text: str) -> bool:
        """Return whether *text* is no larger than a chunk may be."""
        return self.size(text) <= self.chunk_size
