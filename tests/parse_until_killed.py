"""The victim of test_crash.py: parses documents, one JSON line per event, until it is done or killed.

python parse_until_killed.py BASE_URL CACHE_FOLDER FILE ...
"""

from __future__ import annotations

import json
import sys
import threading

from upstage_docs import PollPolicy, UnknownOutcomeError
from upstage_docs.api.rates import RATES, Rate
from upstage_docs.client.client import Client
from upstage_docs.store.store import Store

WAYS = ({"route": "sync"}, {"route": "async"}, {"pages_per_request": 4})  # in turn, by the file's place
_printing = threading.Lock()


def say(**event: object) -> None:
    """Write one whole line at once: what was said before the kill counts."""
    with _printing:
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()


def client(base_url: str, cache: str, on_unknown: str) -> Client:
    return Client(
        api_key="up_loopback",
        base_url=base_url,
        cache=cache,
        on_unknown=on_unknown,  # type: ignore[arg-type]
        rates=dict.fromkeys(RATES, Rate()),
        poll=PollPolicy(initial=0.02, maximum=0.05),
        max_concurrency=3,
    )


def parse(base_url: str, cache: str, number: int, path: str) -> None:
    """Parse one file; a send whose outcome is unknown is said first and then paid again."""
    on_unknown = "raise"
    while True:
        with client(base_url, cache, on_unknown) as one:
            try:
                document = one.parse(path, **WAYS[number % len(WAYS)])
            except UnknownOutcomeError as error:
                # The error names one send; the parts of a document may have left several.
                unknown = {intent.pages for intent in Store.at(cache).intents() if intent.source == path}
                say(unknown=path, pages=sorted(unknown | {error.intent.pages}))  # type: ignore[type-var]
                on_unknown = "resend"
                continue
        say(done=path, texts=[element.text for element in document.elements], pages=document.total_pages)
        return


def main() -> None:
    base_url, cache, *paths = sys.argv[1:]
    say(ready=True)
    threads = [
        threading.Thread(target=parse, args=(base_url, cache, number, path)) for number, path in enumerate(paths)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
