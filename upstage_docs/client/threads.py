"""Threads for the work of a client, which end with it, and for calls that may never return."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextvars import copy_context
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeAlias, TypeVar
from weakref import WeakSet

from upstage_docs.flows.schedule import Schedule

T = TypeVar("T")
Scheduled = TypeVar("Scheduled")
# What a thread is asked to do, one after the other; None ends it. Whoever has it has the thread.
Asked: TypeAlias = "SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None]"

_LOOK = 1.0  # seconds between two looks whether anybody still waits
_links = threading.RLock()  # for `StopEvent.below`; the collector may end other work of the thread that holds it
_collector = 0  # the thread in which the garbage collector runs


class StopEvent(threading.Event):
    """An event that tells work to end; it is set as well when one of the events *above* it is set."""

    def __init__(self, *above: threading.Event) -> None:
        super().__init__()
        self.below: WeakSet[threading.Event] = WeakSet()
        for one in above:
            if isinstance(one, StopEvent):
                with _links:
                    one.below.add(self)
            if one.is_set():
                self.set()

    def set(self) -> None:
        """End the work."""
        super().set()
        with _links:
            below = list(self.below)
        for one in below:
            one.set()


class Attended(StopEvent):
    """A signal that tells threads to end; it also comes once the thread that takes their results (`by`) is gone.

    It comes, too, when the program has ended and nobody is left to take them: those of a generator that an exception
    left half way would keep the process alive until a job is done. (An executor's threads would not hear of it: they
    are joined before the main thread counts as ended, and take no more work then, of any other thread either.)
    """

    def __init__(self, *above: threading.Event) -> None:
        super().__init__(*above)
        self.by = threading.current_thread()
        self._above = above

    def is_set(self) -> bool:
        """Return whether the work is to end."""
        if super().is_set() or any(one.is_set() for one in self._above):
            return True
        return not threading.main_thread().is_alive() and (self.by.daemon or not self.by.is_alive())

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the work is to end, *timeout* seconds at the most; return whether it is."""
        until = float("inf") if timeout is None else time.monotonic() + timeout
        while not self.is_set() and (left := until - time.monotonic()) > 0:
            super().wait(min(left, _LOOK))
        return self.is_set()


def is_collecting() -> bool:
    """Say whether the garbage collector runs in this thread.

    It comes between any two statements, so that the thread may hold any lock: what is closed by it waits for nobody.
    """
    return _collector == threading.get_ident()


def close_later(close: Callable[[], None]) -> None:
    """Do *close*, which may wait, in a thread of its own: what it waits for may need a lock that this thread holds."""
    try:
        begin_thread(close)
    except RuntimeError:  # the program ends, and with it all threads that could be waited for
        close()


def _note_collection(phase: str, _: object) -> None:
    global _collector  # noqa: PLW0603 - the collector runs in one thread at a time
    _collector = threading.get_ident() if phase == "start" else 0


def begin_thread(work: Callable[[], T]) -> Future[T]:
    """Do *work* in a daemon thread of its own, which ends with the work and never keeps the process alive."""
    thread, future = begin_owned_thread(), Future[T]()
    thread.put((work, future))
    thread.put(None)
    return future


def call_within(work: Callable[[], T], seconds: float) -> T:
    """Return what *work* gives, or raise what it raises, in a thread of its own.

    Raises:
        TimeoutError: It did not end in so many *seconds*; its thread ends when it does.
    """
    future = begin_thread(work)
    wait([future], None if seconds == float("inf") else max(seconds, 0.0))
    if not future.done():
        raise TimeoutError
    return future.result()


def begin_owned_thread() -> Asked:
    """Begin a daemon thread, and return the queue from which it takes its work."""
    asked: Asked = SimpleQueue()
    # A daemon, since a transport that never returns must not keep a finished program.
    threading.Thread(target=_serve_owned, args=(asked,), name="upstage-docs-transport", daemon=True).start()
    return asked


def _serve_owned(asked: Asked) -> None:
    while (item := asked.get()) is not None:
        fill(*item)
        del item  # while nothing is to be done, nothing is held


def fill(work: Callable[[], T], future: Future[T]) -> None:
    """Do *work*, and put what it gives, or the error that it raises, into *future*."""
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - whoever waits gets it
        future.set_exception(error)
        del future  # which holds the error, whose frames hold this
    else:
        future.set_result(result)


class Threads(Generic[Scheduled]):
    """Threads that carry out a schedule, at most one per piece of work at once; idle ones end once *stop* is set."""

    def __init__(self, schedule: Schedule[Scheduled], stop: Attended) -> None:
        self.stop = stop
        self._schedule = schedule
        self._asked: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        if _note_collection not in gc.callbacks:
            gc.callbacks.append(_note_collection)

    def next(self, do: Callable[[Scheduled], Any]) -> Future[Any] | None:
        """Begin all work that may run now, and wait for the next result: return its future, None after the last."""
        self.stop.by = threading.current_thread()
        for work in self._schedule.to_begin():
            self._schedule.begun.append(self._begin_work(partial(do, work)))
        if not self._schedule.begun:
            return None
        wait(self._schedule.awaited(), return_when=FIRST_COMPLETED)
        future: Future[Any] = self._schedule.take()
        return future

    def end(self) -> None:
        """Set the stop, and wait until what was begun has ended, and the threads with it."""
        self.stop.set()
        for _ in self._threads:
            self._asked.put(None)
        for thread in self._threads:
            thread.join()

    def _begin_work(self, work: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()
        self._asked.put(partial(copy_context().run, fill, work, future))  # traces go on in what it does
        if len(self._threads) < self._schedule.at_once:
            thread = threading.Thread(target=self._serve, name="upstage-docs")
            thread.start()
            self._threads.append(thread)
        return future

    def _serve(self) -> None:
        while True:
            try:
                work = self._asked.get(timeout=_LOOK)
            except Empty:
                if self.stop.is_set():
                    return
                continue
            if work is None:
                return
            work()
            del work  # while nothing is to be done, nothing is held
