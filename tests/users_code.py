"""A program of a user, as it is typed in an editor; test_typing.py lets mypy read it, right and with typos.

Nothing here is run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from langchain_core.documents import Document
from llama_index.core.schema import BaseNode

from langchain_upstage_docs import (
    TableAwareTextSplitter,
    UpstageDocumentParseLoader,
    UpstageDocumentParseParser,
    UpstageOCRLoader,
)
from llama_index_upstage_docs import (
    TableAwareNodeParser,
    UpstageDocumentParseNodeParser,
    UpstageDocumentParseReader,
    UpstageOCRReader,
)
from upstage_docs import (
    APIStatusError,
    AsyncClient,
    Chunk,
    Client,
    Element,
    ParsedDocument,
    ParseOptions,
    Rate,
    RetryPolicy,
    chunk_elements,
    coordinates_of,
)
from upstage_docs.testing import StandInApi, faults


def parse(path: Path) -> ParsedDocument:
    options = ParseOptions(ocr="force", base64_encoding=("figure", "table"))
    assert options != ParseOptions(chart_recognition=True)
    with Client("up_key", retry=RetryPolicy(attempts=5), rates={"sync": Rate(requests_per_second=3)}) as client:
        try:
            return client.parse(path, options=options, route="sync")
        except APIStatusError as error:
            raise SystemExit(f"{error.status_code} {error.code} {error.request_id}") from error


def chunks(document: ParsedDocument) -> list[Chunk]:
    return list(chunk_elements(document, chunk_size=800, oversized_tables="split_rows"))


def elements(client: Client, path: str) -> Iterator[Element]:
    yield from client.iter_elements(path, pages_per_request=2)


def submit(client: Client, path: Path) -> tuple[str, bytes]:
    return client.submit(path, refresh=False).request_id, client.ocr_raw(path, source="scan")


async def many(paths: list[str]) -> AsyncIterator[str]:
    async with AsyncClient(engine="local") as client:
        for path in paths:
            document = await client.parse(path)
            yield document.markdown


async def pages(client: AsyncClient, path: str) -> int:
    return len((await client.parse(path, refresh=True)).elements)


def langchain(paths: list[str]) -> list[Document]:
    loader = UpstageDocumentParseLoader(paths, split="element", ocr="auto", on_error="skip", max_concurrency=4)
    loaded = UpstageDocumentParseLoader(paths[0], output_format="markdown").load()
    splitter = TableAwareTextSplitter(chunk_size=1000, chunk_overlap=0)
    found = splitter.split_documents(loader.lazy_load())
    assert coordinates_of(found[0].metadata)
    return found + loaded + UpstageOCRLoader(paths[0], split="word").load()


def parser() -> UpstageDocumentParseParser:
    return UpstageDocumentParseParser(split="page", coordinates=False)


def llama_index(path: str) -> list[BaseNode]:
    reader = UpstageDocumentParseReader(split="none", output_format="json")
    documents = reader.load_data(path) + UpstageDocumentParseReader(skip_empty=True).load_data(path)
    documents += UpstageOCRReader(split="page").load_data(path)
    nodes = TableAwareNodeParser(chunk_size=1000).get_nodes_from_documents(documents)
    return nodes + UpstageDocumentParseNodeParser(engine="local").get_nodes_from_documents(documents)


def test_pipeline(upstage_api: StandInApi) -> None:
    upstage_api.faults.script("sync", faults.too_many_requests(retry_after=0), None)
    with upstage_api.client() as client:
        assert client.parse("a.pdf").total_pages == upstage_api.billed_pages
