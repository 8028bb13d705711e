"""Opens documents for an agent: each is parsed once, within a folder and within bounds on pages and money."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from upstage_docs.chunking.packing import chunk_elements
from upstage_docs.client.client import Client
from upstage_docs.errors import ConfigError, SourceError
from upstage_docs.evidence.search import SearchIndex
from upstage_docs.evidence.sections import section_records
from upstage_docs.evidence.table_data import TableData, tables
from upstage_docs.files.formats import documents_below
from upstage_docs.files.source import inspect
from upstage_docs.models import Chunk, ParsedDocument, Record
from upstage_docs.records.options import RecordOptions
from upstage_docs.records.records import records

__all__ = ["OpenDocument", "OpenDocuments"]

_HELD = 16  # documents in memory, the last used; what is opened again comes out of the client's store


@dataclass
class OpenDocument:
    """One parsed file; its sections, tables and passages are made when they are first asked for."""

    path: Path
    parsed: ParsedDocument

    @cached_property
    def sections(self) -> list[Record]:
        """What stands between one heading and the next, in order, the list of references too, as Markdown."""
        return list(section_records(records(self.parsed, RecordOptions(output_format="markdown")), references=True))

    @cached_property
    def tables(self) -> list[TableData]:
        """The tables and charts' tables, in order."""
        return tables(self.parsed)

    @cached_property
    def index(self) -> SearchIndex[Chunk]:
        """The passages, searched by words; no table is cut."""
        return SearchIndex(list(chunk_elements(self.parsed, output_format="markdown")))


class OpenDocuments:
    """The files below one folder, parsed when they are first asked for and kept while they do not change.

    Args:
        client: Parses them; it is not closed here.
        folder: Files outside are refused.
        max_pages: How many pages may be parsed in all.
        max_cost: How many US dollars they may cost in all. The local engine costs nothing.
    """

    def __init__(self, client: Client, folder: Path, max_pages: int, max_cost: float) -> None:
        self._client, self._folder = client, folder.resolve()
        self._max_pages, self._max_cost, self._pages = max_pages, max_cost, 0
        self._spending = threading.Lock()  # one document after the other is counted and parsed
        self._held: dict[tuple[Path, int, int], OpenDocument] = {}

    def files(self) -> Iterator[str]:
        """Yield the names of the documents below the folder, in order; hidden files and folders are passed over."""
        return (path.relative_to(self._folder).as_posix() for path in documents_below(self._folder))

    def without_folder(self, message: str) -> str:
        """Return *message* with files named as `files` names them: where the folder lies is not an agent's business."""
        return message.replace(f"{self._folder}{os.sep}", "")

    def open(self, file: str) -> OpenDocument:
        """Return the document *file*, parsed now if it was not, or has changed since.

        Raises:
            UpstageDocsError: It is not in the folder, is more than may still be parsed, or could not be parsed.
        """
        try:
            path = (self._folder / file).resolve(strict=True)
            told = path.stat()
        except (OSError, ValueError, RuntimeError):  # there is none, its name is none, or a link leads to itself
            path = self._folder.parent
        if not path.is_relative_to(self._folder) or path.is_dir():
            raise SourceError(f"{file!r} is not a document in this server's folder; list_files names those that are.")
        key = (path, told.st_size, told.st_mtime_ns)
        with self._spending:
            if key not in self._held:
                self._require_allowance(path, file)
                self._held[key] = OpenDocument(path, self._client.parse(path))
                self._pages += self._held[key].parsed.total_pages
            self._held[key] = self._held.pop(key)  # the last used stands last
            if len(self._held) > _HELD:
                del self._held[next(iter(self._held))]
            return self._held[key]

    def _require_allowance(self, path: Path, file: str) -> None:
        """Refuse, before it is sent, what exceeds the bounds; pages that only the API can count are counted after."""
        pages, left = inspect(path).pages or 1, self._max_pages - self._pages
        cost, rest = self._client.estimate(path).highest or 0.0, self._max_cost - self._client.usage.cost
        if pages > left or cost > rest:
            raise ConfigError(
                f"{file!r} would take {pages} pages and ${cost:,.2f}. This server may use ${max(rest, 0):,.2f} and "
                f"{max(left, 0)} pages more. Whoever started it can allow more with --max-pages and --max-cost."
            )
