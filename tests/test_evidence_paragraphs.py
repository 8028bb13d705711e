"""Paragraphs are whole and numbered, claims apart, sections without their references; all know their places."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from upstage_docs import Element, ParsedDocument
from upstage_docs.evidence import cite, paragraph_records, places, section_records
from upstage_docs.options import OutputFormat
from upstage_docs.records.options import RecordOptions
from upstage_docs.records.records import records


def _parsed(*told: tuple[int, float, str, str]) -> ParsedDocument:
    """Return a document of (page, top, category, text); what stands left of 0.5 is told by an even top."""
    elements = []
    for number, (page, top, category, text) in enumerate(told):
        corners = ((0.1, top), (0.4, top), (0.4, top + 0.05), (0.1, top + 0.05))
        html = f"<p>{text}</p>" if category != "table" else "<table><tr><td>1</td></tr></table>"
        elements.append(Element(number, page, category, html=html, markdown=text, text=text, coordinates=corners))
    return ParsedDocument("patent.pdf", "0" * 64, "local-made", tuple(elements), total_pages=3)


def _told(document: ParsedDocument) -> list[tuple[str, int, str, str]]:
    return [
        (one.metadata["paragraph_number"], one.metadata["claim_number"], one.metadata["part"], one.text)
        for one in paragraph_records(document)
    ]


def test_a_numbered_paragraph_reaches_over_columns_pages_and_figures_to_the_next_number() -> None:
    document = _parsed(
        (1, 0.1, "heading1", "DESCRIPTION"),
        (1, 0.8, "paragraph", "[0001] A boom turns about a mast, and the sail is"),
        (1, 0.9, "footer", "1/3"),
        (2, 0.0, "header", "US 2026/0000001"),
        (2, 0.1, "figure", "FIG. 1"),
        (2, 0.3, "paragraph", "Laced to it. The wax evapo-"),
        (2, 0.1, "paragraph", "rates slowly. [0002] A fin shields it.\n[0004] A damper."),
    )

    first, figure, second, fourth = paragraph_records(document)
    assert first.text == "A boom turns about a mast, and the sail is Laced to it. The wax evaporates slowly."
    assert [one.metadata["paragraph_number"] for one in (first, second, fourth)] == ["0001", "0002", "0004"]
    assert figure.metadata["category"] == "figure"
    assert [(place.page, first.text[place.start : place.end]) for place in places(first)] == [
        (1, "A boom turns about a mast, and the sail is"),
        (2, "Laced to it. The wax evapo"),
        (2, "rates slowly."),
    ]
    assert cite(first) == "patent.pdf, pp. 1–2, DESCRIPTION > [0001]"
    assert (first.metadata["page"], first.metadata["page_end"]) == (1, 2)


@pytest.mark.parametrize(
    ("title", "category", "claims"),
    [
        ("CLAIMS", "heading1", ("1. A boom,", "2. The boom of claim 1.")),
        ("What is claimed is:", "paragraph", ("1. A boom,", "2. The boom of claim 1.")),
        ("【특허청구범위】", "paragraph", ("【청구항 1】 A boom,", "【청구항 2】 The boom of claim 1.")),
        ("【請求の範囲】", "heading2", ("【請求項1】 A boom,", "【請求項2】 The boom of claim 1.")),
        ("【書類名】特許請求の範囲", "paragraph", ("【請求項１】A boom,", "【請求項２】The boom of claim 1.")),
        ("权利要求书", "heading1", ("1．A boom,", "2、The boom of claim 1.")),
        ("Patentansprüche", "heading1", ("1. A boom,", "2.The boom of claim 1.")),
        ("We claim:", "paragraph", ("Claim 1: A boom,", "claim 2 The boom of claim 1.")),
    ],
)
def test_claims_are_apart_and_each_is_whole(title: str, category: str, claims: tuple[str, str]) -> None:
    document = _parsed(
        (1, 0.1, "paragraph", "[0009] The last paragraph."),
        (1, 0.2, category, title),
        (1, 0.3, "list", claims[0]),
        (1, 0.4, "list", "wherein 3. is no number of a claim."),
        (1, 0.5, "list", claims[1]),
        (1, 0.6, "heading1", "ABSTRACT"),
        (1, 0.7, "paragraph", "A boom is shown."),
    )

    assert _told(document) == [
        ("0009", 0, "description", "The last paragraph."),
        ("", 1, "claims", "A boom, wherein 3. is no number of a claim."),
        ("", 2, "claims", "The boom of claim 1."),
        ("", 0, "abstract", "A boom is shown."),
    ]
    assert cite(list(paragraph_records(document))[2]).endswith("claim 2")


def test_claims_on_lines_of_their_own_are_numbered_too() -> None:
    document = _parsed(
        (1, 0.1, "paragraph", "【청구범위】"),
        (1, 0.2, "paragraph", "【청구항 1】"),
        (1, 0.3, "paragraph", "돛대와 활대를 포함하는 장치."),
        (1, 0.4, "paragraph", "【청구항 2】"),
        (1, 0.5, "paragraph", "제1항에 있어서, 댐퍼를 더 포함하는 장치."),
    )

    assert [(one[1], one[3]) for one in _told(document)] == [
        (1, "돛대와 활대를 포함하는 장치."),
        (2, "제1항에 있어서, 댐퍼를 더 포함하는 장치."),
    ]


def test_without_numbers_only_what_breaks_off_at_a_column_or_page_is_joined() -> None:
    document = _parsed(
        (1, 0.1, "paragraph", "A sentence that ends."),
        (1, 0.8, "paragraph", "and another that is"),
        (1, 0.1, "paragraph", "broken by a column and"),
        (2, 0.1, "paragraph", "by a page."),
        (2, 0.2, "paragraph", "a line without an end"),
        (2, 0.3, "paragraph", "below it another"),
    )

    assert [one[3] for one in _told(document)] == [
        "A sentence that ends.",
        "and another that is broken by a column and by a page.",
        "a line without an end",
        "below it another",
    ]


def test_a_table_keeps_its_markup_beside_the_paragraph_that_it_interrupts() -> None:
    document = _parsed(
        (1, 0.8, "paragraph", "[0001] As the table shows, it is"),
        (2, 0.1, "table", "1"),
        (2, 0.2, "paragraph", "warm."),
    )

    text, table = paragraph_records(document)
    assert text.text == "As the table shows, it is warm."
    assert table.text == "<table><tr><td>1</td></tr></table>"
    assert places(table)[0].page == 2


def test_marks_of_literature_are_no_numbers_of_paragraphs() -> None:
    document = _parsed((1, 0.1, "paragraph", "As [12] and Moor [2019] say, [0042] trees cool."))

    assert _told(document) == [("", 0, "description", "As [12] and Moor [2019] say, [0042] trees cool.")]


def test_no_text_is_lost_and_ids_differ_and_stay() -> None:
    document = _parsed(*((1, 0.1 * at, "paragraph", "[0001] The same.") for at in range(4)))
    ids = [one.id for one in paragraph_records(document)]

    assert len(set(ids)) == 4
    assert ids == [one.id for one in paragraph_records(document)]
    assert list(paragraph_records([])) == []


@pytest.mark.parametrize("title", ["References", "7. REFERENCES", "Bibliography", "참고문헌", "참고 문헌", "参考文献"])
def test_sections_are_what_is_read_without_references(title: str) -> None:
    document = _parsed(
        (1, 0.1, "paragraph", "Before any heading."),
        (1, 0.2, "heading1", "Results"),
        (1, 0.3, "heading2", "Nights"),
        (1, 0.4, "paragraph", "Nights were warm."),
        (2, 0.1, "header", "Trees"),
        (2, 0.2, "table", "1"),
        (2, 0.3, "heading1", title),
        (2, 0.4, "paragraph", "[1] P. Moor. Parks after dark."),
    )

    before, nights = section_records(document)
    assert before.text == "Before any heading."
    assert nights.text == "Nights\n\nNights were warm.\n\n<table><tr><td>1</td></tr></table>"
    assert nights.metadata["headings"] == "Results > Nights"
    assert [place.page for place in places(nights)] == [1, 1, 2]
    assert len(list(section_records(document, references=True))) == 3


@pytest.mark.parametrize("form", ["html", "markdown", "text"])
def test_sections_have_the_same_names_in_each_format(form: OutputFormat) -> None:
    document = _parsed(
        (1, 0.2, "heading1", "3 Results"),
        (1, 0.3, "heading2", "3.1 Nights"),
        (1, 0.4, "paragraph", "Nights were warm."),
        (2, 0.3, "heading1", "References"),
        (2, 0.4, "paragraph", "[1] P. Moor. Parks after dark."),
    )
    signed = [
        replace(one, markdown=f"## {one.text}") if one.category.startswith("heading") else one
        for one in document.elements
    ]
    read = records(replace(document, elements=tuple(signed)), RecordOptions(output_format=form))

    assert [one.metadata["headings"] for one in section_records(read)] == ["3 Results > 3.1 Nights"]


def test_both_frameworks_have_paragraphs_and_sections() -> None:
    pytest.importorskip("langchain_core")
    pytest.importorskip("llama_index.core")
    from langchain_core.documents import Document

    import langchain_upstage_docs
    import llama_index_upstage_docs
    from llama_index_upstage_docs.nodes import document_of
    from upstage_docs.records.records import records

    document = _parsed((1, 0.1, "heading1", "Nights"), (1, 0.2, "paragraph", "[0001] Nights were warm."))
    documents = [Document(page_content=one.text, metadata=one.metadata, id=one.id) for one in records(document)]
    nodes = [document_of(one) for one in records(document)]
    (mine,) = langchain_upstage_docs.paragraph_documents(documents)
    (node,) = llama_index_upstage_docs.paragraph_documents(nodes)
    assert (mine.id, mine.page_content, mine.metadata) == (node.node_id, node.get_content(), node.metadata)
    assert node.source_node is not None
    assert node.source_node.node_id == nodes[0].node_id
    (mine,) = langchain_upstage_docs.section_documents(documents)
    (node,) = llama_index_upstage_docs.section_documents(nodes)
    assert (mine.id, mine.metadata) == (node.node_id, node.metadata)
