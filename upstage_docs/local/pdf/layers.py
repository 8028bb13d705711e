"""Removes from a page what stands on layers that are switched off (optional content), before anything reads it."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from ctypes import addressof, c_ulong, c_ushort
from itertools import chain
from typing import Any

from upstage_docs.local.pdf.hidden_text import is_invisible

_SWITCHED_OFF = re.compile(rb"/OFF(?![A-Za-z])(?!\s*\[\s*\])")
_OBJECT_STREAM = re.compile(rb"/ObjStm\b")
_LAYERS_OR_STREAM = re.compile(rb"/(?:OCProperties|ObjStm\b)")
_STREAM_START = re.compile(rb"stream\r?\n")
_LONGEST_HEAD = 400
"""Bytes from the type of an object stream to its data."""
_MOST_UNPACKED = 20_000_000
"""Bytes of one object stream; what is packed more than a thousand times is nothing that a program writes."""
_MOST_LOOKED_AT = 100_000_000
"""Bytes of all object streams, packed and unpacked; of a file with more, layers are looked for on each page."""
_ANYTHING = b"/OCProperties /OFF"
"""What is told of an object stream that cannot be unpacked."""
_DOTS = 72
"""Per inch: of the picture of a page in which layers are looked for."""
_MOST_PIXELS = 4_000_000
"""Of that picture; a larger page is drawn at fewer dots per inch."""
_MOST_LAYERS = 256
"""Of one page; a drawing of a building has some dozens, and each costs a picture of the page, or two."""
_LAYER, _NAME_UNITS = "OC".encode("utf-16-le"), 16
"""The name of the mark around what a layer holds, and how many UTF-16 units of a name are looked at."""


def may_hide_layers(data: bytes) -> bool:
    """Say whether a PDF has layers and something in it is switched off.

    What is packed in object streams is unpacked; one that cannot be, as in an encrypted file, or where there is too
    much of it, may say anything.
    """
    if _LAYERS_OR_STREAM.search(data) is None:  # of most files
        return False
    layers = hides = False
    for part in chain([data], _object_streams(data)):
        layers = layers or b"/OCProperties" in part
        hides = hides or _SWITCHED_OFF.search(part) is not None
        if layers and hides:
            return True
    return False


def _object_streams(data: bytes) -> Iterator[bytes]:
    left = _MOST_LOOKED_AT
    for found in _OBJECT_STREAM.finditer(data):
        start = _STREAM_START.search(data, found.end(), found.end() + _LONGEST_HEAD)
        if start is not None:
            try:
                end = data.find(b"endstream", start.end())
                packed = data[start.end() : end if end >= 0 else None]
                unpacked = zlib.decompressobj().decompress(packed, _MOST_UNPACKED)
            except zlib.error:
                unpacked = _ANYTHING
            left -= len(packed) + len(unpacked)
            yield unpacked if left > 0 else _ANYTHING


def without_hidden_layers(page: Any) -> bool:
    """Take out of a page what it draws on layers that are not shown; say whether there was such a thing.

    The page is drawn without a layer: where that changes nothing, nothing of the layer is seen. A layer inside a form
    stays, since pdfium writes no forms.

    Args:
        page: Of pypdfium2; the caller holds the lock, and loads the page again if it was changed.
    """
    from pypdfium2 import raw

    layers = _layers_of(page)
    if not layers:
        return False
    shown = _picture(page)
    hidden = False
    waiting = [layers]
    while waiting:
        group = waiting.pop()
        _switch(group, on=False)
        if _picture(page) == shown:
            hidden = True
            continue
        _switch(group, on=True)
        if len(group) > 1:
            waiting += [group[: len(group) // 2], group[len(group) // 2 :]]
    return hidden and bool(raw.FPDFPage_GenerateContent(page.raw))


def _layers_of(page: Any) -> list[list[Any]]:
    """Return the objects of each layer of a page, and each form by itself, since it may be a layer; none of too many.

    What one mark of the page's content is around counts as one layer.
    """
    from pypdfium2 import raw

    layers: defaultdict[int, list[Any]] = defaultdict(list)
    for number in range(raw.FPDFPage_CountObjects(page.raw)):
        drawn = raw.FPDFPage_GetObject(page.raw, number)
        marks = (raw.FPDFPageObj_GetMark(drawn, n) for n in range(raw.FPDFPageObj_CountMarks(drawn)))
        layer = next((addressof(mark.contents) for mark in marks if _name_of(mark) == _LAYER), None)
        kind = raw.FPDFPageObj_GetType(drawn)
        if kind == raw.FPDF_PAGEOBJ_TEXT and is_invisible(drawn):
            continue  # the words of a scan
        if layer is not None:
            layers[layer].append(drawn)
        elif kind == raw.FPDF_PAGEOBJ_FORM:
            layers[addressof(drawn.contents)].append(drawn)
    return list(layers.values()) if len(layers) <= _MOST_LAYERS else []


def _name_of(mark: Any) -> bytes:
    from pypdfium2 import raw

    name, length = (c_ushort * _NAME_UNITS)(), c_ulong()
    raw.FPDFPageObjMark_GetName(mark, name, 2 * _NAME_UNITS, length)
    return bytes(name)[: max(length.value - 2, 0)]


def _switch(layers: Sequence[Sequence[Any]], *, on: bool) -> None:
    from pypdfium2 import raw

    for layer in layers:
        for drawn in layer:
            raw.FPDFPageObj_SetIsActive(drawn, on)


def _picture(page: Any) -> bytes:
    width, height = page.get_size()
    scale = min(_DOTS / 72, (_MOST_PIXELS / max(width * height, 1.0)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=False, draw_annots=False)
    try:
        return bytes(bitmap.buffer)
    finally:
        bitmap.close()
