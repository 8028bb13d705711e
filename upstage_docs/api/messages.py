"""Builds the API's requests, and tells which answer or which error a response is; sends nothing."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, BinaryIO, cast

import httpx

from upstage_docs.api.decode import explained, is_request_id
from upstage_docs.api.rates import retry_after
from upstage_docs.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConfigError,
    InvalidResponseError,
    RateLimitError,
    UpstageDocsError,
)
from upstage_docs.errors.redaction import ADDRESS, guard, redact, redact_start, shorten
from upstage_docs.files.formats import FORMATS
from upstage_docs.files.source import Source
from upstage_docs.options import OCROptions, ParseOptions
from upstage_docs.options.definitions import with_defaults
from upstage_docs.version import __version__

BASE_URL = "https://api.upstage.ai/v1"

# The last segment of a full endpoint, old paths and deployments of one's own included; any other path is an API root.
# https://console.upstage.ai/api/parse/document-parsing
_ENDPOINTS = ("document-digitization", "document-parse", "ocr", "layout-analysis", "invocations")
_PIECE_BYTES = 64 * 1024  # of a body that are sent at a time, as httpx reads files
_SHOWN = 80  # characters, in messages
_CLIENT = f"upstage-docs/{__version__}"
_OURS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"{_CLIENT} python/{platform.python_version()} httpx/{httpx.__version__}",
    "x-upstage-client": _CLIENT,
}
# Of each document the same few: taking an address apart takes as long as the rest of a request.
_address = lru_cache(maxsize=64)(httpx.URL)
_as_json = lru_cache(maxsize=64, typed=True)(json.dumps)
_PLAIN = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
_REQUEST_IDS = ("x-request-id", "x-upstage-request-id", "request-id", "x-amzn-requestid")
_EXCERPT = 300  # characters of what came, in a message
_ERROR_BYTES = (
    65_536  # a body with an error that is larger is an answer as well; errors of the API have less than 1,000
)
_START_BYTES = 4_096  # of a body, by which JSON is told from the page of a gateway
_LONGEST_EXPLANATION = 1 << 20  # bytes; whatever refuses in more of them explains nothing
_WHITE_SPACE = re.compile(rb"\s*")
_UNTRUSTED = (
    " Nothing was sent. Where a proxy of your company opens TLS connections, name the file with its certificate in "
    "SSL_CERT_FILE; who answers is decided by base_url= and by HTTPS_PROXY, ALL_PROXY and NO_PROXY."
)


@dataclass(frozen=True)
class Api:
    """Where the API is and how to prove who asks; the headers never show in a repr.

    Attributes:
        root: The API root, normalised: it identifies who answered.
        parse, jobs, requests, ocr: Addresses of the sync parse, of job creation, of the jobs, and of OCR.
        headers: Sent to the API and to no other host.
    """

    root: str
    parse: str
    jobs: str
    requests: str
    ocr: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        guard(self, self.headers)

    @classmethod
    def at(cls, base_url: str, headers: Mapping[str, str] | None = None) -> Api:
        """Build the addresses from *base_url*, an API root or the full endpoint of a parse.

        Raises:
            ConfigError: It is not an http(s) address.
        """
        if not isinstance(base_url, str):
            raise ConfigError(f"base_url is of type {type(base_url).__name__!r}; an example is {BASE_URL}.")
        return replace(_without_headers(base_url), headers=dict(headers or {}))


@lru_cache(maxsize=64)
def _without_headers(base_url: str) -> Api:
    """Return the `Api` at *base_url*, to which nothing is proven yet.

    Raises:
        ConfigError: It is not an http(s) address.
    """
    try:
        # What stands there may be a key or a password, and shows in the local variables of whoever takes it apart.
        url = httpx.URL(base_url.strip() if ADDRESS.fullmatch(base_url) else "")
    except httpx.InvalidURL as error:
        raise ConfigError(f"base_url is not an address ({error}); an example is {BASE_URL}.") from error
    if _is_no_host(url.host) or is_no_port(url.port) or url.scheme not in {"http", "https"}:
        raise ConfigError(
            f"base_url must be http(s)://host/path, such as {BASE_URL}, with a port up to 65535 if any, and "
            "without a user, query or fragment; a key goes into api_key= or headers=."
        )
    address = str(url).rstrip("/")
    for ending in ("/document-digitization/async", "/document-digitization/requests"):
        address = address.removesuffix(ending)
    root, _, last = address.rpartition("/")
    if last in _ENDPOINTS and root.endswith("/document-ai"):
        return Api(
            root=root,
            parse=address if last != "ocr" else f"{root}/document-parse",
            jobs=f"{root}/async/document-parse",
            requests=f"{root}/requests",
            ocr=f"{root}/ocr",
        )
    endpoint = address if last in _ENDPOINTS else f"{address}/document-digitization"
    return Api(
        root=root if last == "document-digitization" else address,
        parse=endpoint,
        jobs=f"{endpoint}/async",
        requests=f"{endpoint}/requests",
        ocr=endpoint,
    )


def upload_request(
    api: Api, source: Source, handle: BinaryIO, options: ParseOptions | OCROptions, *, job: bool = False
) -> httpx.Request:
    """Build the request that parses *source*, read from *handle*, at once or (*job*) asynchronously; or its OCR.

    https://console.upstage.ai/api/parse/document-parsing and …/async, https://console.upstage.ai/api/parse/document-ocr
    """
    # A boundary from the document's own digest makes the request the same bytes each time, and cannot be in it.
    boundary = source.sha256[:32]
    request = httpx.Request(
        "POST",
        _address(api.ocr if isinstance(options, OCROptions) else api.jobs if job else api.parse),
        headers={**_OURS, **api.headers, "Content-Type": f"multipart/form-data; boundary={boundary}"},
        data=form_fields(options),
        files={"document": (source.filename, handle, FORMATS[source.format].mime)},
    )
    request.stream = _Gathered(cast("httpx.SyncByteStream", request.stream))
    return request


def form_fields(options: ParseOptions | OCROptions) -> dict[str, str]:
    """Return the form fields that ask for *options*, by name; those of `extra_fields` come last."""
    fields = {}
    for name, default, said in with_defaults(type(options)):
        value = getattr(options, name)
        # Options that older models do not know are named only where they say something.
        if name != "extra_fields" and (said.always_sent or value != default):
            # The API takes a list as a string that holds JSON.
            fields[name] = value if isinstance(value, str) else _as_json(value)
    # What sends them writes `str(text)`, which of a member of an enumeration is its name.
    return {str.__str__(name): str.__str__(text) for name, text in {**fields, **options.extra_fields}.items()}


def job_request(api: Api, request_id: str) -> httpx.Request:
    """Build the request for the state of one job.

    Raises:
        ConfigError: *request_id* cannot be one.
    """
    if not is_request_id(request_id):
        raise ConfigError(f"{shorten(request_id, _SHOWN)!r} is not a request id.")
    return httpx.Request("GET", f"{api.requests}/{request_id}", headers={**_OURS, **api.headers})


def jobs_request(api: Api) -> httpx.Request:
    """Build the request for the list of the account's jobs."""
    return httpx.Request("GET", api.requests, headers={**_OURS, **api.headers})


def download_request(url: str) -> httpx.Request:
    """Build the request for a batch's result. The address is signed: it gets neither the key nor any other header.

    Raises:
        InvalidResponseError: The API gave something that is not an address.
    """
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InvalidResponseError("The API gave a download_url that is not an address.") from error
    if address.scheme not in {"http", "https"} or not address.host or is_no_port(address.port):
        raise InvalidResponseError("The API gave a download_url that is not an http(s) address.")
    request = httpx.Request("GET", address, headers=_PLAIN)
    request.url = _SignedAddress(address)
    return request


class _SignedAddress(httpx.URL):
    """An address that is sent whole and shown without its query: httpx logs what it asks for, a signature included."""

    def __str__(self) -> str:
        return str(self.copy_with(query=None))

    __repr__ = __str__


def _is_no_host(host: str) -> bool:
    """Say whether no host can have this name: it is empty, or a label of it is, or is too long."""
    try:
        return not host.encode("idna")
    except UnicodeError:
        return True


def is_no_port(port: int | None) -> bool:
    """Say whether no server can have this port: asyncio does not take it, and a resolver takes another one for it."""
    return port is not None and not 0 < port < 65_536


@dataclass
class _Gathered(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body in pieces worth sending: httpx makes fifty of a form, each a system call and a packet of its own."""

    pieces: Iterable[bytes]

    def __iter__(self) -> Iterator[bytes]:
        gathered = bytearray()
        for piece in self.pieces:
            gathered += piece
            if len(gathered) >= _PIECE_BYTES:
                yield bytes(gathered)
                gathered.clear()
        yield bytes(gathered)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


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


def transient(outcome: Outcome) -> bool:
    """Say whether the same request may succeed later: no answer in bounds, 408, 429 or 5xx."""
    if isinstance(outcome, NoReply):
        return not outcome.oversize and not outcome.untrusted
    return outcome.status in {408, 429} or outcome.status >= 500


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
        return RateLimitError(text, code=code, request_id=request_id, retry_after=retry_after(reply.headers, reply.at))
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
