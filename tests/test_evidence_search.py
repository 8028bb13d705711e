"""A question over loaded documents finds passages that say where they stand, in the core and in both frameworks."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("bm25s", reason="searching is an extra")

from upstage_docs import ConfigError, Element, ParsedDocument, chunk_elements
from upstage_docs.evidence import SearchIndex, number_passages
from upstage_docs.evidence.word_ranking import WordRanking, tokens
from upstage_docs.models import Record
from upstage_docs.records.records import records

SAMPLE = Path(__file__).resolve().parent.parent / "upstage_docs" / "samples" / "report.pdf"
_CORNERS = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.2), (0.1, 0.2))


def _document(*texts: tuple[int, str, str]) -> ParsedDocument:
    """Return a document of (page, category, text)."""
    elements = tuple(
        Element(number, page, category, html=f"<p>{text}</p>", markdown=text, text=text, coordinates=_CORNERS)
        for number, (page, category, text) in enumerate(texts)
    )
    return ParsedDocument("garden.pdf", "0" * 64, "local-made", elements, total_pages=9)


GARDEN = _document(
    (1, "heading1", "Apples"),
    (1, "paragraph", "The old orchard gave 1,240 crates of apples."),
    (2, "paragraph", "Wasps came late."),
    (3, "heading1", "Bees"),
    (3, "paragraph", "Two hives were lost to frost."),
    (4, "paragraph", "조력발전소의 자산총계는 455,905백만원이다."),
    (5, "paragraph", "蜂蜜の収穫は少なかった。"),
)
RECORDS = list(records(GARDEN))


class Meaning:
    """Stands in for an embedding model: knows that honey is made in hives."""

    def __init__(self, topics: Sequence[str] = ("hive", "honey", "apple")) -> None:
        self.topics = topics
        self.asked: list[str] = []

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.asked += texts
        found = [[float(topic in text.lower()) for topic in self.topics] for text in texts]
        return [[float(one[0] or one[1]), one[2], 0.01] for one in found]


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("How many crates did the orchards give?", 1),
        ("1240 crates", 1),
        ("What of hive losses?", 3),
        ("총계는 얼마인가?", 4),
        ("455905", 4),
        ("４５５，９０５", 4),
        ("収穫", 5),
        ("蜂", 5),
    ],
)
def test_words_numbers_and_pairs_of_characters_are_found(question: str, page: int) -> None:
    index = SearchIndex(RECORDS)
    best = index.search(question)[0]

    assert len(index) == len(RECORDS)
    assert best.item.metadata["page"] == page
    assert best.citation.places[0].page == page
    assert best.text == best.item.text


def test_characters_of_scripts_without_spaces_come_in_pairs_that_overlap() -> None:
    assert list(tokens("자산총계 총 3月 12월")) == ["자산", "산총", "총계", "총", "3", "月", "12", "월"]
    assert list(tokens("Generation, generate: EP1234567 1,240.50")) == ["genera", "genera", "ep1234567", "1240.50"]
    assert list(tokens("ข้าวสาร")) != []
    assert list(tokens("\u1112\u1161\u11ab")) == ["한"]  # decomposed, as macOS writes it


def test_a_heading_above_and_a_caption_count_as_text() -> None:
    index = SearchIndex(RECORDS)

    assert [passage.item.metadata["page"] for passage in index.search("bees", 9)] == [3, 3, 5, 4]


def test_what_shares_no_word_is_not_found_and_says_so() -> None:
    index = SearchIndex(RECORDS)

    assert index.search("submarines") == []
    assert index.search("") == []
    assert SearchIndex([]).search("apples") == []
    assert "No passage" in number_passages(index.search("submarines"))


def test_words_that_stand_everywhere_count_where_there_are_no_others() -> None:
    assert WordRanking(["it was", "he went"]).scores("it")[0] > 0
    assert WordRanking(["the apple", "a pear"]).scores("the pear") == [0.0, pytest.approx(0.6, abs=0.6)]


def test_embeddings_find_what_shares_no_word() -> None:
    meaning = Meaning()
    index = SearchIndex(RECORDS, meaning)

    assert "hives" in index.search("honey", 1)[0].text
    assert "crates" in index.search("crates", 1)[0].text
    assert len([text for text in meaning.asked if "hives" in text]) == 1  # embedded once


@pytest.mark.parametrize("answer", [[], [[1.0], [2.0, 3.0]], [["a"]] * 7, [[1.0]] * 3])
def test_embeddings_that_answer_no_vector_for_each_text_are_refused(answer: list[list[float]]) -> None:
    class Broken(Meaning):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return answer

    with pytest.raises(ConfigError, match="embeddings answered"):
        SearchIndex(RECORDS, Broken())


@pytest.mark.parametrize("count", [0, -1, True, 1.5, "3"])
def test_a_count_is_a_whole_number_from_one(count: int) -> None:
    with pytest.raises(ConfigError, match="count="):
        SearchIndex(RECORDS).search("apples", count)


def test_a_question_that_is_no_text_is_refused() -> None:
    with pytest.raises(ConfigError, match="question"):
        SearchIndex(RECORDS).search(None)  # type: ignore[arg-type]


def test_passages_are_numbered_below_their_citations() -> None:
    told = number_passages(SearchIndex(chunk_elements(GARDEN, output_format="markdown")).search("frost and crates", 2))

    assert told.startswith("[1] garden.pdf, pp. 1–2, Apples\n")
    assert "\n\n[2] garden.pdf, pp. 3–5, Bees\n" in told
    assert "Two hives were lost to frost." in told


def test_metadata_of_others_and_of_older_versions_is_searched_too() -> None:
    given = [Record("a", "plain apples", {}), Record("b", "pears", {"headings": None, "page": "x"})]

    found = SearchIndex(given).search("pears")
    assert [passage.item.id for passage in found] == ["b"]
    assert "place unknown" in found[0].citation


async def test_searching_from_an_event_loop_finds_the_same() -> None:
    index = SearchIndex(RECORDS)

    assert await index.asearch("frost") == index.search("frost")


def test_langchain_finds_cites_and_is_used_as_a_tool() -> None:
    pytest.importorskip("langchain_core")
    from langchain_core.documents import Document

    from langchain_upstage_docs import SearchDocumentTool, UpstageDocumentRetriever

    documents = [Document(page_content=one.text, metadata=one.metadata, id=one.id) for one in RECORDS]
    retriever = UpstageDocumentRetriever(documents=documents, k=2)
    tool = SearchDocumentTool(retriever=retriever)

    assert tool.name == "search_document"
    assert "1,240 crates" not in repr(retriever)
    message = tool.invoke({"type": "tool_call", "name": tool.name, "id": "1", "args": {"query": "frost"}})
    assert message.content.startswith("[1] garden.pdf, p. 3, Bees\n")
    assert message.artifact[0].metadata["page"] == 3
    assert "No passage" in tool.invoke({"query": "submarines"})
    again = pickle.loads(pickle.dumps(retriever))
    assert again.invoke("frost") == retriever.invoke("frost")
    with pytest.raises(ConfigError, match="k=0"):
        UpstageDocumentRetriever(documents=documents, k=0)
    assert UpstageDocumentRetriever(documents[0]).documents == documents[:1]  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="not NoneType"):
        UpstageDocumentRetriever(None)  # type: ignore[arg-type]


async def test_langchain_finds_in_files_with_a_model_of_meaning() -> None:
    pytest.importorskip("liteparse", reason="the local engine is an extra")
    pytest.importorskip("langchain_core")
    from langchain_core.embeddings import DeterministicFakeEmbedding

    from langchain_upstage_docs import UpstageDocumentRetriever

    retriever = await UpstageDocumentRetriever.afrom_files(
        SAMPLE, k=1, embeddings=DeterministicFakeEmbedding(size=8), engine="local"
    )
    found = await retriever.ainvoke("availability of Maehyang", k=8)

    assert any("| Maehyang" in one.page_content or "Maehyang |" in one.page_content for one in found)
    assert len(found) == 8


async def test_llama_index_finds_cites_and_is_used_as_a_tool() -> None:
    pytest.importorskip("llama_index.core")
    from llama_index.core import MockEmbedding

    from llama_index_upstage_docs import SearchDocumentToolSpec, UpstageDocumentRetriever
    from llama_index_upstage_docs.nodes import document_of

    nodes = [document_of(one) for one in RECORDS]
    retriever = UpstageDocumentRetriever(nodes, similarity_top_k=2)
    (tool,) = SearchDocumentToolSpec(retriever).to_tool_list()

    assert retriever.retrieve("frost")[0].node is nodes[4]
    assert tool.metadata.name == "search_document"
    assert "Cite them by their numbers" in tool.metadata.description
    assert str(tool.call(query="frost").raw_output).startswith("[1] garden.pdf, p. 3, Bees\n")
    assert (await tool.acall(query="frost")).raw_output == tool.call(query="frost").raw_output
    assert len(UpstageDocumentRetriever(nodes, 3, MockEmbedding(embed_dim=4)).retrieve("submarines")) == 3
