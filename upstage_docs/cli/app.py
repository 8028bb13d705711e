"""Defines the subcommands of `upstage-docs`, and how an error becomes one line and an exit code."""

from __future__ import annotations

import io
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from upstage_docs.cli.demo import demo
from upstage_docs.cli.jobs import cache, estimate, jobs
from upstage_docs.cli.options import Connect, asking, with_options
from upstage_docs.cli.parse import ocr, parse
from upstage_docs.cli.split import split
from upstage_docs.cli.terminal import complain
from upstage_docs.cli.view import view
from upstage_docs.errors import AuthenticationError, ConfigError, UpstageDocsError
from upstage_docs.mcp.documents import OpenDocuments
from upstage_docs.mcp.server import make_server, read_skill
from upstage_docs.version import __version__

app = typer.Typer(
    name="upstage-docs",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"upstage-docs {__version__}")
        raise typer.Exit


@app.callback()
def _about(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Read documents with Upstage Document Parse and Document OCR, or with the local engine.

    Exit codes: 0 all went well; 1 a document failed; 2 the call or its configuration is wrong.
    """


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on. One that other machines can reach needs a key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8000,
    api_key: Annotated[
        str | None,
        typer.Option(
            envvar="UPSTAGE_DOCS_SERVER_KEY",
            help="Key that clients must send. Given as an option, it shows in the list of processes.",
            show_default=False,
        ),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            help="Web page that may send requests, such as http://localhost:3000. May be repeated.", show_default=False
        ),
    ] = None,
) -> None:
    """Answer the API's protocol with the local engine, so that any client of the API can develop against it."""
    from upstage_docs.serve.server import serve as serve_engine

    serve_engine(host, port, api_key=api_key, origins=allow_origin or ())


@with_options(connect=asking)
def mcp(
    folder: Annotated[
        Path, typer.Argument(help="Folder whose documents may be read.", exists=True, file_okay=False)
    ] = Path(),
    max_pages: Annotated[int, typer.Option(help="How many pages may be parsed while the server runs.", min=1)] = 500,
    max_cost: Annotated[
        float, typer.Option(help="How many US dollars may be spent while the server runs.", min=0)
    ] = 5.0,
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


for _command in (demo, parse, ocr, split, view, estimate, serve, mcp):
    app.command()(_command)
app.add_typer(jobs, name="jobs")
app.add_typer(cache, name="cache")


def run(arguments: list[str] | None = None) -> None:
    """Run the command with *arguments*, else those of the process; an error of ours becomes one line on standard error.

    Raises:
        SystemExit: With 0; 1 if a document failed; 2 if the call or its configuration is wrong.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be no text, a terminal may not show all
    try:
        app(args=arguments)
    except UpstageDocsError as error:
        complain(f"upstage-docs: {error}")
        raise SystemExit(2 if isinstance(error, (ConfigError, AuthenticationError)) else 1) from None
