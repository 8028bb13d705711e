"""LangChain's loaders and blob parsers, on an API that is answered in this process."""

from __future__ import annotations

import asyncio
import copy
import inspect
import io
import json
import logging
import pickle
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Loopback
from eventually import soon, threads_gone
from made_api import JPEG, PNG, MadeApi, pdf
from stand_in import make_pdf

from upstage_docs import Client
from upstage_docs.api.rates import RATES, Rate
from upstage_docs.errors import (
    AuthenticationError,
    BadRequestError,
    ConfigError,
    SourceError,
    SourceNotFoundError,
)
from upstage_docs.flows.reports import Progress
from upstage_docs.options import PollPolicy
from upstage_docs.records.records import METADATA_KEYS, OCR_KEYS, coordinates_of
from upstage_docs.testing.faults import Delay, failed_batch, hanging_job

pytest.importorskip("langchain_core", reason='needs the extra "langchain"')
from langchain_core.document_loaders import Blob, BlobLoader
from langchain_core.documents import Document
from langchain_core.indexing import InMemoryRecordManager, aindex, index
from langchain_core.load import dumps, loads
from langchain_core.vectorstores import InMemoryVectorStore
from pydantic import SecretStr

from langchain_upstage_docs import (
    UpstageDocumentParseLoader,
    UpstageDocumentParseParser,
    UpstageOCRLoader,
    UpstageOCRParser,
    akeep_failed,
    index_key,
    keep_failed,
)

PER_PAGE = 8  # elements that MadeApi answers for an odd page; one less for an even one


@pytest.fixture
def api() -> MadeApi:
    return MadeApi()


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UPSTAGE_API_KEY", "UPSTAGE_DOCS_ENGINE", "UPSTAGE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(3))
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three files, out of alphabetical order."""
    paths = [tmp_path / name for name in ("b.pdf", "a.pdf", "c.pdf")]
    for number, path in enumerate(paths, start=1):
        path.write_bytes(pdf(number, text=path.name))
    return paths


def test_one_document_per_layout_element(api: MadeApi, report: Path) -> None:
    documents = UpstageDocumentParseLoader(report, client=api.client()).load()

    assert len(documents) == 3 * PER_PAGE - 1
    for document in documents:
        assert {key: type(value) for key, value in document.metadata.items()} == METADATA_KEYS
        assert document.id == document.metadata["record_id"]
        assert document.metadata["source"] == str(report)
    table = documents[4]
    assert table.page_content.startswith("<table id='4'><thead>")
    assert [table.metadata[key] for key in ("category", "page", "headings")] == ["table", 1, "1. Results"]
    assert coordinates_of(table.metadata)[2] == (0.9, 0.45)


@pytest.mark.parametrize(
    ("output_format", "text"),
    [
        ("html", "<p id='2' data-category='paragraph'>Page 1: R&D of < 5.8 and <TwoAFC> 매출이 증가했다.</p>"),
        ("markdown", "Page 1: R&D of < 5.8 and <TwoAFC> 매출이 증가했다."),
        ("text", "Page 1: R&D of < 5.8 and <TwoAFC> 매출이 증가했다."),
    ],
)
def test_the_text_is_in_the_format_asked_for(api: MadeApi, report: Path, output_format: Any, text: str) -> None:
    documents = UpstageDocumentParseLoader(report, output_format=output_format, client=api.client()).load()

    assert documents[2].page_content == text
    assert api.tasks[0].output_formats == ("html", "markdown", "text"), "one paid answer serves every later use"


def test_json_is_lossless(api: MadeApi, report: Path) -> None:
    (document,) = UpstageDocumentParseLoader(report, "none", output_format="json", client=api.client()).load()

    assert len(json.loads(document.page_content)["elements"]) == 3 * PER_PAGE - 1


def test_a_document_per_page_and_per_file(api: MadeApi, report: Path) -> None:
    pages = UpstageDocumentParseLoader(report, "page", client=api.client()).load()
    (whole,) = UpstageDocumentParseLoader(report, "none", client=api.client()).load()

    assert [page.metadata["page"] for page in pages] == [1, 2, 3]
    assert all(page.page_content in whole.page_content for page in pages)
    assert "\n" in whole.page_content, "elements are not glued together"


def test_every_option_reaches_the_api(api: MadeApi, report: Path) -> None:
    UpstageDocumentParseLoader(
        report, ocr="force", coordinates=False, base64_encoding="figure", chart_recognition=False, client=api.client()
    ).load()

    (task,) = api.tasks
    assert (task.force_ocr, task.coordinates, task.crops) == (True, False, ("figure",))


def test_documents_without_text_are_kept_unless_unwanted(api: MadeApi, report: Path) -> None:
    kept = UpstageDocumentParseLoader(report, client=api.client()).load()
    left = UpstageDocumentParseLoader(report, skip_empty=True, client=api.client()).load()

    assert [document for document in kept if document.page_content] == left
    assert len(kept) - len(left) == 3


def test_a_long_document_streams_batch_by_batch(api: MadeApi, tmp_path: Path) -> None:
    """The first Documents are there before the last pages are done."""
    path = tmp_path / "long.pdf"
    path.write_bytes(pdf(31))
    api.allowed = threading.Semaphore(1)
    documents = UpstageDocumentParseLoader(path, client=api.client()).lazy_load()

    first = next(documents)
    api.allowed.release(100)
    pages = [document.metadata["page"] for document in documents]

    assert first.metadata["page"] == 1
    assert pages == sorted(pages)
    assert pages[-1] == 31
    assert (
        len({document.id for document in UpstageDocumentParseLoader(path, client=api.client()).load()})
        == len(pages) + 1
    )


async def test_a_long_document_streams_without_blocking_the_loop(api: MadeApi, tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(pdf(31))
    api.allowed = threading.Semaphore(1)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    documents = UpstageDocumentParseLoader(path, client=api.aclient()).alazy_load()
    first = await anext(documents)
    before = ticks
    await asyncio.sleep(0.1)
    api.allowed.release(100)
    rest = [document async for document in documents]
    ticking.cancel()

    assert first.metadata["page"] == 1
    assert ticks > before
    assert rest[-1].metadata["page"] == 31


@pytest.fixture
def network_client(loopback: Loopback, tmp_path: Path) -> Iterator[Client]:
    with Client(
        "up_test",
        base_url=loopback.base_url,
        cache=tmp_path / "cache",
        rates=dict.fromkeys(RATES, Rate()),
        poll=PollPolicy(initial=0.02, maximum=0.05),
    ) as client:
        yield client


async def test_cancelled_a_load_with_a_synchronous_client_asks_no_more(
    network_client: Client, loopback: Loopback, tmp_path: Path
) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(pdf(101))
    loopback.faults.always("status", hanging_job())
    loading = asyncio.create_task(UpstageDocumentParseLoader(path, client=network_client).aload())
    await soon(lambda: loopback.faults.count("status"), "the job is asked for")
    loading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loading
    await asyncio.sleep(0.2)
    asked = len(loopback.faults.received)
    await asyncio.sleep(0.3)
    assert len(loopback.faults.received) == asked


async def test_closed_a_load_with_a_synchronous_client_does_not_block_the_loop(
    network_client: Client, loopback: Loopback, files: list[Path]
) -> None:
    """What is being sent is waited for, in a thread."""
    await asyncio.to_thread(network_client.parse, files[0])  # stored, it comes first
    loopback.faults.always("sync", Delay(1.0))
    documents = UpstageDocumentParseLoader(files, client=network_client).alazy_load()
    await anext(documents)
    await soon(lambda: loopback.faults.count("sync") == 3, "the others are sent")
    closing = asyncio.create_task(documents.aclose())  # type: ignore[attr-defined]
    turns = 0
    while not closing.done():
        await asyncio.sleep(0.01)
        turns += 1
    await closing
    assert turns > 20


@pytest.mark.parametrize("asynchronous", [True, False])
async def test_async_gives_the_same_documents(api: MadeApi, files: list[Path], asynchronous: bool) -> None:
    """With an AsyncClient, and with a Client, which is used in threads."""
    client = api.aclient() if asynchronous else api.client()
    expected = UpstageDocumentParseLoader(files, client=api.client()).load()

    assert await UpstageDocumentParseLoader(files, client=client).aload() == expected
    assert await UpstageDocumentParseLoader(files[2], client=client).aload() == expected[-23:]


async def test_sync_loading_works_inside_a_running_loop(api: MadeApi, report: Path) -> None:
    """As in Jupyter."""
    assert len(UpstageDocumentParseLoader(report, client=api.client()).load()) == 3 * PER_PAGE - 1


def test_an_async_client_cannot_load_synchronously(api: MadeApi, report: Path) -> None:
    with pytest.raises(ConfigError, match="load with an async method"):
        UpstageDocumentParseLoader(report, client=api.aclient()).load()


@pytest.mark.parametrize("client", [Client, "local", object()])
def test_what_is_no_client_is_refused(client: Any, report: Path) -> None:
    with pytest.raises(ConfigError, match=r"client= is .*; give a Client\(\.\.\.\) or AsyncClient\(\.\.\.\)"):
        UpstageDocumentParseLoader(report, client=client)


def test_many_files_come_in_the_order_given(api: MadeApi, files: list[Path]) -> None:
    loader = UpstageDocumentParseLoader(files, "none", client=api.client())

    assert [document.metadata["source"] for document in loader.lazy_load()] == [str(path) for path in files]
    assert loader.report.succeeded == [str(path) for path in files]
    assert loader.report.pages == 6


def test_an_iterator_of_files_can_be_loaded_twice(api: MadeApi, files: list[Path]) -> None:
    loader = UpstageDocumentParseLoader((path for path in files), "none", client=api.client())

    assert loader.load() == loader.load()
    assert len(loader.load()) == 3


def test_no_files_are_no_documents(api: MadeApi) -> None:
    assert UpstageDocumentParseLoader([], client=api.client()).load() == []


@pytest.mark.parametrize("file", [7, None, object()])
def test_what_is_no_file_is_refused(api: MadeApi, file: Any) -> None:
    for given in (file, [file]):
        with pytest.raises(ConfigError, match=rf"takes paths, bytes.* not {type(file).__name__}\."):
            UpstageDocumentParseLoader(given, client=api.client())


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview, io.BytesIO])
@pytest.mark.parametrize("kind", [UpstageDocumentParseLoader, UpstageOCRLoader])
async def test_bytes_and_file_objects_are_loaded_under_their_name(api: MadeApi, kind: Any, form: Any) -> None:
    loader = kind(form(pdf(1)), client=api.client(), source="folder/scan.pdf")
    loaded = loader.load()

    assert {one.metadata["source"] for one in loaded} == {"folder/scan.pdf"}
    assert [one.id for one in loader.load()] == [one.id for one in loaded], "it may be loaded again"
    again = kind([form(pdf(1))], client=api.aclient(), source="folder/scan.pdf")
    assert [one.id async for one in again.alazy_load()] == [one.id for one in loaded]


class _NoBlobs(BlobLoader):
    def yield_blobs(self) -> Iterator[Blob]:
        return iter(())


def test_several_documents_take_no_single_name(api: MadeApi) -> None:
    with pytest.raises(ConfigError, match="names one document"):
        UpstageDocumentParseLoader([pdf(1), pdf(2)], client=api.client(), source="a.pdf").load()
    with pytest.raises(ConfigError, match="names one document"):
        UpstageDocumentParseLoader(_NoBlobs(), client=api.client(), source="a.pdf")


def test_a_path_that_stands_twice_in_a_list_gives_each_record_once(
    api: MadeApi, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = tmp_path / "a.pdf", tmp_path / "b.pdf"
    first.write_bytes(pdf(1))
    second.write_bytes(pdf(2))
    loaded = UpstageDocumentParseLoader([first, second, str(first)], client=api.client()).load()

    ids = [one.id for one in loaded]
    assert len(ids) == len(set(ids))
    assert [one.metadata["source"] for one in loaded] == sorted(one.metadata["source"] for one in loaded)
    assert "a.pdf stands in the list more than once" in caplog.text


def test_two_spellings_of_one_path_are_one(
    api: MadeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A link is another name, not another spelling."""
    monkeypatch.chdir(tmp_path)
    Path("x").mkdir()
    Path("a.pdf").write_bytes(pdf(1))
    paths: list[Any] = ["a.pdf", "./a.pdf", Path("a.pdf"), "x/../a.pdf", tmp_path / "a.pdf", f"{tmp_path}//a.pdf"]
    loaded = UpstageDocumentParseLoader(paths, "none", client=api.client()).load()
    assert [one.metadata["source"] for one in loaded] == ["a.pdf"]
    assert caplog.text.count("more than once") == len(paths) - 1

    blobs = [Blob.from_path("a.pdf"), Blob.from_path("./a.pdf"), Blob.from_path("a.pdf", metadata={"source": "b.pdf"})]
    loaded = UpstageDocumentParseLoader(blobs, "none", client=api.client()).load()
    assert [one.metadata["source"] for one in loaded] == ["a.pdf", "b.pdf"]

    Path("link.pdf").symlink_to("a.pdf")
    assert len(UpstageDocumentParseLoader(["a.pdf", "link.pdf"], "none", client=api.client()).load()) == 2


def test_blobs_in_memory_are_parsed(api: MadeApi) -> None:
    parser = UpstageDocumentParseParser(split="none", client=api.client())
    named = Blob.from_data(pdf(1), path="folder/in-memory.pdf", metadata={"tenant": "a"})
    (document,) = parser.parse(named)
    (nameless,) = parser.parse(Blob.from_data(pdf(2)))

    assert (document.metadata["source"], document.metadata["tenant"]) == ("folder/in-memory.pdf", "a")
    assert list(document.metadata) == [*METADATA_KEYS, "tenant"]
    assert nameless.metadata["source"] == f"sha256:{nameless.metadata['file_sha256']}"


def test_a_blob_of_a_file_is_streamed_from_it(api: MadeApi, report: Path) -> None:
    parser = UpstageDocumentParseParser(client=api.client())
    renamed = Blob.from_path(report, metadata={"source": "s3://bucket/report.pdf", "page": 99})

    assert parser.parse(Blob.from_path(report)) == UpstageDocumentParseLoader(report, client=api.client()).load()
    assert {document.metadata["source"] for document in parser.parse(renamed)} == {"s3://bucket/report.pdf"}
    assert parser.parse(renamed)[0].metadata["page"] == 1, "metadata of a blob is never put over ours"


def test_any_blob_loader_is_taken(api: MadeApi, files: list[Path]) -> None:
    class Folder(BlobLoader):
        def yield_blobs(self) -> Any:
            for path in files:
                yield Blob.from_data(path.read_bytes(), path=path)  # type: ignore[arg-type]

    loader = UpstageDocumentParseLoader(Folder(), "none", client=api.client())

    assert [document.metadata["source"] for document in loader.load()] == [str(path) for path in files]


def test_generic_loader_takes_the_parser(api: MadeApi, files: list[Path]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package announces its end
        generic = pytest.importorskip(
            "langchain_community.document_loaders.generic", reason="needs langchain-community, which is optional"
        )
    loader = generic.GenericLoader.from_filesystem(
        files[0].parent, glob="*.pdf", parser=UpstageDocumentParseParser(split="none", client=api.client())
    )

    assert {document.metadata["source"] for document in loader.load()} == {str(path) for path in files}


def test_crops_are_written_and_their_paths_recorded(api: MadeApi, report: Path, tmp_path: Path) -> None:
    loader = UpstageDocumentParseLoader(report, images="files", image_folder=tmp_path / "crops", client=api.client())
    documents = loader.load()

    written = [Path(document.metadata["image_path"]) for document in documents if document.metadata["image_path"]]
    assert [path.read_bytes() for path in written] == [JPEG] * 3
    assert api.tasks[0].crops == ("chart", "figure") or api.tasks[0].crops == ("figure", "chart")
    assert all(type(document.metadata["image_path"]) is str for document in documents)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"images": "files"}, "image_folder= go together"),
        ({"image_folder": "crops"}, "image_folder= go together"),
        ({"images": "base64", "split": "page"}, 'goes with split="element"'),
    ],
)
def test_crops_need_a_folder_and_elements(api: MadeApi, report: Path, options: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        UpstageDocumentParseLoader(report, client=api.client(), **options)


def test_a_file_that_fails_is_left_out_and_reported(
    api: MadeApi, files: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    api.refused.add(files[1].read_bytes())
    paths = [*files, files[0].parent / "missing.pdf"]
    loader = UpstageDocumentParseLoader(paths, "none", on_error="skip", client=api.client())

    with caplog.at_level(logging.WARNING, logger="upstage_docs"):
        documents = loader.load()

    assert [document.metadata["source"] for document in documents] == [str(files[0]), str(files[2])]
    assert [(failure.source, type(failure.error)) for failure in loader.report.failures] == [
        (str(files[1]), BadRequestError),
        (str(paths[3]), SourceNotFoundError),
    ]
    assert "left out" in caplog.text


def test_a_single_file_that_fails_is_reported_too(api: MadeApi, report: Path) -> None:
    api.refused.add(report.read_bytes())
    loader = UpstageDocumentParseLoader(report, on_error="skip", client=api.client())

    assert loader.load() == []
    assert [failure.source for failure in loader.report.failures] == [str(report)]


def test_a_single_file_that_fails_says_what_was_paid_for(
    loopback: Loopback, network_client: Client, tmp_path: Path
) -> None:
    """Nothing of it is handed out, and the pages whose batches came are paid for, those after the failure too."""
    loopback.faults.always("status", failed_batch(1))
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 35))
    loader = UpstageDocumentParseLoader(path, on_error="skip", client=network_client)
    assert loader.load() == []
    assert [failure.pages_paid for failure in loader.report.failures] == [25]


async def test_what_fails_is_left_out_asynchronously_too(api: MadeApi, files: list[Path]) -> None:
    api.refused.add(files[1].read_bytes())
    loader = UpstageDocumentParseLoader(files, "none", on_error="skip", client=api.aclient())

    assert [document.metadata["source"] for document in await loader.aload()] == [str(files[0]), str(files[2])]
    assert len(loader.report.failures) == 1


def test_by_default_the_first_failure_is_raised(api: MadeApi, files: list[Path]) -> None:
    api.refused.add(files[1].read_bytes())
    documents = UpstageDocumentParseLoader(files, "none", client=api.client()).lazy_load()

    assert next(documents).metadata["source"] == str(files[0])
    with pytest.raises(BadRequestError):
        next(documents)


@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_a_wrong_key_is_never_skipped(files: list[Path], on_error: Any) -> None:
    """It is wrong for every file, and an empty success would hide it."""
    import httpx

    from upstage_docs import Client

    refusing = httpx.MockTransport(lambda _: httpx.Response(401, json={"error": {"message": "no", "code": "x"}}))
    with Client("up_wrong", transport=refusing, cache=False) as client:
        for chosen in (files, files[0]):
            with pytest.raises(AuthenticationError):
                UpstageDocumentParseLoader(chosen, on_error=on_error, client=client).load()


def test_a_blob_that_holds_nothing_is_empty(api: MadeApi) -> None:
    """`Blob(data=None)` passes the class's own check."""
    for nothing in (Blob(data=None), Blob(path=None)):
        with pytest.raises(SourceError, match="is empty"):
            UpstageDocumentParseParser(client=api.client()).parse(nothing)


def test_bad_input_is_named_before_anything_is_sent(api: MadeApi, tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").write_bytes(b"")
    (tmp_path / "note.txt").write_text("plain")
    cases = {tmp_path: "is a directory", tmp_path / "empty.pdf": "is empty", tmp_path / "note.txt": "of no format"}

    for path, message in cases.items():
        with pytest.raises(SourceError, match=message):
            UpstageDocumentParseLoader(path, client=api.client()).load()
    with pytest.raises(FileNotFoundError, match=r"missing\.pdf"):
        UpstageDocumentParseLoader(tmp_path / "missing.pdf", client=api.client())
    assert api.tasks == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "pages"}, "split='pages' is not allowed"),
        ({"output_format": "xml"}, "output_format='xml' is not allowed"),
        ({"ocr": "never"}, "ocr='never' is not allowed"),
        ({"mode": "best"}, "mode='best' is not allowed"),
        ({"on_error": "ignore"}, "on_error='ignore' is not allowed"),
        ({"base64_encoding": ["tables"]}, "base64_encoding entry='tables' is not allowed"),
        ({"chart_recognition": "no"}, "chart_recognition=.no. must be True or False"),
        ({"extra_fields": ["mode"]}, "extra_fields must map names to strings, not list"),
        ({"model": "ocr"}, "model='ocr' is a model of Document OCR"),
        ({"on_progress": 3}, "on_progress=3 must be a function"),
        ({"engine": "cloud"}, "client= and engine= contradict each other"),
        ({"api_key": "up_x"}, "client= and api_key= contradict each other"),
    ],
)
def test_an_impossible_option_is_named(api: MadeApi, report: Path, options: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        UpstageDocumentParseLoader(report, client=api.client(), **options)


@pytest.mark.parametrize("path", ["https://example.com/a.pdf", "*.pdf", "~/a.pdf"])
def test_a_path_that_is_none_says_what_to_pass(api: MadeApi, path: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"fetch it first|pass the files|expanduser"):
        UpstageDocumentParseLoader(path, client=api.client())


def test_no_key_and_a_key_that_is_none_are_named_at_once(report: Path) -> None:
    with pytest.raises(ConfigError, match="UPSTAGE_API_KEY"):
        UpstageDocumentParseLoader(report)
    with pytest.raises(ConfigError, match="line break"):
        UpstageOCRLoader(report, api_key="up_secret\n")
    with pytest.raises(ConfigError, match="api_key= is int"):
        UpstageOCRLoader(report, api_key=5)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="model='document-parse' is a model of Document Parse"):
        UpstageOCRLoader(report, model="document-parse", engine="local")


def test_the_parser_of_a_loader_has_its_options(report: Path) -> None:
    parsing = UpstageDocumentParseLoader(report, engine="local", split="page", output_format="markdown").parser
    recognising = UpstageOCRLoader(report, engine="local", split="line", skip_empty=True).parser

    assert isinstance(parsing, UpstageDocumentParseParser)
    assert (parsing.engine, parsing.split, parsing.output_format) == ("local", "page", "markdown")
    assert isinstance(recognising, UpstageOCRParser)
    assert (recognising.engine, recognising.split, recognising.skip_empty) == ("local", "line", True)


@pytest.mark.parametrize("key", ["up_secret", SecretStr("up_secret")])
def test_the_key_never_shows(report: Path, key: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = UpstageDocumentParseLoader(report, api_key=key)
    frozen = pickle.dumps(loader)

    assert "secret" not in repr(loader) + repr(loader.parser.loading.connection) + repr(vars(loader.parser))
    assert b"secret" not in frozen
    again = pickle.loads(frozen)
    with pytest.raises(ConfigError, match="set UPSTAGE_API_KEY there"):
        again.load()
    assert b"secret" not in pickle.dumps(copy.deepcopy(again))


def test_a_loader_with_a_client_cannot_be_pickled(api: MadeApi, report: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be pickled"):
        pickle.dumps(UpstageDocumentParseLoader(report, client=api.client()))


def test_ocr_gives_a_document_per_page_word_or_file(api: MadeApi, report: Path, tmp_path: Path) -> None:
    pages = UpstageOCRLoader(report, client=api.client()).load()
    words = UpstageOCRLoader(report, "word", client=api.client()).load()
    (tmp_path / "scan.png").write_bytes(PNG)
    (whole,) = UpstageOCRLoader(tmp_path / "scan.png", "none", client=api.client()).load()

    assert [page.metadata["page"] for page in pages] == [1, 2, 3]
    assert [word.page_content for word in words] == ["Hello", "세계"] * 3
    assert whole.page_content == "Hello \n세계"
    for document in [*pages, *words, whole]:
        assert {key: type(value) for key, value in document.metadata.items()} == {**METADATA_KEYS, **OCR_KEYS}
    assert coordinates_of(words[0].metadata)[0] == (0.05, 0.2)


async def test_ocr_of_many_files_and_blobs(api: MadeApi, files: list[Path]) -> None:
    expected = [
        (str(path), number) for path, last in zip(files, (1, 2, 3), strict=True) for number in range(1, last + 1)
    ]
    for documents in (
        UpstageOCRLoader(files, client=api.client()).load(),
        await UpstageOCRLoader(files, client=api.client()).aload(),
        await UpstageOCRLoader(files, client=api.aclient()).aload(),
    ):
        assert [(one.metadata["source"], one.metadata["page"]) for one in documents] == expected
    (word, _) = UpstageOCRParser(split="word", client=api.client()).parse(Blob.from_data(PNG, path="scan.png"))
    assert (word.metadata["source"], word.metadata["confidence"]) == ("scan.png", 0.5)
    assert len(await UpstageOCRLoader(files[0], client=api.aclient()).aload()) == 1
    assert len(await UpstageOCRLoader(files[0], client=api.client()).aload()) == 1


def test_ocr_knows_no_elements(api: MadeApi, report: Path) -> None:
    with pytest.raises(ConfigError, match="split='element' is not allowed"):
        UpstageOCRLoader(report, split="element", client=api.client())  # type: ignore[arg-type]


def test_a_bar_counts_the_pages(api: MadeApi, files: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    UpstageDocumentParseLoader(files, client=api.client(), show_progress=True).load()
    UpstageOCRLoader(files[2], client=api.client(), show_progress=True).load()

    shown = capsys.readouterr().err
    assert "6/6" in shown
    assert "files=3" in shown
    assert "3/3" in shown


def test_a_callback_is_told_of_pages_and_files(api: MadeApi, files: list[Path], tmp_path: Path) -> None:
    """Of one long file as its pages come, of several file by file."""
    told: list[Progress] = []
    UpstageDocumentParseLoader(files, client=api.client(), on_progress=told.append).load()
    assert [one.files for one in told] == [1, 2, 3]
    assert told[-1] == Progress(pages=6, total_pages=6, files=3)

    told.clear()
    (tmp_path / "long.pdf").write_bytes(pdf(31))
    UpstageDocumentParseLoader(tmp_path / "long.pdf", client=api.client(), on_progress=told.append).load()
    assert told[0].pages < told[0].total_pages == 31
    assert told[-1] == Progress(pages=31, total_pages=31, files=1)


@pytest.mark.parametrize("count", [1, 3])
async def test_stopping_early_leaves_nothing_behind(api: MadeApi, tmp_path: Path, count: int) -> None:
    """No thread, no task, no generator: of one long file, and of several at once."""
    paths = [tmp_path / f"{number}.pdf" for number in range(count)]
    for path in paths:
        path.write_bytes(pdf(31))
    threads = set(threading.enumerate())
    documents = UpstageDocumentParseLoader(paths, client=api.client()).lazy_load()
    next(documents)
    documents.close()  # type: ignore[attr-defined]
    assert threads_gone(threads)

    before = asyncio.all_tasks()
    streamed = UpstageDocumentParseLoader(paths, client=api.aclient()).alazy_load()
    await anext(streamed)
    await streamed.aclose()  # type: ignore[attr-defined]
    assert asyncio.all_tasks() == before


def test_usage_is_what_the_answers_tell(api: MadeApi, report: Path) -> None:
    loader = UpstageDocumentParseLoader(report, client=api.client())
    loader.load()

    assert loader.usage.pages == 3


def test_documents_survive_langchains_serialisation(api: MadeApi, report: Path) -> None:
    document = UpstageDocumentParseLoader(report, client=api.client()).load()[4]

    newer = {"allowed_objects": [Document]} if "allowed_objects" in inspect.signature(loads).parameters else {}
    with pytest.warns(Warning, match="beta"):
        assert loads(dumps(document), **newer) == document  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cleanup", "held"),
    [
        ("full", {"a.pdf", "b.pdf"}),
        ("scoped_full", {"a.pdf", "b.pdf", "c.pdf"}),
        ("incremental", {"a.pdf", "b.pdf", "c.pdf"}),
    ],
)
@pytest.mark.parametrize("kind", ["index", "aindex"])
async def test_a_file_that_fails_for_a_day_keeps_its_records(
    api: MadeApi, tmp_path: Path, cleanup: Any, held: set[str], kind: str
) -> None:
    from langchain_core.embeddings import DeterministicFakeEmbedding

    paths = [tmp_path / name for name in ("a.pdf", "b.pdf", "c.pdf")]
    for path in paths:
        path.write_bytes(pdf(2, path.name))
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=8))
    manager = InMemoryRecordManager("test")
    manager.create_schema()
    options: dict[str, Any] = {"cleanup": cleanup, "source_id_key": "source", "key_encoder": index_key}

    async def run(files: list[Path]) -> set[str]:
        if kind == "aindex":
            loader = UpstageDocumentParseLoader(files, on_error="skip", client=api.aclient())
            await aindex(akeep_failed(loader, manager), manager, store, **options)
        else:
            loader = UpstageDocumentParseLoader(files, on_error="skip", client=api.client())
            await asyncio.to_thread(index, keep_failed(loader, manager), manager, store, **options)
        return {Path(one["metadata"]["source"]).name for one in store.store.values()}

    assert await run(paths) == {"a.pdf", "b.pdf", "c.pdf"}
    paths[0].write_bytes(pdf(3, "changed"))
    api.refused.add(paths[0].read_bytes())
    assert await run(paths[:2]) == held
    assert await run(paths[1:2]) == (held - {"a.pdf"} if cleanup == "full" else held)


def test_the_report_of_a_parser_covers_all_that_it_was_given(api: MadeApi, files: list[Path]) -> None:
    api.refused.add(files[1].read_bytes())
    parser = UpstageDocumentParseParser(split="none", on_error="skip", client=api.client())
    for path in files:
        list(parser.lazy_parse(Blob.from_path(path)))
    assert parser.report.succeeded == [str(files[0]), str(files[2])]
    assert [failure.source for failure in parser.report.failures] == [str(files[1])]
    assert parser.usage.pages > 0


def test_indexing_twice_embeds_nothing_and_a_change_only_itself(api: MadeApi, tmp_path: Path) -> None:
    """`scoped_full` with our key encoder, in batches smaller than a file, where "incremental" embeds again."""
    from langchain_core.embeddings import DeterministicFakeEmbedding

    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(3))
    other = tmp_path / "other.pdf"
    other.write_bytes(pdf(2))
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=8))
    manager = InMemoryRecordManager("test")
    manager.create_schema()

    def run() -> dict[str, int]:
        loader = UpstageDocumentParseLoader([path, other], client=api.client())
        done = index(
            loader,
            manager,
            store,
            batch_size=10,
            cleanup="scoped_full",
            source_id_key="source",
            key_encoder=index_key,
        )
        return {name: done[f"num_{name}"] for name in ("added", "updated", "skipped", "deleted")}  # type: ignore[literal-required]

    assert run() == {"added": 38, "updated": 0, "skipped": 0, "deleted": 0}
    assert run() == {"added": 0, "updated": 0, "skipped": 38, "deleted": 0}
    path.write_bytes(pdf(1))
    assert run() == {"added": 8, "updated": 0, "skipped": 15, "deleted": 23}
    assert len(store.store) == 23


def test_the_index_key_follows_text_and_metadata() -> None:
    document = Document("a", metadata={"source": "x", "page": 1})

    assert index_key(document) == index_key(Document("a", metadata={"page": 1, "source": "x"}))
    assert len({index_key(document), index_key(Document("b", metadata={})), index_key(Document("a", metadata={}))}) == 3
    with pytest.raises(ConfigError, match="must be JSON"):
        index_key(Document("a", metadata={"handle": io.BytesIO()}))
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]
    with pytest.raises(ConfigError, match="must be JSON"):
        index_key(Document("a", metadata={"tree": deep}))


def test_what_loading_would_cost_is_told_before(api: MadeApi, files: list[Path]) -> None:
    loader = UpstageDocumentParseLoader(files, client=api.client())
    estimate = loader.estimate()

    assert (estimate.pages, estimate.lowest) == (6, pytest.approx(0.06))  # type: ignore[comparison-overlap]
    assert UpstageOCRLoader(files, client=api.client()).estimate().pages == 6
    assert api.tasks == []


@pytest.mark.parametrize("missing", ["langchain_core", "langchain_text_splitters"])
def test_without_langchain_the_import_names_the_extra(missing: str) -> None:
    code = (
        f"import sys; sys.modules['{missing}'] = None\n"
        "try:\n    from langchain_upstage_docs import TableAwareTextSplitter\n"
        "except ImportError as error:\n    print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("MissingExtraError")
    assert 'pip install "upstage-docs[langchain]"' in done.stdout
