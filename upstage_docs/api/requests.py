"""Builds the HTTP requests of the API from options and a document; sends nothing."""

from __future__ import annotations

import json
import platform
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import BinaryIO, cast

import httpx

from upstage_docs.api.decode import is_request_id
from upstage_docs.errors import ConfigError, InvalidResponseError
from upstage_docs.errors.redaction import guard, shorten
from upstage_docs.files.source import Source
from upstage_docs.options import OCROptions, ParseOptions
from upstage_docs.options.definitions import default_of, definitions
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
        try:
            # What stands behind these may be a key, and shows in the local variables of whoever takes it apart.
            url = httpx.URL("" if set(base_url) & set("?#") else base_url.strip())
        except (httpx.InvalidURL, TypeError, AttributeError) as error:
            raise ConfigError(f"base_url is not an address ({error}); an example is {BASE_URL}.") from error
        if _is_no_host(url.host) or _is_no_port(url.port) or url.scheme not in {"http", "https"} or url.userinfo:
            raise ConfigError(
                f"base_url must be http(s)://host/path, such as {BASE_URL}, with a port up to 65535 if any, and "
                "without a user, query or fragment; a key goes into api_key= or headers=."
            )
        address = str(url).rstrip("/")
        for ending in ("/document-digitization/async", "/document-digitization/requests"):
            address = address.removesuffix(ending)
        given = dict(headers or {})
        root, _, last = address.rpartition("/")
        endpoint = address if last in _ENDPOINTS else f"{address}/document-digitization"
        if last == "document-digitization":
            address = root
        elif last in _ENDPOINTS and root.endswith("/document-ai"):
            return cls(
                root=root,
                parse=address if last != "ocr" else f"{root}/document-parse",
                jobs=f"{root}/async/document-parse",
                requests=f"{root}/requests",
                ocr=f"{root}/ocr",
                headers=given,
            )
        return cls(
            root=address,
            parse=endpoint,
            jobs=f"{endpoint}/async",
            requests=f"{endpoint}/requests",
            ocr=endpoint,
            headers=given,
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
        files={"document": (source.filename, handle, source.mime)},
    )
    request.stream = _Gathered(cast("httpx.SyncByteStream", request.stream))
    return request


def form_fields(options: ParseOptions | OCROptions) -> dict[str, str]:
    """Return the form fields that ask for *options*: each by its name, the further ones last."""
    fields = {}
    kind = type(options)
    for name, said in definitions(kind).items():
        value = getattr(options, name)
        # Options that older models do not know are named only where they say something.
        if name != "extra_fields" and (said.always_sent or value != default_of(kind, name)):
            # The API takes a list as a string that holds JSON.
            fields[name] = value if isinstance(value, str) else _as_json(value)
    return {**fields, **options.extra_fields}


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
    if address.scheme not in {"http", "https"} or not address.host or _is_no_port(address.port):
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


def _is_no_port(port: int | None) -> bool:
    """Say whether no server can have this port; the system's resolver would take another one for it."""
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
