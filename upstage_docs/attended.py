"""Threads that work for another one, and stop where nobody is left to take their results; knows no flow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

__all__ = ["Attended", "begin"]

T = TypeVar("T")

_LOOK = 1.0  # seconds between two looks whether anybody still waits


class Attended(threading.Event):
    """The stop of what threads work at for another one, *by* which the results are taken.

    It comes, too, when the program has ended and nobody is left to take them: those of a generator that an exception
    left half way would keep the process alive until a job is done. (An executor's threads would not hear of it: they
    are joined before the main thread counts as ended, and take no more work then, of any other thread either.)
    """

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self.by = threading.current_thread()
        self._stop = stop

    def set(self) -> None:
        """End the work."""
        self._stop.set()

    def is_set(self) -> bool:
        """Say whether the work is to end."""
        ended = not threading.main_thread().is_alive()
        return self._stop.is_set() or (ended and (self.by.daemon or not self.by.is_alive()))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the work is to end, *timeout* seconds at the most; say whether it is."""
        until = float("inf") if timeout is None else time.monotonic() + timeout
        while not self.is_set() and (left := until - time.monotonic()) > 0:
            self._stop.wait(min(left, _LOOK))
        return self.is_set()


def begin(work: Callable[[], T], threads: set[threading.Thread]) -> Future[T]:
    """Do *work* in a thread, which is one of *threads* while it runs; return what will hold its result."""

    def fill(work: Callable[[], T], future: Future[T]) -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - whoever takes the result gets it
            future.set_exception(error)
            del future  # which holds the error, whose frames hold this
        else:
            future.set_result(result)
        threads.discard(threading.current_thread())

    future: Future[T] = Future()
    thread = threading.Thread(target=fill, args=(work, future), name="upstage-docs")
    threads.add(thread)
    try:
        thread.start()
    except RuntimeError:  # the machine has no more
        threads.discard(thread)
        raise
    return future
