"""LlamaIndex's node parsers: what they take, how nodes are linked, and what pipelines do with them."""

from __future__ import annotations

import json
import pickle
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from made_api import JPEG, MadeApi, pdf

from upstage_docs.errors import BadRequestError, ConfigError
from upstage_docs.records.records import METADATA_KEYS

pytest.importorskip("llama_index.core", reason='needs the extra "llama-index"')
from llama_index.core import MockEmbedding, SimpleDirectoryReader, StorageContext, VectorStoreIndex
from llama_index.core.ingestion import IngestionCache, IngestionPipeline
from llama_index.core.ingestion.pipeline import DocstoreStrategy
from llama_index.core.node_parser import HierarchicalNodeParser, SentenceSplitter, get_leaf_nodes
from llama_index.core.postprocessor import PrevNextNodePostprocessor
from llama_index.core.retrievers import AutoMergingRetriever
from llama_index.core.schema import BaseNode, Document, MetadataMode, NodeRelationship, NodeWithScore
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.vector_stores import SimpleVectorStore

from llama_index_upstage_docs import (
    TableAwareNodeParser,
    UpstageDocumentParseNodeParser,
    UpstageDocumentParseReader,
)

ELEMENTS = 23  # that MadeApi answers for three pages
FILE_KEYS = {**METADATA_KEYS, "file_path": str, "file_name": str}


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UPSTAGE_API_KEY", "UPSTAGE_DOCS_ENGINE", "UPSTAGE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def api() -> MadeApi:
    return MadeApi()


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(3))
    return path


def whole(api: MadeApi, *paths: Path, **options: Any) -> list[Document]:
    """One lossless Document per file."""
    reader = UpstageDocumentParseReader(split="none", output_format="json", client=api.client(), **options)
    return reader.load_data(list(paths))


def linked(nodes: list[BaseNode]) -> bool:
    """Whether each node's NEXT is the next one, and its PREVIOUS the one before."""
    forth = [node.next_node.node_id if node.next_node else None for node in nodes]
    back = [node.prev_node.node_id if node.prev_node else None for node in nodes]
    ids: list[str | None] = [node.node_id for node in nodes]
    return forth == [*ids[1:], None] and back == [None, *ids[:-1]]


def test_a_parsed_document_becomes_a_node_per_element(api: MadeApi, report: Path) -> None:
    (document,) = whole(api, report)
    nodes = UpstageDocumentParseNodeParser(api_key="up_unused").get_nodes_from_documents([document])

    assert len(nodes) == ELEMENTS
    assert linked(nodes)
    assert {node.ref_doc_id for node in nodes} == {document.id_}
    for node in nodes:
        assert {key: type(value) for key, value in node.metadata.items()} == FILE_KEYS
        assert node.source_node
        assert node.source_node.metadata == {}, "a copy of the metadata in every link is stored with every node"
        assert (node.start_char_idx, node.node_id) == (None, node.metadata["record_id"])  # type: ignore[attr-defined]
    assert len(api.tasks) == 1


@pytest.mark.parametrize("pages", ["two", "", None, [2], {"of": 2}, 1.5, b"2"])
def test_what_others_say_of_the_pages_of_an_answer_may_be_anything(pages: object) -> None:
    answer = '{"elements": [{"id": 0, "page": 1, "category": "paragraph", "content": {"html": "<p>Quay</p>"}}]}'
    document = Document(text=answer, metadata={"source": "quay.pdf", "total_pages": pages})

    (node,) = UpstageDocumentParseNodeParser(api_key="up_unused").get_nodes_from_documents([document])

    assert isinstance(node.metadata["total_pages"], int)


def test_the_nodes_are_the_reader_s_elements(api: MadeApi, report: Path) -> None:
    elements = UpstageDocumentParseReader(client=api.client()).load_data(report)
    nodes = UpstageDocumentParseNodeParser(client=api.client()).get_nodes_from_documents(whole(api, report))

    assert [(node.node_id, node.get_content(), node.metadata) for node in nodes] == [
        (element.id_, element.text, element.metadata) for element in elements
    ]


def test_a_long_document_s_batches_are_one_document(api: MadeApi, tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(pdf(31))
    nodes = UpstageDocumentParseNodeParser(client=api.client()).get_nodes_from_documents(whole(api, path))
    elements = UpstageDocumentParseReader(client=api.client()).load_data(path)

    assert [node.node_id for node in nodes] == [element.id_ for element in elements]
    assert (nodes[-1].metadata["page"], nodes[-1].metadata["total_pages"]) == (31, 31)


def test_a_document_that_names_a_file_has_it_parsed_once(api: MadeApi, report: Path) -> None:
    """PDF readers make one Document per page; all of them name the same file."""
    other = report.with_name("other.pdf")
    other.write_bytes(pdf(1))
    pages = [Document(text=f"page {number}", metadata={"file_path": str(report), "tenant": "a"}) for number in range(3)]
    named = [*pages, Document(text="", metadata={"file_path": str(other)})]
    nodes = UpstageDocumentParseNodeParser(client=api.client()).get_nodes_from_documents(named)

    assert len(api.tasks) == 2
    assert [node.ref_doc_id for node in nodes] == [pages[0].id_] * ELEMENTS + [named[3].id_] * 8
    assert linked(nodes[:ELEMENTS])
    assert linked(nodes[ELEMENTS:])
    assert [node.metadata.get("tenant") for node in (nodes[0], nodes[-1])] == ["a", None]


async def test_async_gives_the_same_nodes(api: MadeApi, report: Path) -> None:
    named = [Document(text="", id_="file", metadata={"file_path": str(report)})]
    parser, aparser = (UpstageDocumentParseNodeParser(client=client) for client in (api.client(), api.aclient()))
    tables = TableAwareNodeParser(200)

    assert await aparser.aget_nodes_from_documents(named) == parser.get_nodes_from_documents(named)
    assert await aparser.acall(whole(api, report)) == parser(whole(api, report))
    assert await tables.acall(whole(api, report)) == tables(whole(api, report))


def test_what_is_neither_is_refused(api: MadeApi, report: Path) -> None:
    parser = UpstageDocumentParseNodeParser(client=api.client())

    with pytest.raises(ConfigError, match="names no file"):
        parser.get_nodes_from_documents([Document(text="plain")])
    with pytest.raises(ConfigError, match='give the reader split="none" and output_format="json"'):
        parser.get_nodes_from_documents(UpstageDocumentParseReader(client=api.client()).load_data(report))
    with pytest.raises(ConfigError, match="was parsed already"):
        parser.get_nodes_from_documents(
            UpstageDocumentParseReader(metadata_format="nested", client=api.client()).load_data(report)
        )
    with pytest.raises(ConfigError, match="split='none' is not allowed"):
        UpstageDocumentParseNodeParser(split="none")  # type: ignore[arg-type]
    assert len(api.tasks) == 2, "nothing that was parsed is parsed, and paid, once more"


@pytest.mark.parametrize(
    ("given", "told"),
    [("m.docx", "one str"), (Path("m.docx"), "one "), (Document(text="x"), "one Document"), (["m.docx"], "str")],
)
@pytest.mark.parametrize("kind", [TableAwareNodeParser, UpstageDocumentParseNodeParser])
async def test_what_is_no_list_of_documents_is_refused(kind: Any, given: Any, told: str) -> None:
    parser = kind() if kind is TableAwareNodeParser else kind(engine="local")
    with pytest.raises(ConfigError, match=f"takes a list of Documents or nodes, not {told}.*; .*Reader makes"):
        parser.get_nodes_from_documents(given)
    with pytest.raises(ConfigError, match="takes a list of Documents"):
        await parser.aget_nodes_from_documents(given)


def test_documents_come_from_an_iterator_too(api: MadeApi, report: Path) -> None:
    documents = whole(api, report)
    assert TableAwareNodeParser()(iter(documents)) == TableAwareNodeParser()(documents) != []  # type: ignore[arg-type]


def test_a_file_that_fails_can_be_left_out(api: MadeApi, report: Path) -> None:
    api.refused.add(report.read_bytes())
    named = [Document(text="", metadata={"file_path": str(report)})]
    parser = UpstageDocumentParseNodeParser(on_error="skip", client=api.client())

    assert parser.get_nodes_from_documents(named) == []
    assert [failure.source for failure in parser.report.failures] == [str(report)]
    with pytest.raises(BadRequestError):
        UpstageDocumentParseNodeParser(client=api.client()).get_nodes_from_documents(named)


def test_texts_and_crops_are_those_asked_for(api: MadeApi, report: Path, tmp_path: Path) -> None:
    parser = UpstageDocumentParseNodeParser(
        output_format="text", skip_empty=True, images="files", image_folder=tmp_path / "crops", client=api.client()
    )
    document = whole(api, report, base64_encoding=["figure"])[0]
    nodes = parser.get_nodes_from_documents([document])

    assert len(nodes) == ELEMENTS - 3
    assert "Sales 1" in [node.get_content() for node in nodes]
    crops = [Path(node.metadata["image_path"]) for node in nodes if node.metadata["image_path"]]
    assert [crop.read_bytes() for crop in crops] == [JPEG] * 3


def test_extra_info_stays_out_of_texts(api: MadeApi, report: Path) -> None:
    """What the reader kept out of embedding and LLM texts, the nodes keep out too."""
    directory = SimpleDirectoryReader(
        str(report.parent),
        file_extractor={".pdf": UpstageDocumentParseReader(split="none", output_format="json", client=api.client())},
    )
    documents = directory.load_data()
    for parser in (UpstageDocumentParseNodeParser(client=api.client()), TableAwareNodeParser(200)):
        node = parser.get_nodes_from_documents(documents)[2]
        assert node.metadata["file_type"] == "application/pdf"
        assert "file_type" not in node.get_content(MetadataMode.EMBED) + node.get_content(MetadataMode.LLM)
    bare = TableAwareNodeParser(200, include_metadata=False).get_nodes_from_documents(documents)[2]
    assert list(bare.metadata) == [*METADATA_KEYS, "file_path", "file_name"]


def test_chunks_keep_tables_whole_and_are_linked(api: MadeApi, report: Path) -> None:
    (document,) = whole(api, report)
    nodes = TableAwareNodeParser(200).get_nodes_from_documents([document])
    tables = [node for node in nodes if node.metadata["category"] == "table"]

    assert [node.get_content().count("<tr>") for node in tables] == [13] * 3
    assert linked(nodes)
    assert {node.ref_doc_id for node in nodes} == {document.id_}
    assert len({node.node_id for node in nodes}) == len(nodes)


def test_elements_pages_and_files_give_the_same_chunks(api: MadeApi, report: Path) -> None:
    parser = TableAwareNodeParser(200)
    document = whole(api, report)
    expected = parser.get_nodes_from_documents(document)
    elements = UpstageDocumentParseReader(client=api.client()).load_data(report)
    after = parser(UpstageDocumentParseNodeParser(client=api.client())(document))

    for chunks in (parser.get_nodes_from_documents(elements), after):
        assert linked(chunks)
        assert [(node.node_id, node.get_content(), node.metadata) for node in chunks] == [
            (node.node_id, node.get_content(), node.metadata) for node in expected
        ]
    assert {node.ref_doc_id for node in after} == {document[0].id_}, "the file, not its elements"
    assert parser.get_nodes_from_documents(elements)[0].ref_doc_id == elements[1].id_, "where the chunk begins"
    pages = UpstageDocumentParseReader(split="page", client=api.client()).load_data(report)
    by_page = parser.get_nodes_from_documents(pages)
    assert [node.get_content() for node in by_page] == [node.get_content() for node in expected]
    assert [node.ref_doc_id for node in by_page] == [pages[node.metadata["page"] - 1].id_ for node in by_page]


def test_chunks_can_be_split_once_more(api: MadeApi, report: Path) -> None:
    """As hierarchical indexes do: the places of the smaller chunks are exact, and their file is the same."""
    document = whole(api, report)
    large = TableAwareNodeParser(2000, min_size=400).get_nodes_from_documents(document)
    small = TableAwareNodeParser(300, oversized_tables="split_rows").get_nodes_from_documents(large)  # type: ignore[arg-type]

    assert len(small) > len(large)
    assert {node.ref_doc_id for node in small} == {document[0].id_}
    for node in small:
        for _, _, start, end, *_ in json.loads(node.metadata["spans"]):
            assert 0 <= start < end <= len(node.get_content())


def test_made_as_the_framework_s_own_are() -> None:
    parser = TableAwareNodeParser.from_defaults(chunk_size=500, oversized_tables="split_rows")
    assert (type(parser), parser.chunk_size, parser.oversized_tables) == (TableAwareNodeParser, 500, "split_rows")
    assert UpstageDocumentParseNodeParser.from_defaults(engine="local", split="page").split == "page"
    with pytest.raises(TypeError, match="chunk_sise"):
        TableAwareNodeParser.from_defaults(chunk_sise=500)


def test_documents_of_other_readers_keep_their_tables() -> None:
    text = "Intro\n\n| a | b |\n| - | - |\n| 1 | 2 |\n| 3 | 4 |\n\nOutro"
    documents = [Document(text=text, metadata={"file_path": "notes.md", "author": name}) for name in ("Kim", "Lee")]
    nodes = TableAwareNodeParser(30).get_nodes_from_documents(documents)

    assert [node.metadata["author"] for node in nodes] == ["Kim"] * (len(nodes) // 2) + ["Lee"] * (len(nodes) // 2)
    assert "Intro\n\n| a | b |\n| - | - |\n| 1 | 2 |\n| 3 | 4 |" in [node.get_content() for node in nodes]
    assert [node.ref_doc_id for node in nodes] == [documents[0].id_] * 2 + [documents[1].id_] * 2
    assert nodes[0].metadata["source"] == "notes.md"
    assert linked(nodes[:2])


async def test_a_file_of_which_nothing_was_read_is_refused(api: MadeApi, report: Path) -> None:
    """No chunks at all would look like an empty file; with the other node parser in front, the file is parsed."""
    named = [Document(text="", metadata={"file_path": str(report)})]

    with pytest.raises(ConfigError, match=r"report.pdf' have no text: put UpstageDocumentParseNodeParser\(\) before"):
        TableAwareNodeParser().get_nodes_from_documents(named)
    with pytest.raises(ConfigError, match="have no text"):
        await TableAwareNodeParser().aget_nodes_from_documents(named)

    parsers = [UpstageDocumentParseNodeParser(client=api.client()), TableAwareNodeParser()]
    assert IngestionPipeline(transformations=parsers).run(documents=named)  # type: ignore[arg-type]


def test_an_empty_page_beside_others_is_none(report: Path) -> None:
    """PDF readers make one Document per page, and pages can be empty."""
    pages = [Document(text=text, metadata={"file_path": str(report)}) for text in ("A page.", " ")]

    assert [node.get_content() for node in TableAwareNodeParser().get_nodes_from_documents(pages)] == ["A page."]


def test_auto_merging_by_heading(api: MadeApi, report: Path) -> None:
    """Leaves go into the index; where most of a section is found, its whole text is given instead."""
    document = whole(api, report)
    for parser in (
        UpstageDocumentParseNodeParser(include_section_nodes=True, skip_empty=True, client=api.client()),
        TableAwareNodeParser(200, include_section_nodes=True),
    ):
        nodes = parser.get_nodes_from_documents(document)
        leaves = get_leaf_nodes(nodes)
        sections = [node for node in nodes if node.metadata["category"] == "section"]
        assert [section.metadata["headings"] for section in sections] == ["1. Results", "3. Results"]
        parents = [leaf.parent_node.node_id if leaf.parent_node else None for leaf in leaves]
        assert len(set(parents)) > 1
        for parent in set(parents):
            assert linked([leaf for leaf, its in zip(leaves, parents, strict=True) if its == parent])
        assert {node.ref_doc_id for node in nodes} == {document[0].id_}

        context = StorageContext.from_defaults(docstore=SimpleDocumentStore())
        context.docstore.add_documents(nodes)
        index = VectorStoreIndex(leaves, storage_context=context, embed_model=MockEmbedding(embed_dim=2))
        retriever = AutoMergingRetriever(index.as_retriever(similarity_top_k=len(leaves)), context)  # type: ignore[arg-type]
        found = retriever.retrieve("sales")
        assert {node.node.metadata["category"] for node in found} <= {"section", "header"}
        texts = "".join(one.node.get_content() for one in found if one.node.metadata["category"] == "section")
        assert all(f"Page {number}" in texts for number in (1, 2, 3))


def test_auto_merging_ends() -> None:
    """A section between two found ones, filled in and merged, would be filled in again if links led over sections."""
    elements = [
        {"id": number, "page": 1, "category": "heading1" if number % 2 == 0 else "paragraph", "content": {"html": html}}
        for number, html in enumerate(f"<{tag}>Of {section}</{tag}>" for section in range(6) for tag in ("h1", "p"))
    ]
    answer = Document(text=json.dumps({"model": "made", "content": {}, "elements": elements, "usage": {"pages": 1}}))
    nodes = TableAwareNodeParser(include_section_nodes=True).get_nodes_from_documents([answer])
    leaves = get_leaf_nodes(nodes)
    context = StorageContext.from_defaults(docstore=SimpleDocumentStore())
    context.docstore.add_documents(nodes)
    found = VectorStoreIndex([leaves[1], leaves[3]], storage_context=context, embed_model=MockEmbedding(embed_dim=2))
    retriever = AutoMergingRetriever(found.as_retriever(), context, simple_ratio_thresh=0.0)  # type: ignore[arg-type]

    assert [leaf.next_node for leaf in leaves] == [None] * 6, "each is a section of its own"
    assert {node.node.metadata["headings"] for node in retriever.retrieve("words")} == {"Of 1", "Of 3"}


def test_neighbours_are_found_over_the_whole_file(api: MadeApi, report: Path) -> None:
    nodes = TableAwareNodeParser(200).get_nodes_from_documents(whole(api, report))
    docstore = SimpleDocumentStore()
    docstore.add_documents(nodes)
    last_of_page = next(index for index, node in enumerate(nodes) if node.metadata["page"] == 2) - 1
    found = PrevNextNodePostprocessor(docstore=docstore, num_nodes=1, mode="both").postprocess_nodes(
        [NodeWithScore(node=nodes[last_of_page], score=1.0)]
    )

    assert [node.node.metadata["page"] for node in found] == [1, 1, 2]


def stores() -> dict[str, Any]:
    return {
        "docstore": SimpleDocumentStore(),
        "vector_store": SimpleVectorStore(),
        "docstore_strategy": DocstoreStrategy.UPSERTS_AND_DELETE,
        "cache": IngestionCache(),
    }


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("kind", ["elements", "chunks"])
async def test_upserts_and_deletes_in_a_pipeline(api: MadeApi, tmp_path: Path, kind: str, asynchronous: bool) -> None:
    """A file that is the same is not made again, a changed one is replaced, one that is gone goes."""
    paths = [tmp_path / name for name in ("a.pdf", "b.pdf", "c.pdf")]
    for path in paths:
        path.write_bytes(pdf(2, text=path.stem))
    parser = TableAwareNodeParser(200) if kind == "chunks" else UpstageDocumentParseNodeParser(client=api.client())
    pipeline = IngestionPipeline(transformations=[parser, MockEmbedding(embed_dim=2)], **stores())
    assert isinstance(pipeline.vector_store, SimpleVectorStore)

    async def run(*chosen: Path) -> set[str]:
        documents = whole(api, *chosen)
        nodes = await pipeline.arun(documents=documents) if asynchronous else pipeline.run(documents=documents)
        return {node.metadata["file_name"] for node in nodes}

    def kept() -> dict[str, int]:
        counts: dict[str, int] = {}
        for one in pipeline.vector_store.data.metadata_dict.values():  # type: ignore[union-attr]
            counts[one["file_name"]] = counts.get(one["file_name"], 0) + 1
        return counts

    assert await run(*paths) == {"a.pdf", "b.pdf", "c.pdf"}
    before = kept()
    assert await run(*paths) == set()
    paths[1].write_bytes(pdf(1, text="changed"))
    assert await run(*paths) == {"b.pdf"}
    after = kept()
    assert after["b.pdf"] < before["b.pdf"], "what the file no longer says is gone"
    assert {**after, "b.pdf": 0} == {**before, "b.pdf": 0}
    assert await run(*paths[:2]) == set()
    assert set(kept()) == {"a.pdf", "b.pdf"}


def test_worker_processes_make_the_same_nodes(api: MadeApi, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.pdf" for number in range(4)]
    for number, path in enumerate(paths):
        path.write_bytes(pdf(1, text=str(number)))
    documents = whole(api, *paths)
    parsers = [UpstageDocumentParseNodeParser(api_key="up_stays_here"), TableAwareNodeParser(200)]
    pipeline = IngestionPipeline(transformations=parsers, disable_cache=True)  # type: ignore[arg-type]

    alone = pipeline.run(documents=documents)
    together = pipeline.run(documents=documents, num_workers=2)

    assert sorted(node.node_id for node in together) == sorted(node.node_id for node in alone)
    assert {node.ref_doc_id for node in together} == {document.id_ for document in documents}


def test_parsers_are_serialised_without_the_key() -> None:
    parser = UpstageDocumentParseNodeParser(api_key="up_secret", output_format="text", include_section_nodes=True)
    stored = json.loads(parser.to_json())

    assert stored["class_name"] == parser.class_name() == "UpstageDocumentParseNodeParser"
    assert "secret" not in repr(parser) + str(stored)
    assert b"secret" not in pickle.dumps(parser)
    assert UpstageDocumentParseNodeParser.from_dict(stored).to_dict() == stored
    assert pickle.loads(pickle.dumps(parser)).to_dict() == stored
    with pytest.raises(ConfigError, match="cannot be pickled"):
        pickle.dumps(UpstageDocumentParseNodeParser(client=MadeApi().client()))


def words(text: str) -> int:
    """A size in words, as tokenizers give one."""
    return len(text.split())


def test_the_length_function_is_part_of_a_parser_s_identity() -> None:
    """Caches tell parsers apart by `to_dict`; a function without a lasting name cannot travel."""
    characters, in_words = TableAwareNodeParser(100), TableAwareNodeParser(100, 10, words)

    assert TableAwareNodeParser.from_dict(characters.to_dict()).to_dict() == characters.to_dict()
    assert characters.to_dict() != in_words.to_dict()
    assert in_words.to_dict()["length_function"].endswith(".words")
    assert TableAwareNodeParser.from_dict(in_words.to_dict(), length_function=words).to_dict() == in_words.to_dict()
    with pytest.raises(ConfigError, match="give it again"):
        TableAwareNodeParser.from_dict(in_words.to_dict())
    with pytest.raises(ConfigError, match="cannot be sent to another process"):
        pickle.dumps(TableAwareNodeParser(length_function=lambda text: len(text) // 4))


def test_a_cache_tells_parsers_apart(api: MadeApi, report: Path) -> None:
    cache = IngestionCache()
    document = whole(api, report)
    sizes = [
        len(IngestionPipeline(transformations=[TableAwareNodeParser(size)], cache=cache).run(documents=document))
        for size in (100, 5000, 100)
    ]

    assert sizes[0] == sizes[2] != sizes[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chunk_size": 0}, "chunk_size=0 must be a whole number"),
        ({"chunk_size": 100, "chunk_overlap": 100}, "chunk_overlap=100 must be smaller"),
        ({"oversized_tables": "cut"}, "oversized_tables='cut' is not allowed"),
        ({"exclude_categories": ["titles"]}, "not a layout category"),
    ],
)
def test_an_impossible_option_is_named(options: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TableAwareNodeParser(**options)


def test_other_parsers_follow_ours(api: MadeApi, report: Path) -> None:
    elements = UpstageDocumentParseNodeParser(output_format="text", client=api.client())
    pipeline = IngestionPipeline(transformations=[elements, SentenceSplitter(chunk_size=200, chunk_overlap=0)])
    nodes = pipeline.run(documents=whole(api, report))

    assert all(node.relationships[NodeRelationship.SOURCE] for node in nodes)


def test_many_nodes_take_linear_time() -> None:
    """Four times the nodes are four times the calls, and none of them for each node goes through the whole document.

    The base class does: it looks for each node's text there.
    """

    def calls(count: int) -> tuple[int, Counter[str]]:
        """Return how many functions are called, and which methods of a string as long as the document."""
        document = Document(text="<p>word</p>" * count)
        every, through_all = 0, Counter[str]()

        def note(_: FrameType, event: str, function: Any) -> None:
            nonlocal every
            every += event in {"call", "c_call"}
            owner = getattr(function, "__self__", None) if event == "c_call" else None
            if isinstance(owner, str) and len(owner) > len(document.text) / 2:
                through_all[function.__name__] += 1

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            nodes = TableAwareNodeParser(11).get_nodes_from_documents([document])
        finally:
            sys.setprofile(before)
        assert len(nodes) == count
        return every, through_all

    calls(10)
    (few, few_through_all), (many, many_through_all) = calls(250), calls(1000)

    assert many / few < 4.5
    assert few_through_all == many_through_all


def test_in_a_hierarchy_of_sizes_no_node_is_its_own_parent() -> None:
    """What is small enough for both levels is a node on each, with ids of their own."""
    text = f"<h1>A</h1><p>{'word one. ' * 60}</p><table><tr><td>1</td></tr></table><p>short</p>"
    parser = HierarchicalNodeParser.from_defaults(
        node_parser_ids=["large", "small"],
        node_parser_map={"large": TableAwareNodeParser(800), "small": TableAwareNodeParser(150)},
    )

    nodes = parser.get_nodes_from_documents([Document(text=text)])

    assert len({node.node_id for node in nodes}) == len(nodes)
    assert all(node.parent_node is None or node.parent_node.node_id != node.node_id for node in nodes)
    assert all(node.metadata["record_id"] == node.node_id for node in nodes)


def test_an_empty_text_file_of_a_folder_has_no_chunks_and_is_no_mistake() -> None:
    empty = Document(text="", metadata={"file_path": "notes/empty.txt"})
    full = Document(text="Some words.", metadata={"file_path": "notes/full.txt"})

    assert [node.text for node in TableAwareNodeParser().get_nodes_from_documents([empty, full])] == ["Some words."]  # type: ignore[attr-defined]
