"""Vector stores of both frameworks take our metadata as it is, give it back unchanged, and filter by it.

`bash .ci/run stores` brings the stores; those that are not installed are skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_api import MadeApi, pdf

pytest.importorskip("langchain_text_splitters", reason='needs the extra "langchain"')
pytest.importorskip("llama_index.core", reason='needs the extra "llama-index"')

# Stores deprecate, announce and fork in their own ways.
pytestmark = pytest.mark.filterwarnings("ignore")

WIDTH = 8


@pytest.fixture(params=["elements", "chunks"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "a.pdf", tmp_path / "b.pdf"]
    for number, path in enumerate(paths, start=2):
        path.write_bytes(pdf(number))
    return paths


def assert_same(found: dict[str, Any], its: dict[str, Any]) -> None:
    """Each of our keys has its value and type; a float may have lost its last bit, and Qdrant adds keys of its own."""
    for key, value in its.items():
        assert type(found[key]) is type(value)
        assert found[key] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value)


# LangChain: what makes the store of Documents, and the filter for tables from page 2 on.


def _in_memory(documents: list[Any], embedding: Any) -> tuple[Any, Any]:
    from langchain_core.vectorstores import InMemoryVectorStore

    wanted = lambda one: one.metadata["category"] == "table" and one.metadata["page"] >= 2  # noqa: E731
    return InMemoryVectorStore.from_documents(documents, embedding), wanted


def _chroma(documents: list[Any], embedding: Any) -> tuple[Any, Any]:
    import uuid

    chroma = pytest.importorskip("langchain_chroma")
    store = chroma.Chroma.from_documents(documents, embedding, collection_name=uuid.uuid4().hex)
    return store, {"$and": [{"category": "table"}, {"page": {"$gte": 2}}]}


def _faiss(documents: list[Any], embedding: Any) -> tuple[Any, Any]:
    pytest.importorskip("faiss")
    stores = pytest.importorskip("langchain_community.vectorstores")
    return stores.FAISS.from_documents(documents, embedding), {"category": "table", "page": {"$gte": 2}}


def _qdrant(documents: list[Any], embedding: Any) -> tuple[Any, Any]:
    qdrant = pytest.importorskip("langchain_qdrant")
    models = pytest.importorskip("qdrant_client.models")
    wanted = models.Filter(
        must=[
            models.FieldCondition(key="metadata.category", match=models.MatchValue(value="table")),
            models.FieldCondition(key="metadata.page", range=models.Range(gte=2)),
        ]
    )
    return qdrant.QdrantVectorStore.from_documents(documents, embedding, location=":memory:"), wanted


@pytest.mark.parametrize("made", [_in_memory, _chroma, _faiss, _qdrant])
def test_langchain_s_stores_give_back_what_they_took(
    made: Callable[[list[Any], Any], tuple[Any, Any]], kind: str, files: list[Path]
) -> None:
    from langchain_core.embeddings import DeterministicFakeEmbedding

    from langchain_upstage_docs import TableAwareTextSplitter, UpstageDocumentParseLoader

    with MadeApi().client() as client:
        documents = UpstageDocumentParseLoader(files, client=client).load()
    if kind == "chunks":
        documents = TableAwareTextSplitter(chunk_size=200).split_documents(documents)
    taken = {document.metadata["record_id"]: document for document in documents}
    store, wanted = made(documents, DeterministicFakeEmbedding(size=WIDTH))
    options = {"fetch_k": 1000} if made is _faiss else {}
    found = store.similarity_search("tables", k=1000, filter=wanted, **options)

    assert {(one.metadata["category"], one.metadata["page"]) for one in found} == {("table", 2), ("table", 3)}
    for one in store.similarity_search("all", k=1000):
        its = taken.pop(one.metadata["record_id"])
        assert one.page_content == its.page_content
        assert_same(one.metadata, its.metadata)
    assert taken == {}


# LlamaIndex


def _simple() -> Any:
    from llama_index.core.vector_stores import SimpleVectorStore

    return SimpleVectorStore()


def _chroma_of_llama_index() -> Any:
    import uuid

    stores = pytest.importorskip("llama_index.vector_stores.chroma")
    client = pytest.importorskip("chromadb").EphemeralClient()
    return stores.ChromaVectorStore(chroma_collection=client.create_collection(uuid.uuid4().hex))


def _qdrant_of_llama_index() -> Any:
    stores = pytest.importorskip("llama_index.vector_stores.qdrant")
    client = pytest.importorskip("qdrant_client").QdrantClient(":memory:")
    return stores.QdrantVectorStore(client=client, collection_name="made")


@pytest.mark.parametrize("made", [_simple, _chroma_of_llama_index, _qdrant_of_llama_index])
def test_llama_index_s_stores_give_back_what_they_took(made: Callable[[], Any], kind: str, files: list[Path]) -> None:
    from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex
    from llama_index.core.schema import MetadataMode
    from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters

    from llama_index_upstage_docs import (
        TableAwareNodeParser,
        UpstageDocumentParseNodeParser,
        UpstageDocumentParseReader,
    )

    with MadeApi().client() as client:
        reader = UpstageDocumentParseReader(split="none", output_format="json", client=client)
        parser = TableAwareNodeParser(200) if kind == "chunks" else UpstageDocumentParseNodeParser(client=client)
        nodes = parser.get_nodes_from_documents(reader.load_data(files))
    context = StorageContext.from_defaults(vector_store=made())
    index = VectorStoreIndex(nodes, storage_context=context, embed_model=MockEmbedding(embed_dim=WIDTH))
    wanted = MetadataFilters(
        filters=[
            MetadataFilter(key="category", value="table"),
            MetadataFilter(key="page", value=2, operator=FilterOperator.GTE),
        ]
    )
    found = index.as_retriever(similarity_top_k=1000, filters=wanted).retrieve("tables")
    # The index itself leaves out a node that has nothing to embed, such as a picture without words or headings.
    taken = {node.node_id: node for node in nodes if node.get_content(MetadataMode.EMBED)}

    assert {(one.metadata["category"], one.metadata["page"]) for one in found} == {("table", 2), ("table", 3)}
    for one in index.as_retriever(similarity_top_k=1000).retrieve("all"):
        its = taken.pop(one.node_id)
        assert (one.get_content(), one.node.relationships) == (its.get_content(), its.relationships)
        assert_same(one.metadata, its.metadata)
    assert taken == {}
