"""Reads one asynchronous generator inside another, and closes the inner one before the outer one."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Inner(aclosing[Any], Generic[T]):
    """The values of a generator that another one reads in a block, at whose end it is closed.

    An event loop closes each generator that is collected in a task of its own, and those that are left at its end all
    at once: one that is read by another it would close while that closes it, too, which is an error. So it is told of
    the outermost alone.
    """

    def __init__(self, values: AsyncGenerator[T, None]) -> None:
        super().__init__(values)
        self._values = values

    async def __aenter__(self) -> Inner[T]:
        return self

    def __aiter__(self) -> Inner[T]:
        return self

    def __anext__(self) -> Awaitable[T]:
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=None, finalizer=_leave)  # asked for at the first of these calls
        try:
            return self._values.__anext__()
        finally:
            sys.set_asyncgen_hooks(*hooks)


def _leave(_: object) -> None:
    """Leave a generator that is collected to the one that reads it."""
