"""The victim of test_index_kills.py: loads files into an index on disk, one JSON line per event, until done or killed.

python index_until_killed.py FRAMEWORK BASE_URL FOLDER FILE ...
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from parse_until_killed import client, say

from upstage_docs import UnknownOutcomeError
from upstage_docs.client.client import Client
from upstage_docs.store.store import Store


class Table:
    """Rows of a database in a file, which are there or are not, whenever the process is killed."""

    def __init__(self, path: Path, *columns: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA synchronous=OFF")  # a killed process loses nothing by that; a power failure would
        self._db.execute(f"CREATE TABLE IF NOT EXISTS rows ({columns[0]} PRIMARY KEY, {', '.join(columns[1:])})")
        self._marks = ", ".join("?" * len(columns))

    def put(self, rows: Iterable[tuple[str, ...]]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(f"INSERT OR REPLACE INTO rows VALUES ({self._marks})", rows)
        self._db.execute("COMMIT")

    def delete(self, column: str, values: Iterable[str]) -> int:
        found = 0
        for value in values:
            found += self._db.execute(f"DELETE FROM rows WHERE {column} = ?", (value,)).rowcount
        return found

    def all(self, columns: str, **where: str) -> list[tuple[str, ...]]:
        condition = " AND ".join(f"{name} = ?" for name in where) or "1"
        return self._db.execute(f"SELECT {columns} FROM rows WHERE {condition}", tuple(where.values())).fetchall()


def fill_langchain(folder: Path, paths: list[str]) -> Callable[[Client], None]:
    """Return what fills an index with `index()`, a record manager and a vector store, both on disk."""
    from langchain_classic.indexes import SQLRecordManager
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from langchain_core.indexing import index
    from langchain_core.vectorstores import VectorStore

    from langchain_upstage_docs import UpstageDocumentParseLoader, index_key

    class Vectors(VectorStore):
        def __init__(self) -> None:
            self.table = Table(folder / "vectors.sqlite3", "id", "source", "text")

        def add_documents(self, documents: list[Document], **how: Any) -> list[str]:
            ids: list[str] = how["ids"]
            self.table.put(
                (one, document.metadata["source"], document.page_content)
                for one, document in zip(ids, documents, strict=True)
            )
            return ids

        def delete(self, ids: list[str] | None = None, **_: Any) -> bool:
            self.table.delete("id", ids or ())
            return True

        def similarity_search(self, query: str, k: int = 4, **_: Any) -> list[Document]:
            raise NotImplementedError

        @classmethod
        def from_texts(cls, texts: list[str], embedding: Embeddings, metadatas: Any = None, **_: Any) -> Vectors:
            raise NotImplementedError

    vectors = Vectors()
    manager = SQLRecordManager("index", db_url=f"sqlite:///{folder / 'records.sqlite3'}")
    manager.create_schema()

    def fill(one: Client) -> None:
        loader = UpstageDocumentParseLoader(paths, client=one, output_format="text")
        index(
            loader,
            manager,
            vectors,
            batch_size=5,
            cleanup="scoped_full",
            source_id_key="source",
            key_encoder=index_key,
        )

    return fill


def fill_llama_index(folder: Path, paths: list[str]) -> Callable[[Client], None]:
    """Return what fills an index with an `IngestionPipeline`, a document store and a vector store, both on disk."""
    import json

    from llama_index.core import MockEmbedding
    from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
    from llama_index.core.schema import BaseNode
    from llama_index.core.storage.docstore.keyval_docstore import KVDocumentStore
    from llama_index.core.storage.kvstore.types import BaseKVStore
    from llama_index.core.vector_stores.types import BasePydanticVectorStore, VectorStoreQuery, VectorStoreQueryResult
    from pydantic import PrivateAttr

    from llama_index_upstage_docs import UpstageDocumentParseNodeParser, UpstageDocumentParseReader

    class Values(BaseKVStore):
        def __init__(self) -> None:
            self.table = Table(folder / "documents.sqlite3", "key", "collection", "value")

        def put(self, key: str, val: dict[str, Any], collection: str = "data") -> None:
            self.table.put([(f"{collection}/{key}", collection, json.dumps(val))])

        async def aput(self, key: str, val: dict[str, Any], collection: str = "data") -> None:
            await asyncio.to_thread(self.put, key, val, collection)

        def get(self, key: str, collection: str = "data") -> dict[str, Any] | None:
            found = self.table.all("value", key=f"{collection}/{key}")
            return json.loads(found[0][0]) if found else None

        async def aget(self, key: str, collection: str = "data") -> dict[str, Any] | None:
            return await asyncio.to_thread(self.get, key, collection)

        def get_all(self, collection: str = "data") -> dict[str, dict[str, Any]]:
            found = self.table.all("key, value", collection=collection)
            return {key.removeprefix(f"{collection}/"): json.loads(value) for key, value in found}

        async def aget_all(self, collection: str = "data") -> dict[str, dict[str, Any]]:
            return await asyncio.to_thread(self.get_all, collection)

        def delete(self, key: str, collection: str = "data") -> bool:
            return bool(self.table.delete("key", [f"{collection}/{key}"]))

        async def adelete(self, key: str, collection: str = "data") -> bool:
            return await asyncio.to_thread(self.delete, key, collection)

    class Vectors(BasePydanticVectorStore):
        stores_text: bool = True
        _table: Table = PrivateAttr(
            default_factory=lambda: Table(folder / "vectors.sqlite3", "id", "source", "text", "document")
        )

        @property
        def client(self) -> Any:
            return self._table

        def add(self, nodes: Any, **_: Any) -> list[str]:
            found: list[BaseNode] = list(nodes)
            self._table.put(
                (one.node_id, one.metadata["source"], one.get_content(), str(one.ref_doc_id)) for one in found
            )
            return [one.node_id for one in found]

        def delete(self, ref_doc_id: str, **_: Any) -> None:
            self._table.delete("document", [ref_doc_id])

        def query(self, query: VectorStoreQuery, **_: Any) -> VectorStoreQueryResult:
            raise NotImplementedError

    pipeline = IngestionPipeline(
        transformations=[UpstageDocumentParseNodeParser(output_format="text"), MockEmbedding(embed_dim=2)],
        docstore=KVDocumentStore(Values()),
        vector_store=Vectors(),
        docstore_strategy=DocstoreStrategy.UPSERTS,
        disable_cache=True,
    )

    def fill(one: Client) -> None:
        reader = UpstageDocumentParseReader(split="none", output_format="json", client=one)
        for path in paths:
            pipeline.run(documents=reader.load_data(path))

    return fill


def main() -> None:
    framework, base_url, where, *paths = sys.argv[1:]
    folder = Path(where)
    warnings.filterwarnings("ignore", "The text of these Documents is JSON")  # a node parser of ours reads it
    fill = (fill_langchain if framework == "langchain" else fill_llama_index)(folder, paths)
    say(ready=True)
    cache, on_unknown = str(folder / "cache"), "raise"
    while True:
        with client(base_url, cache, on_unknown) as one:
            try:
                fill(one)
            except UnknownOutcomeError as error:
                # The error names one send; others may be open as well, and are paid again with it.
                unknown = {(intent.source, intent.pages) for intent in Store.at(cache).intents()}
                for source, pages in unknown | {(error.intent.source, error.intent.pages)}:
                    say(unknown=source, pages=[pages])
                on_unknown = "resend"
                continue
        say(done=True)
        return


if __name__ == "__main__":
    main()
