"""How often a request is tried again, and how a job is waited for."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from upstage_docs.options.definitions import NamedOptions, documented, option

__all__ = ["PollPolicy", "RetryPolicy"]


@documented
@dataclass(frozen=True)
class RetryPolicy(NamedOptions):
    """How often and how long to try again.

    Raises:
        ConfigError: A value is not possible.
    """

    attempts: int = option(5, "Sends in all, the first included.", least=1)
    initial: float = option(0.5, "Seconds before the second try; doubles each time.", least=0, unit="seconds")
    maximum: float = option(
        30.0, "Seconds between tries at the most, a server's Retry-After apart.", least=0, unit="seconds"
    )
    longest_retry_after: float = option(
        300.0, "Seconds that a Retry-After may ask for; a longer one is final.", least=0, unit="seconds"
    )
    jitter: Callable[[], float] = option(
        random.random, "Gives a number 0-1; the wait is between half of the backoff and all of it."
    )

    def backoff(self, attempt: int) -> float:
        """Return the seconds to wait after try number *attempt* (1-based)."""
        ceiling = min(self.maximum, self.initial * 2.0 ** min(attempt - 1, 60))
        return float(ceiling * (0.5 + 0.5 * self.jitter()))


@documented
@dataclass(frozen=True)
class PollPolicy(NamedOptions):
    """How to wait for an asynchronous job.

    Raises:
        ConfigError: A value is not possible.
    """

    initial: float = option(1.0, "Seconds before the first look; grows by half each time.", least=0, unit="seconds")
    maximum: float = option(15.0, "Seconds between two looks at the most.", least=0, unit="seconds")
    deadline: float | None = option(
        72 * 3600.0,
        "Seconds to wait for the whole job, or None to wait as long as it takes. The API may keep a job queued for 72 "
        "hours at peak times.",
        least=0,
        unit="seconds",
    )
