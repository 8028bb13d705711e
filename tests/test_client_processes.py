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
from upstage_docs.files.source import PDFIUM_LOCK

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
    command = [
        sys.executable,
        "-W",
        "ignore:This process:DeprecationWarning",
        "-c",
        FORK + code,
        str(tmp_path / "a.pdf"),
        str(tmp_path / "answer.json"),
    ]
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
        return "forked process" in str(error)

in_child(lambda: refused() and refused() and one.close() is None)
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

    before = set(threading.enumerate())

    def ours() -> list[str]:
        return [one.name for one in set(threading.enumerate()) - before if one.name.startswith("upstage-docs_")]

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


ABANDONED = """
import json, sys
import httpx
from upstage_docs import Client, PollPolicy, Rate

def respond(request):
    if request.method == "POST":
        return httpx.Response(200, json={"request_id": "job-1"})
    if request.url.host != "api.upstage.ai":
        return httpx.Response(200, content=open(sys.argv[2], "rb").read())
    first = {"id": 0, "status": "completed", "start_page": 1, "end_page": 10, "download_url": "https://s3.example/0"}
    second = {"id": 1, "status": "started", "start_page": 11, "end_page": 12}
    return httpx.Response(200, json={"id": "job-1", "status": "started", "total_pages": 12, "batches": [first, second]})

client = Client("up_test", transport=httpx.MockTransport(respond), cache=False, poll=PollPolicy(initial=0.01))
parts = client.stream(open(sys.argv[1], "rb").read(), route="async")
print(len(next(parts).elements), flush=True)
"""


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("raise SystemExit(3)", 3),
        ("import threading; threading.Thread(target=next, args=(parts,), daemon=True).start()", 0),
    ],
)
def test_a_program_that_ends_does_not_wait_for_a_job_that_nobody_waits_for(tmp_path: Path, end: str, code: int) -> None:
    """Left half way, or waited for by a thread that ends with the program; the job goes on at the API."""
    (tmp_path / "a.pdf").write_bytes(make_pdf("a", 12))
    (tmp_path / "answer.json").write_text(json.dumps(answer(range(1, 11))))
    command = [sys.executable, "-c", ABANDONED + end, str(tmp_path / "a.pdf"), str(tmp_path / "answer.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=GENEROUS, check=False)
    assert (done.returncode, done.stdout) == (code, "10\n"), done.stderr


@pytest.mark.skipif(
    (3, 12) <= sys.version_info < (3, 12, 2),
    reason="Python 3.12.0 and 3.12.1 begin no thread once the main one has ended (python/cpython#113964)",
)
def test_a_thread_that_outlives_the_main_one_gets_its_answer(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(make_pdf("a", 12))
    (tmp_path / "answer.json").write_text(json.dumps(answer(range(1, 11))))
    end = """
import threading, time

def later():
    threading.main_thread().join()
    print(sum(len(part.elements) for part in client.stream(open(sys.argv[1], "rb").read(), route="async")))

looks = iter(range(10**9))
respond_before = respond
def respond(request):
    answer = respond_before(request)
    if request.url.path.endswith("job-1") and next(looks) > 20:
        state = answer.json()
        state["status"] = state["batches"][1]["status"] = "completed"
        state["batches"][1]["download_url"] = "https://s3.example/1"
        return httpx.Response(200, json=state)
    if request.url.host == "s3.example" and request.url.path == "/1":
        body = json.loads(answer.content)
        return httpx.Response(200, json={**body, "elements": body["elements"][:2], "usage": {"pages": 2}})
    return answer

parts.close()
client = Client("up_test", transport=httpx.MockTransport(respond), cache=False, rates={"async": Rate(), "sync": Rate()},
                poll=PollPolicy(initial=0.01, maximum=0.02))
threading.Thread(target=later).start()
"""
    command = [sys.executable, "-c", ABANDONED + end, str(tmp_path / "a.pdf"), str(tmp_path / "answer.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=GENEROUS, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "10\n12\n", "")
