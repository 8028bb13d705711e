"""Makes the constructors and docstrings of this package's classes from their annotated options."""

from __future__ import annotations

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

        from upstage_docs.options.definitions import constructor_of

        bases: Any = reversed(self._owner.__mro__)
        for kind in bases:
            if isinstance(vars(kind).get("__init__"), _Constructor):
                del kind.__init__
                # A dataclass looks at its docstring, which is made of all options when it is read.
                docstring, kind.__doc__ = vars(kind)["__doc__"], "…"
                dataclass(eq=False, repr=False, match_args=False)(kind)
                kind.__doc__ = docstring
                kind.__init__ = constructor_of(kind.__init__)
        made = vars(self._owner)["__init__"]
        return made if instance is None else MethodType(made, instance)


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
