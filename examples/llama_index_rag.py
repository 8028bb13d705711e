"""A retriever over a document in LlamaIndex: `python examples/llama_index_rag.py report.pdf "your question"`.

The Upstage API answers with the key in UPSTAGE_API_KEY; the local engine does with UPSTAGE_DOCS_ENGINE=local.
For Upstage's embeddings, change one line.
"""

import sys

from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from words import vector

from llama_index_upstage_docs import TableAwareNodeParser, UpstageDocumentParseReader


class WordEmbedding(BaseEmbedding):
    """Stands in for `UpstageEmbedding`, so that this example runs without a key."""

    def _get_text_embedding(self, text: str) -> list[float]:
        return vector(text)

    def _get_query_embedding(self, query: str) -> list[float]:
        return vector(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return vector(query)


EMBEDDING = WordEmbedding()  # or llama_index.embeddings.upstage.UpstageEmbedding()


def main(path: str, question: str) -> None:
    """Print the node that answers *question* best, and where it stands."""
    documents = UpstageDocumentParseReader(split="none", output_format="json").load_data(path)
    nodes = TableAwareNodeParser(chunk_size=800).get_nodes_from_documents(documents)
    index = VectorStoreIndex(nodes, embed_model=EMBEDDING)
    best = index.as_retriever(similarity_top_k=1).retrieve(question)[0].node
    box = [best.metadata[corner] for corner in ("x0", "y0", "x1", "y1")]
    print(f"{best.get_content()}\n\npage {best.metadata['page']}, box {box}, by {best.metadata['model']}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
