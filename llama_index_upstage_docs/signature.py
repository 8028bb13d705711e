"""Makes the constructors, signatures and docstrings of this package's classes from their fields."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import MethodType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin

from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.schema import BaseComponent
from pydantic import SkipValidation

__all__ = ["Fields", "Given", "component"]

Kind = TypeVar("Kind")
# A field whose value the core checks, which names the remedy.
Given = Annotated[Kind, SkipValidation]


class _Signature:
    """Stands as `__signature__` of a pydantic model that is built when first used: till then it would tell a base's."""

    def __get__(self, instance: object, owner: type) -> inspect.Signature:
        """Return the constructor's signature.

        Raises:
            AttributeError: Asked of an instance, which is not called.
        """
        if instance is not None:
            raise AttributeError("__signature__")
        signature = inspect.signature(owner.__init__)  # type: ignore[misc]
        return signature.replace(parameters=list(signature.parameters.values())[1:], return_annotation=None)


class _Constructor:
    """Stands for `__init__` until it is looked at: to ask all fields what they are takes time."""

    def __init__(self, owner: type[BaseModel]) -> None:
        self._owner = owner

    def __get__(self, instance: object, _: type) -> Any:
        made = _constructor_of(self._owner)
        self._owner.__init__ = made  # type: ignore[method-assign]
        return made if instance is None else MethodType(made, instance)


class _Docstring:
    """A docstring that says what the definitions of the options say."""

    def __init__(self, text: str | None) -> None:
        self._text = text

    def __get__(self, _: object, owner: type) -> str:
        from upstage_docs.loading.loading import component_docstring

        return component_docstring(owner, self._text)


if TYPE_CHECKING:  # a class whose annotated attributes are the parameters of its constructor, KW_ONLY those behind `_`
    from dataclasses import dataclass as component

    Fields = object
else:
    Fields = BaseComponent

    def component(**_: bool) -> Callable[[type[Kind]], type[Kind]]:
        """Give a pydantic model the constructor that type checkers see, made when it is first looked at."""

        def given(kind: type[Kind]) -> type[Kind]:
            kind.__init__ = _Constructor(kind)
            kind.__signature__ = _Signature()
            kind.__doc__ = _Docstring(kind.__doc__)
            return kind

        return given


def _constructor_of(owner: Any) -> Callable[..., None]:
    fields = owner.model_fields
    declared = [inspect.get_annotations(base) for base in reversed(owner.__mro__) if issubclass(base, BaseModel)]
    positional = [name for names in declared if "_" in names for name in list(names)[: list(names).index("_")]]
    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    for name in [*positional, *(name for name in fields if name not in positional)]:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD if name in positional else inspect.Parameter.KEYWORD_ONLY
        default = fields[name].default if fields[name].default_factory is None else None
        annotation = fields[name].annotation
        plain = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation  # of one not built yet
        parameters.append(inspect.Parameter(name, kind, default=default, annotation=plain))
    signature = inspect.Signature(parameters, return_annotation=None)

    def __init__(self: Any, *values: Any, **options: Any) -> None:  # noqa: N807 - it becomes one
        """Make it; its class says what the options are."""
        from upstage_docs.options.definitions import wrap_arguments

        values, options = wrap_arguments(positional, values, options)
        if unknown := [name for name in options if name not in fields]:
            from upstage_docs.options.former_names import unknown_option_error

            raise unknown_option_error(owner.__name__, unknown)
        try:
            given = signature.bind(self, *values, **options)
        except TypeError as error:
            raise TypeError(f"{owner.__name__}.__init__() {error}") from None
        given.apply_defaults()
        BaseModel.__init__(self, **self._as_kept({**given.arguments, "self": None}))
        self._check()

    made: Any = __init__
    made.__signature__ = signature
    made.__qualname__ = f"{owner.__qualname__}.__init__"
    return __init__
