"""Reads the ruled lines of a page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from upstage_docs.local.geometry import Box
from upstage_docs.local.pdf.vector_paths import Path

SAME_END = 4.0
"""Points that the ends of two rules of one table may differ."""
_SHORTEST_SHADE, _SEAM = 5.0, 1.0
"""Points that the shade of a line of text is tall at least, and that two such shades are apart at most."""


def rules_of(page: Any, paths: Sequence[Path]) -> tuple[list[Box], list[Box]]:
    """Return the ruled lines of a page: horizontal ones longer than 30 points, and vertical ones longer than 5.

    The edge between two lines of a shaded text is none: text processors shade each line by itself.
    """
    rules, sides = [], []
    seams = cache(lambda: _seams(paths))  # few pages have shades
    for line in page.vector_graphics.lines:
        x0, y0, x1, y1 = line.x1, line.y1, line.x2, line.y2
        if -1 < y0 - y1 < 1:
            if -30 <= x0 - x1 <= 30:
                continue
            rule = min(x0, x1), y0, max(x0, x1), y0
            if line.stroke or not any(
                abs(y - y0) < _SEAM and left - _SEAM < rule[0] and rule[2] < right + _SEAM
                for left, y, right, _ in seams().get(line.fill_color or "", ())
            ):
                rules.append(rule)
        elif -1 < x0 - x1 < 1 and abs(y0 - y1) > 5:
            sides.append((x0, min(y0, y1), x0, max(y0, y1)))
    return rules, sides


def _seams(paths: Sequence[Path]) -> dict[str, list[Box]]:
    """Return the level edges between filled shapes of one width that touch and have no other beside them, by colour."""
    ends: defaultdict[tuple[str, int, int], list[Box]] = defaultdict(list)
    rows: Counter[int] = Counter()
    for box, filled, _, colour, _ in paths:
        x0, y0, x1, y1 = box
        if filled and x1 - x0 > _SHORTEST_SHADE and y1 - y0 > _SHORTEST_SHADE:
            ends[colour, round(x0), round(x1)].append(box)
            rows[round(y0)] += 1
    found: defaultdict[str, list[Box]] = defaultdict(list)
    for (colour, _, _), boxes in ends.items():
        for above, below in pairwise(sorted(boxes, key=lambda box: box[1])):
            lone = max(rows[round(box[1])] for box in (above, below)) == 1
            if lone and abs(below[1] - above[3]) < _SEAM:
                found[colour].append((below[0], below[1], below[2], below[1]))
    return found


def whole_rules(rules: Sequence[Box]) -> list[Box]:
    """Join the pieces of rules that are drawn cell by cell, and the two edges of a thick one."""
    out: list[Box] = []
    for rule in sorted(rules, key=lambda r: (round(r[1] / 2), r[0])):
        last = out[-1] if out else None
        if last is not None and abs(last[1] - rule[1]) < 2 and rule[0] <= last[2] + SAME_END:
            out[-1] = last[0], last[1], max(last[2], rule[2]), last[3]
        else:
            out.append(rule)
    return sorted(out, key=lambda r: r[1])


def rules_of_one_width(rules: Sequence[Box]) -> list[list[Box]]:
    """Gather ruled lines of one width, two or more from top to bottom."""
    groups: list[list[Box]] = []
    for rule in rules:
        home = next(
            (g for g in groups if abs(g[-1][0] - rule[0]) < SAME_END and abs(g[-1][2] - rule[2]) < SAME_END), None
        )
        if home is None:
            groups.append([rule])
        elif rule[1] - home[-1][1] > 2:
            home.append(rule)
    return [group for group in groups if len(group) > 1]
