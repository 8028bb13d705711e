"""Writes docs/cli.md from the command's own help; a test compares. `python scripts/make_cli_docs.py`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from upstage_docs.cli import app

TARGET = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
HEAD = """# The command

`pip install "upstage-docs[cli]"` brings `upstage-docs`, also as `python -m upstage_docs`. Results go to standard output
or into files, everything else to standard error. `upstage-docs COMMAND --help` says what is below.
<!-- written by scripts/make_cli_docs.py -->
"""


def page() -> str:
    """Return the page, one section per command."""
    root = typer.main.get_command(app)
    return f"{HEAD}\n{_text(root.help)}\n" + "".join(_sections(root, "upstage-docs"))


def _sections(group: Any, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield f"\n## {path} {name}\n\n{_text(command.help)}\n"
            yield from _sections(command, f"{path} {name}")
        else:
            yield f"\n## {path} {name}\n\n{_text(command.help)}\n\n{_parameters(command)}"


def _parameters(command: Any) -> str:
    rows = [f"| `{_name(parameter)}` | {_about(parameter)} |" for parameter in command.params]
    return "\n".join(["| | |", "|---|---|", *rows]) + "\n"


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    names = ", ".join(parameter.opts) + "".join(f" / {name}" for name in parameter.secondary_opts)
    return names if parameter.is_flag else f"{names} {_value(parameter)}"


def _value(parameter: Any) -> str:
    choices = getattr(parameter.type, "choices", None)
    if not choices:
        return str(parameter.type.name).upper()
    return " \\| ".join(str(getattr(choice, "value", choice)) for choice in choices)


def _about(parameter: Any) -> str:
    default = parameter.default
    if default is None or default is False or parameter.required or callable(default):
        return str(parameter.help)
    shown = ("on" if default else "off") if isinstance(default, bool) else getattr(default, "value", default)
    return f"{parameter.help} Default: `{shown}`."


def _text(text: str | None) -> str:
    return inspect.cleandoc(text or "")


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
    print(f"{TARGET.name}: {len(page().splitlines())} lines")
