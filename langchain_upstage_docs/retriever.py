"""LangChain's retriever and tool over loaded files."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

if TYPE_CHECKING:
    from langchain_text_splitters import TextSplitter

    from langchain_upstage_docs.loaders import Files
    from upstage_docs.evidence.search import SearchIndex


class UpstageDocumentRetriever(BaseRetriever):
    """Finds Documents by words (BM25; Korean, Chinese and Japanese by pairs of characters), and by meaning if asked to.

    It holds all in memory, for the files of a conversation; a collection belongs in a vector store.

    Setup:
        Install `upstage-docs[langchain,search]` and set the variable `UPSTAGE_API_KEY`, or add the extra `local` and
        give `engine="local"`.

    Instantiate:
        ```python
        from langchain_upstage_docs import UpstageDocumentRetriever

        retriever = UpstageDocumentRetriever.from_files("report.pdf", k=2)
        ```

    Usage:
        ```python
        for document in retriever.invoke("How many GWh did Maehyang generate in 2025?"):
            print(document.metadata["page"], document.metadata["headings"])
        ```

    Args:
        documents: What is searched: chunks, or Documents as loaded; `from_files` makes them.
        k: How many are returned at most; `invoke(question, k=...)` says otherwise for once.
        embeddings: Any of LangChain's; then meaning counts as much as words, and all texts are embedded here.

    Raises:
        ConfigError: *k* is no whole number from 1, or *embeddings* answers no vector for each text.
        MissingExtraError: The extra "search" is not installed.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    documents: list[Document] = Field(repr=False)
    k: int = 4
    embeddings: Embeddings | None = Field(default=None, repr=False)
    _index: SearchIndex[Document] = PrivateAttr()

    def __init__(
        self, documents: Iterable[Document], k: int = 4, embeddings: Embeddings | None = None, **options: Any
    ) -> None:
        """Index the documents; *options* are those of every retriever, as `tags`."""
        from upstage_docs.evidence.search import SearchIndex
        from upstage_docs.evidence.things import as_list
        from upstage_docs.options.definitions import require_whole_number

        # Refused here, where pydantic would make an error of its own of ours.
        k = require_whole_number("k", k, least=1)
        given = as_list(documents)
        index = SearchIndex(given, embeddings)
        super().__init__(**{"documents": given, "k": k, "embeddings": embeddings, **options})
        self._index = index

    @classmethod
    def from_files(
        cls,
        files: Files,
        *,
        k: int = 4,
        embeddings: Embeddings | None = None,
        splitter: TextSplitter | None = None,
        **options: Any,
    ) -> UpstageDocumentRetriever:
        """Load *files*, split them with every table whole, and return a retriever over the chunks.

        Args:
            files: As for `UpstageDocumentParseLoader`.
            k: As for the class.
            embeddings: As for the class.
            splitter: `TableAwareTextSplitter()` if not given.
            options: Those of `UpstageDocumentParseLoader`; `output_format` is `markdown` unless given.

        Raises:
            UpstageDocsError: As the loader.
        """
        from langchain_upstage_docs.loaders import UpstageDocumentParseLoader

        documents = UpstageDocumentParseLoader(files, **{"output_format": "markdown", **options}).load()
        return cls._of(documents, splitter, k=k, embeddings=embeddings)

    @classmethod
    async def afrom_files(
        cls,
        files: Files,
        *,
        k: int = 4,
        embeddings: Embeddings | None = None,
        splitter: TextSplitter | None = None,
        **options: Any,
    ) -> UpstageDocumentRetriever:
        """Return what `from_files` does; the event loop goes on while files are loaded, split and indexed."""
        from anyio import to_thread

        from langchain_upstage_docs.loaders import UpstageDocumentParseLoader

        documents = await UpstageDocumentParseLoader(files, **{"output_format": "markdown", **options}).aload()
        return await to_thread.run_sync(partial(cls._of, documents, splitter, k=k, embeddings=embeddings))

    @classmethod
    def _of(cls, documents: Iterable[Document], splitter: TextSplitter | None, **how: Any) -> UpstageDocumentRetriever:
        """Return a retriever over the chunks of *documents*."""
        if splitter is None:
            from langchain_upstage_docs.splitters import TableAwareTextSplitter

            splitter = TableAwareTextSplitter()
        return cls(documents=splitter.split_documents(documents), **how)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - the base class passes it
        k: int | None = None,
    ) -> list[Document]:
        return [passage.item for passage in self._index.search(query, self.k if k is None else k)]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        from anyio import to_thread

        search = partial(self._get_relevant_documents, query, run_manager=run_manager.get_sync(), k=k)
        return await to_thread.run_sync(search)


class _Search(BaseModel):
    """What the tool is called with."""

    query: str = Field(description="What to look for: a question, or words that stand in the document.")


class SearchDocumentTool(BaseTool):
    """A tool for a model: searches the loaded files and answers numbered passages, each with its citation.

    The artifact of its `ToolMessage` is the Documents, in the order of their numbers: for `cite`, `crop`, `highlight`.

    Setup:
        That of `UpstageDocumentRetriever`.

    Instantiate:
        ```python
        from langchain_upstage_docs import SearchDocumentTool, UpstageDocumentRetriever

        tool = SearchDocumentTool(retriever=UpstageDocumentRetriever.from_files("report.pdf"))
        ```

    Invoke directly:
        ```python
        print(tool.invoke({"query": "availability of Norabi"})[:80])
        ```

    Invoke as a tool call:
        ```python
        call = {"name": tool.name, "args": {"query": "availability"}, "id": "1", "type": "tool_call"}
        print(len(tool.invoke(call).artifact))
        ```

    Args:
        retriever: What searches the files: `UpstageDocumentRetriever`, or any other retriever.
    """

    name: str = "search_document"
    description: str = (
        "Search the loaded documents. Returns passages, numbered, each below the file, page and section where it "
        "stands. Cite them by their numbers, as [1]."
    )
    args_schema: type[BaseModel] = _Search
    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"
    retriever: BaseRetriever

    def _run(self, query: str) -> tuple[str, list[Document]]:
        return _answer(self.retriever.invoke(query))

    async def _arun(self, query: str) -> tuple[str, list[Document]]:
        return _answer(await self.retriever.ainvoke(query))


def _answer(documents: list[Document]) -> tuple[str, list[Document]]:
    from upstage_docs.evidence.search import number_passages

    return number_passages(documents), documents
