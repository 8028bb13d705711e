"""Reads the number, unit and share in the text of a table's cell, and the units that a line names."""

from __future__ import annotations

import re
import unicodedata

import msgspec

from upstage_docs.records.patterns import compile_when_used

_TENS = dict(zip("십백천十百千", (10, 100, 1000) * 2, strict=True))
_MYRIADS = {word: 10 ** (4 * at) for at, words in enumerate(("만万萬", "억億亿", "조兆", "경京"), 1) for word in words}
_LARGE = "[십백천]?[만억조경]|[十百千]?[万萬億亿兆]"
_ONE_UNIT = (
    r"%p?|‰|bps?|pts?|"
    rf"(?:(?:{_LARGE}|[십백천十百千]) ?)?(?:원|달러|엔|유로|위안|円|元|美元)|{_LARGE}|"
    r"명|개|건|대|배|주|톤|세대|호|가구|人|名|件|台|倍|株|"
    r"(?:KRW|USD|EUR|JPY|GBP|CNY|CHF|won|dollars?|euros?|yen)(?:\s*(?:thousands?|millions?|billions?|bn|mn|m|k))?|"
    r"(?:thousand|million|billion|trillion|bn|mn)s?(?:\s*(?:of\s*)?(?:KRW|USD|EUR|JPY|GBP|CNY|won|(?:U\.?S\.?\s*)?dollars?|euros?|yen))?|"
    r"[kMGT]?Wh?p?|[kmcµn]?m[²³23]?|k?m/[hs]|km/h|[kmµ]?g|t|kt|Mt|[kmh]?[lL]|ha|°[CF]|[kMG]?Hz|[kMGT]?B|dB(?:\(A\))?|"
    r"h|hours?|min|s|ms|days?|years?|persons?|people|units?|times|x"
)
_UNIT = rf"(?:{_ONE_UNIT})(?:/(?:{_ONE_UNIT}|년|월|일|시간|주|day|month|year|share))?"
"""Units that tables write behind a number, or in brackets behind a name; `3분기`, `Q4`, `1st` and `12a` are names."""
_CURRENCY = r"[₩￦$€£¥]|US\$|(?:KRW|USD|EUR|JPY|GBP|CNY|CHF)(?=[\s\d])"
_SCALE = r"\s*(?:k|m|mn|bn|thousands?|millions?|billions?|trillions?)"
_DIGITS = (
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}|"
    r"\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d+)?|\d+,\d{1,2}|(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+"
)
_MINUS = "△▲▽▼−–—-"
"""White and black triangles are minus signs in Korean and Japanese accounts."""
_MINUS_BEHIND = "−-"
"""Behind a number, a triangle says that it rose or fell, and a dash opens a range: `3.2▲`, `12–`."""
_NUMBER = compile_when_used(
    rf"(?P<outer>[{_MINUS}](?=\s*[(（]))?\s*(?P<before>{_CURRENCY})?\s*(?P<open>[(（])?\s*(?P<sign>[+±{_MINUS}]?)\s*(?P<currency>{_CURRENCY})?"
    rf"\s*(?P<inner>[{_MINUS}]?)\s*(?P<digits>{_DIGITS})(?P<behind>[{_MINUS_BEHIND}]?)\s*(?P<unit>{_UNIT})?"
    rf"\s*(?:(?P<close>[)）])\s*(?P<after>{_UNIT})?)?\Z"
)
_PIECE = rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+)\s?[{''.join(_TENS)}]?[{''.join(_MYRIADS)}]?"
_IN_PIECES = compile_when_used(rf"(?<![\d.,])(?:{_PIECE}(?<!\d)\s?)+{_PIECE}(?![\d.,])")
"""A number in several pieces, the largest first, as Korean, Japanese and Chinese write it: `1조 2,345억`, `3萬5千`."""
_SHARE = re.compile(r"(?P<value>.*\S)\s*[(（\[]\s*(?P<share>[^()（）\[\]]+?)\s*%\s*[)）\]]\Z", re.DOTALL)
_LONE_SHARE = re.compile(r"[(（\[]\s*([^()（）\[\]]+?)\s*%\s*[)）\]]\Z")
_NOTE = re.compile(r"(?<=[\d)%])\s*(?:\*+|[†‡§]|[¹²³⁰⁴-⁹]+\)?|\s\d{1,2}\))\Z")
_DECIMAL_COMMA = re.compile(r"(?<![\d.,])\d+,\d{1,2}(?![\d.,])")
_POINT_STYLE = re.compile(r"\d,\d{3}(?![\d,])|(?<![\d.])\d{1,3}\.\d{1,2}(?![\d.])")
_BARE_NUMBERS = re.compile(
    r"\s*(?:주석|주기|註|注記?|附注|(?:foot)?notes?|ref(?:erence)?s?\.?|no\.?|nr\.?|#|번호|순번|순위|rank|쪽|페이지|pages?"
    r"|연도|년도|연월|년|years?|date|일자|날짜|日付|年度?)\s*\Z",
    re.IGNORECASE,
)
_MANY_BLANKS = re.compile(r"(\s\s)\s+")  # two are kept: they part numbers, where one groups the digits of one
_LINE_ENDS = re.compile(r"\n\s*")  # one is kept: a unit is looked for at the beginning of each line
_BLANKS = re.compile(r"[^\S\n]+")
_MOST_DIGITS = 40  # of an amount; a longer run of digits is a number of something, and slow to reckon with
_NAMED_UNIT = compile_when_used(
    rf"(?P<name>.*?)\s*[(（\[〔]\s*(?P<unit>{_UNIT}|(?:{_CURRENCY})(?:{_SCALE})?(?:/(?:{_UNIT}))?)\s*[)）\]〕]\s*\Z",
    re.DOTALL,
)
_SAID_BEFORE = r"(?:all|the|amounts?|figures?|values?|numbers?|dollars|are|is|expressed|stated|presented|in)"
_SCALED = rf"(?:{_CURRENCY} ?|won )?(?:thousands|millions|billions|trillions)\b[^(),;\n]{{0,40}}"
_CURRENCY_NAMED = re.compile(r"\s[币幣][种種別别]")  # `单位:元 币种:人民币`
_APART = re.compile(r",(?!\d{3})|[、;]|\s(?:및|and|&)\s|/(?=\s*%)|(?<=%)\s*/")
_TOLD = compile_when_used(
    r"(?:단\s?위|単位|单位|單位|(?:^|(?<=[(（\[〔]))\s*units?)\s*(?:[:：]|\s[-–]\s)\s*(?P<units>[^()（）\[\]〔〕<>\n]{1,60})"
    rf"|(?:[(（\[] ?(?:[^(),;\n]{{0,40}} )??|^(?:{_SAID_BEFORE} )*)"
    rf"(?P<english>(?:{_CURRENCY}) in {_SCALED}|(?<=\bin ){_SCALED})"
    rf"|[(（\[]\s*(?P<bare>(?:{_CURRENCY})?\s*(?:{_UNIT}))\s*[)）\]]\s*\Z",
    re.IGNORECASE | re.MULTILINE,
)
_PERCENT_NAME = re.compile(
    r"%|비율|비중|율(?=\W|\Z)|률(?=\W|\Z)|구성비|점유|증감률|\b(?:rate|ratio|share|margin|growth|yield|percent(?:age)?|yoy|qoq)\b|率|比",
    re.IGNORECASE,
)


class Amount(msgspec.Struct, frozen=True):
    """A number with its sign, its unit, and its share in per cent, as read from a cell.

    Attributes:
        number: None where the cell is no number; an int where it has no decimals.
        unit: What stands behind the number, `""` if nothing.
        share: The percentage in brackets behind or beneath the number, None if there is none.
    """

    number: int | float | None = None
    unit: str = ""
    share: int | float | None = None


def read_amount(text: str, *, decimal_comma: bool = True) -> Amount:
    """Return the number that *text* is, with its sign, unit and share; without a number if it is anything else.

    A number in several pieces is told in the last 만, 억 or 조 of it: `1조 2,345억원` is 12345 of `억원`, `2천5백만원`
    2500 of `만원`; below 만 in ones: `1만2천원` is 12000 of `원`.

    With *decimal_comma*, `4,28` is 4.28; in a table that writes `1,234` or `0.5` it is two numbers, of notes perhaps.
    """
    text = _NOTE.sub("", text.strip())
    text = _in_narrow_signs(text)
    text = _IN_PIECES.sub(_as_one_number, text)
    share = None
    if not decimal_comma and _DECIMAL_COMMA.search(text):
        return Amount()
    if (found := _SHARE.match(text)) and (rest := _signed(found["value"].strip())):
        share = _signed(found["share"].strip())
        if share is not None:
            return Amount(rest[0], rest[1], share[0])
    return Amount(*read) if (read := _signed(text)) else Amount()


def read_share(text: str) -> int | float | None:
    """Return the percentage that stands alone in brackets, as the share of the value above it; None for other texts."""
    found = _LONE_SHARE.match(_in_narrow_signs(text))
    read = _signed(found[1]) if found else None
    return read[0] if read else None


def is_percent(unit: str) -> bool:
    """Return whether *unit* is a percentage."""
    return unit.strip().lower() in {"%", "%p", "percent", "퍼센트", "‰"}


def means_percent(name: str) -> bool:
    """Return whether a column called *name* holds percentages: a share, a rate, a ratio."""
    return bool(_PERCENT_NAME.search(name))


def writes_decimal_points(text: str) -> bool:
    """Return whether *text* holds a number with a comma between thousands, or with a decimal point."""
    return bool(_POINT_STYLE.search(unicodedata.normalize("NFKC", text)))


def holds_no_amounts(name: str) -> bool:
    """Return whether the numbers of a column called *name* are no amounts: of notes, of rows, of years, of pages."""
    return bool(_BARE_NUMBERS.match(name))


def unit_in_name(name: str) -> str:
    """Return the unit in brackets at the end of a column's or row's *name*, `""` if there is none."""
    found = _NAMED_UNIT.match(unicodedata.normalize("NFKC", name.strip()))
    return found["unit"] if found and found["name"] else ""


def units_told(line: str) -> tuple[str, ...]:
    """Return the units that a *line* such as `(단위: 조원, %)` or `(in millions of dollars)` names, in its order."""
    found = _TOLD.search(_BLANKS.sub(" ", _LINE_ENDS.sub("\n", unicodedata.normalize("NFKC", line))))
    if found is None:
        return ()
    told = _CURRENCY_NAMED.split(found["units"] or found["english"] or found["bare"])[0]
    return tuple(" ".join(unit.split()) for unit in _APART.split(told) if unit.strip())


def _in_narrow_signs(text: str) -> str:
    """Return *text* with its wide signs narrow, and two blanks for more: of many, each could stand at eight places."""
    return _MANY_BLANKS.sub(r"\1", unicodedata.normalize("NFKC", text)).strip()


def _signed(text: str) -> tuple[int | float, str] | None:
    found = _NUMBER.match(text)
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    number = _unsigned(found["digits"])
    if number is None:
        return None
    minus = bool(found["open"] or found["inner"] or found["outer"] or found["behind"]) or found["sign"] in set(_MINUS)
    currency = found["before"] or found["currency"] or ""
    return -number if minus else number, currency + (found["unit"] or found["after"] or "")


def _as_one_number(found: re.Match[str]) -> str:
    """Return `1조 2,345억` as `12345억`; as it is where a piece is larger than the one before it has room for."""
    pieces = re.findall(rf"([\d,]+)\s?([{''.join(_TENS)}]?)([{''.join(_MYRIADS)}]?)", found[0])
    last, before = pieces[-1][2], _MYRIADS.get(pieces[-2][2], 1)
    if not last and not found.string[found.end() :].strip()[:1].isalpha():
        if not pieces[-1][1] or before > _MYRIADS["만"]:
            return found[0]  # what `1조 2,345` leaves unsaid may be 억, and `3억5천` leaves 만
    elif not last and before >= _MYRIADS["조"]:
        return found[0]  # 조 is an article and a team, too: `5조 2호`
    if any(len(digits) > _MOST_DIGITS for digits, *_ in pieces):
        return found[0]
    total, step, myriad = 0, 0, 1
    for digits, ten, large in reversed(pieces):
        myriad = _MYRIADS.get(large, myriad)  # `2천5백만`: both are of 만
        scale = _TENS.get(ten, 1) * myriad
        number = int(digits.replace(",", "")) * scale
        if total >= scale:
            return found[0]
        total, step = total + number, step or myriad
    return f"{total // step}{last}"


def _unsigned(digits: str) -> int | float | None:
    if len(digits) > _MOST_DIGITS:
        return None
    digits = digits.replace(" ", "").replace("'", "").replace("’", "")
    dot, comma = digits.rfind("."), digits.rfind(",")
    if comma > dot >= 0 or (comma >= 0 and dot < 0 and len(digits) - comma - 1 < 3):
        digits = digits.replace(".", "").replace(",", ".")  # a decimal comma
    else:
        digits = digits.replace(",", "")
        if digits.count(".") > 1:
            digits = digits.replace(".", "")
    return float(digits) if "." in digits else int(digits)
