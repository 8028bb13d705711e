"""Decides what each part of a page is (heading, caption, list, ...), by rules over the whole page."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise

from upstage_docs.local.blocks import is_list_item
from upstage_docs.local.geometry import Box, bounds, middle
from upstage_docs.local.pdf.formulas import formulas
from upstage_docs.local.pdf.headings import is_date, is_heading, standing_out, statements
from upstage_docs.local.pdf.margins import Sheet, footnotes, headers_and_footers
from upstage_docs.local.pdf.paragraphs import LONG_ITEM, is_numbered_item
from upstage_docs.local.pdf.parts import BOLD, Part, body_size, joined
from upstage_docs.records.heading_numbering import read_numbering

_LABEL = re.compile(
    r"[<\[(〈【]?\s*(?P<word>fig(?:ure|ura|\.|s\.)?|tab(?:le|leau|elle|ella|la|\.)|abb(?:ildung|\.)|рис(?:унок|\.)|таблица|diagram|chart|graph|plate|photo(?:graph)?|image|picture|map|scheme|exhibit|"
    r"illustration|algorithm|listing|그림|표|사진|도표|图|表|圖|図)\s*\.?\s*"
    r"(?P<number>[A-Z]{0,2}\d+(?:[.\-–]\d+)*[a-z]?|(?-i:[IVX]+|[A-Z]))(?P<end>\s*[.:|)\]>〉】—–-]+|\s|$)(?P<rest>\s*\S?)",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[•·●○▪■□◦‣⁃∙ˆ–—\uf06c-\uf0fe☐☑☒✓✔✗✘❑❖◆◇►▶▸➢➤⮚➔➜❯◼★☆✦-]\s")
_LARGEST_BODY, _FEW_LETTERS = 0.025, 150
"""Of the longer side of a page: larger text on a page of few letters is its title."""
_SQUARE = re.compile(r"[□■▣◇◆❑❖]\s")
_DASHES = "–—"
_CONTENTS = re.compile(
    r"(?:table of )?contents|목\s?차|차\s?례|"
    r"目\s?次|目\s?[录錄]|inhalt(?:sverzeichnis)?|sommaire|table des matières|índice|sommario",
    re.IGNORECASE,
)
_ABSTRACT = re.compile(r"abstract|summary|zusammenfassung|résumé|resumen|초록|요약|摘要|要旨", re.IGNORECASE)
_TITLE_ZONE = 0.4
"""Of the height of a page: the title of a paper stands above it."""
_LEAST_TEXT = 200
"""Letters of a part that is the text of a paper, and no longer its authors."""
_LEAST_CONTENTS = 3
"""Numbered items of a table of contents without page numbers."""
_LONGEST_MARKED = 60
"""Letters of a title behind a square, at most."""
_TABLE_TITLE = 1.3
"""Of the size of the body: the title of a table is smaller."""
# Measured on eighty benchmark pages: a twentieth of a font size, or a fifth of what else stands here, more or less
# changes the blocks of none.
_LARGER = 1.12
"""Of another font size: text is larger where it is larger than this, and in one size up to it."""
_SMALLER = 0.95
"""Of the size of the body: text that is smaller is told apart from it, as captions are."""
_INTO, _NEXT_LINE = 0.3, 0.75
"""Font sizes: how far the next line of a caption may reach into the one above, and how far it may be below."""
_BEHIND_LABEL = 10
"""Font sizes: the words of a caption stand no further right of a label such as "Figure 3"."""


def categorise(
    parts: Sequence[Part],
    width: float,
    height: float,
    *,
    rules: Sequence[Box] = (),
    running: Collection[str] = (),
) -> list[Part]:
    """Return *parts* with a category each, some of them joined.

    Args:
        parts: Of one page; those that already have a category keep it.
        width: Of the page, in points.
        height: Of the page, in points.
        rules: Horizontal rules, in points.
        running: Keys of lines that are repeated on other pages; see `margins.running_key`.
    """
    body = min(body_size(parts), _LARGEST_BODY * max(width, height)) if _is_title_page(parts) else body_size(parts)
    parts = _captions(parts, body)
    sheet = Sheet(width, height, body, rules, running)
    parts = headers_and_footers(parts, sheet)
    parts = formulas(parts)
    parts = footnotes(parts, sheet)
    told = standing_out(parts, body) | statements(parts, body)
    plain = _titles_of_tables(parts, body) | _lone_dates(parts) | _bylines(parts, height)
    categorised = [
        part
        if part.category
        else replace(part, category="heading1" if id(part) in told - plain else _of_text(part, body, plain))
        for part in parts
    ]
    listed = _without_lone_items(_with_contents(categorised))
    return [one for part in listed for one in _single_headings(part)]


def _with_contents(parts: Sequence[Part]) -> list[Part]:
    """Return *parts*, the numbered items of a page that is entitled "Contents" as one table of contents.

    As on a slide, it has no page numbers.
    """
    title = next((p for p in parts if p.category == "heading1" and _CONTENTS.fullmatch(p.text.strip())), None)
    lists = [part for part in parts if part.category == "list"]
    if (
        title is None
        or any(
            part.category not in {"list", "heading1", "header", "footer", "figure"} and len(part.text) > 2
            for part in parts
        )
        or sum(is_numbered_item(line.text) for part in lists for line in part.lines) < _LEAST_CONTENTS
    ):
        return list(parts)
    ordered = sorted(lists, key=lambda part: part.box[1])
    return [part for part in parts if part not in lists] + [joined(ordered, "index")]


def _without_lone_items(parts: Sequence[Part]) -> list[Part]:
    """Return *parts*, where a numbered or lettered item without another beside it is a paragraph, not a list.

    A dash before a lone line is that of the author of a quotation.
    """
    lone = {
        id(part)
        for part in parts
        if part.category == "list" and _items(part) == 1
        if is_numbered_item(part.text) or (part.text[0] in _DASHES and len(part.lines) == 1)
        if not any(other is not None and _is_item(other) for other in _next_to(part, parts))
    }
    return [replace(part, category="paragraph") if id(part) in lone else part for part in parts]


def _is_item(part: Part) -> bool:
    return part.category == "list" or (part.category == "paragraph" and is_numbered_item(part.text))


def _next_to(part: Part, parts: Sequence[Part]) -> tuple[Part | None, Part | None]:
    """Return what stands next above and next below a part in its column."""
    column = [other for other in parts if other is not part and other.shares_column(part)]
    above = [other for other in column if other.box[3] <= part.box[1] + 2]
    below = [other for other in column if other.box[1] >= part.box[3] - 2]
    return max(above, key=lambda p: p.box[3], default=None), min(below, key=lambda p: p.box[1], default=None)


def _single_headings(part: Part) -> list[Part]:
    """Return the headings that stand right above each other in a part, each numbered, as parts of their own."""
    lines = part.lines
    if part.category != "heading1" or len(lines) < 2 or not read_numbering(lines[0].text):
        return [part]
    starts = [0, *(n for n, line in enumerate(lines) if n and _begins_heading(line.text)), len(lines)]
    if len(starts) == 2:
        return [part]
    runs = [lines[start:end] for start, end in pairwise(starts)]
    return [replace(part, box=bounds(line.box for line in run), lines=run) for run in runs]


def _begins_heading(line: str) -> bool:
    """Say whether a line has a number that no wrapped title begins with, such as "2 and 3" of "Phases 2 and 3"."""
    numbering = read_numbering(line)
    if numbering is None or numbering.style == "dash":
        return False
    return numbering.style != "decimal" or "." in line.split(maxsplit=1)[0]


def _is_title_page(parts: Sequence[Part]) -> bool:
    """Say whether a page has so few words, in one size, that they do not tell the size of its body."""
    sizes = {round(part.size) for part in parts if part.lines}
    return len(sizes) < 2 and sum(len(part.text) for part in parts) < _FEW_LETTERS


def _captions(parts: Sequence[Part], body: float) -> list[Part]:
    """Mark what begins with a label like "Figure 3", and join the lines right below it."""
    out = [part for part in parts if part.category]
    texts = sorted((part for part in parts if not part.category), key=lambda part: (part.box[1], part.box[0]))
    taken: set[int] = set()
    for part in texts:
        if id(part) in taken or not _is_caption(part, body):
            continue
        group = [part]
        for below in texts:
            if below is not part and id(below) not in taken and _goes_on(group, below):
                group.append(below)
        taken.update(map(id, group))
        out.append(joined(group, "caption"))
    return out + [part for part in texts if id(part) not in taken]


def _is_caption(part: Part, body: float) -> bool:
    label = _LABEL.match(part.text)
    if label is None or len(part.lines) > 12:
        return False
    if label["end"].strip() or part.lines[0].text == label[0].strip():
        return True
    rest = label["rest"].strip()
    told_apart = part.size < _SMALLER * body or part.is_bold or part.lines[0].bold > BOLD
    return told_apart or (bool(rest) and not rest.islower())


def _goes_on(group: Sequence[Part], below: Part) -> bool:
    last = group[-1]
    if len(group) == 1 and below.right_of(last) and _LABEL.sub("", last.text, count=1).strip(" .:|") == "":
        return below.size <= _LARGER * last.size and below.box[0] - last.box[2] < _BEHIND_LABEL * last.size
    gap = below.box[1] - last.box[3]
    close = -_INTO * last.size < gap < _NEXT_LINE * last.size
    alike = below.size <= _LARGER * last.size and len(below.lines) <= 4
    return close and alike and below.shares_column(last, 0.5) and not _LABEL.match(below.text)


def _titles_of_tables(parts: Sequence[Part], body: float) -> set[int]:
    """Return the lines right above tables that stand over their middle: titles of these, which are no headings.

    One that nothing but the header of its page stands above is the title of the page.
    """
    first = min((part.box[1] for part in parts if part.category != "header"), default=0.0)
    tables = [part for part in parts if part.category == "table"]
    return {
        id(part)
        for part in parts
        if not part.category and len(part.lines) == 1 and part.size < _TABLE_TITLE * body
        if part.box[1] > first
        for table in tables
        if 0 <= table.box[1] - part.box[3] < 1.5 * part.size
        and abs(middle(part.box)[0] - middle(table.box)[0]) < part.size
        and part.box[0] - table.box[0] > 3 * part.size
    }


def _bylines(parts: Sequence[Part], height: float) -> set[int]:
    """Return the authors and their places between the title of a paper and its text, one of which is an address.

    They are set larger than the text, or heavy above their places, as headings are.
    """
    texts = [part for part in parts if not part.category]
    title = max(texts, key=lambda part: part.size, default=None)
    if title is None or title.box[1] > _TITLE_ZONE * height:
        return set()
    below = [part for part in texts if part.box[1] >= title.box[3] - 2]
    ends = [part.box[1] for part in below if len(part.text) > _LEAST_TEXT or _ABSTRACT.match(part.text)]
    zone = [part for part in below if part.box[3] <= min(ends, default=0.0) + 2 and part.size < title.size]
    if not any("@" in part.text for part in zone):
        return set()
    return {id(part) for part in zone if not part.is_bold or _stands_on(part, zone)}


def _stands_on(part: Part, parts: Sequence[Part]) -> bool:
    """Say whether one of *parts* goes on right below another."""
    return any(
        0 <= other.box[1] - part.box[3] + 2 < part.size + 2 and other.shares_column(part) and not other.is_bold
        for other in parts
    )


def _lone_dates(parts: Sequence[Part]) -> set[int]:
    """Return the dates that no text follows, as on a title page, however large: only others may be headings."""
    texts = [part for part in parts if not part.category]
    return {
        id(part)
        for part in texts
        if is_date(part.text)
        and not any(0 <= p.box[1] - part.box[3] < 3 * part.size and p.shares_column(part) for p in texts)
    }


def _of_text(part: Part, body: float, plain: set[int]) -> str:
    """Return the category of a text; those of *plain* are no headings."""
    if _BULLET.match(part.text):
        return "heading1" if _is_marked_title(part, body) else "list"
    if is_heading(part, body) and id(part) not in plain:
        return "heading1"
    stars = part.text.startswith("*") and part.text.count("\n*") == 0
    item = is_list_item(part.text) and not stars and not (len(part.lines) > LONG_ITEM and _items(part) == 1)
    return "list" if item else "paragraph"


def _is_marked_title(part: Part, body: float) -> bool:
    """Say whether a line behind a square is a title, as in notices of offices: larger than the body, or heavy."""
    if _SQUARE.match(part.text) is None or len(part.lines) > 1 or len(part.text) > _LONGEST_MARKED:
        return False
    title = part.text[2:].strip()
    told = part.size >= _LARGER * body or part.is_bold
    return told and any(map(str.isalpha, title)) and not title.endswith((".", "。", ",", ";", ":"))


def _items(part: Part) -> int:
    return sum(is_list_item(line.text) for line in part.lines)
