"""What the README shows is run as it stands, on the sample report, and prints what the README says it prints."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pypdfium2
import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
# A block of Python, and what it prints if a block of text follows it.
BLOCKS = re.findall(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", TEXT, re.DOTALL | re.MULTILINE)
NEEDS = {
    "langchain_": "langchain_text_splitters",
    "llama_index_": "llama_index",
    "Client": "liteparse",
    "Loader": "liteparse",
    "Reader": "liteparse",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the README names, and the local engine chosen."""
    sample = ROOT / "upstage_docs" / "samples" / "report.pdf"
    shutil.copy(sample, tmp_path / "report.pdf")
    with pypdfium2.PdfDocument(sample) as document:
        document[0].render(scale=2).to_pil().save(tmp_path / "scan.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "local")
    monkeypatch.delenv("UPSTAGE_API_KEY", raising=False)
    return tmp_path


def test_the_first_blocks_are_the_two_commands() -> None:
    commands = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)

    assert commands[0] == ("bash", 'pip install ".[demo]" && upstage-docs demo\n')
    assert commands[1] == ("bash", 'pip install ".[dev]" && pytest\n')


@pytest.mark.parametrize(("code", "expected"), BLOCKS, ids=range(1, len(BLOCKS) + 1))
@pytest.mark.usefixtures("folder")
def test_the_readme_runs(code: str, expected: str) -> None:
    for sign, module in NEEDS.items():
        if sign in code and find_spec(module) is None:
            pytest.skip(f"needs {module}")
    if "client.ocr" in code and not pytest.importorskip("upstage_docs.local.tesseract").available():
        pytest.skip("recognising text needs Tesseract and its data")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {"__name__": "readme"})

    if expected:
        assert printed.getvalue() == expected


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs"])
def test_links_lead_somewhere(page: str) -> None:
    pages = sorted((ROOT / page).glob("*.md")) if page == "docs" else [ROOT / page]
    for one in pages:
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", one.read_text(encoding="utf-8")):
            assert (one.parent / target).exists(), f"{one.name} links to {target}, which is not there"
