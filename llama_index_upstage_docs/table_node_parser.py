"""The table-aware splitter as a NodeParser of LlamaIndex."""

from __future__ import annotations

import asyncio
import os
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from llama_index.core.bridge.pydantic import field_serializer
from llama_index.core.schema import BaseNode, MetadataMode, RelatedNodeInfo, TextNode

from llama_index_upstage_docs.linked_node_parser import LinkedNodeParser
from llama_index_upstage_docs.nodes import finished, own_metadata, source_of, text_of, was_parsed
from llama_index_upstage_docs.signature import Fields, Given, component

if TYPE_CHECKING:
    from upstage_docs import Chunk, Record
    from upstage_docs.chunking.options import ChunkOptions

_LEN = "builtins.len"


@component(eq=False, repr=False)
class ChunkFields(Fields):
    """How elements become chunks."""

    chunk_size: Given[int] = 1000
    chunk_overlap: Given[int] = 0
    length_function: Given[Callable[[str], int] | str] = len
    _: KW_ONLY
    oversized_tables: Given[Literal["keep", "split_rows"]] = "keep"
    table_size: Given[int] = 0
    merge_continued_tables: Given[bool] = False
    min_size: Given[int] = 0
    exclude_categories: Given[Sequence[str]] = ("header", "footer")
    output_format: Given[Literal["html", "markdown", "text"]] = "html"
    ids: Given[Literal["source", "content"]] = "source"
    table_context: Given[Literal["labels", "captions", "notes", "full"]] = "full"
    table_form: Given[Literal["verbatim", "dense"]] = "verbatim"
    path_in_text: Given[bool] = False
    title_in_path: Given[bool] = False
    measure: Given[Literal["markup", "text"]] = "markup"


@component(eq=False, repr=False)
class TableAwareNodeParser(ChunkFields, LinkedNodeParser):
    """Packs layout elements into chunks and keeps every table, chart and figure whole.

    It takes the Documents and nodes of our reader and node parser (elements, pages or whole files, in any format), its
    own chunks, to be split once more, and Documents of other readers that hold HTML or Markdown tables. For an
    `IngestionPipeline`, read files with `split="none", output_format="json"`: elements of one file that reach it in
    different batches share no chunk.

    Options may be assigned afterwards, also by `Settings.chunk_size`: they are read when nodes are made. A
    *length_function* is one that is defined in a module: others cannot be sent to another process.

    Examples:
        `pip install "upstage-docs[llama-index]"`, and set `UPSTAGE_API_KEY`, or add the extra `local` and set
        `UPSTAGE_DOCS_ENGINE=local`.

        ```python
        from llama_index_upstage_docs import TableAwareNodeParser, UpstageDocumentParseReader

        documents = UpstageDocumentParseReader(output_format="markdown").load_data("report.pdf")
        for node in TableAwareNodeParser(chunk_size=1000).get_nodes_from_documents(documents):
            print(node.metadata["page"], node.metadata["categories"], len(node.get_content()))
        ```

    Args:
        include_section_nodes: Whether each heading also makes a node with all that it governs, whose CHILD nodes the
            chunks are (`AutoMergingRetriever`); put only `get_leaf_nodes(nodes)` into the vector index then.
        include_metadata: Whether a Document's further metadata goes into its chunks, after ours and never over it.
        include_prev_next_rel: Whether chunks are linked to the one before and after.
        callback_manager: Of the base class.
        id_func: Taken for the base class's sake and not used: ids are deterministic, and those of the chunks.

    Raises:
        ConfigError: A value is not possible, or two contradict each other; when parsing, Documents that name a file and
            have no text of it.
    """

    @property
    def _options(self) -> ChunkOptions:
        from upstage_docs.chunking.options import ChunkOptions
        from upstage_docs.options.definitions import options_of

        return options_of(self, ChunkOptions)

    @classmethod
    def _as_kept(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._as_kept(values), "length_function": _restored(values["length_function"])}

    def _check(self) -> None:
        self.exclude_categories = list(self._options.exclude_categories)

    @classmethod
    def class_name(cls) -> str:
        """Return the name by which it is serialised."""
        return "TableAwareNodeParser"

    @field_serializer("length_function")
    def _named(self, function: Callable[[str], int]) -> str:
        """Return the name of the length function: it tells caches of different sizes apart."""
        if isinstance(counted := getattr(function, "name", None), str):
            return counted
        name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"
        return repr(function) if "<" in name or name.endswith(".") else name

    def __getstate__(self) -> dict[str, Any]:
        """Refuse what the base class would silently leave out.

        Raises:
            ConfigError: The length function cannot be sent to another process.
        """
        from upstage_docs.errors import ConfigError

        try:
            pickle.dumps(self.length_function)
        except Exception as error:
            raise ConfigError(
                f"length_function={self.length_function!r} cannot be sent to another process; use a function that is "
                "defined in a module."
            ) from error
        return {**super().__getstate__(), "__pydantic_private__": None}

    def _parse_nodes(
        self,
        nodes: Sequence[BaseNode],
        show_progress: bool = False,  # noqa: FBT001, ARG002 - of the base class; chunks come faster than a bar
        **kwargs: Any,  # noqa: ARG002 - of the base class
    ) -> list[BaseNode]:
        from upstage_docs.chunking.building import ChunkBuilder
        from upstage_docs.chunking.packing import chunk_with

        _require_text(nodes)
        made: list[BaseNode] = []
        options = self._options
        builder = ChunkBuilder(options)  # one, so that no two chunks have the same id
        for _, group in groupby(enumerate(nodes), key=_file):
            of_file = [node for _, node in group]
            records = [_record(node, whole=self.include_metadata) for node in of_file]
            chunks = list(chunk_with(options, records, builder))
            _apart(chunks, of_file, self.chunk_size)
            nodes_of_file = finished(chunks, _owners(chunks, of_file), self)
            _locate(nodes_of_file, chunks)
            for node in nodes_of_file:
                self._bound(node, options.fits)
            made += nodes_of_file
        return made

    def _bound(self, node: BaseNode, fits: Callable[[str], bool]) -> None:
        """Leave the headings out of what is embedded where they stand in the text, or with it exceed the chunk size."""
        if not node.metadata.get("headings") or "headings" in node.excluded_embed_metadata_keys:
            return
        too_large = not fits(node.get_content(MetadataMode.EMBED)) and fits(node.get_content(MetadataMode.NONE))
        if self.path_in_text or too_large:
            node.excluded_embed_metadata_keys = [*node.excluded_embed_metadata_keys, "headings"]

    async def _aparse_nodes(
        self,
        nodes: Sequence[BaseNode],
        show_progress: bool = False,  # noqa: FBT001 - of the base class
        **kwargs: Any,
    ) -> list[BaseNode]:
        return await asyncio.to_thread(self._parse_nodes, nodes, show_progress, **kwargs)


def _owners(chunks: Iterable[Chunk], nodes: Sequence[BaseNode]) -> list[tuple[BaseNode, RelatedNodeInfo]]:
    """Return, for each chunk, which of the *nodes* of one file it begins in, and the Document that this is of."""
    by_id = {node.node_id: node for node in reversed(nodes)}
    sources: dict[str, RelatedNodeInfo] = {}
    owners = []
    for chunk in chunks:
        node = by_id.get(chunk.begins_in, nodes[0])
        if node.node_id not in sources:
            sources[node.node_id] = source_of(node)
        owners.append((node, sources[node.node_id]))
    return owners


def _locate(nodes: Iterable[BaseNode], chunks: Iterable[Chunk]) -> None:
    """Say of each of *nodes* where it stands in the text of the node that it was made of, where that is known."""
    chunk_of = {chunk.id: chunk for chunk in chunks}
    for node in nodes:
        chunk = chunk_of.get(node.node_id)
        if chunk is not None and chunk.start >= 0 and isinstance(node, TextNode):
            node.start_char_idx = chunk.start
            node.end_char_idx = chunk.end if chunk.end >= 0 else None


def _require_text(nodes: Iterable[BaseNode]) -> None:
    """Refuse a file that was not parsed yet, which would look like an empty one. A file with one text passes.

    Raises:
        ConfigError: No Document of a file has text.
    """
    from upstage_docs.errors import ConfigError
    from upstage_docs.files.formats import FORMAT_OF_SUFFIX

    unread: dict[str, bool] = {}
    for node in nodes:
        path = node.metadata.get("file_path")
        if not isinstance(path, (str, os.PathLike)) or not path or was_parsed(node):
            continue
        suffix = os.path.splitext(path)[1]  # noqa: PTH122 - a path of any kind; an empty text file is none
        if suffix.lower() in FORMAT_OF_SUFFIX:
            unread[str(path)] = unread.get(str(path), True) and not text_of(node).strip()
    path = next((path for path, empty in unread.items() if empty), None)
    if path is not None:
        raise ConfigError(
            f"The Documents of {path!r} have no text: put UpstageDocumentParseNodeParser() before TableAwareNodeParser "
            'to parse the file, or read it with UpstageDocumentParseReader(split="none", output_format="json").'
        )


def _apart(chunks: Iterable[Record], nodes: Iterable[BaseNode], chunk_size: int) -> None:
    """Give a chunk that is one of *nodes*, unchanged, an id of its own: in a hierarchy no node is its own parent."""
    from upstage_docs.records.records import record_id

    given = {node.node_id for node in nodes}
    for chunk in chunks:
        if chunk.id in given:
            chunk.id = chunk.metadata["record_id"] = record_id(chunk.id, "child", chunk_size)


def _restored(function: Callable[[str], int] | str) -> Callable[[str], int]:
    """Return the length function, also after `to_dict`, which keeps only its name."""
    from upstage_docs.chunking.sizes import TokenCounter
    from upstage_docs.errors import ConfigError

    if isinstance(function, str):
        if function.isidentifier() or "-" in function:
            return TokenCounter(function)
        if function != _LEN:
            raise ConfigError(f"length_function was {function}, which cannot be made from its name: give it again.")
        return len
    return function


def _file(numbered: tuple[int, BaseNode]) -> tuple[object, ...]:
    """Return what nodes of one file have in common; what another reader made shares no chunk with anything."""
    number, node = numbered
    metadata = node.metadata
    if "file_sha256" in metadata:
        return ("file", metadata.get("source"), metadata["file_sha256"])
    if "category" in metadata and "id" in metadata:
        return ("nested", metadata.get("file_path"))
    return ("foreign", number)


def _record(node: BaseNode, *, whole: bool) -> Record:
    """Return *node* as a record; without what others put into its metadata, unless that is wanted as a *whole*."""
    from upstage_docs.models import Record

    metadata = node.metadata if whole else own_metadata(node)
    named = {"source": str(metadata["file_path"])} if "file_path" in metadata else {}
    return Record(node.node_id, text_of(node), {**named, **metadata})
