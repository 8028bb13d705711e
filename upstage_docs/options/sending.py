"""How a document is sent: by which route, in which pieces, and whether again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from upstage_docs.options.definitions import check_options, documented, option

__all__ = ["Route", "SendOptions"]

Route: TypeAlias = Literal["auto", "sync", "async"]


@documented
@dataclass(frozen=True)
class SendOptions:
    """How a document is sent, whatever is asked of it.

    Raises:
        ConfigError: A value is not possible.
    """

    route: Route = option("auto", "`sync`, `async` (a job), or `auto`, which makes a job of what is long.")
    pages_per_request: int | None = option(
        None,
        "Cut a PDF into parts of this many pages, sent at once: less waiting, same price.",
        least=1,
    )
    refresh: bool = option(False, "Ask (and pay) again although the answer is stored.")

    def __post_init__(self) -> None:
        check_options(self)
