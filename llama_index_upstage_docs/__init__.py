"""Upstage Document Parse and Document OCR for LlamaIndex: readers and node parsers that keep tables whole."""

from __future__ import annotations

from upstage_docs.errors import MissingExtraError

try:
    from llama_index_upstage_docs.node_parsers import UpstageDocumentParseNodeParser
    from llama_index_upstage_docs.readers import UpstageDocumentParseReader, UpstageOCRReader
    from llama_index_upstage_docs.table_node_parser import TableAwareNodeParser
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "llama_index":
        raise
    raise MissingExtraError.of("llama-index", "llama_index_upstage_docs", error) from error

__all__ = [
    "TableAwareNodeParser",
    "UpstageDocumentParseNodeParser",
    "UpstageDocumentParseReader",
    "UpstageOCRReader",
]
