"""Writes the answer of Document OCR for an image, or for a PDF whose pages are drawn as images."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from statistics import fmean
from typing import Any

from upstage_docs.api.limits import LIMITS
from upstage_docs.files.source import PDFIUM_LOCK, detect
from upstage_docs.local.losses import Losses
from upstage_docs.local.ocr.frames import Frame, each_frame
from upstage_docs.local.ocr.page_images import READING_DPI
from upstage_docs.local.ocr.recognised import RecognisedPage
from upstage_docs.local.ocr.tesseract import languages, read
from upstage_docs.local.refusal import Refusal

_DPI = 150
"""What the API rasterises PDF pages at: the pixels of sizes and vertices."""
_READING_PIXELS = 40_000_000
"""Of a page that Tesseract is given; a larger one is given at fewer dots per inch."""
_NO_SIZE = (1, 1)
"""Pixels of a page that is damaged."""


def recognise(data: bytes, suffix: str, *, model: str, losses: Losses | None = None) -> dict[str, Any]:
    """Return what Document OCR would answer for a document, as a value for `json.dumps`.

    Pixels are those of the image as a viewer shows it; PDF pages count 150 per inch. Words of a page that lies on a
    side or is askew have turned corners, from the word's own top left on.

    Args:
        data: A JPEG, PNG, BMP, TIFF, HEIC or PDF file.
        suffix: Of its name, with the dot; only for what the bytes do not tell.
        model: What `modelVersion` says.
        losses: Takes what of single pages could not be read; the answer's `warnings`, which the API does not have,
            name it too.

    Raises:
        Refusal: 413 if the document has too many pages or pixels, 415 for another format, 422 if no page of it can be
            read or text cannot be recognised here.

    See https://console.upstage.ai/api/parse/document-ocr
    """
    form = detect(io.BytesIO(data), suffix)
    if form in {"docx", "pptx", "xlsx"}:
        what = f"unsupported document format: {form.upper()} cannot be rasterised here"
        message = f"{what}; parse it instead, or let Upstage's API read it."
        raise Refusal(message, status=415)
    if form not in {"jpeg", "png", "bmp", "tiff", "heic", "pdf"}:
        raise Refusal(f"unsupported document format: not an image or a PDF ({suffix or 'no suffix'})", status=415)
    losses = Losses() if losses is None else losses
    pages: list[dict[str, Any]] = []
    warnings: list[dict[str, object]] = []
    refusal: Refusal | None = None
    language = ""
    count = 0
    for number, frame in enumerate(_pdf_frames(data) if form == "pdf" else each_frame(data), start=1):
        if number > LIMITS.ocr_pages:
            raise Refusal(f"The document has more than {LIMITS.ocr_pages} pages; send it in parts.", status=413)
        reading = RecognisedPage((), 0.0, _NO_SIZE, _NO_SIZE)
        if isinstance(frame, Refusal):
            if frame.status == 413:
                raise frame
            refusal = refusal or frame
            losses.add(number, "the page is damaged", frame)
        else:
            # Once, out of what is kept: where nothing can be recognised at all, no page is to blame; later, one is.
            language = language or languages()
            with losses.kept(number, "the text of the page could not be recognised"):
                reading = read(frame.image).resized(frame.size)
        pages.append(_page(len(pages), count, reading))
        warnings += [{"page": number, "message": loss.message} for loss in losses.of(number)]
        count += len(pages[-1]["words"])
    if len({warning["page"] for warning in warnings}) == len(pages) > 0:
        raise refusal or Refusal(f"None of the document's pages can be read: {warnings[0]['message']}.")
    return {
        "apiVersion": "1.1",
        "confidence": min((page["confidence"] for page in pages), default=0.0),
        "metadata": {
            "pages": [
                {"height": page["height"], "page": number, "width": page["width"]}
                for number, page in enumerate(pages, start=1)
            ]
        },
        "mimeType": "multipart/form-data",
        "modelVersion": model,
        "numBilledPages": len(pages),
        "pages": pages,
        "stored": False,
        "text": "".join(page["text"] for page in pages),
        **({"warnings": warnings} if warnings else {}),
    }


def _page(number: int, first_word: int, reading: RecognisedPage) -> dict[str, Any]:
    words = [word for line in reading.lines for word in line]
    found = [
        {
            "boundingBox": {"vertices": [{"x": round(x), "y": round(y)} for x, y in reading.corners(word.box)]},
            "confidence": round(word.confidence, 4),
            "id": identifier,
            "text": word.text,
        }
        for identifier, word in enumerate(words, start=first_word)
    ]
    return {
        "confidence": round(fmean(word.confidence for word in words), 4) if words else 0.0,
        "height": reading.size[1],
        "id": number,
        "text": " \n".join(" ".join(word.text for word in line) for line in reading.lines),
        "width": reading.size[0],
        "words": found,
    }


def _pdf_frames(data: bytes) -> Iterator[Frame | Refusal]:
    """Yield the pages of a PDF with their size in the pixels that the API counts, a refusal for a damaged one."""
    import pypdfium2

    with PDFIUM_LOCK:
        try:
            pdf = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            locked = "password" in str(error).lower()
            what = "is encrypted; remove its password" if locked else f"is damaged or cut off ({error})"
            raise Refusal(f"The PDF {what}.") from error
        count = len(pdf)
    try:
        if not count:
            raise Refusal("The PDF has no pages.")
        for number in range(count):
            with PDFIUM_LOCK:
                frame: Frame | Refusal
                try:
                    frame = _rasterised(pdf, number)
                except pypdfium2.PdfiumError:
                    frame = Refusal(f"Page {number + 1} of the PDF is damaged.")
            yield frame
    finally:
        with PDFIUM_LOCK:
            pdf.close()


def _rasterised(pdf: Any, number: int) -> Frame:
    """Return page *number* (0-based) as a gray image to read, and its size in the pixels that the API counts."""
    width, height = pdf.get_page_size(number)
    size = (_pixels(width), _pixels(height))
    if size[0] * size[1] > LIMITS.page_pixels:
        message = f"Page {number + 1} has {size[0] * size[1]:,} pixels at {_DPI} dpi; {LIMITS.page_pixels:,} are read."
        raise Refusal(message, status=413)
    dpi = min(READING_DPI, _DPI * math.sqrt(_READING_PIXELS / (size[0] * size[1])))
    page = pdf[number]
    try:
        return Frame(page.render(scale=dpi / 72, grayscale=True, may_draw_forms=False).to_pil(), size)
    finally:
        page.close()


def _pixels(points: float) -> int:
    return max(1, math.ceil(round(points * _DPI / 72, 2)))
