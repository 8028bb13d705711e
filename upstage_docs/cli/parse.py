"""`upstage-docs parse` and `ocr`: write documents as Markdown, HTML, text, JSON or JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from upstage_docs.api.joining import document_json, join
from upstage_docs.cli.files import Task, tasks
from upstage_docs.cli.options import Connect, Group, Sources, Writing, asking, with_options, writing
from upstage_docs.cli.work import Result, Tell, carry_out
from upstage_docs.errors import ConfigError
from upstage_docs.flows.reports import Report
from upstage_docs.models import OcrResult, ParsedDocument, Record
from upstage_docs.options import OCROptions, OnError, ParseOptions, SendOptions
from upstage_docs.records.ocr_records import ocr_records
from upstage_docs.records.options import OCRRecordOptions, RecordOptions
from upstage_docs.records.records import records

_OF_RECORDS = "Goes with --format jsonl."
_SUFFIXES = {"markdown": "md", "html": "html", "text": "txt", "json": "json", "jsonl": "jsonl"}

ParseFormat = Annotated[
    Literal["markdown", "html", "text", "json", "jsonl"],
    typer.Option("--format", "-f", help="What is written: the whole document, the API's JSON, or a line per record."),
]
OcrFormat = Annotated[
    Literal["text", "json", "jsonl"],
    typer.Option("--format", "-f", help="What is written: the text, the API's JSON, or a line per record."),
]


@with_options(
    writing=writing,
    records=Group(RecordOptions, dict, only=("split", "output_format"), note=_OF_RECORDS),
    options=Group(ParseOptions),
    sending=Group(SendOptions),
    connect=asking,
)
def parse(
    sources: Sources,
    form: ParseFormat = "markdown",
    *,
    writing: Writing,
    records: dict[str, Any],
    options: ParseOptions,
    sending: SendOptions,
    connect: Connect,
) -> None:
    """Parse documents into layout elements: headings, paragraphs, tables, figures, charts and more."""
    planned = _plan(sources, form, writing, records)
    text_of = partial(written, form=form, shape=RecordOptions(**records))
    _convert(planned, writing, connect, options, sending, text_of)


@with_options(
    writing=writing,
    records=Group(OCRRecordOptions, dict, only=("split",), note=_OF_RECORDS),
    options=Group(OCROptions),
    sending=Group(SendOptions, only=("refresh",)),
    connect=asking,
)
def ocr(
    sources: Sources,
    form: OcrFormat = "text",
    *,
    writing: Writing,
    records: dict[str, Any],
    options: OCROptions,
    sending: SendOptions,
    connect: Connect,
) -> None:
    """Recognise the text of scans and photos, with every word's place and confidence."""
    planned = _plan(sources, form, writing, records)
    text_of = partial(_recognised, form=form, shape=OCRRecordOptions(**records))
    _convert(planned, writing, connect, options, sending, text_of)


def _plan(sources: list[str], form: str, writing: Writing, for_records: dict[str, Any]) -> list[Task]:
    """Return what is to be read and written.

    Raises:
        ConfigError: Options contradict each other, or *sources* name no document.
    """
    if writing.as_json and writing.output is None:
        raise ConfigError("--json reports on the files that are written; say where with --output FOLDER.")
    for name in for_records if form != "jsonl" else ():
        given = f"--{name.replace('_', '-')}"
        raise ConfigError(f"{given} is about records; it goes with --format jsonl, not with {form}.")
    return tasks(sources, writing.output, _SUFFIXES[form])


def _convert(
    planned: list[Task],
    writing: Writing,
    connect: Connect,
    options: ParseOptions | OCROptions,
    sending: SendOptions,
    text_of: Callable[[Any], str],
) -> None:
    """Read the document of each task, and write what *text_of* makes of it."""
    with connect() as client:

        def produce(path: Path, tell: Tell) -> Result:
            report = Report(on_progress=lambda now: tell(now.pages, now.total_pages))
            how: OnError = "partial" if writing.on_error == "partial" else "raise"
            found = client.stream_many(path, options, on_error=how, report=report, **asdict(sending))
            parts = [part for _, part in found if part is not None]
            if report.failures and not parts:
                raise report.failures[0].error
            whole: ParsedDocument | OcrResult = join(parts)
            pages = whole.total_pages if isinstance(whole, ParsedDocument) else len(whole.pages)
            facts: dict[str, object] = {"pages": pages, "model": whole.model}
            if whole.missing_pages:
                facts["missing_pages"] = whole.missing_pages
            return Result(text_of(whole), facts, report.failures[0].reason if report.failures else "")

        carry_out(
            planned,
            produce,
            client.close,
            overwrite=writing.overwrite,
            max_concurrency=client.max_concurrency,
            as_json=writing.as_json,
            on_error=writing.on_error,
        )


def written(document: ParsedDocument, form: str, shape: RecordOptions) -> str:
    """Return what is written of *document* in the format *form*; *shape* is that of jsonl's records."""
    if form == "jsonl":
        return _lines(records(document, shape))
    return document_json(document) if form == "json" else str(getattr(document, form))


def _recognised(result: OcrResult, form: str, shape: OCRRecordOptions) -> str:
    if form == "jsonl":
        return _lines(ocr_records(result, split=shape.split))
    return result.raw.decode() if form == "json" else result.text


def _lines(found: Iterable[Record]) -> str:
    lines = ({"id": record.id, "text": record.text, "metadata": record.metadata} for record in found)
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
