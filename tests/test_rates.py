"""Rates: evenly spaced, shared, believing a 429 more than the table."""

from __future__ import annotations

import itertools
import threading

import pytest

from upstage_docs.api.rates import RATES, LongPauseError, Rate, RateLimiter, SeenLimits
from upstage_docs.errors import ConfigError


def starts(limiter: RateLimiter, count: int, *, now: float = 0.0, family: str = "sync", pages: int = 1) -> list[float]:
    return [now + limiter.reserve(now, family, pages) for _ in range(count)]  # type: ignore[arg-type]


def most_in_a_window(times: list[float], window: float) -> int:
    return max(sum(1 for other in times if 0 <= other - one < window - 1e-9) for one in times)


def test_requests_are_spaced_by_the_table() -> None:
    assert starts(RateLimiter(), 4) == pytest.approx([0, 0.35, 0.7, 1.05])
    assert starts(RateLimiter(), 4, family="async") == pytest.approx([0, 0.175, 0.35, 0.525])


def test_no_window_of_a_second_ever_holds_more_than_allowed() -> None:
    """Wherever the server begins its second: not even after a quiet time is there a burst."""
    limiter = RateLimiter({"sync": Rate(requests_per_second=5)})
    times = starts(limiter, 7) + starts(limiter, 23, now=10.0) + starts(limiter, 5, now=10.3)
    assert most_in_a_window(times, 1.0) == 5
    late = [time + 0.04 * (number % 2) for number, time in enumerate(times)]
    assert most_in_a_window(late, 1.0) == 5, "nor where every other request takes 40 ms longer to the server"


def test_pages_push_the_next_request_further() -> None:
    limiter = RateLimiter({"sync": Rate(pages_per_minute=300)})
    assert starts(limiter, 3, pages=100) == pytest.approx([0, 20, 40])


def test_a_minute_of_pages_is_kept_with_mixed_sizes() -> None:
    limiter = RateLimiter({"sync": Rate(requests_per_second=50, pages_per_minute=600)})
    sizes = list(itertools.islice(itertools.cycle([1, 10, 100, 3]), 80))
    times = [limiter.reserve(0.0, "sync", size) for size in sizes]
    for one in times:
        inside = sum(size for size, other in zip(sizes, times, strict=True) if 0 <= other - one < 60)
        assert inside <= 600 + 100, "a window may hold one request more than its pages"


def test_families_do_not_slow_each_other() -> None:
    limiter = RateLimiter()
    starts(limiter, 50)
    assert limiter.reserve(0.0, "async") == 0
    assert limiter.reserve(0.0, "ocr") == 0


def test_rates_can_be_overridden_and_lifted() -> None:
    assert starts(RateLimiter({"sync": Rate()}), 1000, pages=100) == [0.0] * 1000
    assert starts(RateLimiter({"sync": Rate(requests_per_second=0.5)}), 2) == [0, 2.1]


def test_a_share_divides_every_rate() -> None:
    assert starts(RateLimiter(share=0.25), 2) == pytest.approx([0, 4 * 0.35])
    whole, quarter = RateLimiter(), RateLimiter(share=0.25)
    assert starts(quarter, 2, pages=100)[1] == pytest.approx(4 * starts(whole, 2, pages=100)[1])


def test_a_429_holds_everything_back_for_as_long_as_it_says() -> None:
    limiter = RateLimiter()
    limiter.reserve(0.0, "sync")
    limiter.penalise(1.0, "sync", retry_after=7.0)
    assert limiter.reserve(1.0, "sync") == pytest.approx(7.0)
    assert limiter.reserve(1.0, "async") == 0


def test_a_429_without_a_time_still_holds_back() -> None:
    limiter = RateLimiter()
    limiter.penalise(5.0, "sync")
    assert limiter.reserve(5.0, "sync") >= 1.0


def test_the_rate_halves_and_recovers() -> None:
    limiter = RateLimiter({"sync": Rate(requests_per_second=10)})

    def spacing(now: float) -> float:
        first, second = starts(limiter, 2, now=now)
        return second - first

    limiter.penalise(0.0, "sync", retry_after=0.0)
    after, half_way, later = spacing(2.0), spacing(9.5), spacing(40.0)
    assert after == pytest.approx(0.2, rel=0.1)
    assert 0.1 < half_way < 0.16
    assert later == pytest.approx(0.105)


def test_many_429s_at_once_count_as_one_and_never_stop_the_work() -> None:
    limiter = RateLimiter({"sync": Rate(requests_per_second=10)})
    for _ in range(20):
        limiter.penalise(0.0, "sync", retry_after=0.0)
    first, second = starts(limiter, 2, now=0.5)
    assert second - first == pytest.approx(0.2, rel=0.05)
    for when in range(100, 400, 2):
        limiter.penalise(float(when), "sync", retry_after=0.0)
    first, second = starts(limiter, 2, now=401.0)
    assert 0.5 < second - first <= 1.6


def test_threads_never_share_a_place() -> None:
    limiter = RateLimiter({"sync": Rate(requests_per_second=100)})
    found: list[float] = []

    def ask() -> None:
        for _ in range(200):
            found.append(limiter.reserve(0.0, "sync"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == pytest.approx([number * 0.0105 for number in range(1600)])


def test_nonsense_is_refused() -> None:
    for wrong in (0, -1, float("nan")):
        with pytest.raises(ConfigError, match="requests_per_second"):
            Rate(requests_per_second=wrong)
    with pytest.raises(ConfigError, match="share"):
        RateLimiter(share=0)
    with pytest.raises(ConfigError, match="families are"):
        RateLimiter({"parse": Rate()})  # type: ignore[dict-item]
    assert set(RATES) == {"sync", "async", "ocr"}


def spacing(limiter: RateLimiter, now: float = 0.0, **more: object) -> float:
    first = limiter.reserve(now, "sync", **more)  # type: ignore[arg-type]
    return limiter.reserve(now, "sync", **more) - first  # type: ignore[arg-type]


def test_what_the_answers_say_replaces_the_table() -> None:
    limiter = RateLimiter()
    limiter.learn("sync", SeenLimits(requests=600, requests_interval=60))
    assert spacing(limiter, pages=0) == pytest.approx(0.105)
    limiter.learn("sync", SeenLimits(pages=600, pages_interval=60))
    assert spacing(limiter, 100.0, pages=100) == pytest.approx(10.0)
    limiter.learn("sync", SeenLimits(pages=60))
    assert spacing(limiter, 300.0, pages=10) == pytest.approx(10.0)


def test_a_share_is_one_of_what_the_answers_say() -> None:
    limiter = RateLimiter(share=0.5)
    limiter.learn("sync", SeenLimits(requests=20, requests_interval=1))
    assert spacing(limiter, pages=0) == pytest.approx(0.105)


@pytest.mark.parametrize(
    "limits",
    [
        SeenLimits(),
        SeenLimits(requests=100),
        SeenLimits(requests=1, requests_interval=86_400),
        SeenLimits(pages=10, pages_interval=86_400),
    ],
    ids=["nothing", "requests in no time", "requests of a day", "pages of a day"],
)
def test_a_quota_or_half_of_a_limit_replaces_nothing(limits: SeenLimits) -> None:
    limiter = RateLimiter()
    limiter.learn("sync", limits)
    assert spacing(limiter) == pytest.approx(0.35)
    assert spacing(limiter, 100.0, pages=100) == pytest.approx(20)


def test_what_a_user_says_is_replaced_by_nobody() -> None:
    limiter = RateLimiter({"sync": Rate()})
    limiter.learn("sync", SeenLimits(requests=1, requests_interval=60, pages=1))
    assert spacing(limiter, pages=100) == 0


def test_each_model_is_counted_by_itself_and_a_question_with_the_last_of_them() -> None:
    limiter = RateLimiter()
    limiter.penalise(0.0, "async", 30.0, model="nightly")
    assert limiter.reserve(0.0, "async", model="stable") == 0
    assert limiter.reserve(0.0, "async", pages=0) == pytest.approx(0.175), "asked after the stable one was sent"
    assert limiter.remaining_pause(1.0, "async", model="nightly") == pytest.approx(29.0)
    assert limiter.remaining_pause(1.0, "async") == 0


@pytest.mark.parametrize("told", [99_999.0, 1e12, float("inf")])
def test_a_pause_of_years_is_told_and_ends_after_the_longest_one(told: float) -> None:
    limiter = RateLimiter()
    limiter.penalise(0.0, "sync", told, longest=300.0)
    assert limiter.remaining_pause(299.0, "sync") == pytest.approx(told - 299.0)
    assert limiter.remaining_pause(300.0, "sync") == 0
    assert limiter.reserve(300.0, "sync") == 0


@pytest.mark.parametrize("later", [None, 0.0, 2.0])
def test_a_pause_of_years_that_is_over_is_no_part_of_the_next_one(later: float | None) -> None:
    limiter = RateLimiter()
    limiter.penalise(0.0, "sync", float("inf"), longest=5.0)
    limiter.penalise(10.0, "sync", later, longest=5.0)
    wait = 1.0 if later is None else later
    assert limiter.remaining_pause(10.0, "sync") == pytest.approx(wait)
    assert limiter.reserve(10.0, "sync", longest=5.0) == pytest.approx(wait)


def test_a_pause_of_years_stays_told_while_it_is_kept() -> None:
    """Requests that were on their way come back with shorter pauses."""
    limiter = RateLimiter()
    limiter.penalise(0.0, "sync", float("inf"), longest=5.0)
    limiter.penalise(1.0, "sync", 0.5, longest=5.0)
    with pytest.raises(LongPauseError):
        limiter.reserve(1.0, "sync", longest=5.0)


def test_a_429_that_names_no_time_asks_for_no_pause_that_ends_the_call() -> None:
    """Who allows only short pauses is not told that the server asked for a longer one."""
    limiter = RateLimiter()
    limiter.penalise(0.0, "sync", None, longest=0.25)
    assert limiter.remaining_pause(0.0, "sync") == pytest.approx(0.25)
