"""Carrying out the command's tasks: several at once, one line about each, an exit code for all."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from upstage_docs.cli.files import Task, write
from upstage_docs.cli.terminal import complain, print_line, terminal, visible
from upstage_docs.errors import AuthenticationError, ConfigError, UpstageDocsError

__all__ = ["Produce", "Result", "Tell", "carry_out", "count_failures", "for_each"]

Item = TypeVar("Item")
_INTERRUPTED = 130
_STOPPING = 0.2  # seconds


@dataclass(frozen=True)
class Result:
    """What became of one document: the text to write, and facts for the report (`pages`, `model`)."""

    text: str
    facts: dict[str, object]


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
) -> None:
    """Produce and write the result of each task, report on it, and go on when one fails.

    Interrupted, it calls *stop*, which ends what waits, until nothing is under way any more.

    Raises:
        ConfigError: Wrong for every document, so that the run stops; AuthenticationError is treated alike.
        typer.Exit: With 1, if a document failed.
    """
    console = terminal(errors=True)
    counts = {"written": 0, "skipped": 0, "failed": 0}
    waiting = []
    for task in tasks:
        if overwrite or not task.done:
            waiting.append(task)
        else:
            _report(console, task, "skipped", {}, as_json=as_json)
            counts["skipped"] += 1
    running: deque[tuple[Task, Future[Result]]] = deque()
    with (
        _bars(console, shown=not as_json and all(task.target is not None for task in tasks)) as bars,
        ThreadPoolExecutor(max_concurrency, thread_name_prefix="upstage-docs") as pool,
    ):
        try:
            for task, outcome in _each(waiting, running, partial(_with_bar, bars, produce), pool, max_concurrency):
                status, facts = _settle(task, outcome)
                _report(console, task, status, facts, as_json=as_json)
                counts[status] += 1
        except KeyboardInterrupt:
            console.print("Stopping when the requests under way are answered; the same command goes on from there.")
            pool.shutdown(wait=False, cancel_futures=True)
            left = [future for _, future in running]
            while any(future.running() for future in left):  # one may have begun to wait only just now
                stop()
                wait(left, timeout=_STOPPING)
            raise typer.Exit(_INTERRUPTED) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    if len(tasks) > 1 and not as_json:
        summary = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        console.print(f"{len(tasks)} documents: {summary}.")
    if counts["failed"]:
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


def _with_bar(bars: Progress, produce: Produce, path: Path) -> Result:
    bar = bars.add_task(visible(path.name), total=None)
    try:
        return produce(path, lambda done, total: bars.update(bar, completed=done, total=total))
    finally:
        bars.remove_task(bar)


def _each(
    tasks: Sequence[Task],
    running: deque[tuple[Task, Future[Result]]],
    produce: Callable[[Path], Result],
    pool: ThreadPoolExecutor,
    max_concurrency: int,
) -> Iterator[tuple[Task, Result | UpstageDocsError]]:
    """Yield each task with its result or error, while up to *max_concurrency* are *running*.

    What is printed comes in order; files are written as they come, so that one that takes long holds up no other.
    """
    left = iter(tasks)
    ordered = any(task.target is None for task in tasks)
    while True:
        while len(running) < max_concurrency and (task := next(left, None)) is not None:
            running.append((task, pool.submit(produce, task.source)))
        if not running:
            return
        wait([future for _, future in running][: 1 if ordered else None], return_when=FIRST_COMPLETED)
        task, future = next(one for one in running if one[1].done())
        outcome: Result | UpstageDocsError
        try:
            outcome = future.result()
        except (ConfigError, AuthenticationError):
            raise
        except UpstageDocsError as error:
            outcome = error
        running.remove((task, future))
        yield task, outcome


def _settle(task: Task, outcome: Result | UpstageDocsError) -> tuple[str, dict[str, object]]:
    """Write a result to where it goes; return what became of the task, and the facts to report."""
    if isinstance(outcome, UpstageDocsError):
        return "failed", {"error": str(outcome), "error_type": type(outcome).__name__}
    if task.target is not None:
        write(task.target, outcome.text)
    else:
        sys.stdout.write(outcome.text if outcome.text.endswith("\n") else f"{outcome.text}\n")
    return "written", outcome.facts


def _report(console: Console, task: Task, status: str, facts: dict[str, object], *, as_json: bool) -> None:
    target = None if task.target is None else str(task.target)
    if as_json:
        print_line({"source": str(task.source), "status": status, "output": target, **facts})
    elif status == "failed":
        error = str(facts["error"])
        console.print(error if str(task.source) in error else f"{task.source}: {error}", style="red")
    elif target is not None:
        told = f"{facts['pages']} pages, {facts['model']}" if facts else "there already"
        console.print(f"{task.source} → {target} ({told})")
