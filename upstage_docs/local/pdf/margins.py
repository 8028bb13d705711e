"""Finds what stands around the body of a page: running headers and footers, page numbers, footnotes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from upstage_docs.local.blocks import is_list_item
from upstage_docs.local.geometry import Box
from upstage_docs.local.pdf.headings import is_date, may_be_heading
from upstage_docs.local.pdf.parts import Part, joined

_PAGE_NUMBER = re.compile(
    r"(?:page|p\.|seite|쪽)?\s*[\[|—–-]*\s*(?:\d{1,4}|[ivxlc]{1,7})\s*[\]|—–-]*(?:\s*(?:of|/|von)\s*\d{1,4})?",
    re.IGNORECASE,
)
_BETWEEN_DASHES = re.compile(r"[-–—~]\s*(?:\d{1,4}|[ivxlc]{1,7})\s*[-–—~]", re.IGNORECASE)
"""A page number, and no item of a list."""
_WITH_NUMBER = re.compile(
    r"(?:\d{1,4}|[ivxlc]{1,7})\s*[|•·–—]\s*\S.*|.*\S\s*[|•·–—]\s*(?:\d{1,4}|[ivxlc]{1,7})", re.IGNORECASE
)
_NOTE = re.compile(
    r"(?:(?:\d{1,3}|[*†‡§¶]{1,3})(?:[.)]?\s+|(?=[A-Z\"“‘가-힣]))|[*†‡§¶])[^\W_]|\d{1,3}[.)]?\s+[\"“‘«(\[「]"
)
_NUMBERED_LINE = re.compile(r"\d{1,4}\s+\D*[^\W\d]\D*|\D*[^\W\d]\D*\s\d{1,4}")
"""A title with the number of its page, without a sign between them."""
_NOTE_NUMBER = re.compile(r"(\d{1,3})[.)]?\s")
_UPRIGHT = 4.0
"""Times its width: how tall a line that runs up or down is at least."""
_SMALLER = 0.85
"""Of the body: lines that small above it or below it are running ones, if they stand apart."""
_EYEBROW = 1.4
"""Times its size: how large the title of a slide is at least below the name of the section that the slide is in."""
_HIGH, _LOW = 0.14, 0.25
"""Of the longer side of the page: headers end above the one, footers begin below the other."""
_LEAST_BODY = 60
"""Letters: a text above a note that long is body, and tells its size."""
_MOST_IN_MARGIN = 40
"""Pieces of text in a margin; a page with more is no page of text."""
_DIGITS = re.compile(r"\d+")

# Measured on eighty benchmark pages: a fifth more or less changes the blocks of one or two for _LARGEST_FOOTER,
# _FAR_OUT, _APART, _APART_FROM_TITLE, _OF_BODY, _FAR_DOWN and _RAISED_FROM, of six for _TITLE, of 14 and 21 for _SMALL,
# and of none for the others.
_TOP_EDGE, _BOTTOM_EDGE = 0.12, 0.85
"""Of the height of a page: lines that end above the one, or begin below the other, may be repeated on other pages."""
_TOUCH = 2.0
"""Points that the boxes of two lines, one above the other, may have in common."""
_ONE_ROW = 3.0
"""Font sizes between two running texts of one row that are one element, at most."""
_TITLE = 1.25
"""Of the body: a running line that is larger, with neither a number nor a repetition to tell it, is a title."""
_LARGEST_RUNNING, _LARGEST_LOW, _LARGEST_FOOTER = 1.3, 1.35, 2.0
"""Of the body, at most: a line at the top that is a page number or is repeated, one at the foot, and any footer."""
_FIRST, _FAR_OUT = 0.1, 0.09
"""Of the longer side of the page: nothing lower stands above a header, and one told by its place alone ends higher."""
_APART, _APART_FROM_TITLE = 0.7, 1.6
"""Font sizes from a header to the text below it, at least; the second where the header could be a heading."""
_TO_TITLE = 3.0
"""Font sizes from the name of a section of a slide to its title, at most."""
_OF_BODY = 1.1
"""Of the body: the text below a small header is no larger."""
_COLUMN = 0.05
"""Share of the width in common with the text above the foot of a page, at least, where this is in its column."""
_TO_NUMBER, _TO_FOOTER, _TO_NUMBERED, _TO_PRINT, _TO_NOTE = 0.8, 1.2, 0.6, 2.0, 1.5
"""Font sizes of white above a page number, another footer, a title with a page number, small print, and a note in the
size of the body, at least."""
_FOOT, _FAR_DOWN, _PRINT = 0.15, 0.1, 0.12
"""Of the longer side of the page, from below: where footers, footers told by their place alone, and small print are."""
_PRINT_LINES = 3
"""Of small print, at most."""
_SMALL = 0.93
"""Of the text above them, or of the body: notes and what stands below them are no larger."""
_SIZES_OF_NOTES = 1.05
"""Of the size of the note under a rule: the others under it are no larger, if they are smaller than the text."""
_NOTES_FROM, _RAISED_FROM = 0.4, 0.75
"""Of the height of a page: notes stand lower; the second where only a number raised in the text tells them."""
_SHORT_RULE, _LEAST_RULE = 0.5, 30.0
"""A rule above notes: of the width of the text at most, and points at least."""
_NOTE_COLUMN = 0.6
"""Share of the width of a note in common with the one below it, at least."""
_UNDER_RULE, _SMALLEST_UNDER = 2.2, 6.0
"""Font sizes from a rule to the note under it, at most, and the points that a smaller note counts as."""
_UNDER_LAST, _ENDS = 3.0, 3.0
"""Of two rules around a part: font sizes from it to the lower one at most, and points that their ends may differ."""
_RIGHT_OF_RULE, _LEFT_OF_BODY = 40.0, 3.0
"""Points: how far left of its rule a note begins, and how far left of the body, at most."""


def running_key(text: str) -> str:
    """Return *text* with all its numbers made alike, so that the running lines of different pages are equal."""
    return _DIGITS.sub("#", " ".join(text.split())).casefold()


def running_keys(parts: Sequence[Part], height: float) -> set[str]:
    """Return the keys of the lines that stand at the top or bottom of a page, which is *height* points tall."""
    return {running_key(part.text) for part in parts if _at_edge(part, height)}


def repeated(pages: Iterable[Collection[str]]) -> frozenset[str]:
    """Return the keys that at least two pages have, given as those of each."""
    counts = Counter(key for keys in pages for key in keys)
    return frozenset(key for key, number in counts.items() if number > 1)


def _at_edge(part: Part, height: float) -> bool:
    return (
        not part.category
        and len(part.lines) <= 2
        and (part.box[3] < _TOP_EDGE * height or part.box[1] > _BOTTOM_EDGE * height)
    )


class Sheet(NamedTuple):
    """Facts about a page by which its parts are judged: size, font size, drawn lines, running headers.

    Attributes:
        width: In points.
        height: In points.
        body: Font size of its body.
        rules: Its horizontal rules, in points.
        running: Keys of lines that are repeated on other pages; see `running_key`.
    """

    width: float
    height: float
    body: float
    rules: Sequence[Box] = ()
    running: Collection[str] = ()

    def from_top(self, share: float) -> float:
        """Return a y below the top by a *share* of the longer side: the margins of landscape pages are as tall."""
        return share * max(self.width, self.height)

    def from_bottom(self, share: float) -> float:
        """Return a y above the bottom by a *share* of the longer side."""
        return self.height - share * max(self.width, self.height)


def headers_and_footers(parts: Sequence[Part], sheet: Sheet) -> list[Part]:
    """Mark the headers and footers among the parts of a page; neighbours in one row become one element.

    A line is one if it is repeated on other pages, is a page number, or stands far out in a size that is no title's;
    but a small note under a short rule is a footnote however low it stands.
    """
    parts = _with_side_lines(parts)
    texts = [part for part in parts if not part.category]
    high = [part for part in texts if part.box[3] <= sheet.from_top(_HIGH) and len(part.lines) <= 2]
    low = [
        part
        for part in texts
        if part.box[1] >= sheet.from_bottom(_LOW)
        and (not is_list_item(part.text) or _BETWEEN_DASHES.fullmatch(part.text))
    ]
    marked: dict[int, str] = {}
    for part in high if len(high) <= _MOST_IN_MARGIN else ():
        above, below = _around(part, parts)
        if _is_header(part, above, below, sheet):
            marked[id(part)] = "header"
    for part in low if len(low) <= _MOST_IN_MARGIN else ():
        above, below = _around(part, parts)
        if _is_footer(part, above, below, sheet):
            marked[id(part)] = "footer"
    for side, near in (("header", high), ("footer", low)):
        known = [part for part in texts if marked.get(id(part)) == side]
        marked.update({id(part): side for part in near if _is_beside(part, known, sheet.body)})
    footers = [part for part in texts if marked.get(id(part)) == "footer"]
    marked.update(
        {id(part): "footer" for part in low if any(part.box[1] >= above.box[3] - _TOUCH for above in footers)}
    )
    out = [part for part in parts if id(part) not in marked]
    for side in ("header", "footer"):
        row: list[Part] = []
        for part in sorted((p for p in texts if marked.get(id(p)) == side), key=lambda p: (p.box[0], p.box[1])):
            if row and part.right_of(row[-1]) and part.box[0] - row[-1].box[2] < _ONE_ROW * part.size:
                row.append(part)
                continue
            if row:
                out.append(_in_row(row, side))
            row = [part]
        if row:
            out.append(_in_row(row, side))
    return out


def _with_side_lines(parts: Sequence[Part]) -> list[Part]:
    """Return *parts*, a text that runs up or down beside everything else as a header, as the stamp of an archive."""
    out = []
    for part in parts:
        x0, y0, x1, y1 = part.box
        turned = part.category == "paragraph" and len(part.lines) == 1 and y1 - y0 > _UPRIGHT * (x1 - x0)
        others = [other.box for other in parts if other is not part]
        beside = turned and bool(others) and (all(x1 <= b[0] for b in others) or all(b[2] <= x0 for b in others))
        out.append(replace(part, category="header") if beside else part)
    return out


def _is_beside(part: Part, known: Sequence[Part], body: float) -> bool:
    """Say whether a line stands in the row of a running line, as a title does beside its page number."""
    return (
        len(part.lines) == 1
        and part.size <= _TITLE * body
        and any(other is not part and (part.right_of(other) or other.right_of(part)) for other in known)
    )


def _around(part: Part, parts: Sequence[Part]) -> tuple[list[Part], list[Part]]:
    """Return the parts above and below one."""
    above = [p for p in parts if p is not part and p.box[3] <= part.box[1] + _TOUCH]
    return above, [p for p in parts if p is not part and p.box[1] >= part.box[3] - _TOUCH]


def _in_row(parts: Sequence[Part], category: str) -> Part:
    return joined(parts, category) if len(parts) > 1 else replace(parts[0], category=category)


def _is_header(part: Part, above: Sequence[Part], below: Sequence[Part], sheet: Sheet) -> bool:
    if any(p.box[3] > sheet.from_top(_FIRST) for p in above):
        return False
    if part.size < _LARGEST_RUNNING * sheet.body and (
        running_key(part.text) in sheet.running or _PAGE_NUMBER.fullmatch(part.text)
    ):
        return True
    if len(part.lines) > 1:
        return False
    under = [p for p in below if p.shares_column(part) and not p.right_of(part)]
    following = min(under, key=lambda p: p.box[1], default=None)
    if (
        following is not None
        and not above
        and (_is_eyebrow(part, following, sheet) or _is_small(part, following, sheet))
    ):
        return True
    if part.box[3] > sheet.from_top(_FAR_OUT) or part.size > _TITLE * sheet.body:
        return False
    # Text that goes on right below in the same column is the body's first line.
    apart = _APART_FROM_TITLE if may_be_heading(part, sheet.body) else _APART
    gap = following.box[1] - part.box[3] if following is not None else sheet.height
    return gap > apart * part.size and bool(below)


def _is_eyebrow(part: Part, following: Part, sheet: Sheet) -> bool:
    """Say whether a line is the name of the section of a slide: above its title, smaller and in another colour."""
    return (
        sheet.width > sheet.height
        and part.box[3] < _HIGH * sheet.height
        and following.size >= _EYEBROW * part.size
        and following.box[1] - part.box[3] < _TO_TITLE * part.size
        and part.style[1] != following.style[1]
    )


def _is_small(part: Part, following: Part, sheet: Sheet) -> bool:
    """Say whether a line above everything is set smaller than the text of the body that follows, and apart from it."""
    return (
        not following.category
        and part.size <= _SMALLER * following.size
        and following.size <= _OF_BODY * sheet.body
        and following.box[1] - part.box[3] > _APART * part.size
    )


def _is_footer(part: Part, above: Sequence[Part], below: Sequence[Part], sheet: Sheet) -> bool:
    if part.size > _LARGEST_FOOTER * sheet.body or any(len(p.lines) > 2 for p in below):
        return False
    gap = min((part.box[1] - p.box[3] for p in above if p.shares_column(part, _COLUMN)), default=sheet.height)
    if _PAGE_NUMBER.fullmatch(part.text):
        return gap > _TO_NUMBER * part.size and not any(_PAGE_NUMBER.fullmatch(p.text) is None for p in below)
    if _is_small_print(part, gap, above, below, sheet):
        return True
    if part.box[1] > sheet.from_bottom(_FOOT) and len(part.lines) <= 2 and part.size <= _LARGEST_LOW * sheet.body:
        if running_key(part.text) in sheet.running or _WITH_NUMBER.fullmatch(part.text.replace("\n", " ")):
            return True
        small_note = _is_note(part) and part.size <= _SMALL * sheet.body
        if small_note and any(_sets_off_notes(rule, part, above) for rule in sheet.rules):
            return False
        if not below and _is_numbered_line(part, gap, above, sheet):
            return True
        return part.box[1] > sheet.from_bottom(_FAR_DOWN) and gap > _TO_FOOTER * part.size and len(part.lines) == 1
    return False


def _is_small_print(part: Part, gap: float, above: Sequence[Part], below: Sequence[Part], sheet: Sheet) -> bool:
    """Say whether a part is small print at the foot of a page, above its last line: who paid for it, whose it is."""
    body = max((p.size for p in above if not p.category and len(p.text) > _LEAST_BODY), default=sheet.body)
    return (
        part.box[1] > sheet.from_bottom(_PRINT)
        and len(part.lines) <= _PRINT_LINES
        and part.size <= _SMALLER * max(body, sheet.body)
        and gap > _TO_PRINT * part.size
        and bool(below)
        and all(len(other.lines) == 1 and other.size <= sheet.body for other in below)
        and not _is_note(part)
    )


def _is_numbered_line(part: Part, gap: float, above: Sequence[Part], sheet: Sheet) -> bool:
    """Say whether the last line of a page is a title with a page number, set smaller than the notes above it."""
    last = max((p for p in above if p.shares_column(part, _COLUMN)), key=lambda p: p.box[3], default=None)
    return (
        len(part.lines) == 1
        and part.box[1] > sheet.from_bottom(_FAR_DOWN)
        and _NUMBERED_LINE.fullmatch(part.text) is not None
        and not part.text.endswith(".")
        and gap > _TO_NUMBERED * part.size
        and last is not None
        and part.size < _SMALL * last.size
    )


def footnotes(parts: Sequence[Part], sheet: Sheet) -> list[Part]:
    """Gather the notes at the foot of each column into one element per column.

    They are set smaller than the body or under a short rule, have nothing but notes below them, and at least one
    begins with a number or a sign.
    """
    rules = sheet.rules
    out = [part for part in parts if part.category]
    texts = sorted((part for part in parts if not part.category), key=lambda part: -part.box[3])
    left, right = min((p.box[0] for p in texts), default=0.0), max((p.box[2] for p in texts), default=0.0)
    notes = [
        (
            rule,
            max(
                _SIZES_OF_NOTES * part.size,
                _SMALL * max(p.size for p in texts if p.box[3] < rule[1] and len(p.text) > _LEAST_BODY),
            ),
        )
        for rule in rules
        if rule[1] > _NOTES_FROM * sheet.height and rule[2] - rule[0] < _SHORT_RULE * (right - left)
        for part in texts
        if _is_note(part) and _rule_above(part, rule)
        if any(part.size <= _SMALL * p.size and len(p.text) > _LEAST_BODY for p in texts if p.box[3] < rule[1])
    ]
    blocked = [p for p in parts if p.category in {"figure", "table", "chart", "equation", "caption", "index"}]
    columns: list[list[Part]] = []
    for part in texts:
        referred = _is_referred_to(part, texts, sheet)
        small = (
            referred
            or part.size <= _SMALL * sheet.body
            or any(_is_under(part, rule) and part.size <= largest for rule, largest in notes)
        )
        if (
            not small
            or part.box[1] < _NOTES_FROM * sheet.height
            or (_is_framed(part, rules) and not referred)
            or any(p.box[1] > part.box[1] and p.shares_column(part) for p in blocked)
        ):
            blocked.append(part)
            continue
        home = next((column for column in columns if column[-1].shares_column(part, _NOTE_COLUMN)), None)
        if home is not None:
            home.append(part)
        else:
            columns.append([part])
    kept: set[int] = set()
    for column in columns:
        ordered = sorted(column, key=lambda part: part.box[1])
        ruled = any(_rule_above(ordered[0], rule) for rule in rules)
        while ordered and not ruled and not _is_note(ordered[0]) and len(ordered) > 1:
            ordered.pop(0)
        if any(_is_note(part) for part in ordered) or ruled:
            kept.update(id(part) for part in ordered)
            out.append(joined(ordered, "footnote") if len(ordered) > 1 else replace(ordered[0], category="footnote"))
    out += [part for part in texts if id(part) not in kept]
    return out


def _is_referred_to(part: Part, texts: Sequence[Part], sheet: Sheet) -> bool:
    """Say whether a numbered part that stands apart at the foot of the page has its number raised in the text above."""
    number = _NOTE_NUMBER.match(part.text)
    if number is None or part.size > sheet.body or part.box[1] < _RAISED_FROM * sheet.height:
        return False
    above = [p for p in texts if p.box[3] <= part.box[1] + _TOUCH]
    gap = min((part.box[1] - p.box[3] for p in above if p.shares_column(part)), default=0.0)
    if gap < _TO_NOTE * part.size:
        return False
    mark = re.compile(rf"(?:[^\W\d][.,;:!?”\"'’)\]]?|\d[.,]){number[1]}(?=\s|$)")
    return any(mark.search(line.text) for p in above for line in p.lines)


def _is_note(part: Part) -> bool:
    return _NOTE.match(part.text) is not None and not is_date(part.text)


def _sets_off_notes(rule: Box, part: Part, above: Sequence[Part]) -> bool:
    """Say whether a *rule* over *part* is one for footnotes: one over a running footer is long, or outside the body."""
    left, right = min((p.box[0] for p in above), default=0.0), max((p.box[2] for p in above), default=0.0)
    return (
        _rule_above(part, rule)
        and part.box[0] > left - _LEFT_OF_BODY
        and rule[2] - rule[0] < _SHORT_RULE * (right - left)
    )


def _is_framed(part: Part, rules: Sequence[Box]) -> bool:
    """Say whether a part stands between two rules of one length, as the steps of an algorithm do."""
    above = [rule for rule in rules if _rule_above(part, rule)]
    below = [rule for rule in rules if 0 <= rule[1] - part.box[3] < _UNDER_LAST * max(part.size, _SMALLEST_UNDER)]
    return any(abs(a[0] - b[0]) < _ENDS and abs(a[2] - b[2]) < _ENDS for a in above for b in below)


def _is_under(part: Part, rule: Box) -> bool:
    return part.box[1] > rule[1] and rule[0] < part.box[0] + _RIGHT_OF_RULE and rule[2] > part.box[0]


def _rule_above(part: Part, rule: Box) -> bool:
    close = 0 <= part.box[1] - rule[1] < _UNDER_RULE * max(part.size, _SMALLEST_UNDER)
    return (
        close and rule[0] < part.box[0] + _RIGHT_OF_RULE and rule[2] > part.box[0] and rule[2] - rule[0] > _LEAST_RULE
    )
