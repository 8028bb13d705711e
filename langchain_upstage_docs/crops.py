"""Makes content blocks for multimodal models from Documents and their crops."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from langchain_core.documents import Document
    from langchain_core.messages import ContentBlock

    from upstage_docs.files.source import DocumentInput


def to_content_blocks(
    document: Document, file: DocumentInput | None = None, *, pictures: bool = True
) -> list[ContentBlock]:
    """Return *document* as content blocks of a message: its place, its text, and its pictures.

    `HumanMessage(content_blocks=[*to_content_blocks(document), {"type": "text", "text": question}])`

    Args:
        document: As loaded, split or retrieved.
        file: The file to cut a table, chart or figure from, if no crop was written and `source` does not lead to it.
        pictures: Whether pictures are wanted.
    """
    from upstage_docs.evidence import to_content_blocks as blocks_of

    return cast("list[ContentBlock]", blocks_of(document, file, pictures=pictures))
