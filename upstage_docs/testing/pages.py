"""Makes the layout elements that the stand-in finds on a page, from the page's own text or from nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class PageElement:
    """One layout element of a page that the stand-in answers.

    Attributes:
        category: One of the API's: `paragraph`, `heading1`, `table`, `figure`, `caption`, `list`, ...
        text: The element's plain text.
        html: Its HTML, in which `{id}` stands for the element's number; a paragraph of the text if empty.
        markdown: Its Markdown; the text if empty.
        box: `(x0, y0, x1, y1)` relative to the page, 0-1.
        more: Further keys of the answer's element, such as `sub_category`.
    """

    category: str
    text: str
    html: str = ""
    markdown: str = ""
    box: tuple[float, float, float, float] = (0.1, 0.3, 0.5, 0.4)
    more: dict[str, Any] = field(default_factory=dict)


MakePage = Callable[[int, str], Sequence[PageElement]]
"""Makes the elements of a page from its number in the file (1-based) and its own text, `""` where it has none."""


def text_page(page: int, text: str) -> list[PageElement]:
    """Return one paragraph: the page's own text, or `page N` where it has none."""
    shown = text or f"page {page}"
    style = "style='font-size:14px'"
    return [PageElement("paragraph", shown, f"<p id='{{id}}' data-category='paragraph' {style}>{shown}</p>")]


def report_page(page: int, _: str) -> list[PageElement]:
    """Return a page of an annual report, whatever the page's own text is.

    It has what real answers have: a running header and footer, a heading on every second page, text that looks like
    markup, a table with its caption, a figure whose text stands in `alt` alone, and a paragraph without text.
    """
    words = f"Page {page}: R&D of < 5.8 and <TwoAFC> 매출이 증가했다."
    rows = [(row, row * page) for row in range(_ROWS)]
    table = "".join(f"<tr><td>{row}</td><td>{value}</td></tr>" for row, value in rows)
    pipes = "\n".join(["| row | value |", "| --- | --- |", *(f"| {row} | {value} |" for row, value in rows), ""])
    found: list[tuple[str, str, str, dict[str, Any]]] = [
        ("header", "<header id='{id}'>Annual report</header>", "Annual report", {}),
        ("heading1", f"<h1 id='{{id}}'>{page}. Results</h1>", f"# {page}. Results", {}),
        ("paragraph", f"<p id='{{id}}' data-category='paragraph'>{words}</p>", words, {}),
        ("caption", f"<caption id='{{id}}'>Table {page}</caption>", f"Table {page}", {}),
        ("table", f"<table id='{{id}}'><thead>{_HEAD}</thead><tbody>{table}</tbody></table>", pipes, {}),
        (
            "figure",
            f'<figure><img id=\'{{id}}\' alt="Sales {page}" data-coord="x" /></figure>',
            f"![image](/image/placeholder)\nSales {page}",
            {"sub_category": "signature"},
        ),
        ("paragraph", "", "", {}),
        ("footer", f"<footer id='{{id}}'>{page}</footer>", str(page), {}),
    ]
    return [
        PageElement(category, markdown.removeprefix("# "), html, markdown, (0.0, at / 10, 0.9, at / 10 + 0.05), more)
        for at, (category, html, markdown, more) in enumerate(found)
        if category != "heading1" or page % 2
    ]


_ROWS = 12
_HEAD = "<tr><td>row</td><td>value</td></tr>"
