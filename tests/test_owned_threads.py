"""A transport of the caller's holds the deadline, whatever it does; what does not end is left and counted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path

import httpx
import pytest
from eventually import eventually
from stand_in import parse_answer

from upstage_docs import APITimeoutError, Client, RetryPolicy, UnknownOutcomeError
from upstage_docs.client.owned_threads import OwnedThreads

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
        assert "left to end by themselves: 2" in caplog.text
    finally:
        ends.set()


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
