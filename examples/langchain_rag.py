"""A retriever over a document in LangChain: `python examples/langchain_rag.py report.pdf "your question"`.

The Upstage API answers with the key in UPSTAGE_API_KEY; the local engine does with UPSTAGE_DOCS_ENGINE=local.
LangChain's store in memory needs numpy. For Upstage's embeddings, change one line.
"""

import sys

from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore
from words import vector

from langchain_upstage_docs import TableAwareTextSplitter, UpstageDocumentParseLoader


class WordEmbeddings(Embeddings):
    """Stands in for `UpstageEmbeddings`, so that this example runs without a key."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a vector per text."""
        return [vector(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the question's vector."""
        return vector(text)


EMBEDDINGS = WordEmbeddings()  # or langchain_upstage.UpstageEmbeddings(model="solar-embedding-1-large")


def main(path: str, question: str) -> None:
    """Print the chunk that answers *question* best, and where it stands."""
    chunks = TableAwareTextSplitter(chunk_size=800).split_documents(UpstageDocumentParseLoader(path).lazy_load())
    store = InMemoryVectorStore.from_documents(chunks, EMBEDDINGS)
    best = store.as_retriever(search_kwargs={"k": 1}).invoke(question)[0]
    box = [best.metadata[corner] for corner in ("x0", "y0", "x1", "y1")]
    print(f"{best.page_content}\n\npage {best.metadata['page']}, box {box}, by {best.metadata['model']}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
