"""What every test shares: where the recorded real answers lie, if they lie anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of recorded real answers beside the repository; real data is never part of it."""
    folder = ROOT.parent / "shared"
    if not (folder / "upstage" / "responses").is_dir():
        pytest.skip("the recorded real answers are not on this machine")
    return folder
