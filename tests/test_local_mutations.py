"""Valid files, mutated at random but the same way each time: each is answered, or refused for what is true of it.

Never for an error of our own, never by the death of a worker, and never with an empty answer that says nothing.
"""

from __future__ import annotations

import base64
import io
import random
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache, partial

import httpx
import pytest
from eventually import GENEROUS
from test_local_damage import letter, pdf, picture, rule, ruled_table, sheets, slides, words

from upstage_docs.local import BASE_URL, Engine, LocalTransport, WorkerLimits

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="worker processes are limited by POSIX means")

FEW, MANY = 12, 500
"""Mutations of each form, in every run and where there is time."""
STREAM = re.compile(rb"stream\r?\n([^~]*)~>\s*endstream")
"""A stream as our own PDFs have them: compressed, and written in ASCII."""
NUMBER = re.compile(rb"(?<![\w.#/<-])-?\d+\.?\d*(?![\w.>])")
AWKWARD = (b"0", b"-1", b"1e9", b"99999999", b"-99999999", b"0.00001", b"4294967296", b"9" * 40)
Mutate = Callable[[random.Random, bytes], bytes]


def flipped(chance: random.Random, data: bytes) -> bytes:
    """Return *data* with some bytes changed."""
    out = bytearray(data)
    for _ in range(chance.choice([1, 5, 30])):
        out[chance.randrange(len(out))] = chance.randrange(256)
    return bytes(out)


def cut_off(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data) // 10, len(data))]


def with_a_hole(chance: random.Random, data: bytes) -> bytes:
    start, length = chance.randrange(len(data)), chance.choice([10, 100, 1_000])
    return data[:start] + chance.choice([b"", bytes(length)]) + data[start + length :]


# --- PDF: what is drawn, and how pages hang together


def drawn_otherwise(chance: random.Random, data: bytes) -> bytes:
    """Return a PDF with the content of one of its streams blanked, thinned out, or with awkward numbers in it."""
    found = chance.choice(list(STREAM.finditer(data)))
    content = zlib.decompress(base64.a85decode(found[1]))
    match chance.randrange(5):
        case 0:
            content = b" " * len(content)
        case 1:
            content = NUMBER.sub(lambda one: chance.choice(AWKWARD) if chance.random() < 0.2 else one[0], content)
        case 2:
            content = b" ".join(word for word in content.split() if chance.random() > 0.1)
        case 3:
            content = re.sub(rb"BT.*?ET", b"", content, flags=re.DOTALL)
        case _:
            turned = chance.choice([b"0 0 0 0 0 0", b"1 0 .3 1 0 0", b"-1 0 0 -1 600 800", b"1e6 0 0 1e6 0 0"])
            content = turned + b" cm Q " + content
    return data[: found.start(1)] + base64.a85encode(zlib.compress(content)) + data[found.end(1) :]


def hung_otherwise(chance: random.Random, data: bytes) -> bytes:
    """Return a PDF whose pages are of another size, turned, lack something, or lead elsewhere."""
    match chance.randrange(4):
        case 0:
            box = chance.choice([b"[0 0 0 0]", b"[0 0 1 1]", b"[-500 -500 100 100]", b"[612 792 0 0]", b"[]", b"null"])
            return re.sub(rb"/MediaBox\s*\[[^\]]*\]", lambda _: b"/MediaBox " + box, data)
        case 1:
            return re.sub(rb"/Rotate \d+", b"/Rotate %d" % chance.choice([90, 180, 270, 45, -90, 99_999]), data)
        case 2:
            name = chance.choice([b"/Font", b"/Contents", b"/Resources", b"/Filter", b"/Length", b"/Kids", b"/Count"])
            return data.replace(name, b"/X" + name[2:])
        case _:
            return re.sub(
                rb"\b(\d+) 0 R\b",
                lambda one: b"%d 0 R" % chance.randrange(40) if chance.random() < 0.1 else one[0],
                data,
            )


# --- images: what their headers say


def with_another_header(chance: random.Random, data: bytes) -> bytes:
    """Return a BMP that says another offset, size, depth, compression or number of colours."""
    out = bytearray(data)
    start, length = chance.choice([(10, 4), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2), (30, 4), (46, 4)])
    value = chance.choice([0, 1, 3, 24, 40, 255, 30_000, -1, -90, 2**31 - 1])
    out[start : start + length] = (value % 256**length).to_bytes(length, "little")
    return bytes(out)


def with_another_segment(chance: random.Random, data: bytes) -> bytes:
    """Return a JPEG with a segment that is left out, of another kind, longer than the file, or of another size."""
    out = bytearray(data)
    starts = [found.start() for found in re.finditer(rb"\xff[\xc0\xc2\xc4\xda\xdb\xe0]", data)]
    start = chance.choice(starts)
    match chance.randrange(4):
        case 0:
            del out[start : start + 2 + int.from_bytes(out[start + 2 : start + 4], "big")]
        case 1:
            out[start + 1] = chance.choice([0xC1, 0xC9, 0xD8, 0xD9, 0xDA, 0xFE])
        case 2:
            out[start + 2 : start + 4] = chance.choice([b"\0\0", b"\0\1", b"\xff\xff"])
        case _:
            out[start + 5 : start + 7] = chance.choice([b"\0\0", b"\0\1", b"\xff\xff"])
    return bytes(out)


# --- Office: one part


def with_another_part(chance: random.Random, data: bytes) -> bytes:
    """Return an Office file of which one part is mutated, or left out; the archive itself is whole."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        chosen = chance.choice(source.namelist())
        for name in source.namelist():
            content = source.read(name)
            if name == chosen:
                match chance.randrange(4):
                    case 0:
                        continue
                    case 1:
                        content = re.sub(rb'"-?\d+"', lambda _: b'"' + chance.choice(AWKWARD) + b'"', content)
                    case 2:
                        content = re.sub(rb'"-?\d+"', '"②"'.encode(), content)
                    case _:
                        content = chance.choice([flipped, cut_off, with_a_hole])(chance, content or b" " * 20)
            target.writestr(name, content)
    return out.getvalue()


@cache
def made_pdf() -> bytes:
    """Return pages of many kinds: text, a table, a scan, a photograph, a rule alone, nothing."""
    rows = [("Item", "What it means in one sentence", "Mark"), *(("One", "A cell with words", "②") for _ in range(5))]
    return pdf(
        words("A heading", "1.1 A section", "• an item", "The text of the first page.", "– 1 –"),
        ruled_table([tuple(cell.replace("②", "²") for cell in row) for row in rows]),
        picture("white"),
        picture("photograph"),
        rule,
        lambda _: None,
    )


def made_image(form: str) -> bytes:
    """Return a picture of two words; of a TIFF, three pages of it."""
    image = pytest.importorskip("PIL.Image").new("L", (360, 90), 255)
    pen = pytest.importorskip("PIL.ImageDraw").Draw(image)
    pen.text((30, 25), "Harbour list", fill=0, font=pytest.importorskip("PIL.ImageFont").load_default(36))
    out = io.BytesIO()
    more = {"save_all": True, "append_images": [image, image]} if form == "TIFF" else {}
    image.save(out, form, **more)
    return out.getvalue()


BYTES: tuple[Mutate, ...] = (flipped, cut_off, with_a_hole)
PDF: tuple[Mutate, ...] = (*BYTES, drawn_otherwise, drawn_otherwise, hung_otherwise)
OFFICE: tuple[Mutate, ...] = (flipped, cut_off, with_another_part, with_another_part, with_another_part)
DOCUMENTS = ("pdf", "docx", "pptx", "xlsx")
FORMS: dict[str, tuple[Callable[[], bytes], tuple[Mutate, ...]]] = {
    "pdf": (made_pdf, PDF),
    "docx": (letter, OFFICE),
    "pptx": (slides, OFFICE),
    "xlsx": (sheets, OFFICE),
    "png": (partial(made_image, "PNG"), BYTES),
    "jpeg": (partial(made_image, "JPEG"), (*BYTES, with_another_segment, with_another_segment)),
    "bmp": (partial(made_image, "BMP"), (*BYTES, with_another_header, with_another_header)),
    "tiff": (partial(made_image, "TIFF"), BYTES),
}


@pytest.fixture(params=FORMS, scope="module")
def form(request: pytest.FixtureRequest) -> str:
    """Each form of files in turn."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def client(form: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the engine; text is recognised in images alone, elsewhere it would only take its time."""
    with pytest.MonkeyPatch.context() as patch:
        if form in DOCUMENTS:
            patch.setenv("TESSDATA_PREFIX", str(tmp_path_factory.mktemp("no data")))
        engine = Engine(limits=WorkerLimits(workers=1, seconds=GENEROUS))
        with httpx.Client(transport=LocalTransport(engine), base_url=BASE_URL, timeout=2 * GENEROUS) as client:
            yield client
        engine.close()


def assert_answered_or_refused(client: httpx.Client, form: str, seed: int) -> None:
    make, mutations = FORMS[form]
    chance = random.Random(f"{form} {seed}")
    mutate = chance.choice(mutations)
    document = mutate(chance, make())
    data = {"model": "document-parse", "output_formats": "['html', 'text', 'markdown']"}
    response = client.post("/document-digitization", data=data, files={"document": document})
    told = f"{form} {seed} ({mutate.__name__}): {response.status_code} {response.text[:300]}"

    if response.status_code == 200:
        answer = response.json()
        assert answer["elements"] or answer["warnings"], told
        assert answer["usage"]["standard"] == list(range(1, answer["usage"]["pages"] + 1)), told
    else:
        message = response.json()["message"]
        assert response.status_code in {413, 415, 422}, told
        assert not re.search(r"[A-Z]\w*(Error|Exception)\b", message), told
        assert "defect of the engine" not in message, told
        assert "ended the process" not in message, told


def test_a_mutated_file_is_answered_or_refused(client: httpx.Client, form: str) -> None:
    for seed in range(FEW):
        assert_answered_or_refused(client, form, seed)


@pytest.mark.slow
def test_many_mutated_files_are_answered_or_refused(client: httpx.Client, form: str) -> None:
    for seed in range(FEW, FEW + MANY):
        assert_answered_or_refused(client, form, seed)
