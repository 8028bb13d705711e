"""The command's input and output files: which documents arguments name, where each result goes, which are done."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from upstage_docs.errors import ConfigError
from upstage_docs.files.formats import documents_below, supported
from upstage_docs.files.source import place_of


@dataclass(frozen=True)
class Task:
    """One document and the file its result goes to, None for standard output."""

    source: Path
    target: Path | None

    @property
    def done(self) -> bool:
        """Whether the result is there and no older than the document.

        A result is written in one step, so a file that exists is whole, unless `mark_undone` says that it is a part.
        """
        try:
            return self.target is not None and self.target.stat().st_mtime >= self.source.stat().st_mtime
        except OSError:
            return False


def find(arguments: Sequence[str]) -> list[tuple[Path, Path]]:
    """Return each document that *arguments* name, once, with its place below the folder that was named.

    An argument is a file, a folder (all documents of a known type below it, hidden ones left out) or a pattern
    (`**` goes through folders). A file that is not there is returned too: reading it says so.

    Raises:
        ConfigError: A folder or a pattern names no document.
    """
    found: dict[str, tuple[Path, Path]] = {}
    for argument in arguments:
        path = Path(argument)
        if os.path.isdir(path):  # noqa: PTH112 - no error where the name is too long or a folder is closed to us
            inside = [(one, one.relative_to(path)) for one in documents_below(path)]
            if not inside:
                raise ConfigError(f"There is no document in the folder {argument!r}; known types: {supported()}.")
        elif not os.path.exists(path) and glob.has_magic(argument):  # noqa: PTH110 - as above
            root = Path(*takewhile(lambda part: not glob.has_magic(part), path.parts))
            matches = sorted(Path(one) for one in glob.glob(argument, recursive=True))  # noqa: PTH207 - may be absolute
            inside = [(one, one.relative_to(root)) for one in matches if one.is_file()]
            if not inside:
                raise ConfigError(f"The pattern {argument!r} names no file.")
        else:
            inside = [(path, Path(path.name))]
        for one, place in inside:
            found.setdefault(place_of(one), (one, place))
    return list(found.values())


def tasks(arguments: Sequence[str], output: Path | None, suffix: str) -> list[Task]:
    """Return what to do for *arguments*: a result per document, below the folder *output*, called `NAME.EXT.SUFFIX`.

    Raises:
        ConfigError: A folder or a pattern names no document, or two would be written to the same file.
    """
    targets: dict[Path, Path] = {}
    planned: list[Task] = []
    for source, place in find(arguments):
        target = None if output is None else output / place.with_name(f"{place.name}.{suffix}")
        if target is not None and target in targets:
            raise ConfigError(
                f"{str(targets[target])!r} and {str(source)!r} would both be written to {str(target)!r}; "
                "name the folder above them instead."
            )
        if target is not None:
            targets[target] = source
        planned.append(Task(source, target))
    return planned


def mark_undone(target: Path) -> None:
    """Make *target*, a part of a result, older than any document, so that the next run writes it again."""
    os.utime(target, (0, 0))
