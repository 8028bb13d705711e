"""The table-aware splitter as a TextSplitter of LangChain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.documents import Document
from langchain_text_splitters.base import TextSplitter

from langchain_upstage_docs.components import component
from upstage_docs.errors import ConfigError

if TYPE_CHECKING:
    from upstage_docs.chunking.options import ChunkOptions
    from upstage_docs.options import OutputFormat


@component(eq=False, repr=False)
class TableAwareTextSplitter(TextSplitter):
    """Packs layout elements into chunks and keeps every table, chart and figure whole.

    It takes the Documents of our loaders (elements, pages or whole files, in any format), its own chunks, to be split
    once more, and Documents of other loaders that hold HTML or Markdown tables.

    Options may be assigned afterwards: they are read when something is split.

    Setup:
        Install `upstage-docs[langchain]`. A splitter sends nothing and needs no key.

    Instantiate:
        ```python
        from langchain_upstage_docs import TableAwareTextSplitter

        splitter = TableAwareTextSplitter(chunk_size=1000)
        ```

    Split:
        ```python
        from langchain_upstage_docs import UpstageDocumentParseLoader

        chunks = splitter.split_documents(UpstageDocumentParseLoader("report.pdf").load())
        print(len(chunks), chunks[0].metadata["categories"])
        ```

    Args:
        add_start_index: Whether chunks say in `start_index` where they stand in the text of the Document that they
            begin in; -1 where that text is JSON.

    Raises:
        ConfigError: A value is not possible, or two contradict each other.
    """

    chunk_size: int = 1000
    chunk_overlap: int = 0
    length_function: Callable[[str], int] | str = len
    _: KW_ONLY
    oversized_tables: Literal["keep", "split_rows"] = "keep"
    table_size: int = 0
    merge_continued_tables: bool = False
    min_size: int = 0
    exclude_categories: Iterable[str] = ("header", "footer")
    output_format: OutputFormat = "html"
    ids: Literal["source", "content"] = "source"
    table_context: Literal["labels", "captions", "notes", "full"] = "full"
    table_form: Literal["verbatim", "dense"] = "verbatim"
    path_in_text: bool = False
    title_in_path: bool = False
    measure: Literal["markup", "text"] = "markup"
    add_start_index: bool = False

    def __post_init__(self) -> None:
        from upstage_docs.options.definitions import require_bool

        require_bool("add_start_index", self.add_start_index)
        options = self._options
        super().__init__(options.chunk_size, options.chunk_overlap, options.length_function)

    @property
    def _options(self) -> ChunkOptions:
        from upstage_docs.chunking.options import ChunkOptions
        from upstage_docs.options.definitions import options_of

        return options_of(self, ChunkOptions)

    def split_text(self, text: str) -> list[str]:
        """Return the texts of the chunks of HTML, Markdown or plain *text*; nothing of where they were."""
        from upstage_docs.chunking.packing import split_text

        if not isinstance(text, str):
            raise ConfigError(f"split_text takes one text, not {type(text).__name__}; split_documents takes Documents.")
        return split_text(self._options, text)

    def split_documents(self, documents: Iterable[Document]) -> list[Document]:
        """Return the chunks of *documents*, with ids, spans and metadata; the Documents of one file share chunks."""
        return list(self.lazy_split_documents(documents))

    def lazy_split_documents(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the chunks of *documents* as soon as each is complete; see `split_documents`."""
        from upstage_docs.chunking.packing import chunk_with
        from upstage_docs.models import Record

        if isinstance(documents, (str, Document)) or not isinstance(documents, Iterable):
            raise _not_documents_error(f"one {type(documents).__name__}")

        def record(document: Document) -> Record:
            if not isinstance(document, Document):
                raise _not_documents_error(type(document).__name__)
            return Record(document.id or "", document.page_content, document.metadata)

        records = map(record, documents)
        for chunk in chunk_with(self._options, list(records) if isinstance(documents, Sequence) else records):
            if self.add_start_index:
                chunk.metadata["start_index"] = chunk.start
            # Not checked once more: these are the types that it asks for.
            yield Document.model_construct(
                {"id", "metadata", "page_content"},
                id=chunk.id,
                metadata=chunk.metadata,
                page_content=chunk.text,
                type="Document",  # else its default is looked up, each time
            )

    def create_documents(self, texts: list[str], metadatas: list[dict[Any, Any]] | None = None) -> list[Document]:
        """Return the chunks of *texts*, each a document of its own; see `split_documents`."""
        if isinstance(texts, str):
            raise ConfigError("create_documents takes a list of texts, not one text; split_text takes one.")
        given = metadatas or [{} for _ in texts]
        if len(given) != len(texts):
            raise ConfigError(
                f"create_documents got {len(texts)} texts and {len(given)} metadatas; give one for each text, or none."
            )
        return self.split_documents(
            Document(page_content=text, metadata=metadata) for text, metadata in zip(texts, given, strict=True)
        )


def _not_documents_error(what: str) -> ConfigError:
    return ConfigError(
        f"split_documents takes a list of Documents, not {what}; split_text and create_documents take texts."
    )
