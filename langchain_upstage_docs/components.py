"""What loaders and parsers share: their options, and how constructors and docstrings are made of those."""

from __future__ import annotations

import copy
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY
from types import MethodType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from langchain_core.documents import Document

if TYPE_CHECKING:
    from langchain_core.document_loaders import Blob
    from pydantic import SecretStr
    from typing_extensions import Self

    from upstage_docs import AsyncClient, Client, Progress, Report, Spending
    from upstage_docs.files.source import Named
    from upstage_docs.loading.loading import Loading
    from upstage_docs.models import Record

__all__ = ["Loads", "OCRComponent", "ParseComponent", "component", "document_of", "item_of"]

Kind = TypeVar("Kind")


class _Constructor:
    """Stands for `__init__` until it is looked at: making one takes a millisecond, which an import does not pay."""

    def __init__(self, owner: type) -> None:
        self._owner = owner

    def __get__(self, instance: object, _: type) -> Any:
        from dataclasses import dataclass

        bases: Any = reversed(self._owner.__mro__)
        for kind in bases:
            if isinstance(vars(kind).get("__init__"), _Constructor):
                del kind.__init__
                # A dataclass looks at its docstring, which is made of all options when it is read.
                docstring, kind.__doc__ = vars(kind)["__doc__"], "…"
                dataclass(eq=False, repr=False, match_args=False)(kind)
                kind.__doc__ = docstring
                kind.__init__ = _hiding_the_key(kind.__init__)
        made = vars(self._owner)["__init__"]
        return made if instance is None else MethodType(made, instance)


def _hiding_the_key(constructor: Any) -> Callable[..., None]:
    """Return *constructor* with a key that does not show where a tool shows the local variables of a traceback."""
    signature = inspect.signature(constructor)
    names = list(signature.parameters)[1:]

    def __init__(self: Any, *values: Any, **options: Any) -> None:  # noqa: N807 - it becomes one
        """Make it; its class says what the options are."""
        from upstage_docs.loading.client_source import wrap_key

        values, options = wrap_key(names, values, options)
        if unknown := [name for name in options if name not in names]:
            from upstage_docs.loading.former_names import unknown_option_error

            raise unknown_option_error(type(self).__name__, unknown)
        constructor(self, *values, **options)

    made: Any = __init__
    made.__signature__ = signature
    made.__qualname__ = constructor.__qualname__
    return __init__


class _Docstring:
    """A docstring that says what the definitions of the options say."""

    def __init__(self, text: str | None) -> None:
        self._text = text

    def __get__(self, _: object, owner: type) -> str:
        from upstage_docs.loading.loading import component_docstring

        return component_docstring(owner, self._text)


if TYPE_CHECKING:  # a class whose annotated attributes are the parameters of its constructor
    from dataclasses import dataclass as component
else:

    def component(**_: bool) -> Callable[[type[Kind]], type[Kind]]:
        """Make a dataclass, as type checkers see it, whose constructor is made when it is first looked at."""

        def given(kind: type[Kind]) -> type[Kind]:
            kind.__init__ = _Constructor(kind)
            kind.__doc__ = _Docstring(kind.__doc__)
            return kind

        return given


class Loads:
    """Loads with the options that are set at that moment; `report` is of the last load, `usage` of all loads."""

    _loading: Loading | None = None

    @property
    def loading(self) -> Loading:
        """The `Loading` that is made of the options as they are now."""
        from upstage_docs.loading.loading import loading_of

        self._loading = made = loading_of(self, self._loading)
        return made

    @property
    def report(self) -> Report:
        """Which files of the last load were read, and which failed."""
        return (self._loading or self.loading).report

    @property
    def usage(self) -> Spending:
        """What the loads so far were billed for, according to the answers."""
        return (self._loading or self.loading).connection.usage

    def __copy__(self) -> Self:
        """Return a copy with a report and a bill of its own; it stays in this process, so key and client go along."""
        copied = type(self).__new__(type(self))
        vars(copied).update(vars(self), _loading=None)
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a copy as `__copy__` does, whose lists and mappings are its own."""
        copied = self.__copy__()
        for name, value in vars(copied).items():
            if isinstance(value, (list, dict, set)) and name != "file_path":
                vars(copied)[name] = copy.deepcopy(value, memo)
            elif isinstance(value, list):
                vars(copied)[name] = list(value)  # what is to be read, such as files that are open, is no copy's own
        return copied

    def __getstate__(self) -> dict[str, Any]:
        """Leave the key behind: another process reads UPSTAGE_API_KEY.

        Raises:
            ConfigError: There is a caller's client, which cannot go with it.
        """
        return {**vars(self), "_loading": None, "api_key": self.loading.connection.key_of_another_process()}


@component(eq=False, repr=False)
class _Component(Loads):
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


@component(eq=False, repr=False)
class ParseComponent(_Component):
    """Options of Document Parse, in the order of `langchain-upstage`, and how its elements become Documents."""

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


@component(eq=False, repr=False)
class OCRComponent(_Component):
    """Options of Document OCR, and how its pages become Documents."""

    model: str = "ocr"
    split: Literal["page", "none", "word", "line"] = "page"
    _: KW_ONLY
    extra_fields: Mapping[str, str] | None = None
    skip_empty: bool = False
    ids: Literal["source", "content"] = "source"


def document_of(record: Record) -> Document:
    """Return *record* as LangChain's Document."""
    return Document(page_content=record.text, metadata=record.metadata, id=record.id)


def item_of(blob: Blob) -> Named:
    """Return *blob* as something to load: its bytes, or its path, so that a file is streamed, and its metadata."""
    from upstage_docs.files.source import Named

    in_memory = blob.data is not None or blob.path is None
    return Named(blob.as_bytes() if in_memory else os.fspath(blob.path or ""), blob.source, blob.metadata)
