"""Draws the sample report of the demo and the tests; its words, figures and places are invented.

Needs reportlab, pillow and Debian's fonts-nanum (SIL Open Font License), of which the PDF embeds the letters it uses.
The same versions write the same bytes: `python scripts/make_sample_report.py`.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image as Picture, ImageDraw, ImageFont
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.legends import Legend
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    FrameBreak,
    HRFlowable,
    Image,
    ListFlowable,
    ListItem,
    LongTable,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

NANUM = Path("/usr/share/fonts/truetype/nanum")
TARGET = Path(__file__).resolve().parent.parent / "upstage_docs" / "samples" / "report.pdf"
PAGES = 4
WIDTH, HEIGHT = A4
MARGIN, GUTTER, TOP, BOTTOM = 22 * mm, 8 * mm, 27 * mm, 24 * mm
INK, SEA, FOAM, GREY = HexColor("#1b2733"), HexColor("#0b5c7a"), HexColor("#e3eff4"), HexColor("#6b7780")

BODY = ParagraphStyle(
    "body", fontName="Times-Roman", fontSize=10, leading=13.6, alignment=TA_JUSTIFY, spaceAfter=6, textColor=INK
)
KOREAN = ParagraphStyle("korean", BODY, fontName="NanumMyeongjo", fontSize=9.6, leading=15.5, wordWrap="CJK")
TITLE = ParagraphStyle("title", fontName="Helvetica-Bold", fontSize=22, leading=27, textColor=SEA, spaceAfter=4)
BYLINE = ParagraphStyle("byline", fontName="Helvetica", fontSize=10.5, leading=14, textColor=GREY, spaceAfter=12)
H1 = ParagraphStyle(
    "h1",
    fontName="Helvetica-Bold",
    fontSize=14.5,
    leading=18,
    textColor=SEA,
    spaceBefore=10,
    spaceAfter=5,
    keepWithNext=1,
)
H2 = ParagraphStyle("h2", H1, fontSize=11.5, leading=15, textColor=INK, spaceBefore=7, spaceAfter=3)
H1_KOREAN = ParagraphStyle("h1-korean", H1, fontName="NanumGothicBold", fontSize=14)
CAPTION = ParagraphStyle(
    "caption", fontName="Helvetica-Oblique", fontSize=8.8, leading=11.5, textColor=GREY, spaceBefore=3, spaceAfter=9
)
EQUATION = ParagraphStyle("equation", BODY, fontSize=11, alignment=TA_CENTER, spaceBefore=3)
FOOTNOTE = ParagraphStyle("footnote", BODY, fontSize=8, leading=10, textColor=GREY, spaceBefore=2, spaceAfter=0)
CELL = ParagraphStyle("cell", fontName="Helvetica", fontSize=8.6, leading=10.8, textColor=INK)
HEAD = ParagraphStyle("head", CELL, fontName="Helvetica-Bold", textColor=white)

GREEK = "<font name='NanumMyeongjo'>{}</font>"

SUMMARY = """The Saebyeok Strait tidal power plant turned its fourth full year into its best one. Four sites with
twenty-two turbines generated 121.6 GWh, eleven per cent more than in 2024, and availability rose above ninety-four
per cent for the first time. The year was also the first in which no turbine had to be lifted out of season."""
SUMMARY_KOREAN = """새벽해협 조력발전소는 네 번째 해에 가장 좋은 성과를 거두었다. 네 곳의 발전 구역에 설치된 스물두
기의 수차가 121.6 GWh를 생산하여 전년보다 11퍼센트 늘었고, 가동률은 처음으로 94퍼센트를 넘었다. 계절을 벗어나 인양한
수차는 한 기도 없었다. 수산업 협동조합과 함께 정한 야간 감속 운전은 2025년 4월부터 시행되었다."""
POINTS = (
    "Generation rose from 109.5 GWh to 121.6 GWh; every site contributed to the increase.",
    "The new blade coating cut the hours lost to fouling from 612 to 238.",
    "Night-time slow running, agreed with the fishing cooperatives, began on 1 April 2025.",
    "The ferry cable was buried 1.8 m deep over its whole length of 7.4 km.",
)
SITES = """Water enters the strait through two channels that an island, Gomseom, holds apart. The north channel is
short and steep, and its current turns within twenty minutes; Maehyang and Doldam stand there. The south channel is
wider, its current gentler and its bed of gravel, and it carries Norabi and Hwanggeum. All turbines are
horizontal-axis machines with three blades, eleven metres across, fixed to tripods without drilling."""
MEASURING = """Current is measured by four acoustic profilers on the sea bed, each of which averages ten pings into
one value per minute. A profiler is exchanged every ninety days, and the leaving and the arriving instrument are run
side by side for a week, so that no step enters the record."""
POWER = """The power that a turbine can take from the current grows with the cube of its speed. We use the customary
form, in which <i>A</i> is the swept area and the last factor is the efficiency of the machine, 0.41 for the blades
in use:"""
POWER_AFTER = """A current that is one tenth faster therefore carries a third more power, and an error of two per
cent in the speed is an error of six per cent in the yield. That is why the profilers, not the generators, are the
most closely watched instruments of the plant."""
BOOKING = """Generation is booked where it is sold, at the shore station, after the losses of the cable. The figures
in this report are net of the plant's own consumption, which was 1.9 GWh, and they agree with the grid operator's to
within 0.2 per cent. <super>1</super>"""
OUTAGES = """An outage counts from the moment the brake closes until the machine is released again. Weather hours,
in which no boat may sail, are counted too: a turbine that waits for a calm day is not available, whatever the
cause."""
FOULING = """Mussels and kelp settle on the blades from May on and roughen them. The coating that was applied in two
nights of slack water in March is soft; what grows on it falls off when the current exceeds three metres per second,
which happens at every spring tide. Divers found bare blades in October, where in other years they had scraped off
ninety kilograms per machine."""
RESULTS = """Table 1 gives the generation of each site. Maehyang remains the strongest, since its current exceeds
two metres per second for eleven hours of every day; Norabi gained most, because its two idle turbines came back in
February."""
NOISE = """The hydrophones at the reserve of Gomseom recorded 112 decibels at full current, three less than the
permit allows, and slow running at night lowers them by a further seven."""
INSPECTIONS = """Every turbine is inspected at least once a year. Table 2 lists the inspections of 2025 in the order
in which they were made, with the hours that each machine stood still."""
SEASONS = """Figure 2 shows the generation by quarter. The spring tides around the equinoxes lift the first and the
third quarter, and the coating shows from the second quarter on, when in 2024 the growth had begun to tell."""
OUTLOOK = """For 2026 the cooperative expects 126 GWh. Two machines of Hwanggeum will receive longer blades in May,
and a fifth profiler will be set between the channels, where the model of the strait is least certain. The decision
on a third channel is due in November."""

FOOTNOTE_TEXT = """<super>1</super> The grid operator rounds to full megawatt-hours per day; the difference has no
other cause."""

FINDINGS = (
    "No finding",
    "Light growth on the hub, removed",
    "Brake pads worn, exchanged",
    "No finding",
    "Anode consumed to 40 %, exchanged",
    "Cable clamp loose, tightened",
    "No finding",
    "Seal of the gearbox moist, kept under watch",
    "Blade tip scratched, coated again",
    "Oil sample cloudy, oil exchanged",
)


class PageOf(Canvas):
    """A canvas that writes the same bytes each time."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **{**options, "invariant": 1})


def _furniture(canvas: Canvas, document: BaseDocTemplate) -> None:
    """Draw the running header and footer."""
    canvas.saveState()
    canvas.setFillColor(GREY)
    canvas.setFont("Helvetica", 8)
    if document.page > 1:
        canvas.drawString(MARGIN, HEIGHT - 15 * mm, "Saebyeok Strait Tidal Power")
        canvas.drawRightString(WIDTH - MARGIN, HEIGHT - 15 * mm, "Annual Report 2025")
        canvas.setStrokeColor(GREY)
        canvas.setLineWidth(0.4)
        canvas.line(MARGIN, HEIGHT - 17 * mm, WIDTH - MARGIN, HEIGHT - 17 * mm)
    canvas.drawCentredString(WIDTH / 2, 12 * mm, f"Page {document.page} of {PAGES}")
    canvas.restoreState()


def _grid(*more: tuple[object, ...]) -> TableStyle:
    return TableStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.5, Color(0.55, 0.62, 0.66)),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            *more,
        ]
    )


def _sites_table() -> Table:
    """Table 1: two header rows, cells over rows and over columns."""
    rows = [
        ["Channel", "Site", "Turbines", "Capacity (MW)", "Generation (GWh)", "", "Availability 2025"],
        ["", "", "", "", "2024", "2025", ""],
        ["North channel", "Maehyang", "8", "12.0", "38.9", "41.8", "95.2 %"],
        ["", "Doldam", "5", "7.5", "27.3", "29.0", "94.6 %"],
        ["South channel", "Norabi", "6", "9.0", "26.1", "32.4", "93.8 %"],
        ["", "Hwanggeum", "3", "4.5", "17.2", "18.4", "94.1 %"],
        ["All sites", "", "22", "33.0", "109.5", "121.6", "94.5 %"],
    ]
    cells = [[Paragraph(text, HEAD if number < 2 else CELL) for text in row] for number, row in enumerate(rows)]
    merged = [
        ((0, 0), (0, 1)),
        ((1, 0), (1, 1)),
        ((2, 0), (2, 1)),
        ((3, 0), (3, 1)),
        ((4, 0), (5, 0)),
        ((6, 0), (6, 1)),
    ]
    merged += [((0, 2), (0, 3)), ((0, 4), (0, 5)), ((0, 6), (1, 6))]
    style = _grid(
        ("BACKGROUND", (0, 0), (-1, 1), SEA),
        ("BACKGROUND", (0, -1), (-1, -1), FOAM),
        *(("SPAN", first, last) for first, last in merged),
    )
    return Table(cells, colWidths=[w * mm for w in (27, 26, 20, 24, 20, 20, 29)], style=style, spaceBefore=4)


def _inspections_table() -> LongTable:
    """Table 2: longer than a page, its header row repeated where it goes on."""
    rows = [["No.", "Turbine", "Date", "Finding", "Hours out of service"]]
    sites = (("Maehyang", 8), ("Doldam", 5), ("Norabi", 6), ("Hwanggeum", 3))
    turbines = [f"{site} {number}" for site, count in sites for number in range(1, count + 1)]
    turbines += [f"{site} {number} (second)" for site, count in sites for number in range(1, count + 1, 2)]
    for number, turbine in enumerate(turbines):
        finding = FINDINGS[number * 7 % len(FINDINGS)]
        hours = "4" if finding == "No finding" else str(6 + number * 5 % 23)
        month, day = 1 + number // 3, 3 + number % 3 * 9 + number % 5
        rows.append([str(number + 1), turbine, f"2025-{month:02}-{day:02}", finding, hours])
    cells = [[Paragraph(text, CELL if number else HEAD) for text in row] for number, row in enumerate(rows)]
    style = _grid(("BACKGROUND", (0, 0), (-1, 0), SEA))
    return LongTable(cells, colWidths=[w * mm for w in (13, 36, 24, 66, 27)], style=style, repeatRows=1, spaceBefore=4)


def _turbine_picture() -> Image:
    """Figure 1: a drawing of a turbine on the sea bed, as pixels."""
    picture = Picture.new("RGB", (1000, 520), "#d6e9f2")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.truetype(str(NANUM / "NanumGothic.ttf"), 26)
    draw.rectangle((0, 0, 1000, 70), fill="#f6fbfd")
    for x in range(0, 1000, 80):
        draw.arc((x, 50, x + 80, 90), 180, 360, fill="#0b5c7a", width=4)
    draw.polygon([(0, 470), (220, 452), (520, 466), (800, 448), (1000, 462), (1000, 520), (0, 520)], fill="#b9a98a")
    for foot in (400, 500, 600):
        draw.line((500, 290, foot, 462), fill="#4a5a66", width=12)
    draw.rounded_rectangle((455, 258, 590, 302), 20, fill="#e0a030", outline="#1b2733", width=3)
    for tip in ((455, 110), (440, 420), (462, 350)):
        draw.line((462, 280, *tip), fill="#1b2733", width=13)
    draw.ellipse((444, 260, 484, 300), fill="#1b2733")
    for y in (170, 280, 390):
        draw.line((60, y, 250, y), fill="#0b5c7a", width=6)
        draw.polygon([(250, y - 14), (250, y + 14), (284, y)], fill="#0b5c7a")
    draw.text((70, 110), "Current", font=font, fill="#0b5c7a")
    draw.text((610, 262), "Nacelle with gearbox", font=font, fill="#1b2733")
    draw.text((640, 395), "Tripod", font=font, fill="#1b2733")
    draw.text((300, 118), "Blade 5.5 m", font=font, fill="#1b2733")
    draw.text((830, 478), "Sea bed", font=font, fill="#1b2733")
    data = io.BytesIO()
    picture.quantize(32).save(data, "PNG", optimize=True)
    data.seek(0)
    return Image(data, width=118 * mm, height=118 * mm * 0.52)


def _quarters_chart() -> Drawing:
    """Figure 2: a bar chart, as vectors and text."""
    drawing = Drawing(160 * mm, 72 * mm)
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 14 * mm, 10 * mm, 112 * mm, 50 * mm
    chart.data = [(30.1, 24.9, 29.6, 24.9), (31.8, 28.4, 33.0, 28.4)]
    chart.categoryAxis.categoryNames = ["Q1", "Q2", "Q3", "Q4"]
    chart.valueAxis.valueMin, chart.valueAxis.valueMax, chart.valueAxis.valueStep = 0, 40, 10
    for axis in (chart.categoryAxis, chart.valueAxis):
        axis.labels.fontName, axis.labels.fontSize = "Helvetica", 8.5
    chart.bars[0].fillColor, chart.bars[1].fillColor = HexColor("#9dbfcd"), SEA
    chart.bars.strokeColor = None
    chart.barLabelFormat, chart.barLabels.fontSize, chart.barLabels.nudge = "%0.1f", 7.5, 6
    drawing.add(chart)
    legend = Legend()
    legend.x, legend.y, legend.fontName, legend.fontSize = 132 * mm, 48 * mm, "Helvetica", 8.5
    legend.colorNamePairs = [(HexColor("#9dbfcd"), "2024"), (SEA, "2025")]
    drawing.add(legend)
    drawing.add(String(14 * mm, 65 * mm, "Generation by quarter (GWh)", fontName="Helvetica-Bold", fontSize=9.5))
    return drawing


def _story() -> list[Flowable]:
    bullets = [ListItem(Paragraph(point, BODY), leftIndent=14) for point in POINTS]
    return [
        Paragraph("Saebyeok Strait Tidal Power<br/>Annual Report 2025", TITLE),
        Paragraph("Saebyeok Tidal Cooperative, Gomseom Harbour. Published 12 March 2026.", BYLINE),
        Paragraph("Summary", H1),
        Paragraph(SUMMARY, BODY),
        Paragraph("요약", H1_KOREAN),
        Paragraph(SUMMARY_KOREAN, KOREAN),
        Paragraph("1 The year in brief", H1),
        ListFlowable(bullets, bulletType="bullet", start="•", bulletFontSize=9, leftIndent=12),
        Spacer(1, 4 * mm),
        _turbine_picture(),
        Paragraph("Figure 1. A turbine of the plant on its tripod, seen from the side.", CAPTION),
        NextPageTemplate("columns"),
        PageBreak(),
        Paragraph("2 How we measure", H1),
        Paragraph("2.1 The sites", H2),
        Paragraph(SITES, BODY),
        Paragraph("2.2 Current", H2),
        Paragraph(MEASURING, BODY),
        Paragraph("2.3 Power and yield", H2),
        Paragraph(POWER, BODY),
        Paragraph(f"P = ½ · {GREEK.format('ρ')} · A · v³ · {GREEK.format('η')}", EQUATION),
        Paragraph(POWER_AFTER, BODY),
        FrameBreak(),
        Paragraph("2.4 Generation", H2),
        Paragraph(BOOKING, BODY),
        Paragraph("2.5 Outages", H2),
        Paragraph(OUTAGES, BODY),
        Paragraph("2.6 Growth on the blades", H2),
        Paragraph(FOULING, BODY),
        FrameBreak(),
        HRFlowable(width="15%", thickness=0.5, color=GREY, hAlign="LEFT"),
        Paragraph(FOOTNOTE_TEXT, FOOTNOTE),
        NextPageTemplate("single"),
        PageBreak(),
        Paragraph("3 Results", H1),
        Paragraph(RESULTS, BODY),
        Paragraph("Table 1. Turbines, generation and availability by site.", CAPTION),
        _sites_table(),
        Spacer(1, 5 * mm),
        Paragraph("3.1 Noise", H2),
        Paragraph(NOISE, BODY),
        Paragraph("3.2 Inspections", H2),
        Paragraph(INSPECTIONS, BODY),
        Paragraph("Table 2. Inspections of the turbines in 2025.", CAPTION),
        _inspections_table(),
        Spacer(1, 5 * mm),
        Paragraph("4 The seasons", H1),
        Paragraph(SEASONS, BODY),
        _quarters_chart(),
        Paragraph("Figure 2. Generation of all sites by quarter, 2024 and 2025.", CAPTION),
        Paragraph("5 Outlook", H1),
        Paragraph(OUTLOOK, BODY),
    ]


def make(target: Path) -> None:
    """Write the report to *target*."""
    for name in ("NanumMyeongjo", "NanumGothicBold"):
        pdfmetrics.registerFont(TTFont(name, str(NANUM / f"{name}.ttf")))
    height = HEIGHT - TOP - BOTTOM
    column = (WIDTH - 2 * MARGIN - GUTTER) / 2
    bare = {"leftPadding": 0, "rightPadding": 0, "topPadding": 0, "bottomPadding": 0}
    whole = Frame(MARGIN, BOTTOM, WIDTH - 2 * MARGIN, height, **bare)
    note = 16 * mm
    columns = [Frame(MARGIN + n * (column + GUTTER), BOTTOM + note, column, height - note, **bare) for n in range(2)]
    columns.append(Frame(MARGIN, BOTTOM, WIDTH - 2 * MARGIN, note, **bare))
    document = BaseDocTemplate(
        str(target),
        pagesize=A4,
        pageTemplates=[
            PageTemplate("single", [whole], onPage=_furniture),
            PageTemplate("columns", columns, onPage=_furniture),
        ],
        title="Saebyeok Strait Tidal Power: Annual Report 2025",
        author="Saebyeok Tidal Cooperative (invented)",
    )
    document.build(_story(), canvasmaker=PageOf)
    if document.page != PAGES:
        raise SystemExit(f"The report has {document.page} pages; set PAGES, which its footer names.")


if __name__ == "__main__":
    make(TARGET)
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")
