"""Lays out one page: from liteparse's words to blocks in reading order, with categories."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, NamedTuple

from upstage_docs.local.blocks import Block
from upstage_docs.local.geometry import Box, bounds, box_of, middle
from upstage_docs.local.losses import Kept, told
from upstage_docs.local.pdf.bullets import bullets_of
from upstage_docs.local.pdf.categories import categorise
from upstage_docs.local.pdf.contents import contents_of
from upstage_docs.local.pdf.drop_caps import with_drop_caps
from upstage_docs.local.pdf.formulas import is_formula_text
from upstage_docs.local.pdf.line_numbers import line_numbers
from upstage_docs.local.pdf.lines import Line, lines_of
from upstage_docs.local.pdf.listings import indented, listings_of
from upstage_docs.local.pdf.order import reading_order
from upstage_docs.local.pdf.paragraphs import paragraphs_of
from upstage_docs.local.pdf.parts import Part, body_size
from upstage_docs.local.pdf.regions import paths_of, regions_of
from upstage_docs.local.pdf.restoration import FileText, restored, without_controls
from upstage_docs.local.pdf.subpaths import Subpath
from upstage_docs.local.pdf.tables.rules import rules_of
from upstage_docs.local.pdf.text_layer import BareWord, fit
from upstage_docs.local.pdf.vector_paths import Path
from upstage_docs.local.pdf.weight_changes import cut_at_weights
from upstage_docs.local.pdf.word_pieces import pieces_by_file
from upstage_docs.local.pdf.words import Word, ink, is_heavy_name

NOT_RESTORED = "what the PDF library left out or joined on the page could not be put right"
_NO_DRAWINGS = "what is drawn on the page could not be told; its tables and pictures may be missing"
_NO_DROP_CAPS = "a large first letter of the page could not be put to its word"
_NO_BULLETS = "the drawn bullets of the lists of the page could not be told"
_NO_LINE_NUMBERS = "the numbers of lines beside the text of the page could not be told from it"
_NO_BLOCKS = "the columns of the page could not be told by the PDF library"
_NO_FORMULA = "the formulas within the lines of the page could not be told from its pictures"
_NO_CONTENTS = "a table of contents of the page could not be told from its text"
_NO_LISTING = "a listing of code of the page could not be told from its text"
_NO_CATEGORIES = "the headings, lists and notes of the page could not be told from its text"
_NO_ORDER = "the order in which the page is read could not be told; its parts are in the order from top to bottom"
_HEAVY = 600
_PLAIN_NAME = re.compile(r"regular|roman|book|light|-it(?:alic)?$", re.IGNORECASE)
_SMALL_NUMBER = re.compile(r"\d{1,4}\s?\S*[^\W\d]")
# Measured on eighty benchmark pages: a fifth more or less changes the blocks of one for _LEANING_BASELINE,
# _PARAGRAPH_GAP and _INSET, of two or three for _NOTE_LARGER and _NOTE_DEPTH, of four for _BASELINE, of ten for
# _NOTE_TALLER, and of none for most others. A _LEAST_HEIGHT above 1, _PIXELS and _PAD are seen in each block.
_ACROSS_LINE = 0.5
"""Of the width of a slanted text: so much of it, times its slope, is added to its height if it truly leans."""
_SLANTED_LARGER = 1.15
"""Of the size that the library tells of slanted letters: their true size is at most so much more."""
_NOTE_TALLER, _NOTE_LARGER, _NOTE_DEPTH = 1.22, 1.34, 0.2
"""A text behind a small number: how much taller than the number's font its box is at least, of that size how large the
text is at most, and font sizes from the foot of its box up to its baseline."""
_LEAST_ASCENT, _LEAST_HEIGHT = 0.3, 0.9
"""Font sizes of an ascent that is believed, and of its font's height how tall a box is that its ascent is in."""
_LARGEST_IN_BOX, _BASELINE = 1.6, 0.8
"""Where the font tells nothing: heights of the box that the font size is at most, and that its baseline is down."""
_AXIS, _LEANING_BASELINE = 0.25, 0.3
"""Font sizes from the middle of a formula, and of a leaning text, down to the baseline."""
_UNKNOWN_SIZE = 10.0
"""Points: the font size of a text that tells none."""
_IN_LINE, _BESIDE_FORMULA = 0.5, 0.8
"""Font sizes: how far below the baseline of a word beside it a drawn formula ends, and how far away it is, at most."""
_PARAGRAPH_GAP = 0.6
"""Font sizes of white between two columns that are read one after the other, at least."""
_INSET = 1.5
"""Points by which boxes are lowered before they are put in order: those of neighbours touch."""
_PIXELS = 1.5
"""Pixels of a point at about 110 dots per inch, as of the API's pages."""
_PAD = 0.12
"""Of the font size: how far the box of a text stands off its ink."""
_ASKEW, _SLANT = 2.0, 25.0
"""Degrees: text that leans less is read as upright; letters are slanted by less."""


_NO_TEXTS = {"figure", "chart", "table", "equation", "caption"}
"""Categories of what floats to the top of a column, with its caption."""

Rules = tuple["list[Box]", "list[Box]"]
"""Horizontal and vertical rules, in points."""


class PageParts(NamedTuple):
    """The parts of a page before their categories are decided; sizes and rules in points."""

    parts: list[Part]
    rules: list[Box]
    width: float
    height: float


def parts_of(
    page: Any,
    left_out: Sequence[BareWord] = (),
    *,
    words: Sequence[Word] | None = None,
    file: FileText | None = None,
    drawn: Rules | None = None,
    subpaths: Callable[[], Sequence[Subpath]] = tuple,
    kept: Kept = nullcontext,
) -> PageParts:
    """Return the parts of a liteparse page; tables, pictures and the like have their category already.

    Args:
        page: The page.
        left_out: Words of the page that its text items do not have.
        words: Its words where they were recognised; its text items are not looked at then.
        file: The page's text as the file has it, to complete its text items; None leaves these as they are.
        drawn: Its rules where they were found in its picture; None takes those that the page itself tells.
        subpaths: Tells what it draws point by point, to read the data of charts off; asked where there may be one.
        kept: Keeps the rest of the page where a table, a picture or the like cannot be told; none raises the error.
    """
    items = [item for item in page.text_items if without_controls(item.text).strip()] if words is None else []
    turned, upright = [], []
    for item in items:
        if _leans(item):
            turned.append(item)
        else:
            upright.append(_word(item, leans=False))
    paths = told(kept, _NO_DRAWINGS, lambda: paths_of(page), list[Path]())
    nothing: Rules = ([], [])
    rules, sides = told(kept, _NO_DRAWINGS, lambda: rules_of(page, paths), nothing) if drawn is None else drawn
    if file is not None:
        upright = _as_in_file(upright, file, sides, kept)
    leaning_words = [_word(item, leans=True) for item in turned]
    every = [*leaning_words, *(words or ()), *upright, *map(_bare_word, left_out)]
    if not turned:  # these are looked up by their numbers
        every = told(kept, _NO_DROP_CAPS, lambda: with_drop_caps(every), every)
    bullets = told(kept, _NO_BULLETS, lambda: bullets_of(paths, every), list[Word]())
    every += bullets
    marks = {bullet.box for bullet in bullets}
    paths = [path for path in paths if path.box not in marks] if marks else paths  # on a shade, these are no drawing
    taken = [False] * len(every)
    numbered = told(kept, _NO_LINE_NUMBERS, lambda: line_numbers(every, rules), list[list[int]]())
    for column in numbered:
        for index in column:
            taken[index] = True
    held = list(taken)  # where it fails, no word is in a region

    def regions() -> tuple[list[Part], list[bool]]:
        return regions_of(page, paths, every, held, rules, sides, pieces_by_file(file), subpaths, kept), held

    parts, taken = told(kept, _NO_DRAWINGS, regions, (list[Part](), taken))
    parts += [_footer_of([every[i] for i in column]) for column in numbered]
    leaning: defaultdict[int, list[Any]] = defaultdict(list)
    for index, item in enumerate(turned):
        if not taken[index]:
            taken[index] = True
            leaning[round(item.rotation)].append(item)
    for angle, group in leaning.items():
        parts += _leaning(group, angle)
    free = [word for word, used in zip(every, taken, strict=True) if not used]
    parts, blanks = told(kept, _NO_FORMULA, lambda: _inline(parts, free), (parts, list[Word]()))
    free += blanks
    lines = lines_of(free, told(kept, _NO_BLOCKS, lambda: _library_blocks(page, free), [-1] * len(free)))
    contents, lines = told(kept, _NO_CONTENTS, lambda: contents_of(lines), (list[Part](), lines))
    listings, lines = told(kept, _NO_LISTING, lambda: listings_of(lines), (list[Part](), lines))
    for paragraph in paragraphs_of(lines, rules):
        parts.append(Part("", paragraph.box, lines=paragraph.lines))
    return PageParts(
        [*parts, *contents, *listings],
        rules,
        page.width,
        page.height,
    )


def _as_in_file(words: list[Word], file: FileText, sides: Sequence[Box], kept: Kept) -> list[Word]:
    """Return the words of a page with the spaces and letters that the file has, cut where its fonts change weight."""
    words = told(kept, NOT_RESTORED, lambda: restored(words, file, sides), words)
    return told(kept, NOT_RESTORED, lambda: cut_at_weights(words, file), words)


def _footer_of(numbers: Sequence[Word]) -> Part:
    """Return the numbers of lines as what belongs to the page, not to its text."""
    return Part("footer", bounds(word.box for word in numbers), lines=tuple(Line([word]) for word in numbers))


def finished(page: PageParts, running: Collection[str], kept: Kept = nullcontext) -> tuple[Block, ...]:
    """Return the blocks of a page in reading order, boxes relative to the page.

    Args:
        page: What `parts_of` found.
        running: Keys of lines that are repeated on other pages; see `margins.running_key`.
        kept: Keeps the rest of the page where categories or the order cannot be told; none raises the error.
    """
    parts = [part if part.category else replace(part, category="paragraph") for part in page.parts]
    with kept(_NO_CATEGORIES):
        parts = categorise(page.parts, page.width, page.height, rules=page.rules, running=running)
    parts.sort(key=lambda part: (part.box[1], part.box[0]))
    with kept(_NO_ORDER):
        parts = _ordered(parts)
    return tuple(_block(part, page.width, page.height, kept) for part in parts)


def _leans(item: Any) -> bool:
    """Say whether a text item is turned; one whose letters are slanted, as programs make italics, is no taller."""
    angle = abs((item.rotation + 180) % 360 - 180)
    if angle <= _ASKEW or angle > _SLANT:
        return bool(angle > _SLANT)
    turned = (item.font_height or item.height) + _ACROSS_LINE * item.width * math.tan(math.radians(angle))
    return bool(item.height > turned)


def _word(item: Any, *, leans: bool) -> Word:
    """Take over a text item; its box may span several fonts, so that only its top and its first font are reliable."""
    text = without_controls(item.text).strip()
    x, y, wide, tall, name = item.x, item.y, item.width, item.height, item.font_name or ""
    size = item.font_height or item.font_size or tall or 1.0
    if item.rotation and not leans:  # of slanted letters, the library tells a smaller size
        size = max(size, min(tall, _SLANTED_LARGER * size))
    unit = item.font_size or 1.0
    ascent, descent = (item.font_ascent or 0.0) / unit, (item.font_descent or 0.0) / unit
    height = (ascent - descent) * size
    if height > 0 and tall > _NOTE_TALLER * height and _SMALL_NUMBER.match(text):
        # The number of a note or of a line stands before the text, and is all that the library tells of its font.
        size = min(tall, _NOTE_LARGER * size)
        baseline = y + tall - _NOTE_DEPTH * size
    elif ascent > _LEAST_ASCENT and tall > _LEAST_HEIGHT * height > 0:
        baseline = y + ascent * size
    else:
        size = min(size, _LARGEST_IN_BOX * tall) if tall > 0 else size
        baseline = y + _BASELINE * tall
    x0, x1 = x, x + max(wide, 0.1)
    if not name and is_formula_text(text):  # as the library reads it: of several heights about one axis
        axis = y + tall / 2
        return Word(text, (x0, y, x1, y + tall), axis + _AXIS * size, size, False, "")
    if leans:
        box = (x0, y, x1, y + max(tall, 0.1))
        return Word(text, box, baseline, size, _is_heavy(item), "", angle=round(item.rotation))
    top, bottom = ink(text, baseline, size)
    colour = (item.fill_color or "")[::2]  # the first digit of each channel of `aarrggbb`: what the eye tells apart
    return Word(text, (x0, top, x1, bottom), baseline, size, _is_heavy(item), name, colour)


def _bare_word(word: BareWord) -> Word:
    baseline, size = fit(word)
    return Word(word.text, word.box, baseline, size, False, "")


def _is_heavy(item: Any) -> bool:
    name = item.font_name or ""
    if is_heavy_name(name):
        return True
    return (item.font_weight or 400) >= _HEAVY and not _PLAIN_NAME.search(name)  # the weight is told by the stems


def _leaning(items: Sequence[Any], angle: int) -> list[Part]:
    """Gather text that runs at *angle* degrees clockwise: turned upright, made to paragraphs, turned back."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    words = []
    for item in items:
        x, y = item.x + item.width / 2, item.y + item.height / 2
        along, across = x * cos + y * sin, y * cos - x * sin
        size = item.font_height or item.font_size or _UNKNOWN_SIZE
        if abs(cos) >= abs(sin):
            length = (item.width - size * abs(sin)) / abs(cos)
        else:
            length = (item.height - size * abs(cos)) / abs(sin)
        half = max(length, size / 4) / 2
        text, baseline = without_controls(item.text).strip(), across + _LEANING_BASELINE * size
        top, bottom = ink(text, baseline, size)
        words.append(Word(text, (along - half, top, along + half, bottom), baseline, size, _is_heavy(item), ""))
    parts = []
    for paragraph in paragraphs_of(lines_of(words, [-1] * len(words)), []):
        x0, y0, x1, y1 = paragraph.box
        corners = [(u * cos - v * sin, v * cos + u * sin) for u in (x0, x1) for v in (y0, y1)]
        box = bounds((x, y, x, y) for x, y in corners)
        parts.append(Part("paragraph", box, lines=paragraph.lines))
    return parts


def _inline(parts: Sequence[Part], words: Sequence[Word]) -> tuple[list[Part], list[Word]]:
    """Return the parts without the formulas that are drawn within a line of text, and a blank word for each of those.

    The blank keeps the line together; what it says is not known.
    """
    kept, blanks = [], []
    for part in parts:
        beside = None
        if part.category == "equation" and not part.lines:
            x0, y0, x1, y1 = part.box
            beside = next(
                (
                    word
                    for word in words
                    if y0 - 2 < word.baseline < y1 + _IN_LINE * word.size
                    and max(x0 - word.box[2], word.box[0] - x1) < _BESIDE_FORMULA * word.size
                ),
                None,
            )
        if beside is None:
            kept.append(part)
        else:
            box = (part.box[0], beside.box[1], part.box[2], beside.box[3])
            blanks.append(Word("", box, beside.baseline, beside.size, False, ""))
    return kept, blanks


def _library_blocks(page: Any, words: Sequence[Word]) -> list[int]:
    """Return for each word the number of the smallest library block that holds it, -1 for none."""
    boxes = sorted(
        (b.bbox.width * b.bbox.height, number, box_of(b.bbox))
        for number, b in enumerate(page.blocks)
        if b.bbox is not None and b.kind not in {"rule", "figure"}
    )
    found = []
    for word in words:
        x, y = middle(word.box)
        found.append(next((n for _, n, box in boxes if box[0] <= x <= box[2] and box[1] - 1 <= y <= box[3] + 1), -1))
    return found


def _ordered(parts: Sequence[Part]) -> list[Part]:
    """Order by reading; headers come first, footnotes and footers last, whatever the columns."""
    gap = _PARAGRAPH_GAP * body_size(parts)
    ordered: list[Part] = []
    last = ("footnote", "footer")
    for group in (
        [part for part in parts if part.category == "header"],
        [part for part in parts if part.category != "header" and part.category not in last],
        *([part for part in parts if part.category == category] for category in last),
    ):
        boxes, texts = [_inset(part) for part in group], [part.category not in _NO_TEXTS for part in group]
        ordered += [group[i] for i in reading_order(boxes, texts, gap)]
    return ordered


def _inset(part: Part) -> Box:
    x0, y0, x1, y1 = part.box
    inset = min(_INSET, (y1 - y0) / 4)
    return x0, y0 + inset, x1, y1 - inset


def _block(part: Part, width: float, height: float, kept: Kept) -> Block:
    pad = _PAD * part.size if part.category not in {"table", "figure", "chart"} else 0.0
    box = part.box[0] - pad, part.box[1] - pad, part.box[2] + pad, part.box[3] + pad
    relative = (value / size for value, size in zip(box, (width, height, width, height), strict=True))
    x0, y0, x1, y1 = (min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0 for value in relative)
    pixels = round(part.size * _PIXELS) or Block.font_size
    text = part.text
    if part.category == "code":
        text = told(kept, _NO_LISTING, lambda: indented(part), text)
    block = Block(part.category, text, (x0, y0, x1, y1), font_size=pixels)
    if part.facts:
        block = replace(block, chart=part.facts, measured=True, sub_category=_kind_of_chart(part))
    return replace(block, rows=part.rows, header_rows=part.header_rows) if part.rows else block


def _kind_of_chart(part: Part) -> str:
    """Return the kind of a chart whose data were read off, the first one of several."""
    return dict(part.facts)["Chart Type"].split(",")[0]
