"""Starts worker processes when needed, keeps them ready, and kills them on a crash, a stop or at the end."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.pipe import (
    AnswerPart,
    Begin,
    End,
    PagesBegun,
    Patience,
    Refused,
    Task,
    read_message,
    write_frame,
)
from upstage_docs.options.definitions import NamedOptions, documented, option

_log = logging.getLogger("upstage_docs")

_ENVIRONMENT = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "OMP_THREAD_LIMIT",
    "PYTHONHOME",
    "SYSTEMROOT",
    "TESSDATA_PREFIX",
    "TMPDIR",
    "TZ",
    "UPSTAGE_DOCS_OCR_LANGUAGES",
    "UPSTAGE_DOCS_PICTURE_WORDS",
    "VIRTUAL_ENV",
)
"""What a worker inherits. No PATH: it has nothing to start. No keys: it has nobody to show them to."""


@documented
@dataclass(frozen=True)
class WorkerLimits(NamedOptions):
    """How much memory and time a worker process may take, and how many of them run at once.

    Raises:
        ConfigError: A limit is too low to read anything at all.
    """

    memory: int = option(
        4 << 30,
        "Bytes of address space of a worker process (RLIMIT_AS). The PDF library reserves 1.2 GB of it and uses little "
        "of that, so recognising text needs 2 GB.",
        least=1 << 28,
    )
    seconds: float = option(
        600.0,
        "Wall-clock seconds for the next part of an answer: the whole answer of a synchronous request, or ten pages "
        "of a job. After that, the kernel ends the worker.",
        least=0.001,
        unit="seconds",
    )
    workers: int = option(min(4, os.cpu_count() or 1), "Processes at once.", least=1)
    idle: float = option(
        60.0, "Seconds after which a worker that has nothing to do ends itself.", least=0, unit="seconds"
    )


_DIED = "invalid_document"
_MOST_DEATHS = 6
"""Of workers, on one document: the first shows that one of ten pages ends them, the next ones which."""
_DYING = 10
"""Seconds that a process may take to give its memory back."""


Limits = WorkerLimits  # its name in `upstage_docs.local` before


class _Worker:
    """One process and the two pipes to it."""

    def __init__(self, command: Sequence[str]) -> None:
        # A session of its own: Ctrl-C reaches the owner alone, and the owner decides.
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,  # nothing half-written is left in a buffer that a forked child would flush
            cwd=os.sep,  # `-m` puts the current folder first on the path, where a user's file may shadow a module
            env=_environment(),
            start_new_session=True,
        )
        if self.process.stdin is None or self.process.stdout is None:
            raise OSError("the pipes to the worker process could not be made")
        self.inbox: IO[bytes] = self.process.stdin
        self.outbox: IO[bytes] = os.fdopen(os.dup(self.process.stdout.fileno()), "rb")
        self.process.stdout.close()
        self.started = False

    def start(self) -> None:
        """Wait until a new process says that it is there; EOFError if it ends before."""
        if not self.started:
            read_message(self.outbox)
            self.started = True

    def kill(self) -> None:
        self.process.kill()

    def end(self) -> None:
        """Kill it, reap it, close the pipes."""
        self.process.kill()
        self.process.wait()
        self._close()

    def ended(self) -> int:
        """Return the exit code of a worker that answers no more, negative for a signal; close the pipes."""
        try:
            status = self.process.wait(_DYING)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self._close()
        return status

    def forget(self) -> None:
        """Close this process's copy of the pipes of a worker that belongs to our parent process."""
        self.process.returncode = 0  # it is not ours to wait for
        self._close()

    def _close(self) -> None:
        self.inbox.close()
        self.outbox.close()


def _environment() -> dict[str, str]:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    folders = [str(Path(folder).absolute()) for folder in sys.path if folder]
    return {
        **environment,
        "PATH": "",
        "PYTHONPATH": os.pathsep.join(folders),
        "PYTHONSAFEPATH": "1",
        "TOKIO_WORKER_THREADS": "4",  # liteparse's threads reserve 16 MB each: with hundreds of cores, all there is
    }


class WorkerPool:
    """Reads documents in worker processes; its method `read` is what an `Engine` calls.

    Args:
        limits: What a document may cost.
        command: What to start as a worker; the module `upstage_docs.local.worker` if None.
    """

    def __init__(self, limits: WorkerLimits | None = None, *, command: Sequence[str] | None = None) -> None:
        self.limits = limits or WorkerLimits()
        self._command = [
            *(command or (sys.executable, "-m", "upstage_docs.local.worker")),
            str(self.limits.memory),
            str(self.limits.idle),
        ]
        self._pid = os.getpid()
        self._changed = threading.Condition()
        self._free = self.limits.workers
        self._warm: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._closed = False

    def read(self, task: Task, document: IO[bytes], patience: Patience) -> Generator[Begin | AnswerPart, None, None]:
        """Read *document* in a worker process: `Begin`, then its parts as they are ready.

        A page that ends the worker process, and another one by itself, is left out of the answer and told as a loss.

        Raises:
            Refusal: The worker refuses the document, reached a limit of time with it, or died where no page is to
                blame, or too many are.
            TimeoutError: The asker's patience ended; the worker is killed then.
        """
        self._take_turn(patience)
        try:
            yield from self._converse(task, document, patience)
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def close(self) -> None:
        """Kill every worker; what they were doing ends with a Refusal."""
        if os.getpid() != self._pid:  # in a forked child, where no lock is safe
            for worker in (*self._warm, *self._busy):
                worker.forget()
            return
        with self._changed:
            self._closed = True
            warm, self._warm = self._warm, []
            busy = list(self._busy)
            self._changed.notify_all()
        for worker in warm:
            worker.end()
        for worker in busy:
            worker.kill()  # the thread that talks to it reaps it

    def _take_turn(self, patience: Patience) -> None:
        with patience.stopping(self._wake), self._changed:
            seconds = patience.seconds
            self._changed.wait_for(
                lambda: self._free > 0 or self._closed or patience.stopped,
                timeout=None if seconds == float("inf") else seconds,
            )
            if self._closed:
                raise Refusal("the local engine is closed", status=500)
            if patience.stopped or self._free <= 0:
                raise TimeoutError("no worker process was free in time")
            self._free -= 1

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _converse(
        self, task: Task, document: IO[bytes], patience: Patience
    ) -> Generator[Begin | AnswerPart, None, None]:
        begun, deaths = False, 0
        while True:
            task = msgspec.structs.replace(task, seconds=max(0.01, min(self.limits.seconds, patience.seconds)))
            worker, was_warm = self._take()
            answered = finished = False
            reading: PagesBegun | None = None
            try:
                with patience.stopping(worker.kill):
                    for message in _conversation(worker, task, document):
                        if isinstance(message, Refused):
                            finished = True
                            if message.detail:
                                _log.error("The local engine failed on %r:\n%s", task.name, message.detail)
                            raise Refusal(message.message, status=message.status, code=message.code)
                        answered = True
                        if isinstance(message, PagesBegun):
                            reading = message
                            continue
                        if isinstance(message, Begin):
                            if begun:
                                continue  # an earlier worker has said so
                            begun = True
                        else:
                            task = msgspec.structs.replace(task, done=message.end, first_id=message.next_id)
                        yield message
                finished = True
            except EOFError:
                status = self._bury(worker)
                if was_warm and not answered and status == 0 and not patience.stopped:
                    continue  # it had ended itself, idle or too large, just before it was asked
                death = self._death(worker, status, task, patience)
                deaths += 1
                if reading is None or not isinstance(death, Refusal) or death.code != _DIED or deaths >= _MOST_DEATHS:
                    raise death from None
                pages = reading.first, reading.last
                if not reading.last and task.alone == pages:
                    raise death from None  # it is not read page by page, and ended two workers
                ending = _ending(status)
                _log.warning("A worker of the local engine ended (%s): %r, pages %d to %d", ending, task.name, *pages)
                if reading.first == reading.last and task.alone[0] <= reading.first <= task.alone[1]:
                    lost = reading.first, f"the page {self._ended(ending)}"
                    task = msgspec.structs.replace(task, lost=(*task.lost, lost))
                else:  # which page it was, or whether it was one at all, shows when each is read by itself
                    task = msgspec.structs.replace(task, alone=pages)
                continue
            finally:
                self._put_back(worker, warm=finished)
            return

    def _take(self) -> tuple[_Worker, bool]:
        with self._changed:
            if self._closed:
                raise Refusal("the local engine is closed", status=500)
            was_warm = bool(self._warm)
            try:
                worker = self._warm.pop() if was_warm else _Worker(self._command)
            except OSError as error:
                raise Refusal(f"no worker process could be started ({error})", status=500) from error
            self._busy.add(worker)
        return worker, was_warm

    def _put_back(self, worker: _Worker, *, warm: bool) -> None:
        with self._changed:
            if worker not in self._busy:
                return  # buried
            self._busy.discard(worker)
            if warm and not self._closed:
                self._warm.append(worker)
                return
        worker.end()

    def _bury(self, worker: _Worker) -> int:
        with self._changed:
            self._busy.discard(worker)
        return worker.ended()

    def _death(self, worker: _Worker, status: int, task: Task, patience: Patience) -> Exception:
        """Say why a worker ended in the middle of a document."""
        if self._closed:
            return Refusal("the local engine was closed while it read the document", status=500)
        if patience.seconds <= 0:
            return TimeoutError("the document was not read in time")
        if not worker.started:
            remedy = f"to see why, run: {shlex.join(self._command)}"
            message = f"the local engine's worker process does not start ({_ending(status)}); {remedy}"
            return Refusal(message, status=500)
        if status in {-signal.SIGALRM, -signal.SIGXCPU}:
            return Refusal(f"the document took longer than {task.seconds:g} seconds to read", code="document_too_slow")
        return Refusal(f"the document {self._ended(_ending(status))}", code=_DIED)

    def _ended(self, ending: str) -> str:
        allowed = self.limits.memory / (1 << 30)
        return (
            f"ended the process that read it ({ending}): it is damaged, or needs more than the {allowed:.3g} GB of "
            "memory that the local engine may use"
        )


def _conversation(
    worker: _Worker, task: Task, document: IO[bytes]
) -> Iterator[Begin | AnswerPart | PagesBegun | Refused]:
    """Send the task, yield the worker's messages up to its last; EOFError if it dies before."""
    worker.start()
    with suppress(BrokenPipeError):  # the end of its messages says why
        write_frame(worker.inbox, msgspec.msgpack.encode(task))
        write_frame(worker.inbox, document)
    while True:
        message = read_message(worker.outbox)
        if isinstance(message, End):
            return
        yield message
        if isinstance(message, Refused):
            return


def _ending(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
