"""Counts costs: the list prices, an estimate before sending, and what the answers billed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from upstage_docs.flows.plan import PageRun
from upstage_docs.models import Usage
from upstage_docs.options import OCROptions, ParseOptions

# US dollars per page, https://console.upstage.ai/docs/models/document-parse (2026-09). No page names a price for OCR.
PRICES: Mapping[str, float] = {"standard": 0.01, "enhanced": 0.03}
PRICED = ("standard", "enhanced", "ocr")


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
