"""Crops and highlights of places: the right part of the right page, nothing drawn over a crop, clear refusals."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from stand_in import make_pdf

pytest.importorskip("PIL", reason='needs the extra "view"')
from PIL import Image, ImageDraw

from upstage_docs import OcrPage, OcrResult, OcrWord, Record, acrop, ahighlight, cite, crop, highlight, places
from upstage_docs.errors import ConfigError, SourceError

YELLOW = (255, 233, 77)
BOX = {"x0": 0.5, "y0": 0.5, "x1": 0.75, "y1": 0.75}


def thing(page: int = 1, source: str = "a.png", **more: Any) -> Record:
    return Record(
        "", "some words", {"source": source, "page": page, "category": "figure", "element_id": 1, **BOX, **more}
    )


def sheet(colour: str = "red", form: str = "PNG", **options: Any) -> bytes:
    """Draw a white page with a square of *colour* in the right lower quarter."""
    image = Image.new("RGB", (400, 400), "white")
    ImageDraw.Draw(image).rectangle((200, 200, 299, 299), fill=colour)
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def test_a_crop_is_the_element_and_nothing_else() -> None:
    (picture,) = crop(thing(), sheet())

    assert (picture.page, picture.image.mode) == (1, "RGB")
    assert picture.image.size[0] == pytest.approx(100, abs=8)
    assert {colour for _, colour in picture.image.getcolors()} == {(255, 0, 0), (255, 255, 255)}  # type: ignore[union-attr]
    assert picture.image.getpixel((50, 50)) == (255, 0, 0)
    assert Image.open(io.BytesIO(picture._repr_png_())).size == picture.image.size


def test_a_highlight_is_the_whole_page_and_what_is_dark_stays_dark() -> None:
    ((picture,), (plain,)) = highlight(thing(), sheet("black")), highlight(thing(**dict.fromkeys(BOX, 0.1)), sheet())  # type: ignore[arg-type]

    assert picture.image.size == (400, 400)
    assert picture.image.getpixel((250, 250)) == (0, 0, 0)
    assert highlight(thing(), sheet("white"))[0].image.getpixel((250, 250)) == YELLOW
    assert picture.image.getpixel((100, 100)) == (255, 255, 255)
    assert plain.image.getpixel((399, 399)) == YELLOW, "only the page is known: all of it is marked"


def test_a_slanted_element_is_marked_slanted() -> None:
    corners = [[0.5, 0.1], [0.9, 0.5], [0.5, 0.9], [0.1, 0.5]]
    (picture,) = highlight(thing(coordinates=corners, x0=0.1, y0=0.1, x1=0.9, y1=0.9), sheet("white"))

    assert picture.image.getpixel((200, 200)) == YELLOW
    assert picture.image.getpixel((60, 60)) == (255, 255, 255)


def test_pages_of_a_pdf_and_of_a_tiff() -> None:
    target = io.BytesIO()
    frames = [Image.new("RGB", (100, 100), colour) for colour in ("red", "green", "blue")]
    frames[0].save(target, "TIFF", save_all=True, append_images=frames[1:])
    three = [thing(3), thing(1), thing(3, x0=0.1)]

    assert [picture.page for picture in highlight(three, make_pdf("a", 3))] == [1, 3]
    assert [picture.image.getpixel((9, 9)) for picture in crop(three, target.getvalue())] == [(255, 0, 0), (0, 0, 255)]


def test_places_and_citations_are_things_too() -> None:
    file = make_pdf("a", 2)
    one = thing(2)

    assert [picture.page for picture in crop(cite(one), file)] == [2]
    assert [picture.page for picture in crop(places(one), file)] == [2]
    assert [picture.page for picture in highlight([cite(one), *places(thing(1))], file)] == [1, 2]


def test_an_image_is_shown_upright_as_its_exif_data_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    (picture,) = crop(thing(x0=0.25, x1=0.5), sheet("red", "JPEG", exif=exif))

    red, green, _ = picture.image.getpixel((picture.image.width // 2, picture.image.height // 2))  # type: ignore[misc]
    assert red > 200 > 50 > green


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_pictures_of_every_mode(mode: str) -> None:
    target = io.BytesIO()
    Image.new(mode, (40, 40)).save(target, "TIFF" if mode in {"CMYK", "I;16", "LA"} else "PNG")

    assert crop(thing(), target.getvalue())[0].image.mode == "RGB"


def test_a_quote_is_cut_out_by_itself() -> None:
    label = Record("", "a page 1", {"source": "a.pdf", "page": 1, "category": "paragraph", "element_id": 0})
    ((picture,), (whole,)) = crop(label, make_pdf("a", 1), quote="page"), crop(label, make_pdf("a", 1))

    assert whole.image.width == whole.image.height
    assert picture.image.width < whole.image.width / 4
    assert picture.places[0].precision == "words"


def test_of_many_things_only_those_that_say_a_quote_are_marked() -> None:
    file = make_pdf("a", 3)
    pages = [Record("", f"a page {page}", {"source": "a.pdf", "page": page, "category": "page"}) for page in (1, 2, 3)]

    (said,) = highlight(pages, file, quote="page 2")
    unsaid = highlight(pages, file, quote="nobody says this")

    assert (said.page, said.places[0].precision) == (2, "words")
    assert [picture.page for picture in unsaid] == [1, 2, 3]
    assert all("are not in" in picture.places[0].note for picture in unsaid)


def test_an_ocr_result_finds_a_quote_among_its_own_words() -> None:
    corners = ((10.0, 10.0), (50.0, 10.0), (50.0, 20.0), (10.0, 20.0))
    pages = [
        OcrPage(number, 100, 100, 0.9, text, (OcrWord(1, text, 0.9, corners),))
        for number, text in enumerate(("tide", "ebb"), start=1)
    ]
    target = io.BytesIO()
    Image.new("L", (100, 100), "white").save(target, "TIFF", save_all=True, append_images=[Image.new("L", (100, 100))])

    result = OcrResult("a.tiff", "", "made", tuple(pages), "tide\nebb", 0.9, 2)

    (picture,) = highlight(result, target.getvalue(), quote="ebb")

    assert (picture.page, picture.places[0].box) == (2, (0.1, 0.1, 0.5, 0.2))


def test_the_file_is_found_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(sheet())
    named = thing(source=str(path), file_sha256=sha256(sheet()).hexdigest())

    assert crop(named)[0].source == str(path)
    path.write_bytes(sheet("blue"))
    with pytest.raises(SourceError, match="Load it again"):
        crop(named)


def test_things_of_several_files(tmp_path: Path) -> None:
    names = [str(tmp_path / name) for name in ("one.png", "two.png")]
    for name, colour in zip(names, ("red", "blue"), strict=True):
        Path(name).write_bytes(sheet(colour))
    of_two = [thing(source=name, file_sha256=sha256(Path(name).read_bytes()).hexdigest()) for name in names]

    assert [picture.source for picture in highlight(of_two)] == names
    with pytest.raises(ConfigError, match="one file at a time"):
        highlight(of_two, sheet())


@pytest.mark.parametrize("name", ["word/document.xml", "xl/workbook.xml", "ppt/presentation.xml"])
def test_office_files_say_what_they_cannot_show(name: str) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, "<x/>")

    with pytest.raises(SourceError, match=r"no pages to draw.*convert the file to PDF"):
        crop(thing(), target.getvalue())
    assert places(thing(), quote="words", file=target.getvalue())[0].precision == "element"


@pytest.mark.parametrize(("page", "file"), [(4, make_pdf("a", 3)), (2, sheet())])
def test_a_page_beyond_the_file_is_refused(page: int, file: bytes) -> None:
    for draw in (crop, highlight):
        with pytest.raises(SourceError, match=f"has no page {page}: its last page is"):
            draw(thing(page), file)


def test_an_unknown_place_has_no_picture() -> None:
    with pytest.raises(ConfigError, match=r"unknown.*no page"):
        crop({"source": "a.pdf"}, make_pdf("a", 1))
    with pytest.raises(ConfigError, match="nothing to show"):
        highlight([], make_pdf("a", 1))


def test_an_image_bomb_is_refused_before_it_is_unpacked() -> None:
    def piece(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for side in (15_000, 60_000):
        head = piece(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        bomb = b"\x89PNG\r\n\x1a\n" + head + piece(b"IDAT", zlib.compress(b"")) + piece(b"IEND", b"")
        with pytest.raises(SourceError, match=r"pixels|too large"):
            crop(thing(), bomb)


def test_a_damaged_picture_is_refused() -> None:
    with pytest.raises(SourceError, match="damaged"):
        crop(thing(), sheet()[:300])


@pytest.mark.parametrize("options", [{"dpi": 0}, {"dpi": 5000}, {"dpi": True}, {"dpi": "150"}, {"quote": None}])
def test_options_that_are_none_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        crop(thing(), sheet(), **options)
    with pytest.raises(ConfigError):
        highlight(thing(), sheet(), **options)


def test_a_colour_that_is_none_is_refused() -> None:
    for colour in ("reddish", None, 3):
        with pytest.raises(ConfigError, match="colour"):
            highlight(thing(), sheet(), colour=colour)  # type: ignore[arg-type]


async def test_pictures_without_blocking() -> None:
    assert (await acrop(thing(), sheet()))[0].image == crop(thing(), sheet())[0].image
    assert (await ahighlight(thing(), sheet()))[0].image == highlight(thing(), sheet())[0].image


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_very_large_image_is_drawn_smaller(form: str) -> None:
    target = io.BytesIO()
    image = Image.new("L", (9000, 9000), 255)
    image.paste(0, (4500, 4500, 6750, 6750))
    image.save(target, form)
    (picture,) = crop(thing(), target.getvalue())

    assert picture.image.width < 2300
    assert picture.image.getpixel((picture.image.width // 2, picture.image.height // 2)) == (0, 0, 0)
