"""The rules of a PDF page's layout, each with a page of its own, by what the local engine answers for it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from test_local_pdf import Draw, paragraph, pdf, text

from upstage_docs.local.read_document import read_document
from upstage_docs.local.service.pipe import AnswerPart, Task

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

WORDS = "The crew of every ship was asked to sign the list at hour"


def elements(*pages: Draw, **asked: Any) -> list[dict[str, Any]]:
    """Return the elements of the engine's answer for the pages drawn, in its order, as HTML and text if not *asked*."""
    task = Task(**{"format": "pdf", "output_formats": ("html", "text"), **asked})
    parts = [part for part in read_document(task, pdf(*pages)) if isinstance(part, AnswerPart)]
    return [element for part in parts for element in json.loads(part.body)["elements"]]


def found(answer: list[dict[str, Any]], words: str) -> dict[str, Any]:
    """Return the one element that has *words*."""
    (element,) = [element for element in answer if words in element["content"]["text"].replace("\n", " ")]
    return element


def categories(answer: list[dict[str, Any]]) -> list[str]:
    return [element["category"] for element in answer]


def cells(answer: list[dict[str, Any]]) -> list[list[tuple[str, str]]]:
    """Return the rows of the one table: each cell's attributes that make it span, and its text."""
    (table,) = [element for element in answer if element["category"] == "table"]
    rows = re.findall(r"<tr>(.*?)</tr>", table["content"]["html"], re.DOTALL)
    return [[(spans.strip(), cell) for spans, cell in re.findall(r"<t[dh]([^>]*)>(.*?)</t[dh]>", row)] for row in rows]


def test_missing_rules_of_a_grid_are_spans() -> None:
    """A cell without a rule to its right or below goes on there, over columns and over rows."""

    def grid(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 4))
        for y, start in ((640, 80), (620, 200), (600, 80), (580, 80), (560, 80)):
            sheet.line(start, y, 440, y)  # none under the first cell of the first row
        for x, top in ((80, 640), (200, 640), (320, 620), (440, 640)):
            sheet.line(x, top, x, 560)  # none between the last two of it
        for x, y, cell in (
            (86, 616, "Port"),
            (206, 626, "Cargo in tonnes by year"),
            (206, 606, "1998"),
            (326, 606, "1999"),
            (86, 586, "Masan"),
            (206, 586, "5,410"),
            (326, 586, "5,822"),
            (86, 566, "Ulsan"),
            (206, 566, "7,002"),
            (326, 566, "6,900"),
        ):
            text(sheet, x, y, [cell])

    assert cells(elements(grid)) == [
        [('rowspan="2"', "Port"), ('colspan="2"', "Cargo in tonnes by year")],
        [("", "1998"), ("", "1999")],
        [("", "Masan"), ("", "5,410"), ("", "5,822")],
        [("", "Ulsan"), ("", "7,002"), ("", "6,900")],
    ]


PORTS = [["Masan", "120"], ["Ulsan", "98"], ["Pohang", "77"], ["Mokpo", "61"]]


def test_a_column_of_numbers_beside_labels_is_a_table() -> None:
    """Numbers under each other with names to their left need no rule; the row above them is the header."""
    rows = [["Port", "Ships"], *PORTS]

    def numbers(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 4))
        for r, (name, value) in enumerate(rows):
            text(sheet, 80, 640 - 14 * r, [name])
            sheet.drawRightString(280, 640 - 14 * r, value)

    assert [[cell for _, cell in row] for row in cells(elements(numbers))] == rows


def test_words_between_two_far_rules_are_no_table() -> None:
    """Two rules alone, with words and no numbers between them, make no table, though the words line up."""

    def between(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 6))
        sheet.line(60, 640, 520, 640)
        text(sheet, 60, 620, ["Sender", "Reader", "Matter", "Copies"])
        text(sheet, 210, 620, ["Harbour office", "Town of Masan", "Ships of the quay", "Archive and crew"])
        sheet.line(60, 570, 520, 570)
        text(sheet, 60, 540, paragraph(WORDS, 6))

    answer = elements(between)
    assert set(categories(answer)) == {"paragraph"}
    assert found(answer, "Sender") is not found(answer, "Harbour office")


CODE = ["def count(ships: list[str]) -> int:", "    total = 0", "    for ship in ships:", "        total += 1", ""]


def test_a_listing_is_one_element_with_its_indents() -> None:
    """Lines in a font of one width are code, also across an empty line, and keep how far they are set in."""

    def listing(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 6))
        text(sheet, 60, 640, [*CODE, "print(count(['Anna', 'Berta']))"], font="Courier")
        text(sheet, 60, 540, paragraph(WORDS, 6))

    answer = elements(listing)
    assert categories(answer) == ["paragraph", "code", "paragraph"]
    assert "\n        total += 1\n" in answer[1]["content"]["html"]
    assert "print(count(" in answer[1]["content"]["text"]


@pytest.mark.parametrize("font", ["Helvetica", "Times-Italic"])
def test_a_quotation_set_large_in_the_text_is_no_heading(font: str) -> None:
    def quoted(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 6))
        text(sheet, 60, 640, ["“We wait for the last of them.”"], 15, font)
        text(sheet, 60, 618, paragraph(WORDS, 6))

    assert "heading1" not in categories(elements(quoted))


def test_the_date_of_a_title_page_is_no_footnote() -> None:
    def titled(sheet: Canvas) -> None:
        text(sheet, 150, 520, ["Ferries of the future"], 36, "Helvetica-Bold")
        text(sheet, 180, 480, ["Anna Pier, Harbour Institute"], 20)
        text(sheet, 230, 450, ["17 April 2021"], 16)

    assert "footnote" not in categories(elements(titled))


def test_two_empty_lines_are_within_a_listing() -> None:
    def listing(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 6))
        text(sheet, 60, 640, ["import harbour", "", "", *CODE], font="Courier")
        text(sheet, 60, 520, paragraph(WORDS, 6))

    answer = elements(listing)
    assert categories(answer) == ["paragraph", "code", "paragraph"]
    assert answer[1]["content"]["text"].startswith("import harbour")


def test_steps_between_two_rules_at_the_foot_of_a_page_are_no_footnote() -> None:
    def algorithm(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 6))
        sheet.line(60, 190, 520, 190)
        text(sheet, 60, 176, ["1: for each ship do", "2: count the ship", "3: end for"], 8)
        sheet.line(60, 144, 520, 144)

    assert categories(elements(algorithm))[-1] != "footnote"


def test_a_note_that_the_text_refers_to_is_one_between_two_rules_too() -> None:
    """A rule may run above the notes, and another one above the running line below them."""

    def noted(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 6))
        text(sheet, 60, 660, ["The ferries were counted at noon"])
        sheet.setFont("Helvetica", 6)
        sheet.drawString(60 + sheet.stringWidth("The ferries were counted at noon", "Helvetica", 10), 664, "1")
        sheet.line(60, 130, 535, 130)
        text(sheet, 60, 118, ["1 By the harbour office, which keeps the book of them", "on the island itself."], 8)
        sheet.line(60, 92, 535, 92)
        text(sheet, 290, 50, ["17"], 8)

    assert categories(elements(noted))[-2:] == ["footnote", "footer"]


@pytest.mark.parametrize(
    ("line", "category"),
    [
        ("> berths <- count(ships)", "code"),
        ("R> summary(berths)", "code"),
        ("$ harbour berths", "code"),
        ("total = count(ships, by='berth')", "code"),
        ("count()", "paragraph"),
    ],
)
def test_one_line_of_code_stands_by_itself(line: str, category: str) -> None:
    """Behind a prompt or full of signs, it is code and no heading, though its font is its own; a name alone is none."""

    def alone(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 6))
        text(sheet, 60, 650, [line], font="Courier-Oblique")
        text(sheet, 60, 626, paragraph(WORDS, 6))

    assert categories(elements(alone)) == ["paragraph", category, "paragraph"]


def test_a_line_in_a_fixed_font_inside_a_paragraph_is_part_of_it() -> None:
    """Lines of text right above and below say so, as around a long address."""

    def inside(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 3))
        text(sheet, 60, 718, ["https://harbour.example/ships?berth=12&day=4 (list)"], font="Courier")
        text(sheet, 60, 704, paragraph(WORDS, 3))

    assert "code" not in categories(elements(inside))


def test_a_title_beside_a_page_number_is_a_running_line() -> None:
    """What stands in the row of the page number runs with it, though it is bold as headings are."""

    def running(sheet: Canvas) -> None:
        text(sheet, 60, 800, ["12"], 10, "Helvetica-Bold")
        text(sheet, 400, 800, ["Traffic in the harbour"], 10, "Helvetica-Bold")
        text(sheet, 60, 784, paragraph(f"{WORDS} and in the order of the quays", 20))

    answer = elements(running)
    assert categories(answer) == ["header", "header", "paragraph"]
    assert found(answer, "Traffic in")["category"] == "header"


def test_the_bullet_of_a_bitmap_font_of_latex_makes_a_list() -> None:
    """Its code, 136, is a circumflex to whoever does not know the font."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 3))
        for n, item in enumerate(("Rope of the mole", "Lamps for the bay", "Coal", "Brass and glass")):
            text(sheet, 75, 700 - 12 * n, ["ˆ"])
            text(sheet, 90, 700 - 12 * n, [item])

    assert categories(elements(page)) == ["paragraph", "list"]


@pytest.mark.parametrize("drawn", [True, False])
def test_drawn_bullets_make_a_list(drawn: bool) -> None:
    """Discs beside lines of text are the marks of items; without them the same lines are none."""

    def items(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 5))
        for n, item in enumerate(("the name of the ship", "the flag that it carries", "the tonnes of its cargo")):
            text(sheet, 80, 660 - 12 * n, [item])
            if drawn:
                sheet.circle(70, 663.5 - 12 * n, 2, stroke=0, fill=1)
        text(sheet, 60, 606, paragraph(WORDS, 5))

    answer = elements(items)
    middle = found(answer, "the name of the ship")
    marked = "• the name of the ship\n• the flag that it carries\n• the tonnes of its cargo"
    assert categories(answer) == ["paragraph", "list" if drawn else "paragraph", "paragraph"]
    assert middle["content"]["text"] == (marked if drawn else marked.replace("• ", ""))


def test_authors_and_dates_are_no_headings() -> None:
    """Under a title, names with commas, an address and a date are larger than the body and still no headings."""

    def title(sheet: Canvas) -> None:
        text(sheet, 60, 760, ["Traffic in the northern harbour"], 20, "Helvetica-Bold")
        text(sheet, 60, 720, ["Anna Berg, Carl Dahl, Eva Falk"], 12)
        text(sheet, 60, 690, ["office@harbour.example"], 12)
        text(sheet, 60, 660, ["March 14, 1999"], 12)
        text(sheet, 60, 620, paragraph(WORDS, 20))

    answer = elements(title)
    assert [element["content"]["text"] for element in answer if element["category"] == "heading1"] == [
        "Traffic in the northern harbour"
    ]
    for words in ("Anna Berg", "office@", "March 14"):
        assert found(answer, words)["category"] == "paragraph"


@pytest.mark.parametrize("crossed", [False, True])
def test_a_frame_around_a_text_is_no_figure(crossed: bool) -> None:
    """Double rules around a text leave it a paragraph; with circles across them it is part of a figure."""

    def framed(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 6))
        for inset in (0, 4):
            left, bottom, right, top = 60 + inset, 480 + inset, 300 - inset, 600 - inset
            sheet.lines([(left, y, right, y) for y in (bottom, top)])
            sheet.lines([(x, bottom, x, top) for x in (left, right)])
        for n in range(3 * crossed):
            sheet.circle(120 + 60 * n, 530, 30)
        text(sheet, 76, 570, ["Closed on Mondays,", "open on all other days."])
        text(sheet, 60, 440, paragraph(WORDS, 6))

    answer = elements(framed)
    assert categories(answer) == ["paragraph", "figure" if crossed else "paragraph", "paragraph"]
    assert found(answer, "Closed on Mondays") is answer[1]


def test_a_narrow_gutter_parts_columns() -> None:
    """A stripe of white no wider than two spaces, but all the way down, parts columns: one is read after the other."""
    left = [f"The left one tells of the quay on day {number}" for number in range(10, 30)]
    right = [f"The right one tells of the town on day {number}" for number in range(10, 30)]

    def columns(sheet: Canvas) -> None:
        text(sheet, 60, 760, left)
        text(sheet, 60 + sheet.stringWidth(left[0], "Helvetica", 10) + 5.5, 760, right)

    assert [element["content"]["text"].splitlines() for element in elements(columns)] == [left, right]


@pytest.mark.parametrize("gap", [7, 10])
def test_the_numbers_of_contents_stay_with_their_titles(gap: int) -> None:
    """They stand a little further from them than words do, or behind a stripe of white."""
    chapters = [
        (f"{n} The harbours of the coast", [f"{n}.{m} Ships of the year {n}" for m in range(1, 6)]) for n in (1, 2)
    ]

    def contents(sheet: Canvas) -> None:
        y = 760.0
        for title, sections in chapters:
            text(sheet, 60, y, [title])
            for n, section in enumerate(sections, 1):
                number, _, name = section.partition(" ")
                text(sheet, 80, y - 13 * n, [number])
                text(sheet, 80 + sheet.stringWidth(number, "Helvetica", 10) + gap, y - 13 * n, [name])
            y -= 80

    told = "\n".join(element["content"]["text"] for element in elements(contents))
    assert all(section in told for _, sections in chapters for section in sections)


def test_a_narrow_table_is_read_before_the_heading_below_it() -> None:
    """A table in the middle of the page and a short heading at its left share no set of columns: one is below."""

    def sections(sheet: Canvas) -> None:
        text(sheet, 60, 760, ["1 Sales"], 14, "Helvetica-Bold")
        text(sheet, 60, 730, paragraph(WORDS, 6))
        for y in (620, 600, 580):
            sheet.line(220, y, 320, y)
        for x in (220, 270, 320):
            sheet.line(x, 620, x, 580)
        for x, y, cell in ((226, 606, "Port"), (276, 606, "Ships"), (226, 586, "Masan"), (276, 586, "54")):
            text(sheet, x, y, [cell])
        text(sheet, 60, 550, ["2 Costs"], 14, "Helvetica-Bold")
        text(sheet, 60, 520, paragraph(WORDS, 6))

    assert categories(elements(sections)) == ["heading1", "paragraph", "table", "heading1", "paragraph"]


def test_a_column_may_begin_a_little_above_the_other() -> None:
    """The heading of the right column ends above where that of the left one begins; each column is read to its end."""

    def columns(sheet: Canvas) -> None:
        for x, y, title in ((60, 744, "1 Harbour"), (320, 760, "2 Town")):
            text(sheet, x, y, [title], 12, "Helvetica-Bold")
            text(sheet, x, y - 32, [f"{title[2:]} lists are kept for year {year}" for year in range(1980, 1998)])

    answer = elements(columns)
    assert [element["content"]["text"][:6] for element in answer] == ["1 Harb", "Harbou", "2 Town", "Town l"]


def test_a_wide_pitch_does_not_cut_a_sentence() -> None:
    """A line that is full runs on into the next one at 1.75 times its size; a line that ends early does not."""

    def spaced(sheet: Canvas) -> None:
        text(sheet, 60, 760, [f"{WORDS} one and to"])
        text(sheet, 60, 742.5, ["go ashore before the bell."])
        text(sheet, 60, 700, ["Bells and whistles"])
        text(sheet, 60, 682.5, [f"{WORDS} one and to go"])

    assert [element["content"]["text"].splitlines() for element in elements(spaced)] == [
        [f"{WORDS} one and to", "go ashore before the bell."],
        ["Bells and whistles"],
        [f"{WORDS} one and to go"],
    ]


def test_a_heading_in_a_font_of_its_own_is_told_by_the_paragraph_below() -> None:
    """A short line in another font, as large and as heavy as the body, is a heading; one in the same font is none."""

    def fonts(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 8))
        text(sheet, 60, 630, ["How the ships were counted"], 10, "Times-Italic")
        text(sheet, 60, 614, paragraph(WORDS, 8))
        text(sheet, 60, 480, ["Where the lists are kept"])
        text(sheet, 60, 464, paragraph(WORDS, 8))

    answer = elements(fonts)
    assert [element["content"]["text"] for element in answer if element["category"] == "heading1"] == [
        "How the ships were counted"
    ]


def on_bitmap(sheet: Canvas, box: tuple[float, float, float, float], shade: int = 220) -> None:
    """Draw a bitmap of one colour as the ground of what follows."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    sheet.drawImage(ImageReader(Image.new("L", (40, 20), shade)), *box)


def test_live_text_on_a_bitmap_is_text() -> None:
    """A banner drawn as a bitmap is a heading, a shaded box a paragraph; labels on a map stay in the figure."""

    def shaded(sheet: Canvas) -> None:
        on_bitmap(sheet, (60, 730, 460, 30))
        text(sheet, 72, 740, ["The harbour in winter"], 15, "Helvetica-Bold")
        text(sheet, 60, 700, paragraph(WORDS, 5))
        on_bitmap(sheet, (60, 540, 460, 80))
        text(sheet, 70, 605, paragraph("The pilots of the port wait for the boats from", 4))
        on_bitmap(sheet, (60, 200, 460, 260))
        for n, name in enumerate(("Masan", "Ulsan", "Pohang")):
            text(sheet, 100 + 120 * n, 300 + 40 * n, [name])
        text(sheet, 60, 160, paragraph(WORDS, 3))

    answer = elements(shaded)
    assert found(answer, "harbour in winter")["category"] == "heading1"
    assert found(answer, "pilots of the port")["category"] == "paragraph"
    assert found(answer, "Ulsan")["category"] == "figure"


def test_the_ground_of_a_slide_is_no_picture() -> None:
    """Shapes behind all the words of a page leave its title and its items what they are."""

    def slide(sheet: Canvas) -> None:
        for n in range(40):
            sheet.setFillColorRGB(0.6, 0.6, 0.5 + n / 100)
            sheet.ellipse(40 + 2 * n, 130 + n, 500 + n, 700 + 2 * n, stroke=0, fill=1)
        sheet.setFillGray(0)
        text(sheet, 180, 640, ["What the port offers"], 26)
        text(
            sheet, 160, 600, ["1. Overview of the harbour", "2. Berths and their depth", "3. Tariffs of this year"], 16
        )

    answer = elements(slide)
    assert found(answer, "What the port offers")["category"] == "heading1"
    assert found(answer, "Overview of the harbour")["category"] == "list"


def test_prose_on_a_drawn_shape_is_text() -> None:
    """A box with curved edges and more than one path behind lines of text is no figure."""

    def note(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 5))
        sheet.setFillGray(0.8)
        for n in range(5):
            sheet.roundRect(60 + n, 540 + n, 400, 110, 30, fill=1)
        sheet.setFillGray(0)
        text(sheet, 84, 630, paragraph("The pilots of the port wait for", 5))

    assert found(elements(note), "pilots of the port")["category"] == "paragraph"


@pytest.mark.parametrize("number", ["2.1", "2.2.1", "A.3", "IV", "§ 12"])
@pytest.mark.parametrize("tab", [50, 70])
def test_a_section_number_at_a_tab_stop_belongs_to_its_heading(number: str, tab: float) -> None:
    """The number hangs in the margin, its title begins at the stop."""

    def section(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        text(sheet, 60, 680, [number], 13, "Helvetica-Bold")
        text(sheet, 60 + tab, 680, ["Rules of the harbour"], 13, "Helvetica-Bold")
        text(sheet, 60, 655, paragraph(WORDS, 6))

    heading = found(elements(section), "Rules of the harbour")
    assert (heading["category"], heading["content"]["text"]) == ("heading1", f"{number} Rules of the harbour")


@pytest.mark.parametrize(
    ("title", "font", "below"),
    [
        ("2.1 Pilots of the bay and of the port", "Helvetica-Bold", "Each has a boat."),
        ("2. PILOTS OF THE BAY AND OF THE PORT", "Helvetica-Bold", "Each has a boat."),
        ("1.2.1. Équipage du port", "Times-Italic", "Every pilot of the bay has a boat of his own, and a lamp."),
        ("2.1 港口的规则", "STSong-Light", "Every pilot of the bay has a boat of his own, and a lamp."),
    ],
    ids=["bold above a shorter line", "in capitals", "in another font, with an accent", "without capitals"],
)
def test_a_numbered_title_right_above_its_text_is_a_heading(title: str, font: str, below: str) -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    def section(sheet: Canvas) -> None:
        pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
        text(sheet, 60, 780, paragraph(WORDS, 4))
        text(sheet, 60, 680, [title], 10, font)
        text(sheet, 60, 668, [below])

    answer = elements(section)
    assert [element["content"]["text"] for element in answer if element["category"] == "heading1"] == [title]
    assert found(answer, below)["content"]["text"] == below


def test_numbered_titles_in_bold_below_each_other_are_as_many_headings() -> None:
    titles = [f"4.{number} Report of group {number}" for number in range(1, 7)]

    def outline(sheet: Canvas) -> None:
        text(sheet, 60, 780, paragraph(WORDS, 4))
        text(sheet, 60, 680, titles, 12, "Helvetica-Bold")
        text(sheet, 60, 560, paragraph(WORDS, 4))

    answer = elements(outline)
    assert [element["content"]["text"] for element in answer if element["category"] == "heading1"] == titles


@pytest.mark.parametrize(
    ("line", "size", "font", "category"),
    [
        ("12", 10, "Helvetica-Bold", "paragraph"),
        ("3.1", 13, "Helvetica", "paragraph"),
        ("3", 24, "Helvetica-Bold", "heading1"),
        ("没有设定则使用缺省颜色。", 13, "STSong-Light", "paragraph"),
        ("没有设定则使用缺省颜色", 13, "STSong-Light", "heading1"),
    ],
    ids=["number", "larger number", "number of a chapter", "sentence of Chinese", "title of Chinese"],
)
def test_a_number_alone_and_a_sentence_of_chinese_are_no_headings(
    line: str, size: float, font: str, category: str
) -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    def stressed(sheet: Canvas) -> None:
        pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
        text(sheet, 60, 780, paragraph(WORDS, 4))
        text(sheet, 60, 670, [line], size, font)
        text(sheet, 60, 620, paragraph(WORDS, 4))

    (shown,) = [element for element in elements(stressed) if element["content"]["text"] == line]
    assert shown["category"] == category


@pytest.mark.parametrize("dot", [" .", "\xb7"])
def test_an_entry_of_a_list_of_figures_is_no_heading(dot: str) -> None:
    """Dots and a page number end it; the list has fewer entries than a table of contents."""

    def figures(sheet: Canvas) -> None:
        text(sheet, 60, 780, ["List of figures"], 14, "Helvetica-Bold")
        text(sheet, 60, 740, [f"2.1 Lamps of the mole {40 * dot} 12"])
        text(sheet, 60, 680, paragraph(WORDS, 4))

    assert found(elements(figures), "Lamps of the mole")["category"] != "heading1"


@pytest.mark.parametrize(
    "sentence",
    [
        "The boats of the port were counted in the spring of that year.",
        "of the boats in the port, and they were counted in the spring",
        "Those who come to the port by boat are asked to bring the following:",
    ],
)
def test_a_sentence_is_no_heading(sentence: str) -> None:
    """Neither size nor weight makes a heading of fifty letters that end in a stop or begin in small letters."""

    def bold(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 5))
        text(sheet, 60, 640, [sentence], 12.5, "Helvetica-Bold")
        text(sheet, 60, 600, paragraph(WORDS, 5))

    assert found(elements(bold), sentence)["category"] == "paragraph"


def test_an_indented_first_line_that_ends_as_far_before_the_edge_is_no_title() -> None:
    """Letters: half an inch of indent, and lines that end where the next word has no room."""
    lines = [
        "us by the pilots of the bay, and no boat is out at sea in the dark of any winter as",
        "the board of the port has told the keepers of the lamps in each of the last years,",
        "and so it was done.",
    ]

    def letter(sheet: Canvas) -> None:
        text(sheet, 108, 700, ["The lamp of the mole is lit by hand when tides and gales are told"])
        text(sheet, 72, 688, lines)

    assert categories(elements(letter)) == ["paragraph"]
