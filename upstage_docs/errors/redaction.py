"""Hides the secrets of all clients in errors, and keeps the bodies of answers out of reprs.

Clients say here what their secrets are, and errors pass all that they say through here when they are made. So a text
that echoes a key (a gateway's page, a header in a transport's message) is hidden wherever it came from.
"""

from __future__ import annotations

import operator
import os
import pickle
import re
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, SupportsIndex, overload

from upstage_docs.errors.spellings import hide, hide_bytes, secrets_in

HIDDEN = "[hidden]"
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
# An address without a user, query or fragment, and with a port of digits, if any: no secret stands there by mistake.
ADDRESS = re.compile(r"\s*([a-z][a-z0-9+.-]*:)?//([^/\\@:?#%\[\]]*|\[[^/@\]]*\])(:\d*)?(/[^?#]*)?\s*", re.IGNORECASE)
# Their values are no secrets, and words that messages need.
_HARMLESS = {"accept", "accept-charset", "accept-encoding", "accept-language", "content-type", "user-agent"}
_FIRST_WITH_BUFFERS = 5  # https://peps.python.org/pep-0574/
_LONGEST_TEXT = 1 << 20  # bytes of an answer that are looked at for a message
_LONGEST_SECRET = 1 << 14  # characters: no server takes a longer header
_lock = threading.RLock()  # the collector may end a flow, which makes an error, in the thread that holds it
# Every secret, with whether a piece of it is hidden, too, and how many objects have it.
_known: Counter[tuple[str, bool]] = Counter()
# Secrets of objects that are gone. The garbage collector says so at any moment, to a thread that holds the lock, too.
_gone: SimpleQueue[set[tuple[str, bool]]] = SimpleQueue()


class Secret(str):
    """A text that goes into requests and does not show in a repr, such as that of a traceback's local variables."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{HIDDEN}'"

    def __getitem__(self, place: SupportsIndex | slice) -> Secret:
        return Secret(super().__getitem__(place))  # rich shows the beginning of what is long


class Body(bytes):
    """What was answered, whole; a repr shows its size: it may hold a private document, and is long."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        if operator.index(protocol) < _FIRST_WITH_BUFFERS:
            return super().__reduce_ex__(protocol)
        return Body, (pickle.PickleBuffer(self),)  # written as it lies, without a copy

    def __repr__(self) -> str:
        return f"<{len(self):,} bytes>"

    @overload
    def __getitem__(self, place: SupportsIndex) -> int: ...

    @overload
    def __getitem__(self, place: slice) -> Body: ...

    def __getitem__(self, place: SupportsIndex | slice) -> int | Body:
        found = super().__getitem__(place)
        return found if isinstance(found, int) else Body(found)  # rich shows the beginning of what is long


class Unshown:
    """A base class that makes rich, too, show the class's own `__repr__`, not each field of a msgspec struct."""

    __slots__ = ()

    def __rich_repr__(self) -> Any:
        """Say nothing: then rich takes the `__repr__`."""
        return None


_NO_HEADER = Secret("\0")


def as_secret(value: Any) -> Any:
    """Return a text as one that a repr does not show; a wrapper of somebody else's is returned as it is.

    In place of bytes, a path, or a list or mapping, stands a text that no header takes: they are refused as it is.
    """
    if isinstance(value, (Collection, os.PathLike)):
        # Of a member of an enumeration `str` would be its name.
        return Secret(str.__str__(value)) if isinstance(value, str) else _NO_HEADER
    return value


def wrap_secrets(headers: Any) -> Any:
    """Return *headers* with values that a repr does not show; what is no mapping is emptied.

    It is refused as what was given.
    """
    if not isinstance(headers, Mapping):
        return _emptied(headers)
    return {_as_name(name): as_secret(value) for name, value in headers.items()}


def _with_hidden_texts(value: Any) -> Any:
    """Return *value* with texts that a repr does not show, those inside mappings and lists too."""
    if isinstance(value, str):
        return as_secret(value)
    if isinstance(value, Mapping):
        return {name: _with_hidden_texts(one) for name, one in value.items()}
    if isinstance(value, list):
        return [*map(_with_hidden_texts, value)]
    return tuple(map(_with_hidden_texts, value)) if isinstance(value, tuple) else value


def _as_name(value: Any) -> Any:
    """Return the name of a header; where a whole header or a key was given, it is refused, and shows in no repr."""
    return value if isinstance(value, str) and HEADER_NAME.fullmatch(value) else as_secret(value)


def _as_address(value: Any) -> Any:
    """Return an address that may hold a password or a key, and is refused then, as one that a repr does not show."""
    if not isinstance(value, str):
        return _emptied(value)
    return value if ADDRESS.fullmatch(value) else as_secret(value)


def _emptied(value: Any) -> Any:
    kinds = (str, bytes, bytearray, list, tuple, set)  # no class of the caller: it may take other arguments
    return next((kind() for kind in kinds if isinstance(value, kind)), value)


# By the name of an option of a client, a component or a corpus: what keeps a secret in its value from a repr.
SECRET_OPTIONS: Mapping[str, Callable[[Any], Any]] = {
    "api_key": as_secret,
    "auth_header": _as_name,
    "headers": wrap_secrets,
    "base_url": _as_address,
    "storage_options": _with_hidden_texts,
}


def guard(owner: object, headers: Mapping[str, str]) -> None:
    """Hide the values of *headers* in all errors for as long as *owner* lives."""
    secrets = {
        secret for name, value in headers.items() if name.lower() not in _HARMLESS for secret in secrets_in(name, value)
    }
    if secrets:
        with _lock:
            _forget_gone()
            _known.update(secrets)
        weakref.finalize(owner, _gone.put, secrets).atexit = False


def redact(text: str) -> str:
    """Return *text* without the secrets of any client."""
    if not _known:
        return text
    for secret, pieces in _longest_first():
        text = hide(text, secret, HIDDEN, pieces=pieces)
    return text


def redact_body(raw: bytes) -> Body:
    """Return *raw* without the secrets of any client; a `Body` that holds none is not copied."""
    for secret, _ in _longest_first():
        raw = hide_bytes(raw, secret, HIDDEN.encode())
    return raw if isinstance(raw, Body) else Body(raw)


def redact_start(raw: bytes) -> str:
    """Return the beginning of *raw* as a text without the secrets of any client, nor a part of one at its end."""
    text = redact(raw[:_LONGEST_TEXT].decode(errors="replace"))
    return text if len(raw) <= _LONGEST_TEXT else text[:-_LONGEST_SECRET]


def shorten(text: str, length: int) -> str:
    """Return *text* as a message may quote it: without secrets, then on one line, then cut to *length* characters."""
    text = " ".join(redact(text).split())
    return text if len(text) <= length else f"{text[:length]}…"


def _longest_first() -> list[tuple[str, bool]]:
    """Return what is to be hidden, a whole header before the key in it."""
    with _lock:
        _forget_gone()
        return sorted(_known, key=lambda secret: len(secret[0]), reverse=True)


def _forget_gone() -> None:
    with suppress(Empty):
        while True:
            for secret in _gone.get_nowait():
                _known[secret] -= 1
                if _known[secret] <= 0:
                    del _known[secret]
