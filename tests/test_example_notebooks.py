"""The notebooks of the docs as they are stored: small, run to their end, free of traces of the machine, on the site."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "notebooks"
NAMES = (
    "citations-and-pictures",
    "long-documents-and-money",
    "migrating",
    "quickstart-langchain",
    "quickstart-llama-index",
    "tables-in-rag",
)
LARGEST = 200_000
# Folders of a developer's machine, temporary folders, keys of the API, and ports of the stand-in.
TRACE = re.compile(
    r"(?:^|[\s'\"(])/(?:home|root|tmp|usr|work|Users|var|opt)/|[A-Z]:\\|\bup_\w{6,}|127\.0\.0\.1:\d|ipykernel_\d"
)


def read(name: str) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    return notebook


def code_cells(name: str) -> list[dict[str, Any]]:
    return [cell for cell in read(name)["cells"] if cell["cell_type"] == "code"]


def outputs(name: str) -> list[dict[str, Any]]:
    return [output for cell in code_cells(name) for output in cell["outputs"]]


def shown(output: dict[str, Any]) -> str:
    """What an output says as text: all but its pictures."""
    kept = {**output, "data": {kind: one for kind, one in output.get("data", {}).items() if "image" not in kind}}
    return json.dumps(kept, ensure_ascii=False)


def test_each_notebook_has_its_place_on_the_site() -> None:
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")

    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == sorted(NAMES)
    assert sorted(re.findall(r"^ +- .+: notebooks/(.+)\.md$", site, re.MULTILINE)) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_small_and_was_run_to_its_end(name: str) -> None:
    assert (FOLDER / f"{name}.ipynb").stat().st_size < LARGEST
    assert [cell["execution_count"] for cell in code_cells(name)] == list(range(1, len(code_cells(name)) + 1))
    assert outputs(name), "nothing is stored of what the cells show"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_shows_no_error_and_no_warning(name: str) -> None:
    assert [one for one in outputs(name) if one["output_type"] == "error" or one.get("name") == "stderr"] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_holds_no_trace_of_a_machine_and_no_key(name: str) -> None:
    found = [trace for output in outputs(name) for line in [shown(output)] for trace in TRACE.findall(line)]

    assert found == []
    assert read(name)["metadata"]["language_info"] == {"name": "python"}, "the version of a machine is stored"


@pytest.mark.parametrize("name", NAMES)
def test_links_of_a_notebook_lead_somewhere(name: str) -> None:
    texts = ["".join(cell["source"]) for cell in read(name)["cells"] if cell["cell_type"] == "markdown"]
    links = re.findall(r"\]\((?!https?:)([^)#]+)", "\n".join(texts))

    assert links
    assert [link for link in links if not (FOLDER / link).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_prints_what_it_stores(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cells are run as a program, for what they print; `.ci/run docs` also compares what they show, in Jupyter."""
    for needed in ("langchain_text_splitters", "llama_index.core", "liteparse", "uvicorn", "bm25s"):
        pytest.importorskip(needed)
    folder = tmp_path / "docs" / "notebooks"
    folder.mkdir(parents=True)
    shutil.copytree(ROOT / "examples" / "documents", tmp_path / "examples" / "documents")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "local")  # and a cell that sets it is undone
    monkeypatch.setenv("UPSTAGE_DOCS_PICTURE_WORDS", "off")
    monkeypatch.delenv("UPSTAGE_API_KEY", raising=False)
    scope: dict[str, Any] = {"__name__": "shown"}
    for cell in code_cells(name):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("".join(cell["source"]), "cell", "exec"), scope)
        stored = "".join("".join(one["text"]) for one in cell["outputs"] if one["output_type"] == "stream")

        assert printed.getvalue() == stored
