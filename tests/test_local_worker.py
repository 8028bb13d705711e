"""Worker processes: limits, crashes and owners, with a misbehaving worker of the tests; and real ones in every place
where people run Python: scripts, pools, forks, notebooks."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from eventually import GENEROUS, eventually
from test_local_damage import pdf as report, words

from upstage_docs.errors import ConfigError
from upstage_docs.local import BASE_URL, Engine, LocalTransport, WorkerLimits
from upstage_docs.local.service.workers import WorkerPool

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="worker processes are limited by POSIX means")

SYNC = "/document-digitization"

# A worker whose documents are Python: `%PDF`, a line break, and what to do.
WORKER = """
import json, sys
from upstage_docs.local.service.pipe import Begin, AnswerPart
from upstage_docs.local.worker import main

def read(task, data):
    scope = {"pages": 1, "say": {}}
    code = data.decode().split("\\n", 1)[1]
    before, _, between = code.partition("---\\n")
    exec(before, scope)
    yield Begin(scope["pages"])
    step = task.batch_pages or scope["pages"]
    for start in range(1, scope["pages"] + 1, step):
        scope["start"] = start
        exec(between, scope)
        end = min(start + step - 1, scope["pages"])
        body = {"usage": {"pages": end - start + 1}, "elements": [], "say": scope["say"]}
        yield AnswerPart(start, end, json.dumps(body).encode())

main(read)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "worker.py"
    path.write_text(WORKER)
    return path


def engine_client(opened: ExitStack, script: Path, **limits: Any) -> httpx.Client:
    """A client of an engine with a worker of *script*; all that is opened ends with *opened*."""
    pool = WorkerPool(WorkerLimits(**{"workers": 1, **limits}), command=[sys.executable, str(script)])
    engine = Engine(pool.read)
    client = httpx.Client(transport=LocalTransport(engine), base_url=BASE_URL, timeout=GENEROUS)
    for one in (pool, engine, client):
        opened.callback(one.close)
    return client


@pytest.fixture
def pools(script: Path) -> Iterator[Any]:
    """Makes clients whose worker is the misbehaving one."""
    with ExitStack() as opened:
        yield lambda **limits: engine_client(opened, script, **limits)


def ask(client: httpx.Client, code: str, path: str = SYNC) -> httpx.Response:
    document = ("%PDF-\n" + textwrap.dedent(code)).encode()
    return client.post(path, data={"model": "document-parse"}, files={"document": ("a.pdf", document)})


def job(client: httpx.Client, request_id: str, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """Return the job's status as soon as it is as *wanted*."""
    seen: dict[str, Any] = {}

    def look() -> Any:
        seen.update(client.get(f"{SYNC}/requests/{request_id}").json())
        return wanted(seen)

    eventually(look, "the job is as wanted")
    return seen


def said(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()["say"]


def refusal(response: httpx.Response) -> str:
    assert response.status_code == 422, response.text
    return str(response.json()["message"])


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be reaped does not."""
    try:
        os.kill(pid, 0)
        if not Path("/proc/self").exists():
            return True
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def gone(pid: int) -> bool:
    return eventually(lambda: not alive(pid), f"process {pid} has ended")


def written(path: Path) -> int:
    """Return the process number that another process writes to *path*."""
    return int(eventually(lambda: path.exists() and path.read_text(), f"{path.name} is written"))


def test_a_warm_worker_reads_the_next_document(pools: Any) -> None:
    client = pools()
    code = "import os; say = os.getpid()"

    assert said(ask(client, code)) == said(ask(client, code)) != os.getpid()


def test_a_worker_of_a_large_process_stays_warm(pools: Any) -> None:
    """The kernel hands the peak memory of the parent down to what it starts; that is no size of the worker's."""
    client = pools()
    large = bytearray(600 << 20)
    large[::4096] = b"x" * len(large[::4096])
    code = "import os; say = os.getpid()"

    assert said(ask(client, code)) == said(ask(client, code))


def test_what_a_library_prints_does_not_disturb_the_answer(pools: Any, capfd: pytest.CaptureFixture[str]) -> None:
    client = pools()

    assert said(ask(client, "import os; print('noise', flush=True); os.write(1, b'noise' * 1000); say = 'ok'")) == "ok"
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; os.abort()", "SIGABRT"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("import os; os._exit(3)", "exit status 3"),
        ("import os; os._exit(0)", "exit status 0"),
        ("x = bytearray(2 << 30)", "more memory"),
        ("x = [bytes(1_000_000) for _ in range(10**9)]", "more memory"),
        ("pages = 2\n---\nif start == 1: import os; os.abort()", "SIGABRT"),
    ],
)
def test_a_crash_fails_its_document_and_no_other(pools: Any, code: str, message: str) -> None:
    """The answer is 422 and says what happened; the next document is read."""
    client = pools(memory=1 << 30)

    assert message in refusal(ask(client, code))
    assert said(ask(client, "say = 'alive'")) == "alive"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise ValueError('what the library says')", "ValueError: what the library says"),
        ("def f(): f()\nf()", "RecursionError"),
        ("class PanicException(BaseException): ...\nraise PanicException('what Rust says')", "what Rust says"),
    ],
    ids=["exception", "recursion", "panic"],
)
def test_a_defect_of_ours_is_told_as_one(pools: Any, caplog: pytest.LogCaptureFixture, code: str, told: str) -> None:
    """The document is not blamed and no Python error is named; the log says what it was, and the next one is read."""
    client = pools(memory=1 << 30)
    message = refusal(ask(client, code))

    assert "defect of the engine" in message
    assert "Error" not in message
    assert "Exception" not in message
    assert told in caplog.text
    assert said(ask(client, "say = 'alive'")) == "alive"


@pytest.mark.parametrize("code", ["import time; time.sleep(600)", "while True: pass", "list(map(hash, range(10**12)))"])
def test_the_kernel_ends_what_takes_too_long(pools: Any, code: str) -> None:
    """Also where no line of Python runs any more."""
    client = pools(seconds=1)

    assert refusal(ask(client, code)) == "the document took longer than 1 seconds to read"
    eventually(lambda: ask(client, "say = 'alive'").status_code == 200, "the next document is read in a second")


def test_a_crash_in_a_job_keeps_its_completed_batches(pools: Any) -> None:
    client = pools()
    code = "pages = 25\n---\nif start == 11: import os; os.abort()"
    request_id = ask(client, code, f"{SYNC}/async").json()["request_id"]
    status = job(client, request_id, lambda status: status["status"] == "failed")

    assert "SIGABRT" in status["failure_message"]
    assert [batch["status"] for batch in status["batches"]] == ["completed", "failed", "failed"]
    assert client.get(status["batches"][0]["download_url"]).status_code == 200


DYING = """
import os, signal, sys
from upstage_docs.local import read_document as module, worker

read = module.read_document

def dying(task, data, tell):
    def tell_and_die(first, last):
        tell(first, last)
        if any(first <= page <= last and page not in dict(task.lost) for page in PAGES):
            os.kill(os.getpid(), signal.SIGKILL)
    return read(task, data, tell_and_die)

module.read_document = dying
worker.main()
"""


@pytest.fixture
def dying(tmp_path: Path) -> Iterator[Callable[..., httpx.Client]]:
    """Makes clients of an engine whose worker is killed whenever it begins to read certain pages."""
    with ExitStack() as opened:

        def make(*pages: int) -> httpx.Client:
            path = tmp_path / "dying.py"
            path.write_text(DYING.replace("PAGES", repr(pages)))
            return engine_client(opened, path)

        yield make


def numbered(pages: int) -> bytes:
    """Return a PDF whose pages say their number."""
    return report(*(words(f"This is page number {number} of them.") for number in range(1, pages + 1)))


def test_a_page_that_ends_the_worker_costs_itself_alone(dying: Callable[..., httpx.Client]) -> None:
    """A whole answer has every other page, and says of which pages nothing is told."""
    data = {"model": "document-parse", "output_formats": "['text']"}
    response = dying(3, 14).post(SYNC, data=data, files={"document": numbered(16)})
    answer = response.json()

    assert response.status_code == 200
    assert {element["page"] for element in answer["elements"]} == {*range(1, 17)} - {3, 14}
    assert [element["id"] for element in answer["elements"]] == list(range(len(answer["elements"])))
    assert [warning["page"] for warning in answer["warnings"]] == [3, 14]
    assert all("SIGKILL" in warning["message"] for warning in answer["warnings"])


def test_a_job_goes_on_behind_a_page_that_ends_the_worker(dying: Callable[..., httpx.Client]) -> None:
    """Batches that were there before stay as they are, and element ids run on."""
    client = dying(13)
    data = {"model": "document-parse", "output_formats": "['text']"}
    request_id = client.post(f"{SYNC}/async", data=data, files={"document": numbered(24)}).json()["request_id"]
    status = job(client, request_id, lambda status: status["status"] in {"completed", "failed"})
    elements = [
        element for batch in status["batches"] for element in client.get(batch["download_url"]).json()["elements"]
    ]

    assert status["status"] == "completed"
    assert [element["page"] for element in elements] == [page for page in range(1, 25) if page != 13]
    assert [element["id"] for element in elements] == list(range(len(elements)))


def test_a_document_whose_only_page_ends_the_worker_is_refused(dying: Callable[..., httpx.Client]) -> None:
    response = dying(1).post(SYNC, data={"model": "document-parse"}, files={"document": numbered(1)})

    assert "SIGKILL" in refusal(response)


def test_the_first_batch_is_there_while_the_next_is_read(pools: Any) -> None:
    client = pools()
    code = "pages = 20\n---\nif start == 11: import time; time.sleep(600)"
    request_id = ask(client, code, f"{SYNC}/async").json()["request_id"]
    status = job(client, request_id, lambda status: status["completed_pages"])

    assert status["status"] == "started"
    assert client.get(status["batches"][0]["download_url"]).json()["usage"] == {"pages": 10}


def test_two_workers_read_at_the_same_time(pools: Any) -> None:
    """Each waits for the other's file."""
    client = pools(workers=2)
    folder = Path(client._transport._engine._read.__self__._command[1]).parent
    code = """
    import pathlib, time
    pathlib.Path({0!r}).touch()
    while not pathlib.Path({1!r}).exists(): time.sleep(0.01)
    """
    names = [str(folder / "a"), str(folder / "b")]
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda pair=pair: answers.append(ask(client, code.format(*pair))))
        for pair in (names, names[::-1])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.socket()",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
        "import os; os.posix_spawn('/bin/true', ['true'], {})",
        "import os; os.execv('/bin/true', ['true'])",
    ],
)
def test_a_worker_has_no_network_and_starts_nothing(pools: Any, caplog: pytest.LogCaptureFixture, code: str) -> None:
    """Python code in it is refused by an audit hook."""
    assert refusal(ask(pools(), code))
    assert "neither uses the network nor starts programs" in caplog.text


def test_a_worker_sees_no_key_and_no_programs(pools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Native code finds no program by name: the path is empty."""
    monkeypatch.setenv("UPSTAGE_API_KEY", "up_secret")
    environment = said(ask(pools(), "import os; say = dict(os.environ)"))

    assert environment["PATH"] == ""
    assert "UPSTAGE_API_KEY" not in environment
    assert "up_secret" not in json.dumps(environment)


def test_a_worker_that_does_not_start_is_the_engines_fault_and_not_the_documents() -> None:
    """500, with how it ended and how to see why."""
    pool = WorkerPool(WorkerLimits(workers=1), command=[sys.executable, "-c", "raise SystemExit(7)"])
    with httpx.Client(transport=LocalTransport(Engine(pool.read)), base_url=BASE_URL) as client:
        response = ask(client, "say = 1")
    pool.close()

    assert response.status_code == 500
    assert "does not start (exit status 7); to see why, run: " in response.json()["error"]["message"]


@pytest.mark.parametrize("limits", [{"memory": 1}, {"seconds": 0}, {"workers": 0}, {"idle": -1}])
def test_limits_that_let_nothing_be_read_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(limits))):
        WorkerLimits(**limits)


def test_an_idle_worker_ends_itself_and_another_takes_over(pools: Any) -> None:
    client = pools(idle=0.2)
    first = said(ask(client, "import os; say = os.getpid()"))

    assert gone(first)
    assert said(ask(client, "import os; say = os.getpid()")) != first


def test_a_transport_that_is_dropped_leaves_no_worker(script: Path) -> None:
    """Without `close`; and without a ResourceWarning, which would be an error here."""
    pool = WorkerPool(WorkerLimits(workers=1))
    engine = Engine(limits=WorkerLimits(workers=1))
    pool.close()
    client = httpx.Client(transport=LocalTransport(engine), base_url=BASE_URL)
    ask(client, "this is no PDF")
    pid = engine._pool._warm[0].process.pid
    assert alive(pid)
    client.close()
    del client, engine
    gc.collect()

    assert gone(pid)


async def test_a_cancelled_request_kills_its_worker(pools: Any, tmp_path: Path) -> None:
    """The one that reads for it, within moments; the next request gets another."""
    transport = pools()._transport
    code = f"%PDF-\nimport os, time, pathlib; pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()));"
    files = {"document": ("a.pdf", (code + "time.sleep(600)").encode())}
    async with httpx.AsyncClient(
        transport=LocalTransport(transport._engine), base_url=BASE_URL, timeout=GENEROUS
    ) as client:
        request = asyncio.create_task(client.post(SYNC, data={"model": "document-parse"}, files=files))
        pid = await asyncio.to_thread(written, tmp_path / "pid")
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        assert await asyncio.to_thread(gone, pid)
        after = await client.post(SYNC, data={"model": "document-parse"}, files={"document": b"%PDF-\nsay = 1"})

    assert after.status_code == 200


# What follows runs real programs with real workers.

PARSE = """
import httpx, sys
from upstage_docs.errors import ConfigError
from upstage_docs.local import BASE_URL, Engine, LocalTransport

def parse(path, transport=None):
    with httpx.Client(transport=transport or LocalTransport(), base_url=BASE_URL, timeout=300) as client:
        with open(path, "rb") as file:
            form = {"model": "document-parse", "output_formats": "['text']"}
            answer = client.post("/document-digitization", data=form, files={"document": file})
    assert answer.status_code == 200, answer.text
    return answer.json()["content"]["text"].split()[0]
"""


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    stream = io.BytesIO()
    page = canvas.Canvas(stream)
    page.drawString(72, 700, "Readable text of one page.")
    page.save()
    path = tmp_path_factory.mktemp("pdf") / "one.pdf"
    path.write_bytes(stream.getvalue())
    return path


def run(folder: Path, code: str, *arguments: object, flags: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    program = folder / "program.py"
    program.write_text(PARSE + textwrap.dedent(code))
    command = [sys.executable, "-W", "error", *flags, str(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=folder)


def outcome(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.split()


def test_a_script_without_a_guard_runs_once_and_leaves_nothing(tmp_path: Path, pdf: Path) -> None:
    """No `if __name__ == "__main__"`, no `close`: nothing is run twice, nothing left, nothing said on stderr."""
    code = """
    print("once")
    engine = Engine()
    transport = LocalTransport(engine)
    print(parse(sys.argv[1], transport), engine._pool._warm[0].process.pid)
    """
    once, text, pid = outcome(run(tmp_path, code, pdf, flags=("-X", "dev")))

    assert (once, text) == ("once", "Readable")
    assert gone(int(pid))


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_it_works_inside_a_pool_of_processes(tmp_path: Path, pdf: Path, method: str) -> None:
    """Daemonic workers may not have children of multiprocessing's own; ours are none."""
    code = f"""
    import multiprocessing
    if __name__ == "__main__":
        with multiprocessing.get_context("{method}").Pool(2) as pool:
            print(*pool.map(parse, [sys.argv[1]] * 3))
    """
    assert outcome(run(tmp_path, code, pdf)) == ["Readable"] * 3


def test_a_forked_child_has_an_engine_of_its_own(tmp_path: Path, pdf: Path) -> None:
    """Parent and child go on after a fork with a warm worker; the child's end does not end the parent's worker."""
    code = """
    import os
    transport = LocalTransport(Engine())
    engine = transport._engine
    parse(sys.argv[1], transport)
    ours = engine._pool._warm[0].process.pid
    child = os.fork()
    if not child:
        parse(sys.argv[1], transport)
        theirs = engine._pool._warm[0].process.pid
        print(theirs != ours, flush=True)
        engine.close()
        os._exit(0)
    os.waitpid(child, 0)
    print(parse(sys.argv[1], transport), engine._pool._warm[0].process.pid == ours)
    """
    assert outcome(run(tmp_path, code, pdf)) == ["True", "Readable", "True"]


def test_it_works_in_a_notebook(tmp_path: Path, pdf: Path) -> None:
    """A sync call inside a running loop, and a `__main__` that is no file."""
    code = """
    import asyncio
    del sys.modules["__main__"].__file__

    async def cell():
        print(parse(sys.argv[1]))
        async with httpx.AsyncClient(transport=LocalTransport(), base_url=BASE_URL) as client:
            content = open(sys.argv[1], "rb")
            form = {"model": "document-parse"}
            print((await client.post("/document-digitization", data=form, files={"document": content})).status_code)
            content.close()

    asyncio.run(cell())
    """
    assert outcome(run(tmp_path, code, pdf)) == ["Readable", "200"]


def test_a_file_of_the_user_does_not_shadow_a_module(tmp_path: Path, pdf: Path) -> None:
    """A `liteparse.py` in the current folder is not what the worker imports."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "liteparse.py").write_text("raise SystemExit('shadowed')")
    code = "import os; os.chdir('elsewhere'); print(parse(sys.argv[1]))"

    assert outcome(run(tmp_path, code, pdf)) == ["Readable"]


def test_interrupting_the_owner_ends_its_worker(tmp_path: Path, script: Path) -> None:
    """Ctrl-C in a sync call: KeyboardInterrupt comes up, and nothing is left behind."""
    owner = tmp_path / "owner.py"
    document = b"%PDF-\nimport os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
    owner.write_text(
        PARSE
        + textwrap.dedent(f"""
        import signal
        from upstage_docs.local.service.workers import WorkerPool
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background has it ignored
        pool = WorkerPool(command=[sys.executable, {str(script)!r}])
        files = {{"document": {document!r}}}
        with httpx.Client(transport=LocalTransport(Engine(pool.read)), base_url=BASE_URL, timeout=600) as client:
            client.post("/document-digitization", data={{"model": "document-parse"}}, files=files)
        """).replace("open('pid'", f"open({str(tmp_path / 'pid')!r}")
    )
    process = subprocess.Popen([sys.executable, str(owner)], stderr=subprocess.PIPE, text=True)
    pid = written(tmp_path / "pid")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=GENEROUS)

    assert "KeyboardInterrupt" in errors
    assert gone(pid)


def test_a_killed_owner_leaves_no_worker(tmp_path: Path, pdf: Path) -> None:
    """kill -9 gives no time to close anything; a worker without an owner ends itself."""
    program = tmp_path / "owner.py"
    code = """
    import time
    engine = Engine()
    parse(sys.argv[1], LocalTransport(engine))
    print(engine._pool._warm[0].process.pid, flush=True)
    time.sleep(600)
    """
    program.write_text(PARSE + textwrap.dedent(code))
    process = subprocess.Popen([sys.executable, str(program), str(pdf)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    assert alive(pid)
    process.kill()
    process.communicate()

    assert gone(pid)
