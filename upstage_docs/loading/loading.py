"""Documents → records: what every loader, parser and reader of the faces does; knows no framework."""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import aclosing, closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, Literal, TypeAlias, TypeVar, get_args

from upstage_docs.client.client import Client
from upstage_docs.client.session import StopSignals, ending
from upstage_docs.errors import ConfigError, UpstageDocsError
from upstage_docs.files.source import Named
from upstage_docs.flows.reports import Progress, Report
from upstage_docs.loading.client_source import Connection
from upstage_docs.loading.crops import write_crops
from upstage_docs.loading.progress import Item, Load
from upstage_docs.models import OcrResult, ParsedDocument, Record
from upstage_docs.options import OCROptions, OCRSplit, ParseOptions, choice, yes_or_no
from upstage_docs.records.ocr_records import ocr_records
from upstage_docs.records.records import Recorder, RecordOptions

if TYPE_CHECKING:
    from upstage_docs.client.async_client import AsyncClient
    from upstage_docs.flows.billing import Estimate

__all__ = ["Loading", "OCRLoading", "ParseLoading"]

Part = TypeVar("Part", ParsedDocument, OcrResult)
# Turns the next part of one document into records; None means that there are no more.
Converter: TypeAlias = Callable[[Part | None], list[Record]]
_CROPPED = ("figure", "chart")


class Loading(ABC, Generic[Part]):
    """Loads documents and yields their records, in the order given.

    Args:
        connection: What answers.
        on_error: `raise`, or `skip`: leave out a document that fails, note it in the report, and go on. What is wrong
            for every document (an option, a refused key) is raised in any case.
        show_progress: Whether to show a bar of pages.
        on_progress: Called while results are taken, see `Report`.

    Attributes:
        report: What became of the documents of the last load.
    """

    options: ParseOptions | OCROptions

    def __init__(
        self,
        connection: Connection,
        *,
        on_error: Literal["raise", "skip"] = "raise",
        show_progress: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        choice("on_error", on_error, ("raise", "skip"))
        self.connection = connection
        self.on_error = on_error
        self.show_progress = show_progress
        self.on_progress = on_progress
        self.report = Report(on_progress=on_progress)

    def records(
        self, items: Iterable[Item], *, show_progress: bool = False, report: Report | None = None
    ) -> Generator[Record, None, None]:
        """Yield the records of *items*: of one document, as soon as its pages are answered; of many, several at once.

        Args:
            items: Taken as they are needed.
            show_progress: Shows a bar for this load.
            report: Is filled further, where several loads are one for the caller.

        Raises:
            UpstageDocsError: As `Client.parse` and `Client.ocr`, unless skipped.
        """
        load = Load(self.on_error, report or Report(on_progress=self.on_progress))
        self.report = load.report
        with self.connection.lend() as client, load.bar(show=show_progress or self.show_progress):
            one, many = load.look(items)
            if one is not None:
                convert = self._converter()
                try:
                    with closing(self._parts(client, one)) as parts:
                        for part in parts:
                            yield from one.finish(convert(part))
                            load.came(part, whole=False)
                    yield from one.finish(convert(None))
                    load.succeeded(one)
                except UpstageDocsError as error:
                    load.failed(one, error)
            with closing(self._wholes(client, load.named(many), load.report)) as wholes:
                for whole in wholes:
                    yield from load.item().finish(self.records_of(whole))
                    load.came(whole, whole=True)

    async def arecords(
        self, items: Iterable[Item], *, show_progress: bool = False, report: Report | None = None
    ) -> AsyncGenerator[Record, None]:
        """Yield the records of *items* without blocking the event loop; see `records`."""
        load = Load(self.on_error, report or Report(on_progress=self.on_progress))
        self.report = load.report
        async with self.connection.alend() as client:
            with load.bar(show=show_progress or self.show_progress):
                one, many = load.look(await asyncio.to_thread(list, items))
                if one is not None:
                    convert = self._converter()
                    try:
                        async with aclosing(self._aparts(client, one)) as parts:
                            async for part in parts:
                                for record in one.finish(await asyncio.to_thread(convert, part)):
                                    yield record
                                load.came(part, whole=False)
                        for record in one.finish(await asyncio.to_thread(convert, None)):
                            yield record
                        load.succeeded(one)
                    except UpstageDocsError as error:
                        load.failed(one, error)
                async with aclosing(self._awholes(client, load.named(many), load.report)) as wholes:
                    async for whole in wholes:
                        for record in load.item().finish(await asyncio.to_thread(self.records_of, whole)):
                            yield record
                        load.came(whole, whole=True)

    def estimate(self, items: Iterable[Item]) -> Estimate:
        """Say what loading *items* would be billed now: nothing for what is stored; sends nothing.

        Raises:
            SourceError: One of them could not be sent.
        """
        with self.connection.lend() as client:
            return client.estimate([item.document for item in items], self.options)

    def records_of(self, whole: Part) -> list[Record]:
        """Return the records of a document that is there already."""
        convert = self._converter()
        return convert(whole) + convert(None)

    @abstractmethod
    def _converter(self) -> Converter[Part]:
        """Return what turns the parts of one document into records."""

    @abstractmethod
    def _parts(self, client: Client, item: Item) -> Generator[Part, None, None]:
        """Yield the parts of one document, in order."""

    @abstractmethod
    def _aparts(self, client: AsyncClient | Client, item: Item) -> AsyncGenerator[Part, None]: ...

    @abstractmethod
    def _wholes(self, client: Client, items: Iterable[Named], report: Report) -> Generator[Part, None, None]:
        """Yield many documents, each whole, in order."""

    @abstractmethod
    def _awholes(
        self, client: AsyncClient | Client, items: Iterable[Named], report: Report
    ) -> AsyncGenerator[Part, None]: ...


class ParseLoading(Loading[ParsedDocument]):
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

    options: ParseOptions

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
        super().__init__(connection, on_error=on_error, show_progress=show_progress, on_progress=on_progress)
        if (form.images == "files") != (image_folder is not None):
            raise ConfigError('images="files" and image_folder= go together: crops are written into that folder.')
        if form.images != "none" and form.split != "element":
            raise ConfigError(f'images={form.images!r} goes with split="element": a crop belongs to one element.')
        if form.images != "none" and not options.base64_encoding:
            options = replace(options, base64_encoding=_CROPPED)
        self.options = options
        self.form = form
        self.image_folder = image_folder

    def _converter(self) -> Converter[ParsedDocument]:
        recorder = Recorder(self.form)
        folder = self.image_folder

        def convert(part: ParsedDocument | None) -> list[Record]:
            if part is None:
                return list(recorder.finish())
            return list(recorder.add(part, write_crops(part, folder) if folder is not None else None))

        return convert

    def _parts(self, client: Client, item: Item) -> Generator[ParsedDocument, None, None]:
        return client.stream(item.document, self.options, source=item.source)

    def _aparts(self, client: AsyncClient | Client, item: Item) -> AsyncGenerator[ParsedDocument, None]:
        if isinstance(client, Client):
            return _threaded(self._parts(client, item))
        return client.stream(item.document, self.options, source=item.source)

    def _wholes(self, client: Client, items: Iterable[Named], report: Report) -> Generator[ParsedDocument, None, None]:
        return client.parse_many(items, self.options, on_error=self.on_error, report=report)

    def _awholes(
        self, client: AsyncClient | Client, items: Iterable[Named], report: Report
    ) -> AsyncGenerator[ParsedDocument, None]:
        if isinstance(client, Client):
            return _threaded(self._wholes(client, items, report))
        return client.parse_many(items, self.options, on_error=self.on_error, report=report)


class OCRLoading(Loading[OcrResult]):
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

    options: OCROptions

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
        super().__init__(connection, on_error=on_error, show_progress=show_progress, on_progress=on_progress)
        choice("split", split, get_args(OCRSplit))
        yes_or_no("skip_empty", skip_empty)
        self.options = options
        self.split = split
        self.skip_empty = skip_empty

    def _converter(self) -> Converter[OcrResult]:
        def convert(part: OcrResult | None) -> list[Record]:
            return [] if part is None else list(ocr_records(part, split=self.split, skip_empty=self.skip_empty))

        return convert

    def _parts(self, client: Client, item: Item) -> Generator[OcrResult, None, None]:
        yield client.ocr(item.document, self.options, source=item.source)

    def _aparts(self, client: AsyncClient | Client, item: Item) -> AsyncGenerator[OcrResult, None]:
        if isinstance(client, Client):
            return _threaded(self._parts(client, item))
        return self._only(client, item)

    async def _only(self, client: AsyncClient, item: Item) -> AsyncGenerator[OcrResult, None]:
        yield await client.ocr(item.document, self.options, source=item.source)

    def _wholes(self, client: Client, items: Iterable[Named], report: Report) -> Generator[OcrResult, None, None]:
        return client.ocr_many(items, self.options, on_error=self.on_error, report=report)

    def _awholes(
        self, client: AsyncClient | Client, items: Iterable[Named], report: Report
    ) -> AsyncGenerator[OcrResult, None]:
        if isinstance(client, Client):
            return _threaded(self._wholes(client, items, report))
        return client.ocr_many(items, self.options, on_error=self.on_error, report=report)


async def _threaded(parts: Generator[Part, None, None]) -> AsyncGenerator[Part, None]:
    """Yield *parts*, each made in a thread. Ended early, what that sends is still answered and kept; no more begins."""
    stops = StopSignals()

    def following() -> Part | None:
        ending.set(stops)  # in a context of this call's own
        return next(parts, None)

    try:
        while (part := await asyncio.to_thread(following)) is not None:
            yield part
    finally:
        stops.end()
        with suppress(ValueError):  # cancelled: the thread still works on the next part, and drops it
            await asyncio.to_thread(parts.close)
