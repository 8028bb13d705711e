"""Which route a document takes, and in which parts; knows the API's limits and prices, sends and reads nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from upstage_docs.errors import ConfigError, SourceError
from upstage_docs.options import OCROptions, ParseOptions, choice

if TYPE_CHECKING:
    from upstage_docs.files.source import Source
    from upstage_docs.store.values import Pages

__all__ = [
    "LIMITS",
    "LIMITS_2025",
    "PRICED",
    "PRICES",
    "Estimate",
    "Limits",
    "Part",
    "Route",
    "check",
    "estimate",
    "halves",
    "parts_of",
]

Route = Literal["auto", "sync", "async"]

_MB = 2**20  # the API says MB and not which: at the edge, the server decides


@dataclass(frozen=True)
class Limits:
    """What the API takes. The defaults are the one table of limits; every value can be overridden.

    Sources: https://console.upstage.ai/docs/models/document-parse (sizes, pages, 2026-09),
    https://console.upstage.ai/api/parse/document-ocr; the older values are those of the pages of 2025.

    Attributes:
        sync_bytes: Bytes of one synchronous upload (50 MB in 2025).
        async_bytes: Bytes of one asynchronous upload (50 MB in 2025).
        sync_pages: Pages of one synchronous request. Above it, newer servers answer 413, older ones silently left
            the rest out.
        async_pages: Pages of one job (1,000 in 2025).
        ocr_bytes, ocr_pages: The same for Document OCR, which has no job (30 pages in 2025).
        page_pixels: Pixels of one page, those of a PDF at 150 dpi (100,000,000 in 2025).
        prefer_async_above: Pages above which `route="auto"` makes a job. At the API's 0.6 pages per second, 30 pages
            are 50 seconds of an idle connection, which many networks cut after 60; a job's own window, in which a
            lost connection leaves open what was paid, is milliseconds.
        uncounted_sync_bytes: Bytes up to which a file whose pages cannot be counted here (Office, HWP) goes the
            synchronous way: one that small does not have 100 pages.
    """

    sync_bytes: int = 100 * _MB
    async_bytes: int = 500 * _MB
    sync_pages: int = 100
    async_pages: int = 2_000
    ocr_bytes: int = 50 * _MB
    ocr_pages: int = 100
    page_pixels: int = 200_000_000
    prefer_async_above: int = 30
    uncounted_sync_bytes: int = 128 * 1024

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not isinstance(value, int) or value < 1:
                raise ConfigError(f"Limits({name}={value!r}) must be a whole number above 0.")


LIMITS = Limits()
# For private deployments that run an older model.
LIMITS_2025 = Limits(
    sync_bytes=50 * _MB, async_bytes=50 * _MB, async_pages=1_000, ocr_pages=30, page_pixels=100_000_000
)

# US dollars per page, https://console.upstage.ai/docs/models/document-parse (2026-09). No page names a price for OCR.
PRICES: Mapping[str, float] = {"standard": 0.01, "enhanced": 0.03}
PRICED = ("standard", "enhanced", "ocr")


@dataclass(frozen=True)
class Part:
    """A run of pages with one way to get it.

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


@dataclass(frozen=True)
class Estimate:
    """What sending would cost, before it is sent.

    Attributes:
        pages: Pages to be paid for.
        lowest, highest: US dollars; they differ with `mode="auto"`. None where no price is known: no list price of OCR
            is public, `Client(prices={"ocr": ...})` takes yours.
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
        return Estimate(
            self.pages + other.pages,
            None if self.lowest is None or other.lowest is None else round(self.lowest + other.lowest, 6),
            None if self.highest is None or other.highest is None else round(self.highest + other.highest, 6),
            self.uncounted + other.uncounted,
        )


def check(
    source: Source, options: ParseOptions | OCROptions, *, route: Route = "auto", limits: Limits = LIMITS
) -> None:
    """Refuse what the API would refuse, before anything is sent.

    Raises:
        ConfigError: *route* is not a route, or not one for this operation.
        SourceError: *source* is too large, and cannot be cut into parts.
    """
    choice("route", route, ("auto", "sync", "async"))
    ocr = isinstance(options, OCROptions)
    if ocr and route == "async":
        raise ConfigError('Document OCR has no asynchronous route; leave out route="async".')
    if source.pixels > limits.page_pixels:
        raise SourceError(
            f"{source.name!r} has a page of {source.pixels:,} pixels; the API takes {limits.page_pixels:,}. "
            "Scale it down, or raise Limits(page_pixels=...) if your deployment takes more."
        )
    if source.format == "pdf":
        return  # cut where it is too large
    way = "Document OCR" if ocr else "the synchronous route" if route == "sync" else "the API"
    size, pages = _ceiling(ocr=ocr, route="sync" if ocr or route == "sync" else "async", limits=limits)
    if source.size > size:
        raise SourceError(
            f"{source.name!r} is {source.size / _MB:,.1f} MB; {way} takes {size / _MB:,.0f} MB. Only a PDF can be cut "
            "into parts: convert it, or split it yourself."
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
    limits: Limits = LIMITS,
) -> tuple[Part, ...]:
    """Plan *source*: every page in one part, in document order, and no page sent that is stored or in a job.

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

    Raises:
        ConfigError, SourceError: As `check`; or *pages_per_request* is not a whole number above 0.
    """
    check(source, options, route=route, limits=limits)
    if pages_per_request is not None and (not isinstance(pages_per_request, int) or pages_per_request < 1):
        raise ConfigError(f"pages_per_request={pages_per_request!r} must be a whole number of pages, 1 or more.")
    ocr = isinstance(options, OCROptions)
    total = source.pages or total_pages
    held = tuple(stored)
    in_jobs = [(1, total) if pages is None else pages for pages in running]
    if not total:
        if in_jobs:
            return (Part(None, "running"),)
        way = _uncounted_route(source, ocr=ocr, route=route, limits=limits)
        return (Part(None, route=way, replaces=bool(held)),)
    tiles = _tile(total, held, in_jobs)
    gaps = [tile.pages for tile in tiles if tile.state == "send"]
    if gaps and source.format != "pdf":
        way = _uncounted_route(source, ocr=ocr, route=route, limits=limits)
        if source.pages is not None:
            way = _route(total, source.size, ocr=ocr, route=route, limits=limits)
        return (Part((1, total) if source.pages else None, route=way, replaces=len(tiles) > 1),)
    parts: list[Part] = []
    for tile in tiles:
        if tile.state != "send" or tile.pages is None:
            parts.append(tile)
            continue
        first, last = tile.pages
        most = _part_pages(
            source, total, last - first + 1, asked=pages_per_request, ocr=ocr, route=route, limits=limits
        )
        for pages in _cut(first, last, most):
            count = pages[1] - pages[0] + 1
            way = _route(count, source.size * count // total, ocr=ocr, route=route, limits=limits)
            parts.append(Part(pages, route=way, whole=pages == (1, total), replaces=_meets(pages, held)))
    return tuple(parts)


def halves(part: Part) -> tuple[Part, Part]:
    """Cut *part* in two: its cut PDF came out larger than the API takes.

    Raises:
        SourceError: It is a single page.
    """
    if part.pages is None or part.pages[0] == part.pages[1]:
        raise SourceError("One page of the PDF alone is larger than the API takes; reduce the images in it.")
    first, last = part.pages
    middle = (first + last) // 2
    return replace(part, pages=(first, middle), whole=False), replace(part, pages=(middle + 1, last), whole=False)


def estimate(
    parts: Iterable[Part], options: ParseOptions | OCROptions, prices: Mapping[str, float] = PRICES
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


def _ceiling(*, ocr: bool, route: Route, limits: Limits) -> tuple[int, int]:
    """Bytes and pages that one request of this kind may have."""
    if ocr:
        return limits.ocr_bytes, limits.ocr_pages
    if route == "sync":
        return limits.sync_bytes, limits.sync_pages
    return limits.async_bytes, limits.async_pages


def _route(pages: int, size: int, *, ocr: bool, route: Route, limits: Limits) -> Literal["sync", "async"]:
    if ocr:
        return "sync"
    if route != "auto":
        return route
    small = pages <= min(limits.prefer_async_above, limits.sync_pages) and size <= limits.sync_bytes
    return "sync" if small else "async"


def _uncounted_route(source: Source, *, ocr: bool, route: Route, limits: Limits) -> Literal["sync", "async"]:
    if ocr:
        return "sync"
    if route != "auto":
        return route
    return "sync" if source.size <= min(limits.uncounted_sync_bytes, limits.sync_bytes) else "async"


def _part_pages(
    source: Source, total: int, pages: int, *, asked: int | None, ocr: bool, route: Route, limits: Limits
) -> int:
    """How many pages of a PDF one request holds: as asked, and within the limits of bytes and pages."""
    size, most = _ceiling(ocr=ocr, route=route, limits=limits)
    if source.size > size:
        # Pages differ in size and every part carries the shared fonts, so aim below; `halves` mends the rest.
        most = min(most, max(1, int(0.8 * size * total / source.size)))
    if asked is not None:
        return min(most, asked)
    runs = math.ceil(pages / most)
    return min(most, math.ceil(pages / runs / 10) * 10)  # equal parts take the least time; the API works in tens


def _cut(first: int, last: int, size: int) -> list[Pages]:
    return [(start, min(last, start + size - 1)) for start in range(first, last + 1, size)]


def _meets(pages: Pages, others: Iterable[Pages]) -> bool:
    """Say whether any of *others* holds any of *pages*."""
    return any(first <= pages[1] and last >= pages[0] for first, last in others)


def _tile(total: int, stored: tuple[Pages, ...], running: list[Pages]) -> list[Part]:
    """Cover pages 1 to *total* without overlap: the fewest pages to send, then the fewest out of running jobs."""
    ways: dict[int, list[tuple[Pages, str]]] = {}
    for state, ranges in (("stored", stored), ("running", running)):
        for pages in ranges:
            if 1 <= pages[0] <= pages[1] <= total:
                ways.setdefault(pages[0], []).append((pages, state))
    starts = sorted({1, *ways, *(pages[1] + 1 for found in ways.values() for pages, _ in found)} - {total + 1})
    # From each start on: (pages to send, pages from jobs, the part to take). Worked out from the end.
    best: dict[int, tuple[int, int, Part | None]] = {total + 1: (0, 0, None)}
    for index in range(len(starts) - 1, -1, -1):
        start = starts[index]
        following = starts[index + 1] if index + 1 < len(starts) else total + 1
        gap = (start, following - 1)
        # What a job has cannot be sent beside it: only where nothing else is left.
        dear = total if _meets(gap, running) else 0
        options = [(best[following][0] + following - start + dear, best[following][1], Part(gap))]
        for pages, state in ways.get(start, []):
            send, job, _ = best[pages[1] + 1]
            if state == "stored":
                options.append((send, job, Part(pages, "stored")))
            else:
                options.append((send, job + pages[1] - pages[0] + 1, Part(pages, "running")))
        best[start] = min(options, key=lambda option: option[:2])
    tiles: list[Part] = []
    at = 1
    while at <= total:
        part = best[at][2]
        if part is None or part.pages is None:
            break
        at = part.pages[1] + 1
        before = tiles[-1].pages if tiles and tiles[-1].state == part.state == "send" else None
        if before is not None:
            tiles[-1] = Part((before[0], part.pages[1]))
        else:
            tiles.append(part)
    return tiles
