"""Opens the file behind a place, if it is still the one that was parsed, and draws its pages within limits."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from upstage_docs.api.limits import LIMITS
from upstage_docs.errors import ConfigError, SourceError, SourceNotFoundError
from upstage_docs.errors.tree import needing
from upstage_docs.files.formats import FORMATS
from upstage_docs.files.source import PDFIUM_LOCK, DocumentInput, Source, holding_interrupts, inspect

if TYPE_CHECKING:
    from PIL.Image import Image

DRAWN = ("pdf", "jpeg", "png", "bmp", "tiff", "heic")
"""The formats whose pages are drawn; the others have none before an office program lays them out."""
_MOST_PIXELS = 40_000_000
"""Of one page that is drawn; a larger page is drawn smaller."""


@contextmanager
def opened(name: str, file_sha256: str, file: DocumentInput | None) -> Iterator[Source]:
    """Open the file that *name* leads to, or *file*; refuse it if its hash says that another one was parsed.

    Args:
        name: The `source` of a place.
        file_sha256: Of the file that was parsed, `""` if not told: then any file is taken for it.
        file: The file itself: a path, bytes, or a binary file object.

    Raises:
        ConfigError: Nothing names the file.
        SourceNotFoundError: There is no file of that name any more.
        SourceError: It cannot be read, has changed, or has no pages to draw.
    """
    if file is None and not name:
        raise ConfigError("The metadata names no file: pass it with file=, as a path or as bytes.")
    try:
        source = inspect(name if file is None else file)
    except SourceNotFoundError as error:
        if file is not None:
            raise
        raise SourceNotFoundError(
            f"The file of this place is not at {name!r} (it moved, or had no path): pass it with file=. {error}"
        ) from error
    try:
        if file_sha256 and source.sha256 != file_sha256:
            raise SourceError(
                f"{source.name!r} is not the file that was parsed as {name!r}: its SHA-256 begins with "
                f"{source.sha256[:12]}, not {file_sha256[:12]}. Load it again, or pass the file as it was with file=."
            )
        yield source
    finally:
        source.close()


def require_page(source: Source, page: int) -> None:
    """Require that *page* (1-based) of a file can be drawn.

    Raises:
        SourceError: The format has no pages to draw, or the file has no such page.
    """
    if source.format not in DRAWN:
        raise SourceError(
            f"{source.name!r} is {FORMATS[source.format].suffixes[0][1:].upper()}, which has no pages to draw; "
            "its text and tables can be read all the same. For pictures, convert the file to PDF and load that."
        )
    if not 1 <= page <= (source.pages or 1):
        raise SourceError(f"{source.name!r} has no page {page}: its last page is {source.pages or 1}.")


def page_picture(source: Source, page: int, *, dpi: int = 150, within: tuple[int, int] | None = None) -> Image:
    """Return *page* (1-based) as an RGB picture, an image upright as EXIF says.

    Args:
        source: The file.
        page: 1-based.
        dpi: Dots per inch of a PDF page; an image keeps its own pixels.
        within: Width and height in pixels instead: a PDF page fills them as far as its shape allows, an image is made
            smaller where it is larger.

    Raises:
        MissingExtraError: Pillow, or for HEIC its plug-in, is not installed.
        SourceError: The format has no pages to draw, there is no such page, it is damaged, or it has more pixels than
            the API takes.
    """
    require_pillow()
    require_page(source, page)
    if source.format == "pdf":
        return _pdf_page(source, page, dpi, within)
    picture = _image_page(source, page)
    if within:
        picture.thumbnail(within)
    return picture


def require_pillow() -> None:
    """Require Pillow, which draws.

    Raises:
        MissingExtraError: It is not installed.
    """
    with needing("view", "A picture of a page"):
        import PIL  # noqa: F401


def _pdf_page(source: Source, page: int, dpi: int, within: tuple[int, int] | None) -> Image:
    import pypdfium2

    with PDFIUM_LOCK, holding_interrupts(), source.open() as handle:
        try:
            with closing(pypdfium2.PdfDocument(handle)) as pdf, closing(pdf[page - 1]) as sheet:
                width, height = sheet.get_size()
                wanted = min(within[0] / max(width, 1.0), within[1] / max(height, 1.0)) if within else dpi / 72
                scale = min(wanted, (_MOST_PIXELS / max(width * height, 1.0)) ** 0.5)
                with closing(sheet.render(scale=scale)) as bitmap:
                    picture: Image = bitmap.to_pil().convert("RGB")
                    return picture
        except pypdfium2.PdfiumError as error:
            raise SourceError(f"Page {page} of {source.name!r} cannot be drawn: {error}.") from error


def _image_page(source: Source, page: int) -> Image:
    from PIL import Image, ImageOps

    if source.format == "heic":
        with needing("heic", "A picture of a HEIC page"):
            from pillow_heif import register_heif_opener
        register_heif_opener()
    with source.open() as handle, _explained(source, page), Image.open(handle) as image:
        image.seek(page - 1)
        if image.width * image.height > LIMITS.page_pixels:
            raise SourceError(
                f"Page {page} of {source.name!r} has {image.width * image.height:,} pixels; "
                f"at most {LIMITS.page_pixels:,} are drawn."
            )
        # A JPEG is decoded at a fraction of its size, which costs a fraction of the memory; boxes are relative.
        shrink = math.ceil(math.sqrt(image.width * image.height / _MOST_PIXELS))
        if shrink > 1:
            image.draft(None, (image.width // shrink, image.height // shrink))
        left = math.ceil(math.sqrt(image.width * image.height / _MOST_PIXELS))
        picture = ImageOps.exif_transpose(image.reduce(left) if left > 1 else image)
        if picture.has_transparency_data:
            paper = Image.new("RGBA", picture.size, "white")
            paper.alpha_composite(picture.convert("RGBA"))
            picture = paper
        if picture.mode in {"I", "F"} or picture.mode.startswith("I;"):
            picture = picture.convert("F").point(lambda value: value / 256)  # sixteen bits of gray
        return picture.convert("RGB")


@contextmanager
def _explained(source: Source, page: int) -> Iterator[None]:
    """Say what Pillow's many exceptions mean: the picture is damaged, or unpacks to more than may be drawn."""
    from PIL.Image import DecompressionBombError, DecompressionBombWarning

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DecompressionBombWarning)  # at half of Pillow's limit; ours is the API's
            yield
    except DecompressionBombError as error:
        raise SourceError(f"Page {page} of {source.name!r} is too large to draw ({error}).") from error
    except SourceError:
        raise
    except EOFError as error:
        raise SourceError(f"{source.name!r} has no page {page}.") from error
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError) as error:
        raise SourceError(f"Page {page} of {source.name!r} cannot be drawn: it is damaged ({error}).") from error
