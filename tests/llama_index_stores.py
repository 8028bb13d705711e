"""Vector stores of LlamaIndex; the traps of each are said in docs/stores.md."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
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
        make: Gets the width of the vectors and a folder; yields the empty store, and ends what it began.
        filters: Whether it filters by metadata.
        keeps_text: Whether it gives nodes back by itself, so that an index can be made of it alone.
        deletes: Whether it deletes the nodes of a document.
    """

    name: str
    make: Callable[[int, Path], Iterator[Any]]
    filters: bool = True
    keeps_text: bool = True
    deletes: bool = True


def _simple(_: int, __: Path) -> Iterator[Any]:
    from llama_index.core.vector_stores import SimpleVectorStore

    yield SimpleVectorStore()


def _chroma(_: int, __: Path) -> Iterator[Any]:
    stores = pytest.importorskip("llama_index.vector_stores.chroma")
    client = pytest.importorskip("chromadb").EphemeralClient()
    yield stores.ChromaVectorStore(chroma_collection=client.create_collection(uuid.uuid4().hex))


def _qdrant(_: int, __: Path) -> Iterator[Any]:
    stores = pytest.importorskip("llama_index.vector_stores.qdrant")
    client = pytest.importorskip("qdrant_client").QdrantClient(":memory:")
    yield stores.QdrantVectorStore(client=client, collection_name="made")
    client.close()


def _faiss(width: int, _: Path) -> Iterator[Any]:
    stores = pytest.importorskip("llama_index.vector_stores.faiss")
    faiss = pytest.importorskip("faiss")
    yield stores.FaissVectorStore(faiss.IndexFlatL2(width))


def _lancedb(_: int, folder: Path) -> Iterator[Any]:
    stores = pytest.importorskip("llama_index.vector_stores.lancedb")
    yield stores.LanceDBVectorStore(uri=str(folder / "lance"), mode="create")


def _milvus(width: int, folder: Path) -> Iterator[Any]:
    stores = pytest.importorskip("llama_index.vector_stores.milvus")
    pytest.importorskip("milvus_lite")
    yield stores.MilvusVectorStore(uri=str(folder / "milvus.db"), dim=width, overwrite=True, use_async_client=False)


def _duckdb(width: int, _: Path) -> Iterator[Any]:
    stores = pytest.importorskip("llama_index.vector_stores.duckdb")
    extensions = pytest.importorskip("duckdb_extensions")
    for name in ("json", "fts"):  # which the class fetches from the network when they are not there
        extensions.import_extension(name)
    yield stores.DuckDBVectorStore(embed_dim=width)


def _postgres(width: int, _: Path) -> Iterator[Any]:
    stores = pytest.importorskip("llama_index.vector_stores.postgres")
    with postgres_server() as server:
        uri = server.get_uri()
        store = stores.PGVectorStore(
            connection_string=uri.replace("postgresql://", "postgresql+psycopg2://"),
            async_connection_string=uri.replace("postgresql://", "postgresql+asyncpg://"),
            table_name="made",
            schema_name="public",
            embed_dim=width,
            use_jsonb=True,
        )
        yield store
        store._engine.dispose()


STORES = [
    Store("simple", _simple, keeps_text=False),
    Store("Chroma", _chroma),
    Store("Qdrant", _qdrant),
    Store("FAISS", _faiss, filters=False, keeps_text=False),
    # It writes the id into its condition between the quotes of names, which today's LanceDB refuses.
    Store("LanceDB", _lancedb, deletes=False),
    Store("Milvus Lite", _milvus),
    Store("DuckDB", _duckdb),
    Store("PostgreSQL", _postgres),
]
