"""Reads several pages at once, in threads that end with the document."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

_MOST = 4
"""Threads: each that recognises text holds Tesseract's language data and a page, some 200 MB together (measured)."""


class PageThreads:
    """The threads of one document, started when first needed; close them when it is read."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    def done(self, work: Mapping[int, Callable[[], Result]]) -> dict[int, Future[Result]]:
        """Do *work* for several pages at once, in as many threads as there are cores; its result raises its errors.

        The work of a single page is done by the caller's own thread, which keeps what it has loaded.
        """
        if len(work) == 1:
            return {number: _carried_out(one) for number, one in work.items()}
        if self._pool is None and work:
            self._pool = ThreadPoolExecutor(min(_MOST, os.cpu_count() or 1), thread_name_prefix="upstage-docs-page")
        futures = {number: self._pool.submit(one) for number, one in work.items()} if self._pool else {}
        for future in futures.values():
            future.exception()
        return futures

    def close(self) -> None:
        """End the threads, when what they have begun is done."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _carried_out(one: Callable[[], Result]) -> Future[Result]:
    future: Future[Result] = Future()
    try:
        future.set_result(one())
    except BaseException as error:  # noqa: BLE001 - whoever asks for the result decides
        future.set_exception(error)
    return future
