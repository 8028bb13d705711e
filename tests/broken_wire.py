"""What goes wrong below HTTP: a relay in front of the stand-in that hands its answers on as a broken connection would.

Every request is carried out by the stand-in, which keeps the bill, unless the fault comes before that. What is silent
stays silent until the relay is closed or its caller leaves: a gate, never a sleep.
"""

from __future__ import annotations

import gzip
import select
import socket
import ssl
import struct
import subprocess
import threading
import zlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from upstage_docs.testing.faults import kind_of

__all__ = [
    "HANDSHAKES",
    "LARGE_UPLOAD",
    "UPLOAD",
    "WIRE",
    "Certificates",
    "Connection",
    "Relay",
    "WireFault",
    "make_certificates",
    "running_relay",
]

_STEP = 0.05
"""Seconds between two drops of what drips: enough of them come within a deadline, and none of them outlasts one."""
# Each connection is closed after its answer: a caller that was not told would send the next request into the closing.
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"

_BOMB = gzip.compress(b'{"elements":[' + b" " * 90_000_000 + b"]}", 9)


class _LeftError(Exception):
    """The caller has closed the connection, or the relay is closing."""


@dataclass
class Connection:
    """One connection of a caller, and what a fault does with it."""

    socket: socket.socket
    closing: threading.Event

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def wait_for_caller(self, seconds: float | None = None) -> None:
        """Be silent until the caller leaves, or for so long.

        Raises:
            _LeftError: It left.
        """
        waited = 0.0
        while seconds is None or waited < seconds:
            if self.closing.is_set():
                raise _LeftError
            readable, _, _ = select.select([self.socket], [], [], _STEP)
            if readable and not self.socket.recv(65536):
                raise _LeftError
            waited += _STEP

    def drip(self, pieces: Iterator[bytes]) -> None:
        for piece in pieces:
            self.send(piece)
            self.wait_for_caller(_STEP)


@dataclass(frozen=True)
class WireFault:
    """What happens to a connection.

    Attributes:
        act: Does it, given the head and the body of the right answer.
        billed: Whether the stand-in carries the request out first.
        silent: Whether only a deadline ends it.
        early: Whether it comes before the body of the request is read.
    """

    act: Callable[[Connection, bytes, bytes], None] = field(repr=False)
    billed: bool = True
    silent: bool = False
    early: bool = False


def _answering(made: Callable[[bytes], bytes], *, silent: bool = False) -> WireFault:
    """Send these bytes, made from the right body, and close."""
    return WireFault(lambda connection, _, body: connection.send(made(body)), silent=silent)


def _sized(body: bytes, size: object = None, *more: str) -> bytes:
    lines = [f"Content-Length: {len(body) if size is None else size}", *more]
    return _OK + "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def _chunked(body: bytes, *, end: bytes = b"0\r\n\r\n", size: str = "") -> bytes:
    head = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
    return head + (size or f"{len(body):x}").encode() + b"\r\n" + body + b"\r\n" + end


def _then(data: Callable[[bytes], bytes], how: Callable[[Connection], None], *, silent: bool = False) -> WireFault:
    """Send these bytes and then do something to the connection."""

    def act(connection: Connection, _: bytes, body: bytes) -> None:
        connection.send(data(body))
        connection.wait_for_caller(_STEP)  # let what was sent arrive first
        how(connection)

    return WireFault(act, silent=silent)


def _dripping(pieces: Callable[[bytes], Iterator[bytes]]) -> WireFault:
    return WireFault(lambda connection, _, body: connection.drip(pieces(body)), silent=True)


def _half_close(connection: Connection) -> None:
    connection.socket.shutdown(socket.SHUT_WR)
    connection.wait_for_caller()


def _half(body: bytes) -> bytes:
    return _sized(body)[: -(len(body) // 2)]


def _without_end() -> Iterator[bytes]:
    while True:
        yield b"a"


def _drip_head(_: bytes) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nX: "
    yield from _without_end()


def _drip_interim(_: bytes) -> Iterator[bytes]:
    while True:
        yield b"HTTP/1.1 102 Processing\r\n\r\n"


def _drip_body(body: bytes) -> Iterator[bytes]:
    yield _sized(body)[: -len(body)]
    for position in range(len(body) - 1):
        yield body[position : position + 1]
    while True:  # the last byte never comes
        yield b""


def _drip_gzip(_: bytes) -> Iterator[bytes]:
    yield _OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    packing = zlib.compressobj(wbits=31)
    piece = packing.compress(b"{") + packing.flush(zlib.Z_SYNC_FLUSH)
    while True:
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
        piece = packing.compress(b" ") + packing.flush(zlib.Z_SYNC_FLUSH)


def _silence(connection: Connection) -> None:
    connection.wait_for_caller()


def _be_deaf(connection: Connection) -> None:
    """Read nothing until the caller leaves, which only its reset tells."""
    watching = select.poll()
    watching.register(connection.socket, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
    while not connection.closing.is_set() and not watching.poll(_STEP * 1000):
        pass
    raise _LeftError


def _gzipped(packed: bytes, encoding: str = "gzip") -> bytes:
    return _sized(packed, None, f"Content-Encoding: {encoding}")


WIRE: dict[str, WireFault] = {
    # the request has arrived, and nobody works on it
    "closed once the request is there": WireFault(lambda connection, _, __: connection.socket.close(), billed=False),
    "reset once the request is there": WireFault(lambda connection, _, __: connection.reset(), billed=False),
    "silent once the request is there": WireFault(
        lambda connection, _, __: _silence(connection), billed=False, silent=True
    ),
    "413 before the request is read": WireFault(
        lambda connection, _, __: connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}"),
        billed=False,
        early=True,
    ),
    # the head never comes
    "closed without an answer": WireFault(lambda connection, _, __: connection.socket.close()),
    "reset without an answer": WireFault(lambda connection, _, __: connection.reset()),
    "half closed without an answer": WireFault(lambda connection, _, __: _half_close(connection)),
    "silent without an answer": WireFault(lambda connection, _, __: _silence(connection), silent=True),
    "a head that drips": _dripping(_drip_head),
    "interim answers without end": _dripping(_drip_interim),
    "closed in the head": _then(lambda _: _OK, lambda connection: connection.socket.close()),
    # the head is none
    "what is not HTTP": _answering(lambda _: b"SSH-2.0-OpenSSH_9\r\n"),
    "a body without a head": _answering(lambda body: body),
    "a head of 300,000 bytes": _answering(lambda _: _OK + b"X: " + b"a" * 300_000 + b"\r\n\r\n"),
    "a line of the head without a colon": _answering(lambda body: _OK + b"what\r\n\r\n" + body),
    "two lengths that differ": _answering(lambda body: _sized(body, 5, f"Content-Length: {len(body)}")),
    "a length below 0": _answering(lambda body: _sized(body, -5)),
    "a length that is a word": _answering(lambda body: _sized(body, "long")),
    "a change of protocol": _answering(
        lambda _: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    ),
    # the body is not whole
    "reset after the head": _then(lambda body: _sized(body)[: -len(body)], lambda connection: connection.reset()),
    "closed after the head": _then(
        lambda body: _sized(body)[: -len(body)], lambda connection: connection.socket.close()
    ),
    "half closed in the body": _then(_half, _half_close),
    "closed in the body": _then(_half, lambda connection: connection.socket.close()),
    "reset in the middle of the body": _then(_half, lambda connection: connection.reset()),
    "silent in the body": _then(_half, _silence, silent=True),
    "a body that drips": _dripping(_drip_body),
    "a packed body that drips": _dripping(_drip_gzip),
    "a length that is too long": _answering(lambda body: _sized(body, 9_999_999)),
    "a chunk without a size": _answering(lambda body: _chunked(body, size="ZZZ")),
    "a chunk that is too long": _answering(lambda body: _chunked(body, size=f"{len(body) + 999:x}")),
    "chunks without an end": _answering(lambda body: _chunked(body, end=b"")),
    "packed, and cut off": _answering(lambda body: _gzipped(gzip.compress(body)[:-20])),
    "packed, and damaged": _answering(lambda body: _gzipped(gzip.compress(body)[:-9] + b"x" * 9)),
    # the body is whole as HTTP, and is not the answer
    "a length that is too short": _answering(lambda body: _sized(body, 30)),
    "a length of 0": _answering(lambda body: _sized(body, 0)),
    "said to be packed": _answering(_gzipped),
    "packed in a way that nobody asked for": _answering(lambda body: _gzipped(body, "zstandard-x")),
    "packed twice": _answering(lambda body: _gzipped(gzip.compress(gzip.compress(body)), "gzip, gzip")),
    "a bomb": _answering(lambda _: _gzipped(_BOMB)),
    # strange, and right
    "an interim answer first": _answering(lambda body: b"HTTP/1.1 103 Early Hints\r\n\r\n" + _sized(body)),
    "a status without a reason": _answering(
        lambda body: b"HTTP/1.1 200\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    ),
    "HTTP 1.0 to the end": _answering(lambda body: b"HTTP/1.0 200 OK\r\n\r\n" + body),
    "more after the body": _answering(lambda body: _sized(body, len(body)) + b"garbage"),
    "one byte a chunk": _answering(
        lambda body: (
            _OK
            + b"Transfer-Encoding: chunked\r\n\r\n"
            + b"".join(b"1\r\n%c\r\n" % byte for byte in body)
            + b"0\r\n\r\n"
        )
    ),
    "packed": _answering(lambda body: _gzipped(gzip.compress(body))),
    "a byte order mark": _answering(lambda body: _sized(b"\xef\xbb\xbf" + body)),
    "UTF-16": _answering(lambda body: _sized(body.decode().encode("utf-16"))),
    "201": _answering(lambda body: _sized(body).replace(b"200 OK", b"201 Created", 1)),
    "203": _answering(lambda body: _sized(body).replace(b"200 OK", b"203 Other", 1)),
}
UPLOAD: dict[str, WireFault] = {
    "closed in the upload": WireFault(lambda connection, _, __: connection.socket.close(), billed=False, early=True),
    "reset in the upload": WireFault(lambda connection, _, __: connection.reset(), billed=False, early=True),
    "nobody reads the upload": WireFault(
        lambda connection, _, __: _be_deaf(connection), billed=False, early=True, silent=True
    ),
}
"""What ends an upload that is larger than what the system holds for the reader (`LARGE_UPLOAD` bytes)."""
LARGE_UPLOAD = 8_000_000


@dataclass(frozen=True)
class Certificates:
    """Files of a made authority: what it signed for localhost, and what nobody trusts.

    Attributes:
        authority: The file to trust.
        good: Certificate and key of localhost.
        other_host: Of another name, by the same authority.
        expired: Of localhost, over since long.
        unknown: Of localhost, signed by itself.
    """

    authority: Path
    good: tuple[Path, Path]
    other_host: tuple[Path, Path]
    expired: tuple[Path, Path]
    unknown: tuple[Path, Path]


class Relay:
    """Listens on loopback and hands requests to the stand-in; faults are scripted as the stand-in's are.

    Attributes:
        port: Where it listens.
        failed: How many handshakes were made to fail.
        received: How many requests came, by their kind.
    """

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (str(parts.hostname), int(parts.port or 80))
        self.failed = 0
        self.received: Counter[str] = Counter()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        # Whoever uploads more than the system holds for a reader notices that nobody reads.
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        self.port = int(self._listening.getsockname()[1])
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._scripts: defaultdict[str, deque[WireFault]] = defaultdict(deque)
        self._always: dict[str, WireFault] = {}
        self._handshakes: deque[str] = deque()
        self._handshake = ""
        self._certificates: Certificates | None = None
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def base_url(self, *, tls: bool = False) -> str:
        return f"{'https' if tls else 'http'}://localhost:{self.port}/v1"

    def meet(self, kind: str, fault: WireFault, *, always: bool) -> None:
        """Let the next request of this kind, or each, meet *fault*."""
        with self._lock:
            if always:
                self._always[kind] = fault
            else:
                self._scripts[kind].append(fault)

    def speak_tls(self, certificates: Certificates | None) -> None:
        """Speak TLS from now on, or none."""
        self._certificates = certificates

    def fail(self, how: str, *, always: bool) -> None:
        """Let the next handshake, or each, go wrong as *how*, one of `HANDSHAKES`, says."""
        with self._lock:
            if always:
                self._handshake = how
            else:
                self._handshakes.append(how)

    def clear(self) -> None:
        """Let everything through again."""
        with self._lock:
            self._scripts.clear()
            self._always.clear()
            self._handshakes.clear()
            self._handshake = ""

    def close(self) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                accepted, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(accepted,))
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]
            thread.start()

    def _serve(self, accepted: socket.socket) -> None:
        with suppress(OSError, _LeftError), accepted:
            accepted.settimeout(30)
            connection = Connection(accepted, self._closing)
            if self._certificates is not None:
                with self._lock:
                    how = self._handshakes.popleft() if self._handshakes else self._handshake
                    self.failed += bool(how)
                spoken = _shake_hands(connection, self._certificates, how)
                if spoken is None:
                    return
                connection.socket = spoken
            with connection.socket:
                self._exchange(connection)

    def _exchange(self, connection: Connection) -> None:
        head = _read_until(connection.socket, b"\r\n\r\n")
        if head is None:
            return
        start, _, body = head.partition(b"\r\n\r\n")
        method, path, _ = start.split(b"\r\n")[0].decode("latin-1").split(" ", 2)
        kind = kind_of(method, path.partition("?")[0])
        with self._lock:
            script = self._scripts[kind]
            fault = script.popleft() if script else self._always.get(kind)
            self.received[kind] += 1
        if fault is None or not fault.early:
            body = _read_rest(connection.socket, start, body)
        if fault is not None and not fault.billed:
            fault.act(connection, b"", b"")
        else:
            answer_head, answer = self._ask(start, body)
            if self._certificates is not None and b"download_url" in answer:  # the stand-in speaks no TLS
                answer = answer.replace(b"http://localhost", b"https://localhost")
                answer_head = _sized(answer).partition(b"\r\n\r\n")[0]
            if fault is not None:
                fault.act(connection, answer_head, answer)
            else:
                connection.send(answer_head + b"\r\n\r\n" + answer)
        self._drain(connection)

    def _drain(self, connection: Connection) -> None:
        """End the answer, and take what the caller still sends, so that closing resets nothing."""
        if connection.socket.fileno() >= 0:
            if isinstance(connection.socket, ssl.SSLSocket):
                return
            connection.socket.shutdown(socket.SHUT_WR)
            connection.wait_for_caller(5.0)

    def _ask(self, start: bytes, body: bytes) -> tuple[bytes, bytes]:
        lines = [line for line in start.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        with socket.create_connection(self._target, timeout=60) as asked:
            asked.sendall(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
            received = b"".join(iter(lambda: asked.recv(65536), b""))
        head, _, answer = received.partition(b"\r\n\r\n")
        return head, answer


@contextmanager
def running_relay(target: str) -> Iterator[Relay]:
    relay = Relay(target)
    try:
        yield relay
    finally:
        relay.close()


def _read_until(source: socket.socket, end: bytes) -> bytes | None:
    found = b""
    while end not in found:
        piece = source.recv(65536)
        if not piece:
            return None
        found += piece
    return found


def _read_rest(source: socket.socket, start: bytes, body: bytes) -> bytes:
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in start.split(b"\r\n")[1:])
    }
    if b"transfer-encoding" in headers:
        while not body.endswith(b"0\r\n\r\n"):
            body += source.recv(65536) or b"0\r\n\r\n"
        return body
    length = int(headers.get(b"content-length", b"0"))
    while len(body) < length:
        piece = source.recv(65536)
        if not piece:
            raise _LeftError
        body += piece
    return body


HANDSHAKES = (
    "a certificate that nobody trusts",
    "a certificate of another host",
    "a certificate that is over",
    "no TLS but a plain answer",
    "a handshake that is reset",
    "a handshake that is closed",
    "a handshake that is garbage",
    "a handshake that is silent",
    "a handshake that drips",
)
"""What can go wrong before anything is sent."""


def _shake_hands(connection: Connection, certificates: Certificates, how: str) -> ssl.SSLSocket | None:
    if how == "a handshake that is reset":
        connection.socket.recv(1)
        connection.reset()
        return None
    if how in {"no TLS but a plain answer", "a handshake that is garbage", "a handshake that is closed"}:
        connection.socket.recv(65536)
        if how == "no TLS but a plain answer":
            connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        elif how == "a handshake that is garbage":
            connection.send(b"\x16\x03\x03\x00\x05hello")
        return None
    if how == "a handshake that is silent":
        _silence(connection)
    if how == "a handshake that drips":
        connection.socket.recv(65536)
        connection.send(b"\x16\x03\x03\x40\x00")  # a record of 16 KiB is announced
        connection.drip(_without_end())
    pair = {
        "a certificate that nobody trusts": certificates.unknown,
        "a certificate of another host": certificates.other_host,
        "a certificate that is over": certificates.expired,
    }.get(how, certificates.good)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    try:
        return context.wrap_socket(connection.socket, server_side=True)
    except ssl.SSLError:
        return None


_AUTHORITY = """
[ca]
default_ca = made
[made]
database = index.txt
serial = serial.txt
new_certs_dir = .
certificate = authority.pem
private_key = authority.key
default_md = sha256
unique_subject = no
policy = names
[names]
commonName = supplied
"""


def make_certificates(folder: Path) -> Certificates:
    """Make an authority and what it signs, with the command `openssl`."""

    def run(*command: str) -> None:
        subprocess.run(["openssl", *command], check=True, capture_output=True, cwd=folder)

    def key_and_request(name: str, host: str) -> None:
        run(
            *("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr"),
            *("-subj", f"/CN={host}"),
        )
        (folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{host}\nauthorityKeyIdentifier=keyid\n")

    run(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "authority.key", "-out", "authority.pem"),
        *("-days", "2", "-subj", "/CN=made authority", "-addext", "keyUsage=critical,keyCertSign"),
    )
    (folder / "index.txt").write_text("")
    (folder / "authority.cnf").write_text(_AUTHORITY)
    for name, host, is_over in (
        ("good", "localhost", False),
        ("other", "other.example", False),
        ("expired", "localhost", True),
    ):
        key_and_request(name, host)
        days = ("-startdate", "20200101000000Z", "-enddate", "20200102000000Z") if is_over else ("-days", "2")
        run(
            *("ca", "-batch", "-notext", "-config", "authority.cnf", "-create_serial", *days),
            *("-in", f"{name}.csr", "-extfile", f"{name}.ext", "-out", f"{name}.pem"),
        )
    run(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "unknown.key", "-out", "unknown.pem"),
        *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
    )

    def pair(name: str) -> tuple[Path, Path]:
        return folder / f"{name}.pem", folder / f"{name}.key"

    return Certificates(folder / "authority.pem", pair("good"), pair("other"), pair("expired"), pair("unknown"))
