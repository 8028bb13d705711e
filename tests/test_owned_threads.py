"""A transport of the caller's holds the deadline, whatever it does; what does not end is left and counted."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from eventually import GENEROUS, eventually, soon
from stand_in import parse_answer

from upstage_docs import APITimeoutError, AsyncClient, Client, RetryPolicy, UnknownOutcomeError
from upstage_docs.client.sending import OwnedThreads

SAMPLE = Path(__file__).resolve().parent.parent / "upstage_docs" / "samples" / "report.pdf"


class Stuck(httpx.SyncByteStream):
    """Answers of a body its beginning, and then nothing until *ends*."""

    def __init__(self, ends: threading.Event) -> None:
        self._ends = ends

    def __iter__(self) -> Iterator[bytes]:
        yield b"{"
        self._ends.wait()

    def close(self) -> None:
        self._ends.wait()


def never(ends: threading.Event) -> httpx.Response:
    ends.wait()
    return httpx.Response(200, content=b"{}")


def half(ends: threading.Event) -> httpx.Response:
    return httpx.Response(200, stream=Stuck(ends))


@pytest.mark.parametrize("answer", [never, half])
def test_a_transport_that_does_not_answer_is_left_at_the_deadline(
    answer: Callable[[threading.Event], httpx.Response], caplog: pytest.LogCaptureFixture
) -> None:
    ends = threading.Event()
    transport = httpx.MockTransport(lambda _: answer(ends))
    given = {"transport": transport, "timeout": 0.3, "cache": False, "retry": RetryPolicy(attempts=1)}
    try:
        with caplog.at_level(logging.WARNING, "upstage_docs"), Client("up_abcdefgh", **given) as client:  # type: ignore[arg-type]
            with pytest.raises((APITimeoutError, UnknownOutcomeError)):
                client.parse(SAMPLE)
            with pytest.raises(APITimeoutError):
                client.jobs()
        assert "Such calls of it: 2" in caplog.text
    finally:
        ends.set()


class Stubborn(httpx.AsyncBaseTransport):
    """Does not let go of a request that is cancelled, until *ends*."""

    ends = False

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        while not self.ends:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.05)
        return httpx.Response(200, content=b"{}")


class Raises(httpx.AsyncBaseTransport):
    """Answers a cancellation by an error of its own."""

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise RuntimeError("mine") from None
        raise AssertionError


class NeverWaits(httpx.AsyncBaseTransport):
    """Answers without an end and without a pause in which the event loop could do anything else."""

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        class Nothing(httpx.AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                until = time.monotonic() + GENEROUS
                while time.monotonic() < until:
                    yield b""

        return httpx.Response(200, stream=Nothing())


@pytest.mark.parametrize("transport", [Stubborn, Raises, NeverWaits])
@pytest.mark.parametrize("how", ["the deadline", "a cancellation"])
async def test_an_asynchronous_transport_that_does_not_let_go_is_left(transport: Any, how: str) -> None:
    carrying = transport()
    waits = 0.2 if how == "the deadline" or transport is NeverWaits else GENEROUS
    settings: dict[str, Any] = {"transport": carrying, "timeout": waits, "retry": RetryPolicy(attempts=1)}
    async with AsyncClient("up_abcdefgh", cache=False, **settings) as client:
        for call in (partial(client.parse, SAMPLE), client.jobs):
            begun = time.monotonic()
            task = asyncio.ensure_future(call())
            if how == "a cancellation":
                await asyncio.sleep(0.2)
                task.cancel()
            with pytest.raises((APITimeoutError, UnknownOutcomeError, asyncio.CancelledError)):
                await task
            assert time.monotonic() - begun < GENEROUS / 2
    carrying.ends = True
    await soon(lambda: len(asyncio.all_tasks()) == 1, "what was left ends, and tells nobody of an error")


def test_a_call_that_ends_after_all_is_no_longer_counted() -> None:
    ends = threading.Event()
    transport = OwnedThreads(httpx.MockTransport(lambda _: never(ends)))
    request = httpx.Request("GET", "http://a.example/", extensions={"deadline": 0.0})
    with pytest.raises(httpx.ReadTimeout):
        transport.handle_request(request)
    assert transport.left == 1
    ends.set()
    eventually(lambda: transport.left == 0, "a call that has ended is not counted")
    transport.close()


def test_one_thread_carries_one_request_after_the_other_and_sees_the_callers_context() -> None:
    trace: ContextVar[str] = ContextVar("trace", default="")
    seen: list[tuple[str, int]] = []

    def answer(_: httpx.Request) -> httpx.Response:
        seen.append((trace.get(), threading.get_ident()))
        return httpx.Response(200, content=parse_answer(["a", "b", "c", "d"]))

    with Client("up_abcdefgh", transport=httpx.MockTransport(answer), cache=False) as client:
        for name in ("first", "second"):
            trace.set(name)
            client.parse(SAMPLE)
    assert [name for name, _ in seen] == ["first", "second"]
    assert len({ident for _, ident in seen}) == 1
    eventually(lambda: all(one.ident != seen[0][1] for one in threading.enumerate()), "the thread ends with its client")


def test_what_a_transport_raises_comes_as_it_is_raised() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise RuntimeError("mine")

    with (
        Client("up_abcdefgh", transport=httpx.MockTransport(refuse), cache=False) as client,
        pytest.raises(RuntimeError, match="mine"),
    ):
        client.parse(SAMPLE)


LEFT_STOP = """
import gc
from upstage_docs.client.threads import StopEvent

def work(stop):
    try:
        yield
    finally:
        stop.set()

above = StopEvent()
for number in range(3000):
    gc.set_threshold(1 + number % 97)  # the collector comes at every moment
    in_a_cycle = [work(StopEvent(above))]
    next(in_a_cycle[0])
    in_a_cycle.append(in_a_cycle)
    del in_a_cycle
    StopEvent(above).set()
"""

LEFT_ANSWER = """
import gc
import httpx
from upstage_docs.client.sending import OwnedThreads

class Streamed(httpx.SyncByteStream):
    def __iter__(self):
        yield b"{}"

def read(response):
    try:
        yield
    finally:
        response.close()

request = httpx.Request("GET", "http://api.test")
with OwnedThreads(httpx.MockTransport(lambda _: httpx.Response(200, stream=Streamed()))) as transport:
    for number in range(1500):
        gc.set_threshold(1 + number % 97)
        in_a_cycle = [read(transport.handle_request(request))]
        next(in_a_cycle[0])
        in_a_cycle.append(in_a_cycle)
        del in_a_cycle
        transport.handle_request(request).close()
"""

LEFT_CLAIM = """
import gc, sqlite3, tempfile
from pathlib import Path
from upstage_docs.store.database import Database

def work(database):
    try:
        yield
    finally:
        if not database.is_held_here:
            database.transact(lambda db: None, write=False)

with tempfile.TemporaryDirectory() as folder:
    database = Database(Path(folder) / "store.sqlite3", "CREATE TABLE one (number);", 1)
    for number in range(1500):
        gc.set_threshold(1 + number % 97)
        in_a_cycle = [work(database)]
        next(in_a_cycle[0])
        in_a_cycle.append(in_a_cycle)
        del in_a_cycle
        database.transact(lambda db: None, write=False)
        if number % 100 == 0:
            database.pause()
            database.resume()
    gc.collect()
    database.close()
"""


@pytest.mark.parametrize("program", [LEFT_STOP, LEFT_ANSWER, LEFT_CLAIM], ids=["its stop", "its answer", "its claim"])
def test_work_that_was_left_half_way_and_is_collected_does_not_block_other_work(program: str) -> None:
    """The collector ends it in the thread that holds the lock which its end takes."""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


LEFT_STREAM = """
import gc, re, sys, threading
from pathlib import Path
import httpx
from stand_in import make_pdf, parse_answer
from upstage_docs import Client
from langchain_upstage_docs import UpstageDocumentParseLoader

folder, face = Path(sys.argv[1]), sys.argv[2]
file = folder / "a.pdf"
file.write_bytes(make_pdf("a", 6))
held, collected, under_way, sent = threading.Lock(), threading.Event(), threading.Semaphore(0), []

def answer(request):
    sent.append(re.search(rb"pages-(.-.)", request.read())[1])
    if sent[-1] != b"1-2" and not collected.is_set():
        under_way.release()
        collected.wait()
        with held:
            pass
    return httpx.Response(200, content=parse_answer(["one", "two"]))

def leave_half_way(client):
    given = {"route": "sync", "pages_per_request": 2}
    if face == "client":
        stream = client.stream(file, **given)
    else:
        stream = UpstageDocumentParseLoader(file, client=client, **given).lazy_load()
    next(stream)
    under_way.acquire()
    under_way.acquire()
    in_a_cycle = [stream]
    in_a_cycle.append(in_a_cycle)

gc.disable()
with Client("up_abcdefgh", transport=httpx.MockTransport(answer), cache=folder / "cache") as client:
    leave_half_way(client)
    with held:  # it may be a lock of logging, or of the program's own
        collected.set()
        assert gc.collect()
    for thread in threading.enumerate():
        if thread.name == "upstage-docs":
            thread.join()
    assert len(client.parse(file, pages_per_request=2, route="sync").elements) == 6
    assert sorted(sent) == [b"1-2", b"3-4", b"5-6"], sent
"""


@pytest.mark.parametrize("face", ["client", "loader"])
def test_the_collector_waits_for_no_part_of_a_stream_that_was_left_half_way(tmp_path: Path, face: str) -> None:
    """The thread in which it runs may hold what the parts need; they are answered and kept all the same."""
    program = [sys.executable, "-c", LEFT_STREAM, str(tmp_path), face]
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parent), os.environ.get("PYTHONPATH", "")])
    subprocess.run(program, check=True, timeout=60, env={**os.environ, "PYTHONPATH": path})


LEFT_CLOSING = """
import asyncio, sys, threading
from interrupting import interrupted
from upstage_docs import AsyncClient

async def work(line):
    client = AsyncClient("up_abcdefgh", cache=sys.argv[1])
    with interrupted(line, threading.Thread.start.__code__) as ran:
        try:
            await client.close()
        finally:
            lines.append(len(ran))

lines = [1]
while lines[-1] >= len(lines) - 1:
    try:
        asyncio.run(work(len(lines) - 1))
    except KeyboardInterrupt:
        pass
assert len(lines) > 3
"""


def test_ctrl_c_while_a_client_is_closed_lets_the_program_end(tmp_path: Path) -> None:
    """Pressed once more, it comes anywhere, as while the thread begins that closes the store."""
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parent), os.environ.get("PYTHONPATH", "")])
    program = [sys.executable, "-c", LEFT_CLOSING, str(tmp_path)]
    subprocess.run(program, check=True, timeout=60, env={**os.environ, "PYTHONPATH": path})
