"""Finds the file behind a place, and refuses it if it is no longer the one that was parsed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from upstage_docs.errors import ConfigError, SourceError, SourceNotFoundError
from upstage_docs.files.formats import FORMATS
from upstage_docs.files.source import DocumentInput, Source, inspect

DRAWN = ("pdf", "jpeg", "png", "bmp", "tiff", "heic")
"""The formats whose pages are drawn; the others have none before an office program lays them out."""


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
        raise SourceError(f"{source.name!r} has no page {page}: it has {source.pages or 1}.")
