"""The network as a transport whose connections end with the deadline of a send.

httpx bounds each read alone, so that headers which are dripped outlast its timeouts; httpcore, below it, takes a
network of one's own. What the environment says of proxies is followed as httpx does.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import getproxies

import httpcore
import httpx

from upstage_docs.client.deadline import seconds_left

__all__ = ["NetworkTransport", "proxies"]


class NetworkTransport(httpx.HTTPTransport):
    """Sends over the network, through *proxy* where one is given; connections are kept for the next request.

    It is httpx's own transport to whoever looks, with connections of ours: recorders of tests, such as vcrpy, take the
    place of httpx's `handle_request`, and are asked where they have.

    Args:
        tls: Settings of TLS.
        limits: Of the connections that are kept.
        proxy: Address of an HTTP or SOCKS proxy.

    Raises:
        ValueError: *proxy* is no address of a proxy.
        ImportError: It is a SOCKS proxy, and the package for it is not installed.
    """

    def __init__(self, tls: ssl.SSLContext, limits: httpx.Limits, proxy: str | None = None) -> None:
        super().__init__(verify=tls, limits=limits, proxy=proxy)
        options: dict[str, Any] = {
            "ssl_context": tls,
            "max_connections": limits.max_connections,
            "max_keepalive_connections": limits.max_keepalive_connections,
            "keepalive_expiry": limits.keepalive_expiry,
            "network_backend": _Network(),
        }
        if proxy is None:
            self._connections = httpcore.ConnectionPool(**options)
            return
        server = httpx.Proxy(proxy)
        options |= {"proxy_url": _url(server.url), "proxy_auth": server.raw_auth}
        if server.url.scheme.startswith("socks5"):
            import socksio  # type: ignore[import-not-found, unused-ignore]  # noqa: F401 - httpcore would, at the first send

            self._connections = httpcore.SOCKSProxy(**options)
        else:
            self._connections = httpcore.HTTPProxy(**options, proxy_headers=server.headers.raw)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request*; the body of the answer is read as it is taken."""
        if hasattr(httpx.HTTPTransport.handle_request, "__wrapped__"):
            return super().handle_request(request)
        sent = httpcore.Request(
            request.method,
            _url(request.url),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _errors_of_httpx():
            answer = self._connections.handle_request(sent)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions=dict(answer.extensions)
        )

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self._connections.close()


def proxies() -> dict[str, str | None]:
    """Return the proxy of each pattern of addresses that the environment names one for, None for no proxy.

    https://www.python-httpx.org/environment_variables/
    """
    told = getproxies()
    excepted = [host.strip() for host in told.get("no", "").split(",") if host.strip()]
    if "*" in excepted:
        return {}
    found: dict[str, str | None] = {}
    for scheme in ("http", "https", "all"):
        if address := told.get(scheme):
            found[f"{scheme}://"] = address if "://" in address else f"http://{address}"
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


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _errors_of_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


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
        return _Stream(super().connect_tcp(host, port, timeout, local_address, socket_options))


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
    left = seconds_left()
    if left <= 0:
        raise too_late("the deadline is over")
    return left if timeout is None else min(timeout, left)


def _url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    """Raise what httpcore raises in the block as the error of httpx that has the same name."""
    try:
        yield
    except Exception as error:
        for kind in type(error).__mro__:
            if kind.__module__.startswith("httpcore") and hasattr(httpx, kind.__name__):
                raise getattr(httpx, kind.__name__)(str(error)) from error
        raise
