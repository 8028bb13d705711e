"""What both clients are made of: settings, engine, usage, pickling; neither knows how to wait."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from upstage_docs.api.limits import LIMITS, Limits
from upstage_docs.api.rates import Family, Rate
from upstage_docs.client.settings import Engine, Settings, setup_of
from upstage_docs.flows.billing import Spending
from upstage_docs.options import PollPolicy, RetryPolicy

if TYPE_CHECKING:
    import httpx

__all__ = ["Face"]


class Face:
    """What both clients are made of; what they are made with is said in the constructor, where notebooks look."""

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
        return self._setup.account.spending

    @property
    def engine(self) -> Engine:
        """Which engine answers."""
        return self._settings.chosen

    @property
    def max_concurrency(self) -> int:
        """Requests at once."""
        return self._settings.max_concurrency

    def __repr__(self) -> str:
        if "_setup" not in vars(self):
            return f"<{type(self).__name__} that could not be made>"  # as tools see it that show a traceback's locals
        return f"{type(self).__name__}(engine={self.engine!r}, base_url={self._setup.api.root!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {"settings": self._settings.without_secrets()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._open(state["settings"])

    def _open(self, settings: Settings) -> None:
        self._settings = settings
        self._setup = setup_of(settings)


Face.__init__.__qualname__ = "(Async)Client.__init__"  # Python names it where an argument is wrong
