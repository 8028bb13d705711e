"""The errors of this package, and what hides secrets in them."""

from upstage_docs.errors.tree import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConfigError,
    InvalidResponseError,
    JobError,
    JobFailedError,
    JobTimeoutError,
    MissingExtraError,
    RateLimitError,
    SourceError,
    SourceNotFoundError,
    UnknownOutcomeError,
    UpstageDocsError,
)

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
