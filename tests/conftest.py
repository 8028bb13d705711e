"""What every test shares: where the recorded real answers lie, if they lie anywhere."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from upstage_docs.faults import Faults

ROOT = Path(__file__).resolve().parent.parent

# A key that lies around is never spent by the tests, and no setting of their machine decides what they show.
for _name in ("UPSTAGE_API_KEY", "UPSTAGE_BASE_URL", "UPSTAGE_DOCS_ENGINE"):
    os.environ.pop(_name, None)


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of recorded real answers beside the repository; real data is never part of it."""
    folder = ROOT.parent / "shared"
    if not (folder / "upstage" / "responses").is_dir():
        pytest.skip("the recorded real answers are not on this machine")
    return folder


def open_files() -> set[str]:
    """Where the open files of this process lie, where the system tells it."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir() if Path("/proc/self/fd").is_dir() else ():
        with suppress(OSError):
            found.add(f"{entry.name} {entry.readlink()}")
    return found


@dataclass
class Loopback:
    """The API's stand-in on loopback: `faults` says what goes wrong and what came in, `billed` what was paid for."""

    base_url: str
    faults: Faults
    billed: Counter[str]


@pytest.fixture(scope="session")
def _loopback_server() -> Iterator[Loopback]:
    pytest.importorskip("starlette", reason='the loopback server needs the extra "server"')
    pytest.importorskip("uvicorn", reason='the loopback server needs the extra "server"')
    from stand_in import StandIn

    from upstage_docs.faults import Faults
    from upstage_docs.local import Engine
    from upstage_docs.server import build_app, running

    faults, stand_in = Faults(), StandIn()
    with running(build_app(Engine(read=stand_in.read), faults=faults)) as base_url:
        yield Loopback(base_url, faults, stand_in.billed)


@pytest.fixture
def loopback(_loopback_server: Loopback) -> Loopback:
    """A server of the API's protocol whose documents are read in no time; it remembers its jobs, and nothing else."""
    _loopback_server.faults.clear()
    _loopback_server.faults.received.clear()
    _loopback_server.billed.clear()
    return _loopback_server
