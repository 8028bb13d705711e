"""Blob parsers: what may be asked of Document Parse and Document OCR → LangChain Documents of one blob."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.document_loaders import BaseBlobParser, Blob
from langchain_core.documents import Document

from langchain_upstage_docs.components import component

if TYPE_CHECKING:
    from pydantic import SecretStr

    from upstage_docs import AsyncClient, Client, Progress, Report, Spending
    from upstage_docs.files.source import Named
    from upstage_docs.loading.loading import Loading
    from upstage_docs.models import Record

__all__ = ["OCRComponent", "ParseComponent", "UpstageDocumentParseParser", "UpstageOCRParser", "document_of", "item_of"]


class _Loads(ABC):
    """Loads with its options as they are then; tells of the last load, and of the bill of all."""

    _loading: Loading | None = None

    @property
    @abstractmethod
    def loading(self) -> Loading:
        """What loads with the options as they are now."""

    @property
    def report(self) -> Report:
        """What became of the files of the last load."""
        return (self._loading or self.loading).report

    @property
    def usage(self) -> Spending:
        """What the loads so far were billed for, as the answers tell."""
        return (self._loading or self.loading).connection.usage

    def __getstate__(self) -> dict[str, Any]:
        """Leave the key behind: another process reads UPSTAGE_API_KEY.

        Raises:
            ConfigError: There is a caller's client, which cannot go with it.
        """
        return {**vars(self), "_loading": None, "api_key": self.loading.connection.key_of_another_process()}


@component(eq=False, repr=False)
class _Component(_Loads):
    """Who answers, how documents are sent, and what happens when a file fails; the options are read when it loads."""

    api_key: str | SecretStr | None = None
    base_url: str | None = None
    _: KW_ONLY
    engine: Literal["upstage", "local"] | None = None
    client: Client | AsyncClient | None = None
    max_concurrency: int | None = None
    timeout: float | None = None
    cache: bool | str | os.PathLike[str] | None = None
    route: Literal["auto", "sync", "async"] = "auto"
    pages_per_request: int | None = None
    refresh: bool = False
    on_error: Literal["raise", "skip", "partial"] = "raise"
    show_progress: bool = False
    on_progress: Callable[[Progress], None] | None = None

    def __post_init__(self) -> None:
        self.loading.connection.check()


@component(eq=False, repr=False)
class ParseComponent(_Component):
    """What may be asked of Document Parse, in the order of `langchain-upstage`, and what becomes of its elements."""

    model: str = "document-parse"
    split: Literal["element", "page", "none"] = "element"
    chart_recognition: bool = True
    ocr: Literal["auto", "force"] = "auto"
    output_format: Literal["html", "markdown", "text", "json"] = "html"
    coordinates: bool = True
    base64_encoding: Sequence[str] | None = None
    _: KW_ONLY
    mode: Literal["standard", "enhanced", "auto"] = "standard"
    merge_multipage_tables: bool = False
    extra_fields: Mapping[str, str] | None = None
    metadata_format: Literal["flat", "nested"] = "flat"
    skip_empty: bool = False
    ids: Literal["source", "content"] = "source"
    images: Literal["none", "files", "base64"] = "none"
    image_folder: str | os.PathLike[str] | None = None
    crops: Sequence[str] | None = None
    crop_folder: str | os.PathLike[str] | None = None

    @property
    def loading(self) -> Loading:
        """What loads with the options as they are now."""
        from upstage_docs.loading.loading import parse_loading

        self._loading = made = parse_loading(self, self._loading)
        return made


@component(eq=False, repr=False)
class OCRComponent(_Component):
    """What may be asked of Document OCR, and what becomes of its pages."""

    model: str = "ocr"
    split: Literal["page", "none", "word", "line"] = "page"
    _: KW_ONLY
    extra_fields: Mapping[str, str] | None = None
    skip_empty: bool = False
    ids: Literal["source", "content"] = "source"

    @property
    def loading(self) -> Loading:
        """What loads with the options as they are now."""
        from upstage_docs.loading.loading import ocr_loading

        self._loading = made = ocr_loading(self, self._loading)
        return made


class _Parses(_Loads):
    """Tells of all blobs together: a `GenericLoader` hands them over one by one."""

    _report: Report | None = None
    on_progress: Callable[[Progress], None] | None

    @property
    def report(self) -> Report:
        """What became of the blobs that this parser was given so far."""
        if self._report is None:
            from upstage_docs.flows.reports import Report

            self._report = Report(on_progress=self.on_progress)
        return self._report


@component(eq=False, repr=False)
class UpstageDocumentParseParser(_Parses, ParseComponent, BaseBlobParser):
    """Parses blobs with Upstage Document Parse: a Document per layout element, page or file.

    The first nine parameters stand in the order of `langchain-upstage`. Its results were those of `split="none"` and
    `metadata_format="nested"`. Options may be assigned afterwards: they are read when a blob is parsed.

    Raises:
        ConfigError: No key and no engine, an option that does not exist, or options that contradict each other.
    """

    def lazy_parse(
        self,
        blob: Blob,
        is_batch: bool = False,  # noqa: ARG002, FBT001 - langchain-upstage had it; requests are planned now
    ) -> Iterator[Document]:
        """Yield the Documents of *blob*, from memory or from a file, as soon as its pages are answered.

        Raises:
            UpstageDocsError: As `Client.parse`.
        """
        with closing(self.loading.records([item_of(blob)], report=self.report)) as records:
            for record in records:
                yield document_of(record)


@component(eq=False, repr=False)
class UpstageOCRParser(_Parses, OCRComponent, BaseBlobParser):
    """Parses blobs with Upstage Document OCR: a Document per page, word or file, with its confidence.

    Options may be assigned afterwards: they are read when a blob is parsed.

    Raises:
        ConfigError: No key and no engine, an option that does not exist, or options that contradict each other.
    """

    def lazy_parse(self, blob: Blob) -> Iterator[Document]:
        """Yield the Documents of *blob*, from memory or from a file.

        Raises:
            UpstageDocsError: As `Client.ocr`.
        """
        with closing(self.loading.records([item_of(blob)], report=self.report)) as records:
            for record in records:
                yield document_of(record)


def document_of(record: Record) -> Document:
    """Return *record* as LangChain's Document."""
    return Document(page_content=record.text, metadata=record.metadata, id=record.id)


def item_of(blob: Blob) -> Named:
    """Return *blob* as something to load: its bytes, or its path, so that a file is streamed, and its metadata."""
    from upstage_docs.files.source import Named

    in_memory = blob.data is not None or blob.path is None
    return Named(blob.as_bytes() if in_memory else os.fspath(blob.path or ""), blob.source, blob.metadata)
