"""Reads a PDF, ten pages at a time, as pages of layout blocks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from upstage_docs.local.blocks import Block, PageLayout
from upstage_docs.local.geometry import Box, box_of
from upstage_docs.local.losses import Kept, Losses, told
from upstage_docs.local.pdf.layout import NOT_RESTORED, PageParts, finished, parts_of
from upstage_docs.local.pdf.library import (
    WORDS_ALONE,
    drops_letters,
    lay_out_words,
    read_pages,
    upright_words,
    with_all_words,
    without_items,
)
from upstage_docs.local.pdf.margins import repeated, running_keys
from upstage_docs.local.pdf.missed_words import is_seen, lacking_in, missed
from upstage_docs.local.pdf.outline import Outline
from upstage_docs.local.pdf.page_threads import PageThreads
from upstage_docs.local.pdf.parts import Part
from upstage_docs.local.pdf.pdfium import PdfPages
from upstage_docs.local.pdf.picture_labels import DOTS, labelled, may_have_labels
from upstage_docs.local.pdf.restoration import FileText
from upstage_docs.local.pdf.scanned_pages import (
    is_unreadable,
    may_show_text,
    needs_recognition,
    picture_alone,
    recognised_page,
)
from upstage_docs.local.pdf.skew import Skew
from upstage_docs.local.pdf.text_layer import BareWord, Recognise
from upstage_docs.local.pdf.unseen_colours import is_in, unseen_boxes
from upstage_docs.local.refusal import Refusal

BATCH_PAGES = 10
_USER_UNIT, _NO_USER_UNIT = b"/UserUnit", b"/UserUnot"
"""How large a unit of a page is: the PDF library multiplies places by it, sizes of fonts not. Boxes are relative."""
_MOST_OBJECTS = 20_000
"""The PDF library needs the square of a page's lines: 6 seconds for 20,000 (measured). Above it, text is read alone."""
_MOST_PICTURES = 8
"""Of one page whose words are recognised; a page with more is a sheet of icons or photographs."""
_NO_OCR = (
    "and text cannot be recognised here. Install the extra with "
    "`pip install \"upstage-docs[ocr]\"` and Tesseract's language data, or let Upstage's API read it."
)
_IS_A_PICTURE = "the page is a picture, or most of it is,"
_NO_LETTERS = "many letters of the page cannot be read: its fonts do not say which letters they are,"
_NOT_OPENED = "the page is damaged and cannot be opened"
_NOT_RECOGNISED = "the text of the page could not be recognised"
_TOO_MANY_OBJECTS = f"more than {_MOST_OBJECTS:,} things are drawn on the page; only its text is read"
_NOT_TYPED = "a note or form field of the page could not be read, or not whole"
_NO_LABELS = "the words in the pictures of the page could not be recognised"
_NOT_HIDDEN = "text of the page that is not seen could not be told from the rest"
_NO_OUTLINE = "the outline of the document could not be read; levels of headings may be missing"
_NO_RUNNING = "the lines that pages repeat could not be told from their text"
_NOTHING = "nothing of the page could be read"
_NO_CROPS = "the page could not be drawn; its crops are missing"


def read_pdf(
    data: bytes,
    *,
    pages: Sequence[int] | None = None,
    crops: Collection[str] = (),
    ocr: Recognise | None = None,
    force_ocr: bool = False,
    labels: Recognise | None = None,
    alone: tuple[int, int] = (0, 0),
    tell: Callable[[int, int], None] | None = None,
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
        alone: The first and the last of some pages that are read one at a time, not with others.
        tell: Is told the first and the last of the pages that are read next.

    Raises:
        Refusal: 422 if the file is encrypted, damaged, has no pages, or has no text and *ocr* is None.
    """
    if force_ocr and ocr is None:
        raise Refusal(f"Recognised text was asked for (ocr=force), {_NO_OCR}")
    data = data.replace(_USER_UNIT, _NO_USER_UNIT)
    with ExitStack() as opened:
        document = opened.enter_context(closing(PdfPages(data)))
        numbers = list(range(1, document.count + 1) if pages is None else pages)
        if any(not 1 <= number <= document.count for number in numbers):
            raise Refusal(f"The PDF has {document.count} pages; page {max(numbers)} was asked for.", status=400)
        if ocr is None and not document.has_text(numbers):
            raise Refusal(f"The PDF has no text, only pictures of it, {_NO_OCR}")
        losses = Losses()
        unread = partial(losses.kept, min(numbers, default=1))
        outline = told(unread, _NO_OUTLINE, lambda: Outline(document.outline()), None)
        threads = opened.enter_context(closing(PageThreads()))
        for batch in _batches(numbers, alone):
            if tell is not None:
                tell(batch[0], batch[-1])
            for page in _batch(data, document, threads, batch, losses, crops, ocr, labels, force_ocr=force_ocr):
                blocks = page.blocks
                if outline is not None:
                    leveled = partial(outline.told, page.number, page.blocks)
                    blocks = told(partial(losses.kept, page.number), _NO_OUTLINE, leveled, blocks)
                yield replace(page, blocks=blocks, losses=losses.of(page.number))


def _batches(numbers: Sequence[int], alone: tuple[int, int]) -> Iterator[Sequence[int]]:
    """Cut the numbers of pages into batches of ten, and into single ones between those of *alone*."""
    batch: list[int] = []
    for number in numbers:
        single = alone[0] <= number <= alone[1]
        if batch and (single or len(batch) == BATCH_PAGES):
            yield batch
            batch = []
        batch.append(number)
        if single:
            yield batch
            batch = []
    if batch:
        yield batch


def _batch(
    data: bytes,
    document: PdfPages,
    threads: PageThreads,
    numbers: Sequence[int],
    losses: Losses,
    crops: Collection[str],
    ocr: Recognise | None,
    labels: Recognise | None,
    *,
    force_ocr: bool,
) -> Iterator[PageLayout]:
    opened, heavy = [], set()
    for number in numbers:
        with losses.kept(number, _NOT_OPENED):
            if document.facts(number).objects > _MOST_OBJECTS:
                heavy.add(number)
                losses.add(number, _TOO_MANY_OBJECTS)
            opened.append(number)
    light = [number for number in opened if number not in heavy]
    shown = told(partial(losses.kept, numbers[0]), _NOT_HIDDEN, lambda: document.as_shown(data, light), data)
    parsed, turned = read_pages(shown, light, losses)
    scans: dict[int, Skew | None] = {}
    found: dict[int, PageParts] = {}
    read: dict[int, _ReadPage] = {}
    for number in opened:
        with losses.kept(number, WORDS_ALONE):
            kept = partial(losses.kept, number)
            read[number] = _read_page(parsed, document, number, turned.get(number, 0), kept)
    recognised = threads.done(
        {
            number: partial(recognised_page, document, number, ocr, page.page, keep=not force_ocr)
            for number, page in read.items()
            if ocr is not None and (force_ocr or page.needs_recognition)
        }
    )
    for number, (page, needed, file, unseen) in read.items():
        with losses.kept(number, WORDS_ALONE):
            if number in recognised:
                with losses.kept(number, _NOT_RECOGNISED):
                    scan = recognised[number].result()
                    if scan is None and (force_ocr or not any(item.text.strip() for item in page.text_items)):
                        found[number] = picture_alone(page, document, number)
                        scans[number] = None
                    elif scan is not None:
                        found[number] = parts_of(
                            scan.page, words=scan.words, drawn=scan.rules, kept=partial(losses.kept, number)
                        )
                        turned[number] = scan.angle
                        scans[number] = scan.skew
            elif needed and is_unreadable(page):
                losses.add(number, f"{_NO_LETTERS} {_NO_OCR}")
            elif needed and may_show_text(page, document, number):
                losses.add(number, f"{_IS_A_PICTURE} {_NO_OCR}")
            if number not in found:
                seen = page._replace(text_items=[i for i in page.text_items if is_seen(i, page.width, page.height)])
                kept, angle = partial(losses.kept, number), turned.get(number, 0)
                left_out: list[BareWord] = []
                if number in parsed:
                    left_out += told(kept, NOT_RESTORED, partial(_left_out, seen, document, number, angle), [])
                left_out = [word for word in left_out if not is_in(word.box, unseen)]
                typed = partial(document.typed_texts, number, angle, partial(kept, _NOT_TYPED))
                left_out += told(kept, _NOT_TYPED, typed, [])
                subpaths = partial(document.subpaths, number, angle)
                found[number] = parts_of(seen, left_out, file=file, subpaths=subpaths, kept=kept)
        if number not in found and number in parsed:
            with losses.kept(number, WORDS_ALONE):
                found[number] = parts_of(lay_out_words(document, number), kept=partial(losses.kept, number))
                turned.pop(number, None)
    if labels is not None:
        unread = {number: page for number, page in found.items() if number not in scans and number not in turned}
        with_words = threads.done(
            {
                number: partial(_labelled, page, pictures, document, number, labels)
                for number, page in unread.items()
                if 0 < len(pictures := _unread_pictures(page)) <= _MOST_PICTURES
            }
        )
        for number, page_with_words in with_words.items():
            with losses.kept(number, _NO_LABELS):
                found[number] = page_with_words.result()
    running = _running(found, losses)
    for number in numbers:
        blocks: tuple[Block, ...] | None = None
        if number in found:
            with losses.kept(number, WORDS_ALONE):
                blocks = _blocks(
                    found[number], running, turned.get(number, 0), scans.get(number), partial(losses.kept, number)
                )
        if blocks is None and number in opened:
            with losses.kept(number, _NOTHING):
                blocks = _words_alone(document, number)
        blocks = blocks or ()
        if any(block.category in crops for block in blocks):
            with losses.kept(number, _NO_CROPS):
                blocks = _cropped(blocks, document, number, crops)
        yield PageLayout(number, blocks, ocr=number in scans)


class _ReadPage(NamedTuple):
    """A page as read, before any of its text is recognised.

    Attributes:
        page: Of the library, or laid out from its words.
        needs_recognition: Whether it seems to show text that it does not have.
        file: The file's text, to complete the page's own; None if that is the file's already.
        unseen: The boxes of text that the page draws in the colour of its ground, and that it does not have.
    """

    page: Any
    needs_recognition: bool
    file: FileText | None
    unseen: Sequence[Box]


def _read_page(parsed: dict[int, Any], document: PdfPages, number: int, angle: int, kept: Kept) -> _ReadPage:
    of_file = number not in parsed
    page = lay_out_words(document, number) if of_file else parsed[number]
    if not of_file and told(kept, NOT_RESTORED, lambda: drops_letters(page, document, number, angle), otherwise=False):
        page = with_all_words(page, document, number, angle)
        of_file = True
    hidden = (
        [] if of_file or angle else told(kept, _NOT_HIDDEN, lambda: unseen_boxes(page, document, number), list[Box]())
    )
    if hidden:
        page = without_items(page, lambda item: is_in(box_of(item), hidden))
    file = None if of_file else told(kept, NOT_RESTORED, lambda: document.file_text(number, angle), None)
    needed = told(kept, _NOT_RECOGNISED, lambda: needs_recognition(page, document, number), otherwise=False)
    return _ReadPage(page, needed, file, hidden)


def _running(found: dict[int, PageParts], losses: Losses) -> Collection[str]:
    """Return the keys of lines that are repeated on pages; a page that does not tell its lines is not counted."""
    lines = []
    for number, page in found.items():
        with losses.kept(number, _NO_RUNNING):
            lines.append(running_keys(page.parts, page.height))
    if not lines:
        return ()
    return told(partial(losses.kept, min(found)), _NO_RUNNING, lambda: repeated(lines), ())


def _unread_pictures(page: PageParts) -> list[Part]:
    return [part for part in page.parts if may_have_labels(part, page.width, page.height)]


def _labelled(page: PageParts, unread: Sequence[Part], document: PdfPages, number: int, labels: Recognise) -> PageParts:
    """Return a page with the words in its charts and diagrams that are pictures."""
    image, scale = document.image(number, dots=DOTS)
    read = {id(part): labelled(part, image, scale, labels) for part in unread}
    return page._replace(parts=[read.get(id(part), part) for part in page.parts])


def _blocks(page: PageParts, running: Collection[str], angle: int, skew: Skew | None, kept: Kept) -> tuple[Block, ...]:
    blocks = finished(page, running, kept)
    if skew is not None:
        blocks = tuple(replace(b, box=skew.back(b.box)) if b.box else b for b in blocks)
    return tuple(replace(b, box=_turned_back(b.box, angle)) for b in blocks) if angle else blocks


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


def _left_out(page: Any, document: PdfPages, number: int, angle: int) -> list[BareWord]:
    """Return the words of the text layer that the PDF library left out, where the page is upright."""
    lacking = lacking_in((item.text for item in page.text_items), document.facts(number).text)
    words = upright_words(document, number, angle, lacking) if lacking.letters else []
    return missed(page.text_items, words, lacking, page.height)


def _words_alone(document: PdfPages, number: int) -> tuple[Block, ...]:
    """Return the text layer of a page as one paragraph, where nothing else can be told of it."""
    lines = (" ".join(line.split()) for line in document.facts(number).text.splitlines())
    text = "\n".join(filter(None, lines))
    return (Block("paragraph", text),) if text else ()


def _cropped(blocks: Sequence[Block], document: PdfPages, number: int, crops: Collection[str]) -> tuple[Block, ...]:
    image, _ = document.image(number, dots=150)
    return tuple(
        replace(block, crop=document.crop(image, block.box)) if block.category in crops and block.box else block
        for block in blocks
    )
