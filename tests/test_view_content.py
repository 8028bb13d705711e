"""What an element says, as HTML that is safe to show: its tables, its equations, its text."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("nh3", reason='needs the extra "view"')
from bs4 import BeautifulSoup, Tag
from steps import steps

from upstage_docs.models import Element
from upstage_docs.view.content import isolated, safe_content, safe_table, shown_text


def shown(category: str = "table", html: str = "", markdown: str = "", text: str = "") -> BeautifulSoup:
    return BeautifulSoup(safe_content(Element(0, 1, category, html, markdown, text)), "lxml")


def cells(soup: BeautifulSoup | Tag) -> list[str]:
    return [cell.get_text(" ", strip=True) for cell in soup.find_all(["td", "th"])]


def test_a_table_keeps_its_cells_and_spans() -> None:
    html = (
        "<table id='3' style='font-size:14px'><thead><tr><th colspan='2' scope='col'>Power</th></tr></thead>"
        '<tbody><tr><td rowspan="3">9<sup>2</sup></td><td><b>x</b><br>y</td></tr></tbody></table>'
    )
    soup = shown(html=html)

    assert cells(soup) == ["Power", "9 2", "x y"]
    assert [(cell.get("colspan"), cell.get("rowspan")) for cell in soup.find_all(["td", "th"])] == [
        ("2", None), (None, "3"), (None, None),
    ]  # fmt: skip
    assert {name for tag in soup.find_all(["table", "td", "th", "tr"]) for name in tag.attrs} == {
        "colspan", "rowspan", "scope",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["< 5.8", "<TwoAFC>", "a<b and c>d", "List<a>", "x < y > z", "1 <2", "a & b &copy=2"])
def test_text_that_looks_like_markup_stays_text(text: str) -> None:
    """The API's HTML is not escaped: an HTML parser would drop these."""
    assert cells(shown(html=f"<table><tr><td>{text}</td><td>next</td></tr></table>")) == [text, "next"]


def test_entities_in_cells_are_what_they_mean() -> None:
    assert cells(shown(html="<table><tr><td>a &lt;b&gt; &amp;&nbsp;c</td></tr></table>")) == ["a <b> &\xa0c"]


def test_the_words_around_a_table_are_kept() -> None:
    """Of a chart, or of a table that the API moved its caption into."""
    soup = shown(
        "chart", html="<figure><figcaption>Output</figcaption><table><tr><td>1</td></tr></table><p>GWh</p></figure>"
    )

    assert [one.get_text() for one in soup.find_all("pre")] == ["Output", "GWh"]
    assert cells(soup) == ["1"]


def test_the_text_of_a_picture_in_a_cell_is_kept() -> None:
    (cell,) = cells(shown(html='<table><tr><td><img src="x" alt="Logo of a <b>"></td></tr></table>'))

    assert cell == "Logo of a <b>"


def test_a_markdown_table_is_a_table() -> None:
    assert cells(shown(markdown="| a | b |\n|---|---|\n| <i>1 | 2 |")) == ["a", "b", "<i>1", "2"]
    assert shown(markdown="| a | b |").find("pre") is not None, "no table without the row of dashes"


@pytest.mark.parametrize("value", ["0", "-1", "1001", "99999999999", "1e3", "", "x", "２"])
def test_a_span_that_is_none_is_one_cell(value: str) -> None:
    assert shown(html=f"<table><tr><td colspan='{value}'>1</td></tr></table>").td.attrs == {}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text", [r"$$\frac{a}{b}$$", r"\[\frac{a}{b}\]", r"\(\frac{a}{b}\)", r"$\frac{a}{b}$", r"\frac{a}{b}"]
)
def test_an_equation_is_set(text: str) -> None:
    """In whichever marks; its LaTeX stays beside it."""
    soup = shown("equation", text=text)

    assert [one.get_text() for one in soup.find_all("mfrac")] == ["ab"]
    (latex,) = soup.find_all("code")
    assert r"\frac{a}{b}" in latex.get_text()


def test_the_latex_of_an_equation_is_in_its_markdown() -> None:
    """As the API answers: its text holds the letters alone."""
    soup = shown("equation", "<p>$$x^2$$</p>", "$$x^2$$", "x2")

    assert len(soup.find_all("msup")) == 1


def test_a_table_without_equations_and_loose_text_takes_no_step_for_each_cell() -> None:
    """A long sheet has two hundred thousand."""

    def shown_table(rows: int) -> str:
        table = "<table>" + ("<tr>" + "<td style='a'>12 &amp; 3</td>" * 10 + "</tr>") * rows + "</table>"
        return safe_content(Element(0, 1, "table", table))

    assert shown_table(200).count("<td>12 &amp; 3</td>") == 2_000
    assert steps(lambda: shown_table(200)) < 2_000


def test_equations_in_texts_and_cells_are_set() -> None:
    paragraph = shown("paragraph", text=r"The area \(x^2\) costs $5 or $6, see \[y\]")
    table = shown(html=r"<table><tr><td>\(x_1 < 3\)</td></tr></table>")

    assert len(paragraph.find_all("math")) == 2
    assert "costs $5 or $6" in paragraph.get_text(), "money is no equation"
    assert len(table.find_all("msub")) == 1
    assert "<" in table.find("math").get_text()  # type: ignore[union-attr]


def test_aligned_lines_are_rows_without_numbers() -> None:
    soup = shown("equation", text=r"$$\begin{aligned} a &= b \\ c &= d \end{aligned}$$")

    assert len(soup.find_all("mtr")) == 2
    assert soup.find("mtext") is None


@pytest.mark.parametrize("latex", ["{" * 500, r"\frac{a", "x^{" * 900, "_" * 300, r"\begin{matrix}" * 90, "a" * 5000])
def test_an_equation_that_cannot_be_set_is_its_latex(latex: str) -> None:
    soup = shown("equation", text=f"$${latex}$$")

    assert soup.find("code").get_text() == f"$${latex}$$"  # type: ignore[union-attr]


def test_equations_hold_no_markup_of_the_document() -> None:
    soup = shown(
        "equation",
        text=r'$$\href{javascript:x}{a} \style{position:fixed}{b} \class{c" onclick="d}{e} \text{<img src=x>}'
        r"\rule{99em}{9999em}$$",
    )

    math = soup.find("math")
    assert isinstance(math, Tag)
    assert math.find(["img", "a", "script"]) is None
    attributes = {name for tag in math.find_all(True) for name in tag.attrs}
    assert attributes <= {"display", "width", "linebreak"}
    assert not re.search("9999|javascript|fixed", str(math))


def test_characters_that_are_none_in_html_are_replaced() -> None:
    assert shown_text("a\0b\x1bc\ud800d\x85\ufffee\tf\n") == "a\ufffdb\ufffdc\ufffdd\ufffd\ufffde\tf\n"
    assert "\ufffd" in safe_table("<table><tr><td title='\ud800'>\0\ud800</td></tr></table>")
    assert isolated("<a\u202e>") == "<bdi>&lt;a\u202e&gt;</bdi>"


@pytest.mark.parametrize(
    "piece",
    [r"\(", r"\[", "$$", "$", "<table", "</table", "| ", "|-", "<img alt='", "<td ", "&", "<", "\\", "&#", "</td "],
)
def test_time_grows_with_the_text_and_not_with_its_square(piece: str) -> None:
    """Searches that look for an end in all that follows take an hour with so many beginnings."""
    for content in (("<table>" + piece * 300_000, "", ""), ("", piece * 300_000, ""), ("", "", piece * 300_000)):
        safe_content(Element(0, 1, "table", *content))
