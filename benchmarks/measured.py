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


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Let the command line name the file that the numbers are written to."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers to this file, as JSON")


def write_json(file: Path | None, tables: Mapping[str, Rows]) -> None:
    """Write *tables* to *file*; do nothing if no file is given."""
    if file is not None:
        file.write_text(json.dumps(tables, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
