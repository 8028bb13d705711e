"""Regroups Documents of elements into Documents of paragraphs or sections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from langchain_core.documents import Document

if TYPE_CHECKING:
    from upstage_docs.models import Record

__all__ = ["paragraph_documents", "section_documents"]


def paragraph_documents(documents: Iterable[Document]) -> list[Document]:
    """Return a Document for each paragraph, joined where columns and pages broke it, with its number and its claim.

    See `upstage_docs.evidence.paragraph_records` for what the metadata says.

    Args:
        documents: As loaded with `split="element"`, in their order.
    """
    from upstage_docs.evidence import paragraph_records

    return _documents(paragraph_records(list(documents)))


def section_documents(documents: Iterable[Document], *, references: bool = False) -> list[Document]:
    """Return a Document for each section: what stands between one heading and the next.

    Args:
        documents: As loaded with `split="element"`, in their order.
        references: Whether the list of references is wanted too.
    """
    from upstage_docs.evidence import section_records

    return _documents(section_records(list(documents), references=references))


def _documents(records: Iterator[Record]) -> list[Document]:
    return [Document(page_content=one.text, metadata=one.metadata, id=one.id) for one in records]
