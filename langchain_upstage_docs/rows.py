"""Makes a Document for each row of the tables in Documents."""

from __future__ import annotations

from collections.abc import Iterable

from langchain_core.documents import Document

__all__ = ["row_documents"]


def row_documents(documents: Iterable[Document]) -> list[Document]:
    """Return a Document for each row of the tables in *documents*, in order.

    Its text has a line for each value: column, names of the row, value, unit. Its metadata says where the table stands
    and, as `table_id`, which Document holds it. Put rows into a collection of their own, or beside the chunks.

    Args:
        documents: As loaded or split, in their order: the unit of a table often stands in the line above it.

    Raises:
        ConfigError: A table's text has no rows and columns (plain text).
    """
    from upstage_docs.evidence import row_records

    return [Document(page_content=row.text, metadata=row.metadata, id=row.id) for row in row_records(list(documents))]
