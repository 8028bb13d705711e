"""Opens an Office file, a ZIP archive of XML, after checking that neither its size nor its XML is an attack.

Archive bombs are told by what the archive declares, before anything is unpacked: a reader never unpacks more than was
declared. XML bombs and entities need a document type, which the format forbids (ECMA-376, part 2, 6.2.5): one is
refused. Nothing is written to disk, no reference is followed.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import unquote
from xml.parsers import expat

from upstage_docs.local.refusal import Refusal

MAX_MEMBERS = 20_000
MAX_BYTES = 1_000_000_000
"""Unpacked bytes of the whole archive."""
MAX_RATIO = 250
"""Unpacked to packed size of one member above a megabyte; the XML of real tables reaches 60."""
MAX_ELEMENTS = 3_000_000
"""XML elements of the whole archive; a million spreadsheet cells are two million."""
MAX_DEPTH = 200
"""Nesting of XML elements; the XML library that reads them gives up at 256."""

_PIECE = 64 << 10
_WORKBOOK = "xl/_rels/workbook.xml.rels"
"""The library that reads sheets passes over one that is missing, but not over one that nothing leads to."""
_ROOT = "_rels/.rels"
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/(\w+)")
_RENAMED = {b"extendedProperties": b"extended-properties", b"customProperties": b"custom-properties"}
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


class Opened(NamedTuple):
    """An archive that was looked at; the caller closes it.

    Attributes:
        data: Its file, mended where a part was damaged or missing.
        archive: The same, open.
        losses: What of it is damaged or missing, as sentences.
    """

    data: bytes
    archive: zipfile.ZipFile
    losses: tuple[str, ...]


def open_archive(data: bytes) -> Opened:
    """Open the ZIP archive *data* after checking it; a part that is damaged or missing costs that part.

    Raises:
        Refusal: 413 if it would unpack to too much, 422 if it is no archive, encrypted, or holds XML that is not
            Office's.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _UNREADABLE as error:
        raise Refusal("The file is not a complete Office document: its list of parts is damaged or cut off.") from error
    try:
        _check_sizes(archive)
        mended = _check_parts(archive)
        losses = [f"the part {name} of the file is damaged, its end or all of it is missing" for name in mended]
        names = {name for name in archive.namelist() if mended.get(name) != b""}
        for name, missing, rest in _dangling(archive, names, mended):
            mended[name] = rest
            losses += [f"the part {part} of the file is missing" for part in missing if part not in mended]
        mended |= _transitional(archive, mended)
        if mended:
            data = _mended(archive, mended)
    except BaseException:
        archive.close()
        raise
    if mended:
        archive.close()
        archive = zipfile.ZipFile(io.BytesIO(data))
    return Opened(data, archive, tuple(dict.fromkeys(losses)))


def _transitional(archive: zipfile.ZipFile, mended: dict[str, bytes]) -> dict[str, bytes]:
    """Return the XML parts of a Strict Open XML file with the names that the libraries know, nothing of any other file.

    Word and Excel save "Strict Open XML" (ISO/IEC 29500 Strict): the same elements in name spaces of other addresses.
    """
    names = archive.namelist()
    if _ROOT not in names or _STRICT.search(_content(archive, _ROOT, mended)) is None:
        return {}
    named = [name for name in names if name.lower().endswith((".xml", ".rels"))]
    return {name: _STRICT.sub(_transitional_name, _content(archive, name, mended)) for name in named}


def _content(archive: zipfile.ZipFile, name: str, mended: dict[str, bytes]) -> bytes:
    if name in mended:
        return mended[name]
    try:
        return archive.read(name)
    except (KeyError, *_UNREADABLE):  # of two members with one name, the damaged one
        return b""


def _transitional_name(strict: re.Match[bytes]) -> bytes:
    subject, name = strict.groups()
    return b"http://schemas.openxmlformats.org/%s/2006/%s" % (subject, _RENAMED.get(name, name))


def _check_sizes(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise Refusal(f"The document holds {len(members):,} parts, more than {MAX_MEMBERS:,}.", status=413)
    total = sum(member.file_size for member in members)
    if total > MAX_BYTES:
        raise Refusal(f"The document unpacks to {total:,} bytes, more than {MAX_BYTES:,}.", status=413)
    for member in members:
        if member.flag_bits & 0x1:
            raise Refusal("The document is encrypted; save it without a password.")
        if member.compress_type not in _PACKINGS:
            raise Refusal(f"The document's part {member.filename} is packed in a way that Office files are not.")
        if member.file_size > max(1_000_000, MAX_RATIO * member.compress_size):
            message = f"The document's part {member.filename} unpacks to over {MAX_RATIO} times its size."
            raise Refusal(message, status=413)


def _check_parts(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Return what is left of the parts that are damaged, by name."""
    census = _Census()
    damaged: dict[str, bytes] = {}
    for member in archive.infolist():
        is_xml = member.filename.lower().endswith((".xml", ".rels"))
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = census.refuse_document_type
        parser.StartElementHandler = census.enter
        parser.EndElementHandler = census.leave
        census.depth = 0
        try:
            with archive.open(member) as stream:
                if is_xml:
                    parser.ParseFile(stream)
                else:
                    while stream.read(_PIECE):
                        pass
        except (expat.ExpatError, LookupError, *_UNREADABLE):  # lookup: of an encoding that does not exist
            rest = _rest(archive, member)
            damaged[member.filename] = _mended_xml(rest) if is_xml else rest
    return damaged


def _dangling(
    archive: zipfile.ZipFile, names: set[str], mended: dict[str, bytes]
) -> Iterator[tuple[str, list[str], bytes]]:
    """Yield the parts of relationships that lead to no part: name, what is missing, and the part without them."""
    from lxml import etree

    known = {name.lower() for name in names}
    for name in sorted(names):
        if not name.lower().endswith(".rels"):
            continue
        content = mended[name] if name in mended else archive.read(name)
        # Expat, which has been over it, passes names of name spaces that lxml does not.
        root = etree.fromstring(content, etree.XMLParser(recover=True, resolve_entities=False, no_network=True))
        if root is None:
            continue
        folder = posixpath.dirname(posixpath.dirname(name))
        missing = []
        for relation in list(root.iterfind("{*}Relationship")):
            target = unquote(relation.get("Target", "")).partition("#")[0]
            part = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            if relation.get("TargetMode") != "External" and target and part.lower() not in known:
                missing.append(part)
                if name.lower() != _WORKBOOK:
                    root.remove(relation)
        if missing:
            yield name, missing, etree.tostring(root, encoding="UTF-8", xml_declaration=True, standalone=True)


def _rest(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return what of a part can be unpacked."""
    pieces = []
    with suppress(*_UNREADABLE), archive.open(member) as stream:
        while piece := stream.read(_PIECE):
            pieces.append(piece)
    return b"".join(pieces)


def _mended_xml(xml: bytes) -> bytes:
    """Return what of damaged XML can be read, with its elements closed; nothing if its root cannot."""
    from lxml import etree

    for encoding in (None, "UTF-8"):  # the one that it names, and the one that Office writes
        parser = etree.XMLParser(
            recover=True, resolve_entities=False, no_network=True, load_dtd=False, encoding=encoding
        )
        try:
            root = etree.fromstring(xml, parser)
        except (etree.XMLSyntaxError, LookupError, ValueError):
            continue
        if root is not None:
            return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return b""


def _mended(archive: zipfile.ZipFile, damaged: dict[str, bytes]) -> bytes:
    """Return the archive with what is left of its damaged parts; one with nothing left is not in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        for name in dict.fromkeys(archive.namelist()):
            content = damaged[name] if name in damaged else archive.read(name)
            if content:
                target.writestr(name, content)
    return file.getvalue()


class _Census:
    """Counts the XML elements of a whole archive."""

    def __init__(self) -> None:
        self.elements = 0
        self.depth = 0

    def enter(self, _name: str, _attributes: object) -> None:
        self.elements += 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Refusal(f"The document's XML is nested over {MAX_DEPTH} deep, as Office files never are.")
        if self.elements > MAX_ELEMENTS:
            raise Refusal(f"The document holds more than {MAX_ELEMENTS:,} XML elements.", status=413)

    def leave(self, _name: str) -> None:
        self.depth -= 1

    def refuse_document_type(self, *_declaration: object) -> None:
        raise Refusal("The document's XML declares a document type or entities, as Office files never do.")
