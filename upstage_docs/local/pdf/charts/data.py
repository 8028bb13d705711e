"""The values that are read off a drawn chart."""

from __future__ import annotations

from typing import NamedTuple

from upstage_docs.local.blocks import Cell

__all__ = ["ChartData"]


class ChartData(NamedTuple):
    """What was read off a chart: rows of cells, the first its header, and facts as `(name, value)` pairs."""

    rows: tuple[tuple[Cell, ...], ...]
    facts: tuple[tuple[str, str], ...]
