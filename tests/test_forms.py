"""Forms that are made to cost time or memory: each is read or refused about as fast as it arrives."""

from __future__ import annotations

import pytest
from steps import steps

pytest.importorskip("python_multipart")

from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.form import FormReader

MEGABYTE = 1 << 20
PIECE = 65_536
PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n'
DOCUMENT = b'--x\r\nContent-Disposition: form-data; name="document"; filename="a"\r\n\r\n'
REFUSED = {
    "the value of a header": PART + b"X-A: " + b"a" * (40 * MEGABYTE),
    "the name of a header": PART + b"X" * (40 * MEGABYTE),
    "many headers": PART + b"X-A: b\r\n" * MEGABYTE,
    "the name of a field": b'--x\r\nContent-Disposition: form-data; name="' + b"a" * (8 * MEGABYTE),
    "many parts": (PART + b"\r\n\r\n") * 200_000,
    "many semicolons": (b"--x\r\nContent-Disposition: form-data" + b";" * 3_900 + b"\r\n\r\n1\r\n") * 2_000,
    "many parameters": (b"--x\r\nContent-Disposition: form-data" + b';a="b"' * 600 + b"\r\n\r\n1\r\n") * 1_000,
    "much before the first part": b"a" * (8 * MEGABYTE),
    "a large field": PART + b"\r\n" + b"a" * (2 * MEGABYTE),
}
READ = {
    "lines that begin as a boundary does": DOCUMENT + b"\r\n--" * (2 * MEGABYTE),
    "ends of lines": DOCUMENT + b"\r" * (8 * MEGABYTE),
    "boundaries that are none": DOCUMENT + b"\n--x" * (2 * MEGABYTE),
    "much after the last part": PART + b"\r\n1\r\n--x--\r\n" + b"a" * (8 * MEGABYTE),
}


def read(body: bytes, content_type: str = "multipart/form-data; boundary=x") -> str:
    """Read the form in pieces, as it arrives; return why it is refused, if it is."""
    reader = None
    try:
        reader = FormReader(content_type, max_document=100 * MEGABYTE)
        for start in range(0, len(body), PIECE):
            reader.feed(body[start : start + PIECE])
    except Refusal as refusal:
        return str(refusal)
    finally:
        if reader is not None:
            reader.close()
    return ""


@pytest.mark.parametrize("kind", [*REFUSED, *READ])
def test_a_form_takes_few_steps(kind: str) -> None:
    body = {**REFUSED, **READ}[kind]
    refused: list[str] = []

    assert steps(lambda: refused.append(read(body))) < len(body) / 4
    assert bool(refused[0]) == (kind in REFUSED), refused


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=" + "x" * 60_000,
        "multipart/form-data; " + "a=b;" * 15_000 + " boundary=x",
        'multipart/form-data; boundary="' + '\\\\"' * 30_000,
        "multipart/form-data" + ";" * 60_000,
    ],
    ids=["a long boundary", "many parameters", "quotes", "semicolons"],
)
def test_the_type_of_a_form_takes_few_steps(content_type: str) -> None:
    assert steps(lambda: read(DOCUMENT, content_type)) < 30 * len(content_type)
