"""Answers a request of the API: takes it apart, has the document read, and returns a status and JSON.

Paths, fields, answers and errors are those of https://console.upstage.ai/api/parse/document-parsing, its asynchronous
twin and https://console.upstage.ai/api/parse/document-ocr, with the older `/document-ai/*` paths.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
import uuid
import weakref
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import IO
from urllib.parse import parse_qs

from upstage_docs.api.limits import LIMITS
from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.fields import crop_categories, flag, format_of, output_formats, word
from upstage_docs.local.service.form import Document, Form, FormReader
from upstage_docs.local.service.jobs import Jobs
from upstage_docs.local.service.pipe import MODEL, AnswerPart, Begin, Patience, Read, Task
from upstage_docs.local.service.workers import WorkerLimits, WorkerPool

_log = logging.getLogger("upstage_docs")
_BATCH_PAGES = 10

_PARSE, _OCR, _SUBMIT, _LIST, _STATUS, _RESULT = "parse", "ocr", "submit", "list", "status", "result"
_ROUTES: tuple[tuple[str, str, str], ...] = (
    ("POST", r"/document-digitization", ""),  # the model decides
    ("POST", r"/document-digitization/async", _SUBMIT),
    ("GET", r"/document-digitization/requests", _LIST),
    ("GET", r"/document-digitization/requests/(?P<job>[^/]+)", _STATUS),
    ("POST", r"/document-ai/document-parse", _PARSE),
    ("POST", r"/document-ai/async/document-parse", _SUBMIT),
    ("GET", r"/document-ai/requests", _LIST),
    ("GET", r"/document-ai/requests/(?P<job>[^/]+)", _STATUS),
    ("POST", r"/document-ai/ocr", _OCR),
    ("GET", r"/results/(?P<job>[^/]+)/(?P<batch>\d+)", _RESULT),
)


@dataclass(frozen=True)
class EngineReply:
    """An answer: status, headers and body."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RequestHead:
    """The head of a request; its form is read by `Engine.form_reader` and then given to `Engine.answer`.

    Attributes:
        path: Decoded, with or without `/v1`.
        content_length: As announced, 0 if it was not.
        origin: Scheme and host that the client used, for download addresses.
    """

    method: str
    path: str
    query: str = ""
    content_type: str = ""
    content_length: int = 0
    origin: str = "http://local.invalid"


class Engine:
    """The embedded local engine: the same requests and answers as the API, on this machine.

    It may be shared by threads. In a forked child it begins anew: the parent's jobs are the parent's.

    Args:
        read: What reads a document; worker processes (`WorkerPool`) if None.
        limits: What a document may cost there.
        now: Nanoseconds since 1970.
    """

    def __init__(
        self, read: Read | None = None, *, limits: WorkerLimits | None = None, now: Callable[[], int] = time.time_ns
    ) -> None:
        self._own_read = read
        self._limits = limits or WorkerLimits()
        self._now = now
        self._closed = False
        self._begin()

    def form_reader(self, request: RequestHead) -> FormReader | None:
        """Return what reads the form of a request; None if the request has no form that matters.

        Raises:
            Refusal: 400 if its body is not a form, 413 if it is announced to be too large.
        """
        if request.method != "POST" or self._route(request)[0] in {"GET", ""}:
            return None
        largest = LIMITS.async_bytes if self._route(request)[1] == _SUBMIT else LIMITS.sync_bytes
        return FormReader(request.content_type, max_document=largest, announced=request.content_length)

    def answer(self, request: RequestHead, form: Form | None = None, patience: Patience | None = None) -> EngineReply:
        """Answer *request*; this blocks while the document is read, and closes the form.

        Raises:
            TimeoutError: *patience* ended; nothing goes on for it.
        """
        try:
            return self._answer(request, form or Form(), patience or Patience())
        except Refusal as refusal:
            return refused(refusal)
        finally:
            if form is not None:
                form.close()

    def pages_of_job(self, request_id: str) -> int:
        """Return how many pages a job has, once that is known; 0 if the job is unknown or failed before."""
        return self._jobs.pages(request_id)

    def close(self) -> None:
        """End the worker processes and forget the jobs; requests after it are answered with 500."""
        self._closed = True
        self._finalizer()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._pool = WorkerPool(self._limits)
        self._read: Read = self._own_read or self._pool.read
        self._jobs = Jobs(partial(_logged, self._read), runners=self._limits.workers, model=MODEL, now=self._now)
        self._finalizer = weakref.finalize(self, _close, self._pid, self._pool, self._jobs)

    def _in_this_process(self) -> None:
        if self._pid != os.getpid():
            self._finalizer.detach()
            _close(self._pid, self._pool, self._jobs)
            self._begin()

    @staticmethod
    def _route(request: RequestHead) -> tuple[str, str, dict[str, str]]:
        """Return method, route and the path's parameters; an empty method if there is no such path."""
        path = request.path.removeprefix("/v1").rstrip("/")
        for method, pattern, route in _ROUTES:
            if match := re.fullmatch(pattern, path):
                return method, route, match.groupdict()
        return "", "", {}

    def _answer(self, request: RequestHead, form: Form, patience: Patience) -> EngineReply:
        self._in_this_process()
        if self._closed:
            raise Refusal("the local engine is closed", status=500)
        method, route, parameters = self._route(request)
        if not method:
            raise Refusal(f"there is no {request.path} here", status=404, code="not_found")
        if request.method != method:
            raise Refusal(f"{request.path} takes {method}, not {request.method}", status=405, code="method_not_allowed")
        if route == _LIST:
            return _json(200, {"requests": self._jobs.listing()})
        if route == _STATUS:
            status = self._jobs.status(parameters["job"], request.origin)
            if status is None:
                raise Refusal(f"there is no request {parameters['job']}", status=404, code="request_not_found")
            return _json(200, status)
        if route == _RESULT:
            return self._result(parameters, parse_qs(request.query))
        return self._read_document(route, form, patience)

    def _result(self, parameters: dict[str, str], query: dict[str, list[str]]) -> EngineReply:
        signature, expires = query.get("signature", [""])[0], query.get("expires", ["0"])[0]
        try:
            body = self._jobs.download(parameters["job"], parameters["batch"], expires, signature)
        except Refusal as refusal:  # the API's results lie in object storage, which answers in XML
            text = f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
            return EngineReply(
                refusal.status, f"<?xml version='1.0'?>{text}".encode(), {"content-type": "application/xml"}
            )
        return EngineReply(200, body, {"content-type": "application/json"})

    def _read_document(self, route: str, form: Form, patience: Patience) -> EngineReply:
        kind = _kind(route, form)
        if form.document is None or not form.document.size:
            raise Refusal("no document in the request", status=400, code="invalid_request_body")
        task = _task(kind, route, form.fields, form.document)
        if route == _SUBMIT:
            document, form.document = form.document, None  # the job closes it
            return _json(200, {"request_id": self._jobs.submit(task, document.file)})
        body = b""
        with closing(_logged(self._read, task, form.document.file, patience)) as messages:
            for message in messages:
                if isinstance(message, AnswerPart):
                    body = message.body
        return EngineReply(200, body, {"content-type": "application/json"})


def _logged(
    read: Read, task: Task, document: IO[bytes], patience: Patience
) -> Generator[Begin | AnswerPart, None, None]:
    """Read a document; what of it could not be read is a warning."""
    with closing(read(task, document, patience)) as messages:
        for message in messages:
            for loss in message.losses if isinstance(message, AnswerPart) else ():
                _log.warning("%s: %s", repr(task.name) if task.name else "a document", loss)
            yield message


def refused(refusal: Refusal) -> EngineReply:
    """Return the response for a refusal: `code` and `message` for a wrong request, `error` for all else."""
    identifier = str(uuid.uuid4())
    body: dict[str, object]
    if refusal.status in {400, 413, 415, 422}:
        body = {"code": refusal.status, "message": refusal.message}
    else:
        kind = refusal.code or "server_error"
        body = {"error": {"message": refusal.message, "type": kind, "code": kind}}
    reply = _json(refusal.status, body)
    retry = {"retry-after": "1"} if refusal.status == 429 else {}
    return EngineReply(reply.status, reply.body, {**reply.headers, **retry, "x-request-id": identifier})


def _kind(route: str, form: Form) -> str:
    """Tell which service is asked, by the model, or on the older paths by the path."""
    model = word(form.fields, "model", "document-parse" if route in {_PARSE, _SUBMIT} else _OCR if route else "")
    if model.startswith("document-parse") and route != _OCR:
        return "parse"
    if re.match(r"ocr($|-)", model) and route in {"", _OCR}:
        return "ocr"
    raise Refusal("invalid model name", status=400)


def _task(kind: str, route: str, fields: Mapping[str, list[str]], document: Document) -> Task:
    submitted = route == _SUBMIT
    form = format_of(document)
    if kind == "ocr":
        if word(fields, "schema", ""):
            raise Refusal("the local engine answers OCR in Upstage's own schema only; leave schema out", status=400)
        return Task(kind="ocr", name=document.name, format=form, max_pages=LIMITS.ocr_pages)
    word(fields, "mode", "standard", ("standard", "enhanced", "auto"))
    flag(fields, "merge_multipage_tables", default=False)  # checked, though there is nothing to do for it
    return Task(
        kind="parse",
        name=document.name,
        format=form,
        output_formats=output_formats(fields),
        coordinates=flag(fields, "coordinates", default=True),
        crops=crop_categories(fields),
        force_ocr=word(fields, "ocr", "auto", ("auto", "force")) == "force",
        charts=flag(fields, "chart_recognition", default=True),
        batch_pages=_BATCH_PAGES if submitted else 0,
        max_pages=LIMITS.async_pages if submitted else LIMITS.sync_pages,
    )


def _json(status: int, body: object) -> EngineReply:
    return EngineReply(status, json.dumps(body).encode(), {"content-type": "application/json"})


def _close(pid: int, pool: WorkerPool, jobs: Jobs) -> None:
    if pid == os.getpid():
        jobs.close()
    else:
        jobs.abandon()
    pool.close()
