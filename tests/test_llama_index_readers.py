"""LlamaIndex's readers, on an API that is answered in this process."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from made_api import PNG, MadeApi, pdf
from stand_in import make_pdf

from upstage_docs import Client
from upstage_docs.errors import BadRequestError, ConfigError, SourceNotFoundError
from upstage_docs.records.records import METADATA_KEYS, OCR_KEYS
from upstage_docs.testing.stand_in import stand_in_transport

pytest.importorskip("llama_index.core", reason='needs the extra "llama-index"')
from fsspec.implementations.memory import MemoryFileSystem
from llama_index.core import MockEmbedding, SimpleDirectoryReader
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.readers.base import ReaderConfig
from llama_index.core.schema import Document, MetadataMode, NodeRelationship
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.vector_stores import SimpleVectorStore
from pydantic import SecretStr

from llama_index_upstage_docs import UpstageDocumentParseReader, UpstageOCRReader, keep_failed

FILE_KEYS = {**METADATA_KEYS, "file_path": str, "file_name": str}


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UPSTAGE_API_KEY", "UPSTAGE_DOCS_ENGINE", "UPSTAGE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def api() -> MadeApi:
    return MadeApi()


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(3))
    return path


def test_one_document_per_layout_element_without_a_source(api: MadeApi, report: Path) -> None:
    documents = UpstageDocumentParseReader(client=api.client()).load_data(report)

    assert len(documents) == 23
    for document in documents:
        assert {key: type(value) for key, value in document.metadata.items()} == FILE_KEYS
        assert document.id_ == document.metadata["record_id"]
        assert document.relationships == {}
    assert documents[4].text.startswith("<table id='4'>")
    assert documents[4].metadata["file_name"] == "report.pdf"


def test_what_is_embedded_and_what_the_llm_sees(api: MadeApi, report: Path) -> None:
    """Coordinates, ids and hashes cost tokens and say nothing; an LLM needs the page to cite."""
    document = UpstageDocumentParseReader(output_format="text", client=api.client()).load_data(report)[2]
    text = "Page 1: R&D of < 5.8 and <TwoAFC> 매출이 증가했다."

    assert document.get_content(MetadataMode.EMBED) == f"headings: 1. Results\n\n{text}"
    assert document.get_content(MetadataMode.LLM) == (
        f"category: paragraph\npage: 1\nheadings: 1. Results\nfile_name: report.pdf\n\n{text}"
    )


def test_extra_info_goes_along_and_never_over_ours(api: MadeApi, report: Path) -> None:
    extra = {"file_path": "other", "page": 99, "file_type": "application/pdf", "tenant": "a"}
    document = UpstageDocumentParseReader(client=api.client()).load_data(report, extra_info=extra)[0]

    assert list(document.metadata) == [*FILE_KEYS, "file_type", "tenant"]
    assert (document.metadata["file_path"], document.metadata["page"]) == (str(report), 1)
    assert "tenant" not in document.get_content(MetadataMode.EMBED) + document.get_content(MetadataMode.LLM)


def test_several_files_in_the_order_given(api: MadeApi, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("b.pdf", "a.pdf")]
    for path in paths:
        path.write_bytes(pdf(1))
    reader = UpstageDocumentParseReader(split="none", client=api.client())

    assert [document.metadata["source"] for document in reader.load_data([str(path) for path in paths])] == [
        str(path) for path in paths
    ]
    assert reader.report.pages == 2
    assert reader.usage.pages == 2


async def test_async_gives_the_same_documents(api: MadeApi, report: Path) -> None:
    expected = UpstageDocumentParseReader(client=api.client()).load_data(report)
    reader = UpstageDocumentParseReader(client=api.aclient())

    assert await reader.aload_data(report) == expected
    assert [document async for document in reader.astream_data(report)] == expected
    assert await reader.alazy_load_data(report) == expected, "a list, by the base class's contract"
    assert list(UpstageDocumentParseReader(client=api.client()).lazy_load_data(report)) == expected


async def test_streams_come_batch_by_batch(api: MadeApi, tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(pdf(31))
    for asynchronous in (False, True):
        api.allowed = threading.Semaphore(1)
        if asynchronous:
            stream = UpstageDocumentParseReader(client=api.aclient()).astream_data(path)
            first = await anext(stream)
            api.allowed.release(100)
            last = [document async for document in stream][-1]
        else:
            lazy = UpstageDocumentParseReader(client=api.client()).lazy_load_data(path)
            first = next(iter(lazy))
            api.allowed.release(100)
            *_, last = lazy
        assert (first.metadata["page"], last.metadata["page"]) == (1, 31)


def test_it_reads_inside_simple_directory_reader(api: MadeApi, report: Path) -> None:
    (report.parent / "note.txt").write_text("plain")
    documents = SimpleDirectoryReader(
        str(report.parent),
        file_extractor={".pdf": UpstageDocumentParseReader(client=api.client())},
        raise_on_error=True,
    ).load_data()

    ours = [document for document in documents if document.metadata["file_name"] == "report.pdf"]
    assert len(ours) == 23
    assert list(ours[0].metadata)[: len(FILE_KEYS)] == list(FILE_KEYS)
    assert "file_size" in ours[0].metadata
    assert "file_size" not in ours[0].get_content(MetadataMode.LLM)


async def test_it_reads_inside_simple_directory_reader_asynchronously(api: MadeApi, report: Path) -> None:
    extractor = {".pdf": UpstageDocumentParseReader(client=api.aclient())}
    documents = await SimpleDirectoryReader(str(report.parent), file_extractor=extractor).aload_data()  # type: ignore[arg-type]

    assert len(documents) == 23


async def test_it_reads_from_another_file_system(api: MadeApi) -> None:
    fs = MemoryFileSystem()
    fs.pipe("/folder/remote.pdf", pdf(2))
    documents = SimpleDirectoryReader(
        "/folder", fs=fs, file_extractor={".pdf": UpstageDocumentParseReader(client=api.client())}, raise_on_error=True
    ).load_data()
    reader = UpstageDocumentParseReader(client=api.aclient())

    assert len(documents) == 15
    assert documents[0].metadata["source"] == "/folder/remote.pdf"
    assert [one.id_ for one in await reader.aload_data("/folder/remote.pdf", fs=fs)] == [one.id_ for one in documents]


async def test_failures_of_another_file_system_are_in_one_report(api: MadeApi) -> None:
    fs = MemoryFileSystem()
    names = [f"/mixed/{name}.pdf" for name in ("bad", "good", "worse")]
    for name in names:
        fs.pipe(name, pdf(1) if "good" in name else b"nothing")
    for reader in (
        UpstageDocumentParseReader(on_error="skip", client=client) for client in (api.client(), api.aclient())
    ):
        documents = await reader.aload_data(names, fs=fs)
        assert {document.metadata["source"] for document in documents} == {names[1]}
        assert [failure.source for failure in reader.report.failures] == [names[0], names[2]]


def test_what_reading_would_cost_is_told_before(api: MadeApi, report: Path) -> None:
    assert UpstageDocumentParseReader(client=api.client()).estimate([report, report]).pages == 6
    assert api.tasks == []


def test_a_reader_config_reads(api: MadeApi, report: Path) -> None:
    config = ReaderConfig(
        reader=UpstageDocumentParseReader(client=api.client()), reader_kwargs={"file_path": str(report)}
    )

    assert len(config.read()) == 23


def test_sentence_splitter_keeps_the_links_of_elements(api: MadeApi, report: Path) -> None:
    """Elements with a SOURCE of their own would lose every NEXT."""
    documents = UpstageDocumentParseReader(output_format="text", client=api.client()).load_data(report)
    nodes = SentenceSplitter(chunk_size=40, chunk_overlap=0).get_nodes_from_documents(documents[4:5])

    assert len(nodes) > 2
    assert [node.next_node.node_id for node in nodes[:-1] if node.next_node] == [node.node_id for node in nodes[1:]]


def test_a_file_that_fails_for_a_day_keeps_its_documents(api: MadeApi, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.pdf", "b.pdf", "c.pdf")]
    for path in paths:
        path.write_bytes(pdf(1, path.name))
    docstore = SimpleDocumentStore()
    pipeline = IngestionPipeline(
        transformations=[MockEmbedding(embed_dim=4)],
        docstore=docstore,
        vector_store=SimpleVectorStore(),
        docstore_strategy=DocstoreStrategy.UPSERTS_AND_DELETE,
    )

    def run(files: list[Path]) -> set[str]:
        reader = UpstageDocumentParseReader(on_error="skip", client=api.client())
        documents = reader.load_data(files)
        pipeline.run(documents=keep_failed(documents, reader.report, docstore))
        return {Path(one.metadata["source"]).name for one in docstore.docs.values()}

    assert run(paths) == {"a.pdf", "b.pdf", "c.pdf"}
    paths[0].write_bytes(pdf(2, "changed"))
    api.refused.add(paths[0].read_bytes())
    assert run(paths[:2]) == {"a.pdf", "b.pdf"}
    assert run(paths[1:2]) == {"b.pdf"}


def test_failures_are_reported(api: MadeApi, report: Path) -> None:
    api.refused.add(report.read_bytes())
    reader = UpstageDocumentParseReader(on_error="skip", client=api.client())

    assert reader.load_data([report, report.parent / "missing.pdf"]) == []
    assert [type(failure.error) for failure in reader.report.failures] == [BadRequestError, SourceNotFoundError]
    with pytest.raises(BadRequestError):
        UpstageDocumentParseReader(client=api.client()).load_data(report)
    with pytest.raises(FileNotFoundError):
        UpstageDocumentParseReader(client=api.client()).load_data("missing.pdf")
    for nothing in (None, 7, Document(text="%PDF")):
        with pytest.raises(ConfigError, match=rf"A reader takes paths, bytes .* not {type(nothing).__name__}"):
            UpstageDocumentParseReader(client=api.client()).load_data(nothing)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview, io.BytesIO])
@pytest.mark.parametrize("kind", [UpstageDocumentParseReader, UpstageOCRReader])
async def test_bytes_and_file_objects_are_read_under_their_name(api: MadeApi, kind: Any, form: Any) -> None:
    content = pdf(2)
    loaded = kind(client=api.client()).load_data(form(content), source="folder/scan.pdf")

    assert {(one.metadata["source"], one.metadata["file_name"]) for one in loaded} == {("folder/scan.pdf", "scan.pdf")}
    again = await kind(client=api.aclient()).aload_data([form(content)], source="folder/scan.pdf")
    assert [one.id_ for one in again] == [one.id_ for one in loaded]


def test_a_file_object_goes_by_its_own_name_and_bytes_need_one(api: MadeApi, report: Path) -> None:
    reader = UpstageDocumentParseReader(client=api.client())
    with report.open("rb") as file:
        assert {one.metadata["source"] for one in reader.load_data(file)} == {str(report)}
    with pytest.raises(ConfigError, match="give it a name with source="):
        reader.load_data(report.read_bytes())
    with pytest.raises(ConfigError, match="names one document, and file_path holds 2"):
        reader.load_data([report, report.read_bytes()], source="a.pdf")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "pages"}, "split='pages' is not allowed"),
        ({"output_format": "xml"}, "output_format='xml' is not allowed"),
        ({"metadata_format": "deep"}, "metadata_format='deep' is not allowed"),
        ({"ocr": "never"}, "ocr='never' is not allowed"),
        ({"images": "files"}, "image_folder= go together"),
        ({"on_error": "ignore"}, "on_error='ignore' is not allowed"),
        ({"client": object(), "engine": "local"}, "client= and engine= contradict"),
        ({"engine": "cloud"}, "engine='cloud' is not allowed"),
        ({"engine": "local", "base_url": "https://a.example"}, "takes no base_url"),
        ({"base_url": "ftp://a.example"}, "base_url"),
        ({"api_key": "up_secret\n"}, "line break"),
        ({"api_key": 5}, "api_key= is int"),
        ({"on_progress": 3}, "on_progress=3 must be a function"),
        ({"max_concurrency": 0}, "max_concurrency=0 must be"),
        ({"extra_fields": ["mode"]}, "extra_fields must map names to strings"),
        ({"base64_encoding": "figures"}, "base64_encoding entry='figures' is not allowed"),
    ],
)
def test_an_impossible_option_is_named(options: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        UpstageDocumentParseReader(**options)
    with pytest.raises(TypeError, match="unexpected keyword"):
        UpstageDocumentParseReader(output_fromat="text")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "name", ["TableAwareNodeParser", "UpstageDocumentParseNodeParser", "UpstageDocumentParseReader", "UpstageOCRReader"]
)
def test_a_notebook_shows_the_options_of_a_class(name: str) -> None:
    """Asked before the first use, too, when the model behind the class is not built yet."""
    options = "" if name == "TableAwareNodeParser" else "engine='local'"
    code = f"""
import inspect, llama_index_upstage_docs
made = llama_index_upstage_docs.{name}
before = inspect.signature(made)
made({options})
assert before == inspect.signature(made)
print(*before.parameters)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)

    assert ("engine" if options else "chunk_size") in done.stdout.split()
    assert "self" not in done.stdout.split()


def test_without_a_key_loading_says_so(report: Path) -> None:
    with pytest.raises(ConfigError, match="UPSTAGE_API_KEY"):
        UpstageDocumentParseReader().load_data(report)


@pytest.mark.parametrize("reader", [UpstageDocumentParseReader, UpstageOCRReader])
def test_readers_are_serialised_without_the_key(reader: Any, report: Path) -> None:
    made = reader(api_key="up_secret", split="page", max_concurrency=3)
    stored = json.loads(made.to_json())

    assert stored["class_name"] == reader.__name__ == reader.class_name()
    assert "secret" not in repr(made) + str(stored)
    assert b"secret" not in pickle.dumps(made)
    assert reader.from_dict(stored).to_dict() == stored
    assert reader.from_dict(stored, api_key="up_other").api_key == SecretStr("up_other")


def test_a_pickled_reader_reads_the_key_of_its_process(report: Path) -> None:
    again = pickle.loads(pickle.dumps(UpstageDocumentParseReader("up_secret", split="page")))

    assert (again.split, again.api_key) == ("page", None)
    with pytest.raises(ConfigError, match="set UPSTAGE_API_KEY there"):
        again.load_data(report)
    with pytest.raises(ConfigError, match="set UPSTAGE_API_KEY there"):
        pickle.loads(pickle.dumps(again)).load_data(report)


def test_a_reader_that_has_read_is_pickled_without_a_warning(report: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The base class says in the log what it drops, which is nothing that a user gave."""
    reader = UpstageDocumentParseReader(engine="local", split="page", on_progress=lambda _: None)
    expected = [document.text for document in reader.load_data(report)]
    again = pickle.loads(pickle.dumps(reader))
    assert [document.text for document in again.load_data(report)] == expected
    assert caplog.records == []
    assert reader.usage.pages == again.usage.pages


def test_a_reader_with_a_client_cannot_be_pickled(api: MadeApi) -> None:
    with pytest.raises(ConfigError, match="cannot be pickled"):
        pickle.dumps(UpstageDocumentParseReader(client=api.client()))


def test_ocr_gives_a_document_per_page_word_or_file(api: MadeApi, report: Path, tmp_path: Path) -> None:
    pages = UpstageOCRReader(client=api.client()).load_data(report)
    words = UpstageOCRReader(split="word", client=api.client()).load_data(report)
    (tmp_path / "scan.png").write_bytes(PNG)
    (whole,) = UpstageOCRReader(split="none", client=api.client()).load_data(tmp_path / "scan.png")

    assert ([page.metadata["page"] for page in pages], len(words)) == ([1, 2, 3], 6)
    assert whole.text == "Hello \n세계"
    for document in [*pages, *words, whole]:
        assert {key: type(value) for key, value in document.metadata.items()} == {**FILE_KEYS, **OCR_KEYS}
        assert "confidence" not in document.get_content(MetadataMode.LLM)


def test_a_pipeline_reads_through_the_reader(api: MadeApi, report: Path) -> None:
    pipeline = IngestionPipeline(transformations=[SentenceSplitter(chunk_size=200, chunk_overlap=0)])
    nodes = pipeline.run(
        documents=UpstageDocumentParseReader(output_format="text", client=api.client()).load_data(report)
    )

    assert len(nodes) >= 20
    assert all(node.relationships[NodeRelationship.SOURCE] for node in nodes)


def test_element_documents_are_not_made_twice(api: MadeApi, report: Path) -> None:
    """Without a SOURCE they de-duplicate by their own ids."""
    pipeline = IngestionPipeline(
        transformations=[MockEmbedding(embed_dim=2)], docstore=SimpleDocumentStore(), vector_store=SimpleVectorStore()
    )
    reader = UpstageDocumentParseReader(client=api.client(), skip_empty=True)

    assert len(pipeline.run(documents=reader.load_data(report))) == 20
    assert pipeline.run(documents=reader.load_data(report)) == []


def test_without_llama_index_the_import_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['llama_index'] = None; sys.modules['llama_index.core'] = None\n"
        "try:\n    import llama_index_upstage_docs\n"
        "except ImportError as error:\n    print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("MissingExtraError")
    assert 'pip install "upstage-docs[llama-index]"' in done.stdout


def test_an_entry_of_a_folder_goes_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(make_pdf("a", 1))
    with os.scandir(tmp_path) as entries:
        (entry,) = entries
    reader = UpstageDocumentParseReader(client=Client("up_abcdefgh", transport=stand_in_transport(), cache=False))
    assert {one.metadata["source"] for one in reader.load_data([entry, tmp_path / "a.pdf"])} == {entry.path}
