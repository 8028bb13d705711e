"""What the local engine takes although it is written otherwise than most files: headers, name spaces, page breaks."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

docx = pytest.importorskip("docx")
openpyxl = pytest.importorskip("openpyxl")
pptx = pytest.importorskip("pptx")
pytest.importorskip("liteparse")

import upstage_docs  # noqa: E402
from upstage_docs import Client  # noqa: E402

SAMPLE = Path(upstage_docs.__file__).parent / "samples" / "report.pdf"
TRANSITIONAL = re.compile(rb"http://schemas\.openxmlformats\.org/(\w+)/2006/(?!relationships/metadata)([\w-]+)")
STRICT = {b"extended-properties": b"extendedProperties", b"custom-properties": b"customProperties"}


@pytest.fixture(scope="module")
def client() -> Any:
    with Client(engine="local", cache=False) as client:
        yield client


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\n\n", b"a line of a mail server\r\n", b"\0" * 900])
def test_bytes_before_the_header_of_a_pdf_change_nothing(client: Client, before: bytes) -> None:
    whole = SAMPLE.read_bytes()

    found = client.parse(before + whole).elements
    assert [(one.page, one.category) for one in found] == [
        (one.page, one.category) for one in client.parse(whole).elements
    ]


def strict(document: Any) -> bytes:
    """Return the file as Office saves it under "Strict Open XML": the same elements under other addresses."""
    saved, out = io.BytesIO(), io.BytesIO()
    document.save(saved)
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith((".xml", ".rels")):
                content = TRANSITIONAL.sub(
                    lambda found: (
                        found.group(0)
                        if found.group(1) == b"package"
                        else b"http://purl.oclc.org/ooxml/%s/%s" % (found.group(1), STRICT.get(*[found.group(2)] * 2))
                    ),
                    content,
                )
            new.writestr(name, content)
    return out.getvalue()


def letter() -> Any:
    document = docx.Document()
    document.add_heading("A strict heading", 1)
    document.add_table(1, 2).cell(0, 1).text = "in a cell"
    return document


def slide() -> Any:
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[0]).shapes.title.text = "A strict heading, in a cell"
    return deck


def sheet() -> Any:
    book = openpyxl.Workbook()
    book.active.append(["A strict heading", "in a cell"])
    return book


@pytest.mark.parametrize("make", [letter, slide, sheet])
def test_strict_open_xml_is_read_like_any_other(client: Client, make: Any) -> None:
    file = strict(make())
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        assert b"purl.oclc.org" in archive.read("_rels/.rels")

    answer = client.parse(file)
    assert "A strict heading" in answer.text
    assert "in a cell" in answer.text
    assert not answer.warnings


@pytest.mark.parametrize("style", ["List Number", "List Bullet"])
def test_the_number_of_an_item_goes_with_it_to_the_next_page(client: Client, style: str) -> None:
    document = docx.Document()
    document.add_paragraph("First", style)
    item = document.add_paragraph(style=style)
    run = item.add_run()
    run._r.append(docx.oxml.OxmlElement("w:lastRenderedPageBreak"))
    run.add_text("at the top of a page")
    file = io.BytesIO()
    document.save(file)

    elements = client.parse(file.getvalue()).elements
    assert [one.page for one in elements] == [1, 2]
    assert re.fullmatch(r"(2\.|•) at the top of a page", elements[-1].text.strip())


@pytest.mark.parametrize(
    ("written", "instead"),
    [(b'<name val="Calibri"', b'<color rgb="teal"/><name val="Calibri"'), (b'<sz val="11"', b'<sz val="large"')],
    ids=["the name of a colour", "the name of a size"],
)
def test_styles_that_are_written_otherwise_cost_no_value_of_a_workbook(
    client: Client, written: bytes, instead: bytes
) -> None:
    """Its numbers are told in their formats: a date, a share, and one of the workbook's own."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row, (value, form) in enumerate(
        [(dt.date(2031, 3, 4), "yyyy-mm-dd"), (0.125, "0.0%"), (1204.5, '#,##0.00" t"')], 1
    ):
        sheet.cell(row, 1, "ABC"[row - 1])
        sheet.cell(row, 2, value).number_format = form
    saved, out = io.BytesIO(), io.BytesIO()
    book.save(saved)
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/styles.xml":
                assert written in content
                content = content.replace(written, instead)
            new.writestr(name, content)

    text = client.parse(out.getvalue()).text
    assert [value for value in ("2031-03-04", "12.5%", "1,204.50 t") if value in text] == [
        "2031-03-04",
        "12.5%",
        "1,204.50 t",
    ]
