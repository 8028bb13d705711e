"""Makes a figure block of a picture or a diagram in an Office file."""

from __future__ import annotations

import re
from collections.abc import Collection

from upstage_docs.local.blocks import Block
from upstage_docs.local.geometry import Box
from upstage_docs.local.ocr.frames import as_jpeg, frames
from upstage_docs.local.refusal import Refusal

_NO_DESCRIPTION = re.compile(
    r"\S*\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svg|webp|heic)|(?:picture|image|그림) ?\d*", re.IGNORECASE
)
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def picture(data: bytes, description: str, box: Box | None = None, *, crops: Collection[str] = ()) -> Block:
    """Return a picture as a figure whose text is what its author wrote for those who do not see it.

    Args:
        data: The picture's file; a crop is made of JPEG, PNG, BMP and TIFF, not of vector drawings.
        description: The author's; names of files, which programs put there, do not count.
        box: Where the picture stands, relative 0-1.
        crops: Categories whose blocks get a JPEG crop.
    """
    text = "" if _NO_DESCRIPTION.fullmatch(description.strip()) else description.strip()
    return Block("figure", text, box, crop=_crop(data) if "figure" in crops else b"")


def _crop(data: bytes) -> bytes:
    try:
        return next((as_jpeg(image) for image, _ in frames(data)), b"")
    except Refusal:
        return b""


def diagram(xml: bytes, box: Box | None = None) -> Block | None:
    """Return the text of a SmartArt drawing, a line for each of its shapes, as a figure; None if it has none.

    Args:
        xml: The diagram's data part (ECMA-376, part 1, 21.4).
        box: Where the drawing stands, relative 0-1.
    """
    from lxml import etree

    root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    texts = [
        "".join(text.text or "" for text in line.iter(f"{_A}t")) for line in root.iterfind(f".//{_DIAGRAM}t/{_A}p")
    ]
    text = "\n".join(filter(None, (text.strip() for text in texts)))
    return Block("figure", text, box) if text else None
