"""Hostile files, made here: each is answered with the API's own kind of error, within limits, and nothing else breaks.

Where a library can make sense of such a file after all, an answer with its words is right too.
"""

from __future__ import annotations

import io
import json
import socket
import struct
import sys
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from eventually import GENEROUS, eventually

from upstage_docs.local import BASE_URL, Engine, LocalTransport, WorkerLimits

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="worker processes are limited by POSIX means")

SECONDS = 20  # four times what the slowest takes alone on a free machine: what is refused is not refused by the clock
MEMORY = 2 << 30


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    engine = Engine(limits=WorkerLimits(memory=MEMORY, seconds=SECONDS, workers=1))
    with httpx.Client(transport=LocalTransport(engine), base_url=BASE_URL, timeout=120) as client:
        yield client
    engine.close()


def parse(client: httpx.Client, document: bytes, model: str = "document-parse") -> httpx.Response:
    data = {"model": model, "output_formats": "['html', 'text', 'markdown']"}
    return client.post("/document-digitization", data=data, files={"document": document})


def words(response: httpx.Response) -> str:
    return str(response.json()["content"]["text"])


# --- PDF, written by hand: a list of objects, the first the catalog, the second the tree of pages


def pdf(*objects: bytes, root: int = 1) -> bytes:
    """Return a PDF of these objects, numbered from 1, with a right cross-reference table."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, content))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer <</Root %d 0 R /Size %d>>\nstartxref\n%d\n%%%%EOF" % (root, len(objects) + 1, start))
    return out.getvalue()


CATALOG = b"<</Type /Catalog /Pages 2 0 R>>"
ONE_PAGE = b"<</Type /Pages /Kids [3 0 R] /Count 1>>"
FONT = b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>"


def page(box: bytes = b"0 0 612 792", more: bytes = b"") -> bytes:
    return b"<</Type /Page /Parent 2 0 R /MediaBox [%b] /Contents 4 0 R /Resources <</Font <</F 5 0 R>> %b>>>>" % (
        box,
        more,
    )


def stream(content: bytes, head: bytes = b"") -> bytes:
    return b"<</Length %d %b>>\nstream\n%b\nendstream" % (len(content), head, content)


def text(words: str) -> bytes:
    return b"BT /F 12 Tf 72 700 Td (%b) Tj ET" % words.encode()


def deflated(megabytes: int, times: int = 1) -> bytes:
    """Return so many megabytes of zeros, packed, and packed again."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    megabyte = packer.compress(b"\0" * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)  # stands on its own: repeat it
    checksum = ((megabytes << 20) % 65521) << 16 | 1
    packed = head + megabyte * megabytes + b"\3\0" + struct.pack(">I", checksum)
    for _ in range(times - 1):
        packed = zlib.compress(packed, 9)
    return packed


def good_pdf() -> bytes:
    return pdf(CATALOG, ONE_PAGE, page(), stream(text("A good page after a bad one")), FONT)


def encrypted_pdf() -> bytes:
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    encryption = pytest.importorskip("reportlab.lib.pdfencrypt")
    out = io.BytesIO()
    document = canvas.Canvas(out, encrypt=encryption.StandardEncryption("secret", strength=128))
    document.drawString(72, 700, "Hidden")
    document.save()
    return out.getvalue()


def truncated_pdf() -> bytes:
    return good_pdf()[:150]


def zero_page_pdf() -> bytes:
    return pdf(CATALOG, b"<</Type /Pages /Kids [] /Count 0>>")


def empty_after_the_header() -> bytes:
    return b"%PDF-1.7\n" + b"\0" * 100_000


def inflating_pdf() -> bytes:
    """Two gigabytes of page content in a few kilobytes."""
    packed = deflated(2_048, 2)
    head = b"/Filter [/FlateDecode /FlateDecode]"
    return pdf(CATALOG, ONE_PAGE, page(), stream(packed, head), FONT)


def inflating_picture() -> bytes:
    """A picture of 30,000 by 30,000 pixels on one page."""
    image = stream(
        deflated(100),
        b"/Type /XObject /Subtype /Image /Width 30000 /Height 30000 /ColorSpace /DeviceRGB "
        b"/BitsPerComponent 8 /Filter /FlateDecode",
    )
    content = stream(text("Words beside a picture") + b" q 600 0 0 700 0 0 cm /I Do Q")
    return pdf(CATALOG, ONE_PAGE, page(more=b"/XObject <</I 6 0 R>>"), content, FONT, image)


def million_operators() -> bytes:
    return pdf(CATALOG, ONE_PAGE, page(), stream(b"0 0 m 1 1 l S " * 1_000_000), FONT)


def million_words() -> bytes:
    content = b"BT /F 1 Tf " + b"1 0 0 1 72 700 Tm (word) Tj " * 200_000 + b"ET"
    return pdf(CATALOG, ONE_PAGE, page(), stream(content), FONT)


def million_objects() -> bytes:
    fill = [b"<<>>"] * 1_000_000
    return pdf(CATALOG, ONE_PAGE, page(), stream(text("Behind a million objects")), FONT, *fill)


def huge_page() -> bytes:
    return pdf(CATALOG, ONE_PAGE, page(b"0 0 10000000 10000000"), stream(text("Small")), FONT)


def flat_page() -> bytes:
    """A page without height."""
    return pdf(CATALOG, ONE_PAGE, page(b"0 0 612 0"), stream(text("Flat")), FONT)


def claims_a_billion_pages() -> bytes:
    tree = b"<</Type /Pages /Kids [3 0 R] /Count 1000000000>>"
    return pdf(CATALOG, tree, page(), stream(text("One")), FONT)


def deep_arrays() -> bytes:
    nested = b"[" * 100_000 + b"]" * 100_000
    return pdf(CATALOG, ONE_PAGE, page(more=b"/Deep %b" % nested), stream(text("Deep")), FONT)


def deep_page_tree() -> bytes:
    """Ten thousand nodes before the page."""
    depth = 10_000
    tree = [b"<</Type /Pages /Kids [%d 0 R] /Count 1>>" % (number + 3) for number in range(depth)]
    leaf = b"<</Type /Page /MediaBox [0 0 612 792]>>"
    return pdf(CATALOG, *tree, leaf)


def page_tree_in_a_circle() -> bytes:
    return pdf(CATALOG, b"<</Type /Pages /Kids [2 0 R 2 0 R] /Count 5>>")


def form_that_draws_itself() -> bytes:
    head = b"/Type /XObject /Subtype /Form /BBox [0 0 600 700] /Resources <</XObject <</X 6 0 R>>>>"
    form = stream(b"/X Do /X Do " * 50, head)
    content = stream(text("Round and round") + b" /X Do")
    return pdf(CATALOG, ONE_PAGE, page(more=b"/XObject <</X 6 0 R>>"), content, FONT, form)


def outline_in_a_circle(entry: bytes, other: bytes = b"") -> bytes:
    """Return a good page with an outline of two entries, objects 7 and 8; what they lead on to is said of each."""
    catalog = b"<</Type /Catalog /Pages 2 0 R /Outlines 6 0 R>>"
    entries = [b"<</Title (Entry) /Parent 6 0 R /Dest [3 0 R /Fit] %b>>" % leads_on for leads_on in (entry, other)]
    outline = b"<</First 7 0 R /Last 7 0 R /Count 1>>"
    return pdf(catalog, ONE_PAGE, page(), stream(text("Behind an outline")), FONT, outline, *entries)


# --- images


def png(width: int, height: int, rows: bytes, depth: int = 1) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def png_bomb() -> bytes:
    """Ten billion pixels in a megabyte."""
    return png(100_000, 100_000, deflated(1_200))


def png_that_inflates() -> bytes:
    """A hundred pixels, a gigabyte of them."""
    return png(100, 100, deflated(1_024))


def png_cut_off() -> bytes:
    whole = png(2_000, 2_000, zlib.compress(b"\0" * 2_000 * 251))
    return whole[: len(whole) // 2]


def jpeg_of_noise() -> bytes:
    return b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40


def bmp_that_lies() -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 100, 0, 0, 54, 40, 60_000, -60_000, 1, 24, 0, 0, 0, 0, 0, 0)


def tiff(frames: int, *, circle: bool = False) -> bytes:
    """A TIFF of tiny frames, the last of which may point to the first."""
    out = bytearray(b"II*\0" + struct.pack("<I", 8))
    for number in range(frames):
        at = len(out)
        entries = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, at)]
        entries += [(278, 3, 1, 1), (279, 4, 1, 1)]
        out += struct.pack("<H", len(entries))
        for entry in entries:
            out += struct.pack("<HHII", *entry)
        last = number == frames - 1
        out += struct.pack("<I", (8 if circle else 0) if last else len(out) + 4)
    return bytes(out)


def tiff_in_a_circle() -> bytes:
    return tiff(3, circle=True)


def tiff_of_many_frames() -> bytes:
    return tiff(20_000)


def heic_of_nothing() -> bytes:
    return struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + b"\0" * 500


# --- Office files


def package(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def docx(body: str, prolog: str = "", relations: str = "", **more: bytes) -> bytes:
    """Return a Word document with this body."""
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    types = (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{main}"/></Types>'
    )
    root = f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
    start = f'<?xml version="1.0"?>{prolog}<w:document {W} xmlns:r="{OFFICE}"><w:body>'
    members = {
        "[Content_Types].xml": types,
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{root}</Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{relations}</Relationships>',
        "word/document.xml": f"{start}{body}</w:body></w:document>",
    }
    return package({**{name: content.encode() for name, content in members.items()}, **more})


def paragraph(words: str) -> str:
    return f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p>"


def docx_that_inflates() -> bytes:
    return docx(paragraph("Words"), **{"word/media/a.bin": b"\0" * (1 << 28)})  # type: ignore[arg-type]


def docx_of_laughs() -> bytes:
    """Entities of entities: ten lines that are three gigabytes."""
    entities = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    return docx(paragraph("&i;"), prolog=f"<!DOCTYPE d [{entities}]>")


def docx_that_reads_files() -> bytes:
    return docx(paragraph("&secret;"), prolog='<!DOCTYPE d [<!ENTITY secret SYSTEM "file:///etc/passwd">]>')


def docx_of_deep_xml() -> bytes:
    return docx("<w:p>" * 100_000 + "</w:p>" * 100_000)


def docx_of_a_wide_cell() -> bytes:
    """One cell that says it is a billion columns wide."""
    cell = f'<w:tc><w:tcPr><w:gridSpan w:val="1000000000"/></w:tcPr>{paragraph("Wide")}</w:tc>'
    return docx(f"<w:tbl><w:tblGrid><w:gridCol/></w:tblGrid><w:tr>{cell}</w:tr></w:tbl>")


def docx_of_noise() -> bytes:
    return docx("<w:p>")


def zip_of_many_members() -> bytes:
    return docx(paragraph("Words"), **{f"word/{number}.xml": b"" for number in range(30_000)})  # type: ignore[arg-type]


def zip_of_nothing() -> bytes:
    return package({"readme.txt": b"no Office file"})


def zip_cut_off() -> bytes:
    whole = docx(paragraph("Words"))
    return whole[: len(whole) // 2]


def sheet(cells: str) -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    out = io.BytesIO()
    book = openpyxl.Workbook()
    book.active["A1"] = "first"
    book.save(out)
    with zipfile.ZipFile(io.BytesIO(out.getvalue())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    members[name] = members[name].replace(b"</sheetData>", cells.encode() + b"</sheetData>")
    members[name] = members[name].replace(b'ref="A1"', b'ref="A1:XFD1048576"')
    return package(members)


def sheet_with_far_corners() -> bytes:
    """Two cells, seventeen billion apart."""
    return sheet('<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>last</t></is></c></row>')


def pptx_of_a_wide_cell() -> bytes:
    pptx = pytest.importorskip("pptx")
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[6])
    slide.shapes.add_table(1, 1, 0, 0, 1_000_000, 1_000_000).table.cell(0, 0).text = "Wide"
    out = io.BytesIO()
    show.save(out)
    with zipfile.ZipFile(io.BytesIO(out.getvalue())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "ppt/slides/slide1.xml"
    members[name] = members[name].replace(b"<a:tc>", b'<a:tc gridSpan="1000000000" rowSpan="1000000000">')
    return package(members)


REFUSED: list[tuple[Callable[[], bytes], set[int]]] = [
    (encrypted_pdf, {422}),
    (truncated_pdf, {422}),
    (zero_page_pdf, {422}),
    (empty_after_the_header, {422}),
    (huge_page, {413}),
    (page_tree_in_a_circle, {422}),
    (deep_page_tree, {422}),
    (png_bomb, {413}),
    (png_cut_off, {422}),
    (jpeg_of_noise, {422}),
    (bmp_that_lies, {413, 422}),
    (tiff_of_many_frames, {413}),
    (heic_of_nothing, {415, 422}),
    (docx_that_inflates, {413}),
    (docx_of_laughs, {422}),
    (docx_that_reads_files, {422}),
    (docx_of_deep_xml, {413, 422}),
    (docx_of_noise, {422}),
    (zip_of_many_members, {413}),
    (zip_of_nothing, {415}),
    (zip_cut_off, {422}),
]
SURVIVED: list[tuple[Callable[[], bytes], str]] = [
    (inflating_pdf, ""),
    (inflating_picture, "Words beside a picture"),
    (million_operators, ""),
    (million_words, "word"),
    (million_objects, "Behind a million objects"),
    (deep_arrays, "Deep"),
    (claims_a_billion_pages, "One"),
    (form_that_draws_itself, "Round and round"),
    (docx_of_a_wide_cell, "Wide"),
    (sheet_with_far_corners, "last"),
    (pptx_of_a_wide_cell, "Wide"),
]
BLANK = [png_that_inflates, tiff_in_a_circle, flat_page]


def named(case: object) -> str | None:
    return getattr(case, "__name__", None) or ("" if isinstance(case, (set, str)) else None)


@pytest.mark.parametrize(("make", "statuses"), REFUSED, ids=named)
def test_what_cannot_be_read_is_refused(client: httpx.Client, make: Callable[[], bytes], statuses: set[int]) -> None:
    """With the API's status and shape, in time, and the next document is read."""
    document = make()
    begin = time.monotonic()
    response = parse(client, document)

    assert response.status_code in statuses, response.text[:300]
    assert response.json()["code"] == response.status_code
    assert len(response.json()["message"]) > 10
    assert time.monotonic() - begin < SECONDS + GENEROUS
    assert "A good page" in words(parse(client, good_pdf()))


@pytest.mark.parametrize(("make", "held"), SURVIVED, ids=named)
def test_what_can_be_read_is_read_or_refused(client: httpx.Client, make: Callable[[], bytes], held: str) -> None:
    """An answer holds the file's words; a refusal is the API's; and the next document is read."""
    document = make()
    begin = time.monotonic()
    response = parse(client, document)

    if response.status_code == 200:
        assert held in words(response)
        assert response.json()["elements"], "an empty success"
        assert len(response.content) < 50_000_000
    else:
        assert response.status_code in {413, 415, 422}, response.text[:300]
    assert time.monotonic() - begin < SECONDS + GENEROUS
    assert "A good page" in words(parse(client, good_pdf()))


@pytest.mark.parametrize(
    "entries",
    [
        (b"/First 7 0 R",),
        (b"/First 6 0 R",),
        (b"/Next 8 0 R", b"/Next 7 0 R"),
        (b"/First 8 0 R", b"/First 7 0 R"),
    ],
    ids=["a child of itself", "the outline itself", "neighbours of each other", "children of each other"],
)
def test_an_outline_that_leads_back_to_itself_costs_nothing(client: httpx.Client, entries: tuple[bytes, ...]) -> None:
    response = parse(client, outline_in_a_circle(*entries))

    assert response.status_code == 200, response.text[:300]
    assert "Behind an outline" in words(response)
    assert not response.json().get("warnings")


@pytest.mark.parametrize("make", BLANK)
def test_what_shows_nothing_is_read_as_blank_or_refused(client: httpx.Client, make: Callable[[], bytes]) -> None:
    response = parse(client, make())

    if response.status_code == 200:
        assert words(response).strip() in {"", "Flat"}
    else:
        assert response.status_code in {413, 422}, response.text[:300]


@pytest.mark.parametrize("make", [encrypted_pdf, huge_page, inflating_pdf, png_bomb, png_cut_off, tiff_of_many_frames])
def test_the_ocr_endpoint_refuses_them_too(client: httpx.Client, make: Callable[[], bytes]) -> None:
    response = parse(client, make(), "ocr")

    assert response.status_code in {413, 415, 422}, response.text[:300]


def test_a_hostile_job_fails_and_says_why(client: httpx.Client) -> None:
    files = {"document": ("a.docx", docx_of_laughs())}
    submitted = client.post("/document-digitization/async", data={"model": "document-parse"}, files=files)
    place = f"/document-digitization/requests/{submitted.json()['request_id']}"
    eventually(lambda: client.get(place).json()["status"] == "failed", "the job has failed")

    assert "entities" in client.get(place).json()["failure_message"]


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """Listen on a loopback port; give it, and what anyone sent there."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    heard.append(connection.recv(1000))

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield server.getsockname()[1], heard
        finally:
            time.sleep(0.2)
            stop.set()
            thread.join()


def test_what_a_file_points_at_is_not_fetched(client: httpx.Client) -> None:
    """Linked pictures, templates and entities of Word, and what a PDF may open or submit."""
    with listening() as (port, heard):
        url = f"http://127.0.0.1:{port}/"
        relations = "".join(
            f'<Relationship Id="x{number}" Type="{OFFICE}/{kind}" Target="{url}{kind}" TargetMode="External"/>'
            for number, kind in enumerate(("image", "attachedTemplate", "oleObject"))
        )
        drawing = (
            '<w:p><w:r><w:drawing><a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
            'r:link="x0"/></w:drawing></w:r></w:p>'
        )
        linked = docx(paragraph("Linked words") + drawing, relations=relations)
        entity = docx(paragraph("&e;"), prolog=f'<!DOCTYPE d SYSTEM "{url}d.dtd" [<!ENTITY e SYSTEM "{url}e">]>')
        action = b"/OpenAction <</S /URI /URI (%b)>>" % url.encode()
        catalog = b"<</Type /Catalog /Pages 2 0 R %b>>" % action
        opening = pdf(catalog, ONE_PAGE, page(), stream(text("Opened words")), FONT)
        answers = [parse(client, document) for document in (linked, entity, opening)]

    assert [answer.status_code for answer in answers] == [200, 422, 200]
    assert "Linked words" in words(answers[0])
    assert heard == []


def test_no_file_is_left_in_the_temporary_folder(
    client: httpx.Client, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by documents, results or what a library unpacks."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(folder))
    engine = Engine(limits=WorkerLimits(memory=MEMORY, seconds=SECONDS, workers=1))
    with httpx.Client(transport=LocalTransport(engine), base_url=BASE_URL, timeout=120) as other:
        for make in (good_pdf, png_cut_off, docx_of_noise, inflating_picture):
            parse(other, make())
    engine.close()

    assert list(folder.rglob("*")) == []
    assert json.loads(parse(client, good_pdf()).content)["elements"]
