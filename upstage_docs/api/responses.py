"""Turns an HTTP response into an answer or into the right error; sends nothing."""

from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import zip_longest
from typing import Any

import httpx

from upstage_docs.api.decode import explained
from upstage_docs.api.rates import SeenLimits
from upstage_docs.api.requests import Api
from upstage_docs.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    InvalidResponseError,
    RateLimitError,
    UpstageDocsError,
)
from upstage_docs.errors.redaction import redact, redact_start, shorten

_REQUEST_IDS = ("x-request-id", "x-upstage-request-id", "request-id", "x-amzn-requestid")
_LIMITS = "x-upstage-ratelimit-"
_EXCERPT = 300  # characters of what came, in a message
_ERROR_BYTES = (
    65_536  # a body with an error that is larger is an answer as well; errors of the API have less than 1,000
)
_START_BYTES = 4_096  # of a body, by which JSON is told from the page of a gateway
_LONGEST_EXPLANATION = 1 << 20  # bytes; whatever refuses in more of them explains nothing
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_WHITE_SPACE = re.compile(rb"\s*")
_RETRY_AFTER = f"{_LIMITS}retry-after-"
_FIRST_MOMENT = 1e9  # no answer comes from before September 2001: a smaller number is a number of seconds
_MINUTE = 60.0
_YEAR = 365 * 86400.0
_FINER_UNITS = (1e3, 1e6, 1e9)  # in a second: times are also told in milli-, micro- and nanoseconds
_FEWEST_COUNTED = 1.0  # a limit of less than this, or of as many as the next, is no limit to keep to
_MOST_COUNTED = 1e9
_UNITS = {
    **dict.fromkeys(("ms", "msec", "millisecond"), 0.001),
    **dict.fromkeys(("s", "sec", "second"), 1.0),
    **dict.fromkeys(("m", "min", "minute"), 60.0),
    **dict.fromkeys(("h", "hr", "hour"), 3600.0),
    **dict.fromkeys(("d", "day"), 86400.0),
}
# `60`, `1m`, `1m0s` (Go), `2 seconds`, `minute`, `per minute`, `PT1M` (ISO 8601)
_DURATION = re.compile(r"(?:per\s+|/\s*|pt?(?=\d))?((?:\d+(?:\.\d+)?\s*[a-z]+\s*)+|\d+(?:\.\d+)?|[a-z]+)", re.ASCII)
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)?\s*([a-z]*)", re.ASCII)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, read whole; `at` is when it came, in Unix seconds, `tries` how often it was asked for.

    Its `body` is a `redaction.Body`, which shows itself nowhere, unless whoever makes it knows that it may.
    """

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes
    at: float = 0.0
    tries: int = field(default=1, compare=False)


@dataclass(frozen=True)
class NoReply:
    """A request that was sent, or was to be sent, and got no answer.

    Attributes:
        reason: What happened, in words.
        sent: Whether the whole request may have reached the server, so that it may have been carried out.
        timeout: Whether it took too long.
        oversize: Whether the answer was larger than allowed.
        untrusted: Whether the server's certificate is not trusted: no further try changes that.
        tries: How often it was sent.
    """

    reason: str
    sent: bool
    timeout: bool = False
    oversize: bool = False
    untrusted: bool = False
    tries: int = field(default=1, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", redact(self.reason))  # transports quote what they cannot read


Outcome = Reply | NoReply


_UNTRUSTED = (
    " Nothing was sent. Where a proxy of your company looks into TLS, name the file with its certificate in "
    "SSL_CERT_FILE; who answers is decided by base_url= and by HTTPS_PROXY, ALL_PROXY and NO_PROXY."
)


def transient(outcome: Outcome) -> bool:
    """Say whether the same request may succeed later: no answer in bounds, 408, 429 or 5xx."""
    if isinstance(outcome, NoReply):
        return not outcome.oversize and not outcome.untrusted
    return outcome.status in {408, 429} or outcome.status >= 500


def retry_after(reply: Reply) -> float | None:
    """Return the seconds that the server asks to wait, None if it does not ask; of several times, the longest.

    Retry-After is seconds or a date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after); Upstage's own headers
    are Unix times, for each thing that is counted (https://console.upstage.ai/docs/guides/rate-limits).
    """
    # The server's own clock, where it tells it, so that a wrong one here does not matter.
    now = _moment(reply.headers.get("date", "")) or reply.at
    told = [
        pause
        for name, value in reply.headers.multi_items()
        if name == "retry-after" or name.startswith(_RETRY_AFTER)
        for pause in _pauses(value, now)
    ]
    return max(told, default=None)


def _pauses(value: str, now: float) -> Iterator[float]:
    """Give the seconds to wait that *value* tells; a proxy joins several headers of one name by commas."""
    whole = _pause(value.strip(), now)
    found = [whole] if whole is not None else [_pause(part.strip(), now) for part in value.split(",")]
    yield from (pause for pause in found if pause is not None)


def _pause(value: str, now: float) -> float | None:
    if not _NUMBER.fullmatch(value):
        moment = _moment(value)
        return _seconds(value) if moment is None else max(0.0, moment - now)
    number = float(value)
    if number < _FIRST_MOMENT:
        return number
    finer = (number / unit for unit in _FINER_UNITS if number / unit > _FIRST_MOMENT)
    return max(0.0, next((moment for moment in finer if abs(moment - now) < _YEAR), number) - now)


def seen_limits(reply: Reply) -> SeenLimits | None:
    """Return the rate limits that the headers of an answer name, None if they name none.

    The header of what remains is not read, since it is said not to shrink always.
    https://console.upstage.ai/docs/guides/rate-limits
    """
    if not any(name.startswith(_LIMITS) for name in reply.headers):
        return None
    found: dict[str, float | None] = {}
    for counted in ("requests", "pages"):
        limits = reply.headers.get(f"{_LIMITS}limit-{counted}", "").split(",")
        intervals = reply.headers.get(f"{_LIMITS}interval-{counted}", "").split(",")
        told = [
            (limit, _seconds(interval))
            for value, interval in zip_longest(limits, intervals, fillvalue=intervals[-1])
            if (limit := _counted(value)) is not None
        ]
        # Where several are told, the one that allows least.
        limit, interval = min(
            told, key=lambda one: one[0] / (one[1] or _MINUTE), default=(None, _seconds(intervals[0]))
        )
        found |= {counted: limit, f"{counted}_interval": interval}
    return SeenLimits(**found)


def _counted(value: str) -> float | None:
    number = float(value) if _NUMBER.fullmatch(value.strip()) else 0.0
    return number if _FEWEST_COUNTED <= number < _MOST_COUNTED else None


def _seconds(value: str) -> float | None:
    """Return the seconds of a duration: a number of them, or numbers with units such as `1m`, `1m0s` or `minute`."""
    found = _DURATION.fullmatch(value.strip().lower())
    if found is None:
        return None
    seconds = 0.0
    for number, name in filter(any, _AMOUNT.findall(found[1])):
        unit = _UNITS.get(name) or _UNITS.get(name.removesuffix("s") or "s")
        if unit is None:
            return None
        seconds += float(number or 1) * unit
    return seconds if 0 < seconds < _MOST_COUNTED else None


def refused(body: bytes) -> bool:
    """Say whether *body*, which came with a 200, is an error object: then nothing was done, and nothing is billed.

    A body that holds an answer beside its error was paid for.
    """
    if len(body) >= _ERROR_BYTES or b'"error"' not in body or not (found := _explaining_object(body)).get("error"):
        return False
    return bool(explained(found)[1]) and not any(isinstance(found.get(key), list) for key in ("elements", "pages"))


def _tells_of_job(body: bytes) -> bool:
    """Say whether *body* is the state of a job: an error in it is then the job's, and no refusal to tell."""
    try:
        state = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(state, dict) and isinstance(state.get("status"), str) and bool({"id", "request_id"} & state.keys())
    )


def settle(outcome: Outcome, api: Api, what: str, *, of_job: bool = False) -> Reply:
    """Return the answer where *outcome* is a good one, else raise the error that it stands for.

    Args:
        outcome: What came of the send.
        api: The API that was asked.
        what: Names the document or job in messages.
        of_job: Whether the state of a job was asked for, which may hold the job's own error.

    Raises:
        APIConnectionError: No answer came (APITimeoutError: in time).
        InvalidResponseError: It was larger than allowed, or a 2xx that holds an error or something else than JSON.
        APIStatusError: The API refused: AuthenticationError, RateLimitError, BadRequestError or itself.
    """
    if isinstance(outcome, NoReply):
        if outcome.oversize:
            raise InvalidResponseError(f"{what}: {outcome.reason}.")
        kind = APITimeoutError if outcome.timeout else APIConnectionError
        remedy = _UNTRUSTED if outcome.untrusted else ""
        raise kind(f"{what}: no answer from {api.root}: {outcome.reason}.{_tried(outcome)}{remedy}")
    if 200 <= outcome.status < 300:  # the API says 200; any other of these means that it was done, and may be billed
        if not outcome.body.startswith((b"{", b"[")) or outcome.body.find(b'"error"', 0, _ERROR_BYTES) >= 0:
            _expect_json(outcome, api, what, of_job=of_job)
        return outcome
    raise _error_of(outcome, api, what)


def _expect_json(reply: Reply, api: Api, what: str, *, of_job: bool) -> None:
    if not _looks_like_json(reply.body):
        found = _excerpt(reply) or "it holds no text"
        raise InvalidResponseError(
            f"{what}: {api.root} answered {reply.status} with something that is not JSON: {found}. Check that "
            "base_url= leads to the API itself.",
            raw=reply.body,
        )
    if refused(reply.body) and not (of_job and _tells_of_job(reply.body)):
        code, message = map(redact, explained(_explaining_object(reply.body)))
        raise InvalidResponseError(
            f"{what}: the API answered {reply.status} with an error: {message}{f' ({code})' if code else ''}",
            raw=reply.body,
        )


def _looks_like_json(body: bytes) -> bool:
    """Say whether *body* begins as an object or array does, a byte order mark or another Unicode encoding apart."""
    white_space = _WHITE_SPACE.match(body)
    first = white_space.end() if white_space else 0
    start = (
        body[first : first + _START_BYTES].decode(json.detect_encoding(body), errors="replace").lstrip("\ufeff \t\r\n")
    )
    return start.startswith(("{", "["))


def _error_of(reply: Reply, api: Api, what: str) -> UpstageDocsError:
    code, message = map(redact, explained(_explaining_object(reply.body)))
    said = message.rstrip(".") or _excerpt(reply) or "no explanation"
    request_id = shorten(next((reply.headers[name] for name in _REQUEST_IDS if name in reply.headers), ""), _EXCERPT)
    shown = f" ({code})" if code and code != str(reply.status) else ""
    text = f"{what}: {reply.status}{shown}: {said}.{_tried(reply)}{_remedy(reply.status, said, api)}"
    if reply.status == 429:
        return RateLimitError(text, code=code, request_id=request_id, retry_after=retry_after(reply))
    kind: type[APIStatusError] = APIStatusError
    if reply.status in {401, 403}:
        kind = AuthenticationError
    elif reply.status in {400, 404, 405, 413, 415, 422}:
        kind = BadRequestError
    return kind(text, status_code=reply.status, code=code, request_id=request_id)


def _tried(outcome: Outcome) -> str:
    return f" It was tried {outcome.tries} times." if outcome.tries > 1 else ""


def _remedy(status: int, said: str, api: Api) -> str:
    if status in {401, 403}:
        if "suspended" in said or "credit" in said:
            return " The key is known; the account needs attention."
        return f" Check the key (UPSTAGE_API_KEY or api_key=) and that it belongs to {api.root}."
    if 300 <= status < 400:
        return " Redirects are not followed, so that the key stays with its host; correct base_url=."
    if status >= 500:
        return (
            " The server failed; errors count as not billed, and no request is left open. Run it again later, which "
            "sends only what is missing, or let RetryPolicy(attempts=...) try for longer."
        )
    return {
        404: " Check base_url=: it is the API root, https://api.upstage.ai/v1 for Upstage, or a full parse endpoint.",
        405: " Check base_url=: it must begin with https:// and be an API root or a parse endpoint.",
        413: " Send less at once: fewer pages, or the asynchronous route.",
        429: " Lower max_concurrency or the rates, or wait.",
    }.get(status, "")


def _explaining_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object *raw*, an empty one if it is none or larger than an explanation."""
    if len(raw) > _LONGEST_EXPLANATION:
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _excerpt(reply: Reply) -> str:
    return shorten(re.sub(r"<[^>]*>", " ", redact_start(reply.body)), _EXCERPT)


def _moment(value: str) -> float | None:
    """Return the Unix seconds of a date of HTTP or of ISO 8601; one that names no zone is of UTC."""
    for read in (email.utils.parsedate_to_datetime, datetime.fromisoformat):
        with suppress(ValueError, TypeError, IndexError, OverflowError):
            moment = read(re.sub(r"(?<=\d)[zZ]$", "+00:00", value))
            return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    return None
