"""The reader of Document Parse, and its options."""

from __future__ import annotations

from typing import Literal

from llama_index.core.readers.base import BasePydanticReader

from llama_index_upstage_docs.fields import Loads, ParseFields
from llama_index_upstage_docs.reading import FileReader
from llama_index_upstage_docs.signature import Given, component


@component(eq=False, repr=False)
class UpstageDocumentParseReader(FileReader, ParseFields, Loads, BasePydanticReader):
    """Reads files with Upstage Document Parse: a Document per layout element, page or file.

    Element Documents carry no SOURCE, so that splitters link them rightly. For an `IngestionPipeline`, read files with
    `split="none", output_format="json"` and let a node parser of ours make the nodes.

    The first eight parameters stand in the order of `llama-index-readers-upstage`. Its results were those of
    `split="none"` and `metadata_format="nested"`.

    Options may be assigned afterwards: they are read when files are read.

    Examples:
        `pip install "upstage-docs[llama-index]"`, and set `UPSTAGE_API_KEY`, or add the extra `local` and set
        `UPSTAGE_DOCS_ENGINE=local`.

        ```python
        from llama_index_upstage_docs import UpstageDocumentParseReader

        for document in UpstageDocumentParseReader(output_format="markdown").load_data("report.pdf"):
            print(document.metadata["category"], document.metadata["page"], document.text[:40])
        ```

    Args:
        is_remote: Whether the data come from a remote API.

    Raises:
        ConfigError: A value that an option does not take, or options that contradict each other.
        TypeError: An option that does not exist.
    """

    metadata_format: Given[Literal["flat", "nested"]] = "flat"
    is_remote: bool = True

    @classmethod
    def class_name(cls) -> str:
        """Return the name by which it is serialised."""
        return "UpstageDocumentParseReader"
