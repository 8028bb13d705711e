"""Type checkers help users of this package: their programs are checked, and typos are found where they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")
pytest.importorskip("langchain_text_splitters")
pytest.importorskip("llama_index.core")

ROOT = Path(__file__).resolve().parent.parent
# Kept, since the frameworks alone take half a minute to read.
CACHE = ROOT / ".mypy_cache" / "users_code"
CODE = (ROOT / "tests" / "users_code.py").read_text(encoding="utf-8")

# What stands in the program, what a user types instead, and what is said of it.
TYPOS = {
    "an option of a loader": ('split="element"', 'splitt="element"', "call-arg"),
    "a value of a loader": ('output_format="markdown"', 'output_format="markdwon"', "arg-type"),
    "a value of an OCR loader": ('split="word"', 'split="words"', "arg-type"),
    "an option of a parser": ("coordinates=False", "coordinate=False", "call-arg"),
    "an option of a reader": ("skip_empty=True", "skip_emtpy=True", "call-arg"),
    "a value of a reader": ('output_format="json"', 'output_format="jsonl"', "arg-type"),
    "an option of a node parser": ('NodeParser(engine="local")', 'NodeParser(enigne="local")', "call-arg"),
    "an option of the API": ("chart_recognition=True", "chart_recogniton=True", "call-arg"),
    "a value of the API": ('ocr="force"', 'ocr="forced"', "arg-type"),
    "an option of a client": ('Client("up_key", retry=', 'Client("up_key", retries=', "call-arg"),
    "a value of a client": ('AsyncClient(engine="local")', 'AsyncClient(engine="locla")', "arg-type"),
    "an option of a call": ("pages_per_request=2", "page_per_request=2", "call-arg"),
    "a value of a call that makes a job": ("submit(path, refresh=False)", 'submit(path, refresh="no")', "arg-type"),
    "a value of a call": ('route="sync"', 'route="synch"', "arg-type"),
    "an option of the splitter": ("chunk_size=800", "chunk_sizes=800", "call-arg"),
    "a field of a document": ("document.markdown", "document.markdwon", "attr-defined"),
    "a result that was not awaited": (
        "(await client.parse(path, refresh=True))",
        "client.parse(path, refresh=True)",
        "attr-defined",
    ),
    "a kind of fault": ('script("sync"', 'script("synch"', "arg-type"),
}


def found_by_mypy(program: str, folder: Path) -> list[tuple[int, str]]:
    """Return line and code of each error that `mypy --strict` finds in *program*, with its default settings."""
    path = folder / "program.py"
    path.write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file=", "--no-pretty"]
    done = subprocess.run(
        [*command, "--show-error-codes", "--cache-dir", str(CACHE), str(path)],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return [
        (int(line), code) for line, code in re.findall(r":(\d+): error: .*\[([a-z-]+)\]$", done.stdout, re.MULTILINE)
    ]


def test_a_users_program_is_right(tmp_path: Path) -> None:
    """As a user sees it: outside this project, without its settings."""
    assert found_by_mypy(CODE, tmp_path) == []


def test_typos_are_found_where_they_stand(tmp_path: Path) -> None:
    """In every part of the package, and nothing else is found; of two typos in a call mypy tells one."""
    wrong, expected = CODE, []
    for right, typo, code in TYPOS.values():
        assert CODE.count(right) == 1, f"{right} stands once in the program"
        wrong = wrong.replace(right, typo)
        expected.append((CODE[: CODE.index(right)].count("\n") + 1, code))

    assert found_by_mypy(wrong, tmp_path) == sorted(expected)
