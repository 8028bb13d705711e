"""Recognition: the answer of Document OCR, pages on their side or askew, noise, Korean, PDFs, refusals."""

from __future__ import annotations

import io
import random
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PIL", reason="needs the extra local")
pytest.importorskip("liteparse", reason="needs the extra local")

from PIL import Image, ImageChops, ImageDraw, ImageFont

from upstage_docs.local.ocr import tesseract
from upstage_docs.local.ocr.answer import recognise
from upstage_docs.local.ocr.drawn_rules import cells_between, drawn_rules
from upstage_docs.local.ocr.page_images import without_leaders
from upstage_docs.local.ocr.recognised import (
    RecognisedPage,
    RecognisedWord,
    is_hangul_again,
    is_korean,
    may_be_hangul,
    merged,
    without_ornaments,
)
from upstage_docs.local.pdf.document import read_pdf
from upstage_docs.local.pdf.text_layer import BareWord, lies_at
from upstage_docs.local.read_image import read_image
from upstage_docs.local.refusal import Refusal

needs_tesseract = pytest.mark.skipif(not tesseract.available(), reason="needs the extra ocr and Tesseract's data")

TEXT = (
    "Annual report on rainfall and soil",
    "Total rainfall reached 1,284.5 mm this year",
    "Farmers started irrigation two weeks earlier",
    "Samples were dried before they were weighed",
)
KOREAN = (
    "연간 강수량 및 토양 조사 보고서",
    "조사는 열네 개 마을에서 진행되었다",
    "농민들은 두 주 먼저 시작했다고 말했다",
)
NANUM = Path("/usr/share/fonts/truetype/nanum/NanumGothic.ttf")


def drawn(lines: Iterable[str] = TEXT, *, ground: int = 255, ink: int = 0) -> Image.Image:
    page = Image.new("L", (1000, 600), ground)
    pen = ImageDraw.Draw(page)
    font = ImageFont.truetype(str(NANUM), 26) if lines is KOREAN else ImageFont.load_default(28)
    for number, line in enumerate(lines):
        pen.text((80, 70 + 70 * number), line, fill=ink, font=font)
    return page


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def turned(image: Image.Image, angle: float) -> Image.Image:
    return image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def recall(answer: dict[str, Any], lines: Iterable[str] = TEXT) -> float:
    wanted = Counter(" ".join(lines).split())
    found = Counter(word["text"] for page in answer["pages"] for word in page["words"])
    return (wanted & found).total() / wanted.total()


@needs_tesseract
def test_the_answer_has_every_field_of_the_api() -> None:
    data = saved(drawn(), "TIFF", save_all=True, append_images=[drawn(TEXT[:2])])
    answer = recognise(data, ".tiff", model="local-1")
    assert list(answer) == [
        "apiVersion", "confidence", "metadata", "mimeType", "modelVersion", "numBilledPages", "pages", "stored", "text",
    ]  # fmt: skip
    assert answer["apiVersion"] == "1.1"
    assert answer["mimeType"] == "multipart/form-data"
    assert answer["modelVersion"] == "local-1"
    assert answer["stored"] is False
    assert answer["numBilledPages"] == 2
    size = {"height": 600, "width": 1000}
    assert answer["metadata"] == {"pages": [{**size, "page": 1}, {**size, "page": 2}]}
    pages = answer["pages"]
    assert [page["id"] for page in pages] == [0, 1]
    words = [word for page in pages for word in page["words"]]
    assert [word["id"] for word in words] == list(range(len(words)))
    assert set(words[0]) == {"boundingBox", "confidence", "id", "text"}
    assert all(0 < word["confidence"] <= 1 for word in words)
    for page in pages:
        mean = sum(word["confidence"] for word in page["words"]) / len(page["words"])
        assert page["confidence"] == pytest.approx(mean, abs=0.001)
    assert answer["confidence"] == min(page["confidence"] for page in pages)
    assert pages[0]["text"] == " \n".join(TEXT)
    assert answer["text"] == pages[0]["text"] + pages[1]["text"]


@needs_tesseract
@pytest.mark.parametrize("angle", [0, 4, 90, 180, 270, 94])
def test_words_are_found_where_they_stand_however_the_page_lies(angle: int) -> None:
    page = turned(drawn(), angle)
    answer = recognise(saved(page), ".png", model="local-1")
    assert recall(answer) >= 0.9
    assert (answer["pages"][0]["width"], answer["pages"][0]["height"]) == page.size
    words = answer["pages"][0]["words"]
    for word in words:
        corners = [(corner["x"], corner["y"]) for corner in word["boundingBox"]["vertices"]]
        assert all(0 <= x <= page.width and 0 <= y <= page.height for x, y in corners)
        xs, ys = zip(*corners, strict=True)
        assert (
            page.point(lambda value: 255 * (value < 128)).crop((min(xs), min(ys), max(xs) + 1, max(ys) + 1)).getbbox()
        )  # there is ink
    # The first edge of a word runs along its letters, whichever way they lie.
    (x0, y0), (x1, y1) = ((corner["x"], corner["y"]) for corner in words[0]["boundingBox"]["vertices"][:2])
    along = {0: (1, 0), 4: (1, 0), 90: (0, -1), 94: (0, -1), 180: (-1, 0), 270: (0, 1)}[angle]
    assert (x1 - x0) * along[0] + (y1 - y0) * along[1] > 0.95 * ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5


@needs_tesseract
@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_page_with_too_few_letters_to_tell_how_it_lies_is_read_too(angle: int) -> None:
    """Tesseract's own measure of orientation needs some fifty letters; a note of a few words has none."""
    note = ("Frame number 7", "paid in full")
    answer = recognise(saved(turned(drawn(note), angle)), ".png", model="local-1")
    assert recall(answer, note) == 1.0


@needs_tesseract
def test_noise_and_shade_lower_no_words() -> None:
    page = drawn()
    noise = Image.frombytes("L", page.size, random.Random(3).randbytes(page.width * page.height))
    shade = Image.linear_gradient("L").resize(page.size).point(lambda value: 255 - value // 3)
    from PIL import ImageChops

    worn = Image.blend(ImageChops.multiply(page, shade), noise, 0.2)
    assert recall(recognise(saved(worn), ".png", model="local-1")) >= 0.9


@needs_tesseract
@pytest.mark.parametrize(("ground", "ink"), [(30, 255), (190, 10), (255, 170)])
def test_white_on_dark_tinted_and_faint_text_is_read(ground: int, ink: int) -> None:
    assert recall(recognise(saved(drawn(ground=ground, ink=ink)), ".png", model="local-1")) >= 0.9


@needs_tesseract
@pytest.mark.skipif(not NANUM.is_file(), reason="needs a Korean font: Debian's fonts-nanum")
def test_korean_words_are_whole() -> None:
    if "kor" not in tesseract.languages():
        pytest.skip("needs Tesseract's Korean data: Debian's tesseract-ocr-kor")
    data = saved(drawn(KOREAN))
    assert recall(recognise(data, ".png", model="local-1"), KOREAN) >= 0.9
    text = " ".join(block.text for page in read_image(data) for block in page.blocks)
    lost = [word for word in " ".join(KOREAN).split() if word not in text.split()]
    assert len(lost) <= 1


@needs_tesseract
@pytest.mark.parametrize("below", ["Outlook for the year", ""])
def test_words_of_a_ruled_table_have_their_own_boxes(below: str) -> None:
    """Tesseract counts rules as lines and words; they tell nothing of the letters' size, and take no word's place."""
    rows = (
        ("A", "Harbour", "Tonnes"),
        ("Bracket", "Masan", "4"),
        ("Cylinder", "Ulsan", "12"),
        ("Gasket", "Incheon", "7"),
    )
    page = Image.new("L", (1240, 500), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(28)
    pen.text((100, 60), "Inventory of parts", fill=0, font=font)
    pen.text((100, 420), below, fill=0, font=font)
    for y in range(126, 367, 60):
        pen.line((100, y, 1060, y), fill=0, width=2)
    for x in range(100, 1061, 320):
        pen.line((x, 126, x, 366), fill=0, width=2)
    corners = {
        cell: (120 + 320 * column, 140 + 60 * row)
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
    }
    for cell, corner in corners.items():
        pen.text(corner, cell, fill=0, font=font)
    found = {text: box for text, _, box in tesseract.words(page)}
    for cell, corner in corners.items():
        assert found[cell] == pytest.approx(pen.textbbox(corner, cell, font=font), abs=20), cell


STORES = ("Harbour stores", "#1: Rope and twine", "#2: Nets", "#3: Tar and pitch", "#4: Canvas", "#5: Lamp oil")


def shaded_table() -> Image.Image:
    """Draw a table of one column, its header and its rows shaded, all in black frames."""
    page = Image.new("L", (1240, 800), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(28)
    pen.text((100, 60), "They are counted each spring by two of the crew.", fill=0, font=font)
    for row, text in enumerate(STORES):
        top = 160 + 60 * row
        pen.rectangle((200, top, 700, top + 60), fill=205 if row else 150, outline=0, width=2)
        pen.text((220, top + 14), text, fill=0, font=font)
    return page


def test_the_rules_between_shaded_cells_are_found_and_make_cells() -> None:
    rules = drawn_rules(shaded_table(), 200)
    assert [round(rule[1] / 10) for rule in sorted(rules.across, key=lambda rule: rule[1])] == list(range(16, 53, 6))
    assert sorted(round(side[0] / 10) for side in rules.down) == [20, 70]
    cells = cells_between(rules, 200)
    assert [(round(x0 / 10), round(x1 / 10)) for x0, _, x1, _ in cells] == [(20, 70)] * len(STORES)


@needs_tesseract
def test_a_shaded_cell_that_is_lost_on_the_page_is_read_by_itself() -> None:
    found = [text for text, *_ in tesseract.words(shaded_table())]
    assert [word for word in " ".join(STORES).split() if word not in found] == []
    (page,) = read_image(saved(shaded_table()))
    (table,) = [block for block in page.blocks if block.rows]
    assert [[cell.text for cell in row] for row in table.rows] == [[text] for text in STORES]


@needs_tesseract
def test_pdf_pages_count_150_pixels_an_inch() -> None:
    data = saved(drawn(), "PDF", resolution=100)
    answer = recognise(data, ".pdf", model="local-1")
    assert answer["metadata"]["pages"] == [{"height": 900, "page": 1, "width": 1500}]
    assert recall(answer) >= 0.9
    corner = answer["pages"][0]["words"][0]["boundingBox"]["vertices"][0]
    assert (corner["x"], corner["y"]) == pytest.approx((120, 113), abs=12)


@needs_tesseract
def test_layout_comes_after_recognition_also_for_a_page_on_its_side() -> None:
    (upright,) = read_image(saved(drawn()))
    (sideways,) = read_image(saved(turned(drawn(), 90)))
    assert upright.ocr
    assert sideways.ocr
    for page in (upright, sideways):
        assert " ".join(block.text for block in page.blocks).split() == " ".join(TEXT).split()
    x0, y0, x1, y1 = upright.blocks[0].box or (0, 0, 0, 0)
    assert sideways.blocks[0].box == pytest.approx((y0, 1 - x1, y1, 1 - x0), abs=0.03)


@needs_tesseract
@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_scanned_pdf_pages_are_laid_out_whichever_way_they_lie(angle: int) -> None:
    """The words are those of the page, in order, and the box is where the text stands on the page as it is shown."""
    page = turned(drawn(), angle)
    (layout,) = read_pdf(saved(page, "PDF", resolution=150), ocr=tesseract.words)
    assert layout.ocr
    assert " ".join(block.text for block in layout.blocks).split() == " ".join(TEXT).split()
    x0, y0, x1, y1 = page.point(lambda value: 255 * (value < 128)).getbbox() or (0, 0, 0, 0)
    boxes = [block.box for block in layout.blocks if block.box]
    bounds = (*map(min, list(zip(*boxes, strict=True))[:2]), *map(max, list(zip(*boxes, strict=True))[2:]))
    assert bounds == pytest.approx((x0 / page.width, y0 / page.height, x1 / page.width, y1 / page.height), abs=0.03)


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_the_order_of_words_tells_how_a_page_lies(angle: int) -> None:
    words = [BareWord("words", (x, y, x + 50, y + 12)) for y in (100, 130, 160) for x in (100, 160, 220)]
    shown: dict[int, Callable[[float, float, float, float], tuple[float, float, float, float]]] = {
        0: lambda x0, y0, x1, y1: (x0, y0, x1, y1),
        90: lambda x0, y0, x1, y1: (800 - y1, x0, 800 - y0, x1),
        180: lambda x0, y0, x1, y1: (600 - x1, 800 - y1, 600 - x0, 800 - y0),
        270: lambda x0, y0, x1, y1: (y0, 600 - x1, y1, 600 - x0),
    }
    assert lies_at([BareWord(word.text, shown[angle](*word.box)) for word in words]) == angle
    assert lies_at([BareWord("alone", (100, y, 150, y + 12)) for y in (100, 130, 160)]) == 0


@needs_tesseract
def test_a_blank_page_has_no_words_and_no_confidence() -> None:
    answer = recognise(saved(Image.new("L", (300, 200), 255)), ".png", model="local-1")
    assert (answer["confidence"], answer["text"], answer["pages"][0]["words"]) == (0.0, "", [])


def test_boxes_turn_back_exactly() -> None:
    """A point of the upright page is the same point of the page as given, for any angle."""
    for angle in (0.0, 90.0, 180.0, 270.0, 13.0):
        page = Image.new("L", (300, 200), 255)
        page.paste(0, (40, 60, 44, 64))
        upright = turned(page, angle)
        x0, y0, x1, y1 = upright.point(lambda value: 255 * (value < 128)).getbbox() or (0, 0, 0, 0)
        corners = RecognisedPage((), angle, page.size, upright.size).corners((x0, y0, x1, y1))
        assert sum(x for x, _ in corners) / 4 == pytest.approx(42, abs=1)
        assert sum(y for _, y in corners) / 4 == pytest.approx(62, abs=1)


def word(text: str, x: float, y: float, *, sure: float = 0.9, width: float = 20, height: float = 20) -> RecognisedWord:
    return RecognisedWord(text, sure, (x, y, x + width, y + height))


def test_two_readings_are_merged_without_doubling_a_word() -> None:
    one = [[word("first", 0, 0), word("line", 40, 0)], [word("third", 0, 200)]]
    other = [[word("fist", 1, 1)], [word("second", 0, 100), word("x", 60, 100, sure=0.2)], [word("i", 0, 300)]]
    for lines in (merged(one, other), merged(other, one)):
        assert [[found.text for found in line] for line in lines] == [["first", "line"], ["second"], ["third"]]
        assert all(above[0].box[1] < below[0].box[1] for above, below in pairwise(lines))


def test_frames_and_ticks_are_no_hangul() -> None:
    latin = [[word("report", 0, 0), word("일", 50, 0)]]
    korean = [[word("보고서", 0, 0), word("및", 50, 0), word("일", 80, 0, width=900)]]
    assert [found.text for line in without_ornaments(latin) for found in line] == ["report"]
    assert [found.text for line in without_ornaments(korean) for found in line] == ["보고서", "및"]


@pytest.mark.parametrize(
    ("data", "suffix", "status", "message"),
    [
        (b"PK\x03\x04 and so on", ".docx", 415, "unsupported document format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".hwp", 415, "unsupported document format"),
        (b"plain text", ".txt", 415, r"unsupported document format.*\.txt"),
        (b"%PDF-1.7 cut off", ".pdf", 422, "damaged or cut off"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, suffix: str, status: int, message: str) -> None:
    with pytest.raises(Refusal, match=message) as refusal:
        recognise(data, suffix, model="local-1")
    assert refusal.value.status == status


@needs_tesseract
def test_a_document_of_too_many_pages_is_413() -> None:
    page = Image.new("1", (40, 40), 1)
    data = saved(page, "TIFF", save_all=True, append_images=[page] * 100)
    with pytest.raises(Refusal, match="more than 100 pages") as refusal:
        recognise(data, ".tiff", model="local-1")
    assert refusal.value.status == 413


def test_languages_can_be_named_and_missing_ones_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "eng.traineddata").touch()
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    monkeypatch.setenv("UPSTAGE_DOCS_OCR_LANGUAGES", "jpn+eng")
    with pytest.raises(Refusal, match=r"jpn\+eng|not installed"):
        tesseract.languages()
    (tmp_path / "jpn.traineddata").touch()
    if pytest.importorskip("tesserocr", reason="needs the extra ocr"):
        assert tesseract.languages() == "jpn+eng"


@needs_tesseract
@pytest.mark.parametrize(("setting", "read"), [("", True), ("off", False), ("0", False)])
def test_words_in_pictures_can_be_left_unread(setting: str, read: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """`UPSTAGE_DOCS_PICTURE_WORDS=off` leaves the words in the pictures of a page that has text of its own."""
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    from upstage_docs.local.read_document import read_document
    from upstage_docs.local.service.pipe import AnswerPart, Task

    monkeypatch.setenv("UPSTAGE_DOCS_PICTURE_WORDS", setting)
    diagram = Image.new("L", (500, 240), 255)
    ImageDraw.Draw(diagram).text((60, 90), "Reservoir", fill=0, font=ImageFont.load_default(60))
    file = io.BytesIO()
    sheet = Canvas(file)
    for number, line in enumerate(TEXT):
        sheet.drawString(80, 750 - 16 * number, f"{line}, as the village office says.")
    sheet.drawImage(ImageReader(diagram), 80, 420, 250, 120)
    sheet.save()
    told = [part.body.decode() for part in read_document(Task(), file.getvalue()) if isinstance(part, AnswerPart)]

    assert "village office" in "".join(told)
    assert ("Reservoir" in "".join(told)) is read


@pytest.mark.parametrize("dot", [".", " .", "·", "…"])
def test_dots_that_lead_to_a_page_number_are_not_shown_to_tesseract(dot: str) -> None:
    """The dots go, which it would read as letters; the title and its number stay as they are."""
    font = ImageFont.load_default(26)
    bare = Image.new("L", (900, 300), 255)
    led = bare.copy()
    for number, (title, page) in enumerate([("1 The harbour", "3"), ("2 Ships in winter", "17"), ("Index", "205")]):
        y = 40 + 60 * number
        for image in (bare, led):
            pen = ImageDraw.Draw(image)
            pen.text((40, y), title, fill=0, font=font)
            pen.text((800, y), page, fill=0, font=font)
        pen.text((320, y), dot * int(460 / font.getlength(dot)), fill=0, font=font)

    def dark(image: Image.Image) -> Image.Image:
        return image.point(lambda value: 255 * (value < 200))

    assert ImageChops.difference(dark(led), dark(bare)).getbbox() is not None
    assert ImageChops.difference(dark(without_leaders(led, 30)), dark(bare)).getbbox() is None


@pytest.mark.parametrize("size", [16, 22, 30, 44])
def test_no_letter_is_taken_for_dots(size: int) -> None:
    """The feet, dots and points of letters, and an ellipsis, stay."""
    page = Image.new("L", (1400, 300), 255)
    for number, line in enumerate(
        ["Illinois miniatures, i.e. tiny iii... and - - so on", "mmmmm ..... iiiii ::: nnnnn"]
    ):
        ImageDraw.Draw(page).text((40, 40 + 90 * number), line, fill=0, font=ImageFont.load_default(size))

    assert ImageChops.difference(without_leaders(page, 1.15 * size), page).getbbox() is None


def placed_words(*texts: tuple[str, float]) -> list[RecognisedWord]:
    return [RecognisedWord(text, sure, (40.0 * n, 0.0, 40.0 * n + 30, 12.0)) for n, (text, sure) in enumerate(texts)]


def test_doubtful_latin_words_of_a_korean_page_are_read_again() -> None:
    """Where most sure letters are Hangul, Latin ones that are not sure give way to Hangul that is surer."""
    line = placed_words(("조사", 0.95), ("방법", 0.94), ("BES", 0.53), ("GDP", 0.97), ("12.5", 0.4))

    assert is_korean([line])
    assert [word.text for word in line if may_be_hangul(word)] == ["BES"]
    assert is_hangul_again(placed_words(("표본", 0.9), ("추출", 0.85)), line[2])
    assert not is_hangul_again(placed_words(("표본", 0.5)), line[2])
    assert not is_hangul_again(placed_words(("BES", 0.9)), line[2])


def test_an_english_page_with_a_korean_name_is_not_korean() -> None:
    assert not is_korean([placed_words(("The", 0.9), ("harbour", 0.9), ("of", 0.9), ("부산", 0.95), ("is", 0.3))])
