"""The methods of both readers: they read files as LlamaIndex Documents."""

from __future__ import annotations

import asyncio
import os
import warnings
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import closing
from io import BytesIO
from types import NoneType
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, Protocol, TypeAlias, Union

from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.schema import Document

from llama_index_upstage_docs.nodes import document_of, file_metadata

if TYPE_CHECKING:
    from upstage_docs import Estimate, Report
    from upstage_docs.files.source import Named
    from upstage_docs.loading.loading import Loading

File: TypeAlias = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO]
Files: TypeAlias = File | Iterable[File]


class FileSystem(Protocol):
    """A file system of fsspec, as `SimpleDirectoryReader(fs=...)` hands it over."""

    def open(self, path: str, mode: str) -> BinaryIO:
        """Open a file."""


class FileReader:
    """The methods with which both readers load files; no pydantic model, since each of those takes time to make."""

    if TYPE_CHECKING:

        @property
        def loading(self) -> Loading:
            """What loads."""

        _directory_report: Report | None
        _warned_of_json: bool

    def load_data(
        self,
        file_path: Files,
        extra_info: Mapping[str, Any] | None = None,
        fs: FileSystem | None = None,
        *,
        source: str | None = None,
        **options: NoReturn,
    ) -> list[Document]:
        """Return Documents in the order of the files; see `lazy_load_data`."""
        self._warn_of_json()
        return list(self.lazy_load_data(file_path, extra_info, fs, source=source, **options))

    def lazy_load_data(
        self,
        file_path: Files,
        extra_info: Mapping[str, Any] | None = None,
        fs: FileSystem | None = None,
        *,
        source: str | None = None,
        **options: NoReturn,
    ) -> Iterator[Document]:
        """Yield Documents in the order of the files: of one file as its pages are answered, of many several at once.

        Args:
            file_path: A path, bytes, a binary file object, or several of them.
            extra_info: Metadata that goes along, after ours and never over it, kept out of embedding and LLM texts.
            fs: Where the paths are, if not here; such files are read one after the other.
            source: The name of a document that has no path, or another name for one that has.
            options: None are taken: they are given to the reader when it is made.

        Raises:
            UpstageDocsError: As `Client.parse` and `Client.ocr`, unless skipped.
            TypeError: An option is given here.
        """
        from llama_index_upstage_docs.events import tell_of_reading

        self._check_call(extra_info, options)
        report = self._report_of_directory(file_path, extra_info, is_here=fs is None)
        for items, handle in _opened(file_path, extra_info, fs, source):
            with (
                tell_of_reading(type(self).__name__) as note,
                closing(handle),
                closing(self.loading.records(items, report=report)) as records,
            ):
                for record in records:
                    yield note(document_of(record, extra_info))

    def estimate(self, file_path: Files, *, source: str | None = None) -> Estimate:
        """Say how many pages reading would be billed now, and at which list price; sends nothing.

        Raises:
            SourceError: A file could not be sent.
        """
        return self.loading.estimate(_items(file_path, None, source))

    async def astream_data(
        self,
        file_path: Files,
        extra_info: Mapping[str, Any] | None = None,
        fs: FileSystem | None = None,
        *,
        source: str | None = None,
        **options: NoReturn,
    ) -> AsyncGenerator[Document, None]:
        """Yield Documents without blocking the event loop; see `lazy_load_data`.

        Left early, it is to be closed (`contextlib.aclosing`): else the end of the event loop cuts what is being sent,
        and may have been paid for.
        """
        from llama_index_upstage_docs.events import tell_of_reading
        from upstage_docs.client.inner_generators import Inner

        self._check_call(extra_info, options)
        report = self._report_of_directory(file_path, extra_info, is_here=fs is None)
        opened = _opened(file_path, extra_info, fs, source)
        while (one := await asyncio.to_thread(next, opened, None)) is not None:
            items, handle = one
            try:
                with tell_of_reading(type(self).__name__) as note:
                    async with Inner(self.loading.arecords(items, report=report)) as records:
                        async for record in records:
                            yield note(document_of(record, extra_info))
            finally:
                await asyncio.to_thread(handle.close)

    async def aload_data(
        self,
        file_path: Files,
        extra_info: Mapping[str, Any] | None = None,
        fs: FileSystem | None = None,
        *,
        source: str | None = None,
        **options: NoReturn,
    ) -> list[Document]:
        """Return Documents without blocking the event loop; see `lazy_load_data`."""
        self._warn_of_json()
        return [document async for document in self.astream_data(file_path, extra_info, fs, source=source, **options)]

    alazy_load_data = aload_data  # a list by the base class's contract; `astream_data` streams

    def _check_call(self, extra_info: object, options: Mapping[str, object]) -> None:
        """Require that no option is given, which older readers took here, and that *extra_info* holds metadata."""
        from upstage_docs.errors import ConfigError
        from upstage_docs.options.former_names import options_of_call_error

        if options:
            raise options_of_call_error(type(self).__name__, options)
        if not isinstance(extra_info, (Mapping, NoneType)):
            raise ConfigError(f"extra_info={extra_info!r} must be a mapping of metadata, such as {{'year': 2025}}.")

    def _report_of_directory(
        self, file_path: Files, extra_info: Mapping[str, Any] | None, *, is_here: bool
    ) -> Report | None:
        """Return the report to go on with where `SimpleDirectoryReader` loads file after file, else None.

        Files of another file system, which are not *is_here*, are loaded one after the other too.

        It says in *extra_info* which file it is; a file that the report holds already begins another directory.
        """
        from upstage_docs.flows.reports import Report

        if not isinstance(file_path, (str, os.PathLike)) or "file_path" not in (extra_info or {}):
            self._directory_report = None
            return None if is_here else Report(on_progress=self.loading.load.on_progress)
        report: Report | None = self._directory_report
        if report is None or str(file_path) in {*report.succeeded, *(failure.source for failure in report.failures)}:
            report = self._directory_report = Report(on_progress=self.loading.load.on_progress)
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


def _documents(file_path: Any) -> Iterable[Any]:
    from upstage_docs.files.source import is_document

    # A model (a Blob, a Document) would yield its fields.
    one = is_document(file_path) or isinstance(file_path, BaseModel) or not isinstance(file_path, Iterable)
    return [file_path] if one else file_path


def _opened(
    file_path: Files, extra_info: Mapping[str, Any] | None, fs: FileSystem | None, source: str | None
) -> Iterator[tuple[Iterable[Named], Any]]:
    """Yield what is loaded at once, and what is to be closed after it: of *fs*, a file and the handle to it."""
    if fs is None:
        yield _items(file_path, extra_info, source), BytesIO()
        return
    for path in _paths(file_path):
        handle = fs.open(str(path), "rb")
        yield [_item(path, extra_info, None, handle)], handle


def _paths(file_path: Files) -> Iterator[Any]:
    from upstage_docs.errors import ConfigError

    for path in _documents(file_path):
        if not isinstance(path, (str, os.PathLike)):
            raise ConfigError(f"With fs=, file_path takes paths, not {type(path).__name__}.")
        yield path


def _items(file_path: Files, extra_info: Mapping[str, Any] | None, source: str | None) -> Iterator[Named]:
    from upstage_docs.errors import ConfigError
    from upstage_docs.files.source import is_document

    documents = _documents(file_path)
    if source is not None:
        documents = several = list(documents)
        if len(several) != 1:
            raise ConfigError(f"source={source!r} names one document, and file_path holds {len(several)}.")
    for document in documents:
        if not is_document(document):
            raise ConfigError(
                f"A reader takes paths, bytes and binary file objects as file_path, not {type(document).__name__}."
            )
        yield _item(document, extra_info, source)


def _item(document: Any, extra_info: Mapping[str, Any] | None, source: str | None, handle: Any = None) -> Named:
    from upstage_docs.errors import ConfigError
    from upstage_docs.files.source import Named

    given = document if isinstance(document, (str, os.PathLike)) else getattr(document, "name", None)
    if document == "":
        raise ConfigError("The path is empty; name a file.")
    name = source or (os.fsdecode(given) if isinstance(given, (str, os.PathLike)) else "")
    if not name:
        raise ConfigError("A file in memory has no path: give it a name with source=, which its records carry.")
    return Named(document if handle is None else handle, name, file_metadata(name, extra_info))
