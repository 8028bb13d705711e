"""The reader of Document Parse, and what may be asked of it; how files are read is said in `reading`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from llama_index.core.readers.base import BasePydanticReader
from pydantic import SkipValidation

from llama_index_upstage_docs.fields import ParseFields, secret
from llama_index_upstage_docs.reading import FileReader

if TYPE_CHECKING:
    from pydantic import SecretStr

    from upstage_docs import AsyncClient, Client, Progress

__all__ = ["UpstageDocumentParseReader"]


class UpstageDocumentParseReader(FileReader, ParseFields, BasePydanticReader):
    """Reads files with Upstage Document Parse: a Document per layout element, page or file.

    Element Documents carry no SOURCE, so that splitters link them rightly. For an `IngestionPipeline`, read files with
    `split="none", output_format="json"` and let a node parser of ours make the nodes.

    The first eight parameters stand in the order of `llama-index-readers-upstage`. Its results were those of
    `split="none"` and `metadata_format="nested"`.

    Args:
        api_key: The key, else UPSTAGE_API_KEY. It never shows and is never pickled or serialised.
        base_url: API root or full endpoint, else UPSTAGE_BASE_URL, else the public API.
        model: `document-parse`, or a dated name.
        split: A Document per `element`, per `page`, or one per file (`none`).
        ocr: `auto` reads embedded text where there is some; `force` recognises everything.
        output_format: The text of a Document: `html`, `markdown`, `text`, or `json` (the API's own JSON).
        coordinates: Whether elements carry their coordinates, relative 0-1.
        base64_encoding: Layout categories whose elements are cropped; see *images*.
        mode: `standard`, `enhanced` or `auto`.
        chart_recognition: Whether charts are answered as tables.
        merge_multipage_tables: Whether the API merges tables that go on over pages.
        extra_fields: Further form fields of the API.
        metadata_format: `flat` (scalars that every vector store takes) or `nested`.
        skip_empty: Whether to leave out Documents without text, which embedding APIs refuse.
        images: `files` writes crops into *image_folder* and records `image_path`; `base64` fills `image_base64`.
        image_folder: For `images="files"`.
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

    metadata_format: Annotated[Literal["flat", "nested"], SkipValidation] = "flat"

    def __init__(
        self,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        model: str = "document-parse",
        split: Literal["element", "page", "none"] = "element",
        ocr: Literal["auto", "force"] = "auto",
        output_format: Literal["html", "markdown", "text", "json"] = "html",
        coordinates: bool = True,  # noqa: FBT001 - the order of llama-index-readers-upstage
        base64_encoding: Sequence[str] | None = None,
        *,
        mode: Literal["standard", "enhanced", "auto"] = "standard",
        chart_recognition: bool = True,
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
        is_remote: bool = True,
    ) -> None:
        from upstage_docs.options import several

        api_key = secret(api_key)  # tools that show a traceback show its local variables
        super().__init__(
            api_key=api_key,
            base_url=base_url,
            model=model,
            split=split,
            ocr=ocr,
            output_format=output_format,
            coordinates=coordinates,
            base64_encoding=list(several(base64_encoding)),
            mode=mode,
            chart_recognition=chart_recognition,
            merge_multipage_tables=merge_multipage_tables,
            extra_fields=extra_fields or {},
            skip_empty=skip_empty,
            images=images,
            image_folder=None if image_folder is None else str(image_folder),
            engine=engine,
            client=client,
            max_concurrency=max_concurrency,
            on_error=on_error,
            show_progress=show_progress,
            on_progress=on_progress,
        )
        self.is_remote = is_remote
        self.metadata_format = metadata_format
        self._loading = self._new_loading(metadata_format)
        self._loading.connection.check(key_later=True)

    @classmethod
    def class_name(cls) -> str:
        """Return the name by which it is serialised."""
        return "UpstageDocumentParseReader"
