"""Documents are looked at before anything is sent: what they are, how large, how many pages; and PDFs are cut."""

from __future__ import annotations

import hashlib
import io
import mmap
import os
import signal
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from eventually import GENEROUS
from interrupting import hearing_ctrl_c
from stand_in import labels, make_pdf

from upstage_docs.errors import ConfigError, SourceError, SourceNotFoundError
from upstage_docs.files.formats import FORMATS
from upstage_docs.files.source import cut, inspect, require_files


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\x02\0\0\0"


def jpeg(width: int, height: int) -> bytes:
    app = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\0" * 9
    return b"\xff\xd8" + app + b"\xff\xc2" + struct.pack(">HBHH", 17, 8, height, width) + b"\0" * 10


def bmp(width: int, height: int) -> bytes:
    return b"BM" + b"\0" * 12 + struct.pack("<Iii", 40, width, height) + b"\0" * 28


def tiff(*sizes: tuple[int, int], order: str = "<") -> bytes:
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    directories = b""
    for index, (width, height) in enumerate(sizes):
        entries = struct.pack(f"{order}HHIHH", 256, 3, 1, width, 0) + struct.pack(f"{order}HHII", 257, 4, 1, height)
        following = 8 + (index + 1) * 30 if index + 1 < len(sizes) else 0
        directories += struct.pack(f"{order}H", 2) + entries + struct.pack(f"{order}I", following)
    return head + directories


def heic(width: int, height: int) -> bytes:
    boxes = b"".join(struct.pack(">I4sIII", 20, b"ispe", 0, *size) for size in ((160, 120), (width, height)))
    return struct.pack(">I4s4sI", 16, b"ftyp", b"heic", 0) + boxes


def archive(*members: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for member in members:
            made.writestr(member, "<x/>")
    return target.getvalue()


# A version of the format that Python's zipfile does not read.
NEWER_ZIP = archive("word/document.xml").replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\xff")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
FILES = {
    "a.pdf": ("pdf", make_pdf("a", 3), 3),
    "a.jpg": ("jpeg", jpeg(640, 480), 1),
    "a.jpeg": ("jpeg", jpeg(640, 480), 1),
    "a.png": ("png", png(640, 480), 1),
    "a.bmp": ("bmp", bmp(640, -480), 1),
    "a.tif": ("tiff", tiff((640, 480), (10, 10)), 2),
    "a.tiff": ("tiff", tiff((640, 480), order=">"), 1),
    "a.heic": ("heic", heic(640, 480), 1),
    "a.docx": ("docx", archive("[Content_Types].xml", "word/document.xml"), None),
    "a.pptx": ("pptx", archive("ppt/presentation.xml"), None),
    "a.xlsx": ("xlsx", archive("xl/workbook.xml"), None),
    "a.hwpx": ("hwpx", archive("mimetype", "Contents/content.hpf"), None),
    "a.hwp": ("hwp", OLE, None),
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_is_told_by_its_bytes(name: str, tmp_path: Path) -> None:
    form, content, pages = FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    source = inspect(path)
    assert (source.format, source.pages, source.size) == (form, pages, len(content))
    assert source.name == str(path)
    assert source.filename == name
    assert source.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", [name for name in FILES if FORMATS[FILES[name][0]].mime.startswith("image/")])
def test_pixels_of_an_image_are_read_from_its_header(name: str) -> None:
    assert inspect(FILES[name][1], source=name).pixels == 640 * 480


def test_pixels_of_a_pdf_are_those_at_150_dpi() -> None:
    assert inspect(make_pdf("a", 1)).pixels == 625 * 625


def test_bytes_without_a_name_are_named_by_their_digest_and_sent_with_a_suffix() -> None:
    content = make_pdf("a", 1)
    source = inspect(content)
    assert source.name == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert source.filename == "document.pdf"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO])
def test_bytes_in_any_wrapping_are_the_same_document(kind: type) -> None:
    content = make_pdf("a", 2)
    source = inspect(kind(content), source="folder/보고서.pdf")
    with source.open() as handle:
        assert handle.read() == content
    assert (source.pages, source.filename) == (2, "보고서.pdf")


def test_a_view_of_other_bytes_is_read_as_it_shows_them() -> None:
    content = make_pdf("a", 2)
    view = memoryview(bytes(byte for one in content for byte in (one, 0)))[::2]
    with inspect(view).open() as handle:
        assert handle.read() == content
    view.release()
    with pytest.raises(SourceError, match="released"):
        inspect(view)


class BytesPath:
    """A path as the operating system has it, and as a walk over a folder of bytes gives it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> bytes:
        return os.fsencode(self.path)


def test_a_path_of_bytes_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "보고서.pdf"
    path.write_bytes(make_pdf("a", 2))
    source = inspect(BytesPath(path))  # type: ignore[arg-type]
    with source.open() as handle:
        assert (source.name, handle.read()) == (str(path), path.read_bytes())
    for look in (inspect, lambda path: require_files([path])):
        with pytest.raises(SourceNotFoundError, match=r"gone\.pdf"):
            look(BytesPath(tmp_path / "gone.pdf"))  # type: ignore[arg-type]


class LikeAFile:
    """Has of a file what most have: object stores and databases hand out such."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)
        self.read, self.seek, self.tell = self._content.read, self._content.seek, self._content.tell


@pytest.mark.parametrize("kind", ["like a file", "mapped"])
def test_what_is_like_a_file_is_read_from_its_start(tmp_path: Path, kind: str) -> None:
    content = make_pdf("a", 2)
    (tmp_path / "a.pdf").write_bytes(content)
    with (tmp_path / "a.pdf").open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        document: Any = mapped if kind == "mapped" else LikeAFile(content)
        document.seek(50)
        with closing(inspect(document, source="a.pdf")) as source:
            with source.open() as handle:
                assert handle.read() == content
            with closing(cut(source, 2, 2)) as part:
                assert (source.pages, part.pages) == (2, 1)


def test_a_file_object_is_read_from_its_start_and_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 2))
    with path.open("rb") as handle:
        handle.seek(50)
        source = inspect(handle)
        with source.open() as opened:
            assert opened.read() == path.read_bytes()
        source.close()
        assert not handle.closed
    assert source.name == str(path)


def test_a_stream_that_cannot_be_rewound_is_kept_in_a_temporary_file() -> None:
    content = make_pdf("a", 2)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, ThreadPoolExecutor(1) as pool:
        with os.fdopen(writing, "wb") as feed:
            pool.submit(feed.write, content).result(GENEROUS)
        source = inspect(stream, source="piped.pdf")
    with source.open() as handle:
        assert handle.read() == content
    source.close()
    with pytest.raises(ValueError, match="closed"):
        handle.read()


class ReadsNothing(io.BytesIO):
    """As one that does not block says that there is nothing now."""

    def read(self, size: int | None = -1) -> Any:
        return None


class Disk(io.BytesIO):
    """As the image of a disk: it says that it has more than anybody would read."""

    asked = 0

    def seek(self, at: int, whence: int = 0) -> int:
        return 1 << 40 if whence else super().seek(at)

    def tell(self) -> int:
        return 1 << 40

    def read(self, size: int | None = -1) -> bytes:
        self.asked += size or 0
        if self.asked > 1 << 28:
            raise OSError("nobody should read so much")
        return super().read(size).ljust(size or 0, b"\0")


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"", "of no format that the API takes"),
        (b"%PDF-1.4", "is 1,100 GB, more than any document that the API takes"),
        (b"\x89PNG\r\n\x1a\n", "is 1,100 GB, more than any document that the API takes"),
    ],
)
def test_a_huge_file_is_refused_before_it_is_read(head: bytes, reason: str) -> None:
    disk = Disk(head)
    with pytest.raises(SourceError, match=reason):
        inspect(disk)
    assert disk.asked < 10_000


class Growing(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        return super().read(size) or b"more"


class Failing(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise OSError("the share is gone")


@pytest.mark.parametrize("kind", [ReadsNothing, Growing, Failing])
def test_a_file_object_that_does_not_give_what_it_has_is_an_error(kind: type[io.BytesIO]) -> None:
    with pytest.raises(SourceError, match=r"another number came; if it changed|the share is gone"):
        inspect(kind(make_pdf("a", 1)))


def test_a_file_object_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    closed = io.BytesIO(make_pdf("a", 1))
    closed.close()
    assert refused(closed) == "The document cannot be read: I/O operation on closed file."
    with (tmp_path / "new.pdf").open("wb") as writing, pytest.raises(SourceError, match=r"new\.pdf' cannot be read"):
        inspect(writing)
    with (tmp_path / "new.pdf").open("wb") as writing:
        assert refused(writing, "new.pdf") == (
            "'new.pdf' cannot be read: it is not open for reading; open it with mode 'rb'."
        )


@pytest.mark.parametrize("content", [b"", b"no document", b"%PDF-1.7 cut off"])
def test_what_has_no_name_is_called_the_document_without_quotation_marks(content: bytes) -> None:
    assert refused(content).startswith("The document ")
    assert refused(content, "a.pdf").startswith("'a.pdf' ")


def test_a_name_without_a_known_suffix_gets_the_right_one() -> None:
    assert inspect(make_pdf("a", 1), source="upload.tmp").filename == "upload.tmp.pdf"


def refused(document: object, source: str | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        inspect(document, source=source)  # type: ignore[arg-type]
    return caught.value.message


def test_a_missing_file_is_also_a_file_not_found_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no file at .*missing\.pdf"):
        inspect(tmp_path / "missing.pdf")


def test_an_address_is_not_a_file() -> None:
    with pytest.raises(SourceNotFoundError, match="is an address, not a file; fetch it"):
        inspect("https://example.com/a.pdf")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("*.pdf", r"sorted\(Path\(folder\)\.glob\(pattern\)\)"),
        ("~/a.pdf", "expanduser"),
        ("", "The path is empty; name"),
    ],
)
def test_a_path_that_is_meant_otherwise_says_how_to_mean_it(path: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        inspect(path)


def test_a_directory_an_empty_file_and_a_null_byte_are_named(tmp_path: Path) -> None:
    assert "is a directory" in refused(tmp_path)
    (tmp_path / "empty.pdf").touch()
    assert "empty.pdf' is empty (0 bytes)" in refused(tmp_path / "empty.pdf")
    assert "is empty" in refused(b"", "nothing.pdf")
    assert "null character" in refused("a\0b.pdf")


def test_what_has_no_bytes_is_not_read() -> None:
    """Such a file of the system (/proc/kmsg) waits for what comes, for ever."""

    class Waiting(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(size) if size == 0 else pytest.fail("it is read")

    assert "is empty" in refused(Waiting())


def test_a_file_that_is_there_and_cannot_be_reached_is_not_gone(tmp_path: Path) -> None:
    """An index would forget a file that is gone: only what says so is one."""
    itself = tmp_path / "itself.pdf"
    itself.symlink_to(itself)
    (tmp_path / "plain").touch()
    require_files([itself])
    with pytest.raises(SourceError, match=r"itself\.pdf' cannot be read") as caught:
        inspect(itself)
    assert not isinstance(caught.value, SourceNotFoundError)
    looks: list[Callable[[Path], object]] = [inspect, lambda path: require_files([path])]
    for gone in (tmp_path / "gone.pdf", tmp_path / "plain" / "a.pdf"):
        for look in looks:
            with pytest.raises(SourceNotFoundError):
                look(gone)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_a_closed_folder_and_a_deleted_working_folder_are_told_as_they_are() -> None:
    program = """
import os, pathlib, tempfile
from upstage_docs.errors import SourceError, SourceNotFoundError
from upstage_docs.files.source import inspect, require_files
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "closed").mkdir(mode=0)
os.chdir(tempfile.mkdtemp())
os.seteuid(65534)
try:
    require_files([folder / "closed" / "a.pdf"])
    inspect(folder / "closed" / "a.pdf")
except SourceError as error:
    assert not isinstance(error, SourceNotFoundError), error
os.seteuid(0)
os.rmdir(os.getcwd())
try:
    require_files(["a.pdf"])
except SourceNotFoundError as error:
    assert str(error) == "There is no file at 'a.pdf'.", error
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=GENEROUS)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    assert "not a regular file" in refused(tmp_path / "pipe.pdf")


@pytest.mark.parametrize(
    ("content", "name", "filename", "mime"),
    [
        (png(3, 2), "scan.jpg", "scan.png", "image/png"),
        (png(3, 2), "SCAN.JPEG", "SCAN.png", "image/png"),
        (png(3, 2), "a.b.tif", "a.b.png", "image/png"),
        (png(3, 2), "scan.dat", "scan.dat.png", "image/png"),
        (jpeg(3, 2), "scan.heic", "scan.jpg", "image/jpeg"),
        (jpeg(3, 2), "scan.png", "scan.jpg", "image/jpeg"),
        (jpeg(3, 2), "scan.jpeg", "scan.jpeg", "image/jpeg"),
    ],
)
def test_a_picture_with_the_suffix_of_another_goes_under_its_own(
    content: bytes, name: str, filename: str, mime: str, tmp_path: Path
) -> None:
    """The API goes by the suffix of the upload; the document keeps its name."""
    (tmp_path / name).write_bytes(content)
    for source in (inspect(tmp_path / name), inspect(content, source=name)):
        assert (source.filename, FORMATS[source.format].mime, source.pixels) == (filename, mime, 6)
        assert source.name.endswith(name)


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (png(1, 1), "a.pdf", "is named .pdf but holds PNG; rename it to .png"),
        (b"hello world, this is text", "a.pdf", "is named .pdf but does not hold PDF"),
        (b"hello world, this is text", "a.txt", r"(.txt) is of no format that the API takes: PDF, JPEG"),
        (b"GIF89a" + b"\0" * 40, "a.gif", "Convert it to PDF first"),
        (b"RIFF\0\0\0\0WEBP", "a.webp", "no format that the API takes"),
        (OLE, "a.docx", "is encrypted, or an old Office file"),
        (OLE, "a.doc", "no format that the API takes"),
        (archive("some.txt"), "a.zip", "no format that the API takes"),
        (b"PK\x03\x04 not a zip at all", "a.docx", "does not hold DOCX"),
        (make_pdf("a", 1)[:60], "a.pdf", "damaged or cut off"),
        (b"%PDF-1.7\nnothing of the kind", "a.pdf", "damaged or cut off"),
        (make_pdf("a", 1).replace(b"/Count 1", b"/Count 7"), "a.pdf", "damaged or cut off"),
        (NEWER_ZIP, "a.docx", "does not hold DOCX"),
    ],
)
def test_wrong_extensions_and_unsupported_types_are_refused(content: bytes, name: str, says: str) -> None:
    message = refused(content, name)
    assert says in message
    assert name in message


def test_an_encrypted_pdf_is_refused_with_the_remedy() -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    target = io.BytesIO()
    canvas = Canvas(target, encrypt=StandardEncryption("secret", ownerPassword="owner"))
    canvas.drawString(10, 10, "secret")
    canvas.save()
    message = refused(target.getvalue(), "locked.pdf")
    assert "'locked.pdf' is encrypted" in message
    assert "qpdf" in message


def test_a_pdf_without_pages_is_refused() -> None:
    target = io.BytesIO()
    pdf = pypdfium2.PdfDocument.new()
    pdf.save(target)
    pdf.close()
    assert refused(target.getvalue(), "none.pdf") == "'none.pdf' is a PDF without pages."


def test_text_mode_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_text("x")
    with path.open() as handle:
        assert "mode 'rb'" in refused(handle)
    assert "mode 'rb'" in refused(io.StringIO("x"))


@pytest.mark.parametrize("nonsense", [None, 7, ["a.pdf"], {"a": 1}])
def test_what_is_no_document_is_a_config_error(nonsense: object) -> None:
    with pytest.raises(ConfigError, match="path, bytes or a binary file object"):
        inspect(nonsense)  # type: ignore[arg-type]


@pytest.mark.parametrize("changed", [make_pdf("a", 2), make_pdf("b", 1)], ids=["longer", "as long"])
def test_a_file_that_changes_before_it_is_sent_is_noticed(tmp_path: Path, changed: bytes) -> None:
    """What is answered to other bytes would be kept as the answer to those that were looked at."""
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 1))
    source = inspect(path)
    os.utime(path, (1.0, 1.0))
    with source.open() as handle:
        assert handle.read() == make_pdf("a", 1), "only its time has changed"
    path.write_bytes(changed)
    with pytest.raises(SourceError, match="changed while"), source.open():
        pass
    path.unlink()
    with pytest.raises(SourceNotFoundError, match="is gone"), source.open():
        pass
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
        with pytest.raises(SourceError, match="not a regular file"), source.open():
            pass


def test_a_file_whose_time_has_changed_is_hashed_once_and_not_for_each_part(tmp_path: Path) -> None:
    """As one that a backup or a synchronised folder touches while it is read: large files have hundreds of parts."""
    hashed = 0

    def note(_: object, event: str, function: Any) -> None:
        nonlocal hashed
        hashed += event == "c_call" and function.__name__ == "update" and hasattr(function.__self__, "hexdigest")

    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 1))
    source = inspect(path)
    os.utime(path, (1.0, 1.0))
    sys.setprofile(note)
    try:
        for _ in range(3):
            with source.open() as handle:
                assert handle.tell() == 0
    finally:
        sys.setprofile(None)
    assert hashed == 1


def texts(content: bytes) -> list[str]:
    pdf = pypdfium2.PdfDocument(content)
    try:
        return [page.get_textpage().get_text_bounded().strip() for page in pdf]
    finally:
        pdf.close()


def test_a_part_holds_exactly_its_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 12))
    part = cut(inspect(path), 4, 9)
    with part.open() as handle:
        content = handle.read()
    assert texts(content) == labels("a", 12)[3:9]
    assert (part.pages, part.size, part.sha256) == (6, len(content), hashlib.sha256(content).hexdigest())
    assert (part.name, part.filename) == (str(path), "a.pages-4-9.pdf")
    part.close()


def test_pdfs_are_read_by_many_threads_at_once() -> None:
    content = make_pdf("a", 20)
    with ThreadPoolExecutor(8) as pool:
        parts = list(pool.map(lambda page: cut(inspect(content), page, page), range(1, 17)))
    for page, part in enumerate(parts, start=1):
        with part.open() as handle:
            assert texts(handle.read()) == [f"a page {page}"]
        part.close()


@pytest.mark.parametrize("name", [name for name in FILES if name != "a.pdf"])
def test_cut_off_images_and_archives_do_not_crash(name: str) -> None:
    """The header may be broken anywhere: it is then refused, or left to the API to judge."""
    content = FILES[name][1]
    for length in range(1, min(len(content), 120)):
        with suppress(SourceError):
            inspect(content[:length], source=name)


def test_without_room_for_a_temporary_file_the_error_is_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        def readable(self) -> bool:
            return True

    whole = inspect(make_pdf("a", 2))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(SourceError, match="TMPDIR"):
        cut(whole, 1, 1)
    with pytest.raises(SourceError, match="TMPDIR"):
        inspect(Pipe())  # type: ignore[arg-type]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_a_disk_that_is_full_while_pages_are_cut_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = inspect(make_pdf("a", 2))
    full = partial(Path("/dev/full").open, "w+b")
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(SourceError, match=r"Pages 1-1 .*room"):
        cut(whole, 1, 1)


def test_a_path_that_cannot_be_looked_at_is_told_when_it_is_read() -> None:
    """Longer than a system takes: looking whether it is there is an error already."""
    require_files(["a" * 5000])
    with pytest.raises(SourceError, match="cannot be read"):
        inspect("a" * 5000)


class PressedWhileRead(io.BytesIO):
    """A file during whose *at*-th reading by pdfium, counted from 1, Ctrl-C is pressed."""

    def __init__(self, content: bytes, at: int) -> None:
        super().__init__(content)
        self.left = at

    def readinto(self, buffer: Any) -> int:
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGINT)
        return super().readinto(buffer)


@pytest.mark.parametrize("at", [1, 2, 4])
def test_ctrl_c_while_pdfium_reads_is_no_damage_and_is_not_lost(at: int) -> None:
    with hearing_ctrl_c(), pytest.raises(KeyboardInterrupt):
        inspect(PressedWhileRead(make_pdf("a", 3), at), source="a.pdf")
