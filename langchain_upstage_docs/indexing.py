"""Helps LangChain's `index`: makes keys of Documents, and keeps what is indexed of files that failed in this run."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from upstage_docs.errors import ConfigError

if TYPE_CHECKING:
    from langchain_core.documents import Document
    from langchain_core.indexing import RecordManager  # brings in the retrievers: as much again as all of this package

    from langchain_upstage_docs.loaders import UpstageDocumentParseLoader, UpstageOCRLoader


def keep_failed(
    loader: UpstageDocumentParseLoader | UpstageOCRLoader, record_manager: RecordManager
) -> Iterator[Document]:
    """Yield the Documents of *loader*, and let an index keep what it holds of the files that failed.

    `index(keep_failed(loader, manager), manager, ..., cleanup="full")`: what the index holds of a file that failed and
    was left out (`on_error="skip"`) counts as seen, so that `full` does not delete it. A file that is no longer there,
    or not in the list, loses its records. With `on_error="partial"`, what came of a file takes the place of its
    records, unless nothing came.

    Args:
        loader: One with `on_error="skip"` or `"partial"`.
        record_manager: The one that `index` is given; its group ids are the `source` of the Documents.

    Raises:
        UpstageDocsError: As the loader's `lazy_load`.
    """
    yield from loader.lazy_load()
    for source in loader.report.left_out:
        if keys := record_manager.list_keys(group_ids=[source]):
            record_manager.update(keys, group_ids=[source] * len(keys))


async def akeep_failed(
    loader: UpstageDocumentParseLoader | UpstageOCRLoader, record_manager: RecordManager
) -> AsyncIterator[Document]:
    """Yield the Documents of *loader* for `aindex`; see `keep_failed`."""
    async for document in loader.alazy_load():
        yield document
    for source in loader.report.left_out:
        if keys := await record_manager.alist_keys(group_ids=[source]):
            await record_manager.aupdate(keys, group_ids=[source] * len(keys))


def index_key(document: Document) -> str:
    """Return a UUIDv5 of the Document's text and metadata, for `index(..., key_encoder=index_key)`.

    It changes with whatever would be stored, unlike an id by position, and every vector store takes it, unlike a plain
    hash (Qdrant takes UUIDs only).

    Raises:
        ConfigError: The metadata holds something that JSON does not.
    """
    from upstage_docs.records.records import record_id, text_sha256

    try:
        metadata = json.dumps(document.metadata, sort_keys=True, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"The metadata of a Document to index must be JSON: {error}.") from error
    return record_id("index", text_sha256(document.page_content), text_sha256(metadata))
