"""Makes asynchronous forms of functions that read files: they run in a thread."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial, wraps
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
    awaited.__doc__ = f"Do what `{name}` does in a thread, so that the event loop goes on.\n\n{function.__doc__}"
    return awaited
