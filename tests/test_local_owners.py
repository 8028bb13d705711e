"""What belongs to what on a page: a drop cap to its paragraph, the title of an axis to its chart, columns to code."""

from __future__ import annotations

import pytest

pytest.importorskip("reportlab")
pytest.importorskip("liteparse")

from reportlab.pdfgen.canvas import Canvas
from test_local_layout_rules import elements
from test_local_pdf import Draw, paragraph, text

TIDE = "A boy with a lantern walked along the wall at every turn of the tide"


def told(*pages: Draw) -> list[tuple[str, str]]:
    """Return category and text of each element."""
    return [(one["category"], one["content"]["text"]) for one in elements(*pages, output_formats=("text",))]


@pytest.mark.parametrize(("letter", "size"), [("T", 38), ("M", 52)])
def test_a_drop_cap_is_the_first_letter_of_its_paragraph(letter: str, size: int) -> None:
    lines = [
        "en went down to the boats before it was light, for the",
        "wind had turned, and nobody knew how long it would be",
    ]
    rest = [
        "so kind to them; they were back in the evening, each with",
        "a full hold, and the bells were rung for them.",
    ]

    def page(sheet: Canvas) -> None:
        sheet.setFont("Times-Roman", size)
        sheet.drawString(60, 700 - 0.74 * size, letter)
        text(sheet, 64 + sheet.stringWidth(letter, "Times-Roman", size), 692, lines, 11, "Times-Roman")
        text(sheet, 60, 692 - 14.3 * max(2, round(size / 15)), rest, 11, "Times-Roman")

    (first, *_) = told(page)
    assert first[0] == "paragraph"
    assert first[1].startswith(f"{letter}en went down to the boats")


def test_columns_in_code_are_one_listing_with_its_spaces() -> None:
    code = [
        "CREATE TABLE LAMPS (",
        "  NUMBER     INTEGER       NOT NULL,",
        "  PLACE      VARCHAR(40)   NOT NULL,",
        "  REACH      INTEGER       NULL,",
        "  KEEPER     CHAR(12)      NULL",
        ");",
    ]

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(TIDE, 3))
        text(sheet, 60, 700, code, 10, "Courier")
        text(sheet, 60, 600, paragraph(TIDE, 3))

    assert [element for element in told(page) if element[0] != "paragraph"] == [("code", "\n".join(code))]


@pytest.mark.parametrize("number", ["- 7 -", "– 12 –", "-3-"])
def test_a_page_number_between_dashes_is_a_footer(number: str) -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(TIDE, 8))
        text(sheet, 60, 600, paragraph(TIDE, 8))
        text(sheet, 285, 40, [number])

    assert told(page)[-1] == ("footer", number)


def test_a_line_behind_a_square_is_a_title_where_it_is_larger_and_an_item_where_not() -> None:
    def page(sheet: Canvas) -> None:
        for y, size, font, words in ((760, 15, "Helvetica-Bold", "Plan of the wall"), (600, 10, "Helvetica", "Stones")):
            sheet.setFont("ZapfDingbats", size)
            sheet.drawString(60, y, "n")
            text(sheet, 64 + size, y, [words], size, font)
        text(sheet, 60, 730, paragraph(TIDE, 6))

    found = told(page)
    assert [category for category, _ in found] == ["heading1", "paragraph", "list"]
    assert found[0][1].endswith("Plan of the wall")


def test_titles_of_axes_belong_to_their_chart() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(TIDE, 4))
        sheet.line(120, 500, 120, 650)
        sheet.line(120, 500, 420, 500)
        for n, (height, name) in enumerate(zip((60, 110, 90, 140), ("Ebb", "Slack", "Flood", "High"), strict=True)):
            sheet.setFillColorRGB(0.2, 0.4, 0.7)
            sheet.rect(150 + 65 * n, 500, 35, height, fill=1, stroke=0)
            sheet.setFillColorRGB(0, 0, 0)
            text(sheet, 152 + 65 * n, 486, [name], 9)
        for value in range(0, 160, 50):
            text(sheet, 98, 497 + value, [str(value)], 9)
        sheet.saveState()
        sheet.translate(85, 540)
        sheet.rotate(90)
        text(sheet, 0, 0, ["Boats per day"], 9)
        sheet.restoreState()
        text(sheet, 240, 468, ["State of the tide"], 9)
        text(sheet, 60, 430, paragraph(TIDE, 4))

    found = told(page)
    assert [category for category, _ in found] == ["paragraph", "chart", "paragraph"]
    assert "Boats per day" in found[1][1]
    assert "State of the tide" in found[1][1]


def test_a_list_on_a_shade_beside_text_is_text() -> None:
    """Newsletters: drawn bullets on the ground of a column are no drawing, and the columns are no table."""

    def letter(sheet: Canvas) -> None:
        text(sheet, 60, 770, ["The Harbour Letter"], 26)
        sheet.line(56, 760, 540, 760)
        text(sheet, 60, 730, paragraph(TIDE, 24), 9)
        sheet.setFillColorRGB(0.93, 0.95, 0.97)
        sheet.rect(390, 420, 150, 330, stroke=0, fill=1)
        sheet.setFillGray(0)
        text(sheet, 400, 730, ["In this issue"], 12, "Helvetica-Bold")
        for n, item in enumerate(
            ["New lamps on the mole", "Fees stay as they are", "Dates of 2031", "3 May: open day"]
        ):
            sheet.circle(404, 705 - 16 * n, 1.6, stroke=0, fill=1)
            text(sheet, 412, 702 - 16 * n, [item], 9)
        text(sheet, 400, 620, ["Write to us"], 12, "Helvetica-Bold")
        text(sheet, 400, 602, ["One Harbour Way", "Telephone 555 0101", "Open from 9 to 17"], 9)

    found = told(letter)
    assert ("heading1", "In this issue") in found
    assert ("heading1", "Write to us") in found
    assert {category for category, _ in found} == {"heading1", "paragraph", "list"}
