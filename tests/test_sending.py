"""What is between a request and its answer: packed bodies, the environment, certificates."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from eventually import GENEROUS, threads_gone

from upstage_docs import APIConnectionError, APITimeoutError, AsyncClient, AuthenticationError, Client, RetryPolicy
from upstage_docs.client.unpacking import TooLargeError, Unpacker

SAMPLE = Path(__file__).resolve().parent.parent / "upstage_docs" / "samples" / "report.pdf"
JSON = b'{"elements": [' + b",".join(b'{"id": %d}' % number for number in range(5000)) + b"]}"


def unpack(body: bytes, encoding: str, *, most: int = 2**30, size: int = 1000) -> bytes:
    unpacker = Unpacker(encoding, most)
    for start in range(0, len(body), size):
        unpacker.add(body[start : start + size])
    return unpacker.finish()


def deflate_raw(body: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(body) + packing.flush()


@pytest.mark.parametrize("size", [1, 7, 1000, 10**6])
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", JSON),
        ("identity", JSON),
        ("gzip", gzip.compress(JSON)),
        ("GZIP", gzip.compress(JSON)),
        ("x-gzip", gzip.compress(JSON)),
        ("gzip", gzip.compress(JSON[:100]) + gzip.compress(JSON[100:])),
        ("gzip", gzip.compress(JSON) + b"trailing"),
        ("gzip", JSON),
        ("deflate", zlib.compress(JSON)),
        ("deflate", deflate_raw(JSON)),
        ("deflate", JSON),
        ("br", JSON),
    ],
)
def test_bodies_are_unpacked_as_they_are_packed(encoding: str, body: bytes, size: int) -> None:
    if size == 1:
        body, whole = body[:400] if body == JSON else body, JSON[:400] if body == JSON else JSON
    else:
        whole = JSON
    assert unpack(body, encoding, size=size) == whole


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate", "br"])
def test_nothing_is_nothing(encoding: str) -> None:
    assert unpack(b"", encoding) == b""
    assert unpack(b"{", encoding) == b"{"


@pytest.mark.parametrize("cut", [1, 8, 12, 100])
def test_a_packed_body_that_is_cut_off_is_no_body(cut: int) -> None:
    with pytest.raises(zlib.error):
        unpack(gzip.compress(JSON)[:-cut], "gzip")


def test_a_packed_body_that_is_broken_is_no_body() -> None:
    packed = bytearray(gzip.compress(JSON))
    packed[-6] ^= 0xFF
    with pytest.raises(zlib.error):
        unpack(bytes(packed), "gzip")


@pytest.mark.parametrize(
    "bomb",
    [
        gzip.compress(b" " * 200_000_000),
        gzip.compress(gzip.compress(b" " * 10) * 2) + gzip.compress(b"\0" * 100_000_000),
        b"".join(itertools.repeat(gzip.compress(b" " * 1_000_000), 100)),
        zlib.compress(b"\0" * 200_000_000),
    ],
    ids=["spaces", "in a second member", "in many members", "deflate"],
)
def test_a_bomb_is_let_go_before_it_is_there(bomb: bytes) -> None:
    encoding = "gzip" if bomb.startswith(b"\x1f") else "deflate"
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError, match="packed more than 100 times"):
            unpack(bomb, encoding, size=2**20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 45 * 2**20, f"{peak:,} bytes for an answer that may be 16 MB before anyone asks"


def test_what_is_packed_tightly_and_small_is_no_bomb() -> None:
    blank = b" " * (16 * 2**20)
    assert unpack(gzip.compress(blank), "gzip") == blank


def test_a_large_body_that_is_packed_as_text_is_comes_whole() -> None:
    rows = b"".join(b"<tr><td>%d</td><td>%d</td></tr>" % (number, number * 7919) for number in range(900_000))
    assert len(rows) > 2 * 16 * 2**20
    assert unpack(gzip.compress(rows, 1), "gzip", size=65_536) == rows


def test_the_limit_counts_unpacked_bytes() -> None:
    with pytest.raises(TooLargeError, match="larger than 1,000,000 bytes"):
        unpack(gzip.compress(JSON * 100), "gzip", most=1_000_000)


CODE = """
import asyncio, sys
from upstage_docs import AsyncClient, Client, ConfigError
async def main():
    async with AsyncClient("up_abcdefgh", base_url="http://127.0.0.1:9/v1", cache=False) as client:
        await client.jobs()
def both():
    with Client("up_abcdefgh", base_url="http://127.0.0.1:9/v1", cache=False) as client:
        client.jobs()
for call in (both, lambda: asyncio.run(main())):
    try:
        call()
    except ConfigError as error:
        print(error)
"""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSL_CERT_FILE", "/there/is/none.pem"),
        ("SSL_CERT_FILE", __file__),
        ("SSLKEYLOGFILE", "/there/is/no/file"),
        ("NO_PROXY", "localhost,fd07:b51a:cc66:f0::/64"),
        ("HTTP_PROXY", "ftp://user:hunter2pass@127.0.0.1:9"),
        ("all_proxy", "http://127.0.0.1:port"),
    ],
)
def test_a_variable_that_cannot_be_followed_is_named(name: str, value: str) -> None:
    """Whoever makes a client in such an environment learns which variable it is, with either client."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(SAMPLE.parent.parent.parent), name: value}
    ran = subprocess.run(  # a process of its own: the settings of TLS are made once for each
        [sys.executable, "-W", "ignore", "-c", CODE], env=environment, capture_output=True, text=True, check=False
    )
    lines = ran.stdout.splitlines()
    assert len(lines) == 2, ran.stdout + ran.stderr
    for line in lines:
        assert line.startswith("The HTTP client cannot be made here: ")
        assert f"Look at {name}" in line
        assert "hunter2pass" not in line


@pytest.mark.parametrize("kind", ["Client", "AsyncClient"])
def test_a_proxy_that_cannot_be_reached_is_named(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads that nothing listens may not know that a proxy was asked; its password is nobody's to read."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("HTTP_PROXY", f"http://user:hunter2pass@{address}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    given: dict[str, Any] = {"base_url": "http://api.test/v1", "cache": False, "retry": RetryPolicy(attempts=1)}

    async def ask() -> None:
        async with AsyncClient("up_abcdefgh", **given) as client:
            await client.parse(SAMPLE, route="sync")

    with pytest.raises(
        APIConnectionError, match=rf"through the proxy http://{address} that is set in HTTP_PROXY, .*NO_PROXY"
    ) as caught:
        asyncio.run(ask()) if kind == "AsyncClient" else Client("up_abcdefgh", **given).parse(SAMPLE, route="sync")
    assert "hunter2pass" not in str(caught.value)


class Untrusted(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Fails as the network does where a certificate is not trusted."""

    def __init__(self) -> None:
        self.tries = 0

    def handle_request(self, _: httpx.Request) -> httpx.Response:
        self.tries += 1
        try:
            raise ssl.SSLCertVerificationError("certificate verify failed: self-signed certificate")
        except ssl.SSLError as error:
            raise httpx.ConnectError(str(error)) from error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)


@pytest.mark.parametrize("kind", ["Client", "AsyncClient"])
def test_a_certificate_that_is_not_trusted_is_tried_once(kind: str) -> None:
    transport = Untrusted()
    given: dict[str, Any] = {"engine": "upstage", "transport": transport, "cache": False}

    async def ask() -> None:
        async with AsyncClient("up_abcdefgh", **given) as client:
            await client.parse(SAMPLE)

    def parse() -> None:
        if kind == "AsyncClient":
            asyncio.run(ask())
        else:
            with Client("up_abcdefgh", **given) as client:
                client.parse(SAMPLE)

    with pytest.raises(APIConnectionError, match=r"SSL_CERT_FILE.*HTTPS_PROXY") as caught:
        parse()
    assert transport.tries == 1
    assert "Nothing was sent" in str(caught.value)


class Wordless(httpx.AsyncBaseTransport):
    """Fails as asynchronous networks do: the error itself says nothing, what is behind it does."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            raise ConnectionResetError(104, "Connection reset by peer")
        except OSError as error:
            raise httpx.ConnectError("") from error


async def test_an_error_without_words_is_told_in_those_of_its_cause() -> None:
    retry = RetryPolicy(attempts=1)
    async with AsyncClient("up_abcdefgh", transport=Wordless(), cache=False, retry=retry, engine="upstage") as client:
        with pytest.raises(APIConnectionError, match=r"ConnectError: .*Connection reset by peer"):
            await client.parse(SAMPLE)


def test_a_resolver_that_is_silent_is_waited_for_until_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """It blocks for as long as it likes, and nothing can end it; the threads that asked end with it."""
    before = set(threading.enumerate())
    gate, system = threading.Event(), socket.getaddrinfo

    def silent(host: Any, *args: Any, **how: Any) -> Any:
        if host == "api.example.test":
            gate.wait(GENEROUS)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return system(host, *args, **how)

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    options: dict[str, Any] = {"cache": False, "retry": RetryPolicy(attempts=2, initial=0.01), "timeout": 0.2}
    with Client("up_abcdefgh", base_url="http://api.example.test/v1", engine="upstage", **options) as client:
        with pytest.raises(APITimeoutError, match=r"no address of .* was found in time"):
            client.parse(SAMPLE)
        assert not gate.is_set(), "it was not waited for"
    gate.set()
    assert threads_gone(before)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.3 is no address of this machine")
@pytest.mark.parametrize("listening", ["127.0.0.1", "127.0.0.3"])
def test_each_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch, listening: str) -> None:
    def two(_: Any, port: Any, *args: Any, **how: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port)) for place in ("127.0.0.1", "127.0.0.3")]

    def answer(server: socket.socket) -> None:
        with server.accept()[0] as connection:
            connection.recv(1 << 20)
            connection.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            while connection.recv(1 << 20):
                pass

    with socket.create_server((listening, 0)) as server:
        answering = threading.Thread(target=answer, args=(server,))
        answering.start()
        monkeypatch.setattr(socket, "getaddrinfo", two)
        root = f"http://api.example.test:{server.getsockname()[1]}/v1"
        with (
            Client("up_abcdefgh", base_url=root, engine="upstage", cache=False) as client,
            pytest.raises(AuthenticationError),
        ):
            client.parse(SAMPLE)
        answering.join()


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["nothing", "yes, and nothing more"])
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_proxy_that_is_silent_was_not_sent_the_document(
    kind: type[Client], says: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was asked for a way to the API: nothing is open, and nothing was paid."""

    async def parse_async() -> None:
        async with AsyncClient("up_abcdefgh", **options) as client:
            await client.parse(SAMPLE)

    def parse() -> None:
        with Client("up_abcdefgh", **options) as client:
            client.parse(SAMPLE)

    def be_silent(server: socket.socket) -> None:
        with server.accept()[0] as connection:
            connection.recv(1 << 16)
            connection.sendall(says)
            while connection.recv(1 << 16):
                pass

    options: dict[str, Any] = {"cache": False, "retry": RetryPolicy(attempts=1), "timeout": 0.5, "engine": "upstage"}
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=be_silent, args=(server,))
        thread.start()
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(APITimeoutError):
            parse() if kind is Client else asyncio.run(parse_async())
        thread.join()


async def test_an_asynchronous_handshake_that_is_cut_closes_its_connection() -> None:
    closed = threading.Event()

    def be_silent(server: socket.socket) -> None:
        with server.accept()[0] as connection:
            while connection.recv(1 << 16):
                pass
            closed.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=be_silent, args=(server,))
        thread.start()
        options: dict[str, Any] = {"cache": False, "retry": RetryPolicy(attempts=1), "timeout": 0.3}
        root = f"https://127.0.0.1:{server.getsockname()[1]}/v1"
        async with AsyncClient("up_abcdefgh", base_url=root, **options) as client:
            with pytest.raises(APITimeoutError):
                await client.jobs()
            assert await asyncio.to_thread(closed.wait, GENEROUS), "while the client goes on"
        await asyncio.to_thread(thread.join)


def test_asyncio_does_not_wait_for_a_resolver_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(threading.enumerate())
    gate = threading.Event()

    def silent(*_: Any, **how: Any) -> Any:
        gate.wait(GENEROUS)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    async def ask() -> None:
        async with AsyncClient("up_abcdefgh", base_url="http://api.example.test/v1", **options) as client:
            await client.jobs()

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    options: dict[str, Any] = {"cache": False, "retry": RetryPolicy(attempts=2, initial=0.01), "timeout": 0.2}
    with pytest.raises(APITimeoutError):
        asyncio.run(ask())
    assert not gate.is_set(), "it was not waited for"
    gate.set()
    assert threads_gone(before)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.3 is no address of this machine")
@pytest.mark.parametrize("first", ["refuses", "is silent"])
async def test_each_address_of_a_name_is_tried_without_waiting_for_those_before_it(
    first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two(_: Any, port: Any, *args: Any, **how: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port)) for place in ("127.0.0.3", "127.0.0.1")]

    def answer(server: socket.socket) -> None:
        with server.accept()[0] as connection:
            connection.recv(1 << 20)
            connection.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = server.getsockname()[1]
        if first == "is silent":  # whose queue is full
            full = stack.enter_context(socket.create_server(("127.0.0.3", port), backlog=0))
            for _ in range(3):
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(full.getsockname())
        thread = threading.Thread(target=answer, args=(server,))
        thread.start()
        monkeypatch.setattr(socket, "getaddrinfo", two)
        options: dict[str, Any] = {"cache": False, "retry": RetryPolicy(attempts=1), "timeout": 10.0}
        async with AsyncClient("up_abcdefgh", base_url=f"http://api.example.test:{port}/v1", **options) as client:
            with pytest.raises(AuthenticationError):
                await client.jobs()
        await asyncio.to_thread(thread.join)


@contextmanager
def self_signed(folder: Path) -> Iterator[int]:
    """A server on loopback whose certificate nobody signed; gives its port."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
        "-keyout",
    ]
    subprocess.run([*command, key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            try:
                connection, _ = listener.accept()
                with connection, context.wrap_socket(connection, server_side=True):
                    pass
            except OSError:
                continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            done.set()
            thread.join()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")
def test_the_network_says_that_a_certificate_is_not_trusted(tmp_path: Path) -> None:
    """What the libraries raise is known for what it is, through all that wraps it."""

    async def ask(base_url: str) -> None:
        async with AsyncClient("up_abcdefgh", base_url=base_url, cache=False, retry=retry) as client:
            await client.jobs()

    retry = RetryPolicy(attempts=3, initial=30.0)  # a second try would take longer than the test may
    with self_signed(tmp_path) as port:
        base_url = f"https://localhost:{port}/v1"
        with (
            Client("up_abcdefgh", base_url=base_url, cache=False, retry=retry) as client,
            pytest.raises(APIConnectionError, match="SSL_CERT_FILE"),
        ):
            client.jobs()
        with pytest.raises(APIConnectionError, match="SSL_CERT_FILE"):
            asyncio.run(ask(base_url))
