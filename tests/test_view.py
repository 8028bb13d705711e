"""Pages with boxes: what is drawn, what the HTML page holds, and that it holds all of it itself."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from stand_in import make_pdf, parse_answer

pytest.importorskip("PIL", reason='needs the extra "view"')
from bs4 import BeautifulSoup
from PIL import Image

from upstage_docs.api.decode import decode_document
from upstage_docs.errors import ConfigError, SourceError
from upstage_docs.models import Element, ParsedDocument
from upstage_docs.view import COLOURS, boxed_pages, view_html

BOX = ((0.1, 0.3), (0.5, 0.3), (0.5, 0.4), (0.1, 0.4))  # as parse_answer has it


def parsed(*elements: Element, source: str = "a.pdf") -> ParsedDocument:
    return ParsedDocument(source, "", "made", elements, total_pages=1)


def answered(pages: int) -> ParsedDocument:
    return decode_document(parse_answer([f"page {number}" for number in range(1, pages + 1)]), source="a.pdf")


def image(size: tuple[int, int], form: str = "PNG", colour: str = "white", mode: str = "RGB") -> bytes:
    target = io.BytesIO()
    Image.new(mode, size, colour).save(target, form)
    return target.getvalue()


def colour_of(category: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(COLOURS[category][1:]))


def test_each_page_is_drawn_with_its_boxes() -> None:
    pages = dict(boxed_pages(answered(3), make_pdf("a", 3), width=200))

    assert list(pages) == [1, 2, 3]
    assert {page.size for page in pages.values()} == {(200, 200)}
    for page in pages.values():
        for edge in (20, 100):
            assert colour_of("paragraph") in [page.getpixel((x, 70)) for x in range(edge - 3, edge + 3)]
        assert page.getpixel((150, 150)) == (255, 255, 255)


class Whole:
    """As whole numbers of other libraries are: no `int`, and one to Python."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __index__(self) -> int:
        return self.number


def test_the_width_of_a_picture_may_be_a_number_of_another_library() -> None:
    """Those of NumPy have so many bits, and overflow where Python's do not."""
    of_two = (Element(0, 1, "paragraph", coordinates=BOX), Element(1, 2, "paragraph"))
    pages = boxed_pages(parsed(*of_two), make_pdf("a", 1), width=Whole(200))  # type: ignore[arg-type]

    assert [page.width for _, page in pages] == [200, 200]


def test_a_slanted_element_is_drawn_slanted() -> None:
    corners = ((0.5, 0.1), (0.9, 0.5), (0.5, 0.9), (0.1, 0.5))
    ((_, page),) = boxed_pages(parsed(Element(0, 1, "table", coordinates=corners)), image((200, 200)), width=200)

    assert page.getpixel((139, 60)) == colour_of("table"), "between its upper and its right corner"
    assert page.getpixel((20, 20)) == (255, 255, 255), "its bounding box is not drawn"


@pytest.mark.parametrize(("form", "mode"), [("PNG", "RGBA"), ("TIFF", "RGB"), ("JPEG", "L"), ("BMP", "RGB")])
def test_images_are_pages(form: str, mode: str) -> None:
    """What can be seen through lies on white paper; a large one is made smaller."""
    clear = "#00000000" if mode == "RGBA" else "white"
    ((number, page),) = boxed_pages(parsed(), image((400, 100), form, clear, mode), width=200)

    assert (number, page.mode, page.size) == (1, "RGB", (200, 50))
    assert page.getpixel((5, 5)) == (255, 255, 255)


def test_a_very_long_page_is_no_very_large_picture() -> None:
    ((_, page),) = boxed_pages(parsed(), image((10, 20_000)), width=100)

    assert page.height <= 400


def test_what_has_no_pages_to_draw_is_a_blank_sheet() -> None:
    document = pytest.importorskip("docx").Document()
    target = io.BytesIO()
    document.save(target)
    made = parsed(Element(0, 1, "paragraph", text="Words.", coordinates=BOX), source="a.docx")
    ((_, page),) = boxed_pages(made, target, width=100)
    shown = BeautifulSoup("".join(view_html(made, target)), "lxml")

    assert page.size == (100, 141)
    assert shown.find("img") is None
    assert len(shown.select(".box")) == 1


def test_the_html_page_shows_every_element_and_where_it_stands() -> None:
    shown = BeautifulSoup("".join(view_html(answered(2), make_pdf("a", 2), width=100)), "lxml")

    assert [section["id"] for section in shown.find_all("section")] == ["page-1", "page-2"]
    assert [one.text for one in shown.find_all("pre")] == ["page 1", "page 2"]
    for box in shown.select(".box"):
        assert "left: 10.00%; top: 30.00%; width: 40.00%; height: 10.00%" in str(box["style"])
        entry = shown.find(id=str(box["href"]).removeprefix("#"))
        assert entry is not None
        assert entry.a is not None  # type: ignore[union-attr]
        assert entry.a["href"] == f"#{box['id']}", "and back"  # type: ignore[union-attr]
    pictures = [str(one["src"]).removeprefix("data:image/jpeg;base64,") for one in shown.find_all("img")]
    assert [Image.open(io.BytesIO(base64.b64decode(one))).size for one in pictures] == [(100, 100)] * 2


def test_the_html_page_asks_for_nothing_and_runs_nothing() -> None:
    """What a document says is text in it: no markup, no script, no address of it becomes part of the page.

    The page has a script of its own, and its policy names the hash of that and allows no other.
    """
    hostile = "<script>alert(1)</script><img src=http://a.example/x>"
    elements = (
        Element(0, 1, hostile, text=hostile, html=hostile, markdown=hostile, coordinates=BOX),
        Element(1, 1, "table", markdown="| a |"),
    )
    html = "".join(view_html(parsed(*elements, source=hostile), image((10, 10))))
    shown = BeautifulSoup(html, "lxml")

    (script,) = shown.find_all("script")
    digest = base64.b64encode(hashlib.sha256(script.decode_contents().encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in html
    assert [str(one["src"])[:5] for one in shown.find_all("img")] == ["data:"]
    assert "default-src 'none'" in html
    assert re.search(r"url\(|@import|<link", html) is None
    assert [one.text for one in shown.find_all("pre")] == [hostile, "| a |"]
    assert shown.title is not None
    assert shown.title.text == hostile


def test_some_pages_only() -> None:
    document = make_pdf("a", 5)

    assert [number for number, _ in boxed_pages(answered(5), document, pages=[4, 2], width=50)] == [2, 4]
    for page in (0, 6):
        with pytest.raises(ConfigError, match=f"has no page {page}: its last page is 5"):
            next(view_html(answered(5), document, pages=[page]))


def test_an_answer_that_names_any_number_of_pages_makes_no_more_sheets() -> None:
    """A page that the file does not have is a blank sheet; of a file that tells none, 2,000 are shown at the most."""
    document = pytest.importorskip("docx").Document()
    target = io.BytesIO()
    document.save(target)
    elements = (Element(0, 10**9, "paragraph", text="Far.", coordinates=BOX), Element(1, 2**70, "table"))
    of_a_pdf = list(boxed_pages(parsed(*elements), make_pdf("a", 2), width=100))
    billed = ParsedDocument("a.docx", "", "made", elements[:1], total_pages=10**9)
    of_word = [number for number, _ in boxed_pages(billed, target, width=1)]

    assert [number for number, _ in of_a_pdf] == [1, 2, 10**9, 2**70]
    assert [page.size for _, page in of_a_pdf] == [(100, 100), (100, 100), (100, 141), (100, 141)]
    assert (of_word[:3], of_word[-1], len(of_word)) == ([1, 2, 3], 10**9, 2_001)
    with pytest.raises(ConfigError, match="has no page 3: its last page is 2"):
        next(view_html(parsed(*elements), make_pdf("a", 2), pages=range(1, 10**12)))


def damaged_png() -> bytes:
    """Its data end after two bytes, and where the next chunk should be there are zeros."""
    head, data = image((50, 50)).split(b"IDAT")
    return head[:-4] + b"\0\0\0\2IDAT" + data[:6] + bytes(8)


def damaged_tiff() -> bytes:
    """The directory of its second picture lacks the height (tag 257), the last entry of that number in the file."""
    target = io.BytesIO()
    Image.new("L", (50, 50)).save(target, "TIFF", save_all=True, append_images=[Image.new("L", (50, 50))])
    content = bytearray(target.getvalue())
    content[content.rindex(b"\x01\x01\x04\x00")] = 255
    return bytes(content)


@pytest.mark.parametrize(
    ("damaged", "number", "error"), [(damaged_png, 1, SyntaxError), (damaged_tiff, 2, (TypeError, ValueError))]
)
def test_a_damaged_image_is_a_blank_sheet(
    damaged: Callable[[], bytes], number: int, error: type[Exception] | tuple[type[Exception], ...]
) -> None:
    """Whatever Pillow calls the damage."""
    with Image.open(io.BytesIO(damaged())) as opened, pytest.raises(error):
        opened.seek(number - 1) if number > 1 else opened.load()
    made = parsed(Element(0, number, "table", coordinates=BOX))
    ((_, page),) = boxed_pages(made, damaged(), pages=[number], width=100)

    assert page.size == (100, 141)
    assert colour_of("table") in {page.getpixel((x, 50)) for x in range(100)}


def test_a_file_that_is_not_the_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 1))
    of_another = ParsedDocument("a.pdf", "0" * 64, "made", (), total_pages=1)

    with pytest.raises(ConfigError, match=r"is not the file that was parsed as 'a.pdf', or it has changed"):
        next(boxed_pages(of_another, path))
    with pytest.raises(ConfigError, match="width=0 must be"):
        next(view_html(answered(1), path, width=0))
    with pytest.raises(SourceError, match="There is no file"):
        next(view_html(answered(1), tmp_path / "b.pdf"))


def test_without_pillow_the_extra_is_named() -> None:
    code = """
import sys
sys.modules["PIL"] = None
from upstage_docs.models import ParsedDocument
from upstage_docs.view import boxed_pages, view_html
for show in (boxed_pages, view_html):
    try:
        next(show(ParsedDocument("a", "", "m", ()), b"%PDF"))
    except ImportError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)

    assert done.stdout.count('pip install "upstage-docs[view]"') == 2


def test_the_command_writes_a_page_per_document(tmp_path: Path) -> None:
    pytest.importorskip("typer", reason="the command is an extra")
    pytest.importorskip("liteparse", reason="the local engine is an extra")
    from upstage_docs.cli.app import run

    for name in ("a", "b"):
        (tmp_path / f"{name}.pdf").write_bytes(make_pdf(name, 3))
    arguments = ["view", str(tmp_path), "--engine", "local", "-o", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as ended:
        run([*arguments, "--pages", "2-3", "--width", "50"])

    assert ended.value.code == 0
    for name in ("a", "b"):
        shown = BeautifulSoup((tmp_path / "out" / f"{name}.pdf.html").read_text(encoding="utf-8"), "lxml")
        assert [section["id"] for section in shown.find_all("section")] == ["page-2", "page-3"]
        assert [one.text.strip() for one in shown.find_all("pre")] == [f"{name} page 2", f"{name} page 3"]
    for wrong in ("x", "3-2", "-1", "1-", "1-2-3"):
        with pytest.raises(SystemExit) as ended:
            run([*arguments, f"--pages={wrong}"])
        assert ended.value.code == 2
