"""How many rows of a table are its header, told by what stands in them, in HTML and in pipe tables."""

from __future__ import annotations

from typing import Any

import pytest

from upstage_docs import Element, ParsedDocument, Record, chunk_elements
from upstage_docs.chunking.options import TableForm
from upstage_docs.options import OutputFormat
from upstage_docs.records.header_rows import header_rows_of

TABLES: dict[str, tuple[int, list[list[str]]]] = {
    "labels": (1, [["Site", "Wind", "Rain"], ["Alpha", "5", "1,200"], ["Beta", "7", "900"]]),
    "years below a span": (2, [["", "Years ended June 30,", ""], ["", "2024", "2023"], ["Sales", "1,200", "900"]]),
    "a unit row": (2, [["", "2024", "2023"], ["", "£m", "£m"], ["Sales", "12.5", "9.1"]]),
    "a row without a label before a section": (
        2, [["", "2024", "2023"], ["", "Notes", "Audited"], ["Assets", "", ""], ["Cash", "1,200", "900"]],
    ),
    "names between periods and a unit": (
        3,
        [["", "2024", "", "2023", ""], ["", "North", "South", "North", "South"], ["", "", "(in millions)", "", ""],
         ["Sales", "12.5", "9.1", "11.0", "8.8"]],
    ),
    "thousands of a currency": (2, [["", "2024", "2023"], ["", "US$000", "US$000"], ["Sales", "1,200", "900"]]),
    "years with marks of notes": (
        2, [["", "2031 (1)", "2030 [2]"], ["", "Mt", "Mt"], ["Sales", "1,200", "900"], ["Costs", "800", "700"]],
    ),
    "terms of Korean reports": (2, [["과목", "제 12 기", "제 11 기"], ["", "금액", "금액"], ["자산", "1,200", "900"]]),
    "a section": (1, [["", "2024", "2023"], ["Assets", "", ""], ["Cash", "1,200", "900"]]),
    "numbers of columns": (2, [["Site", "Wind", "Rain"], ["(1)", "(2)", "(3)"], ["Alpha", "5", "900"]]),
    "bare numbers of columns": (2, [["Site", "Wind", "Rain"], ["1", "2", "3"], ["Alpha", "5", "900"]]),
    "a number in brackets that is a value": (1, [["Loss", "Gain"], ["(1)", "2"], ["(3)", "4"]]),
    "numbers that are values": (1, [["Site", "Wind", "Rain"], ["1", "2", "3"], ["4", "5", "6"]]),
    "means and deviations": (
        2, [["", "North", "South"], ["", "mean ± SD", "mean ± SD"], ["Rain", "45.2 ± 3.1", "44.9 ± 2"]],
    ),
    "days as values": (
        1, [["Task", "Start", "End"], ["Plan", "2031-01-02", "2031-03-04"], ["Build", "2031-05-06", "2031-07-08"]],
    ),
    "values with a unit": (1, [["Fruit", "Weight"], ["Apple", "5 kg"], ["Pear", "7 kg"], ["Fig", "2 kg"]]),
    "a year and a unit, each with its own label": (
        3, [["Site", "Plan", "Actual"], ["Year", "2031", "2030"], ["Unit", "(kt)", "(kt)"], ["Alpha", "1,200", "900"]],
    ),
    "years, quarters and months, each with its own label": (
        4, [["Site", "Plan", "Actual"], ["Year", "2031", "2030"], ["Quarter", "Q1", "Q2"], ["Month", "Jan", "May"],
            ["Alpha", "1,200", "900"]],
    ),
    "texts that begin as months do": (
        1, [["Item", "State"], ["Bolts", "Out of stock"], ["Nuts", "12"], ["Pins", "40"]],
    ),
    "texts alone": (1, [["Term", "Meaning"], ["Base", "what stands below"], ["Top", "what stands above"]]),
}  # fmt: skip


def _html(rows: list[list[str]]) -> str:
    return "<table>" + "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows) + "</table>"


def _pipes(rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


@pytest.mark.parametrize("name", TABLES)
def test_the_header_is_told_by_what_stands_in_it(name: str) -> None:
    wanted, rows = TABLES[name]

    assert header_rows_of(_html(rows)) == header_rows_of(_pipes(rows)) == wanted


@pytest.mark.parametrize(
    ("below", "wanted"),
    [
        (["<td>Income:</td><td></td><td></td>", "<td colspan='3'>From sales</td>"], 1),
        (["<td>(in millions)</td><td></td><td></td>"], 2),
        (["<td></td><td>Audited</td><td></td>"], 2),
    ],
)
def test_a_section_at_the_end_of_a_thead_is_no_header(below: list[str], wanted: int) -> None:
    """Parts of other sections do not repeat it: each repeats its own."""
    rows = ["<td></td><td>2024</td><td>2023</td>", *below]
    body = "".join(f"<tr><td>Row {n}</td><td>{n},100</td><td>{n},200</td></tr>" for n in range(9))
    costs = "<tr><td>Costs:</td><td></td><td></td></tr>"
    head = "".join(f"<tr>{row}</tr>" for row in rows)
    table = f"<table><thead>{head}</thead><tbody>{body}{costs}{body}</tbody></table>"
    parts = [
        one.text for one in chunk_elements(Element(0, 1, "table", table), chunk_size=500, oversized_tables="split_rows")
    ]

    assert header_rows_of(table) == wanted
    assert len(parts) > 2
    assert all("2024" in part for part in parts)
    assert [any(name in part for name in ("Income", "millions", "Audited")) for part in (parts[0], parts[-1])] == [
        True,
        wanted == 2,
    ]
    assert "Costs:" in parts[-1]
    assert "From sales" not in parts[-1]


def test_a_row_that_a_cell_of_the_header_spans_is_of_the_header() -> None:
    head = "<tr><td rowspan='2'>Site</td><td>2024</td><td>2023</td></tr><tr><td>Noise</td><td></td></tr>"

    assert header_rows_of(f"<table><thead>{head}</thead><tbody>{'<tr><td>a</td><td>1</td><td>2</td></tr>' * 3}") == 2


@pytest.mark.parametrize(("empty", "names", "sections"), [(1, 1, 0), (0, 12, 0), (0, 1, 40)])
def test_rows_of_a_thead_that_are_empty_or_too_many_to_read_are_of_it(empty: int, names: int, sections: int) -> None:
    rows = ["", *["<td>Site</td><td>2024</td><td>2023</td>"] * names, *["<td>Noise</td><td></td><td></td>"] * sections]
    head = "".join(f"<tr>{row}</tr>" for row in rows[1 - empty :])
    table = f"<table><thead>{head}</thead><tbody>{'<tr><td>a</td><td>1</td><td>2</td></tr>' * 9}</tbody></table>"
    parts = list(chunk_elements(Element(0, 1, "table", table), chunk_size=60, oversized_tables="split_rows"))

    assert header_rows_of(table) == empty + names + sections
    assert all((part.text.count("Site"), part.text.count("Noise")) == (names, sections) for part in parts)


def test_a_thead_says_so_itself() -> None:
    rows = [f"<tr><td>{n}</td><td>{n}</td></tr>" for n in range(5)]

    assert header_rows_of(f"<table><thead>{''.join(rows[:2])}</thead><tbody>{''.join(rows[2:])}</tbody></table>") == 2
    assert header_rows_of("No table") == 0


@pytest.mark.parametrize("output_format", ["html", "markdown", "text"])
def test_every_part_repeats_all_header_rows_in_every_format(output_format: str) -> None:
    rows = [
        ["", "Years ended June 30,", ""],
        ["", "2024", "2023"],
        *([f"Item {n}", f"{n},100", f"{n},200"] for n in range(20)),
    ]
    text = "\n".join(" ".join(row) for row in rows)
    table = Element(0, 1, "table", _html(rows), _pipes(rows), text)

    parts = list(chunk_elements(table, chunk_size=300, oversized_tables="split_rows", output_format=output_format))  # type: ignore[arg-type]

    assert len(parts) > 1
    assert all("Years ended" in part.text and "2024" in part.text for part in parts)
    assert all(part.metadata["header_rows"] == 2 for part in parts)


_HARVEST = [
    ("North:", "", ""),
    *[(f"Field {n}", f"{n}10", f"{n}20") for n in range(1, 7)],
    ("South:", "", ""),
    *[(f"Meadow {n}", f"{n}30", f"{n}40") for n in range(1, 4)],
]


def _harvest(output_format: OutputFormat) -> str:
    rows = [("Crop", "2018", "2019"), *_HARVEST]
    if output_format == "html":
        cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        return f"<table>{cells}</table>"
    if output_format == "markdown":
        return "\n".join(
            ["| Crop | 2018 | 2019 |", "| --- | --- | --- |", *("| " + " | ".join(r) + " |" for r in _HARVEST)]
        )
    return "\n".join(" ".join(row).strip() for row in rows)


@pytest.mark.parametrize(("output_format", "size"), [("html", 230), ("markdown", 150), ("text", 75)])
def test_a_part_repeats_the_row_that_names_its_section(output_format: OutputFormat, size: int) -> None:
    html, markdown, text = _harvest("html"), _harvest("markdown"), _harvest("text")
    document = ParsedDocument("a.pdf", "", "", (Element(1, 1, "table", html, markdown, text),), total_pages=1)
    chunks = list(chunk_elements(document, chunk_size=size, oversized_tables="split_rows", output_format=output_format))
    texts = [chunk.text for chunk in chunks]
    assert len(texts) > 2
    for text in texts:
        assert len(text) <= size
        assert ("Field" in text) <= ("North" in text), text
        assert ("Meadow" in text) <= ("South" in text), text
        assert ("North" in text) <= ("Field" in text), text  # a section begins with a row of it
        assert ("South" in text) <= ("Meadow" in text), text
    assert [chunk.text for chunk in chunk_elements(chunks, chunk_size=size, oversized_tables="split_rows")] == texts


@pytest.mark.parametrize("output_format", ["html", "markdown"])
def test_a_form_whose_cells_are_blank_is_cut_into_parts_that_are_full(output_format: OutputFormat) -> None:
    rows = [["Question", "Yes", "No"], *([f"Do you like number {n}?", "", ""] for n in range(30))]
    given = Element(0, 1, "table", _html(rows), _pipes(rows))

    parts = list(chunk_elements(given, chunk_size=400, oversized_tables="split_rows", output_format=output_format))

    assert all(part.text.count("Do you like") > 3 for part in parts)
    assert len(parts) > 1
    assert not any(part.oversize for part in parts)


def test_a_row_that_names_a_section_is_not_repeated_where_it_takes_the_room_of_rows() -> None:
    long = "North of the river and east of the old road, with the islands:"
    html = _harvest("html").replace("North:", long)
    document = ParsedDocument("a.pdf", "", "", (Element(1, 1, "table", html),), total_pages=1)
    texts = [one.text for one in chunk_elements(document, chunk_size=230, oversized_tables="split_rows")]
    assert sum(long in text for text in texts) == 1


def test_a_row_names_a_section_where_every_tag_stands_on_a_line_of_its_own() -> None:
    table = _harvest("html").replace("<td></td>", "<td>\n</td>").replace("><", ">\n<")
    texts = [
        one.text for one in chunk_elements([Record("r", table, {})], chunk_size=290, oversized_tables="split_rows")
    ]
    assert len(texts) > 2
    assert all(("Field" in text) <= ("North" in text) for text in texts)


def test_a_part_whose_one_row_is_too_large_keeps_its_header_when_it_is_split_again() -> None:
    head = "| Port | Tides | Tides |\n| --- | --- | --- |\n| Port | high | low |\n| Port | metres | metres |\n"
    table = head + "".join(f"| Quay {n} of the old harbour, in spring | {n}.5 | 0.{n} |\n" for n in range(1, 5))
    record = Record("r", table, {"category": "table", "header_rows": 3})
    options: dict[str, Any] = {"chunk_size": len(head) + 20, "oversized_tables": "split_rows"}
    chunks = list(chunk_elements([record], **options))
    assert [chunk.text.count("Quay") for chunk in chunks] == [1, 1, 1, 1]
    again = chunk_elements([Record(chunk.id, chunk.text, chunk.metadata) for chunk in chunks], **options)
    assert [chunk.text for chunk in again] == [chunk.text for chunk in chunks]


@pytest.mark.parametrize("name", ["TABLE", "Table", "tAble"])
def test_the_header_of_a_table_in_capitals_is_told(name: str) -> None:
    rows = "<TR><TD>Site</TD><TD ROWSPAN=2>Wind</TD></TR><TR><TD>Name</TD></TR><TR><TD>Alpha</TD><TD>5.2</TD></TR>"
    assert header_rows_of(f"<{name} BORDER=1>{rows}</{name}>") == 2


def test_a_title_that_is_all_of_the_head_is_not_all_of_the_header() -> None:
    title = "<thead><tr><td colspan='3'>Winds of the north</td></tr></thead>"
    names = "<tr><td>Site</td><td>2031</td><td>2030</td></tr>"
    rows = "".join(f"<tr><td>Alpha {n}</td><td>{n}.2</td><td>{n}.1</td></tr>" for n in range(1, 20))
    html = f"<table>{title}<tbody>{names}{rows}</tbody></table>"
    assert header_rows_of(html) == 2
    document = ParsedDocument("a.pdf", "", "", (Element(0, 1, "table", html),), total_pages=1)
    forms: tuple[TableForm, ...] = ("verbatim", "dense")
    for form in forms:
        parts = chunk_elements(document, chunk_size=250, oversized_tables="split_rows", table_form=form)
        for part in parts:
            assert part.text.count("Winds of the north") == 1
            assert part.text.count("2031") == 1
