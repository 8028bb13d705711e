"""Options of loaders, parsers, readers, node parsers and splitters are attributes, read when they are used."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from made_api import MadeApi, pdf

pytest.importorskip("langchain_text_splitters", reason='needs the extra "langchain"')
pytest.importorskip("llama_index.core", reason='needs the extra "llama-index"')
from langchain_core.document_loaders import Blob
from langchain_core.documents import Document as LangChainDocument
from llama_index.core import Settings as LlamaIndexSettings
from llama_index.core.ingestion.pipeline import get_transformation_hash
from llama_index.core.schema import Document

from langchain_upstage_docs import (
    TableAwareTextSplitter,
    UpstageDocumentParseLoader,
    UpstageDocumentParseParser,
    UpstageOCRLoader,
    UpstageOCRParser,
)
from llama_index_upstage_docs import (
    TableAwareNodeParser,
    UpstageDocumentParseNodeParser,
    UpstageDocumentParseReader,
    UpstageOCRReader,
)
from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.client.settings import Settings
from upstage_docs.errors import ConfigError
from upstage_docs.loading.loading import ConnectionOptions
from upstage_docs.loading.options import LoadOptions
from upstage_docs.options import ManyOptions, OCROptions, ParseOptions, SendOptions
from upstage_docs.options.definitions import default_of, definitions, type_of
from upstage_docs.records.options import OCRRecordOptions, RecordOptions

PARSE: list[Any] = [
    UpstageDocumentParseLoader,
    UpstageDocumentParseParser,
    UpstageDocumentParseReader,
    UpstageDocumentParseNodeParser,
]
OCR: list[Any] = [UpstageOCRLoader, UpstageOCRParser, UpstageOCRReader]
CHUNKS: list[Any] = [TableAwareTextSplitter, TableAwareNodeParser]
# Options of the core that components do not take: all formats are asked for, so that one answer serves every use.
LEFT_OUT = {"output_formats", "schema"}
LONG = "word " * 300


@pytest.fixture
def api() -> MadeApi:
    return MadeApi()


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(3))
    return path


@pytest.mark.parametrize(
    ("component", "kinds"),
    [
        *((one, (ConnectionOptions, ParseOptions, RecordOptions, SendOptions, LoadOptions)) for one in PARSE),
        *((one, (ConnectionOptions, OCROptions, OCRRecordOptions, SendOptions, LoadOptions)) for one in OCR),
        *((one, (ChunkOptions,)) for one in CHUNKS),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_component_has_every_option_with_its_default_and_its_sentence(component: Any, kinds: Any) -> None:
    """Those of a client that differ from load to load, too: `client=` cannot be pickled."""
    parameters = inspect.signature(component).parameters
    told = " ".join((inspect.getdoc(component) or "").split())
    left_out = LEFT_OUT | ({"metadata_format"} if component is UpstageDocumentParseNodeParser else set())
    left_out |= {"image_folder", "crops", "crop_folder"} if component in OCR else set()
    expected = {name: (kind, said.sentence) for kind in kinds for name, said in definitions(kind).items()}

    for name, (kind, sentence) in expected.items():
        if name not in left_out:
            default = default_of(kind, name)
            taken = parameters[name].default
            assert (sorted(taken) if name == "exclude_categories" else taken) == (
                list(default) if name == "exclude_categories" else default or taken
            )
            assert f" {name}: {sentence}" in told or component is UpstageDocumentParseNodeParser
    if component not in CHUNKS:
        assert {"base_url", "engine", "max_concurrency", "timeout", "cache"} <= set(parameters)


def test_options_assigned_to_a_loader_are_read_when_it_loads(api: MadeApi, report: Path) -> None:
    """`langchain-upstage` has them as attributes of these names."""
    loader = UpstageDocumentParseLoader(report, client=api.client(), ids="content")
    assert (loader.split, loader.output_format, loader.coordinates) == ("element", "html", True)
    loader.split, loader.output_format = "page", "text"

    assert [document.metadata["page"] for document in loader.load()] == [1, 2, 3]
    assert "<p" not in loader.load()[0].page_content
    assert loader.report.pages == 3
    loader.split = "pages"  # type: ignore[assignment]
    with pytest.raises(ConfigError, match="split='pages' is not allowed"):
        loader.load()
    parser = UpstageOCRParser(client=api.client())
    parser.split = "word"
    assert len(parser.parse(Blob.from_path(report))) == 6


class LoaderOfACaller(UpstageDocumentParseLoader):
    def __init__(self, path: Path) -> None:
        super().__init__(path, engine="local")
        self.tenant = "a"


def test_a_misspelled_option_that_is_assigned_is_refused_before_anything_is_sent(report: Path) -> None:
    """As pydantic does for the classes of LlamaIndex; a class of a caller may have attributes of its own."""
    loader = UpstageDocumentParseLoader(report, engine="local")
    parser = UpstageOCRParser(engine="local")
    splitter = TableAwareTextSplitter()
    for component, use in (
        (loader, loader.load),
        (parser, lambda: parser.parse(Blob.from_path(report))),
        (splitter, lambda: splitter.split_documents([])),
    ):
        component.on_eror = "skip"  # type: ignore[union-attr]
        with pytest.raises(ConfigError, match="has no option 'on_eror'"):
            use()
    assert LoaderOfACaller(report).load()


def test_a_method_of_a_loader_may_be_wrapped(report: Path) -> None:
    """As tracing and tries do."""
    loader = UpstageDocumentParseLoader(report, engine="local")
    calls: list[str] = []
    lazy_load = loader.lazy_load

    def wrapped() -> Iterator[LangChainDocument]:
        calls.append("lazy_load")
        return lazy_load()

    loader.lazy_load = wrapped  # type: ignore[method-assign]

    assert loader.load()
    assert calls == ["lazy_load"]


def test_options_assigned_to_a_reader_are_read_when_it_reads(api: MadeApi, report: Path) -> None:
    reader = UpstageDocumentParseReader(client=api.client())
    before = reader.to_dict()
    reader.split = "page"

    assert len(reader.load_data(report)) == 3
    assert reader.to_dict() == {**before, "split": "page"}
    copied = reader.model_copy(update={"split": "none"})
    assert (len(copied.load_data(report)), len(reader.load_data(report))) == (1, 3)
    assert reader.usage.pages == copied.usage.pages  # of the client, which they share
    parser = UpstageDocumentParseNodeParser(client=api.client())
    keys = {get_transformation_hash([], parser)}
    parser.split = "page"
    keys.add(get_transformation_hash([], parser))
    assert len(keys) == 2
    assert len(parser.get_nodes_from_documents([Document(metadata={"file_path": str(report)})])) == 3
    parser.split = "none"  # type: ignore[assignment]
    with pytest.raises(ConfigError, match="split='none' is not allowed"):
        parser.get_nodes_from_documents([Document(metadata={"file_path": str(report)})])


def _other_value(kind: type, name: str) -> Any:
    """Return a value of the option *name* of the dataclass *kind* that is not its default."""
    by_hand: dict[str, Any] = {
        "api_key": "up_of-somebody-else",
        "auth_header": "x-api-key",
        "base_url": "http://127.0.0.1:9/v1",
        "base64_encoding": ["table"],
        "cache": False,
        "engine": "local",
        "exclude_categories": ["footer"],
        "extra_fields": {"of": "tomorrow"},
        "length_function": str.count,
        "model": "ocr-250904" if kind is OCROptions else "document-parse-nightly",
        "on_progress": print,
        "pages_per_request": 7,
        "split": "page" if kind is RecordOptions else "word",
    }
    if name in by_hand:
        return by_hand[name]
    said, default = type_of(kind, name), default_of(kind, name)
    if get_origin(said) is Literal:
        return next(one for one in reversed(get_args(said)) if one != default)
    return not default if said is bool else default + 1


def _heeded(component: Any) -> Any:
    """Return all that *component* would go by now."""
    if type(component) in CHUNKS:
        return component._options
    loading = component.loading
    turn = loading.converter()
    form = (turn.recorder.options, turn.image_folder) if type(component) in PARSE else turn.args[1]
    settings, key = loading.connection._settings, loading.connection._current_key()
    return loading.options, loading.load, loading.sending, settings, key, form


TOGETHER: dict[str, dict[str, Any]] = {
    "crops": {"crops": ["table"], "crop_folder": "crops"},
    "image_folder": {"images": "files", "image_folder": "images"},
    "table_size": {"oversized_tables": "split_rows", "table_size": 2000},
    "title_in_path": {"path_in_text": True, "title_in_path": True},
}
"""Options that go with another one; what each of the others is told for the sake of one is told once."""


def _cases() -> Iterator[Any]:
    kinds = {
        **dict.fromkeys(PARSE, (ConnectionOptions, ParseOptions, RecordOptions, SendOptions, LoadOptions, Settings)),
        **dict.fromkeys(OCR, (ConnectionOptions, OCROptions, OCRRecordOptions, SendOptions, LoadOptions, Settings)),
        **dict.fromkeys(CHUNKS, (ChunkOptions,)),
    }
    for component, those in kinds.items():
        owner = {name: kind for kind in reversed(those) for name in definitions(kind)}
        for name in inspect.signature(component).parameters:
            if name in owner and name not in {"client", "crop_folder", "images"}:
                yield pytest.param(component, owner[name], name, id=f"{component.__name__}-{name}")


@pytest.mark.parametrize(("component", "kind", "name"), list(_cases()))
def test_an_option_that_is_assigned_counts_as_one_that_was_given(
    component: Any, kind: type, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every option of every class: what a loader, reader or splitter goes by is what its attributes say now."""
    given = TOGETHER.get(name) or {name: _other_value(kind, name)}
    first: dict[str, Any] = {"file_path": []} if "Loader" in component.__name__ else {}
    monkeypatch.setenv("UPSTAGE_API_KEY", "up_" + "k" * 20)
    assigned = component(**first)
    before = _heeded(assigned)
    for one, value in given.items():
        setattr(assigned, one, value)

    assert _heeded(assigned) == _heeded(component(**first, **given)) != before
    if hasattr(component, "model_copy"):
        assert _heeded(component().model_copy(update=given)) == _heeded(assigned)


def test_options_assigned_to_a_splitter_are_read_when_it_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = TableAwareNodeParser()
    monkeypatch.setattr(LlamaIndexSettings, "_node_parser", parser)
    key = get_transformation_hash([], parser)
    LlamaIndexSettings.chunk_size = 300
    splitter = TableAwareTextSplitter()
    splitter.chunk_size = 300

    for texts in (
        [node.get_content() for node in parser.get_nodes_from_documents([Document(text=LONG)])],
        [
            node.get_content()
            for node in pickle.loads(pickle.dumps(parser)).get_nodes_from_documents([Document(text=LONG)])
        ],
        [chunk.page_content for chunk in splitter.split_documents([LangChainDocument(LONG)])],
    ):
        assert max(map(len, texts)) <= 300 < len(LONG)
    assert get_transformation_hash([], parser) != key
    parser.min_size = 400
    with pytest.raises(ConfigError, match="min_size=400 must not be larger than chunk_size=300"):
        parser.get_nodes_from_documents([Document(text=LONG)])


@pytest.mark.parametrize(
    "component", [UpstageDocumentParseLoader, UpstageDocumentParseParser, UpstageDocumentParseReader]
)
def test_how_documents_are_sent_is_said_without_a_client(component: Any, report: Path, tmp_path: Path) -> None:
    """And goes along to another process."""
    given = [report] if component is UpstageDocumentParseLoader else []
    made = component(
        *given,
        engine="local",
        timeout=30,
        cache=tmp_path / "kept",
        route="async",
        pages_per_request=2,
        refresh=True,
    )
    again = pickle.loads(pickle.dumps(made))

    for one in (made, again):
        assert one.loading.sending == ManyOptions("async", 2, refresh=True)
        with one.loading.connection.lend() as client:
            assert (client._settings.timeout, str(client._settings.cache)) == (30, str(tmp_path / "kept"))
    with pytest.raises(ConfigError, match="pages_per_request=True must be a whole number"):
        component(*given, engine="local", pages_per_request=True)
    with pytest.raises(ConfigError, match="timeout='30' must be a number of seconds"):
        component(*given, engine="local", timeout="30")
    with pytest.raises(ConfigError, match="show_progress='x' must be True or False"):
        component(*given, engine="local", show_progress="x")


def test_the_answer_of_a_loader_is_asked_for_again_only_where_it_is_said(
    api: MadeApi, report: Path, tmp_path: Path
) -> None:
    loader = UpstageDocumentParseLoader(report, client=api.client(cache=tmp_path / "kept"))
    loader.load()
    loader.load()
    assert len(api.tasks) == 1
    loader.refresh = True
    loader.load()
    assert len(api.tasks) == 2


def test_the_report_and_the_bill_go_on_from_load_to_load(report: Path) -> None:
    loader = UpstageDocumentParseLoader(report, engine="local", on_error="skip")
    assert loader.report.succeeded == []
    loader.load()
    first = loader.usage
    loader.split = "page"
    loader.load()

    assert loader.usage.pages == 2 * first.pages > 0
    assert loader.report.succeeded == [str(report)]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("component", [*PARSE, *OCR])
def test_a_copy_in_the_process_has_key_and_client_and_a_report_of_its_own(
    api: MadeApi, report: Path, component: Any, copied: Any
) -> None:
    """What is pickled leaves the key behind; a copy of a component goes nowhere."""
    given = (report,) if component in {UpstageDocumentParseLoader, UpstageOCRLoader} else ()
    keyed = component(*given, api_key="up_stays_here", extra_fields={"tenant": "a"})
    again = copied(keyed)
    assert again.loading.connection._current_key() == "up_stays_here"
    assert again.report is not keyed.report
    assert (again.extra_fields is keyed.extra_fields) == (copied is copy.copy)
    assert b"stays_here" not in pickle.dumps(again)

    client = api.client()
    assert copied(component(*given, client=client)).client is client


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_connection_keeps_its_key_in_the_process_and_leaves_it_behind_elsewhere(
    copied: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from upstage_docs.loading.loading import Connection

    connection = copied(Connection("up_stays_here", base_url="http://127.0.0.1:9/v1"))
    frozen = pickle.dumps(connection)
    assert (connection._current_key(), b"stays_here" in frozen) == ("up_stays_here", False)
    monkeypatch.setenv("UPSTAGE_API_KEY", "up_of_there")
    assert pickle.loads(frozen)._current_key() == "up_of_there"
