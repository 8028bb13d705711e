"""The worker process, `python -m upstage_docs.local.worker`: reads documents for its owner, one at a time.

It never starts a process or opens a socket, ends itself when its owner is gone or has nothing for it, and is ended by
the kernel at its limits of time and memory.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from upstage_docs.local.losses import is_survivable
from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.pipe import (
    AnswerPart,
    Begin,
    End,
    Message,
    PagesBegun,
    Refused,
    Task,
    read_frame,
    write_frame,
)

_LARGEST_IDLE = 512 << 20
"""Bytes of resident memory above which a worker is not kept for the next document."""

_DEFECT = (
    "the local engine failed while it read the document: that is a defect of the engine and not of the document. "
    'The log ("upstage_docs") says where it failed; Upstage\'s API reads the document.'
)
_DETAIL = 4_000
"""Characters of a traceback, the last ones."""
_FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.startfile")

ReadBytes = Callable[[Task, bytes], Iterator[Begin | AnswerPart]]


def main(read: ReadBytes | None = None) -> None:
    """Serve the owner until it closes the pipe; the arguments are bytes of memory and idle seconds.

    Args:
        read: What reads a document; None is the engine's own reader, which also tells which pages it begins to read.
    """
    memory, idle = int(sys.argv[1]), float(sys.argv[2])
    inbox, outbox = _private_pipes()
    read = read or _engine_reader(outbox)
    _limit_memory(memory)
    sys.addaudithook(_refuse_network_and_processes)
    write_frame(outbox, msgspec.msgpack.encode(End()))
    while _asked(inbox, idle):
        try:
            task = msgspec.msgpack.decode(read_frame(inbox), type=Task)
            _limit_time(task.seconds)
            document = read_frame(inbox)
        except EOFError:
            return
        for message in _answer(read, task, document):
            _limit_time(task.seconds)
            write_frame(outbox, msgspec.msgpack.encode(message))
        del document
        _limit_time(0)
        if _resident() > _LARGEST_IDLE:
            return


def _engine_reader(outbox: IO[bytes]) -> ReadBytes:
    from upstage_docs.local.read_document import read_document

    def tell(first: int, last: int) -> None:
        write_frame(outbox, msgspec.msgpack.encode(PagesBegun(first, last)))

    return lambda task, document: read_document(task, document, tell)


def _answer(read: ReadBytes, task: Task, document: bytes) -> Iterator[Message]:
    """Yield what *read* gives, then `End`; whatever goes wrong is a refusal of this document."""
    try:
        yield from read(task, document)
        yield End()
    except Refusal as refusal:
        yield Refused(refusal.message, refusal.status, refusal.code)
    except MemoryError:
        yield Refused("the document needs more memory than the local engine may use", 422, "document_too_complex")
    except BaseException as error:
        if not is_survivable(error):
            raise
        yield Refused(_DEFECT, 422, "engine_failed", "".join(traceback.format_exception(error))[-_DETAIL:])


def _private_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Take the standard pipes for ourselves: what a library prints must not come between two messages."""
    inbox, outbox = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return inbox, outbox


def _asked(inbox: IO[bytes], idle: float) -> bool:
    """Wait for the next task; False if none came in *idle* seconds."""
    if sys.platform == "win32":
        return True
    return bool(select.select([inbox], [], [], idle)[0])


def _refuse_network_and_processes(event: str, _: tuple[object, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"the local engine neither uses the network nor starts programs ({event})")


def _limit_memory(memory: int) -> None:
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (memory if most < 0 else min(memory, most), most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_time(seconds: float) -> None:
    """Let the kernel end this process after *seconds* by the clock, or on all cores together; 0 lifts the limit."""
    if sys.platform != "win32":
        import resource

        signal.setitimer(signal.ITIMER_REAL, seconds)
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        used = time.process_time()
        budget = int(used + seconds * (os.cpu_count() or 1)) + 1 if seconds else most
        resource.setrlimit(resource.RLIMIT_CPU, (budget if most < 0 else min(budget, most), most))


def _resident() -> int:
    """Return the most memory, in bytes, that this process ever had; 0 where that is not known."""
    try:
        # Not getrusage: its figure is handed down by the process that started this one, however large that was.
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        return 0


if __name__ == "__main__":
    main()
