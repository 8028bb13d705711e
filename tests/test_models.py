"""The values themselves: boxes, pages, what a repr shows, what survives a pickle."""

from __future__ import annotations

import pickle

import msgspec
import pytest
from hypothesis import given, strategies as st

from upstage_docs.models import Answer, Batch, Element, Job, OcrPage, OcrResult, OcrWord, ParsedDocument, bounding_box

QUAD = ((0.1, 0.2), (0.3, 0.21), (0.29, 0.4), (0.09, 0.39))
coordinates = st.lists(st.tuples(st.floats(-1, 2), st.floats(-1, 2)), max_size=6).map(tuple)


def test_the_box_of_a_rotated_quad_encloses_it() -> None:
    assert bounding_box(QUAD) == (0.09, 0.2, 0.3, 0.4)


def test_a_box_is_clamped_to_the_page() -> None:
    assert bounding_box(((-0.01, 0.5), (1.056, 1.039))) == (0.0, 0.5, 1.0, 1.0)


def test_without_coordinates_the_box_is_four_zeros() -> None:
    assert Element(0, 1, "paragraph").box == (0.0, 0.0, 0.0, 0.0)


@given(coordinates)
def test_a_box_is_always_four_floats_in_order_on_the_page(points: tuple[tuple[float, float], ...]) -> None:
    box = bounding_box(points)

    assert all(type(value) is float and 0.0 <= value <= 1.0 for value in box)
    assert box[0] <= box[2]
    assert box[1] <= box[3]


def test_pages_group_the_elements_in_page_order() -> None:
    """A caption answered late still stands on its page."""
    elements = (Element(0, 1, "heading1"), Element(1, 2, "table"), Element(2, 1, "caption"))
    document = ParsedDocument("a.pdf", "", "m", elements)

    assert [(page.number, [element.id for element in page.elements]) for page in document.pages] == [
        (1, [0, 2]),
        (2, [1]),
    ]


def test_raw_is_the_body_itself_or_an_array_of_the_bodies() -> None:
    one, two = b'{"elements": [] }', b'{"elements":[1]}'

    assert ParsedDocument("", "", "", (), answers=(Answer(one),)).raw == one
    assert ParsedDocument("", "", "", (), answers=(Answer(one), Answer(two))).raw == b"[" + one + b"," + two + b"]"


def test_a_repr_shows_no_bytes_and_no_signed_address() -> None:
    document = ParsedDocument("a.pdf", "", "m", (), answers=(Answer(b"secret body"),))
    batch = Batch(0, "completed", 1, 10, download_url="https://bucket.invalid/?X-Amz-Signature=secret")
    ocr = OcrResult("a.png", "", "ocr", (), "secret", 1.0, 1, raw=b"secret")

    shown = f"{document!r} {document.answers!r} {batch!r} {Job('r', batches=(batch,))!r} {ocr!r}"

    assert "secret" not in shown
    assert "'a.pdf'" in shown


@pytest.mark.parametrize(
    ("status", "done"), [("completed", True), ("failed", True), ("started", False), ("new", False)]
)
def test_an_unknown_state_counts_as_running(status: str, done: bool) -> None:
    assert Job("r", status).done is done


def test_words_of_low_confidence_come_with_their_page() -> None:
    page = OcrPage(2, 100, 50, 0.7, "a b", (OcrWord(0, "a", 0.79, ()), OcrWord(1, "b", 0.8, ())))
    result = OcrResult("a.png", "", "ocr", (page,), "a b", 0.7, 1)

    assert [(page.number, word.text) for page, word in result.low_confidence(below=0.8)] == [(2, "a")]


def test_models_are_frozen_and_pickle() -> None:
    document = ParsedDocument("a.pdf", "ab", "m", (Element(3, 1, "table", coordinates=QUAD),), answers=(Answer(b"{}"),))

    assert pickle.loads(pickle.dumps(document)) == document
    with pytest.raises(AttributeError):
        document.source = "b.pdf"  # type: ignore[misc]
    assert msgspec.json.decode(msgspec.json.encode(document.elements[0]), type=Element) == document.elements[0]
