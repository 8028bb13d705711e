"""The key of a Document for LangChain's record managers; stores nothing."""

from __future__ import annotations

import json

from langchain_core.documents import Document

__all__ = ["index_key"]


def index_key(document: Document) -> str:
    """Return a UUIDv5 of the Document's text and metadata, for `index(..., key_encoder=index_key)`.

    It changes with whatever would be stored, unlike an id by position, and every vector store takes it, unlike a plain
    hash (Qdrant takes UUIDs only).

    Raises:
        ConfigError: The metadata holds something that JSON does not.
    """
    from upstage_docs.errors import ConfigError
    from upstage_docs.records.records import record_id, text_sha256

    try:
        metadata = json.dumps(document.metadata, sort_keys=True, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"The metadata of a Document to index must be JSON: {error}.") from error
    return record_id("index", text_sha256(document.page_content), text_sha256(metadata))
