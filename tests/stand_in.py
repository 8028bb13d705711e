"""A stand-in for the API's understanding of documents: one paragraph per page with the page's own text, and a bill.

It is given to the loopback server in place of the local engine's reading, so that thousands of pages cost little time
and every page that was paid for is known by name.
"""

from __future__ import annotations

import io
import json
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import closing
from typing import IO, Any

import pypdfium2
from eventually import GENEROUS

from upstage_docs.files.source import PDFIUM_LOCK
from upstage_docs.local.service.pipe import Begin, Part, Patience, Task

__all__ = ["StandIn", "labels", "make_pdf", "parse_answer"]

MODEL = "document-parse-000000"
_WORDS = " ".join(["of what the parties to this contract have agreed upon"] * 5)


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


class StandIn:
    """Reads documents for `Engine(read=...)`; `billed` counts how often each page, by its text, was paid for.

    `most_at_once` is how many documents were read at the same time at the most; `answered` counts the parts of answers
    (of a job, its batches) that were given. What a test has to see at a certain moment it arranges with two gates, not
    with times: `meeting`, where every document waits until as many others are being read, and `allowed`, without whose
    permit no part is answered. None, as at first, holds nothing up.

    Args:
        seconds_per_page: How long it thinks over each page.
        absolute: Whether the batches of a job count pages from the beginning of the file; both are allowed for.
        filler: Further paragraphs of fifty words on each page, for answers of a real size.
    """

    def __init__(self, seconds_per_page: float = 0.0, *, absolute: bool = False, filler: int = 0) -> None:
        self.billed: Counter[str] = Counter()
        self.seconds_per_page = seconds_per_page
        self.absolute = absolute
        self.filler = filler
        self.most_at_once = 0
        self.answered = 0
        self.meeting: threading.Barrier | None = None
        self.allowed: threading.Semaphore | None = None
        self._now = 0
        self._lock = threading.Lock()

    def read(self, task: Task, file: IO[bytes], patience: Patience) -> Generator[Begin | Part, None, None]:
        """Bill every page of the document, then answer it in one part, or in batches."""
        texts = _texts(file)
        with self._lock:
            self.billed.update(texts)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            if self.meeting is not None:
                self.meeting.wait(GENEROUS)
            yield Begin(len(texts))
            yield from self._parts(task, texts, patience)
        finally:
            with self._lock:
                self._now -= 1

    def _parts(self, task: Task, texts: list[str], patience: Patience) -> Generator[Begin | Part, None, None]:
        step = task.batch_pages or len(texts)
        for start in range(0, len(texts), step):
            batch = texts[start : start + step]
            until = time.monotonic() + self.seconds_per_page * len(batch)
            while time.monotonic() < until or not self._may_answer():
                if patience.stopped:
                    raise TimeoutError("nobody waits for this document any more")
                time.sleep(0.005)
            offset = start if self.absolute else 0
            answer = _ocr(batch) if task.kind == "ocr" else parse_answer(batch, offset, self.filler)
            with self._lock:
                self.answered += 1
            yield Part(start + 1, start + len(batch), answer)

    def _may_answer(self) -> bool:
        return self.allowed is None or self.allowed.acquire(blocking=False)


def _texts(file: IO[bytes]) -> list[str]:
    with PDFIUM_LOCK, closing(pypdfium2.PdfDocument(file.read() if file.seek(0) == 0 else b"")) as pdf:
        texts = []
        for page in pdf:
            with closing(page), closing(page.get_textpage()) as text:
                texts.append(text.get_text_bounded().strip())
    return texts


def parse_answer(texts: list[str], offset: int = 0, filler: int = 0) -> bytes:
    """Answer a parse of pages that hold *texts*."""
    box = [{"x": 0.1, "y": 0.3}, {"x": 0.5, "y": 0.3}, {"x": 0.5, "y": 0.4}, {"x": 0.1, "y": 0.4}]
    elements: list[dict[str, Any]] = []
    for number, label in enumerate(texts):
        for text in (label, *[f"{label}: {_WORDS}"] * filler):
            html = f"<p id='{len(elements)}' data-category='paragraph' style='font-size:14px'>{text}</p>"
            content = {"html": html, "markdown": text, "text": text}
            place = {"id": len(elements), "page": number + 1 + offset, "category": "paragraph"}
            elements.append({**place, "content": content, "coordinates": box})
    return json.dumps(
        {
            "api": "2.0",
            "model": MODEL,
            "usage": {"pages": len(texts), "standard": [offset + number + 1 for number in range(len(texts))]},
            "content": {
                "html": "\n".join(element["content"]["html"] for element in elements),
                "markdown": "\n\n".join(element["content"]["markdown"] for element in elements),
                "text": "\n".join(element["content"]["text"] for element in elements),
            },
            "elements": elements,
        }
    ).encode()


def _ocr(texts: list[str]) -> bytes:
    box = {"vertices": [{"x": 30, "y": 90}, {"x": 90, "y": 90}, {"x": 90, "y": 110}, {"x": 30, "y": 110}]}
    pages = []
    for number, text in enumerate(texts):
        words = [
            {"id": index, "text": word, "confidence": 0.9, "boundingBox": box}
            for index, word in enumerate(text.split())
        ]
        pages.append({"id": number, "confidence": 0.9, "height": 300, "width": 300, "text": text, "words": words})
    sizes = [{"page": number + 1, "height": 300, "width": 300} for number in range(len(texts))]
    return json.dumps(
        {
            "apiVersion": "1.1",
            "modelVersion": "ocr-000000",
            "mimeType": "multipart/form-data",
            "confidence": 0.9,
            "stored": False,
            "numBilledPages": len(texts),
            "text": "".join(texts),
            "metadata": {"pages": sizes},
            "pages": pages,
        }
    ).encode()
