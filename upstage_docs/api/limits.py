"""The limits of the API in one table: pages, bytes and pixels of a request."""

from __future__ import annotations

from dataclasses import dataclass

from upstage_docs.options.definitions import NamedOptions, documented, option

__all__ = ["LIMITS", "LIMITS_2025", "MEGABYTE", "ApiLimits", "Limits"]

MEGABYTE = 2**20  # the API says MB and not which: at the edge, the server decides


@documented
@dataclass(frozen=True)
class ApiLimits(NamedOptions):
    """The limits of the API. The defaults are those of today; every value can be changed.

    Sources: https://console.upstage.ai/docs/models/document-parse (sizes, pages, 2026-09),
    https://console.upstage.ai/api/parse/document-ocr; the older values are those of the pages of 2025.

    Raises:
        ConfigError: A limit is no whole number above 0.
    """

    sync_bytes: int = option(100 * MEGABYTE, "Bytes of one synchronous upload (50 MB in 2025).", least=1)
    async_bytes: int = option(500 * MEGABYTE, "Bytes of one asynchronous upload (50 MB in 2025).", least=1)
    sync_pages: int = option(
        100,
        "Pages of one synchronous request. Above it, newer servers answer 413, older ones silently left the rest out.",
        least=1,
    )
    async_pages: int = option(2_000, "Pages of one job (1,000 in 2025).", least=1)
    ocr_bytes: int = option(50 * MEGABYTE, "Bytes of one upload to Document OCR, which has no job.", least=1)
    ocr_pages: int = option(100, "Pages of one request to Document OCR (30 in 2025).", least=1)
    page_pixels: int = option(
        200_000_000, "Pixels of one page, those of a PDF at 150 dpi (100,000,000 in 2025).", least=1
    )
    prefer_async_above: int = option(
        30,
        'Pages above which `route="auto"` makes a job. Upstage states 0.6 pages per second, so that the '
        "connection of 30 pages is silent for 50 seconds. If it is lost meanwhile, nobody knows what was billed; with "
        "a job, this can only happen in the milliseconds in which it is submitted.",
        least=1,
    )
    uncounted_sync_bytes: int = option(
        128 * 1024,
        "Bytes up to which a file whose pages cannot be counted here (Office, HWP) goes the synchronous way: one that "
        "small does not have 100 pages.",
        least=1,
    )


Limits = ApiLimits  # its name in the root package before
LIMITS = ApiLimits()
# For private deployments that run an older model.
LIMITS_2025 = ApiLimits(
    sync_bytes=50 * MEGABYTE, async_bytes=50 * MEGABYTE, async_pages=1_000, ocr_pages=30, page_pixels=100_000_000
)
