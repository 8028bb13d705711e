"""Statements of accounts and registers of filings, as companies file them: shaded rows, sections, labels of lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

pytest.importorskip("reportlab")
pytest.importorskip("liteparse")

from reportlab.pdfgen.canvas import Canvas
from test_local_layout_rules import categories, cells, elements
from test_local_pdf import paragraph, text
from test_local_table_rules import draw_rows, tables

QUAY = "The harbour board met at the quay and heard what the pilots had to say"
EDGES = (60, 300, 315, 325, 400, 412, 427, 437, 512, 524)
"""Where the cells of a filing begin: a label, and for each of two years a space, a sign, a number and a bracket."""
ENDS = (398, 510)
"""Where the numbers of the two years end on the right."""

Entry = tuple[str, tuple[str, ...]]
"""A label, maybe of two lines, and the numbers beside its last line."""


def draw_statement(
    sheet: Canvas, top: float, rows: Sequence[Entry], *, signed: Sequence[int] = (), shaded: str = ""
) -> list[list[str]]:
    """Draw *rows* from *top* down; return the cells that a reader sees.

    Args:
        sheet: The page.
        top: The baseline of the first row.
        rows: What they say.
        signed: The numbers of those with a dollar sign before each value.
        shaded: `"cells"` fills the cells of every second row, as programs that print web pages do.
    """
    y = top
    seen = []
    for r, (label, numbers) in enumerate(rows):
        lines = label.split("\n")
        if shaded and r % 2 == 0:
            sheet.setFillColorRGB(0.8, 0.93, 1)
            for left, right in pairwise(EDGES):
                sheet.rect(left, y - 14 * (len(lines) - 1) - 4, right - left, 14 * len(lines), stroke=0, fill=1)
            sheet.setFillGray(0)
        for line in lines:
            text(sheet, 64, y, [line])
            y -= 14
        for end, number in zip(ENDS, numbers, strict=False):
            if r in signed:
                text(sheet, end - 80, y + 14, ["$"])
            sheet.drawRightString(end, y + 14, number.rstrip(")"))
            if number.endswith(")"):
                text(sheet, end + 3, y + 14, [")"])
        sign = "$ " if r in signed else ""
        told = [f"{sign}{number}" for number in numbers]
        seen.append([" ".join(lines), *told, *[""] * (2 - len(told))])
    return seen


ASSETS: list[Entry] = [
    ("Cash in the chest", ("48,844", "25,913")),
    ("Notes of the bank", ("51,713", "40,388")),
    ("Owed by ships", ("22,926", "23,186")),
    ("Coal in the sheds", ("(4,106)", "3,956")),
    ("All that can be sold", ("119,377", "93,443")),
]


def test_the_signs_of_shaded_cells_are_in_the_cells_of_their_numbers() -> None:
    """Every second row has a filled cell for each sign, each bracket and each space between two years."""
    seen: list[list[str]] = []

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        seen[:] = draw_statement(sheet, 660, ASSETS, signed=(0, 4), shaded="cells")
        text(sheet, 60, 520, paragraph(QUAY, 4))

    answer = elements(page)
    assert categories(answer) == ["paragraph", "table", "paragraph"]
    assert tables(answer) == [seen]


def test_a_shaded_row_without_some_numbers_has_cells_too() -> None:
    """Of rows between shaded ones, none has an edge: its texts stand in the columns, though some cells are empty."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        for r, row in enumerate(rows):
            if r % 2 == 0:
                sheet.setFillGray(0.9)
                for left, right in ((60, 200), (200, 300), (300, 400), (400, 500)):
                    sheet.rect(left, 656 - 16 * r, right - left, 16, stroke=0, fill=1)
                sheet.setFillGray(0)
            for x, cell in zip((64, 204, 304, 404), row, strict=True):
                text(sheet, x, 660 - 16 * r, [cell])
        text(sheet, 60, 500, paragraph(QUAY, 4))

    rows = [
        ["Pier", "Built", "Length", "Depth"],
        ["North", "", "", "7.1"],
        ["South", "1911", "310", "6.4"],
        ["Coal", "", "122", ""],
        ["Fish", "1934", "96", "4.0"],
    ]
    assert tables(elements(page)) == [rows]


LONG = "Piers and sheds, less what was written off for wear since the\nyear they were built, and for the storm"
BALANCE: list[Entry] = [
    ("What the board has:", ()),
    ("To be sold within the year:", ()),
    *ASSETS,
    (LONG, ("37,378", "41,304")),
    ("Sum", ("156,755", "134,747")),
    ("What the board owes:", ()),
    ("Owed to builders", ("46,236", "55,888")),
    ("Dues that were paid too early", ("5,522", "5,966")),
    ("Sum", ("51,758", "61,854")),
]


@pytest.mark.parametrize("shaded", ["", "cells"], ids=["plain", "shaded"])
def test_sections_and_labels_of_two_lines_do_not_cut_a_statement(shaded: str) -> None:
    """The years stand above the names of sections; a label is longer than a line of prose need be."""
    seen: list[list[str]] = []

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        for end, year in zip(ENDS, ("2031", "2030"), strict=True):
            sheet.drawCentredString(end - 35, 674, year)
        seen[:] = draw_statement(sheet, 660, BALANCE, signed=(2, 8, 12), shaded=shaded)
        text(sheet, 60, 440, paragraph(QUAY, 4))

    answer = elements(page)
    assert categories(answer) == ["paragraph", "table", "paragraph"]
    assert tables(answer) == [[["", "2031", "2030"], *seen]]


def test_cells_of_several_lines_need_no_rules() -> None:
    """The lines of two cells side by side may be as long as one of prose, if no line above or below crosses between."""
    rows = [
        ("Duty", "Who does it", "When"),
        ("Lighting of/the lamp", "The keeper of the watch, or his/mate if he is at sea", "Half an hour/before sunset"),
        ("Log of ships", "The mate, who asks for names by/signals of flags", "Every hour and/after a storm"),
        ("Winding of/the clockwork", "Both keepers, in turns of about/two hours each", "All through the/night"),
    ]

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        y = 660.0
        for row in rows:
            for x, lines in zip((60, 160, 318), row, strict=True):
                text(sheet, x, y, lines.split("/"))
            y -= 12 * (2 if "/" in row[1] else 1) + 9
        text(sheet, 60, 500, paragraph(QUAY, 4))

    assert tables(elements(page)) == [[[cell.replace("/", " ") for cell in row] for row in rows]]


OFFICERS = [
    ("Name", "Age", "Position"),
    ("Ada Holloway", "58", "Master of the harbour, head of the pilots and of the light"),
    ("Ben Okonkwo", "51", "Keeper of the chest and of all accounts of the harbour"),
    ("Cem Brandt", "47", "Clerk of the board, and of the court for wrecks, finds and/salvage"),
    ("Dov Cortez", "62", "Master of the dredgers"),
]


def test_a_long_text_behind_a_number_is_a_cell() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        y = 660
        for row in OFFICERS:
            for x, cell in zip((60, 210, 262), row, strict=True):
                text(sheet, x, y, cell.split("/"))
            y -= 27 if "/" in row[2] else 15
        text(sheet, 60, 540, paragraph(QUAY, 4))

    assert tables(elements(page)) == [[[cell.replace("/", " ") for cell in row] for row in OFFICERS]]


ARTICLES = ["Articles of the harbour board and its pilots, restated on", "the third of August."]
DEED = ["Indenture between the harbour board and the bank of", "the lighthouse and the fish market, which is trustee."]
PLAN = ["Plan for the purchase of shares by pilots, as amended", "and restated in March."]
EXHIBITS = [
    ("3.1", ARTICLES, "H-8", "3.1", "8/7/20"),
    ("4.1", DEED, "S-3", "4.1", "4/29/13"),
    ("10.1", PLAN, "H-8", "10.1", "3/13/15"),
    ("31.1", ["Certificate of the master of the harbour"], "H-2", "31.1", "9/1/20"),
]
PLACES = (50, 96, 356, 390, 440)
NAMES = ["No.", "What it is", "Form", "Exhibit", "Date of filing"]


@pytest.mark.parametrize("ruled", [False, True], ids=["without rules", "a rule below each row"])
def test_a_register_of_exhibits_is_one_table(ruled: bool) -> None:
    """Long texts between short ones; names of columns above the first rule, one wider than all dates below it."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        sheet.setFont("Helvetica-Bold", 10)
        for x, name in zip(PLACES, NAMES, strict=True):
            sheet.drawString(x, 664, name)
        for r, (number, lines, *rest) in enumerate(EXHIBITS):
            y = 646 - 32 * r
            for x, cell in zip(PLACES, ([number], lines, *([one] for one in rest)), strict=True):
                text(sheet, x, y, cell)
            if ruled:
                sheet.line(56, y + 13, 516, y + 13)
                sheet.line(56, y - 19, 516, y - 19)
        text(sheet, 60, 490, paragraph(QUAY, 4))

    rows = [[number, " ".join(lines), *rest] for number, lines, *rest in EXHIBITS]
    assert tables(elements(page)) == [[NAMES, *rows]]


def test_a_large_title_above_a_table_is_not_its_header() -> None:
    """It stands over the last column alone, as titles do above tables from right to left."""
    ships = [("Tons", "Port", "Ship"), ("1,200", "Cork", "Star"), ("850", "Oslo", "Hope"), ("2,310", "Leith", "Rest")]

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        text(sheet, 380, 684, ["Ships in port"], size=14, font="Helvetica-Bold")
        draw_rows(sheet, 660, ships, pitch=16, columns=(80, 230, 400))
        text(sheet, 60, 560, paragraph(QUAY, 4))

    answer = elements(page)
    assert categories(answer) == ["paragraph", "heading1", "table", "paragraph"]


def test_sources_below_a_table_of_numbers_are_no_rows() -> None:
    capes = [[f"Cape {n}", f"{12 + n}", f"{31 + n}", f"{1890 + 7 * n}"] for n in range(6)]
    rows = [["Light", "Range", "Height", "Lit"], *capes]

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        draw_rows(sheet, 660, rows, pitch=14, columns=(60, 160, 240, 320))
        sources = [("LL", "List of lights"), ("PB", "Pilot book"), ("AN", "Annual notices")]
        draw_rows(sheet, 550, sources, pitch=14, columns=(60, 100))
        text(sheet, 60, 480, paragraph(QUAY, 4))

    assert tables(elements(page)) == [rows]


@pytest.mark.parametrize("last", [("Cape 7", "unlit", "", ""), ("Cape 7", "", "", "never")])
def test_a_last_row_without_numbers_is_one_of_its_own(last: tuple[str, ...]) -> None:
    rows = [["Light", "Range", "Height", "Lit"], *([f"Cape {n}", f"{12 + n}", f"{31 + n}", "1890"] for n in range(6))]
    rows.append(list(last))

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        draw_rows(sheet, 660, rows, pitch=14, columns=(60, 160, 240, 320))
        text(sheet, 60, 480, paragraph(QUAY, 4))

    assert tables(elements(page)) == [rows]


def test_the_numbers_of_items_in_a_column_of_their_own_belong_to_the_contents() -> None:
    items = [
        ("Item 1.", "The trade of the harbour", "1"),
        ("Item 1A.", "Risks of storms", "5"),
        ("Item 2.", "Piers and sheds", "18"),
        ("Item 3.", "Courts and claims", "19"),
    ]

    def page(sheet: Canvas) -> None:
        text(sheet, 260, 780, ["CONTENTS"], size=14)
        for r, (item, title, number) in enumerate(items):
            text(sheet, 60, 740 - 16 * r, [item])
            text(sheet, 160, 740 - 16 * r, [title])
            sheet.drawRightString(540, 740 - 16 * r, number)

    (index,) = [element for element in elements(page) if element["category"] == "index"]
    assert index["content"]["text"].splitlines() == [" ".join(item) for item in items]


def test_the_unit_below_a_centred_title_is_not_part_of_it() -> None:
    """None of the lines of a centred title is full, however long the line above it is."""

    def page(sheet: Canvas) -> None:
        sheet.setFont("Helvetica-Bold", 10)
        sheet.drawCentredString(300, 780, "ACCOUNTS OF THE HARBOUR BOARD FOR THE YEAR")
        sheet.setFont("Helvetica", 10)
        sheet.drawCentredString(300, 768, "(in thousands of crowns)")
        text(sheet, 60, 740, paragraph(QUAY, 6))

    answer = elements(page)
    assert categories(answer) == ["heading1", "paragraph", "paragraph"]


def test_years_stand_over_the_middle_of_two_columns_each() -> None:
    """Names of columns that stand in the middle, numbers that end on the right: only the numbers must line up."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        sheet.setFont("Helvetica-Bold", 10)
        for x, year in ((235, "2031"), (405, "2030")):
            sheet.drawCentredString(x, 688, year)
            sheet.line(x - 70, 685, x + 70, 685)
        for n, x in enumerate((195, 280, 365, 450)):
            for r, line in enumerate(("Dues", "Net of", "costs")[1:] if n % 2 else ("Dues",)):
                sheet.drawCentredString(x, 674 - 11 * (r + 1 - n % 2), line)
        for r, (pier, *numbers) in enumerate(rows):
            text(sheet, 60, 646 - 14 * r, [pier])
            for x, number in zip((220, 305, 390, 475), numbers, strict=True):
                sheet.drawRightString(x, 646 - 14 * r, number)
        text(sheet, 60, 540, paragraph(QUAY, 4))

    rows = [
        ["North", "116,914", "35,099", "112,093", "34,864"],
        ["South", "60,288", "19,195", "62,420", "19,955"],
        ["Coal", "43,678", "16,232", "51,942", "19,742"],
        ["Fish", "21,506", "9,369", "21,733", "9,500"],
    ]
    names = ["", "Dues", "Net of costs", "Dues", "Net of costs"]
    answer = elements(page)
    table = cells(answer)
    assert [cell for cell in table[0] if cell[1]] == [('colspan="2"', "2031"), ('colspan="2"', "2030")]
    assert tables(answer)[0][1:] == [names, *rows]


def test_a_range_of_years_in_the_name_of_a_column_is_no_number() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        for x, lines in zip((240, 330, 420, 490), names, strict=True):
            for r, line in enumerate(reversed(lines)):
                sheet.drawCentredString(x - 20, 674 + 11 * r, line)
        for r, (debt, *numbers) in enumerate(rows):
            text(sheet, 60, 658 - 14 * r, [debt])
            for x, number in zip((240, 330, 420, 490), numbers, strict=True):
                sheet.drawRightString(x, 658 - 14 * r, number)
        text(sheet, 60, 540, paragraph(QUAY, 4))

    names = [("Due in", "2032"), ("Due in", "2033–2034"), ("Due in", "2035–2036"), ("Sum",)]
    rows = [
        ["Builders", "10,270", "18,278", "19,329", "47,877"],
        ["Rent of sheds", "1,306", "2,413", "1,746", "5,465"],
        ["Coal", "40,076", "1,974", "808", "42,858"],
        ["Tax", "4,350", "8,501", "16,655", "29,506"],
    ]
    assert tables(elements(page)) == [[["", *map(" ".join, names)], *rows]]


def test_names_of_three_lines_above_shaded_rows_are_their_header() -> None:
    """Nothing is drawn around them, and they are not heavier than the rows."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        sheet.drawCentredString(300, 700, "(in crowns)")
        for x, lines in zip(EDGES_OF_PIERS[1:], names, strict=True):
            for r, line in enumerate(reversed(lines.split("/"))):
                sheet.drawCentredString(x + 40, 660 + 12 * r, line)
        for r, row in enumerate(rows):
            if r % 2 == 0:
                sheet.setFillGray(0.9)
                for left in EDGES_OF_PIERS:
                    sheet.rect(left, 640 - 16 * r, 100, 16, stroke=0, fill=1)
                sheet.setFillGray(0)
            for x, cell in zip(EDGES_OF_PIERS, row, strict=True):
                text(sheet, x + 30, 644 - 16 * r, [cell])
        text(sheet, 60, 500, paragraph(QUAY, 4))

    names = ["Paid/in by/ships", "Paid/back", "Left"]
    rows = [[f"Pier {n}", f"{410 - 7 * n}", f"{31 * n + 12}", f"{398 - 38 * n}"] for n in range(7)]
    assert tables(elements(page)) == [[["", *(name.replace("/", " ") for name in names)], *rows]]


EDGES_OF_PIERS = (60, 160, 260, 360)


def test_a_text_that_is_shaded_line_by_line_is_no_table() -> None:
    """Text processors shade each line of a framed paragraph by itself; between two shades no edge is seen."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        for r in range(len(note)):
            sheet.setFillGray(0.85)
            sheet.rect(60, 656 - 12 * r, 420, 12, stroke=0, fill=1)
            sheet.setFillGray(0)
            for x in (59.5, 480):
                sheet.rect(x, 656 - 12 * r, 0.5, 12, stroke=0, fill=1)
        for y in (668, 656 - 12 * (len(note) - 1)):
            sheet.rect(59.5, y, 421, 0.5, stroke=0, fill=1)
        text(sheet, 64, 659, note)
        text(sheet, 60, 540, paragraph(QUAY, 4))

    note = paragraph("The dues of the harbour are paid by the master of the ship in", 5)
    answer = elements(page)
    assert categories(answer) == ["paragraph"] * 3
    assert answer[1]["content"]["text"].splitlines() == note


def test_addresses_above_an_invoice_and_sums_below_it_are_no_rows_of_it() -> None:
    """Rules part the rows of the invoice; the sums are a table of their own."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, ["Bill to", "Northern Ferries", "Pier 4", "Aberdeen"])
        text(sheet, 330, 780, ["Ship to", "Northern Ferries", "Workshop 2", "Leith"])
        sheet.setFillGray(0.2)
        sheet.rect(56, 711, 478, 18, stroke=0, fill=1)
        for r, row in enumerate(rows):
            sheet.setFillGray(0 if r else 1)
            text(sheet, 60, 716 - 18 * r, [row[0]])
            for x, cell in zip((340, 410, 460, 530), row[1:], strict=True):
                sheet.drawRightString(x, 716 - 18 * r, cell)
            sheet.line(56, 711 - 18 * r, 534, 711 - 18 * r)
        for r, (label, number) in enumerate(sums):
            text(sheet, 350, 622 - 15 * r, [label])
            sheet.drawRightString(530, 622 - 15 * r, number)
        text(sheet, 60, 520, paragraph(QUAY, 4))

    rows = [
        ["What", "How many", "Each", "Tax", "Sum"],
        ["Sextant of brass", "2", "410.00", "20%", "820.00"],
        ["Compass bowl", "1", "275.50", "20%", "275.50"],
        ["Work on board", "6", "64.00", "20%", "384.00"],
        ["Carriage", "1", "38.00", "0%", "38.00"],
    ]
    sums = [["Before tax", "1,517.50"], ["Tax", "295.90"], ["To be paid", "1,813.40"]]
    assert tables(elements(page)) == [rows, sums]


def test_a_name_over_two_named_columns_spans_them_and_a_name_of_two_lines_is_one() -> None:
    """The lowest row of the header has a name for every column, that of the labels too."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        for x, name in ((318, "All ships"), (418, "New ships")):
            sheet.drawCentredString(x, 690, name)
        for x in (360, 460):
            sheet.drawCentredString(x - 8, 672, "Share")
        text(sheet, 60, 660, ["Rig of the ship"])
        for x, name in ((310, "Number"), (360, "of all"), (410, "Number"), (460, "of all")):
            sheet.drawRightString(x, 660, name)
        for r, (rig, *numbers) in enumerate(rows):
            text(sheet, 60, 642 - 14 * r, [rig])
            for x, number in zip((310, 360, 410, 460), numbers, strict=True):
                sheet.drawRightString(x, 642 - 14 * r, number)
        text(sheet, 60, 540, paragraph(QUAY, 4))

    rows = [["Ketch", "135", "100", "60", "45"], ["Lugger", "72", "53", "33", "55"], ["Sloop", "63", "47", "27", "44"]]
    answer = elements(page)
    table = cells(answer)
    assert [cell for cell in table[0] if cell[1]] == [('colspan="2"', "All ships"), ('colspan="2"', "New ships")]
    assert tables(answer)[0][1:] == [["Rig of the ship", "Number", "Share of all", "Number", "Share of all"], *rows]


def test_a_number_behind_its_name_in_capitals_is_no_heading() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 6))
        text(sheet, 60, 660, ["INVOICE NO: HB-2031-0457"])
        text(sheet, 60, 630, ["TERMS OF PAYMENT"])
        text(sheet, 60, 610, paragraph(QUAY, 6))

    assert categories(elements(page)) == ["paragraph", "paragraph", "heading1", "paragraph"]


def test_a_chapter_in_capitals_whose_name_ends_in_a_number_is_a_heading() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 6))
        text(sheet, 60, 660, ["CHAPTER 5: BARQUE-19"])
        text(sheet, 60, 640, paragraph(QUAY, 6))

    assert categories(elements(page)) == ["paragraph", "heading1", "paragraph"]


def test_two_shaded_rows_above_bare_ones_are_no_bars() -> None:
    rows = [["No.", "Ship", "Tons", "Crew"], ["1", "Star", "74", "20"], ["2", "Hope", "57", "41"]]
    rows += [["3", "Rest", "40", "12"], ["4", "Gull", "23", "86"], ["5", "Tern", "96", "33"]]

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        for r, row in enumerate(rows):
            for (x, after), cell in zip(pairwise((70, 110, 230, 290, 350)), row, strict=True):
                if r < 2:
                    sheet.setFillColorRGB(0.5, 0.6, 0.8)
                    sheet.rect(x, 680 - 18 * r, after - x, 18, stroke=0, fill=1)
                    sheet.setFillGray(0)
                text(sheet, x + 4, 685 - 18 * r, [cell])
        text(sheet, 60, 500, paragraph(QUAY, 4))

    assert tables(elements(page)) == [rows]


def test_marks_beside_names_have_columns_of_their_own() -> None:
    ships = ("Star", "Hope", "Rest", "Gull")

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        for x, name in ((234, "Deck"), (314, "Hold"), (394, "Mast")):
            text(sheet, x, 685, [name])
        for r, ship in enumerate(ships):
            for x, after in pairwise((60, 200, 280, 360, 440)):
                sheet.rect(x, 660 - 18 * r, after - x, 18)
                text(sheet, x + 4 if x == 60 else x + 35, 665 - 18 * r, [ship if x == 60 else "*"])
        text(sheet, 60, 540, paragraph(QUAY, 4))

    assert tables(elements(page))[0][-4:] == [[ship, "*", "*", "*"] for ship in ships]


@pytest.mark.parametrize("names", [{270: "Number of ships"}, {210: "Old", 330: "New"}], ids=["one", "two"])
def test_a_name_over_several_columns_of_a_table_with_ruled_rows_is_in_its_header(names: dict[float, str]) -> None:
    rows = [["Port", "Ships", "Tons", "Ships", "Tons"]]
    for r, port in enumerate(("Leith", "Cork", "Oslo", "Ghent", "Hull")):
        rows.append([port, *(str((r + 2) * (c + 3) * 17) for c in range(4))])

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        for x, name in names.items():
            sheet.drawCentredString(x, 690, name)
        for r, row in enumerate(rows):
            text(sheet, 60, 676 - 15 * r, [row[0]])
            for x, cell in zip((200, 260, 320, 380), row[1:], strict=True):
                sheet.drawRightString(x, 676 - 15 * r, cell)
            if r:
                sheet.line(60, 672 - 15 * r, 380, 672 - 15 * r)
        text(sheet, 60, 560, paragraph(QUAY, 4))

    header, *rest = tables(elements(page))[0]
    assert [name for name in header if name] == list(names.values())
    assert rest == rows


def test_years_in_the_middle_of_wide_columns_stand_over_their_numbers() -> None:
    """No letter of a year stands over a letter of the numbers, which end at the right edge of the column."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        draw_years(sheet, 664)
        told.extend(draw_statement(sheet, 648, [("What is owned", ()), *ASSETS]))
        text(sheet, 60, 520, paragraph(QUAY, 4))

    told: list[list[str]] = []
    assert tables(elements(page)) == [[["In crowns", "2031", "2030"], *told]]


def draw_years(sheet: Canvas, y: float) -> None:
    text(sheet, 64, y, ["In crowns"])
    for x, year in ((330, "2031"), (450, "2030")):
        sheet.drawCentredString(x, y, year)


ADJUSTED = "What has to be taken off the dues of the board to come to the\nsilver that came in:"


@pytest.mark.parametrize(("space", "whole"), [(0, True), (30, False)])
def test_a_long_label_between_rows_is_no_text_and_one_between_two_tables_is(space: float, whole: bool) -> None:
    """Its lines stand right below the first row, which they do not part from its numbers."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        above = ASSETS[:1] if whole else ASSETS
        told.extend(draw_statement(sheet, 690, above))
        y = 690 - 14 * len(above)
        draw_statement(sheet, y - space, [(ADJUSTED, ())])
        told.extend([[ADJUSTED.replace("\n", " "), "", ""]] if whole else [])
        told.extend(draw_statement(sheet, y - 28 - 2 * space, ASSETS))
        text(sheet, 60, 420 - 2 * space, paragraph(QUAY, 4))

    told: list[list[str]] = []
    found = tables(elements(page))
    assert found == ([told] if whole else [told[:5], told[5:]])


def test_one_line_of_numbers_below_names_is_a_table() -> None:
    """The sign of a number may stand apart."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        for end, name, number in zip((300, 360, 420, 500), rows[0][1:], rows[1][1:], strict=True):
            sheet.drawRightString(end, 690, name)
            sheet.drawRightString(end, 674, number.removeprefix("$ ") if end == 500 else number)
        text(sheet, 455, 674, ["$"])
        text(sheet, 60, 674, [rows[1][0]])
        text(sheet, 60, 640, paragraph(QUAY, 4))

    rows = [
        ["", "2031", "2032", "2033", "Thereafter"],
        ["Loans to be paid back", "$ 158", "$ 1,607", "$ 953", "$ 2,084"],
    ]
    assert tables(elements(page)) == [rows]


def test_a_dollar_sign_stands_before_the_bracket_of_a_loss() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        draw_years(sheet, 690)
        told.extend(draw_statement(sheet, 674, rows))
        text(sheet, 60, 560, paragraph(QUAY, 4))

    rows: list[Entry] = [(label, tuple(f"$ ({number})" for number in numbers)) for label, numbers in ASSETS[:3]]
    told: list[list[str]] = []
    assert tables(elements(page)) == [[["In crowns", "2031", "2030"], *told]]


def test_the_names_of_sections_below_the_years_are_rows_of_a_statement() -> None:
    """They stand as far apart as its rows do, however near these are; what is over its middle is the page's title."""
    rows = [
        ["", "2031", "2030"],
        ["DUES", "", ""],
        ["Of this year:", "", ""],
        ["Lamps", "48,844", "25,913"],
        ["Coal", "51,713", "40,388"],
        ["Sum", "100,557", "66,301"],
    ]

    def page(sheet: Canvas) -> None:
        sheet.setFont("Helvetica-Bold", 10)
        sheet.drawCentredString(300, 706, "DUES OF THE HARBOUR")
        for r, (name, *numbers) in enumerate(rows):
            text(sheet, 60, 690 - 12.5 * r, [name])
            for x, number in zip((400, 510), numbers, strict=True):
                sheet.drawRightString(x, 690 - 12.5 * r, number)
        text(sheet, 60, 580, paragraph(QUAY, 4))

    answer = elements(page)
    assert categories(answer) == ["heading1", "table", "paragraph"]
    assert tables(answer) == [rows]


def test_a_name_over_all_numbers_with_a_rule_under_it_is_in_the_header() -> None:
    """The rule does not reach the labels, as that above a whole table does."""
    names = ["$ in millions", "2031", "2030", "2029"]
    rows = [[f"Pier {n}", f"{n}1,204", f"{n}2,310", f"{n}0,877"] for n in range(1, 6)]

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(QUAY, 4))
        sheet.setFont("Helvetica-Bold", 10)
        sheet.drawCentredString(425, 690, "Years Ended")
        sheet.line(270, 686, 512, 686)
        for r, (name, *numbers) in enumerate([names, *rows]):
            text(sheet, 60, 672 - 14 * r, [name], font="Helvetica" if r else "Helvetica-Bold")
            for x, number in zip((350, 430, 510), numbers, strict=True):
                sheet.drawRightString(x, 672 - 14 * r, number)
        text(sheet, 60, 560, paragraph(QUAY, 4))

    assert [row for row in tables(elements(page))[0] if "Years Ended" not in row] == [names, *rows]
    assert ('colspan="3"', "Years Ended") in cells(elements(page))[0]
