"""Elements → their text in each format, losing no word; knows no metadata and no framework."""

from __future__ import annotations

import html as html_entities
import re

from upstage_docs.models import Element
from upstage_docs.options import OutputFormat

__all__ = ["element_text", "heading_level", "text_of_html"]

# Newer models put this in front of a figure's text; there is no such image.
_PLACEHOLDER = re.compile(r"\A!\[image\]\(/image/placeholder\)\n?")

# Only what the API itself writes is taken for a tag, its attributes always with a value: its HTML is not escaped, so
# `<TwoAFC>`, `< 5.8` or `a<b and c>d` is text.
_TAGS = (
    "a|b|body|br|caption|code|col|colgroup|div|em|figcaption|figure|footer|h[1-6]|head|header|html|i|li|ol|p|pre|"
    "section|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|u|ul"
)
# A picture's text is not escaped either: its quotes end where the next attribute or the tag's end follows.
_MARKUP = re.compile(
    r"<img(?P<picture>\s.*?)/?>(?=\s*(?:<|\Z))"
    rf"|<(?P<closing>/?)(?P<name>{_TAGS})(?:\s+[\w:-]+=(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))*\s*/?>",
    re.IGNORECASE | re.DOTALL,
)
_ALT = re.compile(r"\salt=([\"'])(.*?)\1(?=\s+[\w-]+=[\"']|\s*\Z)", re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z][a-z0-9]*);", re.IGNORECASE)  # `?a=1&copy=2` holds none
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
        if match["picture"] is not None:
            alt = _ALT.search(match["picture"])
            pieces.append(f"\n{alt[2]}\n" if alt else "")
        elif match["name"].lower() in {"td", "th"}:
            pieces.append("" if match["closing"] else " ")
        elif match["name"].lower() in _LINE_TAGS:
            pieces.append("\n")
    pieces.append(markup[position:])
    text = _ENTITY.sub(lambda match: html_entities.unescape(match[0]), "".join(pieces))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def element_text(element: Element, output_format: OutputFormat) -> str:
    """Return the element's content in *output_format*; where the API gave none, it is made from another format."""
    if output_format == "html":
        return element.html or _html_of(element)
    other: OutputFormat = "text" if output_format == "markdown" else "markdown"
    return (
        _PLACEHOLDER.sub("", element.content(output_format))
        or _PLACEHOLDER.sub("", element.content(other))
        or text_of_html(element.html)
    )


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
