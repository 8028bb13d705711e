"""The steps that a flow may ask for, and the context that all flows of one client share."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

import httpx

from upstage_docs.api.limits import LIMITS, ApiLimits
from upstage_docs.api.messages import Api
from upstage_docs.api.rates import RateLimiter
from upstage_docs.flows.plan import Account
from upstage_docs.flows.schedule import Schedule
from upstage_docs.options import OCROptions, ParseOptions, PollPolicy, RetryPolicy
from upstage_docs.store.store import NO_STORE, Store
from upstage_docs.store.values import ResultKey

T = TypeVar("T")

STATE_BYTES = 32 * 2**20  # the state of a job of 2,000 pages holds 200 signed addresses
STATE_SECONDS = 60.0  # for a question that costs nothing


@dataclass(frozen=True)
class Send:
    """Send *request*, which is complete; the reply is an Outcome.

    Attributes:
        deadline: Seconds for the whole exchange.
        max_bytes: Bytes that the answer may have, unpacked.
        patience: Seconds to wait for a place among the requests that may run at once.
        around: Makes what is entered while it is sent.
    """

    request: httpx.Request
    deadline: float = STATE_SECONDS
    max_bytes: int = STATE_BYTES
    patience: float = float("inf")
    around: Callable[[], AbstractContextManager[None]] = field(default=nullcontext, repr=False, compare=False)


@dataclass(frozen=True)
class Sleep:
    """Wait *seconds*; the reply is None."""

    seconds: float


@dataclass(frozen=True)
class Now:
    """The reply is the time in seconds, on a clock that never goes back."""


@dataclass(frozen=True)
class AcquireSlot:
    """Take a place among the requests that may run at once, until `ReleaseSlot` or the flow's end; the reply is None.

    A Send without a place takes one for itself.
    """


@dataclass(frozen=True)
class ReleaseSlot:
    """Give the place back; the reply is None."""


@dataclass(frozen=True)
class Work:
    """Do what would block an event loop: files, hashing, decoding, the store; the reply is what *task* returns."""

    task: Callable[[], Any]


@dataclass(frozen=True)
class Next:
    """Begin the flows that *schedule* lets run now, and wait for one: the reply is its handle, None after the last."""

    schedule: Schedule[Any]


@dataclass(frozen=True)
class End:
    """Stop what was begun of *schedule*: sends under way are answered first, nothing new begins; the reply is None.

    Whatever a flow has begun is stopped at its own end, too.
    """

    schedule: Schedule[Any]


@dataclass(frozen=True)
class Deliver:
    """Hand *value* to whoever has the flow carried out, before the flow ends; the reply is None."""

    value: Any


Step: TypeAlias = Send | Sleep | Now | AcquireSlot | ReleaseSlot | Work | Next | End | Deliver
Flow: TypeAlias = Generator[Step, Any, T]


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


def work(task: Callable[[], T]) -> Flow[T]:
    """Do *task* where it blocks nobody, and return its value, with its type."""
    value: T = yield Work(task)
    return value
