"""Regroups nodes of elements into nodes of paragraphs or sections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from llama_index.core.schema import BaseNode

from llama_index_upstage_docs.nodes import node_of

if TYPE_CHECKING:
    from upstage_docs.models import Record

__all__ = ["paragraph_documents", "section_documents"]

_KEYS = ("paragraph_number", "claim_number", "part")


def paragraph_documents(nodes: Iterable[BaseNode]) -> list[BaseNode]:
    """Return a node for each paragraph, joined where columns and pages broke it, with its number and its claim.

    See `upstage_docs.evidence.paragraph_records` for what the metadata says. SOURCE is the file of the first node.

    Args:
        nodes: As read with `split="element"`, or parsed into elements, in their order.
    """
    from upstage_docs.evidence import paragraph_records

    given = list(nodes)
    return _nodes(paragraph_records(given), given)


def section_documents(nodes: Iterable[BaseNode], *, references: bool = False) -> list[BaseNode]:
    """Return a node for each section: what stands between one heading and the next.

    Args:
        nodes: As read with `split="element"`, or parsed into elements, in their order.
        references: Whether the list of references is wanted too.
    """
    from upstage_docs.evidence import section_records

    given = list(nodes)
    return _nodes(section_records(given, references=references), given)


def _nodes(records: Iterable[Record], given: Sequence[BaseNode]) -> list[BaseNode]:
    owners = {str(node.metadata.get("source", "")): node for node in reversed(given)}
    return [node_of(one, owners.get(one.metadata["source"]), _KEYS, shown=True) for one in records]
