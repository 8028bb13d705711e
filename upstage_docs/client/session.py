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
from contextlib import ExitStack, aclosing, closing, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from upstage_docs.client import drive, sending
from upstage_docs.client.settings import Settings, prepare, transport_of
from upstage_docs.errors import ConfigError
from upstage_docs.flows.steps import Flow

if TYPE_CHECKING:
    import httpx

__all__ = ["AsyncSession", "Loops", "Session", "StopSignals", "ending"]

T = TypeVar("T")

_MOST_THREADS = 32
_LOOK = 0.1  # seconds between two looks whether another thread's event loop still runs
_TURNS = 20  # of the event loop, for what only has to be unwound


class StopSignals:
    """What ends each piece of work that threads have under way; `ended` says whether that has come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: set[threading.Event] = set()
        self.ended = False

    @contextmanager
    def holding(self, stop: threading.Event) -> Generator[None, None, None]:
        """Set *stop* at the `end`, should it come within the block.

        Raises:
            Stopped: It has been.
        """
        with self._lock:
            if self.ended:
                raise drive.Stopped
            self._under_way.add(stop)
        try:
            yield
        finally:
            with self._lock:
                self._under_way.discard(stop)

    def end(self) -> bool:
        """Stop all that is under way, and let nothing begin any more; say whether there was anything."""
        with self._lock:
            self.ended = True
            for stop in self._under_way:
                stop.set()
            return bool(self._under_way)


# Ends what a `Client` begins in this context: of an asynchronous caller, who can cancel no thread.
ending: ContextVar[StopSignals | None] = ContextVar("upstage_docs_ending", default=None)


class Session:
    """The connection of a `Client`, and what its threads do with it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made_in = os.getpid()
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._gate = threading.BoundedSemaphore(self._settings.max_concurrency)
        self._stops = StopSignals()
        self._http: httpx.Client | None = None
        self._pid = os.getpid()

    def _here(self) -> None:
        """Begin anew in a forked child: sockets, places and locks may be in use in the parent."""
        if self._pid != os.getpid():
            self._begin()

    def run(self, flow: Flow[T]) -> T:
        """Carry out *flow*.

        Raises:
            Stopped: By `close`, now or before.
        """
        self._here()
        with self._stop() as stop:
            return drive.run(flow, self._connection(), gate=self._gate, stop=stop)

    def run_many(self, flows: Iterable[Flow[T]], *, ordered: bool = True) -> Generator[T, None, None]:
        """Carry out *flows*, several at once, and yield their results; see `drive.run_many`."""
        self._here()
        with self._stop() as stop:
            http, at_once = self._connection(), self._settings.at_once
            results = drive.run_many(flows, http, at_once=at_once, ordered=ordered, gate=self._gate, stop=stop)
            with closing(results):
                yield from results

    def close(self) -> None:
        """Let what is being sent be answered, since it may be paid, begin nothing more, and close the connection."""
        self._here()
        busy = self._stops.end()
        with self._lock:
            http, self._http = self._http, None
        try:
            if busy:
                with ExitStack() as sends:
                    for _ in range(self._settings.max_concurrency):
                        sends.enter_context(self._gate)
        finally:  # who does not wait cuts what is being sent
            if http is not None:
                http.close()

    @contextmanager
    def _stop(self) -> Generator[threading.Event, None, None]:
        stop, ends = threading.Event(), ending.get()
        with self._stops.holding(stop), nullcontext() if ends is None else ends.holding(stop):
            yield stop

    def _connection(self) -> httpx.Client:
        with self._lock:
            if self._stops.ended:  # nobody would close another connection
                raise drive.Stopped
            if self._http is None:
                if self._made_in != os.getpid() and _has_sockets(self._settings.transport):
                    raise ConfigError(
                        "A client with transport= cannot be used in a forked process: its sockets are the parent's, "
                        "and an answer might come to the wrong one. Make the client in the process that uses it."
                    )
                self._http = sending.connect(transport_of(self._settings))
            return self._http


def _has_sockets(transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None) -> bool:
    """Say whether a transport may have connections: any but the local engine's and those that only pretend."""
    import httpx

    pretends = (httpx.MockTransport, httpx.WSGITransport, httpx.ASGITransport)
    ours = type(transport).__module__.startswith("upstage_docs.local.")
    return transport is not None and not ours and not isinstance(transport, pretends)


class AsyncSession:
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
        """Carry out *flow*; see `Session.run`."""
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

        An iteration that was broken off goes on until the loop comes to close it: that is waited for, too. Cancelled,
        it waits no longer: what is being sent is cut, and its outcome is not known.
        """
        import anyio

        self._closed = True
        for stop in self._under_way:
            stop.set()
        try:
            if sends := [one for some in self._under_way.values() for one in some]:
                await asyncio.wait(sends)
            for _ in range(_TURNS):  # the loop closes iterators that nobody holds any more, each in a task
                if not self._under_way:
                    break
                await asyncio.sleep(0)
            self._threads.shutdown(wait=False)  # idle
        finally:
            if self._http is not None:
                with anyio.CancelScope(shield=True):
                    await self._http.aclose()  # with its transport
        return self._http is not None

    def forget(self) -> None:
        """Let go of the threads: the loop is closed."""
        self._closed = True
        self._threads.shutdown(wait=False)

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


class Loops:
    """The calls of an `AsyncClient`, apart for each event loop, and the transport that is one for all.

    Sockets and semaphores belong to the loop that made them; frameworks run a new loop for each call.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._calls: dict[asyncio.AbstractEventLoop, AsyncSession] = {}
        self._transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None
        self._begun = False

    def here(self) -> AsyncSession:
        """Return the calls of the running loop.

        Raises:
            ConfigError: There is no event loop of asyncio, or the transport given serves another one.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError as error:
            raise ConfigError(
                "An AsyncClient works in an event loop of asyncio, and none runs here. In Trio, call a Client in a "
                "thread: trio.to_thread.run_sync(client.parse, path)."
            ) from error
        with self._lock:
            for closed in [one for one in self._calls if one.is_closed()]:
                self._calls.pop(closed).forget()
            calls = self._calls.get(loop)
            if calls is None:
                if self._begun and _has_sockets(self._settings.transport):
                    raise ConfigError(
                        "An AsyncClient with transport= serves one event loop: the transport's connections belong to "
                        "it. Make a client in each event loop (asyncio.run), or close it in between."
                    )
                self._begun = True
                calls = self._calls[loop] = AsyncSession(self._settings, self._engine)
            return calls

    async def close(self) -> None:
        """Close the calls of every loop that runs, in this thread or another; see `AsyncSession.close`."""
        import anyio
        import httpx

        with self._lock:
            found = [*self._calls.items()]
            self._calls.clear()
            transport, self._transport = self._transport, None
            self._begun = False
        connected = False
        try:
            for loop, calls in found:
                connected |= await _close_in(loop, calls)
        finally:
            if not connected and isinstance(transport, httpx.AsyncBaseTransport):
                with anyio.CancelScope(shield=True):
                    await transport.aclose()

    def _engine(self) -> httpx.BaseTransport | httpx.AsyncBaseTransport | None:
        with self._lock:
            self._transport = self._transport or transport_of(self._settings)
            return self._transport


async def _close_in(loop: asyncio.AbstractEventLoop, calls: AsyncSession) -> bool:
    if loop is asyncio.get_running_loop():
        return await calls.close()
    if not loop.is_running():
        calls.forget()  # nothing of it can be closed any more
        return False
    closed = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(calls.close(), loop))
    while loop.is_running() and not closed.done():
        await asyncio.wait([closed], timeout=_LOOK)
    return closed.done() and not closed.cancelled() and closed.exception() is None and closed.result()
