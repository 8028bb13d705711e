"""`upstage-docs demo`: parses one document, shows its elements, splits it, and answers a question, on one screen."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.table import Table

from upstage_docs.chunking.packing import chunk_elements
from upstage_docs.cli.terminal import page, place, terminal, visible
from upstage_docs.client.client import Client
from upstage_docs.client.settings import EngineName
from upstage_docs.evidence.word_ranking import WordRanking
from upstage_docs.models import Box, Chunk, ParsedDocument

SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "report.pdf"
QUESTION = "How many GWh did Maehyang generate in 2025?"
_HEADER_OF_TABLE = re.compile(r"^.*\n(?=\|(?:\s*:?-+:?\s*\|)+\s*$)", re.MULTILINE)
_SHOWN = 3  # elements of a category
_LONG = 14  # lines of a passage


def demo(
    file: Annotated[
        Path | None, typer.Argument(help="Your own document. Default: a sample report.", show_default=False)
    ] = None,
    question: Annotated[
        str | None,
        typer.Option("--question", "-q", help=f"The question. For the sample report: {QUESTION}", show_default=False),
    ] = None,
    engine: Annotated[
        EngineName, typer.Option(help="Who answers; upstage uses the key in UPSTAGE_API_KEY and is billed.")
    ] = "local",
) -> None:
    """See it work: parse a report, look at its elements, split it, and ask it a question.

    Runs on this machine, without a key and without a network, unless told otherwise.
    """
    console = terminal()
    source = SAMPLE if file is None else file
    with Client(engine=engine) as client:
        document = client.parse(source)
    console.rule("1  Parse", align="left")
    _show_elements(console, document, source.name)

    chunks = list(chunk_elements(document, output_format="markdown"))
    console.rule("2  Split", align="left")
    _show_chunks(console, chunks)

    asked = question or (QUESTION if file is None else _first_heading(document))
    console.rule("3  Ask", align="left")
    _show_answer(console, asked, best_passage(asked, chunks))
    who = "on this machine, without a key" if engine == "local" else "the Upstage API"
    console.print(f"Answered by {document.model}, {who}.", soft_wrap=True)


def _show_elements(console: Console, document: ParsedDocument, name: str) -> None:
    counts = Counter(element.category for element in document.elements)
    console.print(
        f"{name}: {document.total_pages} pages, {len(document.elements)} Documents in {len(counts)} categories, "
        f"each with its page and box."
    )
    table = Table(box=box.SIMPLE_HEAD, expand=True)
    table.add_column("category", no_wrap=True, style="bold")
    table.add_column("page", justify="right")
    table.add_column("box (relative)", no_wrap=True)
    table.add_column("text", ratio=1, no_wrap=True, overflow="ellipsis")
    for category, count in sorted(counts.items(), key=lambda item: -item[1]):
        members = [element for element in document.elements if element.category == category]
        for number, element in enumerate(members[:_SHOWN]):
            label = f"{category} ({count})" if number == 0 else ""
            text = " ".join((element.text or element.markdown).split())
            table.add_row(label, str(element.page), place(element.box), text)
        if count > _SHOWN:
            table.add_row("", "", "", f"... {count - _SHOWN} more", style="dim")
    console.print(table)


def _show_chunks(console: Console, chunks: list[Chunk]) -> None:
    whole = [chunk for chunk in chunks if "table" in chunk.metadata["categories"]]
    console.print(f"{len(chunks)} chunks; {len(whole)} hold a table, each whole:")
    for chunk in whole:
        pages = page(chunk.metadata["page"], chunk.metadata["page_end"])
        title = chunk.caption or chunk.metadata["headings"] or "without a caption"
        console.print(f"  page {pages}, {len(chunk.text)} characters: {' '.join(title.split())}")
    console.print()


def _show_answer(console: Console, question: str, best: BestPassage | None) -> None:
    console.print(f"Question: {question}", style="bold")
    if best is None:
        console.print("No chunk shares a word with the question.")
        return
    where = f"page {best.page}, box {place(best.box)}"
    console.print(Panel(Markdown(visible(_excerpt(best))), title="best passage", subtitle=where, title_align="left"))
    cells = [cell.strip() for cell in best.line.split("|")] if best.line.startswith("|") else [best.line.strip()]
    answer = " · ".join(cell for cell in cells if cell)
    console.print(f"Answer: {answer}", style="bold green", soft_wrap=True)
    console.print(f"        {where}", soft_wrap=True)


def _excerpt(passage: BestPassage) -> str:
    """Return the passage, of a long one its beginning and the line that answers."""
    lines = passage.chunk.text.splitlines()
    if len(lines) <= _LONG:
        return passage.chunk.text
    shown = lines[:_LONG]
    return "\n".join(shown if passage.line in shown else [*shown, passage.line])


def _first_heading(document: ParsedDocument) -> str:
    texts = [element.text for element in document.elements if element.category.startswith("heading")]
    texts += [element.text for element in document.elements if element.text.strip()]
    return " ".join(texts[0].split()) if texts else ""


@dataclass(frozen=True)
class BestPassage:
    """The chunk that shares most with a question.

    Attributes:
        chunk: The whole chunk.
        line: The line of the chunk that shares most with the question: a row of a table
            (never its header), or a paragraph.
        page: The page of that line, 1-based.
        box: The bounding box of the element that holds it, relative 0-1.
    """

    chunk: Chunk
    line: str
    page: int
    box: Box


def best_passage(question: str, chunks: Sequence[Chunk]) -> BestPassage | None:
    """Return the chunk that shares most with *question*, None if none shares a word.

    Raises:
        MissingExtraError: The extra "search" is not installed.
    """
    scores = WordRanking([" ".join((*chunk.headings, chunk.text)) for chunk in chunks]).scores(question)
    if not any(scores):
        return None
    best = scores.index(max(scores))
    lines = [_candidate_lines(chunk) for chunk in chunks]
    # A word is as rare as it is among all lines, not among those of one table.
    of_lines = WordRanking(list(chain.from_iterable(lines))).scores(question)
    first = sum(map(len, lines[:best]))
    chunk, line = chunks[best], max(zip(of_lines[first:], lines[best], strict=False), key=itemgetter(0))[1]
    at = chunk.text.index(line)
    spans = json.loads(chunk.metadata["spans"])
    _, page, _, _, *box = next((span for span in spans if span[2] <= at < span[3]), spans[0])
    return BestPassage(chunk, line, page, (box[0], box[1], box[2], box[3]))


def _candidate_lines(chunk: Chunk) -> list[str]:
    """Return what may answer: the rows of a table below its header; without a table, every line but the headings."""
    lines = [line for line in _HEADER_OF_TABLE.sub("", chunk.text).splitlines() if line.strip()]
    rows = [line for line in lines if line.startswith("|")]
    return rows or [line for line in lines if not line.startswith("#")] or lines
