"""Code written for `langchain-upstage` 0.7.7 or `llama-index-readers-upstage` 0.6.0 keeps working, by its signatures.

What those two packages do is pinned here by hand; neither is installed or imported.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path
from traceback import TracebackException
from typing import Any

import pytest
from made_api import MadeApi, pdf

pytest.importorskip("langchain_core", reason='needs the extra "langchain"')
pytest.importorskip("llama_index.core", reason='needs the extra "llama-index"')
from langchain_core.document_loaders import Blob
from langchain_core.documents import Document

from langchain_upstage_docs import TableAwareTextSplitter, UpstageDocumentParseLoader, UpstageDocumentParseParser
from llama_index_upstage_docs import UpstageDocumentParseReader
from upstage_docs import ConfigError

OLD_URL = "https://api.upstage.ai/v1/document-digitization"
OLDER_URL = "https://api.upstage.ai/v1/document-ai/document-parse"

# Parameter → default, in the order of the old packages. Where ours differs, ours comes second, and docs/migrating.md
# says why.
LOADER = {
    "file_path": inspect.Parameter.empty,
    "split": ("none", "element"),
    "api_key": None,
    "base_url": (OLD_URL, None),
    "model": "document-parse",
    "chart_recognition": True,
    "ocr": "auto",
    "output_format": "html",
    "coordinates": True,
    "base64_encoding": None,
}
PARSER = {
    "api_key": None,
    "base_url": (OLD_URL, None),
    "model": "document-parse",
    "split": ("none", "element"),
    "chart_recognition": True,
    "ocr": "auto",
    "output_format": "html",
    "coordinates": True,
    "base64_encoding": None,
}
READER = {
    "api_key": None,
    "base_url": (OLDER_URL, None),
    "model": "document-parse",
    "split": ("none", "element"),
    "ocr": "auto",
    "output_format": "html",
    "coordinates": True,
    "base64_encoding": ((), None),
}


@pytest.fixture
def api() -> MadeApi:
    return MadeApi()


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(12))
    return path


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (UpstageDocumentParseLoader, LOADER),
        (UpstageDocumentParseParser, PARSER),
        (UpstageDocumentParseReader, READER),
    ],
)
def test_positions_names_and_defaults_are_theirs(ours: Any, theirs: dict[str, Any]) -> None:
    """Everything new is keyword-only."""
    parameters = dict(list(inspect.signature(ours.__init__).parameters.items())[1:])
    positional = {name: one for name, one in parameters.items() if one.kind is one.POSITIONAL_OR_KEYWORD}

    assert list(positional) == list(theirs)
    for name, default in theirs.items():
        assert positional[name].default == (default[1] if isinstance(default, tuple) else default)
    assert all(one.kind is one.KEYWORD_ONLY for name, one in parameters.items() if name not in positional)


def test_the_key_comes_from_the_same_variable(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UPSTAGE_DOCS_ENGINE", raising=False)
    monkeypatch.setenv("UPSTAGE_API_KEY", "up_env")
    UpstageDocumentParseLoader(report)
    UpstageDocumentParseParser()
    monkeypatch.delenv("UPSTAGE_API_KEY")
    for build in (lambda: UpstageDocumentParseLoader(report), UpstageDocumentParseParser):
        with pytest.raises(ValueError, match="UPSTAGE_API_KEY"):
            build()


def test_the_same_errors_are_caught(api: MadeApi, report: Path) -> None:
    """A missing file was a FileNotFoundError, everything else a ValueError."""
    with pytest.raises(FileNotFoundError):
        UpstageDocumentParseLoader("missing.pdf", "none", "up_key")
    api.refused.add(report.read_bytes())
    with pytest.raises(ValueError, match="unsupported"):
        UpstageDocumentParseLoader(report, client=api.client()).load()
    with pytest.raises(ValueError, match="split"):
        UpstageDocumentParseLoader(report, split="pages", api_key="up_key")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="split"):
        UpstageDocumentParseReader(split="pages")  # type: ignore[arg-type]


@pytest.mark.parametrize("base_url", [OLD_URL, OLDER_URL, "https://api.upstage.ai/v1"])
def test_their_addresses_are_taken(report: Path, base_url: str) -> None:
    """They took the whole endpoint as `base_url`."""
    UpstageDocumentParseLoader(report, "none", "up_key", base_url)


def test_a_loader_is_called_as_theirs(api: MadeApi, report: Path) -> None:
    nested: dict[str, Any] = {"metadata_format": "nested", "client": api.client()}
    loader = UpstageDocumentParseLoader(
        str(report), split="element", output_format="text", coordinates=True, base64_encoding=["figure"], **nested
    )
    documents = loader.load()
    paragraph, figure = documents[2], documents[5]

    assert list(paragraph.metadata) == ["id", "page", "category", "coordinates"]
    assert paragraph.metadata["coordinates"][0] == {"x": 0.0, "y": 0.2}
    assert figure.metadata["base64_encoding"]
    assert loader.file_path == str(report)
    assert list(loader.lazy_load()) == documents, "load() and lazy_load() ask for the same"
    merged = loader.merge_and_split(documents)[0]
    assert merged.metadata["page"] == [document.metadata["page"] for document in documents]
    assert merged.page_content.startswith("Annual report 1. Results ")
    assert loader.merge_and_split(documents, TableAwareTextSplitter(200))


def test_a_parser_is_called_as_theirs(api: MadeApi, report: Path) -> None:
    parser = UpstageDocumentParseParser(split="page", metadata_format="nested", client=api.client())
    pages = list(parser.lazy_parse(Blob.from_path(report), is_batch=True))

    assert [page.metadata["page"] for page in pages] == list(range(1, 13))
    assert list(pages[0].metadata) == ["page", "coordinates"]
    assert list(parser.lazy_parse(Blob.from_path(report), True)) == pages


def test_a_whole_document_has_their_metadata(api: MadeApi, report: Path) -> None:
    nested: dict[str, Any] = {"metadata_format": "nested", "client": api.client()}
    (loaded,) = UpstageDocumentParseLoader(report, "none", **nested).load()
    (read,) = UpstageDocumentParseReader(split="none", **nested).load_data(file_path=str(report))

    assert list(loaded.metadata) == ["total_pages", "coordinates"]
    assert loaded.metadata["total_pages"] == 12
    assert read.text == loaded.page_content


def test_what_got_better(api: MadeApi, report: Path) -> None:
    """Pages after the tenth, unique ids, charts as asked for, sources, blobs in memory: as docs/migrating.md says."""
    documents = UpstageDocumentParseLoader(report, chart_recognition=False, client=api.client()).load()

    assert documents[-1].metadata["page"] == 12
    assert len({document.metadata["element_id"] for document in documents}) == len(documents)
    assert {document.metadata["source"] for document in documents} == {str(report)}
    assert len(api.tasks) == 1, "one request for twelve pages, load() and lazy_load() alike"
    parser = UpstageDocumentParseParser(client=api.client())
    assert len(parser.parse(Blob.from_data(report.read_bytes(), path="report.pdf"))) == len(documents)
    assert all(isinstance(document, Document) for document in documents)


def test_chart_recognition_is_sent_as_given(report: Path) -> None:
    """The old loader sent True, whatever it was given."""
    import httpx

    from upstage_docs import Client

    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.read().decode(errors="replace"))
        return httpx.Response(200, json={"usage": {"pages": 12}, "elements": []})

    with Client("up_key", transport=httpx.MockTransport(answer), cache=False) as client:
        UpstageDocumentParseLoader(report, chart_recognition=False, client=client).load()

    field = sent[0].partition('name="chart_recognition"')[2]
    assert field.strip().startswith("false")


@pytest.mark.parametrize("package", ["langchain_upstage_docs", "llama_index_upstage_docs"])
@pytest.mark.parametrize("kind", ["Loader", "Parser", "Reader"])
def test_an_import_of_a_former_class_says_what_takes_its_place(package: str, kind: str) -> None:
    with pytest.raises(ImportError) as caught:
        exec(f"from {package} import UpstageLayoutAnalysis{kind}")

    told = str(caught.value)
    assert f"use UpstageDocumentParse{kind}" in told
    for option in ("output_format=", 'ocr="force"', 'metadata["category"]'):
        assert option in told


@pytest.mark.parametrize("package", ["langchain_upstage_docs", "llama_index_upstage_docs"])
def test_who_asks_whether_there_is_a_former_class_is_answered(package: str) -> None:
    module, name = import_module(package), "UpstageLayoutAnalysisReader"

    assert not hasattr(module, name)
    assert getattr(module, name, None) is None
    with pytest.raises(AttributeError, match="use UpstageDocumentParseReader"):
        getattr(module, name)
    with pytest.raises(ImportError, match="cannot import name 'NeverThere'"):
        exec(f"from {package} import NeverThere")


@pytest.mark.parametrize("make", [UpstageDocumentParseLoader, UpstageDocumentParseParser, UpstageDocumentParseReader])
def test_of_several_unknown_options_the_first_is_named_and_the_key_shows_in_no_frame(make: Any) -> None:
    names = [f"unknown_{number}" for number in (3, 1, 2, 5, 4)]

    with pytest.raises(TypeError, match="'unknown_3'") as caught:
        make(**dict.fromkeys(names), api_key=bytes.fromhex("75705f6d616465").decode())

    frames = TracebackException.from_exception(caught.value, capture_locals=True).stack
    assert all("up_made" not in str(frame.locals) for frame in list(frames)[1:])


@pytest.mark.parametrize("make", [UpstageDocumentParseLoader, UpstageDocumentParseParser, UpstageDocumentParseReader])
@pytest.mark.parametrize(
    ("former", "place"),
    [
        ({"output_type": "html"}, "output_format"),
        ({"use_ocr": True}, 'ocr="force"'),
        ({"exclude": ["header"]}, 'metadata["category"]'),
    ],
)
def test_a_former_option_says_what_takes_its_place(make: Any, former: dict[str, Any], place: str) -> None:
    (name,) = former
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'") as caught:
        make(**former)

    assert place in str(caught.value)


@pytest.mark.parametrize("make", [UpstageDocumentParseLoader, UpstageDocumentParseReader])
def test_former_options_are_answered_all_at_once(make: Any) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'output_type'") as caught:
        make(output_type="text", split="page", use_ocr=True, exclude=["header"])

    for place in ('output_format="html"', 'ocr="force"', 'metadata["category"]'):
        assert place in str(caught.value)


async def test_options_that_older_readers_took_in_load_data_are_those_of_the_reader() -> None:
    reader: Any = UpstageDocumentParseReader(engine="local")
    told = r"split=, output_type= cannot be given to load_data: .* UpstageDocumentParseReader\(\).* output_format="

    with pytest.raises(TypeError, match=told):
        reader.load_data(file_path="report.pdf", split="element", output_type="html")
    with pytest.raises(TypeError, match=told):
        await reader.aload_data("report.pdf", split="element", output_type="html")
    with pytest.raises(ConfigError, match="extra_info='page' must be a mapping of metadata"):
        reader.load_data("report.pdf", "page")


@pytest.mark.parametrize("name", ["ChatUpstage", "UpstageEmbeddings", "UpstageUniversalInformationExtraction"])
def test_what_stays_in_langchain_upstage_is_named(name: str) -> None:
    with pytest.raises(ImportError, match=f"from langchain_upstage import {name}"):
        exec(f"from langchain_upstage_docs import {name}")


def test_an_option_that_never_was_is_refused_as_python_does() -> None:
    with pytest.raises(TypeError) as caught:
        UpstageDocumentParseParser(splt="page")  # type: ignore[call-arg]

    assert str(caught.value).endswith("unexpected keyword argument 'splt'")
