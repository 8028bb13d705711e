"""What happens, in order: sending, trying again, paying once; no network, no clock, no threads.

A flow is a generator that yields steps and returns a value; `drive` carries the steps out. A failed send comes back as
a `Lost`, not as an exception, until the retry policy says that it is final.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, Literal, TypeAlias, TypeVar

import httpx

from upstage_docs import replies, wire
from upstage_docs.answers import decode_job, decode_jobs
from upstage_docs.errors import InvalidResponseError, JobError, UnknownOutcomeError
from upstage_docs.holdings import Busy, Claim, Held, Intent, Pages, ResultKey
from upstage_docs.models import Job
from upstage_docs.options import OCROptions, ParseOptions, PollPolicy, RetryPolicy
from upstage_docs.rates import Family, RateLimiter
from upstage_docs.replies import Lost, Outcome, Reply
from upstage_docs.sources import Source
from upstage_docs.spending import Account
from upstage_docs.store import Store
from upstage_docs.wire import Api

__all__ = [
    "Flow",
    "Now",
    "Payment",
    "Send",
    "Setup",
    "Sleep",
    "Step",
    "Work",
    "download",
    "fetch",
    "jobs",
    "look",
    "pay",
    "work",
]

T = TypeVar("T")

_ANSWER_BYTES = 2 * 2**30  # a hundred pages with every crop in base64 stay far below
_STATE_BYTES = 32 * 2**20  # the state of a job of 2,000 pages holds 200 signed addresses
_STATE_SECONDS = 60.0
_BUSY = 1.0  # seconds between two looks at a claim that another flow holds


@dataclass(frozen=True)
class Send:
    """Send *request*, which is complete; the reply is an Outcome.

    Attributes:
        deadline: Seconds for the whole exchange.
        max_bytes: Bytes that the answer may have, unpacked.
    """

    request: httpx.Request
    deadline: float = _STATE_SECONDS
    max_bytes: int = _STATE_BYTES


@dataclass(frozen=True)
class Sleep:
    """Wait *seconds*; the reply is None."""

    seconds: float


@dataclass(frozen=True)
class Now:
    """The reply is the time in seconds, on a clock that never goes back."""


@dataclass(frozen=True)
class Work:
    """Do what would block an event loop: files, hashing, decoding, the store; the reply is what *task* returns."""

    task: Callable[[], Any]


Step: TypeAlias = Send | Sleep | Now | Work
Flow: TypeAlias = Generator[Step, Any, T]


@dataclass(frozen=True)
class Setup:
    """What all flows of one client share.

    Attributes:
        api: Where to send, and how to prove who asks.
        retry: When to try again.
        poll: How to wait for jobs.
        timeout: Seconds for one paid send, the answer included.
        store: What was paid for already.
        rates: The limiter of the client, None for no limit.
        on_unknown: Whether a paid send whose outcome is unknown is reported (`raise`) or paid again (`resend`).
        engine_version: Of a local engine, `""` for the API: part of what identifies a result.
        account: The sum of what was billed.
    """

    api: Api
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    poll: PollPolicy = field(default_factory=PollPolicy)
    timeout: float = 900.0
    store: Store = field(default_factory=lambda: Store(None))
    rates: RateLimiter | None = None
    on_unknown: Literal["raise", "resend"] = "raise"
    engine_version: str = ""
    account: Account = field(default_factory=Account)


@dataclass
class Payment:
    """How one paid send stands, so that a flow that is closed at any point settles it rightly."""

    claim: Claim | None = None
    under_way: bool = False
    reply: Reply | None = None


def work(task: Callable[[], T]) -> Flow[T]:
    """Do *task* where it blocks nobody, and return its value, with its type."""
    value: T = yield Work(task)
    return value


def fetch(
    setup: Setup, send: Send, *, family: Family | None, pages: int = 1, payment: Payment | None = None
) -> Flow[Outcome]:
    """Carry out *send*, again while the retry policy allows, and return its last outcome.

    Args:
        setup: Of the client.
        send: The same request is sent each time.
        family: Whose rate limit counts, None for none (signed addresses are not the API's).
        pages: That the request holds.
        payment: Given where the request costs money: then a send whose outcome is unknown is final.
    """
    for attempt in count(1):
        if family is not None and setup.rates is not None:
            now: float = yield Now()
            wait = setup.rates.reserve(now, family, pages)
            if wait > 0:
                yield Sleep(wait)
        if payment is not None:
            payment.under_way = True
        outcome: Outcome = yield send
        if payment is not None:
            payment.under_way = isinstance(outcome, Lost) and outcome.sent
            if payment.under_way:
                break
        if family is not None and setup.rates is not None and isinstance(outcome, Reply) and outcome.status == 429:
            now = yield Now()
            setup.rates.penalise(now, family, replies.retry_after(outcome))
        delay = _delay(setup.retry, attempt, outcome)
        if delay is None:
            break
        if payment is not None and payment.claim is not None:
            yield Work(partial(setup.store.renew, payment.claim, delay + send.deadline))
        yield Sleep(delay)
    return outcome


def pay(
    setup: Setup,
    key: ResultKey,
    source: Source,
    pages: Pages | None,
    options: ParseOptions | OCROptions,
    keep: Callable[[Claim, Reply], T],
    *,
    job: bool = False,
    refresh: bool = False,
) -> Flow[T | None]:
    """Send *source* once, under a claim in the store; None where something of it came in meanwhile: look again.

    Args:
        setup: Of the client.
        key: Of the whole document.
        source: What is sent: the document, or the part of it that holds *pages*.
        pages: Of the document, None where their number is not known.
        options: A parse, or OCR.
        keep: Reads the reply and settles the claim (`Store.answered` or `submitted`); what it returns is returned. An
            InvalidResponseError of it leaves the claim open: something came, but not what was paid for.
        job: Whether to create an asynchronous job.
        refresh: Send although there is an answer.

    Raises:
        UnknownOutcomeError: It was sent, now or before, and nobody knows what became of it.
        InvalidResponseError: Something else than an answer came.
        APIStatusError: The API refused. Nothing was paid.
        APIConnectionError: The API could not be reached. Nothing was paid.
    """
    payment = Payment()
    try:
        claim = yield from _claim(setup, key, source, pages, payment, job=job, refresh=refresh)
        if claim is None:
            return None
        with source.open() as handle:
            if isinstance(options, OCROptions):
                request = wire.ocr_request(setup.api, source, handle, options)
            else:
                request = wire.parse_request(setup.api, source, handle, options, job=job)
            outcome = yield from fetch(
                setup,
                Send(request, setup.timeout, _STATE_BYTES if job else _ANSWER_BYTES),
                family="ocr" if isinstance(options, OCROptions) else "async" if job else "sync",
                pages=source.pages or 1,
                payment=payment,
            )
        if isinstance(outcome, Lost) and payment.under_way and not outcome.oversize:
            candidates = yield from _candidates(setup) if job else _none()
            intent = Intent(claim.token, key, pages, "async" if job else "sync", source.name, sends=claim.sends)
            raise UnknownOutcomeError(  # noqa: TRY301 - it is settled as every other end is
                _unknown(intent, candidates, outcome), intent=intent, candidates=candidates
            )
        payment.reply = replies.settle(outcome, setup.api, source.name)
        kept: T = yield Work(partial(keep, claim, payment.reply))
    except BaseException as error:
        _close(setup, payment, keep, error)
        raise
    return kept


def look(setup: Setup, request_id: str, *, source: str = "", file_sha256: str = "") -> Flow[Job]:
    """Return the state of the job *request_id*.

    Raises:
        JobError: The API does not know it (results are kept for 30 days).
    """
    outcome = yield from fetch(setup, Send(wire.job_request(setup.api, request_id)), family="async")
    if isinstance(outcome, Reply) and outcome.status == 404:
        raise JobError(
            f"{setup.api.root} does not know the job {request_id!r}. Results are kept for 30 days, and only the "
            "account that sent a document sees its job."
        )
    reply = replies.settle(outcome, setup.api, f"job {request_id}")
    return decode_job(reply.body, source=source, file_sha256=file_sha256)


def jobs(setup: Setup) -> Flow[tuple[Job, ...]]:
    """Return the account's jobs, in the API's order."""
    outcome = yield from fetch(setup, Send(wire.jobs_request(setup.api)), family="async")
    return decode_jobs(replies.settle(outcome, setup.api, "the list of jobs").body)


def download(setup: Setup, url: str) -> Flow[Outcome]:
    """Return what is at *url*, a signed address; it gets no key, and its host's rates are not the API's."""
    send = Send(wire.download_request(url), setup.timeout, _ANSWER_BYTES)
    return (yield from fetch(setup, send, family=None))


def _delay(retry: RetryPolicy, attempt: int, outcome: Outcome) -> float | None:
    if attempt >= retry.attempts or not replies.transient(outcome):
        return None
    asked = replies.retry_after(outcome) if isinstance(outcome, Reply) else None
    if asked is None:
        return retry.backoff(attempt)
    return asked if asked <= retry.longest_retry_after else None


def _claim(
    setup: Setup,
    key: ResultKey,
    source: Source,
    pages: Pages | None,
    payment: Payment,
    *,
    job: bool,
    refresh: bool,
) -> Flow[Claim | None]:
    def ask() -> Claim | Busy | Held | Intent:
        answer = setup.store.claim(
            key,
            pages,
            seconds=setup.timeout,
            route="async" if job else "sync",
            source=source.name,
            resend=setup.on_unknown == "resend",
            refresh=refresh,
        )
        if isinstance(answer, Claim):
            payment.claim = answer  # noted here, since a flow that is closed now never sees the reply
        return answer

    while True:
        answer: Claim | Busy | Held | Intent = yield Work(ask)
        if isinstance(answer, Busy):
            yield Sleep(_BUSY)
        elif isinstance(answer, Intent):
            candidates = yield from _candidates(setup) if answer.route == "async" else _none()
            raise UnknownOutcomeError(_unknown(answer, candidates), intent=answer, candidates=candidates)
        else:
            return answer if isinstance(answer, Claim) else None


def _close(setup: Setup, payment: Payment, keep: Callable[[Claim, Reply], Any], error: BaseException) -> None:
    """Settle what a flow leaves behind. It may be closing, so no step can be asked for: the store is told here."""
    if payment.claim is None:
        return
    if payment.reply is not None and not isinstance(error, Exception):
        keep(payment.claim, payment.reply)  # closed between the answer and its keeping
    elif payment.under_way or (isinstance(error, InvalidResponseError) and not replies.refused(error.raw)):
        setup.store.abandon(payment.claim)
    else:
        setup.store.withdraw(payment.claim)


def _none() -> Flow[tuple[str, ...]]:
    return ()
    yield


def _candidates(setup: Setup) -> Flow[tuple[str, ...]]:
    """Return the ids of jobs that might be the one, for a human to judge: the list names no document."""
    outcome = yield from fetch(setup, Send(wire.jobs_request(setup.api)), family="async")
    if not isinstance(outcome, Reply) or outcome.status != 200:
        return ()
    try:
        return tuple(job.request_id for job in decode_jobs(outcome.body))
    except ValueError:
        return ()


def _unknown(intent: Intent, candidates: tuple[str, ...], outcome: Lost | None = None) -> str:
    happened = f"was sent, and no answer came ({outcome.reason})" if outcome else "was sent before, and no answer came"
    pages = f" (pages {intent.pages[0]}-{intent.pages[1]})" if intent.pages else ""
    known = ", ".join(candidates[:5])
    return (
        f"{intent.source!r}{pages} {happened}: whether it was carried out and billed is not known. Sending it again "
        'may pay twice; allow that with on_unknown="resend"'
        + (f", or ask for the result of the job, if it is one of {known}." if known else ".")
    )
