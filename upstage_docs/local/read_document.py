"""Reads one document inside a worker process, and yields its answer in parts, each for a run of pages."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import Any

import msgspec

from upstage_docs.api.limits import LIMITS
from upstage_docs.files.formats import image_pages, supported
from upstage_docs.files.source import detect
from upstage_docs.local.answer_writer import write_answer
from upstage_docs.local.blocks import Block, Loss, PageLayout
from upstage_docs.local.losses import Losses
from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.pipe import MODEL, AnswerPart, Begin, Task

_OFFICE = ("docx", "pptx", "xlsx")
_OFF = {"0", "off", "no", "false"}
_LARGEST_ANSWER = 500 << 20
"""Bytes of one part: the engine's owner holds it in memory."""
_BLANK = "neither this page nor any other of the document has content: the document is blank or damaged"
_NOT_REACHED = "the page cannot be reached: the document is damaged before it"
_DPI = 150
"""What is not an image is measured at: https://console.upstage.ai/docs/models/document-parse.md"""


Tell = Callable[[int, int], None]
"""Is told the first and the last of the pages that are read next; the last is 0 where they are not read one by one."""


def read_document(task: Task, data: bytes, tell: Tell | None = None) -> Iterator[Begin | AnswerPart]:
    """Yield `Begin` and the parts of the answer to *task*.

    Args:
        task: What to do.
        data: The file.
        tell: Is told which pages are read next.

    Raises:
        Refusal: 413 for too many pages or pixels, 415 for a format that is not read, 422 for a damaged document.
    """
    form = _in_package(data) if task.format == "zip" else task.format
    if form not in {"pdf", "jpeg", "png", "bmp", "tiff", "heic", *(_OFFICE if task.kind == "parse" else ())}:
        read = "unsupported document format"
        if form in {"hwp", "hwpx"}:
            read += f": {form.upper()} is read by Upstage's API, not by the local engine"
        elif form:
            read += f": the local engine recognises text in PDFs and images, not in {form.upper()}"
        else:
            read += f": none of {supported()}"
        raise Refusal(read, status=415, code="unsupported_document")
    if form == "pdf":
        data = _from_header(data)
    total = _pages(form, data)
    if total is not None:
        _check_pages(total, task)
    if task.kind == "ocr":
        if tell is not None:
            tell(1, 0)
        yield from _recognised(form, data, total or 1)
        return
    pages = _layouts(form, task, data, total or 0, tell)
    if not task.charts:
        pages = map(_without_chart_data, pages)
    if total is None:
        known = list(pages)
        total, pages = len(known), iter(known)
        _check_pages(total, task)
    yield Begin(total)
    yield from _parts(_all_pages(pages, total, task), task, total)


def _in_package(data: bytes) -> str:
    """Return the format of a ZIP archive, `""` if it is none of the API's."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise Refusal("corrupted document: the file is damaged or cut off", code="invalid_document")
    return detect(io.BytesIO(data), "")


def _recognised(form: str, data: bytes, total: int) -> Iterator[Begin | AnswerPart]:
    from upstage_docs.local.ocr.answer import recognise

    losses = Losses()
    answer = recognise(data, f".{form}", model=MODEL, losses=losses)
    pages = [PageLayout(number, losses=losses.of(number)) for number in range(1, total + 1)]
    yield Begin(total)
    yield AnswerPart(1, total, _encoded(answer), tuple(map(_told, _losses(pages))))


def _layouts(form: str, task: Task, data: bytes, total: int, tell: Tell | None) -> Iterator[PageLayout]:
    """Return the layouts of the pages that are to be read: none that was answered before, or that ended a worker."""
    left_out = {*range(1, task.done + 1), *dict(task.lost)}
    if form in _OFFICE:
        if tell is not None:
            tell(1, 0)
        from upstage_docs.local.office.open import read_office

        return read_office(data, f".{form}", crops=task.crops)
    if form == "pdf":
        from upstage_docs.local.ocr import tesseract
        from upstage_docs.local.pdf.document import read_pdf

        here = tesseract.available()
        recognise = tesseract.words if here else None
        labels = tesseract.labels if here and _reads_pictures() else None
        return read_pdf(
            data,
            pages=[number for number in range(1, total + 1) if number not in left_out] if left_out else None,
            crops=task.crops,
            ocr=recognise,
            force_ocr=task.force_ocr,
            labels=labels,
            alone=task.alone,
            tell=tell,
        )
    from upstage_docs.local.read_image import read_image

    return read_image(data, crops=task.crops, left_out=left_out, tell=tell)


def _without_chart_data(page: PageLayout) -> PageLayout:
    """Return a page whose charts are pictures alone: with the words that stand in them, else their titles."""
    return replace(page, blocks=tuple(_as_picture(b) if b.category == "chart" else b for b in page.blocks))


def _as_picture(block: Block) -> Block:
    text = block.text or "\n".join(value for name, value in block.chart if name != "Chart Type")
    return replace(block, text=text, rows=(), header_rows=0, chart=(), measured=False)


def _reads_pictures() -> bool:
    """Say whether words in the pictures of digital pages are recognised, which `UPSTAGE_DOCS_PICTURE_WORDS` decides."""
    return os.environ.get("UPSTAGE_DOCS_PICTURE_WORDS", "").strip().lower() not in _OFF


def _all_pages(pages: Iterator[PageLayout], total: int, task: Task) -> Iterator[PageLayout]:
    """Yield the pages behind those that are done, and one without blocks for each that is not among *pages*.

    The document ends, or fails, before such a page, or it ended a worker.
    """
    losses = Losses()
    for number, message in task.lost:
        losses.add(number, message)
    reached = task.done
    try:
        for page in pages:
            for number in range(reached + 1, page.number):
                yield PageLayout(number, losses=losses.of(number))
            reached = page.number
            yield page
    except Exception as error:
        if reached <= task.done or isinstance(error, Refusal):
            raise
        losses.add(reached + 1, _NOT_REACHED, error)
    lost = dict(task.lost)
    for number in range(reached + 1, total + 1):
        if number not in lost:
            losses.add(number, _NOT_REACHED)
        yield PageLayout(number, losses=losses.of(number))


def _parts(pages: Iterable[PageLayout], task: Task, total: int) -> Iterator[AnswerPart]:
    """Gather *pages* into parts of the task's size; element ids run on over all of them."""
    rest = iter(pages)
    done, first_id = task.done, task.first_id
    lost: list[PageLayout] = []
    while done < total:
        run = list(islice(rest, task.batch_pages or total))
        run, answer = _written(run, task, first_id)
        elements = answer["elements"]
        first_id += len(elements) if isinstance(elements, list) else 0
        lost += [page for page in run if page.losses and not page.blocks]
        if len(lost) == total:
            message = f"none of the document's {total} pages can be read: {lost[0].losses[0].message}"
            raise Refusal(message, code="invalid_document")
        if done + len(run) >= total and not first_id and not lost:
            run[0] = replace(run[0], losses=(*run[0].losses, Loss(_BLANK)))
            run, answer = _written(run, task, first_id)
        yield AnswerPart(done + 1, done + len(run), _encoded(answer), tuple(map(_told, _losses(run))), first_id)
        done += len(run)


def _written(run: list[PageLayout], task: Task, first_id: int) -> tuple[list[PageLayout], dict[str, object]]:
    """Return pages and their answer; a page that cannot be written is left without elements."""

    def answer(pages: list[PageLayout]) -> dict[str, object]:
        return write_answer(
            pages, model=MODEL, output_formats=task.output_formats, coordinates=task.coordinates, first_id=first_id
        )

    try:
        return run, answer(run)
    except Exception:  # noqa: BLE001 - which page it was is told below
        losses = Losses()
        for number, page in enumerate(run):
            with losses.kept(page.number, "the page cannot be written"):
                answer([page])
            if met := losses.of(page.number):
                run[number] = replace(page, blocks=(), losses=(*page.losses, *met))
        return run, answer(run)


def _losses(pages: Iterable[PageLayout]) -> Iterator[tuple[int, Loss]]:
    return ((page.number, loss) for page in pages for loss in page.losses)


def _told(found: tuple[int, Loss]) -> str:
    number, loss = found
    return f"page {number}: {loss.message}" + (f" [{loss.detail}]" if loss.detail else "")


def _encoded(answer: dict[str, object]) -> bytes:
    try:
        body = msgspec.json.encode(answer)
    except UnicodeEncodeError:  # half of a character beyond U+FFFF
        body = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
    if len(body) > _LARGEST_ANSWER:
        raise Refusal(f"the answer would have {len(body):,} bytes; send fewer pages at once", status=413)
    return body


def _check_pages(total: int, task: Task) -> None:
    if not total:
        raise Refusal("the document has no pages", code="invalid_document")
    if total > task.max_pages:
        message = f"the document has {total} pages and exceeds the page limit; the maximum allowed is {task.max_pages}"
        raise Refusal(message, status=413, code="too_many_pages")


def _pages(form: str, data: bytes) -> int | None:
    """Return how many pages the document has; None where only reading it can show that.

    Raises:
        Refusal: The largest page has too many pixels, or a PDF is damaged or encrypted.
    """
    if form == "pdf":
        return _pdf_pages(data)
    sizes = image_pages(io.BytesIO(data), form)
    _check_pixels(max((width * height for width, height in sizes), default=0))
    return len(sizes) or None


def _from_header(data: bytes) -> bytes:
    """Return a PDF without the bytes before its header, which may stand in the first 1,024 (see `files.source`)."""
    return data[max(data.find(b"%PDF-", 0, 1024), 0) :]


def _pdf_pages(data: bytes) -> int:
    import pypdfium2

    try:
        with closing(pypdfium2.PdfDocument(data)) as pdf:
            scale = (_DPI / 72) ** 2
            # Sizes only: no page is loaded. A file that claims a million pages is told so by its count.
            sizes = (_size(pdf, number) for number in range(min(len(pdf), 10_000)))
            _check_pixels(max((width * height * scale for width, height in sizes), default=0))
            return len(pdf)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Refusal("the document is encrypted; save it without a password", code="encrypted_document") from error
        message = f"corrupted document: the PDF is damaged or cut off ({error})"
        raise Refusal(message, code="invalid_document") from error


def _size(pdf: Any, number: int) -> tuple[float, float]:
    """Return width and height of a page (0-based) in points; nothing of one that is damaged."""
    import pypdfium2

    try:
        width, height = pdf.get_page_size(number)
    except pypdfium2.PdfiumError:
        return 0.0, 0.0
    return width, height


def _check_pixels(largest: float) -> None:
    if largest > LIMITS.page_pixels:
        message = f"a page has {largest:,.0f} pixels, more than {LIMITS.page_pixels:,}"
        raise Refusal(message, status=413, code="too_many_pixels")
