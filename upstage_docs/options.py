"""Options, validated where they are made; knows the API's words, sends nothing."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from upstage_docs.errors import ConfigError

__all__ = [
    "CATEGORIES",
    "Ids",
    "OCROptions",
    "OutputFormat",
    "ParseOptions",
    "PollPolicy",
    "RetryPolicy",
    "Split",
    "choice",
    "names",
    "several",
    "yes_or_no",
]

OutputFormat = Literal["html", "markdown", "text"]
Split = Literal["element", "page", "none"]
Ids = Literal["source", "content"]

# https://console.upstage.ai/docs/capabilities/parse/understanding-output
# The set is open: an answer may hold others. It is used to check what a *user* writes.
CATEGORIES: tuple[str, ...] = (
    "paragraph",
    "table",
    "figure",
    "chart",
    "header",
    "footer",
    "caption",
    "equation",
    "heading1",
    "list",
    "index",
    "footnote",
    "code",
)
_OUTPUT_FORMATS = ("html", "markdown", "text")


def several(value: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return *value*, one name or several, as a tuple."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    """Raise ConfigError unless *value* is one of *allowed*."""
    if value not in allowed:
        raise ConfigError(f"{name}={value!r} is not an option; choose one of {', '.join(map(repr, allowed))}.")


def yes_or_no(name: str, value: object) -> None:
    """Raise ConfigError unless *value* is True or False."""
    if not isinstance(value, bool):
        raise ConfigError(f"{name}={value!r} must be True or False.")


def names(name: str, value: object, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return *value*, one name or several, as a tuple of *allowed* names without repeats."""
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise ConfigError(f"{name} must be a list of names, not {type(value).__name__}.")
    for one in value:
        choice(f"{name} entry", one, allowed)
    return tuple(dict.fromkeys(value))


@dataclass(frozen=True)
class ParseOptions:
    """What to ask of Document Parse, every option by its API name.

    Attributes:
        model: `document-parse` (the stable alias), `document-parse-nightly`, or a dated name. Dated names are retired
            after some months.
        mode: `standard`, `enhanced` or `auto`; the last two need `document-parse-260128` or later.
        ocr: `auto` reads embedded text where there is some; `force` rasterises and recognises everything.
        chart_recognition: Whether charts are answered as tables.
        merge_multipage_tables: Whether tables that go on over pages are merged into their first part.
        output_formats: Which of `html`, `markdown`, `text` to answer. All three cost the same as one, and one stored
            answer then serves every later use.
        coordinates: Whether elements carry their coordinates, relative 0-1.
        base64_encoding: Layout categories whose elements come with a JPEG crop.
        extra_fields: Further form fields, for options that the API offers and this package does not know yet.

    Raises:
        ConfigError: An option has a value that the API does not know.

    See https://console.upstage.ai/api/parse/document-parsing
    """

    model: str = "document-parse"
    mode: Literal["standard", "enhanced", "auto"] = "standard"
    ocr: Literal["auto", "force"] = "auto"
    chart_recognition: bool = True
    merge_multipage_tables: bool = False
    output_formats: tuple[OutputFormat, ...] = ("html", "markdown", "text")
    coordinates: bool = True
    base64_encoding: tuple[str, ...] = ()
    extra_fields: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _model(self.model)
        if self.model.startswith("ocr"):
            raise ConfigError(
                f"model={self.model!r} is one of Document OCR: take Client.ocr, or a loader or reader of it."
            )
        choice("mode", self.mode, ("standard", "enhanced", "auto"))
        choice("ocr", self.ocr, ("auto", "force"))
        for name in ("chart_recognition", "merge_multipage_tables", "coordinates"):
            yes_or_no(name, getattr(self, name))
        object.__setattr__(self, "output_formats", names("output_formats", self.output_formats, _OUTPUT_FORMATS))
        if not self.output_formats:
            raise ConfigError("output_formats is empty; ask for at least one of 'html', 'markdown', 'text'.")
        object.__setattr__(self, "base64_encoding", names("base64_encoding", self.base64_encoding, CATEGORIES))
        _extra_fields(self.extra_fields, self.__dataclass_fields__)

    def __hash__(self) -> int:
        return hash(str(self))


@dataclass(frozen=True)
class OCROptions:
    """What to ask of Document OCR.

    Attributes:
        model: `ocr` (the stable alias) or a dated name.
        schema: `clova` or `google` answers in the shape of those services; only `Client.ocr_raw` takes it.
        extra_fields: Further form fields (`use_patchify` on private deployments).

    See https://console.upstage.ai/api/parse/document-ocr
    """

    model: str = "ocr"
    schema: Literal["clova", "google"] | None = None
    extra_fields: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _model(self.model)
        if self.model.startswith("document-parse"):
            raise ConfigError(
                f"model={self.model!r} is one of Document Parse: take Client.parse, or a loader or reader of it."
            )
        if self.schema is not None:
            choice("schema", self.schema, ("clova", "google"))
        _extra_fields(self.extra_fields, self.__dataclass_fields__)

    def __hash__(self) -> int:
        return hash(str(self))


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long to try again.

    Attributes:
        attempts: Sends in all, the first included.
        initial: Seconds before the second try; doubles each time.
        maximum: Seconds between tries at the most, a server's Retry-After apart.
        longest_retry_after: Seconds that a Retry-After may ask for; a longer one is final.
        jitter: Gives a number 0-1; the wait is between half of the backoff and all of it.
    """

    attempts: int = 5
    initial: float = 0.5
    maximum: float = 30.0
    longest_retry_after: float = 300.0
    jitter: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ConfigError(f"RetryPolicy(attempts={self.attempts}) must be at least 1.")
        _seconds("RetryPolicy", self, "initial", "maximum", "longest_retry_after")

    def backoff(self, attempt: int) -> float:
        """Return the seconds to wait after try number *attempt* (1-based)."""
        ceiling = min(self.maximum, self.initial * 2.0 ** min(attempt - 1, 60))
        return float(ceiling * (0.5 + 0.5 * self.jitter()))


@dataclass(frozen=True)
class PollPolicy:
    """How to wait for an asynchronous job.

    Attributes:
        initial: Seconds before the first look; grows by half each time.
        maximum: Seconds between two looks at the most.
        deadline: Seconds to wait for the whole job, or None to wait as long as it takes. The API may keep a job
            queued for 72 hours at peak times.
    """

    initial: float = 1.0
    maximum: float = 15.0
    deadline: float | None = 72 * 3600.0

    def __post_init__(self) -> None:
        _seconds("PollPolicy", self, "initial", "maximum")
        if self.deadline is not None:
            _seconds("PollPolicy", self, "deadline")


def _model(model: object) -> None:
    if not isinstance(model, str) or not model or any(ch.isspace() for ch in model):
        raise ConfigError(f"model={model!r} is not a model name; the default is the stable alias.")


def _extra_fields(fields: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    if not isinstance(fields, Mapping):
        raise ConfigError(f"extra_fields must map names to strings, not be a {type(fields).__name__}.")
    for name, value in fields.items():
        if name in known or name == "document":
            raise ConfigError(f"extra_fields holds {name!r}, which has an option of its own.")
        if not isinstance(name, str) or not isinstance(value, str):
            raise ConfigError(f"extra_fields must map names to strings; {name!r} does not.")


def _seconds(owner: str, policy: object, *fields: str) -> None:
    for name in fields:
        value = getattr(policy, name)
        if not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
            raise ConfigError(f"{owner}({name}={value!r}) must be a number of seconds, 0 or more.")
