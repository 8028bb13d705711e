"""Reads an answer that the strict decoder refused: a field of a wrong type gets its empty value.

It is much slower, and runs only where an answer that was paid for would be lost otherwise.
"""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from upstage_docs.api.json_shapes import ContentShape, ElementShape, OcrPageShape, PointShape

UNREADABLE_PAGE = 0  # an element whose page cannot be read is on no page, and not on that of its neighbour
# Larger numbers than an int64 holds are none of ours, and Python takes no integer of more than 4,300 digits.
_MOST_DIGITS = 18
_LARGEST = 10**_MOST_DIGITS
_WHITE_SPACE = re.compile(rb"[ \t\r\n]*")
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
_MOST_DEPTH = 200  # the API's answers are eight deep
# Up to here, in bytes, JSON may hold as many arrays and objects as it likes.
UNSUSPICIOUS = 1 << 20
# Bytes for each array or object. Recorded answers have 23 and more, without white space; what is made to fill a memory
# has three, each of which takes 70 once it is decoded.
_FEWEST_BYTES = 5
_MOST_UNREADABLE = 10_000  # items of one array that are passed over: each takes the time of an exception


class _Wrong(Exception):  # noqa: N818 - never leaves this module
    """A value has another type than its field."""


def check_size(raw: bytes) -> None:
    """Refuse JSON that would take many times its bytes once it is decoded.

    Raises:
        ValueError: It holds more arrays and objects than any answer.
    """
    if len(raw) > UNSUSPICIOUS and (count := raw.count(b"{") + raw.count(b"[")) * _FEWEST_BYTES > len(raw):
        raise ValueError(f"it holds {count:,} arrays and objects in {len(raw):,} bytes")


def load_json(raw: bytes) -> Any:
    """Return the value in the JSON *raw*, also where that breaks a rule of JSON in a small way.

    Byte order marks and other Unicode encodings are understood, U+FFFD stands for broken characters, and null for NaN
    and for numbers out of range.

    Raises:
        ValueError: It is no JSON, is nested too deep, or see `check_size`.
    """
    check_size(raw)
    try:
        try:
            found = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):  # as a text it takes up to four times its bytes
            text = raw.decode(json.detect_encoding(raw), errors="replace").lstrip("\ufeff")
            found = json.loads(text, parse_int=_integer, parse_float=_number, parse_constant=lambda _: None)
        return _cleaned(found, 0)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def begins_with(raw: bytes, start: bytes) -> bool:
    """Say whether *raw* begins with *start*, white space apart; nothing of it is copied."""
    found = _WHITE_SPACE.match(raw)
    return raw.startswith(start, found.end() if found else 0)


def is_object(raw: bytes) -> bool:
    """Say whether *raw* is a JSON object; the error page of a gateway is none."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        try:
            msgspec.json.decode(raw, type=dict[str, msgspec.Raw])  # whose values become nothing
        except RecursionError:
            return begins_with(raw, b"{") and raw.rstrip().endswith(b"}")
        return True
    try:
        return isinstance(load_json(raw), dict)
    except ValueError:
        return False


def read_shape(kind: type[msgspec.Struct], value: Any) -> Any:
    """Return *value*, as `load_json` gave it, as a *kind*; a wrong type is an error in a required field only.

    Raises:
        ValueError: It is no object, or lacks a field that must be there.
    """
    try:
        return _struct(kind, value)
    except _Wrong as error:
        raise ValueError(str(error)) from None


def _cleaned(value: Any, depth: int) -> Any:
    """Return *value* without halves of characters, which fit no text that is stored, and without numbers too large."""
    if depth > _MOST_DEPTH:
        raise RecursionError
    if isinstance(value, str):
        return value if value.isascii() else _LONE_SURROGATES.sub("\ufffd", value)
    if isinstance(value, list):
        return [_cleaned(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {_cleaned(key, depth): _cleaned(one, depth + 1) for key, one in value.items()}
    if isinstance(value, int) and not -_LARGEST < value < _LARGEST:
        return None
    return value


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _MOST_DIGITS else None


def _number(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


_fields = cache(msgspec.structs.fields)


def _struct(kind: type[msgspec.Struct], value: Any) -> msgspec.Struct:
    if kind is ContentShape and isinstance(value, str):  # a content without formats is a text in all of them
        value = {"html": value, "markdown": value, "text": value}
    if not isinstance(value, dict):
        raise _Wrong(f"expected an object, got {_type_name(value)}")
    found: dict[str, Any] = {}
    for field in _fields(kind):
        given = value.get(field.encode_name)
        if given is None:
            if field.required:
                raise _Wrong(f"it lacks `{field.encode_name}`")
            continue
        try:
            found[field.name] = _value(field.type, given)
        except _Wrong as error:
            if field.required:
                raise _Wrong(f"{error} - at `{field.encode_name}`") from None
            if kind is ElementShape and field.name == "page":
                found[field.name] = UNREADABLE_PAGE
    return kind(**found)


def _value(kind: Any, value: Any) -> Any:
    if get_origin(kind) in {Union, UnionType}:
        kind = next(one for one in get_args(kind) if one is not NoneType)
    if get_origin(kind) is list:
        return _readable_items(get_args(kind)[0], value)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(kind, value)
    try:
        return msgspec.convert(value, kind, strict=kind is float)  # a whole number may be a text, or have a `.0`
    except msgspec.ValidationError as error:
        raise _Wrong(str(error)) from None


def _readable_items(kind: Any, value: Any) -> list[Any]:
    """Return the items that can be read; of corner points all, since the others alone are another shape."""
    if not isinstance(value, list):
        raise _Wrong(f"expected an array, got {_type_name(value)}")
    found: list[Any] = []
    unread = 0
    for one in value:
        try:
            found.append(_value(kind, one))
        except _Wrong:  # noqa: PERF203 - each by itself
            unread += 1
            if kind is PointShape:
                raise
            if kind is OcrPageShape:
                found.append(OcrPageShape())  # those behind it must not take its place
            if unread > _MOST_UNREADABLE:
                break
    if value and unread in {len(value), _MOST_UNREADABLE + 1}:
        raise _Wrong("an array holds nothing that can be read")
    return found


def _type_name(value: Any) -> str:
    names = {"NoneType": "null", "dict": "an object", "list": "an array", "str": "a text", "bool": "true or false"}
    return names.get(type(value).__name__, "a number")
