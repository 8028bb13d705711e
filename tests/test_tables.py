"""Tables are cut between rows only: every part is a table with the header, and together they are the table again."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable

import pytest
from chunk_invariants import grid, without_repeated_sections
from conftest import examples
from hypothesis import given, strategies as st
from strategies import headed_tables, table_markup

from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.packing import chunk_with
from upstage_docs.chunking.table import mended, read_table, words_of
from upstage_docs.chunking.table_joining import JoinedTable
from upstage_docs.chunking.table_rows import RowSizes, split_rows
from upstage_docs.chunking.text_breaks import has_words
from upstage_docs.evidence.grids import grids
from upstage_docs.models import Element
from upstage_docs.records.header_rows import header_rows_of


def limits(size: int, first: int | None = None) -> RowSizes:
    return RowSizes(size if first is None else first, size, len, exact=True)


def by_tokens(size: int) -> RowSizes:
    return RowSizes(size, size, lambda text: len(re.findall(r"\w+|[^\w\s]", text)), exact=False)


def texts(text: str, size: int | RowSizes) -> list[str]:
    parts = split_rows(text, limits(size) if isinstance(size, int) else size)
    return ["".join(piece for piece, _ in part.pieces) for part in parts or []]


def body(rows: int, cells: int = 2) -> str:
    return "".join(f"<tr>{''.join(f'<td>r{row}c{cell}</td>' for cell in range(cells))}</tr>" for row in range(rows))


def assert_same_grid(text: str, parts: list[str], header: int) -> None:
    whole = grid(text)
    grids = [grid(part) for part in parts]
    assert all(one[:header] == whole[:header] for one in grids)
    assert without_repeated_sections(whole, [one[header:] for one in grids], header) == whole


HEADERS = {
    "thead with th": ("<thead><tr><th>A</th><th>B</th></tr></thead><tbody>", "</tbody>", 1),
    "td in thead": ("<thead><tr><td>A</td><td>B</td></tr></thead><tbody>", "</tbody>", 1),
    "several rows in thead": (
        '<thead><tr><td rowspan="2">A</td><td>B</td></tr><tr><td>C</td></tr></thead><tbody>', "</tbody>", 2,
    ),
    "an empty thead": ("<thead></thead><tbody><tr><td>A</td><td>B</td></tr>", "</tbody>", 1),
    "no thead": ("<tr><td>A</td><td>B</td></tr>", "", 1),
    "no thead, header of two rows": ('<tr><td rowspan="2">A</td><td>B</td></tr><tr><td>C</td></tr>', "", 2),
    "a title over all columns": ('<tr><td colspan="2">Sales</td></tr><tr><td>A</td><td>B</td></tr>', "", 2),
    "a title and its unit": (
        "<tr><td colspan=2>매출</td></tr><tr><td colspan=2>(단위: 백만)</td></tr><tr><td>A</td><td>B</td></tr>", "", 3,
    ),
    "a title alone in thead": (
        '<thead><tr><td colspan="2">Sales</td></tr></thead><tbody><tr><td>A</td><td>B</td></tr>', "</tbody>", 2,
    ),
    "a first cell over 25 rows is no header": ('<tr><td rowspan="25">A</td><td>B</td></tr>', "", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_every_part_has_the_header(name: str) -> None:
    """Whatever the shape of the header, each part begins with all of its rows."""
    opening, closing, header = HEADERS[name]
    rows = body(24, 1 if "25" in name else 2)
    text = f"<table id='4' style='font-size:14px'>{opening}{rows}{closing}</table>"
    table = read_table(text)

    assert table is not None
    assert table.header_rows == header
    parts = texts(text, 320)
    assert len(parts) > 2
    assert all(len(part) <= 320 for part in parts)
    assert_same_grid(text, parts, header)
    for part in parts:
        assert read_table(part) is not None, "every part is a table"


def test_untouched_rows_are_byte_exact() -> None:
    """Attributes, unescaped `<` and `&`, and white space inside rows stay as they were answered."""
    rows = [
        f"<tr class='x'>  <td scope=\"row\">R&D < {n} <b>{n}</b></td><td>&amp; x>y<br>{n}</td></tr>" for n in range(9)
    ]
    parts = texts(f"<table>{''.join(rows)}</table>", 300)

    assert len(parts) > 2
    assert "".join(part.removeprefix("<table>").removesuffix("</table>").removeprefix(rows[0]) for part in parts) == (
        "".join(rows[1:])
    )


def test_a_cell_that_spans_a_cut_is_carried() -> None:
    """Above the cut its span is clipped, below it the cell comes again with the rows that are left, in its column."""
    text = (
        '<table><tr><td>A</td><td>B</td><td>C</td></tr>'
        '<tr><td>1</td><td rowspan="4">spans</td><td>1</td></tr>'
        + "".join(f"<tr><td>{n}</td><td>{n}</td></tr>" for n in (2, 3, 4))
        + "<tr><td>5</td><td>5</td><td>5</td></tr></table>"
    )  # fmt: skip

    parts = texts(text, 150)

    assert len(parts) == 3
    assert parts[0].endswith(
        '<tr><td>1</td><td rowspan="2">spans</td><td>1</td></tr><tr><td>2</td><td>2</td></tr></table>'
    )
    assert '<tr><td>3</td><td rowspan="2">spans</td><td>3</td></tr>' in parts[1]
    assert_same_grid(text, parts, 1)


def test_rows_bound_by_a_span_stay_together_if_they_fit() -> None:
    """A cut goes between groups of rows before it goes through one."""
    group = '<tr><td rowspan="2">g</td><td>1</td></tr><tr><td>2</td></tr>'
    parts = texts(f"<table><tr><td>A</td><td>B</td></tr>{group * 6}</table>", 190)

    assert len(parts) > 2
    assert all(part.count("rowspan") * 2 == part.count("<tr") - 1 for part in parts)


def test_a_span_too_large_to_be_carried_is_not_cut() -> None:
    """Repeating it would make every part too large: its rows stay one part, and the output stays small."""
    cell = "x" * 500
    text = f"{TOP}<tr><td rowspan=50>{cell}</td><td>0</td></tr>{body(49, 1)}{body(20)}</table>"

    parts = texts(text, 300)

    assert sum(cell in part for part in parts) == 1
    assert len(parts) > 2
    assert_same_grid(text, parts, 1)


def test_a_header_too_large_to_be_repeated_leaves_the_table_whole() -> None:
    header = f"<tr><td>{'A' * 300}</td></tr>"
    assert split_rows(f"<table>{header}{body(50, 1)}</table>", limits(300)) is None


@pytest.mark.parametrize("size", [100, 200])
def test_parts_split_again_stay_as_they_are(size: int) -> None:
    """A header of two rows is one over a single row, too, that is too large by itself."""
    head = "<tr><td rowspan='2'>A</td><td>B</td></tr><tr><td>C</td></tr>"
    text = f"<table>{head}<tr><td>1</td><td>{'x ' * 80}</td></tr><tr><td>2</td><td>y</td></tr></table>"

    parts = texts(text, size)

    assert len(parts) == 2
    assert all(part.startswith(f"<table>{head}<tr>") for part in parts)
    assert not any(texts(part, size) for part in parts)


@pytest.mark.parametrize(
    ("head", "repeated"),
    [
        ('<thead><tr><td rowspan="5">A</td><td>B</td></tr></thead>', '<td rowspan="1">A</td>'),
        ("<thead><tr><td rowspan='99999999999999999999'>A</td><td>B</td></tr></thead>", "<td rowspan='1'>A</td>"),
        ("<thead><tr><td rowspan=0>A</td><td>B</td></tr></thead>", "<td rowspan=0>A</td>"),
        ("<thead><tr><td rowspan=' +2 '>A</td><td>B</td></tr><tr><td>C</td></tr></thead>", "<td rowspan=' +2 '>A</td>"),
        ("<tr><td rowspan='20' title='a>b' data-rowspan='7'>A</td><td>B</td></tr>",
         "<td rowspan='1' title='a>b' data-rowspan='7'>A</td>"),
        ("<tr><td rowSpan=20>A</td><td>B</td></tr>", "<td rowSpan=1>A</td>"),
        ("<tr><td rowspan='-1'>A</td><td colspan='no'>B</td></tr>", "<td rowspan='-1'>A</td><td colspan='no'>B</td>"),
    ],
)  # fmt: skip
def test_no_cell_spans_more_rows_than_there_are(head: str, repeated: str) -> None:
    """Spans out of the header are clipped where it is repeated; what is no number, or 0, means what HTML says."""
    rows = body(20, 1) if "20" in head else body(20)
    text = f"<table>{head}{f'<tbody>{rows}</tbody>' if '<thead' in head else rows}</table>"

    parts = texts(text, 250)

    assert len(parts) > 2
    assert all(repeated in part for part in parts[1:])
    for table in map(read_table, parts):
        assert table is not None
        assert not any(cell.overlong for row in range(len(table.rows)) for cell in table.cells(row))


def test_tables_in_capitals_are_cut_byte_for_byte() -> None:
    """Nothing is written anew: names in capitals and entities stay as they were."""
    rows = [f"<TR><TD>{n}</TD><TD CLASS=x>R&amp;D &nbsp; {n}</TD></TR>" for n in range(9)]

    parts = texts(f"<TABLE ID='4'><TBODY>{''.join(rows)}</TBODY></TABLE>", 190)

    assert len(parts) > 2
    for part in parts:
        assert part.startswith(f"<TABLE ID='4'><TBODY>{rows[0]}")
    assert "".join(re.findall(r"<TR>.*?</TR>", "".join(parts))).replace(rows[0], "") == "".join(rows[1:])


def test_comments_and_values_are_no_rows() -> None:
    """What only looks like a tag ends no row; a comment goes with the row after it, and none is lost."""
    rows = "".join(f"<!-- row {n} </tr></table> -->\n<tr><td title='</td>'>{n}</td><td>b</td></tr>\n" for n in range(8))
    head = "<table><!-- <table> -->\n<tr><td>A</td><td>B</td></tr>"

    parts = texts(f"{head}\n{rows}</table>", 200)

    assert len(parts) > 3
    assert all(part.startswith(head) for part in parts)
    assert "".join(f"{part.removeprefix(head).removesuffix('</table>')}\n" for part in parts).split() == rows.split()


def test_captions_and_figures_are_repeated() -> None:
    """A caption inside the table, before or after its rows, and a chart's figure are around every part."""
    rows = f"<tr><td>A</td><td>B</td></tr>{body(12)}"
    text = (
        f"<br><figure id='3' data-category='chart'><figcaption><p>Chart Title: Sales</p></figcaption><table>{rows}"
        "<caption id='9'>Table 2. 매출</caption></table></figure>"
    )

    parts = texts(text, 400)

    assert len(parts) > 1
    for part in parts:
        assert part.startswith(
            "<br><figure id='3' data-category='chart'><figcaption><p>Chart Title: Sales</p></figcaption>"
        )
        assert part.endswith("<caption id='9'>Table 2. 매출</caption></table></figure>")
    assert_same_grid(text, parts, 1)


def test_nested_tables_are_opaque() -> None:
    """Rows and spans inside a cell are the cell's own affair."""
    inner = '<table><thead><tr><td rowspan="3">i</td></tr></thead><tr><td>j</td></tr></table>'
    rows = "".join(f"<tr><td>{n}</td><td>{inner}</td></tr>" for n in range(8))
    text = f"<table><tr><td>A</td><td>B</td></tr>{rows}</table>"

    parts = texts(text, 350)

    assert len(parts) > 2
    assert sum(part.count(inner) for part in parts) == 8
    assert_same_grid(text, parts, 1)


def test_sections_are_kept() -> None:
    """Every part opens and closes the section of its rows as the table did."""
    text = (
        "<table><thead><tr><th>A</th><th>B</th></tr></thead><tbody class='one'>"
        f"{body(8)}</tbody><tbody class='two'>{body(8)}</tbody><tfoot>{body(1)}</tfoot></table>"
    )

    parts = texts(text, 260)

    assert len(parts) > 3
    for part in parts:
        for name in ("thead", "tbody", "tfoot", "tr", "td", "table"):
            assert len(re.findall(rf"<{name}[\s>]", part)) == part.count(f"</{name}>")
    assert "<tfoot>" in parts[-1]
    assert sum("<tbody class='two'>" in part for part in parts) > 1
    assert_same_grid(text, parts, 1)


@pytest.mark.parametrize(
    "text",
    [
        "<table><tr><td>only</td></tr></table>",
        "<table></table>",
        "<table><tr></tr></table>",
        "<table><thead><tr><td>A</td></tr><tr><td>B</td></tr></thead></table>",
        f"<table>{body(1)}</table><table>{body(30)}</table>",
        "no table at all",
        "",
        "<table><tr><td>A</td></tr>" + "x" * 400,
    ],
)
def test_what_cannot_be_cut_stays_whole(text: str) -> None:
    """One row, no row, nothing but a header, two tables, none: whole, and no error."""
    assert split_rows(text, limits(30)) is None


TOP = "<table><tr><td>A</td><td>B</td></tr>"
NUMBERS = range(20)
BROKEN = {
    "cells without end": f"<table><tr><td>A<td>B</tr>{''.join(f'<tr><td>{n}<td>{n}</tr>' for n in NUMBERS)}</table>",
    "rows without end": f"{TOP[:-5]}{''.join(f'<tr><td>{n}</td><td>{n}</td>' for n in NUMBERS)}</table>",
    "no end": TOP + body(20),
    "upper case": f"<TABLE><TR><TD>A</TD><TD>B</TD></TR>{body(20)}</TABLE>",
    "spans no number": f"<table><tr><td rowspan=abc>A</td><td colspan=''>B</td></tr>{body(20)}</table>",
    "spans beyond reason": f"<table><tr><td>A</td><td rowspan=999999999>B</td></tr>{body(20, 1)}</table>",
    "a span of nought": f"{TOP}<tr><td rowspan='0'>x</td><td>y</td></tr>{body(20, 1)}</table>",
    "overlapping spans": f"{TOP}<tr><td>C</td><td rowspan=9>D</td></tr><tr><td colspan=3>x</td></tr>{body(20)}</table>",
    "stray signs": f"{TOP}{''.join(f'<tr><td>{n} < 5.8</td><td>a<b & c>d</td></tr>' for n in NUMBERS)}</table>",
    "cells outside rows": f"{TOP}<td>loose</td>{body(20)}</table>",
    "text outside cells": f"{TOP}loose words{body(20)}</table>",
    "a tag in the text": f"{TOP}<tr><td>the <table> tag</td><td>x</td></tr>{body(20)}</table>",
    "an end too many": f"{TOP}</tbody>{body(20)}</table></table>",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_markup_loses_no_word(name: str) -> None:
    """It is either whole, or parts of what BeautifulSoup makes of it, with every word in its order."""
    text = BROKEN[name]
    parts = texts(text, 200)

    if not parts:
        return
    whole = words_of(text)
    header = len(words_of(parts[0])) + len(words_of(parts[1])) - len(whole) if len(parts) == 2 else None
    found = words_of(parts[0])
    repeated = _common_start([words_of(part) for part in parts]) if header is None else header
    for part in parts[1:]:
        found += words_of(part)[repeated:]
    carried = "span" in name  # the text of a carried cell comes again
    assert found == whole or (carried and set(found) == set(whole)), parts
    for part in parts:
        assert read_table(part) is not None


def _common_start(lists: list[list[str]]) -> int:
    count = 0
    for first, *others in zip(*lists, strict=False):
        if any(one != first for one in others):
            break
        count += 1
    return count


def test_what_can_be_mended_is_split() -> None:
    """Optional end tags and upper case are valid HTML; BeautifulSoup completes them."""
    for name in ("cells without end", "rows without end", "upper case", "no end"):
        assert len(texts(BROKEN[name], 200)) > 2, name
    assert mended("<table><tr><td><TwoArm_Trial></td></tr></table>") is None, "a word would become a tag"


def test_half_a_surrogate_pair_is_no_error() -> None:
    """BeautifulSoup could not read it: the table stays whole."""
    assert split_rows(f"<table><tr><td>\ud800<td>b</tr>{body(40)}</table>", limits(100)) is None


@pytest.mark.parametrize(("row", "size"), [("<tr><td>{}</td><td>{}</td></tr>", 250), ("| {} | {} |\n", 195)])
def test_a_section_row_is_not_repeated_where_it_makes_a_part_too_large(row: str, size: int) -> None:
    """The parts of a table fit, and are not cut again when their chunks are split once more."""
    label = "Hours of the turbines in the channel that were overhauled {}, and of those that were " + "not " * 15
    header, *rows = [
        row.format(*cells)
        for cells in (("Site", "Hours"), ("North", ""), *((label.format(year), "12") for year in range(2021, 2025)))
    ]
    text = f"<table>{header}{''.join(rows)}</table>" if header[0] == "<" else f"{header}| --- | --- |\n{''.join(rows)}"

    parts = texts(text, size)

    assert len(parts) == 5
    assert all(len(part) <= size for part in parts)
    assert [part for one in parts for part in texts(one, size) or [one]] == parts


@pytest.mark.parametrize("row", ["<tr><td>{}</td><td>{}</td></tr>", "| {} | {} |\n"])
@pytest.mark.parametrize("rows", [11, 12, 21])
@pytest.mark.parametrize("tokens", [False, True])
def test_no_row_stands_alone_at_the_end(row: str, rows: int, tokens: bool) -> None:
    """The rows that fill the last two parts are shared out; there are no more parts than need be."""
    header, *made = [row.format("Site", "Hours"), *(row.format(f"s{number:02}", "120") for number in range(rows))]
    front, back = ("<table>", "</table>") if header[0] == "<" else ("", "")
    rule = "" if front else "| --- | --- |\n"
    whole = f"{front}{header}{rule}{''.join(made[:10])}{back}"  # ten rows fill a part
    size = by_tokens(10_000).size if tokens else len

    parts = texts(
        f"{front}{header}{rule}{''.join(made)}{back}", RowSizes(size(whole), size(whole), size, exact=not tokens)
    )

    counts = [len(re.findall(r"s\d\d", part)) for part in parts]
    assert counts[-2:] in ([6, 5], [6, 6])
    assert counts[:-2] == [10] * (len(counts) - 2)


@pytest.mark.parametrize(
    ("row", "size", "rows"), [("<tr><td>{}</td><td>{}</td></tr>", 400, 16), ("| {} | {} |\n", 300, 29)]
)
def test_rows_are_not_shared_out_where_a_repeated_section_then_takes_one_part_more(
    row: str, size: int, rows: int
) -> None:
    section = "Northern harbours of the sea and of the lakes"
    pairs = [("Site", "Hours"), (section, ""), *((f"s{number:02}", "120") for number in range(rows))]
    header, *body = [row.format(*pair) for pair in pairs]
    front, rule, back = ("<table>", "", "</table>") if header[0] == "<" else ("", "| --- | --- |\n", "")

    parts = texts(f"{front}{header}{rule}{''.join(body)}{back}", size)

    assert len(parts) == 2
    assert all(section in part for part in parts)


@given(text=table_markup(), size=st.sampled_from((150, 300, 600)), tokens=st.booleans())
def test_parts_make_the_table(text: str, size: int, tokens: bool) -> None:
    """For any table: the same grid, the header in every part, and no part too large that could be smaller."""
    chosen = by_tokens(size // 4) if tokens else limits(size)
    table = read_table(text)
    assert table is not None, "well-formed tables need no BeautifulSoup"
    parts = texts(text, chosen)
    if not parts:
        return
    assert_same_grid(text, parts, table.header_rows)
    for part in parts:
        inner = read_table(part)
        assert inner is not None
        rows = len(inner.rows) - table.header_rows
        bound = inner.has_row_spans
        assert chosen.size(part) <= chosen.later or rows == 1 or bound
    spans = [(piece, offset) for part in split_rows(text, chosen) or [] for piece, offset in part.pieces if offset >= 0]
    for piece, offset in spans:
        assert "rowspan" in piece or text.startswith(piece, offset), "offsets are those of the text"


@examples(80)
@given(text=table_markup(), data=st.data())
def test_broken_tables_lose_nothing(text: str, data: st.DataObject) -> None:
    """Any tags missing or doubled: no error, and all words are there."""
    tags = re.findall(r"<[^<>]*>", text)
    for _ in range(data.draw(st.integers(1, 3))):
        tag = data.draw(st.sampled_from(tags))
        text = text.replace(tag, data.draw(st.sampled_from(("", tag * 2, "<", "<td>"))), 1)
    parts = texts(text, 200)
    assert not parts or not (set(words_of(text)) - {word for part in parts for word in words_of(part)})


# --- pipe tables -------------------------------------------------------------------------------------------------


def test_pipe_tables_are_cut_between_lines() -> None:
    """Each part repeats the header, its rule and what stands before; a cell may hold an HTML table."""
    rows = [f"| r{n} | <table><tr><td>{n}</td></tr></table> |\n" for n in range(12)]
    head = "- Chart Type: bar\n| 지역 | 매출 |\n| --- | ---: |\n"

    parts = texts(head + "".join(rows), 200)

    assert len(parts) > 2
    assert all(part.startswith(head) and len(part) <= 200 for part in parts)
    assert "".join(part.removeprefix(head) for part in parts) == "".join(rows)
    assert texts(head + "".join(rows), by_tokens(70))


# --- continued on the next page ------------------------------------------------------------------------------------


def joined(*pages: str) -> str | None:
    table = JoinedTable(pages[0])
    return "".join(piece for piece, _ in table.pieces) if all(map(table.take, pages[1:])) else None


HEAD = "<thead><tr><td>A</td><td>B</td></tr></thead>"
FIRST = f"<table>{HEAD}<tbody>{body(2)}</tbody></table>"


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (FIRST, f"<table>{HEAD}<tbody>{body(3)}</tbody></table>", 6),
        (FIRST, f"<br><table><thead></thead><tbody>{body(3)}</tbody></table>", 6),
        (FIRST, f"<table>{body(3)}</table>", 6),
        (FIRST, f"<table><tbody>{body(1)}</tbody><tfoot>{body(1)}</tfoot></table>", 5),
        (FIRST, f"<table>{body(3, 3)}</table>", None),
        (FIRST, f"<table><thead>{body(1)}</thead><tbody>{body(3)}</tbody></table>", None),
        (FIRST, f"<table><caption>Table 2</caption>{body(3)}</table>", None),
        (FIRST, "<table><tr><td>broken", None),
        (FIRST.replace("<td", "<td rowspan='9'", 3), f"<table>{body(3)}</table>", None),
        (FIRST, FIRST.replace("<table>", "<br><table id='7'>"), 3),
    ],
)  # fmt: skip
def test_a_table_that_goes_on_is_joined(first: str, second: str, wanted: int | None) -> None:
    """Same columns, and no header or the same one; a header of its own, a caption or other columns make a new table."""
    text = joined(first, second)

    assert (None if text is None else len(grid(text))) == wanted
    if text is not None:
        assert read_table(text) is not None
        assert text.count("<td>A</td>") == 1


def test_a_table_over_many_pages_is_joined() -> None:
    """Not only its first two pages; rows that the API answers at each of its pages are taken once."""
    pages = [FIRST, *(f"<br><table id='{page}'>{HEAD}<tbody>{body(page)}</tbody></table>" for page in (3, 4, 5))]
    assert grid(joined(*pages) or "") == [["A", "B"], *(row for page in pages for row in grid(page)[1:])]
    assert joined(FIRST, FIRST, FIRST) == FIRST


def test_pipe_tables_are_joined() -> None:
    head = "| A | B |\n| --- | --- |\n"
    assert joined(head + "| 1 | 2 |\n", head + "| 3 | 4 |\n") == head + "| 1 | 2 |\n| 3 | 4 |\n"
    assert joined(head + "| 1 | 2 |", head + "| 3 | 4 |") == head + "| 1 | 2 |\n| 3 | 4 |"
    assert joined(head + "| 1 | 2 |\n", "| 3 | 4 |\n| --- | --- |\n| 5 | 6 |\n") is None
    assert joined("words", "words") is None


@examples(80)
@given(text=table_markup(), size=st.sampled_from((150, 300)))
def test_what_was_cut_is_joined_again(text: str, size: int) -> None:
    """Parts, each on the page after the last, are one table again: the rows that no span binds, in their order."""
    parts = texts(text, size)
    bound = "rowspan" in text or "caption" in text
    if len(parts) < 2 or bound or len({tuple(words_of(part)) for part in parts}) < len(parts):
        return
    table = joined(*parts) or ""

    header = read_table(text)
    assert header is not None
    if words_of(text[: header.rows[header.header_rows - 1].end]):  # without a word it cannot be told from a row
        assert grid(table) == grid(text)


@given(text=headed_tables(), size=st.sampled_from((60, 120, 250, 500)), tokens=st.booleans(), caption=st.booleans())
def test_splitting_parts_again_changes_nothing(text: str, size: int, tokens: bool, caption: bool) -> None:
    """Whatever the header and however large a row: chunks of parts are those parts, and none spans out of itself."""
    options = ChunkOptions(
        chunk_size=size,
        oversized_tables="split_rows",
        length_function=(lambda one: len(one.encode()) // 3 + 1) if tokens else len,
    )
    heading = Element(0, 1, "heading1", "<h1>Report</h1>", text="Report")
    above = [heading, Element(1, 1, "caption", "<caption>Table 1</caption>")] if caption else []

    chunks = list(chunk_with(options, [*above, Element(2, 1, "table", text)]))

    assert list(chunk_with(options, chunks)) == chunks
    if len(chunks) > 1:
        for chunk in chunks:
            assert grid(chunk.text)  # refuses a span that reaches out of its table


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (has_words, "<b>" * 50_000),
        (has_words, "<img ></b :='' a-=11/>" * 5_000),
        (header_rows_of, "<table><tr>" + "<td>" * 50_000),
        (header_rows_of, "<table><tr>" + "<td colspan=1000>a</td>" * 2_000 + "</tr></table>"),
        (header_rows_of, "|" + "a|" * 50_000 + "\n|" + "-|" * 50_000 + "\n"),
        (lambda text: split_rows(text, limits(9)), "<table>" + "<tr><td>a" * 60_000),
        (lambda text: list(grids(text)), "<table>" + "<tr><td>a" * 60_000),
        (lambda text: list(grids(text)), "- a\n" * 50_000),
    ],
    ids=[
        "tags",
        "tags that end in two ways",
        "cells",
        "spans",
        "rule",
        "rows to split",
        "rows to read",
        "list without a table",
    ],
)
def test_markup_costs_memory_in_proportion(read: Callable[[str], object], text: str) -> None:
    """What is never closed took a hundred bytes and more for each of its own."""
    read(text[:100] + "</table>")  # what is compiled and imported when first used
    tracemalloc.start()
    try:
        read(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 25 * len(text)
