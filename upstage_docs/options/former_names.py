"""Says what takes the place of the classes and options that older packages for Upstage had."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence

_FORMER_CLASSES = {
    "UpstageLayoutAnalysisLoader": "UpstageDocumentParseLoader",
    "UpstageLayoutAnalysisParser": "UpstageDocumentParseParser",
    "UpstageLayoutAnalysisReader": "UpstageDocumentParseReader",
}
_FORMER_OPTIONS = {
    "output_type": 'output_type= is now output_format="html", "markdown", "text" or "json"',
    "use_ocr": 'use_ocr=True is now ocr="force", and use_ocr=False the default, ocr="auto"',
    "exclude": 'in place of exclude=, load with split="element" and leave out Documents by metadata["category"]',
}
_ELSEWHERE = frozenset(
    {
        "ChatUpstage",
        "UpstageEmbeddings",
        "UpstagePrebuiltInformationExtraction",
        "UpstageUniversalInformationExtraction",
    }
)
"""What `langchain-upstage` has besides documents."""


def missing_name_error(module: str, name: str) -> AttributeError | ImportError:
    """Return the error of a package's `__getattr__` for a *name* that *module* does not have.

    For a former class it says which class and options take its place, for a class of langchain-upstage where that is:
    as an AttributeError, which `hasattr` and `getattr(module, name, None)` take for an answer, and as an ImportError in
    `from module import name`, which would write a message of its own in place of the former.
    """
    if name in _FORMER_CLASSES:
        options = "; ".join(_FORMER_OPTIONS.values())
        told = f"{name} called an API that is gone: use {_FORMER_CLASSES[name]}. Of its options, {options}."
    elif name in _ELSEWHERE:
        told = f"{name} is in langchain-upstage, installed beside this package: from langchain_upstage import {name}."
    else:
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    getter = getattr(inspect.currentframe(), "f_back", None)  # no Python but CPython and PyPy has to have frames
    asks = getattr(getter, "f_back", None)
    # The function of importlib that looks whether a package has what is to be imported from it.
    imported = asks is not None and asks.f_code.co_name == "_handle_fromlist"
    return ImportError(told) if imported else AttributeError(told)


def unknown_option_error(kind: str, unknown: Sequence[str]) -> TypeError:
    """Return the error for options that the class *kind* does not have.

    It names the first of them, and says what took the place of each former option among them.
    """
    return TypeError(f"{kind}.__init__() got an unexpected keyword argument {unknown[0]!r}{_places_of(unknown)}")


def options_of_call_error(kind: str, given: Iterable[str]) -> TypeError:
    """Return the error for options that are *given* to a reader's `load_data`, as older readers had them."""
    names = ", ".join(f"{name}=" for name in given)
    return TypeError(f"{names} cannot be given to load_data: options are given to {kind}() itself{_places_of(given)}")


def _places_of(names: Iterable[str]) -> str:
    """Return what took the places of the former options among *names*, each after a semicolon."""
    return "".join(f"; {_FORMER_OPTIONS[name]}" for name in names if name in _FORMER_OPTIONS)
