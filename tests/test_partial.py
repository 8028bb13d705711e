"""`on_error="partial"` hands out what came and names what did not; with `"skip"` and it, what came waits on disk."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Loopback, open_files
from stand_in import labels, make_pdf

from upstage_docs import (
    AsyncClient,
    Client,
    ParsedDocument,
    PollPolicy,
    Progress,
    Rate,
    Report,
    RetryPolicy,
    chunk_elements,
)
from upstage_docs.api.joining import document_json
from upstage_docs.api.limits import ApiLimits
from upstage_docs.errors import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    InvalidResponseError,
    JobFailedError,
    JobTimeoutError,
)
from upstage_docs.models import Record
from upstage_docs.records.records import METADATA_KEYS, records
from upstage_docs.store.waiting import WaitingPieces
from upstage_docs.testing.faults import Answer, Fault, Rewrite, failed_batch, hanging_job, unauthorized, unavailable

pytest.importorskip("langchain_core", reason='needs the extra "langchain"')
pytest.importorskip("llama_index.core", reason='needs the extra "llama-index"')

REFUSED = Answer(400, b'{"error": {"code": "bad", "message": "these pages are refused"}}')
QUICK = RetryPolicy(attempts=2, initial=0.01, maximum=0.02)


def settings_of(loopback: Loopback, **more: Any) -> dict[str, Any]:
    return {
        "api_key": "up_abcdefghijklmnop",
        "base_url": loopback.base_url,
        "cache": False,
        "max_concurrency": 1,
        "rates": {"sync": Rate(), "async": Rate(), "ocr": Rate()},
        "retry": QUICK,
        "poll": PollPolicy(initial=0.01, maximum=0.02),
        **more,
    }


def collected(kind: str, settings: dict[str, Any], method: str, *arguments: Any, **named: Any) -> list[Any]:
    """Call an iterating method of the client called *kind*."""
    if kind == "Client":
        with Client(**settings) as client:
            return list(getattr(client, method)(*arguments, **named))

    async def main() -> list[Any]:
        async with AsyncClient(**settings) as client:
            return [one async for one in getattr(client, method)(*arguments, **named)]

    return asyncio.run(main())


def texts(found: Iterable[ParsedDocument]) -> list[str]:
    return [element.text for one in found for element in one.elements]


both = pytest.mark.parametrize("kind", ["Client", "AsyncClient"])


@both
@pytest.mark.parametrize("others", [0, 1])
def test_what_came_is_handed_out_and_says_what_is_missing(loopback: Loopback, kind: str, others: int) -> None:
    """The second of three parts is refused; the other file is whole."""
    loopback.faults.script("sync", None, REFUSED, None)
    report = Report()
    documents = [make_pdf("a", 6), *[make_pdf("b", 2)] * others]
    settings = settings_of(loopback)
    found = collected(
        kind, settings, "stream_many", documents, pages_per_request=2, on_error="partial", report=report, ordered=False
    )
    slices = [one for _, one in found if one is not None]
    part = [one for one in slices if one.missing_pages]
    assert texts(part) == [f"a page {number}" for number in (1, 2, 5, 6)]
    assert [element.page for one in part for element in one.elements] == [1, 2, 5, 6]
    assert {(one.missing_pages, one.total_pages) for one in part} == {("3-4", 6)}
    assert texts(one for one in slices if not one.missing_pages) == labels("b", 2 * others)
    assert [(type(one.error), one.missing_pages, one.pages_paid) for one in report.failures] == [
        (BadRequestError, "3-4", 4)
    ]
    assert (len(report.succeeded), report.pages) == (others, 4 + 2 * others)
    assert "(without pages 3-4)" in str(report)


@both
def test_parse_many_yields_the_part_as_a_document(loopback: Loopback, kind: str) -> None:
    loopback.faults.script("sync", REFUSED, None, REFUSED)
    (document,) = collected(
        kind, settings_of(loopback), "parse_many", make_pdf("a", 5), pages_per_request=2, on_error="partial"
    )
    assert (texts([document]), document.missing_pages) == (["a page 3", "a page 4"], "1-2, 5")
    assert '"missing_pages":"1-2, 5"' in document_json(document)


@both
def test_recognised_text_has_missing_pages_too(loopback: Loopback, kind: str) -> None:
    loopback.faults.script("sync", None, REFUSED, None)
    settings = settings_of(loopback, limits=ApiLimits(ocr_pages=1))
    (result,) = collected(kind, settings, "ocr_many", make_pdf("a", 3), on_error="partial")
    assert ([page.number for page in result.pages], result.missing_pages, result.total_pages) == ([1, 3], "2", 3)


@both
@pytest.mark.parametrize("cache", [False, True])
def test_a_job_gives_the_batches_that_are_done(loopback: Loopback, kind: str, cache: bool, tmp_path: Path) -> None:
    loopback.faults.always("status", failed_batch(1))
    settings = settings_of(loopback, cache=tmp_path if cache else False, max_concurrency=3)
    report = Report()
    (document,) = collected(kind, settings, "parse_many", make_pdf("a", 35), on_error="partial", report=report)
    assert [element.page for element in document.elements] == [*range(1, 11), *range(21, 36)]
    assert document.missing_pages == report.failures[0].missing_pages == "11-20"
    assert isinstance(report.failures[0].error, JobFailedError)


@both
def test_a_job_that_is_not_done_in_time_gives_what_is(loopback: Loopback, kind: str) -> None:
    loopback.faults.always("status", hanging_job(completed=2))
    # Long enough for a machine that is busy to see the state of the job once.
    settings = settings_of(loopback, poll=PollPolicy(initial=0.01, maximum=0.02, deadline=3.0))
    report = Report()
    (document,) = collected(kind, settings, "parse_many", make_pdf("a", 35), on_error="partial", report=report)
    assert (document.elements[-1].page, document.missing_pages) == (20, "21-35")
    assert isinstance(report.failures[0].error, JobTimeoutError)


@both
def test_fewer_pages_than_were_sent_are_handed_out(loopback: Loopback, kind: str) -> None:
    def cut(answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "elements": answer["elements"][:2], "usage": {"pages": 2}}

    loopback.faults.script("sync", Rewrite(cut))
    (document,) = collected(kind, settings_of(loopback), "parse_many", make_pdf("a", 3), on_error="partial")
    assert (texts([document]), document.missing_pages) == (["a page 1", "a page 2"], "3")


@both
def test_where_nothing_came_nothing_is_handed_out(loopback: Loopback, kind: str) -> None:
    report = Report()
    loopback.faults.always("sync", REFUSED)
    documents = [make_pdf("a", 1), "missing.pdf"]
    assert collected(kind, settings_of(loopback), "parse_many", documents, on_error="partial", report=report) == []
    assert [one.missing_pages for one in report.failures] == ["", ""]


@both
@pytest.mark.parametrize("fault", [unauthorized()])
def test_what_is_wrong_for_every_document_is_raised(loopback: Loopback, kind: str, fault: Fault) -> None:
    loopback.faults.script("sync", None, fault)
    with pytest.raises(AuthenticationError):
        collected(kind, settings_of(loopback), "parse_many", make_pdf("a", 2), pages_per_request=1, on_error="partial")


def test_an_outage_is_not_asked_for_every_part(loopback: Loopback) -> None:
    """Three parts in a row that fail as an outage lets them fail are enough; what is stored is still handed out."""
    loopback.faults.script("sync", None, *[unavailable()] * 100)
    report = Report()
    (document,) = collected(
        "Client",
        settings_of(loopback),
        "parse_many",
        make_pdf("a", 20),
        pages_per_request=1,
        on_error="partial",
        report=report,
    )
    assert document.missing_pages == "2-20"
    assert len(loopback.faults.received) == 1 + 3 * QUICK.attempts
    assert isinstance(report.failures[0].error, APIStatusError)


def test_running_again_pays_for_the_missing_pages_only(loopback: Loopback, tmp_path: Path) -> None:
    settings = settings_of(loopback, cache=tmp_path)
    loopback.faults.script("sync", None, REFUSED, None)
    asked: dict[str, Any] = {"pages_per_request": 1, "on_error": "partial"}
    (part,) = collected("Client", settings, "parse_many", make_pdf("a", 3), **asked)
    (whole,) = collected("Client", settings, "parse_many", make_pdf("a", 3), **asked)
    assert (part.missing_pages, whole.missing_pages) == ("2", "")
    assert set(loopback.billed.values()) == {1}


# --- records, elements, pages, whole files, chunks --------------------------------------------------------------------


@pytest.fixture
def part(loopback: Loopback) -> ParsedDocument:
    loopback.faults.script("sync", None, REFUSED, None)
    found = collected(
        "Client", settings_of(loopback), "parse_many", make_pdf("a", 3), pages_per_request=1, on_error="partial"
    )
    return found[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize("split", ["element", "page", "none"])
def test_each_record_names_the_missing_pages(part: ParsedDocument, split: Any) -> None:
    from upstage_docs import RecordOptions

    found = list(records(part, RecordOptions(split=split)))
    assert {record.metadata["missing_pages"] for record in found} == {"2"}
    assert all({key: type(value) for key, value in one.metadata.items()} == METADATA_KEYS for one in found)


def test_chunks_of_a_part_name_them_however_often_they_are_split(part: ParsedDocument) -> None:
    from upstage_docs import RecordOptions

    chunks = list(chunk_elements(part))
    again = list(chunk_elements(chunks, chunk_size=6, chunk_overlap=0))
    of_records = [list(chunk_elements(records(part, RecordOptions(split=one)))) for one in ("element", "page", "none")]
    made = [chunks, again, *of_records]
    assert [{chunk.metadata["missing_pages"] for chunk in some} for some in made] == [{"2"}] * 5


def test_what_an_older_version_wrote_keeps_the_keys_of_others() -> None:
    """Records of a store that lack our newest key and have one of somebody else's are as long as ours."""
    whole = ParsedDocument("a.pdf", "0" * 64, "model", ())
    record = next(iter(records(ParsedDocument("a.pdf", "0" * 64, "m", (element_of("words"),)))))
    del record.metadata["missing_pages"]
    record.metadata["tenant"] = "north"
    (chunk,) = chunk_elements([record])
    assert (chunk.metadata["tenant"], chunk.metadata["missing_pages"], whole.missing_pages) == ("north", "", "")


def element_of(text: str) -> Any:
    from upstage_docs import Element

    return Element(0, 1, "paragraph", html=f"<p>{text}</p>", markdown=text, text=text)


# --- loaders, parsers, readers, node parsers --------------------------------------------------------------------------


def faces(path: Path, **options: Any) -> Iterator[tuple[str, Any]]:
    """Yield what each face gives of *path*, as metadata; asynchronous ones to be awaited."""
    from langchain_core.document_loaders import Blob
    from llama_index.core.schema import Document

    from langchain_upstage_docs import (
        UpstageDocumentParseLoader,
        UpstageDocumentParseParser,
        UpstageOCRLoader,
        UpstageOCRParser,
    )
    from llama_index_upstage_docs import (
        UpstageDocumentParseNodeParser,
        UpstageDocumentParseReader,
        UpstageOCRReader,
    )

    parse = {**options, "pages_per_request": 1}
    yield "loader", lambda: UpstageDocumentParseLoader(path, **parse).load()
    yield "async loader", lambda: UpstageDocumentParseLoader(path, **parse).aload()
    yield "parser", lambda: list(UpstageDocumentParseParser(**parse).lazy_parse(Blob.from_path(path)))
    yield "reader", lambda: UpstageDocumentParseReader(**parse).load_data(path)
    yield "async reader", lambda: UpstageDocumentParseReader(**parse).aload_data(path)
    source = Document(text="", metadata={"file_path": str(path)})
    yield "node parser", lambda: UpstageDocumentParseNodeParser(**parse).get_nodes_from_documents([source])
    yield "ocr loader", lambda: UpstageOCRLoader(path, **options).load()
    yield "async ocr loader", lambda: UpstageOCRLoader(path, **options).aload()
    yield "ocr parser", lambda: list(UpstageOCRParser(**options).lazy_parse(Blob.from_path(path)))
    yield "ocr reader", lambda: UpstageOCRReader(**options).load_data(path)
    yield "async ocr reader", lambda: UpstageOCRReader(**options).aload_data(path)


async def test_every_face_hands_out_the_part(loopback: Loopback, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 3))
    with Client(**settings_of(loopback, limits=ApiLimits(ocr_pages=1))) as client:
        for name, face in faces(path, client=client, on_error="partial"):
            loopback.faults.script("sync", None, REFUSED, None)
            found = await asyncio.to_thread(face)
            documents = await found if asyncio.iscoroutine(found) else found
            said = [(one.metadata["page"], one.metadata["missing_pages"]) for one in documents]
            assert said == [(1, "2"), (3, "2")], name


def test_metadata_in_the_shape_of_langchain_upstage_tells_it_too(loopback: Loopback, tmp_path: Path) -> None:
    from langchain_upstage_docs import UpstageDocumentParseLoader

    paths = [tmp_path / "a.pdf", tmp_path / "b.pdf"]
    for path in paths:
        path.write_bytes(make_pdf(path.stem, 2))
    loopback.faults.script("sync", None, REFUSED)
    options: dict[str, Any] = {"metadata_format": "nested", "pages_per_request": 1}
    with Client(**settings_of(loopback)) as client:
        part = UpstageDocumentParseLoader(paths, client=client, on_error="partial", **options).load()
        plain = UpstageDocumentParseLoader(paths, client=client, **options).load()
    assert [one.metadata["missing_pages"] for one in part] == ["2", "", ""]
    assert all("missing_pages" not in one.metadata for one in plain)


# --- what waits, waits on disk ----------------------------------------------------------------------------------------


@both
def test_pages_of_one_file_are_told_while_it_waits(loopback: Loopback, kind: str) -> None:
    told: list[Progress] = []
    report = Report(on_progress=told.append)
    collected(
        kind,
        settings_of(loopback),
        "stream_many",
        make_pdf("a", 4),
        pages_per_request=2,
        on_error="skip",
        report=report,
    )
    assert told == [Progress(2, 4, 0), Progress(4, 4, 0), Progress(4, 4, 1)]


@both
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not say which files are open")
@pytest.mark.parametrize("on_error", ["skip", "partial"])
def test_slices_wait_in_a_file_that_is_gone_afterwards(loopback: Loopback, kind: str, on_error: Any) -> None:
    before = open_files()
    waiting: list[set[str]] = []
    report = Report(on_progress=lambda _: waiting.append(new_files(before)))
    found = collected(
        kind,
        settings_of(loopback),
        "stream_many",
        make_pdf("a", 3),
        pages_per_request=1,
        on_error=on_error,
        report=report,
    )
    assert texts(one for _, one in found if one is not None) == labels("a", 3)
    assert [len(files) for files in waiting[:3]] == [0, 1, 1]
    assert new_files(before) == set()


def new_files(before: set[str]) -> set[str]:
    return {name for name in open_files() - before if f" {tempfile.gettempdir()}/#" in name}


def test_a_disk_that_refuses_costs_memory_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    pieces = WaitingPieces()
    for number in range(3):
        pieces.append([Record(str(number), "text", {})])
    assert [piece[0].id for piece in pieces] == ["0", "1", "2"]
    assert caplog.text.count("waits in memory") == 1


@both
def test_a_slice_that_cannot_be_converted_hands_out_none_of_its_file(loopback: Loopback, kind: str) -> None:
    def converter() -> Any:
        def convert(piece: Any) -> Any:
            if piece is not None and piece.elements[0].page == 3:
                raise InvalidResponseError("a crop is no picture")
            return piece

        return convert

    report = Report()
    found = collected(
        kind,
        settings_of(loopback),
        "stream_many",
        [make_pdf("a", 3), make_pdf("b", 1)],
        pages_per_request=1,
        on_error="skip",
        report=report,
        convert=converter,
    )
    assert texts(one for _, one in found if one is not None) == labels("b", 1)
    assert [one.reason for one in report.failures] == ["a crop is no picture"]


def test_objects_of_the_caller_come_back_as_the_same_ones() -> None:
    pieces = WaitingPieces()
    own = [object(), object()]
    for one in (*own, [Record("1", "text", {"page": 1})], [Record("2", "text", {})]):
        pieces.append(one)
    assert list(pieces)[:2] == own
    assert [pieces.is_in_memory(index) for index in range(4)] == [True, True, False, True]
    assert pieces[2] == [Record("1", "text", {"page": 1})]
    pieces.close()
