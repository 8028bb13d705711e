"""Keeps one of the versions in which an Office file holds the same content for newer and older programs."""

from __future__ import annotations

from typing import Any

_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_CONTENT = ("}t", "}blip", "}imagedata", "}spPr")


def choose(root: Any) -> None:
    """Replace each choice of versions below *root* by the first one that holds anything (ECMA-376, part 3, 9.3)."""
    for alternatives in [*root.iter(_ALTERNATIVES)]:
        chosen = next((rendering for rendering in alternatives if any(map(_is_content, rendering.iter()))), ())
        parent = alternatives.getparent()
        place = parent.index(alternatives)
        for offset, node in enumerate(list(chosen), start=1):
            parent.insert(place + offset, node)
        parent.remove(alternatives)


def _is_content(node: Any) -> bool:
    return isinstance(node.tag, str) and node.tag.endswith(_CONTENT)
