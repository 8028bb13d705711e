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
    nullcontext,
)
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx

from upstage_docs.client.sending import asend, send
from upstage_docs.client.threads import Attended, Threads
from upstage_docs.flows.steps import AcquireSlot, Flow, Now, ReleaseSlot, Send, Sleep, Step, Work

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future
    from types import TracebackType

__all__ = ["Stopped", "arun", "arun_many", "run", "run_many"]

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 - not an error: the caller stopped the work
    """The work was stopped between two steps; whatever was being sent has been answered, and what it paid for kept."""

    def __init__(self) -> None:
        super().__init__("the client was closed meanwhile; calling again goes on from what is stored")


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
        gate: Held while a send, or what a flow does between AcquireSlot and ReleaseSlot, is under way: it bounds what
            runs at once.
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
            step = _worked(flow, _resumed(resume))
            reply: object = None
            match step:
                case _End(result):
                    return cast("T", result)
                case Sleep(seconds):
                    if stop.wait(seconds):
                        raise Stopped
                case Now():
                    reply = time.monotonic()
                case AcquireSlot():
                    place.enter_context(gate)
                    placed = True
                    if stop.is_set():
                        raise Stopped
                case ReleaseSlot():
                    place.close()
                    placed = False
                case Send():
                    try:
                        with nullcontext() if placed else gate:
                            if stop.is_set() and not placed:  # with a place it is under way, and may be paid
                                raise Stopped  # noqa: TRY301 - the flow hears of it
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
    threads: Executor | None = None,
) -> T:
    """Carry out every step of *flow* without blocking the event loop; see `run`. Work is done by *threads*.

    The loop's own do where none are given, but whoever blocks all of those to wait for a flow waits for ever.
    Cancelled, it ends at once (a thread's work, which is short, is awaited) and closes the flow.
    """
    import anyio

    gate = gate or nullcontext()
    stop = stop or asyncio.Event()
    placed = False
    resume: Callable[[], Step] = partial(flow.send, None)
    async with _Closing(flow, threads), AsyncExitStack() as place:
        if stop.is_set():
            raise Stopped
        while True:
            step = _resumed(resume)
            if isinstance(step, Work):
                step = await _in_thread(threads, partial(_worked, flow, step))
            reply: object = None
            match step:
                case _End(result):
                    return cast("T", result)
                case Sleep(seconds):
                    with anyio.move_on_after(seconds):
                        await stop.wait()
                        raise Stopped
                case Now():
                    reply = time.monotonic()
                case AcquireSlot():
                    await place.enter_async_context(gate)
                    placed = True
                    if stop.is_set():
                        raise Stopped
                case ReleaseSlot():
                    await place.aclose()
                    placed = False
                case Send():
                    try:
                        async with nullcontext() if placed else gate:
                            if stop.is_set() and not placed:
                                raise Stopped  # noqa: TRY301 - the flow hears of it
                            reply = await asend(http, step)
                    except Exception as error:  # noqa: BLE001 - the flow decides
                        resume = partial(flow.throw, error)
                        continue
            resume = partial(flow.send, reply)


@dataclass(frozen=True)
class _End:
    """A flow ended, with this result."""

    result: Any


def _resumed(resume: Callable[[], Step]) -> Step | _End:
    """Return the next step of the flow, or its end."""
    try:
        return resume()
    except StopIteration as end:
        return _End(end.value)


def _worked(flow: Flow[Any], step: Step | _End) -> Step | _End:
    """Do the work of *step*, and what work the flow asks for next: a hop to a thread costs as much as most of it."""
    while isinstance(step, Work):
        try:
            resume = partial(flow.send, step.task())
        except Exception as error:  # noqa: BLE001 - the flow decides
            resume = partial(flow.throw, error)
        step = _resumed(resume)
    return step


@dataclass(frozen=True)
class _Closing:
    """Closes a flow at its end. One that is broken off may have to tell the store, which is done by a thread."""

    flow: Flow[Any]
    threads: Executor | None

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, (asyncio.CancelledError, Stopped)):
            await _in_thread(self.threads, self.flow.close)
        self.flow.close()


async def _in_thread(threads: Executor | None, work: Callable[[], T]) -> T:
    """Do *work* in a thread. Cancelled, wait for its end first: no flow is to be closed while it runs."""
    import anyio

    done = asyncio.get_running_loop().run_in_executor(threads, work)
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


def run_many(
    flows: Iterable[Flow[T]],
    http: httpx.Client,
    *,
    at_once: int,
    ordered: bool = True,
    gate: AbstractContextManager[Any] | None = None,
    stop: threading.Event | None = None,
) -> Generator[T, None, None]:
    """Yield the results of *flows*, while up to *at_once* of them run in threads.

    Args:
        flows: Taken as they are needed; may be endless.
        http: Sends.
        at_once: Flows begun and not yet yielded, results held included.
        ordered: Whether results come in the order of the flows, or each as soon as it is there.
        gate: As in `run`.
        stop: As in `run`; set at the end in any case.

    Closing the iterator stops the flows: sends under way end first, nothing new begins.
    """
    if at_once == 1:
        for flow in flows:
            yield run(flow, http, gate=gate, stop=stop)
        return
    from concurrent.futures import FIRST_COMPLETED, wait

    attended = Attended(stop or threading.Event())
    begun: deque[Future[T]] = deque()
    threads = Threads(at_once, attended)
    supply = iter(flows)
    try:
        while True:
            attended.by = threading.current_thread()
            for flow in islice(supply, at_once - len(begun)):
                begun.append(threads.begin(partial(run, flow, http, gate=gate, stop=attended)))
            if not begun:
                return
            next_one = begun[0] if ordered else next(iter(wait(begun, return_when=FIRST_COMPLETED).done))
            begun.remove(next_one)
            yield next_one.result()
    finally:
        attended.set()
        threads.end()


async def arun_many(
    flows: Iterable[Flow[T]],
    http: httpx.AsyncClient,
    *,
    at_once: int,
    ordered: bool = True,
    gate: AbstractAsyncContextManager[Any] | None = None,
    stop: asyncio.Event | None = None,
    threads: Executor | None = None,
    begun: deque[asyncio.Future[T]] | None = None,
) -> AsyncGenerator[T, None]:
    """Yield the results of *flows*, while up to *at_once* of them run as tasks; see `run_many`.

    Closing the iterator lets sends under way end and begins nothing new; cancelling cuts them. The tasks are in *begun*
    while they run, so that they can be waited for where the iterator was broken off and not closed.
    """
    stop = stop or asyncio.Event()
    begun = deque() if begun is None else begun
    supply = iter(flows)
    try:
        while True:
            for flow in islice(supply, at_once - len(begun)):
                begun.append(asyncio.create_task(arun(flow, http, gate=gate, stop=stop, threads=threads)))
            if not begun:
                return
            if ordered:
                await asyncio.wait([begun[0]])
            else:
                await asyncio.wait(begun, return_when=asyncio.FIRST_COMPLETED)
            done = next(one for one in begun if one.done())
            begun.remove(done)
            yield done.result()
    except asyncio.CancelledError:
        for task in begun:
            task.cancel()
        raise
    finally:
        stop.set()
        await asyncio.gather(*begun, return_exceptions=True)
