"""Opens a workbook with openpyxl; a damaged sheet is left without cells, and the others are read."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Collection, Mapping
from typing import Any

from openpyxl import load_workbook
from openpyxl.packaging.relationship import get_rels_path

_EMPTY = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>'
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


def _copy(archive: zipfile.ZipFile, left_out: Mapping[str, Collection[str]]) -> io.BytesIO:
    """Return the file with some parts of its sheets left out: a sheet that is one of them is empty then."""
    copy = io.BytesIO()
    names = {name for parts in left_out.values() for name in parts}
    with zipfile.ZipFile(copy, "w") as target:
        for name in dict.fromkeys(archive.namelist()):
            if name not in names:
                target.writestr(name, archive.read(name))
            elif name in left_out:
                target.writestr(name, _EMPTY)
    copy.seek(0)
    return copy


def _opened(file: io.BytesIO) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of each extension that it leaves out
        return load_workbook(file, data_only=True, keep_links=False)
