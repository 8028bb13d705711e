"""Writes a table with less markup: as a pipe table where no cell spans others, else as HTML without styles."""

from __future__ import annotations

import re

from upstage_docs.chunking.markdown import is_rule, lines_of, read_text_table
from upstage_docs.chunking.table import Table, read_table

__all__ = ["dense_table"]

_TAG_OF_TABLE = re.compile(r"<(t(?:able|head|body|foot|r|d|h)|caption|colgroup|col)(\s[^<>]*)>", re.IGNORECASE)
_SPAN = re.compile(r"(?<![\w-])((?:row|col)span)\s*=\s*[\"']?\s*(\d+)", re.IGNORECASE)
_COLUMNS = re.compile(r"<colgroup\b.*?</colgroup\s*>|<col\b[^<>]*>", re.IGNORECASE | re.DOTALL)
# What cannot stand in the one line that a cell of a pipe table is.
_BLOCKS_IN_CELL = re.compile(
    r"<(?:table|ul|ol|li|p|div|img|figure|pre|h[1-6]|blockquote)\b|\$\$|```|~~~", re.IGNORECASE
)
# What may stand around the rows of such a table: no caption, no figure.
_ABOVE_ROWS = re.compile(
    r"\s*<table\b[^<>]*>\s*(?:<colgroup\b.*?</colgroup\s*>\s*|<col\b[^<>]*>\s*|</?t(?:head|body)\b[^<>]*>\s*)*",
    re.IGNORECASE | re.DOTALL,
)
_BELOW_ROWS = re.compile(r"(?:\s*</t(?:head|body|foot|able)\s*>)+\s*", re.IGNORECASE)
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_AROUND_CELL = re.compile(r"\A<t[dh]\b[^<>]*>|</t[dh]\s*>\Z", re.IGNORECASE)
_BORDER = re.compile(r"[ \t]*(?<!\\)\|[ \t]*")
_RULE_DASHES = re.compile(r"-+")


def dense_table(text: str) -> str:
    """Return the table in *text* with all its rows and words and less markup; *text* itself where that is not safe.

    HTML becomes a pipe table if no cell spans rows or columns, and no cell holds a list, a picture, a table; else it
    stays HTML and loses every attribute but `rowspan` and `colspan`. Pipe tables lose their padding.
    """
    if not text.startswith("<"):
        return _without_padding(text)
    table = read_table(text)
    if table is None:
        return text
    return _as_pipes(table) or _without_attributes(text)


def _as_pipes(table: Table) -> str:
    """Return *table* as a pipe table, `""` if it cannot be one."""
    text, rows = table.text, table.rows
    first, last = rows[0].start, rows[-1].end
    if _SPAN.search(text, first, last) or _BLOCKS_IN_CELL.search(text, first, last):
        return ""
    if not (_ABOVE_ROWS.fullmatch(text, 0, first) and _BELOW_ROWS.fullmatch(text, last)) or "<!--" in text:
        return ""
    lines: list[str] = []
    width = 0
    for index in range(len(rows)):
        cells = [_cell(text[cell.start : cell.end]) for cell in table.cells(index)]
        width = width or len(cells)
        if len(cells) != width:
            return ""
        lines.append(f"|{'|'.join(cells)}|")
    if width < 2:
        return ""
    lines.insert(1, "|" + "-|" * width)
    return "\n".join(lines)


def _cell(markup: str) -> str:
    words = _LINE_BREAK.sub(" ", _AROUND_CELL.sub("", markup))
    return " ".join(words.split()).replace("|", "\\|")


def _without_attributes(text: str) -> str:
    """Return *text* with no attribute in the tags of its table but those that say which cells span others."""
    return _TAG_OF_TABLE.sub(_bare_tag, _COLUMNS.sub("", text))


def _bare_tag(tag: re.Match[str]) -> str:
    spans = "".join(f" {name.lower()}={number}" for name, number in _SPAN.findall(tag[2]))
    return f"<{tag[1]}{spans}>"


def _without_padding(text: str) -> str:
    """Return the pipe table in *text* with no blanks beside its borders; a grid, and plain text, as it is."""
    table = read_text_table(text)
    if table is None:
        return text
    head = text[: table.head]
    dense = []
    for line in lines_of(head):
        if is_rule(line) and "|" in line:
            dense.append(_RULE_DASHES.sub("-", _BORDER.sub("|", line)))
        else:
            dense.append(_BORDER.sub("|", line) if "|" in line and line.strip().startswith("|") else line)
    if not any(is_rule(line) for line in dense):
        return text
    for start, end in table.rows:
        row = text[start:end]
        dense.append(_BORDER.sub("|", row) if row.lstrip().startswith("|") and row.count("\n") < 2 else row)
    return "".join(dense) + text[table.tail :]
