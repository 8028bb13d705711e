"""The rows of the README's table of figures."""

from __future__ import annotations

from figure_kinds import Highlight

_RECURSIVE = "RecursiveCharacterTextSplitter"
_OTHER_SPLITTERS = (_RECURSIVE, "MarkdownHeader", "HTML", "LlamaIndex", "chonkie", "docling", "unstructured")

HIGHLIGHTS = (
    Highlight(
        "questions on tables answered, chunks of 300 characters",
        "retrieval/splitters",
        "tables, 300",
        "ours, Markdown",
        _OTHER_SPLITTERS,
    ),
    Highlight(
        "captions that find their table, chart or figure first",
        "retrieval/splitters",
        "found first",
        "ours, Markdown",
        _OTHER_SPLITTERS,
    ),
    Highlight(
        "seconds for a PDF of 1,000 pages, from a stand-in for the API",
        "plugins/plugins",
        "wall s",
        "`Client`, ten parts at once, 1,000 pages",
        ("langchain-upstage, 1,000", "llama-index-readers-upstage, 1,000"),
        more_is_better=False,
    ),
    Highlight(
        "pages per second of CPU, elements to chunks",
        "splitting/chunks",
        "pages/s",
        "ours, tables whole, Documents",
        _OTHER_SPLITTERS,
    ),
    Highlight("local engine on eighty pages of DP-Bench, overall score", "quality/scores", "overall", "with OCR"),
)
