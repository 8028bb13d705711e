"""Charts drawn as bars: their data are read off where scale, bars and names agree, and are not made up elsewhere."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

pytest.importorskip("reportlab")
pytest.importorskip("liteparse")

from reportlab.graphics.charts.barcharts import HorizontalBarChart, VerticalBarChart
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas
from test_local_layout_rules import elements
from test_local_pdf import Draw, paragraph, text

LOG = "The log of the harbour was kept in ink by whoever had the watch that night"
NAMES = ["Herring", "Cod", "Ling", "Hake"]
COLOURS = [HexColor("#2f6f9f"), HexColor("#c8702a"), HexColor("#4f8f3f")]


def charts(*pages: Draw, recognised: bool = True) -> list[dict[str, Any]]:
    found = elements(*pages, output_formats=("html", "markdown", "text"), charts=recognised)
    return [element for element in found if element["category"] in {"chart", "figure", "table"}]


def rows(element: dict[str, Any]) -> list[list[str]]:
    found = re.findall(r"<tr>(.*?)</tr>", element["content"]["html"], re.DOTALL)
    return [list(map(html.unescape, re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row))) for row in found]


def drawn(
    kind: type[VerticalBarChart], data: Sequence[Sequence[float]], top: float, step: float, style: str = "parallel"
) -> Draw:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        drawing = Drawing(420, 240)
        chart = kind()
        chart.x, chart.y, chart.width, chart.height = 60, 40, 320, 180
        chart.data = [tuple(series) for series in data]
        chart.categoryAxis.categoryNames = NAMES
        chart.categoryAxis.style = style
        chart.valueAxis.valueMin, chart.valueAxis.valueMax, chart.valueAxis.valueStep = 0, top, step
        for n in range(len(data)):
            chart.bars[n].fillColor = COLOURS[n]
            chart.bars[n].strokeColor = None
        drawing.add(chart)
        drawing.drawOn(sheet, 60, 440)
        text(sheet, 60, 400, paragraph(LOG, 3))

    return page


@pytest.mark.parametrize("kind", [VerticalBarChart, HorizontalBarChart])
@pytest.mark.parametrize(
    ("data", "top", "step", "style"),
    [
        ([[41, 77, 12, 63]], 80, 20, "parallel"),
        ([[0.41, 0.77, 0.12, 0.63], [0.2, 0.5, 0.7, 0.33]], 0.8, 0.2, "parallel"),
        ([[1100, 2400, 900, 1750], [600, 800, 1250, 700], [300, 450, 200, 910]], 4000, 1000, "stacked"),
    ],
    ids=["one series", "side by side", "stacked"],
)
def test_bars_are_measured(
    kind: type[VerticalBarChart], data: list[list[float]], top: float, step: float, style: str
) -> None:
    (chart,) = charts(drawn(kind, data, top, step, style))
    assert chart["category"] == "chart"
    assert '<table data-values="measured">' in chart["content"]["html"]
    found = {name: [float(cell) for cell in cells] for name, *cells in rows(chart)[1:]}
    assert sorted(found) == sorted(NAMES)
    for n, name in enumerate(NAMES):
        assert found[name] == pytest.approx([series[n] for series in data], abs=0.02 * top)


def test_measured_values_are_told_in_every_format() -> None:
    (chart,) = charts(drawn(VerticalBarChart, [[41, 77, 12, 63]], 80, 20))
    assert "<p>Chart Type: bar</p>" in chart["content"]["html"]
    for form in ("markdown", "text"):
        assert "| Herring | 41 |" in chart["content"][form]
        assert "Values: measured" in chart["content"][form]


def bars(
    sheet: Canvas,
    ticks: Sequence[str],
    *,
    feet: Sequence[float] = (0, 0, 0, 0),
    names: Sequence[str] = NAMES,
    ends: Sequence[str] = (),
    right: Sequence[str] = (),
) -> None:
    text(sheet, 60, 790, paragraph(LOG, 3))
    sheet.line(120, 500, 120, 660)
    sheet.line(120, 500, 420, 500)
    for n, tick in enumerate(ticks):
        text(sheet, 92, 497 + 50 * n, [tick], 9)
        sheet.line(117, 500 + 50 * n, 120, 500 + 50 * n)
    for n, tick in enumerate(right):
        text(sheet, 426, 497 + 50 * n, [tick], 9)
        sheet.line(420, 500 + 50 * n, 423, 500 + 50 * n)
    for n, (height, foot) in enumerate(zip((60, 110, 90, 140), feet, strict=True)):
        sheet.setFillColorRGB(0.2, 0.4, 0.7)
        sheet.rect(150 + 65 * n, 500 + foot, 35, height - foot, fill=1, stroke=0)
        sheet.setFillColorRGB(0, 0, 0)
    for n, name in enumerate(names):
        sheet.setFont("Helvetica", 9)
        sheet.drawCentredString(167.5 + 65 * n, 486, name)
    for n, end in enumerate(ends):
        sheet.drawCentredString(167.5 + 65 * n, 503 + (60, 110, 90, 140)[n], end)
    text(sheet, 60, 440, paragraph(LOG, 3))


TICKS = ("0", "50", "100", "150")


def test_the_page_that_the_uncertain_ones_are_changed_from_is_measured() -> None:
    (chart,) = charts(lambda sheet: bars(sheet, TICKS, ends=("60", "110", "90", "140")))
    assert rows(chart)[1:] == [["Herring", "60"], ["Cod", "110"], ["Ling", "90"], ["Hake", "140"]]


@pytest.mark.parametrize(
    "page",
    [
        lambda sheet: bars(sheet, ("1", "10", "100", "1000")),
        lambda sheet: bars(sheet, ("0", "", "", "150")),
        lambda sheet: bars(sheet, TICKS, feet=(0, 20, 10, 40)),
        lambda sheet: bars(sheet, TICKS, names=NAMES[:3]),
        lambda sheet: bars(sheet, TICKS, ends=("600", "20", "945", "14")),
        lambda sheet: bars(sheet, TICKS, right=("0", "2", "4", "6")),
    ],
    ids=["logarithmic", "two numbers", "bars that float", "a name too few", "other numbers at the bars", "two axes"],
)
def test_a_chart_whose_scale_is_not_certain_has_no_table(page: Callable[[Canvas], None]) -> None:
    (chart,) = charts(page)
    assert "<table" not in chart["content"]["html"]
    assert "Herring" in chart["content"]["text"]


@pytest.mark.parametrize(
    ("told", "times"),
    [("1e6", 1_000_000), ("×10 3", 1_000), ("1e-2", 0.01), ("×1000", 1_000), ("x 100", 100), ("×1,000,000", 1_000_000)],
)
def test_numbers_of_an_axis_are_told_in_what_stands_at_its_end(told: str, times: float) -> None:
    """As plotting libraries write large and small numbers; the multiplier is no name of the values."""

    def page(sheet: Canvas) -> None:
        bars(sheet, TICKS)
        text(sheet, 100, 666, [told], 9)

    (chart,) = charts(page)
    head, *found = rows(chart)
    assert told not in head
    assert [float(value) for _, value in found] == pytest.approx([times * n for n in (60, 110, 90, 140)], rel=0.02)


@pytest.mark.parametrize(("told", "place"), [("+1e5", (100, 666)), ("1e6", (400, 474))])
def test_numbers_that_something_is_added_to_have_no_table(told: str, place: tuple[int, int]) -> None:
    """Nor have those of an axis of categories that are told in another number."""

    def page(sheet: Canvas) -> None:
        bars(sheet, TICKS, names=("1", "2", "3", "4"))
        text(sheet, *place, [told], 9)

    assert not any("<table" in element["content"]["html"] for element in charts(page))


def test_patches_beside_a_chart_name_its_series_by_years() -> None:
    """Their legend has no frame, and ticks are drawn as filled shapes on a ground of their own."""
    shades = ((0.2, 0.4, 0.7), (0.8, 0.5, 0.2))

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        sheet.setFillGray(0.9)
        sheet.rect(120, 500, 300, 160, fill=1, stroke=0)
        sheet.setFillGray(0)
        for n, tick in enumerate(TICKS):
            text(sheet, 92, 497 + 50 * n, [tick], 9)
            sheet.rect(115, 499.2 + 50 * n, 5, 1.6, fill=1, stroke=0)
        for n, name in enumerate(NAMES):
            for low, high, shade in ((0, 40 + 10 * n, shades[0]), (40 + 10 * n, 100 + 5 * n, shades[1])):
                sheet.setFillColorRGB(*shade)
                sheet.rect(150 + 65 * n, 500 + low, 35, high - low, fill=1, stroke=0)
            sheet.setFillGray(0)
            sheet.drawCentredString(167.5 + 65 * n, 486, name)
        for n, shade in enumerate(shades):
            sheet.setFillColorRGB(*shade)
            sheet.rect(428, 600 - 15 * n, 20, 7, fill=1, stroke=0)
            sheet.setFillGray(0)
            text(sheet, 455, 600 - 15 * n, [f"201{n}"], 9)
        text(sheet, 60, 440, paragraph(LOG, 3))

    (chart,) = charts(page)
    head, first, *_ = rows(chart)
    assert head[1:] == ["2010", "2011"]
    assert [float(value) for value in first[1:]] == pytest.approx([40, 60], abs=2)


def test_equal_short_bars_of_a_narrow_chart_are_no_ticks() -> None:
    """They are as small as ticks that are drawn as filled shapes, but as wide as the longer bars beside them."""
    heights = (60, 2, 90, 2, 140, 2, 2, 75)

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        for n, tick in enumerate(TICKS):
            text(sheet, 92, 497 + 50 * n, [tick], 9)
            sheet.line(118, 500 + 50 * n, 122, 500 + 50 * n)
        sheet.line(120, 500, 430, 500)
        for n, height in enumerate(heights):
            sheet.setFillColorRGB(0.2, 0.4, 0.7)
            sheet.rect(140 + 36 * n, 500, 6, height, fill=1, stroke=0)
            sheet.setFillGray(0)
            text(sheet, 137 + 36 * n, 486, ["ABCDEFGH"[n] + "x"], 9)
        text(sheet, 60, 440, paragraph(LOG, 3))

    (chart,) = charts(page)
    assert [float(value) for _, value in rows(chart)[1:]] == pytest.approx(heights, abs=1)


def test_bars_that_run_over_the_edge_of_the_page_are_a_chart() -> None:
    """On a log scale, bars have no foot, and are drawn down to a place far below the page."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        for n, tick in enumerate(("1", "10", "100", "1000")):
            text(sheet, 92, 497 + 50 * n, [tick], 9)
            sheet.line(117, 500 + 50 * n, 120, 500 + 50 * n)
        sheet.saveState()
        clip = sheet.beginPath()
        clip.rect(120, 500, 300, 160)
        sheet.clipPath(clip, stroke=0)
        sheet.setFillColorRGB(0.2, 0.4, 0.7)
        for n, height in enumerate((60, 110, 90, 140)):
            sheet.rect(150 + 65 * n, -70_000, 35, 70_500 + height, fill=1, stroke=0)
        sheet.restoreState()
        sheet.rect(120, 500, 300, 160)
        for n, name in enumerate(NAMES):
            sheet.drawCentredString(167.5 + 65 * n, 486, name)

    (chart,) = charts(page)
    assert "Herring" in chart["content"]["text"]


def test_without_chart_recognition_a_chart_is_a_picture() -> None:
    """Its words stay, and no table of values is answered."""
    page = drawn(VerticalBarChart, [[4, 9, 14, 6]], 20, 5)
    (measured,) = charts(page)
    (picture,) = charts(page, recognised=False)
    assert "<table" in measured["content"]["html"]
    assert picture["category"] == "chart"
    assert not any("<table" in form or "|" in form for form in picture["content"].values())
    assert "Ling" in picture["content"]["text"]
