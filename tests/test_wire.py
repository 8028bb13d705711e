"""Requests as they go out: addresses, headers, fields, boundary; where the key goes and where it never goes."""

from __future__ import annotations

import io
import json

import httpx
import pytest
from play import form
from stand_in import make_pdf

from upstage_docs.api.messages import Api, download_request, job_request, jobs_request, upload_request
from upstage_docs.errors import ConfigError, InvalidResponseError
from upstage_docs.errors.redaction import redact
from upstage_docs.files.source import Source, inspect
from upstage_docs.options import OCROptions, ParseOptions

KEY = "up_abcdefghijklmnop"
GATE = "https://gate.example/v1/document-digitization"
PDF = make_pdf("a", 2)
API = Api.at("https://api.upstage.ai/v1", {"Authorization": f"Bearer {KEY}"})


@pytest.mark.parametrize("port", [0, -1, 65_536, 99_999, 10**12])
def test_a_port_that_can_be_none_is_refused(port: int) -> None:
    """The system's resolver takes another one for it, whose server would get the key."""
    with pytest.raises(ConfigError, match="base_url must be"):
        Api.at(f"http://127.0.0.1:{port}/v1")
    with pytest.raises(InvalidResponseError, match="download_url"):
        download_request(f"https://bucket.example:{port}/batch?signature=abc")


def fields(request: httpx.Request) -> dict[str, str]:
    return {name: body.decode() for name, (_, body) in form(request).items() if name != "document"}


def source(name: str = "a.pdf") -> Source:
    return inspect(PDF, source=name)


@pytest.mark.parametrize(
    ("base_url", "parse", "jobs", "requests", "ocr"),
    [
        (root, GATE, f"{GATE}/async", f"{GATE}/requests", None)
        for root in ["https://gate.example/v1", "https://gate.example/v1/", " https://gate.example/v1 "]
    ]
    + [
        (endpoint, GATE, f"{GATE}/async", f"{GATE}/requests", None)
        for endpoint in [GATE, f"{GATE}/", f"{GATE}/async", f"{GATE}/requests"]
    ]
    + [
        (
            f"https://old.example/v1/document-ai/{last}",
            "https://old.example/v1/document-ai/document-parse",
            "https://old.example/v1/document-ai/async/document-parse",
            "https://old.example/v1/document-ai/requests",
            "https://old.example/v1/document-ai/ocr",
        )
        for last in ("document-parse", "ocr")
    ]
    + [
        (
            "http://127.0.0.1:8080/invocations",
            "http://127.0.0.1:8080/invocations",
            "http://127.0.0.1:8080/invocations/async",
            "http://127.0.0.1:8080/invocations/requests",
            None,
        )
    ],
)
def test_a_base_url_is_a_root_or_an_endpoint(
    base_url: str, parse: str, jobs: str, requests: str, ocr: str | None
) -> None:
    api = Api.at(base_url)
    assert (api.parse, api.jobs, api.requests, api.ocr) == (parse, jobs, requests, ocr or parse)


def test_every_way_of_writing_the_root_is_the_same_root() -> None:
    """The root is part of what identifies a stored answer."""
    ways = ["https://a.example/v1", "https://a.example/v1/", "https://A.example/v1/document-digitization"]
    assert {Api.at(way).root for way in ways} == {"https://a.example/v1"}


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "https://api..upstage.ai/v1",
        f"https://{'a' * 64}.example/v1",
        "https://a.example/v1?",
        "https://a.example/v1#",
        "api.upstage.ai/v1",
        "ftp://a.example",
        "https://",
        f"https://user:{KEY}@a.example/v1",
        "https://a:b",
        f"https://a.example/v1?key={KEY}",
    ],
)
def test_what_is_no_address_is_refused_without_showing_a_secret(base_url: str) -> None:
    with pytest.raises(ConfigError, match="base_url") as caught:
        Api.at(base_url)
    assert KEY not in str(caught.value)


def test_the_defaults_of_a_parse() -> None:
    with source().open() as handle:
        request = upload_request(API, source(), handle, ParseOptions())
        assert fields(request) == {
            "model": "document-parse",
            "ocr": "auto",
            "coordinates": "true",
            "chart_recognition": "true",
            "output_formats": '["html", "markdown", "text"]',
        }
    assert (request.method, str(request.url)) == ("POST", API.parse)
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_every_option_goes_out_by_its_api_name() -> None:
    options = ParseOptions(
        model="document-parse-260930",
        mode="enhanced",
        ocr="force",
        chart_recognition=False,
        merge_multipage_tables=True,
        output_formats=("html",),
        coordinates=False,
        base64_encoding=("table", "figure"),
        extra_fields={"words": "true"},
    )
    with source().open() as handle:
        request = upload_request(API, source(), handle, options, job=True)
        assert fields(request) == {
            "model": "document-parse-260930",
            "mode": "enhanced",
            "ocr": "force",
            "chart_recognition": "false",
            "merge_multipage_tables": "true",
            "output_formats": '["html"]',
            "coordinates": "false",
            "base64_encoding": '["table", "figure"]',
            "words": "true",
        }
    assert str(request.url) == API.jobs
    assert json.loads(fields(request)["base64_encoding"]) == ["table", "figure"]


def test_the_document_goes_out_whole_with_its_name_and_type() -> None:
    one = source("폴더/보고서.pdf")
    with one.open() as handle:
        head, body = form(upload_request(API, one, handle, ParseOptions()))["document"]
    assert body == PDF
    assert 'filename="보고서.pdf"' in head
    assert "Content-Type: application/pdf" in head


def test_the_same_document_makes_the_same_request_byte_for_byte() -> None:
    one, two = (upload_request(API, source(), io.BytesIO(PDF), ParseOptions()) for _ in range(2))
    assert one.read() == two.read()
    assert one.headers["content-type"] == f"multipart/form-data; boundary={source().sha256[:32]}"


def test_the_upload_is_streamed_from_its_handle_with_its_length() -> None:
    """A body that is read whole before it is sent would hold the document in memory."""
    with source().open() as handle:
        request = upload_request(API, source(), handle, ParseOptions())
        with pytest.raises(httpx.RequestNotRead):
            _ = request.content
        assert int(request.headers["content-length"]) == len(request.read())


def test_ocr_asks_for_its_model_and_schema() -> None:
    with source().open() as handle:
        assert fields(upload_request(API, source(), handle, OCROptions())) == {"model": "ocr"}
        request = upload_request(
            API, source(), handle, OCROptions(schema="clova", extra_fields={"use_patchify": "false"})
        )
        assert fields(request) == {"model": "ocr", "schema": "clova", "use_patchify": "false"}
    assert str(request.url) == API.ocr


def test_headers_of_ones_own_replace_ours() -> None:
    api = Api.at("https://a.example/v1", {"x-api-key": KEY, "User-Agent": "mine"})
    request = jobs_request(api)
    assert request.headers["x-api-key"] == KEY
    assert request.headers["user-agent"] == "mine"
    assert "authorization" not in request.headers
    assert request.headers["x-upstage-client"].startswith("upstage-docs/")


def test_a_download_address_gets_no_key_and_no_header_of_ours() -> None:
    request = download_request("https://bucket.example/batch?X-Amz-Signature=abc")
    assert KEY not in repr(request.headers.raw)
    assert not {"authorization", "x-api-key", "x-upstage-client", "user-agent"} & set(request.headers)


def test_a_signed_address_is_sent_whole_and_logged_without_its_signature(caplog: pytest.LogCaptureFixture) -> None:
    """Httpx logs every address it asks for, at the level INFO."""
    asked: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path)
        return httpx.Response(200)

    with caplog.at_level("DEBUG"), httpx.Client(transport=httpx.MockTransport(answer)) as http:
        http.send(request := download_request("https://bucket.example/batch?X-Amz-Signature=abc"))

    assert asked == [b"/batch?X-Amz-Signature=abc"]
    assert "bucket.example/batch" in caplog.text
    assert "abc" not in caplog.text + repr(request) + str(request.url)


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "/relative", "https://a:b"])
def test_a_download_address_that_is_none_is_an_invalid_response(url: str) -> None:
    with pytest.raises(InvalidResponseError, match="download_url"):
        download_request(url)


@pytest.mark.parametrize("request_id", ["", "../../keys", "a/b", "a?b", "..", "a b"])
def test_a_request_id_cannot_lead_elsewhere(request_id: str) -> None:
    with pytest.raises(ConfigError, match="not a request id"):
        job_request(API, request_id)


def test_job_and_list_addresses() -> None:
    assert str(job_request(API, "e7b1-4f").url) == "https://api.upstage.ai/v1/document-digitization/requests/e7b1-4f"
    assert str(jobs_request(API).url) == "https://api.upstage.ai/v1/document-digitization/requests"


def test_the_key_does_not_show_in_reprs() -> None:
    assert KEY not in repr(API)
    assert redact(f"key {KEY} is wrong; Bearer {KEY}") == "key [hidden] is wrong; [hidden]"
