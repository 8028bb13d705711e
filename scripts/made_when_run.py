"""What the reference has to say of names that are made when the program runs, which a reader of the source cannot see.

These are the constructors of loaders, readers and splitters, whose parameters are the options of the library, the
methods of `AsyncClient`, which are those of `Client`, and the asynchronous forms of functions.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from upstage_docs import AsyncClient, Client

__all__ = ["asynchronous_form", "constructor_table", "function_table", "methods_table"]


def constructor_table(kind: type, known: Callable[[object], str]) -> str:
    """Return a table of the parameters of a class whose docstring is made when it is read; nothing for other classes.

    *known* shows a default.

    Raises:
        KeyError: The docstring does not say what a parameter is.
    """
    if isinstance(vars(kind).get("__doc__"), str):
        return ""
    said = _sections(inspect.getdoc(kind) or "")
    rows = ""
    for name, one in inspect.signature(kind).parameters.items():
        if one.kind in {one.VAR_KEYWORD, one.VAR_POSITIONAL}:
            continue
        # The base class's own default is another one in other versions.
        shown = one.default is not one.empty and not said[name].startswith("Taken for the base class's sake")
        default = f"`{known(one.default)}`" if shown else ""
        rows += f"| `{name}` | {default} | {said[name].replace('|', chr(92) + '|')} |\n"
    page = "chunks.md" if "chunk_size" in said else "options.md"
    return (
        f"\nWhy each default, what it costs and which engine follows it: [the tables of the options]({page}).\n"
        f"\n| parameter | default | what it is |\n|---|---|---|\n{rows}"
    )


def function_table(function: Callable[..., Any], reasons: Mapping[str, str], known: Callable[[object], str]) -> str:
    """Return a table of the parameters of a function that have a default, with the reasons for them.

    *known* shows a default.

    Raises:
        KeyError: A parameter is not described, or no reason is given for its default.
    """
    said = _sections(inspect.getdoc(function) or "")
    rows = "".join(
        f"| `{name}` | `{known(one.default)}` | {said[name]} | {reasons[name]} |\n"
        for name, one in inspect.signature(function).parameters.items()
        if one.default is not one.empty
    )
    return f"\n| option | default | what it does | why this default |\n|---|---|---|---|\n{rows}"


def methods_table(kind: type) -> str:
    """Return what the methods of `Client` take besides, or the methods of `AsyncClient`; nothing for other classes."""
    if kind is Client:
        return (
            "\nA client is made with [these options](options.md#what-a-client-is-made-with). Every method that sends a "
            "document also takes `route`, `pages_per_request` and `refresh`, and those for many documents `ordered` "
            "and `on_error`: see `SendOptions` and `ManyOptions` in [the options](options.md).\n"
        )
    if kind is not AsyncClient:
        return ""
    rows = ""
    for name, method in vars(Client).items():
        if name.startswith("_") or not inspect.isfunction(method):
            continue
        twin = getattr(AsyncClient, name)
        call = "await client." if inspect.iscoroutinefunction(twin) else "async for ... in client."
        rows += f"| `{call}{name}(...)` | {(inspect.getdoc(twin) or '').partition(chr(10))[0]} |\n"
    return f"\nParameters and errors are those of `Client`.\n\n| method | what it does |\n|---|---|\n{rows}"


def asynchronous_form(named: Any) -> str:
    """Return the text about a function that does in a thread what another one does; nothing for other functions."""
    function = getattr(named, "__wrapped__", None)
    if function is None or not inspect.iscoroutinefunction(named):  # the decorator of a context manager wraps, too
        return ""
    does = function.__name__
    return (
        f"\n## {named.__name__}\n\n`await {named.__name__}(...)` does in a thread what `{does}` does, so that no "
        f"event loop is blocked. Parameters, result and errors are those of `{does}`.\n"
    )


def _sections(docstring: str) -> dict[str, str]:
    """Return what the section `Args` of a docstring says of each parameter."""
    args = docstring.partition("\nArgs:\n")[2]
    args = re.split(r"\n(?=\S)", args)[0]
    return {
        name: " ".join(text.split())
        for name, text in re.findall(r"^    (\w+): (.*(?:\n     +.*)*)", args, re.MULTILINE)
    }
