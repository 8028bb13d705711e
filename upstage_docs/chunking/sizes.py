"""Measures the size of a text: in characters that a reader sees, or in tokens of an encoding given by its name."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from upstage_docs.chunking.text_breaks import TAG
from upstage_docs.errors import ConfigError

_RULE_LINE = re.compile(r"^[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*(?::?-+:?)?[ \t]*$", re.MULTILINE)
_CELL_BORDER = re.compile(r"[ \t]*\|[ \t]*")
_BLANKS = re.compile(r"[ \t]{2,}")


def read_length(text: str) -> int:
    """Return how many characters of *text* are read: without tags, entities as their sign, pipe tables unpadded."""
    if "<" in text:
        text = TAG.sub("", text)
    if "&" in text:
        text = html.unescape(text)
    if "|" in text:
        # Of single blanks, since both expressions would try each of many.
        text = _CELL_BORDER.sub(" ", _RULE_LINE.sub("", _BLANKS.sub(" ", text)))
    return len(_BLANKS.sub(" ", text))


def as_length_function(given: Callable[[str], int] | str) -> Callable[[str], int]:
    """Return the function that measures texts; the name of an encoding or model stands for its tokens."""
    return TokenCounter(given) if isinstance(given, str) else given


class TokenCounter:
    """Counts tokens by the *name* of an encoding (`cl100k_base`) or of a model that tiktoken knows.

    It is sent to other processes and written down as its name.

    Raises:
        ConfigError: tiktoken is not installed, knows no such name, or cannot load it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        _encoding(name)

    def __call__(self, text: str) -> int:
        """Return the number of tokens of *text*."""
        return len(_encoding(self.name).encode_ordinary(text))

    def __repr__(self) -> str:
        return f"TokenCounter({self.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TokenCounter) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


@lru_cache(maxsize=8)
def _encoding(name: str) -> Any:
    try:
        import tiktoken
    except ImportError as error:
        raise ConfigError(
            f'length_function={name!r} needs tiktoken, which counts its tokens: pip install "upstage-docs[tokens]", or '
            "give a function."
        ) from error
    try:
        known = name in tiktoken.list_encoding_names()
        return tiktoken.get_encoding(name) if known else tiktoken.encoding_for_model(name)
    except KeyError as error:
        raise ConfigError(
            f"length_function={name!r} must be callable, or the name of an encoding or model that tiktoken knows: "
            f"{', '.join(tiktoken.list_encoding_names())}."
        ) from error
    except Exception as error:
        raise ConfigError(
            f"The encoding {name!r} of length_function could not be loaded ({type(error).__name__}); tiktoken "
            "fetches it once and keeps it in TIKTOKEN_CACHE_DIR."
        ) from error
