"""Finds the text that was typed over a PDF page: notes that are shown, and values of form fields without a picture."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from ctypes import byref, c_float, c_ushort
from typing import Any

from upstage_docs.local.geometry import Box
from upstage_docs.local.pdf.text_layer import BareWord
from upstage_docs.local.refusal import Refusal

_MOST_ANNOTATIONS = 5_000
"""Of a page; a form has some hundred."""
_MOST_LETTERS = 20_000
"""Of one annotation."""
_HIDDEN = 0x02 | 0x20
"""Flags of an annotation that is not shown: Hidden and NoView."""
_PASSWORD = 1 << 13
"""The flag of a field whose value is not shown."""
_SIZE = re.compile(r"(?<!\S)\+?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s+Tf")
"""The size of the font, a number of PDF; what is none, such as `1.2.3`, is taken for a size that is not told."""
_USUAL_SIZE = 12.0
"""Points, where a field leaves the size to the viewer."""
_PITCH, _LETTER = 1.2, 0.5
"""Font sizes from line to line, and of a letter's width on average."""


def typed_texts(
    page: Any,
    placed: Callable[[Box], Box],
    is_shown: Callable[[Box], bool],
    kept: Callable[[], AbstractContextManager[None]],
) -> list[BareWord]:
    """Return the lines of text that was typed over a page, and that its own text does not have.

    Args:
        page: Of pypdfium2; the caller holds the lock.
        placed: Takes a box of the page's own space to where it is shown.
        is_shown: Says whether such a box, as it is shown, lies on the page.
        kept: Each annotation is read inside such a block, which notes an error and lets the others be read.
    """
    from pypdfium2 import raw

    found: list[BareWord] = []
    count = raw.FPDFPage_GetAnnotCount(page.raw)
    if count > _MOST_ANNOTATIONS:
        with kept():
            raise Refusal(f"the page has {count:,}, of which {_MOST_ANNOTATIONS:,} are read")
    for number in range(min(count, _MOST_ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, number)
        if not annotation:
            continue
        try:
            with kept():
                text = _shown_text(annotation)
                if text:
                    found += _lines_of(annotation, text[:_MOST_LETTERS], placed, is_shown)
                if len(text) > _MOST_LETTERS:
                    raise Refusal(f"it has {len(text):,} letters, of which {_MOST_LETTERS:,} are read")
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
    return found


def _shown_text(annotation: Any) -> str:
    """Return what a free text says, or a field without an appearance, whose text no library tells; "" for others."""
    from pypdfium2 import raw

    if raw.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
        return ""
    kind = raw.FPDFAnnot_GetSubtype(annotation)
    if kind == raw.FPDF_ANNOT_FREETEXT:
        return _string(annotation, b"Contents")
    if kind != raw.FPDF_ANNOT_WIDGET or _string(annotation, b"FT") not in {"Tx", "Ch"}:
        return ""
    flags = c_float()
    if raw.FPDFAnnot_GetNumberValue(annotation, b"Ff", byref(flags)) and int(flags.value) & _PASSWORD:
        return ""
    appearance = raw.FPDFAnnot_GetAP(annotation, raw.FPDF_ANNOT_APPEARANCEMODE_NORMAL, None, 0)
    return "" if appearance > 2 else _string(annotation, b"V")


def _string(annotation: Any, key: bytes) -> str:
    from pypdfium2 import raw

    size = raw.FPDFAnnot_GetStringValue(annotation, key, None, 0)  # in bytes, with the end
    if size <= 2:
        return ""
    held = (c_ushort * (size // 2 + 1))()
    raw.FPDFAnnot_GetStringValue(annotation, key, held, size)
    return bytes(held)[: size - 2].decode("utf-16-le", "replace")


def _lines_of(
    annotation: Any, text: str, placed: Callable[[Box], Box], is_shown: Callable[[Box], bool]
) -> Iterator[BareWord]:
    """Yield the lines of a text as they fill the box of the annotation, where that lies on the page."""
    from pypdfium2 import raw

    rect = raw.FS_RECTF()
    if not raw.FPDFAnnot_GetRect(annotation, byref(rect)):
        return
    left, right, low, high = (
        min(rect.left, rect.right),
        max(rect.left, rect.right),
        min(rect.bottom, rect.top),
        max(rect.bottom, rect.top),
    )
    told = _SIZE.search(_string(annotation, b"DA"))
    height = max(high - low, 1.0)
    size = min(float(told[1]), height) if told and float(told[1]) > 1 else min(_USUAL_SIZE, height / _PITCH)
    width = max(int((right - left) / (_LETTER * size)), 1)
    top = high
    for line in (piece for given in text.splitlines() for piece in _wrapped(given, width)):
        box = left, top - _PITCH * size, min(left + _LETTER * size * len(line), right), top - 0.2 * size
        # How many lines fit is an estimate: those below the annotation's box are judged at its lower edge.
        if is_shown(placed((left, max(box[1], low), box[2], max(box[3], low)))):
            yield BareWord(line, placed(box))
        top -= _PITCH * size


def _wrapped(line: str, width: int) -> list[str]:
    """Cut a line at its spaces where it is wider than *width* letters."""
    return textwrap.wrap(" ".join(line.split()), width, break_long_words=False, break_on_hyphens=False)
