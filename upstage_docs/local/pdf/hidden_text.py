"""Finds text that nobody sees: drawn invisibly, cut away by a clip path, or smaller than a dot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from upstage_docs.local.geometry import Box, middle

__all__ = ["is_hidden"]

_SMALLEST = 0.5
"""Points: letters that are less than that both ways are dots, whoever wrote them for a machine to find."""
_CLIP_REACH = 1.0
"""Points by which ink may stand out of the clip path and still be seen."""


def is_hidden(text: Any, index: int, box: Box) -> bool:
    """Say whether a character of a page's text layer is not seen where it stands.

    Text under something that is drawn later counts as seen: what is drawn may let it through.

    Args:
        text: pdfium's text page.
        index: Of the character.
        box: `(left, bottom, right, top)` of its word, in the page's own space.
    """
    from ctypes import c_uint

    from pypdfium2 import raw

    left, bottom, right, top = box
    if max(right - left, top - bottom) < _SMALLEST:
        return True
    drawn = raw.FPDFText_GetTextObject(text.raw, index)
    if not drawn:
        return False
    mode = raw.FPDFTextObj_GetTextRenderMode(drawn)
    if mode == raw.FPDF_TEXTRENDERMODE_INVISIBLE:
        return True
    red, green, blue, opacity = c_uint(), c_uint(), c_uint(), c_uint(255)
    filled = raw.FPDFPageObj_GetFillColor(drawn, red, green, blue, opacity)
    if mode == raw.FPDF_TEXTRENDERMODE_FILL and filled and not opacity.value:
        return True
    return _is_clipped(drawn, box)


def _is_clipped(drawn: Any, box: Box) -> bool:
    """Say whether the clip path of a text object shows nothing of it, or leaves out the word in *box*.

    What stands in a form has bounds in the form's own space; of it, only the whole text object is looked at.
    """
    from ctypes import c_float

    from pypdfium2 import raw

    clip = _clip_box(raw.FPDFPageObj_GetClipPath(drawn))
    if clip is None:
        return False
    sides = [c_float() for _ in range(4)]
    if not raw.FPDFPageObj_GetBounds(drawn, *sides):
        return False
    bounds = tuple(side.value for side in sides)
    if not _meet(bounds, clip):
        return True
    x, y = middle(box)
    of_page = bounds[0] - 1 <= x <= bounds[2] + 1 and bounds[1] - 1 <= y <= bounds[3] + 1
    return of_page and not (
        clip[0] - _CLIP_REACH <= x <= clip[2] + _CLIP_REACH and clip[1] - _CLIP_REACH <= y <= clip[3] + _CLIP_REACH
    )


def _clip_box(clip: Any) -> Box | None:
    """Return the box that all paths of a clip path have in common, None if it has none."""
    from ctypes import c_float

    from pypdfium2 import raw

    common: Box | None = None
    for number in range(max(raw.FPDFClipPath_CountPaths(clip), 0) if clip else 0):
        xs, ys = [], []
        for segment in range(max(raw.FPDFClipPath_CountPathSegments(clip, number), 0)):
            x, y = c_float(), c_float()
            if raw.FPDFPathSegment_GetPoint(raw.FPDFClipPath_GetPathSegment(clip, number, segment), x, y):
                xs.append(x.value)
                ys.append(y.value)
        if not xs:
            continue
        box = min(xs), min(ys), max(xs), max(ys)
        common = (
            (max(common[0], box[0]), max(common[1], box[1]), min(common[2], box[2]), min(common[3], box[3]))
            if common
            else box
        )
    return common


def _meet(one: Sequence[float], other: Sequence[float]) -> bool:
    return (
        max(one[0], other[0]) <= min(one[2], other[2]) + _CLIP_REACH
        and max(one[1], other[1]) <= min(one[3], other[3]) + _CLIP_REACH
    )
