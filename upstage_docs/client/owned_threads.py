"""A transport of the caller, in threads that we own: a call that outlasts its deadline is left to end by itself."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextvars import Context, copy_context
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

import httpx

from upstage_docs.client.deadline import seconds_left

__all__ = ["OwnedThreads"]

T = TypeVar("T")

_log = logging.getLogger("upstage_docs")


class OwnedThreads(httpx.BaseTransport):
    """Calls *transport*, whatever it is, within the deadline of the send under way.

    One exchange at a time is one thread; it sees the caller's context variables. A call that does not end by the
    deadline is a `httpx.ReadTimeout`, and its thread, which nothing can end, takes no other call.

    Attributes:
        left: Calls that did not end in time and go on.
    """

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._idle: list[_Thread] = []
        self.left = 0
        self._at_end = weakref.finalize(self, _end_all, self._idle)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer of the transport to *request*."""
        with self._lock:
            thread = self._idle.pop() if self._idle else _Thread()
        exchange = _Exchange(self, thread)
        response: httpx.Response = exchange.call(partial(self._transport.handle_request, request))
        if response.is_stream_consumed or not isinstance(response.stream, httpx.SyncByteStream):
            exchange.end()
        else:
            response.stream = _Body(response.stream, exchange)
        return response

    def close(self) -> None:
        """Close the transport, and end the threads that do nothing."""
        self._at_end()
        self._transport.close()

    def give_back(self, thread: _Thread) -> None:
        """Take *thread*, which has done its work, for the next exchange."""
        with self._lock:
            if self._at_end.alive:
                self._idle.append(thread)
                return
        thread.end()

    def leave(self, thread: _Thread) -> None:
        """Count *thread* as one that does not end, until it does."""
        with self._lock:
            self.left += 1
            left = self.left
        thread.begin(self._returned)
        thread.end()
        _log.warning(
            "A call of the transport %s is waited for no longer. Calls of it that are left to end by themselves: %d.",
            type(self._transport).__name__,
            left,
        )

    def _returned(self) -> None:
        with self._lock:
            self.left -= 1


class _Exchange:
    """One request with its answer, in one thread and one copy of the caller's context."""

    def __init__(self, owner: OwnedThreads, thread: _Thread) -> None:
        self._owner = owner
        self._thread: _Thread | None = thread
        self._context: Context = copy_context()

    def call(self, work: Callable[[], T]) -> T:
        """Return what *work* gives, unless the deadline comes first.

        Raises:
            httpx.ReadTimeout: It came first.
        """
        if self._thread is None:
            raise httpx.ReadTimeout("the deadline is over")
        left = seconds_left()
        future = self._thread.begin(partial(self._context.run, work))
        try:
            wait([future], None if left == float("inf") else max(left, 0.0))
        finally:  # interrupted, too
            if not future.done():
                self._owner.leave(self._thread)
                self._thread = None
        if self._thread is None:
            raise httpx.ReadTimeout("the deadline is over")
        if future.exception() is not None:
            self.end()
        result: T = future.result()
        return result

    def end(self) -> None:
        """Give the thread back."""
        if self._thread is not None:
            self._owner.give_back(self._thread)
            self._thread = None


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
        self._exchange.end()


class _Thread:
    def __init__(self) -> None:
        self._work: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        # A daemon, since a transport that never returns must not keep a finished program.
        threading.Thread(target=_serve, args=(self._work,), name="upstage-docs-transport", daemon=True).start()

    def begin(self, work: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()
        self._work.put((work, future))
        return future

    def end(self) -> None:
        self._work.put(None)


def _serve(asked: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None]) -> None:
    while (item := asked.get()) is not None:
        work, future = item
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            future.set_exception(error)
        else:
            future.set_result(result)
            del result
        del item, work, future  # while nothing is to be done, nothing is held


def _end_all(idle: list[_Thread]) -> None:
    while idle:
        idle.pop().end()
