"""Carries out the tasks of the command, several at once, with a line about each and one exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from upstage_docs.cli.files import Task, mark_undone
from upstage_docs.cli.terminal import complain, print_line, terminal, visible
from upstage_docs.client.threads import Attended, Threads
from upstage_docs.errors import AuthenticationError, ConfigError, UpstageDocsError
from upstage_docs.files.writing import write_whole
from upstage_docs.flows.schedule import Schedule
from upstage_docs.options import OnError

Item = TypeVar("Item")
_INTERRUPTED = 130  # exit code of Ctrl-C: 128 and the number of the signal
_STOPPING = 0.2  # seconds between two looks whether all that is under way has ended


@dataclass(frozen=True)
class Result:
    """The result of one document, to be written and reported.

    Attributes:
        text: What is written.
        facts: For the report (`pages`, `model`).
        error: Why pages are missing, `""` if none are.
    """

    text: str
    facts: dict[str, object]
    error: str = ""


# Told how many pages are read, and of how many.
Tell = Callable[[int, int], None]
Produce = Callable[[Path, Tell], Result]


def for_each(tasks: Iterable[Item], do: Callable[[Item], None]) -> None:
    """Do each task, say in a line which fail and why, and go on.

    Raises:
        ConfigError, AuthenticationError: Wrong for every document.
        typer.Exit: With 1, if a task failed.
    """
    if count_failures(tasks, do):
        raise typer.Exit(1)


def count_failures(tasks: Iterable[Item], do: Callable[[Item], None]) -> int:
    """Do each task as `for_each` does, and return how many failed."""
    failed = 0
    for task in tasks:
        try:
            do(task)
        except (ConfigError, AuthenticationError):  # noqa: PERF203 - each is a document
            raise
        except UpstageDocsError as error:
            complain(str(error))
            failed += 1
    return failed


def carry_out(
    tasks: Sequence[Task],
    produce: Produce,
    stop: Callable[[], None],
    *,
    overwrite: bool,
    max_concurrency: int,
    as_json: bool,
    on_error: OnError = "skip",
) -> None:
    """Produce and write the result of each task, report on it, and go on when one fails, unless *on_error* is `raise`.

    Interrupted, it calls *stop*, which ends what waits, until nothing is under way any more.

    Raises:
        ConfigError: Wrong for every document, so that the run stops; AuthenticationError is treated alike.
        UpstageDocsError: A document failed, and *on_error* is `raise`.
        typer.Exit: With 1, if a document failed.
    """
    console = terminal(errors=True)
    counts = {"written": 0, "skipped": 0, "partial": 0, "failed": 0}
    waiting = []
    for task in tasks:
        if overwrite or not task.done:
            waiting.append(task)
        else:
            _report(console, task, "skipped", {}, as_json=as_json)
            counts["skipped"] += 1
    # What is printed comes in order; files are written as they come, so that one that takes long holds up no other.
    schedule = Schedule(iter(waiting), max_concurrency, ordered=any(task.target is None for task in waiting))
    threads = Threads(schedule, Attended())
    with _bars(console, shown=not as_json and all(task.target is not None for task in tasks)) as bars:
        try:
            while (future := threads.next(partial(_produced, bars, produce))) is not None:
                task, outcome = future.result()
                if isinstance(outcome, UpstageDocsError) and on_error == "raise":
                    raise outcome
                status, facts = _settle(task, outcome)
                _report(console, task, status, facts, as_json=as_json)
                counts[status] += 1
        except KeyboardInterrupt:
            console.print("Stopping after the requests under way. Run the same command again to continue.")
            while not all(future.done() for future in schedule.begun):  # one may have begun to wait only just now
                stop()
                wait(schedule.begun, timeout=_STOPPING)
            raise typer.Exit(_INTERRUPTED) from None
        finally:
            threads.end()
    if len(tasks) > 1 and not as_json:
        summary = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        console.print(f"{len(tasks)} documents: {summary}.")
    if counts["failed"] or counts["partial"]:
        raise typer.Exit(1)


def _bars(console: Console, *, shown: bool) -> Progress:
    """Return a bar for each document under way, on a terminal only and gone when its document is done."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("pages"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,
        disable=not (shown and console.is_terminal),
    )


def _produced(bars: Progress, produce: Produce, task: Task) -> tuple[Task, Result | UpstageDocsError]:
    """Return the task with its result, or with the error that it alone has."""
    bar = bars.add_task(visible(task.source.name), total=None)
    try:
        return task, produce(task.source, lambda done, total: bars.update(bar, completed=done, total=total))
    except (ConfigError, AuthenticationError):
        raise
    except UpstageDocsError as error:
        return task, error
    finally:
        bars.remove_task(bar)


def _settle(task: Task, outcome: Result | UpstageDocsError) -> tuple[str, dict[str, object]]:
    """Write a result to where it goes; return the status of the task, and the facts to report."""
    if isinstance(outcome, UpstageDocsError):
        return "failed", {"error": str(outcome), "error_type": type(outcome).__name__}
    if task.target is not None:
        write_whole(task.target, [outcome.text])
        if outcome.error:
            mark_undone(task.target)
    else:
        sys.stdout.write(outcome.text if outcome.text.endswith("\n") else f"{outcome.text}\n")
    if outcome.error:
        return "partial", {**outcome.facts, "error": outcome.error}
    return "written", outcome.facts


def _report(console: Console, task: Task, status: str, facts: dict[str, object], *, as_json: bool) -> None:
    target = None if task.target is None else str(task.target)
    if as_json:
        print_line({"source": str(task.source), "status": status, "output": target, **facts})
    elif status == "failed":
        error = str(facts["error"])
        console.print(error if str(task.source) in error else f"{task.source}: {error}", style="red")
    elif status == "partial":
        console.print(f"{task.source} → {target or 'output'} without pages {facts['missing_pages']}: {facts['error']}")
    elif target is not None:
        told = f"{facts['pages']} pages, {facts['model']}" if facts else "there already"
        console.print(f"{task.source} → {target} ({told})")
