"""The events of reading that are told to LlamaIndex's instrumentation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]
from llama_index.core.instrumentation.events import BaseEvent
from llama_index.core.schema import Document

__all__ = ["ReadEndEvent", "ReadStartEvent", "tell_of_reading"]

_DISPATCHER = get_dispatcher(__name__)


class ReadStartEvent(BaseEvent):
    """A reader begins.

    Attributes:
        reader: The name of its class.
    """

    reader: str

    @classmethod
    def class_name(cls) -> str:
        """Return what handlers call it."""
        return "UpstageReadStartEvent"


class ReadEndEvent(BaseEvent):
    """A reader has ended, was left early, or failed.

    Attributes:
        reader: The name of its class.
        documents: How many it handed out.
        sources: The files that they came from, in order.
        error: The name of the error's class, `""` if none was raised.
    """

    reader: str
    documents: int
    sources: list[str]
    error: str = ""

    @classmethod
    def class_name(cls) -> str:
        """Return what handlers call it."""
        return "UpstageReadEndEvent"


@contextmanager
def tell_of_reading(reader: str) -> Iterator[Callable[[Document], Document]]:
    """Send the events of one reading; the block passes each Document that it hands out through the function it gets."""
    sources: list[str] = []

    def note(document: Document) -> Document:
        sources.append(str(document.metadata.get("source", "")))
        return document

    def end(error: str) -> None:
        told = ReadEndEvent(reader=reader, documents=len(sources), sources=list(dict.fromkeys(sources)), error=error)
        _DISPATCHER.event(told)

    from upstage_docs.flows.reports import tell_of_end

    _DISPATCHER.event(ReadStartEvent(reader=reader))
    with tell_of_end(end):
        yield note
