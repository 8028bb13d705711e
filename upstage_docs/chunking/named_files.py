"""Finds which file a text comes from, by the metadata keys that other loaders and stores use for it."""

from __future__ import annotations

import json
import re
from typing import Any

# Under such keys, also inside of other values, loaders and stores say which file a text is of.
_NAMES_A_FILE = re.compile(
    r"(?:source|(?:file|document|doc|ref_doc)(?:[ _-]?(?:name|path|id|url|directory))?|path|ur[il]|binary_hash)\Z",
    re.IGNORECASE,
)


def file_named_in(extra: dict[str, Any] | None) -> str:
    """Return all names of its file in a record's *extra* metadata, as one text; `""` if there are none."""
    named = []
    for key, value in (extra or {}).items():
        if _NAMES_A_FILE.match(str(key)):
            named.append(str(value))
        elif isinstance(value, str) and value[:1] == "{":  # a mapping of another loader, as the scalar that it became
            named += _files_inside(value)
    return "\n".join(named)


def _files_inside(text: str) -> list[str]:
    try:
        found: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError):
        return []
    named = []
    left = [found]
    while left:
        for key, value in left.pop().items():
            if isinstance(value, dict):
                left.append(value)
            elif _NAMES_A_FILE.match(key):
                named.append(str(value))
    return named
