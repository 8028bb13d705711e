"""Finds a secret in a text, however it is written there: escaped, encoded, or only its beginning or end."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote

_SHORTEST = 8  # characters; a shorter text may be part of any word
_PIECE = 12  # so much of the beginning or the end of a key tells of it
_SHORTEST_WITH_PIECES = 16  # characters
_LONGEST_WITH_PIECES = 512  # characters: tokens are not longer; cookies are, and hold more than a secret
_LONGEST_SPELLED = 1 << 20  # bytes: of more of them only what is written as it is, or as in an address, is hidden
_MOST_BACKSLASHES = 64  # before one escape: six times escaped, each of which doubles them
_PLAIN = re.compile(r"[A-Za-z0-9_~-]")
_ESCAPED = re.compile(r"&(?:amp;)*#|%[2-7]|\\[ux]|\\[0-7]{3}")  # of letters, too, which few escape
_KEY_NAMES = re.compile(r"auth|key|token|secret|password", re.IGNORECASE)

_ESCAPED_BYTES = re.compile(_ESCAPED.pattern.encode())


def secrets_in(name: str, value: str) -> Iterator[tuple[str, bool]]:
    """Yield each secret in the value of the header *name*, and whether a mere beginning or end of it is hidden, too."""
    is_key = bool(_KEY_NAMES.search(name))
    for part in {value, *re.split(r"[\s;,=]+", value), *_basic(value)}:
        if len(part) >= _SHORTEST:
            whole = " " not in part and _SHORTEST_WITH_PIECES <= len(part) <= _LONGEST_WITH_PIECES
            yield str(part), is_key and whole
            yield base64.b64encode(part.encode()[: len(part.encode()) // 3 * 3]).decode(), False


def hide(text: str, secret: str, replacement: str, *, pieces: bool) -> str:
    """Return *text* with *replacement* in place of *secret*, and of its beginning and end where *pieces* are hidden."""
    pattern = _pattern(secret, letters=_ESCAPED.search(text) is not None)
    if pattern.search(text):
        text = pattern.sub(replacement, text)
    if pieces:
        for piece in (secret[:_PIECE], secret[-_PIECE:]):
            if piece in text:
                text = _hide_piece(text, secret, piece, replacement)
    return text


def hide_bytes(raw: bytes, secret: str, replacement: bytes) -> bytes:
    """Return *raw* with *replacement* in place of *secret*; it is *raw* itself where there is none."""
    if len(raw) > _LONGEST_SPELLED:
        for written in (secret.encode(), quote(secret, safe="").encode()):
            raw = raw.replace(written, replacement) if written in raw else raw
        return raw
    pattern = _bytes_pattern(secret, letters=_ESCAPED_BYTES.search(raw) is not None)
    return pattern.sub(replacement, raw) if pattern.search(raw) else raw


def _hide_piece(text: str, secret: str, piece: str, replacement: str) -> str:
    """Return *text* without *piece*, and without what follows or precedes it both there and in *secret*."""
    forwards = secret.startswith(piece)
    found = text.find(piece)
    while found >= 0:
        first, end = found, found + len(piece)
        while forwards and end < len(text) and secret.startswith(text[first : end + 1]):
            end += 1
        while not forwards and first > 0 and secret.endswith(text[first - 1 : end]):
            first -= 1
        text = text[:first] + replacement + text[end:]
        found = text.find(piece, first + len(replacement))
    return text


@lru_cache(maxsize=256)
def _pattern(secret: str, *, letters: bool) -> re.Pattern[str]:
    return re.compile("".join(_spellings(character, letters=letters) for character in secret))


@lru_cache(maxsize=256)
def _bytes_pattern(secret: str, *, letters: bool) -> re.Pattern[bytes]:
    return re.compile(_pattern(secret, letters=letters).pattern.encode())


@lru_cache(maxsize=256)
def _spellings(character: str, *, letters: bool) -> str:
    """Return a pattern of one character as it is, and as addresses, JSON, Python and HTML write it.

    That of a plain one is the character alone unless *letters* may be escaped, too.
    """
    plain = _PLAIN.fullmatch(character) is not None
    if plain and not letters:
        return character
    from html.entities import codepoint2name  # a table that an import of the core does not pay for

    code = ord(character)
    address = "".join(f"%{one:02X}" for one in character.encode())
    written = [re.escape(character), *([] if plain else [r"\\" + re.escape(character)]), _in_any_case(address)]
    written += [_in_any_case(rf"\\u{code:04x}"), _in_any_case(rf"\\x{code:02x}"), rf"\\{code:03o}"]
    written += [f"&#0*{code};?", f"&#[xX]0*{_in_any_case(f'{code:x}')};?"]
    if code in codepoint2name:
        written.append(f"&{codepoint2name[code]};")
    if character == "+":
        written.append(" ")  # as a form is decoded
    # What is escaped may be escaped once more. The bound keeps a long run of backslashes from taking quadratic time.
    again = {r"\\": rf"\\{{1,{_MOST_BACKSLASHES}}}", "%": "%(?:25)*", "&": "&(?:amp;)*"}
    for start, more in again.items() if letters else ():
        written = [more + one.removeprefix(start) if len(one) > 2 and one.startswith(start) else one for one in written]
    return f"(?:{'|'.join(dict.fromkeys(written))})"


def _in_any_case(escaped: str) -> str:
    """Return a pattern of *escaped* whose hexadecimal digits may be of either case."""
    return re.sub(r"(?<!\\)[a-fA-F](?![^\[]*\])", lambda letter: f"[{letter[0].lower()}{letter[0].upper()}]", escaped)


def _basic(value: str) -> list[str]:
    """Return the user and the password that a header of Basic authentication holds (RFC 7617)."""
    scheme, _, given = value.partition(" ")
    if scheme.lower() != "basic":
        return []
    try:
        pair = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return []
    return [pair, pair.partition(":")[2]]
