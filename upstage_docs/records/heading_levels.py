"""At which level a heading stands: declared, else by its numbering, the markers of Korean reports, its font size.

Pure rules for the headings of one document in reading order, for any engine. What a layout model calls a heading and
is none (a caption, a unit, a date, a name) has level 0.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from upstage_docs.models import Element
from upstage_docs.records.ownership import is_note, names_no_section
from upstage_docs.records.render import element_text, heading_level

__all__ = [
    "DEEPEST",
    "SQUARES",
    "HeadingLevels",
    "Numbering",
    "heading_size",
    "is_no_heading",
    "is_section_title",
    "read_numbering",
]
# Titles of Korean reports begin with one of these.
SQUARES = "□■▣❑❏"


DEEPEST = 6

# From the outside in; a document uses some of them, and the order in which they nest is this one.
_STYLES = (
    *("part", "chapter", "section", "subsection", "article"),
    *("roman", "decimal", "capital", "korean", "bracketed", "korean bracket", "enclosed", "korean enclosed", "circled"),
    *("small", "square", "circle", "dash"),
)
_RANKS = {style: rank for rank, style in enumerate(_STYLES)}
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮"
_HANGUL = "가나다라마바사아자차카타파하"
_CJK_DIGITS = "一二三四五六七八九十百"

_NUMBERED_CHAPTER = rf"제\s*(?P<n>\d+)\s*장|(?i:chapter)\s+(?P<m>\d+|[IVXLC]+)\b|第\s*[{_CJK_DIGITS}\d]+\s*章"
_NAMED_CHAPTER = (
    r"(?i:item)\s+\d+[A-C]?\s*[.:]|(?i:appendix|annex|schedule)\s+(?:[A-Z]|\d+|[IVX]+)\b|[부별]\s?록\s*\d*\b"
)
_NUMBERINGS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (style, re.compile(pattern))
    for style, pattern in (
        (
            "part",
            rf"(?:제\s*(?P<n>\d+)\s*[편부](?=\s|$|[.:])|(?i:part)\s+(?:[IVX]+|\d+)\b|第\s*[{_CJK_DIGITS}\d]+\s*[编編部篇])",
        ),
        ("chapter", rf"(?:{_NUMBERED_CHAPTER}|{_NAMED_CHAPTER})"),
        ("section", rf"(?:제\s*\d+\s*절|(?i:section)\s+(?:\d+|[IVXLC]+)\b(?!\.\d)|第\s*[{_CJK_DIGITS}\d]+\s*[节節])"),
        ("subsection", r"제\s*\d+\s*관"),
        ("article", rf"(?:제\s*\d+\s*조|(?i:article)\s+(?:\d+|[IVXLC]+)\b|第\s*[{_CJK_DIGITS}\d]+\s*[条條])"),
        ("roman", rf"(?:[IVXL]+[.)]|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ]+\s*[.)]?|[{_CJK_DIGITS}]+\s*[、．])(?=\s*\S)"),
        (
            "decimal",
            r"(?P<n>\d{1,3}(?:\s?\.\s?\d{1,3}){0,5})(?:\.(?!\d)|(?=\s)|(?=[가-힣A-Z一-鿿]))(?!\s*[%)월년일./-])\s*(?=\S)",
        ),
        ("capital", r"[A-Z]\.(?=\s+\S)"),
        ("korean", rf"[{_HANGUL}]\.(?=\s*\S)"),
        ("bracketed", r"\d{1,2}\)(?=\s*\S)"),
        ("korean bracket", rf"[{_HANGUL}]\)(?=\s*\S)"),
        ("enclosed", rf"[(（](?:\d{{1,2}}|[{_CJK_DIGITS}]+)[)）](?=\s*\S)"),
        ("korean enclosed", rf"\([{_HANGUL}]\)(?=\s*\S)"),
        ("circled", rf"[{_CIRCLED}](?=\s*\S)"),
        ("small", r"\(?[a-hj-z]\)(?=\s+\S)"),
        ("square", r"[□■▣❑❏◆◇](?=\s*\S)"),
        ("circle", r"[○●◦ㅇ◯](?=\s*\S)"),
        ("dash", r"[-–―•·](?=\s+\S)"),
    )
)
_FIRST_OF_ALL = re.compile(r"\W*(?:제\s*|第\s*|(?i:part|chapter|item|section)\s+)?(?:1|A|I|a|가|Ⅰ|一)(?![\dA-Za-z])|①")
_FIRST_SIGNS = re.compile(
    rf"[\dIVXLC(（{_CJK_DIGITS}ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ{_HANGUL}{_CIRCLED}제第부별편A-Za-z□■▣❑❏◆◇○●◦ㅇ◯\-–―•·]"
)
# Unnumbered, yet of the first level in numbered documents.
_OUTER = re.compile(
    r"(?:abstract|summary|executive summary|introduction|conclusions?|references|bibliography|"
    r"acknowledge?ments?|appendix|contents|table of contents|glossary|preface|foreword|"
    r"요\s?약|초\s?록|서\s?론|결\s?론|참고\s?문헌|목\s?차|부\s?록|머리말|맺음말|"
    r"摘要|引言|结论|結論|参考文献|參考文獻|目录|目次|附录|はじめに|おわりに|謝辞)\s*:?\Z",
    re.IGNORECASE,
)
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_NO_HEADING = re.compile(
    r"(?:\W*(?:19|20)\d\d\s*[./년\-年]\s*\d{1,2}\s*"  # 2024. 3. 15.
    r"(?:[./월\-月]\s*(?:\d{1,2}\s*[.일日]?)?)?(?:\s*\([^)]{1,3}\))?\W*"
    rf"|\W*(?:\d{{1,2}}(?:st|nd|rd|th)?\s+)?{_MONTH}(?:\s+\d{{1,2}}(?:st|nd|rd|th)?)?,?\s+(?:19|20)\d\d\W*"
    r"|\W*(?:19|20)\d\d\s*년?\W*|[\W\d]+|\S+@\S+\.\S+|(?:by|author|저자|작성자|글|文|作者)\s*[:：]?\s+\S.{0,60}"
    r"|(?:page|p\.)\s*\d+|https?://\S+|(?:tel|fax|전화|문의)\s*[.:：].*)\Z",
    re.IGNORECASE,
)
_SIZE = re.compile(r"font-size\s*:\s*(\d+(?:\.\d+)?)\s*px")
_LONGEST_TAG = 200
_TAG_LEVEL = re.compile(r"\s*(?:<br\s*/?>\s*)*<h([1-6])\b", re.IGNORECASE)
# Recognised font sizes of one kind of heading differ by this much, as a share: measured on 64 real headings.
_SAME_SIZE = 0.08
_LONGEST_TITLE = 80
_MARKED_TITLE = re.compile(rf"\s*[{SQUARES}]\s*[^{SQUARES}☐☑\n]+\Z")
_SENTENCE_END = re.compile(r"(?:[.!?。；;]|다\s?[.]?)\s*\Z")


class Numbering(NamedTuple):
    """What a heading begins with: its style, how deep in it (`1.2` is 2), its first number, whether it is 1."""

    style: str
    depth: int
    first: str
    is_first: bool


class _Open(NamedTuple):
    """A heading that is open: its level, style, first number and font size."""

    level: int
    style: str
    depth: int
    first: str
    size: float


def read_numbering(words: str) -> Numbering | None:
    """Return how *words* are numbered (`1.2`, `II.`, `제1장`, `가.`, `Item 7A.`, `□`), None if they are not."""
    words = words.lstrip()
    if not _FIRST_SIGNS.match(words):
        return None
    for style, pattern in _NUMBERINGS:
        if found := pattern.match(words):
            groups = found.groupdict()
            number = "".join((groups.get("n") or groups.get("m") or "").split())
            depth = number.count(".") + 1 if style == "decimal" else 1
            return Numbering(style, depth, number.split(".")[0], _FIRST_OF_ALL.match(words) is not None)
    return None


def is_section_title(words: str) -> bool:
    """Say whether a line that no layout model calls a heading opens a section: the `□` titles of Korean reports."""
    return len(words) <= _LONGEST_TITLE and bool(_MARKED_TITLE.match(words)) and not _SENTENCE_END.search(words)


def is_no_heading(words: str) -> bool:
    """Say whether what was called a heading is none: a caption, a unit, a note, a date, a name, a number."""
    return names_no_section(words) or is_note(words) or _NO_HEADING.match(words) is not None


def heading_size(markup: str) -> float:
    """Return the font size in pixels that the style of a heading's tag tells, 0.0 where it tells none."""
    found = _SIZE.search(markup, 0, _LONGEST_TAG)
    return float(found[1]) if found else 0.0


class HeadingLevels:
    """Tells the levels of the headings of one document, asked in reading order; lives as long as the document."""

    def __init__(self) -> None:
        self._opened: list[_Open] = []
        self._declares = False  # whether the engine tells levels
        self._ranks: dict[str, float] = {}  # of the styles that this document uses

    def level_of(self, element: Element) -> int:
        """Return the level 1-6 of *element*, 0 if it opens no section: it is no heading, or wrongly called so."""
        declared = heading_level(element)
        if not declared:
            if element.category not in {"paragraph", "list"} or element.text[:1] not in SQUARES or not element.text:
                return 0
            return self.level(" ".join(element.text.split()), 0) if is_section_title(element.text) else 0
        known = declared if declared > 1 or element.sub_category else 0
        if not known and (tag := _TAG_LEVEL.match(element.html)) and tag[1] != "1":
            known = int(tag[1])
        size = heading_size(element.html)
        return self.level(" ".join(element_text(element, "text").split()), known, size)

    def level(self, words: str, declared: int, size: float = 0.0) -> int:
        """Return the level of a heading, 1-6, or 0 for one that is none and must not govern what follows.

        Args:
            words: Its text, on one line.
            declared: The level 1-6 that the engine knows, 0 where it knows none.
            size: The size of its font in any unit, the same for all; 0 where it is not known.
        """
        if is_no_heading(words):
            return 0
        numbering = read_numbering(words)
        if declared or self._declares:
            self._declares = True
            level = declared or 1
            if numbering:
                self._ranks.setdefault(numbering.style, float(_RANKS[numbering.style]))
        elif numbering:
            level = self._by_numbering(numbering)
        else:
            level = self._without_numbering(words, size)
        level = max(1, min(level, DEEPEST))
        while self._opened and self._opened[-1].level >= level:
            self._opened.pop()
        style, depth, first, _ = numbering or Numbering("", 1, "", is_first=False)
        self._opened.append(_Open(level, style, depth, first, size))
        return level

    def _by_numbering(self, numbering: Numbering) -> int:
        """Return the level below the innermost open heading whose style is an outer one, or beside its like."""
        style, depth, first, is_first = numbering
        if style not in self._ranks:
            inner = self._opened[-1].style if self._opened else ""
            # The first of a new style begins a list below what is open: A. below I., and 1. below A.
            below = self._ranks[inner] + 0.5 if inner and is_first else 0.0
            self._ranks[style] = max(below, float(_RANKS[style]))
        for one in reversed(self._opened):
            if one.style == style == "decimal":
                return one.level + depth - one.depth
            if one.style == style:
                return one.level
        rank = self._ranks[style]
        outer = [one for one in self._opened if one.style and self._ranks[one.style] < rank]
        if not outer:
            return depth
        # In chapter 3 the number 3.1 is the first below the chapter, not the second.
        counted = depth - 1 if depth > 1 and outer[-1].first == first else depth
        return outer[-1].level + counted

    def _without_numbering(self, words: str, size: float) -> int:
        """Return the level of a heading without a number: that of its like in size, else below what is larger."""
        if not self._opened or _OUTER.match(words):
            return 1
        if size:
            larger = [one for one in self._opened if one.size > size * (1 + _SAME_SIZE)]
            alike = [one for one in self._opened if one.size and abs(one.size - size) <= size * _SAME_SIZE]
            if alike:
                return alike[0].level
            if larger:
                return larger[-1].level + 1
            if all(one.size for one in self._opened):
                return 1
        numbered = [one for one in self._opened if one.style]
        return numbered[-1].level + 1 if numbered else self._opened[-1].level
