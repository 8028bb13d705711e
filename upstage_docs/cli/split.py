"""`upstage-docs split`: shows how documents fall into chunks, with sizes, pages and categories."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Literal

import typer
from rich import box
from rich.table import Table

from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.packing import chunk_with
from upstage_docs.cli.files import find
from upstage_docs.cli.options import (
    AsJson,
    BaseUrl,
    Cache,
    ChartRecognition,
    Engine,
    MergeMultipageTables,
    Mode,
    Model,
    Ocr,
    Sources,
    complain,
    page,
    print_line,
    terminal,
    visible,
)
from upstage_docs.client.client import Client
from upstage_docs.errors import AuthenticationError, ConfigError, UpstageDocsError
from upstage_docs.models import Chunk
from upstage_docs.options import OutputFormat, ParseOptions
from upstage_docs.records.render import text_of_html

__all__ = ["split"]


def split(
    sources: Sources,
    chunk_size: Annotated[int, typer.Option(help="Largest size of a chunk, in characters.")] = 1000,
    chunk_overlap: Annotated[int, typer.Option(help="Characters that a cut text repeats.")] = 0,
    oversized_tables: Annotated[
        Literal["keep", "split_rows"], typer.Option(help="Keep larger tables whole, or cut them between rows.")
    ] = "keep",
    merge_continued_tables: Annotated[bool, typer.Option(help="Join a table that goes on over pages.")] = False,
    min_size: Annotated[int, typer.Option(help="A smaller section takes the next one in.")] = 0,
    exclude_categories: Annotated[
        list[str] | None,
        typer.Option(help="Category left out; may be repeated. Default: header and footer.", show_default=False),
    ] = None,
    output_format: Annotated[OutputFormat, typer.Option(help="The text of the chunks.")] = "html",
    engine: Engine = None,
    model: Model = "document-parse",
    mode: Mode = "standard",
    ocr: Ocr = "auto",
    chart_recognition: ChartRecognition = True,
    merge_multipage_tables: MergeMultipageTables = False,
    base_url: BaseUrl = None,
    cache: Cache = None,
    whole: Annotated[bool, typer.Option("--text", help="Print the chunks' whole texts.")] = False,
    as_json: AsJson = False,
) -> None:
    """Parse documents, split them into chunks that keep every table whole, and print the chunks."""
    options = ParseOptions(
        model=model,
        mode=mode,
        ocr=ocr,
        chart_recognition=chart_recognition,
        merge_multipage_tables=merge_multipage_tables,
    )
    chunking = ChunkOptions(  # before a document is parsed, which may cost
        chunk_size=chunk_size,
        chunk_overlap=chunk_overlap,
        oversized_tables=oversized_tables,
        merge_continued_tables=merge_continued_tables,
        min_size=min_size,
        exclude_categories=("header", "footer") if exclude_categories is None else exclude_categories,
        output_format=output_format,
    )
    failed = False
    with Client(engine=engine, base_url=base_url, cache=cache) as client:
        for path, _ in find(sources):
            try:
                document = client.parse(path, options)
            except (ConfigError, AuthenticationError):
                raise
            except UpstageDocsError as error:
                complain(str(error))
                failed = True
                continue
            chunks = list(chunk_with(chunking, document))
            if as_json:
                _print_lines(chunks)
            elif whole:
                _print_texts(chunks)
            else:
                _print_table(
                    chunks, f"{path} ({document.total_pages} pages, {document.model})", chunk_size, output_format
                )
    if failed:
        raise typer.Exit(1)


def _print_table(chunks: Sequence[Chunk], title: str, chunk_size: int, output_format: OutputFormat) -> None:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, expand=True)
    for name in ("#", "size", "page"):
        table.add_column(name, justify="right", no_wrap=True, min_width=len(name) + 1)
    table.add_column("categories", overflow="fold", max_width=24)
    table.add_column("begins with", overflow="ellipsis", no_wrap=True, ratio=1)
    for number, chunk in enumerate(chunks, start=1):
        size = f"{len(chunk.text)}*" if chunk.oversize else str(len(chunk.text))
        pages = page(chunk.metadata["page"], chunk.metadata["page_end"])
        text = text_of_html(chunk.text) if output_format == "html" else chunk.text
        begins = " ".join(text.split())[:200]
        table.add_row(str(number), size, pages, chunk.metadata["categories"], begins)
    console = terminal()
    console.print(table)
    oversize = sum(chunk.oversize for chunk in chunks)
    note = f"; {oversize} larger than {chunk_size} (*) because what they hold is kept whole" if oversize else ""
    console.print(f"{len(chunks)} chunks{note}.", soft_wrap=True)


def _print_texts(chunks: Sequence[Chunk]) -> None:
    for number, chunk in enumerate(chunks, start=1):
        pages = page(chunk.metadata["page"], chunk.metadata["page_end"])
        title = f"--- chunk {number}: {len(chunk.text)} characters, page {pages}, {chunk.metadata['categories']}"
        sys.stdout.write(visible(f"{title}\n{chunk.text}\n"))


def _print_lines(chunks: Sequence[Chunk]) -> None:
    for chunk in chunks:
        print_line({"id": chunk.id, "size": len(chunk.text), "text": chunk.text, "metadata": chunk.metadata})
