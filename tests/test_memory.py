"""What a large answer costs: its bytes and what they become, and no copy of either."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells a peak anew")

# Prints the highest memory of a call, and what is held after it, both in sizes of the answer.
CODE = """
import gc, httpx, json, sys
from pathlib import Path
from upstage_docs import Client, RetryPolicy, UpstageDocsError

kind, folder, source = sys.argv[1:4]
SIZE = 24 * 2**20
COUNT = 48
element = (
    b'{"id": %d, "category": "paragraph", "page": %s, "coordinates": [], "content": {"html": "", "markdown": "", '
    b'"text": ""}, "base64_encoding": "%s"}'
)
END = b'], "usage": {"pages": 1}, "model": "document-parse"}'

def answer():
    if kind == "refused":
        yield b'{"error": {"message": "no", "code": "'
        for _ in range(COUNT):
            yield b"a" * (SIZE // COUNT)
        yield b'"}}'
        return
    if kind == "many values":
        yield b'{"elements": ['
        for _ in range(COUNT):
            yield b"{}," * (SIZE // COUNT // 3)
        yield b'{}], "usage": {"pages": 1}}'
        return
    if kind == "white space":
        yield b" \\n"
    yield b'{"elements": ['
    for number in range(COUNT):
        page = b"true" if kind == "odd field" and not number else b"1"
        letter = "\\N{HANGUL SYLLABLE GA}".encode() if kind == "Korean" else b"a"
        yield b"," * bool(number) + element % (number, page, letter * (SIZE // COUNT // len(letter)))
    yield END

class Answering(httpx.BaseTransport):
    def handle_request(self, request):
        request.read()
        class Pieces(httpx.SyncByteStream):
            def __iter__(self):
                yield from answer()
        return httpx.Response(400 if kind == "refused" else 200, stream=Pieces())

def memory(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024

def call(cache):
    options = {"transport": Answering(), "cache": cache, "retry": RetryPolicy(attempts=1)}
    with Client(api_key="up_0000000000000000", **options) as client:
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")
        before = memory("VmRSS")
        try:
            kept = client.parse(source)
        except UpstageDocsError as error:
            kept = error
        gc.collect()
        return [(memory("VmHWM") - before) / SIZE, (memory("VmRSS") - before) / SIZE, type(kept).__name__]

SIZE, size = 0x10000, SIZE
call(False)  # what is imported and allocated once
SIZE = size
cache = folder if folder else False
found = [call(cache)]
if folder:
    found.append(call(cache))
print(json.dumps(found))
"""


@pytest.mark.parametrize("stored", [False, True], ids=["without a store", "with a store"])
@pytest.mark.parametrize(
    ("kind", "most", "outcome"),
    [
        ("plain", 2.4, "ParsedDocument"),
        ("Korean", 2.4, "ParsedDocument"),
        ("white space", 2.4, "ParsedDocument"),
        ("odd field", 2.4, "ParsedDocument"),
        ("refused", 2.4, "BadRequestError"),
        ("many values", 2.4, "InvalidResponseError"),
    ],
)
def test_an_answer_costs_its_bytes_and_what_they_become(
    kind: str, most: float, outcome: str, stored: bool, tmp_path: Path, sample_pages: Path
) -> None:
    folder = str(tmp_path / "store") if stored else ""
    command = [sys.executable, "-c", CODE, kind, folder, str(sample_pages)]
    # glibc gives large blocks back when they are freed, and not only where nothing lies behind them.
    given_back = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=given_back)
    assert run.returncode == 0, run.stderr
    # Python 3.10 cannot write into a row of SQLite, which copies what it is given, and keeps one of the copies.
    most += 2 if stored and not hasattr(sqlite3.Connection, "blobopen") else 0
    for peak, held, what in json.loads(run.stdout):
        assert what == outcome
        assert peak < most, f"{peak:.2f} times the answer at once"
        assert held < most, f"{held:.2f} times the answer afterwards"


@pytest.fixture
def sample_pages(tmp_path: Path) -> Path:
    """Return a picture, which is one page."""
    from PIL import Image

    path = tmp_path / "page.png"
    Image.new("RGB", (64, 64), "white").save(path)
    return path


WAITING = """
import gc, json
from pathlib import Path
from upstage_docs.errors.redaction import Body
from upstage_docs.models import Answer, ParsedDocument
from upstage_docs.store.waiting import WaitingPieces

SIZE = 24 * 2**20

def memory(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024

def piece(size):
    answers = (Answer(Body(b"a" * size)),)
    return ParsedDocument(source="a", file_sha256="", model="", elements=(), html="a" * size, answers=answers)

def growth(action):
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    action()
    return (memory("VmHWM") - before) / SIZE

pieces = WaitingPieces()
for size in (10, 10, SIZE):
    pieces.append(piece(size))
pieces[0]
found = [growth(lambda: pieces.append(piece(10))), growth(lambda: pieces[2])]
assert not pieces.is_in_memory(2) and pieces[2] == piece(SIZE)
print(json.dumps(found))
"""


def test_what_waits_on_disk_is_not_copied_on_its_way_there_and_back() -> None:
    run = subprocess.run([sys.executable, "-c", WAITING], capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    written, read = json.loads(run.stdout)
    assert written < 1.5, f"{written:.2f} times its body to write a piece that is twice that"
    assert read < 3.5, f"{read:.2f} times its body to read a piece that is twice that"
