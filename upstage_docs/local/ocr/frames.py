"""Image bytes → page images within limits → pages of layout blocks, one page at a time; recognises no word itself."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from upstage_docs.api.limits import LIMITS
from upstage_docs.files.formats import detect
from upstage_docs.local.blocks import Block, Box, PageLayout, Refusal
from upstage_docs.local.ocr.page_images import turned
from upstage_docs.local.ocr.recognised import Reading, Word
from upstage_docs.local.ocr.tesseract import read
from upstage_docs.local.pdf.document import Recognise, read_pdf

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Frame", "as_jpeg", "frames", "read_image"]

_MAX_FRAMES = 2_000
_ENOUGH_PIXELS = 50_000_000
"""A larger page is made smaller as soon as it is decoded."""
_PAGE_WIDTH = 595
"""Points: an image becomes a page as wide as A4, so that sizes of text mean what they mean in a PDF."""
_LONGEST_PAGE = 14_400
"""Points: a PDF page cannot be larger (ISO 32000-1, annex C.2)."""


class Frame(NamedTuple):
    """One page of an image file: gray or RGB, turned as its EXIF data says; *size* is that of the file's own pixels."""

    image: Image
    size: tuple[int, int]


def read_image(data: bytes, *, crops: Collection[str] = (), ocr: Recognise | None = None) -> Iterator[PageLayout]:
    """Yield the pages of an image, one for each frame of a TIFF, laid out as scanned PDF pages are.

    Boxes are relative to the page as an image viewer shows it, even where its text lies on a side or is askew; crops
    stand upright. A page with a picture but no text is one figure.

    Args:
        data: A JPEG, PNG, BMP, TIFF or (with the extra `heic`) HEIC file.
        crops: Categories whose blocks get a JPEG crop.
        ocr: What recognises words instead of Tesseract; it takes pages to be upright.

    Raises:
        Refusal: 413 if a page has too many pixels, 415 for another format, 422 if the file is damaged or text cannot
            be recognised here.
    """
    for number, (image, _) in enumerate(frames(data), start=1):
        if ocr is None:
            reading = read(image)
        else:
            words = tuple(Word(*word) for word in ocr(image))
            reading = Reading((words,), 0.0, image.size, image.size)
        yield _laid_out(number, image, reading, crops)


def _laid_out(number: int, image: Image, reading: Reading, crops: Collection[str]) -> PageLayout:
    upright = turned(image, reading.angle)
    width, height = reading.upright_size

    def recognised(rendered: Image) -> list[tuple[str, float, Box]]:
        across, down = rendered.width / width, rendered.height / height
        return [
            (word.text, word.confidence, (x0 * across, y0 * down, x1 * across, y1 * down))
            for line in reading.lines
            for word in line
            for x0, y0, x1, y1 in [word.box]
        ]

    blocks: list[Block] = []
    if any(reading.lines):
        for page in read_pdf(_as_pdf(upright), crops=crops, ocr=recognised, force_ocr=True):
            blocks += page.blocks
    elif not _is_blank(image):
        blocks.append(Block("figure", "", (0.0, 0.0, 1.0, 1.0), crop=as_jpeg(upright) if "figure" in crops else b""))
    return PageLayout(number, tuple(replace(block, box=_as_given(block.box, reading)) for block in blocks), ocr=True)


def _is_blank(image: Image) -> bool:
    darkest, lightest = cast("tuple[int, int]", image.convert("L").getextrema())
    return lightest - darkest < 32


def _as_given(box: Box | None, reading: Reading) -> Box | None:
    """Turn a relative *box* of the upright page back into one of the page as it was given."""
    if box is None or not reading.angle:
        return box
    width, height = reading.upright_size
    xs, ys = zip(*reading.corners((box[0] * width, box[1] * height, box[2] * width, box[3] * height)), strict=True)
    return (min(xs) / reading.size[0], min(ys) / reading.size[1], max(xs) / reading.size[0], max(ys) / reading.size[1])


def _as_pdf(image: Image) -> bytes:
    points = min(_PAGE_WIDTH / min(image.size), _LONGEST_PAGE / max(image.size))
    pdf = io.BytesIO()
    image.save(pdf, "PDF", resolution=72 / points, quality=90)
    return pdf.getvalue()


def as_jpeg(image: Image) -> bytes:
    """Return *image* as JPEG bytes."""
    jpeg = io.BytesIO()
    (image if image.mode in {"L", "RGB"} else image.convert("RGB")).save(jpeg, "JPEG", quality=90)
    return jpeg.getvalue()


def frames(data: bytes) -> Iterator[Frame]:
    """Yield the pages of an image file; those of more than 50 million pixels are made smaller.

    Raises:
        Refusal: 413 if a page has too many pixels, which is seen before it is decoded; 415 for another format than
            JPEG, PNG, BMP, TIFF and HEIC; 422 if the file is damaged.
    """
    with _refusing():
        image = _opened(data)
    with closing(image):
        for number in count():
            with _refusing():
                try:
                    image.seek(number)
                except EOFError:
                    return
                page = _frame(image, number)
            yield page


@contextmanager
def _refusing() -> Iterator[None]:
    """Say what Pillow's many exceptions mean: the file is damaged, or larger than the memory allowed."""
    from PIL.Image import DecompressionBombError, DecompressionBombWarning

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DecompressionBombWarning)  # at half of Pillow's limit; ours is the API's
            yield
    except DecompressionBombError as error:
        raise Refusal(f"A page of the image is too large ({error}).", status=413) from error
    except MemoryError as error:
        raise Refusal("The image needs more memory than it may have here; make it smaller.", status=413) from error
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, EOFError) as error:
        raise Refusal(f"The image is damaged or cut off ({error}).") from error


def _opened(data: bytes) -> Any:
    """Open an image by its own plug-in: nothing is registered, and none of Pillow's many other formats is tried."""
    from PIL import BmpImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

    stream = io.BytesIO(data)
    form = detect(stream, "")
    stream.seek(0)
    match form:
        case "jpeg":
            return JpegImagePlugin.JpegImageFile(stream)
        case "png":
            return PngImagePlugin.PngImageFile(stream)
        case "bmp":
            return BmpImagePlugin.BmpImageFile(stream)
        case "tiff":
            return TiffImagePlugin.TiffImageFile(stream)
        case "heic":
            return _heic()(stream)
    raise Refusal("unsupported document format: not a JPEG, PNG, BMP, TIFF or HEIC image.", status=415)


def _heic() -> Any:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        message = 'HEIC images need the extra "heic" here: pip install "upstage-docs[heic]". Upstage\'s API reads them.'
        raise Refusal(message, status=415) from error
    return HeifImageFile


def _frame(image: Any, number: int) -> Frame:
    from PIL import ImageOps

    if number >= _MAX_FRAMES:
        raise Refusal(f"The image has more than {_MAX_FRAMES:,} pages.", status=413)
    size, pixels = image.size, image.width * image.height
    if pixels > LIMITS.page_pixels:
        message = f"Page {number + 1} has {pixels:,} pixels; at most {LIMITS.page_pixels:,} are read."
        raise Refusal(message, status=413)
    # A JPEG is decoded at a fraction of its size, which costs a fraction of the memory.
    shrink = max(1, math.ceil(math.sqrt(pixels / _ENOUGH_PIXELS)))
    image.draft(None, (image.width // shrink, image.height // shrink))
    page = _plain(image)
    shrink = max(1, math.ceil(math.sqrt(page.width * page.height / _ENOUGH_PIXELS)))
    page = page.reduce(shrink) if shrink > 1 else page
    upright = ImageOps.exif_transpose(page)
    return Frame(upright, size if (upright.width > upright.height) == (page.width > page.height) else size[::-1])


def _plain(image: Image) -> Image:
    """Return *image* as gray or RGB on white, whatever its mode."""
    from PIL import Image

    if image.mode in {"I", "F"} or image.mode.startswith("I;"):
        values = image.convert("F")
        darkest, lightest = cast("tuple[float, float]", values.getextrema())
        scale = 255 / ((lightest - darkest) or 1)
        return values.point(lambda value: value * scale - darkest * scale).convert("L")
    if "A" in image.mode or "transparency" in image.info:
        opaque = image.convert("RGBA")
        white = Image.new("RGBA", opaque.size, "white")
        white.alpha_composite(opaque)
        return white.convert("RGB")
    if image.mode in {"L", "RGB"}:
        return image  # converting would copy it, and it may fill most of the memory
    return image.convert("L" if image.mode == "1" else "RGB")
