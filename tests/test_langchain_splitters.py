"""The table-aware splitter where LangChain expects a TextSplitter; what a chunk holds is proved in test_chunks.py."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from made_api import MadeApi, pdf

from upstage_docs.errors import ConfigError
from upstage_docs.records.records import METADATA_KEYS

pytest.importorskip("langchain_text_splitters", reason='needs the extra "langchain"')
from langchain_core.documents import Document
from langchain_text_splitters import TextSplitter

from langchain_upstage_docs import TableAwareTextSplitter, UpstageDocumentParseLoader

CHUNK_KEYS = METADATA_KEYS


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Load the same three pages as element, page or file Documents."""
    path = tmp_path_factory.mktemp("splitters") / "report.pdf"
    path.write_bytes(pdf(3))
    client = MadeApi().client()

    def loaded(**options: Any) -> list[Document]:
        return UpstageDocumentParseLoader(path, client=client, **options).load()

    return loaded


def test_every_table_is_whole_in_a_chunk_of_its_own(load: Any) -> None:
    chunks = TableAwareTextSplitter(200).split_documents(load())

    tables = [chunk for chunk in chunks if chunk.metadata["category"] == "table"]
    assert len(tables) == 3
    assert all(chunk.page_content.count("<tr>") == 13 and chunk.page_content.endswith("</table>") for chunk in tables)
    assert [chunk.metadata["categories"] for chunk in tables] == ["caption, table"] * 3
    assert not any("Annual report" in chunk.page_content for chunk in chunks), "running headers are left out"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("<p>text</p>", "one str"),
        (Document(page_content="text"), "one Document"),
        (["<p>text</p>"], "str"),
        (None, "one NoneType"),
    ],
)
def test_texts_or_one_document_are_no_list_of_them(given: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=f"split_documents takes a list of Documents, not {told};"):
        TableAwareTextSplitter(200).split_documents(given)


def test_split_text_takes_one_text() -> None:
    with pytest.raises(ConfigError, match="split_text takes one text, not list; split_documents takes Documents"):
        TableAwareTextSplitter(200).split_text(["one"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("texts", "metadatas", "told"),
    [("<p>text</p>", None, "takes a list of texts"), (["one", "two"], [{"k": 1}], "2 texts and 1 metadatas")],
)
def test_texts_and_their_metadata_go_together(texts: Any, metadatas: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        TableAwareTextSplitter(200).create_documents(texts, metadatas)


def test_chunks_carry_their_id_and_flat_metadata(load: Any) -> None:
    chunks = TableAwareTextSplitter(200).split_documents(load())

    for chunk in chunks:
        assert {key: type(value) for key, value in chunk.metadata.items()} == CHUNK_KEYS
        assert chunk.id == chunk.metadata["record_id"]
    assert len({chunk.id for chunk in chunks}) == len(chunks)


def test_elements_pages_and_files_give_the_same_texts(load: Any) -> None:
    """A whole file as JSON is lossless, so even the metadata are the same."""
    splitter = TableAwareTextSplitter(200)
    chunks = splitter.split_documents(load())

    assert splitter.split_documents(load(split="none", output_format="json")) == chunks
    for options in ({"split": "page"}, {"split": "none"}):
        assert [chunk.page_content for chunk in splitter.split_documents(load(**options))] == [
            chunk.page_content for chunk in chunks
        ]


def test_it_is_a_text_splitter(load: Any) -> None:
    splitter = TableAwareTextSplitter(200, 20)

    assert isinstance(splitter, TextSplitter)
    assert (splitter._chunk_size, splitter._chunk_overlap) == (200, 20)
    assert splitter.transform_documents(load()) == splitter.split_documents(load())
    assert list(splitter.lazy_split_documents(load())) == splitter.split_documents(load())


async def test_splitting_does_not_block_the_loop(load: Any) -> None:
    documents = load()
    loops = {threading.get_ident()}
    threads: set[int] = set()

    def length(text: str) -> int:
        threads.add(threading.get_ident())
        return len(text)

    split = await TableAwareTextSplitter(200, length_function=length).atransform_documents(documents)

    assert [chunk.page_content for chunk in split] == [
        chunk.page_content for chunk in TableAwareTextSplitter(200).split_documents(documents)
    ]
    assert threads
    assert not threads & loops, "the work is done in another thread"


def test_load_and_split(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(1))
    loader = UpstageDocumentParseLoader(path, client=MadeApi().client())

    chunks = loader.load_and_split(TableAwareTextSplitter(200))
    assert [chunk.metadata["category"] for chunk in chunks] == ["mixed", "table", "figure"]


def test_texts_of_html_keep_their_tables() -> None:
    table = "<table><tr><td>" + "</td></tr><tr><td>".join(map(str, range(100))) + "</td></tr></table>"
    html = f"<h1>Results</h1><p>{'word ' * 100}</p>{table}<p>after</p>"
    splitter = TableAwareTextSplitter(100)

    assert table in splitter.split_text(html)
    created = splitter.create_documents([html, "plain"], [{"source": "a"}, {"source": "b"}])
    assert [chunk.page_content for chunk in created[:-1]] == splitter.split_text(html)
    assert [chunk.metadata["source"] for chunk in created] == ["a"] * (len(created) - 1) + ["b"]
    assert [chunk.page_content for chunk in splitter.create_documents(["plain"])] == ["plain"]


def test_documents_of_another_loader_keep_their_metadata_and_tables() -> None:
    text = "Intro\n\n| a | b |\n| - | - |\n| 1 | 2 |\n| 3 | 4 |\n\nOutro"
    given = Document(text, metadata={"author": "Kim", "tags": ["x"]})

    chunks = TableAwareTextSplitter(30).split_documents([given])

    assert "Intro\n\n| a | b |\n| - | - |\n| 1 | 2 |\n| 3 | 4 |" in [chunk.page_content for chunk in chunks]
    assert all(chunk.metadata["author"] == "Kim" for chunk in chunks)
    assert given == Document(text, metadata={"author": "Kim", "tags": ["x"]}), "the input is not changed"


def test_oversized_tables_can_be_split_between_rows(load: Any) -> None:
    chunks = TableAwareTextSplitter(250, oversized_tables="split_rows").split_documents(load())

    parts = [chunk for chunk in chunks if chunk.metadata["category"] == "table"]
    assert len(parts) > 3
    assert all("<thead><tr><td>row</td><td>value</td></tr></thead>" in part.page_content for part in parts)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chunk_size": 0}, "chunk_size=0 must be a whole number"),
        ({"chunk_size": 100, "chunk_overlap": 100}, "chunk_overlap=100 must be smaller"),
        ({"length_function": "len"}, "must be callable"),
        ({"oversized_tables": "cut"}, "oversized_tables='cut' is not allowed"),
        ({"exclude_categories": ["titles"]}, "not a layout category"),
    ],
)
def test_an_impossible_option_is_named(options: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TableAwareTextSplitter(**options)


def test_a_parent_document_retriever_finds_exact_places(load: Any) -> None:
    """Parents of 2,000, children of 400 characters: a child's spans are those of its text, after two splits."""
    pytest.importorskip("langchain_classic", reason="needs langchain-classic, where the retriever lives")
    from langchain_classic.retrievers import ParentDocumentRetriever
    from langchain_core.embeddings import DeterministicFakeEmbedding
    from langchain_core.stores import InMemoryStore
    from langchain_core.vectorstores import InMemoryVectorStore

    documents = load()
    texts = {document.metadata["element_id"]: document.page_content for document in documents}
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=8))
    retriever = ParentDocumentRetriever(
        vectorstore=store,
        docstore=InMemoryStore(),
        child_splitter=TableAwareTextSplitter(400, oversized_tables="split_rows"),
        parent_splitter=TableAwareTextSplitter(2000),
    )
    retriever.add_documents(documents)
    children = [(one["text"], one["metadata"]) for one in store.store.values()]

    assert len(children) > 6
    for text, metadata in children:
        for number, page, start, end, *_ in json.loads(metadata["spans"]):
            assert page == metadata["page"]
            piece = text[start:end]
            assert piece in texts[number] or metadata["category"] == "table"
    (parent, *_) = retriever.invoke("sales")
    assert parent.metadata["spans"]


def test_many_files_share_no_chunk(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.pdf", "b.pdf")]
    for path in paths:
        path.write_bytes(pdf(2, text=path.stem))
    documents = UpstageDocumentParseLoader(paths, client=MadeApi().client()).load()

    together = TableAwareTextSplitter(5000).split_documents(documents)
    alone = [
        chunk
        for path in paths
        for chunk in TableAwareTextSplitter(5000).split_documents(
            [document for document in documents if document.metadata["source"] == str(path)]
        )
    ]

    assert together == alone


def _circle() -> dict[str, Any]:
    circle: dict[str, Any] = {}
    circle["again"] = [circle]
    return circle


@pytest.mark.parametrize(
    "value", [{1: "x", "y": 2}, {None: 1, "y": 2}, {(1, 2): "x"}, {b"k": 1}, _circle()], ids=["number", "none", "pair",
    "bytes", "circle"],
)  # fmt: skip
@pytest.mark.parametrize("key", ["more", "section_id", "dl_meta"])
def test_metadata_of_any_shape_are_taken(value: object, key: str) -> None:
    document = Document("The tide turns.", metadata={"source": "a.md", key: value})
    (chunk,) = TableAwareTextSplitter().split_documents([document])
    assert chunk.page_content == "The tide turns."
    assert all(isinstance(one, (str, int, float)) for one in chunk.metadata.values())
