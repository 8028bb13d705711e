"""Writes a text to a file in one step, so that an interrupted program leaves no half-written file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from upstage_docs.errors import ConfigError


def write_whole(target: Path, pieces: Iterable[str]) -> None:
    """Write *pieces* to *target*, whose folder is made if missing; an existing file is replaced.

    Raises:
        ConfigError: The folder cannot be written to.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(pieces)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{str(target)!r} cannot be written: {error.strerror or error}.") from error
