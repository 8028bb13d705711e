"""Runs a transport of the caller in threads of our own, so that a call which outlasts its deadline blocks nobody."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

import httpx

T = TypeVar("T")
# What a thread is asked to do, one after the other; None ends it. Whoever has it has the thread.
Asked: TypeAlias = "SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None]"

_log = logging.getLogger("upstage_docs")


def begin_thread(work: Callable[[], T]) -> Future[T]:
    """Do *work* in a daemon thread of its own, which ends with the work and never keeps the process alive."""
    thread, future = _begin_thread(), Future[T]()
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


class OwnedThreads(httpx.BaseTransport):
    """Calls *transport* in threads, and gives up at the `deadline` (of `time.monotonic`) in a request's extensions.

    One exchange at a time is one thread; it sees the caller's context variables. A call that does not end by the
    deadline is a `httpx.ReadTimeout`, and its thread, which nothing can end, takes no other call.

    Attributes:
        left: Calls that did not end in time and go on.
    """

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport
        self._lock = threading.RLock()  # the collector may close an answer in the thread that holds it
        self._idle: list[Asked] = []
        self.left = 0
        self._at_end = weakref.finalize(self, _end_all, self._idle)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer of the transport to *request*."""
        with self._lock:
            thread = self._idle.pop() if self._idle else _begin_thread()
        exchange = _Exchange(self, thread, copy_context(), request.extensions.get("deadline", float("inf")))
        response: httpx.Response = exchange.call(partial(self._transport.handle_request, request))
        if response.is_stream_consumed or not isinstance(response.stream, httpx.SyncByteStream):
            self.end(exchange)
        else:
            response.stream = _Body(response.stream, exchange)
        return response

    def close(self) -> None:
        """Close the transport, and end the threads that do nothing."""
        self._at_end()
        self._transport.close()

    def end(self, exchange: _Exchange) -> None:
        """Put the thread of *exchange*, which is done, back for the next one."""
        thread, exchange.thread = exchange.thread, None
        with self._lock:
            if thread is not None and self._at_end.alive:
                self._idle.append(thread)
            elif thread is not None:
                thread.put(None)

    def leave(self, exchange: _Exchange) -> None:
        """Leave the thread of *exchange* to its call, which outlasts its deadline, and count it until that ends."""
        thread, exchange.thread = exchange.thread, None
        with self._lock:
            self.left += 1
            left = self.left
        if thread is not None:
            thread.put((self._returned, Future()))
            thread.put(None)
        _log.warning(
            "A call of the transport %s is waited for no longer. Calls of it that are left to end by themselves: %d.",
            type(self._transport).__name__,
            left,
        )

    def _returned(self) -> None:
        with self._lock:
            self.left -= 1


@dataclass
class _Exchange:
    """One request with its answer, in one thread and one copy of the caller's context, until a moment."""

    owner: OwnedThreads
    thread: Asked | None
    context: Context
    until: float

    def call(self, work: Callable[[], T]) -> T:
        """Return what *work* gives, unless the deadline comes first.

        Raises:
            httpx.ReadTimeout: It came first.
        """
        if self.thread is None:
            raise httpx.ReadTimeout("the deadline is over")
        future: Future[T] = Future()
        self.thread.put((partial(self.context.run, work), future))
        try:
            wait([future], None if self.until == float("inf") else max(self.until - time.monotonic(), 0.0))
        finally:  # interrupted, too
            if not future.done():
                self.owner.leave(self)
        if self.thread is None:
            raise httpx.ReadTimeout("the deadline is over")
        if future.exception() is not None:
            self.owner.end(self)
        return future.result()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, exchange: _Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        pieces = iter(self._stream)
        while (piece := self._exchange.call(partial(next, pieces, None))) is not None:
            yield piece

    def close(self) -> None:
        try:
            self._exchange.call(self._stream.close)
        except httpx.ReadTimeout:
            return  # whoever is late closes nothing: it is left with its thread
        self._exchange.owner.end(self._exchange)


def _begin_thread() -> Asked:
    asked: Asked = SimpleQueue()
    # A daemon, since a transport that never returns must not keep a finished program.
    threading.Thread(target=_serve, args=(asked,), name="upstage-docs-transport", daemon=True).start()
    return asked


def _serve(asked: Asked) -> None:
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


def _end_all(idle: list[Asked]) -> None:
    while idle:
        idle.pop().put(None)
