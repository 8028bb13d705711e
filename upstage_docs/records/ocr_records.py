"""OCR results → records: a page, the whole text, or a word each; knows no framework."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from upstage_docs.models import OcrPage, OcrResult, Point, Record
from upstage_docs.records.options import OCRRecordOptions
from upstage_docs.records.records import file_id, metadata, record_id, text_sha256

__all__ = ["ocr_records"]


def ocr_records(
    result: OcrResult, *, split: Literal["page", "none", "word"] = "page", skip_empty: bool = False
) -> Iterator[Record]:
    """Yield the records of an OCR result: a page, the whole document, or a word each.

    The metadata has the keys of METADATA_KEYS and `confidence` (float 0-1); coordinates are made relative 0-1 from the
    page's pixels.
    """
    OCRRecordOptions(split, skip_empty)
    if split == "none":
        yield from _ocr_record(result, "document", 0, 1, result.text, result.confidence, (), skip_empty=skip_empty)
        return
    for index, page in enumerate(result.pages):
        if split == "page":
            yield from _ocr_record(
                result, "page", index, page.number, page.text, page.confidence, (), skip_empty=skip_empty
            )
            continue
        for word in page.words:
            relative = _relative(word.vertices, page)
            yield from _ocr_record(
                result, "word", word.id, page.number, word.text, word.confidence, relative, skip_empty=skip_empty
            )


def _ocr_record(
    result: OcrResult,
    category: str,
    number: int,
    page: int,
    text: str,
    confidence: float,
    coordinates: tuple[Point, ...],
    *,
    skip_empty: bool,
) -> Iterator[Record]:
    if skip_empty and not text.strip():
        return
    if category == "document":
        identity = file_id(result.source)
    else:
        identity = record_id(result.source, result.file_sha256, "ocr", category, number, 0, text_sha256(text))
    box = None if coordinates or category == "word" else (0.0, 0.0, 1.0, 1.0)
    flat = metadata(
        result, identity=identity, element_id=number, category=category, page=page, coordinates=coordinates, box=box
    )
    flat["confidence"] = float(confidence)
    yield Record(identity, text, flat)


def _relative(vertices: tuple[Point, ...], page: OcrPage) -> tuple[Point, ...]:
    if page.width <= 0 or page.height <= 0:
        return ()
    return tuple((round(x / page.width, 6), round(y / page.height, 6)) for x, y in vertices)
