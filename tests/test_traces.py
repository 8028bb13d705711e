"""What a trace shows of a call: a span for each document, request, job, batch and hit in the store."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("opentelemetry.sdk", reason="spans are looked at with the SDK")

from made_api import MadeApi, pdf
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from stand_in import parse_answer
from untraced import forget_tracer_provider

from upstage_docs import BadRequestError, Client, OCROptions, ParseOptions, RetryPolicy, SourceError

EXPORTER = InMemorySpanExporter()
KEY = "up_abcdefghijklmnop"


@pytest.fixture(scope="module", autouse=True)
def _tracing() -> Iterator[None]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(EXPORTER))
    trace.set_tracer_provider(provider)
    yield
    forget_tracer_provider()


@pytest.fixture(autouse=True)
def _no_spans() -> Iterator[None]:
    EXPORTER.clear()
    yield
    EXPORTER.clear()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(3))
    return path


def spans(name: str = "") -> list[ReadableSpan]:
    return [span for span in EXPORTER.get_finished_spans() if not name or span.name == f"upstage_docs.{name}"]


def told(span: ReadableSpan) -> dict[str, Any]:
    return {key.removeprefix("upstage_docs."): value for key, value in (span.attributes or {}).items()}


def is_child(span: ReadableSpan, parent: ReadableSpan) -> bool:
    return span.parent is not None and span.parent.span_id == parent.context.span_id


def test_a_document_is_a_span_with_a_request_inside(path: Path) -> None:
    with MadeApi().client() as client, trace.get_tracer("test").start_as_current_span("mine"):
        client.parse(path)
    (document,), (request,), (mine,) = spans("document"), spans("request"), [s for s in spans() if s.name == "mine"]

    assert told(document) == {
        "source": str(path), "operation": "parse", "pages": 3, "billed_pages": 3, "cost": 0.03,
    }  # fmt: skip
    assert told(request) == {
        "model": "document-parse", "route": "sync", "first_page": 1, "pages": 3, "tries": 1, "status": 200,
        "billed_pages": 3, "cost": 0.03,
    }  # fmt: skip
    assert is_child(request, document)
    assert is_child(document, mine)
    assert told(mine) == {}


def test_what_is_stored_is_a_hit_and_costs_nothing(path: Path, tmp_path: Path) -> None:
    for _ in range(2):
        with MadeApi().client(cache=tmp_path / "store") as client:
            client.parse(path)
    (hit,), again = spans("cache_hit"), spans("document")[1]

    assert told(hit) == {"model": "document-parse", "route": "sync", "first_page": 1, "pages": 3}
    assert "cost" not in told(again)
    assert len(spans("request")) == 1


@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_parts_of_a_long_document_are_its_children(path: Path, *, asynchronous: bool) -> None:
    async def aparse() -> None:
        async with MadeApi().aclient() as client:
            await client.parse(path, pages_per_request=1, route="sync")

    if asynchronous:
        asyncio.run(aparse())
    else:
        with MadeApi().client(max_concurrency=3) as client:
            client.parse(path, pages_per_request=1, route="sync")
    (document,) = spans("document")

    assert sorted(told(span)["first_page"] for span in spans("request")) == [1, 2, 3]
    assert all(is_child(span, document) for span in spans("request"))
    assert told(document)["cost"] == 0.03


def test_a_job_has_its_batches(tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(pdf(12))
    with MadeApi().client(max_concurrency=2) as client:
        client.parse(path, route="async")
    (document,), (request,), (job,), batches = spans("document"), spans("request"), spans("job"), spans("batch")

    assert told(request)["route"] == "async"
    assert is_child(request, document)
    assert is_child(job, document)
    assert sorted(told(batch)["billed_pages"] for batch in batches) == [2, 10]
    assert all(is_child(batch, job) for batch in batches)
    assert told(job)["billed_pages"] == told(document)["billed_pages"] == 12
    assert told(job)["request_id"]
    assert (told(job)["model"], told(job)["first_page"], told(job)["pages"]) == ("document-parse", 1, 12)
    assert {(told(one)["batch"], told(one)["first_page"], told(one)["pages"]) for one in batches} == {
        (0, 1, 10),
        (1, 11, 2),
    }


def test_the_page_on_traces_names_each_span_and_each_attribute(tmp_path: Path) -> None:
    from upstage_docs.flows import document, job, operations

    code = "".join(Path(str(module.__file__)).read_text(encoding="utf-8") for module in (document, job, operations))
    made = {f"upstage_docs.{name}" for name in [*re.findall(r'traced\(\s*"(\w+)"', code), *document._SPANS.values()]}
    page = (Path(__file__).parent.parent / "docs" / "traces.md").read_text(encoding="utf-8")
    named = [set(re.findall(r"`(upstage_docs\.\w+)`", table)) for table in page.split("| attribute |")]
    path = tmp_path / "long.pdf"
    path.write_bytes(pdf(12))
    with MadeApi().client(cache=tmp_path / "store") as client:
        client.parse(path, route="async")
        client.parse(path)

    assert named[0] == made
    assert named[1] == {f"upstage_docs.{key}" for span in spans() for key in told(span)}


def test_many_documents_are_as_many_spans(path: Path, tmp_path: Path) -> None:
    (tmp_path / "b.pdf").write_bytes(pdf(2))
    with MadeApi().client(max_concurrency=2) as client, trace.get_tracer("test").start_as_current_span("mine"):
        list(client.parse_many([path, tmp_path / "b.pdf"]))
    (mine,) = [span for span in spans() if span.name == "mine"]

    assert {told(span)["pages"] for span in spans("document")} == {2, 3}
    assert all(is_child(span, mine) for span in spans("document"))


def test_ocr_is_traced_too(path: Path) -> None:
    with MadeApi().client(prices={"ocr": 0.01}) as client:
        client.ocr(path, OCROptions())
    assert told(spans("document")[0])["operation"] == "ocr"
    assert told(spans("request")[0])["cost"] == 0.03


def test_tries_are_counted_and_a_failure_names_its_kind_only(path: Path) -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(trace.get_current_span())
        if len(seen) < 3:
            return httpx.Response(500)
        return httpx.Response(400, json={"error": {"message": "the secret of page 1"}})

    retry = RetryPolicy(attempts=4, initial=0.0)
    with (
        Client(KEY, transport=httpx.MockTransport(answer), cache=False, retry=retry) as client,
        pytest.raises(BadRequestError),
    ):
        client.parse(path)
    (request,), (document,) = spans("request"), spans("document")

    assert (told(request)["tries"], told(request)["status"]) == (3, 400)
    assert told(document)["error.type"] == "BadRequestError"
    assert not document.status.is_ok
    text = " ".join(span.to_json() for span in spans())
    assert "secret" not in text
    assert KEY not in text
    # What a transport begins belongs to the request that it carries.
    assert {span.get_span_context().span_id for span in seen} == {request.context.span_id}


def test_a_stream_leaves_nothing_behind_between_its_slices(path: Path) -> None:
    with MadeApi().client() as client:
        slices = client.stream(path, ParseOptions(), pages_per_request=1, route="sync")
        next(slices)
        assert not trace.get_current_span().is_recording()
        slices.close()
    (document,) = spans("document")

    assert told(document)["error.type"] == "GeneratorExit"
    assert document.status.is_unset


def test_nobody_traces_and_nothing_of_it_is_imported(path: Path) -> None:
    program = (
        "import sys, httpx\n"
        "from upstage_docs import Client\n"
        "answer = httpx.Response(200, content=sys.argv[2].encode())\n"
        f"with Client({KEY!r}, transport=httpx.MockTransport(lambda request: answer), cache=False) as client:\n"
        "    client.parse(sys.argv[1])\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
    )
    answer = parse_answer(["one", "two", "three"]).decode()
    done = subprocess.run(
        [sys.executable, "-c", program, str(path), answer], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"


# The frameworks' own traces


class Recorder:
    """Stands where LangSmith's client does, and keeps what would be sent."""

    def __init__(self) -> None:
        self.runs: dict[Any, dict[str, Any]] = {}

    def create_run(self, name: str, inputs: dict[str, Any], run_type: str, **more: Any) -> None:
        self.runs[more["id"]] = {"name": name, "inputs": inputs, "run_type": run_type, **more}

    def update_run(self, run_id: Any, **more: Any) -> None:
        self.runs[run_id] |= more


@pytest.mark.parametrize("asynchronous", [False, True])
def test_langsmith_sees_a_load_below_the_step_that_began_it(path: Path, *, asynchronous: bool) -> None:
    pytest.importorskip("langchain_core")
    import langsmith

    from langchain_upstage_docs import UpstageDocumentParseLoader

    recorder: Any = Recorder()

    async def aload(loader: UpstageDocumentParseLoader) -> None:
        await loader.aload()

    with (
        MadeApi().client() as client,
        langsmith.tracing_context(enabled=True, client=recorder),
        langsmith.trace("mine", client=recorder),
    ):
        loader = UpstageDocumentParseLoader(path, client=client)
        asyncio.run(aload(loader)) if asynchronous else loader.load()
    (mine,) = [run for run in recorder.runs.values() if run["name"] == "mine"]
    (load,) = [run for run in recorder.runs.values() if run["name"] == "UpstageDocumentParseLoader"]

    assert load["parent_run_id"] == mine["id"]
    assert load["outputs"]["pages"] == 3
    assert load["outputs"]["sources"] == [str(path)]
    assert load["outputs"]["documents"] > 3
    assert "Results" not in str(recorder.runs)


def test_a_load_that_nothing_began_goes_where_the_context_says(path: Path) -> None:
    pytest.importorskip("langchain_core")
    import langsmith

    from langchain_upstage_docs import UpstageDocumentParseLoader

    recorder: Any = Recorder()
    told: dict[str, Any] = {"project_name": "docs", "tags": ["nightly"], "metadata": {"team": "search"}}
    with MadeApi().client() as client, langsmith.tracing_context(enabled=True, client=recorder, **told):
        UpstageDocumentParseLoader(path, client=client).load()
    (load,) = recorder.runs.values()

    assert load["name"] == "UpstageDocumentParseLoader"
    assert load["session_name"] == "docs"
    assert load["tags"] == ["nightly"]
    assert load["extra"]["metadata"]["team"] == "search"


def test_langsmith_sees_that_a_load_failed(tmp_path: Path) -> None:
    pytest.importorskip("langchain_core")
    import langsmith

    from langchain_upstage_docs import UpstageDocumentParseLoader

    recorder: Any = Recorder()
    (tmp_path / "no.pdf").write_bytes(b"%PDF-1.7 nothing")
    with (
        MadeApi().client() as client,
        langsmith.tracing_context(enabled=True, client=recorder),
        langsmith.trace("mine", client=recorder),
        pytest.raises(SourceError),
    ):
        UpstageDocumentParseLoader(tmp_path / "no.pdf", client=client).load()
    (load,) = [run for run in recorder.runs.values() if run["name"] == "UpstageDocumentParseLoader"]
    assert load["error"] == "SourceError"


def test_llama_index_is_told_of_reading(path: Path) -> None:
    pytest.importorskip("llama_index.core")
    from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]
    from llama_index.core.instrumentation.event_handlers import BaseEventHandler
    from llama_index.core.instrumentation.events import BaseEvent

    from llama_index_upstage_docs import UpstageDocumentParseReader
    from llama_index_upstage_docs.events import ReadEndEvent, ReadStartEvent

    told: list[BaseEvent] = []

    class Handler(BaseEventHandler):
        @classmethod
        def class_name(cls) -> str:
            return "Handler"

        def handle(self, event: BaseEvent, **_: Any) -> None:
            told.append(event)

    dispatcher = get_dispatcher()
    handler = Handler()
    dispatcher.add_event_handler(handler)
    try:
        with MadeApi().client() as client:
            documents = UpstageDocumentParseReader(client=client).load_data(path)
            asyncio.run(UpstageDocumentParseReader(client=MadeApi().aclient()).aload_data(path))
    finally:
        dispatcher.event_handlers.remove(handler)
    start, end, *again = [event for event in told if isinstance(event, (ReadStartEvent, ReadEndEvent))]

    assert isinstance(start, ReadStartEvent)
    assert isinstance(end, ReadEndEvent)
    assert (end.reader, end.documents, end.sources) == ("UpstageDocumentParseReader", len(documents), [str(path)])
    assert len(again) == 2
    assert [event.class_name() for event in (start, end)] == ["UpstageReadStartEvent", "UpstageReadEndEvent"]
