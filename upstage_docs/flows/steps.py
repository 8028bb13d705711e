"""The steps that a flow may ask for."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from upstage_docs.flows.schedule import Schedule

if TYPE_CHECKING:
    import httpx

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


def work(task: Callable[[], T]) -> Flow[T]:
    """Do *task* where it blocks nobody, and return its value, with its type."""
    value: T = yield Work(task)
    return value
