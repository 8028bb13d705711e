"""Documents for the stand-in of `upstage_docs.testing`, with a name on every page, and what it answers them."""

from __future__ import annotations

import io
import json

from upstage_docs.local.service.pipe import Task
from upstage_docs.testing.reader import StandInReader

__all__ = ["labels", "make_pdf", "parse_answer"]


def labels(name: str, pages: int) -> list[str]:
    """What stands on the pages of `make_pdf`."""
    return [f"{name} page {number}" for number in range(1, pages + 1)]


def make_pdf(name: str, pages: int) -> bytes:
    """Draw a PDF with one line of text on each page."""
    from reportlab.pdfgen.canvas import Canvas

    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(300, 300), invariant=1)
    for label in labels(name, pages):
        canvas.drawString(30, 200, label)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def parse_answer(texts: list[str]) -> bytes:
    """Answer a parse of pages that hold *texts*."""
    return json.dumps(StandInReader().parse_answer(Task(), texts)).encode()
