"""The classes of errors; all are `UpstageDocsError`.

UpstageDocsError (ValueError)      every error of ours; chains that catch ValueError keep working
├── ConfigError                    no key, contradicting options: raised before any request
│   └── MissingExtraError          also an ImportError: an optional part is not installed
├── SourceError                    missing (also FileNotFoundError), empty, too large, unsupported, encrypted
├── APIConnectionError             no answer came
│   └── APITimeoutError            … in time
├── APIStatusError                 an answer that refuses: .status_code .code .message .request_id
│   ├── AuthenticationError        401, 403
│   ├── RateLimitError             429: .retry_after
│   └── BadRequestError            400, 404, 405, 413, 415, 422: the document or the options
├── InvalidResponseError           a 200 that is not what the API promises
├── JobError                       .job
│   ├── JobFailedError
│   └── JobTimeoutError
└── UnknownOutcomeError            a paid send whose outcome is not known: .intent .candidates

All carry plain values only, so they pickle, and none ever holds a key: what they are made of is redacted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from upstage_docs.errors.redaction import redact, redact_body

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "AuthenticationError",
    "BadRequestError",
    "ConfigError",
    "InvalidResponseError",
    "JobError",
    "JobFailedError",
    "JobTimeoutError",
    "MissingExtraError",
    "RateLimitError",
    "SourceError",
    "SourceNotFoundError",
    "UnknownOutcomeError",
    "UpstageDocsError",
]


# What came may hold them: to a terminal they are commands.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Characters of a message: what is quoted in it may have any length, and what to do stands at its end.
_LONGEST = 4_000
_END = 1_000


def _rebuild(cls: type[UpstageDocsError], message: str, state: dict[str, Any]) -> UpstageDocsError:
    error = cls(message)
    error.__dict__.update(state)
    return error


class UpstageDocsError(ValueError):
    """Base of every error this package raises on purpose.

    Attributes:
        message: What was wrong, and what to do next.
        pages_paid: Pages of the document that were answered before; with the store they are not paid for again.
    """

    pages_paid: int = 0

    def __init__(self, message: str) -> None:
        message = _CONTROLS.sub("\ufffd", redact(message))
        if len(message) > _LONGEST:
            message = f"{message[: _LONGEST - _END]}…{message[-_END:]}"
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        """Return the message: OSError and ImportError would build one of their own."""
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by message and plain values: keyword-only arguments break the default way."""
        return _rebuild, (type(self), self.message, dict(self.__dict__))


class ConfigError(UpstageDocsError):
    """No key, a value that an option does not take, or options that contradict each other; nothing was sent."""


class MissingExtraError(ConfigError, ImportError):
    """An optional part of this package is not installed; the message names the command that installs it."""

    @classmethod
    def of(cls, extra: str, purpose: str, error: ImportError | None = None) -> MissingExtraError:
        """Build the error for *extra*: what needs it (*purpose*) and how to get it."""
        because = f" ({error})" if error is not None else ""
        return cls(
            f'{purpose} needs the extra "{extra}"{because}. Install it with: pip install "upstage-docs[{extra}]"'
        )


@contextmanager
def needing(extra: str, purpose: str) -> Iterator[None]:
    """Say of an import that fails in the block which *extra* is missing, and what (*purpose*) needs it.

    Raises:
        MissingExtraError: An import failed.
    """
    try:
        yield
    except ImportError as error:
        raise MissingExtraError.of(extra, purpose, error) from error


class SourceError(UpstageDocsError):
    """The document cannot be sent: empty, too large, of an unsupported type, encrypted; nothing was sent."""


class SourceNotFoundError(SourceError, FileNotFoundError):
    """There is no file at the path given."""


class APIConnectionError(UpstageDocsError):
    """No answer came from the API."""


class APITimeoutError(APIConnectionError):
    """No answer came from the API in time."""


class APIStatusError(UpstageDocsError):
    """The API answered, and refused.

    Args:
        message: What was wrong and what to do next.
        status_code: The HTTP status.
        code: The API's own error code, `""` if it gave none.
        request_id: The API's id of the request, `""` if it gave none.
    """

    def __init__(self, message: str, *, status_code: int = 0, code: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.status_code = status_code
        self.code = redact(code)
        self.request_id = redact(request_id)


class AuthenticationError(APIStatusError):
    """401 or 403: a wrong key, a suspended key, or no credit left."""


class RateLimitError(APIStatusError):
    """429: too many requests; `retry_after` is what the server asked for, in seconds, or `None`."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int = 429,
        code: str = "",
        request_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, status_code=status_code, code=code, request_id=request_id)
        self.retry_after = retry_after


class BadRequestError(APIStatusError):
    """400, 404, 405, 413, 415 or 422: the API refuses this document or these options."""


class InvalidResponseError(UpstageDocsError):
    """The API answered 200, but not with what it promises: pages are missing, or the body is not JSON.

    Args:
        message: What came, and what was expected.
        raw: The bytes that came, so that nothing paid for is lost.
    """

    def __init__(self, message: str, *, raw: bytes = b"") -> None:
        super().__init__(message)
        self.raw = redact_body(raw)


class JobError(UpstageDocsError):
    """An asynchronous job did not give its result; `job` holds its last known state."""

    def __init__(self, message: str, *, job: Any = None) -> None:
        super().__init__(message)
        self.job = job


class JobFailedError(JobError):
    """The API says that the job, or one of its batches, failed."""


class JobTimeoutError(JobError):
    """The job was not done by the deadline given; it goes on and can be asked for again by its id."""


class UnknownOutcomeError(UpstageDocsError):
    """A paid request was sent, and its outcome is not known; sending it again might pay twice.

    Args:
        message: Which document, and the ways to go on.
        intent: The stored intent of the send.
        candidates: Ids of the API's requests that might be the one.
    """

    def __init__(self, message: str, *, intent: Any = None, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.intent = intent
        self.candidates = candidates
