"""What one client was billed for, as the answers tell; knows prices, sends nothing."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from upstage_docs.flows.plan import PRICES
from upstage_docs.models import Usage
from upstage_docs.options import ParseOptions

__all__ = ["Account", "Spending"]


@dataclass(frozen=True)
class Spending:
    """Pages that were answered and not read from the store.

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
        """US dollars; without OCR where its price is not given, since no list price of it is public."""
        counts = {"standard": self.pages - self.enhanced, "enhanced": self.enhanced, "ocr": self.ocr_pages}
        return round(sum(count * self.prices.get(mode, 0.0) for mode, count in counts.items()), 6)


class Account:
    """The running sum of one client, at its *prices*; safe in threads."""

    def __init__(self, prices: Mapping[str, float] = PRICES) -> None:
        self._lock = threading.Lock()
        self._sum = Spending(prices=prices)
        self._batches: set[str] = set()

    @property
    def spending(self) -> Spending:
        """What was billed so far."""
        return self._sum

    def add_parse(self, usage: Usage, pages: int, options: ParseOptions | None, *, batch: str = "") -> None:
        """Add one answer: what it says of itself, or *pages* in the mode asked for where it says nothing.

        What names a *batch* of a job that the store does not know is counted once: it may be fetched again and again.
        """
        count = usage.pages or pages
        enhanced = len(usage.enhanced)
        if not usage.standard and not usage.enhanced and options is not None and options.mode == "enhanced":
            enhanced = count
        with self._lock:
            if batch in self._batches:
                return
            self._batches |= {batch} if batch else set()
            self._sum = replace(self._sum, pages=self._sum.pages + count, enhanced=self._sum.enhanced + enhanced)

    def add_ocr(self, billed_pages: int) -> None:
        """Add one answer of Document OCR."""
        with self._lock:
            self._sum = replace(self._sum, ocr_pages=self._sum.ocr_pages + billed_pages)
