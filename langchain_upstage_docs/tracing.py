"""Shows loads as runs in LangSmith; LangChain shows chains and retrievers itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document

if TYPE_CHECKING:
    from upstage_docs.models import Record

__all__ = ["load_run"]

_VARIABLES = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")


class _Load:
    """One load that is traced: what it hands out is counted, and nothing of its texts is told."""

    def __init__(self, run: Any, convert: Callable[[Record], Document]) -> None:
        self._run = run
        self._convert = convert
        self._documents = 0
        self._pages: set[tuple[str, int]] = set()

    def convert(self, record: Record) -> Document:
        """Count what *record* becomes, and return it."""
        document = self._convert(record)
        self._documents += 1
        pages = range(document.metadata.get("page", 0), document.metadata.get("page_end", 0) + 1)
        self._pages |= {(document.metadata.get("source", ""), page) for page in pages if page}
        return document

    def end(self, error: str | None) -> None:
        """Tell what was handed out."""
        sources = sorted({source for source, _ in self._pages})
        outputs = {"documents": self._documents, "pages": len(self._pages), "sources": sources}
        self._run.end(outputs=outputs, error=error)
        self._run.patch()


@contextmanager
def load_run(name: str, convert: Callable[[Record], Document]) -> Iterator[Callable[[Record], Document]]:
    """Open a run *name* below the run that is open in LangSmith, and give what *convert* does, counted.

    Where nobody traces, *convert* itself is given; nothing is imported or sent.
    """
    may_trace = "langsmith.run_helpers" in sys.modules or any(variable in os.environ for variable in _VARIABLES)
    if may_trace:
        from langsmith.utils import tracing_is_enabled

        may_trace = tracing_is_enabled() is True
    if not may_trace:
        yield convert
        return
    load, error = _Load(_begin(name), convert), None
    try:
        yield load.convert
    except GeneratorExit:  # left early
        raise
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        load.end(error)


def _begin(name: str) -> Any:
    from langsmith.run_helpers import get_current_run_tree
    from langsmith.run_trees import RunTree

    around = get_current_run_tree()
    run = RunTree(name=name, run_type="tool") if around is None else around.create_child(name, "tool")
    run.post()
    return run
