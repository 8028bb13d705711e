"""Names the formats that the API takes, with their suffixes, and tells the name of a file and the size of an image."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import unquote


class Format(NamedTuple):
    """One format that the API takes: the suffixes it goes by, the first one being the one that is sent."""

    suffixes: tuple[str, ...]
    mime: str


_OFFICE = "application/vnd.openxmlformats-officedocument"

# https://console.upstage.ai/api/parse/document-parsing lists these; WEBP and GIF are in no official list.
FORMATS: dict[str, Format] = {
    "pdf": Format((".pdf",), "application/pdf"),
    "jpeg": Format((".jpg", ".jpeg", ".jpe"), "image/jpeg"),
    "png": Format((".png",), "image/png"),
    "bmp": Format((".bmp",), "image/bmp"),
    "tiff": Format((".tiff", ".tif"), "image/tiff"),
    "heic": Format((".heic", ".heif"), "image/heic"),
    "docx": Format((".docx",), f"{_OFFICE}.wordprocessingml.document"),
    "pptx": Format((".pptx",), f"{_OFFICE}.presentationml.presentation"),
    "xlsx": Format((".xlsx",), f"{_OFFICE}.spreadsheetml.sheet"),
    "hwp": Format((".hwp",), "application/x-hwp"),
    "hwpx": Format((".hwpx",), "application/hwp+zip"),
}
FORMAT_OF_SUFFIX = {suffix: name for name, known in FORMATS.items() for suffix in known.suffixes}
_MOST_FRAMES = 10_000  # of a TIFF that are counted: five times the pages of the largest job


def supported() -> str:
    """Return the names of the formats that the API takes, for messages."""
    return ", ".join(name.upper() for name in FORMATS)


def file_name(source: str) -> str:
    """Return the last part of *source*, a path or an address written in any way; `""` if it has none."""
    return "".join(path_parts(source)[-1:])


def path_parts(source: str) -> list[str]:
    """Return the folders and the name of *source*, a path or an address, whose host and query are left out."""
    _, scheme_ends, address = source.partition("://")
    if scheme_ends:  # not by urlsplit, which refuses hosts with brackets
        source = unquote(re.split(r"[?#]", address)[0].partition("/")[2])
    return [part for part in re.split(r"[/\\]", source) if part not in {"", "."}]


def documents_below(folder: Path) -> list[Path]:
    """Return the files below *folder* whose suffix is one of the API's, in order; hidden ones are passed over."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in FORMAT_OF_SUFFIX and path.is_file()
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def is_picture(form: str) -> bool:
    """Say whether *form* is a format of pictures."""
    return FORMATS[form].mime.startswith("image/")


def image_pages(handle: BinaryIO, form: str) -> list[tuple[int, int]]:
    """Return `(width, height)` in pixels of each page of an image; empty where the header does not say."""
    handle.seek(0)
    try:
        if form == "png":
            return [struct.unpack(">II", handle.read(24)[16:24])]
        if form == "bmp":
            return [_bmp(handle.read(26))]
        if form == "jpeg":
            return _jpeg(handle)
        if form == "tiff":
            return _tiff(handle)
        if form == "heic":
            return _heic(handle.read(65_536))
    except (struct.error, IndexError):
        pass  # a broken header: the API, which sees the whole file, gives the verdict
    return []


def _bmp(head: bytes) -> tuple[int, int]:
    if struct.unpack("<I", head[14:18])[0] == 12:  # the OS/2 header
        return struct.unpack("<HH", head[18:22])
    width, height = struct.unpack("<ii", head[18:26])
    return width, abs(height)  # a negative height means top-down rows


def _jpeg(handle: BinaryIO) -> list[tuple[int, int]]:
    handle.seek(2)
    while True:
        marker = handle.read(1)
        if not marker:
            return []
        if marker != b"\xff":
            continue
        while marker == b"\xff":
            marker = handle.read(1)
        code = marker[0]
        if code in {0xD9, 0xDA}:
            return []
        if code == 0x01 or 0xD0 <= code <= 0xD8:
            continue
        length = struct.unpack(">H", handle.read(2))[0]
        # Start-of-frame markers, without DHT (C4), JPG (C8) and DAC (CC).
        if 0xC0 <= code <= 0xCF and code not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">xHH", handle.read(5))
            return [(width, height)]
        handle.seek(length - 2, os.SEEK_CUR)


def _tiff(handle: BinaryIO) -> list[tuple[int, int]]:
    head = handle.read(16)
    order = "<" if head[:2] == b"II" else ">"
    big = struct.unpack(f"{order}H", head[2:4])[0] == 43
    count, entry, offset = ("Q", 20, "Q") if big else ("H", 12, "I")
    position = struct.unpack(f"{order}{offset}", head[8:16] if big else head[4:8])[0]
    pages: list[tuple[int, int]] = []
    seen: set[int] = set()
    while position and position not in seen and len(pages) < _MOST_FRAMES:
        seen.add(position)  # a directory that points back at itself
        handle.seek(position)
        entries = struct.unpack(f"{order}{count}", handle.read(struct.calcsize(count)))[0]
        table = handle.read(min(entries, 65_536) * entry)
        sizes = {}
        for start in range(0, len(table) - entry + 1, entry):
            tag, kind = struct.unpack_from(f"{order}HH", table, start)
            if tag in {256, 257}:
                at = start + (12 if big else 8)
                sizes[tag] = struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", table, at)[0]
        pages.append((sizes.get(256, 0), sizes.get(257, 0)))
        position = struct.unpack(f"{order}{offset}", handle.read(struct.calcsize(offset)))[0]
    return pages


def _heic(head: bytes) -> list[tuple[int, int]]:
    # The largest `ispe` box is the picture itself; the others are tiles and thumbnails.
    sizes = []
    at = head.find(b"ispe")
    while at >= 0:
        sizes.append(struct.unpack(">II", head[at + 8 : at + 16]))
        at = head.find(b"ispe", at + 4)
    return [max(sizes, key=lambda size: size[0] * size[1])] if sizes else []
