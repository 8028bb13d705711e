"""Upstage Document Parse and Document OCR for LangChain: loaders, blob parsers, a splitter that keeps tables whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upstage_docs.errors import MissingExtraError


def _explained(error: ModuleNotFoundError) -> ImportError:
    """Return what to tell of *error*: which extra is missing, if it is that."""
    missing = (error.name or "").partition(".")[0] in {"langchain_core", "langchain_text_splitters"}
    return MissingExtraError.of("langchain", "langchain_upstage_docs", error) if missing else error


try:
    from langchain_upstage_docs.crops import to_content_blocks
    from langchain_upstage_docs.indexing import akeep_failed, index_key, keep_failed
    from langchain_upstage_docs.loaders import (
        UpstageDocumentParseLoader,
        UpstageDocumentParseParser,
        UpstageOCRLoader,
        UpstageOCRParser,
    )
    from langchain_upstage_docs.regrouping import paragraph_documents, row_documents, section_documents
except ModuleNotFoundError as error:
    raise _explained(error) from error

if TYPE_CHECKING:
    from langchain_upstage_docs.retriever import SearchDocumentTool, UpstageDocumentRetriever
    from langchain_upstage_docs.splitters import TableAwareTextSplitter

__all__ = [
    "SearchDocumentTool",
    "TableAwareTextSplitter",
    "UpstageDocumentParseLoader",
    "UpstageDocumentParseParser",
    "UpstageDocumentRetriever",
    "UpstageOCRLoader",
    "UpstageOCRParser",
    "akeep_failed",
    "index_key",
    "keep_failed",
    "paragraph_documents",
    "row_documents",
    "section_documents",
    "to_content_blocks",
]


# Looked up when they are used: langchain_text_splitters, and the pydantic models of retrievers and tools, take
# longer to import than all that a loader needs.
_HOME = {
    "SearchDocumentTool": "retriever",
    "TableAwareTextSplitter": "splitters",
    "UpstageDocumentRetriever": "retriever",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        from upstage_docs.options.former_names import missing_name_error

        raise missing_name_error(__name__, name)
    from importlib import import_module

    try:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    except ModuleNotFoundError as error:
        raise _explained(error) from error


def __dir__() -> list[str]:
    return sorted(__all__)
