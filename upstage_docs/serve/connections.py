"""Limits the time and the number of connections that send no request or do not take their answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from upstage_docs.errors.tree import needing
from upstage_docs.options.definitions import NamedOptions, documented, option

with needing("server", "Serving the local engine over HTTP"):
    import asyncio

    import h11
    from starlette.types import Receive, Scope, Send
    from uvicorn.protocols.http.h11_impl import H11Protocol

_ABORT = "upstage_docs.abort"


@documented
@dataclass(frozen=True)
class ConnectionLimits(NamedOptions):
    """What a connection may cost before its request is whole, and until its answer is taken. Times are seconds.

    Raises:
        ConfigError: A limit is too low to let any request through.
    """

    waiting: int = option(
        200,
        "Connections without a whole request, idle ones included, those that do not take an answer, and those that "
        "send a next request before it. One more ends the one of them that has been silent for longest: silence costs "
        "those who are silent, and never who asks.",
        least=1,
    )
    head_seconds: float = option(
        15.0,
        "From a connection's beginning, or a request's first byte, to the end of its head.",
        above=0,
        unit="seconds",
    )
    body_seconds: float = option(
        60.0,
        "Between two pieces of a body, or of an answer that is not taken as it is written.",
        above=0,
        unit="seconds",
    )
    upload_seconds: float = option(
        1_500.0, "From a body's beginning to its end, or an answer's: 500 MB at 3 Mbit/s.", above=0, unit="seconds"
    )


def watching(limits: ConnectionLimits) -> type[H11Protocol]:
    """Return the class by which uvicorn speaks HTTP, with *limits* on connections that bring no request."""

    class Watched(_Watched):
        pass

    Watched.limits = limits
    Watched.waiting = {}
    return Watched


def abort(scope: Scope) -> None:
    """Abort a request's connection; nothing happens on a server other than ours, or if the client has left."""
    close = scope.get("extensions", {}).get(_ABORT)
    if close is not None:
        close()


class _Watched(H11Protocol):
    """Ends connections that keep a request waiting, and lets an application abort one: ASGI has no word for that."""

    limits: ConnectionLimits
    waiting: dict[_Watched, None]  # the longest silent one first
    _timer: asyncio.TimerHandle | None = None
    _head_since: float | None = None
    _body_since: float | None = None
    _untaken = 0  # bytes of an answer when it was last looked at
    _taken_by = 0.0  # when all of it is to be taken

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[_ABORT] = transport.abort
            await inner(scope, receive, send)

        self.app = app
        self._watch()
        self._end_silent()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.flow.write_paused:
            return
        if self.transport.is_closing():  # once the rest is taken, which is too little to pause the writing
            self._begin_taking()
        elif self.conn.their_state is h11.IDLE:
            self._wait_for_next()
        else:
            self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._begin_taking()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.transport.is_closing():
            self._wait_for_taking()
        elif self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]:  # and nothing of a next request came
            self._wait_for_next()
        else:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_for(None)
        self.waiting.pop(self, None)
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Say until when the next piece of the request has to come."""
        if self.flow.write_paused:
            return
        now, state = self.loop.time(), self.conn.their_state
        if self.transport.is_closing() or state not in {h11.IDLE, h11.SEND_BODY}:
            self._head_since = self._body_since = None
            self._wait_for(None)
            if self.conn.trailing_data[0]:  # of a next request, which asks for more than one at a time
                self._move_to_end()
            else:
                self.waiting.pop(self, None)
            return
        self._move_to_end()
        if state is h11.IDLE:
            self._head_since = self._head_since or now
            self._wait_for(self._head_since + self.limits.head_seconds)
        else:
            self._head_since, self._body_since = None, self._body_since or now
            self._wait_for(min(now + self.limits.body_seconds, self._body_since + self.limits.upload_seconds))

    def _wait_for(self, moment: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if moment is None else self.loop.call_at(moment, self._end_late)

    def _wait_for_next(self) -> None:
        """Set no time between two requests: that of the server counts."""
        self._wait_for(None)
        self._move_to_end()
        self._end_silent()

    def _begin_taking(self) -> None:
        self._taken_by = self.loop.time() + self.limits.upload_seconds
        self._wait_for_taking()
        self._move_to_end()
        self._end_silent()

    def _wait_for_taking(self) -> None:
        self._untaken = self.transport.get_write_buffer_size()
        self._wait_for(min(self.loop.time() + self.limits.body_seconds, self._taken_by))

    def _end_late(self) -> None:
        if self.flow.write_paused or self.transport.is_closing():
            if self.transport.get_write_buffer_size() < self._untaken and self.loop.time() < self._taken_by:
                self._wait_for_taking()
            else:
                self.transport.abort()
        elif self.flow.read_paused:  # it is the application that has not taken what came
            self._wait_for(self.loop.time() + self.limits.body_seconds)
        else:
            self.transport.abort()

    def _move_to_end(self) -> None:
        self.waiting.pop(self, None)
        self.waiting[self] = None

    def _end_silent(self) -> None:
        """End one of too many connections that wait: one without a request, while those are more than half.

        So connections that send nothing end no slow upload and no answer that is taken slowly, and uploads that stand
        still do not keep out who comes.
        """
        if len(self.waiting) > self.limits.waiting:
            bare = [one for one in self.waiting if one.conn.their_state is h11.IDLE and not one.flow.write_paused]
            longest = next(iter(bare if 2 * len(bare) > len(self.waiting) else self.waiting))
            del self.waiting[longest]
            longest.transport.abort()
