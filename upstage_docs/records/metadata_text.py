"""Writes metadata of any shape as text: what other loaders put there may be no JSON, or nested without end."""

from __future__ import annotations

import json


def metadata_text(value: object, *, sort_keys: bool = False) -> str:
    """Return *value* as JSON, or as its `repr` where JSON cannot hold it: odd keys, circular references.

    Of a value that is nested too deep for both, only the type is told.
    """
    try:
        return json.dumps(value, sort_keys=sort_keys, default=shown, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        pass
    try:
        return repr(value)
    except RecursionError:  # the values beside the deep one still tell two records apart
        return repr({key: shown(one) for key, one in value.items()}) if isinstance(value, dict) else shown(value)


def shown(value: object) -> str:
    """Return *value* as Python shows it, its type where it is nested too deep for that."""
    try:
        return str(value)
    except RecursionError:
        return f"<{type(value).__name__} nested too deep>"
