"""How the classes of this package are made: constructors and docstrings come from their options, when first used."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import MethodType
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["component"]

Kind = TypeVar("Kind")


class _Constructor:
    """Stands for `__init__` until it is looked at: making one takes a millisecond, which an import does not pay."""

    def __init__(self, owner: type) -> None:
        self._owner = owner

    def __get__(self, instance: object, _: type) -> Any:
        from dataclasses import dataclass

        bases: Any = reversed(self._owner.__mro__)
        for kind in bases:
            if isinstance(vars(kind).get("__init__"), _Constructor):
                del kind.__init__
                dataclass(eq=False, repr=False, match_args=False)(kind)
                kind.__init__ = _hiding_the_key(kind.__init__)
        made = vars(self._owner)["__init__"]
        return made if instance is None else MethodType(made, instance)


def _hiding_the_key(constructor: Any) -> Callable[..., None]:
    """Return *constructor* with a key that does not show where a tool shows the local variables of a traceback."""
    signature = inspect.signature(constructor)
    names = list(signature.parameters)[1:]

    def __init__(self: Any, *values: Any, **options: Any) -> None:  # noqa: N807 - it becomes one
        """Make it; its class says what the options are."""
        from upstage_docs.errors.redaction import as_secret

        keys = [name == "api_key" for name in names[: len(values)]] + [False] * (len(values) - len(names))
        values = tuple(as_secret(one) if key else one for key, one in zip(keys, values, strict=True))
        options = {name: as_secret(one) if name == "api_key" else one for name, one in options.items()}
        constructor(self, *values, **options)

    made: Any = __init__
    made.__signature__ = signature
    made.__qualname__ = constructor.__qualname__
    return __init__


class _Docstring:
    """A docstring that says what the definitions of the options say."""

    def __init__(self, text: str | None) -> None:
        self._text = text

    def __get__(self, _: object, owner: type) -> str:
        from upstage_docs.loading.loading import component_docstring

        return component_docstring(owner, self._text)


if TYPE_CHECKING:  # a class whose annotated attributes are the parameters of its constructor
    from dataclasses import dataclass as component
else:

    def component(**_: bool) -> Callable[[type[Kind]], type[Kind]]:
        """Make a dataclass, as type checkers see it, whose constructor is made when it is first looked at."""

        def given(kind: type[Kind]) -> type[Kind]:
            kind.__init__ = _Constructor(kind)
            kind.__doc__ = _Docstring(kind.__doc__)
            return kind

        return given
