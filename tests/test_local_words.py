"""Words of a PDF as its file has them, though the PDF library reads them otherwise: spaces, signs, cuts, order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from test_local_layout_rules import cells, elements
from test_local_pdf import paragraph, pdf, text

from upstage_docs.local.pdf.document import read_pdf
from upstage_docs.local.pdf.right_to_left import (
    letters_in_order,
    with_brackets_turned,
    with_signs_behind,
    words_in_order,
)
from upstage_docs.local.pdf.text_layer import text_layer
from upstage_docs.local.pdf.words import Word

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas


def texts(data: bytes) -> list[str]:
    """Return the texts of the blocks of a file's one page."""
    (page,) = read_pdf(data)
    assert not page.losses
    return [block.text for block in page.blocks]


def file_of(objects: Sequence[bytes]) -> bytes:
    """Return a PDF of these objects, the first of which is the catalogue."""
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + trailer


def stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (extra, len(data), data)


def with_drawn_punctuation(lines: Sequence[tuple[str, str, str]]) -> bytes:
    """Return a page of lines as Hancom PDF writes them: a word, a sign in a Type 3 font, a wide gap, a word."""
    content = ""
    for n, (before, sign, after) in enumerate(lines):
        x = 600.0
        for font, piece, step in (("A", before, 100), ("B", sign, 75), ("A", after, 100)):
            code = piece.encode("utf-16-be").hex() if font == "A" else f"{',.:'.index(piece):02x}"
            content += (
                f"q 0.12 0 0 -0.12 0 842 cm BT /{font} 100 Tf 1 0 0 -1 {x:.0f} {1000 + 130 * n} Tm <{code}> Tj ET Q\n"
            )
            x += step * len(piece)
    names = (
        b"begincmap 1 begincodespacerange <00> <FF> endcodespacerange\n"
        b"3 beginbfchar <00> <002C> <01> <002E> <02> <003A> endbfchar endcmap"
    )
    glyph = stream(b"248 0 0 -200 1000 800 d1 60 -100 100 200 re f")
    return file_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</A 5 0 R/B 8 0 R>>>>>>",
            stream(content.encode()),
            b"<</Type/Font/Subtype/Type0/BaseFont/HYSMyeongJo-Medium/Encoding/UniKS-UCS2-H/DescendantFonts[6 0 R]>>",
            (
                b"<</Type/Font/Subtype/CIDFontType0/BaseFont/HYSMyeongJo-Medium/CIDSystemInfo<</Registry(Adobe)"
                b"/Ordering(Korea1)/Supplement 1>>/DW 1000/FontDescriptor 7 0 R>>"
            ),
            (
                b"<</Type/FontDescriptor/FontName/HYSMyeongJo-Medium/Flags 6/FontBBox[0 -148 1001 880]/ItalicAngle 0"
                b"/Ascent 880/Descent -120/CapHeight 880/StemV 93>>"
            ),
            (
                b"<</Type/Font/Subtype/Type3/Encoding<</Type/Encoding/Differences[0/c/p/o]>>/FirstChar 0/LastChar 2"
                b"/Widths[248 248 248]/FontBBox[0 -200 1000 1000]/FontMatrix[0.001 0 0 0.001 0 0]"
                b"/CharProcs<</c 9 0 R/p 9 0 R/o 9 0 R>>/ToUnicode 10 0 R/Resources<<>>>>"
            ),
            glyph,
            stream(names),
        ]
    )


@pytest.mark.parametrize("sign", [",", ".", ":"])
def test_a_space_behind_drawn_punctuation_is_kept(sign: str) -> None:
    """Programs set letters from a font and punctuation from drawings; the gap between them is a space all the same."""
    lines = [("바다낚시터", sign, "물때표안내"), ("갯벌체험장", sign, "주차장안내"), ("등대전망대", sign, "관람료안내")]
    told = " ".join(texts(with_drawn_punctuation(lines)))
    for before, _, after in lines:
        assert f"{before}{sign} {after}" in told


def test_typographic_signs_stay_as_they_are() -> None:
    """Quotes, apostrophes and dashes are those of the file; plain ones stay plain."""
    line = '“We don’t sail,” she said – the ‘old’ way — on 1990–1995, don\'t we - "no"'
    assert line in texts(pdf(lambda sheet: text(sheet, 60, 700, [line])))[0]


def test_text_that_crosses_a_rule_is_cut_at_it() -> None:
    """Two numbers of neighbouring cells that stand close are two cells, with a space between them or none."""
    rows = [
        ("Ports and their ships", "2019", "2020"),
        ("Ships that came in", "47,143", "57,143"),
        ("Ships out", "1", "2"),
    ]

    def close(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph("The crew of every ship was asked to sign the list", 3))
        for y in (700, 680, 660, 640):
            sheet.line(60, y, 300, y)
        for x in (60, 200, 250, 300):
            sheet.line(x, 700, x, 640)
        for r, (label, one, other) in enumerate(rows):
            text(sheet, 66, 686 - 20 * r, [label])
            sheet.drawRightString(248.5, 686 - 20 * r, one)
            text(sheet, 251.5, 686 - 20 * r, [other])

    assert [[cell for _, cell in row] for row in cells(elements(close))] == [list(row) for row in rows]


@pytest.mark.parametrize("place", [(700, 400), (-300, 400), (60, 1200), (60, -80)])
def test_text_beside_the_page_is_no_text(place: tuple[int, int]) -> None:
    """What a page does not show is not told, as with pages that were cut out of a larger sheet."""

    def beside(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph("The crew of every ship was asked to sign the list", 3))
        text(sheet, *place, ["Left over from the sheet", "Left over too"])

    told = " ".join(texts(pdf(beside)))
    assert "crew" in told
    assert "Left" not in told


def placed(rows: Sequence[Sequence[tuple[str, float]]]) -> list[Word]:
    """Return words of rows of `(letters, x)`, 7 points a letter."""
    return [
        Word(letters, (x, 90.0 + 15 * r, x + 7.0 * len(letters), 100.0 + 15 * r), 98.0 + 15 * r, 12.0, False, "F")
        for r, row in enumerate(rows)
        for letters, x in row
    ]


def test_control_characters_are_no_text() -> None:
    """Codes that Windows shows as signs are these; others are nothing."""
    words = placed([[("Harbour\x99", 60), ("plan\x07s", 130), ("\x93new\x94", 180)]])
    assert texts(text_layer(words, 400, 300)) == ["Harbour™ plans “new”"]


def test_a_sign_of_a_font_that_tells_no_letter_costs_nothing_of_the_page() -> None:
    """It is read as a control character, and stands where a cell of a table of words would."""
    content = "".join(
        f"BT /{font} 12 Tf {x} {700 - 15 * row} Td {code} Tj ET\n"
        for row in range(4)
        for font, x, code in (("A", 60, "(Lamp)"), ("B", 130, "<12>"), ("A", 180, "(Keel)"), ("A", 260, "(Rope)"))
    )
    (page,) = read_pdf(
        file_of(
            [
                b"<</Type/Catalog/Pages 2 0 R>>",
                b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                (
                    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
                    b"/Resources<</Font<</A 5 0 R/B 6 0 R>>>>>>"
                ),
                stream(content.encode()),
                b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
                (
                    b"<</Type/Font/Subtype/Type3/Encoding<</Type/Encoding/Differences[18/sign]>>/FirstChar 18"
                    b"/LastChar 18/Widths[500]/FontBBox[0 0 1000 1000]/FontMatrix[0.001 0 0 0.001 0 0]"
                    b"/CharProcs<</sign 7 0 R>>>>"
                ),
                stream(b"500 0 0 0 400 400 d1 0 0 400 400 re f"),
            ]
        )
    )
    assert not page.losses
    assert [[cell.text for cell in row] for row in page.blocks[0].rows] == [["Lamp", "Keel", "Rope"]] * 4


def test_a_soft_hyphen_is_seen_and_what_directs_text_is_not() -> None:
    """A page draws hyphens alone; marks of direction and places where a line may break are no letters."""
    words = placed([[("har\u00adbour", 60), ("on\u200bly\u200e", 130), ("\ufeffnew", 180)]])
    assert texts(text_layer(words, 400, 300)) == ["har-bour only new"]


SHALOM, WORLD, SEA = "שלום", "עולם", "ים"


def test_hebrew_is_told_in_reading_order() -> None:
    """Words from right to left read in that order; numbers and Latin words among them keep theirs."""
    rows = [
        [("abc", 100), ("45", 125), (WORLD[::-1], 143), (SHALOM[::-1], 175)],
        [("." + SEA[::-1], 110), (SHALOM[::-1], 138), ("1998", 170), (WORLD[::-1], 203)],
    ]
    told = " ".join(texts(text_layer(placed(rows), 400, 300))).split()
    assert told == [SHALOM, WORLD, "abc", "45", WORLD, "1998", SHALOM, SEA + "."]


def test_the_first_column_of_a_hebrew_table_is_the_last_one_of_the_page() -> None:
    columns = [[("1994", 60), ("2003", 60), ("2010", 60)], [("12", 160), ("31", 160), ("18", 160)]]
    names = [(SHALOM[::-1], 260), (WORLD[::-1], 260), (SEA[::-1], 260)]
    (page,) = read_pdf(text_layer(placed([list(row) for row in zip(*columns, names, strict=True)]), 400, 300))
    (table,) = [block for block in page.blocks if block.category == "table"]
    assert [[cell.text for cell in row] for row in table.rows] == [
        [SHALOM, "12", "1994"],
        [WORLD, "31", "2003"],
        [SEA, "18", "2010"],
    ]


def test_brackets_and_signs_from_right_to_left_stay_with_their_words() -> None:
    """Brackets stand as they are read, though the page shows them the other way round; `%` stays with its number."""
    rows = [[(SEA[::-1], 66), ("(", 90), (WORLD[::-1], 97), (")", 125), (SHALOM[::-1], 140), ("15%", 175)]]
    told = " ".join(texts(text_layer(placed(rows), 400, 300)))
    assert told == f"15% {SHALOM} ({WORLD}) {SEA}"


def test_a_page_whose_letters_the_library_drops_is_read_whole() -> None:
    """A font that claims an absurd ascent costs no word, and its lines stay in order."""
    rows = [
        "the harbour was closed to all ships",
        "until the storm had passed over it",
        "and no boat was at sea that night",
    ]
    words: list[list[tuple[str, float]]] = []
    for row in rows:
        line: list[tuple[str, float]] = []
        x = 60.0
        for word in row.split():
            line.append((word, x))
            x += 7 * len(word) + 4
        words.append(line)
    broken = re.sub(rb"/Ascent \d+", b"/Ascent -32000", text_layer(placed(words), 400, 300))
    assert " ".join(" ".join(texts(broken)).split()) == " ".join(rows)


def test_marks_of_direction_in_hebrew_cost_nothing_of_the_page() -> None:
    """What directs text is no letter, but the file counts it as one, with a place of its own."""
    words = placed([[(SEA[::-1] + "\u200f", 66), (WORLD[::-1] + "\u200e", 90), (SHALOM[::-1], 140)]])
    (page,) = read_pdf(text_layer(words, 400, 300))
    assert not page.losses
    assert page.blocks[0].text.split() == [SHALOM, WORLD, SEA]


def test_signs_and_numbers_from_right_to_left_stand_behind_what_they_follow() -> None:
    """A stop is seen to the left of a number; signs at the ends of Latin words, and numbers, are read on their way."""
    assert with_signs_behind(".1998") == "1998."
    assert with_signs_behind("12.5%") == "12.5%"
    seen = [")", "3.2", SEA, "(", "Sea", "Plus", WORLD, SHALOM]
    assert [seen[n] for n in words_in_order(seen)] == [SHALOM, WORLD, "Sea", "Plus", "(", SEA, "3.2", ")"]
    assert with_brackets_turned("(a 3.2( b") == "(a 3.2) b"


def test_lam_and_alef_in_one_letter_are_read_in_order() -> None:
    boxes = [(60.0, 0.0, 66.0, 9.0), (54.0, 0.0, 60.0, 9.0), (54.0, 0.0, 60.0, 9.0), (48.0, 0.0, 54.0, 9.0)]
    assert letters_in_order("خالل", boxes) == "خلال"


def test_bullets_from_right_to_left_stand_before_their_items() -> None:
    rows = [[(WORLD[::-1], 200), ("•", 250)], [(SHALOM[::-1], 200), ("•", 250)], [(SEA[::-1], 214), ("•", 250)]]
    (page,) = read_pdf(text_layer(placed(rows), 400, 300))
    assert [(block.category, block.text) for block in page.blocks] == [("list", f"• {WORLD}\n• {SHALOM}\n• {SEA}")]


def test_two_ones_behind_capitals_are_one_number() -> None:
    """Their ink is as far apart as that of words."""
    (block,) = texts(pdf(lambda sheet: text(sheet, 60, 700, ["PILOT OF SHIP 11"])))
    assert block == "PILOT OF SHIP 11"


def test_glyphs_drawn_one_by_one_are_words_where_the_page_seems_to_be_written_downwards() -> None:
    """Browsers draw them so; in narrow columns with much white beside, pdfium ends a line after each glyph."""
    lines = [f"{word} “amber” wharf {n}" for n, word in enumerate(("low", "seventh", "far", "inner") * 20)]

    def index(sheet: Canvas) -> None:
        sheet.setFont("Times-Roman", 10)
        for n, line in enumerate(lines):
            x = 60.0 if n < 40 else 380.0
            for glyph in line:
                if glyph != " ":
                    sheet.drawString(x, (760 if n < 40 else 755) - 10 * (n % 40), glyph)
                x += sheet.stringWidth(glyph, "Times-Roman", 10)

    assert [line for block in texts(pdf(index)) for line in block.splitlines()] == lines
