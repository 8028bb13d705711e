"""Both faces say the same: texts, ids and metadata, LlamaIndex's `file_path` and `file_name` apart."""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from made_api import PNG, MadeApi, pdf

from upstage_docs import Client, Rate

pytest.importorskip("langchain_core", reason='needs the extra "langchain"')
pytest.importorskip("llama_index.core", reason='needs the extra "llama-index"')
from langchain_core.documents import Document as LangChainDocument
from llama_index.core.schema import BaseNode, Document

from langchain_upstage_docs import (
    TableAwareTextSplitter,
    UpstageDocumentParseLoader,
    UpstageDocumentParseParser,
    UpstageOCRLoader,
    UpstageOCRParser,
)
from llama_index_upstage_docs import (
    TableAwareNodeParser,
    UpstageDocumentParseNodeParser,
    UpstageDocumentParseReader,
    UpstageOCRReader,
)

GOLDEN = Path(__file__).parent / "golden" / "faces.json"
Said = list[tuple[str | None, str, dict[str, Any]]]


@pytest.mark.parametrize(
    "face",
    [
        UpstageDocumentParseLoader,
        UpstageDocumentParseParser,
        UpstageOCRLoader,
        UpstageOCRParser,
        TableAwareTextSplitter,
        UpstageDocumentParseReader,
        UpstageOCRReader,
        UpstageDocumentParseNodeParser,
        TableAwareNodeParser,
    ],
)
def test_a_notebook_shows_what_each_option_is(face: type) -> None:
    """It shows the class's own docstring, and nothing of another class that this one may refer to."""
    shown = inspect.getdoc(face) or ""
    assert [name for name in inspect.signature(face).parameters if f"\n    {name}: " not in shown] == []


@pytest.mark.parametrize("face", [TableAwareTextSplitter, TableAwareNodeParser, UpstageDocumentParseNodeParser])
def test_help_on_a_constructor_tells_nothing_of_a_base_s(face: Any) -> None:
    """Such as options that ours does not take, or errors that it does not raise."""
    assert "class says what the options are" in (inspect.getdoc(face.__init__) or "")


def langchain(documents: list[LangChainDocument]) -> Said:
    return [(document.id, document.page_content, document.metadata) for document in documents]


def llama_index(nodes: list[Any]) -> Said:
    return [(node.node_id, node.get_content(), without_file(node)) for node in nodes]


def without_file(node: BaseNode) -> dict[str, Any]:
    assert list(node.metadata)[-2:] == ["file_path", "file_name"]
    return {key: value for key, value in node.metadata.items() if key not in {"file_path", "file_name"}}


@pytest.fixture
def api() -> MadeApi:
    return MadeApi()


@pytest.fixture
def report(tmp_path: Path) -> str:
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(5))
    return str(path)


@pytest.mark.parametrize("metadata_format", ["flat", "nested"])
@pytest.mark.parametrize("output_format", ["html", "markdown", "text", "json"])
@pytest.mark.parametrize("split", ["element", "page", "none"])
def test_loaders_and_readers_agree(
    api: MadeApi, report: str, split: Any, output_format: Any, metadata_format: Any
) -> None:
    options = {"split": split, "output_format": output_format, "metadata_format": metadata_format}
    loaded = UpstageDocumentParseLoader(report, **options, client=api.client()).load()
    read = UpstageDocumentParseReader(**options, client=api.client()).load_data(report)

    assert llama_index(read) == langchain(loaded)


def test_node_parsers_and_loaders_agree(api: MadeApi, report: str) -> None:
    whole = UpstageDocumentParseReader(split="none", output_format="json", client=api.client()).load_data(report)
    nodes = UpstageDocumentParseNodeParser(client=api.client()).get_nodes_from_documents(whole)

    assert llama_index(nodes) == langchain(UpstageDocumentParseLoader(report, client=api.client()).load())


@pytest.mark.parametrize("split", ["page", "none", "word"])
def test_ocr_agrees(api: MadeApi, report: str, split: Any) -> None:
    loaded = UpstageOCRLoader(report, split, client=api.client()).load()

    assert llama_index(UpstageOCRReader(split=split, client=api.client()).load_data(report)) == langchain(loaded)


@pytest.mark.parametrize(
    "options",
    [
        {"chunk_size": 200},
        {"chunk_size": 300, "oversized_tables": "split_rows"},
        {"chunk_size": 400, "chunk_overlap": 50, "min_size": 100, "exclude_categories": ()},
    ],
)
@pytest.mark.parametrize("split", ["element", "page", "none"])
def test_chunks_agree(api: MadeApi, report: str, split: Any, options: Any) -> None:
    loaded = UpstageDocumentParseLoader(report, split, client=api.client()).load()
    read = UpstageDocumentParseReader(split=split, client=api.client()).load_data(report)

    chunks = langchain(TableAwareTextSplitter(**options).split_documents(loaded))
    assert llama_index(TableAwareNodeParser(**options).get_nodes_from_documents(read)) == chunks
    assert llama_index(TableAwareNodeParser(**options).get_nodes_from_documents(whole(api, report))) == langchain(
        TableAwareTextSplitter(**options).split_documents(
            UpstageDocumentParseLoader(report, "none", output_format="json", client=api.client()).load()
        )
    )


def whole(api: MadeApi, report: str) -> list[Any]:
    return UpstageDocumentParseReader(split="none", output_format="json", client=api.client()).load_data(report)


def test_chunks_of_other_loaders_agree() -> None:
    """Whatever stands beside it, a Document has the same ids in both; one that comes again has ids of its own."""
    texts = ["<p>Text.</p><p>More.</p>", "Other.", "<p>Text.</p><p>More.</p>", "Last."]
    chunks = TableAwareTextSplitter(12).create_documents(texts)
    nodes = TableAwareNodeParser(12).get_nodes_from_documents([Document(text=text) for text in texts])

    assert [chunk.id for chunk in chunks] == [node.node_id for node in nodes]
    assert len({chunk.id for chunk in chunks}) == len(chunks) == 6
    assert [chunk.id for chunk in TableAwareTextSplitter(12).create_documents(texts[1:])][:3] == [
        chunk.id for chunk in (chunks[2], *chunks[:2])
    ]


def test_every_real_answer_comes_through_both_faces(shared_folder: Path, tmp_path: Path) -> None:
    """As many Documents as elements, the same from both, and every table whole in a chunk."""
    for path in sorted((shared_folder / "upstage" / "responses").glob("dp_*.json")):
        raw = path.read_bytes()
        elements = json.loads(raw)["elements"]
        file = tmp_path / f"{path.stem}.pdf"
        file.write_bytes(pdf(max(element["page"] for element in elements)))
        answer = httpx.MockTransport(lambda _, raw=raw: httpx.Response(200, content=raw))
        with Client("up_key", transport=answer, cache=False, rates={"sync": Rate()}) as client:
            loaded = UpstageDocumentParseLoader(file, client=client).load()
            read = UpstageDocumentParseReader(client=client).load_data(file)

        assert [document.metadata["element_id"] for document in loaded] == [element["id"] for element in elements]
        assert llama_index(read) == langchain(loaded)
        chunks = TableAwareTextSplitter(300).split_documents(loaded)
        assert llama_index(TableAwareNodeParser(300).get_nodes_from_documents(read)) == langchain(chunks)
        for document in loaded:
            if document.metadata["category"] == "table" and document.page_content:
                assert [chunk for chunk in chunks if document.page_content.strip() in chunk.page_content]


def test_what_they_say_is_what_they_said(api: MadeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Golden: ids, texts and metadata that somebody's store holds. UPSTAGE_DOCS_REWRITE=1 writes them anew."""
    monkeypatch.chdir(tmp_path)
    Path("scan.png").write_bytes(PNG)
    elements = UpstageDocumentParseLoader("scan.png", client=api.client()).load()
    said = {
        "elements": langchain(elements),
        "chunks": langchain(TableAwareTextSplitter(300).split_documents(elements)),
        "words": langchain(UpstageOCRLoader("scan.png", "word", client=api.client()).load()),
    }
    text = json.dumps(said, ensure_ascii=False, indent=1) + "\n"
    if os.environ.get("UPSTAGE_DOCS_REWRITE"):
        GOLDEN.write_text(text, encoding="utf-8")

    assert json.loads(text) == json.loads(GOLDEN.read_text(encoding="utf-8"))
