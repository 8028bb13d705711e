"""Gives a loader its client: one of its own for each load, or the caller's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Protocol

from upstage_docs.errors import ConfigError
from upstage_docs.errors.redaction import as_secret
from upstage_docs.options.definitions import Options, documented, option

if TYPE_CHECKING:
    from upstage_docs.client.async_client import AsyncClient
    from upstage_docs.client.client import Client
    from upstage_docs.flows.plan import Spending


class WrappedKey(Protocol):
    """A key in a wrapper that does not show it, such as pydantic's `SecretStr`."""

    def get_secret_value(self) -> str:
        """Return the key."""


class StayedKey:
    """Stands for a key that was left behind when a component was pickled."""

    def get_secret_value(self) -> str:
        """Return the key of this process.

        Raises:
            ConfigError: It has none.
        """
        key = os.environ.get("UPSTAGE_API_KEY")
        if key is None:
            raise ConfigError(
                "The key given as api_key= does not travel to another process; set UPSTAGE_API_KEY there."
            )
        return key


def wrap_key(
    names: Sequence[str], values: Sequence[Any], options: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a constructor with an `api_key` that does not show; *names* are those of *values*."""
    named = zip_longest(names[: len(values)], values)  # there may be more values than the constructor takes
    wrapped = tuple(as_secret(value) if name == "api_key" else value for name, value in named)
    return wrapped, {name: as_secret(value) if name == "api_key" else value for name, value in options.items()}


def _check_key(name: str, key: object) -> object:
    if not (key is None or isinstance(key, str) or hasattr(key, "get_secret_value")):
        raise ConfigError(f"{name}= is {type(key).__name__}; give the key as str or SecretStr.")
    return as_secret(key)  # tools that show a traceback show its local variables


def _client(name: str, client: object) -> object:
    if client is not None:
        from upstage_docs.client.settings import ClientBase

        if not isinstance(client, ClientBase):
            raise ConfigError(
                f"{name}= is of type {type(client).__name__!r}; give a Client(...) or AsyncClient(...) of upstage_docs."
            )
    return client


@documented
@dataclass(frozen=True)
class ConnectionOptions(Options):
    """Who answers a load: a client of the caller's, or one that is made for each load.

    Raises:
        ConfigError: A value is neither.
    """

    api_key: Any = option(
        None,
        "The API key; UPSTAGE_API_KEY if not given. It is never shown, pickled or serialised.",
        _check_key,
        shown=False,
    )
    client: Any = option(
        None,
        "A `Client` or `AsyncClient` to use. It stays open. What it can be made with (`timeout`, `cache`, ...) is then "
        "given to it, not here.",
        _client,
        shown=False,
    )


class Connection:
    """Says who answers a load, with which settings, and sums up what the loads were billed for.

    Args:
        api_key: Else UPSTAGE_API_KEY, read when a load begins.
        client: The caller's, which stays open; the other settings are then its own.
        bill: What the loads so far were billed for, each by itself; it is added to.
        settings: Those of `Client`; None is none.

    Raises:
        ConfigError: *api_key* or *client* is none, or *client* and a setting contradict each other.
    """

    def __init__(
        self,
        api_key: str | WrappedKey | None = None,
        *,
        client: Any = None,
        bill: list[Spending] | None = None,
        **settings: Any,
    ) -> None:
        api_key = ConnectionOptions(api_key).api_key
        self._settings = {name: value for name, value in settings.items() if value is not None}
        given = ["api_key", *self._settings] if api_key is not None else [*self._settings]
        if client is not None and given:
            raise ConfigError(f"client= and {given[0]}= contradict each other; give {given[0]}= to the client.")
        if settings.get("engine") == "local" and api_key is not None:
            raise ConfigError('engine="local" answers on this machine and takes no api_key; leave one of them out.')
        self._api_key = api_key
        self._client: Client | AsyncClient | None = ConnectionOptions(client=client).client
        self.bill = [] if bill is None else bill

    @property
    def usage(self) -> Spending:
        """What the loads so far were billed for, as the answers say; of a caller's client, all it was billed for."""
        if self._client is not None:
            return self._client.usage
        from upstage_docs.flows.plan import Spending

        return sum(self.bill[1:], self.bill[0]) if self.bill else Spending()

    def check(self, *, key_later: bool = False) -> None:
        """Check the settings of the client, so that a wrong one shows before the first load.

        Args:
            key_later: Whether the key may still be missing.

        Raises:
            ConfigError: No key and no engine chosen, a malformed key or address, or contradicting options.
        """
        if self._client is None:
            from upstage_docs.client.settings import Settings, client_context

            key = self._current_key()
            if key_later and not self._local and key is None and not os.environ.get("UPSTAGE_API_KEY"):
                key = "later"
            client_context(Settings(api_key=key, **self._settings))

    @contextmanager
    def lend(self, *, asynchronous: bool = False) -> Iterator[Any]:
        """Lend the client of one load, to be entered by `with` or `async with`.

        An asynchronous load uses a caller's `Client` in threads.

        Raises:
            ConfigError: A synchronous load has an AsyncClient.
        """
        from upstage_docs.client.client import Client

        if self._client is None:
            kind: Any = Client
            if asynchronous:
                from upstage_docs.client.async_client import AsyncClient

                kind = AsyncClient
            made = kind(self._current_key(), **self._settings)
            try:
                yield made
            finally:
                self.bill.append(made.usage)
        elif asynchronous or isinstance(self._client, Client):
            yield nullcontext(self._client)
        else:
            raise ConfigError("client= is an AsyncClient; load with an async method, or give a Client.")

    @property
    def _local(self) -> bool:
        return (self._settings.get("engine") or os.environ.get("UPSTAGE_DOCS_ENGINE")) == "local"

    def _current_key(self) -> str | None:
        if self._local:
            return None
        key = self._api_key
        return as_secret(key if key is None or isinstance(key, str) else key.get_secret_value())  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"Connection({', '.join(f'{name}={value!r}' for name, value in self._settings.items())})"

    def __copy__(self) -> Connection:
        """Return a connection with its own count of billed pages, and with key and client: it stays in this process."""
        copied = Connection.__new__(Connection)
        vars(copied).update(vars(self), bill=[])
        return copied

    def __deepcopy__(self, _: dict[int, Any]) -> Connection:
        """Return a connection as `__copy__` does."""
        return self.__copy__()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the key behind.

        Raises:
            ConfigError: There is a caller's client, which cannot go with it.
        """
        return {**vars(self), "_api_key": self.key_of_another_process()}

    def key_of_another_process(self) -> StayedKey | None:
        """Return the placeholder of the key in a pickle: the other process reads the key from its environment.

        Raises:
            ConfigError: There is a caller's client, which cannot go with it.
        """
        if self._client is not None:
            raise ConfigError(
                "What was made with client= cannot be pickled or sent to another process; give api_key=, base_url= or "
                "engine= instead, and each process makes its own client."
            )
        return None if self._api_key is None else StayedKey()
