"""What the size of a text is: its characters, those that are read, or its tokens by the name of an encoding."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_upstage_docs import TableAwareTextSplitter
from upstage_docs import ConfigError, Element, ParsedDocument, chunk_elements
from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.sizes import read_length
from upstage_docs.options import OutputFormat


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("plain", "plain"),
        ("<p id='3' style='font-size:16px'>two<br>lines</p>", "twolines"),
        ("a &amp; b &lt; c", "a & b < c"),
        ("x < 5.8 and y", "x < 5.8 and y"),
        ("| a    | b |\n| ---- | - |\n| 1    | 2 |", " a b \n\n 1 2 "),
    ],
)
def test_tags_and_padding_are_not_read(text: str, read: str) -> None:
    assert read_length(text) == len(read)


def test_a_size_of_what_is_read_holds_more_rows() -> None:
    rows = "".join(f"<tr><td>Site {n}</td><td>{n},500</td></tr>" for n in range(60))
    table = Element(
        0, 1, "table", f"<table id='0' style='font-size:14px'><tr><td>Site</td><td>2024</td></tr>{rows}</table>"
    )

    by_markup = list(chunk_elements(table, chunk_size=500, oversized_tables="split_rows"))
    by_text = list(chunk_elements(table, chunk_size=500, oversized_tables="split_rows", measure="text"))

    assert len(by_text) * 1.4 < len(by_markup)
    assert all(read_length(chunk.text) <= 500 and not chunk.oversize for chunk in by_text)


def test_a_size_in_tokens_counts_the_markup() -> None:
    counted: list[str] = []

    def words(text: str) -> int:
        counted.append(text)
        return len(text.split())

    options = ChunkOptions(chunk_size=10, length_function=words, measure="text")

    assert options.size("<p id='1'>one two</p>") == 3
    assert counted == ["<p id='1'>one two</p>"]


def test_a_name_that_is_no_encoding_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'no_such_base' must be callable, or the name of .*cl100k_base"):
        TableAwareTextSplitter(length_function="no_such_base")
    with pytest.raises(ConfigError, match="must be callable, or the name"):
        ChunkOptions(length_function="no-such-model")  # type: ignore[arg-type]


def test_every_piece_of_html_begins_with_its_path_as_html() -> None:
    words = "The ferry leaves at seven & comes back at nine. " * 12
    elements = (
        Element(1, 1, "heading1", "<h1>Ferries & tides</h1>", text="Ferries & tides"),
        Element(2, 1, "paragraph", f"<p>{words}</p>", text=words),
    )
    document = ParsedDocument("a.pdf", "", "", elements, total_pages=1)
    later = list(chunk_elements(document, chunk_size=200, path_in_text=True))[1:]
    assert len(later) > 1
    assert {chunk.text[: chunk.text.index("\n")] for chunk in later} == {"Ferries &amp; tides"}


def _rows(count: int) -> str:
    rows = "".join(f"<tr><td>Site {n}</td><td>{n},500</td></tr>" for n in range(count))
    return f"<table><tr><td>Site</td><td>2024</td></tr>{rows}</table>"


@pytest.mark.parametrize("options", [{}, {"path_in_text": True}, {"measure": "text"}])
def test_a_table_stays_whole_up_to_a_size_of_its_own(options: dict[str, Any]) -> None:
    """A larger one is cut into parts of the size of a chunk; what stands beside it counts, and its path."""
    elements = [
        Element(0, 1, "heading1", "<h1>Noise</h1>"),
        Element(1, 1, "caption", "<caption>Table 1. Noise by site</caption>"),
        Element(2, 1, "table", _rows(10)),
        Element(3, 1, "caption", "<caption>Table 2. Noise by month</caption>"),
        Element(4, 1, "table", _rows(60)),
    ]
    first, second = chunk_elements(elements, **options)
    whole = ChunkOptions(**options).size(first.text)
    by_rows: dict[str, Any] = {"oversized_tables": "split_rows", "chunk_size": whole // 2, **options}

    kept = list(chunk_elements(elements, table_size=whole, **by_rows))
    cut = list(chunk_elements(elements, table_size=whole - 1, **by_rows))

    assert kept[0].text == first.text
    assert "Site 59" in kept[-1].text
    assert len(kept) > 5
    assert [chunk.text for chunk in kept if chunk.oversize] == [first.text]
    assert not any(chunk.oversize for chunk in cut)
    assert [*chunk_elements(kept, table_size=whole, **by_rows)] == kept
    assert [chunk.text for chunk in chunk_elements([first, second], table_size=whole, **by_rows)] == [
        chunk.text for chunk in kept
    ]
    assert not {chunk.id for chunk in kept} & {chunk.id for chunk in cut}


@pytest.mark.parametrize("output_format", ["html", "markdown", "text"])
def test_the_notes_below_a_table_count_in_its_last_part(output_format: OutputFormat) -> None:
    rows = [(f"Site {n}", f"{n},500") for n in range(20)]
    html = "".join(f"<tr><td>{site}</td><td>{noise}</td></tr>" for site, noise in [("Site", "2024"), *rows])
    pipes = "\n".join(f"| {site} | {noise} |" for site, noise in [("Site", "2024"), ("---", "---"), *rows])
    text = "\n".join(f"{site} {noise}" for site, noise in [("Site", "2024"), *rows])
    note = "Note: " + "measured at night, and in the rain. " * 4
    elements = [
        Element(0, 1, "table", f"<table>{html}</table>", pipes, text),
        Element(1, 1, "footnote", f"<p>{note}</p>", note, note),
    ]
    for size in range(250, 400, 5):
        chunks = list(
            chunk_elements(elements, chunk_size=size, oversized_tables="split_rows", output_format=output_format)
        )

        assert len(chunks) > 1
        assert "Note:" in chunks[-1].text
        assert not any(chunk.oversize for chunk in chunks)


def test_a_size_of_tables_that_says_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="table_size=2000 has no effect without oversized_tables='split_rows'"):
        ChunkOptions(table_size=2000)
    with pytest.raises(ConfigError, match="table_size=500 must not be smaller than chunk_size=1000"):
        ChunkOptions(oversized_tables="split_rows", table_size=500)
