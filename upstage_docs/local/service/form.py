"""Takes a multipart form apart as it arrives, and keeps the document in it off the heap."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, cast

from upstage_docs.local.refusal import Refusal

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartParser

_IN_MEMORY = 1 << 20
_FIELDS = 1 << 20
"""Bytes that all fields but the document may have together."""
_HEADERS = 1 << 16
"""Bytes that the headers of all parts may have together. The library takes far longer for each than for one of a
document, and longest where a header holds many parameters; a form of the API's has two thousand."""


@dataclass
class Document:
    """The uploaded file: an anonymous temporary file that is gone when it is closed.

    Attributes:
        file: Its bytes.
        name: As the client named it, `""` if it did not.
        size: In bytes.
        sha256: Of its bytes, hexadecimal.
    """

    file: IO[bytes]
    name: str
    size: int
    sha256: str

    def close(self) -> None:
        """Delete the temporary file."""
        self.file.close()


@dataclass
class Form:
    """A form: every value of every field, in order, and the document, if one was sent."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    document: Document | None = None

    def close(self) -> None:
        """Delete the document's temporary file."""
        if self.document is not None:
            self.document.close()


class FormReader:
    """Takes a `multipart/form-data` body piece by piece and gives the form in it.

    Args:
        content_type: The request's header of that name.
        max_document: Bytes that the document may have.
        announced: Bytes that the whole body is said to have, 0 if unknown.

    Raises:
        Refusal: 400 if the body is not a form, 413 as soon as it shows that the document is too large.
    """

    def __init__(self, content_type: str, *, max_document: int, announced: int = 0) -> None:
        from python_multipart.exceptions import FormParserError
        from python_multipart.multipart import MultipartParser, parse_options_header

        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise Refusal("no document in the request: the body must be multipart/form-data", status=400)
        self._parse_header = parse_options_header
        self._max_document = max_document
        if announced > max_document + 2 * _FIELDS:
            raise self._too_large()
        self._form = Form()
        self._file: IO[bytes] | None = None
        self._hash = hashlib.sha256()
        self._size = 0
        self._fields = 0
        self._headers = 0
        self._header: list[bytes] = [b"", b""]
        self._name = ""
        self._filename: str | None = None
        self._value = bytearray()
        self._is_document = False
        self._ended = False
        try:
            self._parser: MultipartParser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_ends,
                    "on_part_data": self._part_data,
                    "on_part_end": self._part_ends,
                    "on_end": self._form_ends,
                },
            )
        except FormParserError as error:  # its boundary is too long
            raise Refusal(f"the form in the body cannot be read: {error}", status=400) from error

    def feed(self, piece: bytes) -> None:
        """Take the next *piece* of the body."""
        from python_multipart.exceptions import FormParserError

        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise Refusal(f"the form in the body is broken: {error}", status=400) from error
        except OSError as error:
            raise Refusal(f"the document could not be kept in the temporary folder ({error})", status=500) from error

    def finish(self) -> Form:
        """Return the form; its document is the caller's to close."""
        if not self._ended:
            raise Refusal("the form in the body is incomplete", status=400)
        if self._file is not None:
            self._form.document = Document(self._file, self._filename or "", self._size, self._hash.hexdigest())
            self._file = None
        return self._form

    def close(self) -> None:
        """Delete what was kept of a body that will not be finished."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _too_large(self) -> Refusal:
        allowed = self._max_document >> 20
        return Refusal(f"uploaded document is too large. max allowed size is {allowed}MB", status=413, code="too_large")

    def _part_begins(self) -> None:
        self._name, self._value = "", bytearray()
        self._is_document = False

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _header_ends(self) -> None:
        name, value = self._header
        self._header = [b"", b""]
        self._headers += len(name) + len(value)
        if self._headers > _HEADERS:
            raise Refusal("the headers of the form's parts are too large", status=400)
        if name.lower() != b"content-disposition":
            return
        _, options = self._parse_header(value)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._name == "document" and b"filename" in options:
            if self._file is not None:
                raise Refusal("the request holds more than one document", status=400)
            self._is_document = True
            self._filename = options[b"filename"].decode("utf-8", "replace")
            # A file without a name in the file system: nothing is left of it after a crash. Unbuffered, as a forked
            # child that closes its copy must not write what the parent has in a buffer once more.
            file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, buffering=0)  # noqa: SIM115
            self._file = cast("IO[bytes]", file)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_document and self._file is not None:
            self._size += end - start
            if self._size > self._max_document:
                raise self._too_large()
            piece = data[start:end]
            self._hash.update(piece)
            self._file.write(piece)
        else:
            self._fields += end - start
            if self._fields > _FIELDS:
                raise Refusal("the form's fields are too large", status=400)
            self._value += data[start:end]

    def _part_ends(self) -> None:
        if not self._is_document:
            self._form.fields.setdefault(self._name, []).append(self._value.decode("utf-8", "replace"))

    def _form_ends(self) -> None:
        self._ended = True
