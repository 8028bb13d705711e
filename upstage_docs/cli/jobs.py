"""`upstage-docs jobs`, `cache` and `estimate`: running jobs, stored answers, and costs before sending."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from upstage_docs.cli.files import find
from upstage_docs.cli.options import AsJson, Connect, Group, Sources, looking, with_options
from upstage_docs.cli.parse import ParseFormat, written
from upstage_docs.cli.terminal import complain, print_line, terminal
from upstage_docs.cli.work import count_failures
from upstage_docs.client.client import Client
from upstage_docs.errors import ConfigError, SourceError
from upstage_docs.files.source import inspect, place_of
from upstage_docs.files.writing import write_whole
from upstage_docs.flows.plan import Estimate
from upstage_docs.models import Job
from upstage_docs.options import ParseOptions
from upstage_docs.records.options import RecordOptions
from upstage_docs.store.store import Store

jobs = typer.Typer(no_args_is_help=True, help="List asynchronous jobs, look at one, fetch its result.")
cache = typer.Typer(
    no_args_is_help=True,
    help="List or delete what is stored: answers, jobs, and paid requests whose outcome is unknown.",
)

_TITLES = {"lowest": "lowest cost ($)", "highest": "highest cost ($)", "uncounted": "files without a page count"}
"""Of columns whose name in JSON does not say enough to people."""

_STATE = (
    "request_id", "status", "model", "completed_pages", "total_pages", "requested_at", "completed_at",
    "failure_message",
)  # fmt: skip

Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        help="Folder of a client made with cache=FOLDER. Default: the user's cache folder.",
        exists=True,
        file_okay=False,
        show_default=False,
    ),
]
RequestId = Annotated[str, typer.Argument(help="The API's id of the job.", metavar="REQUEST_ID")]


@jobs.command("ls")
@with_options(connect=looking)
def list_jobs(as_json: AsJson = False, *, connect: Connect) -> None:
    """List the account's jobs; those of this machine with their document."""
    sources = {job.request_id: job.source for job in Store.at().jobs()}
    with connect() as client:
        found = client.jobs()
    # The API's list names no pages; `jobs show` does.
    names = ("request_id", "status", "model", "requested_at", "completed_at")
    rows = [(*_told(job, names), sources.get(job.request_id, "")) for job in found]
    _print((*names, "source"), rows, as_json=as_json)


@jobs.command("show")
@with_options(connect=looking)
def show_job(request_id: RequestId, as_json: AsJson = False, *, connect: Connect) -> None:
    """Show the state of a job and of its batches."""
    with connect() as client:
        job = client.job(request_id)
    names = ("batch", "status", "pages", "failure")
    batches = [(one.id, one.status, f"{one.start_page}-{one.end_page}", one.failure_message) for one in job.batches]
    state = dict(zip(_STATE, _told(job, _STATE), strict=True))
    if as_json:
        print_line({**state, "batches": [dict(zip(names, batch, strict=True)) for batch in batches]})
        return
    terminal().print("\n".join(f"{name}: {value}" for name, value in state.items()))
    _print(names, batches, as_json=False)


@jobs.command("result")
@with_options(connect=looking)
def fetch_job(
    request_id: RequestId,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File for the result.", dir_okay=False)] = None,
    form: ParseFormat = "markdown",
    *,
    connect: Connect,
) -> None:
    """Wait for a job, even one of another machine, and write its result."""
    with connect() as client:
        text = written(client.result(request_id), form, RecordOptions())
    if output is None:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    else:
        write_whole(output, [text])


@cache.command("ls")
def list_cache(folder: Folder = None, as_json: AsJson = False) -> None:
    """List the documents whose answers or jobs are kept, the last used first."""
    names = ("source", "pages", "bytes", "running", "unknown", "used", "model", "sha256")
    rows = [
        (at.source, at.pages, at.size, at.jobs, at.intents, _time(at.used), at.key.model, at.key.file_sha256[:12])
        for at in Store.at(folder or True).entries()
    ]
    _print(names, rows, as_json=as_json)


@cache.command("rm")
def remove_from_cache(
    name: Annotated[
        str, typer.Argument(help="A file, a source as listed, or the beginning of its SHA-256.", metavar="FILE")
    ] = "",
    every: Annotated[bool, typer.Option("--all", help="Every document.")] = False,
    everything: Annotated[
        bool, typer.Option(help="With --all: forget running jobs and unknown outcomes too, and damaged stores.")
    ] = False,
    folder: Folder = None,
) -> None:
    """Delete everything about a document, running jobs and unknown outcomes too. Parsing it again costs money."""
    if bool(name) == every:
        raise ConfigError("Name the document to delete, as `cache ls` shows it, or say --all.")
    store = Store.at(folder or True)
    kept = store.entries()
    spelled = name.encode(errors="backslashreplace").decode()  # as a source is kept whose name is no text
    names = {spelled}
    if name:
        try:
            names.add(inspect(name).sha256)  # kept under another name, or under none
        except SourceError:  # it is gone: only its path can tell, however it is written
            place = place_of(spelled)
            names |= {one.source for one in kept if one.source and place_of(one.source) == place}
    deleted = sum(store.remove(one, everything=everything or not every) for one in names)
    if name and not deleted and len(store.entries()) == len(kept):
        raise ConfigError(f"Nothing is stored of {name!r}; `upstage-docs cache ls` lists what is stored.")
    terminal().print(f"{deleted} answers deleted.")
    remains = store.remains()
    if every and everything:
        for file in remains:
            file.unlink(missing_ok=True)
    elif remains:
        complain(f"Damaged stores that were moved aside may hold more; delete them: {', '.join(map(str, remains))}")


@cache.command("unknown")
def list_unknown(folder: Folder = None, as_json: AsJson = False) -> None:
    """List paid requests that are under way, or were cut off before their answer."""
    rows = [
        (one.token, one.source, "{}-{}".format(*one.pages) if one.pages else "all", one.route, _time(one.created))
        for one in Store.at(folder or True).intents()
    ]
    _print(("token", "source", "pages", "route", "sent"), rows, as_json=as_json)


@cache.command("resolve")
def resolve_unknown(
    token: Annotated[
        str, typer.Argument(help="The token of the request, as `cache unknown` shows it.", metavar="TOKEN")
    ],
    request_id: Annotated[
        str,
        typer.Option(
            help="The job that the request became, as `jobs ls` shows it. Without it, the request was not carried out."
        ),
    ] = "",
    folder: Folder = None,
) -> None:
    """Say what became of a paid request whose outcome is unknown."""
    store = Store.at(folder or True)
    found = [intent for intent in store.intents() if intent.token == token]
    if not found:
        raise ConfigError(f"No request with the token {token!r} is open; see `upstage-docs cache unknown`.")
    store.resolve(found[0], request_id)


@with_options(options=Group(ParseOptions, only=("mode",)), settings=replace(looking, make=dict))
def estimate(sources: Sources, as_json: AsJson = False, *, options: ParseOptions, settings: dict[str, Any]) -> None:
    """Say what parsing the documents would cost now; sends nothing and needs no key."""
    found: dict[str, Estimate] = {}
    # The key is not used, so any will do where none is set.
    key = None if settings.get("engine") == "local" or os.environ.get("UPSTAGE_API_KEY") else "unused"
    with Client(key, **settings) as client:

        def look(path: Path) -> None:
            found[str(path)] = client.estimate(path, options)

        failed = count_failures((path for path, _ in find(sources)), look)
    found["total"] = sum(found.values(), Estimate())
    rows = [(source, *asdict(one).values()) for source, one in found.items()]
    _print(("source", *asdict(Estimate())), rows, as_json=as_json)
    if failed:
        raise typer.Exit(1)


def _told(job: Job, names: Sequence[str]) -> list[Any]:
    return [getattr(job, name) for name in names]


def _time(seconds: float) -> str:
    """Return Unix seconds for people, `""` for 0: nothing is answered yet."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M") if seconds else ""


def _print(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, as_json: bool) -> None:
    """Print *rows* as JSON lines, or as a table; in place of an empty table, that there are none."""
    if as_json:
        for row in rows:
            print_line(dict(zip(columns, row, strict=True)))
        return
    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(_TITLES.get(column, column.replace("_", " ")), overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    terminal().print(table if table.rows else "There are none.")
