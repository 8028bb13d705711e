"""Plans by which route and in which parts a document is sent, estimates what that costs, and counts what was billed."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from upstage_docs.api.limits import LIMITS, MEGABYTE, ApiLimits
from upstage_docs.errors import ConfigError, SourceError
from upstage_docs.models import Usage
from upstage_docs.options import OCROptions, ParseOptions, Route
from upstage_docs.store.values import WHOLE_FILE, Pages

if TYPE_CHECKING:
    from upstage_docs.files.source import Source

# US dollars per page, https://console.upstage.ai/docs/models/document-parse (2026-09). No page names a price for OCR.
PRICES: Mapping[str, float] = {"standard": 0.01, "enhanced": 0.03}
PRICED = ("standard", "enhanced", "ocr")
# The share of the bytes allowed that a part shall have. Pages differ in size and every part carries the shared fonts;
# a part that is too large all the same is cut in half.
_AIMED_AT = 0.8


@dataclass(frozen=True)
class PageRun:
    """A run of pages, and how to get them: from the store, from a running job, or by sending them.

    Attributes:
        pages: First and last page, 1-based and inclusive; None: the whole file, whose page count is not known.
        state: `stored` (read it), `running` (a job has it: resume that), or `send`.
        route: How to send it.
        whole: Send the file as it is; otherwise cut these pages out of it.
        replaces: Stored pages are paid for again: the file lacks others and cannot be cut, or they do not fit.
    """

    pages: Pages | None
    state: Literal["stored", "running", "send"] = "send"
    route: Literal["sync", "async"] = "sync"
    whole: bool = True
    replaces: bool = False


def check(
    source: Source, options: ParseOptions | OCROptions, *, route: Route = "auto", limits: ApiLimits = LIMITS
) -> None:
    """Refuse what the API would refuse, before anything is sent.

    Raises:
        ConfigError: *route* is not one for this operation.
        SourceError: *source* is too large, and cannot be cut into parts.
    """
    ocr = isinstance(options, OCROptions)
    if ocr and route == "async":
        raise ConfigError('Document OCR has no asynchronous route; leave out route="async".')
    if source.pixels > limits.page_pixels:
        raise SourceError(
            f"{source.name!r} has a page of {source.pixels:,} pixels; the API takes {limits.page_pixels:,}. "
            "Scale it down, or raise ApiLimits(page_pixels=...) if your deployment takes more."
        )
    if source.format == "pdf":
        return  # cut where it is too large
    way = "Document OCR" if ocr else "the synchronous route" if route == "sync" else "the API"
    size, pages = request_limits(ocr=ocr, route="sync" if ocr or route == "sync" else "async", limits=limits)
    if source.size > size:
        raise SourceError(
            f"{source.name!r} is {source.size / MEGABYTE:,.1f} MB; {way} takes {size / MEGABYTE:,.0f} MB. "
            "Only a PDF can be cut into parts: convert it, or split it yourself."
        )
    if source.pages is not None and source.pages > pages:
        raise SourceError(
            f"{source.name!r} has {source.pages:,} pages; {way} takes {pages:,}. Only a PDF can be cut into parts: "
            "convert it, or split it yourself."
        )


def parts_of(
    source: Source,
    options: ParseOptions | OCROptions,
    *,
    route: Route = "auto",
    pages_per_request: int | None = None,
    stored: Iterable[Pages] = (),
    running: Iterable[Pages | None] = (),
    total_pages: int = 0,
    limits: ApiLimits = LIMITS,
) -> tuple[PageRun, ...]:
    """Plan the parts in which *source*, which `check` let pass, is sent: each page once, and none that is here already.

    Args:
        source: The document.
        options: What is asked.
        route: `auto`, or the one route to take.
        pages_per_request: Cut a PDF into parts of this many pages, to be sent at the same time. What cannot be cut is
            sent whole.
        stored: Page ranges that have an answer.
        running: Page ranges of running jobs; None for a job on a whole file of unknown length.
        total_pages: The page count that an earlier answer gave, for a file that cannot be counted here.
        limits: What the API takes.
    """
    ocr = isinstance(options, OCROptions)
    total = source.pages or total_pages
    held = tuple(stored)
    in_jobs = [(1, total) if pages is None else pages for pages in running]
    size, most = request_limits(ocr=ocr, route=route, limits=limits)
    way_of = partial(_route, ocr=ocr, route=route, limits=limits)
    fits = source.pages is not None and total <= most and source.size <= size
    if fits and not held and not in_jobs and pages_per_request is None:
        return (PageRun((1, total), route=way_of(total, source.size)),)
    if not total:
        if in_jobs:
            return (PageRun(None, "running"),)
        if WHOLE_FILE in held:  # what came for it could not be understood, so that its pages are not known either
            return (PageRun(WHOLE_FILE, "stored"),)
        return (PageRun(None, route=way_of(0, source.size), replaces=bool(held)),)
    tiles = _tile(total, held, in_jobs)
    gaps = [tile.pages for tile in tiles if tile.state == "send"]
    if gaps and source.format != "pdf":
        way = way_of(source.pages or 0, source.size)
        return (PageRun((1, total) if source.pages else None, route=way, replaces=len(tiles) > 1),)
    parts: list[PageRun] = []
    for tile in tiles:
        if tile.state != "send" or tile.pages is None:
            parts.append(tile)
            continue
        first, last = tile.pages
        step = _part_pages(source, total, last - first + 1, (size, most), pages_per_request)
        for start in range(first, last + 1, step):
            pages = (start, min(last, start + step - 1))
            count = pages[1] - pages[0] + 1
            way = way_of(count, source.size * count // total)
            parts.append(PageRun(pages, route=way, whole=pages == (1, total), replaces=_meets(pages, held)))
    return tuple(parts)


def halves(part: PageRun) -> tuple[PageRun, PageRun]:
    """Cut *part* in two, because the PDF that was made of it is larger than the API takes.

    Raises:
        SourceError: It is a single page.
    """
    if part.pages is None or part.pages[0] == part.pages[1]:
        raise SourceError("One page of the PDF alone is larger than the API takes; reduce the images in it.")
    first, last = part.pages
    middle = (first + last) // 2
    return replace(part, pages=(first, middle), whole=False), replace(part, pages=(middle + 1, last), whole=False)


def request_limits(*, ocr: bool, route: Route, limits: ApiLimits) -> tuple[int, int]:
    """Return the bytes and the pages that one request of this kind may have."""
    if ocr:
        return limits.ocr_bytes, limits.ocr_pages
    if route == "sync":
        return limits.sync_bytes, limits.sync_pages
    return limits.async_bytes, limits.async_pages


def _route(pages: int, size: int, *, ocr: bool, route: Route, limits: ApiLimits) -> Literal["sync", "async"]:
    """Return the route of so many *pages*, 0 where nobody has counted them, in *size* bytes."""
    if ocr:
        return "sync"
    if route != "auto":
        return route
    most = limits.sync_bytes if pages else min(limits.uncounted_sync_bytes, limits.sync_bytes)
    small = pages <= min(limits.prefer_async_above, limits.sync_pages) and size <= most
    return "sync" if small else "async"


def _part_pages(source: Source, total: int, pages: int, within: tuple[int, int], asked: int | None) -> int:
    """Return how many of so many *pages* of a PDF one request holds: as *asked*, and *within* its bytes and pages."""
    size, most = within
    if source.size > size:
        most = min(most, max(1, int(_AIMED_AT * size * total / source.size)))
    if asked is not None:
        return min(most, asked)
    runs = math.ceil(pages / most)
    return min(most, math.ceil(pages / runs / 10) * 10)  # equal parts take the least time; the API works in tens


def _meets(pages: Pages, others: Iterable[Pages]) -> bool:
    """Say whether any of *others* holds any of *pages*."""
    return any(first <= pages[1] and last >= pages[0] for first, last in others)


def _tile(total: int, stored: tuple[Pages, ...], running: list[Pages]) -> list[PageRun]:
    """Cover pages 1 to *total* without overlap: the fewest pages to send, then the fewest out of running jobs."""
    ways: dict[int, list[tuple[Pages, str]]] = {}
    for state, ranges in (("stored", stored), ("running", running)):
        for pages in ranges:
            if 1 <= pages[0] <= pages[1] <= total:
                ways.setdefault(pages[0], []).append((pages, state))
    starts = sorted({1, *ways, *(pages[1] + 1 for found in ways.values() for pages, _ in found)} - {total + 1})
    # From each start on: (pages to send, pages from jobs, the part to take). Worked out from the end.
    best: dict[int, tuple[int, int, PageRun | None]] = {total + 1: (0, 0, None)}
    for index in range(len(starts) - 1, -1, -1):
        start = starts[index]
        following = starts[index + 1] if index + 1 < len(starts) else total + 1
        gap = (start, following - 1)
        # What a job has cannot be sent beside it: only where nothing else is left.
        dear = total if _meets(gap, running) else 0
        options = [(best[following][0] + following - start + dear, best[following][1], PageRun(gap))]
        for pages, state in ways.get(start, []):
            send, job, _ = best[pages[1] + 1]
            if state == "stored":
                options.append((send, job, PageRun(pages, "stored")))
            else:
                options.append((send, job + pages[1] - pages[0] + 1, PageRun(pages, "running")))
        best[start] = min(options, key=lambda option: option[:2])
    tiles: list[PageRun] = []
    at = 1
    while at <= total:
        part = best[at][2]
        if part is None or part.pages is None:
            break
        at = part.pages[1] + 1
        before = tiles[-1].pages if tiles and tiles[-1].state == part.state == "send" else None
        if before is not None:
            tiles[-1] = PageRun((before[0], part.pages[1]))
        else:
            tiles.append(part)
    return tiles


@dataclass(frozen=True)
class Estimate:
    """What documents would cost if they were sent now.

    Attributes:
        pages: Pages to be paid for.
        lowest: The least that it may cost, in US dollars. None if no price is known: Upstage publishes none for OCR,
            and `Client(prices={"ocr": ...})` takes yours.
        highest: The most that it may cost; more than *lowest* only with `mode="auto"`.
        uncounted: Files whose pages only the API can count; they are not in the other numbers.
    """

    pages: int = 0
    lowest: float | None = 0.0
    highest: float | None = 0.0
    uncounted: int = 0

    def __str__(self) -> str:
        if self.lowest is None or self.highest is None:
            cost = 'at a price that is not known: give yours with Client(prices={"ocr": ...})'
        elif self.lowest == self.highest:
            cost = f"${self.lowest:,.2f}"
        else:
            cost = f"${self.lowest:,.2f} to ${self.highest:,.2f}"
        more = f", and {self.uncounted} files whose pages only the API can count" if self.uncounted else ""
        return f"{self.pages:,} pages, {cost}{more}"

    def __add__(self, other: Estimate) -> Estimate:
        """Add up files."""
        return replace(
            self,
            pages=self.pages + other.pages,
            lowest=None if self.lowest is None or other.lowest is None else round(self.lowest + other.lowest, 6),
            highest=None if self.highest is None or other.highest is None else round(self.highest + other.highest, 6),
            uncounted=self.uncounted + other.uncounted,
        )


@dataclass(frozen=True)
class Spending:
    """The pages that were billed, and what they cost. Pages that were read from the store are not counted.

    Attributes:
        pages: Parsed pages, in any mode.
        enhanced: Those of them that ran in enhanced mode.
        ocr_pages: Pages of Document OCR, as billed (`numBilledPages`).
        prices: US dollars per page, by mode and of `ocr`.
    """

    pages: int = 0
    enhanced: int = 0
    ocr_pages: int = 0
    prices: Mapping[str, float] = field(default_factory=lambda: PRICES, repr=False, compare=False)

    @property
    def cost(self) -> float:
        """The cost in US dollars; pages of OCR count only if their price is given, since Upstage publishes none."""
        counts = {"standard": self.pages - self.enhanced, "enhanced": self.enhanced, "ocr": self.ocr_pages}
        return round(sum(count * self.prices.get(mode, 0.0) for mode, count in counts.items()), 6)

    def __add__(self, other: Spending) -> Spending:
        """Add up the pages of two clients that pay the same prices."""
        return replace(
            self,
            pages=self.pages + other.pages,
            enhanced=self.enhanced + other.enhanced,
            ocr_pages=self.ocr_pages + other.ocr_pages,
        )


class Account:
    """The running sum of one client, at its *prices*; safe in threads."""

    def __init__(self, prices: Mapping[str, float] = PRICES) -> None:
        self._lock = threading.RLock()  # the collector may end another flow in the thread that holds it
        self._sum = Spending(prices=prices)
        self._batches: set[str] = set()

    @property
    def spending(self) -> Spending:
        """What was billed so far."""
        return self._sum

    def add_parse(self, usage: Usage, pages: int, options: ParseOptions | None, *, batch: str = "") -> Spending:
        """Add one answer: what it says of itself, or *pages* in the mode asked for where it says nothing.

        What names a *batch* of a job that the store does not know is counted once: it may be fetched again and again.
        What was added is returned.
        """
        count = usage.pages or pages
        enhanced = len(usage.enhanced)
        if not usage.standard and not usage.enhanced and options is not None and options.mode == "enhanced":
            enhanced = count
        spending = Spending(pages=count, enhanced=enhanced, prices=self._sum.prices)
        with self._lock:
            if batch in self._batches:
                return Spending()
            self._batches |= {batch} if batch else set()
            before = self._sum
            self._sum = replace(before, pages=before.pages + count, enhanced=before.enhanced + enhanced)
        return spending

    def add_ocr(self, billed_pages: int) -> Spending:
        """Add one answer of Document OCR, and return what was added."""
        spending = Spending(ocr_pages=billed_pages, prices=self._sum.prices)
        with self._lock:
            self._sum += spending
        return spending


def estimate(
    parts: Iterable[PageRun], options: ParseOptions | OCROptions, prices: Mapping[str, float] = PRICES
) -> Estimate:
    """Say what the parts that are still to be sent cost; what is stored or running is paid for."""
    to_send = [part.pages for part in parts if part.state == "send"]
    pages = sum(last - first + 1 for first, last in filter(None, to_send))
    uncounted = sum(1 for one in to_send if one is None)
    modes: tuple[str, ...] = ("ocr",) if isinstance(options, OCROptions) else (options.mode,)
    if modes == ("auto",):
        modes = ("standard", "enhanced")
    known = [prices[mode] for mode in modes if mode in prices] if to_send else [0.0]
    costs = [round(pages * price, 6) for price in known]
    return Estimate(pages, min(costs, default=None), max(costs, default=None), uncounted)
