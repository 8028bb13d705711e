"""Says how many seconds to wait before a request, by the API's rate limits and by what its answers say of them."""

from __future__ import annotations

import email.utils
import hashlib
import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import zip_longest
from operator import itemgetter
from typing import TYPE_CHECKING, Literal
from weakref import WeakValueDictionary

from upstage_docs.errors import ConfigError
from upstage_docs.options.definitions import NamedOptions, documented, option, require_number

if TYPE_CHECKING:
    import httpx

Family = Literal["sync", "async", "ocr"]


@documented
@dataclass(frozen=True)
class Rate(NamedOptions):
    """What one family of endpoints allows; None means no such limit."""

    requests_per_second: float | None = option(None, "Requests per second.", above=0)
    pages_per_minute: float | None = option(None, "Pages per minute.", above=0)


# The one table of rates. Requests: https://console.upstage.ai/docs/capabilities/parse/api-quickstart (2026-09). Pages:
# https://console.upstage.ai/docs/guides/rate-limits, for an account without commitment; the newer pages name none.
# Accounts differ, so all of it can be overridden, and a 429 is believed more than this table.
RATES: Mapping[Family, Rate] = {
    "sync": Rate(requests_per_second=3, pages_per_minute=300),
    "async": Rate(requests_per_second=6, pages_per_minute=1200),
    "ocr": Rate(requests_per_second=3, pages_per_minute=300),
}

_MARGIN = 1.05  # requests do not all take equally long to the server, which counts them when they arrive
_PAUSE = 1.0  # seconds to hold back after a 429 that names no time
_SLOWEST = 1 / 16  # of a rate, after four 429s in a row: it is whole again after a minute without one
_RECOVERY = 15.0  # quiet seconds in which the rate doubles again
_SAME = 1.0  # 429s within this many seconds are one event: several requests were on their way
# Seconds. A limit that counts over a longer time than a minute (a quota of a day) is no reason to space requests
# evenly over it: the API says with a 429 when it is used up.
_LONGEST_INTERVAL = 60.0
_LIMITS = "x-upstage-ratelimit-"
_NUMBER = re.compile(r"\+?[0-9]+(\.[0-9]+)?")
# `1,000` is a thousand, not a limit of one that was joined to another, unless each of them has an interval: read as
# that, it would nearly stop a client, and the other mistake costs a 429. `100,100;w=60` says a limit once more.
_GROUPED = re.compile(r"(?<![^\s,])(?!([0-9]+),\1\s*;)[1-9][0-9]{0,2}(?:,[0-9]{3})+(?![0-9.])")
# `300;w=60` (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers), `300/minute`, `300 per minute`
_WINDOW = re.compile(r"\s*(?:;\s*w\s*=|/|\bper\b)\s*", re.IGNORECASE)
_RETRY_AFTER = f"{_LIMITS}retry-after-"
_FIRST_MOMENT = 1e9  # no answer comes from before September 2001: a smaller number is a number of seconds
_GROUPED_SECONDS = len("999,999,999")  # a longer number with commas is a moment, a shorter one may be several
_MINUTE = 60.0
_YEAR = 365 * 86400.0
_FINER_UNITS = (1e3, 1e6, 1e9)  # in a second: times are also told in milli-, micro- and nanoseconds
_FEWEST_COUNTED = 1.0  # a limit of less than this, or of as many as the next, is no limit to keep to
_MOST_COUNTED = 1e9
_UNITS = {
    **dict.fromkeys(("ms", "msec", "millisecond"), 0.001),
    **dict.fromkeys(("s", "sec", "second"), 1.0),
    **dict.fromkeys(("m", "min", "minute"), _MINUTE),
    **dict.fromkeys(("h", "hr", "hour"), 3600.0),
    **dict.fromkeys(("d", "day"), 86400.0),
}
# `60`, `1m`, `1m0s` (Go), `2 seconds`, `minute`, `per minute`, `PT1M` (ISO 8601)
_DURATION = re.compile(r"(?:per\s+|/\s*|pt?(?=\d))?((?:\d+(?:\.\d+)?\s*[a-z]+\s*)+|\d+(?:\.\d+)?|[a-z]+)", re.ASCII)
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)?\s*([a-z]*)", re.ASCII)


@dataclass(frozen=True)
class SeenLimits:
    """The rate limits that the headers of an answer name; a field is None where they name no usable one.

    Attributes:
        requests: Requests in each interval.
        requests_interval: Its length in seconds.
        pages: Pages in each interval.
        pages_interval: Its length in seconds; where it is not said, a minute, in which the API counts pages.
    """

    requests: float | None = None
    requests_interval: float | None = None
    pages: float | None = None
    pages_interval: float | None = None

    def replace_in(self, rate: Rate) -> Rate:
        """Return *rate* with these limits in place of its own."""
        requests, pages = rate.requests_per_second, rate.pages_per_minute
        if self.requests and self.requests_interval and self.requests_interval <= _LONGEST_INTERVAL:
            requests = self.requests / self.requests_interval
        interval = self.pages_interval or _MINUTE
        if self.pages and interval <= _LONGEST_INTERVAL:
            pages = self.pages * _MINUTE / interval
        return Rate(requests, pages)


@dataclass
class _Lane:
    rate: Rate
    next_request: float = float("-inf")
    next_pages: float = float("-inf")
    factor: float = 1.0
    penalised: float = float("-inf")
    told: float = float("-inf")  # until when the server asked for a pause
    paused: float = float("-inf")  # until when that is kept

    def speed(self, now: float) -> float:
        quiet = max(0.0, now - self.penalised)
        return float(min(1.0, self.factor * 2.0 ** min(quiet / _RECOVERY, 16.0)))


class LongPauseError(Exception):
    """The server asked for a longer pause than the caller is willing to wait; *seconds* of it are left."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:,.0f} s")
        self.seconds = seconds


def rates_by_family(name: str, rates: object) -> dict[Family, Rate] | None:
    """Check *rates*, a mapping of families to `Rate`, and return a copy of it; None stays None.

    Raises:
        ConfigError: They are no mapping of families to `Rate`.
    """
    if rates is None:
        return None
    if not isinstance(rates, Mapping):
        raise ConfigError(f"{name}={rates!r} must map families ({', '.join(RATES)}) to Rate(...).")
    for family, rate in rates.items():
        if family not in RATES:
            raise ConfigError(f"{name} names {family!r}; the families are {', '.join(RATES)}.")
        if not isinstance(rate, Rate):
            raise ConfigError(f"{name}={{{family!r}: {rate!r}}} must hold Rate(requests_per_second=...).")
    return dict(rates)


class RateLimiter:
    """One limiter for all flows of its clients, safe in threads: requests are spaced evenly, without bursts.

    Even spacing keeps every window of a second or a minute, wherever the server lets it begin. A 429 halves the rate,
    which then doubles every 15 quiet seconds until it is whole again. The API counts for each model by itself; a
    question, which names none, counts with what was sent last.

    Args:
        rates: Overrides of `RATES`, by family. `Rate()` is without limit. What answers say of their limits replaces the
            table, never an override.
        share: The part of every rate that is this limiter's, 0-1: with n processes on one account, 1/n each.
    """

    def __init__(self, rates: Mapping[Family, Rate] | None = None, *, share: float = 1.0) -> None:
        share = require_number("share", share, above=0, most=1)
        rates_by_family("rates", rates)
        self._overridden = frozenset(rates or ())
        self._share = share
        self._rates: dict[Family, Rate] = {**RATES, **(rates or {})}
        self._lanes: dict[tuple[Family, str], _Lane] = {}
        self._latest: dict[Family, str] = {}
        self._lock = threading.Lock()

    def reserve(
        self, now: float, family: Family, pages: int = 1, *, model: str = "", longest: float = float("inf")
    ) -> float:
        """Take the next place for a request; return the seconds to wait for it.

        Args:
            now: Seconds on any clock that never goes back, the same for all calls.
            family: Of the endpoint.
            pages: How many the request sends, 0 if it only asks for something.
            model: The model that is asked for.
            longest: The longest pause, in seconds, that is waited for if the server asks for it.

        Raises:
            LongPauseError: It lasts longer; no place was taken.
        """
        with self._lock:
            if model:
                self._latest[family] = model
            lane = self._lane(family, model)
            if lane.paused > now and lane.told - now > longest:
                raise LongPauseError(lane.told - now)
            speed = self._share * (lane.speed(now) if lane.factor < 1.0 else 1.0)  # no 429 came so far
            start = max(now, lane.next_request, lane.next_pages if pages else now)
            if lane.rate.requests_per_second is not None:
                lane.next_request = start + _MARGIN / (lane.rate.requests_per_second * speed)
            if lane.rate.pages_per_minute is not None and pages:
                lane.next_pages = start + pages * _MINUTE / (lane.rate.pages_per_minute * speed)
            return start - now

    def penalise(
        self,
        now: float,
        family: Family,
        retry_after: float | None = None,
        *,
        model: str = "",
        longest: float = float("inf"),
    ) -> None:
        """Slow *family* down after a 429 at *now*.

        No request of it starts before *retry_after* seconds have passed, or *longest* if that is less: a server that
        asks for a pause of years, by mistake, does not stop a client for ever.
        """
        with self._lock:
            lane = self._lane(family, model)
            if now - lane.penalised > _SAME:
                lane.factor = max(_SLOWEST, lane.speed(now) / 2)
                lane.penalised = now
            pause = min(_PAUSE, longest) if retry_after is None else max(0.0, retry_after)
            # A pause that is over, perhaps of years and cut to *longest*, is no part of this one.
            lane.told = max(lane.told if lane.paused > now else now, now + pause)
            lane.paused = max(lane.paused, now + min(pause, longest))
            lane.next_request = max(lane.next_request, lane.paused)

    def learn(self, family: Family, limits: SeenLimits, *, model: str = "") -> None:
        """Use the limits that an answer names in place of those in the table."""
        if family not in self._overridden:
            with self._lock:
                lane = self._lane(family, model)
                lane.rate = limits.replace_in(lane.rate)

    def remaining_pause(self, now: float, family: Family, *, model: str = "") -> float:
        """Return how many seconds are left of the pause that the server asked for, 0 once it is kept no longer."""
        with self._lock:
            lane = self._lane(family, model)
            return lane.told - now if lane.paused > now else 0.0

    def _lane(self, family: Family, model: str) -> _Lane:
        key = (family, model or self._latest.get(family, ""))
        return self._lanes.setdefault(key, _Lane(self._rates[family]))


_limiters: WeakValueDictionary[bytes, RateLimiter] = WeakValueDictionary()
_limiters_lock = threading.Lock()
_salt = os.urandom(16)  # what is kept of a key tells nothing of it


def shared_limiter(root: str, proof: str, rates: Mapping[Family, Rate] | None, share: float) -> RateLimiter:
    """Return the one limiter of this process for all clients of an account, for as long as one of them lives.

    Args:
        root: Address of the API.
        proof: What tells the account: the key. It is not kept.
        rates: See `RateLimiter`; clients that ask for other rates keep to those, by themselves.
        share: See `RateLimiter`.
    """
    told = hashlib.blake2b(repr((root, sorted((rates or {}).items(), key=itemgetter(0)), share)).encode(), key=_salt)
    told.update(proof.encode())
    account = told.digest()
    with _limiters_lock:
        if (limiter := _limiters.get(account)) is None:
            limiter = _limiters[account] = RateLimiter(rates, share=share)
        return limiter


def retry_after(headers: httpx.Headers, at: float) -> float | None:
    """Return the seconds that an answer asks to wait, None if it does not ask; of several times, the longest.

    Retry-After is seconds or a date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after); Upstage's own headers
    are Unix times, for each thing that is counted (https://console.upstage.ai/docs/guides/rate-limits).

    Args:
        headers: Those of the answer.
        at: When it came, in Unix seconds.
    """
    # The server's own clock, where it tells it, so that a wrong one here does not matter.
    now = _moment(headers.get("date", "")) or at
    told = [
        pause
        for name, value in headers.multi_items()
        if name == "retry-after" or name.startswith(_RETRY_AFTER)
        for pause in _pauses(value, now)
    ]
    return max(told, default=None)


def _pauses(value: str, now: float) -> Iterator[float]:
    """Give the seconds to wait that *value* tells; a proxy joins several headers of one name by commas."""
    value = value.strip(' "')
    if len(value) > _GROUPED_SECONDS and _GROUPED.fullmatch(value):
        value = value.replace(",", "")
    whole = _pause(value, now)
    found = [whole] if whole is not None else [_pause(part.strip(' "'), now) for part in value.split(",")]
    yield from (pause for pause in found if pause is not None)


def _pause(value: str, now: float) -> float | None:
    if not _NUMBER.fullmatch(value):
        moment = _moment(value)
        return _seconds(value) if moment is None else max(0.0, moment - now)
    number = float(value)
    if number < _FIRST_MOMENT:
        return number
    finer = (number / unit for unit in _FINER_UNITS if number / unit > _FIRST_MOMENT)
    return max(0.0, next((moment for moment in finer if abs(moment - now) < _YEAR), number) - now)


def seen_limits(headers: httpx.Headers) -> SeenLimits | None:
    """Return the rate limits that the headers of an answer name, None if they name none.

    The header of what remains is not read, since it is said not to shrink always.
    https://console.upstage.ai/docs/guides/rate-limits
    """
    if not any(name.startswith(_LIMITS) for name in headers):
        return None
    found: dict[str, float | None] = {}
    for counted in ("requests", "pages"):
        intervals = headers.get(f"{_LIMITS}interval-{counted}", "").split(",")
        limits = (limit := headers.get(f"{_LIMITS}limit-{counted}", "")).split(",")
        if len(limits) != len(intervals):
            limits = _GROUPED.sub(lambda number: number[0].replace(",", ""), limit).split(",")
        told = [
            (number, _seconds(own[0].partition(";")[0] if own else interval))
            for value, interval in zip_longest(limits, intervals, fillvalue=intervals[-1])
            for amount, *own in [_WINDOW.split(value, maxsplit=1)]
            if (number := _counted(amount)) is not None
        ]
        # Before a list of limits with their times may stand one of them again, without.
        timed = {number for number, seconds in told if seconds}
        # Where several are told, the one that allows least, of those over times in which requests are spaced.
        least, interval = min(
            [one for one in told if one[1] or one[0] not in timed],
            key=lambda one: ((one[1] or _MINUTE) > _LONGEST_INTERVAL, one[0] / (one[1] or _MINUTE)),
            default=(None, _seconds(intervals[0])),
        )
        found |= {counted: least, f"{counted}_interval": interval}
    return SeenLimits(**found)


def _counted(value: str) -> float | None:
    number = float(value) if _NUMBER.fullmatch(value.strip()) else 0.0
    return number if _FEWEST_COUNTED <= number < _MOST_COUNTED else None


def _seconds(value: str) -> float | None:
    """Return the seconds of a duration: a number of them, or numbers with units such as `1m`, `1m0s` or `minute`."""
    found = _DURATION.fullmatch(value.strip().lower())
    if found is None:
        return None
    seconds = 0.0
    for number, name in filter(any, _AMOUNT.findall(found[1])):
        unit = _UNITS.get(name) or _UNITS.get(name.removesuffix("s") or "s")
        if unit is None:
            return None
        seconds += float(number or 1) * unit
    return seconds if 0 < seconds < _MOST_COUNTED else None


def _moment(value: str) -> float | None:
    """Return the Unix seconds of a date of HTTP or of ISO 8601; one that names no zone is of UTC."""
    for read in (email.utils.parsedate_to_datetime, datetime.fromisoformat):
        with suppress(ValueError, TypeError, IndexError, OverflowError):
            moment = read(re.sub(r"(?<=\d)[zZ]$", "+00:00", value))
            return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    return None
