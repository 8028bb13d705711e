"""Charts whose numbers and names are written in other ways: read as they are meant, or not where it is not certain."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from steps import grows_evenly

pytest.importorskip("reportlab")
pytest.importorskip("liteparse")

from reportlab.pdfgen.canvas import Canvas
from test_local_measured_charts import COLOURS, LOG, NAMES, TICKS, bars, charts, rows
from test_local_pdf import paragraph, pdf, read, text

from upstage_docs.local.geometry import bounds
from upstage_docs.local.pdf.plots import joined_drawings
from upstage_docs.local.pdf.vector_paths import Drawing, Path

LONG = ["Agriculture and fishing", "Wholesale and retail", "Public administration", "Transport and storage"]
HEIGHTS = (60, 110, 90, 140)


def values(found: list[list[str]]) -> list[float]:
    return [float(value) for _, value in found[1:]]


@pytest.mark.parametrize(
    ("ticks", "times"),
    [
        (("0", "50k", "100k", "150k"), 1000),
        (("0", "500M", "1B", "1.5B"), 10_000_000),
        (("0", "5e+07", "1e+08", "1.5e+08"), 1_000_000),
        (("0,0", "0,5", "1,0", "1,5"), 0.01),
        (("0", "1.000", "2.000", "3.000"), 20),
        (("0", "50만", "100만", "150만"), 10_000),
    ],
    ids=["thousands", "millions and billions", "powers", "decimal comma", "points between thousands", "Korean units"],
)
def test_numbers_are_read_as_the_axis_writes_them(ticks: Sequence[str], times: float) -> None:
    def page(sheet: Canvas) -> None:
        bars(sheet, [tick.replace("만", "k") for tick in ticks] if "50만" in ticks else ticks)

    expected = [times / (10 if "50만" in ticks else 1) * height for height in HEIGHTS]
    (chart,) = charts(page)
    assert values(rows(chart)) == pytest.approx(expected, rel=0.02)


def test_powers_whose_exponents_stand_apart_are_no_scale() -> None:
    """The exponents 0 to 3 alone would be a straight one."""

    def page(sheet: Canvas) -> None:
        bars(sheet, ("10",) * 4)
        for n in range(4):
            text(sheet, 108, 498.5 + 50 * n, [str(n)], 6)

    (chart,) = charts(page)
    assert "<table" not in chart["content"]["html"]


def lying(sheet: Canvas, names: Sequence[str], *, flush: bool = False, size: float = 9) -> None:
    """Draw bars that lie, in two series if there are two colours; the first and last number inwards with *flush*."""
    text(sheet, 60, 790, paragraph(LOG, 3))
    sheet.line(200, 480, 200, 680)
    for n in range(6):
        sheet.line(200 + 50 * n, 476, 200 + 50 * n, 480)
        sheet.setFont("Helvetica", 9)
        if flush and n in {0, 5}:
            (sheet.drawString if n == 0 else sheet.drawRightString)(200 + 50 * n, 464, str(50 * n))
        else:
            sheet.drawCentredString(200 + 50 * n, 464, str(50 * n))
    for n, name in enumerate(names):
        sheet.setFillColor(COLOURS[0])
        sheet.rect(200, 640 - 45 * n, (160, 210, 90, 240)[n], 25, fill=1, stroke=0)
        sheet.setFillGray(0)
        sheet.setFont("Helvetica", size)
        lines = name.split("\n")
        for row, line in enumerate(lines):
            sheet.drawRightString(196, 649 + (len(lines) - 1) * size / 2 - row * size * 1.1 - 45 * n, line)
    text(sheet, 60, 440, paragraph(LOG, 3))


@pytest.mark.parametrize("names", [LONG, [name.replace(" ", "\n", 1) for name in LONG]], ids=["one line", "two lines"])
def test_long_names_before_lying_bars_are_theirs(names: list[str]) -> None:
    (chart,) = charts(lambda sheet: lying(sheet, names))
    assert [[name, float(value)] for name, value in rows(chart)[1:]] == [
        [name, pytest.approx(value, abs=3)] for name, value in zip(LONG, (160, 210, 90, 240), strict=True)
    ]


def test_the_first_and_last_number_of_an_axis_may_end_where_it_does() -> None:
    (chart,) = charts(lambda sheet: lying(sheet, NAMES, flush=True))
    assert values(rows(chart)) == pytest.approx([160, 210, 90, 240], abs=3)


@pytest.mark.parametrize("angle", [90, 45, -45])
def test_turned_names_are_whole_and_belong_to_the_bars_that_they_hang_on(angle: int) -> None:
    def page(sheet: Canvas) -> None:
        bars(sheet, TICKS, names=())
        sheet.setFillGray(1)
        sheet.rect(60, 400, 480, 60, stroke=0, fill=1)  # over the text below
        sheet.setFillGray(0)
        for n, name in enumerate(LONG):
            sheet.saveState()
            sheet.translate(167.5 + 65 * n + (3 if angle == 90 else 0), 494)
            sheet.rotate(angle)
            sheet.setFont("Helvetica", 7)
            end, step = sheet.stringWidth(name, "Helvetica", 7), 0.0
            for word in name.split():  # each by itself, as drawing programs write them
                sheet.drawString(step if angle < 0 else step - end, 0, word)
                step += sheet.stringWidth(f"{word} ", "Helvetica", 7)
            sheet.restoreState()

    found = charts(page)
    assert [name for name, _ in rows(found[0])[1:]] == LONG


def test_the_turned_title_of_an_axis_takes_no_number_from_it() -> None:
    def page(sheet: Canvas) -> None:
        bars(sheet, TICKS)
        sheet.saveState()
        sheet.translate(91, 540)
        sheet.rotate(90)
        sheet.drawString(0, 0, "Tonnes (2015 = 100)")
        sheet.restoreState()

    (chart,) = charts(page)
    assert values(rows(chart)) == pytest.approx(HEIGHTS, abs=3)


@pytest.mark.parametrize("names", [["North", "South"] * 2, ["Agriculture and fishing"] * 2 + ["Trade and storage"] * 2])
def test_names_that_repeat_or_lie_over_each_other_are_not_certain(names: list[str]) -> None:
    (chart,) = charts(lambda sheet: bars(sheet, TICKS, names=names))
    assert "<table" not in chart["content"]["html"]


def stacks(sheet: Canvas, *, outline: float) -> None:
    for n, (name, height) in enumerate(zip(NAMES, HEIGHTS, strict=True)):
        sheet.setLineWidth(outline)
        for low, high, colour in ((0, height / 3, COLOURS[0]), (height / 3, height, COLOURS[1])):
            sheet.setFillColor(colour)
            sheet.rect(140 + 65 * n, 500 + low, 35, high - low, fill=1, stroke=int(outline > 0))
        sheet.setFillGray(0)
        text(sheet, 145 + 65 * n, 486, [name], 9)


def test_outlined_bars_that_are_stacked_are_measured() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        for n, tick in enumerate(TICKS):
            text(sheet, 92, 497 + 50 * n, [tick], 9)
            sheet.line(117, 500 + 50 * n, 120, 500 + 50 * n)
        sheet.line(120, 500, 120, 660)
        sheet.line(120, 500, 420, 500)
        stacks(sheet, outline=1.25)
        text(sheet, 60, 440, paragraph(LOG, 3))

    (chart,) = charts(page)
    assert [[float(value) for value in row[1:]] for row in rows(chart)[1:]] == [
        pytest.approx([height / 3, height * 2 / 3], abs=3) for height in HEIGHTS
    ]


def test_numbers_in_a_typewriters_font_beside_bars_are_no_listing() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        sheet.setFillGray(0.97)
        sheet.rect(70, 470, 400, 210, fill=1, stroke=0)
        sheet.setFillGray(0)
        sheet.setFont("Courier", 9)
        for n in range(9):
            sheet.line(120, 500 + 20 * n, 420, 500 + 20 * n)
            sheet.drawRightString(116, 497 + 20 * n, f"{200 * n}.00")
        for n, (name, height) in enumerate(zip(LONG, HEIGHTS, strict=True)):
            sheet.setFillColor(COLOURS[0])
            sheet.rect(130 + 72 * n, 500, 50, height, fill=1, stroke=0)
            sheet.setFillGray(0)
            sheet.drawCentredString(155 + 72 * n, 486, name.split()[0])
        text(sheet, 60, 440, paragraph(LOG, 3))

    (chart,) = charts(page)
    assert values(rows(chart)) == pytest.approx([10 * height for height in HEIGHTS], abs=30)


def test_the_numbers_of_two_charts_side_by_side_are_no_table() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        for left in (60, 310):
            sheet.setFillGray(0.97)
            sheet.rect(left, 480, 240, 180, fill=1, stroke=0)
            sheet.setStrokeGray(0.9)
            for n, name in enumerate(NAMES):
                sheet.line(left + 50 + 50 * n, 500, left + 50 + 50 * n, 640)
                sheet.line(left + 25, 500 + 40 * n, left + 230, 500 + 40 * n)
                sheet.setFillGray(0)
                text(sheet, left + 5, 497 + 40 * n, [str(40 * n)], 9)
                text(sheet, left + 35 + 50 * n, 486, [name], 9)
                sheet.setFillColor(COLOURS[0])
                sheet.rect(left + 30 + 50 * n, 500, 40, HEIGHTS[n], fill=1, stroke=0)
                sheet.setFillGray(0)
        text(sheet, 60, 440, paragraph(LOG, 3))

    found = charts(page)
    assert [values(rows(chart)) for chart in found] == [pytest.approx(HEIGHTS, abs=3)] * 2


def test_bars_without_axis_and_grid_are_a_chart_with_their_legend() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        sheet.setFont("Helvetica", 9)
        for n in range(7):
            sheet.drawRightString(134, 497 + 25 * n, str(25 * n))
        stacks(sheet, outline=0)
        for n, name in enumerate(("Plan", "Actual")):
            sheet.setFillColor(COLOURS[n])
            sheet.rect(200 + 60 * n, 465, 5, 5, fill=1, stroke=0)
            sheet.setFillGray(0)
            text(sheet, 208 + 60 * n, 464, [name], 9)
        text(sheet, 60, 440, paragraph(LOG, 3))

    (chart,) = charts(page)
    head, *found = rows(chart)
    assert head[1:] == ["Plan", "Actual"]
    assert [[float(value) for value in row[1:]] for row in found] == [
        pytest.approx([height / 3, height * 2 / 3], abs=3) for height in HEIGHTS
    ]


def test_numbers_beyond_the_last_bar_and_names_below_them_are_the_charts() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        sheet.setStrokeGray(0.8)
        sheet.line(120, 560, 420, 560)
        sheet.setFont("Helvetica", 9)
        for n in range(6):
            sheet.drawRightString(116, 477 + 40 * n, str(40 * (n - 2)))
        for n, (name, value) in enumerate(zip(NAMES, (60, -30, 90, 110), strict=True)):
            sheet.setFillColor(COLOURS[0])
            sheet.rect(140 + 70 * n, 560, 45, value, fill=1, stroke=0)
            sheet.setFillGray(0)
            text(sheet, 145 + 70 * n, 464, [name], 9)
        text(sheet, 60, 430, paragraph(LOG, 3))

    (chart,) = charts(page)
    assert values(rows(chart)) == pytest.approx([60, -30, 90, 110], abs=4)


def test_powers_of_ten_whose_exponents_are_not_raised_are_no_scale() -> None:
    (chart,) = charts(lambda sheet: bars(sheet, ("101", "102", "103", "104")))
    assert "<table" not in chart["content"]["html"]


def test_a_power_of_ten_in_mathematics_multiplies_the_numbers_of_an_axis() -> None:
    def page(sheet: Canvas) -> None:
        bars(sheet, TICKS)
        text(sheet, 100, 666, ["·10^4"], 9)

    (chart,) = charts(page)
    assert values(rows(chart)) == pytest.approx([10_000 * height for height in HEIGHTS], rel=0.02)


def test_the_title_of_an_axis_under_the_name_in_its_middle_is_no_part_of_the_name() -> None:
    def page(sheet: Canvas) -> None:
        bars(sheet, TICKS)
        sheet.setFont("Helvetica", 9)
        sheet.drawCentredString(297.5, 474, "Port")

    (chart,) = charts(page)
    assert [name for name, _ in rows(chart)[1:]] == NAMES


def test_bars_drawn_in_one_stroke_are_measured() -> None:
    """As LaTeX draws the bars of a series, the ticks and the lines of a grid."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        path = sheet.beginPath()
        for n in range(4):
            path.moveTo(117, 500 + 50 * n)
            path.lineTo(420, 500 + 50 * n)
        sheet.setStrokeGray(0.7)
        sheet.drawPath(path)
        sheet.setFont("Helvetica", 9)
        for n, tick in enumerate(TICKS):
            sheet.drawRightString(113, 497 + 50 * n, tick)
        path = sheet.beginPath()
        for n, height in enumerate(HEIGHTS):
            path.rect(140 + 65 * n, 500, 35, height)
            text(sheet, 145 + 65 * n, 486, [NAMES[n]], 9)
        sheet.setFillColor(COLOURS[0])
        sheet.setStrokeGray(0)
        sheet.drawPath(path, fill=1, stroke=1)
        sheet.setFillGray(0)
        sheet.line(120, 500, 120, 660)
        sheet.line(120, 500, 420, 500)
        text(sheet, 60, 440, paragraph(LOG, 3))

    (chart,) = charts(page)
    assert values(rows(chart)) == pytest.approx(HEIGHTS, abs=3)


@pytest.mark.parametrize("heights", [(60, 110, 90, 140), (60, -50, 90, 110)], ids=["all positive", "some negative"])
def test_an_axis_that_stands_apart_from_the_bars_is_theirs(heights: Sequence[int]) -> None:
    """As R draws bar charts: without a grid, the axis of values and its ticks a character away from the first bar."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        sheet.line(120, 500, 120, 700)
        for n in range(5):
            sheet.line(112, 500 + 50 * n, 120, 500 + 50 * n)
            sheet.saveState()
            sheet.translate(106, 500 + 50 * n)
            sheet.rotate(90)
            sheet.setFont("Helvetica", 9)
            sheet.drawCentredString(0, 0, str(50 * (n - 1)))
            sheet.restoreState()
        for n, (name, value) in enumerate(zip(NAMES, heights, strict=True)):
            sheet.setFillColor(COLOURS[0])
            sheet.rect(135 + 65 * n, 550, 50, value, fill=1, stroke=1)
            sheet.setFillGray(0)
            text(sheet, 145 + 65 * n, 480, [name], 9)
        text(sheet, 60, 440, paragraph(LOG, 3))

    (chart,) = charts(page)
    assert values(rows(chart)) == pytest.approx(heights, abs=3)


def draw_two_series(sheet: Canvas, *, axis: float, begin: float) -> None:
    """Draw bars of two series, the first one at *begin*, over a grid from *axis* on with its numbers before it."""
    for n, tick in enumerate(TICKS):
        text(sheet, axis - 25, 497 + 50 * n, [tick], 9)
        sheet.line(axis, 500 + 50 * n, begin + 280, 500 + 50 * n)
    for n, (name, height) in enumerate(zip(NAMES, HEIGHTS, strict=True)):
        for series, value in enumerate((height, 150 - height)):
            sheet.setFillColor(COLOURS[series])
            sheet.rect(begin + 70 * n + 20 * series, 500, 20, value, fill=1, stroke=0)
        sheet.setFillGray(0)
        text(sheet, begin + 5 + 70 * n, 486, [name], 9)


def test_keys_of_a_legend_may_have_a_ground_of_their_own() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        draw_two_series(sheet, axis=117, begin=140)
        for n, name in enumerate(("Plan", "Actual")):
            sheet.setFillGray(0.94)
            sheet.rect(200 + 70 * n, 460, 16, 16, fill=1, stroke=0)
            sheet.setFillColor(COLOURS[n])
            sheet.rect(200.7 + 70 * n, 460.7, 14.6, 14.6, fill=1, stroke=0)
            sheet.setFillGray(0)
            text(sheet, 220 + 70 * n, 465, [name], 9)
        text(sheet, 60, 430, paragraph(LOG, 3))

    (chart,) = charts(page)
    assert rows(chart)[0][1:] == ["Plan", "Actual"]


@pytest.mark.parametrize(("wide", "tall", "size"), [(34, 13.5, 14), (17, 17, 9)], ids=["thick patches", "tall squares"])
def test_keys_of_a_legend_may_be_large(wide: float, tall: float, size: float) -> None:
    """Those beside a chart, farther from it than labels are."""

    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        draw_two_series(sheet, axis=97, begin=110)
        for n, name in enumerate(("Plan", "Actual")):
            sheet.setFillColor(COLOURS[n])
            sheet.rect(415, 600 - 24 * n, wide, tall, fill=1, stroke=0)
            sheet.setFillGray(0)
            text(sheet, 415 + wide + 8, 600 - 24 * n + tall / 2 - 0.35 * size, [name], size)
        text(sheet, 60, 430, paragraph(LOG, 3))

    (chart,) = charts(page)
    assert rows(chart)[0][1:] == ["Plan", "Actual"]


def test_charts_on_one_white_ground_are_read_one_by_one() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        sheet.setFillGray(1)
        sheet.rect(55, 470, 490, 200, fill=1, stroke=0)
        for left in (60, 310):
            sheet.setFillGray(0)
            sheet.setFont("Helvetica", 9)
            for n in range(4):
                sheet.drawRightString(left + 22, 497 + 50 * n, str(50 * n * (1 if left < 100 else 3)))
                sheet.line(left + 25, 500 + 50 * n, left + 230, 500 + 50 * n)
            for n, name in enumerate(NAMES):
                sheet.setFillColor(COLOURS[0])
                sheet.rect(left + 30 + 50 * n, 500, 40, HEIGHTS[n], fill=1, stroke=0)
                sheet.setFillGray(0)
                text(sheet, left + 35 + 50 * n, 486, [name], 9)
        text(sheet, 60, 440, paragraph(LOG, 3))

    found = sorted(charts(page), key=lambda chart: max(values(rows(chart)), default=0))
    assert [values(rows(chart)) for chart in found] == [
        pytest.approx(HEIGHTS, abs=3),
        pytest.approx([3 * height for height in HEIGHTS], abs=9),
    ]


@pytest.mark.parametrize("ground", [False, True], ids=["outlined", "on a ground"])
def test_white_boxes_that_are_seen_are_a_diagram(ground: bool) -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        if ground:
            sheet.setFillColor(COLOURS[0])
            sheet.rect(60, 500, 470, 120, fill=1, stroke=0)
        for n, name in enumerate(NAMES):
            sheet.setFillGray(1)
            sheet.rect(75 + 115 * n, 520, 90, 80, fill=1, stroke=not ground)
            sheet.setFillGray(0)
            text(sheet, 90 + 115 * n, 555, [name], 9)
            if n and not ground:
                sheet.line(50 + 115 * n, 560, 75 + 115 * n, 560)
        text(sheet, 60, 440, paragraph(LOG, 3))

    (found,) = read(pdf(page))
    assert [block.text.split() for block in found.blocks if block.category == "figure"] == [list(NAMES)]


def test_white_bars_with_an_outline_are_a_chart() -> None:
    def page(sheet: Canvas) -> None:
        text(sheet, 60, 790, paragraph(LOG, 3))
        sheet.setFont("Helvetica", 9)
        for n in range(4):
            sheet.drawRightString(82, 497 + 50 * n, str(50 * n))
            sheet.line(85, 500 + 50 * n, 90, 500 + 50 * n)
        sheet.line(90, 500, 90, 650)
        sheet.line(90, 500, 300, 500)
        for n, name in enumerate(NAMES):
            sheet.setFillGray(1)
            sheet.rect(95 + 50 * n, 500, 40, HEIGHTS[n], fill=1, stroke=1)
            sheet.setFillGray(0)
            text(sheet, 100 + 50 * n, 486, [name], 9)
        text(sheet, 60, 440, paragraph(LOG, 3))

    assert len(charts(page)) == 1


def test_the_work_for_rows_of_bars_does_not_grow_with_their_square() -> None:
    def bars(rows: int) -> list[Path]:
        return [
            Path((20.0 * n, 10.0 * row, 20.0 * n + 8, 10.0 * row + 4 + 2 * n), True, False, "ff336699")
            for row in range(rows)
            for n in range(3)
        ]

    def join(found: list[Path]) -> None:
        drawing = Drawing(bounds(bar.box for bar in found), tuple(found), glyphs=False)
        assert joined_drawings([drawing], found) == [drawing]

    assert grows_evenly(bars, join, 50)
