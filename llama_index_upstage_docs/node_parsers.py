"""The node parser of Document Parse: a linked node for each layout element."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from llama_index.core.schema import BaseNode

from llama_index_upstage_docs.fields import Loads, ParseFields
from llama_index_upstage_docs.linked_node_parser import LinkedNodeParser, with_callables
from llama_index_upstage_docs.nodes import file_metadata, finished, source_of, text_of, was_parsed
from llama_index_upstage_docs.signature import Given, component

if TYPE_CHECKING:
    from upstage_docs import Record
    from upstage_docs.files.source import Named
    from upstage_docs.loading.loading import Loading


@component(eq=False, repr=False)
class UpstageDocumentParseNodeParser(ParseFields, Loads, LinkedNodeParser):
    """Makes a node per layout element, linked to its file and to its neighbours.

    It takes the Documents of `UpstageDocumentParseReader(split="none", output_format="json")`, and Documents that name
    a file in `metadata["file_path"]`, whose text is then not looked at: each distinct file is parsed once per call. A
    docstore or cache sees such a Document, not the file, so that it does not notice when the file changes.

    Options may be assigned afterwards: they are read when Documents are parsed.

    Examples:
        `pip install "upstage-docs[llama-index]"`, and set `UPSTAGE_API_KEY`, or add the extra `local` and set
        `UPSTAGE_DOCS_ENGINE=local`.

        ```python
        from llama_index_upstage_docs import UpstageDocumentParseNodeParser, UpstageDocumentParseReader

        documents = UpstageDocumentParseReader(split="none", output_format="json").load_data("report.pdf")
        for node in UpstageDocumentParseNodeParser().get_nodes_from_documents(documents):
            print(node.metadata["category"], node.metadata["page"])
        ```

    Args:
        split: A node per `element` or per `page`.
        include_section_nodes: Whether each heading also makes a node with all that it governs, whose CHILD nodes the
            others are (`AutoMergingRetriever`); put only `get_leaf_nodes(nodes)` into the vector index then.
        include_metadata: Whether a Document's further metadata goes into its nodes, after ours and never over it.
        include_prev_next_rel: Whether nodes are linked to the one before and after.
        callback_manager: Of the base class.
        id_func: Taken for the base class's sake and not used: ids are deterministic, and those of the records.

    Raises:
        ConfigError: A value that an option does not take, options that contradict each other, or a Document that
            holds no answer and names no file.
        TypeError: An option that does not exist.
    """

    split: Given[Literal["element", "page"]] = "element"

    @classmethod
    def _as_kept(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        return with_callables(super()._as_kept(values))

    @property
    def loading(self) -> Loading:
        """The `Loading` that is made of the options as they are now."""
        from upstage_docs.options.definitions import require_choice

        require_choice("split", self.split, ("element", "page"))
        return super().loading

    @classmethod
    def class_name(cls) -> str:
        """Return the name by which it is serialised."""
        return "UpstageDocumentParseNodeParser"

    def _parse_nodes(
        self,
        nodes: Sequence[BaseNode],
        show_progress: bool = False,  # noqa: FBT001 - of the base class
        **kwargs: Any,  # noqa: ARG002 - of the base class
    ) -> list[BaseNode]:
        items = _files_to_parse(nodes)
        found = self.loading.records(items, show_progress=show_progress) if items else ()
        return self._nodes(nodes, _by_file(found))

    async def _aparse_nodes(
        self,
        nodes: Sequence[BaseNode],
        show_progress: bool = False,  # noqa: FBT001 - of the base class
        **kwargs: Any,  # noqa: ARG002 - of the base class
    ) -> list[BaseNode]:
        items = _files_to_parse(nodes)
        found = [record async for record in self.loading.arecords(items, show_progress=show_progress)] if items else ()
        return await asyncio.to_thread(self._nodes, nodes, _by_file(found))

    def _nodes(self, nodes: Sequence[BaseNode], files: dict[str, list[Record]]) -> list[BaseNode]:
        from upstage_docs.records.crop_names import own_crops_by_metadata

        made: list[BaseNode] = []
        for node in nodes:
            # A file named by several Documents, one per page as PDF readers make them, is the first one's.
            records = self._answered(node) if _holds_answer(node) else files.pop(str(node.metadata["file_path"]), [])
            further = node.metadata if self.include_metadata else {}
            for record in records:
                paths = record.metadata.get("image_path") or further.get("image_path")
                record.metadata |= {key: value for key, value in further.items() if key not in record.metadata}
                if isinstance(paths, str):  # the Document has those of the whole file
                    record.metadata["image_path"] = own_crops_by_metadata(paths, record.metadata)
            made += finished(records, [(node, source_of(node))] * len(records), self)
        return made

    def _answered(self, node: BaseNode) -> list[Record]:
        from upstage_docs.api.decode import decode_document
        from upstage_docs.chunking.record_metadata import whole_number_or

        known = node.metadata
        source = str(known.get("source") or known.get("file_path") or node.node_id)
        document = decode_document(
            text_of(node).encode(errors="surrogatepass"),
            source=source,
            file_sha256=str(known.get("file_sha256", "")),
            total_pages=whole_number_or(known.get("total_pages")),
        )
        records = self.loading.records_of(document)
        for record in records:
            record.metadata |= file_metadata(source)
        return records


def _holds_answer(node: BaseNode) -> bool:
    text = text_of(node)
    return text.startswith("{") and '"elements"' in text


def _files_to_parse(nodes: Iterable[BaseNode]) -> list[Named]:
    """Return the files to parse, each once."""
    from upstage_docs.errors import ConfigError
    from upstage_docs.files.source import Named

    items: dict[str, Named] = {}
    for node in nodes:
        if _holds_answer(node):
            continue
        if was_parsed(node):
            raise ConfigError(
                f"The Document {node.node_id} of {node.metadata.get('file_path')!r} was parsed already, but not into "
                'what this node parser reads: give the reader split="none" and output_format="json".'
            )
        path = node.metadata.get("file_path")
        if not isinstance(path, (str, os.PathLike)) or not str(path):
            raise ConfigError(
                f"The Document {node.node_id} holds no answer of Document Parse, and its "
                'metadata["file_path"] names no file.'
            )
        items.setdefault(str(path), Named(path, str(path), file_metadata(str(path))))
    return list(items.values())


def _by_file(records: Iterable[Record]) -> dict[str, list[Record]]:
    files: dict[str, list[Record]] = {}
    for record in records:
        files.setdefault(record.metadata["file_path"], []).append(record)
    return files
