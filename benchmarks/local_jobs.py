"""The local engine's protocol: what a worker process costs, and how a long job streams.

    python benchmarks/local_jobs.py [PAGES]

Prints the time of a first and of later synchronous requests, of the first and the last batch of a job of PAGES pages
(1,000 if not given), the peak memory of both sides, and the time of reading a page in this process instead.
"""

from __future__ import annotations

import io
import resource
import sys
import time

import httpx
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


def synchronous(client: httpx.Client) -> None:
    document = report(1)

    def request() -> None:
        client.post("/document-digitization", data=FORM, files={"document": document}).raise_for_status()

    begin = time.perf_counter()
    request()
    print(f"first request, starting a process: {time.perf_counter() - begin:.3f} s")
    begin = time.perf_counter()
    for _ in range(ROUNDS):
        request()
    print(f"later requests of one page: {(time.perf_counter() - begin) / ROUNDS * 1e3:.1f} ms")


def in_this_process() -> None:
    document, task = report(1), Task(output_formats=("html", "markdown", "text"))
    list(read_document(task, document))
    begin = time.perf_counter()
    for _ in range(ROUNDS):
        list(read_document(task, document))
    print(f"the same page read in this process: {(time.perf_counter() - begin) / ROUNDS * 1e3:.1f} ms")


def job(client: httpx.Client, pages: int) -> None:
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


def main() -> None:
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with httpx.Client(transport=LocalTransport(), base_url=BASE_URL, timeout=600) as client:
        synchronous(client)
        job(client, pages)
    mine, worker = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"peak memory: owner {mine / 1024:.0f} MB, worker {worker / 1024:.0f} MB")
    in_this_process()


if __name__ == "__main__":
    main()
