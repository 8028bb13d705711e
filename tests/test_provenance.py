"""Where a chunk says it is from is where it is from, whoever cut, joined, changed or named what it was made of."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_text_splitters import RecursiveCharacterTextSplitter
from llama_index.core.schema import Document as LlamaDocument

from langchain_upstage_docs import TableAwareTextSplitter
from llama_index_upstage_docs import TableAwareNodeParser
from upstage_docs.api.decode import decode_document
from upstage_docs.chunking.packing import chunk_elements
from upstage_docs.models import Chunk, Element, OcrPage, OcrResult, OcrWord, ParsedDocument, Point, Record
from upstage_docs.options import OCRSplit
from upstage_docs.records.ocr_records import ocr_records
from upstage_docs.records.options import RecordOptions
from upstage_docs.records.records import METADATA_KEYS, OCR_KEYS, records
from upstage_docs.records.sections import sections

Box = tuple[float, float, float, float]


def corners(box: Box) -> tuple[Point, ...]:
    x0, y0, x1, y1 = box
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def element(number: int, category: str, text: str, page: int = 1, box: Box | None = None) -> Element:
    tag = {"heading1": "h1", "caption": "caption"}.get(category, "p")
    html = text if text.startswith("<") else f"<{tag} id='{number}'>{text}</{tag}>"
    box = box or (0.1, 0.05 * (number % 18), 0.9, 0.05 * (number % 18) + 0.04)
    return Element(number, page, category, html, text, text, corners(box))


def document(*elements: Element, source: str = "plan.pdf", sha256: str = "ef" * 32) -> ParsedDocument:
    pages = max((one.page for one in elements), default=0)
    answered = [
        {
            "id": one.id,
            "page": one.page,
            "category": one.category,
            "content": {"html": one.html, "markdown": one.markdown, "text": one.text},
            "coordinates": [{"x": x, "y": y} for x, y in one.coordinates],
        }
        for one in elements
    ]
    answer = {"api": "2.0", "model": "document-parse-260930", "usage": {"pages": pages}, "elements": answered}
    return decode_document(json.dumps(answer).encode(), source=source, file_sha256=sha256, total_pages=pages)


def table(*rows: str) -> str:
    return "<table>" + "".join(f"<tr><td>{row}</td><td>{len(row)}</td></tr>" for row in rows) + "</table>"


PLAN = document(
    element(0, "heading1", "Harbour plan"),
    element(1, "paragraph", "The quay is lengthened by ninety metres, the basin is dredged to eleven."),
    element(2, "paragraph", "Two cranes follow in spring, each with a reach of forty metres over the water."),
    element(3, "caption", "Table 1. Berths"),
    element(4, "table", table("berth", "north", "south")),
    element(5, "paragraph", "The dredged sand is kept for the new beach beside the pier.", 2),
    element(6, "paragraph", "Ships wait outside until the pilot is on board and the tide is right.", 2),
)


def spans_of(metadata: dict[str, Any]) -> list[list[Any]]:
    found: list[list[Any]] = json.loads(metadata["spans"])
    return found


# --- spans are those of the text, or are not believed ----------------------------------------------------------------


@pytest.mark.parametrize("form", ["html", "markdown", "text"])
@pytest.mark.parametrize("size", [20, 45, 90])
def test_what_another_splitter_cut_out_of_a_chunk_names_no_wrong_element(form: Any, size: int) -> None:
    """It copies the metadata of the chunk to each piece."""
    texts = {one.id: getattr(one, form) for one in PLAN.elements}
    chunks = [
        Document(chunk.text, metadata=chunk.metadata)
        for chunk in chunk_elements(records(PLAN, RecordOptions(output_format=form)), chunk_size=400)
    ]
    cut = RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=0).split_documents(chunks)

    for again in TableAwareTextSplitter(chunk_size=max(10, size - 5)).split_documents(cut):
        for number, page, start, end, *_ in spans_of(again.metadata):
            piece = again.page_content[start:end]
            assert number == -1 or piece in texts[number], piece
            assert page in {0, *(one.page for one in PLAN.elements if piece in texts[one.id])}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("metres", "meters"),  # as long as before
        lambda text: text[::-1],
        lambda text: f"In short: {text}",
        lambda text: text[5:],
        lambda text: text + " And so on.",
    ],
)
def test_a_changed_text_has_no_spans_of_the_old_one(change: Any) -> None:
    """What all of the old chunk shared is still true; which element stands where is not known any more."""
    (chunk, *_) = chunk_elements(PLAN, chunk_size=400, output_format="text")
    assert len(spans_of(chunk.metadata)) == 3

    (again, *_) = chunk_elements([Record(chunk.id, change(chunk.text), chunk.metadata)], chunk_size=400)

    assert {span[0] for span in spans_of(again.metadata)} == {again.metadata["element_id"]} == {-1}
    assert (again.metadata["page"], again.metadata["headings"], again.metadata["source"]) == (
        1,
        "Harbour plan",
        "plan.pdf",
    )
    assert again.metadata["coordinates"] == "[]"


def test_a_piece_of_one_element_is_still_that_elements() -> None:
    """Whatever piece of it: there is no other element that it could be of."""
    long = document(element(7, "paragraph", "It rains on the harbour. " * 30, 3))
    (chunk,) = chunk_elements(long, chunk_size=2000)
    pieces = RecursiveCharacterTextSplitter(chunk_size=100, chunk_overlap=0).split_documents(
        [Document(chunk.text, metadata=chunk.metadata)]
    )

    for again in TableAwareTextSplitter(chunk_size=80).split_documents(pieces):
        assert {tuple(span[:2]) for span in spans_of(again.metadata)} == {(7, 3)}
        assert (again.metadata["x0"], again.metadata["x1"]) == (0.1, 0.9)


def test_a_piece_that_may_be_on_either_of_two_pages_names_none() -> None:
    (chunk,) = chunk_elements(document(*PLAN.elements[1:3], *PLAN.elements[5:]), chunk_size=2000)
    assert (chunk.metadata["page"], chunk.metadata["page_end"]) == (1, 2)

    (again,) = chunk_elements([Record("", chunk.text[30:90], chunk.metadata)])

    assert (again.metadata["page"], again.metadata["page_end"], again.metadata["x1"]) == (0, 0, 0.0)


def test_a_piece_cut_out_of_a_table_is_of_no_other_element_whose_id_stands_in_it() -> None:
    """What stands inside of a table's markup is of the table, whatever id it has."""
    inner = "<caption id='0'>Table 1. Berths by basin, north and south</caption></table>"
    berths = document(
        element(0, "caption", "Table 1. Berths"),
        element(1, "table", table("north", "south").replace("</table>", inner)),
    )
    (chunk,) = chunk_elements(berths)

    (again,) = chunk_elements([Record("", chunk.text[chunk.text.index(inner) :], chunk.metadata)])

    assert again.metadata["element_id"] == -1


def test_a_piece_of_a_table_with_its_caption_names_no_page_and_no_box_that_is_only_the_tables() -> None:
    """A caption at the foot of a page and the table on the next one are one chunk, which is on the page of its rows."""
    over_pages = document(
        element(0, "caption", "Table 1. Berths of the northern and of the southern harbour basin", 1),
        element(1, "table", table("north", "south"), 2),
    )
    beside = document(
        element(
            0, "caption", "Table 1. Berths of the northern and of the southern harbour basin", box=(0.1, 0.1, 0.9, 0.2)
        ),
        element(1, "table", table("north", "south"), box=(0.3, 0.3, 0.6, 0.4)),
    )

    def boxes(given: ParsedDocument) -> list[tuple[int, list[float]]]:
        (chunk,) = chunk_elements(given, output_format="text")
        whole = Document(page_content=chunk.text, metadata=dict(chunk.metadata))
        cut = RecursiveCharacterTextSplitter(chunk_size=70, chunk_overlap=0).split_documents([whole])
        pieces = TableAwareTextSplitter().split_documents(cut)
        assert len(pieces) > 1
        assert "Berths" in pieces[0].page_content
        return [(piece.metadata["page"], spans_of(piece.metadata)[0][4:]) for piece in pieces]

    assert {page for page, _ in boxes(over_pages)} == {0}
    assert boxes(beside) == [(1, [0.1, 0.1, 0.9, 0.4])] * len(boxes(beside))


def test_pages_know_which_element_stands_where() -> None:
    """Also in Markdown and text, which say nothing of elements; another splitter's pieces of a page do not."""
    for form in ("html", "markdown", "text"):
        pages = list(records(PLAN, RecordOptions(split="page", output_format=form)))
        for page in pages:
            for number, on, start, end, *box in spans_of(page.metadata):
                found = PLAN.elements[number]
                assert page.text[start:end] == getattr(found, form)
                assert (on, tuple(box)) == (found.page, found.box)
        chunks = list(chunk_elements(pages, chunk_size=90))
        for chunk in chunks:
            for number, on, start, end, *box in spans_of(chunk.metadata):
                found = PLAN.elements[number]
                assert chunk.text[start:end] in getattr(found, form)
                assert (on, tuple(box)) == (found.page, found.box)
        piece = Record("", pages[0].text[7:60], pages[0].metadata)
        (again,) = chunk_elements([piece])
        assert (again.metadata["element_id"], again.metadata["page"]) == (-1, 1)


def test_a_whole_file_names_no_element_that_it_does_not_know() -> None:
    """Its Markdown does not say where elements begin: not all of it is the first one's."""
    (whole,) = records(PLAN, RecordOptions(split="none", output_format="markdown"))

    assert (whole.metadata["spans"], whole.metadata["page"], whole.metadata["page_end"]) == ("[]", 1, 2)
    assert {span[0] for chunk in chunk_elements(whole, chunk_size=100) for span in spans_of(chunk.metadata)} == {-1}


# --- all records have the same keys -----------------------------------------------------------------------------------


def test_all_records_of_all_kinds_have_the_same_keys_and_types() -> None:
    """A store's schema is made from the first record that comes."""
    word = OcrWord(0, "Quay", 0.9, ((1, 1), (9, 1), (9, 4), (1, 4)))
    scan = OcrResult("scan.png", "12" * 32, "ocr-250904", (OcrPage(1, 100, 50, 0.9, "Quay", (word,)),), "Quay", 0.9, 1)
    splits: tuple[OCRSplit, ...] = ("page", "none", "word", "line")
    elements = list(records(PLAN))
    made: dict[str, list[Record]] = {
        "element": elements,
        "page": list(records(PLAN, RecordOptions(split="page"))),
        "document": list(records(PLAN, RecordOptions(split="none", output_format="json"))),
        "chunk": list(chunk_elements(PLAN, chunk_size=60, oversized_tables="split_rows")),
        "section": [section.record for section in sections(elements)[0]],
        **{kind: list(ocr_records(scan, split=kind)) for kind in splits},
    }

    for kind, found in made.items():
        assert found
        for record in found:
            own = {key: type(value) for key, value in record.metadata.items() if key not in OCR_KEYS}
            assert (kind, list(own), own) == (kind, list(METADATA_KEYS), METADATA_KEYS)
    assert {kind: made[kind][0].metadata["record_type"] for kind in made} == {
        **{kind: kind for kind in made},
        "none": "document",
    }
    for record in elements:
        number, page = record.metadata["element_id"], record.metadata["page"]
        assert spans_of(record.metadata) == [[number, page, 0, len(record.text), *PLAN.elements[number].box]]
        assert (record.metadata["page_end"], record.metadata["categories"]) == (page, record.metadata["category"])


# --- a table's place is its own ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_captions_place_is_not_that_of_its_table(place: str) -> None:
    """Filters, crops and highlights are asked for the table."""
    caption = element(3, "caption", "Table 1. Berths", box=(0.2, 0.3, 0.6, 0.33))
    berths = element(4, "table", table("berth", "north"), box=(0.1, 0.35, 0.9, 0.5))
    inside = (caption, berths) if place == "before" else (berths, caption)
    made = list(records(document(*inside)))
    for record in made:
        record.metadata["image_path"] = f"crops/{record.metadata['element_id']}.jpg"

    (chunk,) = chunk_elements(made)

    assert (chunk.metadata["element_id"], chunk.metadata["category"]) == (4, "table")
    assert json.loads(chunk.metadata["coordinates"]) == [list(point) for point in berths.coordinates]
    assert chunk.metadata["image_path"] == "crops/4.jpg"
    assert (chunk.metadata["y0"], chunk.metadata["y1"]) == pytest.approx((0.3, 0.5))


def test_a_table_on_the_page_after_its_heading_is_on_its_own_page() -> None:
    heading = element(0, "heading1", "Berths", 1)
    (chunk,) = chunk_elements(document(heading, element(1, "table", table("berth"), 2)))

    assert (chunk.metadata["page"], chunk.metadata["page_end"], chunk.metadata["element_id"]) == (2, 2, 1)


@pytest.mark.parametrize(("form", "size"), [("html", 250), ("html", 400), ("markdown", 90), ("markdown", 150)])
def test_rows_stand_on_the_page_that_they_stand_on_not_on_that_of_a_repeated_header(form: Any, size: int) -> None:
    """Three pages of one table, joined and cut again between rows."""
    head = "<thead><tr><th>Ship</th><th>Day</th></tr></thead>"

    def rows(page: int) -> Element:
        cells = [(f"ship {page}-{n}", str(n)) for n in range(6)]
        body = "".join(f"<tr><td>{a}</td><td>{b}</td></tr>" for a, b in cells)
        lines = "| Ship | Day |\n| --- | --- |\n" + "".join(f"| {a} | {b} |\n" for a, b in cells)
        box = (0.1, 0.1, 0.9, 0.1 * page)
        return Element(page, page, "table", f"<table>{head}<tbody>{body}</tbody></table>", lines, "", corners(box))

    made = list(records(document(rows(1), rows(2), rows(3)), RecordOptions(output_format=form)))
    for record in made:
        record.metadata["image_path"] = f"{record.metadata['element_id']}.jpg"
    chunks = list(chunk_elements(made, chunk_size=size, merge_continued_tables=True, oversized_tables="split_rows"))

    assert len(chunks) > 2
    for chunk in chunks:
        pages = sorted({page for page in (1, 2, 3) if f"ship {page}-" in chunk.text})
        assert (chunk.metadata["page"], chunk.metadata["page_end"]) == (pages[0], pages[-1])
        assert chunk.metadata["element_id"] == pages[0]
        assert chunk.metadata["y1"] == pytest.approx(0.1 * pages[0])
        assert chunk.metadata["image_path"] == "\n".join(f"{page}.jpg" for page in pages)


# --- what belongs to one element --------------------------------------------------------------------------------------


def test_no_crop_is_lost_when_elements_share_a_chunk() -> None:
    """Crops of some elements only: each is in the chunk that its element is in, and all chunks have the key."""
    made = list(records(PLAN))
    for record in made:
        number = record.metadata["element_id"]
        record.metadata["image_path"] = f"{number}.jpg" if number in {2, 4, 6} else ""
    chunks = list(chunk_elements(made, chunk_size=120))

    assert len({tuple(chunk.metadata) for chunk in chunks}) == 1
    for chunk in chunks:
        wanted = [f"{span[0]}.jpg" for span in spans_of(chunk.metadata) if span[0] in {2, 4, 6}]
        assert chunk.metadata["image_path"].split() == wanted


# --- columns ----------------------------------------------------------------------------------------------------------


def test_two_columns_are_not_one_box() -> None:
    """A box around both would mark the whole page; the spans tell both."""
    left = element(1, "paragraph", "The left column ends with the quay.", box=(0.1, 0.2, 0.47, 0.9))
    right = element(2, "paragraph", "The right one begins with the cranes.", box=(0.53, 0.2, 0.9, 0.4))
    title = element(0, "heading1", "Over both", box=(0.1, 0.1, 0.9, 0.15))

    (chunk,) = chunk_elements(document(left, right))
    (titled,) = chunk_elements(document(title, left, right))

    assert [chunk.metadata[key] for key in ("x0", "y0", "x1", "y1")] == [0.1, 0.2, 0.47, 0.9]
    assert [titled.metadata[key] for key in ("x0", "y0", "x1", "y1")] == [0.1, 0.1, 0.9, 0.9]
    assert [span[4:] for span in spans_of(chunk.metadata)] == [list(left.box), list(right.box)]


def test_a_column_that_begins_below_the_end_of_the_first_is_another_one() -> None:
    left = element(1, "paragraph", "The left column is short.", box=(0.1, 0.1, 0.45, 0.2))
    right = element(2, "paragraph", "A picture stands above the right one.", box=(0.55, 0.25, 0.9, 0.5))
    date = element(2, "paragraph", "3 May", box=(0.8, 0.25, 0.9, 0.27))

    (chunk,) = chunk_elements(document(left, right))
    (dated,) = chunk_elements(document(left, date))

    assert [chunk.metadata[key] for key in ("x0", "y0", "x1", "y1")] == [0.1, 0.1, 0.45, 0.2]
    assert [dated.metadata[key] for key in ("x0", "y0", "x1", "y1")] == [0.1, 0.1, 0.9, 0.27]


def test_what_stands_below_is_the_same_column_however_narrow() -> None:
    one = element(1, "paragraph", "A line.", box=(0.1, 0.2, 0.4, 0.25))
    two = element(2, "paragraph", "Set to the right, below it.", box=(0.5, 0.26, 0.9, 0.3))

    (chunk,) = chunk_elements(document(one, two))

    assert [chunk.metadata[key] for key in ("x0", "y0", "x1", "y1")] == [0.1, 0.2, 0.9, 0.3]


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pages", [(1, 1), (1, 2)])
def test_files_share_no_chunk_although_their_metadata_names_none(pages: tuple[int, int]) -> None:
    """Nested metadata says page and id; both begin anew, or go on by chance."""
    one = document(*(element(n, "paragraph", f"first {n}", pages[0]) for n in range(2)))
    two = document(*(element(n, "paragraph", f"second {n}", pages[1]) for n in range(2)), source="b.pdf")
    nested = RecordOptions(metadata_format="nested")
    given = [*records(one, nested), *records(two, nested)]

    for chunks in (
        [chunk.text for chunk in chunk_elements(given)],
        [chunk.page_content for chunk in _langchain(given)],
        [chunk.text for chunk in chunk_elements([*one.elements, *two.elements])],
    ):
        assert len(chunks) == 2
        assert not [text for text in chunks if "first" in text and "second" in text]


def _langchain(given: list[Record]) -> list[Document]:
    return TableAwareTextSplitter().split_documents([Document(one.text, metadata=one.metadata) for one in given])


@pytest.mark.parametrize("written", ["plan.pdf", "./plan.pdf", "x/../plan.pdf", ".//plan.pdf", str(Path("plan.pdf"))])
@pytest.mark.parametrize("split", ["element", "page", "none"])
def test_one_path_however_written_gives_one_id(written: str, split: Any) -> None:
    """The source stays as given; a path is never made absolute, and an address is no path."""
    wanted, made = (
        list(records(document(*PLAN.elements, source=source), RecordOptions(split=split)))
        for source in ("plan.pdf", written)
    )

    assert [one.id for one in made] == [one.id for one in wanted]
    assert {one.metadata["source"] for one in made} == {written}
    assert [one.metadata["section_id"] for one in made] == [one.metadata["section_id"] for one in wanted]
    assert [one.id for one in chunk_elements(made)] == [one.id for one in chunk_elements(wanted)]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("a.pdf", str(Path("a.pdf").absolute())),
        ("a.pdf", "A.pdf"),
        ("x/a.pdf", "a.pdf"),
        ("s3://bucket/x/../a.pdf", "s3://bucket/a.pdf"),
        ("https://host//a.pdf", "https://host/a.pdf"),
        pytest.param("x\\a.pdf", "x/a.pdf", marks=pytest.mark.skipif(sys.platform == "win32", reason="a separator")),
    ],
)
def test_other_sources_have_other_ids(one: str, two: str) -> None:
    ids = [
        {record.id for split in ("element", "none") for record in records(given, RecordOptions(split=split))}
        for given in (document(*PLAN.elements, source=source) for source in (one, two))
    ]

    assert not ids[0] & ids[1]


@pytest.mark.parametrize("split", ["element", "page", "none"])
def test_ids_of_content_are_the_same_under_two_names(split: Any) -> None:
    """An upload that was saved twice is one document to a store, if asked for; a changed file is another one."""
    options = RecordOptions(split=split, ids="content")
    made: dict[str, list[Record]] = {
        name: list(records(document(*PLAN.elements, source=source, sha256=sha256), options))
        for name, source, sha256 in (
            ("one", "a.pdf", "11" * 32),
            ("two", "b.pdf", "11" * 32),
            ("new", "a.pdf", "22" * 32),
        )
    }
    ids = {name: [record.id for record in found] for name, found in made.items()}
    chunks = {name: [chunk.id for chunk in chunk_elements(found, ids="content")] for name, found in made.items()}

    assert ids["one"] == ids["two"]
    assert chunks["one"] == chunks["two"]
    assert not set(ids["one"]) & set(ids["new"])
    assert not set(chunks["one"]) & set(chunks["new"])
    assert made["two"][0].metadata["source"] == "b.pdf"


# --- where a chunk stands in its text ---------------------------------------------------------------------------------

PAGE = (
    "# Harbour\n\nThe quay is long. It ends at the pier.\n\n\n## Berths\n\n| berth | metres |\n| --- | --- |\n"
    "| north | 120 |\n| south | 90 |\n| east | 45 |\n\nShips wait outside. The pilot comes on board.\n"
)


@pytest.mark.parametrize("size", [20, 40, 200])
@pytest.mark.parametrize("rows", ["keep", "split_rows"])
def test_a_chunk_says_where_it_stands_in_its_source(size: int, rows: Any) -> None:
    """In both frameworks; a part of a table stands where its own rows do."""
    given = Document("\n\n" + PAGE, metadata={"source": "a.md"})
    splitter = TableAwareTextSplitter(size, oversized_tables=rows, add_start_index=True)
    node_parser = TableAwareNodeParser(size, oversized_tables=rows)

    chunks = splitter.split_documents([given])
    nodes = node_parser.get_nodes_from_documents([LlamaDocument(text=given.page_content)])

    starts = [chunk.metadata["start_index"] for chunk in chunks]
    assert starts == sorted(starts) == [node.start_char_idx for node in nodes]  # type: ignore[attr-defined]
    for chunk, start, node in zip(chunks, starts, nodes, strict=True):
        own = given.page_content[start : node.end_char_idx]  # type: ignore[attr-defined]
        if chunk.page_content != own:  # a later part, which repeats the header
            assert rows == "split_rows"
            assert chunk.page_content.endswith(own)
            assert own.startswith("| ")
    assert "start_index" not in TableAwareTextSplitter(size).split_documents([given])[0].metadata


def test_a_caption_below_a_table_stands_below_its_last_part() -> None:
    """Each part repeats it; only the last one goes on to it in the source text."""
    rows = [f"berth{number:02}" for number in range(12)]
    given = document(
        element(0, "table", table(*rows)),
        element(1, "caption", "Table 1. Berths"),
        element(2, "paragraph", "(in metres)"),
    )
    (page,) = records(given, RecordOptions(split="page"))

    parts = list(chunk_elements(page, chunk_size=250, oversized_tables="split_rows"))

    assert len(parts) > 2
    for part in parts:
        source = page.text[part.start : part.end]
        assert [row for row in rows if row in source] == [row for row in rows if row in part.text and row in source]
        assert "Table 1. Berths" in part.text
        assert ("in metres" in source) is (part is parts[-1])


def test_a_chunk_of_two_documents_stands_where_it_begins() -> None:
    made = list(records(document(*PLAN.elements[1:3]), RecordOptions(output_format="text")))
    (chunk,) = chunk_elements(made)

    assert (chunk.begins_in, chunk.start, chunk.end) == (made[0].id, 0, -1)


def test_json_is_no_text_to_stand_in() -> None:
    (whole,) = records(PLAN, RecordOptions(split="none", output_format="json"))
    given = Document(whole.text, metadata=whole.metadata)
    chunks = TableAwareTextSplitter(add_start_index=True).split_documents([given])
    nodes = TableAwareNodeParser().get_nodes_from_documents([LlamaDocument(text=whole.text, metadata=whole.metadata)])

    assert {chunk.metadata["start_index"] for chunk in chunks} == {-1}
    assert {(node.start_char_idx, node.end_char_idx) for node in nodes} == {(None, None)}  # type: ignore[attr-defined]


# --- read once --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "metadata",
    [
        {"source": "a.html", "page": 3, "title": "Harbour"},
        {"id": 4, "page": 1, "category": "paragraph", "coordinates": [{"x": 0.1, "y": 0.2}]},
        next(iter(chunk_elements(PLAN))).metadata,
        next(iter(records(PLAN))).metadata,
        next(iter(records(PLAN, RecordOptions(split="page")))).metadata,
    ],
    ids=["foreign", "nested", "chunk", "element", "page"],
)
def test_the_metadata_of_a_record_is_read_once(metadata: dict[str, Any]) -> None:
    """Not key by key from all over the splitter."""
    reads: Counter[str] = Counter()

    def watch(frame: Any, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.endswith("record_metadata.py"):
            caller = frame.f_back.f_code.co_filename
            if not caller.endswith("record_metadata.py"):
                reads[frame.f_code.co_name] += 1

    given = [Record("", "Some words of the harbour.", dict(metadata))]
    sys.setprofile(watch)
    try:
        list(chunk_elements(given))
    finally:
        sys.setprofile(None)

    reading = {name: count for name, count in reads.items() if not name.startswith(("<", "scalar"))}
    reading.pop("run", None)  # hands on what was read
    assert set(reading) <= {"flat_element", "read_metadata"}
    assert max(reading.values()) == 1


def test_equal_chunks_are_equal_wherever_they_were_made() -> None:
    (one,) = chunk_elements(document(PLAN.elements[1]))
    two = Chunk(one.id, one.text, one.metadata, one.headings, one.caption, one.oversize, "elsewhere", 7, 9)

    assert one == two
    assert one != Chunk(one.id, one.text + ".", one.metadata)
    assert one != one.text


@pytest.mark.parametrize("beside", [{}, {2: "a number as key"}], ids=["JSON", "no JSON"])
@pytest.mark.parametrize("holds", [lambda deep: [deep], lambda deep: {"more": deep}], ids=["list", "dictionary"])
def test_metadata_that_are_nested_too_deep_cost_no_text(holds: Any, beside: dict[Any, str]) -> None:
    """Those of other loaders may hold anything; what stands beside it is kept and tells two files apart."""
    deep: Any = []
    for _ in range(50_000):
        deep = holds(deep)

    found = [Record("", "Words.", {"name": name, "tree": deep, "pair": {"a": deep, **beside}}) for name in "ab"]
    chunks = list(chunk_elements(found))

    assert [(chunk.text, chunk.metadata["name"]) for chunk in chunks] == [("Words.", "a"), ("Words.", "b")]
    assert "nested too deep" in chunks[0].metadata["tree"]


class _Unshown:
    def __repr__(self) -> str:
        raise ValueError("shown to nobody")


@pytest.mark.parametrize(
    ("key", "value"),
    [("tree", _Unshown()), ("coordinates", _Unshown()), ("x0", "\udcff"), ("coordinates", "[" * 100_000)],
)
def test_metadata_that_nobody_can_show_or_read_cost_no_text(key: str, value: object) -> None:
    """Objects whose `repr` raises, half a character where a number should be, a list that never ends."""
    [chunk] = chunk_elements([Record("", "Words.", {"name": "a", key: value})])

    assert (chunk.text, chunk.metadata["name"]) == ("Words.", "a")
    assert key != "tree" or chunk.metadata[key] == "<_Unshown>"


def test_a_name_that_is_no_unicode_is_a_source_like_any_other() -> None:
    """Names of files may hold any bytes, which Python shows as halves of characters."""
    made = [
        [
            one.id
            for one in chunk_elements([Record("", "# Harbour\n\nThe quay.", {"source": name, "file_sha256": name})])
        ]
        for name in ("quay\udcff.md", "quay\udcfe.md", "quay\udcff.md")
    ]

    assert made[0] == made[2] != made[1]
