"""The local engine's protocol: what a worker process costs, and how a long job streams.

    python benchmarks/local_jobs.py [--pages 1000]

Prints the time of a first and of later synchronous requests, of the first and the last batch of a long job, the peak
memory of both sides, and the time of reading a page in this process instead.
"""

from __future__ import annotations

import argparse
import io
import resource
import time

import httpx
from measured import add_json_option, write_json
from reportlab.pdfgen.canvas import Canvas

from upstage_docs.local import BASE_URL, LocalTransport
from upstage_docs.local.read_document import read_document
from upstage_docs.local.service.pipe import Task

FORM = {"model": "document-parse", "output_formats": '["html", "markdown", "text"]'}
ROUNDS = 50


def report(pages: int) -> bytes:
    """Return a PDF of full text pages."""
    out = io.BytesIO()
    canvas = Canvas(out)
    for page in range(1, pages + 1):
        for line in range(1, 46):
            words = f"Page {page}, line {line}: some words that fill the line of a report, number {page * 45 + line}"
            canvas.drawString(72, 770 - line * 15, words)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def synchronous(client: httpx.Client) -> dict[str, float]:
    document = report(1)

    def request() -> None:
        client.post("/document-digitization", data=FORM, files={"document": document}).raise_for_status()

    begin = time.perf_counter()
    request()
    starting = time.perf_counter() - begin
    print(f"first request, starting a process: {starting:.3f} s")
    begin = time.perf_counter()
    for _ in range(ROUNDS):
        request()
    later = (time.perf_counter() - begin) / ROUNDS
    print(f"later requests of one page: {later * 1e3:.1f} ms")
    return {"first request of one page, starting a process": starting, "each later request of one page": later}


def in_this_process() -> dict[str, float]:
    document, task = report(1), Task(output_formats=("html", "markdown", "text"))
    list(read_document(task, document))
    begin = time.perf_counter()
    for _ in range(ROUNDS):
        list(read_document(task, document))
    taken = (time.perf_counter() - begin) / ROUNDS
    print(f"the same page read in this process: {taken * 1e3:.1f} ms")
    return {"the same page read in this process": taken}


def job(client: httpx.Client, pages: int) -> dict[str, float]:
    document = report(pages)
    begin = time.perf_counter()
    submitted = client.post("/document-digitization/async", data=FORM, files={"document": document}).json()
    first = 0.0
    while True:
        status = client.get(f"/document-digitization/requests/{submitted['request_id']}").json()
        first = first or (time.perf_counter() - begin if status["completed_pages"] else 0.0)
        if status["status"] in {"completed", "failed"}:
            break
        time.sleep(0.01)
    last = time.perf_counter() - begin
    print(f"{pages} pages, {status['status']}: first batch after {first:.2f} s, last after {last:.1f} s")
    return {f"first batch of a job of {pages:,} pages": first, f"last batch of a job of {pages:,} pages": last}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1_000, help="of the job")
    add_json_option(parser)
    given = parser.parse_args()
    with httpx.Client(transport=LocalTransport(), base_url=BASE_URL, timeout=600) as client:
        seconds = synchronous(client) | job(client, given.pages)
    mine, worker = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"peak memory: owner {mine / 1024:.0f} MB, worker {worker / 1024:.0f} MB")
    seconds |= in_this_process()
    memory = {"the owner's process": {"MB": mine / 1024}, "the worker's process": {"MB": worker / 1024}}
    write_json(given.json, {"time": {name: {"s": taken} for name, taken in seconds.items()}, "memory": memory})


if __name__ == "__main__":
    main()
