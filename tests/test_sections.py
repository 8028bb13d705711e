"""Sections hold all that stands under their heading, at every level."""

from __future__ import annotations

import json

import pytest

from upstage_docs.chunking.packing import chunk_elements
from upstage_docs.models import Element, ParsedDocument, Record
from upstage_docs.records.options import RecordOptions
from upstage_docs.records.records import METADATA_KEYS, records
from upstage_docs.records.sections import sections


def element(number: int, category: str, text: str, sub_category: str = "") -> Element:
    return Element(number, number // 3 + 1, category, text=text, sub_category=sub_category)


DOCUMENT = ParsedDocument(
    "a.pdf",
    "ab",
    "m",
    (
        element(0, "paragraph", "before"),
        element(1, "heading1", "A"),
        element(2, "paragraph", "under A"),
        element(3, "heading1", "A.1", "h2"),
        element(4, "paragraph", "under A.1"),
        element(5, "heading1", "B"),
        element(6, "heading1", "C"),
        element(7, "table", "| c |"),
    ),
    total_pages=3,
)


@pytest.fixture
def elements() -> list[Record]:
    return list(records(DOCUMENT, RecordOptions(output_format="text")))


def test_sections_nest_as_their_headings_do(elements: list[Record]) -> None:
    found, section_of = sections(elements)

    assert [section.record.text for section in found] == [
        "A\n\nunder A\n\nA.1\n\nunder A.1",
        "A.1\n\nunder A.1",
        "C\n\n| c |",
    ]
    first, inner, last = found
    assert inner.parent is first
    assert first.children == [elements[1].id, elements[2].id, inner.record.id]
    assert inner.children == [elements[3].id, elements[4].id]
    assert [section_of.get(record.id) for record in elements] == [None, first, first, inner, inner, None, last, last]


def test_a_section_has_the_metadata_of_a_record(elements: list[Record]) -> None:
    first, inner, _ = sections(elements)[0]

    for section in (first, inner):
        assert {key: type(value) for key, value in section.record.metadata.items()} == METADATA_KEYS
        assert section.record.metadata["record_id"] == section.record.id
    assert [inner.record.metadata[key] for key in ("category", "headings", "section_id", "page")] == [
        "section", "A > A.1", elements[1].id, 2,
    ]  # fmt: skip


def test_the_same_headings_twice_are_two_sections() -> None:
    twice = (*DOCUMENT.elements[1:3], element(8, "heading1", "A"), element(9, "paragraph", "again"))
    found, _ = sections(records(ParsedDocument("a.pdf", "ab", "m", twice), RecordOptions(output_format="text")))

    assert [section.record.text for section in found] == ["A\n\nunder A", "A\n\nagain"]
    assert len({section.record.id for section in found}) == 2


def test_sections_of_chunks_keep_exact_spans() -> None:
    """Every span of a section's text is that of its element."""
    chunks = list(chunk_elements(DOCUMENT, chunk_size=30, output_format="text"))
    found, section_of = sections(chunks)

    assert set(section_of) | {chunks[0].id} >= {chunk.id for chunk in chunks if chunk.metadata["section_id"]}
    texts = {one.id: one.text for one in DOCUMENT.elements}
    for section in found:
        for number, _, start, end, *_ in json.loads(section.record.metadata["spans"]):
            assert section.record.text[start:end] == texts[number]
    assert found[-1].record.metadata["categories"].split(", ") == ["heading1", "table"]
