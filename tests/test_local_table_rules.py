"""Rules by which the local engine tells a table of a PDF, each drawn on a page of its own, asked as the API is."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from steps import grows_evenly

pytest.importorskip("reportlab")
pytest.importorskip("liteparse")

from reportlab.pdfgen.canvas import Canvas
from test_local_layout_rules import cells, elements
from test_local_pdf import paragraph, text

from upstage_docs.local.blocks import Cell
from upstage_docs.local.geometry import Box
from upstage_docs.local.pdf.tables.header_rows import with_header_words
from upstage_docs.local.pdf.tables.library_tables import Table
from upstage_docs.local.pdf.tables.ruled_grids import lattice_tables
from upstage_docs.local.pdf.words import Word

WORDS = "The ferries between the islands were counted on every day of the year"
LEFT = (80, 220, 320, 420)
"""Where the columns of the tables begin, in points."""


def tables(answer: Sequence[dict[str, Any]]) -> list[list[list[str]]]:
    """Return the cells of each table, row by row."""
    found = [element["content"]["html"] for element in answer if element["category"] == "table"]
    rows = [re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL) for table in found]
    return [
        [list(map(html.unescape, re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row))) for row in table] for table in rows
    ]


def draw_rows(
    sheet: Canvas,
    top: float,
    rows: Sequence[Sequence[str]],
    pitch: float = 18,
    font: str = "Helvetica",
    columns: Sequence[float] = LEFT,
) -> None:
    """Write *rows* downwards from *top*, their cells where the *columns* begin."""
    sheet.setFont(font, 10)
    for r, row in enumerate(rows):
        for x, cell in zip(columns, row, strict=False):
            sheet.drawString(x, top - pitch * r, cell)


ROWS = [
    ["Anmado", "1,204", "98.1", "12"],
    ["Biyangdo", "877", "97.4", "9"],
    ["Chujado", "2,310", "99.0", "15"],
    ["Deokjeokdo", "1,951", "96.2", "11"],
    ["Eocheongdo", "640", "95.8", "6"],
]
HEAD = ["Island", "Crossings", "On time", "Ships"]


def ruled(sheet: Canvas, top: float, rows: int, pitch: float = 18) -> None:
    for n in range(rows + 1):
        sheet.line(70, top - pitch * n, 480, top - pitch * n)


def banded(sheet: Canvas, height: float, header: Sequence[Sequence[str]]) -> None:
    """Draw a ruled table below a dark band that has *header* in white."""
    text(sheet, 60, 780, paragraph(WORDS, 4))
    sheet.setFillGray(0.3)
    sheet.rect(70, 634, 410, height, stroke=0, fill=1)
    sheet.setFillGray(1)
    draw_rows(sheet, 620 + height, header, pitch=25, font="Helvetica-Bold")
    sheet.setFillGray(0)
    draw_rows(sheet, 616, ROWS)
    ruled(sheet, 630, 5)


def test_a_filled_band_above_a_table_is_its_header() -> None:
    assert tables(elements(lambda sheet: banded(sheet, 40, [HEAD]))) == [[HEAD, *ROWS]]


def test_a_band_of_two_lines_is_a_header_of_two_rows() -> None:
    """What stands higher in the band, over some of the columns, is a row of its own."""
    header = [["", "In the year", "", "At the pier"], HEAD]

    answer = elements(lambda sheet: banded(sheet, 60, header))

    assert tables(answer) == [[*header, *ROWS]]
    (table,) = [element for element in answer if element["category"] == "table"]
    assert table["content"]["html"].partition("</thead>")[0].count("<tr>") == 2


@pytest.mark.parametrize(("size", "gap"), [(12, 12), (14, 20), (16, 14)])
def test_a_larger_line_above_a_table_is_a_heading_and_not_its_first_row(size: float, gap: float) -> None:
    def titled(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        text(sheet, 80, 620 + gap, ["Crossings by island and year"], size, "Helvetica-Bold")
        draw_rows(sheet, 620, [HEAD, *ROWS], pitch=14)
        ruled(sheet, 630, 6, 14)

    answer = elements(titled)
    assert [element["category"] for element in answer] == ["paragraph", "heading1", "table"]
    assert tables(answer) == [[HEAD, *ROWS]]


def test_lines_between_two_rules_are_one_row() -> None:
    def parted(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        lines = [HEAD, ["Anmado", "1,204", "98.1", "12"], ["and reefs", "crossings", "", ""], *ROWS[1:]]
        y = 640.0
        for n, line in enumerate(lines):
            draw_rows(sheet, y, [line])
            if n != 1:
                sheet.line(70, y - 5, 480, y - 5)
            y -= 18 if n != 1 else 12

    assert tables(elements(parted)) == [[HEAD, ["Anmado and reefs", "1,204 crossings", "98.1", "12"], *ROWS[1:]]]


def test_white_space_tells_rows_of_several_lines() -> None:
    """Without rules, where the first column of many lines is empty."""

    def spaced(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        draw_rows(sheet, 640, [HEAD])
        for n, row in enumerate(ROWS):
            draw_rows(sheet, 616 - 34 * n, [row, ["", "counted", "of all", "at most"]], pitch=11)

    rows = [[name, f"{count} counted", f"{share} of all", f"{ships} at most"] for name, count, share, ships in ROWS]
    assert tables(elements(spaced)) == [[HEAD, *rows]]


@pytest.mark.parametrize("mark", ["•", "–"])
def test_marks_beside_items_are_a_list_and_no_table(mark: str) -> None:
    def items(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        for n in range(6):
            text(sheet, 80, 640 - 16 * n, [mark])
            text(sheet, 110, 640 - 16 * n, [f"The ferry number {n + 1} leaves the pier at noon"])

    answer = elements(items)
    assert tables(answer) == []
    assert "list" in [element["category"] for element in answer]


def test_marks_beside_columns_are_no_table() -> None:
    """Though each line has three parts that stand under each other."""

    def marked(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        for n in range(6):
            for x, words in ((80, "•"), (150, f"Ferry {n}"), (300, "noon")):
                text(sheet, x, 640 - 16 * n, [words])

    assert tables(elements(marked)) == []


def test_titles_between_numbers_and_pages_are_an_index() -> None:
    def contents(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        for n in range(6):
            for x, words in ((80, str(n + 1)), (110, "The ferries and their piers"), (400, str(7 + 4 * n))):
                text(sheet, x, 640 - 16 * n, [words])

    answer = elements(contents)
    assert tables(answer) == []
    assert answer[-1]["category"] == "index"


def test_two_columns_of_prose_are_no_table() -> None:
    def columns(sheet: Canvas) -> None:
        text(sheet, 60, 780, ["the ferries between the islands were", "counted on every day of the year and"] * 12)
        text(sheet, 310, 780, ["nobody knows how many were missed in", "the fog, which lay there until noon so"] * 12)

    assert tables(elements(columns)) == []


def test_prose_whose_first_words_stand_below_a_section_number_is_no_table() -> None:
    """The words after the first one begin right of the title, but not at one place, and nothing parts them from it."""

    def code_with_remarks(sheet: Canvas) -> None:
        text(sheet, 60, 780, ["4.1", "", "", "", "", "4.2"], 12, "Helvetica-Bold")
        text(sheet, 90, 780, ["Global variables", "", "", "", "", "Layout of the page"], 12, "Helvetica-Bold")
        for y in (760, 690):
            text(
                sheet,
                60,
                y,
                [
                    "The class is set up with the details of the author, which are global variables",
                    "for them all, so that the commands of the class read them at any time and place.",
                ],
            )
        for y in (732, 660):
            text(sheet, 66, y, ["20", "21", "22"], 7)
            text(
                sheet, 90, y, ["define the option of the class", "at the end of its preamble", "and give its value"], 7
            )

    answer = elements(code_with_remarks)
    assert tables(answer) == []
    assert "4.1 Global variables" in [element["content"]["text"] for element in answer]


@pytest.mark.parametrize(
    ("font", "lines", "is_table"),
    [
        ("Courier", ["count --ships"], False),
        ("Helvetica", ["Ferries between the islands wait where the quay is wide, and the others wait"] * 2, False),
        ("Helvetica", ["Ferries that wait at the quay between the islands"], True),
    ],
    ids=["code", "sentences", "names"],
)
def test_frames_below_each_other_are_a_table_only_of_names(font: str, lines: list[str], is_table: bool) -> None:
    def frames(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        for top in (680, 650, 620, 590):
            sheet.rect(60, top - 30, 440, 30)
            text(sheet, 66, top - 12, lines, font=font)
        text(sheet, 60, 540, paragraph(WORDS, 4))

    assert bool(tables(elements(frames))) is is_table


def test_bars_from_edge_to_edge_of_a_slide_are_no_rules_of_a_table() -> None:
    def slide(sheet: Canvas) -> None:
        for y, height, shade in ((0, 20, 0.2), (20, 20, 0.5), (780, 30, 0.5), (810, 32, 0.2)):
            sheet.setFillGray(shade)
            sheet.rect(0, y, 596, height, stroke=0, fill=1)
        sheet.setFillGray(1)
        text(sheet, 15, 790, ["Ships of the bay"], 14)
        for y, left, right in ((27, "E. North", "Harbour board"), (7, "The quay", "3 of 14")):
            text(sheet, 15, y, [left], 9)
            sheet.drawRightString(580, y, right)
        sheet.setFillGray(0)
        text(sheet, 200, 300, ["Ferries and pilots in the winter"], 11)

    assert tables(elements(slide)) == []


def test_columns_of_a_listing_are_code_and_no_table() -> None:
    def listing(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        for n in range(8):
            for x, words in ((80, "mov"), (150, f"r{n}"), (220, str(7 * n)), (320, "; load")):
                text(sheet, x, 640 - 12 * n, [words], font="Courier")

    answer = elements(listing)
    assert tables(answer) == []
    assert "code" in [element["category"] for element in answer]


def test_a_plot_with_grid_lines_is_no_table() -> None:
    """Numbers beside the lines of a chart's grid are its scale."""

    def plot(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        for n in range(6):
            sheet.line(100, 400 + 40 * n, 460, 400 + 40 * n)
            text(sheet, 76, 397 + 40 * n, [str(100 * n)])
        path = sheet.beginPath()
        path.moveTo(100, 420)
        for n in range(1, 8):
            path.curveTo(100 + 50 * n - 30, 420 + 10 * n, 100 + 50 * n - 15, 500, 100 + 50 * n, 430 + 20 * n)
        sheet.drawPath(path)

    assert tables(elements(plot)) == []


def test_a_table_that_gets_a_header_keeps_its_spans_and_its_grid() -> None:
    words = [Word(name, (x, 10, x + 20, 20), 18, 10, bold=True, font="") for name, x in (("Port", 10), ("Year", 110))]
    body = [["Harbours of the north", ""], ["Skerry", "1904"]]
    spans = {(0, 0): (1, 2), (1, 0): (1, 1), (1, 1): (1, 1)}
    table = Table((0, 30, 200, 60), body, [20, 120], 0, frozenset({5}), spans=spans, gridded=True)
    made = table.with_header(words, [0, 1])
    assert made.cells == (
        (Cell("Port"), Cell("Year")),
        (Cell("Harbours of the north", 1, 2),),
        (Cell("Skerry"), Cell("1904")),
    )
    assert (made.gridded, made.header_rows, made.words) == (True, 1, frozenset({0, 1, 5}))


def test_a_line_of_a_caption_above_a_table_is_no_row_of_it() -> None:
    """It runs on from the first column over the white between the first two, though a rule is right below it."""

    def captioned(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        text(
            sheet,
            80,
            664,
            ["Table 3: Crossings by island and year; the largest of", "each column are those that count."],
        )
        draw_rows(sheet, 634, [HEAD, *ROWS], pitch=14)
        for y in (644, 630, 560):
            sheet.line(76, y, 480, y)

    answer = elements(captioned)
    assert tables(answer) == [[HEAD, *ROWS]]
    assert any("each column are those that count." in element["content"]["text"] for element in answer)


def test_the_last_lines_of_a_cell_above_the_last_rule_are_in_the_table() -> None:
    def ruled_rows(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        sheet.setFont("Helvetica", 10)
        y = 660.0
        for row in (["Port", "Duties", "Remarks"], ["North pier", "Unloads herring", "Closed in winter"]):
            sheet.line(70, y + 12, 480, y + 12)
            for x, cell in zip((80, 180, 360), row, strict=True):
                sheet.drawString(x, y, cell)
            y -= 18
        sheet.line(70, y + 12, 480, y + 12)
        sheet.drawString(80, y, "Old harbour")
        for n, line in enumerate(
            ["Holds the market on Saturdays,", "the auction on Mondays, and", "lets boats to visitors"]
        ):
            sheet.drawString(180, y - 12 * n, line)
        sheet.line(70, y - 30, 480, y - 30)
        text(sheet, 60, y - 60, paragraph(WORDS, 3))

    (rows,) = tables(elements(ruled_rows))
    assert rows[-1] == [
        "Old harbour",
        "Holds the market on Saturdays, the auction on Mondays, and lets boats to visitors",
        "",
    ]


@pytest.mark.parametrize("below", [[], ["Counted by the ferry office."], ["1"]])
def test_the_last_row_of_a_shaded_table_has_no_shade(below: list[str]) -> None:
    """Where every second row is shaded, it is a row all the same, and no footer; a note below it is none."""
    last = ["Geomundo", "311", "94.0", "5"]

    def shaded(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        for n in range(0, len(ROWS) + 1, 2):
            sheet.setFillGray(0.2 if n == 0 else 0.9)
            sheet.rect(70, 132 - 18 * n, 410, 18, stroke=0, fill=1)
        sheet.setFillGray(1)
        draw_rows(sheet, 138, [HEAD], font="Helvetica-Bold")
        sheet.setFillGray(0)
        draw_rows(sheet, 120, [*ROWS, last])
        text(sheet, 80, 120 - 18 * len(ROWS) - 24, below)

    answer = elements(shaded)
    assert tables(answer) == [[HEAD, *ROWS, last]]
    assert [e["content"]["text"] for e in answer if e["category"] in {"footer", "paragraph"}][1:] == below


def test_lines_between_two_rules_that_have_their_own_values_are_rows() -> None:
    """Of a group of rows, the number that all have stands in their middle; a header ends at its rule."""

    def grouped(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        sheet.setFont("Helvetica", 10)

        def row(y: float, cells: Sequence[str]) -> None:
            for x, cell in zip((80, 150, 240, 320, 400), cells, strict=True):
                sheet.drawString(x, y, cell)

        row(660, ["Boats", "Season", "Calm", "Storm", "Share"])
        row(648, ["", "", "", "", "(0.75)"])
        for n in range(3):
            top = 624 - 36 * n
            row(top, ["", "Summer", f"0.9{n}5", f"0.8{n}4", f"0.7{n}1"])
            row(top - 6, [str(6 - 2 * n), "", "", "", ""])
            row(top - 12, ["", "Winter", f"0.6{n}5", f"0.5{n}4", f"0.4{n}1"])
        for y in (674, 640, 604, 568, 532):
            sheet.line(74, y, 450, y)

    (rows,) = tables(elements(grouped))
    assert rows[0] == ["Boats", "Season", "Calm", "Storm", "Share (0.75)"]
    assert rows[1:3] == [["6", "Summer", "0.905", "0.804", "0.701"], ["", "Winter", "0.605", "0.504", "0.401"]]
    assert len(rows) == 7


def test_a_framed_header_and_a_total_belong_to_the_rows_between() -> None:
    """Only rules run between the rows, and nothing below the last."""

    def framed(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        sheet.grid((70, 210, 310, 410, 480), (652, 634, 616))
        sheet.setFont("Helvetica-Bold", 10)
        for x, name in ((80, "Island"), (220, "Counted"), (320, "Kept"), (420, "Lost")):
            sheet.drawString(x, 640, name)
        for x, name in ((80, "(of all)"), (220, "ships"), (320, "share"), (420, "days")):
            sheet.drawString(x, 622, name)
        draw_rows(sheet, 602, ROWS[:3])
        for n in range(3):
            sheet.line(70, 597 - 18 * n, 480, 597 - 18 * n)
        draw_rows(sheet, 602 - 54, [["Total", "4,391", "98.2", "36"]])
        text(sheet, 60, 500, paragraph(WORDS, 3))

    (rows,) = tables(elements(framed))
    assert rows[:2] == [["Island", "Counted", "Kept", "Lost"], ["(of all)", "ships", "share", "days"]]
    assert rows[2:] == [*ROWS[:3], ["Total", "4,391", "98.2", "36"]]


def test_each_column_has_one_of_as_many_names() -> None:
    """A name in the middle of its column may stand nearer to the numbers of the next, which are set flush right."""

    def centred(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        sheet.setFont("Helvetica", 10)
        for x, name in ((95, "Island"), (182, "Ships"), (264, "Share"), (400, "Remark of the keeper")):
            sheet.drawCentredString(x, 640, name)
        for n, (name, *numbers) in enumerate(ROWS):
            sheet.drawString(80, 622 - 18 * n, name)
            sheet.drawRightString(248, 622 - 18 * n, numbers[0])
            sheet.drawRightString(332, 622 - 18 * n, numbers[1])
            sheet.drawString(350, 622 - 18 * n, "counted")
        for n in range(7):
            sheet.line(70, 653 - 18 * n, 470, 653 - 18 * n)

    (rows,) = tables(elements(centred))
    assert rows[0] == ["Island", "Ships", "Share", "Remark of the keeper"]


def test_text_on_the_other_half_of_a_slide_is_no_column_of_a_grid() -> None:
    def slide(sheet: Canvas) -> None:
        sheet.setFont("Helvetica", 12)
        sheet.grid((60, 120, 180, 240), (660, 636, 612, 588))
        for n, row in enumerate([["Year", "2020", "2021"], ["Delay", "12", "8"], ["Cost", "3.1", "2.9"]]):
            for x, cell in zip((66, 126, 186), row, strict=True):
                sheet.drawString(x, 644 - 24 * n, cell)
        text(sheet, 380, 644, ["Key message"], 12, "Helvetica-Bold")
        text(sheet, 380, 620, ["Delays fell by a third"], 12)
        text(sheet, 380, 596, ["and costs as well"], 12)

    assert tables(elements(slide)) == [[["Year", "2020", "2021"], ["Delay", "12", "8"], ["Cost", "3.1", "2.9"]]]


def test_of_three_grids_in_a_column_the_second_gets_the_first_as_its_header() -> None:
    """Each might be the header of the next; one that has become a part of a table is none any more."""

    def grid(top: float, *rows: list[str]) -> Table:
        return Table((0, top, 200, top + 36), list(rows), [50, 150], 0, frozenset(), gridded=True)

    first, second, third = (
        grid(40 * n, ["Port", "Ship"], [port, ship])
        for n, (port, ship) in enumerate([("North", "Heron"), ("South", "Gull"), ("East", "Tern")])
    )
    note = Word("Counted", (0, 900, 40, 910), 908, 10, bold=False, font="")
    joined, last = sorted(with_header_words([first, second, third], [note], [False]), key=lambda table: table.box)
    assert (joined.rows, joined.header_rows) == ([*first.rows, *second.rows], 2)
    assert last is third


def test_a_shaded_header_and_a_shaded_title_above_ruled_rows_are_of_their_table() -> None:
    """So browsers set statements: the shades make a grid, and the rows below it have rules between them alone."""
    rows = [("Cash", "994", "213"), ("Stock", "562", "907"), ("Plant", "704", "650")]
    debts = [("Loans", "219", "196"), ("Tax", "973", "717")]

    edges = (63, 128, 174, 220)

    def drawn(sheet: Canvas) -> None:
        def write(y: float, texts: Sequence[str], font: str = "Helvetica") -> None:
            for x, cell in zip(edges, texts, strict=False):
                text(sheet, x + 8, y + 5, [cell], font=font)

        text(sheet, 60, 790, paragraph(WORDS, 3))
        for left, right in pairwise(edges):
            sheet.setFillGray(0.2)
            sheet.rect(left, 709, right - left, 18, stroke=0, fill=1)
        sheet.setFillGray(0.87)
        for y in (691.0, 618.0):
            sheet.rect(63, y, 157, 18, stroke=0, fill=1)
        sheet.setFillGray(0.8)
        for y in (691.0, 672.5, 654.5, 636.0, 618.0, 599.0, 581.0):
            for left, right in pairwise(edges):
                sheet.rect(left, y, right - left, 0.75, stroke=0, fill=1)
        sheet.setFillGray(1)
        write(709, ("Account", "2030", "2031"), "Helvetica-Bold")
        sheet.setFillGray(0)
        write(691, ("Assets",), "Helvetica-Bold")
        write(618, ("Liabilities",), "Helvetica-Bold")
        for y, row in zip((672.5, 654.5, 636.0, 599.0, 581.0), (*rows, *debts), strict=True):
            write(y, row)
        text(sheet, 60, 550, paragraph(WORDS, 4))

    (table,) = tables(elements(drawn))
    assert table[0] == ["Account", "2030", "2031"]
    assert [row for row in table if row[-1].isdigit()][1:] == [list(row) for row in (*rows, *debts)]


def test_a_rule_that_begins_under_a_name_makes_a_row() -> None:
    """Papers set names of several columns above these without a rule between the two lines."""

    def grid(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 4))
        for y in (640, 612, 598, 584):
            sheet.line(80, y, 320, y)
        for x in (80, 140, 200, 260, 320):
            for top, bottom in ((640, 626), (626, 612), (612, 598), (598, 584)):
                if (x, top) != (200, 640):
                    sheet.line(x, top, x, bottom)
        sheet.drawCentredString(200, 630, "Simple")
        for y, row in (
            (622, ["Model", "", "", "All"]),
            (616, ["", "Low", "High", ""]),
            (602, ["Ours", "98.5", "95.0", "96.7"]),
            (588, ["Theirs", "91.1", "88.7", "89.9"]),
        ):
            for x, cell in zip((110, 170, 230, 290), row, strict=True):
                sheet.drawCentredString(x, y, cell)

    assert cells(elements(grid)) == [
        [('rowspan="2"', "Model"), ('colspan="2"', "Simple"), ('rowspan="2"', "All")],
        [("", "Low"), ("", "High")],
        [("", "Ours"), ("", "98.5"), ("", "95.0"), ("", "96.7")],
        [("", "Theirs"), ("", "91.1"), ("", "88.7"), ("", "89.9")],
    ]


def test_the_work_for_rules_that_begin_inside_rows_grows_with_their_number() -> None:
    """Drawings of machines and plans of works have thousands of them."""
    rules = [(50.0, 60.0 * n + 20, 550.0, 60.0 * n + 20) for n in range(12)]
    ends = [(x, 20.0, x, 680.0) for x in (50.0, 550.0)]

    def drawn(number: int) -> tuple[list[Word], list[Box]]:
        sides = [(60 + n * 0.17, 60.0 * (n % 11) + 40, 60 + n * 0.17, 60.0 * (n % 11) + 80) for n in range(number)]
        places = [(51.0 + n % 60 * 8, 30.0 + 2 * (n // 60)) for n in range(7 * number)]
        return [Word("a", (x, y - 6, x + 4, y + 1), y, 7.0, False, "") for x, y in places], sides

    def find(page: tuple[list[Word], list[Box]]) -> None:
        words, sides = page
        lattice_tables(words, [False] * len(words), rules, [*sides, *ends])

    assert grows_evenly(drawn, find, 200)
