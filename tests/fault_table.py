"""The table of the fault matrix: every fault, and what docs/reliability.md promises where a call meets it.

A fault stands in exactly one row of each place where it can be met: a paid request, a look at a job, a job's pages.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from broken_wire import HANDSHAKES, UPLOAD, WIRE, WireFault

from upstage_docs.testing.faults import Answer, Drip, Fault, Kind, Reset, Rewrite, Truncate

__all__ = [
    "ATTEMPTS",
    "FLOWS",
    "PLACES",
    "AnyFault",
    "Handshake",
    "Lookup",
    "Promise",
    "faults_of",
    "place_of",
    "promise_of",
    "rows_of",
    "table_of",
]

ATTEMPTS = 3
"""Of the retry policy of the matrix."""
ADDRESS_LOOKS = 10
"""How often a job that is done is looked at for an address of its pages."""


@dataclass(frozen=True)
class Handshake:
    """TLS goes wrong, as `broken_wire.HANDSHAKES` say."""

    how: str


@dataclass(frozen=True)
class Lookup:
    """The name of the host is not found, or leads nowhere."""

    how: Literal["unknown", "failing", "silent", "nobody"]


AnyFault = Fault | WireFault | Handshake | Lookup

_ERROR = b'{"error": {"message": "why not", "type": "x", "code": "x"}}'
_BODIES: dict[str, bytes] = {
    "error": _ERROR,
    "code and message": b'{"code": 400, "message": "why not"}',
    "error as text": b'{"error": "why not"}',
    "detail": b'{"detail": "why not"}',
    "list of details": b'{"detail": [{"loc": ["a"], "msg": "b"}]}',
    "text": b"why not",
    "html": b"<html><body><h1>502 Bad Gateway</h1></body></html>",
    "nothing": b"",
    "null": b"null",
    "list": b"[1, 2]",
    "deep": b"[" * 5000,
    "number as error": b'{"error": 5}',
    "latin 1": "erreur é".encode("latin-1"),
    "zeros": b"\0\0\0",
    "cut off": b'{"error": {"mess',
}
_STATUSES = (300, 301, 304, 307, 400, 401, 403, 404, 405, 408, 409, 410, 411, 413, 415, 418, 422, 423, 429, 451)
_FAILURES = (500, 501, 502, 503, 504, 529, 599)


def _in(*path: str | int, to: Any) -> Rewrite:
    """Put *to* at *path* of the answer; where there is no such place, the answer stays as it is."""

    def change(answer: dict[str, Any]) -> dict[str, Any]:
        place: Any = answer
        try:
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = to
        except (KeyError, IndexError, TypeError):
            pass
        return answer

    return Rewrite(change)


def _each_element(**values: Any) -> Rewrite:
    def change(answer: dict[str, Any]) -> dict[str, Any]:
        for element in answer.get("elements") or ():
            element.update(values)
        return answer

    return Rewrite(change)


def _batches(change: Callable[[list[Any]], Any]) -> Rewrite:
    return Rewrite(lambda state: {**state, "batches": change(state.get("batches") or [])})


ANY: dict[str, Fault] = {
    **{f"{code}": Answer(code, _ERROR) for code in (*_STATUSES, *_FAILURES)},
    **{f"{code} with {name}": Answer(code, body) for code in (400, 500) for name, body in _BODIES.items()},
    **{f"200 with {name}": Answer(200, body) for name, body in _BODIES.items()},
    "200 with {}": Answer(200, b"{}"),
    "200 with a text of JSON": Answer(200, b'"hi"'),
    "204": Answer(204, b""),
    "429 that says 0": Answer(429, _ERROR, {"retry-after": "0"}),
    "429 that says years": Answer(429, _ERROR, {"retry-after": "9" * 400}),
    "429 that says a word": Answer(429, _ERROR, {"retry-after": "soon"}),
    "429 that says a past date": Answer(429, _ERROR, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    "503 that says a far date": Answer(503, _ERROR, {"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}),
    "gzip that is none": Answer(200, b"{}", {"content-encoding": "gzip"}),
    "gzip that is cut off": Answer(200, b"\x1f\x8b\x08" + zlib.compress(b"{}"), {"content-encoding": "gzip"}),
    "reset before the work": Reset(billed=False),
    "reset after the work": Reset(),
    "reset in the head of the body": Reset(after=1),
    "reset in the body": Reset(after=60),
    "an answer that ends early": Truncate(40),
    "an answer that drips": Drip(size=1, seconds=0.2),
}
DOCUMENT: dict[str, Fault] = {
    **{f"pages {value!r}": _in("usage", "pages", to=value) for value in (0, -3, 10**25, 1.5, "12", True, None)},
    "no usage": _in("usage", to=None),
    "usage is a list": _in("usage", to=[]),
    "elements null": _in("elements", to=None),
    "elements empty": _in("elements", to=[]),
    "an element null": _in("elements", 0, to=None),
    **{f"page {value!r}": _each_element(page=value) for value in (0, -4, 999, 10**25, "1", 1.0, None)},
    **{f"id {value!r}": _each_element(id=value) for value in (-7, 10**25, "7", None)},
    "content is a text": _each_element(content="hi"),
    "coordinates are an object": _each_element(coordinates={"x": 1}),
    "category is a number": _each_element(category=5),
    "model is a number": _in("model", to=5),
}
STATE: dict[str, Fault] = {
    "no list of batches": _batches(lambda _: None),
    "an empty list of batches": _batches(lambda _: []),
    "the last batch missing": _batches(lambda found: found[:-1]),
    "the first batch missing": _batches(lambda found: found[1:]),
    "batches in reverse": _batches(lambda found: found[::-1]),
    "a batch twice": _batches(lambda found: [*found, *found[:1]]),
    "no address": _batches(lambda found: [{**one, "download_url": ""} for one in found]),
    "a malformed address": _batches(lambda found: [{**one, "download_url": "ht!tp://["} for one in found]),
    "the address of a file": _batches(lambda found: [{**one, "download_url": "file:///etc/passwd"} for one in found]),
    "an address where nobody is": _batches(
        lambda found: [{**one, "download_url": "http://127.0.0.1:1/x"} for one in found]
    ),
    "an end of 10^25": _in("batches", 1, "end_page", to=10**25),
    "a start of -3": _in("batches", 0, "start_page", to=-3),
    **{f"total {value!r}": _in("total_pages", to=value) for value in (0, "12", 10**25, None)},
    **{f"state {value!r}": _in("status", to=value) for value in ("cancelled", "pondering", "failed", 5, None)},
    "failed with an error": Rewrite(
        lambda state: {**state, "status": "failed", "error": {"message": "no luck"}, "batches": []}
    ),
}
SUBMITTED: dict[str, Fault] = {
    **{
        f"request id {value!r}"[:30]: _in("request_id", to=value)
        for value in (5, None, "../../x", "a" * 100_000, "é한")
    },
}


UNREACHED: dict[str, AnyFault] = {
    **{how: Handshake(how) for how in HANDSHAKES},
    "a name that nobody knows": Lookup("unknown"),
    "a resolver that fails": Lookup("failing"),
    "a resolver that is silent": Lookup("silent"),
    "a port where nobody listens": Lookup("nobody"),
}
"""What can go wrong before a connection stands."""

Place = Literal["paid", "state", "pages"]
PLACES: tuple[Place, ...] = ("paid", "state", "pages")
FLOWS: tuple[tuple[str, Kind], ...] = (
    ("parse", "sync"),
    ("ocr", "sync"),
    ("parts", "sync"),
    ("many", "sync"),
    ("langchain", "sync"),
    ("llama-index", "sync"),
    ("job", "submit"),
    ("job", "status"),
    ("job", "result"),
)
"""What a caller does, and which of its requests meets the fault."""


def faults_of(flow: str, kind: Kind) -> dict[str, AnyFault]:
    """Return every fault that requests of *kind* can meet in *flow*."""
    found: dict[str, AnyFault] = {**ANY, **WIRE}
    if kind in {"sync", "submit"} and flow != "parts":  # parts are cut out, and smaller than their document
        found |= UPLOAD
    if kind != "result":  # its connection is that of the look before it
        found |= UNREACHED
    if kind == "result" or (kind == "sync" and flow != "ocr"):
        found |= DOCUMENT
    if kind == "submit":
        found |= SUBMITTED
        del found["reset in the body"]  # the answer is shorter than that
    if kind == "status":
        found |= STATE
    return found


def place_of(kind: Kind) -> Place:
    return {"sync": "paid", "submit": "paid", "status": "state", "result": "pages"}[kind]  # type: ignore[return-value]


@dataclass(frozen=True)
class Promise:
    """One row: what a call does where it meets one of *faults*.

    Attributes:
        what: How docs call these faults.
        faults: Their names.
        each: The name of the error where every request meets it, `""` for the document.
        once: The same where only the first does.
        tries: How often the failing request is made where every one meets it.
        kept: What the store holds after the error.
        then: What the next call does once the fault is over.
    """

    what: str
    faults: frozenset[str]
    each: str = ""
    once: str = ""
    tries: int = 1
    kept: Literal["nothing", "an intent", "what came", "the job", "the document"] = "nothing"
    then: Literal["sends", "says so, and sends nothing", "looks again", "reads what is kept"] = "sends"


def _named(*groups: Mapping[str, Any] | str) -> frozenset[str]:
    return frozenset(name for group in groups for name in ([group] if isinstance(group, str) else group))


_UNTRUSTED = _named(*HANDSHAKES[:3])
_SILENT_UNREACHED = _named("a handshake that is silent", "a handshake that drips", "a resolver that is silent")
_UNTOLD = _named(UNREACHED) - _UNTRUSTED - _SILENT_UNREACHED
_FAILING = _named(*map(str, (408, *_FAILURES)), *(f"500 with {name}" for name in _BODIES))
_LIMITED = _named("429", "429 that says 0", "429 that says a word", "429 that says a past date")
_BAD = _named(*map(str, (405, 413, 415, 422)), "413 before the request is read")
_BAD_400 = _named("400", *(f"400 with {name}" for name in _BODIES))
_KEY = _named("401", "403")
_ODD = _named(*map(str, (300, 301, 304, 307, 409, 411, 418, 423, 451)), "503 that says a far date")
_REFUSED_IN_200 = _named("200 with error", "200 with error as text")
_OBJECTS = _named(
    "200 with code and message", "200 with detail", "200 with list of details", "200 with number as error",
    "200 with {}", "gzip that is none",
)  # fmt: skip
_NO_JSON = _named(
    *(f"200 with {name}" for name in _BODIES), "200 with a text of JSON", "204", "an answer that ends early",
    "a length that is too short", "a length of 0",
) - _REFUSED_IN_200 - _OBJECTS  # fmt: skip
_OVERSIZE = _named("packed twice", "a bomb")
_STRANGE = _named(
    "said to be packed",
    "packed in a way that nobody asked for",
    "an interim answer first",
    "a status without a reason",
    "HTTP 1.0 to the end",
    "more after the body",
    "one byte a chunk",
    "packed",
    "a byte order mark",
    "UTF-16",
    "201",
    "203",
)
_SILENT = _named(
    "an answer that drips", *(name for name, fault in WIRE.items() if fault.silent),
)  # fmt: skip
_BROKEN = (
    _named(
        "reset before the work", "reset after the work", "reset in the head of the body", "reset in the body",
        "gzip that is cut off", WIRE,
    ) - _SILENT - _STRANGE - _NO_JSON - _OVERSIZE - _BAD
)  # fmt: skip
_PAGES_OF_NOBODY = _named(*(f"page {value!r}" for value in (0, -4, 999, 10**25)))
_NO_DOCUMENT = _named("elements null")
_LENIENT = _named(DOCUMENT) - _PAGES_OF_NOBODY - _NO_DOCUMENT


# What both questions that cost nothing, for a job's state and for its pages, meet alike.
_OF_A_JOB = (
    Promise("408, 5xx", _FAILING, each="APIStatusError", tries=ATTEMPTS, kept="the job", then="looks again"),
    Promise(
        "429, with or without a pause that is waited for",
        _LIMITED,
        each="RateLimitError",
        tries=ATTEMPTS,
        kept="the job",
        then="looks again",
    ),
    Promise(
        "429 with a pause above `longest_retry_after`",
        _named("429 that says years"),
        each="RateLimitError",
        once="RateLimitError",
        kept="the job",
        then="looks again",
    ),
)
PROMISES: dict[Place, tuple[Promise, ...]] = {
    "paid": (
        Promise("408, 5xx", _FAILING, each="APIStatusError", tries=ATTEMPTS),
        Promise("429, with or without a pause that is waited for", _LIMITED, each="RateLimitError", tries=ATTEMPTS),
        Promise(
            "429 with a pause above `longest_retry_after`; it holds for other documents with the same key, too",
            _named("429 that says years"),
            each="RateLimitError",
            once="RateLimitError",
        ),
        Promise(
            "no connection: the name is not found, nobody listens, TLS fails, the upload is broken off",
            _UNTOLD | _named("closed in the upload", "reset in the upload"),
            each="APIConnectionError",
            tries=ATTEMPTS,
        ),
        Promise(
            "the same, silently",
            _SILENT_UNREACHED | _named("nobody reads the upload"),
            each="APITimeoutError",
            tries=ATTEMPTS,
        ),
        Promise("a certificate that is not trusted", _UNTRUSTED, each="APIConnectionError", once="APIConnectionError"),
        Promise(
            "400, 404, 405, 413, 415, 422",
            _BAD | _BAD_400 | _named("404"),
            each="BadRequestError",
            once="BadRequestError",
        ),
        Promise(
            "401, 403; the other documents of the call are not sent",
            _KEY,
            each="AuthenticationError",
            once="AuthenticationError",
        ),
        Promise(
            "another status below 500, and 5xx with a pause above `longest_retry_after`",
            _ODD | _named("410"),
            each="APIStatusError",
            once="APIStatusError",
        ),
        Promise("200 with an error object", _REFUSED_IN_200, each="InvalidResponseError", once="InvalidResponseError"),
        Promise(
            "nothing, or a broken answer, after the whole request was sent",
            _BROKEN | _SILENT,
            each="UnknownOutcomeError",
            once="UnknownOutcomeError",
            kept="an intent",
            then="says so, and sends nothing",
        ),
        Promise(
            "200 with anything but a JSON object, or with more than an answer may hold",
            _NO_JSON | _OVERSIZE,
            each="InvalidResponseError",
            once="InvalidResponseError",
            kept="an intent",
            then="says so, and sends nothing",
        ),
        Promise(
            "200 with a JSON object that is no answer, or whose pages are none of the document",
            _OBJECTS | _NO_DOCUMENT | _PAGES_OF_NOBODY | _named(SUBMITTED),
            each="InvalidResponseError",
            once="InvalidResponseError",
            kept="what came",
            then="says so, and sends nothing",
        ),
        Promise(
            "an unusual answer: fields of a wrong type, other encodings, valid but rare HTTP",
            _STRANGE | _LENIENT,
            kept="the document",
            then="reads what is kept",
        ),
    ),
    "state": (
        *_OF_A_JOB,
        Promise(
            "no connection, or a broken answer",
            _UNTOLD | _BROKEN,
            each="APIConnectionError",
            tries=ATTEMPTS,
            kept="the job",
            then="looks again",
        ),
        Promise(
            "silence",
            _SILENT_UNREACHED | _SILENT,
            each="APITimeoutError",
            tries=ATTEMPTS,
            kept="the job",
            then="looks again",
        ),
        Promise(
            "a certificate that is not trusted",
            _UNTRUSTED,
            each="APIConnectionError",
            once="APIConnectionError",
            kept="the job",
            then="looks again",
        ),
        Promise("404", _named("404"), each="JobError", once="JobError", kept="the job", then="looks again"),
        Promise(
            "400, 405, 413, 415, 422",
            _BAD | _BAD_400,
            each="BadRequestError",
            once="BadRequestError",
            kept="the job",
            then="looks again",
        ),
        Promise(
            "401, 403",
            _KEY,
            each="AuthenticationError",
            once="AuthenticationError",
            kept="the job",
            then="looks again",
        ),
        Promise(
            "another status below 500, and 5xx with a pause above `longest_retry_after`",
            _ODD | _named("410"),
            each="APIStatusError",
            once="APIStatusError",
            kept="the job",
            then="looks again",
        ),
        Promise(
            "200 with anything but the state of a job",
            _REFUSED_IN_200 | _NO_JSON | _OVERSIZE | _OBJECTS,
            each="InvalidResponseError",
            tries=ATTEMPTS,
            kept="the job",
            then="looks again",
        ),
        Promise(
            "done, and no batch or not the last one is listed",
            _named("no list of batches", "an empty list of batches", "the last batch missing"),
            each="InvalidResponseError",
            tries=ATTEMPTS,
            kept="the job",
            then="looks again",
        ),
        Promise(
            "done, and batches before others are not listed",
            _named("the first batch missing"),
            each="InvalidResponseError",
            once="InvalidResponseError",
            kept="the job",
            then="looks again",
        ),
        Promise(
            "done, and a batch has no address",
            _named("no address"),
            each="JobError",
            tries=ADDRESS_LOOKS,
            kept="the job",
            then="looks again",
        ),
        Promise(
            "a malformed address, or one that is not of the web",
            _named("a malformed address", "the address of a file"),
            each="InvalidResponseError",
            once="InvalidResponseError",
            kept="the job",
            then="looks again",
        ),
        Promise(
            "an address where nobody is",
            _named("an address where nobody is"),
            each="APIConnectionError",
            once="APIConnectionError",
            kept="the job",
            then="looks again",
        ),
        Promise(
            "a state that is not known, or none, while batches are done",
            _named(*(f"state {value!r}" for value in ("cancelled", "pondering", 5, None))),
            each="JobError",
            tries=ATTEMPTS,
            kept="the document",
            then="reads what is kept",
        ),
        Promise(
            "the job has failed, and its batches are done",
            _named("state 'failed'"),
            each="JobFailedError",
            once="JobFailedError",
            kept="the document",
            then="reads what is kept",
        ),
        Promise(
            "the job has failed as a whole",
            _named("failed with an error"),
            each="JobFailedError",
            once="JobFailedError",
        ),
        Promise(
            "an unusual state: impossible page numbers, batches in another order or twice, valid but rare HTTP",
            _STRANGE
            | _named("batches in reverse", "a batch twice", "an end of 10^25", "a start of -3")
            | _named(*(f"total {value!r}" for value in (0, "12", 10**25, None))),
            kept="the document",
            then="reads what is kept",
        ),
    ),
    "pages": (
        *_OF_A_JOB,
        Promise(
            "no connection, or a broken answer",
            _BROKEN,
            each="APIConnectionError",
            tries=ATTEMPTS,
            kept="the job",
            then="looks again",
        ),
        Promise("silence", _SILENT, each="APITimeoutError", tries=ATTEMPTS, kept="the job", then="looks again"),
        Promise(
            "400, 401, 403, 404, 410: new addresses are asked for",
            _BAD_400 | _KEY | _named("404", "410"),
            each="JobError",
            tries=ATTEMPTS,
            kept="the job",
            then="looks again",
        ),
        Promise(
            "405, 413, 415, 422",
            _BAD,
            each="BadRequestError",
            once="BadRequestError",
            kept="the job",
            then="looks again",
        ),
        Promise(
            "another status below 500, and 5xx with a pause above `longest_retry_after`",
            _ODD,
            each="APIStatusError",
            once="APIStatusError",
            kept="the job",
            then="looks again",
        ),
        Promise(
            "200 with anything but the pages of the batch",
            _REFUSED_IN_200 | _NO_JSON | _OVERSIZE | _OBJECTS | _NO_DOCUMENT | _PAGES_OF_NOBODY,
            each="InvalidResponseError",
            tries=ATTEMPTS,
            kept="the job",
            then="looks again",
        ),
        Promise(
            "an unusual answer: fields of a wrong type, other encodings, valid but rare HTTP",
            _STRANGE | _LENIENT,
            kept="the document",
            then="reads what is kept",
        ),
    ),
}


def promise_of(kind: Kind, name: str) -> Promise:
    """Return the row of a fault."""
    (found,) = (promise for promise in PROMISES[place_of(kind)] if name in promise.faults)
    return found


def rows_of(place: Place) -> tuple[Promise, ...]:
    return PROMISES[place]


def table_of(place: Place) -> list[str]:
    """Return the rows of docs/reliability.md about *place*, as Markdown."""
    head = [
        "| What happens | Once | Each time | Kept after an error | Billed | The next call |",
        "|---|---|---|---|---|---|",
    ]
    return head + [
        f"| {row.what} | {_once(row)} | {_each(row)} | {row.kept if row.each else '-'} | {_billed(row, place)} "
        f"| {row.then} |"
        for row in PROMISES[place]
    ]


def _billed(row: Promise, place: Place) -> str:
    if place == "paid" and row.each:
        return "no" if row.kept == "nothing" else "once, or not"
    return "once"


def _once(row: Promise) -> str:
    return row.once or ("the document, at a further try" if row.each else "the document")


def _each(row: Promise) -> str:
    if not row.each:
        return "the document"
    return f"{row.each}, {f'{row.tries} tries' if row.tries > 1 else 'one try'}"
