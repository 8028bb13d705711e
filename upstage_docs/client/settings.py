"""The settings of a client: engine, key, addresses and limits, from arguments and environment variables."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from upstage_docs.api.limits import LIMITS, ApiLimits
from upstage_docs.api.messages import BASE_URL, Api
from upstage_docs.api.rates import RATES, Family, Rate, RateLimiter, rates_by_family, shared_limiter
from upstage_docs.errors import ConfigError
from upstage_docs.errors.redaction import HEADER_NAME, SECRET_OPTIONS, Secret, wrap_secrets
from upstage_docs.flows.context import ClientContext
from upstage_docs.flows.plan import PRICED, PRICES, Account, Spending
from upstage_docs.options import PollPolicy, RetryPolicy
from upstage_docs.options.definitions import (
    Options,
    hash_of,
    option,
    require_choice,
    require_folder,
    require_number,
    takes,
    wrap_arguments,
)
from upstage_docs.store.store import Store

if TYPE_CHECKING:
    import httpx
    from typing_extensions import Self

EngineName = Literal["upstage", "local"]

_SECRET = ("authorization", "cookie", "key", "token", "secret", "password", "credential")


def _headers(name: str, headers: object) -> dict[str, str] | None:
    if headers is None:
        return None
    if not isinstance(headers, Mapping):
        raise ConfigError(f"{name}= must map header names to strings, not {type(headers).__name__}.")
    for header, value in headers.items():
        _header_name(f"An entry of {name}", header)
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise ConfigError(f"{name}[{header!r}] must be printable ASCII without line breaks.")
    kept: dict[str, str] = wrap_secrets(headers)
    return kept


def _header_name(name: str, header: object) -> object:
    if not isinstance(header, str) or not HEADER_NAME.fullmatch(header):
        raise ConfigError(f"{name}= is not the name of a header, such as x-api-key. It is not shown here.")
    return header


def _transport(name: str, transport: object) -> object:
    if transport is not None and not {"handle_request", "handle_async_request"} & set(dir(transport)):
        raise ConfigError(f"{name}= is of type {type(transport).__name__!r}; give an httpx transport.")
    return transport


def _prices(name: str, prices: object) -> dict[str, float] | None:
    if prices is None:
        return None
    if not isinstance(prices, Mapping):
        raise ConfigError(f"{name}={prices!r} must map {', '.join(PRICED)} to US dollars per page.")
    numbers = {}
    for kind, price in prices.items():
        with suppress(ConfigError):
            require_choice(name, kind, PRICED)
            numbers[kind] = require_number(name, price, least=0)
        if kind not in numbers:
            raise ConfigError(f"{name}={{{kind!r}: {price!r}}} must be US dollars per page, of {', '.join(PRICED)}.")
    return numbers


def _cache(name: str, cache: object) -> object:
    if cache is None or isinstance(cache, bool):
        return cache
    if not isinstance(cache, (str, os.PathLike)):
        raise ConfigError(f"{name}={cache!r} must be True, False or a folder.")
    return require_folder(name, cache)


def _with_the_environment(_: str, value: object) -> object:
    """Leave the check to `client_context`, which knows the environment and never shows a key."""
    return value


@dataclass(frozen=True)
class Settings(Options):
    """What a client was made with; the key, the headers and the transport never show.

    `chosen` decides the engine; `without_secrets` is what may be pickled.
    """

    api_key: str | None = option(
        None,
        "The API key; UPSTAGE_API_KEY if not given. It is sent to the API's host only and never shown.",
        _with_the_environment,
        shown=False,
        in_command=False,
    )
    _: KW_ONLY
    base_url: str | None = option(
        None,
        "The API's root or full endpoint. By default UPSTAGE_BASE_URL, or else the public API.",
        _with_the_environment,
    )
    engine: EngineName | None = option(
        None,
        "Who answers: `upstage`, or `local`, the engine on this machine, which needs no key and no network. By default "
        "UPSTAGE_DOCS_ENGINE, or else `upstage`.",
    )
    auth_header: str = option(
        "Authorization",
        "Header that carries the key; `x-api-key` for many private gateways.",
        _header_name,
        in_command=False,
    )
    headers: Mapping[str, str] | None = option(
        None, "Further headers, sent to the API's host only.", _headers, shown=False, in_command=False
    )
    transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = option(
        None,
        "What answers instead of the network: an `httpx` transport. Closed with the client.",
        _transport,
        shown=False,
        in_command=False,
    )
    timeout: float = option(
        900.0,
        "Seconds for one upload with its answer. 100 pages take about three minutes at the speed that Upstage states.",
        above=0,
        unit="seconds",
        in_command=False,
    )
    retry: RetryPolicy | None = option(
        None, "When a request is tried again; `RetryPolicy()` if None.", in_command=False
    )
    poll: PollPolicy | None = option(None, "How jobs are waited for; if None, as suits the engine.", in_command=False)
    max_concurrency: int = option(
        5, "How many requests run at once. Up to twice as many documents or parts are read at a time.", least=1
    )
    rates: Mapping[Family, Rate] | None = option(
        None, "Overrides of `rates.RATES`, by family (`sync`, `async`, `ocr`).", rates_by_family, in_command=False
    )
    rate_share: float = option(
        1.0,
        "This process's share of every rate, 0-1, if several use one account. Clients of one process that have the "
        "same key, `base_url`, `rates` and share keep to them together.",
        above=0,
        most=1,
        in_command=False,
    )
    limits: ApiLimits = option(
        LIMITS, "The API's limits; `api.limits.LIMITS_2025` for older deployments.", in_command=False
    )
    prices: Mapping[str, float] | None = option(
        None,
        "US dollars per page of `standard`, `enhanced` and `ocr` in estimates and `usage`, in place of those in "
        "`flows.plan.PRICES`. Upstage publishes no price for OCR.",
        _prices,
        in_command=False,
    )
    cache: bool | str | os.PathLike[str] | None = option(
        None,
        "Whether answers, jobs and paid requests under way are stored, so that nothing is paid twice; a folder stores "
        "them there. By default they are stored for Upstage, in the user's cache folder, and not for the local engine.",
        _cache,
    )
    on_unknown: Literal["raise", "resend"] = option(
        "raise",
        "What to do if a paid request was cut off and its outcome is unknown: `raise` reports it, `resend` pays again.",
    )

    __hash__ = hash_of

    @property
    def at_once(self) -> int:
        """How many documents and parts are read at a time: while half wait for answers, the others are read and stored.

        Without a store, answers that wait for their turn are held in memory: then no more than requests at once.
        """
        stored = self.chosen == "upstage" if self.cache is None else self.cache is not False
        return 2 * self.max_concurrency if stored and self.max_concurrency > 1 else self.max_concurrency

    @property
    def chosen(self) -> EngineName:
        """The engine: the argument, else UPSTAGE_DOCS_ENGINE, else Upstage. It is never switched silently."""
        engine = self.engine or os.environ.get("UPSTAGE_DOCS_ENGINE") or "upstage"
        require_choice("engine", engine, get_args(EngineName))
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

    _session_kind: ClassVar[type[Any]]

    @takes(Settings)
    def __init__(self, *values: Any, **settings: Any) -> None:
        """Make a client; nothing is sent.

        Raises:
            ConfigError: No key and no engine chosen, a malformed key or address, or contradicting options.
        """
        # Tools that show a traceback show its local variables.
        values, settings = wrap_arguments(["api_key"] * len(values), values, settings)
        self._open(Settings(*values, **settings))

    @property
    def usage(self) -> Spending:
        """What this client was billed for so far, according to the answers."""
        return self._context.account.spending

    @property
    def engine(self) -> EngineName:
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

    def __copy__(self) -> Self:
        """Return another client with the same settings; it stays in this process, so the key goes with it.

        Raises:
            ConfigError: A transport cannot be shared: closing one client would close it for the other.
        """
        if self._settings.transport is not None:
            raise ConfigError("A client with transport= cannot be copied; make another with a transport of its own.")
        copied = type(self).__new__(type(self))
        copied.__setstate__({"settings": self._settings})
        return copied

    def __deepcopy__(self, _: dict[int, Any]) -> Self:
        """Return another client with the same settings, as `copy.copy` does."""
        return copy.copy(self)

    def __getstate__(self) -> dict[str, Any]:
        return {"settings": self._settings.without_secrets()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._open(state["settings"])

    def _open(self, settings: Settings) -> None:
        self._settings = settings
        self._context = client_context(settings)
        self._session = self._session_kind(settings)


Settings.__init__.__qualname__ = "(Async)Client.__init__"  # Python names it where an argument is wrong


def api_of(settings: Settings) -> Api:
    """Check *settings* and the environment, and return where they lead and how it is proven who asks.

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
    if local:
        from upstage_docs import local as engine

        return Api.at(engine.BASE_URL, settings.headers)
    base_url = settings.base_url
    if base_url is None or base_url == "":
        base_url = SECRET_OPTIONS["base_url"](os.environ.get("UPSTAGE_BASE_URL") or BASE_URL)
    return Api.at(base_url, _proof(settings))


def client_context(settings: Settings) -> ClientContext:
    """Check *settings* and the environment, and build what all flows of a client share.

    Raises:
        ConfigError: As `api_of`; or answers cannot be kept where they shall.
    """
    api = api_of(settings)
    local = settings.chosen == "local"
    version = ""
    if local:
        from upstage_docs.local.service.pipe import MODEL

        version = MODEL
    return ClientContext(
        api=api,
        retry=settings.retry or RetryPolicy(),
        poll=settings.poll or (PollPolicy(initial=0.05, maximum=0.5) if local else PollPolicy()),
        timeout=settings.timeout,
        # What the local engine answers costs nothing, and its jobs end with its process: it is stored only if asked.
        store=Store.at(not local if settings.cache is None else settings.cache),
        rates=_limiter(settings, api),
        on_unknown=settings.on_unknown,
        engine_version=version,
        limits=settings.limits,
        at_once=settings.at_once,
        account=Account({**(dict.fromkeys(PRICED, 0.0) if local else PRICES), **(settings.prices or {})}),
    )


def _limiter(settings: Settings, api: Api) -> RateLimiter:
    """Return what keeps to the rates: over the network one for all clients of an account, else one of the client."""
    if settings.chosen == "local":
        return RateLimiter({**dict.fromkeys(RATES, Rate()), **(settings.rates or {})}, share=settings.rate_share)
    if settings.transport is not None:  # what answers may count for itself
        return RateLimiter(settings.rates, share=settings.rate_share)
    names = {"authorization", "x-api-key", settings.auth_header.lower()}
    proof = Secret("\n".join(value for name, value in api.headers.items() if name.lower() in names))
    return shared_limiter(api.root, proof, settings.rates, settings.rate_share)


def transport_of(settings: Settings) -> httpx.BaseTransport | httpx.AsyncBaseTransport | None:
    """Return what answers: the transport given, the local engine's, or None for the network."""
    if settings.transport is None and settings.chosen == "local":
        from upstage_docs.local import LocalTransport

        return LocalTransport()
    return settings.transport


def prepare(settings: Settings) -> None:
    """Load what the first asynchronous connection of a process needs; it takes 0.1 s, so call it in a thread."""
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
    if settings.auth_header.lower() in given:
        if settings.api_key is not None:
            raise ConfigError(f"api_key= and headers[{settings.auth_header!r}] contradict each other; give one.")
        return headers
    key = settings.api_key
    if key is None:
        key = Secret(os.environ.get("UPSTAGE_API_KEY", "")) or None
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
    headers[settings.auth_header] = Secret(f"Bearer {key}" if settings.auth_header.lower() == "authorization" else key)
    return headers
