"""Says what takes the place of the classes and options that older packages for Upstage had."""

from __future__ import annotations

__all__ = ["FORMER_CLASSES", "require_no_former_class", "unknown_option_error"]

FORMER_CLASSES = {
    "UpstageLayoutAnalysisLoader": "UpstageDocumentParseLoader",
    "UpstageLayoutAnalysisParser": "UpstageDocumentParseParser",
    "UpstageLayoutAnalysisReader": "UpstageDocumentParseReader",
}
_FORMER_OPTIONS = {
    "output_type": 'output_type="html" is output_format="html"',
    "use_ocr": 'use_ocr=True is ocr="force"',
    "exclude": 'in place of exclude=, leave Documents out by metadata["category"]',
}


def require_no_former_class(name: str) -> None:
    """Refuse the import of a former class, and say which class and options take its place.

    Raises:
        ImportError: *name* is that of a former class.
    """
    if name in FORMER_CLASSES:
        options = ", ".join(_FORMER_OPTIONS.values())
        raise ImportError(f"{name} called an API that is gone: use {FORMER_CLASSES[name]}, where {options}.")


def unknown_option_error(kind: str, name: str) -> TypeError:
    """Return what Python raises for an option that the class *kind* does not have, with what took its place."""
    place = f"; {_FORMER_OPTIONS[name]}" if name in _FORMER_OPTIONS else ""
    return TypeError(f"{kind}.__init__() got an unexpected keyword argument {name!r}{place}")
