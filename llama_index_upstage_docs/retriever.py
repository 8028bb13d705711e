"""LlamaIndex's retriever and tool spec over loaded nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import BaseNode, NodeWithScore, QueryBundle
from llama_index.core.tools.tool_spec.base import BaseToolSpec

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding


class UpstageDocumentRetriever(BaseRetriever):
    """Finds nodes by words (BM25; Korean, Chinese and Japanese by pairs of characters), and by meaning if asked to.

    It holds all in memory, for the files of a conversation; a collection belongs in a vector store.

    Examples:
        `pip install "upstage-docs[llama-index,search]"`, and set `UPSTAGE_API_KEY`, or add the extra `local` and set
        `UPSTAGE_DOCS_ENGINE=local`.

        ```python
        from llama_index_upstage_docs import TableAwareNodeParser, UpstageDocumentParseReader, UpstageDocumentRetriever
        from upstage_docs.evidence import cite

        documents = UpstageDocumentParseReader(output_format="markdown").load_data("report.pdf")
        retriever = UpstageDocumentRetriever(TableAwareNodeParser().get_nodes_from_documents(documents))
        for found in retriever.retrieve("availability of Maehyang"):
            print(cite(found))
        ```

    Args:
        nodes: What is searched, made by our node parsers or by any other.
        similarity_top_k: How many are returned at most.
        embed_model: Any of LlamaIndex's; then meaning counts as much as words, and all texts are embedded here.

    Raises:
        ConfigError: *similarity_top_k* is no whole number from 1, or *embed_model* answers no vector for each text.
        MissingExtraError: The extra "search" is not installed.
    """

    def __init__(
        self, nodes: Iterable[BaseNode], similarity_top_k: int = 4, embed_model: BaseEmbedding | None = None
    ) -> None:
        from upstage_docs.evidence.search import SearchIndex
        from upstage_docs.options.definitions import require_whole_number

        super().__init__()
        self.similarity_top_k = require_whole_number("similarity_top_k", similarity_top_k, least=1)
        self._index = SearchIndex(nodes, _Embeddings(embed_model) if embed_model is not None else None)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self._index.search(query_bundle.query_str, self.similarity_top_k)
        return [NodeWithScore(node=passage.item, score=passage.score) for passage in found]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


class SearchDocumentToolSpec(BaseToolSpec):
    """The tool `search_document` for an agent.

    Examples:
        `pip install "upstage-docs[llama-index,search]"`, and set `UPSTAGE_API_KEY`, or add the extra `local` and set
        `UPSTAGE_DOCS_ENGINE=local`.

        ```python
        import llama_index_upstage_docs as upstage

        nodes = upstage.UpstageDocumentParseReader(split="element").load_data("report.pdf")
        (tool,) = upstage.SearchDocumentToolSpec(upstage.UpstageDocumentRetriever(nodes)).to_tool_list()
        print(tool("availability of Maehyang"))
        ```

    Args:
        retriever: What searches the files: `UpstageDocumentRetriever`, or any other.
    """

    spec_functions = [("search_document", "asearch_document")]  # noqa: RUF012 - as the base class has it

    def __init__(self, retriever: BaseRetriever) -> None:
        self.retriever = retriever

    def search_document(self, query: str) -> str:
        """Search the documents: numbered passages with file, page and section. Cite them by their numbers, as [1].

        Args:
            query: What to look for: a question, or words that stand in the document.
        """
        return _numbered(self.retriever.retrieve(query))

    async def asearch_document(self, query: str) -> str:
        """Return what `search_document` does, without blocking the event loop."""
        return _numbered(await self.retriever.aretrieve(query))


class _Embeddings:
    """LlamaIndex's embedding model under the names that the core calls."""

    def __init__(self, model: BaseEmbedding) -> None:
        self._model = model

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._model.get_text_embedding_batch(texts)

    def embed_query(self, text: str) -> list[float]:
        return self._model.get_query_embedding(text)


def _numbered(nodes: Sequence[NodeWithScore]) -> str:
    from upstage_docs.evidence.search import number_passages

    return number_passages(nodes)
