"""Blob parsers: LangChain's words for Document Parse and Document OCR; what a record says is decided in the core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Literal

from langchain_core.document_loaders import BaseBlobParser, Blob
from langchain_core.documents import Document

if TYPE_CHECKING:
    from pydantic import SecretStr

    from upstage_docs import AsyncClient, Client, Progress
    from upstage_docs.files.source import Named
    from upstage_docs.models import Record

__all__ = ["UpstageDocumentParseParser", "UpstageOCRParser", "document_of", "item_of"]


class UpstageDocumentParseParser(BaseBlobParser):
    """Parses blobs with Upstage Document Parse: a Document per layout element, page or file.

    The first nine parameters stand in the order of `langchain-upstage`. Its results were those of `split="none"` and
    `metadata_format="nested"`.

    Args:
        api_key: The key, else UPSTAGE_API_KEY. It never shows and is never pickled.
        base_url: API root or full endpoint, else UPSTAGE_BASE_URL, else the public API.
        model: `document-parse`, or a dated name.
        split: A Document per `element`, per `page`, or one per file (`none`).
        chart_recognition: Whether charts are answered as tables.
        ocr: `auto` reads embedded text where there is some; `force` recognises everything.
        output_format: The text of a Document: `html`, `markdown`, `text`, or `json` (the API's own JSON).
        coordinates: Whether elements carry their coordinates, relative 0-1.
        base64_encoding: Layout categories whose elements are cropped; see *images*.
        mode: `standard`, `enhanced` or `auto`.
        merge_multipage_tables: Whether the API merges tables that go on over pages.
        extra_fields: Further form fields of the API.
        metadata_format: `flat` (scalars that every vector store takes) or `nested` (as `langchain-upstage`).
        skip_empty: Whether to leave out Documents without text, which embedding APIs refuse.
        images: `files` writes crops into *image_folder* and records `image_path`; `base64` fills `image_base64`.
        image_folder: For `images="files"`.
        engine: `upstage`, or `local` for the engine on this machine, else UPSTAGE_DOCS_ENGINE, else `upstage`.
        client: A `Client` or `AsyncClient` to use; it stays open, and the options of a client are then its own.
        max_concurrency: Requests, documents and parts at once; 5 by default.
        on_error: `skip` leaves out a file that fails and goes on; `report` tells which and why.
        show_progress: Whether to show a bar of pages.
        on_progress: Called with a `Progress` (pages, files) whenever pages arrive or a file is done.

    Raises:
        ConfigError: No key and no engine, an option that does not exist, or options that contradict each other.
    """

    def __init__(
        self,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        model: str = "document-parse",
        split: Literal["element", "page", "none"] = "element",
        chart_recognition: bool = True,  # noqa: FBT001 - the order of langchain-upstage
        ocr: Literal["auto", "force"] = "auto",
        output_format: Literal["html", "markdown", "text", "json"] = "html",
        coordinates: bool = True,  # noqa: FBT001 - the order of langchain-upstage
        base64_encoding: Sequence[str] | None = None,
        *,
        mode: Literal["standard", "enhanced", "auto"] = "standard",
        merge_multipage_tables: bool = False,
        extra_fields: Mapping[str, str] | None = None,
        metadata_format: Literal["flat", "nested"] = "flat",
        skip_empty: bool = False,
        images: Literal["none", "files", "base64"] = "none",
        image_folder: str | os.PathLike[str] | None = None,
        engine: Literal["upstage", "local"] | None = None,
        client: Client | AsyncClient | None = None,
        max_concurrency: int | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        show_progress: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        from upstage_docs.loading.client_source import Connection
        from upstage_docs.loading.loading import ParseLoading
        from upstage_docs.options import ParseOptions, several
        from upstage_docs.records.records import RecordOptions
        from upstage_docs.redaction import as_secret

        api_key = as_secret(api_key)
        self.loading = ParseLoading(
            Connection(api_key, base_url=base_url, engine=engine, client=client, max_concurrency=max_concurrency),
            ParseOptions(
                model=model,
                mode=mode,
                ocr=ocr,
                chart_recognition=chart_recognition,
                merge_multipage_tables=merge_multipage_tables,
                coordinates=coordinates,
                base64_encoding=several(base64_encoding),
                extra_fields=extra_fields or {},
            ),
            RecordOptions(
                split=split,
                output_format=output_format,
                metadata_format=metadata_format,
                skip_empty=skip_empty,
                images=images,
            ),
            image_folder=image_folder,
            on_error=on_error,
            show_progress=show_progress,
            on_progress=on_progress,
        )
        self.loading.connection.check()

    def lazy_parse(
        self,
        blob: Blob,
        is_batch: bool = False,  # noqa: ARG002, FBT001 - langchain-upstage had it; requests are planned now
    ) -> Iterator[Document]:
        """Yield the Documents of *blob*, from memory or from a file, as soon as its pages are answered.

        Raises:
            UpstageDocsError: As `Client.parse`.
        """
        with closing(self.loading.records([item_of(blob)])) as records:
            for record in records:
                yield document_of(record)


class UpstageOCRParser(BaseBlobParser):
    """Parses blobs with Upstage Document OCR: a Document per page, word or file, with its confidence.

    Args:
        api_key: The key, else UPSTAGE_API_KEY. It never shows and is never pickled.
        base_url: API root or full endpoint, else UPSTAGE_BASE_URL, else the public API.
        model: `ocr`, or a dated name.
        split: A Document per `page`, per `line`, per `word`, or one per file (`none`).
        extra_fields: Further form fields of the API.
        skip_empty: Whether to leave out Documents without text.
        engine: `upstage`, or `local` for the engine on this machine, else UPSTAGE_DOCS_ENGINE, else `upstage`.
        client: A `Client` or `AsyncClient` to use; it stays open, and the options of a client are then its own.
        max_concurrency: Requests, documents and parts at once; 5 by default.
        on_error: `skip` leaves out a file that fails and goes on; `report` tells which and why.
        show_progress: Whether to show a bar of pages.
        on_progress: Called with a `Progress` (pages, files) whenever pages arrive or a file is done.

    Raises:
        ConfigError: No key and no engine, an option that does not exist, or options that contradict each other.
    """

    def __init__(
        self,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        model: str = "ocr",
        split: Literal["page", "none", "word", "line"] = "page",
        *,
        extra_fields: Mapping[str, str] | None = None,
        skip_empty: bool = False,
        engine: Literal["upstage", "local"] | None = None,
        client: Client | AsyncClient | None = None,
        max_concurrency: int | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        show_progress: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        from upstage_docs.loading.client_source import Connection
        from upstage_docs.loading.loading import OCRLoading
        from upstage_docs.options import OCROptions
        from upstage_docs.redaction import as_secret

        api_key = as_secret(api_key)
        self.loading = OCRLoading(
            Connection(api_key, base_url=base_url, engine=engine, client=client, max_concurrency=max_concurrency),
            OCROptions(model=model, extra_fields=extra_fields or {}),
            split=split,
            skip_empty=skip_empty,
            on_error=on_error,
            show_progress=show_progress,
            on_progress=on_progress,
        )
        self.loading.connection.check()

    def lazy_parse(self, blob: Blob) -> Iterator[Document]:
        """Yield the Documents of *blob*, from memory or from a file.

        Raises:
            UpstageDocsError: As `Client.ocr`.
        """
        with closing(self.loading.records([item_of(blob)])) as records:
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
