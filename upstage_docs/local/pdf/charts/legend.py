"""Reads the words beside a drawn chart: the names of its series by their colours, and its titles."""

from __future__ import annotations

from collections.abc import Sequence

from upstage_docs.local.geometry import Box
from upstage_docs.local.pdf.charts.axes import Label
from upstage_docs.local.pdf.vector_paths import Path

__all__ = ["name_of", "titles_of"]

_KEY = 3.0
"""Font sizes from a key of the legend to its name, at most."""


def name_of(colour: str, paths: Sequence[Path], labels: Sequence[Label], bars: set[Box]) -> Label | None:
    """Return the name beside the key of a colour in the legend."""
    keys = [path.box for path in paths if colour and path.filled and path.colour == colour and path.box not in bars]
    near: list[tuple[float, Label]] = []
    for key in keys:
        for label in labels:
            level = min(key[3], label.box[3]) - max(key[1], label.box[1]) > 0
            gap = label.box[0] - key[2]
            turned_level = min(key[2], label.box[2]) - max(key[0], label.box[0]) > 0
            turned_gap = key[1] - label.box[3]
            if level and 0 <= gap < _KEY * label.size:
                near.append((gap, label))
            elif turned_level and 0 <= turned_gap < _KEY * label.size:
                near.append((turned_gap, label))
    return min(near, key=lambda pair: pair[0])[1] if near else None


def titles_of(labels: Sequence[Label], keys: Sequence[Label], bars: Box) -> tuple[str, str, str]:
    """Return the title above the bars, what stands below their names, and what runs along the axis of values."""
    rest = [label for label in labels if label not in keys and any(map(str.isalpha, label.text))]
    above = [label.text for label in rest if label.box[3] <= bars[1]]
    below = [label.text for label in rest if label.box[1] >= bars[3]]
    beside = [
        label.text for label in rest if label.box[2] <= bars[0] and label.text not in above and label.text not in below
    ]
    return " ".join(above), " ".join(below), " ".join(beside)
