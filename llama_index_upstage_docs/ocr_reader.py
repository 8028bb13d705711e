"""The reader of Document OCR, and its options."""

from __future__ import annotations

from llama_index.core.readers.base import BasePydanticReader

from llama_index_upstage_docs.fields import Loads, OCRFields
from llama_index_upstage_docs.reading import FileReader
from llama_index_upstage_docs.signature import component


@component(eq=False, repr=False)
class UpstageOCRReader(FileReader, OCRFields, Loads, BasePydanticReader):
    """Reads files with Upstage Document OCR: a Document per page, line, word or file, with confidence.

    Options may be assigned afterwards: they are read when files are read.

    Examples:
        `pip install "upstage-docs[llama-index]"`, and set `UPSTAGE_API_KEY`, or add the extra `local` and set
        `UPSTAGE_DOCS_ENGINE=local`.

        ```python
        from llama_index_upstage_docs import UpstageOCRReader

        for line in UpstageOCRReader(split="line").load_data("scan.png"):
            print(line.metadata["confidence"], line.text)
        ```

    Args:
        is_remote: Whether the data come from a remote API.

    Raises:
        ConfigError: A value that an option does not take, or options that contradict each other.
        TypeError: An option that does not exist.
    """

    is_remote: bool = True

    @classmethod
    def class_name(cls) -> str:
        """Return the name by which it is serialised."""
        return "UpstageOCRReader"
