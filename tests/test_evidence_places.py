"""From a Document, a node or bare metadata to its place: pages, boxes, ranges, citations; never a wrong place."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from upstage_docs import Element, OcrResult, ParsedDocument, RecordOptions, chunk_elements, decode_document, decode_ocr
from upstage_docs.errors import ConfigError, SourceError, SourceNotFoundError, UpstageDocsError
from upstage_docs.evidence import Place, aplaces, cite, places
from upstage_docs.evidence.keys import keyed
from upstage_docs.models import Record
from upstage_docs.records.ocr_records import ocr_records
from upstage_docs.records.records import records

TEXTS = [
    ("heading1", 1, "2 Harbour works", (0.1, 0.1, 0.5, 0.13)),
    ("paragraph", 1, "The north quay was dredged in spring and the south quay in autumn.", (0.1, 0.2, 0.9, 0.3)),
    ("paragraph", 2, "Both quays are open again since the first day of December.", (0.1, 0.1, 0.9, 0.2)),
]


def points(box: tuple[float, float, float, float]) -> list[dict[str, float]]:
    x0, y0, x1, y1 = box
    return [{"x": x0, "y": y0}, {"x": x1, "y": y0}, {"x": x1, "y": y1}, {"x": x0, "y": y1}]


def element_json(number: int, category: str, page: int, text: str, box: tuple[float, float, float, float]) -> Any:
    tag = "h1" if category == "heading1" else "p"
    html = text if text.startswith("<") else f"<{tag} id='{number}' data-category='{category}'>{text}</{tag}>"
    content = {"html": html, "markdown": text, "text": text}
    return {"id": number, "category": category, "page": page, "content": content, "coordinates": points(box)}


def document(texts: list[Any] = TEXTS, source: str = "harbour.pdf", total_pages: int = 3) -> ParsedDocument:
    body = {"model": "made", "elements": [element_json(n, *text) for n, text in enumerate(texts)]}
    return decode_document(json.dumps(body).encode(), source=source, file_sha256="ab" * 32, total_pages=total_pages)


def boxes(found: list[Place]) -> list[Any]:
    return [place.box for place in found]


class LangChain:
    """What a LangChain Document is to us."""

    def __init__(self, page_content: str, metadata: Mapping[str, Any]) -> None:
        self.page_content, self.metadata = page_content, dict(metadata)


class Node:
    """What a LlamaIndex node is to us."""

    def __init__(self, text: str, metadata: Mapping[str, Any], start_char_idx: int | None = None) -> None:
        self.text, self.metadata, self.start_char_idx = text, dict(metadata), start_char_idx


class Scored:
    """What a LlamaIndex retriever returns."""

    def __init__(self, node: Node) -> None:
        self.node, self.score = node, 0.5


def test_an_element_is_where_its_metadata_says_in_every_dress() -> None:
    record = list(records(document()))[1]
    things = [
        record,
        LangChain(record.text, record.metadata),
        Node(record.text, record.metadata),
        Scored(Node(record.text, record.metadata)),
        record.metadata,
        json.loads(json.dumps(record.metadata)),
    ]

    for thing in things:
        (place,) = places(thing)
        assert (place.source, place.page, place.element_id) == ("harbour.pdf", 1, 1)
        assert (place.category, place.precision, place.note) == ("paragraph", "element", "")
        assert place.box == (0.1, 0.2, 0.9, 0.3)


def test_numbers_that_a_store_gave_back_as_others_are_read() -> None:
    """LanceDB gives floats, Redis strings."""
    metadata = dict(list(records(document()))[1].metadata)
    for kind in (str, lambda value: value):
        changed = {**metadata, "page": kind(1.0) if kind is not str else "1", "x0": kind(0.1), "y1": kind(0.3)}
        assert boxes(places(changed)) == [(0.1, 0.2, 0.9, 0.3)]


def test_an_element_by_itself_and_nested_metadata_know_no_file() -> None:
    (nested,) = list(records(document(TEXTS[1:2]), RecordOptions(metadata_format="nested")))
    element = Element(7, 2, "table", coordinates=((0.1, 0.1), (0.4, 0.1), (0.4, 0.5), (0.1, 0.5)))

    assert boxes(places(nested)) == [(0.1, 0.2, 0.9, 0.3)]
    assert places(nested)[0].source == ""
    assert [(place.page, place.element_id, place.box) for place in places(element)] == [(2, 7, (0.1, 0.1, 0.4, 0.5))]


def test_a_chunk_over_pages_has_a_place_for_each_element() -> None:
    (chunk,) = chunk_elements(document())

    found = places(chunk)

    assert [(place.page, place.element_id, place.category) for place in found] == [
        (1, 0, "heading1"),
        (1, 1, "paragraph"),
        (2, 2, "paragraph"),
    ]
    assert [TEXTS[place.element_id][2] in chunk.text[place.start : place.end] for place in found] == [True] * 3


def test_a_piece_of_an_element_is_where_the_element_is() -> None:
    record = list(records(document()))[1]
    piece = LangChain(record.text[20:60], record.metadata)

    assert boxes(places(piece)) == [(0.1, 0.2, 0.9, 0.3)]


def test_a_piece_of_a_chunk_is_in_its_elements() -> None:
    """All of them where the splitter does not say where it cut, and the right ones where it does."""
    (chunk,) = chunk_elements(document())
    start = chunk.text.index("open again")
    piece = chunk.text[start : start + 10]

    everywhere = places(LangChain(piece, chunk.metadata))
    by_langchain = places(LangChain(piece, {**chunk.metadata, "start_index": start}))
    by_llama_index = places(Node(piece, chunk.metadata, start))

    assert {place.precision for place in everywhere} == {"elements"}
    assert "one or more" in everywhere[0].note
    assert [place.element_id for place in everywhere] == [0, 1, 2]
    for found in (by_langchain, by_llama_index):
        assert [(place.page, place.element_id, place.precision) for place in found] == [(2, 2, "element")]
        assert (found[0].start, found[0].end) == (0, 10)


def test_a_page_is_the_page_and_a_whole_document_is_nowhere_without_its_answer() -> None:
    page = list(records(document(), RecordOptions(split="page")))[1]
    (whole,) = records(document(), RecordOptions(split="none", output_format="markdown"))
    piece = LangChain("since the first day", whole.metadata)

    assert [(place.page, place.box, place.precision) for place in places(page)] == [(2, None, "page")]
    assert [(place.page, place.precision) for place in places(whole)] == [(0, "unknown")]
    assert "parsed" in places(whole)[0].note
    assert [(place.page, place.element_id) for place in places(piece, parsed=document())] == [(2, 2)]
    assert [place.element_id for place in places(whole, parsed=document())] == [0, 1, 2]


@pytest.mark.parametrize("output_format", ["html", "markdown", "text"])
def test_a_piece_of_a_page_is_in_its_elements_where_the_splitter_says_where_it_cut(output_format: Any) -> None:
    page = list(records(document(), RecordOptions(split="page", output_format=output_format)))[1]
    start = page.text.index("open again")
    piece = page.text[start : start + 10]

    for cut in (LangChain(piece, {**page.metadata, "start_index": start}), Node(piece, page.metadata, start)):
        (place,) = places(cut)
        assert (place.page, place.element_id, place.box, place.precision) == (2, 2, (0.1, 0.1, 0.9, 0.2), "element")
    assert [place.precision for place in places(LangChain(piece, page.metadata))] == ["page"]
    beyond = LangChain(piece, {**page.metadata, "start_index": len(page.text)})
    assert [place.precision for place in places(beyond)] == ["page"], "it is of another text"


def test_the_citation_of_a_page_names_no_table_on_it() -> None:
    captioned = document([("caption", 1, "Table 1. Ships.", (0.1, 0.1, 0.9, 0.2))])

    formats: tuple[Any, ...] = ("html", "json")
    for output_format in formats:
        (page,) = records(captioned, RecordOptions(split="page", output_format=output_format))
        assert cite(page) == "harbour.pdf, p. 1"


@pytest.mark.parametrize("text", ["of the moon", "quay"])
def test_words_that_stand_nowhere_or_twice_in_what_was_parsed_are_not_placed(text: str) -> None:
    metadata = {"category": "document", "source": "harbour.pdf", "total_pages": 3}

    (place,) = places(LangChain(text, metadata), parsed=document())

    assert (place.page, place.precision) == (0, "unknown")


@pytest.mark.parametrize(
    "text",
    [
        "data-category='paragraph'>Both quays are open again since the first day",
        "/h1><p id='1' data-category='paragraph'>The north quay was dredged in spring",
        "The north quay was dredged in spring and the south quay in autumn.</p><p id='2' data-cat",
        "in autumn.</p>\n<p",
    ],
)
def test_a_text_that_was_cut_inside_a_tag_is_found_in_what_was_parsed(text: str) -> None:
    parsed = document()
    (whole,) = records(parsed, RecordOptions(split="none"))

    found = places(LangChain(text, whole.metadata), parsed=parsed)

    assert [place.precision for place in found] == ["element"]
    assert TEXTS[found[0].element_id][2].startswith(("The north quay", "Both quays"))
    assert text[found[0].start :].startswith(("The north", "Both", "in autumn"))


def test_what_was_parsed_tells_the_element_of_a_piece_of_a_chunk() -> None:
    parsed = document()
    (chunk,) = chunk_elements(parsed)
    piece = LangChain("dredged in spring and the south quay", chunk.metadata)

    assert [place.precision for place in places(piece)] == ["elements"] * 3
    assert [(place.element_id, place.precision) for place in places(piece, parsed=parsed)] == [(1, "element")]
    lost = LangChain("words of nobody", chunk.metadata)
    assert [place.precision for place in places(lost, parsed=parsed)] == ["elements"] * 3


def test_the_json_of_a_document_holds_its_places() -> None:
    (whole,) = records(document(), RecordOptions(split="none", output_format="json"))

    assert [(place.page, place.element_id) for place in places(whole)] == [(1, 0), (1, 1), (2, 2)]
    assert {place.source for place in places(whole)} == {"harbour.pdf"}
    assert [
        place.page for place in places(LangChain("dredged in spring", {"category": "document"}), parsed=whole.text)
    ] == [1]


def test_chunks_of_a_whole_documents_html_find_their_pages_in_what_was_parsed() -> None:
    (whole,) = records(document(), RecordOptions(split="none"))
    chunks = list(chunk_elements([whole], chunk_size=120))

    assert {place.precision for chunk in chunks for place in places(chunk)} == {"unknown"}
    assert [place.page for chunk in chunks for place in places(chunk, parsed=document())] == [1, 1, 1, 2]
    (markdown,) = records(document(), RecordOptions(split="none", output_format="markdown"))
    (chunk,) = chunk_elements([markdown])
    assert [place.element_id for place in places(chunk, parsed=document())] == [0, 1, 2]


def test_ocr_records_have_places() -> None:
    word = {"id": 0, "text": "quay", "confidence": 0.9, "boundingBox": {"vertices": points((10, 20, 30, 40))}}
    page = {"id": 0, "width": 100, "height": 200, "text": "quay", "confidence": 0.9, "words": [word]}
    result = decode_ocr(json.dumps({"pages": [page], "text": "quay", "confidence": 0.9}).encode(), source="scan.png")

    (of_word,) = places(next(iter(ocr_records(result, split="word"))))
    (of_page,) = places(next(iter(ocr_records(result, split="page"))))

    assert (of_word.page, of_word.box) == (1, (0.1, 0.1, 0.3, 0.2))
    assert (of_page.page, of_page.box) == (1, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"x0": float("nan")},
        {"x0": 0.95},
        {"y1": 7.0},
        {"x0": None},
        {"x0": "left"},
        {"x0": 0.0, "y0": 0.0, "x1": 0.0, "y1": 0.0},
    ],
)
def test_boxes_that_are_none_leave_the_page(changed: dict[str, Any]) -> None:
    metadata = {**list(records(document()))[1].metadata, "coordinates": "[]", **changed}

    (place,) = places(metadata)

    assert (place.page, place.box, place.precision) == (1, None, "page")
    assert place.note


@pytest.mark.parametrize("metadata", [{}, {"page": 0}, {"page": "iv"}, {"page": None, "source": "a.pdf"}, {"page": -3}])
def test_without_a_page_the_place_is_unknown(metadata: dict[str, Any]) -> None:
    (place,) = places(metadata)

    assert (place.known, place.precision) == (False, "unknown")
    assert str(cite(metadata)).endswith("place unknown")


@pytest.mark.parametrize(
    "named", [{"page": 4}, {"page": 3, "page_end": 4, "spans": "[[0,3,0,5,0,0,1,1],[1,4,5,9,0,0,1,1]]"}]
)
def test_a_page_that_the_file_does_not_have_is_unknown(named: dict[str, Any]) -> None:
    metadata = {"source": "harbour.pdf", "category": "paragraph", "total_pages": 3, "x0": 0, "y0": 0, "x1": 1, "y1": 1}
    *known, beyond = places(metadata | named)
    assert (beyond.page, beyond.box, beyond.precision) == (0, None, "unknown")
    assert beyond.note == "The metadata names page 4, but the file has 3."
    assert cite(metadata | named) == ("harbour.pdf, p. 3" if known else "harbour.pdf, place unknown")
    del metadata["total_pages"]
    assert cite(metadata | {"page": 4}) == "harbour.pdf, p. 4", "nobody says how many pages there are"
    assert cite(metadata | {"page": 4}, parsed=document()) == "harbour.pdf, place unknown"


@pytest.mark.parametrize(("page", "named"), [(0, 1), (2, 3)])
def test_langchains_loaders_of_pdfs_count_pages_from_0(page: int, named: int) -> None:
    pypdf = {"source": "harbour.pdf", "page": page, "page_label": "iv", "producer": "made", "total_pages": 3}
    record = Record("", "The ferry sails.", pypdf)
    assert cite(record) == f"harbour.pdf, p. {named}"
    if page:  # where our metadata say 0, nobody knows
        (chunk,) = chunk_elements([record])
        assert cite(chunk) == f"harbour.pdf, p. {named}"


@pytest.mark.parametrize("page", ["iv", None, float("nan"), 1.5, "", -1])
def test_what_is_no_page_counted_from_0_is_not_the_first_page(page: object) -> None:
    told = {"source": "harbour.pdf", "page": page, "page_label": "iv", "total_pages": 3}
    assert cite(Record("", "The ferry sails.", told)) == "harbour.pdf, place unknown"


def test_the_page_of_a_loader_that_counts_from_1_stays() -> None:
    """PyMuPDF4LLM's reader for LlamaIndex says of a file what LangChain's loaders do, in other letters."""
    told = {"file_path": "harbour.pdf", "producer": "made", "creationDate": "D:2025", "page": 2, "total_pages": 3}
    assert cite(told) == "harbour.pdf, p. 2"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("https://files.example/a/har%20bour.pdf?signature=secret#page=2", "har bour.pdf"),
        ("https://[draft]/harbour.pdf", "harbour.pdf"),
        ("https://files.example/?id=3", "unnamed document"),
        ("C:\\reports\\harbour.pdf", "harbour.pdf"),
        ("reports/harbour.pdf/", "harbour.pdf"),
    ],
)
def test_a_citation_names_the_file_and_no_query_of_its_address(source: str, name: str) -> None:
    assert cite({"source": source, "page": 1}) == f"{name}, p. 1"


def test_coordinates_of_another_loader_in_pixels_are_no_box() -> None:
    (place,) = places({"page": 3, "category": "Table", "coordinates": [[100, 200], [300, 200], [300, 400], [100, 400]]})

    assert (place.page, place.box) == (3, None)


@pytest.mark.parametrize("thing", [None, 3, "a text", b"bytes", object()])
def test_what_has_no_metadata_is_refused(thing: object) -> None:
    with pytest.raises(ConfigError, match="give a Document, a node"):
        places(thing)


def test_a_citation_is_short_and_a_string() -> None:
    rows = "<tr><td>a</td><td>b</td></tr><tr><td>1</td><td>2</td></tr>"
    table = f"<table><caption>Table 4: Ships by month</caption>{rows}</table>"
    texts = [*TEXTS, ("table", 3, table, (0.1, 0.1, 0.9, 0.4))]
    made = [cite(record) for record in records(document(texts, "/data/2025/harbour.pdf"))]

    assert made[0] == "harbour.pdf, p. 1, 2 Harbour works"
    assert made[1] == "harbour.pdf, p. 1, 2 Harbour works"
    assert made[3] == "harbour.pdf, p. 3, 2 Harbour works > Table 4"
    assert json.dumps(made[3]).startswith('"harbour.pdf')
    assert pickle.loads(pickle.dumps(made[3])).places == made[3].places
    assert cite(next(iter(chunk_elements(document())))) == "harbour.pdf, pp. 1–2, 2 Harbour works"


@pytest.mark.parametrize(
    ("caption", "label"),
    [
        ("표 3. 분기별 매출", "표 3"),
        ("<표 2-1> 자산", "표 2-1"),
        ("Figure 12a. Tides", "Figure 12a"),
        ("Exhibit 5", "Exhibit 5"),
        ("図2 潮位", "図2"),
        ("Ships of the year", "table"),
        ("Table manners", "table"),
    ],
)
def test_the_label_of_a_table_is_that_of_its_caption(caption: str, label: str) -> None:
    metadata = {"source": "a.pdf", "page": 1, "category": "table", "caption": caption}

    assert cite(metadata) == f"a.pdf, p. 1, {label}"


def test_a_hostile_name_is_text_and_turns_no_direction() -> None:
    name = "<img src=x onerror=alert(1)>\u202e\x1b[31mfdp.\n.exe"
    made = cite({"source": name, "page": 1, "headings": "<script>alert(2)</script>"})

    assert not set("\u202e\x1b\n") & set(made)
    assert "<script>" not in made._repr_html_()
    assert "<img" not in made._repr_html_()
    assert "<bdi>" in made._repr_html_()


def pdf(lines: list[list[tuple[float, float, str]]]) -> bytes:
    """Draw pages of 300 x 300 points; a line stands at its distance from the left and the top."""
    from reportlab.pdfgen.canvas import Canvas

    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(300, 300), invariant=1)
    for page in lines:
        canvas.setFont("Helvetica", 12)
        for x, y, text in page:
            canvas.drawString(x, 300 - y, text)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


QUAY = pdf([[(30, 60, "The north quay was dredged in"), (30, 75, "spring, the south quay in autumn.")]])


def quay(text: str = "The north quay was dredged in spring, the south quay in autumn.", **more: Any) -> LangChain:
    box = {"x0": 0.09, "y0": 0.15, "x1": 0.9, "y1": 0.27}
    return LangChain(text, {"source": "q.pdf", "page": 1, "category": "paragraph", "element_id": 0, **box, **more})


def test_a_quote_is_marked_line_by_line() -> None:
    (place,) = places(quay(), quote="dredged in SPRING the", file=QUAY)

    assert place.precision == "words"
    assert len(place.boxes) == 2
    first, second = place.boxes
    assert first[0] > 0.4
    assert 0.15 < first[1] < first[3] < 0.21
    assert second[0] == pytest.approx(0.1, abs=0.01)
    assert 0.2 < second[1] < second[3] < 0.27
    assert quay().page_content[place.start : place.end] == "dredged in spring, the"


def test_words_that_stand_twice_are_marked_twice_and_a_piece_has_its_own() -> None:
    both = places(quay(), quote="quay", file=QUAY)
    (second,) = places(quay("the south quay in autumn."), quote="quay", file=QUAY)

    assert [place.boxes[0][1] < 0.2 for place in both] == [True, False]
    assert second.boxes == both[1].boxes


def test_raised_and_lowered_signs_stand_on_the_line_of_their_words() -> None:
    file = pdf(
        [[(30, 60, "a square of 45 km"), (126, 55, "2"), (134, 61, ","), (140, 60, "in all"), (126, 75, "below")]]
    )
    (place,) = places(quay("a square of 45 km2, in all below"), quote="45 km2, in all", file=file)

    assert len(place.boxes) == 1


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ('Pipes of 12" > 10" are wide.', "Pipes of 12"),
        ('12">10" is how pipes are told', "12"),
        ("Boards of 5' 10\" > 6' at sea", "Boards of 5"),
        ("She wrote 'stop' > 'go' twice", "She wrote"),
        ("a quay is open if q<p", "if q<p"),
        ("the sum runs while n <i", "n <i"),
        ("see <table", "see <table"),
    ],
)
def test_quotation_marks_and_signs_of_plain_text_are_no_tag_that_was_cut(text: str, quote: str) -> None:
    (place, *_) = places(quay(text), quote=quote, file=pdf([[(30, 60, text)]]))

    assert place.precision == "words"
    assert keyed(text[place.start : place.end]).key == keyed(quote).key


def test_a_quote_is_no_piece_of_markup() -> None:
    """It is what somebody typed: its letters all count."""
    (place,) = places(quay("a quiet quay"), quote="q<p", file=pdf([[(30, 60, "a quiet quay")]]))

    assert place.precision != "words"


def test_signs_of_a_quote_tell_which_of_two_is_meant() -> None:
    text = "a loss of (1,234) after 1,234 and △1,234"
    file = pdf([[(30, 60, "a loss of (1,234) after 1,234 and  1,234")]])

    (lost,) = places(quay(text), quote="(1,234)", file=file)
    assert len(places(quay(text), quote="1,234", file=file)) == 3
    assert text[lost.start : lost.end] == "1,234"
    assert lost.start < 20


def test_whole_words_go_before_parts_of_words() -> None:
    file = pdf([[(30, 60, "455,905 and 905")]])
    (place,) = places(quay("455,905 and 905"), quote="905", file=file)

    assert place.boxes[0][0] > 0.3


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_quote_on_a_turned_page(rotation: int) -> None:
    import pypdfium2

    with pypdfium2.PdfDocument(QUAY) as made:
        made[0].set_rotation(rotation)
        target = io.BytesIO()
        made.save(target)
    whole = {"x0": 0.0, "y0": 0.0, "x1": 1.0, "y1": 1.0}
    (upright,) = places(quay(**whole), quote="north", file=QUAY)  # type: ignore[arg-type]
    (turned,) = places(quay(**whole), quote="north", file=target.getvalue())  # type: ignore[arg-type]

    assert upright.box is not None
    assert turned.box is not None
    x0, y0, x1, y1 = upright.box
    expected = {90: (1 - y1, x0, 1 - y0, x1), 180: (1 - x1, 1 - y1, 1 - x0, 1 - y0), 270: (y0, 1 - x1, y1, 1 - x0)}
    assert turned.box == pytest.approx(expected[rotation], abs=0.002)


@pytest.mark.parametrize(
    ("media", "cropped"),
    [
        ((0, 0, 300, 300), (-90, -90, 600, 600)),  # reaches over the page
        ((0, 0, 300, 300), (300, 300, 0, 150)),  # its corners in another order
        ((300, 300, 0, 0), None),
        ((20, 30, 250, 290), (0, 150, 400, 400)),
    ],
)
@pytest.mark.parametrize("rotation", [0, 90])
def test_a_quote_on_a_page_whose_boxes_are_unusual(media: Any, cropped: Any, rotation: int) -> None:
    """The shown page is what both boxes share, whatever the order of their corners."""
    import pypdfium2

    with pypdfium2.PdfDocument(QUAY) as made:
        made[0].set_mediabox(*media)
        if cropped:
            made[0].set_cropbox(*cropped)
        made[0].set_rotation(rotation)
        target = io.BytesIO()
        made.save(target)
    whole = {"x0": 0.0, "y0": 0.0, "x1": 1.0, "y1": 1.0}
    (place,) = places(quay(**whole), quote="north quay", file=target.getvalue())  # type: ignore[arg-type]
    with pypdfium2.PdfDocument(target.getvalue()) as made:
        drawn = made[0].render(scale=4).to_pil().convert("L")
    assert place.precision == "words"
    assert place.box is not None
    x0, y0, x1, y1 = place.box
    around = drawn.crop(
        (int(x0 * drawn.width), int(y0 * drawn.height), int(x1 * drawn.width) + 1, int(y1 * drawn.height) + 1)
    )

    assert sum(around.histogram()[:128]) > 0.1 * around.width * around.height, "ink is there"
    assert min(around.size) == pytest.approx(12 * 4 * 0.93, rel=0.2)


def test_a_quote_over_two_elements_is_found_in_both() -> None:
    file = pdf([[(30, 60, "The tide turns"), (30, 160, "at noon today.")]])
    texts = [
        ("paragraph", 1, "The tide turns", (0.05, 0.1, 0.9, 0.25)),
        ("paragraph", 1, "at noon today.", (0.05, 0.45, 0.9, 0.6)),
    ]
    (chunk,) = chunk_elements(
        decode_document(json.dumps({"elements": [element_json(n, *t) for n, t in enumerate(texts)]}).encode())
    )

    found = places(chunk, quote="turns at noon", file=file)

    assert [(place.element_id, place.precision) for place in found] == [(0, "words"), (1, "words")]
    assert found[0].box is not None
    assert found[0].box[3] < 0.25


def test_a_quote_is_found_in_the_element_of_a_documents_json_that_says_it() -> None:
    texts = [
        ("paragraph", 1, "The tide turns", (0.05, 0.1, 0.9, 0.25)),
        ("paragraph", 1, "at noon today.", (0.05, 0.45, 0.9, 0.6)),
    ]
    body = json.dumps({"elements": [element_json(n, *text) for n, text in enumerate(texts)]})
    whole = LangChain(body, {"source": "tide.pdf", "category": "document"})
    file = pdf([[(30, 60, "The tide turns"), (30, 160, "at noon today.")]])

    (found,) = places(whole, quote="at noon", file=file)
    lost = places(whole, quote="at midnight", file=file)

    assert (found.element_id, found.precision, found.start, found.end) == (1, "words", 0, 0)
    assert found.box is not None
    assert found.box[1] > 0.45
    assert [(place.element_id, place.precision) for place in lost] == [(0, "element"), (1, "element")]
    assert all("are not in" in place.note for place in lost)


def test_words_that_are_not_there_mean_the_element_and_say_so() -> None:
    (place,) = places(quay(), quote="a fleet of balloons", file=QUAY)

    assert (place.precision, place.box) == ("element", (0.09, 0.15, 0.9, 0.27))
    assert "are not in" in place.note


def test_a_quote_in_a_picture_is_found_by_recognised_words() -> None:
    vertices = [points((30 + 60 * n, 50, 80 + 60 * n, 62)) for n in range(2)]
    words = [
        {"id": n, "text": text, "confidence": 0.9, "boundingBox": {"vertices": vertices[n]}}
        for n, text in enumerate(("north", "quay"))
    ]
    page = {"id": 0, "width": 300, "height": 300, "text": "north quay", "confidence": 0.9, "words": words}
    result = decode_ocr(json.dumps({"pages": [page], "text": "north quay", "confidence": 0.9}).encode())

    (place,) = places(quay("north quay"), quote="quay", parsed=result)
    (of_page,) = places(next(iter(ocr_records(result))), quote="north", parsed=result)

    assert place.boxes == ((0.3, pytest.approx(1 / 6), pytest.approx(140 / 300), pytest.approx(62 / 300)),)  # type: ignore[comparison-overlap]
    assert of_page.precision == "words"


@pytest.mark.parametrize("ruled", [True, False])
def test_in_a_pictured_table_the_row_is_marked_where_rows_can_be_told(ruled: bool) -> None:
    pillow = pytest.importorskip("PIL.Image")
    from PIL import ImageDraw

    image = pillow.new("RGB", (400, 400), "white")
    draw = ImageDraw.Draw(image)
    for row in range(4):
        draw.rectangle((60, 112 + 50 * row, 140, 130 + 50 * row), fill="black")
        draw.rectangle((220, 112 + 50 * row, 260, 130 + 50 * row), fill="black")
    for line in range(5) if ruled else ():
        draw.line((40, 100 + 50 * line, 360, 100 + 50 * line), fill="black", width=2)
    target = io.BytesIO()
    image.save(target, "PNG")
    rows = "".join(f"<tr><td>ship {row}</td><td>{row}</td></tr>" for row in range(4))
    box = {"x0": 0.1, "y0": 0.245, "x1": 0.9, "y1": 0.76}
    table = quay(f"<table>{rows}</table>", category="table", **box)
    (place,) = places(table, quote="ship 2", file=target.getvalue())
    (other,) = places(
        quay(f"<table>{rows}<tr><td>more</td></tr></table>", **box), quote="ship 2", file=target.getvalue()
    )

    pipes = "| ship 0 | 0 |\n| --- | --- |\n" + "".join(f"| ship {row} | {row} |\n" for row in range(1, 4))
    (of_markdown,) = places(quay(pipes, category="table", **box), quote="ship 2", file=target.getvalue())

    assert of_markdown.boxes == place.boxes
    assert place.precision == "rows"
    assert place.box is not None
    assert 0.49 <= place.box[1] < place.box[3] <= 0.64
    assert (other.precision, other.note != "") == ("element", True), "five rows are not seen"


def test_a_file_that_moved_or_changed_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "quay.pdf"
    path.write_bytes(QUAY)
    from hashlib import sha256

    thing = quay(source=str(path), file_sha256=sha256(QUAY).hexdigest())
    assert places(thing, quote="north")[0].precision == "words"

    path.write_bytes(pdf([[(30, 60, "Another north quay")]]))
    with pytest.raises(SourceError, match=r"not the file that was parsed.*file="):
        places(thing, quote="north")
    path.unlink()
    with pytest.raises(SourceNotFoundError, match="file="):
        places(thing, quote="north")
    assert places(thing, quote="north", file=QUAY)[0].precision == "words"
    with pytest.raises(ConfigError, match="names no file"):
        places(quay(source=""), quote="north")
    with pytest.raises(SourceError, match="has no page 4"):
        places(quay(page=4), quote="north", file=QUAY)


async def test_places_without_blocking() -> None:
    assert await aplaces(quay(), quote="north", file=QUAY) == places(quay(), quote="north", file=QUAY)


def test_every_error_is_ours() -> None:
    for bad in ({"parsed": 3}, {"parsed": "no json"}, {"quote": 3}):
        with pytest.raises(UpstageDocsError):
            places(quay(), **bad)


def test_metadata_of_an_older_version_degrades_plainly() -> None:
    """Without the hash of their text, spans are believed if they end where it ends; without spans, one place."""
    (chunk,) = chunk_elements(document())
    old = {key: value for key, value in chunk.metadata.items() if key not in {"text_sha256", "record_type"}}
    oldest = {key: value for key, value in old.items() if key not in {"spans", "page_end", "categories"}}

    assert [place.element_id for place in places(LangChain(chunk.text, old))] == [0, 1, 2]
    assert {place.precision for place in places(LangChain(chunk.text[5:], old))} == {"elements"}
    assert [(place.page, place.precision) for place in places(LangChain(chunk.text, oldest))] == [(1, "element")]
    assert [place.page for place in places({**oldest, "spans": "no JSON"})] == [1]


def test_spans_of_a_text_that_was_changed_are_not_believed() -> None:
    (chunk,) = chunk_elements(document())
    changed = chunk.text.replace("quay", "pier")

    assert {place.precision for place in places(LangChain(changed, chunk.metadata))} == {"elements"}


@pytest.mark.parametrize(
    ("source", "model", "line"),
    [
        ("a.docx", "local-1", "a.docx, Two"),  # its pages are counted by page breaks
        ("a.docx", "document-parse-260930", "a.docx, p. 2, Two"),
        ("a.pptx", "local-1", "a.pptx, slide 2, Two"),
        ("a.xlsx", "local-1", "a.xlsx, sheet 2, Two"),
        ("a.xlsx", "document-parse-260930", "a.xlsx, p. 2, Two"),
    ],
)
def test_office_files_are_cited_by_what_they_have(source: str, model: str, line: str) -> None:
    metadata = {"source": source, "model": model, "page": 2, "category": "paragraph", "headings": "Two"}

    spans = json.dumps([[4, 2, 0, 9, 0.0, 0.0, 0.0, 0.0]])

    assert cite(metadata) == cite({**metadata, "record_type": "chunk", "spans": spans}) == line
    assert places(metadata)[0].note
    wordless = OcrResult(source, "", "made", (), "", 0.0, 0)
    assert cite(LangChain("Two words", metadata), quote="words", parsed=wordless) == line, "and so with a quote"


def test_a_heading_is_cited_by_itself() -> None:
    thing = LangChain("<h1 id='1'>Two &amp; three</h1>", {"source": "a.pdf", "page": 2, "category": "heading1"})

    assert cite(thing) == "a.pdf, p. 2, Two & three"
