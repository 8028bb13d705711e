"""Loaders: files and blobs → LangChain Documents; how a blob is parsed is said in `parsers`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeAlias, Union, cast

from langchain_core.document_loaders import BaseLoader, Blob, BlobLoader
from langchain_core.documents import Document

from langchain_upstage_docs.parsers import UpstageDocumentParseParser, UpstageOCRParser, document_of, item_of

if TYPE_CHECKING:
    from langchain_text_splitters import TextSplitter
    from pydantic import SecretStr

    from upstage_docs import AsyncClient, Client, Estimate, Progress, Report, Spending
    from upstage_docs.files.source import Named

__all__ = ["Files", "UpstageDocumentParseLoader", "UpstageOCRLoader"]

File: TypeAlias = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO, Blob]
Files: TypeAlias = File | BlobLoader | Iterable[File]


class _Loader(BaseLoader):
    """Loads files through a parser of ours; what differs is how that parser is made."""

    parser: UpstageDocumentParseParser | UpstageOCRParser

    def __init__(self, file_path: Files, source: str | None = None) -> None:
        from upstage_docs.errors import ConfigError
        from upstage_docs.files.source import is_document, require_files

        # An iterator would be empty when the loader is used once more; a file object is none of files.
        several = isinstance(file_path, Iterator) and not is_document(file_path)
        self.file_path: Any = list(file_path) if several else file_path  # type: ignore[arg-type]
        self.source = source
        one = _is_one(self.file_path) or (isinstance(self.file_path, (list, tuple)) and len(self.file_path) == 1)
        if source is not None and (isinstance(file_path, BlobLoader) or not one):
            raise ConfigError(f"source={source!r} names one document, and file_path holds several.")
        if self.parser.loading.on_error == "raise" and not isinstance(self.file_path, BlobLoader):
            require_files(item.document for item in self._items() if isinstance(item.document, (str, os.PathLike)))

    @property
    def report(self) -> Report:
        """What became of the files of the last load."""
        return self.parser.loading.report

    @property
    def usage(self) -> Spending:
        """What the loads so far were billed for, as the answers tell."""
        return self.parser.loading.connection.usage

    def estimate(self) -> Estimate:
        """Say how many pages loading would be billed now, and at which list price; sends nothing.

        Raises:
            SourceError: A file could not be sent.
        """
        return self.parser.loading.estimate(self._items())

    def lazy_load(self) -> Iterator[Document]:
        """Yield Documents in the order of the files: of one file as its pages are answered, of many several at once.

        Raises:
            UpstageDocsError: As `Client.parse` and `Client.ocr`, unless skipped.
        """
        with closing(self.parser.loading.records(self._items())) as records:
            for record in records:
                yield document_of(record)

    async def alazy_load(self) -> AsyncIterator[Document]:
        """Yield Documents without blocking the event loop; see `lazy_load`.

        Left early, it is to be closed (`contextlib.aclosing`): else the end of the event loop cuts what is being sent,
        and may have been paid for.
        """
        async with aclosing(self.parser.loading.arecords(self._items())) as records:
            async for record in records:
                yield document_of(record)

    def _items(self) -> Iterator[Named]:
        files = self.file_path
        if isinstance(files, BlobLoader):
            files = files.yield_blobs()
        for file in [files] if _is_one(files) else files:
            yield _item(file, self.source)


class UpstageDocumentParseLoader(_Loader):
    """Loads files with Upstage Document Parse: a Document per layout element, page or file.

    The first ten parameters stand in the order of `langchain-upstage`. Its results were those of `split="none"` and
    `metadata_format="nested"`.

    Args:
        file_path: A path, bytes, a binary file object, a blob, several of them, or a blob loader.
        split: A Document per `element`, per `page`, or one per file (`none`).
        api_key: The key, else UPSTAGE_API_KEY. It never shows and is never pickled.
        base_url: API root or full endpoint, else UPSTAGE_BASE_URL, else the public API.
        model: `document-parse`, or a dated name.
        chart_recognition: Whether charts are answered as tables.
        ocr: `auto` reads embedded text where there is some; `force` recognises everything.
        output_format: The text of a Document: `html`, `markdown`, `text`, or `json` (the API's own JSON).
        coordinates: Whether elements carry their coordinates, relative 0-1.
        base64_encoding: Layout categories whose elements are cropped; see *images*.
        mode: `standard`, `enhanced` or `auto`.
        merge_multipage_tables: Whether the API merges tables that go on over pages.
        extra_fields: Further form fields of the API.
        metadata_format: `flat` (scalars that every vector store takes) or `nested` (as `langchain-upstage`).
        skip_empty: Whether to leave out Documents without text, which embedding APIs refuse.
        images: `files` writes crops into *image_folder* and records `image_path`; `base64` fills `image_base64`.
        image_folder: For `images="files"`.
        engine: `upstage`, or `local` for the engine on this machine, else UPSTAGE_DOCS_ENGINE, else `upstage`.
        client: A `Client` or `AsyncClient` to use; it stays open, and the options of a client are then its own.
        max_concurrency: Requests, documents and parts at once; 5 by default.
        on_error: `skip` leaves out a file that fails and goes on; `report` tells which and why.
        show_progress: Whether to show a bar of pages.
        on_progress: Called with a `Progress` (pages, files) whenever pages arrive or a file is done.
        source: Names one document that has no path, or names it otherwise.

    Raises:
        SourceNotFoundError: A file is missing, unless such files are skipped; also a FileNotFoundError.
        ConfigError: No key and no engine, an option that does not exist, or options that contradict each other.
    """

    parser: UpstageDocumentParseParser

    def __init__(
        self,
        file_path: Files,
        split: Literal["element", "page", "none"] = "element",
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        model: str = "document-parse",
        chart_recognition: bool = True,  # noqa: FBT001 - the order of langchain-upstage
        ocr: Literal["auto", "force"] = "auto",
        output_format: Literal["html", "markdown", "text", "json"] = "html",
        coordinates: bool = True,  # noqa: FBT001 - the order of langchain-upstage
        base64_encoding: Sequence[str] | None = None,
        *,
        mode: Literal["standard", "enhanced", "auto"] = "standard",
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
        source: str | None = None,
    ) -> None:
        from upstage_docs.redaction import as_secret

        api_key = as_secret(api_key)  # tools that show a traceback show its local variables
        self.parser = UpstageDocumentParseParser(
            api_key,
            base_url,
            model,
            split,
            chart_recognition,
            ocr,
            output_format,
            coordinates,
            base64_encoding,
            mode=mode,
            merge_multipage_tables=merge_multipage_tables,
            extra_fields=extra_fields,
            metadata_format=metadata_format,
            skip_empty=skip_empty,
            images=images,
            image_folder=image_folder,
            engine=engine,
            client=client,
            max_concurrency=max_concurrency,
            on_error=on_error,
            show_progress=show_progress,
            on_progress=on_progress,
        )
        super().__init__(file_path, source)

    def merge_and_split(self, documents: list[Document], splitter: TextSplitter | None = None) -> list[Document]:
        """Merge *documents* into one, or split them, as the loader of `langchain-upstage` did.

        A splitter's own `split_documents` is the better way: the merged metadata are lists, which few stores take.
        """
        if splitter is not None:
            return splitter.split_documents(documents)
        merged: dict[str, Any] = {}
        for document in documents:
            for key, value in document.metadata.items():
                merged.setdefault(key, []).append(value)
        return [Document(page_content=" ".join(document.page_content for document in documents), metadata=merged)]


class UpstageOCRLoader(_Loader):
    """Loads files with Upstage Document OCR: a Document per page, word or file, with its confidence.

    Args:
        file_path: A path, bytes, a binary file object, a blob, several of them, or a blob loader.
        split: A Document per `page`, per `line`, per `word`, or one per file (`none`).
        api_key: The key, else UPSTAGE_API_KEY. It never shows and is never pickled.
        base_url: API root or full endpoint, else UPSTAGE_BASE_URL, else the public API.
        model: `ocr`, or a dated name.
        extra_fields: Further form fields of the API.
        skip_empty: Whether to leave out Documents without text.
        engine: `upstage`, or `local` for the engine on this machine, else UPSTAGE_DOCS_ENGINE, else `upstage`.
        client: A `Client` or `AsyncClient` to use; it stays open, and the options of a client are then its own.
        max_concurrency: Requests, documents and parts at once; 5 by default.
        on_error: `skip` leaves out a file that fails and goes on; `report` tells which and why.
        show_progress: Whether to show a bar of pages.
        on_progress: Called with a `Progress` (pages, files) whenever pages arrive or a file is done.
        source: Names one document that has no path, or names it otherwise.

    Raises:
        SourceNotFoundError: A file is missing, unless such files are skipped; also a FileNotFoundError.
        ConfigError: No key and no engine, an option that does not exist, or options that contradict each other.
    """

    parser: UpstageOCRParser

    def __init__(
        self,
        file_path: Files,
        split: Literal["page", "none", "word", "line"] = "page",
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        model: str = "ocr",
        *,
        extra_fields: Mapping[str, str] | None = None,
        skip_empty: bool = False,
        engine: Literal["upstage", "local"] | None = None,
        client: Client | AsyncClient | None = None,
        max_concurrency: int | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        show_progress: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
        source: str | None = None,
    ) -> None:
        from upstage_docs.redaction import as_secret

        api_key = as_secret(api_key)  # tools that show a traceback show its local variables
        self.parser = UpstageOCRParser(
            api_key,
            base_url,
            model,
            split,
            extra_fields=extra_fields,
            skip_empty=skip_empty,
            engine=engine,
            client=client,
            max_concurrency=max_concurrency,
            on_error=on_error,
            show_progress=show_progress,
            on_progress=on_progress,
        )
        super().__init__(file_path, source)


def _is_one(files: object) -> bool:
    """Say whether *files* is one file: a file object would yield its lines, and bytes their numbers."""
    from upstage_docs.files.source import is_document

    return is_document(files) or isinstance(files, Blob) or not isinstance(files, Iterable)


def _item(file: object, source: str | None) -> Named:
    from upstage_docs.errors import ConfigError
    from upstage_docs.files.source import Named, is_document

    if isinstance(file, Blob):
        item = item_of(file)
        return item if source is None else item._replace(source=source)
    if is_document(file):
        return Named(cast("Any", file), source)
    raise ConfigError(
        f"file_path is or holds {type(file).__name__}; a loader takes paths, bytes, binary file objects and blobs."
    )
