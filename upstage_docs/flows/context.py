"""What all flows of one client share: the API, the store, the limits, and what was billed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from upstage_docs.api.limits import LIMITS, ApiLimits
from upstage_docs.api.messages import Api
from upstage_docs.api.rates import RateLimiter
from upstage_docs.flows.plan import Account
from upstage_docs.options import OCROptions, ParseOptions, PollPolicy, RetryPolicy
from upstage_docs.store.store import NO_STORE, Store
from upstage_docs.store.values import ResultKey


@dataclass(frozen=True)
class ClientContext:
    """What all flows of one client share.

    Attributes:
        api: Where to send, and how to prove who asks.
        retry: When to try again.
        poll: How to wait for jobs.
        timeout: Seconds for one paid send, the answer included.
        store: What was paid for already.
        rates: The limiter of the client, None for no limit.
        on_unknown: Whether a paid send whose outcome is unknown is reported (`raise`) or paid again (`resend`).
        engine_version: Of a local engine, `""` for the API: part of what identifies a result.
        account: The sum of what was billed.
        limits: What the API takes in one request.
        at_once: Documents, or parts of one document, that are read at the same time.
    """

    api: Api
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    poll: PollPolicy = field(default_factory=PollPolicy)
    timeout: float = 900.0
    store: Store = NO_STORE
    rates: RateLimiter | None = None
    on_unknown: Literal["raise", "resend"] = "raise"
    engine_version: str = ""
    account: Account = field(default_factory=Account)
    limits: ApiLimits = LIMITS
    at_once: int = 1

    def result_key(self, file_sha256: str, options: ParseOptions | OCROptions) -> ResultKey:
        """Return the key under which the store has the answer to *options* about a file."""
        return ResultKey.of(file_sha256, options, self.api.root, engine_version=self.engine_version)
