"""What a flow may ask for, one step at a time, and what all flows of one client share; does nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

import httpx

from upstage_docs.api.rates import RateLimiter
from upstage_docs.api.requests import Api
from upstage_docs.flows.billing import Account
from upstage_docs.options import PollPolicy, RetryPolicy
from upstage_docs.store.store import Store

__all__ = [
    "STATE_BYTES",
    "AcquireSlot",
    "ClientContext",
    "Flow",
    "Now",
    "ReleaseSlot",
    "Send",
    "Sleep",
    "Step",
    "Work",
    "answer_bytes",
    "work",
]

T = TypeVar("T")

_ANSWER_BYTES = 64 * 2**20
# A page in three formats is 0.7 MB where it is all text; every crop of it in base64 is 2 MB at the API's 150 dpi.
_PAGE_BYTES = 4 * 2**20
_MOST_UNCOUNTED_PAGES = 100  # the API takes no more at once
STATE_BYTES = 32 * 2**20  # the state of a job of 2,000 pages holds 200 signed addresses
_STATE_SECONDS = 60.0


@dataclass(frozen=True)
class Send:
    """Send *request*, which is complete; the reply is an Outcome.

    Attributes:
        deadline: Seconds for the whole exchange.
        max_bytes: Bytes that the answer may have, unpacked.
    """

    request: httpx.Request
    deadline: float = _STATE_SECONDS
    max_bytes: int = STATE_BYTES


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


Step: TypeAlias = Send | Sleep | Now | AcquireSlot | ReleaseSlot | Work
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
    """

    api: Api
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    poll: PollPolicy = field(default_factory=PollPolicy)
    timeout: float = 900.0
    store: Store = field(default_factory=lambda: Store(None))
    rates: RateLimiter | None = None
    on_unknown: Literal["raise", "resend"] = "raise"
    engine_version: str = ""
    account: Account = field(default_factory=Account)


def answer_bytes(pages: int | None) -> int:
    """Return the bytes that the answer to *pages* may have, unpacked; None where they are not counted."""
    return _ANSWER_BYTES + (_MOST_UNCOUNTED_PAGES if pages is None else pages) * _PAGE_BYTES


def work(task: Callable[[], T]) -> Flow[T]:
    """Do *task* where it blocks nobody, and return its value, with its type."""
    value: T = yield Work(task)
    return value
