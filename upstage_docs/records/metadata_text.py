"""Writes metadata of any shape as text: what other loaders put there may be no JSON, or nested without end."""

from __future__ import annotations

import json


def metadata_text(value: object, *, sort_keys: bool = False) -> str:
    """Return *value* as JSON, or as its `repr` where JSON cannot hold it: odd keys, circular references.

    Of a value that is nested too deep for both, or whose `repr` fails, only the type is told.
    """
    try:
        return json.dumps(value, sort_keys=sort_keys, default=shown, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        pass
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - another's may raise anything; what stands beside still tells two records apart
        return repr({key: shown(one) for key, one in value.items()}) if isinstance(value, dict) else shown(value)


def shown(value: object) -> str:
    """Return *value* as Python shows it, its type where that fails: it is nested too deep, or its own `repr` raises."""
    try:
        return str(value)
    except RecursionError:
        return f"<{type(value).__name__} nested too deep>"
    except Exception:  # noqa: BLE001 - another's may raise anything
        return f"<{type(value).__name__}>"
