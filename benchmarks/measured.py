"""What a benchmark measured, as JSON: tables of rows of numbers, which `run.py` reads.

A benchmark prints text for people. With `--json FILE` it also writes `{table: {row: {column: number}}}` to that file.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

Rows = Mapping[str, Mapping[str, float]]
"""The numbers of one table: by row, then by column."""


def peak_memory() -> float:
    """Return the peak resident memory of this process in MB.

    Linux tells it for the program that runs now. `getrusage`, asked elsewhere, may still tell that of the process that
    started it.
    """
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Let the command line name the file that the numbers are written to."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers to this file, as JSON")


def write_json(file: Path | None, tables: Mapping[str, Rows]) -> None:
    """Write *tables* to *file*; do nothing if no file is given."""
    if file is not None:
        file.write_text(json.dumps(tables, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
