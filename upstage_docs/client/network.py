"""A network transport for httpx whose connections end at the deadline of a request.

httpx bounds each read alone, so that headers which are dripped outlast its timeouts; httpcore, below it, takes a
network of one's own. What the environment says of proxies is followed as httpx does.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.request import getproxies

import httpcore
import httpx

from upstage_docs.api.messages import is_no_port
from upstage_docs.client.threads import call_within
from upstage_docs.errors.redaction import Secret

# Until when (of `time.monotonic`) the request of this thread may take: its connection was made for another one.
_deadline: ContextVar[float] = ContextVar("upstage_docs_deadline", default=float("inf"))


class NetworkTransport(httpx.HTTPTransport):
    """Sends over the network, through *proxy* where one is given; connections are kept for the next request.

    It is httpx's own transport with connections of ours, which end with the `deadline` in the request's extensions:
    recorders of tests, such as vcrpy, take the place of httpx's `handle_request` in it, too.

    Args:
        tls: Settings of TLS.
        limits: Of the connections that are kept.
        proxy: Address of an HTTP or SOCKS proxy.

    Raises:
        ValueError: *proxy* is no address of a proxy.
        ImportError: It is a SOCKS proxy, and the package for it is not installed.
    """

    def __init__(self, tls: ssl.SSLContext, limits: httpx.Limits, proxy: str | None = None) -> None:
        # In place of httpx's own constructor, which would make a pool of other connections.
        kinds = httpcore.ConnectionPool, httpcore.HTTPProxy, httpcore.SOCKSProxy
        self._pool = pool_of(kinds, tls, limits, _Network(), proxy)
        self._proxy = proxy

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request*; the body of the answer is read as it is taken."""
        until = request.extensions.get("deadline", float("inf"))
        with _until(until), naming(self._proxy):
            response = super().handle_request(request)
        if isinstance(response.stream, httpx.SyncByteStream) and not response.is_stream_consumed:
            response.stream = _Body(response.stream, until)
        return response


@contextmanager
def naming(proxy: str | None) -> Iterator[None]:
    """Name *proxy* in connection errors raised in the block: the user may not know that the environment sets one."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
        if proxy is None:
            raise
        url = httpx.URL(proxy)
        place = "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY; hosts that NO_PROXY lists are reached without it"
        raise type(error)(
            f"{error} (through the proxy {url.copy_with(username=None, password=None)} that is set in {place})"
        ) from error


def pool_of(kinds: tuple[Any, Any, Any], tls: ssl.SSLContext, limits: httpx.Limits, network: Any, proxy: Any) -> Any:
    """Make a transport's pool of connections; *kinds* are its classes for no proxy, an HTTP proxy, a SOCKS proxy.

    Raises:
        ValueError: *proxy* is no address of a proxy.
        ImportError: It is a SOCKS proxy, and the package for it is not installed.
    """
    plain, http, socks = kinds
    options: dict[str, Any] = {
        "ssl_context": tls,
        "max_connections": limits.max_connections,
        "max_keepalive_connections": limits.max_keepalive_connections,
        "keepalive_expiry": limits.keepalive_expiry,
        "network_backend": network,
    }
    if proxy is None:
        return plain(**options)
    server = httpx.Proxy(proxy)  # which does not show the password
    url = server.url
    options["proxy_url"] = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    if url.scheme.startswith("socks5"):
        import socksio  # type: ignore[import-not-found, unused-ignore]  # noqa: F401 - httpcore would, at the first send

        return socks(**options, proxy_auth=server.raw_auth)
    return http(**options, proxy_auth=server.raw_auth, proxy_headers=server.headers.raw)


def proxies() -> dict[str, str | None]:
    """Return the proxies that the environment sets, by pattern of addresses; None stands for no proxy.

    An address may hold a password, and shows in no repr.

    https://www.python-httpx.org/environment_variables/
    """
    told = {name: Secret(address) for name, address in getproxies().items()}
    excepted = [host.strip() for host in told.get("no", "").split(",") if host.strip()]
    if "*" in excepted:
        return {}
    found: dict[str, str | None] = {}
    for scheme in ("http", "https", "all"):
        if address := told.get(scheme):
            proxy = Secret(address if "://" in address else f"http://{address}")
            port = httpx.URL(proxy).port
            if is_no_port(port):
                raise ValueError(f"{port} is not a port")
            found[f"{scheme}://"] = proxy
    found.update((_pattern(host), None) for host in excepted)
    return found


def _pattern(host: str) -> str:
    """Return the pattern of an entry of NO_PROXY: an address, or the end of a host name."""
    if "://" in host:
        return host
    try:
        address = ipaddress.ip_address(host.partition("/")[0])
    except ValueError:
        return f"all://{host}" if host.lower() == "localhost" else f"all://*{host}"
    return f"all://{host}" if address.version == 4 else f"all://[{host}]"


@dataclass
class _Body(httpx.SyncByteStream):
    stream: httpx.SyncByteStream
    until: float

    def __iter__(self) -> Iterator[bytes]:
        pieces = iter(self.stream)
        while True:
            with _until(self.until):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    def close(self) -> None:
        self.stream.close()


@contextmanager
def _until(moment: float) -> Iterator[None]:
    token = _deadline.set(moment)
    try:
        yield
    finally:
        _deadline.reset(token)


class _Network(httpcore.SyncBackend):
    """Connections that end with the deadline of a send."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _addresses(host, port, _left(timeout, httpcore.ConnectTimeout)):
            left = _left(timeout, httpcore.ConnectTimeout)
            try:
                return _Stream(super().connect_tcp(address, port, left, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


def _addresses(host: str, port: int, seconds: float) -> list[str]:
    """Return the addresses of *host*, in the order in which they are tried.

    The system's resolver takes its own time, and nothing can end it: it is asked in a thread that is left to it.

    Raises:
        httpcore.ConnectTimeout: It did not say within so many *seconds*.
        httpcore.ConnectError: It knows no such name.
    """
    if is_address(host):
        return [host]
    try:
        return call_within(partial(look_up, host, port), seconds)
    except TimeoutError:
        raise httpcore.ConnectTimeout(f"no address of {host} was found in time") from None
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error


def is_address(host: str) -> bool:
    """Say whether a host is named by its address, so that no resolver is asked."""
    with suppress(ValueError):
        return bool(ipaddress.ip_address(host))
    return False


def look_up(host: str, port: int) -> list[str]:
    """Ask the system's resolver for the addresses of *host*, for as long as that takes."""
    return [str(place[0]) for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, too_late: type[Exception]) -> float:
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise too_late("the deadline is over")
    return left if timeout is None else min(timeout, left)
