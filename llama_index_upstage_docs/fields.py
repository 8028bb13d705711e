"""The options that readers and node parsers share, as pydantic fields that may be assigned later."""

# Without `from __future__ import annotations`: pydantic would compile every annotation again for every class.

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Any, Literal

from llama_index.core.bridge.pydantic import ConfigDict, Field, PrivateAttr, SecretStr
from llama_index.core.schema import BaseComponent

from llama_index_upstage_docs.signature import Fields, Given, component

if TYPE_CHECKING:
    from typing_extensions import Self

    from upstage_docs import Report, Spending
    from upstage_docs.loading.loading import Loading, StayedKey


@component(eq=False, repr=False)
class ClientFields(Fields):
    """Who answers, how documents are sent, and what happens when a file fails."""

    api_key: Given[str | SecretStr | None] = Field(default=None, exclude=True, repr=False)
    base_url: Given[str | None] = None
    _: KW_ONLY
    engine: Given[Literal["upstage", "local"] | None] = None
    # A Client or AsyncClient; naming the types here would import httpx.
    client: Given[Any] = Field(default=None, exclude=True, repr=False)
    max_concurrency: Given[int | None] = None
    timeout: Given[float | None] = None
    cache: Given[bool | str | None] = None
    route: Given[Literal["auto", "sync", "async"]] = "auto"
    pages_per_request: Given[int | None] = None
    refresh: Given[bool] = False
    on_error: Given[Literal["raise", "skip", "partial"]] = "raise"
    show_progress: Given[bool] = False
    # Callable[[Progress], None]; like a client, it stays where it is.
    on_progress: Given[Any] = Field(default=None, exclude=True, repr=False)


@component(eq=False, repr=False)
class ParseFields(ClientFields):
    """Options of Document Parse, in the order of `llama-index-readers-upstage`, and how elements become Documents."""

    model: Given[str] = "document-parse"
    split: Given[Literal["element", "page", "none"]] = "element"
    ocr: Given[Literal["auto", "force"]] = "auto"
    output_format: Given[Literal["html", "markdown", "text", "json"]] = "html"
    coordinates: Given[bool] = True
    base64_encoding: Given[Sequence[str] | None] = None
    _: KW_ONLY
    mode: Given[Literal["standard", "enhanced", "auto"]] = "standard"
    chart_recognition: Given[bool] = True
    merge_multipage_tables: Given[bool] = False
    extra_fields: Given[Mapping[str, str] | None] = None
    skip_empty: Given[bool] = False
    ids: Given[Literal["source", "content"]] = "source"
    images: Given[Literal["none", "files", "base64"]] = "none"
    image_folder: Given[Any] = None  # a path
    crops: Given[Sequence[str] | None] = None
    crop_folder: Given[Any] = None  # a path


@component(eq=False, repr=False)
class OCRFields(ClientFields):
    """Options of Document OCR, and how its pages become Documents."""

    model: Given[str] = "ocr"
    split: Given[Literal["page", "none", "word", "line"]] = "page"
    _: KW_ONLY
    extra_fields: Given[Mapping[str, str] | None] = None
    skip_empty: Given[bool] = False
    ids: Given[Literal["source", "content"]] = "source"


class Loads(BaseComponent):
    """Loads with the options that are set at that moment; `report` is of the last load, `usage` of all loads."""

    model_config = ConfigDict(arbitrary_types_allowed=True, defer_build=True)  # building costs 20 ms of an import

    _key_stayed: bool = PrivateAttr(default=False)
    _loading: "Loading | None" = PrivateAttr(default=None)
    _directory_report: Any = PrivateAttr(default=None)
    _warned_of_json: bool = PrivateAttr(default=False)

    @property
    def loading(self) -> "Loading":
        """The `Loading` that is made of the options as they are now."""
        from upstage_docs.loading.loading import loading_of

        self._loading = made = loading_of(self, self._loading, key=self._key)
        return made

    @property
    def report(self) -> "Report":
        """Which files of the last load were read, and which failed.

        It stays empty where `SimpleDirectoryReader` reads with `num_workers`: other processes then hold copies of this.
        """
        return (self._loading or self.loading).report

    @property
    def usage(self) -> "Spending":
        """What the loads so far were billed for, according to the answers."""
        return (self._loading or self.loading).connection.usage

    @property
    def _key(self) -> "str | SecretStr | StayedKey | None":
        key: str | SecretStr | None = getattr(self, "api_key", None)
        if key is None and self._key_stayed:
            from upstage_docs.loading.loading import StayedKey

            return StayedKey()
        return key

    @classmethod
    def _as_kept(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the *values* given to the constructor as they are kept, and can be serialised."""
        kept = {**values, "extra_fields": values["extra_fields"] or {}}
        if isinstance(kept["cache"], os.PathLike):
            kept["cache"] = os.fspath(kept["cache"])
        if isinstance(kept["api_key"], str):
            kept["api_key"] = SecretStr(kept["api_key"])
        if "base64_encoding" in kept:
            given = kept["base64_encoding"] or []
            kept["base64_encoding"] = list(given) if isinstance(given, Iterable) and given != str(given) else [given]
            for folder in ("image_folder", "crop_folder"):
                kept[folder] = None if kept[folder] is None else str(kept[folder])
            if isinstance(kept["crops"], (list, tuple, set, frozenset)):
                kept["crops"] = list(kept["crops"])
        return kept

    def _check(self) -> None:
        self.loading.connection.check(key_later=True)

    def __copy__(self) -> "Self":
        """Return a copy with a report and a bill of its own."""
        copied = super().__copy__()
        copied._loading = None  # noqa: SLF001 - our own
        return copied

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> "Self":
        """Return a copy with a report and a bill of its own, whose client is the caller's as this one's is."""
        memo = {} if memo is None else memo
        for one in (getattr(self, "client", None), getattr(self, "on_progress", None)):
            memo[id(one)] = one
        copied = super().__deepcopy__(memo)
        copied._loading = None  # noqa: SLF001 - our own
        return copied

    def __getstate__(self) -> dict[str, Any]:
        """Leave the key behind: another process reads UPSTAGE_API_KEY.

        Raises:
            ConfigError: There is a caller's client, which cannot go with it.
        """
        stayed = self.loading.connection.key_of_another_process() is not None
        # The base class drops what cannot travel, and warns of it in the log: of these nobody needs to hear.
        staying: dict[str, Any] = {name: None for name in ("api_key", "client", "on_progress") if name in self.__dict__}
        state = super(Loads, self.model_copy(update=staying)).__getstate__()
        state["__dict__"].pop("on_progress", None)  # the constructor makes the copy, and may not take it
        state["__pydantic_private__"] = {"_key_stayed": stayed, "_loading": None}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._key_stayed = state["__pydantic_private__"]["_key_stayed"]
