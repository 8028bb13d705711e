"""The only loops that touch network and clock: they carry out what flows ask for, one flow or many at once."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from functools import cache, partial
from itertools import islice
from typing import Any, TypeVar, cast

import httpx

from upstage_docs.errors import ConfigError
from upstage_docs.replies import Lost, Outcome, Reply
from upstage_docs.steps import Flow, Now, Send, Sleep, Step, Work

__all__ = ["Stopped", "aconnect", "arun", "arun_many", "connect", "run", "run_many"]

T = TypeVar("T")

_CONNECT = 30.0  # seconds for TCP and TLS; a host that needs longer is not there
# Kept open longer than any poll interval; the pool's own 5 s would cost a TLS handshake per look.
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=120.0)
# The request did not reach the server whole, whatever else happened.
_UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.WriteError,
    httpx.WriteTimeout,
)


class Stopped(Exception):  # noqa: N818 - not an error: the caller stopped the work
    """The work was stopped between two steps; whatever was under way has ended."""


def connect(transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None) -> httpx.Client:
    """Open a client over *transport*, None for the network. Redirects are not followed: the key stays with its host."""
    if transport is not None and not isinstance(transport, httpx.BaseTransport):
        raise ConfigError(f"Client takes a synchronous transport; {type(transport).__name__} is not one.")
    return httpx.Client(
        transport=transport, verify=_tls() if transport is None else True, limits=_LIMITS, timeout=_CONNECT
    )


def aconnect(transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    """Open an asynchronous client; see `connect`."""
    if transport is not None and not isinstance(transport, httpx.AsyncBaseTransport):
        raise ConfigError(f"AsyncClient takes an asynchronous transport; {type(transport).__name__} is not one.")
    return httpx.AsyncClient(
        transport=transport, verify=_tls() if transport is None else True, limits=_LIMITS, timeout=_CONNECT
    )


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # 20 ms; shared by every client of the process


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
        gate: Held during each send: it bounds the requests in flight.
        stop: Ends the work at its beginning or its next sleep. A send under way is not cut: it may be paid.

    Raises:
        Stopped: *stop* was set.
    """
    gate = gate or nullcontext()
    stop = stop or threading.Event()
    resume: Callable[[], Step] = partial(flow.send, None)
    try:
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
                case Send() | Work():
                    try:
                        if isinstance(step, Work):
                            reply = step.task()
                        else:
                            with gate:
                                reply = _send(http, step)
                    except Exception as error:  # noqa: BLE001 - the flow decides
                        resume = partial(flow.throw, error)
                        continue
            resume = partial(flow.send, reply)
    finally:
        flow.close()


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
    resume: Callable[[], Step] = partial(flow.send, None)
    try:
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
                case Send() | Work():
                    try:
                        if isinstance(step, Work):
                            reply = await anyio.to_thread.run_sync(step.task)
                        else:
                            async with gate:
                                reply = await _asend(http, step)
                    except Exception as error:  # noqa: BLE001 - the flow decides
                        resume = partial(flow.throw, error)
                        continue
            resume = partial(flow.send, reply)
    finally:
        flow.close()


def run_many(
    flows: Iterable[Flow[T]],
    http: httpx.Client,
    *,
    at_once: int,
    ahead: int | None = None,
    gate: AbstractContextManager[Any] | None = None,
) -> Generator[T, None, None]:
    """Yield the results of *flows* in their order, while up to *at_once* of them run in threads.

    Args:
        flows: Taken as they are needed; may be endless.
        http: Sends.
        at_once: Flows that run at a time.
        ahead: Flows begun and not yet yielded, results held included; *at_once* unless given.
        gate: As in `run`.

    Closing the iterator stops the flows: sends under way end first, nothing new begins.
    """
    if at_once == 1:
        for flow in flows:
            yield run(flow, http, gate=gate)
        return
    from concurrent.futures import Future, ThreadPoolExecutor

    stop = threading.Event()
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
) -> AsyncGenerator[T, None]:
    """Yield the results of *flows* in their order, while up to *at_once* of them run as tasks; see `run_many`.

    Closing the iterator lets sends under way end and begins nothing new; cancelling cuts them.
    """
    stop = asyncio.Event()
    slots = asyncio.Semaphore(at_once)
    begun: deque[asyncio.Task[T]] = deque()
    supply = iter(flows)

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


def _send(http: httpx.Client, step: Send) -> Outcome:
    began = time.monotonic()
    progress = _Progress()
    step.request.extensions.update(timeout=_timeouts(step.deadline), trace=progress.note)
    try:
        response = http.send(step.request, stream=True)
        try:
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if len(body) > step.max_bytes:
                    return _oversize(step)
                if time.monotonic() - began > step.deadline:
                    return _late(step, sent=True)
        finally:
            response.close()
    except httpx.HTTPError as error:
        return _lost(error, progress)
    return Reply(response.status_code, response.headers, bytes(body), time.time())


async def _asend(http: httpx.AsyncClient, step: Send) -> Outcome:
    import anyio

    progress = _Progress()
    step.request.extensions.update(timeout=_timeouts(step.deadline), trace=progress.anote)
    try:
        with anyio.fail_after(step.deadline):
            response = await http.send(step.request, stream=True)
            try:
                body = bytearray()
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > step.max_bytes:
                        return _oversize(step)
            finally:
                await response.aclose()
    except httpx.HTTPError as error:
        return _lost(error, progress)
    except TimeoutError:
        return _late(step, sent=progress.sent)
    return Reply(response.status_code, response.headers, bytes(body), time.time())


class _Progress:
    """How far a request got, as the transport tells (https://www.encode.io/httpcore/extensions/#trace)."""

    def __init__(self) -> None:
        self.traced = False
        self.whole = False

    @property
    def sent(self) -> bool:
        """Whether the whole request may have arrived: a transport that tells nothing has to be assumed to have it."""
        return self.whole or not self.traced

    def note(self, event: str, _details: object) -> None:
        self.traced = True
        self.whole = self.whole or event.endswith("send_request_body.complete")

    async def anote(self, event: str, details: object) -> None:
        self.note(event, details)


def _timeouts(deadline: float) -> dict[str, float]:
    return {"connect": min(_CONNECT, deadline), "read": deadline, "write": deadline, "pool": deadline}


def _lost(error: httpx.HTTPError, progress: _Progress) -> Lost:
    return Lost(
        f"{type(error).__name__}: {error}".rstrip(": "),
        sent=progress.sent and not isinstance(error, _UNSENT),
        timeout=isinstance(error, httpx.TimeoutException),
    )


def _late(step: Send, *, sent: bool) -> Lost:
    return Lost(f"not done after {step.deadline:g} s", sent=sent, timeout=True)


def _oversize(step: Send) -> Lost:
    return Lost(f"the answer is larger than {step.max_bytes:,} bytes", sent=True, oversize=True)
