"""Tells how many first rows of a table are its header, by their content: labels, years, spans above values.

Pure rules on the words of cells, and a reader of the first rows of HTML and of pipe tables. They cut nothing.
"""

from __future__ import annotations

import html as html_entities
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from upstage_docs.records.dates import MONTH
from upstage_docs.records.patterns import compile_when_used
from upstage_docs.records.wording import is_unit

# No header of the 29 real and 143 financial tables that this was tried on has more rows; what is below is not read.
MOST_ROWS_READ = 10
MOST_CELLS_READ = 30  # wider tables are told by these, half as many again as the widest of those answers has
_MOST_HEADER_ROWS = 8  # so that rows of values follow among those that are read
_MOST_COLUMNS = 60  # three times those of the widest of 90 tables in recorded answers, which has 19


class CellWords(NamedTuple):
    """The words of a cell, and how many rows and columns it spans."""

    words: str
    rows: int = 1
    columns: int = 1


_YEAR = r"(?:(?:FY|CY|fiscal|year)?\s*(?:19|20)\d\d(?:\s?[AEFPaefp]\b)?|['’]\d\d|FY\s*['’]?\d\d)"
_PERIOD = compile_when_used(
    rf"\s?\(?(?:{_YEAR}(?:\s?[-–—/~.]\s?(?:\d{{1,4}}|{MONTH}))*\.?|(?:{_YEAR}[\s,/]*)?(?:Q[1-4]|[1-4]Q|H[12]|[12]H)(?:[\s,/]*(?:{_YEAR}|\d\d))?|"
    rf"(?:\d{{1,2}}(?:st|nd|rd|th|\.)?[\s-]+(?:de\s+)?)?{MONTH}(?!\s+(?!de\s)(?-i:[a-z]))(?:[\s-]+\d{{1,2}}(?:st|nd|rd|th)?)?(?:,?[\s-]+(?:de\s+)?(?:\d\d|(?:19|20)\d\d))?|"
    r"\d{1,2}[./]\d{1,2}[./](?:\d\d){1,2}|제?\s?\d+\s?(?:기|분기|반기|월|년|년차|년도|年度|年|月|期|季度)(?:\s?말)?)"
    r"(?![\d,.]*\d)[^\d]{0,24}(?:[(\[]?\d[)\]]\s?)?\Z",  # 2031 (1): with the mark of a note
    re.IGNORECASE,
)
_VALUE = compile_when_used(
    r"\s?[(（]?\s?[-−–+△▲]?\s?(?:[$€£¥₩]|US\$|HK\$|RMB|KRW|USD|EUR)?\s?[(（]?[-−–+△▲]?\s?\d[\d,.\s]*"
    r"(?:%|p{1,2}|bps|[kKmMbBxX]|bn|mn|원|명|개|건|억|만|천|円|人|件|元|万|亿)?\s?[)）]?"
    # 45.2 ± 3.1, 12 (45 %), 0.8 [0.6, 1.1]
    r"(?:\s?(?:±|\+/-)\s?\d[\d.,]*|\s?[(\[]\s?[-−–]?\d[\d.,]*\s?%?(?:\s?[,;–-]\s?[-−]?\d[\d.,]*)?\s?[)\]])?"
    r"\s?(?:[*†‡]|[a-z]\)|\d\))*\s?\Z"
)


_SCALES = r"['’]?000s?|m|mn|mil\.?|millions?|bn|billions?|thousands?|k|천원|백만원|억원|원|명"
_LETTER = re.compile(r"[^\W\d_]")
_SHORT_UNIT = compile_when_used(
    rf"\s?\(?(?:[A-Z]{{1,3}}\s?)?(?:[$€£¥₩%]\s?(?:{_SCALES})?|{_SCALES})\)?\s?\Z", re.IGNORECASE
)
# A first cell over more rows is the label of a body, not of a header.
_MOST_ROWS_OF_A_LABEL = 4


def _is_value(words: str) -> bool:
    return bool(_VALUE.match(words)) and not (_PERIOD.match(words) or _SHORT_UNIT.match(words))


def _is_label_of_columns(words: str) -> bool:
    """Say whether a cell names a period or a unit."""
    return bool(_PERIOD.match(words) or _SHORT_UNIT.match(words)) or is_unit(words)


def infer_header_rows(rows: Sequence[Sequence[CellWords]]) -> int:
    """Return how many of the first rows of a table are its header: at least 1, unless there is no row.

    A row with values is none. Rows above it are, as long as they only name columns: a title, a cell over several
    columns, years and periods, units. A row with one label alone below complete names begins a section. What the cells
    of the first row span belongs to it.
    """
    if not rows:
        return 0
    if all(len(row) < 2 for row in rows):
        return 1
    grid = _grid(rows[:MOST_ROWS_READ])
    header = 0
    complete = False  # whether the rows so far name every column
    named = False  # whether any row so far names a column
    periods = False  # whether they do so by periods alone
    tall = bool(rows[0]) and rows[0][0].rows > _MOST_ROWS_OF_A_LABEL
    said = [[words for words in row[1:] if words and words != row[0]] for row in grid]
    has_values = [any(map(_is_value, words)) for words in said]
    for index, row in enumerate(grid[: 1 if tall else _MOST_HEADER_ROWS]):
        first, above = row[0], grid[index - 1][0]
        if has_values[index]:
            if named and len(row) > 1 and _numbers_columns(row, grid[index + 1][0] if index + 1 < len(grid) else ""):
                header = index + 1
            break
        if not said[index]:
            if named and first and not is_unit(first):
                break  # a section
        elif all(map(_is_label_of_columns, said[index])):
            if complete and first and first != above and _are_alike(grid[index : index + 2]):
                break  # rows of dates
            complete = periods = True
        elif complete:
            # A row without a label names columns once more, whatever stands between it and the first values.
            goes_on = first == above or (periods and not above) if first else any(has_values[index + 1 :])
            if not goes_on:
                break  # a text
        else:
            complete = not _has_spanning(row[1:]) or (index > 0 and above == first != "")
        named = named or bool(said[index])
        header = index + 1
    header = max(1, min(header, len(grid) - 1))
    # Of how many rows it is the header must not matter: a part of this table is to be read like the table.
    reach = max((cell.rows for cell in rows[0]), default=1)
    return reach if header < reach <= _MOST_ROWS_OF_A_LABEL and reach < len(rows) else header


def _are_alike(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether two rows, the first of periods or of units alone, have labels of their own and say the like."""
    if len(rows) < 2 or not rows[1][0]:
        return False
    one, two = ([_scale_of(words) for words in row[1:] if words] for row in rows)
    return one == two and all(map(_is_label_of_columns, filter(None, rows[1][1:])))


def _scale_of(words: str) -> str:
    """Return what a period is told by: years alone, names of months alone, or quarters or days; `""` for none."""
    if not _PERIOD.match(words):
        return ""
    return "year" if words.isdecimal() else "day" if any(map(str.isdecimal, words)) else "month"


def _numbers_columns(row: Sequence[str], following: str) -> bool:
    """Say whether a row numbers the columns: (1), (2), (3), or 1, 2, 3 above a label, where no row 2 is *following*."""
    form = "({})" if row[0] == "(1)" else "{}"
    for number, written in enumerate(row, start=1):
        if written != form.format(number):
            return False
    return row[0] == "(1)" or (len(row) > 2 and _LETTER.search(following) is not None)


def begins_section(row: Sequence[CellWords]) -> bool:
    """Say whether a row of a body names a section, as "Current assets:" does: one label, and no value beside it."""
    if not row or not _LETTER.search(row[0].words) or is_unit(row[0].words):
        return False
    return (len(row) > 1 or row[0].columns > 1) and not any(cell.words for cell in row[1:])


def without_sections(declared: Sequence[Sequence[CellWords]]) -> int:
    """Return how many of the rows that a table marks as its header are one: rows at their end may name a section."""
    count = len(declared)
    while count > 1 and begins_section(declared[count - 1]):
        count -= 1
        if any(index + cell.rows > count for index, row in enumerate(declared[:count]) for cell in row):
            return count + 1  # what the cells above span belongs to them
    return count


def _has_spanning(words: Sequence[str]) -> bool:
    """Say whether a row of a header has a cell over several columns, which converters repeat or leave blank."""
    return any(not one or one == other for one, other in zip(words[1:], words, strict=False))


def _grid(rows: Sequence[Sequence[CellWords]]) -> list[list[str]]:
    """Return the words of each place, those of cells that span it too."""
    filled: dict[tuple[int, int], str] = {}
    width = 1
    for index, row in enumerate(rows):
        column = 0
        for cell in row[:MOST_CELLS_READ]:
            while (index, column) in filled:
                column += 1
            for down in range(min(cell.rows, len(rows) - index)):
                for right in range(min(cell.columns, _MOST_COLUMNS)):
                    filled[index + down, column + right] = cell.words
            column += min(cell.columns, _MOST_COLUMNS)
        width = max(width, column)
    return [[filled.get((index, column), "") for column in range(width)] for index in range(len(rows))]


_TABLE_IN_CAPITALS = re.compile(r"<(?:T[Aa]|tA)(?i:ble)(?=[\s>])")
_ROW = compile_when_used(r"<tr\b[^>]*>(.*?)(?=</tr\b|<tr\b|</table\b|\Z)", re.IGNORECASE | re.DOTALL)
_CELL = compile_when_used(r"<t[dh]\b([^>]*)>(.*?)(?=</t[dh]\b|<t[dh]\b|\Z)", re.IGNORECASE | re.DOTALL)
_SPAN = re.compile(r"(row|col)span\s*=\s*[\"']?\s*(\d{1,3})", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_PIPE = re.compile(r"(?<!\\)\|")
_RULE = compile_when_used(r"\s*\|?(?:\s*:?-+:?\s*[|+]){0,1000}\s*:?-+:?\s*\|?\s*\Z")  # each takes memory meanwhile


def header_rows_of(text: str) -> int:
    """Return how many first rows of the table in *text*, HTML or a pipe table, are its header; 0 without a table."""
    start = text.find("<table")
    if start < 0 and _TABLE_IN_CAPITALS.search(text):
        text = text.lower()
        start = text.find("<table")
    if start < 0:
        return _header_rows_of_pipes(text)
    head = text.find("<thead", start)
    if head >= 0 and (end := text.find("</thead", head)) >= 0 and (declared := text.count("<tr", head, end)):
        if text.find("<tr", end) < 0:
            return 1
        # One cell to a row is a title above the header.
        if text.count("</td", head, end) + text.count("</th>", head, end) > declared:
            rows = _rows_of_cells(text, head, end) if 1 < declared <= MOST_ROWS_READ else []
            return declared - len(rows) + without_sections(rows)
    return infer_header_rows(_rows_of_cells(text, start, len(text)))


def _rows_of_cells(text: str, start: int, end: int) -> list[list[CellWords]]:
    """Return the cells of the first rows of a table between *start* and *end*."""
    rows = []
    for match in islice(_ROW.finditer(text, start, end), MOST_ROWS_READ):
        cells = islice(_CELL.finditer(match[1]), MOST_CELLS_READ)
        rows.append([_cell_of(cell[1], words_of_cell(cell[2])) for cell in cells])
    return [row for row in rows if row]


def _cell_of(attributes: str, words: str) -> CellWords:
    """Return a cell with its words and the spans in the attributes of its tag."""
    spans = {name.lower(): max(1, int(number)) for name, number in _SPAN.findall(attributes)}
    return CellWords(words, spans.get("row", 1), spans.get("col", 1))


def words_of_cell(markup: str) -> str:
    """Return the words of a cell's markup on one line."""
    if "<" in markup:
        markup = _TAG.sub(" ", markup)
    return " ".join((html_entities.unescape(markup) if "&" in markup else markup).split())


def _header_rows_of_pipes(text: str) -> int:
    lines = [line for line in text.split("\n", 40)[:40] if "|" in line or "-+-" in line]
    rule = next((index for index, line in enumerate(lines) if index and "-" in line and _RULE.match(line)), None)
    if rule is None:
        return 0
    # Neither the rest of a cell nor the rule that Org draws above the header.
    above = [line for line in lines[:rule] if line.lstrip().startswith("|") and not _RULE.match(line)] or lines[:rule]
    found = infer_header_rows([_cells_of_line(line) for line in [*above, *lines[rule + 1 :]]])
    return max(len(above), found)


def split_pipes(line: str) -> list[str]:
    """Return what stands between the bars of a line of a pipe table; an escaped bar is no border."""
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return _PIPE.split(inner) if "\\" in inner else inner.split("|")


def _cells_of_line(line: str) -> list[CellWords]:
    return [CellWords(words_of_cell(words)) for words in split_pipes(line)]


def line_begins_section(line: str) -> bool:
    """Say whether a line of a pipe table names a section, as `begins_section` does; most need not be read as cells."""
    _, _, others = line.strip().removeprefix("|").partition("|")
    if "<" not in line and "&" not in line and "\\" not in line and others.replace("|", "").strip():
        return False
    return begins_section(_cells_of_line(line))


def header_rows_of_lines(lines: Iterable[str]) -> int:
    """Return how many of the *lines* of a pipe table, its rule left out, are its header."""
    return infer_header_rows([_cells_of_line(line) for line in lines])
