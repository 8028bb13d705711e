"""What the sentences of the docs name is there: options, values, functions, commands, variables, extras, files, bounds.

A block of code is run by `test_readme.py`; these tests read the words between backticks in the text around it.
"""

from __future__ import annotations

import inspect
import re
import runpy
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    {
        *ROOT.glob("README*.md"),
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "docs" / "listing").glob("*.md"),
        ROOT / "upstage_docs" / "mcp" / "SKILL.md",
    }
)
OF_PROJECT = [*PAGES, *ROOT.glob("*.md"), ROOT / "benchmarks" / "README.md"]
CLI = ROOT / "docs" / "cli.md"
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
FIGURE = re.compile(r"<!-- figure.*?<!-- end of figure -->", re.DOTALL)
OTHERS = {
    # LangChain and its stores
    *("BaseBlobParser", "BlobLoader", "EnsembleRetriever", "FieldCondition", "GenericLoader", "HumanMessage"),
    *("MatchValue", "ParentDocumentRetriever", "TextSplitter", "ToolMessage", "add_documents", "child_splitter"),
    *("create_agent", "fetch_k", "id_key", "key_encoder", "match", "must", "parent_splitter", "scoped_full"),
    *("source_id_key", "cleanup", "batch_size", "auto_id", "enable_dynamic_field", "expr", "use_async_client"),
    *("use_jsonb", "connection", "where", "key", "tools"),
    # LlamaIndex
    *("DocstoreStrategy", "ImageNode", "IngestionPipeline", "MetadataFilter", "MetadataFilters", "OpenAILike"),
    "SimpleDirectoryReader",
    *("UPSERTS_AND_DELETE", "VectorStoreIndex", "filename_as_id", "llama_index", "num_workers", "raise_on_error"),
    # langchain-upstage, and what it had before
    *("ChatUpstage", "UpstageEmbeddings", "UpstageLayoutAnalysisLoader", "UpstageLayoutAnalysisParser"),
    *("UpstageLayoutAnalysisReader", "use_ocr", "output_type", "exclude"),
    # Ray, LangSmith, Python, networks
    *("CheckpointConfig", "from_items", "num_cpus", "override_num_blocks", "enabled", "FileNotFoundError"),
    *("GeneratorExit", "ImportError", "CERTIFICATE_VERIFY_FAILED"),
    # Packages, an extra, words of Python, SQLite, HTML and JSON, scores that local-engine.md explains
    *("liteparse", "pypdf", "pgserver", "heic", "aindex", "break", "fsync", "fts", "thead", "null", "true"),
    *("overall", "nid", "teds", "mhs", "recall"),
    # Variables of other programs
    *("ALL_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_DIR", "SSL_CERT_FILE", "TESSDATA_PREFIX", "LANGSMITH_TRACING"),
    # Tools for agents and what they take (test_mcp.py), a column of Ray's output, names that a page makes up
    *(
        "list_files",
        "read_section",
        "read_table",
        "offset",
        "table",
        "embedding_text",
        "report_pages",
        "up_any",
        "pytest_plugins",
    ),
}
"""Names of others, and those that another test holds against the code."""


OF_LANCEDB = {'mode="append"', 'mode="overwrite"'}


def sentences(page: Path) -> str:
    return FIGURE.sub("", FENCED.sub("", page.read_text(encoding="utf-8")))


def named_code(page: Path) -> list[str]:
    """What stands between backticks in the sentences of a page."""
    return re.findall(r"`([^`\n]+)`", sentences(page))


def public_callables() -> Iterator[Any]:
    """Each public function, and each public class with its methods."""
    script = runpy.run_path(str(ROOT / "scripts" / "make_reference.py"))
    for package in script["PUBLIC"]:
        for name in script["names_of"](package):
            named = getattr(import_module(package), name)
            if isinstance(named, type) or inspect.isfunction(named):
                yield named
            if isinstance(named, type):
                yield from (getattr(named, one) for one in dir(named) if not one.startswith("_"))


@cache
def parameters() -> frozenset[str]:
    """What public functions and classes take."""
    for needed in ("langchain_core", "llama_index.core", "starlette", "liteparse", "mcp"):
        pytest.importorskip(needed)
    taken: set[str] = set()
    for one in public_callables():
        try:
            taken.update(inspect.signature(one).parameters)
        except (TypeError, ValueError):  # a value, or a class of C
            continue
    return frozenset(taken)


@cache
def known() -> frozenset[str]:
    """All words of the reference and of the command, and the attributes and parameters of what is public."""
    pages = [*(ROOT / "docs" / "reference").glob("*.md"), CLI]
    words = {word for page in pages for word in re.findall(r"\w+", page.read_text(encoding="utf-8"))}
    words |= {name for one in public_callables() if isinstance(one, type) for name in dir(one)}
    return frozenset(words | parameters())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_name_in_a_sentence_is_public_or_of_another_package(page: Path) -> None:
    commands = re.compile(r"pip install|apt-get|bash |python |pytest |upstage-docs |https?:")
    names = {
        name
        for code in named_code(page)
        if not commands.match(code)
        for name in re.findall(r"(?<![\w/.-])([A-Za-z]\w*_\w+|[A-Z][a-z]+[A-Z]\w+)(?![\w/]|\.(?:py|sqlite3))", code)
        if not name.startswith("UPSTAGE_")
    }
    names |= {code for code in named_code(page) if re.fullmatch("[a-z]{3,}", code)}

    assert names - known() - OTHERS == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_an_option_in_a_sentence_is_one(page: Path) -> None:
    options = {name for code in named_code(page) for name in re.findall(r"(?<![\w/.-])([a-z_]+)=(?!=)", code)}

    assert options - parameters() - OTHERS == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_value_in_a_sentence_is_one_that_its_option_takes(page: Path) -> None:
    """Of the options that take one of a few words, which the page on the command lists."""
    choices: dict[str, set[str]] = {}
    for name, listed in re.findall(r"`--([a-z-]+)`(?:, `-\w`)?: (`\w+`(?:, `\w+`)+)", CLI.read_text(encoding="utf-8")):
        choices.setdefault(name.replace("-", "_"), set()).update(re.findall(r"\w+", listed))
    wrong = {
        f'{name}="{value}"'
        for code in named_code(page)
        for name, value in re.findall(r'(?<![\w/.-])([a-z_]+)="(\w+)"', code)
        if choices.get(name) and value not in choices[name]
    }

    assert {"split", "mode", "route", "output_format"} <= set(choices)
    assert wrong - OF_LANCEDB == set()


def test_a_command_or_an_option_of_it_is_there() -> None:
    page = CLI.read_text(encoding="utf-8")
    commands = set(re.findall(r"^## upstage-docs (.+)$", page, re.MULTILINE))
    options = set(re.findall(r"(--[a-z-]+)", page)) | {"--help"}
    unknown = set()
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        calls = re.findall(r"(?:^|`|&& )(?:python -m )?upstage-docs ([^`\n|>]+)", text, re.MULTILINE)
        calls += [code for code in named_code(path) if code.split(" ")[0] in {"cache", "jobs"} and " " in code]
        for call in calls:
            words = re.findall(r"^(?:cache|jobs) \w+|^\w+", call)
            if words and words[0] not in commands and words[0] != "COMMAND":
                unknown.add(f"{path.name}: {call}")
            unknown |= {f"{path.name}: {one}" for one in re.findall(r"(?<!\w)--[a-z-]+", call) if one not in options}

    assert len(commands) > 12
    assert unknown == set()


def test_variables_are_those_that_the_code_reads_and_each_stands_on_a_page() -> None:
    variable = re.compile(r"UPSTAGE_[A-Z_]*[A-Z]")
    packages = ("upstage_docs", "langchain_upstage_docs", "llama_index_upstage_docs")
    read = {
        name
        for package in packages
        for path in (ROOT / package).rglob("*.py")
        for name in variable.findall(path.read_text(encoding="utf-8"))
    }
    named = {name for page in PAGES for name in variable.findall(page.read_text(encoding="utf-8"))}

    assert named == read


def test_extras_are_those_of_the_package_and_each_stands_on_the_page_of_all_pages() -> None:
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = settings.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    extras = set(re.findall(r"^([a-z-]+) = ", section, re.MULTILINE))
    notebooks = (ROOT / "docs" / "notebooks").glob("*.ipynb")
    installed = {
        extra
        for page in (*PAGES, *notebooks, ROOT / "CONTRIBUTING.md")
        for extras_of_one in re.findall(
            r"(?:upstage-docs|[\"'/ ]\.|it)\[([a-z,-]+)\]", page.read_text(encoding="utf-8")
        )
        for extra in extras_of_one.split(",")
    }
    listed = set(
        re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs" / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    )

    assert len(installed) > 8
    assert installed - extras == set()
    assert listed == extras - {"dev"}


@pytest.mark.parametrize("page", OF_PROJECT, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_file_or_a_part_of_the_check_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    files = set(
        re.findall(r"(?<![\w/.-])((?:tests|scripts|benchmarks|examples|cassettes)/[\w/-]+\.(?:py|md|txt|pdf))", text)
    )
    folder = page.parent
    missing = {name for name in files if not (ROOT / name).exists() and not (folder / name).exists()}
    parts = set(re.findall(r"^    (\w+)\)", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE))

    assert missing == set()
    assert set(re.findall(r"bash \.ci/run (\w+)", text)) - parts == set()


def test_versions_that_pages_name_are_those_that_the_package_takes() -> None:
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    oldest = re.search(r'requires-python = ">=(3\.\d+)"', settings)
    bounds = re.search(r'"llama-index-core>=0\.(\d+),<0\.(\d+)"', settings)
    assert oldest is not None
    assert bounds is not None
    named = {
        one for page in OF_PROJECT for one in re.findall(r"Python (3\.\d+)(?: or newer| 이상)", page.read_text("utf-8"))
    }
    minors = [f"0.{minor}" for minor in range(int(bounds[1]), int(bounds[2]))]

    assert named == {oldest[1]}
    assert f"(llama-index-core {' or '.join(minors)})" in (ROOT / "docs" / "llama-index.md").read_text(encoding="utf-8")


def test_the_page_on_stores_has_a_row_for_each_that_pages_count() -> None:
    """And each stands in the module that tries it."""
    rows = re.findall(
        r"^\| ([\w, -]+) \| (yes|no)[^|]* \| (yes|no)", (ROOT / "docs" / "stores.md").read_text("utf-8"), re.MULTILINE
    )
    counts = {"nine": 9, "ten": 10, "eight": 8}
    said = {
        counts[word]
        for page in PAGES
        for word in re.findall(r"\b(nine|ten|eight) (?:vector )?stores\b", page.read_text(encoding="utf-8"))
    }

    assert said == {len(rows)}
    for framework, column in (("langchain", 1), ("llama_index", 2)):
        tried = (ROOT / "tests" / f"{framework}_stores.py").read_text(encoding="utf-8").lower().replace("_", "")
        for row in rows:
            name = re.sub(r"[^a-z]", "", row[0].split(",")[0].removesuffix(" Lite").lower()).replace("inmemory", "")
            assert (row[column] == "no") == (name not in tried), f"{row[0]} in {framework}"


def test_what_takes_the_place_of_former_options_is_told_alike_on_each_page_and_in_the_message() -> None:
    pytest.importorskip("langchain_core")
    from langchain_upstage_docs import UpstageDocumentParseLoader

    former: dict[str, Any] = {"output_type": "html", "use_ocr": True, "exclude": []}
    with pytest.raises(TypeError) as refused:
        UpstageDocumentParseLoader("a.pdf", **former)
    message = str(refused.value)
    for name in ("README.ko.md", "docs/migrating.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert '| `output_type="html"' in text
        assert '`output_format="html"' in text
        assert re.search(r'\| `use_ocr=True` \| `ocr="force"`', text)
        assert re.search(r'\| `use_ocr=False` \| `ocr="auto"`', text)
        assert re.search(r"\| `exclude=\[.*`metadata\[\"category\"\]`", text)
    assert 'use_ocr=True is now ocr="force", and use_ocr=False the default, ocr="auto"' in message
    assert 'output_type= is now output_format="html"' in message
    assert 'metadata["category"]' in message


@pytest.mark.parametrize("page", ["README.md", "README.ko.md"])
def test_the_readme_names_each_format_that_is_read(page: str) -> None:
    from upstage_docs.files.formats import supported

    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"[A-Z]{3,4}(?![A-Z])", next(one for one in text.split("\n\n") if "TIFF" in one)))

    assert set(supported().split(", ")) <= named


def test_bounds_in_the_sentences_of_a_page_are_those_of_the_code() -> None:
    for needed in ("starlette", "liteparse", "typer"):
        pytest.importorskip(needed)
    from upstage_docs import PollPolicy, RetryPolicy, contextualize
    from upstage_docs.api import rates
    from upstage_docs.api.limits import LIMITS, MEGABYTE
    from upstage_docs.api.rates import RATES
    from upstage_docs.cli.app import mcp
    from upstage_docs.client import unpacking
    from upstage_docs.client.settings import Settings
    from upstage_docs.flows import exchange
    from upstage_docs.flows.plan import PRICES
    from upstage_docs.local import WorkerLimits
    from upstage_docs.local.office import archive
    from upstage_docs.local.pdf import document
    from upstage_docs.local.service import jobs
    from upstage_docs.local.service.jobs import URL_SECONDS
    from upstage_docs.mcp import server
    from upstage_docs.serve.connections import ConnectionLimits
    from upstage_docs.store.store import Store
    from upstage_docs.view import files

    worker, connection, client, retry = WorkerLimits(), ConnectionLimits(), Settings(), RetryPolicy()
    bounds = inspect.signature(mcp).parameters
    store, longest = inspect.signature(Store).parameters, inspect.signature(contextualize).parameters["longest_path"]
    pages_a_second = [(rate.pages_per_minute or 0) / 60 for rate in (RATES["sync"], RATES["async"])]
    of_corpus = 50_000 * 10
    words = dict(enumerate(("two", "three", "four", "five", "six", "seven", "eight"), 2))
    cost = f"${of_corpus * PRICES['standard']:,.0f}"
    rows = {
        "serve.md": [
            f"| Upload | {LIMITS.sync_bytes // MEGABYTE} MB at once, {LIMITS.async_bytes // MEGABYTE} MB as a job",
            f"| Pages | {LIMITS.sync_pages} at once and for OCR, {LIMITS.async_pages:,} as a job",
            f"| Pixels of a page | {LIMITS.page_pixels:,},",
            f"| Time | {worker.seconds:.0f} s for an answer",
            f"| Memory | {worker.memory >> 30} GB of address space",
            (
                f"a request's head has {connection.head_seconds:.0f} s, "
                f"a piece of its body {connection.body_seconds:.0f} s, "
                f"the whole body {connection.upload_seconds / 60:.0f} minutes; "
            ),
            f"of more than {connection.waiting} connections",
            f"A download address is valid for {URL_SECONDS // 60} minutes",
            f"| Jobs | {jobs._QUEUED} may wait (429 above), the last {jobs._KEPT} results are kept",
        ],
        "client.md": [
            f"{exchange._ANSWER_BYTES >> 20} MB, and {exchange._PAGE_BYTES >> 20} MB more for each page",
            f"Above {unpacking._UNSUSPICIOUS >> 20} MB",
        ],
        "local-formats.md": [
            f"{archive.MAX_MEMBERS:,} parts, {archive.MAX_BYTES // 10**9} GB unpacked, {archive.MAX_RATIO} times its",
            f"{archive.MAX_DEPTH} levels of nesting",
            f"A page may have {LIMITS.page_pixels:,} pixels",
            f"at most {words[document._MOST_PICTURES]} such pictures",
        ],
        "local-engine.md": [f"If a page has more than {document._MOST_OBJECTS:,} drawn objects"],
        "which-option.md": [f"costs {words[round(PRICES['enhanced'] / PRICES['standard'])]} times the standard price"],
        "long-documents.md": [
            f"above {store['max_bytes'].default >> 30} GB the least recently used",
            {365: "Answers that were not used for a year"}.get(store["max_age"].default // 86400, "another time"),
            f"again after every {rates._RECOVERY:.0f} seconds without a 429",
            f"`RetryPolicy(longest_retry_after={retry.longest_retry_after:.0f})` seconds",
            f"`PollPolicy(deadline=...)`, by default {(PollPolicy().deadline or 0) / 3600:.0f} hours",
            f'`route="auto"` makes a job above | {LIMITS.prefer_async_above} pages',
            f"Up to {LIMITS.uncounted_sync_bytes >> 10} KB they are sent synchronously",
        ],
        "reliability.md": [f"`RetryPolicy(attempts=3)`; the default is {retry.attempts}"],
        "langchain.md": [f"`max_concurrency` ({client.max_concurrency}) requests run at once"],
        "gateways.md": [f"seconds for one upload with its answer; {client.timeout:.0f} unless told otherwise"],
        "agents.md": [
            f"One answer has at most {server._LONGEST:,} characters",
            f"`--max-pages` ({bounds['max_pages'].default})",
            f"`--max-cost` ({bounds['max_cost'].default:.0f} US dollars)",
        ],
        "view.md": [f"Above {files._MOST_INSIDE} pages, the pictures lie in a folder"],
        "a-table-stays-a-table.md": [f"A path of more than {longest.default} characters loses its middle"],
        "corpora.md": [
            (
                f"| synchronous, {RATES['sync'].pages_per_minute} pages/min | {pages_a_second[0]:.0f} | "
                f"9 | {of_corpus / pages_a_second[0] / 3600:.0f} h | {cost} |"
            ),
            (
                f"| jobs, {RATES['async'].pages_per_minute:,} pages/min | {pages_a_second[1]:.0f} | "
                f"the API's own | {of_corpus / pages_a_second[1] / 3600:.0f} h | {cost} |"
            ),
        ],
    }
    texts = {name: " ".join((ROOT / "docs" / name).read_text(encoding="utf-8").split()) for name in rows}

    assert [row for name, told in rows.items() for row in told if row not in texts[name]] == []


def test_a_status_raises_the_error_that_the_page_of_the_client_names() -> None:
    from upstage_docs import APIStatusError, Client, RetryPolicy, errors

    page = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
    row = re.search(r"^\| (.*`BadRequestError`.*) \| such refusals: (.*) \|$", page, re.MULTILINE)
    assert row is not None
    said = {
        int(status): name
        for name, statuses in zip(re.findall(r"`(\w+)`", row[1]), row[2].split("; "), strict=True)
        for status in re.findall(r"\d+", statuses)
    }
    raised = {}
    for status in range(400, 430):
        answer = httpx.MockTransport(lambda _, status=status: httpx.Response(status, json={"message": "no"}))
        with Client("up_any", transport=answer, cache=False, retry=RetryPolicy(attempts=1)) as client:
            try:
                client.parse((ROOT / "upstage_docs" / "samples" / "report.pdf").read_bytes(), source="a.pdf")
            except APIStatusError as error:
                raised[status] = type(error)

    assert said == {status: kind.__name__ for status, kind in raised.items() if kind is not APIStatusError}
    assert {getattr(errors, name) for name in said.values()} < {*raised.values()}


def test_the_server_has_each_path_that_its_page_lists() -> None:
    for needed in ("starlette", "liteparse"):
        pytest.importorskip(needed)
    from upstage_docs.local import LocalTransport

    table = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8").partition("| Request | |")[2].partition("\n\n")[0]
    listed = [
        (call.split(" ")[0] if " " in call else "POST", call.split(" ")[-1].replace("{id}", "none"))
        for call in re.findall(r"`((?:GET |POST )?/[\w/{}-]+)`", table)
    ]
    missing = []
    with httpx.Client(transport=LocalTransport(), base_url="http://local.invalid") as client:
        for method, path in listed:
            answer = client.request(method, path)
            if answer.status_code == 405 or "there is no /" in answer.text:
                missing.append((method, path, answer.text))

    assert len(listed) > 6
    assert missing == []


def test_the_page_of_view_tells_the_keys_that_it_has() -> None:
    script = (ROOT / "upstage_docs" / "view" / "assets" / "page.js").read_text(encoding="utf-8")
    told = (ROOT / "docs" / "view.md").read_text(encoding="utf-8").partition("## In the page")[2].partition("\n## ")[0]
    (keys,) = re.findall(r"const keys = \{(.*)\};", script)

    assert set(re.findall(r"(?:^|, )\s*\"?([\w/])\"?: ", keys)) == set(re.findall(r"`(\S)`", told))
    assert "Escape" in script
    assert "Escape" in told
