"""Markdown as CommonMark has it and as converters write it: headings, code, quotes, tables of bars and of borders."""

from __future__ import annotations

import base64
import random
import re
from typing import Any

import pytest
from conftest import examples
from hypothesis import given, strategies as st
from steps import grows_evenly

from upstage_docs.chunking.blocks import blocks
from upstage_docs.chunking.context import contextualize
from upstage_docs.chunking.markdown import lines_of, markdown_blocks
from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.packing import chunk_elements, split_text
from upstage_docs.evidence.grids import grids
from upstage_docs.models import Record

TABLE = "| Site | MW |\n| --- | --- |\n| Alpha | 1 |\n| Beta | 2 |"


def found(text: str) -> list[tuple[str, str]]:
    return [(block.category, text[block.start : block.end]) for block in blocks(text)]


def headings(text: str, **options: Any) -> list[str]:
    return [chunk.metadata["headings"] for chunk in chunk_elements(Record("", text, {}), **options)]


# --- headings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Tides\n=====\n\nNight\n-----\n\nIt rose.", "Tides > Night"),
        ("Tides\n=\n\nNight\n-\n\nIt rose.", "Tides > Night"),
        ("Tides\nof the bay\n===\n\nIt rose.", "Tides of the bay"),
        ("# Tides #\n\n## Night ####\n\nIt rose.", "Tides > Night"),
        ("#\tTides\n\nIt rose.", "Tides"),
        ("   ### Tides\n\nIt rose.", "Tides"),
        ("# C#\n\nIt rose.", "C#"),
        ("\ufeff# Tides\n\nIt rose.", "Tides"),
        ("\ufeffTides\n===\n\nIt rose.", "Tides"),
        ("# Tides\r\rIt rose.", "Tides"),
        ("It was high.\n\f# Tides\n\nIt rose.", "Tides"),
        ("It was high.\n\fTides\n===\n\nIt rose.", "Tides"),
        ("Tides\r\n===\r\n\r\nIt rose.", "Tides"),
        ("#Tides\n\nIt rose.", ""),
        ("    # Tides\n\nIt rose.", ""),
        ("```\n# Tides\n```\n\nIt rose.", ""),
        ("> # Tides\n\nIt rose.", ""),
        ("- # Tides\n\nIt rose.", ""),
        ("It was high.\n\n---\n\nIt rose.", ""),
        ("---\ntitle: Tides\n---\n\nIt rose.", ""),
        ("\ufeff---\ntitle: Tides\n---\n\nIt rose.", ""),
        (f"{'It was high and long. ' * 20}\n---\n\nIt rose.", ""),
        ("\\# Tides\n\nIt rose.", ""),
        ("<div align='center'>\n\n# Tides\n\n</div>\n\nIt rose.", "Tides"),
        ("<p align='center'><img src='a.png' alt='sea'></p>\n\n# Tides\n\nIt rose.", "Tides"),
        ("<a id='top'></a>\n# Tides\n\nIt rose.", "Tides"),
        ("# Tides\n\n#\n\nIt rose.", "Tides"),
        ("**1. Tides**\n\nIt rose.", "1. Tides"),
        ("**1. Sea**\n\nIt is.\n\n__1.2 Tides__\n\nIt rose.", "1. Sea > 1.2 Tides"),
        ("**1. Tides rise.**\n\nIt rose.", ""),
        ("**1. Tides** rise\n\nIt rose.", ""),
        ("**Tides**\n\nIt rose.", ""),
        ("**5 boats**\n\ncame in.", ""),
        ("## Sea\n\nIt is.\n\n**1. Tides**\n\nIt rose.", "Sea > 1. Tides"),
        ("## Sea\n\n**1. Tides**\n\nIt rose.\n\n## Quay\n\nIt fell.", "Quay"),
    ],
)
def test_what_is_a_heading_and_what_is_none(text: str, path: str) -> None:
    """Closing hashes, underlines and a byte order mark are no words of it; code, quotes and front matter hold none."""
    assert headings(text)[-1] == path
    words = "".join("".join(chunk for chunk in split_text(ChunkOptions(chunk_size=1000), text)).split())
    bare = re.sub(r"</?(?:div|a)\b[^>]*>", "", text.replace("\ufeff", ""))
    assert re.sub(r"</?(?:div|a)\b[^>]*>", "", words) == "".join(bare.split())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("# **Tides** of *May*", "Tides of May"),
        ("# `tide(x)` in C\\#", "tide(x) in C#"),
        ("# [Tides](https://example.org/a) of [May][m]\n\n[m]: https://example.org/m", "Tides of May"),
        ("# ![Logo](a.png) Tides {#tides}", "Logo Tides"),
        ("# <a id='tides'></a>Tides &amp; ebbs", "Tides & ebbs"),
        ("# The tide_table of 2 * 3 days", "The tide_table of 2 * 3 days"),
        ("# Law of $$a*b$$", "Law of $$a*b$$"),
    ],
)
def test_the_path_holds_the_words_of_a_heading_without_what_marks_them(line: str, words: str) -> None:
    [chunk] = chunk_elements(Record("", f"{line}\n\nIt rose.", {}))

    assert chunk.metadata["headings"] == words
    assert contextualize(chunk) == chunk.text


@pytest.mark.parametrize("part", ["[a", "![a", "*a ", "`a"])
def test_the_work_for_a_heading_of_marks_alone_does_not_grow_with_their_square(part: str) -> None:
    assert grows_evenly(lambda marks: f"# {part * marks}\n\nIt rose.", found, 500)


def test_a_heading_of_marks_is_not_put_in_front_of_itself() -> None:
    for text in ("Tides\n=====\n\nIt rose.", "# Tides #\n\nIt rose."):
        (chunk,) = chunk_elements(Record("", text, {}))

        assert chunk.headings == ("Tides",)
        assert contextualize(chunk) == text


# --- code, quotes, lists, definitions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        f"```\n{TABLE}\n```",
        f"~~~~ md\n~~~\n{TABLE}\n~~~~",
        "    | a | b |\n    | - | - |\n    | 1 | 2 |",
        "\tif x | y:\n\n\t    # no heading",
        "    <table><tr><td>x</td></tr></table>",
        "    <br>",
    ],
)
def test_code_is_code(code: str) -> None:
    """Fenced or indented: no table and no heading is in it, and it is one block."""
    assert found(f"Words.\n\n{code}\n\nMore words.") == [
        ("paragraph", "Words."),
        ("code", code),
        ("paragraph", "More words."),
    ]


def test_code_under_html_at_the_top_is_code() -> None:
    text = "<p align='center'>A logo.</p>\n\n# Tides\n\n    it | rose\n"

    assert [category for category, _ in found(text)] == ["paragraph", "heading1", "code"]


def test_code_in_a_list_is_code() -> None:
    text = f"1. First:\n\n   ```\n   # no\n   {TABLE.splitlines()[0]}\n   ```\n\n2. Second"

    assert [category for category, _ in found(text)] == ["paragraph", "code", "paragraph"]


@pytest.mark.parametrize("before", ["> ", "- ", "* * * "])
def test_markers_alone_do_not_make_time_grow(before: str) -> None:
    assert split_text(ChunkOptions(chunk_size=1000), before * 400 + "words")


def test_definitions_of_links_are_kept() -> None:
    """The parser takes them out of the text; the link that needs them would lead nowhere."""
    text = "See [the plan][1].\n\n[1]: https://example.org/plan 'The plan'\n[2]: <other>\n\nAfter."

    assert [body for _, body in found(text)] == [
        "See [the plan][1].",
        "[1]: https://example.org/plan 'The plan'\n[2]: <other>",
        "After.",
    ]


# --- tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029"])
def test_only_line_feeds_and_carriage_returns_end_a_line(sign: str) -> None:
    """`str.splitlines` knows eight more; in a cell they are breaks that stand where they are."""
    table = f"| Site{sign}name | MW |\n| --- | --- |\n| Al{sign}pha | 1 |\n| Beta | 2 |"

    assert found(f"Words.\n\n{table}\n\nAfter.")[1] == ("table", table)
    for part in split_text(ChunkOptions(chunk_size=50, oversized_tables="split_rows"), table):
        assert part.startswith(f"| Site{sign}name | MW |\n| --- | --- |\n")
        assert part.count("\n") == 2
    assert lines_of(f"a{sign}b\r\nc\rd\n") == [f"a{sign}b\r\n", "c\r", "d\n"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_end_of_a_line_is_one(end: str) -> None:
    text = f"# Power\n\n{TABLE}\n\nWords.".replace("\n", end)

    assert [category for category, _ in found(text)] == ["heading1", "table", "paragraph"]
    parts = split_text(ChunkOptions(chunk_size=45, oversized_tables="split_rows"), TABLE.replace("\n", end))
    assert [part.count("| --- | --- |") for part in parts] == [1, 1]


BROKEN_CELLS = [
    "| a | first\nlast |\n",
    "| b | first\nmiddle\nlast |\n",
    "| c | one line |\n",
    "| d | - first\n- last |\n",
    "| e\nee | x |\n",
    "| f | # no heading\n|\n",
]


@pytest.mark.parametrize("size", range(40, 90, 6))
def test_a_line_break_in_a_cell_ends_no_row(size: int) -> None:
    """Converters write it as it is: the row goes over several lines, and stays one."""
    head = "| key | note |\n| --- | --- |\n"
    table = head + "".join(BROKEN_CELLS).rstrip()

    assert found(f"{table}\n\nAfter.")[0] == ("table", table)
    bodies = [
        part.removeprefix(head)
        for part in split_text(ChunkOptions(chunk_size=size, oversized_tables="split_rows"), table)
    ]
    assert len(bodies) > 1
    assert "\n".join(bodies) == table.removeprefix(head)
    rows = [row.rstrip() for row in BROKEN_CELLS]
    assert all(sum(row in body for body in bodies) == 1 for row in rows)


@pytest.mark.parametrize(
    ("head", "rows"),
    [("| Site\nname | MW |\n", 1), ("| | 2023 |\n| Site | MW\n(net) |\n", 2), ("| Site | MW\nof the\nyear |\n", 1)],
)
def test_a_line_break_in_a_cell_of_the_header_ends_no_row_either(head: str, rows: int) -> None:
    head = f"{head}| --- | --- |\n"
    table = head + "".join(f"| Quay {n} | {n} |\n" for n in range(9)).rstrip()

    assert found(f"Words.\n\n{table}\n\nAfter.")[1] == ("table", table)
    parts = list(chunk_elements(Record("", table, {}), chunk_size=len(head) + 40, oversized_tables="split_rows"))
    assert len(parts) > 1
    assert all(part.text.startswith(head) and part.metadata["header_rows"] == rows for part in parts)


def test_words_behind_bars_above_a_table_are_no_header() -> None:
    for before in ("| one\nline", "| a | b |\nWords."):
        assert found(f"{before}\n{TABLE}")[-1] == ("table", TABLE)


def test_a_row_that_no_bar_closes_takes_one_line() -> None:
    """What follows is not swallowed: words, a heading, another table."""
    for after in ("Words that are no cell.", "# Next", "More | or less"):
        table = "| key | note |\n| --- | --- |\n| a | b\n| c | d"
        assert found(f"{table}\n\n{after}")[0] == ("table", table)


def test_a_line_without_a_bar_ends_a_table() -> None:
    assert found(f"{TABLE}\nSource: the ministry.")[:2] == [("table", TABLE), ("paragraph", "Source: the ministry.")]


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_all_rows_above_the_rule_are_the_header(rows: int) -> None:
    head = "".join(f"| upper {n} | | x |\n" for n in range(rows)) + "| --- | --- | --- |\n"
    table = head + "".join(f"| row {n} | {n} | {n} |\n" for n in range(9))

    assert found(f"Words.\n\n{table}\nAfter.")[1] == ("table", table.rstrip())
    parts = split_text(ChunkOptions(chunk_size=len(head) + 50, oversized_tables="split_rows"), table)
    assert len(parts) > 1
    assert all(part.startswith(head) for part in parts)


GRID = (
    "+-------+--------------+\n| Site  | Notes        |\n+=======+==============+\n"
    "| Alpha | - quiet      |\n|       | - deep       |\n+-------+--------------+\n"
    "| Beta  | shallow      |\n+-------+--------------+\n| Gamma | far          |\n+-------+--------------+"
)
DRAWN = "+-------+----+\n| site  | mw |\n+-------+----+\n| Alpha |  1 |\n| Beta  |  2 |\n| Gamma |  3 |\n+-------+----+"


@pytest.mark.parametrize("grid", [GRID, DRAWN, GRID.replace("=", "-")], ids=["header", "database", "no header"])
def test_a_grid_of_borders_is_a_table(grid: str) -> None:
    """pandoc and reStructuredText draw rows from border to border; a database draws three borders."""
    assert found(f"# Power\n\nWords.\n{grid}\n\nAfter.")[2] == ("table", grid)
    parts = split_text(ChunkOptions(chunk_size=len(grid) // 2 + 30, oversized_tables="split_rows"), grid)
    assert len(parts) > 1
    for part in parts:
        assert part.rstrip().endswith("-+")
        if "=" in grid or grid == DRAWN:
            assert part.startswith("\n".join(grid.split("\n")[:3]))
        assert ("Alpha" in part) == ("deep" in part) or grid == DRAWN
    assert [sum(name in part for part in parts) for name in ("Alpha", "Beta", "Gamma")] == [1, 1, 1]
    names = [row[0] for row in next(grids(grid)).rows if row[0]]
    assert names == [grid[grid.index("ite") - 1 :][:4], "Alpha", "Beta", "Gamma"]


ORG = "| Site  | MW |\n|-------+----|\n| Alpha |  1 |\n| Beta  |  2 |\n|-------+----|\n| All   |  3 |"
PLUSES = " Site  | MW \n-------+----\n Alpha |  1 \n Beta  |  2 "


@pytest.mark.parametrize("table", [ORG, PLUSES, f"|-------+----|\n{ORG}"], ids=["org", "database", "rule above"])
def test_a_table_whose_rules_have_pluses_is_a_table(table: str) -> None:
    """A rule that Org draws between rows is no row, and one above the header is none of it."""
    head = table[: table.index("Alpha")].rstrip("| ")

    assert found(f"Words.\n\n{table}\n\nAfter.")[1] == ("table", table.rstrip())
    parts = split_text(ChunkOptions(chunk_size=len(head) + 20, oversized_tables="split_rows"), table)
    assert len(parts) == len(re.findall(r"\d", table))
    assert all(part.startswith(head) for part in parts)
    assert [len(grid.rows) for grid in grids(table)] == [len(parts) + 1]


SIMPLE = "  Site     MW Notes\n  ------ ---- -------\n  Alpha     1 quiet\n  Beta      2\n  Gamma     3 far"
MULTILINE = (
    "  ------------------------\n  Site     MW Notes\n         2024\n  ------ ---- ------------\n"
    "  Alpha     1 quiet\n              and deep\n\n  Beta      2 shallow\n\n  Gamma     3 far\n"
    "  ------------------------"
)


@pytest.mark.parametrize("table", [SIMPLE, MULTILINE], ids=["simple", "multiline"])
@pytest.mark.parametrize("indent", ["", "  "])
def test_a_table_whose_columns_are_told_by_dashes_is_a_table(table: str, indent: str) -> None:
    """As pandoc writes those without a bar; each part repeats the header, and a row of several lines is one."""
    table = table if indent else re.sub("^  ", "", table, flags=re.MULTILINE)

    assert found(f"# Power\n\nWords.\n\n{table}\n\n: Table 1. Sites\n\nAfter.")[2] == ("table", table)
    body = table.index("Alpha")
    parts = split_text(ChunkOptions(chunk_size=(body + len(table)) // 2 + 20, oversized_tables="split_rows"), table)
    assert len(parts) > 1
    assert all(part.lstrip().startswith(table[:body].strip()) for part in parts)
    assert [sum(name in part for part in parts) for name in ("Alpha", "Beta", "Gamma")] == [1, 1, 1]
    assert all(("Alpha" in part) == ("quiet" in part) for part in parts)
    assert all(("quiet" in part) == ("deep" in part) for part in parts) or "deep" not in table
    dense = split_text(ChunkOptions(table_form="dense"), table)
    assert dense == [table]


@pytest.mark.parametrize(
    "text",
    [
        "One line\n---",
        "One line\n--- ---",
        "One line\n\n--- ---\n\nMore",
        "-----\n\nOne line\n\n-----",
        "-----\nOne\n-----",
        "```\n---- ----\na    b\n\nc    d\n```\n\nOne line",
        "> One line\n---- ----\na    b",
    ],
)
def test_dashes_without_rows_are_no_table(text: str) -> None:
    assert all(category != "table" for category, _ in found(text))


def test_a_bar_in_a_cell_below_dashes_makes_no_header_of_its_row() -> None:
    table = "Name        Cost\n----------  ----\n" + "".join(f"mill {row}|x     {row}\n" for row in range(12))
    parts = split_text(ChunkOptions(chunk_size=110, oversized_tables="split_rows"), table)

    assert len(parts) > 1
    assert ["mill 0|x" in part for part in parts] == [True] + [False] * (len(parts) - 1)


def test_a_picture_and_its_caption_on_the_next_line_are_one_chunk_of_their_own() -> None:
    """As MinerU writes them; a picture above other words stands in their text."""
    below = "![](images/quay.jpg)  \nFigure 1. The quay"
    (first, second) = chunk_elements(Record("", f"{below}\n\nIt rose.", {}))
    (other,) = chunk_elements(Record("", below.replace("Figure 1.", "So was"), {}))

    assert [(one.metadata["category"], one.metadata["caption"]) for one in (first, second)] == [
        ("figure", "Figure 1. The quay"),
        ("paragraph", ""),
    ]
    assert (other.metadata["category"], other.text.count("\n")) == ("paragraph", 1)


@pytest.mark.parametrize(
    "picture",
    ["![quay](a.png)", "![quay][1]", "[![quay](a.png)](b.html)", "![[quay.png]]", '<img src="a.png" alt="The quay">'],
)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_picture_is_one_however_it_is_written(picture: str, gap: str) -> None:
    chunks = list(chunk_elements(Record("", f"It fell.\n\n{picture}{gap}Figure 1. The quay\n\nIt rose.", {})))

    assert [(one.metadata["category"], one.caption) for one in chunks] == [
        ("paragraph", ""),
        ("figure", "Figure 1. The quay"),
        ("paragraph", ""),
    ]


def test_comments_alone_are_no_text_and_no_title() -> None:
    """docling writes `<!-- image -->` for what it leaves out, Azure the number of a page."""
    text = f'<!-- image -->\n\n{TABLE}\n\n<!-- PageNumber="1" -->\n<!-- PageBreak -->\n\nIt rose.'

    assert found(text) == [("table", TABLE), ("paragraph", "It rose.")]
    assert found("It <!-- x --> rose.") == [("paragraph", "It <!-- x --> rose.")]


@pytest.mark.parametrize("line", ['<span id="p-1"></span>**Table 1.** Sites', "Table 1. Sites"])
def test_an_anchor_before_a_caption_is_none_of_its_words(line: str) -> None:
    (chunk,) = chunk_elements(Record("", f"{line}\n\n{TABLE}", {}))

    assert chunk.metadata["caption"] == "Table 1. Sites"


def test_a_caption_behind_a_colon_is_that_of_the_table_above() -> None:
    """As pandoc writes it."""
    first, second = chunk_elements(Record("", f"{TABLE}\n\n: Table 1. Sites\n\nIt rose.", {}))

    assert (first.metadata["caption"], second.text) == ("Table 1. Sites", "It rose.")


def test_padding_and_a_lonely_plus_make_no_difference() -> None:
    padded = "| Site          |            MW |\n|:--------------|--------------:|\n| Alpha         |             1 |"

    assert found(padded) == [("table", padded)]
    assert found("+ one\n+ two\n\n+---+")[0] == ("paragraph", "+ one\n+ two")


def test_a_table_in_a_quote_or_a_list_is_found() -> None:
    quoted = "\n".join(f"> {line}" for line in TABLE.split("\n"))
    listed = "- Sites:\n\n" + "\n".join(f"  {line}" for line in TABLE.split("\n"))

    assert ("table", quoted) in found(f"Words.\n\n{quoted}\n\nAfter.")
    assert [category for category, _ in found(f"{listed}\n\nAfter.")] == ["paragraph", "table", "paragraph"]


# --- every line is in one block --------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *("# a\n", "a\n", "===\n", "---\n", "\n", "- b\n", "  - c\n", "1. d\n", "> e\n", ">> f\n", "    g\n", "\th\n"),
        *("```\n", "~~~\n", "| i | j |\n", "|---|---|\n", "| k\n", "l |\n", "+---+\n", "| m |\n", "[n]: o\n", "***\n"),
        *(
            "<div>\n",
            "</div>\n",
            "<!-- p -->\n",
            "\r\n",
            "q\r",
            "\x0b",
            "$$\n",
            "r  \n",
            "\\\n",
            "* - + s\n",
            "-\n",
            "\0",
        ),
    ]
)


@examples(300)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_every_line_is_in_one_block_and_in_order(text: str) -> None:
    """Whatever stands beside what: nothing is lost, nothing comes twice."""
    position = 0
    for block in markdown_blocks(text):
        assert position <= block.start < block.end <= len(text)
        assert not text[position : block.start].strip(" \t\r\n\x0b\ufeff\0")
        position = block.end
    assert not text[position:].strip(" \t\r\n\x0b\ufeff\0")


MIXED = st.sampled_from(
    [
        *("# a\n", "b c\n", "===\n", "\n", "- d\n", "> e\n", "    f\n", "```\n", "| g | h |\n", "|---|---|\n", "| i\n"),
        *("j |\n", "+---+\n", "| k |\n", "|l|\n|-|\n|m\nn|\n", "[o]: p\n", "q\r", "x | y\n", "<p>r</p>", "<h2>s</h2>"),
        *(
            "<table><tr><td>t</td></tr></table>",
            "Table 1. u\n",
            "(단위: 원)\n",
            "주) v\n",
            "were as follows:\n",
            "$$\n",
        ),
    ]
)


@examples(300)
@given(st.lists(MIXED, max_size=14).map("".join), st.sampled_from([8, 30, 300]))
def test_no_letter_is_lost_where_markdown_and_html_meet(text: str, size: int) -> None:
    """A table that only shows without the HTML around it is one too."""
    chunks = split_text(ChunkOptions(chunk_size=size), text)

    letters, said = (
        sorted(sign for sign in re.sub(r"</?(?:p|h2|table|tr|td)>", "", one) if sign.isalnum())
        for one in (text, "".join(chunks))
    )
    assert said == letters


# --- pictures --------------------------------------------------------------------------------------------------------

BYTES = base64.b64encode(random.Random(3).randbytes(9000)).decode()
WRAPPED = "\n".join(BYTES[at : at + 76] for at in range(0, len(BYTES), 76))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"![quay](data:image/png;base64,{BYTES})", "![quay](data:image/png)"),
        (f"Words ![quay](data:image/jpeg;base64,{BYTES} 'The quay') more.", "![quay](data:image/jpeg 'The quay')"),
        (f"![quay][1]\n\n[1]: data:image/png;base64,{BYTES}", "[1]: data:image/png"),
        (f"<figure><img src='data:image/png;base64,{BYTES}' alt='a'></figure>", "<img src='data:image/png' alt='a'>"),
        (f'<p>a</p><img src="data:image/png;base64,{WRAPPED}" alt="b">', '<img src="data:image/png" alt="b">'),
        (f"<table><tr><td>a<img src='data:image/gif;base64,{BYTES}'></td></tr></table>", "<img src='data:image/gif'>"),
        (f"| a | b |\n| - | - |\n| ![x](data:image/png;base64,{BYTES}) | 1 |", "| ![x](data:image/png) | 1 |"),
        (f"![quay](data:image/png; base64, {'iVBORw0K' * 6} {'iVBORw0K' * 6})", "![quay](data:image/png)"),
        (f"<img src='data: image/png;base64,{'iVBORw0K' * 6}'> b", "<img src='data: image/png'> b"),
        ("![quay](data:image/svg+xml;utf8,<svg x='1'><b d='M 0 0'/></svg>) b", "![quay](data:image/svg+xml) b"),
        ("![quay](data:image/svg+xml;utf8,%3Csvg%20xmlns%3D%22a%22%3E)", "![quay](data:image/svg+xml)"),
        ("![quay](data:image/svg+xml,%3Csvg%20xmlns='a'%20d='M(1,2)'/%3E)", "![quay](data:image/svg+xml)"),
        ("<img src='data:image/svg+xml;utf8,<svg x=\"%3C\"><b>a</b></svg>'> b", "<img src='data:image/svg+xml'> b"),
        (f"<a href='data:application/pdf;base64,{BYTES}'>plan</a>", "<a href='data:application/pdf'>plan</a>"),
    ],
)  # fmt: skip
def test_the_bytes_of_a_picture_are_no_text(text: str, kept: str) -> None:
    """They are not measured, cut or embedded, wherever the address stands; what it shows is still named."""
    whole = f"# Harbour\n\nBefore.\n\n{text}\n\nAfter."
    for given_text in (whole, text):
        chunks = split_text(ChunkOptions(chunk_size=300), given_text)
        assert any(kept in chunk for chunk in chunks)
        assert sum(map(len, chunks)) < 400
        assert not any(BYTES[:60] in chunk or "base64" in chunk or "%3C" in chunk for chunk in chunks)


def test_what_only_mentions_an_address_is_kept() -> None:
    for text in ("Write data:text/plain,hello here.", "The data: an overview.", "`data:image/png` is a type."):
        assert split_text(ChunkOptions(), text) == [text]


def test_a_chunk_after_a_picture_knows_where_it_stands() -> None:
    text = f"Before the quay.\n\n![quay](data:image/png;base64,{BYTES})\n\nAfter the quay."
    chunks = list(chunk_elements(Record("", text, {}), chunk_size=30))

    assert [text[chunk.start : chunk.start + 6] for chunk in chunks] == ["Before", "![quay", "After "]
    assert text[chunks[-1].start : chunks[-1].end] == "After the quay."
