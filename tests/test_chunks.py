"""Elements become chunks: what stands together, what is cut where, and what each chunk says of itself."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import chunk_invariants as invariants
import pytest

from upstage_docs import ChunkOptions, ConfigError, chunk_elements, contextualize, decode_document
from upstage_docs.chunking.packing import chunk_with, split_text
from upstage_docs.models import Chunk, Element, ParsedDocument, Record
from upstage_docs.records.marked_titles import marked_titles
from upstage_docs.records.options import RecordOptions
from upstage_docs.records.records import METADATA_KEYS, records


def element(number: int, category: str, html: str, *, page: int = 1, top: float = 0.0, sub: str = "") -> Element:
    """An element one line high at *top*, 0-1 down the page."""
    corners = ((0.1, top), (0.9, top), (0.9, top + 0.05), (0.1, top + 0.05))
    return Element(number, page, category, html, coordinates=corners, sub_category=sub)


def paragraph(number: int, text: str, *, page: int = 1) -> Element:
    return element(number, "paragraph", f"<p id='{number}' data-category='paragraph'>{text}</p>", page=page)


def heading(number: int, text: str, *, sub: str = "") -> Element:
    return element(number, "heading1", f"<{sub or 'h1'} id='{number}'>{text}</{sub or 'h1'}>", sub=sub)


def document(*elements: Element, source: str = "report.pdf") -> ParsedDocument:
    pages = max((one.page for one in elements), default=1)
    return ParsedDocument(source, "ab" * 32, "document-parse-260930", elements, total_pages=pages)


def ids(chunk: Chunk) -> list[int]:
    return [span[0] for span in json.loads(chunk.metadata["spans"])]


def groups(*elements: Element, **options: Any) -> list[list[int]]:
    """The element ids of each chunk."""
    return [ids(chunk) for chunk in chunk_elements(document(*elements), **options)]


TABLE = "<table id='9'><tr><td>Year</td><td>Sales</td></tr><tr><td>2025</td><td>12</td></tr></table>"
FIGURE = '<figure><img id=\'8\' alt="a plan\nof the site" data-coord="top-left:(1,2); bottom-right:(3,4)" /></figure>'


# --- the shapes of the recorded answers, made again in our own words -----------------------------------------------


def test_text_that_looks_like_a_tag_is_text() -> None:
    """Document Parse does not escape its HTML: `<FourBarTest_raw>` and `< 5.8` are words, cut like any others."""
    text = "17 <FourBarTest_raw> and <Other.raw>, for x < 5.8 and y <z. PRESERVED_0 stays. " * 5
    chunks = list(chunk_elements(document(element(0, "footnote", f"<p id='0'>{text.strip()}</p>")), chunk_size=90))

    assert len(chunks) > 3
    assert " ".join(chunk.text for chunk in chunks) == f"<p id='0'>{text.strip()}</p>"


def test_an_index_is_cut_between_lines() -> None:
    lines = [f"Chapter {number} on something long {number * 7}" for number in range(30)]
    index = element(0, "index", f"<p id='0' data-category='index'>{'<br>'.join(lines)}</p>")

    chunks = list(chunk_elements(document(index), chunk_size=200))

    assert all(chunk.text.endswith(("<br>", "</p>")) for chunk in chunks)
    assert [chunk.metadata["category"] for chunk in chunks] == ["index"] * len(chunks)


def test_lists_figures_tables_and_headings() -> None:
    """A heading goes with its table, lists and paragraphs pack, a figure stands alone, the page number is left out."""
    elements = (
        element(0, "header", "<br><header id='0'>The laboratory</header>"),
        heading(1, "What you need"),
        element(2, "list", "<p id='2' data-category='list'>· Scales<br>Test tubes<br>· Paper</p>"),
        element(3, "figure", FIGURE),
        paragraph(4, "Figure 3 shows it."),
        heading(5, "Mixtures"),
        element(6, "table", f"<br>{TABLE}"),
        element(7, "list", "<br><p id='7' data-category='list'></p>"),
        element(8, "footer", "<footer id='8'>113</footer>"),
    )

    assert groups(*elements) == [[1, 2], [3], [4], [5, 6]]
    assert groups(*elements, exclude_categories=()) == [[0], [1, 2], [3], [4], [5, 6], [8]]


def test_equations_are_never_cut() -> None:
    """`$$…$$` is one piece however long; a raw `<` in it is no tag; a caption beside no table is text."""
    equation = "$$0.d_{1}\\dots d_{n} \\cdot \\beta^{e} \\leq x <0.d_{1}d_{2} \\dots (d_{n}+1) \\cdot \\beta^{e},$$"
    elements = (
        paragraph(0, "±0.d1d2 · · · dn · Be,"),
        element(1, "caption", "<br><caption id='1'>(1.1)</caption>"),
        element(2, "equation", f"<br><p id='2' data-category='equation'>{equation}</p>"),
    )

    chunks = list(chunk_elements(document(*elements), chunk_size=40))

    assert sum(equation in chunk.text for chunk in chunks) == 1
    assert [chunk.oversize for chunk in chunks if equation in chunk.text] == [True]
    assert groups(*elements) == [[0, 1, 2]]


CHARTS = {
    "recognised": (
        "<figure id='4' data-category='chart'><img data-coord=\"(1,1)\" /><figcaption><p>Chart Title: Sales</p>"
        "<p>Chart Type: bar</p></figcaption><table><tr><th></th><th>A</th></tr><tr><td>1</td><td>2</td></tr></table>"
        "</figure>"
    ),
    "240910": "<figure data-category='chart'><img id='4' alt=\"66%\n24%\n18%\" data-coord=\"(1,1)\" /></figure>",
    "the guide's": '<figure><img data-category="chart" alt="66%" /></figure>',
    "enhanced": (
        '<figure><figcaption><p class="chart-description">It rises.</p><p class="chart-ocr-text">Sales</p></figcaption>'
        "<table><tr><td>1</td></tr></table></figure>"
    ),
}


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("category", ["chart", "figure"])
def test_charts_of_every_shape_stand_alone_and_whole(name: str, category: str) -> None:
    """With or without a table, as `chart` or fallen back to `figure`, in front of or behind its caption."""
    chart = element(4, category, CHARTS[name])
    caption = element(5, "caption", "<caption id='5'>Figure 7. Terms in use</caption>")

    for order in ((chart, caption), (caption, chart)):
        chunks = list(chunk_elements(document(paragraph(0, "Before."), *order, paragraph(9, "After.")), chunk_size=30))
        holding = [chunk for chunk in chunks if 4 in ids(chunk)]
        assert len(holding) == 1
        assert CHARTS[name] in holding[0].text
        assert ids(holding[0]) == [one.id for one in order]
        assert holding[0].metadata["category"] == category
        assert holding[0].oversize


def test_charts_in_a_whole_text_are_told_by_what_they_hold() -> None:
    """Where no element says what it is: a figure with a table is a chart if it says so, else what it holds: a table."""
    figures = {
        CHARTS["recognised"]: "chart",
        CHARTS["240910"]: "chart",
        CHARTS["the guide's"]: "figure",
        CHARTS["the guide's"].replace("</figure>", f"{TABLE}</figure>"): "chart",
        CHARTS["enhanced"]: "chart",
        f'<figure class="wp-block-table">{TABLE}<figcaption>By region</figcaption></figure>': "table",
        "<figure><figcaption>the <table> tag</figcaption></figure>": "figure",
    }

    chunks = list(chunk_elements(Record("", "<p>Between.</p>".join(figures), {})))

    assert {chunk.text: chunk.metadata["category"] for chunk in chunks[::2]} == figures


def test_a_table_with_spans_is_split_into_tables() -> None:
    """No thead, a header of two rows by rowspan and colspan: both rows head every part."""
    rows = "".join(f"<tr><td>Model {n}</td>{'<td>O</td>' * 6}</tr>" for n in range(8))
    head = (
        '<tr><td rowspan="2">Properties</td><td colspan="3">Instruction</td><td colspan="3">Alignment</td></tr>'
        f"<tr>{''.join(f'<td>Set {n}</td>' for n in range(6))}</tr>"
    )
    table = element(0, "table", f"<table id='0' style='font-size:14px'>{head}{rows}</table>")
    caption = element(1, "caption", "<caption id='1'>Table 2. Data sets</caption>")

    parts = list(chunk_elements(document(table, caption), chunk_size=580, oversized_tables="split_rows"))

    assert len(parts) == 3
    for part in parts:
        assert part.text.startswith(f"<table id='0' style='font-size:14px'>{head}<tr><td>Model")
        assert part.text.endswith("</table>\n<caption id='1'>Table 2. Data sets</caption>")
        assert (part.caption, part.oversize, part.metadata["category"]) == ("Table 2. Data sets", False, "table")
        assert ids(part) == [0, 1]
    assert "".join(part.text.split(head)[1].split("</table>")[0] for part in parts) == rows
    assert len({part.id for part in parts}) == 3


def test_an_element_without_html_is_still_chunked() -> None:
    """Answers asked for in Markdown and text only hold `""` as HTML; the placeholder of pictures is no word."""
    elements = (
        Element(0, 1, "table", "", "| Set A 22.0 or tea |\n| --- |\n", "| Set A 22.0 or tea |\n| --- |\n"),
        Element(1, 1, "figure", "", "![image](/image/placeholder)\n", "![image](/image/placeholder)\n"),
        Element(2, 1, "paragraph", "", "새우", "새우"),
    )

    assert groups(*elements, output_format="markdown") == groups(*elements, output_format="text") == [[0], [2]]
    assert "새우" in list(chunk_elements(document(*elements)))[-1].text


def test_rotated_boxes_become_their_bounding_box() -> None:
    corners = ((0.21, 0.50), (1.039, 0.47), (1.04, 0.60), (0.20, 0.61))
    chunk = next(iter(chunk_elements(document(Element(0, 1, "paragraph", "<p>a</p>", coordinates=corners)))))

    assert json.loads(chunk.metadata["coordinates"]) == [list(point) for point in corners]
    assert [chunk.metadata[key] for key in ("x0", "y0", "x1", "y1")] == [0.20, 0.47, 1.0, 0.61]


def test_pipe_tables_with_tables_in_their_cells_stay_whole() -> None:
    """Merged cells come as HTML tables inside the API's pipe tables, in elements and in whole pages."""
    table = "| 학년 | 과목 |\n| --- | --- |\n| 3 | <table><tr><td>AI 수학</td></tr></table> |\n| 4 | 트랙 | \n"
    one = Element(1, 1, "table", "", table, table)
    page = f"# 인공지능\n\n{table}\n소개한다."

    assert groups(paragraph(0, "a"), one, output_format="markdown", chunk_size=30) == [[0], [1]]
    assert table.strip() in split_text(ChunkOptions(chunk_size=30), page)[0]
    parts = list(chunk_elements(one, output_format="markdown", chunk_size=70, oversized_tables="split_rows"))
    assert len(parts) == 2
    assert all(part.text.startswith("| 학년 | 과목 |\n| --- | --- |\n|") for part in parts)


def test_a_table_emptied_by_the_api_is_no_chunk() -> None:
    """With `merge_multipage_tables` the later parts of a table may come back empty; a picture without text stays."""
    cells = "<tr><td></td><td> </td></tr>" * 20
    empty = element(1, "table", f"<table id='1'><thead></thead><tbody>{cells}</tbody></table>")
    picture = element(2, "figure", '<figure id=\'2\'><img alt="" data-coord="(1,2)" /></figure>')

    assert groups(paragraph(0, "a"), empty, picture) == [[0], [2]]
    assert groups(element(1, "table", "<table id='1'></table>"), paragraph(2, "a")) == [[2]]


def test_the_caption_of_a_table_in_a_cell_is_not_that_of_the_table() -> None:
    inner = "<table><caption>Inner</caption><tr><td>1</td></tr></table>"
    markup = f"<table><caption>Outer</caption><tr><td>{inner}</td></tr><tr><td>2</td></tr></table>"
    (chunk,) = chunk_elements(element(0, "table", markup))
    assert chunk.caption == "Outer"


# --- headings, captions, sections --------------------------------------------------------------------------------


def test_headings_open_chunks_and_travel_together() -> None:
    elements = (
        heading(0, "Report"),
        heading(1, "Part one", sub="h2"),
        paragraph(2, "First."),
        heading(3, "Part two", sub="h2"),
        paragraph(4, "Second."),
        heading(5, "Appendix"),
    )
    chunks = list(chunk_elements(document(*elements)))

    assert [ids(chunk) for chunk in chunks] == [[0, 1, 2], [3, 4], [5]]
    assert [chunk.metadata["headings"] for chunk in chunks] == ["Report > Part one", "Report > Part two", ""]
    assert chunks[1].headings == ("Report", "Part two")
    made = {record.metadata["element_id"]: record.id for record in records(document(*elements))}
    assert [chunk.metadata["section_id"] for chunk in chunks] == [made[1], made[3], ""]


def test_a_heading_is_never_left_behind() -> None:
    """Where its text does not fit, the heading goes to the next chunk with it; a long text is cut to join it."""
    long = " ".join(["word"] * 60)

    assert groups(paragraph(0, "a" * 60), heading(1, "H"), paragraph(2, "b" * 60), chunk_size=150, min_size=140) == [
        [0],
        [1, 2],
    ]
    chunks = list(chunk_elements(document(heading(0, "H"), paragraph(1, long)), chunk_size=150))
    assert ids(chunks[0]) == [0, 1]
    assert all(len(chunk.text) <= 150 for chunk in chunks)


def test_small_sections_share_a_chunk_if_asked() -> None:
    elements = [one for n in range(0, 8, 2) for one in (heading(n, f"Question {n}"), paragraph(n + 1, "Yes."))]

    assert groups(*elements) == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert groups(*elements, min_size=100) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def caption(number: int, text: str, top: float = 0.0) -> Element:
    return element(number, "caption", f"<caption id='{number}'>{text}</caption>", top=top)


@pytest.mark.parametrize(
    ("elements", "wanted"),
    [
        ((heading(0, "H"), caption(1, "Table 1"), element(2, "table", TABLE)), [[0, 1, 2]]),
        ((element(0, "table", TABLE), caption(1, "표 1. 매출"), element(2, "figure", FIGURE)), [[0, 1], [2]]),
        ((element(0, "figure", FIGURE), caption(1, "표 1. 매출"), element(2, "table", TABLE)), [[0], [1, 2]]),
        ((element(0, "table", TABLE), caption(1, "Figure 3"), element(2, "figure", FIGURE)), [[0], [1, 2]]),
        (
            (element(0, "figure", FIGURE), caption(1, "Figure 1"), caption(2, "Table 1"), element(3, "table", TABLE)),
            [[0, 1], [2, 3]],
        ),
        ((element(0, "table", TABLE), caption(1, "One"), caption(2, "하나"), paragraph(3, "Text")), [[0, 1, 2], [3]]),
        ((caption(0, "(1.1)"), paragraph(1, "Text")), [[0, 1]]),
        (
            (element(0, "table", TABLE, top=0.1), caption(1, "Near", 0.16), element(2, "table", TABLE, top=0.5)),
            [[0, 1], [2]],
        ),
        (
            (element(0, "table", TABLE, top=0.1), caption(1, "Near", 0.44), element(2, "table", TABLE, top=0.5)),
            [[0], [1, 2]],
        ),
        (
            (element(0, "table", TABLE), element(1, "caption", "<caption>x</caption>", page=2),
             element(2, "table", TABLE, page=2)),
            [[0], [1, 2]],
        ),
    ],
)  # fmt: skip
def test_a_caption_goes_with_what_it_names(elements: tuple[Element, ...], wanted: list[list[int]]) -> None:
    """By its label, else by the page, else by which is nearer on it."""
    assert groups(*elements) == wanted


def test_captions_of_chunks_are_words() -> None:
    inside = "<table><tr><td>1</td></tr><caption id='5'>Inside</caption></table>"
    chunk = next(iter(chunk_elements(document(caption(0, "Before<br>it"), element(1, "table", inside)))))

    assert chunk.caption == "Before\nit\nInside"


def test_contextualize_puts_headings_and_caption_in_front_once() -> None:
    """What the text begins with is not put there again; a caption that follows the table is."""
    elements = (
        heading(0, "Report"),
        heading(1, "Sales &amp; costs", sub="h2"),
        paragraph(2, "First."),
        element(3, "table", TABLE),
        caption(4, "Table 1. Sales"),
    )
    first, second = chunk_elements(document(*elements))

    assert contextualize(first) == first.text
    assert contextualize(second) == f"Report > Sales & costs\nTable 1. Sales\n{second.text}"
    alone = Record("", "<h2>Part two</h2><p>x</p>", {"headings": "Report > Part two"})
    assert contextualize(alone) == f"Report\n{alone.text}"
    assert contextualize(Record("", "## Part two\n\nx", {"headings": "Report > Part two"})).startswith("Report\n##")
    several = "<h1>2 How</h1>\n<h1>2.1 Sites</h1>\n<table><caption>Our sites</caption><tr><td>a</td></tr></table>"
    chunk = Chunk("", several, {}, ("2.1 Sites",), "Our sites")
    assert contextualize(chunk) == several, "headings of one level follow each other; the last one governs"
    assert contextualize(Chunk("", "## 2 How\n\n## 2.1 Sites\n\nx", {}, ("1 All", "2.1 Sites"))).startswith("1 All\n##")
    assert contextualize(Record("", "plain", {})) == "plain"


@pytest.mark.parametrize("options", [{"path_in_text": True}, {"path_in_text": True, "title_in_path": True}])
def test_contextualize_repeats_no_path_that_stands_in_front(options: dict[str, Any]) -> None:
    """Where the options of the splitter put it there, it is not put there once more."""
    record = Record("", "Words below.", {"headings": "1 Results > 1.1 Noise of R&D", "source": "of/report 1.pdf"})

    (chunk,) = chunk_elements([record], **options)

    assert chunk.text.count("Noise") == 1
    assert contextualize(chunk) == chunk.text


def test_contextualize_takes_documents_and_nodes() -> None:
    from langchain_core.documents import Document
    from llama_index.core.schema import TextNode

    metadata = {"headings": "3 Results > 3.1 Noise", "caption": "Table 2. Noise by site"}
    wanted = "3 Results > 3.1 Noise\nTable 2. Noise by site\nIt was loud."

    assert contextualize(Document("It was loud.", metadata=metadata)) == wanted
    assert contextualize(TextNode(text="It was loud.", metadata=metadata)) == wanted
    assert contextualize(Document("It was loud.", metadata={"headings": ["3 Results"], "caption": None})) == (
        "3 Results\nIt was loud."
    )
    with pytest.raises(ConfigError, match="not str"):
        contextualize("It was loud.")  # type: ignore[arg-type]


def test_a_long_path_in_front_of_a_chunk_is_shortened_from_its_middle() -> None:
    headings = ("Report of the year", *(f"{number}. A long name of a section" for number in range(4)), "Costs")
    chunk = Chunk("", "It was loud.", {}, headings)

    assert contextualize(chunk, longest_path=110).split("\n")[0] == (
        "Report of the year > 0. A long name of a section > … > 3. A long name of a section > Costs"
    )
    assert contextualize(chunk, longest_path=40).split("\n")[0] == "Report of the year > … > Costs"
    assert contextualize(chunk, longest_path=10).split("\n")[0] == "… > Costs"
    assert contextualize(chunk, longest_path=4) == "It was loud."


# --- long texts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size", "wanted"),
    [
        ("One is here. Two is there! Is three? Yes.", 22, ["One is here.", "Two is there!", "Is three? Yes."]),
        ("매출은 늘었다. 비용은 줄었다. 좋았다.", 8, ["매출은 늘었다.", "비용은 줄었다.", "좋았다."]),
        ("매출은 증가하였다.비용은 감소하였다.", 12, ["매출은 증가하였다.", "비용은 감소하였다."]),
        ("本年度收入增加。成本下降了！结果如何？很好。", 9, ["本年度收入增加。", "成本下降了！", "结果如何？很好。"]),
        ("売上高は増加した。費用は減少した。", 10, ["売上高は増加した。", "費用は減少した。"]),
        ("Dr. Kim said, e.g. in Fig. 3 of it. So be it.", 39, ["Dr. Kim said, e.g. in Fig. 3 of it.", "So be it."]),
        ("Sold well. Then it fell, as the mill on the river stood.", 48,
         ["Sold well.", "Then it fell, as the mill on the river stood."]),
        ("When it had rained for a week, the mill stood idle all day", 50,
         ["When it had rained for a week,", "the mill stood idle all day"]),
        ("first line\nsecond line\nthird line", 24, ["first line\nsecond line", "third line"]),
        ("abcdefghij" * 3, 10, ["abcdefghij"] * 3),
        ("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 11, ["👩‍👩‍👧👩‍👩‍👧", "👩‍👩‍👧"]),
        ("e\u0301e\u0301e\u0301", 3, ["e\u0301", "e\u0301", "e\u0301"]),
        ("a&amp;b&amp;c", 6, ["a&amp;", "b&amp;", "c"]),
        ("x $$a b c d$$ y", 6, ["x", "$$a b c d$$", "y"]),
        ("한국어문장에는띄어쓰기가없을수도있다", 6, ["한국어문장에", "는띄어쓰기가", "없을수도있다"]),
    ],
)  # fmt: skip
def test_a_long_text_is_cut_where_it_reads_best(text: str, size: int, wanted: list[str]) -> None:
    """Lines, sentences of four languages, words, then characters as a reader sees them."""
    one = Element(0, 1, "paragraph", "", text, text)

    assert [chunk.text for chunk in chunk_elements(document(one), output_format="text", chunk_size=size)] == wanted


def test_a_tag_behind_an_overlap_is_not_passed_over() -> None:
    """Between the words that are repeated and those that follow stays what stood there: a span is a run of its text."""
    text = "<p>ab ab <b> z</p>"

    for size in range(9, 18):
        for chunk in chunk_elements(document(Element(0, 1, "paragraph", text)), chunk_size=size, chunk_overlap=4):
            assert chunk.text in text


def test_overlap_repeats_the_end_of_a_cut_text() -> None:
    """Whole words, at most so many, from the text before; never from a table or into a new section."""
    text = " ".join(f"Sentence number {n} is here." for n in range(12))
    elements = (
        Element(0, 1, "paragraph", "", text, text),
        Element(1, 1, "table", "", "| a |\n| --- |\n", "| a |\n| --- |\n"),
        Element(2, 1, "paragraph", "", "after", "after"),
        Element(3, 1, "heading1", "", "# Next", "Next"),
    )

    chunks = list(chunk_elements(document(*elements), chunk_size=100, chunk_overlap=30, output_format="text"))

    cut = [chunk.text for chunk in chunks if ids(chunk) == [0]]
    assert len(cut) > 3
    for before, after in pairwise(cut):
        repeated = next(n for n in range(30, 0, -1) if before.endswith(after[:n]))
        assert repeated >= 10
        assert after.startswith("Sentence"), "an overlap begins with a sentence where it can"
    assert [chunk.text for chunk in chunks[-3:]] == ["| a |\n| --- |", "after", "Next"]


def test_no_text_is_taken_for_an_overlap_that_a_table_took() -> None:
    """The end of a cut text that announces a table goes with it; what follows the table is no repetition."""
    announcing = (
        "The following table sets out what each of the mills along the river made in the year that ended on the last "
        "day of December, as its owners reported it to the county:"
    )
    elements = (
        Element(0, 1, "paragraph", f"<p>{announcing}</p>"),
        Element(1, 1, "table", TABLE),
        Element(2, 1, "paragraph", "<p>A text of its own between the two.</p>"),
        Element(3, 1, "caption", "<p>Table 2: Ships</p>"),
        Element(4, 1, "table", TABLE),
    )

    chunks = list(chunk_elements(elements, chunk_size=150, chunk_overlap=40))

    assert [ids(chunk) for chunk in chunks] == [[0], [0, 1], [2], [3, 4]]


def test_sizes_count_everything_in_the_text() -> None:
    """With tokens, whose number is not the sum of the parts', what would be too large is measured and split."""

    def tokens(text: str) -> int:
        return len(text) // 4 + text.count("\n") * 3

    elements = [Element(n, 1, "paragraph", "", "word " * 3, "word " * 3) for n in range(40)]
    chunks = list(chunk_elements(document(*elements), chunk_size=20, length_function=tokens, output_format="text"))

    assert max(tokens(chunk.text) for chunk in chunks) <= 20
    assert [number for chunk in chunks for number in ids(chunk)] == list(range(40))
    assert len(chunks) < 25


# --- bad options and length functions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chunk_size": 0}, "chunk_size=0 must be a whole number, 1 or more"),
        ({"chunk_size": True}, "chunk_size=True"),
        ({"chunk_size": 10.5}, "chunk_size=10.5"),
        ({"chunk_overlap": -1}, "chunk_overlap=-1"),
        ({"chunk_size": 10, "chunk_overlap": 10}, "chunk_overlap=10 must be smaller than chunk_size=10"),
        ({"chunk_size": 10, "min_size": 11}, "min_size=11 must not be larger"),
        ({"length_function": "len"}, "length_function='len' must be callable"),
        ({"oversized_tables": "cut"}, "choose one of 'keep', 'split_rows'"),
        ({"output_format": "json"}, "choose one of 'html', 'markdown', 'text'"),
        ({"merge_continued_tables": 1}, "merge_continued_tables=1 must be True or False"),
        ({"exclude_categories": ("heading1", "foter")}, "'foter' is not a layout category"),
        ({"exclude_categories": 3}, "must be a list of category names"),
    ],
)
def test_options_that_cannot_be_are_refused_at_once(options: dict[str, Any], message: str) -> None:
    """Before anything is read: the message names the option."""
    with pytest.raises(ConfigError, match=re.escape(message)):
        chunk_elements([], **options)


def test_options_take_single_names_and_deeper_headings() -> None:
    assert ChunkOptions(exclude_categories="footer").exclude_categories == ("footer",)
    assert ChunkOptions(exclude_categories=["heading3", "header"]).exclude_categories == ("header", "heading3")


@pytest.mark.parametrize("answer", [-1, 2.5, None, "3", True])
def test_a_length_that_is_none_is_an_error(answer: object) -> None:
    with pytest.raises(ConfigError, match=r"length_function answered"):
        list(chunk_elements(document(paragraph(0, "a")), length_function=lambda _: answer))  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    "lie",
    [
        lambda text: 0,
        lambda text: 10**9,
        lambda text: len(text) % 7,
        lambda text: -len(text) % 1000,
        lambda text: hash(text) % 200,
        lambda text: 1000 - min(len(text), 1000),
        lambda text: len(text) ** 2,
    ],
)
def test_a_length_function_that_lies_ends_and_loses_nothing(lie: Callable[[str], int]) -> None:
    """Whatever it answers, there is an end, and every word is there once."""
    text = " ".join(f"word{n}" for n in range(300))
    table = f"<table>{''.join(f'<tr><td>cell{n}</td><td>b</td></tr>' for n in range(50))}</table>"
    given = document(heading(0, "H"), paragraph(1, text), element(2, "table", table), paragraph(3, text))

    chunks = list(chunk_elements(given, chunk_size=100, length_function=lie, oversized_tables="split_rows"))

    found = re.sub(r"<[^<>]*>", " ", " ".join(chunk.text for chunk in chunks if 2 not in ids(chunk)))
    assert "".join(found.split()) == "".join(f"H{text}{text}".split())
    cells = re.findall(r"cell\d+", " ".join(chunk.text for chunk in chunks if 2 in ids(chunk)))
    assert [cell for cell in cells if cell != "cell0"] == [f"cell{n}" for n in range(1, 50)]


def test_spans_are_carried_whatever_a_cell_measures() -> None:
    """A measure that finds nothing in markup alone must not take an empty cell over several rows for none."""
    rows = "".join(f"<tr><td>word{n}</td></tr>" for n in range(1, 9))
    text = f'<table><tr><td>A</td><td>B</td></tr><tr><td rowspan="9"></td><td>word0</td></tr>{rows}</table>'

    parts = list(
        chunk_elements(
            element(0, "table", text),
            chunk_size=4,
            oversized_tables="split_rows",
            length_function=lambda one: len(re.sub(r"<[^<>]*>", " ", one).split()),
        )
    )

    assert len(parts) > 3
    grids = [invariants.grid(part.text) for part in parts]
    assert [row for one in grids for row in one[1:]] == invariants.grid(text)[1:]


@pytest.mark.parametrize("given", [None, 3, object(), ["<p>text</p>"], "<p>text</p>", {"text": 1}])
def test_what_is_no_element_is_refused(given: Any) -> None:
    """With the same clear error, whether it is no iterable or one of something else."""
    with pytest.raises(ConfigError, match=r"A \w+ cannot be chunked; give a ParsedDocument, its elements, or records"):
        list(chunk_elements(given))


# --- what is chunked ----------------------------------------------------------------------------------------------

SAMPLE = document(
    heading(0, "Report"),
    paragraph(1, "Sales rose. " * 12),
    element(2, "header", "<header id='2'>Running title</header>", page=2),
    element(3, "table", TABLE.replace("'9'", "'3'"), page=2),
    element(4, "caption", "<caption id='4'>Table 1</caption>", page=2),
    element(5, "heading1", "<h2 id='5'>Outlook</h2>", page=2, sub="h2"),
    paragraph(6, "It will go on. " * 20, page=3),
)


def with_answer(given: ParsedDocument) -> ParsedDocument:
    """The same document, decoded from a body, so that its JSON can be had."""
    elements = [
        {
            "id": one.id,
            "page": one.page,
            "category": one.category,
            "sub_category": one.sub_category,
            "content": {"html": one.html, "markdown": one.markdown, "text": one.text},
            "coordinates": [{"x": x, "y": y} for x, y in one.coordinates],
        }
        for one in given.elements
    ]
    body = {"api": "2.0", "model": given.model, "elements": elements, "usage": {"pages": given.total_pages}}
    return decode_document(json.dumps(body).encode(), source=given.source, file_sha256=given.file_sha256)


@pytest.mark.parametrize("split", ["element", "page", "none"])
def test_json_records_are_elements_again(split: Any) -> None:
    """The lossless format of the reader gives the chunks of the document itself, with one record or many."""
    given = with_answer(SAMPLE)
    made = list(records(given, RecordOptions(split=split, output_format="json")))

    assert list(chunk_elements(made, chunk_size=200)) == list(chunk_elements(given, chunk_size=200))


def test_element_records_give_the_chunks_of_the_document() -> None:
    assert list(chunk_elements(records(SAMPLE), chunk_size=200)) == list(chunk_elements(SAMPLE, chunk_size=200))


def test_nested_metadata_is_understood() -> None:
    """What `langchain-upstage` emits has neither file nor headings: headings are read from the elements themselves."""
    nested = list(records(SAMPLE, RecordOptions(metadata_format="nested")))
    chunks, wanted = list(chunk_elements(nested)), list(chunk_elements(SAMPLE))

    assert [chunk.text for chunk in chunks] == [chunk.text for chunk in wanted]
    same = [
        key for key in wanted[0].metadata if key not in {"source", "file_sha256", "record_id", "section_id", "model"}
    ]
    for chunk, other in zip(chunks, wanted, strict=True):
        assert list(chunk.metadata) == list(other.metadata)
        for key in same[:-3]:
            if key not in {"total_pages", "sub_category", "headings"}:
                assert chunk.metadata[key] == other.metadata[key], key
    twice = list(chunk_elements([*nested, *nested]))
    assert [chunk.text for chunk in twice] == [chunk.text for chunk in wanted] * 2, (
        "pages that go back are another file"
    )


@pytest.mark.parametrize(
    "naming",
    [
        lambda name: {"file_name": name},
        lambda name: {"file_path": name},
        lambda name: {"url": f"https://example.org/{name}"},
        lambda name: {"metadata": {"source": name}},
        lambda name: {"dl_meta": {"origin": {"filename": name}}},
    ],
)
@pytest.mark.parametrize("metadata_format", ["nested", "flat"])
def test_files_that_others_name_share_no_chunk(
    naming: Callable[[str], dict[str, Any]], metadata_format: Literal["nested", "flat"]
) -> None:
    """Their pages and elements go on from each other, as where a filter left out the first of the second file."""
    nameless = ParsedDocument("", "", "m", (paragraph(0, "One."), paragraph(1, "Two."), paragraph(2, "Three.")))
    made = list(records(nameless, RecordOptions(metadata_format=metadata_format)))
    named = [
        Record(one.id, one.text, {**one.metadata, **naming(name)})
        for one, name in zip(made, ("mill.pdf", "mill.pdf", "wharf.pdf"), strict=True)
    ]

    assert ["Three" in chunk.text for chunk in chunk_elements(named)] == [False, True]
    assert len(list(chunk_elements(made))) == 1


def _in_all_formats(one: Element, table: str) -> Element:
    text = f"text {one.id} " * 9
    markdown = table if one.category == "table" else text
    return Element(one.id, one.page, one.category, one.html, markdown, text, one.coordinates, one.sub_category)


@pytest.mark.parametrize("form", ["html", "markdown", "text"])
@pytest.mark.parametrize("split", ["page", "none"])
def test_pages_and_whole_documents_are_chunked(split: Any, form: Any) -> None:
    """Tables stay whole, running headers are left out, and in HTML every span names its element."""
    table = "| Year | Sales |\n| --- | --- |\n| 2025 | 12 |\n"
    given = document(*(_in_all_formats(one, table) for one in SAMPLE.elements))

    chunks = list(chunk_elements(records(given, RecordOptions(split=split, output_format=form)), chunk_size=150))

    text = "\n".join(chunk.text for chunk in chunks)
    assert all(list(chunk.metadata) == list(METADATA_KEYS) for chunk in chunks)
    if form == "html":
        assert {number for chunk in chunks for number in ids(chunk)} == {0, 1, 3, 4, 5, 6}
        assert sum(TABLE.replace("'9'", "'3'") in chunk.text for chunk in chunks) == 1
        assert "Running title" not in text
        assert chunks[-1].metadata["headings"] == "Report > Outlook"
    elif form == "markdown":
        assert sum(table.strip() in chunk.text for chunk in chunks) == 1
    assert {chunk.metadata["page_end"] for chunk in chunks} == ({1, 2, 3} if split == "page" else {0})


FOREIGN_HTML = (
    "<html><head><title>Sales</title></head><body><header>Welcome</header><h1>Results</h1><div><p>They rose.</p>"
    f"{TABLE.replace('<table', '<TABLE').replace('</table', '</TABLE')}</div>"
    "<h2>Costs</h2><ul><li>less</li><li>least</li></ul>"
    "<figure><img src='a.png' alt='plan'><figcaption>A plan</figcaption></figure></body></html>"
)


def test_html_of_other_loaders_is_chunked() -> None:
    """No table is cut, no word lost, headings govern, and their metadata goes along as scalars."""
    foreign = Record(
        "", FOREIGN_HTML, {"source": "a.html", "page": 0, "title": "Sales", "links": ["x"], "when": None, "score": 0.5}
    )
    chunks = list(chunk_elements([foreign]))

    assert [chunk.text for chunk in chunks] == [
        "<title>Sales</title>\n<header>Welcome</header>",
        "<h1>Results</h1>\n<p>They rose.</p>",
        TABLE.replace("<table", "<TABLE").replace("</table", "</TABLE"),
        "<h2>Costs</h2><ul><li>less</li><li>least</li></ul>",
        "<figure><img src='a.png' alt='plan'><figcaption>A plan</figcaption></figure>",
    ]
    assert [chunk.metadata["headings"] for chunk in chunks] == [
        "",
        "Results",
        "Results",
        "Results > Costs",
        "Results > Costs",
    ]
    assert [chunk.metadata["category"] for chunk in chunks] == ["paragraph", "mixed", "table", "mixed", "figure"]
    for chunk in chunks:
        assert list(chunk.metadata)[-3:] == ["title", "links", "score"]
        assert (chunk.metadata["title"], chunk.metadata["links"], chunk.metadata["score"]) == ("Sales", '["x"]', 0.5)
        assert (chunk.metadata["source"], chunk.metadata["page"]) == ("a.html", 0)
    assert len({chunk.id for chunk in chunks}) == len(chunks)


def test_markdown_of_other_loaders_is_chunked() -> None:
    """Pipe tables stay whole, code is no heading, headings govern."""
    table = "| a | b |\n|:--|--:|\n| 1 | 2 |\n| 3 | 4 |"
    code = "```\n# no heading\n| x |\n```"
    text = f"# One\n\nWords.\n\n{table}\n\n## Two\nMore words\nin lines.\n\n{code}\n\n![plan](a.png)\n"
    chunks = list(chunk_elements([Record("", text, {})]))

    assert [chunk.text for chunk in chunks] == [
        "# One\n\nWords.",
        table,
        "## Two\nMore words\nin lines.\n\n```\n# no heading\n| x |\n```",
        "![plan](a.png)",
    ]
    assert [chunk.metadata["headings"] for chunk in chunks] == ["One", "One", "One > Two", "One > Two"]
    assert split_text(ChunkOptions(chunk_size=12), table) == [table]
    assert split_text(ChunkOptions(chunk_size=35, oversized_tables="split_rows"), table) == [
        "| a | b |\n|:--|--:|\n| 1 | 2 |",
        "| a | b |\n|:--|--:|\n| 3 | 4 |",
    ]


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"category": None},
        {"category": ["table"]},
        {"category": "Title", "element_id": "5f2d", "page": "3", "coordinates": {"points": ((1, 2),)}},
        {"category": "paragraph", "id": "x", "coordinates": "nonsense", "headings": 7, "page": float("nan")},
        {"spans": "[[1,2"},
        {"spans": "[[0,1,0,999,0,0,0,0]]"},
        {"spans": [[1]]},
        {"category": "document", "file_sha256": None, "total_pages": "many"},
        dict.fromkeys(METADATA_KEYS, None),
    ],
)
def test_metadata_of_any_make_is_no_error(metadata: dict[str, Any]) -> None:
    """The text is chunked all the same, and the chunk's metadata has our keys with our types."""
    (chunk,) = chunk_elements([Record("", "Some words.", metadata)])

    assert chunk.text == "Some words."
    for key, kind in METADATA_KEYS.items():
        assert type(chunk.metadata[key]) is kind, key


def test_a_heading_with_no_room_for_its_end_tag_goes_with_its_table() -> None:
    """What is cut off is the tag; the heading is still the one directly before."""
    elements = (element(0, "heading1", "<h1 id='0'>매출현황</h1>"), element(1, "table", TABLE))

    for size in range(len("<h1 id='0'>매출현황"), 30):
        (chunk,) = chunk_elements(document(*elements), chunk_size=size)
        assert ids(chunk) == [0, 1]


def test_the_end_tags_of_a_heading_follow_it_and_its_words_are_cut() -> None:
    """However many there are; a picture with a text is a word of it."""
    markup = "<h1 id='0'><b>매출</b><i> 현황</i> &amp; <img alt='계획'></b></h1>"

    for size in range(12, 60):
        chunks = list(
            chunk_elements(document(element(0, "heading1", markup), element(1, "table", TABLE)), chunk_size=size)
        )
        assert ids(chunks[-1]) == [0, 1]
        assert invariants.TAG.sub("", "".join(chunk.text for chunk in chunks[:-1])).strip() or len(chunks) == 1
        assert "계획" in chunks[-1].text


def test_ids_differ_where_those_of_elements_repeat() -> None:
    """Answers that were joined by hand number their elements anew; a store refuses two chunks with one id."""
    page = "<p id='0'>Text.</p><figure><img id='1' alt=\"logo\" /></figure>"
    whole = [chunk.id for chunk in chunk_elements(Record("a.html", page * 3, {}))]
    pages = [
        Record("", page, {"category": "page", "file_sha256": "ab", "source": "a.pdf", "page": number})
        for number in (1, 2, 3)
    ]
    paged = [chunk.id for chunk in chunk_elements(pages)]

    assert len(set(whole)) == len(whole) == len(set(paged)) == len(paged) == 6
    assert whole == [chunk.id for chunk in chunk_elements(Record("a.html", page * 3, {}))]


def test_metadata_of_a_loader_with_hashes_for_ids_is_kept() -> None:
    """Others, too, write a category and an element_id."""
    theirs = {"source": "a.html", "category": "NarrativeText", "element_id": "5f2b", "filename": "a.html", "mine": "1"}

    (chunk,) = chunk_elements([Record("", "<p>hello</p>", dict(theirs))])

    assert {key: chunk.metadata[key] for key in ("source", "filename", "mine")} == {
        "source": "a.html",
        "filename": "a.html",
        "mine": "1",
    }


DOCLING = {"dl_meta": {"doc_items": [{"label": "table"}, {"label": "table"}], "headings": ["Sales"]}}


@pytest.mark.parametrize(
    "metadata",
    [
        {"category": "Table", "text_as_html": TABLE},
        {"category": "Table", "element_id": "5f2b", "text_as_html": TABLE, "page_number": 3},
        {"category": "TableChunk", "id": "5f2b"},
        DOCLING,
        {"doc_items": [{"label": "table", "prov": []}]},
    ],
)
@pytest.mark.parametrize("oversized_tables", ["keep", "split_rows"])
def test_what_others_call_a_table_is_kept_whole(metadata: dict[str, Any], oversized_tables: Any) -> None:
    """unstructured and docling give a table's words as plain text, without any markup to know it by."""
    options = {"chunk_size": 40, "oversized_tables": oversized_tables}
    record = Record("", "Year Sales " + "2025 12 " * 40, metadata)

    (chunk,) = chunk_elements([record], **options)

    assert chunk.text == record.text.strip()
    assert (chunk.metadata["category"], chunk.oversize) == ("table", True)
    assert chunk.metadata.get("text_as_html") == metadata.get("text_as_html")
    assert list(chunk_elements([chunk], **options)) == [chunk]
    assert not list(chunk_elements([record], **options, exclude_categories=("table",)))
    assert len(list(chunk_elements([Record("", record.text, {"doc_items": [{"label": "text"}]})], **options))) > 1


def test_code_below_a_table_is_no_note_because_the_table_holds_its_first_sign() -> None:
    table = element(0, "table", "<table><tr><td>Page</td></tr><tr><td>index#top</td></tr></table>")
    code = element(1, "code", "<pre><code># moor</code></pre>")

    assert groups(table, code) == [[0], [1]]


def test_the_words_of_a_chart_are_no_rows_because_one_has_a_bar() -> None:
    """Its lines repeat no first line as a header; a chart that comes as a pipe table has rows."""
    said = "Chart Title: Calls by ship | by quay\nX-Axis: Month\nY-Axis: Calls\nChart Type: line"
    table = "| Month | Calls |\n| --- | --- |\n" + "".join(f"| {month} | 12 |\n" for month in range(1, 9))
    options: Any = {"chunk_size": 60, "oversized_tables": "split_rows", "output_format": "markdown"}

    (chunk,) = chunk_elements([Element(0, 1, "chart", f"<figure>{TABLE}</figure>", said, said)], **options)
    parts = list(chunk_elements([Element(0, 1, "chart", f"<figure>{TABLE}</figure>", table, table)], **options))

    assert chunk.text == said
    assert len(parts) > 1


def test_the_chunks_of_a_document_come_before_an_iterator_is_asked_for_the_next() -> None:
    """All but the last chunk, that is: the next document may go on in it."""
    asked = []

    def documents() -> Iterator[ParsedDocument]:
        for number in range(3):
            asked.append(number)
            yield document(*[paragraph(one, "x" * 90) for one in range(4)], source=f"{number}.pdf")

    chunks = chunk_elements(documents(), chunk_size=150)

    assert [(next(chunks).metadata["source"], len(asked)) for _ in range(4)] == [
        *[("0.pdf", 1)] * 3, ("0.pdf", 2)
    ]  # fmt: skip


@pytest.mark.parametrize("make", [list, iter])
@pytest.mark.parametrize("failing", ["item", "size"])
def test_complete_chunks_come_before_the_error_of_what_cannot_be_read(make: Callable[..., Any], failing: str) -> None:
    def size(text: str) -> int:
        return len(text) if "4" not in text else -1

    items: list[Any] = [paragraph(number, f"{number} " * 20) for number in range(4)]
    items += [paragraph(4, "4 " * 20)] if failing == "size" else [5]
    chunks = chunk_elements(make(items), chunk_size=100, length_function=size if failing == "size" else len)

    for number in range(3):
        assert str(number) in next(chunks).text
    with pytest.raises(ConfigError):
        list(chunks)


def test_a_table_is_a_table_in_a_text_of_another_category() -> None:
    """In an element of another loader, or in a paragraph: its chunk can be filtered by its category."""
    theirs = {"category": "NarrativeText", "element_id": "5f2b"}
    ours = next(iter(records(document(paragraph(1, "")))))

    for record in (
        Record("", f"<p>before</p>{TABLE}<p>after</p>", theirs),
        Record("", "before\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nafter", ours.metadata),
    ):
        chunks = list(chunk_elements([record]))
        assert [chunk.metadata["category"] for chunk in chunks] == [
            record.metadata["category"], "table", record.metadata["category"]
        ]  # fmt: skip
        assert list(chunk_elements(chunks)) == chunks


@pytest.mark.parametrize("markup", [TABLE, "\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n"])
def test_a_table_that_is_left_out_is_left_out_of_any_element(markup: str) -> None:
    """Else it would be left out when its chunk is split once more."""
    without = {"exclude_categories": ("table",)}
    given = document(paragraph(0, "Before."), Element(1, 1, "list", f"Costs:{markup}more"))

    chunks = list(chunk_elements(given, **without))  # type: ignore[arg-type]

    assert [chunk.text for chunk in chunks] == [f"{given.elements[0].html}\n\nCosts:\nmore"]
    assert list(chunk_elements(chunks, **without)) == chunks  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["markdown", "text"])
def test_records_and_elements_are_joined_alike(form: Any) -> None:
    given = document(*(Element(n, 1, "paragraph", "", f"words {n}", f"words {n}") for n in range(3)))

    (chunk,) = chunk_elements(records(given, RecordOptions(output_format=form)))

    assert chunk.text == "words 0\n\nwords 1\n\nwords 2"
    assert [one.text for one in chunk_elements(given, output_format=form)] == [chunk.text]


def test_foreign_documents_do_not_share_chunks() -> None:
    """Two pages of a PDF loader stay two; the same page twice gets two ids."""
    pages = [Record("", "Same words.", {"source": "a.pdf", "page": page}) for page in (1, 2, 2)]
    chunks = list(chunk_elements(pages))

    assert [chunk.metadata["page"] for chunk in chunks] == [1, 2, 2]
    assert len({chunk.id for chunk in chunks}) == 3
    assert [chunk.id for chunk in chunk_elements(pages)] == [chunk.id for chunk in chunks]


def test_further_metadata_goes_along_and_every_chunk_has_the_same_keys() -> None:
    """A tenant that the user added is every chunk's; of what only one element has, none is lost by merging."""
    made = list(records(SAMPLE))
    for record in made:
        record.metadata |= {"tenant": "acme", "note": f"note {record.metadata['element_id']}", "rank": 7}
    chunks = list(chunk_elements(made))

    assert {tuple(chunk.metadata) for chunk in chunks} == {(*METADATA_KEYS, "tenant", "note", "rank")}
    assert all((chunk.metadata["tenant"], chunk.metadata["rank"]) == ("acme", 7) for chunk in chunks)
    for chunk in chunks:
        assert chunk.metadata["note"].splitlines() == [f"note {number}" for number in ids(chunk)]


@pytest.mark.parametrize("size", [2000, 100])
def test_what_is_added_to_a_chunk_is_a_scalar_of_its_children_too(size: int) -> None:
    """Whether it has to be cut or not; and nothing is shared that could be changed."""
    (parent,) = chunk_elements(document(paragraph(1, "words " * 60)))
    parent.metadata |= {"tags": ["one"], "when": None, "tenant": "acme"}

    for record in (parent, Record(parent.id, parent.text, parent.metadata)):
        children = list(chunk_elements(record, chunk_size=size))
        assert (len(children) > 1) is (size == 100)
        for child in children:
            added = {key: value for key, value in child.metadata.items() if key not in METADATA_KEYS}
            assert added == {"tags": '["one"]', "tenant": "acme"}
            assert child.metadata is not parent.metadata


def test_elements_by_themselves_are_chunked() -> None:
    """As `Client.iter_elements` gives them, with no document around: all but the file's own words is the same."""
    chunks, wanted = list(chunk_elements(SAMPLE.elements)), list(chunk_elements(SAMPLE))

    assert [chunk.text for chunk in chunks] == [chunk.text for chunk in wanted]
    assert [chunk.metadata["spans"] for chunk in chunks] == [chunk.metadata["spans"] for chunk in wanted]


# --- split once more ----------------------------------------------------------------------------------------------


def test_children_know_their_own_place() -> None:
    """Parents of 2,000 split into children of 400, one call per parent: spans, pages and boxes are the child's own."""
    elements = [heading(0, "Report")]
    elements += [paragraph(n, f"This is sentence {n}. " * 15, page=1 + n // 4) for n in range(1, 12)]
    given = document(*elements, element(12, "table", TABLE, page=3))

    parents = list(chunk_elements(given, chunk_size=2000))
    children = [child for parent in parents for child in chunk_elements([parent], chunk_size=400)]

    assert len(parents) < len(children)
    assert len({child.id for child in children}) == len(children)
    by_id = {one.id: one for one in given.elements}
    for child in children:
        for number, page, start, end, *box in json.loads(child.metadata["spans"]):
            assert child.text[start:end] in by_id[number].html
            assert (page, tuple(box)) == (by_id[number].page, by_id[number].box)
        first = by_id[ids(child)[0]]
        assert (child.metadata["page"], child.metadata["element_id"]) == (first.page, first.id)
        assert (child.metadata["x0"], child.metadata["y0"]) == first.box[:2]
        assert child.metadata["headings"] == "Report"
        assert child.metadata["source"] == "report.pdf"
    assert sum(TABLE in child.text for child in children) == 1


def test_children_of_a_table_are_its_rows_if_asked() -> None:
    rows = "".join(f"<tr><td>{n}</td><td>words</td></tr>" for n in range(30))
    given = document(heading(0, "H"), caption(1, "Table 1"), element(2, "table", f"<table>{rows}</table>"))
    (parent,) = chunk_elements(given)

    children = list(chunk_elements([parent], chunk_size=300, oversized_tables="split_rows"))

    assert len(children) > 3
    assert ids(children[0]) == [0, 1, 2]
    assert all(ids(child) == [1, 2] and child.text.startswith("<caption") for child in children[1:])
    assert list(chunk_elements([parent], chunk_size=300)) == [parent]


def test_tables_that_go_on_are_joined_if_asked() -> None:
    """Over a page break with only running headers and footers between; each row keeps the page it was on."""
    head = "<tr><td>Year</td><td>Sales</td></tr>"
    first = f"<table id='1'><thead>{head}</thead><tbody><tr><td>2024</td><td>10</td></tr></tbody></table>"
    second = "<table id='4'><tbody><tr><td>2025</td><td>12</td></tr><tr><td>2026</td><td>14</td></tr></tbody></table>"
    elements = (
        heading(0, "Sales"),
        element(1, "table", first),
        element(2, "footer", "<footer id='2'>1</footer>"),
        element(3, "header", "<header id='3'>Report</header>", page=2),
        element(4, "table", second, page=2),
        paragraph(5, "Text.", page=2),
    )

    assert groups(*elements) == [[0, 1], [4], [5]]
    joined, _ = chunk_elements(document(*elements), merge_continued_tables=True)
    assert ids(joined) == [0, 1, 4, 1]
    assert (joined.metadata["page"], joined.metadata["page_end"]) == (1, 2)
    spans = {span[0]: joined.text[span[2] : span[3]] for span in json.loads(joined.metadata["spans"])[:3]}
    assert spans[4] == "<tr><td>2025</td><td>12</td></tr><tr><td>2026</td><td>14</td></tr>"
    assert invariants.grid(joined.text) == [["Year", "Sales"], ["2024", "10"], ["2025", "12"], ["2026", "14"]]
    third = element(6, "table", second.replace("202", "203").replace("id='4'", "id='6'"), page=3)
    over_three = next(chunk_elements(document(*elements[:5], third), merge_continued_tables=True))
    assert ids(over_three) == [0, 1, 4, 6, 1]
    assert over_three.metadata["page_end"] == 3
    parts = list(
        chunk_elements(document(*elements), merge_continued_tables=True, oversized_tables="split_rows", chunk_size=150)
    )
    assert len(parts) == 4
    assert {number for part in parts[:3] for number in ids(part)} == {0, 1, 4}
    apart = (*elements[:4], paragraph(9, "Between.", page=2), *elements[4:])
    assert groups(*apart, merge_continued_tables=True) == [[0, 1], [9], [4], [5]]


@pytest.mark.parametrize(
    ("above", "repeated"),
    [
        (("Table 1. Calls",), ("Table 1. Calls (continued)",)),
        (("표 1. 입항", "(단위: 척)"), ("표 1. 입항 <계속>", "(단위: 척)")),
        (("Table 1. Calls",), ("Table 1. Calls",)),
    ],
)
def test_tables_that_go_on_are_joined_over_the_caption_that_the_next_page_repeats(
    above: tuple[str, ...], repeated: tuple[str, ...]
) -> None:
    """All that was repeated stands below the rows; another caption is that of another table."""

    def over_pages(*lines: str) -> list[Element]:
        rows = [
            f"<table><tr><td>Quay</td><td>Calls</td></tr><tr><td>Q{n}</td><td>{n}</td></tr></table>" for n in (1, 2)
        ]
        first = [*map(paragraph, range(len(above)), above), element(5, "table", rows[0])]
        return [
            *first,
            *(paragraph(6 + n, words, page=2) for n, words in enumerate(lines)),
            element(9, "table", rows[1], page=2),
        ]

    (joined,) = chunk_elements(document(*over_pages(*repeated)), merge_continued_tables=True)
    parts = list(
        chunk_elements(
            document(*over_pages(*repeated)), merge_continued_tables=True, oversized_tables="split_rows", chunk_size=160
        )
    )
    other = list(chunk_elements(document(*over_pages("Table 2. Berths")), merge_continued_tables=True))

    assert invariants.grid(joined.text) == [["Quay", "Calls"], ["Q1", "1"], ["Q2", "2"]]
    assert {5, 6, 9} <= set(ids(joined))
    assert all(above[0] in part.text for part in parts)
    assert [one.metadata["page"] for one in other] == [1, 2]


# --- the real answers, golden chunks ---------------------------------------------------------------------------------

REAL: tuple[dict[str, Any], ...] = (
    {},
    {"chunk_size": 300, "oversized_tables": "split_rows", "output_format": "html"},
    {"chunk_size": 150, "chunk_overlap": 30, "output_format": "text"},
    {"chunk_size": 120, "length_function": lambda text: (len(text.encode()) + 2) // 3, "output_format": "markdown"},
    {"chunk_size": 500, "min_size": 200, "exclude_categories": ()},
)


@pytest.mark.parametrize("options", REAL, ids=lambda options: ",".join(map(str, options)) or "default")
@pytest.mark.parametrize("invariant", invariants.INVARIANTS, ids=lambda invariant: invariant.__name__)
def test_the_real_answers_keep_every_invariant(
    shared_folder: Path, invariant: invariants.Invariant, options: dict[str, Any]
) -> None:
    for file in sorted((shared_folder / "upstage" / "responses").glob("dp_*.json")):
        given = decode_document(file.read_bytes(), source=file.name, file_sha256="ab" * 32)
        invariant(lambda one, chosen: chunk_with(chosen, one), given, ChunkOptions(**options))


@pytest.mark.parametrize(
    "text",
    [
        "<table><tr><td>" * 3000 + "x" + "</td></tr></table>" * 3000,
        "<table><tr><td>" * 3000 + "x",
        f"<table><tr><td>A<td>{'<b>' * 3000}{'word ' * 300}</table>",
        f"<table><tr><td>A</td></tr><tr><td>{'<div>' * 3000}x{'<tr><td>b</td></tr>' * 50}</table>",
    ],
    ids=["nested", "unclosed", "inline", "blocks"],
)
def test_depth_is_no_limit(text: str) -> None:
    """Markup nested thousands deep is whole or in parts, with no recursion to run out of."""
    options = ChunkOptions(chunk_size=500, oversized_tables="split_rows")

    assert list(chunk_with(options, element(0, "table", text)))
    assert split_text(options, text)


# What made one splitter or another quadratic, repeated to a length.
REPEATED = (
    "<", "$$ a ", "&", "<p ", '<p a="', "|\n", "| a |\n| --- |\n", "<table>", "</table>", "<tr><td>", "# a\n", "```\n",
    "<br>", "<br> ", "<figure>", "<caption>x", '<img alt="', " ", ". ", "\u0301", "🇰", "漢", "가.", "<ul><li>",
    "<!--", "rowspan=3 ", "$$\n", "\\[", "\\( ", "```a\n", "<script>", "<![CDATA[", "<pre>", "='<", '"<p ="',
    "<table><tr><td>", "<table>x ", "<figure><table>", "| a <table> |\n", "<tr> <!-- --> </tr> ", "<tr><td>a<tr>",
    "<td title='<'>x</td>",
)  # fmt: skip


# What is long in one place only: what stands before it, what is repeated, what stands after it.
ROW = "<tr><td>a</td><td>b</td></tr>"
LONG = {
    "blanks before a rule": ("a | b\n", " ", "x | -\nc"),
    "blanks after a rule": ("a | b\n|-", " ", "x\nc"),
    "blanks in a span": (f"<table>{ROW * 100}<tr><td rowspan=", " ", f"x>a</td><td>b</td></tr>{ROW}</table>"),
    "a name in a cell": (f"<table>{ROW * 100}<tr><td rowspan=99 ", "a", f">a</td><td>b</td></tr>{ROW}</table>"),
    "cells before one with a line break": ("<table><tr>", "<td>a</td>", f"<td>b<br>c</td></tr>{ROW}</table>"),
    "a picture's quotes": ('<caption><img alt="', ' alt="x"y', '">c</caption>'),
    "a heading of signs": ("<h1>", "< 5 ", "</h1>"),
    "a heading of what is no tag": ("<h1>Survival", " <Arm_A> < 5.8", ""),
    "code of tags": ("words\n\n```\n", "<div></div>\n", "```"),
    "code of tags in a fence without end": ("words\n\n```\n", "<div></div>\n", ""),
    "code of tags in an element": ("<pre><code>", "<div></div>\n", "</code></pre>"),
}


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (partial(split_text, ChunkOptions(measure="text")), f"| a | b |\n{' ' * 2_000_000}x"),
        (
            lambda text: list(chunk_elements(Record("", text, {}))),
            "□ 항만 개요\n" + "<i></i>&nbsp;<br>" * 50_000 + "1. 부두",
        ),
        (marked_titles, "□ 항만 개요\n" * 50_000 + "1. 부두"),
        (
            lambda text: list(chunk_elements(Record("", f"{text}\n\n{TABLE}", {}), chunk_size=1_000_000)),
            "2031" + "-," * 200_000 + "x",
        ),
        (
            lambda text: list(chunk_elements(Record("", f"{text}\n\n{TABLE}", {}), chunk_size=1_000_000)),
            "Figures 3" + " and 4" * 150,
        ),
    ],
    ids=[
        "blanks in a text that is measured as read",
        "lines without words below a title",
        "titles",
        "dashes behind a year above a table",
        "numbers of a caption",
    ],
)
def test_a_long_text_is_read_in_time_that_grows_with_it(read: Callable[[str], list[Any]], text: str) -> None:
    """With the square of it, it would take minutes, and hours where it is a few times as long."""
    assert read(text)


MANY = 1_000_000
"""Characters that are cut within half a minute where time grows with them, and within hours where with their square."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        *(pytest.param(piece * (MANY // len(piece)), id=f"{piece!r} again and again") for piece in REPEATED),
        *(
            pytest.param(f"{first}{piece * (MANY // len(piece))}{last}", id=name)
            for name, (first, piece, last) in LONG.items()
        ),
    ],
)
def test_a_text_of_whatever_is_repeated_is_cut(text: str) -> None:
    """As text, as HTML, and as an element of each kind, measured in characters and in tokens."""
    table = element(3, "table", f"<table>{text}</table>")
    elements = (paragraph(0, text), heading(1, text), caption(2, text), table, element(4, "code", text))
    for measured in ({"chunk_overlap": 40}, {"length_function": lambda one: len(one) // 3 + 1}):
        options = ChunkOptions(oversized_tables="split_rows", **measured)
        split_text(options, text)
        assert list(chunk_with(options, document(*elements)))


GOLDEN = Path(__file__).parent / "golden" / "chunks.json"
REWRITE = "UPSTAGE_DOCS_REWRITE_GOLDEN"  # set it to 1 and run this file; tests/test_house.py sees that it is off
PINNED: dict[str, dict[str, Any]] = {
    "default": {},
    "narrow": {"chunk_size": 120, "chunk_overlap": 30},
    "rows": {"chunk_size": 60, "oversized_tables": "split_rows", "output_format": "html"},
    "markdown": {"output_format": "markdown", "min_size": 300},
}


def test_chunks_are_those_of_the_last_release() -> None:
    """Texts, ids and metadata are pinned: a change of any makes every user embed their documents again."""
    made = {
        name: [
            {"id": chunk.id, "text": chunk.text, "metadata": chunk.metadata, "caption": chunk.caption}
            for chunk in chunk_elements(SAMPLE, **options)
        ]
        for name, options in PINNED.items()
    }
    if os.environ.get(REWRITE):
        GOLDEN.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    assert made == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_pieces_of_a_chunk_say_of_their_file_what_the_chunk_said() -> None:
    """What is known of the file is taken over as a whole, not field by field."""
    said = {"source": "a.pdf", "file_sha256": "ab" * 32, "model": "m-1", "total_pages": 7, "missing_pages": "3-4"}
    words = " ".join(f"word{number}" for number in range(80))
    (chunk,) = chunk_elements([Element(0, 1, "paragraph", words, words, words)], chunk_size=1000)
    chunk.metadata.update(said)
    pieces = list(chunk_elements([chunk], chunk_size=100))
    assert len(pieces) > 3
    for piece in pieces:
        assert {name: piece.metadata[name] for name in said} == said
