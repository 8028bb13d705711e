"""The store: nothing paid twice, nothing lost, whatever is killed, damaged, full or busy."""

from __future__ import annotations

import gc
import hashlib
import logging
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import fields
from pathlib import Path
from types import CodeType

import pytest
from conftest import open_files
from eventually import GENEROUS, threads_gone
from interrupting import hearing_ctrl_c, interrupted

from upstage_docs import Client
from upstage_docs.errors import ConfigError, UnknownOutcomeError
from upstage_docs.options import OCROptions, ParseOptions
from upstage_docs.store import processes as owners
from upstage_docs.store.database import Database
from upstage_docs.store.store import Store
from upstage_docs.store.values import WHOLE_FILE, AlreadyStored, Busy, Claim, Intent, ResultKey, StoredState

ROOT = "https://api.upstage.ai/v1"
KEY = ResultKey.of("ab" * 32, ParseOptions(), ROOT)
OTHER = ResultKey.of("ef" * 32, ParseOptions(), ROOT)


class Clock:
    """Unix seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Store:
    return Store(tmp_path / "cache" / "store.sqlite3", clock=clock, steady=clock)


def claim(
    store: Store,
    pages: tuple[int, int] | None = (1, 10),
    key: ResultKey = KEY,
    *,
    resend: bool = False,
    refresh: bool = False,
) -> Claim:
    got = store.claim(key, pages, seconds=60, route="sync", source="a.pdf", resend=resend, refresh=refresh)
    assert isinstance(got, Claim), got
    return got


def pay(store: Store, pages: tuple[int, int], raw: bytes = b"{}", key: ResultKey = KEY) -> None:
    store.answered(claim(store, pages, key), raw, pages, model="m", total_pages=pages[1])


def in_another_process(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    program = "import sys; from pathlib import Path\nfrom upstage_docs.store.store import Store\n"
    program += "from upstage_docs.store.values import *\nfrom upstage_docs.options import ParseOptions\n"
    program += f"KEY = ResultKey.of({KEY.file_sha256!r}, ParseOptions(), {ROOT!r})\n" + code
    command = [sys.executable, "-W", "error", "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


# -- keys


def test_key_knows_what_changes_an_answer_and_nothing_else() -> None:
    def digest(root: str = ROOT, engine_version: str = "", **options: object) -> str:
        return ResultKey.of("ab" * 32, ParseOptions(**options), root, engine_version=engine_version).digest  # type: ignore[arg-type]

    base = digest()
    assert digest() == base
    assert digest(root=ROOT + "/") == base
    assert digest(output_formats=("text", "html", "markdown")) == base
    different = [
        digest(model="document-parse-nightly"),
        digest(mode="enhanced"),
        digest(ocr="force"),
        digest(chart_recognition=False),
        digest(merge_multipage_tables=True),
        digest(output_formats=("text",)),
        digest(coordinates=False),
        digest(base64_encoding=("table",)),
        digest(extra_fields={"words": "true"}),
        digest(root="https://gateway.example/v1"),
        digest(engine_version="local-1"),
        ResultKey.of("cd" * 32, ParseOptions(), ROOT).digest,
        ResultKey.of("ab" * 32, OCROptions(), ROOT).digest,
    ]
    assert len({base, *different}) == len(different) + 1


def test_key_stays_the_same_over_releases() -> None:
    """A changed digest would make every user pay again for everything: change it knowingly."""
    assert KEY.digest == "618a0b46f84030923459fe6941e68014343253a8f2c02f3ced174904942f0714"


# -- one send


def test_answer_is_given_back_byte_for_byte_with_what_it_cost(store: Store) -> None:
    raw = bytes(range(256)) * 100
    assert store.look(KEY) == StoredState()
    pay(store, (1, 10), raw)
    held = store.look(KEY)
    assert (held.answers, held.total_pages, held.jobs, held.intents) == (((1, 10),), 10, (), ())
    answer = store.read(KEY, (1, 10))
    assert answer is not None
    assert (answer.raw, answer.pages, answer.model, answer.sends) == (raw, (1, 10), "m", 1)
    assert store.read(KEY, (1, 9)) is None


def test_what_is_held_cannot_be_claimed_again_in_whole_or_in_part(store: Store) -> None:
    pay(store, (1, 10))
    for pages in ((1, 10), (10, 20), (3, 4), None):
        assert store.claim(KEY, pages, seconds=60, route="sync") == AlreadyStored()
    claim(store, (11, 20))


def test_a_second_claim_waits_for_the_first_and_finds_its_answer(store: Store, clock: Clock) -> None:
    first = claim(store)
    assert store.claim(KEY, (5, 15), seconds=60, route="sync") == Busy(clock.now + 60)
    store.answered(first, b"{}", (1, 10), model="m")
    assert store.claim(KEY, (5, 15), seconds=60, route="sync") == AlreadyStored()


def test_a_withdrawn_claim_leaves_nothing(store: Store) -> None:
    store.withdraw(claim(store))
    assert store.intents() == ()
    assert claim(store).sends == 1


def test_an_abandoned_claim_is_reported_and_never_guessed(store: Store) -> None:
    store.abandon(claim(store))
    found = store.claim(KEY, (10, 12), seconds=60, route="sync")
    assert isinstance(found, Intent)
    assert (found.source, found.pages, found.route, found.key) == ("a.pdf", (1, 10), "sync", KEY)
    assert UnknownOutcomeError("?", intent=found).intent == found


def test_resend_counts_both_payments(store: Store) -> None:
    store.abandon(claim(store))
    again = claim(store, resend=True)
    assert again.sends == 2
    store.answered(again, b"{}", (1, 10), model="m")
    answer = store.read(KEY, (1, 10))
    assert answer is not None
    assert answer.sends == 2
    assert store.intents() == ()


def test_resending_a_part_leaves_the_rest_of_the_intent_open(store: Store) -> None:
    store.abandon(claim(store, (1, 10)))
    store.answered(claim(store, (4, 6), resend=True), b"{}", (4, 6), model="m")
    assert sorted(intent.pages or () for intent in store.intents()) == [(1, 3), (7, 10)]
    assert isinstance(store.claim(KEY, (1, 3), seconds=60, route="sync"), Intent)


def test_a_claim_expires_with_its_deadline_and_can_be_renewed(store: Store, clock: Clock) -> None:
    first = claim(store)
    clock.now += 50
    store.renew(first, 60)
    clock.now += 50
    assert isinstance(store.claim(KEY, (1, 10), seconds=60, route="sync"), Busy)
    clock.now += 11
    assert isinstance(store.claim(KEY, (1, 10), seconds=60, route="sync"), Intent)


@pytest.mark.parametrize(
    ("owner", "days"),
    [
        *(("this process", -1), ("this process", 1), ("another process", -1), ("another process", 1)),
        ("another machine", -1),  # set ahead, the clock alone could tell that a process elsewhere is gone
    ],
)
def test_a_clock_that_is_set_neither_ends_a_claim_nor_prolongs_it(tmp_path: Path, owner: str, days: int) -> None:
    clock, steady = Clock(), Clock()
    kept = Store(tmp_path / "store.sqlite3", clock=clock, steady=steady)
    first = claim(kept)
    kept.renew(first, 60)
    elsewhere = {
        "another process": f"{owners.name().partition('|')[0]}|{os.getppid()}|",
        "another machine": "there|1|1",
    }
    with closing(sqlite3.connect(tmp_path / "store.sqlite3")) as db, db:
        db.execute("UPDATE intent SET owner = ?", (elsewhere.get(owner, owners.name()),))
    clock.now += days * 86400.0
    busy = kept.claim(KEY, (1, 10), seconds=60, route="sync")
    assert isinstance(busy, Busy)
    steady.now += 59
    assert kept.claim(KEY, (1, 10), seconds=60, route="sync", busy=busy) == busy
    steady.now += 2
    assert isinstance(kept.claim(KEY, (1, 10), seconds=60, route="sync", busy=busy), Intent)


def test_claims_on_several_pages_are_waited_for_at_the_same_time(store: Store, clock: Clock) -> None:
    """Another machine made them, whose clock is a day ahead."""
    assert store.path is not None
    for pages in ((1, 5), (6, 10)):
        claim(store, pages)
        clock.now += 1
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE intent SET owner = 'there|1|1', created = created + 86400, expires = expires + 86400")
    answer, waited = store.claim(KEY, (1, 10), seconds=60, route="sync"), 0
    while isinstance(answer, Busy) and waited < 300:
        clock.now += 1
        waited += 1
        answer = store.claim(KEY, (1, 10), seconds=60, route="sync", busy=answer)
    assert isinstance(answer, Intent)
    assert waited == 60


def test_a_claim_that_is_renewed_after_the_clock_was_set_is_held(store: Store, clock: Clock) -> None:
    first = claim(store)
    code = "print(type(Store(Path(sys.argv[1]), clock=lambda: float(sys.argv[2])).claim(KEY, (1, 10), seconds=9,"
    code += " route='sync')).__name__)"
    clock.now -= 86400.0
    store.renew(first, 60)
    assert in_another_process(code, store.path, clock.now).stdout.strip() == "Busy"


def test_refresh_pays_again_and_replaces_what_it_overlaps(store: Store) -> None:
    pay(store, (1, 10), b"old")
    pay(store, (11, 20), b"kept")
    store.answered(claim(store, (1, 10), refresh=True), b"new", (1, 10), model="m")
    assert store.look(KEY).answers == ((1, 10), (11, 20))
    answer = store.read(KEY, (1, 10))
    assert answer is not None
    assert answer.raw == b"new"


def test_an_answer_with_fewer_pages_than_asked_leaves_only_the_rest_to_send(store: Store) -> None:
    store.answered(claim(store, (1, 150)), b"{}", (1, 100), model="m")
    assert store.look(KEY).answers == ((1, 100),)
    claim(store, (101, 150))


# -- jobs


def test_a_job_is_resumed_with_its_batches(store: Store) -> None:
    job = store.submitted(claim(store, (1, 30)), "r-1")
    store.batch(job, b"two", (11, 20), model="m")
    held = store.look(KEY)
    assert held.jobs == (job,)
    assert (job.request_id, job.pages, held.answers, held.intents) == ("r-1", (1, 30), ((11, 20),), ())
    assert store.claim(KEY, (1, 5), seconds=60, route="async") == AlreadyStored()
    store.batch(job, b"one", (1, 10), model="m")
    store.batch(job, b"three", (21, 30), model="m")
    store.finished(job, 30)
    assert store.look(KEY) == StoredState(30, ((1, 10), (11, 20), (21, 30)), (), ())


def test_the_last_batch_closes_a_job(store: Store) -> None:
    """Killed after it, nobody would come back to close it."""
    job = store.submitted(claim(store, (11, 30)), "r-1")
    store.batch(job, b"two", (21, 30), model="m")
    assert store.jobs() == (job,)
    store.batch(job, b"one", (11, 20), model="m")
    assert store.jobs() == ()


def test_a_refreshing_job_is_not_closed_by_old_answers(store: Store, clock: Clock) -> None:
    pay(store, (1, 10), b"old")
    pay(store, (11, 20), b"old")
    clock.now += 1
    job = store.submitted(claim(store, (1, 20), refresh=True), "r-1")
    store.batch(job, b"new", (1, 10), model="m")
    assert store.jobs() == (job,)
    store.batch(job, b"new", (11, 20), model="m")
    assert store.jobs() == ()


@pytest.mark.parametrize("set_back", ["before the job", "during the job"])
def test_what_a_job_gave_is_told_from_what_came_before_though_the_clock_was_set_back(
    store: Store, clock: Clock, set_back: str
) -> None:
    pay(store, (1, 10), b"old")
    pay(store, (11, 20), b"old")
    clock.now -= 86400.0 if set_back == "before the job" else 0.0
    job = store.submitted(claim(store, (1, 20), refresh=True), "job-1")
    clock.now -= 86400.0 if set_back == "during the job" else 0.0
    assert store.look(KEY).came_since(job) == ()
    store.batch(job, b"new", (1, 10), model="m")
    assert store.look(KEY).came_since(job) == ((1, 10),)
    assert store.jobs() == (job,)
    store.batch(job, b"new", (11, 20), model="m")
    assert store.jobs() == ()


def test_a_refresh_after_the_clock_was_set_back_replaces_what_came_before(store: Store, clock: Clock) -> None:
    pay(store, (1, 10), b"old")
    clock.now -= 86400
    for pages in ((1, 5), (6, 10)):
        store.answered(claim(store, pages, refresh=True), b"new", pages, model="m")
    assert store.look(KEY).answers == ((1, 5), (6, 10))


def test_an_answer_goes_once_newer_ones_cover_all_of_it(store: Store, clock: Clock) -> None:
    """A refresh that comes to nothing after its first batch must not cost the pages that were paid for before."""
    claim = store.claim(KEY, (1, 35), seconds=60, route="sync")
    assert isinstance(claim, Claim)
    store.answered(claim, b"old", (1, 35), model="m", total_pages=35)
    clock.now += 1
    again = store.claim(KEY, (1, 35), seconds=60, route="async", refresh=True)
    assert isinstance(again, Claim)
    job = store.submitted(again, "job")
    store.batch(job, b"new", (1, 10), model="m")
    assert store.look(KEY).answers == ((1, 10), (1, 35))
    store.batch(job, b"new", (11, 35), model="m")
    assert store.look(KEY).answers == ((1, 10), (11, 35))


def test_a_failed_job_keeps_what_it_gave(store: Store) -> None:
    job = store.submitted(claim(store, (1, 30)), "r-1")
    store.batch(job, b"two", (11, 20), model="m")
    store.failed(job)
    assert store.look(KEY).answers == ((11, 20),)
    claim(store, (1, 10))
    claim(store, (21, 30))


def test_a_job_on_a_file_of_unknown_length_holds_the_whole_file(store: Store) -> None:
    job = store.submitted(claim(store, None), "r-1")
    assert store.look(KEY).jobs[0].pages is None
    assert store.claim(KEY, None, seconds=60, route="async") == AlreadyStored()
    store.batch(job, b"one", (1, 7), model="m")
    store.finished(job, 7)
    assert store.look(KEY) == StoredState(7, ((1, 7),), (), ())


def test_the_user_may_settle_an_open_intent(store: Store) -> None:
    store.abandon(claim(store))
    store.resolve(store.intents()[0], "r-9")
    assert [job.request_id for job in store.jobs()] == ["r-9"]
    store.failed(store.jobs()[0])
    store.abandon(claim(store))
    store.resolve(store.intents()[0])
    assert store.intents() == ()


def test_a_claim_that_was_interrupted_at_any_line_is_held_by_nobody(store: Store) -> None:
    for line in range(1000):
        with suppress(KeyboardInterrupt), interrupted(line, Store.claim.__code__) as ran:
            store.claim(KEY, (1, 10), seconds=60, route="sync")
        if len(ran) <= line:
            break
        assert store.intents() == ()
        store.withdraw(claim(store))
    assert line > 10


@pytest.mark.parametrize("where", ["contextlib.py", "store.py", Database._transact.__code__])
def test_a_store_that_was_interrupted_at_any_line_holds_nobody_up(store: Store, where: CodeType | str) -> None:
    """A notebook keeps the last error, and with it what stood in its frames: no thread and no process may wait."""
    pay(store, (1, 2))
    other = Store(store.path, busy_seconds=0.0)
    for line in range(1000):
        kept: list[BaseException] = []
        with suppress(KeyboardInterrupt), interrupted(line, where) as ran:
            try:
                store.renew(claim(store, (3, 4)), 60.0)
                store.look(KEY)
                store.close()
            except KeyboardInterrupt as error:
                kept.append(error)
        if not kept:
            break
        reading = threading.Thread(target=store.look, args=(KEY,), daemon=True)
        reading.start()
        reading.join(GENEROUS)
        assert not reading.is_alive(), f"{where} at {ran[line]}"
        for intent in other.intents():
            other.resolve(intent)
        assert other.intents() == (), f"{where} at {ran[line]}"
    assert line > 3


def test_a_store_whose_closing_was_interrupted_can_be_used(store: Store) -> None:
    release = threading.Event()
    pay(store, (1, 2))
    assert store._database
    store._database._flusher.submit(release.wait)  # the closing waits for it
    interrupt = threading.Timer(0.2, signal.pthread_kill, [threading.get_ident(), signal.SIGINT])
    with hearing_ctrl_c():
        interrupt.start()
        with pytest.raises(KeyboardInterrupt):
            store.close()
    release.set()
    interrupt.join()
    reading = threading.Thread(target=store.read, args=(KEY, (1, 2)), daemon=True)
    reading.start()
    reading.join(GENEROUS)
    assert not reading.is_alive()
    store.close()


# -- many at once


def test_of_many_threads_one_may_send(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: store.claim(KEY, (1, 10), seconds=60, route="sync"), range(40)))
    assert sum(isinstance(one, Claim) for one in got) == 1
    assert sum(isinstance(one, Busy) for one in got) == 39


def test_of_many_processes_one_pays_and_all_read_it(tmp_path: Path) -> None:
    """Six processes want the same ten documents; each is paid for once."""
    code = """
import time
from upstage_docs.store.values import ResultKey
store = Store(Path(sys.argv[1])); paid = 0
for number in range(10):
    key = ResultKey.of(f"{number:064}", ParseOptions(), "https://api.upstage.ai/v1")
    while not store.look(key).answers:
        got = store.claim(key, (1, 1), seconds=60, route="sync")
        assert not isinstance(got, Intent), got
        if isinstance(got, Claim):
            time.sleep(0.01); paid += 1
            store.answered(got, b"{}", (1, 1), model="m")
        elif isinstance(got, Busy):
            time.sleep(0.005)
    assert store.read(key, (1, 1)).raw == b"{}"
print(paid)
"""
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: in_another_process(code, tmp_path / "s" / "store.sqlite3"), range(6)))
    assert [one.stderr for one in done] == [""] * 6
    assert sum(int(one.stdout) for one in done) == 10
    # Processes that close the file at the same moment may each leave its log to the other; the next one writes it back.
    last = Store(tmp_path / "s" / "store.sqlite3")
    assert len(last.entries()) == 10
    last.close()
    assert [one.name for one in (tmp_path / "s").iterdir()] == ["store.sqlite3"], "no half-made file and no log is left"


def test_a_killed_process_leaves_an_open_intent_at_once(tmp_path: Path) -> None:
    """Nobody waits for the deadline of a process that is gone."""
    path = tmp_path / "store.sqlite3"
    code = "Store(Path(sys.argv[1])).claim(KEY, (1, 3), seconds=3600, route='sync'); import os; os.kill(os.getpid(), 9)"
    assert in_another_process(code, path).returncode == -9
    assert isinstance(Store(path).claim(KEY, (1, 3), seconds=60, route="sync"), Intent)


def test_a_flow_that_the_collector_ends_in_a_transaction_settles_its_claim_after_it(
    tmp_path: Path, clock: Clock
) -> None:
    left: list[object] = []

    def collecting() -> float:  # the store asks for the time in its transactions, too
        left.clear()
        gc.collect()
        return clock.now

    store = Store(tmp_path / "store.sqlite3", clock=collecting)
    first, second, third = claim(store, (1, 2)), claim(store, (3, 4)), claim(store, (5, 6))

    def work(end: Callable[[], object]) -> Iterator[None]:
        try:
            yield
        finally:
            end()

    for end in (lambda: store.abandon(second), lambda: store.answered(third, b"{}", (5, 6), model="m")):
        flow = work(end)
        next(flow)
        in_a_cycle = [flow]
        in_a_cycle.append(in_a_cycle)  # type: ignore[arg-type]
        left.append(in_a_cycle)
    del flow, in_a_cycle
    thread = threading.Thread(target=store.answered, args=(first, b"{}", (1, 2)), kwargs={"model": "m"}, daemon=True)
    thread.start()
    thread.join(GENEROUS)
    assert not thread.is_alive(), "it waits for itself"
    assert store.look(KEY).answers == ((1, 2), (5, 6))
    assert [intent.pages for intent in store.intents()] == [(3, 4)]
    assert isinstance(store.claim(KEY, (3, 4), seconds=60, route="sync"), Intent), "told, and not waited for"


def test_any_number_of_flows_may_end_in_one_transaction(tmp_path: Path, clock: Clock) -> None:
    """As when the collector ends all those that a caller left; what they write is done one after the other."""
    given: list[Claim] = []

    def collecting() -> float:
        for one in given * sys.getrecursionlimit():
            kept.withdraw(one)
        given.clear()
        return clock.now

    kept = Store(tmp_path / "store.sqlite3", clock=collecting)
    first, second = claim(kept, (1, 2)), claim(kept, (3, 4))
    given.append(second)
    kept.answered(first, b"{}", (1, 2), model="m")
    assert kept.look(KEY).answers == ((1, 2),)
    assert not given
    assert not kept.intents()


def test_another_process_learns_of_an_abandoned_claim_at_once(store: Store, clock: Clock) -> None:
    code = "print(type(Store(Path(sys.argv[1]), clock=lambda: float(sys.argv[2])).claim(KEY, (1, 10), seconds=9,"
    code += " route='sync')).__name__)"
    first = claim(store)
    assert in_another_process(code, store.path, clock.now).stdout.strip() == "Busy"
    store.abandon(first)
    assert in_another_process(code, store.path, clock.now).stdout.strip() == "Intent"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs os.fork and a list of open files")
def test_a_fork_has_a_name_of_its_own_and_uses_the_same_store(store: Store) -> None:
    held = claim(store)
    code = f"""
import os
store = Store(Path(sys.argv[1]), clock=lambda: {store._clock()})
mine = store.claim(KEY, (20, 30), seconds=60, route="sync")
child = os.fork()
assert not [one for one in os.listdir("/proc/self/fd") if "sqlite" in os.path.realpath("/proc/self/fd/" + one)]
if child == 0:
    got = store.claim(KEY, (20, 30), seconds=60, route="sync")
    os._exit(0 if isinstance(got, Busy) else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = in_another_process(code, store.path)
    assert (done.returncode, done.stderr) == (0, "")
    store.withdraw(held)


def test_a_store_whose_file_is_deleted_begins_anew(store: Store) -> None:
    pay(store, (1, 10))
    assert store.path is not None
    for file in store.path.parent.iterdir():
        file.unlink()
    assert store.look(KEY) == StoredState()
    pay(store, (1, 10))
    assert Store(store.path).look(KEY).answers == ((1, 10),)


def test_owners_tell_the_living_from_the_dead() -> None:
    me = owners.name()
    assert owners.may_live(me)
    place, pid, started = me.split("|")
    if started:
        assert not owners.may_live(f"{place}|{pid}|{int(started) - 1}"), "a later process with the same number"
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    assert not owners.may_live(f"{place}|{int(gone.stdout)}|{started and 1}")
    assert owners.may_live("elsewhere|1|1"), "another machine cannot be looked into"


def test_windows_knows_of_no_other_process_whether_it_lives() -> None:
    """There the time of its claim tells; without it, each later run would wait for a process that was killed."""
    code = "import os\nfrom upstage_docs.store import processes\nowner = processes.name().rpartition('|')[0] + '|'\n"
    code += "os.name = 'nt'\nprint([processes.may_live(owner, in_time=one) for one in (True, False)])"
    assert in_another_process(code).stdout.strip() == "[True, False]"


# -- damage, disks and limits


def test_a_damaged_answer_is_a_miss_and_is_deleted(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    pay(store, (1, 10), b'{"elements": []}')
    assert store.path is not None
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE answer SET body = ?", (b'{"elements": [',))
    with caplog.at_level(logging.WARNING):
        assert store.read(KEY, (1, 10)) is None
    assert "damaged" in caplog.text
    assert store.look(KEY).answers == ()
    claim(store)


def test_an_answer_that_stands_for_other_pages_than_it_was_given_for_is_damaged(store: Store) -> None:
    pay(store, (1, 10))
    assert store.path is not None
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE answer SET first = 11, last = 20")
    assert store.look(KEY).answers == ((11, 20),)
    assert store.read(KEY, (11, 20)) is None
    assert store.look(KEY).answers == ()


def test_a_document_that_lost_its_line_finds_its_answers_again(store: Store) -> None:
    """Else they would be in the way of a claim, and nobody would see them."""
    pay(store, (1, 10))
    assert store.path is not None
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("DELETE FROM document")
    assert isinstance(store.claim(KEY, (1, 10), seconds=60, route="sync"), AlreadyStored)
    assert store.look(KEY).answers == ((1, 10),)


def everything(store: Store) -> None:
    """One of each call, none of which may raise."""
    first = claim(store)
    store.renew(first, 1)
    store.answered(first, b"{}", (1, 10), model="m")
    job = store.submitted(claim(store, (11, 20)), "r")
    store.batch(job, b"{}", (11, 20), model="m")
    store.finished(job, 20)
    store.failed(job)
    store.withdraw(claim(store, (21, 22)))
    store.abandon(claim(store, (23, 24)))
    assert store.look(KEY) == StoredState()
    assert store.read(KEY, (1, 10)) is None
    assert (store.jobs(), store.intents(), store.entries(), store.remove()) == ((), (), (), 0)


def test_without_a_store_every_claim_is_granted(tmp_path: Path) -> None:
    everything(Store.at(cache=False))
    everything(Store(None))


def _folder_is_a_file(path: Path) -> None:
    path.parent.write_bytes(b"")


def _another_database(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE recipe (name TEXT)")


@pytest.mark.parametrize("spoil", [_folder_is_a_file, _another_database])
def test_a_store_that_cannot_be_used_is_one_warning_and_no_store(
    spoil: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "cache" / "store.sqlite3"
    spoil(path)
    with caplog.at_level(logging.WARNING):
        everything(Store(path))
    assert len(caplog.records) == 1
    assert str(path) in caplog.text


def test_a_disk_that_fills_up_after_the_payment_loses_nothing_else(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer cannot be kept, but the send is not reported as unknown and no exception reaches the caller."""
    first = claim(store)
    assert store.path is not None
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON answer BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
        )
    with caplog.at_level(logging.WARNING):
        answer = store.answered(first, b"paid", (1, 10), model="m")
    assert answer.raw == b"paid"
    assert "disk is full" in caplog.text
    assert store.intents() == ()


def test_an_answer_that_cannot_be_looked_up_is_no_longer_listed(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """It would be planned and looked for without end; the store is given up with one warning."""
    pay(store, (1, 10), b"whole")
    assert store.path is not None
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("ALTER TABLE answer RENAME COLUMN checksum TO gone")
    with caplog.at_level(logging.WARNING):
        assert store.read(KEY, (1, 10)) is None
    assert caplog.text.count("Results are not stored") == 1
    assert store.look(KEY) == StoredState()
    pay(store, (1, 10))


def test_a_damaged_answer_that_cannot_be_dropped_is_told_and_costs_no_other(store: Store) -> None:
    pay(store, (1, 10), b"whole")
    pay(store, (1, 10), b"other", OTHER)
    assert store.path is not None
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE answer SET body = ? WHERE digest = ?", (b"half", KEY.digest))
        db.execute("CREATE TRIGGER no BEFORE DELETE ON answer BEGIN SELECT RAISE(FAIL, 'disk I/O error'); END")
    with pytest.raises(ConfigError, match="cannot be mended"):
        store.read(KEY, (1, 10))
    other = store.read(OTHER, (1, 10))
    assert other is not None
    assert other.raw == b"other"


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_others_cannot_read_the_store(store: Store) -> None:
    pay(store, (1, 10))
    assert store.path is not None
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_the_least_recently_used_answers_go_first(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path / "s.sqlite3", max_bytes=2500, clock=clock)
    keys = [ResultKey.of(f"{number:064}", ParseOptions(), ROOT) for number in range(3)]
    for key in keys[:2]:
        pay(store, (1, 1), b"x" * 1000, key)
        clock.now += 10_000
    assert store.read(keys[0], (1, 1)) is not None
    clock.now += 1
    pay(store, (1, 1), b"x" * 1000, keys[2])
    assert [bool(store.look(key).answers) for key in keys] == [True, False, True]


def test_the_store_is_weighed_once_a_minute(tmp_path: Path, clock: Clock) -> None:
    """Adding up all that is held takes longer than keeping one answer, where there are many."""
    store = Store(tmp_path / "s.sqlite3", max_bytes=10, clock=clock)
    first, second, third = (ResultKey.of(f"{number:064}", ParseOptions(), ROOT) for number in range(3))
    pay(store, (1, 1), b"x" * 6, first)
    pay(store, (1, 1), b"x" * 6, second)
    assert len(store.entries()) == 2
    clock.now += 60
    pay(store, (1, 1), b"x" * 6, third)
    assert [entry.key for entry in store.entries()] == [third]


def test_batches_of_a_running_job_are_never_evicted(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path / "s.sqlite3", max_bytes=10, max_age=5, clock=clock)
    job = store.submitted(claim(store, (1, 30)), "r")
    store.batch(job, b"x" * 100, (1, 10), model="m")
    clock.now += 100
    pay(store, (1, 1), b"x", ResultKey.of("cd" * 32, ParseOptions(), ROOT))
    assert store.look(KEY).answers == ((1, 10),)


def test_unused_answers_go_with_age(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path / "s.sqlite3", max_age=86400, clock=clock)
    pay(store, (1, 10))
    clock.now += 90_000
    pay(store, (1, 1), key=ResultKey.of("cd" * 32, ParseOptions(), ROOT))
    assert store.look(KEY) == StoredState()


def test_listing_and_removing(store: Store) -> None:
    other = ResultKey.of("cd" * 32, OCROptions(), ROOT)
    pay(store, (1, 10), b"12345")
    pay(store, (1, 2), b"123", other)
    store.submitted(claim(store, (11, 20)), "r")
    store.abandon(claim(store, (21, 30)))
    entries = {entry.key: entry for entry in store.entries()}
    mine = entries[KEY]
    assert (mine.source, mine.pages, mine.size, mine.jobs, mine.intents) == ("a.pdf", 10, 5, 1, 1)
    assert entries[other].key.model == "ocr"
    assert store.remove("cd" * 3) == 0, "too short to name one file"
    assert store.remove("%" * 8) == store.remove("_" * 8) == 0, "a name is no pattern"
    assert store.remove("CD" * 8) == 1
    assert store.remove("a.pdf") == 1
    assert len(store.jobs()) == len(store.intents()) == 1, "what was paid for is not forgotten by the way"
    store.remove(everything=True)
    assert store.entries() == ()


def test_removed_documents_leave_no_bytes_on_the_disk(store: Store) -> None:
    pay(store, (1, 10), b"very private words" * 10_000)
    assert store.path is not None
    store.remove()
    assert b"very private words" not in store.path.read_bytes()
    assert store.path.stat().st_size < 100_000


def test_nothing_stays_open(store: Store) -> None:
    """No thread, and no file once the store is closed or nobody refers to it any more."""
    if not open_files():
        pytest.skip("no list of open files on this system")
    threads = set(threading.enumerate())
    pay(store, (1, 10))
    store.read(KEY, (1, 10))
    store.abandon(claim(store, (11, 12)))
    store.close()
    assert store.look(KEY).answers, "closed, it can be used again"
    store.close()
    Store(store.path).look(KEY)
    assert threads_gone(threads)
    assert not [one for one in open_files() if str(store.path) in one]


def test_where_the_store_lies(tmp_path: Path) -> None:
    assert Store.at(tmp_path).path == Store.at(str(tmp_path)).path == tmp_path / "store.sqlite3"
    default = Store.at(cache=True).path
    assert default is not None
    assert default.parts[-2:] == ("upstage-docs", "store.sqlite3")
    assert not Store.at(tmp_path / "new").path.parent.exists(), "nothing is made before it is needed"  # type: ignore[union-attr]


# -- a file that is damaged, another version's, or somebody else's


def filled(path: Path) -> Store:
    """A store with forty answers, a job and an intent, closed, so that its file holds all of it."""
    store = Store(path)
    for number in range(40):
        pay(store, (1, 10), b"%d " % number * 2_000, ResultKey.of(f"{number:064x}", ParseOptions(), ROOT))
    store.submitted(claim(store, (11, 20)), "job-1")
    store.abandon(claim(store, (21, 30)))
    store.close()
    return store


def held(store: Store) -> tuple[int, int, int]:
    """Answers that can be read, jobs and intents."""
    keys = [ResultKey.of(f"{number:064x}", ParseOptions(), ROOT) for number in range(40)]
    answers = [store.read(key, (1, 10)) for key in keys if store.look(key).answers]
    return sum(one is not None for one in answers), len(store.jobs()), len(store.intents())


def overwrite(path: Path, start: float, size: int = 6_000) -> None:
    with path.open("r+b") as file:
        file.seek(int(path.stat().st_size * start))
        file.write(b"\x5a" * size)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no database": lambda path: path.write_bytes(b"this is no database at all, and long enough to be looked at" * 40),
    "emptied": lambda path: os.truncate(path, 0),
    "cut in half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "cut in a page": lambda path: os.truncate(path, path.stat().st_size // 2 + 100),
    "the first bytes": lambda path: overwrite(path, 0.0, 100),
    "the tables' names": lambda path: path.write_bytes(
        path.read_bytes().replace(b"answer_by_use", b"\xff" * 13).replace(b"CREATE INDEX", b"CREATE INDEQ")
    ),
    "a quarter": lambda path: overwrite(path, 0.25),
    "the middle": lambda path: overwrite(path, 0.5),
    "much of it": lambda path: overwrite(path, 0.3, path.stat().st_size // 2),
    "the end": lambda path: overwrite(path, 0.95, 4_000),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_store_heals_with_what_can_be_read(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "cache" / "store.sqlite3"
    filled(path)
    DAMAGE[kind](path)
    was = path.read_bytes()
    with caplog.at_level(logging.WARNING):
        store = Store(path)
        kept = held(store)
        pay(store, (41, 50))
    moved = [one for one in caplog.records if "was damaged" in one.getMessage()]
    assert store.look(KEY).answers == ((41, 50),), "it works again"
    again = Store(path)
    assert held(again) == kept
    assert again.look(KEY).answers == ((41, 50),)
    if moved:  # else what was overwritten was no more than an answer, which its checksum finds
        (aside,) = [one for one in store.remains() if one.suffix not in {".sqlite3-wal", ".sqlite3-shm"}][:1]
        assert (aside.read_bytes() == was) or kind == "the tables' names"
        assert len(moved) == 1
        assert str(path) in moved[0].getMessage()
        assert str(aside) in moved[0].getMessage()
    if kind in {"the tables' names", "the end", "the middle", "a quarter"}:
        assert kept[0] >= 10, "what is whole is taken over"


# https://sqlite.org/fileformat2.html#the_database_header, and behind it the names of the tables.
HEAD = {
    "magic": (0, b"?"),
    "page size": (16, b"\0\0"),
    "smallest page": (16, b"\2\0"),
    "written by a newer SQLite": (18, b"\xff"),
    "read by a newer SQLite": (19, b"\xff"),
    "reserved bytes": (20, b"\xff"),
    "size": (28, b"\xff"),
    "free pages": (32, b"\xff\xff"),
    "format of the schema": (44, b"\xff" * 4),
    "vacuum": (52, b"\xff"),
    "encoding": (56, b"\0\0\0\3"),
    "no version": (60, b"\0" * 4),
    "a version below 0": (60, b"\xff"),
    "a version of many digits": (60, b"\x7f"),
    "all of it": (0, b"Z" * 100),
    "zeros": (0, b"\0" * 100),
    "the page's kind": (100, b"\0"),
    "the page's cells": (103, b"\xff\xff"),
    "where the tables stand": (108, b"\xff" * 20),
    "the whole first page": (0, b"\0" * 4096),
}


@pytest.mark.parametrize("kind", HEAD)
def test_a_store_whose_first_page_is_damaged_loses_nothing(kind: str, tmp_path: Path) -> None:
    """It holds nothing that a new file does not hold too: each of these was a store that kept nothing any more."""
    path = tmp_path / "cache" / "store.sqlite3"
    filled(path)
    start, written = HEAD[kind]
    content = bytearray(path.read_bytes())
    content[start : start + len(written)] = written
    path.write_bytes(content)
    store = Store(path)
    store.look(KEY)
    pay(store, (41, 50))
    store.close()
    assert held(Store(path)) == (40, 1, 1)
    assert Store(path).look(KEY).answers == ((41, 50),)
    assert sorted(file.name for file in path.parent.glob("*.new*")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no file can be bounded there")
@pytest.mark.parametrize("log", [False, True])
def test_what_is_paid_for_is_seen_where_a_full_disk_has_no_room_to_open_the_store(tmp_path: Path, log: bool) -> None:
    """SQLite makes a file beside it to read it."""
    path = tmp_path / "cache" / "store.sqlite3"
    filled(path)
    if log:
        killed = f"""
import os
store = Store(Path({str(path)!r}))  # kept: one that is collected before the end takes the log along
store.claim(KEY, (91, 92), seconds=60, route="sync")
os._exit(0)
"""
        assert in_another_process(killed).returncode == 0
        path.with_name(path.name + "-shm").unlink()
        assert path.with_name(path.name + "-wal").stat().st_size
    program = f"""
import resource, signal, sqlite3
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
store = Store(Path({str(path)!r}))
keys = [ResultKey.of(f"{{number:064x}}", ParseOptions(), {ROOT!r}) for number in range(40)]
assert all(store.read(key, (1, 10)) for key in keys)
assert (len(store.jobs()), len(store.intents())) == (1, {2 if log else 1})
assert isinstance(store.claim(keys[0], (1, 10), seconds=60, route="sync"), AlreadyStored)
store.remove()
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
with sqlite3.connect(store.path, timeout=0) as another:
    another.execute("BEGIN IMMEDIATE")
"""
    done = in_another_process(program)
    assert done.returncode == 0, done.stderr
    assert held(Store(path)) == (40, 1, 2 if log else 1)


@pytest.mark.skipif(sys.platform == "win32", reason="no file can be bounded there")
def test_a_disk_without_room_for_a_new_store_is_left_without_a_part_of_one(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    program = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
for room in range(0, 65536, 4096):
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, most))
    assert not Store(Path({str(path)!r})).jobs()
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    left = [one.name for one in Path({str(tmp_path)!r}).iterdir()]
    assert left in ([], ["store.sqlite3"]), (room, left)
assert left
"""
    done = in_another_process(program)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no file can be bounded there")
@pytest.mark.parametrize("damage", ["no database", "cut in half", "the first bytes", "the middle"])
def test_nothing_is_paid_again_where_a_full_disk_has_no_room_to_mend_the_store(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "cache" / "store.sqlite3"
    filled(path)
    DAMAGE[damage](path)
    program = f"""
import resource, signal
from upstage_docs import ConfigError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
store, told = Store(Path({str(path)!r})), 0
for number in range(40):
    key = ResultKey.of(f"{{number:064x}}", ParseOptions(), {ROOT!r})
    for ask in (lambda: store.read(key, (1, 10)), lambda: store.claim(key, (1, 10), seconds=60, route="sync")):
        try:
            assert isinstance(ask(), (StoredAnswer, AlreadyStored))
        except ConfigError as error:
            told += "cannot be mended" in str(error)
assert told
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
for number in range(40):  # with room it is mended, by the same store
    store.read(ResultKey.of(f"{{number:064x}}", ParseOptions(), {ROOT!r}), (1, 10))
assert isinstance(store.claim(KEY, (31, 40), seconds=60, route="sync"), Claim)
"""
    done = in_another_process(program)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("written", [bytes(4096), b"\xff" * 4096], ids=["zeros", "ones"])
def test_what_lies_below_a_destroyed_page_is_taken_over(written: bytes, tmp_path: Path) -> None:
    """A page that leads to others holds no answer, and few lines of other tables."""
    path = tmp_path / "cache" / "store.sqlite3"
    store = Store(path)
    keys = [ResultKey.of(f"{number:064x}", ParseOptions(), ROOT) for number in range(60)]
    for number, key in enumerate(keys):
        if number % 3 == 0:
            pay(store, (1, 2), b"{}" * (300 if number % 2 else 4000), key)
        elif number % 3 == 1:
            store.submitted(claim(store, (1, 2), key), f"job {number} {'x' * 300}")
        else:
            store.abandon(claim(store, (1, 2), key))
    store.close()
    whole = path.read_bytes()
    inner = [at for at in range(4096, len(whole), 4096) if whole[at] in {2, 5}]
    assert {whole[at] for at in inner} == {2, 5}
    for at in inner:
        path.write_bytes(whole[:at] + written + whole[at + 4096 :])
        for name in path.parent.glob("*-wal"):
            name.unlink()
        store = Store(path)
        for key in keys:  # meets the damage, wherever it is
            store.look(key)
        pay(store, (41, 50))
        assert [number for number, key in enumerate(keys) if store.read(key, (1, 2))] == [*range(0, 60, 3)], at
        assert len(store.jobs()) >= 20 - 5, at
        assert len(store.intents()) >= 20 - 5, at
        store.close()


def test_each_damaged_name_of_a_table_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "store.sqlite3"
    filled(path)
    whole = path.read_bytes()
    for found in re.finditer(rb"CREATE (TABLE|INDEX)", whole[:4096]):
        path.write_bytes(whole[: found.start()] + b"\xd5" + whole[found.start() + 1 :])
        for log in path.parent.glob("*-wal"):
            log.unlink()
        assert Store(path).look(KEY).jobs != (), found
        assert held(Store(path)) == (40, 1, 1), found


def test_a_broken_letter_in_a_name_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    filled(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE answer SET model = CAST(x'ff' AS TEXT)")
        db.execute("UPDATE document SET source = CAST(x'ff' AS TEXT)")
    store = Store(path)
    assert held(store) == (40, 1, 1)
    assert {entry.source for entry in store.entries()} == {"\ufffd"}
    assert store.remains() == []


def test_a_store_that_is_full_on_a_disk_that_is_not_is_looked_at(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite says so, too, where a damaged number leads beyond the end of the file."""
    path = store.path
    assert path is not None
    filled(path)
    content = bytearray(path.read_bytes())
    leaf = next(at for at in range(0, len(content), 4096) if content[at] == 13 and b"30 30 " in content[at : at + 4096])
    content[leaf + 4092 : leaf + 4096] = b"\x7f\xff\0\1"  # where its second page is
    path.write_bytes(content)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON answer BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
        )
    with caplog.at_level(logging.WARNING):
        pay(store, (41, 50))
    assert "was damaged" in caplog.text
    assert store.look(KEY).answers == ((41, 50),)
    assert held(store) == (39, 1, 1)


def test_the_lock_of_the_healing_may_be_damaged_too(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    filled(path)
    overwrite(path, 0.0, 100)
    lock = tmp_path / "store.sqlite3.lock"
    lock.write_bytes(b"no lock that SQLite knows" * 100)
    lock.chmod(0o600)
    assert held(Store(path)) == (40, 1, 1)


def test_a_store_stays_where_it_is_when_the_folder_of_the_program_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    store = Store.at("cache")
    pay(store, (1, 10))
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert store.look(KEY).answers == ((1, 10),)
    pay(store, (11, 20))
    store.close()
    assert store.look(KEY).answers == ((1, 10), (11, 20))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_to_a_store_is_that_store(tmp_path: Path) -> None:
    """Its log lies beside the file that the link leads to, and it heals there."""
    path, link = tmp_path / "disk" / "store.sqlite3", tmp_path / "cache" / "store.sqlite3"
    filled(path)
    link.parent.mkdir(mode=0o700)
    link.symlink_to(path)
    overwrite(path, 0.0, 100)
    store = Store(link)
    assert held(store) == (40, 1, 1)
    assert link.is_symlink()
    assert [file.parent for file in store.remains()] == [path.parent]
    pay(store, (41, 50))
    assert Store(path).look(KEY).answers == ((41, 50),)


UNWRITABLE = """
import os
import upstage_docs.store.healing
path = Path(sys.argv[1])
if os.geteuid() == 0:  # who may write anywhere
    os.setgid(65534)
    os.setuid(65534)
store = Store(path)
state = store.look(KEY)
assert (len(state.jobs), len(state.intents)) == (1, 1), state
assert isinstance(store.claim(KEY, (21, 22), seconds=60, route="sync"), Intent), "it is not known what became of it"
assert isinstance(store.claim(KEY, (11, 12), seconds=60, route="sync"), AlreadyStored), "it is in a job"
got = store.claim(KEY, (41, 50), seconds=60, route="sync")
assert store.answered(got, b"{}", (41, 50), model="m").raw == b"{}"
keys = [ResultKey.of(f"{number:064x}", ParseOptions(), KEY.root) for number in range(40)]
print(sum(store.read(key, (1, 10)) is not None for key in keys if store.look(key).answers))
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
@pytest.mark.parametrize(("folder", "file"), [(0o500, 0o400), (0o500, 0o600), (0o700, 0o400)])
def test_a_store_that_cannot_be_written_is_read_and_heeded(folder: int, file: int) -> None:
    """As one that is part of an image, or on a disk that is mounted to be read: what it holds is not paid for again."""
    with tempfile.TemporaryDirectory() as outside:
        path = Path(outside) / "cache" / "store.sqlite3"
        filled(path)
        Path(outside).chmod(0o755)
        path.chmod(file)
        path.parent.chmod(folder)
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
            os.chown(path.parent, 65534, 65534)
        done = in_another_process(UNWRITABLE, path)
        path.parent.chmod(0o700)
    assert (done.returncode, done.stdout.strip()) == (0, "40"), done.stderr
    assert done.stderr.count("Results are not stored") == 1


def test_a_claim_that_cannot_be_kept_heeds_what_is_under_way(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """A disk may be full when two flows want the same pages: the second one waits all the same."""
    first = claim(store, (1, 10))
    store.submitted(claim(store, (11, 20)), "job-1")
    assert store.path is not None
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON document BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
        )
    with caplog.at_level(logging.WARNING):
        assert isinstance(store.claim(KEY, (5, 6), seconds=60, route="sync"), Busy)
        assert store.claim(KEY, (15, 16), seconds=60, route="sync") == AlreadyStored()
        assert isinstance(store.claim(KEY, (21, 30), seconds=60, route="sync"), Claim)
    store.abandon(first)
    assert isinstance(store.claim(KEY, (5, 6), seconds=60, route="sync"), Intent)
    assert caplog.text.count("Results are not stored") == 1


def test_a_store_that_another_process_holds_for_long_is_waited_for_once(store: Store, clock: Clock) -> None:
    """A process that was stopped while it wrote costs each document half a minute else, three times."""
    pay(store, (1, 10))
    assert store.path is not None
    patient = Store(store.path, busy_seconds=3.0, clock=clock)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        patient.claim(OTHER, (1, 10), seconds=60, route="sync")
        begun = time.monotonic()
        for first in (11, 21, 31):
            patient.claim(OTHER, (first, first + 9), seconds=60, route="sync")
        assert time.monotonic() - begun < 6.0, "each would have waited for 3 s"
    pay(patient, (41, 50))
    assert store.look(KEY).answers == ((1, 10), (41, 50)), "it is used again once it is free"


def test_what_a_killed_process_left_is_told_and_goes(store: Store) -> None:
    """It was healing a store: a new file holds what was taken over so far."""
    pay(store, (1, 10))
    assert store.path is not None
    store.close()
    left, new = (store.path.with_name(f"store.sqlite3.{letter * 32}.new") for letter in "ab")
    for file in (left, new):
        file.write_bytes(b"private")
    os.utime(left, (1.0, 1.0))
    assert store.remains() == [left], "the other one may be in the making"
    overwrite(store.path, 0.0, 100)
    store.look(KEY)
    assert not left.exists()
    assert new.exists()


@pytest.mark.parametrize("place", ["a.pdf", "a.pdf/cache", "loop", "loop/cache"])
def test_what_can_be_no_folder_is_refused_where_it_is_named(tmp_path: Path, place: str) -> None:
    """Else each call would pay again, with a warning that is easily overlooked."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ConfigError, match=r"cannot hold answers: .* is not a folder"):
        Store.at(tmp_path / place)


@pytest.mark.parametrize(
    "kind", ["folder", pytest.param("pipe", marks=pytest.mark.skipif(os.name == "nt", reason="POSIX"))]
)
def test_what_is_no_file_in_the_place_of_a_store_is_said(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "cache" / "store.sqlite3"
    path.parent.mkdir(mode=0o700)
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path, 0o600)
    with caplog.at_level(logging.WARNING):
        everything(Store(path))
    (said,) = [record.getMessage() for record in caplog.records]
    assert f"{path}: a {kind}" in said
    assert not path.is_file()


def test_what_another_process_keeps_in_the_log_is_said(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    pay(store, (1, 10), b"very private words" * 10_000)
    assert store.path is not None
    impatient = Store(store.path, busy_seconds=0.5)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT COUNT(*) FROM answer").fetchone()
        with caplog.at_level(logging.WARNING):
            impatient.remove("a.pdf", everything=True)
        other.execute("COMMIT")
    assert "store.sqlite3-wal still holds what was deleted" in caplog.text


def test_of_many_processes_one_heals_and_all_go_on(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    filled(path)
    overwrite(path, 0.0, 100)
    code = (
        "store = Store(Path(sys.argv[1])); got = store.claim(KEY, (int(sys.argv[2]),) * 2, seconds=60, route='sync')\n"
        "store.answered(got, b'{}', (int(sys.argv[2]),) * 2, model='m')"
    )
    with ThreadPoolExecutor(6) as threads:
        done = list(threads.map(lambda number: in_another_process(code, path, number), range(1, 7)))
    assert [one.returncode for one in done] == [0] * 6, [one.stderr for one in done]
    assert len(Store(path).look(KEY).answers) == 6, "no answer went into a file that was moved away"
    assert len([one for one in Store(path).remains() if not one.name.endswith(("-wal", "-shm"))]) == 1


def test_a_store_that_is_open_elsewhere_while_it_heals_is_the_new_one_for_all(store: Store) -> None:
    pay(store, (1, 10))
    assert store.path is not None
    other = Store(store.path)
    assert other.look(KEY).answers == ((1, 10),)
    store.close()
    other.close()
    overwrite(store.path, 0.0, 100)
    store.look(KEY)
    pay(store, (11, 20))
    assert other.look(KEY).answers == ((1, 10), (11, 20))


def test_a_store_of_a_newer_version_is_left_alone_and_what_it_knows_is_not_sent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "store.sqlite3"
    filled(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE answer ADD COLUMN colour TEXT")
        db.execute("PRAGMA user_version = 99")
    was = path.read_bytes()
    store, other = Store(path), ResultKey.of("ef" * 32, ParseOptions(), ROOT)
    with caplog.at_level(logging.WARNING):
        with pytest.raises(UnknownOutcomeError, match="newer version of upstage-docs"):
            store.claim(KEY, (1, 10), seconds=60, route="sync", source="a.pdf")
        pay(store, (1, 10), key=other)
    assert [record.getMessage().count("newer version") for record in caplog.records] == [1]
    assert Store(path).look(other).answers == ((1, 10),), "in a file of its own, which the next one finds"
    assert isinstance(store.claim(KEY, (1, 5), seconds=60, route="sync", resend=True), Claim)
    assert isinstance(store.claim(KEY, (6, 9), seconds=60, route="sync", refresh=True), Claim)
    assert path.read_bytes() == was
    assert (tmp_path / "store.v1.sqlite3").is_file()


def become_newer(path: Path) -> None:
    """Change the file at *path* as a newer version would, which keeps answers under another name."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE answer RENAME TO reply")
        db.execute("PRAGMA user_version = 99")


def test_what_is_under_way_while_a_newer_version_takes_the_store_over_is_kept_beside_it(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    under_way = [claim(store, (1, 2)), claim(store, (3, 4)), claim(store, (5, 6))]
    path = store.path
    assert path is not None
    become_newer(path)
    with caplog.at_level(logging.WARNING):
        store.answered(under_way[0], b"{}", (1, 2), model="m")
        store.submitted(under_way[1], "job-1")
        store.withdraw(under_way[2])
    assert [record.getMessage().count("newer version") for record in caplog.records] == [1]
    assert store.look(KEY).answers == ((1, 2),)
    for again in (store, Store(path)):
        assert isinstance(again.claim(KEY, (3, 4), seconds=60, route="sync"), AlreadyStored)
        with pytest.raises(UnknownOutcomeError, match="newer version of upstage-docs"):
            again.claim(KEY, (7, 8), seconds=60, route="sync")
        pay(again, (1, 10), key=ResultKey.of(os.urandom(32).hex(), ParseOptions(), ROOT))


def test_what_is_kept_beside_a_newer_store_is_listed_and_can_be_deleted(store: Store) -> None:
    """Its document was noted in the file that the newer version took over."""
    under_way = [claim(store, (1, 2)), claim(store, (3, 4))]
    path = store.path
    assert path is not None
    become_newer(path)
    store.answered(under_way[0], b"{}", (1, 2), model="m")
    store.submitted(under_way[1], "job-1")
    assert [(one.pages, one.jobs) for one in store.entries()] == [(2, 1)]
    assert [one.request_id for one in store.look(KEY).jobs] == ["job-1"]
    store.remove(everything=True)
    assert store.look(KEY).answers == ()


def test_of_two_versions_that_begin_at_once_one_sees_the_other(tmp_path: Path) -> None:
    """The newer one keeps its claim while the older one makes its own."""
    path = tmp_path / "store.sqlite3"
    filled(path)
    become_newer(path)

    def claim_in_the_newer_one() -> float:
        with closing(sqlite3.connect(path)) as db, db:
            row = (OTHER.digest, OTHER.file_sha256, OTHER.model, OTHER.root, OTHER.options)
            db.execute("INSERT OR IGNORE INTO document VALUES (?, ?, ?, ?, ?, 'a.pdf', 0)", row)
        return 1.0

    store = Store(path, clock=claim_in_the_newer_one)
    store.look(KEY)
    with pytest.raises(UnknownOutcomeError, match="newer version of upstage-docs"):
        store.claim(OTHER, (1, 10), seconds=60, route="sync", source="a.pdf")
    assert store.path is not None
    with closing(sqlite3.connect(store.path)) as db:
        rows = [db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in ("document", "intent")]
    assert rows == [0, 0], "nothing is left by which the newer one would refuse it, too"


def test_a_newer_store_that_cannot_be_asked_may_know_everything(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    filled(path)
    become_newer(path)
    store = Store(path)
    store.look(KEY)
    path.write_bytes(b"no store")
    with pytest.raises(UnknownOutcomeError, match=r"cannot be asked \(file is not a database\)"):
        store.claim(OTHER, (1, 10), seconds=60, route="sync", source="a.pdf")


FIRST_FORMAT = """
CREATE TABLE document (digest TEXT PRIMARY KEY, file_sha256 TEXT NOT NULL, model TEXT NOT NULL, root TEXT NOT NULL,
    options TEXT NOT NULL, source TEXT NOT NULL, pages INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE answer (digest TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, size INTEGER NOT NULL,
    checksum BLOB NOT NULL, model TEXT NOT NULL, sends INTEGER NOT NULL, created REAL NOT NULL, used REAL NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (digest, first, last));
CREATE INDEX answer_by_use ON answer (used, size);
CREATE TABLE job (digest TEXT NOT NULL, request_id TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    sends INTEGER NOT NULL, created REAL NOT NULL, PRIMARY KEY (digest, request_id)) WITHOUT ROWID;
CREATE TABLE intent (token TEXT PRIMARY KEY, digest TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    route TEXT NOT NULL, sends INTEGER NOT NULL, created REAL NOT NULL, expires REAL NOT NULL, owner TEXT NOT NULL
    ) WITHOUT ROWID;
PRAGMA user_version = 1;
"""


def test_a_store_of_the_first_format_is_read_for_good(tmp_path: Path) -> None:
    """Written out as it was: a change of the tables must still read what was paid for with it."""
    path, raw = tmp_path / "store.sqlite3", b'{"elements": []}'
    checksum = hashlib.sha256(f"{KEY.digest} 1-10 ".encode() + raw).digest()
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(FIRST_FORMAT)
        db.execute(
            "INSERT INTO document VALUES (?, ?, ?, ?, ?, 'a.pdf', 30)",
            (KEY.digest, KEY.file_sha256, KEY.model, KEY.root, KEY.options),
        )
        db.execute(
            "INSERT INTO answer VALUES (?, 1, 10, ?, ?, 'm', 2, 1.0, 2.0, ?)", (KEY.digest, len(raw), checksum, raw)
        )
        db.execute("INSERT INTO job VALUES (?, 'job-1', 11, 20, 1, 1.0)", (KEY.digest,))
        db.execute("INSERT INTO intent VALUES ('t', ?, 21, 30, 'sync', 1, 1.0, 2.0, 'gone')", (KEY.digest,))
    path.chmod(0o600)
    store = Store(path)
    state, answer = store.look(KEY), store.read(KEY, (1, 10))
    assert (state.total_pages, state.answers, len(state.jobs), len(state.intents)) == (30, ((1, 10),), 1, 1)
    assert answer is not None
    assert (answer.raw, answer.model, answer.sends) == (raw, "m", 2)


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
@pytest.mark.parametrize(("place", "mode"), [("folder", 0o777), ("folder", 0o702), ("file", 0o666), ("file", 0o602)])
def test_a_place_that_others_can_write_is_told_before_anything_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, place: str, mode: int
) -> None:
    """Named by the user it is an error; the platform's folder is a warning, and there is no store."""
    import platformdirs

    folder = tmp_path / "upstage-docs"
    store = Store(folder / "store.sqlite3")
    pay(store, (1, 10))
    store.close()
    wrong = folder if place == "folder" else folder / "store.sqlite3"
    wrong.chmod(mode)
    with pytest.raises(ConfigError, match=f"{mode:o}.*chmod go-w"):
        Store.at(folder)
    with pytest.raises(ConfigError, match="can be written by others"):
        Client("up_abcdefgh", cache=folder)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: folder)
    with caplog.at_level(logging.WARNING):
        everything(Store.at(cache=True))
    assert len(caplog.records) == 1
    assert str(wrong) in caplog.text
    wrong.chmod(0o700)
    assert Store.at(folder).look(KEY).answers == ((1, 10),)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives a folder away")
def test_a_folder_of_another_user_is_no_place_for_a_store(tmp_path: Path) -> None:
    os.chown(tmp_path, 12_345, -1)
    with pytest.raises(ConfigError, match="belongs to another user"):
        Store.at(tmp_path)


def test_what_is_removed_is_in_no_file_of_the_store(store: Store) -> None:
    """Not in its log either, which keeps what was written until it is written back."""
    pay(store, (1, 10), b"very private words" * 10_000)
    assert store.path is not None
    store.remove("a.pdf", everything=True)
    for file in store.path.parent.iterdir():
        assert b"very private words" not in file.read_bytes(), file


def test_what_nobody_understands_is_kept_and_is_no_open_intent(store: Store) -> None:
    """The next look finds it; an answer that is understood takes its place, whatever the pages turn out to be."""
    store.keep_unread(claim(store, (1, 10)), b'{"new": 1}', route="sync")
    store.keep_unread(claim(store, None, OTHER), b'{"id": 5}', route="async")
    first, second = store.read(KEY, (1, 10)), store.read(OTHER, WHOLE_FILE)
    assert first is not None
    assert second is not None
    assert (first.raw, first.unread_route, first.model) == (b'{"new": 1}', "sync", "")
    assert (second.raw, second.unread_route) == (b'{"id": 5}', "async")
    assert store.intents() == ()
    assert isinstance(store.claim(KEY, (1, 10), seconds=60, route="sync"), AlreadyStored)
    assert isinstance(store.claim(OTHER, None, seconds=60, route="async"), AlreadyStored)
    assert {entry.pages for entry in store.entries()} == {10, 0}, "how many pages a whole file has is not known"
    store.answered(Claim("", OTHER, None), b"{}", (1, 7), model="m", total_pages=7)
    assert store.look(OTHER).answers == ((1, 7),)


def test_an_answer_is_not_replaced_by_what_nobody_understands(store: Store) -> None:
    pay(store, (1, 10), b'{"elements": []}')
    store.keep_unread(claim(store, (1, 10), refresh=True), b'{"new": 1}', route="sync")
    kept = store.read(KEY, (1, 10))
    assert kept is not None
    assert (kept.raw, kept.unread_route) == (b'{"elements": []}', "")
    assert store.intents() == ()


def test_the_claim_of_an_intent_has_all_that_both_know() -> None:
    """Typed field by field, it would lose the next field that both get."""
    intent = Intent("token", KEY, (3, 4), "async", "a.pdf", 12.5, 2)
    for one in fields(Claim):
        assert getattr(intent.claim, one.name) == getattr(intent, one.name)
