"""A made API for the faces: answers with headings, tables, charts, figures and unescaped text, page after page."""

from __future__ import annotations

import io
import json
import threading
from base64 import b64encode
from collections.abc import Generator
from contextlib import closing
from typing import IO, Any

import pypdfium2
from eventually import GENEROUS

from upstage_docs import AsyncClient, Client, PollPolicy, Rate
from upstage_docs.files.source import PDFIUM_LOCK
from upstage_docs.local import Engine, LocalTransport
from upstage_docs.local.service.pipe import Begin, Part, Patience, Task

__all__ = ["JPEG", "PNG", "MadeApi", "pdf"]

JPEG = b"\xff\xd8\xff\xe0 a crop"
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


class MadeApi:
    """Answers every document by its number of pages; `tasks` is what was asked, `fail` what is refused by its bytes."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self.refused: set[bytes] = set()
        self.hold: threading.Event | None = None

    def client(self, **options: Any) -> Client:
        """Return a client that this API answers."""
        return Client("up_test", transport=LocalTransport(Engine(read=self._read)), **{**_SWIFT, **options})

    def aclient(self, **options: Any) -> AsyncClient:
        """Return an asynchronous client that this API answers."""
        return AsyncClient("up_test", transport=LocalTransport(Engine(read=self._read)), **{**_SWIFT, **options})

    def _read(self, task: Task, document: IO[bytes], patience: Patience) -> Generator[Begin | Part, None, None]:
        from upstage_docs.local.refusal import Refusal

        self.tasks.append(task)
        document.seek(0)
        content = document.read()
        if content in self.refused:
            raise Refusal("unsupported document", status=415)
        pages = _pages(content)
        yield Begin(pages)
        step = task.batch_pages or pages
        for start in range(1, pages + 1, step):
            end = min(start + step - 1, pages)
            if start > 1 and self.hold is not None:
                self.hold.wait(GENEROUS)
            body = _ocr(end) if task.kind == "ocr" else _parse(task, start, end)
            yield Part(start, end, json.dumps(body).encode())


def _pages(content: bytes) -> int:
    if not content.startswith(b"%PDF-"):
        return 1
    with PDFIUM_LOCK, closing(pypdfium2.PdfDocument(content)) as document:
        return len(document)


def _parse(task: Task, start: int, end: int) -> dict[str, Any]:
    elements: list[dict[str, Any]] = []

    def add(category: str, html: str, text: str, page: int, **fields: Any) -> None:
        number = len(elements)
        top = (number % 10) / 10
        corners = [{"x": 0, "y": top}, {"x": 0.9, "y": top}, {"x": 0.9, "y": top + 0.05}, {"x": 0, "y": top + 0.05}]
        content = {"html": html.format(id=number), "markdown": text, "text": text.removeprefix("# ")}
        crop = {"base64_encoding": b64encode(JPEG).decode()} if category in task.crops else {}
        element = {"id": number, "page": page - start + 1, "category": category, "content": content, **crop, **fields}
        elements.append({**element, "coordinates": corners if task.coordinates else []})

    for page in range(start, end + 1):
        add("header", "<header id='{id}'>Annual report</header>", "Annual report", page)
        if page % 2:
            add("heading1", f"<h1 id='{{id}}'>{page}. Results</h1>", f"# {page}. Results", page)
        words = f"Page {page}: R&D of < 5.8 and <TwoAFC> 매출이 증가했다."
        add("paragraph", f"<p id='{{id}}' data-category='paragraph'>{words}</p>", words, page)
        rows = "".join(f"<tr><td>{row}</td><td>{row * page}</td></tr>" for row in range(12))
        cells = "\n".join(f"| {row} | {row * page} |" for row in range(12))
        add("caption", f"<caption id='{{id}}'>Table {page}</caption>", f"Table {page}", page)
        table = f"<table id='{{id}}'><thead><tr><td>row</td><td>value</td></tr></thead><tbody>{rows}</tbody></table>"
        add("table", table, f"| row | value |\n| --- | --- |\n{cells}\n", page)
        add(
            "figure",
            f'<figure><img id=\'{{id}}\' alt="Sales {page}" data-coord="x" /></figure>',
            f"![image](/image/placeholder)\nSales {page}",
            page,
            sub_category="signature",
        )
        add("paragraph", "", "", page)
        add("footer", f"<footer id='{{id}}'>{page}</footer>", str(page), page)
    content = {
        "html": "\n".join(element["content"]["html"] for element in elements),
        "markdown": "\n\n".join(element["content"]["markdown"] for element in elements),
        "text": "\n".join(element["content"]["text"] for element in elements),
    }
    usage = {"pages": end - start + 1}
    return {"api": "2.0", "model": "document-parse-260930", "usage": usage, "content": content, "elements": elements}


def _ocr(pages: int) -> dict[str, Any]:
    box = {"vertices": [{"x": 10, "y": 20}, {"x": 60, "y": 20}, {"x": 60, "y": 30}, {"x": 10, "y": 30}]}
    found = []
    for number in range(pages):
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
        "numBilledPages": pages,
        "text": "Hello \n세계" * pages,
        "pages": found,
    }
