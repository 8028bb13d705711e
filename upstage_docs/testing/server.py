"""A stand-in for the API on this machine: the local engine over HTTP, with faults that a test scripts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection

from upstage_docs.errors.redaction import as_secret
from upstage_docs.errors.tree import needing
from upstage_docs.local import Engine
from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.protocol import EngineReply, RequestHead, refused
from upstage_docs.serve.connections import abort
from upstage_docs.serve.server import Endpoint
from upstage_docs.testing.faults import (
    Answer,
    Delay,
    Drip,
    Fault,
    Faults,
    Received,
    Reset,
    Rewrite,
    Truncate,
    kind_of,
    settle,
)

with needing("testing", "The stand-in for the API"):
    import anyio
    from starlette.applications import Starlette
    from starlette.requests import ClientDisconnect, Request as HttpRequest
    from starlette.responses import Response, StreamingResponse
    from starlette.types import Receive, Scope, Send


def build_app(
    engine: Engine | None = None,
    *,
    api_key: str | None = None,
    faults: Faults | None = None,
    hosts: Collection[str] = (),
    origins: Collection[str] = (),
) -> Starlette:
    """Return the ASGI application that answers as the API does, or as *faults* say.

    A document whose client leaves is read no further. With *faults* it is read to its end and billed, as by the API.

    Args:
        engine: What answers; it is closed when the application shuts down. A new one if None.
        api_key: See `upstage_docs.serve.server.build_app`.
        faults: What shall go wrong, and the record of what came.
        hosts: See `upstage_docs.serve.server.build_app`.
        origins: See `upstage_docs.serve.server.build_app`.
    """
    api_key = as_secret(api_key)
    answering = engine or Engine()
    if faults is None:
        return Endpoint(answering, api_key, hosts, origins).as_app()
    return _FaultyEndpoint(answering, faults, api_key, hosts, origins).as_app()


class _FaultyEndpoint(Endpoint):
    def __init__(
        self, engine: Engine, faults: Faults, api_key: str | None, hosts: Collection[str], origins: Collection[str]
    ) -> None:
        super().__init__(engine, api_key, hosts, origins)
        self._faults = faults
        faults.attach(engine.pages_of_job)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HttpRequest(scope, receive)
        head = self.head_of(http)
        key = http.headers.get("x-api-key") or http.headers.get("authorization", "")
        received = Received(kind_of(head.method, head.path), head.method, head.path, anyio.current_time(), bool(key))
        fault = self._faults.meet(received)
        reply = await self._reply_with(fault, http, head, received)
        if reply is None:
            abort(scope)
            return
        received.status = reply.status
        self.log(head, reply.status)
        await anyio.sleep(self._faults.latency + (fault.seconds if isinstance(fault, Delay) else 0.0))
        response = _response(_changed(reply, fault), fault, scope)
        await response(scope, receive, send)

    async def _reply_with(
        self, fault: Fault | None, http: HttpRequest, head: RequestHead, received: Received
    ) -> EngineReply | None:
        """Return what is answered; None for a connection that is reset."""
        try:
            form = await self.read_form(http, head)
        except Refusal as refusal:
            return refused(refusal)
        except ClientDisconnect:
            return None
        if form is not None:
            received.fields = form.fields
            received.sha256 = form.document.sha256 if form.document else ""
        if isinstance(fault, Answer) or fault == Reset(billed=False):
            if form is not None:
                form.close()
            return EngineReply(fault.status, fault.body, fault.headers) if isinstance(fault, Answer) else None
        reply = await self.answer(head, form)
        if reply is None:
            return None
        settle(received, reply.status, reply.body)
        return None if fault == Reset() else reply


def _changed(reply: EngineReply, fault: Fault | None) -> EngineReply:
    if isinstance(fault, Rewrite) and reply.status == 200:
        return EngineReply(200, json.dumps(fault.change(json.loads(reply.body))).encode(), reply.headers)
    if isinstance(fault, Truncate):
        return EngineReply(reply.status, reply.body[: fault.after], reply.headers)
    return reply


def _response(reply: EngineReply, fault: Fault | None, scope: Scope) -> Response:
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
    abort(scope)
    while True:  # nothing more is sent; the server ends this when it sees that the connection is gone
        await anyio.sleep(0.05)
        yield b""
