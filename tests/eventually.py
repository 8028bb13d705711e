"""Waiting for what must come to be: by looking at it, never by guessing how long a busy machine takes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["GENEROUS", "eventually", "soon", "threads_gone"]

GENEROUS = 120.0
"""Seconds for what takes milliseconds on a free machine: whatever lasts longer hangs."""

_STEP = 0.01

T = TypeVar("T")


def eventually(look: Callable[[], T], what: str, within: float = GENEROUS) -> T:
    """Look until it is true, and return what was seen.

    Raises:
        AssertionError: It was not true *within* so many seconds; the message says *what* should have been.
    """
    until = time.monotonic() + within
    while not (seen := look()):
        assert time.monotonic() < until, f"not within {within:g} s: {what}; seen: {seen!r}"
        time.sleep(_STEP)
    return seen


async def soon(look: Callable[[], T], what: str) -> T:
    """Do as `eventually` does, while the event loop turns."""
    until = time.monotonic() + GENEROUS
    while not (seen := look()):
        assert time.monotonic() < until, f"not within {GENEROUS:g} s: {what}; seen: {seen!r}"
        await asyncio.sleep(_STEP)
    return seen


def threads_gone(before: set[threading.Thread]) -> bool:
    """Whether every thread that was not there *before* has ended, or does so now.

    AnyIO ends its idle workers by a message once their event loop's work is done, and joins none of them; so a thread
    that was told to end may be seen for some milliseconds more.
    """
    for thread in set(threading.enumerate()) - before:
        thread.join(GENEROUS)
    return not set(threading.enumerate()) - before
