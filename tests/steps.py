"""Tells how work grows by counting the lines that run, so that a busy machine changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any, TypeVar

__all__ = ["grows_evenly", "steps"]

T = TypeVar("T")


def steps(work: Callable[[], object]) -> int:
    """Return how many lines of Python run in *work*, ours and those of libraries, in this thread."""
    lines = 0

    def note(_: FrameType, event: str, __: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


def grows_evenly(make: Callable[[int], T], work: Callable[[T], object], size: int) -> bool:
    """Whether four times of what *make* gives takes about four times the steps: the square takes sixteen times."""
    work(make(1))  # what is done once in a process is not counted
    few, many = (steps(partial(work, make(number))) for number in (size, 4 * size))
    return many < 7 * few
