"""A PostgreSQL server with pgvector, which the wheel `pgserver` brings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import pytest

__all__ = ["postgres_server"]


@contextmanager
def postgres_server() -> Iterator[Any]:
    """Start a server and stop it at the end.

    For root, pgserver starts it as a user of its own, who must reach the folder: another run of pytest closes pytest's
    folders to others when it begins.
    """
    pgserver = pytest.importorskip("pgserver")
    with TemporaryDirectory() as folder, pgserver.get_server(folder, cleanup_mode="stop") as server:
        yield server
