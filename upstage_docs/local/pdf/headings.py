"""Finds the headings of a page by size, weight, capitals, section numbers, and what stands below them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from upstage_docs.local.blocks import is_list_item
from upstage_docs.local.geometry import middle
from upstage_docs.local.pdf.contents import has_leader
from upstage_docs.local.pdf.parts import Part
from upstage_docs.local.pdf.words import LAYER_FONT

_SECTION = re.compile(
    r"(?:(?P<deep>\d{1,2}(?:\.\d{1,2}){1,4}\.?)|\d{1,2}\.?|[A-Z](?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|"
    r"(?:chapter|section|part|appendix|article|unit|lesson|제)\s*[\dA-Z]+[.:장절]?)\s+(?P<first>[^\W\d_]|[\"“‘(])",
)
_SENTENCE = 50
"""Letters: a heading that long neither begins in small letters nor ends in a stop."""
_TITLE = 1.6
"""Font sizes of the body: larger text is a title, whatever its end; a slide says its theses so."""
# Measured on eighty benchmark pages: a twentieth of the body's size, or a fifth of what else stands here, more or less
# changes the blocks of one page at most.
_LARGER, _SURE, _MUCH_LARGER = 1.08, 1.18, 1.3
"""Font sizes of the body: from the first on a short line is a heading, from the second on unless it is a sentence, and
from the third on also where it reads as authors, an address or a date."""
_NOT_SMALLER = 0.97
"""Font sizes of the body: a heading that is told by its font or colour alone is no smaller."""
_LONG, _OF_LONG = 120, 1.4
"""Letters of a text that is a heading only from so many font sizes of the body on."""
_OFF_CENTRE = 0.6
"""Font sizes that the middles of the lines of a centred title differ by at most."""
_STATED_LINES = 4
"""Lines of a sentence that is a heading, at most."""
_LETTERS_OF_SCAN = 0.6
"""Share of letters, and no other signs, in a recognised heading: other lines were recognised in a picture."""
_LONGER = 1.5
"""Lengths of a heading in its own font: the paragraph below is longer."""
_BELOW, _ABOVE, _LEAST_ABOVE = 1.6, 0.9, 0.3
"""White of such a heading: below, font sizes at most; above, a share of that below and font sizes, at least."""
_DATE = re.compile(
    r"(?:\w+\.? \d{1,2},? \d{4}|\d{1,2}\.? \w+\.? \d{4}|\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})"
)
_MONTH = re.compile(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{4}|\d{4}년 ?\d{1,2}월|\d{4}年 ?\d{1,2}月",
    re.IGNORECASE,
)
_QUOTATION = re.compile(r"[\"“„«].{20,}[.!?…][\"”“»]", re.DOTALL)
"""A sentence or more in quotation marks, set large among the text of a magazine."""
_WITH_VALUE = re.compile(r"(?!\w+\s[\d.]+\s?:).*:\s*\S*\d\S*")
"""A number behind its name, as that of an invoice: its capitals tell no heading. The number of a chapter stands before
the colon."""
_SOURCE = re.compile(
    r"(?:source|note|출처|자료|주)s?\s*[:：]|(?:key ?words?|index terms?|주제어|키워드|关键词)\s*[:：—–]", re.IGNORECASE
)


def is_heading(part: Part, body: float) -> bool:
    """Tell a heading by its size, its weight, its capitals or its section number, if it is short and no sentence."""
    text = part.text.replace("\n", " ")
    if len(part.lines) > 4 or len(text) > 200 or not any(map(str.isalnum, text)) or _SOURCE.match(text):
        return False
    if _QUOTATION.fullmatch(text) or has_leader(text):
        return False
    if not any(map(str.isalpha, text)) and part.size < _TITLE * body:
        return False  # a number; one as large as a title is that of a chapter
    scanned = all(word.font == LAYER_FONT for line in part.lines for word in line.words)
    if scanned and sum(map(str.isalpha, text)) < max(4, _LETTERS_OF_SCAN * len(text)):
        return False  # what was recognised in a picture
    imprint = is_date(text) or text.count(",") > 1 or "@" in text  # authors, an address, a date
    if imprint and not part.is_bold and part.size < _MUCH_LARGER * body:
        return False
    if part.size >= _SURE * body:
        sentence = _is_sentence(text) and part.size < _TITLE * body
        return not sentence and (len(text) < _LONG or part.size > _OF_LONG * body)
    sentence = text.endswith((".", ",", ";")) or _is_sentence(text) or len(text) > 110 or len(part.lines) > 2
    if sentence or text[0].islower() or text[0] in "([{":
        return False
    letters = [c for c in text if c.isalpha()]
    capitals = len(letters) >= 4 and all(c.isupper() for c in letters)
    numbered = begins_section(text)
    if part.is_bold or part.size >= _LARGER * body:
        return True
    if capitals and _WITH_VALUE.fullmatch(text) is None:
        return len(part.lines) == 1 or _is_centred(part)
    return numbered and (scanned or "." in text.split()[0][:-1]) and len(part.lines) == 1


def begins_section(text: str, *, deep: bool = False) -> bool:
    """Say whether a text begins with the number of a section and its title: `2 Method`, or, if *deep*, `2.1 Method`.

    Titles of Chinese and Japanese have no capitals: `2 章` may be a quantity, `2.1 章` is none.
    """
    found = _SECTION.match(text)
    if found is None or (deep and not found["deep"]):
        return False
    first = found["first"]
    return not first.islower() if found["deep"] else first.isupper() or first in '"“‘(' or "가" <= first <= "힣"


def _is_centred(part: Part) -> bool:
    """Say whether the lines of a text stand over one middle and end at different places."""
    middles = [middle(line.box)[0] for line in part.lines]
    lefts = [line.box[0] for line in part.lines]
    return max(middles) - min(middles) < _OFF_CENTRE * part.size < max(lefts) - min(lefts)


def is_date(text: str) -> bool:
    """Say whether a text is a date, or a month of a year, and nothing else."""
    return _DATE.fullmatch(text) is not None or _MONTH.fullmatch(text) is not None


def _is_sentence(text: str) -> bool:
    """Say whether a text is so long that its end, or a small letter at its beginning, makes it a sentence.

    The stop of Chinese and Japanese stands in no title.
    """
    return "。" in text or (len(text) >= _SENTENCE and (text[0].islower() or text.endswith((".", ",", ";", ":"))))


def may_be_heading(part: Part, body: float) -> bool:
    """Say whether a line has a number, a weight or a size as headings have; its neighbours are not looked at."""
    return part.is_bold or part.size >= _LARGER * body or begins_section(part.text)


def standing_out(parts: Sequence[Part], body: float) -> set[int]:
    """Return the lines that a font or colour of their own makes headings, although they are of body size."""
    texts = [part for part in parts if not part.category]
    styles: Counter[tuple[str, str]] = Counter()
    for part in texts:
        styles[part.style] += len(part.text)
    if not styles:
        return set()
    usual = styles.most_common(1)[0][0]
    found = set()
    for part in texts:
        numbered = begins_section(part.text)
        if (
            part.size < _NOT_SMALLER * body
            or not (numbered or part.style != usual)
            or not _is_short_title(part, numbered=numbered)
        ):
            continue
        below = [p for p in texts if p is not part and p.box[1] >= part.box[3] - 2 and p.shares_column(part)]
        above = [p for p in parts if p is not part and p.box[3] <= part.box[1] + 2 and p.shares_column(part)]
        following = min(below, key=lambda p: p.box[1], default=None)
        if following is None or following.style != usual or len(following.text) < _LONGER * len(part.text):
            continue
        before = max(above, key=lambda p: p.box[3], default=None)
        if numbered and any(is_list_item(p.text) for p in (before, following) if p is not None):
            continue  # an item of a list
        gap = following.box[1] - part.box[3]
        over = min((part.box[1] - p.box[3] for p in above), default=1e6)
        if gap < _BELOW * part.size and over > max(_ABOVE * gap, _LEAST_ABOVE * part.size):
            found.add(id(part))
    return found


def statements(parts: Sequence[Part], body: float) -> set[int]:
    """Return the sentences in bold that are headings, as the risks of a filing are: two in one style or more.

    Each stands right above a longer text that is not bold; a sentence that stands alone is stressed.
    """
    texts = [part for part in parts if not part.category]
    found: dict[tuple[str, str], list[Part]] = {}
    for part in texts:
        if not part.is_bold or len(part.lines) > _STATED_LINES or part.size < _NOT_SMALLER * body:
            continue
        if not part.text[0].isupper() or not part.text.endswith((".", "?", "!")) or len(part.text) < _SENTENCE:
            continue
        below = [p for p in texts if p.box[1] >= part.box[3] - 2 and p.shares_column(part)]
        following = min(below, key=lambda p: p.box[1], default=None)
        if following is not None and not following.bold and len(following.text) > len(part.text):
            found.setdefault(part.style, []).append(part)
    return {id(part) for group in found.values() if len(group) > 1 for part in group}


def _is_short_title(part: Part, *, numbered: bool) -> bool:
    text = part.text.replace("\n", " ")
    letters = sum(map(str.isalpha, text))
    return (
        len(part.lines) <= 2
        and letters >= max(3, 0.5 * len(text.replace(" ", "")))
        and len(text) < 90
        and not text.endswith((".", ",", ";", "。", ":"))
        and not text[0].islower()
        and text[0] not in "([{"
        and (numbered or not is_list_item(text))
        and not _SOURCE.match(text)
        and not _QUOTATION.fullmatch(text)
    )
