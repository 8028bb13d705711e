"""Sizes in tokens, as LangChain's users ask for them: tiktoken's and Hugging Face's, with vocabularies made here."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("langchain_text_splitters", reason='needs the extra "langchain"')
from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document

from langchain_upstage_docs import TableAwareTextSplitter

ROWS = "".join(f"<tr><td>지역 {n}</td><td>{n} million</td></tr>" for n in range(40))
TABLE = f"<table><thead><tr><td>Region</td><td>Sales</td></tr></thead><tbody>{ROWS}</tbody></table>"
TEXT = f"<h1>Sales</h1><p>{'Revenue rose, 매출은 증가하였다. ' * 60}</p>{TABLE}"
OPTIONS: dict[str, Any] = {"chunk_size": 200, "oversized_tables": "split_rows", "exclude_categories": ()}


@pytest.fixture
def encoding() -> Iterator[Any]:
    """A tiktoken encoding of bytes and a few words; the real ones are downloaded."""
    tiktoken = pytest.importorskip("tiktoken", reason="llama-index-core brings it")
    words = [*(bytes([byte]) for byte in range(256)), b"<t", b"td", b"td>", b"</", b"re"]
    made = tiktoken.Encoding(
        "tiny",
        pat_str=r"[A-Za-z]+|\d|[^A-Za-z\d]+?",
        mergeable_ranks={word: rank for rank, word in enumerate(words)},
        special_tokens={"<|endoftext|>": len(words)},
    )
    tiktoken.registry.ENCODINGS["tiny"] = made
    yield made
    del tiktoken.registry.ENCODINGS["tiny"]


@pytest.fixture
def tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A tokenizer of words as `transformers` has them; without that package, one of the class that it would have."""
    if importlib.util.find_spec("transformers"):
        from tokenizers import Tokenizer, models, pre_tokenizers
        from transformers import PreTrainedTokenizerFast

        words = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
        words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        return PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]")
    if not getattr(importlib.import_module("langchain_text_splitters.base"), "_HAS_TRANSFORMERS", True):
        pytest.skip("this version of langchain-text-splitters asks for transformers when it is imported")
    package = tmp_path / "transformers"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "tokenization_utils_base.py").write_text(
        "class PreTrainedTokenizerBase:\n    def tokenize(self, text):\n        return text.split()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    made = importlib.import_module("transformers.tokenization_utils_base")
    for name in ("transformers", "transformers.tokenization_utils_base"):
        monkeypatch.setitem(sys.modules, name, sys.modules.pop(name))  # forgotten after the test
    return made.PreTrainedTokenizerBase()


def assert_split(splitter: TableAwareTextSplitter, size: Any) -> None:
    """All options are ours, no chunk is over the size, and the table is cut between rows only."""
    chunks = splitter.split_text(TEXT)
    assert type(splitter) is TableAwareTextSplitter
    assert max(map(size, chunks)) <= OPTIONS["chunk_size"]
    parts = [chunk for chunk in chunks if "<table" in chunk]
    assert len(parts) > 1
    assert all("<thead><tr><td>Region</td><td>Sales</td></tr></thead>" in part for part in parts)
    assert "".join(part.split("<tbody>")[1].split("</tbody>")[0] for part in parts) == ROWS
    assert [splitter.split_text(part) for part in parts] == [[part] for part in parts]


def test_tokens_of_tiktoken(encoding: Any) -> None:
    splitter = TableAwareTextSplitter.from_tiktoken_encoder("tiny", **OPTIONS)

    assert_split(splitter, lambda text: len(encoding.encode(text)))


def test_text_that_names_a_special_token_is_an_error_unless_allowed(encoding: Any) -> None:
    """tiktoken's own rule goes through, with its own words."""
    text = "The token <|endoftext|> ends a text. " * 20

    with pytest.raises(ValueError, match="disallowed special token"):
        TableAwareTextSplitter.from_tiktoken_encoder("tiny", **OPTIONS).split_text(text)
    splitter = TableAwareTextSplitter.from_tiktoken_encoder("tiny", disallowed_special=(), **OPTIONS)
    assert " ".join(splitter.split_text(text)) == text.strip()


def test_tokens_of_hugging_face(tokenizer: Any) -> None:
    options = {**OPTIONS, "chunk_size": 20}

    splitter = TableAwareTextSplitter.from_huggingface_tokenizer(tokenizer, **options)

    chunks = splitter.split_text(TEXT)
    assert type(splitter) is TableAwareTextSplitter
    assert max(len(tokenizer.tokenize(chunk)) for chunk in chunks) <= 20
    assert sum("<thead>" in chunk for chunk in chunks) > 1


class Pages(BaseLoader):
    """A loader of another package: HTML, a page at a time."""

    def lazy_load(self) -> Iterator[Document]:
        for number in range(2):
            yield Document(TEXT, metadata={"source": "a.html", "page": number})


def test_loaders_of_others_load_and_split(encoding: Any) -> None:
    """`load_and_split` takes the splitter, with sizes in tokens too: their Documents share no chunk."""
    splitter = TableAwareTextSplitter.from_tiktoken_encoder("tiny", **OPTIONS)

    chunks = Pages().load_and_split(splitter)

    assert [chunk.page_content for chunk in chunks] == splitter.split_text(TEXT) * 2
    assert sorted({chunk.metadata["page"] for chunk in chunks}) == [0, 1]
    assert {chunk.metadata["category"] for chunk in chunks} == {"mixed", "paragraph", "table"}


def test_no_text_is_counted_twice() -> None:
    counted: Counter[str] = Counter()

    def size(text: str) -> int:
        counted[text] += 1
        return len(text.split())

    splitter = TableAwareTextSplitter(chunk_size=60, length_function=size, oversized_tables="split_rows")
    assert len(splitter.split_documents([Document(page_content=TEXT, metadata={"source": "a"})])) > 3
    assert max(counted.values()) == 1
