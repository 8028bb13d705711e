"""Finds the crops that were written for a text, and makes content blocks for multimodal models."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from pathlib import Path
from typing import Any

import msgspec

from upstage_docs.errors import UpstageDocsError
from upstage_docs.evidence.async_forms import in_thread
from upstage_docs.evidence.citation import cite
from upstage_docs.evidence.pictures import crop
from upstage_docs.evidence.place import places_of, string
from upstage_docs.evidence.things import Thing, read_thing
from upstage_docs.files.source import DocumentInput
from upstage_docs.records.crop_names import crops_between, own_crops, text_reach

_PICTURED = frozenset({"table", "chart", "figure", "equation"})
"""Categories whose picture says more than their text."""
_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp", b"GIF8": "image/gif"}


class CropFile(msgspec.Struct, frozen=True):
    """A crop that goes with a text.

    Attributes:
        path: The path of its file, `""` where the picture was kept in the metadata.
        base64_encoding: The picture, `""` where it is in a file.
    """

    path: str = ""
    base64_encoding: str = ""

    def read(self) -> bytes | None:
        """Return the bytes of the picture, None if its file is gone or it is not base64."""
        try:
            if self.path:
                return Path(self.path).read_bytes()
            return b64decode(self.base64_encoding.partition("base64,")[2] or self.base64_encoding, validate=True)
        except (OSError, Error, ValueError):
            return None


def crops_of(thing: object) -> list[CropFile]:
    """Return the crops of *thing* that a loader wrote (`crops=`) or kept, only those of its own elements.

    They are found again after any splitter, because their files are named after page and element.

    Args:
        thing: As for `places`.

    Raises:
        ConfigError: *thing* has no metadata.
    """
    read = read_thing(thing)
    paths = string(read.metadata, "image_path")
    found = places_of(read)
    elements = {(place.element_id, place.page) for place in found if place.element_id >= 0}
    offsets = string(read.metadata, "crop_offsets")
    if offsets and read.text is not None:  # of a whole document, or of what another splitter made of one
        start = read.start if read.start is not None else 0
        is_piece = read.start is None and len(read.text) < text_reach(offsets)
        paths = "" if is_piece else crops_between(paths, offsets, [(start, start + len(read.text))])
    elif elements and not any(place.precision == "elements" for place in found):
        paths = own_crops(paths, elements)
    elif found[0].known and not elements:
        pages = {place.page for place in found}
        paths = "\n".join(path for path in paths.split("\n") if _is_on(path, pages))
    files = [CropFile(path) for path in dict.fromkeys(paths.split("\n")) if path]
    kept = string(read.metadata, "image_base64") or string(read.metadata, "base64_encoding")
    return files or [CropFile("", one) for one in dict.fromkeys(kept.split("\n")) if one]


def _is_on(path: str, pages: set[int]) -> bool:
    return any(f"-p{page}-e" in path for page in pages) or "-p" not in Path(path).name


def to_content_blocks(
    thing: object, file: DocumentInput | None = None, *, pictures: bool = True
) -> list[dict[str, Any]]:
    """Return *thing* as content blocks of a message to a model: its place, its text, and its pictures.

    They have LangChain's standard shape: `{"type": "text", "text": ...}`, and
    `{"type": "image", "base64": ..., "mime_type": ...}`. Pictures are the crops that were written or kept; where there
    are none, a table, chart, figure or equation is cut from its file. If that is not possible, the first block says
    why.

    Args:
        thing: As for `places`.
        file: The file, if its `source` no longer leads to it.
        pictures: Whether pictures are wanted.

    Raises:
        ConfigError: *thing* has no metadata.
    """
    read = read_thing(thing)
    place = str(cite(read))
    shown: list[bytes] = []
    if pictures:
        shown = [picture for one in crops_of(read) if (picture := one.read()) is not None]
        if not shown and _is_pictured(read):
            try:
                shown = [page.png() for page in crop(read, file)]
            except UpstageDocsError as error:
                place += f" (no picture: {error})"
    blocks: list[dict[str, Any]] = [{"type": "text", "text": place}]
    if read.text:
        blocks.append({"type": "text", "text": read.text})
    for picture in shown:
        kind = next((kind for begins, kind in _KINDS.items() if picture.startswith(begins)), "")
        if kind:
            blocks.append({"type": "image", "base64": b64encode(picture).decode(), "mime_type": kind})
    return blocks


ato_content_blocks = in_thread(to_content_blocks)


def _is_pictured(thing: Thing) -> bool:
    named = {string(thing.metadata, "category"), *string(thing.metadata, "categories").split(", ")}
    return bool(named & _PICTURED)
