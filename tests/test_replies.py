"""What came back: every documented error body, gateway pages, nonsense in a 200, and when to come again."""

from __future__ import annotations

import pickle
import time
from dataclasses import replace

import httpx
import pytest
from play import answer, lost, reply

from upstage_docs.api.messages import Api, NoReply, Outcome, refused, settle, transient
from upstage_docs.api.rates import SeenLimits, retry_after, seen_limits
from upstage_docs.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    InvalidResponseError,
    RateLimitError,
)

KEY = "up_abcdefghijklmnop"
API = Api.at("https://api.upstage.ai/v1", {"Authorization": f"Bearer {KEY}"})
SUSPENDED = "API key suspended due to insufficient credit. Register your payment method to continue."


def error(outcome: Outcome) -> APIStatusError:
    with pytest.raises(APIStatusError) as caught:
        settle(outcome, API, "a.pdf")
    assert caught.value.message.startswith("a.pdf: ")
    assert pickle.loads(pickle.dumps(caught.value)).__dict__ == caught.value.__dict__
    return caught.value


BAD_GATEWAY = b"<html><title>502 Bad Gateway</title><center>nginx</center></html>"
TOO_LARGE = "uploaded document is too large. max allowed size is 50MB"


@pytest.mark.parametrize(
    ("status", "body", "kind", "code", "says"),
    [
        (401, {"error": {"message": "bad key", "code": "wrong"}}, AuthenticationError, "wrong", "(UPSTAGE_API_KEY"),
        (403, {"error": {"message": SUSPENDED, "code": "x"}}, AuthenticationError, "x", "account needs attention"),
        (429, {"error": {"message": "slow", "type": "too_many"}}, RateLimitError, "too_many", "max_concurrency"),
        (400, {"code": 400, "message": "invalid model name"}, BadRequestError, "400", "invalid model name."),
        (413, {"code": 413, "message": TOO_LARGE}, BadRequestError, "413", "50MB. Send less at once"),
        (415, {"error": "unsupported document format"}, BadRequestError, "", "unsupported document format."),
        (422, {"detail": [{"msg": "corrupted document"}]}, BadRequestError, "", "corrupted document"),
        (404, b"404 page not found", BadRequestError, "", "404 page not found. Check base_url"),
        (405, b"", BadRequestError, "", "https://"),
        (502, BAD_GATEWAY, APIStatusError, "", "502 Bad Gateway nginx."),
        (503, {"message": "try later", "error": None}, APIStatusError, "", "try later."),
        (500, b"", APIStatusError, "", "no explanation."),
        (500, b"\xff\xfe\x00garbage", APIStatusError, "", "garbage"),
        (500, {"error": {"message": {"a": 1}}}, APIStatusError, "", '{"a": 1}'),
        (307, b"", APIStatusError, "", "Redirects are not followed"),
    ],
)
def test_every_shape_of_refusal_is_read(status: int, body: object, kind: type, code: str, says: str) -> None:
    raised = error(reply(status, body))
    assert type(raised) is kind
    assert (raised.status_code, raised.code) == (status, code)
    assert says in raised.message
    assert f"a.pdf: {status}" in raised.message


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_of_the_server_says_what_it_cost_and_what_to_do(status: int) -> None:
    message = error(replace(reply(status, {"message": "busy"}), tries=3)).message
    assert message == (
        f"a.pdf: {status}: busy. It was tried 3 times. The server failed; errors count as not billed, and no request "
        "is left open. Run it again later, which sends only what is missing, or let RetryPolicy(attempts=...) try for "
        "longer."
    )
    assert "tried" not in error(reply(status, b"")).message.partition(", or let")[0], "once is not again"


@pytest.mark.parametrize("name", ["x-request-id", "X-Upstage-Request-Id", "x-amzn-RequestId"])
def test_the_request_id_is_kept(name: str) -> None:
    assert error(reply(500, b"", {name: "req-1"})).request_id == "req-1"


def test_a_gateway_that_echoes_the_key_does_not_make_us_show_it() -> None:
    for body in ({"error": {"message": f"bad key {KEY}"}}, f"<p>bad key {KEY}</p>".encode()):
        assert KEY not in str(error(reply(401, body)))
    elsewhere = error(reply(401, {"error": {"message": "bad", "code": KEY}}, {"x-request-id": KEY}))
    assert KEY not in str(elsewhere) + repr(elsewhere.__dict__)
    with pytest.raises(InvalidResponseError) as caught:
        settle(reply(200, f"bad key {KEY}".encode()), API, "a.pdf")
    assert KEY not in str(caught.value)
    with pytest.raises(APIConnectionError) as lost_:
        settle(NoReply(f"cannot reach {KEY}", sent=False), API, "a.pdf")
    assert KEY not in str(lost_.value)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"error": {"message": "overloaded", "code": "busy"}}, r"200 with an error: overloaded \(busy\)"),
        (b"<html>Sign in</html>", "not JSON: Sign in"),
        (b"", "not JSON: it holds no text"),
        (b"pong", "not JSON: pong"),
    ],
)
def test_a_200_that_is_no_answer_keeps_what_came(body: object, says: str) -> None:
    came = reply(200, body)
    with pytest.raises(InvalidResponseError, match=says) as caught:
        settle(came, API, "a.pdf")
    assert caught.value.raw == came.body


def test_an_answer_passes_whatever_it_speaks_of() -> None:
    came = reply(200, answer([1]) | {"error": None, "text": 'an "error" in the text'})
    assert settle(came, API, "a.pdf") is came
    assert not refused(came.body)
    assert refused(b'{"error": {"message": "no"}}')


def test_no_answer_is_a_connection_error_or_a_timeout() -> None:
    with pytest.raises(APIConnectionError, match=r"a\.pdf: no answer from https://api\.upstage\.ai/v1: ConnectError"):
        settle(lost(sent=False), API, "a.pdf")
    with pytest.raises(APITimeoutError):
        settle(lost(sent=False, timeout=True), API, "a.pdf")
    with pytest.raises(InvalidResponseError, match="larger than"):
        settle(NoReply("the answer is larger than 5 bytes", sent=True, oversize=True), API, "a.pdf")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 599])
def test_statuses_that_pass(status: int) -> None:
    assert transient(reply(status))


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 405, 409, 413, 415, 422])
def test_statuses_that_do_not_pass(status: int) -> None:
    assert not transient(reply(status))


def test_lost_sends_pass_but_oversize_ones() -> None:
    assert transient(lost(sent=False))
    assert not transient(NoReply("too large", sent=True, oversize=True))


@pytest.mark.parametrize(
    ("headers", "at", "seconds"),
    [
        ({"retry-after": "7"}, 0.0, 7.0),
        ({"retry-after": "1.5"}, 0.0, 1.5),
        ({"retry-after": "0"}, 0.0, 0.0),
        ({"retry-after": "+7"}, 0.0, 7.0),
        ({"retry-after": '"7", "9"'}, 0.0, 9.0),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT", "date": "Sun, 06 Nov 1994 08:49:30 GMT"}, 9e9, 7.0),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, 784111770.0, 7.0),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, 9e9, 0.0),
        ({"retry-after": "soon"}, 0.0, None),
        ({"retry-after": "-3"}, 0.0, None),
        ({"retry-after": "nan"}, 0.0, None),
        ({"retry-after": "inf"}, 0.0, None),
        ({}, 0.0, None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(headers: dict[str, str], at: float, seconds: float | None) -> None:
    assert retry_after(httpx.Headers(headers), at) == seconds


UNTIL = "x-upstage-ratelimit-retry-after"
NOON = {"date": "Sun, 29 Nov 2026 12:00:00 GMT"}  # 1795953600


@pytest.mark.parametrize(
    ("headers", "at", "seconds"),
    [
        ({f"{UNTIL}-requests": "1795953615", **NOON}, 0.0, 15.0),
        ({f"{UNTIL}-pages": "1795953615", **NOON}, 9e9, 15.0),
        ({f"{UNTIL}-tokens": "1795953615.5", **NOON}, 0.0, 15.5),
        ({f"{UNTIL}-pages": "1795953615"}, 1795953600.0, 15.0),
        ({f"{UNTIL}-pages": "1795953615", "date": "yesterday"}, 1795953600.0, 15.0),
        ({f"{UNTIL}-requests": "1795953601", f"{UNTIL}-pages": "1795953640", **NOON}, 0.0, 40.0),
        ({f"{UNTIL}-pages": "1795953610", "retry-after": "30", **NOON}, 0.0, 30.0),
        ({f"{UNTIL}-pages": "1795953610", "retry-after": "soon", **NOON}, 0.0, 10.0),
        ({f"{UNTIL}-pages": "1795953000", **NOON}, 0.0, 0.0),
        ({f"{UNTIL}-pages": "15", **NOON}, 0.0, 15.0),
        ({f"{UNTIL}-pages": "-15", **NOON}, 0.0, None),
        ({f"{UNTIL}-pages": "later", **NOON}, 0.0, None),
        ({f"{UNTIL}-pages": "", **NOON}, 0.0, None),
        # as others tell a moment, and as a proxy joins what was told twice
        ({f"{UNTIL}-pages": "1795953615000", **NOON}, 0.0, 15.0),
        ({f"{UNTIL}-pages": "1795953615500000", **NOON}, 0.0, 15.5),
        ({f"{UNTIL}-pages": "1795953615000000000", **NOON}, 0.0, 15.0),
        ({f"{UNTIL}-pages": "2026-11-29T12:00:15Z", **NOON}, 0.0, 15.0),
        ({f"{UNTIL}-pages": "2026-11-29T21:00:15+09:00", **NOON}, 0.0, 15.0),
        ({f"{UNTIL}-pages": "Sun, 29 Nov 2026 12:00:15 GMT", **NOON}, 0.0, 15.0),
        ({f"{UNTIL}-pages": "15s", **NOON}, 0.0, 15.0),
        ({f"{UNTIL}-pages": "1m30s", **NOON}, 0.0, 90.0),
        ({f"{UNTIL}-requests": "1795953610, 1795953640", **NOON}, 0.0, 40.0),
        ({f"{UNTIL}-characters": "1795953620", **NOON}, 0.0, 20.0),
        ({"retry-after": "1795953615", **NOON}, 0.0, 15.0),
        ({"retry-after": "5, 12", **NOON}, 0.0, 12.0),
        ({"retry-after": "100,120", **NOON}, 0.0, 120.0),
        ({"retry-after": "1,795,953,615", **NOON}, 0.0, 15.0),
        ({f"{UNTIL}-pages": "1,795,953,615,000", **NOON}, 0.0, 15.0),
        ({"retry-after": "Sun, 29 Nov 2026 12:00:09 GMT, 4", **NOON}, 0.0, 9.0),
        ({"retry-after": "7", "date": "Sun, 29 Nov 2026 12:00:00"}, 0.0, 7.0),
    ],
)
def test_upstage_says_until_when_to_wait(headers: dict[str, str], at: float, seconds: float | None) -> None:
    assert retry_after(httpx.Headers(headers), at) == seconds


def test_headers_that_came_twice_ask_for_the_longest_pause() -> None:
    headers = [(f"{UNTIL}-pages", "1795953615"), (f"{UNTIL}-pages", "1795953640"), *NOON.items()]
    assert retry_after(httpx.Headers(headers), 0.0) == 40.0


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system sets no time zone for one process")
@pytest.mark.parametrize(
    "date", ["Sun, 29 Nov 2026 12:00:00 -0000", "Sun, 29 Nov 2026 12:00:00", "Sun Nov 29 12:00:00 2026"]
)
def test_a_date_without_a_zone_is_of_utc(date: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    try:
        assert retry_after(httpx.Headers({f"{UNTIL}-pages": "1795953615", "date": date}), 0.0) == 15.0
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("limit", "interval", "seen"),
    [
        ("300, 10", "1m, 1s", SeenLimits(pages=300, pages_interval=60)),
        ("10, 300", "1s", SeenLimits(pages=10, pages_interval=1)),
        ("20, 10", "", SeenLimits(pages=10)),
        ("many, 10", "1s, 1m", SeenLimits(pages=10, pages_interval=60)),
        ("300;w=60", "", SeenLimits(pages=300, pages_interval=60)),
        ("300 / minute", "1s", SeenLimits(pages=300, pages_interval=60)),
        ("300; w=60, 10 per second", "", SeenLimits(pages=300, pages_interval=60)),
        ("10;w=1;burst=1000, 1000;w=86400", "", SeenLimits(pages=10, pages_interval=1)),
        ("1000, 10", "1d, 1s", SeenLimits(pages=10, pages_interval=1)),
        ("10,300", "1s,1m", SeenLimits(pages=300, pages_interval=60)),
        ("10, 10;w=1, 50;w=60, 1000;w=3600", "", SeenLimits(pages=50, pages_interval=60)),
        ("300, 10000;w=86400", "", SeenLimits(pages=300)),
        ("100,100;w=60", "", SeenLimits(pages=100, pages_interval=60)),
    ],
)
def test_of_limits_that_disagree_the_one_that_allows_least_counts(limit: str, interval: str, seen: SeenLimits) -> None:
    headers = {"x-upstage-ratelimit-limit-pages": limit, "x-upstage-ratelimit-interval-pages": interval}
    assert seen_limits(httpx.Headers(headers)) == seen


@pytest.mark.parametrize(
    ("interval", "seconds"),
    [
        ("500ms", 0.5),
        ("1m0s", 60),
        ("1h0m0s", 3600),
        ("1min 30sec", 90),
        ("PT1M", 60),
        ("per minute", 60),
        ("/second", 1),
    ]
    + [("1", 1), ("60", 60), ("60s", 60), ("1m", 60), ("minute", 60), ("2 seconds", 2), ("1 hour", 3600), ("0.5", 0.5)]
    + [(word, None) for word in ("", "0", "-1", "soon", "nan", "inf", "9" * 400, "1 fortnight")],
)
def test_an_answer_says_how_much_is_allowed(interval: str, seconds: float | None) -> None:
    headers = {"X-Upstage-Ratelimit-Limit-Pages": "300", "X-Upstage-RateLimit-Interval-Pages": interval}
    assert seen_limits(httpx.Headers(headers)) == SeenLimits(pages=300, pages_interval=seconds)


@pytest.mark.parametrize(
    ("limit", "pages"), [("1,000", 1000), ("1,200,000", 1_200_000), ("10,30", 10), ("10, 300", 10)]
)
def test_a_comma_groups_the_digits_of_one_limit(limit: str, pages: int) -> None:
    headers = {"x-upstage-ratelimit-limit-pages": limit, "x-upstage-ratelimit-interval-pages": "1m"}
    assert seen_limits(httpx.Headers(headers)) == SeenLimits(pages=pages, pages_interval=60)


@pytest.mark.parametrize(
    ("limit", "interval"),
    [
        ("1,000;w=60", ""),
        ("1,000; W=60", ""),
        ("1,000/minute", ""),
        ("1,000 per minute", "1s"),
        ("1,000, 1,000", "1m, 1m"),
        ("1,000;w=60, 20,000;w=3600", ""),
        ("1,000;w=60,20,000;w=3600", ""),
    ],
)
def test_a_comma_groups_the_digits_of_a_limit_that_names_its_time_and_of_each_of_several(
    limit: str, interval: str
) -> None:
    headers = {"x-upstage-ratelimit-limit-pages": limit, "x-upstage-ratelimit-interval-pages": interval}
    assert seen_limits(httpx.Headers(headers)) == SeenLimits(pages=1000, pages_interval=60)


@pytest.mark.parametrize("limit", ["", "0", "-3", "many", "9" * 400, "nan", "0.001"])
def test_a_limit_that_can_be_none_is_none(limit: str) -> None:
    assert seen_limits(httpx.Headers({"x-upstage-ratelimit-limit-requests": limit})) == SeenLimits()
