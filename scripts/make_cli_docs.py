"""Writes docs/cli.md from the command's own help; a test compares. `python scripts/make_cli_docs.py`."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from typer import Typer
from typer.models import ArgumentInfo

from upstage_docs.cli.app import app

TARGET = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
HEAD = r"""# The command

`pip install "upstage-docs[cli]"` brings `upstage-docs`, also as `python -m upstage_docs`. Results go to standard output
or into files, everything else to standard error. `upstage-docs COMMAND --help` says what is below.
Escape sequences and marks of writing direction in names and texts are shown, as `\x1b`, so that no terminal obeys them.
Documents, JSON and files hold them unchanged.
<!-- written by scripts/make_cli_docs.py -->
"""


def page() -> str:
    """Return the page, one section per command."""
    about = app.registered_callback
    assert about is not None  # noqa: S101 - every command is described
    return f"{HEAD}\n{_text(about.callback)}\n" + "".join(_sections(app, "upstage-docs"))


def _sections(group: Typer, path: str) -> Iterator[str]:
    for command in group.registered_commands:
        function = command.callback
        assert function is not None  # noqa: S101 - they are functions of ours
        name = command.name or function.__name__
        rows = "".join(f"| {_name(*one)} | {_about(*one)} |\n" for one in _parameters(function))
        yield f"\n## {path} {name}\n\n{_text(function)}\n" + (f"\n| | |\n|---|---|\n{rows}" if rows else "")
    for inner in group.registered_groups:
        assert inner.typer_instance is not None  # noqa: S101 - cli.py gives it
        yield from _sections(inner.typer_instance, f"{path} {inner.name}")


def _parameters(function: Callable[..., Any]) -> Iterator[tuple[str, Any, Any, Any]]:
    """Yield name, type, typer's description and default of each parameter."""
    hints = inspect.get_annotations(function, eval_str=True)
    for name, parameter in inspect.signature(function).parameters.items():
        kind, described = get_args(hints[name])[:2]
        yield name, _plain(kind), described, parameter.default


def _plain(kind: Any) -> Any:
    """Take the type out of `X | None` and `list[X]`."""
    if get_origin(kind) in {Union, types.UnionType}:
        return _plain(next(one for one in get_args(kind) if one is not type(None)))
    return _plain(get_args(kind)[0]) if get_origin(kind) is list else kind


def _name(name: str, kind: Any, described: Any, _: Any) -> str:
    if isinstance(described, ArgumentInfo):
        return f"`{described.metavar or f'[{name.upper()}]'}`"
    option = f"--{name.replace('_', '-')}"
    # Inside Annotated, the first name that is given stands where a default would.
    given = [one for one in (described.default, *(described.param_decls or ())) if str(one).startswith("-")]
    given = given or [f"{option}/--no-{option[2:]}" if kind is bool else option]
    names = ", ".join(f"`{one.replace('/--', '` / `--')}`" for one in given)
    if kind is bool:
        return names
    if get_origin(kind) is Literal:  # with commas: in code that stands in a table, the site shows `\|` as it is
        return f"{names}: " + ", ".join(f"`{one}`" for one in get_args(kind))
    return f"{names} `{kind.__name__.upper()}`"


def _about(_: str, kind: Any, described: Any, default: Any) -> str:
    if default is None or default is False or default in {inspect.Parameter.empty, ""}:
        return str(described.help)
    return f"{described.help} Default: `{'on' if kind is bool else default}`."


def _text(function: Any) -> str:
    return inspect.getdoc(function) or ""


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
    print(f"{TARGET.name}: {len(page().splitlines())} lines")
