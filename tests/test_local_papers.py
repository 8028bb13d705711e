"""Papers: authors, numbered formulas and references in two columns, and manuscripts whose lines are numbered."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

import pytest
from steps import grows_evenly

pytest.importorskip("reportlab")
pytest.importorskip("liteparse")

from test_local_layout_rules import categories, elements, found
from test_local_pdf import paragraph, text
from test_local_table_rules import tables

from upstage_docs.local.pdf.line_numbers import line_numbers
from upstage_docs.local.pdf.words import Word

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

LEFT, RIGHT = 54.0, 318.0
COLUMN = "The pilot of each ship was asked to sign the list at hour"
SECOND = "No lamp of the outer mole was lit before the watch of hour"
QUAY = "Tides at the head of the bay were measured for two years with a gauge of brass"


def test_authors_side_by_side_are_read_before_two_columns_of_text() -> None:
    """Each stands over the middle of a column, in several lines; the columns begin with headings."""

    def paper(sheet: Canvas) -> None:
        sheet.setFont("Helvetica-Bold", 18)
        sheet.drawCentredString(306, 740, "A Gauge for Tides of the Inner Bay that Writes by Itself")
        for middle, lines in (
            (180, ["Ada North", "Harbour University", "Bergen"]),
            (440, ["Ben South", "Pilots of the Bay", "Cork"]),
        ):
            for n, line in enumerate(lines):
                sheet.setFont("Helvetica", 9 if n else 12)
                sheet.drawCentredString(middle, 712 - 12 * n, line)
        for x, heading, words in ((LEFT, "Abstract", COLUMN), (RIGHT, "Related work", SECOND)):
            text(sheet, x, 660, [heading], font="Helvetica-Bold", size=12)
            text(sheet, x, 642, paragraph(words, 20), size=9)

    told = [element["content"]["text"].split("\n")[0] for element in elements(paper)]
    assert [line for line in told if line in {"Ada North", "Ben South", "Abstract", "Related work"}] == [
        "Ada North",
        "Ben South",
        "Abstract",
        "Related work",
    ]


@pytest.mark.parametrize("whole", [True, False], ids=["as wide as the column", "in its middle"])
def test_pictures_at_the_top_of_two_columns_are_read_with_these(*, whole: bool) -> None:
    """They stand over the middle of a column, as authors do, and so may their captions."""

    def paper(sheet: Canvas) -> None:
        for x, number, words in ((LEFT, 1, COLUMN), (RIGHT, 2, SECOND)):
            sheet.setFillColorRGB(0.2, 0.4, 0.8)
            for n in range(5):
                sheet.circle(x + 60 + 30 * n, 690 + 10 * (n % 3), 12, fill=1)
            sheet.setFillGray(0)
            caption = f"Figure {number}. Lamps of the bay by their height"
            if whole:
                text(sheet, x, 650, [f"{caption} at low tide", "as the pilots tell it."], size=9)
            else:
                text(sheet, x + 30, 650, [caption, f"and by their ships in year {number}"], size=8)
            text(sheet, x, 610, paragraph(words, 30), size=9)

    told = [element["content"]["text"].split("\n")[0].split(".")[0] or "picture" for element in elements(paper)]
    assert told == ["picture", "Figure 1", f"{COLUMN} 0", "picture", "Figure 2", f"{SECOND} 0"]


def test_the_number_of_a_formula_is_no_mark_before_the_other_column() -> None:
    def paper(sheet: Canvas) -> None:
        text(sheet, LEFT + 150, 700, ["E = a + b − c"], size=9)
        sheet.drawRightString(294, 700, "(1)")
        text(sheet, LEFT, 650, paragraph(COLUMN, 18), size=9)
        text(sheet, RIGHT, 700, [SECOND + f" {n}" for n in range(24)], size=9)

    answer = elements(paper)
    assert found(answer, "hour 0 No")["content"]["text"].startswith("No lamp")
    assert "(1)" not in found(answer, "hour 0 No")["content"]["text"]
    assert categories(answer).count("equation") == 1


def test_text_beside_the_numbers_of_references_is_no_table() -> None:
    """The references of the other column are smaller, so that some lines of the two columns stand in a row."""

    def paper(sheet: Canvas) -> None:
        lines = [
            f"of the water that each {word} of the bay has told, and the" for word in ("gauge", "ship", "pilot") * 6
        ]
        text(sheet, LEFT, 700, ["The lamp of the mole is lit by hand. It shows the height", *lines], size=9.5)
        for n in range(1, 11):
            y = 714 - 2 * 9 * n
            text(sheet, RIGHT, y, [f"[{n}]"], size=7.5)
            text(sheet, RIGHT + 16, y, [f"E. North and K. South. Tides {n} and their gauges. In Proceedings"], size=7.5)
            text(sheet, RIGHT + 16, y - 9, [f"of the Harbour Conference, pages {n}1-{n}9, 1990."], size=7.5)

    assert "table" not in categories(elements(paper))


@pytest.mark.parametrize(
    ("step", "off"), [(1, 0), (5, 0), (1, 6)], ids=["each line", "each fifth line", "between the lines"]
)
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_numbers_of_lines_are_no_part_of_the_text(step: int, off: float, side: str) -> None:
    def manuscript(sheet: Canvas) -> None:
        words = [f"that the lamp of the mole is lit by hand when {name}" for name in ("tides", "ships", "gales") * 13]
        lines = ["Of Lamps", "Each night the pilots of the bay tell", *words]
        for n, line in enumerate(lines):
            text(sheet, 100, 740 - 16 * n, [line], font="Helvetica" if n else "Helvetica-Bold")
            if (n + 1) % step == 0:
                sheet.setFont("Helvetica", 6)
                sheet.drawRightString(88 if side == "left" else 400, 740 + off - 16 * n, str(n + 1))

    answer = elements(manuscript)
    assert categories(answer) == ["heading1", "paragraph", "footer"]
    assert answer[0]["content"]["text"] == "Of Lamps"
    assert not any(map(str.isdigit, answer[1]["content"]["text"]))


def test_the_work_for_columns_that_count_grows_with_their_number() -> None:
    def words(columns: int) -> list[Word]:
        return [
            Word(str(row), (9.0 * column, 20.0 * row, 9.0 * column + 4, 20.0 * row + 8), 20.0 * row + 7, 8.0, False, "")
            for column in range(columns)
            for row in range(1, 9)
        ]

    assert line_numbers(words(50), []) == []
    assert grows_evenly(words, lambda found: line_numbers(found, []), 50)


def test_the_numbers_of_steps_are_theirs() -> None:
    def steps(sheet: Canvas) -> None:
        for n in range(1, 13):
            text(sheet, 100, 740 - 16 * n, [str(n)])
            text(sheet, 130, 740 - 16 * n, [f"Light the lamp of the mole by hand when ship {n} is told"])

    assert "footer" not in categories(elements(steps))


def test_numbers_of_lines_that_stand_flush_left_are_no_part_of_the_text_either() -> None:
    """Those of one digit end at another place than the others, of which this page has few."""

    def manuscript(sheet: Canvas) -> None:
        for n, name in enumerate(["tides", "ships", "gales"] * 4):
            text(sheet, 100, 740 - 16 * n, [f"that the lamp of the mole is lit by hand when {name}"])
            text(sheet, 80, 740 - 16 * n, [str(n + 1)], size=6)

    answer = elements(manuscript)
    assert categories(answer) == ["paragraph", "footer"]
    assert not any(map(str.isdigit, answer[0]["content"]["text"]))


def test_a_line_of_code_leaves_the_numbers_of_lines_what_they_are() -> None:
    def manuscript(sheet: Canvas) -> None:
        for n, name in enumerate(["tides", "ships", "gales"] * 6):
            font = "Courier" if n == 9 else "Helvetica"
            text(sheet, 100, 740 - 16 * n, [f"that the lamp of the mole is lit by hand when {name}"], font=font)
            text(sheet, 80, 740 - 16 * n, [str(n + 1)], size=6)

    shown = [element["content"]["text"] for element in elements(manuscript) if element["category"] != "footer"]
    assert shown
    assert not any(map(str.isdigit, "".join(shown)))


@pytest.mark.parametrize(
    ("first", "lines", "ruled"),
    [(1990, 1, False), (1, 2, False), (1, 1, True)],
    ids=["a chronology", "items of two lines", "rows of a table"],
)
def test_numbers_that_count_more_than_lines_stay_with_what_they_count(first: int, lines: int, *, ruled: bool) -> None:
    """These begin with small letters, as lines of a text do."""
    words = ["told to the pilots that the lamp of the mole is lit by hand,", "and to the boats that are in the bay"]

    def page(sheet: Canvas) -> None:
        for n in range(9):
            y = 740 - (8 + 12 * lines) * n
            text(sheet, 80, y, [str(first + n)])
            text(sheet, 120, y, words[:lines])
            if ruled:
                sheet.rect(76, y - 6, 30, 20)
                sheet.rect(106, y - 6, 300, 20)

    answer = elements(page)
    assert "footer" not in categories(answer)
    told = " ".join(element["content"]["text"] for element in answer).split()
    assert {str(first + n) for n in range(9)} <= set(told)


def test_titles_in_capitals_over_the_middle_of_a_column_are_headings() -> None:
    """Of one line at the pitch of the text, or of two; those beside each other are of different columns."""

    def paper(sheet: Canvas) -> None:
        text(sheet, LEFT, 700, paragraph(COLUMN, 9), size=9)
        for n, line in enumerate(["CROSS-REFERENCES TO OTHER", "APPLICATIONS"]):
            sheet.drawCentredString(174, 566 - 11 * n, line)
        text(sheet, LEFT, 532, paragraph(COLUMN, 9), size=9)
        text(sheet, RIGHT, 700, paragraph(SECOND, 9), size=9)
        sheet.drawCentredString(438, 589, "ACKNOWLEDGMENT")
        text(sheet, RIGHT, 576, paragraph(SECOND, 9), size=9)

    told = [element["content"]["text"] for element in elements(paper) if element["category"] == "heading1"]
    assert told == ["CROSS-REFERENCES TO OTHER\nAPPLICATIONS", "ACKNOWLEDGMENT"]


@pytest.mark.parametrize("title", ["Notes — the lamps of the bay", "Source – where it all began"])
def test_a_title_that_begins_like_a_source_but_goes_on_behind_a_dash_is_one(title: str) -> None:
    def paper(sheet: Canvas) -> None:
        text(sheet, LEFT, 700, [title], font="Helvetica-Bold", size=14)
        text(sheet, LEFT, 676, paragraph(COLUMN, 9))

    assert categories(elements(paper)) == ["heading1", "paragraph"]


@pytest.mark.parametrize("line", ["Index Terms—tides, gauges", "Keywords: tides, gauges"])
def test_key_words_in_bold_are_no_heading(line: str) -> None:
    def paper(sheet: Canvas) -> None:
        text(sheet, LEFT, 700, paragraph(COLUMN, 9))
        text(sheet, LEFT, 560, [line], font="Helvetica-BoldOblique")
        text(sheet, LEFT, 530, paragraph(COLUMN, 9))

    assert categories(elements(paper)) == ["paragraph"] * 3


def test_a_caption_beside_a_heading_stays_in_its_column() -> None:
    """Both stand in the middle at the top of their columns, as authors do, but are one line."""

    def paper(sheet: Canvas) -> None:
        for x, title, words in ((174, "Table 2. Lamps of the bay", COLUMN), (438, "REFERENCES", SECOND)):
            sheet.setFont("Helvetica", 10)
            sheet.drawCentredString(x, 700, title)
            text(sheet, x - 120, 676, paragraph(words, 30), size=9)

    assert [element["content"]["text"].split()[0] for element in elements(paper)] == [
        "Table",
        "The",
        "REFERENCES",
        "No",
    ]


@pytest.mark.parametrize("lefts", [(66, 110, 220), (66, 134, 316)], ids=["codes", "two columns of prose"])
def test_texts_of_several_lines_below_names_between_rules_are_cells(lefts: tuple[int, ...]) -> None:
    """Three rules, and no white between the rows: each begins with a label, and its longest text fills its column."""
    header = ["Code", "Name", "Cause"]
    rows = [
        [[f"E{n}"], wrap(f"Fault of lamp {n}" if lefts[1] == 110 else f"{COLUMN} {n}", 34), wrap(f"{QUAY} {n}", 40)]
        for n in range(5)
    ]

    def manual(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(QUAY, 3))
        sheet.drawCentredString(275, 716, "Table 3: Faults")
        for x, name in zip(lefts, header, strict=True):
            text(sheet, x, 695, [name])
        y = 680.0
        for row in rows:
            for x, lines in zip(lefts, row, strict=True):
                text(sheet, x, y, lines)
            y -= 12 * max(map(len, row))
        for height in (706, 690, y + 8):
            sheet.line(60, height, 510, height)
        text(sheet, 60, y - 30, paragraph(QUAY, 3))

    answer = elements(manual)
    assert tables(answer) == [[header, *([" ".join(lines) for lines in row] for row in rows)]]
    assert categories(answer) == ["paragraph", "caption", "table", "paragraph"]


def test_a_text_in_two_languages_between_rules_is_one_of_two_columns() -> None:
    """Each has its name above it, and no line of it is a label."""
    texts = (
        (
            "Abstract",
            wrap(
                "The lamps of the harbour are lit by hand each night, and the board pays for the oil that they burn. "
                "We tell what it costs. Then we tell how the pilots of the bay see them from the sea in rain and snow.",
                46,
            ),
        ),
        (
            "Kurzfassung",
            wrap(
                "Die Lampen des Hafens werden von Hand angezündet, und der Rat zahlt das Öl, das sie verbrennen. "
                "Wir sagen, was es kostet. Dann sagen wir, wie die Lotsen sie von See sehen.",
                46,
            ),
        ),
    )

    def paper(sheet: Canvas) -> None:
        for x, (name, lines) in zip((66, 310), texts, strict=True):
            text(sheet, x, 728, [name], font="Helvetica-Bold")
            text(sheet, x, 708, lines)
        for height in (740, 722, 635):
            sheet.line(60, height, 535, height)
        text(sheet, 60, 600, paragraph(QUAY, 4))

    answer = elements(paper)
    assert tables(answer) == []
    assert categories(answer) == ["heading1", "paragraph", "heading1", "paragraph", "paragraph"]
    assert [element["content"]["text"].split("\n") for element in answer[1:4:2]] == [lines for _, lines in texts]


def test_tables_side_by_side_between_rules_of_their_own_are_two() -> None:
    """Their rows stand on one line, as those of one table would; each has its caption above it."""
    left = [["Station", "Depth"], ["North", "12.5"], ["South", "31.0"], ["West", "8.2"]]
    right = [["Ship", "Crew", "Year"], ["Lamp", "4", "1998"], ["Keel", "12", "2003"], ["Rope", "7", "2011"]]

    def paper(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(QUAY, 4))
        for x, title, rows in ((120, "Table 1: Stations", left), (340, "Table 2: Ships", right)):
            text(sheet, x, 706, [title])
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    text(sheet, x + 6 + 50 * c, 684 - 14 * r, [cell])
            for height in (696, 680, 634):
                sheet.line(x, height, x + 50 * len(rows[0]), height)
        text(sheet, 60, 600, paragraph(QUAY, 4))

    answer = elements(paper)
    assert tables(answer) == [left, right]
    assert categories(answer) == ["paragraph", "caption", "table", "caption", "table", "paragraph"]


def test_the_name_of_a_part_below_the_rule_of_the_header_is_a_row() -> None:
    """It stands at the left and reaches over several columns, as the names of panels do."""
    rows = [
        ["", "Before", "After", "p"],
        ["Panel A: Small harbours of the bay", "", "", ""],
        ["Ships", "10", "12", "0.4"],
        ["Dues", "2.1", "3.3", "0.2"],
        ["Panel B: Large harbours of the bay", "", "", ""],
        ["Ships", "100", "121", "0.5"],
        ["Dues", "21.5", "30.2", "0.1"],
    ]

    def paper(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(QUAY, 4))
        for r, row in enumerate(rows):
            for x, cell in zip((160, 250, 310, 370), row, strict=True):
                text(sheet, x, 700 - 14 * r, [cell])
        for height in (712, 696, 610):
            sheet.line(156, height, 400, height)
        text(sheet, 60, 580, paragraph(QUAY, 4))

    answer = elements(paper)
    assert tables(answer) == [rows]
    table = next(element for element in answer if element["category"] == "table")
    assert "Panel A" not in table["content"]["html"].partition("</thead>")[0]
