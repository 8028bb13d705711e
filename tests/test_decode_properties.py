"""Decoding of answers, whatever they hold: what can be read is read, the rest is one error, and no byte is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from conftest import examples
from hypothesis import Phase, given, settings, strategies as st

from upstage_docs.api.decode import decode_document, decode_job, decode_ocr
from upstage_docs.errors import InvalidResponseError
from upstage_docs.models import Job, OcrResult, ParsedDocument

Decode = Callable[[bytes], Any]

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from((0, -1, 7, 10**25, -(10**25), 1.0, 1.5, 1e300))
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = ("id", "page", "category", "coordinates", "base64_encoding", "sub_category", "new")
_OF_A_JOB = ("status", "total_pages", "failure_message", "error", "model")
_TOP = ("api", "model", "usage", "content", "ocr", "warnings", "new")


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    """A right answer of Document Parse whose elements say which they are."""
    count = draw(st.integers(1, 6))
    pages = sorted(draw(st.lists(st.integers(1, 4), min_size=count, max_size=count)))
    return {
        "api": "2.0",
        "model": "document-parse-1",
        "usage": {"pages": 4},
        "content": {"html": "h", "markdown": "m", "text": "t"},
        "elements": [
            {
                "id": number,
                "page": page,
                "category": "paragraph",
                "content": {"html": f"<p id='{number}'>w{number}</p>", "markdown": f"w{number}", "text": f"w{number}"},
                "coordinates": [{"x": 0.1, "y": 0.1}, {"x": 0.9, "y": 0.1}, {"x": 0.9, "y": 0.2}, {"x": 0.1, "y": 0.2}],
            }
            for number, page in enumerate(pages)
        ],
    }


@st.composite
def damaged_answers(draw: st.DrawFn) -> dict[str, Any]:
    """An answer in which any field but the elements' content holds anything, is missing, or is new."""
    answer = draw(answers())
    for element in answer["elements"]:
        for name in draw(st.lists(st.sampled_from(_FIELDS), max_size=3)):
            if draw(st.booleans()):
                element[name] = draw(json_values)
            else:
                element.pop(name, None)
    for name in draw(st.lists(st.sampled_from(_TOP), max_size=3)):
        answer[name] = draw(json_values)
    return answer


encodings = st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-32"))


def no_text_is_lost(decode: Decode, answer: dict[str, Any], encoding: str) -> None:
    raw = json.dumps(answer).encode(encoding)
    document = decode(raw)
    assert isinstance(document, ParsedDocument)
    assert [element.text for element in document.elements] == [one["content"]["text"] for one in answer["elements"]]
    assert len({element.id for element in document.elements}) == len(document.elements), "ids are unique"
    assert all(isinstance(element.page, int) and element.page >= 0 for element in document.elements)
    assert all(isinstance(element.category, str) for element in document.elements)
    assert all(len(point) == 2 for element in document.elements for point in element.coordinates)
    assert isinstance(document.model, str)
    assert document.raw == raw, "every byte that came"


def one_error_or_an_answer(decode: Decode, raw: bytes, kind: type[Any]) -> None:
    found = failure = None
    try:
        found = decode(raw)
    except InvalidResponseError as error:
        failure = error
    if failure is None:
        assert isinstance(found, kind)
        return
    assert bytes(failure.raw) in raw, "what came, or that of several bodies which is no answer, is in the error"
    assert failure.raw or not raw
    assert len(str(failure)) < 1000


@st.composite
def nearly_answers(draw: st.DrawFn) -> bytes:
    """Bytes that are nothing, some JSON, or an answer with bytes taken out, put in or changed."""
    which = draw(st.integers(0, 2))
    if which == 0:
        return draw(st.binary(max_size=30))
    if which == 1:
        keys = st.sampled_from(("elements", "pages", "id"))
        return json.dumps(draw(json_values | st.dictionaries(keys, json_values))).encode()
    raw = bytearray(json.dumps(draw(damaged_answers())).encode())
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(raw) - 1))
        raw[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(raw)


@examples(150)
@given(answer=damaged_answers(), encoding=encodings)
def test_no_text_is_lost_whatever_stands_beside_it(answer: dict[str, Any], encoding: str) -> None:
    no_text_is_lost(decode_document, answer, encoding)


@examples(200)
@given(raw=nearly_answers())
def test_what_is_no_answer_is_one_error_that_keeps_what_came(raw: bytes) -> None:
    one_error_or_an_answer(decode_document, raw, ParsedDocument)
    one_error_or_an_answer(decode_ocr, raw, OcrResult)
    one_error_or_an_answer(decode_job, raw, Job)


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    """The state of a job in which any field but its id holds anything."""
    state: dict[str, Any] = {"id": "job-1", "status": "started", "total_pages": 12, "batches": []}
    for number in range(draw(st.integers(0, 3))):
        batch = {"id": number, "status": "completed", "start_page": 1, "end_page": 9, "download_url": "https://a/b"}
        for name in draw(st.lists(st.sampled_from(tuple(batch)), max_size=3)):
            batch[name] = draw(json_values)
        state["batches"].append(batch)
    for name in draw(st.lists(st.sampled_from(_OF_A_JOB), max_size=3)):
        state[name] = draw(json_values)
    return state


def a_state_is_read(decode: Decode, state: dict[str, Any]) -> None:
    job = decode(json.dumps(state).encode())
    assert (job.request_id, len(job.batches)) == ("job-1", len(state["batches"]))
    assert isinstance(job.status, str)
    assert job.status
    assert all(batch.start_page >= 0 and isinstance(batch.download_url, str) for batch in job.batches)


@examples(150)
@given(state=states())
def test_a_state_of_a_job_is_read_whatever_stands_in_it(state: dict[str, Any]) -> None:
    a_state_is_read(decode_job, state)


# -- each property notices a decoder that breaks it


def _without_the_last(raw: bytes) -> ParsedDocument:
    document = decode_document(raw)
    object.__setattr__(document, "elements", document.elements[:-1])
    return document


def _strictly(raw: bytes) -> Any:
    answer = json.loads(raw)
    for element in answer["elements"]:
        if not isinstance(element.get("category"), str):
            raise InvalidResponseError("a category is no text", raw=raw)
    return decode_document(raw)


def _with_ids_as_they_came(raw: bytes) -> ParsedDocument:
    from msgspec.structs import replace

    document = decode_document(raw)
    came = [one.get("id") for one in json.loads(raw)["elements"]]
    return replace(
        document,
        elements=tuple(
            replace(element, id=one if isinstance(one, int) else element.id)
            for element, one in zip(document.elements, came, strict=True)
        ),
    )


def _with_other_bytes(raw: bytes) -> ParsedDocument:
    return decode_document(json.dumps(json.loads(raw)).encode())


def _by_the_library_alone(raw: bytes) -> Any:
    found = json.loads(raw)
    return decode_document(raw) if found["elements"] is not None else None


def _counting(raw: bytes) -> Any:
    for batch in json.loads(raw)["batches"]:
        _ = batch["start_page"] + batch["end_page"]
    return decode_job(raw)


def finds(check: Callable[..., None], **given_: st.SearchStrategy[Any]) -> None:
    """Look for an example in which *check* fails."""
    search = settings(max_examples=400, phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises(Exception) as caught:
        search(given(**given_)(check))()
    assert isinstance(caught.value, (AssertionError, InvalidResponseError, ValueError, TypeError, KeyError))


@pytest.mark.parametrize("decode", [_without_the_last, _strictly, _with_ids_as_they_came, _with_other_bytes])
def test_a_broken_decoder_of_documents_is_noticed(decode: Decode) -> None:
    finds(
        lambda answer, encoding: no_text_is_lost(decode, answer, encoding),
        answer=damaged_answers(),
        encoding=encodings,
    )


def test_a_decoder_that_raises_what_a_library_raises_is_noticed() -> None:
    finds(lambda raw: one_error_or_an_answer(_by_the_library_alone, raw, ParsedDocument), raw=nearly_answers())


def test_a_broken_decoder_of_states_is_noticed() -> None:
    finds(lambda state: a_state_is_read(_counting, state), state=states())
