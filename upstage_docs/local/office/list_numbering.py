"""Counts the markers of Word's lists and numbered headings as Word does."""

from __future__ import annotations

import re
from typing import Any

from docx.oxml.ns import qn

from upstage_docs.local.office.xml_values import integer

_GANADA = "가나다라마바사아자차카타파하"
_CHOSUNG = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"
_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
        strict=True,
    )
)


class ListCounter:
    """Counts the items of all lists of one document, in reading order.

    The rules are those of ECMA-376, part 1, 17.9: every `num` counts along its `abstractNum`, a deeper level starts
    anew after a higher one, `startOverride` starts a list anew where it is first used.

    Args:
        root: The root of `word/numbering.xml`, None if the document has none.
    """

    def __init__(self, root: Any | None) -> None:
        self._levels: dict[str, dict[int, Any]] = {}
        self._numbers: dict[str, tuple[str, dict[int, Any], dict[int, int]]] = {}
        self._counts: dict[str, list[int]] = {}
        self._begun: set[str] = set()
        for abstract in root.findall(qn("w:abstractNum")) if root is not None else ():
            self._levels[abstract.get(qn("w:abstractNumId"))] = _levels(abstract)
        for number in root.findall(qn("w:num")) if root is not None else ():
            owner = number.find(qn("w:abstractNumId"))
            starts, levels = {}, {}
            for override in number.findall(qn("w:lvlOverride")):
                level = integer(override.get(qn("w:ilvl")))
                start = override.find(qn("w:startOverride"))
                if start is not None:
                    starts[level] = integer(start.get(qn("w:val")), 1)
                levels.update(_levels(override))
            if owner is not None:
                self._numbers[number.get(qn("w:numId"))] = (owner.get(qn("w:val")), levels, starts)

    def marker(self, number: str, level: int) -> str:
        """Count one more item of list *number* at *level* (0-8) and return its marker, `""` if it shows none."""
        if number not in self._numbers:
            return ""
        owner, levels, starts = self._numbers[number]
        levels = {**self._levels.get(owner, {}), **levels}
        level = min(max(level, 0), 8)
        counts = self._counts.setdefault(owner, [0] * 9)
        if number not in self._begun:
            self._begun.add(number)
            for overridden, start in starts.items():
                counts[min(max(overridden, 0), 8)] = start - 1
        for upper in range(level + 1):
            if not counts[upper]:
                counts[upper] = _start(levels.get(upper)) - (upper == level)
        counts[level] += 1
        counts[level + 1 :] = [0] * (8 - level)
        return _written(levels, level, counts)


def _levels(owner: Any) -> dict[int, Any]:
    return {integer(level.get(qn("w:ilvl"))): level for level in owner.findall(qn("w:lvl"))}


def _value(level: Any | None, tag: str) -> str:
    child = level.find(qn(tag)) if level is not None else None
    return (child.get(qn("w:val")) or "") if child is not None else ""


def _start(level: Any | None) -> int:
    return integer(_value(level, "w:start"), 1)


def _written(levels: dict[int, Any], level: int, counts: list[int]) -> str:
    shape = _value(levels.get(level), "w:lvlText")
    if _value(levels.get(level), "w:numFmt") == "bullet":
        # Bullets of symbol fonts stand in the private use area; the letter o is Courier's hollow bullet.
        return (
            "◦" if shape == "o" else "•" if not shape or any("\ue000" <= sign <= "\uf8ff" for sign in shape) else shape
        )

    def counted(found: re.Match[str]) -> str:
        upper = int(found[1]) - 1
        return written_number(counts[upper], _value(levels.get(upper), "w:numFmt"))

    return re.sub(r"%([1-9])", counted, shape)


def written_number(count: int, form: str) -> str:
    """Write *count* in one of the formats of ECMA-376, part 1, 17.18.59; plain digits for those that are rare."""
    if count < 1 or form in {"", "decimal"}:
        return str(count)
    match form:
        case "none":
            return ""
        case "decimalZero":
            return f"{count:02}"
        case "lowerLetter" | "upperLetter":
            text = chr(ord("a") + (count - 1) % 26) * min((count - 1) // 26 + 1, 9)
            return text.upper() if form == "upperLetter" else text
        case "lowerRoman" | "upperRoman" if count < 4000:
            text = ""
            for value, sign in _ROMAN:
                text += sign * (count // value)
                count %= value
            return text.upper() if form == "upperRoman" else text
        case "ganada":
            return _GANADA[(count - 1) % 14]
        case "chosung":
            return _CHOSUNG[(count - 1) % 14]
        case "decimalEnclosedCircle" if count <= 20:
            return chr(0x2460 + count - 1)
    return str(count)
