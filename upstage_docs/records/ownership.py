"""Tells which lines belong to a table, chart or figure: caption, title, unit line, notes, announcement.

Pure rules on the words of a line, its place on the page and its category. They read no markup and pack nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Literal, Protocol

import msgspec

from upstage_docs.models import Box
from upstage_docs.records.announcements import announces, announces_in_words
from upstage_docs.records.caption_labels import LONGEST_TITLE, caption_label, is_label_alone
from upstage_docs.records.dates import is_date
from upstage_docs.records.heading_numbering import read_numbering
from upstage_docs.records.patterns import compile_when_used
from upstage_docs.records.sentences import is_sentence
from upstage_docs.records.wording import BULLETS, LONGEST_UNIT, is_next_note, is_note, is_unit, opens_notes

Role = Literal["caption", "title", "unit", "note", "remark", "announcement", "heading", ""]

_NO_BOX: Box = (0.0, 0.0, 0.0, 0.0)

# Relative to the height of the page: how far a title without a label may be from its table. A line takes about 0.015.
_CLOSE = 0.035
_INSET = 0.02
"""Of the page: how far the middle of a title may stand from that of its figure, and how far in it begins at least."""
_BESIDE = 3  # times as far as what lies above or below: so much does what lies beside count
_LETTER = re.compile(r"[^\W\d_]")
_OF_EITHER = compile_when_used(r"[\W_]*(?:exhibit|図表|图表|圖表|도표)", re.IGNORECASE)  # of a table or a figure
_COLONS = frozenset(":：")
_GOES_ON = _COLONS | frozenset(",、，")
# "(a) First", "b. Second": below each picture of a figure.
_PART = compile_when_used(r"[(\[]?[a-hA-H가나다라마바사아][.):\]]\s?\S")
_LEGAL_FORM = compile_when_used(r"\b(?:inc|corp|co|ltd|llc)\.\s*\Z", re.IGNORECASE)
_MOST_TITLES = 4  # lines: the company, its statement, the period, the unit
_LEAST_WRAPPED = 25  # characters before the end of a line, where no capital tells what begins; of real answers 28
MOST_IN_A_ROW = 8  # tables or figures side by side; more only hostile boxes are
_MOST_SHARED = 0.5  # of boxes that lie over each other, how much of the narrower one they share
_TITLED = frozenset({"paragraph", "header", "footnote", "list"})
_LINE_OF_NOTES = "Notes"
_LEADING = frozenset({"announcement", "lead"})
_COMPARED = _LEADING | {"title", "date", "caption"}


class Placed(Protocol):
    """Anything with a place on a page: a line of text, an element, or a table that lines belong to."""

    @property
    def page(self) -> int:
        """1-based; 0 where it is not known."""

    @property
    def box(self) -> Box:
        """`(x0, y0, x1, y1)`, relative 0-1; four 0.0 where it is not known."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """A text beside a table, chart or figure.

    Attributes:
        words: Its text without markup, lines kept apart.
        category: What the layout model calls it.
        page: 1-based; 0 where it is not known.
        box: `(x0, y0, x1, y1)`, relative 0-1; four 0.0 where it is not known.
    """

    words: str
    category: str = "paragraph"
    page: int = 0
    box: Box = _NO_BOX


class Owned(msgspec.Struct, frozen=True, gc=False):
    """The table, chart or figure that a line near it may belong to.

    Attributes:
        category: `table`, `chart` or `figure`.
        words: Its text, by which the marks of its notes are found; `""` where that is not wanted.
        label: The label of the caption that it already has (`table` or `figure`), `""` if none.
    """

    category: str
    page: int = 0
    box: Box = _NO_BOX
    words: str = ""
    label: str = ""


def role_above(
    line: Line,
    owned: Owned,
    taken: frozenset[str] | set[str],
    before: Callable[[], Line] | None = None,
    *,
    announcements: bool = True,
    titles: bool = True,
) -> Role:
    """Return the role of *line*, directly above the table *owned* or above lines *taken* for it; `""` for none.

    Args:
        line: Not a heading, table, chart or figure.
        owned: What stands below.
        taken: The roles of the lines between the two.
        before: Reads what stands above *line*, if anything does; few lines ask for it.
        announcements: Whether announcements are asked for; no table has two.
        titles: Whether titles are.
    """
    words = line.words
    announcements = announcements and "announcement" not in taken
    if line.category == "caption":
        return "caption"
    if line.page and owned.page and not 0 <= owned.page - line.page <= 1:
        return ""
    if caption_label(words):
        return "caption"
    if is_unit(words):
        return "unit"
    if "heading" in taken:
        return ""
    if titles and before is not None and _may_be_title_of_label(line) and _is_below_label(line, before()):
        return "title"
    is_item = "caption" in taken and line.category == "list"  # the last of a list before a table with a caption
    if titles and "title" not in taken and not is_item and _is_title_above(line, owned, is_next=not taken):
        return "announcement" if announcements and announces_in_words(words) else "title"
    if titles and "title" in taken and _is_in_title(line, owned):
        return "title"
    if announcements and announces(words):
        return "announcement"
    if titles and before is not None and "caption" not in taken and is_note(words) and _may_have_notes(before()):
        return "note"
    return ""


def _may_have_notes(line: Line) -> bool:
    """Say whether a note below *line* is that of the table below the note: it stands below a caption or a heading."""
    return line.category.startswith("heading") or is_caption_or_unit(line)


def is_compared_with_last(taken: frozenset[str] | set[str]) -> bool:
    """Say whether the next line up is compared with the last that was taken, not with the table.

    That one leads to the table or is its caption, so that a title stands above it, or is a line of the title.
    """
    return not _COMPARED.isdisjoint(taken)


def role_taken(line: Line, role: str, taken: frozenset[str] | set[str]) -> str:
    """Return *role*, or `"lead"` for a title that leads to the table by a colon, `"date"` for one that is a date.

    Above either of these may be a title of its own.

    *taken* are the roles of the lines between it and the table.
    """
    if role != "title":
        return role
    if line.words.rstrip()[-1] in _COLONS and _LEADING.isdisjoint(taken):
        return "lead"
    return "date" if is_date(line.words) else role


def role_of_last_line(words: str) -> Role:
    """Return the role that the last of several lines has for the table below; asked if all together have none."""
    begin = words.rfind("\n") + 1
    if not begin or len(words) - begin > LONGEST_UNIT:
        return ""
    last = words[begin:]
    return "caption" if caption_label(last) else "unit" if is_unit(last) else ""


def role_below(line: Line, owned: Owned, last: Line | None = None) -> Role:
    """Return the role of *line*, directly below the table *owned* or below lines taken for it; `""` for none.

    *last* is the last of these lines that is a note or a caption.
    """
    words = line.words
    on_page = not (line.page and owned.page) or line.page == owned.page
    if on_page and (is_note(words, owned.words) or opens_notes(words) or _is_first_footnote(line, owned)):
        return "note"
    if line.page == owned.page + 1 and is_note(words):  # below a table that ends its page
        return "note"
    if line.category == "caption":
        return "caption"
    if not on_page:
        return ""
    if last is not None and is_next_note(words, last.words):
        return "note"
    if label := caption_label(words):
        return "" if label == owned.label else "caption"
    if is_unit(words):
        return "unit"
    if last is not None and _may_be_title_of_label(line) and _is_below_label(line, last):
        return "caption"
    pictured = owned.category in {"figure", "chart"} and not owned.label
    return "caption" if pictured and _is_title_below(line, owned) else ""


def _is_first_footnote(line: Line, owned: Owned) -> bool:
    """Say whether *line*, which the layout model calls a footnote, is numbered as the first and close below a table.

    Of 14 footnotes of a page in real answers, two stand as close: below a paragraph and below an equation.
    """
    if line.category != "footnote" or owned.category != "table" or not _tell_order(line.box, owned.box):
        return False
    is_close = line.box[1] - owned.box[3] < _INSET and _share_of_width(line.box, owned.box) > 0
    return is_close and is_next_note(line.words, _LINE_OF_NOTES)


def _is_title_above(line: Line, owned: Owned, *, is_next: bool = True) -> bool:
    """Say whether *line* is the title of what stands below it, by its place: short, no sentence, close and aligned.

    What is *owned* may be the text that announces a table, too; *is_next* if no other line stands between the two.
    """
    if line.page != owned.page or not (_is_short_line(line) or _is_block_of_titles(line) or _is_date_line(line)):
        return False
    if is_note(line.words) and not _is_article(line.words):  # "NOTE 12 — Debt" is a section of a statement
        return False
    if not _tell_order(line.box, owned.box):
        return True
    gap = owned.box[1] - line.box[3]
    return -_CLOSE < gap < _CLOSE * (1 if is_next else 2) and _share_of_width(line.box, owned.box) > 0


def _is_in_title(line: Line, below: Owned) -> bool:
    """Say whether *line* is one more line of a centred title, whose next line stands right *below* it."""
    one, two = line.box, below.box
    if not _is_short_line(line) or line.page != below.page or not (one[3] and two[3]):
        return False
    aside = abs(one[0] + one[2] - two[0] - two[2]) / 2
    return -_INSET < two[1] - one[3] < _INSET and aside < _INSET / 2 < abs(one[0] - two[0])


def _may_be_title_of_label(line: Line) -> bool:
    """Say whether *line*, a sentence or not, may be the title that a label alone ("Table 1.") lacks."""
    is_titled = line.category in _TITLED or line.category.startswith("heading")
    return 0 < len(line.words) <= LONGEST_TITLE and is_titled


def _is_below_label(line: Line, label: Line) -> bool:
    """Say whether *line* stands close below a *label* without a title of its own."""
    if not is_label_alone(label.words):
        return False
    return line.page == label.page and (not _tell_order(label.box, line.box) or line.box[1] - label.box[3] < _CLOSE)


def _is_title_below(line: Line, owned: Owned) -> bool:
    """Say whether *line* is the title of the figure above it: short, no sentence, close, and set in its middle."""
    if not _is_short_line(line) or line.words.rstrip()[-1] in _GOES_ON or not (line.box[3] and owned.box[3]):
        return False
    gap = line.box[1] - owned.box[3]
    aside = abs(line.box[0] + line.box[2] - owned.box[0] - owned.box[2]) / 2
    wide = line.box[2] - line.box[0] > owned.box[2] - owned.box[0] + _CLOSE
    # What begins where the figure begins may be text that goes on below it, unless it says which part of it this is.
    starts_alike = line.box[0] - owned.box[0] < _INSET and not _PART.match(line.words)
    return -_INSET < gap < _CLOSE and aside < _INSET and not wide and not starts_alike


def is_remark_below(line: Line, owned: Owned, *, named: bool) -> bool:
    """Say whether *line*, directly below a table, is a remark on it or its title, and not the text that continues.

    It is short, no sentence, and stands close below the table by its box. Of 13 such lines that real answers call
    paragraphs, 12 belong to the table above: sources, remarks, titles; headings of what follows are called headings.
    One that is numbered as headings are is taken only where nothing else tells what the table is of, nor the boxes
    which of the two stands above; *named* says whether a heading, a caption or an announcement stands above it.
    """
    if owned.category != "table" or not _is_short_line(line) or line.words.rstrip()[-1] in _GOES_ON:
        return False
    if line.page != owned.page or not (line.box[3] and owned.box[3]) or caption_label(line.words):
        return False  # a caption that is not of this table is of the next one
    tells = _tell_order(line.box, owned.box)
    if read_numbering(line.words) and (named or tells):
        return False
    gap = line.box[1] - owned.box[3]
    return not tells or (-_INSET < gap < _INSET and _share_of_width(line.box, owned.box) > 0)


def _is_article(words: str) -> bool:
    numbering = read_numbering(words)
    return numbering is not None and numbering.style == "article"


def _is_short_line(line: Line) -> bool:
    """Say whether a line may be a title by itself, by its category and its words."""
    return line.category in _TITLED and _are_short(line.words)


def _is_date_line(line: Line) -> bool:
    """Say whether a line is a date or a period, without the letters of a title: "2024. 12. 31.", "Q3 2024"."""
    words = line.words.strip()
    return line.category in _TITLED and not words.isdecimal() and is_date(words)


def _are_short(words: str) -> bool:
    """Say whether *words* may be a title by themselves: on one short line, with letters, and no sentence."""
    if not words or len(words) > LONGEST_TITLE or "\n" in words:
        return False
    return not is_sentence(words) and len(_LETTER.findall(words)) > 1


def _is_block_of_titles(line: Line) -> bool:
    """Say whether a text of a few lines may be a title: company, statement and period, each on a line of its own.

    Neither a text that was merely wrapped nor a list, which an answer may call a paragraph, is one.
    """
    words, is_titled = line.words, line.category in _TITLED
    lines = words.split("\n", _MOST_TITLES)
    if not 1 < len(lines) <= _MOST_TITLES or line.category == "list" or words.rstrip()[-1] in _GOES_ON:
        return False
    if words[0].islower() or any(_is_no_title_below(*two) for two in pairwise(lines)):
        return False
    # The name of a company ends with a stop that ends no sentence.
    names = (_LEGAL_FORM.sub("", one) for one in lines)
    return all((is_titled and _are_short(one)) or is_unit(one) for one in names)


def _is_no_title_below(line: str, following: str) -> bool:
    """Say whether the *following* line is wrapped, an item of a list, or led to by a colon."""
    first = following[:1]
    if first.islower() or first in BULLETS or line.rstrip()[-1:] in _COLONS:
        return True
    return first.isalpha() and not first.isupper() and len(line) >= _LEAST_WRAPPED


def _tell_order(one: Box, two: Box) -> bool:
    """Say whether two boxes show which of them is above: not if one is unknown, or most of one lies over the other."""
    if not (one[3] and two[3]):
        return False
    over = min(one[3], two[3]) - max(one[1], two[1])
    return over <= min(one[3] - one[1], two[3] - two[1]) / 2 or _share_of_width(one, two) <= _MOST_SHARED


def _share_of_width(one: Box, two: Box) -> float:
    """Return how much of the narrower of two boxes stands above or below the other, 0 or less if nothing does."""
    least = min(one[2] - one[0], two[2] - two[0])
    over = min(one[2], two[2]) - max(one[0], two[0])
    return over / least if least > 0 else over


def are_in_a_row(one: Placed, two: Placed) -> bool:
    """Say whether two tables or figures stand side by side: each beside the other, and neither above it."""
    a, b = one.box, two.box
    if one.page != two.page or not (a[3] and b[3]) or _share_of_width(a, b) > 0:
        return False
    return min(a[3], b[3]) - max(a[1], b[1]) > min(a[3] - a[1], b[3] - b[1]) / 2


def stands_off(line: Placed, owned: Placed) -> bool:
    """Say whether *line*, higher or lower on the page than *owned*, stands in a column beside it."""
    left, top, right, bottom = line.box
    x0, y0, x1, y1 = owned.box
    if left < x1 and x0 < right and left < right and x0 < x1:
        return False  # one column, as nearly always
    if line.page != owned.page or not (bottom and y1):
        return False
    return min(right, x1) <= max(left, x0) and min(bottom, y1) <= max(top, y0)


def is_above_beside(line: Line, owned: Placed) -> bool:
    """Say whether *line*, in a column beside *owned* and above it, is the caption of another table or figure."""
    return line.box[3] <= owned.box[1] and not is_unit(line.words)


def is_of_another_column(line: Line, owned: Owned) -> bool:
    """Say whether *line* is a caption or unit line of what stands beside *owned*, in a row with it."""
    return stands_off(line, owned) and is_caption_or_unit(line)


def is_caption_or_unit(line: Line) -> bool:
    """Say whether *line* is a caption, by its label or its words, or a unit line."""
    return line.category == "caption" or bool(caption_label(line.words)) or is_unit(line.words)


def owner_of_caption(caption: Line, last: Owned, following: Owned, *, otherwise: bool = False) -> bool:
    """Say whether a *caption* between two tables or figures belongs to the *following* one.

    A caption that says "Table" or "Figure" goes to its like; any other ("Exhibit"), and where both are alike, to the
    one that it is nearer to on the page; where that cannot be told, to the last one, or to the following one if
    *otherwise*.
    """
    if label := caption_label(caption.words):
        either = _OF_EITHER.match(caption.words)
        likes = [] if either else [one for one in (last, following) if (one.category == "table") is (label == "table")]
        if len(likes) == 1:
            return likes[0] is following
        if last.label == label:
            return True
    pages = [one.page == caption.page for one in (last, following)]
    if pages[0] != pages[1]:
        return pages[1]
    _, top, _, bottom = caption.box
    if not pages[1] or bottom <= top:
        return otherwise
    to_following, to_last = _distance(caption.box, following.box), _distance(caption.box, last.box)
    return to_following < to_last or (otherwise and to_following == to_last)


def _distance(one: Box, two: Box) -> float:
    """Return how far two boxes are from each other; what lies beside is far, as captions stand above or below."""
    beside = max(0.0, two[0] - one[2], one[0] - two[2])
    return max(0.0, two[1] - one[3], one[1] - two[3]) + _BESIDE * beside
