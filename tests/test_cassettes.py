"""Recorded conversations, played back without a network: structure and behaviour, never recognised words."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("vcr", reason="recordings are played by vcrpy")

import vcr.errors
from recording import CASES, CASSETTES, ENGINE_ONLY, KEY, Case, Scrubber, cassette, settings

from upstage_docs import AsyncClient, Client
from upstage_docs.errors import AuthenticationError, BadRequestError, JobFailedError, UnknownOutcomeError
from upstage_docs.models import ParsedDocument
from upstage_docs.options import ParseOptions

pytestmark = pytest.mark.block_network


def play(name: str, case: Case | None = None) -> Any:
    case = case or CASES[name]
    with cassette(name) as played, Client(**settings()) as client:
        try:
            return case.call(client, case.document)
        finally:
            assert played.all_played, "the conversation ended early"


def check_parsed(document: ParsedDocument, pages: int) -> None:
    assert document.total_pages == document.usage.pages == pages
    assert [element.id for element in document.elements] == list(range(len(document.elements)))
    numbers = [element.page for element in document.elements]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, pages + 1))
    assert document.model
    assert document.html
    assert document.markdown
    assert document.text
    for element in document.elements:
        assert element.category
        assert element.html
        assert all(0 <= value <= 1 for value in element.box)


def test_a_sync_parse() -> None:
    document = play("parse_sync")
    check_parsed(document, 4)
    assert {"heading1", "paragraph", "table"} <= {element.category for element in document.elements}


def test_a_job_of_several_batches() -> None:
    document, job = play("parse_job")
    check_parsed(document, 25)
    assert [(batch.start_page, batch.end_page) for batch in job.batches] == [(1, 10), (11, 20), (21, 25)]
    assert len(document.answers) == 3
    assert job.done


async def test_the_async_client_has_the_same_conversations() -> None:
    with cassette("parse_sync"):
        async with AsyncClient(**settings()) as client:
            case = CASES["parse_sync"]
            check_parsed(await client.parse(case.document, source=case.document.name, route="sync"), 4)
    with cassette("parse_job"):
        async with AsyncClient(**settings()) as client:
            case = CASES["parse_job"]
            check_parsed(await client.parse(case.document, source=case.document.name, route="async"), 25)


def test_ocr() -> None:
    result = play("ocr")
    assert [page.number for page in result.pages] == [1, 2]
    assert result.billed_pages == 2
    words = [word for page in result.pages for word in page.words]
    assert words
    assert all(word.text and 0 <= word.confidence <= 1 and len(word.vertices) == 4 for word in words)
    assert all(
        0 <= x <= page.width and 0 <= y <= page.height
        for page in result.pages
        for word in page.words
        for x, y in word.vertices
    )


def test_a_refused_key() -> None:
    with pytest.raises(AuthenticationError, match="401") as caught:
        play("error_401")
    assert caught.value.status_code == 401


def test_too_many_pages() -> None:
    with pytest.raises(BadRequestError, match="413") as caught:
        play("error_413")
    assert caught.value.status_code == 413


def test_429_then_success() -> None:
    check_parsed(play("error_429_then_success"), 2)


def test_a_failed_job() -> None:
    with pytest.raises(JobFailedError) as caught:
        play("job_failed")
    assert caught.value.job.status == "failed"


def test_another_document_is_not_found() -> None:
    """Matching uses the document's digest: a recording answers for its own document only."""
    case = CASES["parse_sync"]
    with (
        pytest.raises((vcr.errors.CannotOverwriteExistingCassetteException, UnknownOutcomeError)),
        cassette(case.name),
        Client(**settings()) as client,
    ):
        client.parse(CASES["ocr"].document, source=case.document.name, route="sync")


def test_other_options_are_not_found() -> None:
    case = CASES["parse_sync"]
    with (
        pytest.raises((vcr.errors.CannotOverwriteExistingCassetteException, UnknownOutcomeError)),
        cassette(case.name),
        Client(**settings()) as client,
    ):
        client.parse(case.document, ParseOptions(ocr="force"), source=case.document.name, route="sync")


@pytest.mark.parametrize("name", CASES)
def test_every_recording_says_where_it_comes_from(name: str) -> None:
    first, second = (CASSETTES / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[:2]
    assert re.match(r"# Recorded through (the local engine of upstage-docs \d|the Upstage API)", first)
    assert (ENGINE_ONLY in second) is CASES[name].engine_only


def test_every_recording_is_played() -> None:
    assert {path.stem for path in CASSETTES.glob("*.yaml")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_no_recording_holds_a_secret_or_a_document(name: str) -> None:
    path = CASSETTES / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 200_000
    assert not re.search(rf"(?i)authorization|x-api-key|bearer|{KEY}|up_wrong|signature|127\.0\.0\.1|%PDF", text)
    assert "sha256:" in text


def test_addresses_that_let_anyone_in_are_renamed() -> None:
    """As the API signs them: the recording keeps a name, and the request for it is found by that name."""
    scrubber = Scrubber()
    signed = "https://bucket.example/batch?X-Amz-Signature=secret"
    body = b'{"id": "job-1", "batches": [{"id": 0, "download_url": "%s"}]}' % signed.encode()
    kept = scrubber.response({"headers": {"Set-Cookie": ["a"], "Date": ["b"]}, "body": {"string": body}})
    assert kept["headers"] == {}
    assert b"secret" not in kept["body"]["string"]

    class Asked:
        uri, headers, body = signed, {"x-api-key": "secret"}, None

    asked = scrubber.request(Asked())
    assert asked.uri == "https://results.invalid/job-1/0"
    assert asked.headers == {}


@pytest.mark.parametrize("said", [KEY, f"Bearer {KEY}", b64encode(KEY.encode()).decode()])
def test_a_key_that_an_answer_says_is_not_kept(said: str) -> None:
    answer = {"headers": {"X-Request-Id": [said]}, "body": {"string": f'{{"message": "{said}"}}'.encode()}}
    with Client(**settings()):
        kept = Scrubber().response(answer)
    assert said.rstrip("=")[:-2] not in str(kept)


def test_the_documents_are_small() -> None:
    assert all(path.stat().st_size < 100_000 for path in Path(CASSETTES / "documents").iterdir())
