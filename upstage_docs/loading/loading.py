"""Documents → records: what every loader, parser and reader of both integrations does."""

from __future__ import annotations

import asyncio
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator
from contextlib import aclosing, closing, nullcontext, suppress
from contextvars import copy_context
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from upstage_docs.api.joining import join
from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.client.client import Client
from upstage_docs.client.session import ending
from upstage_docs.client.settings import Settings
from upstage_docs.client.threads import StopEvent
from upstage_docs.errors import ConfigError
from upstage_docs.files.source import Named
from upstage_docs.flows.reports import Report
from upstage_docs.loading.client_source import Connection
from upstage_docs.loading.crops import write_crops
from upstage_docs.loading.options import ConnectionOptions, LoadOptions
from upstage_docs.loading.progress import page_bar
from upstage_docs.models import Record
from upstage_docs.options import OCROptions, ParseOptions, SendOptions
from upstage_docs.options.definitions import attributes_of, docstring_with_options, options_of, shared_names
from upstage_docs.records.ocr_records import ocr_records
from upstage_docs.records.options import OCRRecordOptions, RecordOptions
from upstage_docs.records.records import Recorder

if TYPE_CHECKING:
    from typing_extensions import Self

    from upstage_docs.flows.billing import Estimate

__all__ = ["Loading", "OCRLoading", "ParseLoading", "component_docstring", "ocr_loading", "parse_loading"]

logger = logging.getLogger("upstage_docs")

# Turns the next slice of one document into records; None means that there are no more.
Converter: TypeAlias = Callable[[Any], list[Record]]
_CROPPED = ("figure", "chart")
_SHARED = (LoadOptions, SendOptions, Settings)


class Loading(ABC):
    """Loads documents and yields their records, in the order given.

    Args:
        connection: What answers.
        options: What to ask.
        load: What happens meanwhile.
        sending: How documents are sent.

    Attributes:
        report: What became of the documents of the last load.
    """

    def __init__(
        self, connection: Connection, options: ParseOptions | OCROptions, load: LoadOptions, sending: SendOptions
    ) -> None:
        self.connection = connection
        self.options = options
        self.load = load
        self.sending = sending
        self.report = Report(on_progress=load.on_progress)

    def continuing(self, previous: Loading | None) -> Self:
        """Return this, with the report and the bill of *previous*."""
        if previous is not None:
            self.report = previous.report
            self.connection.bill = previous.connection.bill
        return self

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
        with (
            self.connection.lend() as client,
            page_bar(report) if show_progress or self.load.show_progress else nullcontext(),
            closing(self._slices(client, items, report)) as slices,
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
        async with self.connection.alend() as client:
            with page_bar(report) if show_progress or self.load.show_progress else nullcontext():
                slices = partial(self._slices, client, await asyncio.to_thread(list, items), report)
                async with aclosing(_threaded(slices) if isinstance(client, Client) else slices()) as found:
                    async for item, records in found:
                        for record in _with_extra(records, item):
                            yield record
        if len(report.failures) > before:
            _warn(report, before)

    def estimate(self, items: Iterable[Named]) -> Estimate:
        """Say what loading *items* would be billed now: nothing for what is stored; sends nothing.

        Raises:
            SourceError: One of them could not be sent.
        """
        with self.connection.lend() as client:
            return client.estimate(items, self.options, refresh=self.sending.refresh)

    def records_of(self, whole: Any) -> list[Record]:
        """Return the records of a document that is there already."""
        convert = self.converter()
        return convert(whole) + convert(None)

    @abstractmethod
    def converter(self) -> Converter:
        """Return what turns the slices of one document into records."""

    def _slices(self, client: Any, items: Iterable[Named], report: Report) -> Any:
        items = _each_once(items)
        return client.stream_many(
            items,
            self.options,
            route=self.sending.route,
            pages_per_request=self.sending.pages_per_request,
            refresh=self.sending.refresh,
            on_error=self.load.on_error,
            report=report,
            convert=self.converter,
        )


def _each_once(items: Iterable[Named]) -> Iterator[Named]:
    """Yield each path once: the records of it would come with the same ids, and be twice in an index."""
    seen: set[tuple[str, str | None]] = set()
    for item in items:
        if isinstance(item.document, (str, os.PathLike)):
            key = (os.fsdecode(item.document), item.source)
            if key in seen:
                logger.warning("%s stands in the list more than once; its records come once.", key[0])
                continue
            seen.add(key)
        yield item


class ParseLoading(Loading):
    """Loads through Document Parse.

    Args:
        connection: See `Loading`.
        options: What to ask.
        form: What the records are.
        load: See `Loading`.
        sending: See `Loading`.

    Raises:
        ConfigError: Crops are to be written, and there is no folder, or no element that they belong to.
    """

    def __init__(
        self,
        connection: Connection,
        options: ParseOptions,
        form: RecordOptions,
        load: LoadOptions,
        sending: SendOptions,
    ) -> None:
        if load.crops is not None or load.crop_folder is not None:
            options, form, load = _with_crops(options, form, load)
        if (form.images == "files") != (load.image_folder is not None):
            raise ConfigError('images="files" and image_folder= go together: crops are written into that folder.')
        if form.images == "base64" and form.split != "element":
            raise ConfigError('images="base64" goes with split="element"; crops= and crop_folder= go with every split.')
        if form.images != "none" and not options.base64_encoding:
            options = replace(options, base64_encoding=_CROPPED)
        super().__init__(connection, options, load, sending)
        self.form = form

    def converter(self) -> Converter:
        """Return what turns the slices of one document into records."""
        recorder = Recorder(self.form)
        folder = self.load.image_folder

        # The keys of `langchain-upstage` are its own; a part of a file must tell what it is in them, too.
        named = self.form.metadata_format == "nested" and self.load.on_error == "partial"
        missing = {"missing_pages": ""}

        def convert(piece: Any) -> list[Record]:
            if piece is None:
                found = list(recorder.finish())
            else:
                missing["missing_pages"] = piece.missing_pages
                found = list(recorder.add(piece, write_crops(piece, folder) if folder is not None else None))
            for record in found if named else ():
                record.metadata |= missing
            return found

        return convert


def _with_crops(
    options: ParseOptions, form: RecordOptions, load: LoadOptions
) -> tuple[ParseOptions, RecordOptions, LoadOptions]:
    """Return what `crops=` and `crop_folder=` mean in the older options."""
    if load.crops is None or load.crop_folder is None:
        raise ConfigError("crops= and crop_folder= go together: what is to be cropped, and where crops are written.")
    if form.images != "none" or load.image_folder is not None:
        raise ConfigError("crops= and crop_folder= stand in place of images= and image_folder=; give one of the pairs.")
    asked = tuple(dict.fromkeys([*options.base64_encoding, *load.crops]))
    return (
        replace(options, base64_encoding=asked),
        replace(form, images="files"),
        replace(load, crops=None, crop_folder=None, image_folder=load.crop_folder),
    )


class OCRLoading(Loading):
    """Loads through Document OCR.

    Args:
        connection: See `Loading`.
        options: What to ask.
        form: What the records are.
        load: See `Loading`.
        sending: See `Loading`.
    """

    def __init__(
        self,
        connection: Connection,
        options: OCROptions,
        form: OCRRecordOptions,
        load: LoadOptions,
        sending: SendOptions,
    ) -> None:
        super().__init__(connection, options, load, sending)
        self.form = form

    def converter(self) -> Converter:
        """Return what turns the slices of one document into records, once they are all there."""
        waiting: list[Any] = []

        def convert(piece: Any) -> list[Record]:
            if piece is not None:
                waiting.append(piece)
                return []
            return list(ocr_records(join(waiting), **asdict(self.form)))

        return convert


def parse_loading(component: Any, previous: Loading | None = None, *, key: Any = None) -> ParseLoading:
    """Return what loads with the options that *component* has now; the report and the bill of *previous* go on.

    Args:
        component: Has the options as attributes.
        previous: What loaded before.
        key: Stands in place of `component.api_key`.

    Raises:
        ConfigError: An option has a value that it does not take, or two contradict each other.
    """
    made = ParseLoading(
        _connection(component, key),
        options_of(component, ParseOptions),
        options_of(component, RecordOptions),
        options_of(component, LoadOptions),
        options_of(component, SendOptions),
    )
    return made.continuing(previous)


def ocr_loading(component: Any, previous: Loading | None = None, *, key: Any = None) -> OCRLoading:
    """Return what loads through Document OCR; see `parse_loading`."""
    made = OCRLoading(
        _connection(component, key),
        options_of(component, OCROptions),
        options_of(component, OCRRecordOptions),
        options_of(component, LoadOptions),
        options_of(component, SendOptions),
    )
    return made.continuing(previous)


def component_docstring(component: type, docstring: str | None) -> str:
    """Return *docstring* with what the definitions say of each option of the class *component*."""
    names = attributes_of(component)
    if "chunk_size" in names:
        return docstring_with_options(component, docstring, [ChunkOptions])
    asked = (ParseOptions, RecordOptions) if "chart_recognition" in names else (OCROptions, OCRRecordOptions)
    return docstring_with_options(component, docstring, [ConnectionOptions, *asked, *_SHARED])


def _connection(component: Any, key: Any) -> Connection:
    settings = {name: getattr(component, name) for name in shared_names(type(component), Settings)}
    settings["api_key"] = component.api_key if key is None else key
    return Connection(client=component.client, **settings)


def _with_extra(records: list[Record] | None, item: Named) -> list[Record]:
    """Add what goes along with *item* to the metadata of its records, after our keys and never over them."""
    for record in records or ():
        record.metadata |= {key: value for key, value in (item.extra or {}).items() if key not in record.metadata}
    return records or []


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
