"""A page, slide, sheet or part that cannot be read costs itself alone, and the answer says so.

Nothing is refused because of a Python error: what is refused is damaged, and the message says how.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from upstage_docs import Client
from upstage_docs.api.joining import document_json
from upstage_docs.local.blocks import PageLayout
from upstage_docs.local.geometry import Box
from upstage_docs.local.ocr import tesseract
from upstage_docs.local.ocr.answer import recognise
from upstage_docs.local.office.open import read_office
from upstage_docs.local.pdf.document import read_pdf
from upstage_docs.local.read_document import read_document
from upstage_docs.local.read_image import read_image
from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.pipe import Task

pytest.importorskip("reportlab")

from reportlab.pdfgen import canvas

pytest.importorskip("liteparse")

needs_tesseract = pytest.mark.skipif(not tesseract.available(), reason="recognising text needs Tesseract and its data")

A4 = (595, 842)
Draw = Callable[["canvas.Canvas"], None]


def pdf(*pages: Draw) -> bytes:
    """Draw one page per function."""
    out = io.BytesIO()
    sheet = canvas.Canvas(out, pagesize=A4, invariant=1)
    for draw in pages:
        draw(sheet)
        sheet.showPage()
    sheet.save()
    return out.getvalue()


def words(*lines: str) -> Draw:
    """Return what draws *lines* under each other."""

    def draw(sheet: canvas.Canvas) -> None:
        for number, line in enumerate(lines):
            sheet.drawString(60, 780 - 18 * number, line)

    return draw


def text_of(page: PageLayout) -> str:
    return "\n".join(
        " ".join([block.text, *(cell.text for row in block.rows for cell in row)]) for block in page.blocks
    )


def nothing(_image: object) -> list[tuple[str, float, Box]]:
    """Recognise no word, as on the back of a sheet or on a photograph."""
    return []


def picture(shade: str | int) -> Draw:
    def draw(sheet: canvas.Canvas) -> None:
        from PIL import Image
        from reportlab.lib.utils import ImageReader

        image = Image.radial_gradient("L") if shade == "photograph" else Image.new("L", (620, 877), shade)
        sheet.drawImage(ImageReader(image), 0, 0, *A4)

    return draw


def rule(sheet: canvas.Canvas) -> None:
    sheet.line(60, 400, 500, 400)


def ruled_table(rows: Sequence[Sequence[str]], font: str = "Helvetica") -> Draw:
    """Return what draws a table with a rule around every cell."""

    def draw(sheet: canvas.Canvas) -> None:
        sheet.setFont(font, 10)
        across, tops = (60, 160, 380, 480), [700 - 24 * number for number in range(len(rows) + 1)]
        sheet.grid(across, tops)
        for row, top in zip(rows, tops, strict=False):
            for text, left in zip(row, across, strict=False):
                sheet.drawString(left + 6, top - 16, text)

    return draw


# --- nothing where something is walked over


@pytest.mark.parametrize("empty", [picture("white"), picture("photograph"), rule], ids=["blank", "photograph", "rule"])
@pytest.mark.parametrize("force", [False, True], ids=["where needed", "everywhere"])
def test_a_page_on_which_no_word_is_recognised_is_a_page(empty: Draw, force: bool) -> None:
    """A scanned back, a cover photograph, a page with a rule alone: no words there, and every other page is there."""
    pages = list(read_pdf(pdf(words("Before it."), empty, words("Behind it.")), ocr=nothing, force_ocr=force))
    assert [page.number for page in pages] == [1, 2, 3]
    assert [text_of(page).strip() for page in pages] == (["", "", ""] if force else ["Before it.", "", "Behind it."])


def test_a_photograph_without_words_is_a_figure() -> None:
    """As one that is a file of its own; a scan of blank paper is nothing."""
    blank, photograph = read_pdf(pdf(picture("white"), picture("photograph")), ocr=nothing)
    assert blank.blocks == ()
    assert [block.category for block in photograph.blocks] == ["figure"]


def test_a_page_of_too_many_things_says_so() -> None:
    """Its text is read alone: figures and tables of it are not there."""

    def crowded(sheet: canvas.Canvas) -> None:
        words("In a crowd.")(sheet)
        for number in range(20_001):
            sheet.line(number % 500, 50, number % 500 + 1, 50)

    (page,) = read_pdf(pdf(crowded))
    assert text_of(page) == "In a crowd."
    assert "more than 20,000 things" in page.losses[0].message


# --- digits that are no numbers


@pytest.mark.parametrize(
    ("font", "marks"),
    [
        ("Helvetica", ("1", "2", "²")),
        ("Helvetica", ("m ²", "m ²", "m ³")),
        ("HYSMyeongJo-Medium", ("①", "②", "③")),
        ("HYSMyeongJo-Medium", ("① 해당", "② 해당", "③ 해당")),
    ],
    ids=["raised", "units", "circled", "circled, with words"],
)
def test_digits_that_are_no_numbers_are_text(font: str, marks: Sequence[str]) -> None:
    """What Python calls a digit, as the ① of Korean forms, is not always a number that it can read."""
    if font != "Helvetica":
        from reportlab.pdfbase import cidfonts, pdfmetrics

        pdfmetrics.registerFont(cidfonts.UnicodeCIDFont(font))
    rows = [("Item", "What it means in one sentence", "Mark")]
    rows += [(f"Item {n}", f"A cell with some words in it {n}", mark) for n, mark in enumerate(marks)]
    (page,) = read_pdf(pdf(ruled_table(rows, font)))
    assert all(mark[:100] in text_of(page) for mark in marks)


# --- one page that cannot be read


def numbered(objects: Sequence[bytes]) -> bytes:
    """Write a PDF by hand: *objects* are numbered from 1, the first is the catalog."""
    body = b"".join(b"%d 0 obj%bendobj\n" % (number, each) for number, each in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R>>\n%%EOF"


def with_missing_pages(kids: bytes, count: int) -> bytes:
    """Return a PDF whose object 3 is a page and whose other *kids* are not there."""
    content = b"BT /F 12 Tf 1 0 0 1 72 700 Tm (A page that is whole) Tj ET"
    return numbered(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, count),
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
            b"<</Length %d>>stream\n%b\nendstream" % (len(content), content),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ]
    )


def test_a_page_that_cannot_be_opened_is_named() -> None:
    """It has no elements and says why; the pages around it are there."""
    pages = list(read_pdf(with_missing_pages(b"3 0 R 9 0 R 3 0 R", 3)))
    assert [text_of(page) for page in pages] == ["A page that is whole", "", "A page that is whole"]
    assert [[loss.message for loss in page.losses] for page in pages] == [
        [],
        ["the page is damaged and cannot be opened (Page 2 of the PDF is damaged: it cannot be opened)"],
        [],
    ]


def test_a_document_of_which_no_page_can_be_read_is_refused() -> None:
    """Bad input gives no empty success."""
    with pytest.raises(Refusal, match=r"none of the document's 2 pages.*damaged") as refused:
        list(read_document(Task(), with_missing_pages(b"8 0 R 9 0 R", 2)))
    assert refused.value.status == 422


def test_a_page_whose_layout_fails_keeps_its_words() -> None:
    """Here the places of its recognised words are none; the text that it has itself stands in the answer."""

    def nowhere(_image: object) -> list[tuple[str, float, Box]]:
        return [("Nowhere" * 20, 0.9, (float("nan"),) * 4)]

    pages = list(read_pdf(pdf(words("The first."), words("The second.")), ocr=nowhere, force_ocr=True))
    assert [text_of(page) for page in pages] == ["The first.", "The second."]
    assert all("could not be recognised" in page.losses[0].message for page in pages)
    assert all("Error" in page.losses[0].detail for page in pages), "the log says what it was"


def test_recognition_that_fails_on_one_page_costs_that_page() -> None:
    """Whatever it raises; a refusal's own words are told with it."""

    def failing(image: Any) -> list[tuple[str, float, Box]]:
        shade = image.convert("L").getpixel((image.width // 2, image.height // 2))  # pages come in any order
        if shade == 240:
            raise Refusal("The text of a page was not recognised within 120 seconds.")
        if shade == 220:
            raise IndexError("list index out of range")
        return [("Recognised", 0.9, (100.0, 100.0, 400.0, 140.0))]

    pages = list(read_pdf(pdf(words("In front."), picture(240), picture(220), picture(200)), ocr=failing))
    assert [text_of(page) for page in pages] == ["In front.", "", "", "Recognised"]
    assert [[loss.message for loss in page.losses] for page in pages] == [
        [],
        ["the text of the page could not be recognised (The text of a page was not recognised within 120 seconds)"],
        ["the text of the page could not be recognised"],
        [],
    ]


# --- what the answer and the log say


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Client]:
    """A client of the local engine where no text can be recognised."""
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    with Client(engine="local", cache=False) as client:
        yield client


def test_a_scan_among_other_pages_is_no_silent_nothing(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """Without recognition its text is not there; the answer and the log say so, and of no other page."""
    document = client.parse(pdf(words("In front."), picture("photograph"), rule, lambda _: None), source="scans.pdf")

    assert document.text == "In front."
    assert [warning.page for warning in document.warnings] == [2]
    assert 'pip install "upstage-docs[ocr]"' in document.warnings[0].message
    assert json.loads(document.raw)["warnings"] == [{"page": 2, "message": document.warnings[0].message}]
    (record,) = [record for record in caplog.records if record.name == "upstage_docs"]
    assert record.levelname == "WARNING"
    assert "'scans.pdf': page 2: the page is a picture" in record.getMessage()


def test_a_page_that_is_read_says_nothing(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    document = client.parse(pdf(words("All is well.")))

    assert document.warnings == ()
    assert "warnings" not in json.loads(document.raw)
    assert not caplog.records


def test_a_job_says_it_too(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """Pages are those of the file, in whatever batch they came."""
    whole = [words(f"Page {number}.") for number in range(1, 13)]
    document = client.result(client.submit(pdf(*whole[:11], picture("photograph"))))

    assert [str(warning).split(",")[0] for warning in document.warnings] == ["page 12: the page is a picture"]
    assert json.loads(document_json(document))["warnings"][0]["page"] == 12
    assert "page 12" in caplog.text


# --- Office files: one slide, sheet or part


def changed(data: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """Return an Office file with each part as *change* gives it by name and content; None leaves it out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = change(name, source.read(name))
            if content is not None:
                target.writestr(name, content)
    return out.getvalue()


def replaced(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    def change(name: str, content: bytes) -> bytes:
        assert name != part or old in content
        return content.replace(old, new) if name == part else content

    return changed(data, change)


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def slides() -> bytes:
    show = pytest.importorskip("pptx").Presentation()
    for number in (1, 2, 3):
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = f"Slide {number}"
        slide.placeholders[1].text_frame.text = f"Text of slide {number}"
    return saved(show)


def sheets() -> bytes:
    book = pytest.importorskip("openpyxl").Workbook()
    for number in (1, 2, 3):
        sheet = book.active if number == 1 else book.create_sheet()
        sheet.title = f"Sheet {number}"
        sheet.append(["Name", "Amount"])
        sheet.append([f"Row of sheet {number}", number])
    return saved(book)


def letter() -> bytes:
    document = pytest.importorskip("docx").Document()
    document.add_heading("A heading", 1)
    document.add_paragraph("The first paragraph.")
    document.add_paragraph("An item", style="List Number")
    document.add_table(1, 2).rows[0].cells[0].text = "A cell"
    document.add_paragraph("The last paragraph.")
    return saved(document)


def office(data: bytes) -> tuple[list[str], list[list[str]]]:
    """Return the text of each page and its losses."""
    pages = list(read_office(data, ""))
    return [text_of(page) for page in pages], [[loss.message for loss in page.losses] for page in pages]


SECOND_SLIDE, SECOND_SHEET = "ppt/slides/slide2.xml", "xl/worksheets/sheet2.xml"


def test_a_slide_whose_end_is_lost_keeps_what_stands_before() -> None:
    def cut(name: str, content: bytes) -> bytes:
        return content[: content.index(b"Text of slide 2")] if name == SECOND_SLIDE else content

    texts, losses = office(changed(slides(), cut))
    assert texts == ["Slide 1\n• Text of slide 1", "Slide 2", "Slide 3\n• Text of slide 3"]
    assert losses[0] == [f"the part {SECOND_SLIDE} of the file is damaged; some or all of it may be missing"]


def test_a_slide_that_is_missing_costs_itself_alone() -> None:
    texts, losses = office(changed(slides(), lambda name, content: None if name == SECOND_SLIDE else content))
    assert texts == ["Slide 1\n• Text of slide 1", "", "Slide 3\n• Text of slide 3"]
    assert losses == [[f"the part {SECOND_SLIDE} of the file is missing"], ["the slide cannot be read"], []]


def test_a_shape_that_cannot_be_read_keeps_its_text() -> None:
    """Here its place is none that a number can be."""
    damaged = replaced(slides(), SECOND_SLIDE, b"<p:spPr/>", b'<p:spPr><a:xfrm><a:off x="here"/></a:xfrm></p:spPr>')
    texts, losses = office(damaged)
    assert texts == ["Slide 1\n• Text of slide 1", "Slide 2\nText of slide 2", "Slide 3\n• Text of slide 3"]
    assert losses == [[], ["a shape of the slide cannot be read; only its text is"], []]


@pytest.mark.parametrize("whole", [False, True], ids=["a cell", "all of it"])
def test_a_sheet_that_cannot_be_read_costs_itself_alone(whole: bool) -> None:
    """A value that is none, or a part that is not there: the other sheets keep their numbers and their cells."""
    data = sheets()
    if whole:
        data = changed(data, lambda name, content: None if name == SECOND_SHEET else content)
    else:
        data = replaced(data, SECOND_SHEET, b"<v>2</v>", b"<v>two</v>")
    texts, losses = office(data)
    assert [text.split("\n")[0].strip() for text in texts] == ["Sheet 1", "Sheet 2", "Sheet 3"]
    assert [f"Row of sheet {number}" in text for number, text in enumerate(texts, 1)] == [True, False, True]
    assert losses[1:] == [["the cells of the sheet cannot be read"], []]


ENCODED = b"encoding='UTF-8'"


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("word/document.xml", b'<w:pStyle w:val="ListNumber"/>', b'<w:numPr><w:ilvl w:val="\xc2\xb2"/></w:numPr>'),
        ("word/document.xml", b"<w:tblGrid>", b'<w:tblPr><w:tblLook w:val="4Z"/></w:tblPr><w:tblGrid>'),
        ("word/styles.xml", b"</w:styles>", b""),
        ("word/styles.xml", b'<w:sz w:val="', b'<w:sz w:val="\xe2\x91\xa0'),
        ("word/numbering.xml", b'<w:lvl w:ilvl="0"', b'<w:lvl w:ilvl="--0"'),
        ("word/settings.xml", b"</w:settings>", b""),
        ("word/document.xml", ENCODED, b"encoding='no-such-code'"),
        ("word/styles.xml", ENCODED, b"encoding='UTF-16'"),
        ("word/document.xml", ENCODED, b"encoding='UTF-16'"),
        ("[Content_Types].xml", ENCODED, b"encoding='big5'"),
    ],
    ids=[
        "raised level",
        "look in no digits",
        "open styles",
        "circled size",
        "level of two signs",
        "open settings",
        "an encoding that is none",
        "styles in another encoding",
        "text in another encoding",
        "types in an encoding of several bytes",
    ],
)
def test_a_word_file_with_a_damaged_part_keeps_its_text(part: str, old: bytes, new: bytes) -> None:
    texts, _ = office(replaced(letter(), part, old, new))
    (text,) = texts
    for held in ("A heading", "The first paragraph.", "An item", "A cell", "The last paragraph."):
        assert held in text


def test_a_damaged_file_is_refused_without_a_python_error() -> None:
    """What all of it rests on is not there; the message says so in words of its own."""
    for data, part in (
        (letter(), "word/document.xml"),
        (slides(), "ppt/"),
        (sheets(), "xl/"),
    ):
        with pytest.raises(Refusal) as refused:
            office(changed(data, lambda name, content, part=part: b"<nothing/>" if part in name else content))  # type: ignore[misc]
        assert not re.search(r"[A-Z]\w*(Error|Exception)\b", refused.value.message)


# --- images


def tiff(pages: int) -> bytes:
    image = pytest.importorskip("PIL.Image")
    frames = [image.new("L", (300, 400), 255 - 60 * number) for number in range(pages)]
    out = io.BytesIO()
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:], compression="tiff_adobe_deflate")
    return out.getvalue()


def with_damaged_frame(data: bytes, number: int) -> bytes:
    """Return a TIFF whose frame (0-based) holds no longer what its compression says."""
    image = pytest.importorskip("PIL.Image").open(io.BytesIO(data))
    image.seek(number)
    at = image.tag_v2[273][0] + 2  # where its first strip begins
    return data[:at] + bytes(8) + data[at + 8 :]


def test_a_damaged_page_of_an_image_costs_itself_alone() -> None:
    pages = list(read_image(with_damaged_frame(tiff(3), 1), ocr=nothing))
    assert [[loss.message for loss in page.losses] for page in pages] == [
        [],
        ["the page is damaged (The image is damaged or cut off)"],
        [],
    ]


def test_an_image_of_which_no_page_can_be_read_is_refused() -> None:
    with pytest.raises(Refusal, match="damaged or cut off"):
        list(read_image(with_damaged_frame(tiff(1), 0), ocr=nothing))


@needs_tesseract
def test_a_damaged_page_costs_no_recognised_text_of_others() -> None:
    """The answer of Document OCR has every page, that one without a word, and names it."""
    answer = recognise(with_damaged_frame(tiff(3), 1), ".tiff", model="m")
    assert [page["id"] for page in answer["pages"]] == [0, 1, 2]
    assert answer["warnings"] == [{"page": 2, "message": "the page is damaged (The image is damaged or cut off)"}]
    answer = recognise(with_missing_pages(b"3 0 R 9 0 R", 2), ".pdf", model="m")
    assert "A page that is whole" in answer["pages"][0]["text"]
    assert [warning["page"] for warning in answer["warnings"]] == [2]
    with pytest.raises(Refusal, match="damaged"):
        recognise(with_missing_pages(b"8 0 R 9 0 R", 2), ".pdf", model="m")


def test_a_document_on_which_nothing_stands_says_so(client: Client) -> None:
    """It may be blank, or lost what stood on it: an empty answer is never a silent one."""
    document = client.parse(pdf(lambda _: None, lambda _: None))
    assert document.elements == ()
    assert [str(warning) for warning in document.warnings] == [
        "page 1: neither this page nor any other of the document has content: the document is blank or damaged"
    ]
