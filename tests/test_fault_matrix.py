"""The fault matrix: every flow meets every fault of `fault_table`, with both clients, once and each time.

Every case holds its row of docs/reliability.md: error, tries, what is kept, what is billed, what the next call does.
A part runs in every suite; `bash .ci/run faults` runs the whole.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import httpx
import pytest
from broken_wire import LARGE_UPLOAD, Certificates, Relay, WireFault, make_certificates, running_relay
from eventually import eventually
from fault_table import (
    ATTEMPTS,
    FLOWS,
    PLACES,
    AnyFault,
    Handshake,
    Lookup,
    Promise,
    faults_of,
    place_of,
    promise_of,
    rows_of,
    table_of,
)
from stand_in import labels, make_pdf

from upstage_docs import AsyncClient, Client, PollPolicy, Report, RetryPolicy, UpstageDocsError
from upstage_docs.api.rates import RATES, Rate
from upstage_docs.client.async_network import AsyncNetworkTransport
from upstage_docs.client.network import NetworkTransport
from upstage_docs.errors import InvalidResponseError, UnknownOutcomeError
from upstage_docs.store.store import Store
from upstage_docs.testing.faults import Answer, Drip, Kind, Reset
from upstage_docs.testing.stand_in import StandInApi, running_stand_in

pytest.importorskip("starlette", reason='the loopback server needs the extra "server"')
pytest.importorskip("uvicorn", reason='the loopback server needs the extra "server"')

KEY = "up_matrix_0123456789"  # the beginning of each key
PAGES = 12  # a job of them has two batches
_PART = 4  # pages of a request where a document is sent in parts, and of each of many documents
_SHARE = 67  # one case of so many is in the short form
_AS_TEXT: dict[str, Any] = {"output_format": "text", "route": "sync"}
_SILENT_SECONDS = 1.5  # a deadline for what is silent, and long enough for what answers beside it
_PATIENT_SECONDS = 12.0  # long enough on a busy machine
_SLACK = 20.0  # seconds that a busy machine may add to deadlines; what holds none lasts longer
_LESS_TEXT = {
    "an element null",
    "elements empty",
    "content is a text",
}  # the answer holds other texts than the document


@dataclass(frozen=True)
class Case:
    """One flow that meets one fault: at which request, how often, with which client."""

    flow: str
    kind: Kind
    name: str
    fault: AnyFault = field(repr=False)
    always: bool
    is_async: bool

    @property
    def label(self) -> str:
        return (
            f"{self.flow}, {self.kind}: {self.name}, {'always' if self.always else 'once'}, "
            f"{'AsyncClient' if self.is_async else 'Client'}"
        )

    @property
    def promise(self) -> Promise:
        return promise_of(self.kind, self.name)

    @property
    def error(self) -> str:
        """The name of the error that is promised, `""` for the document."""
        return self.promise.each if self.always else self.promise.once

    @property
    def documents(self) -> int:
        return 3 if self.flow == "many" else 1

    @property
    def ends_all(self) -> bool:
        """Whether the other documents of a client meet the same without being sent."""
        return self.error == "AuthenticationError" or self.name == "429 that says years"

    @property
    def tries(self) -> int:
        """How many requests of its kind are made."""
        usual = {"parts": PAGES // _PART, "many": self.documents}.get(self.flow, 2 if self.kind == "result" else 1)
        if self.error and self.ends_all:
            return 1
        if self.error and self.always:
            return self.promise.tries * self.documents
        if self.error:
            return self.documents
        return usual + 1 if self.promise.each else usual

    @property
    def silent(self) -> bool:
        return (
            isinstance(self.fault, Drip)
            or (isinstance(self.fault, WireFault) and self.fault.silent)
            or self.fault == Lookup("silent")
            or (isinstance(self.fault, Handshake) and self.fault.how.endswith(("silent", "drips")))
        )

    @property
    def is_billed(self) -> bool:
        """Whether the stand-in does the work before the fault."""
        if isinstance(self.fault, (Answer, Handshake, Lookup)) or self.fault == Reset(billed=False):
            return False
        return not isinstance(self.fault, WireFault) or self.fault.billed


CASES = [
    Case(flow, kind, name, fault, always, is_async)
    for flow, kind in FLOWS
    for name, fault in faults_of(flow, kind).items()
    for always in (False, True)
    for is_async in (False, True)
]


def _cases() -> list[Any]:
    """Return the cases: all but a share of them, spread over the table, are for the long run."""
    short = {
        case.label
        for case in CASES
        if zlib.crc32(case.label.encode()) % _SHARE == 0 and not (case.silent and case.always)
    }
    return [
        pytest.param(
            case,
            id=case.label,
            marks=[] if case.label in short else [pytest.mark.slow],
        )
        for case in CASES
    ]


class Resolver:
    """Stands in for the system's resolver, for the name `localhost` alone."""

    def __init__(self) -> None:
        self.failed = 0
        self._system = socket.getaddrinfo
        self._once: list[str] = []
        self._always = ""
        self._gate = threading.Event()

    def meet(self, how: Literal["unknown", "failing", "silent", "nobody"], *, always: bool) -> None:
        self._gate = threading.Event()
        if always:
            self._always = how
        else:
            self._once.append(how)

    def clear(self) -> None:
        """Find the name again, and let go whoever waits."""
        self._once.clear()
        self._always = ""
        self._gate.set()

    def __call__(self, host: Any, port: Any, *args: Any, **how: Any) -> Any:
        if host not in {"localhost", b"localhost"}:
            return self._system(host, port, *args, **how)
        met = self._once.pop() if self._once else self._always
        self.failed += bool(met)
        if met == "unknown":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if met == "failing":
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if met == "silent":
            self._gate.wait()
        return self._system("127.0.0.2" if met == "nobody" else "127.0.0.1", port, *args, **how)


@dataclass(frozen=True)
class World:
    """What stands around a case: the stand-in, what is between it and the client, and their counts."""

    api: StandInApi
    relay: Relay
    resolver: Resolver
    certificates: Certificates | None

    def begin(self, case: Case) -> None:
        """Let the fault be met from now on."""
        fault, always = case.fault, case.always
        if isinstance(fault, WireFault):
            self.relay.meet(case.kind, fault, always=always)
        elif isinstance(fault, Handshake):
            self.relay.fail(fault.how, always=always)
        elif isinstance(fault, Lookup):
            self.resolver.meet(fault.how, always=always)
        elif always:
            self.api.faults.always(case.kind, fault)
        else:
            self.api.faults.script(case.kind, fault)

    def end(self) -> None:
        self.api.faults.clear()
        self.relay.clear()
        self.resolver.clear()

    def requests(self, case: Case) -> Counter[str]:
        """Count the requests of each kind so far, those of this case that got nowhere included."""
        if isinstance(case.fault, WireFault):
            return Counter(self.relay.received)
        found = Counter(one.kind for one in list(self.api.faults.received))
        found[case.kind] += self.relay.failed + self.resolver.failed
        return found

    def base_url(self, case: Case) -> str:
        if isinstance(case.fault, (WireFault, Handshake, Lookup)):
            return self.relay.base_url(tls=isinstance(case.fault, Handshake))
        return self.api.base_url


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("certificates")
    certificates = make_certificates(folder) if shutil.which("openssl") else None
    resolver = Resolver()
    # Whatever a first use takes is not the time of a call.
    for name in ("langchain_upstage_docs.loaders", "llama_index_upstage_docs.readers"):
        import_module(name)
    with running_stand_in() as api, running_relay(api.base_url) as relay, pytest.MonkeyPatch.context() as patching:
        patching.setattr(socket, "getaddrinfo", resolver)
        yield World(api, relay, resolver, certificates)


@dataclass(frozen=True)
class Outcome:
    """What a call gave: the texts of the documents that came, in order, and the first error."""

    texts: list[str]
    error: UpstageDocsError | None
    seconds: float


@dataclass(frozen=True)
class Run:
    """The documents of one case, and how they are read: each call by a new client with its own key."""

    world: World
    case: Case
    paths: list[Path]
    silent_seconds: float

    @property
    def store(self) -> Store:
        return Store.at(self.paths[0].parent / "cache")

    def options(self, *, trusting: bool, is_async: bool, patient: bool = True) -> dict[str, Any]:
        case = self.case
        options: dict[str, Any] = {
            "api_key": KEY + uuid4().hex,  # clients of one process keep the pauses of a key together; processes do not
            "base_url": self.world.base_url(case),
            "cache": self.paths[0].parent / "cache",
            "rates": dict.fromkeys(RATES, Rate()),
            "timeout": 60.0 if patient else self.silent_seconds,
            "max_concurrency": 1,
            "retry": RetryPolicy(attempts=ATTEMPTS, initial=0.01, maximum=0.02, longest_retry_after=0.5),
            "poll": PollPolicy(initial=0.01, maximum=0.02, deadline=60.0),
        }
        if isinstance(case.fault, Handshake) and trusting:
            assert self.world.certificates is not None
            tls = ssl.create_default_context(cafile=str(self.world.certificates.authority))
            kind = AsyncNetworkTransport if is_async else NetworkTransport
            options["transport"] = kind(tls, httpx.Limits())
        return options

    def read(self, *, trusting: bool = True, refresh: bool = False, patient: bool = True, **changes: Any) -> Outcome:
        began = time.monotonic()
        options = self.options(trusting=trusting, is_async=self.case.is_async, patient=patient) | changes
        report = Report()

        async def ask() -> list[str]:
            async with AsyncClient(**options) as client:
                return await self._aread(client, report, refresh=refresh)

        texts: list[str] = []
        error: UpstageDocsError | None = None
        try:
            if self.case.is_async:
                texts = asyncio.run(ask())
            else:
                with Client(**options) as client:
                    texts = self._read(client, report, refresh=refresh)
        except UpstageDocsError as failure:
            error = failure
        took = time.monotonic() - began
        if self.case.fault == Lookup("silent"):
            self.world.resolver.clear()
        if report.failures:
            first = report.failures[0].error
            assert isinstance(first, UpstageDocsError)
            error = first
        return Outcome(texts, error, took)

    def _read(self, client: Client, report: Report, *, refresh: bool) -> list[str]:
        path = self.paths[0]
        match self.case.flow:
            case "ocr":
                return [page.text for page in client.ocr(path, refresh=refresh).pages]
            case "many":
                many = client.parse_many(self.paths, route="sync", on_error="skip", report=report, refresh=refresh)
                return [element.text for document in many for element in document.elements]
            case "langchain":
                from langchain_upstage_docs import UpstageDocumentParseLoader

                loader = UpstageDocumentParseLoader(path, client=client, **_AS_TEXT, refresh=refresh)
                return [document.page_content for document in loader.lazy_load()]
            case "llama-index":
                from llama_index_upstage_docs import UpstageDocumentParseReader

                reader = UpstageDocumentParseReader(client=client, **_AS_TEXT, refresh=refresh)
                return [document.text for document in reader.load_data(path)]
        return [element.text for element in client.parse(path, refresh=refresh, **self._how()).elements]

    async def _aread(self, client: AsyncClient, report: Report, *, refresh: bool) -> list[str]:
        path = self.paths[0]
        match self.case.flow:
            case "ocr":
                return [page.text for page in (await client.ocr(path, refresh=refresh)).pages]
            case "many":
                many = client.parse_many(self.paths, route="sync", on_error="skip", report=report, refresh=refresh)
                return [element.text async for document in many for element in document.elements]
            case "langchain":
                from langchain_upstage_docs import UpstageDocumentParseLoader

                loader = UpstageDocumentParseLoader(path, client=client, **_AS_TEXT, refresh=refresh)
                return [document.page_content async for document in loader.alazy_load()]
            case "llama-index":
                from llama_index_upstage_docs import UpstageDocumentParseReader

                reader = UpstageDocumentParseReader(client=client, **_AS_TEXT, refresh=refresh)
                return [document.text for document in await reader.aload_data(path)]
        return [element.text for element in (await client.parse(path, refresh=refresh, **self._how())).elements]

    def _how(self) -> dict[str, Any]:
        if self.case.flow == "parts":
            return {"route": "sync", "pages_per_request": _PART}
        return {"route": "async" if self.case.flow == "job" else "sync"}

    def submit(self) -> None:
        """Submit the document and wait until its job is done, so that a look at it finds every batch."""
        with Client(**self.options(trusting=True, is_async=False)) as client:
            job = client.submit(self.paths[0])
            eventually(lambda: client.job(job.request_id).done, "the job is done")

    def billed(self) -> Counter[str]:
        """How often each page was paid for, pages of which no payment is known left out."""
        return Counter(
            {
                label: self.world.api.reader.billed[label]
                for label in self.labels()
                if self.world.api.reader.billed[label]
            }
        )

    def labels(self) -> list[str]:
        return [label for path in self.paths for label in self.labels_of(path)]

    def labels_of(self, path: Path) -> list[str]:
        return labels(path.stem, _PART if self.case.flow == "many" else PAGES)

    def failing(self) -> list[str]:
        """The pages of the requests that fail for good."""
        if self.case.flow == "parts":
            return self.labels()[:_PART]
        if self.case.flow == "many" and not self.case.always:
            return self.labels_of(self.paths[0])
        return self.labels()


@pytest.mark.parametrize("case", _cases())
def test_every_case_holds_its_row(world: World, tmp_path: Path, case: Case) -> None:
    if isinstance(case.fault, Handshake) and world.certificates is None:
        pytest.skip("makes certificates with openssl")
    try:
        _hold(world, tmp_path / "quiet", case, _SILENT_SECONDS)
    except AssertionError:
        if not case.silent:
            raise
        _hold(world, tmp_path / "busy", case, _PATIENT_SECONDS)  # what answers beside the silence was late


def _hold(world: World, folder: Path, case: Case, silent_seconds: float) -> None:
    folder.mkdir()
    names = [f"m{zlib.crc32(f'{case.label} {folder.name} {number}'.encode()):08x}" for number in range(case.documents)]
    run = Run(world, case, [folder / f"{name}.pdf" for name in names], silent_seconds)
    for path in run.paths:
        pages = len(run.labels_of(path))
        content = make_pdf(path.stem, pages)
        if isinstance(case.fault, WireFault) and case.fault.early and case.name.endswith("upload"):
            content += b"\n%" + b"x" * LARGE_UPLOAD + b"\n" + content[content.rindex(b"startxref") :]
        path.write_bytes(content)
    if isinstance(case.fault, Handshake) and world.certificates is not None:
        world.relay.speak_tls(world.certificates)
    try:
        if case.kind in {"status", "result"}:
            run.submit()
        _check(world, run, case)
    finally:
        world.end()
        world.relay.speak_tls(None)


def _check(world: World, run: Run, case: Case) -> None:
    promise, before = case.promise, world.requests(case)
    world.begin(case)
    first = run.read(trusting=not case.always, patient=not case.silent)
    made = world.requests(case) - before
    world.end()

    assert type(first.error).__name__ == (case.error or "NoneType"), first.error
    assert KEY not in f"{first.error!r} {vars(first.error) if first.error else ''!r}"
    assert len(str(first.error)) < 2000
    if not (case.fault == Lookup("silent") and case.is_async):  # asyncio asks its resolver in few threads
        assert made[case.kind] == case.tries, made
    if case.silent:
        assert first.seconds < case.tries * run.silent_seconds + _SLACK, "a deadline does not hold"
    bill = _expected_bill(run, case)
    eventually(lambda: run.billed().total() >= bill.total(), "the server has done its work")
    assert run.billed() == bill
    if not case.error:
        _check_document(run, case, first)
        return
    others = run.labels()[_PART:] if case.flow == "many" and not case.always and not case.ends_all else []
    assert first.texts == others
    # Of a job, batches may be kept besides; of many documents, those that did not fail.
    besides = {"answers"} if others or promise.kept == "the job" else set[str]()
    assert (
        _kept(run.store) - besides
        == {
            "nothing": set(),
            "an intent": {"intent"},
            "what came": {"answers"},
            "the job": {"job"},
            "the document": {"answers"},
        }[promise.kept]
        - besides
    )
    _check_next_call(world, run, case, first)


def _check_document(run: Run, case: Case, first: Outcome) -> None:
    assert case.name in _LESS_TEXT or first.texts == run.labels()
    before, bill = run.world.requests(case), run.billed()
    assert run.read().texts == first.texts
    assert not run.world.requests(case) - before, "what is stored is asked for again"
    assert run.billed() == bill


def _check_next_call(world: World, run: Run, case: Case, first: Outcome) -> None:
    promise, before, bill = case.promise, world.requests(case), run.billed()
    told = run.read()
    made = world.requests(case) - before
    if promise.then == "says so, and sends nothing":
        assert isinstance(told.error, (InvalidResponseError, UnknownOutcomeError)), told
        assert any(way in str(told.error) for way in ("refresh=True", "resend")), told.error
        assert not made["sync"] + made["submit"]
        assert run.billed() == bill
        if promise.kept == "what came":
            told, wanted = run.read(refresh=True), Counter({label: bill[label] + 1 for label in run.labels()})
        else:
            again = Counter(run.failing())
            told = run.read(on_unknown="resend")
            wanted = Counter({label: max(1, bill[label] + again[label]) for label in run.labels()})
    else:
        paid_again = 1 if case.name == "failed with an error" else 0  # it says that nothing was done
        wanted = Counter(dict.fromkeys(run.labels(), 1 + paid_again))
        if promise.then == "looks again":
            assert not made["sync"] + made["submit"]
        elif promise.then == "reads what is kept":
            assert not made
    assert told.error is None
    assert told.texts == run.labels(), "the whole document, in order"
    assert run.billed() == wanted


def _expected_bill(run: Run, case: Case) -> Counter[str]:
    if not case.error or place_of(case.kind) != "paid":
        return Counter(run.labels())
    if case.ends_all:
        return Counter()
    failing = run.failing()
    others = [label for label in run.labels() if label not in failing] if case.flow == "many" else []
    return Counter(others + (failing if case.is_billed else []))


def _kept(store: Store) -> set[str]:
    found = {"intent"} if store.intents() else set()
    if store.jobs():
        found.add("job")
    if any(store.look(entry.key).answers for entry in store.entries()):
        found.add("answers")
    return found


def test_the_table_is_whole() -> None:
    """Each flow meets each of its faults with both clients, once and always; each fault has one row."""
    assert len({case.label for case in CASES}) == len(CASES)
    assert len(CASES) == 4 * sum(len(faults_of(flow, kind)) for flow, kind in FLOWS)
    for case in CASES:
        assert case.promise
    for place in PLACES:
        met = {case.name for case in CASES if place_of(case.kind) == place}
        assert not {name for row in rows_of(place) for name in row.faults} - met, "a row of faults that nothing meets"


def test_the_page_says_what_the_matrix_checks() -> None:
    page = (Path(__file__).parent.parent / "docs" / "reliability.md").read_text(encoding="utf-8")
    head = table_of("paid")[0]
    tables = [head + rest.partition("\n\n")[0] for rest in page.split(head)[1:]]
    assert [table.splitlines() for table in tables] == [table_of(place) for place in PLACES]
