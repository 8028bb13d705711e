"""Reads the words beside a drawn chart: the names of its series by their colours, and its titles."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from upstage_docs.local.geometry import Box, shared_height, shared_width
from upstage_docs.local.pdf.charts.labels import Label

_GapOf = Callable[[Box, Box], "float | None"]
"""A key and a name → points between the two, None if the name does not stand on that side."""
_KEY = 3.0
"""Font sizes from a key of the legend to its name, at most."""

_KEY_BEHIND = 8.0
"""The same where names stand before keys, which line up behind the longest of them."""
_LONGEST_KEY, _TALLEST_KEY = 45.0, 20.0
"""Points: what is larger is no key of a legend."""


def is_key(box: Box) -> bool:
    """Say whether what is drawn in *box* is as small as the patch of colour in a legend."""
    return box[2] - box[0] <= _LONGEST_KEY and box[3] - box[1] <= _TALLEST_KEY


def names_by_keys(keys: Sequence[Sequence[Box]], labels: Sequence[Label]) -> list[Label | None]:
    """Return the name of each series, by its legend keys: all behind a key, else all before one, else behind or above.

    Args:
        keys: For each series the boxes of what has its colour outside of the data.
        labels: The words that may be names.
    """
    behind = [_nearest(boxes, labels, _gap_behind) for boxes in keys]
    if all(behind):
        return behind
    before = [_nearest(boxes, labels, _gap_before, _KEY_BEHIND) for boxes in keys]
    if all(before) and len({id(name) for name in before}) == len(before):
        return before
    above = [_nearest(boxes, labels, _gap_above) for boxes in keys]
    return [one or other for one, other in zip(behind, above, strict=True)]


def _nearest(keys: Sequence[Box], labels: Sequence[Label], gap_of: _GapOf, reach: float = _KEY) -> Label | None:
    near = [
        (gap, label)
        for key in keys
        for label in labels
        if (gap := gap_of(key, label.box)) is not None and gap < reach * label.size
    ]
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _gap_behind(key: Box, name: Box) -> float | None:
    gap = name[0] - key[2]
    return gap if gap >= 0 and shared_height(key, name) > 0 else None


def _gap_before(key: Box, name: Box) -> float | None:
    gap = key[0] - name[2]
    return gap if gap >= 0 and shared_height(key, name) > 0 else None


def _gap_above(key: Box, name: Box) -> float | None:
    """Return the gap to a name that stands above a key: behind it in a chart whose bars lie."""
    gap = key[1] - name[3]
    return gap if gap >= 0 and shared_width(key, name) > 0 else None


def numbered(names: Sequence[str]) -> list[str]:
    """Return the names of series; one that is not known becomes `Series` and its number."""
    return [name or f"Series {n}" for n, name in enumerate(names, start=1)]


def titles_of(labels: Sequence[Label], keys: Sequence[Label], data: Box) -> tuple[str, str, str]:
    """Return the title of a chart, the title of its axis of categories, and the title of its axis of values."""
    rest = [label for label in labels if label not in keys and any(map(str.isalpha, label.text))]
    above = [label.text for label in rest if label.box[3] <= data[1]]
    below = [label.text for label in rest if label.box[1] >= data[3]]
    beside = [
        label.text for label in rest if label.box[2] <= data[0] and label.text not in above and label.text not in below
    ]
    return " ".join(above), " ".join(below), " ".join(beside)
