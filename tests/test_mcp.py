"""The server for agents, as an agent meets it: over the protocol, with the local engine and with money to lose."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("mcp", reason="the server for agents is an extra")
pytest.importorskip("liteparse", reason="the local engine is an extra")

import mcp
from PIL import Image
from stand_in import make_pdf, parse_answer

from upstage_docs import Client
from upstage_docs.mcp.documents import OpenDocuments
from upstage_docs.mcp.server import make_server, read_skill

LOCAL = Client(engine="local", cache=False)
PAGE = (Path(__file__).resolve().parent.parent / "docs" / "agents.md").read_text(encoding="utf-8")
SAMPLE = Path(__file__).resolve().parent.parent / "upstage_docs" / "samples" / "report.pdf"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the sample, a hidden file, and a document beside the folder that is nobody's business."""
    inside = tmp_path / "inside"
    (inside / "2025").mkdir(parents=True)
    shutil.copy(SAMPLE, inside / "2025" / "report.pdf")
    shutil.copy(SAMPLE, inside / ".hidden.pdf")
    (tmp_path / "secret.pdf").write_bytes(make_pdf("secret", 1))
    return inside


@pytest.fixture(scope="module", autouse=True)
def _engine_ends() -> Iterator[None]:
    yield
    LOCAL.close()


@asynccontextmanager
async def agent(
    folder: Path, max_pages: int = 100, max_cost: float = 1.0, client: Client | None = None
) -> AsyncIterator[mcp.Client]:
    async with mcp.Client(make_server(OpenDocuments(client or LOCAL, folder, max_pages, max_cost))) as calling:
        yield calling


async def ask(calling: mcp.Client, tool: str, **arguments: Any) -> str:
    """Call *tool*, which must not refuse, and return its texts."""
    result = await calling.call_tool(tool, arguments)
    text = "\n".join(part.text for part in result.content if part.type == "text")
    assert not result.is_error, text
    return text


async def refused(calling: mcp.Client, tool: str, **arguments: Any) -> str:
    result = await calling.call_tool(tool, arguments)
    assert result.is_error
    return "\n".join(part.text for part in result.content if part.type == "text")


def paid(answers: list[str], seen: list[httpx.Request]) -> Client:
    """A client that pays, and notes in *seen* what it sent."""

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=parse_answer(answers))

    return Client("up_abcdefghijklmnop", transport=httpx.MockTransport(answer), cache=False)


async def test_a_figure_is_found_read_and_cited(folder: Path) -> None:
    async with agent(folder) as calling:
        assert await ask(calling, "list_files") == "2025/report.pdf"
        file = "2025/report.pdf"
        assert "4 pages" in await ask(calling, "parse", file=file)

        found = await ask(calling, "search", file=file, question="How many GWh did Maehyang generate?", count=1)
        assert found.startswith("[1] 2025/report.pdf, p. 3, 3 Results > Table 1")

        outline = await ask(calling, "outline", file=file)
        number = re.search(r"table (\d+): Table 1\. Turbines.*, p\. 3$", outline, re.MULTILINE)
        assert number is not None
        table = await ask(calling, "read_table", file=file, table=int(number[1]))
        assert "North channel,Maehyang,8,12.0,38.9,41.8,95.2 %" in table

        number = re.search(r"section (\d+): 3 Results > 3\.1 Noise, p\. 3$", outline, re.MULTILINE)
        assert number is not None
        section = await ask(calling, "read_section", file=file, section=int(number[1]))
        assert section.startswith("2025/report.pdf, p. 3, 3 Results > 3.1 Noise\n\n# 3.1 Noise")

        number = re.search(r"section (\d+): 3 Results, p\. 3$", outline, re.MULTILINE)
        assert number is not None
        with_table = await ask(calling, "read_section", file=file, section=int(number[1]))
        assert "| North channel | Maehyang | 8 | 12.0 | 38.9 | 41.8 | 95.2 % |" in with_table


@pytest.mark.parametrize(
    "wanted",
    [
        {"page": 4},
        {"table": 1},
        {"quote": "availability rose above ninety-four"},
        {"quote": "112 decibels"},  # where another passage shares more of these words
    ],
)
async def test_a_place_is_shown_as_a_picture(folder: Path, wanted: dict[str, Any]) -> None:
    async with agent(folder) as calling:
        result = await calling.call_tool("crop", {"file": "2025/report.pdf", **wanted})
    kinds = [part.type for part in result.content]
    pictures = [part for part in result.content if part.type == "image"]

    assert kinds == ["text", "image"]
    with Image.open(BytesIO(base64.b64decode(pictures[0].data))) as picture:
        assert picture.width > 300


async def test_of_words_on_many_pages_one_is_shown_and_the_others_are_named(folder: Path) -> None:
    async with agent(folder) as calling:
        answers = [
            (await calling.call_tool("crop", {"file": "2025/report.pdf", "quote": "Maehyang", **page})).content
            for page in ({}, {"page": 3})
        ]

    assert [[part.type for part in parts] for parts in answers] == [["text", "image"]] * 2
    assert [parts[0].text for parts in answers if parts[0].type == "text"] == [
        "2025/report.pdf, page 2; also on page 3; also on page 4",
        "2025/report.pdf, page 3; also on page 2; also on page 4",
    ]


async def test_the_skill_names_the_tools_that_there_are(folder: Path) -> None:
    async with agent(folder) as calling:
        offered = {tool.name for tool in (await calling.list_tools()).tools}
    skill = read_skill()

    assert skill.startswith("---\nname: ")
    assert {name for name in offered if f"`{name}" not in skill and name != "parse"} == set()
    assert set(re.findall(r"`([a-z_]+)\(", skill)) <= offered
    assert set(re.findall(r"`([a-z_]+)\(", PAGE)) == offered


@pytest.mark.parametrize(
    "name",
    ["../secret.pdf", "/etc/passwd", "missing.pdf", "", "a\0b", "x" * 5000, "..", "2025/../../secret.pdf", ".", "2025"],
)
async def test_only_files_of_the_folder_are_read(folder: Path, name: str) -> None:
    async with agent(folder) as calling:
        told = await refused(calling, "parse", file=name)
    assert "UnexpectedToolError" not in told
    assert len(told) > len("Error executing tool parse: ")
    assert str(folder) not in told


async def test_a_link_leads_nowhere_else(folder: Path) -> None:
    (folder / "link.pdf").symlink_to(folder.parent / "secret.pdf")
    async with agent(folder) as calling:
        assert "not a document in this server's folder" in await refused(
            calling, "search", file="link.pdf", question="secret"
        )


async def test_what_is_not_there_is_named(folder: Path) -> None:
    async with agent(folder) as calling:
        file = "2025/report.pdf"
        assert "no table 99" in await refused(calling, "read_table", file=file, table=99)
        assert "no section 0" in await refused(calling, "read_section", file=file, section=0)
        assert "table= or quote=" in await refused(calling, "crop", file=file, table=1, quote="41.8")
        for more in ({}, {"quote": "41.8"}, {"table": 1}):
            assert "has 4 pages: give one of them" in await refused(calling, "crop", file=file, page=9, **more)
        assert "offset=" in await refused(calling, "read_section", file=file, section=1, offset=10**9)
        assert "count=" in await refused(calling, "search", file=file, question="noise", count=0)
        assert "are not in" in await refused(calling, "crop", file=file, quote="xyzzy plugh")
        # Words that the document has, one here and one there, are no quote from it.
        assert "are not in" in await refused(calling, "crop", file=file, quote="the hydrophones of Maehyang")
        assert "give one of them, or table= or quote=" in await refused(calling, "crop", file=file)
        (folder / "damaged.pdf").write_text("no PDF")
        assert "'damaged.pdf' is named .pdf" in await refused(calling, "parse", file="damaged.pdf")


async def test_pages_are_bounded_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(make_pdf("a", 2))
    (tmp_path / "b.pdf").write_bytes(make_pdf("b", 2))
    seen: list[httpx.Request] = []
    async with agent(tmp_path, max_pages=3, client=paid(["one", "two"], seen)) as calling:
        await ask(calling, "parse", file="a.pdf")
        await ask(calling, "outline", file="a.pdf")
        told = await refused(calling, "parse", file="b.pdf")
    assert "2 pages" in told
    assert "--max-pages" in told
    assert len(seen) == 1, "the second document was not sent, and the first one only once"


async def test_money_is_bounded_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(make_pdf("a", 2))
    seen: list[httpx.Request] = []
    async with agent(tmp_path, max_cost=0.01, client=paid(["one", "two"], seen)) as calling:
        assert "$0.02" in await refused(calling, "parse", file="a.pdf")
    assert seen == []


async def test_a_file_that_changed_is_parsed_again(tmp_path: Path) -> None:
    seen: list[httpx.Request] = []
    async with agent(tmp_path, client=paid(["one"], seen)) as calling:
        for text in ("first", "the second, which is longer"):
            (tmp_path / "a.pdf").write_bytes(make_pdf(text, 1))
            await ask(calling, "parse", file="a.pdf")
    assert len(seen) == 2


async def test_a_long_answer_is_read_in_parts(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(make_pdf("a", 1))
    words = " ".join(f"word{number}" for number in range(5000))
    async with agent(tmp_path, client=paid([words], [])) as calling:
        first = await ask(calling, "read_section", file="a.pdf", section=1)
        offset = re.search(r"offset=(\d+) reads on\]$", first)
        assert offset is not None
        rest = await ask(calling, "read_section", file="a.pdf", section=1, offset=int(offset[1]))
        rest = await ask(calling, "read_section", file="a.pdf", section=1, offset=2 * int(offset[1]))
    assert rest.endswith("word4999")


async def test_an_error_of_the_api_is_told_in_our_words(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(make_pdf("a", 1))
    transport = httpx.MockTransport(lambda request: httpx.Response(401, json={"error": {"message": "bad key"}}))
    client = Client("up_abcdefghijklmnop", transport=transport, cache=False)
    async with agent(tmp_path, client=client) as calling:
        told = await refused(calling, "parse", file="a.pdf")
    assert "bad key" in told
    assert "up_abcdefghijklmnop" not in told


def test_the_server_is_small() -> None:
    """Fewer than 250 lines: what it does is done by the rest of the package."""
    folder = Path(make_server.__code__.co_filename).parent
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in folder.rglob("*.py")}

    assert len(lines) > 2
    assert sum(lines.values()) < 250, lines


def skill_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", read_skill(), re.DOTALL | re.MULTILINE)


def test_what_the_skill_shows_for_a_shell_and_in_python_runs(tmp_path: Path) -> None:
    """As it stands: an agent that has nothing but this file and the package types exactly this."""
    shutil.copy(SAMPLE, tmp_path / "report.pdf")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UPSTAGE_")}
    printed = ""
    for line in "".join(skill_blocks("bash")).splitlines():
        program, *arguments = shlex.split(line)
        if program == "export":
            environment |= dict(one.split("=") for one in arguments)
            continue
        assert program == "upstage-docs"
        command = [sys.executable, "-m", "upstage_docs", *arguments]
        printed += subprocess.run(
            command, cwd=tmp_path, env=environment, check=True, capture_output=True
        ).stdout.decode()
    assert "# 3.1 Noise" in printed
    assert "</html>" in (tmp_path / "report.html").read_text(encoding="utf-8")
    (code,) = skill_blocks("python")
    alone = {name: value for name, value in environment.items() if name != "UPSTAGE_DOCS_ENGINE"}
    shown = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=alone, check=True, capture_output=True)
    assert b"3 caption Table 1." in shown.stdout


async def test_the_command_serves_standard_input_as_the_skill_configures_it(folder: Path) -> None:
    told = json.loads(skill_blocks("json")[0])["mcpServers"]["documents"]
    assert told["command"] == "upstage-docs"
    arguments = [str(folder) if one.startswith("/") else one for one in told["args"]]
    parameters = mcp.StdioServerParameters(command=sys.executable, args=["-m", "upstage_docs", *arguments])
    async with mcp.Client(parameters) as calling:
        assert await ask(calling, "list_files") == "2025/report.pdf"
        assert "Read by local-" in await ask(calling, "parse", file="2025/report.pdf")
