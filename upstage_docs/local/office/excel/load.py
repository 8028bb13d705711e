"""Opens a workbook with openpyxl; a damaged sheet is left without cells, and the others are read.

Styles that openpyxl refuses, as colours of other programs, are left out but for the formats of numbers.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Collection, Mapping
from typing import Any

from lxml import etree
from openpyxl import load_workbook
from openpyxl.packaging.relationship import get_rels_path

_EMPTY = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>'
_STYLES = "xl/styles.xml"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_NO_STYLES = (
    b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts/><fonts><font/></fonts>'
    b"<fills><fill><patternFill/></fill></fills><borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs>"
    b"<cellXfs/></styleSheet>"
)
_MOST_SHEETS = 50
_MOST_BYTES = 100_000_000
"""Unpacked, of a workbook whose sheets are tried one by one; a larger one that is damaged is refused."""


def open_workbook(
    data: bytes, archive: zipfile.ZipFile, sheets: Collection[str], without: Collection[str]
) -> tuple[Any, set[str]]:
    """Return the workbook, and which of its sheets are empty in it because they cannot be read.

    Args:
        data: The XLSX file.
        archive: The same, open.
        sheets: The parts of its sheets.
        without: Those of them that are left empty whatever they hold.

    Raises:
        Exception: Whatever openpyxl raises for a workbook that is damaged outside its sheets.
    """
    empty = {path: (path, get_rels_path(path)) for path in sheets}
    try:
        file = _copy(archive, {path: empty[path] for path in without}) if without else io.BytesIO(data)
        return _opened(file), set(without)
    except Exception:
        size = sum(member.file_size for member in archive.infolist())
        if len(sheets) > _MOST_SHEETS or size > _MOST_BYTES:
            raise
    archive = zipfile.ZipFile(_copy(archive, {}, {_STYLES: _formats_alone(archive)}))
    if _can_be_opened(file := _copy(archive, {path: empty[path] for path in without})):
        return _opened(file), set(without)
    left_out: dict[str, Collection[str]] = {path: empty[path] for path in without}
    for path in sheets:
        if path in without:
            continue
        others = {other: empty[other] for other in sheets if other != path}
        # What a sheet refers to, as its comments, may be what is damaged.
        tries = ((), (get_rels_path(path),), empty[path])
        parts = next((parts for parts in tries if _can_be_opened(_copy(archive, {**others, path: parts}))), None)
        if parts is None:
            break  # what is damaged is no sheet
        left_out[path] = parts
    return _opened(_copy(archive, left_out)), {path for path, parts in left_out.items() if path in parts}


def _can_be_opened(file: io.BytesIO) -> bool:
    try:
        _opened(file)
    except Exception:  # noqa: BLE001 - openpyxl's are many
        return False
    return True


def _formats_alone(archive: zipfile.ZipFile) -> bytes:
    """Return the styles of a workbook with the formats of its numbers alone, nothing if it has no styles."""
    if _STYLES not in archive.namelist():
        return b""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    told = etree.fromstring(archive.read(_STYLES), parser)
    root = etree.fromstring(_NO_STYLES)
    formats, styles = root[0], root[-1]
    for one in told.iterfind("{*}numFmts/{*}numFmt"):
        if (number := one.get("numFmtId", "")).isdecimal():
            etree.SubElement(formats, f"{_MAIN}numFmt", numFmtId=number, formatCode=one.get("formatCode", ""))
    for one in told.iterfind("{*}cellXfs/{*}xf"):
        number = one.get("numFmtId", "")
        etree.SubElement(styles, f"{_MAIN}xf", numFmtId=number if number.isdecimal() else "0")
    return etree.tostring(root)


def _copy(
    archive: zipfile.ZipFile, left_out: Mapping[str, Collection[str]], instead: Mapping[str, bytes] | None = None
) -> io.BytesIO:
    """Return the file with some parts of its sheets left out, which are empty then, and others *instead* of its own."""
    copy = io.BytesIO()
    names = {name for parts in left_out.values() for name in parts}
    with zipfile.ZipFile(copy, "w") as target:
        for name in dict.fromkeys(archive.namelist()):
            if name not in names:
                target.writestr(name, (instead or {}).get(name) or archive.read(name))
            elif name in left_out:
                target.writestr(name, _EMPTY)
    copy.seek(0)
    return copy


def _opened(file: io.BytesIO) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of each extension that it leaves out
        return load_workbook(file, data_only=True, keep_links=False)
