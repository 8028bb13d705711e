"""Reads an Excel workbook: a page for each sheet, with its tables as Excel shows them, charts and pictures."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any

from lxml import etree
from openpyxl.formula.tokenizer import TokenizerError
from openpyxl.formula.translate import Translator, TranslatorError
from openpyxl.packaging.relationship import get_dependents, get_rels_path
from openpyxl.utils.cell import coordinate_from_string, coordinate_to_tuple, range_boundaries, range_to_tuple

from upstage_docs.local.blocks import Block, Cell, PageLayout
from upstage_docs.local.losses import Losses
from upstage_docs.local.office.excel.blank_rows import without_blank_rows
from upstage_docs.local.office.excel.drawings import drawings
from upstage_docs.local.office.excel.load import open_workbook
from upstage_docs.local.office.excel.table_areas import Area, table_areas
from upstage_docs.local.office.number_formats import displayed
from upstage_docs.local.refusal import Refusal

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_WORKBOOK = "xl/workbook.xml"
_MOST_MERGED = 500_000
"""Cells that merged ranges may cover: openpyxl makes an object for each of them."""
_MOST_CELLS = 5_000_000
"""Of one table, empty ones included: cells far apart would fill the memory with nothing."""
_MOST_HEADERS = 10
_NO_CELLS = "the cells of the sheet cannot be read"
_NO_DRAWINGS = "a drawing of the sheet cannot be read"
_MOST_POINTS = 100_000

_Values = dict[int, dict[int, str]]
"""Row → column → text as displayed; both count from 1, empty cells are left out."""


def read_sheets(data: bytes, archive: zipfile.ZipFile, *, crops: Collection[str] = ()) -> Iterator[PageLayout]:
    """Yield the sheets of an XLSX file, hidden ones too, so that page numbers are sheet numbers.

    A sheet's name is its first heading. Rows between two empty ones are a table, a lone cell is a paragraph; empty
    margins are trimmed. Formulas show the value that the file keeps; one that was never calculated shows itself.
    Pictures, charts and text boxes stand after the table above them. A sheet that cannot be read, or spreads over too
    much, costs its own cells alone.

    Args:
        data: The file, checked by `archive.open_archive`.
        archive: The same, open.
        crops: Categories whose blocks get a JPEG crop; only `figure` has one to give.

    Raises:
        Refusal: 413 if a table or the merged cells of the only sheet spread over too much.
    """
    parts = {relation.Id: relation.Target for relation in get_dependents(archive, get_rels_path(_WORKBOOK))}
    found = etree.fromstring(archive.read(_WORKBOOK), etree.XMLParser(resolve_entities=False, no_network=True))
    sheets = found.findall(f"{_MAIN}sheets/{_MAIN}sheet")
    paths = {sheet.get("name", ""): parts.get(sheet.get(f"{_R}id", ""), "") for sheet in sheets}
    if (slim := without_blank_rows(archive, paths.values())) is not None:
        data, archive = slim
    alone = len(paths) == 1
    losses = Losses()
    formulas: dict[str, dict[tuple[int, int], str]] = {}
    for number, (name, path) in enumerate(paths.items(), start=1):
        with losses.kept(number, _NO_CELLS, refuse=alone):
            formulas[name] = dict(_uncalculated(archive, path))
    too_wide = [path for name, path in paths.items() if name not in formulas]
    workbook, left_out = open_workbook(data, archive, [path for path in paths.values() if path], too_wide)
    look_up = partial(_look_up, workbook)
    for number, (name, path) in enumerate(paths.items(), start=1):
        if path in left_out or name not in workbook.sheetnames:
            losses.add(number, _NO_CELLS)
        if name not in workbook.sheetnames:
            yield PageLayout(number, (Block("heading1", name, sub_category="h1"),), losses=losses.of(number))
            continue
        sheet = workbook[name]
        placed: list[tuple[int, Block]] = []
        header: list[Block] = []
        footer: list[Block] = []
        with losses.kept(number, _NO_CELLS, refuse=alone):
            placed += _tables(sheet, formulas.get(name, {}))
        with losses.kept(number, _NO_DRAWINGS):
            placed += drawings(archive, path, look_up, crops, partial(losses.kept, number, _NO_DRAWINGS))
        with losses.kept(number, "the header or the footer of the sheet cannot be read"):
            header, footer = _furniture(sheet, "header"), _furniture(sheet, "footer")
        placed.sort(key=lambda block: block[0])
        blocks = (*header, Block("heading1", name, sub_category="h1"), *(block for _, block in placed), *footer)
        yield PageLayout(number, blocks, losses=losses.of(number))


def _uncalculated(archive: zipfile.ZipFile, path: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield row, column and text of the formulas without a value; see to it that merged cells can be held."""
    if path not in archive.namelist():
        return
    merged = 0
    shared: dict[str, Translator] = {}
    with archive.open(path) as part:
        tags = (f"{_MAIN}c", f"{_MAIN}mergeCell")
        for _, node in etree.iterparse(part, tag=tags, resolve_entities=False, no_network=True):
            if node.tag == f"{_MAIN}mergeCell":
                first_column, first_row, last_column, last_row = range_boundaries(node.get("ref", "A1"))
                merged += (last_column - first_column + 1) * (last_row - first_row + 1)
                if merged > _MOST_MERGED:
                    raise Refusal(f"The merged cells of a sheet cover more than {_MOST_MERGED:,} cells.", status=413)
            else:
                place, formula = node.get("r"), node.find(f"{_MAIN}f")
                if formula is not None and place and not node.findtext(f"{_MAIN}v"):
                    text, group = formula.text, formula.get("si", "")
                    shown = f"={text}" if text else ""
                    with suppress(TokenizerError, TranslatorError, IndexError):  # of one that openpyxl does not know
                        if text and group:
                            shared[group] = Translator(shown, place)
                        elif group in shared:
                            shown = shared[group].translate_formula(place)
                    if shown:
                        yield coordinate_to_tuple(place), shown
            while node.getprevious() is not None:
                del node.getparent()[0]


def _look_up(workbook: Any, reference: str, plain: bool) -> list[str]:  # noqa: FBT001 - charts.LookUp
    """Return the values of a reference such as `'Sales'!$B$2:$B$9`; none of one that is no plain range."""
    try:
        name, (first_column, first_row, last_column, last_row) = range_to_tuple(reference)
        cells = getattr(workbook[name], "_cells", {})
    except (ValueError, KeyError):
        return []
    places = (
        (row, column) for row in range(first_row, last_row + 1) for column in range(first_column, last_column + 1)
    )
    found = [cells.get(place) for place in islice(places, _MOST_POINTS)]
    return [displayed(cell.value, "General" if plain else cell.number_format) if cell else "" for cell in found]


def _tables(sheet: Any, formulas: dict[tuple[int, int], str]) -> Iterator[tuple[int, Block]]:
    """Yield the tables of *sheet*, each with the row in which it begins."""
    values: _Values = {}
    for (row, column), cell in getattr(sheet, "_cells", {}).items():  # every public way makes the empty cells too
        text = displayed(cell.value, cell.number_format).strip() or formulas.get((row, column), "")
        if text:
            values.setdefault(row, {})[column] = text
    merged = {
        (area.min_row, area.min_col): (area.max_row, area.max_col)
        for area in getattr(getattr(sheet, "merged_cells", None), "ranges", ())
    }
    named = {range_boundaries(table.ref): table.headerRowCount or 0 for table in getattr(sheet, "tables", {}).values()}
    frozen = _frozen(sheet)
    for area in table_areas(values, merged, [bounds for bounds in named if None not in bounds]):
        first_column, first_row, last_column, last_row = area
        inside = (
            text
            for row in range(first_row, last_row + 1)
            for column, text in values.get(row, {}).items()
            if first_column <= column <= last_column
        )
        texts = list(islice(inside, 2))  # no more of them: rows are as long as all tables beside each other
        if len(texts) == 1:
            yield first_row, Block("paragraph", texts[0])
            continue
        if (last_column - first_column + 1) * (last_row - first_row + 1) > _MOST_CELLS:
            message = (
                f"Sheet {sheet.title!r} has cells so far apart that their table would have over {_MOST_CELLS:,} cells."
            )
            raise Refusal(message, status=413)
        frozen_here = frozen - first_row + 1 if first_row <= frozen < last_row else 0
        headers = named.get(area, frozen_here if frozen_here <= _MOST_HEADERS else 0)
        yield first_row, Block("table", "", rows=_rows_of_area(area, values, merged), header_rows=headers)


def _frozen(sheet: Any) -> int:
    """Return the last row that stays in view, 0 if none does."""
    pane = getattr(sheet, "freeze_panes", None)
    return coordinate_from_string(pane)[1] - 1 if pane else 0


def _rows_of_area(
    area: Area, values: _Values, merged: dict[tuple[int, int], tuple[int, int]]
) -> tuple[tuple[Cell, ...], ...]:
    first_column, first_row, last_column, last_row = area
    covered: set[tuple[int, int]] = set()
    rows = []
    for row in range(first_row, last_row + 1):
        cells = []
        for column in range(first_column, last_column + 1):
            if (row, column) in covered:
                continue
            bottom, right = merged.get((row, column), (row, column))
            bottom, right = min(bottom, last_row), min(right, last_column)
            if (bottom, right) != (row, column):
                covered |= {(y, x) for y in range(row, bottom + 1) for x in range(column, right + 1)}
            text = values.get(row, {}).get(column, "")
            cells.append(Cell(text, bottom - row + 1, right - column + 1))
        rows.append(tuple(cells))
    return tuple(rows)


def _furniture(sheet: Any, what: str) -> list[Block]:
    """Return the header or footer that the sheet is printed with, without codes such as the page number's."""
    owner = getattr(sheet, f"odd{what.capitalize()}")
    texts = [getattr(getattr(owner, side, None), "text", None) or "" for side in ("left", "center", "right")]
    text = " ".join(filter(None, (re.sub(r"&(?:\[[^\]]*\]|[A-Za-z]|(&))", r"\1", one).strip() for one in texts)))
    return [Block(what, text)] if text else []
