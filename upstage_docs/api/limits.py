"""What the API takes: the one table of its limits."""

from __future__ import annotations

from dataclasses import dataclass

from upstage_docs.errors import ConfigError

__all__ = ["LIMITS", "LIMITS_2025", "MEGABYTE", "Limits"]

MEGABYTE = 2**20  # the API says MB and not which: at the edge, the server decides


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

    sync_bytes: int = 100 * MEGABYTE
    async_bytes: int = 500 * MEGABYTE
    sync_pages: int = 100
    async_pages: int = 2_000
    ocr_bytes: int = 50 * MEGABYTE
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
    sync_bytes=50 * MEGABYTE, async_bytes=50 * MEGABYTE, async_pages=1_000, ocr_pages=30, page_pixels=100_000_000
)
