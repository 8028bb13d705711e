"""The sessions of an `AsyncClient`, one for each event loop, and the loop that carries out its flows."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager, nullcontext
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from weakref import WeakSet

import anyio
import httpx

from upstage_docs.api.messages import NoReply
from upstage_docs.client import sending
from upstage_docs.client.inner_generators import Inner
from upstage_docs.client.session import Stopped, has_sockets
from upstage_docs.client.settings import Settings, prepare, transport_of
from upstage_docs.errors import ConfigError
from upstage_docs.flows.schedule import Schedule
from upstage_docs.flows.steps import AcquireSlot, Deliver, End, Flow, Next, Now, ReleaseSlot, Send, Sleep, Step, Work

T = TypeVar("T")

_MOST_THREADS = 32  # as many as asyncio has for all that is done in threads
_LOOK = 0.1  # seconds between two looks whether another thread's event loop still runs
_TURNS = 20  # of the event loop, for what only has to be unwound


class AsyncSession:
    """The session of a client in one event loop: its connection, its concurrency limit, its running work.

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
        self._under_way: dict[asyncio.Event, list[asyncio.Future[Any]]] = {}
        self._closed = False
        self._http: httpx.AsyncClient | None = None
        # Not the loop's threads: a program that fills those with work that waits for this client would wait for ever.
        self._threads = ThreadPoolExecutor(min(settings.at_once, _MOST_THREADS), thread_name_prefix="upstage-docs")

    async def stream(self, flow: Flow[Any]) -> AsyncGenerator[Any, None]:
        """Carry out *flow*, and yield what it delivers and its result, unless that is None; see `Session.stream`."""
        loop = asyncio.get_running_loop()
        if self._closed:
            raise Stopped
        stop = _StopEvent()
        tasks = self._under_way[stop] = [busy := loop.create_future()]
        try:
            http = await self._connection()
            steps = acarry_out(flow, http, gate=self._gate, stop=stop, threads=self._threads, tasks=tasks)
            async with Inner(steps) as values:
                async for value in values:
                    busy.cancel()
                    tasks.remove(busy)
                    yield value
                    tasks.append(busy := loop.create_future())
        finally:
            busy.cancel()
            del self._under_way[stop]

    async def close(self) -> bool:
        """Wait for the requests under way, begin none, and close the connection; return whether there was one.

        An iteration that was broken off goes on until the loop comes to close it: that is waited for, too. Cancelled,
        it waits no longer: what is being sent is cut, and its outcome is not known.
        """
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

    async def _connection(self) -> httpx.AsyncClient:
        if self._http is None:
            await asyncio.get_running_loop().run_in_executor(self._threads, prepare, self._settings)
        if self._closed:
            raise Stopped
        if self._http is None:
            self._http = sending.aconnect(self._transport())
        return self._http


class _StopEvent(asyncio.Event):
    """Ends work; where it is set, so are those that were made *below* it."""

    def __init__(self, above: asyncio.Event | None = None) -> None:
        super().__init__()
        self.below: WeakSet[asyncio.Event] = WeakSet()  # of work that still runs
        if isinstance(above, _StopEvent):
            above.below.add(self)
        if above is not None and above.is_set():
            self.set()

    def set(self) -> None:
        super().set()
        for one in list(self.below):
            one.set()


async def acarry_out(
    flow: Flow[Any],
    http: httpx.AsyncClient,
    *,
    gate: AbstractAsyncContextManager[Any] | None = None,
    stop: asyncio.Event | None = None,
    threads: Executor | None = None,
    tasks: list[asyncio.Future[Any]] | None = None,
) -> AsyncGenerator[Any, None]:
    """Carry out *flow* without blocking the event loop, and yield what it delivers and, unless None, its result.

    See `carry_out`. What flows begin at once are tasks, which are in *tasks* until they end. Work is done by *threads*;
    the loop's own do where none are given, but whoever blocks all of those to wait for a flow waits for ever.

    Cancelled, it ends at once (a thread's work, which is short, is awaited): tasks are cancelled, the flow is closed.
    """
    gate = gate or nullcontext()
    stop = stop or _StopEvent()
    has_slot = False
    resume: Callable[[], Step] = partial(flow.send, None)
    several: dict[Schedule[Any], _StopEvent] = {}
    async with AsyncExitStack() as at_end, AsyncExitStack() as slot:
        # No generators do this: of an iterator that is left and collected, the loop would close each out of turn.
        at_end.push_async_exit(partial(_close_flow, flow, threads))
        at_end.push_async_exit(partial(_stop_all, several))
        if stop.is_set():
            raise Stopped
        while True:
            step = _resumed(resume)
            if isinstance(step, Work):
                step = await _in_thread(threads, partial(_worked, flow, step))
            reply: object = None
            match step:
                case _Ended(result):
                    if stop.is_set():
                        raise Stopped
                    if result is not None:
                        yield result
                    return
                case Send():
                    try:
                        async with nullcontext() if has_slot else _in_time(gate, step) as late:
                            if stop.is_set() and not has_slot:
                                raise Stopped  # noqa: TRY301 - the flow hears of it
                            reply = late or await sending.asend(http, step)
                    except Exception as error:  # noqa: BLE001 - the flow decides
                        resume = partial(flow.throw, error)
                        continue
                case Deliver(value):
                    if stop.is_set():
                        raise Stopped
                    yield value
                case AcquireSlot():
                    await slot.enter_async_context(gate)
                    has_slot = True
                    if stop.is_set():
                        raise Stopped
                case ReleaseSlot():
                    await slot.aclose()
                    has_slot = False
                case Sleep(seconds):
                    with anyio.move_on_after(seconds):
                        await stop.wait()
                        raise Stopped
                case Now():
                    reply = time.monotonic()
                case Next(schedule):
                    if (ends := several.get(schedule)) is None:
                        ends = several[schedule] = _StopEvent(stop)
                    for one in schedule.to_begin():
                        steps = acarry_out(one, http, gate=gate, stop=ends, threads=threads)
                        task = asyncio.create_task(aresult_of(steps))
                        schedule.begun.append(task)
                        if tasks is not None:
                            tasks.append(task)
                            task.add_done_callback(tasks.remove)
                    if schedule.begun:
                        await asyncio.wait(schedule.awaited(), return_when=asyncio.FIRST_COMPLETED)
                        reply = schedule.take()
                case End(schedule):
                    if schedule in several:
                        await _stop(schedule, several[schedule])
            resume = partial(flow.send, reply)


@asynccontextmanager
async def _in_time(gate: AbstractAsyncContextManager[Any], step: Send) -> AsyncIterator[NoReply | None]:
    """Hold *gate*; give what comes of *step* where no place at it becomes free within the step's patience."""
    async with AsyncExitStack() as held:
        with anyio.move_on_after(step.patience) as waiting:
            await held.enter_async_context(gate)
        yield sending.no_place(step) if waiting.cancelled_caught else None


async def aresult_of(values: AsyncGenerator[Any, None]) -> Any:
    """Take all *values* of a flow that is being carried out, and return its result, the last one."""
    result: Any = None
    async with aclosing(values):
        async for value in values:
            result = value
    return result


@dataclass(frozen=True)
class _Ended:
    """A flow ended, with this result."""

    result: Any


def _resumed(resume: Callable[[], Step]) -> Step | _Ended:
    """Resume the flow and return its next step, or its end."""
    try:
        return resume()
    except StopIteration as end:
        return _Ended(end.value)


def _worked(flow: Flow[Any], step: Step | _Ended) -> Step | _Ended:
    """Do the work of *step*, and what work the flow asks for next: a hop to a thread costs as much as most of it."""
    while isinstance(step, Work):
        try:
            resume = partial(flow.send, step.task())
        except Exception as error:  # noqa: BLE001 - the flow decides
            resume = partial(flow.throw, error)
        step = _resumed(resume)
    return step


async def _stop_all(
    several: dict[Schedule[Any], _StopEvent], _kind: object, error: BaseException | None, _trace: object
) -> None:
    """Stop what was begun of each schedule; cancel it where *error*, at the end of the block, is a cancellation."""
    if isinstance(error, asyncio.CancelledError):
        for task in [task for schedule in several for task in schedule.begun]:
            task.cancel()
    for schedule, ends in several.items():
        await _stop(schedule, ends)


async def _stop(schedule: Schedule[Any], ends: _StopEvent) -> None:
    ends.set()
    await asyncio.gather(*schedule.begun, return_exceptions=True)


async def _close_flow(
    flow: Flow[Any], threads: Executor | None, _kind: object, error: BaseException | None, _trace: object
) -> None:
    """Close *flow*. One that is broken off may have to tell the store, which is done by a thread."""
    if isinstance(error, (asyncio.CancelledError, Stopped)):
        await _in_thread(threads, flow.close)
    flow.close()


async def _in_thread(threads: Executor | None, work: Callable[[], T]) -> T:
    """Do *work* in a thread. Cancelled, wait for its end first: no flow is to be closed while it runs."""
    done = asyncio.get_running_loop().run_in_executor(threads, partial(copy_context().run, work))
    cancelled: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):  # one of a scope would come again at each turn of the loop
        while not done.done():
            try:
                await asyncio.wait([done])
            except asyncio.CancelledError as error:  # noqa: PERF203 - seldom more than once
                cancelled = error
    if cancelled is not None:
        done.exception()  # nobody else asks for it
        raise cancelled
    return done.result()


class AsyncSessions:
    """The sessions of an `AsyncClient`, one for each event loop, and the transport that they share.

    Sockets and semaphores belong to the loop that made them; frameworks run a new loop for each call.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._sessions: dict[asyncio.AbstractEventLoop, AsyncSession] = {}
        self._transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None
        self._begun = False

    def run(self, flow: Flow[T]) -> Coroutine[Any, Any, T]:
        """Carry out *flow* in the running loop and return its result."""
        return aresult_of(self.stream(flow))

    async def stream(self, flow: Flow[Any]) -> AsyncGenerator[Any, None]:
        """Yield what *flow* delivers, carried out in the loop that runs when the first value is asked for."""
        async with Inner(self.here().stream(flow)) as values:
            async for value in values:
                yield value

    def here(self) -> AsyncSession:
        """Return the session in the running loop.

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
            for closed in [one for one in self._sessions if one.is_closed()]:
                self._sessions.pop(closed).forget()
            session = self._sessions.get(loop)
            if session is None:
                if self._begun and has_sockets(self._settings.transport):
                    raise ConfigError(
                        "An AsyncClient with transport= serves one event loop: the transport's connections belong to "
                        "it. Make a client in each event loop (asyncio.run), or close it in between."
                    )
                self._begun = True
                session = self._sessions[loop] = AsyncSession(self._settings, self._engine)
            return session

    async def close(self) -> None:
        """Close the sessions of every loop that runs, in this thread or another; see `AsyncSession.close`."""
        with self._lock:
            found = [*self._sessions.items()]
            self._sessions.clear()
            transport, self._transport = self._transport, None
            self._begun = False
        connected = False
        try:
            for loop, session in found:
                connected |= await _close_in(loop, session)
        finally:
            if not connected and isinstance(transport, httpx.AsyncBaseTransport):
                with anyio.CancelScope(shield=True):
                    await transport.aclose()

    def _engine(self) -> httpx.BaseTransport | httpx.AsyncBaseTransport | None:
        with self._lock:
            self._transport = self._transport or transport_of(self._settings)
            return self._transport


async def _close_in(loop: asyncio.AbstractEventLoop, session: AsyncSession) -> bool:
    if loop is asyncio.get_running_loop():
        return await session.close()
    if not loop.is_running():
        session.forget()  # nothing of it can be closed any more
        return False
    closed = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(session.close(), loop))
    while loop.is_running() and not closed.done():
        await asyncio.wait([closed], timeout=_LOOK)
    return closed.done() and not closed.cancelled() and closed.exception() is None and closed.result()
