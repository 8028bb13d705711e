"""Both clients against the API's stand-in: configuration, parsing, OCR, jobs, many documents, pickling, parity."""

from __future__ import annotations

import asyncio
import inspect
import io
import logging
import os
import pickle
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from traceback import TracebackException
from typing import Any

import httpx
import pytest
from conftest import Loopback
from play import answer, form
from stand_in import labels, make_pdf

import upstage_docs
from upstage_docs import AsyncClient, Client
from upstage_docs.api.limits import ApiLimits
from upstage_docs.api.rates import RATES, Rate
from upstage_docs.errors import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConfigError,
    InvalidResponseError,
    JobError,
    JobFailedError,
    JobTimeoutError,
    RateLimitError,
    SourceError,
    SourceNotFoundError,
    UnknownOutcomeError,
)
from upstage_docs.flows.reports import Progress, Report
from upstage_docs.loading.loading import Connection
from upstage_docs.models import Job
from upstage_docs.options import OCROptions, ParseOptions, PollPolicy, RetryPolicy

KEY = "up_abcdefghijklmnop"
NO_LIMIT = dict.fromkeys(RATES, Rate())
QUICK = RetryPolicy(attempts=3, initial=0.01, maximum=0.02)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key lying around is never spent by tests."""
    for name in ("UPSTAGE_API_KEY", "UPSTAGE_BASE_URL", "UPSTAGE_DOCS_ENGINE"):
        monkeypatch.delenv(name, raising=False)


class Both:
    """One interface to either client, so that every test that takes it runs with both."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __call__(self, method: str, *arguments: Any, settings: dict[str, Any], **named: Any) -> Any:
        """Call *method* of a new client; the result of an iterator is a list."""
        return self.each(settings, (method, arguments, named))[0]

    def each(self, settings: dict[str, Any], *calls: tuple[str, tuple[Any, ...], dict[str, Any]]) -> list[Any]:
        """Make several calls with one client."""
        if self.kind == "Client":
            with Client(**settings) as client:
                found = [getattr(client, method)(*arguments, **named) for method, arguments, named in calls]
                return [list(one) if isinstance(one, Iterator) else one for one in found]

        async def main() -> list[Any]:
            found = []
            async with AsyncClient(**settings) as client:
                for method, arguments, named in calls:
                    result = getattr(client, method)(*arguments, **named)
                    found.append([one async for one in result] if hasattr(result, "__aiter__") else await result)
            return found

        return asyncio.run(main())

    def transport(self, respond: Callable[[httpx.Request], httpx.Response]) -> httpx.MockTransport:
        if self.kind == "Client":
            return httpx.MockTransport(lambda request: (request.read(), respond(request))[1])

        async def handle(request: httpx.Request) -> httpx.Response:
            await request.aread()
            return respond(request)

        return httpx.MockTransport(handle)


@pytest.fixture(params=["Client", "AsyncClient"])
def both(request: pytest.FixtureRequest) -> Both:
    return Both(request.param)


@pytest.fixture
def settings(loopback: Loopback, tmp_path: Path) -> dict[str, Any]:
    return {
        "api_key": KEY,
        "base_url": loopback.base_url,
        "cache": tmp_path / "cache",
        "rates": NO_LIMIT,
        "retry": QUICK,
        "poll": PollPolicy(initial=0.02, maximum=0.05),
    }


def texts(document: Any) -> list[str]:
    return [element.text for element in document.elements]


class TestConfiguration:
    @pytest.mark.parametrize("kind", [Client, AsyncClient])
    def test_no_key_and_no_engine_names_both_remedies(self, kind: type) -> None:
        with pytest.raises(ConfigError, match=r'UPSTAGE_API_KEY.*engine="local"'):
            kind()

    @pytest.mark.parametrize("kind", [Client, AsyncClient])
    def test_a_notebook_shows_what_each_option_of_a_client_is(self, kind: type) -> None:
        """It shows the docstring of the class and of its constructor, and no base's."""
        shown = f"{inspect.getdoc(kind)}\n{inspect.getdoc(kind.__init__)}"  # type: ignore[misc]
        assert [name for name in inspect.signature(kind).parameters if f"\n    {name}: " not in shown] == []

    @pytest.mark.parametrize("key", ["up_a\n", "up a", "up_ä", "", "up_a\x00b", " ", "업스테이지"])
    def test_a_malformed_key_is_refused_and_not_shown(self, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ConfigError, match="copy it again") as caught:
            Client(api_key=key)
        assert not key.strip() or key.strip() not in str(caught.value)
        if key and "\0" not in key:
            monkeypatch.setenv("UPSTAGE_API_KEY", key)
            with pytest.raises(ConfigError):
                Client()

    def test_the_engine_is_the_argument_then_the_environment_then_upstage(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("UPSTAGE_API_KEY", KEY)
        assert Client().engine == "upstage"
        monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "local")
        assert Client().engine == "local"
        assert Client(engine="upstage").engine == "upstage"
        assert "local.invalid" in repr(Client())

    def test_an_unknown_engine_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ConfigError, match="engine='tesseract' is not allowed"):
            Client(engine="tesseract")  # type: ignore[arg-type]
        monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "Local")
        with pytest.raises(ConfigError, match="engine='Local'"):
            Client()

    def test_the_local_engine_takes_no_address(self) -> None:
        with pytest.raises(ConfigError, match="takes no base_url"):
            Client(engine="local", base_url="https://api.upstage.ai/v1")

    def test_the_local_engine_takes_no_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One in the environment is nothing that was asked for, and neither is an engine that is chosen there."""
        for make in (Client, AsyncClient, Connection):
            with pytest.raises(ConfigError, match=r'engine="local".*takes no api_key'):
                make(KEY, engine="local")
        monkeypatch.setenv("UPSTAGE_API_KEY", KEY)
        assert Client(engine="local").engine == "local"
        monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "local")
        assert Client(KEY).engine == "local"

    def test_an_engine_chosen_by_the_environment_is_named_where_it_meets_an_address(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "local")
        with pytest.raises(ConfigError, match=r'UPSTAGE_DOCS_ENGINE=local.*takes no base_url.*engine="upstage"'):
            Client(KEY, base_url="http://127.0.0.1:8000/v1")

    def test_the_address_comes_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("UPSTAGE_BASE_URL", "https://gate.example/v1/document-digitization")
        assert "'https://gate.example/v1'" in repr(Client(KEY))
        assert "'https://other.example/v1'" in repr(Client(KEY, base_url="https://other.example/v1"))

    @pytest.mark.parametrize(
        ("settings", "names"),
        [
            ({"timeout": 0}, "timeout=0"),
            ({"timeout": float("nan")}, "timeout=nan"),
            ({"max_concurrency": 0}, "max_concurrency=0"),
            ({"max_concurrency": 2.5}, "max_concurrency=2.5"),
            ({"on_unknown": "ignore"}, "on_unknown='ignore'"),
            ({"cache": 7}, "cache=7"),
            ({"cache": "a\0b"}, "null character"),
            ({"cache": ""}, "cache=''"),
            ({"rates": {"parse": Rate()}}, "'parse'"),
            ({"rate_share": 0}, "share=0"),
            ({"headers": {"x-a": "b\r\nx-c: d"}}, "'x-a'"),
            ({"headers": {"Authorization": "Basic abc"}}, "contradict"),
            ({"base_url": "api.upstage.ai"}, "base_url"),
            ({"base_url": []}, "base_url"),
        ],
    )
    def test_options_that_cannot_be_are_named(self, settings: dict[str, Any], names: str) -> None:
        with pytest.raises(ConfigError, match=names):
            Client(api_key=KEY, **settings)

    @pytest.mark.parametrize("kind", [Client, AsyncClient])
    def test_a_client_that_could_not_be_made_hides_no_error(self, kind: type) -> None:
        """Error reports show what every frame of a traceback holds, which includes such a client."""
        with pytest.raises(ConfigError) as caught:
            kind(KEY, base_url="api.upstage.ai")
        shown = "".join(TracebackException.from_exception(caught.value, capture_locals=True).format())
        assert f"self = <{kind.__name__} that could not be made>" in shown
        with pytest.raises(TypeError, match=r"Client\.__init__\(\) got an unexpected keyword argument 'apikey'"):
            kind(apikey=KEY)

    def test_the_key_shows_nowhere(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        client = Client(KEY, headers={"x-extra": "up_another_secret_of_mine"}, cache=False, retry=QUICK)
        client = Client(KEY, transport=httpx.MockTransport(lambda _: httpx.Response(401, text=KEY)), cache=False)
        with pytest.raises(AuthenticationError) as caught, client:
            client.parse(make_pdf("a", 1))
        shown = [repr(client), str(caught.value), repr(caught.value), repr(vars(client)), caplog.text]
        shown += [repr(pickle.dumps(caught.value)), repr(client._context), repr(client._settings)]
        assert not [one for one in shown if KEY in one or "another_secret" in one]

    def test_the_key_goes_to_the_host_of_the_api_only(self, both: Both) -> None:
        seen: list[tuple[str, bool]] = []

        def respond(request: httpx.Request) -> httpx.Response:
            seen.append((request.url.host, KEY in repr(request.headers.raw) or KEY in str(request.url)))
            if request.method == "POST":
                return httpx.Response(200, json={"request_id": "job-1"})
            if request.url.host == "bucket.example":
                return httpx.Response(200, json=answer([1]))
            batch = {"id": 0, "status": "completed", "start_page": 1, "end_page": 1}
            batch["download_url"] = "https://bucket.example/0?signature=x"
            return httpx.Response(
                200, json={"id": "job-1", "status": "completed", "total_pages": 1, "batches": [batch]}
            )

        settings = {"api_key": KEY, "transport": both.transport(respond), "cache": False}
        both("parse", make_pdf("a", 1), settings=settings, route="async")
        assert seen == [("api.upstage.ai", True), ("api.upstage.ai", True), ("bucket.example", False)]

    @pytest.mark.parametrize(
        ("settings", "header", "value"),
        [
            ({"api_key": KEY}, "authorization", f"Bearer {KEY}"),
            ({"api_key": KEY, "auth_header": "x-api-key"}, "x-api-key", KEY),
            ({"headers": {"x-api-key": KEY}}, "x-api-key", KEY),
            ({"headers": {"Authorization": "Basic abc"}}, "authorization", "Basic abc"),
        ],
    )
    def test_private_gateways(self, both: Both, settings: dict[str, Any], header: str, value: str) -> None:
        seen: list[httpx.Headers] = []

        def respond(request: httpx.Request) -> httpx.Response:
            seen.append(request.headers)
            return httpx.Response(200, json=answer([1]))

        more = {"transport": both.transport(respond), "cache": False, "base_url": "https://gate.example/invocations"}
        both("parse", make_pdf("a", 1), settings={**settings, **more})
        assert seen[0][header] == value
        assert len({"authorization", "x-api-key"} & set(seen[0])) == 1


class TestPickling:
    @pytest.mark.parametrize("kind", [Client, AsyncClient])
    def test_a_copy_reads_the_key_from_the_environment(self, kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
        data = pickle.dumps(kind(KEY, timeout=7, headers={"X-Upstage-Use-Cache": "false"}))
        assert KEY.encode() not in data
        with pytest.raises(ConfigError, match="UPSTAGE_API_KEY"):
            pickle.loads(data)
        monkeypatch.setenv("UPSTAGE_API_KEY", "up_of_the_worker")
        copy = pickle.loads(data)
        assert copy._settings.timeout == 7
        assert copy._context.api.headers["Authorization"] == "Bearer up_of_the_worker"

    def test_open_connections_do_not_go_along(self, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("UPSTAGE_API_KEY", KEY)
        with Client(**settings) as client:
            client.parse(make_pdf("a", 1))
            with pickle.loads(pickle.dumps(client)) as copy:
                assert texts(copy.parse(make_pdf("a", 1))) == ["a page 1"]

    def test_what_cannot_go_along_is_an_error(self) -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200))
        with pytest.raises(ConfigError, match="transport="):
            pickle.dumps(Client(KEY, transport=transport))
        with pytest.raises(ConfigError, match="looks like a secret"):
            pickle.dumps(Client(headers={"x-api-key": KEY}))

    def test_the_local_engine_goes_along_without_a_key(self) -> None:
        assert pickle.loads(pickle.dumps(Client(engine="local"))).engine == "local"


class TestParity:
    def test_both_clients_have_the_same_methods_parameters_and_docstrings(self) -> None:
        def public(kind: type) -> dict[str, Any]:
            return {name: one for name, one in inspect.getmembers(kind) if not name.startswith("_")}

        synchronous, asynchronous = public(Client), public(AsyncClient)
        assert set(synchronous) == set(asynchronous)
        for name, one in synchronous.items():
            other = asynchronous[name]
            assert inspect.getdoc(one) == inspect.getdoc(other), name
            if callable(one):
                assert inspect.signature(one).parameters == inspect.signature(other).parameters, name
                gives = inspect.signature(other).return_annotation
                waits = inspect.iscoroutinefunction(other) or gives.startswith("AsyncGenerator")
                assert waits, f"AsyncClient.{name} would block"
        assert inspect.signature(Client) == inspect.signature(AsyncClient)

    def test_both_are_public_names(self) -> None:
        assert upstage_docs.Client is Client
        assert upstage_docs.AsyncClient is AsyncClient


class TestParse:
    @pytest.mark.parametrize("route", ["sync", "async", "auto"])
    def test_every_route_gives_the_same_document(
        self, both: Both, settings: dict[str, Any], loopback: Loopback, route: str
    ) -> None:
        document = both("parse", make_pdf("a", 25), settings=settings, source="a.pdf", route=route)
        assert texts(document) == labels("a", 25)
        assert [element.page for element in document.elements] == list(range(1, 26))
        assert [element.id for element in document.elements] == list(range(25))
        assert (document.source, document.total_pages, document.usage.pages) == ("a.pdf", 25, 25)
        assert (loopback.faults.count("submit"), loopback.faults.count("sync")) == ((0, 1), (1, 0))[route == "async"]

    def test_parts_go_out_at_once_and_come_back_in_order(
        self, both: Both, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        """None of the four is answered before all of them are being read."""
        loopback.stand_in.meeting = threading.Barrier(4)
        document = both("parse", make_pdf("a", 11), settings=settings, pages_per_request=3)
        assert texts(document) == labels("a", 11)
        assert loopback.faults.count("sync") == len(loopback.faults.received) == 4

    def test_ocr_is_cut_into_parts_as_a_parse_is(
        self, both: Both, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        result = both("ocr", make_pdf("a", 5), settings=settings, pages_per_request=2)
        assert [page.number for page in result.pages] == [1, 2, 3, 4, 5]
        assert len(loopback.faults.received) == 3
        with pytest.raises(ConfigError, match="no asynchronous route"):
            both("ocr", make_pdf("a", 1), settings=settings, route="async")

    @pytest.mark.parametrize(
        "wrap", [lambda path: path, str, lambda path: path.read_bytes(), lambda path: path.open("rb")]
    )
    def test_every_kind_of_document(
        self, both: Both, settings: dict[str, Any], tmp_path: Path, wrap: Callable[[Path], Any]
    ) -> None:
        path = tmp_path / "보고서.pdf"
        path.write_bytes(make_pdf("a", 2))
        document = wrap(path)
        parsed = both("parse", document, settings=settings)
        assert texts(parsed) == labels("a", 2)
        assert parsed.source == (parsed.source if isinstance(document, bytes) else str(path))
        if isinstance(document, io.IOBase):
            assert not document.closed
            document.close()

    def test_what_the_server_received_is_the_document_and_the_options(
        self, both: Both, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        document = both("parse", make_pdf("a", 1), ParseOptions(ocr="force", mode="enhanced"), settings=settings)
        (received,) = loopback.faults.received
        assert received.sha256 == document.file_sha256
        assert received.fields["ocr"] == ["force"]
        assert received.fields["mode"] == ["enhanced"]

    @pytest.mark.parametrize(
        ("document", "error"),
        [("missing.pdf", SourceNotFoundError), (b"", SourceError), (b"text", SourceError), (None, ConfigError)],
    )
    def test_bad_input_is_refused_before_anything_is_sent(
        self, both: Both, settings: dict[str, Any], loopback: Loopback, document: Any, error: type[Exception]
    ) -> None:
        for method in ("parse", "stream", "iter_elements", "submit", "ocr", "ocr_raw", "estimate"):
            with pytest.raises(error):
                both(method, document, settings=settings)
        assert loopback.faults.received == []

    def test_limits_are_those_of_the_client(self, both: Both, settings: dict[str, Any], loopback: Loopback) -> None:
        with pytest.raises(SourceError, match="a page of 390,625 pixels; the API takes 1,000"):
            both("parse", make_pdf("a", 1), settings={**settings, "limits": ApiLimits(page_pixels=1000)})
        assert loopback.faults.received == []

    def test_what_was_paid_for_is_not_paid_again(
        self, both: Both, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        first = both("parse", make_pdf("a", 25), settings=settings, route="async")
        again = both("parse", make_pdf("a", 25), settings=settings)
        assert again.elements == first.elements
        assert again.raw == first.raw
        assert loopback.billed == Counter(labels("a", 25))
        assert loopback.faults.count("submit") == 1
        both("parse", make_pdf("a", 25), settings=settings, refresh=True, route="sync")
        assert loopback.billed == Counter(dict.fromkeys(labels("a", 25), 2))

    def test_a_sync_client_works_in_a_running_event_loop(self, settings: dict[str, Any]) -> None:
        """As in a notebook or a web framework."""

        async def main() -> list[str]:
            with Client(**settings) as client:
                return texts(client.parse(make_pdf("a", 25), route="async"))

        assert asyncio.run(main()) == labels("a", 25)

    def test_one_async_client_serves_several_loops(self, settings: dict[str, Any]) -> None:
        """Frameworks run a new loop for each call."""
        client = AsyncClient(**settings)

        async def main(name: str) -> list[str]:
            try:
                return texts(await client.parse(make_pdf(name, 2)))
            finally:
                await client.close()

        assert asyncio.run(main("a")) == labels("a", 2)
        assert asyncio.run(main("b")) == labels("b", 2)

    def test_the_local_engine_is_one_for_all_loops(self) -> None:
        """Its jobs live in it: one submitted in a call can be fetched in the next."""
        client = AsyncClient(engine="local")

        async def submit() -> Job:
            return await client.submit(make_pdf("a", 2))

        async def fetch(job: Job) -> int:
            async with client:
                return (await client.result(job)).total_pages

        assert asyncio.run(fetch(asyncio.run(submit()))) == 2

    def test_a_client_can_be_used_again_after_closing(self, settings: dict[str, Any]) -> None:
        client = Client(**settings)
        for name in ("a", "b"):
            with client:
                assert texts(client.parse(make_pdf(name, 1))) == labels(name, 1)

    def test_connections_are_used_again(
        self, both: Both, settings: dict[str, Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        """One for all requests of a job and of what follows it, whatever the time between two looks."""
        caplog.set_level(logging.DEBUG, "httpcore.connection")
        calls = [("parse", (make_pdf("a", 25),), {"route": "async"}), ("parse", (make_pdf("b", 1),), {})]
        both.each({**settings, "max_concurrency": 1}, *calls)
        assert len([one for one in caplog.messages if one.startswith("connect_tcp.started")]) == 1


class TestFaults:
    """The documented ways of going wrong, made by a real server."""

    def faults(self, loopback: Loopback) -> Any:
        from upstage_docs.testing import faults

        return faults

    def test_429_then_success(self, both: Both, settings: dict[str, Any], loopback: Loopback) -> None:
        faults = self.faults(loopback)
        loopback.faults.script("sync", faults.too_many_requests(retry_after=0), faults.too_many_requests())
        settings["rates"] = {"sync": Rate(requests_per_second=1000)}
        assert texts(both("parse", make_pdf("a", 1), settings=settings)) == ["a page 1"]
        assert loopback.faults.count("sync") == 3
        assert loopback.billed == {"a page 1": 1}

    def test_clients_with_one_key_keep_to_its_limits_together(
        self, both: Both, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        """Limits count per key: what one client is told, another one with that key knows, and nobody else."""
        loopback.faults.script("sync", self.faults(loopback).too_many_requests(retry_after=900))
        document = make_pdf("a", 1)
        with Client(**settings) as first:
            with pytest.raises(RateLimitError):
                first.parse(document)
            with pytest.raises(RateLimitError, match="asked for a pause"):
                both("parse", document, settings=settings)
            assert loopback.faults.count("sync") == 1
            assert texts(both("parse", document, settings={**settings, "api_key": "up_another"})) == ["a page 1"]

    def test_errors_by_kind(self, both: Both, settings: dict[str, Any], loopback: Loopback) -> None:
        faults = self.faults(loopback)
        for fault, error, says in (
            (faults.unauthorized(), AuthenticationError, "invalid api key"),
            (faults.suspended(), AuthenticationError, "insufficient credit"),
            (faults.too_many_requests(retry_after=900), RateLimitError, "Too many requests"),
            (faults.error_in_200(), InvalidResponseError, "200 with an error"),
        ):
            loopback.faults.script("sync", fault)
            with pytest.raises(error, match=says):
                both("parse", make_pdf("a", 1), settings={**settings, "api_key": f"up_for_{fault.status}"})
        for fault in (faults.unavailable(), faults.gateway_text()):
            loopback.faults.script("sync", fault, fault, fault)
            with pytest.raises(APIStatusError, match=str(fault.status)):
                both("parse", make_pdf("a", 1), settings=settings)
        assert loopback.billed == {}
        assert texts(both("parse", make_pdf("a", 1), settings=settings)) == ["a page 1"]

    @pytest.mark.parametrize("beside", [b'"error": null, "message": "done"', b'"error": {"message": "a warning"}'])
    def test_an_answer_beside_what_looks_like_an_error_is_an_answer(
        self, beside: bytes, both: Both, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        """It was paid for: refused, it would be asked for, and paid for, by every call."""
        body = b'{%s, "elements": [{"page": 1, "content": {"text": "kept"}}], "usage": {"pages": 1}}' % beside
        loopback.faults.script("sync", self.faults(loopback).Answer(200, body))
        for _ in range(2):
            assert texts(both("parse", make_pdf("a", 1), settings=settings)) == ["kept"]
        assert loopback.faults.count("sync") == 1

    def test_nonsense_is_told_with_its_document(self, both: Both, settings: dict[str, Any], loopback: Loopback) -> None:
        """JSON of another shape: among many documents the message says which one it was."""
        nonsense = self.faults(loopback).Answer(200, b'{"pong": 1}')
        loopback.faults.script("sync", nonsense, nonsense)
        for method in ("parse", "ocr"):
            with pytest.raises(InvalidResponseError, match=r"^scan-7\.pdf: the answer is not one of Document"):
                both(method, make_pdf("a", 1), source="scan-7.pdf", settings=settings)

    @pytest.mark.parametrize("after", [None, 30])
    def test_a_reset_after_billing_is_reported_and_never_paid_twice(
        self, both: Both, settings: dict[str, Any], loopback: Loopback, after: int | None
    ) -> None:
        loopback.faults.script("sync", self.faults(loopback).reset(after=after))
        for _ in range(2):
            with pytest.raises(UnknownOutcomeError):
                both("parse", make_pdf("a", 1), settings=settings)
        assert loopback.billed == {"a page 1": 1}
        document = both("parse", make_pdf("a", 1), settings={**settings, "on_unknown": "resend"})
        assert texts(document) == ["a page 1"]
        assert loopback.billed == {"a page 1": 2}

    def test_a_deadline_ends_a_paid_send_as_unknown(
        self, both: Both, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        """Where a busy machine needs the deadline to send the document, it is sent again, and not answered either."""
        loopback.stand_in.allowed = threading.Semaphore(0)
        hurried = {**settings, "timeout": 0.3, "retry": RetryPolicy(attempts=50, initial=0.01)}
        with pytest.raises(UnknownOutcomeError, match="no answer came"):
            both("parse", make_pdf("a", 1), settings=hurried)
        loopback.stand_in.allowed.release(50)

    def test_batches_that_go_wrong_on_the_way(self, both: Both, settings: dict[str, Any], loopback: Loopback) -> None:
        from upstage_docs.testing.faults import Truncate

        faults = self.faults(loopback)
        loopback.faults.script(
            "result", faults.expired_url(), faults.reset(after=20), Truncate(50), faults.unavailable()
        )
        loopback.faults.script("status", faults.unavailable(), faults.reset(), faults.no_download_urls(), Truncate(9))
        document = both("parse", make_pdf("a", 25), settings=settings, route="async")
        assert texts(document) == labels("a", 25)
        assert loopback.billed == Counter(labels("a", 25))

    def test_a_failed_job_and_a_failed_batch(self, both: Both, settings: dict[str, Any], loopback: Loopback) -> None:
        faults = self.faults(loopback)
        loopback.faults.always("status", faults.failed_job("no luck"))
        with pytest.raises(JobFailedError, match="no luck"):
            both("parse", make_pdf("a", 5), settings=settings, route="async")
        loopback.faults.clear()
        loopback.faults.always("status", faults.failed_batch(1))
        with pytest.raises(JobFailedError, match="pages 11-20") as caught:
            both("parse", make_pdf("b", 25), settings=settings, route="async")
        assert caught.value.pages_paid == 15, "those after the failed ones are answered and paid for, too"
        loopback.faults.clear()
        assert texts(both("parse", make_pdf("b", 25), settings=settings, route="async")) == labels("b", 25)
        assert loopback.billed["b page 1"] == 1

    def test_a_job_that_hangs_times_out_and_is_resumed(
        self, both: Both, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        loopback.faults.always("status", self.faults(loopback).hanging_job(completed=1))
        hurried = {**settings, "poll": PollPolicy(initial=0.02, maximum=0.05, deadline=0.5)}
        with pytest.raises(JobTimeoutError):
            both("parse", make_pdf("a", 25), settings=hurried, route="async")
        loopback.faults.clear()
        assert texts(both("parse", make_pdf("a", 25), settings=settings)) == labels("a", 25)
        assert loopback.billed == Counter(labels("a", 25))
        assert loopback.faults.count("submit") == 1


class TestJobs:
    def test_submit_ask_and_fetch(self, both: Both, settings: dict[str, Any], loopback: Loopback) -> None:
        job = both("submit", make_pdf("a", 25), settings=settings, source="a.pdf")
        assert isinstance(job, Job)
        document = both("result", job, settings=settings)
        assert (texts(document), document.source, document.total_pages) == (labels("a", 25), "a.pdf", 25)
        assert document.file_sha256 == job.file_sha256
        assert both("job", job.request_id, settings=settings).status == "completed"
        assert job.request_id in [one.request_id for one in both("jobs", settings=settings)]
        with pytest.raises(ConfigError, match="was answered before"):
            both("submit", make_pdf("a", 25), settings=settings)

    def test_a_result_from_another_machine_by_its_id(
        self, both: Both, settings: dict[str, Any], tmp_path: Path
    ) -> None:
        job = both("submit", make_pdf("a", 25), settings=settings)
        elsewhere = {**settings, "cache": tmp_path / "elsewhere"}
        assert texts(both("result", job.request_id, settings=elsewhere)) == labels("a", 25)
        slices = both("stream_result", job.request_id, settings={**settings, "cache": False})
        assert [len(one.elements) for one in slices] == [10, 10, 5]

    def test_a_result_that_is_fetched_again_is_not_billed_again(self, settings: dict[str, Any]) -> None:
        with Client(**{**settings, "cache": False}) as client:
            job = client.submit(make_pdf("a", 15))
            assert [texts(client.result(job)) for _ in range(2)] == [labels("a", 15)] * 2
            assert client.usage.pages == 15

    def test_a_job_is_resumed_by_parsing_the_same_document(
        self, both: Both, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        both("submit", make_pdf("a", 25), settings=settings)
        assert texts(both("parse", make_pdf("a", 25), settings=settings)) == labels("a", 25)
        assert loopback.faults.count("submit") == 1

    def test_an_unknown_job(self, both: Both, settings: dict[str, Any]) -> None:
        with pytest.raises((JobError, BadRequestError), match="no-such-job"):
            both("job", "no-such-job", settings=settings)


class TestOcr:
    def test_words_and_pages(self, both: Both, settings: dict[str, Any], loopback: Loopback) -> None:
        result = both("ocr", make_pdf("a", 3), settings=settings, source="a.pdf")
        assert [page.text for page in result.pages] == labels("a", 3)
        assert result.billed_pages == 3
        again = both("ocr", make_pdf("a", 3), settings=settings, source="a.pdf")
        assert again == result
        assert loopback.billed == Counter(labels("a", 3))

    def test_raw_is_what_was_answered(self, both: Both, settings: dict[str, Any]) -> None:
        assert b'"numBilledPages": 3' in both("ocr_raw", make_pdf("a", 3), settings=settings)

    def test_another_schema_needs_the_raw_way(self, both: Both, settings: dict[str, Any]) -> None:
        with pytest.raises(ConfigError, match="ocr_raw"):
            both("ocr", make_pdf("a", 1), OCROptions(schema="clova"), settings=settings)


class TestOptionsOfAnotherKind:
    @pytest.mark.parametrize("method", ["parse", "submit", "ocr", "ocr_raw", "estimate"])
    @pytest.mark.parametrize("options", [{"mode": "auto"}, "auto"], ids=str)
    def test_are_named(
        self, both: Both, settings: dict[str, Any], loopback: Loopback, method: str, options: Any
    ) -> None:
        wanted = "OCROptions" if "ocr" in method else "ParseOptions"
        with pytest.raises(ConfigError, match=rf"^options= is of type '(dict|str)'; .*{wanted}\("):
            both(method, make_pdf("a", 1), options, settings=settings)
        assert not loopback.faults.billed

    def test_of_a_parse_are_none_of_ocr(self, both: Both, settings: dict[str, Any]) -> None:
        with pytest.raises(ConfigError, match=r"^options= is of type 'ParseOptions'; .*OCROptions\("):
            both("ocr", make_pdf("a", 1), ParseOptions(), settings=settings)

    @pytest.mark.parametrize("method", ["parse", "stream", "submit", "parse_many"])
    def test_of_ocr_are_none_of_a_parse(
        self, both: Both, settings: dict[str, Any], loopback: Loopback, method: str
    ) -> None:
        """Else the wrong thing would be paid for."""
        document = make_pdf("a", 1)
        with pytest.raises(ConfigError, match=r"^options= is of type 'OCROptions'; .*ParseOptions\("):
            both(method, [document] if method == "parse_many" else document, OCROptions(), settings=settings)
        assert not loopback.faults.billed


class TestMany:
    @pytest.mark.parametrize("method", ["parse_many", "ocr_many"])
    def test_one_path_is_one_document(self, both: Both, settings: dict[str, Any], tmp_path: Path, method: str) -> None:
        """And not as many as it has letters."""
        path = tmp_path / "a.pdf"
        path.write_bytes(make_pdf("a", 1))
        (found,) = both(method, str(path), settings=settings)
        assert found.source == str(path)

    def test_in_order_and_at_once(self, both: Both, settings: dict[str, Any], loopback: Loopback) -> None:
        """None of five is answered before all five are being read."""
        loopback.stand_in.meeting = threading.Barrier(5)
        names = [f"d{number}" for number in range(10)]
        found = both("parse_many", [make_pdf(name, 2) for name in names], settings=settings)
        assert [texts(document) for document in found] == [labels(name, 2) for name in names]
        assert loopback.stand_in.most_at_once >= 5

    def test_each_as_soon_as_it_is_there(self, both: Both, settings: dict[str, Any], loopback: Loopback) -> None:
        """The first one's job hangs until the two behind it have come."""
        from upstage_docs.testing.faults import hanging_job

        loopback.faults.always("status", hanging_job())
        documents = [make_pdf("a", 35), make_pdf("b", 1), make_pdf("c", 1)]
        report = Report(on_progress=lambda now: loopback.faults.clear() if now.files == 2 else None)
        found = both("parse_many", documents, settings=settings, ordered=False, report=report)
        assert [len(texts(one)) for one in found] == [1, 1, 35]

    def test_failures_are_skipped_and_reported(self, both: Both, settings: dict[str, Any], loopback: Loopback) -> None:
        from upstage_docs.testing.faults import unavailable

        loopback.faults.script("sync", unavailable(), unavailable(), unavailable())
        report = Report()
        documents = [make_pdf("a", 1), "missing.pdf", make_pdf("b", 2), b"text"]
        settings["max_concurrency"] = 1
        found = both("parse_many", documents, settings=settings, on_error="skip", report=report)
        assert [texts(one) for one in found] == [labels("b", 2)]
        assert [type(one.error) for one in report.failures] == [APIStatusError, SourceNotFoundError, SourceError]
        assert [one.resumable for one in report.failures] == [True, False, False]
        assert report.failures[1].source == "missing.pdf"
        assert report.failures[0].pages_paid == 0
        assert (len(report.succeeded), report.pages) == (1, 2)
        assert "1 documents read (2 pages), 3 failed" in str(report)
        assert "missing.pdf: There is no file" in str(report)

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such names of files")
    @pytest.mark.parametrize("as_entry", [False, True])
    def test_a_file_that_fails_has_the_name_that_its_records_would_have(
        self, both: Both, settings: dict[str, Any], tmp_path: Path, *, as_entry: bool
    ) -> None:
        """An entry of a folder is named by its path; a name that is no text, as records are."""
        report = Report()
        folder = tmp_path / "documents"
        folder.mkdir()
        path = os.fsdecode(os.fsencode(folder) + (b"/a.pdf" if as_entry else b"/a\xff.pdf"))
        for content in (make_pdf("a", 1), b"%PDF-"):
            Path(path).write_bytes(content)
            with os.scandir(folder) as entries:
                both(
                    "parse_many",
                    list(entries) if as_entry else [path],
                    settings=settings,
                    on_error="skip",
                    report=report,
                )
        assert [one.source for one in report.failures] == list(report.succeeded)

    def test_progress_is_told_of_pages_and_documents(self, both: Both, settings: dict[str, Any]) -> None:
        told: list[Progress] = []
        documents = [make_pdf("a", 3), "missing.pdf", make_pdf("b", 2)]
        report = Report(on_progress=told.append)
        both("parse_many", documents, settings=settings, on_error="skip", report=report)
        assert told == [Progress(3, 3, 1), Progress(3, 3, 2, failed=1), Progress(5, 5, 3, failed=1)]

    def test_a_failed_ocr_says_what_it_has_paid_for(
        self, both: Both, settings: dict[str, Any], loopback: Loopback
    ) -> None:
        """The pages of the part that was answered; running again sends the other part only."""
        from upstage_docs.testing.faults import unavailable

        settings["limits"] = ApiLimits(ocr_pages=10)
        settings["max_concurrency"] = 1
        loopback.faults.script("sync", None, *[unavailable()] * QUICK.attempts)
        report = Report()
        assert both("ocr_many", [make_pdf("a", 20)], settings=settings, on_error="skip", report=report) == []
        assert [(one.pages_paid, one.resumable) for one in report.failures] == [(10, True)]
        assert both("estimate", make_pdf("a", 20), OCROptions(), settings=settings).pages == 10

    def test_the_first_failure_is_raised_in_its_place(self, both: Both, settings: dict[str, Any]) -> None:
        report = Report()
        with pytest.raises(SourceNotFoundError):
            both("parse_many", [make_pdf("a", 1), "missing.pdf"], settings=settings, report=report)
        assert len(report.succeeded) == len(report.failures) == 1

    def test_an_unknown_way_with_errors_is_refused(self, both: Both, settings: dict[str, Any]) -> None:
        with pytest.raises(ConfigError, match="on_error='ignore'"):
            both("parse_many", [], settings=settings, on_error="ignore")

    def test_a_folder_of_documents_is_parsed_as_it_is_found(
        self, both: Both, settings: dict[str, Any], tmp_path: Path
    ) -> None:
        for name in "abc":
            (tmp_path / f"{name}.pdf").write_bytes(make_pdf(name, 1))
        found = both("parse_many", sorted(tmp_path.glob("*.pdf")), settings=settings)
        assert [Path(one.source).name for one in found] == ["a.pdf", "b.pdf", "c.pdf"]


class TestMoney:
    def test_estimate_before_and_usage_after(self, settings: dict[str, Any]) -> None:
        with Client(**settings) as client:
            estimate = client.estimate([make_pdf("a", 3), make_pdf("b", 30)])
            assert (estimate.pages, estimate.lowest, estimate.highest) == (33, 0.33, 0.33)
            assert client.estimate(make_pdf("a", 3), ParseOptions(mode="auto")).highest == 0.09
            client.parse(make_pdf("a", 3))
            client.ocr(make_pdf("a", 2))
            assert (client.usage.pages, client.usage.ocr_pages, client.usage.cost) == (3, 2, 0.03)
            assert client.estimate([make_pdf("a", 3), make_pdf("b", 30)]).pages == 30

    def test_prices_of_an_account(self, settings: dict[str, Any]) -> None:
        """No list price of OCR is public, and the local engine costs nothing."""
        document = make_pdf("a", 3)
        with Client(**settings, prices={"ocr": 0.002, "standard": 0.008}) as client:
            assert client.estimate(document, OCROptions()).highest == 0.006
            client.ocr(document)
            assert client.estimate(document).highest == 0.024
            client.parse(document)
            assert client.usage.cost == 0.03
        assert Client(engine="local").estimate(document, ParseOptions(mode="auto")).highest == 0
        with pytest.raises(ConfigError, match=r"'pages': 1.*standard, enhanced, ocr"):
            Client(KEY, prices={"pages": 1})

    def test_the_local_engine_has_no_store_unless_asked(self, tmp_path: Path) -> None:
        assert Client(engine="local")._context.store.path is None
        assert Client(engine="local", cache=tmp_path)._context.store.path is not None


def test_the_request_that_a_mock_sees_is_the_upload(both: Both) -> None:
    """A fake transport can take the form apart, as any server does."""
    seen: list[bytes] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(form(request)["document"][1])
        return httpx.Response(200, json=answer([1]))

    both("parse", make_pdf("a", 1), settings={"api_key": KEY, "transport": both.transport(respond), "cache": False})
    assert seen == [make_pdf("a", 1)]
