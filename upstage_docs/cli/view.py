"""`upstage-docs view`: one HTML page per document, its pages with every element's box; what it shows is in `view`."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from upstage_docs.cli.files import tasks, write
from upstage_docs.cli.options import (
    BaseUrl,
    Cache,
    ChartRecognition,
    Engine,
    MergeMultipageTables,
    Mode,
    Model,
    Ocr,
    Sources,
    complain,
    visible,
)
from upstage_docs.client.client import Client
from upstage_docs.errors import AuthenticationError, ConfigError, UpstageDocsError
from upstage_docs.options import ParseOptions
from upstage_docs.view.page import view_html

__all__ = ["view"]


def view(
    sources: Sources,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the HTML pages, one file per document.", file_okay=False)
    ] = Path(),
    pages: Annotated[
        str | None, typer.Option(help="Pages that are shown, as 3 or 3-7. Default: all.", show_default=False)
    ] = None,
    width: Annotated[int, typer.Option(help="Width of a page's picture in pixels.", min=1, max=10_000)] = 1000,
    engine: Engine = None,
    model: Model = "document-parse",
    mode: Mode = "standard",
    ocr: Ocr = "auto",
    chart_recognition: ChartRecognition = True,
    merge_multipage_tables: MergeMultipageTables = False,
    base_url: BaseUrl = None,
    cache: Cache = None,
) -> None:
    """Parse documents and write an HTML page for each: its pages with a box around every element, and their texts."""
    options = ParseOptions(
        model=model,
        mode=mode,
        ocr=ocr,
        chart_recognition=chart_recognition,
        merge_multipage_tables=merge_multipage_tables,
    )
    wanted = None if pages is None else _numbers(pages)
    failed = False
    with Client(engine=engine, base_url=base_url, cache=cache) as client:
        for task in tasks(sources, output, "html"):
            try:
                document = client.parse(task.source, options)
                text = "".join(view_html(document, task.source, pages=wanted, width=width))
            except (ConfigError, AuthenticationError):
                raise
            except UpstageDocsError as error:
                complain(str(error))
                failed = True
                continue
            if task.target is not None:
                write(task.target, text)
                typer.echo(visible(str(task.target)))
    if failed:
        raise typer.Exit(1)


def _numbers(pages: str) -> Collection[int]:
    """Return the numbers that *pages* means.

    Raises:
        ConfigError: It is neither `3` nor `3-7`.
    """
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", pages)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if last < first:
        raise ConfigError(f"--pages={pages!r} is no page and no range of pages; write 3 or 3-7.")
    return range(first, last + 1)
