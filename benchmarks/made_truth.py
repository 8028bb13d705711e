"""What stands on a printed page, read off the inks it was drawn in; see `made_pages.py`."""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

Box = tuple[float, float, float, float]
Grid = list[list[str]]
_PAD = 1.0
"""Points that people leave around the ink of a text when they draw its box."""


class Found(NamedTuple):
    """A piece of an element: it begins anew in every column."""

    category: str
    box: Box
    text: str
    grid: Grid | None


def ink_number(red: int, green: int, blue: int) -> int:
    """The number in the three lowest bits of each channel."""
    return red & 7 | (green & 7) << 3 | (blue & 7) << 6


def union(boxes: Sequence[Box]) -> Box:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def read_truth(
    page: Any, inks: Sequence[tuple[str, Grid | None]], order: Sequence[int]
) -> tuple[list[Found], list[list[Any]]]:
    """Return the elements of a pypdfium2 page in the order they were written, and its words as the scorer wants them.

    Args:
        page: The page.
        inks: Category and grid of each element; the first is drawn with number 1.
        order: Their numbers in reading order.
    """
    from pypdfium2 import raw

    width, height = page.get_size()
    text = page.get_textpage()
    runs: dict[int, list[tuple[str, Box]]] = defaultdict(list)
    words: list[list[Any]] = []
    last_end, new_word, before = 0, True, (0.0, 0.0, 0.0, 0.0)
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    for index in range(text.count_chars()):
        letter = chr(raw.FPDFText_GetUnicode(text.raw, index)).replace("\ufffe", "-")  # a hyphen where a line ends
        if letter.isspace() or ord(letter) < 32:
            new_word = new_word or raw.FPDFText_IsGenerated(text.raw, index) != 1
            continue
        raw.FPDFText_GetFillColor(text.raw, index, red, green, blue, alpha)
        number = ink_number(red.value, green.value, blue.value)
        x0, y0, x1, y1 = text.get_charbox(index)
        box = (x0 / width, 1 - y1 / height, x1 / width, 1 - y0 / height)
        loose = text.get_charbox(index, loose=True)  # of the font, not of the ink
        if new_word or number != last_end or not words or _is_apart(before, loose):
            words.append([1, letter, *box])
            runs[number].append((" ", runs[number][-1][1] if runs[number] else box))
        else:
            words[-1][1] += letter
            words[-1][2:] = union([tuple(words[-1][2:]), box])
        runs[number].append((letter, box))
        last_end, new_word, before = number, False, loose
    drawn: dict[int, list[Box]] = defaultdict(list)
    for shape in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=6):
        for colour in (raw.FPDFPageObj_GetStrokeColor, raw.FPDFPageObj_GetFillColor):
            colour(shape.raw, red, green, blue, alpha)
            number = ink_number(red.value, green.value, blue.value)
            if 0 < number <= len(inks) and inks[number - 1][0] in {"table", "figure", "chart"}:
                x0, y0, x1, y1 = shape.get_bounds()
                drawn[number].append((x0 / width, 1 - y1 / height, x1 / width, 1 - y0 / height))
                break
    found = []
    for number in order:
        category, grid = inks[number - 1]
        if category in {"table", "figure", "chart"}:
            boxes = [box for _, box in runs[number]] + drawn[number]
            if boxes:
                found.append(Found(category, union(boxes), _joined(runs[number]), grid))
            continue
        for run in _columns(runs[number]):
            x0, y0, x1, y1 = union([box for _, box in run])
            padded = x0 - _PAD / width, y0 - _PAD / height, x1 + _PAD / width, y1 + _PAD / height
            found.append(Found(category, padded, _joined(run), None))
    return found, words


def _is_apart(before: Box, box: Box) -> bool:
    """Say whether a letter stands a space or a line away from what is before it; the boxes are pdfium's, in points."""
    height = max(before[3] - before[1], box[3] - box[1])
    on_line = min(before[3], box[3]) - max(before[1], box[1]) > 0.4 * height
    return not on_line or not -0.5 * height < box[0] - before[2] < 0.12 * height


def _joined(run: Sequence[tuple[str, Box]]) -> str:
    text = "".join(letter for letter, _ in run)  # pdfium tells a letter beyond U+FFFF as two surrogates
    return " ".join(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").split())


def _columns(run: Sequence[tuple[str, Box]]) -> list[list[tuple[str, Box]]]:
    """Cut where the text goes on at the top of the next column: far up and to the right."""
    pieces: list[list[tuple[str, Box]]] = []
    lowest = 0.0
    for letter, box in run:
        if not pieces or (box[3] < lowest - 0.05 and letter != " " and box[0] > pieces[-1][0][1][0]):
            pieces.append([])
            lowest = box[3]
        pieces[-1].append((letter, box))
        lowest = max(lowest, box[3])
    return pieces


def as_markdown(found: Sequence[Found]) -> str:
    """Write elements as DP-Bench's Markdown has them: tables as HTML, lists with one mark each."""
    marks = {"heading1": "# ", "list": "- "}
    return "\n\n".join(table_html(one.grid) if one.grid else marks.get(one.category, "") + one.text for one in found)


def table_html(grid: Grid) -> str:
    rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in grid)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def as_elements(found: Sequence[Found]) -> list[dict[str, Any]]:
    """Write elements in the schema of Document Parse."""
    elements = []
    for number, one in enumerate(found):
        x0, y0, x1, y1 = one.box
        corners = [{"x": x, "y": y} for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
        content = {"text": one.text, "html": table_html(one.grid) if one.grid else "", "markdown": ""}
        elements.append({"id": number, "page": 1, "category": one.category, "coordinates": corners, "content": content})
    return elements
