"""Loaders, parsers and readers that make their own client, in asynchronous loads: from the environment, closed then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="the stand-in is a server")
pytest.importorskip("liteparse", reason="the stand-in needs the extra that holds the engine")

from stand_in import labels, make_pdf

from upstage_docs import AuthenticationError, ConfigError
from upstage_docs.testing import StandInApi, faults, running_stand_in


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandInApi]:
    """The stand-in, named by the environment as a user's would be."""
    with running_stand_in() as one:
        for name, value in {**one.environment, "UPSTAGE_DOCS_CACHE": str(tmp_path / "cache")}.items():
            monkeypatch.setenv(name, value)
        yield one


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.pdf" for name in "ab"]
    for path in paths:
        path.write_bytes(make_pdf(path.stem, 2))
    return paths


TEXTS = labels("a", 2) + labels("b", 2)


async def test_langchain_loads_and_streams(api: StandInApi, files: list[Path]) -> None:
    pytest.importorskip("langchain_core")
    from langchain_upstage_docs import UpstageDocumentParseLoader, UpstageOCRLoader

    loader = UpstageDocumentParseLoader(files, output_format="text")
    loaded = await loader.aload()
    streamed = [document async for document in loader.alazy_load()]
    recognised = await UpstageOCRLoader(files).aload()

    assert [document.page_content for document in loaded] == TEXTS
    assert streamed == loaded
    assert [document.page_content for document in recognised] == TEXTS
    assert {label: api.reader.billed[label] for label in TEXTS} == dict.fromkeys(TEXTS, 2), "once parsed, once read"
    assert loader.usage.pages == 4


async def test_langchain_parsers_take_blobs(api: StandInApi, files: list[Path]) -> None:
    pytest.importorskip("langchain_core")
    from langchain_core.documents.base import Blob

    from langchain_upstage_docs import UpstageDocumentParseParser

    blobs = [Blob.from_path(path) for path in files]
    parser = UpstageDocumentParseParser(output_format="text")
    found = [document for blob in blobs for document in await asyncio.to_thread(parser.parse, blob)]

    assert [document.page_content for document in found] == TEXTS


async def test_llama_index_loads_and_streams(api: StandInApi, files: list[Path]) -> None:
    pytest.importorskip("llama_index.core")
    from llama_index_upstage_docs import UpstageDocumentParseReader, UpstageOCRReader

    reader = UpstageDocumentParseReader(output_format="text")
    loaded = await reader.aload_data(files)
    streamed = [document async for document in reader.astream_data(files)]
    listed = await reader.alazy_load_data(files)
    recognised = [document async for document in UpstageOCRReader().astream_data(files)]

    assert [document.text for document in loaded] == TEXTS
    assert streamed == list(listed) == loaded
    assert [document.text for document in recognised] == TEXTS
    assert api.faults.count("sync") == 4


async def test_llama_index_node_parsers_parse_files_themselves(api: StandInApi, files: list[Path]) -> None:
    pytest.importorskip("llama_index.core")
    from llama_index.core.schema import Document

    from llama_index_upstage_docs import UpstageDocumentParseNodeParser

    documents = [Document(text="", metadata={"file_path": str(path)}) for path in files]
    nodes = await UpstageDocumentParseNodeParser(output_format="text").aget_nodes_from_documents(documents)

    assert [node.get_content() for node in nodes] == TEXTS
    assert api.billed_pages == 4


def _langchain(path: Path) -> Any:
    from langchain_upstage_docs import UpstageDocumentParseLoader

    return UpstageDocumentParseLoader(path).aload()


def _llama_index(path: Path) -> Any:
    from llama_index_upstage_docs import UpstageDocumentParseReader

    return UpstageDocumentParseReader().aload_data(path)


@pytest.mark.parametrize("load", [_langchain, _llama_index])
async def test_an_error_of_the_client_it_made_reaches_the_caller(api: StandInApi, files: list[Path], load: Any) -> None:
    """And the client is closed then, too: the next load begins anew."""
    pytest.importorskip("langchain_core")
    pytest.importorskip("llama_index.core")
    api.faults.script("sync", faults.unauthorized())

    with pytest.raises(AuthenticationError):
        await load(files[0])

    assert len(await load(files[0])) == 2


@pytest.mark.parametrize("load", [_langchain, _llama_index])
async def test_without_a_key_nothing_is_sent(
    api: StandInApi, files: list[Path], load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("langchain_core")
    pytest.importorskip("llama_index.core")
    monkeypatch.delenv("UPSTAGE_API_KEY")

    with pytest.raises(ConfigError, match="UPSTAGE_API_KEY"):
        await load(files[0])

    assert api.faults.received == []
