"""Writes the path of headings in front of a text, and shortens it from its middle where it is long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import PureWindowsPath
from urllib.parse import unquote, urlsplit

__all__ = ["file_title", "heading_path"]

_LEFT_OUT = "…"


@lru_cache(maxsize=64)
def file_title(source: str) -> str:
    """Return the name of the file *source*, a path or an address, on one line, without its folder and its ending."""
    if "://" in source:
        source = unquote(urlsplit(source).path)
    return " ".join(PureWindowsPath(source).stem.split())


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
