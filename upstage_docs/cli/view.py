"""`upstage-docs view`: writes an HTML page for each document with a box for every element."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.packing import chunk_with
from upstage_docs.cli.files import Task, find, tasks
from upstage_docs.cli.options import Connect, Sources, splitting, with_options
from upstage_docs.cli.terminal import visible
from upstage_docs.cli.work import for_each
from upstage_docs.errors import ConfigError
from upstage_docs.evidence.quotes import quote_places
from upstage_docs.options import ParseOptions, SendOptions
from upstage_docs.view.files import Pictures, write_view


@with_options(**splitting)
def view(
    sources: Sources,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="HTML file for one document, such as report.html, or a folder for a page of each document.",
        ),
    ] = Path(),
    pages: Annotated[
        str | None, typer.Option(help="Pages to show, such as 3 or 3-7. Default: all.", show_default=False)
    ] = None,
    width: Annotated[int, typer.Option(help="Width of a page's picture in pixels.", min=1, max=10_000)] = 1000,
    chunks: Annotated[
        bool, typer.Option("--chunks", help="Show the chunks, which elements each holds, and its text.")
    ] = False,
    quote: Annotated[
        list[str] | None, typer.Option(help="Words to mark on the pages. May be repeated.", show_default=False)
    ] = None,
    pictures: Annotated[
        Pictures,
        typer.Option(
            help="Where pictures of pages lie: inside the page, beside it in a folder of their own, or beside it where "
            "there are more than 50."
        ),
    ] = "auto",
    *,
    chunking: ChunkOptions,
    options: ParseOptions,
    sending: SendOptions,
    connect: Connect,
) -> None:
    """Parse documents and write an HTML page for each: its pages with a box around every element, and their texts."""
    wanted = None if pages is None else _numbers(pages)
    planned = _tasks(sources, output)
    with connect() as client:

        def show(task: Task) -> None:
            document = client.parse(task.source, options, **asdict(sending))
            places = [place for words in quote or () for place in quote_places(document, task.source, words)]
            if task.target is not None:
                folder = write_view(
                    document,
                    task.source,
                    task.target,
                    pages=wanted,
                    width=width,
                    chunks=chunk_with(chunking, document) if chunks else (),
                    places=places,
                    pictures=pictures,
                )
                beside = f" (pictures in {folder})" if folder else ""
                typer.echo(visible(f"{task.target}{beside}"))

        for_each(planned, show)


def _tasks(sources: list[str], output: Path) -> list[Task]:
    """Return what to write where: *output* is a file if it is called so, else a folder.

    Raises:
        ConfigError: One file is named for several documents, or a folder or a pattern names none.
    """
    if output.suffix.lower() not in {".html", ".htm"} or output.is_dir():
        return tasks(sources, output, "html")
    found = find(sources)
    if len(found) > 1:
        raise ConfigError(f"--output {str(output)!r} is one page, and there are {len(found)} documents: name a folder.")
    return [Task(source, output) for source, _ in found]


def _numbers(pages: str) -> Collection[int]:
    """Return the numbers that *pages* means.

    Raises:
        ConfigError: It is neither `3` nor `3-7`.
    """
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", pages)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if last < first:
        raise ConfigError(f"--pages={pages!r} is neither a page nor a range of pages; write 3 or 3-7.")
    return range(first, last + 1)
