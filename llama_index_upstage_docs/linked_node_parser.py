"""The base of both node parsers: how nodes are linked to each other and to their source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

from llama_index.core.bridge.pydantic import ConfigDict
from llama_index.core.callbacks import CallbackManager
from llama_index.core.node_parser.interface import NodeParser
from llama_index.core.node_parser.node_utils import default_id_func
from llama_index.core.schema import BaseNode, Document

Parser = TypeVar("Parser", bound="LinkedNodeParser")
Method = TypeVar("Method", bound=Callable[..., Any])


def _of_a_list(method: Method) -> Method:
    """Return *method* of the base class, told what is wrong where it is given something else than a list."""

    @wraps(method, assigned=("__module__", "__name__", "__qualname__"))
    def given(self: LinkedNodeParser, documents: Sequence[Document], *values: Any, **options: Any) -> Any:
        """Return the nodes of *documents*; the asynchronous form does not block the event loop.

        Raises:
            ConfigError: They are no Documents or nodes.
            UpstageDocsError: As `Client.parse`, where a file is parsed.
        """
        return method(self, _documents(documents), *values, **options)

    return cast("Method", given)


class LinkedNodeParser(NodeParser):
    """A node parser whose nodes have their ids, metadata and relationships already."""

    model_config = ConfigDict(arbitrary_types_allowed=True, defer_build=True)
    include_section_nodes: bool = False

    @classmethod
    def _as_kept(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        return with_callables(values)

    @classmethod
    def from_defaults(cls: type[Parser], *args: Any, **options: Any) -> Parser:
        """Return a node parser with the options of the constructor, as LlamaIndex makes its own."""
        return cls(*args, **options)

    get_nodes_from_documents = _of_a_list(NodeParser.get_nodes_from_documents)
    aget_nodes_from_documents = _of_a_list(NodeParser.aget_nodes_from_documents)

    def _postprocess_parsed_nodes(
        self,
        nodes: list[BaseNode],
        parent_doc_map: dict[str, Document],  # noqa: ARG002 - the base class gives it
    ) -> list[BaseNode]:
        return nodes  # the base class looks for every node's text in its document, which is quadratic


def with_callables(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a constructor's *values*, with the base class's callback manager and `id_func` where none is given."""
    id_func = values["id_func"]  # a mapping after `to_dict`
    return {
        **values,
        "callback_manager": values["callback_manager"] or CallbackManager([]),
        "id_func": id_func if callable(id_func) else default_id_func,
    }


def _documents(given: Iterable[Any]) -> list[Any]:
    """Return what is *given* as a list: the base class goes through it twice.

    Raises:
        ConfigError: It is no Documents or nodes.
    """
    from upstage_docs.errors import ConfigError

    one = isinstance(given, (str, bytes, BaseNode)) or not isinstance(given, Iterable)
    documents = [given] if one else list(given)
    for document in documents:
        if one or not isinstance(document, BaseNode):
            raise ConfigError(
                f"A node parser takes a list of Documents or nodes, not {'one ' if one else ''}"
                f"{type(document).__name__}; UpstageDocumentParseReader makes Documents of files."
            )
    return documents
