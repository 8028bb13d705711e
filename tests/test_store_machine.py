"""The store against a model of it: whatever is claimed, answered, submitted, lost and reopened, it gives leave to send
exactly what nobody has sent, and holds exactly what came."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from conftest import examples
from hypothesis import Phase, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from upstage_docs.options import ParseOptions
from upstage_docs.store.store import Store
from upstage_docs.store.values import AlreadyStored, Busy, Claim, Intent, Pages, ResultKey, StoredJob

KEY = ResultKey.of("ab" * 32, ParseOptions(), "https://api.upstage.ai/v1")
LAST_PAGE = 6
CLAIM_SECONDS = 60

spans = st.tuples(st.integers(1, LAST_PAGE), st.integers(1, LAST_PAGE)).map(lambda two: (min(two), max(two)))
index = st.integers(0, 20)


def pages_of(span: Pages) -> set[int]:
    return set(range(span[0], span[1] + 1))


@dataclass
class Live:
    """A claim under which something may be sent."""

    claim: Claim
    expires: float


@dataclass
class Job:
    """A job and what came of it since it was submitted."""

    stored: StoredJob
    came: set[int] = field(default_factory=set)


class Clock:
    """Unix seconds that the machine moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class StoreMachine(RuleBasedStateMachine):
    """One document of six pages, and all who want to send some of them."""

    kind: type[Store] = Store

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.live: list[Live] = []
        self.unknown: list[tuple[Pages, int]] = []  # pages of a send whose outcome is not known, and its number
        self.jobs: list[Job] = []
        self.answers: dict[Pages, tuple[bytes, int, float]] = {}  # with its number of sends, and when it came
        self.unread: set[Pages] = set()
        self.came = 0
        self.open()

    def open(self) -> None:
        self.store = self.kind(Path(self.folder.name) / "store.sqlite3", clock=self.clock, steady=self.clock)

    def teardown(self) -> None:
        for one in self.live:
            self.store.withdraw(one.claim)  # nothing of one run is held in the next
        self.store.close()
        self.folder.cleanup()

    def body(self) -> bytes:
        self.came += 1
        return b'{"answer": %d}' % self.came

    def overlapping(self, span: Pages) -> list[tuple[Pages, int]]:
        return [one for one in self.unknown if pages_of(one[0]) & pages_of(span)]

    def put(self, span: Pages, raw: bytes, sends: int) -> None:
        """An older answer goes once newer ones cover it, and at once if nobody understood it.

        What comes is newer than all that is stored, also if it came in the same moment.
        """
        moments = [kept[2] for kept in self.answers.values()] + [job.stored.created for job in self.jobs]
        came = max([self.clock.now, *(math.nextafter(one, math.inf) for one in moments)])
        for one in sorted(one for one in self.answers if pages_of(one) & pages_of(span)):
            age = self.answers[one][2]
            newer = [pages_of(other) for other, kept in self.answers.items() if other != one and kept[2] >= age]
            if one in self.unread or pages_of(one) <= pages_of(span).union(*newer):
                del self.answers[one]
        self.answers[span] = (raw, sends, came)
        self.unread = (self.unread & self.answers.keys()) - {span}

    @rule(span=spans, resend=st.booleans(), refresh=st.booleans())
    def claim(self, span: Pages, resend: bool, refresh: bool) -> None:
        got = self.store.claim(
            KEY, span, seconds=CLAIM_SECONDS, route="sync", source="a.pdf", resend=resend, refresh=refresh
        )
        wanted = pages_of(span)
        running = any(pages_of(job.stored.pages or (1, LAST_PAGE)) & wanted for job in self.jobs)
        answered = any(pages_of(one) & wanted for one in self.answers)
        in_work = any(pages_of(one.claim.pages or (1, LAST_PAGE)) & wanted for one in self.live)
        open_ = self.overlapping(span)
        if running or (answered and not refresh):
            assert isinstance(got, AlreadyStored), got
        elif in_work:
            assert isinstance(got, Busy), got
        elif open_ and not resend:
            assert isinstance(got, Intent), got
            assert (got.pages, got.sends) in open_, "an intent that is one of those"
        else:
            assert isinstance(got, Claim), got
            assert got.sends == 1 + max((sends for _, sends in open_), default=0)
            for other in open_:
                self.unknown.remove(other)
                (first, last), sends = other
                left = [(first, span[0] - 1), (span[1] + 1, last)]
                self.unknown += [(part, sends) for part in left if part[0] <= part[1]]
            self.live.append(Live(got, self.clock.now + CLAIM_SECONDS))

    def take(self, number: int) -> Claim:
        return self.live.pop(number % len(self.live)).claim

    @precondition(lambda self: self.live)
    @rule(number=index)
    def withdraw(self, number: int) -> None:
        self.store.withdraw(self.take(number))

    @precondition(lambda self: self.live)
    @rule(number=index)
    def abandon(self, number: int) -> None:
        claim = self.take(number)
        self.store.abandon(claim)
        assert claim.pages is not None
        self.unknown.append((claim.pages, claim.sends))

    @precondition(lambda self: self.live)
    @rule(number=index, fewer=st.integers(0, 2))
    def answer(self, number: int, fewer: int) -> None:
        claim, raw = self.take(number), self.body()
        assert claim.pages is not None
        span = (claim.pages[0], max(claim.pages[0], claim.pages[1] - fewer))
        self.store.answered(claim, raw, span, model="m", total_pages=LAST_PAGE)
        self.put(span, raw, claim.sends)

    @precondition(lambda self: self.live)
    @rule(number=index)
    def keep_unread(self, number: int) -> None:
        claim, raw = self.take(number), self.body()
        assert claim.pages is not None
        self.store.keep_unread(claim, raw, route="sync")
        if not any(pages_of(one) & pages_of(claim.pages) for one in self.answers):
            self.put(claim.pages, raw, claim.sends)
            self.unread.add(claim.pages)

    @precondition(lambda self: self.live)
    @rule(number=index)
    def submit(self, number: int) -> None:
        self.clock.now += 1  # what came before the job is not the job's
        claim = self.take(number)
        assert claim.pages is not None
        for span in [one for one in self.unread if pages_of(one) & pages_of(claim.pages)]:  # it is understood by now
            self.unread.remove(span)
            del self.answers[span]
        self.jobs.append(Job(self.store.submitted(claim, f"job-{self.came}-{claim.token[:8]}")))

    @precondition(lambda self: self.jobs)
    @rule(number=index, first=index, length=st.integers(1, 3))
    def batch(self, number: int, first: int, length: int) -> None:
        job = self.jobs[number % len(self.jobs)]
        assert job.stored.pages is not None
        begin, end = job.stored.pages
        start = begin + first % (end - begin + 1)
        span, raw = (start, min(end, start + length - 1)), self.body()
        self.store.batch(job.stored, raw, span, model="m")
        self.put(span, raw, job.stored.sends)
        job.came |= pages_of(span)
        if job.came == pages_of(job.stored.pages):
            self.jobs.remove(job)

    @precondition(lambda self: self.jobs)
    @rule(number=index, finished=st.booleans())
    def end_job(self, number: int, finished: bool) -> None:
        job = self.jobs.pop(number % len(self.jobs)).stored
        if finished:
            self.store.finished(job)
        else:
            self.store.failed(job)

    @rule(seconds=st.sampled_from((1.0, 30.0, 61.0)))
    def pass_time(self, seconds: float) -> None:
        self.wait(seconds)

    def wait(self, seconds: float) -> None:
        """A claim that is not settled by its deadline is one whose outcome is not known."""
        self.clock.now += seconds
        for one in [one for one in self.live if one.expires <= self.clock.now]:
            self.live.remove(one)
            assert one.claim.pages is not None
            self.unknown.append((one.claim.pages, one.claim.sends))

    @precondition(lambda self: self.live)
    @rule(number=index, past=st.booleans())
    def renew(self, number: int, past: bool) -> None:
        """A claim that is renewed outlives its first deadline."""
        one = self.live[number % len(self.live)]
        self.wait(1.0)
        if one not in self.live:
            return
        self.store.renew(one.claim, CLAIM_SECONDS)
        before, one.expires = one.expires, self.clock.now + CLAIM_SECONDS
        if past:
            self.wait(before - self.clock.now)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.open()

    @invariant()
    def it_holds_what_came(self) -> None:
        state = self.store.look(KEY)
        assert list(state.answers) == sorted(self.answers)
        for span, (raw, sends, _) in self.answers.items():
            kept = self.store.read(KEY, span)
            assert kept is not None
            assert (kept.raw, kept.sends) == (raw, sends)
        assert {job.request_id for job in self.store.jobs()} == {job.stored.request_id for job in self.jobs}
        wanted = map(repr, [*((one.claim.pages, one.claim.sends) for one in self.live), *self.unknown])
        found = [(intent.pages, intent.sends) for intent in self.store.intents()]
        assert sorted(map(repr, found)) == sorted(wanted)


def run(kind: type[Store], how: settings) -> None:
    class Machine(StoreMachine):
        pass

    Machine.kind = kind
    run_state_machine_as_test(Machine, settings=how)


def test_the_store_is_its_model() -> None:
    run(Store, examples(60))


def _broken(name: str, change: Callable[..., Any]) -> type[Store]:
    return type(name, (Store,), {name: change})


BROKEN: dict[str, type[Store]] = {
    "a send whose outcome is unknown is forgotten": _broken("abandon", Store.withdraw),
    "an open intent is sent again unasked": _broken(
        "claim", lambda self, *args, **how: Store.claim(self, *args, **{**how, "resend": True})
    ),
    "what is stored is paid again": _broken(
        "claim", lambda self, *args, **how: Store.claim(self, *args, **{**how, "refresh": True})
    ),
    "a refusal stays open": _broken("withdraw", Store.abandon),
    "the first batch closes the job": _broken(
        "batch",
        lambda self, job, raw, pages, *, model: (Store.batch(self, job, raw, pages, model=model), self.finished(job)),
    ),
    "a failed job is kept": _broken("failed", lambda self, job: None),
    "what nobody understands is thrown away": _broken(
        "keep_unread", lambda self, claim, raw, *, route: Store.withdraw(self, claim)
    ),
    "an answer stands for all pages that were asked": _broken(
        "answered",
        lambda self, claim, raw, pages, *, model, total_pages=0: Store.answered(
            self, claim, raw, claim.pages, model=model, total_pages=total_pages
        ),
    ),
    "a resend is not counted": _broken(
        "answered",
        lambda self, claim, raw, pages, *, model, total_pages=0: Store.answered(
            self, Claim(claim.token, claim.key, claim.pages, claim.source), raw, pages, model=model
        ),
    ),
    "a renewal does nothing": _broken("renew", lambda self, claim, seconds: None),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_store_is_noticed(name: str) -> None:
    enough = settings(max_examples=300, phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises(AssertionError):
        run(BROKEN[name], enough)
