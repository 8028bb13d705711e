"""The local engine over HTTP, on loopback by default: any client of the API can develop against it."""

from __future__ import annotations

import hmac
import ipaddress
import json
import logging
import re
import socket
import threading
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cached_property
from typing import Any

from upstage_docs.errors import ConfigError, MissingExtraError
from upstage_docs.faults import Answer, Delay, Drip, Fault, Faults, Received, Reset, Rewrite, Truncate, kind_of, settle
from upstage_docs.local import Engine
from upstage_docs.local.blocks import Refusal
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
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Mount
    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn.protocols.http.h11_impl import H11Protocol
except ImportError as error:
    raise MissingExtraError.of("server", "Serving the local engine over HTTP", error) from error

__all__ = ["build_app", "running", "serve"]

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
    faults: Faults | None = None,
    hosts: Collection[str] = (),
) -> Starlette:
    """Return the ASGI application that answers as the API does.

    A document whose client leaves is read no further; with *faults* it is, and is billed, as with the API.

    Args:
        engine: What answers; it is closed when the application shuts down. A new one if None.
        api_key: What a request must bring (`Authorization: Bearer` or `x-api-key`) not to get 401; nothing if None.
        faults: What shall go wrong, for tests.
        hosts: Names or addresses that a request's `Host` may have without an *api_key*, besides those of this machine:
            localhost, 127.0.0.1 and [::1]. Any other gets 403, as it may come from a web page whose name was made to
            lead here (DNS rebinding).
    """
    endpoint = _Endpoint(engine or Engine(), api_key, faults, hosts)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(endpoint.engine.close)

    return Starlette(routes=[Mount("/", app=endpoint)], lifespan=lifespan)


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


class _Endpoint:
    """Every path of the API, as one ASGI application."""

    def __init__(self, engine: Engine, api_key: str | None, faults: Faults | None, hosts: Collection[str]) -> None:
        self.engine = engine
        self._api_key = api_key
        self._faults = faults
        self._hosts = {f"[{host}]" if ":" in host else host for host in map(str.lower, (*_THIS_MACHINE, *hosts))}
        if faults is not None:
            faults.attach(engine.pages_of_job)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HttpRequest(scope, receive)
        head = Request(
            method=http.method,
            path=http.url.path,
            query=http.url.query,
            content_type=http.headers.get("content-type", ""),
            content_length=int(http.headers.get("content-length", 0)),
            origin=f"{http.url.scheme}://{http.headers.get('host', http.url.netloc)}",
        )
        key = http.headers.get("x-api-key") or http.headers.get("authorization", "")
        received = Received(kind_of(head.method, head.path), head.method, head.path, anyio.current_time(), bool(key))
        fault = None if self._faults is None else self._faults.meet(received)
        reply = await self._reply(http, head, received, fault)
        if reply is None:
            abort = scope.get("extensions", {}).get(_ABORT)
            if abort is not None:  # another server than ours has none, and a client that has left needs none
                abort()
            return
        received.status = reply.status
        _log.info("%s %s %d", head.method, head.path, reply.status)  # never the query: addresses are signed there
        latency = 0.0 if self._faults is None else self._faults.latency
        await anyio.sleep(latency + (fault.seconds if isinstance(fault, Delay) else 0.0))
        response = _response(_changed(reply, fault), fault, scope)
        await response(scope, receive, send)

    async def _reply(self, http: HttpRequest, head: Request, received: Received, fault: Fault | None) -> Reply | None:
        """Return what is answered; None for a connection that is reset."""
        form = None
        try:
            self._authorize(http, received)
            reader = self.engine.form_reader(head)
            if reader is not None:
                form = await read_form(reader, http.stream())
                received.fields = form.fields
                received.sha256 = form.document.sha256 if form.document else ""
        except Refusal as refusal:
            return refused(refusal)
        except ClientDisconnect:
            return None
        if isinstance(fault, Answer) or fault == Reset(billed=False):
            if form is not None:
                form.close()
            return Reply(fault.status, fault.body, fault.headers) if isinstance(fault, Answer) else None
        reply = await self._answer(http, head, form, received.kind)
        if reply is None:
            return None
        settle(received, reply.status, reply.body)
        return None if fault == Reset() else reply

    @cached_property
    def _documents(self) -> anyio.CapacityLimiter:
        return anyio.CapacityLimiter(_THREADS)

    async def _answer(self, http: HttpRequest, head: Request, form: Form | None, kind: str) -> Reply | None:
        """Return the engine's answer; None if the client has left, and its document has been let go."""
        if form is None or kind != "sync":
            return await answer_in_thread(self.engine, head, form, Patience())
        reply = None
        async with anyio.create_task_group() as group:
            if self._faults is None:
                group.start_soon(_cancel_when_left, http, group.cancel_scope)
            reply = await answer_in_thread(self.engine, head, form, Patience(), self._documents)
            group.cancel_scope.cancel()
        return reply

    def _authorize(self, http: HttpRequest, received: Received) -> None:
        if not self._api_key:
            self._check_host(http.headers.get("host", ""))
        if received.kind == "result":
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


def _changed(reply: Reply, fault: Fault | None) -> Reply:
    if isinstance(fault, Rewrite) and reply.status == 200:
        return Reply(200, json.dumps(fault.change(json.loads(reply.body))).encode(), reply.headers)
    if isinstance(fault, Truncate):
        return Reply(reply.status, reply.body[: fault.after], reply.headers)
    return reply


def _response(reply: Reply, fault: Fault | None, scope: Scope) -> Response:
    headers = dict(reply.headers)
    if isinstance(fault, Drip):
        return StreamingResponse(_dripping(reply.body, fault), reply.status, headers)
    if isinstance(fault, Reset):
        headers["content-length"] = str(len(reply.body))
        return StreamingResponse(_breaking(reply.body, fault.after or 0, scope), reply.status, headers)
    return Response(reply.body, reply.status, headers)


async def _dripping(body: bytes, fault: Drip) -> AsyncIterator[bytes]:
    for start in range(0, len(body), fault.size):
        yield body[start : start + fault.size]
        await anyio.sleep(fault.seconds)


async def _breaking(body: bytes, after: int, scope: Scope) -> AsyncIterator[bytes]:
    yield body[:after]
    await anyio.sleep(0.05)  # let what was sent arrive first
    scope["extensions"][_ABORT]()
    while True:  # nothing more is sent; the server ends this when it sees that the connection is gone
        await anyio.sleep(0.05)
        yield b""
