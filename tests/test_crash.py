"""kill -9 at any moment: no page is paid twice but those of a send whose outcome is unknown, and those are reported."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from killing import run_and_kill, tell
from stand_in import labels, make_pdf

from upstage_docs.store.store import Store

pytest.importorskip("starlette", reason='the loopback server needs the extra "server"')
pytest.importorskip("uvicorn", reason='the loopback server needs the extra "server"')

VICTIM = Path(__file__).with_name("parse_until_killed.py")
SIZES = {"synchronous": 3, "job": 25, "parts": 14, "another": 5, "long job": 47, "more parts": 9}


def crash(folder: Path, *, kills: int, reports: int, seed: int, at_once: int = 1) -> Counter[str]:
    """Kill *at_once* victims on the same documents at random moments, with new documents when all are done.

    Checks every page's bill. Goes on until there were *kills*, and *reports* of a send whose outcome is unknown, or
    four times as many kills.
    """
    from upstage_docs.testing.reader import StandInReader
    from upstage_docs.testing.stand_in import running_stand_in

    chance = random.Random(seed)
    stand_in = StandInReader(seconds_per_page=0.002)
    seen: Counter[str] = Counter()
    with running_stand_in(stand_in) as api:

        def enough() -> bool:
            return seen["kills"] >= kills and (seen["reports"] >= reports or seen["kills"] >= 4 * kills)

        generation = 0
        while not enough():
            generation += 1
            names = {folder / f"{generation} {name}.pdf": pages for name, pages in SIZES.items()}
            for path, pages in names.items():
                path.write_bytes(make_pdf(path.stem, pages))
            cache = folder / f"cache {generation}"
            arguments = [api.base_url, str(cache), *map(str, names)]
            reported: Counter[str] = Counter()
            ended = False
            while not ended:
                moments = [None if enough() else chance.uniform(0.0, 0.45 * at_once) for _ in range(at_once)]
                with ThreadPoolExecutor(at_once) as pool:
                    runs = list(pool.map(partial(run_and_kill, VICTIM, arguments), moments))
                ended = any(one for _, one in runs)
                seen["kills"] += sum(not one for _, one in runs)
                lines = [line for said, _ in runs for line in said]
                for line in lines:
                    if "unknown" in line:
                        path = Path(str(line["unknown"]))
                        for first, last in line["pages"]:
                            reported.update(labels(path.stem, names[path])[first - 1 : last])
                        seen["reports"] += 1
                    if "done" in line:
                        path = Path(str(line["done"]))
                        assert line["texts"] == labels(path.stem, names[path]), "the pages, in order, each once"
                        assert line["pages"] == names[path]
                done = {line["done"] for line in lines if "done" in line}
            assert done == set(map(str, names))
            store = Store.at(cache)
            entries = {Path(entry.source): entry for entry in store.entries()}
            assert {path: entry.pages for path, entry in entries.items()} == names, "every page is stored once"
            assert (store.intents(), store.jobs()) == ((), ())
            for path, entry in entries.items():
                for first, last in store.look(entry.key).answers:
                    answer = store.read(entry.key, (first, last))
                    assert answer is not None
                    for label in labels(path.stem, names[path])[first - 1 : last]:
                        assert 1 <= stand_in.billed[label] <= answer.sends <= 1 + reported[label], label
                        seen["pages paid again"] += stand_in.billed[label] - 1
        seen["generations"] = generation
    return seen


def test_a_few_kills(tmp_path: Path) -> None:
    crash(tmp_path, kills=4, reports=0, seed=1)


@pytest.mark.slow
def test_sixty_kills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = crash(tmp_path, kills=60, reports=3, seed=2)
    tell(capsys, f"kills of Client, seed 2: {dict(seen)}")
    assert seen["kills"] >= 60
    assert seen["reports"], "some kills must hit the window, or this proves nothing"


@pytest.mark.slow
def test_three_processes_at_once_and_killed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They want the same documents: one sends, the others wait, and take over what a dead one left."""
    seen = crash(tmp_path, kills=30, reports=1, seed=3, at_once=3)
    tell(capsys, f"kills of Client, seed 3: {dict(seen)}")
    assert seen["kills"] >= 30
