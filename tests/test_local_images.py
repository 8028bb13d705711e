"""Images become pages of layout blocks, within limits, whatever their mode; without Tesseract they are refused."""

from __future__ import annotations

import io
import struct
import zlib

import pytest

pytest.importorskip("PIL", reason="needs the extra local")
pytest.importorskip("liteparse", reason="needs the extra local")

from PIL import Image, ImageDraw, ImageFont

from upstage_docs.local.blocks import PageLayout
from upstage_docs.local.ocr.frames import frames
from upstage_docs.local.read_image import read_image
from upstage_docs.local.refusal import Refusal

Found = list[tuple[str, float, tuple[float, float, float, float]]]


def drawn(*lines: str, size: tuple[int, int] = (900, 500)) -> Image.Image:
    page = Image.new("L", size, 255)
    pen = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        pen.text((60, 60 + 60 * number), line, fill=0, font=ImageFont.load_default(28))
    return page


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def two_words(_image: Image.Image) -> Found:
    """Stand in for Tesseract: the words that `drawn("hello world")` shows."""
    return [("hello", 0.9, (60, 66, 130, 88)), ("world", 0.9, (140, 66, 215, 88))]


def no_words(_image: Image.Image) -> Found:
    return []


def first_page(data: bytes) -> Image.Image:
    return next(frames(data)).image


def text(pages: list[PageLayout]) -> str:
    return "\n".join(block.text for page in pages for block in page.blocks)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "TIFF"])
def test_every_format_takes_the_same_layout_path(form: str) -> None:
    pages = list(read_image(saved(drawn("hello world"), form), ocr=two_words))
    assert [page.number for page in pages] == [1]
    assert pages[0].ocr
    assert text(pages) == "hello world"
    box = pages[0].blocks[0].box
    assert box is not None
    assert box == pytest.approx((60 / 900, 66 / 500, 215 / 900, 88 / 500), abs=0.03)


def test_heic_with_its_extra_registers_nothing() -> None:
    heif = pytest.importorskip("pillow_heif", reason="needs the extra heic")
    data = io.BytesIO()
    heif.from_pillow(drawn("hello world").convert("RGB")).save(data)
    assert text(list(read_image(data.getvalue(), ocr=two_words))) == "hello world"
    assert ".heic" not in Image.registered_extensions()


def test_every_frame_of_a_tiff_is_a_page() -> None:
    first, second = drawn("hello world"), drawn("hello world", size=(600, 300))
    data = saved(first, "TIFF", save_all=True, append_images=[second, first])
    assert [frame.size for frame in frames(data)] == [(900, 500), (600, 300), (900, 500)]
    assert [page.number for page in read_image(data, ocr=two_words)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("mode", "form"),
    [("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("RGBA", "PNG"), ("P", "PNG"), ("CMYK", "JPEG"), ("F", "TIFF")],
)
def test_every_mode_keeps_black_on_white(mode: str, form: str) -> None:
    image = first_page(saved(drawn("hello").convert(mode), form))
    assert image.mode in {"L", "RGB"}
    assert image.convert("L").getextrema() == pytest.approx((0, 255), abs=6)
    assert image.convert("L").crop((0, 0, 9, 9)).getextrema() == pytest.approx((255, 255), abs=15)


def test_sixteen_bits_become_eight() -> None:
    deep = Image.new("I;16", (40, 20), 65_000)
    deep.putpixel((3, 3), 100)
    assert first_page(saved(deep, "PNG")).getextrema() == (0, 255)


def test_transparency_is_white() -> None:
    clear = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
    assert first_page(saved(clear, "PNG")).convert("L").getextrema() == (255, 255)


def test_exif_turns_the_page_as_viewers_do() -> None:
    exif = Image.Exif()
    exif[274] = 6
    for form in ("JPEG", "PNG", "TIFF"):
        assert first_page(saved(drawn("hello"), form, exif=exif)).size == (500, 900)


def test_a_blank_page_has_no_elements_and_a_picture_is_a_figure() -> None:
    blank = saved(Image.new("L", (300, 300), 250), "PNG")
    assert [page.blocks for page in read_image(blank, ocr=no_words)] == [()]
    picture = saved(Image.linear_gradient("L").convert("RGB"), "PNG")
    (page,) = read_image(picture, crops=("figure",), ocr=no_words)
    assert [(block.category, block.box) for block in page.blocks] == [("figure", (0.0, 0.0, 1.0, 1.0))]
    assert Image.open(io.BytesIO(page.blocks[0].crop)).size == (256, 256)


def bomb(width: int, height: int) -> bytes:
    """Return a PNG that claims many pixels in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def test_an_image_bomb_is_refused_by_its_header() -> None:
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(Refusal, match=r"400,000,000 pixels; at most 200,000,000") as refusal:
        first_page(bomb(20_000, 20_000))
    assert refusal.value.status == 413
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_large_page_is_read_smaller() -> None:
    """Above Pillow's own warning, below the API's limit: 100 million pixels of one bit each."""
    frame = next(frames(saved(Image.new("1", (10_000, 10_000), 1), "TIFF", compression="group4")))
    assert frame.image.width * frame.image.height <= 50_000_000
    assert frame.size == (10_000, 10_000)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PPM", "ICO"])
def test_formats_that_the_api_does_not_list_are_415(form: str) -> None:
    with pytest.raises(Refusal, match="unsupported document format") as refusal:
        first_page(saved(drawn("hello"), form))
    assert refusal.value.status == 415


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.02, 0.5])
def test_a_damaged_image_is_422(form: str, share: float) -> None:
    noise = Image.frombytes("L", (200, 200), bytes(number * number % 251 for number in range(40_000)))
    data = saved(noise, form)
    cut = data[: max(30, int(len(data) * share))]
    with pytest.raises(Refusal, match="damaged or cut off") as refusal:
        first_page(cut)
    assert refusal.value.status == 422


def test_without_tesseracts_data_an_image_is_refused_and_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    with pytest.raises(
        Refusal, match=r"upstage-docs\[ocr\].*tesseract-ocr tesseract-ocr-kor.*Upstage's API"
    ) as refusal:
        list(read_image(saved(drawn("hello"), "PNG")))
    assert refusal.value.status == 422
