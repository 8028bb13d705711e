"""A pytest plugin: `pytest_plugins = ["upstage_docs.testing.plugin"]` gives the fixture `upstage_api`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from upstage_docs.testing.stand_in import StandInApi, running_stand_in

__all__ = ["upstage_api"]


@pytest.fixture
def upstage_api(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInApi]:
    """A stand-in for the API during one test; clients and loaders made without arguments in the test talk to it.

    The environment of the test names the stand-in and a key that no account has, and results are kept in a
    folder of the test's own, so that neither a real key nor a real result is touched.
    """
    with running_stand_in() as api:
        for name, value in api.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("UPSTAGE_DOCS_CACHE", str(tmp_path_factory.mktemp("upstage-docs")))
        yield api
