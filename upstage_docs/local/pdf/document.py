"""PDF bytes → pages of layout blocks, ten pages at a time; knows no protocol and starts no process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, NamedTuple

from upstage_docs.local.blocks import Block, Box, PageLayout, Refusal
from upstage_docs.local.losses import Losses, is_survivable
from upstage_docs.local.ocr.page_images import ink_box
from upstage_docs.local.pdf.layout import PageParts, finished, parts_of
from upstage_docs.local.pdf.lines import Word
from upstage_docs.local.pdf.margins import repeated
from upstage_docs.local.pdf.missed_words import letters_of, missed
from upstage_docs.local.pdf.parts import Part
from upstage_docs.local.pdf.pdfium import PdfPages, shown
from upstage_docs.local.pdf.picture_labels import DOTS, labelled, may_have_labels
from upstage_docs.local.pdf.stroke_weight import are_heavy
from upstage_docs.local.pdf.text_layer import Recognise, ScannedWord, lies_at, set_words, text_layer

__all__ = ["Recognise", "read_pdf"]

BATCH_PAGES = 10
_MOST_OBJECTS = 20_000
"""The PDF library needs the square of a page's lines: 6 seconds for 20,000 (measured). Above it, text is read alone."""
_MOST_PICTURES = 8
"""Of one page whose words are recognised; a page with more is a sheet of icons or photographs."""
_FEW_LETTERS = 50
_PICTURED = 0.3
"""Share of a page from which on a picture may be a scan of its text."""
_DOTS_OF_INK = 50
"""Per inch: enough to tell paper from a photograph."""
_SURE_ENOUGH = 0.25
_SURE_ALONE = 0.85
"""One or two letters that stand alone are more often a pictogram than text."""
_NO_OCR = (
    "and text cannot be recognised here. Install the extra with "
    "`pip install \"upstage-docs[ocr]\"` and Tesseract's language data, or let Upstage's API read it."
)
_IS_A_PICTURE = "the page is a picture, or most of it is,"
_NOT_OPENED = "the page is damaged and cannot be opened"
_NOT_RECOGNISED = "the text of the page could not be recognised"
_TOO_MANY_OBJECTS = f"more than {_MOST_OBJECTS:,} things are drawn on the page, its text alone is read"
_NO_LABELS = "the words in the pictures of the page could not be recognised"
_WORDS_ALONE = "the layout of the page could not be told, its words stand without it"
_NOTHING = "nothing of the page could be read"
_NO_CROPS = "the page could not be drawn, its crops are missing"


class _Scan(NamedTuple):
    """A recognised page: as the PDF library reads its text layer, its words, and at what angle they lay."""

    page: Any
    words: list[Word]
    angle: int


def read_pdf(
    data: bytes,
    *,
    pages: Sequence[int] | None = None,
    crops: Collection[str] = (),
    ocr: Recognise | None = None,
    force_ocr: bool = False,
    labels: Recognise | None = None,
) -> Iterator[PageLayout]:
    """Yield the pages of a PDF in order, as soon as their batch of ten is understood.

    A page that cannot be read has what can still be told of it, its words or nothing, and says so in its `losses`.

    Args:
        data: The file.
        pages: Which pages, 1-based and ascending; all if None.
        crops: Categories whose blocks get a JPEG crop.
        ocr: What recognises the words of pages without usable text; None if there is no such thing here.
        force_ocr: Whether every page is recognised, whatever text it has.
        labels: What recognises the words in charts and diagrams that are pictures; None leaves them unread.

    Raises:
        Refusal: 422 if the file is encrypted, damaged, has no pages, or has no text and *ocr* is None.
    """
    if force_ocr and ocr is None:
        raise Refusal(f"Recognised text was asked for (ocr=force), {_NO_OCR}")
    with closing(PdfPages(data)) as document:
        numbers = list(range(1, document.count + 1) if pages is None else pages)
        if any(not 1 <= number <= document.count for number in numbers):
            raise Refusal(f"The PDF has {document.count} pages; page {max(numbers)} was asked for.", status=400)
        if ocr is None and not document.has_text(numbers):
            raise Refusal(f"The PDF has no text, only pictures of it, {_NO_OCR}")
        for start in range(0, len(numbers), BATCH_PAGES):
            batch = numbers[start : start + BATCH_PAGES]
            yield from _batch(data, document, batch, crops, ocr, labels, force_ocr=force_ocr)


def _batch(
    data: bytes,
    document: PdfPages,
    numbers: Sequence[int],
    crops: Collection[str],
    ocr: Recognise | None,
    labels: Recognise | None,
    *,
    force_ocr: bool,
) -> Iterator[PageLayout]:
    losses = Losses()
    opened, heavy = [], set()
    for number in numbers:
        with losses.kept(number, _NOT_OPENED):
            if document.facts(number).objects > _MOST_OBJECTS:
                heavy.add(number)
                losses.add(number, _TOO_MANY_OBJECTS)
            opened.append(number)
    parsed, turned = _understood(data, [number for number in opened if number not in heavy], losses)
    scans: set[int] = set()
    found: dict[int, PageParts] = {}
    for number in opened:
        with losses.kept(number, _WORDS_ALONE):
            bare = number not in parsed
            page = _text_alone(document, number) if bare else parsed[number]
            needed = _needs_ocr(page, document, number)
            if ocr is not None and (force_ocr or needed):
                with losses.kept(number, _NOT_RECOGNISED):
                    scan = _recognised(document, number, ocr, page, keep=not force_ocr)
                    if scan is None and (force_ocr or not any(item.text.strip() for item in page.text_items)):
                        found[number] = _picture_alone(page, document, number)
                        scans.add(number)
                    elif scan is not None:
                        found[number] = parts_of(scan.page, words=scan.words)
                        turned[number] = scan.angle
                        scans.add(number)
            elif needed and _may_show_text(page, document, number):
                losses.add(number, f"{_IS_A_PICTURE} {_NO_OCR}")
            if number not in found:
                found[number] = parts_of(page, [] if bare else _left_out(page, document, number, turned))
                if labels is not None and number not in turned:
                    with losses.kept(number, _NO_LABELS):
                        found[number] = _labelled(found[number], document, number, labels)
        if number not in found and number in parsed:
            with losses.kept(number, _WORDS_ALONE):
                found[number] = parts_of(_text_alone(document, number))
                turned.pop(number, None)
    running = _running(found, losses)
    for number in numbers:
        blocks: tuple[Block, ...] | None = None
        if number in found:
            with losses.kept(number, _WORDS_ALONE):
                blocks = _blocks(found[number], running, turned.get(number, 0))
        if blocks is None and number in opened:
            with losses.kept(number, _NOTHING):
                blocks = _words_alone(document, number)
        blocks = blocks or ()
        if any(block.category in crops for block in blocks):
            with losses.kept(number, _NO_CROPS):
                blocks = _cropped(blocks, document, number, crops)
        yield PageLayout(number, blocks, ocr=number in scans, losses=losses.of(number))


def _understood(data: bytes, numbers: Sequence[int], losses: Losses) -> tuple[dict[int, Any], dict[int, int]]:
    """Return what the PDF library reads of pages, and the clockwise degrees at which the text of some of them lies.

    A page that it cannot read is left out.
    """
    parsed = _each_parsed(data, numbers, {}, losses)
    turned: dict[int, int] = {}
    for number, page in parsed.items():
        with losses.kept(number, _WORDS_ALONE):
            if angle := _lies_at(page):
                turned[number] = angle
    upright = _each_parsed(data, list(turned), turned, losses)
    return parsed | upright, {number: angle for number, angle in turned.items() if number in upright}


def _each_parsed(data: bytes, numbers: Sequence[int], turned: dict[int, int], losses: Losses) -> dict[int, Any]:
    """Read pages with the PDF library, all at once, and those one by one that it does not give then."""
    pages: dict[int, Any] = {}
    try:
        pages = _parsed(data, numbers, turned)
    except BaseException as error:
        if not is_survivable(error):
            raise
    for number in numbers:
        if number not in pages:
            with losses.kept(number, _WORDS_ALONE):
                alone = {number: turned[number]} if number in turned else {}
                pages[number] = _parsed(data, [number], alone)[number]
    return pages


def _running(found: dict[int, PageParts], losses: Losses) -> Collection[str]:
    """Return the keys of lines that are repeated on pages; a page that does not tell its lines is not counted."""
    told = []
    for number, page in found.items():
        with losses.kept(number, _WORDS_ALONE):
            repeated([(page.parts, page.height)])
            told.append((page.parts, page.height))
    return repeated(told)


def _labelled(page: PageParts, document: PdfPages, number: int, labels: Recognise) -> PageParts:
    """Return a page with the words in its charts and diagrams that are pictures."""
    unread = [part for part in page.parts if may_have_labels(part, page.width, page.height)]
    if not 0 < len(unread) <= _MOST_PICTURES:
        return page
    image, scale = document.image(number, dots=DOTS)
    read = {id(part): labelled(part, image, scale, labels) for part in unread}
    return page._replace(parts=[read.get(id(part), part) for part in page.parts])


def _blocks(page: PageParts, running: Collection[str], angle: int) -> tuple[Block, ...]:
    blocks = finished(page, running)
    return tuple(replace(b, box=_turned_back(b.box, angle)) for b in blocks) if angle else blocks


def _parsed(data: bytes, numbers: Sequence[int], turned: dict[int, int]) -> dict[int, Any]:
    """Read pages with the PDF library; *turned* are the clockwise degrees at which the text of a page lies.

    What the library makes nothing of is left out.
    """
    if not numbers:
        return {}
    from liteparse import LiteParse

    parser = LiteParse(
        ocr_enabled=False,  # its default downloads data
        quiet=True,
        target_pages=",".join(map(str, numbers)),
        page_orientation_corrections=sorted(turned.items()),
        extract_blocks=True,
        keep_headers_footers=True,
        extract_links=False,
        extract_text_metadata=True,
        extract_vector_graphics=True,
        preserve_very_small_text=True,
    )
    return {page.page_num: page for page in parser.parse(data).pages}


def _lies_at(page: Any) -> int:
    """Return the clockwise degrees, in quarter turns, at which more than half of the text of *page* lies."""
    letters: Counter[int] = Counter()
    for item in page.text_items:
        letters[round(item.rotation / 90) % 4 * 90] += len(item.text)
    angle, number = letters.most_common(1)[0] if letters else (0, 0)
    return angle if number > 0.5 * letters.total() else 0


def _turned_back(box: Box | None, angle: int) -> Box | None:
    """Turn a relative box of the upright page back to the page as it is shown."""
    if box is None:
        return None
    x0, y0, x1, y1 = box
    match angle:
        case 90:
            return 1 - y1, x0, 1 - y0, x1
        case 180:
            return 1 - x1, 1 - y1, 1 - x0, 1 - y0
        case 270:
            return y0, 1 - x1, y1, 1 - x0
    return box


def _left_out(page: Any, document: PdfPages, number: int, turned: dict[int, int]) -> list[ScannedWord]:
    """Return the words of the text layer that the PDF library left out, where the page is upright."""
    have, want = letters_of(item.text for item in page.text_items), letters_of([document.facts(number).text])
    lacking = want - have
    words = document.words(number, lacking) if lacking else []
    if angle := turned.get(number, 0):
        wide, tall, *_ = document.facts(number)
        words = [ScannedWord(text, shown(box, -angle % 360, wide, tall)) for text, box in words]
    return missed(page.text_items, words, lacking, page.width, page.height)


def _text_alone(document: PdfPages, number: int) -> Any:
    words = set_words(document.words(number))
    return _parsed(text_layer(words, *document.facts(number)[:2]), [1], {})[1]


def _picture_alone(page: Any, document: PdfPages, number: int) -> PageParts:
    """Return a page on which no word is recognised: a photograph is a figure, a scan of blank paper is nothing."""
    found = parts_of(page, words=())
    if not found.parts and document.pictured(number) > _PICTURED:
        image, scale = document.image(number, dots=_DOTS_OF_INK)
        if (box := ink_box(image)) is not None:
            x0, y0, x1, y1 = (value / scale for value in box)
            found.parts.append(Part("figure", (x0, y0, x1, y1)))
    return found


def _words_alone(document: PdfPages, number: int) -> tuple[Block, ...]:
    """Return the text layer of a page as one paragraph, where nothing else can be told of it."""
    lines = (" ".join(line.split()) for line in document.facts(number).text.splitlines())
    text = "\n".join(filter(None, lines))
    return (Block("paragraph", text),) if text else ()


def _may_show_text(page: Any, document: PdfPages, number: int) -> bool:
    """Say whether a page that needs recognition has a picture or outlines of letters; a lone rule hides no text."""
    shapes = page.vector_graphics.shapes if page.vector_graphics else []
    return document.pictured(number) > 0 or any(shape.has_curve and shape.fill for shape in shapes)


def _needs_ocr(page: Any, document: PdfPages, number: int) -> bool:
    """Say whether the text layer of a page is missing, unreadable, or a few words beside a picture of the text."""
    text = "".join(item.text for item in page.text_items)
    letters = sum(map(str.isalnum, text))
    unreadable = sum(letter == "\ufffd" or "\ue000" <= letter <= "\uf8ff" for letter in text)
    if unreadable > 0.3 * (letters + unreadable):
        return document.facts(number).objects > 0
    if letters >= _FEW_LETTERS:
        return False
    shapes = page.vector_graphics.shapes if page.vector_graphics else []
    outlines = sum(bool(shape.has_curve and shape.fill) for shape in shapes)
    return (
        document.pictured(number) > _PICTURED or outlines > 100 or (letters == 0 and document.facts(number).objects > 0)
    )


def _recognised(document: PdfPages, number: int, ocr: Recognise, page: Any, *, keep: bool) -> _Scan | None:
    """Return a page as recognised; None if no word is, or if its own text is to be kept: more letters are in it."""
    image, scale = document.image(number, dots=300)
    words = [word for word in ocr(image) if word[1] >= _SURE_ENOUGH and word[0].strip()]
    words = [word for word in words if word[1] >= _SURE_ALONE or len(word[0]) > 2 or not _is_alone(word[2], words)]
    known = sum(letter.isalnum() for item in page.text_items for letter in item.text)
    if not words:
        return None
    if keep and sum(letter.isalnum() for text, _, _ in words for letter in text) < known:
        return None
    found = [
        ScannedWord(text.strip(), (b[0] / scale, b[1] / scale, b[2] / scale, b[3] / scale)) for text, _, b in words
    ]
    angle = lies_at(found)
    wide, tall = document.facts(number)[:2]
    if angle:
        found = [ScannedWord(text, shown(box, -angle % 360, wide, tall)) for text, box in found]
        wide, tall = (tall, wide) if angle % 180 else (wide, tall)
    placed = set_words(found)
    heavy = are_heavy(image, [(w.text, box, w.size * scale) for w, (_, _, box) in zip(placed, words, strict=True)])
    placed = [replace(word, bold=bold) for word, bold in zip(placed, heavy, strict=True)]
    return _Scan(_parsed(text_layer(placed, wide, tall), [1], {})[1], placed, angle)


def _is_alone(box: Box, words: Sequence[tuple[str, float, Box]]) -> bool:
    """Say whether no other word stands in the row of *box* within three times its height."""
    x0, y0, x1, y1 = box
    reach = 3 * (y1 - y0)
    return not any(
        other != box and other[1] < y1 and y0 < other[3] and x0 - reach < other[2] and other[0] < x1 + reach
        for _, _, other in words
    )


def _cropped(blocks: Sequence[Block], document: PdfPages, number: int, crops: Collection[str]) -> tuple[Block, ...]:
    image, _ = document.image(number, dots=150)
    return tuple(
        replace(block, crop=document.crop(image, block.box)) if block.category in crops and block.box else block
        for block in blocks
    )
