"""Makes asynchronous forms of functions that read files: they run in a thread."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from inspect import getdoc
from typing import Any, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def in_thread(function: Callable[Parameters, Result]) -> Callable[Parameters, Coroutine[Any, Any, Result]]:
    """Return an asynchronous form of *function*, with its parameters and docstring, that runs it in a thread."""

    @wraps(function)
    async def awaited(*values: Parameters.args, **options: Parameters.kwargs) -> Result:
        from anyio import to_thread

        return await to_thread.run_sync(partial(function, *values, **options))

    name = function.__name__
    awaited.__name__ = f"a{name}"
    awaited.__qualname__ = f"{function.__qualname__.removesuffix(name)}a{name}"
    awaited.__doc__ = f"Do in a thread what `{name}` does, so that no event loop is blocked.\n\n{getdoc(function)}"
    return awaited
