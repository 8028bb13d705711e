"""The engine as an `httpx` transport for `httpx.Client` and `httpx.AsyncClient`; it blocks no event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import cast

import anyio
import anyio.to_thread
import httpx

from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.form import Form, FormReader
from upstage_docs.local.service.pipe import Patience
from upstage_docs.local.service.protocol import Engine, EngineReply, RequestHead, refused

_PIECE = 1 << 20


class LocalTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers requests by the embedded engine, whatever host they name; no key is needed and none is looked at.

    A request's read timeout holds for the whole answer; the document's worker process is killed at it.

    Args:
        engine: What answers; its owner closes it. If None, the transport makes an engine and closes it with itself.
    """

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine or Engine()
        self._owned = engine is None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response of the engine to *request*.

        Raises:
            httpx.ReadTimeout: The document was not read within the request's read timeout.
        """
        head = _head(request)
        form: Form | None = None
        try:
            reader = self._engine.form_reader(head)
            if reader is not None:
                try:
                    for piece in cast("httpx.SyncByteStream", request.stream):
                        reader.feed(piece)
                    form = reader.finish()
                finally:
                    reader.close()
        except Refusal as refusal:
            return _response(refused(refusal), request)
        try:
            return _response(self._engine.answer(head, form, _patience(request)), request)
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error), request=request) from error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer *request*; the work is done in a thread, and ended if the caller is cancelled.

        Raises:
            httpx.ReadTimeout: The document was not read within the request's read timeout.
        """
        head = _head(request)
        form: Form | None = None
        try:
            reader = self._engine.form_reader(head)
            if reader is not None:
                form = await read_form(reader, aiter(cast("httpx.AsyncByteStream", request.stream)))
        except Refusal as refusal:
            return _response(refused(refusal), request)
        try:
            return _response(await answer_in_thread(self._engine, head, form, _patience(request)), request)
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error), request=request) from error

    def close(self) -> None:
        """End the engine's worker processes, if the engine is the transport's own."""
        if self._owned:
            self._engine.close()

    async def aclose(self) -> None:
        """End the engine's worker processes, if the engine is the transport's own."""
        if self._owned:
            await anyio.to_thread.run_sync(self._engine.close)

    def __enter__(self) -> LocalTransport:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> LocalTransport:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()


async def read_form(reader: FormReader, pieces: AsyncIterator[bytes]) -> Form:
    """Feed *pieces* to *reader* and return the form; what is written to disk is written in a thread.

    Raises:
        Refusal: The body is not a form, or its document is too large.
    """
    try:
        gathered = bytearray()
        async for piece in pieces:
            gathered += piece
            if len(gathered) >= _PIECE:
                await anyio.to_thread.run_sync(reader.feed, bytes(gathered))
                gathered.clear()
        await anyio.to_thread.run_sync(reader.feed, bytes(gathered))
        return reader.finish()
    finally:
        reader.close()


async def answer_in_thread(
    engine: Engine,
    request: RequestHead,
    form: Form | None,
    patience: Patience,
    limiter: anyio.CapacityLimiter | None = None,
) -> EngineReply:
    """Return the engine's answer without blocking the event loop; cancelling the caller stops the work.

    The thread is one of those that *limiter* counts, of the event loop's own if None.
    """
    try:
        return await anyio.to_thread.run_sync(
            engine.answer, request, form, patience, abandon_on_cancel=True, limiter=limiter
        )
    except BaseException:
        patience.stop()
        if form is not None:
            form.close()
        raise


def _head(request: httpx.Request) -> RequestHead:
    url = request.url
    port = f":{url.port}" if url.port else ""
    return RequestHead(
        method=request.method,
        path=url.path,
        query=url.query.decode("ascii", "replace"),
        content_type=request.headers.get("content-type", ""),
        content_length=int(request.headers.get("content-length", 0)),
        origin=f"{url.scheme}://{url.host}{port}",
    )


def _patience(request: httpx.Request) -> Patience:
    timeout = request.extensions.get("timeout", {})
    return Patience(timeout.get("read"))


def _response(reply: EngineReply, request: httpx.Request) -> httpx.Response:
    return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body, request=request)
