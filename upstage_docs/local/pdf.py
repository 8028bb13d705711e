"""PDF bytes → pages of layout blocks, ten pages at a time; knows no protocol and starts no process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from upstage_docs.local.elements import PageLayout, Refusal
from upstage_docs.local.layout import blocks_of

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Recognise", "read_pdf"]

Recognise = Callable[["Image"], "list[tuple[str, float, tuple[float, float, float, float]]]"]
"""Page image → words as `(text, confidence 0-1, (x0, y0, x1, y1) in pixels)`."""

BATCH_PAGES = 10


def read_pdf(
    data: bytes,
    *,
    pages: Sequence[int] | None = None,
    crops: Collection[str] = (),
    ocr: Recognise | None = None,
    force_ocr: bool = False,
) -> Iterator[PageLayout]:
    """Yield the pages of a PDF in order, as soon as their batch of ten is understood.

    Args:
        data: The file.
        pages: Which pages, 1-based and ascending; all if None.
        crops: Categories whose blocks get a JPEG crop.
        ocr: What recognises the words of pages without usable text; None if there is no such thing here.
        force_ocr: Whether every page is recognised, whatever text it has.

    Raises:
        Refusal: 422 if the file is encrypted, damaged, has no pages, or has no text and *ocr* is None.
    """
    from liteparse import LiteParse, ParseError

    parser = LiteParse(
        ocr_enabled=False,
        extract_blocks=True,
        keep_headers_footers=True,
        quiet=True,
        extract_text_metadata=True,
        extract_vector_graphics=True,
    )
    try:
        batches = parser.parse_batches(data, BATCH_PAGES)
        for batch in batches:
            for page in batch.result.pages:
                yield PageLayout(page.page_num, blocks_of(page))
    except ParseError as error:
        raise Refusal(f"The PDF cannot be read ({error}). Is it complete, and not encrypted?") from error
