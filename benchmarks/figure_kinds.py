"""The kinds of values that the list of figures is made of."""

from __future__ import annotations

from typing import Literal, NamedTuple

Best = Literal["least", "greatest", "median"]


class Column(NamedTuple):
    """A column of a table: its name in the benchmark's JSON, how it is written, and which of several rounds counts."""

    name: str
    digits: int = 0
    percent: bool = False
    best: Best = "least"


class Beside(NamedTuple):
    """A comparison: the rows of ours, by how their names begin, with all others that begin so, in one column."""

    column: str
    ours: tuple[str, ...]
    others: tuple[str, ...]
    more_is_better: bool


class Figure(NamedTuple):
    """A table: what it shows, its columns, the pages that show it, and what is compared in it."""

    table: str
    shows: str
    columns: tuple[Column, ...]
    pages: tuple[str, ...] = ()
    beside: tuple[Beside, ...] = ()


class Benchmark(NamedTuple):
    """A script of this folder, and the figures that it prints.

    Attributes:
        name: As `--only` takes it.
        commands: The script with its arguments; the rows of several commands make one table. `{data}` is the folder
            given by `--data`, `{made}` the folder that `prepare` fills, `{plugins}` the Python of that environment.
        figures: What it prints.
        environment: `peers` or `plugins` for an environment of its own, `""` for this Python.
        needs: Files below `{data}` without which it is skipped.
        programs: Programs without which it is skipped.
        prepare: A command to run once before.
        rounds: How often it is run: three times or more where it compares time or memory. What is counted, with nothing
            random in it, is the same in each round.
        quick: More arguments, which make a short run of it; `None` leaves it out of `--quick`.
    """

    name: str
    commands: tuple[tuple[str, ...], ...]
    figures: tuple[Figure, ...]
    environment: str = ""
    needs: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    prepare: tuple[str, ...] = ()
    rounds: int = 1
    quick: tuple[str, ...] | None = None


class Highlight(NamedTuple):
    """A row of the README's table, in both languages: one number of ours, and the best one of those beside it."""

    says: str
    says_in_korean: str
    figure: str
    column: str
    ours: str
