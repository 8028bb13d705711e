"""Finds the formulas of a page and joins their pieces, without LaTeX: a page holds only glyphs and strokes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from upstage_docs.local.geometry import bounds, overlap
from upstage_docs.local.pdf.parts import Part

_STRONG = re.compile(r"[=≤≥≈≡≠∝⇒∂∇∑∏∫√∈¼]")
_WORD = re.compile(r"[A-Za-z]{4,}|[가-힣぀-ヿ一-鿿]{2,}")
_CODE = re.compile(r"[\"“”]|</|://|\?>")
_NUMBER = re.compile(r"[\[(]\s*[A-Z]?\d{1,3}(?:\.\d{1,3})*[a-z]?\s*[\])]")
_LATEX = re.compile(r"\$[^$]+\$")
_MOST_LETTERS = 160
# Measured on eighty benchmark pages: a fifth more or less changes the blocks of none.
_OVER_TEXT = 0.4
"""Share of a drawing that text covers: more, and it is no formula drawn as outlines."""
_WORDS = 0.35
"""Share of the letters of a formula in words of the language, at most."""
_LATEX_SHARE = 0.6
"""Share of a text in LaTeX, which the PDF library writes for formulas, that makes all of it a formula."""
_ACROSS, _DOWN = 3, 0.6
"""Font sizes between the pieces of one formula, at most: a fraction has a bar, and a sum its limits."""


def formulas(parts: Sequence[Part]) -> list[Part]:
    """Find formulas and join their scattered pieces; a number to the right of one becomes a caption, as in the API.

    A formula holds a relation or a math font's signs, is short, and has few ordinary words.
    """
    drawn = [part for part in parts if part.category == "equation"]
    texts = [part for part in parts if not part.category]
    others = [part for part in parts if part.category not in {"", "equation"}]
    drawn = [part for part in drawn if not any(overlap(part.box, text.box) > _OVER_TEXT for text in texts)]
    seeds = [part for part in texts if _is_formula(part)]
    pieces = [part for part in texts if part not in seeds and _is_piece(part)]
    groups = _groups(seeds, pieces) if seeds or any(_STRONG.search(part.text) for part in pieces) else []
    found = [*drawn, *map(_gathered, groups)]
    gathered = {id(part) for group in groups for part in group}
    plain = [part for part in texts if id(part) not in gathered]
    numbers = [part for part in plain if _NUMBER.fullmatch(part.text)]
    marked = {id(n) for n in numbers if any(n.right_of(part) for part in found)}
    for part in drawn:  # a formula's number may be drawn too
        narrow = part.box[2] - part.box[0] < 45
        if narrow and any(part.right_of(other) and part.box[0] - other.box[2] > 12 for other in drawn):
            marked.add(id(part))
    return [
        *others,
        *(replace(part, category="caption") if id(part) in marked else part for part in [*found, *plain]),
    ]


def _groups(seeds: Sequence[Part], pieces: Sequence[Part]) -> list[list[Part]]:
    """Gather each formula with the pieces near it, and pieces that are one only together."""
    groups: list[list[Part]] = [[seed] for seed in seeds]
    for part in pieces:
        homes = [group for group in groups if any(_near(part, other) for other in group)]
        groups = [group for group in groups if group not in homes]
        groups.append([part, *(other for group in homes for other in group)])
    return [group for group in groups if any(part in seeds for part in group) or _is_formula(_gathered(group))]


def _is_formula(part: Part) -> bool:
    if _is_latex(part):
        return True
    text = part.text
    if len(text) > _MOST_LETTERS or len(part.lines) > 4 or not _STRONG.search(text) or part.is_bold:
        return False
    if _CODE.search(text):
        return False
    words = sum(map(len, _WORD.findall(text)))
    letters = sum(map(str.isalpha, text))
    return letters > 0 and words <= _WORDS * len(text.replace(" ", ""))


def is_formula_text(text: str) -> bool:
    """Say whether *text* is LaTeX as the PDF library writes what it reads as a formula."""
    return _LATEX.fullmatch(text) is not None


def _is_latex(part: Part) -> bool:
    """Say whether the PDF library read *part* as a formula: it writes `$...$` in no font."""
    if "$" not in part.text:
        return False
    formulas = [found for line in part.lines for found in _LATEX.findall(line.text) if "\\" in found]
    words = sum(map(len, _WORD.findall(_LATEX.sub("", part.text))))
    return sum(map(len, formulas)) > _LATEX_SHARE * len(part.text) and not words


def _is_piece(part: Part) -> bool:
    return (
        len(part.text) <= 30
        and not _WORD.search(part.text)
        and not _NUMBER.fullmatch(part.text)
        and len(part.lines) <= 2
    )


def _near(part: Part, other: Part) -> bool:
    size = max(part.size, other.size)
    across = max(part.box[0], other.box[0]) - min(part.box[2], other.box[2])
    down = max(part.box[1], other.box[1]) - min(part.box[3], other.box[3])
    return across < _ACROSS * size and down < _DOWN * size


def _gathered(group: Sequence[Part]) -> Part:
    lines = sorted(
        (line for part in group for line in part.lines), key=lambda line: (round(line.baseline), line.box[0])
    )
    return Part("equation", bounds(part.box for part in group), lines=tuple(lines))
