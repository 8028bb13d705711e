"""The levels of headings: declared, by numbering, by the markers of Korean reports, by the size of their font."""

from __future__ import annotations

import json

import pytest

from upstage_docs import Element, ParsedDocument, chunk_elements
from upstage_docs.chunking.options import ChunkOptions, TableContext
from upstage_docs.records.heading_levels import HeadingLevels
from upstage_docs.records.records import records

DOCUMENTS: dict[str, list[tuple[str, int]]] = {
    "decimal": [("1 Aim", 1), ("2 Method", 1), ("2.1 Sites", 2), ("2.1.1 North", 3), ("2.2 Tools", 2), ("3 End", 1)],
    "outline": [("I. Aim", 1), ("A. Sites", 2), ("1. North", 3), ("2. South", 3), ("B. Tools", 2), ("II. Results", 1)],
    "korean law": [("제1장 총칙", 1), ("제1절 목적", 2), ("제2절 정의", 2), ("제2장 사업", 1), ("제1절 범위", 2)],
    "korean report": [("1. 개요", 1), ("가. 배경", 2), ("나. 목적", 2), ("1) 대상", 3), ("(1) 지역", 4), ("2. 끝", 1)],
    "korean markers": [("□ 추진 배경", 1), ("○ 현황", 2), ("○ 문제", 2), ("□ 추진 계획", 1)],
    "filing": [("Part I", 1), ("Item 1. Business", 2), ("Item 1A. Risks", 2), ("Part II", 1), ("Item 7A. Rates", 2)],
    "chapters": [("Chapter 2 Light", 1), ("2.1 Rays", 2), ("2.1.1 Speed", 3), ("Chapter 3 Sound", 1), ("3.1 Noise", 2)],
    "chinese": [("第一章 总则", 1), ("第一节 目的", 2), ("第二章 结果", 1)],
    "back matter": [("1 Aim", 1), ("1.1 Scope", 2), ("References", 1)],
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_levels_come_from_numbering(name: str) -> None:
    levels = HeadingLevels()

    assert [levels.level(words, 0) for words, _ in DOCUMENTS[name]] == [level for _, level in DOCUMENTS[name]]


def test_a_declared_level_is_believed() -> None:
    levels = HeadingLevels()

    assert [levels.level(*one) for one in (("Aim", 1), ("Sites", 3), ("9 Tools", 2), ("Results", 0))] == [1, 3, 2, 1]


def test_levels_come_from_font_sizes_where_nothing_else_tells_them() -> None:
    levels = HeadingLevels()
    given = (("Yearbook", 30.0), ("Harvest", 22.0), ("Wheat", 16.0), ("Rye", 16.4), ("Weather", 21.5), ("Rain", 16.0))

    assert [levels.level(words, 0, size) for words, size in given] == [1, 2, 3, 3, 2, 3]


@pytest.mark.parametrize(
    "words",
    ["2024. 3. 15.", "March 2024", "(단위: 천원)", "Table 4. Costs", "By Ada Byron", "※ 참고", "12", "me@example.org"],
)
def test_what_is_no_heading_has_no_level(words: str) -> None:
    assert HeadingLevels().level(words, 0) == 0


def _document(*elements: tuple[str, str, str]) -> ParsedDocument:
    made = [Element(number, 1, category, html, "", text) for number, (category, html, text) in enumerate(elements)]
    return ParsedDocument("plan.pdf", "cd" * 32, "m", tuple(made), total_pages=1)


def test_records_and_chunks_know_the_whole_path() -> None:
    document = _document(
        ("heading1", "<h1>3 Results</h1>", "3 Results"),
        ("heading1", "<h1>3.1 Noise</h1>", "3.1 Noise"),
        ("heading1", "<h1>March 2024</h1>", "March 2024"),
        ("paragraph", "<p>It was loud.</p>", "It was loud."),
    )
    path = "3 Results > 3.1 Noise"

    made = list(records(document))

    assert made[-1].metadata["headings"] == path
    assert made[-1].metadata["section_id"] == made[1].id
    assert next(chunk for chunk in chunk_elements(document) if "loud" in chunk.text).metadata["headings"] == path
    from_records = next(chunk for chunk in chunk_elements(made) if "loud" in chunk.text)
    assert from_records.metadata["headings"] == path


def test_squares_of_korean_reports_open_sections() -> None:
    document = _document(
        ("paragraph", "<p>□ 추진 배경</p>", "□ 추진 배경"),
        ("list", "<p>○ 수요가 늘었다.</p>", "○ 수요가 늘었다."),
        ("paragraph", "<p>□ 추진 계획</p>", "□ 추진 계획"),
        ("list", "<p>○ 내년에 시작한다.</p>", "○ 내년에 시작한다."),
    )

    chunks = list(chunk_elements(document))

    assert [chunk.metadata["headings"] for chunk in chunks] == ["□ 추진 배경", "□ 추진 계획"]
    assert [chunk.text.count("□") for chunk in chunks] == [1, 1]


def test_a_form_to_tick_is_no_title() -> None:
    document = _document(("paragraph", "<p>□ 예 □ 아니오</p>", "□ 예 □ 아니오"), ("paragraph", "<p>끝.</p>", "끝."))

    assert [chunk.metadata["headings"] for chunk in chunk_elements(document)] == [""]


@pytest.mark.parametrize("output_format", ["html", "markdown"])
def test_the_path_stands_in_front_of_texts_and_sizes_count_it(output_format: str) -> None:
    paragraph = "It was loud by day and by night. " * 20
    document = ParsedDocument(
        "plan.pdf",
        "cd" * 32,
        "m",
        (
            Element(0, 1, "heading1", "<h1>3 Results</h1>", "# 3 Results", "3 Results"),
            Element(1, 1, "heading1", "<h1>3.1 Noise</h1>", "# 3.1 Noise", "3.1 Noise"),
            Element(2, 1, "paragraph", f"<p>{paragraph}</p>", paragraph, paragraph),
        ),
        total_pages=1,
    )

    chunks = list(chunk_elements(document, chunk_size=200, path_in_text=True, output_format=output_format))  # type: ignore[arg-type]

    path = "3 Results > 3.1 Noise\n\n"
    assert all(len(chunk.text) <= 200 for chunk in chunks)
    assert [chunk.text.startswith(path) for chunk in chunks] == [False] + [True] * (len(chunks) - 1)
    for chunk in chunks[1:]:
        ((_, _, start, end, *_),) = json.loads(chunk.metadata["spans"])
        assert (start, end) == (len(path), len(chunk.text))
    assert list(chunk_elements(chunks, chunk_size=200, path_in_text=True, output_format=output_format)) == chunks  # type: ignore[arg-type]


def test_a_long_path_is_shortened_from_its_middle() -> None:
    options = ChunkOptions(chunk_size=100, path_in_text=True)

    assert options.path(("Report", "A very long name of a chapter", "Costs"), is_html=False) == "Report > … > Costs\n\n"
    assert options.path(("R" * 40, "C" * 40), is_html=False) == ""


def test_how_much_travels_with_a_table_is_an_option() -> None:
    table = "<table><tr><td>Site</td><td>2024</td></tr><tr><td>Alpha</td><td>5,120</td></tr></table>"
    document = _document(
        ("paragraph", "<p>Output was as follows:</p>", "Output was as follows:"),
        ("paragraph", "<p>Table 2. Output</p>", "Table 2. Output"),
        ("table", table, "Site 2024\nAlpha 5,120"),
        ("paragraph", "<p>Source: own</p>", "Source: own"),
    )
    held = {}
    contexts: tuple[TableContext, ...] = ("labels", "captions", "notes", "full")
    for context in contexts:
        chunks = chunk_elements(document, table_context=context)
        text = next(chunk.text for chunk in chunks if "Alpha" in chunk.text)
        held[context] = [one in text for one in ("follows", "Table 2", "Source")]

    assert held == {
        "labels": [False, False, False],
        "captions": [False, True, False],
        "notes": [False, True, True],
        "full": [True, True, True],
    }
