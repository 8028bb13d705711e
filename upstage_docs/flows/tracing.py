"""Puts flows into spans of OpenTelemetry where somebody traces, and does nothing elsewhere.

Spans never hold a key, nor a word of a document; what they say is in docs/traces.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from upstage_docs.flows.plan import Spending
from upstage_docs.flows.steps import Flow, Send, Work
from upstage_docs.version import __version__

T = TypeVar("T")

_SPAN_KEY = "upstage_docs.span"


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
