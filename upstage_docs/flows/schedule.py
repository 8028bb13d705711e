"""Decides which of many pieces of work run at once, and in which order their results are taken.

Four carry a schedule out: `Client` in threads, `AsyncClient` in tasks, the command and the workers on Ray in threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeVar

Scheduled = TypeVar("Scheduled")

DONE: Any = object()  # instead of a result: all have been taken


@dataclass(eq=False)
class Schedule(Generic[Scheduled]):
    """At most *at_once* pieces of work, begun in their order.

    What is begun is known here by its handle: a future of `concurrent.futures` or of `asyncio`.

    Attributes:
        supply: The work, taken as it is needed; may be endless.
        at_once: Pieces begun and not yet taken, results that wait for their turn included.
        ordered: Whether results are taken in the order of the work, or each as soon as it is there.
        begun: The handles of what was begun and not yet taken.
    """

    supply: Iterator[Scheduled]
    at_once: int
    ordered: bool = True
    begun: deque[Any] = field(default_factory=deque)

    def to_begin(self) -> Iterator[Scheduled]:
        """Yield what is to be begun now; the handle of each is to be appended to `begun`."""
        return islice(self.supply, self.at_once - len(self.begun))

    def awaited(self) -> list[Any]:
        """Return the handles one of which has to end before a result can be taken."""
        return [self.begun[0]] if self.ordered else list(self.begun)

    def take(self) -> Any:
        """Return the handle whose result comes next: one of `awaited` has ended."""
        done = next(one for one in self.awaited() if one.done())
        self.begun.remove(done)
        return done
