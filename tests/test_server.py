"""`serve`: the engine behind HTTP on loopback, its key, its faults and its record; documents are read by a stand-in."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import httpx
import pytest
from conftest import open_files
from eventually import GENEROUS, eventually, soon, threads_gone

from upstage_docs.errors import ConfigError
from upstage_docs.local import Engine
from upstage_docs.local.service.pipe import AnswerPart, Begin, Patience, Task

pytest.importorskip("uvicorn")
pytest.importorskip("starlette")

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from upstage_docs.serve.connections import ConnectionLimits
from upstage_docs.server import build_app, running, serve
from upstage_docs.testing import faults as fault
from upstage_docs.testing.faults import Delay, Drip, Faults, Received, Truncate
from upstage_docs.testing.reader import StandInReader

SYNC = "/document-digitization"
PDF = b"%PDF-1.4 a stand-in"
SHA256 = hashlib.sha256(PDF).hexdigest()
PAGES = 12


class Reader(StandInReader):
    """Reads any document as twelve pages without elements, whose text is long."""

    def __init__(self) -> None:
        super().__init__(pages=PAGES)

    def parse_answer(self, task: Task, texts: Sequence[str], start: int = 1) -> dict[str, Any]:
        return {"usage": {"pages": len(texts)}, "elements": [], "content": {"text": "x" * 1_000}}


@contextmanager
def served(
    faults: Faults | None = None,
    api_key: str | None = None,
    origins: Sequence[str] = (),
    connections: ConnectionLimits | None = None,
) -> Iterator[httpx.Client]:
    app = build_app(Engine(Reader().read), api_key=api_key, faults=faults, origins=origins)
    with running(app, connections=connections) as base_url, httpx.Client(base_url=base_url, timeout=GENEROUS) as client:
        yield client


def upload(client: httpx.Client, path: str = SYNC, **headers: str) -> httpx.Response:
    return client.post(path, data={"model": "document-parse"}, files={"document": PDF}, headers=headers)


def job(client: httpx.Client) -> dict[str, Any]:
    """Submit and wait until the engine has finished, past any fault."""
    request_id = upload(client, f"{SYNC}/async").json()["request_id"]

    def done() -> bool:
        listed = {one["id"]: one["status"] for one in client.get(f"{SYNC}/requests").json()["requests"]}
        return bool(listed[request_id] == "completed")

    eventually(done, "the job is completed")
    return {"request_id": request_id}


def status(client: httpx.Client, submitted: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"{SYNC}/requests/{submitted['request_id']}").json()
    return answer


def test_sync_and_async_are_served_as_the_transport_answers_them() -> None:
    """Download addresses are on the server's own host and need no key."""
    with served() as client:
        assert upload(client).json()["usage"] == {"pages": PAGES}
        done = status(client, job(client))
        urls = [batch["download_url"] for batch in done["batches"]]
        downloads = [client.get(url).json()["usage"]["pages"] for url in urls]
        with_a_key = client.get(urls[0], headers={"authorization": "Bearer up_key"})

    assert all(url.startswith(f"{client.base_url.copy_with(path='/')}results/") for url in urls)
    assert downloads == [10, 2]
    assert with_a_key.status_code == 400


def test_errors_are_the_engines() -> None:
    with served() as client:
        answers = [client.post(SYNC, json={}), client.get("/nothing"), client.get(SYNC), client.put(SYNC)]

    assert [answer.status_code for answer in answers] == [400, 404, 405, 405]


def test_the_log_shows_nothing_that_commands_a_terminal_or_has_no_end(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "upstage_docs.server"), served() as client:
        for path in ("/%1b[2J", "/a%0d200", "/" + "a" * 10_000):
            client.get(path)
        client.request("A" * 10_000, "/")

    lines = [record.getMessage() for record in caplog.records]
    assert [line.isprintable() and len(line) < 300 for line in lines] == [True] * 4


def test_a_key_is_asked_for_where_one_is_set() -> None:
    """As a bearer or as `x-api-key`; the wrong one is 401 in the API's shape."""
    with served(api_key="up_right") as client:
        right = [upload(client, Authorization="Bearer up_right"), upload(client, **{"x-api-key": "up_right"})]
        wrong = [upload(client), upload(client, Authorization="Bearer up_wrong"), upload(client, Authorization="x")]

    assert [answer.status_code for answer in right] == [200, 200]
    assert [answer.status_code for answer in wrong] == [401, 401, 401]
    assert wrong[0].json()["error"]["message"] == "invalid api key"


@pytest.mark.parametrize("key", ["up_right ", " up_right", " "])
def test_a_key_that_no_request_could_bring_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="characters that a header cannot carry"):
        build_app(api_key=key)


def test_it_is_not_served_to_others_without_a_key() -> None:
    with pytest.raises(ConfigError, match="set an API key"):
        serve("0.0.0.0")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1", "[::1]:8000", "127.0.0.2:80", "[fd00::1]"]
)
def test_without_a_key_it_is_asked_by_the_names_of_this_machine(host: str) -> None:
    """And by those that it was told."""
    app = build_app(Engine(Reader().read), hosts=["127.0.0.2", "fd00::1"])
    with running(app) as base_url, httpx.Client(base_url=base_url, timeout=GENEROUS, headers={"Host": host}) as client:
        assert upload(client).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1@evil", ""])
def test_without_a_key_it_is_asked_by_no_other_name(host: str) -> None:
    """A web page whose name is made to lead here would read what other programs have parsed; a key it does not have."""
    with served() as client, served(api_key="up_right") as with_a_key:
        url = status(client, job(client))["batches"][0]["download_url"]
        paths = (f"{SYNC}/requests", "/nothing", url)
        answers = [upload(client, Host=host), *[client.get(path, headers={"Host": host}) for path in paths]]
        allowed = upload(with_a_key, Host=host, Authorization="Bearer up_right")

    assert [answer.status_code for answer in answers] == [403] * 4
    assert {answer.json()["error"]["code"] for answer in answers} == {"host_not_allowed"}
    assert f"not to {host.removesuffix(':8000')!r}" in answers[0].json()["error"]["message"]
    assert "--api-key" in answers[0].json()["error"]["message"]
    assert allowed.status_code == 200


class Slow(Reader):
    """Reads no document before it is `released`, except those of jobs; knows how many it has begun and let go."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()
        self.begun = self.let_go = 0

    def read(self, task: Task, document: IO[bytes], patience: Patience) -> Generator[Begin | AnswerPart, None, None]:
        with self._lock:
            self.begun += 1
        while not task.batch_pages and not self.released.wait(0.01):
            if patience.stopped:
                with self._lock:
                    self.let_go += 1
                raise TimeoutError("nobody waits for it")
        yield from super().read(task, document, patience)


ANSWERED = [
    {},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "same-origin"},
    {"origin": "http://127.0.0.1:{port}", "sec-fetch-site": "same-origin"},
    {"origin": "HTTP://127.0.0.1:{port}"},
    {"origin": "http://pages.example:3000", "sec-fetch-site": "cross-site"},
    {"origin": "https://pages.example", "sec-fetch-site": "cross-site"},
]
REFUSED = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "https://127.0.0.1:{port}"},
    {"origin": "http://127.0.0.1"},
    {"origin": "http://127.0.0.1:{port}.evil.example"},
    {"origin": "http://localhost:{port}"},
    {"origin": "http://pages.example"},
    {"origin": "file://"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "Cross-Site"},
    {"sec-fetch-site": ""},
    {"sec-fetch-site": "same-origin, cross-site"},
    {"origin": "http://127.0.0.1:{port}", "sec-fetch-site": "cross-site"},
    {"origin": "http://127.0.0.1:{port}", "sec-fetch-site": "same-site"},
    {"origin": "http://127.0.0.1:{port}/"},
    {"origin": "http://127.0.0.1.:{port}"},
    {"origin": "http://127.0.0.1:{port}, http://pages.example:3000"},
    {"origin": "http://pages.example:3000.evil.example", "sec-fetch-site": "cross-site"},
    {"origin": "http://[::1]:{port}"},
]


@pytest.mark.parametrize("api_key", [None, "key-of-the-server"])
def test_it_answers_no_page_but_those_that_are_named(api_key: str | None) -> None:
    """A browser says whose page a request is of; with a key or without, and whatever is asked for."""
    origins = ["http://pages.example:3000", "https://Pages.example:443"]
    with served(api_key=api_key, origins=origins) as client:
        key = {"x-api-key": api_key} if api_key else {}
        submitted = upload(client, f"{SYNC}/async", **key).json()
        paths = [f"{SYNC}/requests", f"{SYNC}/requests/{submitted['request_id']}"]

        def statuses(headers: dict[str, str]) -> set[int]:
            headers = {name: value.format(port=client.base_url.port) for name, value in headers.items()} | key
            asked = {client.get(path, headers=headers).status_code for path in paths}
            return asked | {upload(client, path, **headers).status_code for path in (SYNC, f"{SYNC}/async")}

        for headers in ANSWERED:
            assert statuses(headers) == {200}, headers
        for headers in REFUSED:
            assert statuses(headers) == {403}, headers
        twice = [
            ("origin", "http://evil.example"),
            ("origin", f"http://127.0.0.1:{client.base_url.port}"),
            *key.items(),
        ]
        assert client.get(paths[0], headers=twice).status_code == 403
        twice = [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site"), *key.items()]
        assert client.get(paths[0], headers=twice).status_code == 403
        body = client.get(paths[0], headers={"origin": "http://evil.example", **key}).text
        assert "--allow-origin" in body


def test_a_page_that_is_named_may_read_the_answer() -> None:
    with served(origins=["http://pages.example:3000"]) as client:
        page = {"origin": "http://pages.example:3000"}
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        before = client.options(SYNC, headers=page | asked)
        answer = upload(client, **page)
        assert (before.status_code, answer.status_code) == (200, 200)
        assert before.headers["access-control-allow-origin"] == page["origin"]
        assert answer.headers["access-control-allow-origin"] == page["origin"]


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "pages.example", "http://a/b", "http://a:b", "http://a:70000", "ftp://a", "http://a b", "", 7],
)
def test_a_page_that_can_be_none_is_refused(origin: Any) -> None:
    with pytest.raises(ConfigError, match="not the origin of a web page"):
        build_app(Engine(Reader().read), origins=[origin])


def connect(client: httpx.Client, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=GENEROUS)
    connection.sendall(sent)
    return connection


def is_ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


HALF_A_BODY = (
    b"POST /v1/document-digitization HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
    b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x"
)


@pytest.mark.parametrize("limits", [{"waiting": 0}, {"head_seconds": 0}, {"body_seconds": "1"}, {"upload_seconds": -1}])
def test_limits_that_let_no_request_through_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=rf"ConnectionLimits\({next(iter(limits))}="):
        ConnectionLimits(**limits)


def test_silent_connections_cost_only_those_that_are_silent() -> None:
    """However many there are, a request is answered; those that were silent for longest are ended."""
    with served(connections=ConnectionLimits(waiting=20)) as client, ExitStack() as open_ones:
        kept = upload(client)  # leaves an idle connection behind
        silent = [open_ones.enter_context(connect(client, begun)) for begun in [b"", b"GET / HT"] * 100]
        with httpx.Client(
            base_url=client.base_url, timeout=GENEROUS
        ) as newcomer:  # the server may not have met all of them yet
            assert upload(newcomer).status_code == kept.status_code == 200
        for connection in silent[:150]:
            assert is_ended(connection)
        # Now the idle one is ended as well; sent on it before, a request may meet its end.
        assert upload(client).status_code == 200


def test_uploads_that_stand_still_do_not_keep_out_who_comes() -> None:
    """However many there are: the connection that is new is not the one that is ended."""
    with served(connections=ConnectionLimits(waiting=20)) as client, ExitStack() as open_ones:
        for _ in range(60):
            open_ones.enter_context(connect(client, HALF_A_BODY))
        assert upload(client).status_code == 200


def test_connections_that_ask_for_more_than_one_at_a_time_cost_only_themselves() -> None:
    """However many there are, no more of them are held than of silent ones; who asks for one waits for its answer."""
    begun, answer = threading.Semaphore(0), threading.Event()

    async def when_told(scope: Scope, receive: Receive, send: Send) -> None:
        begun.release()
        await soon(answer.is_set, "it is told")
        await Response("told")(scope, receive, send)

    app, asked = Starlette(routes=[Mount("/", app=when_told)]), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with running(app, connections=ConnectionLimits(waiting=20)) as base_url, ExitStack() as open_ones:
        client = open_ones.enter_context(httpx.Client(base_url=base_url))
        connections = []
        for number in range(60):
            connections.append(open_ones.enter_context(connect(client, asked * 3 if number else asked)))
            assert begun.acquire(timeout=GENEROUS)
        one_at_a_time, *greedy = connections
        for connection in greedy[:30]:
            assert is_ended(connection)
        answer.set()
        assert one_at_a_time.recv(15) == b"HTTP/1.1 200 OK"


class LongReader(Reader):
    """Answers with more than the operating system buffers for who does not read."""

    def parse_answer(self, task: Task, texts: Sequence[str], start: int = 1) -> dict[str, Any]:
        return {**super().parse_answer(task, texts, start), "content": {"text": "x" * 20_000_000}}


def test_an_answer_that_nobody_takes_is_held_no_longer() -> None:
    reader = LongReader()
    with running(build_app(Engine(reader.read)), connections=ConnectionLimits(body_seconds=0.2)) as base_url:
        asked = httpx.Request("POST", base_url + SYNC, data={"model": "document-parse"}, files={"document": PDF})
        lines = [f"POST {asked.url.path} HTTP/1.1", *(f"{name}: {value}" for name, value in asked.headers.items())]
        whole = "\r\n".join([*lines, "", ""]).encode() + asked.read()
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
            before = open_files()
            connection.connect((asked.url.host, asked.url.port))
            connection.sendall(whole)
            eventually(lambda: reader.answered, "it is answered")
            eventually(lambda: open_files() == before, "the server has closed its end")


def test_the_last_of_an_answer_that_nobody_takes_is_held_no_longer() -> None:
    """Where the server closes the connection behind it, and what is left is too little to pause the writing."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        transport = scope["extensions"]["upstage_docs.abort"].__self__
        transport.set_write_buffer_limits(high=1 << 30)
        await Response(b"x" * 20_000_000, headers={"connection": "close"})(scope, receive, send)
        assert transport.get_write_buffer_size()
        closing.append(transport.is_closing())

    closing: list[bool] = []
    limits = ConnectionLimits(body_seconds=0.2)
    with running(Starlette(routes=[Mount("/", app)]), connections=limits) as base_url, socket.socket() as connection:
        before, address = open_files(), httpx.URL(base_url)
        connection.connect((address.host, address.port))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        eventually(lambda: closing, "it is answered")
        eventually(lambda: open_files() == before, "the server has closed its end")
    assert closing == [True]


def test_an_answer_that_is_taken_slowly_comes_whole() -> None:
    app, pieces = build_app(Engine(LongReader().read)), []
    form: dict[str, Any] = {"data": {"model": "document-parse"}, "files": {"document": PDF}}
    with (
        running(app, connections=ConnectionLimits(body_seconds=2.0)) as base_url,
        httpx.stream("POST", base_url + SYNC, timeout=GENEROUS, **form) as answer,
    ):
        for piece in answer.iter_raw(1 << 20):
            pieces.append(piece)
            time.sleep(0.15)  # longer in all than each piece may take
    assert len(b"".join(pieces)) > 20_000_000


def test_silent_connections_end_no_answer_that_is_taken_slowly() -> None:
    app, limits = build_app(Engine(LongReader().read)), ConnectionLimits(waiting=20)
    form: dict[str, Any] = {"data": {"model": "document-parse"}, "files": {"document": PDF}}
    with (
        running(app, connections=limits) as base_url,
        httpx.Client(base_url=base_url, timeout=GENEROUS) as client,
        client.stream("POST", SYNC, **form) as answer,
        ExitStack() as open_ones,
    ):
        silent = [open_ones.enter_context(connect(client)) for _ in range(40)]
        assert is_ended(silent[0])
        assert len(answer.read()) > 20_000_000


def test_a_long_answer_leaves_its_connection_open_for_the_next_request() -> None:
    """A client looks at a job every now and then, and meets no connection that is just closing."""
    app, limits = build_app(Engine(LongReader().read)), ConnectionLimits(head_seconds=0.2)
    with running(app, connections=limits) as base_url, httpx.Client(base_url=base_url, timeout=GENEROUS) as client:
        before = upload(client).extensions["network_stream"].get_extra_info("client_addr")
        with connect(client) as silent:
            assert is_ended(silent)
        assert upload(client).extensions["network_stream"].get_extra_info("client_addr") == before


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /v1/document-digi",
        b"GET /v1/document-digitization/requests HTTP/1.1\r\nHost: localhost\r\n",
        HALF_A_BODY,
    ],
    ids=["nothing", "half a line", "half a head", "half a body"],
)
def test_a_request_that_does_not_come_is_waited_for_no_longer(sent: bytes) -> None:
    limits = ConnectionLimits(head_seconds=0.2, body_seconds=0.2)
    with served(connections=limits) as client, connect(client, sent) as connection:
        assert is_ended(connection)


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_request_that_is_dripped_ends_in_time(part: str) -> None:
    limits = ConnectionLimits(head_seconds=0.3, body_seconds=GENEROUS, upload_seconds=0.3)
    head = b"POST /v1/document-digitization HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n"
    form = b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    with served(connections=limits) as client, connect(client, head + (form if part == "body" else b"")) as connection:
        connection.settimeout(0.02)

        def ended() -> bool:
            try:
                connection.sendall(b"a")
                return is_ended(connection)
            except TimeoutError:
                return False
            except ConnectionError:
                return True

        eventually(ended, "the connection is ended")


def test_who_answers_slowly_is_not_who_asks_slowly() -> None:
    """A document that is read for long outlasts every time that a request may take to come."""
    faults = Faults()
    faults.script("sync", Delay(0.5))
    limits = ConnectionLimits(head_seconds=0.1, body_seconds=0.1, upload_seconds=0.1)
    with served(faults, connections=limits) as client:
        assert upload(client).status_code == 200
        assert upload(client).status_code == 200, "on the same connection"


def test_a_length_out_of_all_measure_is_refused() -> None:
    head = b"POST /v1/document-digitization HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 19
    with served() as client, connect(client, head + b"\r\n\r\n") as connection:
        assert re.match(rb"HTTP/1.1 4\d\d ", connection.recv(100))
        assert upload(client).status_code == 200


def test_documents_that_wait_keep_nothing_else_waiting() -> None:
    """Though they are more than their threads: a job is taken and told of, and in the end each has its answer."""
    slow = Slow()

    async def scene(base_url: str) -> tuple[list[int], list[int]]:
        async with httpx.AsyncClient(base_url=base_url, timeout=GENEROUS) as client:

            def post(path: str) -> Any:
                return client.post(path, data={"model": "document-parse"}, files={"document": PDF})

            uploads = [asyncio.create_task(post(SYNC)) for _ in range(45)]
            try:
                await soon(lambda: slow.begun >= 40, "all threads are held")
                submitted = await asyncio.wait_for(post(f"{SYNC}/async"), GENEROUS)
                paths = (f"{SYNC}/requests/{submitted.json()['request_id']}", f"{SYNC}/requests", "/nothing")
                others = [submitted, *[await client.get(path) for path in paths], await client.post("/nothing")]
            finally:
                slow.released.set()
            return [other.status_code for other in others], [one.status_code for one in await asyncio.gather(*uploads)]

    with running(build_app(Engine(slow.read))) as base_url:
        others, uploads = asyncio.run(scene(base_url))

    assert others == [200, 200, 200, 404, 404]
    assert uploads == [200] * 45


def leave(base_url: str, slow: Slow) -> None:
    """Upload a document and go when it is being read."""

    async def scene() -> None:
        async with httpx.AsyncClient(base_url=base_url, timeout=GENEROUS) as client:
            call = client.post(SYNC, data={"model": "document-parse"}, files={"document": PDF})
            upload = asyncio.create_task(call)
            await soon(lambda: slow.begun, "it is being read")
            upload.cancel()
            with pytest.raises(asyncio.CancelledError):
                await upload

    asyncio.run(scene())


def test_a_document_whose_client_has_left_is_let_go() -> None:
    slow = Slow()
    app = build_app(Engine(slow.read))
    with running(app) as base_url, httpx.Client(base_url=base_url, timeout=GENEROUS) as client:
        try:
            leave(base_url, slow)
            eventually(lambda: slow.let_go, "the document is let go", within=10)
        finally:
            slow.released.set()
        assert upload(client).status_code == 200


def test_with_faults_a_document_is_billed_though_its_client_has_left() -> None:
    """As by the API, for which a client that gives up has paid."""
    slow, faults = Slow(), Faults()
    with running(build_app(Engine(slow.read), faults=faults)) as base_url:
        leave(base_url, slow)
        slow.released.set()
        eventually(lambda: faults.billed, "it is billed")

    assert faults.billed == {SHA256: PAGES}
    assert slow.let_go == 0


def test_a_form_that_is_out_of_all_measure_is_the_clients_error() -> None:
    with served() as client:
        bound = client.post(SYNC, content=b"x", headers={"content-type": f"multipart/form-data; boundary={'X' * 300}"})
        fields = {"model": "document-parse", "output_formats": "[" * 200_000}
        nested = client.post(SYNC, data=fields, files={"document": PDF})

    assert [answer.status_code for answer in (bound, nested)] == [400, 400]
    assert [answer.json()["code"] for answer in (bound, nested)] == [400, 400]
    assert "invalid output_formats" in nested.json()["message"]
    assert len(nested.content) < 1_000


def test_two_servers_run_at_once_and_leave_no_thread() -> None:
    before = set(threading.enumerate())
    with served() as one, served() as other:
        assert one.base_url != other.base_url
        assert [upload(one).status_code, upload(other).status_code] == [200, 200]

    assert threads_gone(before)


@pytest.mark.parametrize(
    ("scripted", "code", "body"),
    [
        (fault.too_many_requests(), 429, "too_many_requests"),
        (fault.unavailable(), 503, "internal_server_error"),
        (fault.unavailable(500), 500, "internal_server_error"),
        (fault.gateway_text(), 502, "<center>nginx</center>"),
        (fault.unauthorized(), 401, "invalid api key"),
        (fault.suspended(), 403, "api_key_is_not_allowed"),
        (fault.error_in_200(), 200, '"error"'),
        (fault.expired_url(), 403, "Request has expired"),
    ],
)
def test_an_answer_instead_bills_nothing(scripted: fault.Answer, code: int, body: str) -> None:
    """It is met once, by the first upload; the second is let through and billed."""
    faults = Faults()
    faults.script("sync", scripted)
    with served(faults) as client:
        first, second = upload(client), upload(client)
        billed = faults.billed

    assert (first.status_code, second.status_code) == (code, 200)
    assert body in first.text
    assert billed == {SHA256: PAGES}
    assert [one.status for one in faults.received] == [code, 200]


def test_retry_after_is_said_where_it_is_scripted() -> None:
    faults = Faults()
    faults.script("sync", fault.too_many_requests(retry_after=2), fault.too_many_requests())
    with served(faults) as client:
        said = [upload(client).headers.get("retry-after") for _ in range(2)]

    assert said == ["2", None]


@pytest.mark.parametrize("after", [None, 0, 100])
def test_a_reset_loses_an_answer_that_was_billed(after: int | None) -> None:
    """Before any byte, after the head, and in the middle of the body."""
    faults = Faults()
    faults.script("sync", fault.reset(after=after))
    with served(faults) as client:
        with pytest.raises(httpx.TransportError):
            upload(client)
        billed = faults.billed
        assert upload(client).status_code == 200

    assert billed == {SHA256: PAGES}


def test_a_reset_before_the_work_bills_nothing() -> None:
    faults = Faults()
    faults.script("submit", fault.reset(billed=False))
    with served(faults) as client:
        with pytest.raises(httpx.TransportError):
            upload(client, f"{SYNC}/async")
        listed = client.get(f"{SYNC}/requests").json()

    assert listed == {"requests": []}
    assert faults.billed == {}


def test_a_lost_submit_leaves_a_job_that_is_billed() -> None:
    faults = Faults()
    faults.script("submit", fault.reset())
    with served(faults) as client:
        with pytest.raises(httpx.TransportError):
            upload(client, f"{SYNC}/async")
        listed = client.get(f"{SYNC}/requests").json()["requests"]
        billed = faults.billed

    assert len(listed) == 1
    assert billed == {SHA256: PAGES}


def test_truncated_and_dripping_bodies() -> None:
    """The second piece of what drips comes in an hour: until then there is the first one alone."""
    faults = Faults()
    faults.script("sync", Truncate(50), Drip(size=400, seconds=0.01), Drip(size=400, seconds=3600.0))
    form: dict[str, Any] = {"data": {"model": "document-parse"}, "files": {"document": PDF}}
    with served(faults) as client:
        truncated = upload(client)
        dripping = upload(client)
        with client.stream("POST", SYNC, **form) as slow:
            first = next(slow.iter_raw())

    assert (truncated.status_code, len(truncated.content)) == (200, 50)
    with pytest.raises(json.JSONDecodeError):
        truncated.json()
    assert dripping.json()["usage"] == {"pages": PAGES}
    assert first == dripping.content[:400]


def test_jobs_that_hang_fail_or_try_again() -> None:
    """The engine has finished the job; the status is rewritten, and the next one tells the truth."""
    faults = Faults()
    with served(faults) as client:
        submitted = job(client)
        faults.script(
            "status",
            fault.hanging_job(),
            fault.hanging_job(completed=1),
            fault.failed_job("no"),
            fault.failed_batch(1, "bad page"),
            fault.retrying_batch(0),
            fault.no_download_urls(),
        )
        hanging, half, failed, batch, retrying, no_urls, truth = (status(client, submitted) for _ in range(7))

    assert (hanging["status"], hanging["completed_pages"]) == ("started", 0)
    assert not hanging["batches"][0]["download_url"]
    assert (half["status"], half["completed_pages"]) == ("started", 10)
    assert half["batches"][0]["download_url"]
    assert (failed["status"], failed["failure_message"]) == ("failed", "no")
    assert [one["status"] for one in batch["batches"]] == ["completed", "failed"]
    assert (batch["status"], batch["batches"][1]["failure_message"]) == ("failed", "bad page")
    assert (retrying["status"], retrying["batches"][0]["status"]) == ("started", "retrying")
    assert (no_urls["status"], no_urls["batches"][0]["download_url"]) == ("completed", "")
    assert (truth["status"], truth["completed_pages"]) == ("completed", PAGES)


def test_a_lasting_fault_lasts_until_it_is_cleared() -> None:
    """What is scripted comes before it; None in a script lets one request through."""
    faults = Faults()
    faults.always("sync", fault.unavailable())
    faults.script("sync", None, fault.unavailable(500))
    with served(faults) as client:
        codes = [upload(client).status_code for _ in range(4)]
        faults.always("sync", None)
        codes.append(upload(client).status_code)
        faults.script("sync", fault.unavailable())
        faults.clear()
        codes.append(upload(client).status_code)

    assert codes == [200, 500, 503, 503, 200, 200]


def test_a_rate_is_kept_over_a_second() -> None:
    """Three a second: two more are refused, and none a second later; polls are not limited."""
    faults = Faults()
    faults.requests_per_second = 3

    def refused(kind: str, at: float) -> bool:
        return faults.meet(Received(kind, "POST", SYNC, at, authorized=True)) is not None

    assert [refused("sync", at) for at in (7.0, 7.25, 7.5, 7.75, 7.875)] == [False, False, False, True, True]
    assert [refused(kind, 7.875) for kind in ("status", "list", "result")] == [False] * 3
    assert [refused("submit", at) for at in (8.0, 8.125, 8.25)] == [False, True, False]


def test_a_rate_is_answered_with_429() -> None:
    """One a minute, so that a slow machine sends the second one early enough too."""
    faults = Faults()
    faults.requests_per_second = 1 / 60
    faults.retry_after = 1
    with served(faults) as client:
        answers = [upload(client) for _ in range(3)]
        polls = [client.get(f"{SYNC}/requests").status_code for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 429, 429]
    assert [answer.headers.get("retry-after") for answer in answers] == [None, "1", "1"]
    assert polls == [200] * 3


@pytest.mark.parametrize("late", ["all", "one"])
async def test_what_is_late_is_done_and_waits_beside_the_others(late: str) -> None:
    """With the latency of all answers as with the delay of one: an hour here, which no test waits for."""
    faults, count = Faults(), 30 if late == "all" else 1
    if late == "all":
        faults.latency = 3600.0
    else:
        faults.script("sync", Delay(3600.0))
    transport = httpx.ASGITransport(build_app(Engine(Reader().read), faults=faults))
    form: dict[str, Any] = {"data": {"model": "document-parse"}, "files": {"document": PDF}}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        calls = [asyncio.create_task(client.post(SYNC, **form)) for _ in range(count)]
        await soon(lambda: [one.status for one in faults.received] == [200] * count, "all are done, and none is sent")
        faults.latency = 0.0
        assert (await client.post(SYNC, **form)).status_code == 200
        assert not any(call.done() for call in calls)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)


def test_the_record_says_what_came() -> None:
    """Kind, fields, document and whether a key came with it: a key at a download address would be one too many."""
    faults = Faults()
    with served(faults) as client:
        submitted = job(client)
        urls = [batch["download_url"] for batch in status(client, submitted)["batches"]]
        client.get(urls[0])
        upload(client, Authorization="Bearer up_key")
        billed = faults.billed

    first, result, last = faults.received[0], faults.received[-2], faults.received[-1]
    assert (first.kind, first.sha256, first.fields) == ("submit", SHA256, {"model": ["document-parse"]})
    assert first.request_id == submitted["request_id"]
    assert (result.kind, result.authorized) == ("result", False)
    assert (last.kind, last.authorized, last.pages) == ("sync", True, PAGES)
    assert (faults.count("submit"), faults.count("sync"), faults.count("result")) == (1, 1, 1)
    assert billed == {SHA256: 2 * PAGES}


@pytest.mark.parametrize("twice", [False, True])
def test_serving_stops_when_it_is_told_to(tmp_path: Path, twice: bool) -> None:
    """SIGTERM shuts the application down in order before the process ends by it; nothing is left on its port.

    So does Ctrl-C after it, which waits no longer for a request under way.
    """
    log = tmp_path / "log"
    code = "from upstage_docs.server import serve; serve(port=0)"
    with log.open("w") as stderr, subprocess.Popen([sys.executable, "-c", code], stderr=stderr) as process:
        try:
            ready = eventually(
                lambda: re.search(r"running on (http://[\w.:]+)", log.read_text()), "it says where it is"
            )
            assert ready is not None
            url = f"{ready[1]}/v1{SYNC}"
            answer = httpx.post(url, data={"model": "document-parse"}, files={"document": PDF}, timeout=GENEROUS)
            httpx.get(f"{ready[1]}/results/x/0?expires=1&signature=secret", timeout=GENEROUS)
            with socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0)) as connection:
                if twice:
                    head = "Host: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 9"
                    connection.sendall(f"POST /v1{SYNC} HTTP/1.1\r\n{head}\r\nExpect: 100-continue\r\n\r\n".encode())
                    connection.recv(1)  # its body is being read
                process.send_signal(signal.SIGTERM)
                if twice:
                    eventually(lambda: "Waiting for connections to close" in log.read_text(), "it waits")
                    process.send_signal(signal.SIGINT)
                process.wait(GENEROUS)
        finally:
            process.kill()
    told = log.read_text()

    assert answer.status_code == 422
    assert process.returncode in {0, -signal.SIGTERM}
    assert f"POST /v1{SYNC} 422" in told
    assert "GET /results/x/0 403" in told
    assert "secret" not in told
    assert "Application shutdown complete" in told
    assert "Traceback" not in told
    assert (f"POST /v1{SYNC} 503" in told) is twice
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
