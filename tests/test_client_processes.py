"""One client in several processes and event loops: forks, `asyncio.run` after `asyncio.run`, no loop of asyncio."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from eventually import GENEROUS, eventually
from play import answer
from stand_in import make_pdf

from upstage_docs import AsyncClient, Rate, RetryPolicy
from upstage_docs.errors import APIConnectionError, ConfigError

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

FORK = """
import httpx, os, sys, threading
from upstage_docs import Client, ConfigError
from upstage_docs.sources import PDFIUM_LOCK

pdf, answer = [open(name, "rb").read() for name in sys.argv[1:]]
parent, sending, wait = os.getpid(), threading.Event(), threading.Event()

def respond(request):
    if os.getpid() == parent:
        sending.set()
        wait.wait()
    return httpx.Response(200, content=answer)

def client(transport):
    return Client("up_test", transport=transport, cache=False, max_concurrency=1)

def in_child(work):
    child = os.fork()
    if child == 0:
        os._exit(0 if work() else 1)
    wait.set()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


def forked(tmp_path: Path, code: str) -> None:
    """Run *code* after FORK in a process of its own, which ends well."""
    (tmp_path / "a.pdf").write_bytes(make_pdf("a", 1))
    (tmp_path / "answer.json").write_text(json.dumps(answer([1])))
    command = [sys.executable, "-c", FORK + code, tmp_path / "a.pdf", tmp_path / "answer.json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=GENEROUS, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@needs_fork
def test_a_transport_of_its_own_is_not_shared_with_a_forked_child(tmp_path: Path) -> None:
    """The answer to one would come to the other."""
    forked(
        tmp_path,
        """
one = client(httpx.HTTPTransport())

def refused():
    try:
        one.parse(pdf)
    except ConfigError as error:
        one.close()
        return "forked process" in str(error)

in_child(refused)
one.close()
""",
    )


@needs_fork
def test_a_child_forked_while_every_place_is_taken_goes_on(tmp_path: Path) -> None:
    forked(
        tmp_path,
        """
one = client(httpx.MockTransport(respond))
threading.Thread(target=one.parse, args=(pdf,)).start()
sending.wait()

def parsed():
    with one:
        return len(one.parse(pdf).elements) == 1

in_child(parsed)
""",
    )


@needs_fork
def test_a_child_forked_while_pages_are_counted_goes_on(tmp_path: Path) -> None:
    forked(
        tmp_path,
        """
def count():
    with PDFIUM_LOCK:
        sending.set()
        wait.wait(0.5)

threading.Thread(target=count).start()
sending.wait()
in_child(lambda: PDFIUM_LOCK.acquire(timeout=60))
""",
    )


def test_loops_that_are_closed_leave_no_threads() -> None:
    """As tasks of a queue do, each with an `asyncio.run` of its own, and one client for all of them."""

    async def nothing(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.01)
        return httpx.Response(200, json={"requests": []})

    transport = httpx.MockTransport(nothing)
    client = AsyncClient("up_test", transport=transport, cache=False, max_concurrency=1, rates={"async": Rate()})

    async def at_once() -> None:
        await asyncio.gather(*[client.jobs() for _ in range(3)])  # they wait for places of this loop

    def ours() -> list[str]:
        return [one.name for one in threading.enumerate() if one.name.startswith("upstage-docs_")]

    for _ in range(5):
        asyncio.run(at_once())
    eventually(lambda: len(ours()) <= 2, "the threads of closed loops have ended")
    asyncio.run(client.close())
    eventually(lambda: not ours(), "the last loop's threads have ended")


def test_a_transport_with_sockets_serves_one_loop() -> None:
    """Its connections belong to the first: in another they would fail once a request was sent, and paid for."""
    nobody = "http://127.0.0.1:9/v1"
    client = AsyncClient(
        "up_test", base_url=nobody, transport=httpx.AsyncHTTPTransport(), cache=False, retry=RetryPolicy(attempts=1)
    )

    async def twice() -> None:
        for _ in range(2):
            with pytest.raises(APIConnectionError):
                await client.jobs()

    asyncio.run(twice())
    with pytest.raises(ConfigError, match="serves one event loop"):
        asyncio.run(client.jobs())


def test_without_a_loop_of_asyncio_the_error_says_what_to_do() -> None:
    """As under Trio."""
    asked = AsyncClient("up_test", cache=False).jobs()
    with pytest.raises(ConfigError, match=r"trio\.to_thread"):
        asked.send(None)
