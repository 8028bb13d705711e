"""Lists the objects that a PDF page draws, those inside form XObjects too, as pdfium reports them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ctypes import byref, c_float
from typing import Any

from upstage_docs.local.geometry import Box, bounds

Matrix = tuple[float, float, float, float, float, float]

_IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_DEEPEST = 6
"""Forms within forms: a plotting library's file set into a page makes three."""


def objects_of(page: Any, kind: int) -> Iterator[tuple[Any, Matrix]]:
    """Yield the objects of one kind, each with the matrix from its place to the page itself.

    Args:
        page: Of pypdfium2; the caller holds the lock.
        kind: One of pdfium's `FPDF_PAGEOBJ_…`.
    """
    from pypdfium2 import raw

    kind_of, form = raw.FPDFPageObj_GetType, raw.FPDF_PAGEOBJ_FORM

    def within(get: Callable[[Any, int], Any], holder: Any, count: int, matrix: Matrix, depth: int) -> Iterator[Any]:
        for number in range(count):
            drawn = get(holder, number)
            found = kind_of(drawn)
            if found == kind:
                yield drawn, matrix
            elif found == form and depth < _DEEPEST:
                inner = product(matrix_of(drawn), matrix)
                yield from within(
                    raw.FPDFFormObj_GetObject, drawn, raw.FPDFFormObj_CountObjects(drawn), inner, depth + 1
                )

    return within(raw.FPDFPage_GetObject, page.raw, raw.FPDFPage_CountObjects(page.raw), _IDENTITY, 0)


def object_box(drawn: Any) -> Box | None:
    """Return the `(left, bottom, right, top)` of an object in the space that it is drawn in, None if it has none."""
    from pypdfium2 import raw

    left, bottom, right, top = c_float(), c_float(), c_float(), c_float()
    if not raw.FPDFPageObj_GetBounds(drawn, byref(left), byref(bottom), byref(right), byref(top)):
        return None
    return left.value, bottom.value, right.value, top.value


def moved(box: Box, matrix: Matrix) -> Box:
    """Return the box around *box* where *matrix* takes it."""
    a, b, c, d, e, f = matrix
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in box[::2] for y in box[1::2]]
    return bounds((x, y, x, y) for x, y in corners)


def matrix_of(drawn: Any) -> Matrix:
    """Return the matrix that an object is drawn with."""
    from pypdfium2 import raw

    told = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(drawn, told):
        return _IDENTITY
    return told.a, told.b, told.c, told.d, told.e, told.f


def product(inner: Matrix, outer: Matrix) -> Matrix:
    """Return the matrix that does what *inner* does, then what *outer* does."""
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m
