"""The dense form of a table: the same rows and words with less markup, in chunks of every format."""

from __future__ import annotations

import json
import re

import pytest

from upstage_docs import Element, ParsedDocument, Record, chunk_elements, tables
from upstage_docs.chunking.dense_tables import dense_table

_ROWS: list[tuple[str, ...]] = [
    ("Ship", "Crew", "Cargo"),
    *[(f"Schooner {n}", f"{n}", f"{n * 12} tons of salt") for n in range(1, 41)],
]


def _html(rows: list[tuple[str, ...]], style: str = " id='4' style='font-size:14px'") -> str:
    head, *body = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    return f"<table{style}><thead>{head}</thead><tbody>{''.join(body)}</tbody></table>"


def _chunks(html: str, **options: object) -> list[str]:
    document = ParsedDocument("a.pdf", "", "", (Element(4, 1, "table", html),), total_pages=1)
    return [chunk.text for chunk in chunk_elements(document, table_form="dense", **options)]  # type: ignore[arg-type]


def test_a_table_whose_cells_span_nothing_becomes_a_pipe_table() -> None:
    html = _html([("Port", "Depth | m"), ("Old<br>harbour", ""), ("Quay &amp; dock", "7")])
    assert dense_table(html) == "|Port|Depth \\| m|\n|-|-|\n|Old harbour||\n|Quay &amp; dock|7|"


@pytest.mark.parametrize("numbers", ["120<br>350", "120 <br /> 350", "1<br>120<br>350"])
def test_numbers_on_lines_of_their_own_do_not_become_one(numbers: str) -> None:
    (table,) = tables(Record("", _chunks(_html([("Port", "Calls"), ("Ulsan", numbers)]))[0], {}))

    assert (table.rows[0][1].split(), table.cell(0, 1).number) == (re.findall(r"\d+", numbers), None)


def test_the_words_of_a_cell_that_spans_others_stand_in_each_place() -> None:
    html = (
        "<br><table id='1'><tr><td rowspan=\"2\">Port</td><td colspan=\"2\" style='x'>Tides</td></tr>"
        "<tr><td>high</td><td>low</td></tr><tr><td colspan='3'>In the north</td></tr>"
        "<tr><td rowspan='2'>Old harbour</td><td>4</td><td>1</td></tr><tr><td>5</td><td>2</td></tr></table>"
    )
    dense = dense_table(html)
    assert dense == (
        "|Port|Tides|Tides|\n|-|-|-|\n|Port|high|low|\n|In the north|||\n|Old harbour|4|1|\n|Old harbour|5|2|"
    )
    assert len(html) >= 1.4 * len(dense)


def test_a_place_without_a_cell_is_blank() -> None:
    html = "<table><tr><td>a</td><td>b</td><td>c</td></tr><tr><td>1</td></tr><tr><td>2</td><td>3</td></tr></table>"
    assert dense_table(html) == "|a|b|c|\n|-|-|-|\n|1|||\n|2|3||"


@pytest.mark.parametrize("spans", ["rowspan=9", "rowspan='9'", "rowspan=65534", "rowspan=0"])
def test_a_long_cell_over_many_rows_is_not_repeated(spans: str) -> None:
    words = "All ships that carry salt in this season and the next. " * 3
    rows = "".join(f"<tr><td>{number}</td></tr>" for number in range(8))
    html = f"<table id='1' style='a:b'><tr><td {spans}>{words}</td><td>Ships</td></tr>{rows}</table>"
    dense = dense_table(html)
    assert dense.count(words.strip()) == 1
    assert dense.startswith("<table><tr><td rowspan=")


def test_a_table_that_spans_far_beyond_its_cells_takes_no_time() -> None:
    rows = "".join(f"<tr><td rowspan=60000 colspan=1000></td><td>{number}</td></tr>" for number in range(200))
    assert dense_table(f"<table>{rows}</table>").startswith("<table><tr><td rowspan=60000 colspan=1000></td>")


def test_a_table_that_declares_columns_many_times_takes_no_time() -> None:
    columns = "<col> <colgroup></colgroup>" * 40
    rows = "<tr><td>Port</td><td>Ships</td></tr><tr><td>Aber</td><td>4</td></tr>"
    assert dense_table(f"<table>{columns}{rows}</table>") == "|Port|Ships|\n|-|-|\n|Aber|4|"
    assert dense_table(f"<table>{columns}<i>{rows}</table>").startswith("<table>")


def test_parts_of_a_dense_table_repeat_all_rows_of_a_header_whose_cells_span() -> None:
    head = "<tr><td rowspan='2'>Port</td><td colspan='2'>Tides, 2031</td></tr><tr><td>high</td><td>low</td></tr>"
    body = "".join(f"<tr><td>Quay {n}</td><td>{n}.5</td><td>0.{n}</td></tr>" for n in range(1, 30))
    texts = _chunks(f"<table id='4' style='b'>{head}{body}</table>", chunk_size=200, oversized_tables="split_rows")
    assert len(texts) > 3
    assert {text[: text.index("|Quay")] for text in texts} == {
        "|Port|Tides, 2031|Tides, 2031|\n|-|-|-|\n|Port|high|low|\n"
    }


def test_padding_of_a_pipe_table_is_left_out() -> None:
    padded = "| Ship   | Crew |\n| :----- | ---: |\n| Sloop  | 2\\|3 |\n"
    assert dense_table(padded) == "|Ship|Crew|\n|:-|-:|\n|Sloop|2\\|3|\n"


@pytest.mark.parametrize(
    "text",
    [
        "Ship 4\nSloop 5",
        "+---+---+\n| a | b |\n+---+---+\n| 1 | 2 |\n+---+---+\n",
        "<table><tr><td>never closed",
        "<p>No table.</p>",
    ],
)
def test_what_has_no_safe_dense_form_stays_as_it_is(text: str) -> None:
    assert dense_table(text) == text


@pytest.mark.parametrize(
    "cell", ["<ul><li>one</li></ul>", "<table><tr><td>in</td></tr></table>", "<img alt='a'>", "$$x$$", "<p>one</p>"]
)
def test_a_cell_that_is_more_than_a_line_keeps_its_table_html(cell: str) -> None:
    html = _html([("Kind", "Form"), ("Knot", cell)])
    dense = dense_table(html)
    assert dense.startswith("<table><thead>")
    assert cell in dense


def test_a_caption_and_a_figure_around_the_rows_stay() -> None:
    caption = "<table id='1'><caption>Winds</caption><tr><td>N</td><td>S</td></tr><tr><td>1</td><td>2</td></tr></table>"
    assert "<caption>Winds</caption>" in dense_table(caption)
    chart = f"<figure data-category='chart'><figcaption><p>Rain</p></figcaption>{_html(_ROWS)}</figure>"
    assert dense_table(chart).startswith("<figure data-category='chart'><figcaption><p>Rain</p></figcaption><table>")


def test_the_dense_form_holds_more_rows_in_as_many_characters() -> None:
    html = _html(_ROWS)
    dense = dense_table(html)
    assert len(html) / len(dense) >= 1.4
    assert re.findall(r"[\w ]+", dense) == re.findall(r"[\w ]+", re.sub("<[^>]*>", "|", html))


def test_parts_of_a_dense_table_repeat_its_header_and_stay_the_same() -> None:
    texts = _chunks(_html(_ROWS), chunk_size=300, oversized_tables="split_rows")
    assert len(texts) > 3
    assert all(text.startswith("|Ship|Crew|Cargo|\n|-|-|-|\n") for text in texts)
    assert all(len(text) <= 300 for text in texts)
    rows = [line for text in texts for line in text.splitlines()[2:]]
    assert rows == [f"|{'|'.join(row)}|" for row in _ROWS[1:]]


def test_chunks_of_dense_tables_know_their_place_and_split_again_to_themselves() -> None:
    elements = (
        Element(3, 1, "caption", "<p id='3'>Table 1. Fleets</p>", text="Table 1. Fleets"),
        Element(4, 1, "table", _html(_ROWS)),
        Element(5, 2, "table", _html([_ROWS[0], ("Brig", "9", "coal")])),
    )
    document = ParsedDocument("a.pdf", "", "", elements, total_pages=2)
    options = {
        "chunk_size": 300,
        "oversized_tables": "split_rows",
        "merge_continued_tables": True,
        "table_form": "dense",
    }
    chunks = list(chunk_elements(document, **options))  # type: ignore[arg-type]
    for chunk in chunks:
        spans = json.loads(chunk.metadata["spans"])
        assert [chunk.text[span[2] : span[3]].strip() != "" for span in spans] == [True] * len(spans)
        assert spans[-1][3] == len(chunk.text)
    assert "|Brig|9|coal|" in chunks[-1].text
    assert {span[1] for span in json.loads(chunks[-1].metadata["spans"])} >= {2}
    again = list(chunk_elements([Record(c.id, c.text, c.metadata) for c in chunks], **options))  # type: ignore[arg-type]
    assert [chunk.text for chunk in again] == [chunk.text for chunk in chunks]


@pytest.mark.parametrize(
    "row", ["<tr><td>{}</td><td>{}</td></tr>", "<tr><td>{}</td><td><ul><li>{}</li></ul></td></tr>"]
)
def test_each_row_of_a_dense_table_over_pages_is_from_its_own_page(row: str) -> None:
    cargo = "barrels of salted herring, " * 5
    pages = {
        1: [("Ship", "Cargo"), ("-", "-"), *[(f"Sloop {n}", "salt") for n in range(20)]],
        2: [("Ship", "Cargo"), *[(f"Brig {n}", f"{cargo}{n}") for n in range(9)]],
        3: [("Ship", "Cargo"), ("Yawl 1", "tea")],
    }
    elements = tuple(
        Element(page, page, "table", f"<table>{''.join(row.format(*cells) for cells in rows)}</table>")
        for page, rows in pages.items()
    )
    document = ParsedDocument("a.pdf", "", "", elements, total_pages=3)
    (chunk,) = chunk_elements(document, table_form="dense", merge_continued_tables=True)
    texts = {1: "", 2: "", 3: ""}
    for _, page, start, end, *_ in json.loads(chunk.metadata["spans"]):
        texts[page] += chunk.text[start:end]
    for page, rows in pages.items():
        assert [name for name, _ in rows[1:] if name != "-"] == re.findall(r"(?:Sloop|Brig|Yawl) \d+", texts[page])


def test_ids_tell_the_dense_form_from_the_answered_one() -> None:
    document = ParsedDocument("a.pdf", "", "", (Element(1, 1, "paragraph", "<p>Fog.</p>"),), total_pages=1)
    answered, dense = (next(iter(chunk_elements(document, table_form=form))) for form in ("verbatim", "dense"))
    assert answered.text == dense.text
    assert answered.id != dense.id
