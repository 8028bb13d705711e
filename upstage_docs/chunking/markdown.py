"""Finds the blocks of a Markdown text by lines, with markdown-it-py, and reads pipe and grid tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.ruler import RuleOptionsType
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token


class MarkdownBlock(NamedTuple):
    """A block of Markdown.

    Attributes:
        start, end: Its offsets, those of whole lines.
        kind: `heading`, `table`, `code` or `text`.
        level: Depth of a heading 1-6, 0 for anything else.
        title: The words of a heading, without its marks.
    """

    start: int
    end: int
    kind: str
    level: int = 0
    title: str = ""


class TextTable(NamedTuple):
    """A pipe or grid table, by offsets.

    Attributes:
        head: Where its header ends, what stands above the table included.
        rows: `(start, end)` of each row, which may take several lines.
        tail: Where its rows end.
    """

    head: int
    rows: list[tuple[int, int]]
    tail: int


# Of CommonMark: nothing else ends a line. A soft break of PowerPoint (U+000B) or U+0085 stands in the middle of one.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
# Two runs of blanks never touch: a long one could be divided between them in every way.
# Org and databases write a plus where columns meet: |---+---|
_RULE = re.compile(r"[ \t]*(?:\|[ \t]*)?:?-+:?[ \t]*(?:[|+][ \t]*:?-+:?[ \t]*){0,1000}(?:\|[ \t]*)?\Z")
_BORDER = re.compile(r"[ \t]*\+(?:[-=:]+\+)+[ \t]*\Z")
# pandoc's simple tables: a rule of dashes over each column; if rows take several lines, a border above and below.
_DASHES = re.compile(r"[ \t]*-{2,}(?:[ \t]+-{2,})+[ \t]*\Z")
_DASHED_BORDER = re.compile(r"[ \t]*-{5,}[ \t]*\Z")
_ESCAPED = re.compile(r"\\.|`[^`]*`")

# Converters write one to three rows above the rule; more are rather a table without a header above another.
_MOST_HEADER_ROWS = 4
_MOST_HEADER_LINES = 12  # of rows whose cells hold line breaks
# How many lines one row may take whose cells hold line breaks.
_MOST_LINES_OF_ROW = 60
# An underlined text that is longer is a paragraph above a thematic break, as converters write it.
_LONGEST_UNDERLINED = 200
# Front matter is the description of a document; a thematic break that opens a text has no keys below it.
_FRONT_MATTER = re.compile(
    r"---[ \t]*\r?\n(?=[\w\"'-][^\r\n]*:)(?:(?!---|\.\.\.)[^\r\n]*\r?\n){1,200}(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)"
)

_ANCHOR = re.compile(r"\{[#.][^{}]*\}\Z")  # behind the words of a heading: {#tides}
UNREAD = "\ufffd"
"""What the parser writes for the filler of what is masked."""
_LONGEST_WITH_MARKS = 1000  # characters; a title of brackets alone takes time that grows with its square
_SIGN_OF_MARKS = re.compile(r"[*_`\\\[&]")

_TABLES = ("pipe_table", "grid_table", "dashed_table")
_LEAVES = {"fence": "code", "code_block": "code", **dict.fromkeys(_TABLES, "table")}


def lines_of(text: str) -> list[str]:
    """Return the lines of *text* with their ends: LF, CR or CRLF, and no other sign."""
    if "\r" not in text:
        lines = text.split("\n")
        found = [f"{line}\n" for line in lines[:-1]]
        return [*found, lines[-1]] if lines[-1] else found
    return [line for line in _LINE.findall(text) if line]


def is_rule(line: str) -> bool:
    """Return whether *line* is the one between the header and the rows of a pipe table."""
    line = line.rstrip("\r\n")
    return "-" in line and ("|" in line or "+" in line) and _RULE.match(line) is not None


def is_drawn_rule(line: str) -> bool:
    """Return whether *line* is a rule that may stand between rows: `|---+---|`, `+---+`. One of bars may be a row."""
    return ("-+" in line and is_rule(line)) or _is_grid_border(line)


def _is_grid_border(line: str) -> bool:
    """Return whether *line* is a border of a table that is drawn with `+---+`."""
    return _BORDER.match(line.rstrip("\r\n")) is not None


def read_text_table(text: str) -> TextTable | None:
    """Return the rows of the first pipe or grid table of *text*, None where there is none."""
    lines = lines_of(text)
    offsets = list(accumulate(map(len, lines), initial=0))
    border = next((n for n, line in enumerate(lines) if _is_grid_border(line)), None)
    rule = next((n for n in range(1, len(lines)) if is_rule(lines[n]) and "|" in lines[n - 1]), None)
    if border is not None and (rule is None or border < rule):
        end = border + 1
        while end < len(lines) and lines[end].lstrip(" \t").startswith(("+", "|")):
            end += 1
        head, rows, tail = _grid_rows(lines, border, end)
    elif rule is not None:
        head, rows = rule + 1, []
        tail, columns = head, _columns_of([lines[rule]])
        while tail < len(lines) and "|" in lines[tail]:
            last = _end_of_row(lines, tail, len(lines), columns)
            if rows and is_drawn_rule(lines[tail]):
                rows[-1] = (rows[-1][0], last)
            else:
                rows.append((tail, last))
            tail = last
    elif dashes := next((n for n in range(1, len(lines)) if _are_dashes(lines[n])), 0):
        end = next((n for n in range(dashes, len(lines)) if _is_dashed_border(lines[n])), 0)
        head, rows = dashes + 1, _dashed_rows(lines, dashes + 1, end)
        tail = rows[-1][1] if rows else head
    else:
        return None
    return TextTable(offsets[head], [(offsets[first], offsets[last]) for first, last in rows], offsets[tail])


def _are_dashes(line: str) -> bool:
    return _DASHES.match(line.rstrip("\r\n")) is not None


def _is_dashed_border(line: str) -> bool:
    return _DASHED_BORDER.match(line.rstrip("\r\n")) is not None


def _dashed_rows(lines: Sequence[str], first: int, border: int) -> list[tuple[int, int]]:
    """Return the rows of a table without bars, by lines: all up to a blank one, or what these part above a *border*."""
    rows: list[tuple[int, int]] = []
    for index in range(first, border or len(lines)):
        if not lines[index].strip():
            if not border:
                break
        elif border and index > first and lines[index - 1].strip():
            rows[-1] = (rows[-1][0], index + 1)
        else:
            rows.append((index, index + 1))
    return rows


def _grid_rows(lines: Sequence[str], first: int, end: int) -> tuple[int, list[tuple[int, int]], int]:
    """Return where the head of a grid ends, its rows and where they end, by lines.

    A border of `=` is below the head. Where there are three borders and no such one, a database drew it: a row takes
    one line, and the last border closes the table. Else a row goes from border to border.
    """
    borders = [index for index in range(first, end) if _is_grid_border(lines[index])]
    head = next((index for index in borders[1:] if "=" in lines[index]), None)
    if head is None and len(borders) == 3 and borders[2] - borders[1] > 2:
        return borders[1] + 1, [(index, index + 1) for index in range(borders[1] + 1, borders[2])], borders[2]
    below = [index for index in borders if index > (borders[0] if head is None else head)]
    starts = [borders[0] if head is None else head, *below]
    return starts[0] + 1, [(one + 1, two + 1) for one, two in pairwise(starts)], starts[-1] + 1


def markdown_blocks(text: str, *, is_html: bool = False) -> list[MarkdownBlock]:
    """Return the blocks of *text* in order, by offsets; every line that is not blank is in one of them.

    Args:
        text: What is to be passed over in it is blanked out, at the same length.
        is_html: Whether the text is that of an HTML page, where indentation means nothing.
    """
    begins = int(text.startswith("\ufeff"))  # a byte order mark is no text
    text = f" {text[1:]}" if begins else text
    lines = lines_of(text)
    offsets = list(accumulate(map(len, lines), initial=0))
    offsets[0] = begins
    view = text
    first = 0
    blocks: list[MarkdownBlock] = []
    if matter := _FRONT_MATTER.match(text, begins):
        first = len(lines_of(matter[0]))
        blocks.append(MarkdownBlock(begins, matter.end(), "text"))
        view = re.sub(r"[^\r\n]", " ", text[: matter.end()]) + text[matter.end() :]
    covered = first
    parser = _parser(is_html=is_html)
    links: dict[str, Any] = {}
    for begin, end, kind, level, title in _leaves(parser.parse(view, links), lines):
        if begin > covered:
            blocks += _uncovered(lines, offsets, covered, begin)
        blocks.append(MarkdownBlock(offsets[begin], offsets[end], kind, level, _words_of(title, parser, links)))
        covered = end
    blocks += _uncovered(lines, offsets, covered, len(lines))
    return blocks


def _words_of(title: str, parser: MarkdownIt, links: dict[str, Any]) -> str:
    """Return the words of a heading: of a link or a picture its text, of what stands in marks what they hold."""
    title = _ANCHOR.sub("", title).rstrip()
    if len(title) > _LONGEST_WITH_MARKS or UNREAD in title or not _SIGN_OF_MARKS.search(title):
        return title
    tokens: list[Token] = []
    parser.inline.parse(title, parser, links, tokens)
    return "".join(one.content or (" " if one.type.endswith("break") else "") for one in tokens)


def _uncovered(lines: Sequence[str], offsets: Sequence[int], begin: int, end: int) -> Iterator[MarkdownBlock]:
    """Yield the runs of lines that the parser makes no block of: definitions of links, empty items of lists."""
    start: int | None = None
    for index in range(begin, end):
        if lines[index].strip():
            start = index if start is None else start
        elif start is not None:
            yield MarkdownBlock(offsets[start], offsets[index], "text")
            start = None
    if start is not None:
        yield MarkdownBlock(offsets[start], offsets[end], "text")


def _leaves(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[tuple[int, int, str, int, str]]:
    """Yield `(first line, last line + 1, kind, level, title)` of each block that holds no other, in order.

    Texts of a list or quote that follow each other without a blank line are one.
    """
    pending: tuple[int, int] | None = None
    for index, token in enumerate(tokens):
        if token.map is None or token.type not in _TYPES:
            continue
        begin, end = token.map
        while end > begin and not lines[end - 1].strip():
            end -= 1
        if begin >= end or (pending and begin < pending[1]):
            continue  # nothing, or on a line that a block holds already: an item in an item
        kind, level, title = _LEAVES.get(token.type, "text"), 0, ""
        if token.type == "heading_open" and not token.level:
            title = tokens[index + 1].content
            if title.strip() and (token.markup[0] == "#" or len(title) <= _LONGEST_UNDERLINED):
                kind, level = "heading", int(token.tag[1])
        if kind == "text" and token.level and pending and pending[1] == begin:
            pending = (pending[0], end)
            continue
        if pending:
            yield (*pending, "text", 0, "")
            pending = None
        if kind == "text" and token.level:
            pending = (begin, end)
        else:
            yield begin, end, kind, level, title
            pending = None
    if pending:
        yield (*pending, "text", 0, "")


_TYPES = frozenset({"heading_open", "paragraph_open", "html_block", "hr", *_LEAVES})


@lru_cache(maxsize=2)
def _parser(*, is_html: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    parser.core.ruler.enableOnly(["normalize", "block"])  # what stands inside a line is the splitter's own affair
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    # The parser's own rule for tables makes a token of every cell, and knows no line breaks in them.
    parser.block.ruler.before("code", "pipe_table", _pipe_table, interrupts)
    parser.block.ruler.before("code", "grid_table", _grid_table, interrupts)
    parser.block.ruler.before("hr", "dashed_table", _dashed_table)  # a fence or a quote is no name of a column
    if is_html:
        parser.disable("code")
    return parser


def _source_line(state: StateBlock, index: int) -> str:
    return state.src[state.bMarks[index] + state.tShift[index] : state.eMarks[index]]


def _pipe_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's own
    """Take a pipe table: a block rule of markdown-it."""
    if start + 1 >= end or state.sCount[start] < state.blkIndent or "|" not in (header := _source_line(state, start)):
        return False
    rule = start + 1
    while not is_rule(_source_line(state, rule)):
        # Only a header that begins with a bar has several lines.
        if header[0] != "|" or rule - start >= _MOST_HEADER_LINES or rule + 1 >= end or state.isEmpty(rule):
            return False
        rule += 1
    lines = [_source_line(state, index) for index in range(start, rule + 1)]
    if not _are_rows(lines) or state.is_code_block(start) or _begins_block(state, start, end):
        return False
    if silent:
        return True
    columns = _columns_of(lines)
    last = rule + 1
    while last < end:
        lines_here = _LinesOf(state, last, end)
        first = lines_here[0]
        if "|" not in first or state.sCount[last] < state.blkIndent or _begins_block(state, last, end):
            break
        last += _end_of_row(lines_here, 0, len(lines_here), columns)
    return _push(state, "pipe_table", start, last)


def _are_rows(lines: Sequence[str]) -> bool:
    """Say whether *lines*, of which the last is the rule of a pipe table, are a header: a few rows, each whole."""
    last = len(lines) - 1
    if last == 1:
        return True
    columns, at, count = _columns_of(lines), 0, 0
    while at < last and lines[at].startswith("|"):
        at = _end_of_row(lines, at, last, columns)
        count += 1
    return at == last and count <= _MOST_HEADER_ROWS


class _LinesOf(Sequence[str]):
    """Some lines of a block, taken only as they are asked for."""

    def __init__(self, state: StateBlock, start: int, end: int) -> None:
        self._state, self._start, self._end = state, start, min(end, start + _MOST_LINES_OF_ROW)

    def __len__(self) -> int:
        return self._end - self._start

    def __getitem__(self, index: int) -> str:  # type: ignore[override]
        return _source_line(self._state, self._start + index)


def _grid_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's own
    """Take a table that is drawn with `+---+`: a block rule of markdown-it."""
    if state.sCount[start] < state.blkIndent or not _is_grid_border(_source_line(state, start)):
        return False
    last = border = start
    while last + 1 < end and _source_line(state, last + 1).startswith(("+", "|")):
        last += 1
        if _is_grid_border(_source_line(state, last)):
            border = last
    if border == start or border == start + 1:
        return False
    return silent or _push(state, "grid_table", start, border + 1)


def _dashed_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's own
    """Take a simple table of pandoc's, with a header: a block rule of markdown-it."""
    if state.sCount[start] < state.blkIndent or state.is_code_block(start):
        return False
    has_border, rule = _is_dashed_border(_source_line(state, start)), start + 1
    while has_border and rule < min(end, start + _MOST_HEADER_LINES) and not _are_dashes(_source_line(state, rule)):
        rule += 1
    if rule + 1 >= end or not _are_dashes(_source_line(state, rule)) or state.isEmpty(rule + 1):
        return False
    last = rule + 1
    while last < end and not (_is_dashed_border(_source_line(state, last)) if has_border else state.isEmpty(last)):
        last += 1
    if has_border and last == end:
        return False
    return silent or _push(state, "dashed_table", start, last + has_border)


def _push(state: StateBlock, name: str, start: int, end: int) -> bool:
    token = state.push(name, "", 0)
    token.map = [start, end]
    state.line = end
    return True


def _begins_block(state: StateBlock, line: int, end: int) -> bool:
    """Return whether another block interrupts the table at *line*."""
    if _source_line(state, line).startswith("|"):
        return False
    rules = state.md.block.ruler.getRules("blockquote")
    return any(rule(state, line, end, True) for rule in rules if rule is not _pipe_table)


def _columns_of(lines: Sequence[str]) -> int:
    """Return how many columns the rule of a pipe table has, 0 where there is none."""
    rule = next((line for line in lines if is_rule(line)), "")
    return len([cell for cell in rule.replace("+", "|").split("|") if "-" in cell])


def _end_of_row(lines: Sequence[str], first: int, end: int, columns: int) -> int:
    """Return where the row ends that begins with line *first*: its cells may hold line breaks, which are not escaped.

    A row that begins with a bar ends with one. Where none closes it, it is a row of one line.
    """
    line = lines[first].strip()
    if not line.startswith("|") or line.endswith("|") or not columns:
        return first + 1
    bars = _bars(line)
    last = first + 1
    while last < min(end, first + _MOST_LINES_OF_ROW):
        line = lines[last].strip()
        if line.startswith("|") and line != "|":
            break  # the next row
        bars += _bars(line)
        last += 1
        if bars > columns or (line.endswith("|") and bars == columns + 1):
            return last if line.endswith("|") else first + 1
    return first + 1


def _bars(line: str) -> int:
    """Return how many bars of *line* divide cells: not those that are escaped or in code."""
    return _ESCAPED.sub("", line).count("|") if "\\" in line or "`" in line else line.count("|")
