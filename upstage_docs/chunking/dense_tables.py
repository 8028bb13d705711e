"""Writes a table with less markup: as a pipe table where its cells are single lines, else as HTML without styles."""

from __future__ import annotations

import re
from itertools import accumulate

from upstage_docs.chunking.markdown import is_rule, lines_of, read_text_table
from upstage_docs.chunking.table import CellMarkup, Table, place_columns, read_table

_TAG_OF_TABLE = re.compile(r"<(t(?:able|head|body|foot|r|d|h)|caption|colgroup|col)(\s[^<>]*)>", re.IGNORECASE)
_SPAN = re.compile(r"(?<![\w-])((?:row|col)span)\s*=\s*[\"']?\s*(\d+)", re.IGNORECASE)
_COLUMNS = re.compile(r"<colgroup\b.*?</colgroup\s*>|<col\b[^<>]*>", re.IGNORECASE | re.DOTALL)
# What cannot stand in the one line that a cell of a pipe table is.
_BLOCKS_IN_CELL = re.compile(
    r"<(?:table|ul|ol|li|p|div|img|figure|pre|h[1-6]|blockquote)\b|\$\$|```|~~~", re.IGNORECASE
)
# What may stand around the rows of such a table: no caption, no figure.
_ABOVE_ROWS = re.compile(
    r"(?:\s|<br\s*/?>)*<table\b[^<>]*>\s*(?:</?(?:col(?:group)?|thead|tbody)\b[^<>]*>\s*)*", re.IGNORECASE
)
_BELOW_ROWS = re.compile(r"(?:\s*</t(?:head|body|foot|able)\s*>)+\s*", re.IGNORECASE)
# Any but one between two numbers that would be one with a blank between them: `120 350`.
_LINE_BREAK = re.compile(r"(?<!\d)(?<!\d\s)<br\s*/?>|<br\s*/?>(?!\s?\d{3}(?!\d))", re.IGNORECASE)
_AROUND_CELL = re.compile(r"\A<t[dh]\b[^<>]*>|</t[dh]\s*>\Z", re.IGNORECASE)
_BORDER = re.compile(r"[ \t]*(?<!\\)\|[ \t]*")
_RULE_DASHES = re.compile(r"-+")


def dense_table(text: str, table: Table | None = None) -> str:
    """Return the table in *text* with all its rows and words and less markup; *text* itself where that is not safe.

    HTML becomes a pipe table if no cell holds a list, a picture or a table. The words of a cell that spans others stand
    in each place that it covers, those of a cell over all columns once; a place without a cell is blank. Where that is
    longer, or cannot be, it stays HTML and loses every attribute but `rowspan` and `colspan`. Pipe tables lose their
    padding. *table* is what `read_table` gives for HTML, where that is known.
    """
    if not text.startswith("<"):
        return _without_padding(text)
    table = table or read_table(text)
    if table is None:
        return text
    bare = _without_attributes(text)
    return _as_pipes(table, len(bare)) or bare


def row_starts(text: str) -> list[int]:
    """Return where each row of the table in *text* begins: a line of a pipe table, or a row of HTML."""
    if text.startswith("<"):
        table = read_table(text)
        return [row.start for row in table.rows] if table else []
    lines = lines_of(text)
    starts = list(accumulate(map(len, lines[:-1]), initial=0))
    rule = next((index for index, line in enumerate(lines) if is_rule(line)), len(lines))  # later ones hold dashes
    return [*starts[:rule], *starts[rule + 1 :]]


def _as_pipes(table: Table, most: int) -> str:
    """Return *table* as a pipe table, `""` if it cannot be one or has more than *most* characters."""
    text, rows = table.text, table.rows
    first, last = rows[0].start, rows[-1].end
    if _BLOCKS_IN_CELL.search(text, first, last) or "<!--" in text:
        return ""
    if not (_ABOVE_ROWS.fullmatch(text, 0, first) and _BELOW_ROWS.fullmatch(text, last)):
        return ""
    cells = [table.cells(index) for index in range(len(rows))]
    if not place_columns(cells):
        return ""
    width = max((cell.column + cell.column_span for row in cells for cell in row), default=0)
    left = most - width * (len(rows) + 1)
    if width < 2 or left < 0:
        return ""
    lines: list[str] = []
    reaching: list[tuple[CellMarkup, str]] = []  # what spans into the next row from above, with its words
    for index, begun in enumerate(cells):
        reaching = [(cell, words) for cell, words in reaching if cell.until > index]
        reaching += [(cell, _words(text, cell)) for cell in begun]
        places = [""] * width
        for cell, words in reaching:
            repeated = cell.column_span if cell.column_span < width else 1
            left -= len(words) * repeated
            if left < 0:
                return ""
            places[cell.column : cell.column + repeated] = [words] * repeated
        lines.append(f"|{'|'.join(places)}|")
    lines.insert(1, "|" + "-|" * width)
    return "\n".join(lines)


def _words(text: str, cell: CellMarkup) -> str:
    """Return what stands in *cell* on one line, with the line breaks between numbers."""
    words = _LINE_BREAK.sub(" ", _AROUND_CELL.sub("", text[cell.start : cell.end]))
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
