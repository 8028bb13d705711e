"""A rule of the local engine that fails costs what it would have told, not the layout of the page, nor a word.

Every function of ours that is entered while two made pages are read fails once, at its first call, as an odd file
makes one fail. What is asserted holds whichever function it is, so that a new rule is tried without a word here.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from interrupting import traced

from upstage_docs.local.blocks import PageLayout
from upstage_docs.local.pdf.document import read_pdf

pytest.importorskip("reportlab")

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen import canvas
from reportlab.platypus import Table, TableStyle

pytest.importorskip("liteparse")

_PLACE = "upstage_docs/local/pdf/"
RULES = (
    "annotations",
    "bullets",
    "categories",
    "charts/",
    "contents",
    "drop_caps",
    "formulas",
    "line_numbers",
    "listings",
    "margins",
    "missed_words",
    "order",
    "outline",
    "plots",
    "regions",
    "restoration",
    "subpaths",
    "tables/",
    "unseen_colours",
    "vector_paths",
    "weight_changes",
)
"""Modules of which each tells one thing of a page; the others open it, and make its words, lines and paragraphs."""
NEEDED = {"restoration.py:without_controls", "missed_words.py:is_seen", "unseen_colours.py:is_in"}
"""Functions in them that each word passes."""
PUT_BACK = "missed_words"
"""The module that puts back the words which the PDF library left out: they are what it costs."""


def report() -> bytes:
    """Draw two pages with a heading, prose, a list, a table with and one without rules, a bar chart and a listing."""
    out = io.BytesIO()
    sheet = canvas.Canvas(out, pagesize=A4, invariant=1)
    for number in (1, 2):
        sheet.setFont("Helvetica", 8)
        sheet.drawString(60, 815, "Yearly report of the mill")
        sheet.drawCentredString(297, 25, f"{number}")
        sheet.setFont("Helvetica-Bold", 16)
        sheet.drawString(60, 770, f"{number} What was ground")
        sheet.setFont("Helvetica", 10)
        for line in range(4):
            sheet.drawString(
                60, 740 - 13 * line, f"Line {line} tells of the wheat that the mill took in during that year."
            )
        for item in range(3):
            sheet.drawString(70, 670 - 14 * item, f"\u2022 kind {item} of grain")
        cells = [["Grain", "2023", "2024"], ["Wheat", "120", "130"], ["Rye", "45", "50"], ["Oats", "7", "9"]]
        grid = Table(cells, style=TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black)]))
        grid.wrapOn(sheet, 400, 200)
        grid.drawOn(sheet, 60, 540)
        for row, (name, first, second) in enumerate(
            [("Month", "In", "Out"), ("May", "12.5", "9.1"), ("June", "8.0", "7.7")]
        ):
            for place, text in ((60, name), (180, first), (260, second)):
                sheet.drawString(place, 500 - 15 * row, text)
        sheet.line(60, 300, 60, 420)
        sheet.line(60, 300, 300, 300)
        for step in range(5):
            sheet.drawRightString(55, 297 + 25 * step, str(10 * step))
            sheet.line(57, 300 + 25 * step, 60, 300 + 25 * step)
        for bar, (name, height) in enumerate((("Wheat", 90), ("Rye", 40), ("Oats", 20), ("Spelt", 65))):
            sheet.setFillColor(colors.steelblue)
            sheet.rect(80 + 55 * bar, 300, 30, height, fill=1, stroke=0)
            sheet.setFillColor(colors.black)
            sheet.drawCentredString(95 + 55 * bar, 287, name)
        sheet.setFont("Courier", 9)
        for row, code in enumerate(("def grind(grain):", "    stones.turn()", "    return flour(grain)")):
            sheet.drawString(60, 240 - 11 * row, code)
        sheet.showPage()
    sheet.save()
    return out.getvalue()


REPORT = report()


@contextmanager
def failing(name: str) -> Iterator[Counter[str]]:
    """Let the function *name* fail at its first call inside the block; tells how often each one was called."""
    called: Counter[str] = Counter()

    def trace(frame: FrameType, event: str, _arg: Any) -> None:
        _, found, module = frame.f_code.co_filename.replace("\\", "/").partition(_PLACE)
        if event == "call" and found:
            function = f"{module}:{frame.f_code.co_name}"
            called[function] += 1
            if function == name:
                raise IndexError(f"made to fail: {name}")

    with traced(trace):
        yield called


def letters_of(page: PageLayout) -> Counter[str]:
    """Count the letters of a page, those of its tables too; the data of a chart repeat what is written in it."""
    tables = [block.rows for block in page.blocks if block.category == "table"]
    texts = [*(block.text for block in page.blocks), *(cell.text for rows in tables for row in rows for cell in row)]
    return Counter(letter for text in texts for letter in text if letter.isalnum())


with failing("") as entered:
    WHOLE = list(read_pdf(REPORT))
FUNCTIONS = sorted(name for name in entered if name.startswith(RULES) and "<" not in name and name not in NEEDED)


def test_the_report_has_what_the_rules_tell() -> None:
    """Else a rule would be made to fail where nothing is lost by it."""
    categories = {block.category for page in WHOLE for block in page.blocks}
    assert categories >= {"heading1", "paragraph", "list", "table", "chart", "header", "footer", "code"}
    assert len({name.partition(":")[0] for name in FUNCTIONS}) > 30
    assert not [loss for page in WHOLE for loss in page.losses]


@pytest.mark.parametrize("module", sorted({name.partition(":")[0] for name in FUNCTIONS}))
def test_a_rule_that_fails_costs_what_it_tells(module: str) -> None:
    for name in FUNCTIONS:
        if not name.startswith(f"{module}:"):
            continue
        with failing(name) as called:
            first, second = read_pdf(REPORT)
        if not called[name]:
            continue  # its result was kept
        lost = [loss.message for page in (first, second) for loss in page.losses]
        assert not [message for message in lost if "its words" in message], f"{name}: the layout is lost"
        for whole, page in zip(WHOLE, (first, second), strict=True):
            missing = letters_of(whole) - letters_of(page)
            assert not missing or module.startswith(PUT_BACK), f"{name}: words are lost"
            texts = [block.text for block in page.blocks]
            assert any(text.endswith("What was ground") for text in texts), f"{name}: the heading is no block"
        assert lost, f"{name}: nothing is said of it"
