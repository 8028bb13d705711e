"""A part of an Office file that is damaged, or told wrong, costs no more than itself, and what is lost is told."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import pytest

docx = pytest.importorskip("docx")
openpyxl = pytest.importorskip("openpyxl")
pptx = pytest.importorskip("pptx")

from upstage_docs.local.office.open import read_office  # noqa: E402
from upstage_docs.local.office.part_kinds import OFFICE_RELATIONS  # noqa: E402
from upstage_docs.local.refusal import Refusal  # noqa: E402

Parts = dict[str, bytes]
TYPES, RELATIONS = "[Content_Types].xml", "_rels/.rels"


def letter() -> Any:
    document = docx.Document()
    document.add_heading("Heading", 1)
    document.add_paragraph("Numbered", style="List Number")
    document.sections[0].header.paragraphs[0].text = "Header"
    return document


def deck() -> Any:
    show = pptx.Presentation()
    for number in ("One", "Two", "Three"):
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = f"Slide{number}"
    slide.notes_slide.notes_text_frame.text = "Notes"
    return show


def book() -> Any:
    made = openpyxl.Workbook()
    for number in ("One", "Two", "Three"):
        sheet = made.create_sheet(f"Sheet{number}")
        sheet.append(["Name", f"Cell{number}"])
    made.remove(made.worksheets[0])
    chart = openpyxl.chart.BarChart()
    chart.title = "Drawn"
    made.worksheets[1].add_chart(chart, "E5")
    return made


MADE: dict[str, tuple[Callable[[], Any], str, set[str]]] = {
    "docx": (letter, "word/document.xml", {"Heading", "1. Numbered", "Header"}),
    "pptx": (deck, "ppt/presentation.xml", {"SlideOne", "SlideTwo", "SlideThree", "Notes"}),
    "xlsx": (book, "xl/workbook.xml", {"SheetOne", "CellOne", "SheetTwo", "CellTwo", "CellThree", "Drawn"}),
}


def parts_of(form: str) -> Parts:
    return dict(made(form))


@cache
def made(form: str) -> Parts:
    file = io.BytesIO()
    MADE[form][0]().save(file)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: Iterable[tuple[str, bytes]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def read(data: bytes, form: str) -> tuple[str, list[str]]:
    """Return the text of all pages, and what is said to be lost."""
    pages = list(read_office(data, f".{form}"))
    texts = [block.text for page in pages for block in page.blocks]
    texts += [cell.text for page in pages for block in page.blocks for row in block.rows for cell in row]
    return "\n".join(texts), [loss.message for page in pages for loss in page.losses]


def relations_of(part: str) -> str:
    folder, _, name = part.rpartition("/")
    return f"{folder}/_rels/{name}.rels"


def damaged(change: Callable[[bytes], bytes | None]) -> Callable[[Parts, str], None]:
    """Return what changes one part, or takes it away."""

    def apply(parts: Parts, name: str) -> None:
        content = change(parts.pop(name))
        if content is not None:
            parts[name] = content

    return apply


UNDECLARED = damaged(lambda xml: re.sub(rb'\sxmlns:\w+="[^"]+"', b"", xml, count=1))
NO_ADDRESS = damaged(lambda xml: re.sub(rb'xmlns(:\w+)="[^"]+"', rb'xmlns\1="no address %"', xml, count=1))
EMPTY_ADDRESS = damaged(lambda xml: re.sub(rb'xmlns(:\w+)="[^"]+"', rb'xmlns\1=""', xml, count=1))
FOREIGN = damaged(lambda xml: re.sub(rb'xmlns(:?\w*)="http://schemas[^"]+"', rb'xmlns\1="urn:nobody"', xml))
STRANGE = damaged(lambda xml: re.sub(rb"<(?![?!/])([\w:]+)", rb'<\1 zz:b="1"', xml, count=1))
ANOTHER = damaged(lambda _: b"<nothing/>")
MISSING = damaged(lambda _: None)
RENAMED_IDS = damaged(lambda xml: re.sub(rb'\sId="([^"]+)"', rb' Id="x\1"', xml))
NO_IDS = damaged(lambda xml: re.sub(rb'\sId="[^"]+"', b"", xml))
NO_TARGETS = damaged(lambda xml: re.sub(rb'\sTarget="[^"]+"', b"", xml))
OTHER_TYPES = damaged(lambda xml: re.sub(rb'\sType="[^"]+"', b' Type="http://nobody.example/x"', xml))
BACKSLASHES = damaged(lambda xml: re.sub(rb'Target="[^"]+"', lambda found: found[0].replace(b"/", b"\\"), xml))
OUTSIDE = damaged(lambda xml: xml.replace(b"<Relationship ", b'<Relationship TargetMode="External" '))
NO_OVERRIDES = damaged(lambda xml: re.sub(rb"<Override[^>]*/>", b"", xml))
NO_DEFAULTS = damaged(lambda xml: re.sub(rb"<Default[^>]*/>", b"", xml))
CAPITALS = damaged(lambda xml: re.sub(rb'PartName="[^"]*"', lambda found: b"PartName=" + found[0][9:].upper(), xml))
PLAIN = damaged(lambda xml: re.sub(rb'(<Override[^>]*)ContentType="[^"]*"', rb'\1ContentType="application/xml"', xml))


@pytest.mark.parametrize("form", MADE)
@pytest.mark.parametrize("change", [MISSING, ANOTHER, FOREIGN, NO_OVERRIDES, NO_DEFAULTS, CAPITALS, PLAIN, STRANGE])
def test_a_list_of_types_that_is_wrong_costs_nothing(form: str, change: Callable[[Parts, str], None]) -> None:
    parts = parts_of(form)
    change(parts, TYPES)
    text, _ = read(packed(parts.items()), form)
    assert {held for held in MADE[form][2] if held not in text} == set()


@pytest.mark.parametrize("form", MADE)
@pytest.mark.parametrize(
    "change", [MISSING, ANOTHER, FOREIGN, RENAMED_IDS, NO_IDS, NO_TARGETS, OTHER_TYPES, BACKSLASHES, OUTSIDE, STRANGE]
)
@pytest.mark.parametrize("of_main", [False, True], ids=["of the file", "of the main part"])
def test_relationships_that_are_wrong_cost_nothing_that_follows_from_the_parts(
    form: str, change: Callable[[Parts, str], None], of_main: bool
) -> None:
    parts = parts_of(form)
    change(parts, relations_of(MADE[form][1]) if of_main else RELATIONS)
    text, _ = read(packed(parts.items()), form)
    assert {held for held in MADE[form][2] if held not in text} == set()


@pytest.mark.parametrize("change", [UNDECLARED, NO_ADDRESS, EMPTY_ADDRESS, FOREIGN, STRANGE])
@pytest.mark.parametrize(
    ("form", "part"),
    [
        ("docx", "word/document.xml"),
        ("docx", "word/header1.xml"),
        ("docx", "docProps/core.xml"),
        ("pptx", "ppt/presentation.xml"),
        ("pptx", "ppt/slides/slide2.xml"),
        ("pptx", "ppt/slideMasters/slideMaster1.xml"),
        ("xlsx", "xl/charts/chart1.xml"),
        ("xlsx", "xl/worksheets/sheet2.xml"),
    ],
)
def test_a_name_space_that_is_wrong_is_the_usual_one(
    form: str, part: str, change: Callable[[Parts, str], None]
) -> None:
    parts = parts_of(form)
    change(parts, part)
    text, _ = read(packed(parts.items()), form)
    assert {held for held in MADE[form][2] if held not in text} == set()


@pytest.mark.parametrize(
    ("form", "part", "lost"),
    [
        ("docx", "word/header1.xml", {"Header"}),
        ("docx", "word/numbering.xml", {"1. Numbered"}),
        ("pptx", "ppt/slides/slide2.xml", {"SlideTwo"}),
        ("pptx", "ppt/notesSlides/notesSlide1.xml", {"Notes"}),
        ("xlsx", "xl/worksheets/sheet2.xml", {"CellTwo", "Drawn"}),
        ("xlsx", "xl/charts/chart1.xml", {"Drawn"}),
        ("xlsx", "xl/drawings/_rels/drawing1.xml.rels", {"Drawn"}),
        ("xlsx", "xl/worksheets/_rels/sheet2.xml.rels", {"Drawn"}),
    ],
)
def test_a_part_that_is_something_else_costs_itself_and_is_told(form: str, part: str, lost: set[str]) -> None:
    parts = parts_of(form)
    ANOTHER(parts, part)
    text, losses = read(packed(parts.items()), form)
    assert {held for held in MADE[form][2] if held not in text} == lost
    assert losses


@pytest.mark.parametrize(("form", "named"), [("pptx", "SlideTwo"), ("xlsx", "CellTwo")])
def test_slides_and_sheets_are_read_without_the_part_that_lists_them(form: str, named: str) -> None:
    parts = parts_of(form)
    part = MADE[form][1]
    MISSING(parts, part)
    text, losses = read(packed(parts.items()), form)
    assert named in text
    assert losses[0].startswith(f"the part {part} of the file is missing; its parts are read in the order")


@pytest.mark.parametrize("form", MADE)
@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name.replace("/", "\\"),
        lambda name: f"/{name}",
        lambda name: f"./{name}",
        lambda name: name.lower(),
    ],
    ids=["backslashes", "absolute", "from here", "small letters"],
)
def test_names_as_other_programs_write_them(form: str, rename: Callable[[str], str]) -> None:
    parts = parts_of(form)
    text, losses = read(packed((rename(name), content) for name, content in parts.items()), form)
    assert {held for held in MADE[form][2] if held not in text} == set()
    assert losses == []


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("docx", "application/vnd.ms-word.document.macroEnabled.main+xml"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"),
        ("pptx", "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml"),
        ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml"),
        ("xlsx", "application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
    ],
)
def test_templates_shows_and_files_with_macros_are_read_as_documents(form: str, kind: str) -> None:
    parts = parts_of(form)
    own = rf'PartName="/{MADE[form][1]}" ContentType="[^"]*"'.encode()
    parts[TYPES], changed = re.subn(own, f'PartName="/{MADE[form][1]}" ContentType="{kind}"'.encode(), parts[TYPES])
    assert changed == 1
    text, losses = read(packed(parts.items()), form)
    assert {held for held in MADE[form][2] if held not in text} == set()
    assert losses == []


def test_a_part_whose_name_no_xml_can_hold_costs_itself() -> None:
    parts = parts_of("pptx")
    parts["ppt/slides/slide\x02.xml"] = parts.pop("ppt/slides/slide2.xml")
    MISSING(parts, "ppt/_rels/presentation.xml.rels")
    text, losses = read(packed(parts.items()), "pptx")
    assert {held for held in MADE["pptx"][2] if held not in text} == {"SlideTwo"}
    assert losses


def in_directory(data: bytes, name: str, offset: int, value: bytes) -> bytes:
    """Return an archive whose directory says something else of a part."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        at = archive.start_dir
    while True:
        lengths = struct.unpack("<HHH", data[at + 28 : at + 34])
        if data[at + 46 : at + 46 + lengths[0]].decode() == name:
            return data[: at + offset] + value + data[at + offset + len(value) :]
        at += 46 + sum(lengths)


@pytest.mark.parametrize(
    ("offset", "value"),
    [(16, b"\1\2\3\4"), (24, b"\5\0\0\0")],
    ids=["another checksum", "another size"],
)
def test_a_part_is_read_though_the_archive_says_otherwise(offset: int, value: bytes) -> None:
    data = in_directory(packed(parts_of("pptx").items()), "ppt/slides/slide2.xml", offset, value)
    text, losses = read(data, "pptx")
    assert {held for held in MADE["pptx"][2] if held not in text} == set()
    assert losses == ["the part ppt/slides/slide2.xml of the file is damaged; some or all of it may be missing"]


@pytest.mark.parametrize(
    ("offset", "value"), [(8, b"\1\0"), (10, b"\x63\0")], ids=["encrypted", "packed in another way"]
)
def test_a_part_that_cannot_be_unpacked_costs_itself(offset: int, value: bytes) -> None:
    data = in_directory(packed(parts_of("pptx").items()), "ppt/slides/slide2.xml", offset, value)
    text, losses = read(data, "pptx")
    assert {held for held in MADE["pptx"][2] if held not in text} == {"SlideTwo"}
    assert losses


def test_a_file_whose_text_is_encrypted_is_refused_as_encrypted() -> None:
    data = in_directory(packed(parts_of("docx").items()), "word/document.xml", 8, b"\1\0")
    with pytest.raises(Refusal, match="encrypted"):
        read(data, "docx")


def test_of_two_members_with_one_name_the_one_that_can_be_read_is() -> None:
    parts = parts_of("docx")
    whole = [*parts.items()]
    for members in ([("word/document.xml", b"junk"), *whole], [*whole, ("word/document.xml", b"junk")]):
        with pytest.warns(UserWarning, match="Duplicate"):
            data = packed(members)
        assert "Heading" in read(data, "docx")[0]


@pytest.mark.parametrize("form", MADE)
@pytest.mark.parametrize("root", ["document", "presentation", "settings"])
def test_the_data_that_a_form_keeps_are_no_part_of_office(form: str, root: str) -> None:
    """Programs give them the names that they like: the roots of parts that are read too."""
    parts = parts_of(form)
    expected = read(packed(parts.items()), form)
    parts["customXml/item1.xml"] = f'<{root} xmlns="urn:forms"><title>Order</title></{root}>'.encode()
    assert read(packed(parts.items()), form) == expected


def test_a_link_without_an_address_and_words_about_references_lose_nothing() -> None:
    parts = parts_of("docx")
    relations = relations_of("word/document.xml")
    link = f'<Relationship Id="rIdLink" Type="{OFFICE_RELATIONS}/hyperlink" Target="" TargetMode="External"/>'
    parts[relations] = parts[relations].replace(b"</Relationships>", link.encode() + b"</Relationships>")
    words = '<w:hyperlink r:id="rIdLink"><w:r><w:t>Write r:id="rId99" here</w:t></w:r></w:hyperlink>'
    parts["word/document.xml"] = parts["word/document.xml"].replace(
        b"<w:sectPr", f"<w:p>{words}</w:p><w:sectPr".encode()
    )
    text, losses = read(packed(parts.items()), "docx")
    assert 'Write r:id="rId99" here' in text
    assert losses == []


def test_parts_that_unpack_to_more_than_the_archive_says_take_no_more_memory_for_their_number() -> None:
    from upstage_docs.local.office.archive import open_archive

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts_of("docx").items():
            archive.writestr(name, content)
        for number in range(60):
            archive.writestr(f"word/media/{number}.bin", bytes(900_000))
            archive.infolist()[-1].file_size = 10
    opened = open_archive(file.getvalue())
    opened.archive.close()
    assert len(opened.data) < 25_000_000
    assert len(opened.losses) == 60


def test_a_file_that_is_whole_is_handed_on_as_it_is() -> None:
    """Nothing of it is written anew, which would take its size in memory once more."""
    from upstage_docs.local.office.archive import open_archive

    for form in MADE:
        data = packed(parts_of(form).items())
        opened = open_archive(data)
        opened.archive.close()
        assert opened.data is data
        assert opened.losses == ()
