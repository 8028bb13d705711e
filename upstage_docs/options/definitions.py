"""Defines an option once: its default, the values it takes, and the sentence that documents it.

An option is a field of a frozen dataclass: `mode: Literal["standard", "auto"] = option("standard", "What it is for.")`.
The type says which values may be given; a dataclass of `Options` refuses others where it is made. Docstrings, the
command's options and their help, and the form of a request are made of the same field.
"""

from __future__ import annotations

import inspect
import operator
import os
import sys
import textwrap
from collections import abc
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, dataclass, field, fields
from functools import lru_cache, partial
from itertools import zip_longest
from numbers import Rational, Real
from threading import TIMEOUT_MAX
from types import MappingProxyType
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, cast, get_args, get_origin

from upstage_docs.errors import ConfigError
from upstage_docs.errors.redaction import SECRET_OPTIONS

Value = TypeVar("Value")
Kind = TypeVar("Kind")
Parameters = ParamSpec("Parameters")
# Takes the name of an option and its value; returns the value as it is kept, or raises ConfigError.
Check = Callable[[str, Any], Any]
_DEFINITION = "upstage_docs.definition"
# `langchain-upstage` gives None for them; for other options None is a value of its own, or refused.
_NONE_IS_THE_DEFAULT = frozenset({"base64_encoding", "extra_fields"})


def _computed_once(function: Callable[Parameters, Value]) -> Callable[Parameters, Value]:
    """Return *function* with a memory of what it returned; to a type checker, lru_cache takes no class."""
    return cast("Callable[Parameters, Value]", lru_cache(maxsize=512)(function))


@dataclass(frozen=True)
class Definition:
    """What is said of an option besides its name, type and default.

    Attributes:
        sentence: What it is for; the docstrings and the command's help show it.
        check: Replaces the check that follows from the type.
        least, above, most: Bounds of a number; *above* is no value itself.
        unit: What a number counts, for the message.
        always_sent: False names the option in a request only where it differs from its default: older models do not
            know it.
        in_command: Whether the command has it.
    """

    sentence: str
    check: Check | None = None
    least: float | None = None
    above: float | None = None
    most: float | None = None
    unit: str = ""
    always_sent: bool = False
    in_command: bool = True


def option(default: Value, sentence: str, check: Check | None = None, *, shown: bool = True, **further: Any) -> Value:
    """Define an option of a dataclass: a field with its default and its `Definition`.

    Args:
        default: A mapping is copied for each instance.
        sentence: As in `Definition`.
        check: As in `Definition`.
        shown: Whether the value shows in a repr; secrets do not.
        further: What else a `Definition` says.
    """
    if further.get("unit") == "seconds":
        further.setdefault("most", TIMEOUT_MAX)  # no system waits longer
    metadata = {_DEFINITION: Definition(sentence, check, **further)}
    made: Any = (
        field(default_factory=partial(dict, default), repr=shown, metadata=metadata)
        if isinstance(default, dict)
        else field(default=default, repr=shown, metadata=metadata)
    )
    return made  # type: ignore[no-any-return]  # a type checker takes it for the default, as with dataclasses.field


@_computed_once
def definitions(kind: Any) -> Mapping[str, Definition]:
    """Return name → definition of the options of the dataclass *kind*, in order."""
    found = {one.name: one.metadata[_DEFINITION] for one in fields(kind) if _DEFINITION in one.metadata}
    return MappingProxyType(found)


@_computed_once
def default_of(kind: Any, name: str) -> Any:
    """Return the default of the option *name* of the dataclass *kind*."""
    found = next(one for one in fields(kind) if one.name == name)
    return found.default if found.default_factory is MISSING else found.default_factory()


@_computed_once
def with_defaults(kind: Any) -> tuple[tuple[str, Any, Definition], ...]:
    """Return the name, the default and the definition of each option of the dataclass *kind*, in order."""
    return tuple((name, default_of(kind, name), said) for name, said in definitions(kind).items())


@_computed_once
def type_of(kind: Any, name: str) -> Any:
    """Return the type of the option *name* of the dataclass *kind*."""
    said = next(one.type for one in fields(kind) if one.name == name)
    return eval(said, dict(vars(sys.modules[kind.__module__]))) if isinstance(said, str) else said  # noqa: S307 - ours


def documented(kind: type[Kind]) -> type[Kind]:
    """Put what is said of the options of the dataclass *kind* into its docstring."""
    described = {name: said.sentence for name, said in definitions(kind).items()}
    kind.__doc__ = _with_section(kind.__doc__, "Attributes", described)
    return kind


def _with_section(docstring: str | None, title: str, described: Mapping[str, str]) -> str:
    """Return *docstring* with name → sentence in its section *title*, which is made where there is none.

    What the section says of a name already stays.
    """
    text = inspect.cleandoc(docstring or "")
    added = [
        textwrap.fill(f"{name}: {sentence}", 120, initial_indent="    ", subsequent_indent="        ")
        for name, sentence in described.items()
        if f"\n    {name}: " not in text
    ]
    before, found, own = text.partition(f"\n\n{title}:\n")
    if found:
        own, end, after = own.partition("\n\n")
    else:
        before, end, after = text.partition("\n\nRaises:")
    return "\n".join([before, "", f"{title}:", *([own] if own else []), *added]) + end + after


def constructor_of(make: Callable[..., None]) -> Callable[..., None]:
    """Return the constructor of a component: it does *make* with what is given, and refuses what is no option."""
    signature = inspect.signature(make)
    names = list(signature.parameters)[1:]

    def __init__(self: Any, *values: Any, **options: Any) -> None:  # noqa: N807 - it becomes one
        """Make it; its class says what the options are."""
        values, options = wrap_arguments(names, values, options)
        if unknown := [name for name in options if name not in names]:
            from upstage_docs.options.former_names import unknown_option_error

            raise unknown_option_error(type(self).__name__, unknown)
        make(self, *values, **options)

    made: Any = __init__
    made.__signature__ = signature
    made.__qualname__ = make.__qualname__
    return __init__


def hides_secrets(kind: type[Value]) -> type[Value]:
    """Let the class *kind* take its options without a secret that shows, also where it refuses them."""
    made: Any = kind
    made.__init__ = constructor_of(made.__init__)
    return kind


def wrap_arguments(
    names: Sequence[str], values: Sequence[Any], options: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a constructor without a secret that shows; *names* are those of *values*."""
    named = zip_longest(names[: len(values)], values, fillvalue="")  # there may be more than the constructor takes
    wrapped = tuple(SECRET_OPTIONS[name](value) if name in SECRET_OPTIONS else value for name, value in named)
    hidden = {name: wrap(options[name]) for name, wrap in SECRET_OPTIONS.items() if name in options}
    return wrapped, {**options, **hidden}


def takes(
    kind: Callable[Parameters, object],
) -> Callable[[Callable[..., None]], Callable[Concatenate[Any, Parameters], None]]:
    """Give a constructor the parameters of the dataclass *kind*, and put what is said of them into its docstring."""

    def given(constructor: Any) -> Any:
        own = inspect.signature(kind).parameters.values()
        first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        constructor.__signature__ = inspect.Signature([first, *own], return_annotation=None)
        described = {name: said.sentence for name, said in definitions(kind).items()}
        constructor.__doc__ = _with_section(constructor.__doc__, "Args", described)
        return constructor

    return given


def with_keywords(kind: type, *only: str) -> Callable[[Callable[Parameters, Value]], Callable[Parameters, Value]]:
    """Show what a method takes as `**keywords`, options of *kind* (*only* some), in its signature and docstring."""

    def given(method: Callable[Parameters, Value]) -> Callable[Parameters, Value]:
        made: Any = method
        said = {name: one.sentence for name, one in definitions(kind).items() if not only or name in only}
        signature = inspect.signature(method)
        own = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        keyword = partial(inspect.Parameter, kind=inspect.Parameter.KEYWORD_ONLY)
        shown = [keyword(name, default=default_of(kind, name), annotation=type_of(kind, name)) for name in said]
        made.__signature__ = signature.replace(parameters=[*own, *shown])
        made.__annotations__ = {
            **{name: one for name, one in method.__annotations__.items() if name in {"return", *(p.name for p in own)}},
            **{one.name: one.annotation for one in shown},
        }
        made.__doc__ = _with_section(method.__doc__, "Args", said)
        return method

    return given


def check_options(options: Any) -> None:
    """Check every option of the dataclass instance *options*, and keep each value as its check returns it.

    Raises:
        ConfigError: A value is not one that the option takes.
    """
    kind: Any = type(options)
    owner = kind.__name__ if isinstance(options, NamedOptions) else ""
    values = vars(options)
    for name, default, said in with_defaults(kind):
        value = values[name]
        if value is default or (type(value) is type(default) and value == default):
            continue  # nothing is wrong with a default
        if said.check is not None:
            kept = said.check(name, value)
        else:
            kept = _checked(_Told(name, owner, said), value, type_of(kind, name))
        if kept is not value:
            object.__setattr__(options, name, kept)


class Options:
    """Options that are checked where they are made: a frozen dataclass whose fields are an `option` each."""

    __post_init__ = check_options


class NamedOptions(Options):
    """Options whose class is named in messages, `RetryPolicy(attempts=0)`; else as `Options`."""


def hash_of(options: Any) -> int:
    """Return a hash of the dataclass instance *options*: equal ones have the same, mappings in any order."""
    return hash(tuple(_hashable(getattr(options, one.name)) for one in fields(options) if one.compare))


def _hashable(value: object) -> object:
    if isinstance(value, Mapping):
        return frozenset((key, _hashable(one)) for key, one in value.items())
    return tuple(map(_hashable, value)) if isinstance(value, (list, tuple)) else value


def require_choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    """Raise ConfigError unless *value* is one of *allowed*."""
    if not isinstance(value, str) or value not in allowed:
        raise ConfigError(f"{name}={value!r} is not allowed; choose one of {', '.join(map(repr, allowed))}.")


def require_bool(name: str, value: object) -> None:
    """Raise ConfigError unless *value* is True or False."""
    if not isinstance(value, bool):
        raise ConfigError(f"{name}={value!r} must be True or False.")


def require_whole_number(name: str, value: object, *, least: int, most: int | None = None) -> int:
    """Return *value* as `int`; raise ConfigError unless it is whole and from *least* to *most*; True is none."""
    number: int = _number(_Told(name, "", Definition("", least=least, most=most)), value, int)
    return number


def require_number(
    name: str, value: object, *, least: float | None = None, above: float | None = None, most: float | None = None
) -> float:
    """Return *value* as Python's own number; raise ConfigError unless it is finite and within bounds; True is none."""
    number: float = _number(_Told(name, "", Definition("", least=least, above=above, most=most)), value, float)
    return number


def require_names(name: str, value: object, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return *value*, one name or several, as a tuple of *allowed* names without repeats."""
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise ConfigError(f"{name} must be a list of names, not {type(value).__name__}.")
    for one in value:
        require_choice(f"{name} entry", one, allowed)
    return tuple(dict.fromkeys(value if isinstance(value, (list, tuple)) else sorted(value)))


def require_folder(name: str, value: object) -> object:
    """Return *value*; raise ConfigError unless it can be the path of a folder."""
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value) or "\0" in os.fsdecode(value):
        raise ConfigError(f"{name}={value!r} must be the path of a folder, not empty and without a null character.")
    return value


def require_function(name: str, value: object) -> object:
    """Return *value*; raise ConfigError unless it can be called, or is None."""
    if value is not None and not callable(value):
        raise ConfigError(f"{name}={value!r} must be a function.")
    return value


@dataclass(frozen=True)
class _Told:
    """An option, as the messages of its errors name it."""

    name: str
    owner: str
    said: Definition

    def refusal(self, value: object, wanted: str) -> ConfigError:
        told = f"{self.name}={value!r}"
        return ConfigError(f"{f'{self.owner}({told})' if self.owner else told} must be {wanted}.")


def _checked(told: _Told, value: Any, kind: Any) -> Any:
    """Return *value* as it is kept.

    Raises:
        ConfigError: It is not of the type *kind*, or out of bounds.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if type(None) in inner:  # X | None
        return value if value is None else _checked(told, value, inner[0])
    if origin is Literal:
        require_choice(told.name, value, inner)
    elif kind is bool:
        require_bool(told.name, value)
    elif kind in {int, float}:
        return _number(told, value, kind)
    elif kind is str:
        if not isinstance(value, str) or not value:
            raise told.refusal(value, "a text that is not empty")
    elif origin is tuple:
        return require_names(told.name, value, get_args(inner[0]))
    elif origin is abc.Callable:
        if not callable(value):
            raise told.refusal(value, "a function")
    elif kind is not Any and not isinstance(value, origin or kind):
        raise ConfigError(f"{told.name}= is of type {type(value).__name__!r}; give {(origin or kind).__name__}(...).")
    return value


def _number(told: _Told, value: Any, kind: type) -> Any:
    """Return *value* as Python's own number: those of NumPy, and members of an enumeration, are taken, too.

    Raises:
        ConfigError: It is not of the type *kind*, or out of bounds.
    """
    said, number = told.said, value
    if isinstance(value, Real) and not isinstance(value, Rational):
        number = float(value)
    elif not isinstance(value, bool):
        with suppress(TypeError):  # it is no whole number
            number = operator.index(value)
    fits = (
        not isinstance(value, bool)
        and isinstance(number, int if kind is int else (int, float))
        and -sys.float_info.max <= number <= sys.float_info.max  # NaN is not
        and (said.least is None or number >= said.least)
        and (said.above is None or number > said.above)
        and (said.most is None or number <= said.most)
    )
    if not fits:
        what = "a whole number" if kind is int else f"a number{f' of {said.unit}' if said.unit else ''}"
        above = "" if said.above is None else f" above {said.above:g}"
        least = "" if said.least is None else f", {said.least:,} or more"
        most = "" if said.most is None else f", at most {said.most:g}"
        raise told.refusal(value, what + above + least + most)
    return number


def options_of(component: object, kind: type[Kind]) -> Kind:
    """Return the options of *kind* that *component* has, as they are now; one that it has not gets its default.

    Raises:
        ConfigError: An option has a value that it does not take, or two contradict each other; or a name was assigned
            that no option has.
    """
    owner = type(component)
    added = vars(component).keys() - attributes_of(owner)
    unknown = [name for name in added if not name.startswith("_") and not hasattr(owner, name)]  # not a wrapped method
    if unknown and owner.__module__.partition(".")[0].endswith("_upstage_docs"):  # a caller's class may have its own
        raise ConfigError(f"{owner.__name__} has no option {unknown[0]!r}.")
    values = [(name, getattr(component, name)) for name in shared_names(owner, kind)]
    return kind(**{name: one for name, one in values if one is not None or name not in _NONE_IS_THE_DEFAULT})


@_computed_once
def shared_names(component: Any, kind: Any) -> tuple[str, ...]:
    """Return the names of the options of *kind* that the class *component* has as attributes."""
    names = attributes_of(component)
    return tuple(name for name in definitions(kind) if name in names)


@_computed_once
def attributes_of(component: Any) -> dict[str, None]:
    """Return the names of the attributes that the class *component* and its bases declare, in order."""
    bases = reversed(component.__mro__)
    return dict.fromkeys(name for base in bases for name in inspect.get_annotations(base))


def docstring_with_options(component: type, docstring: str | None, kinds: Iterable[type]) -> str:
    """Return *docstring* with a sentence for each option of *component*, from the first of *kinds* that defines it."""
    said = [(name, one.sentence) for kind in kinds for name, one in definitions(kind).items()]
    sentences = dict(reversed(said))
    return _with_section(docstring, "Args", {n: sentences[n] for n in attributes_of(component) if n in sentences})
