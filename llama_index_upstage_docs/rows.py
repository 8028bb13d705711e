"""Makes a node for each row of the tables in nodes."""

from __future__ import annotations

from collections.abc import Iterable

from llama_index.core.schema import BaseNode

from llama_index_upstage_docs.nodes import node_of

__all__ = ["row_documents"]

_KEYS = ("table_id", "table_number", "row")


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

    given = list(nodes)
    owners = {str(node.metadata.get("record_id") or node.node_id): node for node in given}
    rows = row_records(given)
    return [node_of(row, owners.get(str(row.metadata["table_id"])), _KEYS, shown=False) for row in rows]
