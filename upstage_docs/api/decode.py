"""Bytes that the API answered → models; several answers → one document. Knows no HTTP and no files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import msgspec

from upstage_docs.api.json_shapes import (
    BatchShape,
    ContentShape,
    DocumentShape,
    ElementShape,
    JobShape,
    JobsShape,
    OcrShape,
    PointShape,
)
from upstage_docs.errors import InvalidResponseError
from upstage_docs.models import (
    Answer,
    Batch,
    Element,
    Job,
    OcrPage,
    OcrResult,
    OcrWord,
    PageWarning,
    ParsedDocument,
    Point,
    Usage,
)

__all__ = [
    "decode_document",
    "decode_job",
    "decode_jobs",
    "decode_ocr",
    "document_json",
    "join",
    "raw_elements",
]

# How the API joins the elements' contents into the document's (measured on its answers).
JOINERS = {"html": "\n", "markdown": "\n\n", "text": "\n"}
# The API's HTML is not escaped: what looks like an id may be a text of any length.
_ID = re.compile(r"(<[a-z][a-z0-9]*(?:\s[^<>]*?)?\sid=')(\d{1,18})(?=')", re.ASCII)


_NO_CONTENT = ContentShape()
_documents = msgspec.json.Decoder(DocumentShape)
_ocrs = msgspec.json.Decoder(OcrShape)
_jobs = msgspec.json.Decoder(JobShape)
_job_lists = msgspec.json.Decoder(JobsShape)


def decode_document(
    raw: bytes,
    *,
    source: str = "",
    file_sha256: str = "",
    first_page: int = 1,
    first_id: int = 0,
    page_offset: int = 0,
    total_pages: int = 0,
) -> ParsedDocument:
    """Decode one answer of Document Parse, a whole document or a batch of it.

    Args:
        raw: The body, kept byte for byte in `ParsedDocument.raw`.
        source: Path, URI or name of the file.
        file_sha256: Of the file's bytes.
        first_page: The batch's first page in the file that was sent, 1-based. Whether `page` restarts in a batch is
            not documented, so it is detected: a page below *first_page* means that it does.
        first_id: The first free element id; ids that restart are moved there, in the HTML too.
        page_offset: Pages of the whole document before the part that was sent.
        total_pages: Pages of the whole document, 0 if unknown (then what the answer says).

    Raises:
        InvalidResponseError: The body is not an answer of Document Parse; `.raw` holds it.
    """
    answer = _decode(_documents, raw, "Document Parse", source)
    pages = _pages(answer.elements, first_page)
    restarts = bool(pages) and min(pages) < first_page
    offset = page_offset + (first_page - 1 if restarts else 0)
    ids = _ids([element.id for element in answer.elements], first_id)
    elements = tuple(
        _element(element, page + offset, number)
        for element, page, number in zip(answer.elements, pages, ids, strict=True)
    )
    usage = _usage(answer.usage)
    content = answer.content or _NO_CONTENT
    html = content.html or ""
    moved = bool(ids) and answer.elements[0].id is not None and ids[0] - answer.elements[0].id
    return ParsedDocument(
        source=source,
        file_sha256=file_sha256,
        model=answer.model or "",
        elements=elements,
        html=_ID.sub(lambda match: f"{match[1]}{int(match[2]) + moved}", html) if moved else html,
        markdown=content.markdown or "",
        text=content.text or "",
        total_pages=total_pages or usage.pages or max((element.page for element in elements), default=0),
        usage=usage,
        ocr=answer.ocr if isinstance(answer.ocr, bool) else None,
        answers=(Answer(raw, first_page=first_page, first_id=first_id, page_offset=page_offset),),
        warnings=_warnings(answer.warnings, offset),
    )


def join(parts: Sequence[ParsedDocument]) -> ParsedDocument:
    """Join the parts of one document, in order, into the whole; their pages and ids are final already."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        raise InvalidResponseError("There are no answers to join into a document.")
    first = parts[0]
    return ParsedDocument(
        source=first.source,
        file_sha256=first.file_sha256,
        model=first.model,
        elements=tuple(element for part in parts for element in part.elements),
        html=_joined(JOINERS["html"], (part.html for part in parts)),
        markdown=_joined(JOINERS["markdown"], (part.markdown for part in parts)),
        text=_joined(JOINERS["text"], (part.text for part in parts)),
        total_pages=max(part.total_pages for part in parts),
        usage=Usage(
            pages=sum(part.usage.pages for part in parts),
            standard=tuple(page for part in parts for page in part.usage.standard),
            enhanced=tuple(page for part in parts for page in part.usage.enhanced),
        ),
        ocr=None if all(part.ocr is None for part in parts) else any(part.ocr for part in parts),
        answers=tuple(answer for part in parts for answer in part.answers),
        warnings=tuple(warning for part in parts for warning in part.warnings),
    )


def raw_elements(document: ParsedDocument) -> list[dict[str, Any]]:
    """Return the elements as the API's JSON, unknown fields included, with the document's final ids and pages."""
    answered = [one for answer in document.answers for one in msgspec.json.decode(answer.raw)["elements"]]
    for one, element in zip(answered, document.elements, strict=True):
        one["id"] = element.id
        one["page"] = element.page
        if isinstance(one.get("content"), dict) and one["content"].get("html"):
            one["content"]["html"] = element.html
    return answered


def document_json(document: ParsedDocument) -> str:
    """Return the document as one JSON answer of the API: the body itself, or the several bodies merged into one."""
    answers = document.answers
    if len(answers) == 1 and answers[0].page_offset == 0 and answers[0].first_page == 1 and answers[0].first_id == 0:
        return answers[0].raw.decode()
    merged = msgspec.json.decode(answers[0].raw)
    merged["model"] = document.model
    merged["usage"] = {name: value for name, value in msgspec.to_builtins(document.usage).items() if value}
    merged["ocr"] = document.ocr
    merged["content"] = {"html": document.html, "markdown": document.markdown, "text": document.text}
    merged["elements"] = raw_elements(document)
    merged.pop("warnings", None)
    if document.warnings:
        merged["warnings"] = msgspec.to_builtins(document.warnings)
    return msgspec.json.encode(merged).decode()


def decode_ocr(raw: bytes, *, source: str = "", file_sha256: str = "") -> OcrResult:
    """Decode an answer of Document OCR; the text is built from the pages, since the API's own glues them together.

    Raises:
        InvalidResponseError: The body is not an answer of Document OCR; `.raw` holds it.
    """
    answer = _decode(_ocrs, raw, "Document OCR", source)
    pages = tuple(
        OcrPage(
            number=page.page or index,
            width=page.width or 0,
            height=page.height or 0,
            confidence=page.confidence or 0.0,
            text=page.text or "",
            words=tuple(
                OcrWord(
                    id=position if word.id is None else word.id,
                    text=word.text or "",
                    confidence=word.confidence or 0.0,
                    vertices=_points(word.boundingBox.vertices if word.boundingBox else None),
                )
                for position, word in enumerate(page.words or ())
            ),
        )
        for index, page in enumerate(answer.pages, start=1)
    )
    return OcrResult(
        source=source,
        file_sha256=file_sha256,
        model=answer.modelVersion or "",
        pages=pages,
        text="\n".join(page.text for page in pages),
        confidence=answer.confidence or 0.0,
        billed_pages=len(pages) if answer.numBilledPages is None else answer.numBilledPages,
        raw=raw,
    )


def decode_job(raw: bytes, *, source: str = "", file_sha256: str = "", hide: Callable[[str], str] = str) -> Job:
    """Decode what creating a job, or asking for its state, answers; *hide* takes secrets out of what it says failed."""
    return _job(_decode(_jobs, raw, "an asynchronous request", source), raw, source, file_sha256, hide)


def decode_jobs(raw: bytes, *, hide: Callable[[str], str] = str) -> tuple[Job, ...]:
    """Decode the list of the account's asynchronous requests, in the API's order; *hide* as for one."""
    return tuple(_job(one, raw, "", "", hide) for one in _decode(_job_lists, raw, "the list of requests").requests)


def _decode(decoder: msgspec.json.Decoder[Any], raw: bytes, what: str, source: str = "") -> Any:
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        answer = f"{source}: the answer" if source else "The answer"
        raise InvalidResponseError(f"{answer} is not one of {what} ({error}){_keys(raw)}.", raw=raw) from error


def _keys(raw: bytes) -> str:
    """Return which keys a JSON object has, for a message; not its values, which may echo what was sent with a key."""
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return f"; it holds {', '.join(repr(key[:30]) for key in list(found)[:5])}" if isinstance(found, dict) else ""


def _element(element: ElementShape, page: int, number: int) -> Element:
    content = element.content or _NO_CONTENT
    html = content.html or ""
    if number != element.id is not None:
        html = _ID.sub(lambda match: f"{match[1]}{number}" if int(match[2]) == element.id else match[0], html, count=1)
    return Element(
        number,
        page,
        element.category or "",
        html,
        content.markdown or "",
        content.text or "",
        _points(element.coordinates),
        element.sub_category or "",
        element.base64_encoding or "",
    )


def _points(points: list[PointShape] | None) -> tuple[Point, ...]:
    found = [(point.x, point.y) for point in points or ()]
    for x, y in found:
        if x is None or y is None:
            return ()
    return cast("tuple[Point, ...]", tuple(found))


def _pages(elements: list[ElementShape], first: int) -> list[int]:
    """Return the page of each element as answered; where there is none, that of the element before it."""
    known = [element.page for element in elements if element.page]
    page = known[0] if known else first
    return [page := element.page or page for element in elements]


def _ids(answered: list[int | None], first: int) -> list[int]:
    known = [number for number in answered if number is not None]
    if len(known) != len(answered) or len(set(known)) != len(known):
        return list(range(first, first + len(answered)))
    offset = first if known and min(known) < first else 0
    return [number + offset for number in known]


def _usage(usage: Any) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    pages = usage.get("pages")
    return Usage(
        pages=pages if isinstance(pages, int) else 0,
        standard=_page_numbers(usage.get("standard")),
        enhanced=_page_numbers(usage.get("enhanced")),
    )


def _warnings(value: Any, offset: int) -> tuple[PageWarning, ...]:
    """Return what could not be read; *offset* is how many pages of the document stand before those of the answer."""
    found = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    return tuple(
        PageWarning(one["page"] + offset, one["message"])
        for one in found
        if isinstance(one.get("page"), int) and isinstance(one.get("message"), str)
    )


def _page_numbers(value: Any) -> tuple[int, ...]:
    return tuple(page for page in value if isinstance(page, int)) if isinstance(value, list) else ()


def _joined(joiner: str, texts: Iterable[str]) -> str:
    return joiner.join(text for text in texts if text)


def _job(job: JobShape, raw: bytes, source: str, file_sha256: str, hide: Callable[[str], str]) -> Job:
    request_id = job.request_id or job.id
    if not request_id:
        raise InvalidResponseError("The answer about an asynchronous request holds no request id.", raw=raw)
    return Job(
        request_id=request_id,
        status=job.status or "submitted",
        source=source,
        file_sha256=file_sha256,
        model=job.model or "",
        failure_message=hide(job.failure_message or ""),
        total_pages=job.total_pages or 0,
        completed_pages=job.completed_pages or 0,
        batches=tuple(
            sorted((_batch(one, index, hide) for index, one in enumerate(job.batches or ())), key=lambda b: b.id)
        ),
        requested_at=job.requested_at or "",
        completed_at=job.completed_at or "",
    )


def _batch(batch: BatchShape, index: int, hide: Callable[[str], str]) -> Batch:
    return Batch(
        id=index if batch.id is None else batch.id,
        status=batch.status or "scheduled",
        start_page=batch.start_page or 0,
        end_page=batch.end_page or 0,
        model=batch.model or "",
        failure_message=hide(batch.failure_message or ""),
        download_url=batch.download_url or "",
        requested_at=batch.requested_at or "",
        updated_at=batch.updated_at or "",
    )
