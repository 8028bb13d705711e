"""Masks what only looks like structure in a text: comments, scripts, quoted values, code, equations."""

from __future__ import annotations

import re
from collections.abc import Iterator

# What is blanked out: no white space and no sign of any format.
FILLER = "\0"

_MARKUP = r"<(?=[!sSpP])(?:!--|!\[CDATA\[|(?P<raw>[sS](?i:cript|tyle)|[pP](?i:re))(?=[\s>])[^<>]*>)"
_EQUATION = r"\$\$|\\[\[(]"
_MARKUP_MARKS = re.compile(_MARKUP)
_EQUATION_MARKS = re.compile(_EQUATION)
_MARKS = re.compile(rf"{_MARKUP}|````*|~~~~*|{_EQUATION}")

_CLOSINGS = {
    "<!--": re.compile("-->"),
    "<![CDATA[": re.compile(r"\]\]>"),
    "$$": re.compile(r"\$\$"),
    "\\[": re.compile(r"\\[\[\]]"),
    "\\(": re.compile(r"\\[()]"),
}
_LONGEST_EQUATION = 5000  # characters; the longest of 26 in recorded answers has 248
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
# No equation reaches over one of these: then its signs are amounts, or one of them was lost.
_BLOCK_TAG = re.compile(
    r"</?(?i:p|h[1-6]|t(?:able|head|body|foot|[rdh])|caption|figure|figcaption|ul|ol|li|div|pre|header|footer|section)"
    r"(?=[\s/>])"
)

# Values that hold an angle bracket, and the tags they may stand in; not more than so many, so that time stays linear.
_ANGLED = re.compile(r"=\s*(?:\"[^\"<>]*[<>]|'[^'<>]*[<>])")
_VALUED_TAG = re.compile(r"<[A-Za-z][\w:-]*(?:\s+[\w:@.-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>=]+))?){1,50}\s*/?>")
_VALUE = re.compile(r"(=\s*)(\"[^\"]*\"|'[^']*')")


def masked(text: str) -> str:
    """Return *text*, at the same length, with what only looks like structure blanked out, line ends too.

    Comments, scripts, `<pre>`, values with angle brackets, closed code fences and equations; the marks around the
    last two stay, so that their block can be told.
    """
    if any(sign in text for sign in "$\\`~"):
        return _without_values(_blanked(text, _MARKS))
    return masked_markup(text)


def masked_but_code(text: str) -> str:
    """Return *text* as `masked` does, but with its code as it is, for a parser that reads it itself."""
    if any(sign in text for sign in "$\\<"):
        return _blanked(text, _MARKS, code=False)
    return text


def masked_markup(text: str) -> str:
    """Return *text*, at the same length, with comments, scripts, `<pre>` and values with angle brackets blanked out."""
    return _without_values(_blanked(text, _MARKUP_MARKS))


def is_plain(text: str) -> bool:
    """Return whether the tags of *text* end where they seem to, and are in lower case, attributes too."""
    return "SPAN" not in text and "Span" not in text and not _ANGLED.search(text)


def equations(text: str) -> list[tuple[int, int]]:
    r"""Return `(start, end)` of every equation: `$$…$$`, `\[…\]`, `\(…\)`, its signs included."""
    if "$$" not in text and "\\" not in text:
        return []
    return [(mark.start(), end) for mark, end in _closed_runs(text, _EQUATION_MARKS)]


def _closed_runs(text: str, marks: re.Pattern[str]) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the opening and the end of each run that is closed; what stands inside another is part of it."""
    position = 0
    missing: set[str] = set()  # closings that do not come any more: looking for each again would be quadratic
    for mark in marks.finditer(text):
        opening = mark["raw"].lower() if mark.lastgroup else mark[0]
        if mark.start() < position or opening in missing or not _opens(text, mark):
            continue
        closing = _closing(opening).search(text, mark.end())
        if closing is None:
            missing.add(opening)
        elif opening[0] not in "$\\" or _is_equation(text, mark, closing):
            yield mark, closing.end()
            position = closing.end()


def _closing(opening: str) -> re.Pattern[str]:
    if opening[0] in "`~":
        return re.compile(rf"\n {{0,3}}{opening}{opening[0]}*[ \t\r]*(?=\n|\Z)")
    return _CLOSINGS.get(opening) or re.compile(rf"</{opening}\s*>", re.IGNORECASE)


def _opens(text: str, mark: re.Match[str]) -> bool:
    """Return whether *mark* opens what it looks like, as far as the text around it tells."""
    start, sign = mark.start(), mark[0][0]
    if sign in "`~":
        before = text[max(0, start - 4) : start]
        indent = before.rpartition("\n")[2]
        begins_line = "\n" in before or start == len(indent)
        if indent.strip(" ") or len(indent) > 3 or not begins_line:
            return False
        return sign == "~" or "`" not in text[mark.end() : (text.find("\n", start) + 1 or len(text) + 1) - 1]
    if sign != "<":  # US$$, an escaped sign, a line break of LaTeX
        before = text[start - 1 : start]
        return not (before.isascii() and before.isalnum()) and before not in {"\\", "$"}
    return True


def _is_equation(text: str, mark: re.Match[str], closing: re.Match[str]) -> bool:
    inside = text[mark.end() : min(closing.start(), mark.end() + _LONGEST_EQUATION + 1)]
    if not inside.strip() or len(inside) > _LONGEST_EQUATION or _BLOCK_TAG.search(inside):
        return False
    if mark[0] == "$$":
        if text[closing.end() : closing.end() + 1].isdigit():
            return False  # the next amount
    elif closing[0] == mark[0]:
        return False  # opened again before it was closed
    displayed = mark[0] != "\\(" and not inside.partition("\n")[0].strip()
    return displayed or not _BLANK_LINE.search(inside)


def _blanked(text: str, marks: re.Pattern[str], *, code: bool = True) -> str:
    pieces: list[str] = []
    position = 0
    for mark, end in _closed_runs(text, marks):
        first, last, sign = mark.start(), end, mark[0][0]
        if sign in "`~":
            if not code:
                continue
            first += 3
        elif sign != "<":
            first, last = first + 2, end - 2
        elif mark.lastgroup:
            first, last = mark.end(), text.rindex("<", first, end)
        pieces += (text[position:first], FILLER * (last - first))
        position = last
    return "".join([*pieces, text[position:]]) if pieces else text


def _without_values(text: str) -> str:
    if not _ANGLED.search(text):
        return text
    return _VALUED_TAG.sub(lambda tag: _VALUE.sub(_blank_value, tag[0]), text)


def _blank_value(value: re.Match[str]) -> str:
    return value[1] + FILLER * len(value[2]) if "<" in value[2] or ">" in value[2] else value[0]
