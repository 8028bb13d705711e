"""How conversations with the API are recorded and played back, and which ones there are.

A recording holds no key, no signed address and no document: the upload is replaced by `sha256:<hex>`, which matching
uses, and every address of a result by a name of its own. Hosts are written as the API's, whoever answered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import vcr
from play import form

from upstage_docs import Client, UpstageDocsError
from upstage_docs.api.limits import ApiLimits
from upstage_docs.api.messages import BASE_URL
from upstage_docs.api.rates import RATES, Rate
from upstage_docs.errors.redaction import redact, redact_body
from upstage_docs.options import PollPolicy, RetryPolicy
from upstage_docs.testing.faults import Faults, failed_job, too_many_requests

CASSETTES = Path(__file__).resolve().parent.parent / "cassettes"
DOCUMENTS = CASSETTES / "documents"
REPORT = Path(__file__).resolve().parent.parent / "upstage_docs" / "samples" / "report.pdf"
KEY = "up_loopback"
KEPT = {"content-type", "retry-after", "x-request-id"}
ENGINE_ONLY = "engine-only"


@dataclass(frozen=True)
class Case:
    """One conversation.

    Attributes:
        name: Of the cassette.
        document: What is sent.
        pages: Its pages: what recording it from the API costs.
        call: What is asked of a client.
        engine_only: It cannot be recorded from the API: errors are made, not waited for.
        fault: What goes wrong.
    """

    name: str
    document: Path
    pages: int
    call: Callable[[Client, Path], object]
    engine_only: bool = False
    fault: Callable[[Faults], object] = lambda _: None


def _parse(client: Client, document: Path) -> object:
    return client.parse(document, source=document.name, route="sync")


def _job(client: Client, document: Path) -> object:
    job = client.submit(document, source=document.name)
    result = client.result(job)
    return result, client.job(job.request_id)


CASES = {
    case.name: case
    for case in (
        Case("parse_sync", REPORT, 4, _parse),
        Case("parse_job", DOCUMENTS / "minutes.pdf", 25, _job),
        Case("ocr", DOCUMENTS / "note.pdf", 2, lambda client, document: client.ocr(document, source=document.name)),
        Case("error_401", DOCUMENTS / "note.pdf", 2, _parse, True),
        Case("error_413", DOCUMENTS / "many.pdf", 101, _parse, True),
        Case(
            "error_429_then_success",
            DOCUMENTS / "note.pdf",
            2,
            _parse,
            True,
            lambda faults: faults.script("sync", too_many_requests(retry_after=0), too_many_requests()),
        ),
        Case("job_failed", DOCUMENTS / "note.pdf", 2, _job, True, lambda faults: faults.always("status", failed_job())),
    )
}


def settings(base_url: str = BASE_URL, key: str = KEY, *, poll: float = 0.0) -> dict[str, Any]:
    """Settings under which a conversation takes the same turns each time."""
    return {
        "api_key": key,
        "base_url": base_url,
        "cache": False,
        "max_concurrency": 1,
        "rates": dict.fromkeys(RATES, Rate()),
        "retry": RetryPolicy(initial=0.0, maximum=0.0),
        "poll": PollPolicy(initial=poll, maximum=poll),
        "limits": ApiLimits(sync_pages=1000, prefer_async_above=1000),
    }


class Scrubber:
    """Takes out of a conversation with *base_url* what must not be kept, and remembers how it named addresses."""

    def __init__(self, base_url: str = BASE_URL) -> None:
        self._base_url = base_url
        self._names: dict[str, str] = {}

    def request(self, request: Any) -> Any:
        """Write the request as matching sees it."""
        uri = str(request.uri)
        request.uri = self._names.get(uri) or uri.replace(self._base_url, BASE_URL)
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            request.body = _described(request)
        request.headers = {}
        return request

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        """Write the response without addresses that let anyone in."""
        body = bytes(redact_body(response["body"]["string"]))  # which may say the key that was sent
        headers = {
            name: [redact(value) for value in values]
            for name, values in response["headers"].items()
            if name.lower() in KEPT
        }
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if isinstance(answer, dict) and isinstance(answer.get("batches"), list):
            for batch in answer["batches"]:
                if batch.get("download_url"):
                    name = f"https://results.invalid/{answer['id']}/{batch['id']}"
                    self._names[batch["download_url"]] = name
                    batch["download_url"] = name
            body = json.dumps(answer, ensure_ascii=False).encode()
        return {**response, "headers": headers, "body": {"string": body}}


@contextmanager
def cassette(name: str, *, base_url: str = BASE_URL, record: bool = False) -> Iterator[Any]:
    """Play the cassette *name* back, without any network, or record it anew from *base_url*."""
    scrubber = Scrubber(base_url)
    recorder = vcr.VCR(
        cassette_library_dir=str(CASSETTES),
        record_mode=vcr.mode.ALL if record else vcr.mode.NONE,
        match_on=["method", "uri", "body"],
        before_record_request=scrubber.request,
        before_record_response=scrubber.response,
        decode_compressed_response=True,
    )
    with recorder.use_cassette(f"{name}.yaml") as played:
        yield played


def record(case: Case, base_url: str, key: str, *, through: str) -> None:
    """Record *case* anew, and say in its first lines *through* what."""
    path = CASSETTES / f"{case.name}.yaml"
    path.unlink(missing_ok=True)
    with cassette(case.name, base_url=base_url, record=True), Client(**settings(base_url, key, poll=0.2)) as client:
        try:
            case.call(client, case.document)
        except UpstageDocsError:
            if not case.engine_only:
                raise
    kind = ENGINE_ONLY if case.engine_only else "success"
    head = f"# Recorded through {through}.\n# {kind}; document: {case.document.name}, {case.pages} pages.\n"
    path.write_text(head + path.read_text(encoding="utf-8"), encoding="utf-8")


def _described(request: Any) -> str:
    """The form as text, the document by its digest."""
    import httpx

    parts = form(httpx.Request("POST", request.uri, headers=request.headers, content=request.body))
    lines = [f"{name}={body.decode()}" for name, (_, body) in sorted(parts.items()) if name != "document"]
    head, body = parts["document"]
    named = re.search('filename="([^"]*)"', head)
    return "\n".join([*lines, f"document={named[1] if named else ''} sha256:{sha256(body).hexdigest()}"])
