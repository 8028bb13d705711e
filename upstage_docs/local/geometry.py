"""Compares boxes on a page: how much they overlap, how far they are apart, what encloses them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Box = tuple[float, float, float, float]
"""`(x0, y0, x1, y1)` from the top left corner, in whatever unit the reader uses."""

_LEAST_AREA = 1e-6
"""Instead of nothing: the ink of a rule may have no area."""


def groups_of(count: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return the numbers 0 to *count* - 1 in groups: two are in one group if *pairs* link them, in however many steps.

    Each group is in order, and groups are in the order of their first numbers.
    """
    parent = list(range(count))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for one, other in pairs:
        parent[root(one)] = root(other)
    groups: dict[int, list[int]] = {}
    for number in range(count):
        groups.setdefault(root(number), []).append(number)
    return list(groups.values())


def box_of(rect: Any) -> Box:
    """Return a rectangle of the PDF library as a box."""
    x, y, wide, tall = rect if isinstance(rect, tuple) else (rect.x, rect.y, rect.width, rect.height)
    return x, y, x + wide, y + tall


def bounds(boxes: Iterable[Box]) -> Box:
    """Return the box around *boxes*, which must not be empty."""
    x0s, y0s, x1s, y1s = zip(*boxes)  # noqa: B905 - strict takes as long as all else here
    return min(x0s), min(y0s), max(x1s), max(y1s)


def dimensions(box: Box) -> tuple[float, float]:
    """Return the width and the height of *box*."""
    return box[2] - box[0], box[3] - box[1]


def area(box: Box) -> float:
    """Return width times height."""
    return (box[2] - box[0]) * (box[3] - box[1])


def middle(box: Box) -> tuple[float, float]:
    """Return the point `(x, y)` in the middle of *box*."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def shared_width(one: Box, other: Box) -> float:
    """Return the width that two boxes have in common; below 0, it is the horizontal gap between them, negated."""
    return min(one[2], other[2]) - max(one[0], other[0])


def shared_height(one: Box, other: Box) -> float:
    """Return the height that two boxes have in common; below 0, it is the vertical gap between them, negated."""
    return min(one[3], other[3]) - max(one[1], other[1])


def holds_middle(outer: Box, inner: Box, *, reach: float = 0.0) -> bool:
    """Return whether the middle of *inner* lies in *outer*, or at most *reach* outside of it."""
    x0, y0, x1, y1 = inner
    return (
        outer[0] - reach <= (x0 + x1) / 2 <= outer[2] + reach and outer[1] - reach <= (y0 + y1) / 2 <= outer[3] + reach
    )


def overlap(inner: Box, outer: Box) -> float:
    """Return the share of *inner* that lies in *outer*, 0-1."""
    if inner[2] <= outer[0] or outer[2] <= inner[0] or inner[3] <= outer[1] or outer[3] <= inner[1]:
        return 0.0  # most
    wide, tall = shared_width(inner, outer), shared_height(inner, outer)
    if wide <= 0 or tall <= 0:
        return 0.0
    return wide * tall / max(area(inner), _LEAST_AREA)
