"""`upstage-docs parse` and `ocr`: documents in, Markdown, HTML, text, JSON or JSON lines out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import typer

from upstage_docs.api.decode import document_json, join
from upstage_docs.cli.files import tasks
from upstage_docs.cli.options import (
    AsJson,
    BaseUrl,
    Cache,
    ChartRecognition,
    Engine,
    Force,
    MaxConcurrency,
    MergeMultipageTables,
    Mode,
    Model,
    Ocr,
    OnUnknown,
    Output,
    Sources,
)
from upstage_docs.cli.work import Result, Tell, carry_out
from upstage_docs.client.client import Client
from upstage_docs.errors import ConfigError
from upstage_docs.models import OcrResult, ParsedDocument, Record
from upstage_docs.options import OCROptions, OutputFormat, ParseOptions, Split
from upstage_docs.records.ocr_records import ocr_records
from upstage_docs.records.records import RecordOptions, records

__all__ = ["ParseFormat", "ocr", "parse", "written"]

_SUFFIXES = {"markdown": "md", "html": "html", "text": "txt", "json": "json", "jsonl": "jsonl"}

ParseFormat = Annotated[
    Literal["markdown", "html", "text", "json", "jsonl"],
    typer.Option("--format", "-f", help="What is written: the whole document, the API's JSON, or a line per record."),
]
RecordSplit = Annotated[
    Split | None,
    typer.Option("--split", help="With jsonl: a record per element, page or document (none). Default: element."),
]
RecordText = Annotated[
    OutputFormat | None, typer.Option("--output-format", help="With jsonl: the text of a record. Default: html.")
]
OcrFormat = Annotated[
    Literal["text", "json", "jsonl"],
    typer.Option("--format", "-f", help="What is written: the text, the API's JSON, or a line per record."),
]
OcrSplit = Annotated[
    Literal["page", "word", "none"] | None,
    typer.Option("--split", help="With jsonl: a record per page, word or document (none). Default: page."),
]


def parse(
    sources: Sources,
    output: Output = None,
    form: ParseFormat = "markdown",
    split: RecordSplit = None,
    output_format: RecordText = None,
    engine: Engine = None,
    model: Model = "document-parse",
    mode: Mode = "standard",
    ocr: Ocr = "auto",
    chart_recognition: ChartRecognition = True,
    merge_multipage_tables: MergeMultipageTables = False,
    coordinates: Annotated[bool, typer.Option(help="Answer where each element stands.")] = True,
    base64_encoding: Annotated[
        list[str] | None,
        typer.Option(help="Category whose elements come with a JPEG crop, in json; may be repeated."),
    ] = None,
    base_url: BaseUrl = None,
    cache: Cache = None,
    on_unknown: OnUnknown = "raise",
    max_concurrency: MaxConcurrency = 5,
    overwrite: Force = False,
    as_json: AsJson = False,
) -> None:
    """Parse documents into layout elements: headings, paragraphs, tables, figures, charts and more."""
    options = ParseOptions(
        model=model,
        mode=mode,
        ocr=ocr,
        chart_recognition=chart_recognition,
        merge_multipage_tables=merge_multipage_tables,
        coordinates=coordinates,
        base64_encoding=tuple(base64_encoding or ()),
    )
    _fits_together(output, form, as_json=as_json, for_records={"--split": split, "--output-format": output_format})
    shape = RecordOptions(split=split or "element", output_format=output_format or "html")
    planned = tasks(sources, output, _SUFFIXES[form])
    with Client(
        engine=engine, base_url=base_url, cache=cache, on_unknown=on_unknown, max_concurrency=max_concurrency
    ) as client:

        def produce(path: Path, tell: Tell) -> Result:
            parts = []
            for part in client.stream(path, options):
                parts.append(part)
                tell(max((element.page for element in part.elements), default=0), part.total_pages)
            document = join(parts)
            return Result(written(document, form, shape), {"pages": document.total_pages, "model": document.model})

        carry_out(planned, produce, client.close, overwrite=overwrite, max_concurrency=max_concurrency, as_json=as_json)


def ocr(
    sources: Sources,
    output: Output = None,
    form: OcrFormat = "text",
    split: OcrSplit = None,
    engine: Engine = None,
    model: Annotated[str, typer.Option(help="Model that is asked.")] = "ocr",
    base_url: BaseUrl = None,
    cache: Cache = None,
    on_unknown: OnUnknown = "raise",
    max_concurrency: MaxConcurrency = 5,
    overwrite: Force = False,
    as_json: AsJson = False,
) -> None:
    """Recognise the text of scans and photos, with every word's place and confidence."""
    options = OCROptions(model=model)
    _fits_together(output, form, as_json=as_json, for_records={"--split": split})
    planned = tasks(sources, output, _SUFFIXES[form])
    with Client(
        engine=engine, base_url=base_url, cache=cache, on_unknown=on_unknown, max_concurrency=max_concurrency
    ) as client:

        def produce(path: Path, _: Tell) -> Result:
            result = client.ocr(path, options)
            text = _recognised(result, form, split or "page")
            return Result(text, {"pages": len(result.pages), "model": result.model})

        carry_out(planned, produce, client.close, overwrite=overwrite, max_concurrency=max_concurrency, as_json=as_json)


def _fits_together(output: Path | None, form: str, *, as_json: bool, for_records: dict[str, str | None]) -> None:
    if as_json and output is None:
        raise ConfigError("--json reports on the files that are written; say where with --output FOLDER.")
    given = [name for name, value in for_records.items() if value is not None]
    if given and form != "jsonl":
        raise ConfigError(f"{given[0]} is about records; it goes with --format jsonl, not with {form}.")


def written(document: ParsedDocument, form: str, shape: RecordOptions) -> str:
    """Return what is written of *document* in the format *form*; *shape* is that of jsonl's records."""
    if form == "jsonl":
        return _lines(records(document, shape))
    return document_json(document) if form == "json" else str(getattr(document, form))


def _recognised(result: OcrResult, form: str, split: Literal["page", "word", "none"]) -> str:
    if form == "jsonl":
        return _lines(ocr_records(result, split=split))
    return result.raw.decode() if form == "json" else result.text


def _lines(found: Iterable[Record]) -> str:
    lines = ({"id": record.id, "text": record.text, "metadata": record.metadata} for record in found)
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
