"""`upstage-docs split`: shows how documents fall into chunks, with sizes, pages and categories."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.packing import chunk_with
from upstage_docs.cli.files import find
from upstage_docs.cli.options import AsJson, Connect, Sources, splitting, with_options
from upstage_docs.cli.terminal import page, print_line, terminal, visible
from upstage_docs.cli.work import for_each
from upstage_docs.models import Chunk
from upstage_docs.options import ParseOptions, SendOptions
from upstage_docs.records.render import text_of_html


@with_options(**splitting)
def split(
    sources: Sources,
    whole: Annotated[bool, typer.Option("--text", help="Print the chunks' whole texts.")] = False,
    as_json: AsJson = False,
    *,
    chunking: ChunkOptions,
    options: ParseOptions,
    sending: SendOptions,
    connect: Connect,
) -> None:
    """Parse documents, split them into chunks that keep every table whole, and print the chunks."""
    with connect() as client:

        def show(path: Path) -> None:
            document = client.parse(path, options, **asdict(sending))
            chunks = list(chunk_with(chunking, document))
            if as_json:
                _print_lines(chunks)
            elif whole:
                _print_texts(chunks)
            else:
                _print_table(chunks, f"{path} ({document.total_pages} pages, {document.model})", chunking)

        for_each((path for path, _ in find(sources)), show)


def _print_table(chunks: Sequence[Chunk], title: str, chunking: ChunkOptions) -> None:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, expand=True)
    for name in ("#", "size", "page"):
        table.add_column(name, justify="right", no_wrap=True, min_width=len(name) + 1)
    table.add_column("categories", overflow="fold", max_width=24)
    table.add_column("begins with", overflow="ellipsis", no_wrap=True, ratio=1)
    for number, chunk in enumerate(chunks, start=1):
        size = f"{len(chunk.text)}*" if chunk.oversize else str(len(chunk.text))
        pages = page(chunk.metadata["page"], chunk.metadata["page_end"])
        text = text_of_html(chunk.text) if chunking.output_format == "html" else chunk.text
        begins = " ".join(text.split())[:200]
        table.add_row(str(number), size, pages, chunk.metadata["categories"], begins)
    console = terminal()
    console.print(table)
    oversize = sum(chunk.oversize for chunk in chunks)
    larger = f"; {oversize} larger than {chunking.chunk_size} (*) because what they hold is kept whole"
    console.print(f"{len(chunks)} chunks{larger if oversize else ''}.", soft_wrap=True)


def _print_texts(chunks: Sequence[Chunk]) -> None:
    for number, chunk in enumerate(chunks, start=1):
        pages = page(chunk.metadata["page"], chunk.metadata["page_end"])
        title = f"--- chunk {number}: {len(chunk.text)} characters, page {pages}, {chunk.metadata['categories']}"
        sys.stdout.write(visible(f"{title}\n{chunk.text}\n"))


def _print_lines(chunks: Sequence[Chunk]) -> None:
    for chunk in chunks:
        print_line({"id": chunk.id, "size": len(chunk.text), "text": chunk.text, "metadata": chunk.metadata})
