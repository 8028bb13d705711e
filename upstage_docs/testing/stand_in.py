"""Starts the stand-in: a local server, its faults, its bill, and clients that talk to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from upstage_docs.testing.faults import Faults

if TYPE_CHECKING:
    from upstage_docs.client.async_client import AsyncClient
    from upstage_docs.client.client import Client
    from upstage_docs.local import LocalTransport
    from upstage_docs.testing.reader import StandInReader

KEY = "up_stand_in"
"""A key of the right shape, which no account has."""


@dataclass(frozen=True)
class StandInApi:
    """The stand-in while it runs.

    Attributes:
        base_url: Where it listens, `http://127.0.0.1:PORT/v1`.
        faults: What shall go wrong, what came in, and what was billed by the document's SHA-256.
        reader: What it finds on pages, what was asked, and what was billed by the page's text.
    """

    base_url: str
    faults: Faults
    reader: StandInReader

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which clients, loaders and readers without arguments talk to it."""
        return {"UPSTAGE_API_KEY": KEY, "UPSTAGE_BASE_URL": self.base_url, "UPSTAGE_DOCS_ENGINE": "upstage"}

    @property
    def billed_pages(self) -> int:
        """Pages that an account would have been charged for, answers that were lost included."""
        return self.reader.billed.total()

    def client(self, **options: Any) -> Client:
        """Return a client of it that keeps nothing, never waits for its turn, and retries at once.

        Args:
            options: Those of `Client`, in place of these.
        """
        from upstage_docs.client.client import Client

        return Client(**{**self._swift(), **options})

    def async_client(self, **options: Any) -> AsyncClient:
        """Return an asynchronous client of it, as `client` does."""
        from upstage_docs.client.async_client import AsyncClient

        return AsyncClient(**{**self._swift(), **options})

    def _swift(self) -> dict[str, Any]:
        from upstage_docs.api.rates import RATES, Rate
        from upstage_docs.options import PollPolicy, RetryPolicy

        return {
            "engine": "upstage",  # whatever the environment chooses
            "api_key": KEY,
            "base_url": self.base_url,
            "cache": False,
            "rates": dict.fromkeys(RATES, Rate()),
            "retry": RetryPolicy(initial=0.01, maximum=0.05),
            "poll": PollPolicy(initial=0.02, maximum=0.05),
        }


@contextmanager
def running_stand_in(reader: StandInReader | None = None) -> Iterator[StandInApi]:
    """Run a stand-in for the API on a free loopback port while the block lasts.

    Args:
        reader: What is found on pages: each page's own text as one paragraph if None.

    Raises:
        MissingExtraError: The extra "testing" is not installed.
        OSError: The server did not start.
    """
    from upstage_docs.local import Engine
    from upstage_docs.serve.server import running
    from upstage_docs.testing.reader import StandInReader
    from upstage_docs.testing.server import build_app

    reader, faults = reader or StandInReader(), Faults()
    with running(build_app(Engine(read=reader.read), faults=faults)) as base_url:
        yield StandInApi(base_url, faults, reader)


def stand_in_transport(reader: StandInReader | None = None) -> LocalTransport:
    """Return an httpx transport that answers as the stand-in does, without a socket and without faults.

    Give it to a client, with any key: `Client("up_any", transport=stand_in_transport())`. The client closes it.

    Args:
        reader: As in `running_stand_in`.

    Raises:
        MissingExtraError: The extra "local" is not installed.
    """
    from upstage_docs.local import Engine, LocalTransport
    from upstage_docs.testing.reader import StandInReader

    return LocalTransport(Engine(read=(reader or StandInReader()).read))
