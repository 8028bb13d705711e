"""Loads files as records, in order, for one loader or reader: with its options, and its own or the caller's client."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from contextvars import copy_context
from dataclasses import asdict, dataclass
from functools import cache, partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from upstage_docs.api.joining import join
from upstage_docs.client.client import Client
from upstage_docs.client.inner_generators import Inner
from upstage_docs.client.session import ending
from upstage_docs.client.settings import ClientBase, Settings, api_of
from upstage_docs.client.threads import StopEvent
from upstage_docs.errors import ConfigError
from upstage_docs.errors.redaction import as_secret
from upstage_docs.files.source import Named, place_of
from upstage_docs.flows.plan import Estimate, Spending
from upstage_docs.flows.reports import Progress, Report
from upstage_docs.loading.crops import with_crops, write_crops
from upstage_docs.loading.options import LoadOptions
from upstage_docs.models import OcrResult, ParsedDocument, Record
from upstage_docs.options import ManyOptions, OCROptions, ParseOptions, SendOptions
from upstage_docs.options.definitions import (
    Options,
    attributes_of,
    docstring_with_options,
    documented,
    option,
    options_of,
    shared_names,
)
from upstage_docs.records.ocr_records import ocr_records
from upstage_docs.records.options import OCRRecordOptions, RecordOptions
from upstage_docs.records.records import Recorder
from upstage_docs.store.store import Store

if TYPE_CHECKING:
    from upstage_docs.client.async_client import AsyncClient

logger = logging.getLogger("upstage_docs")

# Turns the next slice of one document into records; None means that there are no more.
Converter: TypeAlias = Callable[[Any], list[Record]]
_SHARED = (LoadOptions, SendOptions, Settings)


class WrappedKey(Protocol):
    """A key in a wrapper that does not show it, such as pydantic's `SecretStr`."""

    def get_secret_value(self) -> str:
        """Return the key."""


class StayedKey:
    """Stands for a key that was left behind when a component was pickled."""

    def get_secret_value(self) -> str:
        """Return the key of this process.

        Raises:
            ConfigError: It has none.
        """
        key = os.environ.get("UPSTAGE_API_KEY")
        if key is None:
            raise ConfigError(
                "The key given as api_key= does not travel to another process; set UPSTAGE_API_KEY there."
            )
        return key


def _check_key(name: str, key: object) -> object:
    if not (key is None or isinstance(key, str) or hasattr(key, "get_secret_value")):
        raise ConfigError(f"{name}= is {type(key).__name__}; give the key as str or SecretStr.")
    return as_secret(key)  # tools that show a traceback show its local variables


def _client(name: str, client: object) -> object:
    if client is not None and not isinstance(client, ClientBase):
        raise ConfigError(
            f"{name}= is of type {type(client).__name__!r}; give a Client(...) or AsyncClient(...) of upstage_docs."
        )
    return client


@documented
@dataclass(frozen=True)
class ConnectionOptions(Options):
    """Who answers a load: a client of the caller's, or one that is made for each load.

    Raises:
        ConfigError: A value is neither.
    """

    api_key: Any = option(
        None,
        "The API key; UPSTAGE_API_KEY if not given. It is never shown, pickled or serialised.",
        _check_key,
        shown=False,
    )
    client: Any = option(
        None,
        "A `Client` or `AsyncClient` to use. It stays open. What it can be made with (`timeout`, `cache`, ...) is then "
        "given to it, not here.",
        _client,
        shown=False,
    )


class Connection:
    """Says who answers a load, with which settings, and sums up what the loads were billed for.

    Args:
        api_key: Else UPSTAGE_API_KEY, read when a load begins.
        client: The caller's, which stays open; the other settings are then its own.
        bill: What the loads so far were billed for, each by itself; it is added to.
        settings: Those of `Client`; None is none.

    Raises:
        ConfigError: *api_key* or *client* is none, or *client* and a setting contradict each other.
    """

    def __init__(
        self,
        api_key: str | WrappedKey | None = None,
        *,
        client: Any = None,
        bill: list[Spending] | None = None,
        **settings: Any,
    ) -> None:
        api_key = ConnectionOptions(api_key).api_key
        self._settings = {name: value for name, value in settings.items() if value is not None}
        given = ["api_key", *self._settings] if api_key is not None else [*self._settings]
        if client is not None and given:
            raise ConfigError(f"client= and {given[0]}= contradict each other; give {given[0]}= to the client.")
        if settings.get("engine") == "local" and api_key is not None:
            raise ConfigError('engine="local" answers on this machine and takes no api_key; leave one of them out.')
        self._api_key = api_key
        self._client: Client | AsyncClient | None = ConnectionOptions(client=client).client
        self.bill = [] if bill is None else bill

    @property
    def usage(self) -> Spending:
        """What the loads so far were billed for, as the answers say; of a caller's client, all it was billed for."""
        if self._client is not None:
            return self._client.usage
        return sum(self.bill[1:], self.bill[0]) if self.bill else Spending()

    def check(self, *, key_later: bool = False) -> None:
        """Check the settings of the client, so that a wrong one shows before the first load.

        Args:
            key_later: Whether the key may still be missing.

        Raises:
            ConfigError: No key and no engine chosen, a malformed key or address, or contradicting options.
        """
        if self._client is None:
            key = self._current_key()
            if key_later and not self._local and key is None and not os.environ.get("UPSTAGE_API_KEY"):
                key = "later"
            settings = Settings(api_key=key, **self._settings)
            api_of(settings)
            if isinstance(settings.cache, (str, os.PathLike)):
                Store.at(settings.cache)

    @contextmanager
    def lend(self, *, asynchronous: bool = False) -> Iterator[Any]:
        """Lend the client of one load, to be entered by `with` or `async with`.

        An asynchronous load uses a caller's `Client` in threads.

        Raises:
            ConfigError: A synchronous load has an AsyncClient.
        """
        if self._client is None:
            kind: Any = Client
            if asynchronous:
                from upstage_docs.client.async_client import AsyncClient

                kind = AsyncClient
            made = kind(self._current_key(), **self._settings)
            try:
                yield made
            finally:
                self.bill.append(made.usage)
        elif asynchronous or isinstance(self._client, Client):
            yield nullcontext(self._client)
        else:
            raise ConfigError("client= is an AsyncClient; load with an async method, or give a Client.")

    @property
    def _local(self) -> bool:
        return (self._settings.get("engine") or os.environ.get("UPSTAGE_DOCS_ENGINE")) == "local"

    def _current_key(self) -> str | None:
        if self._local:
            return None
        key = self._api_key
        return as_secret(key if key is None or isinstance(key, str) else key.get_secret_value())  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"Connection({', '.join(f'{name}={value!r}' for name, value in self._settings.items())})"

    def __copy__(self) -> Connection:
        """Return a connection with its own count of billed pages, and with key and client: it stays in this process."""
        copied = Connection.__new__(Connection)
        vars(copied).update(vars(self), bill=[])
        return copied

    def __deepcopy__(self, _: dict[int, Any]) -> Connection:
        """Return a connection as `__copy__` does."""
        return self.__copy__()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the key behind.

        Raises:
            ConfigError: There is a caller's client, which cannot go with it.
        """
        return {**vars(self), "_api_key": self.key_of_another_process()}

    def key_of_another_process(self) -> StayedKey | None:
        """Return the placeholder of the key in a pickle: the other process reads the key from its environment.

        Raises:
            ConfigError: There is a caller's client, which cannot go with it.
        """
        if self._client is not None:
            raise ConfigError(
                "What was made with client= cannot be pickled or sent to another process; give api_key=, base_url= or "
                "engine= instead, and each process makes its own client."
            )
        return None if self._api_key is None else StayedKey()


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
        with (
            self._reporting(report, show_progress=show_progress) as how,
            self.connection.lend() as lent,
            lent as client,
            closing(client.stream_many(_each_once(items), self.options, **how)) as slices,
        ):
            for item, records in slices:
                yield from _with_extra(records, item) if item.extra else records or ()

    async def arecords(
        self, items: Iterable[Named], *, show_progress: bool = False, report: Report | None = None
    ) -> AsyncGenerator[Record, None]:
        """Yield the records of *items* without blocking the event loop; see `records`."""
        with (
            self._reporting(report, show_progress=show_progress) as how,
            self.connection.lend(asynchronous=True) as lent,
        ):
            async with lent as client:
                once: Any = _each_once(await asyncio.to_thread(list, items))
                slices: Any = partial(client.stream_many, once, self.options, **how)
                async with Inner(_threaded(slices) if isinstance(client, Client) else slices()) as found:
                    async for item, records in found:
                        for record in _with_extra(records, item):
                            yield record

    @contextmanager
    def _reporting(self, report: Report | None, *, show_progress: bool) -> Iterator[dict[str, Any]]:
        """Fill *report*, or a new one, while documents are read; show a bar, and warn of what failed at the end.

        What is given says how the documents are read.
        """
        report = self.report = report or Report(on_progress=self.load.on_progress)
        before = len(report.failures)
        with _page_bar(report) if show_progress or self.load.show_progress else nullcontext():
            yield {**asdict(self.sending), "report": report, "convert": self.converter}
        for failure in report.failures[before:]:
            left_out = f"pages {failure.missing_pages} of {failure.source}" if failure.missing_pages else failure.source
            logger.warning("left out %s: %s", left_out, failure.reason)

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
        options, form, load = with_crops(options, form, load)
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
