"""Reads an image file as pages of layout blocks: recognised words are laid out as those of a scanned PDF."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from upstage_docs.local.blocks import Block, Loss, PageLayout
from upstage_docs.local.geometry import Box
from upstage_docs.local.losses import Losses
from upstage_docs.local.ocr.frames import as_jpeg, each_frame
from upstage_docs.local.ocr.page_images import turned
from upstage_docs.local.ocr.recognised import RecognisedPage, RecognisedWord
from upstage_docs.local.ocr.tesseract import languages, read
from upstage_docs.local.pdf.document import read_pdf
from upstage_docs.local.pdf.text_layer import Recognise
from upstage_docs.local.refusal import Refusal

if TYPE_CHECKING:
    from PIL.Image import Image

_PAGE_WIDTH = 595
"""Points: an image becomes a page as wide as A4, so that sizes of text mean what they mean in a PDF."""
_LONGEST_PAGE = 14_400
"""Points: a PDF page cannot be larger (ISO 32000-1, annex C.2)."""


def read_image(
    data: bytes,
    *,
    crops: Collection[str] = (),
    ocr: Recognise | None = None,
    left_out: Collection[int] = (),
    tell: Callable[[int, int], None] | None = None,
) -> Iterator[PageLayout]:
    """Yield the pages of an image, one for each frame of a TIFF, laid out as scanned PDF pages are.

    Boxes are relative to the page as an image viewer shows it, even where its text lies on a side or is askew; crops
    stand upright. A page with a picture but no text is one figure.

    Args:
        data: A JPEG, PNG, BMP, TIFF or (with the extra `heic`) HEIC file.
        crops: Categories whose blocks get a JPEG crop.
        ocr: What recognises words instead of Tesseract; it takes pages to be upright.
        left_out: Pages that are not read, 1-based.
        tell: Is told the first and the last of the pages that are read next.

    A page that is damaged, or whose text is not recognised, costs itself alone.

    Raises:
        Refusal: 413 if a page has too many pixels, 415 for another format, 422 if no page can be read or text cannot
            be recognised here.
    """
    if ocr is None:
        languages()  # where no text can be recognised at all, no page is to blame
    losses = Losses()
    lost: list[PageLayout] = []
    refusal: Refusal | None = None
    read_one = False
    for number, frame in enumerate(each_frame(data), start=1):
        if number in left_out:
            read_one = True
            continue
        if tell is not None:
            tell(number, number)
        page = PageLayout(number, ocr=True)
        if isinstance(frame, Refusal):
            refusal = refusal or frame
            losses.add(number, "the page is damaged", frame)
        else:
            with losses.kept(number, "the text of the page could not be recognised"):
                page = _laid_out(number, frame.image, _reading(frame.image, ocr), crops)
        page = replace(page, losses=(*losses.of(number), *page.losses))
        read_one = read_one or not losses.of(number)
        lost.append(page)
        if read_one:
            yield from lost
            lost.clear()
    if not read_one and refusal is not None:
        raise refusal
    yield from lost


def _reading(image: Image, ocr: Recognise | None) -> RecognisedPage:
    if ocr is None:
        return read(image)
    words = tuple(RecognisedWord(*word) for word in ocr(image))
    return RecognisedPage((words,), 0.0, image.size, image.size)


def _laid_out(number: int, image: Image, reading: RecognisedPage, crops: Collection[str]) -> PageLayout:
    upright = turned(image, reading.angle)
    width, height = reading.upright_size

    def recognised(rendered: Image) -> list[tuple[str, float, Box]]:
        across, down = rendered.width / width, rendered.height / height
        return [
            (word.text, word.confidence, (x0 * across, y0 * down, x1 * across, y1 * down))
            for line in reading.lines
            for word in line
            for x0, y0, x1, y1 in [word.box]
        ]

    blocks: list[Block] = []
    losses: tuple[Loss, ...] = ()
    if any(reading.lines):
        for page in read_pdf(_as_pdf(upright), crops=crops, ocr=recognised, force_ocr=True):
            blocks += page.blocks
            losses += page.losses
    elif not _is_blank(image):
        blocks.append(Block("figure", "", (0.0, 0.0, 1.0, 1.0), crop=as_jpeg(upright) if "figure" in crops else b""))
    return PageLayout(
        number, tuple(replace(block, box=_as_given(block.box, reading)) for block in blocks), ocr=True, losses=losses
    )


def _is_blank(image: Image) -> bool:
    darkest, lightest = cast("tuple[int, int]", image.convert("L").getextrema())
    return lightest - darkest < 32


def _as_given(box: Box | None, reading: RecognisedPage) -> Box | None:
    """Turn a relative *box* of the upright page back into one of the page as it was given."""
    if box is None or not reading.angle:
        return box
    width, height = reading.upright_size
    xs, ys = zip(*reading.corners((box[0] * width, box[1] * height, box[2] * width, box[3] * height)), strict=True)
    return (min(xs) / reading.size[0], min(ys) / reading.size[1], max(xs) / reading.size[0], max(ys) / reading.size[1])


def _as_pdf(image: Image) -> bytes:
    points = min(_PAGE_WIDTH / min(image.size), _LONGEST_PAGE / max(image.size))
    pdf = io.BytesIO()
    image.save(pdf, "PDF", resolution=72 / points, quality=90)
    return pdf.getvalue()
