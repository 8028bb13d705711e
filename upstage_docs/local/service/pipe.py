"""Writes and reads the messages between the engine and its worker processes."""

from __future__ import annotations

import math
import struct
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import IO, Literal

import msgspec

from upstage_docs.version import __version__

MODEL = f"local-{__version__}"
"""What every answer names as its model; never an Upstage name."""

_LENGTH = struct.Struct(">Q")
_PIECE = 1 << 20


class Task(msgspec.Struct, frozen=True):
    """What a worker process is to do with one document.

    Attributes:
        kind: `parse` (Document Parse) or `ocr` (Document OCR).
        name: Of the document, as the client named it, for the log; `""` if it did not.
        format: A key of `upstage_docs.files.formats.FORMATS`, or `zip` for a package that the worker looks into.
        output_formats: Which of `html`, `markdown`, `text` to write.
        coordinates: Whether elements carry their corners.
        crops: Categories whose elements carry a JPEG crop.
        force_ocr: Whether embedded text is left aside and every page recognised.
        charts: Whether charts whose data are known are answered as tables.
        batch_pages: Pages of one part of the answer, 0 for everything in one.
        max_pages: A document with more pages is refused with 413.
        seconds: Wall-clock limit until the next part of the answer; the worker dies at it.
        done: How many of the first pages an earlier worker has answered; their parts are not sent again.
        first_id: The id of the first element behind them.
        lost: Pages that ended the worker that read them, each with what is said of it; they are left out.
        alone: The first and the last of the pages among which is one that ended a worker: each is read by itself.
    """

    kind: Literal["parse", "ocr"] = "parse"
    name: str = ""
    format: str = "pdf"
    output_formats: tuple[str, ...] = ("html",)
    coordinates: bool = True
    crops: tuple[str, ...] = ()
    force_ocr: bool = False
    charts: bool = True
    batch_pages: int = 0
    max_pages: int = 100
    seconds: float = 600.0
    done: int = 0
    first_id: int = 0
    lost: tuple[tuple[int, str], ...] = ()
    alone: tuple[int, int] = (0, 0)


class PagesBegun(msgspec.Struct, frozen=True, tag=True):
    """The worker begins to read the pages *first* to *last*: if it dies now, one of them is the cause.

    *last* is 0 where pages are not read one by one.
    """

    first: int
    last: int


class Begin(msgspec.Struct, frozen=True, tag=True):
    """The worker could open the document; *pages* is how many it has."""

    pages: int


class AnswerPart(msgspec.Struct, frozen=True, tag=True):
    """One answer of the worker, as JSON, for the pages *start* to *end* (1-based, inclusive).

    Attributes:
        losses: What of them could not be read, as sentences for the log.
        next_id: The id of the first element behind them.
    """

    start: int
    end: int
    body: bytes
    losses: tuple[str, ...] = ()
    next_id: int = 0


class End(msgspec.Struct, frozen=True, tag=True):
    """The worker has sent everything and takes the next task; the first one says that it has started."""


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The document is refused, with the HTTP status and code of the API's answer; *detail* is for the log alone."""

    message: str
    status: int
    code: str = ""
    detail: str = ""


Message = Begin | AnswerPart | PagesBegun | End | Refused


class Patience:
    """How long somebody waits for an answer: some seconds, or until told to stop, from any thread.

    Args:
        seconds: From now; None for as long as it takes.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._until = math.inf if seconds is None else time.monotonic() + seconds
        self._lock = threading.Lock()
        self._actions: list[Callable[[], None]] = []
        self.stopped = False

    @property
    def seconds(self) -> float:
        """How many seconds are left, infinite if there is no limit."""
        return 0.0 if self.stopped else max(0.0, self._until - time.monotonic())

    def stop(self) -> None:
        """Stop waiting: whatever was begun for the one who waits is ended."""
        with self._lock:
            self.stopped = True
            # Under the lock: what is ended is still what was begun for this asker.
            for action in self._actions:
                action()

    @contextmanager
    def stopping(self, action: Callable[[], None]) -> Iterator[None]:
        """Inside this block, call *action* when the waiting is stopped, at once if it was stopped before."""
        with self._lock:
            stopped = self.stopped
            if not stopped:
                self._actions.append(action)
        if stopped:
            action()
        try:
            yield
        finally:
            with self._lock:
                if action in self._actions:
                    self._actions.remove(action)


Read = Callable[[Task, "IO[bytes]", Patience], Generator[Begin | AnswerPart, None, None]]
"""What reads a document: how many pages it has, then its parts in order.

It raises `Refusal` for a document that it refuses and `TimeoutError` when its asker's patience ends.
"""

_DECODER: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def write_frame(pipe: IO[bytes], content: bytes | IO[bytes]) -> None:
    """Write *content*, bytes or a file from its beginning, as one frame: eight bytes of length, then the content."""
    if isinstance(content, bytes):
        _write(pipe, _LENGTH.pack(len(content)))
        _write(pipe, content)
    else:
        _write(pipe, _LENGTH.pack(content.seek(0, 2)))
        content.seek(0)
        while piece := content.read(_PIECE):
            _write(pipe, piece)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> bytes:
    """Return the content of the next frame; EOFError if the other side is gone."""
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    return _exactly(pipe, length)


def read_message(pipe: IO[bytes]) -> Message:
    """Return the worker's next message; EOFError if it died."""
    return _DECODER.decode(read_frame(pipe))


def _write(pipe: IO[bytes], content: bytes) -> None:
    rest = memoryview(content)
    while rest:  # an unbuffered pipe may take less than it is given
        rest = rest[pipe.write(rest) :]


def _exactly(pipe: IO[bytes], length: int) -> bytes:
    content = pipe.read(length)
    if len(content) < length:
        raise EOFError("the other side of the pipe is gone")
    return content
