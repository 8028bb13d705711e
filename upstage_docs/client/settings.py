"""Which engine answers and with which key: arguments and environment → one checked context. Sends nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from upstage_docs.api.limits import LIMITS, Limits
from upstage_docs.api.rates import RATES, Family, Rate, RateLimiter
from upstage_docs.api.requests import BASE_URL, Api
from upstage_docs.errors import ConfigError
from upstage_docs.flows.billing import PRICED, PRICES, Account, Spending
from upstage_docs.flows.steps import ClientContext
from upstage_docs.options import PollPolicy, RetryPolicy, choice
from upstage_docs.store.store import Store

if TYPE_CHECKING:
    import httpx

__all__ = ["ClientBase", "Engine", "Settings", "client_context", "prepare", "transport_of"]

Engine = Literal["upstage", "local"]

_ENGINES = ("upstage", "local")
_SECRET = ("authorization", "cookie", "key", "token", "secret", "password", "credential")


@dataclass(frozen=True)
class Settings:
    """What a client was made with; the key, the headers and the transport never show.

    `choose` decides the engine; `without_secrets` is what may be pickled.
    """

    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    engine: Engine | None = None
    auth_header: str = "Authorization"
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = field(default=None, repr=False)
    timeout: float = 900.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    poll: PollPolicy | None = None
    max_concurrency: int = 5
    rates: Mapping[Family, Rate] | None = None
    rate_share: float = 1.0
    limits: Limits = LIMITS
    prices: Mapping[str, float] | None = None
    cache: bool | str | os.PathLike[str] | None = None
    on_unknown: Literal["raise", "resend"] = "raise"

    def __post_init__(self) -> None:
        choice("on_unknown", self.on_unknown, ("raise", "resend"))
        if not isinstance(self.max_concurrency, int) or self.max_concurrency < 1:
            raise ConfigError(f"max_concurrency={self.max_concurrency!r} must be a whole number, 1 or more.")
        if not isinstance(self.timeout, (int, float)) or not 0 < self.timeout < float("inf"):
            raise ConfigError(f"timeout={self.timeout!r} must be a number of seconds above 0.")
        for name, price in (self.prices or {}).items():
            if name not in PRICED or not isinstance(price, (int, float)) or not 0 <= price < float("inf"):
                raise ConfigError(
                    f"prices={{{name!r}: {price!r}}} must be US dollars per page, of {', '.join(PRICED)}."
                )
        if self.cache is not None and not isinstance(self.cache, (bool, str, os.PathLike)):
            raise ConfigError(f"cache={self.cache!r} must be True, False or a folder.")
        if isinstance(self.cache, (str, os.PathLike)) and "\0" in os.fsdecode(self.cache):
            raise ConfigError(f"cache={self.cache!r} is no folder: its name holds a null character.")

    @property
    def at_once(self) -> int:
        """Documents and parts in work: while the requests of one half wait, the other is read, hashed and stored.

        Without a store, answers that wait for their turn are held in memory: then no more than requests at once.
        """
        stored = self.chosen == "upstage" if self.cache is None else self.cache is not False
        return 2 * self.max_concurrency if stored and self.max_concurrency > 1 else self.max_concurrency

    @property
    def chosen(self) -> Engine:
        """The engine: the argument, else UPSTAGE_DOCS_ENGINE, else Upstage; never one in place of the other."""
        engine = self.engine or os.environ.get("UPSTAGE_DOCS_ENGINE") or "upstage"
        choice("engine", engine, _ENGINES)
        return "local" if engine == "local" else "upstage"

    def without_secrets(self) -> Settings:
        """Return what another process may be given: it reads the key from UPSTAGE_API_KEY.

        Raises:
            ConfigError: A transport or a header that proves who asks cannot go with it.
        """
        if self.transport is not None:
            raise ConfigError("A client with transport= cannot be pickled; make it in the process that uses it.")
        for name in self.headers or {}:
            if any(word in name.lower() for word in _SECRET):
                raise ConfigError(
                    f"A client with headers={{{name!r}: ...}} cannot be pickled, since that looks like a secret. Use "
                    f"auth_header={name!r} and UPSTAGE_API_KEY, which each process reads for itself."
                )
        return replace(self, api_key=None)


class ClientBase:
    """The constructor, the usage and the pickling that `Client` and `AsyncClient` share."""

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        engine: Engine | None = None,
        auth_header: str = "Authorization",
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
        timeout: float = 900.0,
        retry: RetryPolicy | None = None,
        poll: PollPolicy | None = None,
        max_concurrency: int = 5,
        rates: Mapping[Family, Rate] | None = None,
        rate_share: float = 1.0,
        limits: Limits = LIMITS,
        prices: Mapping[str, float] | None = None,
        cache: bool | str | os.PathLike[str] | None = None,
        on_unknown: Literal["raise", "resend"] = "raise",
    ) -> None:
        """Make a client; nothing is sent.

        Args:
            api_key: Else UPSTAGE_API_KEY. It goes to the API's host only and never shows.
            base_url: API root or full endpoint, else UPSTAGE_BASE_URL, else the public API.
            engine: `upstage`, or `local` for the engine on this machine, else UPSTAGE_DOCS_ENGINE, else `upstage`.
            auth_header: Header that carries the key; `x-api-key` for many private gateways.
            headers: Further headers, sent to the API's host only.
            transport: What answers instead of the network: an `httpx` transport. Closed with the client.
            timeout: Seconds for one upload with its answer. 100 pages take about three minutes.
            retry: When a request is tried again.
            poll: How jobs are waited for.
            max_concurrency: Requests at once; twice as many documents or parts are in work.
            rates: Overrides of `rates.RATES`, by family (`sync`, `async`, `ocr`).
            rate_share: The part of every rate that is this client's, 0-1, where several share one account.
            limits: What the API takes; `api.limits.LIMITS_2025` for older deployments.
            prices: US dollars per page of `standard`, `enhanced` and `ocr` in estimates and `usage`, over those of
                `flows.billing.PRICES`. No list price of OCR is public.
            cache: Where answers, jobs and intents are kept, so that nothing is paid twice: True for the platform's
                cache folder, a folder, or False. None means True for Upstage and False for the local engine.
            on_unknown: `raise` reports a paid request whose outcome is not known, `resend` pays again.

        Raises:
            ConfigError: No key and no engine chosen, a malformed key or address, or contradicting options.
        """
        self._open(
            Settings(
                api_key=api_key,
                base_url=base_url,
                engine=engine,
                auth_header=auth_header,
                headers=headers,
                transport=transport,
                timeout=timeout,
                retry=retry or RetryPolicy(),
                poll=poll,
                max_concurrency=max_concurrency,
                rates=rates,
                rate_share=rate_share,
                limits=limits,
                prices=prices,
                cache=cache,
                on_unknown=on_unknown,
            )
        )

    @property
    def usage(self) -> Spending:
        """What this client was billed for so far, as the answers tell."""
        return self._context.account.spending

    @property
    def engine(self) -> Engine:
        """Which engine answers."""
        return self._settings.chosen

    @property
    def max_concurrency(self) -> int:
        """Requests at once."""
        return self._settings.max_concurrency

    def __repr__(self) -> str:
        if "_context" not in vars(self):
            return f"<{type(self).__name__} that could not be made>"  # as tools see it that show a traceback's locals
        return f"{type(self).__name__}(engine={self.engine!r}, base_url={self._context.api.root!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {"settings": self._settings.without_secrets()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._open(state["settings"])

    def _open(self, settings: Settings) -> None:
        self._settings = settings
        self._context = client_context(settings)


ClientBase.__init__.__qualname__ = "(Async)Client.__init__"  # Python names it where an argument is wrong


def client_context(settings: Settings) -> ClientContext:
    """Check *settings* and the environment, and build what all flows of a client share.

    Raises:
        ConfigError: No key and no engine, a key that cannot be one, or options that contradict each other.
    """
    local = settings.chosen == "local"
    if local and settings.base_url is not None:
        chosen = 'engine="local"' if settings.engine else "UPSTAGE_DOCS_ENGINE=local"
        raise ConfigError(
            f"{chosen} answers on this machine and takes no base_url; leave one of them out, or say "
            'engine="upstage" for that address.'
        )
    if settings.engine == "local" and settings.api_key is not None:  # chosen by the environment, it replaces Upstage
        raise ConfigError('engine="local" answers on this machine and takes no api_key; leave one of them out.')
    base_url = settings.base_url or os.environ.get("UPSTAGE_BASE_URL") or BASE_URL
    version = ""
    if local:
        from upstage_docs import local as engine
        from upstage_docs.local.service.pipe import MODEL

        base_url, version = engine.BASE_URL, MODEL
    unlimited = dict.fromkeys(RATES, Rate())
    return ClientContext(
        api=Api.at(base_url, dict(settings.headers or {}) if local else _proof(settings)),
        retry=settings.retry,
        poll=settings.poll or (PollPolicy(initial=0.05, maximum=0.5) if local else PollPolicy()),
        timeout=settings.timeout,
        # What the local engine answers costs nothing, and its jobs end with its process: it is stored only if asked.
        store=Store.at(not local if settings.cache is None else settings.cache),
        rates=RateLimiter({**(unlimited if local else {}), **(settings.rates or {})}, share=settings.rate_share),
        on_unknown=settings.on_unknown,
        engine_version=version,
        account=Account({**(dict.fromkeys(PRICED, 0.0) if local else PRICES), **(settings.prices or {})}),
    )


def transport_of(settings: Settings) -> httpx.BaseTransport | httpx.AsyncBaseTransport | None:
    """Return what answers: the transport given, the local engine's, or None for the network."""
    if settings.transport is None and settings.chosen == "local":
        from upstage_docs.local import LocalTransport

        return LocalTransport()
    return settings.transport


def prepare(settings: Settings) -> None:
    """Load what the first asynchronous connection of a process needs: a tenth of a second, for a thread to spend."""
    import_module("anyio._backends._asyncio")  # anyio would, at the first wait
    if settings.transport is not None:
        return
    if settings.chosen == "local":
        from upstage_docs.local import LocalTransport  # noqa: F401
    else:
        from upstage_docs.client.sending import tls

        tls()


def _proof(settings: Settings) -> dict[str, str]:
    """Return the headers that go to the API and to no other host."""
    headers = dict(settings.headers or {})
    given = {name.lower() for name in headers}
    for name, value in headers.items():
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise ConfigError(f"headers[{name!r}] must be printable ASCII without line breaks.")
    if settings.auth_header.lower() in given:
        if settings.api_key is not None:
            raise ConfigError(f"api_key= and headers[{settings.auth_header!r}] contradict each other; give one.")
        return headers
    key = settings.api_key
    if key is None:
        key = os.environ.get("UPSTAGE_API_KEY") or None
    if key is None:
        if given & {"x-api-key", "authorization"}:
            return headers
        raise ConfigError(
            "No API key. Set UPSTAGE_API_KEY or pass api_key= to use Upstage (https://console.upstage.ai), or choose "
            'the engine on this machine with engine="local" (--engine local in the command) or '
            "UPSTAGE_DOCS_ENGINE=local."
        )
    if not isinstance(key, str) or not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(
            "The API key is empty or holds a space, a line break or a character that no key has; copy it again "
            "(UPSTAGE_API_KEY or api_key=). It is not shown here."
        )
    headers[settings.auth_header] = f"Bearer {key}" if settings.auth_header.lower() == "authorization" else key
    return headers
