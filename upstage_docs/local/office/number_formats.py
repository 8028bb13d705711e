"""Formats the value of a cell as Excel shows it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_SECTION = re.compile(r'((?:"[^"]*"|\\.|[^;"\\])*)(?:;|$)')
_DATE_TOKEN = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|AM/PM|A/P|y+|m+|d+|h+|s+(?:\.0+)?|a{3,4}|.', re.IGNORECASE | re.DOTALL
)
_NUMBER_TOKEN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|[0#?][0#?,.]*(?:E[+-]0+)?|%|.', re.IGNORECASE | re.DOTALL)


def displayed(value: object, form: str) -> str:
    """Return *value* as Excel displays it in the number format *form* (ECMA-376, part 1, 18.8.31).

    Rare formats (fractions, conditions) and formats that hide the value give the plain value. The date format that
    follows the reader's locale gives ISO dates, month and day names are English.

    Args:
        value: What openpyxl gives: a string, a number, a boolean, a date, a time, a duration or None.
        form: The cell's number format code.
    """
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            return _written(_number, value, form) or _shortest_form(value)
        case datetime() | date() | time() | timedelta():
            return _written(_date, value, form) or _iso(value)
    return str(value)


def _written(write: Callable[[Any, str], str], value: object, form: str) -> str:
    """Return *value* as *write* does, `""` where the format is one that nobody has foreseen."""
    try:
        return write(value, form)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return ""


def _shortest_form(value: float) -> str:
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.15g}"


def _number(value: float, form: str) -> str:
    """Write a number, `""` where *form* is General, rare or shows nothing."""
    sections = _SECTION.findall(form)[:3]
    if form == "General" or "/" in form or not all(map(_is_plain, sections)):
        return ""
    sections = [section for section in sections if section] or [""]
    negative = value < 0
    section = sections[0]
    if negative and len(sections) > 1:
        section, negative = sections[1], False
    elif value == 0 and len(sections) > 2:
        section = sections[2]
    pieces: list[str] = []
    if not math.isfinite(value) or abs(value) > 1e20:  # Excel itself cannot have them
        return ""
    amount = Decimal(repr(abs(value)))
    tokens = _NUMBER_TOKEN.findall(section)
    amount = amount.scaleb(2 * tokens.count("%"))
    for token in tokens:
        if token[0] in "0#?":
            pieces.append(("-" if negative else "") + _digits(amount, token))
            negative, amount = False, Decimal(0)
        else:
            pieces.append(_literal(token))
    return "".join(pieces).strip()


def _is_plain(section: str) -> bool:
    conditions = re.findall(r"\[([<>=])", section)
    return (
        not conditions
        and len(re.findall(r"[0#?][0#?,.]*", re.sub(r'"[^"]*"|\\.|E[+-]0+|\[[^\]]*\]', "", section))) <= 1
    )


def _digits(amount: Decimal, shape: str) -> str:
    mantissa, exponent = re.fullmatch(r"([^Ee]*)(?:[Ee]([+-]0+))?", shape).groups()  # type: ignore[union-attr]
    whole, _, fraction = mantissa.partition(".")
    scaled = len(whole) - len(whole.rstrip(",")) if not fraction else len(fraction) - len(fraction.rstrip(","))
    amount = amount.scaleb(-3 * scaled)
    decimals = len(fraction.rstrip(","))
    least = sum(sign == "0" for sign in whole)
    if exponent:
        return f"{amount:.{decimals}E}"
    text = f"{amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):f}"
    integer, _, rest = text.partition(".")
    optional = len(fraction.rstrip(",")) - len(fraction.rstrip(",").rstrip("#?"))
    while optional and rest.endswith("0"):
        rest, optional = rest[:-1], optional - 1
    integer = integer.lstrip("0").zfill(least)
    if "," in whole.rstrip(","):
        integer = f"{int(integer):,}" if integer else ""
    return f"{integer}.{rest}" if rest else integer


def _literal(token: str) -> str:
    match token[0]:
        case '"':
            return token[1:-1]
        case "\\":
            return token[1:]
        case "_" | "*":  # a space as wide as a character; a character that fills the cell
            return " " if token[0] == "_" else ""
        case "[":  # a colour, or a currency: [$₩-412]
            return token[2:].rstrip("]").partition("-")[0] if token.startswith("[$") else ""
    return token


def _date(value: date | time | timedelta, form: str) -> str:
    if form.lower() == "mm-dd-yy" or form == "General":  # number format 14 follows the reader's locale
        return value.isoformat(" ") if isinstance(value, datetime) and value.time() != time() else _iso(value)
    tokens = _DATE_TOKEN.findall(_SECTION.findall(form)[0])
    half = any(token.upper() in {"AM/PM", "A/P"} for token in tokens)
    pieces = []
    before = ""
    for place, token in enumerate(tokens):
        kind = token.lstrip("[")[:1].lower()
        if kind == "m" and (before == "h" or _next_kind(tokens, place) == "s"):
            kind = "minute"
        text = _part(value, kind, token, half=half)
        pieces.append(_literal(token) if text is None else text)
        before = kind if kind in "ymdhs" else before
    return "".join(pieces).strip() or _iso(value)


def _iso(value: date | time | timedelta) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value) if isinstance(value, timedelta) else value.isoformat()


def _next_kind(tokens: list[str], place: int) -> str:
    return next((token[0].lower() for token in tokens[place + 1 :] if token[0].lower() in "ymdhs"), "")


def _part(value: date | time | timedelta, kind: str, token: str, *, half: bool) -> str | None:
    """Write one part of a date, None if *token* is no part that *value* has."""
    elapsed = token.startswith("[") and token[1:2].lower() in {"h", "m", "s"}
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        clock = {"h": seconds // 3600, "minute": seconds // 60 % 60, "s": seconds % 60}
        if elapsed:
            return str(seconds // {"h": 3600, "m": 60, "s": 1}[token[1].lower()])
    elif isinstance(value, (datetime, time)):
        clock = {"h": value.hour, "minute": value.minute, "s": value.second}
        if elapsed:
            return str(value.hour)
        if kind == "a" and "/" in token:
            return ("AM", "PM")[value.hour >= 12]
    else:
        clock = {"h": 0, "minute": 0, "s": 0}
    if kind in clock:
        number = clock[kind]
        if kind == "h" and half:
            number = (number - 1) % 12 + 1
        return f"{number:02}" if len(token.partition(".")[0]) > 1 else str(number)
    if isinstance(value, date):
        width = len(token)
        match kind:
            case "y":
                return f"{value.year:04}" if width > 2 else f"{value.year % 100:02}"
            case "m":
                name = _MONTHS[value.month - 1]
                names = {1: str(value.month), 2: f"{value.month:02}", 3: name[:3], 5: name[0]}
                return names.get(width, name)
            case "d":
                name = _WEEKDAYS[value.weekday()]
                return {1: str(value.day), 2: f"{value.day:02}", 3: name[:3]}.get(width, name)
            case "a" if width > 2:
                return "월화수목금토일"[value.weekday()] + ("요일" if width == 4 else "")
    return None
