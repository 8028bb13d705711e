"""Upstage Document Parse and Document OCR: the core that both faces stand on."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upstage_docs.errors import UpstageDocsError as UpstageDocsError

__version__ = "0.1.0"

# Public name → the module that holds it. Names are looked up when they are first used (PEP 562), so that importing
# this package costs a Python user nothing.
_HOME: dict[str, str] = {
    **dict.fromkeys(
        ("Element", "ParsedDocument", "Job", "Batch", "OcrResult", "OcrPage", "OcrWord", "Chunk", "Record"),
        "models",
    ),
    **dict.fromkeys(("RecordOptions", "coordinates_of", "records"), "records"),
    "ocr_records": "ocr_records",
    "decode_document": "answers",
    "decode_ocr": "answers",
    **dict.fromkeys(("ParseOptions", "OCROptions", "RetryPolicy", "PollPolicy", "CATEGORIES"), "options"),
    **dict.fromkeys(
        (
            "UpstageDocsError",
            "ConfigError",
            "MissingExtraError",
            "SourceError",
            "SourceNotFoundError",
            "APIConnectionError",
            "APITimeoutError",
            "APIStatusError",
            "AuthenticationError",
            "RateLimitError",
            "BadRequestError",
            "InvalidResponseError",
            "JobError",
            "JobFailedError",
            "JobTimeoutError",
            "UnknownOutcomeError",
        ),
        "errors",
    ),
}

__all__ = ["__version__", *_HOME]  # noqa: PLE0604 - every key is a string


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"upstage_docs.{_HOME[name]}"), name)
    raise AttributeError(f"module 'upstage_docs' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
