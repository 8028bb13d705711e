"""Files → LlamaIndex Documents: the methods that both readers share; what a record says is decided in the core."""

from __future__ import annotations

import asyncio
import os
import warnings
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeAlias, Union

from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.schema import Document

from llama_index_upstage_docs.nodes import document_of, file_metadata
from llama_index_upstage_docs.signature import ConstructorSignature

if TYPE_CHECKING:
    from upstage_docs import Estimate, Report
    from upstage_docs.files.source import Named
    from upstage_docs.loading.loading import Loading

__all__ = ["FileReader"]

File: TypeAlias = Union[str, "os.PathLike[str]"]
Files: TypeAlias = File | Iterable[File]


class FileSystem(Protocol):
    """A file system of fsspec, as `SimpleDirectoryReader(fs=...)` hands it over."""

    def open(self, path: str, mode: str) -> BinaryIO:
        """Open a file."""


class FileReader:
    """Reads files through a loading of the core; what differs is which one. No model of its own: those cost time."""

    __signature__ = ConstructorSignature()

    if TYPE_CHECKING:

        @property
        def loading(self) -> Loading:
            """What loads."""

        _directory_report: Report | None
        _warned_of_json: bool

    def load_data(
        self, file_path: Files, extra_info: Mapping[str, Any] | None = None, fs: FileSystem | None = None
    ) -> list[Document]:
        """Return Documents in the order of the files; see `lazy_load_data`."""
        self._warn_of_json()
        return list(self.lazy_load_data(file_path, extra_info, fs))

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
        from upstage_docs.flows.reports import Report

        if fs is None:
            report = self._report_of_directory(file_path, extra_info)
            with closing(self.loading.records(_items(file_path, extra_info), report=report)) as records:
                for record in records:
                    yield document_of(record, extra_info)
            return
        report = self._report_of_directory(file_path, extra_info) or Report(on_progress=self.loading.on_progress)
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
        """Yield Documents without blocking the event loop; see `lazy_load_data`.

        Left early, it is to be closed (`contextlib.aclosing`): else the end of the event loop cuts what is being sent,
        and may have been paid for.
        """
        from upstage_docs.flows.reports import Report

        if fs is None:
            report = self._report_of_directory(file_path, extra_info)
            async with aclosing(self.loading.arecords(_items(file_path, extra_info), report=report)) as records:
                async for record in records:
                    yield document_of(record, extra_info)
            return
        report = self._report_of_directory(file_path, extra_info) or Report(on_progress=self.loading.on_progress)
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
        self._warn_of_json()
        return [document async for document in self.astream_data(file_path, extra_info, fs)]

    async def alazy_load_data(
        self, file_path: Files, extra_info: Mapping[str, Any] | None = None, fs: FileSystem | None = None
    ) -> list[Document]:
        """Return Documents, as a list by the base class's contract; `astream_data` streams them."""
        return await self.aload_data(file_path, extra_info, fs)

    def _report_of_directory(self, file_path: Files, extra_info: Mapping[str, Any] | None) -> Report | None:
        """Return the report to go on with where `SimpleDirectoryReader` loads file after file, else None.

        It says in *extra_info* which file it is; a file that the report holds already begins another directory.
        """
        from upstage_docs.flows.reports import Report

        if not isinstance(file_path, (str, os.PathLike)) or "file_path" not in (extra_info or {}):
            self._directory_report = None
            return None
        report: Report | None = self._directory_report
        if report is None or str(file_path) in {*report.succeeded, *(failure.source for failure in report.failures)}:
            report = self._directory_report = Report(on_progress=self.loading.on_progress)
        return report

    def _warn_of_json(self) -> None:
        """Say once that JSON is no text to embed: a plain index would take slices of it in silence."""
        if self._warned_of_json or getattr(self, "output_format", "") != "json":
            return
        self._warned_of_json = True
        warnings.warn(
            "The text of these Documents is JSON: a plain index would embed the JSON itself. Put TableAwareNodeParser "
            "or UpstageDocumentParseNodeParser, which read it without a loss, into the transformations, or read with "
            'output_format="markdown".',
            stacklevel=3,
        )


def _paths(file_path: Files) -> Iterator[File]:
    from upstage_docs.errors import ConfigError

    # A file object would yield its lines, a model (a Blob, a Document) its fields.
    one = isinstance(file_path, (str, bytes, os.PathLike, BaseModel)) or hasattr(file_path, "read")
    for path in [file_path] if one or not isinstance(file_path, Iterable) else file_path:
        if not isinstance(path, (str, os.PathLike)):
            raise ConfigError(
                f"file_path is or holds {type(path).__name__}; a reader takes one path or several. For what is in "
                "memory, give the path that it has in an fsspec file system, and that as fs=."
            )
        yield path


def _items(file_path: Files, extra_info: Mapping[str, Any] | None) -> Iterator[Named]:
    return (_item(path, extra_info) for path in _paths(file_path))


def _item(path: File, extra_info: Mapping[str, Any] | None, handle: BinaryIO | None = None) -> Named:
    from upstage_docs.files.source import Named

    return Named(path if handle is None else handle, str(path), file_metadata(str(path), extra_info))
