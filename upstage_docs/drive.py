"""The only loops that touch network and clock: they carry out what flows ask for, one flow or many at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    ExitStack,
    closing,
    contextmanager,
    nullcontext,
)
from functools import partial
from itertools import islice
from typing import Any, TypeVar, cast

import httpx

from upstage_docs.sending import asend, send
from upstage_docs.steps import Enter, Flow, Leave, Now, Send, Sleep, Step, Work

__all__ = ["Run", "Stopped", "Stops", "arun", "arun_many", "end", "run", "run_many"]

T = TypeVar("T")

_TURNS = 20  # of the event loop, for what only has to be unwound


class Stopped(Exception):  # noqa: N818 - not an error: the caller stopped the work
    """The work was stopped between two steps; whatever was under way has ended."""


def run(
    flow: Flow[T],
    http: httpx.Client,
    *,
    gate: AbstractContextManager[Any] | None = None,
    stop: threading.Event | None = None,
) -> T:
    """Carry out every step of *flow* here and now; return its result.

    Args:
        flow: Closed at the end, whatever happens.
        http: Sends.
        gate: Held while a send, or what a flow does from Enter to Leave, is under way: it bounds what runs at once.
        stop: Ends the work at its beginning or its next sleep. A send under way is not cut: it may be paid.

    Raises:
        Stopped: *stop* was set.
    """
    gate = gate or nullcontext()
    stop = stop or threading.Event()
    placed = False
    resume: Callable[[], Step] = partial(flow.send, None)
    with closing(flow), ExitStack() as place:
        if stop.is_set():
            raise Stopped
        while True:
            try:
                step = resume()
            except StopIteration as end:
                return cast("T", end.value)
            reply: object = None
            match step:
                case Sleep(seconds):
                    if stop.wait(seconds):
                        raise Stopped
                case Now():
                    reply = time.monotonic()
                case Enter():
                    place.enter_context(gate)
                    placed = True
                    if stop.is_set():
                        raise Stopped
                case Leave():
                    place.close()
                    placed = False
                case Send() | Work():
                    try:
                        if isinstance(step, Work):
                            reply = step.task()
                        else:
                            with nullcontext() if placed else gate:
                                reply = send(http, step)
                    except Exception as error:  # noqa: BLE001 - the flow decides
                        resume = partial(flow.throw, error)
                        continue
            resume = partial(flow.send, reply)


async def arun(
    flow: Flow[T],
    http: httpx.AsyncClient,
    *,
    gate: AbstractAsyncContextManager[Any] | None = None,
    stop: asyncio.Event | None = None,
) -> T:
    """Carry out every step of *flow* without blocking the event loop; see `run`. Work is done in a thread.

    Cancelled, it ends at once (a thread's work, which is short, is awaited) and closes the flow.
    """
    import anyio
    import anyio.to_thread

    gate = gate or nullcontext()
    stop = stop or asyncio.Event()
    placed = False
    resume: Callable[[], Step] = partial(flow.send, None)
    with closing(flow):
        async with AsyncExitStack() as place:
            if stop.is_set():
                raise Stopped
            while True:
                try:
                    step = resume()
                except StopIteration as end:
                    return cast("T", end.value)
                reply: object = None
                match step:
                    case Sleep(seconds):
                        with anyio.move_on_after(seconds):
                            await stop.wait()
                            raise Stopped
                    case Now():
                        reply = time.monotonic()
                    case Enter():
                        await place.enter_async_context(gate)
                        placed = True
                        if stop.is_set():
                            raise Stopped
                    case Leave():
                        await place.aclose()
                        placed = False
                    case Send() | Work():
                        try:
                            if isinstance(step, Work):
                                reply = await anyio.to_thread.run_sync(step.task)
                            else:
                                async with nullcontext() if placed else gate:
                                    reply = await asend(http, step)
                        except Exception as error:  # noqa: BLE001 - the flow decides
                            resume = partial(flow.throw, error)
                            continue
                resume = partial(flow.send, reply)


def run_many(
    flows: Iterable[Flow[T]],
    http: httpx.Client,
    *,
    at_once: int,
    ahead: int | None = None,
    gate: AbstractContextManager[Any] | None = None,
    stop: threading.Event | None = None,
) -> Generator[T, None, None]:
    """Yield the results of *flows* in their order, while up to *at_once* of them run in threads.

    Args:
        flows: Taken as they are needed; may be endless.
        http: Sends.
        at_once: Flows that run at a time.
        ahead: Flows begun and not yet yielded, results held included; *at_once* unless given.
        gate: As in `run`.
        stop: As in `run`; set at the end in any case.

    Closing the iterator stops the flows: sends under way end first, nothing new begins.
    """
    if at_once == 1:
        for flow in flows:
            yield run(flow, http, gate=gate, stop=stop)
        return
    from concurrent.futures import Future, ThreadPoolExecutor

    stop = stop or threading.Event()
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="upstage-docs")
    begun: deque[Future[T]] = deque()
    supply = iter(flows)
    try:
        while True:
            for flow in islice(supply, (ahead or at_once) - len(begun)):
                begun.append(pool.submit(run, flow, http, gate=gate, stop=stop))
            if not begun:
                return
            yield begun.popleft().result()
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


async def arun_many(
    flows: Iterable[Flow[T]],
    http: httpx.AsyncClient,
    *,
    at_once: int,
    ahead: int | None = None,
    gate: AbstractAsyncContextManager[Any] | None = None,
    runs: set[Run] | None = None,
) -> AsyncGenerator[T, None]:
    """Yield the results of *flows* in their order, while up to *at_once* of them run as tasks; see `run_many`.

    Closing the iterator lets sends under way end and begins nothing new; cancelling cuts them. While it runs it is in
    *runs*, so that `end` reaches one that was broken off without being closed.
    """
    run = Run()
    runs = set() if runs is None else runs
    stop, begun = run.stop, run.begun
    slots = asyncio.Semaphore(at_once)
    supply = iter(flows)
    runs.add(run)

    async def one(flow: Flow[T]) -> T:
        async with slots:
            return await arun(flow, http, gate=gate, stop=stop)

    try:
        while True:
            for flow in islice(supply, (ahead or at_once) - len(begun)):
                begun.append(asyncio.create_task(one(flow)))
            if not begun:
                return
            result = await begun[0]
            begun.popleft()
            yield result
    except asyncio.CancelledError:
        for task in begun:
            task.cancel()
        raise
    finally:
        stop.set()
        await asyncio.gather(*begun, return_exceptions=True)
        runs.discard(run)


class Stops:
    """What ends each piece of work that the threads of one client have under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stops: set[threading.Event] = set()

    @contextmanager
    def one(self) -> Generator[threading.Event, None, None]:
        """Give the stop of one piece of work, while that lasts."""
        stop = threading.Event()
        with self._lock:
            self._stops.add(stop)
        try:
            yield stop
        finally:
            with self._lock:
                self._stops.discard(stop)

    def set(self) -> bool:
        """Stop all that is under way; say whether there was any."""
        with self._lock:
            for stop in self._stops:
                stop.set()
            return bool(self._stops)


class Run:
    """One `arun_many` under way: what stops it, and its tasks."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.begun: deque[asyncio.Task[Any]] = deque()


async def end(runs: set[Run]) -> None:
    """Let the sends of *runs* end and begin nothing new; whoever broke an iteration off may not have closed it."""
    for run in runs:
        run.stop.set()
    await asyncio.gather(*(task for run in runs for task in run.begun), return_exceptions=True)
    for _ in range(_TURNS):  # the loop closes iterators that nobody holds any more, each in a task
        if not runs:
            return
        await asyncio.sleep(0)
