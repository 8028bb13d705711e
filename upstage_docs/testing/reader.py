"""Reads documents for the stand-in without a layout engine: a function makes each page, and every page is billed."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import IO, Any

from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.pipe import AnswerPart, Begin, Patience, Task
from upstage_docs.testing.pages import MakePage, PageElement, text_page

CROP = b"\xff\xd8\xff\xe0 a crop"
"""What stands for the JPEG of an element whose picture was asked for."""

_LONGEST_MEETING = 120.0
"""Seconds after which documents that wait for each other in vain fail."""
_LOOK_EVERY = 0.005
"""Seconds between two looks whether a part may be answered."""


class StandInReader:
    """Reads documents for the stand-in: opens no layout library, needs no process, bills every page.

    A PDF has its pages and their text; any other file is one page without text. Where *pages* says how many pages a
    document has, it is not opened, and may be any bytes. May be used from any thread.

    Tests that must see one moment arrange it with two gates instead of times. None, as at first, holds nothing up.

    Attributes:
        make_page: What is found on a page, for Document Parse.
        tasks: What was asked, in the order in which reading began.
        billed: How often each page was paid for, by its text.
        refused: Documents, as bytes, that are refused with 415.
        most_at_once: How many documents were read at the same time at the most.
        answered: How many parts of answers (of a job, its batches) were given.
        meeting: A gate: each document waits there until as many others are being read.
        allowed: A gate: without its permit no part is answered.

    Args:
        make_page: What is found on a page.
        pages: How many pages every document has, all without text; None to look.
        model: What the answers name as their model.
        seconds_per_page: How long it thinks over each page.
        absolute: Whether the batches of a job count pages from the beginning of the file; the API does either.
    """

    def __init__(
        self,
        make_page: MakePage = text_page,
        *,
        pages: int | None = None,
        model: str = "document-parse-000000",
        seconds_per_page: float = 0.0,
        absolute: bool = False,
    ) -> None:
        self.make_page = make_page
        self.pages = pages
        self.model = model
        self.seconds_per_page = seconds_per_page
        self.absolute = absolute
        self.tasks: list[Task] = []
        self.billed: Counter[str] = Counter()
        self.refused: set[bytes] = set()
        self.most_at_once = 0
        self.answered = 0
        self.meeting: threading.Barrier | None = None
        self.allowed: threading.Semaphore | None = None
        self._now = 0
        self._lock = threading.Lock()

    def read(self, task: Task, document: IO[bytes], patience: Patience) -> Generator[Begin | AnswerPart, None, None]:
        """Bill every page of *document*, then answer it in one part, or in batches: the `read` of an `Engine`.

        Raises:
            Refusal: 415 for a document of `refused`, 422 for a damaged PDF.
            TimeoutError: Nobody waits for the answer any more.
        """
        document.seek(0)
        content = document.read()
        if content in self.refused:
            raise Refusal("unsupported document", status=415, code="unsupported_document")
        texts = _texts_of_pages(content) if self.pages is None else [""] * self.pages
        with self._lock:
            self.tasks.append(task)
            self.billed.update(texts)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            if self.meeting is not None:
                self.meeting.wait(_LONGEST_MEETING)
            yield Begin(len(texts))
            yield from self._parts(task, texts, patience)
        finally:
            with self._lock:
                self._now -= 1

    def parse_answer(self, task: Task, texts: Sequence[str], start: int = 1) -> dict[str, Any]:
        """Return the answer of Document Parse for pages with *texts*; the first is page *start* of the file."""
        offset = start - 1 if self.absolute else 0
        elements: list[dict[str, Any]] = []
        for number, text in enumerate(texts):
            for element in self.make_page(start + number, text):
                elements.append(_answered(element, task, len(elements), offset + number + 1))
        return {
            "api": "2.0",
            "model": self.model,
            "usage": {"pages": len(texts), "standard": [offset + number + 1 for number in range(len(texts))]},
            "content": {
                "html": "\n".join(element["content"]["html"] for element in elements),
                "markdown": "\n\n".join(element["content"]["markdown"] for element in elements),
                "text": "\n".join(element["content"]["text"] for element in elements),
            },
            "elements": elements,
        }

    def ocr_answer(self, texts: Sequence[str]) -> dict[str, Any]:
        """Return the answer of Document OCR for pages with *texts*: every word at one place, confidence 0.9."""
        box = {"vertices": [{"x": 30, "y": 90}, {"x": 90, "y": 90}, {"x": 90, "y": 110}, {"x": 30, "y": 110}]}
        pages = []
        for number, text in enumerate(texts):
            words = [
                {"id": index, "text": word, "confidence": 0.9, "boundingBox": box}
                for index, word in enumerate(text.split())
            ]
            pages.append({"id": number, "confidence": 0.9, "height": 300, "width": 300, "text": text, "words": words})
        sizes = [{"page": number + 1, "height": 300, "width": 300} for number in range(len(texts))]
        return {
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

    def _parts(self, task: Task, texts: list[str], patience: Patience) -> Generator[AnswerPart, None, None]:
        step = task.batch_pages or len(texts)
        for start in range(0, len(texts), step):
            batch = texts[start : start + step]
            until = time.monotonic() + self.seconds_per_page * len(batch)
            while time.monotonic() < until or not self._may_answer():
                if patience.seconds <= 0:
                    raise TimeoutError("nobody waits for this document any more")
                time.sleep(_LOOK_EVERY)
            answer = self.ocr_answer(batch) if task.kind == "ocr" else self.parse_answer(task, batch, start + 1)
            with self._lock:
                self.answered += 1
            yield AnswerPart(start + 1, start + len(batch), json.dumps(answer).encode())

    def _may_answer(self) -> bool:
        return self.allowed is None or self.allowed.acquire(blocking=False)


def _texts_of_pages(content: bytes) -> list[str]:
    if not content.startswith(b"%PDF-"):
        return [""]
    import pypdfium2

    from upstage_docs.files.source import PDFIUM_LOCK

    try:
        with PDFIUM_LOCK, closing(pypdfium2.PdfDocument(content)) as pdf:
            texts = []
            for page in pdf:
                with closing(page), closing(page.get_textpage()) as text:
                    texts.append(text.get_text_bounded().strip())
            return texts
    except pypdfium2.PdfiumError as error:
        raise Refusal(f"corrupted document: {error}", code="invalid_document") from error


def _answered(element: PageElement, task: Task, number: int, page: int) -> dict[str, Any]:
    x0, y0, x1, y1 = element.box
    html = element.html or (element.text and f"<p id='{{id}}' data-category='{element.category}'>{element.text}</p>")
    content = {
        "html": html.replace("{id}", str(number)),
        "markdown": element.markdown or element.text,
        "text": element.text,
    }
    corners = [{"x": x0, "y": y0}, {"x": x1, "y": y0}, {"x": x1, "y": y1}, {"x": x0, "y": y1}]
    crop = {"base64_encoding": b64encode(CROP).decode()} if element.category in task.crops else {}
    return {
        "id": number,
        "page": page,
        "category": element.category,
        "content": content,
        **crop,
        **element.more,
        "coordinates": corners if task.coordinates else [],
    }
