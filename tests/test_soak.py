"""Many documents, one in twenty of which meets a fault: all are answered or reported, and nothing grows with them."""

from __future__ import annotations

import hashlib
import random
import sys
from collections import Counter
from pathlib import Path

import pytest
from killing import run_and_kill, tell
from soak_until_done import png

from upstage_docs.store.store import Store

pytest.importorskip("starlette", reason='the loopback server needs the extra "server"')
pytest.importorskip("uvicorn", reason='the loopback server needs the extra "server"')

PROGRAM = Path(__file__).with_name("soak_until_done.py")
_FAULTY = 0.05
_EACH_FAILURE = 3_000
"""Bytes that a document in the report may cost: its error with what came. A guess, not a measurement."""
_FIRST = 0.3
"""Share of the documents before which memory is not looked at: pools, caches and the store's pages fill up."""
_GROWTH = 12_000_000
"""Bytes that the rest may add apart from the report; what kept 1,700 bytes of each document would add as much."""
_THREADS = 18
"""When all that the program lets be in work at once, 16 documents, has a thread of its own: a pool fills up as it is
needed, on a busy machine late, so that the first look is no measure."""


def soak(folder: Path, client: str, number: int, seed: int) -> Counter[str]:
    """Let *client* read so many documents in a process of its own, and check what it says and what was billed."""
    from upstage_docs.local import Engine
    from upstage_docs.server import running
    from upstage_docs.testing import faults as all_faults
    from upstage_docs.testing.faults import Fault, Faults, Received
    from upstage_docs.testing.reader import StandInReader
    from upstage_docs.testing.server import build_app

    kinds: tuple[Fault, ...] = (
        all_faults.unavailable(),
        all_faults.too_many_requests(retry_after=0),
        all_faults.gateway_text(),
        all_faults.Answer(400, b'{"error": {"message": "why not"}}'),
        all_faults.Answer(200, b"<html>login</html>"),
        all_faults.Answer(200, b"{}"),
        all_faults.reset(),
        all_faults.reset(after=60),
        all_faults.Truncate(40),
        all_faults.Rewrite(lambda answer: {**answer, "elements": None}),
    )

    class Weather(Faults):
        """Faults by chance."""

        def __init__(self) -> None:
            super().__init__()
            self.chance = random.Random(seed)
            self.met: Counter[str] = Counter()

        def meet(self, received: Received) -> Fault | None:
            super().meet(received)
            if received.kind == "sync" and self.chance.random() < _FAULTY:
                received.fault = self.chance.choice(kinds)
                self.met[type(received.fault).__name__] += 1
            return received.fault

    weather = Weather()
    app = build_app(Engine(read=StandInReader(pages=1).read), faults=weather)
    with running(app) as base_url:
        lines, ended = run_and_kill(PROGRAM, [client, base_url, str(folder / "cache"), str(number)], None)
    assert ended
    end = lines[-1]
    answered, failed = set(end["answered"]), {int(one): error for one, error in end["failed"].items()}

    assert not end["twice"]
    assert answered | set(failed) == set(range(number)), "every document is accounted for"
    assert not answered & set(failed)
    assert end["failures"] == len(failed)
    bill = weather.billed
    for one in range(number):
        paid = bill.get(hashlib.sha256(png(one)).hexdigest(), 0)
        assert paid == 1 if one in answered else paid <= 1, (one, paid)
    store = Store.at(folder / "cache")
    errors = Counter(failed.values())
    unread = errors["InvalidResponseError"]
    assert len(store.intents()) <= errors["UnknownOutcomeError"] + unread
    stored = sum(entry.size > 0 for entry in store.entries())
    assert len(answered) <= stored <= len(answered) + unread

    looks = [line for line in lines if "memory" in line]
    settled = [line for line in looks if line["answered"] >= _FIRST * number]
    first, last = settled[0], settled[-1]
    grown = last["memory"] - first["memory"]
    assert grown <= _GROWTH + _EACH_FAILURE * len(failed), looks
    assert max(line["files"] for line in settled) <= first["files"] + 4, looks
    assert max(line["threads"] for line in settled) <= _THREADS + 2, looks
    assert max(line["tasks"] for line in settled) <= first["tasks"] + 20, looks
    assert max(line["events"] for line in settled) <= first["events"] + 40, looks
    return Counter(
        documents=number, answered=len(answered), faults=weather.met.total(), grown=grown, memory=last["memory"],
        files=last["files"], threads=last["threads"], **errors,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="reads sizes of a process in /proc")
@pytest.mark.parametrize(
    ("client", "number"),
    [
        ("Client", 200),
        ("AsyncClient", 200),
        pytest.param("Client", 10_000, marks=pytest.mark.slow),
        pytest.param("AsyncClient", 10_000, marks=pytest.mark.slow),
    ],
)
def test_every_document_is_accounted_for_and_nothing_grows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], client: str, number: int
) -> None:
    seen = soak(tmp_path, client, number, seed=5)
    tell(capsys, f"soak of {client}, seed 5: {dict(seen)}")
