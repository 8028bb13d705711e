"""Opens an Office file, a ZIP archive of XML, after checking that neither its size nor its XML is an attack.

Archive bombs are told by what the archive declares, before anything is unpacked: a reader never unpacks more than was
declared. XML bombs and entities need a document type, which the format forbids (ECMA-376, part 2, 6.2.5): one is
refused. Nothing is written to disk, no reference is followed.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from contextlib import suppress
from functools import lru_cache
from typing import IO, NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from upstage_docs.local.office.package import UNREADABLE, Package, canonical_names
from upstage_docs.local.office.part_kinds import STRICT_NAMES, is_foreign, is_misnamed, kind_of, with_usual_names
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
_LEAST_ROOM = 20_000_000
"""Bytes that damaged parts unpack to in all, at most, where the archive says that all of it has fewer."""
_PACKED_PIECE = 64
"""Of a damaged part; what stands in the piece that is damaged is lost."""
_HEADER = 30
"""Bytes in front of the name of a part, where it stands in the archive."""
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/(\w+)")
_RENAMED = {b"extendedProperties": b"extended-properties", b"customProperties": b"custom-properties"}
_HOLDERS = {"officeDocument", "slide", "worksheet"}
"""Relationships to parts without any of which there is nothing to read."""
_UNREAD = ("docProps/", "customXml/")
"""Folders of parts of which nothing is read; what forms keep there may be called as the parts of Office are."""


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
    except UNREADABLE as error:
        raise Refusal("The file is not a complete Office document: its list of parts is damaged or cut off.") from error
    try:
        _check_sizes(archive)
        renamed = _rename(archive)
        mended, roots = _check_parts(archive, data)
        losses = [f"the part {name} of the file is damaged; some or all of it may be missing" for name in mended]
        if any(root.startswith(STRICT_NAMES) for root in roots.values()):
            for name, root in roots.items():
                xml = mended[name] if name in mended else archive.read(name)
                mended[name], roots[name] = _transitional(xml), _transitional(root.encode()).decode()
        found = {kind.relation for kind in map(kind_of, roots.values()) if kind}
        if not found & _HOLDERS and any(member.flag_bits & 0x1 for member in archive.infolist()):
            raise Refusal(  # noqa: TRY301 - the archive is closed
                "The document is encrypted; save it without a password."
            )
        losses += Package(archive, mended, roots).mend()
        if mended or renamed:
            data = _mended(archive, mended)
    except BaseException:
        archive.close()
        raise
    if mended or renamed:
        archive.close()
        archive = zipfile.ZipFile(io.BytesIO(data))
    return Opened(data, archive, tuple(dict.fromkeys(losses)))


def _rename(archive: zipfile.ZipFile) -> bool:
    """Call the members what the format calls them, and say whether any was called otherwise."""
    names = canonical_names(archive.namelist())
    for member in archive.infolist():
        member.filename = names.get(member.filename, member.filename)
    archive.NameToInfo.update({member.filename: member for member in archive.infolist()})
    return bool(names)


def _transitional(xml: bytes) -> bytes:
    """Return a part of a Strict Open XML file with the names that the libraries know.

    Word and Excel save "Strict Open XML" (ISO/IEC 29500 Strict): the same elements in name spaces of other addresses.
    """
    return _STRICT.sub(_transitional_name, xml)


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
        if member.file_size > max(1_000_000, MAX_RATIO * member.compress_size):
            message = f"The document's part {member.filename} unpacks to over {MAX_RATIO} times its size."
            raise Refusal(message, status=413)


def _check_parts(archive: zipfile.ZipFile, data: bytes) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return what is left of the parts that are damaged, and the roots of those that are XML, by name."""
    census = _Census()
    damaged: dict[str, bytes] = {}
    roots: dict[str, str] = {}
    intact: dict[str, zipfile.ZipInfo] = {}
    room = max(_LEAST_ROOM, sum(member.file_size for member in archive.infolist()))
    for member in archive.infolist():
        name = member.filename
        is_xml = name.lower().endswith((".xml", ".rels"))
        is_read = name.endswith(".rels") or not name.startswith(_UNREAD)
        try:
            with archive.open(member) as stream:
                if is_xml:
                    roots[name] = census.take(stream, is_read=is_read)
                else:
                    while stream.read(_PIECE):
                        pass
            intact[name] = member
            damaged.pop(name, None)
        except (expat.ExpatError, LookupError, *UNREADABLE):  # lookup: of an encoding that does not exist
            if name in intact:  # of two members with one name
                damaged[name] = archive.read(intact[name])
                continue
            rest = _rest(data, member, room) if is_read else b""
            room -= len(rest)
            damaged[name], roots[name] = _mended_xml(rest) if is_xml else (rest, "")
    return damaged, roots


def _rest(data: bytes, member: zipfile.ZipInfo, room: int) -> bytes:
    """Return what of a part can be unpacked within *room*, whatever the archive says of its size and its checksum."""
    at = member.header_offset
    if member.flag_bits & 0x1 or data[at : at + 4] != b"PK\3\4" or len(data) < at + _HEADER:
        return b""
    at += _HEADER + sum(struct.unpack("<HH", data[at + 26 : at + _HEADER]))
    packed = data[at : at + member.compress_size]
    if member.compress_type == zipfile.ZIP_STORED:
        return packed[:room]
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    unpacked = bytearray()
    most = min(room, max(1_000_000, MAX_RATIO * len(packed)))
    with suppress(zlib.error):
        for start in range(0, len(packed) if member.compress_type == zipfile.ZIP_DEFLATED else 0, _PACKED_PIECE):
            unpacked += unpacker.decompress(packed[start : start + _PACKED_PIECE])
            if len(unpacked) >= most:
                break
    return bytes(unpacked[:most])


def _mended_xml(xml: bytes) -> tuple[bytes, str]:
    """Return what of damaged XML can be read, with its elements closed, and its root; nothing if that cannot."""
    from lxml import etree

    for text in (xml, with_usual_names(xml)):
        for encoding in (None, "UTF-8"):  # the one that it names, and the one that Office writes
            parser = etree.XMLParser(
                recover=True, resolve_entities=False, no_network=True, load_dtd=False, encoding=encoding
            )
            with suppress(etree.XMLSyntaxError, LookupError, ValueError):
                root = etree.fromstring(text, parser)
                if root is None:
                    continue
                mended = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
                etree.fromstring(mended, etree.XMLParser(resolve_entities=False, no_network=True))
                name = etree.QName(root)
                if not is_misnamed(told := f"{name.namespace or ''} {name.localname}".strip()):
                    return mended, told
    return b"", ""


def _mended(archive: zipfile.ZipFile, damaged: dict[str, bytes]) -> bytes:
    """Return the archive with what is left of its damaged parts; one with nothing left is not in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        for name in dict.fromkeys((*archive.namelist(), *damaged)):
            content = damaged[name] if name in damaged else archive.read(name)
            if content or name not in damaged:
                target.writestr(name, content)
    return file.getvalue()


@lru_cache(maxsize=1_000)
def _is_address(text: str) -> bool:
    """Say whether the XML library takes *text* for the address of a name space; expat takes any."""
    from lxml import etree

    try:
        etree.fromstring(f"<a xmlns:b={quoteattr(text)}/>")
    except (etree.XMLSyntaxError, ValueError):
        return False
    return True


class _Census:
    """Counts the XML elements of a whole archive."""

    def __init__(self) -> None:
        self._elements = 0
        self._depth = 0
        self._root = ""
        self._misnamed = False  # whether a prefix stands for another name space than it does in Office files

    def take(self, stream: IO[bytes], *, is_read: bool) -> str:
        """Count the elements of a part, and return its root: name space and name with a space between them.

        Nothing is said of the root of one that is not read.

        Raises:
            ExpatError, ValueError: It is no XML, or one that the XML library refuses.
        """
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._refuse_document_type
        parser.StartNamespaceDeclHandler = self._check_address
        parser.StartElementHandler = self._enter
        parser.EndElementHandler = self._leave
        self._depth = 0
        self._misnamed = False
        parser.ParseFile(stream)
        if not is_read:
            return ""
        if is_misnamed(self._root) or (self._misnamed and kind_of(self._root)):
            raise ValueError(self._root)
        return self._root

    def _enter(self, name: str, _attributes: object) -> None:
        if not self._depth:
            self._root = name
        self._elements += 1
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Refusal(f"The document's XML is nested over {MAX_DEPTH} deep, as Office files never are.")
        if self._elements > MAX_ELEMENTS:
            raise Refusal(f"The document holds more than {MAX_ELEMENTS:,} XML elements.", status=413)

    def _leave(self, _name: str) -> None:
        self._depth -= 1

    def _check_address(self, prefix: str | None, address: str | None) -> None:
        if address and not _is_address(address):
            raise ValueError(address)
        self._misnamed |= is_foreign(prefix or "", address or "")

    def _refuse_document_type(self, *_declaration: object) -> None:
        raise Refusal("The document's XML declares a document type or entities, as Office files never do.")
