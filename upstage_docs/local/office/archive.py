"""Office files are ZIP archives of XML: opens one only after its sizes and its XML were looked at; reads no content.

Archive bombs are told by what the archive declares, before anything is unpacked: a reader never unpacks more than was
declared. XML bombs and entities need a document type, which the format forbids (ECMA-376, part 2, 6.2.5): one is
refused. Nothing is written to disk, no reference is followed.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from xml.parsers import expat

from upstage_docs.local.refusal import Refusal

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_ELEMENTS", "MAX_MEMBERS", "MAX_RATIO", "open_archive"]

MAX_MEMBERS = 20_000
MAX_BYTES = 1_000_000_000
"""Unpacked bytes of the whole archive."""
MAX_RATIO = 250
"""Unpacked to packed size of one member above a megabyte; the XML of real tables reaches 60."""
MAX_ELEMENTS = 3_000_000
"""XML elements of the whole archive; a million spreadsheet cells are two million."""
MAX_DEPTH = 200
"""Nesting of XML elements; the XML library that reads them gives up at 256."""

_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


def open_archive(data: bytes) -> zipfile.ZipFile:
    """Open the ZIP archive *data* after checking it; the caller closes it.

    Raises:
        Refusal: 413 if it would unpack to too much, 422 if it is damaged, encrypted, or holds XML that is not Office's.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _UNREADABLE as error:
        raise Refusal(f"The file is not a complete Office document ({error}).") from error
    try:
        _check_sizes(archive)
        _check_xml(archive)
    except BaseException:
        archive.close()
        raise
    return archive


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


def _check_xml(archive: zipfile.ZipFile) -> None:
    census = _Census()
    for member in archive.infolist():
        if not member.filename.lower().endswith((".xml", ".rels")):
            continue
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = census.refuse_document_type
        parser.StartElementHandler = census.enter
        parser.EndElementHandler = census.leave
        try:
            with archive.open(member) as stream:
                parser.ParseFile(stream)
        except expat.ExpatError as error:
            raise Refusal(f"The document is damaged: its part {member.filename} is not XML ({error}).") from error
        except _UNREADABLE as error:
            raise Refusal(f"The document is damaged: its part {member.filename} cannot be unpacked.") from error


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
