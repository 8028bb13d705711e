"""The loaders of files and the parsers of blobs: their options, and the Documents that they yield."""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeAlias, Union

from langchain_core.document_loaders import BaseBlobParser, BaseLoader, Blob, BlobLoader
from langchain_core.documents import Document

from langchain_upstage_docs.components import component
from upstage_docs.client.inner_generators import Inner
from upstage_docs.errors import ConfigError

if TYPE_CHECKING:
    from langchain_text_splitters import TextSplitter
    from pydantic import SecretStr
    from typing_extensions import Self

    from upstage_docs import AsyncClient, Client, Estimate, Progress, Report, Spending
    from upstage_docs.files.source import Named
    from upstage_docs.loading.loading import Loading
    from upstage_docs.models import Record

File: TypeAlias = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO, Blob]
Files: TypeAlias = File | BlobLoader | Iterable[File]

# Of the environment, which say that LangSmith is told of runs; LangChain tells it of chains and retrievers itself.
_TRACING = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")


class Loads:
    """Loads with the options that are set at that moment; `report` is of the last load, `usage` of all loads."""

    _loading: Loading | None = None

    @property
    def loading(self) -> Loading:
        """The `Loading` that is made of the options as they are now."""
        from upstage_docs.loading.loading import loading_of

        self._loading = made = loading_of(self, self._loading)
        return made

    @property
    def report(self) -> Report:
        """Which files of the last load were read, and which failed."""
        return (self._loading or self.loading).report

    @property
    def usage(self) -> Spending:
        """What the loads so far were billed for, according to the answers."""
        return (self._loading or self.loading).connection.usage

    def __copy__(self) -> Self:
        """Return a copy with a report and a bill of its own; it stays in this process, so key and client go along."""
        copied = type(self).__new__(type(self))
        vars(copied).update(vars(self), _loading=None)
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a copy as `__copy__` does, whose lists and mappings are its own."""
        copied = self.__copy__()
        for name, value in vars(copied).items():
            if isinstance(value, (list, dict, set)) and name != "file_path":
                vars(copied)[name] = copy.deepcopy(value, memo)
            elif isinstance(value, list):
                vars(copied)[name] = list(value)  # what is to be read, such as files that are open, is no copy's own
        return copied

    def __getstate__(self) -> dict[str, Any]:
        """Leave the key behind: another process reads UPSTAGE_API_KEY.

        Raises:
            ConfigError: There is a caller's client, which cannot go with it.
        """
        return {**vars(self), "_loading": None, "api_key": self.loading.connection.key_of_another_process()}


@component(eq=False, repr=False)
class _Component(Loads):
    """Who answers, how documents are sent, and what happens when a file fails; the options are read when it loads."""

    api_key: str | SecretStr | None = None
    base_url: str | None = None
    _: KW_ONLY
    engine: Literal["upstage", "local"] | None = None
    client: Client | AsyncClient | None = None
    max_concurrency: int | None = None
    timeout: float | None = None
    cache: bool | str | os.PathLike[str] | None = None
    route: Literal["auto", "sync", "async"] = "auto"
    pages_per_request: int | None = None
    refresh: bool = False
    on_error: Literal["raise", "skip", "partial"] = "raise"
    show_progress: bool = False
    on_progress: Callable[[Progress], None] | None = None


@component(eq=False, repr=False)
class ParseComponent(_Component):
    """Options of Document Parse, in the order of `langchain-upstage`, and how its elements become Documents."""

    model: str = "document-parse"
    split: Literal["element", "page", "none"] = "element"
    chart_recognition: bool = True
    ocr: Literal["auto", "force"] = "auto"
    output_format: Literal["html", "markdown", "text", "json"] = "html"
    coordinates: bool = True
    base64_encoding: Sequence[str] | None = None
    _: KW_ONLY
    mode: Literal["standard", "enhanced", "auto"] = "standard"
    merge_multipage_tables: bool = False
    extra_fields: Mapping[str, str] | None = None
    metadata_format: Literal["flat", "nested"] = "flat"
    skip_empty: bool = False
    ids: Literal["source", "content"] = "source"
    images: Literal["none", "files", "base64"] = "none"
    image_folder: str | os.PathLike[str] | None = None
    crops: Sequence[str] | None = None
    crop_folder: str | os.PathLike[str] | None = None


@component(eq=False, repr=False)
class OCRComponent(_Component):
    """Options of Document OCR, and how its pages become Documents."""

    model: str = "ocr"
    split: Literal["page", "none", "word", "line"] = "page"
    _: KW_ONLY
    extra_fields: Mapping[str, str] | None = None
    skip_empty: bool = False
    ids: Literal["source", "content"] = "source"


class _Parses(Loads):
    """Tells of all blobs together: a `GenericLoader` hands them over one by one."""

    _report: Report | None = None
    on_progress: Callable[[Progress], None] | None

    def __post_init__(self) -> None:
        self.loading.connection.check()

    @property
    def report(self) -> Report:
        """Which of the blobs that this parser was given so far were read, and which failed."""
        if self._report is None:
            from upstage_docs.flows.reports import Report

            self._report = Report(on_progress=self.on_progress)
        return self._report

    def lazy_parse(self, blob: Blob) -> Iterator[Document]:
        """Yield the Documents of *blob*, from memory or from a file, as soon as its pages are answered.

        Raises:
            UpstageDocsError: As `Client.parse` and `Client.ocr`.
        """
        with closing(self.loading.records([_item_of(blob)], report=self.report)) as records:
            for record in records:
                yield document_of(record)


@component(eq=False, repr=False)
class UpstageDocumentParseParser(_Parses, ParseComponent, BaseBlobParser):
    """Parses blobs with Upstage Document Parse: a Document per layout element, page or file.

    The first nine parameters stand in the order of `langchain-upstage`. Its results were those of `split="none"` and
    `metadata_format="nested"`. Options may be assigned afterwards: they are read when a blob is parsed.

    Setup:
        Install `upstage-docs[langchain]` and set the variable `UPSTAGE_API_KEY`. Without a key, install
        `upstage-docs[langchain,local]` and give `engine="local"`: the engine on this machine answers.

    Instantiate:
        ```python
        from langchain_upstage_docs import UpstageDocumentParseParser

        parser = UpstageDocumentParseParser(output_format="markdown")
        ```

    Lazy parse:
        ```python
        from langchain_core.document_loaders import Blob

        for document in parser.lazy_parse(Blob.from_path("report.pdf")):
            print(document.metadata["category"], document.page_content[:40])
        ```

    Raises:
        ConfigError: No key and no engine, a value that an option does not take, or options that contradict each other.
        TypeError: An option that does not exist.
    """

    def lazy_parse(
        self,
        blob: Blob,
        is_batch: bool = False,  # noqa: ARG002, FBT001 - langchain-upstage had it; requests are planned now
    ) -> Iterator[Document]:
        """Yield the Documents of *blob*, from memory or from a file, as soon as its pages are answered.

        Raises:
            UpstageDocsError: As `Client.parse`.
        """
        return super().lazy_parse(blob)


@component(eq=False, repr=False)
class UpstageOCRParser(_Parses, OCRComponent, BaseBlobParser):
    """Parses blobs with Upstage Document OCR: a Document per page, line, word or file, with confidence.

    Options may be assigned afterwards: they are read when a blob is parsed.

    Setup:
        Install `upstage-docs[langchain]` and set the variable `UPSTAGE_API_KEY`. Without a key, install
        `upstage-docs[langchain,local,ocr]` and Tesseract's language data, and give `engine="local"`.

    Instantiate:
        ```python
        from langchain_upstage_docs import UpstageOCRParser

        parser = UpstageOCRParser(split="line")
        ```

    Lazy parse:
        ```python
        from langchain_core.document_loaders import Blob

        for document in parser.lazy_parse(Blob.from_path("scan.png")):
            print(document.metadata["confidence"], document.page_content)
        ```

    Raises:
        ConfigError: No key and no engine, a value that an option does not take, or options that contradict each other.
        TypeError: An option that does not exist.
    """


@component(eq=False, repr=False)
class _Loader(BaseLoader):
    """What is loaded, and how; `langchain-upstage` has *split* second."""

    file_path: Files
    split: Any = None  # what is asked decides which there are
    _: KW_ONLY
    source: str | None = None

    if TYPE_CHECKING:

        @property
        def loading(self) -> Loading:
            """The `Loading` that is made of the options as they are now."""

    def __post_init__(self) -> None:
        """Say at once what is wrong with the options, and which file is missing, unless such files are skipped."""
        from upstage_docs.files.source import is_document, require_files

        loading = self.loading
        loading.connection.check()
        # An iterator would be empty when the loader is used once more; a file object is none of files.
        if isinstance(self.file_path, Iterator) and not is_document(self.file_path):
            self.file_path = list(self.file_path)
        items = [] if isinstance(self.file_path, BlobLoader) else list(self._items())
        if self.source is not None and len(items) != 1:
            raise ConfigError(f"source={self.source!r} names one document, and file_path holds several.")
        if loading.load.on_error == "raise":
            require_files(item.document for item in items if isinstance(item.document, (str, os.PathLike)))

    def estimate(self) -> Estimate:
        """Say how many pages loading would be billed now, and at which list price; sends nothing.

        Raises:
            SourceError: A file could not be sent.
        """
        return self.loading.estimate(self._items())

    def lazy_load(self) -> Iterator[Document]:
        """Yield Documents in the order of the files: of one file as its pages are answered, of many several at once.

        Raises:
            UpstageDocsError: As `Client.parse` and `Client.ocr`, unless skipped.
        """
        with _load_run(type(self).__name__) as convert, closing(self.loading.records(self._items())) as records:
            for record in records:
                yield convert(record)

    async def alazy_load(self) -> AsyncIterator[Document]:
        """Yield Documents without blocking the event loop; see `lazy_load`.

        Left early, it is to be closed (`contextlib.aclosing`): else the end of the event loop cuts what is being sent,
        and may have been paid for.
        """
        with _load_run(type(self).__name__) as convert:
            async with Inner(self.loading.arecords(self._items())) as records:
                async for record in records:
                    yield convert(record)

    def _items(self) -> Iterator[Named]:
        from upstage_docs.files.source import Named, is_document

        files: Any = self.file_path
        if isinstance(files, BlobLoader):
            files = files.yield_blobs()
        elif is_document(files) or isinstance(files, Blob) or not isinstance(files, Iterable):
            files = [files]  # a file object would yield its lines, and bytes their numbers
        for file in files:
            if isinstance(file, Blob):
                item = _item_of(file)
                yield item if self.source is None else item._replace(source=self.source)
            elif is_document(file):
                yield Named(file, self.source)
            else:
                raise ConfigError(
                    "A loader takes paths, bytes, binary file objects and blobs as file_path, not "
                    f"{type(file).__name__}."
                )


@component(eq=False, repr=False)
class UpstageDocumentParseLoader(ParseComponent, _Loader):
    """Loads files with Upstage Document Parse: a Document per layout element, page or file.

    The first ten parameters stand in the order of `langchain-upstage`. Its results were those of `split="none"` and
    `metadata_format="nested"`. Options may be assigned afterwards: they are read when files are loaded.

    Setup:
        Install `upstage-docs[langchain]` and set the variable `UPSTAGE_API_KEY`. Without a key, install
        `upstage-docs[langchain,local]` and give `engine="local"`: the engine on this machine answers.

    Instantiate:
        ```python
        from langchain_upstage_docs import UpstageDocumentParseLoader

        loader = UpstageDocumentParseLoader("report.pdf", output_format="markdown")
        ```

    Lazy load:
        ```python
        for document in loader.lazy_load():
            print(document.metadata["category"], document.metadata["page"], document.page_content[:40])
        ```

    Async load:
        ```python
        documents = await loader.aload()
        print(documents[0].metadata["source"])
        ```

    Args:
        file_path: A path, bytes, a binary file object, a blob, several of them, or a blob loader.
        source: The name of a document that has no path, or another name for one that has.

    Raises:
        SourceNotFoundError: A file is missing, unless such files are skipped; also a FileNotFoundError.
        ConfigError: No key and no engine, a value that an option does not take, or options that contradict each other.
        TypeError: An option that does not exist.
    """

    @property
    def parser(self) -> UpstageDocumentParseParser:
        """The parser of blobs with the options of this loader."""
        return UpstageDocumentParseParser(**_options_of(self))

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


@component(eq=False, repr=False)
class UpstageOCRLoader(OCRComponent, _Loader):
    """Loads files with Upstage Document OCR: a Document per page, line, word or file, with confidence.

    Options may be assigned afterwards: they are read when files are loaded.

    Setup:
        Install `upstage-docs[langchain]` and set the variable `UPSTAGE_API_KEY`. Without a key, install
        `upstage-docs[langchain,local,ocr]` and Tesseract's language data, and give `engine="local"`.

    Instantiate:
        ```python
        from langchain_upstage_docs import UpstageOCRLoader

        loader = UpstageOCRLoader("scan.png", split="line")
        ```

    Lazy load:
        ```python
        for document in loader.lazy_load():
            print(document.metadata["confidence"], document.page_content)
        ```

    Async load:
        ```python
        documents = await loader.aload()
        print(len(documents))
        ```

    Args:
        file_path: A path, bytes, a binary file object, a blob, several of them, or a blob loader.
        source: The name of a document that has no path, or another name for one that has.

    Raises:
        SourceNotFoundError: A file is missing, unless such files are skipped; also a FileNotFoundError.
        ConfigError: No key and no engine, a value that an option does not take, or options that contradict each other.
        TypeError: An option that does not exist.
    """

    @property
    def parser(self) -> UpstageOCRParser:
        """The parser of blobs with the options of this loader."""
        return UpstageOCRParser(**_options_of(self))


def _options_of(loader: ParseComponent | OCRComponent) -> dict[str, Any]:
    return {name: value for name, value in vars(loader).items() if name not in {"file_path", "source", "_loading"}}


def document_of(record: Record) -> Document:
    """Return *record* as LangChain's Document."""
    return Document(page_content=record.text, metadata=record.metadata, id=record.id)


def _item_of(blob: Blob) -> Named:
    """Return *blob* as something to load: its bytes, or its path, so that a file is streamed, and its metadata."""
    from upstage_docs.files.source import Named

    document = blob.path if blob.data is None else blob.as_bytes()
    return Named(b"" if document is None else document, blob.source, blob.metadata)


@contextmanager
def _load_run(name: str) -> Iterator[Callable[[Record], Document]]:
    """Open a run *name* below the run that is open in LangSmith, and give `document_of`, counted.

    Where nobody traces, it is given as it is; nothing is imported or sent.
    """
    may_trace = "langsmith.run_helpers" in sys.modules or any(variable in os.environ for variable in _TRACING)
    if may_trace:
        from langsmith.utils import tracing_is_enabled

        may_trace = tracing_is_enabled() is True
    if not may_trace:
        yield document_of
        return
    from langchain_upstage_docs.traced_loads import TracedLoad, begin_run
    from upstage_docs.flows.reports import tell_of_end

    load = TracedLoad(begin_run(name), document_of)
    with tell_of_end(load.end):
        yield load.convert
