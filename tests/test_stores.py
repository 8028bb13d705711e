"""Vector stores of both frameworks take our metadata as it is, give it back unchanged, and filter by it.

`bash .ci/run stores` brings the stores; those that are not installed are skipped.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import Any

import langchain_stores
import llama_index_stores
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


def loaded(files: list[Path], kind: str) -> list[Any]:
    """The Documents of *files*: elements, or chunks."""
    from langchain_upstage_docs import TableAwareTextSplitter, UpstageDocumentParseLoader

    with MadeApi().client() as client:
        documents = UpstageDocumentParseLoader(files, client=client).load()
    return TableAwareTextSplitter(chunk_size=200).split_documents(documents) if kind == "chunks" else documents


@pytest.mark.parametrize("store", langchain_stores.STORES, ids=lambda store: store.name)
def test_langchain_s_stores_give_back_what_they_took(
    store: langchain_stores.Store, kind: str, files: list[Path], tmp_path: Path
) -> None:
    from langchain_core.embeddings import DeterministicFakeEmbedding

    documents = loaded(files, kind)
    taken = {document.metadata["record_id"]: document for document in documents}
    with contextmanager(store.make)(DeterministicFakeEmbedding(size=WIDTH), tmp_path) as made:
        made.add_documents(documents, **({"ids": [one.id for one in documents]} if store.deletes else {}))
        found = made.similarity_search("all", k=1000, **store.search)
        if store.wanted is not None:
            wanted = {store.filter_name: store.wanted()}
            tables = made.similarity_search("tables", k=1000, **wanted, **store.search)
            assert {(one.metadata["category"], one.metadata["page"]) for one in tables} == {("table", 2), ("table", 3)}
            assert all(one.metadata["x0"] < 0.5 for one in tables)
    for one in found:
        its = taken.pop(one.metadata["record_id"])
        assert one.page_content == its.page_content
        assert_same(one.metadata, its.metadata)
    assert taken == {}


@pytest.mark.parametrize(
    "store", [store for store in langchain_stores.STORES if store.deletes], ids=lambda store: store.name
)
def test_langchain_s_index_follows_the_files(
    store: langchain_stores.Store, kind: str, files: list[Path], tmp_path: Path
) -> None:
    """What is unchanged is not embedded again; what changed is replaced; what is gone is deleted."""
    from langchain_core.embeddings import DeterministicFakeEmbedding
    from langchain_core.indexing import InMemoryRecordManager, index

    from langchain_upstage_docs import index_key

    manager = InMemoryRecordManager("made")
    manager.create_schema()

    def put(paths: list[Path]) -> tuple[dict[str, Any], set[str], set[str]]:
        """Index *paths*; return what was done, the records that they have, and those that the store has."""
        documents = loaded(paths, kind)
        done = index(documents, manager, made, cleanup="full", source_id_key="source", key_encoder=index_key)
        held = made.similarity_search("all", k=1000, **store.search)
        return (
            {**done},
            {one.metadata["record_id"] for one in documents},
            {one.metadata["record_id"] for one in held},
        )

    with contextmanager(store.make)(DeterministicFakeEmbedding(size=WIDTH), tmp_path) as made:
        done, wanted, held = put(files)
        assert (done["num_added"], held) == (len(wanted), wanted)
        done, _, held = put(files)
        assert (done["num_added"], done["num_deleted"], held) == (0, 0, wanted)
        files[1].write_bytes(pdf(1, "changed"))
        done, wanted, held = put(files)
        assert done["num_deleted"] > 0
        assert held == wanted
        _, wanted, held = put(files[:1])
        assert held == wanted


# LlamaIndex


def wanted_tables() -> Any:
    from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters

    return MetadataFilters(
        filters=[
            MetadataFilter(key="category", value="table"),
            MetadataFilter(key="page", value=2, operator=FilterOperator.GTE),
            MetadataFilter(key="x0", value=0.5, operator=FilterOperator.LT),
        ]
    )


@pytest.mark.parametrize("store", llama_index_stores.STORES, ids=lambda store: store.name)
def test_llama_index_s_stores_give_back_what_they_took(
    store: llama_index_stores.Store, kind: str, files: list[Path], tmp_path: Path
) -> None:
    from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex
    from llama_index.core.schema import MetadataMode

    from llama_index_upstage_docs import (
        TableAwareNodeParser,
        UpstageDocumentParseNodeParser,
        UpstageDocumentParseReader,
    )

    with MadeApi().client() as client:
        reader = UpstageDocumentParseReader(split="none", output_format="json", client=client)
        parser = TableAwareNodeParser(200) if kind == "chunks" else UpstageDocumentParseNodeParser(client=client)
        nodes = parser.get_nodes_from_documents(reader.load_data(files))
    # The index itself leaves out a node that has nothing to embed, such as a picture without words or headings.
    taken = {node.node_id: node for node in nodes if node.get_content(MetadataMode.EMBED)}
    with contextmanager(store.make)(WIDTH, tmp_path) as made:
        context = StorageContext.from_defaults(vector_store=made)
        index = VectorStoreIndex(nodes, storage_context=context, embed_model=MockEmbedding(embed_dim=WIDTH))
        if store.filters:
            found = index.as_retriever(similarity_top_k=1000, filters=wanted_tables()).retrieve("tables")
            assert {(one.metadata["category"], one.metadata["page"]) for one in found} == {("table", 2), ("table", 3)}
        held = index.as_retriever(similarity_top_k=len(taken)).retrieve("all")
    for one in held:
        its = taken.pop(one.node_id)
        assert (one.get_content(), one.node.relationships) == (its.get_content(), its.relationships)
        assert_same(one.metadata, its.metadata)
    assert taken == {}


@pytest.mark.parametrize(
    "store",
    [store for store in llama_index_stores.STORES if store.keeps_text and store.deletes],
    ids=lambda store: store.name,
)
def test_llama_index_s_pipeline_follows_the_files(
    store: llama_index_stores.Store, files: list[Path], tmp_path: Path
) -> None:
    from llama_index.core import MockEmbedding, VectorStoreIndex
    from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
    from llama_index.core.storage.docstore import SimpleDocumentStore

    from llama_index_upstage_docs import TableAwareNodeParser, UpstageDocumentParseReader

    embedding = MockEmbedding(embed_dim=WIDTH)
    with contextmanager(store.make)(WIDTH, tmp_path) as made, MadeApi().client() as client:
        reader = UpstageDocumentParseReader(split="none", output_format="json", client=client)
        pipeline = IngestionPipeline(
            transformations=[TableAwareNodeParser(200), embedding],
            vector_store=made,
            docstore=SimpleDocumentStore(),
            docstore_strategy=DocstoreStrategy.UPSERTS_AND_DELETE,
        )

        def put(paths: list[Path]) -> tuple[int, set[str]]:
            """Ingest *paths*; return how many nodes were made, and the sources of those that the store has."""
            made_nodes = pipeline.run(documents=reader.load_data(paths))
            index = VectorStoreIndex.from_vector_store(made, embed_model=embedding)
            held = index.as_retriever(similarity_top_k=1000).retrieve("all")
            return len(made_nodes), {
                f"{Path(one.metadata['source']).name} {one.metadata['total_pages']}" for one in held
            }

        count, sources = put(files)
        assert count > 0
        assert sources == {"a.pdf 2", "b.pdf 3"}
        assert put(files) == (0, sources)
        files[1].write_bytes(pdf(1, "changed"))
        count, sources = put(files)
        assert count > 0
        assert sources == {"a.pdf 2", "b.pdf 1"}
        assert put(files[:1]) == (0, {"a.pdf 2"})
