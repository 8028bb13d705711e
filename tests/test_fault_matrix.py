"""The fault matrix: every flow meets every fault of the table, with both clients, once and always.

Every run holds what docs/reliability.md promises. A part runs in every suite; `bash .ci/run faults` runs the whole.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from stand_in import labels, make_pdf

from upstage_docs import AsyncClient, Client, PollPolicy, RetryPolicy, UpstageDocsError
from upstage_docs.api.rates import RATES, Rate
from upstage_docs.errors import InvalidResponseError, UnknownOutcomeError
from upstage_docs.testing.faults import Answer, Drip, Fault, Kind, Reset, Rewrite, Truncate
from upstage_docs.testing.stand_in import StandInApi, running_stand_in

pytest.importorskip("starlette", reason='the loopback server needs the extra "server"')
pytest.importorskip("uvicorn", reason='the loopback server needs the extra "server"')

KEY = "up_matrix_0123456789"
PAGES = 12  # a job of them has two batches
_FAILED = "failed with an error"  # says that nothing was done: then the document is sent, and paid for, again
_SHARE = 13  # one case of so many is in the short form

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
    "an address that is none": _batches(lambda found: [{**one, "download_url": "ht!tp://["} for one in found]),
    "the address of a file": _batches(lambda found: [{**one, "download_url": "file:///etc/passwd"} for one in found]),
    "an address where nobody is": _batches(
        lambda found: [{**one, "download_url": "http://127.0.0.1:1/x"} for one in found]
    ),
    "an end of 10^25": _in("batches", 1, "end_page", to=10**25),
    "a start of -3": _in("batches", 0, "start_page", to=-3),
    **{f"total {value!r}": _in("total_pages", to=value) for value in (0, "12", 10**25, None)},
    **{f"state {value!r}": _in("status", to=value) for value in ("cancelled", "pondering", "failed", 5, None)},
    _FAILED: Rewrite(lambda state: {**state, "status": "failed", "error": {"message": "no luck"}, "batches": []}),
}
SUBMITTED: dict[str, Fault] = {
    **{f"id {value!r}"[:30]: _in("request_id", to=value) for value in (5, None, "../../x", "a" * 100_000, "é한")},
}


@dataclass(frozen=True)
class Case:
    """One flow that meets one fault: at which request, how often, with which client."""

    flow: str
    kind: Kind
    name: str
    fault: Fault
    always: bool
    is_async: bool

    @property
    def label(self) -> str:
        return (
            f"{self.flow}, {self.kind}: {self.name}, {'always' if self.always else 'once'}, "
            f"{'AsyncClient' if self.is_async else 'Client'}"
        )


_REQUESTS: tuple[tuple[str, Kind, dict[str, Fault]], ...] = (
    ("parse", "sync", ANY | DOCUMENT),
    ("ocr", "sync", ANY),
    ("job", "submit", ANY | SUBMITTED),
    ("job", "status", ANY | STATE),
    ("job", "result", ANY | DOCUMENT),
)
CASES = [
    Case(flow, kind, name, fault, always, is_async)
    for flow, kind, faults in _REQUESTS
    for name, fault in faults.items()
    for always in (False, True)
    for is_async in (False, True)
]


def _cases() -> list[Any]:
    """Return the cases: all but a share of them, spread over the table, are for the long run."""
    short = {case.label for case in CASES if zlib.crc32(case.label.encode()) % _SHARE == 0}
    return [
        pytest.param(case, id=case.label, marks=[] if case.label in short else [pytest.mark.slow]) for case in CASES
    ]


@pytest.fixture(scope="module")
def api() -> Iterator[StandInApi]:
    with running_stand_in() as one:
        yield one


def _call(api: StandInApi, case: Case, path: Path, **changes: Any) -> int:
    """Read the document with a new client, as a new process would, and return how many pages came."""
    refresh = bool(changes.pop("refresh", False))
    options: dict[str, Any] = {
        "base_url": api.base_url,
        "cache": path.parent / "cache",
        "rates": dict.fromkeys(RATES, Rate()),
        "timeout": 2.0,
        "retry": RetryPolicy(attempts=3, initial=0.01, maximum=0.02, longest_retry_after=0.5),
        "poll": PollPolicy(initial=0.01, maximum=0.02, deadline=10.0),
        **changes,
    }
    how: dict[str, Any] = {"refresh": refresh}
    if case.flow != "ocr":
        how["route"] = "async" if case.flow == "job" else "sync"

    async def ask() -> Any:
        async with AsyncClient(KEY, **options) as client:
            return await (client.ocr(path, **how) if case.flow == "ocr" else client.parse(path, **how))

    if case.is_async:
        found = asyncio.run(ask())
    else:
        with Client(KEY, **options) as client:
            found = client.ocr(path, **how) if case.flow == "ocr" else client.parse(path, **how)
    return len(found.pages) if case.flow == "ocr" else found.total_pages  # pages may be blank


def _outcome(api: StandInApi, case: Case, path: Path) -> tuple[int, UpstageDocsError | None]:
    try:
        return _call(api, case, path), None
    except UpstageDocsError as error:
        return 0, error


@pytest.mark.parametrize("case", _cases())
def test_nothing_is_lost_nothing_paid_twice_and_every_error_is_ours(
    api: StandInApi, tmp_path: Path, case: Case
) -> None:
    name = f"m{zlib.crc32(case.label.encode()):08x}"
    path = tmp_path / f"{name}.pdf"
    path.write_bytes(make_pdf(name, PAGES))

    def billed() -> int:
        return sum(api.reader.billed[label] for label in labels(name, PAGES))

    if case.always:
        api.faults.always(case.kind, case.fault)
    else:
        api.faults.script(case.kind, case.fault)
    found, failure = _outcome(api, case, path)
    api.faults.clear()
    assert KEY not in f"{failure!r} {vars(failure) if failure else ''!r}"
    assert len(str(failure)) < 2000
    assert billed() <= PAGES, "paid twice within one call"
    if found:
        assert _call(api, case, path) == found
        assert billed() <= PAGES, "what is stored is paid for again"
        return
    found, told = _outcome(api, case, path)
    most = 2 * PAGES if case.name == _FAILED else PAGES
    assert billed() <= most, "what is kept, or not known, is paid for again without being asked to"
    if told is not None:
        assert isinstance(told, (InvalidResponseError, UnknownOutcomeError)), "a failure that is over still shows"
        assert any(way in str(told) for way in ("refresh=True", "resend", "costs nothing")), str(told)
        found = _call(api, case, path, on_unknown="resend", refresh=True)
    assert found > 0, "an empty success"


def test_the_table_is_whole() -> None:
    """Each flow meets each of its faults with both clients, once and always."""
    assert len({case.label for case in CASES}) == len(CASES)
    assert len(CASES) == 4 * sum(len(faults) for _, _, faults in _REQUESTS)
    assert json.dumps(sorted({case.flow for case in CASES})) == '["job", "ocr", "parse"]'
