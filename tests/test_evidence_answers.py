"""What a model answers is read against the passages that it was given: marks, figures, quotes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from steps import grows_evenly

pytest.importorskip("bm25s", reason="searching is an extra")

from upstage_docs.errors import ConfigError
from upstage_docs.evidence import SearchIndex, number_passages, read_answer, read_numbered_lines
from upstage_docs.models import Record

ASSETS = Record("a", "당기 | 자산총계 | 455,905 | 백만원", {"source": "fs.pdf", "page": 2, "category": "table_row"})
LOSS = Record("b", "<td>순손실</td><td>△1,204</td>", {"source": "fs.pdf", "page": 3, "category": "table"})
BEES = Record("c", "Two hives were lost to frost. Honey was scarce.", {"source": "bees.pdf", "page": 1})


def test_marks_name_the_passages_and_figures_are_looked_for_in_them() -> None:
    answer = read_answer("자산총계는 455,905백만원입니다 [1]. The loss was 1204 [2].", [ASSETS, LOSS])

    first, second = answer.statements
    assert (first.text, first.items, first.citations[0]) == (
        "자산총계는 455,905백만원입니다",
        (ASSETS,),
        "fs.pdf, p. 2",
    )
    assert second.citations[0].places[0].page == 3
    assert answer.is_supported
    assert answer.unsupported == ()


@pytest.mark.parametrize(
    ("text", "unsupported"),
    [
        ("자산총계는 455,950 [1].", ("455950",)),  # a wrong figure
        ("자산총계는 455,905 [2].", ("455905",)),  # told by another passage
        ("자산총계는 455,905.", ("455905",)),  # not cited
        ("Assets grew by 12.5 % to 455,905 [1].", ("12.5",)),
        ("It is so [7].", ("[7]",)),
        ("It is so [0].", ("[0]",)),
        ('They starved. "Three hives were lost" [3]', ("Three hives were lost",)),
    ],
)
def test_what_the_cited_passages_do_not_tell_is_named(text: str, unsupported: tuple[str, ...]) -> None:
    answer = read_answer(text, [ASSETS, LOSS, BEES])

    assert answer.unsupported == unsupported
    assert not answer.is_supported


def test_a_figure_is_the_same_with_zeros_behind_its_point_and_a_citation_tells_its_own() -> None:
    rate = Record("f", "The rate is 12.50 % of 3.0 tonnes.", {"source": "rates.pdf", "page": 7})

    assert read_answer("On p. 7 it is 12.5 % of 3 tonnes [1].", [rate]).is_supported
    assert read_answer("It is 125 % [1].", [rate]).unsupported == ("125",)
    assert read_answer("It is 1250 % of 30 tonnes [1].", [rate]).unsupported == ("1250", "30")


async def test_places_are_found_from_an_event_loop_too() -> None:
    answer = read_answer("Frost came [3].", [ASSETS, LOSS, BEES])

    assert await answer.aplaces() == answer.places() != []


def test_an_answer_that_cites_nothing_is_not_supported() -> None:
    assert not read_answer("The documents do not say.", [ASSETS]).is_supported
    assert not read_answer("", [ASSETS]).is_supported
    assert read_answer("", []).statements == ()


def test_a_quote_belongs_to_the_sentence_before_it_and_leads_to_its_words() -> None:
    answer = read_answer('It was a cold year. “two hives were lost, to frost” [3] Honey was dear "scarce" [3][1].',
                         [ASSETS, LOSS, BEES])  # fmt: skip

    first, second = answer.statements
    assert (first.text, first.quotes) == ("It was a cold year.", ("two hives were lost, to frost",))
    assert first.citations[0].quote == first.quotes[0]
    assert second.items == (BEES, ASSETS)
    assert [one.quote for one in second.citations] == ["scarce", ""]
    assert answer.is_supported


def test_a_quote_may_hold_sentences_and_marks_of_its_own() -> None:
    paper = Record("d", "Trees cool a city [4]. They do so by day.", {"source": "paper.pdf", "page": 1})

    (statement,) = read_answer('By day only. "cool a city [4]. They do so" [1]', [paper]).statements
    assert (statement.text, statement.unsupported) == ("By day only.", ())
    assert statement.citations[0].quote == "cool a city [4]. They do so"


def test_a_sign_of_inches_is_no_quote() -> None:
    pipes = Record("e", "A 5 inch and a 6 inch pipe", {"source": "pipes.pdf", "page": 1})

    answer = read_answer('The 5" pipe [1]. The 6" pipe [1].', [pipes])
    assert [(one.text, one.quotes) for one in answer.statements] == [('The 5" pipe', ()), ('The 6" pipe', ())]


@pytest.mark.parametrize("marks", ["[1][2]", "[1, 2]", "[1; 2]", "【1】【2】", "[1] [2]", "[1, 1, 2]"])
def test_marks_are_read_in_every_manner(marks: str) -> None:
    (statement,) = read_answer(f"- A year of losses {marks}", [ASSETS, LOSS]).statements

    assert statement.items == (ASSETS, LOSS)
    assert statement.text == "A year of losses"


def test_numbers_of_a_list_are_no_figures() -> None:
    answer = read_answer("1. Frost came [3].\n2. Honey was scarce [3].", [ASSETS, LOSS, BEES])

    assert [one.text for one in answer.statements] == ["Frost came", "Honey was scarce"]
    assert answer.is_supported


def test_passages_of_a_search_are_taken_for_what_they_hold() -> None:
    found = SearchIndex([BEES, ASSETS]).search("hives", 1)

    assert read_answer("Frost [1].", found).statements[0].items == (BEES,)


def test_a_notebook_shows_an_answer_as_text() -> None:
    assert "<script>" not in read_answer("<script>alert(1)</script> [1]", [ASSETS])._repr_html_()


def test_numbered_lines_come_back_in_their_places() -> None:
    assert read_numbered_lines("Here you are:\n2. two\n[1] one\n9. nine\n4) four\n2. again", 4) == [
        "one",
        "two",
        "",
        "four",
    ]
    assert read_numbered_lines("", 2) == ["", ""]


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        (["data/2024/report.pdf", "data/2025/report.pdf"], ["2024/report.pdf", "2025/report.pdf"]),
        (["a/x/report.pdf", "b/x/report.pdf"], ["a/x/report.pdf", "b/x/report.pdf"]),
        (["report.pdf", "old/report.pdf"], ["report.pdf", "old/report.pdf"]),
        (["report.pdf", "./report.pdf"], ["report.pdf", "report.pdf"]),
        (["a/report.pdf", "b/other.pdf"], ["report.pdf", "other.pdf"]),
        (["https://one.example/a/report.pdf?key=1", "C:\\b\\report.pdf"], ["a/report.pdf", "b/report.pdf"]),
    ],
)
def test_files_of_one_name_are_told_apart_where_they_are_read_together(sources: list[str], names: list[str]) -> None:
    texts = ["The mill earned 441 crowns.", "The mill earned 541 crowns."]
    items = [
        Record(str(at), text, {"source": source, "page": 1, "category": "paragraph", "element_id": 0})
        for at, (source, text) in enumerate(zip(sources, texts, strict=True))
    ]
    lines = [f"{name}, p. 1" for name in names]

    assert re.findall(r"^\[\d\] (.*)$", number_passages(items), re.MULTILINE) == lines
    found = SearchIndex(items).search("541 crowns", 1)
    assert found[0].citation == lines[1]
    assert number_passages(found).startswith(f"[1] {lines[1]}")
    assert read_answer("It earned 541 crowns [2].", items).statements[0].citations == (lines[1],)


@pytest.mark.parametrize("given", [None, "a text", {"page": 1}, 5])
def test_what_is_no_list_of_documents_is_refused_by_name(given: Any) -> None:
    pytest.importorskip("langchain_core")
    pytest.importorskip("llama_index.core")
    import langchain_upstage_docs as langchain
    import llama_index_upstage_docs as llama_index

    calls: list[Any] = [SearchIndex, llama_index.UpstageDocumentRetriever, llama_index.image_nodes]
    for face in (langchain, llama_index):
        calls += [face.paragraph_documents, face.section_documents, face.row_documents]
    for call in calls:
        with pytest.raises(ConfigError, match=f"Give a list of .*, not {type(given).__name__}"):
            call(given)


def test_one_document_is_a_list_of_one() -> None:
    pytest.importorskip("langchain_core")
    from langchain_core.documents import Document

    from langchain_upstage_docs import row_documents

    html = "<table><tr><th>Hive</th><th>Honey</th></tr><tr><td>North</td><td>12</td></tr></table>"
    table: Any = Document(html, metadata={"source": "bees.pdf", "page": 1, "category": "table", "element_id": 0})
    assert [row.page_content for row in row_documents(table)] == ["Honey | North | 12"]


def test_many_files_of_one_name_are_told_apart_in_linear_time() -> None:
    """With a look at all others for each, thousands take more than a minute."""

    def items(count: int) -> list[Record]:
        where = {"page": 1, "category": "paragraph", "element_id": 0}
        return [Record(str(at), "Honey.", {"source": f"{at}/report.pdf", **where}) for at in range(count)]

    assert number_passages(items(200)).endswith("[200] 199/report.pdf, p. 1\nHoney.")
    assert grows_evenly(items, number_passages, 100)
