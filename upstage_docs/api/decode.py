"""Decodes the bytes of an answer into documents, OCR results and jobs, and tells what an error in it says."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

import msgspec

from upstage_docs.api.joining import join
from upstage_docs.api.json_shapes import (
    LARGEST,
    BatchShape,
    ContentShape,
    DocumentShape,
    ElementShape,
    JobShape,
    JobsShape,
    OcrPageShape,
    OcrShape,
    PointShape,
)
from upstage_docs.api.lenient import UNREADABLE_PAGE, UNSUSPICIOUS, begins_with, check_size, load_json, read_shape
from upstage_docs.errors import InvalidResponseError
from upstage_docs.errors.redaction import redact, shorten
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

# The API's HTML is not escaped: what looks like an id may be a text of any length.
_ID = re.compile(r"(<[a-z][a-z0-9]*(?:\s[^<>]*?)?\sid=')(\d{1,18})(?=')", re.ASCII)


# https://console.upstage.ai/api/parse/document-parsing/async
_BATCH_PAGES = 10
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.~-]{1,256}")
_SHOWN = 40  # characters of what came, in a message
_MOST_NAMED = 10  # of any kind in one message
_NO_CONTENT = ContentShape()
_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
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
    pages: tuple[int, int] | None = None,
    shape: DocumentShape | None = None,
) -> ParsedDocument:
    """Decode one answer of Document Parse, a whole document or a batch of it; or what `ParsedDocument.raw` gives.

    Args:
        raw: The body, kept byte for byte in `ParsedDocument.raw`; or the JSON array of the bodies of one document.
        source: Path, URI or name of the file.
        file_sha256: Of the file's bytes.
        first_page: The batch's first page in the file that was sent, 1-based. Whether `page` restarts in a batch is
            not documented, so it is detected: a page below *first_page* means that it does.
        first_id: The first free element id; ids that restart are moved there, in the HTML too.
        page_offset: Pages of the whole document before the part that was sent.
        total_pages: Pages of the whole document, 0 if unknown (then what the answer says).
        pages: First and last page of the whole document that were sent, whatever the answer counts from: in place of
            *first_page* and *page_offset*. An element on any other page gets page 0 and keeps its text.
        shape: What `decode_shape` gave of the body.

    Raises:
        InvalidResponseError: The body is not an answer of Document Parse, or none of its elements is on one of
            *pages*; `.raw` holds it.
    """
    if shape is None and begins_with(raw, b"["):
        return _decode_several(raw, source=source, file_sha256=file_sha256, total_pages=total_pages)
    answer = shape or decode_shape(raw, source=source)
    answered = _page_numbers(answer.elements, first_page)
    if pages is None:
        restarts = min(filter(None, answered), default=first_page) < first_page
        offset = page_offset + (first_page - 1 if restarts else 0)
    else:
        first_page = 1
        from_1 = 0 < max(answered, default=1) <= pages[1] - pages[0] + 1  # as nearly all are counted
        offset = page_offset = pages[0] - 1 if from_1 else _offset(answered, pages, raw, source)
    first, last = pages or (1, total_pages or LARGEST)
    numbers = [page + offset if page and first <= page + offset <= last else UNREADABLE_PAGE for page in answered]
    ids = _ids([element.id for element in answer.elements], first_id)
    elements = tuple(
        _element(element, page, number) for element, page, number in zip(answer.elements, numbers, ids, strict=True)
    )
    usage = usage_of(answer)
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
        warnings=(*_warnings(answer.warnings, offset), *_off_the_pages(answer.elements, elements))
        if answer.warnings or UNREADABLE_PAGE in numbers
        else (),
    )


def decode_shape(raw: bytes, *, source: str = "") -> DocumentShape:
    """Decode the JSON of one answer of Document Parse into values shaped like it; *source* names it in messages.

    Raises:
        InvalidResponseError: It is not one; `.raw` holds it.
    """
    try:
        if len(raw) > UNSUSPICIOUS:
            check_size(raw)
        return _documents.decode(raw)
    except _UNREADABLE:
        return cast("DocumentShape", _decode_leniently(_documents, raw, "Document Parse", source))


def last_page_of(answer: DocumentShape) -> int:
    """Return the highest page that an element of an answer names, 0 if none does."""
    return max(_page_numbers(answer.elements, 1), default=0)


def check_pages(answer: DocumentShape, pages: tuple[int, int], raw: bytes, source: str) -> None:
    """Raise an error if none of the elements of an answer is on one of *pages*; *raw* is the body of the answer.

    Raises:
        InvalidResponseError: None is; `decode_document` would refuse such an answer.
    """
    _offset(_page_numbers(answer.elements, 1), pages, raw, source)


def usage_of(answer: DocumentShape) -> Usage:
    """Return what an answer says that it was billed for."""
    usage = answer.usage if isinstance(answer.usage, dict) else {}
    listed = (usage.get(mode) for mode in ("standard", "enhanced"))
    modes = (tuple(filter(None, map(_page_count, pages))) if isinstance(pages, list) else () for pages in listed)
    return Usage(_page_count(usage.get("pages")), *modes)


def decode_ocr(raw: bytes, *, source: str = "", file_sha256: str = "", sent: int = 0) -> OcrResult:
    """Decode an answer of Document OCR, or what `OcrResult.raw` gives.

    The text is built from the pages, since the API's own glues them together.

    Args:
        raw: The body.
        source: Path, URI or name of the file.
        file_sha256: Of the file's bytes.
        sent: How many pages were sent, 0 if unknown.

    Raises:
        InvalidResponseError: The body is not an answer of Document OCR, or it holds fewer pages than were sent, and by
            their own numbers not the first ones; `.raw` holds it.
    """
    if begins_with(raw, b"[") and (several := _bodies(raw)):
        results: list[OcrResult] = []
        pages, words = 0, 0
        for body in several:
            result = _ocr_result(_decode(_ocrs, body, "Document OCR", source), body, source, file_sha256)
            results.append(with_document_words(result, pages, words))
            pages += len(result.pages)
            words = max([words, *(word.id + 1 for page in results[-1].pages for word in page.words)])
        return join(results)
    answer = _decode(_ocrs, raw, "Document OCR", source)
    numbers = [page.page or (0 if page.id is None else page.id + 1) for page in answer.pages]
    if 0 < len(numbers) < sent and all(numbers) and len({*numbers, *range(1, len(numbers) + 1)}) > len(numbers):
        raise InvalidResponseError(
            f"{source!r}: {sent} pages were sent, and pages {', '.join(map(str, sorted(numbers)[:_MOST_NAMED]))} came.",
            raw=raw,
        )
    return _ocr_result(answer, raw, source, file_sha256)


def with_document_words(result: OcrResult, pages: int, words: int) -> OcrResult:
    """Return *result* with page numbers and word ids raised by the *pages* and *words* that come before it."""
    if not pages and not words:
        return result
    moved = (
        msgspec.structs.replace(
            page,
            number=page.number + pages if page.number else UNREADABLE_PAGE,
            words=tuple(msgspec.structs.replace(word, id=word.id + words) for word in page.words),
        )
        for page in result.pages
    )
    return msgspec.structs.replace(result, pages=tuple(moved))


def _ocr_result(answer: OcrShape, raw: bytes, source: str, file_sha256: str) -> OcrResult:
    numbers = [page.page for page in answer.pages]
    in_order = sorted(number or 0 for number in numbers) == list(range(1, len(numbers) + 1))
    pages = tuple(
        OcrPage(
            number=(in_order and page.page) or index,
            width=page.width or 0,
            height=page.height or 0,
            confidence=page.confidence or 0.0,
            text=_page_text(page),
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


def _page_text(page: OcrPageShape) -> str:
    if page.text is None:  # then its words say what is on it
        return " ".join(word.text for word in page.words or () if word.text)
    return page.text


def decode_job(raw: bytes, *, source: str = "", file_sha256: str = "", unsaid: str = "submitted") -> Job:
    """Decode the answer to creating a job, or to asking for its state; *unsaid* is the state where none is named."""
    return _job(_decode(_jobs, raw, "an asynchronous request", source), raw, source, file_sha256, unsaid)


def is_request_id(text: str) -> bool:
    """Say whether *text* can be the id of a job: it becomes part of an address."""
    return _REQUEST_ID.fullmatch(text) is not None and bool(text.strip("."))


def decode_jobs(raw: bytes) -> tuple[Job, ...]:
    """Decode the list of the account's asynchronous requests, in the API's order."""
    listed = _decode(_job_lists, raw, "the list of requests").requests
    return tuple(_job(one, raw) for one in listed if is_request_id(one.request_id or one.id or ""))


def _decode_several(raw: bytes, *, source: str, file_sha256: str, total_pages: int) -> ParsedDocument:
    """Decode the JSON array of the answers about one document: each begins with the page after the last."""
    parts: list[ParsedDocument] = []
    following, first_id = 1, 0
    for body in _bodies(raw):
        part = decode_document(
            body,
            source=source,
            file_sha256=file_sha256,
            first_page=following,
            first_id=first_id,
            total_pages=total_pages,
            shape=decode_shape(body, source=source),
        )
        pages = [element.page for element in part.elements]
        following = max([following + part.usage.pages, *(page + 1 for page in pages)])
        first_id = max((element.id + 1 for element in part.elements), default=first_id)
        parts.append(part)
    whole = join(parts) if parts else decode_document(raw, source=source, shape=decode_shape(raw, source=source))
    return msgspec.structs.replace(whole, total_pages=max(whole.total_pages, following - 1))


def _bodies(raw: bytes) -> list[bytes]:
    """Return the answers in a JSON array of them, none where it is no such array."""
    try:
        return [bytes(body) for body in msgspec.json.decode(raw, type=list[msgspec.Raw])]
    except _UNREADABLE:
        return []


def _decode(decoder: msgspec.json.Decoder[Any], raw: bytes, what: str, source: str = "") -> Any:
    with suppress(*_UNREADABLE):
        check_size(raw)
        return decoder.decode(raw)
    return _decode_leniently(decoder, raw, what, source)


def _decode_leniently(decoder: msgspec.json.Decoder[Any], raw: bytes, what: str, source: str) -> Any:
    """Return what *raw*, which the decoder refused, holds where its fields of a wrong type are left out."""
    found, reason = _read_leniently(cast("type[msgspec.Struct]", decoder.type), raw)
    if found is not None:
        return found
    answer = f"{source}: the answer" if source else "The answer"
    raise InvalidResponseError(f"{answer} is not one of {what} ({reason}.", raw=raw)


def _read_leniently(kind: type[msgspec.Struct], raw: bytes) -> tuple[Any, str]:
    """Return what *raw* holds, or why it cannot be read: an error raised here would have the body in its frames."""
    keys = ""
    try:
        found = load_json(raw)
        keys = _keys(found)
        return read_shape(kind, found), ""
    except ValueError as error:
        return None, f"{error}){keys}"


def _keys(found: Any) -> str:
    """Return which keys a JSON object has, for a message; not its values, which may echo what was sent with a key."""
    return (
        f"; it holds {', '.join(repr(shorten(key, _SHOWN)) for key in list(found)[:5])}"
        if isinstance(found, dict) and found
        else ""
    )


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


def _page_numbers(elements: list[ElementShape], first: int) -> list[int]:
    """Return the page of each element as answered: 0 where it cannot be one, where none is named the one before."""
    found = []
    page = next((one.page for one in elements if one.page is not None and 1 <= one.page <= LARGEST), first)
    for element in elements:
        number = page if element.page is None else element.page
        if 1 <= number <= LARGEST:
            found.append(page := number)
        else:
            found.append(UNREADABLE_PAGE)
    return found


def _offset(answered: list[int], pages: tuple[int, int], raw: bytes, source: str) -> int:
    """Return what to add to the pages *answered* to get pages of the document.

    It brings as many of them as possible into *pages*. A part of a PDF that was cut counts from 1; whether a batch
    counts from 1 or from its start in the file that was sent is not documented, and that file may itself have been a
    part.
    """
    first, last = pages
    width = last - first + 1
    counts = Counter(answered)
    del counts[UNREADABLE_PAGE]
    # From 1, from the document's start, or from the start of the file that was sent: its batches are of ten pages, or
    # as long as this one. A part begins with the document or after it, never before.
    starts = {(page - 1) // length * length + 1 for page in counts for length in (_BATCH_PAGES, width)}
    offsets = [first - 1, 0, *(first - start for start in sorted(starts) if start <= first)]

    def inside(offset: int) -> int:
        return sum(count for page, count in counts.items() if first <= page + offset <= last)

    best = max(offsets, key=inside)
    if answered and not inside(best):
        held = f"pages {min(counts)}-{max(counts)}" if counts else "no valid page number"
        raise InvalidResponseError(f"{source!r}: the answer for pages {first}-{last} holds {held}.", raw=raw)
    return best


def _off_the_pages(answered: list[ElementShape], elements: tuple[Element, ...]) -> Iterator[PageWarning]:
    """Yield a warning that names the elements whose page the document does not have."""
    lost = [(one.id, given.page) for one, given in zip(elements, answered, strict=True) if not one.page]
    if lost:
        ids = ", ".join(str(one) for one, _ in lost[:_MOST_NAMED]) + (", ..." if len(lost) > _MOST_NAMED else "")
        pages = ", ".join(sorted({str(page) for _, page in lost if page and -LARGEST < page < LARGEST})[:_MOST_NAMED])
        named = f" (the answer says {pages})" if pages else ""
        yield PageWarning(
            UNREADABLE_PAGE,
            f"{len(lost)} elements name a page that the document does not have{named}: elements {ids}. They keep their "
            "text and have page 0.",
        )


def _ids(answered: list[int | None], first: int) -> list[int]:
    known = [number for number in answered if number is not None]
    if len(known) != len(answered) or len(set(known)) != len(known):
        return list(range(first, first + len(answered)))
    offset = first if known and min(known) < first else 0
    return [number + offset for number in known]


def _page_count(value: Any) -> int:
    """Return *value* where it is a number of pages, else 0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST else 0


def _warnings(value: Any, offset: int) -> tuple[PageWarning, ...]:
    """Return what could not be read; *offset* is how many pages of the document stand before those of the answer."""
    found = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    return tuple(
        PageWarning(one["page"] + offset, one["message"])
        for one in found
        if isinstance(one.get("page"), int) and isinstance(one.get("message"), str)
    )


def _job(job: JobShape, raw: bytes, source: str = "", file_sha256: str = "", unsaid: str = "submitted") -> Job:
    request_id = redact(job.request_id or job.id or "")
    if not request_id:
        raise InvalidResponseError("The answer about an asynchronous request holds no request id.", raw=raw)
    if not is_request_id(request_id):
        raise InvalidResponseError(
            f"The answer about an asynchronous request holds an invalid request id: {shorten(request_id, _SHOWN)!r}.",
            raw=raw,
        )
    batches = [_batch(one, index) for index, one in enumerate(job.batches or ())]
    own = {
        "request_id": request_id,
        "failure_message": _failure_message(job),
        "batches": tuple(sorted(batches, key=lambda batch: batch.id)),
    }
    return Job(**{"status": unsaid, **_told(job, Job), "source": source, "file_sha256": file_sha256, **own})


def _told(shape: msgspec.Struct, kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the fields of *kind* that *shape* has under the same names, and says something of, without secrets.

    A state may be written in capitals.
    """
    told = {name: value for name in kind.__struct_fields__ if (value := getattr(shape, name, None))}
    shown = {name: redact(value) for name, value in told.items() if isinstance(value, str) and name != "download_url"}
    if "status" in shown:
        shown["status"] = shown["status"].lower()  # not before: a key is hidden as it is written
    return told | shown


def explained(body: dict[str, Any]) -> tuple[str, str]:
    """Return (code, message) of an error body in any of its shapes, two empty strings if it is none of them.

    `{"error": {"message", "type", "code"}}`, `{"code", "message"}`, `{"error": "…"}` (gateways), `{"detail": …}`;
    https://console.upstage.ai/docs/guides/rate-limits
    """
    error = body.get("error") or body
    if isinstance(error, str):
        return _word(body.get("code")), error
    if not isinstance(error, dict):
        return "", ""
    message = error.get("message") or error.get("detail") or error.get("error_description") or ""
    return _word(error.get("code") or error.get("type")), message if isinstance(message, str) else json.dumps(message)


def _word(value: Any) -> str:
    return str(value) if isinstance(value, (str, int)) else ""


def _failure_message(shape: JobShape | BatchShape) -> str:
    code, message = explained({"error": shape.error})
    return redact(shape.failure_message or (f"{message} ({code})" if message and code else message or code))


def _batch(batch: BatchShape, index: int) -> Batch:
    number = index if batch.id is None else batch.id
    own = {"id": number, "failure_message": _failure_message(batch)}
    return Batch(**{"status": "scheduled", **_told(batch, Batch), **own})
