"""Measure the client against a stand-in for the API on loopback, and against the plugins that exist.

    python benchmarks/client.py throughput              # how much of the ideal throughput is reached
    python benchmarks/client.py plugins --python PEERS  # wall time, requests, peak memory, with the two plugins

PEERS is the Python of a virtual environment of their own:

    python -m venv peers && peers/bin/pip install -r benchmarks/requirements-plugins.txt

Every subject runs in a process of its own. The server of `plugins` is this process: it takes 0.2 seconds for every
request and 1/50 second for each page (the API: about 1.7), for any number of requests at once; the pages of one job it
reads one after the other. The server of `throughput` answers every upload with the same page after exactly 0.2 seconds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from measured import Rows, add_json_option, peak_memory, write_json

HERE = Path(__file__).resolve().parent
LATENCY = 0.2
FILLER = " ".join(["of what the parties to this contract have agreed upon"] * 5)
AT_ONCE = 10


# -- subjects: each runs alone in a process, under its own Python


def our_client(base_url: str, cache: str) -> Any:
    from upstage_docs.client.client import Client
    from upstage_docs.options import PollPolicy

    return Client(
        api_key="up_loopback",
        base_url=base_url,
        cache=cache or False,
        rates=_unlimited(),
        max_concurrency=AT_ONCE,
        poll=PollPolicy(initial=0.2, maximum=0.5),
    )


def upstage_docs_parts(base_url: str, path: str, cache: str) -> int:
    with our_client(base_url, cache) as client:
        return sum(1 for _ in client.iter_elements(path, pages_per_request=10))


def upstage_docs_job(base_url: str, path: str, cache: str) -> int:
    with our_client(base_url, cache) as client:
        return sum(1 for _ in client.iter_elements(path, route="async"))


def langchain_upstage_docs(base_url: str, path: str, cache: str) -> int:
    from langchain_upstage_docs import UpstageDocumentParseLoader

    with our_client(base_url, cache) as client:
        return len(UpstageDocumentParseLoader(path, client=client).load())


def langchain_upstage(base_url: str, path: str, _cache: str) -> int:
    from langchain_upstage import UpstageDocumentParseLoader

    loader = UpstageDocumentParseLoader(
        path, split="element", api_key="up_loopback", base_url=f"{base_url}/document-digitization"
    )
    return len(loader.load())


def llama_index_readers_upstage(base_url: str, path: str, _cache: str) -> int:
    from llama_index.readers.upstage import UpstageDocumentParseReader

    reader = UpstageDocumentParseReader(
        api_key="up_loopback", base_url=f"{base_url}/document-digitization", split="element"
    )
    return len(reader.load_data(path))


def throughput_sync(base_url: str, folder: str, cache: str) -> int:
    from upstage_docs.client.client import Client

    with Client(
        api_key="up_loopback", base_url=base_url, cache=cache or False, rates=_unlimited(), max_concurrency=AT_ONCE
    ) as client:
        return sum(1 for _ in client.parse_many(sorted(Path(folder).glob("*.pdf"))))


def throughput_async(base_url: str, folder: str, cache: str) -> int:
    import asyncio

    from upstage_docs.client.async_client import AsyncClient

    paths = sorted(Path(folder).glob("*.pdf"))

    async def count() -> int:
        async with AsyncClient(
            api_key="up_loopback", base_url=base_url, cache=cache or False, rates=_unlimited(), max_concurrency=AT_ONCE
        ) as client:
            return len([one async for one in client.parse_many(paths)])

    return asyncio.run(count())


def throughput_bare_httpx(base_url: str, folder: str, _cache: str) -> int:
    """What the machine gives: the same uploads out of as many threads, and nothing done with the answers."""
    from concurrent.futures import ThreadPoolExecutor

    import httpx

    fields = {"model": "document-parse", "output_formats": '["html", "markdown", "text"]'}
    with httpx.Client(timeout=60) as http, ThreadPoolExecutor(AT_ONCE) as pool:

        def post(path: Path) -> int:
            with path.open("rb") as file:
                return http.post(f"{base_url}/document-digitization", data=fields, files={"document": file}).status_code

        return sum(status == 200 for status in pool.map(post, sorted(Path(folder).glob("*.pdf"))))


SUBJECTS: dict[str, Callable[[str, str, str], int]] = {
    one.__name__: one
    for one in (
        upstage_docs_parts,
        upstage_docs_job,
        langchain_upstage_docs,
        langchain_upstage,
        llama_index_readers_upstage,
        throughput_bare_httpx,
        throughput_sync,
        throughput_async,
    )
}

LABELS = {
    "langchain_upstage": "langchain-upstage",
    "llama_index_readers_upstage": "llama-index-readers-upstage",
    "upstage_docs_parts": "`Client`, ten parts at once",
    "upstage_docs_job": "`Client`, a job",
    "langchain_upstage_docs": "`langchain_upstage_docs`, a job, `load()`",
    "throughput_bare_httpx": "bare httpx, ten threads",
    "throughput_sync": "`Client`",
    "throughput_async": "`AsyncClient`",
}
"""What the tables of the docs call each subject."""
# Those that are loaded when first needed, too.
OURS = (
    "upstage_docs.client.client",
    "upstage_docs.client.async_client",
    "pypdfium2",
    "anyio._backends._asyncio",
    "encodings.idna",
)
MODULES = {
    "langchain_upstage_docs": ("langchain_upstage_docs.loaders", *OURS),
    "langchain_upstage": ("langchain_upstage",),
    "llama_index_readers_upstage": ("llama_index.readers.upstage",),
}


def _unlimited() -> dict[Any, Any]:
    from upstage_docs.api.rates import RATES, Rate

    return dict.fromkeys(RATES, Rate())


def run_subject(name: str, base_url: str, path: str, cache: str) -> None:
    """Run one subject and print what it took, its imports apart."""
    import resource

    subject = SUBJECTS[name]
    for module in MODULES.get(name, OURS):
        importlib.import_module(module)
    before, peak = resource.getrusage(resource.RUSAGE_SELF), peak_memory()
    began = time.perf_counter()
    results = subject(base_url, path, cache)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"results": results, "wall": wall, "peak_mb": peak_memory() - peak, "cpu": processor}))


# -- the server and the tables


@contextmanager
def server(seconds_per_page: float, latency: float) -> Iterator[tuple[str, Any]]:
    sys.path.insert(0, str(HERE.parent / "tests"))  # where `pdf` finds how to draw one
    from upstage_docs.testing import PageElement, StandInReader, running_stand_in

    def full_page(_: int, text: str) -> list[PageElement]:
        """Make a page with as much text as a real one has."""
        return [PageElement("paragraph", one) for one in (text, *[f"{text}: {FILLER}"] * 11)]

    with running_stand_in(StandInReader(full_page, seconds_per_page=seconds_per_page)) as api:
        api.faults.latency = latency
        yield api.base_url, api.faults


def measure(python: str, subject: str, base_url: str, path: Path, cache: str = "") -> dict[str, Any]:
    command = [python, str(Path(__file__).resolve()), "subject", subject, base_url, str(path), cache]
    environment = {**os.environ, "UPSTAGE_API_KEY": "up_loopback"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{subject} failed:\n{done.stderr[-3000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def pdf(path: Path, pages: int) -> Path:
    from stand_in import make_pdf

    path.write_bytes(make_pdf(path.stem, pages))
    return path


@contextmanager
def exact_server() -> Iterator[str]:
    """Answer every upload `LATENCY` seconds after its last byte, with next to no work, in a process of its own."""
    process = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def serve() -> None:
    import asyncio

    sys.path.insert(0, str(HERE.parent / "tests"))
    from stand_in import parse_answer

    body = parse_answer(["one page"])
    reply = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
                await asyncio.sleep(LATENCY)
                writer.write(reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def listen() -> None:
        listening = await asyncio.start_server(converse, "127.0.0.1", 0)
        print(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1", flush=True)
        await listening.serve_forever()

    asyncio.run(listen())


def throughput(files: int, rounds: int) -> dict[str, Rows]:
    """Many documents of one page: each is one request, and the server takes `LATENCY` for it.

    In each round all subjects take turns, so that what else the machine does meets all of them; a ratio to bare httpx
    is one within a round. The disk's own time for bringing a page to the disk is measured in between.
    """
    ideal = files / AT_ONCE * LATENCY
    print(f"{files} documents, {AT_ONCE} at once, {LATENCY} s each: ideal {ideal:.2f} s; {rounds} rounds\n", flush=True)
    sys.path.insert(0, str(HERE.parent / "tests"))
    runs = [("throughput_bare_httpx", False)]
    runs += [(subject, kept) for subject in ("throughput_sync", "throughput_async") for kept in (False, True)]
    shares: dict[tuple[str, bool], list[float]] = {run: [] for run in runs}
    processor: dict[tuple[str, bool], list[float]] = {run: [] for run in runs}
    flushes: list[float] = []
    with tempfile.TemporaryDirectory() as name, exact_server() as base_url:
        folder = Path(name)
        (folder / "files").mkdir()
        for number in range(files):
            pdf(folder / "files" / f"{number:04}.pdf", 1)
        for turn in range(rounds):
            flushes += disk(folder)
            for subject, kept in runs:
                cache = str(folder / f"cache of {subject} {turn}") if kept else ""
                got = measure(sys.executable, subject, base_url, folder / "files", cache)
                assert got["results"] == files
                shares[subject, kept].append(ideal / got["wall"])
                processor[subject, kept].append(got["cpu"])
    print("| client | store | of the ideal: median | best | worst | of bare httpx: median | CPU s: median |")
    print("|---|---|---|---|---|---|---|")
    bare = shares[runs[0]]
    numbers: dict[str, dict[str, float]] = {}
    for subject, kept in runs:
        mine = shares[subject, kept]
        ratio = median([one / other for one, other in zip(mine, bare, strict=True)])
        numbers[LABELS[subject] + (", with the store" if kept else "")] = {
            "of the ideal": median(mine),
            "of bare httpx": ratio,
            "CPU s": median(processor[subject, kept]),
        }
        print(
            f"| {subject} | {'yes' if kept else 'no'} | {median(mine):.1%} | {max(mine):.1%} | {min(mine):.1%} | "
            f"{ratio:.1%} | {median(processor[subject, kept]):.2f} |"
        )
    flushes.sort()
    print(
        f"\nfsync of a page meanwhile: median {median(flushes):.1f} ms, one in twenty above "
        f"{flushes[len(flushes) * 19 // 20]:.1f} ms, worst {flushes[-1]:.0f} ms"
    )
    return {"throughput": numbers}


def disk(folder: Path) -> list[float]:
    """Milliseconds that each of a hundred writes of one page takes to the disk."""
    taken = []
    with (folder / "page").open("wb") as file:
        for _ in range(100):
            file.seek(0)
            file.write(os.urandom(4096))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
            time.sleep(0.01)
    return taken


def plugins(python: str, sizes: Sequence[int]) -> dict[str, Rows]:
    """One PDF of each size in pages, an element Document for each paragraph."""
    numbers: dict[str, dict[str, float]] = {}
    print("| subject | pages | wall s | requests | peak MB above its imports | CPU s | elements |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name, server(1 / 50, LATENCY) as (base_url, faults):
        folder = Path(name)
        for pages in sizes:
            path = pdf(folder / f"report {pages}.pdf", pages)
            cache = str(folder / "cache")
            for subject, interpreter, store in (
                ("langchain_upstage", python, ""),
                ("llama_index_readers_upstage", python, ""),
                ("upstage_docs_parts", sys.executable, ""),
                ("langchain_upstage_docs", sys.executable, ""),
                ("upstage_docs_job", sys.executable, cache),
                ("upstage_docs_job", sys.executable, cache),  # once more: all of it is read from the store
            ):
                before = len(faults.received)
                got = measure(interpreter, subject, base_url, path, store)
                requests = len(faults.received) - before
                label = LABELS[subject] + ("" if requests else ", once more: all is stored")
                numbers[f"{label}, {pages:,} pages"] = {
                    "wall s": got["wall"],
                    "requests": requests,
                    "peak MB above its imports": got["peak_mb"],
                    "CPU s": got["cpu"],
                }
                print(
                    f"| {subject}{' (stored)' if not requests else ''} | {pages} | {got['wall']:.1f} | {requests} | "
                    f"{got['peak_mb']:.0f} | {got['cpu']:.1f} | {got['results']} |",
                    flush=True,
                )
    return {"plugins": numbers}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    many = commands.add_parser("throughput")
    many.add_argument("--files", type=int, default=600)
    many.add_argument("--rounds", type=int, default=3)
    beside = commands.add_parser("plugins")
    beside.add_argument("--python", required=True, help="the Python that has the plugins")
    beside.add_argument("--pages", type=int, nargs="+", default=[100, 1000], help="of each PDF")
    for command in (many, beside):
        add_json_option(command)
    commands.add_parser("serve", help="used by throughput")
    alone = commands.add_parser("subject", help="used by the other two")
    for name in ("name", "base_url", "path", "cache"):
        alone.add_argument(name)
    given = parser.parse_args()
    if given.command == "throughput":
        write_json(given.json, throughput(given.files, given.rounds))
    elif given.command == "plugins":
        write_json(given.json, plugins(given.python, given.pages))
    elif given.command == "serve":
        serve()
    else:
        run_subject(given.name, given.base_url, given.path, given.cache)


if __name__ == "__main__":
    main()
