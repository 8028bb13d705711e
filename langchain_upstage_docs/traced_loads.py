"""Reports a load to LangSmith as a run: what it handed out, and which error ended it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.documents import Document

    from upstage_docs.models import Record


class TracedLoad:
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

    def end(self, error: str) -> None:
        """Tell what was handed out, and the name of the error that ended it, `""` if none did."""
        sources = sorted({source for source, _ in self._pages})
        outputs = {"documents": self._documents, "pages": len(self._pages), "sources": sources}
        self._run.end(outputs=outputs, error=error or None)
        self._run.patch()


def begin_run(name: str) -> Any:
    """Open a run *name* below the run that is open in LangSmith."""
    from langsmith.run_helpers import get_current_run_tree, get_tracing_context
    from langsmith.run_trees import RunTree

    around = get_current_run_tree()
    if around is None:
        told = get_tracing_context()
        options = {key: told[key] for key in ("client", "project_name", "tags") if told.get(key)}
        run = RunTree(name=name, run_type="tool", extra={"metadata": told.get("metadata") or {}}, **options)
    else:
        run = around.create_child(name, "tool")
    run.post()
    return run
