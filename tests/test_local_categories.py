"""Which category a piece of a PDF page gets, each rule with a page of its own, by what the local engine answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_local_layout_rules import WORDS, categories, cells, elements, found, on_bitmap
from test_local_pdf import Draw, paragraph, text

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas


def items(*texts: str) -> Draw:
    """Draw a paragraph, items of two lines below it, and another paragraph."""

    def draw(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 4))
        for number, item in enumerate(texts):
            text(sheet, 60, 680 - 40 * number, [item, "and of every quay that it called at."])
        text(sheet, 60, 660 - 40 * len(texts), paragraph(WORDS, 4))

    return draw


@pytest.mark.parametrize("mark", ["3.", "c.", "(3)", "iv."])
def test_a_numbered_item_alone_is_a_paragraph(mark: str) -> None:
    """A number or a letter before the only item in sight is that of a section or a question."""
    answer = elements(items(f"{mark} The office keeps the names of all the ships of the year"))
    assert set(categories(answer)) == {"paragraph"}


@pytest.mark.parametrize("marks", [("3.", "4."), ("•",)])
def test_items_next_to_each_other_and_bullets_are_lists(marks: tuple[str, ...]) -> None:
    answer = elements(items(*(f"{mark} The office keeps the names of all the ships of the year" for mark in marks)))
    assert categories(answer) == ["paragraph", *["list"] * len(marks), "paragraph"]


@pytest.mark.parametrize("mark", ["", "b. "])
def test_a_paragraph_that_begins_in_bold_is_one(mark: str) -> None:
    """The library tells the first font of a line alone; a line that goes on in a lighter one is no heading."""

    def run_in(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 4))
        bold = f"{mark}Names of the harbour."
        sheet.setFont("Helvetica-Bold", 10)
        sheet.drawString(60, 680, bold)
        start = 60 + sheet.stringWidth(bold + " ", "Helvetica-Bold", 10)
        sheet.setFont("Helvetica", 10)
        sheet.drawString(start, 680, "Every quay is called after a ship that was built there,")
        hang = 60 + sheet.stringWidth(mark, "Helvetica-Bold", 10)
        text(sheet, hang, 667, ["and every ship of the whole list keeps the name of its quay", "for a year."])
        text(sheet, 60, 620, paragraph(WORDS, 4))

    answer = elements(run_in)
    assert set(categories(answer)) == {"paragraph"}
    assert "for a year." in found(answer, "Names of the harbour")["content"]["text"]


def test_a_line_that_goes_on_lighter_right_behind_its_bold_words_is_no_heading() -> None:
    """So stand names before a comma or a colon in letters and lives; the library tells the line as one bold text."""

    def drawn(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 4))
        for y, bold, light in ((670, "Harbour Board", ", Bergen, Norway, 2022"), (640, "Applicant", ": Ada North")):
            text(sheet, 60, y, [bold], font="Helvetica-Bold")
            text(sheet, 60 + sheet.stringWidth(bold, "Helvetica-Bold", 10), y, [light])
        text(sheet, 60, 600, paragraph(WORDS, 4))

    assert set(categories(elements(drawn))) == {"paragraph"}


def test_bullets_drawn_in_the_colour_of_each_text_are_bullets() -> None:
    """A list on a dark ground follows one on white: two colours, and no legend."""

    def drawn(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 4))
        sheet.setFillGray(0.2)
        sheet.rect(50, 560, 300, 60, stroke=0, fill=1)
        for number, y in enumerate((680, 666, 600, 586)):
            sheet.setFillGray(0.2 if number < 2 else 0.98)
            sheet.circle(64, y + 3.5, 1.5, stroke=0, fill=1)
            text(sheet, 74, y, [f"Names of the quays of harbour {number}"])

    answer = elements(drawn)
    assert categories(answer) == ["paragraph", "list", "list"]
    assert found(answer, "harbour 3")["content"]["text"].startswith("•")


def page(sheet: Canvas) -> None:
    """Draw a body of two paragraphs."""
    text(sheet, 60, 720, paragraph(WORDS, 8))
    text(sheet, 60, 560, paragraph(WORDS, 8))


def test_a_small_line_above_the_body_is_a_header() -> None:
    """Also where it stands lower than most do, and begins with the number of its chapter."""

    def headed(sheet: Canvas) -> None:
        text(sheet, 60, 742, ["3. The names of the quays"], size=7)
        page(sheet)

    assert categories(elements(headed)) == ["header", "paragraph", "paragraph"]


def test_the_name_of_a_section_above_the_title_of_a_slide_is_a_header() -> None:
    def slide(sheet: Canvas) -> None:
        sheet.setPageSize((960, 540))
        sheet.setFillColorRGB(0.5, 0.3, 1)
        text(sheet, 70, 490, ["Harbours: Value"], size=13)
        sheet.setFillGray(0)
        text(sheet, 70, 455, ["Quays let ships find their names quickly"], size=22)
        text(sheet, 70, 380, paragraph(WORDS, 4), size=11)

    assert categories(elements(slide)) == ["header", "heading1", "paragraph"]


def test_small_print_above_the_last_line_is_a_footer() -> None:
    def printed(sheet: Canvas) -> None:
        page(sheet)
        text(
            sheet,
            60,
            66,
            ["The harbour was built with the help of the office of the towns. The office takes", "no part."],
            size=8,
        )
        text(sheet, 280, 40, ["Number 2021-7"], size=8)

    assert categories(elements(printed)) == ["paragraph", "paragraph", "footer", "footer"]


def test_a_title_with_its_page_number_below_notes_is_a_footer() -> None:
    def noted(sheet: Canvas) -> None:
        page(sheet)
        text(sheet, 60, 70, ["7. The office of the towns keeps a list of the ships, and of all their names."], size=8)
        text(sheet, 60, 59, ["118 NAMES OF THE QUAYS"], size=6.5)

    assert categories(elements(noted)) == ["paragraph", "paragraph", "footnote", "footer"]


def test_a_running_line_of_two_lines_with_a_number_is_a_footer() -> None:
    def running(sheet: Canvas) -> None:
        page(sheet)
        text(sheet, 60, 60, ["Chapter 3 Quays and Ships Section 3.1: The Names of", "Harbours | 99"], size=8)

    assert categories(elements(running)) == ["paragraph", "paragraph", "footer"]


def raised(sheet: Canvas, number: str) -> None:
    """Draw a body whose second paragraph has a small raised number behind a word."""
    text(sheet, 60, 720, paragraph(WORDS, 8))
    sheet.setFont("Helvetica", 10)
    sheet.drawString(60, 560, "Every quay has a name")
    end = 60 + sheet.stringWidth("Every quay has a name", "Helvetica", 10)
    text(sheet, end, 564, [number], size=6)
    text(sheet, 60, 548, paragraph(WORDS, 8))


@pytest.mark.parametrize(("number", "category"), [("4", "footnote"), ("5", "paragraph")])
def test_a_numbered_text_in_the_size_of_the_body_is_a_note_if_its_number_is_raised_above(
    number: str, category: str
) -> None:
    def noted(sheet: Canvas) -> None:
        raised(sheet, number)
        text(sheet, 60, 120, ["4. The office of the towns keeps a list of the ships."])

    assert categories(elements(noted))[-1] == category


def test_notes_under_a_filled_rule_are_footnotes_though_they_outnumber_the_body() -> None:
    """Text processors draw the rule above notes as a thin filled shape."""

    def noted(sheet: Canvas) -> None:
        text(sheet, 60, 720, ["Every quay has the name of a ship that was built there, and no", "other."], size=12)
        sheet.rect(60, 130, 140, 0.7, stroke=0, fill=1)
        lines = ["4 The office of the towns keeps a list of the ships, and of all the names that they had", "so far."]
        text(sheet, 60, 115, lines)

    assert categories(elements(noted)) == ["paragraph", "footnote"]


@pytest.mark.parametrize("title", ["Contents", "목차"])
def test_numbered_titles_under_contents_are_an_index(title: str) -> None:
    """A slide has no page numbers beside its contents."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    def slide(sheet: Canvas) -> None:
        sheet.setPageSize((720, 405))
        if title.isascii():
            text(sheet, 44, 340, [title], size=26)
        else:
            pdfmetrics.registerFont(UnicodeCIDFont("HYSMyeongJo-Medium"))
            text(sheet, 44, 340, [title], size=26, font="HYSMyeongJo-Medium")
        for number, name in enumerate(("Quays", "Ships of the harbour", "Names", "Questions"), 1):
            text(sheet, 240, 300 - 34 * number, [f"{number}. {name}"], size=14)

    answer = elements(slide)
    assert categories(answer) == ["heading1", "index"]


@pytest.mark.parametrize(("date", "category"), [("June 2023", "paragraph"), ("Outlook 2023", "heading1")])
def test_a_date_on_a_title_page_is_no_heading(date: str, category: str) -> None:
    def title(sheet: Canvas) -> None:
        text(sheet, 100, 600, ["Ships of the Harbour"], size=28, font="Helvetica-Bold")
        text(sheet, 230, 500, [date], size=14)
        text(sheet, 200, 120, paragraph(WORDS, 1), size=10)

    assert found(elements(title), date)["category"] == category


def table_of_ports(sheet: Canvas, top: float, *, ruled: bool) -> None:
    for row, (name, *values) in enumerate((("Masan", "120", "8"), ("Ulsan", "98", "12"), ("Pohang", "77", "5"))):
        y = top - 18 * row
        text(sheet, 84, y, [name])
        for column, value in enumerate(values):
            sheet.drawRightString(300 + 120 * column, y, value)
        if ruled:
            sheet.grid([80, 200, 320, 440], [y - 5, y + 13])


@pytest.mark.parametrize("lines", [1, 2])
def test_a_heavy_row_above_a_grid_is_its_header(lines: int) -> None:
    def ports(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 4))
        text(sheet, 84, 638 + 12 * (lines - 1), ["Name of", "the port"][-lines:], font="Helvetica-Bold")
        sheet.setFont("Helvetica-Bold", 10)
        sheet.drawRightString(300, 638, "Ships")
        sheet.drawRightString(420, 638, "Quays")
        table_of_ports(sheet, 620, ruled=True)

    rows = [[cell for _, cell in row] for row in cells(elements(ports))]
    assert rows[0] == [["the port", "Name of the port"][lines - 1], "Ships", "Quays"]
    assert [row[0] for row in rows[1:]] == ["Masan", "Ulsan", "Pohang"]


def test_a_heavy_title_above_a_grid_is_no_row() -> None:
    def ports(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 4))
        text(sheet, 84, 638, ["The ships that the ports sent, and their quays"], font="Helvetica-Bold")
        table_of_ports(sheet, 620, ruled=True)

    assert [cell for _, cell in cells(elements(ports))[0]] == ["Masan", "120", "8"]


def test_a_line_over_the_middle_of_a_table_is_its_title() -> None:
    def ports(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 4))
        sheet.setFont("Helvetica-Bold", 10)
        sheet.drawCentredString(260, 642, "Ships and quays")
        table_of_ports(sheet, 620, ruled=True)

    assert found(elements(ports), "Ships and quays")["category"] == "paragraph"


def test_a_caption_near_the_text_beside_it_is_parted_by_its_font_and_size() -> None:
    """The gutter is narrower than a wide space, and only a few lines have a caption beside them."""

    def beside(sheet: Canvas) -> None:
        sheet.setFont("Helvetica", 9)
        for number in range(14):
            sheet.drawString(60, 760 - 14 * number, f"{WORDS} {number:02}")
        end = 60 + sheet.stringWidth(f"{WORDS} 00", "Helvetica", 9)
        caption = ["Figure 3. Quays of the harbour in the", "year of the list, by the name that each", "had then."]
        text(sheet, end + 7, 632, caption, size=8, font="Times-Italic")

    answer = elements(beside)
    assert categories(answer) == ["paragraph", "caption"]
    assert found(answer, "Quays")["content"]["text"].endswith("had then.")


def test_a_bitmap_under_the_whole_page_is_its_ground() -> None:
    def slide(sheet: Canvas) -> None:
        sheet.setPageSize((720, 405))
        on_bitmap(sheet, (20, 20, 680, 330))
        text(sheet, 60, 300, ["Ships of the harbour"], size=26)
        text(sheet, 60, 240, ["Every quay has the name of a ship", "and every ship that of a quay"], size=14)

    assert categories(elements(slide)) == ["heading1", "paragraph"]


def test_the_author_behind_a_dash_is_no_list() -> None:
    def quoted(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 4))
        text(sheet, 80, 670, ["Every quay has the name of a ship.", "— The master of the harbour"])

    assert "list" not in categories(elements(quoted))


def test_a_line_that_runs_up_the_margin_is_a_header() -> None:
    """So archives stamp papers; the same beside one part of the page, as the title of an axis, is none."""

    def stamped(sheet: Canvas) -> None:
        text(sheet, 100, 760, [WORDS + " and at noon", *paragraph(WORDS, 8)])
        sheet.saveState()
        sheet.translate(40, 300)
        sheet.rotate(90)
        text(sheet, 0, 0, ["Archive:2312.1516 [ships] 29 Dec 2023"], size=18, font="Times-Roman")
        sheet.restoreState()

    assert categories(elements(stamped)) == ["header", "paragraph"]


def test_small_print_longer_than_the_body_is_a_footer() -> None:
    def printed(sheet: Canvas) -> None:
        text(sheet, 60, 720, ["The office of the towns keeps a list of ships, and of all their names."], size=11)
        lines = ["The harbour was built with the help of the office of the towns. The office takes"] * 2
        text(sheet, 60, 66, lines, size=8)
        text(sheet, 280, 36, ["Number 2021-7"], size=8)

    assert categories(elements(printed)) == ["paragraph", "footer", "footer"]


def test_capitals_that_are_set_apart_keep_the_spaces_between_words_alone() -> None:
    """The library and pdfium tell a space wherever letters stand further apart than usual."""

    def headed(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 4))
        line = sheet.beginText(60, 660)
        line.setFont("Times-Bold", 11)
        line.setCharSpace(1.75)
        line.textOut("TRAFFIC OF SHIPS IN VILLAGES BY TIME AND DISTANCE")
        line.setCharSpace(0)
        sheet.drawText(line)
        text(sheet, 60, 640, paragraph(WORDS, 4))

    assert found(elements(headed), "TRAFFIC")["content"]["text"] == "TRAFFIC OF SHIPS IN VILLAGES BY TIME AND DISTANCE"


@pytest.mark.parametrize("font", ["Helvetica", "Helvetica-Bold"])
@pytest.mark.parametrize("address", ["anna@harbour.example", "Quay Street"])
def test_authors_under_the_title_of_a_paper_are_no_headings(font: str, address: str) -> None:
    """They are larger than the text, or heavy, above their places; without an address, nothing tells them."""

    def paper(sheet: Canvas) -> None:
        text(sheet, 60, 770, ["Lists of ships that are read by machines"], 18, "Helvetica-Bold")
        for x, name in ((60, "Anna Berg"), (300, "Bo Kim")):
            text(sheet, x, 735, [name], 12, font)
            text(sheet, x, 722, ["Harbour Research", address], 9)
        text(sheet, 60, 680, ["Abstract"], 12, "Helvetica-Bold")
        text(sheet, 60, 664, paragraph(f"{WORDS} and in the order of the quays", 12), 9)

    answer = elements(paper)
    authors = {found(answer, name)["category"] for name in ("Anna Berg", "Bo Kim")}
    assert authors == ({"paragraph"} if "@" in address else {"heading1"})
    assert found(answer, "Abstract")["category"] == found(answer, "Lists of")["category"] == "heading1"


def test_sentences_in_bold_above_texts_are_headings_where_there_are_several() -> None:
    """Risks of a filing, the first one below the name of its group: each is as far from the next as from the text."""
    risks = [
        "Our boats may be late from one season to the next, which could harm the port.",
        "We depend on a small number of pilots, and the loss of any of them could cost us much.",
    ]

    def filing(sheet: Canvas) -> None:
        y = 740.0
        for lines in (paragraph(WORDS, 3), ["Risks of the Port"], [risks[0]], paragraph(WORDS, 3), [risks[1]]):
            text(sheet, 60, y, lines, font="Helvetica" if len(lines) > 1 else "Helvetica-Bold")
            y -= 12 * len(lines) + 9
        text(sheet, 60, y, paragraph(WORDS, 3))

    answer = elements(filing)
    told = [element["content"]["text"] for element in answer if element["category"] == "heading1"]
    assert told == ["Risks of the Port", *risks]


def test_a_numbered_paragraph_whose_first_line_is_indented_is_one() -> None:
    """The claims of a patent: the first line is full, the next one begins further left."""

    def claims(sheet: Canvas) -> None:
        for n in range(1, 5):
            y = 740 - 40 * (n - 1)
            text(sheet, 76, y, [f"{n}. A lamp that is lit on the outer mole of a port when the tide {n} is"])
            text(sheet, 60, y - 12, ["told by a gauge, so that the pilots see it from the boats."])

    told = [(element["category"], element["content"]["text"].count("\n")) for element in elements(claims)]
    assert told == [("list", 1)] * 4


def test_the_smaller_lines_of_a_title_slide_are_no_headings() -> None:
    """They tell the size of its text; a page that has one large line alone is a title all the same."""

    def slide(sheet: Canvas) -> None:
        sheet.setPageSize((720, 405))
        text(sheet, 120, 250, ["Tides of the Bay"], 44)
        text(sheet, 120, 170, ["Ada North, Harbour Board"], 24)
        text(sheet, 120, 130, ["Spring meeting"], 24)

    def divider(sheet: Canvas) -> None:
        sheet.setPageSize((720, 405))
        text(sheet, 120, 200, ["Tides of the Bay"], 44)

    answer = elements(slide)
    assert [one["content"]["text"] for one in answer if one["category"] == "heading1"] == ["Tides of the Bay"]
    assert categories(elements(divider)) == ["heading1"]
