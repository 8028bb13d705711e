"""The steps of the demo without printing: chunks ranked by words, and the line that answers the question."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from pathlib import Path

from upstage_docs.evidence.word_ranking import WordRanking
from upstage_docs.models import Box, Chunk

SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "report.pdf"
QUESTION = "How many GWh did Maehyang generate in 2025?"

_HEADER_OF_TABLE = re.compile(r"^.*\n(?=\|(?:\s*:?-+:?\s*\|)+\s*$)", re.MULTILINE)


@dataclass(frozen=True)
class RankedChunk:
    """One chunk that may answer a question.

    Attributes:
        chunk: The whole chunk.
        score: BM25; only its order means anything.
        line: The line of the chunk that shares most with the question: a row of a table
            (never its header), or a paragraph.
        page: The page of that line, 1-based.
        box: The bounding box of the element that holds it, relative 0-1.
    """

    chunk: Chunk
    score: float
    line: str
    page: int
    box: Box


def retrieve(question: str, chunks: Sequence[Chunk], count: int = 3) -> list[RankedChunk]:
    """Return the *count* chunks that share most with *question*, best first; none if they share no word.

    Raises:
        MissingExtraError: The extra "search" is not installed.
    """
    scores = WordRanking([" ".join((*chunk.headings, chunk.text)) for chunk in chunks]).scores(question)
    best = [index for index in sorted(range(len(chunks)), key=lambda at: -scores[at])[:count] if scores[index] > 0]
    lines = [_candidate_lines(chunk) for chunk in chunks]
    # A word is as rare as it is among all lines, not among those of one table.
    line_scores = iter(WordRanking(list(chain.from_iterable(lines))).scores(question))
    scored = [[(next(line_scores), line) for line in one] for one in lines]
    return [_passage(chunks[index], scores[index], max(scored[index], key=itemgetter(0))[1]) for index in best]


def _candidate_lines(chunk: Chunk) -> list[str]:
    """Return what may answer: the rows of a table below its header; without a table, every line but the headings."""
    lines = [line for line in _HEADER_OF_TABLE.sub("", chunk.text).splitlines() if line.strip()]
    rows = [line for line in lines if line.startswith("|")]
    return rows or [line for line in lines if not line.startswith("#")] or lines


def _passage(chunk: Chunk, score: float, line: str) -> RankedChunk:
    at = chunk.text.index(line)
    spans = json.loads(chunk.metadata["spans"])
    _, page, _, _, *box = next((span for span in spans if span[2] <= at < span[3]), spans[0])
    return RankedChunk(chunk, score, line, page, (box[0], box[1], box[2], box[3]))
