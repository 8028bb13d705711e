"""Finds text that nobody sees: drawn invisibly, cut away by a clip path, or smaller than a dot."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import addressof, c_float, c_uint
from typing import Any

from upstage_docs.local.geometry import Box, holds_middle
from upstage_docs.local.pdf.page_letters import PageLetters
from upstage_docs.local.pdf.page_objects import object_box

_SMALLEST = 0.5
"""Points: letters that are less than that both ways are dots, whoever wrote them for a machine to find."""
_CLIP_REACH = 1.0
"""Points by which ink may stand out of the clip path and still be seen."""


class HiddenText:
    """Says which words of one page's text layer cannot be seen.

    Words of one text object follow each other, so that what is known of the last object is remembered. Text under
    something that is drawn later counts as seen: what is drawn may let it through.
    """

    def __init__(self, text: PageLetters) -> None:
        from pypdfium2 import raw

        self._text, self._object_of = text, raw.FPDFText_GetTextObject
        self._address = 0  # of the text object that the next two are of
        self._hidden = False
        self._boxes: tuple[Box, Box] | None = None  # of its clip path and of itself, where it has both

    def holds(self, index: int, box: Box) -> bool:
        """Say whether a word is hidden.

        Args:
            index: Of its first character.
            box: `(left, bottom, right, top)`, in the page's own space.
        """
        left, bottom, right, top = box
        if max(right - left, top - bottom) < _SMALLEST:
            return True
        drawn = self._object_of(self._text.handle, index)
        if not drawn:
            return False
        address = addressof(drawn.contents)
        if address != self._address:
            self._address = address
            self._hidden = is_invisible(drawn)
            self._boxes = None if self._hidden else _clip_and_bounds(drawn)
        if self._hidden or self._boxes is None:
            return self._hidden
        return _is_clipped(box, *self._boxes)


def is_invisible(drawn: Any) -> bool:
    """Say whether a text object is drawn so that nothing of it is seen."""
    from pypdfium2 import raw

    mode = raw.FPDFTextObj_GetTextRenderMode(drawn)
    if mode == raw.FPDF_TEXTRENDERMODE_INVISIBLE:
        return True
    red, green, blue, opacity = c_uint(), c_uint(), c_uint(), c_uint(255)
    filled = raw.FPDFPageObj_GetFillColor(drawn, red, green, blue, opacity)
    return bool(mode == raw.FPDF_TEXTRENDERMODE_FILL and filled and not opacity.value)


def _clip_and_bounds(drawn: Any) -> tuple[Box, Box] | None:
    """Return the box of the clip path of a text object, and that of the object, None where one is not known."""
    from pypdfium2 import raw

    clip = _clip_box(raw.FPDFPageObj_GetClipPath(drawn))
    if clip is None:
        return None
    own = object_box(drawn)
    return None if own is None else (clip, own)


def _is_clipped(box: Box, clip: Box, bounds: Box) -> bool:
    """Say whether a clip path shows nothing of a text object, or leaves out the word in *box*.

    What stands in a form has bounds in the form's own space; of it, only the whole text object is looked at.
    """
    if not _meet(bounds, clip):
        return True
    return holds_middle(bounds, box, reach=1.0) and not holds_middle(clip, box, reach=_CLIP_REACH)


def _clip_box(clip: Any) -> Box | None:
    """Return the box that all paths of a clip path have in common, None if it has none."""
    from pypdfium2 import raw

    x, y = c_float(), c_float()
    common: Box | None = None
    for number in range(max(raw.FPDFClipPath_CountPaths(clip), 0) if clip else 0):
        xs, ys = [], []
        for segment in range(max(raw.FPDFClipPath_CountPathSegments(clip, number), 0)):
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
