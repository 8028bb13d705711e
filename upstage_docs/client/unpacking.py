"""Unpacks the bytes of a compressed answer as they come, and stops at the size that an answer may have."""

from __future__ import annotations

import io
import zlib

# Up to here a body may be packed as tightly as it likes: blank pages and repeated words are.
_UNSUSPICIOUS = 16 * 2**20
# Beyond, bytes unpacked for each byte that came. Recorded answers are packed 4 to 20 times, and 40 where each word is
# repeated; what is made to fill a memory, a thousand times.
_MOST_PACKED = 100
_PIECE = 1 << 20  # bytes unpacked at a time: they are counted before there are more
_GZIP = b"\x1f\x8b"
_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class TooLargeError(Exception):
    """The answer is larger than allowed once it is unpacked, or was packed twice, so that it might be."""


class Unpacker:
    """Takes the pieces of a body as they come and unpacks them.

    A body that is not packed as its header says is taken as it is: it was paid for, and its JSON tells what it is.

    Args:
        encoding: The Content-Encoding; one that nobody asked for is left as it is.
        most: Bytes that the body may have unpacked.

    Raises:
        TooLargeError: It is packed twice: a few bytes might become gigabytes, and nobody asked for that.
    """

    def __init__(self, encoding: str, most: int) -> None:
        if "," in encoding:
            raise TooLargeError("the answer is packed twice")
        self._encoding = encoding.strip().lower()
        self._most = most
        self._body = io.BytesIO()
        self._came = 0
        self._start = b""
        self._unpacking: zlib._Decompress | None = None
        self._decided = self._encoding not in _WINDOWS

    def add(self, piece: bytes) -> None:
        """Take the next piece.

        Raises:
            TooLargeError: The body has become too large.
            zlib.error: It is packed otherwise than it says.
        """
        self._came += len(piece)
        if not self._decided:
            self._start += piece
            if len(self._start) < len(_GZIP):
                return
            piece, self._start = self._start, b""
            self._decide(piece)
        while piece:
            piece = self._add_some(piece)

    def finish(self) -> bytes:
        """Return the whole body.

        Raises:
            zlib.error: It ends before it is whole.
        """
        self._put(self._start)
        if self._unpacking is not None and not self._unpacking.eof:
            raise zlib.error("the packed answer is cut off")
        return self._body.getvalue()

    def _decide(self, start: bytes) -> None:
        self._decided = True
        if self._encoding != "deflate" and not start.startswith(_GZIP):
            return
        window = _WINDOWS[self._encoding]
        # RFC 9110, 8.4.1.2: deflate is the zlib format, and some servers send it without that.
        if self._encoding == "deflate" and (start[0] & 0x0F != zlib.DEFLATED or int.from_bytes(start[:2], "big") % 31):
            if start[:1] in b"{[ \t\r\n":
                return
            window = -zlib.MAX_WBITS
        self._unpacking = zlib.decompressobj(window)

    def _add_some(self, piece: bytes) -> bytes:
        """Take of *piece* what becomes a megabyte at most; return the rest."""
        unpacking = self._unpacking
        if unpacking is None:
            self._put(piece)
            return b""
        self._put(unpacking.decompress(piece, _PIECE))
        if not unpacking.eof:
            return unpacking.unconsumed_tail
        if not unpacking.unused_data.startswith(_GZIP):
            return b""  # what trails is no part of the body
        self._unpacking = zlib.decompressobj(_WINDOWS["gzip"])  # RFC 1952, 2.2: a file may have several members
        return unpacking.unused_data

    def _put(self, unpacked: bytes) -> None:
        self._body.write(unpacked)
        size = self._body.tell()
        if size > self._most:
            raise TooLargeError(f"the answer is larger than {self._most:,} bytes")
        if size > max(_UNSUSPICIOUS, _MOST_PACKED * self._came):
            raise TooLargeError(f"the answer is packed more than {_MOST_PACKED} times")
