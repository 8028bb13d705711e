"""The session of a `Client`: its connection, its running work, and the loop that carries out its flows.

`close()` ends it, and the client begins another one: so a call that began before cannot begin anything after.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, suppress
from contextvars import ContextVar
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import httpx

from upstage_docs.client import sending
from upstage_docs.client.settings import Settings, transport_of
from upstage_docs.client.threads import Attended, StopEvent, Threads, close_later, is_collecting
from upstage_docs.errors import ConfigError
from upstage_docs.files.source import holding_interrupts
from upstage_docs.flows.schedule import Schedule
from upstage_docs.flows.steps import AcquireSlot, Deliver, End, Flow, Next, Now, ReleaseSlot, Send, Sleep, Work

T = TypeVar("T")
_LOOK = 1.0  # seconds between two looks whether a place is free


class Stopped(Exception):  # noqa: N818 - not an error: the caller stopped the work
    """The work was stopped between two steps; whatever was being sent has been answered, and what it paid for kept."""

    def __init__(self) -> None:
        super().__init__("the client was closed meanwhile; calling again continues from what is stored")


# Ends what a `Client` begins in this context: of an asynchronous caller, who can cancel no thread.
ending: ContextVar[StopEvent | None] = ContextVar("upstage_docs_ending", default=None)


class Places:
    """A number of places for what may run at once. Ctrl-C between any two statements of theirs loses none.

    A semaphore counts its places, in locks of Python code: interrupted there, it lacks one for ever, or stays locked.
    Here is known who has a place, so that giving it back once more does nothing.

    Attributes:
        taken: Who has a place; whoever is taken out of it gives it back.
        given_back: What is put into it wakes one of those who wait; who is not woken looks by itself a little later.
    """

    def __init__(self, number: float) -> None:
        self.taken: set[object] = set()
        self._number = number
        self._lock = threading.Lock()
        self.given_back: SimpleQueue[None] = SimpleQueue()

    def take(self, who: object, seconds: float = float("inf")) -> bool:
        """Take a place for *who*, which is to be given back whatever comes; return False if none is free in time."""
        until = time.monotonic() + seconds
        wait = 0.0  # at first, for what was put in while nobody waited
        while True:
            with suppress(Empty):
                self.given_back.get(wait > 0, wait)
            with self._lock:
                if len(self.taken) < self._number:
                    self.taken.add(who)
                    return True
            if (wait := min(until - time.monotonic(), _LOOK)) <= 0:
                return False

    def wait_for_all(self) -> None:
        """Wait until each place was free once, while nobody takes another."""
        everybody = [object() for _ in range(int(self._number))]
        try:
            for one in everybody:
                self.take(one)
        finally:
            self.taken.difference_update(everybody)
            for _ in everybody:
                self.given_back.put(None)


class Session:
    """The session of a client: its connection, its concurrency limit, its running work."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made_in = os.getpid()
        self._start()

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._gate = Places(self._settings.max_concurrency)
        self._stop = StopEvent()
        self._http: httpx.Client | None = None
        self._pid = os.getpid()

    def stream(self, flow: Flow[T]) -> Generator[Any, None, T]:
        """Carry out *flow*: a generator that yields what the flow delivers and returns its result.

        Raises:
            Stopped: By `close`, now or before.
        """
        if self._pid != os.getpid():
            self._start()  # a forked child: sockets, slots and locks may be in use in the parent
        return carry_out(flow, self._http or self._connection(), gate=self._gate, stop=self._stop, outer=ending)

    def run(self, flow: Flow[T]) -> T:
        """Carry out *flow* and return its result; see `stream`."""
        return result_of(self.stream(flow))

    def close(self) -> None:
        """Wait for the requests under way, which may be paid, begin none, and close the connection."""
        if self._pid != os.getpid():
            self._start()
        self._stop.set()
        with self._lock:
            http, self._http = self._http, None
        if http is None:
            return
        try:
            self._gate.wait_for_all()
        finally:  # who does not wait cuts what is being sent
            http.close()

    def _connection(self) -> httpx.Client:
        with self._lock:
            if self._stop.is_set():  # nobody would close another connection
                raise Stopped
            if self._http is None:
                if self._made_in != os.getpid() and has_sockets(self._settings.transport):
                    raise ConfigError(
                        "A client with transport= cannot be used in a forked process: its sockets are the parent's, "
                        "and an answer might come to the wrong one. Make the client in the process that uses it."
                    )
                self._http = sending.connect(transport_of(self._settings))
            return self._http


def carry_out(
    flow: Flow[T],
    http: httpx.Client,
    *,
    gate: Places | None = None,
    stop: threading.Event | None = None,
    outer: ContextVar[StopEvent | None] | None = None,
) -> Generator[Any, None, T]:
    """Carry out every step of *flow* here and now, yield what it delivers, and return its result.

    Args:
        flow: Closed at the end, whatever happens, after what it has begun in threads.
        http: Sends.
        gate: A place at it is taken while a send, or what a flow does between AcquireSlot and ReleaseSlot, is under
            way: it bounds what runs at once.
        stop: Ends the work at its beginning, its next sleep or delivery. A send under way is not cut: it may be paid.
        outer: Holds another one that ends the work, where it is begun and not where the flow is made.

    Raises:
        Stopped: *stop* was set.
    """
    gate = gate or Places(float("inf"))
    give_back, tell = gate.taken.discard, gate.given_back.put  # C code: before a call of it comes no interrupt
    stop = stop or StopEvent()
    if outer is not None and (ends := outer.get()) is not None:
        stop = StopEvent(stop, ends)
    has_slot = False
    reply: Any = None
    error: Exception | None = None
    several: dict[Schedule[Any], Threads[Any]] = {}
    interrupts: list[int] = []

    def begin(ends: threading.Event, one: Flow[Any]) -> Any:
        return result_of(carry_out(one, http, gate=gate, stop=ends))

    with ExitStack() as begun:
        begun.callback(flow.close)
        try:
            if stop.is_set():
                raise Stopped
            while True:
                try:
                    step = flow.send(reply) if error is None else flow.throw(error)
                except StopIteration as end:
                    if interrupts:
                        raise KeyboardInterrupt from None
                    if stop.is_set():
                        raise Stopped from None
                    result: T = end.value
                    return result
                reply = error = None
                match step:
                    case Work(task):
                        try:
                            reply = task()
                        except Exception as raised:  # noqa: BLE001 - the flow decides
                            error = raised
                    case Send():
                        try:
                            if has_slot:  # it is under way, and may be paid: it is answered and kept first
                                with holding_interrupts(interrupts):
                                    reply = sending.send(http, step)
                            elif not gate.take(flow, step.patience):
                                reply = sending.no_place(step)
                            elif stop.is_set():
                                raise Stopped  # noqa: TRY301 - the flow hears of it
                            else:
                                reply = sending.send(http, step)
                        except Exception as raised:  # noqa: BLE001 - the flow decides
                            error = raised
                        if not has_slot:
                            give_back(flow)
                            tell(None)
                    case Deliver(value):
                        if interrupts:
                            raise KeyboardInterrupt
                        if stop.is_set():
                            raise Stopped
                        try:
                            yield value
                        except GeneratorExit:
                            if is_collecting():
                                close_later(begun.pop_all().close)
                            raise
                    case AcquireSlot():
                        gate.take(flow)
                        has_slot = True
                        if stop.is_set():
                            raise Stopped
                    case ReleaseSlot():
                        has_slot = False
                        give_back(flow)
                        tell(None)
                    case Sleep(seconds):
                        if interrupts:
                            raise KeyboardInterrupt
                        if stop.wait(min(seconds, threading.TIMEOUT_MAX)):
                            raise Stopped
                    case Now():
                        reply = time.monotonic()
                    case Next(schedule):
                        if schedule not in several:
                            threads = several[schedule] = Threads(schedule, Attended(stop))
                            begun.callback(threads.end)
                        reply = several[schedule].next(partial(begin, several[schedule].stop))
                    case End(schedule):
                        if schedule in several:
                            several[schedule].end()
        finally:
            if flow in gate.taken:
                give_back(flow)
                tell(None)


def result_of(steps: Generator[Any, None, T]) -> T:
    """Take all *steps* of a flow that is being carried out, and return its result."""
    try:
        while True:
            next(steps)
    except StopIteration as end:
        result: T = end.value
        return result


def has_sockets(transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None) -> bool:
    """Return whether a transport may have network connections: not the local engine's, nor one for tests."""
    pretends = (httpx.MockTransport, httpx.WSGITransport, httpx.ASGITransport)
    ours = type(transport).__module__.startswith("upstage_docs.local.")
    return transport is not None and not ours and not isinstance(transport, pretends)
