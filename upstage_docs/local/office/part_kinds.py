"""Tells by the root of its XML what a part of an Office file is, and which names its prefixes usually stand for."""

from __future__ import annotations

import re
from typing import NamedTuple

_OPEN_XML = "http://schemas.openxmlformats.org/"
_WORD = _OPEN_XML + "wordprocessingml/2006/main"
_SLIDES = _OPEN_XML + "presentationml/2006/main"
_SHEETS = _OPEN_XML + "spreadsheetml/2006/main"
_DRAWING = _OPEN_XML + "drawingml/2006/"
OFFICE_RELATIONS = _OPEN_XML + "officeDocument/2006/relationships"
PACKAGE_RELATIONS = _OPEN_XML + "package/2006/relationships"
CONTENT_TYPES = _OPEN_XML + "package/2006/content-types"
STRICT_NAMES = "http://purl.oclc.org/ooxml/"
_OF_MICROSOFT = "http://schemas.microsoft.com/"
"""Newer charts have roots of the same names in name spaces of their own."""


class PartKind(NamedTuple):
    """What a part is.

    Attributes:
        namespace: Of its root.
        relation: The last step of the type of relationship that leads to it.
        content_type: As in the list of content types.
    """

    namespace: str
    relation: str
    content_type: str


def _made_kind(namespace: str, relation: str, name: str) -> PartKind:
    return PartKind(namespace, relation, f"application/vnd.openxmlformats-officedocument.{name}+xml")


KINDS = {
    "document": _made_kind(_WORD, "officeDocument", "wordprocessingml.document.main"),
    "presentation": _made_kind(_SLIDES, "officeDocument", "presentationml.presentation.main"),
    "workbook": _made_kind(_SHEETS, "officeDocument", "spreadsheetml.sheet.main"),
    "hdr": _made_kind(_WORD, "header", "wordprocessingml.header"),
    "ftr": _made_kind(_WORD, "footer", "wordprocessingml.footer"),
    "styles": _made_kind(_WORD, "styles", "wordprocessingml.styles"),
    "numbering": _made_kind(_WORD, "numbering", "wordprocessingml.numbering"),
    "settings": _made_kind(_WORD, "settings", "wordprocessingml.settings"),
    "footnotes": _made_kind(_WORD, "footnotes", "wordprocessingml.footnotes"),
    "endnotes": _made_kind(_WORD, "endnotes", "wordprocessingml.endnotes"),
    "sld": _made_kind(_SLIDES, "slide", "presentationml.slide"),
    "sldLayout": _made_kind(_SLIDES, "slideLayout", "presentationml.slideLayout"),
    "sldMaster": _made_kind(_SLIDES, "slideMaster", "presentationml.slideMaster"),
    "notes": _made_kind(_SLIDES, "notesSlide", "presentationml.notesSlide"),
    "notesMaster": _made_kind(_SLIDES, "notesMaster", "presentationml.notesMaster"),
    "worksheet": _made_kind(_SHEETS, "worksheet", "spreadsheetml.worksheet"),
    "chartsheet": _made_kind(_SHEETS, "chartsheet", "spreadsheetml.chartsheet"),
    "sst": _made_kind(_SHEETS, "sharedStrings", "spreadsheetml.sharedStrings"),
    "styleSheet": _made_kind(_SHEETS, "styles", "spreadsheetml.styles"),
    "wsDr": _made_kind(_DRAWING + "spreadsheetDrawing", "drawing", "drawing"),
    "chartSpace": _made_kind(_DRAWING + "chart", "chart", "drawingml.chart"),
    "Relationships": PartKind(PACKAGE_RELATIONS, "", "application/vnd.openxmlformats-package.relationships+xml"),
    "Types": PartKind(CONTENT_TYPES, "", ""),
}
"""Parts that are read, by the name of their root."""
RELATIONS = {kind.relation for kind in KINDS.values()} - {""}

_USUAL = {
    b"w": _WORD,
    b"p": _SLIDES,
    b"x": _SHEETS,
    b"a": _DRAWING + "main",
    b"c": _DRAWING + "chart",
    b"dgm": _DRAWING + "diagram",
    b"pic": _DRAWING + "picture",
    b"wp": _DRAWING + "wordprocessingDrawing",
    b"xdr": _DRAWING + "spreadsheetDrawing",
    b"r": OFFICE_RELATIONS,
    b"m": _OPEN_XML + "officeDocument/2006/math",
    b"mc": _OPEN_XML + "markup-compatibility/2006",
    b"v": "urn:schemas-microsoft-com:vml",
    b"o": "urn:schemas-microsoft-com:office:office",
    b"wps": _OF_MICROSOFT + "office/word/2010/wordprocessingShape",
}
_OFFICE_ADDRESSES = ("http://schemas.", "http://purl.", "urn:schemas-")
_FIRST_TAG = re.compile(rb"<(?![?!/])(?:([\w.-]+):)?([\w.-]+)")
_PREFIX = re.compile(rb"[<\s/]([A-Za-z_][\w.-]*):[\w.-]+(?=[\s=/>])")
_DECLARED = re.compile(rb"""\sxmlns(?::([\w.-]+))?\s*=\s*("[^"<]*"|'[^'<]*')""")


def kind_of(root: str) -> PartKind | None:
    """Return the kind of a part by its *root*, name space and name with a space between them; None if unknown."""
    namespace, _, name = root.rpartition(" ")
    kind = KINDS.get(name)
    return kind if kind is not None and kind.namespace == namespace else None


def is_misnamed(root: str) -> bool:
    """Say whether *root* has the name of a part that is read, in a name space that is none of an Office file."""
    namespace, _, name = root.rpartition(" ")
    kind = KINDS.get(name)
    return kind is not None and kind.namespace != namespace and not namespace.startswith((_OF_MICROSOFT, STRICT_NAMES))


def is_foreign(prefix: str, address: str) -> bool:
    """Say whether *address* is no name space of Office files, though *prefix* usually stands for one."""
    return prefix.encode() in _USUAL and not address.startswith(_OFFICE_ADDRESSES)


def with_usual_names(xml: bytes) -> bytes:
    """Return *xml* with each prefix standing for what it usually does, and those that stand for nothing declared."""
    first = _FIRST_TAG.search(xml)
    if first is None:
        return xml
    kind = KINDS.get(first[2].decode())
    usual = {**_USUAL, **({first[1] or b"": kind.namespace} if kind else {})}
    used = {*_PREFIX.findall(xml), first[1] or b""} - {b"xml", b"xmlns"}

    def kept(found: re.Match[bytes]) -> bytes:
        prefix, address = found[1] or b"", found[2][1:-1]
        return b"" if prefix in usual or not re.fullmatch(rb"[\w:/.#-]+", address) else found[0]

    xml = _DECLARED.sub(kept, xml)
    declared = {prefix or b"" for prefix, _ in _DECLARED.findall(xml[first.start() : xml.find(b">", first.end())])}
    names = {prefix: usual.get(prefix, f"urn:{prefix.decode()}") for prefix in used - declared if prefix or kind}
    written = b"".join(
        b' xmlns%s="%s"' % (b":" + prefix if prefix else b"", name.encode()) for prefix, name in sorted(names.items())
    )
    return xml[: first.end()] + written + xml[first.end() :]
