"""Reads values in the XML of Office files that may be missing or malformed."""

from __future__ import annotations

import re

_INTEGER = re.compile(r"\s*([+-]?\d{1,18})(?:\.\d*)?\s*", re.ASCII)


def integer(text: str | None, otherwise: int = 0) -> int:
    """Return the whole number that *text* begins as, *otherwise* if it is none, or one of more than 18 digits.

    Not what `str.isdigit` takes: it takes `²` and `①`, of which `int` makes nothing.
    """
    found = _INTEGER.fullmatch(text or "")
    return int(found[1]) if found else otherwise


def hexadecimal(text: str | None) -> int:
    """Return the number that *text* is in hexadecimal digits, 0 if it is none."""
    return int(text, 16) if re.fullmatch(r"[0-9A-Fa-f]{1,16}", text or "") and text else 0
