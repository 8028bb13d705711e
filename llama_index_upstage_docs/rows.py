"""Makes a node for each row of the tables in nodes."""

from __future__ import annotations

from collections.abc import Iterable

from llama_index.core.schema import BaseNode, NodeRelationship

from llama_index_upstage_docs.nodes import document_of, source_of

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
    from llama_index.core.schema import TextNode

    from upstage_docs.evidence import row_records

    given = list(nodes)
    owners = {str(node.metadata.get("record_id") or node.node_id): node for node in given}
    made: list[BaseNode] = []
    for row in row_records(given):
        document = document_of(row)
        node = TextNode(
            id_=row.id,
            text=row.text,
            metadata=row.metadata,
            excluded_embed_metadata_keys=[*document.excluded_embed_metadata_keys, *_KEYS],
            excluded_llm_metadata_keys=[*document.excluded_llm_metadata_keys, *_KEYS],
        )
        owner = owners.get(str(row.metadata["table_id"]))
        if owner is not None:
            node.relationships[NodeRelationship.SOURCE] = source_of(owner)
        made.append(node)
    return made
