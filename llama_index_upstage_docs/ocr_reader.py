"""The reader of Document OCR, and what may be asked of it; how files are read is said in `reading`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from llama_index.core.bridge.pydantic import Field
from llama_index.core.readers.base import BasePydanticReader
from pydantic import SkipValidation

from llama_index_upstage_docs.fields import ClientFields, secret
from llama_index_upstage_docs.reading import FileReader

if TYPE_CHECKING:
    from pydantic import SecretStr

    from upstage_docs import AsyncClient, Client, Progress
    from upstage_docs.loading.loading import OCRLoading

__all__ = ["UpstageOCRReader"]


class UpstageOCRReader(FileReader, ClientFields, BasePydanticReader):
    """Reads files with Upstage Document OCR: a Document per page, word or file, with its confidence.

    Args:
        api_key: The key, else UPSTAGE_API_KEY. It never shows and is never pickled or serialised.
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
        is_remote: Whether the data come from a remote API.

    Raises:
        ConfigError: An option that does not exist, or options that contradict each other.
    """

    model: Annotated[str, SkipValidation] = "ocr"
    split: Annotated[Literal["page", "none", "word", "line"], SkipValidation] = "page"
    extra_fields: Annotated[Mapping[str, str], SkipValidation] = Field(default_factory=dict)
    skip_empty: Annotated[bool, SkipValidation] = False

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
        is_remote: bool = True,
    ) -> None:
        api_key = secret(api_key)  # tools that show a traceback show its local variables
        super().__init__(  # type: ignore[call-arg]
            api_key=api_key,
            base_url=base_url,
            model=model,
            split=split,
            extra_fields=extra_fields or {},
            skip_empty=skip_empty,
            engine=engine,
            client=client,
            max_concurrency=max_concurrency,
            on_error=on_error,
            show_progress=show_progress,
            on_progress=on_progress,
        )
        self.is_remote = is_remote
        self._loading = self._new_loading()
        self._loading.connection.check(key_later=True)

    def _new_loading(self) -> OCRLoading:
        from upstage_docs.loading.loading import OCRLoading
        from upstage_docs.options import OCROptions

        return OCRLoading(
            self._connection(),
            OCROptions(model=self.model, extra_fields=self.extra_fields),
            split=self.split,
            skip_empty=self.skip_empty,
            on_error=self.on_error,
            show_progress=self.show_progress,
            on_progress=self.on_progress,
        )

    @classmethod
    def class_name(cls) -> str:
        """Return the name by which it is serialised."""
        return "UpstageOCRReader"
