"""What one client has under way between its opening and its close; decides nothing of what is done.

A client makes another one of these when it is closed: so a call that began before cannot begin anything after.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, aclosing, closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from upstage_docs import drive, sending
from upstage_docs.setting import Settings, prepare, transport_of
from upstage_docs.steps import Flow

if TYPE_CHECKING:
    import httpx

__all__ = ["AsyncCalls", "Calls"]

T = TypeVar("T")

_MOST_THREADS = 32
_TURNS = 20  # of the event loop, for what only has to be unwound


class Calls:
    """The connection of a `Client`, and what its threads do with it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._gate = threading.BoundedSemaphore(settings.max_concurrency)
        self._stops: set[threading.Event] = set()
        self._closed = False
        self._http: httpx.Client | None = None
        self._pid = os.getpid()

    def run(self, flow: Flow[T]) -> T:
        """Carry out *flow*.

        Raises:
            Stopped: By `close`, now or before.
        """
        with self._stop() as stop:
            return drive.run(flow, self._connection(), gate=self._gate, stop=stop)

    def run_many(self, flows: Iterable[Flow[T]], *, ordered: bool = True) -> Generator[T, None, None]:
        """Carry out *flows*, several at once, and yield their results; see `drive.run_many`."""
        with self._stop() as stop:
            http, at_once = self._connection(), self._settings.at_once
            results = drive.run_many(flows, http, at_once=at_once, ordered=ordered, gate=self._gate, stop=stop)
            with closing(results):
                yield from results

    def close(self) -> None:
        """Let what is being sent be answered, since it may be paid, begin nothing more, and close the connection."""
        with self._lock:
            self._closed = True
            http, self._http = self._http, None
            busy = bool(self._stops) and self._pid == os.getpid()
            for stop in self._stops:
                stop.set()
        if busy:
            with ExitStack() as sends:
                for _ in range(self._settings.max_concurrency):
                    sends.enter_context(self._gate)
        if http is not None:
            http.close()

    @contextmanager
    def _stop(self) -> Generator[threading.Event, None, None]:
        stop = threading.Event()
        with self._lock:
            if self._closed:
                raise drive.Stopped
            self._stops.add(stop)
        try:
            yield stop
        finally:
            with self._lock:
                self._stops.discard(stop)

    def _connection(self) -> httpx.Client:
        with self._lock:
            if self._http is None or self._pid != os.getpid():  # sockets are not shared with a forked child
                self._http, self._pid = sending.connect(transport_of(self._settings)), os.getpid()
            return self._http


class AsyncCalls:
    """The connection of an `AsyncClient` in one event loop, and what the tasks there do with it.

    Args:
        settings: Of the client.
        transport: Gives the transport, which is one for all loops.
    """

    def __init__(
        self, settings: Settings, transport: Callable[[], httpx.BaseTransport | httpx.AsyncBaseTransport | None]
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._gate = asyncio.Semaphore(settings.max_concurrency)
        self._under_way: dict[asyncio.Event, Collection[asyncio.Future[Any]]] = {}
        self._closed = False
        self._http: httpx.AsyncClient | None = None
        # Not the loop's threads: a program that fills those with work that waits for this client would wait for ever.
        self._threads = ThreadPoolExecutor(min(settings.at_once, _MOST_THREADS), thread_name_prefix="upstage-docs")

    async def run(self, flow: Flow[T]) -> T:
        """Carry out *flow*; see `Calls.run`."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._stop((ended,)) as stop:
            try:
                return await drive.arun(
                    flow, await self._connection(), gate=self._gate, stop=stop, threads=self._threads
                )
            finally:
                ended.cancel()

    async def run_many(self, flows: Iterable[Flow[T]], *, ordered: bool = True) -> AsyncGenerator[T, None]:
        """Carry out *flows*, several at once, and yield their results; see `drive.arun_many`."""
        tasks: deque[asyncio.Future[T]] = deque()
        with self._stop(tasks) as stop:
            http, at_once = await self._connection(), self._settings.at_once
            results = drive.arun_many(
                flows,
                http,
                at_once=at_once,
                ordered=ordered,
                gate=self._gate,
                stop=stop,
                threads=self._threads,
                begun=tasks,
            )
            async with aclosing(results):
                async for result in results:
                    yield result

    async def close(self) -> bool:
        """Let what is being sent be answered, begin nothing more, and close the connection; say whether there was one.

        An iteration that was broken off goes on until the loop comes to close it: that is waited for, too.
        """
        self._closed = True
        for stop in self._under_way:
            stop.set()
        await asyncio.gather(*(one for some in self._under_way.values() for one in some), return_exceptions=True)
        for _ in range(_TURNS):  # the loop closes iterators that nobody holds any more, each in a task
            if not self._under_way:
                break
            await asyncio.sleep(0)
        if self._http is not None:
            await self._http.aclose()  # with its transport
        self._threads.shutdown(wait=False)  # idle
        return self._http is not None

    @contextmanager
    def _stop(self, waited_for: Collection[asyncio.Future[Any]]) -> Generator[asyncio.Event, None, None]:
        if self._closed:
            raise drive.Stopped
        stop = asyncio.Event()
        self._under_way[stop] = waited_for
        try:
            yield stop
        finally:
            del self._under_way[stop]

    async def _connection(self) -> httpx.AsyncClient:
        if self._http is None:
            await asyncio.get_running_loop().run_in_executor(self._threads, prepare, self._settings)
        if self._closed:
            raise drive.Stopped
        if self._http is None:
            self._http = sending.aconnect(self._transport())
        return self._http
