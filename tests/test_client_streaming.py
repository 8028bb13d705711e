"""Slices arrive in order while the rest still runs; stopping early leaves nothing running and nothing to pay again."""

from __future__ import annotations

import asyncio
import gc
import io
import sqlite3
import threading
import time
import weakref
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from conftest import Loopback, open_files
from eventually import GENEROUS, eventually, soon
from stand_in import labels, make_pdf

from upstage_docs import AsyncClient, Client, Report
from upstage_docs.api.rates import RATES, Rate
from upstage_docs.client.session import Stopped
from upstage_docs.files.source import Named
from upstage_docs.options import PollPolicy, RetryPolicy
from upstage_docs.testing.faults import Delay, hanging_job, retrying_batch
from upstage_docs.testing.stand_in import stand_in_transport

KEY = "up_abcdefghijklmnop"


@pytest.fixture
def settings(loopback: Loopback, tmp_path: Path) -> dict[str, Any]:
    return {
        "api_key": KEY,
        "base_url": loopback.base_url,
        "cache": tmp_path / "cache",
        "rates": dict.fromkeys(RATES, Rate()),
        "retry": RetryPolicy(attempts=3, initial=0.01, maximum=0.02),
        "poll": PollPolicy(initial=0.02, maximum=0.05),
    }


def texts(*slices: Any) -> list[str]:
    return [element.text for one in slices for element in one.elements]


def iteration(face: str, client: AsyncClient, folder: Path) -> Any:
    """An asynchronous iteration over a document of six pages in three parts."""
    how: dict[str, Any] = {"pages_per_request": 2, "route": "sync"}
    if face == "client":
        return client.stream(make_pdf("a", 6), **how)
    path = folder / "a.pdf"
    path.write_bytes(make_pdf("a", 6))
    if face == "langchain":
        loaders = pytest.importorskip("langchain_upstage_docs", reason="needs LangChain")
        return loaders.UpstageDocumentParseLoader(path, client=client, **how).alazy_load()
    readers = pytest.importorskip("llama_index_upstage_docs", reason="needs LlamaIndex")
    return readers.UpstageDocumentParseReader(client=client, **how).astream_data(path)


class TestSync:
    def test_the_first_slice_comes_before_the_job_is_done(self, settings: dict[str, Any], loopback: Loopback) -> None:
        loopback.faults.always("status", hanging_job(completed=1))
        with Client(**settings) as client, closing(client.stream(make_pdf("a", 25), route="async")) as slices:
            first = next(slices)
            assert texts(first) == labels("a", 10)
            assert first.total_pages == 25
            loopback.faults.clear()
            rest = list(slices)
        assert texts(first, *rest) == labels("a", 25)
        assert [element.id for one in (first, *rest) for element in one.elements] == list(range(25))
        assert len({one.file_sha256 for one in (first, *rest)}) == 1

    def test_batches_that_finish_out_of_order_come_in_order(self, settings: dict[str, Any], loopback: Loopback) -> None:
        loopback.faults.script("status", retrying_batch(0), retrying_batch(0))
        with Client(**settings) as client:
            found = list(client.stream(make_pdf("a", 35), route="async"))
        assert texts(*found) == labels("a", 35)
        assert [one.elements[0].page for one in found] == [1, 11, 21, 31]

    def test_without_a_store_few_batches_are_held(self, settings: dict[str, Any], loopback: Loopback) -> None:
        """What is not stored waits in memory: at most `max_concurrency` batches beside the one in use."""
        with Client(**{**settings, "cache": False, "max_concurrency": 2}) as client:
            client.result(job := client.submit(make_pdf("a", 95)))  # done: every batch can be downloaded
            loopback.faults.received.clear()
            with closing(client.stream_result(job)) as slices:
                next(slices)
                time.sleep(0.5)
                assert 1 <= loopback.faults.count("result") <= 3

    def test_elements_one_by_one(self, settings: dict[str, Any]) -> None:
        with Client(**settings) as client:
            pages = [element.page for element in client.iter_elements(make_pdf("a", 25), route="async")]
        assert pages == list(range(1, 26))

    def test_an_early_end_leaves_no_thread_and_a_job_to_resume(
        self, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        files = open_files()
        loopback.faults.always("status", hanging_job(completed=1))
        before = set(threading.enumerate())
        with Client(**settings) as client:
            for _ in client.stream(make_pdf("a", 45), route="async"):
                break
            gc.collect()
            ours = [one.name for one in set(threading.enumerate()) - before if one.name.startswith("upstage-docs_")]
            assert ours == []
            received = len(loopback.faults.received)
            time.sleep(0.2)
            assert len(loopback.faults.received) == received, "nobody polls any more"
        loopback.faults.clear()
        with Client(**settings) as client:
            assert texts(client.parse(make_pdf("a", 45))) == labels("a", 45)
        assert loopback.faults.count("submit") == 1
        assert loopback.billed == Counter(labels("a", 45))
        assert not {one for one in open_files() - files if "cache" in one}

    def test_an_early_end_keeps_the_parts_that_were_under_way(
        self, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        """They are paid for: their answers are waited for and stored."""
        loopback.faults.script("sync", None, Delay(0.5), Delay(0.5))
        with Client(**settings) as client:
            stream = client.stream(make_pdf("a", 6), pages_per_request=2, route="sync")
            assert texts(next(stream)) == labels("a", 2)
            eventually(lambda: loopback.faults.count("sync") == 3, "the others are sent")
            stream.close()
        with Client(**settings) as client:
            assert texts(client.parse(make_pdf("a", 6))) == labels("a", 6)
        assert loopback.billed == Counter(labels("a", 6))

    def test_many_documents_broken_off(self, settings: dict[str, Any], loopback: Loopback) -> None:
        documents = [make_pdf(f"d{number}", 1) for number in range(20)]
        with Client(**settings) as client:
            for _ in client.parse_many(documents):
                break
        assert loopback.faults.count("sync") < 20
        with Client(**settings) as client:
            assert len(list(client.parse_many(documents))) == 20
        assert set(loopback.billed.values()) == {1}


class TestAsync:
    async def test_the_first_slice_comes_before_the_job_is_done(
        self, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        loopback.faults.always("status", hanging_job(completed=1))
        async with (
            AsyncClient(**settings) as client,
            aclosing(client.stream(make_pdf("a", 25), route="async")) as slices,
        ):
            first = await anext(slices)
            assert texts(first) == labels("a", 10)
            loopback.faults.clear()
            rest = [one async for one in slices]
        assert texts(first, *rest) == labels("a", 25)

    async def test_elements_one_by_one(self, settings: dict[str, Any]) -> None:
        async with AsyncClient(**settings) as client:
            pages = [element.page async for element in client.iter_elements(make_pdf("a", 25), route="async")]
        assert pages == list(range(1, 26))

    @pytest.mark.parametrize("method", ["stream", "iter_elements"])
    async def test_an_early_end_leaves_no_task_and_a_job_to_resume(
        self, settings: dict[str, Any], loopback: Loopback, method: str
    ) -> None:
        loopback.faults.always("status", hanging_job(completed=1))
        async with AsyncClient(**settings) as client:
            async with aclosing(getattr(client, method)(make_pdf("a", 45), route="async")) as found:
                async for _ in found:
                    break
            assert asyncio.all_tasks() == {asyncio.current_task()}
            received = len(loopback.faults.received)
            await asyncio.sleep(0.2)
            assert len(loopback.faults.received) == received, "nobody polls any more"
        loopback.faults.clear()
        async with AsyncClient(**settings) as client:
            assert texts(await client.parse(make_pdf("a", 45))) == labels("a", 45)
        assert loopback.faults.count("submit") == 1
        assert loopback.billed == Counter(labels("a", 45))

    async def test_a_program_whose_threads_all_wait_for_it_gets_its_answer(self, settings: dict[str, Any]) -> None:
        """As sync code does that a framework runs in the loop's threads: here there is one, and it waits."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        async with AsyncClient(**settings) as client:

            def wait() -> list[str]:
                return texts(asyncio.run_coroutine_threadsafe(client.parse(make_pdf("a", 1)), loop).result(GENEROUS))

            assert await asyncio.to_thread(wait) == labels("a", 1)

    async def test_cancelled_while_it_asks_the_store_a_call_leaves_nothing_that_the_next_one_waits_for(
        self, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        async with AsyncClient(**settings) as client:
            await client.parse(make_pdf("other", 1))  # makes the store's file
            with closing(sqlite3.connect(settings["cache"] / "store.sqlite3", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")  # the claim has to wait
                task = asyncio.create_task(client.parse(make_pdf("a", 1)))
                await asyncio.sleep(0.5)
                task.cancel()
                await asyncio.sleep(0.1)
                other.execute("ROLLBACK")
            with pytest.raises(asyncio.CancelledError):
                await task
            again = await asyncio.wait_for(client.parse(make_pdf("a", 1)), GENEROUS)
        assert texts(again) == labels("a", 1)
        assert loopback.billed == Counter([*labels("other", 1), *labels("a", 1)])

    async def test_an_early_end_keeps_the_parts_that_were_under_way(
        self, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        loopback.faults.script("sync", None, Delay(0.5), Delay(0.5))
        async with AsyncClient(**settings) as client:
            stream = client.stream(make_pdf("a", 6), pages_per_request=2, route="sync")
            assert texts(await anext(stream)) == labels("a", 2)
            await soon(lambda: loopback.faults.count("sync") == 3, "the others are sent")
            await stream.aclose()
            assert texts(await client.parse(make_pdf("a", 6))) == labels("a", 6)
        assert loopback.billed == Counter(labels("a", 6))

    @pytest.mark.parametrize("face", ["client", "langchain", "llama_index"])
    async def test_one_that_is_left_in_a_cycle_and_collected_ends_in_order(
        self, settings: dict[str, Any], tmp_path: Path, face: str
    ) -> None:
        """The loop would close each of the generators that it is made of, and those inside of it twice."""
        errors: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, told: errors.append(told))
        async with AsyncClient(**settings) as client:
            left: list[Any] = [iteration(face, client, tmp_path)]
            await anext(left[0])
            left.append(left)
            del left
            gc.collect()
            await soon(lambda: asyncio.all_tasks() == {asyncio.current_task()}, "what was begun has ended")
        gc.collect()  # an error that nobody asks for is told then
        assert errors == []

    @pytest.mark.parametrize("face", ["client", "langchain", "llama_index"])
    def test_one_that_is_left_at_the_end_of_the_loop_ends_in_order(self, tmp_path: Path, face: str) -> None:
        errors: list[object] = []
        left: list[Any] = []

        async def leave() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, told: errors.append(told))
            client = AsyncClient(KEY, transport=stand_in_transport(), cache=tmp_path / "cache")
            left.append(iteration(face, client, tmp_path))
            await anext(left[0])

        asyncio.run(leave())
        gc.collect()
        assert errors == []

    async def test_cancelling_ends_at_once_and_a_job_goes_on(
        self, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        loopback.faults.always("status", hanging_job())
        async with AsyncClient(**settings) as client:
            task = asyncio.create_task(client.parse(make_pdf("a", 25), route="async"))
            await soon(lambda: loopback.faults.count("status"), "the job is asked for")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, GENEROUS)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            loopback.faults.clear()
            assert texts(await client.parse(make_pdf("a", 25))) == labels("a", 25)
        assert loopback.billed == Counter(labels("a", 25))

    async def test_a_deadline_of_the_caller_holds(self, settings: dict[str, Any], loopback: Loopback) -> None:
        loopback.faults.always("status", hanging_job())
        async with AsyncClient(**settings) as client:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.parse(make_pdf("a", 25), route="async"), 0.5)
            assert asyncio.all_tasks() == {asyncio.current_task()}

    async def test_an_upload_does_not_block_the_loop_for_long(self, settings: dict[str, Any]) -> None:
        """Forty megabytes are read once by the loop itself, in small pieces, between which it turns."""
        turns = 0
        pieces: list[tuple[int, int]] = []  # that the loop read itself: how often it had turned before, and the size
        loop_thread = threading.get_ident()

        class Watched(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                piece = super().read(size)
                if threading.get_ident() == loop_thread:
                    pieces.append((turns, len(piece)))
                return piece

        async def turn() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        async with AsyncClient(**settings) as client:
            turning = asyncio.create_task(turn())
            content = make_pdf("a", 1) + b"\0" * 40_000_000
            assert texts(await client.parse(Watched(content), source="a.pdf", route="sync")) == ["a page 1"]
            turning.cancel()
        assert sum(size for _, size in pieces) == len(content), "what else is done with it is done in a thread"
        assert max(size for _, size in pieces) <= 1 << 20
        assert len({when for when, _ in pieces}) > 0.9 * len(pieces)

    async def test_many_parses_at_once_share_one_client(self, settings: dict[str, Any], loopback: Loopback) -> None:
        """Gathered by the caller: the client bounds what is in flight, and each document is paid for once."""
        async with AsyncClient(**settings) as client:
            found = await asyncio.gather(*(client.parse(make_pdf(f"d{n % 6}", 2)) for n in range(18)))
        assert [texts(one) for one in found] == [labels(f"d{n % 6}", 2) for n in range(18)]
        assert set(loopback.billed.values()) == {1}


class TestClose:
    """Closing a client ends what is under way elsewhere: what is being sent is answered first, and nothing begins.

    The answer is held back until the other call, which only waits for its job, has been ended by the close.
    """

    def test_of_other_threads(self, settings: dict[str, Any], loopback: Loopback) -> None:
        loopback.stand_in.allowed = threading.Semaphore(0)
        loopback.faults.always("status", hanging_job())
        errors: list[Exception] = []
        client = Client(**settings)

        def parse(name: str, route: Any) -> None:
            try:
                client.parse(make_pdf(name, 2), route=route)
            except Exception as error:  # noqa: BLE001
                errors.append(error)

        threads = [threading.Thread(target=parse, args=call) for call in (("a", "sync"), ("b", "async"))]
        for thread in threads:
            thread.start()
        eventually(lambda: loopback.faults.count("sync") and loopback.faults.count("status"), "both are under way")
        closing = threading.Thread(target=client.close)
        closing.start()
        eventually(lambda: errors, "the job is waited for no longer")
        received = len(loopback.faults.received)
        loopback.stand_in.allowed = None
        for thread in (closing, *threads):
            thread.join(GENEROUS)
        assert [type(error) for error in errors] == [Stopped, Stopped]
        assert "closed" in str(errors[0])
        assert client._session._http is None, "nobody has opened another connection"
        self.goes_on(client, loopback, received)

    async def test_of_other_tasks(self, settings: dict[str, Any], loopback: Loopback) -> None:
        loopback.stand_in.allowed = threading.Semaphore(0)
        loopback.faults.always("status", hanging_job())
        client = AsyncClient(**settings)
        tasks = [
            asyncio.create_task(client.parse(make_pdf(name, 2), route=route))  # type: ignore[arg-type]
            for name, route in (("a", "sync"), ("b", "async"))
        ]
        await soon(lambda: loopback.faults.count("sync") and loopback.faults.count("status"), "both are under way")
        closing = asyncio.create_task(client.close())
        await soon(tasks[1].done, "the job is waited for no longer")
        received = len(loopback.faults.received)
        loopback.stand_in.allowed = None
        await closing
        errors = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(error) for error in errors] == [Stopped, Stopped]
        assert "closed" in str(errors[0])
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert not client._session._sessions, "nobody has opened another connection"
        await asyncio.to_thread(self.goes_on, Client(**settings), loopback, received)

    async def test_in_a_cancelled_scope_it_leaves_nothing_open(
        self, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        loopback.faults.always("status", hanging_job())
        with anyio.CancelScope() as scope:
            async with AsyncClient(**settings) as client:
                asyncio.get_running_loop().call_later(0.3, scope.cancel)
                await client.parse(make_pdf("a", 2), route="async")
        assert scope.cancelled_caught
        assert not [one for one in open_files() if str(settings["cache"]) in one]
        del client
        gc.collect()  # a connection that was left would warn

    async def test_of_the_loops_of_other_threads(self, settings: dict[str, Any], loopback: Loopback) -> None:
        loopback.faults.always("status", hanging_job())
        client = AsyncClient(**settings)
        errors: list[Exception] = []

        async def parse() -> None:
            try:
                await client.parse(make_pdf("a", 2), route="async")
            except Exception as error:  # noqa: BLE001
                errors.append(error)

        thread = threading.Thread(target=lambda: asyncio.run(parse()))
        thread.start()
        await soon(lambda: loopback.faults.count("status"), "the other loop waits for its job")
        await client.close()
        await asyncio.to_thread(thread.join, GENEROUS)
        assert [type(error) for error in errors] == [Stopped]
        gc.collect()  # a connection that was left would warn

    def goes_on(self, client: Client, loopback: Loopback, received: int) -> None:
        assert len(loopback.faults.received) == received, "nothing was asked after the close"
        loopback.faults.clear()
        with client:
            for name in ("a", "b"):
                assert texts(client.parse(make_pdf(name, 2))) == labels(name, 2)
        assert set(loopback.billed.values()) == {1}


def test_elements_on_no_page_are_named_in_the_report() -> None:
    """Whole or in slices: what became of a document says which of its elements no page is known of."""
    elements = [
        {"id": number, "page": page, "category": "paragraph", "content": {"text": f"text {number}"}}
        for number, page in enumerate([1, 2, 999])
    ]
    body = {"model": "m", "usage": {"pages": 2}, "elements": elements}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    report = Report()
    with Client("up_abcdefgh", engine="upstage", transport=transport, cache=False) as client:
        (document,) = client.parse_many(Named(make_pdf("a", 2), "a.pdf"), report=report)

    assert [(one.page, one.text) for one in document.elements] == [(1, "text 0"), (2, "text 1"), (0, "text 2")]
    assert report.succeeded == ["a.pdf"]
    assert [one.page for one in report.warnings["a.pdf"]] == [0]
    assert "elements 2." in str(report)


@pytest.mark.parametrize("on_error", ["skip", "partial"])
@pytest.mark.parametrize("is_async", [False, True])
async def test_a_report_of_failures_does_not_hold_their_documents(on_error: Any, is_async: bool) -> None:
    """An error holds the frames that it passed, and these the document, its requests and its answers."""

    def answer(request: httpx.Request) -> httpx.Response:
        if b"-3-4" in request.read():  # the second part of the long document
            return httpx.Response(400, json={"error": {"message": "no"}})
        if b"-1-2" not in request.content:
            raise httpx.ReadTimeout("silent")
        return httpx.Response(200, json={"usage": {"pages": 2}, "elements": [{"id": 0, "page": 1}]})

    documents = [io.BytesIO(make_pdf(name, pages)) for name, pages in (("first", 4), ("second", 1))]
    given = [weakref.ref(one) for one in documents]
    report = Report()
    options: dict[str, Any] = {
        "cache": False,
        "retry": RetryPolicy(attempts=1),
        "transport": httpx.MockTransport(answer),
    }
    many: dict[str, Any] = {"pages_per_request": 2, "on_error": on_error, "report": report}
    if is_async:
        async with AsyncClient(KEY, **options) as aclient:
            async for _ in aclient.parse_many(iter(documents), **many):
                pass
    else:
        with Client(KEY, **options) as client:
            for _ in client.parse_many(iter(documents), **many):
                pass
    del documents
    gc.collect()

    assert len(report.failures) == 2
    assert [one() for one in given] == [None, None]
