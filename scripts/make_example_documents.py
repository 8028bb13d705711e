"""Draws the documents of the examples; their words, figures, names and places are invented.

Needs reportlab, pillow and Debian's fonts-nanum and fonts-nanum-extra (SIL Open Font License); the PDF and
the picture hold the letters that they use. The letter is set in a handwriting typeface: it is no real handwriting.
The same versions write the same bytes: `python scripts/make_example_documents.py [path of NanumBarunpenR.ttf]`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_JUSTIFY, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageBreak, PageTemplate, Paragraph, Spacer, Table

NANUM = Path("/usr/share/fonts/truetype/nanum")
ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "examples" / "documents"
SAMPLES = ROOT / "upstage_docs" / "samples"
WIDTH, HEIGHT = A4
MARGIN, GUTTER = 22 * mm, 8 * mm
BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=10, leading=13, alignment=TA_JUSTIFY, spaceAfter=6)
TITLE = ParagraphStyle("title", fontName="Helvetica-Bold", fontSize=19, leading=24, spaceAfter=8)
HEADING = ParagraphStyle("heading", fontName="Helvetica-Bold", fontSize=13, leading=17, spaceBefore=8, spaceAfter=4)
KOREAN = ParagraphStyle("korean", fontName="NanumGothic", fontSize=10, leading=15, wordWrap="CJK", spaceAfter=4)
KOREAN_TITLE = ParagraphStyle("korean title", KOREAN, fontName="NanumGothicBold", fontSize=18, leading=24, spaceAfter=6)
UNIT = ParagraphStyle("unit", KOREAN, fontSize=9, alignment=TA_RIGHT, spaceAfter=2)

POSITION = (
    ("과목", "제 12 (당)기", "제 11 (전)기"),
    ("유동자산", "182,440", "171,905"),
    ("비유동자산", "273,465", "262,118"),
    ("자산총계", "455,905", "434,023"),
    ("유동부채", "96,730", "101,442"),
    ("비유동부채", "118,215", "120,067"),
    ("부채총계", "214,945", "221,509"),
    ("자본총계", "240,960", "212,514"),
)
INCOME = (
    ("과목", "제 12 (당)기", "제 11 (전)기"),
    ("매출액", "318,774", "296,310"),
    ("매출원가", "241,056", "233,847"),
    ("영업이익", "31,902", "22,618"),
    ("금융손익", "△3,415", "△4,027"),
    ("당기순이익", "22,187", "14,356"),
)
LETTER = (
    "보고 싶은 어머니께",
    "오늘 아침에 첫눈이 내렸습니다.",
    "시장에서 사과와 배를 샀습니다.",
    "동생은 학교에 잘 다니고 있습니다.",
    "다음 달에는 고향에 가겠습니다.",
    "건강하게 지내세요.",
    "사랑하는 딸 올림",
)
PATENT = (
    ("HEADING", "TECHNICAL FIELD"),
    ("[0001]", "The present disclosure relates to shading sails for hives, and in particular to a sail that follows the sun without a motor."),
    ("HEADING", "BACKGROUND"),
    ("[0002]", "Colonies that stand in full sun spend a large part of their foragers on carrying water. A fixed roof shades the hive at noon and leaves it open to the low sun of the afternoon, when the air is hottest."),
    ("[0003]", "Motor-driven shades are known. They need a battery, which the cold of winter weakens, and their noise disturbs the brood."),
    ("HEADING", "SUMMARY"),
    ("[0004]", "It is an object to shade a hive throughout the day with no source of power but warmth itself."),
    ("[0005]", "This object is attained by a sail whose boom is turned by two wax cylinders. Wax that melts expands by about fifteen percent and pushes a piston; wax that sets lets a spring pull the piston back."),
    ("HEADING", "DETAILED DESCRIPTION"),
    ("[0006]", "As shown in the drawings, a mast (10) stands beside the hive (12) and carries a boom (14) that can turn about the mast by ninety degrees. A sail (16) of woven linen is laced to the boom along its upper edge."),
    ("[0007]", "A first wax cylinder (18) is mounted on the eastern side of the mast and a second wax cylinder (20) on the western side. Each is blackened, so that it takes up the warmth of the sun that shines on it, and each is shielded from the other by a fin (22) of plywood. In the morning the first cylinder is lit and the boom is pushed towards the west; in the afternoon the second cylinder is lit and pushes it back towards the east."),
    ("[0008]", "The wax is preferably a mixture of seventy parts of beeswax and thirty parts of paraffin, which melts between fifty-four and fifty-eight degrees. Such a mixture was found to work for four summers without being renewed."),
    ("[0009]", "In a further embodiment a damper (24) filled with honey of low moisture slows the boom, so that gusts do not swing it. The damper turns with the mast and needs no seal, since honey that leaks out is carried off by the bees themselves within a day."),
    ("[0010]", "Where several hives stand in a row, one mast may carry a sail for two of them. The span of the boom is then at most three metres, because a longer one bends under wet linen."),
    ("HEADING", "CLAIMS"),
    ("1.", "A shading device for a hive, comprising a mast, a boom that is turnable about the mast, a sail fastened to the boom, and two wax cylinders arranged on opposite sides of the mast and coupled to the boom."),
    ("2.", "The device of claim 1, wherein each wax cylinder holds a mixture of beeswax and paraffin."),
    ("3.", "The device of claim 1 or 2, further comprising a damper that is filled with honey."),
)  # fmt: skip
PAPER = (
    ("TITLE", "Street Trees and the Warmth of Summer Nights"),
    ("BODY", "I. Halm and O. Sedge, Institute for Invented Weather"),
    ("HEADING", "Abstract"),
    ("BODY", "We measured the air of forty streets over two summers. Streets with closed crowns were cooler by day and, against our expectation, warmer by night."),
    ("HEADING", "1 Introduction"),
    ("BODY", "Trees cool a city by shade and by evaporation. Both act while the sun shines. What a street loses at night it loses to the open sky, and a closed crown hides that sky."),
    ("BODY", "Earlier work compared parks with squares. Streets have rarely been measured through the night."),
    ("HEADING", "2 Methods"),
    ("BODY", "Forty streets of like width were chosen, twenty of them with crowns that cover more than 60 percent of the sky. A logger at a height of 2.5 metres took the temperature of the air every ten minutes."),
    ("BODY", "Loggers were compared with a reference before and after each summer. None differed by more than 0.2 degrees."),
    ("HEADING", "3 Results"),
    ("BODY", "At three in the afternoon, streets under closed crowns were 1.8 degrees cooler than open ones. At four in the morning they were 0.6 degrees warmer."),
    ("BODY", "The difference at night was largest after clear days without wind, and it vanished under clouds."),
    ("HEADING", "4 Discussion"),
    ("BODY", "A city that plants for cool nights should leave gaps between crowns. We suggest one open stretch of sky for every four trees."),
    ("HEADING", "References"),
    ("BODY", "[1] P. Moor. Parks after dark. Journal of Made-up Climates, 4:11-19, 2019."),
    ("BODY", "[2] T. Vale. Squares and their shade. Proceedings of Nowhere, 88-97, 2021."),
)  # fmt: skip


def _write(path: Path, story: list[Flowable], columns: int = 1, top: float = MARGIN) -> None:
    width = (WIDTH - 2 * MARGIN - (columns - 1) * GUTTER) / columns
    frames = [
        Frame(MARGIN + at * (width + GUTTER), MARGIN, width, HEIGHT - MARGIN - top, 0, 0, 0, 0, str(at))
        for at in range(columns)
    ]
    document = BaseDocTemplate(str(path), pagesize=A4, title=path.name, invariant=1)
    document.addPageTemplates(PageTemplate("page", frames))
    document.build(story)


def _table(rows: tuple[tuple[str, ...], ...]) -> Table:
    made = Table(rows, colWidths=[70 * mm, 45 * mm, 45 * mm], rowHeights=8 * mm)
    made.setStyle([
        ("FONT", (0, 0), (-1, -1), "NanumGothic", 10),
        ("FONT", (0, 0), (-1, 0), "NanumGothicBold", 10),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("GRID", (0, 0), (-1, -1), 0.5, HexColor("#55606a")),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ])  # fmt: skip
    return made


def write_statement() -> None:
    """Draw two statements of a company, in Korean, each with its unit above the table."""
    for name in ("NanumGothic", "NanumGothicBold"):
        pdfmetrics.registerFont(TTFont(name, NANUM / f"{name}.ttf"))
    story: list[Flowable] = []
    for title, rows, note in (
        ("재무상태표", POSITION, "재고자산은 총평균법으로 평가하였습니다."),
        ("손익계산서", INCOME, "주당순이익은 공시하지 않습니다."),
    ):
        story += [Paragraph(title, KOREAN_TITLE), Paragraph("주식회사 가람목재", KOREAN)]
        story += [
            Paragraph("(단위: 백만원)", UNIT),
            _table(rows),
            Spacer(1, 6 * mm),
            Paragraph(note, KOREAN),
            PageBreak(),
        ]
    _write(SAMPLES / "statement.pdf", story[:-1])


def write_letter(pen: Path) -> None:
    """Draw a letter of a few lines, in a handwriting typeface, on coloured paper."""
    image = Image.new("RGB", (1000, 860), "#fbf6e6")
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(pen), 64)
    for number, line in enumerate(LETTER):
        draw.text((90 + 7 * (number % 3), 70 + 104 * number), line, font=font, fill="#2b2f52")
    image.quantize(16).save(TARGET / "letter.png", optimize=True)


def write_patent() -> None:
    """Draw a specification in two columns, its paragraphs numbered, some of them broken over columns and pages."""
    story: list[Flowable] = [
        Paragraph(text, HEADING) if sign == "HEADING" else Paragraph(f"{sign} {text}", BODY) for sign, text in PATENT
    ]
    _write(TARGET / "patent.pdf", story, columns=2, top=HEIGHT - MARGIN - 98 * mm)


def write_paper() -> None:
    """Draw a short paper with sections and references."""
    styles = {"TITLE": TITLE, "HEADING": HEADING, "BODY": BODY}
    _write(TARGET / "paper.pdf", [Paragraph(text, styles[kind]) for kind, text in PAPER])


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    write_statement()
    write_letter(Path(sys.argv[1]) if len(sys.argv) > 1 else NANUM / "NanumBarunpenR.ttf")
    write_patent()
    write_paper()
