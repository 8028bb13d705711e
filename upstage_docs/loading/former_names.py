"""Says what takes the place of the classes and options that older packages for Upstage had."""

from __future__ import annotations

import inspect

_FORMER_CLASSES = {
    "UpstageLayoutAnalysisLoader": "UpstageDocumentParseLoader",
    "UpstageLayoutAnalysisParser": "UpstageDocumentParseParser",
    "UpstageLayoutAnalysisReader": "UpstageDocumentParseReader",
}
_FORMER_OPTIONS = {
    "output_type": 'output_type="html" is output_format="html"',
    "use_ocr": 'use_ocr=True is ocr="force"',
    "exclude": 'in place of exclude=, leave Documents out by metadata["category"]',
}


def missing_name_error(module: str, name: str) -> AttributeError | ImportError:
    """Return the error of a package's `__getattr__` for a *name* that *module* does not have.

    For a former class it says which class and options take its place: as an AttributeError, which `hasattr` and
    `getattr(module, name, None)` take for an answer, and as an ImportError in `from module import name`, which would
    write a message of its own in place of the former.
    """
    if name not in _FORMER_CLASSES:
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    options = ", ".join(_FORMER_OPTIONS.values())
    told = f"{name} called an API that is gone: use {_FORMER_CLASSES[name]}, where {options}."
    getter = getattr(inspect.currentframe(), "f_back", None)  # no Python but CPython and PyPy has to have frames
    asks = getattr(getter, "f_back", None)
    # The function of importlib that looks whether a package has what is to be imported from it.
    imported = asks is not None and asks.f_code.co_name == "_handle_fromlist"
    return ImportError(told) if imported else AttributeError(told)


def unknown_option_error(kind: str, name: str) -> TypeError:
    """Return the error for an option *name* that the class *kind* does not have; it says what took its place."""
    place = f"; {_FORMER_OPTIONS[name]}" if name in _FORMER_OPTIONS else ""
    return TypeError(f"{kind}.__init__() got an unexpected keyword argument {name!r}{place}")
