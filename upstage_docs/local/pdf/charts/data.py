"""The result of reading a drawn chart: rows of cells and named facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from upstage_docs.local.blocks import Cell


class ChartData(NamedTuple):
    """What was read off a chart: rows of cells, the first its header, and facts as `(name, value)` pairs."""

    rows: tuple[tuple[Cell, ...], ...]
    facts: tuple[tuple[str, str], ...]


def chart_data(rows: Iterable[Sequence[str]], facts: Iterable[tuple[str, str]]) -> ChartData:
    """Return the data of *rows*, the first the header, and of those *facts* that have a value."""
    cells = tuple(tuple(Cell(text) for text in row) for row in rows)
    return ChartData(cells, tuple((name, text) for name, text in facts if text))
