"""Writes a parsed document as a file for a browser, with its pictures inside or in a folder beside it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from upstage_docs.errors import ConfigError
from upstage_docs.evidence.place import Place
from upstage_docs.files.source import DocumentInput
from upstage_docs.files.writing import write_whole
from upstage_docs.models import ParsedDocument
from upstage_docs.view.content import require_sanitiser
from upstage_docs.view.page import inside, jpeg, page_pieces
from upstage_docs.view.sheets import Sheets

if TYPE_CHECKING:
    from PIL.Image import Image

Pictures = Literal["auto", "inside", "beside"]

_MOST_INSIDE = 50
"""Pages whose pictures lie in the page itself: at 1000 pixels, about 0.2 MB each, which a browser reads at once."""


def write_view(
    parsed: ParsedDocument,
    document: DocumentInput,
    target: str | os.PathLike[str],
    *,
    pages: Collection[int] | None = None,
    width: int = 1000,
    chunks: Iterable[object] = (),
    places: Iterable[Place] = (),
    pictures: Pictures = "auto",
) -> Path | None:
    """Write what `view_html` yields to the file *target*, in one step; an existing file is replaced.

    Args:
        parsed: As for `view_html`, like the next three.
        document: The file.
        pages: Numbers of the pages that are wanted.
        width: Of a page's picture, in pixels.
        target: The file, such as `report.html`.
        chunks: As for `view_html`.
        places: As for `view_html`.
        pictures: `inside` puts them in the page, which is then complete in itself; `beside` writes each to the folder
            `NAME_pages` beside it, from which a browser loads those that come into sight; `auto` does that for more
            than 50 pages.

    Returns:
        The folder of the pictures, None where they are inside.

    Raises:
        MissingExtraError, SourceError: As `view_html`.
        ConfigError: As `view_html`; *target* cannot be written, or *pictures* is none of the three.
    """
    if pictures not in {"auto", "inside", "beside"}:
        raise ConfigError(f"pictures={pictures!r} must be 'auto', 'inside' or 'beside'.")
    require_sanitiser()
    file = Path(target)
    folder = file.with_name(f"{file.stem}_pages")

    def beside(number: int, picture: Image) -> str:
        folder.mkdir(exist_ok=True)
        name = f"page-{number}.jpg"
        (folder / name).write_bytes(jpeg(picture))
        return f"./{quote(os.fsencode(folder.name))}/{name}"

    with Sheets(parsed, document, pages, width) as sheets:
        apart = pictures == "beside" or (pictures == "auto" and len(sheets.numbers) > _MOST_INSIDE)
        # A page that is opened from a disk has no origin that 'self' could mean.
        address, allowed = (beside, "'self' file:") if apart else (inside, "data:")
        pieces = page_pieces(parsed, sheets, chunks, places, address, allowed)
        write_whole(file, pieces)
    return folder if apart else None
