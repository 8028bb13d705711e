"""Buffers the slices (or records) of a document in a temporary file until the document is complete."""

from __future__ import annotations

import errno
import logging
import os
import pickle
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any

from upstage_docs.models import OcrResult, ParsedDocument, Record

_log = logging.getLogger("upstage_docs")


class WaitingPieces:
    """Slices of a document, or their records, in order: the last one in memory, those before it in a temporary file.

    The file is the owner's alone, has no name where the platform allows that, and is gone with this object or with the
    process, however that ends. What is neither slice nor records, or cannot be written, waits in memory.
    """

    def __init__(self) -> None:
        self._pieces: list[Any] = []  # a _Place stands for one that is in the file
        self._file: Any = None
        self._warned = False

    def __len__(self) -> int:
        return len(self._pieces)

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(len(self._pieces)))

    def append(self, piece: object) -> None:
        """Keep *piece*; the one before it goes into the file."""
        if self._pieces:
            self._pieces[-1] = self._write_piece(self._pieces[-1])
        self._pieces.append(piece)

    def is_in_memory(self, index: int) -> bool:
        """Say whether the piece *index* is given back without reading a file."""
        return not isinstance(self._pieces[index], _Place)

    def __getitem__(self, index: int) -> Any:
        """Give back the piece *index*, 0-based."""
        piece = self._pieces[index]
        if not isinstance(piece, _Place) or self._file is None:
            return piece
        self._file.seek(piece.start)
        return pickle.load(self._file)  # noqa: S301 - nobody else can have written it

    def close(self) -> None:
        """Drop the file."""
        if self._file is not None:
            self._file.close()

    __del__ = close

    def _write_piece(self, piece: Any) -> Any:
        if isinstance(piece, _Place) or not _is_ours(piece):
            return piece
        try:
            self._file = self._file or TemporaryFile(buffering=0)  # noqa: SIM115 - `close` closes it
            start = self._file.seek(0, os.SEEK_END)
            pickle.Pickler(_Whole(self._file), pickle.HIGHEST_PROTOCOL).dump(piece)  # never all of it in memory
        except (OSError, pickle.PicklingError, TypeError, AttributeError) as error:
            if not self._warned:
                self._warned = True
                _log.warning("What has come of a document waits in memory, not on disk: %s", error)
            return piece
        return _Place(start)


class _Place:
    """Where a piece begins in the file."""

    __slots__ = ("start",)

    def __init__(self, start: int) -> None:
        self.start = start


class _Whole:
    """Writes all of what it is given to *file*, which says how much it took, or raises as a full disk does."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, content: bytes | memoryview) -> None:
        if self._file.write(content) != memoryview(content).nbytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _is_ours(piece: object) -> bool:
    """Say whether *piece* is plain values; a caller's own objects would not come back as the same ones."""
    if isinstance(piece, list):
        return all(type(one) is Record for one in piece)
    return isinstance(piece, (ParsedDocument, OcrResult))
