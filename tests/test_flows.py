"""The sequences, played step by step: retries, paying once, watching a job. No network, no clock."""

from __future__ import annotations

import io
import os
import re
import shlex
import sqlite3
import time
import zipfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random
from string import ascii_letters
from typing import Any, TypeAlias

import httpx
import pytest
from conftest import open_files
from interrupting import interrupted
from play import Play, answer, form, lost, reply
from stand_in import make_pdf

from upstage_docs.api.limits import LIMITS, ApiLimits
from upstage_docs.api.messages import Api, Outcome, Reply, jobs_request
from upstage_docs.api.rates import Rate, RateLimiter
from upstage_docs.cli.app import run
from upstage_docs.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConfigError,
    InvalidResponseError,
    JobError,
    JobFailedError,
    JobTimeoutError,
    RateLimitError,
    SourceError,
    UnknownOutcomeError,
)
from upstage_docs.files.source import inspect
from upstage_docs.flows import exchange as flows, operations as documents
from upstage_docs.flows.context import ClientContext
from upstage_docs.flows.document import Reading, Request, open_reading
from upstage_docs.flows.exchange import Payment
from upstage_docs.flows.steps import Send, Sleep
from upstage_docs.options import OCROptions, ParseOptions, PollPolicy, RetryPolicy, SendOptions
from upstage_docs.store.store import Store
from upstage_docs.store.values import Busy, Claim, ResultKey

API = Api.at("https://api.upstage.ai/v1", {"Authorization": "Bearer up_abcdefghijkl"})
PARSE = "POST /v1/document-digitization"
SUBMIT = "POST /v1/document-digitization/async"
STATUS = "GET /v1/document-digitization/requests/job-1"
JOBS = "GET /v1/document-digitization/requests"
EXACT = RetryPolicy(jitter=lambda: 1.0)


Stored: TypeAlias = Callable[..., ClientContext]


def setup(**more: Any) -> ClientContext:
    return ClientContext(api=API, **{"retry": EXACT, "poll": PollPolicy(initial=1.0, maximum=3.0), **more})


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    """Makes a setup with one and the same store each time."""
    return lambda **more: setup(store=Store.at(tmp_path), **more)


def ask(pages: int, name: str = "a.pdf", **more: Any) -> Request:
    options = more.pop("options", ParseOptions())
    return Request(make_pdf("a", pages), options, name, SendOptions(**more))


def asked(kind: str) -> Request:
    """Ask for two pages by the way that *kind* names."""
    if kind == "a file of unknown length":
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("word/document.xml", "<w:document/>")
        return Request(target.getvalue(), ParseOptions(), "a.docx")
    return ask(2, options=OCROptions()) if kind == "ocr" else ask(2, route="async" if kind == "job" else "auto")


NO_PAGE: dict[str, Any] = {"model": "m", "usage": {"pages": 0}, "content": {}, "elements": []}
LESS: dict[str, Any] = {**NO_PAGE, "usage": {"pages": -3}}
NO_ANSWERS: tuple[object, ...] = (b'{"elements": [{"id"', {"elements": None}, {"api": "2.0"}, [], NO_PAGE, LESS)


def parse(play: Play, with_: ClientContext, request: Request, limits: ApiLimits = LIMITS) -> Any:
    return play(documents.read_one(replace(with_, limits=limits), request))


def state(*batches: tuple[int, int, str], status: str = "started", total: int = 0, **more: Any) -> dict[str, Any]:
    """The state of a job: (first page, last page, status) of each batch; the n-th address is on the n-th host."""
    listed = [
        {
            "id": index,
            "status": one,
            "start_page": first,
            "end_page": last,
            "download_url": f"https://s3.example/{index}" if one == "completed" else None,
        }
        for index, (first, last, one) in enumerate(batches)
    ]
    return {"id": "job-1", "status": status, "total_pages": total, "batches": listed, **more}


SUBMITTED = reply(200, {"request_id": "job-1"})
DONE = (1, 10, "completed"), (11, 20, "completed"), (21, 25, "completed")


class TestFetch:
    def fetch(self, play: Play, with_: ClientContext, **more: Any) -> Outcome:
        return play(flows.fetch(with_, Send(jobs_request(API)), **{"family": None, **more}))

    def test_the_server_says_when(self) -> None:
        """Retry-After beats our own backoff."""
        play = Play(reply(429, b"", {"retry-after": "7"}), reply(200, {}))
        self.fetch(play, setup())
        send = play.steps[0]
        assert play.steps == [send, Sleep(7.0), send]

    def test_the_backoff_doubles_with_jitter_and_ends(self) -> None:
        play = Play(reply(503), lost(sent=False), reply(408), reply(500), reply(502))
        outcome = self.fetch(play, setup(retry=RetryPolicy(attempts=5, initial=1.0, maximum=3.0, jitter=lambda: 0.5)))
        assert play.slept == [0.75, 1.5, 2.25, 2.25]
        assert isinstance(outcome, Reply)
        assert outcome.status == 502

    @pytest.mark.parametrize("status", [200, 400, 401, 404, 413])
    def test_what_is_final_is_not_tried_again(self, status: int) -> None:
        play = Play(reply(status))
        self.fetch(play, setup())
        assert play.slept == []

    def test_a_retry_after_that_is_too_long_is_final(self) -> None:
        play = Play(reply(429, b"", {"retry-after": "3600"}))
        self.fetch(play, setup())
        assert play.slept == []

    @pytest.mark.parametrize("seconds", ["3600", "1" + "0" * 12, "9" * 400])
    def test_nor_does_the_next_request_wait_so_long(self, seconds: str) -> None:
        """It would look like a hang."""
        with_ = setup(rates=RateLimiter())
        self.fetch(Play(reply(429, b"", {"retry-after": seconds})), with_, family="sync")
        with pytest.raises(RateLimitError, match="asked for a pause") as caught:
            self.fetch(Play(), with_, family="sync")
        assert caught.value.retry_after == pytest.approx(float(seconds))
        self.fetch(Play(reply(200)), with_, family="async")  # of another family nothing was said

    @pytest.mark.parametrize("seconds", ["3600", "1" + "0" * 12, "9" * 400])
    def test_but_it_is_sent_once_the_longest_pause_is_over(self, seconds: str) -> None:
        """A gateway that asks for milliseconds, or nonsense, does not end the work of a client for ever."""
        with_ = setup(rates=RateLimiter(), retry=RetryPolicy(longest_retry_after=60.0))
        play = Play(reply(429, b"", {"retry-after": seconds}))
        self.fetch(play, with_, family="sync")
        later = Play(reply(200))
        later.clock = play.clock + 60.0
        self.fetch(later, with_, family="sync")
        assert later.slept == []

    def test_upstage_tells_the_moment_and_nothing_is_sent_before(self) -> None:
        with_ = setup(rates=RateLimiter())
        until = {"x-upstage-ratelimit-retry-after-pages": "1800000015", "x-upstage-ratelimit-limit-pages": "300"}
        play, other = Play(reply(429, b"", until, at=1.8e9), reply(200)), Play(reply(200))
        self.fetch(play, with_, family="sync", model="m", pages=4)
        assert sum(play.slept) == pytest.approx(15.0, abs=1.0)
        other.clock = play.clock - 10.0
        self.fetch(other, with_, family="sync", model="m", pages=4)
        assert sum(other.slept) >= 10.0

    def test_a_request_that_waits_for_its_turn_waits_on_if_another_is_told_to(self) -> None:
        limiter = RateLimiter({"sync": Rate(requests_per_second=1)})
        limiter.reserve(1000.0, "sync", model="m")
        play = Play(reply(200))
        flow = flows.fetch(setup(rates=limiter), Send(jobs_request(API)), family="sync", model="m")

        def told() -> Any:
            step = next(flow)
            answer: Any = None
            while True:
                if isinstance(step, Sleep) and step.seconds < 2:
                    limiter.penalise(1000.5, "sync", 20.0, model="m")
                answer = yield step
                step = flow.send(answer)

        def until_the_end() -> Any:
            try:
                return (yield from told())
            except RuntimeError:  # what a StopIteration becomes inside a generator
                return None

        play(until_the_end())
        assert sum(play.slept) >= 20.0

    def test_a_send_that_costs_nothing_is_tried_again_even_if_it_arrived(self) -> None:
        play = Play(lost(sent=True), reply(200, {}))
        self.fetch(play, setup())
        assert play.slept == [0.5]

    def test_a_paid_send_that_may_have_arrived_is_not_sent_again(self) -> None:
        play = Play(lost(sent=True))
        payment = Payment()
        self.fetch(play, setup(), payment=payment)
        assert payment.under_way

    def test_a_paid_send_that_did_not_arrive_is_sent_again(self) -> None:
        play = Play(lost(sent=False), reply(200, {}))
        payment = Payment()
        self.fetch(play, setup(), payment=payment)
        assert not payment.under_way

    def test_the_rates_of_a_family_are_kept_and_a_429_slows_it(self) -> None:
        limiter = RateLimiter({"sync": Rate(requests_per_second=2)})
        with_ = setup(rates=limiter)
        self.fetch(Play(reply(200)), with_, family="sync")
        play = Play(reply(429, b"", {"retry-after": "0"}), reply(200))
        self.fetch(play, with_, family="sync")
        assert play.slept == [pytest.approx(0.5, abs=0.1), 0.0, pytest.approx(0.5, abs=0.1)]


class TestPayingOnce:
    def test_an_answer_is_read_the_second_time(self, stored: Stored) -> None:
        first = parse(Play(reply(200, answer([1, 2]))), stored(), ask(2))
        again = parse(Play(), stored(), ask(2))
        assert again == first
        assert first.raw == again.raw

    def test_refresh_asks_again(self, stored: Stored) -> None:
        parse(Play(reply(200, answer([1]))), stored(), ask(1))
        newer = parse(Play(reply(200, answer([1]) | {"model": "newer"})), stored(), ask(1, refresh=True))
        assert newer.model == "newer"
        assert parse(Play(), stored(), ask(1)).model == "newer"

    @pytest.mark.parametrize("timeout", [True, False])
    def test_an_unknown_outcome_is_reported_and_not_sent_again(self, stored: Stored, timeout: bool) -> None:
        with pytest.raises(UnknownOutcomeError, match=r"'a.pdf' \(pages 1-2\) was sent, and no answer came") as caught:
            parse(Play(lost(sent=True, timeout=timeout)), stored(), ask(2))
        assert (caught.value.intent.source, caught.value.intent.pages) == ("a.pdf", (1, 2))
        with pytest.raises(UnknownOutcomeError, match=r'was sent before.*on_unknown="resend"'):
            parse(Play(), stored(), ask(2))

    @pytest.mark.skipif(os.name == "nt", reason="Windows replaces no file that is open")
    def test_a_store_that_is_damaged_meanwhile_hides_no_error_of_the_document(self, stored: Stored) -> None:
        path = stored().store.path
        assert path is not None

        def damage(_: object) -> Outcome:
            damaged = path.with_name("damaged")
            damaged.write_bytes(b"no store")
            damaged.chmod(0o600)
            damaged.replace(path)
            path.with_name(f"{path.name}.lock").mkdir()  # so that nothing mends it
            return reply(400, {"error": {"message": "the page is blank"}})

        with pytest.raises(BadRequestError, match="the page is blank"):
            parse(Play(damage), stored(), ask(2))
        with pytest.raises(ConfigError, match="cannot be mended"):
            parse(Play(), stored(), ask(2))

    def test_damage_that_is_found_after_a_part_was_sent_is_not_told_as_if_nothing_was(self, stored: Stored) -> None:
        parse(Play(reply(200, answer([1])), reply(200, answer([1]))), stored(), ask(2, pages_per_request=1))
        path = stored().store.path
        assert path is not None
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("DELETE FROM answer WHERE first = 1")
            db.execute("UPDATE answer SET body = x'00'")
            db.execute("CREATE TRIGGER no BEFORE DELETE ON answer BEGIN SELECT RAISE(FAIL, 'disk is full'); END")
        with pytest.raises(ConfigError, match="nothing more is sent"):
            parse(Play(reply(200, answer([1]))), stored(), ask(2, pages_per_request=1))

    def test_a_claim_outlives_a_long_wait_for_its_turn(self, tmp_path: Path) -> None:
        """Expired while the rate limit held it back, it would look to others like a send that was lost."""
        play = Play()
        store = Store(tmp_path / "store.sqlite3", clock=lambda: play.clock)
        limiter = RateLimiter({"sync": Rate(requests_per_second=1 / 5000)})
        limiter.reserve(play.clock, "sync")
        request = ask(2)
        found: list[object] = []

        def claimed(_: object) -> Outcome:
            key = ResultKey.of(sha256(request.document).hexdigest(), ParseOptions(), API.root)  # type: ignore[arg-type]
            play.clock += 899
            found.append(store.claim(key, (1, 2), seconds=1, route="sync"))
            return reply(200, answer([1, 2]))

        play.outcomes.append(claimed)
        parse(play, setup(store=store, rates=limiter, timeout=900.0), request)
        assert isinstance(found[0], Busy)

    def test_resend_pays_again(self, stored: Stored) -> None:
        with pytest.raises(UnknownOutcomeError):
            parse(Play(lost(sent=True)), stored(), ask(2))
        document = parse(Play(reply(200, answer([1, 2]))), stored(on_unknown="resend"), ask(2))
        assert len(document.elements) == 2
        assert stored().store.intents() == ()

    def test_an_unknown_job_is_reported_with_the_jobs_that_it_might_be(self, stored: Stored) -> None:
        jobs = reply(200, {"requests": [{"id": "job-8", "status": "started"}, {"id": "job-9", "status": "started"}]})
        with pytest.raises(UnknownOutcomeError, match="one of job-8, job-9") as caught:
            parse(Play(lost(sent=True), jobs), stored(), ask(2, route="async"))
        assert caught.value.candidates == ("job-8", "job-9")
        with pytest.raises(UnknownOutcomeError) as caught:
            parse(Play(jobs), stored(), ask(2, route="async"))
        assert caught.value.candidates == ("job-8", "job-9")

    @pytest.mark.parametrize(
        ("outcomes", "error"),
        [
            ([reply(401, b"")], AuthenticationError),
            ([reply(429, b"", {"retry-after": "900"})], RateLimitError),
            ([reply(503)] * 5, APIStatusError),
            ([lost(sent=False)] * 5, APIConnectionError),
            ([reply(200, {"error": {"message": "overloaded"}})], InvalidResponseError),
        ],
    )
    def test_a_refusal_leaves_nothing_open(
        self, stored: Stored, outcomes: list[Outcome], error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            parse(Play(*outcomes), stored(), ask(2))
        assert stored().store.intents() == ()
        parse(Play(reply(200, answer([1, 2]))), stored(), ask(2))

    @pytest.mark.parametrize("body", [b"<html>", *NO_ANSWERS])
    def test_a_200_that_is_no_answer_may_have_been_billed(self, stored: Stored, body: object) -> None:
        with pytest.raises(InvalidResponseError) as caught:
            parse(Play(reply(200, body)), stored(), ask(2))
        assert caught.value.raw == reply(200, body).body
        if isinstance(body, dict):  # it was not a page of whatever is in between: it is kept, and said again
            with pytest.raises(InvalidResponseError) as again:
                parse(Play(), stored(), ask(2))
            assert str(again.value) == str(caught.value)
        else:
            with pytest.raises(UnknownOutcomeError):
                parse(Play(), stored(), ask(2))

    @pytest.mark.parametrize("kind", ["parse", "job", "ocr", "a file of unknown length"])
    def test_what_nobody_understands_is_kept_and_told_again(self, stored: Stored, kind: str) -> None:
        """It was paid for: nothing is sent again unless refresh says so."""
        strange: dict[str, Any] = {"result": {"pages": 2}, "version": "9.0"}
        request = asked(kind)
        with pytest.raises(InvalidResponseError, match=r"What came is kept.*refresh=True") as first:
            parse(Play(reply(200, strange)), stored(), request)
        assert stored().store.intents() == ()
        with pytest.raises(InvalidResponseError) as second:
            parse(Play(), stored(), request)
        assert str(second.value) == str(first.value)
        assert second.value.raw == reply(200, strange).body

    @pytest.mark.parametrize("kind", ["parse", "job", "ocr", "a file of unknown length"])
    def test_what_an_older_version_did_not_understand_is_read_by_one_that_does(self, stored: Stored, kind: str) -> None:
        came: dict[str, Any] = answer([1, 2])
        rest: list[Outcome] = []
        if kind == "job":
            done = state((1, 2, "completed"), status="completed", total=2)
            came, rest = {"request_id": "job-1"}, [reply(200, done), reply(200, came)]
        elif kind == "ocr":
            came = TestOcr().body(2)
        request, context = asked(kind), stored()
        assert isinstance(request.document, bytes)
        pages = None if kind == "a file of unknown length" else (1, 2)
        key = context.result_key(sha256(request.document).hexdigest(), request.options)
        claim = context.store.claim(key, pages, seconds=60, route="sync", source="a.pdf")
        assert isinstance(claim, Claim)
        context.store.keep_unread(claim, reply(200, came).body, route="async" if kind == "job" else "sync")

        assert len(parse(Play(*rest), context, request).pages) == 2
        assert context.account.spending.pages == (2 if kind == "job" else 0), "it was on the bill of who sent it"
        assert len(parse(Play(), stored(), request).pages) == 2, "and it is an answer like any other from then on"
        assert [entry.pages for entry in stored().store.entries()] == [2]

    def test_refresh_asks_again_for_what_nobody_understood(self, stored: Stored) -> None:
        with pytest.raises(InvalidResponseError):
            parse(Play(reply(200, {"new": 1})), stored(), ask(2))
        assert len(parse(Play(reply(200, answer([1, 2]))), stored(), ask(2, refresh=True)).elements) == 2
        assert len(parse(Play(), stored(), ask(2)).elements) == 2

    def test_whatever_says_that_it_was_done_is_an_answer(self) -> None:
        """A job may well be answered with 202; to send it again would be to pay again."""
        done = reply(200, state((1, 2, "completed"), status="completed", total=2))
        play = Play(reply(202, {"request_id": "job-1"}), done, reply(200, answer([1, 2])))
        assert len(parse(play, setup(), ask(2, route="async")).elements) == 2

    def test_a_silent_cut_is_an_error_that_keeps_what_came(self, stored: Stored) -> None:
        """An older server answers the first pages only; the next call sends the others and no more."""
        limits = ApiLimits(sync_pages=200, prefer_async_above=200)
        with pytest.raises(InvalidResponseError, match="5 pages were sent, 3 came back") as caught:
            parse(Play(reply(200, answer([1, 2, 3]))), stored(), ask(5), limits)
        assert b"page 3" in caught.value.raw  # type: ignore[comparison-overlap]
        document = parse(Play(reply(200, answer([1, 2]))), stored(), ask(5), limits)
        assert [element.page for element in document.elements] == [1, 2, 3, 4, 5]
        assert [element.id for element in document.elements] == [0, 1, 2, 3, 4]

    @pytest.mark.parametrize("after", [0, 1])
    def test_a_flow_closed_while_sending_leaves_an_open_intent(self, stored: Stored, after: int) -> None:
        with_ = stored()
        play = Play(*[reply(503)] * after)
        with pytest.raises(IndexError):  # the play has no outcome for this send: it ends there
            parse(play, with_, ask(2))
        assert len(with_.store.intents()) == 1

    def test_a_flow_closed_while_waiting_leaves_nothing_open(self, stored: Stored) -> None:
        with_ = stored()
        flow = documents.read_one(with_, ask(2))
        step = next(flow)
        while not isinstance(step, Sleep):
            step = flow.send(reply(503) if isinstance(step, Send) else step.task() if hasattr(step, "task") else 0.0)
        flow.close()
        assert with_.store.intents() == ()

    def test_an_answer_that_came_as_the_flow_was_closed_is_kept(self, stored: Stored) -> None:
        with_ = stored()
        flow = documents.read_one(with_, ask(1))
        step = next(flow)
        while not isinstance(step, Send):
            step = flow.send(step.task() if hasattr(step, "task") else 0.0)
        flow.send(reply(200, answer([1])))
        flow.close()
        assert parse(Play(), stored(), ask(1)).total_pages == 1

    def test_interrupted_at_any_line_after_the_answer_nothing_is_silently_paid_again(self, tmp_path: Path) -> None:
        """It is kept, or it is reported as a send whose outcome is not known."""
        for line in range(1000):
            with_ = setup(store=Store.at(tmp_path / str(line)))
            flow = documents.read_one(with_, ask(1))
            step = next(flow)
            while not isinstance(step, Send):
                step = flow.send(step.task() if hasattr(step, "task") else 0.0)
            with suppress(KeyboardInterrupt), interrupted(line, "exchange.py") as ran:
                flow.send(reply(200, answer([1])))
            if len(ran) <= line:
                break
            flow.close()
            with suppress(UnknownOutcomeError):
                assert parse(Play(), with_, ask(1)).total_pages == 1
        assert line > 10

    def test_the_account_counts_what_was_answered_and_not_what_was_read(self, stored: Stored) -> None:
        with_ = stored()
        body = answer([1, 2]) | {"usage": {"pages": 2, "standard": [1], "enhanced": [2]}}
        parse(Play(reply(200, body)), with_, ask(2))
        parse(Play(), with_, ask(2))
        assert (with_.account.spending.pages, with_.account.spending.enhanced) == (2, 1)
        assert with_.account.spending.cost == 0.04

    def test_other_options_are_another_answer(self, stored: Stored) -> None:
        parse(Play(reply(200, answer([1]))), stored(), ask(1))
        parse(Play(reply(200, answer([1]))), stored(), ask(1, options=ParseOptions(mode="enhanced")))
        parse(Play(), stored(), ask(1, name="another name of the same bytes.pdf"))


class TestParts:
    def test_parts_of_a_pdf_are_joined_with_absolute_pages_and_unique_ids(self) -> None:
        play = Play(reply(200, answer([1, 2])), reply(200, answer([1, 2])), reply(200, answer([1])))
        document = parse(play, setup(), ask(5, pages_per_request=2))
        assert play.sent == [PARSE] * 3
        assert [element.page for element in document.elements] == [1, 2, 3, 4, 5]
        assert [element.id for element in document.elements] == [0, 1, 2, 3, 4]
        assert (document.total_pages, document.usage.pages) == (5, 5)

    def test_only_the_part_that_is_missing_is_sent_again(self, stored: Stored) -> None:
        with pytest.raises(APIStatusError):
            parse(Play(reply(200, answer([1, 2])), reply(400)), stored(), ask(5, pages_per_request=2))
        play = Play(reply(200, answer([1, 2])), reply(200, answer([1])))
        document = parse(play, stored(), ask(5, pages_per_request=2))
        assert [element.page for element in document.elements] == [1, 2, 3, 4, 5]

    def test_a_part_answered_with_too_many_pages_is_reported_once_and_not_paid_for_again(self, stored: Stored) -> None:
        with pytest.raises(InvalidResponseError, match="2 pages were sent, 3 came back"):
            parse(Play(reply(200, answer([1, 2], usage=3))), stored(), ask(4, pages_per_request=2))
        document = parse(Play(reply(200, answer([1, 2]))), stored(), ask(4, pages_per_request=2))
        assert [element.page for element in document.elements] == [1, 2, 3, 4]

    def test_another_partition_uses_what_is_there(self, stored: Stored) -> None:
        parse(Play(*[reply(200, answer([1, 2]))] * 2), stored(), ask(4, pages_per_request=2))
        assert len(parse(Play(), stored(), ask(4)).elements) == 4

    def test_a_part_that_comes_out_too_large_is_halved(self) -> None:
        """Pages differ in size, so that the size of a part is a guess before it is cut."""
        from reportlab.pdfgen.canvas import Canvas

        sent: list[int] = []

        def respond(request: httpx.Request) -> Reply:
            sent.append(inspect(form(request)["document"][1]).pages or 0)
            return reply(200, answer(range(1, sent[-1] + 1)))

        target = io.BytesIO()
        canvas, chance = Canvas(target, pageCompression=0), Random(1)
        for page in range(8):
            canvas.drawString(30, 200, "".join(chance.choices(ascii_letters, k=50_000 if page < 2 else 1)))
            canvas.showPage()
        canvas.save()
        request = Request(target.getvalue(), ParseOptions(), "a.pdf", SendOptions("sync"))
        document = parse(Play(*[respond] * 5), setup(), request, ApiLimits(sync_bytes=60_000))
        assert [element.page for element in document.elements] == list(range(1, 9))
        assert sent == [1, 1, 1, 3, 2]

    def test_a_single_page_that_is_too_large_is_named(self) -> None:
        with pytest.raises(SourceError, match="One page"):
            parse(Play(), setup(), ask(2, route="sync"), ApiLimits(sync_bytes=100))

    def test_no_temporary_file_is_left(self) -> None:
        before = open_files()
        parse(Play(*[reply(200, answer([1]))] * 3), setup(), ask(3, pages_per_request=1))
        assert open_files() <= before


class TestJobs:
    @pytest.mark.parametrize("absolute", [True, False])
    def test_batches_are_joined_whatever_their_pages_count_from(self, absolute: bool) -> None:
        """Whether `page` and `id` restart in a batch is not documented."""
        batches = [
            range(1, 11),
            range(11, 21) if absolute else range(1, 11),
            range(21, 26) if absolute else range(1, 6),
        ]
        play = Play(
            SUBMITTED,
            reply(200, state((1, 10, "scheduled"), status="submitted", total=25)),
            reply(200, state(*DONE, status="completed", total=25)),
            *[reply(200, answer(batch)) for batch in batches],
        )
        document = parse(play, setup(), ask(25, route="async"))
        assert play.sent == [SUBMIT, STATUS, STATUS, "GET /0", "GET /1", "GET /2"]
        assert [element.page for element in document.elements] == list(range(1, 26))
        assert [element.id for element in document.elements] == list(range(25))
        assert document.total_pages == 25
        assert play.slept[:1] == [1.0]

    @pytest.mark.parametrize("status", [None, 7, ["completed"], ""])
    def test_a_state_that_cannot_be_read_is_told_and_not_waited_for(self, status: Any) -> None:
        """As one that is not known is; a job that says nothing would be asked for 72 hours."""
        silent = reply(200, state((1, 10, "scheduled"), total=25) | {"status": status})
        with pytest.raises(JobError, match="'unknown'"):
            parse(Play(SUBMITTED, *[silent] * 9), setup(), ask(25, route="async"))

    def test_the_state_of_another_job_is_believed_by_nobody(self) -> None:
        """A proxy that mixes up answers: its pages are another document's."""
        other = reply(200, state(*DONE, status="completed", total=25) | {"id": "another"})
        right = reply(200, state(*DONE, status="completed", total=25))
        batches = [reply(200, answer(pages)) for pages in (range(1, 11), range(11, 21), range(21, 26))]
        document = parse(Play(SUBMITTED, other, right, *batches), setup(), ask(25, route="async"))
        assert len(document.elements) == 25
        with pytest.raises(InvalidResponseError, match="'another'"):
            parse(Play(SUBMITTED, *[other] * 5), setup(), ask(25, route="async"))

    @pytest.mark.parametrize("absolute", [True, False])
    def test_the_jobs_of_a_very_long_pdf_are_joined(self, absolute: bool) -> None:
        """Each part of the PDF is a file of its own to the API: its pages begin again."""
        limits = ApiLimits(async_pages=20, sync_pages=5, prefer_async_above=5)
        half = [range(1, 11), range(11, 21) if absolute else range(1, 11)]
        done = reply(200, state((1, 10, "completed"), (11, 20, "completed"), status="completed", total=20))
        play = Play(*[one for _ in range(2) for one in (SUBMITTED, done, *[reply(200, answer(b)) for b in half])])
        document = parse(play, setup(), ask(40, route="async"), limits)
        assert [element.page for element in document.elements] == list(range(1, 41))
        assert [element.id for element in document.elements] == list(range(40))

    @pytest.mark.parametrize("length", [13, 16, 17, 19])
    def test_a_part_of_a_pdf_may_end_in_a_short_batch_that_counts_from_the_part(self, length: int) -> None:
        done = reply(200, state((1, 10, "completed"), (11, length, "completed"), status="completed", total=length))
        batches = [range(1, 11), range(11, length + 1)]
        play = Play(*[one for _ in range(2) for one in (SUBMITTED, done, *[reply(200, answer(b)) for b in batches])])
        document = parse(play, setup(), ask(2 * length, route="async", pages_per_request=length))
        assert [element.page for element in document.elements] == list(range(1, 2 * length + 1))

    def test_batches_that_are_listed_late_are_waited_for(self) -> None:
        some = state(DONE[0], DONE[2], total=25)
        play = Play(
            SUBMITTED,
            reply(200, some),
            reply(200, answer(range(1, 11))),
            reply(200, state(*DONE, status="completed", total=25)),
            reply(200, answer(range(11, 21))),
            reply(200, answer(range(21, 26))),
        )
        document = parse(play, setup(), ask(25, route="async"))
        assert [element.page for element in document.elements] == list(range(1, 26))

    def test_batches_come_by_their_pages_whatever_their_numbers(self) -> None:
        done = state(*DONE[::-1], DONE[0], status="completed", total=25)
        play = Play(
            SUBMITTED,
            reply(200, done),
            *[reply(200, answer(range(first, last + 1))) for first, last, _ in DONE],
        )
        document = parse(play, setup(), ask(25, route="async"))
        assert [element.page for element in document.elements] == list(range(1, 26))

    @pytest.mark.parametrize("others", [[(21, 25, "completed")], [(6, 15, "completed"), (16, 25, "completed")]])
    def test_batches_that_leave_out_pages_or_overlap_are_an_error_each_time(
        self, stored: Stored, others: list[tuple[int, int, str]]
    ) -> None:
        """And the job, which was paid for, is asked again: nothing is sent anew."""
        done = reply(200, state(DONE[0], *others, status="completed", total=25))
        for play in (Play(SUBMITTED, done, reply(200, answer(range(1, 11)))), Play(done)):
            with pytest.raises(InvalidResponseError, match="batches do not follow each other"):
                parse(play, stored(), ask(25, route="async"))

    def test_a_batch_of_nothing_is_fetched_again_and_never_kept(self, stored: Stored) -> None:
        done = reply(200, state((1, 2, "completed"), status="completed", total=2))
        nothing = reply(200, {"elements": []})
        with pytest.raises(InvalidResponseError, match="batch 0 holds no page and no element"):
            parse(Play(SUBMITTED, *[done, nothing] * 5), stored(), ask(2, route="async"))
        assert len(parse(Play(done, reply(200, answer([1, 2]))), stored(), ask(2, route="async")).elements) == 2

    def test_batches_that_do_not_say_where_they_end(self) -> None:
        done = state(*DONE, status="completed", total=25)
        for batch in done["batches"]:
            del batch["end_page"]
        play = Play(SUBMITTED, reply(200, done), *[reply(200, answer(range(a, b + 1))) for a, b, _ in DONE])
        assert len(parse(play, setup(), ask(25, route="async")).elements) == 25

    def test_a_key_that_a_job_echoes_is_hidden(self) -> None:
        said = {"failure_message": "bad token up_0123456789"}
        body = {"id": "job-1", "status": "failed", **said, "batches": [{"id": 0, "status": "failed", **said}]}
        with_ = replace(setup(), api=Api.at("https://api.example/v1", {"Authorization": "Bearer up_0123456789"}))
        job = Play(reply(200, body))(flows.job_state(with_, "job-1"))
        listed = Play(reply(200, {"requests": [body]}))(flows.jobs(with_))
        assert "0123456789" not in repr((job, listed))
        assert "[hidden]" in job.failure_message

    def test_unknown_states_count_as_running(self) -> None:
        play = Play(
            SUBMITTED,
            reply(200, {"id": "job-1", "status": "thinking", "batches": None}),
            reply(200, state((1, 2, "pondering"), status="thinking")),
            reply(200, state((1, 2, "completed"), status="completed", total=2)),
            reply(200, answer([1, 2])),
        )
        assert len(parse(play, setup(), ask(2, route="async")).elements) == 2

    def test_a_state_in_capitals_is_the_same_state(self) -> None:
        done = state((1, 2, "completed"), status="Completed", total=2)
        done["batches"][0]["status"] = "COMPLETED"
        play = Play(SUBMITTED, reply(200, done), reply(200, answer([1, 2])))
        assert len(parse(play, setup(), ask(2, route="async")).elements) == 2
        failed = Play(SUBMITTED, reply(200, {"id": "job-1", "status": "FAILED", "batches": []}))
        with pytest.raises(JobFailedError):
            parse(failed, setup(), ask(2, route="async"))

    @pytest.mark.parametrize("status", ["cancelled", "expired", "thinking"])
    def test_a_state_that_stays_unknown_is_told_and_keeps_the_job(self, stored: Stored, status: str) -> None:
        play = Play(SUBMITTED, *[reply(200, {"id": "job-1", "status": status, "batches": []})] * 5)
        with pytest.raises(JobError, match=rf"state that is not known here: '{status}'.*cache rm a\.pdf"):
            parse(play, stored(), ask(2, route="async"))
        done = reply(200, state((1, 2, "completed"), status="completed", total=2))
        assert len(parse(Play(done, reply(200, answer([1, 2]))), stored(), ask(2, route="async")).elements) == 2

    @pytest.mark.parametrize("unsaid", [{}, {"status": None}, {"status": 5}, {"status": ""}])
    def test_a_state_without_a_status_is_not_waited_for_as_if_it_ran(self, stored: Stored, unsaid: Any) -> None:
        play = Play(SUBMITTED, *[reply(200, {"id": "job-1", "batches": [], **unsaid})] * 5)
        with pytest.raises(JobError, match="state that is not known here: 'unknown'"):
            parse(play, stored(), ask(2, route="async"))
        done = reply(200, state((1, 2, "completed"), status="completed", total=2))
        assert len(parse(Play(done, reply(200, answer([1, 2]))), stored(), ask(2, route="async")).elements) == 2

    @pytest.mark.parametrize("batches", [None, [], "the last one missing"])
    def test_a_completed_job_that_does_not_list_all_its_batches_is_kept(self, stored: Stored, batches: Any) -> None:
        done = state((1, 10, "completed"), (11, 12, "completed"), status="completed", total=12)
        first = {**done, "batches": done["batches"][:1] if batches else batches}
        answers = [reply(200, answer(range(1, 11)))] if batches else []
        play = Play(SUBMITTED, reply(200, first), *answers, *[reply(200, first)] * 4)
        with pytest.raises(InvalidResponseError, match="asking again costs nothing"):
            parse(play, stored(), ask(12, route="async"))
        rest = [] if batches else [reply(200, answer(range(1, 11)))]
        play = Play(reply(200, done), *rest, reply(200, answer([1, 2])))
        assert [one.page for one in parse(play, stored(), ask(12)).elements] == list(range(1, 13))
        assert SUBMIT not in play.sent

    def test_a_list_of_batches_that_comes_a_little_later_is_waited_for(self) -> None:
        done = state((1, 2, "completed"), status="completed", total=2)
        play = Play(SUBMITTED, reply(200, {**done, "batches": None}), reply(200, done), reply(200, answer([1, 2])))
        assert len(parse(play, setup(), ask(2, route="async")).elements) == 2

    def test_a_job_that_lists_pages_that_were_not_sent_is_joined_with_nothing(self, stored: Stored) -> None:
        done = state((1, 10, "completed"), (11, 12, "completed"), status="completed", total=12)
        play = Play(SUBMITTED, reply(200, done))
        with pytest.raises(InvalidResponseError, match="lists pages 1-10, and pages 1-2 were sent"):
            parse(play, stored(), ask(2, route="async"))
        assert [job.request_id for job in stored().store.jobs()] == ["job-1"]

    @pytest.mark.parametrize("error", [{"message": "no luck", "code": "oom"}, "no luck"])
    def test_the_error_of_a_failed_job_is_told(self, error: object) -> None:
        failed = reply(200, {"id": "job-1", "status": "failed", "error": error, "batches": []})
        with pytest.raises(JobFailedError, match="failed at the job: no luck"):
            parse(Play(SUBMITTED, failed), setup(), ask(2, route="async"))

    def test_a_failed_job_is_kept_while_a_good_batch_of_it_cannot_be_fetched(self, stored: Stored) -> None:
        failed = state(DONE[0], (11, 20, "failed"), DONE[2], status="failed", total=25)
        refused = [reply(403)]
        play = Play(SUBMITTED, reply(200, failed), reply(200, answer(range(1, 11))), *refused)
        with pytest.raises(JobFailedError, match="1 of its batches are done and could not be fetched"):
            parse(play, stored(), ask(25, route="async"))
        play = Play(reply(200, failed), reply(200, answer(range(1, 6))))
        with pytest.raises(JobFailedError, match="sends what is missing"):
            parse(play, stored(), ask(25, route="async"))
        play = Play(reply(200, answer(range(1, 11))))
        assert len(parse(play, stored(), ask(25, route="sync")).elements) == 25

    def test_a_batch_of_other_pages_is_fetched_again_before_the_job_is_forgotten(self, stored: Stored) -> None:
        done = reply(200, state((1, 2, "completed"), status="completed", total=2))
        other = {**answer([1, 2]), "elements": answer([998, 999])["elements"]}
        play = Play(SUBMITTED, done, reply(200, other), done, reply(200, answer([1, 2])))
        assert [one.page for one in parse(play, stored(), ask(2, route="async")).elements] == [1, 2]

    def test_looks_grow_apart_up_to_the_maximum(self) -> None:
        running = reply(200, state((1, 2, "started")))
        done = reply(200, state((1, 2, "completed"), status="completed", total=2))
        play = Play(SUBMITTED, *[running] * 5, done, reply(200, answer([1, 2])))
        parse(play, setup(), ask(2, route="async"))
        assert play.slept == [1.0, 1.5, 2.25, 3.0, 3.0]

    @pytest.mark.parametrize("refusal", [403, 400, 404])
    def test_an_expired_address_is_asked_for_again(self, refusal: int) -> None:
        done = reply(200, state((1, 2, "completed"), status="completed", total=2))
        play = Play(SUBMITTED, done, reply(refusal, b"<Error>expired</Error>"), done, reply(200, answer([1, 2])))
        assert len(parse(play, setup(), ask(2, route="async")).elements) == 2

    @pytest.mark.parametrize("broken", [b'{"elements": [', b"<html>", b""])
    def test_a_batch_that_is_cut_off_is_fetched_again(self, broken: bytes) -> None:
        done = reply(200, state((1, 2, "completed"), status="completed", total=2))
        play = Play(SUBMITTED, done, reply(200, broken), done, reply(200, answer([1, 2])))
        assert len(parse(play, setup(), ask(2, route="async")).elements) == 2

    def test_a_state_that_is_nonsense_is_asked_for_again(self) -> None:
        done = reply(200, state((1, 2, "completed"), status="completed", total=2))
        play = Play(SUBMITTED, reply(200, b"<html>"), done, reply(200, answer([1, 2])))
        assert len(parse(play, setup(), ask(2, route="async")).elements) == 2

    def test_an_address_that_never_serves_is_an_error_in_the_end(self) -> None:
        done = reply(200, state((1, 2, "completed"), status="completed", total=2))
        play = Play(SUBMITTED, *[one for _ in range(5) for one in (done, reply(403))])
        with pytest.raises(JobError, match=r"batch 0 cannot be fetched \(403\)"):
            parse(play, setup(), ask(2, route="async"))

    def test_a_missing_address_is_waited_for(self) -> None:
        """The server may struggle to sign many addresses at once."""
        done = state((1, 2, "completed"), status="completed", total=2)
        without = {**done, "batches": [{**done["batches"][0], "download_url": None}]}
        play = Play(SUBMITTED, reply(200, without), reply(200, done), reply(200, answer([1, 2])))
        assert len(parse(play, setup(), ask(2, route="async")).elements) == 2

    def test_a_failed_job_keeps_its_good_batches_and_only_the_rest_is_sent_again(self, stored: Stored) -> None:
        failed = state(DONE[0], (11, 20, "failed"), DONE[2], status="failed", total=25, failure_message="no luck")
        play = Play(SUBMITTED, reply(200, failed), reply(200, answer(range(1, 11))), reply(200, answer(range(1, 6))))
        with pytest.raises(JobFailedError, match="failed at pages 11-20: no luck") as caught:
            parse(play, stored(), ask(25, route="async"))
        assert caught.value.job.request_id == "job-1"
        again = reply(200, state((1, 10, "completed"), status="completed", total=10))
        play = Play(SUBMITTED, again, reply(200, answer(range(1, 11))))
        document = parse(play, stored(), ask(25, route="async"))
        assert [element.page for element in document.elements] == list(range(1, 26))

    def test_a_job_that_fails_as_a_whole(self, stored: Stored) -> None:
        failed = {"id": "job-1", "status": "failed", "failure_message": "corrupted", "batches": []}
        with pytest.raises(JobFailedError, match="failed at the job: corrupted"):
            parse(Play(SUBMITTED, reply(200, failed)), stored(), ask(2, route="async"))
        assert stored().store.jobs() == ()
        with pytest.raises(JobFailedError, match=r"corrupted\.$"):  # nothing is kept, and it does not say so
            parse(Play(SUBMITTED, reply(200, failed)), setup(), ask(2, route="async"))

    def test_a_job_past_its_deadline_is_resumed_by_the_next_call(self, stored: Stored) -> None:
        running = reply(200, state((1, 2, "started")))
        hurried = stored(poll=PollPolicy(initial=1800.0, maximum=1800.0, deadline=3600.0))
        with pytest.raises(JobTimeoutError, match="The job continues"):
            parse(Play(SUBMITTED, running, running, running), hurried, ask(2, route="async"))
        done = reply(200, state((1, 2, "completed"), status="completed", total=2))
        play = Play(done, reply(200, answer([1, 2])))
        assert len(parse(play, stored(), ask(2)).elements) == 2
        assert play.sent == [STATUS, "GET /0"]

    @pytest.mark.parametrize("silent", ["the state", "a pause of a minute", "a batch"])
    def test_the_deadline_of_a_job_holds_whatever_answers(self, stored: Stored, silent: str) -> None:
        """It is handed to every send and pause on the way: each alone would outlast it."""
        done = reply(200, state((1, 2, "completed"), status="completed", total=2))
        answers = {
            "the state": [],
            "a pause of a minute": [reply(429, b"", {"retry-after": "60"})],
            "a batch": [done],
        }[silent]

        def silence(_: httpx.Request) -> Outcome:
            step = play.steps[-1]
            assert isinstance(step, Send)
            play.clock += step.deadline
            return lost(sent=True, timeout=True)

        play = Play(SUBMITTED, *answers, silence)
        hurried = stored(poll=PollPolicy(initial=1.0, deadline=3.0), retry=RetryPolicy(attempts=4, initial=3.0))
        with pytest.raises(JobTimeoutError, match="not done after 3 s"):
            parse(play, hurried, ask(2, route="async"))
        asked = [step.deadline for step in play.steps if isinstance(step, Send)][1:]
        assert max(asked) <= 3.0
        assert play.clock <= 1000.0 + 3.0

    def test_time_in_which_nobody_waits_is_not_the_jobs(self, stored: Stored) -> None:
        done = reply(200, state((1, 10, "completed"), (11, 12, "completed"), status="completed", total=12))
        play = Play(SUBMITTED, done, reply(200, answer(range(1, 11))), reply(200, answer([1, 2])))
        hurried = stored(poll=PollPolicy(initial=1.0, deadline=3.0))

        def slowly(piece: Any, _: object) -> list[Any]:
            play.clock += 60.0
            return [piece]

        play(documents.read_one(hurried, ask(12, route="async"), deliver=slowly))

    @pytest.mark.parametrize(("days", "kept"), [(1, 1), (31, 0)])
    def test_a_job_that_is_not_known_is_forgotten_only_once_its_result_is_gone(
        self, tmp_path: Path, days: int, kept: int
    ) -> None:
        """The key of another account does not know it either: that must not make it paid for again."""
        store = Store(tmp_path / "store.sqlite3", clock=lambda: time.time() - days * 86400)
        with pytest.raises(JobError, match=r"does not know the job 'job-1'.*30 days.*local engine"):
            parse(Play(SUBMITTED, reply(404, b"")), setup(store=store), ask(2, route="async"))
        assert len(store.jobs()) == kept

    @pytest.mark.parametrize("name", ["a.pdf", "the user's report.pdf", "-a.pdf"])
    def test_a_job_that_is_lost_says_how_it_is_forgotten(self, stored: Stored, name: str) -> None:
        with pytest.raises(JobError, match="upstage-docs cache rm ") as failed:
            parse(Play(SUBMITTED, reply(404, b"")), stored(), ask(2, name, route="async"))
        command = re.findall("`(.+?)`", str(failed.value))[-1]
        program, *words = shlex.split(command)
        assert program == "upstage-docs"
        kept = stored().store.path
        assert kept is not None
        with pytest.raises(SystemExit) as ended:
            run([*words[:2], "--folder", str(kept.parent), *words[2:]])
        assert not ended.value.code
        assert len(parse(Play(reply(200, answer([1, 2]))), stored(), ask(2)).elements) == 2

    def test_a_cut_job_is_an_error_that_keeps_what_came(self, stored: Stored) -> None:
        done = reply(200, state((1, 10, "completed"), status="completed", total=10))
        play = Play(SUBMITTED, done, reply(200, answer(range(1, 11))))
        with pytest.raises(InvalidResponseError, match="pages up to 12 were sent, the answer ends at page 10"):
            parse(play, stored(), ask(12, route="async"))
        play = Play(reply(200, answer([1, 2])))
        assert len(parse(play, stored(), ask(12, route="sync")).elements) == 12

    def test_a_batch_with_too_few_pages_is_an_error(self) -> None:
        done = reply(200, state((1, 10, "completed"), status="completed", total=10))
        play = Play(SUBMITTED, done, reply(200, answer(range(1, 9))))
        with pytest.raises(InvalidResponseError, match="batch 0 should hold 10 pages and holds 8"):
            parse(play, setup(), ask(10, route="async"))

    def test_submitting_twice_makes_one_job(self, stored: Stored) -> None:
        first = Play(SUBMITTED)(documents.submit(stored(), ask(2, route="async")))
        again = Play()(documents.submit(stored(), ask(2, route="async")))
        assert first == again
        assert (first.request_id, first.source) == ("job-1", "a.pdf")

    def test_a_request_id_cannot_be_looked_up_elsewhere(self) -> None:
        with pytest.raises(ValueError, match="not a request id"):
            Play()(flows.job_state(setup(), "../../models"))

    def test_the_list_of_jobs(self) -> None:
        body = {"requests": [{"id": "job-1", "status": "completed", "completed_at": None}]}
        (job,) = Play(reply(200, body))(flows.jobs(setup()))
        assert (job.request_id, job.status, job.done) == ("job-1", "completed", True)


class TestOffice:
    """The pages of what is no PDF and no image are counted by the API only."""

    def ask(self) -> Request:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as made:
            made.writestr(zipfile.ZipInfo("word/document.xml"), "<w:document/>")  # the same bytes at any time
        return Request(target.getvalue(), ParseOptions(), "a.docx")

    def test_its_pages_are_those_answered(self, stored: Stored) -> None:
        document = parse(Play(reply(200, answer([1, 2, 3]))), stored(), self.ask())
        assert document.total_pages == 3
        assert parse(Play(), stored(), self.ask()) == document

    def test_one_that_is_too_long_for_one_request_becomes_a_job(self, stored: Stored) -> None:
        done = reply(200, state((1, 10, "completed"), (11, 12, "completed"), status="completed", total=12))
        batches = reply(200, answer(range(1, 11))), reply(200, answer([1, 2]))
        play = Play(reply(413, b""), SUBMITTED, done, *batches)
        document = parse(play, stored(), self.ask())
        assert play.sent[:3] == [PARSE, SUBMIT, STATUS]
        assert [element.page for element in document.elements] == list(range(1, 13))
        assert document.total_pages == 12
        assert parse(Play(), stored(), self.ask()).elements == document.elements

    def test_one_whose_job_failed_half_way_is_sent_again(self, stored: Stored) -> None:
        """It cannot be cut, and how many pages it has is not known: what is stored of it must not hold it up."""
        failed = state(DONE[0], (11, 12, "failed"), status="failed", total=12)
        with pytest.raises(JobFailedError):
            parse(
                Play(reply(413, b""), SUBMITTED, reply(200, failed), reply(200, answer(range(1, 11)))),
                stored(),
                self.ask(),
            )
        document = parse(Play(reply(200, answer(range(1, 13)))), stored(), self.ask())
        assert [element.page for element in document.elements] == list(range(1, 13))

    def test_what_is_stored_of_one_job_is_not_joined_with_another_one(self, stored: Stored) -> None:
        """It cannot be cut, so that the second job gives all of it: its own pages, not those of the first."""
        failed = state(DONE[0], (11, 12, "failed"), status="failed", total=12)
        play = Play(reply(413, b""), SUBMITTED, reply(200, failed), reply(200, answer(range(1, 11))))
        with pytest.raises(JobFailedError):
            parse(play, stored(), self.ask())
        done = {**state((1, 10, "completed"), (11, 12, "completed"), status="completed", total=12), "id": "job-2"}
        batches = [reply(200, answer(range(1, 11), model="second")), reply(200, answer([1, 2], model="second"))]
        play = Play(reply(413, b""), reply(200, {"request_id": "job-2"}), reply(200, done), *batches)
        answers = parse(play, stored(), self.ask()).answers
        assert [b'"second"' in one.raw for one in answers] == [True, True]


class TestOcr:
    def ocr(self, play: Play, with_: ClientContext, pages: int, limits: ApiLimits = LIMITS) -> Any:
        return play(documents.read_one(replace(with_, limits=limits), ask(pages, options=OCROptions())))

    def body(self, pages: int) -> dict[str, Any]:
        listed = [
            {"id": n, "text": f"page {n}", "words": [{"id": n, "text": "w"}], "confidence": 0.9} for n in range(pages)
        ]
        return {"modelVersion": "ocr-1", "numBilledPages": pages, "confidence": 0.8, "pages": listed}

    def test_a_long_document_is_recognised_in_parts(self) -> None:
        play = Play(reply(200, self.body(2)), reply(200, self.body(1)))
        result = self.ocr(play, with_ := setup(), 3, ApiLimits(ocr_pages=2))
        assert [page.number for page in result.pages] == [1, 2, 3]
        assert [word.id for page in result.pages for word in page.words] == [0, 1, 2]
        assert (result.billed_pages, result.confidence) == (3, 0.8)
        assert with_.account.spending.ocr_pages == 3

    @pytest.mark.parametrize("pages", [1, 5])
    def test_an_answer_without_pages_is_no_success_and_is_not_paid_for_again(self, stored: Stored, pages: int) -> None:
        for play in (Play(reply(200, self.body(0))), Play()):  # the second time out of what is kept
            with pytest.raises(InvalidResponseError, match="holds no page"):
                self.ocr(play, stored(), pages)

    def test_missing_pages_are_an_error(self) -> None:
        with pytest.raises(InvalidResponseError, match="3 pages were sent, 2 came back"):
            self.ocr(Play(reply(200, self.body(2))), setup(), 3)

    def test_pages_that_were_not_sent_are_said_once_and_are_no_pages_of_the_document(self, stored: Stored) -> None:
        with pytest.raises(InvalidResponseError, match="3 pages were sent, 4 came back"):
            self.ocr(Play(reply(200, self.body(4))), stored(), 3)
        result = self.ocr(Play(), stored(), 3)
        assert [page.number for page in result.pages] == [1, 2, 3, 0]
        assert all(page.text for page in result.pages)

    def test_another_schema_is_handed_through(self, stored: Stored) -> None:
        request = ask(1, options=OCROptions(schema="google"))
        raw = Play(reply(200, {"responses": []}))(documents.ocr_raw(stored(), request))
        assert raw == b'{"responses": []}'
        assert Play()(documents.ocr_raw(stored(), request)) == raw

    def test_raw_answers_of_several_requests_are_not_glued(self) -> None:
        with pytest.raises(SourceError, match="needs 2 requests"):
            Play()(documents.ocr_raw(setup(limits=ApiLimits(ocr_pages=2)), ask(3, options=OCROptions())))


class TestEstimate:
    def test_what_is_stored_or_running_costs_nothing(self, stored: Stored) -> None:
        parse(Play(reply(200, answer([1, 2]))), stored(), ask(2))
        wanted = [ask(2), ask(5)]
        estimate = Play()(documents.estimate(stored(), wanted))
        assert (estimate.pages, estimate.lowest) == (5, 0.05)

    def test_a_reading_knows_its_source(self) -> None:
        reading = Play()(open_reading(setup(), ask(3)))
        assert isinstance(reading, Reading)
        assert reading.source.pages == 3
