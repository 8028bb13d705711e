"""Serves the local engine over HTTP on this machine, so that clients of the API can be developed against it."""

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
from urllib.parse import quote

from upstage_docs.errors import ConfigError
from upstage_docs.errors.redaction import as_secret, shorten
from upstage_docs.errors.tree import needing
from upstage_docs.local import Engine
from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.form import Form
from upstage_docs.local.service.pipe import Patience
from upstage_docs.local.service.protocol import EngineReply, RequestHead, refused
from upstage_docs.local.service.transport import answer_in_thread, read_form
from upstage_docs.serve.connections import ConnectionLimits, abort, watching

with needing("server", "Serving the local engine over HTTP"):
    import anyio
    import anyio.to_thread
    import uvicorn
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.cors import CORSMiddleware
    from starlette.requests import ClientDisconnect, Request as HttpRequest
    from starlette.responses import Response
    from starlette.routing import Mount
    from starlette.types import ASGIApp, Receive, Scope, Send

_log = logging.getLogger("upstage_docs.server")

_GRACE = 10  # seconds for requests under way when the server is told to stop
_IDLE = 120  # seconds: longer than a client waits between two looks at a job, so that none meets a closing connection
_THREADS = 40  # that documents hold, most of them waiting for a worker process; further documents wait without one
_BACKLOG = 128  # connections taken at one go: what is silent is ended between two of them
_MOST_DIGITS = 18  # of a length that is announced; a longer one is refused as one of so many
_LAST_PORT = 65535
_SHOWN = 200  # characters of a method and its path in the log; those of the API have up to 100
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def build_app(
    engine: Engine | None = None,
    *,
    api_key: str | None = None,
    hosts: Collection[str] = (),
    origins: Collection[str] = (),
) -> Starlette:
    """Return the ASGI application that answers as the API does.

    A document whose client leaves is read no further.

    Args:
        engine: What answers; it is closed when the application shuts down. A new one if None.
        api_key: What a request must bring (`Authorization: Bearer` or `x-api-key`) not to get 401; nothing if None.
        hosts: Names or addresses that a request's `Host` may have without an *api_key*, besides those of this machine:
            localhost, 127.0.0.1 and [::1]. Any other gets 403, as it may come from a web page whose name was made to
            lead here (DNS rebinding).
        origins: Web pages that may ask, such as `http://localhost:3000`. Any other gets 403: a browser sends what a
            page wants wherever it leads, and a page could read, or make work of, what is none of its business.

    Raises:
        ConfigError: One of *origins* is none, or *api_key* is no text of a header.
    """
    api_key = as_secret(api_key)  # tools that show a traceback show its local variables
    return Endpoint(engine or Engine(), api_key, hosts, origins).as_app()


def serve(
    host: str = "127.0.0.1", port: int = 8000, *, api_key: str | None = None, origins: Collection[str] = ()
) -> None:
    """Serve the local engine until SIGINT or SIGTERM; requests that run get ten seconds to end then.

    Raises:
        ConfigError: *host* is not loopback and there is no *api_key*: anyone could use the engine; or as `build_app`.
    """
    api_key = as_secret(api_key)
    if not api_key and not _is_loopback(host):
        raise ConfigError(f"Serving on {host} lets others in; set an API key, or serve on 127.0.0.1.")
    _Server(_config(build_app(api_key=api_key, hosts=(host,), origins=origins), host, port, quiet=False)).run()


@contextmanager
def running(app: ASGIApp, *, connections: ConnectionLimits | None = None) -> Iterator[str]:
    """Run *app* on a free loopback port in a thread of its own; give the base URL, `http://127.0.0.1:PORT/v1`.

    *connections* says what a connection without a request may cost.

    Raises:
        OSError: The server did not start.
    """
    # The protocol is named, since asyncio sets TCP_NODELAY only where it is: 40 ms per request otherwise.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = _Server(_config(app, "127.0.0.1", port, connections=connections))
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
    """Says when it is ready, or has given up, and ends in order though it is told twice to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        if self.force_exit:  # uvicorn lets its event loop cut all off then, and logs a traceback of each
            for request in self.server_state.tasks:
                request.cancel()
            await self.lifespan.shutdown()

    def run_on(self, listener: socket.socket) -> None:
        try:
            self.run([listener])
        finally:
            self.settled.set()


def _config(
    app: ASGIApp, host: str, port: int, *, quiet: bool = True, connections: ConnectionLimits | None = None
) -> uvicorn.Config:
    loggers = {**uvicorn.config.LOGGING_CONFIG["loggers"], _log.name: {"handlers": ["default"], "level": "INFO"}}
    return uvicorn.Config(
        app,
        host,
        port,
        http=watching(connections or ConnectionLimits()),
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="critical" if quiet else "info",
        log_config=None if quiet else {**uvicorn.config.LOGGING_CONFIG, "loggers": loggers},
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_GRACE,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Endpoint:
    """Every path of the API, as one ASGI application; see `build_app`."""

    def __init__(
        self, engine: Engine, api_key: str | None = None, hosts: Collection[str] = (), origins: Collection[str] = ()
    ) -> None:
        if api_key is not None and not (
            isinstance(api_key, str) and api_key.isascii() and api_key.isprintable() and api_key == api_key.strip()
        ):  # HTTP takes blanks around a value away
            raise ConfigError("api_key= has characters that a header cannot carry; use ASCII letters and digits.")
        self.engine = engine
        self._api_key = api_key
        self._origins = frozenset(map(_require_origin, origins))
        self._hosts = {f"[{host}]" if ":" in host else host for host in map(str.lower, (*_THIS_MACHINE, *hosts))}

    def as_app(self) -> Starlette:
        """Return the application that closes the engine when it shuts down."""

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            try:
                yield
            finally:
                await anyio.to_thread.run_sync(self.engine.close)

        # Only pages that may ask are told so; what browsers ask beforehand (OPTIONS) is answered for them alone.
        answers = CORSMiddleware
        middleware = [
            Middleware(answers, allow_origins=[*self._origins], allow_methods=["GET", "POST"], allow_headers=["*"])
        ]
        return Starlette(
            routes=[Mount("/", app=self)], lifespan=lifespan, middleware=middleware if self._origins else []
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        http = HttpRequest(scope, receive)
        head = self.head_of(http)
        try:
            reply = await self._reply(http, head)
        except anyio.get_cancelled_exc_class():  # the server was told to stop, and the request's time is over
            reply = refused(Refusal("the server is stopping; send the request again later", status=503))
        if reply is None:
            abort(scope)
            return
        self.log(head, reply.status)
        await Response(reply.body, reply.status, dict(reply.headers))(scope, receive, send)

    def head_of(self, http: HttpRequest) -> RequestHead:
        """Return what the engine is told of a request before its form is read."""
        return RequestHead(
            method=http.method,
            path=http.url.path,
            query=http.url.query,
            content_type=http.headers.get("content-type", ""),
            content_length=int(http.headers.get("content-length", "0")[:_MOST_DIGITS]),
            origin=f"{http.url.scheme}://{http.headers.get('host', http.url.netloc)}",
        )

    def log(self, head: RequestHead, status: int) -> None:
        """Log one answered request; never its query, since addresses are signed there."""
        _log.info("%s %d", shorten(f"{head.method} {quote(head.path)}", _SHOWN), status)

    async def read_form(self, http: HttpRequest, head: RequestHead) -> Form | None:
        """Return the request's form; None where it has none.

        Raises:
            Refusal: The request is not allowed, or its form is not one.
            ClientDisconnect: The client has left.
        """
        self._authorize(http, head)
        reader = self.engine.form_reader(head)
        return None if reader is None else await read_form(reader, http.stream())

    async def answer(self, head: RequestHead, form: Form | None) -> EngineReply | None:
        """Return the engine's answer, however long it takes."""
        synchronous = form is not None and not _is_submission(head)
        return await answer_in_thread(
            self.engine, head, form, Patience(), self._document_limiter if synchronous else None
        )

    async def _reply(self, http: HttpRequest, head: RequestHead) -> EngineReply | None:
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
    def _document_limiter(self) -> anyio.CapacityLimiter:
        return anyio.CapacityLimiter(_THREADS)

    def _authorize(self, http: HttpRequest, head: RequestHead) -> None:
        self._check_origin(http, head)
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

    def _check_origin(self, http: HttpRequest, head: RequestHead) -> None:
        """Refuse what a browser sends for a page of others: it says so, and no page can make it say otherwise."""
        origins = set(http.headers.getlist("origin"))
        pages = {_without_default_port(one) for one in origins}
        # A picture or a link of a page has no Origin, and tells of the page all the same.
        foreign = {site.lower() for site in http.headers.getlist("sec-fetch-site")} - {"none", "same-origin"}
        named = bool(pages) and pages <= self._origins
        if not named and (foreign or not pages <= self._origins | {_without_default_port(head.origin)}):
            page = ", ".join(sorted(origins)) or "another site"
            raise Refusal(
                f"this server refuses web pages of {shorten(page, 100)!r}; to allow one, name it: upstage-docs serve "
                "--allow-origin ORIGIN",
                status=403,
                code="origin_not_allowed",
            )

    def _check_host(self, header: str) -> None:
        host = re.sub(r":\d*$", "", header.lower())
        if host not in self._hosts:
            names = ", ".join(sorted(self._hosts))
            remedy = "use one of these names, or start it with a key: upstage-docs serve --api-key KEY"
            message = f"without a key, this server answers requests to {names}, not to {host[:100]!r}; {remedy}"
            raise Refusal(message, status=403, code="host_not_allowed")


def _require_origin(origin: str) -> str:
    """Return *origin* as browsers write it.

    Raises:
        ConfigError: It is none: a scheme, a host and perhaps a port.
    """
    shape = r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:(?P<port>\d{1,5}))?"
    found = re.fullmatch(shape, origin.strip().lower()) if isinstance(origin, str) else None
    if found is None or int(found["port"] or 0) > _LAST_PORT:
        raise ConfigError(f"{origin!r} is not the origin of a web page, such as http://localhost:3000.")
    return _without_default_port(origin.strip())


def _without_default_port(origin: str) -> str:
    scheme, _, host = origin.lower().partition("://")
    return f"{scheme}://{host.removesuffix({'http': ':80', 'https': ':443'}.get(scheme, '/'))}"


async def _cancel_when_left(http: HttpRequest, scope: anyio.CancelScope) -> None:
    while (await http.receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _is_submission(head: RequestHead) -> bool:
    return head.method == "POST" and "async" in head.path.split("/")


def _is_download(head: RequestHead) -> bool:
    return head.path.removeprefix("/v1").startswith("/results/")
