"""The local engine's PDF reader: what it finds on pages of our own, and that it loses no text of awkward ones."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterable

import pytest

from upstage_docs.local.answer_writer import write_answer
from upstage_docs.local.blocks import Block, PageLayout
from upstage_docs.local.pdf.document import read_pdf
from upstage_docs.local.refusal import Refusal

pytest.importorskip("reportlab")

from reportlab.pdfgen import canvas

pytest.importorskip("liteparse")
from liteparse import LiteParse

from upstage_docs.local.pdf.layout import finished, parts_of
from upstage_docs.local.pdf.library import LibraryPage, parse_pages

A4 = (595, 842)
SENTENCE = "The committee reviewed the annual figures and asked for a second estimate before the next session"
Draw = Callable[["canvas.Canvas"], None]


def pdf(*pages: Draw, size: tuple[float, float] = A4, **options: object) -> bytes:
    """Draw one page per function; the same drawing gives the same bytes."""
    out = io.BytesIO()
    sheet = canvas.Canvas(out, pagesize=size, invariant=1, **options)
    for draw in pages:
        draw(sheet)
        sheet.showPage()
    sheet.save()
    return out.getvalue()


def text(
    sheet: canvas.Canvas, x: float, y: float, lines: Iterable[str], size: float = 10, font: str = "Helvetica"
) -> None:
    """Write *lines* downwards from *y*, at a pitch of 1.2."""
    sheet.setFont(font, size)
    for number, line in enumerate(lines):
        sheet.drawString(x, y - number * 1.2 * size, line)


def paragraph(words: str, count: int) -> list[str]:
    """Make *count* full lines and a short one of *words*."""
    return [f"{words} {number}" for number in range(count)] + ["and that was the end of it."]


def read(data: bytes, **options: object) -> list[PageLayout]:
    return list(read_pdf(data, **options))  # type: ignore[arg-type]


def all_text(pages: Iterable[PageLayout]) -> str:
    return "\n".join(
        " ".join([block.text, *(cell.text for row in block.rows for cell in row)])
        for page in pages
        for block in page.blocks
    )


def letters(value: str) -> Counter[str]:
    return Counter(filter(str.isalnum, value))


def categories(page: PageLayout) -> list[str]:
    return [block.category for block in page.blocks]


def find(page: PageLayout, words: str) -> Block:
    return next(block for block in page.blocks if words in block.text)


# --- what is on the page


def report(sheet: canvas.Canvas) -> None:
    """Two columns under a title, with everything that stands around a text."""
    text(sheet, 60, 800, ["Annual report of the harbour office"], 8)
    text(sheet, 60, 760, ["Traffic in the northern harbour"], 20, "Helvetica-Bold")
    text(sheet, 60, 720, paragraph("Ships that called at the quay in month", 8))
    text(sheet, 60, 600, ["2.1 Methods of counting"], 10, "Helvetica-Bold")
    text(sheet, 60, 580, paragraph("Each crew was asked to sign the list at hour", 6))
    text(
        sheet,
        60,
        480,
        ["• first the name of the ship", "• then the flag that it carries", "• last the tonnes of cargo"],
    )
    text(sheet, 320, 720, paragraph("The southern quay was closed for repair in week", 7))
    text(sheet, 320, 600, paragraph("A second column goes on with other matters", 6))
    sheet.rect(320, 380, 200, 100)
    sheet.line(320, 380, 520, 480)
    sheet.line(320, 480, 520, 380)
    sheet.circle(420, 430, 30)
    text(sheet, 320, 365, ["Figure 1. Plan of the southern quay"], 9)
    text(sheet, 60, 120, ["1 The lists of the year before are kept in the archive of the town.", "2 Not counted."], 7)
    text(sheet, 290, 30, ["17"], 9)


def test_a_report_page_is_told_apart() -> None:
    """Headings, columns, list, figure, caption, notes and margins of a page whose truth is known."""
    (page,) = read(pdf(report))
    assert find(page, "Annual report").category == "header"
    assert find(page, "Traffic").category == "heading1"
    assert find(page, "2.1 Methods").category == "heading1"
    assert find(page, "first the name").category == "list"
    assert find(page, "last the tonnes").text.count("\n") == 2
    assert find(page, "Figure 1").category == "caption"
    assert find(page, "lists of the year").category == "footnote"
    assert find(page, "Not counted").category == "footnote"
    assert (page.blocks[-1].text, page.blocks[-1].category) == ("17", "footer")
    assert sum(category in {"figure", "chart"} for category in categories(page)) == 1


def test_a_page_is_laid_out_alike_from_the_copy_that_the_library_makes_of_it() -> None:
    """What a page is made of is read from the library itself, but a version of it may only give the copy."""
    data = pdf(report)
    copied = LiteParse(
        ocr_enabled=False,
        quiet=True,
        extract_blocks=True,
        keep_headers_footers=True,
        extract_text_metadata=True,
        extract_vector_graphics=True,
        preserve_very_small_text=True,
    ).parse(data)
    read_itself, from_copy = (
        finished(parts_of(page), ()) for page in (parse_pages(data, [1], {})[1], LibraryPage.of(copied.pages[0]))
    )
    assert read_itself == from_copy
    assert len(from_copy) > 8


def test_columns_are_read_one_after_the_other() -> None:
    """The left column is read to its end before the right one begins, the header before and the footer after both."""
    (page,) = read(pdf(report))
    order = [block.text for block in page.blocks]
    wanted = [
        "Annual report",
        "Traffic",
        "Ships",
        "2.1",
        "Each crew",
        "first the name",
        "southern quay was",
        "second column",
    ]
    places = [next(i for i, found in enumerate(order) if words in found) for words in wanted]
    assert places == sorted(places)


def test_boxes_are_relative_and_on_the_page() -> None:
    """Every block has a box within 0-1, also one that is drawn beyond the edge."""

    def beyond(sheet: canvas.Canvas) -> None:
        text(sheet, 500, 400, ["this line runs far beyond the right edge of the page"], 14)
        text(sheet, -40, 300, ["this line begins before the left edge of the page"], 14)

    for page in read(pdf(report, beyond)):
        for block in page.blocks:
            assert block.box is not None
            x0, y0, x1, y1 = block.box
            assert 0 <= x0 <= x1 <= 1
            assert 0 <= y0 <= y1 <= 1


def test_a_ruled_table_keeps_its_cells() -> None:
    """Rows and columns of a drawn grid come back cell by cell."""
    rows = [["Port", "Ships", "Cargo"], ["Masan", "120", "5,410"], ["Ulsan", "98", "7,002"], ["Pohang", "77", "<1,000"]]

    def table(sheet: canvas.Canvas) -> None:
        text(sheet, 60, 760, paragraph("Counted at the gates of every harbour in year", 4))
        for r in range(len(rows) + 1):
            sheet.line(80, 640 - 20 * r, 440, 640 - 20 * r)
        for c in range(4):
            sheet.line(80 + 120 * c, 640, 80 + 120 * c, 640 - 20 * len(rows))
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                text(sheet, 86 + 120 * c, 626 - 20 * r, [cell])

    (page,) = read(pdf(table))
    block = next(block for block in page.blocks if block.category == "table")
    assert [[cell.text for cell in row] for row in block.rows] == rows


def test_a_table_of_contents_is_an_index() -> None:
    """Titles and right-aligned page numbers become one element of category index."""

    def contents(sheet: canvas.Canvas) -> None:
        text(sheet, 60, 760, ["Contents"], 18, "Helvetica-Bold")
        for number, title in enumerate(["The harbour", "The town and its people", "The sea", "Notes on sources"]):
            text(sheet, 60, 700 - 24 * number, [title], 11)
            sheet.drawRightString(500, 700 - 24 * number, str(3 + 17 * number))

    (page,) = read(pdf(contents))
    assert categories(page) == ["heading1", "index"]
    assert page.blocks[1].text.splitlines()[1] == "The town and its people 20"


def test_running_lines_are_told_by_their_repetition() -> None:
    """A line that every page has at its foot is a footer, though it stands high and says what a body might say."""

    def numbered(number: int) -> Draw:
        def draw(sheet: canvas.Canvas) -> None:
            text(sheet, 60, 760, paragraph(f"Page {number} tells of the harbour in part", 30))
            text(sheet, 60, 115, ["Harbour office of the northern province", f"volume {number}"], 10)

        return draw

    for page in read(pdf(*map(numbered, range(1, 5)))):
        assert find(page, "Harbour office").category == "footer"


@pytest.mark.parametrize("ruled", [True, False])
def test_a_low_note_is_a_footnote_under_a_short_rule_and_else_a_footer(ruled: bool) -> None:
    def noted(sheet: canvas.Canvas) -> None:
        text(sheet, 50, 700, paragraph(SENTENCE, 6))
        sheet.line(50, 62, 150 if ruled else 560, 62)
        text(sheet, 50, 48, ["1 From the figures of the year before."], size=7)

    assert find(read(pdf(noted))[0], "From the figures").category == ("footnote" if ruled else "footer")


def test_a_crop_is_a_jpeg_of_the_block() -> None:
    """Asked-for categories come with a JPEG of their part of the page, others without."""
    from PIL import Image

    (page,) = read(pdf(report), crops=["figure", "chart"])
    for block in page.blocks:
        assert bool(block.crop) == (block.category in {"figure", "chart"})
    picture = next(block for block in page.blocks if block.crop)
    assert picture.box is not None
    with Image.open(io.BytesIO(picture.crop)) as image:
        shape = (picture.box[2] - picture.box[0]) * A4[0] / ((picture.box[3] - picture.box[1]) * A4[1])
        assert image.format == "JPEG"
        assert image.width / image.height == pytest.approx(shape, rel=0.05)


def test_the_unit_of_a_page_changes_nothing() -> None:
    """Plans larger than two hundred inches are drawn in larger units; boxes are relative to the page."""
    data = pdf(report)
    assert read(data.replace(b"/MediaBox", b"/UserUnit 2.5 /MediaBox")) == read(data)


def test_the_same_bytes_give_the_same_answer() -> None:
    """Reading twice gives equal blocks."""
    data = pdf(report, report)
    assert read(data) == read(data)


def test_pages_can_be_chosen() -> None:
    """Only the pages asked for are read, under their own numbers; a page that does not exist is refused."""
    data = pdf(*[report] * 14)
    assert [page.number for page in read(data, pages=[2, 13])] == [2, 13]
    with pytest.raises(Refusal, match="14 pages") as refused:
        read(data, pages=[15])
    assert refused.value.status == 400


# --- no text is lost


def turned(angle: float) -> Draw:
    def draw(sheet: canvas.Canvas) -> None:
        sheet.translate(297, 421)
        sheet.rotate(angle)
        text(sheet, -220, 60, paragraph(f"Text that was turned by {angle} degrees in line", 6), 9)

    return draw


def margin_note(sheet: canvas.Canvas) -> None:
    text(sheet, 80, 760, paragraph(SENTENCE[:70], 20))
    sheet.rotate(90)
    text(sheet, 200, -30, ["arXiv 2403.01234 a note that runs up the margin"], 12)


def leaning(sheet: canvas.Canvas) -> None:
    text(sheet, 80, 760, paragraph(SENTENCE[:70], 30))
    sheet.translate(150, 300)
    sheet.rotate(37)
    text(sheet, 0, 0, ["CONFIDENTIAL DRAFT COPY"], 40)


def tiny(sheet: canvas.Canvas) -> None:
    text(sheet, 80, 700, paragraph("small print that nobody reads in clause", 40), 2)
    text(sheet, 80, 500, ["HUGE"], 150)


def overlapping(sheet: canvas.Canvas) -> None:
    text(sheet, 80, 700, paragraph("lower layer of words", 10), 10)
    text(sheet, 83, 696, paragraph("upper coat of letters", 10), 10)


def scattered(sheet: canvas.Canvas) -> None:
    for number in range(120):
        text(sheet, 30 + number * 97 % 500, 60 + number * 61 % 740, [f"w{number}x"], 5 + number % 9)


def upright(sheet: canvas.Canvas) -> None:
    sheet.setPageRotation(90)  # the page is 842 x 595 points before it is turned
    text(sheet, 80, 500, paragraph(SENTENCE[:60], 12))


def columns(sheet: canvas.Canvas) -> None:
    for column in range(4):
        text(sheet, 40 + 135 * column, 780, paragraph(f"narrow column {column} row", 50), 8)


def marked_up(sheet: canvas.Canvas) -> None:
    lines = [
        "5 < 6 & 7 > 3",
        "<script>alert(1)</script>",
        "*8 ml* of __water__",
        "a_b_c and 2*3*4",
        "# not a heading",
        "| pipe |",
    ]
    text(sheet, 80, 700, lines)


def bars(sheet: canvas.Canvas) -> None:
    for number in range(8):
        sheet.rect(100 + 40 * number, 300, 25, 20 + 17 * number * number % 140, fill=1)
        text(sheet, 105 + 40 * number, 285, [str(2000 + number)], 8)
    text(sheet, 100, 480, ["Tonnes of fish landed per year"], 9)


def korean(sheet: canvas.Canvas) -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont("HYSMyeongJo-Medium"))
    text(
        sheet,
        80,
        700,
        ["업스테이지 문서 파싱은 표와 제목을 구분한다.", "두 번째 줄도 잃지 않는다."],
        12,
        "HYSMyeongJo-Medium",
    )


AWKWARD = {
    "report": report,
    "sideways": turned(90),
    "upside down": turned(180),
    "sideways the other way": turned(270),
    "askew": turned(20),
    "askew a little": turned(3),
    "margin note": margin_note,
    "watermark": leaning,
    "tiny and huge": tiny,
    "overlapping": overlapping,
    "scattered": scattered,
    "rotated page": upright,
    "four columns": columns,
    "looks like markup": marked_up,
    "chart": bars,
    "korean": korean,
}


class Recorder:
    """A canvas that remembers what was drawn on it."""

    def __init__(self, sheet: canvas.Canvas) -> None:
        self.sheet = sheet
        self.drawn: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self.sheet, name)

    def drawString(self, x: float, y: float, line: str) -> None:  # noqa: N802
        self.drawn.append(line)
        self.sheet.drawString(x, y, line)


@pytest.mark.parametrize("name", AWKWARD)
def test_no_letter_is_lost(name: str) -> None:
    """Every letter that is drawn comes out, and none that is not."""
    drawn: list[str] = []

    def draw(sheet: canvas.Canvas) -> None:
        recorder = Recorder(sheet)
        AWKWARD[name](recorder)
        drawn.extend(recorder.drawn)

    found = letters(all_text(read(pdf(draw))))
    wanted = letters(" ".join(drawn))
    assert wanted - found == Counter()
    assert found - wanted == Counter()


def test_lines_of_a_sideways_page_stay_lines() -> None:
    """Text of a page that lies on its side is read in order, and its boxes are those of the page as shown."""
    # Lines begin 220 points before the middle of the page and are 175 long; seven of them begin 67 above it.
    shown = {90: (0.39, 0.55, 0.50, 0.76), 180: (0.57, 0.50, 0.87, 0.58), 270: (0.50, 0.24, 0.61, 0.45)}
    for angle, expected in shown.items():
        (page,) = read(pdf(turned(angle)))
        assert [line.rsplit(" ", 1)[-1] for line in page.blocks[0].text.splitlines()[:3]] == ["0", "1", "2"]
        assert page.blocks[0].box == pytest.approx(expected, abs=0.02)


# --- scans


def scan(sheet: canvas.Canvas) -> None:
    """A page that is nothing but a picture of text."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    sheet.drawImage(ImageReader(Image.new("L", (600, 840), 255)), 0, 0, *A4)


def recognised(image: object) -> list[tuple[str, float, tuple[float, float, float, float]]]:
    """Words as an OCR engine answers them, of a page at 300 dots per inch."""
    found = []
    for row in range(6):
        x = 300.0
        for word in f"Row {row} of the scanned letter 읽기 {'and more ' * (row % 3)}".split():
            found.append((word, 0.9, (x, 400.0 + 60 * row, x + 20 * len(word), 438.0 + 60 * row)))
            x += 20 * len(word) + 12
    return [*found, ("noise", 0.05, (10, 10, 60, 40))]


def test_a_scan_takes_the_same_path() -> None:
    """Recognised words become paragraphs where they stand; those that are unsure are dropped."""
    (page,) = read(pdf(scan), ocr=recognised)
    assert page.ocr
    block = find(page, "Row 0 of the scanned letter 읽기")
    assert block.text.splitlines()[5] == "Row 5 of the scanned letter 읽기 and more and more"
    assert "noise" not in all_text([page])
    assert block.box is not None
    assert block.box[0] == pytest.approx(300 / (A4[0] / 72 * 300), abs=0.01)
    assert block.box[1] == pytest.approx(400 / (A4[1] / 72 * 300), abs=0.01)


def test_only_pages_without_text_are_recognised() -> None:
    """A page with a text layer keeps it; `force_ocr` recognises every page."""
    data = pdf(report, scan)
    assert [page.ocr for page in read(data, ocr=recognised)] == [False, True]
    assert [page.ocr for page in read(data, ocr=recognised, force_ocr=True)] == [True, True]


def test_a_scan_without_ocr_is_refused() -> None:
    """A document with nothing but pictures of text is never an empty success; with one page of text it is read."""
    with pytest.raises(Refusal, match="upstage-docs") as refused:
        read(pdf(scan, scan))
    assert refused.value.status == 422
    assert [page.number for page in read(pdf(scan, report))] == [1, 2]
    with pytest.raises(Refusal, match=r"ocr=force.*pip install"):
        read(pdf(report), force_ocr=True)


def test_an_empty_page_is_no_error() -> None:
    """A page with nothing on it has no blocks."""
    (page,) = read(pdf(lambda _: None))
    assert page.blocks == ()


# --- what cannot be read


def test_damaged_files_are_refused() -> None:
    """No PDF, a cut one, an encrypted one and one without pages: a clear refusal with the API's status."""
    from reportlab.lib.pdfencrypt import StandardEncryption

    whole = pdf(report)
    locked = pdf(report, encrypt=StandardEncryption("secret", ownerPassword="owner", strength=128))
    none = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF"
    )
    for data, message in (
        (b"hello", "damaged"),
        (whole[:300], "damaged"),
        (locked, "encrypted"),
        (none, "pages|damaged"),
    ):
        with pytest.raises(Refusal, match=message) as refused:
            read(data)
        assert refused.value.status == 422


def raw_page(content: bytes, media: bytes = b"[0 0 595 842]") -> bytes:
    """Write a PDF of one page by hand."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox" + media + b"/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body = b"".join(b"%d 0 obj%bendobj\n" % (number, each) for number, each in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R>>\n%%EOF"


HELLO = b"BT /F 12 Tf 1 0 0 1 72 700 Tm (Hello from an awkward page) Tj ET\n"


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (HELLO, b"[0 0 900000 900000]"),
        (HELLO, b"[-400 -400 195 842]"),
        (b"q " * 100_000 + HELLO, b"[0 0 595 842]"),
        (
            b"".join(b"%d %d m %d %d l S\n" % (i % 595, i % 842, i * 7 % 595, i * 13 % 842) for i in range(60_000))
            + HELLO,
            b"[0 0 595 842]",
        ),
    ],
    ids=["huge page", "shifted page", "deep nesting", "sixty thousand lines"],
)
def test_extremes_end_in_an_answer(content: bytes, media: bytes) -> None:
    """Huge pages, deep nesting and crowds of objects are answered with their text, crops included."""
    (page,) = read(raw_page(content, media), crops=["paragraph", "heading1"])
    assert "Hello from an awkward page" in all_text([page]).replace("\n", " ")


def test_pages_stream() -> None:
    """Pages of the first batches arrive before a damaged page further on is met."""
    whole = pdf(*[report] * 25)
    at = [i for i in range(len(whole)) if whole.startswith(b"/Type /Page\n", i) or whole.startswith(b"/Type /Page ", i)]
    broken = bytearray(whole)
    assert len(at) >= 25
    broken[at[24] : at[24] + 11] = b"/Type /Pugh"
    arrived = []
    try:
        for page in read_pdf(bytes(broken)):
            arrived.append(page.number)
    except Refusal:
        assert arrived == list(range(1, len(arrived) + 1))
    assert len(arrived) >= 20


# --- further rules, each on a page of its own


def test_dots_lead_to_page_numbers() -> None:
    """A table of contents with dotted leaders is an index, whatever the PDF library takes it for."""

    def contents(sheet: canvas.Canvas) -> None:
        text(sheet, 60, 760, ["Contents"], 18, "Helvetica-Bold")
        for number in range(8):
            text(sheet, 60, 700 - 16 * number, [f"{number + 1}  Chapter about the harbour {'. ' * 40}{5 + 9 * number}"])

    (page,) = read(pdf(contents))
    assert categories(page) == ["heading1", "index"]
    assert page.blocks[1].text.count("Chapter") == 8


def test_a_caption_takes_the_text_beside_its_label() -> None:
    """A label in a box of its own and the words to its right are one caption."""

    def labelled(sheet: canvas.Canvas) -> None:
        bars(sheet)
        text(sheet, 100, 250, ["Diagram 4"], 10, "Helvetica-Bold")
        text(sheet, 190, 250, ["Landings by year and by port"], 10, "Helvetica-Bold")

    (page,) = read(pdf(labelled))
    assert find(page, "Diagram 4").category == "caption"
    assert find(page, "Diagram 4").text.endswith("by port")


def test_a_sentence_about_a_figure_is_no_caption() -> None:
    """A paragraph that begins with "Table 3 shows" stays a paragraph."""

    def draw(sheet: canvas.Canvas) -> None:
        text(sheet, 60, 700, paragraph("Table 3 shows what the committee found out about the quay in", 5))

    (page,) = read(pdf(draw))
    assert categories(page) == ["paragraph"]


def test_paragraphs_end_at_indents() -> None:
    """First-line indents and hanging indents begin paragraphs, though the pitch stays the same."""

    def indented(sheet: canvas.Canvas) -> None:
        for number in range(3):
            text(sheet, 74, 700 - 60 * number, ["The first line of it is set in a little, as books have it, here"])
            text(sheet, 60, 688 - 60 * number, ["and all the others begin at the left edge of the column again so"] * 4)

    def hanging(sheet: canvas.Canvas) -> None:
        for number in range(3):
            text(sheet, 60, 700 - 36 * number, ["Author, A. and Writer, B.: A long title of a book about the harbour"])
            text(
                sheet,
                80,
                688 - 36 * number,
                ["that goes on in the next line, and in one more, to the year it was", "printed in, 1999."],
            )

    for page in read(pdf(indented, hanging)):
        assert [block.category for block in page.blocks] == ["paragraph"] * 3


def test_a_formula_and_its_number() -> None:
    """A short line with a relation is an equation, the number at its right a caption as the API has it; no LaTeX."""

    def formula(sheet: canvas.Canvas) -> None:
        text(sheet, 60, 700, paragraph("The speed of the current is told by the table of the month", 4))
        text(sheet, 200, 620, ["v = s / t + 2a"], 10, "Helvetica-Oblique")
        text(sheet, 480, 620, ["(7)"])
        text(sheet, 60, 590, paragraph("where the way is counted from the quay to the buoy of the", 4))

    (page,) = read(pdf(formula))
    assert categories(page) == ["paragraph", "equation", "caption", "paragraph"]
    assert "$" not in find(page, "v = s").text


def test_a_heading_of_body_size_is_told_by_its_weight() -> None:
    """Bold lines are headings if they are short and end early; a bold run within a paragraph is none."""

    def weights(sheet: canvas.Canvas) -> None:
        text(sheet, 60, 700, ["Results of the count"], 10, "Helvetica-Bold")
        text(sheet, 60, 684, paragraph("All the ships of the year were counted by the crew of the boat", 4))
        text(
            sheet,
            60,
            600,
            ["Note well: the list of last year was lost in the storm, and what is"],
            10,
            "Helvetica-Bold",
        )
        text(sheet, 60, 588, paragraph("told here of it was written down from memory in the winter of", 3))

    (page,) = read(pdf(weights))
    assert [block.category for block in page.blocks] == ["heading1", "paragraph", "paragraph"]


def test_a_column_of_numbers_beside_contents_is_not_lost() -> None:
    """Numbers that fall, beside lines that lead to page numbers by dots, are kept."""

    def mixed(sheet: canvas.Canvas) -> None:
        for number in range(5):
            text(sheet, 60, 760 - 16 * number, [f"Chapter about the harbour {'. ' * 40}{5 + 9 * number}"])
            text(sheet, 60, 500 - 16 * number, [f"Ships of port {'ABCDE'[number]}"])
            sheet.drawRightString(300, 500 - 16 * number, str(900 - 100 * number))

    found = letters(all_text(read(pdf(mixed))))
    assert all(str(900 - 100 * number) in all_text(read(pdf(mixed))) for number in range(5))
    assert found["C"] == 5 + 1


def test_the_outline_tells_the_levels_of_headings() -> None:
    def draw(sheet: canvas.Canvas) -> None:
        for number, (title, level) in enumerate((("Harvest", 0), ("1.1 Wheat", 1), ("Summer wheat", 2))):
            y = 780 - 180 * number
            text(sheet, 72, y, [title], 12, "Helvetica-Bold")
            text(sheet, 72, y - 30, paragraph(SENTENCE, 3))
            sheet.bookmarkPage(title)
            sheet.addOutlineEntry(title.removeprefix("1.1 "), title, level)
        text(sheet, 72, 200, ["Remark"], 12, "Helvetica-Bold")
        text(sheet, 72, 170, paragraph(SENTENCE, 3))

    (page,) = read(pdf(draw))
    elements = write_answer([page], model="local", output_formats=("html",), coordinates=True)["elements"]

    told = [
        (e["sub_category"], e["content"]["html"][:4])
        for e in elements  # type: ignore[attr-defined]
        if "sub_category" in e
    ]
    assert told == [("h1", "<h1 "), ("h2", "<h2 "), ("h3", "<h3 ")]
    assert [block.text for block in page.blocks if block.category == "heading1"][-1] == "Remark"


def test_an_outline_that_names_captions_and_nothing_on_the_page_makes_no_headings() -> None:
    def draw(sheet: canvas.Canvas) -> None:
        text(sheet, 72, 780, ["Table 1. Wheat of all sites"], 9)
        text(sheet, 72, 740, paragraph(SENTENCE, 3))
        for title in ("Table 1. Wheat of all sites", "Cover", ""):
            sheet.bookmarkPage(title or "none")
            sheet.addOutlineEntry(title, title or "none", 0)

    (page,) = read(pdf(draw))

    assert not [block for block in page.blocks if block.category == "heading1"]


def test_numbered_headings_right_above_each_other_are_several() -> None:
    def draw(sheet: canvas.Canvas) -> None:
        text(sheet, 72, 780, ["2. Harvest of the year", "2.1 Wheat and rye"], 14, "Helvetica-Bold")
        text(sheet, 72, 700, paragraph(SENTENCE, 4))
        text(sheet, 72, 600, ["3. A comparison of the phases", "2 and 3 of the plan"], 14, "Helvetica-Bold")
        text(sheet, 72, 540, paragraph(SENTENCE, 4))

    (page,) = read(pdf(draw))

    headings = [block.text for block in page.blocks if block.category == "heading1"]
    assert headings == [
        "2. Harvest of the year",
        "2.1 Wheat and rye",
        "3. A comparison of the phases\n2 and 3 of the plan",
    ]
