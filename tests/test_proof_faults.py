"""Money under faults: both clients against a server that limits, fails, resets, cuts, drips, expires and hangs."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from eventually import GENEROUS, eventually, soon
from stand_in import labels, make_pdf

from upstage_docs import (
    APIConnectionError,
    APIStatusError,
    InvalidResponseError,
    JobFailedError,
    JobTimeoutError,
    ParsedDocument,
    PollPolicy,
    RetryPolicy,
    UnknownOutcomeError,
)
from upstage_docs.api.rates import RATES, Rate, RateLimiter
from upstage_docs.client.async_client import AsyncClient
from upstage_docs.client.client import Client
from upstage_docs.store.store import Store
from upstage_docs.testing.faults import (
    Drip,
    Fault,
    Faults,
    Received,
    Reset,
    Truncate,
    error_in_200,
    expired_url,
    failed_batch,
    failed_job,
    gateway_text,
    hanging_job,
    no_download_urls,
    reset,
    retrying_batch,
    too_many_requests,
    unavailable,
)
from upstage_docs.testing.reader import StandInReader

pytest.importorskip("starlette", reason='the loopback server needs the extra "server"')
pytest.importorskip("uvicorn", reason='the loopback server needs the extra "server"')


class World:
    """A server with faults and a bill, and clients that share one store.

    Attributes:
        both: Whether `parse` goes through AsyncClient.
    """

    def __init__(self, folder: Path, base_url: str, faults: Faults, stand_in: StandInReader, *, is_async: bool) -> None:
        self.folder = folder
        self.base_url = base_url
        self.faults = faults
        self.stand_in = stand_in
        self.is_async = is_async
        self.cache = folder / "cache"

    def options(self, **changes: Any) -> dict[str, Any]:
        return {
            "api_key": "up_loopback",
            "base_url": self.base_url,
            "cache": self.cache,
            "rates": dict.fromkeys(RATES, Rate()),
            "retry": RetryPolicy(initial=0.01, maximum=0.05),
            "poll": PollPolicy(initial=0.02, maximum=0.1),
            **changes,
        }

    def pdf(self, name: str, pages: int) -> Path:
        path = self.folder / f"{name}.pdf"
        if not path.exists():
            path.write_bytes(make_pdf(name, pages))
        return path

    def parse(self, path: Path, *, settings: dict[str, Any] | None = None, **how: Any) -> ParsedDocument:
        """Parse with a new client, as a new process would."""
        if not self.is_async:
            with Client(**self.options(**settings or {})) as client:
                return client.parse(path, **how)

        async def parse() -> ParsedDocument:
            async with AsyncClient(**self.options(**settings or {})) as client:
                return await client.parse(path, **how)

        return asyncio.run(parse())

    def bill(self, name: str, pages: int) -> list[int]:
        return [self.stand_in.billed[label] for label in labels(name, pages)]

    def store(self) -> Store:
        return Store.at(self.cache)


@contextmanager
def _world(folder: Path, *, is_async: bool) -> Iterator[World]:
    from upstage_docs.testing.stand_in import running_stand_in

    with running_stand_in() as api:
        yield World(folder, api.base_url, api.faults, api.reader, is_async=is_async)


@pytest.fixture(params=["sync", "async"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with _world(tmp_path, is_async=request.param == "async") as one:
        yield one


@pytest.fixture
def sync_world(tmp_path: Path) -> Iterator[World]:
    with _world(tmp_path, is_async=False) as one:
        yield one


@pytest.fixture
def async_world(tmp_path: Path) -> Iterator[World]:
    with _world(tmp_path, is_async=True) as one:
        yield one


def texts(document: ParsedDocument) -> list[str]:
    return [element.text for element in document.elements]


# -- refused, and paid once in the end


@pytest.mark.parametrize(("kind", "route"), [("sync", "sync"), ("submit", "async")])
def test_what_is_refused_is_tried_again_and_paid_once(world: World, kind: Any, route: str) -> None:
    refusals = [
        too_many_requests(retry_after=0.05),
        unavailable(),
        unavailable(500),
        gateway_text(502),
        gateway_text(504),
    ]
    for number, refusal in enumerate(refusals):
        name = f"d{number}"
        world.faults.script(kind, refusal, refusal)
        assert texts(world.parse(world.pdf(name, 12), route=route)) == labels(name, 12)
        assert world.bill(name, 12) == [1] * 12
    assert world.faults.count(kind) == 3 * len(refusals)
    assert world.store().intents() == ()


def test_a_429_without_a_time_is_tried_again(sync_world: World) -> None:
    sync_world.faults.script("sync", too_many_requests())
    assert texts(sync_world.parse(sync_world.pdf("a", 2))) == labels("a", 2)
    assert sync_world.bill("a", 2) == [1, 1]


def test_an_error_in_a_200_is_a_refusal_and_costs_nothing(world: World) -> None:
    world.faults.script("sync", error_in_200())
    with pytest.raises(InvalidResponseError, match="Something went wrong"):
        world.parse(world.pdf("a", 2))
    assert world.store().intents() == ()
    assert texts(world.parse(world.pdf("a", 2))) == labels("a", 2)
    assert world.bill("a", 2) == [1, 1]


def test_a_retry_after_is_waited_for(sync_world: World) -> None:
    sync_world.faults.script("sync", too_many_requests(retry_after=0.6))
    began = time.monotonic()
    sync_world.parse(sync_world.pdf("a", 1))
    assert time.monotonic() - began >= 0.6


def test_refused_for_good_is_an_error_and_costs_nothing(world: World) -> None:
    world.faults.always("sync", unavailable())
    for _ in range(2):
        with pytest.raises(APIStatusError) as caught:
            world.parse(world.pdf("a", 3))
        assert caught.value.status_code == 503
    assert world.bill("a", 3) == [0] * 3
    assert world.store().intents() == ()
    world.faults.clear()
    assert texts(world.parse(world.pdf("a", 3))) == labels("a", 3)


def test_a_server_that_is_not_there_is_an_error_and_leaves_no_intent(world: World) -> None:
    gone = {"base_url": "http://127.0.0.1:1/v1", "retry": RetryPolicy(attempts=2, initial=0.01)}
    with pytest.raises(APIConnectionError):
        world.parse(world.pdf("a", 1), settings=gone)
    assert world.store().intents() == ()


# -- paid, and the answer lost


@pytest.mark.parametrize(
    "fault", [reset(), reset(after=100), Reset(billed=False)], ids=["no answer", "mid-body", "not billed"]
)
@pytest.mark.parametrize(("kind", "route"), [("sync", "sync"), ("submit", "async")])
def test_a_lost_answer_is_reported_and_never_guessed(world: World, fault: Reset, kind: Any, route: str) -> None:
    """Sent again only when told to; then the second payment is counted."""
    path = world.pdf("a", 4)
    if kind == "submit" and fault.after is not None:
        fault = reset(after=5)
    world.faults.script(kind, fault)
    for _ in range(2):
        with pytest.raises(UnknownOutcomeError, match="on_unknown") as caught:
            world.parse(path, route=route)
        assert caught.value.intent.pages == (1, 4)
        assert len(caught.value.candidates) == (1 if kind == "submit" and fault.billed else 0)
    assert world.faults.count(kind) == 1, "the second call sends nothing"
    document = world.parse(path, route=route, settings={"on_unknown": "resend"})
    assert texts(document) == labels("a", 4)
    assert world.bill("a", 4) == [2 if fault.billed else 1] * 4
    (entry,) = world.store().entries()
    answer = world.store().read(entry.key, (1, 4))
    assert answer is not None
    assert answer.sends == 2
    assert texts(world.parse(path)) == labels("a", 4), "and from now on it is read"
    assert world.faults.count(kind) == 2


def test_a_cut_answer_in_a_whole_reply_is_not_paid_again_unasked(world: World) -> None:
    path = world.pdf("a", 2)
    world.faults.script("sync", Truncate(200))
    with pytest.raises(InvalidResponseError) as caught:
        world.parse(path)
    assert len(caught.value.raw) == 200, "what came is not lost"
    with pytest.raises(UnknownOutcomeError):
        world.parse(path)
    assert world.bill("a", 2) == [1, 1]


def test_one_lost_part_of_many_costs_only_that_part_again(world: World) -> None:
    path = world.pdf("a", 20)
    world.faults.script("sync", None, reset())
    with pytest.raises(UnknownOutcomeError) as caught:
        world.parse(path, pages_per_request=5, settings={"max_concurrency": 1})
    first, last = caught.value.intent.pages
    assert last - first == 4
    document = world.parse(path, pages_per_request=5, settings={"on_unknown": "resend"})
    assert texts(document) == labels("a", 20)
    assert world.bill("a", 20) == [2 if first <= page <= last else 1 for page in range(1, 21)]


# -- slow


def test_a_slow_body_is_waited_for_within_the_timeout(world: World) -> None:
    world.faults.script("sync", Drip(size=200, seconds=0.02))
    assert texts(world.parse(world.pdf("a", 2))) == labels("a", 2)


def test_a_dripping_body_ends_with_the_timeout_and_is_reported(world: World) -> None:
    """Bytes keep coming, so that no timeout between them ever strikes; the deadline of the whole does.

    A busy machine may need the whole deadline to send the document; then that send is tried again, and dripped on too.
    """
    world.faults.always("sync", Drip(size=1, seconds=0.05))
    with pytest.raises(UnknownOutcomeError):
        world.parse(world.pdf("a", 1), settings={"timeout": 0.6, "retry": RetryPolicy(attempts=50, initial=0.01)})


# -- jobs


def test_an_expired_address_is_asked_anew(world: World) -> None:
    world.faults.script("result", expired_url(), expired_url())
    assert texts(world.parse(world.pdf("a", 25), route="async")) == labels("a", 25)
    assert world.bill("a", 25) == [1] * 25


def test_a_download_that_fails_is_repeated_at_no_cost(world: World) -> None:
    world.faults.script("result", reset(after=50), Truncate(100), None, unavailable(), gateway_text())
    assert texts(world.parse(world.pdf("a", 25), route="async")) == labels("a", 25)
    assert world.bill("a", 25) == [1] * 25


def test_a_job_in_trouble_is_waited_for(world: World) -> None:
    trouble: list[Fault] = [
        retrying_batch(1),
        no_download_urls(),
        unavailable(),
        reset(),
        gateway_text(504),
        retrying_batch(0),
    ]
    world.faults.script("status", *trouble, retrying_batch(0))
    assert texts(world.parse(world.pdf("a", 25), route="async")) == labels("a", 25)
    assert world.bill("a", 25) == [1] * 25


def test_a_hanging_job_ends_with_the_deadline_and_is_resumed_at_no_cost(world: World) -> None:
    path = world.pdf("a", 35)
    world.faults.always("status", hanging_job(completed=2))
    with pytest.raises(JobTimeoutError) as caught:
        world.parse(path, route="async", settings={"poll": PollPolicy(initial=0.02, maximum=0.05, deadline=0.5)})
    assert caught.value.job.request_id
    world.faults.clear()
    assert texts(world.parse(path)) == labels("a", 35)
    assert (world.faults.count("submit"), world.bill("a", 35)) == (1, [1] * 35)


def test_a_failed_batch_keeps_the_others_and_only_its_pages_are_sent_again(world: World) -> None:
    path = world.pdf("a", 35)
    with Client(**world.options()) as client:
        job = client.submit(path)
        eventually(lambda: client.job(job.request_id).done, "the job is done")
    world.faults.always("status", failed_batch(1))
    with pytest.raises(JobFailedError, match="11-20"):
        world.parse(path)
    world.faults.clear()
    assert texts(world.parse(path)) == labels("a", 35)
    assert world.bill("a", 35) == [1] * 10 + [2] * 10 + [1] * 15


def test_a_failed_job_is_an_error_and_may_be_sent_again(world: World) -> None:
    path = world.pdf("a", 12)
    world.faults.always("status", failed_job("the document is cursed"))
    with pytest.raises(JobFailedError, match="cursed"):
        world.parse(path, route="async")
    world.faults.clear()
    assert texts(world.parse(path, route="async")) == labels("a", 12)


def test_batches_may_count_their_pages_from_the_file(sync_world: World) -> None:
    """Whether they do is not documented; both give the same document."""
    relative = sync_world.parse(sync_world.pdf("a", 25), route="async")
    sync_world.stand_in.absolute = True
    absolute = sync_world.parse(sync_world.pdf("a", 25), route="async", settings={"cache": False})
    assert [(one.id, one.page, one.text) for one in relative.elements] == [
        (one.id, one.page, one.text) for one in absolute.elements
    ]
    assert [element.page for element in relative.elements] == list(range(1, 26))


def test_what_is_deleted_while_it_is_read_is_sent_again_and_given_once(sync_world: World) -> None:
    path = sync_world.pdf("a", 8)
    sync_world.parse(path, pages_per_request=2)
    with Client(**sync_world.options(max_concurrency=1)) as client, closing(client.stream(path)) as slices:
        given = [element.text for element in next(slices).elements]
        sync_world.store().remove()
        given += [element.text for part in slices for element in part.elements]
    assert given == labels("a", 8)
    assert sync_world.bill("a", 8)[:2] == [1, 1]


def test_what_is_replaced_while_it_is_read_is_an_error_and_costs_nothing(sync_world: World) -> None:
    path = sync_world.pdf("a", 8)
    sync_world.parse(path, pages_per_request=2)
    with Client(**sync_world.options(max_concurrency=1)) as client, closing(client.stream(path)) as slices:
        next(slices)
        sync_world.parse(path, refresh=True)
        with pytest.raises(InvalidResponseError, match="was replaced while it was read"):
            list(slices)
    assert texts(sync_world.parse(path)) == labels("a", 8)
    assert sync_world.bill("a", 8) == [2] * 8


# -- rates and numbers


@pytest.mark.parametrize(("family", "kind", "requests"), [("sync", "sync", 3), ("async", "submit", 6)])
def test_the_table_of_rates_keeps_a_limited_server_content(family: Any, kind: str, requests: int) -> None:
    """A hundred requests, each sent when the limiter says, meet none of the server's refusals; the clock is made."""
    limiter, faults = RateLimiter(), Faults()
    faults.requests_per_second = requests
    now = 100.0
    for _ in range(100):
        now += limiter.reserve(now, family)
        assert faults.meet(Received(kind, "POST", "/", now, authorized=True)) is None
    unlimited = [faults.meet(Received(kind, "POST", "/", now + 10, authorized=True)) for _ in range(requests + 1)]
    assert [fault is None for fault in unlimited] == [True] * requests + [False]


def test_a_client_keeps_to_the_table_of_rates(sync_world: World) -> None:
    """Ten jobs at six a second take a second and a half at least."""
    paths = [sync_world.pdf(f"d{number}", 1) for number in range(10)]
    with Client(**sync_world.options(rates=None, max_concurrency=8)) as client:
        began = time.monotonic()
        assert len([client.submit(path) for path in paths]) == 10
    assert time.monotonic() - began >= 9 / 6


def test_a_limit_that_no_table_knows_loses_nothing(sync_world: World) -> None:
    """The first of those sent at once are refused in any case; later ones when they come too fast for the server."""
    sync_world.faults.requests_per_second = 10
    sync_world.faults.retry_after = 0.1
    sync_world.faults.script("sync", *[too_many_requests(retry_after=0.1)] * 4)
    paths = [sync_world.pdf(f"d{number}", 1) for number in range(20)]
    with Client(**sync_world.options(max_concurrency=8, retry=RetryPolicy(attempts=20, initial=0.1))) as client:
        assert [texts(document) for document in client.parse_many(paths)] == [labels(f"d{n}", 1) for n in range(20)]
    assert len([one for one in sync_world.faults.received if one.status == 429]) >= 4
    assert set(sync_world.stand_in.billed.values()) == {1}


def test_as_many_requests_as_allowed_are_in_flight_and_no_more(sync_world: World) -> None:
    sync_world.stand_in.meeting = threading.Barrier(3)
    sync_world.stand_in.seconds_per_page = 0.02
    paths = [sync_world.pdf(f"d{number}", 1) for number in range(12)]
    with Client(**sync_world.options(max_concurrency=3)) as client:
        assert len(list(client.parse_many(paths))) == 12
    assert sync_world.stand_in.most_at_once == 3


def test_four_clients_at_once_pay_once(world: World) -> None:
    """One sends; its answer is held back until the others have begun to wait for it."""
    world.stand_in.allowed = threading.Semaphore(0)
    path = world.pdf("a", 10)
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(texts(world.parse(path)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: world.faults.count("sync"), "one has sent the document")
    time.sleep(0.2)
    world.stand_in.allowed.release(4)
    for thread in threads:
        thread.join()
    assert found == [labels("a", 10)] * 4
    assert world.bill("a", 10) == [1] * 10
    assert world.faults.count("sync") == 1


def test_connections_are_reused_for_a_whole_job(tmp_path: Path) -> None:
    """A job is dozens of requests; each client opens no more connections than it may have requests at once."""
    from upstage_docs.local import Engine
    from upstage_docs.server import build_app, running

    ports, requests = set(), []
    app = build_app(Engine(read=StandInReader(seconds_per_page=0.002).read))

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            ports.add(scope["client"][1])
            requests.append(scope["path"])
        await app(scope, receive, send)

    with running(counting) as base_url:
        world = World(tmp_path, base_url, Faults(), StandInReader(), is_async=False)
        for is_async in (False, True):
            world.is_async = is_async
            ports.clear()
            requests.clear()
            world.parse(world.pdf("a", 120), route="async", settings={"max_concurrency": 3, "cache": False})
            assert len(requests) >= 1 + 1 + 12
            assert len(ports) <= 3


# -- streaming, and stopping


def test_the_first_pages_arrive_while_later_ones_are_still_read(sync_world: World) -> None:
    sync_world.stand_in.allowed = threading.Semaphore(1)
    path = sync_world.pdf("a", 60)
    with Client(**sync_world.options()) as client, closing(client.stream(path, route="async")) as slices:
        first = next(slices)
        assert sync_world.stand_in.answered == 1, "the second batch waits for a permit"
        sync_world.stand_in.allowed.release(5)
        rest = list(slices)
    assert [element.page for element in first.elements] == list(range(1, 11))
    assert [one.elements[0].page for one in rest] == [11, 21, 31, 41, 51]


async def _first(many: Any) -> Any:
    async with aclosing(many) as some:
        return await anext(some)


BREAKS: dict[str, Callable[[Any, World], Any]] = {
    "stream of a job": lambda client, world: client.stream(world.pdf("a", 60), route="async"),
    "stream of parts": lambda client, world: client.stream(world.pdf("a", 60), pages_per_request=5),
    "elements of a job": lambda client, world: client.iter_elements(world.pdf("a", 60), route="async"),
    "elements of parts": lambda client, world: client.iter_elements(world.pdf("a", 60), pages_per_request=5),
    "many documents": lambda client, world: client.parse_many([world.pdf(f"d{n}", 3) for n in range(12)]),
    "many recognised": lambda client, world: client.ocr_many([world.pdf(f"d{n}", 3) for n in range(12)]),
    "stream of a result": lambda client, world: client.stream_result(world.submitted),  # type: ignore[attr-defined]
}


def _open_files() -> set[str]:
    found = set()
    for one in Path("/proc/self/fd").iterdir():
        try:
            found.add(str(one.readlink()))
        except OSError:
            continue
    return {name for name in found if "store.sqlite3" in name or name.endswith(".pdf")}


@pytest.mark.parametrize("way", BREAKS)
def test_a_broken_off_iteration_leaves_nothing_behind_and_costs_nothing_twice(world: World, way: str) -> None:
    """No thread, no task, no request on its way, no open file; running again pays only for what was not sent."""
    world.stand_in.seconds_per_page = 0.005
    path = world.pdf("a", 60)
    if way == "stream of a result":
        with Client(**world.options()) as client:
            world.submitted = client.submit(path)  # type: ignore[attr-defined]
    if world.is_async:
        asyncio.run(_break_off(world, way))
    else:
        with Client(**world.options()) as client, closing(BREAKS[way](client, world)) as some:
            next(iter(some))
    gc.collect()
    assert not _threads_left()
    if Path("/proc/self/fd").is_dir():
        assert not _open_files()
    sent = world.faults.count("sync") + world.faults.count("submit")
    time.sleep(0.2)
    assert world.faults.count("sync") + world.faults.count("submit") == sent
    # Whatever was cut off is reported; what was not is paid once in the end.
    with Client(**world.options()) as client:
        if way.startswith("many"):
            again = client.parse_many if way == "many documents" else client.ocr_many
            assert len(list(again([world.pdf(f"d{n}", 3) for n in range(12)]))) == 12
        else:
            assert texts(client.parse(path, pages_per_request=5)) == labels("a", 60)
    assert set(world.stand_in.billed.values()) == {1}


async def _break_off(world: World, way: str) -> None:
    async with AsyncClient(**world.options()) as client:
        assert await _first(BREAKS[way](client, world)) is not None
    tasks: set[asyncio.Task[Any]] = asyncio.all_tasks() - {asyncio.current_task()}
    assert not tasks


@pytest.mark.parametrize("way", ["stream of a job", "elements of parts", "many documents"])
def test_a_plain_break_out_of_an_async_for_leaves_nothing_either(async_world: World, way: str) -> None:
    """Nobody closes the iterator; the client, closed, lets its sends end, so that none of them is lost."""
    async_world.stand_in.seconds_per_page = 0.005

    async def break_off() -> set[asyncio.Task[Any]]:
        async with AsyncClient(**async_world.options()) as client:
            async for _ in BREAKS[way](client, async_world):
                break
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert not asyncio.run(break_off())
    assert async_world.store().intents() == ()
    assert set(async_world.stand_in.billed.values()) == {1}


def _threads_left() -> list[threading.Thread]:
    """Threads of the client's pools, and workers of event loops that are gone; the server has a loop of its own."""
    left = [
        thread
        for thread in threading.enumerate()
        if thread.name.startswith("upstage-docs_") or (hasattr(thread, "loop") and thread.loop.is_closed())
    ]
    for thread in left:
        thread.join(GENEROUS)  # one that was told to end may still be at it
    return [thread for thread in left if thread.is_alive()]


def test_a_cancelled_call_ends_before_its_answer_and_reports_what_it_cut(async_world: World) -> None:
    """The answer is held back for as long as the call has not ended."""
    async_world.stand_in.allowed = threading.Semaphore(0)
    path = async_world.pdf("a", 4)

    async def cancelled() -> None:
        async with AsyncClient(**async_world.options()) as client:
            task = asyncio.ensure_future(client.parse(path))
            await soon(lambda: async_world.stand_in.billed, "the document is being read")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, GENEROUS)

    asyncio.run(cancelled())
    async_world.stand_in.allowed.release()
    with pytest.raises(UnknownOutcomeError):
        async_world.parse(path)
    assert async_world.faults.count("sync") == 1
