"""`upstage-docs mcp`: lets an agent read the documents of a folder; the tools are in `mcp`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from upstage_docs.cli.options import Connect, asking, with_options
from upstage_docs.mcp.documents import OpenDocuments
from upstage_docs.mcp.server import make_server, read_skill


@with_options(connect=asking)
def mcp(
    folder: Annotated[
        Path, typer.Argument(help="Folder whose documents may be read.", exists=True, file_okay=False)
    ] = Path(),
    max_pages: Annotated[int, typer.Option(help="The most pages that are parsed.", min=1)] = 500,
    max_cost: Annotated[float, typer.Option(help="The most US dollars that are spent.", min=0)] = 5.0,
    show_skill: Annotated[
        bool, typer.Option("--skill", help="Print the skill file, which tells an agent how to use the tools, and exit.")
    ] = False,
    *,
    connect: Connect,
) -> None:
    """Let an agent parse, outline, read, search and show the documents of a folder, over the Model Context Protocol."""
    if show_skill:
        typer.echo(read_skill(), nl=False)
        return
    # Else an agent's log is told of each index that is built; a level would be set anew when bm25s is imported.
    logging.getLogger("bm25s").addFilter(lambda record: record.levelno >= logging.WARNING)
    with connect() as client:
        make_server(OpenDocuments(client, folder, max_pages, max_cost)).run()
