"""The table-aware splitter as LlamaIndex's NodeParser; where chunks begin and end is decided in the core."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Literal

from llama_index.core.bridge.pydantic import Field, PrivateAttr, field_serializer
from llama_index.core.callbacks import CallbackManager
from llama_index.core.node_parser.node_utils import default_id_func
from llama_index.core.schema import BaseNode, MetadataMode, RelatedNodeInfo, TextNode
from pydantic import SkipValidation

from llama_index_upstage_docs.linked_node_parser import LinkedNodeParser
from llama_index_upstage_docs.nodes import finished, own_metadata, source_of, text_of, was_parsed

if TYPE_CHECKING:
    from upstage_docs import Chunk, Record
    from upstage_docs.options import OutputFormat

__all__ = ["TableAwareNodeParser"]

_LEN = "builtins.len"


class TableAwareNodeParser(LinkedNodeParser):
    """Packs layout elements into chunks and keeps every table, chart and figure whole.

    It takes the Documents and nodes of our reader and node parser (elements, pages or whole files, in any format), its
    own chunks, to be split once more, and Documents of other readers that hold HTML or Markdown tables. For an
    `IngestionPipeline`, read files with `split="none", output_format="json"`: elements of one file that reach it in
    different batches share no chunk.

    Args:
        chunk_size: The largest size of a chunk, in the unit of *length_function*; only what is kept whole exceeds it.
        chunk_overlap: How much a cut text repeats; tables, figures and headings are never repeated.
        length_function: The size of a text: `len`, or the number of its tokens. A function that is defined in a
            module: others cannot be sent to another process.
        oversized_tables: `keep` leaves every table whole; `split_rows` cuts larger ones between rows, each part with
            the header and the caption.
        merge_continued_tables: Whether a table that goes on on the next page is joined to its first part.
        min_size: A section smaller than this takes the next one into its chunk.
        exclude_categories: Layout categories that are left out. Markdown and text of a whole page or file
            (`split="page"`, `"none"`) name none, so that nothing is left out of them; HTML and JSON do.
        output_format: The text of chunks made of `output_format="json"` Documents; other texts are taken as they are.
        table_context: How much travels with a table, chart or figure beside the headings directly before it: `labels`,
            captions that the layout model calls so; `captions`, also captions, titles and unit lines by their wording
            and place; `notes`, also notes and sources; `full`, also the sentence that announces it.
        path_in_text: Whether the text of a chunk begins with the path of the headings above it, which the size counts.
            Else headings are embedded as metadata, unless text and headings together exceed *chunk_size*.
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

    chunk_size: Annotated[int, SkipValidation] = 1000
    chunk_overlap: Annotated[int, SkipValidation] = 0
    length_function: Annotated[Any, SkipValidation] = len
    oversized_tables: Annotated[Literal["keep", "split_rows"], SkipValidation] = "keep"
    merge_continued_tables: Annotated[bool, SkipValidation] = False
    min_size: Annotated[int, SkipValidation] = 0
    exclude_categories: Annotated[Sequence[str], SkipValidation] = Field(default=("header", "footer"))
    output_format: Annotated[Literal["html", "markdown", "text"], SkipValidation] = "html"
    table_context: Annotated[Literal["labels", "captions", "notes", "full"], SkipValidation] = "full"
    path_in_text: Annotated[bool, SkipValidation] = False

    _options: Any = PrivateAttr(default=None)

    def __init__(
        self,
        chunk_size: int = 1000,
        chunk_overlap: int = 0,
        length_function: Callable[[str], int] | str = len,
        *,
        oversized_tables: Literal["keep", "split_rows"] = "keep",
        merge_continued_tables: bool = False,
        min_size: int = 0,
        exclude_categories: Iterable[str] = ("header", "footer"),
        output_format: OutputFormat = "html",
        table_context: Literal["labels", "captions", "notes", "full"] = "full",
        path_in_text: bool = False,
        include_section_nodes: bool = False,
        include_metadata: bool = True,
        include_prev_next_rel: bool = True,
        callback_manager: CallbackManager | None = None,
        id_func: Callable[[int, BaseNode], str] | Mapping[str, str] | None = None,
    ) -> None:
        """Make a node parser; its class says what the options are."""
        from upstage_docs.chunking.options import ChunkOptions

        options = ChunkOptions(
            chunk_size=chunk_size,
            chunk_overlap=chunk_overlap,
            length_function=_restored(length_function),
            oversized_tables=oversized_tables,
            merge_continued_tables=merge_continued_tables,
            min_size=min_size,
            exclude_categories=exclude_categories,
            output_format=output_format,
            table_context=table_context,
            path_in_text=path_in_text,
        )
        super().__init__(  # type: ignore[call-arg]
            include_section_nodes=include_section_nodes,
            include_metadata=include_metadata,
            include_prev_next_rel=include_prev_next_rel,
            callback_manager=callback_manager or CallbackManager([]),
            id_func=id_func if callable(id_func) else default_id_func,
            chunk_size=chunk_size,
            chunk_overlap=chunk_overlap,
            length_function=options.length_function,
            oversized_tables=oversized_tables,
            merge_continued_tables=merge_continued_tables,
            min_size=min_size,
            exclude_categories=list(options.exclude_categories),
            output_format=output_format,
            table_context=table_context,
            path_in_text=path_in_text,
        )
        self._options = options

    @classmethod
    def class_name(cls) -> str:
        """Return the name by which it is serialised."""
        return "TableAwareNodeParser"

    @field_serializer("length_function")
    def _named(self, function: Callable[[str], int]) -> str:
        """Return the name of the length function: it tells caches of different sizes apart."""
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
        builder = ChunkBuilder(self._options)  # one, so that no two chunks have the same id
        for _, group in groupby(enumerate(nodes), key=_file):
            of_file = [node for _, node in group]
            records = (_record(node, whole=self.include_metadata) for node in of_file)
            chunks = list(chunk_with(self._options, records, builder))
            _apart(chunks, of_file, self.chunk_size)
            nodes_of_file = finished(chunks, _owners(chunks, of_file), self)
            _locate(nodes_of_file, chunks)
            for node in nodes_of_file:
                self._bound(node)
            made += nodes_of_file
        return made

    def _bound(self, node: BaseNode) -> None:
        """Leave the headings out of what is embedded where they stand in the text, or with it exceed the chunk size."""
        if not node.metadata.get("headings") or "headings" in node.excluded_embed_metadata_keys:
            return
        fits = self._options.fits
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
    """Refuse a file of which nothing was read yet: no chunks would look like an empty file. One empty page is none.

    Raises:
        ConfigError: There is one.
    """
    from upstage_docs.errors import ConfigError

    unread: dict[str, bool] = {}
    for node in nodes:
        path = node.metadata.get("file_path")
        if path and not was_parsed(node):
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
    from upstage_docs.errors import ConfigError

    if isinstance(function, str):
        if function != _LEN:
            raise ConfigError(f"length_function was {function}; give it again, as it cannot be made from its name.")
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
