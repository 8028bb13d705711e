"""The PDF library's tables → rows of cells, their text taken from the words of the page; finds no table itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from upstage_docs.local.elements import Cell
from upstage_docs.local.lines import Box, Line, Word, bounds, lines_of

__all__ = ["Table", "table_of"]


class Table:
    """A grid of words; *words* are the numbers of the words it took."""

    __slots__ = ("box", "header_rows", "rows", "words")

    def __init__(self, box: Box, rows: list[list[str]], header_rows: int, words: frozenset[int]) -> None:
        self.box = box
        self.rows = rows
        self.header_rows = header_rows
        self.words = words

    @property
    def filled(self) -> float:
        """Share of its cells that hold text."""
        cells = [cell for row in self.rows for cell in row]
        return sum(map(bool, cells)) / max(len(cells), 1)

    @property
    def cells(self) -> tuple[tuple[Cell, ...], ...]:
        """Its rows as cells of one row and one column each: the library tells no spans."""
        return tuple(tuple(Cell(text) for text in row) for row in self.rows)


def table_of(block: Any, words: Sequence[Word], taken: Sequence[bool]) -> Table | None:
    """Fill the grid of a table *block* with the *words* that stand in it and are not *taken*; None if none does."""
    rows = [*([block.header] if block.header else []), *(block.rows or [])]
    box = _box(block.bbox)
    inside = [i for i, word in enumerate(words) if not taken[i] and _holds(box, word.box)]
    width = max((len(row) for row in rows), default=0)
    if not inside or not width:
        return None
    grid: list[list[list[int]]] = [[[] for _ in range(width)] for _ in rows]
    boxes = [
        (_box(cell.bbox), r, c) for r, row in enumerate(rows) for c, cell in enumerate(row) if cell.bbox is not None
    ]
    if not boxes:
        return None
    for index in inside:
        _, r, c = min(boxes, key=lambda entry: _distance(entry[0], words[index].box))
        grid[r][c].append(index)
    text = [[_cell_text([words[i] for i in cell]) for cell in row] for row in grid]
    header = 1 if block.header else 0
    return Table(bounds([box, *(words[i].box for i in inside)]), text, header, frozenset(inside))


def _cell_text(words: Sequence[Word]) -> str:
    if not words:
        return ""
    return " ".join(line.text for line in _in_order(lines_of(words, [-1] * len(words))))


def _in_order(lines: Sequence[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (round(line.baseline), line.box[0]))


def _box(rect: Any) -> Box:
    return rect.x, rect.y, rect.x + rect.width, rect.y + rect.height


def _holds(box: Box, inner: Box) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return box[0] - 1 <= x <= box[2] + 1 and box[1] - 1 <= y <= box[3] + 1


def _distance(cell: Box, word: Box) -> tuple[float, float]:
    """Return how far the middle of *word* is from *cell*, then how large the cell is: the tightest cell wins."""
    x, y = (word[0] + word[2]) / 2, (word[1] + word[3]) / 2
    across = max(cell[0] - x, 0.0, x - cell[2])
    down = max(cell[1] - y, 0.0, y - cell[3])
    return across + down, (cell[2] - cell[0]) * (cell[3] - cell[1])
