"""Reads pages with liteparse, and lays a page out from its words alone where liteparse cannot."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from upstage_docs.local.losses import Losses, is_survivable
from upstage_docs.local.pdf.missed_words import Lacking, count_letters
from upstage_docs.local.pdf.pdfium import PdfPages, shown
from upstage_docs.local.pdf.text_layer import BareWord, set_words, text_layer

_LIBRARY_LOCK = threading.Lock()
"""Pages are recognised in several threads; the library holds a copy of pdfium, which takes one at a time."""
_DROPPED = 0.2
"""Of a page's letters: the library drops 40 to 91 % of them on 7 of 199 pages, and at most 2 % on the others."""
_NOT_OF_TEXT = {"figure", "rule"}
WORDS_ALONE = "the layout of the page could not be determined; its words come without it"


class Vectors(NamedTuple):
    """The vector paths of a page as the library tells them: shapes by their boxes, and straight lines."""

    shapes: Sequence[Any]
    lines: Sequence[Any]


class LibraryPage(NamedTuple):
    """A page of the library; its text may be of one reading, its pictures and drawings of another."""

    width: float
    height: float
    text_items: Sequence[Any]
    blocks: Sequence[Any]
    vector_graphics: Vectors

    @classmethod
    def of(cls, page: Any) -> LibraryPage:
        """Return what is asked of a page of liteparse, which makes each of its lists anew when it is asked for."""
        drawn = page.vector_graphics
        vectors = Vectors(drawn.shapes, drawn.lines) if drawn is not None else Vectors((), ())
        return cls(page.width, page.height, page.text_items, page.blocks or (), vectors)


def read_pages(data: bytes, numbers: Sequence[int], losses: Losses) -> tuple[dict[int, LibraryPage], dict[int, int]]:
    """Read pages with the PDF library; return them, and the clockwise degrees at which the text of some of them lies.

    A page that it cannot read is left out.
    """
    parsed = _each_parsed(data, numbers, {}, losses)
    turned: dict[int, int] = {}
    for number, page in parsed.items():
        with losses.kept(number, WORDS_ALONE):
            if angle := _lies_at(page):
                turned[number] = angle
    upright = _each_parsed(data, list(turned), turned, losses)
    return parsed | upright, {number: angle for number, angle in turned.items() if number in upright}


def _each_parsed(data: bytes, numbers: Sequence[int], turned: dict[int, int], losses: Losses) -> dict[int, LibraryPage]:
    """Read pages with the PDF library, all at once, and those one by one that it does not give then."""
    pages: dict[int, LibraryPage] = {}
    try:
        pages = parse_pages(data, numbers, turned)
    except BaseException as error:
        if not is_survivable(error):
            raise
    for number in numbers:
        if number not in pages:
            with losses.kept(number, WORDS_ALONE):
                alone = {number: turned[number]} if number in turned else {}
                pages[number] = parse_pages(data, [number], alone)[number]
    return pages


def parse_pages(data: bytes, numbers: Sequence[int], turned: dict[int, int]) -> dict[int, LibraryPage]:
    """Read pages with the PDF library; *turned* says at how many clockwise degrees the text of a page lies.

    What the library makes nothing of is left out.
    """
    if not numbers:
        return {}
    parser = _parser(tuple(numbers), tuple(sorted(turned.items())))
    # The library's own pages where it gives them: its package copies each value of them, which takes far longer.
    parse = getattr(getattr(parser, "_native", None), "parse_bytes", parser.parse)
    with _LIBRARY_LOCK:
        return {page.page_num: LibraryPage.of(page) for page in parse(data).pages}


@lru_cache(maxsize=1)
def _parser(numbers: tuple[int, ...], turned: tuple[tuple[int, int], ...]) -> Any:
    """Return a parser of the PDF library; the last one is kept for the next document, since each starts threads."""
    from liteparse import LiteParse

    return LiteParse(
        ocr_enabled=False,  # its default downloads data
        quiet=True,
        target_pages=",".join(map(str, numbers)),
        page_orientation_corrections=turned,
        extract_blocks=True,
        keep_headers_footers=True,
        extract_links=False,
        extract_text_metadata=True,
        extract_vector_graphics=True,
        preserve_very_small_text=True,
    )


def _lies_at(page: LibraryPage) -> int:
    """Return the clockwise degrees, in quarter turns, at which more than half of the text of *page* lies."""
    if not any(item.rotation for item in page.text_items):
        return 0  # most pages
    letters: Counter[int] = Counter()
    for item in page.text_items:
        letters[round(item.rotation / 90) % 4 * 90] += len(item.text)
    angle, number = letters.most_common(1)[0] if letters else (0, 0)
    return angle if number > 0.5 * letters.total() else 0


def lay_out_words(document: PdfPages, number: int) -> LibraryPage:
    """Return a page as the library reads it from the words of its text layer alone."""
    words = set_words(document.words(number))
    return parse_pages(text_layer(words, *document.facts(number)[:2]), [1], {})[1]


def without_items(page: LibraryPage, is_left_out: Callable[[Any], bool]) -> LibraryPage:
    """Return a page of the library without the text items that *is_left_out* says True of."""
    return page._replace(text_items=[item for item in page.text_items if not is_left_out(item)])


def drops_letters(page: LibraryPage, document: PdfPages, number: int, angle: int) -> bool:
    """Say whether the library leaves out a large share of the letters that stand on a page.

    Letters that it has instead of others are repaired ones, of a font that names them wrongly; a page cut out of a
    larger sheet has letters that stand beside it.

    Args:
        page: Of the library.
        document: The file.
        number: Of the page.
        angle: Clockwise degrees at which its text lies.
    """
    have, want = count_letters(item.text for item in page.text_items), count_letters([document.facts(number).text])
    if want - have <= _DROPPED * want:
        return False
    want = count_letters(word.text for word in upright_words(document, number, angle))
    return want - have > _DROPPED * want


def upright_words(document: PdfPages, number: int, angle: int, lacking: Lacking | None = None) -> list[BareWord]:
    """Return the words of a page's text layer; where its text lies at *angle* degrees, with boxes turned upright."""
    words = document.words(number, lacking)
    if not angle:
        return words
    wide, tall, *_ = document.facts(number)
    return [word._replace(box=shown(word.box, -angle % 360, wide, tall)) for word in words]


def with_all_words(page: LibraryPage, document: PdfPages, number: int, angle: int) -> LibraryPage:
    """Return a page of the library with its text replaced by all words of the file, which the library lays out anew.

    Args:
        page: Of the library.
        document: The file.
        number: Of the page.
        angle: Clockwise degrees at which its text lies.
    """
    words = upright_words(document, number, angle)
    laid_out = parse_pages(text_layer(set_words(words), page.width, page.height), [1], {})[1]
    pictures = [block for block in page.blocks if block.kind in _NOT_OF_TEXT]
    blocks = [*(block for block in laid_out.blocks if block.kind not in _NOT_OF_TEXT), *pictures]
    return page._replace(text_items=laid_out.text_items, blocks=blocks)
