"""Defines `Loading`, which turns files into records, in order, with the client and the options of one component."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator
from contextlib import aclosing, closing, contextmanager, nullcontext, suppress
from contextvars import copy_context
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from itertools import chain, islice
from typing import Any, TypeAlias

from upstage_docs.api.joining import join
from upstage_docs.client.client import Client
from upstage_docs.client.session import ending
from upstage_docs.client.settings import Settings
from upstage_docs.client.threads import StopEvent
from upstage_docs.errors import ConfigError
from upstage_docs.files.source import Named, place_of
from upstage_docs.flows.plan import Estimate
from upstage_docs.flows.reports import Progress, Report
from upstage_docs.loading.client_source import Connection, ConnectionOptions
from upstage_docs.loading.crops import write_crops
from upstage_docs.loading.options import LoadOptions
from upstage_docs.models import OcrResult, ParsedDocument, Record
from upstage_docs.options import ManyOptions, OCROptions, ParseOptions, SendOptions
from upstage_docs.options.definitions import attributes_of, docstring_with_options, options_of, shared_names
from upstage_docs.records.ocr_records import ocr_records
from upstage_docs.records.options import OCRRecordOptions, RecordOptions
from upstage_docs.records.records import Recorder

logger = logging.getLogger("upstage_docs")

# Turns the next slice of one document into records; None means that there are no more.
Converter: TypeAlias = Callable[[Any], list[Record]]
_CROPPED = ("figure", "chart")
_SHARED = (LoadOptions, SendOptions, Settings)


@dataclass
class Loading:
    """Loads documents and yields their records, in the order given.

    Attributes:
        connection: What answers.
        options: What to ask.
        load: What happens meanwhile.
        sending: How documents are sent, and what becomes of one that fails.
        converter: Gives what turns the slices of one document into records.
        report: What became of the documents of the last load.
    """

    connection: Connection
    options: ParseOptions | OCROptions
    load: LoadOptions
    sending: ManyOptions
    converter: Callable[[], Converter]
    report: Report

    def records(
        self, items: Iterable[Named], *, show_progress: bool = False, report: Report | None = None
    ) -> Generator[Record, None, None]:
        """Yield the records of *items*: of one document, as soon as its pages are answered; of many, several at once.

        Args:
            items: Taken as they are needed.
            show_progress: Shows a bar for this load.
            report: Is filled further, where several loads are one for the caller.

        Raises:
            UpstageDocsError: As `Client.parse` and `Client.ocr`, unless skipped.
        """
        report = self.report = report or Report(on_progress=self.load.on_progress)
        before = len(report.failures)
        how: Any = {**asdict(self.sending), "report": report, "convert": self.converter}
        with (
            self.connection.lend() as lent,
            lent as client,
            _page_bar(report) if show_progress or self.load.show_progress else nullcontext(),
            closing(client.stream_many(_each_once(items), self.options, **how)) as slices,
        ):
            for item, records in slices:
                yield from _with_extra(records, item) if item.extra else records or ()
        if len(report.failures) > before:
            _warn(report, before)

    async def arecords(
        self, items: Iterable[Named], *, show_progress: bool = False, report: Report | None = None
    ) -> AsyncGenerator[Record, None]:
        """Yield the records of *items* without blocking the event loop; see `records`."""
        report = self.report = report or Report(on_progress=self.load.on_progress)
        before = len(report.failures)
        how: Any = {**asdict(self.sending), "report": report, "convert": self.converter}
        bar = _page_bar(report) if show_progress or self.load.show_progress else nullcontext()
        with self.connection.lend(asynchronous=True) as lent, bar:
            async with lent as client:
                once: Any = _each_once(await asyncio.to_thread(list, items))
                slices: Any = partial(client.stream_many, once, self.options, **how)
                async with aclosing(_threaded(slices) if isinstance(client, Client) else slices()) as found:
                    async for item, records in found:
                        for record in _with_extra(records, item):
                            yield record
        if len(report.failures) > before:
            _warn(report, before)

    def estimate(self, items: Iterable[Named]) -> Estimate:
        """Return what loading *items* would cost now, without sending anything; what is stored costs nothing.

        Raises:
            SourceError: One of them could not be sent.
        """
        with self.connection.lend() as lent, lent as client:
            total: Estimate = client.estimate(items, self.options, refresh=self.sending.refresh)
            return total

    def records_of(self, whole: Any) -> list[Record]:
        """Return the records of a parsed document."""
        convert = self.converter()
        return convert(whole) + convert(None)


def _each_once(items: Iterable[Named]) -> Iterator[Named]:
    """Yield each path once, however it is written, so that no record comes twice."""
    supply = iter(items)
    first = list(islice(supply, 2))
    if len(first) == 1:
        yield first[0]
        return
    seen: set[tuple[str, str | None]] = set()
    for item in chain(first, supply):
        if isinstance(item.document, (str, os.PathLike)):
            place = place_of(item.document)
            key = (place, None if item.source is None or place_of(item.source) == place else item.source)
            if key in seen:
                logger.warning("%s stands in the list more than once; its records come once.", item.document)
                continue
            seen.add(key)
        yield item


def loading_of(component: Any, previous: Loading | None = None, *, key: Any = None) -> Loading:
    """Make a `Loading` of the options that *component* has now; it continues the report and the costs of *previous*.

    Args:
        component: Has the options as attributes.
        previous: What loaded before.
        key: Stands in place of `component.api_key`.

    Raises:
        ConfigError: An option has a value that it does not take, or two contradict each other.
    """
    made: Any = type(component)
    settings = {name: getattr(component, name) for name in shared_names(made, Settings)}
    settings["api_key"] = component.api_key if key is None else key
    bill = previous.connection.bill if previous else None
    connection = Connection(client=component.client, bill=bill, **settings)
    asks, becomes = _asked(made)
    kinds: tuple[Any, ...] = (asks, becomes, LoadOptions, ManyOptions)
    options, form, load, sending = (options_of(component, kind) for kind in kinds)
    report = previous.report if previous else Report(on_progress=load.on_progress)
    if asks is OCROptions:
        return Loading(connection, options, load, sending, lambda: partial(_recognised_records, [], form), report)
    folder_option = "image_folder" if load.crop_folder is None else "crop_folder"
    if (form.images, load.image_folder, load.crops, load.crop_folder) != ("none", None, None, None):
        options, form, load = _with_crops(options, form, load)
    # The keys of `langchain-upstage` are its own; a part of a file must tell what it is in them, too.
    named = form.metadata_format == "nested" and load.on_error == "partial"
    return Loading(
        connection,
        options,
        load,
        sending,
        lambda: _ParsedRecords(Recorder(form), load.image_folder, folder_option, named),
        report,
    )


def _with_crops(
    options: ParseOptions, form: RecordOptions, load: LoadOptions
) -> tuple[ParseOptions, RecordOptions, LoadOptions]:
    """Check the options of crops, and translate `crops=` and `crop_folder=` into `base64_encoding` and `images`.

    Raises:
        ConfigError: Crops are to be written, and there is no folder, or no element that they belong to.
    """
    if (load.crops is None) != (load.crop_folder is None):
        raise ConfigError("crops= and crop_folder= go together: what is to be cropped, and where crops are written.")
    if load.crops is not None:
        if form.images != "none" or load.image_folder is not None:
            raise ConfigError("crops= and crop_folder= replace images= and image_folder=; give one of the two pairs.")
        options = replace(options, base64_encoding=tuple(dict.fromkeys([*options.base64_encoding, *load.crops])))
        form = replace(form, images="files")
        load = replace(load, crops=None, crop_folder=None, image_folder=load.crop_folder)
    if (form.images == "files") != (load.image_folder is not None):
        raise ConfigError('images="files" and image_folder= go together: crops are written into that folder.')
    if form.images == "base64" and form.split != "element":
        raise ConfigError('images="base64" goes with split="element"; crops= and crop_folder= go with every split.')
    if form.images != "none" and not options.base64_encoding:
        options = replace(options, base64_encoding=_CROPPED)
    return options, form, load


@dataclass
class _ParsedRecords:
    """Turns the slices of one parsed document into records.

    Attributes:
        recorder: Of the document.
        image_folder: Where crops are written, None for nowhere.
        folder_option: The option that this folder was given as.
        named: Whether each record tells which pages of the file are missing, in keys of its own.
        missing_pages: Of the last slice.
    """

    recorder: Recorder
    image_folder: str | os.PathLike[str] | None
    folder_option: str
    named: bool
    missing_pages: str = ""

    def __call__(self, piece: ParsedDocument | None) -> list[Record]:
        """Return the records that *piece*, None after the last one, completes."""
        if piece is None:
            found = list(self.recorder.finish())
        else:
            self.missing_pages = piece.missing_pages
            folder = self.image_folder
            written = None if folder is None else write_crops(piece, folder, option=self.folder_option)
            found = list(self.recorder.add(piece, written))
        for record in found if self.named else ():
            record.metadata |= {"missing_pages": self.missing_pages}
        return found


def _recognised_records(slices: list[OcrResult], form: OCRRecordOptions, piece: OcrResult | None) -> list[Record]:
    """Return the records of a recognised document, once its *slices*, to which *piece* is added, are all there."""
    if piece is not None:
        slices.append(piece)
        return []
    return list(ocr_records(join(slices), **asdict(form)))


def component_docstring(component: type, docstring: str | None) -> str:
    """Return *docstring* with what the definitions say of each option of the class *component*."""
    if "chunk_size" in attributes_of(component):
        from upstage_docs.chunking.options import ChunkOptions  # a loader has no use for it

        return docstring_with_options(component, docstring, [ChunkOptions])
    return docstring_with_options(component, docstring, [ConnectionOptions, *_asked(component), *_SHARED])


@cache
def _asked(component: Any) -> tuple[type, type]:
    """Return the options of what the class *component* asks, and of what the answer becomes."""
    if "chart_recognition" in attributes_of(component):
        return ParseOptions, RecordOptions
    return OCROptions, OCRRecordOptions


def _with_extra(records: list[Record] | None, item: Named) -> list[Record]:
    """Add what goes along with *item* to the metadata of its records, after our keys and never over them."""
    for record in records or ():
        record.metadata |= {key: value for key, value in (item.extra or {}).items() if key not in record.metadata}
    return records or []


@contextmanager
def _page_bar(report: Report) -> Iterator[None]:
    """Show a bar of pages while documents are read and *report* grows."""
    from tqdm.auto import tqdm

    ask, pages, files = report.on_progress, report.pages, len(report.succeeded) + len(report.failures)
    with tqdm(total=0, unit="page") as bar:

        def show(progress: Progress) -> None:
            bar.total = progress.total_pages - pages
            bar.update(progress.pages - pages - bar.n)
            bar.set_postfix(files=progress.files - files)
            if ask is not None:
                ask(progress)

        report.on_progress = show
        try:
            yield
        finally:
            report.on_progress = ask


def _warn(report: Report, before: int) -> None:
    for failure in report.failures[before:]:
        left_out = f"pages {failure.missing_pages} of {failure.source}" if failure.missing_pages else failure.source
        logger.warning("left out %s: %s", left_out, failure.reason)


async def _threaded(begin: Callable[[], Generator[Any, None, None]]) -> AsyncGenerator[Any, None]:
    """Yield what *begin* returns, each made in a thread; ended early, what is being sent is still answered."""
    stop = StopEvent()
    context = copy_context()
    context.run(ending.set, stop)  # in which the work begins, and is carried on

    slices: Generator[Any, None, None] = await asyncio.to_thread(context.run, begin)
    try:
        while (piece := await asyncio.to_thread(context.run, partial(next, slices, None))) is not None:
            yield piece
    finally:
        stop.set()
        with suppress(ValueError):  # cancelled: the thread still works on the next slice, and drops it
            await asyncio.to_thread(slices.close)
