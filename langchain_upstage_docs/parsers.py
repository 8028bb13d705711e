"""The blob parsers of Document Parse and Document OCR, for LangChain's generic loaders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from langchain_core.document_loaders import BaseBlobParser, Blob
from langchain_core.documents import Document

from langchain_upstage_docs.components import Loads, OCRComponent, ParseComponent, component, document_of, item_of

if TYPE_CHECKING:
    from upstage_docs import Progress, Report


class _Parses(Loads):
    """Tells of all blobs together: a `GenericLoader` hands them over one by one."""

    _report: Report | None = None
    on_progress: Callable[[Progress], None] | None

    def __post_init__(self) -> None:
        self.loading.connection.check()

    @property
    def report(self) -> Report:
        """Which of the blobs that this parser was given so far were read, and which failed."""
        if self._report is None:
            from upstage_docs.flows.reports import Report

            self._report = Report(on_progress=self.on_progress)
        return self._report

    def lazy_parse(self, blob: Blob) -> Iterator[Document]:
        """Yield the Documents of *blob*, from memory or from a file, as soon as its pages are answered.

        Raises:
            UpstageDocsError: As `Client.parse` and `Client.ocr`.
        """
        with closing(self.loading.records([item_of(blob)], report=self.report)) as records:
            for record in records:
                yield document_of(record)


@component(eq=False, repr=False)
class UpstageDocumentParseParser(_Parses, ParseComponent, BaseBlobParser):
    """Parses blobs with Upstage Document Parse: a Document per layout element, page or file.

    The first nine parameters stand in the order of `langchain-upstage`. Its results were those of `split="none"` and
    `metadata_format="nested"`. Options may be assigned afterwards: they are read when a blob is parsed.

    Setup:
        Install `upstage-docs[langchain]` and set the variable `UPSTAGE_API_KEY`. Without a key, install
        `upstage-docs[langchain,local]` and give `engine="local"`: the engine on this machine answers.

    Instantiate:
        ```python
        from langchain_upstage_docs import UpstageDocumentParseParser

        parser = UpstageDocumentParseParser(output_format="markdown")
        ```

    Lazy parse:
        ```python
        from langchain_core.document_loaders import Blob

        for document in parser.lazy_parse(Blob.from_path("report.pdf")):
            print(document.metadata["category"], document.page_content[:40])
        ```

    Raises:
        ConfigError: No key and no engine, a value that an option does not take, or options that contradict each other.
        TypeError: An option that does not exist.
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
        return super().lazy_parse(blob)


@component(eq=False, repr=False)
class UpstageOCRParser(_Parses, OCRComponent, BaseBlobParser):
    """Parses blobs with Upstage Document OCR: a Document per page, line, word or file, with confidence.

    Options may be assigned afterwards: they are read when a blob is parsed.

    Setup:
        Install `upstage-docs[langchain]` and set the variable `UPSTAGE_API_KEY`. Without a key, install
        `upstage-docs[langchain,local,ocr]` and Tesseract's language data, and give `engine="local"`.

    Instantiate:
        ```python
        from langchain_upstage_docs import UpstageOCRParser

        parser = UpstageOCRParser(split="line")
        ```

    Lazy parse:
        ```python
        from langchain_core.document_loaders import Blob

        for document in parser.lazy_parse(Blob.from_path("scan.png")):
            print(document.metadata["confidence"], document.page_content)
        ```

    Raises:
        ConfigError: No key and no engine, a value that an option does not take, or options that contradict each other.
        TypeError: An option that does not exist.
    """
