"""Which category a piece of a PDF page gets, each rule with a page of its own, by what the local engine answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_local_layout_rules import WORDS, categories, elements, found
from test_local_pdf import Draw, paragraph, text

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas


def items(*texts: str) -> Draw:
    """Draw a paragraph, items of two lines below it, and another paragraph."""

    def draw(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 4))
        for number, item in enumerate(texts):
            text(sheet, 60, 680 - 40 * number, [item, "and of every quay that it called at."])
        text(sheet, 60, 660 - 40 * len(texts), paragraph(WORDS, 4))

    return draw


@pytest.mark.parametrize("mark", ["3.", "c.", "(3)", "iv."])
def test_a_numbered_item_alone_is_a_paragraph(mark: str) -> None:
    """A number or a letter before the only item in sight is that of a section or a question."""
    answer = elements(items(f"{mark} The office keeps the names of all the ships of the year"))
    assert set(categories(answer)) == {"paragraph"}


@pytest.mark.parametrize("marks", [("3.", "4."), ("•",)])
def test_items_next_to_each_other_and_bullets_are_lists(marks: tuple[str, ...]) -> None:
    answer = elements(items(*(f"{mark} The office keeps the names of all the ships of the year" for mark in marks)))
    assert categories(answer) == ["paragraph", *["list"] * len(marks), "paragraph"]


@pytest.mark.parametrize("mark", ["", "b. "])
def test_a_paragraph_that_begins_in_bold_is_one(mark: str) -> None:
    """The library tells the first font of a line alone; a line that goes on in a lighter one is no heading."""

    def run_in(sheet: Canvas) -> None:
        text(sheet, 60, 760, paragraph(WORDS, 4))
        bold = f"{mark}Names of the harbour."
        sheet.setFont("Helvetica-Bold", 10)
        sheet.drawString(60, 680, bold)
        start = 60 + sheet.stringWidth(bold + " ", "Helvetica-Bold", 10)
        sheet.setFont("Helvetica", 10)
        sheet.drawString(start, 680, "Every quay is called after a ship that was built there,")
        hang = 60 + sheet.stringWidth(mark, "Helvetica-Bold", 10)
        text(sheet, hang, 667, ["and every ship of the whole list keeps the name of its quay", "for a year."])
        text(sheet, 60, 620, paragraph(WORDS, 4))

    answer = elements(run_in)
    assert set(categories(answer)) == {"paragraph"}
    assert "for a year." in found(answer, "Names of the harbour")["content"]["text"]
