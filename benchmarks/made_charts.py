"""Measure what is read off charts drawn here, whose data are known: the values found, and tables that are made up.

    python benchmarks/made_charts.py [--seed SEED] [--keep FOLDER]

Draws bars, lines and pies with ReportLab, in several styles, each on a page between two paragraphs, and charts whose
scale or shares are not certain. A value counts as found if it is within 2 % of the axis, a share within 2 points.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from measured import add_json_option, write_json
from reportlab.graphics.charts.barcharts import HorizontalBarChart, VerticalBarChart
from reportlab.graphics.charts.doughnut import Doughnut
from reportlab.graphics.charts.legends import Legend, LineLegend
from reportlab.graphics.charts.linecharts import HorizontalLineChart
from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.charts.piecharts import Pie, Pie3d
from reportlab.graphics.shapes import Drawing
from reportlab.graphics.widgets.markers import makeMarker
from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from upstage_docs.local.read_document import read_document
from upstage_docs.local.service.pipe import AnswerPart, Task

COLOURS = [HexColor(code) for code in ("#2f6f9f", "#c8702a", "#4f8f3f", "#8f3f7f", "#c8b02a", "#303030")]
NAMES = ["Herring", "Cod", "Ling", "Hake", "Eel", "Other fish"]
CATEGORIES = [
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun"],
    ["2018", "2019", "2020", "2021", "2022"],
    ["North", "South", "East", "West"],
]
TOPS = [(1, 0.25), (80, 20), (4000, 1000), (0.2, 0.05)]
SENTENCE = "The log of the harbour was kept in ink by whoever had the watch that night, and copied once a week."


class Made(NamedTuple):
    """A chart: its kind, what draws it, its values by category (None if none are certain), and the length of its axis."""

    kind: str
    draw: Callable[[Drawing], None]
    values: dict[str, list[float]] | None
    axis: float


def drawn(made: Made) -> bytes:
    out = io.BytesIO()
    sheet = Canvas(out, pagesize=(595, 842))
    sheet.setFont("Helvetica", 10)
    for top, lines in ((790, 5), (380, 9)):
        for n in range(lines):
            sheet.drawString(60, top - 13 * n, SENTENCE)
    drawing = Drawing(460, 280)
    made.draw(drawing)
    drawing.drawOn(sheet, 65, 415)
    sheet.save()
    return out.getvalue()


def charts(chance: random.Random) -> Iterator[Made]:
    for number in range(24):
        yield on_axes(chance, number, [VerticalBarChart, HorizontalBarChart][number % 2], "bars")
        yield on_axes(chance, number, HorizontalLineChart, "lines")
        yield round_one(chance, number)
    yield Made("uncertain", ellipse, None, 100)
    yield Made("uncertain", in_three_dimensions, None, 100)
    yield Made("uncertain", between_numbers, None, 100)


def on_axes(chance: random.Random, number: int, chart_class: type[Any], kind: str) -> Made:
    names = chance.choice(CATEGORIES)
    series = NAMES[: 1 + number % 3]
    top, step = TOPS[number % len(TOPS)]
    data = [[round(top * chance.uniform(0.05, 0.95), 3) for _ in names] for _ in series]
    marked, grid = number % 5 == 0, number % 3 == 0

    def draw(drawing: Drawing) -> None:
        chart = chart_class()
        chart.x, chart.y, chart.width, chart.height = 60, 40, 280, 200
        chart.data = [tuple(values) for values in data]
        chart.categoryAxis.categoryNames = names
        chart.valueAxis.valueMin, chart.valueAxis.valueMax, chart.valueAxis.valueStep = 0, top, step
        chart.valueAxis.visibleGrid = grid
        for n in range(len(series)):
            if kind == "lines":
                chart.lines[n].strokeColor = COLOURS[n]
                chart.lines[n].symbol = makeMarker("FilledCircle") if marked else None
            else:
                chart.bars[n].fillColor = COLOURS[n]
        drawing.add(chart)
        if len(series) > 1:
            add_legend(drawing, LineLegend() if kind == "lines" else Legend(), series)

    return Made(kind, draw, {name: [values[n] for values in data] for n, name in enumerate(names)}, top)


def add_legend(drawing: Drawing, legend: Any, names: list[str]) -> None:
    legend.x, legend.y, legend.alignment, legend.columnMaximum = 370, 200, "right", 10
    legend.colorNamePairs = list(zip(COLOURS, names, strict=False))
    drawing.add(legend)


def round_one(chance: random.Random, number: int) -> Made:
    names = NAMES[: 2 + number % 5]
    sizes = [chance.randint(4, 40) for _ in names]

    def draw(drawing: Drawing) -> None:
        chart = Doughnut() if number % 4 == 3 else Pie()
        chart.x, chart.y, chart.width, chart.height = 100, 50, 170, 170
        chart.data = sizes
        by_legend = number % 4 == 1
        chart.labels = None if by_legend else names
        for n in range(len(names)):
            chart.slices[n].fillColor = COLOURS[n]
        chart.slices[0].popout = 12 if number % 4 == 2 else 0
        drawing.add(chart)
        if by_legend:
            add_legend(drawing, Legend(), names)

    shares = {name: [100 * size / sum(sizes)] for name, size in zip(names, sizes, strict=True)}
    return Made("pies", draw, shares, 100)


def ellipse(drawing: Drawing) -> None:
    chart = Pie()
    chart.x, chart.y, chart.width, chart.height = 100, 50, 240, 120
    chart.data, chart.labels = [3, 4, 5], NAMES[:3]
    drawing.add(chart)


def in_three_dimensions(drawing: Drawing) -> None:
    chart = Pie3d()
    chart.x, chart.y, chart.width, chart.height = 100, 50, 170, 100
    chart.data, chart.labels = [3, 4, 5], NAMES[:3]
    drawing.add(chart)


def between_numbers(drawing: Drawing) -> None:
    chart = LinePlot()
    chart.x, chart.y, chart.width, chart.height = 50, 40, 300, 200
    chart.data = [[(1.3, 2), (2.1, 5), (2.9, 3), (4.4, 6), (6.2, 1)]]
    drawing.add(chart)


def read_off(document: bytes) -> dict[str, list[float]] | None:
    """Return the values of the measured chart of a document by category, None without one."""
    task = Task(format="pdf", output_formats=("html",))
    for part in read_document(task, document):
        for element in json.loads(part.body)["elements"] if isinstance(part, AnswerPart) else ():
            if "data-values" in element["content"]["html"]:
                rows = re.findall(r"<tr>(.*?)</tr>", element["content"]["html"], re.DOTALL)
                cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in rows[1:]]
                return {name: [float(re.sub(r"[,%]", "", cell)) for cell in values] for name, *values in cells}
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="charts", help="of the data")
    parser.add_argument("--keep", type=Path, help="folder to keep the documents in")
    add_json_option(parser)
    options = parser.parse_args()
    counts: dict[str, list[int]] = {}
    for number, made in enumerate(charts(random.Random(options.seed))):
        document = drawn(made)
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{number:03d}_{made.kind}.pdf").write_bytes(document)
        found = read_off(document)
        row = counts.setdefault(made.kind, [0, 0, 0, 0])
        row[0] += 1
        row[1] += found is not None
        for name, values in (made.values or {}).items():
            row[2] += len(values)
            told = (found or {}).get(name, [])
            row[3] += sum(abs(a - b) <= 0.02 * made.axis for a, b in zip(told, values, strict=False))
    columns = ("charts", "with a table", "values", "within 2 %")
    write_json(options.json, {"charts": {kind: dict(zip(columns, row, strict=True)) for kind, row in counts.items()}})
    print("| | charts | with a table | values | within 2 % |\n|---|---|---|---|---|")
    for kind, row in counts.items():
        print(f"| {kind} | " + " | ".join(map(str, row)) + " |")


if __name__ == "__main__":
    main()
