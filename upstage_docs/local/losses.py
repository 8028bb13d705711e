"""Notes which parts of a document could not be read, so that the rest of it is still answered."""

from __future__ import annotations

import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from upstage_docs.local.blocks import Loss
from upstage_docs.local.refusal import Refusal

Kept = Callable[[str], AbstractContextManager[object]]
"""Keeps what else can be told of one page: inside its block, an error is noted with the message and not raised."""

Told = TypeVar("Told")

_FRAMES = 3
"""Of a traceback, the innermost: enough to find the line."""


class Losses:
    """What could not be read of each page, by page number."""

    def __init__(self) -> None:
        self._of: defaultdict[int, list[Loss]] = defaultdict(list)

    def of(self, number: int) -> tuple[Loss, ...]:
        """Return what could not be read of page *number*, in the order in which it was noted."""
        return tuple(self._of.get(number, ()))

    def add(self, number: int, message: str, error: BaseException | None = None) -> None:
        """Note *message* as a loss of page *number*, with the *error* that caused it, if there was one.

        The message of a `Refusal`, and a lack of memory, are told with it; what else went wrong is for the log alone.
        """
        if isinstance(error, Refusal):
            message = f"{message} ({error.message.rstrip('.')})"
        elif isinstance(error, MemoryError):
            message = f"{message} (it needs more memory than the local engine may use)"
        loss = Loss(message, "" if error is None else _described(error))
        if loss.message not in {known.message for known in self._of[number]}:
            self._of[number].append(loss)

    @contextmanager
    def kept(self, number: int, message: str, *, refuse: bool = False) -> Iterator[None]:
        """Inside this block, an error is noted with *message* as a loss of page *number*, and not raised.

        With *refuse*, a `Refusal` is raised all the same.
        """
        try:
            yield
        except BaseException as error:
            if not is_survivable(error) or (refuse and isinstance(error, Refusal)):
                raise
            self.add(number, message, error)


def told(kept: Kept, message: str, tell: Callable[[], Told], otherwise: Told) -> Told:
    """Return the result of *tell*, or *otherwise* if it fails, which *kept* notes with *message*."""
    with kept(message):
        return tell()
    return otherwise


def is_survivable(error: BaseException) -> bool:
    """Say whether reading may go on after *error*: an ordinary exception, or a panic of a library written in Rust."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def _described(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__}: {error}"[:300] + (f" at {places}" if places else "")
