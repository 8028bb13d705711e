"""The local engine's protocol through its httpx transport; a stand-in reads the documents, so only the protocol is."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import httpx
import pytest
from eventually import GENEROUS, eventually

from upstage_docs.local import BASE_URL, Engine, LocalTransport
from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.pipe import AnswerPart, Begin, Patience, Task
from upstage_docs.testing.reader import StandInReader

PDF = b"%PDF-1.4 a stand-in"
SYNC = "/document-digitization"


class Reader(StandInReader):
    """Reads any document as *pages* pages without elements; knows what it was given, and if it was stopped."""

    def __init__(self, pages: int = 1, *, fails_after: int | None = None) -> None:
        super().__init__(pages=pages)
        self.fails_after = fails_after
        self.documents: list[bytes] = []
        self.begun = threading.Event()
        self.stopped = threading.Event()

    def read(self, task: Task, document: IO[bytes], patience: Patience) -> Generator[Begin | AnswerPart, None, None]:
        document.seek(0)
        self.documents.append(document.read())
        self.begun.set()
        try:
            yield from super().read(task, document, patience)
        except TimeoutError:
            self.stopped.set()
            raise

    def parse_answer(self, task: Task, texts: Sequence[str], start: int = 1) -> dict[str, Any]:
        if self.fails_after is not None and start > self.fails_after * task.batch_pages:
            raise Refusal("page 11 is damaged")
        return {"usage": {"pages": len(texts)}, "elements": []}


@contextmanager
def opened(reader: Reader, **options: Any) -> Iterator[httpx.Client]:
    engine = Engine(reader.read, **options)
    with httpx.Client(transport=LocalTransport(engine), base_url=BASE_URL) as client:
        yield client
    engine.close()


def upload(client: httpx.Client, path: str = SYNC, data: Any = None, document: Any = PDF) -> httpx.Response:
    fields = {"model": "document-parse"} if data is None else data
    return client.post(path, data=fields, files={"document": ("report.pdf", document)})


def until(client: httpx.Client, request_id: str, status: str, completed: int = 0) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        answer: dict[str, Any] = client.get(f"{SYNC}/requests/{request_id}").json()
        return answer if answer["status"] == status and answer["completed_pages"] >= completed else None

    found = eventually(look, f"the job is {status} with {completed} pages")
    assert found is not None
    return found


@pytest.mark.parametrize("root", ["http://local.invalid", "http://local.invalid/v1", "https://api.upstage.ai/v1"])
@pytest.mark.parametrize(
    ("path", "fields", "kind"),
    [
        ("/document-digitization", {"model": "document-parse"}, "parse"),
        ("/document-digitization", {"model": "document-parse-260930"}, "parse"),
        ("/document-digitization", {"model": "ocr"}, "ocr"),
        ("/document-digitization", {"model": "ocr-250904"}, "ocr"),
        ("/document-ai/document-parse", {"model": "document-parse"}, "parse"),
        ("/document-ai/document-parse", {}, "parse"),
        ("/document-ai/ocr", {}, "ocr"),
    ],
)
def test_every_path_and_model_name_is_answered(root: str, path: str, fields: dict[str, str], kind: str) -> None:
    """With and without /v1, whatever the host, the model or the older path decides which service answers."""
    reader = Reader()
    with opened(reader) as client:
        response = upload(client, root + path, fields)

    assert response.status_code == 200
    assert reader.tasks[0].kind == kind
    assert reader.documents == [PDF]


@pytest.mark.parametrize("path", ["/document-digitization/async", "/document-ai/async/document-parse"])
def test_both_submit_paths_make_a_job(path: str) -> None:
    with opened(Reader()) as client:
        request_id = upload(client, path).json()["request_id"]
        older = client.get(f"/document-ai/requests/{request_id}").json()

        assert older["id"] == until(client, request_id, "completed")["id"] == request_id


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"output_formats": ("html",), "coordinates": True, "crops": (), "force_ocr": False}),
        ({"output_formats": "['html']"}, {"output_formats": ("html",)}),
        ({"output_formats": '["text", "markdown"]'}, {"output_formats": ("text", "markdown")}),
        ({"output_formats": ["html", "text"]}, {"output_formats": ("html", "text")}),
        ({"output_formats": "html,text"}, {"output_formats": ("html", "text")}),
        ({"output_formats": "markdown"}, {"output_formats": ("markdown",)}),
        ({"coordinates": "True"}, {"coordinates": True}),
        ({"coordinates": "false"}, {"coordinates": False}),
        ({"coordinates": "False"}, {"coordinates": False}),
        ({"coordinates": "0"}, {"coordinates": False}),
        ({"base64_encoding": "['table', 'figure']"}, {"crops": ("table", "figure")}),
        ({"base64_encoding": "[]"}, {"crops": ()}),
        ({"base64_encoding": ["table", "chart"]}, {"crops": ("table", "chart")}),
        ({"ocr": "force", "mode": "enhanced", "chart_recognition": "True"}, {"force_ocr": True, "charts": True}),
        ({"chart_recognition": "false"}, {"charts": False}),
    ],
)
def test_fields_are_read_as_clients_write_them(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    """JSON, Python's way of writing a list, repeated fields, commas; true, True and 1."""
    reader = Reader()
    with opened(reader) as client:
        assert upload(client, data={"model": "document-parse", **fields}).status_code == 200

    for name, value in expected.items():
        assert getattr(reader.tasks[0], name) == value


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": "gpt-4"}, "invalid model name"),
        ({"model": "ocrx"}, "invalid model name"),
        ({}, "invalid model name"),
        ({"model": "document-parse", "output_formats": "['pdf']"}, "invalid output_formats: 'pdf'"),
        ({"model": "document-parse", "output_formats": "[{'a': 1}]"}, "is not a list of names"),
        ({"model": "document-parse", "base64_encoding": "['tabel']"}, "invalid base64_encoding: 'tabel'"),
        ({"model": "document-parse", "coordinates": "maybe"}, "invalid coordinates: 'maybe'"),
        ({"model": "document-parse", "mode": "fast"}, "invalid mode: 'fast'"),
        ({"model": "document-parse", "ocr": "never"}, "invalid ocr: 'never'"),
        ({"model": "ocr", "schema": "clova"}, "Upstage's own schema only"),
    ],
)
def test_wrong_fields_are_refused_with_400(fields: dict[str, str], message: str) -> None:
    """The body is the API's shape for what is wrong with a parse request, with an id in the headers."""
    with opened(Reader()) as client:
        response = upload(client, data=fields)

    assert response.status_code == 400
    assert response.json()["code"] == 400
    assert message in response.json()["message"]
    assert response.headers["x-request-id"]


def test_a_request_without_a_document_is_refused_with_400() -> None:
    """No file, an empty one, two of them, no form at all, and forms that break off."""
    multipart = {"content-type": "multipart/form-data; boundary=b"}
    with opened(Reader()) as client:
        answers = [
            client.post(SYNC, data={"model": "document-parse"}),
            client.post(SYNC, data={"model": "document-parse"}, files={"file": b"x"}),
            upload(client, document=b""),
            client.post(SYNC, json={"model": "document-parse"}),
            client.post(SYNC, content=b"--b\r\nbroken", headers=multipart),
            client.post(SYNC, content=b"nothing of the kind", headers=multipart),
            client.post(SYNC, content=b"", headers={"content-type": "multipart/form-data"}),
            client.post(SYNC, data={"model": "document-parse"}, files=[("document", PDF), ("document", PDF)]),
            client.post(SYNC, data={"model": "x" * 2_000_000}, files={"document": PDF}),
        ]

    assert [answer.status_code for answer in answers] == [400] * 9
    assert answers[0].json()["message"].startswith("no document in the request")
    assert answers[2].json()["message"] == "no document in the request"


def _package(**members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _ole(entry: str) -> bytes:
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[30:32] = (9).to_bytes(2, "little")
    return bytes(header) + entry.encode("utf-16-le").ljust(512, b"\0")


@pytest.mark.parametrize(
    ("document", "status", "message"),
    [
        (b"just text", 415, "unsupported document format"),
        (b"GIF89a...........", 415, "unsupported document format"),
        (_ole("HWP"), 415, "HWP is a format that Upstage's API reads"),
        (_package(mimetype="application/hwp+zip"), 415, "HWPX is a format that Upstage's API reads"),
        (_ole("Root Entry" + "\0" * 54 + "EncryptedPackage"), 422, "encrypted"),
    ],
)
def test_formats_that_are_not_read_are_refused(document: bytes, status: int, message: str) -> None:
    """HWP and HWPX are told apart from what no one reads, and the answer says who reads them."""
    with opened(Reader()) as client:
        for path in (SYNC, f"{SYNC}/async"):
            response = client.post(path, data={"model": "document-parse"}, files={"document": document})

            assert response.status_code == status
            assert message in response.json()["message"]


@pytest.mark.parametrize(
    ("path", "megabytes", "announced"), [(SYNC, 100, False), (SYNC, 100, True), (f"{SYNC}/async", 500, True)]
)
def test_too_large_uploads_are_refused_before_they_have_arrived(path: str, megabytes: int, announced: bool) -> None:
    """The body is not read further than the limit, and not at all where its head already says too much."""
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="document"; filename="a.pdf"\r\n\r\n'
        for _ in range(2_000):
            sent += 1
            yield b"\0" * (1 << 20)

    headers = {"content-type": "multipart/form-data; boundary=b"}
    if announced:
        headers["content-length"] = str((megabytes + 5) << 20)
    with opened(Reader()) as client:
        response = client.post(path, content=body(), headers=headers)

    assert response.status_code == 413
    assert response.json()["message"] == f"uploaded document is too large. max allowed size is {megabytes}MB"
    assert sent == (0 if announced else megabytes + 1)


def test_unknown_paths_and_methods_are_refused() -> None:
    """There is no delete endpoint: how the API's looks is not public."""
    with opened(Reader()) as client:
        request_id = upload(client, f"{SYNC}/async").json()["request_id"]
        statuses = [
            client.get("/nothing").status_code,
            client.get(SYNC).status_code,
            client.delete(f"{SYNC}/requests/{request_id}").status_code,
            client.get(f"{SYNC}/requests/00000000-0000-0000-0000-000000000000").status_code,
        ]
        body = client.get("/nothing").json()

    assert statuses == [404, 405, 405, 404]
    assert body["error"]["code"] == "not_found"


def test_the_answer_is_the_readers_bytes_and_names_no_upstage_model() -> None:
    with opened(Reader(3)) as client:
        response = upload(client)
        request_id = upload(client, f"{SYNC}/async").json()["request_id"]
        status = until(client, request_id, "completed")

    assert response.json() == {"usage": {"pages": 3}, "elements": []}
    assert re.fullmatch(r"local-\d+\.\d+.*", status["model"])


def test_a_job_goes_through_its_states_in_batches_of_ten() -> None:
    """The first batch can be downloaded while later ones run; pages are counted as batches complete."""
    reader = Reader(25)
    reader.allowed = threading.Semaphore(0)
    with opened(reader) as client:
        request_id = upload(client, f"{SYNC}/async").json()["request_id"]
        started = until(client, request_id, "started")
        reader.allowed.release()
        first = until(client, request_id, "started", 10)
        downloaded = client.get(first["batches"][0]["download_url"])
        reader.allowed.release(2)
        completed = until(client, request_id, "completed")

    assert started["total_pages"] == 25
    assert started["completed_at"] == ""
    assert [batch["status"] for batch in started["batches"]] == ["started", "scheduled", "scheduled"]
    assert [batch["status"] for batch in first["batches"]] == ["completed", "started", "scheduled"]
    assert first["batches"][1]["download_url"] == ""
    assert downloaded.json()["usage"] == {"pages": 10}
    assert [(batch["start_page"], batch["end_page"]) for batch in completed["batches"]] == [(1, 10), (11, 20), (21, 25)]
    assert completed["completed_pages"] == 25
    nanoseconds = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
    for name in ("requested_at", "completed_at"):
        assert nanoseconds.fullmatch(completed[name])


def test_a_failed_job_keeps_the_batches_that_were_completed() -> None:
    """Its message is the refusal's, and what was read before it can be downloaded."""
    with opened(Reader(25, fails_after=1)) as client:
        request_id = upload(client, f"{SYNC}/async").json()["request_id"]
        failed = until(client, request_id, "failed")
        first = client.get(failed["batches"][0]["download_url"])

    assert failed["failure_message"] == "page 11 is damaged"
    assert [batch["status"] for batch in failed["batches"]] == ["completed", "failed", "failed"]
    assert failed["batches"][1]["failure_message"] == "page 11 is damaged"
    assert failed["completed_pages"] == 10
    assert first.status_code == 200


def test_a_download_address_lives_fifteen_minutes() -> None:
    """Then it is 403, and asking for the job again gives a fresh one; a changed address is 403 at once."""
    clock = [1_700_000_000_000_000_000]
    with opened(Reader(), now=lambda: clock[0]) as client:
        request_id = upload(client, f"{SYNC}/async").json()["request_id"]
        url = until(client, request_id, "completed")["batches"][0]["download_url"]
        forged = url.replace("expires=17", "expires=27")
        statuses = [client.get(url).status_code, client.get(forged).status_code]
        clock[0] += 899 * 10**9
        statuses.append(client.get(url).status_code)
        clock[0] += 2 * 10**9
        expired = client.get(url)
        fresh = client.get(until(client, request_id, "completed")["batches"][0]["download_url"])

    assert statuses == [200, 403, 200]
    assert expired.status_code == 403
    assert "Request has expired" in expired.text
    assert fresh.status_code == 200


def test_the_list_names_every_job_the_latest_first() -> None:
    reader = Reader()
    reader.allowed = threading.Semaphore(1)
    with opened(reader) as client:
        first = upload(client, f"{SYNC}/async").json()["request_id"]
        until(client, first, "completed")
        second = upload(client, f"{SYNC}/async").json()["request_id"]
        until(client, second, "started")
        listed = client.get(f"{SYNC}/requests").json()["requests"]

    assert [one["id"] for one in listed] == [second, first]
    assert [one["status"] for one in listed] == ["started", "completed"]
    assert listed[0]["completed_at"] is None
    assert set(listed[0]) == {"id", "status", "model", "requested_at", "completed_at"}


def test_what_the_reader_did_not_expect_fails_its_job_alone(caplog: pytest.LogCaptureFixture) -> None:
    def broken(task: Task, document: IO[bytes], patience: Patience) -> Iterator[Begin | AnswerPart]:
        yield Begin(2)
        raise KeyError("a mistake")

    engine = Engine(broken)  # type: ignore[arg-type]
    with httpx.Client(transport=LocalTransport(engine), base_url=BASE_URL) as client:
        request_id = upload(client, f"{SYNC}/async").json()["request_id"]
        failed = until(client, request_id, "failed")
    engine.close()

    assert "the local engine failed" in failed["failure_message"]
    assert "KeyError: 'a mistake'" in caplog.text


def test_closing_ends_running_jobs_and_answers_no_more() -> None:
    """No thread is left when `close` returns."""
    reader = Reader(30)
    reader.allowed = threading.Semaphore(0)
    before = set(threading.enumerate())
    with opened(reader) as client:
        request_id = upload(client, f"{SYNC}/async").json()["request_id"]
        until(client, request_id, "started")
        engine = client._transport._engine  # type: ignore[attr-defined]
        engine.close()
        after = upload(client)

    assert reader.stopped.is_set()
    assert after.status_code == 500
    assert "closed" in after.json()["error"]["message"]
    assert not [one for one in set(threading.enumerate()) - before if one.name == "upstage-docs-job"]


def test_a_read_timeout_ends_the_work() -> None:
    reader = Reader()
    reader.allowed = threading.Semaphore(0)
    with opened(reader) as client, pytest.raises(httpx.ReadTimeout):
        client.post(SYNC, data={"model": "document-parse"}, files={"document": PDF}, timeout=0.1)

    assert reader.stopped.wait(GENEROUS)


async def test_an_async_client_is_answered_without_blocking_its_loop() -> None:
    """While a document is read, the loop turns; the body streams from an async source."""
    reader = Reader()
    reader.allowed = threading.Semaphore(0)
    turns = 0

    async def heartbeat() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1
            if turns == 10:
                reader.allowed.release()  # type: ignore[union-attr]

    async def body() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\ndocument-parse\r\n'
        yield b'--b\r\nContent-Disposition: form-data; name="document"; filename="a.pdf"\r\n\r\n%PDF-'
        for _ in range(5):
            await asyncio.sleep(0)
            yield b"\0" * 700_000
        yield b"\r\n--b--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=b"}
    beating = asyncio.create_task(heartbeat())
    engine = Engine(reader.read)
    async with httpx.AsyncClient(transport=LocalTransport(engine), base_url=BASE_URL) as client:
        response = await client.post(SYNC, content=body(), headers=headers)
        listed = await client.get(f"{SYNC}/requests")
        refused = await client.post(SYNC, json={})
    beating.cancel()
    engine.close()

    assert response.status_code == 200
    assert reader.documents == [b"%PDF-" + b"\0" * 3_500_000]
    assert turns >= 10
    assert listed.json() == {"requests": []}
    assert refused.status_code == 400


async def test_a_cancelled_request_stops_its_work() -> None:
    reader = Reader()
    reader.allowed = threading.Semaphore(0)
    engine = Engine(reader.read)
    async with httpx.AsyncClient(transport=LocalTransport(engine), base_url=BASE_URL) as client:
        files = {"document": PDF}
        request = asyncio.create_task(client.post(SYNC, data={"model": "document-parse"}, files=files))
        await asyncio.to_thread(reader.begun.wait, GENEROUS)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        stopped = await asyncio.to_thread(reader.stopped.wait, GENEROUS)
    engine.close()

    assert stopped


def test_a_missing_extra_is_one_clear_error() -> None:
    """Whatever part of the engine is asked for first; importing the package itself is free."""
    code = (
        "import sys; sys.modules['liteparse'] = None\n"
        "import upstage_docs.local as local\n"
        "print(local.BASE_URL)\n"
        "try: local.LocalTransport\n"
        "except ImportError as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)

    assert done.stdout.splitlines() == [
        "http://local.invalid/v1",
        (
            'MissingExtraError The local engine (without liteparse) needs the extra "local". '
            'Install it with: pip install "upstage-docs[local]"'
        ),
    ]
