"""What notebooks show of documents, chunks and citations: a short view of them, in which all is text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bs4 import BeautifulSoup

from upstage_docs import chunk_elements
from upstage_docs.evidence import cite
from upstage_docs.models import Chunk, Element, ParsedDocument, Record

ELEMENTS = (
    Element(0, 1, "heading1", html="<h1>Tides</h1>", text="Tides"),
    Element(1, 1, "table", html="<table><tr><td>41.8</td></tr></table>", text="41.8"),
)


def read(shown: object) -> BeautifulSoup:
    html: Any = shown._repr_html_()  # type: ignore[attr-defined]
    json.dumps(html).encode()  # as a notebook keeps it
    assert isinstance(html, str)
    html.encode()
    return BeautifulSoup(html, "lxml")


def test_a_document_shows_what_it_holds() -> None:
    soup = read(ParsedDocument("report.pdf", "", "made", ELEMENTS * 40, total_pages=7))

    assert "report.pdf" in soup.get_text()
    assert "7 pages, 80 elements, answered by made" in soup.get_text()
    assert "heading1 40, table 40" in soup.get_text()
    assert [cell.get_text() for cell in soup.select("tbody tr:nth-of-type(2) td")] == ["1", "table", "41.8"]
    assert len(soup.select("tbody tr")) == 30
    assert "and 50 more" in soup.get_text()


def test_a_chunk_shows_where_it_stands_and_its_text() -> None:
    (chunk,) = chunk_elements(ParsedDocument("report.pdf", "", "made", ELEMENTS, total_pages=7))
    soup = read(chunk)

    assert soup.pre is not None
    assert soup.pre.get_text() == chunk.text, "as it is, markup and all"
    assert "report.pdf, p. 1" in soup.get_text()
    assert f"{len(chunk.text)} characters, heading1, table" in soup.get_text()
    assert soup.b is not None
    assert soup.b.get_text() == "Tides"
    assert "(7,000 characters more)" in read(Record("a", "x" * 10_000, {})).get_text()


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>hacked()</script>", "<img src=x onerror=hacked()>",
        "</pre></td></table></div><script>hacked()</script>",
        "' onmouseover='hacked()", '" onmouseover="hacked()', "<style>*{display:none}</style>", "&lt;script&gt;",
        "\u202egnp.exe", "a\0b\ud800c", "</bdi></b><iframe src=javascript:hacked()>", "<!--", "]]>",
    ],
)  # fmt: skip
def test_nothing_of_a_document_is_markup(hostile: str) -> None:
    element = Element(0, 1, hostile, text=hostile, html=hostile, markdown=hostile)
    document = ParsedDocument(hostile, "", hostile, (element,), total_pages=1)
    metadata = {"source": hostile, "page": hostile, "headings": hostile, "categories": hostile, "category": hostile}
    shown = [document, Chunk("a", hostile, metadata), Record("a", hostile, {**metadata, "headings": [hostile]})]
    for one in [*shown, cite(Chunk("a", hostile, {**metadata, "page": 1}))]:
        soup = read(one)
        own = {"html", "body", "div", "p", "b", "br", "bdi", "pre", "details", "summary", "table", "thead", "tbody",
               "tr", "th", "td", "cite", "small", "blockquote"}  # fmt: skip

        assert {tag.name for tag in soup.find_all(True)} <= own
        assert {name for tag in soup.find_all(True) for name in tag.attrs} <= {"style"}
        for tag in soup.find_all(string=lambda text: "\u202e" in text):
            assert tag.find_parent("bdi") is not None
