"""Keeps LlamaIndex's `IngestionPipeline` from deleting the stored Documents of files that failed in this run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llama_index.core.schema import BaseNode
from llama_index.core.storage.docstore import BaseDocumentStore

if TYPE_CHECKING:
    from upstage_docs import Report


def keep_failed(documents: Sequence[BaseNode], report: Report, docstore: BaseDocumentStore) -> list[BaseNode]:
    """Return *documents* and what *docstore* holds of the files that failed, for a pipeline with UPSERTS_AND_DELETE.

    Such a pipeline deletes whatever it is not given, and leaves alone what it is given unchanged. A file that is no
    longer there, or not in the list, loses its Documents. With `on_error="partial"`, what came of a file takes the
    place of its Documents, unless nothing came.

    Args:
        documents: What a reader with `on_error="skip"` or `"partial"` gave.
        report: The reader's `report` after that; it is empty where `SimpleDirectoryReader` read with `num_workers`.
        docstore: The pipeline's.
    """
    failed = set(report.left_out)
    if not failed:
        return list(documents)
    here = {document.node_id for document in documents}
    kept = [one for one in docstore.docs.values() if one.metadata.get("source") in failed and one.node_id not in here]
    return [*documents, *kept]
