"""Reports what became of many documents: which were read, which failed and why, and how far a load has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from upstage_docs.errors import (
    APIConnectionError,
    ConfigError,
    JobFailedError,
    JobTimeoutError,
    RateLimitError,
    UpstageDocsError,
)
from upstage_docs.models import PageWarning


@dataclass(frozen=True)
class Failure:
    """One document that failed, as a whole or in part.

    Attributes:
        source: Path, URI or name.
        error: What was raised.
        pages_paid: Pages of it that were answered before the failure; with the store they are not paid for again.
        missing_pages: The pages that did not come, such as `3-4, 9`, where the others were handed out
            (`on_error="partial"`); `""` where nothing of the document was.
    """

    source: str
    error: UpstageDocsError
    pages_paid: int = 0
    missing_pages: str = ""

    @property
    def reason(self) -> str:
        """The message of the error."""
        return self.error.message

    @property
    def resumable(self) -> bool:
        """Whether the same call may succeed later, without a change."""
        return is_passing(self.error)


def is_passing(error: UpstageDocsError) -> bool:
    """Say whether the same call may succeed later without a change."""
    passing = isinstance(error, (APIConnectionError, RateLimitError, JobFailedError, JobTimeoutError))
    return passing or getattr(error, "status_code", 0) >= 500


def drop_frames(error: BaseException) -> None:
    """Take the frames that *error* passed out of it, and out of each error behind it.

    They hold the document, its requests and its answers, which a report would keep as long as itself.
    """
    behind: list[BaseException | None] = [error]
    for one in behind:
        if one is not None:
            one.__traceback__ = None
            behind += [other for other in (one.__cause__, one.__context__) if other not in behind]


@dataclass(frozen=True)
class Progress:
    """How far a load of documents has come, at one moment.

    Attributes:
        pages: Pages delivered.
        total_pages: Pages of the documents that those belong to: more than `pages` while one of them is under way.
        files: Documents done, those that failed included.
        failed: Those of them that failed.
    """

    pages: int
    total_pages: int
    files: int
    failed: int = 0


@dataclass
class Report:
    """Which of many documents were read and which failed; it is filled while they are read.

    Attributes:
        succeeded: Sources that were read whole, in order.
        failures: The others, in order; `missing_pages` is set if the other pages were handed out.
        pages: Pages of the documents that were read whole, and of the parts that were handed out.
        warnings: By source, which parts of a document could not be read, and which elements have no page.
        on_progress: Called with a Progress whenever pages arrive or a document is done: between two results, in the
            thread (or event loop) that takes them. An error that it raises ends the load.

    Raises:
        ConfigError: *on_progress* cannot be called.
    """

    succeeded: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    pages: int = 0
    warnings: dict[str, tuple[PageWarning, ...]] = field(default_factory=dict)
    on_progress: Callable[[Progress], None] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.on_progress is not None and not callable(self.on_progress):
            raise ConfigError(f"on_progress={self.on_progress!r} must be a function that takes a Progress.")

    def read(self, source: str, pages: int, warnings: Iterable[PageWarning] = ()) -> None:
        """Note that *source* was read whole, and with which *warnings*."""
        self.succeeded.append(source)
        self.pages += pages
        if told := tuple(warnings):
            self.warnings[source] = told
        self.tell()

    def failed(self, failure: Failure, pages: int = 0, warnings: Iterable[PageWarning] = ()) -> None:
        """Note that a document failed, and what was handed out of it: so many *pages*, with their *warnings*."""
        self.failures.append(failure)
        self.pages += pages
        if told := tuple(warnings):
            self.warnings[failure.source] = told
        self.tell()

    def tell(self, pages: int = 0, total_pages: int = 0) -> None:
        """Call `on_progress`; *pages* of the *total_pages* of a document under way count as well."""
        if self.on_progress is not None:
            failed = len(self.failures)
            files = len(self.succeeded) + failed
            self.on_progress(Progress(self.pages + pages, self.pages + total_pages, files, failed))

    def __str__(self) -> str:
        lines = [f"{len(self.succeeded)} documents read ({self.pages} pages), {len(self.failures)} failed"]
        for failure in self.failures:
            missing = f" (without pages {failure.missing_pages})" if failure.missing_pages else ""
            lines.append(f"  {failure.source}{missing}: {failure.reason}")
        return "\n".join(lines + [f"  {source}: {one}" for source, told in self.warnings.items() for one in told])
