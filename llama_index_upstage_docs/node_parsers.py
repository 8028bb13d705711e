"""The node parser of Document Parse: files and parsed answers → linked nodes; what one says is decided in the core."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from llama_index.core.callbacks import CallbackManager
from llama_index.core.schema import BaseNode

from llama_index_upstage_docs.fields import ParseFields, secret
from llama_index_upstage_docs.linked_node_parser import LinkedNodeParser
from llama_index_upstage_docs.nodes import file_metadata, finished, source_of, text_of, was_parsed

if TYPE_CHECKING:
    from pydantic import SecretStr

    from upstage_docs import AsyncClient, Client, Progress, Record
    from upstage_docs.files.source import Named

__all__ = ["UpstageDocumentParseNodeParser"]


class UpstageDocumentParseNodeParser(ParseFields, LinkedNodeParser):
    """Makes a node per layout element, linked to its file and to its neighbours.

    It takes the Documents of `UpstageDocumentParseReader(split="none", output_format="json")`, and Documents that name
    a file in `metadata["file_path"]`, whose text is then not looked at: each distinct file is parsed once per call. A
    docstore or cache sees such a Document, not the file, so that it does not notice when the file changes.

    Args:
        api_key: The key, else UPSTAGE_API_KEY. It never shows and is never pickled or serialised.
        base_url: API root or full endpoint, else UPSTAGE_BASE_URL, else the public API.
        model: `document-parse`, or a dated name.
        mode: `standard`, `enhanced` or `auto`.
        ocr: `auto` reads embedded text where there is some; `force` recognises everything.
        chart_recognition: Whether charts are answered as tables.
        merge_multipage_tables: Whether the API merges tables that go on over pages.
        coordinates: Whether elements carry their coordinates, relative 0-1.
        base64_encoding: Layout categories whose elements are cropped; see *images*.
        extra_fields: Further form fields of the API.
        output_format: The text of a node: `html`, `markdown`, `text`, or `json`.
        split: A node per `element` or per `page`.
        skip_empty: Whether to leave out nodes without text, which embedding APIs refuse.
        images: `files` writes crops into *image_folder* and records `image_path`; `base64` fills `image_base64`.
        image_folder: For `images="files"`.
        engine: `upstage`, or `local` for the engine on this machine, else UPSTAGE_DOCS_ENGINE, else `upstage`.
        client: A `Client` or `AsyncClient` to use; it stays open, and the options of a client are then its own.
        max_concurrency: Requests, documents and parts at once; 5 by default.
        on_error: `skip` leaves out a file that fails and goes on; `report` tells which and why.
        show_progress: Whether to show a bar of pages.
        on_progress: Called with a `Progress` (pages, files) whenever pages arrive or a file is done.
        include_section_nodes: Whether each heading also makes a node with all that it governs, whose CHILD nodes the
            others are (`AutoMergingRetriever`); put only `get_leaf_nodes(nodes)` into the vector index then.
        include_metadata: Whether a Document's further metadata goes into its nodes, after ours and never over it.
        include_prev_next_rel: Whether nodes are linked to the one before and after.
        callback_manager: Of the base class.
        id_func: Taken for the base class's sake and not used: ids are deterministic, and those of the records.

    Raises:
        ConfigError: An option that does not exist, options that contradict each other, or a Document that is neither.
    """

    def __init__(
        self,
        *,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        model: str = "document-parse",
        mode: Literal["standard", "enhanced", "auto"] = "standard",
        ocr: Literal["auto", "force"] = "auto",
        chart_recognition: bool = True,
        merge_multipage_tables: bool = False,
        coordinates: bool = True,
        base64_encoding: Sequence[str] | None = None,
        extra_fields: Mapping[str, str] | None = None,
        output_format: Literal["html", "markdown", "text", "json"] = "html",
        split: Literal["element", "page"] = "element",
        skip_empty: bool = False,
        images: Literal["none", "files", "base64"] = "none",
        image_folder: str | os.PathLike[str] | None = None,
        engine: Literal["upstage", "local"] | None = None,
        client: Client | AsyncClient | None = None,
        max_concurrency: int | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        show_progress: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
        include_section_nodes: bool = False,
        include_metadata: bool = True,
        include_prev_next_rel: bool = True,
        callback_manager: CallbackManager | None = None,
        id_func: Callable[[int, BaseNode], str] | Mapping[str, str] | None = None,
    ) -> None:
        """Make a node parser; its class says what the options are."""
        from upstage_docs.options import choice, several

        choice("split", split, ("element", "page"))
        api_key = secret(api_key)  # tools that show a traceback show its local variables
        super().__init__(
            api_key=api_key,
            base_url=base_url,
            model=model,
            mode=mode,
            ocr=ocr,
            chart_recognition=chart_recognition,
            merge_multipage_tables=merge_multipage_tables,
            coordinates=coordinates,
            base64_encoding=list(several(base64_encoding)),
            extra_fields=extra_fields or {},
            output_format=output_format,
            split=split,
            skip_empty=skip_empty,
            images=images,
            image_folder=None if image_folder is None else str(image_folder),
            engine=engine,
            client=client,
            max_concurrency=max_concurrency,
            on_error=on_error,
            show_progress=show_progress,
            on_progress=on_progress,
        )
        self.include_section_nodes = include_section_nodes
        self.include_metadata = include_metadata
        self.include_prev_next_rel = include_prev_next_rel
        self.callback_manager = callback_manager or CallbackManager([])
        if callable(id_func):
            self.id_func = id_func
        self._loading = self._new_loading()
        self._loading.connection.check(key_later=True)

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
        items = _items(nodes)
        found = self.loading.records(items, show_progress=show_progress) if items else ()
        return self._nodes(nodes, _by_file(found))

    async def _aparse_nodes(
        self,
        nodes: Sequence[BaseNode],
        show_progress: bool = False,  # noqa: FBT001 - of the base class
        **kwargs: Any,  # noqa: ARG002 - of the base class
    ) -> list[BaseNode]:
        items = _items(nodes)
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

        known = node.metadata
        source = str(known.get("source") or known.get("file_path") or node.node_id)
        document = decode_document(
            text_of(node).encode(),
            source=source,
            file_sha256=str(known.get("file_sha256", "")),
            total_pages=int(known.get("total_pages") or 0),
        )
        records = self.loading.records_of(document)
        for record in records:
            record.metadata |= file_metadata(source)
        return records


def _holds_answer(node: BaseNode) -> bool:
    text = text_of(node)
    return text.startswith("{") and '"elements"' in text


def _items(nodes: Iterable[BaseNode]) -> list[Named]:
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
                f"The Document {node.node_id} is no answer of Document Parse and names no file in "
                'metadata["file_path"].'
            )
        items.setdefault(str(path), Named(path, str(path), file_metadata(str(path))))
    return list(items.values())


def _by_file(records: Iterable[Record]) -> dict[str, list[Record]]:
    files: dict[str, list[Record]] = {}
    for record in records:
        files.setdefault(record.metadata["file_path"], []).append(record)
    return files
