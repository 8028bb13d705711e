"""The examples run as a reader runs them, with the local engine, and answer a question about the sample report."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("liteparse", reason="the local engine is an extra")

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "upstage_docs" / "samples" / "report.pdf"
QUESTION = "Which capacity, generation and availability had the site Maehyang in 2025?"


def _run(name: str, *arguments: str) -> str:
    environment = {**os.environ, "UPSTAGE_DOCS_ENGINE": "local"}
    environment.pop("UPSTAGE_API_KEY", None)
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), str(SAMPLE), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_core_shows_the_tables_of_a_document() -> None:
    printed = _run("parse.py")

    assert "| Doldam" in printed
    assert "by local-" in printed


@pytest.mark.parametrize(
    ("name", "framework"), [("langchain_rag.py", "langchain_core"), ("llama_index_rag.py", "llama_index")]
)
def test_a_retriever_answers_with_the_whole_table_and_its_place(name: str, framework: str) -> None:
    pytest.importorskip(framework)
    printed = _run(name, QUESTION)

    assert printed.count("<table") == printed.count("</table>") == 1
    assert "41.8" in printed
    assert "page 3, box [0." in printed
    assert "by local-" in printed


@pytest.mark.parametrize(
    ("name", "file", "framework"),
    [
        ("parse.py", "report.pdf", "upstage_docs"),
        ("langchain_rag.py", "report.pdf", "langchain_core"),
        ("llama_index_rag.py", "report.pdf", "llama_index"),
        ("financial_statement_qa.py", "statement.pdf", "langchain_core"),
        ("letter_translator.py", "letter.png", "langchain_core"),
        ("patent_search.py", "patent.pdf", "llama_index"),
        ("paper_reader.py", "paper.pdf", "langchain_core"),
    ],
)
def test_an_example_without_arguments_says_how_it_is_run(name: str, file: str, framework: str) -> None:
    pytest.importorskip(framework)
    done = subprocess.run([sys.executable, ROOT / "examples" / name], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"`python examples/{name} {file}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_examples_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 50
