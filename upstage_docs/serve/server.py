"""The local engine over HTTP, on loopback by default: any client of the API can develop against it."""

from __future__ import annotations

import hmac
import ipaddress
import logging
import re
import socket
import threading
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cached_property
from typing import Any

from upstage_docs.errors import ConfigError, MissingExtraError
from upstage_docs.local import Engine
from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.form import Form
from upstage_docs.local.service.pipe import Patience
from upstage_docs.local.service.protocol import Reply, Request, refused
from upstage_docs.local.service.transport import answer_in_thread, read_form

try:
    import anyio
    import anyio.to_thread
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import ClientDisconnect, Request as HttpRequest
    from starlette.responses import Response
    from starlette.routing import Mount
    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn.protocols.http.h11_impl import H11Protocol
except ImportError as error:
    raise MissingExtraError.of("server", "Serving the local engine over HTTP", error) from error

__all__ = ["Endpoint", "abort", "build_app", "running", "serve"]

_log = logging.getLogger("upstage_docs.server")

_ABORT = "upstage_docs.abort"
_GRACE = 10
_IDLE = 120  # seconds: longer than a client waits between two looks at a job, so that none meets a closing connection
_THREADS = 40  # that documents hold, most of them waiting for a worker process; further documents wait without one
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def build_app(
    engine: Engine | None = None,
    *,
    api_key: str | None = None,
    hosts: Collection[str] = (),
) -> Starlette:
    """Return the ASGI application that answers as the API does.

    A document whose client leaves is read no further.

    Args:
        engine: What answers; it is closed when the application shuts down. A new one if None.
        api_key: What a request must bring (`Authorization: Bearer` or `x-api-key`) not to get 401; nothing if None.
        hosts: Names or addresses that a request's `Host` may have without an *api_key*, besides those of this machine:
            localhost, 127.0.0.1 and [::1]. Any other gets 403, as it may come from a web page whose name was made to
            lead here (DNS rebinding).
    """
    return Endpoint(engine or Engine(), api_key, hosts).as_app()


def serve(host: str = "127.0.0.1", port: int = 8000, *, api_key: str | None = None) -> None:
    """Serve the local engine until SIGINT or SIGTERM; requests that run get ten seconds to end then.

    Raises:
        ConfigError: *host* is not loopback and there is no *api_key*: anyone could use the engine.
    """
    if not api_key and not _is_loopback(host):
        raise ConfigError(f"Serving on {host} lets others in; set an API key, or serve on 127.0.0.1.")
    uvicorn.Server(_config(build_app(api_key=api_key, hosts=(host,)), host, port, quiet=False)).run()


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """Run *app* on a free loopback port in a thread of its own; give the base URL, `http://127.0.0.1:PORT/v1`.

    Raises:
        OSError: The server did not start.
    """
    # The protocol is named, since asyncio sets TCP_NODELAY only where it is: 40 ms per request otherwise.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = _Server(_config(app, "127.0.0.1", port))
        thread = threading.Thread(target=server.run_on, args=(listener,), name="upstage-docs-server")
        thread.start()
        try:
            server.settled.wait()
            if not server.started:
                raise OSError("the server did not start")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.should_exit = True
            thread.join()


class _Server(uvicorn.Server):
    """Says when it is ready, or has given up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()

    def run_on(self, listener: socket.socket) -> None:
        try:
            self.run([listener])
        finally:
            self.settled.set()


def _config(app: ASGIApp, host: str, port: int, *, quiet: bool = True) -> uvicorn.Config:
    loggers = {**uvicorn.config.LOGGING_CONFIG["loggers"], _log.name: {"handlers": ["default"], "level": "INFO"}}
    return uvicorn.Config(
        app,
        host,
        port,
        http=_AbortableProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="critical" if quiet else "info",
        log_config=None if quiet else {**uvicorn.config.LOGGING_CONFIG, "loggers": loggers},
        server_header=False,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_GRACE,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _AbortableProtocol(H11Protocol):
    """Lets an application abort its connection, which ASGI has no word for: an extension in the scope."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[_ABORT] = transport.abort
            await inner(scope, receive, send)

        self.app = app


class Endpoint:
    """Every path of the API, as one ASGI application; see `build_app`."""

    def __init__(self, engine: Engine, api_key: str | None = None, hosts: Collection[str] = ()) -> None:
        self.engine = engine
        self._api_key = api_key
        self._hosts = {f"[{host}]" if ":" in host else host for host in map(str.lower, (*_THIS_MACHINE, *hosts))}

    def as_app(self) -> Starlette:
        """Return the application that closes the engine when it shuts down."""

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            try:
                yield
            finally:
                await anyio.to_thread.run_sync(self.engine.close)

        return Starlette(routes=[Mount("/", app=self)], lifespan=lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        http = HttpRequest(scope, receive)
        head = self.head_of(http)
        reply = await self._reply(http, head)
        if reply is None:
            abort(scope)
            return
        self.log(head, reply.status)
        await Response(reply.body, reply.status, dict(reply.headers))(scope, receive, send)

    def head_of(self, http: HttpRequest) -> Request:
        """Return what the engine is told of a request before its form is read."""
        return Request(
            method=http.method,
            path=http.url.path,
            query=http.url.query,
            content_type=http.headers.get("content-type", ""),
            content_length=int(http.headers.get("content-length", 0)),
            origin=f"{http.url.scheme}://{http.headers.get('host', http.url.netloc)}",
        )

    def log(self, head: Request, status: int) -> None:
        """Log one answered request; never its query, since addresses are signed there."""
        _log.info("%s %s %d", head.method, head.path, status)

    async def read_form(self, http: HttpRequest, head: Request) -> Form | None:
        """Return the request's form; None where it has none.

        Raises:
            Refusal: The request is not allowed, or its form is not one.
            ClientDisconnect: The client has left.
        """
        self._authorize(http, head)
        reader = self.engine.form_reader(head)
        return None if reader is None else await read_form(reader, http.stream())

    async def answer(self, head: Request, form: Form | None) -> Reply | None:
        """Return the engine's answer, however long it takes."""
        synchronous = form is not None and not _is_submission(head)
        return await answer_in_thread(self.engine, head, form, Patience(), self._documents if synchronous else None)

    async def _reply(self, http: HttpRequest, head: Request) -> Reply | None:
        """Return what is answered; None if the client has left."""
        try:
            form = await self.read_form(http, head)
        except Refusal as refusal:
            return refused(refusal)
        except ClientDisconnect:
            return None
        if form is None or _is_submission(head):
            return await self.answer(head, form)
        reply = None
        async with anyio.create_task_group() as group:  # a document whose client has left is let go
            group.start_soon(_cancel_when_left, http, group.cancel_scope)
            reply = await self.answer(head, form)
            group.cancel_scope.cancel()
        return reply

    @cached_property
    def _documents(self) -> anyio.CapacityLimiter:
        return anyio.CapacityLimiter(_THREADS)

    def _authorize(self, http: HttpRequest, head: Request) -> None:
        if not self._api_key:
            self._check_host(http.headers.get("host", ""))
        if _is_download(head):
            if "authorization" in http.headers:  # object storage takes one way of showing who one is, the signature
                raise Refusal("Only one auth mechanism allowed", status=400)
            return
        if not self._api_key:
            return
        scheme, _, bearer = http.headers.get("authorization", "").partition(" ")
        given = bearer if scheme.lower() == "bearer" else http.headers.get("x-api-key", "")
        if not hmac.compare_digest(given.encode(), self._api_key.encode()):
            raise Refusal("invalid api key", status=401, code="invalid_api_key")

    def _check_host(self, header: str) -> None:
        host = re.sub(r":\d*$", "", header.lower())
        if host not in self._hosts:
            names = ", ".join(sorted(self._hosts))
            remedy = "use one of these, or start it with a key: upstage-docs serve --api-key KEY"
            message = f"without a key, this server is asked as {names} and not as {host[:100]!r}; {remedy}"
            raise Refusal(message, status=403, code="host_not_allowed")


async def _cancel_when_left(http: HttpRequest, scope: anyio.CancelScope) -> None:
    while (await http.receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def abort(scope: Scope) -> None:
    """Abort a request's connection. A server of others has no word for it, and a client that has left needs none."""
    close = scope.get("extensions", {}).get(_ABORT)
    if close is not None:
        close()


def _is_submission(head: Request) -> bool:
    return head.method == "POST" and "async" in head.path.split("/")


def _is_download(head: Request) -> bool:
    return head.path.removeprefix("/v1").startswith("/results/")
