"""Writes the answer of Document Parse from layout blocks, as Upstage's API would write it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape

from upstage_docs.local.blocks import Block, Cell, PageLayout, is_list_item
from upstage_docs.local.geometry import Box


def write_answer(
    pages: Iterable[PageLayout], *, model: str, output_formats: Sequence[str], coordinates: bool, first_id: int = 0
) -> dict[str, object]:
    """Return *pages* as one synchronous answer of Document Parse, ready to be encoded.

    Unlike the API's, the HTML is escaped, so that no parser drops text that looks like a tag. Formats that are not in
    *output_formats* are `""`, as the API answers them. The content is the elements joined, captions included.

    What could not be read stands in `warnings`, a list of objects with `page` and `message`, which the API does not
    have; there is none where everything was read.

    Args:
        pages: Pages of one document or of one batch of it, in order.
        model: What `model` says.
        output_formats: Which of `html`, `markdown`, `text` to write.
        coordinates: Whether elements carry their four corners, relative 0-1.
        first_id: Number of the first element.

    See https://console.upstage.ai/docs/capabilities/parse/understanding-output
    """
    elements: list[dict[str, object]] = []
    numbers: list[int] = []
    joined: dict[str, list[str]] = {"html": [], "markdown": [], "text": []}
    warnings: list[dict[str, object]] = []
    recognised = False
    for page in pages:
        warnings += [{"page": page.number, "message": loss.message} for loss in page.losses]
        numbers.append(page.number)
        recognised = recognised or page.ocr
        for block in page.blocks:
            identifier = first_id + len(elements)
            markdown = _markdown(block) if "markdown" in output_formats else ""
            content = {
                "html": _html(block, identifier) if "html" in output_formats else "",
                "markdown": markdown,
                "text": _text(block, markdown) if "text" in output_formats else "",
            }
            for name, value in content.items():
                if value:
                    joined[name].append(value)
            element: dict[str, object] = {
                "id": identifier,
                "page": page.number,
                "category": block.category,
                "content": content,
                "coordinates": _corners(block.box) if coordinates and block.box else [],
            }
            if block.sub_category:
                element["sub_category"] = block.sub_category
            if block.crop:
                element["base64_encoding"] = base64.b64encode(block.crop).decode("ascii")
            elements.append(element)
    return {
        "api": "2.0",
        "model": model,
        "ocr": recognised,
        "usage": {"pages": len(numbers), "standard": numbers},
        "content": {
            "html": "\n".join(joined["html"]),
            "markdown": "\n\n".join(joined["markdown"]).rstrip(),
            "text": "\n".join(joined["text"]),
        },
        "elements": elements,
        **({"warnings": warnings} if warnings else {}),
    }


def _corners(box: Box) -> list[dict[str, float]]:
    x0, y0, x1, y1 = (round(min(max(value, 0.0), 1.0), 4) for value in box)
    return [{"x": x0, "y": y0}, {"x": x1, "y": y0}, {"x": x1, "y": y1}, {"x": x0, "y": y1}]


def _html(block: Block, identifier: int) -> str:
    """Write a block as the element HTML of API.md's standard mode, text escaped."""
    style = f"style='font-size:{block.font_size}px'"
    lines = _lines(block.text)
    match block.category:
        case "heading1":
            tag = f"h{min(max(block.level, 1), 6)}"
            return f"<{tag} id='{identifier}' {style}>{lines}</{tag}>"
        case "header" | "footer":
            return f"<{block.category} id='{identifier}' {style}>{lines}</{block.category}>"
        case "table" if block.rows:
            return f"<table id='{identifier}' {style}>{_table_rows(block)}</table>"
        case "chart" if block.rows:
            facts = "".join(f"<p>{escape(name, False)}: {_lines(value)}</p>" for name, value in block.chart)
            rows = "".join(
                _row(row, "th" if number < block.header_rows else "td") for number, row in enumerate(block.rows)
            )
            caption = f"<figcaption>{facts}</figcaption>" if facts else ""
            image = f'<img alt="{escape(block.text)}" />' if block.text else "<img/>"
            told = ' data-values="measured"' if block.measured else ""
            table = f"<table{told}>{rows}</table>"
            return f"<figure id='{identifier}' data-category='chart'>{image}{caption}{table}</figure>"
        case "figure" | "chart":
            kind = " data-category='chart'" if block.category == "chart" else ""
            shown = f"{style} " if block.text else ""
            return f"<figure id='{identifier}'{kind}><img {shown}alt=\"{escape(block.text)}\" /></figure>"
        case "equation":
            return f"<p id='{identifier}' data-category='equation'>{lines}</p>"
        case "code":
            language = f' class="language-{escape(block.sub_category)}"' if block.sub_category else ""
            return f"<pre id='{identifier}'><code{language}>{escape(block.text, False)}</code></pre>"
    return f"<p id='{identifier}' data-category='{block.category}' {style}>{lines}</p>"


def _lines(text: str) -> str:
    return escape(text, False).replace("\n", "<br>")


def _table_rows(block: Block) -> str:
    rows = [_row(row, "td") for row in block.rows]
    if not block.header_rows:
        return "".join(rows)
    head, body = "".join(rows[: block.header_rows]), "".join(rows[block.header_rows :])
    return f"<thead>{head}</thead><tbody>{body}</tbody>"


def _row(row: tuple[Cell, ...], tag: str) -> str:
    cells = []
    for cell in row:
        rows = f' rowspan="{cell.row_span}"' if cell.row_span > 1 else ""
        columns = f' colspan="{cell.column_span}"' if cell.column_span > 1 else ""
        cells.append(f"<{tag}{rows}{columns}>{_cell_text(cell, escaped=True)}</{tag}>")
    return f"<tr>{''.join(cells)}</tr>"


def _cell_text(cell: Cell, *, escaped: bool) -> str:
    """Return the text of a cell in one line; rows of a table inside it are parted by `<br>`, which Markdown has too."""
    lines = filter(None, map(_squeezed, cell.text.splitlines())) if cell.keeps_lines else (_squeezed(cell.text),)
    return "<br>".join(escape(line, False) if escaped else line for line in lines)


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _markdown(block: Block) -> str:
    match block.category:
        case "heading1":
            return f"{'#' * min(max(block.level, 1), 6)} {_squeezed(block.text)}"
        case "list":
            return _markdown_list(block.text)
        case "table" if block.rows:
            return _pipe_table(block.rows)
        case "chart" if block.rows:
            facts = "".join(f"- {name}: {_squeezed(value)}\n" for name, value in _facts(block))
            return facts + ("\n" if facts else "") + _pipe_table(block.rows)
        case "code":
            return f"```{block.sub_category}\n{block.text}\n```"
    return block.text


def _facts(block: Block) -> tuple[tuple[str, str], ...]:
    """Return the facts of a chart for Markdown and text, where no attribute can say that values are measured."""
    return (*block.chart, ("Values", "measured")) if block.measured else block.chart


def _markdown_list(text: str) -> str:
    """Prefix every item with `- `, keeping its own marker as the API does; wrapped lines stay lines of their item."""
    lines = text.split("\n")
    marked = is_list_item(lines[0])
    return "\n".join(
        f"- {line}" if (is_list_item(line) or not marked) and not line.startswith("- ") else line for line in lines
    )


def _pipe_table(rows: tuple[tuple[Cell, ...], ...]) -> str:
    """Write a pipe table, spans repeated into every cell they cover, its first row the header, as the API does."""
    grid = _grid(rows)
    width = max((len(row) for row in grid), default=0)
    lines = ["| " + " | ".join([*row, *[""] * (width - len(row))]) + " |" for row in grid]
    lines.insert(1, "| " + " | ".join(["---"] * width) + " |")
    return "\n".join(lines) + "\n"


def _grid(rows: tuple[tuple[Cell, ...], ...]) -> list[list[str]]:
    grid: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}  # column → rows still covered from above, and their text
    for row in rows:
        line: list[str] = []

        def covered(line: list[str] = line) -> bool:
            left, text = hanging.get(len(line), (0, ""))
            if left:
                hanging[len(line)] = (left - 1, text)
                line.append(text)
            return bool(left)

        for cell in row:
            while covered():
                pass
            text = _cell_text(cell, escaped=False).replace("|", "\\|")
            for _ in range(max(cell.column_span, 1)):
                if cell.row_span > 1:
                    hanging[len(line)] = (cell.row_span - 1, text)
                line.append(text)
        while covered():
            pass
        grid.append(line)
    return grid


def _text(block: Block, markdown: str) -> str:
    """Return the text of a block; that of a table is its *markdown*, written before, unless a cell keeps its lines."""
    if block.category == "table" and block.rows:
        if not any(cell.keeps_lines for row in block.rows for cell in row):
            return markdown or _pipe_table(block.rows)
        return _pipe_table(tuple(tuple(replace(cell, keeps_lines=False) for cell in row) for row in block.rows))
    if block.category == "chart" and block.rows:
        facts = "".join(f"{name}: {_squeezed(value)} \n" for name, value in _facts(block))
        return facts + _pipe_table(block.rows)
    return block.text
