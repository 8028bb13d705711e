"""Office files become layout blocks with nothing lost: structure, spans, charts, places; hostile ones are refused."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

pytest.importorskip("liteparse", reason="needs the extra local")

from docx import Document
from docx.oxml import parse_xml
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.table import Table
from PIL import Image
from pptx import Presentation
from pptx.chart.data import BubbleChartData, CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from upstage_docs.local.answer_writer import write_answer
from upstage_docs.local.blocks import Block, PageLayout
from upstage_docs.local.office.archive import MAX_DEPTH
from upstage_docs.local.office.excel.table_areas import table_areas
from upstage_docs.local.office.number_formats import displayed
from upstage_docs.local.office.open import read_office
from upstage_docs.local.refusal import Refusal

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NAMESPACES = (
    f'xmlns:w="{W}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


def saved(document: Any) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def picture() -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(file, "PNG")
    file.seek(0)
    return file


def blocks(pages: list[PageLayout], category: str) -> list[Block]:
    return [block for page in pages for block in page.blocks if block.category == category]


def read(data: bytes, suffix: str = "", **options: Any) -> list[PageLayout]:
    return list(read_office(data, suffix, **options))


def shape(block: Block) -> list[list[tuple[str, int, int]]]:
    return [[(cell.text, cell.row_span, cell.column_span) for cell in row] for row in block.rows]


def with_parts(data: bytes, **parts: bytes) -> bytes:
    """Return the archive with parts put in or replaced; `__` in a name stands for a slash, `_dot_` for a dot."""
    out = io.BytesIO()
    names = {name.replace("__", "/").replace("_dot_", "."): content for name, content in parts.items()}
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member, names.pop(member.filename, old.read(member)))
        for name, content in names.items():
            new.writestr(name, content)
    return out.getvalue()


def word(body: str) -> bytes:
    """Return a DOCX file with this body."""
    xml = f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>".encode()
    return with_parts(saved(Document()), word__document_dot_xml=xml)


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


# --- DOCX


def test_headings_lists_captions_and_pictures() -> None:
    document = Document()
    document.add_heading("The title", 0)
    document.add_heading("Part one", 1)
    document.add_heading("Section", 2)
    for text in ("one", "two"):
        document.add_paragraph(text, style="List Number")
    for text in ("a", "b"):
        document.add_paragraph(text, style="List Bullet")
    document.add_paragraph("Figure 1. A box", style="Caption")
    document.add_picture(picture())
    pages = read(saved(document), ".docx", crops=("figure",))
    assert [(block.text, block.level, block.sub_category) for block in blocks(pages, "heading1")] == [
        ("The title", 1, "h1"),
        ("Part one", 1, "h1"),
        ("Section", 2, "h2"),
    ]
    assert [block.text for block in blocks(pages, "list")] == ["1. one\n2. two", "• a\n• b"]
    assert [block.text for block in blocks(pages, "caption")] == ["Figure 1. A box"]
    (figure,) = blocks(pages, "figure")
    assert Image.open(io.BytesIO(figure.crop)).size == (30, 20)
    assert all(block.box is None for page in pages for block in page.blocks)
    assert not blocks(read(saved(document), ".docx"), "figure")[0].crop


def test_merged_cells_of_a_word_table() -> None:
    document = Document()
    table = document.add_table(3, 3, style="Light Grid")
    table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
    table.cell(1, 2).merge(table.cell(2, 2)).text = "tall"
    table.cell(1, 0).text = "x"
    (block,) = blocks(read(saved(document)), "table")
    assert shape(block) == [
        [("wide", 1, 2), ("", 1, 1)],
        [("x", 1, 1), ("", 1, 1), ("tall", 2, 1)],
        [("", 1, 1), ("", 1, 1)],
    ]
    assert block.header_rows == 1  # the style sets off the first row


def test_a_table_inside_a_cell_keeps_its_lines() -> None:
    """In HTML and Markdown the rows of the inner table are lines of the cell; other cells are one line as ever."""
    document = Document()
    outer = document.add_table(1, 2)
    outer.cell(0, 0).text = "Two\nlines"
    outer.cell(0, 1).text = "Rates:"
    inner = outer.cell(0, 1).add_table(2, 2)
    for row, (what, rate) in enumerate([("boats < 5 m", "3"), ("ships", "7")]):
        inner.cell(row, 0).text, inner.cell(row, 1).text = what, rate
    answer: Any = write_answer(
        read(saved(document)), model="local", output_formats=("html", "markdown", "text"), coordinates=False
    )
    (table,) = (element["content"] for element in answer["elements"])

    assert "<td>Two lines</td><td>Rates:<br>boats &lt; 5 m 3<br>ships 7</td>" in table["html"]
    assert "| Two lines | Rates:<br>boats < 5 m 3<br>ships 7 |" in table["markdown"]
    assert "| Two lines | Rates: boats < 5 m 3 ships 7 |" in table["text"]


def test_pages_end_where_the_document_says() -> None:
    breaks = '<w:p><w:r><w:t>one</w:t><w:br w:type="page"/></w:r></w:p>'
    noted = "<w:p><w:r><w:lastRenderedPageBreak/><w:t>two</w:t><w:lastRenderedPageBreak/><w:t>three</w:t></w:r></w:p>"
    section = "<w:p><w:pPr><w:sectPr/></w:pPr><w:r><w:t>three still</w:t></w:r></w:p>"
    rest = paragraph("four") + paragraph("five", "<w:pageBreakBefore/>")
    pages = read(word(breaks + noted + section + rest))
    assert [(page.number, [block.text for block in page.blocks]) for page in pages] == [
        (1, ["one"]),
        (2, ["two"]),
        (3, ["three", "three still"]),
        (4, ["four"]),
        (5, ["five"]),
    ]
    assert [page.number for page in read(word(paragraph("alone")))] == [1]


def test_a_table_over_three_pages_moves_what_follows() -> None:
    row = "<w:tr><w:tc><w:p><w:r>{}<w:t>cell</w:t></w:r></w:p></w:tc></w:tr>"
    table = f"<w:tbl>{''.join(row.format(mark) for mark in ('', '<w:lastRenderedPageBreak/>') * 2)}</w:tbl>"
    pages = read(word(table + paragraph("after")))
    assert [(page.number, [block.category for block in page.blocks]) for page in pages] == [
        (1, ["table"]),
        (2, []),
        (3, ["paragraph"]),
    ]


def test_headers_footers_and_footnotes_stand_on_their_pages() -> None:
    document = Document()
    section = document.sections[0]
    section.different_first_page_header_footer = True
    section.first_page_header.paragraphs[0].text = "cover"
    section.header.paragraphs[0].text = "report"
    section.footer.paragraphs[0].text = "confidential"
    noted = document.add_paragraph("a claim")
    noted._p.append(parse_xml(f'<w:r xmlns:w="{W}"><w:footnoteReference w:id="7"/></w:r>'))
    document.add_page_break()
    document.add_paragraph("page two")
    data = saved(document)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        relations = archive.read("word/_rels/document.xml.rels").decode()
        types = archive.read("[Content_Types].xml").decode()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    notes = f'<w:footnotes {NAMESPACES}><w:footnote w:id="7">{paragraph("its source")}</w:footnote></w:footnotes>'
    override = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    data = with_parts(
        data,
        word__footnotes_dot_xml=notes.encode(),
        word___rels__document_dot_xml_dot_rels=relations.replace(
            "</Relationships>", f'<Relationship Id="n" Type="{kind}" Target="footnotes.xml"/></Relationships>'
        ).encode(),
        **{
            "[Content_Types]_dot_xml": types.replace(
                "</Types>", f'<Override PartName="/word/footnotes.xml" ContentType="{override}"/></Types>'
            ).encode()
        },
    )
    assert [[(block.category, block.text) for block in page.blocks] for page in read(data)] == [
        [("header", "cover"), ("paragraph", "a claim[1]"), ("footnote", "[1] its source")],
        [("header", "report"), ("paragraph", "page two"), ("footer", "confidential")],
    ]


AWKWARD = (
    '<w:p><w:r><w:t>t01</w:t></w:r><w:hyperlink r:id="x"><w:r><w:t> t02</w:t></w:r></w:hyperlink>'
    "<w:ins><w:r><w:t> t03</w:t></w:r></w:ins><w:del><w:r><w:delText> gone</w:delText></w:r></w:del>"
    "<w:smartTag><w:r><w:t> t04</w:t></w:r></w:smartTag><w:r><w:noBreakHyphen/><w:t>t05</w:t><w:tab/><w:t>t06</w:t>"
    '<w:br/><w:t>t07</w:t></w:r><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText>'
    '<w:fldChar w:fldCharType="separate"/><w:t> t08</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>'
    "<m:oMath><m:f><m:num><m:r><m:t>t09</m:t></m:r></m:num><m:den><m:r><m:t>t10</m:t></m:r></m:den></m:f></m:oMath></w:p>"
    "<w:sdt><w:sdtContent><w:p><w:r><w:t>t11</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>t12</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>t13</w:t></w:r></w:p></w:tc>"
    "</w:tr></w:tbl><w:p/></w:tc><w:tc><w:tcPr><w:vMerge w:val='restart'/></w:tcPr><w:p><w:r><w:t>t14</w:t></w:r></w:p>"
    "</w:tc></w:tr><w:tr><w:sdt><w:sdtContent><w:tc><w:p><w:r><w:t>t15</w:t></w:r></w:p></w:tc></w:sdtContent></w:sdt>"
    "<w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p><w:r><w:t>t16</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    "<w:p><w:r><w:t>t17</w:t><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:wsp><wps:txbx>"
    "<w:txbxContent><w:p><w:r><w:t>t18</w:t></w:r></w:p></w:txbxContent></wps:txbx></wps:wsp></w:drawing></mc:Choice>"
    "<mc:Fallback><w:pict><v:shape><v:textbox><w:txbxContent><w:p><w:r><w:t>t18</w:t></w:r></w:p></w:txbxContent>"
    "</v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    "<w:p><w:pPr><w:outlineLvl w:val='2'/></w:pPr><w:r><w:t>t19</w:t></w:r></w:p>"
    "<w:p><m:oMathPara><m:oMath><m:sSup><m:e><m:r><m:t>t20</m:t></m:r></m:e><m:sup><m:r><m:t>t21</m:t></m:r></m:sup>"
    "</m:sSup></m:oMath></m:oMathPara></w:p>"
)


def test_no_text_of_a_word_file_is_lost_or_doubled() -> None:
    pages = read(word(AWKWARD))
    texts = [block.text + " ".join(cell.text for row in block.rows for cell in row) for block in pages[0].blocks]
    assert Counter(re.findall(r"t\d\d", " ".join(texts))) == Counter(f"t{number:02}" for number in range(1, 22))
    assert "gone" not in str(texts)
    assert "hidden" not in str(texts)
    assert texts[0] == "t01 t02 t03 t04-t05 t06\nt07 t08t09/t10"
    (table,) = blocks(pages, "table")
    assert shape(table) == [[("t12\nt13", 1, 1), ("t14\nt16", 2, 1)], [("t15", 1, 1)]]
    assert [(block.text, block.level) for block in blocks(pages, "heading1")] == [("t19", 3)]
    assert [block.text for block in blocks(pages, "equation")] == ["t20^t21"]


def test_every_format_of_the_answer_holds_every_word() -> None:
    answer = write_answer(
        read(word(AWKWARD)), model="local", output_formats=("html", "markdown", "text"), coordinates=True
    )
    assert isinstance(answer["content"], dict)
    for text in answer["content"].values():
        assert set(re.findall(r"t\d\d", text)) == {f"t{number:02}" for number in range(1, 22)}


# --- PPTX


def test_symbols_readings_and_choices_of_a_word_file() -> None:
    run = "<w:r>{}</w:r>".format
    body = "<w:p>" + run("<w:t>Angle </w:t>") + run('<w:sym w:font="Symbol" w:char="F061"/>')
    body += run('<w:sym w:font="Symbol" w:char="F0A3"/>') + run('<w:sym w:font="Wingdings" w:char="F0FC"/>') + "</w:p>"
    body += "<w:p>" + run(
        "<w:ruby><w:rt><w:r><w:t>한자</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>漢字</w:t></w:r></w:rubyBase></w:ruby>"
    )
    choice = '<w:ddList><w:result w:val="1"/><w:listEntry w:val="red"/><w:listEntry w:val="blue"/></w:ddList>'
    field = f'<w:fldChar w:fldCharType="begin"><w:ffData>{choice}</w:ffData></w:fldChar>'
    body += "</w:p><w:p>" + run("<w:t>Colour: </w:t>") + run(field) + "</w:p>"
    assert [block.text for block in read(word(body))[0].blocks] == ["Angle α≤✓", "漢字", "Colour: blue"]


def test_a_formula_shared_by_cells_is_shown_in_each_as_it_counts_there() -> None:
    cells = (
        '<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">B1*2</f></c><c r="B1"><v>1</v></c></row>'
        '<row r="2"><c r="A2"><f t="shared" si="0"/></c><c r="B2"><v>3</v></c></row>'
    )
    (table,) = blocks(read(sheet_with(cells)), "table")
    assert [[cell.text for cell in row] for row in table.rows] == [["=B1*2", "1"], ["=B2*2", "3"]]


@pytest.mark.parametrize("formula", ["B1*2)", "IF(&quot;a", "#NEW!"])
def test_a_shared_formula_that_openpyxl_cannot_move_costs_no_other_cell(formula: str) -> None:
    cells = (
        f'<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">{formula}</f></c><c r="B1"><v>1</v></c></row>'
        '<row r="2"><c r="A2"><f t="shared" si="0"/></c><c r="B2"><v>3</v></c></row>'
    )
    (table,) = blocks(read(sheet_with(cells)), "table")
    assert [[cell.text for cell in row] for row in table.rows] == [[f"={html.unescape(formula)}", "1"], ["", "3"]]


def test_a_hidden_shape_is_no_part_of_its_slide() -> None:
    show, slide = slides()
    for text, hidden in (("Shown", "0"), ("Hidden", "1")):
        box = slide.shapes.add_textbox(0, 0, 3_000_000, 500_000)
        box.text_frame.text = text
        box._element.nvSpPr.cNvPr.set("hidden", hidden)
    texts = [block.text for block in read(saved(show))[0].blocks]
    assert "Shown" in texts
    assert "Hidden" not in texts


def slides() -> tuple[Any, Any]:
    presentation = Presentation()
    return presentation, presentation.slides.add_slide(presentation.slide_layouts[6])


def test_titles_lists_footers_and_notes_of_slides() -> None:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "The plan"
    frame = slide.placeholders[1].text_frame
    frame.text = "first"
    second = frame.add_paragraph()
    second.text, second.level = "deeper", 1
    slide.notes_slide.notes_text_frame.text = "say this"
    (page,) = read(saved(presentation), ".pptx")
    assert [(block.category, block.text) for block in page.blocks] == [
        ("heading1", "The plan"),
        ("list", "• first\n– deeper"),
        ("paragraph", "say this"),
    ]
    assert page.blocks[0].box == pytest.approx((0.05, 0.04, 0.95, 0.2067), abs=0.001)
    assert page.blocks[2].box is None


def test_native_charts_are_chart_tables() -> None:
    presentation, slide = slides()
    data = CategoryChartData()
    data.categories = ["Q1", "Q2"]
    data.add_series("Seoul", (1, 2.5))
    data.add_series("Busan", (3, None))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), 0, Inches(4), Inches(3), data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Sales"
    chart.category_axis.has_title = True
    chart.category_axis.axis_title.text_frame.text = "Quarter"
    points = XyChartData()
    points.add_series("A").add_data_point(0.1, 2)
    points.add_series("B").add_data_point(5, 7)
    slide.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, Inches(5), 0, Inches(4), Inches(3), points)
    pages = read(saved(presentation))
    bars, scatter = blocks(pages, "chart")
    assert [[cell.text for cell in row] for row in bars.rows] == [
        ["", "Seoul", "Busan"],
        ["Q1", "1", "3"],
        ["Q2", "2.5", ""],
    ]
    assert bars.chart == (("Chart Title", "Sales"), ("X-Axis", "Quarter"), ("Chart Type", "bar"))
    assert bars.box == pytest.approx((0.1, 0, 0.5, 0.4))
    assert [[cell.text for cell in row] for row in scatter.rows] == [
        ["Series", "X", "Y"],
        ["A", "0.1", "2"],
        ["B", "5", "7"],
    ]
    answer = write_answer(pages, model="local", output_formats=("html",), coordinates=True)
    assert isinstance(answer["content"], dict)
    assert (
        "<figcaption><p>Chart Title: Sales</p><p>X-Axis: Quarter</p><p>Chart Type: bar</p></figcaption><table><tr>"
        in (answer["content"]["html"])
    )


@pytest.mark.parametrize(
    ("series", "rows"),
    [
        ([[(1, 2, 30), (2, 4, 50)]], [["", "S0", "S0 (size)"], ["1", "2", "30"], ["2", "4", "50"]]),
        ([[(1, 2, 30)], [(5, 6, 7)]], [["Series", "X", "Y", "Size"], ["S0", "1", "2", "30"], ["S1", "5", "6", "7"]]),
    ],
    ids=["one series", "two series"],
)
def test_bubbles_of_a_native_chart_keep_their_sizes(
    series: list[list[tuple[float, float, float]]], rows: list[list[str]]
) -> None:
    presentation, slide = slides()
    data = BubbleChartData()
    for number, points in enumerate(series):
        one = data.add_series(f"S{number}")
        for point in points:
            one.add_data_point(*point)
    slide.shapes.add_chart(XL_CHART_TYPE.BUBBLE, Inches(1), 0, Inches(4), Inches(3), data)
    (chart,) = blocks(read(saved(presentation)), "chart")
    assert [[cell.text for cell in row] for row in chart.rows] == rows


def test_places_on_a_slide_are_true_in_groups_and_turned() -> None:
    presentation, slide = slides()
    box = slide.shapes.add_textbox(Inches(2), Inches(3), Inches(4), Inches(1))
    box.text_frame.text = "turned"
    box.rotation = 90
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(1), Inches(2), Inches(1)).text_frame.text = "grouped"
    group.left, group.top, group.width, group.height = Inches(6), Inches(5), Inches(4), Inches(2)
    places = {block.text: block.box for block in read(saved(presentation))[0].blocks}
    assert places["turned"] == pytest.approx((0.35, 1.5 / 7.5, 0.45, 5.5 / 7.5))
    assert places["grouped"] == pytest.approx((0.6, 5 / 7.5, 1.0, 7 / 7.5))


def test_columns_of_a_slide_are_read_one_after_the_other() -> None:
    presentation, slide = slides()
    for text, x, y in (("b2", 6, 3), ("a1", 1, 1.2), ("b1", 6, 1), ("a2", 1, 3.2), ("top", 1, 0.1)):
        slide.shapes.add_textbox(
            Inches(x), Inches(y), Inches(8 if text == "top" else 3), Inches(0.5)
        ).text_frame.text = text
    assert [block.text for block in read(saved(presentation))[0].blocks] == ["top", "a1", "a2", "b1", "b2"]


def test_merged_cells_and_pictures_of_slides() -> None:
    presentation, slide = slides()
    table = slide.shapes.add_table(2, 3, 0, 0, Inches(5), Inches(2)).table
    table.cell(0, 0).merge(table.cell(0, 1))
    table.cell(0, 0).text = "wide"
    table.cell(1, 2).text = "last"
    slide.shapes.add_picture(picture(), Inches(1), Inches(4), Inches(3), Inches(2))
    page = read(saved(presentation), crops=("figure",))[0]
    assert shape(page.blocks[0]) == [[("wide", 1, 2), ("", 1, 1)], [("", 1, 1), ("", 1, 1), ("last", 1, 1)]]
    assert page.blocks[0].header_rows == 1
    assert page.blocks[1].category == "figure"
    assert Image.open(io.BytesIO(page.blocks[1].crop)).size == (30, 20)


# --- XLSX


def filled(sheet: Any, first_row: int, *rows: tuple[object, ...]) -> None:
    for number, row in enumerate(rows, start=first_row):
        for column, value in enumerate(row, start=2):
            sheet.cell(number, column, value)


def test_sheets_are_pages_with_tables_as_displayed() -> None:
    book = Workbook()
    sheet = book.active
    sheet.title = "Sales"
    sheet["B2"] = "Report 2024"
    sheet.merge_cells("B2:D2")
    filled(sheet, 4, ("Region", "Amount", "Share"), ("Seoul", 1234.5, 0.125), ("Busan", date(2024, 3, 5), "=C5*2"))
    sheet["C5"].number_format, sheet["D5"].number_format = "#,##0.00", "0.0%"
    sheet.add_table(Table(displayName="Regions", ref="B4:D6"))
    filled(sheet, 7, ("below", None, "the table"))
    filled(sheet, 10, ("tall", "x"), (None, "y"))
    sheet.merge_cells("B10:B11")
    sheet.oddHeader.center.text = "R&&D, &P"
    book.create_sheet("Empty")
    book["Empty"].sheet_state = "hidden"
    pages = read(saved(book), ".xlsx")
    assert [page.number for page in pages] == [1, 2]
    assert [(block.category, block.text) for block in pages[0].blocks if block.text] == [
        ("header", "R&D,"),
        ("heading1", "Sales"),
        ("paragraph", "Report 2024"),
    ]
    named, below, tall = blocks(pages, "table")
    assert [[cell.text for cell in row] for row in named.rows] == [
        ["Region", "Amount", "Share"],
        ["Seoul", "1,234.50", "12.5%"],
        ["Busan", "2024-03-05", "=C5*2"],  # never calculated: no program has opened this file
    ]
    assert named.header_rows == 1
    assert shape(below) == [[("below", 1, 1), ("", 1, 1), ("the table", 1, 1)]]
    assert shape(tall) == [[("tall", 2, 1), ("x", 1, 1)], [("y", 1, 1)]]
    assert [block.text for block in pages[1].blocks] == ["Empty"]


def test_frozen_rows_are_headings() -> None:
    book = Workbook()
    filled(book.active, 1, ("a", "b"), ("c", "d"), (1, 2))
    book.active.freeze_panes = "A3"
    assert blocks(read(saved(book)), "table")[0].header_rows == 2


def test_charts_pictures_and_text_boxes_of_sheets() -> None:
    from openpyxl.drawing.image import Image as Picture

    book = Workbook()
    sheet = book.active
    filled(sheet, 1, ("city", "people"), ("Seoul", 9.4), ("Busan", 3.3))
    chart = BarChart()
    chart.title = "People"
    chart.add_data(Reference(sheet, min_col=3, min_row=1, max_row=3), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=2, min_row=2, max_row=3))
    sheet.add_chart(chart, "B6")
    sheet.add_image(Picture(picture()), "B30")
    data = saved(book)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        drawing = archive.read("xl/drawings/drawing1.xml").decode()
    box = (
        "<oneCellAnchor><from><col>0</col><colOff>0</colOff><row>40</row><rowOff>0</rowOff></from><sp><txBody>"
        '<a:p xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:r><a:t>floating</a:t></a:r></a:p>'
        "</txBody></sp></oneCellAnchor></wsDr>"
    )
    data = with_parts(data, xl__drawings__drawing1_dot_xml=drawing.replace("</wsDr>", box).encode())
    (page,) = read(data, crops=("figure",))
    assert [block.category for block in page.blocks] == ["heading1", "table", "chart", "figure", "paragraph"]
    assert [[cell.text for cell in row] for row in page.blocks[2].rows] == [
        ["", "people"],
        ["Seoul", "9.4"],
        ["Busan", "3.3"],
    ]
    assert page.blocks[2].chart == (("Chart Title", "People"), ("Chart Type", "bar"))
    assert page.blocks[3].crop
    assert page.blocks[4].text == "floating"


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (1234.5, "#,##0.00", "1,234.50"),
        (-1234.5, "#,##0.00;[Red](#,##0.00)", "(1,234.50)"),
        (-3, "0.0", "-3.0"),
        (0.125, "0.0%", "12.5%"),
        (1234567, '#,##0,"k"', "1,235k"),
        (5, "000", "005"),
        (0.5, "0.0#", "0.5"),
        (1500, "[$₩-412]#,##0", "₩1,500"),
        (0, '_-* #,##0_-;-* #,##0_-;_-* "-"??_-;_-@_-', "-"),
        (0.1 + 0.2, "General", "0.3"),
        (3.0, "General", "3"),
        (1.5, "# ?/?", "1.5"),
        (9, ";;;", "9"),
        (1e300, "0", "1e+300"),
        (True, "General", "TRUE"),
        ("00123", "0", "00123"),
        (None, "0", ""),
        (datetime.fromisoformat("2024-03-05 14:07:09"), "yyyy-mm-dd hh:mm:ss", "2024-03-05 14:07:09"),
        (datetime.fromisoformat("2024-03-05 00:00:00"), "mm-dd-yy", "2024-03-05"),
        (datetime.fromisoformat("2024-03-05 00:07:00"), "d mmm yyyy h:mm AM/PM", "5 Mar 2024 12:07 AM"),
        (date(2024, 3, 5), 'yyyy"년" m"월" d"일" aaaa', "2024년 3월 5일 화요일"),
        (time(9, 5), "h:mm", "9:05"),
        (timedelta(hours=30, minutes=5), "[h]:mm", "30:05"),
    ],
)  # fmt: skip
def test_values_are_shown_as_excel_shows_them(value: object, form: str, text: str) -> None:
    assert displayed(value, form) == text


# --- What is refused


def bare(**parts: bytes) -> bytes:
    return with_parts(word(paragraph("fine")), **parts)


def nested(depth: int) -> bytes:
    return b"<a>" * depth + b"</a>" * depth


ENTITY = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("data", "suffix", "status", "message"),
    [
        (bare(word__media__a_dot_bin=bytes(50_000_000)), ".docx", 413, "times its size"),
        (bare(customXml__item1_dot_xml=ENTITY), ".docx", 422, "document type or entities"),
        (bare(customXml__item1_dot_xml=ENTITY.decode().encode("utf-16")), ".docx", 422, "document type or entities"),
        (bare(customXml__item1_dot_xml=nested(MAX_DEPTH + 1)), ".docx", 422, "nested over"),
        (word(paragraph("cut"))[:900], ".docx", 415, "no complete DOCX"),
        (OLE, ".hwp", 415, "HWP is read by Upstage"),
        (OLE, ".doc", 415, "of before 2007"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), ".docx", 422, "without a password"),
        (b"plain", ".docx", 415, "unsupported document format"),
    ],
    ids=["bomb", "entity", "entity in UTF-16", "nested", "cut", "HWP", "DOC", "encrypted", "plain"],
)  # fmt: skip
def test_hostile_and_foreign_files_are_refused(data: bytes, suffix: str, status: int, message: str) -> None:
    with pytest.raises(Refusal, match=message) as refusal:
        read(data, suffix)
    assert refusal.value.status == status


def test_hwpx_is_told_by_its_content() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/hwp+zip")
        archive.writestr("Contents/content.hpf", "<x/>")
    with pytest.raises(Refusal, match=r"HWPX is read by Upstage's API, not by the local engine") as refusal:
        read(file.getvalue(), ".zip")
    assert refusal.value.status == 415


def test_a_missing_part_is_damage() -> None:
    with pytest.raises(Refusal, match="DOCX file is damaged"):
        read(bare(word__document_dot_xml=b"<nothing/>"), ".docx")


def sheet_with(cells: str, after: str = "") -> bytes:
    xml = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{cells}</sheetData>{after}</worksheet>"
    )
    return with_parts(saved(Workbook()), xl__worksheets__sheet1_dot_xml=xml.encode())


def test_cells_that_cover_the_whole_sheet_are_refused_before_they_are_made() -> None:
    merged = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    with pytest.raises(Refusal, match="cover more than 500,000 cells") as refusal:
        read(sheet_with('<row r="1"><c r="A1"><v>1</v></c></row>', merged))
    assert refusal.value.status == 413


def test_cells_far_apart_cost_nothing() -> None:
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    assert [block.text for block in blocks(read(sheet_with(far)), "paragraph")] == ["1", "2"]


@pytest.mark.parametrize(
    "blank",
    [
        '<row r="{0}" ht="15" customHeight="1"/>',
        '<row r="{0}"><c r="A{0}" s="0"/><c r="B{0}" s="0"></c></row>',
        '<x:row xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" r="{0}"></x:row>',
    ],
    ids=["rows", "cells", "another prefix"],
)
def test_rows_that_show_nothing_cost_nothing(blank: str) -> None:
    """Formatted rows to the end of a sheet neither take their time nor cost what stands before and behind them."""
    rows = "".join(blank.format(number) for number in range(2, 40_000))
    last = '<row r="40000"><c r="B40000" t="inlineStr"><is><t>the end</t></is></c></row>'
    data = sheet_with(f'<row r="1"><c r="A1"><v>5</v></c></row>{rows}{last}')
    (page,) = read(data)

    assert [block.text for block in blocks([page], "paragraph")] == ["5", "the end"]


def test_rows_without_a_number_keep_their_place() -> None:
    """A row that does not say which it is stands behind the one before, blank or not."""
    rows = '<row r="2"/>' + "<row/>" * 20_000 + '<row><c t="inlineStr"><is><t>behind</t></is></c></row>'
    (page,) = read(sheet_with(f'<row r="1"><c r="A1"><v>5</v></c></row>{rows}'))

    assert [block.text for block in blocks([page], "paragraph")] == ["5", "behind"]


def test_tables_beside_each_other_are_told_apart() -> None:
    """Two empty columns part them, one where the table behind it has a header and labels; others set columns apart."""
    book = Workbook()
    sheet = book.active
    for row in (
        ("Port", "Ships", None, "Crew", "Pay", None, None, "Note", "Day"),
        ("Masan", 12, None, "Cook", 80, None, None, "Paid", "3 May"),
        ("Ulsan", 9, None, "Mate", 95),
        (None, None, None, None, None, None, None, "Seen", "4 May"),
        (),
        ("Account", None, 2023, None, 2024),
        ("Ropes", None, 5, None, 6),
        ("Sails", None, 7, None, 8),
    ):
        sheet.append(row)
    told = [[[cell.text for cell in row] for row in block.rows] for block in blocks(read(saved(book)), "table")]
    assert told == [
        [["Port", "Ships"], ["Masan", "12"], ["Ulsan", "9"]],
        [["Crew", "Pay"], ["Cook", "80"], ["Mate", "95"]],
        [["Note", "Day"], ["Paid", "3 May"]],
        [["Seen", "4 May"]],
        [["Account", "", "2023", "", "2024"], ["Ropes", "", "5", "", "6"], ["Sails", "", "7", "", "8"]],
    ]


class Counted(int):
    """A row or column that counts how often it is compared."""

    compared = 0

    def __lt__(self, other: int) -> bool:
        Counted.compared += 1
        return int(self) < int(other)

    def __gt__(self, other: int) -> bool:
        Counted.compared += 1
        return int(self) > int(other)


@pytest.mark.parametrize("below", ["5", "rope"], ids=["columns of one table", "tables of their own"])
def test_the_work_for_columns_set_apart_grows_with_their_number(below: str) -> None:
    """Four times the groups of columns cost little more than four times the work, not sixteen times."""

    def work(groups: int) -> int:
        columns: list[int] = [Counted(3 * group + column) for group in range(groups) for column in (1, 2)]
        values: dict[int, dict[int, str]] = {
            Counted(row): dict.fromkeys(columns, below if row > 1 else "Head") for row in range(1, 8)
        }
        before = Counted.compared
        assert len(list(table_areas(values, {}, []))) == (1 if below == "5" else groups)
        return Counted.compared - before

    assert 0 < work(80) < 7 * work(20)


def test_a_sheet_that_is_cut_by_turns_hundreds_of_times_is_read() -> None:
    """Each turn takes a merged row off the top, then a merged column off the left, of what is left of the sheet."""
    turns = 600
    values: dict[int, dict[int, str]] = {}
    merged = {}
    for turn in range(turns):
        row, column = 4 * turn + 1, 3 * turn + 1
        values[row] = {column: "over"}
        merged[row, column] = row, 3 * turns
        values[row + 2] = {column: "left"}
        merged[row + 2, column] = 4 * turns, column
    assert len(list(table_areas(values, merged, []))) == 2 * turns


def test_a_table_of_nothing_is_refused() -> None:
    top = "".join(f'<c r="{get_column_letter(column)}1"><v>1</v></c>' for column in range(1, 16385))
    down = "".join(f'<row r="{number}"><c r="A{number}"><v>1</v></c></row>' for number in range(2, 400))
    rows = f'<row r="1">{top}</row>{down}'
    with pytest.raises(Refusal, match="so far apart") as refusal:
        read(sheet_with(rows))
    assert refusal.value.status == 413


def test_reading_follows_no_reference_and_leaves_no_warning() -> None:
    """A picture that is linked, not embedded, is a figure without content; warnings are errors in this suite."""
    linked = (
        '<w:p><w:r><w:drawing><a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        'r:embed="nowhere"/></w:drawing></w:r></w:p>'
    )
    assert [block.category for block in read(word(linked))[0].blocks] == ["figure"]


def test_pages_come_as_they_are_read() -> None:
    """The first slide is there before the last one is looked at."""
    presentation = Presentation()
    for _ in range(3):
        presentation.slides.add_slide(presentation.slide_layouts[6])
    pages: Iterator[PageLayout] = read_office(saved(presentation), ".pptx")
    assert next(pages).number == 1
