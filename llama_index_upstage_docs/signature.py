"""The signature of a class, for notebooks and tools: its constructor's; knows nothing of options."""

from __future__ import annotations

import inspect

__all__ = ["ConstructorSignature"]


class ConstructorSignature:
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
