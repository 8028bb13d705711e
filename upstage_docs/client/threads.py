"""Threads that work for another one, and stop where nobody is left to take their results; knows no flow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeVar

__all__ = ["Attended", "Threads"]

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


class Threads:
    """At most *most* threads that work for another one; once *stop* has come, they end when nothing is left to do."""

    def __init__(self, most: int, stop: Attended) -> None:
        self._most, self._stop = most, stop
        self._asked: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def begin(self, work: Callable[[], T]) -> Future[T]:
        """Do *work* in one of the threads; return what will hold its result."""
        future: Future[T] = Future()
        self._asked.put(partial(_fill, work, future))
        if len(self._threads) < self._most:
            thread = threading.Thread(target=self._serve, name="upstage-docs")
            thread.start()
            self._threads.append(thread)
        return future

    def end(self) -> None:
        """Wait until what was begun has ended, and the threads with it."""
        for _ in self._threads:
            self._asked.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while True:
            try:
                work = self._asked.get(timeout=_LOOK)
            except Empty:
                if self._stop.is_set():
                    return
                continue
            if work is None:
                return
            work()
            del work  # while nothing is to be done, nothing is held


def _fill(work: Callable[[], T], future: Future[T]) -> None:
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - whoever takes the result gets it
        future.set_exception(error)
        del future  # which holds the error, whose frames hold this
    else:
        future.set_result(result)
