"""Regroups Documents into Documents of paragraphs, of sections, or of single rows of tables."""

from __future__ import annotations

from collections.abc import Iterable

from langchain_core.documents import Document

from langchain_upstage_docs.loaders import document_of


def paragraph_documents(documents: Iterable[Document]) -> list[Document]:
    """Return a Document for each paragraph, rejoined across columns and pages, with its paragraph or claim number.

    See `upstage_docs.evidence.paragraph_records` for what the metadata says.

    Args:
        documents: As loaded with `split="element"`, in their order.
    """
    from upstage_docs.evidence import paragraph_records
    from upstage_docs.evidence.things import as_list

    return [document_of(one) for one in paragraph_records(as_list(documents))]


def section_documents(documents: Iterable[Document], *, references: bool = False) -> list[Document]:
    """Return a Document for each section: what stands between one heading and the next.

    Args:
        documents: As loaded with `split="element"`, in their order.
        references: Whether the list of references is wanted too.
    """
    from upstage_docs.evidence import section_records
    from upstage_docs.evidence.things import as_list

    return [document_of(one) for one in section_records(as_list(documents), references=references)]


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
    from upstage_docs.evidence.things import as_list

    return [document_of(one) for one in row_records(as_list(documents))]
