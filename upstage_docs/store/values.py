"""The values of the store: the key of a result, and what can be stored for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property

from upstage_docs.options import OCROptions, ParseOptions
from upstage_docs.options.definitions import default_of

# First and last page, 1-based and inclusive.
Pages = tuple[int, int]
# Stands for all pages of a file whose page count is not known.
WHOLE_FILE: Pages = (1, 2**31 - 1)


def merged(ranges: Iterable[Pages]) -> list[Pages]:
    """Return the pages of *ranges*, which may overlap, as ranges that neither overlap nor touch."""
    found: list[Pages] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def covers(ranges: Iterable[Pages], pages: Pages) -> bool:
    """Say whether each of *pages* is in one of *ranges*."""
    return any(first <= pages[0] and pages[1] <= last for first, last in merged(ranges))


# The options of the first version, all of which its keys name. A later option is named only where it differs from its
# default, so that what was paid for before it existed is still found.
_ALWAYS_NAMED = frozenset(
    {"model", "mode", "ocr", "chart_recognition", "merge_multipage_tables", "output_formats", "coordinates"}
    | {"base64_encoding", "extra_fields", "schema"}
)


@dataclass(frozen=True)
class ResultKey:
    """What identifies a result: the file, the options that change the answer, and who was asked.

    Attributes:
        file_sha256: SHA-256 of the file's bytes, hexadecimal.
        model: The model *requested*.
        root: The API root, normalised.
        options: The options that change the answer, as canonical JSON.
    """

    file_sha256: str
    model: str
    root: str
    options: str = field(repr=False)

    @classmethod
    def of(
        cls, file_sha256: str, options: ParseOptions | OCROptions, root: str, *, engine_version: str = ""
    ) -> ResultKey:
        """Build the key of *options* asked of *root*; a local engine adds its version, since its answers change."""
        words: dict[str, object] = {
            "operation": "ocr" if isinstance(options, OCROptions) else "parse",
            "engine_version": engine_version,
        }
        for option in fields(options):
            value = getattr(options, option.name)
            if option.name not in _ALWAYS_NAMED and value == default_of(type(options), option.name):
                continue
            if isinstance(value, tuple):
                value = sorted(value)  # the order of names asks for nothing else
            words[option.name] = dict(value) if option.name == "extra_fields" else value
        canonical = json.dumps(words, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return cls(file_sha256, options.model, root.rstrip("/"), canonical)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all of it, hexadecimal."""
        return hashlib.sha256(json.dumps([self.file_sha256, self.root, self.options]).encode()).hexdigest()


@dataclass(frozen=True)
class StoredAnswer:
    """One body as it was answered, for *pages*; `sends` counts how often these pages were paid for.

    `unread_route` is `""`, or the route (`sync`, `async`) by which came what nobody could understand.
    """

    raw: bytes
    pages: Pages
    model: str
    sends: int = 1
    unread_route: str = ""


@dataclass(frozen=True)
class StoredJob:
    """A job that was submitted and is not finished; `pages` is None where a file of unknown length was sent whole.

    `created` is Unix seconds, `sends` counts how often these pages were paid for.
    """

    request_id: str
    key: ResultKey
    pages: Pages | None
    source: str = ""
    created: float = 0.0
    sends: int = 1


@dataclass(frozen=True)
class Intent:
    """A paid send whose outcome is not known: `created` is its time (Unix seconds), `sends` counts it too."""

    token: str
    key: ResultKey
    pages: Pages | None
    route: str
    source: str = ""
    created: float = 0.0
    sends: int = 1

    @property
    def claim(self) -> Claim:
        """The claim with which it was sent."""
        return Claim(**{one.name: getattr(self, one.name) for one in fields(Claim)})


@dataclass(frozen=True)
class Claim:
    """Permission to send *pages* once; to be handed to `submitted`, `answered`, `withdraw` or `abandon` of the store.

    `sends` counts the paid sends of these pages, this one included: more than 1 after a resend.
    """

    token: str
    key: ResultKey
    pages: Pages | None
    source: str = ""
    sends: int = 1


@dataclass(frozen=True)
class Busy:
    """Another flow, here or in another process, is sending some of these pages, until `expires` (Unix seconds).

    `seen` says of each claim on them, by its token and end, when it was first seen, on a clock that nobody sets.
    """

    expires: float
    seen: Mapping[tuple[str, float], float] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class AlreadyStored:
    """Some of these pages were answered, or are in a running job, by now: look again."""


@dataclass(frozen=True)
class StoredState:
    """What is stored of one document under one key.

    Attributes:
        total_pages: Pages of the file, 0 until an answer said so.
        answers: Page ranges that have an answer, in order.
        jobs: Jobs to resume.
        intents: Sends that are under way or whose outcome is unknown; `Store.claim` tells which.
        created: When each of the answers came, Unix seconds.
    """

    total_pages: int = 0
    answers: tuple[Pages, ...] = ()
    jobs: tuple[StoredJob, ...] = ()
    intents: tuple[Intent, ...] = ()
    created: tuple[float, ...] = field(default=(), compare=False, repr=False)

    def came_since(self, job: StoredJob) -> tuple[Pages, ...]:
        """Return the page ranges that were answered after *job* was submitted: since then nothing else sends its pages.

        What came before is another send's, and is not joined with what the job gives.
        """
        times = zip(self.answers, self.created, strict=True)
        return tuple(pages for pages, created in times if created >= job.created)


@dataclass(frozen=True)
class Entry:
    """One line of a listing: a document under one set of options. Times are Unix seconds, `size` is bytes."""

    key: ResultKey
    source: str
    pages: int
    size: int
    jobs: int
    intents: int
    created: float
    used: float
