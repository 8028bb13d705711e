"""Regroups nodes into nodes of paragraphs, of sections, or of single rows of tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from llama_index.core.schema import BaseNode

from llama_index_upstage_docs.nodes import node_of

if TYPE_CHECKING:
    from upstage_docs.models import Record

_KEYS = ("paragraph_number", "claim_number", "part")
_ROW_KEYS = ("table_id", "table_number", "row")


def paragraph_documents(nodes: Iterable[BaseNode]) -> list[BaseNode]:
    """Return a node for each paragraph, rejoined across columns and pages, with its paragraph or claim number.

    See `upstage_docs.evidence.paragraph_records` for what the metadata says. SOURCE is the file of the first node.

    Args:
        nodes: As read with `split="element"`, or parsed into elements, in their order.
    """
    from upstage_docs.evidence import paragraph_records
    from upstage_docs.evidence.things import as_list

    given = as_list(nodes)
    return _nodes(paragraph_records(given), given)


def section_documents(nodes: Iterable[BaseNode], *, references: bool = False) -> list[BaseNode]:
    """Return a node for each section: what stands between one heading and the next.

    Args:
        nodes: As read with `split="element"`, or parsed into elements, in their order.
        references: Whether the list of references is wanted too.
    """
    from upstage_docs.evidence import section_records
    from upstage_docs.evidence.things import as_list

    given = as_list(nodes)
    return _nodes(section_records(given, references=references), given)


def row_documents(nodes: Iterable[BaseNode]) -> list[BaseNode]:
    """Return a node for each row of the tables in *nodes*, in order; its SOURCE is the file of the node it is from.

    Its text has a line for each value: column, names of the row, value, unit. Its metadata says where the table stands
    and, as `table_id`, which node holds it.

    Args:
        nodes: Nodes or Documents in their order: the unit of a table often stands in the line above it.

    Raises:
        ConfigError: A table's text has no rows and columns (plain text).
    """
    from upstage_docs.evidence import row_records
    from upstage_docs.evidence.things import as_list

    given = as_list(nodes)
    owners = {str(node.metadata.get("record_id") or node.node_id): node for node in given}
    rows = row_records(given)
    return [node_of(row, owners.get(str(row.metadata["table_id"])), _ROW_KEYS, shown=False) for row in rows]


def _nodes(records: Iterable[Record], given: Sequence[BaseNode]) -> list[BaseNode]:
    owners = {str(node.metadata.get("source", "")): node for node in reversed(given)}
    return [node_of(one, owners.get(one.metadata["source"]), _KEYS, shown=True) for one in records]
