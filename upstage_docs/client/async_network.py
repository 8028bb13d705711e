"""A network transport for httpx's asynchronous client that leaves no socket and no thread behind.

httpcore leaves the socket of a TLS handshake that is cancelled to the garbage collector, and asks the system's resolver
in threads of asyncio, whose end `asyncio.run` waits for, however long a resolver is silent. Its public
`network_backend` takes a network that does neither.
"""

# ruff: noqa: ASYNC109 - httpcore hands the seconds

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import anyio
import httpcore
import httpx

from upstage_docs.client.network import is_address, look_up, naming, pool_of
from upstage_docs.client.threads import begin_thread

# Seconds after which the next address of a name is tried beside those before it: RFC 8305, 5.
_STAGGER = 0.25


class AsyncNetworkTransport(httpx.AsyncHTTPTransport):
    """Sends over the network, through *proxy* where one is given; see `network.NetworkTransport`."""

    def __init__(self, tls: ssl.SSLContext, limits: httpx.Limits, proxy: str | None = None) -> None:
        kinds = httpcore.AsyncConnectionPool, httpcore.AsyncHTTPProxy, httpcore.AsyncSOCKSProxy
        self._pool = pool_of(kinds, tls, limits, _Network(), proxy)
        self._proxy = proxy

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request*; the body of the answer is read as it is taken."""
        with naming(self._proxy):
            return await super().handle_async_request(request)


class _Network(httpcore.AnyIOBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        connect = partial(
            super().connect_tcp, port=port, local_address=local_address, socket_options=list(socket_options or ())
        )
        try:
            with anyio.fail_after(timeout):
                addresses = await _addresses(host, port)
                if len(addresses) == 1:
                    return _Stream(await connect(addresses[0]))
                return _Stream(await _connect_first(connect, addresses))
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"no connection to {host} was made in time") from None


async def _connect_first(connect: Any, addresses: list[str]) -> httpcore.AsyncNetworkStream:
    """Return the first connection that is made to one of *addresses*, which are tried one after the other's start."""
    tasks: list[asyncio.Task[httpcore.AsyncNetworkStream]] = []
    won: asyncio.Task[httpcore.AsyncNetworkStream] | None = None
    try:
        for address in addresses:
            tasks.append(asyncio.create_task(connect(address)))
            await asyncio.wait(tasks, timeout=_STAGGER, return_when=asyncio.FIRST_COMPLETED)
            if (won := _made(tasks)) is not None:
                return won.result()
        while won is None and (pending := [task for task in tasks if not task.done()]):
            await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            won = _made(tasks)
        return (won or tasks[-1]).result()
    finally:
        for task in tasks:
            if task is not won:
                task.add_done_callback(_close_unused)
                task.cancel()


def _made(tasks: list[asyncio.Task[httpcore.AsyncNetworkStream]]) -> asyncio.Task[httpcore.AsyncNetworkStream] | None:
    return next((task for task in tasks if task.done() and not task.cancelled() and task.exception() is None), None)


def _close_unused(task: asyncio.Task[httpcore.AsyncNetworkStream]) -> None:
    """Close a connection that was made after another one; its errors do not matter."""
    if not task.cancelled() and task.exception() is None:
        closing = asyncio.ensure_future(task.result().aclose())
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)


_closing: set[asyncio.Future[None]] = set()


async def _addresses(host: str, port: int) -> list[str]:
    """Return the addresses of *host*, in the order in which they are tried.

    The system's resolver takes its own time, and nothing can end it: it is asked in a thread that is left to it.

    Raises:
        httpcore.ConnectError: It knows no such name.
    """
    if is_address(host):
        return [host]
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str] | Exception] = loop.create_future()

    def tell(found: list[str] | Exception) -> None:
        if not answer.done():
            answer.set_result(found)

    def ask() -> None:
        try:
            found: list[str] | Exception = look_up(host, port)
        except (OSError, UnicodeError) as error:
            found = error
        with suppress(RuntimeError):  # the loop is closed by now
            loop.call_soon_threadsafe(tell, found)

    begin_thread(ask)
    found = await answer
    if isinstance(found, Exception):
        raise httpcore.ConnectError(str(found)) from found
    return found


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that is closed where its handshake is cut."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
