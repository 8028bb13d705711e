"""Reads a chart of an Office file from its XML: title, kind, axes and data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from upstage_docs.local.blocks import Block, Cell
from upstage_docs.local.geometry import Box
from upstage_docs.local.office.number_formats import displayed
from upstage_docs.local.office.xml_values import integer

LookUp = Callable[[str, bool], "list[str]"]
"""A reference to cells, and whether plain values are wanted → their texts in order, empty cells included."""

_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def chart_block(xml: bytes, box: Box | None = None, *, look_up: LookUp | None = None) -> Block:
    """Return the chart of a `chartSpace` part with the values that the file keeps for it; without any, it is a figure.

    One row for each category and one column for each series; where the series do not share their categories (scatter
    charts), one row for each point. ECMA-376, part 1, 21.2.

    Args:
        xml: The part.
        box: Where the chart stands, relative 0-1.
        look_up: Gives the values of cells where the chart keeps none of its own.
    """
    from lxml import etree

    root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    plots = [plot for plot in root.iterfind(f"{_C}chart/{_C}plotArea/*") if plot.tag.endswith("Chart")]
    series = [_Series(one, look_up) for plot in plots for one in plot.iterfind(f"{_C}ser")]
    if not any(one.values for one in series):
        return Block("figure", _title(root.find(f"{_C}chart")), box)
    kinds = list(dict.fromkeys(_chart_kind(plot) for plot in plots))
    axes = _axes(root)
    facts = (
        ("Chart Title", _title(root.find(f"{_C}chart"))),
        ("X-Axis", axes[0]),
        ("Y-Axis", axes[1]),
        ("Chart Type", ", ".join(kinds)),
    )
    return Block(
        "chart",
        "",
        box,
        rows=tuple(tuple(Cell(text) for text in row) for row in _rows_of_series(series)),
        header_rows=1,
        chart=tuple((name, text) for name, text in facts if text),
        sub_category=kinds[0],
    )


class _Series:
    def __init__(self, series: Any, look_up: LookUp | None) -> None:
        across, along = series.find(f"{_C}cat"), series.find(f"{_C}val")
        across = series.find(f"{_C}xVal") if across is None else across
        along = series.find(f"{_C}yVal") if along is None else along
        self.name = " ".join(_points(series.find(f"{_C}tx"), look_up).values())
        self.categories = _points(across, look_up)
        self.values = _points(along, look_up, plain=True)
        self.sizes = _points(series.find(f"{_C}bubbleSize"), look_up, plain=True)


def _rows_of_series(series: Sequence[_Series]) -> list[list[str]]:
    named = [(one.name or f"Series {number}", one) for number, one in enumerate(series, start=1)]
    categories = next((one.categories for one in series if one.categories), {})
    if any(one.categories and one.categories != categories for one in series):
        sized = any(one.sizes for one in series)
        rows = [["Series", "X", "Y", *(["Size"] if sized else [])]]
        for name, one in named:
            for at, value in one.values.items():
                size = [one.sizes.get(at, "")] if sized else []
                rows.append([name, one.categories.get(at, str(at + 1)), value, *size])
        return rows
    places = sorted({*categories, *(at for one in series for at in one.values)})
    columns = [column for name, one in named for column in _columns_of(name, one)]
    rows = [["", *(name for name, _ in columns)]]
    rows += [[categories.get(at, str(at + 1)), *(values.get(at, "") for _, values in columns)] for at in places]
    return rows


def _columns_of(name: str, series: _Series) -> list[tuple[str, dict[int, str]]]:
    """Return the column of a series, and that of the sizes of its bubbles."""
    sizes = [(f"{name} (size)", series.sizes)] if series.sizes else []
    return [(name, series.values), *sizes]


def _points(owner: Any | None, look_up: LookUp | None, *, plain: bool = False) -> dict[int, str]:
    """Return the points that are kept for a reference by their index, as displayed or as *plain* values."""
    if owner is None:
        return {}
    numeric = owner.find(f".//{_C}numCache") is not None or owner.find(f".//{_C}numLit") is not None
    form = "General" if plain else owner.findtext(f".//{_C}formatCode") or "General"
    points: dict[int, str] = {}
    # The levels of a category come innermost first; an outer one names only the first of the points that it covers.
    for level in owner.findall(f".//{_C}lvl") or [owner]:
        found = {integer(point.get("idx")): point.findtext(f"{_C}v") or "" for point in level.iterfind(f".//{_C}pt")}
        if not points:
            points = {at: _shown(text, form) if numeric else text for at, text in found.items()}
            continue
        for at, text in points.items():
            outer = max((start for start in found if start <= at), default=None)
            points[at] = text if outer is None else f"{found[outer]} {text}"
    literal, reference = owner.findtext(f"{_C}v"), owner.findtext(f".//{_C}f")
    if not points and reference and look_up:
        return {at: text for at, text in enumerate(look_up(reference, plain)) if text}
    return points or ({0: literal} if literal else {})


def _shown(text: str, form: str) -> str:
    from openpyxl.styles.numbers import is_date_format
    from openpyxl.utils.datetime import from_excel

    try:
        number = float(text)
        return displayed(from_excel(number) if is_date_format(form) else number, form)
    except (ValueError, OverflowError):
        return text


def _axes(root: Any) -> tuple[str, str]:
    """Return the titles of the horizontal and the vertical axis, in the sense of categories and values."""
    area = f"{_C}chart/{_C}plotArea"
    across = [axis for tag in ("catAx", "dateAx") for axis in root.iterfind(f"{area}/{_C}{tag}")]
    along = root.findall(f"{area}/{_C}valAx")
    if not across and len(along) > 1:  # a scatter chart: two axes of values
        along.sort(key=_stands)
        across, along = along[:1], along[1:]
    return " ".join(filter(None, map(_title, across))), " ".join(filter(None, map(_title, along)))


def _stands(axis: Any) -> bool:
    """Say whether an axis stands at a side; one that does not say where it is comes last too."""
    place = axis.find(f"{_C}axPos")
    return place is None or place.get("val") not in {"b", "t"}


def _title(owner: Any | None) -> str:
    title = None if owner is None else owner.find(f"{_C}title")
    if title is None:
        return ""
    texts = [text.text or "" for text in title.iter(f"{_A}t", f"{_C}v")]
    return " ".join("".join(texts).split())


def _chart_kind(plot: Any) -> str:
    kind = str(plot.tag).removeprefix(_C).removesuffix("Chart").removesuffix("3D")
    return {"ofPie": "pie"}.get(kind, kind)
