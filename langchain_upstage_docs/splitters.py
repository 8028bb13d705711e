"""The table-aware splitter as LangChain's TextSplitter; where chunks begin and end is decided in the core."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.documents import Document
from langchain_text_splitters.base import TextSplitter

if TYPE_CHECKING:
    from upstage_docs.errors import ConfigError
    from upstage_docs.options import OutputFormat

__all__ = ["TableAwareTextSplitter"]


class TableAwareTextSplitter(TextSplitter):
    """Packs layout elements into chunks and keeps every table, chart and figure whole.

    It takes the Documents of our loaders (elements, pages or whole files, in any format), its own chunks, to be split
    once more, and Documents of other loaders that hold HTML or Markdown tables.

    Args:
        chunk_size: The largest size of a chunk, in the unit of *length_function*; only what is kept whole exceeds it.
        chunk_overlap: How much a cut text repeats; tables, figures and headings are never repeated.
        length_function: The size of a text: `len`, or the number of its tokens.
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
        ids: Whether ids are made of a file's `source`, or of its `content`, so that a file under two names gives the
            same chunks; then a changed file does not replace its old self in a store.
        add_start_index: Whether chunks say in `start_index` where they stand in the text of the Document that they
            begin in; -1 where that text is JSON.

    Raises:
        ConfigError: A value is not possible, or two contradict each other.
    """

    def __init__(
        self,
        chunk_size: int = 1000,
        chunk_overlap: int = 0,
        length_function: Callable[[str], int] = len,
        *,
        oversized_tables: Literal["keep", "split_rows"] = "keep",
        merge_continued_tables: bool = False,
        min_size: int = 0,
        exclude_categories: Iterable[str] = ("header", "footer"),
        output_format: OutputFormat = "html",
        table_context: Literal["labels", "captions", "notes", "full"] = "full",
        path_in_text: bool = False,
        ids: Literal["source", "content"] = "source",
        add_start_index: bool = False,
    ) -> None:
        """Make a splitter; its class says what the options are."""
        from upstage_docs.chunking.options import ChunkOptions
        from upstage_docs.options import yes_or_no

        self._options = ChunkOptions(
            chunk_size=chunk_size,
            chunk_overlap=chunk_overlap,
            length_function=length_function,
            oversized_tables=oversized_tables,
            merge_continued_tables=merge_continued_tables,
            min_size=min_size,
            exclude_categories=exclude_categories,
            output_format=output_format,
            table_context=table_context,
            path_in_text=path_in_text,
            ids=ids,
        )
        yes_or_no("add_start_index", add_start_index)
        super().__init__(
            chunk_size=chunk_size,
            chunk_overlap=chunk_overlap,
            length_function=length_function,
            add_start_index=add_start_index,
        )

    def split_text(self, text: str) -> list[str]:
        """Return the texts of the chunks of HTML, Markdown or plain *text*; nothing of where they were."""
        from upstage_docs.chunking.packing import split_text

        return split_text(self._options, text)

    def split_documents(self, documents: Iterable[Document]) -> list[Document]:
        """Return the chunks of *documents*, with ids, spans and metadata; the Documents of one file share chunks."""
        return list(self.lazy_split_documents(documents))

    def lazy_split_documents(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the chunks of *documents* as soon as each is complete; see `split_documents`."""
        from upstage_docs.chunking.packing import chunk_with
        from upstage_docs.models import Record

        if isinstance(documents, (str, Document)):
            raise _refusal(f"one {type(documents).__name__}")

        def records() -> Iterator[Record]:
            for document in documents:
                if not isinstance(document, Document):
                    raise _refusal(type(document).__name__)
                yield Record(document.id or "", document.page_content, document.metadata)

        for chunk in chunk_with(self._options, records()):
            if self._add_start_index:
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
        from upstage_docs.errors import ConfigError

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

    async def atransform_documents(self, documents: Sequence[Document], **kwargs: Any) -> Sequence[Document]:
        """Split *documents* in a thread, so that the event loop goes on."""
        import asyncio

        return await asyncio.to_thread(self.transform_documents, documents, **kwargs)


def _refusal(what: str) -> ConfigError:
    from upstage_docs.errors import ConfigError

    return ConfigError(
        f"split_documents takes a list of Documents, not {what}; split_text and create_documents take texts."
    )
