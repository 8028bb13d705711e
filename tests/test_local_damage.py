"""A page, slide, sheet or part that cannot be read costs itself alone, and the answer says so.

Nothing is refused because of a Python error: what is refused is damaged, and the message says how.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import pytest

from upstage_docs.local.blocks import Box, PageLayout
from upstage_docs.local.pdf.document import read_pdf

canvas = pytest.importorskip("reportlab.pdfgen.canvas")
pytest.importorskip("liteparse")

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


def picture(shade: str) -> Draw:
    def draw(sheet: canvas.Canvas) -> None:
        from PIL import Image
        from reportlab.lib.utils import ImageReader

        image = Image.new("L", (620, 877), "white") if shade == "white" else Image.radial_gradient("L")
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
    if not force:
        assert [text_of(page) for page in pages] == ["Before it.", text_of(pages[1]), "Behind it."]


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
