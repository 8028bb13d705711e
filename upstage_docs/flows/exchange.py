"""Sends a request with retries, and a paid one only once: its intent is stored before, its answer after.

A flow is a generator that yields steps and returns a value; a session carries the steps out. A failed send comes back
as a `NoReply`, not as an exception, until the retry policy says that it is final.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any, Literal, TypeVar

import httpx

from upstage_docs.api.decode import decode_job, decode_jobs
from upstage_docs.api.lenient import is_object
from upstage_docs.api.messages import (
    NoReply,
    Outcome,
    Reply,
    download_request,
    job_request,
    jobs_request,
    refused,
    settle,
    transient,
    upload_request,
)
from upstage_docs.api.rates import Family, LongPauseError, retry_after, seen_limits
from upstage_docs.errors import InvalidResponseError, JobError, RateLimitError, UnknownOutcomeError, UpstageDocsError
from upstage_docs.files.source import Source
from upstage_docs.flows.context import ClientContext
from upstage_docs.flows.deadline import OutOfTimeError, within
from upstage_docs.flows.reports import note
from upstage_docs.flows.steps import STATE_BYTES, STATE_SECONDS, AcquireSlot, Flow, Now, ReleaseSlot, Send, Sleep, Work
from upstage_docs.models import Job
from upstage_docs.options import OCROptions, ParseOptions, RetryPolicy
from upstage_docs.store.values import AlreadyStored, Busy, Claim, Intent, Pages, ResultKey

T = TypeVar("T")

_SLACK = 120.0  # seconds that a claim lives beyond its send: what comes before and after it takes time too
_CANDIDATE_SECONDS = 15.0  # for the list of jobs, where a message is better with it
_ANSWER_BYTES = 64 * 2**20  # of any answer, and for each page as much as follows
# A page in three formats is 0.7 MB where it is all text; every crop of it in base64 is 2 MB at the API's 150 dpi.
_PAGE_BYTES = 4 * 2**20
_MOST_UNCOUNTED_PAGES = 100  # the API takes no more at once
_BUSY = 1.0  # seconds between two looks at a claim that another flow holds


@dataclass
class Payment:
    """The state of one paid request, from which its claim in the store is settled even if the flow is closed early."""

    claim: Claim | None = None
    under_way: bool = False
    reply: Reply | None = None


def fetch(
    context: ClientContext,
    send: Send,
    *,
    family: Family | None,
    model: str = "",
    pages: int = 0,
    payment: Payment | None = None,
) -> Flow[Outcome]:
    """Send a request, try again as often as the retry policy allows, and return the last outcome.

    Args:
        context: Of the client.
        send: The same request is sent each time.
        family: Whose rate limit counts, None for none (signed addresses are not the API's).
        model: The one that the request asks for, `""` for a question.
        pages: That the request sends.
        payment: Given where the request costs money: then a send whose outcome is unknown is final.
    """
    for attempt in count(1):
        yield from _wait_for_turn(context, send, family, model, pages, payment)
        if payment is not None:
            payment.under_way, payment.reply = True, None
        outcome: Outcome = yield send
        if payment is not None:
            # First the reply: at no moment nothing is known of it.
            payment.reply = outcome if isinstance(outcome, Reply) else None
            payment.under_way = isinstance(outcome, NoReply) and outcome.sent
            if payment.under_way:
                break
        if family is not None and context.rates is not None and isinstance(outcome, Reply):
            if (seen := seen_limits(outcome.headers)) is not None:
                context.rates.learn(family, seen, model=model)
            if outcome.status == 429:
                now: float = yield Now()
                asked = retry_after(outcome.headers, outcome.at)
                longest = context.retry.longest_retry_after
                context.rates.penalise(now, family, asked, model=model, longest=longest)
        answered = isinstance(outcome, Reply) and outcome.status < 300
        delay = None if answered else _delay(context.retry, attempt, outcome)
        if delay is None:
            break
        yield from _hold(context, payment, delay + send.deadline)
        yield Sleep(delay)
    note(tries=attempt, status=outcome.status if isinstance(outcome, Reply) else 0)
    return replace(outcome, tries=attempt)


def _wait_for_turn(
    context: ClientContext, send: Send, family: Family | None, model: str, pages: int, payment: Payment | None
) -> Flow[None]:
    """Wait until the rate limits allow *send*, and once more if another request was answered by a 429 meanwhile.

    Raises:
        RateLimitError: The server asked for a longer pause than the retry policy allows: to wait as long as the request
            that was told so did not would look like a hang.
    """
    if family is None or context.rates is None:
        return
    longest = context.retry.longest_retry_after
    while True:
        now: float = yield Now()
        try:
            wait = context.rates.reserve(now, family, pages, model=model, longest=longest)
        except LongPauseError as pause:
            raise RateLimitError(
                f"{context.api.root} asked for a pause (429), of which {pause} are left. Try again after it, or "
                f"wait longer than {longest:g} s by RetryPolicy(longest_retry_after=...).",
                retry_after=pause.seconds,
            ) from None
        if wait <= 0:
            return
        if wait > _SLACK / 2:
            yield from _hold(context, payment, wait + send.deadline)
        yield Sleep(wait)
        now = yield Now()
        if context.rates.remaining_pause(now, family, model=model) <= 0:
            return


def _hold(context: ClientContext, payment: Payment | None, seconds: float) -> Flow[None]:
    """Extend the claim by *seconds*: an expired one would look like a send whose outcome is unknown."""
    if payment is not None and payment.claim is not None:
        yield Work(partial(context.store.renew, payment.claim, seconds + _SLACK))


def pay(
    context: ClientContext,
    file_sha256: str,
    source: Source,
    pages: Pages | None,
    options: ParseOptions | OCROptions,
    keep: Callable[[Claim | None, bytes], T],
    *,
    job: bool = False,
    refresh: bool = False,
) -> Flow[T | None]:
    """Send *source* and pay for it once, under a claim in the store; None if its pages were answered meanwhile.

    Args:
        context: Of the client.
        file_sha256: Of the whole document.
        source: What is sent: the document, or the part of it that holds *pages*.
        pages: Of the document, None where their number is not known.
        options: A parse, or OCR.
        keep: Reads what was answered and settles the claim (`Store.answered` or `submitted`), which is None where
            nothing is stored; what it returns is returned. After an InvalidResponseError of it, a JSON object is kept
            as what nobody understood, and anything else leaves the claim open: something came, but not what was paid
            for.
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
        with source.open() as handle:
            request = upload_request(context.api, source, handle, options, job=job)
            yield AcquireSlot()  # before the claim, which must not grow old in the queue
            claim: Claim | None = None
            if job or context.store.path is not None:
                key = context.result_key(file_sha256, options)
                claim = yield from _claim(context, key, source, pages, payment, job=job, refresh=refresh)
                if claim is None:
                    yield ReleaseSlot()
                    return None
            outcome = yield from fetch(
                context,
                Send(request, context.timeout, STATE_BYTES if job else _answer_bytes(source.pages)),
                family="ocr" if isinstance(options, OCROptions) else "async" if job else "sync",
                model=options.model,
                pages=source.pages or 1,
                payment=payment,
            )
        if isinstance(outcome, NoReply) and payment.under_way and not outcome.oversize:
            candidates = (yield from _candidates(context)) if job else ()
            claim = claim or Claim("", context.result_key(file_sha256, options), pages)
            intent = Intent(claim.token, claim.key, pages, "async" if job else "sync", source.name, sends=claim.sends)
            raise UnknownOutcomeError(  # noqa: TRY301 - it is settled as every other end is
                _unknown(intent, candidates, outcome), intent=intent, candidates=candidates
            )
        reply = settle(outcome, context.api, source.name)
        yield ReleaseSlot()
        kept: T = yield Work(partial(keep, claim, reply.body))
    except BaseException as error:
        _settle_claim(context, payment, keep, error, route="async" if job else "sync")
        if isinstance(error, Exception):
            yield ReleaseSlot()
        raise
    return kept


def job_state(context: ClientContext, request_id: str, *, source: str = "", file_sha256: str = "") -> Flow[Job]:
    """Return the state of the job *request_id*.

    Raises:
        JobError: The API does not know it (results are kept for 30 days).
        InvalidResponseError: It answers with the state of another job: what that one gives is of another document.
    """
    request = job_request(context.api, request_id)

    def decode(raw: bytes) -> Job:
        job = decode_job(raw, source=source, file_sha256=file_sha256, unsaid="unknown")
        if job.request_id.lower() != request_id.lower():
            raise InvalidResponseError(
                f"{context.api.root} was asked for the state of the job {request_id!r} and gives that of "
                f"{job.request_id!r}. That answer is not used; asking again costs nothing.",
                raw=raw,
            )
        return job

    job = yield from _ask(context, request, decode, f"job {request_id}", of_job=True)
    if job is None:
        raise JobError(
            f"{context.api.root} does not know the job {request_id!r}. Results are kept for 30 days (by the local "
            "engine until its client or server ends), and only the account that sent a document sees its job: check "
            "the key."
        )
    return job


def jobs(context: ClientContext) -> Flow[tuple[Job, ...]]:
    """Return the account's jobs, in the API's order."""
    found = yield from _ask(context, jobs_request(context.api), decode_jobs, "the list of jobs")
    return found or ()


def download(context: ClientContext, url: str, pages: int) -> Flow[Outcome]:
    """Download the answer for *pages* from *url*, a signed address: no key is sent, no rate of the API counts."""
    send = Send(download_request(url), context.timeout, _answer_bytes(pages))
    return (yield from fetch(context, send, family=None))


def _answer_bytes(pages: int | None) -> int:
    """Return how many bytes the answer to *pages* may have once unpacked; None if the pages are not counted."""
    return _ANSWER_BYTES + (_MOST_UNCOUNTED_PAGES if pages is None else pages) * _PAGE_BYTES


def _ask(
    context: ClientContext, request: httpx.Request, decode: Callable[[bytes], T], what: str, *, of_job: bool = False
) -> Flow[T | None]:
    """Return the answer to *request*, which costs nothing; None for a 404. Nonsense is asked for again."""
    for attempt in count(1):
        question = Send(request, min(STATE_SECONDS, context.timeout))
        outcome = yield from fetch(context, question, family="async")
        if isinstance(outcome, Reply) and outcome.status == 404:
            return None
        try:
            return decode(settle(outcome, context.api, what, of_job=of_job).body)
        except InvalidResponseError:
            if attempt >= context.retry.attempts:
                raise
        yield Sleep(context.retry.backoff(attempt))
    return None


def _delay(retry: RetryPolicy, attempt: int, outcome: Outcome) -> float | None:
    if attempt >= retry.attempts or not transient(outcome):
        return None
    asked = retry_after(outcome.headers, outcome.at) if isinstance(outcome, Reply) else None
    if asked is None:
        return retry.backoff(attempt)
    return asked if asked <= retry.longest_retry_after else None


def _claim(
    context: ClientContext,
    key: ResultKey,
    source: Source,
    pages: Pages | None,
    payment: Payment,
    *,
    job: bool,
    refresh: bool,
) -> Flow[Claim | None]:
    busy: Busy | None = None

    def ask() -> Claim | Busy | AlreadyStored | Intent:
        answer = context.store.claim(
            key,
            pages,
            seconds=context.timeout + _SLACK,
            route="async" if job else "sync",
            source=source.name,
            resend=context.on_unknown == "resend",
            refresh=refresh,
            busy=busy,
        )
        if isinstance(answer, Claim):
            payment.claim = answer  # noted here, since a flow that is closed now never sees the reply
        return answer

    while True:
        answer: Claim | Busy | AlreadyStored | Intent = ask() if context.store.path is None else (yield Work(ask))
        if isinstance(answer, Busy):
            busy = answer
            yield Sleep(_BUSY)
        elif isinstance(answer, Intent):
            candidates = (yield from _candidates(context)) if answer.route == "async" else ()
            raise UnknownOutcomeError(_unknown(answer, candidates), intent=answer, candidates=candidates)
        else:
            return answer if isinstance(answer, Claim) else None


def _settle_claim(
    context: ClientContext,
    payment: Payment,
    keep: Callable[[Claim | None, bytes], Any],
    error: BaseException,
    *,
    route: Literal["sync", "async"],
) -> None:
    """Settle what a flow leaves behind. It may be closing, so no step can be asked for: the store is told here."""
    if payment.claim is None:
        return
    if payment.reply is not None and not isinstance(error, Exception):  # closed between the answer and its keeping
        try:
            keep(payment.claim, settle(payment.reply, context.api, payment.claim.source).body)
        except UpstageDocsError as refusal:
            error = refusal
        else:
            return
    came = payment.reply.body if payment.reply is not None else b""
    if payment.under_way:
        context.store.abandon(payment.claim)
    elif not isinstance(error, InvalidResponseError) or refused(came):
        context.store.withdraw(payment.claim)
    elif is_object(came):
        context.store.keep_unread(payment.claim, came, route=route)
    else:
        context.store.abandon(payment.claim)


def _candidates(context: ClientContext) -> Flow[tuple[str, ...]]:
    """Return the ids of jobs that may belong to the lost request, for a person to judge: the list names no document."""
    now: float = yield Now()
    try:
        found = yield from within(jobs(context), now + min(_CANDIDATE_SECONDS, context.timeout))
    except (UpstageDocsError, OutOfTimeError):
        return ()
    return tuple(job.request_id for job in found)


def _unknown(intent: Intent, candidates: tuple[str, ...], outcome: NoReply | None = None) -> str:
    happened = f"was sent, and no answer came ({outcome.reason})" if outcome else "was sent before, and no answer came"
    pages = f" (pages {intent.pages[0]}-{intent.pages[1]})" if intent.pages else ""
    known = ", ".join(candidates[:5])
    return (
        f"{intent.source!r}{pages} {happened}: whether it was carried out and billed is not known. Sending it again "
        'may pay twice; allow that with on_unknown="resend" (--on-unknown resend)'
        + (f", or ask for the result of the job, if it is one of {known}." if known else ".")
    )
