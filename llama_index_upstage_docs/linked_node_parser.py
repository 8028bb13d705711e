"""What both node parsers are: how nodes are linked, and no more work of the base class; makes no node."""

from __future__ import annotations

from typing import Any, TypeVar

from llama_index.core.bridge.pydantic import ConfigDict
from llama_index.core.node_parser.interface import NodeParser
from llama_index.core.schema import BaseNode, Document

from llama_index_upstage_docs.signature import ConstructorSignature

__all__ = ["LinkedNodeParser"]

Parser = TypeVar("Parser", bound="LinkedNodeParser")


class LinkedNodeParser(NodeParser):
    """A node parser whose nodes have their ids, metadata and relationships already."""

    model_config = ConfigDict(arbitrary_types_allowed=True, defer_build=True)
    include_section_nodes: bool = False

    __signature__ = ConstructorSignature()

    @classmethod
    def from_defaults(cls: type[Parser], *args: Any, **options: Any) -> Parser:
        """Return a node parser with these options, the constructor's: how the framework's own are made."""
        return cls(*args, **options)

    def _postprocess_parsed_nodes(
        self,
        nodes: list[BaseNode],
        parent_doc_map: dict[str, Document],  # noqa: ARG002 - the base class gives it
    ) -> list[BaseNode]:
        return nodes  # the base class looks for every node's text in its document, which is quadratic
