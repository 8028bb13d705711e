"""The core that the LangChain and LlamaIndex packages are built on: clients, documents, chunks, evidence."""

from __future__ import annotations

from upstage_docs.version import __version__

TYPE_CHECKING = False  # as typing's, which alone costs more than this whole module
if TYPE_CHECKING:
    from upstage_docs.api.decode import decode_document as decode_document, decode_ocr as decode_ocr
    from upstage_docs.api.limits import ApiLimits as ApiLimits, Limits as Limits
    from upstage_docs.api.rates import Rate as Rate
    from upstage_docs.chunking.context import contextualize as contextualize
    from upstage_docs.chunking.options import ChunkOptions as ChunkOptions
    from upstage_docs.chunking.packing import chunk_elements as chunk_elements
    from upstage_docs.client.async_client import AsyncClient as AsyncClient
    from upstage_docs.client.client import Client as Client
    from upstage_docs.errors import (
        APIConnectionError as APIConnectionError,
        APIStatusError as APIStatusError,
        APITimeoutError as APITimeoutError,
        AuthenticationError as AuthenticationError,
        BadRequestError as BadRequestError,
        ConfigError as ConfigError,
        InvalidResponseError as InvalidResponseError,
        JobError as JobError,
        JobFailedError as JobFailedError,
        JobTimeoutError as JobTimeoutError,
        MissingExtraError as MissingExtraError,
        RateLimitError as RateLimitError,
        SourceError as SourceError,
        SourceNotFoundError as SourceNotFoundError,
        UnknownOutcomeError as UnknownOutcomeError,
        UpstageDocsError as UpstageDocsError,
    )
    from upstage_docs.evidence.citation import Citation as Citation, acite as acite, cite as cite
    from upstage_docs.evidence.crop_files import (
        CropFile as CropFile,
        ato_content_blocks as ato_content_blocks,
        crops_of as crops_of,
        to_content_blocks as to_content_blocks,
    )
    from upstage_docs.evidence.locate import aplaces as aplaces, places as places
    from upstage_docs.evidence.ocr_words import uncertain as uncertain
    from upstage_docs.evidence.overlay_text import aoverlay as aoverlay, overlay as overlay
    from upstage_docs.evidence.pictures import (
        PagePicture as PagePicture,
        acrop as acrop,
        ahighlight as ahighlight,
        crop as crop,
        highlight as highlight,
    )
    from upstage_docs.evidence.place import Place as Place
    from upstage_docs.evidence.rows import row_records as row_records
    from upstage_docs.evidence.table_data import TableData as TableData, tables as tables
    from upstage_docs.files.source import Named as Named
    from upstage_docs.flows.plan import Estimate as Estimate, Spending as Spending
    from upstage_docs.flows.reports import Failure as Failure, Progress as Progress, Report as Report
    from upstage_docs.models import (
        Batch as Batch,
        Chunk as Chunk,
        Element as Element,
        Job as Job,
        OcrLine as OcrLine,
        OcrPage as OcrPage,
        OcrResult as OcrResult,
        OcrWord as OcrWord,
        ParsedDocument as ParsedDocument,
        Record as Record,
    )
    from upstage_docs.options import (
        CATEGORIES as CATEGORIES,
        OCROptions as OCROptions,
        ParseOptions as ParseOptions,
        PollPolicy as PollPolicy,
        RetryPolicy as RetryPolicy,
    )
    from upstage_docs.records.ocr_lines import ocr_lines as ocr_lines, word_ranges as word_ranges
    from upstage_docs.records.options import RecordOptions as RecordOptions
    from upstage_docs.records.records import coordinates_of as coordinates_of

# Public name → the module that holds it. Names are looked up when they are first used (PEP 562), so that importing
# this package costs a Python user nothing.
_HOME: dict[str, str] = {
    name: module
    for module, names in {
        "client.client": "Client",
        "client.async_client": "AsyncClient",
        "api.limits": "ApiLimits Limits",
        "flows.plan": "Estimate Spending",
        "api.rates": "Rate",
        "flows.reports": "Report Progress Failure",
        "files.source": "Named",
        "models": "Element ParsedDocument Job Batch OcrResult OcrLine OcrPage OcrWord Chunk Record",
        "chunking.packing": "chunk_elements",
        "chunking.context": "contextualize",
        "chunking.options": "ChunkOptions",
        "records.ocr_lines": "ocr_lines word_ranges",
        "records.options": "RecordOptions",
        "records.records": "coordinates_of",
        "evidence": "Citation acite cite aplaces places PagePicture acrop ahighlight crop highlight Place "
        "CropFile ato_content_blocks crops_of to_content_blocks uncertain aoverlay overlay "
        "TableData tables row_records",
        "api.decode": "decode_document decode_ocr",
        "options": "ParseOptions OCROptions RetryPolicy PollPolicy CATEGORIES",
        "errors": "UpstageDocsError ConfigError MissingExtraError SourceError SourceNotFoundError "
        "APIConnectionError APITimeoutError APIStatusError AuthenticationError RateLimitError BadRequestError "
        "InvalidResponseError JobError JobFailedError JobTimeoutError UnknownOutcomeError",
    }.items()
    for name in names.split()
}

__all__ = ["__version__", *_HOME]  # noqa: PLE0604 - every key is a string


def __getattr__(name: str) -> object:
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(f"upstage_docs.{_HOME[name]}"), name)
    raise AttributeError(f"module 'upstage_docs' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
