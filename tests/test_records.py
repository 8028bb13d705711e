"""Records: their text in every split and format, metadata flat and complete, ids that never change by accident."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, get_args
from uuid import UUID, uuid5

import msgspec
import pytest
from hypothesis import given, strategies as st

from upstage_docs.api.decode import decode_document, decode_ocr
from upstage_docs.api.joining import document_json
from upstage_docs.chunking.packing import chunk_elements
from upstage_docs.errors import ConfigError
from upstage_docs.models import Answer, Element, OcrPage, OcrResult, OcrWord, ParsedDocument
from upstage_docs.options import Split
from upstage_docs.records.ocr_records import ocr_records
from upstage_docs.records.options import RecordOptions
from upstage_docs.records.records import METADATA_KEYS, NAMESPACE, OCR_KEYS, Recorder, coordinates_of, file_id, records

FORMATS = ("html", "markdown", "text", "json")
# What stores keep for themselves, measured in both frameworks' adapters.
RESERVED = {"text", "vector", "pk", "_id", "id", "doc_id", "document_id", "ref_doc_id"}
BOX = ((0.1, 0.1), (0.5, 0.1), (0.5, 0.2), (0.1, 0.2))


def element(identity: int, page: int, category: str, text: str, **fields: Any) -> Element:
    return Element(identity, page, category, f"<p id='{identity}'>{text}</p>", text, text, coordinates=BOX, **fields)


def answer(*elements: Element) -> bytes:
    return json.dumps(
        {
            "model": "document-parse-260930",
            "elements": [
                {
                    "id": one.id,
                    "page": one.page,
                    "category": one.category,
                    "sub_category": one.sub_category,
                    "content": {"html": one.html, "markdown": one.markdown, "text": one.text},
                    "coordinates": [{"x": x, "y": y} for x, y in one.coordinates],
                    "base64_encoding": one.base64_encoding,
                    "future": True,
                }
                for one in elements
            ],
        }
    ).encode()


ELEMENTS = (
    element(0, 1, "heading1", "1. Results"),
    element(1, 1, "paragraph", "R&D < 5.8"),
    element(2, 1, "heading1", "1.1 Sales", sub_category="h2"),
    element(3, 1, "table", "a b", base64_encoding="/9j/"),
    Element(4, 2, "figure"),
    element(5, 2, "heading1", "2. Outlook"),
    element(6, 2, "paragraph", "끝"),
)


@pytest.fixture
def document() -> ParsedDocument:
    return decode_document(answer(*ELEMENTS), source="folder/report.pdf", file_sha256="ab" * 32, total_pages=3)


@pytest.fixture
def runs(document: ParsedDocument) -> list[ParsedDocument]:
    """The same document as two batches of one page each, whose ids and pages start again."""
    named = {"source": document.source, "file_sha256": document.file_sha256, "total_pages": 3}
    second = tuple(
        Element(one.id - 4, 1, one.category, one.html.replace(f"id='{one.id}'", f"id='{one.id - 4}'"), one.markdown,
                one.text, one.coordinates)
        for one in ELEMENTS[4:]
    )  # fmt: skip
    return [
        decode_document(answer(*ELEMENTS[:4]), **named),  # type: ignore[arg-type]
        decode_document(answer(*second), first_page=2, first_id=4, **named),  # type: ignore[arg-type]
    ]


def chosen(**fields: Any) -> Iterator[RecordOptions]:
    for split, output_format in product(get_args(Split), FORMATS):
        yield RecordOptions(split=split, output_format=output_format, **fields)  # type: ignore[arg-type]


def test_one_record_per_element_in_the_api_order(document: ParsedDocument) -> None:
    assert [record.text for record in records(document, RecordOptions(output_format="text"))] == [
        "1. Results", "R&D < 5.8", "1.1 Sales", "a b", "", "2. Outlook", "끝",
    ]  # fmt: skip


@pytest.mark.parametrize("options", list(chosen()), ids=str)
def test_metadata_is_flat_complete_and_always_of_the_same_types(
    document: ParsedDocument, options: RecordOptions
) -> None:
    found = list(records(document, options))

    assert found
    for record in found:
        assert list(record.metadata) == list(METADATA_KEYS)
        assert {key: type(value) for key, value in record.metadata.items()} == METADATA_KEYS
        assert not RESERVED & record.metadata.keys()
        assert (record.metadata["source"], record.metadata["total_pages"]) == ("folder/report.pdf", 3)
        assert record.metadata["record_id"] == record.id == str(UUID(record.id))
    assert len({record.id for record in found}) == len(found)


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="another Python lays out mappings otherwise")
def test_records_and_chunks_share_the_keys_of_their_metadata(document: ParsedDocument) -> None:
    """A mapping with keys of its own takes more than twice as much, which is most of what a record takes."""
    found = [*records(document), *chunk_elements(document), *ocr_records(OCR, split="word")]

    assert all(2 * sys.getsizeof(one.metadata) < sys.getsizeof(dict([*one.metadata.items()])) for one in found)


@pytest.mark.parametrize("options", list(chosen()), ids=str)
def test_batches_give_the_same_records_as_the_whole_file(
    document: ParsedDocument, runs: list[ParsedDocument], options: RecordOptions
) -> None:
    """The route never shows: not in the text, not in the metadata, not in the id."""
    whole, streamed = list(records(document, options)), list(records(runs, options))

    assert [(record.id, record.metadata) for record in streamed] == [(record.id, record.metadata) for record in whole]
    if (options.split, options.output_format) != ("none", "json"):  # that is the one body, or the bodies merged
        assert [record.text for record in streamed] == [record.text for record in whole]


def test_elements_are_given_as_soon_as_their_batch_is_there(runs: list[ParsedDocument]) -> None:
    recorder = Recorder(RecordOptions())

    assert [record.metadata["page"] for record in recorder.add(runs[0])] == [1, 1, 1, 1]
    assert [record.metadata["page"] for record in recorder.add(runs[1])] == [2, 2, 2]
    assert list(recorder.finish()) == []


def test_headings_above_an_element_go_on_over_batches(runs: list[ParsedDocument]) -> None:
    found = list(records(runs, RecordOptions()))

    assert [record.metadata["headings"] for record in found] == [
        "", "1. Results", "1. Results", "1. Results > 1.1 Sales", "1. Results > 1.1 Sales", "", "2. Outlook",
    ]  # fmt: skip
    assert [record.metadata["section_id"] for record in found] == [
        "", found[0].id, found[0].id, found[2].id, found[2].id, "", found[5].id,
    ]  # fmt: skip


def test_pages_are_joined_as_the_api_joins_and_know_where_they_stand(document: ParsedDocument) -> None:
    first, second = records(document, RecordOptions(split="page", output_format="markdown"))

    assert first.text == "1. Results\n\nR&D < 5.8\n\n1.1 Sales\n\na b"
    assert [second.metadata[key] for key in ("category", "page", "element_id", "headings")] == [
        "page", 2, 4, "1. Results > 1.1 Sales",
    ]  # fmt: skip
    assert [second.metadata[key] for key in ("x0", "y0", "x1", "y1")] == [0.1, 0.1, 0.5, 0.2]


def test_the_whole_document_has_the_id_of_its_source_alone(document: ParsedDocument) -> None:
    """A changed file replaces its old self in a store: the content is no part of the id."""
    (whole,) = records(document, RecordOptions(split="none"))

    assert whole.id == file_id("folder/report.pdf")
    assert whole.metadata["category"] == "document"


def test_json_is_the_apis_own(document: ParsedDocument) -> None:
    (whole,) = records(document, RecordOptions(split="none", output_format="json"))
    third = list(records(document, RecordOptions(output_format="json")))[3]
    page = list(records(document, RecordOptions(split="page", output_format="json")))[1]

    assert whole.text == document_json(document)
    assert decode_document(whole.text.encode()).elements == document.elements
    assert json.loads(third.text) == json.loads(document.raw)["elements"][3]
    assert [one["id"] for one in json.loads(page.text)["elements"]] == [4, 5, 6]


@pytest.mark.parametrize(("split", "left"), [("element", 6), ("page", 2), ("none", 1)])
def test_records_without_text_are_left_out_on_request(document: ParsedDocument, split: Any, left: int) -> None:
    options = RecordOptions(split=split, output_format="text", skip_empty=True)

    assert len([record for record in records(document, options) if record.text]) == left
    assert all(record.text for record in records(document, options))


def test_a_document_without_elements_is_one_empty_record_of_the_whole() -> None:
    nothing = decode_document(b'{"elements": []}', source="a.pdf")

    assert list(records(nothing)) == []
    assert [record.text for record in records(nothing, RecordOptions(split="none"))] == [""]
    assert list(records(nothing, RecordOptions(split="none", skip_empty=True))) == []


def test_crops_are_in_the_metadata_only_when_asked_for(document: ParsedDocument) -> None:
    for record in records(document):
        assert "/9j/" not in record.metadata.values()
    inline = list(records(document, RecordOptions(images="base64")))
    files = list(Recorder(RecordOptions(images="files")).add(document, {3: "crops/3.jpg"}))

    assert [record.metadata["image_base64"] for record in inline] == ["", "", "", "/9j/", "", "", ""]
    assert [record.metadata["image_path"] for record in files] == ["", "", "", "crops/3.jpg", "", "", ""]


def test_nested_metadata_is_what_langchain_upstage_gives(document: ParsedDocument) -> None:
    corners = [{"x": x, "y": y} for x, y in BOX]
    by_element = list(records(document, RecordOptions(metadata_format="nested")))
    by_page = list(records(document, RecordOptions(split="page", metadata_format="nested")))
    (whole,) = records(document, RecordOptions(split="none", metadata_format="nested"))

    assert by_element[0].metadata == {"id": 0, "page": 1, "category": "heading1", "coordinates": corners}
    assert by_element[3].metadata["base64_encoding"] == "/9j/"
    assert by_page[0].metadata == {"page": 1, "coordinates": [corners] * 4, "base64_encodings": ["/9j/"]}
    assert by_page[1].metadata == {"page": 2, "coordinates": [corners] * 2}
    assert whole.metadata == {"total_pages": 3, "coordinates": [corners] * 6, "base64_encodings": ["/9j/"]}


@pytest.mark.parametrize("metadata_format", ["flat", "nested"])
def test_coordinates_are_read_back_from_either_metadata(document: ParsedDocument, metadata_format: Any) -> None:
    found = list(records(document, RecordOptions(metadata_format=metadata_format)))

    assert [coordinates_of(record.metadata) for record in found] == [list(one.coordinates) for one in document.elements]


@pytest.mark.parametrize("value", ["no json", [1, 2], [{"x": 1}], 7])
def test_coordinates_of_somebody_else_are_a_clear_error(value: object) -> None:
    with pytest.raises(ConfigError, match="not a list of points"):
        coordinates_of({"coordinates": value})


@pytest.mark.parametrize("name", ["split", "output_format", "metadata_format", "images"])
def test_an_option_that_does_not_exist_names_those_that_do(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}='pages' is not allowed; choose one of"):
        RecordOptions(**{name: "pages"})  # type: ignore[arg-type]


def test_an_option_that_is_yes_or_no_takes_nothing_else() -> None:
    with pytest.raises(ConfigError, match="skip_empty='no' must be True or False"):
        RecordOptions(skip_empty="no")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="skip_empty='no' must be True or False"):
        list(ocr_records(OCR, skip_empty="no"))  # type: ignore[arg-type]


def test_some_ids_never_change() -> None:
    """Golden: whoever stored these ids finds them again with the next version."""
    document = ParsedDocument(
        "report.pdf", "00" * 32, "any", (Element(0, 1, "heading1", text="제목"), Element(1, 1, "paragraph", text="a")),
        answers=(Answer(b""),),
    )  # fmt: skip
    page = OcrPage(1, 10, 10, 0.9, "a", (OcrWord(0, "a", 0.9, ()),))
    ocr = OcrResult("scan.png", "11" * 32, "any", (page,), "a", 0.9, 1)

    assert file_id("report.pdf") == "20ce30f6-9281-5d7d-b9ff-5209cd3c5e59"
    assert [one.id for one in records(document, RecordOptions(output_format="text"))] == [
        "cb155d99-7296-5cce-a3f3-018595021a32",
        "89c4271c-6bda-5c13-98cd-ec297830b2f8",
    ]
    assert [one.id for one in records(document, RecordOptions(output_format="html"))] == [
        "7b3aa408-c185-5868-8323-6d96818fd34c",
        "6fe71d03-a3c5-5752-ba05-07d5806910c9",
    ]
    assert [one.id for one in records(document, RecordOptions(split="page", output_format="text"))] == [
        "c5fb80d0-ef3a-5a17-a128-90eec1b17f9e"
    ]
    assert [one.id for one in ocr_records(ocr)] == ["b9ee9a3c-0c94-5637-8b7a-93a2345a8e13"]
    assert [one.id for one in ocr_records(ocr, split="word")] == ["5d6d877d-9e97-5d54-8e21-d5a1b1564a0e"]


@given(st.lists(st.integers(0, 0x10FFFF).map(chr)).map("".join))  # st.text() first makes a list of all characters
def test_ids_are_uuids_of_version_five(source: str) -> None:
    """As `uuid.uuid5` makes them; some stores take UUIDs only."""
    name = source.encode("utf-8", "surrogatepass").decode("utf-8", "replace")

    assert file_id(name) == str(uuid5(NAMESPACE, name))


def test_ids_follow_the_content_and_nothing_that_varies(document: ParsedDocument) -> None:
    """The model that answered, the route and the file's length say nothing about an element."""
    other = msgspec.structs.replace(document, model="document-parse-nightly", total_pages=9)
    edited = msgspec.structs.replace(document, file_sha256="cd" * 32)

    ids = [record.id for record in records(document)]
    assert [record.id for record in records(other)] == ids
    assert not {record.id for record in records(edited)} & set(ids)


WORD = OcrWord(0, "a", 0.99, ((20.0, 10.0), (40.0, 10.0), (40.0, 20.0), (20.0, 20.0)))
OCR = OcrResult(
    "scan.png",
    "ab" * 32,
    "ocr-260930",
    (
        OcrPage(1, 200, 100, 0.98, "a \nb", (WORD,)),
        OcrPage(2, 0, 0, 1, "", (OcrWord(1, "", 1, ((1.0, 1.0),)),)),
    ),
    "a \nb\n",
    0.98,
    2,
)  # fmt: skip


@pytest.mark.parametrize(
    ("split", "category", "texts"),
    [("page", "page", ["a \nb", ""]), ("none", "document", ["a \nb\n"]), ("word", "word", ["a", ""])],
)
def test_ocr_records_have_the_same_keys_and_a_confidence(split: Any, category: str, texts: list[str]) -> None:
    found = list(ocr_records(OCR, split=split))

    assert [record.text for record in found] == texts
    assert len({record.id for record in found}) == len(found)
    for record in found:
        assert {key: type(value) for key, value in record.metadata.items()} == {**METADATA_KEYS, **OCR_KEYS}
        assert (record.metadata["category"], record.metadata["total_pages"]) == (category, 2)


def test_the_pixels_of_a_word_become_relative_to_its_page() -> None:
    first, second = ocr_records(OCR, split="word")

    assert coordinates_of(first.metadata) == [(0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.2)]
    assert [first.metadata[key] for key in ("x0", "y0", "x1", "y1")] == [0.1, 0.1, 0.2, 0.2]
    assert coordinates_of(second.metadata) == [], "a page without a size has no relative coordinates"


def test_empty_ocr_records_are_left_out_on_request() -> None:
    assert [record.metadata["page"] for record in ocr_records(OCR, skip_empty=True)] == [1]
    with pytest.raises(ConfigError, match="split='element' is not allowed"):
        list(ocr_records(OCR, split="element"))  # type: ignore[arg-type]


def test_every_real_answer_becomes_complete_records(shared_folder: Path) -> None:
    """No element is lost, ids are unique, and in `text` every word that the API answered is there."""
    for path in sorted((shared_folder / "upstage" / "responses").glob("dp_*.json")):
        document = decode_document(path.read_bytes(), source=path.name, file_sha256="ab")
        for options in chosen():
            found = list(records(document, options))
            assert len({record.id for record in found}) == len(found)
            assert all(list(record.metadata) == list(METADATA_KEYS) for record in found)
        texts = [record.text for record in records(document, RecordOptions(output_format="text"))]
        assert len(texts) == len(document.elements)
        for one, text in zip(document.elements, texts, strict=True):
            assert one.text.replace("![image](/image/placeholder)", "").split() == text.split() or not one.text


def test_every_real_ocr_answer_becomes_complete_records(shared_folder: Path) -> None:
    for path in sorted((shared_folder / "upstage" / "responses").glob("ocr_*.json")):
        result = decode_ocr(path.read_bytes(), source=path.name, file_sha256="ab")
        words = list(ocr_records(result, split="word"))

        assert len({record.id for record in words}) == len(words) > 0
        assert all(0 <= record.metadata["x0"] <= record.metadata["x1"] <= 1 for record in words)
