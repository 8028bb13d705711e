"""Reads what floats over a sheet (charts, pictures, text boxes), with the row where each begins."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from typing import Any

from lxml import etree
from openpyxl.packaging.relationship import get_dependents, get_rels_path

from upstage_docs.local.blocks import Block
from upstage_docs.local.office.alternate_content import choose
from upstage_docs.local.office.charts import LookUp, chart_block
from upstage_docs.local.office.pictures import diagram, picture
from upstage_docs.local.office.xml_values import integer

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_XDR = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def drawings(
    archive: zipfile.ZipFile,
    sheet: str,
    look_up: LookUp,
    crops: Collection[str],
    kept: Callable[[], AbstractContextManager[None]],
) -> Iterator[tuple[int, Block]]:
    """Yield the blocks that float over a sheet, each with the row (1-based) in which it begins.

    Args:
        archive: The XLSX file, checked by `archive.open_archive`.
        sheet: The sheet's part.
        look_up: Gives the values of cells, for charts that keep none of their own.
        crops: Categories whose blocks get a JPEG crop; only `figure` has one to give.
        kept: Inside it, an error is noted and ends nothing: one drawing costs no other.
    """
    for path, kind in _related(archive, sheet).values():
        if not kind.endswith("/drawing"):
            continue
        found: list[tuple[int, Block]] = []
        with kept():
            targets = _related(archive, path)
            root = etree.fromstring(archive.read(path), etree.XMLParser(resolve_entities=False, no_network=True))
            choose(root)
            for anchor in root:
                row = integer(anchor.findtext(f"{_XDR}from/{_XDR}row")) + 1
                with kept():
                    found += [(row, block) for block in _blocks(archive, anchor, targets, look_up, crops)]
        yield from found


def _related(archive: zipfile.ZipFile, path: str) -> dict[str, tuple[str, str]]:
    """Return part and type of what *path* refers to, by id; nothing outside the file."""
    relations = get_rels_path(path)
    members = set(archive.namelist())
    if relations not in members:
        return {}
    return {
        relation.Id: (relation.Target, relation.Type)
        for relation in get_dependents(archive, relations)
        if relation.TargetMode != "External" and relation.Target in members
    }


def _blocks(
    archive: zipfile.ZipFile,
    anchor: Any,
    targets: dict[str, tuple[str, str]],
    look_up: LookUp,
    crops: Collection[str],
) -> Iterator[Block]:
    description = ""
    for node in anchor.iter(f"{_XDR}cNvPr", f"{_A}blip", f"{_C}chart", f"{_DGM}relIds", f"{_XDR}txBody"):
        block = None
        if node.tag == f"{_XDR}cNvPr":
            description = node.get("descr", "")
        elif node.tag == f"{_XDR}txBody":
            lines = ("".join(text.text or "" for text in line.iter(f"{_A}t")) for line in node.iterfind(f"{_A}p"))
            text = "\n".join(filter(None, (line.strip() for line in lines)))
            block = Block("paragraph", text) if text else None
        else:
            name = node.get(f"{_R}embed") or node.get(f"{_R}id") or node.get(f"{_R}dm") or ""
            part = archive.read(targets[name][0]) if name in targets else b""
            if node.tag == f"{_A}blip":
                block = picture(part, description, crops=crops)
            elif part:
                block = chart_block(part, look_up=look_up) if node.tag == f"{_C}chart" else diagram(part)
        if block:
            yield block
