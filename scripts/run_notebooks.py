"""Run the notebooks of docs/notebooks anew and compare what they print: `python scripts/run_notebooks.py [NAME...]`.

With `--write`, store what they print in their place. Pictures are not compared: fonts differ from machine to machine.
"""

from __future__ import annotations

import argparse
import difflib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

os.environ["UPSTAGE_DOCS_PICTURE_WORDS"] = "off"  # so that a machine with Tesseract prints the same as one without it
ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "notebooks"
SECONDS_PER_CELL = 300
"""Far more than any cell takes: only a cell that hangs is ended."""


def run(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook with the outputs of a new run, made in a folder of its own.

    Raises:
        CellExecutionError: A cell raised an error.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "docs" / "notebooks"
        folder.mkdir(parents=True)
        shutil.copytree(ROOT / "examples" / "documents", Path(scratch) / "examples" / "documents")
        client = NotebookClient(
            nbformat.from_dict(notebook),
            timeout=SECONDS_PER_CELL,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            record_timing=False,
            coalesce_streams=True,  # a line comes in as many pieces as the kernel sends it in
        )
        return client.execute()


def printed(notebook: NotebookNode) -> list[str]:
    """Return the lines that the cells print or show as text, each cell's behind its number."""
    lines = []
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", ()):
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            lines += [f"cell {number}: {line}" for line in text.splitlines()]
    return lines


def main() -> int:
    """Run the notebooks; return 1 if one of them fails, or prints something else than it stores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="notebooks without their ending; all if none is given")
    parser.add_argument("--write", action="store_true", help="store the new outputs")
    arguments = parser.parse_args()
    paths = [FOLDER / f"{name}.ipynb" for name in arguments.names] or sorted(FOLDER.glob("*.ipynb"))
    differing = 0
    for path in paths:
        stored = nbformat.read(path, as_version=4)
        try:
            fresh = run(nbformat.read(path, as_version=4))
        except CellExecutionError as error:
            print(f"{path.name}: a cell fails\n{error}")
            differing += 1
            continue
        if arguments.write:
            fresh.metadata["language_info"] = {"name": "python"}  # and not which Python ran it
            path.write_text(nbformat.writes(fresh, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            print(f"{path.name}: written, {path.stat().st_size:,} bytes")
            continue
        changes = list(difflib.unified_diff(printed(stored), printed(fresh), "stored", "printed now", lineterm=""))
        print(f"{path.name}: {'prints what it stores' if not changes else 'prints something else'}")
        print("\n".join(changes), end="\n" if changes else "")
        differing += bool(changes)
    return 1 if differing else 0


sys.exit(main())
