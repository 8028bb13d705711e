"""Boxes of a page and how they lie to each other; knows nothing of what is in them."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Box", "bounds", "overlap"]

Box = tuple[float, float, float, float]
"""`(x0, y0, x1, y1)` from the top left corner, in whatever unit the reader uses."""


def bounds(boxes: Iterable[Box]) -> Box:
    """Return the box around *boxes*, which must not be empty."""
    x0s, y0s, x1s, y1s = zip(*boxes, strict=True)
    return min(x0s), min(y0s), max(x1s), max(y1s)


def overlap(inner: Box, outer: Box) -> float:
    """Return the share of *inner* that lies in *outer*."""
    wide = min(inner[2], outer[2]) - max(inner[0], outer[0])
    tall = min(inner[3], outer[3]) - max(inner[1], outer[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    return wide * tall / max((inner[2] - inner[0]) * (inner[3] - inner[1]), 1e-6)
