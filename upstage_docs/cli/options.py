"""Makes the options of the subcommands from the definitions of the library's options."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

import typer

from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.client.client import Client
from upstage_docs.client.settings import Settings
from upstage_docs.options import OnError, ParseOptions, SendOptions
from upstage_docs.options.definitions import Definition, default_of, definitions, type_of

Connect: TypeAlias = Callable[[], Client]

Sources = Annotated[
    list[str],
    typer.Argument(help="Files, folders (all documents of known types below them) or patterns.", metavar="SOURCES"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Report in JSON lines on standard output, for programs.")]


@dataclass(frozen=True)
class Writing:
    """Options of a subcommand that writes a result for each document: where, in what form, and what if one fails."""

    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for the results, one file per document; without it they go to standard output. "
            "A document is skipped if it is no newer than its result, so that a stopped run can be started again.",
            file_okay=False,
        ),
    ] = None
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write results again even if they exist.")] = False
    as_json: AsJson = False
    on_error: Annotated[
        OnError,
        typer.Option(
            "--on-error",
            help="What to do when a document fails: skip reports it and goes on, raise stops, partial also writes the "
            "pages that came. Such a result names its missing pages, counts as failed, and is tried again next time.",
        ),
    ] = "skip"


@dataclass(frozen=True)
class Group:
    """Options of the command that are those of one dataclass.

    Attributes:
        kind: The dataclass.
        make: Gets what was given, by name, and returns what the subcommand takes; else an instance is made.
        only: The names of the options, if not all that a command has.
        without: The names of those that it has not.
        note: Stands behind the sentence of each; such an option has no value where it is not given.
    """

    kind: type
    make: Callable[..., Any] | None = None
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    note: str = ""

    def parameters(self) -> list[inspect.Parameter]:
        """Return the parameters of these options, as typer reads them."""
        said = definitions(self.kind)
        if not said:  # the options of commands alone, as typer reads them
            own, hints = inspect.signature(self.kind).parameters, get_type_hints(self.kind, include_extras=True)
            return [
                one.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[name]) for name, one in own.items()
            ]
        names = self.only or [name for name, one in said.items() if one.in_command and name not in self.without]
        return [self._parameter(name, said[name]) for name in names]

    def made(self, values: dict[str, Any]) -> Any:
        """Take the values of these options out of *values* and return what the subcommand takes."""
        given = {one.name: values.pop(one.name) for one in self.parameters()}
        make = self.make or self.kind
        return make(**{name: value for name, value in given.items() if value not in (None, [])})

    def _parameter(self, name: str, said: Definition) -> inspect.Parameter:
        kind, default = _option_type(type_of(self.kind, name)), default_of(self.kind, name)
        told = said.sentence.replace("`", "").replace("*", "")
        if get_origin(kind) is list:
            told += " May be repeated." + (f" Default: {', '.join(default)}." if default else "")
        elif self.note:
            told += f" {self.note} Default: {default}."
        unset = bool(self.note) or default is None or get_origin(kind) is list
        return inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None if unset else default,
            annotation=Annotated[kind | None if unset else kind, typer.Option(help=told, show_default=not unset)],
        )


def with_options(**groups: Group) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a subcommand the options of *groups*, and call it with the object that each group makes of its options."""

    def given(command: Callable[..., None]) -> Callable[..., None]:
        # `get_type_hints` of Python 3.10 puts Optional around what defaults to None, and typer then sees no option.
        hints = inspect.get_annotations(command, eval_str=True)
        own = [
            one.replace(annotation=hints[one.name], kind=inspect.Parameter.KEYWORD_ONLY)
            for one in inspect.signature(command).parameters.values()
            if one.name not in groups
        ]
        first = [one for one in own if one.default is inspect.Parameter.empty]
        further = [one for group in groups.values() for one in group.parameters()]
        parameters = [*first, *(one for one in own if one not in first), *further]

        def call(**values: Any) -> None:
            command(**{name: group.made(values) for name, group in groups.items()}, **values)

        call.__name__, call.__doc__ = command.__name__, command.__doc__
        call.__annotations__ = {one.name: one.annotation for one in parameters}
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return call

    return given


def _connect(**settings: Any) -> Connect:
    return partial(Client, **settings)


writing = Group(Writing)
# Who answers: of a subcommand that sends documents, and of one that only looks.
asking = Group(Settings, _connect)
looking = Group(Settings, _connect, only=("engine", "base_url"))
# Of a subcommand that parses documents and splits them into chunks.
splitting = {
    "chunking": Group(ChunkOptions),
    "options": Group(ParseOptions, without=("coordinates", "base64_encoding")),
    "sending": Group(SendOptions),
    "connect": asking,
}


def _option_type(kind: Any) -> Any:
    """Return the type of an option of the command: a switch, a choice, a number, a text, or a list of texts."""
    origin = get_origin(kind)
    if origin is Literal or kind in {bool, int, float, str}:
        return kind
    if bool in get_args(kind):  # True, False, or what only a program gives
        return bool
    if type(None) in get_args(kind):
        return _option_type(get_args(kind)[0])
    return list[str]
