"""Writes the path of headings in front of a text, and shortens it from its middle where it is long."""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["heading_path"]

_LEFT_OUT = "…"


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
