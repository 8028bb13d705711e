"""Writes the path of headings in front of a text, and shortens it from its middle where it is long."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from upstage_docs.files.formats import FORMAT_OF_SUFFIX, file_name

_LEFT_OUT = "…"
_NAMELESS = re.compile(r"sha256:[0-9a-f]{64}")  # what stands for the name of a file that came without one
_TEXT_ENDINGS = frozenset({"html", "htm", "md", "markdown", "txt", "json", "jsonl"})  # of what splitters are given


@lru_cache(maxsize=64)
def file_title(source: str) -> str:
    """Return the name of the file *source*, a path or an address, on one line, without its folder and its ending.

    What stands behind a dot is an ending where it is that of a document, and part of the name elsewhere: `2401.12345`.
    Bytes that came without a name have no title, `""`.
    """
    if _NAMELESS.fullmatch(source):
        return ""
    name = file_name(source)
    stem, _, ending = name.rpartition(".")
    known = f".{ending.lower()}" in FORMAT_OF_SUFFIX or ending.lower() in _TEXT_ENDINGS
    return " ".join((stem if stem and known else name).split())


def heading_path(headings: Sequence[str], fits: Callable[[str], bool]) -> str:
    """Return `A > B > C`, the longest that *fits*: headings go from the middle, then the first; `""` if none fits.

    The innermost heading says most of a text, the outermost says what it is of: these stay longest.
    """
    count = len(headings)
    names = list(headings)
    for kept in range(count - 1, 0, -1):
        if fits(path := " > ".join(names)):
            return path
        before = kept // 2  # of those kept, how many stand before what is left out
        names = [*headings[:before], _LEFT_OUT, *headings[count - kept + before :]]
    path = " > ".join(names)
    return path if headings and fits(path) else ""
