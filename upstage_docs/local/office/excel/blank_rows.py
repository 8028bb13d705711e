"""Drops rows and cells that show nothing before a sheet is read: a million formatted ones would take minutes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection

_LARGE = 200_000
"""Bytes of a sheet, unpacked: a smaller one is read as it is."""
_NAME = rb"<(?:[A-Za-z_][\w.-]*:)?"
_BLANK_CELL = re.compile(_NAME + rb'c(?=[^<>]*\sr=")(?:\s[^<>]*)?(?:/>|>\s*</(?:[A-Za-z_][\w.-]*:)?c>)')
_BLANK_ROW = re.compile(_NAME + rb'row(?=[^<>]*\sr=")(?:\s[^<>]*)?(?:/>|>\s*</(?:[A-Za-z_][\w.-]*:)?row>)')
_WITHOUT_PLACE = re.compile(_NAME + rb'(?:c|row)(?=[\s/>])(?![^<>]*\sr=")')
"""A cell or a row that does not say where it stands: it stands behind the one before, which must not be left out."""


def without_blank_rows(archive: zipfile.ZipFile, sheets: Collection[str]) -> tuple[bytes, zipfile.ZipFile] | None:
    """Return a workbook without the blank cells and rows of its large sheets, as bytes and as an open archive.

    None if it has no such sheet. Formats of blank cells are not kept.

    Args:
        archive: The XLSX file, open.
        sheets: The parts of its sheets.
    """
    slim: dict[str, bytes] = {}
    for path in {*sheets} & {*archive.namelist()}:
        if archive.getinfo(path).file_size < _LARGE:
            continue
        content = archive.read(path)
        if _WITHOUT_PLACE.search(content) is None:
            rest = _BLANK_ROW.sub(b"", _BLANK_CELL.sub(b"", content))
            if len(rest) < len(content):
                slim[path] = rest
    if not slim:
        return None
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        for name in dict.fromkeys(archive.namelist()):
            target.writestr(name, slim[name] if name in slim else archive.read(name))
    return file.getvalue(), zipfile.ZipFile(file)
