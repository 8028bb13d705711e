"""How often a request is tried again, and how a job is waited for."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from upstage_docs.options.definitions import NamedOptions, documented, option


def random_share() -> float:
    """Return a random number 0-1; a pickle can name this function, but not `random.random`, a method."""
    return random.random()  # noqa: S311 - it spaces tries


@documented
@dataclass(frozen=True)
class RetryPolicy(NamedOptions):
    """How often a request is tried again, and how long to wait before each try.

    Raises:
        ConfigError: A value is not possible.
    """

    attempts: int = option(5, "How often a request is sent at most, the first time included.", least=1)
    initial: float = option(0.5, "Seconds before the second try; doubles each time.", least=0, unit="seconds")
    maximum: float = option(
        30.0, "The most seconds between two tries; a server's Retry-After may ask for more.", least=0, unit="seconds"
    )
    longest_retry_after: float = option(
        300.0,
        "The longest Retry-After that is waited for, in seconds; a longer one ends the call.",
        least=0,
        unit="seconds",
    )
    jitter: Callable[[], float] = option(
        random_share, "Returns a number 0-1, which sets the wait between half of the backoff and all of it."
    )

    def backoff(self, attempt: int) -> float:
        """Return the seconds to wait after try number *attempt* (1-based)."""
        ceiling = min(self.maximum, self.initial * 2.0 ** min(attempt - 1, 60))
        return float(ceiling * (0.5 + 0.5 * self.jitter()))


@documented
@dataclass(frozen=True)
class PollPolicy(NamedOptions):
    """How often to look at an asynchronous job, and for how long.

    Raises:
        ConfigError: A value is not possible.
    """

    initial: float = option(
        1.0, "Seconds before the first look at a job; each further wait is half as long again.", least=0, unit="seconds"
    )
    maximum: float = option(15.0, "The most seconds between two looks.", least=0, unit="seconds")
    deadline: float | None = option(
        72 * 3600.0,
        "Seconds to wait for the whole job, or None to wait as long as it takes. The API may keep a job queued for 72 "
        "hours at peak times.",
        least=0,
        unit="seconds",
    )
