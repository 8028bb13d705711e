"""Reads the fields of a request in all the ways that clients write them, and tells the kind of the document.

Clients send `true`, `True` and `1`; lists as JSON, as Python writes them (`"['html']"`, the API's own example), as
repeated fields, or joined by commas.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from upstage_docs.files.formats import supported
from upstage_docs.files.source import detect
from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.form import Document
from upstage_docs.options import CATEGORIES

Fields = Mapping[str, Sequence[str]]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HANGUL = (
    "{} is a format that Upstage's API reads and the local engine does not: use engine='upstage', or save it as PDF"
)


def word(fields: Fields, name: str, default: str, allowed: Sequence[str] = ()) -> str:
    """Return the text in the field *name*, *default* where that is missing or empty; 400 if it is not *allowed*."""
    value = next(iter(fields.get(name, ())), "").strip().strip("\"'") or default
    if allowed and value not in allowed:
        raise Refusal(f"invalid {name}: {value!r} is none of {', '.join(allowed)}", status=400)
    return value


def flag(fields: Fields, name: str, *, default: bool) -> bool:
    """Return the boolean in the field *name*; answer 400 if it is none."""
    value = word(fields, name, str(default)).lower()
    if value not in {"true", "false", "1", "0"}:
        raise Refusal(f"invalid {name}: {value!r} is neither true nor false", status=400)
    return value in {"true", "1"}


def output_formats(fields: Fields) -> tuple[str, ...]:
    """Return the formats asked for, `html` if none are."""
    wanted = _names(fields, "output_formats") or ("html",)
    for name in wanted:
        if name not in {"html", "markdown", "text"}:
            raise Refusal(f"invalid output_formats: {name!r} is none of html, markdown, text", status=400)
    return wanted


def crop_categories(fields: Fields) -> tuple[str, ...]:
    """Return the categories whose elements are to carry a crop; answer 400 if the API has no such category."""
    wanted = _names(fields, "base64_encoding")
    for name in wanted:
        if name not in CATEGORIES:
            raise Refusal(f"invalid base64_encoding: {name!r} is none of {', '.join(CATEGORIES)}", status=400)
    return wanted


def format_of(document: Document) -> str:
    """Return the document's format, a key of `files.formats.FORMATS`, or `zip` for a package to be looked into.

    An archive is opened in the worker process, never here.

    Raises:
        Refusal: 415 for what the API or this engine does not read, 422 for an encrypted Office file.
    """
    document.file.seek(0)
    head = document.file.read(1024)
    if head.startswith(b"PK\x03\x04"):
        if b"application/hwp+zip" in head:
            raise Refusal(_HANGUL.format("HWPX"), status=415, code="unsupported_document")
        return "zip"
    if head.startswith(_OLE) and "EncryptedPackage".encode("utf-16-le") in _directory(document, head):
        raise Refusal("the document is encrypted; save it without a password", status=422, code="encrypted_document")
    form = detect(cast("BinaryIO", document.file), Path(document.name).suffix)
    if form == "hwp":
        raise Refusal(_HANGUL.format("HWP"), status=415, code="unsupported_document")
    if not form:
        raise Refusal(f"unsupported document format: none of {supported()}", status=415, code="unsupported_document")
    return form


def _directory(document: Document, head: bytes) -> bytes:
    """Return the first part of an OLE container's directory: [MS-CFB] 2.2 tells where it lies."""
    sector = 1 << int.from_bytes(head[30:32], "little", signed=False) if head[30:32] < b"\x10" else 512
    document.file.seek((int.from_bytes(head[48:52], "little") + 1) * sector)
    return document.file.read(8192)


def _names(fields: Fields, name: str) -> tuple[str, ...]:
    found: list[str] = []
    for value in fields.get(name, ()):
        text = value.strip()
        if text.startswith("["):
            found += _listed(name, text)
        else:
            found += text.split(",")
    return tuple(dict.fromkeys(one for one in (part.strip().strip("\"'") for part in found) if one))


def _listed(name: str, text: str) -> list[str]:
    try:
        listed = json.loads(text.replace("'", '"'))
    except (ValueError, RecursionError):  # the latter if lists are nested deeply
        listed = None
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise Refusal(f"invalid {name}: {text[:100]!r} is not a list of names", status=400)
    return listed
