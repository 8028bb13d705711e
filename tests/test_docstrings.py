"""The examples in the docstrings of the frameworks' classes run as they stand, on the sample report."""

from __future__ import annotations

import asyncio
import inspect
import re
import shutil
import textwrap
from pathlib import Path

import pypdfium2
import pytest

pytest.importorskip("langchain_text_splitters", reason='needs the extra "langchain"')
pytest.importorskip("liteparse", reason="the examples are read with the local engine")
pytest.importorskip("bm25s", reason='needs the extra "search"')

import langchain_upstage_docs

SAMPLE = Path(__file__).resolve().parent.parent / "upstage_docs" / "samples" / "report.pdf"
SECTIONS = {
    "SearchDocumentTool": ["Setup", "Instantiate", "Invoke directly", "Invoke as a tool call"],
    "TableAwareTextSplitter": ["Setup", "Instantiate", "Split"],
    "UpstageDocumentParseLoader": ["Setup", "Instantiate", "Lazy load", "Async load"],
    "UpstageDocumentParseParser": ["Setup", "Instantiate", "Lazy parse"],
    "UpstageDocumentRetriever": ["Setup", "Instantiate", "Usage"],
    "UpstageOCRLoader": ["Setup", "Instantiate", "Lazy load", "Async load"],
    "UpstageOCRParser": ["Setup", "Instantiate", "Lazy parse"],
}
LLAMA_INDEX = (
    "SearchDocumentToolSpec",
    "TableAwareNodeParser",
    "UpstageDocumentParseNodeParser",
    "UpstageDocumentParseReader",
    "UpstageDocumentRetriever",
    "UpstageOCRReader",
)


@pytest.mark.parametrize("name", SECTIONS)
def test_a_class_shows_how_it_is_used(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the form of langchain-core: set up, instantiate, load, async."""
    told = inspect.getdoc(getattr(langchain_upstage_docs, name)) or ""

    assert re.findall(rf"^({'|'.join(SECTIONS[name])}):$", told, re.MULTILINE) == SECTIONS[name]
    run_shown(told, tmp_path, monkeypatch)


@pytest.mark.parametrize("name", LLAMA_INDEX)
def test_a_class_of_llama_index_shows_how_it_is_used(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = pytest.importorskip("llama_index_upstage_docs", reason='needs the extra "llama-index"')
    told = inspect.getdoc(getattr(faces, name)) or ""

    assert "\nExamples:\n" in told
    run_shown(told, tmp_path, monkeypatch)


def run_shown(told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the examples of a docstring, one after the other, in a folder with the files that they name."""
    if "scan.png" in told and not pytest.importorskip("upstage_docs.local.ocr.tesseract").available():
        pytest.skip("recognising text needs Tesseract and its data")
    shutil.copy(SAMPLE, tmp_path / "report.pdf")
    with pypdfium2.PdfDocument(SAMPLE) as document:
        document[0].render(scale=2).to_pil().save(tmp_path / "scan.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "local")
    monkeypatch.delenv("UPSTAGE_API_KEY", raising=False)
    shown = re.findall(r"^ *```python\n(.*?)^ *```", told, re.DOTALL | re.MULTILINE)
    code = "\n".join(textwrap.dedent(block) for block in shown)

    body = textwrap.indent(code, "    ")
    names: dict[str, object] = {"__name__": "shown"}
    exec(compile(f"async def shown():\n{body}", "shown", "exec"), names)
    asyncio.run(names["shown"]())  # type: ignore[operator]
