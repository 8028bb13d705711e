"""Reads the numbering of a heading, such as `1.2`, `II.`, `제1장`, `가.`, `第一章`, `Item 7A` or `□`."""

from __future__ import annotations

import re
from typing import NamedTuple
from unicodedata import normalize

from upstage_docs.records.patterns import compile_when_used

# Titles of Korean reports begin with one of these.
SQUARES = "□■▣❑❏ㅁ"
SQUARE_SIGNS = frozenset(SQUARES)  # to ask of a sign, or of the first of a text that may be empty

# From the outside in; a document uses some of them, and the order in which they nest is this one.
_STYLES = (
    *("part", "subpart", "chapter", "unit", "lesson", "section", "subsection", "article", "formal chinese", "roman"),
    *(
        "enclosed chinese",
        "decimal",
        "capital",
        "phase",  # of a plan or a study, in sections of either
        "korean",
        "bracketed",
        "korean bracket",
        "square bracketed",
        "enclosed",
    ),
    *("korean enclosed", "circled", "circled letter", "kana", "kana enclosed"),
    *("small", "small bracket", "small enclosed", "small roman"),
    *("square", "triangle", "circle", "dash"),
)
RANKS = {style: rank for rank, style in enumerate(_STYLES)}
_CIRCLED = "①-⑳㉑-㉟❶-❿"
_CIRCLED_LETTERS = "㉠-㉻ⓐ-ⓩ"
_HANGUL = "가나다라마바사아자차카타파하"
_CJK_DIGITS = "一二三四五六七八九十百"
_FORMAL_DIGITS = "壹貳贰參叁肆伍陸陆柒捌玖拾"
_KANA = "アイウエオカキクケコサシスセソｱｲｳｴｵｶｷｸｹｺ"
_UNICODE_ROMAN = "ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ"
_IN_WORDS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
# Digits, letters and brackets as wide as Chinese characters are read as their narrow like, what is one sign with its
# brackets or stop (⑴ ⒜ ⒈ ㈎ ㈠) as the signs that it stands for.
_FIRST_WIDE = "\uff01"
_NARROW: dict[int, int | str] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **{
        code: normalize("NFKC", chr(code))
        for code in (*range(0x2474, 0x24B6), *range(0x320E, 0x321C), *range(0x3220, 0x322A))
    },
    **{0x3200 + number: f"({letter})" for number, letter in enumerate("ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ")},
}

# "3장 이내" counts sheets; so it is no chapter, nor is its number that of a heading.
_COUNTED = r"(?:장|절|개|명|건|회|부|쪽|매|권)\s?(?:이내|이상|이하|미만|초과|내외|안팎|가량|정도|분량|까지|씩|첨부)"
_PART = (
    rf"제\s*\d+\s*[편부](?=\s|$|[.:])|(?i:part|teil|partie|parte|book|volume|title|titre|t[íi]tulo|titolo|division|раздел)\s+(?:[IVX]+|\d+|[A-H]|(?i:{_IN_WORDS}))\b"
    rf"|第\s*[{_CJK_DIGITS}\d]+\s*(?:部分|[编編部篇])"
)
_CHAPTER = (
    rf"제\s*(?P<n>\d+)\s*장|(?P<r>\d+)(?!\s?{_COUNTED})\s?장(?=\s|$|[.:])|第\s*(?:(?P<o>\d+)|[{_CJK_DIGITS}]+)\s*章"
    rf"|第\s*\d+(?=\s*【)|(?i:chapter|ch\.|kapitel|chapitre|cap[íi]tulo|capo|chương|глава|module|bab|rozdział|bölüm|hoofdstuk|κεφ[άα]λαιο|บทที่|अध्याय)\s*(?:(?P<m>\d+)(?:er)?|[IVXLC]+|(?i:{_IN_WORDS}))\b(?!\.\d)"
    r"|الفصل\s+(?:\d+|ال(?:[أا]ول|ثاني|ثالث|رابع|خامس|سادس|سابع|ثامن|تاسع|عاشر|حادي|تمهيدي)\b)|(?i:item)\s+\d+[A-C]?(?:\s*[.:—–-]|(?=\s+[A-Z(])|\s*\Z)"
    r"|(?i:appendix|annex|schedule|anhang|annexe|anexo)\s+(?:(?P<p>[A-Z])|\d+|[IVX]+)\b(?!\.\d)"
    r"|(?i:exhibit)\s+(?P<q>[A-Z])(?!\w)"
    rf"|[\[(<〔【]?\s?(?:부\s?록|별\s?[첨지]|붙\s?임|첨\s?부|참\s?고(?=\s?\d+(?:$|[\s.:)\]>〕】]))|付録|附录|附錄|附件|附属書)\s*(?:\d+|제\s*\d+\s*호(?:\s*서식)?|[A-Z]|[{_CJK_DIGITS}]+)?(?=$|[\s.:)\]>〕】])"
)
_SECTION = (
    rf"제\s*\d+\s*절|\d+(?!\s?{_COUNTED})\s?절(?=\s|$|[.:])|第\s*[{_CJK_DIGITS}\d]+\s*[节節]"
    r"|(?i:section|abschnitt|secci[óo]n|seção|sezione|mục|§)\s*(?:\d+[a-z]?|[IVXLC]+|[A-H])\b(?!\.\d)"
)
_ARTICLE = (
    rf"제\s*\d+\s*조(?:의\s*\d+)?|第\s*[{_CJK_DIGITS}\d]+\s*[条條]|(?i:article|art\.|artikel|art[íi]culo|artigo|articolo|điều|статья|rule|clause)\s+(?:\d+(?:er|[ºª°])?|[IVXLC]+)(?!\w)(?!\.\d)"
    r"|(?i:note)\s+\d{1,2}(?=\s*[.:—–-]?\s+[A-Z])"
)
_DECIMAL = (
    # 1, 1., 1.2, 2. 3., 1-2, Section 1.2; no time, date, share, or `3D`
    r"(?:(?i:section|sec\.|§|clause|article|chapter|appendix|annex)\s*(?=\d+\.\d))?"
    r"(?P<n>\d{1,3}(?:\s?\.\s?\d{1,3}|\.[A-Z](?=[\s.])){0,6}|\d{1,2}(?:[-–]\d{1,2}){1,3}(?=\.?\s+[^\W\d]))"
    rf"(?!\s?{_COUNTED})"
    r"(?:\s?\.(?!\d)|、|(?=\s)|(?=[가-힣一-鿿ぁ-ヿ【]|[A-Z][a-z]))(?!\s*[%)월년일月年日./-])(?!\s*(?:개월|시간|세기|분기)\b)\s*(?=\S)"
)
_NUMBERINGS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (style, compile_when_used(pattern))
    for style, pattern in (
        ("part", rf"(?:{_PART})"),
        ("chapter", rf"(?:{_CHAPTER})"),
        ("section", rf"(?:{_SECTION})"),
        ("subpart", r"(?i:subtitle|subpart)\s+(?:[IVX]+|\d+|[A-Z])\b"),
        ("unit", rf"(?i:unit)\s*(?:\d+|[IVXLC]+|(?i:{_IN_WORDS}))\b(?!\.\d)"),
        ("lesson", rf"(?i:lesson|lecture)\s*(?:\d+|[IVXLC]+|(?i:{_IN_WORDS}))\b(?!\.\d)"),
        ("subsection", r"제\s*\d+\s*[관款]|第\s*\d+\s*[款]"),
        ("article", rf"(?:{_ARTICLE})"),
        ("chapter", r"第\s*\d+(?=\s+[^\s\d]{2})"),  # of Japanese offices; below `第 3 条`, and no `第 5 回 会議`
        (
            "roman",
            rf"(?:(?P<n>[IVXL{_UNICODE_ROMAN}]+(?:[-–.]\d{{1,2}}|\.[A-Z](?=[\s.]))+)[.)]?(?=\s)|[IVXL]+[.)]|[{_UNICODE_ROMAN}]+\s*[.)-]?|[{_CJK_DIGITS}]+\s*[、.])(?=\s*\S)",
        ),
        ("formal chinese", rf"[{_FORMAL_DIGITS}]{{1,3}}\s*[、.](?=\s*\S)"),
        ("enclosed chinese", rf"\([{_CJK_DIGITS}]+\)(?=\s*\S)"),
        ("decimal", _DECIMAL),
        (
            "capital",
            r"(?:(?i:appendix|annex)\s+)?(?P<n>[A-Z](?:\.\d{1,2}){1,5})(?:\.|(?=\s))(?=\s+\S)|(?P<m>[A-Z])(?:\.|\))(?=\s+\S)",
        ),
        ("phase", rf"(?i:phase)\s*(?:\d+|[IVXLC]+|(?i:{_IN_WORDS}))\b(?!\.\d)"),
        ("korean", rf"(?P<n>[{_HANGUL}ㄱ-ㅎ](?:-\d{{1,2}})?)\.(?=\s*\S)"),
        ("bracketed", r"\d{1,2}[)〕](?=\s*\S)"),
        ("korean bracket", rf"[{_HANGUL}ㄱ-ㅎ]\)(?=\s*\S)"),
        ("square bracketed", r"(?:\[\d{1,2}\]|<\d{1,2}>|〔\d{1,2}〕|【\d{1,2}】)(?=\s*\S)"),
        ("enclosed", r"\(\d{1,2}\)(?=\s*\S)"),
        ("kana", rf"[{_KANA}](?=\s+\S)"),
        ("kana enclosed", rf"\([{_KANA}]\)(?=\s*\S)"),
        ("korean enclosed", rf"\([{_HANGUL}ㄱ-ㅎ]\)(?=\s*\S)"),
        ("circled", rf"[{_CIRCLED}](?=\s*\S)"),
        ("circled letter", rf"(?!ⓒ(?:\S|\s*\d))[{_CIRCLED_LETTERS}](?=\s*\S)"),  # but ⓒ한국은행, ⓒ 2024
        ("small roman", r"\(?(?P<n>[ivx]+|[ⅰ-ⅹ]+)[.)](?=\s+\S)"),
        ("small", r"(?P<n>[a-z])\.(?=\s+\S)"),
        ("small bracket", r"(?P<n>[a-z])\)(?=\s+\S)"),
        ("small enclosed", r"\((?P<n>[a-z])\)(?=\s+\S)"),
        ("square", rf"[{SQUARES}◆◇◈](?=\s*\S)"),
        ("triangle", r"[▶▷►▸☞](?=\s*\S)"),
        ("circle", r"[○●◦ㅇ◯❍⚪](?=\s*\S)"),
        ("dash", r"[-–―•·](?=\s+\S)"),
    )
)
# Styles whose numbers go deeper by themselves: 1.2.3, A.1, Ⅰ-1, 가-1.
DEEPENING = frozenset({"decimal", "capital", "roman", "korean"})
_FIRST_OF_ALL = compile_when_used(
    r"[^\w①❶㉠㉮ⓐ]*(?:제\s*|第\s*|(?i:part|subpart|title|subtitle|chapter|unit|lesson|item|section|article|note|appendix|annex)\s+)?"
    r"(?:1|A|I|a|i|가|ㄱ|Ⅰ|ⅰ|一|壹|ア|ｱ|(?i:one))(?![\dA-Za-z])|[①❶㉠㉮ⓐ]"
)
_FIRST_SIGNS = compile_when_used(
    rf"[\d\[<〔【(§{_FORMAL_DIGITS}{_KANA}ГСРĐгΚκบاअ{_CJK_DIGITS}{_UNICODE_ROMAN}ⅰ-ⅹ{_HANGUL}ㄱ-ㅎ{_CIRCLED}{_CIRCLED_LETTERS}제第부별붙첨참付附A-Za-z{SQUARES}◆◇◈▶▷►▸☞○●◦◯❍⚪\-–―•·]"
)
# The first three letters of the words that a numbering begins with: "Part", "Chapitre", "Item".
_BEGIN_OF_WORDS = frozenset(
    "par tei boo vol tit div sub cha ch. kap cap uni les mod lec ite app ann exh sch anh ane sec abs art rul cla "  # noqa: SIM905
    "not sez seç mục chư pha bab roz böl hoo".split()
)
_ROMAN_LETTERS = frozenset("IVXLivx")
_AFTER_LETTER = frozenset(".)-")
_AFTER_ROMAN = _ROMAN_LETTERS | {"–"}
_LETTERED = frozenset(_HANGUL + "ㄱㄴㄷㄹㅂㅅㅈㅊㅋㅌㅍㅎ")  # but for what is a circle or a square, too


class Numbering(NamedTuple):
    """What a heading begins with: its style, how deep in it (`1.2` is 2), its first number, whether it is 1."""

    style: str
    depth: int
    first: str
    is_first: bool


def read_numbering(words: str) -> Numbering | None:
    """Return how *words* are numbered (`1.2`, `II.`, `제1장`, `가.`, `Item 7A.`, `□`), None if they are not."""
    words = words.lstrip()
    if not _may_be_numbered(words):
        return None
    words = _narrow(words)
    for style, pattern in _NUMBERINGS:
        if found := pattern.match(words):
            number = "".join("".join(filter(None, found.groupdict().values())).split())
            steps = re.split(r"[.\-–]", number)
            depth = len(steps) if style in DEEPENING else 1
            if depth > 1 and steps[-1] == "0":
                depth -= 1  # 2.0 stands beside 1.0
            return Numbering(style, depth, steps[0], _FIRST_OF_ALL.match(words) is not None)
    return None


def title_key(words: str) -> str:
    """Return a title's letters and digits, to find it by: a table of contents may have other spaces and dots."""
    return "".join(filter(str.isalnum, words.casefold()))


def without_numbering(words: str) -> str:
    """Return *words* without the number that they begin with: an outline or a contents may leave it out."""
    words = _narrow(words.strip())
    if _may_be_numbered(words):
        for _, pattern in _NUMBERINGS:
            if found := pattern.match(words):
                return words[found.end() :].lstrip(" .:—–-")
    return words


def _narrow(words: str) -> str:
    if words.isascii() or not words or (max(words) < _FIRST_WIDE and ord(words[0]) not in _NARROW):
        return words
    return words.translate(_NARROW)


def _may_be_numbered(words: str) -> bool:
    """Say whether *words* may begin with a numbering, by their first signs: most headings are told by these."""
    begun = _narrow(words[:3])
    first, second = begun[:1], begun[1:2]
    if first.isascii() and first.isalpha():
        if second in _AFTER_LETTER or (first in _ROMAN_LETTERS and second in _AFTER_ROMAN):
            return True
        return begun.lower() in _BEGIN_OF_WORDS or not begun.isascii()
    if first in _LETTERED:
        return second in _AFTER_LETTER
    return _FIRST_SIGNS.match(begun) is not None
