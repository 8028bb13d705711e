"""Opens the pages of an image file, one at a time and within limits of size."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from upstage_docs.api.limits import LIMITS
from upstage_docs.files.source import detect
from upstage_docs.local.refusal import Refusal

if TYPE_CHECKING:
    from PIL.Image import Image

_MAX_FRAMES = 2_000
_JPEG_QUALITY = 90
"""Of crops and pages that are kept: letters stay readable, at a third of the size of 100."""
_ENOUGH_PIXELS = 50_000_000
"""A larger page is made smaller as soon as it is decoded."""


class Frame(NamedTuple):
    """One page of an image file: gray or RGB, turned as its EXIF data says; *size* is that of the file's own pixels."""

    image: Image
    size: tuple[int, int]


def as_jpeg(image: Image) -> bytes:
    """Return *image* as JPEG bytes."""
    jpeg = io.BytesIO()
    (image if image.mode in {"L", "RGB"} else image.convert("RGB")).save(jpeg, "JPEG", quality=_JPEG_QUALITY)
    return jpeg.getvalue()


def frames(data: bytes) -> Iterator[Frame]:
    """Yield the pages of an image file; those of more than 50 million pixels are made smaller.

    Raises:
        Refusal: 413 if a page has too many pixels, which is seen before it is decoded; 415 for another format than
            JPEG, PNG, BMP, TIFF and HEIC; 422 if the file is damaged.
    """
    for frame in each_frame(data):
        if isinstance(frame, Refusal):
            raise frame
        yield frame


def each_frame(data: bytes) -> Iterator[Frame | Refusal]:
    """Yield the pages of an image file as `frames` does; for a page that is damaged, yield the refusal that says so.

    Raises:
        Refusal: 413 if there are too many pages, 415 for another format, 422 if the file cannot be opened.
    """
    with _refusing():
        image = _opened(data)
    with closing(image):
        for number in count():
            if number >= _MAX_FRAMES:
                raise Refusal(f"The image has more than {_MAX_FRAMES:,} pages.", status=413)
            reached = False
            page: Frame | Refusal
            try:
                with _refusing():
                    try:
                        image.seek(number)
                    except EOFError:
                        return
                    reached = True
                    page = _frame(image, number)
            except Refusal as refusal:
                page = refusal
            yield page
            if not reached:
                return  # where the next one begins stands in the one that is damaged


@contextmanager
def _refusing() -> Iterator[None]:
    """Say what Pillow's many exceptions mean: the file is damaged, or larger than the memory allowed."""
    from PIL.Image import DecompressionBombError, DecompressionBombWarning

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DecompressionBombWarning)  # at half of Pillow's limit; ours is the API's
            yield
    except DecompressionBombError as error:
        message = f"A page of the image has more than the {LIMITS.page_pixels:,} pixels that are read."
        raise Refusal(message, status=413) from error
    except MemoryError as error:
        raise Refusal("The image needs more memory than it may have here; make it smaller.", status=413) from error
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, EOFError) as error:
        raise Refusal("The image is damaged or cut off.") from error


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

    size, pixels = image.size, image.width * image.height
    if pixels > LIMITS.page_pixels:
        message = f"Page {number + 1} has {pixels:,} pixels; at most {LIMITS.page_pixels:,} are read."
        raise Refusal(message, status=413)
    # A JPEG is decoded at a fraction of its size, which costs a fraction of the memory.
    shrink = max(1, math.ceil(math.sqrt(pixels / _ENOUGH_PIXELS)))
    image.draft(None, (image.width // shrink, image.height // shrink))
    page = _on_white(image)
    shrink = max(1, math.ceil(math.sqrt(page.width * page.height / _ENOUGH_PIXELS)))
    page = page.reduce(shrink) if shrink > 1 else page
    upright = ImageOps.exif_transpose(page)
    return Frame(upright, size if (upright.width > upright.height) == (page.width > page.height) else size[::-1])


def _on_white(image: Image) -> Image:
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
