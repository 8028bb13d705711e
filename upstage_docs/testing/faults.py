"""Faults that a test scripts for the stand-in, and a record of what it received and billed.

A fault is a value; `Faults` says which request meets which:

    faults = Faults()
    faults.script("sync", too_many_requests(retry_after=1), None, reset(after=100))   # the next three sync uploads
    faults.always("status", hanging_job())
    faults.latency = 0.2
    with running(build_app(Engine(), faults=faults)) as base_url:
        ...
    assert faults.billed == {sha256: 12}

Requests are of five kinds: `sync` (a document read at once: parse or OCR), `submit` (an asynchronous parse), `status`
(of one job), `list` (of jobs), `result` (a batch's download).
"""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = [
    "Answer",
    "Delay",
    "Drip",
    "Fault",
    "Faults",
    "Kind",
    "Received",
    "Reset",
    "Rewrite",
    "Truncate",
    "error_in_200",
    "expired_url",
    "failed_batch",
    "failed_job",
    "gateway_text",
    "hanging_job",
    "no_download_urls",
    "reset",
    "retrying_batch",
    "suspended",
    "too_many_requests",
    "unauthorized",
    "unavailable",
]

Kind = Literal["sync", "submit", "status", "list", "result"]


@dataclass(frozen=True)
class Answer:
    """This is answered instead; the engine never sees the request, and nothing is billed."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})


@dataclass(frozen=True)
class Reset:
    """The connection is reset.

    Attributes:
        after: Bytes of the answer's body that are sent first; None if not even its head is.
        billed: Whether the engine did the work; with `after` it always has.
    """

    after: int | None = None
    billed: bool = True


@dataclass(frozen=True)
class Truncate:
    """The answer is whole as HTTP, but its body ends after this many bytes: JSON that is cut off."""

    after: int


@dataclass(frozen=True)
class Drip:
    """The body comes in pieces of *size* bytes, *seconds* apart."""

    size: int = 64
    seconds: float = 0.1


@dataclass(frozen=True)
class Delay:
    """The right answer, *seconds* late."""

    seconds: float


@dataclass(frozen=True)
class Rewrite:
    """The JSON of the right answer, changed."""

    change: Callable[[dict[str, Any]], dict[str, Any]]


Fault = Answer | Reset | Truncate | Drip | Delay | Rewrite


@dataclass
class Received:
    """One request as the server saw it.

    Attributes:
        kind: See the module; `""` for a path that the API does not have.
        at: Seconds on the server's clock.
        authorized: Whether it carried a key of any kind.
        fields: The form's fields, the document apart.
        sha256: Of the document, `""` if there was none.
        fault: What it met, None if nothing.
        status: What was answered, 0 if nothing was.
        request_id: Of the job it submitted, `""` if none.
        pages: Billed for it; of a job, see `Faults.billed`.
    """

    kind: str
    method: str
    path: str
    at: float
    authorized: bool = False
    fields: dict[str, list[str]] = field(default_factory=dict)
    sha256: str = ""
    fault: Fault | None = None
    status: int = 0
    request_id: str = ""
    pages: int = 0


class Faults:
    """Which request meets which fault, and the record of all of them. May be used from any thread.

    Attributes:
        latency: Seconds before every answer.
        requests_per_second: Above it, uploads are answered with 429; None for no limit.
        retry_after: Seconds that those 429s ask for; None if they do not say.
        received: Every request, in the order of its arrival.
    """

    def __init__(self) -> None:
        self.latency = 0.0
        self.requests_per_second: float | None = None
        self.retry_after: float | None = None
        self.received: list[Received] = []
        self._lock = threading.Lock()
        self._scripts: defaultdict[str, deque[Fault | None]] = defaultdict(deque)
        self._always: dict[str, Fault] = {}
        self._uploads: deque[float] = deque()
        self._pages_of_job: Callable[[str], int] = lambda _: 0

    def script(self, kind: Kind, *faults: Fault | None) -> None:
        """Let the next requests of this *kind* meet *faults*, one each and in order; None lets one through."""
        with self._lock:
            self._scripts[kind].extend(faults)

    def always(self, kind: Kind, fault: Fault | None) -> None:
        """Let every request of this *kind* meet *fault*, unless a script has something for it; None ends it."""
        with self._lock:
            if fault is None:
                self._always.pop(kind, None)
            else:
                self._always[kind] = fault

    def clear(self) -> None:
        """Let everything through again; the record stays."""
        with self._lock:
            self._scripts.clear()
            self._always.clear()
            self.latency, self.requests_per_second, self.retry_after = 0.0, None, None

    def count(self, kind: Kind) -> int:
        """Return how many requests of this *kind* came."""
        return sum(one.kind == kind for one in list(self.received))

    @property
    def billed(self) -> dict[str, int]:
        """Pages billed, by the document's SHA-256: every accepted upload counts, whether its answer arrived or not."""
        pages: Counter[str] = Counter()
        for one in list(self.received):
            pages[one.sha256] += self._pages_of_job(one.request_id) if one.request_id else one.pages
        return {sha256: number for sha256, number in pages.items() if number}

    def attach(self, pages_of_job: Callable[[str], int]) -> None:
        """Let the server say how many pages a job has."""
        self._pages_of_job = pages_of_job

    def meet(self, received: Received) -> Fault | None:
        """Record a request that arrives and return the fault it meets."""
        with self._lock:
            self.received.append(received)
            limited = received.kind in {"sync", "submit"} and self._over_rate(received.at)
            script = self._scripts[received.kind]
            if limited:
                received.fault = too_many_requests(retry_after=self.retry_after)
            elif script:
                received.fault = script.popleft()
            else:
                received.fault = self._always.get(received.kind)
            return received.fault

    def _over_rate(self, now: float) -> bool:
        if self.requests_per_second is None:
            return False
        window = max(1.0, 1.0 / self.requests_per_second)
        while self._uploads and self._uploads[0] <= now - window:
            self._uploads.popleft()
        if len(self._uploads) >= self.requests_per_second * window:
            return True
        self._uploads.append(now)
        return False


def kind_of(method: str, path: str) -> str:
    """Tell the kind of a request by its method and path."""
    parts = [part for part in path.removeprefix("/v1").split("/") if part]
    if method == "POST":
        return "submit" if "async" in parts else "sync"
    if parts[:1] == ["results"]:
        return "result"
    if "requests" in parts:
        return "list" if parts[-1] == "requests" else "status"
    return ""


def settle(received: Received, status: int, body: bytes) -> None:
    """Record what the engine answered: the job's id, or the pages that are billed."""
    received.status = status
    if status != 200 or received.kind not in {"sync", "submit"}:
        return
    answer = json.loads(body)
    received.request_id = answer.get("request_id", "")
    received.pages = answer.get("usage", {}).get("pages", 0) or answer.get("numBilledPages", 0)


def _error(status: int, code: str, message: str, retry_after: float | None = None) -> Answer:
    body = json.dumps({"error": {"message": message, "type": code, "code": code}}).encode()
    headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
    return Answer(status, body, {"content-type": "application/json", **headers})


def too_many_requests(*, retry_after: float | None = None) -> Answer:
    """429, with a Retry-After of so many seconds or without one."""
    return _error(429, "too_many_requests", "Too many requests. Slow down.", retry_after)


def unavailable(status: int = 503, *, retry_after: float | None = None) -> Answer:
    """A server error with a JSON body."""
    return _error(status, "internal_server_error", "Something went wrong on our side.", retry_after)


def gateway_text(status: int = 502) -> Answer:
    """The HTML page of a gateway that does not reach the API."""
    body = b"<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
    return Answer(status, body, {"content-type": "text/html"})


def unauthorized() -> Answer:
    """401: the key is wrong."""
    return _error(401, "invalid_api_key", "invalid api key")


def suspended() -> Answer:
    """403: the key is right, but there is no credit left; the message is the API's own."""
    remedy = "Register your payment method at https://console.upstage.ai/billing to continue."
    return _error(403, "api_key_is_not_allowed", f"API key suspended due to insufficient credit. {remedy}")


def error_in_200() -> Answer:
    """A 200 whose body is an error."""
    return Answer(200, _error(200, "internal_server_error", "Something went wrong on our side.").body)


def expired_url() -> Answer:
    """What object storage says of a download address after its 15 minutes."""
    body = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
    return Answer(403, body, {"content-type": "application/xml"})


def reset(*, after: int | None = None, billed: bool = True) -> Reset:
    """The connection is reset, after so many bytes of the body or before any answer."""
    return Reset(after, billed)


def hanging_job(*, completed: int = 0) -> Rewrite:
    """A job that stays `started` with only its first *completed* batches done."""

    def change(status: dict[str, Any]) -> dict[str, Any]:
        batches = [_undone(batch) if batch["id"] >= completed else batch for batch in status["batches"]]
        return _job(status, "started", batches)

    return Rewrite(change)


def failed_job(message: str = "the document could not be processed") -> Rewrite:
    """A job that failed with *message* as a whole."""

    def change(status: dict[str, Any]) -> dict[str, Any]:
        return _job(status, "failed", [_undone(batch, "failed", message) for batch in status["batches"]], message)

    return Rewrite(change)


def failed_batch(number: int, message: str = "the pages could not be processed") -> Rewrite:
    """A job that failed because its batch *number* (0-based) did; the others are done."""
    return Rewrite(lambda status: _one_batch(status, number, "failed", message))


def retrying_batch(number: int) -> Rewrite:
    """A job whose batch *number* (0-based) is tried again; the others are done."""
    return Rewrite(lambda status: _one_batch(status, number, "retrying", ""))


def no_download_urls() -> Rewrite:
    """A completed job that has, for now, no addresses to download from, as long documents sometimes have."""
    return Rewrite(lambda status: {**status, "batches": [{**batch, "download_url": ""} for batch in status["batches"]]})


def _one_batch(status: dict[str, Any], number: int, state: str, message: str) -> dict[str, Any]:
    done = all(batch["status"] == "completed" for batch in status["batches"] if batch["id"] != number)
    if state == "failed" and not (done and len(status["batches"]) > 1):
        state, message = "started", ""
    batches = [_undone(batch, state, message) if batch["id"] == number else batch for batch in status["batches"]]
    return _job(status, "failed" if state == "failed" else "started", batches, message)


def _undone(batch: dict[str, Any], state: str = "started", message: str = "") -> dict[str, Any]:
    return {**batch, "status": state, "failure_message": message, "download_url": ""}


def _job(status: dict[str, Any], state: str, batches: Sequence[dict[str, Any]], message: str = "") -> dict[str, Any]:
    done = sum(batch["end_page"] - batch["start_page"] + 1 for batch in batches if batch["status"] == "completed")
    ended = status["completed_at"] if state == "failed" else ""
    return {
        **status,
        "status": state,
        "failure_message": message,
        "completed_pages": done,
        "completed_at": ended,
        "batches": list(batches),
    }
