"""Decides which pages need recognition, and puts what was recognised in their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from upstage_docs.local.geometry import Box, shared_height, shared_width
from upstage_docs.local.ocr.drawn_rules import drawn_rules
from upstage_docs.local.ocr.page_images import READING_DPI, ink_box, skew_angle, turned
from upstage_docs.local.pdf.layout import PageParts, Rules, parts_of
from upstage_docs.local.pdf.library import parse_pages
from upstage_docs.local.pdf.parts import Part
from upstage_docs.local.pdf.pdfium import PdfPages, shown
from upstage_docs.local.pdf.skew import Skew, slope
from upstage_docs.local.pdf.stroke_weight import are_heavy
from upstage_docs.local.pdf.text_layer import BareWord, Recognise, lies_at, set_words, text_layer
from upstage_docs.local.pdf.words import Word, count_no_letters

if TYPE_CHECKING:
    from PIL.Image import Image

_FEW_LETTERS = 50
_UNREADABLE = 0.3
"""Share of the characters that may be no letters: signs of symbol fonts, as bullets, are few on a page."""
_PICTURED = 0.3
"""Share of a page from which on a picture may be a scan of its text."""
_OUTLINES = 100
"""Filled curves of a page with few letters: more, and it is text drawn as outlines."""
_REACH = 3
"""Heights of a word: nothing stands so near to it in its row, if it stands alone."""
_DOTS_OF_INK = 50
"""Per inch: enough to tell paper from a photograph."""
_LEVEL = 0.7
"""Degrees that lines may fall and still be laid out as they are: over a page a line falls by a third of its pitch."""
_SURE_ENOUGH = 0.25
_SURE_ALONE = 0.85
"""One or two letters that stand alone are more often a pictogram than text."""


class Scan(NamedTuple):
    """A recognised page.

    Attributes:
        page: As the PDF library reads its text layer.
        words: Its words.
        angle: At which they lay, in clockwise degrees.
        rules: The rules drawn in the picture, across and down, in points of the page turned upright and levelled.
        skew: How it lay askew beside that; the page is larger then, and level.
    """

    page: Any
    words: list[Word]
    angle: int
    rules: Rules
    skew: Skew | None = None


def needs_recognition(page: Any, document: PdfPages, number: int) -> bool:
    """Say whether a page has no text layer, an unreadable one, or a few words beside a picture of the text."""
    if is_unreadable(page):
        return document.facts(number).objects > 0
    letters = 0
    for item in page.text_items:
        letters += sum(map(str.isalnum, item.text))
        if letters >= _FEW_LETTERS:
            return False
    outlines = sum(shape.has_curve and shape.fill for shape in page.vector_graphics.shapes)
    return (
        outlines > _OUTLINES
        or document.pictured(number) > _PICTURED
        or (letters == 0 and document.facts(number).objects > 0)
    )


def is_unreadable(page: Any) -> bool:
    """Say whether many characters of a page are unknown, because their font does not say which letters they are."""
    text = "".join(item.text for item in page.text_items)
    unreadable = count_no_letters(text)
    return unreadable > 0 and unreadable > _UNREADABLE * (sum(map(str.isalnum, text)) + unreadable)


def may_show_text(page: Any, document: PdfPages, number: int) -> bool:
    """Say whether a page that needs recognition shows anything that can be text: pictures, outlines, blank text.

    A lone rule hides no text.
    """
    return (
        any(shape.has_curve and shape.fill for shape in page.vector_graphics.shapes)
        or document.pictured(number) > 0
        or document.draws_text(number)
    )


def recognised_page(document: PdfPages, number: int, ocr: Recognise, page: Any, *, keep: bool) -> Scan | None:
    """Return a page as recognised; None if no word was, or if its own text has more letters and is to be kept."""
    image, scale = document.image(number, dots=READING_DPI)
    words = [word for word in ocr(image) if word[1] >= _SURE_ENOUGH and word[0].strip()]
    words = [word for word in words if word[1] >= _SURE_ALONE or len(word[0]) > 2 or not _is_alone(word[2], words)]
    known = sum(letter.isalnum() for item in page.text_items for letter in item.text)
    if not words:
        return None
    if keep and sum(letter.isalnum() for text, _, _ in words for letter in text) < known:
        return None
    found = [BareWord(text.strip(), (b[0] / scale, b[1] / scale, b[2] / scale, b[3] / scale)) for text, _, b in words]
    rules = _rules(image, scale)
    kept = [not _is_rule(word, rules) for word in found]
    words = [word for word, is_text in zip(words, kept, strict=True) if is_text]
    found = [word for word, is_text in zip(found, kept, strict=True) if is_text]
    angle = lies_at(found)
    wide, tall = document.facts(number)[:2]
    if angle:
        rules = [shown(rule, -angle % 360, wide, tall) for rule in rules]
        found = [word._replace(box=shown(word.box, -angle % 360, wide, tall)) for word in found]
        wide, tall = (tall, wide) if angle % 180 else (wide, tall)
    skew = None
    if abs(slope([word.box for word in found])) > _LEVEL:
        skew = Skew(skew_angle(turned(image.convert("L"), angle)), wide, tall)
        found = [word._replace(box=skew.levelled(word.box)) for word in found]
        wide, tall = skew.size
        rules = _rules(turned(image, angle + skew.angle), scale)
    placed = set_words(found)
    heavy = are_heavy(image, [(w.text, box, w.size * scale) for w, (_, _, box) in zip(placed, words, strict=True)])
    placed = [word._replace(bold=bold) for word, bold in zip(placed, heavy, strict=True)]
    page = parse_pages(text_layer(placed, wide, tall), [1], {})[1]
    across = [rule for rule in rules if rule[2] - rule[0] >= rule[3] - rule[1]]
    return Scan(page, placed, angle, (across, [rule for rule in rules if rule not in across]), skew)


def _rules(image: Image, scale: float) -> list[Box]:
    """Return the ruled lines that are drawn in a picture, in points."""
    drawn = drawn_rules(image, 72 * scale)
    return [(x0 / scale, y0 / scale, x1 / scale, y1 / scale) for x0, y0, x1, y1 in (*drawn.across, *drawn.down)]


def _is_rule(word: BareWord, rules: Sequence[Box]) -> bool:
    """Say whether what was recognised as a word is a piece of a rule: signs like `|` that lie on it."""
    if word.text.strip("|_—–-[]{}()!Il¦=~.,:;'"):
        return False
    x0, y0, x1, y1 = word.box
    return any(
        shared_width((x0 - 2, y0 - 2, x1 + 2, y1 + 2), rule) >= 0 and shared_height((x0, y0 - 2, x1, y1 + 2), rule) >= 0
        for rule in rules
    )


def _is_alone(box: Box, words: Sequence[tuple[str, float, Box]]) -> bool:
    """Say whether no other word stands in the row of *box* within three times its height."""
    x0, y0, x1, y1 = box
    reach = _REACH * (y1 - y0)
    return not any(
        other != box and other[1] < y1 and y0 < other[3] and x0 - reach < other[2] and other[0] < x1 + reach
        for _, _, other in words
    )


def picture_alone(page: Any, document: PdfPages, number: int) -> PageParts:
    """Return a page on which no word was recognised: a photograph is a figure, a scan of blank paper is nothing."""
    found = parts_of(page, words=())
    if not found.parts and document.pictured(number) > _PICTURED:
        image, scale = document.image(number, dots=_DOTS_OF_INK)
        if (box := ink_box(image)) is not None:
            x0, y0, x1, y1 = (value / scale for value in box)
            found.parts.append(Part("figure", (x0, y0, x1, y1)))
    return found
