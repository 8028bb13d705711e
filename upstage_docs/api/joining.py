"""Joins answers about runs of pages ('slices') into one document, and their bodies into one JSON text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from upstage_docs.api.lenient import load_json
from upstage_docs.errors import InvalidResponseError
from upstage_docs.models import OcrResult, ParsedDocument, Usage

Slice = TypeVar("Slice", ParsedDocument, OcrResult)

# How the API joins the elements' contents into the document's (measured on its answers).
JOINERS = {"html": "\n", "markdown": "\n\n", "text": "\n"}


def join(parts: Sequence[Slice]) -> Slice:
    """Join the slices of one document, in order, into the whole; their pages and ids are final already."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        raise InvalidResponseError("There are no answers to join into a document.")
    first = parts[0]
    if isinstance(first, OcrResult):
        pages = tuple(page for part in parts for page in part.pages)
        return msgspec.structs.replace(
            first,
            pages=pages,
            text="\n".join(page.text for page in pages),
            confidence=min(part.confidence for part in parts),
            billed_pages=sum(part.billed_pages for part in parts),
            raw=b"[" + b",".join(part.raw for part in parts) + b"]",
        )
    return msgspec.structs.replace(
        first,
        elements=tuple(element for part in parts for element in part.elements),
        html=_join_texts(JOINERS["html"], (part.html for part in parts)),
        markdown=_join_texts(JOINERS["markdown"], (part.markdown for part in parts)),
        text=_join_texts(JOINERS["text"], (part.text for part in parts)),
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
    answered = [one for answer in document.answers for one in _loaded(answer.raw)["elements"] if isinstance(one, dict)]
    for one, element in zip(answered, document.elements, strict=True):
        one["id"] = element.id
        one["page"] = element.page
        if isinstance(one.get("content"), dict) and one["content"].get("html"):
            one["content"]["html"] = element.html
    return answered


def document_json(document: ParsedDocument) -> str:
    """Return the document as one JSON answer of the API: the body itself, or the several bodies merged into one."""
    answers = document.answers
    first = answers[0]
    untouched = len(answers) == 1 and first.page_offset == 0 and first.first_page == 1 and first.first_id == 0
    untouched = untouched and not document.missing_pages
    if untouched and all(element.page for element in document.elements):
        with suppress(UnicodeDecodeError):
            text = first.raw.decode()
            if text.lstrip(" \t\r\n").startswith("{"):  # and not with a byte order mark, which no JSON parser takes
                return text
    merged = _loaded(first.raw)
    merged["model"] = document.model
    merged["usage"] = {name: value for name, value in msgspec.to_builtins(document.usage).items() if value}
    merged["ocr"] = document.ocr
    merged["content"] = {"html": document.html, "markdown": document.markdown, "text": document.text}
    merged["elements"] = raw_elements(document)
    if document.missing_pages:
        merged["missing_pages"] = document.missing_pages
    merged.pop("warnings", None)
    if document.warnings:
        merged["warnings"] = msgspec.to_builtins(document.warnings)
    return msgspec.json.encode(merged).decode()


def _loaded(raw: bytes) -> Any:
    """Return the JSON of an answer that was decoded before."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return load_json(raw)


def _join_texts(joiner: str, texts: Iterable[str]) -> str:
    return joiner.join(text for text in texts if text)
