"""Takes OpenTelemetry's provider away again: it is set once in a process, and other tests are to see none."""

from __future__ import annotations

from opentelemetry import trace

__all__ = ["forget_tracer_provider"]


def forget_tracer_provider() -> None:
    """Let the process be as if nobody had set a provider; OpenTelemetry's own tests do it in the same manner."""
    trace._TRACER_PROVIDER_SET_ONCE._done = False
    trace._TRACER_PROVIDER = None
