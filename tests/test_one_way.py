"""One way through: what a document passes on its way stays short, and what travels along is not lost."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import signal
import sys
import threading
from collections import defaultdict
from contextvars import ContextVar
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import pytest
from interrupting import hearing_ctrl_c
from stand_in import make_pdf, parse_answer

import upstage_docs
from langchain_upstage_docs import UpstageDocumentParseLoader
from llama_index_upstage_docs import UpstageDocumentParseReader
from upstage_docs import (
    Client,
    Limits,
    Named,
    OCROptions,
    OcrResult,
    ParsedDocument,
    Report,
    decode_document,
    decode_ocr,
)
from upstage_docs.errors import BadRequestError, InvalidResponseError
from upstage_docs.flows.plan import Spending

ROOT = Path(upstage_docs.__file__).resolve().parent.parent  # a checkout, or where the package is installed
OURS = tuple(str(ROOT / name) for name in ("upstage_docs", "langchain_upstage_docs", "llama_index_upstage_docs"))
KEY = "up_abcdefghijklmnop"
# Raising one of these takes the reason beside it.
# Every option is checked where it is made, and read when it loads (options/definitions); three let a transport of the
# caller's, whatever it does, not outlast the deadline (client/sending).
# Four ask whether somebody traces (flows/reports), who then sees each document, request, job and batch.
# One looks whether JSON would take many times its bytes (lenient), one whether a text may hold titles (records).
# One takes a place among what runs at once in a way that Ctrl-C does not break (client/session).
FUNCTIONS = 100
# Constructors hide the key from tracebacks (options/definitions); what waits for its last page is one (flows/slices).
FILES = 18
# The same with a client that is made for the file and closed after it, as `with Client(...)` does: its settings are
# checked, its secrets guarded, its connection opened, and the thread that carries a transport of the caller's begins.
# The version with 187 functions in 33 files counted this.
FUNCTIONS_WITH_CLIENT = 147
FILES_WITH_CLIENT = 23


class Passage:
    """Counts the functions of ours that are entered, in all threads, and the threads that begin."""

    def __init__(self) -> None:
        self.entered: dict[str, set[str]] = defaultdict(set)
        self.calls: dict[str, int] = defaultdict(int)
        self.threads: set[int] = set()

    def __enter__(self) -> Passage:
        gc.disable()  # it comes at any moment, and would be noted (client/threads)
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)
        gc.enable()

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(OURS):
            name = getattr(code, "co_qualname", code.co_name)  # Python 3.10 knows the short name only
            if not name.rpartition(".")[2].startswith("<"):
                self.entered[code.co_filename].add(name)
                self.calls[name] += 1
                self.threads.add(threading.get_ident())

    @property
    def functions(self) -> int:
        return sum(map(len, self.entered.values()))


def answering(body: bytes) -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(200, content=body))


def client_of(body: bytes, **more: Any) -> Client:
    return Client(KEY, transport=answering(body), cache=False, **more)


def shown(passage: Passage) -> str:
    lines = (f"{Path(file).relative_to(ROOT)}: {', '.join(sorted(names))}" for file, names in passage.entered.items())
    return "\n".join(sorted(lines))


def frames(error: BaseException) -> list[str]:
    found = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith(OURS):
            found.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    return found


def test_one_file_passes_few_functions_and_begins_no_thread(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 1))

    with client_of(parse_answer(["a page 1"])) as client:
        list(UpstageDocumentParseLoader(path, client=client).lazy_load())  # imports are not counted
        with Passage() as passage:
            assert len(list(UpstageDocumentParseLoader(path, client=client).lazy_load())) == 1
    assert passage.functions <= FUNCTIONS, shown(passage)
    assert len(passage.entered) <= FILES, shown(passage)
    assert passage.calls["decode_shape"] == passage.calls["decode_document"] == 1
    others = passage.threads - {threading.get_ident()}
    assert len(others) <= 1, "the one that carries the caller's own transport; the network needs none"


def test_a_client_for_one_file_adds_few_functions(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 1))

    body = parse_answer(["a page 1"])

    def load() -> None:
        with client_of(body) as client:
            assert len(list(UpstageDocumentParseLoader(path, client=client).lazy_load())) == 1

    load()  # imports are not counted
    with Passage() as passage:
        load()
    assert passage.functions <= FUNCTIONS_WITH_CLIENT, shown(passage)
    assert len(passage.entered) <= FILES_WITH_CLIENT, shown(passage)


def test_the_life_of_a_request_is_told_as_it_is(tmp_path: Path) -> None:
    """Every function that ARCHITECTURE.md names is where it says, and one file enters it."""
    told = ROOT / "ARCHITECTURE.md"
    if not told.is_file():
        pytest.skip("needs a checkout")
    table = told.read_text(encoding="utf-8").partition("## The life of a request")[2].partition("\n## ")[0]
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 1))
    with client_of(parse_answer(["a page 1"])) as client, Passage() as passage:
        list(UpstageDocumentParseLoader(path, client=client).lazy_load())

    entered = {Path(file).relative_to(ROOT).as_posix(): names for file, names in passage.entered.items()}
    module = ""
    for word in re.findall(r"`([\w/.]+)`", "".join(re.findall(r"^\| .* \| (.*) \|$", table, re.MULTILINE))):
        if word.endswith(".py"):
            module = word if word in entered else f"upstage_docs/{word}"
        else:
            assert word.rpartition(".")[2] in {name.rpartition(".")[2] for name in entered[module]}, (module, word)
    assert module


def test_over_the_network_no_thread_begins(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 1))
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            base_url = f"http://127.0.0.1:{server.server_port}/v1"
            with Client(KEY, base_url=base_url, cache=False) as client, Passage() as passage:
                assert len(list(UpstageDocumentParseLoader(path, client=client).lazy_load())) == 1
        finally:
            server.shutdown()
            serving.join()
    assert passage.threads == {threading.get_ident()}


class Answering(BaseHTTPRequestHandler):
    """Answers each request with one page."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = parse_answer(["a page 1"])
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the output to the tests."""


def test_a_refusal_shows_few_frames_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 1))
    refusing = httpx.MockTransport(lambda request: httpx.Response(400, json={"message": "no"}))
    with Client(KEY, transport=refusing, cache=False) as client:
        for call in (
            lambda: list(UpstageDocumentParseLoader(path, client=client).lazy_load()),
            lambda: client.parse(path),
            lambda: list(client.parse_many([path, path])),
            lambda: UpstageDocumentParseReader(client=client).load_data(path),
        ):
            with pytest.raises(BadRequestError) as caught:
                call()
            assert len(frames(caught.value)) <= 10, frames(caught.value)


trace: ContextVar[str] = ContextVar("trace", default="lost")


@pytest.mark.parametrize("documents", [1, 3])
@pytest.mark.parametrize("pages_per_request", [None, 1])
def test_a_send_sees_the_context_variables_of_its_caller(documents: int, pages_per_request: int | None) -> None:
    """Tracing hangs on them: without them the paid call is cut off its trace."""
    seen = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(trace.get())
        return httpx.Response(200, content=parse_answer(["a"] * (2 if pages_per_request is None else 1)))

    token = trace.set("of the caller")
    try:
        with Client(KEY, transport=httpx.MockTransport(respond), cache=False) as client:
            wanted = [make_pdf(f"d{number}", 2) for number in range(documents)]
            assert len(list(client.parse_many(wanted, pages_per_request=pages_per_request))) == documents
    finally:
        trace.reset(token)
    assert set(seen) == {"of the caller"}


def test_a_loader_with_a_client_in_threads_keeps_the_context_variables(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 1))
    seen = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(trace.get())
        return httpx.Response(200, content=parse_answer(["a"]))

    async def load(client: Client) -> int:
        trace.set("of the task")
        return len([one async for one in UpstageDocumentParseLoader(path, client=client).alazy_load()])

    with Client(KEY, transport=httpx.MockTransport(respond), cache=False) as client:
        assert asyncio.run(load(client)) == 1
    assert seen == ["of the task"]


def test_a_local_load_costs_nothing(tmp_path: Path) -> None:
    """The prices are the client's: a sum that is typed anew has those of the API."""
    pytest.importorskip("liteparse", reason='the local engine needs the extra "local"')
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 4))
    loader = UpstageDocumentParseLoader(path, engine="local")
    list(loader.lazy_load())
    list(loader.lazy_load())
    assert (loader.usage.pages, loader.usage.cost) == (8, 0.0)


def test_a_sum_of_spending_keeps_its_prices() -> None:
    dear = Spending(pages=1, prices={"standard": 2.0})
    assert (dear + dear).cost == 4.0


class TestReadingBack:
    """What was saved of a document is read again, from however many answers it came."""

    def test_a_document_of_several_answers(self) -> None:
        bodies = iter([parse_answer(["one", "two"]), parse_answer(["three", "four"]), parse_answer(["five"])])
        transport = httpx.MockTransport(lambda request: httpx.Response(200, content=next(bodies)))
        with Client(KEY, transport=transport, cache=False, max_concurrency=1) as client:
            document = client.parse(make_pdf("a", 5), source="a.pdf", pages_per_request=2)
        again = decode_document(document.raw, source="a.pdf", file_sha256=document.file_sha256)
        assert again.raw == document.raw
        assert (again.elements, again.html, again.text) == (document.elements, document.html, document.text)
        assert (again.total_pages, again.usage, again.model) == (5, document.usage, document.model)
        assert [element.page for element in again.elements] == [1, 2, 3, 4, 5]

    def test_batches_that_count_from_the_start_of_the_file(self) -> None:
        third = json.loads(parse_answer(["three"]))
        third["elements"][0]["page"] = 3
        raw = b"[%s,%s]" % (parse_answer(["one", "two"]), json.dumps(third).encode())
        assert [element.page for element in decode_document(raw).elements] == [1, 2, 3]
        assert [element.id for element in decode_document(raw).elements] == [0, 1, 2]

    def test_a_recognition_of_several_answers(self) -> None:
        def body(words: list[str]) -> bytes:
            listed = [{"id": number, "text": word, "confidence": 0.5} for number, word in enumerate(words)]
            page = {"id": 0, "page": 1, "text": " ".join(words), "confidence": 0.5, "words": listed}
            return json.dumps(
                {"modelVersion": "ocr-0", "numBilledPages": 1, "confidence": 0.5, "pages": [page]}
            ).encode()

        bodies = iter([body(["a", "b"]), body(["c"])])
        transport = httpx.MockTransport(lambda request: httpx.Response(200, content=next(bodies)))
        limits = Limits(ocr_pages=1)
        with Client(KEY, transport=transport, cache=False, max_concurrency=1, limits=limits) as client:
            result = client.ocr(make_pdf("a", 2), source="a.pdf")
        again = decode_ocr(result.raw, source="a.pdf", file_sha256=result.file_sha256)
        assert again == result
        assert [(page.number, [word.id for word in page.words]) for page in again.pages] == [(1, [0, 1]), (2, [2])]

    @pytest.mark.parametrize("raw", [b"[]", b"[1]", b"[[]]", b"[{}, 2]", b"[" * 5000])
    def test_an_array_of_something_else_is_refused(self, raw: bytes) -> None:
        for decode in (decode_document, decode_ocr):
            with pytest.raises(InvalidResponseError):
                decode(raw)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("options", [None, OCROptions()])
def test_many_documents_are_streamed_with_what_each_was_given_as(many: bool, options: OCROptions | None) -> None:
    kind = ParsedDocument if options is None else OcrResult
    body = parse_answer(["a"])
    if options is not None:
        body = b'{"modelVersion": "ocr-0", "pages": [{"text": "a", "width": 9, "height": 9}]}'
    wanted = [make_pdf(f"d{number}", 1) for number in range(1 + many)]
    with client_of(body) as client:
        found = list(client.stream_many(wanted, options))
    assert [(item.document, piece and type(piece)) for item, piece in found] == [
        pair for document in wanted for pair in ((document, kind), (document, None))
    ]


def test_what_cannot_be_converted_is_a_failure_of_its_document() -> None:
    def convert() -> Any:
        def turn(piece: Any) -> str:
            if piece is not None and piece.source == "bad.pdf":
                raise InvalidResponseError("it holds nonsense")
            return "end" if piece is None else piece.source

        return turn

    wanted = [Named(make_pdf(name, 1), name) for name in ("bad.pdf", "good.pdf")]
    report = Report()
    with client_of(parse_answer(["a"])) as client:
        found = list(client.stream_many(wanted, on_error="skip", report=report, convert=convert))
    assert [piece for _, piece in found] == ["good.pdf", "end", None]
    assert [failure.source for failure in report.failures] == ["bad.pdf"]


def test_the_command_keeps_the_context_variables(tmp_path: Path) -> None:
    """Its documents are read in threads."""
    from upstage_docs.cli.files import Task
    from upstage_docs.cli.work import Result, carry_out

    seen = []

    def produce(path: Path, tell: Any) -> Result:
        seen.append(trace.get())
        return Result(path.name, {"pages": 1, "model": "none"})

    token = trace.set("of the caller")
    try:
        tasks = [Task(tmp_path / f"{number}.pdf", tmp_path / f"{number}.md") for number in range(3)]
        carry_out(tasks, produce, lambda: None, overwrite=True, max_concurrency=2, as_json=False)
    finally:
        trace.reset(token)
    assert seen == ["of the caller"] * 3


def test_a_worker_of_a_corpus_keeps_the_context_variables(tmp_path: Path) -> None:
    from upstage_docs.corpora.ray import ParseFiles

    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 1))
    seen = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(trace.get())
        return httpx.Response(200, content=parse_answer(["a"]))

    token = trace.set("of the caller")
    try:
        with Client(KEY, transport=httpx.MockTransport(respond), cache=False) as client:
            assert [len(rows) for rows in ParseFiles(client).parse([path, path])] == [1, 1]
    finally:
        trace.reset(token)
    assert seen == ["of the caller"] * 2


def test_ctrl_c_lets_a_paid_send_be_answered_and_kept(tmp_path: Path) -> None:
    """The first one ends the work after the answer is stored: it is not paid again."""
    sends = []

    def respond(request: httpx.Request) -> httpx.Response:
        sends.append(request.url.path)
        signal.raise_signal(signal.SIGINT)
        return httpx.Response(200, content=parse_answer(["a"]))

    with hearing_ctrl_c(), Client(KEY, transport=httpx.MockTransport(respond), cache=tmp_path) as client:
        with pytest.raises(KeyboardInterrupt):
            client.parse(make_pdf("a", 1))
        assert client.parse(make_pdf("a", 1)).total_pages == 1
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert len(sends) == 1
