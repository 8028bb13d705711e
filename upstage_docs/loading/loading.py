"""Documents → records: what every loader, parser and reader of both integrations does."""

from __future__ import annotations

import asyncio
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator
from contextlib import aclosing, closing, nullcontext, suppress
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from upstage_docs.api.joining import join
from upstage_docs.client.client import Client
from upstage_docs.client.session import ending
from upstage_docs.client.threads import StopEvent
from upstage_docs.errors import ConfigError
from upstage_docs.files.source import Named
from upstage_docs.flows.reports import Progress, Report
from upstage_docs.loading.client_source import Connection
from upstage_docs.loading.crops import write_crops
from upstage_docs.loading.progress import page_bar
from upstage_docs.models import Record
from upstage_docs.options import OCROptions, OCRSplit, ParseOptions, choice, yes_or_no
from upstage_docs.records.ocr_records import ocr_records
from upstage_docs.records.records import Recorder, RecordOptions

if TYPE_CHECKING:
    from upstage_docs.flows.billing import Estimate

__all__ = ["Loading", "OCRLoading", "ParseLoading"]

logger = logging.getLogger("upstage_docs")

# Turns the next slice of one document into records; None means that there are no more.
Converter: TypeAlias = Callable[[Any], list[Record]]
_CROPPED = ("figure", "chart")


class Loading(ABC):
    """Loads documents and yields their records, in the order given.

    Args:
        connection: What answers.
        options: What to ask.
        on_error: `raise`, or `skip`: leave out a document that fails, note it in the report, and go on. What is wrong
            for every document (an option, a refused key) is raised in any case.
        show_progress: Whether to show a bar of pages.
        on_progress: Called while results are taken, see `Report`.

    Attributes:
        report: What became of the documents of the last load.
    """

    def __init__(
        self,
        connection: Connection,
        options: ParseOptions | OCROptions,
        *,
        on_error: Literal["raise", "skip"] = "raise",
        show_progress: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        choice("on_error", on_error, ("raise", "skip"))
        self.connection = connection
        self.options = options
        self.on_error = on_error
        self.show_progress = show_progress
        self.on_progress = on_progress
        self.report = Report(on_progress=on_progress)

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
        report = self.report = report or Report(on_progress=self.on_progress)
        before = len(report.failures)
        with (
            self.connection.lend() as client,
            page_bar(report) if show_progress or self.show_progress else nullcontext(),
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
        report = self.report = report or Report(on_progress=self.on_progress)
        before = len(report.failures)
        async with self.connection.alend() as client:
            with page_bar(report) if show_progress or self.show_progress else nullcontext():
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
            return client.estimate(items, self.options)

    def records_of(self, whole: Any) -> list[Record]:
        """Return the records of a document that is there already."""
        convert = self.converter()
        return convert(whole) + convert(None)

    @abstractmethod
    def converter(self) -> Converter:
        """Return what turns the slices of one document into records."""

    def _slices(self, client: Any, items: Iterable[Named], report: Report) -> Any:
        items = _each_once(items)
        return client.stream_many(items, self.options, on_error=self.on_error, report=report, convert=self.converter)


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
        image_folder: Where `images="files"` writes crops.
        on_error: See `Loading`.
        show_progress: See `Loading`.
        on_progress: See `Loading`.

    Raises:
        ConfigError: Crops are to be written, and there is no folder, or no element that they belong to.
    """

    def __init__(
        self,
        connection: Connection,
        options: ParseOptions,
        form: RecordOptions,
        *,
        image_folder: str | os.PathLike[str] | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        show_progress: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        if (form.images == "files") != (image_folder is not None):
            raise ConfigError('images="files" and image_folder= go together: crops are written into that folder.')
        if form.images == "base64" and form.split != "element":
            raise ConfigError('images="base64" goes with split="element"; crops= and crop_folder= go with every split.')
        if form.images != "none" and not options.base64_encoding:
            options = replace(options, base64_encoding=_CROPPED)
        super().__init__(connection, options, on_error=on_error, show_progress=show_progress, on_progress=on_progress)
        self.form = form
        self.image_folder = image_folder

    def converter(self) -> Converter:
        """Return what turns the slices of one document into records."""
        recorder = Recorder(self.form)
        folder = self.image_folder

        def convert(piece: Any) -> list[Record]:
            if piece is None:
                return list(recorder.finish())
            return list(recorder.add(piece, write_crops(piece, folder) if folder is not None else None))

        return convert


class OCRLoading(Loading):
    """Loads through Document OCR.

    Args:
        connection: See `Loading`.
        options: What to ask.
        split: A record per `page`, per `line`, per `word`, or one (`none`).
        skip_empty: Whether records without text are left out.
        on_error: See `Loading`.
        show_progress: See `Loading`.
        on_progress: See `Loading`.
    """

    def __init__(
        self,
        connection: Connection,
        options: OCROptions,
        *,
        split: OCRSplit = "page",
        skip_empty: bool = False,
        on_error: Literal["raise", "skip"] = "raise",
        show_progress: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        super().__init__(connection, options, on_error=on_error, show_progress=show_progress, on_progress=on_progress)
        choice("split", split, get_args(OCRSplit))
        yes_or_no("skip_empty", skip_empty)
        self.split = split
        self.skip_empty = skip_empty

    def converter(self) -> Converter:
        """Return what turns the slices of one document into records, once they are all there."""
        waiting: list[Any] = []

        def convert(piece: Any) -> list[Record]:
            if piece is not None:
                waiting.append(piece)
                return []
            return list(ocr_records(join(waiting), split=self.split, skip_empty=self.skip_empty))

        return convert


def _with_extra(records: list[Record] | None, item: Named) -> list[Record]:
    """Add what goes along with *item* to the metadata of its records, after our keys and never over them."""
    for record in records or ():
        record.metadata |= {key: value for key, value in (item.extra or {}).items() if key not in record.metadata}
    return records or []


def _warn(report: Report, before: int) -> None:
    for failure in report.failures[before:]:
        logger.warning("left out %s: %s", failure.source, failure.reason)


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
