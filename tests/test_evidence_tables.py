"""Tables as data: every recorded shape of markup, numbers with their signs, shares and units, a record for each row."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from steps import grows_evenly

from upstage_docs import (
    Element,
    ParsedDocument,
    Record,
    RecordOptions,
    chunk_elements,
    decode_document,
    row_records,
    tables,
)
from upstage_docs.errors import ConfigError
from upstage_docs.evidence.amounts import Amount, read_amount, read_share, unit_in_name, units_told
from upstage_docs.records.records import METADATA_KEYS, records

BOX = ((0.1, 0.2), (0.9, 0.2), (0.9, 0.6), (0.1, 0.6))
BALANCE = (
    "<table><tr><td>구분</td><td>당기</td><td>전기</td></tr><tr><td>자산총계</td><td>455,905</td><td>448,424</td></tr>"
    "<tr><td>영업이익</td><td>△1,230</td><td>▲985</td></tr></table>"
)


def element(number: int, category: str, html: str, markdown: str = "", page: int = 3) -> Element:
    return Element(number, page, category, html, markdown, "", BOX)


def document(*elements: Element) -> ParsedDocument:
    return ParsedDocument("accounts.pdf", "cd" * 32, "made", elements, total_pages=4)


def table_of(html: str, **metadata: Any) -> Any:
    (table,) = tables(Record("", html, {"category": "table", "page": 1, **metadata}))
    return table


# Each as a version of the API writes it: no head; cells `td` in `thead`; an empty `thead`; `th`; Markdown.
SHAPES = {
    "240910": "<br><table id='3' style='font-size:14px'><tr><td rowspan=\"2\">Port</td>"
    '<td colspan="2">Ships</td></tr>'
    "<tr><td>In</td><td>Out</td></tr><tr><td>Ulsan</td><td>12</td><td>9</td></tr></table>",
    "260128": '<table id=\'3\'><thead><tr><td rowspan="2">Port</td><td colspan="2">Ships</td></tr><tr><td>In</td>'
    "<td>Out</td></tr></thead><tbody><tr><td>Ulsan</td><td>12</td><td>9</td></tr></tbody></table>",
    "251217": '<table id=\'3\'><thead></thead><tbody><tr><td rowspan="2">Port</td><td colspan="2">Ships</td></tr><tr>'
    "<td>In</td><td>Out</td></tr><tr><td>Ulsan</td><td>12</td><td>9</td></tr></tbody></table>",
    "enhanced": '<table id=\'3\'><thead><tr><th rowspan="2">Port</th><th scope="col" colspan="2">Ships</th></tr><tr>'
    "<th>In</th><th>Out</th></tr></thead><tbody><tr><td>Ulsan</td><td>12</td><td>9</td></tr></tbody></table>",
    "markdown": "| Port | Ships | Ships |\n| --- | --- | --- |\n| Port | In | Out |\n| Ulsan | 12 | 9 |\n",
    "lines": "<p id='3' data-category='table'>| Port | Ships | Ships |<br>| --- | --- | --- |<br>| Port | In | Out |"
    "<br>| Ulsan | 12 | 9 |</p>",
    "never closed": "<table><tr><td rowspan=2>Port<td colspan=2>Ships<tr><td>In<td>Out<tr><td>Ulsan<td>12<td>9</table>",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_recorded_shape_is_the_same_data(shape: str) -> None:
    table = table_of(SHAPES[shape])

    assert table.header == (("Port", "Ships", "Ships"), ("Port", "In", "Out"))
    assert table.columns == ("Port", "Ships > In", "Ships > Out")
    assert table.rows == (("Ulsan", "12", "9"),)
    assert table.records() == [{"Port": "Ulsan", "Ships > In": "12", "Ships > Out": "9"}]
    assert table.records(numbers=True) == [{"Port": "Ulsan", "Ships > In": 12, "Ships > Out": 9}]
    assert table.cell("Ulsan", "Ships > Out").number == table.cell(0, "out").number == table.cell(0, 2).number == 9


@pytest.mark.parametrize("shape", ["240910", "260128", "251217", "enhanced"])
def test_spans_are_told_and_their_values_repeated(shape: str) -> None:
    assert [(one.row, one.column, one.rows, one.columns) for one in table_of(SHAPES[shape]).spans] == [
        (0, 0, 2, 1),
        (0, 1, 1, 2),
    ]
    body = "<table><tr><td>a</td><td>b</td></tr><tr><td rowspan='2'>x</td><td>1</td></tr><tr><td>2</td></tr></table>"
    assert table_of(body).cell(1, "a").text == "x"


def test_the_csv_reads_back_as_the_table() -> None:
    table = table_of('<table><tr><td>a</td><td>b</td></tr><tr><td>1, 2</td><td>say "x"</td></tr></table>')

    assert list(csv.reader(io.StringIO(table.csv()))) == [["a", "b"], ["1, 2", 'say "x"']]


def test_a_dataframe_holds_numbers() -> None:
    pytest.importorskip("pandas", reason='needs the extra "dataframe"')
    frame = table_of(BALANCE).dataframe()

    assert list(frame.columns) == ["구분", "당기", "전기"]
    assert frame["당기"].sum() == 455_905 - 1230
    assert table_of(BALANCE).dataframe(numbers=False)["전기"].tolist() == ["448,424", "▲985"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("455,905", 455_905),
        ("△1,234", -1234),
        ("▲ 1,234.5", -1234.5),
        ("▽7", -7),
        ("(1,234)", -1234),
        ("($1,234)", -1234),
        ("−3", -3),
        ("–3", -3),
        ("+5.2%p", 5.2),
        ("3.50%", 3.5),
        ("1.234.567,8", 1_234_567.8),
        ("1 234,5", 1234.5),
        ("1,23,456", 123_456),
        ("３０２", 302),
        ("1,234*", 1234),
        ("1,234 1)", 1234),
        ("1,234²", 1234),
        ("￦1,000", 1000),
        ("0", 0),
        (".5", 0.5),
        *dict.fromkeys(
            ("3분기", "Q4", "1st", "007", "12a", "2025-01-02", "2025.12.31", "2024년", "-", "", "△", "(주)")
        ).items(),
        ("-" + " " * 3_000 + "x", None),
        ("-" + " " * 3_000 + "12", -12),
        *dict.fromkeys(("12   345", "12\n345")).items(),  # two numbers
    ],
)
def test_numbers_and_what_is_none(text: str, number: float | None) -> None:
    assert read_amount(text).number == number


@pytest.mark.parametrize(
    ("line", "units"),
    [
        ("(단위: 백만원)", ("백만원",)),
        ("(단위 : 조원, %)", ("조원", "%")),
        ("[단위:명]", ("명",)),
        ("단위: 천원", ("천원",)),
        ("（単位：百万円）", ("百万円",)),
        ("(单位：万元)", ("万元",)),
        ("单位：万元 币种：人民币", ("万元",)),
        ("(Unit: KRW million)", ("KRW million",)),
        ("(in millions of U.S. dollars)", ("millions of U.S. dollars",)),
        ("(In thousands, except per share data)", ("thousands",)),
        ("표 3. 매출 (억원)", ("억원",)),
        ("Units sold in 2025", ()),
        ("The unit: see below", ()),
        ("A table (see note)", ()),
    ],
)
def test_units_of_the_line_above(line: str, units: tuple[str, ...]) -> None:
    assert tuple(one.removeprefix("In ") for one in units_told(line)) == units


@pytest.mark.parametrize(
    ("line", "units"),
    [
        ("(단위: 백만원/%)", ("백만원", "%")),
        ("단위: 백만원 및 %", ("백만원", "%")),
        ("단위 - 톤/년", ("톤/년",)),
        ("(Unit: KRW 1,000)", ("KRW 1,000",)),
        ("(In millions, except per share)", ("millions",)),
        ("(Amounts in KRW billions)", ("KRW billions",)),
        ("Expressed in thousands of Korean won", ("thousands of Korean won",)),
        ("Homes lost power in thousands of cases", ()),
    ],
)
def test_units_are_told_in_many_manners(line: str, units: tuple[str, ...]) -> None:
    assert units_told(line) == units


@pytest.mark.parametrize(
    ("name", "unit"),
    [("Revenue ($m)", "$m"), ("Price ($/kg)", "$/kg"), ("금액 (백만 원)", "백만 원"), ("생산량(톤/년)", "톤/년")],
)
def test_a_unit_of_a_name_may_have_a_scale_or_be_a_rate(name: str, unit: str) -> None:
    assert unit_in_name(name) == unit


@pytest.mark.parametrize(
    ("text", "number"), [("△(1,234)", -1234), ("1,234-", -1234), ("1,234−", -1234), ("12-34", None)]
)
def test_a_minus_may_stand_before_brackets_or_behind(text: str, number: int | None) -> None:
    assert read_amount(text).number == number


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("1조 2,345억", 12_345, "억"),
        ("△1조2345억 원", -12_345, "억 원"),
        ("(2천5백만원)", -2500, "만원"),
        ("3억 5천만 원", 35_000, "만 원"),
        ("1조 2,345억 6,789만 1,234원", 1_234_567_891_234, "원"),
        ("1만 2,345명", 12_345, "명"),
        ("1만2천", 12_000, ""),
        ("3천 5백 원", 3500, "원"),
        ("1兆2,345億円", 12_345, "億円"),
        ("３万５千円", 35_000, "円"),
        ("1亿2,345万元", 12_345, "万元"),
        ("5천억", 5, "천억"),
        ("1조 2,345", None, ""),
        ("1억 20,000만", None, ""),
        ("5천만 3억", None, ""),
        ("제3조 2항", None, ""),
        ("5조 2호", None, ""),
        ("3조 5명", None, ""),
        ("3억5천", None, ""),
        ("2억 5천", None, ""),
        ("2억 5천만", 25_000, "만"),
        ("1억 2,345원", 100_002_345, "원"),
        ("1" * 5000 + "만 2천원", None, ""),
    ],
)
def test_a_number_in_several_pieces_is_told_in_the_scale_of_its_last(text: str, number: int | None, unit: str) -> None:
    assert read_amount(text) == Amount(number, unit)
    assert read_amount(f"{text} (12.3%)").share == (None if number is None else 12.3)


@pytest.mark.parametrize("text", ["3.2▲", "3.2▲%", "1,234△", "0.4▼", "0.4▽%p", "12–", "12—", "(3.2▲)"])
def test_a_mark_of_a_change_or_of_a_range_behind_a_number_is_no_minus(text: str) -> None:
    assert read_amount(text).number is None


def test_a_unit_in_brackets_is_that_of_a_name() -> None:
    assert [unit_in_name(name) for name in ("Yield (GWh)", "매출액(억원)", "비중(%)", "Site (north)", "(%)")] == [
        "GWh",
        "억원",
        "%",
        "",
        "",
    ]


@pytest.mark.parametrize("where", ["caption", "title", "corner", "element above", "in the chunk", "metadata"])
def test_the_unit_is_found_where_tables_tell_it(where: str) -> None:
    line = "(단위: 백만원)"
    rows = BALANCE.removeprefix("<table>")
    things: Any
    match where:
        case "caption":
            things = Record("", f"<table><caption>재무상태표 {line}</caption>{rows}", {"category": "table"})
        case "title":
            things = Record("", f"<table><tr><td colspan='3'>재무상태표 {line}</td></tr>{rows}", {"category": "table"})
        case "corner":
            things = Record("", BALANCE.replace("구분", line), {"category": "table"})
        case "element above":
            things = document(element(0, "paragraph", f"<p>{line}</p>"), element(1, "table", BALANCE))
        case "in the chunk":
            things = Record("", f"<p id='0'>{line}</p>\n{BALANCE}", {"category": "table"})
        case _:
            things = Record("", BALANCE, {"category": "table", "caption": f"재무상태표 {line}"})

    (table,) = tables(things)

    assert table.unit == "백만원"
    assert (table.cell("자산총계", "당기").number, table.cell("자산총계", "당기").unit) == (455_905, "백만원")


def test_a_line_of_another_page_or_a_paragraph_tells_no_unit() -> None:
    far = document(element(0, "paragraph", "<p>(단위: 원)</p>", page=2), element(1, "table", BALANCE))
    long = document(
        element(0, "paragraph", f"<p>{'많은 말이 있다. ' * 20}(단위: 원)</p>"), element(1, "table", BALANCE)
    )

    assert [table.unit for table in (*tables(far), *tables(long))] == ["", ""]


def test_two_units_are_told_column_by_column() -> None:
    table = table_of(
        "<table><caption>사업별 실적 (단위: 조원, %)</caption><tr><td>사업</td><td>매출액</td>"
        "<td>비중</td><td>성장</td></tr>"
        "<tr><td>반도체</td><td>66.6</td><td>25.7</td><td>3.1%</td></tr>"
        "<tr><td>가전</td><td>58</td><td>22.4</td><td>△1%</td></tr>"
        "</table>"
    )

    assert table.unit == "조원, %"
    assert table.units == ("", "조원", "%", "%")


def test_units_that_cannot_be_told_apart_are_not_guessed() -> None:
    table = table_of(
        "<table><caption>(단위: 명, 백만원)</caption><tr><td>부서</td><td>가</td><td>나</td></tr>"
        "<tr><td>생산</td><td>12</td><td>30</td></tr></table>"
    )

    assert (table.unit, table.units) == ("명, 백만원", ("", "", ""))


def test_the_unit_of_a_column_or_a_row_goes_before_that_of_the_table() -> None:
    table = table_of(
        "<table><caption>(단위: 백만원)</caption><tr><td></td><td>2025</td><td>증감률(%)</td></tr>"
        "<tr><td>매출</td><td>100</td><td>3</td></tr><tr><td>주당이익(원)</td><td>20</td><td>4</td></tr>"
        "<tr><td>가동률</td><td>98%</td><td>1</td></tr></table>"
    )

    assert [table.cell(row, 1).unit for row in range(3)] == ["백만원", "원", "%"]
    assert [table.cell(row, 2).unit for row in range(3)] == ["%", "%", "%"]


def test_a_percentage_in_brackets_beneath_or_behind_a_value_is_its_share() -> None:
    beneath = table_of(
        "<table><tr><td>부문</td><td>매출</td></tr><tr><td rowspan='2'>반도체</td><td>302</td></tr>"
        "<tr><td>(100%)</td></tr>"
        "<tr><td>가전</td><td>(12)</td></tr></table>"
    )
    behind = table_of(
        "<table><tr><td>부문</td><td>매출</td></tr><tr><td>반도체</td><td>302<br>(37.5%)</td></tr></table>"
    )

    assert (beneath.cell(0, 1).number, beneath.cell(0, 1).share) == (302, 100)
    assert (beneath.cell(1, 1).number, beneath.cell(1, 1).unit) == (100, "%")
    assert beneath.cell("가전", 1).number == -12
    assert (behind.cell(0, 1).number, behind.cell(0, 1).share) == (302, 37.5)
    assert read_share("(△5.2%)") == -5.2


def test_many_line_breaks_around_a_unit_are_searched_in_linear_time() -> None:
    """In quadratic time this text takes hours."""
    assert units_told("단위" + "\n" * 1_000_000 + "(단위: 백만원)") == ("백만원",)


@pytest.mark.parametrize(
    "table",
    ["<table><tr><td>Port</td><td>Calls</td></tr><tr><td>Ulsan</td><td>120<br>350</td></tr></table>",
     "| Port | Calls |\n| --- | --- |\n| Ulsan | 120<br>350 |\n"],
)  # fmt: skip
def test_two_numbers_on_two_lines_of_a_cell_are_not_one(table: str) -> None:
    """`120 350` is a number whose thousands a blank parts; the lines of a cell become one."""
    read = table_of(table)
    wrapped = table_of(table.replace("350", "2024").replace("120", "Q1"))

    assert (read.cell(0, 1).number, read.rows[0][1]) == (None, "120  350")
    assert wrapped.rows[0][1] == "Q1 2024"
    assert table_of(table.replace("<br>", " ")).cell(0, 1).number == 120350


def test_a_tag_in_the_code_of_a_cell_is_one_of_its_words() -> None:
    assert table_of("| Tag | Use |\n| --- | --- |\n| `<div>` | <b>block</b> |\n").rows == (("`<div>`", "block"),)


def test_rows_and_columns_that_are_not_there_are_named() -> None:
    table = table_of(BALANCE)
    for row, column in ((9, 0), (-1, 0), (0, 9), ("부채총계", 0), (0, "차기"), (True, 0)):
        with pytest.raises(ConfigError, match=r"has no (row|column)|is named"):
            table.cell(row, column)
    twice = table_of(
        "<table><tr><td>a</td><td>b</td></tr><tr><td>x</td><td>1</td></tr><tr><td>x</td><td>2</td></tr></table>"
    )
    with pytest.raises(ConfigError, match="2 rows are named 'x'"):
        twice.cell("x", "b")


def test_columns_of_one_name_are_told_apart() -> None:
    table = table_of(
        "<table><tr><td>a</td><td>n</td><td>n</td><td></td></tr><tr><td>1</td><td>2</td><td>3</td><td>4</td></tr></table>"
    )

    assert table.columns == ("a", "n", "n (2)", "column 4")


def test_a_table_says_where_it_stands() -> None:
    (chunk,) = chunk_elements(
        document(element(0, "caption", "<p data-category='caption'>Table 1</p>"), element(1, "table", BALANCE))
    )
    (table,) = tables(chunk)

    assert [(place.page, place.element_id, place.category) for place in table.places] == [(3, 1, "table")]
    assert table.caption == "Table 1"
    assert not table.is_part


def test_what_another_splitter_cut_is_called_a_part() -> None:
    (record,) = records(document(element(1, "table", BALANCE)))
    cut = record.text[: record.text.index("<tr><td>영업이익")]

    assert tables(Record("", cut, record.metadata))[0].is_part


def test_the_table_of_a_chart_and_of_json() -> None:
    chart = (
        "<figure id='4' data-category='chart'><img data-coord='x'/><figcaption><p>Chart Title: Rain</p></figcaption>"
        "<table><tr><th></th><th>mm</th></tr><tr><td>May</td><td>81</td></tr></table></figure>"
    )
    (of_chart,) = tables(Record("", chart, {"category": "chart"}))

    assert of_chart.cell("May", "mm").number == 81
    assert "Rain" in of_chart.caption


def test_plain_text_of_a_table_is_refused_and_other_texts_have_none() -> None:
    with pytest.raises(ConfigError, match="output_format"):
        tables(Record("", "구분 당기 전기 자산총계 455,905", {"category": "table"}))
    assert tables(Record("", "<p>no table</p>", {"category": "paragraph"})) == []


def test_hostile_spans_and_markup_make_no_large_grid_and_no_markup() -> None:
    wide = "<table>" + "<tr><td colspan='1000' rowspan='9999'>x</td></tr>" * 2000 + "</table>"
    tables(Record("", wide, {"category": "chunk"}))
    html = table_of("<table><tr><td>a</td></tr><tr><td><script>alert(1)</script>x</td></tr></table>")._repr_html_()

    assert "<script" not in html


def test_a_row_says_its_columns_names_and_units() -> None:
    caption = element(0, "caption", "<p>연결재무상태표 (단위: 백만원)</p>")
    rows = list(row_records(document(caption, element(1, "table", BALANCE))))

    assert [row.text for row in rows] == [
        "당기 | 자산총계 | 455,905 | 백만원\n전기 | 자산총계 | 448,424 | 백만원",
        "당기 | 영업이익 | △1,230 | 백만원\n전기 | 영업이익 | ▲985 | 백만원",
    ]
    for number, row in enumerate(rows):
        found = row.metadata
        assert list(found)[: len(METADATA_KEYS)] == list(METADATA_KEYS)
        assert [type(found[key]) for key in METADATA_KEYS] == list(METADATA_KEYS.values())
        assert (found["source"], found["page"], found["x0"], found["y1"]) == ("accounts.pdf", 3, 0.1, 0.6)
        assert (found["category"], found["row"], found["unit"]) == ("table_row", number, "백만원")
        assert found["record_id"] == row.id
    assert [row.id for row in rows] == [row.id for row in row_records(document(caption, element(1, "table", BALANCE)))]
    assert len({row.id for row in rows}) == 2


def test_a_row_of_shares_is_told_with_the_row_above_and_a_group_with_its_rows() -> None:
    html = (
        "<table><tr><td>구분</td><td>금액</td></tr><tr><td colspan='2'>유동자산</td></tr>"
        "<tr><td rowspan='2'>현금</td><td>30</td></tr>"
        "<tr><td>(60%)</td></tr><tr><td>재고</td><td>20</td></tr></table>"
    )

    assert [row.text for row in row_records(document(element(1, "table", html)))] == [
        "금액 | 유동자산 > 현금 | 30 (60%)",
        "금액 | 유동자산 > 재고 | 20",
    ]


def test_a_row_of_a_joined_table_is_on_its_own_page() -> None:
    head = "<tr><td>a</td><td>b</td></tr>"
    one = element(1, "table", f"<table>{head}<tr><td>x</td><td>1</td></tr></table>", page=1)
    two = element(2, "table", f"<table>{head}<tr><td>y</td><td>2</td></tr></table>", page=2)
    (chunk,) = chunk_elements(document(one, two), merge_continued_tables=True)

    assert [row.metadata["page"] for row in row_records(chunk)] == [1, 2]


def test_rows_from_markdown_are_the_same() -> None:
    markdown = "| 구분 | 당기 |\n| --- | --- |\n| 자산총계 | 455,905 |\n"
    of = [
        [
            row.text
            for row in row_records(
                list(records(document(element(1, "table", html, markdown)), RecordOptions(output_format=form)))
            )
        ]
        for form in ("html", "markdown")
        for html in ["<table><tr><td>구분</td><td>당기</td></tr><tr><td>자산총계</td><td>455,905</td></tr></table>"]
        if form != "json"
    ]

    assert of == [["당기 | 자산총계 | 455,905"]] * 2


def test_langchain_rows_are_documents() -> None:
    pytest.importorskip("langchain_core")
    from langchain_core.documents import Document

    from langchain_upstage_docs import row_documents

    record, *_ = records(document(element(1, "table", BALANCE)))
    rows = row_documents([Document(page_content=record.text, metadata=record.metadata, id=record.id)])

    assert [row.page_content.split("\n")[0] for row in rows] == [
        "당기 | 자산총계 | 455,905",
        "당기 | 영업이익 | △1,230",
    ]
    assert {row.metadata["table_id"] for row in rows} == {record.id}
    assert [row.id for row in rows] == [row.metadata["record_id"] for row in rows]


def test_llama_index_rows_are_nodes_of_the_same_file() -> None:
    pytest.importorskip("llama_index.core")
    from llama_index.core.schema import MetadataMode, TextNode

    from llama_index_upstage_docs import row_documents
    from llama_index_upstage_docs.nodes import document_of

    record, *_ = records(document(element(1, "table", BALANCE)))
    rows = row_documents([document_of(record)])

    assert all(isinstance(row, TextNode) for row in rows)
    assert {row.source_node.node_id for row in rows if row.source_node} == {record.id}
    assert "table_id" not in rows[0].get_content(MetadataMode.EMBED)


def test_rows_of_a_whole_documents_json_have_ids_of_their_own() -> None:
    content = {"html": BALANCE, "markdown": "", "text": ""}
    answered = [{"id": number, "page": 3, "category": "table", "content": content} for number in (1, 2)]
    twice = decode_document(json.dumps({"elements": answered}).encode(), source="a.pdf", total_pages=4)
    (whole,) = records(twice, RecordOptions(split="none", output_format="json"))
    rows = list(row_records(whole))

    assert len(rows) == 4
    assert len({row.id for row in rows}) == 4
    assert {row.metadata["page"] for row in rows} == {3}


def test_numbers_of_notes_and_years_are_no_amounts() -> None:
    table = table_of(
        "<table><caption>(단위: 백만원)</caption><tr><td>과목</td><td>주석</td><td>연도</td><td>금액</td></tr>"
        "<tr><td>현금</td><td>4,28</td><td>2025</td><td>1,234</td></tr>"
        "<tr><td>재고</td><td>7</td><td>2024</td><td>56</td></tr></table>"
    )

    assert [table.cell(0, column).unit for column in range(4)] == ["", "", "", "백만원"]
    assert [table.cell(0, column).number for column in (1, 3)] == [None, 1234]


def test_a_comma_is_a_decimal_one_only_where_no_other_is_written() -> None:
    rows = "<table><tr><td>a</td><td>b</td></tr><tr><td>x</td><td>4,28</td></tr><tr><td>y</td><td>{}</td></tr></table>"

    assert table_of(rows.format("1.234,5")).cell("x", "b").number == 4.28
    assert table_of(rows.format("1,234")).cell("x", "b").number is None
    assert table_of(rows.format("0.5")).cell("x", "b").number is None


def test_a_cell_of_a_long_table_is_found_by_number_without_its_names() -> None:
    """With the names of all rows for each cell, a table of thousands of rows would take minutes."""

    def table_with(rows: int) -> Any:
        lines = "".join(f"<tr><td>hive {row}</td><td>{row}</td></tr>" for row in range(rows))
        return table_of(f"<table><tr><th>Hive</th><th>Honey</th></tr>{lines}</table>")

    def read(table: Any) -> None:
        count = len(table.rows)
        assert [table.cell(row, 1).number for row in range(count)] == [*range(count)]

    assert grows_evenly(table_with, read, 50)
