"""Finds listings of code by their typewriter font."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from upstage_docs.local.geometry import bounds
from upstage_docs.local.pdf.columns import is_monospaced
from upstage_docs.local.pdf.lines import Line
from upstage_docs.local.pdf.parts import BOLD, Part

_PROMPT = re.compile(r"(?:[A-Za-z]{0,3}(?:\[\d+\]:?|\(\d+\))?(?:>{1,3}|[$%])|In \[\d+\]:)\s+\S")
"""Of a console: `> `, `R> `, `>>> `, `$ `, `In [1]: `."""
_SIGNS = re.compile(r"[^\w\s.,;:'\"!?-]")
_WIDEST_GAP = 15.0
"""Font sizes: between what stands in columns of one line of code; 25 letters."""
# Measured on eighty benchmark pages, few of which hold code: a fifth more or less changes the blocks of none.
_TYPEWRITTEN = 0.85
"""Share of the letters of a page in a font of one width, from which on the page may be typewritten."""
_SIGNS_OF_CODE = 0.06
"""Share of signs such as brackets in code, at least, on a page that may be typewritten."""
_OF_ONE_WIDTH = 0.8
"""Share of the letters of a line in a font of one width, at least, that makes it a line of code."""
_SAME_WIDTH = 0.07
"""Share by which the letters of words in one such font differ in width, at most."""
_LEVEL = 0.3
"""Font sizes by which pieces of one line of code differ in height, at most."""
_SAME_SIZE = 0.15
"""Share by which lines of one listing differ in font size, at most."""
_PITCH = 4.6
"""Font sizes from line to line of one listing, at most: two blank lines may be between them."""
_APART = 1.4
"""Font sizes from the line of text above or below, at least, where a line is code by itself."""
_WIDTH = 0.6
"""Ems: the width of a letter in fonts of one width."""


def listings_of(lines: Sequence[Line]) -> tuple[list[Part], list[Line]]:
    """Find listings of code; return them as parts of category `code`, and the lines that do not belong to one.

    A page that is mostly in such a font may be typewritten: there only lines full of signs are code.
    """
    if not any(map(is_monospaced, {word.font for line in lines for word in line.words})):
        return [], list(lines)  # most pages
    code = [_is_code(line) for line in lines]
    if not any(code):
        return [], list(lines)
    lines = _rejoined(lines, code)
    code = [_is_code(line) for line in lines]
    typed = sum(len(line.text) for line, is_code in zip(lines, code, strict=True) if is_code)
    typewritten = typed > _TYPEWRITTEN * sum(len(line.text) for line in lines)
    groups: list[list[int]] = []
    for number, is_code in enumerate(code):
        if not is_code:
            continue
        home = next((group for group in reversed(groups) if _goes_on(lines, code, group[-1], number)), None)
        if home is None:
            groups.append([number])
        else:
            home.append(number)
    chosen: set[int] = set()
    parts = []
    for group in groups:
        text = "".join(lines[number].text for number in group)
        if (
            (len(group) < 2 and not _is_lone_code(lines, group[0]))
            or not _has_one_width([lines[n] for n in group])
            or (typewritten and len(_SIGNS.findall(text)) < _SIGNS_OF_CODE * len(text))
        ):
            continue
        chosen.update(group)
        parts.append(Part("code", bounds(lines[n].box for n in group), lines=tuple(lines[n] for n in group)))
    return parts, [line for number, line in enumerate(lines) if number not in chosen]


def _is_lone_code(lines: Sequence[Line], number: int) -> bool:
    """Say whether one line is code that stands apart from text: behind a prompt, or full of signs and no heading."""
    line = lines[number]
    text = line.text
    if not _PROMPT.match(text) and (
        line.bold > BOLD or " " not in text.strip() or len(_SIGNS.findall(text)) < _SIGNS_OF_CODE * len(text)
    ):
        return False
    return not any(
        other is not line
        and abs(other.baseline - line.baseline) < _APART * line.size
        and other.box[0] < line.box[2]
        and other.box[2] > line.box[0]
        for other in lines
    )


def indented(part: Part) -> str:
    """Return the text of a listing with its lines indented as they stand."""
    left = min(line.box[0] for line in part.lines)
    return "\n".join(" " * round((line.box[0] - left) / (_WIDTH * line.size)) + _spaced(line) for line in part.lines)


def _spaced(line: Line) -> str:
    """Return the text of a line with as many spaces between its words as have room there."""
    text = line.words[0].text
    for before, word in pairwise(line.words):
        spaces = round((word.box[0] - before.box[2]) / (_WIDTH * line.size))
        text += " " * max(spaces, 1) + word.text if spaces > 1 else Line([before, word]).text[len(before.text) :]
    return text


def _rejoined(lines: Sequence[Line], code: Sequence[bool]) -> list[Line]:
    """Join lines of code that were cut at wide gaps: types and comments are set in columns there."""
    out: list[Line] = []
    last: Line | None = None
    for line, is_code in zip(lines, code, strict=True):
        level = last is not None and abs(last.baseline - line.baseline) < _LEVEL * line.size
        if is_code and last is not None and level and 0 < line.box[0] - last.box[2] < _WIDEST_GAP * line.size:
            last = out[-1] = Line([*last.words, *line.words])
            continue
        out.append(line)
        last = line if is_code else None
    return out


def _is_code(line: Line) -> bool:
    """Say whether most of a line is in such a font; the number of the line may be in another."""
    words = [word for word in line.words if not (word is line.words[0] and word.text.isdigit())]
    letters = sum(len(word.text) for word in words)
    return letters > 0 and sum(len(word.text) for word in words if is_monospaced(word.font)) > _OF_ONE_WIDTH * letters


def _has_one_width(lines: Sequence[Line]) -> bool:
    """Say whether letters have one width in all words: of a text in several fonts, the library tells only the first."""
    words = [word for line in lines for word in line.words if len(word.text) > 4]
    widths = [(word.box[2] - word.box[0]) / len(word.text) / word.size for word in words]
    usual = median(widths) if widths else 0.0
    return 4 * sum(abs(width - usual) < _SAME_WIDTH * usual for width in widths) >= 3 * len(widths)


def _goes_on(lines: Sequence[Line], code: Sequence[bool], last: int, number: int) -> bool:
    """Say whether a line of code goes on right below another, with no line of text between them."""
    above, line = lines[last], lines[number]
    pitch = line.baseline - above.baseline
    alike = abs(above.size - line.size) < _SAME_SIZE * line.size and line.box[0] < above.box[2] + 4 * line.size
    if not (0 < pitch < _PITCH * line.size and alike and line.box[2] > above.box[0] - 4 * line.size):
        return False
    return not any(
        not is_code and other.box[0] < line.box[2] and other.box[2] > line.box[0]
        for other, is_code in zip(lines[last + 1 : number], code[last + 1 : number], strict=True)
    )
