"""Sends one request within a deadline and a size limit, and tells how far it got when it fails.

A transport of the caller runs in threads of our own, so that a call which outlasts its deadline blocks nobody.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import ssl
import threading
import time
import weakref
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import aclosing, closing, contextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import unquote
from urllib.request import getproxies

import httpx

from upstage_docs.api.messages import NoReply, Outcome, Reply
from upstage_docs.client.network import NetworkTransport, proxies
from upstage_docs.client.threads import Asked, begin_owned_thread
from upstage_docs.client.unpacking import TooLargeError, Unpacker
from upstage_docs.errors import ConfigError
from upstage_docs.errors.redaction import Body, guard
from upstage_docs.flows.steps import Send

T = TypeVar("T")
Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)

_log = logging.getLogger("upstage_docs")
# What goes wrong on the way: everything else is a mistake, of ours or of a transport's.
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError, OSError, zlib.error)
# What httpx, and Python's own TLS, read in the environment: https://www.python-httpx.org/environment_variables/
_VARIABLES = {
    "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
}  # fmt: skip
_LETTING_GO = 1.0  # seconds for what a cancelled request closes on its way
_left: set[asyncio.Task[Any]] = set()  # an event loop itself does not keep them
_CONNECT = 30.0  # seconds for TCP and TLS; a host that needs longer is not there
# Kept open longer than any poll interval; the pool's own 5 s would cost a TLS handshake per look.
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=120.0)
# The request did not reach the server whole, whatever else happened.
_UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.WriteError,
    httpx.WriteTimeout,
)


def connect(transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None) -> httpx.Client:
    """Open a client over *transport*, None for the network. Redirects are not followed: the key stays with its host.

    Raises:
        ConfigError: *transport* is asynchronous, or a variable of the environment cannot be followed.
    """
    if transport is not None and not isinstance(transport, httpx.BaseTransport):
        raise ConfigError(f"Client takes a synchronous transport; {type(transport).__name__} is not one.")
    with _following_the_environment():
        if transport is not None:
            ours = type(transport).__module__.startswith("upstage_docs.local.")  # it holds the deadline by itself
            carrying = transport if ours else OwnedThreads(transport)
            return httpx.Client(transport=carrying, timeout=_CONNECT, trust_env=False)
        return _over_the_network(httpx.Client, NetworkTransport)


def aconnect(transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    """Open an asynchronous client; see `connect`."""
    if transport is not None and not isinstance(transport, httpx.AsyncBaseTransport):
        raise ConfigError(f"AsyncClient takes an asynchronous transport; {type(transport).__name__} is not one.")
    with _following_the_environment():
        if transport is not None:
            return httpx.AsyncClient(transport=transport, timeout=_CONNECT, trust_env=False)
        from upstage_docs.client.async_network import AsyncNetworkTransport

        return _over_the_network(httpx.AsyncClient, AsyncNetworkTransport)


def _over_the_network(client: Callable[..., Http], network: Callable[..., Any]) -> Http:
    """Open a *client* over transports of the kind *network*: one of its own, and one for each proxy."""
    told = proxies()
    mounts = {pattern: None if proxy is None else network(tls(), _LIMITS, proxy) for pattern, proxy in told.items()}
    http = client(transport=network(tls(), _LIMITS), mounts=mounts, timeout=_CONNECT, trust_env=False)
    for proxy in filter(None, told.values()):  # which may answer with what it is told to let us through
        user = httpx.URL(proxy).userinfo
        if user:
            pair = unquote(user.decode("ascii"))
            guard(http, {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"})
    return http


def tls() -> ssl.SSLContext:
    """Return the TLS settings that every client of the process shares; making them takes 20 ms.

    Raises:
        ConfigError: A variable of the environment names a certificate file that is none.
    """
    with _following_the_environment():
        return _tls()


@cache
def _tls() -> ssl.SSLContext:
    named = os.environ.get("SSL_CERT_FILE")
    if named and not Path(named).is_file():  # httpx 0.27 would take other certificates, without a word
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), named)
    return httpx.create_ssl_context()


@contextmanager
def _following_the_environment() -> Iterator[None]:
    """Say which variables of the environment may be behind an error of the HTTP client that is made in the block."""
    try:
        yield
    except ConfigError:
        raise
    except (OSError, ValueError, TypeError, LookupError, ImportError, httpx.InvalidURL) as error:
        if secret := _proxy_has_password() and not isinstance(error, OSError):
            error.args = ()  # they quote the address, and a frame of contextlib has them
        problem = f"{type(error).__name__}: {'' if secret else error}".removesuffix(": ")
        found = [name for name in os.environ if name.upper() in _VARIABLES]
        hint = f"Look at {', '.join(sorted(found))}" if found else "Look at the proxy settings of this system"
        refusal = ConfigError(
            f"The HTTP client cannot be made here: {problem}. {hint}: SSL_CERT_FILE and SSL_CERT_DIR must exist, a "
            "proxy is an http://, https:// or socks5:// address (socks5 needs: pip install 'httpx[socks]'), and "
            "NO_PROXY holds host names and addresses without brackets or networks."
        )
        try:
            raise refusal from None
        finally:
            refusal.__context__ = None  # whose frames have the address, too


def _proxy_has_password() -> bool:
    """Say whether the address of a proxy may hold a password, any part of which an error may quote."""
    return any("@" in unquote(address) for address in getproxies().values())


def send(http: httpx.Client, step: Send) -> Outcome:
    """Send *step* and read the answer whole; what goes wrong on the way is a NoReply."""
    until = time.monotonic() + step.deadline
    progress = _Progress()
    request = _copy(step, _Until(step.request.stream, until), progress.note)
    request.extensions["deadline"] = until  # to whoever carries it, however deep
    try:
        with step.around(), closing(http.send(request, stream=True)) as response:
            if response.is_stream_consumed:  # it came whole, and unpacked
                return _reply(response, response.content, step)
            unpacker = Unpacker(response.headers.get("content-encoding", ""), step.max_bytes)
            for piece in response.iter_raw():
                unpacker.add(piece)
                if time.monotonic() > until:
                    return _late(step, sent=True)
            return _reply(response, unpacker.finish(), step)
    except _FAILURES as error:
        return _lost(error, progress)
    except TooLargeError as error:
        return NoReply(str(error), sent=True, oversize=True)


async def asend(http: httpx.AsyncClient, step: Send) -> Outcome:
    """Send *step* without blocking the event loop; see `send`."""
    until = time.monotonic() + step.deadline
    progress = _Progress()

    async def exchange() -> Reply:
        request = _copy(step, step.request.stream, progress.anote)
        async with aclosing(await http.send(request, stream=True)) as response:
            if response.is_stream_consumed:
                return _reply(response, response.content, step)
            unpacker = Unpacker(response.headers.get("content-encoding", ""), step.max_bytes)
            async for piece in cast("httpx.AsyncByteStream", response.stream):
                unpacker.add(piece)
                if time.monotonic() > until:  # a stream that never waits keeps the event loop from saying so
                    raise TimeoutError
            return _reply(response, unpacker.finish(), step)

    try:
        with step.around():
            task = asyncio.create_task(exchange())
            try:
                await asyncio.wait([task], timeout=None if step.deadline == float("inf") else step.deadline)
            finally:
                if in_time := task.done():
                    _ = task.cancelled() or task.exception()  # cancelled meanwhile, nobody else asks for it
                else:
                    await _let_go(task)
            return task.result() if in_time else _late(step, sent=progress.sent)
    except TooLargeError as error:
        return NoReply(str(error), sent=True, oversize=True)
    except TimeoutError:
        return _late(step, sent=progress.sent)
    except _FAILURES as error:
        return _lost(error, progress)


async def _let_go(task: asyncio.Task[Any]) -> None:
    """Cancel *task*, and leave it to end by itself where the caller's transport does not let go."""
    import anyio

    _left.add(task)
    task.add_done_callback(_forget)
    task.cancel()
    with anyio.CancelScope(shield=True):
        await asyncio.wait([task], timeout=_LETTING_GO)
    if not task.done():
        _log.warning("A cancelled request does not end, and is no longer waited for. Such requests: %d.", len(_left))


def _forget(task: asyncio.Task[Any]) -> None:
    _left.discard(task)
    _ = task.cancelled() or task.exception()  # nobody else asks for it


def _reply(response: httpx.Response, body: bytes, step: Send) -> Reply:
    if len(body) > step.max_bytes:
        raise TooLargeError(f"the answer is larger than {step.max_bytes:,} bytes")
    return Reply(response.status_code, response.headers, Body(body), time.time())


@dataclass
class _Progress:
    """How far a request got, as the transport tells (https://www.encode.io/httpcore/extensions/#trace)."""

    traced: bool = False
    whole: bool = False
    tunnel: bool = False  # what is sent asks a proxy for a way to the server, and is not the request yet

    @property
    def sent(self) -> bool:
        """Whether the whole request may have arrived: a transport that tells nothing has to be assumed to have it."""
        return self.whole or not self.traced

    def note(self, event: str, details: Mapping[str, Any]) -> None:
        self.traced = True
        if event.endswith("send_request_headers.started"):
            self.tunnel = getattr(details.get("request"), "method", b"") == b"CONNECT"
        self.whole = self.whole or (event.endswith("send_request_body.complete") and not self.tunnel)

    async def anote(self, event: str, details: Mapping[str, Any]) -> None:
        self.note(event, details)


@dataclass
class _Until(httpx.SyncByteStream):
    """An upload that ends at a time: each write may be quick, and all of them together too slow."""

    stream: Any
    until: float

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.stream:
            if time.monotonic() > self.until:
                raise httpx.WriteTimeout("the upload was too slow")
            yield piece


def _copy(step: Send, stream: Any, trace: Callable[..., Any]) -> httpx.Request:
    """Return the request as it is sent this time: a flow may send it again, and compares it."""
    seconds = step.deadline
    timeout = {"connect": min(_CONNECT, seconds), "read": seconds, "write": seconds, "pool": seconds}
    request = step.request
    copy = httpx.Request(
        request.method,
        request.url,
        headers=request.headers,
        stream=stream,
        extensions={"timeout": timeout, "trace": trace},
    )
    copy.url = request.url  # of the kind it is: a signed address hides its signature from logs
    return copy


def _lost(error: Exception, progress: _Progress) -> NoReply:
    untrusted = _is_untrusted(error)
    return NoReply(
        f"{type(error).__name__}: {_said(error)}".rstrip(": "),
        sent=progress.sent and not isinstance(error, _UNSENT) and not untrusted,
        timeout=isinstance(error, httpx.TimeoutException),
        untrusted=untrusted,
    )


def _said(error: BaseException | None) -> str:
    """Return the first words in *error* or in what is behind it: asynchronous networks wrap errors without any."""
    while error is not None:
        if words := str(error):
            return words
        error = error.__cause__ or error.__context__
    return ""


def _is_untrusted(error: BaseException | None) -> bool:
    """Say whether a certificate that is not trusted is behind *error*."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def no_place(step: Send) -> NoReply:
    """Return the outcome of a *step* that waited too long for a place among the requests that may run at once."""
    return NoReply(f"none of the places for requests became free in {step.patience:g} s", sent=False, timeout=True)


def _late(step: Send, *, sent: bool) -> NoReply:
    return NoReply(f"not done after {step.deadline:g} s", sent=sent, timeout=True)


class OwnedThreads(httpx.BaseTransport):
    """Calls *transport* in threads, and gives up at the `deadline` (of `time.monotonic`) in a request's extensions.

    One exchange at a time is one thread; it sees the caller's context variables. A call that does not end by the
    deadline is a `httpx.ReadTimeout`, and its thread, which nothing can end, takes no other call.

    Attributes:
        left: Calls that did not end in time and go on.
    """

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport
        self._lock = threading.RLock()  # the collector may close an answer in the thread that holds it
        self._idle: list[Asked] = []
        self.left = 0
        self._at_end = weakref.finalize(self, _end_all, self._idle)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer of the transport to *request*."""
        with self._lock:
            thread = self._idle.pop() if self._idle else begin_owned_thread()
        exchange = _Exchange(self, thread, copy_context(), request.extensions.get("deadline", float("inf")))
        response: httpx.Response = exchange.call(partial(self._transport.handle_request, request))
        if response.is_stream_consumed or not isinstance(response.stream, httpx.SyncByteStream):
            self.end(exchange)
        else:
            response.stream = _Body(response.stream, exchange)
        return response

    def close(self) -> None:
        """Close the transport, and end the threads that do nothing."""
        self._at_end()
        self._transport.close()

    def end(self, exchange: _Exchange) -> None:
        """Put the thread of *exchange*, which is done, back for the next one."""
        thread, exchange.thread = exchange.thread, None
        with self._lock:
            if thread is not None and self._at_end.alive:
                self._idle.append(thread)
            elif thread is not None:
                thread.put(None)

    def leave(self, exchange: _Exchange) -> None:
        """Leave the thread of *exchange* to its call, which outlasts its deadline, and count it until that ends."""
        thread, exchange.thread = exchange.thread, None
        with self._lock:
            self.left += 1
            left = self.left
        if thread is not None:
            thread.put((self._returned, Future()))
            thread.put(None)
        _log.warning(
            "A call of the transport %s did not end in time, and is no longer waited for. Such calls of it: %d.",
            type(self._transport).__name__,
            left,
        )

    def _returned(self) -> None:
        with self._lock:
            self.left -= 1


@dataclass
class _Exchange:
    """One request with its answer, in one thread and one copy of the caller's context, until a moment."""

    owner: OwnedThreads
    thread: Asked | None
    context: Context
    until: float

    def call(self, work: Callable[[], T]) -> T:
        """Return what *work* gives, unless the deadline comes first.

        Raises:
            httpx.ReadTimeout: It came first.
        """
        if self.thread is None:
            raise httpx.ReadTimeout("the deadline is over")
        future: Future[T] = Future()
        self.thread.put((partial(self.context.run, work), future))
        try:
            wait([future], None if self.until == float("inf") else max(self.until - time.monotonic(), 0.0))
        finally:  # interrupted, too
            if not future.done():
                self.owner.leave(self)
        if self.thread is None:
            raise httpx.ReadTimeout("the deadline is over")
        if future.exception() is not None:
            self.owner.end(self)
        return future.result()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, exchange: _Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        pieces = iter(self._stream)
        while (piece := self._exchange.call(partial(next, pieces, None))) is not None:
            yield piece

    def close(self) -> None:
        try:
            self._exchange.call(self._stream.close)
        except httpx.ReadTimeout:
            return  # whoever is late closes nothing: it is left with its thread
        self._exchange.owner.end(self._exchange)


def _end_all(idle: list[Asked]) -> None:
    while idle:
        idle.pop().put(None)
