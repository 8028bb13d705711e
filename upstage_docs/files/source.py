"""Inspects a document to send (a path, bytes or a binary file): name, SHA-256, format, pages; cuts PDFs into parts.

Knows files, not the API's limits (`plan`) and not the network.
"""

from __future__ import annotations

import io
import os
import signal
import stat
import tempfile
import threading
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeAlias, Union, cast

from upstage_docs.errors import ConfigError, SourceError, SourceNotFoundError, UpstageDocsError
from upstage_docs.files.formats import FORMAT_OF_SUFFIX, FORMATS, image_pages, is_picture, supported

DocumentInput: TypeAlias = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO]


class Named(NamedTuple):
    """One of the documents of a call, with a name or further metadata of its own.

    Attributes:
        document: Path, bytes or binary file object.
        source: The name of what has no path, or another name for what has one.
        extra: Further metadata of its records, where it is loaded.
    """

    document: DocumentInput
    source: str | None = None
    extra: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        path = isinstance(self.document, (str, os.PathLike))
        return f"Named({self.document if path else type(self.document).__name__!r}, source={self.source!r})"


def is_document(value: object) -> bool:
    """Say whether *value* is what a document may be given as: a path, bytes, or a file object, which yields lines."""
    return isinstance(value, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(value, "read")


# pdfium keeps global state and is not thread-safe: every use of it in this process takes this lock.
PDFIUM_LOCK = threading.RLock()
if hasattr(os, "register_at_fork"):  # a child must not find it held by a thread that it does not have
    os.register_at_fork(
        before=PDFIUM_LOCK.acquire, after_in_parent=PDFIUM_LOCK.release, after_in_child=PDFIUM_LOCK.release
    )

_DPI = 150  # the API rasterises what is not an image at this resolution
_CHUNK = 1 << 20  # bytes of a file that are in memory at once
_MOST_STREAMED = 4 << 30  # bytes of a stream without an end that are put on the disk: the API takes an eighth of it
_MOST_READ = 10**10  # bytes of a document: offsets in a PDF have ten digits (ISO 32000-1, 7.5.4)
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Of a file: what tells it from one that is put in its place, or written anew.
_stamp = attrgetter("st_dev", "st_ino", "st_size", "st_mtime_ns")
_MISSING = (FileNotFoundError, NotADirectoryError)  # nothing else says that there is no file
_DAMAGED = "{} cannot be read as a PDF: it is damaged or cut off."


@contextmanager
def holding_interrupts(interrupts: list[int] | None = None) -> Iterator[None]:
    """Let Ctrl-C come after the block, or only note it in *interrupts* if given; pressed again, it comes at once."""
    # In a function that pdfium calls, it would look like a damaged file, and be lost.
    default = signal.default_int_handler
    noted: list[int] = [] if interrupts is None else interrupts
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not default:
        yield
        return

    def note(number: int, _: object) -> None:
        noted.append(number)
        signal.signal(signal.SIGINT, default)

    try:
        signal.signal(signal.SIGINT, note)
        yield
    finally:
        signal.signal(signal.SIGINT, default)
        if noted and interrupts is None:
            raise KeyboardInterrupt


@dataclass(frozen=True)
class Source:
    """A document that can be sent, looked at once.

    Attributes:
        name: Path, URI or name, as given.
        filename: What the upload is called: the name's last part, with the suffix of its format.
        format: A key of `formats.FORMATS`.
        sha256: Of the bytes, hexadecimal.
        size: Bytes.
        pages: How many, None where only the API can tell (Office and HWP).
        pixels: Of the largest page, PDF pages at 150 dpi; 0 where the file does not say.
    """

    name: str
    filename: str
    format: str
    sha256: str
    size: int
    pages: int | None = None
    pixels: int = 0
    _path: Path | None = field(default=None, repr=False)
    _stamp: tuple[int, ...] = field(default=(), repr=False, compare=False)  # of the file when it was looked at
    _handle: BinaryIO | None = field(default=None, repr=False, compare=False)
    _owned: bool = field(default=False, repr=False)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the bytes for reading from the start; a path is closed at the end, a caller's file object is not.

        Raises:
            SourceError: The file is gone, or is no longer the one that was looked at.
        """
        if self._handle is not None:
            self._handle.seek(0)
            yield self._handle
            return
        path = cast("Path", self._path)
        if path.exists() and not path.is_file():  # a pipe put in its place would be waited for
            raise _no_file_error(str(path))
        try:
            handle = path.open("rb")
        except OSError as error:
            raise _unreadable(self.name, error) from error
        with handle:
            if (stamp := _stamp(os.fstat(handle.fileno()))) != self._stamp:
                if _digest(handle, self.size) != (self.sha256, self.size):
                    raise SourceError(f"{self.name!r} changed while it was being sent; run again.")
                object.__setattr__(self, "_stamp", stamp)  # looked at again: it is not hashed for each part
                handle.seek(0)
            yield handle

    def close(self) -> None:
        """Drop the temporary file behind a part or a stream; a caller's file object stays open."""
        if self._owned and self._handle is not None:
            self._handle.close()


def inspect(document: DocumentInput, *, source: str | None = None) -> Source:
    """Inspect *document* in one go: hash it, tell its format by its bytes, count its pages.

    Args:
        document: A path, bytes, or a binary file object (read from its start; closed by its owner).
        source: The name of a document that has no path, or another name for one that has; its suffix is checked as
            a path's is.

    Raises:
        SourceError: Missing, a directory, empty, unreadable, encrypted, without pages, damaged, of a format that the
            API does not take, or with a suffix of another format (a picture with another picture's suffix is sent under
            its true one). Nothing was sent.
        ConfigError: *source* is no text, or *document* is none.
    """
    if source is not None and not isinstance(source, str):
        raise ConfigError(f"source= is of type {type(source).__name__!r}; give the document's name as str.")
    if isinstance(document, (str, os.PathLike)):
        document = os.fsdecode(document)  # a path of bytes is one, too
        path = Path(document)
        name = source or document
        try:
            if not path.is_file():
                raise _no_file_error(document)
            with path.open("rb") as file:
                stamp = _stamp(os.fstat(file.fileno()))
                return replace(_inspect(file, name), _path=path, _stamp=stamp)
        except (OSError, ValueError) as error:
            if isinstance(error, SourceError):
                raise
            raise _unreadable(name, error) from error
    given = getattr(document, "name", "")
    name = source or (given if isinstance(given, str) else "")
    try:
        handle, owned = _file_object(document)
        try:
            return replace(_inspect(handle, name), _handle=handle, _owned=owned)
        except BaseException:
            if owned:
                handle.close()
            raise
    except (OSError, ValueError) as error:  # it is closed, say, or open for writing
        if isinstance(error, UpstageDocsError):
            raise
        raise _unreadable(name, error) from error


def detect(handle: BinaryIO, suffix: str) -> str:
    """Return the format of what *handle* holds, by its bytes, `""` if the API takes none such.

    *suffix* only decides among the formats inside an OLE container, which old Office files and HWP share.
    """
    handle.seek(0)
    head = handle.read(1024) or b""  # a stream that does not block gives None
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")):
        return "tiff"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "heic"
    if head.startswith(b"PK\x03\x04"):
        return _in_zip(handle)
    if head.startswith(_OLE):
        return "hwp" if suffix.lower() in {".hwp", ""} else ""
    if head.startswith(b"HWP Document File"):
        return "hwp"
    # The header may stand anywhere in the first 1024 bytes: ISO 32000-1, annex H.3, note 13.
    if b"%PDF-" in head:
        return "pdf"
    return "bmp" if head.startswith(b"BM") and len(head) > 26 else ""


def _in_zip(handle: BinaryIO) -> str:
    try:
        with zipfile.ZipFile(handle) as archive:
            members = {name.replace("\\", "/").lstrip("./") for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return ""
    for form, member in (
        ("docx", "word/document.xml"),
        ("pptx", "ppt/presentation.xml"),
        ("xlsx", "xl/workbook.xml"),
        ("hwpx", "Contents/content.hpf"),
    ):
        if member in members:
            return form
    folders = {member.split("/", 1)[0] for member in members}
    return next((form for form, top in (("docx", "word"), ("pptx", "ppt"), ("xlsx", "xl")) if top in folders), "")


def cut(source: Source, first: int, last: int) -> Source:
    """Return pages *first* to *last* (1-based, inclusive) of a PDF as a source of its own, in a temporary file.

    The part carries the name of the whole; `close()` it when it has been sent.

    Raises:
        SourceError: The PDF cannot be read, or the temporary file not be written.
    """
    import pypdfium2

    target = _temporary_file(source.name)
    try:
        with (
            PDFIUM_LOCK,
            holding_interrupts(),
            source.open() as handle,
            closing(_pdf(handle, source.name)) as whole,
            closing(pypdfium2.PdfDocument.new()) as part,
        ):
            part.import_pages(whole, list(range(first - 1, last)))
            part.save(target)
        size = target.seek(0, os.SEEK_END)
        return replace(
            source,
            filename=f"{Path(source.filename).stem}.pages-{first}-{last}.pdf",
            sha256=_digest(target, size)[0],
            size=size,
            pages=last - first + 1,
            _path=None,
            _handle=target,
            _owned=True,
        )
    except (OSError, pypdfium2.PdfiumError) as error:  # pdfium says of a full disk no more than that it failed
        with suppress(OSError):
            target.close()
        raise SourceError(
            f"Pages {first}-{last} of {source.name!r} cannot be cut out of it: {error}. They are written to a "
            "temporary file: is there room where TMPDIR leads? If the file itself is damaged, save it again."
        ) from error
    except BaseException:
        target.close()
        raise


def place_of(path: str | os.PathLike[str]) -> str:
    """Return *path* in one normal form, so that two spellings of it are equal; an address stays as it is.

    A link to a file is a file of its own: it has another name.
    """
    text = os.fsdecode(path)
    if "://" in text:
        return text
    folder, name = os.path.split(text)
    if name in {"", os.curdir, os.pardir}:
        folder, name = text, ""
    try:
        return os.path.normcase(os.path.join(os.path.realpath(folder), name))  # noqa: PTH118 - no Path: it may hold \0
    except (OSError, ValueError):  # what is wrong with it is said when it is read
        return text


def require_files(paths: Iterable[str | os.PathLike[str]]) -> None:
    """Raise at once for the first of *paths* that is missing, before anything is read or sent.

    Raises:
        SourceNotFoundError: There is no file at it.
    """
    for path in map(os.fsdecode, paths):
        try:
            Path(path).stat()
        except _MISSING:  # noqa: PERF203 - each is a file
            raise _not_found_error(path) from None
        except (OSError, ValueError):  # what else is wrong with such a path is said when it is read
            continue


def _not_found_error(text: str) -> SourceNotFoundError:
    """Return the error for a path that leads to no file, with a hint to what may have been meant."""
    if "://" in text:
        return SourceNotFoundError(f"{text!r} is an address, not a file; fetch it first, or hand over its bytes.")
    hint = ""
    if any(mark in text for mark in "*?["):
        hint = " Patterns are not searched for: pass the files, e.g. sorted(Path(folder).glob(pattern))."
    elif text.startswith("~"):
        hint = " Pass os.path.expanduser(path) for what is in the home folder."
    looked = ""
    with suppress(OSError):  # the folder in which the program was begun may be gone
        looked = f" (looked from {str(Path.cwd())!r})"
    return SourceNotFoundError(f"There is no file at {text!r}{looked}.{hint}")


def _no_file_error(text: str) -> SourceError:
    """Return the error of a path that leads to no regular file."""
    if not text:
        return SourceError("The path is empty; name a file.")
    if "\0" in text:
        return SourceError(f"{text!r} is not a path: it holds a null character.")
    try:
        mode = Path(text).stat().st_mode
    except _MISSING:
        return _not_found_error(text)
    except OSError as error:  # a folder that is closed to us, a link to itself: a failure is not an absence
        return _unreadable(text, error)
    if stat.S_ISDIR(mode):
        return SourceError(f"{text!r} is a directory; pass the files in it.")
    return SourceError(f"{text!r} is not a regular file; open it in binary mode and pass the file object.")


def _shown(name: str) -> str:
    """Return what a message calls the document *name*, `""` where it has none."""
    return repr(name) if name else "The document"


def _unreadable(name: str, error: Exception) -> SourceError:
    if isinstance(error, _MISSING):
        return SourceNotFoundError(f"{_shown(name)} is gone: there was a file, and now there is none.")
    if isinstance(error, io.UnsupportedOperation):  # which says no more than `read`
        return SourceError(f"{_shown(name)} cannot be read: it is not open for reading; open it with mode 'rb'.")
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return SourceError(f"{_shown(name)} cannot be read: {reason.rstrip('.')}.")


def _file_object(document: Any) -> tuple[BinaryIO, bool]:
    if isinstance(document, memoryview):
        document = document.tobytes()  # of every second byte, too
    if isinstance(document, (bytes, bytearray)):
        return io.BytesIO(document), False
    if not hasattr(document, "read"):
        raise ConfigError(f"A document is a path, bytes or a binary file object, not {type(document).__name__}.")
    if isinstance(document, io.TextIOBase):
        raise SourceError("The file object is in text mode; open it with mode 'rb'.")
    if getattr(document, "seekable", lambda: hasattr(document, "seek"))():
        if hasattr(document, "readinto"):  # by which pdfium reads, and which few objects lack that are like a file
            return document, False
        document.seek(0)
    name = getattr(document, "name", "")  # a number, where it was opened by one
    spool = _temporary_file(name if isinstance(name, str) else "")
    try:
        while block := document.read(_CHUNK):
            spool.write(block)
            if spool.tell() > _MOST_STREAMED:
                raise SourceError("The file object gives bytes without an end.")  # noqa: TRY301 - the spool is closed
    except TypeError as error:
        spool.close()
        raise SourceError("The file object does not give bytes; open it in binary mode.") from error
    except BaseException:
        spool.close()
        raise
    return spool, True


def _temporary_file(name: str) -> BinaryIO:
    try:
        return cast("BinaryIO", tempfile.TemporaryFile())
    except OSError as error:
        raise SourceError(
            f"{_shown(name)} needs a temporary file, which cannot be made ({error}); "
            "TMPDIR names another folder for it."
        ) from error


def _inspect(handle: BinaryIO, name: str) -> Source:
    name = name.encode(errors="backslashreplace").decode()  # bytes of a path that are no text fit no request and no id
    try:
        handle.seek(0, os.SEEK_END)
        size = handle.tell()
        if not (size or handle.read(0)):  # no more is read: some files of the system wait for what comes
            raise SourceError(f"{_shown(name)} is empty (0 bytes); copy or download it again.")
        suffix = Path(name).suffix
        form = detect(handle, suffix)
        digest, read = _digest(handle, size) if size <= (_MOST_READ if form else _MOST_STREAMED) else ("", size)
    except TypeError as error:
        raise SourceError(f"{_shown(name)} does not give bytes; open it in binary mode.") from error
    if read != size:
        raise SourceError(
            f"{_shown(name)} says that it has {size:,} bytes, but another number came; "
            "if it changed while it was read, run again."
        )
    named = FORMAT_OF_SUFFIX.get(suffix.lower(), "")
    if not form:
        raise SourceError(_format_problem(handle, name, suffix, named))
    if size > _MOST_READ:
        raise SourceError(f"{_shown(name)} is {size / 10**9:,.0f} GB, more than any document that the API takes.")
    true_suffix = FORMATS[form].suffixes[0]
    if named and named != form and not (is_picture(named) and is_picture(form)):
        raise SourceError(f"{_shown(name)} is named {suffix} but holds {form.upper()}; rename it to {true_suffix}.")
    pages, pixels = _count_pages(handle, form, name)
    filename = Path(name.replace("\\", "/")).name if name else "document"
    if named != form:  # phones and browsers give pictures each other's suffixes; the API goes by it
        filename = (filename.removesuffix(suffix) if named else filename) + true_suffix
    return Source(name or f"sha256:{digest}", filename, form, digest, size, pages, pixels)


def _format_problem(handle: BinaryIO, name: str, suffix: str, named: str) -> str:
    handle.seek(0)
    head = handle.read(8)
    if named in {"docx", "pptx", "xlsx"} and head.startswith(b"\xd0\xcf\x11\xe0"):
        return f"{_shown(name)} is encrypted, or an old Office file named {suffix}; save it again without a password."
    if named:
        return (
            f"{_shown(name)} is named {suffix} but does not hold {named.upper()}: it is damaged or of another format."
        )
    called = f" ({suffix})" if suffix else ""
    return f"{_shown(name)}{called} is of no format that the API takes: {supported()}. Convert it to PDF first."


def _digest(handle: Any, size: int) -> tuple[str, int]:
    """Return the SHA-256 of a file of *size* bytes, and how many it gave: more than those are not waited for."""
    handle.seek(0)
    digest, read = sha256(), 0
    while read <= size and (block := handle.read(_CHUNK)):
        digest.update(block)
        read += len(block)
    return digest.hexdigest(), read


def _count_pages(handle: BinaryIO, form: str, name: str) -> tuple[int | None, int]:
    """Return how many pages there are, and the pixels of the largest one, as the API sees it."""
    if form == "pdf":
        import pypdfium2

        with PDFIUM_LOCK, holding_interrupts(), closing(_pdf(handle, name)) as pdf:
            count = len(pdf)
            if not count:
                raise SourceError(f"{_shown(name)} is a PDF without pages.")
            scale = _DPI / 72
            try:
                sizes_in_points = list(map(pdf.get_page_size, range(count)))
            except pypdfium2.PdfiumError as error:  # it claims pages that are not there
                raise SourceError(_DAMAGED.format(_shown(name))) from error
            return count, int(max(width * scale * height * scale for width, height in sizes_in_points))
    sizes = image_pages(handle, form)
    if is_picture(form):
        return len(sizes) or 1, max((width * height for width, height in sizes), default=0)
    return None, 0


def _pdf(handle: BinaryIO, name: str) -> Any:
    import pypdfium2

    handle.seek(0)
    with suppress(pypdfium2.PdfiumError):
        return pypdfium2.PdfDocument(handle, autoclose=False)
    # pdfium's last error outlives the call that it belongs to, and an empty tree of pages sets none. So set one that
    # a file in hand cannot give, and look again.
    pypdfium2.raw.FPDF_LoadDocument(b"", None)
    handle.seek(0)
    try:
        return pypdfium2.PdfDocument(handle, autoclose=False)
    except pypdfium2.PdfiumError as error:
        code = pypdfium2.raw.FPDF_GetLastError()
        if code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise SourceError(
                f"{_shown(name)} is encrypted; remove its password (e.g. with qpdf --decrypt)."
            ) from error
        if code == pypdfium2.raw.FPDF_ERR_FILE:
            raise SourceError(f"{_shown(name)} is a PDF without pages.") from error
        raise SourceError(_DAMAGED.format(_shown(name))) from error
