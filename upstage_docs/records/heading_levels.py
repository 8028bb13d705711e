"""Tells the level of a heading: declared, or by its numbering, the markers of Korean reports, its font size.

Pure rules for the headings of one document in reading order, for any engine. What a layout model calls a heading and
is none (a caption, a unit, a date, a name) has level 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec

from upstage_docs.models import Element
from upstage_docs.records.caption_labels import caption_label, is_label_alone
from upstage_docs.records.dates import is_date
from upstage_docs.records.heading_numbering import (
    DEEPENING,
    RANKS,
    SQUARE_SIGNS,
    Numbering,
    read_numbering,
    title_key,
    without_numbering,
)
from upstage_docs.records.marked_titles import MAY_BE_TITLES, is_section_title
from upstage_docs.records.patterns import compile_when_used
from upstage_docs.records.render import element_text, heading_level
from upstage_docs.records.wording import is_note, is_unit

DEEPEST = 6  # as in HTML

# Unnumbered, yet of the first level in numbered documents.
_OUTER = compile_when_used(
    r"(?:abstract|summary|executive summary|introduction|conclusions?|references|bibliography|"
    r"acknowledge?ments?|appendix|contents|table of contents|glossary|preface|foreword|afterword|epilogue|"
    r"signatures?|endnotes?|"
    r"list of (?:tables|figures|abbreviations|symbols)|einleitung|zusammenfassung|"
    r"fazit|anhang|literatur(?:verzeichnis)?|inhalt(?:sverzeichnis)?|"
    r"annexes?|r[ée]sum[ée]|bibliographie|"
    r"요\s?약|(?:국\s?문\s?|영\s?문\s?)?초\s?록|서\s?론|결\s?론|참고\s?(?:문헌|자료)|목\s?차|부\s?록|머리말|맺음말|감사의\s?글|찾아보기|색\s?인|부\s?칙(?:\s*[<〈(].*)?|"
    r"摘要|引言|前言|后记|結語|结语|结论|結論|参考文献|參考文獻|目录|目錄|目次|附录|附則|附则|致谢|致謝|はじめに|おわりに|まえがき|あとがき|謝辞|索引)\s*:?\Z",
    re.IGNORECASE,
)
_BEGIN_OF_OUTER = frozenset("ab su ex in co re bi ac ap ta gl pr fo af ep si en li ei zu fa an ré".split())  # noqa: SIM905
# "By Business Segment" opens a section, "By Ada Byron" does not.
_KINDS = (
    r"(?:\w+\s+){0,2}(?:segments?|regions?|geograph\w+|areas?|countr\w+|products?|types?|categor\w+|sectors?|years?|quarters?|months?|"
    r"age|gender|sex|industr\w+|business|functions?|sources?|sites?|groups?|stages?|customers?|channels?|levels?|numbers?)\b"
)
_NO_HEADING = compile_when_used(
    r"(?:(?:version|ver\.|rev(?:ision|\.)?)\s*\d+(?:\.\d+)*|[(（]\s*(?:continued|cont[’'.]?d?\.?|계속|続き?|续|續)\s*[)）]|(?:signature|서명)\s*[:：]?\W*"
    r"|[\W\d]+|\d{1,2}:\d\d\s*(?:[ap]\.?m\.?)?|\S+@\S+\.\S+|(?:https?://|www\.)\S+"
    r"|(?:(?:written|prepared|edited|compiled)\s+by|by\s*[:：])\s*\S.{0,60}"
    r"|(?:authors?|author\(s\)|editors?|저자|지은이|작성자|담당자?|글쓴이|글|엮은이|연구\s?책임자|지도\s?교수|담당\s?부서|문의처|집필자?|"
    r"발표자|감수|옮긴이|번역|文|作者|著者|編者|编者|執筆者?|監修者?|(?:责任)?编辑|责编|记者|記者|译者|訳者)\s*[:：]\s*\S.{0,60}"
    r"|(?:저자|작성자|글쓴이|지도교수)\s+(?!소개|약력|정보|후기|서문|의\s|배정|변경|선정|신청|승인|확인|안내|위촉|추천|면담)\S.{0,60}|(?:记者|記者)\s+(?![会會招站证證团團])\S{2,4}|(?!전임|명예|겸임|초빙|객원|석좌|전문|수습|시민|원로)[가-힣]{2,4}\s(?:기자|특파원|교수|박사)|.{3,60}\bet\s+al\.?|.{3,60},\s*(?:ph\.?\s?d|m\.?d|m\.?sc|mba|cpa|esq)\.?"
    r"|-?\s*(?:page|p\.)\s*\d+(?:\s*(?:of|/)\s*\d+)?\W*|vol(?:ume|\.)?\s*\d+\W+(?:no|issue|number)\b.*|(?:doi|issn|isbn)\b\W*\d.*"
    r"|(?:tel|fax|phone|e-?mail|전화|팩스|문의|이메일)\s*[.:：].*)\Z",
    re.IGNORECASE,
)
_NAME_WORD = r"[A-Z](?:(?![\d¹²³⁴])[\w.-])*(?:['’][A-Z][^\W\d¹²³⁴]*)?"  # no digit: that is the mark behind a name
_NAME = rf"{_NAME_WORD}(?:\s+{_NAME_WORD})"
_RAISED = r"[¹²³⁴]*"  # of a note, behind a name
_NAMES = compile_when_used(
    rf"(?:[Bb][Yy]\s+(?!(?i:{_KINDS})){_NAME}{{1,3}}{_RAISED}(?:(?:\s*[,&]|\s+and(?!\w)|,\s+and(?!\w))\s*{_NAME}{{1,3}}{_RAISED})*"
    rf"|(?:(?<![\w.-])(?:Prof|Dr|Mr|Mrs|Ms)\.\s+{_NAME}{{0,3}}{_RAISED}(?:(?:\s*[,&]|\s+and(?!\w))+\s*)?)+"
    rf"|(?:{_NAME}{{1,3}}(?:\d(?:,\d)*|[*∗†‡§¶¹²³⁴])+(?:\s*(?:,|and|&))?\s*){{2,}}"
    r"|(?:(?:[가-힣]{2,4}|[一-鿿]{2,6}|[一-鿿]{1,3}\s[一-鿿]{1,3})\s?(?:\d\)|[*∗†‡§¶¹²³⁴])+(?:\s*[,·ㆍ・、])?\s*)+)\Z"
)
_MOST_READ = 1000  # characters that tell what is no title: on a hundred times as many dashes those take minutes
# One of these stands in whatever those two expressions match; most headings hold none, and are told at once.
_SIGN_OF_NO_TITLE = re.compile(r"[\d@:：,*∗†‡§¶¹]")
_BEGIN_OF_NO_TITLE = frozenset(
    "by pr dr mr ms te fa ph e- em 저자 작성 글쓴 전화 팩스 문의 이메 지도 记者 記者".split()  # noqa: SIM905
)
_END_OF_NO_TITLE = frozenset({"기자", "교수", "박사", "파원"})
# "People", "Units sold" and "Hours of operation" are of units, and open sections.
_UNIT_AND_TITLE = compile_when_used(
    r"(?!in\s)(?!.*(?:thousand|million|billion|[원%]))[^\W\d_]+(?:\s+[^\W\d_]+)*\Z", re.IGNORECASE
)
# A note to financial statements is a section of them, and so is "Data: Collection" or "Key: value stores".
_NOTE_AND_TITLE = compile_when_used(
    r"(?i:note)\s+\d{1,2}\s*[.:–—-]?\s+[A-Z][^.;:]{2,80}\Z|(?:Data|Keys?)\s*:\s+[^\W\d_]+(?:\s+[a-z]+){0,4}\Z"
)
_SIZE = re.compile(r"font-size\s*:\s*(\d+(?:\.\d+)?)\s*px")
_LONGEST_TAG = 200  # characters; that of a heading has 47 at the most in recorded answers
_FIRST_LEVEL = frozenset({"<h1>", "<h1 "})
_TAG_LEVEL = re.compile(r"\s*(?:<br\s*/?>\s*)*<h([1-6])\b", re.IGNORECASE)
# Recognised font sizes of one kind of heading differ by this much, as a share: measured on 64 real headings.
_SAME_SIZE = 0.08
# Means of sizes that are as near as this cannot be told apart.
_SAME_MEAN = 0.01
# Entries of a table of contents, fewer of which say nothing about what they leave out.
_LEAST_CONTENTS = 3
# Letters that may be Roman numbers → what goes before them in the alphabet.
_ROMAN_AFTER = {"i": "h", "v": "u", "x": "w"}
_LEADER = r"[\s.·…‥⋯_|–—-]"
# `  1.2 Scope ........ 14`, `- Scope 14`, `| Scope | xii |`. No title ends in a row of leaders: each is read once.
_ENTRY = compile_when_used(
    rf"(?P<indent>[ \t\u3000\xa0]*)(?:[-*+|] ?)*(?P<title>[^\s|](?:.*?(?!{_LEADER}).)??)"
    rf"(?:{_LEADER}*(?:(?<={_LEADER})|(?<=[가-힣一-鿿]))(?P<page>\d{{1,4}}|[ivxlc]{{1,7}}))?{_LEADER}*"
)
_OUTERMOST = frozenset({"part", "chapter"})
_UNNUMBERED = Numbering("", 1, "", is_first=False)


class _Open(msgspec.Struct, frozen=True, gc=False):
    """A heading that is open: its level, style, depth, first number, font size, and whether it begins the document."""

    level: int
    style: str
    depth: int
    first: str
    size: float
    is_title: bool


def is_no_heading(words: str) -> bool:
    """Say whether what was called a heading is none: a caption, a unit, a note, a date, a name, a number."""
    return _belongs_to_a_table(words) or _is_no_title(words)


def _is_no_title(words: str) -> bool:
    """Say whether what belongs to no table is no heading either: a date, a name, a number."""
    if words[:1].isalpha() and not _SIGN_OF_NO_TITLE.search(words):
        lower = words.lower()
        is_named = "by" in lower or ("et" in lower and "al" in lower) or "www." in lower
        if not is_named and lower[:2] not in _BEGIN_OF_NO_TITLE and lower[-2:] not in _END_OF_NO_TITLE:
            return False
    begun = words[:_MOST_READ]
    return bool(is_date(begun) or _NO_HEADING.match(begun) or _NAMES.match(begun))


def _belongs_to_a_table(words: str) -> bool:
    if caption_label(words):
        return True
    if is_unit(words) and not any(map(_UNIT_AND_TITLE.match, (words, without_numbering(words)))):
        return True
    return is_note(words) and not _NOTE_AND_TITLE.match(words)


def heading_size(markup: str) -> float:
    """Return the font size in pixels in the style of a heading's tag, 0.0 where it names none."""
    found = _SIZE.search(markup, 0, _LONGEST_TAG)
    return float(found[1]) if found else 0.0


class _Size(msgspec.Struct, gc=False):
    """The font size of the headings of one level: the mean of those seen so far."""

    level: int
    mean: float
    seen: int


@dataclass(eq=False)
class HeadingLevels:
    """Tells the levels of the headings of one document, asked in reading order; lives as long as the document.

    Attributes:
        after_label: Whether the label of a table alone, "TABLE IV", called a heading, stands right before what comes
            next. Whoever passes over an element without asking for its level sets it to False.
    """

    after_label: bool = field(default=False, init=False)
    _opened: list[_Open] = field(default_factory=list, init=False)
    _declares: bool = field(default=False, init=False)  # whether the engine tells levels
    # Whether it tells them of the first level too, so that the rest is unknown to it.
    _declares_all: bool = field(default=False, init=False)
    _ranks: dict[str, float] = field(default_factory=dict, init=False)  # of the styles that this document uses
    _sizes: list[_Size] = field(default_factory=list, init=False)
    _begun: bool = field(default=False, init=False)  # whether a heading came before
    _contents: dict[str, int] = field(default_factory=dict, init=False)  # the words of each entry → its level
    _confirmed: int = field(default=0, init=False)  # headings that stand in the contents

    def level_of(self, element: Element) -> int:
        """Return the level 1-6 of *element*, 0 if it opens no section: it is no heading, or wrongly called so.

        A table of contents (category `index`) is no heading either; its entries confirm what follows.
        """
        category = element.category
        if category in MAY_BE_TITLES:
            self.after_label = False
            if element.text[:1] not in SQUARE_SIGNS or not is_section_title(element.text):
                return 0
            return self.level(" ".join(element.text.split()), 0)
        declared = heading_level(element)
        if not declared:
            self.after_label = False
            if category == "index":
                self.read_contents(element_text(element, "text"))
            return 0
        known = declared if declared > 1 or element.sub_category else 0
        self._declares_all = self._declares_all or element.sub_category == "h1"
        if not known and element.html[:4] not in _FIRST_LEVEL:
            known = int(tag[1]) if (tag := _TAG_LEVEL.match(element.html)) and tag[1] != "1" else 0
        return self.level(" ".join(element_text(element, "text").split()), known, heading_size(element.html))

    def read_contents(self, text: str) -> None:
        """Take the entries of a table of contents, one a line, with their page numbers and dots or without.

        Their levels are told by their numbers, else by how far they are indented.
        """
        entries = [found for line in text.split("\n") if (found := _ENTRY.fullmatch(line)) and found["title"]]
        indents = sorted({len(found["indent"].expandtabs()) for found in entries})
        levels = HeadingLevels()
        for found in entries:
            title = " ".join(found["title"].split())
            if _belongs_to_a_table(title) or (_OUTER.match(title) and not found["page"]):
                continue  # of a list of tables; the title of the contents
            size = 2.0 ** -indents.index(len(found["indent"].expandtabs()))
            level = levels.level(title, 0, size if len(indents) > 1 else 0.0)
            if level:
                for words in (title, without_numbering(title), f"{title} {found['page'] or ''}"):
                    self._contents.setdefault(title_key(words), level)
        self._contents.pop("", None)

    def level(self, words: str, declared: int, size: float = 0.0) -> int:
        """Return the level of a heading, 1-6, or 0 for one that is none and must not govern what follows.

        Args:
            words: Its text, on one line.
            declared: The level 1-6 that the engine knows, 0 where it knows none, 7 below all that it knows.
            size: The size of its font in any unit, the same for all; 0 where it is not known.
        """
        in_contents = self._contents.get(title_key(words), 0) if self._contents else 0
        after_label, self.after_label = self.after_label, False
        if _belongs_to_a_table(words) or (not in_contents and _is_no_title(words)):
            self.after_label = is_label_alone(words) and caption_label(words) == "table"
            return 0
        numbering = self._numbering(words)
        if after_label and not (in_contents or numbering or _is_outer(words)):
            return 0  # the title of that table
        self._confirmed += in_contents > 0
        declared = declared if declared <= DEEPEST or self._declares else 0
        self._declares = self._declares or declared > 0
        if declared or (self._declares and not self._declares_all):
            level = declared or 1
            if numbering:
                self._ranks.setdefault(numbering.style, float(RANKS[numbering.style]))
        elif numbering:
            level = self._by_numbering(numbering, size)
        elif in_contents:
            level = in_contents
        else:
            level = self._without_numbering(words, size)
        level = max(1, min(level, DEEPEST))
        while self._opened and self._opened[-1].level >= level:
            self._opened.pop()
        style, depth, first, _ = numbering or _UNNUMBERED
        title = not self._begun and not style
        self._opened.append(_Open(level, style, depth, first, self._remembered(level, size), title))
        self._begun = True
        return level

    def _numbering(self, words: str) -> Numbering | None:
        """Return how a heading is numbered here: after (h), the (i) is a letter."""
        numbering = read_numbering(words)
        if numbering and numbering.style == "small roman" and numbering.first in _ROMAN_AFTER:
            before = next((one for one in reversed(self._opened) if one.style.startswith("small")), None)
            if before and before.first == _ROMAN_AFTER[numbering.first]:
                return numbering._replace(style=before.style, is_first=False)
        return numbering

    def _remembered(self, level: int, size: float) -> float:
        """Count a size of *level*; return the mean of those like it: recognised sizes are not exact."""
        if not size:
            return 0.0
        for one in self._sizes:
            if one.level == level and _alike(one.mean, size):
                one.mean, one.seen = (one.mean * one.seen + size) / (one.seen + 1), one.seen + 1
                return one.mean
        self._sizes.append(_Size(level, size, 1))
        return size

    def _levels_of_size(self, size: float) -> set[int]:
        """Return the levels of the headings of this document that have this size, the nearest size's alone."""
        near = [one for one in self._sizes if _alike(one.mean, size)]
        if len(near) < 2:
            return {one.level for one in near}
        nearest = min((abs(one.mean - size) for one in near), default=0.0)
        return {one.level for one in near if abs(one.mean - size) <= nearest + size * _SAME_MEAN}

    def _by_numbering(self, numbering: Numbering, size: float) -> int:
        """Return the level below the innermost open heading whose style is an outer one, or beside its like."""
        style, depth, first, is_first = numbering
        innermost = self._opened[-1] if self._opened else None
        restarts = is_first and style in self._ranks and depth == 1
        if innermost and not innermost.style and not innermost.is_title and is_first and depth == 1:
            smaller = size and innermost.size > size * (1 + _SAME_SIZE)
            if smaller or (restarts and not size):
                self._ranks.setdefault(style, float(RANKS[style]))
                return innermost.level + 1  # a list of sections below a heading without a number
        known = style in self._ranks
        if not known:
            inner = innermost.style if innermost else ""
            # The first of a new style begins a list below what is open: A. below I., and 1. below A.
            # An appendix is no part of the last section.
            below = self._ranks[inner] + 0.5 if inner and is_first and style not in _OUTERMOST else 0.0
            self._ranks[style] = max(below, float(RANKS[style]))
        for one in reversed(self._opened):
            if one.style == style and style in DEEPENING:
                return one.level + depth - one.depth
            if one.style == style:
                return one.level
        rank = self._ranks[style]
        outer = [one for one in self._opened if one.style and self._ranks[one.style] < rank]
        while size and not known and len(outer) > 1 and outer[-1].size and size > outer[-1].size * (1 + _SAME_SIZE):
            outer.pop()  # nothing stands below what is smaller
        if not outer:
            return depth
        # In chapter 3, or III, the number 3.1 is the first below the chapter, not the second.
        counted = depth - 1 if depth > 1 and outer[-1].first in {"", first} else depth
        level = outer[-1].level + counted
        alike = self._levels_of_size(size) if size and not known else set()
        if alike and max(alike) < level and any(one.level == level for one in self._sizes):
            return max(alike)  # an appendix: its letter is new, its size is that of the chapters
        return level

    def _without_numbering(self, words: str, size: float) -> int:
        """Return the level of a heading without a number: that of its like in size, else below what is larger."""
        if not self._opened or _is_outer(words):
            return 1
        alike = self._levels_of_size(size) if size else set()
        if len(alike) == 1:
            return alike.pop()
        numbered = [one for one in self._opened if one.style]
        if size:
            if alike and numbered:
                return numbered[-1].level + 1
            if alike:
                return min(alike)
            if larger := [one for one in self._opened if one.size > size * (1 + _SAME_SIZE)]:
                return larger[-1].level + 1
            if all(one.size for one in self._opened):
                return 1
        if self._confirmed and len(self._contents) >= _LEAST_CONTENTS:
            # A contents lists all headings of the levels that it lists.
            return min(max(self._contents.values()), self._opened[-1].level) + 1
        return numbered[-1].level + 1 if numbered else self._opened[-1].level


def _is_outer(words: str) -> bool:
    begun = words[:2]
    return (begun.lower() in _BEGIN_OF_OUTER or not begun.isascii()) and _OUTER.match(words) is not None


def _alike(mean: float, size: float) -> bool:
    return abs(mean - size) <= size * _SAME_SIZE
