"""Tells what became of documents: in a report, and in spans of OpenTelemetry where somebody traces.

Spans never hold a key, nor a word of a document; what they say is in docs/traces.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from upstage_docs.errors import (
    APIConnectionError,
    ConfigError,
    JobFailedError,
    JobTimeoutError,
    RateLimitError,
    SourceNotFoundError,
    UpstageDocsError,
)
from upstage_docs.flows.plan import Spending
from upstage_docs.flows.steps import Flow, Send, Work
from upstage_docs.models import PageWarning
from upstage_docs.version import __version__

T = TypeVar("T")

_SPAN_KEY = "upstage_docs.span"


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

    @property
    def left_out(self) -> list[str]:
        """The sources of which nothing was handed out though their file is there: a failure is not an absence."""
        whole = [failure for failure in self.failures if not failure.missing_pages]
        return [failure.source for failure in whole if not isinstance(failure.error, SourceNotFoundError)]

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


@dataclass
class _OpenSpan:
    """A span of ours that has not ended, the one around it, and what was billed inside."""

    span: Any
    around: _OpenSpan | None
    counted: dict[str, float] = field(default_factory=dict)


def traced(name: str, flow: Flow[T], **facts: object) -> Flow[T]:
    """Return *flow* inside a span `upstage_docs.NAME`, a child of the span that is open where this is called.

    Args:
        name: What is done: `document`, `request`, `job`, `batch`, `cache_hit` or `resume`.
        flow: Not begun yet. It is returned as it is where nobody traces.
        facts: Attributes of the span: those of `note`.
    """
    if (around := current_context()) is None:
        return flow
    return _in_span(name, flow, facts, around)


def current_context() -> Any:
    """Return OpenTelemetry's current context, None where nobody traces.

    Who traces has imported its API, which is not imported for this, and has set a provider.
    """
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None or isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return None
    from opentelemetry.context import get_current

    return get_current()


def note(billed: Spending | None = None, **facts: object) -> None:
    """Set attributes of the span under way, if it is one of ours; add what was *billed* to those around it, too."""
    opened = None if (context := current_context()) is None else _open_span(context)
    if opened is not None:
        _set_facts(opened.span, facts)
    while opened is not None and billed is not None:
        for name, value in (("billed_pages", billed.pages + billed.ocr_pages), ("cost", billed.cost)):
            opened.counted[name] = round(opened.counted.get(name, 0) + value, 6)
        opened = opened.around


@contextmanager
def tell_of_end(tell: Callable[[str], None]) -> Iterator[None]:
    """Call *tell* when the block ends, with the name of the error that ends it, `""` if none does or it is left early.

    Not the message of the error, which may quote the document.
    """
    error = ""
    try:
        yield
    except GeneratorExit:  # left early
        raise
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        tell(error)


@contextmanager
def _attached(context: Any) -> Iterator[None]:
    """Make *context* the current one in the block."""
    from opentelemetry.context import attach, detach

    token = attach(context)
    try:
        yield
    finally:
        detach(token)


def _open_span(context: Any) -> _OpenSpan | None:
    """Return the span of ours that is under way in *context*."""
    from opentelemetry.context import get_value

    opened = get_value(_SPAN_KEY, context)
    return opened if isinstance(opened, _OpenSpan) else None


def _set_facts(span: Any, facts: Mapping[str, object]) -> None:
    """Set the attributes `upstage_docs.NAME` of *span*; an empty value says nothing and is left out.

    A pair of first and last page is told as the first page, and how many pages there are.
    """
    for name, value in facts.items():
        if isinstance(value, tuple):
            _set_facts(span, {f"first_{name.removesuffix('s')}": value[0], name: value[1] - value[0] + 1})
        elif isinstance(value, (str, int, float)) and (value or name == "batch"):  # batches are numbered from 0
            span.set_attribute(f"upstage_docs.{name}", value)


def continued(flow: Flow[T], context: Any) -> Flow[T]:
    """Return *flow* bound to *context*, as `current_context` gave it, so that another thread may begin it."""
    return flow if context is None else _carried(flow, context)


def _in_span(name: str, flow: Flow[T], facts: dict[str, object], parent: Any) -> Flow[T]:
    """Return *flow* inside a new span, a child of the one in *parent*.

    It is the current one for all that the flow does, in whichever thread; never for whoever carries the flow out.
    """
    from opentelemetry import context, trace

    span = trace.get_tracer("upstage_docs", __version__).start_span(f"upstage_docs.{name}", context=parent)
    opened = _OpenSpan(span, _open_span(parent))
    inside = context.set_value(_SPAN_KEY, opened, trace.set_span_in_context(span, parent))
    _set_facts(span, facts)
    try:
        return (yield from _carried(flow, inside))
    except BaseException as error:
        span.set_attribute("error.type", type(error).__name__)  # a message may quote the document
        if not isinstance(error, GeneratorExit):
            span.set_status(trace.StatusCode.ERROR)
        raise
    finally:
        _set_facts(span, opened.counted)
        span.end()


def _carried(flow: Flow[T], inside: Any) -> Flow[T]:
    """Carry *flow* on with *inside* as its context whenever it runs, and what it has others do for it as well."""
    reply: Any = None
    error: BaseException | None = None
    try:
        while True:
            with _attached(inside):
                try:
                    step = flow.send(reply) if error is None else flow.throw(error)
                except StopIteration as end:
                    result: T = end.value
                    return result
            reply = error = None
            if isinstance(step, Work):
                step = Work(partial(_done, inside, step.task))
            elif isinstance(step, Send) and step.around is nullcontext:
                step = replace(step, around=partial(_attached, inside))
            try:
                reply = yield step
            except GeneratorExit:
                raise
            except BaseException as raised:  # noqa: BLE001 - the flow decides
                error = raised
    finally:
        with _attached(inside):
            flow.close()


def _done(inside: Any, task: Callable[[], T]) -> T:
    with _attached(inside):
        return task()
