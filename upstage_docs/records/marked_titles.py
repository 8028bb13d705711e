"""Finds the titles among the lines of one text that open sections in Korean reports: those after a square (`□`).

Pure rules on the lines of one element or block, HTML or not. They tell no levels.
"""

from __future__ import annotations

import re
from itertools import compress
from typing import NamedTuple

from upstage_docs.records.heading_numbering import SQUARE_SIGNS, SQUARES, read_numbering
from upstage_docs.records.patterns import compile_when_used
from upstage_docs.records.render import text_of_html

# A title that the layout model may call so.
MAY_BE_TITLES = frozenset({"paragraph", "list"})

_LONGEST_TITLE = 80  # characters; the longest of 22 real lines that begin with a square has 54
_TITLE = compile_when_used(rf"\s*[{SQUARES}]\s*[^{SQUARES}☐☑\n]+\Z")
_SENTENCE_END = compile_when_used(r"(?:[.!?。；;]|다\s?[.]?)\s*\Z")
_MARKED_LINE = re.compile(rf"(?:[\r\n>]|\A)[ \t]*(?:[-*+] )?[{SQUARES}]")
_LINE_END = compile_when_used(r"(?:[ \t]*(?:<br\s*/?>|</?(?:p|li|ul|ol|div)\b[^<>]*>|[\r\n]))+", re.IGNORECASE)
# Lines of these alone are not read again with the next one; what a script or a comment holds is no text of that.
_NO_WORDS = compile_when_used(r"(?:\s|&nbsp;|</?(?!script|style)[a-z][^<>]*>)*", re.IGNORECASE)
_BULLET = re.compile(r"\A[-*+] (?=\S)")


class MarkedTitle(NamedTuple):
    """A line that is a title: where it begins, where the next line does, and its words."""

    start: int
    end: int
    words: str


def is_section_title(words: str) -> bool:
    """Say whether a line that no layout model calls a heading opens a section: the `□` titles of Korean reports."""
    return len(words) <= _LONGEST_TITLE and bool(_TITLE.match(words)) and not _SENTENCE_END.search(words)


def holds_square(text: str) -> bool:
    """Say whether a square stands in *text*; fast, since most texts have none and this is asked of each."""
    # One sign is found ten times as fast as a choice of them, and so written twice as fast as by a loop over SQUARES.
    return "□" in text or "■" in text or "▣" in text or "❑" in text or "❏" in text or "ㅁ" in text


def holds_marked_line(text: str) -> bool:
    """Say whether a line of *text* begins with a square."""
    return not text.isascii() and holds_square(text) and _MARKED_LINE.search(text) is not None


def marked_titles(text: str) -> list[MarkedTitle]:
    """Return the titles among the lines of *text*; none where its squares are boxes to be ticked.

    They are titles if the text is one line, or if below one of them stands an item with another marker or number.
    """
    if not holds_marked_line(text):
        return []
    edges = [match.end() for match in _LINE_END.finditer(text) if match.start() > 0 and match.end() < len(text)]
    lines = []
    start = read = 0
    for end in [*edges, len(text)]:
        words = _BULLET.sub("", " ".join(text_of_html(text[read:end]).split()))
        if words:  # else tags, which go with the line after them
            lines.append(MarkedTitle(start, end, words))
            start = read = end
        elif _NO_WORDS.fullmatch(text, read, end):
            read = end
    are_titles = [line.words[0] in SQUARE_SIGNS and is_section_title(line.words) for line in lines]
    if len(lines) > 1 and not any(
        is_title and _is_item(below.words) for is_title, below in zip(are_titles, lines[1:], strict=False)
    ):
        return []
    return list(compress(lines, are_titles))


def _is_item(words: str) -> bool:
    """Say whether a line is an item below a title: it begins with a number, or a marker that is no square."""
    numbering = read_numbering(words)
    return words[0] == "※" or (numbering is not None and numbering.style != "square")
