"""`upstage-docs view`: one HTML page per document, its pages with every element's box; what it shows is in `view`."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from upstage_docs.cli.files import Task, tasks, write
from upstage_docs.cli.options import Connect, Group, Sources, asking, with_options
from upstage_docs.cli.terminal import visible
from upstage_docs.cli.work import for_each
from upstage_docs.errors import ConfigError
from upstage_docs.options import ParseOptions, SendOptions
from upstage_docs.view.page import view_html

__all__ = ["view"]


@with_options(
    options=Group(ParseOptions, without=("coordinates", "base64_encoding")), sending=Group(SendOptions), connect=asking
)
def view(
    sources: Sources,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the HTML pages, one file per document.", file_okay=False)
    ] = Path(),
    pages: Annotated[
        str | None, typer.Option(help="Pages that are shown, as 3 or 3-7. Default: all.", show_default=False)
    ] = None,
    width: Annotated[int, typer.Option(help="Width of a page's picture in pixels.", min=1, max=10_000)] = 1000,
    *,
    options: ParseOptions,
    sending: SendOptions,
    connect: Connect,
) -> None:
    """Parse documents and write an HTML page for each: its pages with a box around every element, and their texts."""
    wanted = None if pages is None else _numbers(pages)
    with connect() as client:

        def show(task: Task) -> None:
            document = client.parse(task.source, options, **asdict(sending))
            text = "".join(view_html(document, task.source, pages=wanted, width=width))
            if task.target is not None:
                write(task.target, text)
                typer.echo(visible(str(task.target)))

        for_each(tasks(sources, output, "html"), show)


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
