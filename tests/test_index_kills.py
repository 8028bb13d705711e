"""kill -9 of a program that fills an index: the index ends right, and nothing is paid twice that is not reported."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from killing import run_and_kill, tell
from stand_in import labels, make_pdf

pytest.importorskip("starlette", reason='the loopback server needs the extra "server"')
pytest.importorskip("uvicorn", reason='the loopback server needs the extra "server"')
pytest.importorskip("langchain_classic", reason="its record manager is kept on disk")
pytest.importorskip("llama_index.core", reason='needs the extra "llama-index"')

VICTIM = Path(__file__).with_name("index_until_killed.py")
SIZES = (3, 12, 5, 25, 1, 8)
_LONGEST_LIFE = 1.2
"""Seconds after which a victim is killed at the latest, counted from its first line: most are at work all that time."""


def _indexed(folder: Path) -> Counter[tuple[str, str]]:
    with closing(sqlite3.connect(folder / "vectors.sqlite3")) as db:
        return Counter(db.execute("SELECT source, text FROM rows").fetchall())


def kill_and_index(folder: Path, framework: str, *, kills: int, seed: int) -> Counter[str]:
    """Fill an index, change its files and fill it again, with kills all the time; then the next index."""
    from upstage_docs.testing.reader import StandInReader
    from upstage_docs.testing.stand_in import running_stand_in

    chance = random.Random(seed)
    reader = StandInReader(seconds_per_page=0.002)
    seen: Counter[str] = Counter()
    with running_stand_in(reader) as api:
        while seen["kills"] < kills:
            seen["indexes"] += 1
            here = folder / f"index {seen['indexes']}"
            here.mkdir()
            versions = {
                here / f"{number}.pdf": (f"i{seen['indexes']}f{number}v1", pages) for number, pages in enumerate(SIZES)
            }
            reported: Counter[str] = Counter()
            for round_ in (1, 2):
                if round_ == 2:  # one file has other pages, one has more of them
                    first, second = chance.sample(sorted(versions), 2)
                    versions[first] = (versions[first][0].replace("v1", "v2"), versions[first][1])
                    versions[second] = (versions[second][0], versions[second][1] + 2)
                for path, (name, pages) in versions.items():
                    path.write_bytes(make_pdf(name, pages))
                ended = False
                while not ended:
                    moment = chance.uniform(0.0, _LONGEST_LIFE) if seen["kills"] < kills else None
                    arguments = [framework, api.base_url, str(here), *map(str, versions)]
                    lines, ended = run_and_kill(VICTIM, arguments, moment)
                    seen["kills"] += not ended
                    for line in lines:
                        if "unknown" in line:
                            name, pages = versions[Path(line["unknown"])]
                            for start, end in line["pages"]:
                                reported.update(labels(name, pages)[start - 1 : end])
                            seen["reports"] += 1
                assert _indexed(here) == Counter(
                    (str(path), label) for path, (name, pages) in versions.items() for label in labels(name, pages)
                ), f"the index of round {round_}, seed {seed}"
                for name, pages in versions.values():
                    for label in labels(name, pages):
                        # The file that has more pages now was another document before.
                        once = (
                            2 if round_ == 2 and name == versions[second][0] and label in labels(name, pages - 2) else 1
                        )
                        assert once <= reader.billed[label] <= once + reported[label], label
                        seen["pages paid again"] += reader.billed[label] - once
    return seen


@pytest.mark.parametrize("framework", ["langchain", "llama-index"])
def test_a_few_kills(tmp_path: Path, framework: str) -> None:
    kill_and_index(tmp_path, framework, kills=1, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["langchain", "llama-index"])
def test_thirty_kills_of_each(tmp_path: Path, capsys: pytest.CaptureFixture[str], framework: str) -> None:
    seen = kill_and_index(tmp_path, framework, kills=30, seed=2)
    tell(capsys, f"kills of {framework}, seed 2: {dict(seen)}")
    assert seen["kills"] >= 30
