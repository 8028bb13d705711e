"""The options of Document Parse and Document OCR by their API names, and how a document is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias, TypedDict

from upstage_docs.errors import ConfigError
from upstage_docs.options.definitions import Options, definitions, documented, hash_of, option, require_names

OutputFormat: TypeAlias = Literal["html", "markdown", "text"]
Route: TypeAlias = Literal["auto", "sync", "async"]
Split: TypeAlias = Literal["element", "page", "none"]
OCRSplit: TypeAlias = Literal["page", "none", "word", "line"]
Ids: TypeAlias = Literal["source", "content"]
OnError: TypeAlias = Literal["raise", "skip", "partial"]
ON_ERROR_SENTENCE = (
    "`skip` leaves out a file that fails and goes on; `partial` hands out the pages that came, which name the "
    "`missing_pages`. `report` says which files failed and why. An error that concerns every file, such as a wrong "
    "option or a refused key, is always raised."
)
IDS_SENTENCE = (
    "Whether ids are made of a file's `source` or of its `content`. With `content`, a file under two names gives the "
    "same ids, and a changed file does not replace its old records in a store."
)

# https://console.upstage.ai/docs/capabilities/parse/understanding-output
# The set is open: an answer may hold others. It is used to check what a *user* writes.
CATEGORIES: tuple[str, ...] = (
    "paragraph", "table", "figure", "chart", "header", "footer", "caption", "equation", "heading1", "list", "index",
    "footnote", "code",
)  # fmt: skip


def _model(name: str, model: object) -> str:
    if not isinstance(model, str) or not model or not model.isprintable() or any(ch.isspace() for ch in model):
        raise ConfigError(f"{name}={model!r} is not a model name; without it, the stable alias is used.")
    return str.__str__(model)  # of a member of an enumeration, whose own text is its name


def _parse_model(name: str, model: object) -> str:
    if (plain := _model(name, model)).startswith("ocr"):
        raise ConfigError(
            f"{name}={model!r} is a model of Document OCR: use Client.ocr, or a loader or reader for OCR."
        )
    return plain


def _ocr_model(name: str, model: object) -> str:
    if (plain := _model(name, model)).startswith("document-parse"):
        raise ConfigError(
            f"{name}={model!r} is a model of Document Parse: use Client.parse, or a loader or reader for it."
        )
    return plain


def _formats(name: str, formats: object) -> tuple[str, ...]:
    kept = require_names(name, formats, ("html", "markdown", "text"))
    if not kept:
        raise ConfigError(f"{name} is empty; ask for at least one of 'html', 'markdown', 'text'.")
    return kept


def _fields(name: str, fields: object, kind: type) -> dict[str, str]:
    """Return a copy of *fields* in the order of their names: equal options are written alike."""
    if not isinstance(fields, Mapping):
        raise ConfigError(f"{name} must map names to strings, not {type(fields).__name__}.")
    for key, value in fields.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise ConfigError(f"{name} must map names to strings; {key!r} does not.")
        if key in definitions(kind) or key == "document":
            raise ConfigError(f"{name} holds {key!r}, which has an option of its own.")
    return dict(sorted(fields.items()))


@documented
@dataclass(frozen=True)
class ParseOptions(Options):
    """What to ask of Document Parse, every option by its API name.

    Raises:
        ConfigError: An option has a value that the API does not know.

    See https://console.upstage.ai/api/parse/document-parsing
    """

    model: str = option(
        "document-parse",
        "The model: `document-parse` (the stable alias), `document-parse-nightly`, or a dated name, which is "
        "retired after some months.",
        _parse_model,
        always_sent=True,
    )
    mode: Literal["standard", "enhanced", "auto"] = option(
        "standard",
        "Processing mode: `standard`, `enhanced` or `auto`; the last two need `document-parse-260128` or later.",
    )
    ocr: Literal["auto", "force"] = option(
        "auto",
        "`auto` reads the text that is in the file, and recognises pages without any; `force` recognises every page.",
        always_sent=True,
    )
    chart_recognition: bool = option(True, "Whether charts are answered as tables.", always_sent=True)
    merge_multipage_tables: bool = option(
        False, "Whether the API joins a table that continues on the next page to its first part."
    )
    output_formats: tuple[OutputFormat, ...] = option(
        ("html", "markdown", "text"),
        "Which of `html`, `markdown`, `text` to answer. All three cost the same as one, and one stored answer then "
        "serves every later use.",
        _formats,
        always_sent=True,
        in_command=False,
    )
    coordinates: bool = option(True, "Whether elements carry their coordinates, relative 0-1.", always_sent=True)
    base64_encoding: tuple[str, ...] = option(
        (), "Layout categories whose elements come with a JPEG crop.", partial(require_names, allowed=CATEGORIES)
    )
    extra_fields: Mapping[str, str] = option(
        {},
        "Further form fields, for options that the API offers and this package does not know yet.",
        lambda name, fields: _fields(name, fields, ParseOptions),
        in_command=False,
    )

    __hash__ = hash_of


@documented
@dataclass(frozen=True)
class OCROptions(Options):
    """What to ask of Document OCR.

    Raises:
        ConfigError: An option has a value that the API does not know.

    See https://console.upstage.ai/api/parse/document-ocr
    """

    model: str = option("ocr", "The model: `ocr` (the stable alias), or a dated name.", _ocr_model, always_sent=True)
    schema: Literal["clova", "google"] | None = option(
        None,
        "`clova` or `google` answers in the shape of those services; only `Client.ocr_raw` takes it.",
        in_command=False,
    )
    extra_fields: Mapping[str, str] = option(
        {},
        "Further form fields (`use_patchify` on private deployments).",
        lambda name, fields: _fields(name, fields, OCROptions),
        in_command=False,
    )

    __hash__ = hash_of


@documented
@dataclass(frozen=True)
class SendOptions(Options):
    """How one document is sent, whatever is asked of it.

    Raises:
        ConfigError: A value is not possible.
    """

    route: Route = option(
        "auto", "`sync`, `async` (a job), or `auto`: a job for a long document. Document OCR takes no jobs."
    )
    pages_per_request: int | None = option(
        None, "Cut a PDF into parts of this many pages, sent at once: less waiting, same price.", least=1
    )
    refresh: bool = option(False, "Ask, and pay, again even if the answer is stored.")


@documented
@dataclass(frozen=True)
class ManyOptions(SendOptions):
    """How several documents are sent by one call.

    Raises:
        ConfigError: A value is not possible.
    """

    ordered: bool = option(
        True,
        "False yields each document as soon as it is ready. True keeps the order given: a slow document then holds up "
        "those behind it, of which at most twice `max_concurrency` are read ahead.",
    )
    on_error: OnError = option("raise", ON_ERROR_SENTENCE)


class RefreshKeywords(TypedDict, total=False):
    """The keyword `refresh`, for calls that choose the route themselves; for type checkers."""

    refresh: bool


class SendKeywords(RefreshKeywords, total=False):
    """The options of `SendOptions` as the keywords of a call; for type checkers."""

    route: Route
    pages_per_request: int | None


class ManyKeywords(SendKeywords, total=False):
    """The options of `ManyOptions` as the keywords of a call; for type checkers."""

    ordered: bool
    on_error: OnError
