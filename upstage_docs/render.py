"""Elements → their text in each format, losing no word; knows no metadata and no framework."""

from __future__ import annotations

import html as html_entities
import re

from upstage_docs.models import Element
from upstage_docs.options import OutputFormat

__all__ = ["element_text", "heading_level", "text_of_html"]

# Newer models put this in front of a figure's text; there is no such image.
_PLACEHOLDER = re.compile(r"\A!\[image\]\(/image/placeholder\)\n?")

# Only what the API itself writes is taken for a tag: its HTML is not escaped, so `<TwoAFC>` or `< 5.8` is text.
_TAGS = (
    "a|b|body|br|caption|code|col|colgroup|div|em|figcaption|figure|footer|h[1-6]|head|header|html|i|img|li|ol|p|pre|"
    "section|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|u|ul"
)
_MARKUP = re.compile(rf"<(/?)({_TAGS})(?=[\s/>])((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
_ALT = re.compile(r"\salt=(?:\"([^\"]*)\"|'([^']*)')", re.DOTALL)
_LINE_TAGS = frozenset(
    {"br", "p", "div", "tr", "li", "table", "caption", "figcaption", "figure", "header", "footer", "pre", "section"}
    | {f"h{level}" for level in range(1, 7)}
)
_HEADING = re.compile(r"heading([1-6])\Z")
_SUB_HEADING = re.compile(r"h([1-6])\Z")


def text_of_html(markup: str) -> str:
    """Return the words of the API's HTML: its own tags removed, the text of pictures kept, unescaped `<` kept."""
    pieces: list[str] = []
    position = 0
    for match in _MARKUP.finditer(markup):
        pieces.append(markup[position : match.start()])
        position = match.end()
        closing, name = match[1], match[2].lower()
        if name == "img" and (alt := _ALT.search(match[3])):
            pieces.append(f"\n{alt[1] or alt[2] or ''}\n")
        elif name in {"td", "th"}:
            pieces.append("" if closing else " ")
        elif name in _LINE_TAGS:
            pieces.append("\n")
    pieces.append(markup[position:])
    lines = (" ".join(line.split(" ")).strip() for line in html_entities.unescape("".join(pieces)).split("\n"))
    return "\n".join(line for line in lines if line)


def element_text(element: Element, output_format: OutputFormat) -> str:
    """Return the element's content in *output_format*; where the API gave none, it is made from another format."""
    content = element.content(output_format)
    if output_format == "html":
        return content or _html_of(element)
    if content:
        return _PLACEHOLDER.sub("", content)
    other = element.text if output_format == "markdown" else element.markdown
    return _PLACEHOLDER.sub("", other) or text_of_html(element.html)


def _html_of(element: Element) -> str:
    text = element_text(element, "text") if element.text or element.markdown else ""
    if not text:
        return ""
    lines = html_entities.escape(text, quote=False).replace("\n", "<br>")
    return f"<p id='{element.id}' data-category='{element.category}'>{lines}</p>"


def heading_level(element: Element) -> int:
    """Return the level 1-6 of a heading, 0 for anything else: `heading1` with the sub-category `h2`..`h6` is finer."""
    match = _HEADING.match(element.category)
    if not match:
        return 0
    finer = _SUB_HEADING.match(element.sub_category)
    return int(finer[1]) if finer else int(match[1])
