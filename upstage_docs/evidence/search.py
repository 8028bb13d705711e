"""Searches loaded documents for the passages that may answer a question, each with its citation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from upstage_docs.chunking.context import contextualize
from upstage_docs.errors import ConfigError
from upstage_docs.evidence.async_forms import in_thread
from upstage_docs.evidence.citation import Citation, cite, tell_files_apart
from upstage_docs.evidence.place import source_of
from upstage_docs.evidence.things import Thing, as_list, element_things, read_thing
from upstage_docs.evidence.word_ranking import WordRanking
from upstage_docs.models import Chunk, Record
from upstage_docs.options.definitions import require_whole_number
from upstage_docs.records.render import text_of_html

Item = TypeVar("Item")

_RANK_OFFSET = 60
"""Of reciprocal rank fusion, as in its paper (Cormack, Clarke and Büttcher, 2009) and in most search engines."""
NOTHING_FOUND = "No passage of the documents shares a word with this question."


class Embeddings(Protocol):
    """A model that turns texts into vectors; LangChain's `Embeddings` is one."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a vector for each text."""

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""


class Passage(msgspec.Struct, Generic[Item], frozen=True):
    """A text that may answer a question.

    Attributes:
        item: The Document, node, chunk or record, as it was given.
        text: Its text, as it was given.
        citation: Where it stands, as `cite` returns it.
        score: How well it fits; only the order of the scores of one search means anything.
    """

    item: Item
    text: str
    citation: Citation
    score: float


class SearchIndex(Generic[Item]):
    """Documents, nodes, chunks or records, searched by words, and by meaning if *embeddings* are given.

    Words are compared by BM25; Hangul, Han and kana count by pairs of characters, headings and captions as text. With
    embeddings, the two rankings are joined by reciprocal rank fusion. All stays in memory.

    Args:
        items: What is searched; chunks of our splitters are best.
        embeddings: LangChain's `Embeddings`, or anything with its two methods; all texts are embedded here, at once.

    Raises:
        ConfigError: Something in *items* is of no kind that has text, or *embeddings* answers no vector for each text.
        MissingExtraError: The extra "search" is not installed.
    """

    def __init__(self, items: Iterable[Item], embeddings: Embeddings | None = None) -> None:
        self._items = as_list(items)
        things = [read_thing(item) for item in self._items]
        texts = [_searched(thing) for thing in things]
        self._texts = [thing.text or "" for thing in things]
        self._sources = {source_of(thing.metadata) for thing in things}
        self._words = WordRanking(texts)
        self._embeddings = embeddings
        self._vectors = _unit(embeddings.embed_documents(texts), len(texts)) if embeddings and texts else None

    def __len__(self) -> int:
        return len(self._items)

    def search(self, question: str, count: int = 4) -> list[Passage[Item]]:
        """Return at most *count* passages, best first; none if nothing shares a word with *question*.

        With embeddings, something is always found.

        Raises:
            ConfigError: *question* is no text, or *count* is no whole number from 1.
        """
        if not isinstance(question, str):
            raise ConfigError(f"A question is a text, not {type(question).__name__}.")
        count = require_whole_number("count", count, least=1)
        scores = self._words.scores(question)
        if self._vectors is not None and self._embeddings is not None and question.strip():
            near = self._vectors @ _unit([self._embeddings.embed_query(question)], 1)[0]
            if near.shape[0] != len(scores):
                raise ConfigError("The vector of the question is of another length than those of the texts.")
            scores = _fused(scores, [float(value) + 2 for value in near])
        best = [at for at in sorted(range(len(scores)), key=lambda at: -scores[at])[:count] if scores[at] > 0]
        citations = tell_files_apart([cite(self._items[at]) for at in best], self._sources)
        return [
            Passage(self._items[at], self._texts[at], citation, scores[at])
            for at, citation in zip(best, citations, strict=True)
        ]

    asearch = in_thread(search)


def number_passages(things: Iterable[object]) -> str:
    """Return the texts of *things*, numbered from `[1]`, each below its citation: for a model that cites by number.

    Files of one name are told apart by their folders. A sentence says so where there are no passages.

    Args:
        things: Passages, or what `cite` takes.
    """
    given = [
        (one.citation, one.text) if isinstance(one, Passage) else (cite(one), read_thing(one).text) for one in things
    ]
    citations = tell_files_apart([citation for citation, _ in given])
    parts = [
        f"[{number}] {citation}\n{text or ''}"
        for number, (citation, (_, text)) in enumerate(zip(citations, given, strict=True), start=1)
    ]
    return "\n\n".join(parts) or NOTHING_FOUND


def _searched(thing: Thing) -> str:
    """Return the words of *thing*, with its headings and caption in front."""
    if (elements := element_things(thing)) is not None:
        return "\n".join(text_of_html(element.text or "") for element in elements)
    metadata = dict(thing.metadata)
    told = metadata.get("headings")
    metadata["headings"] = told if isinstance(told, str) else ""
    text = thing.text or ""
    if thing.caption:
        headings = tuple(filter(None, metadata["headings"].split(" > ")))
        return text_of_html(contextualize(Chunk("", text, metadata, headings=headings, caption=thing.caption)))
    return text_of_html(contextualize(Record("", text, metadata)))


def _unit(vectors: Sequence[Sequence[float]], count: int) -> Any:
    """Return *vectors* as an array whose rows have length 1."""
    import numpy as np

    try:
        array = np.asarray(vectors, dtype="float32")
    except (TypeError, ValueError) as error:
        raise ConfigError(f"The embeddings answered vectors of several lengths, or none: {error}") from error
    if array.ndim != 2 or array.shape[0] != count:
        raise ConfigError(f"The embeddings answered an array of shape {array.shape} for {count} texts.")
    lengths = np.linalg.norm(array, axis=1, keepdims=True)
    return array / np.where(lengths > 0, lengths, 1)


def _fused(*rankings: Sequence[float]) -> list[float]:
    """Return one score for each place of *rankings*: the sum of 1 / (60 + rank); what scored 0 has no rank."""
    fused = [0.0] * len(rankings[0])
    for scores in rankings:
        order = sorted((at for at in range(len(scores)) if scores[at] > 0), key=lambda at: -scores[at])
        for rank, at in enumerate(order, start=1):
            fused[at] += 1 / (_RANK_OFFSET + rank)
    return fused
