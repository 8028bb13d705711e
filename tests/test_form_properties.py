"""Forms, as an HTTP client writes them and in whatever pieces they arrive: each field and each byte of the document."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import pytest
from conftest import examples
from hypothesis import Phase, given, settings, strategies as st

pytest.importorskip("python_multipart")

from upstage_docs.local.refusal import Refusal
from upstage_docs.local.service.form import Form, FormReader

BOUNDARY = "----made-0123456789"
MOST = 1 << 20
Read = Callable[[list[bytes]], Form]

# What could be taken for the form itself, among anything else.
awkward = st.sampled_from(
    ("\r\n", "--", f"--{BOUNDARY}", f"\r\n--{BOUNDARY}", f"--{BOUNDARY[:-1]}", '"', "\\", "\0", "é", "한")
)
values = (
    st.lists(awkward | st.text(max_size=6), max_size=5).map("".join).filter(lambda text: f"--{BOUNDARY}" not in text)
)
# A surrogate cannot be sent, and a client escapes the rest of what a header cannot hold.
names = st.text(
    st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters='"\\%'), min_size=1, max_size=8
)
bodies = (
    st.lists(awkward.map(str.encode) | st.binary(max_size=40), max_size=8)
    .map(b"".join)
    .filter(lambda body: f"--{BOUNDARY}".encode() not in body)
)


@st.composite
def forms(draw: st.DrawFn) -> tuple[list[tuple[str, str]], tuple[str, bytes] | None]:
    """The fields in order, names repeated, and the document's name and bytes."""
    names_ = st.sampled_from(("model", "ocr", "coordinates", "output_formats")) | names
    fields = [
        (name, value) for name, value in draw(st.lists(st.tuples(names_, values), max_size=5)) if name != "document"
    ]
    fields = [(name, value) for name, value in fields if not _has_surrogate(value)]
    return fields, draw(st.none() | st.tuples(names, bodies))


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def written(fields: list[tuple[str, str]], document: tuple[str, bytes] | None) -> bytes:
    """Return the body that httpx sends."""
    files: list[tuple[str, Any]] = [(name, (None, value)) for name, value in fields]
    if document is not None:
        files.append(("document", (document[0], document[1], "application/octet-stream")))
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return httpx.Request("POST", "http://a/", files=files or [("none", (None, ""))], headers=headers).read()


def in_pieces(body: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    return [body[start:end] for start, end in pairwise(places)]


def read(pieces: list[bytes]) -> Form:
    reader = FormReader(f"multipart/form-data; boundary={BOUNDARY}", max_document=MOST)
    try:
        for piece in pieces:
            reader.feed(piece)
        return reader.finish()
    finally:
        reader.close()


cuts = st.lists(st.integers(0, 10_000), max_size=12)


def what_was_sent_arrives(
    reading: Read, form: tuple[list[tuple[str, str]], tuple[str, bytes] | None], places: list[int]
) -> None:
    fields, document = form
    found = reading(in_pieces(written(fields, document), places))
    try:
        wanted: dict[str, list[str]] = {}
        for name, value in fields or [("none", "")] if document is None else fields:
            wanted.setdefault(name, []).append(value)
        assert found.fields == wanted
        assert (found.document is None) == (document is None)
        if found.document is not None and document is not None:
            found.document.file.seek(0)
            content = found.document.file.read()
            assert (found.document.name, content, found.document.size) == (document[0], document[1], len(document[1]))
            assert found.document.sha256 == hashlib.sha256(document[1]).hexdigest()
    finally:
        found.close()


@examples(200)
@given(form=forms(), places=cuts)
def test_a_form_arrives_as_it_was_sent(
    form: tuple[list[tuple[str, str]], tuple[str, bytes] | None], places: list[int]
) -> None:
    what_was_sent_arrives(read, form, places)


@examples(200)
@given(form=forms(), places=cuts, harm=st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=3)), max_size=4))
def test_a_damaged_form_is_read_or_refused(
    form: tuple[list[tuple[str, str]], tuple[str, bytes] | None], places: list[int], harm: list[tuple[int, bytes]]
) -> None:
    """Whatever is cut out of it or put in, only a Refusal leaves, and pieces change nothing."""
    body = bytearray(written(*form))
    for at, put in harm:
        body[at % (len(body) + 1) : at % (len(body) + 1) + 2] = put

    def outcome(pieces: list[bytes]) -> tuple[Any, ...]:
        try:
            found = read(pieces)
        except Refusal as refusal:
            return (refusal.status,)
        found.close()
        return found.fields, found.document and (found.document.name, found.document.sha256)

    found = outcome(in_pieces(bytes(body), places))
    assert found == outcome([bytes(body)])
    assert len(found) == 2 or 400 <= found[0] < 500


# -- the property notices a reader that breaks it


def _last_value_wins(pieces: list[bytes]) -> Form:
    form = read(pieces)
    form.fields = {name: found[-1:] for name, found in form.fields.items()}
    return form


def _stripping(pieces: list[bytes]) -> Form:
    form = read(pieces)
    form.fields = {name: [one.strip() for one in found] for name, found in form.fields.items()}
    return form


def _by_lines(pieces: list[bytes]) -> Form:
    return read([piece.replace(b"\r\n\r\n\r\n", b"\r\n\r\n") for piece in pieces])


def _without_the_last_piece_of_the_document(pieces: list[bytes]) -> Form:
    form = read(pieces)
    if form.document is not None and form.document.size > 30:
        form.document.file.truncate(30)
    return form


@pytest.mark.parametrize("reading", [_last_value_wins, _stripping, _by_lines, _without_the_last_piece_of_the_document])
def test_a_broken_reader_is_noticed(reading: Read) -> None:
    search = settings(max_examples=500, phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises((AssertionError, Refusal)):
        search(given(form=forms(), places=cuts)(lambda form, places: what_was_sent_arrives(reading, form, places)))()
