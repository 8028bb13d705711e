"""Upstage Document Parse and Document OCR for LlamaIndex: readers and node parsers that keep tables whole."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

try:
    import llama_index.core  # noqa: F401 - to say what is missing at once
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "llama_index":
        raise
    from upstage_docs.errors import MissingExtraError

    raise MissingExtraError.of("llama-index", "llama_index_upstage_docs", error) from error

if TYPE_CHECKING:
    from llama_index_upstage_docs.crops import image_nodes as image_nodes
    from llama_index_upstage_docs.indexing import keep_failed as keep_failed
    from llama_index_upstage_docs.node_parsers import UpstageDocumentParseNodeParser as UpstageDocumentParseNodeParser
    from llama_index_upstage_docs.ocr_reader import UpstageOCRReader as UpstageOCRReader
    from llama_index_upstage_docs.readers import UpstageDocumentParseReader as UpstageDocumentParseReader
    from llama_index_upstage_docs.regrouping import (
        paragraph_documents as paragraph_documents,
        row_documents as row_documents,
        section_documents as section_documents,
    )
    from llama_index_upstage_docs.retriever import (
        SearchDocumentToolSpec as SearchDocumentToolSpec,
        UpstageDocumentRetriever as UpstageDocumentRetriever,
    )
    from llama_index_upstage_docs.table_node_parser import TableAwareNodeParser as TableAwareNodeParser

# Name → module. Each class is a pydantic model, which costs milliseconds to make, so each is made when it is used.
_HOME = {
    "SearchDocumentToolSpec": "retriever",
    "TableAwareNodeParser": "table_node_parser",
    "UpstageDocumentParseNodeParser": "node_parsers",
    "UpstageDocumentParseReader": "readers",
    "UpstageDocumentRetriever": "retriever",
    "UpstageOCRReader": "ocr_reader",
    "image_nodes": "crops",
    "keep_failed": "indexing",
    "paragraph_documents": "regrouping",
    "row_documents": "regrouping",
    "section_documents": "regrouping",
}

__all__ = [*_HOME]  # noqa: PLE0604 - every key is a string


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    from upstage_docs.options.former_names import missing_name_error

    raise missing_name_error(__name__, name)


def __dir__() -> list[str]:
    return sorted(__all__)
