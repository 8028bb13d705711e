"""The two drivers: sleeps, work and errors; deadlines and caps; many at once; nothing is left behind."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, aclosing, closing, contextmanager, suppress
from typing import Any

import anyio
import httpx
import pytest
from eventually import GENEROUS, soon, threads_gone
from interrupting import interrupted
from stand_in import make_pdf, parse_answer
from steps import steps

from upstage_docs import Client
from upstage_docs.api.messages import Api, NoReply, Outcome, Reply, download_request, upload_request
from upstage_docs.api.rates import Rate
from upstage_docs.client import sending
from upstage_docs.client.async_session import acarry_out, aresult_of
from upstage_docs.client.session import Places, Stopped, carry_out, result_of
from upstage_docs.client.threads import StopEvent
from upstage_docs.errors import ConfigError
from upstage_docs.files.source import inspect
from upstage_docs.flows.document import next_result
from upstage_docs.flows.schedule import DONE, Schedule
from upstage_docs.flows.steps import AcquireSlot, Deliver, Flow, Now, ReleaseSlot, Send, Sleep, Work
from upstage_docs.options import ParseOptions

# Runs a flow with either driver: every test that takes it runs twice.
Driver = Callable[..., Any]


def run(flow: Flow[Any], http: httpx.Client, **more: Any) -> Any:
    return result_of(carry_out(flow, http, **more))


async def arun(flow: Flow[Any], http: httpx.AsyncClient, **more: Any) -> Any:
    return await aresult_of(acarry_out(flow, http, **more))


def _sync(flow: Flow[Any], transport: Any = None) -> Any:
    with sending.connect(transport) as http:
        return run(flow, http)


def _async(flow: Flow[Any], transport: Any = None) -> Any:
    async def main() -> Any:
        async with sending.aconnect(transport) as http:
            return await arun(flow, http)

    return asyncio.run(main())


@pytest.fixture(params=[_sync, _async], ids=["run", "arun"])
def driver(request: pytest.FixtureRequest) -> Driver:
    return request.param  # type: ignore[no-any-return]


def get(url: str, **more: Any) -> Send:
    return Send(httpx.Request("GET", url), **more)


def send(step: Send) -> Flow[Outcome]:
    outcome: Outcome = yield step
    return outcome


@contextmanager
def server(*pieces: bytes, pause: float = 0.0, wait: bool = True) -> Iterator[str]:
    """A server on loopback that reads one request and answers in *pieces*, *pause* seconds apart, then closes."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def accept() -> socket.socket | None:
            while not done.is_set():
                with suppress(TimeoutError):
                    return listener.accept()[0]
            return None

        def serve() -> None:
            connection = accept()
            if connection is None:
                return
            with connection, suppress(OSError):
                connection.settimeout(GENEROUS)
                head = b""
                while wait and b"\r\n\r\n" not in head:
                    received = connection.recv(65536)
                    if not received:
                        return
                    head += received
                for piece in pieces:
                    connection.sendall(piece)
                    if done.wait(pause):
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            done.set()
            thread.join(GENEROUS)


HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"


def test_steps_are_carried_out_and_their_replies_handed_back(driver: Driver) -> None:
    threads: list[int] = []

    def flow() -> Flow[tuple[Any, ...]]:
        first: float = yield Now()
        yield Sleep(0.05)
        second: float = yield Now()
        value: int = yield Work(lambda: threads.append(threading.get_ident()) or 7)  # type: ignore[func-returns-value]
        reply: Reply = yield get("http://a.example/x")
        return value, second - first >= 0.049, reply.status, reply.body, reply.headers["x-a"], reply.at > 1e9

    transport = httpx.MockTransport(lambda _: httpx.Response(201, headers={"x-a": "b"}, content=b"body"))
    assert driver(flow(), transport) == (7, True, 201, b"body", "b", True)
    assert (threads == [threading.get_ident()]) is (driver is _sync), "arun does work in a thread"


def test_an_error_of_work_comes_to_the_flow_which_may_go_on(driver: Driver) -> None:
    def flow() -> Flow[str]:
        try:
            yield Work(lambda: 1 / 0)
        except ZeroDivisionError:
            value: str = yield Work(lambda: "went on")
            return value
        return "not reached"

    assert driver(flow()) == "went on"


def test_a_flow_is_closed_when_it_fails(driver: Driver) -> None:
    closed: list[str] = []

    def flow() -> Flow[None]:
        try:
            yield Work(lambda: dict[str, str]()["nothing"])
        finally:
            closed.append(True)  # type: ignore[arg-type]

    with pytest.raises(KeyError):
        driver(flow())
    assert closed


def test_a_refused_connection_did_not_send(driver: Driver) -> None:
    """Bound and not listened on, the port refuses, and nobody else can take it meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        outcome = driver(send(get(f"http://127.0.0.1:{bound.getsockname()[1]}/")))
    assert isinstance(outcome, NoReply)
    assert (outcome.sent, outcome.timeout) == (False, False)
    assert "ConnectError" in outcome.reason


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectTimeout,
        httpx.ConnectError,
        httpx.PoolTimeout,
        httpx.ProxyError,
        httpx.WriteError,
        httpx.LocalProtocolError,
    ],
)
def test_what_happens_before_the_whole_request_is_out_did_not_send(driver: Driver, error: type[Exception]) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error("no")

    outcome = driver(send(get("http://a.example/")), httpx.MockTransport(fail))
    assert outcome == NoReply(f"{error.__name__}: no", sent=False, timeout="Timeout" in error.__name__)


@pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError])
def test_what_a_transport_does_not_tell_counts_as_sent(driver: Driver, error: type[Exception]) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error("no")

    assert driver(send(get("http://a.example/")), httpx.MockTransport(fail)).sent


def test_a_request_that_was_read_whole_counts_as_sent(driver: Driver) -> None:
    with server() as url:
        outcome = driver(send(get(url)))
    assert isinstance(outcome, NoReply)
    assert outcome.sent


def test_an_upload_that_breaks_off_did_not_send(driver: Driver) -> None:
    """The server closes while megabytes are still to come: it cannot have understood the document."""
    source = inspect(make_pdf("a", 1) + b"\0" * 30_000_000, source="a.pdf")
    with server(wait=False) as url, source.open() as handle:
        request = upload_request(Api.at(url), source, handle, ParseOptions())
        outcome = driver(send(Send(request, deadline=GENEROUS)))
    assert isinstance(outcome, NoReply)
    assert not outcome.sent


def test_a_body_that_breaks_off_is_no_answer(driver: Driver) -> None:
    with server(HEAD, b"half of it") as url:
        outcome = driver(send(get(url)))
    assert isinstance(outcome, NoReply)
    assert outcome.sent


def struck(driver: Driver, serve: Callable[[], AbstractContextManager[str]]) -> NoReply:
    """Send with a short deadline; with a longer one where a busy machine needs the short one for sending alone."""
    for deadline in (0.3, 1.0, 4.0, 16.0):
        with serve() as url:
            outcome = driver(send(get(url, deadline=deadline)))
        assert isinstance(outcome, NoReply)
        if outcome.sent:
            break
    return outcome  # type: ignore[no-any-return]


def test_dripped_bytes_do_not_outlast_the_deadline(driver: Driver) -> None:
    """A read timeout alone would start again with every byte."""
    lost = struck(driver, lambda: server(HEAD, *[b"x"] * 900, pause=0.05))
    assert (lost.sent, lost.timeout) == (True, True), "and not that the server ended in the middle of the body"


def test_dripped_headers_do_not_outlast_the_deadline(driver: Driver) -> None:
    """Nothing of the answer is handed on before its headers are whole: only the connection itself can see the time."""
    lost = struck(driver, lambda: server(b"HTTP/1.1 200 OK\r\nx-slow: ", *[b"x"] * 900, pause=0.05))
    assert (lost.sent, lost.timeout) == (True, True)


def test_silence_ends_at_the_deadline(driver: Driver) -> None:
    lost = struck(driver, lambda: server(b"", pause=GENEROUS))
    assert (lost.sent, lost.timeout) == (True, True)


def test_an_answer_over_the_cap_is_cut_off(driver: Driver) -> None:
    with server(HEAD, b"x" * 1000) as url:
        outcome = driver(send(get(url, max_bytes=100)))
    assert outcome == NoReply("the answer is larger than 100 bytes", sent=True, oversize=True)


def test_the_cap_counts_unpacked_bytes(driver: Driver) -> None:
    import gzip

    body = gzip.compress(b"0" * 10_000_000)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, content=body))
    assert driver(send(get("http://a.example/", max_bytes=1_000_000)), transport).oversize


def test_what_is_compressed_twice_is_not_read(driver: Driver) -> None:
    """Two layers make gigabytes of a few bytes at one go."""
    import gzip

    body = gzip.compress(gzip.compress(b"0" * 100))
    headers = {"content-encoding": "gzip, gzip"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(body)))
    assert driver(send(get("http://a.example/")), transport).oversize


def test_a_host_that_cannot_be_one_is_not_reached(driver: Driver) -> None:
    outcome = driver(send(get("http://a..example/")))
    assert isinstance(outcome, NoReply)
    assert not outcome.sent


def test_a_signature_is_in_no_log(driver: Driver, caplog: pytest.LogCaptureFixture) -> None:
    asked: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path)
        return httpx.Response(200)

    step = Send(download_request("https://bucket.example/batch?X-Amz-Signature=abc"))
    with caplog.at_level("DEBUG"):
        driver(send(step), httpx.MockTransport(answer))
    assert asked == [b"/batch?X-Amz-Signature=abc"]
    assert "bucket.example/batch" in caplog.text
    assert "abc" not in caplog.text


def test_a_redirect_is_not_followed(driver: Driver) -> None:
    asked = []

    def move(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(307, headers={"location": "http://evil.example/"})

    assert driver(send(get("http://a.example/")), httpx.MockTransport(move)).status == 307
    assert asked == ["http://a.example/"]


def test_a_transport_of_the_other_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="synchronous transport"):
        sending.connect(httpx.AsyncHTTPTransport())
    with pytest.raises(ConfigError, match="asynchronous transport"):
        sending.aconnect(httpx.HTTPTransport())


def test_a_set_stop_ends_a_sleep_at_once_and_closes_the_flow() -> None:
    closed, stop = threading.Event(), threading.Event()

    def flow() -> Flow[None]:
        threading.Timer(0.1, stop.set).start()
        try:
            yield Sleep(60)
        finally:
            closed.set()

    with sending.connect(None) as http, pytest.raises(Stopped):
        run(flow(), http, stop=stop)
    assert closed.is_set()


async def test_cancelling_closes_the_flow_and_the_send() -> None:
    closed: list[str] = []

    def flow() -> Flow[Outcome]:
        try:
            outcome: Outcome = yield get(url, deadline=60)
            return outcome
        finally:
            closed.append(True)  # type: ignore[arg-type]

    with server(b"", pause=30) as url:
        async with sending.aconnect(None) as http:
            task = asyncio.create_task(arun(flow(), http))
            await asyncio.sleep(0.2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    assert closed == [True]  # type: ignore[comparison-overlap]


async def test_a_flow_cancelled_in_its_work_is_closed_when_the_work_has_ended() -> None:
    begun, release = threading.Event(), threading.Event()
    happened: list[str] = []

    def task() -> None:
        begun.set()
        release.wait(GENEROUS)
        happened.append("work done")

    def flow() -> Flow[None]:
        try:
            yield Work(task)
        finally:
            happened.append("closed")

    async with sending.aconnect(None) as http:
        running = asyncio.create_task(arun(flow(), http))
        await soon(begun.is_set, "the work has begun")
        for _ in range(3):  # impatience does not help
            running.cancel()
            await asyncio.sleep(0)
        assert not happened
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert happened == ["work done", "closed"]


def test_a_cancelled_scope_waits_for_the_work_and_not_busily() -> None:
    """A scope of AnyIO cancels again at each turn of the loop: those of half a second are a million lines."""
    happened: list[str] = []

    def flow() -> Flow[None]:
        try:
            yield Work(lambda: time.sleep(0.5))
            happened.append("work done")
            yield Sleep(GENEROUS)
        finally:
            happened.append("closed")

    async def leave() -> None:
        async with sending.aconnect(None) as http:
            with anyio.move_on_after(0.05):
                await arun(flow(), http)

    assert steps(lambda: asyncio.run(leave())) < 150_000
    assert happened == ["work done", "closed"]


def test_a_pause_that_no_system_can_wait_ends_with_the_client() -> None:
    """A rate of next to nothing asks for it."""
    stop, asked = StopEvent(), threading.Event()

    def flow() -> Flow[None]:
        asked.set()
        yield Sleep(1e300)

    def close() -> None:
        asked.wait(GENEROUS)
        stop.set()

    closing_it = threading.Thread(target=close)
    closing_it.start()
    with sending.connect(None) as http, pytest.raises(Stopped):
        run(flow(), http, stop=stop)
    closing_it.join()


async def test_what_a_broken_off_flow_does_at_its_end_does_not_block_the_loop() -> None:
    """It may tell the store, which others may be using."""
    closed_by: list[int] = []

    def flow() -> Flow[None]:
        try:
            yield Sleep(GENEROUS)
        finally:
            closed_by.append(threading.get_ident())

    async with sending.aconnect(None) as http:
        task = asyncio.create_task(arun(flow(), http))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        stop = asyncio.Event()
        stopped = asyncio.create_task(arun(flow(), http, stop=stop))
        await asyncio.sleep(0.05)
        stop.set()
        with pytest.raises(Stopped):
            await stopped
    assert len(closed_by) == 2
    assert threading.get_ident() not in closed_by


@pytest.mark.parametrize("kind", ["threads", "tasks"])
def test_stopped_in_its_work_a_flow_sends_nothing_more(kind: str) -> None:
    sent: list[str] = []
    transport = httpx.MockTransport(lambda request: sent.append(str(request.url)) or httpx.Response(200))  # type: ignore[func-returns-value]

    def flow(stop: threading.Event | asyncio.Event) -> Flow[Outcome]:
        yield Work(stop.set)
        outcome: Outcome = yield get("http://a.example/")
        return outcome

    def in_a_thread() -> None:
        stop = threading.Event()
        with sending.connect(transport) as http:
            run(flow(stop), http, stop=stop)

    async def in_a_task() -> None:
        stop = asyncio.Event()
        async with sending.aconnect(transport) as http:
            await arun(flow(stop), http, stop=stop)

    with pytest.raises(Stopped):
        in_a_thread() if kind == "threads" else asyncio.run(in_a_task())
    assert sent == []


def test_work_after_work(driver: Driver) -> None:
    def refuse() -> None:
        raise OSError("no")

    def flow() -> Flow[list[object]]:
        found: list[object] = [(yield Work(lambda: 1))]
        try:
            yield Work(refuse)
        except OSError as error:
            found.append(str(error))
        found.append((yield Work(lambda: 2)))
        return found

    assert driver(flow()) == [1, "no", 2]


async def test_work_does_not_block_the_loop() -> None:
    """The work ends only when the loop has turned ten times since it began."""
    turned = threading.Event()

    async def turn() -> None:
        for _ in range(10):
            await asyncio.sleep(0.001)
        turned.set()

    def flow() -> Flow[bool]:
        done: bool = yield Work(lambda: turned.wait(GENEROUS))
        return done

    turning = asyncio.create_task(turn())
    async with sending.aconnect(None) as http:
        assert await arun(flow(), http)
    await turning


class Counting:
    """Flows that sleep, and how many of them were under way at once; *together* of them wait for each other first."""

    def __init__(self, together: int = 1) -> None:
        self.now = self.most = self.begun = self.ended = 0
        self.lock = threading.Lock()
        self.meeting = threading.Barrier(together)

    def flow(self, number: int, seconds: float = 0.03) -> Flow[int]:
        with self.lock:
            self.begun += 1
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            if self.meeting.parties > 1:
                yield Work(lambda: self.meeting.wait(GENEROUS))
            yield Sleep(seconds)
            if number < 0:
                raise ValueError("a flow that fails")
            return number
        finally:
            with self.lock:
                self.now -= 1
                self.ended += 1


def each(flows: Iterable[Flow[int]], at_once: int, *, ordered: bool = True) -> Flow[None]:
    """Deliver the results of *flows*, several at once."""
    schedule = Schedule(iter(flows), at_once, ordered=ordered)
    while (result := (yield from next_result(schedule))) is not DONE:
        yield Deliver(result)


def run_many(
    flows: Iterable[Flow[int]], http: httpx.Client, *, at_once: int, ordered: bool = True, **more: Any
) -> Generator[int, None, None]:
    return carry_out(each(flows, at_once, ordered=ordered), http, **more)


def arun_many(
    flows: Iterable[Flow[int]], http: httpx.AsyncClient, *, at_once: int, ordered: bool = True, **more: Any
) -> AsyncGenerator[int, None]:
    return acarry_out(each(flows, at_once, ordered=ordered), http, **more)


def many(kind: str, flows: Iterator[Flow[int]], take: int | None = None, **more: Any) -> list[int]:
    """Take results of many flows, with either driver, and close it."""
    found: list[int] = []
    if kind == "threads":
        with sending.connect(None) as http, closing(run_many(flows, http, **more)) as results:
            for result in results:
                found.append(result)
                if len(found) == take:
                    break
        return found

    async def main() -> None:
        async with sending.aconnect(None) as http, aclosing(arun_many(flows, http, **more)) as results:
            async for result in results:
                found.append(result)
                if len(found) == take:
                    break
        assert asyncio.all_tasks() == {asyncio.current_task()}, "a task was left"

    asyncio.run(main())
    return found


@pytest.mark.parametrize("kind", ["threads", "tasks"])
def test_a_place_is_held_from_enter_to_leave_and_given_back_at_the_end(kind: str) -> None:
    """What follows a place, such as a claim, does not grow old in a queue.

    All twelve run at once: of fewer, one might wait for another that waits for its turn to begin.
    """
    inside = most = 0
    lock, meeting = threading.Lock(), threading.Barrier(2)

    def enter() -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        meeting.wait(GENEROUS)

    def leave() -> None:
        nonlocal inside
        with lock:
            inside -= 1

    def flow(number: int) -> Flow[int]:
        yield AcquireSlot()
        yield Work(enter)
        yield get("http://a.example/")
        yield Sleep(0.01)
        yield Work(leave)
        if number % 2:
            yield ReleaseSlot()
            yield Sleep(0.01)
        return number

    def respond(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200)

    async def main() -> list[int]:
        async with sending.aconnect(httpx.MockTransport(respond)) as http:
            gate = asyncio.Semaphore(2)
            return [one async for one in arun_many(map(flow, range(12)), http, at_once=12, gate=gate)]

    if kind == "threads":
        with sending.connect(httpx.MockTransport(respond)) as http:
            found = list(run_many(map(flow, range(12)), http, at_once=12, gate=Places(2)))
    else:
        found = asyncio.run(main())
    assert found == list(range(12))
    assert most == 2


@pytest.mark.parametrize("where", ["session.py", "contextlib.py", "threading.py"])
def test_a_client_whose_call_was_interrupted_at_any_line_is_as_good_as_before(where: str) -> None:
    """A notebook keeps the last error, and with it what stood in its frames: no later call may wait for its place."""
    respond = httpx.MockTransport(lambda _: httpx.Response(200, content=parse_answer(["a page 1"])))
    for line in range(1000):
        client = Client(
            "up_abcdefgh", engine="upstage", transport=respond, cache=False, max_concurrency=1, rates={"sync": Rate()}
        )
        kept: list[BaseException] = []
        with suppress(KeyboardInterrupt), interrupted(line, where):
            try:
                client.parse(make_pdf("a", 1))
            except (KeyboardInterrupt, RuntimeError) as error:  # that of a lock of the standard library
                kept.append(error)
        if not kept:
            break
        calling = threading.Thread(target=client.parse, args=(make_pdf("a", 1),), daemon=True)
        calling.start()
        calling.join(GENEROUS)
        assert not calling.is_alive()
    assert line > 5


KINDS = pytest.mark.parametrize("kind", ["threads", "tasks"])


@KINDS
def test_many_flows_end_in_their_order_and_run_at_once(kind: str) -> None:
    """Four wait for each other, and then end in the opposite order."""
    counting = Counting(together=4)
    flows = (counting.flow(n, seconds=0.05 * (4 - n % 4)) for n in range(12))
    assert many(kind, flows, at_once=4) == list(range(12))
    assert counting.most == 4


@KINDS
def test_unordered_one_that_takes_long_holds_nobody_up(kind: str) -> None:
    """Nine end before the first; of the two beside it either may end first, so that one of ten is still under way."""
    counting = Counting()
    flows = (counting.flow(n, seconds=0.0 if n else GENEROUS) for n in range(100))
    began = time.monotonic()
    found = many(kind, flows, take=9, at_once=3, ordered=False)
    assert len(set(found)) == len(found) == 9
    assert set(found) < set(range(1, 11))
    assert time.monotonic() - began < GENEROUS


@KINDS
@pytest.mark.parametrize("at_once", [1, 3])
def test_an_early_end_stops_what_sleeps_and_begins_nothing_more(kind: str, at_once: int) -> None:
    counting, before = Counting(), set(threading.enumerate())
    began = time.monotonic()

    def endless() -> Generator[Flow[int], None, None]:
        yield counting.flow(0)
        for number in range(1, 1000):
            yield counting.flow(number, seconds=GENEROUS)

    assert many(kind, endless(), take=1, at_once=at_once) == [0]
    assert time.monotonic() - began < GENEROUS
    assert counting.begun == counting.ended <= at_once
    assert threads_gone(before)


@KINDS
def test_a_failure_comes_in_its_place_and_ends_the_others(kind: str) -> None:
    counting = Counting()
    flows = [counting.flow(0), counting.flow(-1), *[counting.flow(n, seconds=GENEROUS) for n in range(2, 5)]]
    began = time.monotonic()
    with pytest.raises(ValueError, match="a flow that fails"):
        many(kind, iter(flows), at_once=5)
    assert time.monotonic() - began < GENEROUS
    assert counting.begun == counting.ended


@KINDS
def test_a_send_under_way_ends_before_the_iterator_is_closed(kind: str) -> None:
    """It may be a paid one, whose answer is then kept."""
    kept: list[bytes] = []
    sending = threading.Event()

    def flow(number: int) -> Flow[int]:
        if number:
            yield Work(sending.set)
            outcome: Outcome = yield get(url, deadline=GENEROUS)
            yield Work(lambda: kept.append(outcome))  # type: ignore[arg-type]
        else:
            yield Work(lambda: sending.wait(GENEROUS))
            yield Sleep(0.2)
        return number

    with server(b"", HEAD + b"x" * 1000, pause=1.0) as url:
        assert many(kind, iter([flow(0), flow(1)]), take=1, at_once=2) == [0]
    assert [type(outcome) for outcome in kept] == [Reply]  # type: ignore[comparison-overlap]


@KINDS
def test_results_held_are_bounded(kind: str) -> None:
    counting = Counting()
    assert many(kind, (counting.flow(n, seconds=0.0) for n in range(1000)), take=1, at_once=3) == [0]
    assert counting.begun <= 3


async def test_a_cancelled_iteration_leaves_no_task() -> None:
    counting = Counting()
    async with sending.aconnect(None) as http:

        async def consume() -> None:
            async with aclosing(arun_many((counting.flow(n, GENEROUS) for n in range(9)), http, at_once=3)) as results:
                async for _ in results:
                    pass

        task = asyncio.create_task(consume())
        await soon(lambda: counting.begun == 3, "three sleep")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert counting.begun == counting.ended == 3
    assert asyncio.all_tasks() == {asyncio.current_task()}
