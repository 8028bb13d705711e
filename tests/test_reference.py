"""The reference of the documentation: nothing public is missing from it."""

from __future__ import annotations

import builtins
import inspect
import json
import pydoc
import re
import runpy
import subprocess
import sys
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest

ROOT = Path(__file__).resolve().parent.parent


def read_pages() -> dict[str, str]:
    """Return the text of each README and of each page of the docs, by the name of its file."""
    paths = [*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md")]
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def test_the_reference_names_all_that_is_public() -> None:
    """A class, function, error or metadata key that is added, renamed or removed is seen here."""
    for needed in ("langchain_core", "llama_index.core", "starlette", "liteparse"):
        pytest.importorskip(needed)
    script = runpy.run_path(str(ROOT / "scripts" / "make_reference.py"))
    folder = ROOT / "docs" / "reference"

    assert {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")} == script["pages"]()


def test_the_reference_is_the_same_on_a_machine_with_more_processors() -> None:
    for needed in ("langchain_core", "llama_index.core", "starlette", "liteparse"):
        pytest.importorskip(needed)
    code = (
        "import json, os, runpy\n"
        "os.cpu_count = lambda: 64\n"
        f"print(json.dumps(runpy.run_path({str(ROOT / 'scripts' / 'make_reference.py')!r})['pages']()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    folder = ROOT / "docs" / "reference"

    assert {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")} == json.loads(done.stdout)


def test_help_shows_each_public_name() -> None:
    """A type that only type checkers import is not looked up by it."""
    for needed in ("langchain_core", "llama_index.core", "starlette", "liteparse"):
        pytest.importorskip(needed)
    script = runpy.run_path(str(ROOT / "scripts" / "make_reference.py"))
    for package in script["PUBLIC"]:
        for name in script["names_of"](package):
            named = getattr(import_module(package), name)
            if inspect.isroutine(named) or isinstance(named, type):
                assert pydoc.render_doc(named)


def test_the_page_on_stability_promises_the_modules_of_the_reference() -> None:
    for needed in ("langchain_core", "llama_index.core", "starlette", "liteparse"):
        pytest.importorskip(needed)
    script = runpy.run_path(str(ROOT / "scripts" / "make_reference.py"))
    promised = re.findall(
        r"`((?:upstage_docs|langchain_upstage_docs|llama_index_upstage_docs)[\w.]*)`",
        (ROOT / "docs" / "stability.md").read_text(encoding="utf-8").partition("Everything else")[0],
    )
    same = {"upstage_docs.faults": "upstage_docs.testing.faults"}

    assert {same.get(module, module) for module in promised} == set(script["PUBLIC"])


def test_the_reference_names_each_key_that_loads_and_splits_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for needed in ("langchain_text_splitters", "llama_index.core", "liteparse"):
        pytest.importorskip(needed)
    from langchain_upstage_docs import (
        TableAwareTextSplitter,
        UpstageDocumentParseLoader,
        paragraph_documents,
        row_documents,
        section_documents,
    )
    from llama_index_upstage_docs import TableAwareNodeParser, UpstageDocumentParseReader
    from upstage_docs import CATEGORIES, Client

    monkeypatch.chdir(tmp_path)
    sample = ROOT / "upstage_docs" / "samples" / "report.pdf"
    crops: dict[str, Any] = {"crops": ["figure"], "crop_folder": "crops"}
    kinds: list[dict[str, Any]] = [
        {"split": "element", "images": "base64", "base64_encoding": ["figure"]},
        {"split": "element", **crops},
        {"split": "page", **crops},
        {"split": "none", **crops},
        {"split": "none", "output_format": "json", **crops},
        {"metadata_format": "nested", "base64_encoding": ["figure"]},
    ]
    with Client(engine="local", cache="store") as client:
        loads = [UpstageDocumentParseLoader(sample, client=client, **kind).load() for kind in kinds]
        nodes = UpstageDocumentParseReader(client=client).load_data(sample)
    splitter = TableAwareTextSplitter(300, add_start_index=True, oversized_tables="split_rows")
    made: list[Any] = [*loads, *(splitter.split_documents(documents) for documents in loads)]
    made += [make(loads[1]) for make in (row_documents, paragraph_documents, section_documents)]
    made += [nodes, TableAwareNodeParser(include_section_nodes=True).get_nodes_from_documents(nodes)]
    page = (ROOT / "docs" / "reference" / "metadata.md").read_text(encoding="utf-8")
    keys = {key for documents in made for document in documents for key in document.metadata}
    categories = {document.metadata.get("category", "table") for documents in made for document in documents}

    assert {"image_base64", "crop_offsets", "start_index", "table_number", "part", "file_name"} <= keys
    assert {key for key in keys if f"`{key}`" not in page} == set()
    assert {"mixed", "table_row", "section"} <= categories
    assert {one for one in categories if f"`{one}`" not in page} <= set(CATEGORIES)


def test_every_page_has_its_place_in_the_site() -> None:
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]

    assert [page for page in pages if f": {page}\n" not in site] == []


def test_no_code_of_the_docs_holds_an_escaped_bar() -> None:
    """GitHub shows `a \\| b` in a table as `a | b`, but the site shows the backslash."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md")}

    assert [name for name, text in pages.items() if re.search(r"`[^`\n]*\\\|[^`\n]*`", text)] == []


def test_every_page_of_the_site_is_named_to_language_models() -> None:
    """`llms.txt` lists each page; one that is not listed has no Markdown of its own on the site either."""
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    shown = re.findall(r": ([\w./-]+\.md)$", site.partition("\nnav:\n")[2], re.MULTILINE)
    told = re.findall(r"[\w.*/-]+\.md", site.partition("      sections:")[2].partition("markdown_extensions")[0])

    assert len(shown) > 40
    assert [page for page in shown if not any(fnmatch(page, one) for one in told)] == []


def test_the_site_asks_no_other_server() -> None:
    """Neither for fonts nor for the stars of a repository."""
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")

    assert "\n  font: false" in site
    assert "\nrepo_url:" not in site


def test_each_attribute_and_argument_is_described_by_itself() -> None:
    """Of `start, end: ...` the site makes an attribute `start,` of the type `end`."""
    for needed in ("langchain_core", "llama_index.core", "starlette", "liteparse"):
        pytest.importorskip(needed)
    script = runpy.run_path(str(ROOT / "scripts" / "make_reference.py"))
    joint = set()
    for package in script["PUBLIC"]:
        for name in script["names_of"](package):
            named = getattr(import_module(package), name)
            methods = vars(named).values() if isinstance(named, type) else ()
            for one in (named, *(method for method in methods if inspect.isfunction(method))):
                told = re.findall(r"^    ([a-z_]+, [a-z_, ]+): ", inspect.getdoc(one) or "", re.MULTILINE)
                joint |= {f"{name}: {names}" for names in told}

    assert joint == set()


def test_defaults_and_limits_in_the_sentences_of_a_page_are_those_of_the_code() -> None:
    """In `option=value` (the default), `option` (5), and the tables of limits, rates and prices."""
    for needed in ("typer", "langchain_core"):
        pytest.importorskip(needed)
    from langchain_upstage_docs import TableAwareTextSplitter, UpstageDocumentParseLoader
    from upstage_docs import AsyncClient, Client
    from upstage_docs.api.limits import LIMITS, LIMITS_2025, MEGABYTE
    from upstage_docs.api.rates import RATES
    from upstage_docs.cli.app import mcp
    from upstage_docs.flows.plan import PRICES
    from upstage_docs.options import OCROptions, ParseOptions, PollPolicy, RetryPolicy, SendOptions

    defaults: dict[str, set[str]] = {}
    made = (Client, AsyncClient, ParseOptions, OCROptions, SendOptions, RetryPolicy, PollPolicy)
    for one in (*made, UpstageDocumentParseLoader, TableAwareTextSplitter, mcp):
        for parameter in inspect.signature(one).parameters.values():
            value = parameter.default
            defaults.setdefault(parameter.name, set()).add(f'"{value}"' if isinstance(value, str) else f"{value}")
    pages = read_pages()
    said = [
        (page, name.replace("-", "_"), value)
        for page, text in pages.items()
        for pattern in (
            r"`(\w+)=([^`]+)`(?:, the default\b(?! before)| is the default\b| \(the default\)| \(기본값\)|가 기본값)",
            r"`(?:--)?([a-z][a-z_-]+)` \((\d+)(?: US dollars)?\)",
        )
        for name, value in re.findall(pattern, text)
    ]
    wrong = {
        (page, name, value)
        for page, name, value in said
        if value not in defaults.get(name, ()) and f"{value}.0" not in defaults.get(name, ())
    }
    assert len(said) >= 9
    assert wrong == set()

    rows = {
        "long-documents.md": [
            (
                f"| one synchronous upload | {LIMITS.sync_bytes // MEGABYTE} MB, {LIMITS.sync_pages:,} pages "
                f"| {LIMITS_2025.sync_bytes // MEGABYTE} MB, {LIMITS_2025.sync_pages:,} pages |"
            ),
            (
                f"| one job | {LIMITS.async_bytes // MEGABYTE} MB, {LIMITS.async_pages:,} pages "
                f"| {LIMITS_2025.async_bytes // MEGABYTE} MB, {LIMITS_2025.async_pages:,} pages |"
            ),
            (
                f"| Document OCR | {LIMITS.ocr_bytes // MEGABYTE} MB, {LIMITS.ocr_pages:,} pages "
                f"| {LIMITS_2025.ocr_bytes // MEGABYTE} MB, {LIMITS_2025.ocr_pages:,} pages |"
            ),
            f"| {LIMITS.page_pixels:,} | {LIMITS_2025.page_pixels:,} |",
            f'| `route="auto"` makes a job above | {LIMITS.prefer_async_above} pages |',
            f"Up to {LIMITS.uncounted_sync_bytes // 1024} KB they are sent synchronously",
            *(
                f"| {name} | {rate.requests_per_second} | {rate.pages_per_minute:,} |"
                for name, rate in zip(("synchronous", "asynchronous", "Document OCR"), RATES.values(), strict=True)
            ),
            f"${PRICES['standard']} a page, ${PRICES['enhanced']} enhanced",
            f"by default {(PollPolicy().deadline or 0) / 3600:.0f} hours",
            f"RetryPolicy(longest_retry_after={RetryPolicy().longest_retry_after:.0f})",
        ],
        "gateways.md": [f"{inspect.signature(Client).parameters['timeout'].default:.0f} unless told otherwise"],
    }
    assert [row for page, told in rows.items() for row in told if row not in pages[page]] == []


def test_every_public_class_of_the_errors_is_exported() -> None:
    from upstage_docs import errors
    from upstage_docs.errors import tree

    classes = {
        name for name, named in vars(tree).items() if isinstance(named, type) and named.__module__ == tree.__name__
    }

    assert {name for name in classes if not name.startswith("_")} == set(errors.__all__)


def test_pages_name_errors_that_there_are_and_the_page_of_the_client_names_all() -> None:
    from upstage_docs import errors

    ours = {name for name in errors.__all__ if name.endswith("Error")}
    pages = read_pages()
    named = {page: set(re.findall(r"`(\w+Error)\b", text)) for page, text in pages.items()}
    unknown = {f"{page}: {name}" for page, names in named.items() for name in names - ours - set(dir(builtins))}

    assert len(ours) > 12
    assert unknown == set()
    assert ours - named["client.md"] == set()


def test_the_page_on_testing_names_each_fault() -> None:
    pytest.importorskip("starlette")
    from upstage_docs.testing import faults

    table = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8").partition("| fault |")[2]
    named = set(re.findall(r"`(\w+)\(", table))
    functions = {name for name in faults.__all__ if inspect.isfunction(getattr(faults, name))}

    assert functions <= named <= set(faults.__all__)
    page = " ".join((ROOT / "docs" / "testing.md").read_text(encoding="utf-8").split())
    (kinds,) = re.findall(r"Kinds are (.+?)\. ", page)
    assert set(re.findall(r"`(\w+)`", kinds)) == set(get_args(faults.Kind))
