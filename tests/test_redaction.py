"""No secret shows: in no message, attribute, pickle or frame, wherever the text came from that echoes it."""

from __future__ import annotations

import asyncio
import copy
import gc
import html
import json
import pickle
import re
import socket
import subprocess
import sys
import threading
import traceback
from base64 import b64decode, b64encode
from enum import Enum
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import httpx
import msgspec
import pytest

from langchain_upstage_docs import UpstageDocumentParseLoader
from llama_index_upstage_docs import UpstageDocumentParseReader
from upstage_docs import AsyncClient, Client, ConfigError, UpstageDocsError
from upstage_docs.api.decode import decode_document, decode_job
from upstage_docs.api.json_shapes import JobShape
from upstage_docs.api.messages import Api
from upstage_docs.corpora.ray import CorpusOptions
from upstage_docs.errors.redaction import Body, Secret, redact, shorten
from upstage_docs.errors.spellings import hide
from upstage_docs.options import RetryPolicy
from upstage_docs.serve.server import build_app, serve
from upstage_docs.testing.server import build_app as build_stand_in

KEY = "up_pl4nted/K3Y+value=="
SAMPLE = Path(__file__).resolve().parent.parent / "upstage_docs" / "samples" / "report.pdf"


class Echo(httpx.BaseTransport):
    """Answers with what the request's headers say, or fails with it."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        said = request.headers.get("authorization") or request.headers.get("x-api-key") or request.headers["cookie"]
        answer: httpx.Response = self.answer(said)
        return answer


def fail(kind: type[httpx.TransportError]) -> Any:
    def answer(said: str) -> httpx.Response:
        raise kind(f"illegal header line: {bytearray(f'Authorization {said}'.encode())!r}")

    return answer


ECHOES = {
    "a broken header": fail(httpx.RemoteProtocolError),
    "a broken connection": fail(httpx.ConnectError),
    "a message": lambda said: httpx.Response(400, json={"error": {"message": f"bad {said}", "code": said}}),
    "a text": lambda said: httpx.Response(403, text=f"who is {said}?"),
    "tags around it": lambda said: httpx.Response(502, text=f"<p>{said.split()[-1]}</p>"),
    "an address": lambda said: httpx.Response(404, text=f"/?key={quote(said.split()[-1], safe='')}"),
    "the edge of what is quoted": lambda said: httpx.Response(400, text=" " * 3980 + said),
    "the edge of what is read": lambda said: httpx.Response(400, text=" " * (2**20 - 10) + said),
    "a request id": lambda said: httpx.Response(500, json={}, headers={"x-request-id": said}),
    "the key of an object": lambda said: httpx.Response(200, json={said: 1, said.split()[-1]: 2}),
    "a value of an object": lambda said: httpx.Response(200, json={"elements": [{"page": -1, "category": said}]}),
    "an error in a 200": lambda said: httpx.Response(200, json={"error": {"message": said}}),
    "a page of a portal": lambda said: httpx.Response(200, text=f"<html>{said}"),
    "an id that is none": lambda said: httpx.Response(200, json={"request_id": "/" + said}),
}


OURS = ("upstage_docs", "langchain_up", "llama_index_up")


def everything_of(error: BaseException, *, pickled: bool = True, others: bool = False) -> str:
    """What a tool for errors may show of it: messages, attributes, pickle, frames with their local variables.

    The frames are ours, and with *others* those of all libraries.
    """
    shown = [repr(pickle.dumps(error))] if pickled else []
    chain: list[BaseException | None] = [error]
    while chain:
        if (one := chain.pop()) is None:
            continue
        chain += [one.__cause__, one.__context__]
        shown += [str(one), repr(one), repr(vars(one))]
        for frame, _ in traceback.walk_tb(one.__traceback__):
            name = frame.f_globals.get("__name__", "")
            if name.startswith(OURS) or (others and name != __name__):
                shown.append(f"{frame.f_code.co_name}: {frame.f_locals!r}")
    return "\n".join(shown)


def parts_of(secret: str) -> set[str]:
    return {secret, quote(secret), quote(secret, safe=""), secret[:12]}


@pytest.mark.parametrize("route", ["sync", "async"])
@pytest.mark.parametrize("proof", ["Authorization", "x-api-key", "Cookie"])
@pytest.mark.parametrize("name", ECHOES)
def test_what_echoes_the_key_does_not_show_it(name: str, proof: str, route: Any) -> None:
    headers = {"Cookie": f"session={KEY}"} if proof == "Cookie" else None
    key = {} if proof == "Cookie" else {"api_key": KEY, "auth_header": proof}
    client = Client(
        **({"api_key": "up_another_key", "auth_header": "X-Other"} | key),  # type: ignore[arg-type]
        headers=headers,
        engine="upstage",
        base_url="http://api.test/v1",
        transport=Echo(ECHOES[name]),
        cache=False,
        retry=RetryPolicy(attempts=1),
    )
    with client, pytest.raises(UpstageDocsError) as caught:
        client.parse(SAMPLE, route=route)

    shown = everything_of(caught.value)
    assert "parse: {" in shown
    for part in parts_of(KEY):
        assert part not in shown


SPELLINGS = {
    "an address": quote(KEY, safe=""),
    "an address in small letters": quote(KEY, safe="")
    .replace("%2F", "%2f")
    .replace("%2B", "%2b")
    .replace("%3D", "%3d"),
    "JSON of PHP": KEY.replace("/", "\\/"),
    "JSON in ASCII": KEY.replace("/", "\\u002F").replace("+", "\\u002b").replace("=", "\\u003d"),
    "HTML": KEY.replace("/", "&#x2F;").replace("+", "&#43;").replace("=", "&#x3d;"),
    "HTML in decimals": KEY.replace("/", "&#47;").replace("+", "&#043;").replace("=", "&#61;"),
    "HTML of each letter": "".join(f"&#{ord(letter)};" for letter in KEY),
    "HTML twice": "".join(f"&amp;#x{ord(letter):X}" for letter in KEY) + ";",
    "an address of each letter": "".join(f"%{ord(letter):02x}" for letter in KEY),
    "an address twice": "".join(f"%25{ord(letter):02X}" for letter in KEY),
    "JSON of each letter": "".join(f"\\u{ord(letter):04x}" for letter in KEY),
    "a form": KEY.replace("+", " "),
    "some of it escaped": KEY.replace("/", "%2F"),
    "Base64": b64encode(KEY.encode()).decode(),
    "a user's Base64": b64encode(f"{KEY}:".encode()).decode(),
    "its beginning": KEY[:14] + "...",
    "its end": "..." + KEY[-14:],
}


def plain(text: str) -> str:
    """*text* as somebody reads it who wants the key."""
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text.replace("\\/", "/"))
    return html.unescape(unquote(text))


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("place", ["a message", "a text", "a broken connection"])
def test_a_key_is_hidden_however_it_is_written(spelling: str, place: str) -> None:
    def echo(_: str) -> httpx.Response:
        said = SPELLINGS[spelling]
        if place == "a broken connection":
            raise httpx.ConnectError(f"nobody is at {said}!")
        if place == "a text":
            return httpx.Response(403, text=f"who is {said}?")
        return httpx.Response(400, content=b'{"error": {"message": "bad %s!"}}' % said.encode())

    with (
        Client(
            KEY, base_url="http://api.test/v1", transport=Echo(echo), cache=False, retry=RetryPolicy(attempts=1)
        ) as client,
        pytest.raises(UpstageDocsError) as caught,
    ):
        client.parse(SAMPLE)
    shown = str(caught.value)
    assert "[hidden]" in shown
    for part in (KEY, KEY[:12], KEY[-12:], KEY.replace("+", " "), b64encode(KEY.encode())[:12].decode()):
        assert part not in plain(shown)


def test_a_key_of_any_characters_is_hidden_where_each_is_escaped() -> None:
    escapes = ["%{:02x}", "%25{:02X}", "&#{:d};", "&#x{:x};", "\\u{:04x}", "\\x{:02X}", "\\{:03o}"]
    for character, escape in product("".join(map(chr, range(33, 127))), escapes):
        key = f"a.key{character}of-nobody"
        written = "".join(escape.format(ord(one)) for one in key)
        assert hide(f"bad <{written}>", key, "-", pieces=False) == "bad <->"


def test_a_long_run_of_backslashes_is_searched_in_linear_time() -> None:
    """In quadratic time this text takes more than an hour."""
    code = """if True:
        from upstage_docs.errors.spellings import hide
        text = 500_000 * chr(92) + "u0075p_a_key_of_nobody"
        assert hide(text, "up_a_key_of_nobody", "-", pieces=True).endswith(chr(92) + "-")
        """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_what_basic_authentication_holds_is_hidden() -> None:
    pair = "reader:p4ssword-of-a-proxy"
    proof = Api.at("http://api.test/v1", {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"})
    assert redact(f"no user {pair}; p4ssword-of-a-proxy") == "no user [hidden]; [hidden]"
    del proof


PASSWORD = "pr0xy-Passw0rd"


def raised_by(kind: type[Client] | type[AsyncClient], **options: Any) -> UpstageDocsError:
    """What a client of *kind* ends with where a proxy is not what it should be."""

    async def parse_async() -> None:
        async with AsyncClient("up_abcdefgh", engine="upstage", cache=False, **options) as client:
            await client.parse(SAMPLE)

    def parse() -> None:
        with Client("up_abcdefgh", engine="upstage", cache=False, **options) as client:
            client.parse(SAMPLE)

    with pytest.raises(UpstageDocsError) as caught:
        parse() if kind is Client else asyncio.run(parse_async())
    return caught.value


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    "proxy",
    [
        f"ftp://me:{PASSWORD}@127.0.0.1:1",
        f"socks5://me:{PASSWORD}@127.0.0.1:1",
        f"http://me:{PASSWORD}@[::1",
        f"http://me:{PASSWORD}@127.0.0.1:999999",
        f"me:{PASSWORD}@127.0.0.1:1",
    ],
)
def test_the_password_of_a_proxy_is_not_shown(kind: type[Client], proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert PASSWORD not in everything_of(raised_by(kind, retry=RetryPolicy(attempts=1)), others=True)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("end", ["/#@127.0.0.1:1", "%40127.0.0.1:1"])
def test_a_password_that_breaks_the_address_of_a_proxy_is_not_quoted(
    kind: type[Client], monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """What stands before an unescaped slash is taken for a port, and so is all before an escaped @."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{PASSWORD}{end}")
    error = raised_by(kind, retry=RetryPolicy(attempts=1))
    assert PASSWORD not in everything_of(error, others=True)
    assert "HTTPS_PROXY" in str(error)


def test_no_letter_of_a_password_that_cannot_be_encoded_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:\udcff@127.0.0.1:1")
    assert "udcff" not in everything_of(raised_by(Client, retry=RetryPolicy(attempts=1)), others=True)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_proxy_that_says_the_password_does_not_show_it(kind: type[Client], monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            head = connection.recv(65_536)
            (told,) = re.findall(rb"(?i)proxy-authorization: Basic (\S+)", head)
            connection.sendall(b"HTTP/1.1 407 No %s %s\r\n\r\n" % (told, b64decode(told)))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, args=(server,))
        thread.start()
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{PASSWORD}@127.0.0.1:{server.getsockname()[1]}")
        error = raised_by(kind, retry=RetryPolicy(attempts=1))
        thread.join()
    shown = everything_of(error)
    assert "407 No Basic [hidden]" in str(error) or "407 No [hidden]" in str(error)
    assert PASSWORD not in shown
    assert b64encode(f"me:{PASSWORD}".encode()).decode() not in shown


def client_of_the_environment(base_url: str) -> Client:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("UPSTAGE_BASE_URL", base_url)
        return Client(KEY)


@pytest.mark.parametrize(
    "make",
    [
        client_of_the_environment,
        lambda base_url: Client(KEY, base_url=base_url),
        lambda base_url: UpstageDocumentParseLoader("a.pdf", api_key=KEY, base_url=base_url),
        lambda base_url: UpstageDocumentParseReader(api_key=KEY, base_url=base_url),
    ],
    ids=["environment", "client", "loader", "reader"],
)
@pytest.mark.parametrize(
    "server", ["me:{}@api.test", "{}@api.test", "me:{}%40api.test", "api.test?key={}", "api.test:{}"]
)
def test_an_address_that_holds_a_password_is_not_shown_where_it_is_refused(make: Any, server: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(f"https://{server.format(PASSWORD)}/v1")
    assert PASSWORD not in everything_of(caught.value, others=True)


@pytest.mark.parametrize("key", [f"{KEY} and a space", f"{KEY}\n", f"{KEY}é"])
def test_a_key_that_is_none_is_not_shown_where_it_is_refused(key: str) -> None:
    def make(proof: dict[str, Any]) -> None:
        Client(**proof)

    with pytest.raises(ConfigError) as caught:
        make({"api_key": key, "headers": {"X-Token": key}})

    shown = everything_of(caught.value)
    assert "check_options: " in shown or "client_context: " in shown
    assert KEY not in shown


def test_a_key_of_the_environment_is_not_shown_where_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSTAGE_API_KEY", f"{KEY} ")
    with pytest.raises(ConfigError) as caught:
        Client()

    assert KEY not in everything_of(caught.value)


def test_a_whole_answer_shows_in_no_frame() -> None:
    words = "words of a private document"
    body = json.dumps({"elements": [{"id": 0, "page": 999, "content": {"text": words}}], "usage": {"pages": 4}})
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=body))
    with (
        Client("up_abcdefgh", engine="upstage", transport=transport, cache=False) as client,
        pytest.raises(UpstageDocsError) as caught,
    ):
        client.parse(SAMPLE)

    assert words not in everything_of(caught.value, pickled=False)
    assert words.encode() in caught.value.raw  # type: ignore[attr-defined]


def test_secrets_are_hidden_while_their_client_lives() -> None:
    proof = Api.at("http://api.test/v1", {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"})
    again = Api.at("http://api.test/v1", {"x-api-key": KEY})
    assert (
        redact(f"key {KEY} is wrong; Bearer {KEY}; application/json")
        == "key [hidden] is wrong; [hidden]; application/json"
    )
    del proof
    gc.collect()
    assert KEY not in redact(KEY)
    del again
    gc.collect()
    assert redact(KEY) == KEY


def test_what_is_quoted_is_redacted_before_it_is_cut() -> None:
    owner = Api.at("http://api.test/v1", {"x-api-key": KEY})
    assert shorten(f"one\n two {KEY}", 12) == "one two [hid…"
    assert shorten("short", 12) == "short"
    del owner


def test_rich_shows_neither_a_long_secret_nor_an_answer_nor_a_signed_address() -> None:
    """It shows the beginning of what is long, and the fields of a struct, in place of their repr."""
    pretty = pytest.importorskip("rich.pretty", reason="import-linter brings rich").pretty_repr
    secret, address = "up_abc" * 40, "https://files.example/a?signature=abc"
    for value in (
        Secret(secret),
        Body(secret.encode()),
        decode_job(json.dumps({"id": "1", "batches": [{"id": 0, "download_url": address}]}).encode()),
        msgspec.convert({"batches": [{"id": 0, "download_url": address}]}, JobShape),
        decode_document(json.dumps({"elements": [{"content": {"text": "abc"}}]}).encode()),
    ):
        assert "abc" not in pretty({"value": value}, max_string=80)
    assert Secret("abc")[1:] == "bc"
    assert (Body(b"abc")[1:], Body(b"abc")[0]) == (b"bc", 97)


class Pair(NamedTuple):
    name: str
    value: Any


@pytest.mark.parametrize(
    "wrap", [str.encode, lambda key: [key], lambda key: {"key": key}, Path], ids=["bytes", "list", "dict", "path"]
)
@pytest.mark.parametrize(
    "make",
    [
        lambda key: Client(api_key=key),
        Client,
        lambda key: AsyncClient(headers={"x-api-key": key}),
        lambda key: Client(headers=[("x-api-key", key)]),  # type: ignore[arg-type]
        lambda key: Client(headers=f"x-api-key: {key}"),  # type: ignore[arg-type]
        lambda key: Client(headers=Pair("x-api-key", key)),  # type: ignore[arg-type]
        lambda key: Client("up_abcdefgh", base_url=f"https://{key}@api.test/v1".encode()),  # type: ignore[arg-type]
        lambda key: UpstageDocumentParseLoader("a.pdf", api_key=key),
        lambda key: UpstageDocumentParseReader(api_key=key),
    ],
    ids=["client", "first", "headers", "pairs", "text", "a tuple with names", "address", "loader", "reader"],
)
def test_a_key_of_a_wrong_type_is_refused_and_in_no_frame(make: Any, wrap: Any) -> None:
    """Such as one that was read from a file as bytes."""
    with pytest.raises(ConfigError) as caught:
        make(wrap(KEY))
    assert KEY not in everything_of(caught.value)


@pytest.mark.parametrize("given", [f"Authorization: Bearer {KEY}", f"Bearer {KEY}", f"{KEY}\n", KEY.encode()])
@pytest.mark.parametrize(
    "make",
    [
        lambda name: Client(KEY, auth_header=name),
        lambda name: AsyncClient(KEY, headers={name: "x-api-key"}),
    ],
    ids=["auth_header", "headers"],
)
def test_a_key_in_place_of_the_name_of_a_header_is_refused_and_in_no_frame(make: Any, given: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        make(given)
    assert KEY not in everything_of(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(400, json={"error": {"message": "no\x1b[2Jsuch\x9bthing\x00"}}),
        httpx.Response(502, content=b"\x1b]0;title\x07 bad \x00\x01 gateway"),
    ],
)
def test_no_message_holds_what_commands_a_terminal(answer: httpx.Response) -> None:
    transport = Echo(lambda _: answer)
    given: dict[str, Any] = {"base_url": "http://api.test/v1", "cache": False, "retry": RetryPolicy(attempts=1)}
    with Client(KEY, transport=transport, **given) as client, pytest.raises(UpstageDocsError) as caught:
        client.parse(SAMPLE, route="sync")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", str(caught.value)), repr(str(caught.value))


@pytest.mark.parametrize("key", [KEY, KEY.upper()])
def test_a_job_that_says_the_key_does_not_show_it(key: str) -> None:
    texts = ("status", "model", "failure_message", "requested_at")
    batch = {"id": 0, "download_url": "https://files.test/0", "updated_at": key, **dict.fromkeys(texts, key)}
    state = {"id": "job-1", "completed_at": key, **dict.fromkeys(texts, key), "batches": [batch]}
    with Client(key, cache=False):
        job = decode_job(json.dumps(state).encode())
    assert job.batches[0].download_url == "https://files.test/0"
    assert key[:12].lower().encode() not in pickle.dumps(job).lower()


@pytest.mark.parametrize("told", ["status", "failure_message"])
def test_no_message_is_longer_than_anybody_reads(told: str) -> None:
    """What a job says of itself may have any length; the key in it is hidden before it is cut, and the remedy stays."""
    state = {"id": "job-1", "status": "failed", told: f"{KEY} " * 10_000, "batches": []}
    answers = iter([{"request_id": "job-1"}, state, state])
    transport = Echo(lambda _: httpx.Response(200, json=next(answers)))
    given: dict[str, Any] = {"base_url": "http://api.test/v1", "cache": False, "retry": RetryPolicy(attempts=1)}
    with Client(KEY, transport=transport, **given) as client, pytest.raises(UpstageDocsError) as caught:
        client.parse(SAMPLE, route="async")
    assert len(str(caught.value)) <= 4_001
    assert KEY[:12] not in str(caught.value)
    assert str(caught.value).rstrip().endswith(".")


COLLECTED = """
import gc
from upstage_docs.api.messages import Api
from upstage_docs.errors import ConfigError

for number in range(2000):
    gc.set_threshold(1 + number % 97)  # the collector comes at every moment
    in_a_cycle = [Api.at("http://api.test/v1", {"x-api-key": f"up_{number:020}"})]
    in_a_cycle.append(in_a_cycle)
    del in_a_cycle
    ConfigError("wrong")
"""


def test_a_client_that_is_collected_while_an_error_is_made_does_not_block_it() -> None:
    """What hides secrets is told of it by the thread that is just asking for them."""
    subprocess.run([sys.executable, "-c", COLLECTED], check=True, timeout=60)


def test_what_does_not_show_is_still_itself() -> None:
    assert f"{Secret('abc')}" == "abc"
    assert "abc" not in repr({"key": Secret("abc")})
    assert Body(b"abc") == b"abc"
    assert repr(Body(b"x" * 1234)) == "<1,234 bytes>"


class Texts(str, Enum):
    KEY = "up_of_an_enumeration"
    ADDRESS = "https://api.test/a%20b"


def test_a_key_an_address_and_a_header_may_be_members_of_an_enumeration() -> None:
    asked: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"requests": []})

    transport = httpx.MockTransport(respond)
    with Client(Texts.KEY, base_url=Texts.ADDRESS, headers={"x-team": Texts.KEY}, transport=transport) as client:
        client.jobs()
    assert str(asked[0].url).startswith(Texts.ADDRESS.value)
    assert asked[0].headers["authorization"] == f"Bearer {Texts.KEY.value}"
    assert asked[0].headers["x-team"] == Texts.KEY.value


def test_a_copied_client_keeps_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UPSTAGE_API_KEY", raising=False)
    with Client(KEY, cache=False, max_concurrency=3) as client:
        for copied in (copy.copy(client), copy.deepcopy(client)):
            with copied:
                assert (copied is not client, copied.max_concurrency, repr(copied)) == (True, 3, repr(client))


def test_a_client_with_a_transport_is_not_copied() -> None:
    """It would be closed twice, and be gone for the other."""
    with Client(KEY, transport=Echo(None), cache=False) as client, pytest.raises(ConfigError, match="cannot be copied"):
        copy.copy(client)


CONSTRUCTORS = [
    ("langchain_upstage_docs", "UpstageDocumentParseLoader", {"file_path": "a.pdf", "split": "nonsense"}),
    ("langchain_upstage_docs", "UpstageOCRLoader", {"file_path": "a.pdf", "split": "nonsense"}),
    ("langchain_upstage_docs", "UpstageDocumentParseParser", {"split": "nonsense"}),
    ("langchain_upstage_docs", "UpstageOCRParser", {"split": "nonsense"}),
    ("llama_index_upstage_docs", "UpstageDocumentParseReader", {"split": "nonsense"}),
    ("llama_index_upstage_docs", "UpstageOCRReader", {"split": "nonsense"}),
]


@pytest.mark.parametrize(("package", "name", "wrong"), CONSTRUCTORS)
def test_a_constructor_that_refuses_an_option_does_not_show_the_key(
    package: str, name: str, wrong: dict[str, Any]
) -> None:
    kind = getattr(pytest.importorskip(package), name)
    key = {"api_key": KEY}
    with pytest.raises(ConfigError) as caught:
        kind(**key, **wrong)

    shown = everything_of(caught.value)
    assert "__init__: " in shown
    assert KEY not in shown


@pytest.mark.parametrize("key", [KEY, KEY.encode(), f"{KEY}é"], ids=["with a wrong origin", "bytes", "no ASCII"])
@pytest.mark.parametrize("make", [serve, build_app, build_stand_in])
def test_a_server_that_is_refused_does_not_show_its_key(make: Any, key: Any) -> None:
    options = {"api_key": key}
    with pytest.raises(ConfigError) as caught:
        make(**options, origins=["no origin"])

    shown = everything_of(caught.value)
    assert "__init__: " in shown
    assert KEY not in shown


WRONG_CORPORA: dict[str, dict[str, Any]] = {
    "another option": {"storage_options": {"secret": KEY, "client_kwargs": {"pairs": [("token", KEY)]}}, "parse": 3},
    "its own type": {"storage_options": [("secret", KEY)]},
    "a text": {"storage_options": KEY},
}


@pytest.mark.parametrize("options", WRONG_CORPORA.values(), ids=WRONG_CORPORA)
def test_wrong_options_of_a_corpus_show_no_secret_of_its_storage(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        CorpusOptions(**options)

    shown = everything_of(caught.value)
    assert "check_options" in shown
    for part in parts_of(KEY):
        assert part not in shown


def test_secrets_of_a_storage_reach_it_from_another_process() -> None:
    options = CorpusOptions(storage_options={"secret": KEY, "anon": False, "retries": 3})

    assert pickle.loads(pickle.dumps(options)).storage_options == {"secret": KEY, "anon": False, "retries": 3}
