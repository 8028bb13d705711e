"""Measures how far a scan is turned, and maps boxes to the levelled page and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from upstage_docs.local.geometry import Box, dimensions, middle

_LEAST_PAIRS = 5
_STEEPEST = 0.6
"""Height over width between two words of one line: 31 degrees, more than is levelled."""
_LEAST_ACROSS, _LEAST_DOWN = 0.3, 0.1
"""Of the box around a word that lies askew: the word itself is no smaller."""
_NEAR = 4.0
"""Word heights between two words of one line, at most."""


class Skew(NamedTuple):
    """A page of *wide* x *tall* points whose lines are level once it is turned by *angle* degrees counter-clockwise."""

    angle: float
    wide: float
    tall: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the levelled page, in which all of the turned page has room."""
        cosine, sine = self._turn()
        return self.wide * cosine + self.tall * abs(sine), self.tall * cosine + self.wide * abs(sine)

    def levelled(self, box: Box) -> Box:
        """Return where a word stands on the levelled page; *box* is the upright box around it on the turned page."""
        cosine, sine = self._turn()
        x, y = middle(box)
        x, y = x - self.wide / 2, y - self.tall / 2
        width, height = self.size
        x, y = x * cosine + y * sine + width / 2, y * cosine - x * sine + height / 2
        across, down = dimensions(box)
        double = cosine**2 - sine**2
        half = max(across * cosine - down * abs(sine), _LEAST_ACROSS * across) / double / 2
        rise = max(down * cosine - across * abs(sine), _LEAST_DOWN * down) / double / 2
        return x - half, y - rise, x + half, y + rise

    def back(self, box: Box) -> Box:
        """Return a relative *box* of the levelled page as the relative box around it on the turned page."""
        cosine, sine = self._turn()
        width, height = self.size
        xs, ys = [], []
        for corner_x in (box[0], box[2]):
            for corner_y in (box[1], box[3]):
                x, y = (corner_x - 0.5) * width, (corner_y - 0.5) * height
                xs.append((x * cosine - y * sine) / self.wide + 0.5)
                ys.append((x * sine + y * cosine) / self.tall + 0.5)
        left, top, right, bottom = (min(max(value, 0.0), 1.0) for value in (min(xs), min(ys), max(xs), max(ys)))
        return left, top, right, bottom

    def _turn(self) -> tuple[float, float]:
        return math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))


def slope(boxes: Sequence[Box]) -> float:
    """Return the degrees, clockwise, by which the lines of words in reading order fall; 0 with too few."""
    slopes = []
    for one, other in pairwise(boxes):
        (x0, y0), (x1, y1) = middle(one), middle(other)
        height = max(one[3] - one[1], other[3] - other[1])
        # The boxes around words that lie askew run over each other.
        if -height < other[0] - one[2] < _NEAR * height and abs(y1 - y0) < _STEEPEST * (x1 - x0):
            slopes.append(math.degrees(math.atan2(y1 - y0, x1 - x0)))
    return median(slopes) if len(slopes) >= _LEAST_PAIRS else 0.0
