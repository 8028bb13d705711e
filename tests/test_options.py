"""An option is written once: its definition says what may be given, in every class and function that takes it."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import fields, replace
from enum import Enum, IntEnum
from numbers import Real
from typing import Any, get_type_hints

import pytest

from upstage_docs import Client, OCROptions, ParseOptions, PollPolicy, RetryPolicy
from upstage_docs.api.limits import ApiLimits
from upstage_docs.api.messages import form_fields
from upstage_docs.api.rates import Rate, RateLimiter
from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.client.settings import Settings
from upstage_docs.corpora.ray import CorpusOptions
from upstage_docs.errors import ConfigError
from upstage_docs.loading.options import LoadOptions
from upstage_docs.options import ManyOptions, SendOptions
from upstage_docs.options.definitions import default_of, definitions, type_of
from upstage_docs.options.parse import ManyKeywords, SendKeywords
from upstage_docs.options.policies import random_share
from upstage_docs.records.options import OCRRecordOptions, RecordOptions
from upstage_docs.store.values import ResultKey

KINDS: list[Any] = [
    *(ParseOptions, OCROptions, RetryPolicy, PollPolicy, ManyOptions, RecordOptions, OCRRecordOptions, ChunkOptions),
    *(Rate, ApiLimits, Settings),
]
NAN = float("nan")
UNCHECKED = {"api_key", "base_url"}  # by the client, with the environment


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: RetryPolicy(attempts="3"), r"RetryPolicy\(attempts='3'\) must be a whole number, 1 or more"),  # type: ignore[arg-type]
        (lambda: RetryPolicy(attempts=True), r"RetryPolicy\(attempts=True\)"),
        (lambda: RetryPolicy(attempts=2.5), r"RetryPolicy\(attempts=2.5\)"),  # type: ignore[arg-type]
        (lambda: RetryPolicy(maximum=1e20), r"RetryPolicy\(maximum=1e\+20\) must be .* at most \d"),
        (lambda: PollPolicy(deadline=1e308), r"PollPolicy\(deadline=1e\+308\) must be .* at most \d"),
        (lambda: RetryPolicy(initial=NAN), r"RetryPolicy\(initial=nan\) must be a number of seconds, 0 or more"),
        (lambda: RetryPolicy(jitter=0.5), r"RetryPolicy\(jitter=0.5\) must be a function"),  # type: ignore[arg-type]
        (lambda: PollPolicy(deadline="1h"), r"PollPolicy\(deadline='1h'\)"),  # type: ignore[arg-type]
        (lambda: PollPolicy(maximum=10**400), r"PollPolicy\(maximum=10"),
        (lambda: ParseOptions(mode=["auto"]), r"mode=\['auto'\] is not allowed"),  # type: ignore[arg-type]
        (lambda: ParseOptions(coordinates=1), "coordinates=1 must be True or False"),  # type: ignore[arg-type]
        (lambda: ParseOptions(ocr=None), "ocr=None is not allowed"),  # type: ignore[arg-type]
        (lambda: ParseOptions(extra_fields={"page": 1}), "extra_fields must map names to strings; 'page' does not"),  # type: ignore[dict-item]
        (lambda: ParseOptions(extra_fields={"mode": "auto"}), "'mode', which has an option of its own"),
        (lambda: ParseOptions(model="document-parse\0"), "is not a model name"),
        (lambda: LoadOptions(crop_folder=""), "crop_folder='' must be the path of a folder"),
        (lambda: OCROptions(schema="azure"), "schema='azure' is not allowed"),  # type: ignore[arg-type]
        (lambda: SendOptions(pages_per_request=True), "pages_per_request=True must be a whole number, 1 or more"),
        (lambda: SendOptions(refresh="yes"), "refresh='yes' must be True or False"),  # type: ignore[arg-type]
        (lambda: RecordOptions(skip_empty="x"), "skip_empty='x' must be True or False"),  # type: ignore[arg-type]
        (lambda: ChunkOptions(min_size=True), "min_size=True must be a whole number"),
        (lambda: Rate(pages_per_minute="300"), r"Rate\(pages_per_minute='300'\) must be a number above 0"),  # type: ignore[arg-type]
        (lambda: Rate(requests_per_second=True), r"Rate\(requests_per_second=True\)"),
        (lambda: RateLimiter(share="1"), "share='1' must be a number above 0, at most 1"),  # type: ignore[arg-type]
        (lambda: ApiLimits(sync_pages=True), r"Limits\(sync_pages=True\)"),
        (lambda: CorpusOptions(parse={"mode": "auto"}), "parse= is of type 'dict'; give ParseOptions"),  # type: ignore[arg-type]
        (lambda: CorpusOptions(chunks=500), "chunks= is of type 'int'; give ChunkOptions"),  # type: ignore[arg-type]
    ],
)
def test_a_value_that_an_option_does_not_take_is_refused_where_it_is_made(make: Callable[[], Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        make()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"retry": 3}, r"retry= is of type 'int'; give RetryPolicy\(...\)"),
        ({"poll": "1s"}, r"poll= is of type 'str'; give PollPolicy\(...\)"),
        ({"limits": None}, r"limits= is of type 'NoneType'; give \w+\(...\)"),
        ({"rates": {"sync": 3}}, r"rates=\{'sync': 3\} must hold Rate"),
        ({"rates": 3}, "rates=3 must map families"),
        ({"max_concurrency": True}, "max_concurrency=True must be a whole number"),
        ({"max_concurrency": None}, "max_concurrency=None must be a whole number"),
        ({"timeout": "30"}, "timeout='30' must be a number of seconds above 0"),
        ({"timeout": 1e20}, r"timeout=1e\+20 must be a number of seconds above 0, at most \d"),
        ({"timeout": True}, "timeout=True"),
        ({"rate_share": NAN}, "rate_share=nan"),
        ({"prices": {"ocr": True}}, "must be US dollars per page"),
        ({"prices": 0.01}, "prices=0.01 must map"),
        ({"headers": ["x-a"]}, "headers= must map header names"),
        ({"headers": {"x a": "b"}}, "An entry of headers= is not the name of a header"),
        ({"auth_header": "x-api-key:"}, "auth_header= is not the name of a header"),
        ({"transport": "local"}, "transport= is of type 'str'; give an httpx transport"),
    ],
)
def test_a_client_refuses_what_its_options_do_not_take(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Client("up_test", **settings)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_option_takes_an_object_of_no_meaning(kind: Any) -> None:
    """Every field is an option, and has a check: nothing of this type could be meant."""
    assert [one.name for one in fields(kind)] == [*definitions(kind)]
    for name in definitions(kind).keys() - UNCHECKED:
        with pytest.raises(ConfigError, match=name):
            kind(**{name: object()})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_docstrings_say_what_the_definitions_say(kind: Any) -> None:
    shown = " ".join((inspect.getdoc(Client.__init__ if kind is Settings else kind) or "").split())

    for name, said in definitions(kind).items():
        assert f"{name}: {said.sentence}" in shown


def test_the_calls_of_a_client_take_what_the_definitions_say() -> None:
    """What type checkers are told once, for all calls, and what the calls show."""
    options = {name: type_of(SendOptions, name) for name in definitions(SendOptions)}
    assert get_type_hints(SendKeywords) == options
    assert get_type_hints(ManyKeywords) == {name: type_of(ManyOptions, name) for name in definitions(ManyOptions)}
    many = (Client.parse_many, Client.stream_many, Client.ocr_many, Client.estimate)
    assert "Document OCR takes no jobs" in (Client.ocr.__doc__ or "")
    for method in (Client.parse, Client.stream, Client.iter_elements, Client.ocr, *many):
        parameters = inspect.signature(method).parameters
        shown = " ".join((method.__doc__ or "").split())
        kind = ManyOptions if "ordered" in parameters else SendOptions
        for name, said in definitions(kind).items():
            assert (parameters[name].annotation, parameters[name].default) == (
                type_of(kind, name),
                default_of(kind, name),
            )
            assert f"{name}: {said.sentence}" in shown


def test_an_option_that_a_call_does_not_have_is_refused() -> None:
    with Client("up_test", cache=False) as client, pytest.raises(TypeError, match="'rout'"):
        client.parse(b"%PDF-", rout="sync")  # type: ignore[call-arg]


def test_equal_options_have_equal_hashes_and_are_written_alike() -> None:
    """Whatever the order of a mapping; a mapping of the caller's may change afterwards."""
    given = {"b": "2", "a": "1"}
    one, other = ParseOptions(extra_fields=given), ParseOptions(extra_fields={"a": "1", "b": "2"})
    key = hash(one)
    given["c"] = "3"

    assert one == other
    assert hash(one) == hash(other) == key == hash(pickle.loads(pickle.dumps(one)))
    assert repr(one) == repr(other)
    assert len({OCROptions(extra_fields={"x": "1"}), OCROptions(extra_fields={"x": "1"})}) == 1
    assert CorpusOptions(parse=one, storage_options={"a": {"b": [1]}}) == CorpusOptions(
        parse=other, storage_options={"a": {"b": [1]}}
    )
    assert len({CorpusOptions(parse=one, storage_options={"a": {"b": [1]}}), CorpusOptions(parse=other)}) == 2
    assert CorpusOptions(parse=one).digest == CorpusOptions(parse=other).digest
    assert hash(Settings(headers={"x-a": "1", "x-b": "2"})) == hash(Settings(headers={"x-b": "2", "x-a": "1"}))
    assert hash(Settings(rates={"sync": Rate()}, prices={"ocr": 0.1}))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_options_of_another_process_and_copies_are_equal(kind: Any) -> None:
    made = kind()
    for other in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert other == made
        assert hash(other) == hash(made)


class Texts(str, Enum):
    STABLE = "document-parse"
    OCR = "ocr"
    ENHANCED = "enhanced"
    FORCE = "force"
    HTML = "html"
    CLOVA = "clova"
    TEAM = "team"


def test_a_member_of_an_enumeration_of_texts_is_its_text() -> None:
    """`str` of it is its name, and would be sent."""
    options: dict[str, Any] = {"mode": Texts.ENHANCED, "ocr": Texts.FORCE, "output_formats": (Texts.HTML,)}
    parse = ParseOptions(model=Texts.STABLE, **options, extra_fields={Texts.TEAM: Texts.HTML})
    schema: Any = Texts.CLOVA
    for made in (parse, OCROptions(model=Texts.OCR, schema=schema)):
        assert {str(name): str(text) for name, text in form_fields(made).items()} == form_fields(made)
    assert form_fields(parse)["output_formats"] == '["html"]'


class Whole:
    """As whole numbers of NumPy are: no `int`, and one to Python."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __index__(self) -> int:
        return self.number


@Real.register
class Single:
    """As numbers of NumPy with few bits are."""

    def __init__(self, number: float) -> None:
        self.number = number

    def __float__(self) -> float:
        return self.number


class Share(float):
    def __repr__(self) -> str:
        return "Share"


class Tries(IntEnum):
    FEW = 2


def test_a_number_of_another_library_is_taken_as_one_of_python() -> None:
    three: Any = Whole(3)
    policy = RetryPolicy(attempts=three, longest_retry_after=Share(2.5))
    assert policy == RetryPolicy(attempts=3, longest_retry_after=2.5)
    for made in (policy, RetryPolicy(attempts=Tries.FEW), ChunkOptions(chunk_size=three)):
        assert {type(value) for value in vars(made).values()} & {Whole, Share, Tries} == set()
    short: Any = Single(2.5)
    assert repr(Settings(prices={"ocr": short, "standard": three}).prices) == "{'ocr': 2.5, 'standard': 3}"
    assert repr(RetryPolicy(longest_retry_after=short)) == repr(RetryPolicy(longest_retry_after=2.5))
    with pytest.raises(ConfigError, match="must be a whole number, 1 or more"):
        RetryPolicy(attempts=short)
    with pytest.raises(ConfigError, match="must be a whole number, 1 or more"):
        RetryPolicy(attempts=Whole(0))  # type: ignore[arg-type]


def test_a_request_names_each_option_once() -> None:
    """What older models do not know is named only where it says something."""
    assert form_fields(ParseOptions()) == {
        "model": "document-parse",
        "ocr": "auto",
        "chart_recognition": "true",
        "output_formats": '["html", "markdown", "text"]',
        "coordinates": "true",
    }
    asked = ParseOptions(
        mode="auto", merge_multipage_tables=True, base64_encoding=("table",), extra_fields={"page": "2"}
    )
    assert form_fields(asked) == {
        **form_fields(ParseOptions()),
        "mode": "auto",
        "merge_multipage_tables": "true",
        "base64_encoding": '["table"]',
        "page": "2",
    }
    assert form_fields(OCROptions(schema="clova")) == {"model": "ocr", "schema": "clova"}


def test_the_key_of_a_stored_answer_names_the_options_of_the_first_version() -> None:
    """An answer that was paid for before an option existed is found under its default."""
    key = ResultKey.of("ab", ParseOptions(), "https://a.example/v1")

    assert key.options == (
        '{"base64_encoding":[],"chart_recognition":true,"coordinates":true,"engine_version":"","extra_fields":{},'
        '"merge_multipage_tables":false,"mode":"standard","model":"document-parse","ocr":"auto","operation":"parse",'
        '"output_formats":["html","markdown","text"]}'
    )
    assert replace(key, model="document-parse") == key


def test_a_policy_from_a_pickle_spaces_its_tries_as_before() -> None:
    again = pickle.loads(pickle.dumps(RetryPolicy()))

    assert again == RetryPolicy()
    assert again.jitter is random_share
    assert 0 <= random_share() < 1
