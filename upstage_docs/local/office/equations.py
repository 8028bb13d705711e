"""Writes an Office equation as one line of text, such as `a/b` and `x^2`."""

from __future__ import annotations

from typing import Any

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_SCRIPTS = (("sub", "_"), ("sup", "^"))


def linear(node: Any) -> str:
    """Return the equation of an `m:oMath` element in the linear form of Unicode Technical Note 28, simplified.

    Every character of the equation is kept; accents, matrices and rarer structures are written as their parts in order.
    """
    name = node.tag.removeprefix(_M) if isinstance(node.tag, str) else ""
    match name:
        case "t":
            return node.text or ""
        case "f":
            return f"{_part(node, 'num')}/{_part(node, 'den')}"
        case "rad":
            return f"{_text(node, 'deg')}√{_part(node, 'e')}"
        case "sSub" | "sSup" | "sSubSup":
            return _text(node, "e") + _scripts(node)
        case "nary":
            return (_property(node, "chr") or "∫") + _scripts(node) + " " + _text(node, "e")
        case "d":
            opening, closing = _property(node, "begChr"), _property(node, "endChr")
            inside = (_property(node, "sepChr") or "|").join(linear(one) for one in node.iterfind(f"{_M}e"))
            return f"{'(' if opening is None else opening}{inside}{')' if closing is None else closing}"
        case _ if name.endswith("Pr"):
            return ""
    return "".join(map(linear, node))


def _text(node: Any, name: str) -> str:
    return "".join(map(linear, node.iterfind(_M + name)))


def _part(node: Any, name: str) -> str:
    text = _text(node, name)
    return text if len(text) <= 1 or text.isalnum() else f"({text})"


def _scripts(node: Any) -> str:
    return "".join(sign + _part(node, name) for name, sign in _SCRIPTS if _text(node, name))


def _property(node: Any, name: str) -> str | None:
    found = node.find(f"{_M}{node.tag.removeprefix(_M)}Pr/{_M}{name}")
    return None if found is None else found.get(f"{_M}val", "")
