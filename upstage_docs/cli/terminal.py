"""Writes to the terminal, with control characters of documents made visible, and JSON lines for programs."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

_PIPE_WIDTH = 100  # columns of a pipe or a file, which tell no width
# Control characters (C0, DEL, C1) but newline and tab, and the marks that turn the direction of writing.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class _Terminal(Console):
    """Shows all texts as they are: they may come from a document, an answer or the name of a file."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)


def terminal(*, errors: bool = False) -> Console:
    """Return standard output, or standard error, as rich writes to it: plain where it is a pipe or a file."""
    console = _Terminal(stderr=errors, markup=False, emoji=False, highlight=False, soft_wrap=errors)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _PIPE_WIDTH
    return console


def complain(message: str) -> None:
    """Write one line to standard error."""
    terminal(errors=True).print(message, style="red")


def print_line(line: Mapping[str, Any]) -> None:
    """Write *line* as one line of JSON to standard output; it means the same, and a terminal obeys nothing in it."""
    text = json.dumps(line, ensure_ascii=False)
    sys.stdout.write(_OBEYED.sub(lambda one: f"\\u{ord(one[0]):04x}", text) + "\n")


def visible(text: str) -> str:
    r"""Return *text* for people: what a terminal would obey instead of showing it, as `\x1b` or `\u202e`."""
    return _OBEYED.sub(lambda one: one[0].encode("unicode_escape").decode(), text)


def page(first: int, last: int) -> str:
    """Return the pages from *first* to *last*, 1-based, as `3` or `3-4`."""
    return str(first) if first == last else f"{first}-{last}"


def place(box: tuple[float, float, float, float]) -> str:
    """Return a relative box for people: `x 0.10-0.90, y 0.20-0.31`."""
    return f"x {box[0]:.2f}-{box[2]:.2f}, y {box[1]:.2f}-{box[3]:.2f}"
