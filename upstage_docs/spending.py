"""What one client was billed for, as the answers tell; knows prices, sends nothing."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from upstage_docs.models import Usage
from upstage_docs.options import ParseOptions
from upstage_docs.plan import PRICES

__all__ = ["Account", "Spending"]


@dataclass(frozen=True)
class Spending:
    """Pages that were answered and not read from the store.

    Attributes:
        pages: Parsed pages, in any mode.
        enhanced: Those of them that ran in enhanced mode.
        ocr_pages: Pages of Document OCR, as billed (`numBilledPages`).
        cost: US dollars at list price for the parsed pages; no list price of OCR is public, so it is not in it.
    """

    pages: int = 0
    enhanced: int = 0
    ocr_pages: int = 0

    @property
    def cost(self) -> float:
        """US dollars at list price, without OCR."""
        return round((self.pages - self.enhanced) * PRICES["standard"] + self.enhanced * PRICES["enhanced"], 6)


class Account:
    """The running sum of one client; safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sum = Spending()

    @property
    def spending(self) -> Spending:
        """What was billed so far."""
        return self._sum

    def add_parse(self, usage: Usage, pages: int, options: ParseOptions | None) -> None:
        """Add one answer: what it says of itself, or *pages* in the mode asked for where it says nothing."""
        count = usage.pages or pages
        enhanced = len(usage.enhanced)
        if not usage.standard and not usage.enhanced and options is not None and options.mode == "enhanced":
            enhanced = count
        with self._lock:
            self._sum = replace(self._sum, pages=self._sum.pages + count, enhanced=self._sum.enhanced + enhanced)

    def add_ocr(self, billed_pages: int) -> None:
        """Add one answer of Document OCR."""
        with self._lock:
            self._sum = replace(self._sum, ocr_pages=self._sum.ocr_pages + billed_pages)
