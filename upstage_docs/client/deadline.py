"""Until when the send of this thread may take: told to what carries it, however deep it stands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["seconds_left", "until_deadline"]

_deadline: ContextVar[float] = ContextVar("upstage_docs_deadline", default=float("inf"))


@contextmanager
def until_deadline(moment: float) -> Iterator[None]:
    """Let what is sent in the block take until *moment* (of `time.monotonic`)."""
    token = _deadline.set(moment)
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left() -> float:
    """Return the seconds that are left for the send under way; 0 or less after its deadline, `inf` outside of one."""
    return _deadline.get() - time.monotonic()
