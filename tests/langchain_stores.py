"""Vector stores of LangChain, each with how it filters; the traps of each are said in docs/stores.md."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from postgres_server import postgres_server

__all__ = ["STORES", "Store"]


@dataclass(frozen=True)
class Store:
    """One vector store.

    Attributes:
        name: Of the store.
        make: Gets what embeds and a folder; yields the empty store, and ends what it began.
        wanted: The filter for tables from page 2 on whose left side is in the left half of the page; None: it has none.
        search: Further options of a search.
        filter_name: What its search calls the filter.
        deletes: Whether it deletes by id, which `index` needs.
    """

    name: str
    make: Callable[[Any, Path], Iterator[Any]]
    wanted: Callable[[], Any] | None
    search: dict[str, Any]
    deletes: bool = True
    filter_name: str = "filter"


def _in_memory(embedding: Any, _: Path) -> Iterator[Any]:
    from langchain_core.vectorstores import InMemoryVectorStore

    yield InMemoryVectorStore(embedding)


def _chroma(embedding: Any, _: Path) -> Iterator[Any]:
    chroma = pytest.importorskip("langchain_chroma")
    yield chroma.Chroma(collection_name=uuid.uuid4().hex, embedding_function=embedding)


def _qdrant(embedding: Any, _: Path) -> Iterator[Any]:
    qdrant = pytest.importorskip("langchain_qdrant")
    models = pytest.importorskip("qdrant_client.models")
    client = pytest.importorskip("qdrant_client").QdrantClient(":memory:")
    size = len(embedding.embed_query("size"))
    client.create_collection("made", models.VectorParams(size=size, distance=models.Distance.COSINE))
    yield qdrant.QdrantVectorStore(client, "made", embedding)
    client.close()


def _qdrant_wanted() -> Any:
    models = pytest.importorskip("qdrant_client.models")
    return models.Filter(
        must=[
            models.FieldCondition(key="metadata.category", match=models.MatchValue(value="table")),
            models.FieldCondition(key="metadata.page", range=models.Range(gte=2)),
            models.FieldCondition(key="metadata.x0", range=models.Range(lt=0.5)),
        ]
    )


def _faiss(embedding: Any, _: Path) -> Iterator[Any]:
    faiss = pytest.importorskip("faiss")
    stores = pytest.importorskip("langchain_community.vectorstores")
    docstores = pytest.importorskip("langchain_community.docstore.in_memory")
    index = faiss.IndexFlatL2(len(embedding.embed_query("size")))
    yield stores.FAISS(embedding, index, docstores.InMemoryDocstore(), {})


def _lancedb(embedding: Any, folder: Path) -> Iterator[Any]:
    pytest.importorskip("lancedb")
    stores = pytest.importorskip("langchain_community.vectorstores")
    # The default, mode="overwrite", lets each `add_documents` take the place of all that was there.
    yield stores.LanceDB(uri=str(folder / "lance"), embedding=embedding, mode="append")


def _milvus(embedding: Any, folder: Path) -> Iterator[Any]:
    milvus = pytest.importorskip("langchain_milvus")
    pytest.importorskip("milvus_lite")
    # With auto_id=True, which older examples show, it would drop our ids; fields that are not declared need the
    # dynamic field, or each of them must be in the first Document.
    yield milvus.Milvus(
        embedding,
        connection_args={"uri": str(folder / "milvus.db")},
        index_params={"index_type": "FLAT", "metric_type": "L2"},
        auto_id=False,
        enable_dynamic_field=True,
    )


def _duckdb(embedding: Any, _: Path) -> Iterator[Any]:
    pytest.importorskip("duckdb")
    stores = pytest.importorskip("langchain_community.vectorstores")
    yield stores.DuckDB(embedding=embedding)


def _sqlite_vec(embedding: Any, folder: Path) -> Iterator[Any]:
    sqlite_vec = pytest.importorskip("sqlite_vec")
    stores = pytest.importorskip("langchain_community.vectorstores")
    sqlite = sqlite3 if hasattr(sqlite3.Connection, "enable_load_extension") else pytest.importorskip("pysqlite3")
    with closing(sqlite.connect(str(folder / "vec.db"))) as connection:
        connection.row_factory = sqlite.Row
        connection.enable_load_extension(True)
        sqlite_vec.load(connection)
        yield stores.SQLiteVec("made", connection, embedding)


def _postgres(embedding: Any, _: Path) -> Iterator[Any]:
    postgres = pytest.importorskip("langchain_postgres")
    with postgres_server() as server:
        uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        store = postgres.PGVector(embedding, connection=uri, collection_name="made", use_jsonb=True)
        yield store
        store._engine.dispose()


STORES = [
    Store(
        "in memory",
        _in_memory,
        lambda: (
            lambda one: one.metadata["category"] == "table" and one.metadata["page"] >= 2 and one.metadata["x0"] < 0.5
        ),
        {},
    ),
    Store(
        "Chroma",
        _chroma,
        lambda: {"$and": [{"category": "table"}, {"page": {"$gte": 2}}, {"x0": {"$lt": 0.5}}]},
        {},
    ),
    Store("Qdrant", _qdrant, _qdrant_wanted, {}),
    Store(
        "FAISS",
        _faiss,
        lambda: {"category": "table", "page": {"$gte": 2}, "x0": {"$lt": 0.5}},
        {"fetch_k": 1000},  # it filters what it has found: with the default of 20, most would be missing
    ),
    Store(
        "LanceDB",
        _lancedb,
        lambda: "metadata.category = 'table' AND metadata.page >= 2 AND metadata.x0 < 0.5",
        {},
    ),
    Store(
        "Milvus Lite",
        _milvus,
        lambda: "category == 'table' and page >= 2 and x0 < 0.5",
        {},
        filter_name="expr",
    ),
    Store("DuckDB", _duckdb, None, {}, deletes=False),
    Store("sqlite-vec", _sqlite_vec, None, {}, deletes=False),
    Store(
        "PostgreSQL",
        _postgres,
        lambda: {"category": {"$eq": "table"}, "page": {"$gte": 2}, "x0": {"$lt": 0.5}},
        {},
    ),
]
