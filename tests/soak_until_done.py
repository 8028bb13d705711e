"""The program of test_soak.py: reads many documents that may fail, and says how large it is meanwhile.

python soak_until_done.py CLIENT BASE_URL CACHE_FOLDER NUMBER
"""

from __future__ import annotations

import asyncio
import gc
import os
import struct
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parse_until_killed import say

from upstage_docs import AsyncClient, Client, Named, Report, RetryPolicy
from upstage_docs.api.rates import RATES, Rate

LOOKS = 20
"""How often it says how large it is."""


def png(number: int) -> bytes:
    """Draw a scan of one page: a pixel, and the number of the document beside it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    text = chunk(b"tEXt", b"Comment\0document %d" % number)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + text
        + chunk(b"IDAT", zlib.compress(b"\0\0"))
        + chunk(b"IEND", b"")
    )


def documents(number: int) -> Iterator[Named]:
    for one in range(number):
        yield Named(png(one), f"{one}.png")


def size() -> dict[str, int]:
    """How much of the machine this process holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "memory": pages * os.sysconf("SC_PAGE_SIZE"),
        "files": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "tasks": sum(isinstance(one, asyncio.Task) for one in gc.get_objects()),
        "events": sum(isinstance(one, (asyncio.Event, threading.Event)) for one in gc.get_objects()),
    }


class Seen:
    """What came so far, each document by its number."""

    def __init__(self, number: int) -> None:
        self.answered: Counter[int] = Counter()
        self._step = max(1, number // LOOKS)

    def add(self, document: Any) -> None:
        self.answered[int(document.source.removesuffix(".png"))] += 1
        if self.answered.total() % self._step == 0:
            say(answered=self.answered.total(), **size())


def main() -> None:
    kind, base_url, cache, count = sys.argv[1:]
    number = int(count)
    options: dict[str, Any] = {
        "base_url": base_url,
        "cache": cache,
        "rates": dict.fromkeys(RATES, Rate()),
        "retry": RetryPolicy(attempts=2, initial=0.01, maximum=0.02),
        "timeout": 60.0,
        "max_concurrency": 8,
    }
    report, seen = Report(), Seen(number)
    say(ready=True)
    if kind == "AsyncClient":

        async def read() -> None:
            async with AsyncClient("up_soak_0123456789", **options) as client:
                async for document in client.parse_many(documents(number), on_error="skip", report=report):
                    seen.add(document)

        asyncio.run(read())
    else:
        with Client("up_soak_0123456789", **options) as client:
            for document in client.parse_many(documents(number), on_error="skip", report=report):
                seen.add(document)
    say(
        done=True,
        answered=sorted(seen.answered),
        twice=[one for one, times in seen.answered.items() if times > 1],
        failed={one.source.removesuffix(".png"): type(one.error).__name__ for one in report.failures},
        failures=len(report.failures),
    )


if __name__ == "__main__":
    main()
