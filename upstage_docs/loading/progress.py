"""One load of documents under way: what is loaded, what became of it, its bar of pages; sends nothing."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from upstage_docs.errors import AuthenticationError, ConfigError, UpstageDocsError
from upstage_docs.files.source import DocumentInput, Named, missing
from upstage_docs.flows.reports import Failure, Report
from upstage_docs.models import OcrResult, ParsedDocument, Record

__all__ = ["Item", "Load", "require_files"]

logger = logging.getLogger("upstage_docs")


@dataclass(frozen=True)
class Item:
    """One document to load.

    Attributes:
        document: Path, bytes or binary file object.
        source: Names what has no path, or names it otherwise.
        extra: Metadata that goes along, after our keys and never over them.
    """

    document: DocumentInput
    source: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called in a report."""
        path = self.document if isinstance(self.document, (str, os.PathLike)) else ""
        return self.source or str(path or getattr(self.document, "name", "") or "a document without a name")

    def finish(self, records: list[Record]) -> list[Record]:
        """Add what goes along to the metadata of *records*."""
        for record in records if self.extra else ():
            record.metadata |= {key: value for key, value in self.extra.items() if key not in record.metadata}
        return records


class Load:
    """One load under way: its items in order, its report, its bar of pages."""

    def __init__(self, on_error: Literal["raise", "skip"], report: Report | None = None) -> None:
        self.report = report or Report()
        self._on_error = on_error
        self._before = self._outcomes
        self._failures = len(self.report.failures)
        self._begun: list[Item] = []
        self._bar: Any = None
        self._page = 0  # the last one of the single document that came

    def look(self, items: Iterable[Item]) -> tuple[Item | None, Iterable[Item]]:
        """Return the item, where it is the only one, or else all of them."""
        supply = iter(items)
        first = list(islice(supply, 2))
        return (first[0], ()) if len(first) == 1 else (None, chain(first, supply))

    def named(self, items: Iterable[Item]) -> Iterator[Named]:
        """Yield *items* as a client takes them, and remember their order."""
        for item in items:
            self._begun.append(item)
            yield Named(item.document, item.source)

    def item(self) -> Item:
        """Return the item whose document came last: outcomes are reported in the items' order."""
        return self._begun[self._outcomes - self._before - 1]

    @property
    def _outcomes(self) -> int:
        return len(self.report.succeeded) + len(self.report.failures)

    def came(self, part: ParsedDocument | OcrResult, *, whole: bool) -> None:
        """Show that *part* is done."""
        parsed = part if isinstance(part, ParsedDocument) else None
        total = len(part.pages) if parsed is None else parsed.total_pages
        last = total if whole or parsed is None else max((one.page for one in parsed.elements), default=self._page)
        if not whole:  # else the report has told of it already
            self.report.tell(last, total)
        if self._bar is not None:
            if whole or not self._page:
                self._bar.total += total
            self._bar.update(last - (0 if whole else self._page))
            if whole:
                self._bar.set_postfix(files=self._outcomes - self._before)
        self._page = last

    def succeeded(self, item: Item) -> None:
        """Note that the single document was read whole."""
        self.report.read(item.name, self._page)

    def failed(self, item: Item, error: UpstageDocsError) -> None:
        """Note that the single document failed; raise the error unless it is skipped."""
        self.report.failed(Failure(item.name, error, error.pages_paid))
        if self._on_error == "raise" or isinstance(error, (AuthenticationError, ConfigError)):
            raise error

    @contextmanager
    def bar(self, *, show: bool) -> Iterator[None]:
        """Show a bar of pages while documents come; say at the end what was left out."""
        if show:
            from tqdm.auto import tqdm

            with tqdm(total=0, unit="page") as self._bar:
                yield
        else:
            yield
        for failure in self.report.failures[self._failures :]:
            logger.warning("left out %s: %s", failure.source, failure.reason)


def require_files(paths: Iterable[str | os.PathLike[str]]) -> None:
    """Say at once which of *paths* is missing, before anything is read or sent.

    Raises:
        SourceNotFoundError: The first that is.
    """
    for path in paths:
        if not Path(path).exists():
            raise missing(str(path))
