"""One document, the parts of its answer: which reader takes which format, and how pages and ids run over parts."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from upstage_docs.local.read_document import read_document
from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.pipe import AnswerPart, Begin, Task


def pdf(pages: int = 1) -> bytes:
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    out = io.BytesIO()
    document = canvas.Canvas(out)
    for page in range(1, pages + 1):
        document.drawString(72, 700, f"Words of page {page}.")
        document.showPage()
    document.save()
    return out.getvalue()


def docx() -> bytes:
    document = pytest.importorskip("docx").Document()
    document.add_paragraph("Words of page 1.")
    return saved(document)


def pptx() -> bytes:
    show = pytest.importorskip("pptx").Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = "Words of page 1."
    return saved(show)


def xlsx() -> bytes:
    book = pytest.importorskip("openpyxl").Workbook()
    book.active["A1"] = "Words of page 1."
    return saved(book)


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def picture(form: str, pages: int = 1) -> bytes:
    image = pytest.importorskip("PIL.Image")
    draw = pytest.importorskip("PIL.ImageDraw")
    font = pytest.importorskip("PIL.ImageFont")
    tesseract = pytest.importorskip("upstage_docs.local.ocr.tesseract")
    if not tesseract.available():
        pytest.skip("recognising text needs Tesseract and its data")
    frames = []
    for page in range(1, pages + 1):
        frame = image.new("RGB", (1_240, 1_754), "white")
        draw.Draw(frame).text((150, 200), f"Words of page {page}.", fill="black", font=font.load_default(34))
        frames.append(frame)
    out = io.BytesIO()
    more = {"save_all": True, "append_images": frames[1:]} if pages > 1 else {}
    frames[0].save(out, form, **more)
    return out.getvalue()


def answers(task: Task, document: bytes) -> list[dict[str, Any]]:
    first, *parts = read_document(task, document)
    assert isinstance(first, Begin)
    assert sum(part.end - part.start + 1 for part in parts if isinstance(part, AnswerPart)) == first.pages
    return [json.loads(part.body) for part in parts if isinstance(part, AnswerPart)]


@pytest.mark.parametrize(
    ("form", "make"),
    [
        ("pdf", pdf),
        ("zip", docx),
        ("zip", pptx),
        ("zip", xlsx),
        ("png", lambda: picture("png")),
        ("jpeg", lambda: picture("jpeg")),
        ("bmp", lambda: picture("bmp")),
        ("tiff", lambda: picture("tiff")),
    ],
)
def test_every_format_has_its_reader(form: str, make: Callable[[], bytes]) -> None:
    """The answer is in the shape of Document Parse and holds the document's words."""
    (answer,) = answers(Task(format=form, output_formats=("text",)), make())

    assert answer["model"].startswith("local-")
    assert answer["usage"] == {"pages": 1, "standard": [1]}
    assert "Words of page 1." in answer["content"]["text"].replace("\n", " ")
    assert answer["content"]["html"] == ""


@pytest.mark.parametrize(("form", "make"), [("pdf", pdf), ("tiff", lambda pages: picture("tiff", pages))])
def test_pages_and_ids_run_on_over_the_parts(form: str, make: Callable[[int], bytes]) -> None:
    """Batches of the task's size; pages are absolute, ids unique in the document."""
    found = answers(Task(format=form, batch_pages=2), make(5))

    assert [answer["usage"]["standard"] for answer in found] == [[1, 2], [3, 4], [5]]
    elements = [element for answer in found for element in answer["elements"]]
    assert [element["id"] for element in elements] == list(range(len(elements)))
    assert {element["page"] for element in elements} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(("form", "make"), [("pdf", pdf), ("tiff", lambda pages: picture("tiff", pages))])
def test_too_many_pages_are_refused_before_they_are_read(form: str, make: Callable[[int], bytes]) -> None:
    with pytest.raises(Refusal, match="has 3 pages") as refusal:
        next(read_document(Task(format=form, max_pages=2), make(3)))

    assert refusal.value.status == 413


def test_text_is_recognised_in_the_ocr_schema() -> None:
    (answer,) = answers(Task(kind="ocr", format="tiff"), picture("tiff", 2))

    assert [page["text"] for page in answer["pages"]] == ["Words of page 1.", "Words of page 2."]
    assert answer["numBilledPages"] == 2


@pytest.mark.parametrize("make", [docx, pptx, xlsx])
def test_text_of_office_files_is_not_recognised_here(make: Callable[[], bytes]) -> None:
    with pytest.raises(Refusal, match="not in") as refusal:
        list(read_document(Task(kind="ocr", format="zip"), make()))

    assert refusal.value.status == 415
