"""Charts drawn as lines and pies: their data are read off where axes or angles are certain, not made up elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest

pytest.importorskip("reportlab")
pytest.importorskip("liteparse")

from reportlab.graphics.charts.doughnut import Doughnut
from reportlab.graphics.charts.legends import Legend, LineLegend
from reportlab.graphics.charts.linecharts import HorizontalLineChart
from reportlab.graphics.charts.piecharts import Pie
from reportlab.graphics.shapes import Drawing, String
from reportlab.graphics.widgets.markers import makeMarker
from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas
from test_local_measured_charts import COLOURS, LOG, NAMES, TICKS, bars, charts, rows
from test_local_pdf import Draw, paragraph, text

SERIES = ["Landed", "Salted", "Sold"]
MONTHS = ["January", "March", "May", "July", "September"]
Change = Callable[[Canvas], None]


def framed(draw: Callable[[Drawing], None]) -> Draw:
    """Return a page with a drawing between two paragraphs."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        drawing = Drawing(460, 260)
        draw(drawing)
        drawing.drawOn(sheet, 60, 430)
        text(sheet, 60, 400, paragraph(LOG, 3))

    return page


def lined(data: Sequence[Sequence[float]], top: float, step: float, *, marked: bool, grid: bool) -> Draw:
    def draw(drawing: Drawing) -> None:
        chart = HorizontalLineChart()
        chart.x, chart.y, chart.width, chart.height = 60, 40, 280, 190
        chart.data = [tuple(series) for series in data]
        chart.categoryAxis.categoryNames = MONTHS
        chart.valueAxis.valueMin, chart.valueAxis.valueMax, chart.valueAxis.valueStep = 0, top, step
        chart.valueAxis.visibleGrid = grid
        for n in range(len(data)):
            chart.lines[n].strokeColor = COLOURS[n]
            chart.lines[n].symbol = makeMarker("FilledCircle") if marked else None
        drawing.add(chart)
        if len(data) > 1:
            legend = LineLegend()
            legend.x, legend.y, legend.alignment = 360, 180, "right"
            legend.colorNamePairs = [(COLOURS[n], SERIES[n]) for n in range(len(data))]
            drawing.add(legend)

    return framed(draw)


@pytest.mark.parametrize(("marked", "grid"), [(False, False), (True, True)], ids=["plain", "markers and grid"])
@pytest.mark.parametrize(
    ("data", "top", "step"),
    [
        ([[41, 77, 12, 63, 50]], 80, 20),
        ([[0.41, 0.77, 0.12, 0.63, 0.5], [0.2, 0.5, 0.7, 0.33, 0.33]], 0.8, 0.2),
        ([[1100, 2400, 900, 1750, 2000], [600, 800, 1250, 700, 650], [300, 450, 200, 910, 1400]], 3000, 1000),
    ],
    ids=["one series", "two", "three"],
)
def test_lines_are_measured(data: list[list[float]], top: float, step: float, marked: bool, grid: bool) -> None:
    (chart,) = charts(lined(data, top, step, marked=marked, grid=grid))
    assert chart["category"] == "chart"
    assert '<table data-values="measured">' in chart["content"]["html"]
    head, *found = rows(chart)
    assert head[1:] == (SERIES[: len(data)] if len(data) > 1 else ["Value"])
    assert [name for name, *_ in found] == MONTHS
    for n, (_, *cells) in enumerate(found):
        assert [float(cell) for cell in cells] == pytest.approx([series[n] for series in data], abs=0.02 * top)


def test_measured_lines_are_told_in_every_format() -> None:
    (chart,) = charts(lined([[41, 77, 12, 63, 50]], 80, 20, marked=False, grid=False))
    assert "<p>Chart Type: line</p>" in chart["content"]["html"]
    for form in ("markdown", "text"):
        assert "| January | 41 |" in chart["content"][form]
        assert "Values: measured" in chart["content"][form]


PLACES = [150 + 60 * n for n in range(5)]
LINE = [(x, 500 + height) for x, height in zip(PLACES, (60, 110, 90, 140, 30), strict=True)]


def stroke(sheet: Canvas, points: Sequence[tuple[float, float]], colour: str = "#2f6f9f") -> None:
    path = sheet.beginPath()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    sheet.setStrokeColor(colour)
    sheet.drawPath(path)
    sheet.setStrokeColor("#000000")


def plotted(
    sheet: Canvas,
    ticks: Sequence[str] = TICKS,
    *,
    line: Sequence[tuple[float, float]] = LINE,
    names: Sequence[str] = MONTHS,
    right: Sequence[str] = (),
    told: Sequence[str] = (),
) -> None:
    """Draw a chart of one line, one millimetre for each unit from the foot at 500 points on."""
    text(sheet, 60, 790, paragraph(LOG, 3))
    sheet.line(120, 500, 120, 660)
    sheet.line(120, 500, 430, 500)
    for n, tick in enumerate(ticks):
        text(sheet, 92, 497 + 50 * n, [tick], 9)
        sheet.line(117, 500 + 50 * n, 120, 500 + 50 * n)
    for n, tick in enumerate(right):
        text(sheet, 436, 497 + 50 * n, [tick], 9)
        sheet.line(430, 500 + 50 * n, 433, 500 + 50 * n)
    if line:
        stroke(sheet, line)
    sheet.setFont("Helvetica", 9)
    for place, name in zip(PLACES, names, strict=False):
        sheet.drawCentredString(place, 486, name)
    for (x, y), number in zip(line, told, strict=False):
        sheet.drawCentredString(x, y + 5, number)
    text(sheet, 60, 440, paragraph(LOG, 3))


def test_the_line_that_the_uncertain_ones_are_changed_from_is_measured() -> None:
    (chart,) = charts(lambda sheet: plotted(sheet, told=("60", "110", "90", "140", "30")))
    assert rows(chart)[1:] == [["January", "60"], ["March", "110"], ["May", "90"], ["July", "140"], ["September", "30"]]


def test_a_line_drawn_piece_by_piece_is_one_series() -> None:
    def page(sheet: Canvas) -> None:
        plotted(sheet, line=())
        for start, end in pairwise(LINE):
            stroke(sheet, [start, end])

    (chart,) = charts(page)
    assert [value for _, value in rows(chart)[1:]] == ["60", "110", "90", "140", "30"]


def test_a_line_drawn_there_and_back_between_crosses_is_one_series() -> None:
    """As drawing programs write it: each piece closed, each marker of four strokes that meet at the vertex."""

    def page(sheet: Canvas) -> None:
        plotted(sheet, line=())
        for start, end in pairwise(LINE):
            stroke(sheet, [start, end, start])
        for x, y in LINE:
            for across, up in ((-2, -2), (-2, 2), (2, -2), (2, 2)):
                stroke(sheet, [(x + across, y + up), (x, y)])

    (chart,) = charts(page)
    assert [value for _, value in rows(chart)[1:]] == ["60", "110", "90", "140", "30"]


def test_a_chart_whose_legend_names_a_line_that_is_not_read_has_no_table() -> None:
    def page(sheet: Canvas) -> None:
        plotted(sheet)
        for n, (name, colour) in enumerate({"Landed": "#2f6f9f", "Salted": "#c8702a"}.items()):
            stroke(sheet, [(340, 640 - 14 * n), (360, 640 - 14 * n)], colour)
            text(sheet, 364, 637 - 14 * n, [name], 9)

    (chart,) = charts(page)
    assert "<table" not in chart["content"]["html"]


def test_a_series_that_begins_late_has_empty_cells_before() -> None:
    def page(sheet: Canvas) -> None:
        plotted(sheet)
        stroke(sheet, [(x, y - 20) for x, y in LINE[2:]], "#c8702a")
        text(sheet, 400, 506, ["Salted"], 9)

    (chart,) = charts(page)
    assert [row[2] for row in rows(chart)[1:]] == ["", "", "70", "120", "10"]


def test_the_short_piece_of_a_line_with_a_gap_belongs_to_its_series() -> None:
    """Two vertices before a gap were no line, and their values were told to be missing."""

    def page(sheet: Canvas) -> None:
        plotted(sheet)
        for piece in (LINE[:2], LINE[2:]):
            stroke(sheet, [(x, y - 20) for x, y in piece], "#c8702a")
        text(sheet, 400, 506, ["Salted"], 9)

    (chart,) = charts(page)
    assert [row[2] for row in rows(chart)[1:]] == ["40", "90", "70", "120", "10"]


def test_a_line_over_bars_is_a_column_beside_theirs() -> None:
    def page(sheet: Canvas) -> None:
        bars(sheet, TICKS)
        stroke(sheet, [(167.5 + 65 * n, 500 + height) for n, height in enumerate((20, 40, 130, 70))], "#c8702a")

    (chart,) = charts(page)
    assert "<p>Chart Type: bar, line</p>" in chart["content"]["html"]
    assert [row[1:] for row in rows(chart)[1:]] == [["60", "20"], ["110", "40"], ["90", "130"], ["140", "70"]]


def with_curve(sheet: Canvas) -> None:
    plotted(sheet, line=())
    path = sheet.beginPath()
    path.moveTo(*LINE[0])
    for (x0, y0), (x1, y1) in pairwise(LINE):
        path.curveTo((x0 + x1) / 2, y0, (x0 + x1) / 2, y1, x1, y1)
    sheet.drawPath(path)


def with_trend(sheet: Canvas) -> None:
    plotted(sheet)
    stroke(sheet, [(140, 520), (400, 620)])


def with_area(sheet: Canvas) -> None:
    plotted(sheet)
    path = sheet.beginPath()
    path.moveTo(LINE[0][0], LINE[0][1] - 15)
    for x, y in [*LINE[1:], *reversed([(x, y - 15 - x / 20) for x, y in LINE])]:
        path.lineTo(x, y)
    sheet.setFillColor("#9fc0d8")
    sheet.drawPath(path, stroke=0, fill=1)
    sheet.setFillColor("#000000")


@pytest.mark.parametrize(
    "page",
    [
        lambda sheet: plotted(sheet, ("1", "10", "100", "1000")),
        lambda sheet: plotted(sheet, ("0", "50", "250", "300")),
        lambda sheet: plotted(sheet, ("0", "", "", "150")),
        lambda sheet: plotted(sheet, names=MONTHS[:4]),
        lambda sheet: plotted(sheet, names=MONTHS[:1] + MONTHS[3:4]),
        lambda sheet: plotted(sheet, right=("0", "2", "4", "6")),
        lambda sheet: plotted(sheet, told=("600", "20", "945", "14", "310")),
        lambda sheet: plotted(sheet, line=[*LINE[:2], (PLACES[2], 715), *LINE[3:]]),
        lambda sheet: plotted(sheet, line=[(x + 25, y) for x, y in LINE]),
        lambda sheet: plotted(sheet, line=[(130 + 3 * n, 570 + 60 * math.sin(n / 8)) for n in range(90)]),
        lambda sheet: plotted(sheet, line=[*LINE[:2], *LINE[3:]]),
        with_curve,
        with_trend,
        with_area,
    ],
    ids=[
        "logarithmic",
        "broken",
        "two numbers",
        "a name too few",
        "names of some",
        "two axes",
        "other numbers at the vertices",
        "off the scale",
        "between the names",
        "a function",
        "a vertex too few",
        "a curve",
        "a trend",
        "an area",
    ],
)
def test_lines_whose_values_are_not_certain_have_no_table(page: Change) -> None:
    found = charts(page)
    assert found
    assert not any("<table" in element["content"]["html"] for element in found)


@pytest.mark.parametrize("count", [3, 5])
def test_a_diagram_of_boxes_and_a_line_is_no_chart_with_data(count: int) -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        for n in range(count):
            sheet.roundRect(80 + 85 * n, 560 + 30 * (n % 2), 65, 30, 4)
            text(sheet, 90 + 85 * n, 572 + 30 * (n % 2), [f"Step {n}"], 9)
            text(sheet, 70, 520 + 40 * n, [str(n)], 9)
        stroke(sheet, [(112 + 85 * n, 540 + 20 * (n % 2)) for n in range(count)])
        text(sheet, 60, 440, paragraph(LOG, 3))

    assert not any("<table" in element["content"]["html"] for element in charts(page))


# --- pies


SECTORS = [*COLOURS, HexColor("#8f3f7f")]
SHARES = {"Herring": 45.0, "Cod": 30.0, "Ling": 15.0, "Hake": 10.0}


def draw_pie(drawing: Drawing, kind: type[Any] = Pie, wide: float = 170, values: Sequence[float] = ()) -> Any:
    """Draw a pie without names, and return it."""
    chart = kind()
    chart.x, chart.y, chart.width, chart.height = 90, 45, wide, 170
    chart.data = list(values or SHARES.values())
    chart.labels = None
    for n, colour in enumerate(SECTORS[: len(chart.data)]):
        chart.slices[n].fillColor = colour
    drawing.add(chart)
    return chart


def pie(
    kind: type[Any] = Pie,
    *,
    labels: Sequence[str] | None = NAMES,
    legend: bool = False,
    popout: float = 0,
    wide: float = 170,
    values: Sequence[float] = tuple(SHARES.values()),
    more: Callable[[Drawing], None] | None = None,
) -> Draw:
    def draw(drawing: Drawing) -> None:
        if more is not None:
            more(drawing)
        chart = draw_pie(drawing, kind, wide, values)
        chart.labels = labels
        chart.slices[0].popout = popout
        if legend:
            names = Legend()
            names.x, names.y, names.alignment, names.columnMaximum = 330, 180, "right", 9
            names.colorNamePairs = list(zip(SECTORS, NAMES, strict=True))
            drawing.add(names)

    return framed(draw)


@pytest.mark.parametrize(
    "page",
    [
        pie(),
        pie(labels=None, legend=True),
        pie(popout=14),
        pie(Doughnut),
        pie(labels=[f"{name} {share:.0f}%" for name, share in SHARES.items()]),
        pie(more=draw_pie),
    ],
    ids=["words beside", "a legend", "a sector moved out", "a ring", "words with shares", "drawn twice"],
)
def test_pies_are_measured_in_per_cent(page: Draw) -> None:
    (chart,) = charts(page)
    assert chart["category"] == "chart"
    assert '<table data-values="measured">' in chart["content"]["html"]
    found = {name: float(share.removesuffix("%")) for name, share in rows(chart)[1:]}
    assert found == pytest.approx(SHARES, abs=0.5)
    assert all(name in chart["content"]["text"] for name in NAMES)


@pytest.mark.parametrize("size", [13, 10], ids=["larger than the names", "of their size"])
def test_the_title_right_above_a_pie_is_no_name_of_a_sector(size: float) -> None:
    """A heading of the page that is larger, and further up, changes nothing of it."""

    def page(drawing: Drawing) -> None:
        drawing.add(String(20, 300, "Report of the year", fontSize=16))
        drawing.add(String(175, 232 + (13 - size) * 4, "The catch", fontSize=size, textAnchor="middle"))

    (chart,) = charts(pie(more=page))
    assert {name for name, _ in rows(chart)[1:]} == set(NAMES)
    assert "<p>Chart Title: The catch</p>" in chart["content"]["html"]


def test_a_pie_of_sides_and_a_pie_of_two_are_measured() -> None:
    def polygons(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        angle = 90.0
        for colour, (name, share) in zip(("#2f6f9f", "#c8702a", "#4f8f3f", "#8f3f7f"), SHARES.items(), strict=True):
            end = angle - 3.6 * share
            ray = [(math.cos(math.radians(a)), math.sin(math.radians(a))) for a in steps(angle, end)]
            path = sheet.beginPath()
            path.moveTo(250, 560)
            for x, y in ray:
                path.lineTo(250 + 80 * x, 560 + 80 * y)
            path.close()
            sheet.setFillColor(colour)
            sheet.drawPath(path, stroke=0, fill=1)
            sheet.setFillColor("#000000")
            x, y = ray[len(ray) // 2]
            sheet.setFont("Helvetica", 9)
            (sheet.drawString if x > 0 else sheet.drawRightString)(250 + 88 * x, 557 + 88 * y, name)
            angle = end
        text(sheet, 60, 440, paragraph(LOG, 3))

    (chart,) = charts(polygons)
    found = {name: float(share.removesuffix("%")) for name, share in rows(chart)[1:]}
    assert found == pytest.approx(SHARES, abs=0.5)
    (chart,) = charts(pie(values=(3, 1), labels=NAMES[:2]))
    assert sorted(rows(chart)[1:]) == [["Cod", "25.0%"], ["Herring", "75.0%"]]


def steps(start: float, end: float) -> list[float]:
    count = max(2, round(abs(end - start) / 2))
    return [start + (end - start) * n / count for n in range(count + 1)]


@pytest.mark.parametrize(
    "page",
    [
        pie(wide=240),
        pie(labels=None),
        pie(labels=[*NAMES[:3], ""]),
        pie(labels=["Herring 10%", "Cod 30%", "Ling 15%", "Hake 45%"]),
    ],
    ids=["an ellipse, as in three dimensions", "no names", "a name too few", "other shares"],
)
def test_a_pie_whose_shares_are_not_certain_has_no_table(page: Draw) -> None:
    assert not any("<table" in element["content"]["html"] for element in charts(page))


def test_sectors_that_leave_a_gap_are_no_pie() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        for colour, start, name, at in (("#2f6f9f", 0, "Herring", (345, 620)), ("#c8702a", 120, "Cod", (140, 600))):
            sheet.setFillColor(colour)
            sheet.wedge(170, 480, 330, 640, start, 120, stroke=0, fill=1)
            sheet.setFillColor("#000000")
            text(sheet, *at, [name], 9)
        text(sheet, 60, 440, paragraph(LOG, 3))

    assert not any("<table" in element["content"]["html"] for element in charts(page))
