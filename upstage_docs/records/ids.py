"""Makes ids of files, records and texts that are the same each time."""

from __future__ import annotations

import posixpath
import re
import sys
from functools import lru_cache
from hashlib import sha1, sha256
from operator import itemgetter
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

    from upstage_docs.options import Ids

# The namespace of every id this package makes; a golden test pins some ids.
NAMESPACE = UUID("6f4b3c52-8a5e-5d0c-9a38-0c2f6f7d1e11")

_BEGUN = sha1(NAMESPACE.bytes, usedforsecurity=False)
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_parts = itemgetter(slice(8), slice(8, 12), slice(13, 16), 16, slice(17, 20), slice(20, 32))
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # a drive of Windows has one letter
_encode = msgspec.json.Encoder().encode


def record_id(*identity: object) -> str:
    """Return the deterministic UUIDv5 of a record from what identifies it, as canonical JSON."""
    return _uuid5(_encode(identity))


class RecordIds:
    """Makes the same ids as `record_id`, but faster, for records whose identities begin alike."""

    def __init__(self, *beginning: object) -> None:
        self._begun = _BEGUN.copy()
        try:
            begun = _encode(beginning)
        except UnicodeEncodeError:  # the name of a file that is no UTF-8, or half of a character in metadata of others
            begun = _encode([one.encode(errors="surrogatepass") if isinstance(one, str) else one for one in beginning])
        self._begun.update(begun[:-1] + b",")

    def of(self, *rest: object) -> str:
        """Return the id of the record whose identity goes on with *rest*."""
        return _uuid5(_encode(rest)[1:], self._begun)


def file_id(source: str, file_sha256: str = "", ids: Ids = "source") -> str:
    """Return the id of a whole file: of its source and nothing else, so that a changed file replaces its old self.

    By content, it is that of the bytes: a changed file is then another one, and its old self stays in a store.
    """
    name = file_sha256 if ids == "content" and file_sha256 else _normal_source(source)
    return _uuid5(name.encode(errors="surrogatepass"))


def source_in_ids(source: str, file_sha256: str, ids: Ids) -> str:
    """Return what of *source* goes into the ids of a file's records: nothing where they are made of its content."""
    return "" if ids == "content" and file_sha256 else _normal_source(source)


@lru_cache(maxsize=256)  # asked for every element of a file
def _normal_source(source: str) -> str:
    """Return *source* so that every way to write one path gives one id: `./a.pdf`, `x/../a.pdf`.

    A path is never made absolute: ids would differ from machine to machine. An address (`s3://…`) stays as it is.
    """
    if not source or _ADDRESS.match(source):
        return source
    return posixpath.normpath(source.replace("\\", "/") if sys.platform == "win32" else source)


def _uuid5(name: bytes, begun: Hash = _BEGUN) -> str:
    """Return `str(uuid5(NAMESPACE, name))` (RFC 9562) without the object: every element of a corpus has an id."""
    digest = begun.copy()
    digest.update(name)
    first, second, third, variant, fourth, last = _parts(digest.hexdigest())
    return f"{first}-{second}-5{third}-{_VARIANT[variant]}{fourth}-{last}"


def text_sha256(text: str) -> str:
    """Return the SHA-256 of *text*, hexadecimal."""
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
