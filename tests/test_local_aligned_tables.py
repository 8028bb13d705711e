"""Tables that no rule encloses: statements, papers, schedules, and scans whose rules are pixels."""

from __future__ import annotations

import io
from textwrap import wrap
from typing import Any

import pytest

pytest.importorskip("reportlab")
pytest.importorskip("liteparse")
pytest.importorskip("PIL")

from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas
from test_local_layout_rules import categories, cells, elements
from test_local_pdf import paragraph, text
from test_local_table_rules import draw_rows, tables

from upstage_docs.local.ocr.drawn_rules import drawn_rules
from upstage_docs.local.pdf.document import read_pdf
from upstage_docs.local.pdf.tables.line_rows import rows_of_bands
from upstage_docs.local.pdf.words import Word

SEA = "The keeper of the light wrote down each ship that passed the head"


STATEMENT = [
    ["", "2031", "2030"],
    ["Dues", "", ""],
    ["Lamp oil", "48,120", "(51,904)"],
    ["Wicks and glass", "7,002", "6,480"],
    ["Total dues", "55,122", "(45,424)"],
    ["Wages", "", ""],
    ["Keepers", "90,441", "–"],
    ["Boatmen", "(3,310)", "2,960"],
]


@pytest.mark.parametrize("reach", [60, 300], ids=["near", "far from its labels"])
def test_a_statement_without_rules_is_a_table(reach: float) -> None:
    """Labels on the left, numbers on the right however far, sections without numbers."""

    def statement(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(SEA, 4))
        for r, (label, *numbers) in enumerate(STATEMENT):
            y = 660 - 15 * r
            text(sheet, 60, y, [label])
            for c, number in enumerate(numbers):
                sheet.drawRightString(150 + reach + 70 * c, y, number)
        text(sheet, 60, 500, paragraph(SEA, 4))

    answer = elements(statement)
    assert categories(answer) == ["paragraph", "table", "paragraph"]
    assert tables(answer) == [STATEMENT]


@pytest.mark.parametrize(("sign", "off"), [("$", -48), ("US$", -62), ("€", -48), ("%", 6)])
def test_signs_that_stand_apart_are_in_the_cells_of_their_numbers(sign: str, off: float) -> None:
    """Accounts set the sign of a currency at the left edge of each column of numbers, and per cent behind it."""
    rows = [["Berths", "1,310", "1,275"], ["Pilots", "402", "388"], ["Tugs", "96", "101"], ["Sum", "1,808", "1,764"]]

    def accounts(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(SEA, 4))
        for r, (label, *numbers) in enumerate([["", "2012", "2011"], *rows]):
            text(sheet, 60, 660 - 15 * r, [label])
            for x, number in zip((300, 420), numbers, strict=True):
                sheet.drawRightString(x, 660 - 15 * r, number)
                if r:
                    text(sheet, x + off, 660 - 15 * r, [sign])
        text(sheet, 60, 500, paragraph(SEA, 4))

    signed = [[label, *(f"{n} {sign}" if off > 0 else f"{sign} {n}" for n in numbers)] for label, *numbers in rows]
    assert tables(elements(accounts)) == [[["", "2012", "2011"], *signed]]


@pytest.mark.parametrize("ruled", [False, True], ids=["without rules", "between three rules"])
def test_a_header_over_several_columns_spans_them(ruled: bool) -> None:
    names = ["Oak", "Elm", "Ash", "Fir"]
    rows = [["Ketch"], ["Lugger"], ["Sloop"], ["Yawl"], ["Cutter"]]
    rows = [[name, *(f"{11 * r + 7 * c + 3}.{r + c}" for c in range(4))] for r, (name,) in enumerate(rows)]

    def paper(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(SEA, 4))
        text(sheet, 70, 668, ["Rig"])
        sheet.drawCentredString(220, 668, "Outbound")
        sheet.drawCentredString(340, 668, "Homebound")
        for c, name in enumerate(names):
            sheet.drawCentredString(190 + 60 * c, 652, name)
        for r, (name, *values) in enumerate(rows):
            text(sheet, 70, 634 - 14 * r, [name])
            for c, value in enumerate(values):
                sheet.drawCentredString(190 + 60 * c, 634 - 14 * r, value)
        for y in (682, 646, 570) if ruled else ():
            sheet.line(66, y, 400, y)
        text(sheet, 60, 520, paragraph(SEA, 4))

    table = cells(elements(paper))
    assert table[0] == [('rowspan="2"', "Rig"), ('colspan="2"', "Outbound"), ('colspan="2"', "Homebound")]
    assert [cell for _, cell in table[1]] == names
    assert [[cell for _, cell in row] for row in table[2:]] == rows


def test_numbers_that_the_library_joins_are_parted_at_their_columns() -> None:
    """Narrow columns: a space of the font in one row, the same gap in all."""
    rows = [[f"Buoy {r}", f"{20 + 3 * r}.{r}", f"{71 - 2 * r}.{r}", f"{40 + r}.5"] for r in range(7)]

    def narrow(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(SEA, 4))
        for r, row in enumerate([["Mark", "East", "West", "Mid"], *rows]):
            for x, cell in zip((70, 120, 148, 176), row, strict=True):
                text(sheet, x, 660 - 14 * r, [cell])
        text(sheet, 60, 500, paragraph(SEA, 4))

    assert tables(elements(narrow)) == [[["Mark", "East", "West", "Mid"], *rows]]


def test_a_table_beside_prose_in_the_other_column_keeps_to_itself() -> None:
    rows = [["Cape", "Range", "Height"], *([f"Ness {r}", f"{12 + r}", f"{30 + 2 * r}.5"] for r in range(6))]

    def page(sheet: Canvas) -> None:
        text(sheet, 50, 780, [*["The log of the keeper tells of the wind and"] * 16])
        for r, row in enumerate(rows):
            for x, cell in zip((320, 420, 490), row, strict=True):
                text(sheet, x, 774 - 14 * r, [cell])
        text(sheet, 320, 650, [*["of each boat that came in before the storm"] * 8])

    assert tables(elements(page)) == [rows]


def test_authors_and_columns_of_prose_are_no_tables() -> None:
    def front(sheet: Canvas) -> None:
        for c, name in enumerate(("Ada North", "Ben South", "Cem West")):
            for r, line in enumerate((name, "Institute of Tides", f"{name[:3].lower()}@tides.example")):
                sheet.drawCentredString(120 + 170 * c, 760 - 13 * r, line)
        for c in range(3):
            text(
                sheet,
                50 + 175 * c,
                660,
                ["the wind was strong and", "the sea was high until", "the evening of the day"] * 6,
            )

    assert "table" not in categories(elements(front))


def page_of_rules() -> Image.Image:
    """A grid of three columns and four rows at 150 dots per inch, and letters as tall as 14 points."""
    page = Image.new("L", (1240, 1754), 250)
    pen = ImageDraw.Draw(page)
    for y in (300, 360, 420, 480, 540):
        pen.line((200, y, 1000, y), fill=40, width=3)
    for x in (200, 500, 800, 1000):
        pen.line((x, 300, x, 540), fill=40, width=3)
    for x in range(210, 480, 30):
        pen.line((x, 320, x, 345), fill=0, width=4)
    pen.rectangle((200, 900, 1000, 1200), fill=90)
    return page


def test_rules_of_a_picture_are_found_and_letters_and_bars_are_not() -> None:
    across, down = drawn_rules(page_of_rules(), 150)
    assert [round(rule[1] / 10) for rule in across] == [30, 36, 42, 48, 54]
    assert sorted(round(side[0] / 10) for side in down) == [20, 50, 80, 100]
    assert all(abs(rule[0] - 200) < 10 and abs(rule[2] - 1000) < 10 for rule in across)


def test_rules_of_a_page_that_leans_a_little_are_found_whole() -> None:
    page = page_of_rules().rotate(0.5, resample=Image.Resampling.BICUBIC, fillcolor=250)
    across, down = drawn_rules(page, 150)
    assert len(across) == 5
    assert len(down) == 4


def test_the_grid_of_a_scan_parts_its_words_to_cells() -> None:
    """A header over two columns, a cell of two lines: only the rules in the picture tell."""
    page = Image.new("L", (1275, 1650), 255)  # 150 dots per inch
    pen = ImageDraw.Draw(page)
    for y in (300, 360, 420, 540, 600):
        pen.line((200, y, 1000, y), fill=30, width=3)
    for x, top in ((200, 300), (500, 300), (750, 360), (1000, 300)):
        pen.line((x, top, x, 600), fill=30, width=3)
    words = [("Berth", 220, 340), ("Depth", 520, 340), ("Low", 520, 400), ("High", 770, 400), ("North", 220, 460),
             ("quay", 220, 510), ("4.2", 520, 460), ("6.8", 770, 460), ("Mole", 220, 580), ("3.1", 520, 580),
             ("5.7", 770, 580)]  # fmt: skip

    def recognise(image: Image.Image) -> list[tuple[str, float, tuple[float, float, float, float]]]:
        zoom = image.width / page.width
        return [
            (word, 0.95, (x * zoom, (y - 22) * zoom, (x + 16 * len(word)) * zoom, y * zoom)) for word, x, y in words
        ]

    file = io.BytesIO()
    page.save(file, "PDF", resolution=150)
    (layout,) = read_pdf(file.getvalue(), ocr=recognise)
    (table,) = [block for block in layout.blocks if block.category == "table"]
    assert [[(cell.text, cell.column_span) for cell in row] for row in table.rows] == [
        [("Berth", 1), ("Depth", 2)],
        [("", 1), ("Low", 1), ("High", 1)],
        [("North quay", 1), ("4.2", 1), ("6.8", 1)],
        [("Mole", 1), ("3.1", 1), ("5.7", 1)],
    ]


def test_a_letter_beside_its_date_and_authors_in_a_row_are_no_tables() -> None:
    def letter(sheet: Canvas) -> None:
        text(sheet, 60, 780, ["Ina Seaward", "7 Pier Lane", "Old Haven", "OH2 9LT"])
        text(sheet, 400, 780, ["Date: 9 March 2031", "Our ref: 12/7", "Your ref: B-3"])
        text(sheet, 60, 680, paragraph(SEA, 6))

    def front(sheet: Canvas) -> None:
        for c, name in enumerate(("Ada North", "Ben South", "Cem West")):
            for r, line in enumerate((name, "Institute of Tides", f"{name[:3].lower()}@tides.example")):
                sheet.drawCentredString(120 + 170 * c, 760 - 13 * r, line)
        text(sheet, 60, 690, paragraph(SEA, 6))

    assert "table" not in categories(elements(letter))
    assert "table" not in categories(elements(front))


def test_behind_a_header_that_is_known_the_first_band_is_parted_too() -> None:
    """A header's lines are those of its cells; where no header is among the bands, each band may hold rows."""

    def column(x: float, texts: list[str]) -> list[Word]:
        return [
            Word(told, (x, 10.0 + 14 * n, x + 6 * len(told), 20.0 + 14 * n), 18.0 + 14 * n, 10.0, False, "F")
            for n, told in enumerate(texts)
        ]

    band = [column(0, ["Lamp", "Oil", "Wick"]), column(100, ["brass", "whale", "cotton"]), column(200, ["a", "b", "c"])]
    rights = [90.0, 190.0, 290.0]
    assert rows_of_bands([band], rights) == [None]
    (rows,) = rows_of_bands([band], rights, headed=False)
    assert rows is not None
    assert [row[0][0].text for row in rows] == ["Lamp", "Oil", "Wick"]


@pytest.mark.parametrize(("width", "ruled"), [(34.0, False), (19.0, True)], ids=["wide", "narrow, between rules"])
def test_the_levels_of_a_header_with_names_between_them(width: float, ruled: bool) -> None:
    """Papers put the name of a column in the middle of two lines, rules under names of several, and white below."""
    names = ["Low", "Mid", "Top", "Low", "Mid", "Top"]
    rows = [[f"Rig {r}", *(f"{r + 1}.{c + 3}{9 - r}" for c in range(6)), f"{101 + 37 * r}"] for r in range(6)]
    size = 8.0
    ends = [120 + width * c for c in range(1, 7)]

    def paper(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(SEA, 4))
        sheet.setFont("Helvetica", size)
        for r, y in enumerate([659.5, *(643 - 9 * r for r in range(6))]):
            for x, cell in zip(ends, rows[r - 1][1:7] if r else names, strict=True):
                sheet.drawRightString(x, y, cell)
        for x, name in ((sum(ends[:3]) / 3 - 9, "Inner bay"), (sum(ends[3:]) / 3 - 9, "Outer bay")):
            sheet.drawCentredString(x, 673, name)
            if ruled:
                sheet.line(x - 1.3 * width, 669, x + 1.3 * width, 669)
        sheet.drawString(70, 667, "Method")
        sheet.drawRightString(ends[-1] + 24, 667, "Days")
        for r, row in enumerate(rows):
            sheet.drawString(70, 643 - 9 * r, row[0])
            sheet.drawRightString(ends[-1] + 24, 643 - 9 * r, row[-1])
        for y in (682, 655, 594) if ruled else ():
            sheet.line(68, y, ends[-1] + 26, y)
        text(sheet, 60, 560, paragraph(SEA, 4))

    table = cells(elements(paper))
    assert table[0] == [
        ('rowspan="2"', "Method"),
        ('colspan="3"', "Inner bay"),
        ('colspan="3"', "Outer bay"),
        ('rowspan="2"', "Days"),
    ]
    assert [[cell for _, cell in row] for row in table[1:]] == [names, *rows]


def test_tables_under_titles_are_several() -> None:
    """Statements of accounts: a larger line alone is the title of the rows below it."""
    balances = [
        ["On the first", "$4,210.55"],
        ["Paid in", "2,950.00"],
        ["Paid out", "-1,884.17"],
        ["Left", "$5,276.38"],
    ]
    names = ["Date", "Description", "Amount", "Balance"]
    payments = [[f"03/{n:02}", f"PILOT OF SHIP {n}", f"-{n}1.06", f"1,{n}77.79"] for n in range(10, 19)]

    def account(sheet: Canvas) -> None:
        for y, title in ((700, "Summary of the account"), (606, "Payments")):
            sheet.setFillColorRGB(0, 0.2, 0.4)
            sheet.rect(56, y - 6, 500, 18, stroke=0, fill=1)
            sheet.setFillGray(1)
            text(sheet, 60, y, [title], size=12, font="Helvetica-Bold")
            sheet.setFillGray(0)
        for r, row in enumerate([*balances, names, *payments]):
            y = 680 - 14 * r if r < 4 else 586 - 14 * (r - 4)
            sheet.setFont("Helvetica-Bold" if r == 4 else "Helvetica", 9.5)
            sheet.drawString(60, y, row[0])
            if len(row) > 2:
                sheet.drawString(126, y, row[1])
                sheet.drawRightString(460, y, row[2])
            sheet.drawRightString(552, y, row[-1])
        sheet.line(56, 648, 556, 648)
        text(sheet, 60, 420, paragraph(SEA, 4))

    answer = elements(account)
    assert categories(answer) == ["heading1", "table", "heading1", "table", "paragraph"]
    assert tables(answer) == [balances, [names, *payments]]


def test_a_row_whose_first_cell_is_several_lines_begins_where_the_others_do() -> None:
    """Between three rules, no more white stands between rows than between lines, and lines begin with a capital."""
    rows = [
        ["The lamp of the mole is lit by hand. It burns until the last boat is in.", "Keeper", "Daily"],
        ["The gauge is read and its clock is set by a pilot of the board.", "Pilot", "Weekly"],
        ["Each rope is changed. The owner of the berth pays for it, as the board tells.", "Owner", "In spring"],
    ]

    def duties(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(SEA, 4))
        y = 700.0
        for r, row in enumerate([["Duty", "Who", "When"], *rows]):
            for x, cell in zip((230, 300), row[1:], strict=True):
                text(sheet, x, y, [cell])
            lines = wrap(row[0], 28)
            text(sheet, 64, y, lines)
            y -= 12 * len(lines)
            if not r:
                sheet.line(60, y + 8, 480, y + 8)
                y -= 4
        for rule in (712, y + 8):
            sheet.line(60, rule, 480, rule)
        text(sheet, 60, y - 30, paragraph(SEA, 4))

    assert tables(elements(duties)) == [[["Duty", "Who", "When"], *rows]]


def test_names_at_the_left_edge_of_numbers_at_the_right_one_are_over_their_own() -> None:
    """Printed sheets: the name of a column stands nearer to the numbers of the one before."""
    rows = [
        [f"03/{n:02}", f"Pilot {n}", "" if n % 3 else f"{n}4.12", f"{n}9.80" if n % 3 else ""] for n in range(10, 24)
    ]

    def ledger(sheet: Canvas) -> None:
        for r, row in enumerate([["Date", "Account", "Debit", "Credit"], *rows]):
            for c, (left, right) in enumerate(((60, 120), (140, 300), (310, 390), (394, 474))):
                if c > 1 and r:
                    sheet.drawRightString(right, 760 - 15 * r, row[c])
                else:
                    sheet.drawString(left, 760 - 15 * r, row[c])

    assert tables(elements(ledger)) == [[["Date", "Account", "Debit", "Credit"], *rows]]


def test_names_of_groups_in_several_lines_are_rows_of_their_own() -> None:
    """Their second line begins with a small letter, as the next line of a cell does, but the line above is short."""
    groups = {
        "Who keeps the lamp of the outer mole and\ntells the tides to the boats": [
            ["Light", "Keeper", "Daily"],
            ["Gauge", "Pilot", "Weekly"],
        ],
        "Who keeps the ropes of the inner mole and\ntells the owners of the berths": [
            ["Ropes", "Owner", "In spring"],
            ["Berth", "Board", "In autumn"],
            ["Crane", "Board", "Never"],
        ],
    }
    lines: list[list[str]] = []
    rows: list[list[str]] = []
    for group, members in groups.items():
        lines += [[line] for line in group.split("\n")] + members
        rows += [[group.replace("\n", " "), "", ""], *members]

    columns = (64, 300, 400)

    def duties(sheet: Canvas) -> None:
        draw_rows(sheet, 740, [["Duty", "Who", "When"]], columns=columns)
        draw_rows(sheet, 722, lines, pitch=12, columns=columns)
        for y in (752, 733, 728 - 12 * len(lines)):
            sheet.line(60, y, 480, y)
        text(sheet, 60, 560, paragraph(SEA, 4))

    assert tables(elements(duties)) == [[["Duty", "Who", "When"], *rows]]


@pytest.mark.parametrize("ruled", [True, False])
def test_larger_names_of_groups_between_rows_are_no_titles_of_tables(*, ruled: bool) -> None:
    rows = [["Port", "2030", "2031"], ["Imports", "", ""], ["Coal", "12", "14"], ["Wheat", "7", "9"]]
    rows += [["Exports", "", ""], ["Fish", "1", "2"], ["Iron", "30", "31"]]

    def trade(sheet: Canvas) -> None:
        for r, row in enumerate(rows):
            y = 740 - 16 * r
            text(sheet, 64, y, row[:1], *((9,) if row[1] else (12, "Helvetica-Bold")))
            for end, number in zip((250, 320), row[1:], strict=True):
                sheet.drawRightString(end, y, number)
            if ruled:
                sheet.line(60, y - 4, 330, y - 4)
        text(sheet, 60, 560, paragraph(SEA, 4))

    assert tables(elements(trade)) == [rows]


def test_white_without_a_title_parts_no_table_between_rules() -> None:
    """Papers set more white between two groups of rows."""
    rows = [["Port", "2030", "2031"], *([f"Port {n}", f"{n}.5", f"1{n}.2"] for n in range(9))]

    def paper(sheet: Canvas) -> None:
        for r, row in enumerate(rows):
            y = 740 - 14 * r - 30 * (r > 4)
            text(sheet, 64, y, row[:1], size=9)
            for end, cell in ((250, row[1]), (380, row[2])):
                sheet.drawRightString(end, y, cell)
        for y in (752, 736, 579):
            sheet.line(60, y, 400, y)

    assert tables(elements(paper)) == [rows]


@pytest.mark.parametrize(
    "keys",
    [
        ("9:00 – 9:45", "10:00 – 10:45", "11:30", "14:15"),
        ("3 May 2031", "21 June 2031", "9 Sept. 2031", "1 October 2031"),
        ("2027 – 2031", "2022 – 2027", "2019", "2015 – 2019"),
        ("Date:", "Place:", "Present:", "Minutes by:"),
    ],
    ids=["times", "days", "spans of years", "names with a colon"],
)
def test_dates_and_names_beside_texts_are_a_table_of_two_columns(keys: tuple[str, ...]) -> None:
    """A text goes on below its first line; the first row is no header."""
    lines = ["Opening of the new mole", "Report on the lamps of the bay", "Race of the pilots", "End of the season"]

    def programme(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(SEA, 4))
        for r, (key, line) in enumerate(zip(keys, lines, strict=True)):
            text(sheet, 60, 690 - 32 * r, [key])
            text(sheet, 150, 690 - 32 * r, [line, "Harbour Board, room 2"])
        text(sheet, 60, 540, paragraph(SEA, 4))

    told = tables(elements(programme))
    assert told == [[[key, f"{line} Harbour Board, room 2"] for key, line in zip(keys, lines, strict=True)]]


@pytest.mark.parametrize(
    ("rows", "bold"),
    [
        (
            [
                ["Customer", "Ada North"],
                ["Order", "of 1 June"],
                ["Way of delivery", "By ship, to Bergen"],
                ["Harbour", "Cork"],
            ],
            True,
        ),
        (
            [["Name", "Ada North"], ["Address", "1 Harbour Way"], ["E-mail", "ada@tides.example"], ["Berth", "B12"]],
            False,
        ),
        ([["Length over all", "12.4 m"], ["Year of build", "1998"], ["Call sign", "EI2231"]], False),
    ],
    ids=["names in bold", "an address", "measures"],
)
def test_names_beside_what_they_name_are_a_table_of_two_columns(rows: list[list[str]], bold: bool) -> None:
    """Of a form, an order or a sheet of data; the first row is no header."""

    def form(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(SEA, 4))
        text(sheet, 60, 715, ["The order"], size=14, font="Helvetica-Bold")
        for r, (name, value) in enumerate(rows):
            text(sheet, 60, 690 - 18 * r, [name], font="Helvetica-Bold" if bold else "Helvetica")
            text(sheet, 190, 690 - 18 * r, [value])
        text(sheet, 60, 560, paragraph(SEA, 4))

    answer = elements(form)
    assert categories(answer) == ["paragraph", "heading1", "table", "paragraph"]
    assert tables(answer) == [rows]
    assert "thead" not in str(answer)


@pytest.mark.parametrize(
    ("rows", "apart"),
    [
        ([["Ada North", "Bo South"], ["Port of Cork", "Port of Bergen 5003"], ["ada@tides.no", "bo2@tides.no"]], 16),
        ([["Harbour Stores", "Ada North"], ["Customs House", "12 Quay Street"], ["Cork", "Bergen 5003"]], 13),
    ],
    ids=["authors", "addresses"],
)
def test_authors_and_addresses_side_by_side_are_no_table(rows: list[list[str]], apart: int) -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, ["Of lamps and tides"], size=18, font="Helvetica-Bold")
        for r, row in enumerate(rows):
            for x, cell in zip((60, 320), row, strict=True):
                text(sheet, x, 745 - apart * r, [cell], size=10)
        text(sheet, 60, 670, paragraph(SEA, 6))

    answer = elements(page)
    assert tables(answer) == []
    lines = "\n".join(element["content"]["text"] for element in answer).split("\n")
    assert lines[1:7] == [row[column] for column in (0, 1) for row in rows]


@pytest.mark.parametrize("rest", ["port of call", "(of the bay)"])
def test_the_rest_of_the_name_of_the_first_column_is_no_row(rest: str) -> None:
    """Its lines stand as far apart as the rows do."""
    rows = [
        ["Name of each", "Ships", "Dues"],
        [rest],
        ["Cork", "120", "98"],
        ["Bergen", "45", "44"],
        ["Oslo", "7", "8"],
    ]

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(SEA, 4))
        for r, row in enumerate(rows):
            for x, cell in zip((60, 300, 400), row, strict=False):
                text(sheet, x, 700 - 12 * r, [cell], size=10)
        text(sheet, 60, 600, paragraph(SEA, 4))

    assert tables(elements(page)) == [[[f"Name of each {rest}", "Ships", "Dues"], *rows[2:]]]


def test_two_columns_of_names_and_texts_are_no_table() -> None:
    def letter(sheet: Canvas) -> None:
        for r, (left, right) in enumerate(
            (("Ada North", "Ben South"), ("Pilot House", "Lamp House"), ("Cork", "Bray"))
        ):
            text(sheet, 60, 690 - 14 * r, [left])
            text(sheet, 250, 690 - 14 * r, [right])
        text(sheet, 60, 600, paragraph(SEA, 4))

    assert "table" not in categories(elements(letter))


@pytest.mark.parametrize("heavy", [False, True], ids=["", "with a header in bold above the first rule"])
def test_rules_part_rows_of_many_lines_where_a_label_stands_below_each(heavy: bool) -> None:
    """Few lines of such a table have a rule below them, and its lines are as far apart as those of text."""
    words = [f"{SEA} in the year {n}, {SEA.lower()} and the next one" for n in range(1994, 1998)]
    rows = [(f"R{n}", wrap(text, 24), wrap(text, 34)) for n, text in enumerate(words, 1)]
    header = ["No.", "Risk", "Measure"]

    def register(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(SEA, 4))
        y = 690.0
        for x, name in zip((62, 100, 260), header if heavy else (), strict=False):
            text(sheet, x, y + 4, [name], font="Helvetica-Bold")
        sheet.line(60, y, 480, y)
        for label, left, right in rows:
            text(sheet, 62, y - 12, [label])
            text(sheet, 100, y - 12, left)
            text(sheet, 260, y - 12, right)
            y -= 12 * max(len(left), len(right)) + 6
            sheet.line(60, y, 480, y)

    expected = [[label, " ".join(left), " ".join(right)] for label, left, right in rows]
    assert tables(elements(register)) == [[header, *expected] if heavy else expected]


def test_a_name_at_the_left_edge_of_its_column_has_the_numbers_at_both_edges() -> None:
    """White runs between the name and the numbers at the right edge, and each is a column of the sheet alone."""
    header = ["Parameter", "Conditions", "Min", "Typ", "Max"]
    rows = [
        ["Offset voltage", "no load", "", "0.5", "2"],
        ["Quiescent current", "active", "", "12", "18"],
        ["Sample rate", "", "1", "10", "100"],
        ["Sleep current", "cold", "", "0.2", "0.5"],
        ["Accuracy", "0 to 10 m", "", "±2", "±5"],
    ]
    lefts = (62, 180, 270, 340, 410)

    def sheet_of_data(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(SEA, 4))
        for r, row in enumerate([header, *rows]):
            sheet.line(60, 704 - 16 * r, 470, 704 - 16 * r)
            for x, cell in zip(lefts, row, strict=True):
                if r and x >= 270 and "±" not in cell:
                    sheet.drawRightString(x + 50, 692 - 16 * r, cell)
                else:
                    sheet.drawString(x, 692 - 16 * r, cell)
        sheet.line(60, 704 - 16 * 6, 470, 704 - 16 * 6)

    assert tables(elements(sheet_of_data)) == [[header, *rows]]


def test_lists_of_prices_side_by_side_are_two_tables_where_rules_part_them() -> None:
    """Each stands below a title with a rule under it; no rule reaches from one to the other."""
    left = [["Wind anchor", "11.33"], ["Channel crane", "47.93"], ["Buoy of the mole", "36.53"], ["Owner", "9.01"]]
    right = [["Tide list", "4.15"], ["Rope", "3.35"], ["Wind of the west", "29.48"], ["Wave", "49.54"]]

    def prices(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(SEA, 4))
        for x, title, rows in ((60, "Harbour", left), (320, "Open sea", right)):
            text(sheet, x, 690, [title], font="Helvetica-Bold", size=11)
            sheet.line(x, 686, x + 230, 686)
            for r, (name, price) in enumerate(rows):
                text(sheet, x + 4, 670 - 14 * r, [name])
                sheet.drawRightString(x + 200, 670 - 14 * r, price)

    answer = elements(prices)
    assert tables(answer) == [left, right]
    assert [element["content"]["text"] for element in answer if element["category"].startswith("heading")] == [
        "Harbour",
        "Open sea",
    ]


@pytest.mark.parametrize("framed", [False, True], ids=["", "between rules over all columns"])
def test_rules_under_the_levels_of_a_header_part_no_table(framed: bool) -> None:
    """The labels at the left are those of both parts, though the second has names before its numbers, too."""
    header = [["", "Home", "Away"], ["Round", "Team", "Goals", "Team", "Goals"]]
    rows = [["First day", "Pilots", "4", "Keepers", "5"], ["Second day", "Clerks", "3", "Owners", "7"]]
    rows += [["Third day", "Lamps", "8", "Buoys", "2"], ["Last day", "Ropes", "1", "Keels", "6"]]

    def matches(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(SEA, 4))
        for y in (704, 606) if framed else ():
            sheet.line(60, y, 460, y)
        for left, right, name in ((150, 280, "Home"), (310, 450, "Away")):
            text(sheet, left + 30, 690, [name])
            sheet.line(left, 686, right, 686)
        for r, row in enumerate([header[1], *rows]):
            for x, cell in zip((62, 150, 240, 310, 410), row, strict=True):
                text(sheet, x, 674 - 15 * r, [cell])

    assert tables(elements(matches)) == [[*header, *rows]]


@pytest.mark.parametrize("sign", [".", "-"])
def test_section_numbers_beside_texts_are_no_days(sign: str) -> None:
    def clauses(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(SEA, 4))
        for n in range(1, 9):
            text(sheet, 60, 690 - 18 * n, [f"2{sign}{n}"])
            text(sheet, 110, 690 - 18 * n, [f"The board of the bay keeps lamp {n}."])

    assert "table" not in categories(elements(clauses))


def statement_page(rows: list[list[str]], lefts: tuple[float, ...], rights: tuple[float, ...]) -> list[dict[str, Any]]:
    """Return the elements of a statement without rules; its labels stand in lines, its signs at the left edges."""

    def statement(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(SEA, 4))
        y = 690.0
        for label, *numbers in rows:
            for line in label.split("\n"):
                text(sheet, 60, y, [line])
                y -= 13
            for left, right, number in zip(lefts, rights, numbers, strict=True):
                sign = number[:1] if number[:1] == "$" else ""
                sheet.drawString(left, y + 13, sign)
                sheet.drawRightString(right, y + 13, number.removeprefix("$ "))

    return elements(statement)


@pytest.mark.parametrize(
    ("rows", "lefts", "rights"),
    [
        pytest.param(
            [
                ["", "2030", "2029"],
                ["Cash", "$ 66,357", "$ 82,701"],
                ["Loans", "22,347", "56,034"],
                ["Owed on March 31,  2030 and 2029, in all", "5,466", "49,778"],  # wide, as in justified text
                ["Stores", "32,480", "84,647"],
                ["In all", "$ 4,213", "$ 77,636"],
            ],
            (340, 440),
            (400, 500),
            id="the day of a date in a label is no number of a column",
        ),
        pytest.param(
            [
                ["", "Number", "Price", "Years", "Value"],
                ["Held on March 31, 2029", "5,967", "$ 14.33", "6.6", "$ 21,374"],
                ["Given", "6,858", "$ 40.26", "", ""],
                ["Used", "6,086", "$ 41.61", "6.0", ""],
                ["Given back", "5,264", "$ 75.04", "", ""],
                ["Held on March 31, 2030", "7,974", "$ 77.76", "2.1", "$ 89,292"],
            ],
            (320, 370, 440, 480),
            (350, 420, 465, 540),
            id="the sign of a number fills no column that is empty",
        ),
        pytest.param(
            [
                ["Held on March 31,\n2029", "5,967", "14.33"],
                ["Given", "6,858", "40.26"],
                ["Used", "6,086", "41.61"],
                ["Held on March 31,\n2030", "7,974", "77.76"],
            ],
            (200, 300),
            (260, 360),
            id="a label that ends with a comma goes on in the line of its numbers",
        ),
    ],
)
def test_a_statement_without_rules_has_its_numbers_in_their_columns(
    rows: list[list[str]], lefts: tuple[float, ...], rights: tuple[float, ...]
) -> None:
    """Of a label of several lines, or with a wide space, the words are told in one line."""
    said = [[" ".join(label.split()), *numbers] for label, *numbers in rows]
    assert tables(statement_page(rows, lefts, rights)) == [said]


def test_signs_of_per_cent_among_the_units_of_columns_stand_in_their_own() -> None:
    """They are nearer to the names before them than to the numbers below."""
    units = ["Quay", "men", "%", "men", "%"]
    rows = [[f"{n} of west", f"{7 * n + 11},204", f"{9 * n}.4", f"{5 * n + 12},118", f"{8 * n}.1"] for n in range(1, 7)]

    def counts(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(SEA, 4))
        for x, cell in zip((60, 158, 190, 318, 350), units, strict=True):
            sheet.drawString(x, 690, cell)
        for r, row in enumerate(rows):
            for x, cell in zip((100, 205, 260, 365, 420), row, strict=True):
                sheet.drawRightString(x, 676 - 14 * r, cell)

    assert tables(elements(counts)) == [[units, *rows]]
