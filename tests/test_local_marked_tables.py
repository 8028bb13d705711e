"""Tables of texts are found by the marks that set them off, and by names beside what they name."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import pytest

from upstage_docs.local.pdf.document import read_pdf

pytest.importorskip("reportlab")

from reportlab.lib import colors
from reportlab.pdfgen import canvas

pytest.importorskip("liteparse")

Draw = Callable[["canvas.Canvas"], None]
Rows = list[list[str]]

OPTIONS = [
    ["Option", "Meaning"],
    ["quiet", "no message is printed"],
    ["strict", "each warning ends the run"],
    ["keep", "old files stay in their folder"],
]
PROSE = "The mill took in more wheat than in any year before, and the stones were turned by day and by night."


def tables(draw: Draw, *, size: tuple[int, int] = (595, 842)) -> list[Rows]:
    """Return the rows of the tables on the page that *draw* draws."""
    out = io.BytesIO()
    sheet = canvas.Canvas(out, pagesize=size, invariant=1)
    draw(sheet)
    sheet.showPage()
    sheet.save()
    (page,) = read_pdf(out.getvalue())
    return [[[cell.text for cell in row] for row in block.rows] for block in page.blocks if block.category == "table"]


def write(
    sheet: canvas.Canvas, rows: Sequence[Sequence[str]], lefts: Sequence[float], top: float, pitch: float = 16
) -> None:
    """Write *rows* with their columns at *lefts*; the lines of a cell are parted by `|`, and stand in its middle."""
    y = top
    for row in rows:
        tall = max(cell.count("|") for cell in row)
        for left, cell in zip(lefts, row, strict=True):
            lines = cell.split("|")
            for number, line in enumerate(lines):
                sheet.drawString(left, y - 11.5 * (number + (tall - len(lines) + 1) / 2), line)
        y -= pitch + 11.5 * tall


def prose(sheet: canvas.Canvas, y: float) -> None:
    for line in range(3):
        sheet.drawString(72, y - 12 * line, PROSE[: 95 - 7 * line])


def test_a_shaded_header_sets_off_a_table_of_texts() -> None:
    def draw(sheet: canvas.Canvas) -> None:
        prose(sheet, 780)
        for left, right in ((72, 160), (160, 330)):  # a shade for each cell, as browsers draw them
            sheet.setFillColor(colors.darkslategray)
            sheet.rect(left, 715, right - left, 16, fill=1, stroke=0)
        sheet.setFillColor(colors.white)
        write(sheet, OPTIONS[:1], (76, 164), 725)
        sheet.setFillColor(colors.black)
        write(sheet, OPTIONS[1:], (76, 164), 709)
        prose(sheet, 640)

    assert tables(draw) == [OPTIONS]


def test_a_rule_below_names_sets_off_cells_of_several_lines_that_stand_in_the_middle() -> None:
    rows = [
        ["Type", "What it is"],
        ["name", "of the file, without the folder|that it stands in"],
        ["size", "in bytes"],
        ["moment", "when it was changed last, in|seconds since the year 1970,|in the time of the machine"],
    ]

    def draw(sheet: canvas.Canvas) -> None:
        write(sheet, rows, (76, 180), 740)
        sheet.line(72, 729, 400, 729)
        prose(sheet, 630)

    assert tables(draw) == [[[cell.replace("|", " ") for cell in row] for row in rows]]


def test_two_rules_set_off_names_and_what_they_name() -> None:
    rows = [["Returns", "how many slots there are"], ["Throws", "nothing"], ["Cost", "grows with their number"]]

    def draw(sheet: canvas.Canvas) -> None:
        prose(sheet, 780)
        sheet.line(72, 730, 400, 730)
        write(sheet, rows, (76, 180), 722, pitch=13)
        sheet.line(72, 680, 400, 680)
        prose(sheet, 660)

    assert tables(draw) == [rows]


def test_vertical_rules_set_off_a_table() -> None:
    rows = [["needs", "a type that can be copied"], ["gives", "whether it was there"], ["fails", "never"]]

    def draw(sheet: canvas.Canvas) -> None:
        prose(sheet, 780)
        write(sheet, rows, (76, 150), 720)
        for row in range(3):  # a piece for each cell
            sheet.line(140, 728 - 16 * row, 140, 712 - 16 * row)
        prose(sheet, 650)

    assert tables(draw) == [rows]


def test_short_names_beside_what_they_name_are_a_table_without_a_mark() -> None:
    rows = [
        ["report.h", "how long a report may be, and what stands in it"],
        ["mill.h", "the types of mills"],
        ["grain.h", "kinds of grain, and what each weighs"],
        ["flour.h", "kinds of flour"],
    ]

    def draw(sheet: canvas.Canvas) -> None:
        prose(sheet, 780)
        write(sheet, rows, (80, 170), 720)
        prose(sheet, 640)

    assert tables(draw) == [rows]


def test_a_name_that_fills_its_cell_is_cut_from_what_it_names() -> None:
    rows = [["open()", "opens a file"], ["open_or_make()", "opens one, or makes it"], ["close()", "closes it again"]]
    rows += [["read()", "reads what is left of it"]]

    def draw(sheet: canvas.Canvas) -> None:
        sheet.setFont("Helvetica", 10)
        width = sheet.stringWidth(rows[1][0], "Helvetica", 10)
        write(sheet, rows, (80, 80 + width + 4.5), 720, pitch=13)

    assert tables(draw) == [rows]


def test_marks_behind_names_are_values_of_a_table_and_no_bullets() -> None:
    said = {"AES": "  ••", "RSA": "••••", "ECDH": "•••", "HMAC": "  ••", "HKDF": "   •"}
    rows = [[key, *(mark.strip() for mark in marks.ljust(4))] for key, marks in said.items()]

    def draw(sheet: canvas.Canvas) -> None:
        sheet.setFont("Helvetica", 9)
        write(sheet, rows, (76, 160, 200, 240, 280), 720, pitch=13)

    assert tables(draw) == [rows]


def test_lines_that_are_equally_far_apart_are_a_row_for_each_label() -> None:
    rows = [["Form", "What it is", "Note"], ["gztar", "packed by gzip", "(1)"], ["bztar", "packed by bzip2", ""]]
    rows += [["ztar", "packed by compress", "(3)"], ["tar", "not packed", ""], ["zip", "zip file", "(2)"]]

    def draw(sheet: canvas.Canvas) -> None:
        sheet.setFillColor(colors.lightgrey)
        sheet.rect(72, 717, 230, 12, fill=1, stroke=0)
        sheet.setFillColor(colors.black)
        sheet.setFont("Helvetica", 9)
        write(sheet, rows, (76, 130, 260), 720, pitch=10.5)

    assert tables(draw) == [rows]


def test_a_column_may_have_nothing_but_its_name() -> None:
    rows = [["Option", "Meaning", "Note"], *([*row, ""] for row in OPTIONS[1:])]

    def draw(sheet: canvas.Canvas) -> None:
        write(sheet, rows, (76, 164, 400), 740)
        sheet.line(72, 735, 470, 735)

    assert tables(draw) == [rows]


def test_columns_of_a_page_below_a_ruled_header_are_no_table() -> None:
    def draw(sheet: canvas.Canvas) -> None:
        sheet.setFont("Helvetica", 9)
        sheet.drawString(72, 800, "Journal of Milling")
        sheet.drawString(330, 800, "Volume 12")
        sheet.line(72, 795, 520, 795)
        for line in range(30):
            sheet.drawString(72, 770 - 12 * line, PROSE[line % 7 : line % 7 + 48])
            sheet.drawString(330, 770 - 12 * line, PROSE[40 + line % 5 : 40 + line % 5 + 46])

    assert tables(draw) == []


def test_words_in_two_columns_are_no_names() -> None:
    """As in an index: what stands on the right is no longer than what stands on the left."""
    words = ["barley", "bread", "crust", "dough", "flour", "grain", "grinding", "harvest"]

    def draw(sheet: canvas.Canvas) -> None:
        write(sheet, [[f"{word}, {n}", f"{word[::-1]}, {n + 9}"] for n, word in enumerate(words)], (72, 330), 760, 13)

    assert tables(draw) == []


def test_comments_in_a_frame_are_no_table() -> None:
    def draw(sheet: canvas.Canvas) -> None:
        sheet.line(72, 730, 480, 730)
        write(sheet, [["%", f"what is said of line {n} of the file"] for n in range(5)], (76, 100), 722, pitch=13)
        sheet.line(72, 655, 480, 655)

    assert tables(draw) == []


def test_the_text_below_a_table_is_no_row_of_it() -> None:
    def draw(sheet: canvas.Canvas) -> None:
        write(sheet, OPTIONS, (76, 164), 740)
        sheet.line(72, 729, 470, 729)
        sheet.drawString(72, 668, "Options end here")

    assert tables(draw) == [OPTIONS]
