"""The options of every call, each defined once and checked where it is made."""

from upstage_docs.options.parse import (
    CATEGORIES,
    Ids,
    ManyOptions,
    OCROptions,
    OCRSplit,
    OnError,
    OutputFormat,
    ParseOptions,
    Route,
    SendOptions,
    Split,
)
from upstage_docs.options.policies import PollPolicy, RetryPolicy

__all__ = [
    "CATEGORIES",
    "Ids",
    "ManyOptions",
    "OCROptions",
    "OCRSplit",
    "OnError",
    "OutputFormat",
    "ParseOptions",
    "PollPolicy",
    "RetryPolicy",
    "Route",
    "SendOptions",
    "Split",
]
