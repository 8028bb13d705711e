"""Layout blocks become an answer in Upstage's conventions."""

from __future__ import annotations

import base64
import json
import pickle
from typing import Any

import pytest
from bs4 import BeautifulSoup

from upstage_docs.local.answer_writer import write_answer
from upstage_docs.local.blocks import Block, Cell, PageLayout
from upstage_docs.local.refusal import Refusal

FORMATS = ("html", "markdown", "text")
BOX = (0.1, 0.2, 0.5, 0.25)


def answer(*blocks: Block, formats: tuple[str, ...] = FORMATS, coordinates: bool = True) -> dict[str, Any]:
    """Answer one page of *blocks*, through JSON as a client gets it."""
    page = PageLayout(1, blocks)
    written = write_answer([page], model="local-1", output_formats=formats, coordinates=coordinates)
    return dict(json.loads(json.dumps(written)))


def content(block: Block) -> dict[str, str]:
    return answer(block)["elements"][0]["content"]  # type: ignore[no-any-return]


def rows(*texts: tuple[str, ...]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(tuple(map(Cell, row)) for row in texts)


def test_the_answer_has_the_shape_of_the_api() -> None:
    """Version, model, usage and ids that run over all pages."""
    pages = [
        PageLayout(4, (Block("paragraph", "a", BOX), Block("paragraph", "b", BOX))),
        PageLayout(5, (Block("paragraph", "c"),), ocr=True),
    ]
    found: dict[str, Any] = write_answer(pages, model="local-1", output_formats=FORMATS, coordinates=True, first_id=7)
    assert (found["api"], found["model"], found["ocr"]) == ("2.0", "local-1", True)
    assert found["usage"] == {"pages": 2, "standard": [4, 5]}
    assert [(element["id"], element["page"]) for element in found["elements"]] == [(7, 4), (8, 4), (9, 5)]
    assert found["content"]["text"] == "a\nb\nc"
    assert found["content"]["markdown"] == "a\n\nb\n\nc"
    assert found["content"]["html"].count("\n") == 2


@pytest.mark.parametrize(
    ("block", "html", "markdown"),
    [
        (Block("heading1", "Title"), "<h1 id='0' style='font-size:14px'>Title</h1>", "# Title"),
        (Block("heading1", "Part", level=3), "<h3 id='0' style='font-size:14px'>Part</h3>", "### Part"),
        (
            Block("paragraph", "one\ntwo", font_size=18),
            "<p id='0' data-category='paragraph' style='font-size:18px'>one<br>two</p>",
            "one\ntwo",
        ),
        (
            Block("list", "• one\nand on\n• two"),
            "<p id='0' data-category='list' style='font-size:14px'>• one<br>and on<br>• two</p>",
            "- • one\nand on\n- • two",
        ),
        (Block("header", "H"), "<header id='0' style='font-size:14px'>H</header>", "H"),
        (Block("footer", "9"), "<footer id='0' style='font-size:14px'>9</footer>", "9"),
        (Block("footnote", "1 N"), "<p id='0' data-category='footnote' style='font-size:14px'>1 N</p>", "1 N"),
        (Block("caption", "C"), "<p id='0' data-category='caption' style='font-size:14px'>C</p>", "C"),
        (Block("index", "A 1"), "<p id='0' data-category='index' style='font-size:14px'>A 1</p>", "A 1"),
        (Block("equation", "a = b"), "<p id='0' data-category='equation'>a = b</p>", "a = b"),
        (Block("figure", ""), "<figure id='0'><img alt=\"\" /></figure>", ""),
        (
            Block("chart", "1\n2"),
            "<figure id='0' data-category='chart'><img style='font-size:14px' alt=\"1\n2\" /></figure>",
            "1\n2",
        ),
    ],
    ids=lambda value: value.category if isinstance(value, Block) else "",
)
def test_each_category_has_its_markup(block: Block, html: str, markdown: str) -> None:
    """HTML and Markdown of the categories, as in Upstage's standard mode."""
    assert content(block)["html"] == html
    assert content(block)["markdown"] == markdown


def test_lists_without_markers_get_one_per_line() -> None:
    """Items whose marker is not text, as in Word files, are items all the same; none is marked twice."""
    assert content(Block("list", "one\ntwo"))["markdown"] == "- one\n- two"
    assert content(Block("list", "- one\n- two"))["markdown"] == "- one\n- two"
    assert content(Block("list", "1. one\n2. two"))["markdown"] == "- 1. one\n- 2. two"


def test_html_is_escaped_and_text_is_not() -> None:
    """Text that looks like markup survives an HTML parser, everywhere."""
    text = '5 < 6 & <b> "quoted"'
    for block in (
        *(
            Block(category, text)
            for category in ("paragraph", "heading1", "list", "header", "equation", "figure", "code")
        ),
        Block("table", "", rows=rows((text, "b"), ("c", "d"))),
        Block("chart", "", rows=rows((text, "b"), ("c", "d")), chart=(("Chart Title", text),)),
    ):
        soup = BeautifulSoup(content(block)["html"], "html.parser")
        shown = soup.get_text() + "".join(str(image.get("alt", "")) for image in soup.find_all("img"))
        assert text in shown
    assert content(Block("paragraph", text))["text"] == text


def test_a_table_has_head_body_and_spans() -> None:
    """Header rows go to `thead`; spans are kept in HTML and repeated in Markdown, as the API repeats them."""
    block = Block(
        "table",
        "",
        rows=(
            (Cell("a", row_span=2), Cell("b", column_span=2)),
            (Cell("c"), Cell("d | e")),
            (Cell("f"), Cell("g"), Cell("h\ni")),
        ),
        header_rows=2,
    )
    found = content(block)
    assert found["html"] == (
        "<table id='0' style='font-size:14px'><thead><tr><td rowspan=\"2\">a</td><td colspan=\"2\">b</td></tr>"
        "<tr><td>c</td><td>d | e</td></tr></thead><tbody><tr><td>f</td><td>g</td><td>h i</td></tr></tbody></table>"
    )
    assert found["markdown"] == "| a | b | b |\n| --- | --- | --- |\n| a | c | d \\| e |\n| f | g | h i |\n"


def test_a_table_without_known_header_has_no_thead() -> None:
    """What is not known is not claimed; ragged rows are filled in Markdown."""
    found = content(Block("table", "", rows=rows(("a", "b"), ("c",))))
    assert "<thead>" not in found["html"]
    assert found["markdown"] == "| a | b |\n| --- | --- |\n| c |  |\n"


def test_a_native_chart_is_upstages_chart_html() -> None:
    """Title, axes and type in `figcaption`, the data as a table with `th` in its first row."""
    block = Block(
        "chart",
        "",
        rows=rows(("", "2023"), ("Ships", "12")),
        header_rows=1,
        chart=(("Chart Title", "Traffic"), ("Chart Type", "bar")),
        sub_category="bar",
    )
    found = answer(block)["elements"][0]
    soup = BeautifulSoup(found["content"]["html"], "html.parser")
    assert soup.figure is not None
    assert soup.figure["data-category"] == "chart"
    assert [p.text for p in soup.select("figcaption p")] == ["Chart Title: Traffic", "Chart Type: bar"]
    assert [cell.name for cell in soup.select("tr")[0].find_all(True)] == ["th", "th"]
    assert found["sub_category"] == "bar"
    assert found["content"]["markdown"] == (
        "- Chart Title: Traffic\n- Chart Type: bar\n\n|  | 2023 |\n| --- | --- |\n| Ships | 12 |\n"
    )


def test_formats_not_asked_for_are_empty() -> None:
    """As the API answers them: `""`, not missing."""
    found = answer(Block("paragraph", "a"), formats=("text",))
    assert found["elements"][0]["content"] == {"html": "", "markdown": "", "text": "a"}
    assert found["content"] == {"html": "", "markdown": "", "text": "a"}


def test_coordinates_are_four_rounded_corners_on_the_page() -> None:
    """Clamped to 0-1; `[]` without a box or where they are not asked for."""
    block = Block("paragraph", "a", (-0.1, 0.123456, 1.2, 0.5))
    corners = answer(block)["elements"][0]["coordinates"]
    assert corners == [{"x": 0, "y": 0.1235}, {"x": 1, "y": 0.1235}, {"x": 1, "y": 0.5}, {"x": 0, "y": 0.5}]
    assert answer(block, coordinates=False)["elements"][0]["coordinates"] == []
    assert answer(Block("paragraph", "a"))["elements"][0]["coordinates"] == []


def test_crops_are_bare_base64() -> None:
    """A crop is answered without a data URL; without one the key is missing."""
    found = answer(Block("figure", "", BOX, crop=b"\xff\xd8jpeg"), Block("figure", "", BOX))["elements"]
    assert base64.b64decode(found[0]["base64_encoding"]) == b"\xff\xd8jpeg"
    assert "base64_encoding" not in found[1]


def test_a_refusal_survives_pickling() -> None:
    """It crosses from the worker to the transport."""
    again = pickle.loads(pickle.dumps(Refusal("too large", status=413, code="too_large")))
    assert (str(again), again.status, again.code) == ("too large", 413, "too_large")
