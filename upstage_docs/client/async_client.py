"""`AsyncClient`: the methods of `Client` for an event loop."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import anyio

from upstage_docs.client.async_session import AsyncSessions
from upstage_docs.client.client import Client
from upstage_docs.client.settings import ClientBase
from upstage_docs.client.threads import begin_thread

P = ParamSpec("P")
T = TypeVar("T")


def _awaited(
    method: Callable[Concatenate[Client, P], T],
) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]]:
    """Return *method* of `Client` with its parameters and its docstring, to be awaited."""

    @wraps(method)
    async def awaited(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return cast("T", await cast("Any", method)(self, *args, **kwargs))

    return _named(awaited, method)


def _iterated(
    method: Callable[Concatenate[Client, P], Generator[T, None, None]],
) -> Callable[Concatenate[AsyncClient, P], AsyncGenerator[T, None]]:
    """Return *method* of `Client` with its parameters and its docstring, for `async for`."""

    @wraps(method)
    def iterated(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T, None]:
        return cast("AsyncGenerator[T, None]", cast("Any", method)(self, *args, **kwargs))

    signature = inspect.signature(method)
    gives = str(signature.return_annotation).replace("Generator", "AsyncGenerator").replace(", None, None]", ", None]")
    iterated.__signature__ = signature.replace(return_annotation=gives)  # type: ignore[attr-defined]
    return _named(iterated, method)


def _named(twin: Callable[P, T], method: Callable[..., Any]) -> Callable[P, T]:
    twin.__qualname__ = f"AsyncClient.{method.__name__}"
    twin.__module__ = __name__
    return twin


class AsyncClient(ClientBase, AbstractAsyncContextManager["AsyncClient", None]):
    """Document Parse and Document OCR, asynchronously. It never blocks the event loop, and can be used in several.

    Iterators that it returns stop their work when they are closed: use `contextlib.aclosing` where they may end early.
    """

    _session: AsyncSessions
    _session_kind = AsyncSessions

    parse = _awaited(Client.parse)
    stream = _iterated(Client.stream)
    iter_elements = _iterated(Client.iter_elements)
    parse_many = _iterated(Client.parse_many)
    stream_many = _iterated(Client.stream_many)
    submit = _awaited(Client.submit)
    result = _awaited(Client.result)
    stream_result = _iterated(Client.stream_result)
    job = _awaited(Client.job)
    jobs = _awaited(Client.jobs)
    ocr = _awaited(Client.ocr)
    ocr_many = _iterated(Client.ocr_many)
    ocr_raw = _awaited(Client.ocr_raw)
    estimate = _awaited(Client.estimate)

    async def close(self) -> None:  # noqa: D102 - the docstring is that of `Client.close`
        try:
            await self._session.close()
        finally:
            with anyio.CancelScope(shield=True):
                # No thread of a pool, which is waited for at the end of the program: Ctrl-C while it begins, pressed
                # once more since closing takes so long, would leave it with nothing to do.
                await asyncio.shield(asyncio.wrap_future(begin_thread(self._context.store.close)))

    close.__doc__ = Client.close.__doc__

    __aexit__ = _awaited(Client.__exit__)
