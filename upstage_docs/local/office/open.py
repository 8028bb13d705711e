"""Tells Word, PowerPoint and Excel files by their content, opens them safely, and calls their reader."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from dataclasses import replace
from zipfile import ZipFile

from upstage_docs.files.source import detect
from upstage_docs.local.blocks import Loss, PageLayout
from upstage_docs.local.office.archive import open_archive
from upstage_docs.local.refusal import Refusal

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def read_office(data: bytes, suffix: str, *, crops: Collection[str] = ()) -> Iterator[PageLayout]:
    """Yield the pages of a DOCX, the slides of a PPTX, or the sheets of an XLSX file.

    What each format keeps, and what only Upstage's API can tell, stands in docs/local-formats.md.

    Args:
        data: The file.
        suffix: Of its name, with the dot; only for what the bytes do not tell.
        crops: Categories whose blocks get a JPEG crop; only pictures (`figure`) have one to give.

    Raises:
        Refusal: 413 if it would unpack to too much, 415 for another format, 422 if it is damaged or encrypted.
    """
    form = detect(io.BytesIO(data), suffix)
    if form not in {"docx", "pptx", "xlsx"}:
        raise _refusal(data, form or suffix.lstrip("."))
    try:
        data, archive, lost = open_archive(data)
        losses = tuple(map(Loss, lost))
        with archive:
            for page in _pages(data, archive, form, crops):
                yield replace(page, losses=(*losses, *page.losses)) if losses else page
                losses = ()
    except Refusal:
        raise
    except MemoryError as error:
        message = "The document needs more memory than it may have here; split it, or let Upstage's API read it."
        raise Refusal(message, status=413) from error
    except Exception as error:  # whatever three libraries raise for a damaged file
        message = f"The {form.upper()} file is damaged: a part of it is missing, or is not what the format says."
        raise Refusal(message) from error


def _pages(data: bytes, archive: ZipFile, form: str, crops: Collection[str]) -> Iterator[PageLayout]:
    if form == "docx":
        from upstage_docs.local.office.word.document import read_word

        return read_word(data, crops=crops)
    if form == "pptx":
        from upstage_docs.local.office.powerpoint.slides import read_slides

        return read_slides(data, crops=crops)
    from upstage_docs.local.office.excel.workbook import read_sheets

    return read_sheets(data, archive, crops=crops)


def _refusal(data: bytes, form: str) -> Refusal:
    if data.startswith(_OLE) and _ENCRYPTED in data:
        return Refusal("The document is encrypted; save it without a password.")
    name = form.upper() or "this file"
    if form in {"hwp", "hwpx"}:
        return Refusal(
            f"unsupported document format: {name} is read by Upstage's API, not by the local engine.", status=415
        )
    if data.startswith(_OLE):
        message = (
            f"unsupported document format: {name} is an Office file of before 2007; save it as DOCX, PPTX or XLSX."
        )
        return Refusal(message, status=415)
    if data.startswith(b"PK"):
        return Refusal("unsupported document format: an archive, but no complete DOCX, PPTX or XLSX.", status=415)
    return Refusal(f"unsupported document format: {name}", status=415)
