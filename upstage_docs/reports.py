"""What became of many documents: which failed, why, and whether running again costs; decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from upstage_docs.errors import APIConnectionError, JobFailedError, JobTimeoutError, RateLimitError, UpstageDocsError

__all__ = ["Failure", "Report"]


@dataclass(frozen=True)
class Failure:
    """One document without its whole result.

    Attributes:
        source: Path, URI or name.
        error: What was raised.
        pages_paid: Pages of it that were answered before the failure; with the store they are not paid for again.
    """

    source: str
    error: UpstageDocsError
    pages_paid: int = 0

    @property
    def reason(self) -> str:
        """The message of the error."""
        return self.error.message

    @property
    def resumable(self) -> bool:
        """Whether running the same again may succeed without a change."""
        passing = isinstance(self.error, (APIConnectionError, RateLimitError, JobFailedError, JobTimeoutError))
        return passing or getattr(self.error, "status_code", 0) >= 500


@dataclass
class Report:
    """The outcome of many documents, filled while they are read.

    Attributes:
        succeeded: Sources that were read whole, in order.
        failures: The others, in order.
        pages: Pages delivered.
    """

    succeeded: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    pages: int = 0

    def __str__(self) -> str:
        lines = [f"{len(self.succeeded)} documents read ({self.pages} pages), {len(self.failures)} failed"]
        return "\n".join(lines + [f"  {failure.source}: {failure.reason}" for failure in self.failures])
