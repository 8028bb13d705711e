"""What users of LlamaIndex do first, as tutorials show it: an index of files, a directory, templates of their own."""

from __future__ import annotations

import inspect
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
from conftest import examples
from hypothesis import example, given, strategies as st
from langchain_core.documents import Document as LangChainDocument
from llama_index.core import SimpleDirectoryReader, VectorStoreIndex
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import Document, MetadataMode
from made_api import MadeApi, pdf
from pydantic import PrivateAttr

from langchain_upstage_docs import TableAwareTextSplitter
from llama_index_upstage_docs import TableAwareNodeParser, UpstageDocumentParseReader, UpstageOCRReader
from upstage_docs.records.records import METADATA_KEYS


@pytest.fixture
def api() -> MadeApi:
    return MadeApi()


@pytest.fixture
def report(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    path = folder / "report.pdf"
    path.write_bytes(pdf(2))
    return path


class Embedding(MockEmbedding):
    """Remembers what it was asked to embed."""

    _texts: list[str] = PrivateAttr(default_factory=list)

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        self._texts.extend(texts)
        return super()._get_text_embeddings(texts)


# --- an index from files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", ["element", "page", "none"])
@pytest.mark.parametrize("form", ["html", "markdown", "text"])
def test_an_index_of_what_was_read_holds_readable_text(api: MadeApi, report: Path, split: Any, form: Any) -> None:
    """`VectorStoreIndex.from_documents(reader.load_data(path))`: no JSON, no coordinates, no empty labels."""
    reader = UpstageDocumentParseReader(split=split, output_format=form, client=api.client())
    embedding = Embedding(embed_dim=3)

    index = VectorStoreIndex.from_documents(reader.load_data(report), embed_model=embedding)

    assert any("Results" in text for text in embedding._texts)
    for text in embedding._texts:
        assert not [sign for sign in ('{"', "[[", "spans", "sha256", "coordinates", "headings: \n") if sign in text]
    for node in index.docstore.docs.values():
        told = node.get_content(MetadataMode.LLM)
        assert "file_name: report.pdf" in told
        assert "page: 0" not in told
        assert ("page: " in told) is (split != "none")


def test_json_is_for_node_parsers_and_a_plain_index_is_warned_of_once(api: MadeApi, report: Path) -> None:
    """They get the lossless text; an index without them would embed slices of JSON."""
    reader = UpstageDocumentParseReader(split="none", output_format="json", client=api.client())

    with pytest.warns(UserWarning, match="a plain index would embed the JSON itself.*TableAwareNodeParser"):
        documents = reader.load_data(report)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reader.load_data(report)
        UpstageDocumentParseReader(client=api.client()).load_data(report)

    nodes = TableAwareNodeParser().get_nodes_from_documents(documents)
    assert any("<table" in node.get_content() for node in nodes)


async def test_it_is_warned_of_without_blocking_too(api: MadeApi, report: Path) -> None:
    reader = UpstageDocumentParseReader(split="none", output_format="json", client=api.client())

    with pytest.warns(UserWarning, match="a plain index would embed the JSON itself"):
        await reader.aload_data(report)


def test_load_data_says_what_it_takes_and_returns() -> None:
    """An editor completes it; the base class says `*args: Any`."""
    for reader in (UpstageDocumentParseReader, UpstageOCRReader):
        signature = inspect.signature(reader.load_data)

        assert list(signature.parameters)[:4] == ["self", "file_path", "extra_info", "fs"]
        assert signature.return_annotation == "list[Document]"


# --- a directory -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parser", [None, TableAwareNodeParser(), SentenceSplitter()], ids=lambda one: type(one).__name__
)
def test_in_a_directory_the_model_sees_which_file_it_was(api: MadeApi, report: Path, parser: Any) -> None:
    """SimpleDirectoryReader hides `file_name` after the reader and leaves `file_path`."""
    reader = UpstageDocumentParseReader(client=api.client())
    documents = SimpleDirectoryReader(
        report.parent, file_extractor={".pdf": reader}, required_exts=[".pdf"]
    ).load_data()

    nodes = [node for node in (parser.get_nodes_from_documents(documents) if parser else documents) if node.text]

    assert nodes
    for node in nodes:
        assert "report.pdf" in node.get_content(MetadataMode.LLM)
        assert "report.pdf" not in node.get_content(MetadataMode.EMBED)
        assert "creation_date" not in node.get_content(MetadataMode.LLM)


def test_the_report_covers_the_whole_directory(api: MadeApi, report: Path) -> None:
    """The framework calls the reader once a file; another run, or a load of one's own, begins a new report."""
    folder = report.parent
    for name in ("a.pdf", "b.pdf"):
        (folder / name).write_bytes(report.read_bytes())
    (folder / "broken.pdf").write_bytes(b"no PDF at all")
    reader = UpstageDocumentParseReader(client=api.client())
    directory = SimpleDirectoryReader(folder, file_extractor={".pdf": reader}, required_exts=[".pdf"])

    for _ in range(2):
        directory.load_data()
        assert [Path(one).name for one in reader.report.succeeded] == ["a.pdf", "b.pdf", "report.pdf"]
        assert [Path(failure.source).name for failure in reader.report.failures] == ["broken.pdf"]

    reader.load_data(report)
    assert reader.report.succeeded == [str(report)]
    directory.load_data()
    assert len(reader.report.succeeded) == 3


# --- what a Document says of itself ----------------------------------------------------------------------------------


def test_nodes_inherit_the_templates_and_exclusions_of_their_document() -> None:
    """As with the framework's own splitters."""
    given = Document(
        text="# Harbour\n\nThe quay is long.",
        metadata={"team": "north", "secret": "x", "rank": 3},
        excluded_llm_metadata_keys=["secret"],
        excluded_embed_metadata_keys=["rank", "secret"],
        metadata_template="<{key}={value}>",
        metadata_separator=" | ",
        text_template="{metadata_str}\n=====\n{content}",
    )
    (theirs,) = SentenceSplitter().get_nodes_from_documents([given])
    (ours,) = TableAwareNodeParser().get_nodes_from_documents([given])

    for mode, wanted in ((MetadataMode.LLM, ["<team=north>", "<rank=3>"]), (MetadataMode.EMBED, ["<team=north>"])):
        head, _, text = ours.get_content(mode).partition("\n=====\n")
        assert text == theirs.get_content(mode).partition("\n=====\n")[2]
        assert set(re.split(r" \| |\n", head)) >= set(wanted)  # older cores know the separator by another name
        assert "secret" not in head


@pytest.mark.parametrize("metadata", [{}, {"page": 0}, {"page": "iv"}, {"page": None}, {"page": [3]}])
def test_a_page_that_is_not_known_is_not_told_to_the_model(metadata: dict[str, Any]) -> None:
    (node,) = TableAwareNodeParser().get_nodes_from_documents([Document(text="The quay is long.", metadata=metadata)])

    assert "page" not in node.get_content(MetadataMode.LLM)
    assert node.metadata["page"] == 0


# --- metadata of any shape -------------------------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from([*METADATA_KEYS, "id", "file_path", "file_name", "dl_meta", "title", "image_path", "confidence"])
TEXTS = st.sampled_from(
    ["Some words.", "<table><tr><td>a</td><td>b</td></tr></table>", "|a|b|\n|-|-|\n|1|2|", "# One\n\ntext", "{}"]
)


@examples(200)
@example(given=[("Some words.", {"source": None, "image_path": True})])
@example(given=[("Some words.", {"image_path": ["a.jpg"], "crop_offsets": {}})])
@given(given=st.lists(st.tuples(TEXTS, st.dictionaries(KEYS, VALUES, max_size=5)), min_size=1, max_size=3))
def test_both_frameworks_take_metadata_of_any_shape_alike(given: list[tuple[str, dict[str, Any]]]) -> None:
    """What another reader writes under our keys, or its own, is no error, and the same texts come out."""
    chunks = TableAwareTextSplitter(40).split_documents(
        [LangChainDocument(text, metadata=metadata) for text, metadata in given]
    )
    nodes = TableAwareNodeParser(40).get_nodes_from_documents(
        [Document(text=text, metadata=metadata) for text, metadata in given]
    )

    assert [node.get_content() for node in nodes] == [chunk.page_content for chunk in chunks]
    for one in (*(chunk.metadata for chunk in chunks), *(node.metadata for node in nodes)):
        assert {key: type(one[key]) for key in METADATA_KEYS} == METADATA_KEYS
