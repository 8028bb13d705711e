"""The loaders: they read files and blobs as LangChain Documents, and show each load as a run in LangSmith."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing, closing, contextmanager
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, Union

from langchain_core.document_loaders import BaseLoader, Blob, BlobLoader
from langchain_core.documents import Document

from langchain_upstage_docs.components import OCRComponent, ParseComponent, component, document_of, item_of
from langchain_upstage_docs.parsers import UpstageDocumentParseParser, UpstageOCRParser
from upstage_docs.errors import ConfigError

if TYPE_CHECKING:
    from langchain_text_splitters import TextSplitter

    from upstage_docs import Estimate
    from upstage_docs.files.source import Named
    from upstage_docs.loading.loading import Loading
    from upstage_docs.models import Record

File: TypeAlias = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO, Blob]
Files: TypeAlias = File | BlobLoader | Iterable[File]

# Of the environment, which say that LangSmith is told of runs; LangChain tells it of chains and retrievers itself.
_TRACING = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")


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
        with (
            _load_run(type(self).__name__, document_of) as convert,
            closing(self.loading.records(self._items())) as records,
        ):
            for record in records:
                yield convert(record)

    async def alazy_load(self) -> AsyncIterator[Document]:
        """Yield Documents without blocking the event loop; see `lazy_load`.

        Left early, it is to be closed (`contextlib.aclosing`): else the end of the event loop cuts what is being sent,
        and may have been paid for.
        """
        with _load_run(type(self).__name__, document_of) as convert:
            async with aclosing(self.loading.arecords(self._items())) as records:
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
                item = item_of(file)
                yield item if self.source is None else item._replace(source=self.source)
            elif is_document(file):
                yield Named(file, self.source)
            else:
                raise ConfigError(
                    f"file_path is or holds {type(file).__name__}; a loader takes paths, bytes, binary file objects "
                    "and blobs."
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


class _TracedLoad:
    """One load that is traced: what it hands out is counted, and nothing of its texts is told."""

    def __init__(self, run: Any, convert: Callable[[Record], Document]) -> None:
        self._run = run
        self._convert = convert
        self._documents = 0
        self._pages: set[tuple[str, int]] = set()

    def convert(self, record: Record) -> Document:
        """Count what *record* becomes, and return it."""
        document = self._convert(record)
        self._documents += 1
        pages = range(document.metadata.get("page", 0), document.metadata.get("page_end", 0) + 1)
        self._pages |= {(document.metadata.get("source", ""), page) for page in pages if page}
        return document

    def end(self, error: str) -> None:
        """Tell what was handed out, and the name of the error that ended it, `""` if none did."""
        sources = sorted({source for source, _ in self._pages})
        outputs = {"documents": self._documents, "pages": len(self._pages), "sources": sources}
        self._run.end(outputs=outputs, error=error or None)
        self._run.patch()


@contextmanager
def _load_run(name: str, convert: Callable[[Record], Document]) -> Iterator[Callable[[Record], Document]]:
    """Open a run *name* below the run that is open in LangSmith, and give what *convert* does, counted.

    Where nobody traces, *convert* itself is given; nothing is imported or sent.
    """
    may_trace = "langsmith.run_helpers" in sys.modules or any(variable in os.environ for variable in _TRACING)
    if may_trace:
        from langsmith.utils import tracing_is_enabled

        may_trace = tracing_is_enabled() is True
    if not may_trace:
        yield convert
        return
    from upstage_docs.flows.reports import tell_of_end

    load = _TracedLoad(_begin_run(name), convert)
    with tell_of_end(load.end):
        yield load.convert


def _begin_run(name: str) -> Any:
    from langsmith.run_helpers import get_current_run_tree, get_tracing_context
    from langsmith.run_trees import RunTree

    around = get_current_run_tree()
    if around is None:
        told = get_tracing_context()
        options = {key: told[key] for key in ("client", "project_name", "tags") if told.get(key)}
        run = RunTree(name=name, run_type="tool", extra={"metadata": told.get("metadata") or {}}, **options)
    else:
        run = around.create_child(name, "tool")
    run.post()
    return run
