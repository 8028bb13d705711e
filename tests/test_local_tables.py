"""Tables of PDF pages, by what the local engine answers: grids, the lines in their cells, and what stands around."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from test_local_layout_rules import categories, cells, elements, found
from test_local_pdf import paragraph, text

from upstage_docs.local.pdf.lines import Line
from upstage_docs.local.pdf.tables.headers import HeaderCell, header_cells
from upstage_docs.local.pdf.tables.line_rows import is_rest, rows_by_lines, rows_of_bands
from upstage_docs.local.pdf.words import Word

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

CREW = "The crew of every ship was asked to sign the list at hour"
Rows = Sequence[Sequence[str]]


def grid(sheet: Canvas, rows: Rows, xs: Sequence[float], top: float, height: float = 20) -> None:
    """Draw a table with all its rules."""
    for n in range(len(rows) + 1):
        sheet.line(xs[0], top - n * height, xs[-1], top - n * height)
    for x in xs:
        sheet.line(x, top, x, top - len(rows) * height)
    for r, row in enumerate(rows):
        for x, cell in zip(xs, row, strict=False):
            text(sheet, x + 6, top - r * height - 14, [cell])


def told(answer: list[dict[str, object]]) -> list[list[str]]:
    """Return the texts of the one table's cells."""
    return [[cell for _, cell in row] for row in cells(answer)]


SPECIES = [["Species", "Share"], ["Heron", "29%"], ["Osprey", "34%"], ["Otter", "40%"], ["Mink", "35%"]]


@pytest.mark.parametrize("side", ["left", "right"])
def test_text_beside_a_grid_is_no_column_of_it(side: str) -> None:
    """Lines of prose in the rows of a narrow grid stay text."""

    def beside(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(CREW, 3))
        x = 330 if side == "left" else 70
        text(sheet, 60 if side == "left" else 270, 686, paragraph("The birds of the marsh were counted", 7), 10)
        grid(sheet, SPECIES, [x, x + 90, x + 160], 700)

    answer = elements(beside)
    assert told(answer) == SPECIES
    assert found(answer, "birds of the marsh")["category"] == "paragraph"


def test_the_shade_behind_text_makes_no_columns() -> None:
    """Programs shade a cell and, a few points inside, its text again: the inner edges part nothing."""

    def shaded(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(CREW, 3))
        for r, row in enumerate([*SPECIES, ["Vole", "12%"]]):
            for c, cell in enumerate(row):
                left, bottom = 80 + 120 * c, 640 - 20 * r
                sheet.setFillGray(0.8)
                sheet.rect(left, bottom, 120, 20, fill=1)
                sheet.setFillGray(0.7 if r % 2 else 0.9)
                sheet.rect(left + 5.4, bottom + 1, 109.2, 18, stroke=0, fill=1)
                sheet.setFillGray(0)
                text(sheet, left + 6 + 30 * c, bottom + 6, [cell])

    assert told(elements(shaded)) == [*SPECIES, ["Vole", "12%"]]


COHORTS = [
    ["Cohort", "Boats", "Crews", "Total"],
    ["Young", "1,530", "1,029", "2,559"],
    ["Older", "1,253", "855", "2,108"],
]


@pytest.mark.parametrize("number", [2, 3, 7])
def test_lines_of_values_are_rows_though_no_rule_parts_them(number: int) -> None:
    """A frame, a rule under the header and rules between columns: each line of numbers is a row, and it is no chart."""
    rows = [COHORTS[0], *([f"{name} {n}", *values] for n in range(number) for name, *values in COHORTS[1:])]

    def word(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(CREW, 4))
        bottom = 660 - 16 * len(rows)
        for x in (70, 160, 250, 340, 430):
            sheet.line(x, 664, x, bottom)
            sheet.line(x + 0.5, 664, x + 0.5, bottom)
            for y in (664, 646, bottom) if x < 430 else ():
                sheet.line(x, y, x + 90, y)
                sheet.line(x, y + 0.5, x + 90, y + 0.5)
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                text(sheet, 76 + 90 * c, 650 - 16 * r, [cell])
        text(sheet, 60, bottom - 40, paragraph(CREW, 4))

    answer = elements(word)
    assert told(answer) == rows
    assert "chart" not in categories(answer)


def test_a_grid_of_two_rows_is_a_table() -> None:
    """Hair lines, a frame that is drawn twice, and one row below the header: no figure."""
    rows = [["Direct", "Equity", "Grant", "Aid", "Loan"], ["", "yes", "", "yes", "40-90%"]]

    def hairlines(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(CREW, 4))
        sheet.setLineWidth(0.36)
        xs = [60, 140, 220, 300, 380, 460]
        grid(sheet, rows, xs, 640, 30)
        sheet.rect(60, 580, 400, 60)
        text(sheet, 60, 540, paragraph(CREW, 4))

    answer = elements(hairlines)
    assert told(answer) == rows
    assert "figure" not in categories(answer)


def band(*cells: str) -> list[list[Word]]:
    """Return the words of cells side by side, a word for each line, 12 points apart; a blank line has none."""
    return [
        [
            Word(line, (100.0 * c, 93.0 + 12 * n, 100.0 * c + 50, 102.0 + 12 * n), 100.0 + 12 * n, 10.0, False, "F")
            for n, line in enumerate(cell.split("/"))
            if line
        ]
        for c, cell in enumerate(cells)
    ]


def texts(rows: list[list[list[Word]]] | None) -> list[list[str]] | None:
    return None if rows is None else [[" ".join(word.text for word in cell) for cell in row] for row in rows]


def test_a_band_of_values_is_parted_by_its_lines() -> None:
    """A label without values is a row of its own, one that goes on in small letters is not."""
    assert texts(rows_by_lines(band("Boats:/Sail/Motor/and steam", "/12%/88%/", "/–/1,034/"))) == [
        ["Boats:", "", ""],
        ["Sail", "12%", "–"],
        ["Motor and steam", "88%", "1,034"],
    ]


@pytest.mark.parametrize(
    "cells",
    [
        ("Nets", "are mended/in winter"),
        ("Nets and lines", "12"),
        ("", "12/13"),
        ("Nets", "12/13/14"),
    ],
    ids=["prose", "one line", "no labels", "values beside one label"],
)
def test_a_band_without_values_beside_its_lines_is_one_row(cells: tuple[str, ...]) -> None:
    """Prose in a cell, or several values of one label, part no rows."""
    assert rows_by_lines(band(*cells)) is None


def lettered(*cells: str) -> list[list[Word]]:
    """Return the words of cells as `band` does, each line as wide as its letters are: 4 points."""
    return [
        [w._replace(box=(w.box[0], w.box[1], w.box[0] + 4.0 * len(w.text), w.box[3])) for w in c] for c in band(*cells)
    ]


RIGHTS = [90.0, 190.0, 290.0, 390.0]


def test_a_band_is_parted_where_lines_do_not_go_on() -> None:
    """A blank line, or room for the next word, stands between rows; a full line goes on, and a header is not looked at.

    Where one band holds several rows, another may hold two.
    """
    header = lettered("Kind", "Model/name", "Fit/by", "Note/text")
    several = lettered(
        "Plain",
        "Poisson///gamma",
        "exact/rough//exact",
        "for counts, with/with wide spread/of all the counts/for times",
    )
    two = lettered("Mixed", "one/two", "exact/rough", "first/second")
    found = rows_of_bands([header, several, two], RIGHTS)
    assert found[0] is None
    assert [texts(rows) for rows in found[1:]] == [
        [
            ["Plain", "Poisson", "exact", "for counts, with"],
            ["", "", "rough", "with wide spread of all the counts"],
            ["", "gamma", "exact", "for times"],
        ],
        [["Mixed", "one", "exact", "first"], ["", "two", "rough", "second"]],
    ]
    assert rows_of_bands([header, two], RIGHTS)[1] is None


@pytest.mark.parametrize(
    "cells",
    [
        ("Ann Lee", "Quay 1/4021 Port/Norland", "a friend"),
        (
            "Nets are mended in the/winter and stored then/in a dry loft",
            "Ann and Bo mend nets/by the light of lamps/at night",
            "yes",
        ),
        ("", "Boats of/the north/coast", "Nets of/the south/coast"),
        ("Ropes", "- long/- wide/- dry", "- short/- thin/- wet"),
    ],
    ids=["an address", "full lines", "no label", "lists"],
)
def test_a_band_whose_lines_belong_together_is_one_row(cells: tuple[str, ...]) -> None:
    """What is broken inside a cell parts no rows."""
    header = ("Name", "Place", "Note")[: len(cells)]
    assert rows_of_bands([lettered(*header), lettered(*cells)], RIGHTS[: len(cells)])[1] is None


@pytest.mark.parametrize(
    ("above", "below", "rest"),
    [
        (("Nets of the long twine", "12 m", "dry and bound in pairs"), ("that was tarred", "", "of two"), True),
        (("Nets of long twine and res-", "", "dry"), ("Olution", "", ""), True),
        (("Nets", "", "dry and bound"), ("", "", "or in pairs"), True),
        (("Nets", "", "dry and bound"), ("", "", "(in pairs)"), True),
        (("Nets", "", "dry and bound"), ("", "", "In pairs"), False),
        (("Nets of the long twine", "12 m", "dry"), ("ropes", "9 m", ""), False),
        (("Nets of twine", "", "dry"), ("ropes", "", ""), False),
        (("twine", "", "dry and bound in pairs"), ("ropes", "", "of two"), False),
        (("Nets", "12 m", "dry and bound in pairs"), ("ropes", "9 m", "of two"), False),
        (("", "12 m", ""), ("ropes of twine", "", ""), False),
    ],
    ids=[
        "two cells",
        "a hyphen",
        "beside no label",
        "in brackets",
        "a capital",
        "another had room",
        "it had room",
        "a single word above",
        "every cell has text",
        "nothing above",
    ],
)
def test_a_line_of_cells_is_the_rest_of_a_row(above: tuple[str, ...], below: tuple[str, ...], rest: bool) -> None:
    """Where the lines above it were full and it begins as the middle of a sentence does."""
    assert is_rest(lettered(*above), lettered(*below), RIGHTS[:3]) is rest


def test_a_table_framed_with_lists_in_its_cells_is_a_table() -> None:
    """One row below the header, as many lines in each cell: neither a figure nor a chart."""

    def lists(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(CREW, 4))
        for x in (60, 250, 440):
            for shift in (0, 0.7):
                sheet.line(x + shift, 660, x + shift, 642)
                sheet.line(x + shift, 640, x + shift, 560)
        for y in (660, 641, 560):
            for shift in (0, 0.7):
                sheet.line(60, y + shift, 440, y + shift)
        text(sheet, 66, 647, ["On board"], 10, "Helvetica-Bold")
        text(sheet, 256, 647, ["In the harbour"], 10, "Helvetica-Bold")
        text(
            sheet,
            66,
            628,
            ["Ropes of every length", "Lamps with their oil", "Charts of the coast", "Spare sails and nets", "Bread"],
        )
        text(
            sheet,
            256,
            628,
            [
                "A berth for the night",
                "Fresh water on the quay",
                "A pilot who knows the bar",
                "Ice for the catch",
                "Fuel",
            ],
        )
        text(sheet, 60, 520, paragraph(CREW, 4))

    assert categories(elements(lists)) == ["paragraph", "table", "paragraph"]


def test_rules_under_a_header_tell_which_columns_it_covers() -> None:
    """A table without rules between columns: short rules under a text span it over theirs, two levels high too."""
    xs = [70, 190, 250, 310, 370]
    names = ["Port", "1998", "1999", "2000", "2001"]
    values = [["Masan", "52K", "2.91M", "12.9K", "60.8K"], ["Ulsan", "48K", "100K", "11.2K", "20.1K"]]

    def booktabs(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(CREW, 4))
        for y in (680, 580):
            sheet.line(66, y, 410, y)
        for start, end in ((186, 286), (306, 406)):
            sheet.line(start, 650, end, 650)
        sheet.drawCentredString(296, 668, "Cargo in tonnes")
        sheet.drawCentredString(236, 653, "Coal")
        sheet.drawCentredString(356, 653, "Grain")
        for r, row in enumerate([names, *values]):
            for x, cell in zip(xs, row, strict=True):
                text(sheet, x, 636 - 18 * r, [cell])
        text(sheet, 60, 540, paragraph(CREW, 4))

    rows = cells(elements(booktabs))
    assert rows[0][-1] == ('colspan="4"', "Cargo in tonnes")
    assert rows[1][-2:] == [('colspan="2"', "Coal"), ('colspan="2"', "Grain")]
    assert [[cell for _, cell in row] for row in rows[-3:]] == [names, *values]


def line(words: str, x: float, baseline: float) -> Line:
    return Line([Word(words, (x, baseline - 7, x + 5.0 * len(words), baseline + 2), baseline, 10.0, False, "F")])


def test_a_header_of_two_lines_is_one_cell_and_a_lone_one_is_as_high_as_the_header() -> None:
    """Lines of one column at the pitch of text are one text; nothing above or below a text leaves it the room."""
    columns = [(0.0, 60.0), (100.0, 160.0), (200.0, 260.0)]
    lines = [line("Harbours", 0, 124), line("Ships in", 155, 100), line("steam", 100, 124), line("sail", 200, 124)]
    found, levels = header_cells(lines, columns, [(100, 106, 260, 106)])
    assert levels == 2
    assert set(found) == {
        HeaderCell("Harbours", 0, 1, 0, 0),
        HeaderCell("Ships in", 0, 0, 1, 2),
        HeaderCell("steam", 1, 1, 1, 1),
        HeaderCell("sail", 1, 1, 2, 2),
    }
    wrapped = [line("Share of", 100, 100), line("all ships", 100, 112), line("Port", 0, 112)]
    assert header_cells(wrapped, columns, [])[0][0].text == "Share of all ships"


def test_a_form_with_empty_cells_is_a_grid() -> None:
    """Labels whose cells beside them wait to be filled in are a table all the same."""
    rows = [["Name:", ""], ["Name of the ship:", "Port"], ["Company:", ""], ["Year:", ""]]

    def form(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(CREW, 4))
        grid(sheet, rows, [60, 220, 420], 660)
        text(sheet, 60, 540, paragraph(CREW, 4))

    assert told(elements(form)) == rows
