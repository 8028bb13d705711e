"""A made API for the faces: answers with headings, tables, charts, figures and unescaped text, page after page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from upstage_docs import AsyncClient, Client, PollPolicy, Rate
from upstage_docs.testing.pages import report_page
from upstage_docs.testing.reader import CROP as JPEG, StandInReader
from upstage_docs.testing.stand_in import stand_in_transport

__all__ = ["JPEG", "PNG", "MadeApi", "pdf"]

# One pixel: the smallest scan.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000 3a7e9b55".replace(" ", "")
    + "0000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)

_SWIFT: dict[str, Any] = {
    "cache": False,
    "rates": {"sync": Rate(), "async": Rate(), "ocr": Rate()},
    "poll": PollPolicy(initial=0.01, maximum=0.05),
}


def pdf(pages: int = 3, text: str = "page") -> bytes:
    """Draw a PDF of *pages* pages."""
    from reportlab.pdfgen.canvas import Canvas

    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(300, 300), invariant=1)
    for number in range(1, pages + 1):
        canvas.drawString(30, 200, f"{text} {number}")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


class MadeApi(StandInReader):
    """Answers every document by its number of pages, without a socket; recognises two words, one of them surely."""

    def __init__(self) -> None:
        super().__init__(report_page, model="document-parse-260930")

    def client(self, **options: Any) -> Client:
        """Return a client that this API answers."""
        return Client("up_test", transport=stand_in_transport(self), **{**_SWIFT, **options})

    def aclient(self, **options: Any) -> AsyncClient:
        """Return an asynchronous client that this API answers."""
        return AsyncClient("up_test", transport=stand_in_transport(self), **{**_SWIFT, **options})

    def ocr_answer(self, texts: Sequence[str]) -> dict[str, Any]:
        box = {"vertices": [{"x": 10, "y": 20}, {"x": 60, "y": 20}, {"x": 60, "y": 30}, {"x": 10, "y": 30}]}
        found = []
        for number in range(len(texts)):
            words = [
                {"id": 2 * number + index, "text": word, "confidence": 0.5 + index / 4, "boundingBox": box}
                for index, word in enumerate(("Hello", "세계"))
            ]
            text = "Hello \n세계"
            found.append({"id": number, "confidence": 0.625, "width": 200, "height": 100, "text": text, "words": words})
        return {
            "apiVersion": "1.1",
            "modelVersion": "ocr-260930",
            "confidence": 0.625,
            "numBilledPages": len(texts),
            "text": "Hello \n세계" * len(texts),
            "pages": found,
        }
