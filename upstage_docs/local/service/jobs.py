"""Runs asynchronous jobs: their states, their batches of pages and their results."""

from __future__ import annotations

import hmac
import logging
import secrets
import tempfile
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import IO

from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.pipe import Begin, Patience, Read, Task

_log = logging.getLogger("upstage_docs")
URL_SECONDS = 900
"""A download address lives 15 minutes: https://console.upstage.ai/api/parse/document-parsing/async"""
_KEPT = 200
_QUEUED = 500


def _rfc3339(nanoseconds: int) -> str:
    """Write *nanoseconds* since 1970 as the API writes times: UTC, with nine digits of a second."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:09d}Z"


@dataclass
class _Batch:
    number: int
    start: int
    end: int
    requested: int
    updated: int
    status: str = "scheduled"
    failure: str = ""
    place: tuple[int, int] | None = None  # offset and length in the job's file of results


@dataclass
class _Job:
    identifier: str
    task: Task
    document: IO[bytes]
    requested: int
    status: str = "submitted"
    failure: str = ""
    pages: int = 0
    completed: int | None = None
    batches: list[_Batch] = field(default_factory=list)
    results: IO[bytes] | None = None


class Jobs:
    """The asynchronous jobs of one engine.

    Args:
        read: What reads a document.
        runners: How many jobs run at once.
        model: The model that jobs and batches name.
        now: Nanoseconds since 1970.
    """

    def __init__(self, read: Read, *, runners: int, model: str, now: Callable[[], int] = time.time_ns) -> None:
        self._read = read
        self._runners = runners
        self._model = model
        self._now = now
        self._secret = secrets.token_bytes(32)
        self._lock = threading.RLock()
        self._begun = threading.Condition(self._lock)
        self._jobs: dict[str, _Job] = {}
        self._queue: deque[_Job] = deque()
        self._threads: set[threading.Thread] = set()
        self._patience: set[Patience] = set()
        self._closed = False

    def submit(self, task: Task, document: IO[bytes]) -> str:
        """Queue a job and return its id; *document* is closed when it has been read.

        Raises:
            Refusal: 429 if too many jobs wait.
        """
        with self._lock:
            if self._closed or len(self._queue) >= _QUEUED:
                document.close()
                if self._closed:
                    raise Refusal("the local engine is closed", status=500)
                raise Refusal(f"{_QUEUED} jobs are waiting already", status=429, code="too_many_requests")
            job = _Job(str(uuid.uuid4()), task, document, self._now())
            self._jobs[job.identifier] = job
            self._queue.append(job)
            self._drop_oldest()
            if len(self._threads) < self._runners:
                # A daemon: it must not keep a program alive that ends without closing us; closing joins it.
                thread = threading.Thread(target=self._run_queue, name="upstage-docs-job", daemon=True)
                self._threads.add(thread)
                thread.start()
        return job.identifier

    def status(self, identifier: str, origin: str) -> dict[str, object] | None:
        """Return the status object of API.md 2b with fresh download addresses under *origin*, None if unknown."""
        with self._lock:
            job = self._jobs.get(identifier)
            return None if job is None else self._status(job, origin)

    def pages(self, identifier: str) -> int:
        """Return how many pages a job has; waits until it has begun, 0 if it never does."""
        with self._begun:
            job = self._jobs.get(identifier)
            if job is None:
                return 0
            self._begun.wait_for(lambda: job.pages or job.completed is not None or self._closed)
            return job.pages

    def listing(self) -> list[dict[str, object]]:
        """Return what the list endpoint says of every job, the latest first."""
        with self._lock:
            return [
                {
                    "id": job.identifier,
                    "status": job.status,
                    "model": self._model,
                    "requested_at": _rfc3339(job.requested),
                    "completed_at": None if job.completed is None else _rfc3339(job.completed),
                }
                for job in reversed(self._jobs.values())
            ]

    def download(self, identifier: str, batch: str, expires: str, signature: str) -> bytes:
        """Return the answer of a completed batch.

        Raises:
            Refusal: 403 if the address has expired or was not given out by us, 404 if the job is gone.
        """
        if not hmac.compare_digest(signature.encode(), self._signature(identifier, batch, expires).encode()):
            raise Refusal("The request signature does not match", status=403, code="SignatureDoesNotMatch")
        if self._now() > int(expires) * 1_000_000_000:
            raise Refusal("Request has expired", status=403, code="AccessDenied")
        with self._lock:
            job = self._jobs.get(identifier)
            place = None if job is None else job.batches[int(batch)].place
            if job is None or job.results is None or place is None:
                raise Refusal("The specified key does not exist.", status=404, code="NoSuchKey")
            job.results.seek(place[0])
            return job.results.read(place[1])

    def close(self) -> None:
        """Stop the jobs that run, and forget all of them."""
        with self._lock:
            self._closed = True
            self._queue.clear()
            self._begun.notify_all()
            threads = list(self._threads)
            patience = list(self._patience)
        for one in patience:
            one.stop()
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(timeout=10)
        with self._lock:
            for job in self._jobs.values():
                _close_files(job)
            self._jobs.clear()

    def abandon(self) -> None:
        """Close a forked child's copies of the files of jobs that its parent runs; no lock may be taken there."""
        for job in self._jobs.values():
            _close_files(job)

    def _drop_oldest(self) -> None:
        ended = [job for job in self._jobs.values() if job.status in {"completed", "failed"}]
        for job in ended[: max(0, len(ended) - _KEPT)]:
            del self._jobs[job.identifier]
            _close_files(job)

    def _run_queue(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._threads.discard(threading.current_thread())
                    return
                job = self._queue.popleft()
                patience = Patience()
                self._patience.add(patience)
            try:
                self._run(job, patience)
            finally:
                with self._lock:
                    self._patience.discard(patience)

    def _run(self, job: _Job, patience: Patience) -> None:
        failure = ""
        try:
            with job.document, closing(self._read(job.task, job.document, patience)) as messages:
                for message in messages:
                    if isinstance(message, Begin):
                        self._begin(job, message.pages)
                    else:
                        self._store(job, message.start, message.body)
            if any(batch.status != "completed" for batch in job.batches):
                failure = "the document ended before its last page"
        except Refusal as refusal:
            failure = refusal.message
        except TimeoutError:
            failure = "the local engine was closed"
        except Exception as error:  # noqa: BLE001 - one job's trouble is that job's, and is told by its status
            failure = (
                'the local engine failed by its own fault, not by the document; the log ("upstage_docs") says where'
            )
            _log.error("A job of the local engine failed on %r.", job.task.name, exc_info=error)
        with self._lock:
            job.completed = self._now()
            job.failure = failure
            self._begun.notify_all()
            job.status = "failed" if failure else "completed"
            for batch in job.batches:
                if failure and batch.status != "completed":
                    batch.status, batch.failure, batch.updated = "failed", failure, job.completed

    def _begin(self, job: _Job, pages: int) -> None:
        # Unbuffered: a forked child closes its copy, which must not write what the parent has in a buffer once more.
        results = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - the job owns it
        with self._lock:
            now = self._now()
            job.results = results
            job.status = "started"
            job.pages = pages
            step = job.task.batch_pages or pages
            job.batches = [
                _Batch(number, start, min(start + step - 1, pages), now, now)
                for number, start in enumerate(range(1, pages + 1, step))
            ]
            job.batches[0].status = "started"
            self._begun.notify_all()

    def _store(self, job: _Job, start: int, body: bytes) -> None:
        with self._lock:
            if job.results is None:
                raise OSError("the job's results are gone")
            batch = next(batch for batch in job.batches if batch.start == start)
            batch.place = (job.results.seek(0, 2), len(body))
            job.results.write(body)
            batch.status, batch.updated = "completed", self._now()
            if batch.number + 1 < len(job.batches):
                job.batches[batch.number + 1].status = "started"
                job.batches[batch.number + 1].updated = batch.updated

    def _status(self, job: _Job, origin: str) -> dict[str, object]:
        done = sum(batch.end - batch.start + 1 for batch in job.batches if batch.status == "completed")
        return {
            "id": job.identifier,
            "status": job.status,
            "model": self._model,
            "failure_message": job.failure,
            "total_pages": job.pages,
            "completed_pages": done,
            "batches": [
                {
                    "id": batch.number,
                    "model": self._model,
                    "status": batch.status,
                    "failure_message": batch.failure,
                    "download_url": self._url(job, batch, origin) if batch.place else "",
                    "start_page": batch.start,
                    "end_page": batch.end,
                    "requested_at": _rfc3339(batch.requested),
                    "updated_at": _rfc3339(batch.updated),
                }
                for batch in job.batches
            ],
            "requested_at": _rfc3339(job.requested),
            "completed_at": "" if job.completed is None else _rfc3339(job.completed),
        }

    def _url(self, job: _Job, batch: _Batch, origin: str) -> str:
        expires = str(self._now() // 1_000_000_000 + URL_SECONDS)
        signature = self._signature(job.identifier, str(batch.number), expires)
        return f"{origin}/results/{job.identifier}/{batch.number}?expires={expires}&signature={signature}"

    def _signature(self, identifier: str, batch: str, expires: str) -> str:
        return hmac.new(self._secret, f"{identifier}/{batch}/{expires}".encode(), "sha256").hexdigest()


def _close_files(job: _Job) -> None:
    for file in (job.document, job.results):
        if file is not None:
            file.close()
