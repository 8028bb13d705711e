"""Tells the format of a file from its bytes or its suffix, and the size of an image."""

from __future__ import annotations

import os
import re
import struct
import zipfile
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
_OF_SUFFIX = {suffix: name for name, known in FORMATS.items() for suffix in known.suffixes}
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
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


def format_of_suffix(suffix: str) -> str:
    """Return the format that *suffix* (with its dot, any case) stands for, `""` if none of the API's."""
    return _OF_SUFFIX.get(suffix.lower(), "")


def documents_below(folder: Path) -> list[Path]:
    """Return the files below *folder* whose suffix is one of the API's, in order; hidden ones are passed over."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if format_of_suffix(path.suffix) and path.is_file()
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def is_picture(form: str) -> bool:
    """Say whether *form* is a format of pictures."""
    return FORMATS[form].mime.startswith("image/")


def detect(handle: BinaryIO, suffix: str) -> str:
    """Return the format of what *handle* holds, by its bytes, `""` if the API takes none such.

    *suffix* only decides among the formats inside an OLE container, which old Office files and HWP share.
    """
    handle.seek(0)
    head = handle.read(1024)
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")):
        return "tiff"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "heic"
    if head.startswith(b"PK\x03\x04"):
        return _in_zip(handle)
    if head.startswith(_OLE):
        return "hwp" if suffix.lower() in {".hwp", ""} else ""
    if head.startswith(b"HWP Document File"):
        return "hwp"
    # The header may stand anywhere in the first 1024 bytes: ISO 32000-1, annex H.3, note 13.
    if b"%PDF-" in head:
        return "pdf"
    return "bmp" if head.startswith(b"BM") and len(head) > 26 else ""


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


def _in_zip(handle: BinaryIO) -> str:
    try:
        with zipfile.ZipFile(handle) as archive:
            members = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return ""
    for form, member in (
        ("docx", "word/document.xml"),
        ("pptx", "ppt/presentation.xml"),
        ("xlsx", "xl/workbook.xml"),
        ("hwpx", "Contents/content.hpf"),
    ):
        if member in members:
            return form
    folders = {member.split("/", 1)[0] for member in members}
    return next((form for form, top in (("docx", "word"), ("pptx", "ppt"), ("xlsx", "xl")) if top in folders), "")


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
