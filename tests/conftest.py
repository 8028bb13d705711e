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
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from upstage_docs.testing.faults import Faults
    from upstage_docs.testing.reader import StandInReader

ROOT = Path(__file__).resolve().parent.parent

# A key that lies around is never spent by the tests, and no setting of their machine decides what they show.
for _name in ("UPSTAGE_API_KEY", "UPSTAGE_BASE_URL", "UPSTAGE_DOCS_ENGINE"):
    os.environ.pop(_name, None)


# Properties are looked for among the same examples each time, however slow the machine is: a run can be repeated.
# `UPSTAGE_DOCS_EXAMPLES=2000` looks among as many others each time, and prints how to repeat what fails.
_EXAMPLES = int(os.environ.get("UPSTAGE_DOCS_EXAMPLES", "0"))
settings.register_profile(
    "suite",
    max_examples=_EXAMPLES or 100,
    derandomize=not _EXAMPLES,
    print_blob=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("suite")


def examples(usual: int) -> settings:
    """How many examples a property is looked for among, where a hundred are too few or take too long."""
    return settings(max_examples=_EXAMPLES or usual)


_LONGEST_NAME = 80  # characters of an argument in the name of a test


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a test by its argument where the value is long or no text.

    Archives hold the time at which they are made: workers that collect at different seconds would find other names,
    and pytest-xdist then runs nothing.
    """
    if isinstance(val, bytes):
        val = val.decode("latin-1")
    if isinstance(val, str) and (len(val) > _LONGEST_NAME or not val.isprintable()):
        return argname
    return None


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
    stand_in: StandInReader

    @property
    def billed(self) -> Counter[str]:
        return self.stand_in.billed


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """A server of the API's protocol whose documents are read in no time.

    Each test has its own: what another left under way (a send that was cut, a job) is nothing that this one sees.
    """
    pytest.importorskip("starlette", reason='the loopback server needs the extra "server"')
    pytest.importorskip("uvicorn", reason='the loopback server needs the extra "server"')
    from upstage_docs.testing.stand_in import running_stand_in

    with running_stand_in() as api:
        yield Loopback(api.base_url, api.faults, api.reader)
