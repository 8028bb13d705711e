"""Makes ImageNodes of the crops of nodes, for multimodal indexes and models."""

from __future__ import annotations

from collections.abc import Iterable

from llama_index.core.schema import BaseNode, ImageNode, NodeRelationship

from llama_index_upstage_docs.nodes import source_of, text_of


def image_nodes(nodes: Iterable[BaseNode]) -> list[ImageNode]:
    """Return an ImageNode for each crop of *nodes*, in order: with the node's text and metadata, and its SOURCE.

    Crops are those that a reader or node parser wrote (`crops=`, `crop_folder=`) or kept (`images="base64"`).

    Args:
        nodes: Of elements, pages or chunks.
    """
    from upstage_docs.evidence import crops_of
    from upstage_docs.evidence.things import as_list
    from upstage_docs.records.records import record_id, text_sha256

    made: list[ImageNode] = []
    for node in as_list(nodes):
        for crop in crops_of(node):
            name = crop.path.replace("\\", "/").rpartition("/")[2] or text_sha256(crop.base64_encoding)
            made.append(
                ImageNode(
                    id_=record_id("image", node.node_id, name),
                    text=text_of(node),
                    image_path=crop.path or None,
                    image=crop.base64_encoding or None,
                    metadata=node.metadata,
                    excluded_embed_metadata_keys=node.excluded_embed_metadata_keys,
                    excluded_llm_metadata_keys=node.excluded_llm_metadata_keys,
                    relationships={NodeRelationship.SOURCE: source_of(node)},
                )
            )
    return made
