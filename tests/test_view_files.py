"""The page of `view` as a file, with chunks and the places of words; and the command that writes it."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pytest

pytest.importorskip("PIL", reason='needs the extra "view"')
pytest.importorskip("nh3", reason='needs the extra "view"')
from bs4 import BeautifulSoup
from PIL import Image
from stand_in import make_pdf

from upstage_docs.errors import ConfigError, SourceError
from upstage_docs.evidence.place import Place
from upstage_docs.models import Chunk, Element, ParsedDocument
from upstage_docs.view import quote_places, view_html, write_view

BOX = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.2), (0.1, 0.2))


def answered(pages: int) -> ParsedDocument:
    """As `make_pdf("leaf", pages)` says: one line on each page."""
    elements = [
        Element(number, number, "paragraph", text=f"leaf page {number}", coordinates=((0, 0), (1, 0), (1, 1), (0, 1)))
        for number in range(1, pages + 1)
    ]
    return ParsedDocument("leaf.pdf", "", "made", tuple(elements), total_pages=pages)


def read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")


def test_few_pages_hold_their_pictures(tmp_path: Path) -> None:
    target = tmp_path / "new" / "leaf.html"

    assert write_view(answered(3), make_pdf("leaf", 3), target, width=50) is None
    assert [path.name for path in target.parent.iterdir()] == ["leaf.html"]
    assert target.read_text(encoding="utf-8") == "".join(view_html(answered(3), make_pdf("leaf", 3), width=50))


def test_many_pages_have_their_pictures_beside_them(tmp_path: Path) -> None:
    """Each is a file of its own, loaded lazily; the texts stay in the page, which names no other folder."""
    target = tmp_path / "leaf.html"
    folder = write_view(answered(60), make_pdf("leaf", 60), target, width=50)
    shown = read(target)

    assert folder == tmp_path / "leaf_pages"
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"page-{number}.jpg" for number in range(1, 61))
    assert [str(one["src"]) for one in shown.find_all("img")][:2] == [
        "./leaf_pages/page-1.jpg",
        "./leaf_pages/page-2.jpg",
    ]
    assert {one["loading"] for one in shown.find_all("img")} == {"lazy"}
    assert len(shown.select(".elements pre")) == 60
    assert "img-src 'self' file:;" in target.read_text(encoding="utf-8")
    with Image.open(folder / "page-60.jpg") as picture:
        assert picture.width == 50


def test_where_pictures_lie_can_be_said(tmp_path: Path) -> None:
    target = tmp_path / "a b#%.html"
    document = make_pdf("leaf", 2)

    assert write_view(answered(2), document, target, width=50, pictures="beside") == tmp_path / "a b#%_pages"
    assert str(read(target).img["src"]) == "./a%20b%23%25_pages/page-1.jpg"  # type: ignore[index]
    assert write_view(answered(2), document, target, width=50, pictures="inside") is None
    with pytest.raises(ConfigError, match="must be 'auto', 'inside' or 'beside'"):
        write_view(answered(2), document, target, pictures="elsewhere")  # type: ignore[arg-type]


def test_a_page_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "leaf.html"
    target.write_text("before")
    with pytest.raises(ConfigError, match="has no page 9"):
        write_view(answered(2), make_pdf("leaf", 2), target, pages=[9])
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_view(answered(2), make_pdf("leaf", 2), tmp_path / "taken" / "leaf.html", width=50)

    assert target.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["leaf.html", "taken"]


def test_chunks_stand_on_the_page_where_they_begin() -> None:
    parsed = answered(3)
    spans = json.dumps([[page, page, 5 * page - 5, 5 * page, 0.0, 0.0, 1.0, 1.0] for page in (1, 2, 3)])
    chunks = [Chunk("c", "fifteen letters", {"spans": spans, "headings": "Leaves", "categories": "paragraph"})]
    html = "".join(view_html(parsed, make_pdf("leaf", 3), width=50, chunks=chunks, pages=[2, 3]))
    shown = BeautifulSoup(html, "lxml")

    assert [one.get_text() for one in shown.select(".chunk pre")] == [chunks[0].text]
    (chunk,) = shown.select(".chunk")
    assert chunk["data-elements"] == "1 2 3"
    assert chunk.find_parent("section")["id"] == "page-2", "the first of its pages that is shown"  # type: ignore[index]
    assert [one["href"] for one in chunk.select(".parts a")] == ["#box-2", "#box-3"], "those that are shown"
    assert "15 characters · 2 words · pages 1–3" in chunk.get_text()


def test_chunks_and_places_of_another_file_are_refused() -> None:
    target = io.BytesIO()
    Image.new("RGB", (20, 20)).save(target, "PNG")
    digest = hashlib.sha256(target.getvalue()).hexdigest()
    parsed = ParsedDocument("a.png", digest, "made", (Element(1, 1, "paragraph", coordinates=BOX),), total_pages=1)
    other = Place("b.png", "0" * 64, page=1)
    with pytest.raises(ConfigError, match=r"'b.png' .* is not the file that was parsed as 'a.png'"):
        next(view_html(parsed, target.getvalue(), places=[other]))
    with pytest.raises(ConfigError, match="is not the file"):
        next(view_html(parsed, target.getvalue(), chunks=[{"source": "b.png", "file_sha256": "0" * 64, "page": 1}]))


def test_the_places_of_words_are_found_in_the_whole_document() -> None:
    document = make_pdf("leaf", 3)
    (place,) = quote_places(answered(3), document, "LEAF page  2!")

    assert (place.page, place.precision) == (2, "words")
    assert len(quote_places(answered(3), document, "leaf page")) == 3
    with pytest.raises(SourceError, match="The words 'leaf page 4' are not in"):
        quote_places(answered(3), document, "leaf page 4")
    with pytest.raises(ConfigError, match="no letters and no digits"):
        quote_places(answered(3), document, " – ")


def test_words_that_go_on_in_the_next_element_are_found() -> None:
    """As those of a sentence in two columns, or on two pages."""
    found = quote_places(answered(3), make_pdf("leaf", 3), "page 1 leaf page 2")

    assert [(place.page, place.precision) for place in found] == [(1, "words"), (2, "words")]


def test_the_command_writes_one_page_with_chunks_and_places(tmp_path: Path) -> None:
    pytest.importorskip("typer", reason="the command is an extra")
    pytest.importorskip("liteparse", reason="the local engine is an extra")
    from upstage_docs.cli.app import run

    for name in ("a", "b"):
        (tmp_path / f"{name}.pdf").write_bytes(make_pdf(name, 3))
    arguments = ["view", str(tmp_path / "a.pdf"), "--engine", "local", "--width", "50"]

    def code(*more: str) -> object:
        with pytest.raises(SystemExit) as ended:
            run([*arguments, *more])
        return ended.value.code

    target = tmp_path / "report.html"
    assert code("-o", str(target), "--chunks", "--quote", "a page 2", "--pictures", "beside") == 0
    shown = read(target)
    assert len(shown.select(".chunk")) == 1
    assert [one.get_text() for one in shown.select(".places a")] == ["p. 2, heading1"]
    assert len(list((tmp_path / "report_pages").iterdir())) == 3
    assert code("-o", str(tmp_path / "other.html"), "--quote", "nowhere in it") == 1
    assert not (tmp_path / "other.html").exists()
    assert code("-o", str(target), str(tmp_path / "b.pdf")) == 2
    (tmp_path / "folder.html").mkdir()
    assert code("-o", str(tmp_path / "folder.html")) == 0
    assert (tmp_path / "folder.html" / "a.pdf.html").is_file()


def test_a_place_without_a_box_leads_to_its_element_or_page() -> None:
    places = [
        Place(page=2, element_id=2, precision="page", note="Only the page is known."),
        Place(page=3, precision="page"),
        Place(page=9, precision="page"),
    ]
    shown = BeautifulSoup("".join(view_html(answered(3), make_pdf("leaf", 3), width=50, places=places)), "lxml")

    assert [one["href"] for one in shown.select(".places a")] == ["#element-2", "#page-3"]
    assert "This page is not shown." in shown.select(".places li")[2].get_text()
    assert shown.select(".place") == []


def test_a_page_without_picture_and_boxes_is_its_texts() -> None:
    """What has no places, as of a Word file, stands on no empty sheet; what could not be placed says so."""
    document = pytest.importorskip("docx").Document()
    target = io.BytesIO()
    document.save(target)
    made = ParsedDocument(
        "a.docx", "", "made", (Element(0, 1, "paragraph", text="Words."), Element(1, 0, "list", text="Lost.")),
        total_pages=1,
    )  # fmt: skip
    shown = BeautifulSoup("".join(view_html(made, target)), "lxml")

    assert [one["class"] for one in shown.select(".sheet")] == [["sheet", "empty"], ["sheet", "empty"]]
    assert [one.get_text() for one in shown.select("h2[id]")] == ["On no page", "Page 1"]
