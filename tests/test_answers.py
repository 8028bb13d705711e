"""Every body that the API answers becomes a model: hand-made equivalents of each trap, and the real answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from upstage_docs.api.decode import decode_document, decode_job, decode_jobs, decode_ocr
from upstage_docs.api.joining import document_json, join, raw_elements
from upstage_docs.errors import InvalidResponseError
from upstage_docs.models import ParsedDocument, Usage


def made(identity: int | None = 0, page: int | None = 1, text: str = "a", **fields: Any) -> dict[str, Any]:
    """One element as the API answers it."""
    content = {"html": f"<p id='{identity}' data-category='paragraph'>{text}</p>", "markdown": text, "text": text}
    return {"id": identity, "page": page, "category": "paragraph", "content": content, **fields}


def body(*elements: dict[str, Any], **fields: Any) -> bytes:
    html = "\n".join((one.get("content") or {}).get("html") or "" for one in elements)
    content = {"html": html, "markdown": "", "text": ""}
    return json.dumps(
        {"api": "2.0", "model": "document-parse-260930", "content": content, "elements": elements, **fields}
    ).encode()


def test_raw_gives_back_every_byte() -> None:
    raw = b'{"elements": [  {"id":0, "page":1, "new": {"x": [1]}} ],\n "unknown": "\xea\xb8\xb0"}'

    assert decode_document(raw).raw == raw


def test_unknown_fields_categories_and_nulls_are_tolerated() -> None:
    nothing = {"id": None, "page": None, "category": None, "content": None, "coordinates": None, "confidence": 0.4}
    document = decode_document(
        body(made(category="hologram", sub_category="2d"), nothing, content=None, usage=None, ocr=None)
    )

    assert [(e.id, e.page, e.category, e.sub_category, e.text) for e in document.elements] == [
        (0, 1, "hologram", "2d", "a"),
        (1, 1, "", "", ""),
    ]
    assert (document.usage, document.ocr, document.html) == (Usage(), None, "")


def test_formats_that_were_not_asked_for_are_empty() -> None:
    element = decode_document(body(made(content={"html": "", "markdown": "x", "text": None}))).elements[0]

    assert (element.html, element.markdown, element.text) == ("", "x", "")


def test_coordinates_may_be_integers_rotated_or_off_the_page() -> None:
    quad = [{"x": 0, "y": 1}, {"x": 1.056, "y": 0.98}, {"x": 1, "y": 1.039}, {"x": 0, "y": 1}]
    element = decode_document(body(made(coordinates=quad))).elements[0]

    assert element.coordinates == ((0.0, 1.0), (1.056, 0.98), (1.0, 1.039), (0.0, 1.0))
    assert all(type(value) is float for point in element.coordinates for value in point)


@pytest.mark.parametrize("coordinates", [None, [], [{"x": None, "y": 0.1}], [{}]])
def test_coordinates_that_say_nothing_are_none(coordinates: Any) -> None:
    assert decode_document(body(made(coordinates=coordinates))).elements[0].coordinates == ()


def test_pages_of_a_batch_that_starts_again_become_absolute() -> None:
    document = decode_document(body(made(0, 1), made(1, 2)), first_page=11, first_id=40, total_pages=12)

    assert [(e.id, e.page) for e in document.elements] == [(40, 11), (41, 12)]
    assert document.total_pages == 12


def test_pages_of_a_batch_that_are_absolute_stay() -> None:
    document = decode_document(body(made(40, 11), made(41, 12)), first_page=11, first_id=40)

    assert [(e.id, e.page) for e in document.elements] == [(40, 11), (41, 12)]


def test_a_missing_page_in_a_batch_is_that_of_the_element_before() -> None:
    """It is no sign that the batch's pages start again."""
    document = decode_document(body(made(40, 11), made(41, None), made(42, 12)), first_page=11, first_id=40)

    assert [element.page for element in document.elements] == [11, 11, 12]


def test_a_part_of_a_long_file_is_moved_behind_the_parts_before() -> None:
    document = decode_document(body(made(0, 1), made(1, 11)), first_page=1, first_id=7, page_offset=2000)

    assert [(e.id, e.page) for e in document.elements] == [(7, 2001), (8, 2011)]


def test_ids_that_move_move_in_the_html_too() -> None:
    figure = made(1, content={"html": "<figure><img id='1' alt=\"id='1' 250 mm\" /></figure>", "text": "250 mm"})
    document = decode_document(body(made(0), figure), first_page=11, first_id=250)

    assert document.elements[1].html == "<figure><img id='251' alt=\"id='1' 250 mm\" /></figure>"
    assert document.html.startswith("<p id='250' data-category='paragraph'>a</p>\n<figure><img id='251'")


def test_captions_merged_into_their_table_keep_their_ids() -> None:
    """The whole document's HTML is not its elements joined: ids appear out of order."""
    html = "<table id='1'><caption id='2'>T</caption><tr><td>1</td></tr></table>\n<p id='0'>a</p>"
    document = decode_document(body(made(0), made(1), made(2), content={"html": html}), first_id=10, first_page=11)

    assert document.html == html.replace("'1'", "'11'").replace("'2'", "'12'").replace("'0'", "'10'")


@pytest.mark.parametrize("ids", [[0, 0, 1], [3, None, 4]])
def test_ids_that_repeat_or_are_missing_are_numbered_anew(ids: list[int | None]) -> None:
    document = decode_document(body(*(made(one) for one in ids)), first_id=5)

    assert [element.id for element in document.elements] == [5, 6, 7]


def test_ids_out_of_order_are_kept() -> None:
    assert [element.id for element in decode_document(body(made(2), made(0), made(1))).elements] == [2, 0, 1]


def test_usage_says_which_pages_ran_in_which_mode() -> None:
    usage = {"pages": 3, "standard": [1, 3], "enhanced": [2], "future": 1}

    assert decode_document(body(made(), usage=usage)).usage == Usage(3, (1, 3), (2,))
    assert decode_document(body(made(), usage=usage)).total_pages == 3


@pytest.mark.parametrize(
    "raw", [b"", b"<html>Bad Gateway</html>", b'{"error": "x"}', b"[]", b'{"elements": null}', b"\xff"]
)
def test_what_is_no_answer_is_an_error_that_keeps_the_bytes(raw: bytes) -> None:
    with pytest.raises(InvalidResponseError, match="not one of Document Parse") as caught:
        decode_document(raw)

    assert caught.value.raw == raw


def test_what_an_answer_echoes_is_not_shown() -> None:
    """A gateway may send back the headers of the request, the key among them."""
    with pytest.raises(InvalidResponseError, match="it holds 'args', 'headers'") as caught:
        decode_document(b'{"args": {}, "headers": {"Authorization": "Bearer up_secret"}}')
    assert "up_secret" not in str(caught.value)


def test_an_answer_without_keys_is_said_to_hold_none_by_no_empty_list() -> None:
    with pytest.raises(InvalidResponseError, match=r"\(it lacks `[a-z]+`\)\.$"):
        decode_document(b"{}")


def test_a_text_that_looks_like_a_very_long_id_is_text() -> None:
    text = f"<p id='{'1' * 5000}'>"
    one = {"id": 0, "category": "paragraph", "page": 1, "content": {"html": f"<p id='0'>{text}</p>"}}
    other = {"id": 1, "category": "paragraph", "page": 1, "content": {"html": text}}
    raw = json.dumps({"elements": [one, other], "content": {"html": text}}).encode()
    document = decode_document(raw, first_id=7)
    assert [element.html for element in document.elements] == [f"<p id='7'>{text}</p>", text]
    assert document.html == text


def batches() -> list[ParsedDocument]:
    first = decode_document(
        body(made(0, 1, new=1), made(1, 2), usage={"pages": 2, "standard": [1, 2]}, ocr=False), source="a.pdf"
    )
    second = decode_document(
        body(made(0, 1, "b"), usage={"pages": 1, "standard": [3]}, ocr=True), source="a.pdf", first_page=3, first_id=2
    )
    return [first, second]


def test_batches_join_into_one_document() -> None:
    document = join(batches())

    assert [(e.id, e.page, e.text) for e in document.elements] == [(0, 1, "a"), (1, 2, "a"), (2, 3, "b")]
    assert document.html.count("\n") == 2
    assert document.usage == Usage(3, (1, 2, 3))
    assert document.ocr is True
    assert document.raw == b"[" + b",".join(part.raw for part in batches()) + b"]"


def test_joining_nothing_is_an_error() -> None:
    with pytest.raises(InvalidResponseError, match="no answers"):
        join([])


def test_one_answer_is_its_own_json() -> None:
    raw = body(made(), future=True)

    assert document_json(decode_document(raw)) == raw.decode()


def test_the_json_of_several_answers_decodes_into_the_same_document() -> None:
    """Final ids and pages, unknown fields and usage go along."""
    document = join(batches())
    again = decode_document(document_json(document).encode(), source="a.pdf")

    assert again.elements == document.elements
    assert (again.html, again.usage, again.ocr, again.model) == (document.html, document.usage, True, document.model)
    assert raw_elements(document)[0]["new"] == 1


def test_ocr_text_is_built_from_the_pages() -> None:
    """The API's own text glues the pages together; word ids run on over the pages."""
    word = {
        "id": 243,
        "text": "b",
        "confidence": 0.9,
        "boundingBox": {"vertices": [{"x": 1, "y": 2}, {"x": 3, "y": 2}]},
    }
    pages = [
        {"id": 0, "width": 100, "height": 50, "confidence": 0.98, "text": "a \nz", "words": [{"id": 0, "text": "a"}]},
        {"id": 1, "width": 100, "height": 50, "confidence": 0.93, "text": "b", "words": [word, {"boundingBox": None}]},
        {"id": 2, "words": None},
    ]
    raw = json.dumps(
        {"modelVersion": "ocr-260930", "numBilledPages": 3, "confidence": 0.93, "text": "a \nzb", "pages": pages}
    )
    result = decode_ocr(raw.encode(), source="scan.png", file_sha256="ab")

    assert result.text == "a \nz\nb\n"
    assert [page.number for page in result.pages] == [1, 2, 3]
    assert [[one.id for one in page.words] for page in result.pages] == [[0], [243, 1], []]
    assert result.pages[1].words[0].vertices == ((1.0, 2.0), (3.0, 2.0))
    assert (result.model, result.billed_pages, result.confidence, result.raw) == ("ocr-260930", 3, 0.93, raw.encode())


@pytest.mark.parametrize("unread", [None, "x", [], 7])
def test_a_page_of_ocr_that_cannot_be_read_keeps_its_place(unread: Any) -> None:
    """Those behind it are no other pages because of it."""
    pages = [unread, *({"id": number, "text": f"page {number + 1}", "words": []} for number in (1, 2))]
    result = decode_ocr(json.dumps({"pages": pages}).encode(), sent=3)
    assert [(page.number, page.text) for page in result.pages] == [(1, ""), (2, "page 2"), (3, "page 3")]


def test_fewer_pages_of_ocr_than_were_sent_are_the_first_ones_or_an_error() -> None:
    cut, gap = ([{"id": number, "text": "a"} for number in numbers] for numbers in ((0, 1), (1, 2)))
    assert len(decode_ocr(json.dumps({"pages": cut}).encode(), sent=3).pages) == 2
    with pytest.raises(InvalidResponseError, match="3 pages were sent, and pages 2, 3 came"):
        decode_ocr(json.dumps({"pages": gap}).encode(), sent=3)


def test_what_is_no_ocr_answer_is_an_error() -> None:
    with pytest.raises(InvalidResponseError, match="Document OCR"):
        decode_ocr(b'{"text": "a"}')


def test_a_job_may_lack_nearly_everything() -> None:
    job = decode_job(b'{"request_id": "r-1"}', source="a.pdf")

    assert (job.request_id, job.status, job.source, job.batches, job.done) == ("r-1", "submitted", "a.pdf", (), False)


def test_batches_of_a_job_are_in_order_and_times_stay_as_answered() -> None:
    """Nanoseconds are more than `datetime` reads."""
    time = "2026-07-01T14:47:01.863880448Z"
    batches = [{"id": 1, "status": "retrying"}, {"id": 0, "status": "completed", "start_page": 1, "end_page": 10}]
    raw = json.dumps({"id": "r", "status": "polishing", "batches": batches, "requested_at": time, "completed_at": None})
    job = decode_job(raw.encode())

    assert [batch.id for batch in job.batches] == [0, 1]
    assert (job.requested_at, job.completed_at, job.done) == (time, "", False)


def test_a_job_without_an_id_is_an_error() -> None:
    with pytest.raises(InvalidResponseError, match="no request id"):
        decode_job(b"{}")


def test_the_list_of_requests() -> None:
    assert [job.request_id for job in decode_jobs(b'{"requests": [{"id": "b"}, {"id": "a"}]}')] == ["b", "a"]


def test_every_real_parse_answer_decodes_and_gives_back_its_bytes(shared_folder: Path) -> None:
    paths = sorted((shared_folder / "upstage" / "responses").glob("dp_*.json"))
    assert len(paths) >= 10
    for path in paths:
        raw = path.read_bytes()
        answered = json.loads(raw)["elements"]
        document = decode_document(raw)

        assert document.raw == raw
        assert [element.id for element in document.elements] == [one["id"] for one in answered]
        assert [element.text for element in document.elements] == [one["content"]["text"] for one in answered]
        assert [list(map(list, e.coordinates)) for e in document.elements] == [
            [[point["x"], point["y"]] for point in one["coordinates"]] for one in answered
        ]
        assert [element.base64_encoding for element in document.elements] == [
            one.get("base64_encoding") or "" for one in answered
        ]


def test_every_real_answer_moves_as_a_batch_would(shared_folder: Path) -> None:
    """The whole file twice, as two batches: ids unique, pages absolute, HTML ids the elements' own."""
    for path in sorted((shared_folder / "upstage" / "responses").glob("dp_*.json")):
        raw = path.read_bytes()
        first = decode_document(raw)
        pages, count = max(e.page for e in first.elements), max(e.id for e in first.elements) + 1
        document = join([first, decode_document(raw, first_page=pages + 1, first_id=count)])

        ids = [element.id for element in document.elements]
        assert len(set(ids)) == len(ids)
        assert max(element.page for element in document.elements) <= 2 * pages
        assert decode_document(document_json(document).encode()).elements == document.elements


def test_every_real_ocr_answer_decodes_and_gives_back_its_bytes(shared_folder: Path) -> None:
    paths = sorted((shared_folder / "upstage" / "responses").glob("ocr_*.json"))
    assert len(paths) >= 2
    for path in paths:
        raw = path.read_bytes()
        answered = json.loads(raw)
        result = decode_ocr(raw)

        assert result.raw == raw
        assert result.text == "\n".join(page["text"] for page in answered["pages"])
        ids = [word.id for page in result.pages for word in page.words]
        assert ids == list(range(len(ids)))
        assert result.billed_pages == answered["numBilledPages"]


@pytest.mark.parametrize("wrong", [5, 1.5, True, [1], {"a": 1}, "7 pages", 10**25, -3, float("nan"), float("inf")])
def test_a_field_of_a_wrong_type_is_read_as_its_empty_value(wrong: Any) -> None:
    numbers = isinstance(wrong, (int, float)) and not isinstance(wrong, bool)
    strange = made(
        wrong if wrong != 5 else "x",  # type: ignore[arg-type]
        2,
        category=5,
        sub_category={},
        base64_encoding=[],
        coordinates=[{"x": wrong}],
    )
    document = decode_document(body(made(0, 1), strange, model=wrong if not isinstance(wrong, str) else 3))

    assert [(one.id, one.page, one.category, one.text) for one in document.elements] == [
        (0, 1, "paragraph", "a"),
        (1, 2, "", "a"),
    ]
    assert document.elements[1].coordinates == () or numbers
    assert (document.elements[1].sub_category, document.elements[1].base64_encoding) == ("", "")
    assert document.model == ""


@pytest.mark.parametrize("page", [2.0, "2"])
def test_a_page_that_is_written_otherwise_is_that_page(page: Any) -> None:
    assert decode_document(body(made(0, 1), made(1, page))).elements[1].page == 2


@pytest.mark.parametrize(
    "coordinates", [{"x": 1}, "no", [None], [{"x": 0.1, "y": 0.1}, 7, {"x": 1, "y": 1}], [{"x": "1", "y": 0}]]
)
def test_corners_that_cannot_be_read_are_no_box_of_other_corners(coordinates: Any) -> None:
    assert decode_document(body(made(coordinates=coordinates))).elements[0].coordinates == ()


def test_a_content_without_formats_is_the_text_in_each_of_them() -> None:
    raw = json.dumps({"elements": [made(content="the words")]}).encode()
    element = decode_document(raw).elements[0]

    assert (element.html, element.markdown, element.text) == ("the words", "the words", "the words")


@pytest.mark.parametrize(
    ("harm", "text"),
    [
        (lambda raw: b"\xef\xbb\xbf" + raw, "word"),
        (lambda raw: raw.decode().encode("utf-16"), "word"),
        (lambda raw: raw.decode().encode("utf-32"), "word"),
        (lambda raw: raw.replace(b"word", b"wo\xff\xferd"), "wo\ufffd\ufffdrd"),
        (lambda raw: raw.replace(b"word", b"wo\\ud800rd"), "wo\ufffdrd"),
        (lambda raw: raw.replace(b'"api": "2.0"', b'"api": NaN'), "word"),
        (lambda raw: raw.replace(b'"api": "2.0"', b'"api": "\\udfff"'), "word"),
        (lambda raw: raw.replace(b'"api": "2.0"', b'"api": 1e999, "new": ' + b"9" * 5000), "word"),
    ],
    ids=["utf-8 with a mark", "utf-16", "utf-32", "bytes", "half a character", "NaN", "half, elsewhere", "numbers"],
)
def test_marks_and_broken_characters_cost_nothing(harm: Any, text: str) -> None:
    """The document reads, and what is made of its JSON reads as well."""
    document = decode_document(harm(body(made(text="word"), made(1, 1, "more"))))

    assert [one.text for one in document.elements] == [text, "more"]
    assert [one["content"]["text"] for one in raw_elements(document)] == [text, "more"]
    assert [one.text for one in decode_document(document_json(document).encode()).elements] == [text, "more"]
    assert document_json(document).startswith("{")


@pytest.mark.parametrize("elements", [None, {}, "x", 5, [None], [1, "a"]])
def test_an_answer_without_a_readable_element_is_an_error(elements: Any) -> None:
    raw = json.dumps({"elements": elements, "usage": {"pages": 3}}).encode()
    with pytest.raises(InvalidResponseError, match="not one of Document Parse") as caught:
        decode_document(raw)

    assert caught.value.raw == raw


def test_an_answer_of_mostly_unreadable_elements_is_given_up() -> None:
    """Each of them takes the time of an exception; 15 kB that were packed held seven million."""
    readable = {"id": 0, "page": 1, "category": "paragraph", "content": {"text": "Kept"}}
    few = json.dumps({"elements": [*[1] * 10_000, readable]}).encode()
    assert [element.text for element in decode_document(few).elements] == ["Kept"]
    many = json.dumps({"elements": [*[1] * 10_001, readable]}).encode()
    with pytest.raises(InvalidResponseError, match="nothing that can be read"):
        decode_document(many)


def test_what_is_cut_off_trails_or_is_nested_without_end_is_an_error() -> None:
    whole = body(made())
    for raw in (whole[:-3], whole + b"garbage", b'{"elements":' + b"[" * 200_000, b'{"elements":[],"a":' + b"[" * 900):
        with pytest.raises(InvalidResponseError):
            decode_document(raw)


@pytest.mark.parametrize("page", [999, 0, -4, 10**25, 13, "page 3", {"n": 1}, True])
def test_an_element_on_a_page_that_the_document_lacks_keeps_its_text_on_page_0(page: Any) -> None:
    document = decode_document(body(made(0, 1), made(1, page, "lost"), made(2, 12)), pages=(1, 12))

    assert [(one.page, one.text) for one in document.elements] == [(1, "a"), (0, "lost"), (12, "a")]
    assert len(document.warnings) == 1
    assert "elements 1." in str(document.warnings[0])
    again = decode_document(document_json(document).encode())
    assert [one.page for one in again.elements] == [1, 0, 12]


@pytest.mark.parametrize(
    ("pages", "answered", "expected"),
    [
        ((11, 20), [1, 10], [11, 20]),
        ((11, 20), [11, 20], [11, 20]),
        ((11, 20), [1, 99, 10], [11, 0, 20]),
        ((11, 20), [11, 20, 2], [11, 20, 0]),
        ((111, 120), [11, 15, 20], [111, 115, 120]),
        ((111, 120), [11, 15, 20, 500], [111, 115, 120, 0]),
        ((1, 10), [1, 12, 10, 3], [1, 0, 10, 3]),
    ],
)
def test_pages_are_those_that_most_elements_agree_on(
    pages: tuple[int, int], answered: list[int], expected: list[int]
) -> None:
    document = decode_document(body(*(made(index, page) for index, page in enumerate(answered))), pages=pages)

    assert [one.page for one in document.elements] == expected


@pytest.mark.parametrize("answered", [[0, 0], [999, 998], [-1, 10**25], ["x", "y"]])
def test_an_answer_whose_pages_are_all_strange_is_an_error_that_keeps_it(answered: list[Any]) -> None:
    raw = body(*(made(index, page) for index, page in enumerate(answered)))
    with pytest.raises(InvalidResponseError, match="answer for pages 1-4 holds") as caught:
        decode_document(raw, source="a.pdf", pages=(1, 4))

    assert caught.value.raw == raw


def test_a_batch_of_later_pages_does_not_become_the_first() -> None:
    """Two addresses that were exchanged: pages 11 to 20 came where 1 to 10 were to be."""
    with pytest.raises(InvalidResponseError, match="pages 1-10 holds pages 11-20"):
        decode_document(body(made(0, 11), made(1, 20)), source="a.pdf", pages=(1, 10))


@pytest.mark.parametrize("usage", [{"pages": 10**25}, {"pages": -3}, {"pages": "2"}, {"pages": True}, [2], "2"])
def test_a_count_that_can_be_none_is_none(usage: Any) -> None:
    assert decode_document(body(made(), usage=usage)).usage == Usage()


def test_counts_in_other_numbers_are_counts() -> None:
    usage = decode_document(body(made(), usage={"pages": 2.0, "standard": [1, -4, 10**25, 2.0, "x"]})).usage

    assert usage == Usage(pages=2, standard=(1, 2))


def test_ocr_reads_wrong_types_as_their_empty_values() -> None:
    word = {"id": "w", "text": "hi", "confidence": "high", "boundingBox": [1]}
    page = {"id": 0, "page": 999, "width": 100.0, "height": "tall", "confidence": None, "text": 5, "words": [word, 3]}
    raw = json.dumps({"pages": [page], "confidence": [], "modelVersion": 3, "numBilledPages": 10**25}).encode()
    result = decode_ocr(b"\xef\xbb\xbf" + raw)

    assert (result.model, result.confidence, result.billed_pages) == ("", 0.0, 1)
    assert [(p.number, p.width, p.height, p.text) for p in result.pages] == [(1, 100, 0, "hi")]
    assert [(w.id, w.text, w.confidence, w.vertices) for w in result.pages[0].words] == [(0, "hi", 0.0, ())]


def test_a_job_reads_wrong_types_as_their_empty_values() -> None:
    batch = {"id": 0, "status": "completed", "start_page": -3, "end_page": 10**25, "download_url": 5}
    job = decode_job(
        json.dumps(
            {"request_id": "j", "status": 7, "total_pages": 10**25, "batches": [batch, "x"], "model": []}
        ).encode()
    )

    assert (job.status, job.total_pages, job.model) == ("submitted", 0, "")
    assert [(one.start_page, one.end_page, one.download_url) for one in job.batches] == [(0, 0, "")]


@pytest.mark.parametrize("request_id", ["../../x", "..", "a/b", "a" * 100_000, "é한", "a b", "", "a?b", "a\nb"])
def test_a_request_id_that_is_none_is_an_error(request_id: str) -> None:
    with pytest.raises(InvalidResponseError, match="request id") as caught:
        decode_job(json.dumps({"request_id": request_id}).encode())

    assert len(str(caught.value)) < 300
