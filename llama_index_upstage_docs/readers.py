"""Readers: files → LlamaIndex Documents; what a record says is decided in the core."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal, Protocol, TypeAlias, Union

from llama_index.core.readers.base import BasePydanticReader
from llama_index.core.schema import Document
from pydantic import SkipValidation

from llama_index_upstage_docs.fields import OCRFields, ParseFields, secret
from llama_index_upstage_docs.nodes import document_of, file_metadata

if TYPE_CHECKING:
    from pydantic import SecretStr

    from upstage_docs import AsyncClient, Client, Estimate, Progress
    from upstage_docs.loading import Loading
    from upstage_docs.loads import Item

__all__ = ["UpstageDocumentParseReader", "UpstageOCRReader"]

File: TypeAlias = Union[str, "os.PathLike[str]"]
Files: TypeAlias = File | Iterable[File]


class FileSystem(Protocol):
    """A file system of fsspec, as `SimpleDirectoryReader(fs=...)` hands it over."""

    def open(self, path: str, mode: str) -> BinaryIO:
        """Open a file."""


class _Reader:
    """Reads files through a loading of the core; what differs is which one. No model of its own: those cost time."""

    if TYPE_CHECKING:

        @property
        def loading(self) -> Loading[Any]: ...

    def lazy_load_data(
        self, file_path: Files, extra_info: Mapping[str, Any] | None = None, fs: FileSystem | None = None
    ) -> Iterator[Document]:
        """Yield Documents in the order of the files: of one file as its pages are answered, of many several at once.

        Args:
            file_path: A path, or several.
            extra_info: Metadata that goes along, after ours and never over it, kept out of embedding and LLM texts.
            fs: Where the paths are, if not here; such files are read one after the other.

        Raises:
            UpstageDocsError: As `Client.parse` and `Client.ocr`, unless skipped.
        """
        from upstage_docs.reports import Report

        if fs is None:
            with closing(self.loading.records(_items(file_path, extra_info))) as records:
                for record in records:
                    yield document_of(record, extra_info)
            return
        report = Report(on_progress=self.loading.on_progress)
        for path in _paths(file_path):
            item = _item(path, extra_info, handle := fs.open(str(path), "rb"))
            with closing(handle), closing(self.loading.records([item], report=report)) as records:
                for record in records:
                    yield document_of(record, extra_info)

    def estimate(self, file_path: Files) -> Estimate:
        """Say how many pages reading would be billed now, and at which list price; sends nothing.

        Raises:
            SourceError: A file could not be sent.
        """
        return self.loading.estimate(_items(file_path, None))

    async def astream_data(
        self, file_path: Files, extra_info: Mapping[str, Any] | None = None, fs: FileSystem | None = None
    ) -> AsyncGenerator[Document, None]:
        """Yield Documents without blocking the event loop; see `lazy_load_data`."""
        from upstage_docs.reports import Report

        if fs is None:
            async with aclosing(self.loading.arecords(_items(file_path, extra_info))) as records:
                async for record in records:
                    yield document_of(record, extra_info)
            return
        report = Report(on_progress=self.loading.on_progress)
        for path in _paths(file_path):
            handle = await asyncio.to_thread(fs.open, str(path), "rb")
            try:
                item = _item(path, extra_info, handle)
                async with aclosing(self.loading.arecords([item], report=report)) as records:
                    async for record in records:
                        yield document_of(record, extra_info)
            finally:
                await asyncio.to_thread(handle.close)

    async def aload_data(
        self, file_path: Files, extra_info: Mapping[str, Any] | None = None, fs: FileSystem | None = None
    ) -> list[Document]:
        """Return Documents without blocking the event loop; see `lazy_load_data`."""
        return [document async for document in self.astream_data(file_path, extra_info, fs)]

    async def alazy_load_data(
        self, file_path: Files, extra_info: Mapping[str, Any] | None = None, fs: FileSystem | None = None
    ) -> list[Document]:
        """Return Documents, as a list by the base class's contract; `astream_data` streams them."""
        return await self.aload_data(file_path, extra_info, fs)


class UpstageDocumentParseReader(_Reader, ParseFields, BasePydanticReader):
    """Reads files with Upstage Document Parse: a Document per layout element, page or file.

    Element Documents carry no SOURCE, so that splitters link them rightly. For an `IngestionPipeline`, read files with
    `split="none", output_format="json"` and let a node parser of ours make the nodes.

    The first eight parameters stand in the order of `llama-index-readers-upstage`. Its results were those of
    `split="none"` and `metadata_format="nested"`.

    Args:
        api_key: Else UPSTAGE_API_KEY. It never shows and is never pickled or serialised.
        base_url: API root or full endpoint, else UPSTAGE_BASE_URL, else the public API.
        model: `document-parse`, or a dated name.
        split: A Document per `element`, per `page`, or one per file (`none`).
        ocr: `auto` reads embedded text where there is some; `force` recognises everything.
        output_format: The text of a Document: `html`, `markdown`, `text`, or `json` (the API's own JSON).
        coordinates: Whether elements carry their coordinates, relative 0-1.
        base64_encoding: Layout categories whose elements are cropped; see *images*.
        mode: `standard`, `enhanced` or `auto`.
        chart_recognition: Whether charts are answered as tables.
        merge_multipage_tables: Whether the API merges tables that go on over pages.
        extra_fields: Further form fields of the API.
        metadata_format: `flat` (scalars that every vector store takes) or `nested`.
        skip_empty: Whether to leave out Documents without text, which embedding APIs refuse.
        images: `files` writes crops into *image_folder* and records `image_path`; `base64` puts them into the metadata.
        image_folder: For `images="files"`.
        engine: `upstage`, or `local` for the engine on this machine, else UPSTAGE_DOCS_ENGINE, else `upstage`.
        client: A `Client` or `AsyncClient` to use; it stays open, and the options of a client are then its own.
        max_concurrency: Requests, documents and parts at once; 5 by default.
        on_error: `skip` leaves out a file that fails and goes on; `report` tells which and why.
        show_progress: Whether to show a bar of pages.
        on_progress: Called with a `Progress` (pages, files) whenever pages arrive or a file is done.
        is_remote: Whether the data come from a remote API.

    Raises:
        ConfigError: An option that does not exist, or options that contradict each other.
    """

    metadata_format: Annotated[Literal["flat", "nested"], SkipValidation] = "flat"

    def __init__(
        self,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        model: str = "document-parse",
        split: Literal["element", "page", "none"] = "element",
        ocr: Literal["auto", "force"] = "auto",
        output_format: Literal["html", "markdown", "text", "json"] = "html",
        coordinates: bool = True,  # noqa: FBT001 - the order of llama-index-readers-upstage
        base64_encoding: Sequence[str] | None = None,
        *,
        mode: Literal["standard", "enhanced", "auto"] = "standard",
        chart_recognition: bool = True,
        merge_multipage_tables: bool = False,
        extra_fields: Mapping[str, str] | None = None,
        metadata_format: Literal["flat", "nested"] = "flat",
        skip_empty: bool = False,
        images: Literal["none", "files", "base64"] = "none",
        image_folder: str | os.PathLike[str] | None = None,
        engine: Literal["upstage", "local"] | None = None,
        client: Client | AsyncClient | None = None,
        max_concurrency: int | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        show_progress: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
        is_remote: bool = True,
    ) -> None:
        super().__init__(
            api_key=secret(api_key),
            base_url=base_url,
            model=model,
            split=split,
            ocr=ocr,
            output_format=output_format,
            coordinates=coordinates,
            base64_encoding=list(base64_encoding or ()),
            mode=mode,
            chart_recognition=chart_recognition,
            merge_multipage_tables=merge_multipage_tables,
            extra_fields=dict(extra_fields or {}),
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
        self.is_remote = is_remote
        self.metadata_format = metadata_format
        self._loading = self._new_loading(metadata_format)

    @classmethod
    def class_name(cls) -> str:
        """Return the name by which it is serialised."""
        return "UpstageDocumentParseReader"


class UpstageOCRReader(_Reader, OCRFields, BasePydanticReader):
    """Reads files with Upstage Document OCR: a Document per page, word or file, with its confidence.

    Args:
        api_key: Else UPSTAGE_API_KEY. It never shows and is never pickled or serialised.
        base_url: API root or full endpoint, else UPSTAGE_BASE_URL, else the public API.
        model: `ocr`, or a dated name.
        split: A Document per `page`, per `word`, or one per file (`none`).
        extra_fields: Further form fields of the API.
        skip_empty: Whether to leave out Documents without text.
        engine: As for `UpstageDocumentParseReader`, like all that follow.

    Raises:
        ConfigError: An option that does not exist, or options that contradict each other.
    """

    def __init__(
        self,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        model: str = "ocr",
        split: Literal["page", "none", "word"] = "page",
        *,
        extra_fields: Mapping[str, str] | None = None,
        skip_empty: bool = False,
        engine: Literal["upstage", "local"] | None = None,
        client: Client | AsyncClient | None = None,
        max_concurrency: int | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        show_progress: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
        is_remote: bool = True,
    ) -> None:
        super().__init__(
            api_key=secret(api_key),
            base_url=base_url,
            model=model,
            split=split,
            extra_fields=dict(extra_fields or {}),
            skip_empty=skip_empty,
            engine=engine,
            client=client,
            max_concurrency=max_concurrency,
            on_error=on_error,
            show_progress=show_progress,
            on_progress=on_progress,
        )
        self.is_remote = is_remote
        self._loading = self._new_loading()

    @classmethod
    def class_name(cls) -> str:
        """Return the name by which it is serialised."""
        return "UpstageOCRReader"


def _paths(file_path: Files) -> Iterator[File]:
    from upstage_docs.errors import ConfigError

    for path in [file_path] if isinstance(file_path, (str, os.PathLike)) else file_path:
        if not isinstance(path, (str, os.PathLike)):
            raise ConfigError(f"file_path holds a {type(path).__name__}; a reader takes one path or several.")
        yield path


def _items(file_path: Files, extra_info: Mapping[str, Any] | None) -> Iterator[Item]:
    return (_item(path, extra_info) for path in _paths(file_path))


def _item(path: File, extra_info: Mapping[str, Any] | None, handle: BinaryIO | None = None) -> Item:
    from upstage_docs.loads import Item

    return Item(path if handle is None else handle, str(path), file_metadata(str(path), extra_info))
