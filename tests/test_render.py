"""No word is lost on the way from an element to its text: every shape that the API answers, made by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from upstage_docs.models import Element
from upstage_docs.records.render import element_text, heading_level, text_of_html

PLACEHOLDER = "![image](/image/placeholder)\n"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        pytest.param("<p id='1' data-category='paragraph' style='font-size:14px'>a<br>b</p>", "a\nb", id="lines"),
        pytest.param("<br><p id='2' data-category='list'>· one<br>· two</p>", "· one\n· two", id="leading-br"),
        pytest.param("<p id='3'>< 5.8 and R&D</p>", "< 5.8 and R&D", id="unescaped"),
        pytest.param("<p id='4'>a <TwoAFC_data> b</p>", "a <TwoAFC_data> b", id="text-like-a-tag"),
        pytest.param("<p id='5'>x &lt; y &amp; z &#44592;</p>", "x < y & z 기", id="escaped"),
        pytest.param("<p id='6'>https://a.kr/?x=1&copy=2&lt=3</p>", "https://a.kr/?x=1&copy=2&lt=3", id="url"),
        pytest.param("<p id='7'>if a<b then c>d</p>", "if a<b then c>d", id="comparison"),
        pytest.param(
            '<figure id=\'8\'><img alt="매출\n2025 < 2026" data-coord="top-left:(1,2)" /></figure>',
            "매출\n2025 < 2026",
            id="figure-alt",
        ),
        pytest.param(
            '<figure><img id=\'9\' alt="a 5" pipe, "new" and <b" data-coord="top-left:(1,2)" /></figure>',
            'a 5" pipe, "new" and <b',
            id="alt-with-quotes",
        ),
        pytest.param("<figure><img id='10' data-coord=\"top-left:(1,2)\" /></figure>", "", id="figure-without-text"),
        pytest.param(
            "<figure id='11' data-category='chart'><img data-coord=\"x\" /><figcaption><p>Chart Type: bar</p>"
            "</figcaption><table><tr><th></th><th>A</th></tr><tr><td>one</td><td>1 < 2</td></tr></table></figure>",
            "Chart Type: bar\nA\none 1 < 2",
            id="chart",
        ),
        pytest.param(
            "<table id='12'><thead></thead><tbody><tr><td rowspan=\"2\">a</td><td>b</td></tr>"
            "<tr><td>c</td></tr></tbody></table>",
            "a b\nc",
            id="table-with-empty-thead",
        ),
        pytest.param('<pre><code class="language-python">x = 1</code></pre>', "x = 1", id="code"),
        pytest.param("<p id='13'>if a<b x>y, a<b x=1>y</p>", "if a<b x>y, a<b x=1>y", id="no-attribute"),
        pytest.param("<p>x<u y='1'>z, List<a>, m <i> n</p>", "x<u y='1'>z, List<a>, m <i> n", id="never-closed"),
        pytest.param("<p>a <b>bold</b> and <i class='x'>word</i></p>", "a bold and word", id="closed"),
        pytest.param("<table border><tr><td nowrap colspan=2>1</td></tr></table>", "1", id="attributes-of-others"),
        pytest.param("<p>the <img tag> of 5 > 3</p>", "the <img tag> of 5 > 3", id="text-like-a-picture"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_the_words_of_html(markup: str, text: str) -> None:
    assert text_of_html(markup) == text


@given(st.lists(st.text(alphabet="ab<>&\"' 기;=/", min_size=1, max_size=12), min_size=1, max_size=5))
def test_whatever_stands_in_a_paragraph_unescaped_is_kept(lines: list[str]) -> None:
    """Nothing that is not a tag of the API's own is taken for one (these letters spell no tag but `a` and `b`)."""
    lines = [line.replace("<a", "< a").replace("<b", "< b").replace("</", "< /") for line in lines]

    kept = text_of_html(f"<p id='0' data-category='paragraph'>{'<br>'.join(lines)}</p>")

    assert kept.split() == " ".join(lines).split()


@pytest.mark.parametrize("output_format", ["text", "markdown"])
def test_the_image_placeholder_is_no_text(output_format: str) -> None:
    figure = Element(0, 1, "figure", text=f"{PLACEHOLDER}Sales 2026", markdown=f"{PLACEHOLDER}Sales 2026")

    assert element_text(figure, output_format) == "Sales 2026"  # type: ignore[arg-type]


def test_a_placeholder_in_the_middle_of_a_text_is_text() -> None:
    paragraph = Element(0, 1, "paragraph", text=f"Write {PLACEHOLDER} like this")

    assert element_text(paragraph, "text") == f"Write {PLACEHOLDER} like this"


@pytest.mark.parametrize(
    ("element", "output_format", "text"),
    [
        (Element(7, 1, "paragraph", text="a < b\nc"), "html", "<p id='7' data-category='paragraph'>a &lt; b<br>c</p>"),
        (Element(0, 1, "paragraph", markdown="# a"), "text", "# a"),
        (Element(0, 1, "paragraph", text="a"), "markdown", "a"),
        (Element(0, 1, "paragraph", html="<p>< 5.8</p>"), "text", "< 5.8"),
        (Element(0, 1, "figure", html='<figure><img alt="x" /></figure>', text=PLACEHOLDER), "text", "x"),
        (Element(0, 1, "figure"), "html", ""),
        (Element(0, 1, "figure"), "text", ""),
    ],
)
def test_a_format_that_was_not_answered_is_made_from_another(element: Element, output_format: str, text: str) -> None:
    assert element_text(element, output_format) == text  # type: ignore[arg-type]


def test_html_is_given_as_answered() -> None:
    """Rows that are kept stay byte-exact, so nothing is escaped or tidied here."""
    html = "<br><p id='3'>< 5.8 & more</p>"

    assert element_text(Element(3, 1, "paragraph", html=html, text="< 5.8 & more"), "html") == html


@pytest.mark.parametrize(
    ("category", "sub_category", "level"),
    [("heading1", "", 1), ("heading1", "h3", 3), ("heading2", "", 2), ("header", "", 0), ("list", "ul", 0)],
)
def test_heading_levels(category: str, sub_category: str, level: int) -> None:
    assert heading_level(Element(0, 1, category, sub_category=sub_category)) == level
