"""Makes regular expressions that are compiled when they are first used, and tells what their texts begin with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast


def compile_when_used(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return a regular expression that is compiled when it is first used: large ones take milliseconds.

    An import does not pay for them, nor does a program that meets no text which they are for.

    Raises:
        re.error: *pattern* is none; at the first use.
    """
    return cast("re.Pattern[str]", _Uncompiled(pattern, flags))


class _Uncompiled:
    """Has the methods of a regular expression, taken from it when one of them is asked for."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._source = pattern, flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        compiled = re.compile(*self._source)
        for method in ("match", "fullmatch", "search", "finditer", "findall", "sub", "split"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def first_letters(begun: Iterable[str]) -> frozenset[str]:
    """Return the first letters of what texts begin with, small and capital."""
    return frozenset("".join(one[0] + one[0].upper() for one in begun))
