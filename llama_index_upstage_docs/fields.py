"""The options that readers and node parsers share, as pydantic fields; how they are pickled without a key."""

# Without `from __future__ import annotations`: pydantic would compile every annotation again for every class.

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from llama_index.core.bridge.pydantic import ConfigDict, Field, PrivateAttr, SecretStr
from llama_index.core.schema import BaseComponent
from pydantic import SkipValidation

if TYPE_CHECKING:
    from upstage_docs import Report, Spending
    from upstage_docs.loading.client_source import Connection
    from upstage_docs.loading.loading import Loading, ParseLoading

__all__ = ["ClientFields", "ParseFields", "secret"]


class ClientFields(BaseComponent):
    """What answers, and what happens when a file fails. Values are checked by the core, which names the remedy."""

    model_config = ConfigDict(arbitrary_types_allowed=True, defer_build=True)  # building costs 20 ms of an import

    api_key: Annotated[SecretStr | None, SkipValidation] = Field(default=None, exclude=True, repr=False)
    base_url: Annotated[str | None, SkipValidation] = None
    engine: Annotated[Literal["upstage", "local"] | None, SkipValidation] = None
    # A Client or AsyncClient; naming the types here would import httpx.
    client: Any = Field(default=None, exclude=True, repr=False)
    max_concurrency: Annotated[int | None, SkipValidation] = None
    on_error: Annotated[Literal["raise", "skip"], SkipValidation] = "raise"
    show_progress: bool = False
    # Callable[[Progress], None]; like a client, it stays where it is.
    on_progress: Any = Field(default=None, exclude=True, repr=False)

    _key_stayed: bool = PrivateAttr(default=False)
    _loading: Any = PrivateAttr(default=None)
    _directory_report: Any = PrivateAttr(default=None)
    _warned_of_json: bool = PrivateAttr(default=False)

    @property
    def loading(self) -> "Loading":
        """What loads."""
        loading: Loading = self._loading
        return loading

    @property
    def report(self) -> "Report":
        """What became of the files of the last load."""
        return self.loading.report

    @property
    def usage(self) -> "Spending":
        """What the loads so far were billed for, as the answers tell."""
        return self.loading.connection.usage

    def _connection(self) -> "Connection":
        from upstage_docs.loading.client_source import Connection, StayedKey

        return Connection(
            StayedKey() if self._key_stayed else self.api_key,
            base_url=self.base_url,
            engine=self.engine,
            client=self.client,
            max_concurrency=self.max_concurrency,
        )

    def __getstate__(self) -> dict[str, Any]:
        """Leave the key behind: another process reads UPSTAGE_API_KEY.

        Raises:
            ConfigError: There is a caller's client, which cannot go with it.
        """
        self._connection().__getstate__()
        stayed = self._key_stayed or self.api_key is not None
        state = super().__getstate__()
        fields = {**state["__dict__"], "api_key": None, "client": None}
        fields.pop("on_progress", None)  # the base class makes the copy by its constructor, which may not take it
        state["__dict__"] = fields
        state["__pydantic_private__"] = {"_key_stayed": stayed, "_loading": None}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if state["__pydantic_private__"]["_key_stayed"]:
            self._key_stayed = True
            self.loading.connection = self._connection()


class ParseFields(ClientFields):
    """What to ask of Document Parse, and what becomes of its elements."""

    model: Annotated[str, SkipValidation] = "document-parse"
    mode: Annotated[Literal["standard", "enhanced", "auto"], SkipValidation] = "standard"
    ocr: Annotated[Literal["auto", "force"], SkipValidation] = "auto"
    chart_recognition: Annotated[bool, SkipValidation] = True
    merge_multipage_tables: Annotated[bool, SkipValidation] = False
    coordinates: Annotated[bool, SkipValidation] = True
    base64_encoding: Annotated[list[str], SkipValidation] = Field(default_factory=list)
    extra_fields: Annotated[Mapping[str, str], SkipValidation] = Field(default_factory=dict)
    split: Annotated[Literal["element", "page", "none"], SkipValidation] = "element"
    output_format: Annotated[Literal["html", "markdown", "text", "json"], SkipValidation] = "html"
    skip_empty: Annotated[bool, SkipValidation] = False
    images: Annotated[Literal["none", "files", "base64"], SkipValidation] = "none"
    image_folder: Annotated[str | None, SkipValidation] = None

    def _new_loading(self, metadata_format: Literal["flat", "nested"] = "flat") -> "ParseLoading":
        from upstage_docs.loading.loading import ParseLoading
        from upstage_docs.options import ParseOptions
        from upstage_docs.records.records import RecordOptions

        return ParseLoading(
            self._connection(),
            ParseOptions(
                model=self.model,
                mode=self.mode,
                ocr=self.ocr,
                chart_recognition=self.chart_recognition,
                merge_multipage_tables=self.merge_multipage_tables,
                coordinates=self.coordinates,
                base64_encoding=tuple(self.base64_encoding),
                extra_fields=self.extra_fields,
            ),
            RecordOptions(
                split=self.split,
                output_format=self.output_format,
                metadata_format=metadata_format,
                skip_empty=self.skip_empty,
                images=self.images,
            ),
            image_folder=self.image_folder,
            on_error=self.on_error,
            show_progress=self.show_progress,
            on_progress=self.on_progress,
        )


def secret(key: str | SecretStr | None) -> SecretStr | None:
    """Return *key* in a wrapper that does not show it."""
    return SecretStr(key) if isinstance(key, str) else key
